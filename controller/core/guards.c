#include "guards.h"

#include "line.h"

#include <string.h>

/* --- what guards read ---------------------------------------------------------------------- */

const struct agent_view *
tenant_old(const struct tenant *t)
{
    return &t->agent[t->cutover.old_agent % MEMBERS_MAX];
}

const struct agent_view *
tenant_new(const struct tenant *t)
{
    return &t->agent[t->cutover.new_agent % MEMBERS_MAX];
}

int
tenant_member(const struct tenant *t, const struct agent_view *a)
{
    return authority_member_index(&t->authority, &a->key);
}

static const struct authority_member *
member_of(const struct guard_ctx *g, const struct agent_view *a)
{
    static const struct authority_member nobody;
    int i = tenant_member(g->t, a);
    return i < 0 ? &nobody : &g->t->authority.member[i];
}

static const struct agent_view *
old_of(const struct guard_ctx *g)
{
    return tenant_old(g->t);
}

static const struct agent_view *
new_of(const struct guard_ctx *g)
{
    return tenant_new(g->t);
}

static const char *
whose(const struct guard_ctx *g, const struct agent_view *a)
{
    return a == old_of(g) ? "old server" : "new server";
}

static int64_t
policy_of(const struct guard_ctx *g, enum policy_id id)
{
    return g->t->info.policy.v[id];
}

static bool
legacy_old(const struct guard_ctx *g)
{
    return g->t->cutover.profile != PROFILE_SWING;
}

uint64_t
agent_fact_age_ms(const struct agent_view *a, enum fact_id id, uint64_t now_ms)
{
    if (a->facts.fact[id].state == FACT_UNKNOWN || a->reported_ms == 0 || now_ms < a->reported_ms)
        return FACT_NEVER;
    return a->facts.fact[id].age_ms + (now_ms - a->reported_ms);
}

void
problem_add(struct problem *p, const char *text)
{
    if (p->fact_count < PROBLEM_FACTS_MAX)
        line_set(p->fact[p->fact_count].text, sizeof p->fact[0].text, text);
    if (p->fact_count < PROBLEM_FACTS_MAX)
        p->fact_count++;
}

static void
add_number(struct problem *p, const char *before, int64_t v, const char *after)
{
    char text[sizeof p->fact[0].text];
    struct line l;
    line_start(&l, text, sizeof text);
    line_put(&l, before);
    line_int(&l, v);
    line_put(&l, after);
    problem_add(p, text);
}

static void
add_span(struct problem *p, const char *before, uint64_t ms, const char *between, uint64_t limit_ms)
{
    char text[sizeof p->fact[0].text];
    struct line l;
    line_start(&l, text, sizeof text);
    line_put(&l, before);
    if (ms >= FACT_NEVER)
        line_put(&l, "never in this run");
    else
        line_duration(&l, ms);
    line_put(&l, between);
    line_duration(&l, limit_ms);
    problem_add(p, text);
}

void
problem_add_fact(struct problem *p, const struct agent_view *a, const char *who, enum fact_id id,
                 uint64_t now_ms)
{
    const struct fact *f = &a->facts.fact[id];
    char text[sizeof p->fact[0].text];
    struct line l;
    line_start(&l, text, sizeof text);
    line_put(&l, who);
    line_put(&l, ": ");
    line_put(&l, fact_name(id));
    if (f->state == FACT_VALUE) {
        line_put(&l, " is ");
        if (id == FACT_PRODUCT_VERSION)
            line_version(&l, f->value);
        else
            line_int(&l, f->value);
        uint64_t age = agent_fact_age_ms(a, id, now_ms);
        line_put(&l, age == FACT_NEVER ? " (from an earlier run)" : " (");
        if (age != FACT_NEVER) {
            line_duration(&l, age);
            line_put(&l, " old)");
        }
    } else {
        line_put(&l, f->state == FACT_ABSENT ? " is absent: " : " is unknown");
        if (f->state == FACT_ABSENT)
            line_put(&l, fact_reason_name((enum fact_reason)f->reason));
    }
    problem_add(p, text);
}

/* Adds the fact, answers whether it is known and equal. */
static bool
need(const struct guard_ctx *g, struct problem *p, const struct agent_view *a, enum fact_id id,
     int64_t value)
{
    problem_add_fact(p, a, whose(g, a), id, g->now_ms);
    return fact_is(&a->facts, id, value);
}

static bool
need_all(const struct guard_ctx *g, struct problem *p, const struct agent_view *a,
         const enum fact_id *ids, size_t count, int64_t value)
{
    bool all = true;
    for (size_t i = 0; i < count; i++)
        all = need(g, p, a, ids[i], value) && all;
    return all;
}

