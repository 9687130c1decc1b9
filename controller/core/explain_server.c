#include "explain_private.h"
#include "guards_private.h"

#include "line.h"

#include <string.h>

static void
add_text(const struct guard_ctx *g, struct problem *p, const char *text)
{
    char out[sizeof p->fact[0].text];
    tenant_text(g->t, text, out, sizeof out);
    problem_add(p, out);
}

/* --- who does not count --------------------------------------------------------------------------- */

enum outlaw { LAWFUL, REVOKED, REPLACED, BARRED, MEMORY_LOST, QUARANTINED, OUTLAWS };

static bool
enrolled_anew(const struct tenant *t, const struct agent_view *server)
{
    for (size_t i = 0; i < MEMBERS_MAX; i++)
        if (t->agent[i].used && !t->agent[i].revoked && strcmp(t->agent[i].host, server->host) == 0)
            return true;
    return false;
}

/* From C2 on a key that is shut out is attested for, or its server's retirement is why people did it; a
 * cutover that is given up has no plan that a new key could miss. */
static enum outlaw
outlaw_of_revoked(const struct tenant *t, const struct agent_view *a)
{
    const struct cutover *c = &t->cutover;
    uint8_t state = c->state == HO_HOLD ? c->resume_to : c->state;
    if (state >= HO_ASSESSED && state <= HO_ARMED)
        return enrolled_anew(t, a) ? REPLACED : REVOKED;
    return state == HO_ABANDONED && !enrolled_anew(t, a) ? REVOKED : LAWFUL;
}

static enum outlaw
outlaw_of(const struct tenant *t, const struct agent_view *a)
{
    if (!a->used)
        return LAWFUL;
    if (a->revoked)
        return outlaw_of_revoked(t, a);
    if (a->barred)
        return BARRED;
    if (!a->statement_known || a->statement.quarantine == QUARANTINE_NONE)
        return LAWFUL;
    bool lost = a->statement.quarantine == QUARANTINE_STATE_LOST && !a->statement.tombstone;
    return lost ? MEMORY_LOST : QUARANTINED;
}

#define TOKEN_OLD "baton agent token TENANT OLD_HOST --role old"
#define TOKEN_NEW "baton agent token TENANT NEW_HOST --role new"

static const struct {
    const char *what, *then, *old_next, *new_next, *old_after, *new_after;
} outlaws[OUTLAWS] = {
    [REVOKED] = {" has its key shut out: no word of it counts",
                 "enrol it anew with a token; the new key needs a new plan", TOKEN_OLD, TOKEN_NEW,
                 NULL, NULL},
    [REPLACED] = {" has its key shut out: no word of it counts",
                  "it is enrolled anew, and the new key needs a new plan",
                  "baton cutover abandon TENANT --reason '...'",
                  "baton cutover abandon TENANT --reason '...'", NULL, NULL},
    [BARRED] = {" is barred: two copies of it spoke",
                "switch one copy off, confirm the right one, start its agent anew",
                "baton agent confirm TENANT OLD_HOST", "baton agent confirm TENANT NEW_HOST", NULL,
                NULL},
    [MEMORY_LOST] = {" is quarantined: its memory is gone",
                     "shut its key out, then enrol it anew; the new key needs a new plan",
                     "baton agent revoke TENANT OLD_HOST --reason '...'",
                     "baton agent revoke TENANT NEW_HOST --reason '...'", "then: " TOKEN_OLD,
                     "then: " TOKEN_NEW},
    [QUARANTINED] = {" is quarantined: reverted, copied or another machine",
                     "find out why, then readmit it; only a grant starts its services again",
                     "baton agent readmit TENANT OLD_HOST", "baton agent readmit TENANT NEW_HOST",
                     NULL, NULL},
};

