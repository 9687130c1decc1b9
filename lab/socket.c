#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "operation.h"
#include "print.h"

enum { BACKLOG = 64, LISTENERS_MAX = SERVERS_MAX + 1, READ_BYTES = 65536, IDLE_MS = 1000 };

struct buffer {
    char *bytes;
    size_t len, cap;
};

struct connection {
    int fd;
    uint64_t number;
    struct server *server; /* NULL: the tenant */
    bool watching, skipping;
    bool closing; /* what it is owed still goes out, nothing else comes in */
    bool over;
    struct buffer in, out;
};

struct listener {
    int fd;
    struct server *server;
    char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
};

struct hub {
    struct world *world;
    struct listener listener[LISTENERS_MAX];
    size_t listeners;
    struct connection connection[CONNECTIONS_MAX];
    size_t connections;
    uint64_t numbers;
};

static uint64_t
clock_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void
world_look_at_clock(struct world *w)
{
    w->wall_ms = clock_ms(CLOCK_REALTIME);
    w->mono_ms = clock_ms(CLOCK_MONOTONIC);
}

static bool
buffer_add(struct buffer *b, const char *bytes, size_t len, size_t most)
{
    if (b->len + len > most)
        return false;
    if (b->len + len > b->cap) {
        size_t cap = b->cap == 0 ? 4096 : b->cap;
        while (cap < b->len + len)
            cap *= 2;
        char *grown = realloc(b->bytes, cap);
        if (grown == NULL)
            return false;
        b->bytes = grown;
        b->cap = cap;
    }
    memcpy(b->bytes + b->len, bytes, len);
    b->len += len;
    return true;
}

static void
buffer_drop(struct buffer *b, size_t len)
{
    b->len -= len;
    memmove(b->bytes, b->bytes + len, b->len);
}

static void
flush_out(struct connection *c)
{
    while (c->out.len > 0) {
        ssize_t sent = send(c->fd, c->out.bytes, c->out.len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0) {
            c->over |= errno != EAGAIN && errno != EWOULDBLOCK;
            return;
        }
        buffer_drop(&c->out, (size_t)sent);
    }
}

static void
say(struct connection *c, json_t *line)
{
    char *text = json_dumps(line, JSON_COMPACT);
    json_decref(line);
    if (c->over || text == NULL) {
        free(text);
        return;
    }
    bool fits = buffer_add(&c->out, text, strlen(text), OUT_MAX_BYTES) &&
                buffer_add(&c->out, "\n", 1, OUT_MAX_BYTES);
    free(text);
    if (!fits) /* it does not read: better a broken watch than a lab without memory */
        c->over = true;
    else
        flush_out(c);
}

static void
port_answer(void *ctx, struct reply reply, json_t *answer)
{
    struct hub *hub = ctx;
    for (size_t i = 0; i < hub->connections; i++) {
        if (hub->connection[i].number == reply.connection) {
            say(&hub->connection[i], answer);
            return;
        }
    }
    json_decref(answer); /* who asked has gone */
}

static void
port_event(void *ctx, const struct server *from, json_t *event)
{
    struct hub *hub = ctx;
    for (size_t i = 0; i < hub->connections; i++)
        if (hub->connection[i].watching && hub->connection[i].server == from)
            say(&hub->connection[i], json_incref(event));
    json_decref(event);
}

static void
port_hang_up(void *ctx, const struct server *of)
{
    struct hub *hub = ctx;
    for (size_t i = 0; i < hub->connections; i++)
        if (hub->connection[i].server == of) {
            hub->connection[i].watching = false;
            hub->connection[i].closing = true;
        }
}

static bool
somebody_listens(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool yes = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;
    if (fd >= 0)
        close(fd);
    return yes;
}

bool
hub_runs_at(const char *dir)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    return print_format(address.sun_path, sizeof address.sun_path, "%s/tenant.sock", dir) &&
           somebody_listens(&address);
}

