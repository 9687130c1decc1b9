#include "tenant_private.h"

#include "common/text.h"
#include "line.h"

#include <string.h>

/* --- what arrives -------------------------------------------------------------------------------- */

static struct agent_view *
speaker(struct step *s)
{
    BATON_ASSERT(s->ev->agent < MEMBERS_MAX);
    s->d->changed_agent = true;
    return &s->t->agent[s->ev->agent];
}

/* Where nobody else judges it, whoever speaks can answer, and one whose guard acted runs: what people
 * attested before that is overtaken. */
static void
overtake(struct step *s, const struct agent_view *a, bool alarm)
{
    if ((alarm || approvals_judged_here(step_cutover(s))) &&
        approvals_overtaken(step_cutover(s), &a->key))
        s->d->changed_cutover = true;
}

/* The file counts when a later report gives the same hash: the wizard may still have been writing. */
static void
watch_settings(struct step *s)
{
    struct cutover *c = step_cutover(s);
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
    struct cutover *c = step_cutover(s);
    if (c->state != HO_SETTINGS_SEALED || c->settings_sealed ||
        !fact_is(&tenant_old(s->t)->facts, FACT_SETTINGS_SEALED, 1))
        return;
    c->settings_sealed = true;
    s->d->changed_cutover = true;
}

static void
lower_to(struct step *s, int64_t *seen, const struct facts *f, enum fact_id id)
{
    int64_t now = fact_or(f, id, *seen);
    if (now >= *seen)
        return;
    *seen = now;
    s->d->changed_cutover = true; /* after a restart the older mark would hide as many exports */
}

/* A guard counts from new after each alarm: what it counts then has not been seen yet. */
static void
watch_rogue_counts(struct step *s)
{
    struct cutover *c = step_cutover(s);
    lower_to(s, &c->old_rogue_seen, &tenant_old(s->t)->facts, FACT_EXPORTS_SINCE_FENCE);
    lower_to(s, &c->new_rogue_seen, &tenant_new(s->t)->facts, FACT_EXPORTS_SINCE_FENCE);
}

/* A purged run history counts fewer; cycles from before the probation, in staging mode or in a
 * breach, never count for it. */
static void
watch_good_cycles(struct step *s)
{
    if (step_cutover(s)->state == HO_PROBATION)
        lower_to(s, &step_cutover(s)->cycles_before, &tenant_new(s->t)->facts, FACT_GOOD_CYCLES);
}

static void
take_facts(struct step *s, const struct facts *facts)
{
    struct agent_view *a = speaker(s);
    a->facts = *facts;
    a->reported_ms = a->seen_ms = s->ev->now_ms;
    watch_rogue_counts(s);
    watch_good_cycles(s);
    watch_settings(s);
    watch_sealing(s);
    if (step_cutover(s)->state == HO_VERIFY) /* people see what is true now until they accept it */
        step_verify(s);
}

static void
note_statement(struct step *s)
{
    const struct statement *w = s->ev->statement;
    if (w->type == SAY_STATUS)
        return;
    bool alarm = w->type == SAY_TAMPER || w->type == SAY_QUARANTINED;
    if (alarm) { /* reports that follow carry other notes; who it was stays with the agent */
        struct agent_view *a = &s->t->agent[s->ev->agent];
        text_copy(a->alarm, sizeof a->alarm, w->facts.note);
        a->alarm_unix_ms = s->ev->unix_ms;
    }
    const char *text = w->type == SAY_REFUSED ? refusal_text((enum refusal)w->refusal)
                                              : statement_type_name((enum statement_type)w->type);
    struct decision_note *n = step_note(s, alarm ? AUDIT_ALARM : AUDIT_STATEMENT, 0, text);
    note_ref(n, &s->ev->statement_hash);
}

/* Who is shut out never answers: waiting for its word would be waiting for ever. */
static void
excuse_shut_out(struct step *s)
{
    struct authority *a = &s->t->authority;
    for (size_t i = 0; i < a->member_count; i++)
        if (tenant_shut_out(s->t, &a->member[i].key))
            a->member[i].heard = true;
}

