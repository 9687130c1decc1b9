#include "authority.h"

#include <string.h>

#include "common/canon.h"

static const char *const phase_names[] = {"none",   "adopting", "held",   "fencing",
                                          "fenced", "asked",    "granted"};
static const char *const event_names[] = {"adopt",  "fence",     "ask",        "go",
                                          "void",   "said",      "retire",     "start",
                                          "attest", "reconcile", "acknowledge"};
_Static_assert(ARRAY_LEN(phase_names) == AUTH_PHASE_COUNT, "a name per phase");
_Static_assert(ARRAY_LEN(event_names) == AUTH_EVENT_COUNT, "a name per event");

const char *
authority_phase_name(enum authority_phase p)
{
    return p < AUTH_PHASE_COUNT ? phase_names[p] : "any";
}

const char *
authority_event_name(enum authority_event e)
{
    return event_names[e];
}

int
authority_member_index(const struct authority *a, const struct baton_key *key)
{
    for (int i = 0; i < a->member_count; i++)
        if (baton_key_eq(&a->member[i].key, key))
            return i;
    return -1;
}

bool
authority_complete(const struct authority *a)
{
    for (size_t i = 0; i < a->member_count; i++) {
        const struct authority_member *m = &a->member[i];
        bool recipient = baton_key_eq(&m->key, &a->recipient);
        if (baton_hash_is_zero(&m->evidence) && (recipient || !m->attested))
            return false;
        if (m->tamper_open)
            return false;
    }
    return a->member_count > 0;
}

/* An attested member was not asked: two people's signatures have their own expiry. */
bool
authority_fresh(const struct authority *a, uint64_t now_ms, uint64_t limit_ms)
{
    for (size_t i = 0; i < a->member_count; i++) {
        const struct authority_member *m = &a->member[i];
        bool proven = !baton_hash_is_zero(&m->evidence);
        if (proven && (m->challenged_ms == 0 || now_ms - m->challenged_ms > limit_ms))
            return false;
    }
    return authority_complete(a);
}

bool
authority_may_return(const struct authority *a, const struct baton_key *recipient,
                     const char **ret_why)
{
    int r = authority_member_index(a, recipient);
    *ret_why = "that server is not a member";
    if (r < 0)
        return false;
    *ret_why = "its product was removed";
    if (a->member[r].kind == KIND_REMOVED || a->member[r].retired)
        return false;
    *ret_why = "the new server has exported: there is no way back to a legacy server";
    if (!product_is_legacy((enum product)a->member[r].product))
        return true;
    for (size_t i = 0; i < a->member_count; i++)
        if (a->member[i].product == PRODUCT_CONNECT && a->member[i].ever_exported)
            return false;
    *ret_why = "nothing is in the way";
    return true;
}

/* ---- conditions of the rows ------------------------------------------------------------------ */

struct step { /* one call */
    struct authority *a;
    const struct authority_input *in;
    int said_by; /* member index of the statement, else -1 */
    uint32_t news;
};

static bool
always(const struct step *s)
{
    (void)s;
    return true;
}

static bool
sure(const struct step *s)
{
    return !s->a->recovering && !s->a->reconcile;
}

/* Enrolled after the record was made: the plan alone knows it, and nothing leads it back. */
static bool
newcomer(const struct step *s)
{
    int at = s->in->plan == NULL ? -1 : plan_member_index(s->in->plan, &s->in->recipient);
    return authority_member_index(s->a, &s->in->recipient) < 0 && at >= 0 &&
           !product_is_legacy((enum product)s->in->plan->member[at].product);
}

static bool
may_fence(const struct step *s)
{
    const char *why;
    if (newcomer(s))
        return sure(s);
    return sure(s) && authority_may_return(s->a, &s->in->recipient, &why);
}

static bool
complete_in_time(const struct step *s)
{
    uint64_t limit = s->in->plan != NULL ? (uint64_t)s->in->plan->policy.v[POLICY_GO_MS] : 0;
    bool asked = s->a->asked_ms != 0; /* in this run */
    return sure(s) && asked && authority_complete(s->a) && s->in->now_ms - s->a->asked_ms <= limit;
}

/* Nobody has to be asked twice who has just proven it. Before a go people are shown the evidence, so
 * there it is asked for again; a rollback's grant goes out over what the fence has brought in. */
static bool
back_and_proven_in_time(const struct step *s)
{
    const struct plan *p = s->in->plan;
    return sure(s) && p != NULL && baton_key_eq(&s->a->recipient, &p->member[p->holder].key) &&
           authority_fresh(s->a, s->in->now_ms, (uint64_t)p->policy.v[POLICY_GO_MS]);
}

