#include "agent/adapters/bus_zmq.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/adapters/tunnel.h"
#include "common/crypto/crypto.h"

enum {
    RECONNECT_MS = 1000,
    RECONNECT_MOST_MS = 15000,
    CURVE_OVERHEAD_BYTES = 64, /* libzmq counts the encrypted frame against its limit */
    REFUSED_RETRY_MS = 5000,
    ENDPOINT_BYTES = 256,
};

struct agent_bus {
    void *context, *socket, *monitor;
    zmq_msg_t frame;
    unsigned monitors; /* opened so far */
    bool up;
    uint64_t retry_at_ms; /* 0: libzmq retries by itself */
    struct agent_bus_options o;
    char endpoint[ENDPOINT_BYTES], proxy[ENDPOINT_BYTES];
    struct tunnel *tunnel; /* NULL: no proxy */
    uint8_t secret[BOX_SECRET_BYTES];
};

static const struct {
    int option, value;
} settings[] = {
    {ZMQ_IMMEDIATE, 1}, /* 0: a thousand sends "succeed" with nobody there */
    {ZMQ_SNDHWM, 64},
    {ZMQ_RCVHWM, 64},
    {ZMQ_LINGER, 0},
    {ZMQ_SNDTIMEO, 0},
    {ZMQ_RCVTIMEO, 0},
    {ZMQ_HANDSHAKE_IVL, 10000},
    {ZMQ_HEARTBEAT_IVL, 10000},
    {ZMQ_HEARTBEAT_TIMEOUT, 30000},
    {ZMQ_HEARTBEAT_TTL, 30000},
    {ZMQ_CONNECT_TIMEOUT, 10000},
    {ZMQ_TCP_MAXRT, 30000},
    {ZMQ_TCP_KEEPALIVE, 1},
    {ZMQ_TCP_KEEPALIVE_IDLE, 60},
    {ZMQ_TCP_KEEPALIVE_INTVL, 10},
    {ZMQ_TCP_KEEPALIVE_CNT, 6},
};

static const char *const event_names[] = {
    [LINK_NOTHING] = "nothing",
    [LINK_UP] = "up",
    [LINK_DOWN] = "down",
    [LINK_REFUSED] = "refused",
    [LINK_ENDED] = "ended before it was made",
};

const char *
agent_bus_event_name(enum agent_bus_event e)
{
    return (unsigned)e < ARRAY_LEN(event_names) ? event_names[e] : "?";
}

static uint64_t
clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static bool
number_set(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

/* Its own share of chance, so that two thousand agents do not come back in the same second. */
static bool
reconnect_configure(void *socket)
{
    uint16_t chance;
    crypto_random(&chance, sizeof chance);
    return number_set(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS + chance % RECONNECT_MS) &&
           number_set(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MOST_MS + chance % RECONNECT_MS);
}

static bool
socket_configure(void *socket, const struct agent_bus_options *o)
{
    int64_t most = FRAME_BYTES_MAX + CURVE_OVERHEAD_BYTES;
    for (size_t i = 0; i < ARRAY_LEN(settings); i++)
        if (!number_set(socket, settings[i].option, settings[i].value))
            return false;
    return reconnect_configure(socket) && number_set(socket, ZMQ_IPV6, 1) &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &most, sizeof most) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, o->server_key.b, BATON_KEY_BYTES) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, o->key.b, BATON_KEY_BYTES) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, o->secret, BOX_SECRET_BYTES) == 0;
}

static bool
monitor_open(struct agent_bus *b)
{
    int wanted = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                 ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                 ZMQ_EVENT_DISCONNECTED;
    char address[64]; /* of its own: a closed monitor's is free only some time later */
    snprintf(address, sizeof address, "inproc://baton-link-%u", b->monitors++);
    if (zmq_socket_monitor(b->socket, address, wanted) != 0)
        return false;
    b->monitor = zmq_socket(b->context, ZMQ_PAIR);
    return b->monitor != NULL && number_set(b->monitor, ZMQ_LINGER, 0) &&
           zmq_connect(b->monitor, address) == 0;
}

