/* promise.h: what one agent has promised, and everything it may do because of it.
 *
 * Shape      One promise per agent: (epoch, recipient) that only rises; holding; grant; tombstone;
 *            ever_exported. It outlives every crash; a second copy of the tombstone lies elsewhere.
 * Units      *_ms on this agent's monotonic clock of this boot; not kept over a boot.
 * Limits     EPOCH_JUMP_MAX above the stored counter; PROMISED_MAX recipients remembered.
 * Errors     enum refusal, for a signed answer; nothing else.
 * Ownership  Plain value. The loop stores it before anything else happens.
 * Threads    The loop's.
 * Source     protocol 1, 2, 4; docs/formats.md "Promise".
 */
#ifndef BATON_PROMISE_H
#define BATON_PROMISE_H

#include "baton/order.h"
#include "evidence.h"

enum { PROMISED_MAX = 8 };

struct promised { /* the highest epoch promised to one recipient */
    struct baton_key recipient;
    struct epoch epoch;
};

enum {
    MARK_NONE = -1, /* not known */
    MARK_STOP = -2, /* nobody could count; since that stop of the engine there was none */
};

struct promise {
    struct baton_key self;
    struct baton_id tenant;
    struct epoch epoch;
    struct baton_key recipient;
    struct promised promised[PROMISED_MAX];
    bool holding, tombstone, retired, ever_exported;
    bool armed;          /* the guard is on */
    bool evidence_given; /* for the present epoch: guard and boot hold apply to this member too */
    bool stopped_by_us;  /* a FENCE, the guard or a quarantine stopped it: only a GRANT starts it */
    bool guard_stop;     /* the guard (or quarantine) wants it stopped now, whatever its kind */
    bool start_due;      /* a used grant starts the service; boot repeats it */
    bool tamper_open;
    bool adopt; /* the present promise came marked adopt: it stops and starts nothing */
    /* EXPORTS_TOTAL when quiet began or the guard was armed, or one of the two below. */
    int64_t exports_mark;
    int64_t export_end_mark; /* LAST_EXPORT_END at that moment; MARK_STOP: STOPPED_AT */
    int64_t mark_stop; /* of a legacy engine: since this stop of it there was no Export; 0: none */
    bool unread;       /* and between the mark and that stop it ran, and nobody could read what */
    struct epoch holding_epoch;
    uint8_t grant; /* enum grant_state */
    uint32_t serial;
    uint64_t grant_until_ms; /* 0 after a boot: a live grant is void then */
    uint64_t counter;
    uint8_t quarantine;     /* enum quarantine_cause */
    struct machine machine; /* as last accepted */
    struct baton_hash plan; /* hash of the plan kept */
    uint32_t trust_version;
    struct baton_hash trust_hash;
    uint64_t receipt_size;
    struct baton_hash receipt_root;
    struct baton_hash last_statement;
};

/* Whether this build can judge by the policy text beside a plan; err says where it cannot. */
typedef enum baton_status (*limits_reader)(const struct plan *p, const uint8_t *text, size_t len,
                                           const struct digest_port *dp, struct baton_err *err);

struct promise_context { /* what an order is judged against; borrowed */
    const struct digest_port *digest;
    const struct plan *kept_plan;  /* NULL before the first */
    const struct trust_doc *trust; /* NULL before the first */
    const struct facts *facts;     /* newest observation */
    limits_reader reads_limits;    /* NULL: nothing here can judge by a policy */
    struct baton_err *why;         /* says more about a refusal, where there is more to say */
    bool lab_host;                 /* this host may act on lab orders */
    uint64_t now_ms, now_unix_ms;
};

/* Judges FENCE; on REFUSE_NONE writes the new promise into *p and the plan into *ret_plan.
 * *ret_repeat: the very promise kept; observe and answer again. */
enum refusal promise_fence(struct promise *p, const struct order *o,
                           const struct promise_context *cx, struct plan *ret_plan,
                           bool *ret_repeat);
enum refusal promise_challenge(struct promise *p, const struct order *o,
                               const struct promise_context *cx);
/* Judges GRANT with everything it carries. On REFUSE_NONE the grant is live, or used at once. */
enum refusal promise_grant(struct promise *p, const struct order *o,
                           const struct promise_context *cx);
enum refusal promise_retire(struct promise *p, const struct order *o,
                            const struct promise_context *cx);
/* STATUS may bring `disarm` and `readmit` approvals and show our own highest counter. */
enum refusal promise_status(struct promise *p, const struct order *o,
                            const struct promise_context *cx);

/* The grant is used. From now on its exports are nobody's alarm: the guard is off and begins again with
 * the evidence for a later epoch. */
void promise_hold(struct promise *p);
/* What this agent has promised by another memory of its own: the second copy, a later signed word, the
 * record that people readmit it to (then nobody is recipient). Never lowers, and ends the role. */
void promise_recall(struct promise *p, const struct epoch *e, const struct baton_key *recipient,
                    bool tombstone);
/* Quarantine for a cause on this machine: the role, a live grant and the right to run are gone. */
void promise_quarantine(struct promise *p, enum quarantine_cause cause);

/* The acceptance table as rows (canonical bytes and their hash go into HELLO). */
struct acceptance_row {
    uint8_t verb;       /* enum order_verb */
    const char *state;  /* agent role in which it may arrive */
    const char *answer; /* statement types that may follow */
    const char *why;
};
const struct acceptance_row *acceptance_rows(size_t *ret_count);
void acceptance_hash(const struct digest_port *dp, struct baton_hash *ret_hash);

/* Why this agent is in the middle of a handoff, for people; NULL when it is not. From the first promise to
 * another recipient until the role is settled: its program is not exchanged or taken away meanwhile. */
const char *promise_handoff(const struct promise *p);

/* observe · holder · draining · fenced · granted · tombstoned · quarantined · retired */
const char *promise_role(const struct promise *p);

enum { PROMISE_BYTES_MAX = 2048 };
size_t promise_encode(const struct promise *p, uint8_t out[PROMISE_BYTES_MAX]);
enum baton_status promise_decode(const uint8_t *bytes, size_t len,
                                 struct promise *ret_promise) BATON_MUST_USE;

#endif
