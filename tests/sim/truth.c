/* The servers and the tenant as they are: the lab's world under the run's time. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/cycle.h"
#include "lab/folder.h"
#include "lab/operation.h"
#include "lab/print.h"
#include "lab/server.h"
#include "lab/service.h"
#include "sim.h"

enum { OBJECTS = 1000, PERSON = 1, FIRST_CONNECTION = 10, SMALL_RUNS = 16 };
static const double speed = 0.2; /* time costs nothing here, what happens in it does */

struct truth {
    struct world world;
    json_t *answer; /* to the person who asked last */
    json_int_t asked;
};

static struct server *
server_of(const struct realm *r, enum side side)
{
    return world_server(&r->truth->world, r->node[side].name);
}

static void
on_answer(void *ctx, struct reply reply, json_t *answer)
{
    struct realm *r = ctx;
    if (reply.connection == PERSON) {
        bool newest = reply.id == r->truth->asked;
        json_decref(newest ? r->truth->answer : answer);
        r->truth->answer = newest ? answer : r->truth->answer;
        return;
    }
    node_answer(&r->node[reply.connection - FIRST_CONNECTION], (uint32_t)reply.id, answer);
}

static void
on_event(void *ctx, const struct server *from, json_t *event)
{
    struct realm *r = ctx;
    const struct node *twin = &r->node[TWIN];
    bool same = from != NULL && node_there(twin) && !twin->own_server;
    if (same && (size_t)twin->side == from->index)
        node_event(&r->node[TWIN], json_incref(event));
    if (from != NULL && node_there(&r->node[from->index]))
        node_event(&r->node[from->index], event);
    else
        json_decref(event);
}

static void
on_hang_up(void *ctx, const struct server *of)
{
    (void)ctx; /* a server without power has no agent either: whoever cuts it kills that too */
    (void)of;
}

void
truth_open(struct realm *r)
{
    char dir[DIR_BYTES + 16];
    struct baton_err err = {0};
    r->truth = calloc(1, sizeof *r->truth);
    BATON_ASSERT(r->truth != NULL);
    struct world *w = &r->truth->world;
    snprintf(dir, sizeof dir, "%s/lab-%zu", r->sim->dir, r->index);
    struct world_options o = {.dir = dir,
                              .tenant = r->name,
                              .objects = OBJECTS,
                              .speed = r->sim->scenario != NULL ? 1 : speed,
                              .runs_kept = r->sim->small ? SMALL_RUNS : 0};
    BATON_ASSERT(world_open(w, &o, &err) == BATON_OK);
    w->wall_ms = sim_unix_ms(r->sim);
    w->mono_ms = r->sim->now_ms;
    w->port = (struct port){r, on_answer, on_event, on_hang_up};
    struct server_options old = {.name = "OLD", .product = DIRSYNC};
    struct server_options new = {.name = "NEW", .product = NO_PRODUCT};
    BATON_ASSERT(server_add(w, &old, &err) == BATON_OK);
    BATON_ASSERT(server_add(w, &new, &err) == BATON_OK);
    /* A real DirSync answers for its history only while its engine runs; a newer engine's is a database. */
    server_of(r, OLD)->fault.engine_required = r->sim->scenario == NULL && r->sim->seed % 2 == 0;
}

void
truth_close(struct realm *r)
{
    world_close(&r->truth->world);
    json_decref(r->truth->answer);
    free(r->truth);
    r->truth = NULL;
}

void
truth_tick(struct realm *r)
{
    r->truth->world.wall_ms = sim_unix_ms(r->sim);
    r->truth->world.mono_ms = r->sim->now_ms;
    world_tick(&r->truth->world);
}

uint64_t
truth_next(const struct realm *r)
{
    uint64_t due;
    return timers_next(&r->truth->world.timers, &due) ? due : UINT64_MAX;
}

void
truth_ask(struct node *n, const char *line)
{
    struct realm *r = n->realm;
    (void)operation_run(&r->truth->world, server_of(r, node_server(n)),
                        FIRST_CONNECTION + (uint64_t)(n - r->node), line, strlen(line));
}

void
truth_do(struct realm *r, enum side side, const char *fmt, ...)
{
    char line[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    sim_tell(r->sim, r->node[side].name, "a person does %s", line);
    (void)operation_run(&r->truth->world, server_of(r, side), 0, line, strlen(line));
    events_done(r, side, line);
}

void
truth_person(struct realm *r, const struct node *n_or_null, const char *line)
{
    json_t *request = json_loads(line, 0, NULL);
    json_decref(r->truth->answer);
    r->truth->answer = NULL;
    r->truth->asked = json_integer_value(json_object_get(request, "id"));
    json_decref(request);
    (void)operation_run(&r->truth->world, n_or_null == NULL ? NULL : server_of(r, n_or_null->side),
                        PERSON, line, strlen(line));
    if (n_or_null != NULL)
        events_done(r, n_or_null->side, line);
}

bool
truth_answered(const struct realm *r)
{
    return r->truth->answer != NULL;
}

json_t *
truth_answer(struct realm *r)
{
    json_t *answer = r->truth->answer;
    r->truth->answer = NULL;
    return answer;
}

void
truth_copy(struct realm *r, enum side side, bool new_generation)
{
    const struct server_options o = {.name = r->node[TWIN].name, .product = NO_PRODUCT};
    struct baton_err err;
    BATON_ASSERT(server_add(&r->truth->world, &o, &err) == BATON_OK);
    const struct server *of = server_of(r, side);
    struct server *s = server_of(r, (enum side)TWIN);
    server_power_off(s);
    BATON_ASSERT(folder_remove(s->dir, &err) == BATON_OK);
    BATON_ASSERT(folder_copy(of->dir, s->dir, &err) == BATON_OK);
    s->disk = of->disk;
    s->ids = of->ids;
    s->account_enabled = of->account_enabled;
    (void)baton_fail(&err, BATON_FAILED, "%s is a copy", s->name);
    cycle_power_lost(s, &err); /* the disk may hold a run, and services in the middle of a change */
    services_power_lost(s, &err);
    if (new_generation)
        print_guid_new(s->ids.generation);
    server_power_on(s);
}

const char *
truth_folder(const struct realm *r, enum side side)
{
    return server_of(r, side)->dir;
}

struct truth_server
truth_server(const struct realm *r, enum side side)
{
    const struct server *s = server_of(r, side);
    char path[PATH_BYTES];
    return (struct truth_server){
        .powered = s->powered,
        .product = s->disk.product.kind != NO_PRODUCT,
        .configured = s->disk.product.kind != NO_PRODUCT && s->disk.product.configured,
        .staging = s->disk.product.staging,
        .busy = s->wizard.busy || s->removing,
        .account = s->account_enabled,
        .exported_settings = place_newest(s, SETTINGS_EXPORT, path, sizeof path),
        .engine_runs = service_engine_runs(s),
    };
}

bool
truth_able(const struct realm *r, enum side side)
{
    return judge_able(&r->truth->world.tenant.judge, side);
}

size_t
truth_overlaps(const struct realm *r, uint32_t servers)
{
    const struct judge *j = &r->truth->world.tenant.judge;
    size_t count = j->unkept;
    for (size_t i = 0; i < j->count; i++)
        count += (j->overlap[i].servers & servers) == servers;
    return count;
}

bool
truth_export(const struct realm *r, size_t at, enum side *ret_side, bool *ret_forced)
{
    const struct tenant *t = &r->truth->world.tenant;
    if (at >= t->export_count)
        return false;
    *ret_side = (enum side)t->export[at].server;
    *ret_forced = t->export[at].forced;
    return true;
}
