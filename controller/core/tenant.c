#include "tenant.h"

#include "common/text.h"
#include "guards.h"
#include "line.h"
#include "verify.h"

#include <string.h>

enum { SETTLE_MAX = 8, NOTES_PER_STEP_MAX = DECISION_NOTES_MAX - 2 };

struct step { /* one call of tenant_step */
    struct tenant *t;
    const struct tenant_event *ev;
    const struct digest_port *dp;
    struct decision *d;
    uint32_t news;          /* of the authority, not yet told to the workflow */
    struct problem refusal; /* of the newest dispatch that did nothing */
};

static struct cutover *
cutover_of(struct step *s)
{
    return &s->t->cutover;
}

static struct guard_ctx
guards_of(const struct step *s)
{
    return (struct guard_ctx){
        .t = s->t,
        .now_ms = s->ev->now_ms,
        .approvals = {.trust = s->ev->trust, .dp = s->dp, .unix_ms = s->ev->unix_ms},
        .reason = s->ev->text};
}

/* --- what is written down --------------------------------------------------------------------- */

static struct decision_note *
note_add(struct step *s, enum audit_type type, uint16_t rule, const char *text)
{
    static struct decision_note spill; /* never read: a full decision keeps its first notes */
    struct decision_note *n =
        s->d->note_count < DECISION_NOTES_MAX ? &s->d->note[s->d->note_count++] : &spill;
    memset(n, 0, sizeof *n);
    n->type = (uint8_t)type;
    n->rule = rule;
    n->from = n->to = cutover_of(s)->state;
    text_copy(n->text, sizeof n->text, text);
    return n;
}

static void
note_ref(struct decision_note *n, const struct baton_hash *ref)
{
    if (!baton_hash_is_zero(ref) && n->ref_count < ARRAY_LEN(n->ref))
        n->ref[n->ref_count++] = *ref;
}

static void
refuse(struct step *s, enum baton_status status, const char *title, const char *who,
       const char *next)
{
    struct problem *p = &s->d->problem;
    memset(p, 0, sizeof *p);
    p->status = status;
    line_set(p->title, sizeof p->title, title);
    line_set(p->who, sizeof p->who, who);
    tenant_text(s->t, next, p->next, sizeof p->next);
    p->since_unix_ms = cutover_of(s)->entered_unix_ms;
}

/* --- the authority ----------------------------------------------------------------------------- */

static enum baton_status
authority_call(struct step *s, enum authority_event event, const struct baton_key *key,
               const struct baton_hash attest[2])
{
    const struct tenant_event *ev = s->ev;
    struct authority_input in = {.event = event,
                                 .now_ms = ev->now_ms,
                                 .incarnation = ev->incarnation,
                                 .our_log_size = ev->our_log_size,
                                 .said = ev->statement,
                                 .said_hash = ev->statement_hash,
                                 .plan = s->t->plan_known ? &s->t->plan : NULL,
                                 .plan_hash = s->t->cutover.plan};
    if (key != NULL)
        in.recipient = *key;
    if (attest != NULL)
        memcpy(in.attest, attest, sizeof in.attest);
    memcpy(in.nonce, ev->nonce, sizeof in.nonce);

    struct epoch epoch = s->t->authority.epoch;
    uint8_t asked = s->d->orders & AUTH_FX_CHALLENGE ? s->t->authority.challenge_mask : 0;
    const struct authority_row *row;
    uint32_t effects, news;
    enum baton_status rc = authority_step(&s->t->authority, &in, &row, &effects, &news);
    if (rc != BATON_OK)
        return rc;
    if (epoch_eq(&epoch, &s->t->authority.epoch)) /* an earlier step of this event asked too */
        s->t->authority.challenge_mask |= asked;
    s->d->orders |= effects;
    s->d->changed_authority = true;
    s->news |= news;
    return BATON_OK;
}

static enum baton_status
attest_call(struct step *s)
{
    struct baton_hash two[2];
    struct guard_ctx g = guards_of(s);
    int member = approvals_attested(s->t, &g.approvals, two);
    if (member < 0)
        return BATON_WAITING;
    struct baton_key key = s->t->authority.member[member].key;
    return authority_call(s, AUTH_EV_ATTEST, &key, two);
}

static enum baton_status
acknowledge_call(struct step *s)
{
    for (size_t i = 0; i < s->t->authority.member_count; i++) {
        struct baton_key key = s->t->authority.member[i].key;
        if (!s->t->authority.member[i].tamper_unread)
            continue;
        enum baton_status rc = authority_call(s, AUTH_EV_ACK, &key, NULL);
        if (rc != BATON_OK)
            return rc;
    }
    return BATON_OK;
}

