#include "client.h"

#include "common/crypto/crypto.h"
#include "output.h"
#include "settings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static enum baton_status
read_pin(struct cli *c, struct baton_hash *ret_pin)
{
    const char *text = config_text(c->config, "controller.fingerprint");
    if (text == NULL || text[0] == '\0')
        return cli_fail(c, BATON_USAGE,
                        "the controller's fingerprint is not set; baton-controller fingerprint "
                        "prints it there: baton login URL --fingerprint HEX");
    if (strncmp(text, "sha256:", 7) == 0)
        text += 7;
    if (strlen(text) != 2 * sizeof ret_pin->b || !baton_unhex(text, ret_pin->b, sizeof ret_pin->b))
        return cli_fail(c, BATON_USAGE, "the fingerprint is not 64 hex digits");
    return BATON_OK;
}

enum baton_status
client_open(struct cli *c)
{
    struct baton_hash pin;
    char token[TOKEN_MAX], path[PATH_BYTES];
    if (c->http != NULL)
        return BATON_OK;
    const char *url = config_text(c->config, "controller.url");
    if (url == NULL || url[0] == '\0')
        return cli_fail(c, BATON_USAGE, "no controller is set: baton login URL --fingerprint HEX");
    enum baton_status rc = read_pin(c, &pin);
    if (rc != BATON_OK)
        return rc;
    settings_path(config_text(c->config, "controller.token-file"), path);
    rc = secret_read_file(c, path, token, sizeof token);
    if (rc == BATON_NOT_FOUND)
        rc = cli_fail(c, rc, "no token in %s: baton login %s --fingerprint HEX --token FILE", path,
                      url);
    if (rc == BATON_OK)
        rc = http_open(url, &pin, token, &c->http, &c->err);
    crypto_wipe(token, sizeof token);
    return rc;
}

/* The status that a problem names, or what its HTTP number means without one. */
static enum baton_status
status_of(const json_t *problem, long http)
{
    const char *code = json_text(problem, "code");
    for (int s = BATON_OK + 1; s < BATON_STATUS_COUNT; s++)
        if (strcmp(baton_status_name((enum baton_status)s), code) == 0)
            return (enum baton_status)s;
    return http == 404   ? BATON_NOT_FOUND
           : http == 401 ? BATON_DENIED
           : http == 403 ? BATON_DENIED
           : http == 409 ? BATON_CONFLICT
           : http >= 500 ? BATON_UNREACHABLE
                         : BATON_FAILED;
}

enum baton_status
client_refused(struct cli *c, const struct http_answer *answer)
{
    json_decref(c->problem);
    c->problem = json_loadb(answer->body != NULL ? answer->body : "", answer->len, 0, NULL);
    const char *detail = json_text(c->problem, "detail");
    return cli_fail(c, status_of(c->problem, answer->status), "%s",
                    detail[0] != '\0' ? detail : "the controller refused without saying why");
}

static enum baton_status
perform(struct cli *c, const struct http_request *q, struct http_answer *ret_answer)
{
    enum baton_status rc = client_open(c);
    if (rc == BATON_OK)
        rc = http_send(c->http, q, ret_answer, &c->err);
    if (rc != BATON_OK)
        return rc;
    if (ret_answer->status >= 200 && ret_answer->status < 300)
        return BATON_OK;
    rc = client_refused(c, ret_answer);
    http_answer_done(ret_answer);
    return rc;
}

static enum baton_status
parse(struct cli *c, struct http_answer *answer, json_t **ret_json)
{
    *ret_json = json_loadb(answer->body, answer->len, JSON_REJECT_DUPLICATES, NULL);
    http_answer_done(answer);
    return *ret_json != NULL ? BATON_OK
                             : cli_fail(c, BATON_MALFORMED, "the controller's answer is not JSON");
}

enum baton_status
client_get_etag(struct cli *c, const char *path, json_t **ret_json, char ret_etag[64])
{
    struct http_answer answer;
    struct http_request q = {.method = "GET", .path = path};
    enum baton_status rc = perform(c, &q, &answer);
    if (rc != BATON_OK)
        return rc;
    if (ret_etag != NULL)
        snprintf(ret_etag, 64, "%s", answer.etag);
    return parse(c, &answer, ret_json);
}

enum baton_status
client_get(struct cli *c, json_t **ret_json, const char *fmt, ...)
{
    char path[CLIENT_PATH_BYTES];
    va_list args;
    va_start(args, fmt);
    vsnprintf(path, sizeof path, fmt, args);
    va_end(args);
    return client_get_etag(c, path, ret_json, NULL);
}

static enum baton_status
bytes_of(struct cli *c, const char *method, const char *path, uint8_t **ret_bytes, size_t *ret_len)
{
    struct http_answer answer;
    struct http_request q = {.method = method, .path = path};
    enum baton_status rc = perform(c, &q, &answer);
    if (rc != BATON_OK)
        return rc;
    *ret_bytes = (uint8_t *)answer.body;
    *ret_len = answer.len;
    return BATON_OK;
}

enum baton_status
client_bytes(struct cli *c, const char *path, uint8_t **ret_bytes, size_t *ret_len)
{
    return bytes_of(c, "GET", path, ret_bytes, ret_len);
}

