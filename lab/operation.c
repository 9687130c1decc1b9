#include "operation.h"

#include <stdlib.h>
#include <string.h>

#include "collect.h"
#include "cycle.h"
#include "faults.h"
#include "operator.h"
#include "print.h"
#include "product.h"
#include "request.h"
#include "server.h"
#include "service.h"
#include "tenant.h"
#include "wizard.h"

static const char agent[] = "NT SERVICE\\BatonAgent";
static const char person[] = "CONTOSO\\anna";

static void
op_watch(struct request *r)
{
    r->effect = EFFECT_WATCH;
    request_answer(r, NULL);
}

static void
op_services(struct request *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->server->disk.service_count; i++) {
        const struct service *svc = &r->server->disk.service[i];
        const char *start = start_kind_name(svc->start);
        json_array_append_new(
            list, json_pack("{s:s,s:s,s:s,s:s,s:s,s:I,s:s}", "name", svc->name, "display",
                            svc->display, "state", service_state_name(svc->state), "start", start,
                            "start_registry", start, "changed", (json_int_t)svc->changed_ms,
                            "changed_by", svc->changed_by));
    }
    request_answer(r, json_pack("{s:o}", "services", list));
}

static struct service *
named_service(struct request *r, const char **ret_by, struct baton_err *err)
{
    const char *name;
    if (request_text(r, "name", NULL, &name, err) != BATON_OK ||
        request_by(r, agent, ret_by, err) != BATON_OK)
        return NULL;
    return service_find(r->server, name, err);
}

static void
op_service_stop(struct request *r)
{
    struct baton_err err;
    const char *by;
    struct service *svc = named_service(r, &by, &err);
    if (svc == NULL)
        request_refuse(r, &err);
    else
        service_stop(r->server, svc, by, r->reply);
}

static void
op_service_disable(struct request *r)
{
    struct baton_err err;
    const char *by;
    struct service *svc = named_service(r, &by, &err);
    if (svc != NULL)
        service_disable(r->server, svc, by);
    request_finish(r, svc == NULL ? err.status : BATON_OK, &err);
}

static void
op_service_enable(struct request *r)
{
    struct baton_err err;
    const char *by;
    struct service *svc = named_service(r, &by, &err);
    if (svc == NULL)
        request_refuse(r, &err);
    else
        service_enable(r->server, svc, by, r->reply);
}

static void
op_re_enable(struct request *r)
{
    struct server *s = r->server;
    struct baton_err err;
    const char *name, *by;
    if (request_text(r, "name", "", &name, &err) != BATON_OK ||
        request_by(r, "CONTOSO\\anna via services.msc", &by, &err) != BATON_OK ||
        (name[0] != '\0' && service_find(s, name, &err) == NULL)) {
        request_refuse(r, &err);
        return;
    }
    if (s->disk.service_count == 0) {
        (void)baton_fail(&err, BATON_NOT_FOUND, "no sync product is installed on %s", s->name);
        request_refuse(r, &err);
        return;
    }
    struct service *last = NULL;
    for (size_t i = 0; i < s->disk.service_count; i++) {
        struct service *svc = &s->disk.service[i];
        if (name[0] != '\0' && strcmp(svc->name, name) != 0)
            continue;
        if (last != NULL)
            service_enable(s, last, by, (struct reply){0});
        last = svc;
    }
    s->disk.task.enabled = true;
    service_enable(s, last, by, r->reply);
}

static void
op_tasks(struct request *r)
{
    const struct disk *d = &r->server->disk;
    json_t *list = json_array();
    if (d->has_task)
        json_array_append_new(
            list, json_pack("{s:s,s:b}", "name", d->task.name, "enabled", d->task.enabled));
    request_answer(r, json_pack("{s:o}", "tasks", list));
}