static bool
make_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
           fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static enum baton_status
listen_at(struct hub *hub, struct server *server, const char *path, struct baton_err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!print_format(address.sun_path, sizeof address.sun_path, "%s", path))
        return baton_fail(err, BATON_LIMIT,
                          "%s is too long for a socket (at most %zu bytes): take a shorter --dir",
                          path, sizeof address.sun_path - 1);
    if (somebody_listens(&address))
        return baton_fail(err, BATON_CONFLICT, "a lab runs already at %s", path);
    unlink(path); /* left by a lab that was killed */
    struct listener *l = &hub->listener[hub->listeners];
    *l = (struct listener){.fd = socket(AF_UNIX, SOCK_STREAM, 0), .server = server};
    if (l->fd < 0 || !make_nonblocking(l->fd) ||
        bind(l->fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(l->fd, BACKLOG) != 0) {
        enum baton_status rc =
            baton_fail(err, BATON_IO, "cannot listen at %s: %s", path, strerror(errno));
        if (l->fd >= 0)
            close(l->fd);
        return rc;
    }
    memcpy(l->path, address.sun_path, sizeof l->path);
    hub->listeners++;
    return BATON_OK;
}

static enum baton_status
listen_all(struct hub *hub, struct baton_err *err)
{
    struct world *w = hub->world;
    char path[PATH_BYTES];
    print_format(path, sizeof path, "%s/tenant.sock", w->dir);
    enum baton_status rc = listen_at(hub, NULL, path, err);
    for (size_t i = 0; i < w->server_count && rc == BATON_OK; i++) {
        print_format(path, sizeof path, "%s/servers/%s.sock", w->dir, w->server[i].name);
        rc = listen_at(hub, &w->server[i], path, err);
    }
    return rc;
}

enum baton_status
hub_open(struct world *w, struct hub **ret_hub, struct baton_err *err)
{
    struct hub *hub = calloc(1, sizeof *hub);
    if (hub == NULL)
        return baton_fail(err, BATON_NOMEM, "the lab's sockets");
    hub->world = w;
    enum baton_status rc = listen_all(hub, err);
    if (rc != BATON_OK) {
        hub_close(&hub);
        return rc;
    }
    w->port = (struct port){hub, port_answer, port_event, port_hang_up};
    *ret_hub = hub;
    return BATON_OK;
}

static void
connection_done(struct connection *c)
{
    close(c->fd);
    free(c->in.bytes);
    free(c->out.bytes);
}

void
hub_close(struct hub **hub)
{
    if (*hub == NULL)
        return;
    for (size_t i = 0; i < (*hub)->connections; i++)
        connection_done(&(*hub)->connection[i]);
    for (size_t i = 0; i < (*hub)->listeners; i++) {
        close((*hub)->listener[i].fd);
        unlink((*hub)->listener[i].path);
    }
    free(*hub);
    *hub = NULL;
}

static void
greet(struct hub *hub, struct connection *c)
{
    const char *key = c->server == NULL ? "tenant" : "server";
    const char *name = c->server == NULL ? hub->world->tenant.name : c->server->name;
    say(c, json_pack("{s:i,s:s}", "lab", 1, key, name));
}

static void
accept_one(struct hub *hub, const struct listener *l)
{
    int fd = accept(l->fd, NULL, NULL);
    if (fd < 0)
        return;
    if (hub->connections == CONNECTIONS_MAX || !make_nonblocking(fd)) {
        close(fd);
        return;
    }
    struct connection *c = &hub->connection[hub->connections++];
    *c = (struct connection){.fd = fd, .number = ++hub->numbers, .server = l->server};
    greet(hub, c);
}

static void
take_line(struct hub *hub, struct connection *c, const char *line, size_t len)
{
    if (operation_run(hub->world, c->server, c->number, line, len) == EFFECT_WATCH)
        c->watching = true;
}

