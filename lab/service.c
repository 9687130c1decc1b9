#include "service.h"

#include <string.h>

#include "cycle.h"
#include "print.h"
#include "server.h"

enum { START_MS = 200, STOP_MS = 200, FIRST_CYCLE_MS = 300 };

static const char *const state_names[] = {"stopped", "starting", "running", "stopping"};
static const char *const start_names[] = {"auto", "manual", "disabled"};
static const char scm[] = "Service Control Manager";

const char *
service_state_name(enum service_is state)
{
    return state_names[state];
}

const char *
start_kind_name(enum start_kind start)
{
    return start_names[start];
}

struct service *
service_find(struct server *s, const char *name, struct baton_err *err)
{
    for (size_t i = 0; i < s->disk.service_count; i++)
        if (strcmp(s->disk.service[i].name, name) == 0)
            return &s->disk.service[i];
    (void)baton_fail(err, BATON_NOT_FOUND, "%s has no sync service '%.63s'%s", s->name, name,
                     s->disk.service_count == 0 ? ": no sync product is installed" : "");
    return NULL;
}

static const struct service *
engine(const struct server *s)
{
    for (size_t i = 0; i < s->disk.service_count; i++)
        if (s->disk.service[i].engine)
            return &s->disk.service[i];
    return NULL;
}

bool
service_engine_runs(const struct server *s)
{
    const struct service *e = engine(s);
    return s->powered && e != NULL && e->state == SVC_RUNNING;
}

bool
service_engine_alive(const struct server *s)
{
    const struct service *e = engine(s);
    return s->powered && e != NULL && (e->state == SVC_RUNNING || e->state == SVC_STOPPING);
}

bool
service_all_run(const struct server *s)
{
    for (size_t i = 0; i < s->disk.service_count; i++)
        if (s->disk.service[i].state != SVC_RUNNING)
            return false;
    return s->powered && s->disk.service_count > 0;
}

static size_t
index_of(const struct server *s, const struct service *svc)
{
    return (size_t)(svc - s->disk.service);
}

static void
service_event(struct server *s, const struct service *svc)
{
    world_event(s, json_pack("{s:s,s:s,s:s,s:s,s:s}", "event", "service", "name", svc->name,
                             "state", state_names[svc->state], "start", start_names[svc->start],
                             "by", svc->changed_by));
}

static void
changed(struct server *s, struct service *svc, const char *by)
{
    svc->changed_ms = s->world->wall_ms;
    print_copy(svc->changed_by, sizeof svc->changed_by, by);
    server_judge(s);
    service_event(s, svc);
}

static void
set_state(struct server *s, struct service *svc, enum service_is state, const char *by)
{
    svc->state = state;
    svc->serial = ++s->serial;
    if (svc->engine && state == SVC_RUNNING)
        process_start(s, ENGINE_PROCESS, "Services");
    if (svc->engine && state == SVC_STOPPED)
        process_end_all(s, ENGINE_PROCESS);
    if (state == SVC_RUNNING || state == SVC_STOPPED)
        server_log(s, scm, 7036, by, "The %s service entered the %s state.", svc->display,
                   state_names[state]);
    changed(s, svc, by);
}

static struct service *
awaited(struct server *s, uint64_t serial)
{
    for (size_t i = 0; i < s->disk.service_count; i++)
        if (s->disk.service[i].serial == serial)
            return &s->disk.service[i];
    return NULL;
}

static void
stopped(struct server *s, uint64_t serial)
{
    struct service *svc = awaited(s, serial);
    if (svc == NULL || svc->state != SVC_STOPPING)
        return;
    char by[NAME_BYTES];
    print_copy(by, sizeof by, svc->changed_by);
    set_state(s, svc, SVC_STOPPED, by);
    waiters_answer(s->world, &s->service_waiters[index_of(s, svc)]);
}

static void
stop_now(struct server *s, const struct service *svc)
{
    world_after(s, STOP_MS + s->fault.slow_stop_ms, stopped, svc->serial);
}

