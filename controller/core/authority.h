/* authority.h: one tenant's export role as the controller knows it: who holds it, which epoch is
 * being promised to whom, and what every member has said about it.
 *
 * Shape      A small record moved by a table of (phase, event, condition) -> (phase, effect, why).
 *            It sends the five verbs and believes only signed statements. The agents check all of
 *            it again: a mistake here can delay, it cannot make two exporters.
 * Units      *_ms on the monotonic clock of this controller process, passed in.
 * Limits     MEMBERS_MAX members.
 * Errors     BATON_NO_RULE: the event is late or wrong for the phase; nothing changed.
 *            BATON_REFUSED: recovering, in reconcile, or what the agents would refuse anyway.
 * Ownership  Plain value; copy it to try a step.
 * Threads    The engine's.
 * Source     protocol 1, 2, 6, 7.
 */
#ifndef BATON_AUTHORITY_H
#define BATON_AUTHORITY_H

#include "baton/statement.h"
#include "baton/trust.h"

enum authority_phase {
    AUTH_NONE,     /* no plan was ever adopted */
    AUTH_ADOPTING, /* FENCE(1, holder) marked adopt is out */
    AUTH_HELD,     /* a member holds; nothing is moving */
    AUTH_FENCING,  /* FENCE(e, r) is out; evidence is being collected */
    AUTH_FENCED,   /* every member's evidence for (e, r) is in: nobody exports */
    AUTH_ASKED,    /* go was asked for: everybody is challenged again */
    AUTH_GRANTED,  /* GRANT(e, r, serial) is out and not known to be used or void */
    AUTH_PHASE_COUNT
};

enum authority_event {
    AUTH_EV_ADOPT,  /* plan approved: recipient = the plan's holder */
    AUTH_EV_FENCE,  /* towards `recipient` under a new epoch (cutover, rollback, cancel, forward) */
    AUTH_EV_ASK,    /* somebody wants to grant: challenge all again */
    AUTH_EV_GO,     /* go (or rollback's second half) is approved over exactly this evidence */
    AUTH_EV_VOID,   /* take an unused grant back: CHALLENGE with void */
    AUTH_EV_SAID,   /* a member's signed statement, already verified and decoded */
    AUTH_EV_RETIRE, /* tombstone `recipient` (the subject here) for good */
    AUTH_EV_START,  /* this controller process began: recovering */
    AUTH_EV_ATTEST, /* two people attested for `recipient` (the subject here) */
    AUTH_EV_RECONCILE, /* a person has confirmed what the members know and this ledger did not */
    AUTH_EV_ACK, /* a named person has acknowledged the alarm of `recipient` (the subject here) */
    AUTH_EVENT_COUNT
};

/* bits: orders the engine puts into the outbox in the same transaction */
enum authority_effect {
    AUTH_FX_NONE = 0,
    AUTH_FX_STATUS = 1,    /* to every member, fresh nonces */
    AUTH_FX_FENCE = 2,     /* FENCE(epoch, recipient) to every member */
    AUTH_FX_CHALLENGE = 4, /* to the members in challenge_mask, their nonces are in the record */
    AUTH_FX_VOID = 8,      /* CHALLENGE with void to the recipient */
    AUTH_FX_GRANT = 16,    /* GRANT(epoch, recipient, serial), evidence digests in the record */
    AUTH_FX_RETIRE = 32,   /* to retire_subject */
};

/* bits: what the workflow may want to know of this step */
enum authority_news {
    AUTH_NEWS_ADOPTED = 1,
    AUTH_NEWS_ALL_EVIDENCE = 2, /* AUTH_FENCED was entered, or re-entered after an ask */
    AUTH_NEWS_GRANT_LIVE = 4,
    AUTH_NEWS_GRANT_USED = 8, /* holder changed */
    AUTH_NEWS_GRANT_VOID = 16,
    AUTH_NEWS_HOLDING = 32, /* the recipient says that it holds: cancel is complete */
    AUTH_NEWS_REFUSED = 64, /* a member refused; refused_by, refusal */
    AUTH_NEWS_TAMPER = 128, /* a guard acted; said_by */
    AUTH_NEWS_PONR = 256,   /* ever_exported became known */
    AUTH_NEWS_QUARANTINE = 512,
    AUTH_NEWS_FOREIGN = 1024,   /* a member knows a promise or receipt that we do not */
    AUTH_NEWS_RECOVERED = 2048, /* every member has answered STATUS in this run */
    AUTH_NEWS_RETIRED = 4096,
    AUTH_NEWS_DRAINING = 8192,
};

