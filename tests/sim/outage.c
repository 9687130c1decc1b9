/* A server without power, and the tenant's service that people ask to let it in no more. No program of Baton asks that
 * service: people do, and sign what they saw. */
#include <string.h>

#include "controller/core/tenant.h"
#include "sim.h"

enum {
    OFF_LEAST_MS = 5000,
    OFF_MOST_MS = 240000,
    SOON_LEAST_MS = 20000, /* while the account that it comes back to may still work */
    SOON_MOST_MS = 100000,
    UNHEARD_MS = 25000, /* the tenant hears it again, and the controller does not yet */
    LATE_MS = 180000,   /* these two still come while others are over: a fence is late in a run */
    BACK_MS = 240000,
    PATIENCE_MS = 5000,
    REVOKED_MOST_MS = 180000, /* what the service takes at most: people wait as long */
    SMALL_SHARE = 3
};

static uint64_t
shorter(const struct sim *s, uint64_t ms)
{
    return s->small ? ms / SMALL_SHARE : ms;
}

static bool
may_late(const struct sim *s, enum fault f)
{
    return s->swarm.on[f] && s->now_ms < s->swarm.quiet_ms + LATE_MS && s->faults < s->swarm.limit;
}

static bool
lose_power(struct realm *r, enum side side, uint64_t length_ms)
{
    struct sim *s = r->sim;
    uint64_t back = s->now_ms + length_ms, latest = s->swarm.quiet_ms + BACK_MS;
    if (r->outage.off[side] || !truth_server(r, side).powered)
        return false;
    r->outage.came = r->outage.off[side] = true;
    r->outage.back_ms[side] = back < latest ? back : latest;
    node_kill(&r->node[side], 0); /* it waits for the power */
    truth_do(r, side, "{\"id\":1,\"op\":\"power\",\"act\":\"off\"}");
    return true;
}

/* Every second time the old one, and only when its evidence is what everybody waits for. */
bool
outage_begin(struct sim *s, struct realm *r)
{
    struct chance *c = &s->later;
    enum side side = chance_hits(c, 500) ? OLD : NEW;
    uint64_t length = shorter(s, chance_between(c, OFF_LEAST_MS, OFF_MOST_MS));
    bool worst = sim_breaks(s, "signed-too-early");
    bool careless = chance_hits(c, 300), at_fence = chance_hits(c, 500);
    r->outage.careless = careless && s->swarm.on[FAULT_TENANT];
    r->outage.at_fence = r->outage.at_fence || at_fence;
    r->outage.before_it = chance_hits(c, 500) || worst;
    r->outage.unheard = chance_hits(c, 400) || worst;
    uint64_t soon = chance_between(c, SOON_LEAST_MS, SOON_MOST_MS);
    r->outage.fence_ms = chance_hits(c, 500) || worst ? soon : 2 * OFF_MOST_MS;
    return !at_fence && lose_power(r, side, length);
}

/* --- the tenant's service ----------------------------------------------------------------------- */

static void
account(struct realm *r, const char *act)
{
    char line[96];
    (void)snprintf(line, sizeof line,
                   "{\"id\":1,\"op\":\"account\",\"server\":\"OLD\",\"act\":\"%s\"}", act);
    sim_tell(r->sim, "tenant", "the account of OLD: %s", act);
    truth_person(r, NULL, line);
    r->outage.revoked = strcmp(act, "disable") == 0;
}

bool
outage_refused(struct realm *r)
{
    struct sim *s = r->sim;
    if (!may_late(s, FAULT_TENANT) || !chance_hits(&s->later, 400))
        return false;
    fault_count(s, FAULT_TENANT);
    sim_tell(s, "tenant", "the service refuses what it is asked");
    return true;
}

