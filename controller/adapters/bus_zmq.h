/* bus_zmq.h: the controller's one port for agents: ROUTER, CURVE, our own ZAP handler.
 *
 * Shape      A thread owns the socket. What comes in is told apart by the key that the transport
 *            verified, held against the door, decoded and verified (so signatures are checked while
 *            the engine commits), and handed over. What goes out is queued and sent by that thread.
 *            bus_open proves with a throw-away key that the port lets it in while the door knows it
 *            and refuses it afterwards, and fails otherwise.
 * Limits     DOOR_*; BUS_OUT_BYTES_MAX waiting to be sent; FRAME_BYTES_MAX a frame.
 * Errors     bus_open: BATON_FAILED, BATON_USAGE, BATON_IO, with what and where.
 *            bus_send: BATON_UNREACHABLE: nobody there; BATON_LIMIT: the queue is full. BATON_OK says
 *            queued, never delivered: only the agent's signed answer says that.
 * Ownership  on_message gets the message and must message_free it. Options' pointers are borrowed.
 * Threads    Callbacks run on the bus thread and must not block or call bus_close. The others may
 *            be called from any thread.
 * Source     reliability 4.1, 5.6; design 3. One bus in a process: ZAP has one address in it.
 */
#ifndef BATON_BUS_ZMQ_H
#define BATON_BUS_ZMQ_H

#include "common/crypto/crypto.h"
#include "controller/adapters/door.h"
#include "proto/codec.h"

enum { BUS_OUT_BYTES_MAX = 64 * 1024 * 1024, BUS_ENDPOINT_BYTES = 256 };

enum bus_event {
    BUS_CONNECTED,      /* first good frame over a new connection of this peer */
    BUS_LOST,           /* its connection is gone */
    BUS_SECOND_SESSION, /* two connections with this key speak at once */
    BUS_REFUSED,        /* a frame was refused; the text says why. Told rarely, counted always */
    BUS_FLOODED,        /* frames dropped because they came too fast. Likewise */
    BUS_KEY_REFUSED,    /* unknown keys tried to connect; no peer. Likewise */
    BUS_DOWN,           /* the ZAP handler is dead; the port is closed: stop the process */
};

/* id, name (of the metric), meaning */
#define BUS_COUNTERS(X)                                                                            \
    X(COUNT_RECEIVED, "bus_received", "frames read from the socket")                               \
    X(COUNT_DELIVERED, "bus_delivered", "messages handed to the engine")                           \
    X(COUNT_UNIDENTIFIED, "bus_unidentified", "frames without a verified key")                     \
    X(COUNT_UNKNOWN, "bus_unknown", "frames of a key that is no longer allowed")                   \
    X(COUNT_FLOODED, "bus_flooded", "frames above the rate of their key")                          \
    X(COUNT_MALFORMED, "bus_malformed", "frames that break the format or a limit")                 \
    X(COUNT_DENIED, "bus_denied",                                                                  \
      "frames with a bad signature, sender, recipient, tenant or type")                            \
    X(COUNT_CONNECTED, "bus_connected", "connections that gave a good frame")                      \
    X(COUNT_LATE, "bus_late", "frames over a connection whose turn it is not")                     \
    X(COUNT_SECOND, "bus_second_sessions", "returns of a connection after another had spoken")     \
    X(COUNT_SENT, "bus_sent", "frames given to the socket")                                        \
    X(COUNT_UNSENT, "bus_unsent", "frames dropped because the agent was gone or too slow")

enum bus_counter {
#define X(id, name, what) id,
    BUS_COUNTERS(X)
#undef X
        BUS_COUNTER_COUNT
};

struct bus_options {
    const char *endpoint; /* "tcp://192.0.2.7:7400"; a chosen address, never "*"; port 0: any */
    const struct crypto_identity *identity; /* the controller's */
    void *ctx;
    uint64_t (*now_ms)(void *ctx); /* NULL: the monotonic clock */
    void (*on_message)(void *ctx, const struct bus_peer *peer, struct message *m);
    void (*on_event)(void *ctx, enum bus_event event, const struct bus_peer *peer,
                     const char *text); /* peer may be NULL */
};

struct bus;

enum baton_status bus_open(const struct bus_options *options, struct bus **ret_bus,
                           struct baton_err *err) BATON_MUST_USE;
void bus_close(struct bus **b);
const char *bus_endpoint(const struct bus *b); /* with the port that was chosen */

/* until_ms on the clock of the options. */
enum baton_status bus_allow_token(struct bus *b, const struct baton_key *curve_key,
                                  const struct baton_id *tenant, uint64_t until_ms) BATON_MUST_USE;
enum baton_status bus_allow_agent(struct bus *b, const struct baton_key *curve_key,
                                  const struct baton_key *sign_key,
                                  const struct baton_id *tenant) BATON_MUST_USE;
void bus_revoke(struct bus *b, const struct baton_key *curve_key);

/* To an agent by its signing key (also while it enrols), or by its transport key. Bytes are copied. */
enum baton_status bus_send(struct bus *b, const struct baton_key *agent, const uint8_t *frame,
                           size_t len) BATON_MUST_USE;
bool bus_connected(struct bus *b, const struct baton_key *agent);

uint64_t bus_count(const struct bus *b, enum bus_counter c);
uint64_t bus_keys_refused(struct bus *b); /* handshakes that the door refused */
const char *bus_counter_name(enum bus_counter c);
const char *bus_counter_what(enum bus_counter c);
const char *bus_event_name(enum bus_event e);

#endif
