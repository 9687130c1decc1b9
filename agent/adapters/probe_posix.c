#include "agent/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool
connects(const struct addrinfo *a, int limit_ms)
{
    int error = 0;
    socklen_t len = sizeof error;
    int fd = socket(a->ai_family, SOCK_STREAM, 0);
    if (fd < 0)
        return false;
    bool good = fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
    if (good && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        good = errno == EINPROGRESS && poll(&p, 1, limit_ms) == 1 &&
               getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0;
    }
    close(fd);
    return good;
}

bool
probe_tcp(const char *host, uint16_t port, int limit_ms)
{
    struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *all = NULL;
    char service[8];
    bool good = false;
    snprintf(service, sizeof service, "%u", (unsigned)port);
    if (getaddrinfo(host, service, &wanted, &all) != 0)
        return false;
    int count = 0;
    for (const struct addrinfo *a = all; a != NULL; a = a->ai_next)
        count++;
    for (const struct addrinfo *a = all; a != NULL && !good; a = a->ai_next)
        good = connects(a, limit_ms / count);
    freeaddrinfo(all);
    return good;
}
