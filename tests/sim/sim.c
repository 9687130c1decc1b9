/* The run itself: what is next, the clocks, the trace. */
#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "controller/adapters/door.h"
#include "lab/folder.h"
#include "scenario.h"

enum {
    START_MS = 1000000,
    AFTER_QUIET_MS = 600000, /* L1: ten minutes */
};
#define UNIX_START_MS 1764000000000u

struct sim *sim_now;
struct node *sim_node;

uint64_t
clock_mono(const struct machine_clock *c, uint64_t now_ms)
{
    return c->mono_ms + (now_ms - c->at_ms) * c->rate_mille / 1000;
}

uint64_t
clock_wall(const struct machine_clock *c, uint64_t now_ms)
{
    return (uint64_t)((int64_t)(UNIX_START_MS + now_ms) + c->wall_skew_ms);
}

uint64_t
sim_unix_ms(const struct sim *s)
{
    return UNIX_START_MS + s->now_ms;
}

void
clock_rate(struct machine_clock *c, uint64_t now_ms, uint32_t rate_mille)
{
    c->mono_ms = clock_mono(c, now_ms);
    c->at_ms = now_ms;
    c->rate_mille = rate_mille;
}

/* --- words -------------------------------------------------------------------------------------- */

static void
mix(struct sim *s, const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        s->hash = (s->hash ^ (uint8_t)*c) * 0x100000001b3u;
    s->hash = (s->hash ^ s->now_ms) * 0x100000001b3u;
}

void
sim_mix(struct sim *s, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        s->hash = (s->hash ^ bytes[i]) * 0x100000001b3u;
}

void
sim_tell(struct sim *s, const char *who, const char *fmt, ...)
{
    char text[WHY_BYTES];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    mix(s, who);
    mix(s, text);
    if (s->scenario != NULL)
        scenario_heard(s->scenario, who, text);
    if (s->trace)
        printf("%10.3f  %-10s  %s\n", (double)(s->now_ms - START_MS) / 1000, who, text);
}

void
sim_fail(struct sim *s, const char *invariant, const char *fmt, ...)
{
    char text[WHY_BYTES - 16];
    va_list args;
    if (s->failed)
        return;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    s->failed = true;
    snprintf(s->why, sizeof s->why, "%s: %s", invariant, text);
    sim_tell(s, "observer", "%s", s->why);
}

/* --- one run ------------------------------------------------------------------------------------ */

static void
realm_open(struct sim *s, size_t index)
{
    struct realm *r = &s->realm[index];
    *r = (struct realm){.sim = s, .index = index};
    chance_bytes(r->id.b, sizeof r->id.b);
    snprintf(r->name, sizeof r->name, "tenant-%zu", index);
    memcpy(r->node[OLD].name, "OLD", 4);
    memcpy(r->node[NEW].name, "NEW", 4);
    truth_open(r);
    for (int i = 0; i < SIDES; i++)
        node_open(&r->node[i], r, (enum side)i);
}

static void
keys_open(struct sim *s)
{
    struct baton_err err;
    BATON_ASSERT(crypto_identity_new(&s->controller, &err) == BATON_OK);
    BATON_ASSERT(crypto_signer_new(&s->root, &err) == BATON_OK);
    for (size_t i = 0; i < PEOPLE; i++) {
        BATON_ASSERT(crypto_signer_new(&s->person[i], &err) == BATON_OK);
        chance_bytes(s->person_id[i].b, sizeof s->person_id[i].b);
    }
}

static void
run_open(struct sim *s, const struct sim_options *o)
{
    struct baton_err err;
    s->seed = o->seed;
    s->trace = o->trace;
    s->small = o->small;
    s->broken = o->broken;
    events_begin(s, o->events);
    s->scenario = o->scenario;
    s->now_ms = START_MS;
    s->hash = 0xcbf29ce484222325u;
    snprintf(s->dir, sizeof s->dir, "%.90s/run", o->dir);
    BATON_ASSERT(folder_remove(s->dir, &err) == BATON_OK);
    BATON_ASSERT(mkdir(s->dir, 0700) == 0);
    sim_now = s;
    machinery_plain(o->plain);
    disk_real(o->plain);
    chance_begin(o->seed, sim_breaks(s, "real-chance"));
    s->plan = chance_of_seed(o->seed, 2);
    s->wire = chance_of_seed(o->seed, 3);
    s->crash = chance_of_seed(o->seed, 4);
    s->people = chance_of_seed(o->seed, 5);
    s->later = chance_of_seed(o->seed, 8);
    keys_open(s);
    for (size_t i = 0; i < SITES; i++)
        site_open(&s->site[i], s, i);
    for (s->realm_count = 0; s->realm_count < o->tenants; s->realm_count++)
        realm_open(s, s->realm_count);
    secret_open(s);
    site_start(&s->site[0]);
    people_found(s);
    fault_draw(s, o);
    if (sim_breaks(s, "forgetful-site"))
        site_kill(&s->site[0], 0);
}

static void
run_close(struct sim *s)
{
    struct baton_err err;
    for (size_t i = 0; i < s->realm_count; i++) {
        for (int k = 0; k < NODES; k++)
            node_close(&s->realm[i].node[k]);
        truth_close(&s->realm[i]);
        door_free(&s->realm[i].door);
    }
    for (size_t i = 0; i < SITES; i++)
        site_close(&s->site[i]);
    net_close(s);
    machinery_forget();
    crypto_identity_done(&s->controller);
    crypto_signer_done(&s->root);
    for (size_t i = 0; i < PEOPLE; i++)
        crypto_signer_done(&s->person[i]);
    BATON_ASSERT(folder_remove(s->dir, &err) == BATON_OK);
    sim_now = NULL;
}