static bool
speaks_of_now(const struct step *s)
{
    BATON_ASSERT(s->said_by >= 0); /* asked of statements alone, and a stranger's ends before */
    return epoch_eq(&s->in->said->epoch, &s->a->epoch);
}

static bool
by_recipient(const struct step *s)
{
    return speaks_of_now(s) && baton_key_eq(&s->a->member[s->said_by].key, &s->a->recipient);
}

static bool
recipient_holds(const struct step *s)
{
    return by_recipient(s) && s->in->said->holding &&
           epoch_eq(&s->in->said->holding_epoch, &s->a->epoch);
}

static bool
adopted_by_all(const struct step *s)
{
    if (!speaks_of_now(s))
        return false;
    bool held = false;
    for (size_t i = 0; i < s->a->member_count; i++) {
        const struct authority_member *m = &s->a->member[i];
        if (!m->accepted)
            return false;
        held = held || !baton_hash_is_zero(&m->holds);
    }
    return held;
}

static bool
says_quiet(const struct step *s)
{
    return speaks_of_now(s) && s->in->said->type == SAY_QUIET &&
           (!s->a->recovering || s->a->member[s->said_by].heard);
}

/* The last one that had to be heard: what had to wait may leave now. */
static bool
heard_all(const struct step *s)
{
    return (s->news & AUTH_NEWS_RECOVERED) != 0 && sure(s);
}

static bool
evidence_completes(const struct step *s)
{
    return speaks_of_now(s) && s->in->said->type == SAY_EVIDENCE && authority_complete(s->a);
}

static bool
attest_completes(const struct step *s)
{
    return authority_complete(s->a);
}

static bool
tampered(const struct step *s)
{
    return s->in->said->type == SAY_TAMPER;
}

static bool
grant_is_live(const struct step *s)
{
    return by_recipient(s) && s->in->said->type == SAY_GRANTED &&
           s->in->said->serial == s->a->serial;
}

/* The recipient's own word that this grant, or any before it, lets it do nothing. */
static bool
grant_is_void(const struct step *s)
{
    const struct statement *w = s->in->said;
    return by_recipient(s) && !w->holding && w->grant == GRANT_VOID && w->serial >= s->a->serial;
}

/* A grant has no nonce, and asks for this epoch: a refusal that names a nonce is about a challenge, and one of another
 * epoch about a FENCE of long ago that came late. The grant may be under way behind it. */
static bool
grant_refused(const struct step *s)
{
    const struct statement *w = s->in->said;
    return by_recipient(s) && w->type == SAY_REFUSED && baton_id_is_zero(&w->nonce) &&
           epoch_eq(&w->asked, &s->a->epoch) && !w->holding && w->grant != GRANT_LIVE;
}

static bool
still_fencing(const struct step *s)
{
    return sure(s) && !authority_complete(s->a);
}

/* No honest agent promises further ahead than this; one that says so would strand the tenant. */
static bool
in_reach(const struct authority *a, const struct epoch *e)
{
    return e->counter <= a->epoch.counter || e->counter - a->epoch.counter < EPOCH_JUMP_MAX;
}

/* The members' word where they know better. */
static const struct epoch *
newest_promise(const struct authority *a)
{
    const struct epoch *newest = &a->epoch;
    for (size_t i = 0; i < a->member_count; i++)
        if (in_reach(a, &a->member[i].promise) && epoch_cmp(&a->member[i].promise, newest) > 0)
            newest = &a->member[i].promise;
    return newest;
}

static bool
all_promised(const struct authority *a, const struct epoch *e)
{
    for (size_t i = 0; i < a->member_count; i++)
        if (!epoch_eq(&a->member[i].promise, e))
            return false;
    return true;
}

static bool
somebody_holds(const struct step *s)
{
    return !baton_key_is_zero(&s->a->holder);
}

/* This record never saw the adoption end, and not everybody has promised it; or nobody holds, and no
 * order of a higher number than the adoption's is known: a fence would be refused for ever. */
static bool
adoption_open(const struct step *s)
{
    const struct authority *a = s->a;
    const struct epoch *newest = newest_promise(a);
    if (a->adopted)
        return false;
    return somebody_holds(s) ? !all_promised(a, newest)
                             : a->phase == AUTH_ADOPTING && newest->counter == a->epoch.counter;
}

struct match {
    struct authority_row row;
    bool (*when)(const struct step *s);
    uint32_t news;
};