static void
sockets_close(struct agent_bus *b)
{
    if (b->socket != NULL)
        zmq_socket_monitor(b->socket, NULL, 0);
    if (b->monitor != NULL)
        zmq_close(b->monitor);
    if (b->socket != NULL)
        zmq_close(b->socket);
    tunnel_close(&b->tunnel);
    b->socket = b->monitor = NULL;
    b->up = false;
    b->retry_at_ms = 0;
}

static enum baton_status
sockets_open(struct agent_bus *b, struct baton_err *err)
{
    b->socket = zmq_socket(b->context, ZMQ_DEALER);
    if (b->socket == NULL)
        return baton_fail(err, BATON_IO, "DEALER: %s", zmq_strerror(zmq_errno()));
    if (!socket_configure(b->socket, &b->o))
        return baton_fail(err, BATON_FAILED, "libzmq refuses a setting: %s",
                          zmq_strerror(zmq_errno()));
    if (!monitor_open(b))
        return baton_fail(err, BATON_FAILED, "no monitor: %s", zmq_strerror(zmq_errno()));
    const char *endpoint = b->o.endpoint;
    if (b->o.proxy != NULL) {
        enum baton_status rc = tunnel_open(b->context, b->o.proxy, endpoint, &b->tunnel, err);
        if (rc != BATON_OK)
            return rc;
        endpoint = tunnel_endpoint(b->tunnel);
    }
    if (zmq_connect(b->socket, endpoint) != 0)
        return baton_fail(err, BATON_USAGE, "%s: %s", b->o.endpoint, zmq_strerror(zmq_errno()));
    return BATON_OK;
}

/* A copy, because a refused connection is opened again later. */
static enum baton_status
options_keep(struct agent_bus *b, const struct agent_bus_options *o, struct baton_err *err)
{
    const char *proxy = o->proxy == NULL ? "" : o->proxy;
    if (strlen(o->endpoint) >= sizeof b->endpoint || strlen(proxy) >= sizeof b->proxy)
        return baton_fail(err, BATON_USAGE, "the address of controller or proxy is too long");
    snprintf(b->endpoint, sizeof b->endpoint, "%s", o->endpoint);
    snprintf(b->proxy, sizeof b->proxy, "%s", proxy);
    memcpy(b->secret, o->secret, sizeof b->secret);
    b->o = *o;
    b->o.endpoint = b->endpoint;
    b->o.proxy = b->proxy[0] == '\0' ? NULL : b->proxy;
    b->o.secret = b->secret;
    return BATON_OK;
}

static enum baton_status
context_open(struct agent_bus *b, struct baton_err *err)
{
    b->context = zmq_ctx_new();
    if (b->context == NULL)
        return baton_fail(err, BATON_NOMEM, "network context");
    zmq_ctx_set(b->context, ZMQ_IO_THREADS, 1);
    zmq_ctx_set(b->context, ZMQ_MAX_SOCKETS, 64);
    zmq_ctx_set(b->context, ZMQ_BLOCKY, 0);
    return BATON_OK;
}

enum baton_status
agent_bus_open(const struct agent_bus_options *options, struct agent_bus **ret_bus,
               struct baton_err *err)
{
    struct agent_bus *b = calloc(1, sizeof *b);
    if (b == NULL)
        return baton_fail(err, BATON_NOMEM, "bus");
    zmq_msg_init(&b->frame);
    enum baton_status rc = context_open(b, err);
    if (rc == BATON_OK)
        rc = options_keep(b, options, err);
    if (rc == BATON_OK)
        rc = sockets_open(b, err);
    if (rc != BATON_OK) {
        agent_bus_close(&b);
        return baton_wrap(err, rc, "bus");
    }
    *ret_bus = b;
    return BATON_OK;
}

void
agent_bus_close(struct agent_bus **b)
{
    if (*b == NULL)
        return;
    zmq_msg_close(&(*b)->frame);
    sockets_close(*b);
    if ((*b)->context != NULL)
        zmq_ctx_term((*b)->context);
    crypto_wipe((*b)->secret, sizeof(*b)->secret);
    free(*b);
    *b = NULL;
}

