/* door.h: who may knock, who is in, and how fast they may speak. One table for the ZAP thread, the bus
 * thread and whoever sends.
 *
 * Shape      An entry per transport key: an agent, or a one-time key that may only enrol. A session
 *            is the newest routing id over which a signed frame of that key came.
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
    DOOR_RID_BYTES = 5,          /* what ROUTER invents: a zero byte and a number */
    DOOR_EARLIER_MAX = 4,        /* older connections of one key that are remembered */
    DOOR_SECOND_AFTER_MS = 1000, /* a closed connection's last frames are read long before that */
    DOOR_FAREWELL_MS = 10000,    /* a used one-time key still gets its answer */
    DOOR_TELL_MS = 10000,        /* the same complaint about one key is told once in this time */
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

enum door_session { DOOR_SAME, DOOR_NEW, DOOR_SECOND };
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
/* A frame with a good signature came over rid. */
enum door_session door_seen(struct door *d, const struct bus_peer *peer, const struct door_rid *rid,
                            uint64_t now_ms);
/* Where to send for a signing key, or for a transport key; false: nobody is there. */
bool door_route(struct door *d, const struct baton_key *key, uint64_t now_ms,
                struct bus_peer *ret_peer, struct door_rid *ret_rid);
/* The connection is gone. True when it was the newest one of that key. */
bool door_left(struct door *d, const struct baton_key *curve_key, const struct door_rid *rid);
/* Whether this complaint may be told now. */
bool door_tell(struct door *d, const struct baton_key *curve_key, enum door_complaint what,
               uint64_t now_ms);

#endif
