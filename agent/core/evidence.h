/* evidence.h: what each fence kind needs to be true, as one table, and the judgement over facts.
 *
 * Shape      The same rows judge an agent's own facts and the facts another member signed. An unknown
 *            or absent fact never meets a need.
 * Source     protocol 3; handoff 2.8; domain 6.5.
 */
#ifndef BATON_EVIDENCE_H
#define BATON_EVIDENCE_H

#include "baton/statement.h"
#include "baton/trust.h"

enum need_test {
    NEED_EQUALS,    /* value == operand */
    NEED_GAP,       /* value >= the plan's OBSERVE_GAP_MS */
    NEED_NOT_AFTER, /* value <= the value of the fact named by operand */
};

struct fence_need {
    uint8_t kind; /* enum fence_kind */
    uint8_t fact; /* enum fact_id */
    uint8_t test;
    int64_t operand;
    bool span; /* must hold through the whole quiet span, not only at its end */
    bool aged; /* may be older than FACT_FRESH_MS: it describes the past */
    const char *why;
};

enum exporting { EXPORTING_NO, EXPORTING_YES, EXPORTING_UNKNOWN };

const struct fence_need *fence_needs(size_t *ret_count);
/* The first row of this kind that the facts do not meet; NULL: the kind is proven. */
const struct fence_need *fence_unmet(const struct facts *f, enum fence_kind kind,
                                     const struct policy *p);
/* The same over the span rows alone: is this observation quiet? */
bool fence_quiet(const struct facts *f, enum fence_kind kind);
/* Do these facts show that the server exports by itself? */
enum exporting facts_exporting(const struct facts *f, enum product product);

/* Staging as two sources say it: 1 on (both), 0 off (either), -1 unreadable. Before the first
 * configuration has ended it is absent, which is neither. */
enum staging { STAGING_ON, STAGING_OFF, STAGING_UNREADABLE, STAGING_NOT_CONFIGURED };
enum staging facts_staging(const struct facts *f);

/* What a recipient demands of the statement another member signed. */
struct evidence_demand {
    const struct plan *plan;
    const struct baton_hash *plan_hash;
    const struct epoch *epoch;
    const struct baton_key *recipient;
    uint8_t member; /* index in the plan */
    bool recipient_legacy;
    uint32_t trust_version; /* ours: anything above is refused */
};
/* REFUSE_NONE, or why this signed statement is not good evidence. */
enum refusal evidence_judge(const struct signed_bytes *sb, const struct evidence_demand *d,
                            const struct digest_port *dp, struct statement *scratch);

#endif