/* After a restore the members' word is the record: also whose epoch the open one is. */
static enum baton_status
reconcile_call(struct step *s)
{
    enum baton_status rc = authority_call(s, AUTH_EV_RECONCILE, NULL, NULL);
    for (size_t i = 0; rc == BATON_OK && i < MEMBERS_MAX; i++) {
        const struct agent_view *a = &s->t->agent[i];
        if (a->used && a->statement_known && epoch_eq(&a->statement.epoch, &s->t->authority.epoch))
            s->t->authority.recipient = a->statement.recipient;
    }
    return rc;
}

enum whom { WHOM_NOBODY, WHOM_OLD, WHOM_NEW };

static const struct {
    uint32_t effect;
    uint8_t event, whom;
    enum baton_status (*call)(struct step *s); /* instead of a plain event */
    bool may_fail; /* hold is never refused: the grant then dies by its own clock */
} authority_effects[] = {
    {HFX_ADOPT, AUTH_EV_ADOPT, WHOM_OLD, NULL, false},
    {HFX_ADOPT_NEW, AUTH_EV_ADOPT, WHOM_NEW, NULL, false},
    {HFX_FENCE_NEW, AUTH_EV_FENCE, WHOM_NEW, NULL, false},
    {HFX_FENCE_OLD, AUTH_EV_FENCE, WHOM_OLD, NULL, false},
    {HFX_ASK, AUTH_EV_ASK, WHOM_NOBODY, NULL, false},
    {HFX_GRANT, AUTH_EV_GO, WHOM_NOBODY, NULL, false},
    {HFX_VOID, AUTH_EV_VOID, WHOM_NOBODY, NULL, true},
    {HFX_RETIRE, AUTH_EV_RETIRE, WHOM_OLD, NULL, false},
    {HFX_ATTEST, AUTH_EV_ATTEST, WHOM_NOBODY, attest_call, false},
    {HFX_ACK, AUTH_EV_ACK, WHOM_NOBODY, acknowledge_call, false},
    {HFX_RECONCILE, AUTH_EV_RECONCILE, WHOM_NOBODY, reconcile_call, false},
};

static const struct baton_key *
key_of(const struct step *s, uint8_t whom)
{
    if (whom == WHOM_OLD)
        return &s->t->agent[s->t->cutover.old_agent].key;
    return whom == WHOM_NEW ? &s->t->agent[s->t->cutover.new_agent].key : NULL;
}

/* All or nothing: a refusal leaves the record as it was. */
static enum baton_status
authority_apply(struct step *s, uint32_t effects)
{
    struct authority before = s->t->authority;
    uint32_t orders = s->d->orders, news = s->news;
    bool changed = s->d->changed_authority;
    for (size_t i = 0; i < ARRAY_LEN(authority_effects); i++) {
        if ((effects & authority_effects[i].effect) == 0)
            continue;
        struct baton_key key = {{0}};
        if (authority_effects[i].whom != WHOM_NOBODY)
            key = *key_of(s, authority_effects[i].whom);
        enum baton_status rc =
            authority_effects[i].call != NULL
                ? authority_effects[i].call(s)
                : authority_call(s, (enum authority_event)authority_effects[i].event, &key, NULL);
        if (rc == BATON_OK || authority_effects[i].may_fail)
            continue;
        s->t->authority = before;
        s->d->orders = orders;
        s->news = news;
        s->d->changed_authority = changed;
        return rc;
    }
    return BATON_OK;
}

/* --- the workflow's own effects ---------------------------------------------------------------- */

static void
freeze_plan(struct step *s)
{
    uint8_t bytes[PLAN_BYTES_MAX];
    size_t len = 0;
    if (plan_encode(&s->t->plan, bytes, sizeof bytes, &len) == BATON_OK)
        s->dp->sha256(s->dp->ctx, bytes, len, &cutover_of(s)->plan);
    s->t->plan_known = len > 0;
}

static void
take_verification(struct step *s)
{
    struct cutover *c = cutover_of(s);
    struct verification v;
    verification_fill(s->t, s->ev->unix_ms, &v);
    c->verified_ms = s->ev->now_ms;
    c->verified_unix_ms = s->ev->unix_ms;
    if (verification_same(&v, &c->verification) && c->verification.taken_unix_ms != 0)
        return; /* nothing new: only younger */
    c->verification = v;
    s->d->changed_cutover = true;
}

static void
verify_now(struct step *s)
{
    cutover_of(s)->verification.taken_unix_ms = 0;
    take_verification(s);
    s->d->effects |= HFX_VERIFY;
}

static void
accept_verification(struct step *s)
{
    struct cutover *c = cutover_of(s);
    verification_digest(&c->verification, s->dp, &c->verification_hash);
    c->accepted = true;
    c->no_go = false;
    struct decision_note *n =
        note_add(s, AUDIT_VERIFIED, 0, verdict_name((enum verdict)c->verification.verdict));
    note_ref(n, &c->verification_hash);
}

