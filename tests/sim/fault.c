/* What goes wrong, how often, and what of it met. */
#include <string.h>

#include "controller/adapters/door.h"
#include "sim.h"

enum {
    MET_MS = 60000,
    HAND_START_MS = 20000,
    EVERY_LEAST_MS = 2000,
    EVERY_MOST_MS = 60000,
    FAULTS_LAST_MS = 300000,
    SMALL_SHARE = 3 /* as many faults in a third of the time */
};

static uint64_t
share(const struct sim *s)
{
    return s->small ? SMALL_SHARE : 1;
}

const char *
fault_name(enum fault f)
{
    static const char *const names[] = {
#define X(id, name, what) [id] = name,
        SIM_FAULTS(X)
#undef X
    };
    return names[f];
}

const char *
fault_what(enum fault f)
{
    static const char *const whats[] = {
#define X(id, name, what) [id] = what,
        SIM_FAULTS(X)
#undef X
    };
    return whats[f];
}

/* Three seeds in ten have some of them. */
static void
draw_later(struct sim *s, const struct sim_options *o)
{
    struct chance *c = &s->later;
    bool some = chance_hits(c, 300), any = false;
    for (int f = FAULT_LATER; f <= FAULT_TENANT; f++) {
        bool on = (chance_hits(c, 500) && some) || (o->with & (1u << f)) != 0;
        s->swarm.on[f] = on && (o->off & (1u << f)) == 0;
        any = any || s->swarm.on[f];
    }
    uint64_t first = s->now_ms + chance_between(c, EVERY_LEAST_MS, EVERY_MOST_MS) / share(s);
    s->later_ms = any ? first : UINT64_MAX;
}

/* One seed in eight has it; then every tenant's door remembers who spoke. */
static void
draw_straggle(struct sim *s, const struct sim_options *o)
{
    struct chance c = chance_of_seed(s->seed, 9);
    uint32_t bit = 1u << FAULT_STRAGGLE;
    struct baton_err err;
    bool on = (chance_hits(&c, 125) || (o->with & bit) != 0) && (o->off & bit) == 0;
    s->swarm.on[FAULT_STRAGGLE] = on;
    s->swarm.per_mille[FAULT_STRAGGLE] = (unsigned)chance_between(&c, 2, 60);
    for (size_t i = 0; on && i < s->realm_count; i++)
        BATON_ASSERT(door_new(&s->realm[i].door, &err) == BATON_OK);
}

void
fault_draw(struct sim *s, const struct sim_options *o)
{
    struct chance c = chance_of_seed(s->seed, 1);
    struct swarm *w = &s->swarm;
    for (int f = 0; f < FAULT_LATER; f++) {
        bool on = chance_hits(&c, 350);
        w->per_mille[f] = (unsigned)chance_between(&c, 2, 120) * (f == FAULT_STORM ? 8 : 1);
        w->on[f] = on && (o->off & (1u << f)) == 0;
    }
    if (sim_breaks(s, "forgetful-agent"))
        w->on[FAULT_KILL_AGENT] = true;
    if (sim_breaks(s, "forgetful-site"))
        w->on[FAULT_KILL_SITE] = true;
    w->quiet_ms = s->now_ms + chance_between(&c, 60000, FAULTS_LAST_MS) / share(s);
    w->limit = o->limit;
    s->fault_ms = s->now_ms + chance_between(&c, EVERY_LEAST_MS, EVERY_MOST_MS) / share(s);
    draw_later(s, o);
    draw_straggle(s, o);
}

bool
fault_may(const struct sim *s, enum fault f)
{
    return s->swarm.on[f] && s->now_ms < s->swarm.quiet_ms && s->faults < s->swarm.limit;
}

void
fault_count(struct sim *s, enum fault f)
{
    s->faults++;
    s->came[f]++;
    s->came_ms[f] = s->now_ms;
    for (int g = 0; g < FAULT_COUNT; g++)
        if (s->came[g] > 0 && s->now_ms - s->came_ms[g] <= MET_MS) {
            s->met[f][g]++;
            if (g != (int)f)
                s->met[g][f]++;
        }
}

/* Always drawn, so that a family that is off takes nothing from the others of its stream. */
bool
fault_comes(struct sim *s, struct chance *c, enum fault f)
{
    bool hits = chance_hits(c, s->swarm.per_mille[f]);
    if (!hits || !fault_may(s, f))
        return false;
    fault_count(s, f);
    return true;
}

static struct node *
any_node(struct sim *s)
{
    struct realm *r = &s->realm[chance_below(&s->plan, s->realm_count)];
    return &r->node[chance_below(&s->plan, SIDES)];
}