/* What nobody computed blocks where the policy says so, unless a person accepts it with a reason. */
static bool
unknown_passes(const struct guard_ctx *g, struct problem *p, const char *what)
{
    if (policy_of(g, POLICY_UNKNOWN_BLOCKS_BOOL) == 0)
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
    size_t at = a == old_of(g) ? 0 : 1;
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

static bool
new_exports(const struct agent_view *a)
{
    return (fact_is(&a->facts, FACT_STAGING_SCHEDULER, 0) ||
            fact_is(&a->facts, FACT_STAGING_SETTINGS, 0)) &&
           fact_or(&a->facts, FACT_EXPORTS_TOTAL, 0) > 0;
}

static bool
holds_pair(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *o = old_of(g), *n = new_of(g);
    bool ok = agent_usable(g, p, o) & agent_usable(g, p, n);
    if (same_machine(o, n)) {
        problem_add(p, "both agents speak for one machine");
        ok = false;
    }
    if (!need(g, p, o, FACT_PRODUCT_PRESENT, 1))
        ok = false;
    if (new_exports(n)) {
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

static bool
holds_path(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *o = old_of(g);
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

static bool
holds_adopted(const struct guard_ctx *g, struct problem *p)
{
    const struct authority *a = &g->t->authority;
    if (a->adopted)
        return true;
    for (size_t i = 0; i < a->member_count; i++)
        if (!a->member[i].accepted)
            problem_add(p, baton_key_eq(&a->member[i].key, &old_of(g)->key)
                               ? "old server: has not answered the adoption"
                               : "new server: has not answered the adoption");
    return false;
}

static bool
holds_settings_seen(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *o = old_of(g);
    problem_add_fact(p, o, "old server", FACT_SETTINGS_SEEN, g->now_ms);
    if (!fact_known(&o->facts, FACT_SETTINGS_SEEN) || !o->facts.digest_known[DIGEST_SETTINGS])
        return false;
    int64_t oldest = (int64_t)g->t->cutover.entered_unix_ms - policy_of(g, POLICY_SETTINGS_AGE_MS);
    if (fact_or(&o->facts, FACT_SETTINGS_SEEN, 0) < oldest) {
        problem_add(p, "the file is older than the task: export the settings again");
        return false;
    }
    if (!g->t->cutover.settings_steady)
        problem_add(p, "its hash was seen once; it counts when two reports agree");
    return g->t->cutover.settings_steady;
}

static bool
holds_settings_placed(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *n = new_of(g);
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

static bool
holds_prereq(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *n = new_of(g);
    problem_add_fact(p, n, "new server", FACT_PREREQ_FAILED, g->now_ms);
    if (!fact_known(&n->facts, FACT_PREREQ_FAILED))
        return policy_of(g, POLICY_UNKNOWN_BLOCKS_BOOL) == 0;
    return fact_is(&n->facts, FACT_PREREQ_FAILED, 0);
}

static bool
holds_old_present(const struct guard_ctx *g, struct problem *p)
{
    return need(g, p, old_of(g), FACT_PRODUCT_PRESENT, 1);
}

/* --- stage and verify ------------------------------------------------------------------------ */

static bool
holds_staged(const struct guard_ctx *g, struct problem *p)
{
    static const enum fact_id ones[] = {FACT_PRODUCT_PRESENT, FACT_CONNECTOR_READY,
                                        FACT_STAGING_SCHEDULER, FACT_STAGING_SETTINGS};
    const struct agent_view *n = new_of(g);
    bool ok = need(g, p, n, FACT_PRODUCT_CLASS, PRODUCT_CONNECT);
    ok = need_all(g, p, n, ones, ARRAY_LEN(ones), 1) && ok;
    if (legacy_old(g)) /* a server that exported in an earlier life may be swung to */
        ok = need(g, p, n, FACT_EXPORTS_TOTAL, 0) && ok;
    return ok;
}

static bool
holds_old_alive(const struct guard_ctx *g, struct problem *p)
{
    if (g->t->cutover.profile == PROFILE_DEAD_SOURCE)
        return true;
    const struct agent_view *o = old_of(g);
    bool reads = need(g, p, o, FACT_IMPORT_OK, 1);
    problem_add_fact(p, o, "old server", FACT_GOOD_CYCLES, g->now_ms);
    add_number(p, "good cycles of the old server when the new one was installed: ",
               g->t->cutover.cycles_before, "");
    int64_t since = (int64_t)g->t->cutover.entered_unix_ms + o->skew_ms;
    return reads && (fact_or(&o->facts, FACT_GOOD_CYCLES, 0) > g->t->cutover.cycles_before ||
                     fact_or(&o->facts, FACT_LAST_CYCLE_END, 0) > since);
}

static bool
holds_4ops(const struct guard_ctx *g, struct problem *p)
{
    static const enum fact_id ops[] = {FACT_FULL_IMPORT_AD, FACT_FULL_SYNC_AD,
                                       FACT_FULL_IMPORT_ENTRA, FACT_FULL_SYNC_ENTRA};
    return need_all(g, p, new_of(g), ops, ARRAY_LEN(ops), 1);
}

static bool
holds_parity(const struct guard_ctx *g, struct problem *p)
{
    const struct verification *v = &g->t->cutover.verification;
    if (!v->known[VERIFY_PARITY_ROWS])
        return unknown_passes(g, p, verification_name(VERIFY_PARITY_ROWS));
    add_number(p, "configuration differences without a disposition: ", v->value[VERIFY_PARITY_ROWS],
               "");
    return v->value[VERIFY_PARITY_ROWS] == 0;
}

int64_t
deletes_limit(const struct policy *p, int64_t scope_objects)
{
    int64_t share = scope_objects / 100 * p->v[POLICY_DELETES_PERCENT] +
                    scope_objects % 100 * p->v[POLICY_DELETES_PERCENT] / 100;
    return share < p->v[POLICY_DELETES_COUNT] ? share : p->v[POLICY_DELETES_COUNT];
}

static bool
holds_diff(const struct guard_ctx *g, struct problem *p)
{
    const struct verification *v = &g->t->cutover.verification;
    if (!v->known[VERIFY_PENDING_DELETES] || !v->known[VERIFY_SCOPE_OBJECTS]) {
        problem_add(p, "pending deletions or objects in scope of the new server are unknown");
        return false; /* nobody may accept deletions that nobody counted */
    }
    int64_t limit = deletes_limit(&g->t->info.policy, v->value[VERIFY_SCOPE_OBJECTS]);
    add_number(p, "pending deletions: ", v->value[VERIFY_PENDING_DELETES], "");
    add_number(p, "allowed: ", limit, " (the smaller of deletes_count and deletes_percent)");
    add_number(p, "objects in scope: ", v->value[VERIFY_SCOPE_OBJECTS], "");
    if (v->value[VERIFY_PENDING_DELETES] > limit)
        return false;
    if (!v->known[VERIFY_ANCHOR_CHANGES])
        return unknown_passes(g, p, verification_name(VERIFY_ANCHOR_CHANGES));
    add_number(p, "objects whose source anchor would change: ", v->value[VERIFY_ANCHOR_CHANGES],
               "");
    return v->value[VERIFY_ANCHOR_CHANGES] == 0;
}

static bool
digest_moved(const struct facts *f, enum digest_id id, const struct baton_hash *was)
{
    return f->digest_known[id] && !baton_hash_is_zero(was) && !baton_hash_eq(&f->digest[id], was);
}

static bool
new_moved(const struct guard_ctx *g)
{
    const struct verification *v = &g->t->cutover.verification;
    const struct facts *f = &new_of(g)->facts;
    return (v->known[VERIFY_NEW_VERSION] && fact_known(f, FACT_PRODUCT_VERSION) &&
            !fact_is(f, FACT_PRODUCT_VERSION, v->value[VERIFY_NEW_VERSION])) ||
           digest_moved(f, DIGEST_CONFIG, &v->config) || digest_moved(f, DIGEST_RULES, &v->rules);
}

/* The last whole cycle of the new server: two intervals, or two looks of its collectors at rest. */
static bool
cycle_recent(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *n = new_of(g);
    if (!fact_known(&n->facts, FACT_LAST_CYCLE_END))
        return true;
    int64_t limit = 2 * fact_or(&n->facts, FACT_INTERVAL_MS, 0);
    if (limit < 2 * policy_of(g, POLICY_OBSERVE_T2_REST_MS))
        limit = 2 * policy_of(g, POLICY_OBSERVE_T2_REST_MS);
    int64_t ago =
        (int64_t)g->approvals.unix_ms + n->skew_ms - fact_or(&n->facts, FACT_LAST_CYCLE_END, 0);
    add_span(p, "new server: last complete cycle ended ", ago < 0 ? 0 : (uint64_t)ago,
             " ago, allowed ", (uint64_t)limit);
    return ago <= limit;
}

/* After a restart of this process its monotonic clock knows nothing of the verification: then wall
 * time has to say that it is young, and the new server has to have reported the same hashes again. */
static bool
holds_fresh(const struct guard_ctx *g, struct problem *p)
{
    const struct cutover *c = &g->t->cutover;
    uint64_t limit = (uint64_t)policy_of(g, POLICY_READY_FRESH_MS);
    uint64_t unix_ms = g->approvals.unix_ms;
    uint64_t age = c->verified_ms != 0 ? g->now_ms - c->verified_ms
                   : unix_ms >= c->verified_unix_ms && c->verified_unix_ms != 0
                       ? unix_ms - c->verified_unix_ms
                       : FACT_NEVER;
    add_span(p, "the verification is this old: ", age, ", allowed ", limit);
    if (c->verified_ms == 0 && new_of(g)->reported_ms == 0) {
        problem_add(p, "new server: it has not reported since this controller started");
        return false;
    }
    if (new_moved(g)) {
        problem_add(p, "new server: version, rules or configuration changed since then");
        return false;
    }
    return cycle_recent(g, p) && age <= limit;
}

/* --- cut over -------------------------------------------------------------------------------- */

static bool
holds_tools(const struct guard_ctx *g, struct problem *p)
{
    static const enum fact_id ids[] = {FACT_WIZARD_OPEN, FACT_CONSOLE_OPEN, FACT_INSTALLER_OPEN,
                                       FACT_RUN_IN_PROGRESS};
    bool ok = true;
    const struct agent_view *both[] = {old_of(g), new_of(g)};
    for (size_t m = 0; m < ARRAY_LEN(both); m++) {
        for (size_t i = 0; i < ARRAY_LEN(ids); i++)
            ok = need(g, p, both[m], ids[i], 0) && ok;
        if (both[m]->facts.note[0] != '\0')
            problem_add(p, both[m]->facts.note);
    }
    return ok;
}

static bool
agent_live(const struct guard_ctx *g, struct problem *p, const struct agent_view *a)
{
    uint64_t limit = (uint64_t)policy_of(g, POLICY_BEAT_STALE_MS);
    uint64_t seen = a->seen_ms > a->reported_ms ? a->seen_ms : a->reported_ms;
    uint64_t ago = seen == 0 || seen > g->now_ms ? FACT_NEVER : g->now_ms - seen;
    int64_t skew = a->skew_ms < 0 ? -a->skew_ms : a->skew_ms;
    bool old = a == old_of(g);
    if (!a->connected)
        problem_add(p, old ? "old server: not connected" : "new server: not connected");
    add_span(p, old ? "old server: heard " : "new server: heard ", ago, " ago, allowed ", limit);
    if (skew >= policy_of(g, POLICY_SKEW_MS))
        add_span(p, old ? "old server: its clock is off by " : "new server: its clock is off by ",
                 (uint64_t)skew, ", allowed ", (uint64_t)policy_of(g, POLICY_SKEW_MS));
    return a->connected && ago <= limit && skew < policy_of(g, POLICY_SKEW_MS);
}

static bool
holds_live(const struct guard_ctx *g, struct problem *p)
{
    return agent_live(g, p, old_of(g)) & agent_live(g, p, new_of(g));
}

static bool
holds_window(const struct guard_ctx *g, struct problem *p)
{
    const struct tenant_info *i = &g->t->info;
    if (i->window_from_unix_ms == 0 && i->window_to_unix_ms == 0)
        return true;
    uint64_t now = g->approvals.unix_ms;
    if (now < i->window_from_unix_ms)
        add_span(p, "the window opens in ", i->window_from_unix_ms - now, " and lasts ",
                 i->window_to_unix_ms - i->window_from_unix_ms);
    else if (now >= i->window_to_unix_ms)
        problem_add(p, "the window is over");
    return now >= i->window_from_unix_ms && now < i->window_to_unix_ms;
}

static bool
fresh(const struct guard_ctx *g, struct problem *p, const struct agent_view *a, enum fact_id id)
{
    uint64_t limit = (uint64_t)policy_of(g, POLICY_STAGED_FRESH_MS);
    uint64_t age = agent_fact_age_ms(a, id, g->now_ms);
    if (age <= limit)
        return true;
    add_span(p, "new server: last looked at ", age, " ago, allowed ", limit);
    return false;
}

static bool
holds_new_staged(const struct guard_ctx *g, struct problem *p)
{
    static const enum fact_id stopped[] = {FACT_SERVICES_STOPPED, FACT_SERVICES_DISABLED};
    static const enum fact_id ones[] = {FACT_STAGING_SCHEDULER, FACT_STAGING_SETTINGS};
    static const enum fact_id zeros[] = {FACT_WIZARD_OPEN, FACT_CONSOLE_OPEN, FACT_INSTALLER_OPEN,
                                         FACT_SYNC_SHELL_OPEN, FACT_RUN_IN_PROGRESS};
    const struct agent_view *n = new_of(g);
    if (fact_is(&n->facts, FACT_SERVICES_STOPPED, 1)) /* its guard stopped it */
        return need_all(g, p, n, stopped, ARRAY_LEN(stopped), 1) &&
               fresh(g, p, n, FACT_SERVICES_STOPPED);
    bool ok = need_all(g, p, n, ones, ARRAY_LEN(ones), 1);
    ok = need_all(g, p, n, zeros, ARRAY_LEN(zeros), 0) && ok;
    return ok && fresh(g, p, n, FACT_STAGING_SCHEDULER);
}

/* The recipient's own evidence is asked for again before a grant; here the others have to stand. */
static bool
holds_evidence(const struct guard_ctx *g, struct problem *p)
{
    const struct authority *a = &g->t->authority;
    bool all = a->phase >= AUTH_FENCED;
    for (size_t i = 0; i < a->member_count; i++) {
        const struct authority_member *m = &a->member[i];
        if (!baton_hash_is_zero(&m->evidence) || m->attested)
            continue;
        if (a->phase >= AUTH_FENCED && baton_key_eq(&m->key, &a->recipient))
            continue;
        all = false;
        bool old = baton_key_eq(&m->key, &old_of(g)->key);
        char text[sizeof p->fact[0].text];
        struct line l;
        line_start(&l, text, sizeof text);
        line_put(&l, old ? "old server: no evidence yet, last word "
                         : "new server: no evidence yet, last word ");
        line_put(&l, statement_type_name((enum statement_type)m->said));
        problem_add(p, text);
    }
    return all;
}

static bool
holds_no_tamper(const struct guard_ctx *g, struct problem *p)
{
    const struct authority *a = &g->t->authority;
    bool ok = true;
    for (size_t i = 0; i < a->member_count; i++) {
        if (!a->member[i].tamper_open && !a->member[i].tamper_unread)
            continue;
        ok = false;
        problem_add(p, baton_key_eq(&a->member[i].key, &old_of(g)->key)
                           ? "old server: its guard raised an alarm"
                           : "new server: its guard raised an alarm");
        problem_add(p, a->member[i].tamper_open ? "it has not given evidence since"
                                                : "nobody has acknowledged it yet");
    }
    return ok;
}

static bool
holds_go_stands(const struct guard_ctx *g, struct problem *p)
{
    if (g->t->cutover.no_go)
        problem_add(p, "the verification that people approved is not what the new server is now");
    return !g->t->cutover.no_go;
}

static bool
latched(const struct guard_ctx *g)
{
    return legacy_old(g) && (g->t->cutover.ponr || g->t->authority.ponr);
}

static bool
holds_latch_clear(const struct guard_ctx *g, struct problem *p)
{
    if (latched(g))
        problem_add(p, "new server: it has left staging or exported");
    return !latched(g);
}

static bool
holds_latch_set(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return latched(g);
}

static bool
holds_may_return(const struct guard_ctx *g, struct problem *p)
{
    const char *why = NULL;
    if (authority_may_return(&g->t->authority, &old_of(g)->key, &why))
        return true;
    if (why != NULL)
        problem_add(p, why);
    return false;
}

static bool
holds_not_accepted(const struct guard_ctx *g, struct problem *p)
{
    if (member_of(g, old_of(g))->accepted)
        problem_add(p, "old server: it has promised the open epoch already");
    return !member_of(g, old_of(g))->accepted;
}

static bool
holds_accepted(const struct guard_ctx *g, struct problem *p)
{
    return !holds_not_accepted(g, p);
}

/* --- approvals ------------------------------------------------------------------------------- */

static bool
approved(const struct guard_ctx *g, struct problem *p, enum approval_verb verb)
{
    unsigned have = approvals_count(g->t, verb, &g->approvals);
    unsigned want = g->approvals.trust == NULL ? 1 : trust_quorum(g->approvals.trust, verb);
    char text[sizeof p->fact[0].text];
    struct line l;
    line_start(&l, text, sizeof text);
    line_put(&l, approval_verb_name(verb));
    line_put(&l, ": ");
    line_int(&l, have);
    line_put(&l, " of ");
    line_int(&l, want);
    line_put(&l, " approvals by different people stand");
    problem_add(p, text);
    return have >= want;
}

static bool
holds_appr_plan(const struct guard_ctx *g, struct problem *p)
{
    return approved(g, p, VERB_PLAN);
}

static bool
holds_appr_cutover(const struct guard_ctx *g, struct problem *p)
{
    return approved(g, p, VERB_CUTOVER);
}

static bool
holds_appr_go(const struct guard_ctx *g, struct problem *p)
{
    uint64_t age =
        g->t->authority.asked_ms == 0 ? FACT_NEVER : g->now_ms - g->t->authority.asked_ms;
    uint64_t limit = (uint64_t)policy_of(g, POLICY_GO_MS);
    if (age > limit)
        add_span(p, "everybody was challenged ", age, " ago, allowed ", limit);
    return approved(g, p, VERB_GO) && age <= limit;
}

static bool
holds_appr_rollback(const struct guard_ctx *g, struct problem *p)
{
    return approved(g, p, VERB_ROLLBACK);
}

static bool
holds_appr_retire(const struct guard_ctx *g, struct problem *p)
{
    return approved(g, p, VERB_RETIRE);
}

static bool
holds_appr_adopt(const struct guard_ctx *g, struct problem *p)
{
    return approved(g, p, VERB_ADOPT);
}

static bool
holds_appr_attest(const struct guard_ctx *g, struct problem *p)
{
    struct baton_hash two[2];
    approved(g, p, VERB_ATTEST);
    return approvals_attested(g->t, &g->approvals, two) >= 0;
}

/* --- prove and retire ------------------------------------------------------------------------ */

static bool
holds_export_seen(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *n = new_of(g);
    bool ok = need(g, p, n, FACT_LAST_EXPORT_OK, 1);
    problem_add_fact(p, n, "new server", FACT_EXPORTS_TOTAL, g->now_ms);
    add_number(p, "its exports before the grant: ", g->t->cutover.exports_before, "");
    return ok && fact_or(&n->facts, FACT_EXPORTS_TOTAL, -1) > g->t->cutover.exports_before;
}

static bool
holds_export_failed(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    const struct facts *f = &new_of(g)->facts;
    return fact_is(f, FACT_LAST_EXPORT_OK, 0) &&
           fact_or(f, FACT_EXPORTS_TOTAL, -1) > g->t->cutover.exports_before;
}

static bool
holds_probation(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *n = new_of(g);
    const struct cutover *c = &g->t->cutover;
    uint64_t limit = (uint64_t)policy_of(g, POLICY_PROBATION_MS);
    uint64_t watched = g->now_ms - c->entered_ms;
    add_span(p, "watched for ", watched, ", needed ", limit);
    int64_t cycles = fact_or(&n->facts, FACT_GOOD_CYCLES, 0);
    if (cycles >= c->cycles_before) /* a purged run history starts to count again */
        cycles -= c->cycles_before;
    add_number(p, "good cycles since then: ", cycles, "");
    add_number(p, "needed: ", policy_of(g, POLICY_PROBATION_CYCLES_COUNT), "");
    bool good = need(g, p, n, FACT_LAST_EXPORT_OK, 1);
    return good && watched >= limit && cycles >= policy_of(g, POLICY_PROBATION_CYCLES_COUNT);
}

static bool
holds_old_absent(const struct guard_ctx *g, struct problem *p)
{
    return need(g, p, old_of(g), FACT_PRODUCT_PRESENT, 0);
}

static bool
holds_retired(const struct guard_ctx *g, struct problem *p)
{
    bool absent = holds_old_absent(g, p);
    bool retired = member_of(g, old_of(g))->retired;
    problem_add(p, retired ? "old server: its tombstone is final"
                           : "old server: its tombstone is not final yet");
    if (g->t->cutover.local_fence_only)
        problem_add(p, "local fence only: nobody proved that its cloud identity is gone");
    return absent && retired;
}

static bool
holds_old_exported(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *o = old_of(g);
    bool ok = need(g, p, o, FACT_LAST_EXPORT_OK, 1);
    problem_add_fact(p, o, "old server", FACT_EXPORTS_TOTAL, g->now_ms);
    add_number(p, "its exports before it was granted again: ", g->t->cutover.exports_before, "");
    return ok && fact_or(&o->facts, FACT_EXPORTS_TOTAL, -1) > g->t->cutover.exports_before;
}

static bool
holds_new_holds(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return new_of(g)->statement_known && new_of(g)->statement.holding;
}

static bool
holds_new_exports(const struct guard_ctx *g, struct problem *p)
{
    problem_add_fact(p, new_of(g), "new server", FACT_STAGING_SCHEDULER, g->now_ms);
    problem_add_fact(p, new_of(g), "new server", FACT_EXPORTS_TOTAL, g->now_ms);
    return new_exports(new_of(g));
}

static bool
holds_reconciled(const struct guard_ctx *g, struct problem *p)
{
    const struct authority *a = &g->t->authority;
    for (size_t i = 0; i < a->member_count; i++)
        if (!a->member[i].heard)
            problem_add(p, baton_key_eq(&a->member[i].key, &old_of(g)->key)
                               ? "old server: not heard since this controller started"
                               : "new server: not heard since this controller started");
    return !a->recovering;
}

static bool
holds_tamper_answered(const struct guard_ctx *g, struct problem *p)
{
    const struct authority *a = &g->t->authority;
    unsigned unread = 0, open = 0;
    for (size_t i = 0; i < a->member_count; i++) {
        unread += a->member[i].tamper_unread;
        open += a->member[i].tamper_open;
    }
    if (unread == 0)
        problem_add(p, "no alarm waits for a person");
    if (open > 0)
        problem_add(p, "the server has given no evidence since its alarm");
    return unread > 0 && open == 0;
}

static bool
holds_before_release(const struct guard_ctx *g, struct problem *p)
{
    if (g->t->cutover.resume_to >= HO_RELEASING)
        problem_add(p, "the old server was asked to stop already");
    return g->t->cutover.resume_to < HO_RELEASING;
}

/* --- conditions: they choose a row ----------------------------------------------------------- */

static bool
is_asked(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    const struct authority *a = &g->t->authority;
    return a->phase == AUTH_ASKED &&
           g->now_ms - a->asked_ms <= (uint64_t)policy_of(g, POLICY_GO_MS);
}

static bool
is_not_asked(const struct guard_ctx *g, struct problem *p)
{
    return !is_asked(g, p);
}

static bool
is_towards_new(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return baton_key_eq(&g->t->authority.recipient, &new_of(g)->key);
}

static bool
is_towards_old(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return baton_key_eq(&g->t->authority.recipient, &old_of(g)->key);
}

static bool
is_old_removed(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return fact_is(&old_of(g)->facts, FACT_PRODUCT_PRESENT, 0) && !g->t->cutover.settings_sealed;
}

static bool
holds_role(const struct guard_ctx *g, const struct agent_view *a)
{
    return baton_key_eq(&g->t->authority.holder, &a->key) ||
           (a->statement_known && a->statement.holding);
}

/* A later plan of the same servers needs no second adoption: every FENCE carries its plan. */
static bool
is_role_known(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    const struct authority *a = &g->t->authority;
    if (!a->adopted || a->phase != AUTH_HELD || !baton_key_eq(&a->holder, &old_of(g)->key))
        return false;
    for (size_t i = 0; i < g->t->plan.member_count; i++)
        if (authority_member_index(a, &g->t->plan.member[i].key) < 0)
            return false;
    return true;
}

static bool
is_never_adopted(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return !g->t->authority.adopted;
}

static bool
is_settled(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return !g->t->authority.reconcile && !g->t->authority.recovering;
}

static bool
is_old_holding(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return holds_role(g, old_of(g));
}

static bool
is_resume_fitting(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    uint8_t s = g->t->cutover.resume_to;
    if (!g->t->authority.adopted)
        return s <= HO_EXPORT_SETTINGS;
    if (s < HO_RELEASING)
        return holds_role(g, old_of(g));
    return s >= HO_ACTIVATING && s <= HO_DONE && holds_role(g, new_of(g));
}

/* A draining server may finish its run: it counts as rogue from its first evidence for the epoch. */
static bool
is_rogue_old(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    const struct agent_view *o = old_of(g);
    bool proven =
        is_towards_new(g, p) && (g->t->authority.phase >= AUTH_FENCED || holds_role(g, new_of(g)) ||
                                 !baton_hash_is_zero(&member_of(g, o)->evidence));
    return proven && !(o->statement_known && o->statement.holding) &&
           fact_or(&o->facts, FACT_EXPORTS_SINCE_FENCE, 0) > g->t->cutover.old_rogue_seen;
}

static bool
is_rogue_new(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    const struct agent_view *n = new_of(g);
    const struct authority_member *m = member_of(g, n);
    if (!g->t->authority.adopted || holds_role(g, n) ||
        (g->t->authority.phase == AUTH_GRANTED && is_towards_new(g, p)))
        return false;
    return (legacy_old(g) && m->ever_exported && !g->t->cutover.ponr) ||
           fact_or(&n->facts, FACT_EXPORTS_SINCE_FENCE, 0) > g->t->cutover.new_rogue_seen;
}

static bool
is_late(const struct guard_ctx *g, struct problem *p)
{
    const struct authority_member *o = member_of(g, old_of(g)), *n = member_of(g, new_of(g));
    return (!baton_hash_is_zero(&o->evidence) || o->attested) && !g->t->cutover.late_activation &&
           g->t->authority.serial > 0 && is_towards_new(g, p) && !holds_role(g, new_of(g)) &&
           (n->tamper_open || n->ever_exported);
}

static bool
is_tamper_old(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return member_of(g, old_of(g))->tamper_open;
}

static bool
is_wrong_tenant(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    if (g->t->cutover.state == HO_HOLD) /* held for it already */
        return false;
    const struct agent_view *both[] = {old_of(g), new_of(g)};
    for (size_t i = 0; i < ARRAY_LEN(both); i++)
        if (both[i]->statement_known && !baton_id_eq(&both[i]->statement.tenant, &g->t->info.id))
            return true;
    return false;
}

static bool
is_new_changed(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return !g->t->cutover.no_go && new_moved(g);
}

static bool
is_old_import_broken(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return fact_is(&old_of(g)->facts, FACT_IMPORT_OK, 0);
}

static bool
is_table_different(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    const struct baton_hash *want = &g->t->info.agent_table;
    const struct agent_view *both[] = {old_of(g), new_of(g)};
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

static bool
is_export_late(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    const struct agent_view *n = new_of(g);
    int64_t two = 2 * fact_or(&n->facts, FACT_INTERVAL_MS, 0);
    if (two < policy_of(g, POLICY_ACTIVATING_MS))
        two = policy_of(g, POLICY_ACTIVATING_MS);
    int64_t ago = (int64_t)g->approvals.unix_ms + n->skew_ms -
                  fact_or(&n->facts, FACT_LAST_EXPORT_END, INT64_MAX / 2);
    return ago > two && since_told(g) > (uint64_t)two;
}

static bool
is_old_silent(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    uint64_t limit = (uint64_t)policy_of(g, POLICY_RETIRE_MS);
    const struct agent_view *o = old_of(g);
    uint64_t from = o->seen_ms > g->t->cutover.entered_ms ? o->seen_ms : g->t->cutover.entered_ms;
    return g->now_ms - from > limit && since_told(g) > limit;
}

static bool
always(const struct guard_ctx *g, struct problem *p)
{
    (void)g;
    (void)p;
    return true;
}

/* --- the table ------------------------------------------------------------------------------- */

#define ADMIN_OLD "the administrator of the old server"
#define ADMIN_NEW "the administrator of the new server"
#define APPROVERS "operators with the approve role"
#define OPERATORS "any operator"
#define EXPLAIN   "baton cutover explain TENANT"
#define CONDITION(fn)                                                                              \
    {                                                                                              \
        fn, NULL, "", "", false                                                                    \
    }

// clang-format off
static const struct handoff_guard rows[GUARD_COUNT] = {
    [G_NONE] = CONDITION(always),
    [G_PAIR] = {holds_pair, "two confirmed agents on two machines are needed, and the new server must not export",
                "an operator at each server's console", "baton agent confirm", false},
    [G_PATH] = {holds_path, "this path does not fit the old server's product or what it does",
                OPERATORS, "baton cutover abandon TENANT", false},
    [G_APPR_PLAN] = {holds_appr_plan, "the plan waits for approval", APPROVERS, "baton approval sign TENANT plan", false},
    [G_APPR_CUTOVER] = {holds_appr_cutover, "the cutover waits for approvals by different people over this plan and verification",
                        APPROVERS, "baton approval sign TENANT cutover", false},
    [G_APPR_GO] = {holds_appr_go, "go must be signed over the evidence of the last challenge",
                   APPROVERS, "baton cutover go TENANT", false},
    [G_APPR_ROLLBACK] = {holds_appr_rollback, "the rollback waits for approval", APPROVERS, "baton approval sign TENANT rollback", false},
    [G_APPR_RETIRE] = {holds_appr_retire, "retiring the old server waits for approval", APPROVERS, "baton approval sign TENANT retire", false},
    [G_APPR_ATTEST] = {holds_appr_attest, "two people must attest for the server that cannot answer",
                       "two operators with the break-glass role", "baton approval sign TENANT attest", false},
    [G_APPR_ADOPT] = {holds_appr_adopt, "adopting a finished cutover waits for approvals", APPROVERS, "baton approval sign TENANT adopt", false},
    [G_SETTINGS_SEEN] = {holds_settings_seen, "the exported settings file is not there yet",
                         ADMIN_OLD, "baton cutover task TENANT", false},
    [G_SETTINGS_PLACED] = {holds_settings_placed, "the same settings file does not lie on the new server yet",
                           "the agents, or " ADMIN_NEW, EXPLAIN, false},
    [G_PREREQ] = {holds_prereq, "prerequisites of the new server are not met or not known",
                  ADMIN_NEW, "baton agent facts TENANT", false},
    [G_STAGED] = {holds_staged, "the new server is not installed in staging mode yet",
                  ADMIN_NEW, "baton cutover task TENANT", false},
    [G_OLD_ALIVE] = {holds_old_alive, "the old server has not completed a good cycle since the new one was installed",
                     ADMIN_OLD, EXPLAIN, false},
    [G_4OPS] = {holds_4ops, "full import and full synchronization have not ended well on every connector",
                ADMIN_NEW, EXPLAIN, false},
    [G_PARITY] = {holds_parity, "configuration differences are open or unknown",
                  OPERATORS, "baton cutover accept TENANT --reason '...'", false},
    [G_DIFF] = {holds_diff, "the pending export is not within the limits, or not known",
                OPERATORS, "baton cutover accept TENANT --reason '...'", false},
    [G_FRESH] = {holds_fresh, "the verification is no longer fresh", OPERATORS, "baton cutover reverify TENANT", true},
    [G_TOOLS] = {holds_tools, "a wizard, console or installer is open, or a run is in progress",
                 "whoever has it open; a run ends by itself", EXPLAIN, true},
    [G_LIVE] = {holds_live, "both agents must be connected and their clocks close", "the administrators of both servers", "baton agent list", true},
    [G_WINDOW] = {holds_window, "outside the tenant's window", "nobody: wait", "baton tenant show TENANT", false},
    [G_NEW_STAGED] = {holds_new_staged, "the new server was not seen quiet in staging mode a moment ago",
                      ADMIN_NEW, "the same command again in a few seconds", true},
    [G_OLD_STOPPED] = {holds_evidence, "not every server has proved that it is quiet",
                       "the agents; if a server cannot answer: baton cutover fence", EXPLAIN, false},
    [G_NO_TAMPER] = {holds_no_tamper, "a guard's alarm is open", OPERATORS, "baton cutover acknowledge TENANT", true},
    [G_GO_STANDS] = {holds_go_stands, "no go: the new server changed after the verification",
                     OPERATORS, "baton cutover reverify TENANT", false},
    [G_LATCH_CLEAR] = {holds_latch_clear, "past the point of no return: the new server may have exported, there is only forward",
                       "nobody", EXPLAIN, false},
    [G_MAY_RETURN] = {holds_may_return, "the export role cannot go back to the old server", "nobody", EXPLAIN, false},
    [G_EXPORT_SEEN] = {holds_export_seen, "the new server has not completed a good export yet", ADMIN_NEW, EXPLAIN, false},
    [G_PROBATION] = {holds_probation, "the new server is still on probation", "nobody: wait", EXPLAIN, false},
    [G_RETIRED] = {holds_retired, "the old server is not retired yet", APPROVERS, "baton cutover retire TENANT", false},
    [G_OLD_EXPORTED] = {holds_old_exported, "the old server has not exported again yet", ADMIN_OLD, EXPLAIN, false},
    [G_OLD_PRESENT] = {holds_old_present, "do not uninstall DirSync yourself before the upgrade: its settings are not sealed yet",
                       ADMIN_OLD, "baton cutover task TENANT", false},
    [G_NOT_ACCEPTED] = {holds_not_accepted, "the old server has accepted the fence already", "nobody", "baton cutover rollback TENANT", false},
    [G_ACCEPTED] = {holds_accepted, "the old server has not accepted the fence", "the old server's agent", EXPLAIN, false},
    [G_NEW_HOLDS] = {holds_new_holds, "the new server does not say that it holds", "the new server's agent", EXPLAIN, false},
    [G_RECONCILED] = {holds_reconciled, "not every server has been heard since this controller started",
                      "the administrators of both servers", "baton agent list", true},
    [G_LATCH_SET] = {holds_latch_set, "the new server has not exported", "nobody", EXPLAIN, false},
    [G_ADOPTED] = {holds_adopted, "the servers have not answered the adoption yet",
                   "the agents; after a refusal: baton cutover adopt", "baton cutover adopt TENANT", false},
    [G_TAMPER_ANSWERED] = {holds_tamper_answered, "an alarm is acknowledged after the server's later word, not before",
                           "the server's agent", EXPLAIN, true},
    [G_BEFORE_RELEASE] = {holds_before_release, "it cannot be abandoned once the old server was asked to stop",
                          OPERATORS, "baton cutover resume TENANT", false},
    [G_OLD_ABSENT] = {holds_old_absent, "the old product is still installed", ADMIN_OLD, "baton cutover task TENANT", false},
    [G_NEW_EXPORTS] = {holds_new_exports, "the new server does not show that it exports", ADMIN_NEW, EXPLAIN, false},
    [G_ROLE_KNOWN] = CONDITION(is_role_known),
    [G_NEVER_ADOPTED] = CONDITION(is_never_adopted),
    [G_SETTLED] = CONDITION(is_settled),
    [G_RESUME_FITS] = CONDITION(is_resume_fitting),
    [G_OLD_HOLDS] = CONDITION(is_old_holding),
    [G_ASKED] = CONDITION(is_asked),
    [G_NOT_ASKED] = CONDITION(is_not_asked),
    [G_TO_NEW] = CONDITION(is_towards_new),
    [G_TO_OLD] = CONDITION(is_towards_old),
    [G_OLD_REMOVED] = CONDITION(is_old_removed),
    [G_ROGUE_OLD] = CONDITION(is_rogue_old),
    [G_ROGUE_NEW] = CONDITION(is_rogue_new),
    [G_LATE_ACTIVATION] = CONDITION(is_late),
    [G_TAMPER_OLD] = CONDITION(is_tamper_old),
    [G_WRONG_TENANT] = CONDITION(is_wrong_tenant),
    [G_NEW_CHANGED] = CONDITION(is_new_changed),
    [G_OLD_IMPORT_BROKEN] = CONDITION(is_old_import_broken),
    [G_TABLE_DIFFERS] = CONDITION(is_table_different),
    [G_EXPORT_FAILED] = CONDITION(holds_export_failed),
    [G_EXPORT_LATE] = CONDITION(is_export_late),
    [G_OLD_SILENT] = CONDITION(is_old_silent),
};
// clang-format on

const struct handoff_guard *
handoff_guard(enum guard_id id)
{
    BATON_ASSERT((size_t)id < ARRAY_LEN(rows) && rows[id].holds != NULL);
    return &rows[id];
}

bool
guard_check(enum guard_id id, const struct guard_ctx *g, struct problem *ret_problem)
{
    const struct handoff_guard *row = handoff_guard(id);
    memset(ret_problem, 0, sizeof *ret_problem);
    ret_problem->guard = (uint8_t)id;
    bool ok = row->holds(g, ret_problem);
    ret_problem->status = ok ? BATON_OK : BATON_REFUSED;
    if (ok)
        return true;
    bool waits = row->refresh || strncmp(guard_name(id), "G-APPR", 6) == 0;
    if (waits)
        ret_problem->status = BATON_WAITING;
    line_set(ret_problem->title, sizeof ret_problem->title,
             row->title != NULL ? row->title : guard_name(id));
    line_set(ret_problem->who, sizeof ret_problem->who, row->who);
    struct line l;
    line_start(&l, ret_problem->next, sizeof ret_problem->next);
    line_template(&l, row->next, g->t->info.name);
    return false;
}
