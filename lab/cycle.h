/* cycle.h: synchronization cycles and runs by hand.
 *
 * Shape      One order of runs: import AD, import Entra, sync AD, sync Entra, export Entra, export
 *            AD. In staging mode the exports are left out. A run ends before a stop of its engine;
 *            the rest of the cycle is dropped. Where a cycle may not start (services, task, wizard
 *            open, schedule off) its time passes unused.
 * Source     domain 2.3, 2.8.
 */
#ifndef LAB_CYCLE_H
#define LAB_CYCLE_H

#include "world.h"

struct cycle_step {
    bool entra;
    enum profile_kind full, delta;
    unsigned share; /* of the whole cycle's time, in hundredths */
};

const struct cycle_step *cycle_steps(size_t *ret_count);
/* How long that step takes in a delta cycle at this many objects; a full one takes three times. */
uint64_t cycle_step_ms(const struct cycle_step *step, uint64_t objects);

void cycle_plan(struct server *s, uint64_t after_ms);      /* the next cycle, at the soonest then */
void cycle_plan_full(struct server *s, uint64_t after_ms); /* the same, as an initial cycle */
bool cycle_in_progress(const struct server *s);

/* Somebody runs Export on the Entra connector by hand; answers when the run has ended. */
enum baton_status cycle_force_export(struct server *s, const char *by, struct reply reply,
                                     struct baton_err *err) BATON_MUST_USE;
void cycle_power_lost(struct server *s, const struct baton_err *why);

#endif