static struct site *
any_site(struct sim *s)
{
    struct site *st = &s->site[chance_below(&s->plan, SITES)];
    return st->engine != NULL ? st : site_of_people(s);
}

static uint64_t
pause_length(struct sim *s)
{
    static const uint64_t most[] = {500, 5000, 60000, 600000, 3600000};
    uint64_t length = chance_between(&s->plan, 100, most[chance_below(&s->plan, 5)]);
    uint64_t left = s->swarm.quiet_ms - s->now_ms; /* then whoever stands still goes on */
    return length < left ? length : left;
}

static void
reboot(struct sim *s, struct node *n)
{
    node_kill(
        n, chance_between(&s->plan, 100, 900)); /* the agent's service starts before the others */
    truth_do(n->realm, n->side, "{\"id\":1,\"op\":\"power\",\"act\":\"reboot\"}");
}

/* Its services start as they did on that day: as if somebody had started them by hand. */
static void
revert(struct sim *s, struct node *n, bool again)
{
    if (!n->snapshot || again) {
        node_snapshot(n);
        return;
    }
    n->realm->by_hand[n->side] = true;
    n->realm->excused_until_ms = s->now_ms + HAND_START_MS;
    node_revert(n, chance_between(&s->plan, 100, 900));
}

static void
step_clock(struct sim *s, struct machine_clock *c)
{
    static const int64_t most[] = {1000, 60000, 3600000, 86400000, 315360000000};
    int64_t by = (int64_t)chance_below(&s->plan, (uint64_t)most[chance_below(&s->plan, 5)]);
    c->wall_skew_ms += chance_hits(&s->plan, 500) ? by : -by;
    sim_tell(s, "clock", "a time of day is off by %lld s", (long long)(c->wall_skew_ms / 1000));
}

static void
restore(struct sim *s, struct site *st, uint64_t down_ms)
{
    site_kill(st, down_ms);
    if (st->engine == NULL && st->backed_up && chance_hits(&s->plan, 500))
        site_restore(st);
    else if (st->engine == NULL)
        site_back_up(st);
}

static void
two_sites(struct sim *s, uint64_t down_ms)
{
    if (s->site[1].engine != NULL) {
        site_kill(&s->site[1], 0);
        s->site[1].start_ms = UINT64_MAX;
        return;
    }
    site_kill(&s->site[0], down_ms);
    if (s->site[0].engine != NULL)
        return;
    site_copy(&s->site[0], &s->site[1]);
    s->site[1].start_ms = s->now_ms + chance_between(&s->plan, 0, 2 * down_ms);
}

/* The faults are over: clocks are right, one controller is left. */
void
fault_end(struct sim *s)
{
    s->ended = true;
    if (s->site[1].engine != NULL)
        site_kill(&s->site[1], 0);
    s->site[1].start_ms = UINT64_MAX;
    for (size_t i = 0; i < SITES; i++) {
        s->site[i].clock.wall_skew_ms = 0;
        clock_rate(&s->site[i].clock, s->now_ms, 1000);
        s->site[i].kill_in = 0;
    }
    for (size_t i = 0; i < s->realm_count; i++)
        for (int k = 0; k < SIDES; k++) {
            struct node *n = &s->realm[i].node[k];
            n->clock.wall_skew_ms = 0;
            n->kill_in = 0;
            clock_rate(&n->clock, s->now_ms, 1000);
            n->build_ms = s->now_ms;
        }
    for (size_t i = 0; i < s->realm_count; i++)
        clone_end(&s->realm[i]);
    sim_tell(s, "faults", "are over");
}

