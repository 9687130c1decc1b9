/* Guards of verifying: what the new server would change, and whether that is still what people saw. */
#include "guards_private.h"

#include "line.h"
#include "verify.h"

#include <string.h>

enum { ROWS_TOLD = 6, ROW_DIGITS_BYTES = 6 };

static void
tell(const struct guard_ctx *g, struct problem *p, const char *who, const char *next)
{
    line_set(p->who, sizeof p->who, who);
    tenant_text(g->t, next, p->next, sizeof p->next);
}

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
    if (!accepted)
        tell(g, p, "any operator", "baton cutover accept TENANT --reason '...'");
    return accepted;
}

/* Known by now, and not when it was verified; or never verified, as after this record was put back to
 * before that: the servers need nothing. */
static void
tell_reverify(const struct guard_ctx *g, struct problem *p)
{
    problem_add(p, "the new server's agent tells it now: verify again");
    tell(g, p, "any operator", "baton cutover reverify TENANT");
}

/* --- the four operations --------------------------------------------------------------------- */

bool
guard_4ops(const struct guard_ctx *g, struct problem *p)
{
    static const enum fact_id ops[] = {FACT_FULL_IMPORT_AD, FACT_FULL_SYNC_AD,
                                       FACT_FULL_IMPORT_ENTRA, FACT_FULL_SYNC_ENTRA};
    bool all = guard_need_all(g, p, guard_new(g), ops, ARRAY_LEN(ops), 1);
    problem_add(
        p, "1: ended well on every such connector, begun after the configuration last changed");
    return all;
}

/* --- parity ---------------------------------------------------------------------------------- */

/* "CF-SCOPE-NARROWED, row 1a2b3c4d5e6f: 1 of 2 people decided" */
static void
add_row(struct problem *p, const struct review *r, size_t index)
{
    char text[sizeof p->fact[0].text];
    struct line l;
    line_start(&l, text, sizeof text);
    line_put(&l, r->row[index].rule);
    line_put(&l, ", row ");
    line_hex(&l, r->row[index].row.b, ROW_DIGITS_BYTES);
    line_put(&l, ": ");
    line_int(&l, review_row_people(r, index));
    line_put(&l, " of ");
    line_int(&l, r->row[index].two ? 2 : 1);
    line_put(&l, " people decided");
    problem_add(p, text);
}

static void
tell_dispose(const struct guard_ctx *g, struct problem *p, const struct review_row *row)
{
    char next[sizeof p->next];
    struct line l;
    line_start(&l, next, sizeof next);
    line_put(&l, "baton cutover findings TENANT; then mend it, or baton cutover dispose TENANT ");
    line_hex(&l, row->row.b, ROW_DIGITS_BYTES);
    line_put(&l, " --as accepted --reason '...'");
    tell(g, p,
         row->two ? "two operators with the approve role" : "an operator with the approve role",
         next);
}

static void
add_open_rows(const struct guard_ctx *g, struct problem *p)
{
    const struct review *r = &g->t->cutover.review;
    uint32_t told = 0, open = review_parity(r);
    for (size_t i = 0; i < r->row_count && told < ROWS_TOLD; i++) {
        if (!review_row_parity(r, i))
            continue;
        if (told++ == 0)
            tell_dispose(g, p, &r->row[i]);
        add_row(p, r, i);
    }
    if (open > told)
        problem_add_number(p, "and more: ", open - told, "");
    if (r->more > 0)
        problem_add(p, "some did not fit into the list: mend the worst on the new server first");
    if (told == 0)
        tell(g, p, "the administrator of the new server", "baton cutover findings TENANT");
}

bool
guard_parity(const struct guard_ctx *g, struct problem *p)
{
    static const char *const gaps[] = {
        [PARITY_NO_LIST] = "new server: its agent has sent no findings yet",
        [PARITY_LIST_OLD] = "new server: its agent looks again, or could not read its files",
        [PARITY_OLD_UNKNOWN] = "old server: its configuration is not known",
        [PARITY_OLD_MOVED] =
            "old server: it was configured again, or came without its configuration",
    };
    const struct verification *v = &g->t->cutover.verification;
    if (!v->known[VERIFY_PARITY_ROWS]) {
        enum parity gap = verification_parity(g->t);
        if (gap != PARITY_KNOWN)
            problem_add(p, gaps[gap]);
        bool passes = unknown_passes(g, p, verification_name(VERIFY_PARITY_ROWS));
        if (!passes && gap == PARITY_KNOWN)
            tell_reverify(g, p);
        return passes;
    }
    problem_add_number(
        p, "configuration differences without a disposition: ", v->value[VERIFY_PARITY_ROWS], "");
    if (v->value[VERIFY_PARITY_ROWS] != 0)
        add_open_rows(g, p);
    return v->value[VERIFY_PARITY_ROWS] == 0;
}

/* --- the pending export ---------------------------------------------------------------------- */