static void
gap_start(struct step *s)
{
    struct cutover *c = cutover_of(s);
    if (c->gap_from_unix_ms != 0)
        return; /* fenced again inside the same gap */
    c->gap_from_ms = s->ev->now_ms;
    c->gap_from_unix_ms = s->ev->unix_ms;
    c->old_last_export_unix_ms =
        (uint64_t)fact_or(&tenant_old(s->t)->facts, FACT_LAST_EXPORT_END, 0);
}

static void
gap_end(struct step *s)
{
    struct cutover *c = cutover_of(s);
    if (c->gap_to_unix_ms != 0)
        return;
    c->gap_to_ms = s->ev->now_ms;
    c->gap_to_unix_ms = s->ev->unix_ms;
    bool back = baton_key_eq(&s->t->authority.recipient, &tenant_old(s->t)->key);
    const struct agent_view *a = back ? tenant_old(s->t) : tenant_new(s->t);
    c->new_first_export_unix_ms = (uint64_t)fact_or(&a->facts, FACT_LAST_EXPORT_END, 0);
}

static void
latch(struct step *s)
{
    cutover_of(s)->ponr = true;
}

static void
mark_late(struct step *s)
{
    cutover_of(s)->late_activation = true;
    cutover_of(s)->new_rogue_seen = fact_or(&tenant_new(s->t)->facts, FACT_EXPORTS_SINCE_FENCE, 0);
}

static void
mark_breach(struct step *s)
{
    struct cutover *c = cutover_of(s);
    c->breach = true;
    c->ponr = c->ponr || s->t->authority.ponr;
    c->old_rogue_seen = fact_or(&tenant_old(s->t)->facts, FACT_EXPORTS_SINCE_FENCE, 0);
    c->new_rogue_seen = fact_or(&tenant_new(s->t)->facts, FACT_EXPORTS_SINCE_FENCE, 0);
    s->t->cutover_open = true; /* a breach after done needs people again */
}

static void
mark_no_go(struct step *s)
{
    cutover_of(s)->no_go = true;
}

static void
fence_new(struct step *s)
{
    approvals_drop(cutover_of(s), true);
}

static void
fence_old(struct step *s)
{
    approvals_drop(cutover_of(s), false);
}

static void
grade(struct step *s)
{
    struct cutover *c = cutover_of(s);
    c->grade = 'B';
    for (size_t i = 0; i < s->t->authority.member_count; i++)
        if (s->t->authority.member[i].attested)
            c->grade = 'C';
    if (c->breach || c->late_activation)
        c->grade = 'X';
}

static void
close_cutover(struct step *s)
{
    s->t->cutover_open = false;
}

static void
told(struct step *s)
{
    cutover_of(s)->reminded_ms = s->ev->now_ms;
}

static void
seal_settings(struct step *s)
{
    struct cutover *c = cutover_of(s);
    c->settings_sealed = fact_is(&tenant_old(s->t)->facts, FACT_SETTINGS_SEALED, 1);
}

/* No new epoch: what was refused is judged anew, what was accepted is answered again. */
static void
repeat_fence(struct step *s)
{
    s->d->orders |= AUTH_FX_FENCE;
    s->d->changed_authority = true;
}

static const struct {
    uint32_t effect;
    void (*run)(struct step *s);
} local_effects[] = {
    {HFX_REPEAT, repeat_fence},
    {HFX_FREEZE_PLAN, freeze_plan},
    {HFX_FENCE_NEW, fence_new},
    {HFX_FENCE_OLD, fence_old},
    {HFX_VERIFY, verify_now},
    {HFX_ACCEPT, accept_verification},
    {HFX_GAP_START, gap_start},
    {HFX_GAP_END, gap_end},
    {HFX_PONR, latch},
    {HFX_LATE, mark_late},
    {HFX_BREACH, mark_breach},
    {HFX_NO_GO, mark_no_go},
    {HFX_CERTIFICATE, grade},
    {HFX_CLOSE, close_cutover},
    {HFX_REMIND, told},
    {HFX_PAGE, told},
    {HFX_SEAL_SETTINGS, seal_settings},
};

/* Counters that a state compares with, taken when it is entered. */
static const struct {
    uint8_t state, fact;
    bool of_old;
    size_t at;
} baselines[] = {
    {HO_FIRST_SYNC, FACT_GOOD_CYCLES, true, offsetof(struct cutover, cycles_before)},
    {HO_GAP, FACT_EXPORTS_SINCE_FENCE, true, offsetof(struct cutover, old_rogue_seen)},
    {HO_GRANTING, FACT_EXPORTS_TOTAL, false, offsetof(struct cutover, exports_before)},
    {HO_PROBATION, FACT_GOOD_CYCLES, false, offsetof(struct cutover, cycles_before)},
    {HO_RESTORING, FACT_EXPORTS_TOTAL, true, offsetof(struct cutover, exports_before)},
};