static void
task_set(struct request *r, bool enabled)
{
    struct server *s = r->server;
    struct task *task = &s->disk.task;
    struct baton_err err;
    const char *name, *by;
    enum baton_status rc = request_text(r, "name", NULL, &name, &err);
    if (rc == BATON_OK)
        rc = request_by(r, agent, &by, &err);
    if (rc == BATON_OK && (!s->disk.has_task || strcmp(task->name, name) != 0))
        rc = baton_fail(&err, BATON_NOT_FOUND, "%s has no sync task '%.63s'", s->name, name);
    if (rc == BATON_OK && task->enabled != enabled) {
        task->enabled = enabled;
        server_log(s, "Microsoft-Windows-TaskScheduler", enabled ? 140 : 142, by,
                   "The task \"%s\" was %s.", task->name, enabled ? "enabled" : "disabled");
        world_event(s, json_pack("{s:s,s:s,s:b,s:s}", "event", "task", "name", task->name,
                                 "enabled", enabled, "by", by));
    }
    request_finish(r, rc, &err);
}

static void
op_task_disable(struct request *r)
{
    task_set(r, false);
}

static void
op_task_enable(struct request *r)
{
    task_set(r, true);
}

static void
op_processes(struct request *r)
{
    const struct processes *all = &r->server->processes;
    json_t *list = json_array();
    for (size_t i = 0; i < all->count; i++)
        json_array_append_new(
            list, json_pack("{s:s,s:i,s:s,s:I}", "kind", process_kind_name(all->item[i].kind),
                            "pid", (int)all->item[i].pid, "session", all->item[i].session,
                            "started", (json_int_t)all->item[i].started_ms));
    request_answer(r, json_pack("{s:o}", "processes", list));
}

static void
op_product(struct request *r)
{
    enum { DISK_FREE = 100 };
    const struct product *p = &r->server->disk.product;
    json_int_t free_bytes = (json_int_t)DISK_FREE << 30;
    request_answer(r, json_pack("{s:b,s:s,s:s,s:s,s:I}", "present", p->kind != NO_PRODUCT, "class",
                                product_class_name(p->kind), "version", p->version, "sql", p->sql,
                                "disk_free", free_bytes));
}

static void
op_events(struct request *r)
{
    const struct log *log = &r->server->disk.log;
    json_t *list = json_array();
    for (size_t i = log->count; i-- > 0;) {
        const struct log_entry *e = &log->item[i];
        json_array_append_new(list, json_pack("{s:I,s:s,s:i,s:s,s:s}", "at", (json_int_t)e->at_ms,
                                              "source", e->source, "id", e->id, "text", e->text,
                                              "by", e->by));
    }
    request_answer(r, json_pack("{s:o}", "events", list));
}

static void
op_machine(struct request *r)
{
    const struct machine_ids *ids = &r->server->ids;
    json_t *generation =
        r->server->fault.no_generation ? json_null() : json_string(ids->generation);
    request_answer(r, json_pack("{s:s,s:o,s:s,s:s}", "boot", ids->boot, "generation", generation,
                                "guid", ids->guid, "disk", ids->disk));
}

static void
op_file(struct request *r)
{
    struct baton_err err;
    const char *name;
    if (request_text(r, "place", NULL, &name, &err) != BATON_OK) {
        request_refuse(r, &err);
        return;
    }
    for (size_t i = 0; i < PLACES; i++) {
        char path[PATH_BYTES];
        if (strcmp(place_name((enum place)i), name) != 0)
            continue;
        bool found = place_newest(r->server, (enum place)i, path, sizeof path);
        request_answer(r, json_pack("{s:o,s:s}", "path", found ? json_string(path) : json_null(),
                                    "dir", place_folder((enum place)i)));
        return;
    }
    (void)baton_fail(&err, BATON_USAGE, "there is no place '%.40s'", name);
    request_refuse(r, &err);
}

static void
op_collect(struct request *r)
{
    struct baton_err err;
    const char *name;
    char *text;
    enum baton_status rc = request_text(r, "collector", NULL, &name, &err);
    if (rc == BATON_OK)
        rc = collect(r->server, name, &text, &err);
    if (rc != BATON_OK) {
        request_refuse(r, &err);
        return;
    }
    request_answer(r, json_pack("{s:s}", "text", text));
    free(text);
}

