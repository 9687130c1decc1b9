/* watch_trust.h: whether the watch over the sync services is unbroken, so far as an observation may say it.
 *
 * Shape      The watch says after every turn how each service is followed. While one of them is not, the
 *            watch has a gap: its first moment is a notification, and every answer says so for as
 *            long as the gap lasts, and one time more for what lay between two answers. Asking for
 *            states again and again closes no gap: a start and a stop in between show nowhere.
 * Limits     A notification makes the agent look, and a look tries the watch again: one is due every
 *            WATCH_TELL_MS at most. What is not told is in the next answer all the same.
 * Errors     What a code of the system's means for the watch is a row here; a code without one is a gap.
 * Threads    One. Compiles everywhere.
 * Source     protocol 3 (service notification unbroken between two observations).
 */
#ifndef AGENT_WINDOWS_WATCH_TRUST_H
#define AGENT_WINDOWS_WATCH_TRUST_H

#include "baton/status.h"

enum { WATCH_TELL_MS = 5000 };

enum watch_gap { /* the worst comes last */
                 GAP_NONE,
                 GAP_START,  /* nobody tells of its start type: each look asks */
                 GAP_STATE,  /* nobody tells of its state: it is asked for again and again */
                 GAP_HANDLE, /* it cannot be opened */
                 GAP_LIST    /* which services there are is not known, or not all fit */
};

/* What the system answered when it was asked to tell. */
enum watch_answer {
    WATCH_STANDS,  /* it will */
    WATCH_LEAVES,  /* what is watched is marked for deletion: a look finds whether it went */
    WATCH_MISSED,  /* it did not for a while: something may have happened; ask again */
    WATCH_REFUSED, /* it will not */
};
enum watch_answer watch_answer_of(uint32_t code);

struct watch_hold { /* how one service is followed */
    bool leaves, handle, state, start;
};

struct watch_trust {
    enum watch_gap gap; /* that stands now */
    bool doubted;       /* since the newest answer there was one, or something was missed */
    bool told;          /* ever, and when */
    uint64_t told_ms;
};

/* All services, after a turn; listed: they are all that this server has. True: a worse gap has just
 * opened, and NOTICE_WATCH_BROKEN is due. */
bool watch_trust_see(struct watch_trust *t, const struct watch_hold *hold, size_t count,
                     bool listed, uint64_t now_ms);
/* At one moment something may have gone by. True: NOTICE_WATCH_BROKEN is due. */
bool watch_trust_miss(struct watch_trust *t, uint64_t now_ms);
/* For an answer about services: NULL: unbroken since the one before, else why not. */
const char *watch_trust_answer(struct watch_trust *t);

const char *watch_gap_words(enum watch_gap gap);

#endif
