#include "product.h"

#include <string.h>

#include "config.h"
#include "cycle.h"
#include "print.h"
#include "server.h"
#include "service.h"
#include "wizard.h"

enum { UNINSTALL_MS = 500, UPGRADE_MS = 500, LOCAL_DATABASE_OBJECTS = 100000 };

static const struct product_row rows[] = {
    {.kind = NO_PRODUCT, .class_name = "none", .version = "", .sql = "", .run_as = ""},
    {.kind = DIRSYNC,
     .class_name = "dirsync",
     .version = "1.0.6438.3",
     .sql = "express",
     .run_as = "NT AUTHORITY\\FIMSync",
     .ad_connector = "Active Directory Connector",
     .entra_connector = "Windows Azure Active Directory Connector",
     .service = {{"FIMSynchronizationService", "Forefront Identity Manager Synchronization Service",
                  true},
                 {"MSOnlineSyncScheduler", "Windows Azure Active Directory Sync Service", false}},
     .interval_ms = 3000},
    {.kind = AADSYNC,
     .class_name = "aadsync",
     .version = "1.0.494.501",
     .sql = "local",
     .run_as = "NT SERVICE\\ADSync",
     .service = {{"ADSync", "Microsoft Azure AD Sync", true}},
     .task = "Azure AD Sync Scheduler",
     .interval_ms = 3000},
    {.kind = CONNECT,
     .class_name = "connect",
     .version = "2.6.92.0",
     .sql = "local",
     .run_as = "NT SERVICE\\ADSync",
     .service = {{"ADSync", "Microsoft Entra ID Sync", true}},
     .interval_ms = 2000},
};

const struct product_row *
product_row(enum product_kind kind)
{
    BATON_ASSERT((size_t)kind < ARRAY_LEN(rows) && rows[kind].kind == kind);
    return &rows[kind];
}

const char *
product_class_name(enum product_kind kind)
{
    return product_row(kind)->class_name;
}

bool
product_kind_parse(const char *name, enum product_kind *ret_kind)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (strcmp(rows[i].class_name, name) == 0) {
            *ret_kind = rows[i].kind;
            return true;
        }
    }
    return false;
}

static void
put_services(struct server *s, const struct product_row *row)
{
    struct disk *d = &s->disk;
    d->service_count = 0;
    for (size_t i = 0; i < SERVICES_MAX && row->service[i].name != NULL; i++) {
        struct service *svc = &d->service[d->service_count++];
        *svc = (struct service){.engine = row->service[i].engine, .serial = ++s->serial};
        svc->changed_ms = s->world->wall_ms;
        print_copy(svc->name, sizeof svc->name, row->service[i].name);
        print_copy(svc->display, sizeof svc->display, row->service[i].display);
        print_copy(svc->changed_by, sizeof svc->changed_by, "Windows Installer");
    }
    d->has_task = row->task != NULL;
    d->task = (struct task){.enabled = true};
    if (d->has_task)
        print_copy(d->task.name, sizeof d->task.name, row->task);
}

void
product_install(struct server *s, enum product_kind kind)
{
    const struct product_row *row = product_row(kind);
    struct product *p = &s->disk.product;
    *p = (struct product){.kind = kind, .installed_ms = s->world->wall_ms};
    p->auto_upgrade = kind == CONNECT ? UPGRADE_ENABLED : UPGRADE_DISABLED;
    print_copy(p->version, sizeof p->version, row->version);
    bool large = kind == CONNECT && s->world->tenant.objects > LOCAL_DATABASE_OBJECTS;
    print_copy(p->sql, sizeof p->sql, large ? "full" : row->sql);
    s->disk.runs.count = 0;
    s->cycle.full = false;
    s->disk.connectors = (struct connectors){0};
    s->disk.pending = (struct pending){0};
    put_services(s, row);
    server_log(s, "MsiInstaller", 1033, "Windows Installer", "%s %s was installed.",
               row->class_name, row->version);
    server_product_event(s);
    server_judge(s);
}

enum baton_status
product_configure(struct server *s, bool staging, struct baton_err *err)
{
    struct product *p = &s->disk.product;
    p->staging = staging; /* first: the judge must never see a configured exporter in between */
    enum baton_status rc = config_install(s, err);
    if (rc != BATON_OK)
        return rc;
    p->configured = true;
    server_judge(s);
    return BATON_OK;
}

static void
uninstalled(struct server *s, uint64_t serial)
{
    if (!s->removing || serial != s->removal_serial)
        return;
    struct baton_err err;
    (void)baton_fail(&err, BATON_CONFLICT, "the product was removed from %s", s->name);
    s->removing = false;
    services_remove(s, &err);
    s->disk.product = (struct product){0};
    s->disk.connectors = (struct connectors){0};
    s->disk.runs.count = 0;
    s->disk.has_task = false;
    process_end_all(s, INSTALLER_PROCESS);
    process_end_all(s, CONSOLE_PROCESS);
    server_log(s, "MsiInstaller", 1034, "Windows Installer", "The sync product was removed.");
    server_product_event(s);
    world_answer(s->world, s->removal, NULL);
}

static void
removal_go(struct server *s)
{
    world_after(s, UNINSTALL_MS, uninstalled, s->removal_serial);
}

void
product_uninstall(struct server *s, const char *by, struct reply reply)
{
    s->removing = true;
    s->removal = reply;
    s->removal_serial = ++s->serial;
    process_start(s, INSTALLER_PROCESS, by);
    server_log(s, "MsiInstaller", 1040, by, "Beginning a removal of the sync product.");
    if (runs_current(&s->disk.runs) == NULL)
        removal_go(s);
}

void
product_run_ended(struct server *s)
{
    if (s->removing)
        removal_go(s);
}

void
product_upgrade(struct server *s, const char *version)
{
    struct product *p = &s->disk.product;
    print_copy(p->version, sizeof p->version, version);
    server_log(s, "Microsoft Entra Connect Upgrade", 300, "SYSTEM", "Upgraded to version %s.",
               version);
    struct baton_err err;
    (void)baton_fail(&err, BATON_CONFLICT, "%s was upgraded", s->name);
    cycle_power_lost(s, &err); /* the upgrade ends the engine without asking */
    services_power_lost(s, &err);
    process_end_all(s, ENGINE_PROCESS);
    server_judge(s);
    server_product_event(s);
    server_boot_services(s, UPGRADE_MS);
}

void
product_power_lost(struct server *s, const struct baton_err *why)
{
    if (!s->removing)
        return;
    s->removing = false; /* the installer rolls back */
    world_refuse(s->world, s->removal, why);
}
