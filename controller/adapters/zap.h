/* zap.h: libzmq's question "may this transport key connect?", answered from the door.
 *
 * Shape      A thread of its own on inproc://zeromq.zap.01. It does nothing that can block, and shows
 *            by a counter that it lives: a dead handler must not go unnoticed.
 * Threads    zap_open and zap_close from one thread; the rest from any.
 * Source     reliability 4.1: a CURVE server whose handler has died lets anybody in, unless the
 *            domain is enforced. Both are done here and in bus_zmq.c.
 */
#ifndef BATON_ZAP_H
#define BATON_ZAP_H

#include "controller/adapters/door.h"

#define ZAP_DOMAIN "baton"

struct zap;

struct zap_refusals {
    uint64_t count; /* since the start */
    struct baton_key newest;
    char address[NAME_BYTES];
};

enum baton_status zap_open(struct door *door, uint64_t (*now_ms)(void *ctx), void *ctx,
                           struct zap **ret_zap, struct baton_err *err) BATON_MUST_USE;
/* Rises several times a second as long as the thread runs; 0 once it has ended. */
uint64_t zap_pulse(const struct zap *z);
void zap_refusals(struct zap *z, struct zap_refusals *ret_refusals);
/* Ends the thread and leaves the rest: as if it had died. */
void zap_end(struct zap *z);
void zap_close(struct zap **z);

#endif
