#include "wizard.h"

#include <string.h>

#include "cycle.h"
#include "print.h"
#include "product.h"
#include "server.h"
#include "service.h"
#include "settings.h"

enum { INSTALL_MS = 600, CONFIGURE_MS = 400, ACT_MS = 300, SOON_MS = 100, SESSION_BYTES = 96 };

typedef enum baton_status check_fn(struct server *s, struct baton_err *err);
typedef void finish_fn(struct server *s);

struct act {
    const char *name;
    uint64_t ms;
    bool idle; /* waits until no cycle is in progress */
    check_fn *check;
    finish_fn *finish;
};

static void
close_wizard(struct server *s)
{
    s->wizard.open = false;
    process_end(s, s->wizard.pid);
    s->wizard.pid = 0;
}

static void
open_wizard(struct server *s, const char *by)
{
    char session[SESSION_BYTES];
    s->wizard.open = true;
    print_copy(s->wizard.by, sizeof s->wizard.by, by);
    print_format(session, sizeof session, "RDP-Tcp#2 %s", by);
    s->wizard.pid = process_start(s, WIZARD_PROCESS, session);
}

/* The act is over: the person closes the wizard, unless this is the one who forgets. */
static void
act_over(struct server *s)
{
    s->wizard.busy = false;
    process_end_all(s, INSTALLER_PROCESS); /* one of a failed install is still there */
    if (!s->fault.wizard_left_open)
        close_wizard(s);
}

static void
succeed(struct server *s, json_t *fields)
{
    struct reply reply = s->wizard.reply;
    s->wizard.reply = (struct reply){0};
    act_over(s);
    world_answer(s->world, reply, fields);
}

static void
fail(struct server *s, const struct baton_err *err)
{
    struct reply reply = s->wizard.reply;
    s->wizard.reply = (struct reply){0};
    act_over(s);
    world_refuse(s->world, reply, err);
}

static enum baton_status
has_product(struct server *s, struct baton_err *err)
{
    if (!s->disk.product.configured)
        return baton_fail(err, BATON_NOT_FOUND, "no sync product is installed on %s", s->name);
    return BATON_OK;
}

/* One whose first configuration was cut short may be installed over. */
static enum baton_status
has_no_product(struct server *s, struct baton_err *err)
{
    const struct product *p = &s->disk.product;
    if (p->kind != NO_PRODUCT && (p->kind != CONNECT || p->configured))
        return baton_fail(err, BATON_CONFLICT, "%s %s is installed on %s already",
                          product_class_name(s->disk.product.kind), s->disk.product.version,
                          s->name);
    return BATON_OK;
}

static enum baton_status
has_settings(struct server *s, struct baton_err *err)
{
    char relative[PATH_BYTES], path[PATH_BYTES];
    enum baton_status rc = has_no_product(s, err);
    if (rc != BATON_OK)
        return rc;
    if (!place_newest(s, SETTINGS_IMPORT, relative, sizeof relative))
        return baton_fail(err, BATON_NOT_FOUND, "no settings file in %s/%s", s->dir,
                          place_folder(SETTINGS_IMPORT));
    if (!print_format(path, sizeof path, "%s/%s", s->dir, relative))
        return baton_fail(err, BATON_LIMIT, "path too long below %s", s->name);
    return settings_check(path, err);
}

static enum baton_status
has_staging(struct server *s, bool staging, struct baton_err *err)
{
    const struct product *p = &s->disk.product;
    enum baton_status rc = has_product(s, err);
    if (rc != BATON_OK)
        return rc;
    if (p->kind != CONNECT)
        return baton_fail(err, BATON_REFUSED, "%s has no staging mode",
                          product_class_name(p->kind));
    if (!service_engine_runs(s))
        return baton_fail(err, BATON_REFUSED,
                          "the wizard cannot start: the ADSync service on %s does not run",
                          s->name);
    if (p->staging != staging)
        return baton_fail(err, BATON_CONFLICT, "staging mode is %s on %s already",
                          p->staging ? "on" : "off", s->name);
    return BATON_OK;
}

static enum baton_status
is_active(struct server *s, struct baton_err *err)
{
    return has_staging(s, false, err);
}

static enum baton_status
is_staged(struct server *s, struct baton_err *err)
{
    return has_staging(s, true, err);
}

static void
finish_export(struct server *s)
{
    char path[PATH_BYTES];
    struct baton_err err;
    if (settings_export(s, path, sizeof path, &err) != BATON_OK) {
        fail(s, &err);
        return;
    }
    place_event(s, SETTINGS_EXPORT, path);
    server_log(s, "Entra Connect Admin Actions", 2601, s->wizard.by,
               "Settings were exported to %s.", path);
    succeed(s, json_pack("{s:s}", "path", path));
}

