#include "member.h"

#include <string.h>

#include "common/text.h"

void
member_init(struct member *m, const struct baton_key *self, const struct baton_id *tenant,
            const struct baton_key *root)
{
    *m = (struct member){0};
    m->promise.self = *self;
    m->promise.tenant = *tenant;
    m->promise.exports_mark = MARK_NONE;
    m->root = *root;
    facts_init(&m->watch.facts);
}

enum fence_kind
member_kind(const struct member *m)
{
    if (m->promise.stopped_by_us)
        return KIND_STOPPED;
    int self = m->plan_known ? plan_member_index(&m->plan, &m->promise.self) : -1;
    return self < 0 ? KIND_NONE : (enum fence_kind)m->plan.member[self].kind;
}

enum desire
member_desire(const struct member *m)
{
    return guard_desire(&m->promise, member_kind(m));
}

static enum product
member_product(const struct member *m)
{
    int self = m->plan_known ? plan_member_index(&m->plan, &m->promise.self) : -1;
    return self < 0 ? m->product : (enum product)m->plan.member[self].product;
}

bool
member_forbids_services(const struct member *m)
{
    return guard_forbids_services(&m->promise, member_product(m));
}

static struct promise_context
context_of(const struct member *m, const struct member_event *ev, const struct digest_port *dp)
{
    return (struct promise_context){.digest = dp,
                                    .kept_plan = m->plan_known ? &m->plan : NULL,
                                    .trust = m->trust_known ? &m->trust : NULL,
                                    .facts = &m->watch.facts,
                                    .reads_limits = m->reads_limits,
                                    .lab_host = m->lab_host,
                                    .now_ms = ev->now_ms,
                                    .now_unix_ms = ev->now_unix_ms};
}

/* ---- words ---------------------------------------------------------------------------------- */

struct word_request {
    enum statement_type type;
    enum refusal refusal;
    const struct baton_id *order; /* NULL: spontaneous */
    const struct baton_id *nonce;
    const struct epoch *asked;
    enum fence_kind kind;
    const char *note;
};

static struct statement
statement_of(const struct member *m, const struct member_event *ev, const struct word_request *r)
{
    const struct promise *p = &m->promise;
    struct statement s = {
        .type = (uint8_t)r->type,
        .tenant = p->tenant,
        .member = p->self,
        .plan = p->plan,
        .epoch = p->epoch,
        .recipient = p->recipient,
        .asked = r->asked != NULL ? *r->asked : p->epoch,
        .counter = p->counter,
        .kind = (uint8_t)r->kind,
        .holding = p->holding,
        .tombstone = p->tombstone,
        .ever_exported = p->ever_exported,
        .retired = p->retired,
        .armed = p->armed,
        .holding_epoch = p->holding_epoch,
        .grant = p->grant,
        .serial = p->serial,
        .quarantine = p->quarantine,
        .refusal = (uint8_t)r->refusal,
        .machine = p->machine,
        .agent_binary = m->binary,
        .trust_version = p->trust_version,
        .trust_hash = p->trust_hash,
        .receipt_size = p->receipt_size,
        .receipt_root = p->receipt_root,
        .previous = p->last_statement,
        .said_unix_ms = ev->now_unix_ms,
        .facts = m->watch.facts,
    };
    memcpy(s.agent_version, m->version, sizeof s.agent_version);
    if (r->nonce != NULL)
        s.nonce = *r->nonce;
    if (r->note != NULL)
        facts_note(&s.facts, r->note);
    return s;
}

/* Counts, encodes and chains one word; it leaves only after the loop has stored the new promise. */
static void
say(struct member *m, const struct member_event *ev, const struct digest_port *dp,
    const struct word_request *r, struct member_out *out)
{
    BATON_ASSERT(out->word_count < MEMBER_SAYS_MAX);
    struct member_word *w = &out->word[out->word_count++];

    m->promise.counter++;
    struct statement s = statement_of(m, ev, r);
    w->answers = r->order != NULL;
    if (r->order != NULL)
        w->order = *r->order;
    enum baton_status rc = statement_encode(&s, w->bytes, sizeof w->bytes, &w->len);
    BATON_ASSERT(rc == BATON_OK);
    dp->sha256(dp->ctx, w->bytes, w->len, &m->promise.last_statement);
    out->changed = true;
}

