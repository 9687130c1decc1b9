#include "operator.h"

#include <string.h>

#include "server.h"
#include "wizard.h"

enum { LOOK_MS = 250 };

static const char person[] = "CONTOSO\\olga";

static void
act(struct server *s, const char *name)
{
    struct wizard_request request = {.act = name, .by = person, .staging = true, .start = true};
    struct baton_err err;
    enum baton_status rc = wizard_act(s, &request, (struct reply){0}, &err);
    if (rc != BATON_OK) /* a damaged settings file, say: the person sees it and tries again */
        world_event(
            s, json_pack("{s:s,s:s,s:s}", "event", "operator", "act", name, "error", err.text));
}

static void
look(struct server *s, uint64_t serial)
{
    struct operator_acts *o = &s->operator_acts;
    char path[PATH_BYTES];
    if (serial != o->serial)
        return;
    world_after(s, LOOK_MS, look, serial);
    if (!s->powered || s->wizard.busy || s->removing)
        return;
    bool installed = s->disk.product.kind != NO_PRODUCT;
    if (o->export_settings && s->disk.product.given && !o->exported &&
        !place_newest(s, SETTINGS_EXPORT, path, sizeof path)) {
        o->exported = true;
        act(s, "export-settings");
    }
    if (o->migrate && !installed && place_newest(s, SETTINGS_IMPORT, path, sizeof path))
        act(s, "migrate");
}

enum baton_status
operator_allow(struct server *s, const char *act_name, struct baton_err *err)
{
    struct operator_acts *o = &s->operator_acts;
    if (strcmp(act_name, "export-settings") == 0)
        o->export_settings = true;
    else if (strcmp(act_name, "migrate") == 0)
        o->migrate = true;
    else
        return baton_fail(err, BATON_USAGE,
                          "the automatic operator does export-settings and migrate; '%.40s' is a "
                          "person's answer to a task: use op wizard or uninstall",
                          act_name);
    return BATON_OK;
}

void
operator_start(struct server *s)
{
    s->operator_acts.exported = false;
    s->operator_acts.serial = ++s->serial;
    world_after(s, LOOK_MS, look, s->operator_acts.serial);
}

void
operator_stop(struct server *s)
{
    s->operator_acts = (struct operator_acts){.serial = ++s->serial};
}
