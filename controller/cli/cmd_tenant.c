#include "client.h"
#include "commands.h"
#include "live.h"
#include "moment.h"
#include "output.h"

#include "baton/policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct column tenant_columns[] = {
    {"NAME", "name", COLUMN_TEXT},
    {"ID", "id", COLUMN_TEXT},
    {"EXPORTS", "holder.host", COLUMN_TEXT},
    {"EPOCH", "epoch.counter", COLUMN_TEXT},
    {"AGENTS", "agents", COLUMN_TEXT},
    {"CONNECTED", "connected", COLUMN_TEXT},
    {"STATE", "state.code", COLUMN_TEXT},
    {"TITLE", "state.title", COLUMN_TEXT},
    {"LAB", "lab", COLUMN_YES},
};

static enum baton_status
list_once(struct cli *c)
{
    json_t *items;
    enum baton_status rc = client_list(c, "/api/v1/tenants", &items);
    if (rc != BATON_OK)
        return rc;
    rc = output_list(c, tenant_columns, ARRAY_LEN(tenant_columns), items);
    json_decref(items);
    return rc;
}

enum baton_status
cmd_tenant_list(struct cli *c)
{
    return cli_has(c, "watch") ? live_watch(c, list_once, "") : list_once(c);
}

/* The values of every --set NAME=VALUE. */
static enum baton_status
read_sets(struct cli *c, json_t *policy)
{
    const char *text;
    for (unsigned i = 0; (text = cli_option_nth(c, "set", i)) != NULL; i++) {
        char name[64], *end;
        const char *equals = strchr(text, '=');
        snprintf(name, sizeof name, "%.*s", (int)(equals != NULL ? equals - text : 0), text);
        errno = 0;
        long long value = equals != NULL ? strtoll(equals + 1, &end, 10) : 0;
        if (equals == NULL || end == equals + 1 || *end != '\0' || errno != 0)
            return cli_fail(c, BATON_USAGE, "--set %.60s: NAME=NUMBER is expected", text);
        if (policy_find(name) == NULL)
            return cli_fail(c, BATON_USAGE, "no policy value %s; see baton policy explain", name);
        json_object_set_new(policy, name, json_integer(value));
    }
    return BATON_OK;
}

enum baton_status
cmd_tenant_create(struct cli *c)
{
    struct baton_id id;
    if (!baton_guid_parse(cli_arg(c, 0), &id))
        return baton_fail(&c->err, BATON_USAGE, "'%.64s' is no GUID: the Entra tenant's id is one",
                          cli_arg(c, 0));
    json_t *policy = json_object();
    enum baton_status rc = read_sets(c, policy);
    if (rc != BATON_OK) {
        json_decref(policy);
        return rc;
    }
    json_t *body = json_pack("{s:s, s:s, s:b, s:o}", "id", cli_arg(c, 0), "name", cli_arg(c, 1),
                             "lab", (int)cli_has(c, "lab"), "policy", policy);
    rc = client_send(c, "POST", "/api/v1/tenants", body, NULL, NULL);
    if (rc == BATON_OK)
        output_say(c, "tenant %s is known; next: baton agent token %s HOST --role old",
                   cli_arg(c, 1), cli_arg(c, 1));
    return rc;
}

static enum baton_status
show_once(struct cli *c)
{
    char guid[ID_TEXT_BYTES];
    json_t *tenant;
    enum baton_status rc = client_tenant(c, cli_arg(c, 0), guid);
    if (rc == BATON_OK)
        rc = client_get(c, &tenant, "/api/v1/tenants/%s", guid);
    if (rc != BATON_OK)
        return rc;
    rc = output_one(c, tenant_columns, ARRAY_LEN(tenant_columns), tenant);
    json_decref(tenant);
    return rc;
}

enum baton_status
cmd_tenant_show(struct cli *c)
{
    return cli_has(c, "watch") ? live_watch(c, show_once, "") : show_once(c);
}

enum baton_status
cmd_tenant_policy(struct cli *c)
{
    static const struct column columns[] = {
        {"NAME", "name", COLUMN_TEXT},   {"VALUE", "value", COLUMN_TEXT},
        {"FROM", "origin", COLUMN_TEXT}, {"DEFAULT", "default", COLUMN_TEXT},
        {"FLOOR", "floor", COLUMN_TEXT}, {"SOURCE", "source", COLUMN_TEXT},
    };
    char guid[ID_TEXT_BYTES];
    json_t *page;
    enum baton_status rc = client_tenant(c, cli_arg(c, 0), guid);
    if (rc == BATON_OK)
        rc = client_get(c, &page, "/api/v1/tenants/%s/policy", guid);
    if (rc != BATON_OK)
        return rc;
    rc = output_list(c, columns, ARRAY_LEN(columns), json_object_get(page, "items"));
    json_decref(page);
    return rc;
}