static void
op_wizard(struct request *r)
{
    struct wizard_request request;
    struct baton_err err;
    enum baton_status rc = request_text(r, "act", NULL, &request.act, &err);
    if (rc == BATON_OK && !wizard_knows(request.act))
        rc = baton_fail(&err, BATON_USAGE, "the wizard has no act '%.40s'", request.act);
    if (rc == BATON_OK)
        rc = request_by(r, person, &request.by, &err);
    if (rc == BATON_OK)
        rc = request_flag(r, "staging", true, &request.staging, &err);
    if (rc == BATON_OK)
        rc = request_flag(r, "start", true, &request.start, &err);
    if (rc == BATON_OK)
        rc = wizard_act(r->server, &request, r->reply, &err);
    if (rc != BATON_OK)
        request_refuse(r, &err);
}

/* A window that a person opens or closes; closing ends all of its kind. */
static enum baton_status
window(struct request *r, enum process_is kind, const char *act, struct baton_err *err)
{
    const char *by;
    enum baton_status rc = request_by(r, person, &by, err);
    if (rc != BATON_OK)
        return rc;
    if (strcmp(act, "close") == 0) {
        process_end_all(r->server, kind);
        return BATON_OK;
    }
    if (strcmp(act, "open") != 0)
        return baton_fail(err, BATON_USAGE, "'%.40s' is no act here: open or close", act);
    char session[FIELD_BYTES + 16];
    print_format(session, sizeof session, "RDP-Tcp#3 %s", by);
    if (process_start(r->server, kind, session) == 0)
        return baton_fail(err, BATON_LIMIT, "%d processes run on %s", PROCESSES_MAX,
                          r->server->name);
    return BATON_OK;
}

static void
op_console(struct request *r)
{
    struct baton_err err;
    const char *act, *by;
    enum baton_status rc = request_text(r, "act", NULL, &act, &err);
    if (rc == BATON_OK && strcmp(act, "force-export") == 0) {
        rc = request_by(r, person, &by, &err);
        if (rc == BATON_OK)
            rc = cycle_force_export(r->server, by, r->reply, &err);
        if (rc != BATON_OK)
            request_refuse(r, &err);
        return;
    }
    if (rc == BATON_OK)
        rc = window(r, CONSOLE_PROCESS, act, &err);
    request_finish(r, rc, &err);
}

static void
op_shell(struct request *r)
{
    struct baton_err err;
    const char *act;
    enum baton_status rc = request_text(r, "act", NULL, &act, &err);
    if (rc == BATON_OK)
        rc = window(r, SHELL_PROCESS, act, &err);
    request_finish(r, rc, &err);
}

static void
op_uninstall(struct request *r)
{
    struct server *s = r->server;
    struct baton_err err;
    const char *by;
    enum baton_status rc = request_by(r, person, &by, &err);
    if (rc == BATON_OK && s->disk.product.kind == NO_PRODUCT)
        rc = baton_fail(&err, BATON_NOT_FOUND, "no sync product is installed on %s", s->name);
    if (rc == BATON_OK && (s->removing || s->wizard.busy))
        rc = baton_fail(&err, BATON_CONFLICT, "the product on %s is being %s", s->name,
                        s->removing ? "removed already" : "configured by the wizard");
    if (rc == BATON_OK)
        product_uninstall(s, by, r->reply);
    else
        request_refuse(r, &err);
}

static enum baton_status
set_auto_upgrade(struct product *p, const char *state, struct baton_err *err)
{
    static const char *const states[] = {"disabled", "enabled", "suspended"};
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        if (strcmp(states[i], state) == 0) {
            p->auto_upgrade = (enum upgrade_state)i;
            return BATON_OK;
        }
    }
    return baton_fail(err, BATON_USAGE,
                      "auto-upgrade is disabled, enabled or suspended, not '%.40s'", state);
}

static void
op_upgrade(struct request *r)
{
    struct server *s = r->server;
    struct baton_err err;
    const char *version, *state;
    enum baton_status rc = request_text(r, "version", "", &version, &err);
    if (rc == BATON_OK)
        rc = request_text(r, "auto", "", &state, &err);
    if (rc == BATON_OK && s->disk.product.kind != CONNECT)
        rc = baton_fail(&err, BATON_NOT_FOUND, "no Entra Connect is installed on %s", s->name);
    if (rc == BATON_OK && state[0] != '\0')
        rc = set_auto_upgrade(&s->disk.product, state, &err);
    if (rc == BATON_OK && version[0] != '\0')
        product_upgrade(s, version);
    request_finish(r, rc, &err);
}

