#include "agent/probe.h"

#include <winsock2.h>

#include <stdio.h>
#include <ws2tcpip.h>

/* Connected, or failed, or neither within the limit: only the first is good. */
static bool
waited_for(SOCKET s, int limit_ms)
{
    fd_set good, bad;
    struct timeval limit = {limit_ms / 1000, limit_ms % 1000 * 1000};
    FD_ZERO(&good);
    FD_ZERO(&bad);
    FD_SET(s, &good);
    FD_SET(s, &bad);
    return select(0, NULL, &good, &bad, &limit) > 0 && FD_ISSET(s, &good) && !FD_ISSET(s, &bad);
}

static bool
connects(const struct addrinfo *a, int limit_ms)
{
    u_long yes = 1;
    SOCKET s = socket(a->ai_family, SOCK_STREAM, IPPROTO_TCP);
    if (s == INVALID_SOCKET)
        return false;
    bool good = ioctlsocket(s, (long)FIONBIO, &yes) == 0;
    if (good && connect(s, a->ai_addr, (int)a->ai_addrlen) != 0)
        good = WSAGetLastError() == WSAEWOULDBLOCK && waited_for(s, limit_ms);
    closesocket(s);
    return good;
}

static bool
any_connects(const char *host, const char *service, int limit_ms)
{
    struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *all = NULL;
    bool good = false;
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

bool
probe_tcp(const char *host, uint16_t port, int limit_ms)
{
    WSADATA data;
    char service[8];
    snprintf(service, sizeof service, "%u", (unsigned)port);
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
        return false;
    bool good = any_connects(host, service, limit_ms);
    WSACleanup();
    return good;
}
