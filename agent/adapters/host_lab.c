#include "host_lab.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log.h"
#include "host_queue.h"
#include "lab_reply.h"
#include "lab_wire.h"

enum {
    WORKER_STACK_BYTES = 256 * 1024,
    LINE_BYTES_MAX = HOST_TEXT_MAX + 65536,
    LINE_BYTES_KEPT = 65536, /* a larger buffer is given back after use */
    LONG_BYTES = 4096,       /* of a line that is compared before it is parsed */
    READ_BYTES = 16384,
    GREETING_MS = 2000,
    SEND_SECONDS = 5,
    REDIAL_MS = 250,
};

/* The last long answer: what followed its id, and what that said. */
struct long_answer {
    char *rest;
    size_t len;
    json_t *json;
};

struct host_lab {
    struct host_queue queue; /* first: the port's ctx */
    char socket_path[LAB_PATH_BYTES], folder[LAB_PATH_BYTES];
    pthread_t worker;
    struct wake wake; /* the loop wakes the worker */

    /* the worker's own */
    int socket; /* -1: not connected */
    uint64_t redial_ms;
    char *line;
    size_t line_len, line_cap;
    struct long_answer long_answer;
};

static void
poke(void *ctx, uint32_t ops)
{
    (void)ops; /* one worker takes all */
    struct host_lab *h = ctx;
    wake_ring(&h->wake);
}

/* --- the worker's connection --- */

static void
hang_up(struct host_lab *h, const char *why)
{
    if (h->socket >= 0)
        close(h->socket);
    h->socket = -1;
    h->line_len = 0;
    h->redial_ms = host_queue_now_ms() + REDIAL_MS;
    host_queue_fail(&h->queue, true, BATON_UNREACHABLE, why);
    host_queue_broke(&h->queue);
    log_debug("lab.hang_up", "socket=%s why=\"%s\"", h->socket_path, why);
}

static bool
send_line(int fd, char *line)
{
    if (line == NULL)
        return false;
    bool sent = true;
    for (size_t at = 0, len = strlen(line); sent && at < len;) {
        ssize_t n = send(fd, line + at, len - at, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        sent = n > 0;
        at += sent ? (size_t)n : 0;
    }
    free(line);
    return sent;
}

static enum baton_status
connect_to(const char *path, int *ret_fd, struct baton_err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return baton_fail(err, BATON_LIMIT, "socket path too long: %s", path);
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return baton_fail(err, BATON_IO, "socket: %s", strerror(errno));
    struct timeval limit = {.tv_sec = SEND_SECONDS};
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return baton_fail(err, BATON_UNREACHABLE, "the lab's server at %s does not answer: %s",
                          path, strerror(errno));
    }
    *ret_fd = fd;
    return BATON_OK;
}

/* One line, byte by byte: once a connection, and nothing behind it may be swallowed. */
static enum baton_status
read_greeting(int fd, struct baton_err *err)
{
    char line[512];
    size_t len = 0;
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, GREETING_MS) <= 0 || read(fd, &line[len], 1) != 1)
            return baton_fail(err, BATON_UNREACHABLE, "the lab does not greet");
        if (line[len] == '\n' || ++len == sizeof line)
            break;
    }
    json_t *json = json_loadb(line, len, 0, NULL);
    bool good = lab_greeting(json);
    json_decref(json);
    return good ? BATON_OK
                : baton_fail(err, BATON_MALFORMED, "not a server of baton-lab, protocol 1");
}

static enum baton_status
dial(struct host_lab *h, struct baton_err *err)
{
    int fd = -1;
    enum baton_status rc = connect_to(h->socket_path, &fd, err);
    if (rc != BATON_OK)
        return rc;
    rc = read_greeting(fd, err);
    if (rc == BATON_OK && !send_line(fd, lab_watch_line()))
        rc = baton_fail(err, BATON_UNREACHABLE, "the lab does not listen");
    if (rc != BATON_OK) {
        close(fd);
        return rc;
    }
    h->socket = fd;
    return BATON_OK;
}

/* --- answers --- */

