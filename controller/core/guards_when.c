/* Conditions: they choose among rows and never block one. */
#include "guards_private.h"

#include "line.h"

#include <string.h>

/* --- conditions: they choose a row ----------------------------------------------------------- */

bool
guard_asked(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    const struct authority *a = &g->t->authority;
    uint64_t limit = (uint64_t)guard_policy(g, POLICY_GO_MS);
    if (a->phase == AUTH_FENCED)
        return authority_fresh(a, g->now_ms, limit);
    return a->phase == AUTH_ASKED && g->now_ms - a->asked_ms <= limit;
}

bool
guard_not_asked(const struct guard_ctx *g, struct problem *p)
{
    return !guard_asked(g, p);
}

bool
guard_towards_new(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return baton_key_eq(&g->t->authority.recipient, &guard_new(g)->key);
}

bool
guard_towards_old(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return baton_key_eq(&g->t->authority.recipient, &guard_old(g)->key);
}

/* The open epoch is over: whom it names says that it holds. A state that was held, or climbed the fence
 * ladder, when it said so sees it here. */
static bool
held_by(const struct authority *a, const struct baton_key *key)
{
    return a->phase == AUTH_HELD && baton_key_eq(&a->recipient, key) &&
           baton_key_eq(&a->holder, key);
}

bool
guard_held_by_new(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return held_by(&g->t->authority, &guard_new(g)->key);
}

/* Without a grant: it never stopped. */
bool
guard_old_kept_it(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return held_by(&g->t->authority, &guard_old(g)->key) && g->t->authority.serial == 0;
}

/* Who spoke last refused: a refused challenge names its nonce, an order that is not of this epoch names another one or none. */
bool
guard_refuses_this(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    const struct authority *a = &g->t->authority;
    const struct baton_key *by = &a->member[a->refused_by % MEMBERS_MAX].key;
    for (size_t i = 0; i < MEMBERS_MAX; i++) {
        const struct agent_view *v = &g->t->agent[i];
        if (v->used && baton_key_eq(&v->key, by))
            return v->statement.type == SAY_REFUSED && baton_id_is_zero(&v->statement.nonce) &&
                   epoch_eq(&v->statement.asked, &a->epoch);
    }
    return false;
}

/* As long as the record says granted, or held, the recipient may use it or has: whoever refuses meanwhile
 * refuses something else. */
bool
guard_grant_dead(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return g->t->authority.phase != AUTH_GRANTED && g->t->authority.phase != AUTH_HELD;
}

/* Nobody is asked before the old server is granted once more: who refuses for ever would be sent a grant for ever, as
 * fast as the wire is. A new epoch begins to count anew. */
bool
guard_grants_left(const struct guard_ctx *g, struct problem *p)
{
    enum { GRANTS_MOST = 8 };
    const struct authority *a = &g->t->authority;
    problem_add_number(p, "grants sent in this epoch: ", a->serial, "");
    return a->serial < GRANTS_MOST;
}

bool
guard_old_removed(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return fact_is(&guard_old(g)->facts, FACT_PRODUCT_PRESENT, 0) && !g->t->cutover.settings_sealed;
}

/* The agent refuses to seal another file than the one named. */
bool
guard_settings_other(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    const struct facts *f = &guard_old(g)->facts;
    return !g->t->cutover.settings_sealed && f->digest_known[DIGEST_SETTINGS] &&
           !baton_hash_eq(&f->digest[DIGEST_SETTINGS], &g->t->cutover.settings);
}

bool
guard_blob_here(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    const struct cutover *c = &g->t->cutover;
    return c->resume_to == HO_SETTINGS_SEALED && !baton_hash_is_zero(&c->blob);
}

bool
guard_role_of(const struct guard_ctx *g, const struct agent_view *a)
{
    return baton_key_eq(&g->t->authority.holder, &a->key) ||
           (a->statement_known && a->statement.holding);
}

/* A later plan of the same servers needs no second adoption: every FENCE carries its plan. */
bool
guard_role_known(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    const struct authority *a = &g->t->authority;
    if (!a->adopted || a->phase != AUTH_HELD || !baton_key_eq(&a->holder, &guard_old(g)->key))
        return false;
    for (size_t i = 0; i < g->t->plan.member_count; i++)
        if (authority_member_index(a, &g->t->plan.member[i].key) < 0)
            return false;
    return true;
}

bool
guard_never_adopted(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return !g->t->authority.adopted;
}

/* Orders of one number by two controllers, one of them put back or copied: nobody obeys the other's. */
/* The record's epoch, but not to whom the record names: a readmitted server promised it to nobody, and refuses
 * to hear of a recipient under the same number. */