/* What was accepted takes effect later: until then the server exports as before. */
static void
revoke(struct realm *r)
{
    struct sim *s = r->sim;
    uint64_t delay = chance_between(&s->later, 1000, REVOKED_MOST_MS);
    if (outage_refused(r))
        return;
    bool late = may_late(s, FAULT_TENANT);
    if (late)
        fault_count(s, FAULT_TENANT);
    r->outage.asked_ms = s->now_ms;
    r->outage.takes_ms = s->now_ms + (late ? shorter(s, delay) : 0);
    sim_tell(s, "tenant", "the account of OLD is revoked, in %llu ms",
             (unsigned long long)(r->outage.takes_ms - s->now_ms));
}

/* An administrator of the tenant enables it again. */
bool
outage_enabled(struct realm *r)
{
    if (!r->outage.revoked)
        return false;
    account(r, "enable");
    r->outage.wrong = true;
    return true;
}

/* --- people ------------------------------------------------------------------------------------- */

/* Whatever has its time, whether or not a controller is there to be asked. */
void
outage_time(struct realm *r)
{
    uint64_t now = r->sim->now_ms;
    struct outage *o = &r->outage;
    bool asked = r->state == (o->before_it ? HO_ARMED : HO_RELEASING);
    if (o->at_fence && asked && may_late(r->sim, FAULT_POWER)) {
        o->at_fence = false;
        if (lose_power(r, OLD, shorter(r->sim, o->fence_ms)))
            fault_count(r->sim, FAULT_POWER);
    }
    if (o->takes_ms != 0 && now >= o->takes_ms) {
        o->takes_ms = 0;
        o->wrong = false;
        account(r, "disable");
    }
    for (int k = 0; k < SIDES; k++)
        if (o->off[k] && now >= o->back_ms[k]) {
            o->off[k] = false;
            if (o->unheard)
                r->node[k].silent_out_until_ms = r->node[k].silent_in_until_ms = now + UNHEARD_MS;
            truth_do(r, (enum side)k, "{\"id\":1,\"op\":\"power\",\"act\":\"on\"}");
        }
}

static void
attest(struct realm *r, const struct epoch *epoch)
{
    if (!people_attest(r, &r->node[OLD]))
        return;
    r->outage.attested = *epoch;
    r->outage.wrong = !r->outage.revoked && !sim_breaks(r->sim, "signed-too-early");
}

/* The old server does not answer and is off: its account goes, what the service may take is waited for, and two
 * people sign. Who is careless signs because it is off. Where the role goes back to it, its account comes back first. */
void
outage_people(struct realm *r, const struct tenant *t)
{
    struct outage *o = &r->outage;
    const struct epoch *open = &t->authority.epoch;
    bool to_new = baton_key_eq(&t->authority.recipient, &r->node[NEW].sign_key);
    if (!to_new && o->revoked)
        account(r, "enable");
    bool waits = t->cutover.state == HO_RELEASING || t->cutover.state == HO_GAP;
    if (!to_new || truth_server(r, OLD).powered)
        return;
    if (waits && r->sim->now_ms > r->moved_ms + PATIENCE_MS) {
        people_fence(r);
        return;
    }
    if (t->cutover.state != HO_FENCING || epoch_eq(&o->attested, open))
        return;
    uint64_t wait = shorter(r->sim, REVOKED_MOST_MS);
    if (o->careless || sim_breaks(r->sim, "signed-too-early") ||
        (o->asked_ms != 0 && r->sim->now_ms >= o->asked_ms + wait))
        attest(r, open);
    else if (o->asked_ms == 0)
        revoke(r);
}

/* What people signed of it is not so: it may come back and export until the fence of that epoch has reached it. */
bool
outage_excuses(struct realm *r)
{
    const struct node *old = &r->node[OLD];
    if (!r->outage.wrong)
        return false;
    bool fenced = old->up && old->was.known && !old->was.holding &&
                  epoch_cmp(&old->was.epoch, &r->outage.attested) >= 0;
    if (fenced && !old->was_able)
        r->outage.wrong = false;
    return r->outage.wrong;
}
