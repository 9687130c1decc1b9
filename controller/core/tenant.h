/* tenant.h: everything the controller knows about one tenant, and the one step that moves it.
 *
 * Shape      tenant_step(tenant, event) -> decision. The authority moves first, then the workflow.
 *            Pure: time, randomness, hashes and signatures come in with the event or the ports.
 *            The engine writes the decision (rows, audit records, orders) in one transaction.
 * Units      now_ms monotonic, unix_ms wall (information).
 * Limits     MEMBERS_MAX agents per tenant, one open cutover, CUTOVER_APPROVALS_MAX approvals kept.
 * Errors     A refusal is part of the decision (problem), not a crash: rule, facts, who, next command.
 * Ownership  The tenant is the engine's. A decision is the caller's memory and borrows nothing.
 * Threads    The engine's.
 * Source     design 2, 3; handoff; protocol 7.
 */
#ifndef BATON_TENANT_H
#define BATON_TENANT_H

#include "baton/audit.h"
#include "handoff.h"
#include "review.h"

enum {
    CUTOVER_APPROVALS_MAX = 16,
    DECISION_NOTES_MAX = 8,
    PROBLEM_FACTS_MAX = 12,
    TASK_LINES_MAX = 12,
    REASONS_MAX = 16
};

struct first_sync { /* how long a new server took from its installation until it was comparable */
    uint64_t ms;    /* wall time, for estimates only; 0: not measured */
    int64_t objects;
};

struct tenant_info {
    struct baton_id id; /* the Entra tenant's GUID */
    char name[NAME_BYTES];
    bool lab;
    struct policy policy;     /* effective: preset plus overrides */
    struct baton_hash limits; /* of its verification policy; zero: the preset of the path alone */
    uint64_t window_from_unix_ms,
        window_to_unix_ms;         /* next window for the cutover; 0, 0 = any time */
    struct first_sync first_sync;  /* the newest that was measured here */
    struct baton_hash agent_table; /* acceptance table this build expects of agents; zero = any */
};

struct agent_view { /* one enrolled agent, as last seen */
    bool used, confirmed, connected, revoked;
    struct baton_key key, box_key;
    char host[NAME_BYTES], version[VERSION_TEXT_BYTES];
    uint8_t role; /* 'o' old side, 'n' new side: as enrolled; facts decide */
    struct baton_id confirmed_by;
    struct baton_sig confirmation;
    uint64_t seen_ms;     /* newest signed word of any kind */
    uint64_t reported_ms; /* newest report */
    int64_t skew_ms;      /* its wall clock minus ours at the newest report */
    struct facts facts;
    bool statement_known;
    struct statement statement; /* newest */
    struct baton_hash statement_hash, table;
    char alarm[NOTE_BYTES]; /* who and what, of its newest TAMPER or QUARANTINED; for people */
    uint64_t alarm_unix_ms; /* 0: there was none */
    bool barred;            /* two live copies of one identity: what it says counts for nothing */
};

