#include "agent/adapters/tunnel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ADDRESS_BYTES = 256,
    RID_BYTES = 5,
    NAME_LEN = 8, /* "T" and seven digits: the routing id of a connection to the proxy */
    PENDING_BYTES = 4096,
    PUMP_MAX = 256, /* parts carried before the loop looks at other things */
    CONNECT_MS = 10000,
};

enum stage { STAGE_FREE, STAGE_DIALS, STAGE_GREETED, STAGE_ASKED, STAGE_OPEN };

/*  agent's DEALER --- near_rid | line | far_name --- proxy --- controller  */
struct line {
    enum stage stage;
    uint8_t near_rid[RID_BYTES];
    char far_name[NAME_LEN + 1];
    uint8_t pending[PENDING_BYTES]; /* what the near side said before the way was open */
    size_t pending_len;
    uint8_t reply[TUNNEL_REPLY_BYTES];
    size_t reply_len;
};

struct tunnel {
    void *near, *far; /* ZMQ_STREAM: raw TCP */
    bool socks;
    char endpoint[ADDRESS_BYTES], proxy[ADDRESS_BYTES];
    char host[ADDRESS_BYTES];
    unsigned port;
    unsigned made;
    struct line line[TUNNEL_LINES_MAX];
    char trouble[ADDRESS_BYTES];
};

