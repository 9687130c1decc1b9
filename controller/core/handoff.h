/* handoff.h: the workflow of one cutover as a table of rules: state, event, guards -> state, effects.
 *
 * Shape      First match wins, in the order 2xx safety, 1xx operator verbs, 3xx progress and 34x/35x
 *            rollback, 4xx time-outs. Every row carries its rule number and its reason. One machine
 *            for all profiles: a row names the profiles it is for.
 * Limits     One open cutover per tenant.
 * Errors     BATON_NO_RULE: the event means nothing in this state. BATON_REFUSED: a guard said no;
 *            handoff_explain says which, with facts, who can clear it and the next command.
 * Threads    The engine's.
 * Source     handoff 2.5, 2.6, 2.7 as protocol 7 maps them.
 */
#ifndef BATON_HANDOFF_H
#define BATON_HANDOFF_H

#include "authority.h"
#include "baton/verification.h"

/* id, code, title, phase shown to operators, who exports */
#define HANDOFF_STATES(X)                                                                          \
    X(HO_NONE, "-", "no cutover", "-", "as before")                                                \
    X(HO_ASSESSED, "P1", "assessed", "Prepare", "OLD")                                             \
    X(HO_PLANNED, "P2", "planned", "Prepare", "OLD")                                               \
    X(HO_EXPORT_SETTINGS, "S1", "export-settings", "Prepare", "OLD")                               \
    X(HO_SETTINGS_SEALED, "S2", "settings-sealed", "Prepare", "OLD")                               \
    X(HO_INSTALL_STAGED, "S3", "install-staged", "Prepare", "OLD")                                 \
    X(HO_FIRST_SYNC, "S4", "first-sync", "Stage", "OLD")                                           \
    X(HO_VERIFY, "S5", "verify", "Verify", "OLD")                                                  \
    X(HO_READY, "S6", "ready", "Verify", "OLD")                                                    \
    X(HO_ARMED, "C1", "armed", "Cut over", "OLD")                                                  \
    X(HO_RELEASING, "C2", "releasing", "Cut over", "OLD or unknown")                               \
    X(HO_GAP, "C3", "gap", "Cut over", "nobody")                                                   \
    X(HO_GRANTING, "C4", "granting", "Cut over", "nobody")                                         \
    X(HO_ACTIVATING, "C5", "activating", "Cut over", "NEW or unknown")                             \
    X(HO_PROBATION, "D1", "probation", "Prove", "NEW")                                             \
    X(HO_DECOMMISSION, "D2", "decommission", "Retire", "NEW")                                      \
    X(HO_DONE, "D3", "done", "Retire", "NEW")                                                      \
    X(HO_REVOKING, "R1", "revoking", "Cut over", "nobody")                                         \
    X(HO_RESTORING, "R2", "restoring-old", "Cut over", "OLD after receipt")                        \
    X(HO_ROLLED_BACK, "R3", "rolled-back", "Retire", "OLD")                                        \
    X(HO_HOLD, "X1", "hold", "-", "as before")                                                     \
    X(HO_FENCING, "X2", "fencing", "Cut over", "unknown")                                          \
    X(HO_BREACH, "X3", "breach", "-", "two or unknown")                                            \
    X(HO_FORWARD_REPAIR, "X4", "forward-repair", "Prove", "NEW or nobody")                         \
    X(HO_RECONCILE, "X5", "reconcile", "-", "as before")                                           \
    X(HO_ABANDONED, "X6", "abandoned", "-", "OLD")

enum handoff_state {
#define X(id, code, title, phase, exporter) id,
    HANDOFF_STATES(X)
#undef X
        HANDOFF_STATE_COUNT
};

