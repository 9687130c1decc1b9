/* Guards of preparing, staging and verifying. */
#include "guards_private.h"

#include "line.h"

#include <string.h>

/* What nobody computed blocks where the policy says so, unless a person accepts it with a reason. */
static bool
unknown_passes(const struct guard_ctx *g, struct problem *p, const char *what)
{
    if (guard_policy(g, POLICY_UNKNOWN_BLOCKS_BOOL) == 0)
        return true;
    char text[sizeof p->fact[0].text];
    struct line l;
    line_start(&l, text, sizeof text);
    line_put(&l, what);
    bool accepted = g->reason[0] != '\0';
    line_put(&l, accepted ? " is unknown: accepted by a person with a reason"
                          : " is unknown: accept it with a reason, or have it computed");
    problem_add(p, text);
    return accepted;
}

/* --- prepare -------------------------------------------------------------------------------- */

static bool
agent_usable(const struct guard_ctx *g, struct problem *p, const struct agent_view *a)
{
    static const char *const lacks[] = {"old server: no agent is enrolled",
                                        "new server: no agent is enrolled",
                                        "old server: its agent is not confirmed by an operator",
                                        "new server: its agent is not confirmed by an operator",
                                        "old server: its agent is revoked",
                                        "new server: its agent is revoked"};
    size_t at = a == guard_old(g) ? 0 : 1;
    bool bad[] = {!a->used, a->used && !a->confirmed, a->used && a->revoked};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (bad[i])
            problem_add(p, lacks[2 * i + at]);
    return !bad[0] && !bad[1] && !bad[2];
}

static bool
same_machine(const struct agent_view *a, const struct agent_view *b)
{
    return baton_key_eq(&a->key, &b->key) ||
           (a->statement_known && b->statement_known &&
            !baton_id_is_zero(&a->statement.machine.guid) &&
            baton_id_eq(&a->statement.machine.guid, &b->statement.machine.guid));
}

bool
guard_exporting(const struct agent_view *a)
{
    return (fact_is(&a->facts, FACT_STAGING_SCHEDULER, 0) ||
            fact_is(&a->facts, FACT_STAGING_SETTINGS, 0)) &&
           fact_or(&a->facts, FACT_EXPORTS_TOTAL, 0) > 0;
}

bool
guard_pair(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *o = guard_old(g), *n = guard_new(g);
    bool ok = agent_usable(g, p, o);
    ok = agent_usable(g, p, n) && ok;
    if (same_machine(o, n)) {
        problem_add(p, "both agents speak for one machine");
        ok = false;
    }
    if (!guard_need(g, p, o, FACT_PRODUCT_PRESENT, 1))
        ok = false;
    if (guard_exporting(n)) {
        problem_add(p, "new server: it exports already");
        ok = false;
    }
    return ok;
}

bool
source_is_dead(const struct agent_view *old, const struct policy *p, uint64_t unix_ms)
{
    const struct facts *f = &old->facts;
    if (fact_is(f, FACT_SERVICES_DISABLED, 1) || !fact_known(f, FACT_LAST_EXPORT_END))
        return fact_is(f, FACT_SERVICES_DISABLED, 1) || fact_is(f, FACT_EXPORTS_TOTAL, 0);
    int64_t silent = (int64_t)unix_ms - fact_or(f, FACT_LAST_EXPORT_END, 0);
    int64_t two = 2 * fact_or(f, FACT_INTERVAL_MS, 0);
    return silent > (two > p->v[POLICY_VERIFY_MS] ? two : p->v[POLICY_VERIFY_MS]);
}

static bool
path_fits(uint8_t profile, enum product old, bool dead)
{
    switch ((enum profile)profile) {
    case PROFILE_PARALLEL:
    case PROFILE_UNSUPPORTED:
        return old == PRODUCT_DIRSYNC && !dead;
    case PROFILE_DEAD_SOURCE:
        return old == PRODUCT_DIRSYNC && dead;
    case PROFILE_SWING:
        return old == PRODUCT_AADSYNC || old == PRODUCT_CONNECT;
    case PROFILE_IN_PLACE:
    case PROFILE_AUDIT_ONLY:
    case PROFILE_NONE:
    case PROFILE_COUNT:
        break;
    }
    return false;
}

bool
guard_path(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *o = guard_old(g);
    enum product product = (enum product)fact_or(&o->facts, FACT_PRODUCT_CLASS, PRODUCT_NONE);
    bool dead = source_is_dead(o, &g->t->info.policy, g->approvals.unix_ms);
    problem_add_fact(p, o, "old server", FACT_PRODUCT_CLASS, g->now_ms);
    problem_add_fact(p, o, "old server", FACT_LAST_EXPORT_END, g->now_ms);
    if (dead)
        problem_add(p, "old server: it no longer exports");
    bool blocked = fact_or(&o->facts, FACT_BLOCKED_CONFIG, 0) > 0;
    if (blocked && g->t->cutover.profile == PROFILE_PARALLEL) {
        problem_add_fact(p, o, "old server", FACT_BLOCKED_CONFIG, g->now_ms);
        return false;
    }
    return path_fits(g->t->cutover.profile, product, dead);
}

