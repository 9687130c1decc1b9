/* review.h: what the new server would do otherwise, found beside the data and told as findings.
 *
 * Shape      On the server that is to be granted: when its pending export, its configuration or the
 *            plan by whose limits it is judged has moved, both are read through the host port, piece
 *            by piece, and judged: the export by exports.h, the configuration against the old
 *            server's, which came with the settings. The list goes to the controller as FINDINGS,
 *            again until it is heard; reports carry its digest, the digest of the old configuration
 *            it was held against, and how many source anchors would change.
 * Rule       A file that was not read whole, or that is no longer the one that was announced, gives no
 *            list: what was told before stands no longer, and the next round tries again.
 * Limits     One review at a time; FINDINGS_SENT_MAX findings are told, the worst.
 * Errors     Told in the log; the facts that a review gives are unknown then.
 * Threads    The loop's.
 * Source     handoff G-PARITY, G-DIFF; docs/verification.md.
 */
#ifndef AGENT_REVIEW_H
#define AGENT_REVIEW_H

#include "baton/host.h"
#include "common/readers/config_packed.h"
#include "common/sha256.h"
#include "common/verify/exports.h"

enum review_stage { REVIEW_IDLE, REVIEW_EXPORT, REVIEW_CONFIG };

struct review {
    enum review_stage stage;
    uint32_t ticket; /* 0: nothing asked */
    uint64_t offset, failed_ms;
    struct baton_hash plan, pending, config; /* what is being judged, and by whose limits */
    struct csexport *reader;
    struct exports *exports;
    struct sha256 sha;
    struct config_packed *packed;

    /* the newest list */
    bool known, heard, compared_known;
    struct baton_hash of_plan, of_pending, of_config, of_settings; /* what it was made of */
    struct baton_hash hash, compared;
    int64_t anchor_changes;
    uint64_t said_ms, again_ms; /* when, and how long until it is said again unheard */
    uint8_t *bytes;
    size_t len;
};

struct agent;
void review_done(struct review *r);
/* Begins one if something has moved since the newest list. */
void review_consider(struct agent *a);
bool review_answered(struct agent *a, const struct host_completion *done);
/* What the newest list adds to the facts of an observation. */
void review_facts(const struct agent *a, struct facts *f);
/* A session has opened: the list is said in it, whatever was heard before. */
void review_session(struct agent *a);
/* Says the list again while nobody has heard it; now: without waiting. */
void review_time(struct agent *a, bool now);
/* True: it was the list that was heard. */
bool review_heard(struct agent *a, const struct baton_hash *statement);
uint64_t review_next_ms(const struct agent *a);

#endif
