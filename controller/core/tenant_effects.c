/* What a rule does besides moving: to the authority, to the cutover's own record, to the notes. */
#include "tenant_private.h"

#include "common/text.h"
#include "line.h"
#include "verify.h"

#include <string.h>

struct cutover *
step_cutover(struct step *s)
{
    return &s->t->cutover;
}

struct guard_ctx
step_guards(const struct step *s)
{
    return (struct guard_ctx){
        .t = s->t,
        .now_ms = s->ev->now_ms,
        .approvals = {.trust = s->ev->trust, .dp = s->dp, .unix_ms = s->ev->unix_ms},
        .reason = s->ev->text};
}

/* --- what is written down --------------------------------------------------------------------- */

struct decision_note *
step_note(struct step *s, enum audit_type type, uint16_t rule, const char *text)
{
    struct decision_note *n =
        s->d->note_count < DECISION_NOTES_MAX ? &s->d->note[s->d->note_count++] : &s->spill;
    memset(n, 0, sizeof *n);
    n->type = (uint8_t)type;
    n->rule = rule;
    n->from = n->to = step_cutover(s)->state;
    text_copy(n->text, sizeof n->text, text);
    return n;
}

void
note_ref(struct decision_note *n, const struct baton_hash *ref)
{
    if (!baton_hash_is_zero(ref) && n->ref_count < ARRAY_LEN(n->ref))
        n->ref[n->ref_count++] = *ref;
}

void
step_refuse(struct step *s, enum baton_status status, const char *title, const char *who,
            const char *next)
{
    struct problem *p = &s->d->problem;
    memset(p, 0, sizeof *p);
    p->status = status;
    line_set(p->title, sizeof p->title, title);
    line_set(p->who, sizeof p->who, who);
    tenant_text(s->t, next, p->next, sizeof p->next);
    p->since_unix_ms = step_cutover(s)->entered_unix_ms;
}

/* --- the authority ----------------------------------------------------------------------------- */