static void
take_answer(struct host_lab *h, const json_t *answer)
{
    uint32_t ticket = (uint32_t)json_integer_value(json_object_get(answer, "id"));
    struct host_work work;
    if (!host_queue_begin(&h->queue, ticket, &work))
        return;
    work.done->status = lab_reply(h->folder, &work.request, answer, work.done);
    host_queue_end(&h->queue, &work);
}

static void
forget_long(struct long_answer *l)
{
    free(l->rest);
    json_decref(l->json);
    *l = (struct long_answer){0};
}

/* A line without a copy of its own is no harm: it is parsed again. */
static void
keep_long(struct long_answer *l, const char *rest, size_t len, json_t *json)
{
    forget_long(l);
    l->rest = malloc(len);
    if (l->rest == NULL)
        return;
    memcpy(l->rest, rest, len);
    l->len = len;
    l->json = json_incref(json);
}

/* A week of runs takes milliseconds to parse and stands still in the gap: the same bytes behind
 * another id say the same. */
static json_t *
parse_long(struct host_lab *h, const char *text, size_t len, json_error_t *why)
{
    static const char head[] = "{\"id\":";
    struct long_answer *l = &h->long_answer;
    char *end = NULL;
    if (memcmp(text, head, sizeof head - 1) != 0)
        return json_loadb(text, len, 0, why);
    unsigned long id = strtoul(text + sizeof head - 1, &end, 10);
    size_t rest = len - (size_t)(end - text);
    if (l->json != NULL && l->len == rest && memcmp(l->rest, end, rest) == 0) {
        json_object_set_new(l->json, "id", json_integer((json_int_t)id));
        return json_incref(l->json);
    }
    json_t *json = json_loadb(text, len, 0, why);
    if (json != NULL)
        keep_long(l, end, rest, json);
    return json;
}

static void
take_line(struct host_lab *h, const char *text, size_t len)
{
    json_error_t why;
    json_t *json =
        len < LONG_BYTES ? json_loadb(text, len, 0, &why) : parse_long(h, text, len, &why);
    struct host_completion notice;
    if (json == NULL) {
        log_warn("lab.line", "not JSON: %s", why.text);
    } else if (json_object_get(json, "id") != NULL) {
        take_answer(h, json);
    } else if (lab_event(json, &notice)) {
        host_queue_notify(&h->queue, &notice);
    }
    json_decref(json);
}

static bool
line_room(struct host_lab *h)
{
    if (h->line_cap - h->line_len >= READ_BYTES)
        return true;
    size_t cap = h->line_cap == 0 ? (size_t)READ_BYTES * 2 : h->line_cap * 2;
    char *grown = cap > (size_t)LINE_BYTES_MAX * 2 ? NULL : realloc(h->line, cap);
    if (grown == NULL)
        return false;
    h->line = grown;
    h->line_cap = cap;
    return true;
}

static void
take_lines(struct host_lab *h)
{
    size_t at = 0;
    for (char *end;
         at < h->line_len && (end = memchr(h->line + at, '\n', h->line_len - at)) != NULL;) {
        take_line(h, h->line + at, (size_t)(end - (h->line + at)));
        at = (size_t)(end - h->line) + 1;
    }
    h->line_len -= at;
    memmove(h->line, h->line + at, h->line_len);
    if (h->line_len == 0 && h->line_cap > LINE_BYTES_KEPT) {
        free(h->line);
        h->line = NULL;
        h->line_cap = 0;
    }
}

static void
read_socket(struct host_lab *h)
{
    if (!line_room(h)) {
        hang_up(h, "the lab sent a line beyond every limit");
        return;
    }
    ssize_t n = read(h->socket, h->line + h->line_len, h->line_cap - h->line_len);
    if (n < 0 && errno == EINTR)
        return;
    if (n <= 0) {
        hang_up(h, "the lab closed the connection");
        return;
    }
    h->line_len += (size_t)n;
    take_lines(h);
}

/* --- the worker's round --- */

