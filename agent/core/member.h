/* member.h: the agent's one step: an order, an observation or a moment goes in; a changed promise, a
 * desire about the services and signed words come out.
 *
 * Shape      member_step never acts. The loop stores what changed (promise, plan, statements to send)
 *            in one transaction, then acts towards member_desire, then sends.
 * Units      now_ms monotonic of this boot, now_unix_ms wall (expiry of approvals can only refuse).
 * Limits     One open challenge: the newest. MEMBER_SAYS_MAX statements a step.
 * Ownership  struct member is the caller's; trust and plan live inside it.
 * Facts      The collectors fill everything but QUIET_FOR_MS, TOOLS_STARTED, EXPORTS_SINCE_FENCE and
 *            EXPORTS_UNREAD, which this file keeps because they speak of a span. SERVICE_WATCH is 1
 *            while the adapter's notifications are connected.
 * Boot       guard_boot, one whole observation, reaching member_desire: only then the network.
 * Threads    The loop's.
 * Source     protocol 2, 3, 4, 6.
 */
#ifndef BATON_MEMBER_H
#define BATON_MEMBER_H

#include "baton/host.h"
#include "guard.h"

enum { MEMBER_SAYS_MAX = 3 };

struct watch {               /* of this boot only */
    uint64_t quiet_since_ms; /* 0: not quiet */
    uint8_t quiet_kind;      /* enum fence_kind that the span is about */
    uint64_t broken_ms;      /* newest end of a span: a look that began before it begins none */
    uint64_t ran_ms;         /* newest look or notice of a service that ran, or the boot */
    uint64_t observed_ms;    /* newest observation delivered */
    uint64_t aged_ms;        /* moment that the ages in `facts` speak of */
    bool challenged;         /* a CHALLENGE waits for an observation begun after it */
    struct baton_id nonce;
    struct baton_id order; /* the order that the answer belongs to */
    uint64_t challenged_ms;
    bool fence_open; /* a FENCE has not been answered with QUIET yet */
    struct baton_id fence_order;
    uint8_t told;          /* newest spontaneous statement type, so that it is said once */
    struct facts facts;    /* newest, with spans filled in */
    char note[NOTE_BYTES]; /* newest notice */
};

struct member {
    struct promise promise;
    bool plan_known, trust_known;
    struct plan plan;
    struct trust_doc trust;
    struct baton_key root; /* pinned; zero before enrolment */
    struct watch watch;
    enum product product; /* by facts; the plan's word stands once there is one */
    bool lab_host;
    limits_reader reads_limits; /* of this build */
    char version[VERSION_TEXT_BYTES];
    struct baton_hash binary;
};

enum member_event_kind {
    MEMBER_ORDER,
    MEMBER_OBSERVED, /* facts: a whole observation begun at began_ms */
    MEMBER_NOTICE,   /* something moved between observations: the quiet span breaks */
    MEMBER_TICK,
    MEMBER_BOOT,    /* after guard_boot: says QUARANTINED or VOIDED once the network is there */
    MEMBER_RECEIPT, /* an audit checkpoint, signature already checked */
    MEMBER_TRUST,   /* a session began and brought a trust document: order->trust alone counts */
};

struct member_event {
    enum member_event_kind kind;
    uint64_t now_ms, now_unix_ms, began_ms;
    const struct order *order;
    const struct facts *facts;
    uint8_t
        notice; /* NOTICE: enum host_notice; services, tools and a broken watch end the quiet span */
    const char *note; /* NOTICE: who and what, for TAMPER; NULL = nothing known */
    uint64_t receipt_size;
    struct baton_hash receipt_root;
};

struct member_word {
    bool answers; /* an order: `order` names it; else spontaneous */
    struct baton_id order;
    size_t len;
    uint8_t bytes[STATEMENT_BYTES_MAX];
};

struct member_out {
    bool changed; /* store promise (and plan, trust when flagged) before anything else */
    bool plan_changed, trust_changed;
    bool refused;     /* the order; log says why */
    bool observe_now; /* take a whole observation at once */
    uint8_t word_count;
    struct member_word word[MEMBER_SAYS_MAX];
    const char *log; /* static: why, for the log */
};

void member_init(struct member *m, const struct baton_key *self, const struct baton_id *tenant,
                 const struct baton_key *root);
void member_step(struct member *m, const struct member_event *ev, const struct digest_port *dp,
                 struct member_out *ret_out);
enum desire member_desire(const struct member *m);
/* guard_forbids_services, of the product that the plan names. */
bool member_forbids_services(const struct member *m);
/* How this member is fenced under its plan: KIND_STOPPED once the guard stopped it. */
enum fence_kind member_kind(const struct member *m);

#endif
