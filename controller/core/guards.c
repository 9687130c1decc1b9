#include "guards_private.h"

#include "line.h"

#include <string.h>

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

void
tenant_text(const struct tenant *t, const char *text, char *out, size_t cap)
{
    const struct line_names names = {t->info.name, tenant_old(t)->host, tenant_new(t)->host};
    struct line l;
    line_start(&l, out, cap);
    line_template(&l, text, &names);
}

int
tenant_member(const struct tenant *t, const struct agent_view *a)
{
    return authority_member_index(&t->authority, &a->key);
}

const struct authority_member *
guard_member(const struct guard_ctx *g, const struct agent_view *a)
{
    static const struct authority_member nobody;
    int i = tenant_member(g->t, a);
    return i < 0 ? &nobody : &g->t->authority.member[i];
}

const struct agent_view *
guard_old(const struct guard_ctx *g)
{
    return tenant_old(g->t);
}

const struct agent_view *
guard_new(const struct guard_ctx *g)
{
    return tenant_new(g->t);
}

static const char *
whose(const struct guard_ctx *g, const struct agent_view *a)
{
    return a == guard_old(g) ? "old server" : "new server";
}

int64_t
guard_policy(const struct guard_ctx *g, enum policy_id id)
{
    return g->t->info.policy.v[id];
}

bool
guard_legacy(const struct guard_ctx *g)
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
    if (p->fact_count == PROBLEM_FACTS_MAX)
        return;
    line_set(p->fact[p->fact_count].text, sizeof p->fact[0].text, text);
    p->fact_count++;
}

static const struct agent_view *
agent_of(const struct tenant *t, const struct baton_key *key)
{
    for (size_t i = 0; i < MEMBERS_MAX; i++)
        if (t->agent[i].used && baton_key_eq(&t->agent[i].key, key))
            return &t->agent[i];
    return NULL;
}

void
problem_add_unheard_one(const struct tenant *t, const struct agent_view *a, struct problem *p)
{
    char text[sizeof p->fact[0].text];
    struct line l;
    line_start(&l, text, sizeof text);
    line_put(&l, a->host);
    line_put(&l, ": not heard since this controller started");
    if (t->started_unix_ms != 0) {
        line_put(&l, " at ");
        line_time(&l, t->started_unix_ms);
    }
    line_put(&l, a->connected ? ", connected" : ", not connected");
    problem_add(p, text);
}

/* Who is shut out never speaks again; the next word of anybody else ends the waiting for it. */
void
problem_add_unheard(const struct tenant *t, struct problem *p)
{
    bool named = false;
    for (size_t i = 0; i < t->authority.member_count; i++) {
        const struct baton_key *key = &t->authority.member[i].key;
        if (!authority_awaits(&t->authority, i) || tenant_shut_out(t, key))
            continue;
        named = true;
        problem_add_unheard_one(t, agent_of(t, key), p);
    }
    if (t->authority.recovering && !named)
        problem_add(p, "who was not heard is shut out: the next word of another server ends this");
}

void
problem_add_number(struct problem *p, const char *before, int64_t v, const char *after)
{
    char text[sizeof p->fact[0].text];
    struct line l;
    line_start(&l, text, sizeof text);
    line_put(&l, before);
    line_int(&l, v);
    line_put(&l, after);
    problem_add(p, text);
}

