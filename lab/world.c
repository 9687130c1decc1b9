#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"
#include "print.h"
#include "server.h"
#include "tenant.h"

static const char marker[] = ".baton-lab";

static enum baton_status
mark(const char *dir, struct baton_err *err)
{
    char path[PATH_BYTES];
    print_format(path, sizeof path, "%s/%s", dir, marker);
    FILE *f = fopen(path, "w");
    if (f == NULL || fputs("made by baton-lab, which empties this folder\n", f) < 0 ||
        fclose(f) != 0)
        return baton_fail(err, BATON_IO, "cannot write %s: %s", path, strerror(errno));
    return BATON_OK;
}

static enum baton_status
directory_open(const char *dir, struct baton_err *err)
{
    static const char *const parts[] = {"servers", "tenant", "snapshots"};
    enum baton_status rc = folder_make(dir, err);
    if (rc == BATON_OK && !folder_empty(dir) && !folder_has(dir, marker))
        rc = baton_fail(err, BATON_CONFLICT,
                        "%s is not empty and no lab made it: take another --dir", dir);
    for (size_t i = 0; i < ARRAY_LEN(parts) && rc == BATON_OK; i++) {
        char path[PATH_BYTES];
        if (!print_format(path, sizeof path, "%s/%s", dir, parts[i]))
            return baton_fail(err, BATON_LIMIT, "the path of the lab's directory is too long");
        rc = folder_remove(path, err);
        if (rc == BATON_OK)
            rc = folder_make(path, err);
    }
    return rc == BATON_OK ? mark(dir, err) : rc;
}

enum baton_status
world_open(struct world *w, const struct world_options *options, struct baton_err *err)
{
    *w = (struct world){.speed = options->speed,
                        .runs_kept = options->runs_kept > 0 ? options->runs_kept : RUNS_MAX};
    if (!print_format(w->dir, sizeof w->dir, "%s", options->dir))
        return baton_fail(err, BATON_LIMIT, "the path of the lab's directory is too long");
    w->server = calloc(SERVERS_MAX, sizeof *w->server);
    if (w->server == NULL)
        return baton_fail(err, BATON_NOMEM, "the lab's servers");

    enum baton_status rc = directory_open(w->dir, err);
    if (rc == BATON_OK)
        rc = tenant_open(w, options->tenant, options->objects, err);
    if (rc != BATON_OK)
        world_close(w);
    return rc;
}

void
world_close(struct world *w)
{
    for (size_t i = 0; i < w->server_count; i++)
        server_close(&w->server[i]);
    tenant_close(&w->tenant);
    timers_done(&w->timers);
    free(w->server);
    w->server = NULL;
    w->server_count = 0;
}

struct server *
world_server(struct world *w, const char *name)
{
    for (size_t i = 0; i < w->server_count; i++)
        if (strcmp(w->server[i].name, name) == 0)
            return &w->server[i];
    return NULL;
}

void
world_tick(struct world *w)
{
    struct timer timer;
    while (timers_take(&w->timers, w->mono_ms, &timer))
        timer.run(timer.server, timer.arg);
}

uint64_t
world_wait(const struct world *w, uint64_t limit)
{
    uint64_t due;
    if (!timers_next(&w->timers, &due))
        return limit;
    if (due <= w->mono_ms)
        return 0;
    return due - w->mono_ms < limit ? due - w->mono_ms : limit;
}

void
world_after(struct server *s, uint64_t ms, timer_fn *run, uint64_t arg)
{
    struct world *w = s->world;
    uint64_t scaled = (uint64_t)((double)ms / w->speed);
    timers_add(&w->timers, w->mono_ms + scaled, run, s, arg);
}

void
world_event(const struct server *from, json_t *event)
{
    struct world *w = from->world;
    json_object_set_new(event, "at", json_integer((json_int_t)w->wall_ms));
    w->port.event(w->port.ctx, from, event);
}

void
world_tenant_event(struct world *w, json_t *event)
{
    json_object_set_new(event, "at", json_integer((json_int_t)w->wall_ms));
    w->port.event(w->port.ctx, NULL, event);
}

/* A line without a usable id is answered with null. */
static json_t *
id_json(struct reply reply)
{
    return reply.id < 0 ? json_null() : json_integer(reply.id);
}

void
world_answer(struct world *w, struct reply reply, json_t *fields)
{
    json_t *answer = json_pack("{s:o,s:b}", "id", id_json(reply), "ok", 1);
    if (fields != NULL)
        json_object_update_new(answer, fields);
    if (reply.connection == 0)
        json_decref(answer);
    else
        w->port.answer(w->port.ctx, reply, answer);
}

void
world_refuse(struct world *w, struct reply reply, const struct baton_err *err)
{
    if (reply.connection == 0)
        return;
    json_t *answer = json_pack("{s:o,s:b,s:s,s:s}", "id", id_json(reply), "ok", 0, "error",
                               err->text, "status", baton_status_name(err->status));
    w->port.answer(w->port.ctx, reply, answer);
}

bool
waiters_add(struct waiters *waiters, struct reply reply)
{
    if (reply.connection == 0)
        return true;
    if (waiters->count == WAITERS_MAX)
        return false;
    waiters->item[waiters->count++] = reply;
    return true;
}

void
waiters_answer(struct world *w, struct waiters *waiters)
{
    size_t count = waiters->count;
    waiters->count = 0;
    for (size_t i = 0; i < count; i++)
        world_answer(w, waiters->item[i], NULL);
}

void
waiters_refuse(struct world *w, struct waiters *waiters, const struct baton_err *err)
{
    size_t count = waiters->count;
    waiters->count = 0;
    for (size_t i = 0; i < count; i++)
        world_refuse(w, waiters->item[i], err);
}