struct cutover {
    struct baton_id id;
    uint8_t state, resume_to; /* enum handoff_state */
    uint8_t profile;
    bool path_overridden, settings_sealed, accepted, ponr, late_activation, local_fence_only;
    uint8_t old_agent, new_agent; /* indexes into tenant.agent */
    struct baton_hash plan;       /* zero before P2 */
    struct baton_hash settings, blob;
    uint64_t blob_bytes;
    struct review review; /* of the new server */
    struct verification verification;
    struct baton_hash verification_hash;  /* of what was accepted */
    uint64_t entered_ms, entered_unix_ms; /* the present state */
    uint64_t reminded_ms;
    uint64_t verified_ms; /* monotonic, in this run; 0 after a restart = not fresh */
    uint64_t verified_unix_ms;
    int64_t exports_before;    /* NEW's EXPORTS_TOTAL when the grant was made; OLD's for restore */
    int64_t export_end_before; /* and LAST_EXPORT_END: a purged history's count stands still */
    int64_t old_unread_before; /* OLD's EXPORTS_UNREAD when the grant was made */
    int64_t cycles_before;
    uint64_t gap_from_ms, gap_to_ms; /* monotonic of this run; 0 = not known any more */
    uint64_t gap_from_unix_ms, gap_to_unix_ms;
    uint64_t old_last_export_unix_ms, new_first_export_unix_ms;
    int64_t export_adds, export_updates, export_deletes;
    uint32_t approval_count;
    struct signed_approval approval[CUTOVER_APPROVALS_MAX];
    uint32_t rules_fired_count;
    uint16_t rules_fired[64];
    char reason[AUDIT_TEXT_BYTES]; /* of hold, abandon, rollback */
    char grade;                    /* 0, 'A', 'B', 'C', 'X' */
    bool no_go;                    /* NEW changed after the verification: verify again in the gap */
    bool breach;                   /* an export by a non-holder was seen */
    bool settings_steady;          /* a later report gave the same hash of the settings file */
    int64_t old_rogue_seen, new_rogue_seen; /* EXPORTS_SINCE_FENCE already dealt with */
    uint64_t staged_unix_ms;                /* NEW was found installed */
    uint64_t first_sync_ms;                 /* from then until it was comparable the first time */
};

struct tenant {
    struct tenant_info info;
    struct authority authority;
    bool cutover_open;
    struct cutover cutover; /* the open one, or the last */
    bool plan_known;
    struct plan plan;
    struct agent_view agent[MEMBERS_MAX];
    uint64_t clock_ms,
        clock_unix_ms;        /* of the newest event: how the two clocks stand; not stored */
    uint64_t started_unix_ms; /* this controller run; 0: not known; not stored */
};

/* What upgrades took on this site: the median over tenants. */
struct fleet {
    int64_t ms_per_50k; /* 0: too few, the documented value counts */
    uint32_t handoffs;  /* that were counted */
};

enum tenant_event_kind {
    TEV_VERB,      /* a person's verb, role already checked */
    TEV_APPROVAL,  /* a signed approval: checked here */
    TEV_STATEMENT, /* verified, from agent[agent] */
    TEV_REPORT,
    TEV_SESSION,  /* agent[agent] opened a session */
    TEV_LOST,     /* its session ended */
    TEV_BLOB,     /* the sealed settings blob is whole (hash, bytes) or has been delivered */
    TEV_CLOCK,    /* about once a second, and at a due time */
    TEV_START,    /* this controller process began */
    TEV_CREATE,   /* a person wants a cutover: assess */
    TEV_FINDINGS, /* what agent[agent]'s checks found */
    TEV_DISPOSED, /* a person's signed word about one finding */
    TEV_BARRED,   /* two copies of agent[agent] speak: text says how that was seen */
};

struct tenant_event {
    enum tenant_event_kind kind;
    uint64_t now_ms, unix_ms;
    struct baton_id incarnation, random_id; /* fresh random for ids */
    struct baton_id nonce[MEMBERS_MAX];
    uint64_t our_log_size;
    bool other_log; /* STATEMENT: its receipt is of another log than ours */
    uint8_t agent;  /* index */
    enum handoff_event verb;
    struct baton_id actor; /* operator */
    const struct trust_doc *trust;
    char text[AUDIT_TEXT_BYTES];  /* reason, typed host name */
    uint8_t profile;              /* CREATE: wanted path, 0 = recommended */
    uint8_t old_agent, new_agent; /* CREATE */
    struct fleet fleet;           /* CREATE */
    const struct signed_approval *approval;
    const struct statement *statement;
    struct baton_hash statement_hash;
    const struct facts *facts;
    int64_t skew_ms;
    const struct findings *findings;
    const bool *findings_two; /* which of them two people must accept; NULL: none */
    uint32_t findings_more;
    struct baton_hash findings_hash;
    const struct signed_disposition *disposition;
    struct baton_hash blob, file;
    uint64_t blob_bytes;
    bool delivered;
};