enum baton_status
client_post_bytes(struct cli *c, const char *path, uint8_t **ret_bytes, size_t *ret_len)
{
    return bytes_of(c, "POST", path, ret_bytes, ret_len);
}

enum baton_status
client_send(struct cli *c, const char *method, const char *path, json_t *body, const char *if_match,
            json_t **ret_json)
{
    struct http_answer answer;
    struct baton_id random;
    char key[2 * BATON_ID_BYTES + 1];
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    crypto_random(random.b, sizeof random.b);
    baton_hex(random.b, sizeof random.b, key);
    struct http_request q = {.method = method,
                             .path = path,
                             .body = text,
                             .if_match = if_match != NULL && if_match[0] != '\0' ? if_match : NULL,
                             .idempotency = key};
    enum baton_status rc = perform(c, &q, &answer);
    free(text);
    if (rc != BATON_OK)
        return rc;
    if (ret_json != NULL)
        return parse(c, &answer, ret_json);
    http_answer_done(&answer);
    return BATON_OK;
}

enum baton_status
client_list(struct cli *c, const char *path, json_t **ret_items)
{
    char cursor[128] = "";
    json_t *all = json_array();
    enum baton_status rc;
    do {
        json_t *page;
        rc = client_get(c, &page, "%s%climit=500%s%s", path, strchr(path, '?') != NULL ? '&' : '?',
                        cursor[0] != '\0' ? "&cursor=" : "", cursor);
        if (rc != BATON_OK)
            break;
        json_array_extend(all, json_object_get(page, "items"));
        snprintf(cursor, sizeof cursor, "%s", json_text(page, "next"));
        json_decref(page);
    } while (cursor[0] != '\0');
    if (rc != BATON_OK) {
        json_decref(all);
        return rc;
    }
    *ret_items = all;
    return BATON_OK;
}

enum baton_status
client_tenant(struct cli *c, const char *name, char ret_guid[ID_TEXT_BYTES])
{
    struct baton_id id;
    json_t *items;
    unsigned found = 0;
    if (baton_guid_parse(name, &id)) {
        baton_guid_format(&id, ret_guid);
        return BATON_OK;
    }
    enum baton_status rc = client_list(c, "/api/v1/tenants", &items);
    if (rc != BATON_OK)
        return rc;
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item) if (strcmp(json_text(item, "name"), name) == 0)
    {
        snprintf(ret_guid, ID_TEXT_BYTES, "%s", json_text(item, "id"));
        found++;
    }
    json_decref(items);
    if (found > 1)
        return cli_fail(c, BATON_CONFLICT, "%u tenants are called %.60s: use the GUID", found,
                        name);
    return found == 1 ? BATON_OK : cli_fail(c, BATON_NOT_FOUND, "no tenant %.60s", name);
}

static bool
names_cutover(const json_t *item, const char *name)
{
    size_t len = strlen(name);
    return strcmp(json_text(item, "tenant_name"), name) == 0 ||
           strcmp(json_text(item, "tenant"), name) == 0 ||
           (len >= 4 && strncmp(json_text(item, "id"), name, len) == 0);
}

enum baton_status
client_cutover(struct cli *c, const char *name, char ret_id[ID_TEXT_BYTES])
{
    uint8_t id[BATON_ID_BYTES];
    json_t *items;
    unsigned found = 0;
    if (strlen(name) == 2 * sizeof id && baton_unhex(name, id, sizeof id)) {
        baton_hex(id, sizeof id, ret_id);
        return BATON_OK;
    }
    enum baton_status rc = client_list(c, "/api/v1/cutovers", &items);
    if (rc != BATON_OK)
        return rc;
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item) if (names_cutover(item, name))
    {
        snprintf(ret_id, ID_TEXT_BYTES, "%s", json_text(item, "id"));
        found++;
    }
    json_decref(items);
    if (found > 1)
        return cli_fail(c, BATON_CONFLICT, "%.60s means %u cutovers: type more of the id", name,
                        found);
    return found == 1 ? BATON_OK : cli_fail(c, BATON_NOT_FOUND, "no cutover %.60s", name);
}

enum baton_status
client_agent(struct cli *c, const char *tenant_guid, const char *name, json_t **ret_agent)
{
    json_t *page, *item, *match = NULL;
    size_t i, len = strlen(name);
    unsigned found = 0;
    enum baton_status rc = client_get(c, &page, "/api/v1/tenants/%s/agents", tenant_guid);
    if (rc != BATON_OK)
        return rc;
    json_array_foreach(json_object_get(page, "items"), i, item)
    {
        bool same = strcasecmp(json_text(item, "host"), name) == 0 ||
                    (len >= 4 && strncmp(json_text(item, "key"), name, len) == 0);
        if (same &&
            !(json_flag(item, "revoked") && strcasecmp(json_text(item, "host"), name) == 0)) {
            match = item;
            found++;
        }
    }
    *ret_agent = found == 1 ? json_incref(match) : NULL;
    json_decref(page);
    if (found > 1)
        return cli_fail(c, BATON_CONFLICT, "%.60s means %u agents: use the key", name, found);
    return found == 1 ? BATON_OK
                      : cli_fail(c, BATON_NOT_FOUND, "no agent %.60s in this tenant", name);
}