static void
add_outlaw(const struct guard_ctx *g, struct problem *p, const struct agent_view *a,
           enum outlaw which)
{
    char text[sizeof p->fact[0].text];
    struct line l;
    line_start(&l, text, sizeof text);
    line_put(&l, a->host);
    line_put(&l, outlaws[which].what);
    if (!a->revoked && a->alarm_unix_ms != 0 && g->approvals.unix_ms >= a->alarm_unix_ms) {
        line_put(&l, ", ");
        line_duration(&l, g->approvals.unix_ms - a->alarm_unix_ms);
        line_put(&l, " ago");
    }
    problem_add(p, text);
    problem_add(p, outlaws[which].then);
}

/* Where the new server holds, the old one's quarantine stops nothing. */
static bool
stands_in_the_way(uint8_t state, bool old)
{
    return !old || state < HO_ACTIVATING || state == HO_HOLD || state == HO_FENCING ||
           state == HO_REVOKING || state == HO_RESTORING || state == HO_BREACH;
}

static void
explain_outlaw(const struct guard_ctx *g, struct problem *p, const struct agent_view *a, bool old)
{
    enum outlaw which = outlaw_of(g->t, a);
    if (which == LAWFUL)
        return;
    const char *after = old ? outlaws[which].old_after : outlaws[which].new_after;
    add_outlaw(g, p, a, which);
    if (after != NULL)
        add_text(g, p, after);
    if (!a->revoked && !stands_in_the_way(g->t->cutover.state, old))
        return;
    if (p->status == BATON_OK && !handoff_state_terminal((enum handoff_state)g->t->cutover.state))
        line_set(p->title, sizeof p->title, "a server whose word does not count is in the way");
    p->status = BATON_WAITING;
    line_set(p->who, sizeof p->who, "whoever runs that server, then any operator");
    tenant_text(g->t, old ? outlaws[which].old_next : outlaws[which].new_next, p->next,
                sizeof p->next);
}

void
explain_outlaws(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *both[] = {tenant_old(g->t), tenant_new(g->t)};
    for (size_t i = 0; i < ARRAY_LEN(both); i++)
        explain_outlaw(g, p, both[i], i == 0);
}

/* --- who stands still ------------------------------------------------------------------------------ */

/* Its words name the kind `stopped` only while its agent keeps the services stopped. */
static bool
kept_stopped(const struct agent_view *n)
{
    return n->statement_known && n->statement.kind == KIND_STOPPED &&
           fact_is(&n->facts, FACT_SERVICES_STOPPED, 1);
}

static bool
is_switched_off(const struct agent_view *o)
{
    return o->statement_known && fact_is(&o->facts, FACT_SERVICES_STOPPED, 1) &&
           fact_is(&o->facts, FACT_SERVICES_DISABLED, 1);
}

/* A quarantine took the role from it before anything was asked of it, and its services with it. */
static bool
lost_its_role(const struct agent_view *o)
{
    return is_switched_off(o) && !o->statement.holding;
}

/* By a person, or by a copy of its agent: its own lets who holds run. */
static void
explain_idle_holder(const struct guard_ctx *g, struct problem *p)
{
    line_set(
        p->title, sizeof p->title,
        "the old server holds the export role and its services are switched off: nobody exports");
    problem_add(p,
                "set its services to start by themselves and start them; its agent lets them run");
    tenant_text(g->t, "baton agent show TENANT OLD_HOST", p->next, sizeof p->next);
}

static const struct halt {
    const char *title, *disarm, *again, *anew;
} halted_new = {"the new server was stopped by its guard or a quarantine and works no more",
                "then: baton agent disarm TENANT NEW_HOST, and start its service by hand",
                "should its agent stop it again: baton agent revoke TENANT NEW_HOST --reason '...'",
                "and enrol it anew: " TOKEN_NEW},
  halted_old = {"the old server was stopped by a quarantine and works no more: nobody exports",
                "then: baton agent disarm TENANT OLD_HOST, and start its services by hand",
                "should its agent stop it again: baton agent revoke TENANT OLD_HOST --reason '...'",
                "and enrol it anew: " TOKEN_OLD};

