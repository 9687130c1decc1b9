/* timer.h: simulated work that ends later, soonest first.
 *
 * Shape      A binary min-heap of (due, what, whose, arg). Entries of one instant keep the order in
 *            which they were added. There is no cancel: the argument is a serial that the owner
 *            compares with its own when the timer fires, and a stale one does nothing.
 * Units      due_ms is milliseconds on the monotonic clock.
 * Limits     TIMERS_MAX at once; more is a bug of the lab.
 * Threads    Only the loop.
 */
#ifndef LAB_TIMER_H
#define LAB_TIMER_H

#include "baton/status.h"

enum { TIMERS_MAX = 65536 };

struct server;
typedef void timer_fn(struct server *server, uint64_t arg);

struct timer {
    uint64_t due_ms, order;
    timer_fn *run;
    struct server *server;
    uint64_t arg;
};

struct timers {
    struct timer *heap;
    size_t len, cap;
    uint64_t order;
};

void timers_done(struct timers *t);
void timers_add(struct timers *t, uint64_t due_ms, timer_fn *run, struct server *server,
                uint64_t arg);
/* False when nothing is due at now_ms. */
bool timers_take(struct timers *t, uint64_t now_ms, struct timer *ret_timer);
/* False when there is none at all. */
bool timers_next(const struct timers *t, uint64_t *ret_due_ms);

#endif