// clang-format off
static const struct match matches[] = {
    /* from            event              to              condition                     effect              why */
    { { AUTHORITY_ANY, AUTH_EV_START,     AUTHORITY_SAME, "",                           AUTH_FX_STATUS,     "a controller that starts knows nothing until the agents have spoken" }, always, 0 },

    { { AUTH_NONE,     AUTH_EV_ADOPT,     AUTH_ADOPTING,  "",                           AUTH_FX_FENCE,      "the first epoch names who exports already" }, always, 0 },
    { { AUTH_ADOPTING, AUTH_EV_ADOPT,     AUTH_ADOPTING,  "sure",                       AUTH_FX_FENCE,      "adoption is tried again under a new epoch" }, sure, 0 },
    { { AUTH_HELD,     AUTH_EV_ADOPT,     AUTH_ADOPTING,  "sure",                       AUTH_FX_FENCE,      "the role was moved by hand; two people say so" }, sure, 0 },

    { { AUTH_HELD,     AUTH_EV_FENCE,     AUTH_FENCING,   "sure; the recipient may get it", AUTH_FX_FENCE,  "the role begins to move" }, may_fence, 0 },
    { { AUTH_FENCING,  AUTH_EV_FENCE,     AUTH_FENCING,   "sure; the recipient may get it", AUTH_FX_FENCE,  "a newer epoch replaces the older" }, may_fence, 0 },
    { { AUTH_FENCED,   AUTH_EV_FENCE,     AUTH_FENCING,   "sure; the recipient may get it", AUTH_FX_FENCE,  "nobody exports; the recipient changes" }, may_fence, 0 },
    { { AUTH_ASKED,    AUTH_EV_FENCE,     AUTH_FENCING,   "sure; the recipient may get it", AUTH_FX_FENCE,  "decided otherwise before the grant" }, may_fence, 0 },
    { { AUTH_GRANTED,  AUTH_EV_FENCE,     AUTH_FENCING,   "sure; the recipient may get it", AUTH_FX_FENCE,  "takes an unused grant back; a used one answers with a refusal" }, may_fence, 0 },

    { { AUTHORITY_ANY, AUTH_EV_RECONCILE, AUTH_ADOPTING,  "never adopted; a member holds and not all promised it, or none and no higher number", AUTH_FX_NONE, "the adoption that this record did not see end is gone on with" }, adoption_open, 0 },
    { { AUTHORITY_ANY, AUTH_EV_RECONCILE, AUTH_HELD,      "a member says that it holds", AUTH_FX_NONE,      "the members' word is the record now" }, somebody_holds, 0 },
    { { AUTHORITY_ANY, AUTH_EV_RECONCILE, AUTH_FENCING,   "",                           AUTH_FX_CHALLENGE,  "an open epoch may be finished for the recipient it names" }, always, 0 },

    { { AUTH_ADOPTING, AUTH_EV_SAID,      AUTH_HELD,      "everybody accepted, the recipient holds", AUTH_FX_NONE, "adopted" }, adopted_by_all, AUTH_NEWS_ADOPTED },

    { { AUTH_FENCED,   AUTH_EV_SAID,      AUTH_FENCING,   "a guard acted",              AUTH_FX_NONE,       "its evidence is void; it must prove quiet again" }, tampered, 0 },
    { { AUTH_ASKED,    AUTH_EV_SAID,      AUTH_FENCING,   "a guard acted",              AUTH_FX_NONE,       "its evidence is void; it must prove quiet again" }, tampered, 0 },
    { { AUTH_FENCING,  AUTH_EV_SAID,      AUTH_HELD,      "the recipient holds",        AUTH_FX_NONE,       "it never stopped: cancel is complete" }, recipient_holds, AUTH_NEWS_HOLDING },
    { { AUTH_FENCED,   AUTH_EV_SAID,      AUTH_HELD,      "the recipient holds",        AUTH_FX_NONE,       "a grant given up for lost was honoured" }, recipient_holds, AUTH_NEWS_GRANT_USED },
    { { AUTH_ASKED,    AUTH_EV_SAID,      AUTH_HELD,      "the recipient holds",        AUTH_FX_NONE,       "a grant given up for lost was honoured" }, recipient_holds, AUTH_NEWS_GRANT_USED },
    { { AUTH_FENCING,  AUTH_EV_SAID,      AUTH_FENCING,   "everybody was heard again",  AUTH_FX_CHALLENGE,  "who was quiet meanwhile has to prove it" }, heard_all, 0 },
    { { AUTH_FENCING,  AUTH_EV_SAID,      AUTH_FENCING,   "a member is quiet",          AUTH_FX_CHALLENGE,  "ask it to prove that" }, says_quiet, 0 },
    { { AUTH_FENCING,  AUTH_EV_SAID,      AUTH_FENCED,    "the last evidence",          AUTH_FX_NONE,       "every member has proven that it does not export" }, evidence_completes, AUTH_NEWS_ALL_EVIDENCE },
    { { AUTH_FENCING,  AUTH_EV_ATTEST,    AUTH_FENCED,    "the last evidence",          AUTH_FX_NONE,       "two people stand in for the last member" }, attest_completes, AUTH_NEWS_ALL_EVIDENCE },
    { { AUTHORITY_ANY, AUTH_EV_ATTEST,    AUTHORITY_SAME, "",                           AUTH_FX_NONE,       "two people stand in for a member" }, always, 0 },
    { { AUTH_FENCING,  AUTH_EV_ASK,       AUTH_FENCING,   "evidence is missing",        AUTH_FX_CHALLENGE,  "fresh evidence now" }, still_fencing, 0 },
    { { AUTH_ADOPTING, AUTH_EV_ASK,       AUTH_ADOPTING,  "sure",                       AUTH_FX_CHALLENGE,  "nothing moves: who raised an alarm has to prove that it is quiet" }, sure, 0 },
    { { AUTH_HELD,     AUTH_EV_ASK,       AUTH_HELD,      "sure",                       AUTH_FX_CHALLENGE,  "nothing moves: who raised an alarm has to prove that it is quiet" }, sure, 0 },
    { { AUTH_GRANTED,  AUTH_EV_ASK,       AUTH_GRANTED,   "sure",                       AUTH_FX_CHALLENGE,  "nothing moves: who raised an alarm has to prove that it is quiet" }, sure, 0 },
    { { AUTH_FENCED,   AUTH_EV_ASK,       AUTH_ASKED,     "sure",                       AUTH_FX_CHALLENGE,  "everybody proves it again before anybody is granted" }, sure, 0 },
    { { AUTH_ASKED,    AUTH_EV_ASK,       AUTH_ASKED,     "sure",                       AUTH_FX_CHALLENGE,  "asked again" }, sure, 0 },
    { { AUTH_ASKED,    AUTH_EV_SAID,      AUTH_ASKED,     "the last evidence",          AUTH_FX_NONE,       "fresh evidence of every member is in" }, evidence_completes, AUTH_NEWS_ALL_EVIDENCE },
    { { AUTH_ASKED,    AUTH_EV_GO,        AUTH_GRANTED,   "evidence complete, within go_ms", AUTH_FX_GRANT, "go was signed over exactly this evidence" }, complete_in_time, 0 },

    { { AUTH_FENCED,   AUTH_EV_GO,        AUTH_GRANTED,   "towards the plan's holder; evidence complete, within go_ms", AUTH_FX_GRANT, "everybody has just proven it: on the way back nobody is asked twice" }, back_and_proven_in_time, 0 },

    { { AUTH_GRANTED,  AUTH_EV_SAID,      AUTH_HELD,      "the recipient holds",        AUTH_FX_NONE,       "the grant was used" }, recipient_holds, AUTH_NEWS_GRANT_USED },
    { { AUTH_GRANTED,  AUTH_EV_SAID,      AUTH_GRANTED,   "the grant is live",          AUTH_FX_NONE,       "the recipient verified it" }, grant_is_live, AUTH_NEWS_GRANT_LIVE },
    { { AUTH_GRANTED,  AUTH_EV_SAID,      AUTH_FENCED,    "the grant is void",          AUTH_FX_NONE,       "the recipient itself says so" }, grant_is_void, AUTH_NEWS_GRANT_VOID },
    { { AUTH_GRANTED,  AUTH_EV_SAID,      AUTH_FENCED,    "the recipient refused it",   AUTH_FX_NONE,       "not honoured, and that order is dead" }, grant_refused, AUTH_NEWS_GRANT_VOID },
    { { AUTH_GRANTED,  AUTH_EV_VOID,      AUTH_GRANTED,   "sure",                       AUTH_FX_VOID,       "ask the recipient to void it; only its answer counts" }, sure, 0 },

    { { AUTH_HELD,     AUTH_EV_RETIRE,    AUTH_HELD,      "sure",                       AUTH_FX_RETIRE,     "a tombstone for good" }, sure, 0 },
    { { AUTHORITY_ANY, AUTH_EV_ACK,       AUTHORITY_SAME, "",                           AUTH_FX_NONE,       "a named person has seen the alarm" }, always, 0 },
    { { AUTHORITY_ANY, AUTH_EV_SAID,      AUTHORITY_SAME, "otherwise",                  AUTH_FX_NONE,       "noted" }, always, 0 },
};
// clang-format on

