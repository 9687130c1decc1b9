#include "agent/adapters/wake.h"

#include <winsock2.h>

#include <string.h>
#include <ws2tcpip.h>

static SOCKET
socket_of(const struct wake *w)
{
    return (SOCKET)w->fd;
}

/* Connected to itself, it takes datagrams from nobody else. */
static bool
connect_to_itself(SOCKET s)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    int len = sizeof at;
    u_long yes = 1;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return bind(s, (const struct sockaddr *)&at, len) == 0 &&
           getsockname(s, (struct sockaddr *)&at, &len) == 0 &&
           connect(s, (const struct sockaddr *)&at, len) == 0 &&
           ioctlsocket(s, (long)FIONBIO, &yes) == 0;
}

enum baton_status
wake_open(struct wake *w, struct baton_err *err)
{
    WSADATA data;
    w->fd = -1;
    int rc = WSAStartup(MAKEWORD(2, 2), &data);
    if (rc != 0)
        return baton_fail(err, BATON_IO, "WSAStartup: error %d", rc);
    SOCKET s = WSASocketW(AF_INET, SOCK_DGRAM, IPPROTO_UDP, NULL, 0, WSA_FLAG_OVERLAPPED);
    if (s == INVALID_SOCKET || !connect_to_itself(s)) {
        rc = WSAGetLastError();
        if (s != INVALID_SOCKET)
            closesocket(s);
        WSACleanup();
        return baton_fail(err, BATON_IO, "a socket to wake the loop with: error %d", rc);
    }
    (void)SetHandleInformation((HANDLE)s, HANDLE_FLAG_INHERIT, 0);
    w->fd = (int)s;
    return BATON_OK;
}

/* A full buffer is as good: it is readable. */
void
wake_ring(const struct wake *w)
{
    (void)send(socket_of(w), "!", 1, 0);
}

void
wake_clear(const struct wake *w)
{
    char bytes[64];
    while (recv(socket_of(w), bytes, sizeof bytes, 0) > 0)
        continue;
}

void
wake_close(struct wake *w)
{
    if (w->fd < 0)
        return;
    closesocket(socket_of(w));
    WSACleanup();
    w->fd = -1;
}