struct authority_member {
    struct baton_key key;
    uint8_t product, kind;
    bool accepted;      /* promised the current epoch */
    bool heard;         /* answered STATUS in this controller run */
    bool tamper_open;   /* not yet followed by evidence, holding or attestation */
    bool tamper_unread; /* not yet acknowledged by a named person */
    bool ever_exported;
    bool retired, attested;
    uint8_t said; /* enum statement_type of the newest word */
    uint8_t refusal, quarantine, grant;
    uint64_t counter;                 /* highest seen in a statement signed by it */
    struct baton_id status_nonce;     /* of this run's STATUS: the answer to it is being heard */
    struct baton_id nonce;            /* of the newest challenge */
    uint64_t challenged_ms;           /* when, in this run; 0 = not in this run */
    struct baton_hash evidence;       /* statement that answers it; zero = none */
    struct baton_hash attested_by[2]; /* approvals standing in for evidence */
    struct baton_hash highest;        /* statement with the highest counter: what STATUS shows */
    struct baton_hash holds;          /* statement that it holds the current epoch */
    struct epoch promise;             /* as last said */
};

struct authority {
    uint8_t phase;
    bool recovering, reconcile, ponr, adopted;
    uint8_t member_count;
    struct baton_id tenant;
    struct baton_hash plan;
    struct epoch epoch;
    struct baton_key recipient;
    struct baton_key holder; /* zero: nobody known */
    uint32_t serial;
    uint64_t asked_ms;
    uint64_t receipt_size_foreign; /* longest receipt whose records this ledger does not have */
    struct authority_member member[MEMBERS_MAX];
    /* of the last step, not state */
    uint8_t challenge_mask, said_by, refused_by;
    uint8_t retire_subject;
};

/* What belongs to one run of the controller and stands in no row: who has only the row puts it back.
 * Members go by key, since a row may be newer. */
struct authority_run {
    bool recovering;
    uint8_t member_count;
    uint64_t asked_ms;
    struct authority_run_member {
        struct baton_key key;
        bool heard;
        uint64_t challenged_ms;
    } member[MEMBERS_MAX];
};

struct authority_input {
    enum authority_event event;
    uint64_t now_ms;
    struct baton_id incarnation;        /* of this controller process: new epochs carry it */
    struct baton_key recipient;         /* FENCE, ADOPT, RETIRE, ATTEST */
    struct baton_id nonce[MEMBERS_MAX]; /* fresh random ones for challenges this step may send */
    const struct statement *said;       /* SAID */
    struct baton_hash said_hash;
    uint64_t our_log_size; /* SAID: audit records this ledger has */
    bool other_log;        /* SAID: no longer, but at the receipt's size it had another root */
    struct baton_hash attest[2];
    const struct plan *plan; /* ADOPT and FENCE: members are taken from it */
    struct baton_hash plan_hash;
};

enum { AUTHORITY_SAME = 254, AUTHORITY_ANY = 255 }; /* `to` and `from` of rows for every phase */

/* one row of the table, for dispatch, `baton fsm`, diagrams and tests */
struct authority_row {
    uint8_t from, event, to;
    const char *condition; /* shown; "" = always */
    uint32_t effect;
    const char *why;
};

const char *authority_phase_name(enum authority_phase p);
const char *authority_event_name(enum authority_event e);
const struct authority_row *authority_rows(size_t *ret_count);

/* *ret_row: the row that fired, for the log; *ret_effects, *ret_news: bits as above. */
enum baton_status authority_step(struct authority *a, const struct authority_input *in,
                                 const struct authority_row **ret_row, uint32_t *ret_effects,
                                 uint32_t *ret_news) BATON_MUST_USE;

int authority_member_index(const struct authority *a, const struct baton_key *key);
/* Every member other than the recipient has evidence (or attestation), and so has the recipient. */
bool authority_complete(const struct authority *a);
/* Complete, and nobody was asked longer than limit_ms ago: such evidence may go into a grant. */
bool authority_fresh(const struct authority *a, uint64_t now_ms, uint64_t limit_ms);
/* Whether a FENCE towards this member can still succeed: no Connect member has exported when it is
 * legacy, its kind is not `removed`. The text (static) says why not. */
bool authority_may_return(const struct authority *a, const struct baton_key *recipient,
                          const char **ret_why);

/* Whether this run still waits for that member's word before anything moves. */
bool authority_awaits(const struct authority *a, size_t member);
struct authority_run authority_run_of(const struct authority *a);
bool authority_run_eq(const struct authority_run *a, const struct authority_run *b);
void authority_run_put(const struct authority_run *run, struct authority *a);

enum { AUTHORITY_BYTES_MAX = 4096 };
size_t authority_encode(const struct authority *a, uint8_t out[AUTHORITY_BYTES_MAX]);
enum baton_status authority_decode(const uint8_t *bytes, size_t len,
                                   struct authority *ret_authority) BATON_MUST_USE;

#endif