enum baton_status
cmd_tenant_set(struct cli *c)
{
    char guid[ID_TEXT_BYTES], path[CLIENT_PATH_BYTES];
    json_t *policy = json_object();
    enum baton_status rc = read_sets(c, policy);
    if (rc == BATON_OK && json_object_size(policy) == 0)
        rc = cli_fail(c, BATON_USAGE, "--set NAME=VALUE is needed");
    if (rc == BATON_OK)
        rc = client_tenant(c, cli_arg(c, 0), guid);
    if (rc != BATON_OK) {
        json_decref(policy);
        return rc;
    }
    snprintf(path, sizeof path, "/api/v1/tenants/%s/policy", guid);
    return client_send(c, "PATCH", path, json_pack("{s:o}", "policy", policy), NULL, NULL);
}

/* --- the cutover window ------------------------------------------------------------------------ */

static void
window_state(uint64_t from_ms, uint64_t until_ms, char out[64])
{
    uint64_t now = (uint64_t)time(NULL) * 1000;
    char span[32];
    if (until_ms == 0) {
        snprintf(out, 64, "none: any time will do");
    } else if (now < from_ms) {
        format_duration(from_ms - now, span, sizeof span);
        snprintf(out, 64, "opens in %s", span);
    } else if (now < until_ms) {
        format_duration(until_ms - now, span, sizeof span);
        snprintf(out, 64, "open for %s", span);
    } else {
        snprintf(out, 64, "over: a cutover waits until another is set");
    }
}

static enum baton_status
window_show(struct cli *c, const char *guid)
{
    static const struct column columns[] = {{"TENANT", "name", COLUMN_TEXT},
                                            {"FROM", "window.from_unix_ms", COLUMN_TIME},
                                            {"UNTIL", "window.until_unix_ms", COLUMN_TIME},
                                            {"STATE", "state", COLUMN_TEXT}};
    json_t *tenant;
    char state[64];
    enum baton_status rc = client_get(c, &tenant, "/api/v1/tenants/%s", guid);
    if (rc != BATON_OK)
        return rc;
    window_state((uint64_t)json_number(tenant, "window.from_unix_ms"),
                 (uint64_t)json_number(tenant, "window.until_unix_ms"), state);
    json_t *o = json_pack("{s:s, s:O, s:s}", "name", json_text(tenant, "name"), "window",
                          json_object_get(tenant, "window"), "state", state);
    rc = output_one(c, columns, ARRAY_LEN(columns), o);
    json_decref(o);
    json_decref(tenant);
    return rc;
}

static enum baton_status
window_set(struct cli *c, const char *path)
{
    uint64_t from_ms, until_ms;
    const char *from = cli_option(c, "from"), *until = cli_option(c, "until");
    if (from == NULL || until == NULL)
        return cli_fail(c, BATON_USAGE, "--from TIME and --until TIME are needed");
    enum baton_status rc = moment_parse(from, &from_ms, &c->err);
    if (rc == BATON_OK)
        rc = moment_parse(until, &until_ms, &c->err);
    if (rc != BATON_OK)
        return rc;
    return client_send(c, "PUT", path,
                       json_pack("{s:I, s:I}", "from_unix_ms", (json_int_t)from_ms, "until_unix_ms",
                                 (json_int_t)until_ms),
                       NULL, NULL);
}

enum baton_status
cmd_tenant_window(struct cli *c)
{
    char guid[ID_TEXT_BYTES], path[CLIENT_PATH_BYTES];
    const char *what = cli_arg(c, 0);
    bool set = strcmp(what, "set") == 0, clear = strcmp(what, "clear") == 0;
    if (!set && !clear && strcmp(what, "show") != 0)
        return cli_fail(c, BATON_USAGE, "baton tenant window has set, clear and show, not %.40s",
                        what);
    if (!set && (cli_has(c, "from") || cli_has(c, "until")))
        return cli_fail(c, BATON_USAGE, "--from and --until go with set");
    enum baton_status rc = client_tenant(c, cli_arg(c, 1), guid);
    if (rc != BATON_OK)
        return rc;
    snprintf(path, sizeof path, "/api/v1/tenants/%s/window", guid);
    if (set)
        rc = window_set(c, path);
    else if (clear)
        rc = client_send(c, "DELETE", path, NULL, NULL, NULL);
    return rc == BATON_OK ? window_show(c, guid) : rc;
}
