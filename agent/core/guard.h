/* guard.h: what a member that does not hold does when its server moves anyway, and what every boot does
 * before the network exists.
 *
 * Source     protocol 4.
 */
#ifndef BATON_GUARD_H
#define BATON_GUARD_H

#include "promise.h"

enum desire { /* what the server should be; effects are this state, so repeating is harmless */
              DESIRE_AS_IS,
              DESIRE_STOPPED,     /* drain, stop, disable */
              DESIRE_STOPPED_NOW, /* the same without draining: guard, quarantine, boot */
              DESIRE_RUNNING,     /* enable and start: a used grant */
};

enum guard_outcome { GUARD_NOTHING, GUARD_USED, GUARD_TAMPER, GUARD_LATCHED };

struct guard_row {
    const char *when;
    const char *who; /* legacy · connect · any */
    uint8_t outcome;
    bool latches; /* sets ever_exported on a Connect member */
    const char *why;
};
const struct guard_row *guard_rows(size_t *ret_count);

/* One fresh observation against the promise. May set holding, grant used, ever_exported, guard_stop,
 * tamper_open. *ret_row: the row that fired, or NULL. */
enum guard_outcome guard_observe(struct promise *p, enum product product, const struct facts *f,
                                 uint64_t now_ms, const struct guard_row **ret_row);

/* A sync service that runs here is to be stopped, whatever else is or is not known of this server. */
bool guard_forbids_services(const struct promise *p, enum product product);

enum state_file { STATE_GOOD, STATE_MISSING, STATE_UNREADABLE };
/* Before the network context exists. tombstone_copy: the second copy says so. True: *p changed. */
bool guard_boot(struct promise *p, enum state_file state, bool tombstone_copy,
                const struct machine *now);

/* Takes away a live grant whose time is over. True: *p changed. */
bool guard_tick(struct promise *p, uint64_t now_ms);

enum desire guard_desire(const struct promise *p, enum fence_kind kind);

#endif