static void
take_baselines(struct step *s, uint8_t state)
{
    for (size_t i = 0; i < ARRAY_LEN(baselines); i++) {
        if (baselines[i].state != state)
            continue;
        const struct agent_view *a = baselines[i].of_old ? tenant_old(s->t) : tenant_new(s->t);
        int64_t v = fact_or(&a->facts, (enum fact_id)baselines[i].fact, 0);
        memcpy((uint8_t *)cutover_of(s) + baselines[i].at, &v, sizeof v);
    }
}

/* --- one transition ----------------------------------------------------------------------------- */

static void
remember_rule(struct cutover *c, uint16_t number)
{
    if (c->rules_fired_count == ARRAY_LEN(c->rules_fired)) {
        memmove(&c->rules_fired[0], &c->rules_fired[1],
                (ARRAY_LEN(c->rules_fired) - 1) * sizeof c->rules_fired[0]);
        c->rules_fired_count--;
    }
    c->rules_fired[c->rules_fired_count++] = number;
}

/* Hold, breach and reconcile keep what they interrupted, also when one follows the other. */
static void
remember_state(struct cutover *c)
{
    if (c->state != HO_HOLD && c->state != HO_BREACH && c->state != HO_RECONCILE)
        c->resume_to = c->state;
}

static void
enter_state(struct step *s, uint8_t to)
{
    struct cutover *c = cutover_of(s);
    c->state = to;
    c->entered_ms = s->ev->now_ms;
    c->entered_unix_ms = s->ev->unix_ms;
    c->reminded_ms = 0;
    if (to == HO_EXPORT_SETTINGS) { /* also when an older file went stale */
        c->settings = (struct baton_hash){{0}};
        c->settings_steady = c->settings_sealed = false;
    }
}

static void
move(struct step *s, const struct rule *r)
{
    struct cutover *c = cutover_of(s);
    uint8_t from = c->state;
    uint8_t to = r->to == SAME_STATE ? from : r->to == RESUME_STATE ? c->resume_to : r->to;
    if (r->effect & HFX_REMEMBER)
        remember_state(c);
    if (to != from)
        enter_state(s, to);
    for (size_t i = 0; i < ARRAY_LEN(local_effects); i++)
        if (r->effect & local_effects[i].effect)
            local_effects[i].run(s);
    if (r->effect & HFX_BASELINE)
        take_baselines(s, to);
    remember_rule(c, r->number);
    s->d->effects |= r->effect;
    s->d->changed_cutover = true;
    if ((r->effect & HFX_PAGE) && !s->d->page) {
        s->d->page = true;
        line_set(s->d->page_text, sizeof s->d->page_text, r->why);
    }

    struct decision_note *n = note_add(s, AUDIT_MOVED, r->number, r->why);
    n->from = from;
    n->to = to;
    note_ref(n, &c->plan);
    if (s->ev->kind == TEV_STATEMENT)
        note_ref(n, &s->ev->statement_hash);
    if (c->accepted && to >= HO_READY)
        note_ref(n, &c->verification_hash);
}

static bool
guards_hold(struct step *s, const struct rule *r, struct problem *p)
{
    struct guard_ctx g = guards_of(s);
    for (size_t i = 0; i < GUARDS_PER_RULE && r->guard[i] != G_NONE; i++)
        if (!guard_check((enum guard_id)r->guard[i], &g, p))
            return false;
    return true;
}

static bool
rule_fits(const struct step *s, const struct rule *r, enum handoff_event event, uint16_t number)
{
    const struct cutover *c = &s->t->cutover;
    return r->on == event && (number == 0 || r->number == number) &&
           handoff_rule_from(r, (enum handoff_state)c->state) &&
           (r->profiles & PROFILE_BIT(c->profile)) != 0;
}

static void
refuse_no_rule(struct step *s, enum handoff_event event)
{
    char title[sizeof s->d->problem.title];
    struct line l;
    line_start(&l, title, sizeof title);
    line_put(&l, handoff_event_name(event));
    line_put(&l, " means nothing in state ");
    line_put(&l, handoff_state_code((enum handoff_state)cutover_of(s)->state));
    line_put(&l, " ");
    line_put(&l, handoff_state_title((enum handoff_state)cutover_of(s)->state));
    memset(&s->refusal, 0, sizeof s->refusal);
    s->refusal.status = BATON_NO_RULE;
    line_set(s->refusal.title, sizeof s->refusal.title, title);
    line_set(s->refusal.who, sizeof s->refusal.who, "any operator");
    tenant_text(s->t, "baton cutover explain TENANT", s->refusal.next, sizeof s->refusal.next);
}