static void
explain_giving_up(const struct guard_ctx *g, struct problem *p, const struct halt *halt)
{
    struct problem alarm;
    line_set(p->title, sizeof p->title, halt->title);
    p->fact_count = 0;
    problem_add(p, "only a grant starts it again, and this state waits for its work");
    add_text(g, p, "give it up: baton cutover abandon TENANT --reason '...'");
    add_text(g, p, halt->disarm);
    add_text(g, p, halt->again);
    add_text(g, p, halt->anew);
    add_text(g, p, "then: baton cutover create TENANT --old OLD_HOST --new NEW_HOST");
    if (g->t->authority.ponr)
        problem_add(
            p,
            "the new server has exported: uninstall and install it anew before the next cutover");
    p->status = BATON_REFUSED;
    line_set(p->who, sizeof p->who, "any operator");
    tenant_text(g->t, "baton cutover abandon TENANT --reason '...'", p->next, sizeof p->next);
    if (guard_check(G_NO_TAMPER, g, &alarm))
        return;
    problem_add(p, "first its alarm: no disarm counts while one is open");
    memcpy(p->next, alarm.next, sizeof p->next);
}

void
explain_halted(const struct guard_ctx *g, struct problem *p)
{
    bool waits_for_new = p->guard == G_STAGED || p->guard == G_4OPS || p->guard == G_FRESH;
    if (g->t->cutover.state > HO_ARMED)
        return;
    if (waits_for_new && kept_stopped(tenant_new(g->t)))
        explain_giving_up(g, p, &halted_new);
    else if (p->guard == G_OLD_ALIVE && lost_its_role(tenant_old(g->t)))
        explain_giving_up(g, p, &halted_old);
    else if (p->guard == G_OLD_ALIVE && is_switched_off(tenant_old(g->t)))
        explain_idle_holder(g, p);
}

static bool
holds(const struct guard_ctx *g, enum guard_id id)
{
    struct problem ignored;
    return guard_check(id, g, &ignored);
}

void
explain_spoilt(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *old = tenant_old(g->t);
    uint8_t state = g->t->cutover.state;
    if ((state != HO_RELEASING && state != HO_REVOKING) || p->guard != G_OLD_STOPPED ||
        fact_or(&old->facts, FACT_EXPORTS_SINCE_FENCE, 0) == 0 || !holds(g, G_LATCH_CLEAR))
        return;
    line_set(p->title, sizeof p->title,
             "the old server exported after it had stopped: its proof is spoilt for this epoch");
    problem_add(p, state == HO_REVOKING
                       ? "somebody started it again; the rollback begins anew"
                       : "somebody started it again; roll back, then begin the cutover anew");
    p->status = BATON_WAITING;
    line_set(p->who, sizeof p->who, "operators with the approve role");
    tenant_text(g->t, "baton cutover rollback TENANT", p->next, sizeof p->next);
}

/* --- a fence that this record lost ----------------------------------------------------------------- */

/* Its last word refused, and its promise is not the open epoch. */
static bool
refuses(const struct authority *a, const struct agent_view *server)
{
    int m = authority_member_index(a, &server->key);
    return m >= 0 && a->member[m].said == SAY_REFUSED && !a->member[m].accepted;
}

/* Whom a fence has reached refuses that fence, by its own reason; only who never got it says this. */
static bool
never_promised(const struct authority *a, const struct agent_view *server)
{
    int m = authority_member_index(a, &server->key);
    return refuses(a, server) && a->member[m].refusal == REFUSE_EPOCH;
}

static void
next_of(const struct guard_ctx *g, struct problem *p, const enum guard_id *needs, size_t count,
        const char *verb)
{
    struct problem missing;
    tenant_text(g->t, verb, p->next, sizeof p->next);
    for (size_t i = 0; i < count; i++)
        if (!guard_check(needs[i], g, &missing)) {
            memcpy(p->next, missing.next, sizeof p->next);
            return;
        }
}