static bool
promised_to_another(const struct guard_ctx *g)
{
    const struct authority *a = &g->t->authority;
    for (size_t i = 0; i < MEMBERS_MAX; i++) {
        const struct agent_view *v = &g->t->agent[i];
        if (v->used && v->statement_known && authority_member_index(a, &v->key) >= 0 &&
            epoch_eq(&v->statement.epoch, &a->epoch) &&
            !baton_key_eq(&v->statement.recipient, &a->recipient))
            return true;
    }
    return false;
}

bool
guard_promised_apart(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    const struct authority *a = &g->t->authority;
    for (size_t i = 0; i < a->member_count; i++)
        if (!epoch_is_zero(&a->member[i].promise) && !epoch_eq(&a->member[i].promise, &a->epoch))
            return true;
    return !epoch_is_zero(&a->epoch) &&
           (baton_key_is_zero(&a->recipient) || promised_to_another(g));
}

bool
guard_promised_alike(const struct guard_ctx *g, struct problem *p)
{
    return !guard_promised_apart(g, p);
}

bool
guard_reconciling(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return g->t->authority.reconcile;
}

bool
guard_quarantined(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    const struct agent_view *both[] = {guard_old(g), guard_new(g)};
    for (size_t i = 0; i < ARRAY_LEN(both); i++)
        if (both[i]->barred || /* what its words say of it is no longer heard */
            (both[i]->statement_known && both[i]->statement.quarantine != QUARANTINE_NONE))
            return true;
    return false;
}

bool
guard_settled(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return !g->t->authority.reconcile && !g->t->authority.recovering;
}

bool
guard_old_holding(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return guard_role_of(g, guard_old(g));
}

/* A record from before the adoption may learn of a fence: nobody exports then, and that is finished first. */
bool
guard_resume_fitting(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    uint8_t s = g->t->cutover.resume_to;
    if (!g->t->authority.adopted)
        return s <= HO_EXPORT_SETTINGS && g->t->authority.phase < AUTH_FENCING;
    if (s < HO_RELEASING)
        return guard_role_of(g, guard_old(g));
    return s >= HO_ACTIVATING && s <= HO_DONE && guard_role_of(g, guard_new(g));
}

/* A draining server may finish its run: it counts as rogue from its first evidence for the epoch. */
bool
guard_rogue_old(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    const struct agent_view *o = guard_old(g);
    bool proven = guard_towards_new(g, p) &&
                  (g->t->authority.phase >= AUTH_FENCED || guard_role_of(g, guard_new(g)) ||
                   !baton_hash_is_zero(&guard_member(g, o)->evidence));
    return proven && !(o->statement_known && o->statement.holding) &&
           fact_or(&o->facts, FACT_EXPORTS_SINCE_FENCE, 0) > g->t->cutover.old_rogue_seen;
}

bool
guard_rogue_new(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    const struct agent_view *n = guard_new(g);
    const struct authority_member *m = guard_member(g, n);
    if (!g->t->authority.adopted || guard_role_of(g, n) ||
        (g->t->authority.phase == AUTH_GRANTED && guard_towards_new(g, p)))
        return false;
    return (guard_legacy(g) && m->ever_exported && !g->t->cutover.ponr) ||
           fact_or(&n->facts, FACT_EXPORTS_SINCE_FENCE, 0) > g->t->cutover.new_rogue_seen;
}

bool
guard_late(const struct guard_ctx *g, struct problem *p)
{
    const struct authority_member *o = guard_member(g, guard_old(g)),
                                  *n = guard_member(g, guard_new(g));
    return (!baton_hash_is_zero(&o->evidence) || o->attested) && !g->t->cutover.late_activation &&
           g->t->authority.serial > 0 && guard_towards_new(g, p) &&
           !guard_role_of(g, guard_new(g)) && (n->tamper_open || n->ever_exported);
}

bool
guard_tamper_old(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return guard_member(g, guard_old(g))->tamper_open;
}

bool
guard_wrong_tenant(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    if (g->t->cutover.state == HO_HOLD) /* held for it already */
        return false;
    const struct agent_view *both[] = {guard_old(g), guard_new(g)};
    for (size_t i = 0; i < ARRAY_LEN(both); i++)
        if (both[i]->statement_known && !baton_id_eq(&both[i]->statement.tenant, &g->t->info.id))
            return true;
    return false;
}

bool
guard_new_changed(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return !g->t->cutover.no_go && guard_new_moved(g);
}