/* The authority said no: what it must know first, or what the agents would refuse. */
static void
refuse_by_authority(struct step *s, const struct rule *r)
{
    struct problem *p = &s->refusal;
    bool waits = s->t->authority.recovering || s->t->authority.reconcile;
    memset(p, 0, sizeof *p);
    p->status = waits ? BATON_WAITING : BATON_REFUSED;
    line_set(
        p->title, sizeof p->title,
        s->t->authority.recovering  ? "this controller has not heard every server since it started"
        : s->t->authority.reconcile ? "a server knows more than this ledger: confirm that first"
                                    : "the export role cannot be moved like this now");
    line_set(p->who, sizeof p->who, "the administrators of both servers");
    tenant_text(s->t, waits ? "baton agent list --tenant TENANT" : "baton cutover explain TENANT",
                p->next, sizeof p->next);
    problem_add(p, r->why);
    char phase[64];
    struct line l;
    line_start(&l, phase, sizeof phase);
    line_put(&l, "the authority record is in phase ");
    line_put(&l, authority_phase_name((enum authority_phase)s->t->authority.phase));
    problem_add(p, phase);
}

static bool
fire(struct step *s, const struct rule *r)
{
    struct plan plan = s->t->plan;
    bool plan_known = s->t->plan_known;
    if (r->effect & HFX_FREEZE_PLAN) {
        uint32_t trust = s->ev->trust != NULL ? s->ev->trust->version : 0;
        if (tenant_plan(s->t, &s->ev->random_id, trust, &s->t->plan) != BATON_OK) {
            refuse_by_authority(s, r);
            line_set(s->refusal.title, sizeof s->refusal.title,
                     "no plan can be made: a member is missing, unconfirmed or shows no product");
            return false;
        }
    }
    if (authority_apply(s, r->effect) != BATON_OK) {
        s->t->plan = plan;
        s->t->plan_known = plan_known;
        refuse_by_authority(s, r);
        s->refusal.rule = r->number;
        return false;
    }
    move(s, r);
    return true;
}

/* Number 0: any rule for the event. Where none fires s->refusal says why, by the last one tried. */
static bool
dispatch_rule(struct step *s, enum handoff_event event, uint16_t number)
{
    size_t count;
    const struct rule *rules = handoff_rules(&count);
    refuse_no_rule(s, event);
    for (size_t i = 0; i < count; i++) {
        struct problem p;
        if (!rule_fits(s, &rules[i], event, number))
            continue;
        if (guards_hold(s, &rules[i], &p))
            return fire(s, &rules[i]);
        if (handoff_guard((enum guard_id)p.guard)->title != NULL) {
            s->refusal = p;
            s->refusal.rule = rules[i].number;
        }
    }
    return false;
}

static bool
dispatch(struct step *s, enum handoff_event event)
{
    return dispatch_rule(s, event, 0);
}

/* Safety first, then what the workflow waits for. */
static const struct {
    uint32_t news;
    uint8_t event;
} news_events[] = {
    {AUTH_NEWS_FOREIGN, HEV_FOREIGN},       {AUTH_NEWS_QUARANTINE, HEV_QUARANTINE},
    {AUTH_NEWS_TAMPER, HEV_TAMPER},         {AUTH_NEWS_PONR, HEV_EVER_EXPORTED},
    {AUTH_NEWS_REFUSED, HEV_REFUSED},       {AUTH_NEWS_ADOPTED, HEV_ADOPTED},
    {AUTH_NEWS_HOLDING, HEV_HOLDING},       {AUTH_NEWS_ALL_EVIDENCE, HEV_ALL_EVIDENCE},
    {AUTH_NEWS_GRANT_LIVE, HEV_GRANT_LIVE}, {AUTH_NEWS_GRANT_USED, HEV_GRANT_USED},
    {AUTH_NEWS_GRANT_VOID, HEV_GRANT_VOID}, {AUTH_NEWS_RETIRED, HEV_RETIRED},
    {AUTH_NEWS_RECOVERED, HEV_RECOVERED},
};

static void
tell_news(struct step *s)
{
    for (size_t i = 0; i < ARRAY_LEN(news_events); i++) {
        if ((s->news & news_events[i].news) == 0)
            continue;
        s->news &= ~news_events[i].news;
        dispatch(s, (enum handoff_event)news_events[i].event);
    }
    s->news = 0;
}

/* One transition per dispatch; then what the new state can see already, until nothing fires. */
static void
settle(struct step *s)
{
    tell_news(s);
    for (int i = 0; i < SETTLE_MAX && s->d->note_count < NOTES_PER_STEP_MAX; i++) {
        if (!dispatch(s, HEV_FACTS))
            return;
        tell_news(s);
    }
}