/* What people verify is what they approve a new fence over. */
static void
next_accept(const struct guard_ctx *g, struct problem *p)
{
    static const enum guard_id seen[] = {G_4OPS, G_DIFF, G_PARITY};
    next_of(g, p, seen, ARRAY_LEN(seen), "baton cutover accept TENANT --reason '...'");
}

static void
next_forward(const struct guard_ctx *g, struct problem *p)
{
    static const enum guard_id signed_by[] = {G_APPR_CUTOVER};
    if (g->t->cutover.accepted)
        next_of(g, p, signed_by, ARRAY_LEN(signed_by), "baton cutover start TENANT");
    else
        next_accept(g, p);
}

/* It refused since it has exported: rule 352 waits for people's new approvals. */
static void
explain_no_return(const struct guard_ctx *g, struct problem *p)
{
    problem_add(p, "no way back to the old server: the new one has exported");
    add_text(g, p, "forward: two sign baton cutover approve TENANT --for cutover");
    line_set(p->who, sizeof p->who, "operators with the approve role");
    if (g->t->cutover.accepted)
        tenant_text(g->t, "baton cutover approve TENANT --for cutover", p->next, sizeof p->next);
    else
        next_accept(g, p);
}

/* Nothing that could be sent again would be obeyed: people sign another fence, in either direction. */
static void
explain_fence_anew(const struct guard_ctx *g, struct problem *p)
{
    bool back = holds(g, G_LATCH_CLEAR) && holds(g, G_MAY_RETURN);
    line_set(p->who, sizeof p->who, "any operator");
    if (back)
        add_text(g, p, "back: baton cutover rollback TENANT");
    else
        problem_add(p, "no way back to the old server: it is removed, or the new one has exported");
    if (g->t->cutover.state == HO_REVOKING) {
        if (back)
            tenant_text(g->t, "baton cutover rollback TENANT", p->next, sizeof p->next);
        return;
    }
    add_text(g, p,
             "forward: two sign baton cutover approve TENANT --for cutover, then start TENANT");
    next_forward(g, p);
}

/* It promised the open epoch under a plan that is not this handoff's: grants of this one are refused there. */
static bool
other_plan(const struct guard_ctx *g, const struct agent_view *server)
{
    const struct statement *s = &server->statement;
    return server->statement_known && epoch_eq(&s->epoch, &g->t->authority.epoch) &&
           !baton_hash_is_zero(&s->plan) && !baton_hash_eq(&s->plan, &g->t->cutover.plan);
}

void
explain_other_plan(const struct guard_ctx *g, struct problem *p)
{
    bool old = other_plan(g, tenant_old(g->t)), new = other_plan(g, tenant_new(g->t));
    if (!old && !new)
        return;
    line_set(
        p->title, sizeof p->title,
        "a server has promised this epoch under another plan: it obeys no order under this one");
    p->status = BATON_WAITING;
    p->fact_count = 0;
    if (old)
        problem_add(p, "old server: it keeps a plan that this record does not have");
    if (new)
        problem_add(p, "new server: it keeps a plan that this record does not have");
    problem_add(p, "this record was put back, or another controller gave it");
    explain_fence_anew(g, p);
}

/* One server promised an epoch whose order this record does not have, the other never heard of it. */
void
explain_unfenced(const struct guard_ctx *g, struct problem *p)
{
    const struct authority *a = &g->t->authority;
    const struct agent_view *old = tenant_old(g->t), *new = tenant_new(g->t);
    if (g->t->cutover.state == HO_REVOKING && holds(g, G_LATCH_SET)) {
        if (refuses(a, new))
            explain_no_return(g, p);
        return;
    }
    if (never_promised(a, old))
        problem_add(p, "old server: it never promised this epoch, so it refuses");
    if (never_promised(a, new))
        problem_add(p, "new server: it never promised this epoch, so it refuses");
    if (!never_promised(a, old) && !never_promised(a, new))
        return;
    problem_add(p, "its order is lost: this record was put back, or another one gave it");
    explain_fence_anew(g, p);
}