/* --- what is next ------------------------------------------------------------------------------- */

static void
sooner(uint64_t *at, uint64_t other)
{
    if (other < *at)
        *at = other;
}

static uint64_t
node_next(const struct node *n)
{
    uint64_t at = !n->up ? n->start_ms : n->due_ms;
    if (n->up && n->bus_open && n->connection == 0)
        sooner(&at, n->redial_ms);
    if (n->other_build)
        sooner(&at, n->build_ms);
    if (at < n->frozen_until_ms)
        at = n->frozen_until_ms;
    sooner(&at, node_host_due(n));
    return at;
}

static uint64_t
site_next(const struct site *st)
{
    uint64_t at = st->engine == NULL ? st->start_ms : st->due_ms;
    return at < st->frozen_until_ms ? st->frozen_until_ms : at;
}

static uint64_t
realm_next(const struct realm *r)
{
    uint64_t at = r->people_ms;
    sooner(&at, truth_next(r));
    for (int i = 0; i < NODES; i++)
        if (node_there(&r->node[i]))
            sooner(&at, node_next(&r->node[i]));
    return at;
}

uint64_t
sim_next(const struct sim *s)
{
    uint64_t at = s->fault_ms;
    sooner(&at, s->later_ms);
    sooner(&at, net_due(s));
    for (size_t i = 0; i < SITES; i++)
        sooner(&at, site_next(&s->site[i]));
    for (size_t i = 0; i < s->realm_count; i++)
        sooner(&at, realm_next(&s->realm[i]));
    return at;
}

static void
node_do(struct sim *s, struct node *n)
{
    node_host_run(n);
    if (!node_may_run(n))
        return;
    if (n->other_build && n->build_ms <= s->now_ms)
        node_kill(n, 0);
    n->other_build = n->other_build && n->build_ms > s->now_ms;
    if (n->up && n->bus_open && n->connection == 0 && n->redial_ms <= s->now_ms)
        net_dial(s, n);
    if ((!n->up ? n->start_ms : n->due_ms) <= s->now_ms)
        node_turn(n);
}

static void
realm_do_due(struct sim *s, struct realm *r)
{
    truth_tick(r);
    for (int i = 0; i < NODES; i++)
        if (node_there(&r->node[i]) && node_next(&r->node[i]) <= s->now_ms)
            node_do(s, &r->node[i]);
    if (r->people_ms <= s->now_ms)
        people_look(r);
}

static void
site_do(struct site *st)
{
    if (st->engine == NULL)
        site_start(st);
    else
        site_turn(st);
}

static void
do_due(struct sim *s)
{
    if (s->fault_ms <= s->now_ms)
        fault_clock(s);
    if (s->later_ms <= s->now_ms)
        fault_later(s);
    while (net_due(s) <= s->now_ms)
        net_deliver(s);
    for (size_t i = 0; i < SITES; i++)
        if (site_next(&s->site[i]) <= s->now_ms)
            site_do(&s->site[i]);
    for (size_t i = 0; i < s->realm_count; i++)
        if (realm_next(&s->realm[i]) <= s->now_ms)
            realm_do_due(s, &s->realm[i]);
}

void
sim_step(struct sim *s)
{
    enum { EVENTS_MAX = 2000000 };
    uint64_t at = sim_next(s);
    s->now_ms = at > s->now_ms ? at : s->now_ms;
    do_due(s);
    observe_all(s);
    if (++s->events == EVENTS_MAX)
        sim_fail(s, "L1", "the run does not end");
}

/* Until every handoff is over, or has had ten minutes without faults. */
static bool
run_to_the_end(struct sim *s)
{
    bool settled = false;
    while (!s->failed && !settled && s->now_ms < s->swarm.quiet_ms + AFTER_QUIET_MS) {
        sim_step(s);
        settled = observe_silent(s);
    }
    if (!s->failed)
        observe_end(s);
    return settled;
}

static bool
run_the_scenario(struct sim *s)
{
    scenario_play(s);
    secret_look_at_disks(s);
    budget_databases(s);
    return !s->failed;
}

void
sim_run(const struct sim_options *o, struct sim_result *ret_result)
{
    struct sim *s = calloc(1, sizeof *s);
    BATON_ASSERT(s != NULL);
    budget_begin(s);
    run_open(s, o);
    bool settled = s->scenario != NULL ? run_the_scenario(s) : run_to_the_end(s);
    run_close(s);
    budget_end(s);
    *ret_result = (struct sim_result){.failed = s->failed,
                                      .done = settled,
                                      .hash = s->hash,
                                      .events = s->events,
                                      .sim_ms = s->now_ms - START_MS,
                                      .faults = s->faults};
    memcpy(ret_result->why, s->why, sizeof s->why);
    memcpy(ret_result->came, s->came, sizeof s->came);
    memcpy(ret_result->met, s->met, sizeof s->met);
    for (int f = 0; f < FAULT_COUNT; f++)
        ret_result->on |= s->swarm.on[f] ? 1u << f : 0;
    free(s);
}
