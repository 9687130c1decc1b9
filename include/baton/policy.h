/* policy.h: every duration and limit that decides anything, as rows of one table.
 *
 * Shape      Values by id; a row has name, unit, production default, lab preset, floor, source.
 *            An effective policy is a preset plus overrides per tenant, checked against floors;
 *            only a tenant whose trust document says `lab` may go below a floor.
 * Units      In the name: *_ms monotonic milliseconds, *_count, *_percent, *_bool.
 * Source     protocol 7 (Time), handoff 2.5 and 2.10, domain 9.
 */
#ifndef BATON_POLICY_H
#define BATON_POLICY_H

#include "baton/ids.h"

/* The agents read these rows out of the plan; the others matter to the controller alone. The whole
 * table, with the workflow's time-outs, is in common/policy.c and grows there: ids are stable. */
// clang-format off
#define BATON_POLICIES(X)                                                                          \
    X(OBSERVE_GAP_MS, "observe_gap_ms")         /* T1, T2: two quiet observations this far apart */ \
    X(OBSERVE_T1_MS, "observe_t1_ms")           /* how often T1 facts are taken */                 \
    X(OBSERVE_T2_MS, "observe_t2_ms")           /* T2 during a cutover */                          \
    X(OBSERVE_T2_GRANT_MS, "observe_t2_grant_ms")                                                  \
    X(OBSERVE_T2_REST_MS, "observe_t2_rest_ms")                                                    \
    X(EVIDENCE_FRESH_MS, "evidence_fresh_ms")   /* evidence answers the newest challenge within */ \
    X(FACT_FRESH_MS, "fact_fresh_ms")           /* age a fence kind accepts */                     \
    X(GRANT_MS, "grant_ms")                     /* life of a grant on the recipient's clock */     \
    X(GO_MS, "go_ms")                           /* GRANT leaves this soon after the challenge */   \
    X(DRAIN_MS, "drain_ms")                                                                        \
    X(STEP_MS, "step_ms")                       /* bound on one host request */                    \
    X(BEAT_MS, "beat_ms")                                                                          \
    X(BEAT_STALE_MS, "beat_stale_ms")                                                              \
    X(APPROVAL_MS, "approval_ms")                                                                  \
    X(ATTEST_MS, "attest_ms")                                                                      \
    X(GO_ANSWER_MS, "go_answer_ms")             /* void answer after an expired grant */           \
    X(ASSESSED_MS, "assessed_ms")               /* P1 */                                           \
    X(PLANNED_MS, "planned_ms")                 /* P2 */                                           \
    X(EXPORT_SETTINGS_MS, "export_settings_ms") /* S1 */                                           \
    X(SETTINGS_SEALED_MS, "settings_sealed_ms") /* S2 */                                           \
    X(INSTALL_MS, "install_ms")                 /* S3 */                                           \
    X(FIRST_SYNC_MS, "first_sync_ms")           /* S4, floor of est x 2 */                         \
    X(VERIFY_MS, "verify_ms")                   /* S5 */                                           \
    X(READY_FRESH_MS, "ready_fresh_ms")         /* S6 and G-FRESH */                               \
    X(ARMED_MS, "armed_ms")                     /* C1 */                                           \
    X(RELEASING_MS, "releasing_ms")             /* C2 */                                           \
    X(GAP_WARN_MS, "gap_warn_ms")               /* C3 */                                           \
    X(GAP_PAGE_MS, "gap_page_ms")                                                                  \
    X(GAP_DECIDE_MS, "gap_decide_ms")                                                              \
    X(ACTIVATING_MS, "activating_ms")           /* C5: added to two intervals */                   \
    X(PROBATION_MS, "probation_ms")             /* D1 */                                           \
    X(PROBATION_CYCLES_COUNT, "probation_cycles_count")                                            \
    X(RETIRE_MS, "retire_ms")                   /* D2 */                                           \
    X(DONE_REMIND_MS, "done_remind_ms")         /* D3 */                                           \
    X(REVOKE_MS, "revoke_ms")                   /* R1 */                                           \
    X(RESTORE_MS, "restore_ms")                 /* R2 */                                           \
    X(HOLD_MS, "hold_ms")                       /* X1 */                                           \
    X(FENCE_PAGE_MS, "fence_page_ms")           /* X2 */                                           \
    X(BREACH_MS, "breach_ms")                   /* X3 */                                           \
    X(REPAIR_MS, "repair_ms")                   /* X4 */                                           \
    X(RECONCILE_MS, "reconcile_ms")             /* X5 */                                           \
    X(GUARD_MS, "guard_ms")                     /* after RETIRE */                                 \
    X(SKEW_MS, "skew_ms")                       /* clock skew that blocks arming */                \
    X(STAGED_FRESH_MS, "staged_fresh_ms")       /* G-NEW-STAGED */                                 \
    X(SETTINGS_AGE_MS, "settings_age_ms")       /* the file may be this much older than its task */ \
    X(DELETES_COUNT, "deletes_count")           /* G-DIFF absolute */                              \
    X(DELETES_PERCENT, "deletes_percent")                                                          \
    X(HOURS_PER_50K_MS, "hours_per_50k_ms")     /* 3 h per 50,000 objects */                       \
    X(INPLACE_MAX_MS, "inplace_max_ms")         /* in-place is recommended below this estimate */  \
    X(UNKNOWN_BLOCKS_BOOL, "unknown_blocks_bool") /* what nobody computes blocks verification */
// clang-format on

enum policy_id {
#define X(id, name) POLICY_##id,
    BATON_POLICIES(X)
#undef X
        POLICY_COUNT
};

struct policy {
    int64_t v[POLICY_COUNT];
};

struct policy_row {
    enum policy_id id;
    const char *name;
    int64_t production, lab, floor; /* floor: the smallest value outside a lab; 0 = none */
    const char *source;             /* document and section */
    const char *why;                /* one sentence for `baton policy explain` */
};

enum policy_preset { PRESET_PRODUCTION, PRESET_LAB };

const struct policy_row *policy_rows(size_t *ret_count); /* in id order, complete */
const struct policy_row *policy_find(const char *name);  /* NULL when unknown */
void policy_preset(enum policy_preset preset, struct policy *ret_policy);
/* The first row below its floor, or NULL. A lab tenant does not ask. */
const struct policy_row *policy_below_floor(const struct policy *p);
/* The first row below zero or above POLICY_MOST, which no plan can carry, or NULL. Everybody asks. */
#define POLICY_MOST ((int64_t)10 * 366 * 24 * 3600 * 1000)
const struct policy_row *policy_absurd(const struct policy *p);

#endif
