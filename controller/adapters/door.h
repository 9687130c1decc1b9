/* door.h: who may knock, who is in, and how fast they may speak. One table for the ZAP thread, the bus
 * thread and whoever sends.
 *
 * Shape      An entry per transport key: an agent, or a one-time key that may only enrol. The connection
 *            whose turn it is, is the one over which the newest signed HELLO (or ENROL) came.
 *            Every other one is late: what a network kept of a connection that its agent has given
 *            up comes long after, and also a second copy of the agent begins like that. Told to
 *            say hello again, only a copy that lives gets a session there and speaks in it.
 * Units      *_ms on the clock that the caller passes in.
 * Limits     DOOR_PEERS_MAX entries. DOOR_RATE frames a second for one key, DOOR_BURST at once.
 * Errors     BATON_LIMIT: full, or too fast. BATON_DENIED: not in the table, expired, revoked.
 * Threads    Every call locks.
 * Source     reliability 4.1: map verified key -> newest signed session; check the key on every
 *            message, because ZAP is asked only once, at the handshake.
 */
#ifndef BATON_DOOR_H
#define BATON_DOOR_H

#include "baton/ids.h"

enum {
    DOOR_PEERS_MAX = 32768,
    DOOR_RATE = 200,
    DOOR_BURST = 400,
    DOOR_RID_BYTES = 5,       /* what ROUTER invents: a zero byte and a number */
    DOOR_EARLIER_MAX = 4,     /* older connections of one key that are remembered */
    DOOR_FAREWELL_MS = 10000, /* a used one-time key still gets its answer */
    DOOR_TELL_MS = 10000,     /* the same complaint about one key is told once in this time */
    DOOR_TELL_LATE_MS = 1000, /* and whoever is late is told so this often */
};

enum bus_class { BUS_ENROL = 1, BUS_AGENT = 2 };

struct bus_peer {
    struct baton_key curve_key;
    struct baton_key sign_key; /* BUS_ENROL: zero until its ENROL came */
    struct baton_id tenant;
    enum bus_class class;
};

struct door_rid {
    uint8_t b[DOOR_RID_BYTES];
};

enum door_session {
    DOOR_SAME,
    DOOR_NEW,    /* its turn begins */
    DOOR_LATE,   /* not its turn: the frame counts for nothing, its sender may say hello again */
    DOOR_SECOND, /* two connections have each spoken in sessions that were theirs, by turns */
};
enum door_complaint { DOOR_TELL_REFUSED, DOOR_TELL_FLOODED, DOOR_TELL_SECOND, DOOR_TELL_COUNT };

struct door;
enum baton_status door_new(struct door **ret_door, struct baton_err *err) BATON_MUST_USE;
void door_free(struct door **d);

/* until_ms 0: for ever. Another peer under that transport key is replaced and its session forgotten;
 * the same peer again changes nothing but the time. */
enum baton_status door_allow(struct door *d, const struct bus_peer *peer, uint64_t until_ms,
                             uint64_t now_ms) BATON_MUST_USE;
void door_revoke(struct door *d, const struct baton_key *curve_key, uint64_t now_ms);
bool door_admits(struct door *d, const struct baton_key *curve_key, uint64_t now_ms);

/* One frame came: still allowed, and not too fast? */
enum baton_status door_enter(struct door *d, const struct baton_key *curve_key, uint64_t now_ms,
                             struct bus_peer *ret_peer) BATON_MUST_USE;
/* A frame with a good signature came over rid; opens: it asks for a session, any other speaks in one.
 * DOOR_SECOND is said once for each return. */
enum door_session door_seen(struct door *d, const struct bus_peer *peer, const struct door_rid *rid,
                            bool opens);
/* Where to send for a signing key, or for a transport key; false: nobody is there. */
bool door_route(struct door *d, const struct baton_key *key, uint64_t now_ms,
                struct bus_peer *ret_peer, struct door_rid *ret_rid);
/* The connection is gone. True when it was the newest one of that key. */
bool door_left(struct door *d, const struct baton_key *curve_key, const struct door_rid *rid);
/* Whether this complaint may be told now. */
bool door_tell(struct door *d, const struct baton_key *curve_key, enum door_complaint what,
               uint64_t now_ms);
/* Whether this connection may be told now that it is late. */
bool door_tell_late(struct door *d, const struct baton_key *curve_key, const struct door_rid *rid,
                    uint64_t now_ms);
/* Whether anything may still be sent to who has this transport key, over whichever connection. */
bool door_hears(struct door *d, const struct baton_key *curve_key, uint64_t now_ms,
                struct bus_peer *ret_peer);

#endif
