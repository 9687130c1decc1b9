#include "proxy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct proxy {
    enum proxy_kind kind;
    int listener, port;
    pthread_t thread;
    atomic_bool ends, cut;
    atomic_uint carried;
};

enum { TICK_MS = 50, TEXT_BYTES = 1024 };

static bool
readable(struct proxy *p, int fd)
{
    struct pollfd f = {.fd = fd, .events = POLLIN};
    while (!atomic_load(&p->ends))
        if (poll(&f, 1, TICK_MS) > 0)
            return true;
    return false;
}

static bool
bytes_read(struct proxy *p, int fd, uint8_t *out, size_t len)
{
    for (size_t have = 0; have < len;) {
        ssize_t n = readable(p, fd) ? read(fd, out + have, len - have) : 0;
        if (n <= 0)
            return false;
        have += (size_t)n;
    }
    return true;
}

static int
target_connect(const char *host, int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (inet_pton(AF_INET, host, &a.sin_addr) == 1 &&
        connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool
answer(int fd, const void *bytes, size_t len)
{
    return send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* The descriptor of the target, or -1. */
static int
http_serve(struct proxy *p, int client)
{
    static const char yes[] = "HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n";
    static const char no[] = "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
    char text[TEXT_BYTES] = "", host[64];
    int port;
    for (size_t at = 0; strstr(text, "\r\n\r\n") == NULL; at++)
        if (at + 1 == sizeof text || !bytes_read(p, client, (uint8_t *)text + at, 1))
            return -1;
    if (p->kind == PROXY_REFUSES)
        answer(client, no, sizeof no - 1);
    if (p->kind != PROXY_HTTP || sscanf(text, "CONNECT %63[^:]:%d HTTP/1.1\r\n", host, &port) != 2)
        return -1;
    int target = target_connect(host, port);
    /* in two pieces, as networks do */
    if (target >= 0 && answer(client, yes, 10)) {
        poll(NULL, 0, TICK_MS);
        answer(client, yes + 10, sizeof yes - 11);
    }
    return target;
}

static int
socks_serve(struct proxy *p, int client)
{
    uint8_t ask[TEXT_BYTES], yes[10] = {5, 0, 0, 1};
    char host[256] = "";
    if (!bytes_read(p, client, ask, 3) || !answer(client, "\x05\x00", 2) ||
        !bytes_read(p, client, ask, 5) || ask[3] != 3 ||
        !bytes_read(p, client, ask + 5, ask[4] + 2u))
        return -1;
    memcpy(host, ask + 5, ask[4]);
    int target = target_connect(host, ask[5 + ask[4]] << 8 | ask[6 + ask[4]]);
    if (target >= 0)
        answer(client, yes, sizeof yes);
    return target;
}

static bool
piece_carry(int from, int to)
{
    uint8_t bytes[16384];
    ssize_t n = read(from, bytes, sizeof bytes);
    return n > 0 && answer(to, bytes, (size_t)n);
}

static void
carry(struct proxy *p, int client, int target)
{
    struct pollfd f[2] = {{.fd = client, .events = POLLIN}, {.fd = target, .events = POLLIN}};
    atomic_fetch_add(&p->carried, 1);
    while (!atomic_load(&p->ends) && !atomic_exchange(&p->cut, false)) {
        if (poll(f, 2, TICK_MS) <= 0)
            continue;
        if ((f[0].revents != 0 && !piece_carry(client, target)) ||
            (f[1].revents != 0 && !piece_carry(target, client)))
            break;
    }
}

static void
client_serve(struct proxy *p, int client)
{
    int target = -1;
    if (p->kind != PROXY_HANGS_UP)
        target = p->kind == PROXY_SOCKS ? socks_serve(p, client) : http_serve(p, client);
    if (target >= 0) {
        carry(p, client, target);
        close(target);
    }
    close(client);
}

static void *
proxy_run(void *arg)
{
    struct proxy *p = arg;
    while (readable(p, p->listener)) {
        int client = accept(p->listener, NULL, NULL);
        if (client >= 0)
            client_serve(p, client);
    }
    return NULL;
}

struct proxy *
proxy_start(enum proxy_kind kind, int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t len = sizeof a;
    int yes = 1;
    struct proxy *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    p->kind = kind;
    p->listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(p->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(p->listener, (struct sockaddr *)&a, sizeof a) != 0 || listen(p->listener, 8) != 0 ||
        getsockname(p->listener, (struct sockaddr *)&a, &len) != 0 ||
        pthread_create(&p->thread, NULL, proxy_run, p) != 0) {
        close(p->listener);
        free(p);
        return NULL;
    }
    p->port = ntohs(a.sin_port);
    return p;
}

int
proxy_port(const struct proxy *p)
{
    return p->port;
}

unsigned
proxy_carried(struct proxy *p)
{
    return atomic_load(&p->carried);
}

void
proxy_cut(struct proxy *p)
{
    atomic_store(&p->cut, true);
}

void
proxy_stop(struct proxy *p)
{
    atomic_store(&p->ends, true);
    pthread_join(p->thread, NULL);
    close(p->listener);
    free(p);
}