static void
wait_for(struct server *s, const struct service *svc, struct reply reply)
{
    struct baton_err err;
    (void)baton_fail(&err, BATON_LIMIT, "%d others already wait for %s", WAITERS_MAX, svc->name);
    if (!waiters_add(&s->service_waiters[index_of(s, svc)], reply))
        world_refuse(s->world, reply, &err);
}

static void
give_up_waiters(struct server *s, const struct service *svc, const char *by, const char *did)
{
    struct baton_err err;
    (void)baton_fail(&err, BATON_CONFLICT, "%s was %s by %s meanwhile", svc->name, did, by);
    waiters_refuse(s->world, &s->service_waiters[index_of(s, svc)], &err);
}

void
service_stop(struct server *s, struct service *svc, const char *by, struct reply reply)
{
    if (svc->state == SVC_STOPPED) {
        world_answer(s->world, reply, NULL);
        return;
    }
    if (svc->state == SVC_STARTING)
        give_up_waiters(s, svc, by, "stopped");
    if (svc->state != SVC_STOPPING) {
        set_state(s, svc, SVC_STOPPING, by);
        if (!svc->engine || runs_current(&s->disk.runs) == NULL)
            stop_now(s, svc);
    }
    wait_for(s, svc, reply);
}

void
service_run_ended(struct server *s)
{
    const struct service *e = engine(s);
    if (e != NULL && e->state == SVC_STOPPING)
        stop_now(s, e);
}

static void
set_start(struct server *s, struct service *svc, enum start_kind start, const char *by)
{
    if (svc->start == start)
        return;
    server_log(s, scm, 7040, by, "The start type of the %s service was changed from %s to %s.",
               svc->display, start_names[svc->start], start_names[start]);
    svc->start = start;
    changed(s, svc, by);
}

void
service_disable(struct server *s, struct service *svc, const char *by)
{
    set_start(s, svc, NEVER, by);
}

static void
started(struct server *s, uint64_t serial)
{
    struct service *svc = awaited(s, serial);
    if (svc == NULL || svc->state != SVC_STARTING)
        return;
    char by[NAME_BYTES];
    print_copy(by, sizeof by, svc->changed_by);
    set_state(s, svc, SVC_RUNNING, by);
    waiters_answer(s->world, &s->service_waiters[index_of(s, svc)]);
    cycle_plan(s, FIRST_CYCLE_MS);
}

static void
start(struct server *s, struct service *svc, const char *by)
{
    set_state(s, svc, SVC_STARTING, by);
    world_after(s, START_MS, started, svc->serial);
}

void
service_enable(struct server *s, struct service *svc, const char *by, struct reply reply)
{
    set_start(s, svc, AT_BOOT, by);
    if (svc->state == SVC_RUNNING) {
        world_answer(s->world, reply, NULL);
        return;
    }
    if (svc->state == SVC_STOPPING) {
        struct baton_err err;
        (void)baton_fail(&err, BATON_CONFLICT,
                         "%s is still stopping; try again when it has stopped", svc->name);
        world_refuse(s->world, reply, &err);
        return;
    }
    if (svc->state == SVC_STOPPED)
        start(s, svc, by);
    wait_for(s, svc, reply);
}

void
services_boot(struct server *s)
{
    for (size_t i = 0; i < s->disk.service_count; i++) {
        struct service *svc = &s->disk.service[i];
        if (svc->start == AT_BOOT && svc->state == SVC_STOPPED)
            start(s, svc, scm);
    }
}

void
services_power_lost(struct server *s, const struct baton_err *why)
{
    for (size_t i = 0; i < s->disk.service_count; i++) {
        struct service *svc = &s->disk.service[i];
        if (svc->state != SVC_STOPPED) /* nobody is told, but its engine ended now */
            svc->changed_ms = s->world->wall_ms;
        svc->state = SVC_STOPPED;
        svc->serial = ++s->serial;
        waiters_refuse(s->world, &s->service_waiters[i], why);
    }
}

void
services_remove(struct server *s, const struct baton_err *why)
{
    services_power_lost(s, why);
    s->disk.service_count = 0;
    process_end_all(s, ENGINE_PROCESS);
    server_judge(s);
}