static void
say_alone(struct member *m, const struct member_event *ev, const struct digest_port *dp,
          enum statement_type type, const char *note, struct member_out *out)
{
    if (m->watch.told == type && type != SAY_TAMPER)
        return; /* said already; the loop repeats it until it is heard */
    m->watch.told = (uint8_t)type;
    say(m, ev, dp, &(struct word_request){.type = type, .kind = member_kind(m), .note = note}, out);
}

static void
refuse(struct member *m, const struct member_event *ev, const struct digest_port *dp,
       enum refusal refusal, const char *note, struct member_out *out)
{
    say(m, ev, dp,
        &(struct word_request){.type = SAY_REFUSED,
                               .refusal = refusal,
                               .order = &ev->order->id,
                               .nonce = &ev->order->nonce,
                               .asked = &ev->order->epoch,
                               .kind = member_kind(m),
                               .note = note},
        out);
    out->refused = true;
    out->log = refusal_text(refusal);
}

static void
answer(struct member *m, const struct member_event *ev, const struct digest_port *dp,
       enum statement_type type, struct member_out *out)
{
    say(m, ev, dp,
        &(struct word_request){.type = type,
                               .order = &ev->order->id,
                               .nonce = &ev->order->nonce,
                               .kind = member_kind(m)},
        out);
}

/* ---- the open challenge --------------------------------------------------------------------- */

static void
challenge_answer(struct member *m, const struct member_event *ev, const struct digest_port *dp,
                 enum statement_type type, enum refusal refusal, enum fence_kind kind,
                 const char *note, struct member_out *out)
{
    say(m, ev, dp,
        &(struct word_request){.type = type,
                               .refusal = refusal,
                               .order = &m->watch.order,
                               .nonce = &m->watch.nonce,
                               .kind = kind,
                               .note = note},
        out);
    m->watch.challenged = false;
}

/* The kind whose span is going on: the plan's, or one that makes it needless. */
static enum fence_kind
quiet_kind(const struct member *m)
{
    const enum fence_kind kinds[] = {member_kind(m), KIND_STOPPED, KIND_REMOVED};
    for (size_t i = 0; kinds[0] != KIND_NONE && i < ARRAY_LEN(kinds); i++)
        if (fence_quiet(&m->watch.facts, kinds[i]))
            return kinds[i];
    return KIND_NONE;
}

/* What the facts prove over that span. */
static enum fence_kind
proven_kind(const struct member *m, const struct fence_need **ret_unmet)
{
    const struct watch *w = &m->watch;
    bool spans = w->quiet_since_ms != 0;
    enum fence_kind kind = spans ? (enum fence_kind)w->quiet_kind : member_kind(m);
    *ret_unmet = fence_unmet(&w->facts, kind, &m->plan.policy);
    return *ret_unmet == NULL ? kind : KIND_NONE;
}

static bool
is_proven(const struct member *m)
{
    const struct fence_need *unmet;
    return m->plan_known && proven_kind(m, &unmet) != KIND_NONE;
}

static void
challenge_meets_facts(struct member *m, const struct member_event *ev, const struct digest_port *dp,
                      struct member_out *out)
{
    struct watch *w = &m->watch;
    const struct fence_need *unmet;

    if (m->promise.holding) {
        challenge_answer(m, ev, dp, SAY_HOLDING, REFUSE_NONE, member_kind(m), NULL, out);
        return;
    }
    enum fence_kind kind = proven_kind(m, &unmet);
    bool late =
        ev->now_ms - w->challenged_ms >= (uint64_t)m->plan.policy.v[POLICY_EVIDENCE_FRESH_MS];
    if (late) {
        const char *why = unmet != NULL ? unmet->why : "nothing was observed in time";
        challenge_answer(m, ev, dp, SAY_REFUSED, REFUSE_NOT_QUIET, member_kind(m), why, out);
    } else if (kind != KIND_NONE) {
        m->promise.evidence_given = true;
        m->promise.armed = true;
        m->promise.tamper_open = false;
        w->fence_open = false;
        challenge_answer(m, ev, dp, SAY_EVIDENCE, REFUSE_NONE, kind, NULL, out);
    }
}

