/* judge.h: was there ever an instant with two servers able to export?
 *
 * Shape      One bit for each server, changed only by judge_note, so no instant goes unseen. Each
 *            span in which the same two or more servers were able is one overlap; a third server
 *            that joins ends one and begins the next. A span of no length counts too.
 * Units      Unix milliseconds.
 * Limits     SERVERS_MAX servers, OVERLAPS_MAX spans kept; later ones are counted, not kept.
 * Source     design 5: two servers able to export at once is a failed run.
 */
#ifndef LAB_JUDGE_H
#define LAB_JUDGE_H

#include "baton/status.h"

enum { SERVERS_MAX = 8, OVERLAPS_MAX = 256 };

struct overlap {
    uint64_t from_ms, to_ms;
    uint32_t servers; /* one bit each */
    bool open;        /* it goes on; to_ms is not yet known */
};

struct judge {
    uint32_t able;
    struct overlap overlap[OVERLAPS_MAX];
    size_t count, unkept;
};

/* True when this changed who is able. */
bool judge_note(struct judge *j, size_t server, bool able, uint64_t at_ms);
bool judge_ok(const struct judge *j);
bool judge_able(const struct judge *j, size_t server);

#endif