static void
on_statement(struct step *s)
{
    const struct statement *w = s->ev->statement;
    struct agent_view *a = speaker(s);
    bool ours = baton_id_eq(&w->tenant, &s->t->info.id);
    excuse_shut_out(s);
    enum baton_status rc = step_authority(s, AUTH_EV_SAID, NULL, NULL);
    if (rc == BATON_STALE) {
        s->d->changed_agent = false;
        step_refuse(s, rc, "an older statement of this agent came late or twice", "nobody", "");
        return;
    }
    a->statement = *w;
    a->statement_hash = s->ev->statement_hash;
    a->statement_known = true;
    note_statement(s);
    overtake(s, a, w->type == SAY_TAMPER);
    if (ours)
        take_facts(s, &w->facts);
    step_settle(s);
}

static void
on_report(struct step *s)
{
    struct agent_view *a = speaker(s);
    a->skew_ms = s->ev->skew_ms;
    overtake(s, a, false);
    take_facts(s, s->ev->facts);
    step_settle(s);
}

/* The controller saw two copies of one identity: no word of either could say so. */
static void
on_barred(struct step *s)
{
    struct agent_view *a = speaker(s);
    int member = tenant_member(s->t, a);
    a->barred = true;
    text_copy(a->alarm, sizeof a->alarm, s->ev->text);
    a->alarm_unix_ms = s->ev->unix_ms;
    if (member >= 0) {
        s->t->authority.member[member].quarantine = QUARANTINE_SESSIONS;
        s->d->changed_authority = true;
    }
    step_note(s, AUDIT_ALARM, 0, s->ev->text);
    if (member >= 0 || a == tenant_old(s->t) || a == tenant_new(s->t))
        step_dispatch(s, HEV_QUARANTINE);
}

static void
on_session(struct step *s)
{
    struct agent_view *a = speaker(s);
    overtake(s, a, false);
    a->connected = true;
    a->seen_ms = s->ev->now_ms;
}

static void
on_lost(struct step *s)
{
    speaker(s)->connected = false;
}

/* Before the seal is ordered, what an agent offers is of an earlier attempt. */
static bool
seal_ordered(const struct cutover *c)
{
    bool stopped = c->state == HO_HOLD || c->state == HO_BREACH || c->state == HO_RECONCILE;
    return (stopped ? c->resume_to : c->state) >= HO_SETTINGS_SEALED;
}

static void
on_blob(struct step *s)
{
    struct cutover *c = step_cutover(s);
    if (s->ev->delivered) {
        struct decision_note *n =
            step_note(s, AUDIT_STATEMENT, 0, "the sealed settings were fetched");
        note_ref(n, &s->ev->blob);
        return;
    }
    if (!baton_hash_is_zero(&s->ev->file) && !baton_hash_eq(&s->ev->file, &c->settings)) {
        step_refuse(s, BATON_CONFLICT, "the sealed file is not the settings file of this cutover",
                    "the old server's agent", "baton cutover explain TENANT");
        return;
    }
    if (!seal_ordered(c))
        return;
    c->blob = s->ev->blob;
    c->blob_bytes = s->ev->blob_bytes;
    c->settings_sealed = true;
    s->d->changed_cutover = true;
    step_dispatch(s, HEV_BLOB);
    step_settle(s);
}

static void
on_findings(struct step *s)
{
    struct cutover *c = step_cutover(s);
    char text[AUDIT_TEXT_BYTES];
    struct line l;
    if (!s->t->cutover_open || speaker(s) != tenant_new(s->t)) {
        step_refuse(s, BATON_REFUSED, "only the new server of an open cutover is reviewed",
                    "nobody", "baton cutover list");
        return;
    }
    review_take(&c->review, s->ev->findings, s->ev->findings_two, s->ev->findings_more,
                &s->ev->findings_hash);
    s->d->changed_cutover = true;
    line_start(&l, text, sizeof text);
    line_put(&l, "findings of the new server's checks: ");
    line_int(&l, c->review.row_count);
    line_put(&l, "; for people to decide: ");
    line_int(&l, review_open(&c->review, SEVERITY_REVIEW));
    note_ref(step_note(s, AUDIT_STATEMENT, 0, text), &s->ev->findings_hash);
    if (c->state == HO_VERIFY)
        step_verify(s);
    step_settle(s);
}

