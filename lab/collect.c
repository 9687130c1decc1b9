#include "collect.h"

#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "cycle.h"
#include "pending.h"
#include "prerequisites.h"
#include "print.h"
#include "product.h"
#include "service.h"

enum { ALLOWED_INTERVAL_MS = 30 * 60 * 1000, PURGE_MS = 7 * 24 * 3600 * 1000 };
enum {
    HAVE_DIRSYNC = 1 << DIRSYNC,
    HAVE_AADSYNC = 1 << AADSYNC,
    HAVE_CONNECT = 1 << CONNECT,
    HAVE_NOTHING = 1 << NO_PRODUCT,
    HAVE_PRODUCT = HAVE_DIRSYNC | HAVE_AADSYNC | HAVE_CONNECT
};

typedef json_t *collect_fn(struct server *s, struct baton_err *err);

static json_t *
scheduler(struct server *s, struct baton_err *err)
{
    (void)err;
    const struct product *p = &s->disk.product;
    uint64_t interval = (uint64_t)((double)product_row(p->kind)->interval_ms / s->world->speed);
    json_t *json = json_object();
    json_object_set_new(json, "AllowedSyncCycleInterval", print_timespan(ALLOWED_INTERVAL_MS));
    json_object_set_new(json, "CurrentlyEffectiveSyncCycleInterval", print_timespan(interval));
    json_object_set_new(json, "CustomizedSyncCycleInterval", json_null());
    json_object_set_new(json, "NextSyncCyclePolicyType",
                        json_string(s->cycle.full ? "Initial" : "Delta"));
    json_object_set_new(json, "NextSyncCycleStartTimeInUTC", print_date(s->cycle.next_ms));
    json_object_set_new(json, "PurgeRunHistoryInterval", print_timespan(PURGE_MS));
    json_object_set_new(json, "SyncCycleEnabled",
                        json_boolean(p->configured && s->world->tenant.sync_cycle_enabled));
    json_object_set_new(json, "MaintenanceEnabled", json_true());
    json_object_set_new(json, "StagingModeEnabled", json_boolean(p->staging));
    json_object_set_new(json, "SchedulerSuspended", json_boolean(s->wizard.open));
    json_object_set_new(json, "SyncCycleInProgress", json_boolean(cycle_in_progress(s)));
    return json;
}

static json_t *
connectors(struct server *s, struct baton_err *err)
{
    (void)err;
    json_t *list = json_array();
    for (size_t i = 0; i < s->disk.connectors.count; i++) {
        const struct connector *c = &s->disk.connectors.item[i];
        json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s}", "Name", c->name, "Identifier",
                                              c->id, "Type", c->type, "SubType", c->subtype));
    }
    return list;
}

static json_t *
run_status(struct server *s, struct baton_err *err)
{
    (void)err;
    const struct run *run = runs_current(&s->disk.runs);
    if (run == NULL)
        return json_array();
    return json_pack("{s:s,s:s}", "RunState", "Busy", "ConnectorName",
                     s->disk.connectors.item[run->connector].name);
}

static json_t *
statistics(struct server *s, struct baton_err *err)
{
    (void)err;
    const struct pending *p = &s->disk.pending;
    json_int_t objects = s->disk.runs.count == 0 ? 0 : (json_int_t)s->world->tenant.objects;
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "ExportAdds", (json_int_t)p->adds,
                     "ExportUpdates", (json_int_t)p->updates, "ExportDeletes",
                     (json_int_t)p->deletes, "ImportAdds", (json_int_t)0, "ImportUpdates",
                     (json_int_t)0, "ImportDeletes", (json_int_t)0, "ImportNoChange", (json_int_t)0,
                     "TotalConnectors", objects);
}

static json_t *
auto_upgrade(struct server *s, struct baton_err *err)
{
    (void)err;
    static const char *const names[] = {"Disabled", "Enabled", "Suspended"};
    return json_string(names[s->disk.product.auto_upgrade]);
}