/* ---- orders --------------------------------------------------------------------------------- */

/* A newer trust document travels with any order; agents keep the highest. */
static enum refusal
take_trust(struct member *m, const struct order *o, const struct digest_port *dp,
           struct member_out *out)
{
    if (o->trust.len == 0)
        return REFUSE_NONE;
    struct trust_doc doc;
    struct baton_hash hash;
    if (!dp->verify(dp->ctx, &m->root, DOMAIN_TRUST, o->trust.bytes, o->trust.len, &o->trust.sig) ||
        trust_decode(o->trust.bytes, o->trust.len, &doc) != BATON_OK)
        return REFUSE_TRUST;
    dp->sha256(dp->ctx, o->trust.bytes, o->trust.len, &hash);
    struct promise *p = &m->promise;
    if (doc.version < p->trust_version)
        return REFUSE_NONE; /* late, and harmless: ours stands */
    bool same = doc.version == p->trust_version;
    if (same && !baton_hash_eq(&hash, &p->trust_hash))
        return REFUSE_TRUST;
    if (same && m->trust_known)
        return REFUSE_NONE;
    if (doc.version == p->trust_version + 1 && p->trust_version > 0 &&
        !baton_hash_eq(&doc.previous, &p->trust_hash))
        return REFUSE_TRUST;
    m->trust = doc;
    m->trust_known = true;
    p->trust_version = doc.version;
    p->trust_hash = hash;
    out->trust_changed = true;
    out->changed = true;
    return REFUSE_NONE;
}

static bool
still_running(const struct member *m)
{
    const struct facts *f = &m->watch.facts;
    return fact_is(f, FACT_RUN_IN_PROGRESS, 1) || facts_staging(f) == STAGING_OFF;
}

static enum statement_type
fence_answer(const struct member *m)
{
    if (m->promise.holding)
        return SAY_HOLDING;
    if (m->promise.adopt)
        return SAY_ACCEPTED;
    if (is_proven(m))
        return SAY_QUIET;
    return still_running(m) ? SAY_DRAINING : SAY_ACCEPTED;
}

static void
forget_span(struct member *m, uint64_t now_ms)
{
    m->watch.quiet_since_ms = 0;
    m->watch.broken_ms = now_ms;
    facts_set(&m->watch.facts, FACT_QUIET_FOR_MS, 0);
}

static void
on_fence(struct member *m, const struct member_event *ev, const struct digest_port *dp,
         struct member_out *out)
{
    struct promise_context cx = context_of(m, ev, dp);
    struct baton_err why = {.status = BATON_OK};
    struct plan plan;
    bool repeat;

    cx.why = &why;
    enum refusal r = promise_fence(&m->promise, ev->order, &cx, &plan, &repeat);
    if (r != REFUSE_NONE) {
        refuse(m, ev, dp, r, why.text[0] != '\0' ? why.text : NULL, out);
        return;
    }
    if (!repeat) {
        m->plan = plan;
        m->plan_known = true;
        out->plan_changed = true;
        if (m->watch.challenged)
            challenge_answer(m, ev, dp, SAY_REFUSED, REFUSE_EPOCH, member_kind(m), NULL, out);
        if (!m->promise.armed)
            m->promise.exports_mark = MARK_NONE; /* set when quiet begins */
        m->watch.told = SAY_NONE;
        forget_span(m, ev->now_ms);
    }
    enum statement_type type = fence_answer(m);
    m->watch.fence_open = type != SAY_HOLDING && type != SAY_QUIET && !m->promise.adopt;
    answer(m, ev, dp, type, out);
    out->observe_now = true;
}

static void
on_challenge(struct member *m, const struct member_event *ev, const struct digest_port *dp,
             struct member_out *out)
{
    struct promise_context cx = context_of(m, ev, dp);
    bool was_live = m->promise.grant == GRANT_LIVE;

