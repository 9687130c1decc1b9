/* Guards of moving the role: liveness, evidence, approvals, proof and retirement. */
#include "guards_private.h"

#include "line.h"

#include <string.h>

#define CHALLENGE "baton cutover challenge TENANT"

/* --- cut over -------------------------------------------------------------------------------- */

bool
guard_tools(const struct guard_ctx *g, struct problem *p)
{
    static const enum fact_id ids[] = {FACT_WIZARD_OPEN, FACT_CONSOLE_OPEN, FACT_INSTALLER_OPEN,
                                       FACT_RUN_IN_PROGRESS};
    bool ok = true;
    const struct agent_view *both[] = {guard_old(g), guard_new(g)};
    for (size_t m = 0; m < ARRAY_LEN(both); m++) {
        for (size_t i = 0; i < ARRAY_LEN(ids); i++)
            ok = guard_need(g, p, both[m], ids[i], 0) && ok;
        if (both[m]->facts.note[0] != '\0')
            problem_add(p, both[m]->facts.note);
    }
    return ok;
}

static bool
agent_live(const struct guard_ctx *g, struct problem *p, const struct agent_view *a)
{
    uint64_t limit = (uint64_t)guard_policy(g, POLICY_BEAT_STALE_MS);
    uint64_t seen = a->seen_ms > a->reported_ms ? a->seen_ms : a->reported_ms;
    uint64_t ago = seen == 0 || seen > g->now_ms ? FACT_NEVER : g->now_ms - seen;
    int64_t skew = a->skew_ms < 0 ? -a->skew_ms : a->skew_ms;
    bool old = a == guard_old(g);
    if (!a->connected)
        problem_add(p, old ? "old server: not connected" : "new server: not connected");
    problem_add_span(p, old ? "old server: heard " : "new server: heard ", ago, " ago, allowed ",
                     limit);
    if (skew >= guard_policy(g, POLICY_SKEW_MS))
        problem_add_span(
            p, old ? "old server: its clock is off by " : "new server: its clock is off by ",
            (uint64_t)skew, ", allowed ", (uint64_t)guard_policy(g, POLICY_SKEW_MS));
    return a->connected && ago <= limit && skew < guard_policy(g, POLICY_SKEW_MS);
}

bool
guard_live(const struct guard_ctx *g, struct problem *p)
{
    bool old = agent_live(g, p, guard_old(g)); /* both are asked: the facts name each that fails */
    bool new = agent_live(g, p, guard_new(g));
    return old && new;
}

bool
guard_window(const struct guard_ctx *g, struct problem *p)
{
    const struct tenant_info *i = &g->t->info;
    if (i->window_from_unix_ms == 0 && i->window_to_unix_ms == 0)
        return true;
    uint64_t now = g->approvals.unix_ms;
    char text[sizeof p->fact[0].text];
    struct line l;
    line_start(&l, text, sizeof text);
    line_put(&l, "the window is from ");
    line_time(&l, i->window_from_unix_ms);
    line_put(&l, " to ");
    line_time(&l, i->window_to_unix_ms);
    problem_add(p, text);
    if (now < i->window_from_unix_ms)
        problem_add_span(p, "it opens in ", i->window_from_unix_ms - now, " and lasts ",
                         i->window_to_unix_ms - i->window_from_unix_ms);
    else if (now >= i->window_to_unix_ms)
        problem_add(p, "the window is over, and no other one is set");
    return now >= i->window_from_unix_ms && now < i->window_to_unix_ms;
}

static bool
fresh(const struct guard_ctx *g, struct problem *p, const struct agent_view *a, enum fact_id id)
{
    uint64_t limit = (uint64_t)guard_policy(g, POLICY_STAGED_FRESH_MS);
    uint64_t age = agent_fact_age_ms(a, id, g->now_ms);
    if (age <= limit)
        return true;
    problem_add_span(p, "new server: last looked at ", age, " ago, allowed ", limit);
    return false;
}