bool
guard_old_import_broken(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return fact_is(&guard_old(g)->facts, FACT_IMPORT_OK, 0);
}

bool
guard_table_different(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    const struct baton_hash *want = &g->t->info.agent_table;
    const struct agent_view *both[] = {guard_old(g), guard_new(g)};
    for (size_t i = 0; i < ARRAY_LEN(both); i++)
        if (!baton_hash_is_zero(want) && !baton_hash_is_zero(&both[i]->table) &&
            !baton_hash_eq(&both[i]->table, want))
            return true;
    return false;
}

static uint64_t
since_told(const struct guard_ctx *g)
{
    const struct cutover *c = &g->t->cutover;
    return g->now_ms - (c->reminded_ms > c->entered_ms ? c->reminded_ms : c->entered_ms);
}

/* By that server's own clock. */
static bool
longer_ago(const struct guard_ctx *g, const struct agent_view *a, int64_t unix_ms, int64_t limit_ms)
{
    int64_t ago = (int64_t)g->approvals.unix_ms + a->skew_ms - unix_ms;
    return ago > limit_ms && since_told(g) > (uint64_t)limit_ms;
}

static bool
export_late(const struct guard_ctx *g, const struct agent_view *a)
{
    int64_t two = 2 * fact_or(&a->facts, FACT_INTERVAL_MS, 0);
    if (two < guard_policy(g, POLICY_ACTIVATING_MS))
        two = guard_policy(g, POLICY_ACTIVATING_MS);
    return longer_ago(g, a, fact_or(&a->facts, FACT_LAST_EXPORT_END, INT64_MAX / 2), two);
}

bool
guard_export_late(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return export_late(g, guard_new(g));
}

/* The old server has not been asked to stop, and the new one does not export in its place. */
static bool
old_should_export(const struct guard_ctx *g)
{
    const struct cutover *c = &g->t->cutover;
    uint8_t s = c->state == HO_HOLD ? c->resume_to : c->state;
    return s < HO_RELEASING && !guard_exporting(guard_new(g));
}

static bool
old_stopped(const struct guard_ctx *g)
{
    return fact_is(&guard_old(g)->facts, FACT_SERVICES_STOPPED, 1);
}

/* A quarantine, its guard or somebody's hand stopped it: a gap that nobody decided to begin. */
bool
guard_old_idle(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    const struct agent_view *o = guard_old(g);
    int64_t stopped = fact_or(&o->facts, FACT_STOPPED_AT, 0);
    int64_t exported = fact_or(&o->facts, FACT_LAST_EXPORT_END, 0);
    return old_should_export(g) && old_stopped(g) &&
           longer_ago(g, o, exported > stopped ? exported : stopped,
                      guard_policy(g, POLICY_GAP_PAGE_MS));
}

bool
guard_old_late(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return old_should_export(g) && !old_stopped(g) && export_late(g, guard_old(g));
}

/* Its machine is no more, and the new server holds: what people signed in D2, where any later word of it
 * would have struck that out. */
bool
guard_old_gone(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *o = guard_old(g);
    return guard_held_by_new(g, p) && !o->connected && guard_member(g, o)->attested &&
           approvals_attests(g->t, &o->key, &g->approvals) >=
               approvals_attest_quorum(&g->approvals);
}

bool
guard_old_there(const struct guard_ctx *g, struct problem *p)
{
    return !guard_old_gone(g, p);
}

bool
old_written_off(const struct tenant *t)
{
    int m = tenant_member(t, tenant_old(t));
    return t->cutover.state == HO_DONE && m >= 0 && t->authority.member[m].attested &&
           !t->authority.member[m].retired;
}

bool
guard_old_silent(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    if (old_written_off(g->t)) /* of what is gone nothing is to be heard */
        return false;
    uint64_t limit = (uint64_t)guard_policy(g, POLICY_RETIRE_MS);
    const struct agent_view *o = guard_old(g);
    uint64_t from = o->seen_ms > g->t->cutover.entered_ms ? o->seen_ms : g->t->cutover.entered_ms;
    return g->now_ms - from > limit && since_told(g) > limit;
}

/* Nobody exports, nothing leads back, and what stands still cannot be verified better: people may
 * take it forward as it is. */
bool
guard_only_a_grant(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return guard_latched(g) && g->reason[0] != '\0' &&
           fact_is(&guard_new(g)->facts, FACT_SERVICES_STOPPED, 1);
}

bool
guard_always(const struct guard_ctx *g, struct problem *p)
{
    (void)g;
    (void)p;
    return true;
}