    enum refusal r = promise_challenge(&m->promise, ev->order, &cx);
    out->changed = out->changed || was_live;
    if (r != REFUSE_NONE) {
        refuse(m, ev, dp, r, NULL, out);
        return;
    }
    if (m->watch.challenged && !baton_id_eq(&m->watch.order, &ev->order->id))
        challenge_answer(m, ev, dp, SAY_REFUSED, REFUSE_NOT_QUIET, member_kind(m),
                         "a newer challenge took its place", out);
    if (!m->watch.challenged) /* the same again changes nothing: its observation is under way */
        m->watch.challenged_ms = ev->now_ms;
    m->watch.challenged = true;
    m->watch.nonce = ev->order->nonce;
    m->watch.order = ev->order->id;
    out->observe_now = true;
}

static void
on_grant(struct member *m, const struct member_event *ev, const struct digest_port *dp,
         struct member_out *out)
{
    struct promise_context cx = context_of(m, ev, dp);
    enum refusal r = promise_grant(&m->promise, ev->order, &cx);
    if (r != REFUSE_NONE) {
        refuse(m, ev, dp, r, NULL, out);
        return;
    }
    m->watch.told = SAY_NONE;
    answer(m, ev, dp, m->promise.holding ? SAY_USED : SAY_GRANTED, out);
    out->observe_now = true;
}

static void
on_retire(struct member *m, const struct member_event *ev, const struct digest_port *dp,
          struct member_out *out)
{
    struct promise_context cx = context_of(m, ev, dp);
    enum refusal r = promise_retire(&m->promise, ev->order, &cx);
    if (r != REFUSE_NONE)
        refuse(m, ev, dp, r, NULL, out);
    else
        answer(m, ev, dp, SAY_RETIRED, out);
}

/* A FENCE was promised, and nothing proven yet. */
static bool
fence_waits(const struct promise *p)
{
    return !epoch_is_zero(&p->epoch) && !p->adopt && !p->holding && !p->evidence_given;
}

/* An answer is newer than every word before it, and an older one that was lost moves nothing when it is said
 * again: quiet is said anew. */
static void
quiet_again(struct watch *w)
{
    w->fence_open = true;
    if (w->told == SAY_QUIET)
        w->told = SAY_NONE;
}

static void
on_status(struct member *m, const struct member_event *ev, const struct digest_port *dp,
          struct member_out *out)
{
    struct promise_context cx = context_of(m, ev, dp);
    enum refusal r = promise_status(&m->promise, ev->order, &cx);
    if (r != REFUSE_NONE)
        refuse(m, ev, dp, r, NULL, out);
    else
        answer(m, ev, dp, m->promise.quarantine != QUARANTINE_NONE ? SAY_QUARANTINED : SAY_STATUS,
               out);
    if (r == REFUSE_NONE && fence_waits(&m->promise))
        quiet_again(&m->watch);
}

static void
on_order(struct member *m, const struct member_event *ev, const struct digest_port *dp,
         struct member_out *out)
{
    enum refusal r = take_trust(m, ev->order, dp, out);
    if (r != REFUSE_NONE) {
        refuse(m, ev, dp, r, NULL, out);
        return;
    }
    static void (*const handlers[])(struct member *, const struct member_event *,
                                    const struct digest_port *, struct member_out *) = {
        [ORDER_STATUS] = on_status, [ORDER_FENCE] = on_fence,   [ORDER_CHALLENGE] = on_challenge,
        [ORDER_GRANT] = on_grant,   [ORDER_RETIRE] = on_retire,
    };
    BATON_ASSERT(ev->order->verb < ARRAY_LEN(handlers) && handlers[ev->order->verb] != NULL);
    handlers[ev->order->verb](m, ev, dp, out);
}

/* ---- observations --------------------------------------------------------------------------- */

static int64_t
exports_beyond_mark(const struct promise *p, const struct facts *f)
{
    int64_t more = f->fact[FACT_EXPORTS_TOTAL].value - p->exports_mark;
    if (p->exports_mark >= 0 && more > 0)
        return more;
    return fact_or(f, FACT_LAST_EXPORT_END, 0) > p->export_end_mark ? 1 : 0;
}

