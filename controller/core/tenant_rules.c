/* One event against the table: guards, then the authority, then the move; again until nothing fires. */
#include "tenant_private.h"

#include "line.h"

#include <string.h>

enum { SETTLE_MAX = 8, NOTES_PER_STEP_MAX = DECISION_NOTES_MAX - 2, TIMED_FROM = 400 };

/* What time repeats is remembered once: reminders of days would push out how it came here. */
static bool
reminded_already(const struct cutover *c, const struct rule *r)
{
    if (r->on != HEV_TIMEOUT && r->on != HEV_CLOCK)
        return false;
    for (uint32_t n = c->rules_fired_count; n > 0 && c->rules_fired[n - 1] >= TIMED_FROM; n--)
        if (c->rules_fired[n - 1] == r->number)
            return true;
    return false;
}

static void
remember_rule(struct cutover *c, const struct rule *r)
{
    if (reminded_already(c, r))
        return;
    if (c->rules_fired_count == ARRAY_LEN(c->rules_fired)) {
        memmove(&c->rules_fired[0], &c->rules_fired[1],
                (ARRAY_LEN(c->rules_fired) - 1) * sizeof c->rules_fired[0]);
        c->rules_fired_count--;
    }
    c->rules_fired[c->rules_fired_count++] = r->number;
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
    struct cutover *c = step_cutover(s);
    c->state = to;
    c->entered_ms = s->ev->now_ms;
    c->entered_unix_ms = s->ev->unix_ms;
    c->reminded_ms = 0;
    if (to == HO_EXPORT_SETTINGS) { /* also when an older file went stale */
        c->settings = (struct baton_hash){{0}};
        c->settings_steady = c->settings_sealed = false;
    }
    if (to == HO_DECOMMISSION) /* who could not answer before need not be gone for good */
        (void)approvals_overtaken(c, NULL);
}

static void
move(struct step *s, const struct rule *r)
{
    struct cutover *c = step_cutover(s);
    uint8_t from = c->state;
    uint8_t to = r->to == SAME_STATE ? from : r->to == RESUME_STATE ? c->resume_to : r->to;
    if (r->effect & HFX_REMEMBER)
        remember_state(c);
    if (to != from)
        enter_state(s, to);
    step_effects(s, r->effect, to);
    remember_rule(c, r);
    s->d->effects |= r->effect;
    s->d->changed_cutover = true;
    if ((r->effect & HFX_PAGE) && !s->d->page) {
        s->d->page = true;
        line_set(s->d->page_text, sizeof s->d->page_text, r->why);
    }

    struct decision_note *n = step_note(s, AUDIT_MOVED, r->number, r->why);
    n->from = from;
    note_ref(n, &c->plan);
    if (s->ev->kind == TEV_STATEMENT)
        note_ref(n, &s->ev->statement_hash);
    if (c->accepted && to >= HO_READY)
        note_ref(n, &c->verification_hash);
}

static bool
guards_hold(struct step *s, const struct rule *r, struct problem *p)
{
    struct guard_ctx g = step_guards(s);
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
    line_put(&l, handoff_state_code((enum handoff_state)step_cutover(s)->state));
    line_put(&l, " ");
    line_put(&l, handoff_state_title((enum handoff_state)step_cutover(s)->state));
    memset(&s->refusal, 0, sizeof s->refusal);
    s->refusal.status = BATON_NO_RULE;
    line_set(s->refusal.title, sizeof s->refusal.title, title);
    line_set(s->refusal.who, sizeof s->refusal.who, "any operator");
    tenant_text(s->t, "baton cutover explain TENANT", s->refusal.next, sizeof s->refusal.next);
}

/* The authority said no: what it must know first, or what the agents would refuse. */
void
problem_by_authority(const struct tenant *t, const struct rule *r, struct problem *ret_problem)
{
    struct problem *p = ret_problem;
    bool unheard = t->authority.recovering, waits = unheard || t->authority.reconcile;
    memset(p, 0, sizeof *p);
    p->rule = r->number;
    p->status = waits ? BATON_WAITING : BATON_REFUSED;
    line_set(p->title, sizeof p->title,
             unheard ? "this controller has not heard every server since it started"
             : t->authority.reconcile ? "a server knows more than this ledger: confirm that first"
                                      : "the export role cannot be moved like this now");
    line_set(p->who, sizeof p->who, "the administrators of both servers");
    tenant_text(t, unheard ? "baton agent list --tenant TENANT" : "baton cutover explain TENANT",
                p->next, sizeof p->next);
    problem_add(p, r->why);
    char phase[64];
    struct line l;
    line_start(&l, phase, sizeof phase);
    line_put(&l, "the authority record is in phase ");
    line_put(&l, authority_phase_name((enum authority_phase)t->authority.phase));
    problem_add(p, phase);
}