/* id, name, is an operator's verb */
#define HANDOFF_EVENTS(X)                                                                          \
    X(HEV_NONE, "none", false)                                                                     \
    /* verbs */                                                                                    \
    X(HEV_PLAN, "plan", true)   /* freeze the plan: 301 */                                         \
    X(HEV_ARM, "arm", true)     /* 315 */                                                          \
    X(HEV_START, "start", true) /* 317 */                                                          \
    X(HEV_GO, "go", true)       /* 321: everybody is challenged; GRANT when signed */              \
    X(HEV_NO_GO, "no-go", true) /* stay in the gap, on the record */                               \
    X(HEV_HOLD, "hold", true)                                                                      \
    X(HEV_RESUME, "resume", true)                                                                  \
    X(HEV_REVERIFY, "reverify", true)                                                              \
    X(HEV_ROLLBACK, "rollback", true)                                                              \
    X(HEV_ABANDON, "abandon", true)                                                                \
    X(HEV_FENCE, "fence", true) /* 113: to X2 */                                                   \
    X(HEV_ATTEST, "attest", true)                                                                  \
    X(HEV_ACCEPT, "accept", true)                   /* accept the verification (S5) */             \
    X(HEV_ADOPT, "adopt", true)                     /* 119 */                                      \
    X(HEV_CONFIRM_FOREIGN, "confirm-foreign", true) /* leave X5 */                                 \
    X(HEV_ACK_TAMPER, "acknowledge", true)                                                         \
    X(HEV_RETIRE, "retire", true)                                                                  \
    /* facts and the authority's news */                                                           \
    X(HEV_APPROVED, "approved", false) /* enough valid approvals for what the state waits for */   \
    X(HEV_GO_SIGNED, "go-signed", false)                                                           \
    X(HEV_FACTS, "facts", false) /* a report or statement changed what is known */                 \
    X(HEV_ADOPTED, "adopted", false)                                                               \
    X(HEV_ALL_EVIDENCE, "all-evidence", false)                                                     \
    X(HEV_HOLDING, "holding", false)                                                               \
    X(HEV_GRANT_LIVE, "grant-live", false)                                                         \
    X(HEV_GRANT_USED, "grant-used", false)                                                         \
    X(HEV_GRANT_VOID, "grant-void", false)                                                         \
    X(HEV_REFUSED, "refused", false)                                                               \
    X(HEV_TAMPER, "tamper", false)                                                                 \
    X(HEV_EVER_EXPORTED, "ever-exported", false)                                                   \
    X(HEV_QUARANTINE, "quarantine", false)                                                         \
    X(HEV_FOREIGN, "foreign", false)                                                               \
    X(HEV_RECOVERED, "recovered", false)                                                           \
    X(HEV_RETIRED, "retired", false)                                                               \
    X(HEV_TIMEOUT, "timeout", false)    /* of the state, or its next reminder */                   \
    X(HEV_CLOCK, "clock", false)        /* a second has passed: soak and gap thresholds */         \
    X(HEV_CHALLENGE, "challenge", true) /* 117: fresh evidence now */                              \
    X(HEV_BLOB, "blob", false)          /* the sealed settings are whole at the controller */      \
    X(HEV_DISPOSED, "disposed", false)  /* a person decided about a finding */

enum handoff_event {
#define X(id, name, verb) id,
    HANDOFF_EVENTS(X)
#undef X
        HANDOFF_EVENT_COUNT
};

// clang-format off
enum handoff_effect { /* bits */
    HFX_NONE = 0,
    HFX_FREEZE_PLAN = 1,
    HFX_ADOPT = 2,             /* authority: ADOPT */
    HFX_FENCE_NEW = 4,         /* authority: FENCE towards the plan's recipient */
    HFX_FENCE_OLD = 8,         /* authority: FENCE towards the plan's holder */
    HFX_ASK = 16,              /* authority: ASK (challenge all) */
    HFX_GRANT = 32,            /* authority: GO */
    HFX_VOID = 64,             /* authority: VOID */
    HFX_RETIRE = 128,          /* authority: RETIRE OLD */
    HFX_SEAL_SETTINGS = 256,   /* order SEAL to OLD */
    HFX_PLACE_SETTINGS = 512,  /* order PLACE to NEW */
    HFX_VERIFY = 1024,         /* fill the verification record */
    HFX_GAP_START = 2048,
    HFX_GAP_END = 4096,
    HFX_PAGE = 8192,           /* tell people now */
    HFX_REMIND = 16384,
    HFX_CERTIFICATE = 32768,   /* provisional or final, by state */
    HFX_PONR = 65536,          /* set the latch */
    HFX_REMEMBER = 131072,     /* hold and reconcile: the state to resume to */
    HFX_CLOSE = 262144,        /* terminal: the tenant may have a new cutover */
    HFX_BUSY = 524288,         /* agents observe at the cutover tempo */
    HFX_REST = 1048576,
    HFX_BASELINE = 2097152,    /* take the counters that the entered state compares with */
    HFX_NO_GO = 4194304,       /* the new server changed: no grant before a new verification */
    HFX_ACCEPT = 8388608,      /* the verification as it stands is what people approve */
    HFX_LATE = 16777216,       /* NEW acted after its grant was void: on the certificate */
    HFX_BREACH = 33554432,     /* an export by a non-holder is on the record */
    HFX_ATTEST = 67108864,     /* authority: ATTEST */
    HFX_ACK = 134217728,       /* authority: ACK of every answered alarm */
    HFX_ADOPT_NEW = 268435456, /* authority: ADOPT towards the plan's recipient (119) */
    HFX_RECONCILE = 536870912, /* authority: RECONCILE: the members' word is the record now */
    HFX_REPEAT = 1073741824,   /* send the open fence once more: the same epoch, judged anew */
};
// clang-format on

