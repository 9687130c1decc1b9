/* bus_private.h: the inside of the bus, for its own files and for the test of its watchdog. */
#ifndef BATON_BUS_PRIVATE_H
#define BATON_BUS_PRIVATE_H

#include <czmq.h>
#include <pthread.h>
#include <stdatomic.h>

#include "controller/adapters/bus_zmq.h"
#include "controller/adapters/zap.h"

enum {
    BUS_DRAIN_MAX = 64, /* frames read before the loop looks at other things */
    BUS_TICK_MS = 250,
    BUS_ZAP_DEAD_MS = 5000, /* a pulse comes every 100 ms; a busy machine may starve a thread */
    BUS_TELL_MS = 1000,     /* complaints that belong to no peer */
};

struct parcel { /* one frame to send */
    struct parcel *next;
    struct baton_key curve_key;
    struct door_rid rid;
    size_t len;
    uint8_t bytes[];
};

struct outbound {
    pthread_mutex_t lock;
    struct parcel *first, **end;
    size_t bytes;
    int wake[2];
};

/* Of the handler that knows the keys, as it was looked at last. */
struct heart {
    uint64_t pulse, looked_ms, silent_ms;
};

struct bus {
    struct bus_options o;
    struct door *door;
    struct zap *zap;
    zactor_t *thread;
    struct outbound out;
    bool lock_made;
    atomic_uint_least64_t counter[BUS_COUNTER_COUNT];
    char endpoint[BUS_ENDPOINT_BYTES];
    enum baton_status start_rc;
    struct baton_err start_err;
    /* the bus thread's own */
    zsock_t *router;
    zloop_t *loop;
    bool down;
    struct heart heart;
    uint64_t told_ms, keys_told_ms, keys_told;
};

uint64_t bus_now(const struct bus *b);
void bus_add(struct bus *b, enum bus_counter c);
void bus_tell(struct bus *b, enum bus_event event, const struct bus_peer *peer, const char *text);

/* Whether the handler whose pulse that is lives: 0 is none, and one that stays is silence. */
bool heart_beats(struct heart *h, uint64_t pulse, uint64_t now_ms);

/* bus_in.c: reads at most BUS_DRAIN_MAX frames, decides on each, hands good ones over. */
void bus_read(struct bus *b);
/* bus_out.c */
enum baton_status outbound_init(struct outbound *o, struct baton_err *err);
void outbound_done(struct outbound *o);
void bus_flush(struct bus *b); /* sends everything queued */
/* To one connection, whoever's turn it is; it may be gone. */
void bus_answer(struct bus *b, const struct bus_peer *peer, const struct door_rid *rid,
                const struct message *m);

#endif