const struct authority_row *
authority_rows(size_t *ret_count)
{
    static struct authority_row rows[ARRAY_LEN(matches)];
    for (size_t i = 0; i < ARRAY_LEN(matches); i++)
        rows[i] = matches[i].row;
    *ret_count = ARRAY_LEN(matches);
    return rows;
}

/* ---- what a statement tells, before any row is looked for ------------------------------------- */

static void
note_words_of_now(struct step *s, struct authority_member *m)
{
    const struct statement *w = s->in->said;
    m->accepted = true;
    m->kind = w->kind != KIND_NONE ? w->kind : m->kind;
    if (w->type == SAY_EVIDENCE && baton_id_eq(&w->nonce, &m->nonce) &&
        !baton_id_is_zero(&m->nonce)) {
        m->evidence = s->in->said_hash;
        m->tamper_open = false;
    }
    if (w->holding && epoch_eq(&w->holding_epoch, &s->a->epoch)) {
        m->holds = s->in->said_hash;
        m->tamper_open = false;
    }
}

static void
note_holder(struct authority *a, const struct authority_member *m, const struct statement *w)
{
    if (w->holding)
        a->holder = m->key;
    else if (baton_key_eq(&a->holder, &m->key))
        a->holder = (struct baton_key){{0}};
}

static void
note_alarms(struct step *s, struct authority_member *m)
{
    const struct statement *w = s->in->said;
    if (w->type == SAY_TAMPER) {
        m->tamper_open = true;
        m->tamper_unread = true;
        if (s->a->phase != AUTH_HELD) /* else it stays on the record what was granted over */
            m->attested = false;      /* what people saw of it is overtaken */
        m->evidence = (struct baton_hash){{0}};
        s->news |= AUTH_NEWS_TAMPER;
    }
    if (w->quarantine != QUARANTINE_NONE && m->quarantine == QUARANTINE_NONE)
        s->news |= AUTH_NEWS_QUARANTINE;
    if (w->ever_exported && !m->ever_exported && m->product == PRODUCT_CONNECT)
        s->news |= AUTH_NEWS_PONR;
    if (w->type == SAY_REFUSED)
        s->news |= AUTH_NEWS_REFUSED;
    if (w->type == SAY_DRAINING)
        s->news |= AUTH_NEWS_DRAINING;
    if (w->type == SAY_RETIRED)
        s->news |= AUTH_NEWS_RETIRED;
}

