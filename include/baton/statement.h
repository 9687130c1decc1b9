/* statement.h: one signed word of an agent: a status, evidence, a refusal, an alarm.
 *
 * Shape      Always the whole state of that agent beside the facts, so that any statement can be
 *            carried to another agent or an auditor and judged alone.
 * Limits     STATEMENT_BYTES_MAX encoded. Stored and hashed as received, never re-encoded.
 * Errors     Decoding: BATON_MALFORMED, BATON_LIMIT.
 * Source     protocol 2, 3; docs/formats.md "Statement".
 */
#ifndef BATON_STATEMENT_H
#define BATON_STATEMENT_H

#include "baton/facts.h"
#include "baton/plan.h"

enum { STATEMENT_BYTES_MAX = 12288, VERSION_TEXT_BYTES = 32 };

enum statement_type {
    SAY_NONE,
    SAY_STATUS,
    SAY_ACCEPTED, /* the promise is stored; reaching the fence kind */
    SAY_DRAINING, /* a run, or a person's wizard step, is still ahead */
    SAY_QUIET,    /* the kind is reached; ask for evidence */
    SAY_EVIDENCE, /* answers a CHALLENGE */
    SAY_HOLDING,  /* the recipient holds and keeps running */
    SAY_GRANTED,  /* the grant is live */
    SAY_USED,     /* staging seen off, or the service started, under a live grant */
    SAY_VOIDED,   /* the grant is void, by its own clock or a challenge */
    SAY_RETIRED,
    SAY_REFUSED,
    SAY_TAMPER, /* the guard acted; the note says who and what */
    SAY_QUARANTINED,
    SAY_COUNT
};

enum grant_state { GRANT_NONE, GRANT_LIVE, GRANT_USED, GRANT_VOID };

enum quarantine_cause {
    QUARANTINE_NONE,
    QUARANTINE_MACHINE,    /* generation id, MachineGuid or disk identity changed */
    QUARANTINE_COUNTER,    /* own counter below a statement signed with its own key */
    QUARANTINE_STATE_LOST, /* tombstone copy without state file */
    QUARANTINE_SESSIONS    /* two live sessions for one key: services unchanged, grants barred */
};

/* reason, name, sentence: what the person at the screen reads */
// clang-format off
#define BATON_REFUSALS(X)                                                                          \
    X(REFUSE_NONE, "none", "not refused")                                                          \
    X(REFUSE_TENANT, "tenant", "the order is for another tenant")                                  \
    X(REFUSE_UNCONFIRMED, "unconfirmed", "no operator has confirmed this agent's key")             \
    X(REFUSE_PLAN, "plan", "the plan is malformed, leaves out this agent, or is not the one kept") \
    X(REFUSE_LAB, "lab", "the plan carries the lab flag and this server or trust does not")        \
    X(REFUSE_STALE, "stale", "the epoch is not above the promise")                                 \
    X(REFUSE_OTHER_RECIPIENT, "other-recipient", "this epoch was promised to another recipient")   \
    X(REFUSE_JUMP, "jump", "the counter is more than 65,536 above the promise")                    \
    X(REFUSE_APPROVALS, "approvals", "the approvals are missing, expired, or do not fit")          \
    X(REFUSE_TRUST, "trust", "made under a trust document newer than this agent's, or not ours")   \
    X(REFUSE_EVER_EXPORTED, "ever-exported", "this server has exported; there is no way back to a legacy one") \
    X(REFUSE_NOT_EXPORTING, "not-exporting", "named as holder, but the facts do not show that it exports") \
    X(REFUSE_EXPORTING, "exporting", "roles swapped or two exporters: this server exports and is not the holder named") \
    X(REFUSE_EPOCH, "epoch", "the epoch is not the one promised")                                  \
    X(REFUSE_RECIPIENT, "recipient", "this agent is not the recipient of the epoch")               \
    X(REFUSE_SERIAL, "serial", "the serial is not above the last one")                             \
    X(REFUSE_EVIDENCE, "evidence", "another member's evidence is missing, old, forged or not enough") \
    X(REFUSE_NOT_QUIET, "not-quiet", "the facts do not meet the fence kind yet")                   \
    X(REFUSE_GO, "go", "go names other evidence than the grant carries")                           \
    X(REFUSE_QUARANTINED, "quarantined", "this agent is quarantined")                              \
    X(REFUSE_HOLDING, "holding", "this agent holds the export role")                               \
    X(REFUSE_NOT_TOMBSTONED, "not-tombstoned", "only a tombstoned agent can be retired")           \
    X(REFUSE_TAMPER, "tamper", "a guard alarm is open on this server")                             \
    X(REFUSE_ROLE, "role", "this agent only observes")                                             \
    X(REFUSE_GUARDED, "guarded", "this server is fenced or guarded: only a grant gives it the role") \
    X(REFUSE_MEMBERS, "members", "the plan leaves out a member that is neither retired nor attested") \
    X(REFUSE_LIMITS, "limits", "the verification policy is not the plan's, or this agent's version cannot read it")
// clang-format on

enum refusal {
#define X(id, name, text) id,
    BATON_REFUSALS(X)
#undef X
        REFUSAL_COUNT
};

/* hints, except that a change quarantines */
struct machine {
    struct baton_id boot;       /* changes at every boot */
    struct baton_id generation; /* VM generation id, zero when the hypervisor has none */
    struct baton_id guid;       /* MachineGuid */
    struct baton_id disk;       /* system disk identity */
};

struct statement {
    uint8_t type; /* enum statement_type */
    struct baton_id tenant;
    struct baton_key member;
    struct baton_hash plan; /* hash of the plan kept, zero before the first */
    struct epoch epoch;     /* the promise */
    struct baton_key recipient;
    struct epoch asked;    /* refusals: the epoch that was asked; else the promise */
    struct baton_id nonce; /* of the challenge or status answered; zero when spontaneous */
    uint64_t counter;      /* strictly rising for each statement of one key */
    uint8_t kind;          /* enum fence_kind this member is fenced by under the plan */
    bool holding, tombstone, ever_exported, retired, armed; /* armed: the guard is on */
    struct epoch holding_epoch;
    uint8_t grant;      /* enum grant_state */
    uint32_t serial;    /* of the newest grant seen under this epoch */
    uint8_t quarantine; /* enum quarantine_cause */
    uint8_t refusal;    /* enum refusal */
    struct machine machine;
    char agent_version[VERSION_TEXT_BYTES];
    struct baton_hash agent_binary;
    uint32_t trust_version;
    struct baton_hash trust_hash;
    uint64_t receipt_size; /* newest audit checkpoint this agent holds */
    struct baton_hash receipt_root;
    struct baton_hash previous; /* hash of this agent's previous statement */
    uint64_t said_unix_ms;      /* information for people */
    struct facts facts;
};

const char *statement_type_name(enum statement_type t);
const char *refusal_name(enum refusal r);
const char *refusal_text(enum refusal r);
const char *quarantine_name(enum quarantine_cause q);
const char *grant_state_name(enum grant_state g);

enum baton_status statement_encode(const struct statement *s, uint8_t *out, size_t cap,
                                   size_t *ret_len) BATON_MUST_USE;
enum baton_status statement_decode(const uint8_t *bytes, size_t len,
                                   struct statement *ret_statement) BATON_MUST_USE;
/* SHA-256 over the canonical machine facts without the boot id: what `readmit` names. */
void machine_digest(const struct machine *m, const struct digest_port *dp,
                    struct baton_hash *ret_hash);

#endif