/* An Export runs in the engine, so that an engine which has stood still since that stop has made none. */
static bool
stands_since_mark(const struct promise *p, const struct facts *f)
{
    return p->mark_stop != 0 && fact_is(f, FACT_ENGINE_GONE, 1) &&
           fact_is(f, FACT_STOPPED_AT, p->mark_stop);
}

/* A history that was read before the engine stopped does not say what it did until then. The collectors let it stand for the
 * stop after it: where an alarm says that the engine ran, or might have, that is no count. */
static bool
count_is_whole(const struct member *m, uint64_t now_ms)
{
    const struct promise *p = &m->promise;
    const struct fact *total = &m->watch.facts.fact[FACT_EXPORTS_TOTAL];
    bool doubtful = product_is_legacy(member_product(m)) && (p->tamper_open || p->unread);
    return total->state == FACT_VALUE &&
           (!doubtful || (m->watch.ran_ms != 0 && m->watch.ran_ms + total->age_ms < now_ms));
}

static void
count_exports(struct member *m, uint64_t now_ms)
{
    const struct promise *p = &m->promise;
    struct facts *f = &m->watch.facts;
    struct fact *since = &f->fact[FACT_EXPORTS_SINCE_FENCE];
    since->state = FACT_UNKNOWN;
    if (p->exports_mark == MARK_NONE)
        return;
    int64_t beyond = fact_known(f, FACT_EXPORTS_TOTAL) ? exports_beyond_mark(p, f) : 0;
    if (beyond > 0 || count_is_whole(m, now_ms)) {
        facts_set(f, FACT_EXPORTS_SINCE_FENCE, beyond);
        since->age_ms = f->fact[FACT_EXPORTS_TOTAL].age_ms;
    } else if (stands_since_mark(p, f)) {
        facts_set(f, FACT_EXPORTS_SINCE_FENCE, 0);
        since->age_ms = f->fact[FACT_STOPPED_AT].age_ms;
    }
}

/* Nobody can read a history whose engine ended first: its stop takes the count's place. Not of a Connect member, which has
 * to say that it never exported. */
static bool
stop_stands_for_count(const struct member *m, const struct facts *f)
{
    return product_is_legacy(member_product(m)) && fact_is(f, FACT_ENGINE_GONE, 1) &&
           fact_or(f, FACT_STOPPED_AT, 0) > 0;
}

static bool
quiet_but_for_exports(struct member *m)
{
    facts_set(&m->watch.facts, FACT_EXPORTS_SINCE_FENCE, 0);
    return quiet_kind(m) != KIND_NONE;
}

/* Quiet begins: the exports so far are the drain's. A history read before this look could miss one. */
static void
mark_exports(struct member *m, bool whole, struct member_out *out)
{
    struct promise *p = &m->promise;
    struct facts *f = &m->watch.facts;
    bool counted = fact_known(f, FACT_EXPORTS_TOTAL), stopped = stop_stands_for_count(m, f);
    if (p->exports_mark != MARK_NONE || p->holding || !whole || (!counted && !stopped) ||
        !quiet_but_for_exports(m))
        return;
    p->exports_mark = counted ? f->fact[FACT_EXPORTS_TOTAL].value : MARK_STOP;
    p->export_end_mark =
        counted ? fact_or(f, FACT_LAST_EXPORT_END, 0) : f->fact[FACT_STOPPED_AT].value;
    p->mark_stop = stopped ? f->fact[FACT_STOPPED_AT].value : 0;
    p->unread = false;
    out->changed = true;
}

/* Somebody started it, its guard stopped it, and its history went with its engine. From this stop on there was no Export;
 * before it nobody knows, and that is said for as long as nobody can read it. Only under an alarm, which a person has to
 * acknowledge: a stop that nobody gave one for stays unknown. */
static void
mark_unread(struct member *m, const struct member_event *ev, bool whole, struct member_out *out)
{
    const struct watch *w = &m->watch;
    struct promise *p = &m->promise;
    bool looked = whole && ev->began_ms >= w->broken_ms && ev->began_ms > w->ran_ms;
    if (p->exports_mark == MARK_NONE || p->holding || !p->tamper_open || !looked ||
        fact_known(&w->facts, FACT_EXPORTS_SINCE_FENCE) || !stop_stands_for_count(m, &w->facts))
        return;
    if (quiet_but_for_exports(m)) {
        p->mark_stop = w->facts.fact[FACT_STOPPED_AT].value;
        p->unread = true;
        out->changed = true;
    }
    count_exports(m, ev->now_ms);
}