bool
guard_new_staged(const struct guard_ctx *g, struct problem *p)
{
    static const enum fact_id stopped[] = {FACT_SERVICES_STOPPED, FACT_SERVICES_DISABLED};
    static const enum fact_id ones[] = {FACT_STAGING_SCHEDULER, FACT_STAGING_SETTINGS};
    static const enum fact_id zeros[] = {FACT_WIZARD_OPEN, FACT_CONSOLE_OPEN, FACT_INSTALLER_OPEN,
                                         FACT_SYNC_SHELL_OPEN, FACT_RUN_IN_PROGRESS};
    const struct agent_view *n = guard_new(g);
    if (fact_is(&n->facts, FACT_SERVICES_STOPPED, 1)) /* its guard stopped it */
        return guard_need_all(g, p, n, stopped, ARRAY_LEN(stopped), 1) &&
               fresh(g, p, n, FACT_SERVICES_STOPPED);
    bool ok = guard_need_all(g, p, n, ones, ARRAY_LEN(ones), 1);
    ok = guard_need_all(g, p, n, zeros, ARRAY_LEN(zeros), 0) && ok;
    if (!ok && n->facts.note[0] != '\0')
        problem_add(p, n->facts.note); /* whose session holds it */
    return ok && fresh(g, p, n, FACT_STAGING_SCHEDULER);
}

/* Only a record that was put back can have lost a grant. Its recipient refuses every other one until that
 * one is void, which it sees to by its own clock. */
static bool
no_lost_grant(const struct guard_ctx *g, struct problem *p)
{
    const struct authority *a = &g->t->authority;
    int at = authority_member_index(a, &a->recipient);
    bool given = a->phase == AUTH_GRANTED;
    if (g->t->cutover.state != HO_GAP || given || at < 0 || a->member[at].grant != GRANT_LIVE)
        return true;
    problem_add(p, "new server: a grant that this record lost is live there still");
    problem_add(p, "it becomes void by itself; it may still be used until then");
    return false;
}

/* The recipient's own evidence is asked for again before a grant; here the others have to stand. */
bool
guard_evidence(const struct guard_ctx *g, struct problem *p)
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
        bool old = baton_key_eq(&m->key, &guard_old(g)->key);
        char text[sizeof p->fact[0].text];
        struct line l;
        line_start(&l, text, sizeof text);
        line_put(&l, old ? "old server: no evidence yet, last word "
                         : "new server: no evidence yet, last word ");
        line_put(&l, statement_type_name((enum statement_type)m->said));
        problem_add(p, text);
        if (m->tamper_open) /* its guard has spoken since: nobody asks it again but a person */
            tenant_text(g->t, CHALLENGE, p->next, sizeof p->next);
    }
    return no_lost_grant(g, p) && all;
}

bool
guard_no_tamper(const struct guard_ctx *g, struct problem *p)
{
    const struct authority *a = &g->t->authority;
    bool ok = true;
    for (size_t i = 0; i < a->member_count; i++) {
        if (!a->member[i].tamper_open && !a->member[i].tamper_unread)
            continue;
        ok = false;
        problem_add(p, baton_key_eq(&a->member[i].key, &guard_old(g)->key)
                           ? "old server: its guard raised an alarm"
                           : "new server: its guard raised an alarm");
        problem_add(p, a->member[i].tamper_open ? "it has not given evidence since"
                                                : "nobody has acknowledged it yet");
        if (a->member[i].tamper_open)
            tenant_text(g->t, CHALLENGE, p->next, sizeof p->next);
    }
    if (!ok && fact_or(&guard_old(g)->facts, FACT_EXPORTS_UNREAD, 0) > 0)
        problem_add(
            p, "old server: nobody could read whether it exported before its guard stopped it");
    return ok;
}

bool
guard_go_stands(const struct guard_ctx *g, struct problem *p)
{
    if (g->t->cutover.no_go)
        problem_add(p, "the verification that people approved is not what the new server is now");
    if (g->t->cutover.no_go) {
        guard_tell_moved(g, p);
        problem_add(p, guard_latched(g) ? "there is no way back: verify it here"
                                        : "or back to the old server: baton cutover rollback");
    }
    return !g->t->cutover.no_go;
}