/* --- a server that cannot answer ------------------------------------------------------------------ */

/* A readmission rises to the open epoch and names nobody: of that epoch it obeys no order any more. */
static bool
readmitted_under(const struct epoch *open, const struct agent_view *server)
{
    const struct statement *s = &server->statement;
    return server->statement_known && s->quarantine == QUARANTINE_NONE && !epoch_is_zero(open) &&
           epoch_eq(&s->epoch, open) && baton_key_is_zero(&s->recipient);
}

static void
add_way_back(const struct guard_ctx *g, struct problem *p)
{
    if (!holds(g, G_LATCH_CLEAR) || !holds(g, G_MAY_RETURN))
        return;
    line_set(p->who, sizeof p->who, "any operator");
    add_text(g, p, "back: baton cutover rollback TENANT");
    tenant_text(g->t, "baton cutover rollback TENANT", p->next, sizeof p->next);
}

/* Its memory of a grant is gone with its old one: whoever it was copied to may have used it. */
void
explain_grant_forgotten(const struct guard_ctx *g, struct problem *p)
{
    if (!readmitted_under(&g->t->authority.epoch, tenant_new(g->t)))
        return;
    problem_add(p,
                "new server: readmitted since, it uses no grant of this epoch and knows of none");
    if (g->t->cutover.state == HO_GAP) {
        explain_fence_anew(g, p);
        return;
    }
    problem_add(p, "take the grant back, then fence everybody anew");
    line_set(p->who, sizeof p->who, "any operator");
    tenant_text(g->t, "baton cutover no-go TENANT --reason '...'", p->next, sizeof p->next);
}

static void
add_attests(const struct guard_ctx *g, struct problem *p, const struct agent_view *a,
            const char *how)
{
    char text[sizeof p->fact[0].text];
    struct line l;
    line_start(&l, text, sizeof text);
    line_put(&l, a->host);
    line_put(&l, ": ");
    line_int(&l, approvals_attests(g->t, &a->key, &g->approvals));
    line_put(&l, " of ");
    line_int(&l, approvals_attest_quorum(&g->approvals));
    line_put(&l, " people attest ");
    line_put(&l, how);
    problem_add(p, text);
}

void
explain_fencing(const struct guard_ctx *g, struct problem *p)
{
    bool readmitted = false;
    const struct agent_view *both[] = {tenant_old(g->t), tenant_new(g->t)};
    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        int m = tenant_member(g->t, both[i]);
        if (m < 0 || !baton_hash_is_zero(&g->t->authority.member[m].evidence) ||
            g->t->authority.member[m].attested)
            continue;
        bool anew = readmitted_under(&g->t->authority.epoch, both[i]);
        add_attests(g, p, both[i],
                    anew ? "for it; readmitted since, it proves nothing of this epoch"
                         : "for it; its own evidence would do as well");
        readmitted = readmitted || anew;
    }
    if (readmitted)
        add_way_back(g, p);
}

static void
add_how_to_attest(const struct guard_ctx *g, struct problem *p, const char *what)
{
    add_text(g, p, "OLD_HOST is not connected; should it never come back, people stand in for it:");
    add_text(g, p, "two sign baton cutover attest TENANT --host OLD_HOST --seen FILE");
    add_attests(g, p, tenant_old(g->t), what);
}

/* Once the new server holds, neither an alarm of one that died nor its retirement waits for its agent. */
void
explain_dead(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *o = tenant_old(g->t);
    const struct authority_member *m = guard_member(g, o);
    bool goes = g->t->cutover.state == HO_DECOMMISSION && !m->retired;
    if (o->connected || (!m->tamper_open && !goes) || holds(g, G_OLD_GONE))
        return;
    add_how_to_attest(g, p, goes ? "that its machine is gone" : "for it since its alarm");
    if (goes)
        add_text(g, p, "and once its account is gone too: baton cutover retire TENANT");
}

