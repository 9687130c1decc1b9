#include "client.h"
#include "commands.h"
#include "common/crypto/crypto.h"
#include "output.h"
#include "settings.h"

#include "baton/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct column login_columns[] = {
    {"NAME", "name", COLUMN_TEXT},         {"OPERATOR", "operator", COLUMN_TEXT},
    {"ROLES", "roles", COLUMN_TEXT},       {"TENANTS", "tenants", COLUMN_TEXT},
    {"MADE", "made_unix_ms", COLUMN_TIME}, {"EXPIRES", "expires_unix_ms", COLUMN_TIME},
};

/* --- login ------------------------------------------------------------------------------------ */

/* From --token, from the token file when it is named and there, from a pipe, or typed. */
static enum baton_status
read_token(struct cli *c, const char *token_file, char out[TOKEN_MAX])
{
    const char *file = cli_option(c, "token");
    if (file == NULL && cli_has(c, "token-file") && access(token_file, F_OK) == 0)
        file = token_file;
    if (file != NULL)
        return secret_read_file(c, file, out, TOKEN_MAX);
    if (isatty(STDIN_FILENO) == 1)
        return secret_passphrase(c, NULL, "this login (the token)", false, out);
    if (fgets(out, TOKEN_MAX, stdin) == NULL)
        return cli_fail(c, BATON_USAGE, "the token is expected on standard input");
    out[strcspn(out, "\r\n")] = '\0';
    return BATON_OK;
}

/* What is kept must mean the same from every folder. */
static enum baton_status
store_token_file(struct cli *c)
{
    const char *named = cli_option(c, "token-file");
    char here[PATH_BYTES], path[2 * PATH_BYTES];
    if (named[0] == '/' || named[0] == '~' || getcwd(here, sizeof here) == NULL)
        return settings_store(c, "controller.token-file", named);
    snprintf(path, sizeof path, "%s/%s", here, named);
    return settings_store(c, "controller.token-file", path);
}

static enum baton_status
store_login(struct cli *c)
{
    const char *named = cli_arg(c, 0);
    if (named[0] != '\0' && strncmp(named, "https://", 8) != 0)
        return cli_fail(c, BATON_USAGE, "%.60s is no https:// address; see baton login --help",
                        named);
    if (named[0] != '\0' &&
        config_set_flag(c->config, "controller.url", named, "URL", &c->err) != BATON_OK)
        return c->err.status;
    const char *url = config_text(c->config, "controller.url");
    const char *fingerprint = config_text(c->config, "controller.fingerprint");
    enum baton_status rc = settings_store(c, "controller.url", url != NULL ? url : "");
    if (rc == BATON_OK)
        rc = settings_store(c, "controller.fingerprint", fingerprint != NULL ? fingerprint : "");
    if (rc == BATON_OK && cli_has(c, "token-file"))
        rc = store_token_file(c);
    return rc;
}

/* The token is kept only once the controller has accepted it: a typing mistake must not lock out. */
enum baton_status
cmd_login_set(struct cli *c)
{
    char token[TOKEN_MAX], path[PATH_BYTES], before[TOKEN_MAX] = "";
    json_t *session;
    settings_path(config_text(c->config, "controller.token-file"), path);
    enum baton_status rc = store_login(c); /* makes the folder */
    if (rc == BATON_OK)
        rc = settings_make_folders(c, path);
    if (rc == BATON_OK)
        rc = read_token(c, path, token);
    if (rc != BATON_OK)
        return rc;
    bool had =
        access(path, F_OK) == 0 && secret_read_file(c, path, before, sizeof before) == BATON_OK;
    rc = secret_write_file(c, path, token);
    if (rc == BATON_OK)
        rc = client_get(c, &session, "/api/v1/session");
    if (rc == BATON_OK) {
        output_say(c, "logged in as %s (%s)", json_text(session, "name"),
                   json_text(session, "roles"));
        json_decref(session);
    } else if (had) {
        struct baton_err kept = c->err;
        (void)secret_write_file(c, path, before);
        c->err = kept;
    }
    crypto_wipe(token, sizeof token);
    crypto_wipe(before, sizeof before);
    return rc;
}

enum baton_status
cmd_login_show(struct cli *c)
{
    json_t *session;
    enum baton_status rc = client_get(c, &session, "/api/v1/session");
    if (rc == BATON_OK)
        rc = output_one(c, login_columns, ARRAY_LEN(login_columns), session);
    if (rc == BATON_OK)
        json_decref(session);
    return rc;
}

enum baton_status
cmd_login_list(struct cli *c)
{
    json_t *items;
    enum baton_status rc = client_list(c, "/api/v1/logins", &items);
    if (rc != BATON_OK)
        return rc;
    rc = output_list(c, login_columns, ARRAY_LEN(login_columns), items);
    json_decref(items);
    return rc;
}

/* An operator of the trust document by name, else 32 hex digits as they are. */
static enum baton_status
operator_id(struct cli *c, const char *name, char ret_id[ID_TEXT_BYTES], const char **ret_roles,
            json_t **ret_keep)
{
    json_t *items, *item;
    size_t i;
    uint8_t id[BATON_ID_BYTES];
    *ret_roles = NULL;
    *ret_keep = NULL;
    if (strlen(name) == 2 * sizeof id && baton_unhex(name, id, sizeof id)) {
        snprintf(ret_id, ID_TEXT_BYTES, "%s", name);
        return BATON_OK;
    }
    enum baton_status rc = client_list(c, "/api/v1/operators", &items);
    if (rc != BATON_OK)
        return rc;
    json_array_foreach(items, i, item) if (strcmp(json_text(item, "name"), name) == 0)
    {
        snprintf(ret_id, ID_TEXT_BYTES, "%s", json_text(item, "id"));
        *ret_roles = json_text(item, "roles");
        *ret_keep = items;
        return BATON_OK;
    }
    json_decref(items);
    return cli_fail(c, BATON_NOT_FOUND, "the trust document knows no operator %.60s; use --id",
                    name);
}

