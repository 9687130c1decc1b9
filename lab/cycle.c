#include "cycle.h"

#include <inttypes.h>
#include <string.h>

#include "pending.h"
#include "print.h"
#include "product.h"
#include "server.h"
#include "service.h"
#include "tenant.h"
#include "wizard.h"

enum {
    CYCLE_BASE_MS = 100,
    CYCLE_OBJECTS_MS = 400,
    CYCLE_OBJECTS = 60000,
    FULL_FACTOR = 3,
    STEP_LEAST_MS = 5,
    DELETE_LIMIT = 500
};

static const char sync_source[] = "Directory Synchronization";

static const struct cycle_step steps[] = {
    {false, RUN_FULL_IMPORT, RUN_DELTA_IMPORT, 25},
    {true, RUN_FULL_IMPORT, RUN_DELTA_IMPORT, 25},
    {false, RUN_FULL_SYNC, RUN_DELTA_SYNC, 20},
    {true, RUN_FULL_SYNC, RUN_DELTA_SYNC, 10},
    {true, RUN_EXPORT, RUN_EXPORT, 15},
    {false, RUN_EXPORT, RUN_EXPORT, 5},
};

const struct cycle_step *
cycle_steps(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(steps);
    return steps;
}

uint64_t
cycle_step_ms(const struct cycle_step *step, uint64_t objects)
{
    uint64_t whole = CYCLE_BASE_MS + CYCLE_OBJECTS_MS * objects / CYCLE_OBJECTS;
    uint64_t ms = whole * step->share / 100;
    return ms < STEP_LEAST_MS ? STEP_LEAST_MS : ms;
}

bool
cycle_in_progress(const struct server *s)
{
    return s->cycle.running;
}

static bool
may_start(struct server *s)
{
    const struct disk *d = &s->disk;
    return service_all_run(s) && d->product.configured && !s->removing && !s->cycle.running &&
           runs_current(&s->disk.runs) == NULL && (!d->has_task || d->task.enabled) &&
           (d->product.kind == DIRSYNC || s->world->tenant.sync_cycle_enabled) &&
           !(d->product.kind == CONNECT && s->wizard.open);
}

static void step_next(struct server *s);

static void
due(struct server *s, uint64_t serial)
{
    struct cycle *c = &s->cycle;
    if (serial != c->serial || s->disk.product.kind == NO_PRODUCT)
        return;
    bool full = c->full;
    if (may_start(s)) {
        c->running = true;
        c->running_full = full;
        c->full = false;
        c->step = 0;
        c->began_ms = s->world->wall_ms;
        server_log(s, sync_source, 904, product_row(s->disk.product.kind)->run_as,
                   "Scheduler::SchedulerThreadMain : a %s cycle started.",
                   full ? "initial" : "delta");
    }
    cycle_plan(s, product_row(s->disk.product.kind)->interval_ms);
    if (c->running && c->step == 0)
        step_next(s);
}

void
cycle_plan(struct server *s, uint64_t after_ms)
{
    s->cycle.serial = ++s->serial;
    s->cycle.next_ms = s->world->wall_ms + (uint64_t)((double)after_ms / s->world->speed);
    world_after(s, after_ms, due, s->cycle.serial);
}

void
cycle_plan_full(struct server *s, uint64_t after_ms)
{
    s->cycle.full = true;
    cycle_plan(s, after_ms);
}

/* Which result a run of this kind has here and now. */
static const char *
result_of(const struct server *s, const struct run *run, bool entra)
{
    bool import = run->profile == RUN_FULL_IMPORT || run->profile == RUN_DELTA_IMPORT;
    bool export = run->profile == RUN_EXPORT;
    if (entra && (import || export) && !s->account_enabled)
        return "no-start-credentials";
    if (import && !entra && s->fault.import_error[0] != '\0')
        return s->fault.import_error;
    if (export && entra && s->disk.pending.deletes > DELETE_LIMIT)
        return "stopped-deletion-threshold-exceeded";
    if (export && entra && s->fault.run_error[0] != '\0')
        return s->fault.run_error;
    return "success";
}

/* Some exports happened although the run did not succeed: "completed-export-errors". */
static bool
result_exports(const char *result)
{
    return strcmp(result, "success") == 0 || strncmp(result, "completed-", 10) == 0;
}

static void
import_counts(const struct server *s, struct run *run)
{
    bool full = run->profile == RUN_FULL_IMPORT;
    bool first = full && run->number == 1;
    run->stage_add = first ? s->world->tenant.objects : run->number % 4 == 0;
    run->stage_update = full ? 0 : run->number % 5;
    run->unchanged = full && !first ? s->world->tenant.objects : 0;
}

static void
export_to_entra(struct server *s, struct run *run)
{
    if (!result_exports(run->result))
        return;
    struct pending *p = &s->disk.pending;
    run->export_add = p->adds;
    run->export_update = p->updates;
    run->export_delete = p->deletes;
    *p = (struct pending){0};
    tenant_export(s, run, !server_can_export(s));
    server_log(s, sync_source, 114, run->by, "Export cycle completed: %s.", run->result);
}

static void
note_failure(struct server *s, const struct run *run)
{
    if (strcmp(run->result, "stopped-deletion-threshold-exceeded") == 0)
        server_log(s, sync_source, 116, run->by,
                   "Prevent accidental deletes: the number of deletions for this run (%" PRIu64
                   ") exceeds the threshold (%d).",
                   s->disk.pending.deletes, DELETE_LIMIT);
    else if (!run_is_good(run))
        server_log(s, "ADSync", 6000, run->by, "The run profile \"%s\" ended with %s.",
                   run_profile_name(run->profile), run->result);
}