static void
refuse_by_authority(struct step *s, const struct rule *r)
{
    problem_by_authority(s->t, r, &s->refusal);
    problem_add_unheard(s->t, &s->refusal);
}

static bool
fire(struct step *s, const struct rule *r)
{
    if (r->effect & HFX_FREEZE_PLAN) { /* such a rule asks nothing of the authority */
        uint32_t trust = s->ev->trust != NULL ? s->ev->trust->version : 0;
        if (tenant_plan(s->t, &s->ev->random_id, trust, &s->t->plan) != BATON_OK) {
            refuse_by_authority(s, r);
            line_set(s->refusal.title, sizeof s->refusal.title,
                     "no plan can be made: a member is missing, unconfirmed or shows no product");
            return false;
        }
    }
    if (step_authority_effects(s, r->effect) != BATON_OK) {
        refuse_by_authority(s, r);
        return false;
    }
    move(s, r);
    return true;
}

/* Number 0: any rule for the event. Where none fires s->refusal says why, by the last one tried. */
bool
step_dispatch_rule(struct step *s, enum handoff_event event, uint16_t number)
{
    size_t count;
    const struct rule *rules = handoff_rules(&count);
    refuse_no_rule(s, event);
    struct problem p; /* here: the compiler clears it each time that it begins to live */
    for (size_t i = 0; i < count; i++) {
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

bool
step_dispatch(struct step *s, enum handoff_event event)
{
    return step_dispatch_rule(s, event, 0);
}

enum { RULE_TAMPER_TOLD = 208 };

/* Safety first, then what the workflow waits for. */
static const struct {
    uint32_t news;
    uint8_t event;
    uint16_t otherwise; /* the rule where an unsure record refuses what the first one does */
} news_events[] = {
    {AUTH_NEWS_FOREIGN, HEV_FOREIGN, 0},
    {AUTH_NEWS_QUARANTINE, HEV_QUARANTINE, 0},
    {AUTH_NEWS_TAMPER, HEV_TAMPER, RULE_TAMPER_TOLD},
    {AUTH_NEWS_PONR, HEV_EVER_EXPORTED, 0},
    {AUTH_NEWS_REFUSED, HEV_REFUSED, 0},
    {AUTH_NEWS_ADOPTED, HEV_ADOPTED, 0},
    {AUTH_NEWS_HOLDING, HEV_HOLDING, 0},
    {AUTH_NEWS_ALL_EVIDENCE, HEV_ALL_EVIDENCE, 0},
    {AUTH_NEWS_GRANT_LIVE, HEV_GRANT_LIVE, 0},
    {AUTH_NEWS_GRANT_USED, HEV_GRANT_USED, 0},
    {AUTH_NEWS_GRANT_VOID, HEV_GRANT_VOID, 0},
    {AUTH_NEWS_RETIRED, HEV_RETIRED, 0},
    {AUTH_NEWS_RECOVERED, HEV_RECOVERED, 0},
};

void
step_tell_news(struct step *s)
{
    for (size_t i = 0; i < ARRAY_LEN(news_events); i++) {
        if ((s->news & news_events[i].news) == 0)
            continue;
        s->news &= ~news_events[i].news;
        enum handoff_event event = (enum handoff_event)news_events[i].event;
        if (!step_dispatch(s, event) && news_events[i].otherwise != 0)
            (void)step_dispatch_rule(s, event, news_events[i].otherwise);
    }
    s->news = 0;
}

/* One transition per dispatch; then what the new state can see already, until nothing fires. */
void
step_settle(struct step *s)
{
    step_tell_news(s);
    for (int i = 0; i < SETTLE_MAX && s->d->note_count < NOTES_PER_STEP_MAX; i++) {
        if (!step_dispatch(s, HEV_FACTS))
            return;
        step_tell_news(s);
    }
}