/* Start-ADSyncSyncCycle -PolicyType Initial: what a person runs after a change of rules or scope. */
static void
op_initial_cycle(struct request *r)
{
    struct baton_err err;
    enum baton_status rc = BATON_OK;
    if (!r->server->disk.product.configured)
        rc = baton_fail(&err, BATON_NOT_FOUND, "no configured product synchronizes on %s",
                        r->server->name);
    else
        cycle_plan_full(r->server, 0);
    request_finish(r, rc, &err);
}

static void
op_pending(struct request *r)
{
    enum { MOST = 1000 * 1000 };
    struct pending *p = &r->server->disk.pending, next;
    struct baton_err err;
    enum baton_status rc = request_count(r, "adds", p->adds, MOST, &next.adds, &err);
    if (rc == BATON_OK)
        rc = request_count(r, "updates", p->updates, MOST, &next.updates, &err);
    if (rc == BATON_OK)
        rc = request_count(r, "deletes", p->deletes, MOST, &next.deletes, &err);
    if (rc == BATON_OK)
        *p = next;
    request_finish(r, rc, &err);
}

static void
op_power(struct request *r)
{
    struct server *s = r->server;
    struct baton_err err;
    const char *act;
    enum baton_status rc = request_text(r, "act", NULL, &act, &err);
    bool off = rc == BATON_OK && (strcmp(act, "off") == 0 || strcmp(act, "reboot") == 0);
    bool on = rc == BATON_OK && (strcmp(act, "on") == 0 || strcmp(act, "reboot") == 0);
    if (rc == BATON_OK && !off && !on)
        rc = baton_fail(&err, BATON_USAGE, "'%.40s' is no act of power: off, on or reboot", act);
    request_finish(r, rc, &err); /* first: losing the power drops this connection too */
    if (off)
        server_power_off(s);
    if (on)
        server_power_on(s);
}

static void
op_snapshot(struct request *r)
{
    struct baton_err err;
    request_finish(r, server_snapshot(r->server, &err), &err);
}

static void
op_revert(struct request *r)
{
    struct baton_err err;
    bool generation = true;
    enum baton_status rc = request_flag(r, "generation", true, &generation, &err);
    if (rc == BATON_OK)
        rc = server_revert(r->server, generation, &err);
    request_finish(r, rc, &err);
}

static void
op_fault(struct request *r)
{
    struct baton_err err;
    const char *kind, *value;
    char number[32];
    const json_t *given = json_object_get(r->json, "value");
    enum baton_status rc = request_text(r, "kind", NULL, &kind, &err);
    if (json_is_integer(given)) {
        print_format(number, sizeof number, "%lld", (long long)json_integer_value(given));
        value = number;
    } else if (json_is_boolean(given)) {
        value = json_is_true(given) ? "on" : "off";
    } else if (rc == BATON_OK) {
        rc = request_text(r, "value", "", &value, &err);
    }
    if (rc == BATON_OK)
        rc = fault_set(r->server, kind, value, &err);
    if (rc != BATON_OK)
        request_refuse(r, &err);
    else
        request_answer(r, json_pack("{s:o}", "faults", faults_json(r->server)));
}

static enum baton_status
allow_acts(struct server *s, const json_t *acts, struct baton_err *err)
{
    enum baton_status rc = BATON_OK;
    if (acts == NULL) {
        rc = operator_allow(s, "export-settings", err);
        return rc == BATON_OK ? operator_allow(s, "migrate", err) : rc;
    }
    for (size_t i = 0; i < json_array_size(acts) && rc == BATON_OK; i++) {
        const char *act = json_string_value(json_array_get(acts, i));
        rc = act == NULL ? baton_fail(err, BATON_USAGE, "'do' is a list of texts")
                         : operator_allow(s, act, err);
    }
    return rc;
}