static bool
part_send(void *socket, const void *rid, size_t rid_len, const void *bytes, size_t len)
{
    return zmq_send(socket, rid, rid_len, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0 &&
           zmq_send(socket, bytes, len, ZMQ_DONTWAIT) >= 0;
}

static bool
near_send(struct tunnel *t, const struct line *l, const void *bytes, size_t len)
{
    return part_send(t->near, l->near_rid, RID_BYTES, bytes, len);
}

static bool
far_send(struct tunnel *t, const struct line *l, const void *bytes, size_t len)
{
    return part_send(t->far, l->far_name, NAME_LEN, bytes, len);
}

static bool
all_free(const struct tunnel *t)
{
    for (size_t i = 0; i < TUNNEL_LINES_MAX; i++)
        if (t->line[i].stage != STAGE_FREE)
            return false;
    return true;
}

/* An empty part closes a raw connection; either may be gone already. The last one out also makes
 * libzmq forget what it still keeps about the proxy: connections that never came to be, above all. */
static void
line_end(struct tunnel *t, struct line *l, const char *trouble)
{
    if (trouble != NULL)
        snprintf(t->trouble, sizeof t->trouble, "%s", trouble);
    if (l->stage != STAGE_DIALS)
        far_send(t, l, "", 0);
    near_send(t, l, "", 0);
    *l = (struct line){0};
    if (all_free(t))
        zmq_disconnect(t->far, t->proxy);
}

static void
line_begin(struct tunnel *t, const uint8_t rid[RID_BYTES])
{
    struct line *l = NULL;
    for (size_t i = 0; i < TUNNEL_LINES_MAX && l == NULL; i++)
        if (t->line[i].stage == STAGE_FREE)
            l = &t->line[i];
    if (l == NULL) {
        part_send(t->near, rid, RID_BYTES, "", 0);
        return;
    }
    l->stage = STAGE_DIALS;
    memcpy(l->near_rid, rid, RID_BYTES);
    snprintf(l->far_name, sizeof l->far_name, "T%07u", t->made++ % 10000000);
    if (zmq_setsockopt(t->far, ZMQ_CONNECT_ROUTING_ID, l->far_name, NAME_LEN) != 0 ||
        zmq_connect(t->far, t->proxy) != 0)
        line_end(t, l, "the proxy's address cannot be used");
}

static bool
http_ask(struct tunnel *t, struct line *l)
{
    char text[2 * ADDRESS_BYTES + 64];
    int len = snprintf(text, sizeof text, "CONNECT %s:%u HTTP/1.1\r\nHost: %s:%u\r\n\r\n", t->host,
                       t->port, t->host, t->port);
    l->stage = STAGE_ASKED;
    return far_send(t, l, text, (size_t)len);
}

static bool
socks_greet(struct tunnel *t, struct line *l)
{
    l->stage = STAGE_GREETED;
    return far_send(t, l, "\x05\x01\x00", 3); /* version 5, one method: none */
}

static bool
socks_ask(struct tunnel *t, struct line *l)
{
    uint8_t ask[ADDRESS_BYTES + 8] = {5, 1, 0, 3}; /* connect, to a name */
    size_t len = strlen(t->host);
    ask[4] = (uint8_t)len;
    memcpy(ask + 5, t->host, len);
    ask[5 + len] = (uint8_t)(t->port >> 8);
    ask[6 + len] = (uint8_t)t->port;
    l->stage = STAGE_ASKED;
    return far_send(t, l, ask, len + 7);
}

/* Bytes of a complete answer; 0: more to come; -1: no. */
static int
http_answer(struct tunnel *t, const struct line *l)
{
    for (size_t at = 0; at + 4 <= l->reply_len; at++) {
        if (memcmp(l->reply + at, "\r\n\r\n", 4) != 0)
            continue;
        if (l->reply_len >= 12 && memcmp(l->reply, "HTTP/1.", 7) == 0 &&
            memcmp(l->reply + 8, " 2", 2) == 0)
            return (int)at + 4;
        snprintf(t->trouble, sizeof t->trouble, "the proxy answered: %.*s",
                 (int)strcspn((const char *)l->reply, "\r\n"), (const char *)l->reply);
        return -1;
    }
    return 0;
}

static int
socks_answer(struct tunnel *t, const struct line *l)
{
    if (l->reply_len < 5)
        return 0;
    if (l->reply[0] != 5 || l->reply[1] != 0) {
        snprintf(t->trouble, sizeof t->trouble, "the proxy answered: SOCKS error %d", l->reply[1]);
        return -1;
    }
    size_t need = l->reply[3] == 1 ? 10 : l->reply[3] == 4 ? 22 : 7u + l->reply[4];
    return l->reply_len >= need ? (int)need : 0;
}

static bool
method_answer(struct tunnel *t, struct line *l)
{
    if (l->reply_len < 2)
        return true;
    if (l->reply_len != 2 || l->reply[0] != 5 || l->reply[1] != 0) {
        snprintf(t->trouble, sizeof t->trouble, "the proxy wants a password, or is no SOCKS5");
        return false;
    }
    l->reply_len = 0;
    return socks_ask(t, l);
}

/* Whatever waited on either side goes on its way. */
static bool
line_open(struct tunnel *t, struct line *l, size_t answer_len)
{
    l->stage = STAGE_OPEN;
    t->trouble[0] = '\0';
    bool good = l->pending_len == 0 || far_send(t, l, l->pending, l->pending_len);
    if (good && l->reply_len > answer_len)
        good = near_send(t, l, l->reply + answer_len, l->reply_len - answer_len);
    return good;
}

static bool
proxy_says(struct tunnel *t, struct line *l, const void *bytes, size_t len)
{
    if (len >= sizeof l->reply - l->reply_len) { /* one byte stays zero behind a text */
        snprintf(t->trouble, sizeof t->trouble, "the proxy's answer is too long");
        return false;
    }
    memcpy(l->reply + l->reply_len, bytes, len);
    l->reply_len += len;
    if (l->stage == STAGE_GREETED)
        return method_answer(t, l);
    int answer = t->socks ? socks_answer(t, l) : http_answer(t, l);
    return answer < 0 ? false : answer == 0 ? true : line_open(t, l, (size_t)answer);
}

static void
far_take(struct tunnel *t, struct line *l, const void *bytes, size_t len)
{
    bool good = true;
    if (len == 0 && l->stage == STAGE_DIALS)
        good = t->socks ? socks_greet(t, l) : http_ask(t, l);
    else if (len == 0)
        line_end(t, l, l->stage == STAGE_OPEN ? NULL : "the proxy hung up");
    else if (l->stage == STAGE_OPEN)
        good = near_send(t, l, bytes, len);
    else
        good = proxy_says(t, l, bytes, len);
    if (!good)
        line_end(t, l, NULL);
}

static void
near_take(struct tunnel *t, struct line *l, const void *bytes, size_t len)
{
    if (len == 0) {
        line_end(t, l, l->stage == STAGE_DIALS ? "no connection to the proxy" : NULL);
    } else if (l->stage == STAGE_OPEN) {
        if (!far_send(t, l, bytes, len))
            line_end(t, l, NULL);
    } else if (len > sizeof l->pending - l->pending_len) {
        line_end(t, l, "too much was said before the proxy answered");
    } else {
        memcpy(l->pending + l->pending_len, bytes, len);
        l->pending_len += len;
    }
}

static void
part_take(struct tunnel *t, bool near, const uint8_t *rid, size_t rid_len, zmq_msg_t *data)
{
    for (size_t i = 0; i < TUNNEL_LINES_MAX; i++) {
        struct line *l = &t->line[i];
        const void *id = near ? (const void *)l->near_rid : (const void *)l->far_name;
        if (l->stage == STAGE_FREE || rid_len != (near ? (size_t)RID_BYTES : NAME_LEN) ||
            memcmp(id, rid, rid_len) != 0)
            continue;
        if (near)
            near_take(t, l, zmq_msg_data(data), zmq_msg_size(data));
        else
            far_take(t, l, zmq_msg_data(data), zmq_msg_size(data));
        return;
    }
    if (zmq_msg_size(data) > 0)
        return;
    if (near && rid_len == RID_BYTES)
        line_begin(t, rid); /* an empty part from a stranger: a new connection */
    if (!near)
        part_send(t->far, rid, rid_len, "", 0); /* came too late: its line has ended */
}

static bool
part_carry(struct tunnel *t, bool near)
{
    void *socket = near ? t->near : t->far;
    uint8_t rid[16];
    int rid_len = zmq_recv(socket, rid, sizeof rid, ZMQ_DONTWAIT);
    if (rid_len < 0)
        return false;
    zmq_msg_t data;
    zmq_msg_init(&data);
    if (zmq_msg_recv(&data, socket, ZMQ_DONTWAIT) >= 0 && rid_len <= (int)sizeof rid)
        part_take(t, near, rid, (size_t)rid_len, &data);
    zmq_msg_close(&data);
    return true;
}

void
tunnel_pump(struct tunnel *t)
{
    for (unsigned i = 0; i < PUMP_MAX; i++) {
        bool near = part_carry(t, true), far = part_carry(t, false);
        if (!near && !far)
            return;
    }
}

static bool
port_read(const char *text, unsigned *ret_port)
{
    size_t digits = strspn(text, "0123456789");
    unsigned long port = digits >= 1 && digits <= 5 ? strtoul(text, NULL, 10) : 0;
    if (text[digits] != '\0' || port == 0 || port > 65535)
        return false;
    *ret_port = (unsigned)port;
    return true;
}

/* "host:port", with IPv6 in brackets, which are left out of ret_host. */
static bool
host_split(const char *text, char *ret_host, size_t cap, unsigned *ret_port)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - text);
    if (len == 0 || !port_read(colon + 1, ret_port))
        return false;
    if (text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (len == 0 || len >= cap || strpbrk(text, " \t\r\n/@") != NULL)
        return false;
    memcpy(ret_host, text, len);
    ret_host[len] = '\0';
    return true;
}