bool
guard_adopted(const struct guard_ctx *g, struct problem *p)
{
    const struct authority *a = &g->t->authority;
    if (a->adopted)
        return true;
    for (size_t i = 0; i < a->member_count; i++)
        if (!a->member[i].accepted)
            problem_add(p, baton_key_eq(&a->member[i].key, &guard_old(g)->key)
                               ? "old server: has not answered the adoption"
                               : "new server: has not answered the adoption");
    return false;
}

bool
guard_settings_seen(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *o = guard_old(g);
    problem_add_fact(p, o, "old server", FACT_SETTINGS_SEEN, g->now_ms);
    if (!fact_known(&o->facts, FACT_SETTINGS_SEEN) || !o->facts.digest_known[DIGEST_SETTINGS])
        return false;
    int64_t oldest =
        (int64_t)g->t->cutover.entered_unix_ms - guard_policy(g, POLICY_SETTINGS_AGE_MS);
    if (fact_or(&o->facts, FACT_SETTINGS_SEEN, 0) < oldest) {
        problem_add(p, "the file is older than the task: export the settings again");
        return false;
    }
    if (!g->t->cutover.settings_steady)
        problem_add(p, "its hash was seen once; it counts when two reports agree");
    return g->t->cutover.settings_steady;
}

bool
guard_settings_placed(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *n = guard_new(g);
    problem_add_fact(p, n, "new server", FACT_SETTINGS_PLACED, g->now_ms);
    if (!g->t->cutover.settings_sealed)
        problem_add(p, "old server: has not sealed the file yet");
    if (!n->facts.digest_known[DIGEST_SETTINGS]) {
        problem_add(p, "new server: has no settings file yet");
        return false;
    }
    if (baton_hash_eq(&n->facts.digest[DIGEST_SETTINGS], &g->t->cutover.settings))
        return true;
    problem_add(p, "new server: has another settings file than the one exported");
    return false;
}

bool
guard_prereq(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *n = guard_new(g);
    problem_add_fact(p, n, "new server", FACT_PREREQ_FAILED, g->now_ms);
    if (!fact_known(&n->facts, FACT_PREREQ_FAILED))
        return guard_policy(g, POLICY_UNKNOWN_BLOCKS_BOOL) == 0;
    return fact_is(&n->facts, FACT_PREREQ_FAILED, 0);
}

bool
guard_old_present(const struct guard_ctx *g, struct problem *p)
{
    return guard_need(g, p, guard_old(g), FACT_PRODUCT_PRESENT, 1);
}

/* --- stage and verify ------------------------------------------------------------------------ */

bool
guard_staged(const struct guard_ctx *g, struct problem *p)
{
    static const enum fact_id ones[] = {FACT_PRODUCT_PRESENT, FACT_CONNECTOR_READY,
                                        FACT_STAGING_SCHEDULER, FACT_STAGING_SETTINGS};
    const struct agent_view *n = guard_new(g);
    bool ok = guard_need(g, p, n, FACT_PRODUCT_CLASS, PRODUCT_CONNECT);
    ok = guard_need_all(g, p, n, ones, ARRAY_LEN(ones), 1) && ok;
    if (guard_legacy(g)) /* a server that exported in an earlier life may be swung to */
        ok = guard_need(g, p, n, FACT_EXPORTS_TOTAL, 0) && ok;
    return ok;
}

bool
guard_old_alive(const struct guard_ctx *g, struct problem *p)
{
    if (g->t->cutover.profile == PROFILE_DEAD_SOURCE)
        return true;
    const struct agent_view *o = guard_old(g);
    bool reads = guard_need(g, p, o, FACT_IMPORT_OK, 1);
    problem_add_fact(p, o, "old server", FACT_GOOD_CYCLES, g->now_ms);
    problem_add_number(p, "good cycles of the old server when the new one was installed: ",
                       g->t->cutover.cycles_before, "");
    int64_t since = (int64_t)g->t->cutover.entered_unix_ms + o->skew_ms;
    return reads && (fact_or(&o->facts, FACT_GOOD_CYCLES, 0) > g->t->cutover.cycles_before ||
                     fact_or(&o->facts, FACT_LAST_CYCLE_END, 0) > since);
}

bool
guard_4ops(const struct guard_ctx *g, struct problem *p)
{
    static const enum fact_id ops[] = {FACT_FULL_IMPORT_AD, FACT_FULL_SYNC_AD,
                                       FACT_FULL_IMPORT_ENTRA, FACT_FULL_SYNC_ENTRA};
    return guard_need_all(g, p, guard_new(g), ops, ARRAY_LEN(ops), 1);
}

bool
guard_parity(const struct guard_ctx *g, struct problem *p)
{
    const struct verification *v = &g->t->cutover.verification;
    if (!v->known[VERIFY_PARITY_ROWS])
        return unknown_passes(g, p, verification_name(VERIFY_PARITY_ROWS));
    problem_add_number(
        p, "configuration differences without a disposition: ", v->value[VERIFY_PARITY_ROWS], "");
    return v->value[VERIFY_PARITY_ROWS] == 0;
}