/* Agents keep their longest receipt: one that people have confirmed as lost comes again with every word
 * until the log has outgrown it. */
static bool
records_lost(struct step *s, const struct statement *w)
{
    bool lost = (s->in->our_log_size < w->receipt_size || s->in->other_log) &&
                w->receipt_size > s->a->receipt_size_foreign;
    if (lost)
        s->a->receipt_size_foreign = w->receipt_size;
    return lost;
}

static void
note_foreign(struct step *s, const struct statement *w)
{
    bool promise_unknown = epoch_cmp(&w->epoch, &s->a->epoch) > 0;
    bool records_unknown = records_lost(s, w);
    if ((promise_unknown || records_unknown) && !s->a->reconcile) {
        s->a->reconcile = true;
        s->news |= AUTH_NEWS_FOREIGN;
    }
}

static bool
unheard(const struct authority_member *m)
{
    return !m->heard && !m->attested && !m->retired;
}

static bool
everybody_heard(const struct authority *a)
{
    for (size_t i = 0; i < a->member_count; i++)
        if (unheard(&a->member[i]))
            return false;
    return true;
}

bool
authority_awaits(const struct authority *a, size_t member)
{
    return a->recovering && unheard(&a->member[member]);
}

static void
note_heard(struct step *s)
{
    if (s->a->recovering && everybody_heard(s->a)) {
        s->a->recovering = false;
        s->news |= AUTH_NEWS_RECOVERED;
    }
}

static enum baton_status
note_statement(struct step *s)
{
    const struct statement *w = s->in->said;
    s->said_by = authority_member_index(s->a, &w->member);
    if (s->said_by < 0 || !baton_id_eq(&w->tenant, &s->a->tenant))
        return BATON_NO_RULE;
    struct authority_member *m = &s->a->member[s->said_by];
    if (w->counter <= m->counter)
        return BATON_STALE; /* an old word, delivered late or twice */

    note_foreign(s, w);
    note_alarms(s, m);
    m->counter = w->counter;
    m->highest = s->in->said_hash;
    m->promise = w->epoch;
    m->said = w->type;
    m->refusal = w->refusal;
    m->quarantine = w->quarantine;
    m->grant = w->grant;
    m->retired = w->retired;
    m->ever_exported = m->ever_exported || w->ever_exported;
    s->a->ponr = s->a->ponr || (m->ever_exported && m->product == PRODUCT_CONNECT);
    /* Only the answer to a question of this run proves that the agent was heard in this run. */
    m->heard = m->heard ||
               (!baton_id_is_zero(&m->status_nonce) && baton_id_eq(&w->nonce, &m->status_nonce));
    if (speaks_of_now(s))
        note_words_of_now(s, m);
    note_holder(s->a, m, w);
    note_heard(s);
    s->a->said_by = (uint8_t)s->said_by;
    s->a->refused_by = (uint8_t)s->said_by;
    return BATON_OK;
}

