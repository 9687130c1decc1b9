/* The observer: it sees what is true, and after every event asks whether what is promised still holds. */
#include <string.h>

#include "controller/engine_state.h"
#include "sim.h"

static int
compare(const struct epoch *a, const struct epoch *b)
{
    if (a->counter != b->counter)
        return a->counter < b->counter ? -1 : 1;
    return memcmp(a->incarnation.b, b->incarnation.b, sizeof a->incarnation.b);
}

/* --- what moved, for the trace ------------------------------------------------------------------ */

static void
see_state(struct realm *r, const struct tenant *t)
{
    if (r->state == t->cutover.state)
        return;
    sim_tell(r->sim, "handoff", "tenant %zu: %s -> %s", r->index,
             handoff_state_code((enum handoff_state)r->state),
             handoff_state_code((enum handoff_state)t->cutover.state));
    if (t->cutover.state == HO_GAP && sim_breaks(r->sim, "pages-lost"))
        truth_do(r, OLD, "{\"id\":1,\"op\":\"re-enable\"}");
    r->state = t->cutover.state;
    r->moved_ms = r->sim->now_ms;
}

static void
see_able(struct node *n)
{
    bool able = truth_able(n->realm, node_server(n));
    if (able && !n->was_able && n->side == NEW && sim_breaks(n->sim, "starts-by-itself"))
        truth_do(n->realm, OLD, "{\"id\":1,\"op\":\"re-enable\"}");
    bool had = n->granted_serial > 0 && compare(&n->granted, &n->was.epoch) == 0;
    if (able && !n->was_able && had && (!n->was.grant_live || !n->up) && !n->was.holding)
        n->realm->late = true;
    if (able != n->was_able)
        sim_tell(n->sim, n->name, able ? "can export" : "can export no more");
    n->was_able = able;
}

static void
see_exports(struct realm *r)
{
    enum side side;
    for (bool forced; truth_export(r, r->exports, &side, &forced); r->exports++) {
        sim_tell(r->sim, r->node[side].name, "exported%s", forced ? ", by force" : "");
        if (side == NEW && !forced)
            r->new_exported = true;
        r->sim->tally.exports++;
    }
}

/* --- the invariants ----------------------------------------------------------------------------- */

enum { GUARD_MS = 20000 };

/* I1: never two servers able to export. One that a person has started by hand is stopped by its guard. */
static void
excuse(struct realm *r, const struct node *n)
{
    uint64_t now = r->sim->now_ms;
    if (!r->by_hand[n->side])
        return;
    if (!n->up || !node_may_run(n))
        r->excused_until_ms = now + GUARD_MS; /* nobody stands guard */
    else if (!n->was_able && now > r->excused_until_ms)
        r->by_hand[n->side] = false;
}

static void
one_exporter(struct realm *r)
{
    size_t overlaps = truth_overlaps(r, 1u << OLD | 1u << NEW);
    bool both = r->node[OLD].was_able && r->node[NEW].was_able;
    for (int i = 0; i < SIDES; i++)
        excuse(r, &r->node[i]);
    if (outage_excuses(r) || (!clone_promised(r) && clone_stood_in(r)))
        r->excused_until_ms = r->sim->now_ms + GUARD_MS;
    if ((both || overlaps > r->overlaps) && r->sim->now_ms > r->excused_until_ms)
        sim_fail(r->sim, "I1", "both servers of tenant %zu can export", r->index);
    r->overlaps = overlaps;
}

/* I1 with a copy: told apart by its generation id it is stopped by its own agent as soon as that has started. */
static void
copy_exports_alone(struct realm *r)
{
    struct node *twin = &r->node[TWIN];
    size_t overlaps = truth_overlaps(r, 1u << TWIN);
    bool beside = r->node[OLD].was_able || r->node[NEW].was_able;
    uint64_t now = r->sim->now_ms;
    if (!clone_promised(r) || !twin->up || !node_may_run(twin))
        r->twin.excused_until_ms = now + GUARD_MS;
    if (((twin->was_able && beside) || overlaps > r->twin_overlaps) &&
        now > r->twin.excused_until_ms)
        sim_fail(r->sim, "I1", "a copy of %s can export beside another", r->node[twin->side].name);
    r->twin_overlaps = overlaps;
}