static void
op_operator(struct request *r)
{
    struct baton_err err;
    bool on = false;
    const json_t *acts = json_object_get(r->json, "do");
    enum baton_status rc = request_flag(r, "auto", true, &on, &err);
    if (rc == BATON_OK && acts != NULL && !json_is_array(acts))
        rc = baton_fail(&err, BATON_USAGE, "'do' is a list of acts");
    if (rc == BATON_OK) {
        operator_stop(r->server);
        rc = on ? allow_acts(r->server, acts, &err) : BATON_OK;
    }
    if (rc == BATON_OK && on)
        operator_start(r->server);
    request_finish(r, rc, &err);
}

static void
op_state(struct request *r)
{
    const struct server *s = r->server;
    request_answer(r, json_pack("{s:b,s:s,s:s,s:b,s:b,s:b,s:b,s:b,s:o}", "powered", s->powered,
                                "class", product_class_name(s->disk.product.kind), "version",
                                s->disk.product.version, "configured", s->disk.product.configured,
                                "staging", s->disk.product.staging, "can_export",
                                server_can_export(s), "wizard", s->wizard.open, "cycle",
                                cycle_in_progress(s), "faults", faults_json(s)));
}

static void
op_exports(struct request *r)
{
    struct baton_err err;
    uint64_t from = 0;
    if (request_count(r, "from", 0, UINT32_MAX, &from, &err) != BATON_OK)
        request_refuse(r, &err);
    else
        request_answer(r, json_pack("{s:o}", "exports", tenant_exports(r->world, from)));
}

static void
op_status(struct request *r)
{
    request_answer(r, tenant_status(r->world));
}

static void
op_account(struct request *r)
{
    struct baton_err err;
    const char *name, *act, *by;
    struct server *s = NULL;
    enum baton_status rc = request_text(r, "server", NULL, &name, &err);
    if (rc == BATON_OK)
        rc = request_text(r, "act", NULL, &act, &err);
    if (rc == BATON_OK)
        rc = request_by(r, "admin@tenant", &by, &err);
    if (rc == BATON_OK && (s = world_server(r->world, name)) == NULL)
        rc = baton_fail(&err, BATON_NOT_FOUND, "there is no server '%.63s'", name);
    if (rc == BATON_OK && strcmp(act, "disable") != 0 && strcmp(act, "enable") != 0)
        rc = baton_fail(&err, BATON_USAGE, "'%.40s' is no act here: disable or enable", act);
    if (rc == BATON_OK)
        tenant_account(s, strcmp(act, "enable") == 0, by);
    request_finish(r, rc, &err);
}

/* Remove-ADSyncAADServiceAccount, run on a server with the product: the tenant forgets the account of
 * the server that is named, and the product of this one logs that it did. */
static void
op_remove_account(struct request *r)
{
    struct baton_err err;
    const char *name, *by;
    char account[PATH_BYTES];
    struct server *s = NULL;
    enum baton_status rc = request_text(r, "name", NULL, &name, &err);
    if (rc == BATON_OK)
        rc = request_by(r, person, &by, &err);
    if (rc == BATON_OK && r->server->disk.product.kind != CONNECT)
        rc = baton_fail(&err, BATON_NOT_FOUND, "no Entra Connect is installed on %s",
                        r->server->name);
    if (rc == BATON_OK && (s = world_server(r->world, name)) == NULL)
        rc = baton_fail(&err, BATON_NOT_FOUND, "there is no server '%.63s'", name);
    if (rc == BATON_OK && s != NULL) {
        tenant_account_name(s, account, sizeof account);
        if (!s->account_enabled)
            rc = baton_fail(&err, BATON_NOT_FOUND, "the tenant has no account %.120s", account);
    }
    if (rc == BATON_OK) {
        tenant_account(s, false, by);
        server_log(r->server, admin_actions_source, 2600, by, "DeleteEntraConnectorAccount: %s",
                   account);
    }
    request_finish(r, rc, &err);
}

static void
op_sync_cycle(struct request *r)
{
    struct baton_err err;
    bool enabled = true;
    enum baton_status rc = request_flag(r, "enabled", true, &enabled, &err);
    if (rc == BATON_OK)
        r->world->tenant.sync_cycle_enabled = enabled;
    request_finish(r, rc, &err);
}

enum { OF_SERVER = 1, OF_TENANT = 2, WITHOUT_POWER = 4 };