static void
run_effects(struct server *s, struct run *run, bool entra)
{
    switch (run->profile) {
    case RUN_FULL_IMPORT:
    case RUN_DELTA_IMPORT:
        import_counts(s, run);
        break;
    case RUN_FULL_SYNC:
    case RUN_DELTA_SYNC:
        if (!entra)
            pending_grow(s, run);
        break;
    case RUN_EXPORT:
        if (entra)
            export_to_entra(s, run);
        break;
    case RUN_KINDS:
        break;
    }
    note_failure(s, run);
}

static void
run_event(struct server *s, const struct run *run, const char *state)
{
    const struct connector *c = &s->disk.connectors.item[run->connector];
    world_event(s, json_pack("{s:s,s:s,s:s,s:s,s:i,s:s,s:s}", "event", "run", "state", state,
                             "connector", c->name, "profile", run_profile_name(run->profile),
                             "number", (int)run->number, "result", run->result, "by", run->by));
}

static void
begin_run(struct server *s, size_t connector, enum profile_kind profile, const char *by,
          uint64_t ms, timer_fn *ended)
{
    runs_purge(&s->disk.runs, s->world->runs_kept - 1);
    struct run *run =
        runs_begin(&s->disk.runs, &s->disk.connectors, connector, profile, by, s->world->wall_ms);
    s->cycle.run_serial = ++s->serial;
    run_event(s, run, "started");
    world_after(s, ms, ended, s->cycle.run_serial);
}

/* False: this timer is of a run that the power ended. */
static bool
end_run(struct server *s, uint64_t serial)
{
    struct run *run = runs_current(&s->disk.runs);
    if (run == NULL || serial != s->cycle.run_serial)
        return false;
    bool entra = s->disk.connectors.item[run->connector].entra;
    run->end_ms = s->world->wall_ms;
    print_copy(run->result, sizeof run->result, result_of(s, run, entra));
    run_effects(s, run, entra);
    run_event(s, run, "ended");
    return true;
}

static void
after_run(struct server *s)
{
    service_run_ended(s);
    product_run_ended(s);
}

/* The rest of it is dropped; an initial cycle has to be done again from its beginning. */
static void
cycle_drop(struct server *s)
{
    if (s->cycle.running && s->cycle.running_full)
        s->cycle.full = true;
    s->cycle.running = false;
}

static void
cycle_run_ended(struct server *s, uint64_t serial)
{
    if (!end_run(s, serial))
        return;
    if (!service_engine_runs(s) || s->removing)
        cycle_drop(s);
    after_run(s);
    step_next(s);
}

/* The cycle's steps are all steps times all connectors, those that do not fit skipped. */
static bool
step_fits(const struct server *s, const struct cycle_step *step, size_t connector)
{
    bool staged = s->disk.product.kind == CONNECT && s->disk.product.staging;
    return step->entra == s->disk.connectors.item[connector].entra &&
           !(step->full == RUN_EXPORT && staged);
}

static void
cycle_end(struct server *s)
{
    s->cycle.running = false;
    wizard_cycle_ended(s);
}

static void
step_next(struct server *s)
{
    struct cycle *c = &s->cycle;
    size_t connectors = s->disk.connectors.count;
    while (c->running && c->step < ARRAY_LEN(steps) * connectors) {
        const struct cycle_step *step = &steps[c->step / connectors];
        size_t connector = c->step % connectors;
        c->step++;
        if (!step_fits(s, step, connector))
            continue;
        uint64_t ms = cycle_step_ms(step, s->world->tenant.objects);
        begin_run(s, connector, c->running_full ? step->full : step->delta,
                  product_row(s->disk.product.kind)->run_as,
                  c->running_full ? ms * FULL_FACTOR : ms, cycle_run_ended);
        return;
    }
    cycle_end(s);
}

static size_t
entra_connector(const struct server *s)
{
    size_t at = 0;
    while (at < s->disk.connectors.count && !s->disk.connectors.item[at].entra)
        at++;
    BATON_ASSERT(at < s->disk.connectors.count); /* a configured product has one */
    return at;
}

static void
forced_run_ended(struct server *s, uint64_t serial)
{
    if (!end_run(s, serial))
        return;
    const struct run *run = &s->disk.runs.item[s->disk.runs.count - 1];
    json_t *fields = json_pack("{s:s,s:i}", "result", run->result, "number", (int)run->number);
    world_answer(s->world, s->run_reply, fields);
    s->run_reply = (struct reply){0};
    after_run(s);
    wizard_cycle_ended(s);
}

enum baton_status
cycle_force_export(struct server *s, const char *by, struct reply reply, struct baton_err *err)
{
    if (!s->disk.product.configured)
        return baton_fail(err, BATON_NOT_FOUND, "no configured sync product on %s", s->name);
    if (!service_engine_runs(s))
        return baton_fail(err, BATON_REFUSED, "the engine on %s does not run", s->name);
    if (s->cycle.running || runs_current(&s->disk.runs) != NULL)
        return baton_fail(err, BATON_CONFLICT, "a run is in progress on %s; try when it has ended",
                          s->name);
    s->run_reply = reply;
    begin_run(s, entra_connector(s), RUN_EXPORT, by,
              cycle_step_ms(&steps[4], s->world->tenant.objects), forced_run_ended);
    return BATON_OK;
}

void
cycle_power_lost(struct server *s, const struct baton_err *why)
{
    struct run *run = runs_current(&s->disk.runs);
    if (run != NULL) {
        run->end_ms = s->world->wall_ms;
        print_copy(run->result, sizeof run->result, "stopped-server-down");
    }
    cycle_drop(s);
    s->cycle.serial = ++s->serial;
    world_refuse(s->world, s->run_reply, why);
    s->run_reply = (struct reply){0};
}