/* --- what arrives -------------------------------------------------------------------------------- */

static struct agent_view *
speaker(struct step *s)
{
    BATON_ASSERT(s->ev->agent < MEMBERS_MAX);
    s->d->changed_agent = true;
    return &s->t->agent[s->ev->agent];
}

/* The file counts when a later report gives the same hash: the wizard may still have been writing. */
static void
watch_settings(struct step *s)
{
    struct cutover *c = cutover_of(s);
    const struct facts *f = &tenant_old(s->t)->facts;
    if (c->state != HO_EXPORT_SETTINGS || s->ev->agent != c->old_agent ||
        !f->digest_known[DIGEST_SETTINGS])
        return;
    bool same = baton_hash_eq(&c->settings, &f->digest[DIGEST_SETTINGS]);
    if (same == c->settings_steady && same)
        return;
    c->settings = f->digest[DIGEST_SETTINGS];
    c->settings_steady = same;
    s->d->changed_cutover = true;
}

static void
watch_sealing(struct step *s)
{
    struct cutover *c = cutover_of(s);
    if (c->state != HO_SETTINGS_SEALED || c->settings_sealed ||
        !fact_is(&tenant_old(s->t)->facts, FACT_SETTINGS_SEALED, 1))
        return;
    c->settings_sealed = true;
    s->d->changed_cutover = true;
}

static void
lower_to(int64_t *seen, const struct facts *f)
{
    int64_t now = fact_or(f, FACT_EXPORTS_SINCE_FENCE, *seen);
    if (now < *seen)
        *seen = now;
}

/* A guard counts from new after each alarm: what it counts then has not been seen yet. */
static void
watch_rogue_counts(struct step *s)
{
    lower_to(&cutover_of(s)->old_rogue_seen, &tenant_old(s->t)->facts);
    lower_to(&cutover_of(s)->new_rogue_seen, &tenant_new(s->t)->facts);
}

static void
take_facts(struct step *s, const struct facts *facts)
{
    struct agent_view *a = speaker(s);
    a->facts = *facts;
    a->reported_ms = a->seen_ms = s->ev->now_ms;
    watch_rogue_counts(s);
    watch_settings(s);
    watch_sealing(s);
    if (cutover_of(s)->state == HO_VERIFY) /* people see what is true now until they accept it */
        take_verification(s);
}

static void
note_statement(struct step *s)
{
    const struct statement *w = s->ev->statement;
    if (w->type == SAY_STATUS)
        return;
    bool alarm = w->type == SAY_TAMPER || w->type == SAY_QUARANTINED;
    const char *text = w->type == SAY_REFUSED ? refusal_text((enum refusal)w->refusal)
                                              : statement_type_name((enum statement_type)w->type);
    struct decision_note *n = note_add(s, alarm ? AUDIT_ALARM : AUDIT_STATEMENT, 0, text);
    note_ref(n, &s->ev->statement_hash);
}

static void
on_statement(struct step *s)
{
    const struct statement *w = s->ev->statement;
    struct agent_view *a = speaker(s);
    bool ours = baton_id_eq(&w->tenant, &s->t->info.id);
    enum baton_status rc = authority_call(s, AUTH_EV_SAID, NULL, NULL);
    if (rc == BATON_STALE) {
        s->d->changed_agent = false;
        refuse(s, rc, "an older statement of this agent came late or twice", "nobody", "");
        return;
    }
    a->statement = *w;
    a->statement_hash = s->ev->statement_hash;
    a->statement_known = true;
    note_statement(s);
    if (ours)
        take_facts(s, &w->facts);
    settle(s);
}

static void
on_report(struct step *s)
{
    speaker(s)->skew_ms = s->ev->skew_ms;
    take_facts(s, s->ev->facts);
    settle(s);
}

static void
on_session(struct step *s)
{
    struct agent_view *a = speaker(s);
    a->connected = true;
    a->seen_ms = s->ev->now_ms;
}

static void
on_lost(struct step *s)
{
    speaker(s)->connected = false;
}

static void
on_blob(struct step *s)
{
    struct cutover *c = cutover_of(s);
    if (s->ev->delivered) {
        struct decision_note *n =
            note_add(s, AUDIT_STATEMENT, 0, "the sealed settings were fetched");
        note_ref(n, &s->ev->blob);
        return;
    }
    if (!baton_hash_is_zero(&s->ev->file) && !baton_hash_eq(&s->ev->file, &c->settings)) {
        refuse(s, BATON_CONFLICT, "the sealed file is not the settings file of this cutover",
               "the old server's agent", "baton cutover explain TENANT");
        return;
    }
    c->blob = s->ev->blob;
    c->blob_bytes = s->ev->blob_bytes;
    c->settings_sealed = true;
    s->d->changed_cutover = true;
    dispatch(s, HEV_BLOB);
    settle(s);
}