static void
configured(struct server *s, uint64_t serial)
{
    if (serial != s->wizard.serial || !s->wizard.busy)
        return;
    struct baton_err err;
    if (product_configure(s, s->wizard.staging, &err) != BATON_OK) {
        fail(s, &err);
        return;
    }
    server_log(s, "Entra Connect Admin Actions", 2602, s->wizard.by,
               "The first configuration has ended%s.",
               s->wizard.staging ? "; the server is in staging mode" : "");
    succeed(s, NULL);
    cycle_plan_full(s, SOON_MS);
}

/* The installer has put the product on; the wizard goes on to configure it. */
static void
finish_install(struct server *s)
{
    process_end_all(s, INSTALLER_PROCESS);
    product_install(s, CONNECT);
    services_boot(s);
    s->wizard.serial = ++s->serial;
    world_after(s, CONFIGURE_MS, configured, s->wizard.serial);
}

static void
set_staging(struct server *s, bool staging)
{
    s->disk.product.staging = staging;
    server_log(s, "Entra Connect Admin Actions", 2603, s->wizard.by, "Staging mode was turned %s.",
               staging ? "on" : "off");
    server_judge(s);
    bool start = s->wizard.start;
    succeed(s, NULL);
    if (start)
        cycle_plan(s, SOON_MS);
}

static void
finish_staging_on(struct server *s)
{
    set_staging(s, true);
}

static void
finish_staging_off(struct server *s)
{
    set_staging(s, false);
}

static const struct act acts[] = {
    {"export-settings", ACT_MS, false, has_product, finish_export},
    {"install", INSTALL_MS, false, has_no_product, finish_install},
    {"migrate", INSTALL_MS, false, has_settings, finish_install},
    {"staging-on", ACT_MS, true, is_active, finish_staging_on},
    {"staging-off", ACT_MS, true, is_staged, finish_staging_off},
};

static const struct act *
act_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(acts); i++)
        if (strcmp(acts[i].name, name) == 0)
            return &acts[i];
    return NULL;
}

bool
wizard_knows(const char *act)
{
    return act_find(act) != NULL || strcmp(act, "open") == 0 || strcmp(act, "close") == 0;
}

/* The time of the act is up; the world may have changed since it began. */
static void
act_ended(struct server *s, uint64_t serial)
{
    struct wizard *z = &s->wizard;
    if (serial != z->serial || !z->busy)
        return;
    const struct act *act = &acts[z->act];
    if (act->idle && (cycle_in_progress(s) || runs_current(&s->disk.runs) != NULL)) {
        z->waiting = true;
        return;
    }
    struct baton_err err;
    if (act->check(s, &err) != BATON_OK)
        fail(s, &err);
    else
        act->finish(s);
}

void
wizard_cycle_ended(struct server *s)
{
    if (!s->wizard.waiting)
        return;
    s->wizard.waiting = false;
    act_ended(s, s->wizard.serial);
}

static enum baton_status
open_or_close(struct server *s, bool open, const char *by, struct baton_err *err)
{
    struct wizard *z = &s->wizard;
    if (open == z->open)
        return open ? baton_fail(err, BATON_CONFLICT, "the wizard on %s is open already, by %s",
                                 s->name, z->by)
                    : baton_fail(err, BATON_CONFLICT, "no wizard is open on %s", s->name);
    if (z->busy)
        return baton_fail(err, BATON_CONFLICT, "the wizard on %s is in the middle of %s", s->name,
                          acts[z->act].name);
    if (open)
        open_wizard(s, by);
    else
        close_wizard(s);
    return BATON_OK;
}

static void
begin(struct server *s, const struct act *act, const struct wizard_request *request,
      struct reply reply)
{
    struct wizard *z = &s->wizard;
    if (!z->open)
        open_wizard(s, request->by);
    if (act->finish == finish_install)
        process_start(s, INSTALLER_PROCESS, request->by);
    z->busy = true;
    z->waiting = false;
    z->act = (size_t)(act - acts);
    z->reply = reply;
    z->start = request->start;
    z->staging = request->staging || strcmp(act->name, "migrate") == 0;
    z->serial = ++s->serial;
    world_after(s, act->ms, act_ended, z->serial);
}

enum baton_status
wizard_act(struct server *s, const struct wizard_request *request, struct reply reply,
           struct baton_err *err)
{
    const struct act *act = act_find(request->act);
    if (s->removing)
        return baton_fail(err, BATON_CONFLICT, "the product is being removed from %s", s->name);
    if (act == NULL) {
        enum baton_status rc =
            open_or_close(s, strcmp(request->act, "open") == 0, request->by, err);
        if (rc == BATON_OK)
            world_answer(s->world, reply, NULL);
        return rc;
    }
    if (s->wizard.busy)
        return baton_fail(err, BATON_CONFLICT, "the wizard on %s is in the middle of %s", s->name,
                          acts[s->wizard.act].name);
    enum baton_status rc = act->check(s, err);
    if (rc == BATON_OK)
        begin(s, act, request, reply);
    return rc;
}

void
wizard_power_lost(struct server *s, const struct baton_err *why)
{
    struct reply reply = s->wizard.reply;
    s->wizard = (struct wizard){.serial = ++s->serial};
    world_refuse(s->world, reply, why);
}
