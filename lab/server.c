#include "server.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "cycle.h"
#include "folder.h"
#include "print.h"
#include "product.h"
#include "service.h"
#include "tenant.h"
#include "wizard.h"

enum { BOOT_MS = 1000 };

static const char *const place_names[PLACES] = {"settings-export", "settings-import",
                                                "pending-export", "configuration"};
static const char *const place_folders[PLACES] = {"settings-export", "settings-import", ".", "."};
static const char *const place_prefixes[PLACES] = {"", "", "pending-export", "configuration.pack"};

const char *
place_name(enum place place)
{
    return place_names[place];
}

const char *
place_folder(enum place place)
{
    return place_folders[place];
}

bool
place_newest(const struct server *s, enum place place, char *ret_path, size_t cap)
{
    char folder[PATH_BYTES], name[256];
    const char *prefix = place_prefixes[place];
    if (!print_format(folder, sizeof folder, "%s/%s", s->dir, place_folder(place)) ||
        !folder_newest(folder, prefix, name, sizeof name))
        return false;
    return prefix[0] != '\0' ? print_format(ret_path, cap, "%s", name)
                             : print_format(ret_path, cap, "%s/%s", place_folder(place), name);
}

void
place_event(struct server *s, enum place place, const char *path)
{
    world_event(
        s, json_pack("{s:s,s:s,s:s}", "event", "file", "place", place_name(place), "path", path));
}

static enum baton_status
make_folders(struct server *s, struct baton_err *err)
{
    if (!print_format(s->dir, sizeof s->dir, "%s/servers/%s", s->world->dir, s->name))
        return baton_fail(err, BATON_LIMIT, "the path of %s's folder is too long", s->name);
    enum baton_status rc = BATON_OK;
    for (size_t i = 0; i < PLACES && rc == BATON_OK; i++) {
        char path[PATH_BYTES];
        if (!print_format(path, sizeof path, "%s/%s", s->dir, place_folders[i]))
            return baton_fail(err, BATON_LIMIT, "the path of %s's folder is too long", s->name);
        rc = folder_make(path, err);
    }
    return rc;
}

static void
new_identity(struct server *s)
{
    print_guid_new(s->ids.boot);
    print_guid_new(s->ids.generation);
    print_guid_new(s->ids.guid);
    print_guid_new(s->ids.disk);
}

static enum baton_status
name_check(struct world *w, const char *name, struct baton_err *err)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t len = strlen(name);
    if (len == 0 || len >= NAME_BYTES || strspn(name, letters) != len || name[0] == '-')
        return baton_fail(err, BATON_USAGE,
                          "'%.64s' is no server name: letters, digits, - and _, at most %d", name,
                          NAME_BYTES - 1);
    if (world_server(w, name) != NULL)
        return baton_fail(err, BATON_USAGE, "two servers are called %s", name);
    if (w->server_count == SERVERS_MAX)
        return baton_fail(err, BATON_LIMIT, "a lab has at most %d servers", SERVERS_MAX);
    return BATON_OK;
}

enum baton_status
server_add(struct world *w, const struct server_options *options, struct baton_err *err)
{
    enum baton_status rc = name_check(w, options->name, err);
    if (rc != BATON_OK)
        return rc;
    struct server *s = &w->server[w->server_count];
    *s = (struct server){.world = w,
                         .index = w->server_count,
                         .powered = true,
                         .account_enabled = true,
                         .config_from = options->config_from};
    s->processes.next_pid = 1000;
    print_copy(s->name, sizeof s->name, options->name);
    new_identity(s);
    rc = make_folders(s, err);
    if (rc != BATON_OK)
        return rc;
    w->server_count++;
    if (options->product == NO_PRODUCT)
        return BATON_OK;
    product_install(s, options->product);
    s->disk.product.given = true;
    rc = product_configure(s, false, err);
    services_boot(s);
    return rc;
}

void
server_close(struct server *s)
{
    free(s->snapshot);
    s->snapshot = NULL;
    printed_runs_done(&s->printed_runs);
}

bool
server_can_export(const struct server *s)
{
    const struct product *p = &s->disk.product;
    return s->powered && s->account_enabled && service_engine_alive(s) && p->configured &&
           !(p->kind == CONNECT && p->staging);
}

void
server_judge(struct server *s)
{
    tenant_judge(s, server_can_export(s));
}

void
server_product_event(struct server *s)
{
    const struct product *p = &s->disk.product;
    world_event(s,
                json_pack("{s:s,s:b,s:s,s:s}", "event", "product", "present", p->kind != NO_PRODUCT,
                          "class", product_class_name(p->kind), "version", p->version));
}

void
server_power_off(struct server *s)
{
    if (!s->powered)
        return;
    s->powered = false;
    struct baton_err err;
    (void)baton_fail(&err, BATON_FAILED, "%s lost its power", s->name);
    cycle_power_lost(s, &err);
    wizard_power_lost(s, &err);
    product_power_lost(s, &err);
    services_power_lost(s, &err);
    s->processes.count = 0;
    server_judge(s);
    s->world->port.hang_up(s->world->port.ctx, s);
}