int64_t
deletes_limit(const struct policy *p, int64_t scope_objects)
{
    int64_t share = scope_objects / 100 * p->v[POLICY_DELETES_PERCENT] +
                    scope_objects % 100 * p->v[POLICY_DELETES_PERCENT] / 100;
    return share < p->v[POLICY_DELETES_COUNT] ? share : p->v[POLICY_DELETES_COUNT];
}

bool
guard_diff(const struct guard_ctx *g, struct problem *p)
{
    const struct verification *v = &g->t->cutover.verification;
    if (!v->known[VERIFY_PENDING_DELETES] || !v->known[VERIFY_SCOPE_OBJECTS]) {
        problem_add(p, "pending deletions or objects in scope of the new server are unknown");
        return false; /* nobody may accept deletions that nobody counted */
    }
    int64_t limit = deletes_limit(&g->t->info.policy, v->value[VERIFY_SCOPE_OBJECTS]);
    problem_add_number(p, "pending deletions: ", v->value[VERIFY_PENDING_DELETES], "");
    problem_add_number(p, "allowed: ", limit,
                       " (the smaller of deletes_count and deletes_percent)");
    problem_add_number(p, "objects in scope: ", v->value[VERIFY_SCOPE_OBJECTS], "");
    if (v->value[VERIFY_PENDING_DELETES] > limit)
        return false;
    if (!v->known[VERIFY_ANCHOR_CHANGES])
        return unknown_passes(g, p, verification_name(VERIFY_ANCHOR_CHANGES));
    problem_add_number(
        p, "objects whose source anchor would change: ", v->value[VERIFY_ANCHOR_CHANGES], "");
    return v->value[VERIFY_ANCHOR_CHANGES] == 0;
}

static bool
digest_moved(const struct facts *f, enum digest_id id, const struct baton_hash *was)
{
    return f->digest_known[id] && !baton_hash_is_zero(was) && !baton_hash_eq(&f->digest[id], was);
}

bool
guard_new_moved(const struct guard_ctx *g)
{
    const struct verification *v = &g->t->cutover.verification;
    const struct facts *f = &guard_new(g)->facts;
    return (v->known[VERIFY_NEW_VERSION] && fact_known(f, FACT_PRODUCT_VERSION) &&
            !fact_is(f, FACT_PRODUCT_VERSION, v->value[VERIFY_NEW_VERSION])) ||
           digest_moved(f, DIGEST_CONFIG, &v->config) || digest_moved(f, DIGEST_RULES, &v->rules);
}

/* The last whole cycle of the new server: two intervals, or two looks of its collectors at rest. */
static bool
cycle_recent(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *n = guard_new(g);
    if (!fact_known(&n->facts, FACT_LAST_CYCLE_END))
        return true;
    /* Its guard stopped it: only the grant starts it again, so no cycle can come before that. Before
     * the gap its last one may be as old as a verification. */
    bool halted = fact_is(&n->facts, FACT_SERVICES_STOPPED, 1);
    if (g->t->cutover.state == HO_GAP && halted)
        return true;
    int64_t limit = halted ? guard_policy(g, POLICY_READY_FRESH_MS)
                           : 2 * fact_or(&n->facts, FACT_INTERVAL_MS, 0);
    if (limit < 2 * guard_policy(g, POLICY_OBSERVE_T2_REST_MS))
        limit = 2 * guard_policy(g, POLICY_OBSERVE_T2_REST_MS);
    int64_t ago =
        (int64_t)g->approvals.unix_ms + n->skew_ms - fact_or(&n->facts, FACT_LAST_CYCLE_END, 0);
    problem_add_span(p, "new server: last complete cycle ended ", ago < 0 ? 0 : (uint64_t)ago,
                     " ago, allowed ", (uint64_t)limit);
    return ago <= limit;
}

/* After a restart of this process its monotonic clock knows nothing of the verification: then wall
 * time has to say that it is young, and the new server has to have reported the same hashes again. */
bool
guard_fresh(const struct guard_ctx *g, struct problem *p)
{
    const struct cutover *c = &g->t->cutover;
    uint64_t limit = (uint64_t)guard_policy(g, POLICY_READY_FRESH_MS);
    uint64_t unix_ms = g->approvals.unix_ms;
    uint64_t age = c->verified_ms != 0 ? g->now_ms - c->verified_ms
                   : unix_ms >= c->verified_unix_ms && c->verified_unix_ms != 0
                       ? unix_ms - c->verified_unix_ms
                       : FACT_NEVER;
    problem_add_span(p, "the verification is this old: ", age, ", allowed ", limit);
    if (c->verified_ms == 0 && guard_new(g)->reported_ms == 0) {
        problem_add(p, "new server: it has not reported since this controller started");
        return false;
    }
    if (guard_new_moved(g)) {
        problem_add(p, "new server: version, rules or configuration changed since then");
        return false;
    }
    return cycle_recent(g, p) && age <= limit;
}