/* Two people have said of it, for this epoch, what it cannot say itself. */
static bool
attested(const struct node *n)
{
    const struct tenant *t = site_tenant(&n->sim->site[0], n->realm);
    int at = t == NULL ? -1 : authority_member_index(&t->authority, &n->sign_key);
    return at >= 0 && t->authority.member[at].attested;
}

/* I2: who begins to hold does so under its own promise, and everybody else has promised as much and let go,
 * or is one of whom two people have seen that it is off. An adoption starts nothing: it names who exports already. */
static void
holds_with_right(struct node *n, const struct seen *p)
{
    const struct node *other = &n->realm->node[n->side == OLD ? NEW : OLD];
    if (!p->holding || n->was.holding)
        return;
    sim_tell(n->sim, n->name, "holds epoch %llu", (unsigned long long)p->epoch.counter);
    if (!p->for_itself || compare(&p->holding_epoch, &p->epoch) != 0)
        sim_fail(n->sim, "I2", "%s holds an epoch that it did not promise to itself", n->name);
    bool signed_for = other->side == OLD && epoch_eq(&n->realm->outage.attested, &p->epoch);
    if (attested(other) || signed_for || clone_stood_in(n->realm))
        return;
    if (other->was.holding)
        sim_fail(n->sim, "I2", "%s begins to hold while %s still does", n->name, other->name);
    if (compare(&other->promised, &p->epoch) < 0 && !p->adopt)
        sim_fail(n->sim, "I2", "%s holds epoch %llu, and %s has promised only %llu", n->name,
                 (unsigned long long)p->epoch.counter, other->name,
                 (unsigned long long)other->promised.counter);
}

/* I3: a promise only rises, over every crash; who is put back to an older one counts for nothing. */
static void
promise_rises(struct node *n, const struct seen *p)
{
    if (!p->quarantined && compare(&p->epoch, &n->was.epoch) < 0)
        sim_fail(n->sim, "I3", "the promise of %s fell from epoch %llu to %llu", n->name,
                 (unsigned long long)n->was.epoch.counter, (unsigned long long)p->epoch.counter);
}

/* I4: after NEW has exported there is no grant for OLD. */
static void
no_way_back(struct node *n, const struct seen *p)
{
    bool begins = p->grant_live && !n->was.grant_live;
    if (n->side == OLD && begins && n->realm->new_exported)
        sim_fail(n->sim, "I4", "OLD has a grant after NEW has exported");
}

/* I6: one grant is live once. */
static void
grant_lives_once(struct node *n, const struct seen *p)
{
    if (!p->grant_live || n->was.grant_live)
        return;
    if (n->granted_serial == p->serial && compare(&n->granted, &p->epoch) == 0)
        sim_fail(n->sim, "I6", "grant %u of epoch %llu is live at %s a second time", p->serial,
                 (unsigned long long)p->epoch.counter, n->name);
    n->granted = p->epoch;
    n->granted_serial = p->serial;
}

/* I7: nothing of another tenant is ever promised to. I9: who is quarantined begins nothing. */
static void
stays_inside(struct node *n, const struct seen *p)
{
    if (p->foreign)
        sim_fail(n->sim, "I7", "%s of tenant %zu has promised to a server of nobody's", n->name,
                 n->realm->index);
    if (p->quarantined &&
        ((p->holding && !n->was.holding) || (p->grant_live && !n->was.grant_live)))
        sim_fail(n->sim, "I9", "%s begins to hold, or has a grant, in quarantine", n->name);
}

/* L4: an alarm of a guard has to be paged by the end. */
static void
see_alarm(struct node *n, const struct seen *p)
{
    if (p->tamper_open && !n->was.tamper_open)
        n->realm->pages_owed = n->realm->pages + 1;
}

static void
see_promise(struct node *n)
{
    struct seen p;
    node_see(n, &p);
    if (!p.known)
        return;
    promise_rises(n, &p);
    stays_inside(n, &p);
    holds_with_right(n, &p);
    no_way_back(n, &p);
    grant_lives_once(n, &p);
    see_alarm(n, &p);
    if (compare(&p.epoch, &n->was.epoch) != 0)
        sim_tell(n->sim, n->name, "promises epoch %llu to %s", (unsigned long long)p.epoch.counter,
                 p.for_old ? "OLD" : "NEW");
    if (compare(&p.epoch, &n->promised) > 0)
        n->promised = p.epoch;
    n->was = p;
}

