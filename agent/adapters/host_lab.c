#include "host_lab.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/text.h"
#include "lab_files.h"
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
    IDLE_MS = 60000,
};

enum job_state { JOB_FREE, JOB_QUEUED, JOB_SENT, JOB_DONE };

struct job {
    enum job_state state;
    uint32_t ticket;
    struct host_request request;
    uint8_t *bytes; /* our copy of request.bytes */
    uint64_t deadline_ms;
    uint64_t order; /* in which it was finished */
    struct host_completion *done;
};

struct notices { /* a ring, oldest first */
    struct host_completion *item[LAB_NOTICES_MAX];
    size_t first, count;
    bool broken; /* the watch broke, or one more did not fit */
};

/* The last long answer: what followed its id, and what that said. */
struct long_answer {
    char *rest;
    size_t len;
    json_t *json;
};

struct host_lab {
    char socket_path[LAB_PATH_BYTES], folder[LAB_PATH_BYTES];
    pthread_t worker;
    int wake_fd;  /* the loop wakes the worker */
    int ready_fd; /* the worker wakes the loop */

    pthread_mutex_t lock; /* everything below up to the worker's own */
    struct job job[HOST_PENDING_MAX];
    struct notices notices;
    uint32_t last_ticket;
    uint64_t finished;
    bool stop;

    /* the worker's own */
    int socket; /* -1: not connected */
    uint64_t redial_ms;
    char *line;
    size_t line_len, line_cap;
    struct long_answer long_answer;
};

static const bool mutates[HOST_OP_COUNT] = {
    [HOST_SERVICE_STOP] = true, [HOST_SERVICE_DISABLE] = true, [HOST_SERVICE_ENABLE] = true,
    [HOST_TASK_DISABLE] = true, [HOST_TASK_ENABLE] = true,     [HOST_FILE_WRITE] = true,
    [HOST_FILE_COMMIT] = true,
};

static uint64_t
mono_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
signal_fd(int fd)
{
    static const uint64_t one = 1;
    if (write(fd, &one, sizeof one) < 0 && errno != EAGAIN)
        log_error("lab.signal", "%s", strerror(errno));
}

static void
clear_fd(int fd)
{
    uint64_t count;
    if (read(fd, &count, sizeof count) < 0 && errno != EAGAIN)
        log_error("lab.signal", "%s", strerror(errno));
}

/* --- completions and notifications; the lock is held --- */

static void
finish(struct host_lab *h, struct job *j)
{
    j->state = JOB_DONE;
    j->order = ++h->finished;
    free(j->bytes);
    j->bytes = NULL;
    signal_fd(h->ready_fd);
}

static void
finish_with(struct host_lab *h, struct job *j, enum baton_status status, const char *why)
{
    j->done->status = baton_fail(&j->done->err, status, "%s: %s", host_op_name(j->request.op), why);
    finish(h, j);
}

static void
end_sent(struct host_lab *h, enum job_state state, const char *why)
{
    for (size_t i = 0; i < HOST_PENDING_MAX; i++)
        if (h->job[i].state == state)
            finish_with(h, &h->job[i], BATON_UNREACHABLE, why);
}

static void
end_late(struct host_lab *h, uint64_t now_ms)
{
    for (size_t i = 0; i < HOST_PENDING_MAX; i++) {
        struct job *j = &h->job[i];
        if ((j->state == JOB_QUEUED || j->state == JOB_SENT) && j->deadline_ms <= now_ms)
            finish_with(h, j, BATON_TIMEOUT, "no answer in time");
    }
}

static struct job *
find_job(struct host_lab *h, uint32_t ticket, enum job_state state)
{
    for (size_t i = 0; i < HOST_PENDING_MAX; i++)
        if (h->job[i].state == state && h->job[i].ticket == ticket)
            return &h->job[i];
    return NULL;
}

static void
watch_broke(struct host_lab *h)
{
    h->notices.broken = true;
    signal_fd(h->ready_fd);
}

static void
add_notice(struct host_lab *h, const struct host_completion *notice)
{
    struct notices *n = &h->notices;
    struct host_completion *copy = n->count < LAB_NOTICES_MAX ? malloc(sizeof *copy) : NULL;
    if (copy == NULL) {
        watch_broke(h);
        return;
    }
    *copy = *notice;
    n->item[(n->first + n->count++) % LAB_NOTICES_MAX] = copy;
    signal_fd(h->ready_fd);
}

/* --- the worker's connection --- */