static void
send_queued(struct host_lab *h)
{
    uint32_t ticket;
    struct host_request request;
    while (h->socket >= 0 && host_queue_take(&h->queue, HOST_ANY_OP, &ticket, &request)) {
        char *line = lab_request_line(ticket, &request);
        if (line == NULL)
            host_queue_fail_one(&h->queue, ticket, BATON_NOMEM, "no memory for the request");
        else if (!send_line(h->socket, line))
            hang_up(h, "the lab does not listen");
    }
}

static void
redial(struct host_lab *h)
{
    struct baton_err err = {0};
    if (dial(h, &err) == BATON_OK)
        host_queue_broke(&h->queue); /* what happened in between was not seen */
    else
        host_queue_fail(&h->queue, false, BATON_UNREACHABLE, err.text);
    h->redial_ms = host_queue_now_ms() + REDIAL_MS;
}

static int
wait_ms(struct host_lab *h)
{
    uint64_t now = host_queue_now_ms(), most = HOST_WAIT_MS;
    if (h->socket < 0)
        most = h->redial_ms <= now ? 0 : h->redial_ms - now;
    return (int)host_queue_wait_ms(&h->queue, (uint32_t)most);
}

static void *
work(void *arg)
{
    struct host_lab *h = arg;
    while (!host_queue_stops(&h->queue)) {
        if (h->socket < 0 && host_queue_now_ms() >= h->redial_ms)
            redial(h);
        send_queued(h);
        struct pollfd p[2] = {{.fd = h->wake.fd, .events = POLLIN},
                              {.fd = h->socket, .events = POLLIN}};
        if (poll(p, 2, wait_ms(h)) < 0)
            continue;
        if (p[0].revents != 0)
            wake_clear(&h->wake);
        if (h->socket >= 0 && p[1].revents != 0)
            read_socket(h);
    }
    return NULL;
}

/* --- the port --- */

static bool
lab_lab(void *ctx)
{
    (void)ctx;
    return true;
}

static void
host_lab_free(struct host_lab *h)
{
    if (h->socket >= 0)
        close(h->socket);
    wake_close(&h->wake);
    host_queue_done(&h->queue);
    free(h->line);
    forget_long(&h->long_answer);
    free(h);
}

static void
lab_close(void *ctx)
{
    struct host_lab *h = ctx;
    host_queue_stop(&h->queue);
    pthread_join(h->worker, NULL);
    host_lab_free(h);
}

static enum baton_status
set_paths(struct host_lab *h, const char *socket_path, struct baton_err *err)
{
    size_t len = strlen(socket_path);
    if (len < 6 || strcmp(socket_path + len - 5, ".sock") != 0 || len >= LAB_PATH_BYTES)
        return baton_fail(err, BATON_USAGE, "not a lab socket (NAME.sock): %s", socket_path);
    memcpy(h->socket_path, socket_path, len + 1);
    memcpy(h->folder, socket_path, len - 5);
    return BATON_OK;
}

static enum baton_status
start_worker(struct host_lab *h, struct baton_err *err)
{
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    (void)pthread_attr_setstacksize(&attr, WORKER_STACK_BYTES);
    int rc = pthread_create(&h->worker, &attr, work, h);
    pthread_attr_destroy(&attr);
    return rc == 0 ? BATON_OK : baton_fail(err, BATON_FAILED, "thread: %s", strerror(rc));
}

enum baton_status
host_lab_open(const char *socket_path, struct host_port *ret_port, struct baton_err *err)
{
    struct host_lab *h = calloc(1, sizeof *h);
    if (h == NULL)
        return baton_fail(err, BATON_NOMEM, "lab host");
    h->socket = h->wake.fd = -1;
    enum baton_status rc = host_queue_open(&h->queue, poke, h, err);
    if (rc == BATON_OK)
        rc = wake_open(&h->wake, err);
    if (rc == BATON_OK)
        rc = set_paths(h, socket_path, err);
    if (rc == BATON_OK)
        rc = dial(h, err);
    if (rc == BATON_OK)
        rc = start_worker(h, err);
    if (rc != BATON_OK) {
        host_lab_free(h);
        return rc;
    }
    *ret_port = host_queue_port(&h->queue);
    ret_port->lab = lab_lab;
    ret_port->close = lab_close;
    return BATON_OK;
}