struct problem { /* why not, for `explain`, refusals and API problems */
    enum baton_status status;
    uint16_t rule;
    uint8_t guard;   /* enum guard_id */
    char title[128]; /* one sentence */
    uint8_t fact_count;
    struct {
        char text[128];
    } fact[PROBLEM_FACTS_MAX];
    uint64_t since_unix_ms;
    char who[96];   /* who can clear it */
    char next[192]; /* the next command to type */
};

struct decision_note { /* becomes one audit record */
    uint8_t type;      /* enum audit_type */
    uint16_t rule;
    uint8_t from, to;
    uint8_t ref_count;
    struct baton_hash ref[8];
    char text[AUDIT_TEXT_BYTES];
};

struct decision {
    bool changed_authority, changed_cutover, changed_agent; /* which rows to write */
    uint8_t agent;                                          /* with changed_agent */
    uint8_t note_count;
    struct decision_note note[DECISION_NOTES_MAX];
    uint32_t orders;  /* enum authority_effect bits */
    uint32_t effects; /* enum handoff_effect bits that the engine performs */
    bool page;        /* tell people now; text in page_text */
    char page_text[AUDIT_TEXT_BYTES];
    struct problem problem; /* status BATON_OK: the event did what it asked */
    uint64_t due_ms;        /* when TEV_CLOCK is wanted at the latest; 0 = no wish */
};

void tenant_step(struct tenant *t, const struct tenant_event *ev, const struct digest_port *dp,
                 struct decision *ret_decision);

/* The guard or event that the present state waits for, with facts. BATON_OK: nothing blocks, the next
 * command is in `next`. */
void tenant_explain(const struct tenant *t, uint64_t now_ms, const struct digest_port *dp,
                    const struct trust_doc *trust, struct problem *ret_problem);

struct task { /* what a person has to do now, with the exact clicks */
    char title[128], host[NAME_BYTES];
    uint8_t line_count;
    struct {
        char text[192];
    } line[TASK_LINES_MAX];
    char warning[192];
    char done_when[192]; /* the evidence that completes it */
};
bool tenant_task(const struct tenant *t, struct task *ret_task); /* false: nothing for a person */

struct assessment {
    int64_t objects;
    uint64_t expected_ms;
    int64_t ms_per_50k; /* that the expectation rests on, and whose it is: */
    uint32_t handoffs;  /* 0: the documented 3 h; else the median of so many on this site */
    uint8_t recommended, chosen; /* enum profile */
    uint8_t reason_count;
    struct {
        char code[32]; /* machine-readable */
        char text[160];
    } reason[REASONS_MAX];
    bool blocked;
};
void tenant_assess(const struct tenant *t, uint8_t old_agent, uint8_t new_agent, uint64_t now_ms,
                   const struct fleet *fleet, struct assessment *ret_assessment);

/* The median of those that can be compared: FLEET_OBJECTS_LEAST objects at least, below that the waits
 * between cycles count for more than the work. Fewer than FLEET_LEAST: nothing is known. Never further
 * than ten times from the documented value in either direction. Sorts the list. */
enum { FLEET_LEAST = 3, FLEET_OBJECTS_LEAST = 1000 };
void fleet_median(struct first_sync *list, size_t count, int64_t documented_ms_per_50k,
                  struct fleet *ret_fleet);

/* Frozen plan of the open cutover, made from the agents and the policy. */
enum baton_status tenant_plan(const struct tenant *t, const struct baton_id *plan_id,
                              uint32_t trust_version, struct plan *ret_plan) BATON_MUST_USE;

/* Row images. */
enum { TENANT_ROW_BYTES_MAX = 32768 };
size_t cutover_encode(const struct cutover *c, uint8_t *out, size_t cap);
enum baton_status cutover_decode(const uint8_t *bytes, size_t len,
                                 struct cutover *ret_cutover) BATON_MUST_USE;
size_t agent_view_encode(const struct agent_view *a, uint8_t *out, size_t cap);
enum baton_status agent_view_decode(const uint8_t *bytes, size_t len,
                                    struct agent_view *ret_agent) BATON_MUST_USE;

#endif