static const char *
disposition_refused(const struct step *s)
{
    const struct signed_disposition *sd = s->ev->disposition;
    if (!s->t->cutover_open)
        return "no cutover is open whose findings could be decided about";
    if (!baton_id_eq(&sd->d.tenant, &s->t->info.id))
        return "this decision was signed for another tenant";
    if (s->ev->trust == NULL || !disposition_authentic(sd, s->ev->trust, s->dp))
        return "not signed by somebody who may approve for this tenant";
    return NULL;
}

static void
on_disposed(struct step *s)
{
    const struct signed_disposition *sd = s->ev->disposition;
    struct cutover *c = step_cutover(s);
    struct review before = c->review;
    struct baton_hash digest;
    const char *why = disposition_refused(s);
    enum baton_status rc = why != NULL ? BATON_DENIED : BATON_OK;
    disposition_digest(&sd->d, s->dp, &digest);
    if (rc == BATON_OK)
        rc = review_dispose(&c->review, &sd->d, &digest, &why);
    if (rc != BATON_OK) {
        step_refuse(s, rc, why, "the operator who signed", "baton cutover findings TENANT");
        note_ref(step_note(s, AUDIT_REFUSED, 0, why), &digest);
        return;
    }
    struct decision_note *n = step_note(s, AUDIT_DISPOSED, 0, sd->d.reason);
    note_ref(n, &digest);
    if (!step_dispatch(s, HEV_DISPOSED)) {
        c->review = before;
        s->d->problem = s->refusal;
        n->type = AUDIT_REFUSED; /* nothing was decided, and nobody keeps the bytes */
        text_copy(n->text, sizeof n->text, s->refusal.title);
        return;
    }
    step_settle(s);
}

static void
add_longest_life(struct step *s, const struct approval *a)
{
    bool new = baton_key_eq(&a->subject, &tenant_new(s->t)->key);
    struct problem *p = &s->d->problem;
    char text[sizeof p->fact[0].text];
    struct line l;
    line_start(&l, text, sizeof text);
    line_put(&l, "agents take one that ends at most ");
    line_duration(&l, approval_life_max_ms((enum approval_verb)a->verb, &s->t->plan.policy));
    line_put(&l, " from now: set the clock that it was signed by, then sign anew");
    problem_add(p, text);
    tenant_text(s->t,
                new ? "baton cutover attest TENANT --host NEW_HOST --seen FILE"
                    : "baton cutover attest TENANT --host OLD_HOST --seen FILE",
                p->next, sizeof p->next);
}

static void
on_approval(struct step *s)
{
    const struct signed_approval *sa = s->ev->approval;
    struct guard_ctx g = step_guards(s);
    const char *why;
    enum baton_status rc = approvals_add(s->t, sa, &g.approvals, &why);
    struct baton_hash digest;
    approval_digest(sa, s->dp, &digest);
    if (rc != BATON_OK) {
        step_refuse(s, rc, why, "the operator who signed", "baton cutover explain TENANT");
        if (rc == BATON_REFUSED)
            add_longest_life(s, &sa->a);
        note_ref(step_note(s, AUDIT_REFUSED, 0, why), &digest);
        return;
    }
    s->d->changed_cutover = true;
    note_ref(step_note(s, AUDIT_APPROVAL, 0, approval_verb_name((enum approval_verb)sa->a.verb)),
             &digest);
    bool go = sa->a.verb == VERB_GO;
    if (!step_dispatch(s, go ? HEV_GO_SIGNED : HEV_APPROVED) && go)
        s->d->problem = s->refusal;
    step_settle(s);
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
    step_note(s, AUDIT_VERB, 0, text);
}