/* --- a breach --------------------------------------------------------------------------------------- */

void
explain_breach(const struct guard_ctx *g, struct problem *p)
{
    bool back = holds(g, G_LATCH_CLEAR) && holds(g, G_MAY_RETURN);
    struct problem alarm;
    line_set(p->who, sizeof p->who, "any operator");
    p->fact_count = 0;
    p->status = BATON_WAITING;
    tenant_text(g->t, "baton cutover resume TENANT", p->next, sizeof p->next);
    if (!guard_check(G_NO_TAMPER, g, &alarm)) {
        memcpy(p->fact, alarm.fact, sizeof p->fact);
        p->fact_count = alarm.fact_count;
        memcpy(p->next, alarm.next, sizeof p->next);
    }
    if (g->t->authority.reconcile) { /* no fence leaves before that */
        add_text(g, p, "a server knows more than this record: with no alarm open, resume TENANT");
        add_text(g, p, "then: baton cutover confirm-foreign TENANT");
        return;
    }
    add_text(g, p, "to go on as before, with no alarm open: baton cutover resume TENANT");
    if (back)
        add_text(g, p, "back: baton cutover approve TENANT --for rollback, then fence TENANT");
    else
        problem_add(p, "no way back to the old server: it is removed, or the new one has exported");
    if (!g->t->cutover.accepted)
        add_text(g, p, "forward: first baton cutover accept TENANT --reason '...'");
    add_text(g, p,
             "forward: two sign baton cutover approve TENANT --for cutover, then fence TENANT");
    /* Where the new server holds already, a fence would be one more thing to prove. */
    bool fence = g->t->cutover.resume_to < HO_ACTIVATING || g->t->cutover.resume_to > HO_DONE;
    if (alarm.status == BATON_OK && fence &&
        (holds(g, G_APPR_CUTOVER) || (back && holds(g, G_APPR_ROLLBACK))))
        tenant_text(g->t, "baton cutover fence TENANT", p->next, sizeof p->next);
}

/* Rule 205 has a row for each server; the counters that it left behind say which one it was. */
void
explain_breach_title(const struct guard_ctx *g, struct problem *p)
{
    const struct cutover *c = &g->t->cutover;
    if (c->old_rogue_seen > 0 && c->new_rogue_seen == 0 && c->breach)
        line_set(p->title, sizeof p->title,
                 "the old server exported after it had proved that it stopped");
}

/* --- verification ------------------------------------------------------------------------------------ */

enum { RECORD_DIGITS_BYTES = 6 };

static void
add_findings(const struct cutover *c, struct problem *p)
{
    const struct review *r = &c->review;
    char text[sizeof p->fact[0].text];
    struct line l;
    line_start(&l, text, sizeof text);
    line_put(&l, "verification: ");
    line_put(&l, verdict_name((enum verdict)c->verification.verdict));
    line_put(&l, "; findings ");
    line_int(&l, (int64_t)r->row_count + r->more);
    line_put(&l, ", open ");
    line_int(&l, review_open(r, SEVERITY_REVIEW));
    line_put(&l, ", that block ");
    line_int(&l, review_open(r, SEVERITY_BLOCK));
    line_put(&l, "; dispositions ");
    line_int(&l, r->disposition_count);
    problem_add(p, text);
}

void
explain_verification(const struct guard_ctx *g, struct problem *p)
{
    const struct cutover *c = &g->t->cutover;
    if (c->state != HO_VERIFY && c->state != HO_READY && c->state != HO_ARMED && c->state != HO_GAP)
        return;
    add_findings(c, p);
    if (c->state == HO_VERIFY || !c->accepted)
        return;
    char text[sizeof p->fact[0].text];
    struct line l;
    line_start(&l, text, sizeof text);
    line_put(&l, "accepted: record ");
    line_hex(&l, c->verification_hash.b, RECORD_DIGITS_BYTES);
    line_put(&l, ", which the approvals bind to");
    problem_add(p, text);
}