static void
booted(struct server *s, uint64_t serial)
{
    if (s->powered && serial == s->serial_boot)
        services_boot(s);
}

void
server_boot_services(struct server *s, uint64_t after_ms)
{
    s->serial_boot = ++s->serial;
    world_after(s, after_ms, booted, s->serial_boot);
}

void
server_power_on(struct server *s)
{
    if (s->powered)
        return;
    s->powered = true;
    print_guid_new(s->ids.boot);
    server_log(s, "EventLog", 6005, "SYSTEM", "The Event log service was started.");
    server_boot_services(s, BOOT_MS);
}

static void
snapshot_path(const struct server *s, char path[PATH_BYTES])
{
    print_format(path, PATH_BYTES, "%s/snapshots/%s", s->world->dir, s->name);
}

enum baton_status
server_snapshot(struct server *s, struct baton_err *err)
{
    char path[PATH_BYTES];
    snapshot_path(s, path);
    if (s->snapshot == NULL)
        s->snapshot = calloc(1, sizeof *s->snapshot);
    if (s->snapshot == NULL)
        return baton_fail(err, BATON_NOMEM, "a snapshot of %s", s->name);
    enum baton_status rc = folder_remove(path, err);
    if (rc == BATON_OK)
        rc = folder_copy(s->dir, path, err);
    *s->snapshot = (struct snapshot){.taken = rc == BATON_OK, .disk = s->disk, .ids = s->ids};
    return rc;
}

enum baton_status
server_revert(struct server *s, bool new_generation, struct baton_err *err)
{
    if (s->snapshot == NULL || !s->snapshot->taken)
        return baton_fail(err, BATON_NOT_FOUND, "%s has no snapshot; take one with op snapshot",
                          s->name);
    char path[PATH_BYTES];
    snapshot_path(s, path);
    server_power_off(s);
    enum baton_status rc = folder_remove(s->dir, err);
    if (rc == BATON_OK)
        rc = folder_copy(path, s->dir, err);
    if (rc != BATON_OK)
        return rc;
    s->disk = s->snapshot->disk;
    struct baton_err lost;
    (void)baton_fail(&lost, BATON_FAILED, "%s was reverted", s->name);
    cycle_power_lost(s, &lost);    /* the snapshot may hold a run ... */
    services_power_lost(s, &lost); /* ... and services in the middle of a change */
    s->ids = s->snapshot->ids;
    if (new_generation)
        print_guid_new(s->ids.generation);
    server_power_on(s);
    return BATON_OK;
}

static const char *const process_names[] = {
    [ENGINE_PROCESS] = "engine",       [WIZARD_PROCESS] = "wizard", [CONSOLE_PROCESS] = "console",
    [INSTALLER_PROCESS] = "installer", [SHELL_PROCESS] = "shell",
};

const char *
process_kind_name(enum process_is kind)
{
    return process_names[kind];
}

static void
process_event(struct server *s, const struct process *p, const char *state)
{
    world_event(s, json_pack("{s:s,s:s,s:i,s:s,s:s}", "event", "process", "kind",
                             process_names[p->kind], "pid", (int)p->pid, "session", p->session,
                             "state", state));
}

uint32_t
process_start(struct server *s, enum process_is kind, const char *session)
{
    struct processes *all = &s->processes;
    if (all->count == PROCESSES_MAX)
        return 0;
    struct process *p = &all->item[all->count++];
    all->next_pid += 4; /* as on Windows */
    *p = (struct process){.kind = kind, .pid = all->next_pid, .started_ms = s->world->wall_ms};
    print_copy(p->session, sizeof p->session, session);
    process_event(s, p, "started");
    return p->pid;
}

void
process_end(struct server *s, uint32_t pid)
{
    struct processes *all = &s->processes;
    for (size_t i = 0; i < all->count; i++) {
        if (all->item[i].pid != pid)
            continue;
        struct process ended = all->item[i];
        all->item[i] = all->item[--all->count];
        process_event(s, &ended, "ended");
        return;
    }
}

void
process_end_all(struct server *s, enum process_is kind)
{
    for (size_t i = s->processes.count; i-- > 0;)
        if (s->processes.item[i].kind == kind)
            process_end(s, s->processes.item[i].pid);
}

size_t
process_count(const struct server *s, enum process_is kind)
{
    size_t count = 0;
    for (size_t i = 0; i < s->processes.count; i++)
        count += s->processes.item[i].kind == kind;
    return count;
}

void
server_log(struct server *s, const char *source, int id, const char *by, const char *fmt, ...)
{
    struct log *log = &s->disk.log;
    if (log->count == LOG_MAX) {
        memmove(&log->item[0], &log->item[1], (LOG_MAX - 1) * sizeof log->item[0]);
        log->count--;
    }
    struct log_entry *e = &log->item[log->count++];
    *e = (struct log_entry){.at_ms = s->world->wall_ms, .id = id};
    print_copy(e->source, sizeof e->source, source);
    print_copy(e->by, sizeof e->by, by);
    va_list args;
    va_start(args, fmt);
    (void)print_format_list(e->text, sizeof e->text, fmt, args);
    va_end(args);
}