static void
on_verb(struct step *s)
{
    note_verb(s);
    if (step_dispatch(s, s->ev->verb)) {
        if (verb_has_reason(s->ev->verb) && s->ev->text[0] != '\0')
            text_copy(step_cutover(s)->reason, sizeof step_cutover(s)->reason, s->ev->text);
        step_settle(s);
        return;
    }
    s->d->problem = s->refusal;
    s->d->problem.since_unix_ms = step_cutover(s)->entered_unix_ms;
    if (handoff_guard((enum guard_id)s->refusal.guard)->refresh && s->t->authority.member_count > 0)
        s->d->orders |= AUTH_FX_STATUS; /* so that the same verb meets fresh facts next time */
    step_note(s, AUDIT_REFUSED, s->refusal.rule, s->refusal.title);
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
        if (rows[i].state != step_cutover(s)->state ||
            timeout_due_ms(s->t, &rows[i]) > s->ev->now_ms)
            continue;
        step_dispatch_rule(s, HEV_TIMEOUT, rows[i].rule);
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
    if (step_cutover(s)->state == HO_NONE)
        return;
    check_timeouts(s);
    step_dispatch(s, HEV_CLOCK);
    step_settle(s);
}

/* Monotonic times of an earlier run mean nothing here: time-outs count from now, what was fresh is
 * not, and nobody is connected. The gap's bounds stay in wall time. */
static void
on_start(struct step *s)
{
    struct cutover *c = step_cutover(s);
    s->t->started_unix_ms = s->ev->unix_ms;
    for (size_t i = 0; i < MEMBERS_MAX; i++) {
        s->t->agent[i].connected = false;
        s->t->agent[i].seen_ms = s->t->agent[i].reported_ms = 0;
    }
    c->entered_ms = s->ev->now_ms;
    c->reminded_ms = 0;
    c->verified_ms = 0;
    c->gap_from_ms = c->gap_to_ms = 0;
    enum baton_status rc = step_authority(s, AUTH_EV_START, NULL, NULL);
    BATON_ASSERT(rc == BATON_OK); /* a start is taken in every phase */
    s->d->changed_cutover = c->state != HO_NONE;
    step_tell_news(s);
}

static bool
create_refused(struct step *s)
{
    const struct tenant_event *ev = s->ev;
    if (s->t->cutover_open) {
        step_refuse(s, BATON_CONFLICT, "this tenant has an open cutover", "any operator",
                    "baton cutover explain TENANT");
        return true;
    }
    if (ev->old_agent >= MEMBERS_MAX || ev->new_agent >= MEMBERS_MAX ||
        !s->t->agent[ev->old_agent].used || !s->t->agent[ev->new_agent].used) {
        step_refuse(s, BATON_NOT_FOUND, "both servers need an enrolled agent", "any operator",
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
    tenant_assess(s->t, ev->old_agent, ev->new_agent, ev->now_ms, &ev->fleet, &a);
    uint8_t profile = ev->profile != PROFILE_NONE ? ev->profile : a.recommended;
    if (profile != a.recommended && ev->text[0] == '\0') {
        step_refuse(s, BATON_REFUSED, "another path than the recommended one needs a reason",
                    "any operator", "baton cutover create TENANT --profile PATH --reason '...'");
        return;
    }
    struct cutover *c = step_cutover(s);
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
    char text[AUDIT_TEXT_BYTES];
    struct line l;
    line_start(&l, text, sizeof text);
    line_put(&l, "assessed; path ");
    line_put(&l, profile_name((enum profile)profile));
    line_put(&l, c->path_overridden ? ", against the recommendation: " : ", as recommended");
    line_put(&l, c->path_overridden ? ev->text : "");
    struct decision_note *n = step_note(s, AUDIT_MOVED, 0, text);
    n->from = HO_NONE;
}

void
tenant_step(struct tenant *t, const struct tenant_event *ev, const struct digest_port *dp,
            struct decision *ret_decision)
{
    static void (*const handlers[])(struct step *) = {
        [TEV_VERB] = on_verb,         [TEV_APPROVAL] = on_approval, [TEV_STATEMENT] = on_statement,
        [TEV_REPORT] = on_report,     [TEV_SESSION] = on_session,   [TEV_LOST] = on_lost,
        [TEV_BLOB] = on_blob,         [TEV_CLOCK] = on_clock,       [TEV_START] = on_start,
        [TEV_CREATE] = on_create,     [TEV_BARRED] = on_barred,     [TEV_FINDINGS] = on_findings,
        [TEV_DISPOSED] = on_disposed,
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