enum baton_status
cmd_login_add(struct cli *c)
{
    char id[ID_TEXT_BYTES] = "";
    const char *roles = NULL, *name = cli_arg(c, 0), *given = cli_option(c, "id");
    json_t *keep = NULL, *answer;
    enum baton_status rc = operator_id(c, given != NULL ? given : name, id, &roles, &keep);
    if (rc != BATON_OK)
        return rc;
    if (cli_option(c, "roles") != NULL)
        roles = cli_option(c, "roles");
    json_t *body = json_pack("{s:s, s:s, s:s}", "operator", id, "name", name, "roles",
                             roles != NULL ? roles : "view");
    if (cli_has(c, "tenant"))
        json_object_set_new(body, "tenant", json_string(cli_option(c, "tenant")));
    rc = client_send(c, "POST", "/api/v1/logins", body, NULL, &answer);
    json_decref(keep);
    if (rc != BATON_OK)
        return rc;
    if (cli_has(c, "save"))
        rc = secret_write_file(c, cli_option(c, "save"), json_text(answer, "token"));
    else if (c->output == OUTPUT_TABLE)
        puts(json_text(answer, "token"));
    else
        output_object(c, answer);
    json_decref(answer);
    return rc;
}

/* A login outlives its operator's name in the trust document. */
static enum baton_status
login_id(struct cli *c, const char *name, char ret_id[ID_TEXT_BYTES])
{
    json_t *items, *item;
    size_t i;
    bool found = false;
    enum baton_status rc = client_list(c, "/api/v1/logins", &items);
    if (rc != BATON_OK)
        return rc;
    json_array_foreach(items, i, item) if (strcmp(json_text(item, "name"), name) == 0)
    {
        found = true;
        snprintf(ret_id, ID_TEXT_BYTES, "%s", json_text(item, "operator"));
    }
    json_decref(items);
    return found ? BATON_OK : cli_fail(c, BATON_NOT_FOUND, "nobody named %.60s has a login", name);
}

enum baton_status
cmd_login_remove(struct cli *c)
{
    char id[ID_TEXT_BYTES], path[CLIENT_PATH_BYTES];
    const char *roles;
    json_t *keep;
    enum baton_status rc = operator_id(c, cli_arg(c, 0), id, &roles, &keep);
    json_decref(keep);
    if (rc == BATON_NOT_FOUND)
        rc = login_id(c, cli_arg(c, 0), id);
    if (rc != BATON_OK)
        return rc;
    snprintf(path, sizeof path, "/api/v1/logins/%s", id);
    return client_send(c, "DELETE", path, NULL, NULL, NULL);
}

/* --- policy, config, version ------------------------------------------------------------------- */

enum baton_status
cmd_policy_explain(struct cli *c)
{
    static const struct column columns[] = {
        {"NAME", "name", COLUMN_TEXT},     {"PRODUCTION", "production", COLUMN_TEXT},
        {"LAB", "lab", COLUMN_TEXT},       {"FLOOR", "floor", COLUMN_TEXT},
        {"SOURCE", "source", COLUMN_TEXT}, {"WHY", "why", COLUMN_TEXT},
    };
    size_t n;
    const struct policy_row *rows = policy_rows(&n);
    const char *name = cli_arg(c, 0);
    if (name[0] != '\0' && policy_find(name) == NULL)
        return cli_fail(c, BATON_NOT_FOUND, "no policy value %.60s", name);
    json_t *items = json_array();
    for (size_t i = 0; i < n; i++)
        if (name[0] == '\0' || strcmp(rows[i].name, name) == 0)
            json_array_append_new(
                items,
                json_pack("{s:s, s:I, s:I, s:I, s:s, s:s}", "name", rows[i].name, "production",
                          (json_int_t)rows[i].production, "lab", (json_int_t)rows[i].lab, "floor",
                          (json_int_t)rows[i].floor, "source", rows[i].source, "why", rows[i].why));
    enum baton_status rc = output_list(c, columns, ARRAY_LEN(columns), items);
    json_decref(items);
    return rc;
}

static void
append_setting(void *arg, const struct config_shown *shown)
{
    json_t *items = arg;
    json_array_append_new(items, json_pack("{s:s, s:s, s:s, s:s}", "name", shown->key->name,
                                           "value", shown->value, "origin", shown->origin, "what",
                                           shown->key->what));
}

enum baton_status
cmd_config_explain(struct cli *c)
{
    static const struct column columns[] = {
        {"NAME", "name", COLUMN_TEXT},
        {"VALUE", "value", COLUMN_TEXT},
        {"FROM", "origin", COLUMN_TEXT},
        {"WHAT", "what", COLUMN_TEXT},
    };
    json_t *items = json_array();
    config_each(c->config, append_setting, items);
    enum baton_status rc = output_list(c, columns, ARRAY_LEN(columns), items);
    json_decref(items);
    return rc;
}

enum baton_status
cmd_version(struct cli *c)
{
    static const struct column columns[] = {{"version", "version", COLUMN_TEXT}};
    json_t *o = json_pack("{s:s, s:s}", "program", "baton", "version", BATON_VERSION);
    enum baton_status rc = BATON_OK;
    if (c->output == OUTPUT_TABLE)
        puts("baton " BATON_VERSION);
    else
        rc = output_one(c, columns, 1, o);
    json_decref(o);
    return rc;
}