int64_t
deletes_limit(const struct policy *p, int64_t scope_objects)
{
    int64_t share = scope_objects / 100 * p->v[POLICY_DELETES_PERCENT] +
                    scope_objects % 100 * p->v[POLICY_DELETES_PERCENT] / 100;
    return share < p->v[POLICY_DELETES_COUNT] ? share : p->v[POLICY_DELETES_COUNT];
}

static bool
deletes_counted(const struct guard_ctx *g, struct problem *p)
{
    const struct verification *v = &g->t->cutover.verification;
    if (v->known[VERIFY_PENDING_DELETES] && v->known[VERIFY_SCOPE_OBJECTS])
        return true;
    problem_add(p, "pending deletions or objects in scope of the new server are unknown");
    problem_add_fact(p, guard_new(g), "new server", FACT_PENDING_DELETES, g->now_ms);
    problem_add_fact(p, guard_new(g), "new server", FACT_OBJECTS, g->now_ms);
    problem_add(p, "nobody may accept deletions that nobody counted");
    const struct facts *f = &guard_new(g)->facts;
    if (fact_known(f, FACT_PENDING_DELETES) && fact_known(f, FACT_OBJECTS))
        tell_reverify(g, p);
    else
        tell(g, p, "the administrator of the new server", "baton agent show TENANT NEW_HOST");
    return false;
}

static bool
deletes_allowed(const struct guard_ctx *g, struct problem *p)
{
    const struct verification *v = &g->t->cutover.verification;
    int64_t limit = deletes_limit(&g->t->info.policy, v->value[VERIFY_SCOPE_OBJECTS]);
    problem_add_number(p, "pending deletions: ", v->value[VERIFY_PENDING_DELETES], "");
    problem_add_number(p, "allowed: ", limit,
                       " (the smaller of deletes_count and deletes_percent)");
    problem_add_number(p, "objects in scope: ", v->value[VERIFY_SCOPE_OBJECTS], "");
    if (v->value[VERIFY_PENDING_DELETES] <= limit)
        return true;
    problem_add(p, "no reason opens it: mend the new server's scope and synchronize it in full");
    problem_add(p, "another limit stands in another plan: abandon, baton tenant set, create anew");
    return false;
}

bool
guard_diff(const struct guard_ctx *g, struct problem *p)
{
    const struct verification *v = &g->t->cutover.verification;
    if (!deletes_counted(g, p) || !deletes_allowed(g, p))
        return false;
    if (!v->known[VERIFY_ANCHOR_CHANGES]) {
        bool passes = unknown_passes(g, p, verification_name(VERIFY_ANCHOR_CHANGES));
        if (!passes && fact_known(&guard_new(g)->facts, FACT_ANCHOR_CHANGES))
            tell_reverify(g, p);
        return passes;
    }
    problem_add_number(
        p, "objects whose source anchor would change: ", v->value[VERIFY_ANCHOR_CHANGES], "");
    if (v->value[VERIFY_ANCHOR_CHANGES] == 0)
        return true;
    problem_add(p, "no reason opens it: both servers must use one source anchor");
    return false;
}

/* --- still what people saw ------------------------------------------------------------------- */

static bool
digest_moved(const struct facts *f, enum digest_id id, const struct baton_hash *was)
{
    return f->digest_known[id] && !baton_hash_is_zero(was) && !baton_hash_eq(&f->digest[id], was);
}

static bool
version_moved(const struct guard_ctx *g)
{
    const struct verification *v = &g->t->cutover.verification;
    const struct facts *f = &guard_new(g)->facts;
    return v->known[VERIFY_NEW_VERSION] && fact_known(f, FACT_PRODUCT_VERSION) &&
           !fact_is(f, FACT_PRODUCT_VERSION, v->value[VERIFY_NEW_VERSION]);
}

bool
guard_new_moved(const struct guard_ctx *g)
{
    const struct verification *v = &g->t->cutover.verification;
    const struct facts *f = &guard_new(g)->facts;
    return version_moved(g) || digest_moved(f, DIGEST_CONFIG, &v->config) ||
           digest_moved(f, DIGEST_RULES, &v->rules);
}

void
guard_tell_moved(const struct guard_ctx *g, struct problem *p)
{
    const struct verification *v = &g->t->cutover.verification;
    const struct facts *f = &guard_new(g)->facts;
    char text[sizeof p->fact[0].text];
    struct line l;
    if (version_moved(g)) {
        line_start(&l, text, sizeof text);
        line_put(&l, "new server: its version was ");
        line_version(&l, v->value[VERIFY_NEW_VERSION]);
        line_put(&l, " in the verification, is ");
        line_version(&l, fact_or(f, FACT_PRODUCT_VERSION, 0));
        problem_add(p, text);
    }
    if (digest_moved(f, DIGEST_RULES, &v->rules))
        problem_add(p, "new server: its synchronization rules changed since the verification");
    if (digest_moved(f, DIGEST_CONFIG, &v->config))
        problem_add(p, "new server: its configuration changed since the verification");
}

static bool
lost(const struct facts *f, enum digest_id id, const struct baton_hash *was)
{
    return !f->digest_known[id] && !baton_hash_is_zero(was);
}