static void
come(struct sim *s, enum fault f)
{
    struct node *n = any_node(s);
    struct site *st = any_site(s);
    bool inside = chance_hits(&s->plan, 700);
    uint64_t length = chance_between(&s->plan, 500, 30000), pause = pause_length(s);
    bool out = chance_hits(&s->plan, 500), of_site = chance_hits(&s->plan, 300);
    uint32_t calls = 1 + (uint32_t)chance_below(&s->plan, 120);
    switch (f) {
    case FAULT_RESET:
        net_break(s, n, chance_hits(&s->plan, 500));
        break;
    case FAULT_PARTITION:
        if (out)
            n->silent_out_until_ms = s->now_ms + length;
        else
            n->silent_in_until_ms = s->now_ms + length;
        sim_tell(s, n->name, "%s words vanish for %llu ms", out ? "its" : "the controller's",
                 (unsigned long long)length);
        break;
    case FAULT_CLOG:
        n->clog_until_ms[out] = s->now_ms + length;
        break;
    case FAULT_KILL_AGENT:
        if (inside)
            n->kill_in = calls;
        else
            node_kill(n, length);
        break;
    case FAULT_KILL_SITE:
        if (st == NULL)
            break;
        if (inside)
            st->kill_in = calls * 3;
        else
            site_kill(st, length);
        break;
    case FAULT_PAUSE:
        if (of_site && st != NULL)
            st->frozen_until_ms = s->now_ms + pause;
        else
            n->frozen_until_ms = s->now_ms + pause;
        sim_tell(s, of_site ? "controller" : n->name, "stands still for %llu ms",
                 (unsigned long long)pause);
        break;
    case FAULT_REBOOT:
        reboot(s, n);
        break;
    case FAULT_REVERT:
        revert(s, n, out);
        break;
    case FAULT_REENABLE:
        n->realm->by_hand[OLD] = true;
        n->realm->excused_until_ms = s->now_ms + HAND_START_MS;
        truth_do(n->realm, OLD, "{\"id\":1,\"op\":\"re-enable\"}");
        break;
    case FAULT_STEP:
        step_clock(s, of_site && st != NULL ? &st->clock : &n->clock);
        break;
    case FAULT_RATE:
        clock_rate(of_site && st != NULL ? &st->clock : &n->clock, s->now_ms,
                   (uint32_t)chance_below(&s->plan, 4) * 500 + (of_site ? 500 : 0));
        break;
    case FAULT_RESTORE:
        restore(s, &s->site[0], length);
        break;
    case FAULT_TWO_SITES:
        two_sites(s, length);
        break;
    case FAULT_PEOPLE:
        n->realm->people_ms = s->now_ms;
        n->realm->odd = true;
        break;
    case FAULT_DROP:
    case FAULT_DELAY:
    case FAULT_DUPLICATE:
    case FAULT_REORDER:
    case FAULT_REPLAY:
    case FAULT_STORM:
    case FAULT_COMMIT:
    case FAULT_CLONE:
    case FAULT_VERSION:
    case FAULT_STRAGGLE:
    case FAULT_POWER:
    case FAULT_TENANT:
    case FAULT_COUNT:
        break;
    }
}

static bool
by_the_clock(enum fault f)
{
    return f == FAULT_RESET || f == FAULT_PARTITION || f == FAULT_CLOG || f == FAULT_KILL_AGENT ||
           f == FAULT_KILL_SITE || f == FAULT_PAUSE || (f >= FAULT_REBOOT && f != FAULT_COMMIT);
}

/* One of those that are on; the draws are the same whichever are. */
void
fault_clock(struct sim *s)
{
    if (s->now_ms >= s->swarm.quiet_ms && !s->ended)
        fault_end(s);
    enum fault f = (enum fault)chance_below(&s->plan, FAULT_LATER);
    struct chance kept = s->plan;
    s->fault_ms = s->now_ms + chance_between(&s->plan, EVERY_LEAST_MS / 4, EVERY_LEAST_MS * 4) /
                                  s->realm_count / share(s);
    if (!by_the_clock(f) || !fault_may(s, f))
        return;
    fault_count(s, f);
    s->plan = chance_of_seed(kept.state, 7);
    come(s, f);
    s->plan = kept;
    (void)chance_next(&s->plan);
}

/* --- those from FAULT_LATER on ------------------------------------------------------------------ */

/* An upgrade, or a way back to an older build: the agent ends, and what starts speaks another version. */
static bool
other_build(struct sim *s, struct node *n)
{
    uint64_t length = chance_between(&s->later, 1000, 60000);
    if (n->other_build)
        return false;
    node_kill(n, chance_between(&s->later, 100, 3000));
    n->other_build = true;
    n->build_ms = s->now_ms + length;
    sim_tell(s, n->name, "is of another build for %llu ms", (unsigned long long)length);
    return true;
}

static bool
come_later(struct sim *s, enum fault f)
{
    struct realm *r = &s->realm[chance_below(&s->later, s->realm_count)];
    struct node *n = &r->node[chance_below(&s->later, SIDES)];
    if (f == FAULT_CLONE)
        return clone_make(s, n);
    if (f == FAULT_POWER)
        return outage_begin(s, r);
    if (f == FAULT_TENANT)
        return outage_enabled(r);
    return other_build(s, n);
}

/* What does not fit at that moment has not come. */
void
fault_later(struct sim *s)
{
    struct chance *c = &s->later;
    enum fault f = (enum fault)chance_between(c, FAULT_LATER, FAULT_TENANT);
    s->later_ms = s->now_ms +
                  chance_between(c, EVERY_LEAST_MS, EVERY_LEAST_MS * 8) / s->realm_count / share(s);
    if (fault_may(s, f) && come_later(s, f))
        fault_count(s, f);
}