static void
ledger_rises(struct realm *r, const struct tenant *t)
{
    if (compare(&t->authority.epoch, &r->epoch) < 0 && !r->sim->site[0].restored)
        sim_fail(r->sim, "I3", "the record of tenant %zu fell back to epoch %llu", r->index,
                 (unsigned long long)t->authority.epoch.counter);
    r->epoch = t->authority.epoch;
}

/* A gap ends with an export. A server that somebody starts by hand and its agent stops again is one second
 * inside the same gap, of which people know already. */
static bool
somebody_exports(struct realm *r)
{
    uint64_t now = r->sim->now_ms;
    if (!r->node[OLD].was_able && !r->node[NEW].was_able) {
        r->able_ms = 0;
        return false;
    }
    if (r->able_ms == 0)
        r->able_ms = now;
    return r->exports > r->gap_exports || now >= r->able_ms + GUARD_MS;
}

/* L2: where nobody exports for long, somebody was told: since it began, or of what it began with (a quarantine is paged
 * seconds before the services have stopped). What is broken on purpose does not count. */
static void
gap_is_known(struct realm *r)
{
    enum { GAP_MS = 60000, SLACK_MS = 60000 }; /* the lab's gap_page_ms */
    struct sim *s = r->sim;
    if (somebody_exports(r) || r->exports == 0) {
        r->gap_ms = 0;
        return;
    }
    if (r->gap_ms == 0) {
        r->gap_ms = s->now_ms;
        bool told = r->pages > 0 && r->paged_ms + GUARD_MS > s->now_ms;
        r->gap_pages = told ? r->pages - 1 : r->pages;
        r->gap_exports = r->exports;
    }
    uint64_t since = r->gap_ms > s->swarm.quiet_ms ? r->gap_ms : s->swarm.quiet_ms;
    if (s->now_ms > since + GAP_MS + SLACK_MS && r->pages == r->gap_pages)
        sim_fail(s, "L2", "nobody exports for tenant %zu since %llu s, and nobody was paged",
                 r->index, (unsigned long long)(s->now_ms - r->gap_ms) / 1000);
}

/* Of a server that was never copied nor put back nothing has two copies, whatever a network makes of its words.
 * In a scenario it was copied if the scenario says so. */
static void
barred_with_right(struct realm *r, const struct tenant *t)
{
    for (size_t i = 0; i < MEMBERS_MAX && !r->reverted && r->sim->scenario == NULL; i++)
        if (t->agent[i].barred)
            sim_fail(r->sim, "L1", "%s is barred for two copies, and there is one",
                     t->agent[i].host);
}

void
observe_all(struct sim *s)
{
    for (size_t i = 0; i < s->realm_count && !s->failed; i++) {
        struct realm *r = &s->realm[i];
        const struct tenant *t = site_tenant(&s->site[0], r);
        events_look(r);
        if (t != NULL && !s->site[0].dead) {
            see_state(r, t);
            ledger_rises(r, t);
            barred_with_right(r, t);
        }
        for (int k = 0; k < SIDES; k++) {
            see_promise(&r->node[k]);
            see_able(&r->node[k]);
        }
        if (node_there(&r->node[TWIN]))
            see_promise(&r->node[TWIN]);
        if (r->node[TWIN].own_server) {
            see_able(&r->node[TWIN]);
            copy_exports_alone(r);
        }
        see_exports(r);
        one_exporter(r);
        gap_is_known(r);
    }
    budget_look(s);
}

static bool
may_end(const struct tenant *t)
{
    uint8_t state = t->cutover.state;
    return state == HO_DONE || state == HO_ROLLED_BACK || state == HO_ABANDONED;
}

static bool
all_settled(const struct sim *s)
{
    const struct site *st = &s->site[0];
    for (size_t i = 0; i < s->realm_count; i++) {
        const struct tenant *t = site_tenant(st, &s->realm[i]);
        if (t == NULL || !may_end(t))
            return false;
    }
    return true;
}