/* ---- what a row's effect needs in the record --------------------------------------------------- */

static void
take_members(struct authority *a, const struct plan *plan, const struct baton_hash *plan_hash)
{
    struct authority before = *a;
    a->member_count = plan->member_count;
    a->plan = *plan_hash;
    for (uint8_t i = 0; i < plan->member_count; i++) {
        int known = authority_member_index(&before, &plan->member[i].key);
        a->member[i] = known >= 0 ? before.member[known] : (struct authority_member){0};
        a->member[i].key = plan->member[i].key;
        a->member[i].product = plan->member[i].product;
        a->member[i].kind = plan->member[i].kind;
    }
}

static void
forget_evidence(struct authority *a)
{
    for (size_t i = 0; i < a->member_count; i++)
        a->member[i].evidence = (struct baton_hash){{0}};
}

/* What was said or attested under another epoch says nothing of this one. */
static void
enter_epoch(struct authority *a, const struct epoch *e)
{
    a->epoch = *e;
    a->serial = 0;
    for (size_t i = 0; i < a->member_count; i++) {
        struct authority_member *m = &a->member[i];
        m->accepted = epoch_eq(&m->promise, e);
        m->attested = false;
        m->holds = (struct baton_hash){{0}};
    }
}

static void
begin_epoch(struct step *s)
{
    struct authority *a = s->a;
    uint64_t counter = a->epoch.counter;
    for (size_t i = 0; i < a->member_count; i++)
        if (in_reach(a, &a->member[i].promise) && a->member[i].promise.counter > counter)
            counter = a->member[i].promise.counter;
    enter_epoch(a, &(struct epoch){counter + 1, s->in->incarnation});
    a->recipient = s->in->recipient;
    forget_evidence(a);
    for (size_t i = 0; i < a->member_count; i++) {
        a->member[i].nonce = (struct baton_id){{0}};
        a->member[i].challenged_ms = 0;
    }
}

static void
challenge(struct step *s, size_t member)
{
    struct authority_member *m = &s->a->member[member];
    m->nonce = s->in->nonce[member];
    m->challenged_ms = s->in->now_ms;
    m->evidence = (struct baton_hash){{0}};
    s->a->challenge_mask |= (uint8_t)(1u << member);
}

static void
challenge_all(struct step *s)
{
    for (size_t i = 0; i < s->a->member_count; i++)
        challenge(s, i);
    s->a->asked_ms = s->in->now_ms;
}

/* Where nothing moves, only who raised an alarm: the evidence of the others stays what it is. */
static void
challenge_alarmed(struct step *s)
{
    for (size_t i = 0; i < s->a->member_count; i++)
        if (s->a->member[i].tamper_open)
            challenge(s, i);
}

static bool
nothing_moves(const struct authority *a)
{
    return a->phase == AUTH_ADOPTING || a->phase == AUTH_HELD || a->phase == AUTH_GRANTED;
}

static void
forget_run(struct step *s)
{
    for (size_t i = 0; i < s->a->member_count; i++) {
        s->a->member[i].heard = false;
        s->a->member[i].challenged_ms = 0;
        s->a->member[i].status_nonce = s->in->nonce[i];
    }
    /* A tenant without members has nobody to hear. */
    s->a->recovering = s->a->member_count > 0;
    s->a->asked_ms = 0;
}

static void
take_members_word(struct authority *a)
{
    struct epoch newest = *newest_promise(a);
    if (!epoch_eq(&newest, &a->epoch))
        enter_epoch(a, &newest);
    a->reconcile = false;
}

static void
prepare(struct step *s)
{
    struct authority *a = s->a;
    int subject = authority_member_index(a, &s->in->recipient);
    switch (s->in->event) {
    case AUTH_EV_ADOPT:
    case AUTH_EV_FENCE:
        if (s->in->plan != NULL)
            take_members(a, s->in->plan, &s->in->plan_hash);
        begin_epoch(s);
        break;
    case AUTH_EV_ASK:
        if (nothing_moves(a))
            challenge_alarmed(s);
        else
            challenge_all(s);
        break;
    case AUTH_EV_GO:
        a->serial++;
        break;
    case AUTH_EV_START:
        forget_run(s);
        break;
    case AUTH_EV_RETIRE:
        a->retire_subject = (uint8_t)(subject < 0 ? MEMBERS_MAX : subject);
        break;
    case AUTH_EV_ACK:
        if (subject >= 0)
            a->member[subject].tamper_unread = false;
        break;
    case AUTH_EV_VOID:
        subject = authority_member_index(a, &a->recipient);
        if (subject >= 0)
            challenge(s, (size_t)subject);
        break;
    case AUTH_EV_RECONCILE:
        take_members_word(a);
        challenge_all(s);
        break;
    case AUTH_EV_SAID:
        if (a->phase == AUTH_FENCING && heard_all(s))
            challenge_all(s);
        else if (a->phase == AUTH_FENCING && says_quiet(s))
            challenge(s, (size_t)s->said_by);
        break;
    case AUTH_EV_ATTEST:
    case AUTH_EVENT_COUNT:
        break;
    }
}