static const char *
after(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

static enum baton_status
addresses_read(struct tunnel *t, const char *proxy, const char *target, struct baton_err *err)
{
    char host[ADDRESS_BYTES];
    unsigned port;
    const char *http = after(proxy, "http://"), *socks = after(proxy, "socks5://");
    const char *where = http != NULL ? http : socks, *to = after(target, "tcp://");
    t->socks = socks != NULL;
    if (where == NULL || strlen(where) >= ADDRESS_BYTES - 8 ||
        !host_split(where, host, sizeof host, &port))
        return baton_fail(err, BATON_USAGE,
                          "proxy \"%s\": give http://host:port or socks5://host:port", proxy);
    if (to == NULL || !host_split(to, t->host, sizeof t->host, &t->port))
        return baton_fail(err, BATON_USAGE, "\"%s\": give tcp://host:port", target);
    snprintf(t->proxy, sizeof t->proxy, "tcp://%s", where);
    return BATON_OK;
}

static bool
number_set(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static enum baton_status
sockets_open(struct tunnel *t, void *context, struct baton_err *err)
{
    size_t len = sizeof t->endpoint;
    t->near = zmq_socket(context, ZMQ_STREAM);
    t->far = zmq_socket(context, ZMQ_STREAM);
    if (t->near == NULL || t->far == NULL || !number_set(t->near, ZMQ_LINGER, 0) ||
        !number_set(t->far, ZMQ_LINGER, 0) || !number_set(t->far, ZMQ_IPV6, 1) ||
        !number_set(t->far, ZMQ_RECONNECT_IVL, -1) || /* the socket on the near side retries */
        !number_set(t->far, ZMQ_CONNECT_TIMEOUT, CONNECT_MS) ||
        zmq_bind(t->near, "tcp://127.0.0.1:*") != 0 ||
        zmq_getsockopt(t->near, ZMQ_LAST_ENDPOINT, t->endpoint, &len) != 0)
        return baton_fail(err, BATON_IO, "proxy: %s", zmq_strerror(zmq_errno()));
    return BATON_OK;
}

enum baton_status
tunnel_open(void *context, const char *proxy, const char *target, struct tunnel **ret_tunnel,
            struct baton_err *err)
{
    struct tunnel *t = calloc(1, sizeof *t);
    if (t == NULL)
        return baton_fail(err, BATON_NOMEM, "proxy");
    enum baton_status rc = addresses_read(t, proxy, target, err);
    if (rc == BATON_OK)
        rc = sockets_open(t, context, err);
    if (rc != BATON_OK) {
        tunnel_close(&t);
        return rc;
    }
    *ret_tunnel = t;
    return BATON_OK;
}

void
tunnel_close(struct tunnel **t)
{
    if (*t == NULL)
        return;
    if ((*t)->near != NULL)
        zmq_close((*t)->near);
    if ((*t)->far != NULL)
        zmq_close((*t)->far);
    free(*t);
    *t = NULL;
}

const char *
tunnel_endpoint(const struct tunnel *t)
{
    return t->endpoint;
}

void
tunnel_poll(const struct tunnel *t, zmq_pollitem_t ret_items[TUNNEL_ITEMS])
{
    ret_items[0] = (zmq_pollitem_t){.socket = t->near, .events = ZMQ_POLLIN};
    ret_items[1] = (zmq_pollitem_t){.socket = t->far, .events = ZMQ_POLLIN};
}

const char *
tunnel_trouble(const struct tunnel *t)
{
    return t->trouble;
}