static json_t *
configuration(struct server *s, struct baton_err *err)
{
    if (!s->disk.product.configured) {
        (void)baton_fail(err, BATON_FAILED, "the first configuration of %s has not ended", s->name);
        return NULL;
    }
    if (config_refresh(s, err) != BATON_OK)
        return NULL;
    return json_pack("{s:s}", "path", "configuration");
}

static json_t *
pending(struct server *s, struct baton_err *err)
{
    if (!s->disk.product.configured) {
        (void)baton_fail(err, BATON_FAILED,
                         "csexport is missing: the first configuration of %s has "
                         "not ended",
                         s->name);
        return NULL;
    }
    if (pending_export(s, err) != BATON_OK)
        return NULL;
    return json_pack("{s:s}", "path", "pending-export.xml");
}

const char admin_actions_source[] = "Entra Connect Admin Actions";

static json_t *
admin_actions(struct server *s, struct baton_err *err)
{
    (void)err;
    json_t *list = json_array();
    for (size_t i = s->disk.log.count; i-- > 0;) {
        const struct log_entry *e = &s->disk.log.item[i];
        if (strcmp(e->source, admin_actions_source) == 0)
            json_array_append_new(list, json_pack("{s:s,s:i,s:o,s:s}", "ProviderName", e->source,
                                                  "Id", e->id, "TimeCreated", print_date(e->at_ms),
                                                  "Message", e->text));
    }
    return list;
}

static json_t *
prerequisites(struct server *s, struct baton_err *err)
{
    (void)err;
    return prerequisites_observed(s);
}

static char *
runs(struct server *s)
{
    return runs_print(&s->disk.runs, &s->disk.connectors, &s->printed_runs);
}

static const struct row {
    const char *name;
    int have;
    bool engine; /* under the fault engine-required: fails unless the engine runs */
    collect_fn *make;
    char *(*print)(struct server *s); /* in its place */
} rows[] = {
    {"scheduler", HAVE_CONNECT, true, scheduler, NULL},
    {"global", HAVE_CONNECT | HAVE_AADSYNC, true, config_settings, NULL},
    {"connectors", HAVE_PRODUCT, true, connectors, NULL},
    {"run-status", HAVE_PRODUCT, true, run_status, NULL},
    {"runs", HAVE_PRODUCT, true, NULL, runs},
    {"statistics", HAVE_PRODUCT, true, statistics, NULL},
    {"auto-upgrade", HAVE_CONNECT, true, auto_upgrade, NULL},
    {"configuration", HAVE_PRODUCT, true, configuration, NULL},
    {"pending", HAVE_PRODUCT, true, pending, NULL},
    {"prerequisites", HAVE_PRODUCT | HAVE_NOTHING, false, prerequisites, NULL},
    {"admin-actions", HAVE_CONNECT, false, admin_actions, NULL},
};

static enum baton_status
may_collect(struct server *s, const struct row *row, struct baton_err *err)
{
    enum product_kind kind = s->disk.product.kind;
    if ((row->have >> kind & 1) == 0)
        return baton_fail(err, BATON_NOT_FOUND, "no such cmdlet on %s: %s with product %s", s->name,
                          row->name, product_class_name(kind));
    if (strcmp(s->fault.collector, "all") == 0 || strcmp(s->fault.collector, row->name) == 0)
        return baton_fail(err, BATON_FAILED, "the cmdlet behind %s failed (fault collector-error)",
                          row->name);
    if (row->engine && s->fault.engine_required && !service_engine_runs(s))
        return baton_fail(err, BATON_FAILED, "the synchronization service on %s does not run",
                          s->name);
    return BATON_OK;
}

enum baton_status
collect(struct server *s, const char *collector, char **ret_text, struct baton_err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (strcmp(rows[i].name, collector) != 0)
            continue;
        enum baton_status rc = may_collect(s, &rows[i], err);
        if (rc != BATON_OK)
            return rc;
        if (rows[i].print != NULL) {
            *ret_text = rows[i].print(s);
            return BATON_OK;
        }
        json_t *json = rows[i].make(s, err);
        if (json == NULL)
            return err->status;
        *ret_text = print_powershell(json);
        return BATON_OK;
    }
    return baton_fail(err, BATON_USAGE, "there is no collector '%.40s'", collector);
}
