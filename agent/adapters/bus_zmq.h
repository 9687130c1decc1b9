/* bus_zmq.h: the agent's one connection outward: DEALER, CURVE, libzmq alone, on both systems.
 *
 * Shape      agent_bus_open makes the network context, so it is called after guard_boot() has ended
 *            and never before. Connecting, retrying and heartbeats happen behind; what became of
 *            them comes out of agent_bus_event. Nothing here blocks: wait with zmq_poll on the items
 *            of agent_bus_poll.
 * Limits     FRAME_BYTES_MAX a frame; 64 frames waiting in each direction, because the journal is
 *            the queue.
 * Errors     agent_bus_send: BATON_UNREACHABLE: no controller takes it now. BATON_OK says handed to
 *            the socket, never delivered. agent_bus_recv: BATON_NOT_FOUND: nothing now;
 *            BATON_MALFORMED: something that is not one frame, thrown away.
 * Ownership  A received frame lies in the bus until the next agent_bus_recv.
 * Threads    One thread: the loop's.
 * Source     reliability 4.1; protocol 4 (boot).
 */
#ifndef BATON_AGENT_BUS_ZMQ_H
#define BATON_AGENT_BUS_ZMQ_H

#include <zmq.h>

#include "baton/message.h"

enum agent_bus_event {
    LINK_NOTHING,
    LINK_UP,      /* the handshake is done: frames go through */
    LINK_DOWN,    /* the connection is gone; retried behind */
    LINK_REFUSED, /* the controller said that it knows no such key; asked again behind */
    LINK_ENDED, /* no handshake, and nobody said why: a restart, another program, another key than the
                     one that was pinned; retried behind */
};

struct agent_bus_options {
    const char *endpoint;        /* "tcp://controller.example.net:7400" */
    const char *proxy;           /* "http://host:port", "socks5://host:port", or NULL */
    struct baton_key server_key; /* the controller's transport key, pinned */
    struct baton_key key;        /* our own, or the one-time one */
    const uint8_t *secret;       /* 32 bytes; copied by libzmq */
};

struct agent_bus;

enum baton_status agent_bus_open(const struct agent_bus_options *options,
                                 struct agent_bus **ret_bus, struct baton_err *err) BATON_MUST_USE;
void agent_bus_close(struct agent_bus **b);

enum baton_status agent_bus_send(struct agent_bus *b, const uint8_t *frame,
                                 size_t len) BATON_MUST_USE;
enum baton_status agent_bus_recv(struct agent_bus *b, const uint8_t **ret_frame,
                                 size_t *ret_len) BATON_MUST_USE;

enum { AGENT_BUS_ITEMS = 4 };
/* What to wait for; then call recv until BATON_NOT_FOUND and event until LINK_NOTHING. Both also when
 * nothing came for a second or so: a refused connection is opened again by agent_bus_event. Ask for
 * the items anew each time. */
void agent_bus_poll(const struct agent_bus *b, zmq_pollitem_t ret_items[AGENT_BUS_ITEMS]);
enum agent_bus_event agent_bus_event(struct agent_bus *b);
bool agent_bus_up(const struct agent_bus *b); /* by the events taken so far */
const char *
agent_bus_trouble(const struct agent_bus *b); /* with the proxy; "" when there is none */
const char *agent_bus_event_name(enum agent_bus_event e);

#endif