enum baton_status
agent_bus_send(struct agent_bus *b, const uint8_t *frame, size_t len)
{
    if (len > FRAME_BYTES_MAX)
        return BATON_LIMIT;
    if (b->socket == NULL)
        return BATON_UNREACHABLE;
    if (zmq_send(b->socket, frame, len, ZMQ_DONTWAIT) >= 0)
        return BATON_OK;
    return zmq_errno() == EAGAIN ? BATON_UNREACHABLE : BATON_IO;
}

/* The rest of a message of several parts, which no controller of ours sends. */
static void
parts_drop(struct agent_bus *b)
{
    while (zmq_msg_more(&b->frame))
        if (zmq_msg_recv(&b->frame, b->socket, ZMQ_DONTWAIT) < 0)
            break;
}

enum baton_status
agent_bus_recv(struct agent_bus *b, const uint8_t **ret_frame, size_t *ret_len)
{
    if (b->tunnel != NULL)
        tunnel_pump(b->tunnel);
    if (b->socket == NULL || zmq_msg_recv(&b->frame, b->socket, ZMQ_DONTWAIT) < 0)
        return BATON_NOT_FOUND;
    if (zmq_msg_more(&b->frame)) {
        parts_drop(b);
        return BATON_MALFORMED;
    }
    *ret_frame = zmq_msg_data(&b->frame);
    *ret_len = zmq_msg_size(&b->frame);
    return BATON_OK;
}

void
agent_bus_poll(const struct agent_bus *b, zmq_pollitem_t ret_items[AGENT_BUS_ITEMS])
{
    void *const sockets[] = {b->socket, b->monitor};
    for (size_t i = 0; i < AGENT_BUS_ITEMS; i++) { /* nothing to wait for is -1, not descriptor 0 */
        void *socket = i < ARRAY_LEN(sockets) ? sockets[i] : NULL;
        ret_items[i] = (zmq_pollitem_t){
            .socket = socket, .fd = (zmq_fd_t)-1, .events = socket == NULL ? 0 : ZMQ_POLLIN};
    }
    if (b->tunnel != NULL)
        tunnel_poll(b->tunnel, ret_items + ARRAY_LEN(sockets));
}

/* The event's number stands first, in the machine's byte order; the address follows. */
static uint16_t
monitor_read(struct agent_bus *b)
{
    uint16_t number = 0;
    zmq_msg_t part;
    zmq_msg_init(&part);
    if (b->monitor != NULL && zmq_msg_recv(&part, b->monitor, ZMQ_DONTWAIT) >= (int)sizeof number) {
        memcpy(&number, zmq_msg_data(&part), sizeof number);
        if (zmq_msg_more(&part))
            zmq_msg_recv(&part, b->monitor, 0);
    }
    zmq_msg_close(&part);
    return number;
}

/* libzmq never tries again after an ERROR from the other side; an operator may allow the key, or the
 * controller may come back whole, at any time. */
static void
refused_retry(struct agent_bus *b)
{
    if (b->retry_at_ms == 0 || clock_ms() < b->retry_at_ms)
        return;
    sockets_close(b);
    if (sockets_open(b, NULL) != BATON_OK) {
        sockets_close(b);
        b->retry_at_ms = clock_ms() + REFUSED_RETRY_MS;
    }
}

static void
retry_later(struct agent_bus *b)
{
    uint16_t chance;
    crypto_random(&chance, sizeof chance);
    b->retry_at_ms = clock_ms() + REFUSED_RETRY_MS + chance % REFUSED_RETRY_MS;
}

enum agent_bus_event
agent_bus_event(struct agent_bus *b)
{
    refused_retry(b);
    if (b->tunnel != NULL)
        tunnel_pump(b->tunnel);
    uint16_t number = monitor_read(b);
    if (number == 0)
        return LINK_NOTHING;
    b->up = number == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
    if (b->up)
        return LINK_UP;
    if (number == ZMQ_EVENT_DISCONNECTED)
        return LINK_DOWN;
    retry_later(b);
    return number == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH ? LINK_REFUSED : LINK_ENDED;
}

bool
agent_bus_up(const struct agent_bus *b)
{
    return b->up;
}

const char *
agent_bus_trouble(const struct agent_bus *b)
{
    return b->tunnel == NULL ? "" : tunnel_trouble(b->tunnel);
}