/* The count since the fence, and up to which stop it leaves a span out. */
static void
keep_count(struct member *m, const struct member_event *ev, bool whole, struct member_out *out)
{
    struct promise *p = &m->promise;
    mark_exports(m, whole, out);
    if (p->unread && count_is_whole(m, ev->now_ms)) {
        p->unread = false; /* it can be read after all */
        out->changed = true;
    }
    count_exports(m, ev->now_ms);
    mark_unread(m, ev, whole, out);
    facts_set(&m->watch.facts, FACT_EXPORTS_UNREAD, p->unread ? p->mark_stop : 0);
}

/* Fills the facts that speak of a span, and keeps the span. */
static void
keep_span(struct member *m, const struct member_event *ev, bool whole, struct member_out *out)
{
    struct watch *w = &m->watch;
    struct facts *f = &w->facts;

    facts_set(f, FACT_TOOLS_STARTED, 0); /* a start ends the span instead: it would show as 0 ms */
    keep_count(m, ev, whole, out);

    enum fence_kind kind = quiet_kind(m);
    if (kind != w->quiet_kind || kind == KIND_NONE)
        w->quiet_since_ms = 0;
    if (kind != KIND_NONE && w->quiet_since_ms == 0 && ev->began_ms >= w->broken_ms)
        w->quiet_since_ms = ev->now_ms;
    w->quiet_kind = (uint8_t)kind;
    bool spans = w->quiet_since_ms != 0 && ev->began_ms > w->quiet_since_ms;
    facts_set(f, FACT_QUIET_FOR_MS, spans ? (int64_t)(ev->began_ms - w->quiet_since_ms) : 0);
}

/* What we wanted of the services, against what is there now. */
static void
settle_services(struct promise *p, const struct facts *f, struct member_out *out)
{
    bool stopped = fact_is(f, FACT_SERVICES_STOPPED, 1) && fact_is(f, FACT_SERVICES_DISABLED, 1) &&
                   fact_is(f, FACT_ENGINE_GONE, 1);
    bool gone = fact_is(f, FACT_PRODUCT_PRESENT, 0) && fact_is(f, FACT_SERVICES_PRESENT, 0);
    if (p->guard_stop && (stopped || gone)) {
        p->guard_stop = false;
        out->changed = true;
    }
    if (p->start_due && fact_is(f, FACT_SERVICES_STOPPED, 0)) {
        p->start_due = false;
        out->changed = true;
    }
}

static void
guard_speaks(struct member *m, const struct member_event *ev, const struct digest_port *dp,
             enum guard_outcome outcome, const struct guard_row *row, struct member_out *out)
{
    switch (outcome) {
    case GUARD_USED:
        say_alone(m, ev, dp, SAY_USED, NULL, out);
        break;
    case GUARD_TAMPER:
        say_alone(m, ev, dp, SAY_TAMPER, m->watch.note[0] != '\0' ? m->watch.note : row->why, out);
        forget_span(m, ev->now_ms);
        break;
    case GUARD_LATCHED:
        out->changed = true;
        break;
    case GUARD_NOTHING:
        return;
    }
    out->log = row->why;
}

static void
on_observed(struct member *m, const struct member_event *ev, const struct digest_port *dp,
            struct member_out *out)
{
    struct watch *w = &m->watch;
    const struct guard_row *row;
    bool was_live = m->promise.grant == GRANT_LIVE;
    bool whole = ev->began_ms >= w->observed_ms; /* else part of it is from an earlier look */

    w->facts = *ev->facts;
    w->observed_ms = w->aged_ms = ev->now_ms;
    if (!fact_is(&w->facts, FACT_SERVICES_STOPPED, 1) || !fact_is(&w->facts, FACT_ENGINE_GONE, 1))
        w->ran_ms = ev->now_ms;
    m->product = (enum product)fact_or(ev->facts, FACT_PRODUCT_CLASS, m->product);
    keep_span(m, ev, whole, out);