void
explain_no_plan(const struct guard_ctx *g, struct problem *p)
{
    static const struct baton_id any;
    struct plan plan;
    if (g->t->cutover.state != HO_ASSESSED || p->status != BATON_OK ||
        tenant_plan(g->t, &any, 0, &plan) == BATON_OK)
        return;
    p->status = BATON_REFUSED;
    p->fact_count = 0;
    line_set(p->title, sizeof p->title,
             "no plan can be made: a server of the record is unconfirmed or shows no product");
    /* By whoever would have planned: any operator. */
    add_text(g, p, "confirm it: baton agent confirm TENANT HOST");
    add_text(g, p,
             "its server is gone or enrolled anew: baton agent revoke TENANT HOST --reason '...'");
    tenant_text(g->t, "baton agent list --tenant TENANT", p->next, sizeof p->next);
}

/* --- what leads on ---------------------------------------------------------------------------------- */

/* The first server that has neither proved anything nor is attested. */
static const struct agent_view *
unproven(const struct guard_ctx *g)
{
    const struct agent_view *both[] = {tenant_old(g->t), tenant_new(g->t)};
    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        const struct authority_member *m = guard_member(g, both[i]);
        if (baton_hash_is_zero(&m->evidence) && !m->attested)
            return both[i];
    }
    return both[0];
}

/* People are paged by now: it may never prove it. */
static bool
overdue(const struct guard_ctx *g)
{
    const struct cutover *c = &g->t->cutover;
    size_t count;
    const struct handoff_timeout *t = handoff_timeouts(&count);
    for (size_t i = 0; i < count; i++)
        if (t[i].state == c->state)
            return g->approvals.unix_ms >=
                   c->entered_unix_ms + (uint64_t)guard_policy(g, (enum policy_id)t[i].policy);
    return false;
}

/* Its agent says what is missing; time alone proves nothing, and gives people the ways out. */
static void
explain_unproven(const struct guard_ctx *g, struct problem *p)
{
    const struct agent_view *a = unproven(g);
    bool old = a == tenant_old(g->t);
    bool back =
        g->t->cutover.state == HO_RELEASING && holds(g, G_LATCH_CLEAR) && holds(g, G_MAY_RETURN);
    tenant_text(g->t, old ? "baton agent show TENANT OLD_HOST" : "baton agent show TENANT NEW_HOST",
                p->next, sizeof p->next);
    if (guard_member(g, a)->said == SAY_REFUSED && a->facts.note[0] != '\0')
        problem_add(p, a->facts.note);
    if (!overdue(g))
        return;
    problem_add(p, "it is overdue; should its agent never prove it, people decide:");
    if (back)
        add_text(g, p, "back to the old server: baton cutover rollback TENANT");
    add_text(g, p, "or fence TENANT; then two attest, or its own evidence still comes");
    line_set(p->who, sizeof p->who, "any operator");
    tenant_text(g->t, back ? "baton cutover rollback TENANT" : "baton cutover fence TENANT",
                p->next, sizeof p->next);
}

void
explain_leads_on(const struct guard_ctx *g, struct problem *p)
{
    char itself[sizeof p->next];
    struct task task;
    tenant_text(g->t, "baton cutover explain TENANT", itself, sizeof itself);
    if (strcmp(p->next, itself) != 0)
        return;
    p->next[0] = '\0';
    if (p->guard == G_OLD_STOPPED)
        explain_unproven(g, p);
    else if (tenant_task(g->t, &task))
        tenant_text(g->t, "baton cutover task TENANT", p->next, sizeof p->next);
    else if (p->guard == G_OLD_ALIVE)
        tenant_text(g->t, "baton agent show TENANT OLD_HOST", p->next, sizeof p->next);
}