static void
hang_up(struct host_lab *h, const char *why)
{
    if (h->socket >= 0)
        close(h->socket);
    h->socket = -1;
    h->line_len = 0;
    h->redial_ms = mono_ms() + REDIAL_MS;
    pthread_mutex_lock(&h->lock);
    end_sent(h, JOB_SENT, why);
    watch_broke(h);
    pthread_mutex_unlock(&h->lock);
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

/* Work that belongs to us once the lab has said where: done without the lock, on a copy. */
static enum baton_status
run_locally(struct host_lab *h, const struct job *j, const json_t *answer,
            struct host_completion *done, struct baton_err *err)
{
    if (j->request.op == HOST_COLLECT) {
        enum baton_status rc = lab_answer(answer, done, err);
        if (rc != BATON_OK || j->request.collector != COLLECT_CONFIGURATION)
            return rc;
        json_t *text = json_loadb(done->text, done->text_len, 0, NULL);
        const char *path = json_string_value(json_object_get(text, "path"));
        free(done->text);
        done->text = NULL;
        rc = path == NULL
                 ? baton_fail(err, BATON_MALFORMED, "the lab names no configuration folder")
                 : lab_config_collect(h->folder, path, &done->text, &done->text_len, err);
        json_decref(text);
        return rc;
    }
    struct lab_place place = {.path = json_string_value(json_object_get(answer, "path")),
                              .dir = json_string_value(json_object_get(answer, "dir"))};
    return lab_file_run(h->folder, &j->request, j->bytes, &place, done, err);
}

static bool
is_local(enum host_op op)
{
    return op == HOST_COLLECT || (op >= HOST_FILE_STAT && op <= HOST_FILE_COMMIT);
}

/* A server without power is one that does not answer, whatever carries the words. */
static enum baton_status
read_refusal(const struct job *j, const json_t *answer, struct baton_err *err)
{
    const char *why = json_string_value(json_object_get(answer, "error"));
    const char *status = json_string_value(json_object_get(answer, "status"));
    bool off = status != NULL && strcmp(status, baton_status_name(BATON_UNREACHABLE)) == 0;
    return baton_fail(err, off ? BATON_UNREACHABLE : BATON_FAILED, "%s: %s",
                      host_op_name(j->request.op), why == NULL ? "refused" : why);
}

static enum baton_status
read_answer(struct host_lab *h, const struct job *j, const json_t *answer,
            struct host_completion *done)
{
    if (!json_is_true(json_object_get(answer, "ok")))
        return read_refusal(j, answer, &done->err);
    return is_local(j->request.op) ? run_locally(h, j, answer, done, &done->err)
                                   : lab_answer(answer, done, &done->err);
}

/* Copies the job out, works on it without the lock, and gives back the result if nobody cancelled
 * the job in between. */
static void
take_answer(struct host_lab *h, const json_t *answer)
{
    uint32_t ticket = (uint32_t)json_integer_value(json_object_get(answer, "id"));
    struct host_completion *done = calloc(1, sizeof *done);
    struct job work = {0};
    pthread_mutex_lock(&h->lock);
    struct job *j = find_job(h, ticket, JOB_SENT);
    if (j != NULL && done != NULL) {
        work = *j;
        *done = *j->done;
        j->bytes = NULL; /* taken over */
    } else if (j != NULL) {
        finish_with(h, j, BATON_NOMEM, "no memory for the answer");
    }
    pthread_mutex_unlock(&h->lock);
    if (work.ticket == 0) {
        free(done);
        return;
    }
    done->status = read_answer(h, &work, answer, done);
    free(work.bytes);

    pthread_mutex_lock(&h->lock);
    j = find_job(h, ticket, JOB_SENT);
    if (j != NULL) {
        free(j->done);
        j->done = done;
        finish(h, j);
    }
    pthread_mutex_unlock(&h->lock);
    if (j == NULL) {
        free(done->text);
        free(done);
    }
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
        pthread_mutex_lock(&h->lock);
        add_notice(h, &notice);
        pthread_mutex_unlock(&h->lock);
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

/* The next queued job becomes sent; its line, or NULL when none is queued. */
static char *
next_line(struct host_lab *h)
{
    struct job *oldest = NULL;
    pthread_mutex_lock(&h->lock);
    for (size_t i = 0; i < HOST_PENDING_MAX; i++) {
        struct job *j = &h->job[i];
        if (j->state == JOB_QUEUED && (oldest == NULL || j->ticket < oldest->ticket))
            oldest = j;
    }
    char *line = NULL;
    if (oldest != NULL) {
        line = lab_request_line(oldest->ticket, &oldest->request);
        if (line == NULL)
            finish_with(h, oldest, BATON_NOMEM, "no memory for the request");
        else
            oldest->state = JOB_SENT;
    }
    pthread_mutex_unlock(&h->lock);
    return line;
}

static void
send_queued(struct host_lab *h)
{
    for (char *line; h->socket >= 0 && (line = next_line(h)) != NULL;)
        if (!send_line(h->socket, line))
            hang_up(h, "the lab does not listen");
}

static void
redial(struct host_lab *h)
{
    struct baton_err err = {0};
    enum baton_status rc = dial(h, &err);
    pthread_mutex_lock(&h->lock);
    if (rc == BATON_OK)
        watch_broke(h); /* what happened in between was not seen */
    else
        end_sent(h, JOB_QUEUED, err.text);
    pthread_mutex_unlock(&h->lock);
    h->redial_ms = mono_ms() + REDIAL_MS;
}

static int
wait_ms(struct host_lab *h, uint64_t now_ms)
{
    uint64_t until = now_ms + IDLE_MS;
    if (h->socket < 0 && h->redial_ms < until)
        until = h->redial_ms;
    pthread_mutex_lock(&h->lock);
    for (size_t i = 0; i < HOST_PENDING_MAX; i++) {
        const struct job *j = &h->job[i];
        if ((j->state == JOB_QUEUED || j->state == JOB_SENT) && j->deadline_ms < until)
            until = j->deadline_ms;
    }
    pthread_mutex_unlock(&h->lock);
    return until <= now_ms ? 0 : (int)(until - now_ms);
}

static bool
stopping(struct host_lab *h)
{
    pthread_mutex_lock(&h->lock);
    bool stop = h->stop;
    end_late(h, mono_ms());
    pthread_mutex_unlock(&h->lock);
    return stop;
}

static void *
work(void *arg)
{
    struct host_lab *h = arg;
    while (!stopping(h)) {
        if (h->socket < 0 && mono_ms() >= h->redial_ms)
            redial(h);
        send_queued(h);
        struct pollfd p[2] = {{.fd = h->wake_fd, .events = POLLIN},
                              {.fd = h->socket, .events = POLLIN}};
        if (poll(p, 2, wait_ms(h, mono_ms())) < 0)
            continue;
        if (p[0].revents != 0)
            clear_fd(h->wake_fd);
        if (h->socket >= 0 && p[1].revents != 0)
            read_socket(h);
    }
    return NULL;
}

/* --- the port --- */

static int
lab_fd(void *ctx)
{
    struct host_lab *h = ctx;
    return h->ready_fd;
}

static struct job *
free_job(struct host_lab *h, enum host_op op, struct baton_err *err, enum baton_status *ret_status)
{
    struct job *unused = NULL;
    *ret_status = BATON_OK;
    for (size_t i = 0; i < HOST_PENDING_MAX; i++) {
        struct job *j = &h->job[i];
        bool busy = j->state == JOB_QUEUED || j->state == JOB_SENT;
        if (busy && mutates[j->request.op] && mutates[op]) {
            *ret_status =
                baton_fail(err, BATON_CONFLICT, "%s is still at work", host_op_name(j->request.op));
            return NULL;
        }
        if (j->state == JOB_FREE)
            unused = j;
    }
    if (unused == NULL)
        *ret_status = baton_fail(err, BATON_LIMIT, "more than %d requests wait", HOST_PENDING_MAX);
    return unused;
}

static enum baton_status
fill_job(struct job *j, const struct host_request *request, struct baton_err *err)
{
    *j = (struct job){.request = *request};
    j->done = calloc(1, sizeof *j->done);
    j->bytes = request->len == 0 ? NULL : malloc(request->len);
    if (j->done == NULL || (request->len != 0 && j->bytes == NULL)) {
        free(j->done);
        free(j->bytes);
        *j = (struct job){0};
        return baton_fail(err, BATON_NOMEM, "%s", host_op_name(request->op));
    }
    if (request->len != 0)
        memcpy(j->bytes, request->bytes, request->len);
    j->request.bytes = NULL;
    j->done->op = request->op;
    j->done->place = request->place;
    j->done->collector = request->collector;
    j->deadline_ms = mono_ms() + request->limit_ms;
    return BATON_OK;
}

static enum baton_status
lab_submit(void *ctx, const struct host_request *request, uint32_t *ret_ticket,
           struct baton_err *err)
{
    struct host_lab *h = ctx;
    if (request->op <= HOST_NONE || request->op >= HOST_OP_COUNT || request->len > HOST_READ_MAX)
        return baton_fail(err, BATON_LIMIT, "no such request");
    enum baton_status rc;
    pthread_mutex_lock(&h->lock);
    struct job *j = free_job(h, request->op, err, &rc);
    if (j != NULL)
        rc = fill_job(j, request, err);
    if (j != NULL && rc == BATON_OK) {
        if (++h->last_ticket == 0)
            h->last_ticket = 1; /* 0 is a notification */
        j->ticket = j->done->ticket = h->last_ticket;
        j->state = JOB_QUEUED;
        *ret_ticket = j->ticket;
    }
    pthread_mutex_unlock(&h->lock);
    signal_fd(h->wake_fd);
    return rc;
}

static void
lab_cancel(void *ctx, uint32_t ticket)
{
    struct host_lab *h = ctx;
    pthread_mutex_lock(&h->lock);
    struct job *j = find_job(h, ticket, JOB_QUEUED);
    if (j == NULL)
        j = find_job(h, ticket, JOB_SENT);
    if (j != NULL)
        finish_with(h, j, BATON_TIMEOUT, "cancelled");
    pthread_mutex_unlock(&h->lock);
}

static bool
pop_notice(struct notices *n, struct host_completion *ret)
{
    if (n->broken) { /* first: whatever else waits is incomplete */
        n->broken = false;
        *ret = (struct host_completion){.notice = NOTICE_WATCH_BROKEN};
        (void)baton_fail(&ret->err, BATON_OK, "notifications were interrupted");
        return true;
    }
    if (n->count == 0)
        return false;
    *ret = *n->item[n->first];
    free(n->item[n->first]);
    n->first = (n->first + 1) % LAB_NOTICES_MAX;
    n->count--;
    return true;
}

static bool
pop_done(struct host_lab *h, struct host_completion *ret)
{
    struct job *first = NULL;
    for (size_t i = 0; i < HOST_PENDING_MAX; i++) {
        struct job *j = &h->job[i];
        if (j->state == JOB_DONE && (first == NULL || j->order < first->order))
            first = j;
    }
    if (first == NULL)
        return false;
    *ret = *first->done;
    free(first->done);
    *first = (struct job){0};
    return true;
}

static bool
lab_next(void *ctx, struct host_completion *ret_completion)
{
    struct host_lab *h = ctx;
    pthread_mutex_lock(&h->lock);
    bool some = pop_notice(&h->notices, ret_completion) || pop_done(h, ret_completion);
    if (!some)
        clear_fd(h->ready_fd);
    pthread_mutex_unlock(&h->lock);
    return some;
}

static void
lab_release(void *ctx, struct host_completion *completion)
{
    (void)ctx;
    free(completion->text);
    completion->text = NULL;
    completion->text_len = 0;
}

static bool
lab_lab(void *ctx)
{
    (void)ctx;
    return true;
}

static void
free_waiting(struct host_lab *h)
{
    struct host_completion c;
    while (pop_notice(&h->notices, &c))
        continue;
    for (size_t i = 0; i < HOST_PENDING_MAX; i++) {
        struct job *j = &h->job[i];
        if (j->done != NULL)
            free(j->done->text);
        free(j->done);
        free(j->bytes);
    }
}

static void
host_lab_free(struct host_lab *h)
{
    if (h->socket >= 0)
        close(h->socket);
    if (h->wake_fd >= 0)
        close(h->wake_fd);
    if (h->ready_fd >= 0)
        close(h->ready_fd);
    free_waiting(h);
    free(h->line);
    forget_long(&h->long_answer);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

static void
lab_close(void *ctx)
{
    struct host_lab *h = ctx;
    pthread_mutex_lock(&h->lock);
    h->stop = true;
    pthread_mutex_unlock(&h->lock);
    signal_fd(h->wake_fd);
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
    h->socket = -1;
    pthread_mutex_init(&h->lock, NULL);
    h->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    h->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    enum baton_status rc = h->wake_fd < 0 || h->ready_fd < 0
                               ? baton_fail(err, BATON_IO, "eventfd: %s", strerror(errno))
                               : set_paths(h, socket_path, err);
    if (rc == BATON_OK)
        rc = dial(h, err);
    if (rc == BATON_OK)
        rc = start_worker(h, err);
    if (rc != BATON_OK) {
        host_lab_free(h);
        return rc;
    }
    *ret_port = (struct host_port){.ctx = h,
                                   .fd = lab_fd,
                                   .submit = lab_submit,
                                   .cancel = lab_cancel,
                                   .next = lab_next,
                                   .release = lab_release,
                                   .lab = lab_lab,
                                   .close = lab_close};
    return BATON_OK;
}