enum baton_status
step_authority(struct step *s, enum authority_event event, const struct baton_key *key,
               const struct baton_hash attest[2])
{
    const struct tenant_event *ev = s->ev;
    struct authority_input in = {.event = event,
                                 .now_ms = ev->now_ms,
                                 .incarnation = ev->incarnation,
                                 .our_log_size = ev->our_log_size,
                                 .other_log = ev->other_log,
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
    struct guard_ctx g = step_guards(s);
    int member = approvals_attested(s->t, &g.approvals, two);
    if (member < 0)
        return BATON_WAITING;
    struct baton_key key = s->t->authority.member[member].key;
    return step_authority(s, AUTH_EV_ATTEST, &key, two);
}

static enum baton_status
acknowledge_call(struct step *s)
{
    for (size_t i = 0; i < s->t->authority.member_count; i++) {
        struct baton_key key = s->t->authority.member[i].key;
        if (!s->t->authority.member[i].tamper_unread)
            continue;
        enum baton_status rc = step_authority(s, AUTH_EV_ACK, &key, NULL);
        BATON_ASSERT(rc == BATON_OK); /* an alarm may be acknowledged in every phase */
    }
    return BATON_OK;
}

/* After a restore the members' word is the record: also whose epoch the open one is, and how many grants
 * its recipient has seen, since it refuses one that is not newer. Who was readmitted knows the number alone. */
static enum baton_status
reconcile_call(struct step *s)
{
    enum baton_status rc = step_authority(s, AUTH_EV_RECONCILE, NULL, NULL);
    BATON_ASSERT(rc == BATON_OK); /* there is a row for every record */
    for (size_t i = 0; i < MEMBERS_MAX; i++) {
        const struct agent_view *a = &s->t->agent[i];
        struct authority *now = &s->t->authority;
        if (!a->used || !a->statement_known || !epoch_eq(&a->statement.epoch, &now->epoch) ||
            baton_key_is_zero(&a->statement.recipient))
            continue;
        now->recipient = a->statement.recipient;
        if (baton_key_eq(&a->key, &now->recipient) && a->statement.serial > now->serial)
            now->serial = a->statement.serial;
    }
    return rc;
}

enum whom { WHOM_NOBODY, WHOM_OLD, WHOM_NEW };

static const struct {
    uint32_t effect;
    uint8_t event, whom;
    bool may_fail; /* hold is never refused: the grant then dies by its own clock */
    enum baton_status (*call)(struct step *s); /* instead of a plain event */
} authority_effects[] = {
    {HFX_ADOPT, AUTH_EV_ADOPT, WHOM_OLD, false, NULL},
    {HFX_ADOPT_NEW, AUTH_EV_ADOPT, WHOM_NEW, false, NULL},
    {HFX_FENCE_NEW, AUTH_EV_FENCE, WHOM_NEW, false, NULL},
    {HFX_FENCE_OLD, AUTH_EV_FENCE, WHOM_OLD, false, NULL},
    {HFX_ASK, AUTH_EV_ASK, WHOM_NOBODY, false, NULL},
    {HFX_GRANT, AUTH_EV_GO, WHOM_NOBODY, false, NULL},
    {HFX_VOID, AUTH_EV_VOID, WHOM_NOBODY, true, NULL},
    {HFX_RETIRE, AUTH_EV_RETIRE, WHOM_OLD, false, NULL},
    {HFX_ATTEST, AUTH_EV_ATTEST, WHOM_NOBODY, false, attest_call},
    {HFX_ACK, AUTH_EV_ACK, WHOM_NOBODY, false, acknowledge_call},
    {HFX_RECONCILE, AUTH_EV_RECONCILE, WHOM_NOBODY, false, reconcile_call},
};

static const struct baton_key *
key_of(const struct tenant *t, uint8_t whom)
{
    const struct cutover *c = &t->cutover;
    return &t->agent[whom == WHOM_OLD ? c->old_agent : c->new_agent].key;
}

/* The same step on a copy. What has a call of its own is refused by its guard alone. */
bool
tenant_authority_takes(const struct tenant *t, uint64_t now_ms, uint32_t effects)
{
    struct authority tried = t->authority;
    const struct authority_row *row;
    uint32_t orders, news;
    for (size_t i = 0; i < ARRAY_LEN(authority_effects); i++) {
        if ((effects & authority_effects[i].effect) == 0 || authority_effects[i].may_fail ||
            authority_effects[i].call != NULL)
            continue;
        struct authority_input in = {.event = (enum authority_event)authority_effects[i].event,
                                     .now_ms = now_ms,
                                     .plan = t->plan_known ? &t->plan : NULL,
                                     .plan_hash = t->cutover.plan};
        if (authority_effects[i].whom != WHOM_NOBODY)
            in.recipient = *key_of(t, authority_effects[i].whom);
        if (authority_step(&tried, &in, &row, &orders, &news) != BATON_OK)
            return false;
    }
    return true;
}

/* All or nothing: a refusal leaves the record as it was. */
enum baton_status
step_authority_effects(struct step *s, uint32_t effects)
{
    struct authority before = s->t->authority;
    uint32_t orders = s->d->orders, news = s->news;
    bool changed = s->d->changed_authority;
    for (size_t i = 0; i < ARRAY_LEN(authority_effects); i++) {
        if ((effects & authority_effects[i].effect) == 0)
            continue;
        struct baton_key key = {{0}};
        if (authority_effects[i].whom != WHOM_NOBODY)
            key = *key_of(s->t, authority_effects[i].whom);
        enum baton_status rc =
            authority_effects[i].call != NULL
                ? authority_effects[i].call(s)
                : step_authority(s, (enum authority_event)authority_effects[i].event, &key, NULL);
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
        s->dp->sha256(s->dp->ctx, bytes, len, &step_cutover(s)->plan);
    s->t->plan_known = len > 0;
}

void
step_verify(struct step *s)
{
    struct cutover *c = step_cutover(s);
    struct verification v;
    verification_fill(s->t, s->ev->unix_ms, s->dp, &v);
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
    step_cutover(s)->verification.taken_unix_ms = 0;
    step_verify(s);
}

static void
accept_verification(struct step *s)
{
    struct cutover *c = step_cutover(s);
    verification_digest(&c->verification, s->dp, &c->verification_hash);
    c->accepted = true;
    c->no_go = false;
    struct decision_note *n =
        step_note(s, AUDIT_VERIFIED, 0, verdict_name((enum verdict)c->verification.verdict));
    note_ref(n, &c->verification_hash);
    note_ref(n, &c->verification.findings);
    note_ref(n, &c->verification.dispositions);
}

static void
gap_start(struct step *s)
{
    struct cutover *c = step_cutover(s);
    if (c->gap_from_unix_ms != 0)
        return; /* fenced again inside the same gap */
    c->gap_from_ms = s->ev->now_ms;
    c->gap_from_unix_ms = s->ev->unix_ms;
    c->old_last_export_unix_ms =
        (uint64_t)fact_or(&tenant_old(s->t)->facts, FACT_LAST_EXPORT_END, 0);
}

/* What the first export carried; known only while it is still the newest. */
static void
count_first_export(struct cutover *c, const struct facts *f)
{
    bool first = fact_is(f, FACT_EXPORTS_TOTAL, c->exports_before + 1);
    c->export_adds = first ? fact_or(f, FACT_LAST_EXPORT_ADDS, -1) : -1;
    c->export_updates = first ? fact_or(f, FACT_LAST_EXPORT_UPDATES, -1) : -1;
    c->export_deletes = first ? fact_or(f, FACT_LAST_EXPORT_DELETES, -1) : -1;
}

static void
gap_end(struct step *s)
{
    struct cutover *c = step_cutover(s);
    if (c->gap_to_unix_ms != 0)
        return;
    c->gap_to_ms = s->ev->now_ms;
    c->gap_to_unix_ms = s->ev->unix_ms;
    bool back = baton_key_eq(&s->t->authority.recipient, &tenant_old(s->t)->key);
    const struct agent_view *a = back ? tenant_old(s->t) : tenant_new(s->t);
    c->new_first_export_unix_ms = (uint64_t)fact_or(&a->facts, FACT_LAST_EXPORT_END, 0);
    count_first_export(c, &a->facts);
}

static void
latch(struct step *s)
{
    step_cutover(s)->ponr = true;
}

static void
mark_late(struct step *s)
{
    step_cutover(s)->late_activation = true;
    step_cutover(s)->new_rogue_seen =
        fact_or(&tenant_new(s->t)->facts, FACT_EXPORTS_SINCE_FENCE, 0);
}

static void
mark_breach(struct step *s)
{
    struct cutover *c = step_cutover(s);
    c->breach = true;
    c->ponr = c->ponr || s->t->authority.ponr;
    c->old_rogue_seen = fact_or(&tenant_old(s->t)->facts, FACT_EXPORTS_SINCE_FENCE, 0);
    c->new_rogue_seen = fact_or(&tenant_new(s->t)->facts, FACT_EXPORTS_SINCE_FENCE, 0);
    s->t->cutover_open = true; /* a breach after done needs people again */
}

static void
mark_no_go(struct step *s)
{
    step_cutover(s)->no_go = true;
}

static void
fence_new(struct step *s)
{
    approvals_drop(step_cutover(s), true);
}

static void
fence_old(struct step *s)
{
    approvals_drop(step_cutover(s), false);
}

/* Since the grant the old server ran until its guard stopped it, and nobody could read what it did. */
static bool
ran_unread(const struct step *s)
{
    return fact_or(&tenant_old(s->t)->facts, FACT_EXPORTS_UNREAD, 0) >
           s->t->cutover.old_unread_before;
}

static void
grade(struct step *s)
{
    struct cutover *c = step_cutover(s);
    bool witnessed = account_seen_removed(s->t);
    c->local_fence_only = c->local_fence_only && !witnessed;
    c->grade = witnessed ? 'A' : 'B';
    for (size_t i = 0; i < s->t->authority.member_count; i++)
        if (s->t->authority.member[i].attested)
            c->grade = 'C';
    if (c->breach || c->late_activation || ran_unread(s))
        c->grade = 'X';
}

/* The order to retire left only because the account is gone; people's word for it may expire later. */
static void
fenced_outside(struct step *s)
{
    step_cutover(s)->local_fence_only = false;
}

static void
close_cutover(struct step *s)
{
    s->t->cutover_open = false;
}

static void
told(struct step *s)
{
    step_cutover(s)->reminded_ms = s->ev->now_ms;
}

static void
seal_settings(struct step *s)
{
    struct cutover *c = step_cutover(s);
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
    {HFX_RETIRE, fenced_outside},
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
    int64_t unknown; /* what counts while nobody knows it */
} baselines[] = {
    {HO_FIRST_SYNC, FACT_GOOD_CYCLES, true, offsetof(struct cutover, cycles_before), 0},
    {HO_GAP, FACT_EXPORTS_SINCE_FENCE, true, offsetof(struct cutover, old_rogue_seen), 0},
    {HO_GRANTING, FACT_EXPORTS_TOTAL, false, offsetof(struct cutover, exports_before), 0},
    {HO_GRANTING, FACT_LAST_EXPORT_END, false, offsetof(struct cutover, export_end_before), 0},
    {HO_GRANTING, FACT_EXPORTS_UNREAD, true, offsetof(struct cutover, old_unread_before), 0},
    {HO_PROBATION, FACT_GOOD_CYCLES, false, offsetof(struct cutover, cycles_before), INT64_MAX},
    {HO_RESTORING, FACT_EXPORTS_TOTAL, true, offsetof(struct cutover, exports_before), 0},
    {HO_RESTORING, FACT_LAST_EXPORT_END, true, offsetof(struct cutover, export_end_before), 0},
};

static void
take_baselines(struct step *s, uint8_t state)
{
    for (size_t i = 0; i < ARRAY_LEN(baselines); i++) {
        if (baselines[i].state != state)
            continue;
        const struct agent_view *a = baselines[i].of_old ? tenant_old(s->t) : tenant_new(s->t);
        int64_t v = fact_or(&a->facts, (enum fact_id)baselines[i].fact, baselines[i].unknown);
        memcpy((uint8_t *)step_cutover(s) + baselines[i].at, &v, sizeof v);
    }
}

/* Measured once in a cutover: a second synchronization, after weeks in verification, is no first. The
 * old server's count stands where the new one has not said its own. */
static void
time_first_sync(struct step *s, uint8_t state)
{
    struct cutover *c = step_cutover(s);
    uint64_t now = s->ev->unix_ms;
    if (state == HO_FIRST_SYNC && c->staged_unix_ms == 0)
        c->staged_unix_ms = now;
    if (state != HO_VERIFY || c->first_sync_ms != 0 || c->staged_unix_ms == 0 ||
        now <= c->staged_unix_ms)
        return;
    c->first_sync_ms = now - c->staged_unix_ms;
    int64_t objects = fact_or(&tenant_old(s->t)->facts, FACT_OBJECTS, 0);
    s->t->info.first_sync = (struct first_sync){
        .ms = c->first_sync_ms,
        .objects = fact_or(&tenant_new(s->t)->facts, FACT_OBJECTS, objects),
    };
}

void
step_effects(struct step *s, uint32_t effects, uint8_t to)
{
    for (size_t i = 0; i < ARRAY_LEN(local_effects); i++)
        if (effects & local_effects[i].effect)
            local_effects[i].run(s);
    if (effects & HFX_BASELINE) {
        take_baselines(s, to);
        time_first_sync(s, to);
    }
}