/* More than people allowed, and came after they looked. While the old server exports nothing is lost by waiting, and
 * it may be the one that tells the tenant of them; once it is being stopped, waiting would be for ever. */
static bool
deletes_came(const struct guard_ctx *g, struct problem *p)
{
    const struct cutover *c = &g->t->cutover;
    int64_t now = fact_or(&guard_new(g)->facts, FACT_PENDING_DELETES, 0);
    int64_t limit = deletes_limit(&g->t->info.policy, c->verification.value[VERIFY_SCOPE_OBJECTS]);
    if (c->state >= HO_RELEASING || now <= limit)
        return false;
    problem_add_number(p, "new server: deletions that are pending now: ", now, "");
    problem_add_number(p, "allowed: ", limit,
                       " (the smaller of deletes_count and deletes_percent)");
    problem_add(p, "nobody has seen them: they are not in the verification");
    tell(g, p, "the administrator of the new server", "baton cutover findings TENANT");
    return true;
}

/* What was verified and cannot be read now may have changed. A server that its guard stopped shows
 * nothing; what it is comes to light when the grant starts it. */
static bool
still_readable(const struct guard_ctx *g, struct problem *p)
{
    const struct verification *v = &g->t->cutover.verification;
    const struct facts *f = &guard_new(g)->facts;
    bool bad[] = {v->known[VERIFY_NEW_VERSION] && !fact_known(f, FACT_PRODUCT_VERSION),
                  lost(f, DIGEST_RULES, &v->rules), lost(f, DIGEST_CONFIG, &v->config),
                  g->t->cutover.state < HO_RELEASING && v->known[VERIFY_PENDING_DELETES] &&
                      !fact_known(f, FACT_PENDING_DELETES)};
    static const char *const what[] = {
        "new server: its version cannot be read now, so it may have changed",
        "new server: its synchronization rules cannot be read now, so they may have changed",
        "new server: its configuration cannot be read now, so it may have changed",
        "new server: its pending deletions cannot be read now, so more may have come"};
    bool all = true;
    if (fact_is(f, FACT_SERVICES_STOPPED, 1))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (bad[i])
            problem_add(p, what[i]);
        all = all && !bad[i];
    }
    if (!all)
        tell(g, p, "the administrator of the new server", "baton agent show TENANT NEW_HOST");
    return all;
}

/* Parity was judged against another configuration than the old server has now. Later than this it is
 * being stopped, or put into staging mode, which is a change of its own. */
static bool
old_moved(const struct guard_ctx *g)
{
    const struct cutover *c = &g->t->cutover;
    return c->state < HO_RELEASING && c->verification.known[VERIFY_PARITY_ROWS] &&
           verification_parity(g->t) == PARITY_OLD_MOVED;
}

/* What is in the way of the next one. */
static void
tell_no_cycle(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *n = guard_new(g);
    if (!n->connected) { /* its later cycles are not heard: another one would not be either */
        problem_add(p, "new server: not connected");
        tell(g, p, "the administrator of the new server", "baton agent list --tenant TENANT");
    } else if (fact_is(&n->facts, FACT_WIZARD_OPEN, 1)) {
        /* The scheduler is suspended for as long. */
        problem_add(p, "new server: a wizard is open there, and no cycle begins while it is");
        if (n->facts.note[0] != '\0')
            problem_add(p, n->facts.note); /* whose */
        tell(g, p, "whoever has it open", "close it, then the same command again");
    } else
        tell(g, p, "the administrator of the new server",
             "on NEW_HOST, in PowerShell: Start-ADSyncSyncCycle -PolicyType Delta");
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
    if (ago > limit)
        tell_no_cycle(g, p);
    return ago <= limit;
}

static uint64_t
verification_age(const struct guard_ctx *g)
{
    const struct cutover *c = &g->t->cutover;
    uint64_t unix_ms = g->approvals.unix_ms;
    if (c->verified_ms != 0)
        return g->now_ms - c->verified_ms;
    return unix_ms >= c->verified_unix_ms && c->verified_unix_ms != 0
               ? unix_ms - c->verified_unix_ms
               : FACT_NEVER;
}

/* After a restart of this process its monotonic clock knows nothing of the verification: then wall
 * time has to say that it is young, and the new server has to have reported the same hashes again. */
bool
guard_fresh(const struct guard_ctx *g, struct problem *p)
{
    uint64_t limit = (uint64_t)guard_policy(g, POLICY_READY_FRESH_MS), age = verification_age(g);
    problem_add_span(p, "the verification is this old: ", age, ", allowed ", limit);
    if (g->t->cutover.verified_ms == 0 && guard_new(g)->reported_ms == 0) {
        problem_add(p, "new server: it has not reported since this controller started");
        tell(g, p, "the administrator of the new server", "baton agent list --tenant TENANT");
        return false;
    }
    if (guard_new_moved(g)) {
        guard_tell_moved(g, p);
        return false;
    }
    if (old_moved(g)) {
        problem_add(p, "old server: it was configured again since both were compared");
        return false;
    }
    return !deletes_came(g, p) && age <= limit && still_readable(g, p) && cycle_recent(g, p);
}