static void
refuse_long_line(struct hub *hub, struct connection *c)
{
    struct baton_err err;
    (void)baton_fail(&err, BATON_LIMIT, "a line has at most %d bytes", LINE_MAX_BYTES);
    world_refuse(hub->world, (struct reply){c->number, -1}, &err);
}

/* Lines that are whole; what is left waits for more. */
static void
take_lines(struct hub *hub, struct connection *c)
{
    size_t from = 0;
    for (char *end; !c->over && !c->closing && c->in.len > from &&
                    (end = memchr(c->in.bytes + from, '\n', c->in.len - from)) != NULL;) {
        size_t len = (size_t)(end - (c->in.bytes + from));
        if (c->skipping)
            c->skipping = false; /* the end of the line that was too long */
        else if (len > 0)
            take_line(hub, c, c->in.bytes + from, len);
        from += len + 1;
    }
    buffer_drop(&c->in, from);
    if (c->skipping) {
        c->in.len = 0;
    } else if (c->in.len > LINE_MAX_BYTES) {
        c->in.len = 0;
        c->skipping = true;
        refuse_long_line(hub, c);
    }
}

static void
read_in(struct hub *hub, struct connection *c)
{
    static char bytes[READ_BYTES];
    ssize_t got = recv(c->fd, bytes, sizeof bytes, 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    if (got <= 0 || !buffer_add(&c->in, bytes, (size_t)got, LINE_MAX_BYTES + READ_BYTES + 1)) {
        c->over = true;
        return;
    }
    take_lines(hub, c);
}

static void
sweep(struct hub *hub)
{
    for (size_t i = hub->connections; i-- > 0;) {
        if (!hub->connection[i].over && !hub->connection[i].closing)
            continue;
        connection_done(&hub->connection[i]);
        hub->connection[i] = hub->connection[--hub->connections];
    }
}

static size_t
gather(const struct hub *hub, int stop_fd, struct pollfd *fds)
{
    size_t n = 0;
    fds[n++] = (struct pollfd){.fd = stop_fd, .events = POLLIN};
    for (size_t i = 0; i < hub->listeners; i++)
        fds[n++] = (struct pollfd){.fd = hub->listener[i].fd, .events = POLLIN};
    for (size_t i = 0; i < hub->connections; i++) {
        bool out = hub->connection[i].out.len > 0;
        fds[n++] = (struct pollfd){.fd = hub->connection[i].fd,
                                   .events = (short)(POLLIN | (out ? POLLOUT : 0))};
    }
    return n;
}

/* Connections first: accepting appends to them, and fds knows only the earlier ones. */
static void
serve(struct hub *hub, const struct pollfd *fds)
{
    const struct pollfd *of_connection = fds + 1 + hub->listeners;
    for (size_t i = 0, n = hub->connections; i < n; i++) {
        struct connection *c = &hub->connection[i];
        if ((of_connection[i].revents & POLLOUT) != 0)
            flush_out(c);
        if (!c->over && (of_connection[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
            read_in(hub, c);
    }
    for (size_t i = 0; i < hub->listeners; i++)
        if ((fds[1 + i].revents & POLLIN) != 0)
            accept_one(hub, &hub->listener[i]);
}

enum baton_status
hub_run(struct hub *hub, int stop_fd, struct baton_err *err)
{
    struct pollfd fds[1 + LISTENERS_MAX + CONNECTIONS_MAX];
    for (;;) {
        world_look_at_clock(hub->world);
        world_tick(hub->world);
        sweep(hub);
        size_t n = gather(hub, stop_fd, fds);
        int ready = poll(fds, (nfds_t)n, (int)world_wait(hub->world, IDLE_MS));
        if (ready < 0 && errno != EINTR)
            return baton_fail(err, BATON_IO, "poll: %s", strerror(errno));
        if (ready <= 0)
            continue;
        if (fds[0].revents != 0)
            return BATON_OK;
        world_look_at_clock(hub->world);
        serve(hub, fds);
    }
}