void
problem_add_span(struct problem *p, const char *before, uint64_t ms, const char *between,
                 uint64_t limit_ms)
{
    char text[sizeof p->fact[0].text];
    struct line l;
    line_start(&l, text, sizeof text);
    static const char ago[] = " ago";
    bool never = ms >= FACT_NEVER;
    line_put(&l, before);
    if (never)
        line_put(&l, "never in this run");
    else
        line_duration(&l, ms);
    bool skip = never && strncmp(between, ago, sizeof ago - 1) == 0; /* what never was is not ago */
    line_put(&l, skip ? between + sizeof ago - 1 : between);
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
bool
guard_need(const struct guard_ctx *g, struct problem *p, const struct agent_view *a,
           enum fact_id id, int64_t value)
{
    problem_add_fact(p, a, whose(g, a), id, g->now_ms);
    return fact_is(&a->facts, id, value);
}

bool
guard_need_all(const struct guard_ctx *g, struct problem *p, const struct agent_view *a,
               const enum fact_id *ids, size_t count, int64_t value)
{
    bool all = true;
    for (size_t i = 0; i < count; i++)
        all = guard_need(g, p, a, ids[i], value) && all;
    return all;
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
    [G_NONE] = CONDITION(guard_always),
    [G_PAIR] = {guard_pair, "two confirmed agents on two machines are needed, and the new server must not export",
                "an operator at each server's console", "baton agent confirm TENANT HOST", false},
    [G_PATH] = {guard_path, "this path does not fit the old server's product or what it does",
                OPERATORS, "baton cutover abandon TENANT", false},
    [G_APPR_PLAN] = {guard_appr_plan, "the plan waits for approval", APPROVERS, "baton cutover approve TENANT --for plan", false},
    [G_APPR_CUTOVER] = {guard_appr_cutover, "the cutover waits for approvals by different people over this plan and verification",
                        APPROVERS, "baton cutover approve TENANT --for cutover", false},
    [G_APPR_GO] = {guard_appr_go, "go must be signed over the evidence of the last challenge",
                   APPROVERS, "baton cutover go TENANT", false},
    [G_APPR_ROLLBACK] = {guard_appr_rollback, "the rollback waits for approval", APPROVERS, "baton cutover rollback TENANT", false},
    [G_APPR_RETIRE] = {guard_appr_retire, "retiring the old server waits for approval", APPROVERS, "baton cutover retire TENANT", false},
    [G_APPR_ATTEST] = {guard_appr_attest, "two people must attest for the server that cannot answer",
                       "two operators with the break-glass role", "baton cutover attest TENANT --host OLD_HOST --seen FILE --reason '...'", false},
    [G_APPR_ADOPT] = {guard_appr_adopt, "adopting a finished cutover waits for approvals", APPROVERS, "baton cutover adopt TENANT", false},
    [G_SETTINGS_SEEN] = {guard_settings_seen, "the exported settings file is not there yet",
                         ADMIN_OLD, "baton cutover task TENANT", false},
    [G_SETTINGS_PLACED] = {guard_settings_placed, "the same settings file does not lie on the new server yet",
                           "the agents, or " ADMIN_NEW, EXPLAIN, false},
    [G_PREREQ] = {guard_prereq, "prerequisites of the new server are not met or not known",
                  ADMIN_NEW, "on NEW_HOST, as administrator: baton-agent preflight --dir DIR", false},
    [G_STAGED] = {guard_staged, "the new server is not installed in staging mode yet",
                  ADMIN_NEW, "baton cutover task TENANT", false},
    [G_OLD_ALIVE] = {guard_old_alive, "the old server has not completed a good cycle since the new one was installed",
                     ADMIN_OLD, EXPLAIN, false},
    [G_4OPS] = {guard_4ops, "full import and full synchronization have not ended well on every connector",
                ADMIN_NEW, "wait for its runs; where none goes on, on NEW_HOST, in PowerShell: Start-ADSyncSyncCycle -PolicyType Initial", false},
    [G_PARITY] = {guard_parity, "differences are open that nobody decided about, or parity is unknown",
                  APPROVERS, "baton cutover findings TENANT", false},
    [G_DIFF] = {guard_diff, "the pending export is not within the limits, or not known",
                ADMIN_NEW, "baton cutover findings TENANT", false},
    [G_FRESH] = {guard_fresh, "the verification is no longer fresh", OPERATORS, "baton cutover reverify TENANT", true},
    [G_TOOLS] = {guard_tools, "a wizard, console or installer is open, or a run is in progress",
                 "whoever has it open; a run ends by itself", EXPLAIN, true},
    [G_LIVE] = {guard_live, "both agents must be connected and their clocks close", "the administrators of both servers", "baton agent list --tenant TENANT", true},
    [G_WINDOW] = {guard_window, "outside the tenant's window", "time; or an operator who sets another window",
                  "baton tenant window set TENANT --from TIME --until TIME", false},
    [G_NEW_STAGED] = {guard_new_staged, "the new server was not seen quiet in staging mode a moment ago",
                      ADMIN_NEW, "the same command again in a few seconds", true},
    [G_OLD_STOPPED] = {guard_evidence, "not every server has proved that it is quiet",
                       "the agents; if a server cannot answer: baton cutover fence", EXPLAIN, false},
    [G_NO_TAMPER] = {guard_no_tamper, "a guard's alarm is open", OPERATORS, "baton cutover acknowledge TENANT", true},
    [G_GO_STANDS] = {guard_go_stands, "no go: the new server changed after the verification",
                     OPERATORS, "baton cutover reverify TENANT; then baton cutover accept TENANT --reason '...'", false},
    [G_LATCH_CLEAR] = {guard_latch_clear, "past the point of no return: the new server may have exported, there is only forward",
                       "nobody", EXPLAIN, false},
    [G_MAY_RETURN] = {guard_may_return, "the export role cannot go back to the old server", "nobody", EXPLAIN, false},
    [G_EXPORT_SEEN] = {guard_export_seen, "the new server has not completed a good export yet", ADMIN_NEW, EXPLAIN, false},
    [G_PROBATION] = {guard_probation, "the new server is still on probation", "nobody: wait", EXPLAIN, false},
    [G_RETIRED] = {guard_retired, "the old server is not retired yet", APPROVERS, "baton cutover retire TENANT", false},
    [G_OLD_EXPORTED] = {guard_old_exported, "the old server has not exported again yet", ADMIN_OLD, EXPLAIN, false},
    [G_OLD_PRESENT] = {guard_old_present, "do not uninstall DirSync yourself before the upgrade: its settings are not sealed yet",
                       ADMIN_OLD, "baton cutover task TENANT", false},
    [G_NOT_ACCEPTED] = {guard_not_accepted, "the old server has accepted the fence already", "nobody", EXPLAIN, false},
    [G_ACCEPTED] = {guard_accepted, "the old server has not accepted the fence", "the old server's agent", EXPLAIN, false},
    [G_NEW_HOLDS] = {guard_new_holds, "the new server does not say that it holds", "the new server's agent", EXPLAIN, false},
    [G_RECONCILED] = {guard_reconciled, "not every server has been heard since this controller started",
                      "the administrators of both servers", "baton agent list --tenant TENANT", true},
    [G_LATCH_SET] = {guard_latch_set, "the new server has not exported", "nobody", EXPLAIN, false},
    [G_ADOPTED] = {guard_adopted, "the servers have not answered the adoption yet",
                   "the agents; after a refusal: baton cutover adopt", "baton cutover adopt TENANT", false},
    [G_TAMPER_ANSWERED] = {guard_tamper_answered, "an alarm is acknowledged after the server's later word, not before",
                           "the server's agent", EXPLAIN, true},
    [G_BEFORE_RELEASE] = {guard_before_release, "it cannot be abandoned once the old server was asked to stop",
                          OPERATORS, "baton cutover resume TENANT", false},
    [G_OLD_ABSENT] = {guard_old_absent, "the old product is still installed", ADMIN_OLD, "baton cutover task TENANT", false},
    [G_ACCOUNT_GONE] = {guard_account_gone, "local fence only: the old server's own account can still sign in to the tenant",
                        "whoever administers the tenant's accounts", "baton cutover task TENANT", false},
    [G_GRANTS_LEFT] = {guard_grants_left, "the old server took none of the grants that it was sent: look why, then fence it anew",
                       OPERATORS, "baton cutover rollback TENANT", false},
    [G_NEW_EXPORTS] = {guard_new_exports, "the new server does not show that it exports", ADMIN_NEW, EXPLAIN, false},
    [G_APPR_LEFT_OUT] = {guard_appr_left_out, "the plan leaves out a server of the record: people have to sign that it is gone",
                         APPROVERS, "baton cutover approve TENANT --for retire --host KEY", false},
    [G_ALARM_OPEN] = {guard_alarm_open, "no alarm is open that fresh evidence could close", "nobody", EXPLAIN, false},
    [G_ROLE_KNOWN] = CONDITION(guard_role_known),
    [G_NEVER_ADOPTED] = CONDITION(guard_never_adopted),
    [G_PROMISED_APART] = CONDITION(guard_promised_apart),
    [G_PROMISED_ALIKE] = CONDITION(guard_promised_alike),
    [G_RECONCILING] = CONDITION(guard_reconciling),
    [G_QUARANTINED] = CONDITION(guard_quarantined),
    [G_SETTLED] = CONDITION(guard_settled),
    [G_RESUME_FITS] = CONDITION(guard_resume_fitting),
    [G_OLD_HOLDS] = CONDITION(guard_old_holding),
    [G_ASKED] = CONDITION(guard_asked),
    [G_NOT_ASKED] = CONDITION(guard_not_asked),
    [G_TO_NEW] = CONDITION(guard_towards_new),
    [G_TO_OLD] = CONDITION(guard_towards_old),
    [G_HELD_BY_NEW] = CONDITION(guard_held_by_new),
    [G_OLD_KEPT_IT] = CONDITION(guard_old_kept_it),
    [G_OLD_REMOVED] = CONDITION(guard_old_removed),
    [G_SETTINGS_OTHER] = CONDITION(guard_settings_other),
    [G_BLOB_HERE] = CONDITION(guard_blob_here),
    [G_ROGUE_OLD] = CONDITION(guard_rogue_old),
    [G_ROGUE_NEW] = CONDITION(guard_rogue_new),
    [G_LATE_ACTIVATION] = CONDITION(guard_late),
    [G_TAMPER_OLD] = CONDITION(guard_tamper_old),
    [G_WRONG_TENANT] = CONDITION(guard_wrong_tenant),
    [G_NEW_CHANGED] = CONDITION(guard_new_changed),
    [G_OLD_IMPORT_BROKEN] = CONDITION(guard_old_import_broken),
    [G_TABLE_DIFFERS] = CONDITION(guard_table_different),
    [G_EXPORT_FAILED] = CONDITION(guard_export_failed),
    [G_EXPORT_LATE] = CONDITION(guard_export_late),
    [G_OLD_IDLE] = CONDITION(guard_old_idle),
    [G_OLD_LATE] = CONDITION(guard_old_late),
    [G_OLD_SILENT] = CONDITION(guard_old_silent),
    [G_OLD_GONE] = CONDITION(guard_old_gone),
    [G_OLD_THERE] = CONDITION(guard_old_there),
    [G_NEW_REPLACED] = CONDITION(guard_new_replaced),
    [G_ONLY_A_GRANT] = CONDITION(guard_only_a_grant),
    [G_REFUSES_THIS] = CONDITION(guard_refuses_this),
    [G_GRANT_DEAD] = CONDITION(guard_grant_dead),
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
    if (ret_problem->who[0] == '\0') /* a guard may know better than its row */
        line_set(ret_problem->who, sizeof ret_problem->who, row->who);
    if (ret_problem->next[0] == '\0')
        tenant_text(g->t, row->next, ret_problem->next, sizeof ret_problem->next);
    return false;
}