static enum baton_status
note_attest(struct step *s)
{
    int subject = authority_member_index(s->a, &s->in->recipient);
    if (subject < 0)
        return BATON_NOT_FOUND;
    struct authority_member *m = &s->a->member[subject];
    m->attested = true;
    m->tamper_open = false; /* who died after its alarm gives no evidence any more */
    m->attested_by[0] = s->in->attest[0];
    m->attested_by[1] = s->in->attest[1];
    note_heard(s);
    return BATON_OK;
}

static const struct match *
find_match(const struct step *s)
{
    for (size_t i = 0; i < ARRAY_LEN(matches); i++) {
        const struct authority_row *row = &matches[i].row;
        if (row->event == s->in->event &&
            (row->from == AUTHORITY_ANY || row->from == s->a->phase) && matches[i].when(s))
            return &matches[i];
    }
    return NULL;
}

static bool
phase_knows(const struct authority *a, enum authority_event event)
{
    for (size_t i = 0; i < ARRAY_LEN(matches); i++)
        if (matches[i].row.event == event &&
            (matches[i].row.from == AUTHORITY_ANY || matches[i].row.from == a->phase))
            return true;
    return false;
}

/* One epoch in which everybody has spoken: whose the role is needs no adoption after that. */
enum { ROLE_SETTLED = AUTH_NEWS_ADOPTED | AUTH_NEWS_ALL_EVIDENCE | AUTH_NEWS_GRANT_USED };

/* Everybody's promise of one epoch in which one of them holds: what an adoption ends with. */
static bool
role_shown(const struct authority *a)
{
    return a->phase == AUTH_HELD && !baton_key_is_zero(&a->holder) && all_promised(a, &a->epoch);
}

enum baton_status
authority_step(struct authority *a, const struct authority_input *in,
               const struct authority_row **ret_row, uint32_t *ret_effects, uint32_t *ret_news)
{
    struct authority next = *a;
    struct step s = {.a = &next, .in = in, .said_by = -1};
    enum baton_status rc = BATON_OK;

    next.challenge_mask = 0;
    *ret_row = NULL;
    *ret_effects = AUTH_FX_NONE;
    *ret_news = 0;
    if (in->event == AUTH_EV_SAID)
        rc = note_statement(&s);
    if (in->event == AUTH_EV_ATTEST)
        rc = note_attest(&s);
    if (rc != BATON_OK)
        return rc;

    const struct match *m = find_match(&s);
    if (m == NULL)
        return phase_knows(&next, in->event) ? BATON_REFUSED : BATON_NO_RULE;
    prepare(&s);
    if (m->row.to != AUTHORITY_SAME)
        next.phase = m->row.to;
    next.adopted = next.adopted || (m->news & ROLE_SETTLED) != 0 || role_shown(&next);
    *a = next;
    *ret_row = &m->row;
    *ret_effects = m->row.effect;
    *ret_news = s.news | m->news;
    return BATON_OK;
}

/* ---- what is no row ------------------------------------------------------------------------------- */

struct authority_run
authority_run_of(const struct authority *a)
{
    struct authority_run run = {
        .recovering = a->recovering, .member_count = a->member_count, .asked_ms = a->asked_ms};
    for (size_t i = 0; i < a->member_count; i++)
        run.member[i] = (struct authority_run_member){a->member[i].key, a->member[i].heard,
                                                      a->member[i].challenged_ms};
    return run;
}

bool
authority_run_eq(const struct authority_run *a, const struct authority_run *b)
{
    bool same = a->recovering == b->recovering && a->asked_ms == b->asked_ms &&
                a->member_count == b->member_count;
    for (size_t i = 0; i < a->member_count && same; i++)
        same = baton_key_eq(&a->member[i].key, &b->member[i].key) &&
               a->member[i].heard == b->member[i].heard &&
               a->member[i].challenged_ms == b->member[i].challenged_ms;
    return same;
}

/* A record without members has nobody to hear. */
void
authority_run_put(const struct authority_run *run, struct authority *a)
{
    a->recovering = run->recovering && a->member_count > 0;
    a->asked_ms = run->asked_ms;
    for (size_t i = 0; i < run->member_count; i++) {
        int at = authority_member_index(a, &run->member[i].key);
        if (at < 0)
            continue;
        a->member[at].heard = run->member[i].heard;
        a->member[at].challenged_ms = run->member[i].challenged_ms;
    }
}