static void
on_approval(struct step *s)
{
    const struct signed_approval *sa = s->ev->approval;
    struct guard_ctx g = guards_of(s);
    const char *why;
    enum baton_status rc = approvals_add(s->t, sa, &g.approvals, &why);
    struct baton_hash digest;
    approval_digest(sa, s->dp, &digest);
    if (rc != BATON_OK) {
        refuse(s, rc, why, "the operator who signed", "baton cutover explain TENANT");
        note_ref(note_add(s, AUDIT_REFUSED, 0, why), &digest);
        return;
    }
    s->d->changed_cutover = true;
    note_ref(note_add(s, AUDIT_APPROVAL, 0, approval_verb_name((enum approval_verb)sa->a.verb)),
             &digest);
    bool go = sa->a.verb == VERB_GO;
    if (!dispatch(s, go ? HEV_GO_SIGNED : HEV_APPROVED) && go)
        s->d->problem = s->refusal;
    settle(s);
}

/* Verbs whose text is the reason that stays with the cutover. */
static bool
verb_has_reason(enum handoff_event verb)
{
    return verb == HEV_HOLD || verb == HEV_ABANDON || verb == HEV_ROLLBACK || verb == HEV_ACCEPT;
}

static void
note_verb(struct step *s)
{
    char text[AUDIT_TEXT_BYTES];
    struct line l;
    line_start(&l, text, sizeof text);
    line_put(&l, handoff_event_name(s->ev->verb));
    if (s->ev->text[0] != '\0') {
        line_put(&l, ": ");
        line_put(&l, s->ev->text);
    }
    note_add(s, AUDIT_VERB, 0, text);
}

static void
on_verb(struct step *s)
{
    note_verb(s);
    if (dispatch(s, s->ev->verb)) {
        if (verb_has_reason(s->ev->verb) && s->ev->text[0] != '\0')
            text_copy(cutover_of(s)->reason, sizeof cutover_of(s)->reason, s->ev->text);
        settle(s);
        return;
    }
    s->d->problem = s->refusal;
    s->d->problem.since_unix_ms = cutover_of(s)->entered_unix_ms;
    if (handoff_guard((enum guard_id)s->refusal.guard)->refresh && s->t->authority.member_count > 0)
        s->d->orders |= AUTH_FX_STATUS; /* so that the same verb meets fresh facts next time */
    note_add(s, AUDIT_REFUSED, s->refusal.rule, s->refusal.title);
}

/* --- time ----------------------------------------------------------------------------------------- */

/* Delays that depend on the tenant: the estimate, the interval, the word of an expired grant. */
static uint64_t
extra_delay_ms(const struct tenant *t, const struct handoff_timeout *row)
{
    if (row->state == HO_ACTIVATING)
        return (uint64_t)(2 * fact_or(&tenant_new(t)->facts, FACT_INTERVAL_MS, 0));
    if (row->state == HO_GRANTING)
        return (uint64_t)t->info.policy.v[POLICY_GO_ANSWER_MS];
    if (row->state != HO_FIRST_SYNC)
        return 0;
    int64_t objects = fact_or(&tenant_old(t)->facts, FACT_OBJECTS, 0);
    int64_t twice = 2 * (objects * (t->info.policy.v[POLICY_HOURS_PER_50K_MS] / 1000) / 50);
    int64_t least = t->info.policy.v[POLICY_FIRST_SYNC_MS];
    return twice > least ? (uint64_t)(twice - least) : 0;
}

static uint64_t
timeout_due_ms(const struct tenant *t, const struct handoff_timeout *row)
{
    const struct cutover *c = &t->cutover;
    uint64_t due = c->entered_ms + (uint64_t)t->info.policy.v[row->policy] + extra_delay_ms(t, row);
    if (c->reminded_ms < due)
        return due;
    return row->repeat_policy == POLICY_COUNT
               ? UINT64_MAX
               : c->reminded_ms + (uint64_t)t->info.policy.v[row->repeat_policy];
}

static void
check_timeouts(struct step *s)
{
    size_t count;
    const struct handoff_timeout *rows = handoff_timeouts(&count);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].state != cutover_of(s)->state || timeout_due_ms(s->t, &rows[i]) > s->ev->now_ms)
            continue;
        dispatch_rule(s, HEV_TIMEOUT, rows[i].rule);
        return;
    }
}