static size_t
orders_waiting(const struct sim *s)
{
    const struct engine *e = s->site[0].engine;
    size_t count = 0;
    for (size_t i = 0; e != NULL && i < e->seat_count; i++) {
        const struct seat *seat = e->seat[i];
        bool waits = seat->row.barred || seat->room->t.authority.reconcile;
        count += waits ? 0 : seat->pending;
    }
    return count;
}

/* L3: after the end the outbox drains, where nothing keeps the words from coming: who is barred gets none until a
 * person has confirmed it again, and a record that is older than what its agents know sends none until a person has confirmed that. */
bool
observe_silent(struct sim *s)
{
    enum { DRAIN_MS = 120000 };
    if (!all_settled(s)) {
        s->over = false;
        return false;
    }
    if (!s->over)
        s->over_ms = s->now_ms;
    s->over = true;
    uint64_t since = s->over_ms > s->swarm.quiet_ms ? s->over_ms : s->swarm.quiet_ms;
    if (orders_waiting(s) == 0)
        return true;
    if (s->now_ms > since + DRAIN_MS)
        sim_fail(s, "L3", "%zu orders wait two minutes after the end", orders_waiting(s));
    return false;
}

/* Where people did odd things, people have to undo them: it is enough that they are told how. A new server that its
 * guard has stopped leaves a way that no person of ours takes: to give the handoff up. */
static bool
stands_explained(const struct tenant *t, const struct problem *p)
{
    static const char give_up[] = "baton cutover abandon ";
    uint8_t state = t->cutover.state;
    bool off = state == HO_HOLD || state == HO_FENCING || state == HO_BREACH ||
               state == HO_FORWARD_REPAIR || state == HO_RECONCILE;
    bool over = strncmp(p->next, give_up, sizeof give_up - 1) == 0;
    return (off && p->title[0] != '\0' && p->next[0] != '\0') || over;
}

/* What a reader of a trace asks first. */
static void
tell_seats(struct sim *s)
{
    const struct engine *e = s->site[0].engine;
    for (size_t i = 0; e != NULL && i < e->seat_count; i++) {
        const struct seat *seat = e->seat[i];
        sim_tell(s, "controller", "seat %s: session %s, %u orders wait, sent again in %lld ms",
                 seat->row.host, seat->session.live ? "live" : "none", seat->pending,
                 (long long)(seat->resend_ms - e->now_ms));
    }
}

/* Where it stands at the end. */
static void
tell_explained(const struct sim *s, const struct problem *p)
{
    for (size_t i = 0; s->trace && i < p->fact_count; i++)
        printf("%10s  %-10s  %u %s: %s\n", "", "explained", p->rule, p->title, p->fact[i].text);
    if (s->trace)
        printf("%10s  %-10s  next: %s\n", "", "explained", p->next);
}

void
observe_end(struct sim *s)
{
    tell_seats(s);
    disk_write_out();
    secret_look_at_disks(s);
    budget_databases(s);
    for (size_t i = 0; i < s->realm_count && !s->failed; i++) {
        const struct tenant *t = site_tenant(&s->site[0], &s->realm[i]);
        struct problem p;
        if (t == NULL) {
            sim_fail(s, "L1", "the controller is down at the end");
            return;
        }
        if (s->realm[i].pages < s->realm[i].pages_owed)
            sim_fail(s, "L4", "a guard of tenant %zu raised an alarm, and nobody was paged", i);
        if (may_end(t))
            continue;
        bool odd = s->realm[i].outage.came || s->swarm.on[FAULT_PEOPLE] ||
                   s->swarm.on[FAULT_REENABLE] || s->realm[i].late || s->swarm.on[FAULT_RESTORE] ||
                   s->swarm.on[FAULT_TWO_SITES];
        tenant_explain(t, clock_mono(&s->site[0].clock, s->now_ms), crypto_digest_port(),
                       s->site[0].engine->trust_known ? &s->site[0].engine->trust : NULL, &p);
        tell_explained(s, &p);
        if (odd && stands_explained(t, &p))
            continue;
        if (s->realm[i].reverted && p.title[0] != '\0' && p.next[0] != '\0')
            continue; /* whether that server may come back, people decide */
        sim_fail(s, "L1", "tenant %zu stands in %s: %u %s; %s; next: %s", i,
                 handoff_state_code((enum handoff_state)t->cutover.state), p.rule, p.title,
                 p.fact_count > 0 ? p.fact[0].text : "", p.next);
    }
}