enum { GUARDS_PER_RULE = 8, PROFILE_ALL = 0xff, SAME_STATE = 254, RESUME_STATE = 255 };
#define PROFILE_BIT(p) (1u << (p))

struct rule {
    uint16_t number;
    uint8_t from; /* enum handoff_state; HANDOFF_STATE_COUNT = any state that is not terminal */
    uint8_t on;   /* enum handoff_event */
    uint8_t guard[GUARDS_PER_RULE]; /* enum guard_id, 0-terminated: all must pass */
    uint8_t to; /* enum handoff_state; RESUME_STATE = the one that hold remembered;
                          SAME_STATE = stay, on the record */
    uint32_t effect;
    uint8_t profiles; /* bits PROFILE_BIT(profile) */
    const char *why;
};

/* id, name, who can clear it, next command */
#define HANDOFF_GUARDS(X)                                                                          \
    X(G_NONE, "none")                                                                              \
    X(G_PAIR, "G-PAIR")                                                                            \
    X(G_PATH, "G-PATH")                                                                            \
    X(G_APPR_PLAN, "G-APPR(plan)")                                                                 \
    X(G_APPR_CUTOVER, "G-APPR(cutover)")                                                           \
    X(G_APPR_GO, "G-APPR(go)")                                                                     \
    X(G_APPR_ROLLBACK, "G-APPR(rollback)")                                                         \
    X(G_APPR_RETIRE, "G-APPR(retire)")                                                             \
    X(G_SETTINGS_SEEN, "G-SETTINGS")                                                               \
    X(G_SETTINGS_PLACED, "G-SETTINGS-PLACED")                                                      \
    X(G_PREREQ, "G-PREREQ")                                                                        \
    X(G_STAGED, "G-STAGED")                                                                        \
    X(G_OLD_ALIVE, "G-OLD-ALIVE")                                                                  \
    X(G_4OPS, "G-4OPS")                                                                            \
    X(G_PARITY, "G-PARITY")                                                                        \
    X(G_DIFF, "G-DIFF")                                                                            \
    X(G_FRESH, "G-FRESH")                                                                          \
    X(G_TOOLS, "G-TOOLS")                                                                          \
    X(G_LIVE, "G-LIVE")                                                                            \
    X(G_WINDOW, "G-WINDOW")                                                                        \
    X(G_NEW_STAGED, "G-NEW-STAGED")                                                                \
    X(G_OLD_STOPPED, "G-OLD-STOPPED")                                                              \
    X(G_NO_TAMPER, "G-NO-TAMPER")                                                                  \
    X(G_LATCH_CLEAR, "G-LATCH-CLEAR")                                                              \
    X(G_MAY_RETURN, "G-MAY-RETURN")                                                                \
    X(G_EXPORT_SEEN, "G-EXPORT-SEEN")                                                              \
    X(G_PROBATION, "G-PROBATION")                                                                  \
    X(G_RETIRED, "G-RETIRED")                                                                      \
    X(G_OLD_EXPORTED, "G-OLD-EXPORTED")                                                            \
    X(G_OLD_PRESENT, "G-OLD-PRESENT")   /* OLD not removed before its settings are sealed */       \
    X(G_NOT_ACCEPTED, "G-NOT-ACCEPTED") /* OLD has not promised the open epoch */                  \
    X(G_ACCEPTED, "G-ACCEPTED")                                                                    \
    X(G_NEW_HOLDS, "G-NEW-HOLDS")                                                                  \
    X(G_RECONCILED, "G-RECONCILED")                                                                \
    X(G_LATCH_SET, "G-LATCH-SET")                                                                  \
    X(G_ADOPTED, "G-ADOPTED")                                                                      \
    X(G_GO_STANDS, "G-GO-STANDS") /* nothing changed on NEW since people approved */               \
    X(G_APPR_ATTEST, "G-APPR(attest)")                                                             \
    X(G_APPR_ADOPT, "G-APPR(adopt)")                                                               \
    X(G_TAMPER_ANSWERED, "G-TAMPER-ANSWERED")                                                      \
    X(G_BEFORE_RELEASE, "G-BEFORE-RELEASE")                                                        \
    X(G_OLD_ABSENT, "G-OLD-ABSENT")                                                                \
    X(G_NEW_EXPORTS, "G-NEW-EXPORTS")                                                              \
    X(G_ALARM_OPEN, "G-ALARM-OPEN")                                                                \
    X(G_APPR_LEFT_OUT, "G-APPR(left-out)")                                                         \
    X(G_ACCOUNT_GONE, "G-ACCOUNT-GONE") /* OLD's own account in the tenant: fence level F2 */      \
    X(G_GRANTS_LEFT,                                                                               \
      "G-GRANTS-LEFT") /* OLD has not refused or let lapse too many of this epoch */               \
    /* conditions: they choose a row and never block one */                                        \
    X(G_ROLE_KNOWN, "role-known") /* adopted before, OLD holds, every member is known */           \
    X(G_NEVER_ADOPTED, "never-adopted")                                                            \
    X(G_PROMISED_APART, "promised-apart") /* other epochs than the open one */                     \
    X(G_PROMISED_ALIKE, "promised-alike")                                                          \
    X(G_RECONCILING, "not-confirmed")                                                              \
    X(G_QUARANTINED, "quarantined") /* one of the pair */                                          \
    X(G_SETTLED, "settled")         /* the record is reconciled */                                 \
    X(G_RESUME_FITS, "resume-fits") /* the remembered state fits who holds now */                  \
    X(G_OLD_HOLDS, "old-holds")                                                                    \
    X(G_ASKED, "asked") /* the evidence answers a challenge within go_ms */                        \
    X(G_NOT_ASKED, "not-asked")                                                                    \
    X(G_TO_NEW, "towards-new")                                                                     \
    X(G_TO_OLD, "towards-old")                                                                     \
    X(G_HELD_BY_NEW, "held-by-new")                                                                \
    X(G_OLD_KEPT_IT, "old-kept-it")                                                                \
    X(G_OLD_REMOVED, "old-removed-early")                                                          \
    X(G_SETTINGS_OTHER, "settings-changed") /* before they were sealed */                          \
    X(G_BLOB_HERE, "sealed-settings-here")  /* they came while it was held */                      \
    X(G_ROGUE_OLD, "old-exported-while-fenced")                                                    \
    X(G_ROGUE_NEW, "new-exported-too-early")                                                       \
    X(G_LATE_ACTIVATION, "late-activation")                                                        \
    X(G_TAMPER_OLD, "tamper-by-old")                                                               \
    X(G_WRONG_TENANT, "wrong-tenant")                                                              \
    X(G_NEW_CHANGED, "new-changed")                                                                \
    X(G_OLD_IMPORT_BROKEN, "old-import-broken")                                                    \
    X(G_TABLE_DIFFERS, "agent-table-differs")                                                      \
    X(G_EXPORT_FAILED, "export-failed")                                                            \
    X(G_EXPORT_LATE, "export-late")                                                                \
    X(G_OLD_IDLE, "old-idle-too-early") /* stopped for gap_page_ms before it was asked to */       \
    X(G_OLD_LATE, "old-export-late")    /* before it was asked to stop */                          \
    X(G_OLD_SILENT, "old-silent")                                                                  \
    X(G_OLD_GONE, "old-gone") /* as two people attest; nothing was heard of it since */            \
    X(G_OLD_THERE, "old-there")                                                                    \
    X(G_NEW_REPLACED, "new-replaced")           /* by a key that the record does not know */       \
    X(G_ONLY_A_GRANT, "only-a-grant-starts-it") /* no way back, NEW stopped, a reason given */     \
    X(G_REFUSES_THIS, "refuses-this-epoch") /* the order of it, not a challenge or an old one */   \
    X(G_GRANT_DEAD, "grant-dead")           /* by the recipient's own word */

enum guard_id {
#define X(id, name) id,
    HANDOFF_GUARDS(X)
#undef X
        GUARD_COUNT
};

struct handoff_timeout { /* at least one per waiting state; several in order of delay */
    uint8_t state;
    uint8_t policy;        /* enum policy_id of the delay */
    uint8_t repeat_policy; /* POLICY_COUNT: once */
    uint16_t rule;
    const char *verb; /* at least one operator verb that leads out */
    const char *action;
};

const char *handoff_state_code(enum handoff_state s);
const char *handoff_state_title(enum handoff_state s);
const char *handoff_state_phase(enum handoff_state s);
const char *handoff_state_exporter(enum handoff_state s);
const char *handoff_event_name(enum handoff_event e);
enum handoff_event handoff_verb_parse(const char *name); /* HEV_NONE when it is no verb */
bool handoff_event_is_verb(enum handoff_event e);
bool handoff_state_terminal(enum handoff_state s);
const char *guard_name(enum guard_id g);
bool handoff_rule_from(const struct rule *r, enum handoff_state s); /* `any` expanded */
const struct rule *handoff_rules(size_t *ret_count);
const struct handoff_timeout *handoff_timeouts(size_t *ret_count);

#endif