    enum guard_outcome outcome =
        guard_observe(&m->promise, member_product(m), &w->facts, ev->now_ms, &row);
    if (was_live && m->promise.grant == GRANT_VOID)
        say_alone(m, ev, dp, SAY_VOIDED, "the grant's own time is over", out);
    guard_speaks(m, ev, dp, outcome, row, out);
    settle_services(&m->promise, &w->facts, out);

    if (w->challenged && ev->began_ms >= w->challenged_ms && out->word_count < MEMBER_SAYS_MAX)
        challenge_meets_facts(m, ev, dp, out);
    if (w->fence_open && out->word_count < MEMBER_SAYS_MAX && is_proven(m)) {
        w->fence_open = false;
        say_alone(m, ev, dp, SAY_QUIET, NULL, out);
    }
}

static void
on_notice(struct member *m, const struct member_event *ev, struct member_out *out)
{
    if (ev->note != NULL)
        text_copy(m->watch.note, sizeof m->watch.note, ev->note);
    if (ev->notice == NOTICE_SERVICE || ev->notice == NOTICE_PROCESS ||
        ev->notice == NOTICE_WATCH_BROKEN)
        forget_span(m, ev->now_ms);
    if (ev->notice == NOTICE_SERVICE || ev->notice == NOTICE_WATCH_BROKEN)
        m->watch.ran_ms = ev->now_ms;
    out->observe_now = true;
}

static void
on_boot(struct member *m, const struct member_event *ev, const struct digest_port *dp,
        struct member_out *out)
{
    if (m->promise.quarantine != QUARANTINE_NONE)
        say_alone(m, ev, dp, SAY_QUARANTINED,
                  quarantine_name((enum quarantine_cause)m->promise.quarantine), out);
    else if (m->promise.grant == GRANT_VOID)
        say_alone(m, ev, dp, SAY_VOIDED, "this server was started again", out);
    const struct promise *p = &m->promise;
    m->watch.fence_open = fence_waits(p);
    m->watch.ran_ms = ev->now_ms; /* what is remembered was read before */
    out->observe_now = true;
}

/* A word says how old its facts are at the moment of speaking. */
static void
age_facts(struct watch *w, uint64_t now_ms)
{
    uint64_t passed = now_ms > w->aged_ms ? now_ms - w->aged_ms : 0;
    for (size_t i = 0; i < FACT_COUNT; i++) {
        uint64_t age = w->facts.fact[i].age_ms + passed;
        w->facts.fact[i].age_ms = age < UINT32_MAX ? (uint32_t)age : UINT32_MAX;
    }
    w->aged_ms = now_ms;
}

void
member_step(struct member *m, const struct member_event *ev, const struct digest_port *dp,
            struct member_out *out)
{
    age_facts(&m->watch, ev->now_ms);
    out->changed = out->plan_changed = out->trust_changed = false;
    out->refused = out->observe_now = false;
    out->word_count = 0;
    out->log = NULL;

    switch (ev->kind) {
    case MEMBER_ORDER:
        on_order(m, ev, dp, out);
        break;
    case MEMBER_OBSERVED:
        on_observed(m, ev, dp, out);
        break;
    case MEMBER_NOTICE:
        on_notice(m, ev, out);
        break;
    case MEMBER_TICK:
        if (guard_tick(&m->promise, ev->now_ms))
            say_alone(m, ev, dp, SAY_VOIDED, "the grant's own time is over", out);
        break;
    case MEMBER_BOOT:
        on_boot(m, ev, dp, out);
        break;
    case MEMBER_RECEIPT:
        if (ev->receipt_size > m->promise.receipt_size) {
            m->promise.receipt_size = ev->receipt_size;
            m->promise.receipt_root = ev->receipt_root;
            out->changed = true;
        }
        break;
    case MEMBER_TRUST: /* refused ones change nothing: the next order will say so, signed */
        if (take_trust(m, ev->order, dp, out) != REFUSE_NONE)
            out->log = refusal_text(REFUSE_TRUST);
        if (fence_waits(&m->promise)) /* a twin of this session's controller may have heard it */
            quiet_again(&m->watch);
        break;
    }
}
