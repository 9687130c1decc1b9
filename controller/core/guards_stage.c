/* Guards of preparing and staging. */
#include "guards_private.h"

#include "line.h"

#include <string.h>

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

/* This cutover is given up, and another one begins after these steps. */
static void
tell_anew(const struct guard_ctx *g, struct problem *p, const char *const then[], size_t count)
{
    char text[sizeof p->fact[0].text];
    for (size_t i = 0; i < count; i++) {
        tenant_text(g->t, then[i], text, sizeof text);
        problem_add(p, text);
    }
    line_set(p->who, sizeof p->who, "any operator");
    tenant_text(g->t, "baton cutover abandon TENANT --reason '...'", p->next, sizeof p->next);
}

/* Past the point of no return the new server refuses every adoption of a legacy one, and the old server
 * one by a plan without it: only as agents that have promised nothing can they be adopted. */
static bool
tell_never_adopted(const struct guard_ctx *g, struct problem *p)
{
    static const char *const then[] = {
        "then: baton agent revoke TENANT OLD_HOST --reason '...'",
        "and: baton agent revoke TENANT NEW_HOST --reason '...'",
        "enrol both anew: baton agent token TENANT OLD_HOST --role old",
        "and: baton agent token TENANT NEW_HOST --role new",
        "then: baton cutover create TENANT --old OLD_HOST --new NEW_HOST",
    };
    const struct plan *plan = &g->t->plan;
    const struct authority_member *n = guard_member(g, guard_new(g));
    if (!product_is_legacy((enum product)plan->member[plan->holder].product) || !n->ever_exported ||
        n->accepted)
        return false;
    problem_add(p, "new server: it left staging mode or exported, so it refuses every adoption");
    problem_add(p, "give this cutover up; uninstall Entra Connect there and install it anew");
    tell_anew(g, p, then, ARRAY_LEN(then));
    return true;
}

/* An adoption recognises who exports; a server that was readmitted stands still until a grant, and no grant
 * comes before an adoption. */
static bool
tell_guarded(const struct guard_ctx *g, struct problem *p)
{
    static const char *const then[] = {
        "then: baton agent revoke TENANT OLD_HOST --reason '...'",
        "enrol it anew: baton agent token TENANT OLD_HOST --role old",
        "once that is done start its services again by hand, as they were before",
        "then: baton cutover create TENANT --old OLD_HOST --new NEW_HOST",
    };
    const struct authority_member *o = guard_member(g, guard_old(g));
    if (o->accepted || o->said != SAY_REFUSED || o->refusal != REFUSE_GUARDED)
        return false;
    problem_add(p, "old server: its guard has stopped it, so it refuses every adoption");
    problem_add(p, "give this cutover up; it can be adopted with a new key alone");
    tell_anew(g, p, then, ARRAY_LEN(then));
    return true;
}

static void
tell_unanswered(const struct guard_ctx *g, const struct authority_member *m, struct problem *p)
{
    const char *server = baton_key_eq(&m->key, &guard_old(g)->key) ? "old server" : "new server";
    bool refused = m->said == SAY_REFUSED;
    char text[sizeof p->fact[0].text];
    struct line l;
    line_start(&l, text, sizeof text);
    line_put(&l, server);
    line_put(&l, refused ? ": refused the adoption: " : ": has not answered the adoption");
    line_put(&l, refused ? refusal_text((enum refusal)m->refusal) : "");
    problem_add(p, text);
}

bool
guard_adopted(const struct guard_ctx *g, struct problem *p)
{
    const struct authority *a = &g->t->authority;
    if (a->adopted)
        return true;
    if (tell_never_adopted(g, p) || tell_guarded(g, p))
        return false;
    for (size_t i = 0; i < a->member_count; i++)
        if (!a->member[i].accepted)
            tell_unanswered(g, &a->member[i], p);
    if (baton_key_is_zero(&a->holder))
        problem_add(p, "no server has said in it that it holds the export role");
    struct problem signatures = {0};
    if (!guard_promised_apart(g, &signatures) || guard_appr_adopt(g, &signatures))
        return false;
    problem_add(p, "what the servers have promised differs: two people adopt them again");
    tenant_text(g->t, "baton cutover approve TENANT --for adopt", p->next, sizeof p->next);
    return false;
}

/* A state that begins in the future was entered under a clock that was wrong: no file is new enough for it
 * before that time has come. Entered again, it begins now. */
static void
tell_old_file(const struct guard_ctx *g, struct problem *p)
{
    if (g->t->cutover.entered_unix_ms <= g->approvals.unix_ms) {
        problem_add(p, "the file is older than the task: export the settings again");
        return;
    }
    problem_add(p, "this controller's clock was ahead when this state began, or is behind now");
    line_set(p->who, sizeof p->who, "any operator");
    tenant_text(g->t,
                "set the clock right; then baton cutover hold TENANT --reason 'clock', and baton "
                "cutover resume TENANT",
                p->next, sizeof p->next);
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
        tell_old_file(g, p);
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
    problem_add(p, "preflight shows each check there, with what to do");
    if (!fact_known(&n->facts, FACT_PREREQ_FAILED))
        return guard_policy(g, POLICY_UNKNOWN_BLOCKS_BOOL) == 0;
    return fact_is(&n->facts, FACT_PREREQ_FAILED, 0);
}

bool
guard_old_present(const struct guard_ctx *g, struct problem *p)
{
    return guard_need(g, p, guard_old(g), FACT_PRODUCT_PRESENT, 1);
}

/* --- stage ---------------------------------------------------------------------------------- */

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