bool
guard_latched(const struct guard_ctx *g)
{
    return guard_legacy(g) && (g->t->cutover.ponr || g->t->authority.ponr);
}

bool
guard_latch_clear(const struct guard_ctx *g, struct problem *p)
{
    if (guard_latched(g))
        problem_add(p, "new server: it has left staging or exported");
    return !guard_latched(g);
}

bool
guard_latch_set(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return guard_latched(g);
}

bool
guard_may_return(const struct guard_ctx *g, struct problem *p)
{
    const char *why;
    if (authority_may_return(&g->t->authority, &guard_old(g)->key, &why))
        return true;
    problem_add(p, why);
    return false;
}

bool
guard_not_accepted(const struct guard_ctx *g, struct problem *p)
{
    if (guard_member(g, guard_old(g))->accepted)
        problem_add(p, "old server: it has promised the open epoch already");
    return !guard_member(g, guard_old(g))->accepted;
}

bool
guard_accepted(const struct guard_ctx *g, struct problem *p)
{
    return !guard_not_accepted(g, p);
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

bool
guard_appr_plan(const struct guard_ctx *g, struct problem *p)
{
    return approved(g, p, VERB_PLAN);
}

bool
guard_appr_cutover(const struct guard_ctx *g, struct problem *p)
{
    return approved(g, p, VERB_CUTOVER);
}

bool
guard_appr_go(const struct guard_ctx *g, struct problem *p)
{
    uint64_t age =
        g->t->authority.asked_ms == 0 ? FACT_NEVER : g->now_ms - g->t->authority.asked_ms;
    uint64_t limit = (uint64_t)guard_policy(g, POLICY_GO_MS);
    if (age > limit)
        problem_add_span(p, "everybody was challenged ", age, " ago, allowed ", limit);
    return approved(g, p, VERB_GO) && age <= limit;
}

bool
guard_appr_rollback(const struct guard_ctx *g, struct problem *p)
{
    return approved(g, p, VERB_ROLLBACK);
}

bool
guard_appr_retire(const struct guard_ctx *g, struct problem *p)
{
    return approved(g, p, VERB_RETIRE);
}

bool
guard_appr_adopt(const struct guard_ctx *g, struct problem *p)
{
    if (approved(g, p, VERB_ADOPT))
        return true;
    if (g->t->cutover.state == HO_EXPORT_SETTINGS) /* there `adopt` alone asks the servers again */
        tenant_text(g->t, "baton cutover approve TENANT --for adopt", p->next, sizeof p->next);
    return false;
}

bool
guard_appr_attest(const struct guard_ctx *g, struct problem *p)
{
    struct baton_hash two[2];
    approved(g, p, VERB_ATTEST);
    return approvals_attested(g->t, &g->approvals, two) >= 0;
}

/* --- a key that a later plan leaves out ---------------------------------------------------------- */

static bool
left_out(const struct tenant *t, const struct authority_member *m)
{
    return !m->retired && plan_member_index(&t->plan, &m->key) < 0;
}

/* Towards whom the agents let it be left out: never an Entra Connect server towards a legacy one. */
static const struct baton_key *
leave_towards(const struct tenant *t, const struct authority_member *m)
{
    const struct plan_member *holder = &t->plan.member[t->plan.holder];
    bool forward =
        m->product == PRODUCT_CONNECT && product_is_legacy((enum product)holder->product);
    return forward ? &t->plan.member[t->plan.recipient].key : &holder->key;
}

static void
name_left_out(const struct guard_ctx *g, struct problem *p, const struct authority_member *m)
{
    char command[sizeof p->next], fact[sizeof p->fact[0].text];
    struct line l;
    line_start(&l, command, sizeof command);
    line_put(&l, "baton cutover approve TENANT --for retire --host ");
    line_hex(&l, m->key.b, 8);
    tenant_text(g->t, command, p->next, sizeof p->next);
    line_start(&l, fact, sizeof fact);
    line_put(&l, "left out, and neither retired nor attested: the key ");
    line_hex(&l, m->key.b, 8);
    problem_add(p, fact);
}

/* While the plan waits, those that its adoption leaves out; later, whoever the record still knows. */
bool
guard_appr_left_out(const struct guard_ctx *g, struct problem *p)
{
    const struct tenant *t = g->t;
    unsigned want = g->approvals.trust == NULL ? 1 : trust_quorum(g->approvals.trust, VERB_RETIRE);
    for (size_t i = 0; t->plan_known && i < t->authority.member_count; i++) {
        const struct authority_member *m = &t->authority.member[i];
        const struct baton_key *towards = leave_towards(t, m);
        bool later = t->cutover.state == HO_PLANNED &&
                     !baton_key_eq(towards, &t->plan.member[t->plan.holder].key);
        if (!left_out(t, m) || later || approvals_leave(t, &m->key, towards, &g->approvals) >= want)
            continue;
        name_left_out(g, p, m);
        return false;
    }
    return true;
}

/* No adoption can leave the old key out: the old server goes on as the record says, and the fence
 * towards the new key is the first that it hears. */
bool
guard_new_replaced(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    const struct tenant *t = g->t;
    const struct authority *a = &t->authority;
    if (!t->plan_known || a->phase != AUTH_HELD || !baton_key_eq(&a->holder, &guard_old(g)->key))
        return false;
    for (size_t i = 0; i < a->member_count; i++)
        if (left_out(t, &a->member[i]) &&
            baton_key_eq(leave_towards(t, &a->member[i]), &t->plan.member[t->plan.recipient].key))
            return true;
    return false;
}

/* --- prove and retire ------------------------------------------------------------------------ */

/* Runs older than a week are purged: then the count stands still, or falls, while exports go on. */
static bool
exported_since(const struct guard_ctx *g, const struct facts *f)
{
    const struct cutover *c = &g->t->cutover;
    return fact_or(f, FACT_EXPORTS_TOTAL, -1) > c->exports_before ||
           fact_or(f, FACT_LAST_EXPORT_END, 0) > c->export_end_before;
}

bool
guard_export_seen(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *n = guard_new(g);
    bool ok = guard_need(g, p, n, FACT_LAST_EXPORT_OK, 1);
    problem_add_fact(p, n, "new server", FACT_EXPORTS_TOTAL, g->now_ms);
    problem_add_number(p, "its exports before the grant: ", g->t->cutover.exports_before, "");
    return ok && exported_since(g, &n->facts);
}

bool
guard_export_failed(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    const struct facts *f = &guard_new(g)->facts;
    return fact_is(f, FACT_LAST_EXPORT_OK, 0) && exported_since(g, f);
}

bool
guard_probation(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *n = guard_new(g);
    const struct cutover *c = &g->t->cutover;
    uint64_t limit = (uint64_t)guard_policy(g, POLICY_PROBATION_MS);
    uint64_t watched = g->now_ms - c->entered_ms;
    problem_add_span(p, "watched for ", watched, ", needed ", limit);
    int64_t cycles = fact_or(&n->facts, FACT_GOOD_CYCLES, c->cycles_before) - c->cycles_before;
    problem_add_number(p, "good cycles since then: ", cycles, "");
    problem_add_number(p, "needed: ", guard_policy(g, POLICY_PROBATION_CYCLES_COUNT), "");
    bool good = guard_need(g, p, n, FACT_LAST_EXPORT_OK, 1);
    return good && watched >= limit && cycles >= guard_policy(g, POLICY_PROBATION_CYCLES_COUNT);
}

bool
guard_old_absent(const struct guard_ctx *g, struct problem *p)
{
    return guard_need(g, p, guard_old(g), FACT_PRODUCT_PRESENT, 0);
}

bool
account_seen_removed(const struct tenant *t)
{
    int64_t removed = fact_or(&tenant_new(t)->facts, FACT_ACCOUNT_REMOVED, 0);
    return removed > 0 && (uint64_t)removed >= t->cutover.old_last_export_unix_ms;
}

/* Asked only where no removal after the old server's last export was seen. */
static void
say_account(const struct guard_ctx *g, struct problem *p)
{
    int64_t removed = fact_or(&guard_new(g)->facts, FACT_ACCOUNT_REMOVED, -1);
    char text[sizeof p->fact[0].text];
    struct line l;
    line_start(&l, text, sizeof text);
    line_put(&l, removed > 0    ? "new server: its product logged the removal of that account at "
                 : removed == 0 ? "new server: its product has logged no removal of that account"
                                : "new server: it cannot say whether that account was removed");
    if (removed > 0)
        line_time(&l, (uint64_t)removed);
    problem_add(p, text);
    if (removed > 0)
        problem_add(p, "that was before the old server's last export: the account was made again");
}

/* F2: the tenant lets the old server in no more. Seen through the new server's product, or signed by
 * as many people as retiring takes. */
bool
guard_account_gone(const struct guard_ctx *g, struct problem *p)
{
    unsigned want = g->approvals.trust == NULL ? 1 : trust_quorum(g->approvals.trust, VERB_RETIRE);
    unsigned have = approvals_account_gone(g->t, &g->approvals);
    bool known = !g->t->cutover.local_fence_only; /* the order to retire rested on it */
    if (known || account_seen_removed(g->t))
        return true;
    say_account(g, p);
    problem_add_number(p, "people who signed that it is gone: ", have, "");
    problem_add_number(p, "needed, where no server can see it: ", want, "");
    return have >= want;
}

bool
guard_retired(const struct guard_ctx *g, struct problem *p)
{
    bool absent = guard_old_absent(g, p);
    bool retired = guard_member(g, guard_old(g))->retired;
    problem_add(p, retired ? "old server: its tombstone is final"
                           : "old server: its tombstone is not final yet");
    return guard_account_gone(g, p) && absent && retired;
}

bool
guard_old_exported(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *o = guard_old(g);
    bool ok = guard_need(g, p, o, FACT_LAST_EXPORT_OK, 1);
    problem_add_fact(p, o, "old server", FACT_EXPORTS_TOTAL, g->now_ms);
    problem_add_number(p, "its exports before it was granted again: ", g->t->cutover.exports_before,
                       "");
    return ok && exported_since(g, &o->facts);
}

bool
guard_new_holds(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    return guard_new(g)->statement_known && guard_new(g)->statement.holding;
}

bool
guard_new_exports(const struct guard_ctx *g, struct problem *p)
{
    problem_add_fact(p, guard_new(g), "new server", FACT_STAGING_SCHEDULER, g->now_ms);
    problem_add_fact(p, guard_new(g), "new server", FACT_EXPORTS_TOTAL, g->now_ms);
    return guard_exporting(guard_new(g));
}

bool
guard_reconciled(const struct guard_ctx *g, struct problem *p)
{
    problem_add_unheard(g->t, p);
    return !g->t->authority.recovering;
}

bool
guard_tamper_answered(const struct guard_ctx *g, struct problem *p)
{
    const struct authority *a = &g->t->authority;
    unsigned unread = 0, open = 0;
    for (size_t i = 0; i < a->member_count; i++) {
        unread += a->member[i].tamper_unread;
        open += a->member[i].tamper_open;
    }
    if (unread == 0)
        problem_add(p, "no alarm waits for a person");
    if (open > 0) {
        problem_add(p, "the server has given no evidence since its alarm");
        tenant_text(g->t, CHALLENGE, p->next, sizeof p->next);
    }
    return unread > 0 && open == 0;
}

/* Evidence of the open epoch, or holding, closes it; nobody can be asked before there is one. */
bool
guard_alarm_open(const struct guard_ctx *g, struct problem *p)
{
    (void)p;
    const struct authority *a = &g->t->authority;
    for (size_t i = 0; i < a->member_count; i++)
        if (a->member[i].tamper_open && a->phase != AUTH_NONE)
            return true;
    return false;
}

bool
guard_before_release(const struct guard_ctx *g, struct problem *p)
{
    if (g->t->cutover.resume_to >= HO_RELEASING)
        problem_add(p, "the old server was asked to stop already");
    return g->t->cutover.resume_to < HO_RELEASING;
}