static const struct operation {
    const char *name;
    int flags;
    void (*run)(struct request *r);
} operations[] = {
    {"watch", OF_SERVER | OF_TENANT, op_watch},
    {"services", OF_SERVER, op_services},
    {"service-stop", OF_SERVER, op_service_stop},
    {"service-disable", OF_SERVER, op_service_disable},
    {"service-enable", OF_SERVER, op_service_enable},
    {"tasks", OF_SERVER, op_tasks},
    {"task-disable", OF_SERVER, op_task_disable},
    {"task-enable", OF_SERVER, op_task_enable},
    {"processes", OF_SERVER, op_processes},
    {"product", OF_SERVER, op_product},
    {"events", OF_SERVER, op_events},
    {"machine", OF_SERVER, op_machine},
    {"file", OF_SERVER, op_file},
    {"collect", OF_SERVER, op_collect},
    {"wizard", OF_SERVER, op_wizard},
    {"console", OF_SERVER, op_console},
    {"shell", OF_SERVER, op_shell},
    {"re-enable", OF_SERVER, op_re_enable},
    {"uninstall", OF_SERVER, op_uninstall},
    {"remove-account", OF_SERVER, op_remove_account},
    {"upgrade", OF_SERVER, op_upgrade},
    {"initial-cycle", OF_SERVER, op_initial_cycle},
    {"pending", OF_SERVER, op_pending},
    {"power", OF_SERVER | WITHOUT_POWER, op_power},
    {"snapshot", OF_SERVER | WITHOUT_POWER, op_snapshot},
    {"revert", OF_SERVER | WITHOUT_POWER, op_revert},
    {"fault", OF_SERVER | WITHOUT_POWER, op_fault},
    {"operator", OF_SERVER | WITHOUT_POWER, op_operator},
    {"state", OF_SERVER | WITHOUT_POWER, op_state},
    {"exports", OF_TENANT, op_exports},
    {"status", OF_TENANT, op_status},
    {"account", OF_TENANT, op_account},
    {"sync-cycle", OF_TENANT, op_sync_cycle},
};

static const struct operation *
operation_find(const char *name, bool tenant)
{
    int side = tenant ? OF_TENANT : OF_SERVER;
    for (size_t i = 0; i < ARRAY_LEN(operations); i++)
        if (strcmp(operations[i].name, name) == 0 && (operations[i].flags & side) != 0)
            return &operations[i];
    return NULL;
}

static enum baton_status
dispatch(struct request *r, struct baton_err *err)
{
    const json_t *id = json_object_get(r->json, "id");
    const char *name = json_string_value(json_object_get(r->json, "op"));
    if (!json_is_integer(id) || json_integer_value(id) < 0)
        return baton_fail(err, BATON_MALFORMED, "a request needs an 'id', a number from 0");
    r->reply.id = json_integer_value(id);
    if (name == NULL)
        return baton_fail(err, BATON_MALFORMED, "a request needs an 'op', a text");
    const struct operation *op = operation_find(name, r->server == NULL);
    if (op == NULL)
        return baton_fail(err, BATON_USAGE, "%s has no operation '%.40s'",
                          r->server == NULL ? "the tenant" : "a server", name);
    if (r->server != NULL && !r->server->powered && (op->flags & WITHOUT_POWER) == 0)
        return baton_fail(err, BATON_UNREACHABLE, "%s is powered off", r->server->name);
    op->run(r);
    return BATON_OK;
}

enum operation_effect
operation_run(struct world *w, struct server *server, uint64_t connection, const char *line,
              size_t len)
{
    json_error_t at;
    struct baton_err err;
    struct request r = {.world = w, .server = server, .reply = {connection, -1}};
    r.json = json_loadb(line, len, JSON_REJECT_DUPLICATES, &at);
    enum baton_status rc = BATON_OK;
    if (r.json == NULL)
        rc = baton_fail(&err, BATON_MALFORMED, "not a line of JSON: %s, at byte %d", at.text,
                        at.position);
    else if (!json_is_object(r.json))
        rc = baton_fail(&err, BATON_MALFORMED, "a request is one JSON object");
    else
        rc = dispatch(&r, &err);
    if (rc != BATON_OK)
        world_refuse(w, r.reply, &err);
    json_decref(r.json);
    return r.effect;
}
