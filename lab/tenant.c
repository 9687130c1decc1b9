#include "tenant.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"
#include "print.h"
#include "server.h"

enum baton_status
tenant_open(struct world *w, const char *name, uint64_t objects, struct baton_err *err)
{
    struct tenant *t = &w->tenant;
    char folder[PATH_BYTES];
    *t = (struct tenant){.objects = objects, .sync_cycle_enabled = true};
    print_copy(t->name, sizeof t->name, name);
    if (!print_format(folder, sizeof folder, "%s/tenant", w->dir) ||
        !print_format(t->exports_path, sizeof t->exports_path, "%s/exports.jsonl", folder))
        return baton_fail(err, BATON_LIMIT, "the path of the lab's directory is too long");
    enum baton_status rc = folder_make(folder, err);
    if (rc != BATON_OK)
        return rc;
    FILE *f = fopen(t->exports_path, "w"); /* a lab starts empty */
    if (f == NULL || fclose(f) != 0)
        return baton_fail(err, BATON_IO, "cannot write %s: %s", t->exports_path, strerror(errno));
    return BATON_OK;
}

void
tenant_close(struct tenant *t)
{
    free(t->export);
    t->export = NULL;
}

static json_t *
exporters(const struct world *w)
{
    json_t *names = json_array();
    for (size_t i = 0; i < w->server_count; i++)
        if (judge_able(&w->tenant.judge, i))
            json_array_append_new(names, json_string(w->server[i].name));
    return names;
}

void
tenant_judge(struct server *s, bool able)
{
    struct world *w = s->world;
    if (judge_note(&w->tenant.judge, s->index, able, w->wall_ms))
        world_tenant_event(w, json_pack("{s:s,s:s,s:b,s:o,s:b}", "event", "exporters", "server",
                                        s->name, "able", able, "exporters", exporters(w), "ok",
                                        judge_ok(&w->tenant.judge)));
}

static json_t *
export_json(const struct world *w, const struct export_record *e)
{
    return json_pack("{s:I,s:s,s:I,s:I,s:I,s:I,s:I,s:s,s:b}", "n", (json_int_t)e->n, "server",
                     w->server[e->server].name, "begin", (json_int_t)e->begin_ms, "end",
                     (json_int_t)e->end_ms, "adds", (json_int_t)e->counts.adds, "updates",
                     (json_int_t)e->counts.updates, "deletes", (json_int_t)e->counts.deletes,
                     "result", e->result, "forced", e->forced);
}

static void
export_write(const struct world *w, json_t *record)
{
    FILE *f = fopen(w->tenant.exports_path, "a");
    if (f == NULL || json_dumpf(record, f, JSON_COMPACT) != 0 || fputc('\n', f) == EOF)
        fprintf(stderr, "lab.exports cannot append to %s: %s\n", w->tenant.exports_path,
                strerror(errno));
    if (f != NULL)
        fclose(f);
}

static struct export_record *
export_new(struct tenant *t)
{
    if (t->export_count == EXPORTS_MAX) {
        memmove(&t->export[0], &t -> export[1], (EXPORTS_MAX - 1) * sizeof t->export[0]);
        t->export_count--;
    }
    if (t->export_count == t->export_cap) {
        t->export_cap = t->export_cap == 0 ? 64 : t->export_cap * 2;
        t->export = realloc(t->export, t->export_cap * sizeof t->export[0]);
        BATON_ASSERT(t->export != NULL);
    }
    struct export_record *e = &t->export[t->export_count++];
    *e = (struct export_record){.n = t->export_count == 1 ? 1 : e[-1].n + 1};
    return e;
}

void
tenant_export(struct server *s, const struct run *run, bool forced)
{
    struct world *w = s->world;
    struct export_record *e = export_new(&w->tenant);
    e->server = s->index;
    e->begin_ms = run->begin_ms;
    e->end_ms = run->end_ms;
    e->counts = (struct pending){run->export_add, run->export_update, run->export_delete};
    e->forced = forced;
    print_copy(e->result, sizeof e->result, run->result);
    uint64_t gone = e->counts.deletes;
    w->tenant.objects += e->counts.adds;
    w->tenant.objects -= gone < w->tenant.objects ? gone : w->tenant.objects;
    json_t *record = export_json(w, e);
    export_write(w, record);
    json_object_set_new(record, "event", json_string("export"));
    world_tenant_event(w, record);
}

void
tenant_account(struct server *s, bool enabled, const char *by)
{
    struct world *w = s->world;
    s->account_enabled = enabled;
    server_judge(s);
    world_tenant_event(w, json_pack("{s:s,s:s,s:b,s:s}", "event", "account", "server", s->name,
                                    "enabled", enabled, "by", by));
}

void
tenant_account_name(const struct server *s, char *out, size_t cap)
{
    print_format(out, cap, "Sync_%s_%.12s@%s.onmicrosoft.com", s->name, s->ids.guid + 24,
                 s->world->tenant.name);
}

json_t *
tenant_exports(const struct world *w, uint64_t from)
{
    json_t *list = json_array();
    for (size_t i = 0; i < w->tenant.export_count; i++)
        if (w->tenant.export[i].n >= from)
            json_array_append_new(list, export_json(w, &w->tenant.export[i]));
    return list;
}

static json_t *
names_of(const struct world *w, uint32_t servers)
{
    json_t *names = json_array();
    for (size_t i = 0; i < w->server_count; i++)
        if ((servers >> i & 1) != 0)
            json_array_append_new(names, json_string(w->server[i].name));
    return names;
}

static json_t *
verdict_json(const struct world *w)
{
    const struct judge *j = &w->tenant.judge;
    json_t *overlaps = json_array(), *forced = json_array();
    for (size_t i = 0; i < j->count; i++) {
        const struct overlap *o = &j->overlap[i];
        json_t *to = o->open ? json_null() : json_integer((json_int_t)o->to_ms);
        json_array_append_new(overlaps, json_pack("{s:I,s:o,s:o}", "from", (json_int_t)o->from_ms,
                                                  "to", to, "servers", names_of(w, o->servers)));
    }
    for (size_t i = 0; i < w->tenant.export_count; i++)
        if (w->tenant.export[i].forced)
            json_array_append_new(forced, export_json(w, &w->tenant.export[i]));
    return json_pack("{s:b,s:o,s:o}", "ok", judge_ok(j), "overlaps", overlaps, "forced", forced);
}

json_t *
tenant_status(const struct world *w)
{
    const struct tenant *t = &w->tenant;
    json_t *accounts = json_array();
    for (size_t i = 0; i < w->server_count; i++) {
        char name[PATH_BYTES];
        tenant_account_name(&w->server[i], name, sizeof name);
        json_array_append_new(accounts,
                              json_pack("{s:s,s:s,s:b}", "server", w->server[i].name, "account",
                                        name, "enabled", w->server[i].account_enabled));
    }
    json_int_t last = t->export_count == 0 ? 0 : (json_int_t)t->export[t->export_count - 1].end_ms;
    return json_pack("{s:s,s:I,s:o,s:o,s:I,s:b,s:o}", "tenant", t->name, "objects",
                     (json_int_t)t->objects, "exporters", exporters(w), "judge", verdict_json(w),
                     "last_sync", last, "sync_cycle_enabled", t->sync_cycle_enabled, "accounts",
                     accounts);
}