static uint64_t
next_due_ms(const struct tenant *t)
{
    size_t count;
    const struct handoff_timeout *rows = handoff_timeouts(&count);
    uint64_t due = UINT64_MAX;
    for (size_t i = 0; i < count; i++)
        if (rows[i].state == t->cutover.state && timeout_due_ms(t, &rows[i]) < due)
            due = timeout_due_ms(t, &rows[i]);
    return due == UINT64_MAX ? 0 : due;
}

static void
on_clock(struct step *s)
{
    if (cutover_of(s)->state == HO_NONE)
        return;
    check_timeouts(s);
    dispatch(s, HEV_CLOCK);
    settle(s);
}

/* Monotonic times of an earlier run mean nothing here: time-outs count from now, what was fresh is
 * not, and nobody is connected. The gap's bounds stay in wall time. */
static void
on_start(struct step *s)
{
    struct cutover *c = cutover_of(s);
    for (size_t i = 0; i < MEMBERS_MAX; i++) {
        s->t->agent[i].connected = false;
        s->t->agent[i].seen_ms = s->t->agent[i].reported_ms = 0;
    }
    c->entered_ms = s->ev->now_ms;
    c->reminded_ms = 0;
    c->verified_ms = 0;
    c->gap_from_ms = c->gap_to_ms = 0;
    if (authority_call(s, AUTH_EV_START, NULL, NULL) == BATON_OK)
        s->d->changed_cutover = c->state != HO_NONE;
    tell_news(s);
}

static bool
create_refused(struct step *s)
{
    const struct tenant_event *ev = s->ev;
    if (s->t->cutover_open) {
        refuse(s, BATON_CONFLICT, "this tenant has an open cutover", "any operator",
               "baton cutover explain TENANT");
        return true;
    }
    if (ev->old_agent >= MEMBERS_MAX || ev->new_agent >= MEMBERS_MAX ||
        !s->t->agent[ev->old_agent].used || !s->t->agent[ev->new_agent].used) {
        refuse(s, BATON_NOT_FOUND, "both servers need an enrolled agent", "any operator",
               "baton agent token TENANT HOST --role new");
        return true;
    }
    return false;
}

static void
on_create(struct step *s)
{
    const struct tenant_event *ev = s->ev;
    if (create_refused(s))
        return;
    struct assessment a;
    tenant_assess(s->t, ev->old_agent, ev->new_agent, ev->now_ms, 0, &a);
    uint8_t profile = ev->profile != PROFILE_NONE ? ev->profile : a.recommended;
    if (profile != a.recommended && ev->text[0] == '\0') {
        refuse(s, BATON_REFUSED, "another path than the recommended one needs a reason",
               "any operator", "baton cutover create TENANT --profile PATH --reason '...'");
        return;
    }
    struct cutover *c = cutover_of(s);
    memset(c, 0, sizeof *c);
    c->id = ev->random_id;
    c->profile = profile;
    c->path_overridden = profile != a.recommended;
    c->old_agent = ev->old_agent;
    c->new_agent = ev->new_agent;
    c->local_fence_only = true; /* until somebody proves that its cloud identity is gone */
    c->export_adds = c->export_updates = c->export_deletes = -1;
    c->entered_ms = ev->now_ms;
    c->entered_unix_ms = ev->unix_ms;
    c->state = HO_ASSESSED;
    if (c->path_overridden)
        text_copy(c->reason, sizeof c->reason, ev->text);
    s->t->cutover_open = true;
    s->t->plan_known = false;
    s->d->changed_cutover = true;
    struct decision_note *n = note_add(s, AUDIT_MOVED, 0,
                                       c->path_overridden   ? ev->text
                                       : a.reason_count > 0 ? a.reason[0].text
                                                            : "assessed");
    n->from = HO_NONE;
}

void
tenant_step(struct tenant *t, const struct tenant_event *ev, const struct digest_port *dp,
            struct decision *ret_decision)
{
    static void (*const handlers[])(struct step *) = {
        [TEV_VERB] = on_verb,     [TEV_APPROVAL] = on_approval, [TEV_STATEMENT] = on_statement,
        [TEV_REPORT] = on_report, [TEV_SESSION] = on_session,   [TEV_LOST] = on_lost,
        [TEV_BLOB] = on_blob,     [TEV_CLOCK] = on_clock,       [TEV_START] = on_start,
        [TEV_CREATE] = on_create,
    };
    memset(ret_decision, 0, sizeof *ret_decision);
    ret_decision->agent = ev->agent;
    struct step s = {.t = t, .ev = ev, .dp = dp, .d = ret_decision};
    t->authority.tenant = t->info.id;
    t->clock_ms = ev->now_ms;
    t->clock_unix_ms = ev->unix_ms;
    BATON_ASSERT((size_t)ev->kind < ARRAY_LEN(handlers));
    handlers[ev->kind](&s);
    ret_decision->due_ms = next_due_ms(t);
}