/* ---- row image ------------------------------------------------------------------------------- */

static void
put_member(struct canon_writer *w, const struct authority_member *m)
{
    canon_put_key(w, &m->key);
    canon_put_u8(w, m->product);
    canon_put_u8(w, m->kind);
    canon_put_bool(w, m->accepted);
    canon_put_bool(w, m->tamper_open);
    canon_put_bool(w, m->tamper_unread);
    canon_put_bool(w, m->ever_exported);
    canon_put_bool(w, m->retired);
    canon_put_bool(w, m->attested);
    canon_put_u8(w, m->said);
    canon_put_u8(w, m->refusal);
    canon_put_u8(w, m->quarantine);
    canon_put_u8(w, m->grant);
    canon_put_u64(w, m->counter);
    canon_put_id(w, &m->nonce);
    canon_put_hash(w, &m->evidence);
    canon_put_hash(w, &m->attested_by[0]);
    canon_put_hash(w, &m->attested_by[1]);
    canon_put_hash(w, &m->highest);
    canon_put_hash(w, &m->holds);
    canon_put_epoch(w, &m->promise);
}

static struct authority_member
get_member(struct canon_reader *r)
{
    struct authority_member m = {0};
    m.key = canon_get_key(r);
    m.product = canon_get_enum(r, 0, PRODUCT_COUNT - 1);
    m.kind = canon_get_enum(r, 0, KIND_COUNT - 1);
    m.accepted = canon_get_bool(r);
    m.tamper_open = canon_get_bool(r);
    m.tamper_unread = canon_get_bool(r);
    m.ever_exported = canon_get_bool(r);
    m.retired = canon_get_bool(r);
    m.attested = canon_get_bool(r);
    m.said = canon_get_enum(r, 0, SAY_COUNT - 1);
    m.refusal = canon_get_enum(r, 0, REFUSAL_COUNT - 1);
    m.quarantine = canon_get_enum(r, 0, QUARANTINE_SESSIONS);
    m.grant = canon_get_enum(r, 0, GRANT_VOID);
    m.counter = canon_get_u64(r);
    m.nonce = canon_get_id(r);
    m.evidence = canon_get_hash(r);
    m.attested_by[0] = canon_get_hash(r);
    m.attested_by[1] = canon_get_hash(r);
    m.highest = canon_get_hash(r);
    m.holds = canon_get_hash(r);
    m.promise = canon_get_epoch(r);
    return m;
}

/* What was heard, and when somebody was asked, belongs to one run and is not kept. */
size_t
authority_encode(const struct authority *a, uint8_t out[AUTHORITY_BYTES_MAX])
{
    struct canon_writer w;
    canon_writer_init(&w, out, AUTHORITY_BYTES_MAX);
    canon_put_u8(&w, a->phase);
    canon_put_bool(&w, a->reconcile);
    canon_put_bool(&w, a->ponr);
    canon_put_bool(&w, a->adopted);
    canon_put_id(&w, &a->tenant);
    canon_put_hash(&w, &a->plan);
    canon_put_epoch(&w, &a->epoch);
    canon_put_key(&w, &a->recipient);
    canon_put_key(&w, &a->holder);
    canon_put_u32(&w, a->serial);
    canon_put_u64(&w, a->receipt_size_foreign);
    canon_put_u8(&w, a->member_count);
    for (size_t i = 0; i < a->member_count; i++)
        put_member(&w, &a->member[i]);
    size_t len = 0;
    enum baton_status rc = canon_finish(&w, &len);
    BATON_ASSERT(rc == BATON_OK);
    return len;
}

enum baton_status
authority_decode(const uint8_t *bytes, size_t len, struct authority *ret_authority)
{
    struct authority a = {0};
    struct canon_reader r;
    canon_reader_init(&r, bytes, len);
    a.phase = canon_get_enum(&r, 0, AUTH_PHASE_COUNT - 1);
    a.reconcile = canon_get_bool(&r);
    a.ponr = canon_get_bool(&r);
    a.adopted = canon_get_bool(&r);
    a.tenant = canon_get_id(&r);
    a.plan = canon_get_hash(&r);
    a.epoch = canon_get_epoch(&r);
    a.recipient = canon_get_key(&r);
    a.holder = canon_get_key(&r);
    a.serial = canon_get_u32(&r);
    a.receipt_size_foreign = canon_get_u64(&r);
    a.member_count = canon_get_enum(&r, 0, MEMBERS_MAX);
    for (size_t i = 0; i < a.member_count; i++)
        a.member[i] = get_member(&r);
    if (!canon_finished(&r))
        return BATON_MALFORMED;
    *ret_authority = a;
    return BATON_OK;
}
