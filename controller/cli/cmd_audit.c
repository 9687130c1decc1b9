#include "client.h"
#include "commands.h"
#include "live.h"
#include "output.h"

#include <stdio.h>
#include <string.h>

static const struct column audit_columns[] = {
    {"SEQ", "seq", COLUMN_TEXT},
    {"TIME", "unix_ms", COLUMN_TIME},
    {"TYPE", "type", COLUMN_TEXT},
    {"RULE", "rule", COLUMN_TEXT},
    {"FROM", "from", COLUMN_TEXT},
    {"TO", "to", COLUMN_TEXT},
    {"EPOCH", "epoch.counter", COLUMN_TEXT},
    {"ACTOR", "actor", COLUMN_SHORT},
    {"TEXT", "text", COLUMN_TEXT},
};

static enum baton_status
list_once(struct cli *c)
{
    char path[CLIENT_PATH_BYTES] = "/api/v1/audit", guid[ID_TEXT_BYTES];
    json_t *page = NULL, *items = NULL;
    const char *after = cli_option(c, "after");
    enum baton_status rc = BATON_OK;
    if (cli_has(c, "tenant")) {
        rc = client_tenant(c, cli_option(c, "tenant"), guid);
        snprintf(path, sizeof path, "/api/v1/audit?tenant=%s", guid);
    }
    if (rc == BATON_OK && after != NULL) { /* one page from there, as a cursor */
        rc = client_get(c, &page, "%s%climit=500&cursor=%.20s", path,
                        strchr(path, '?') != NULL ? '&' : '?', after);
        items = rc == BATON_OK ? json_incref(json_object_get(page, "items")) : NULL;
        json_decref(page);
    } else if (rc == BATON_OK) {
        rc = client_list(c, path, &items);
    }
    if (rc != BATON_OK)
        return rc;
    rc = output_list(c, audit_columns, ARRAY_LEN(audit_columns), items);
    json_decref(items);
    return rc;
}

enum baton_status
cmd_audit_list(struct cli *c)
{
    char query[80] = "", guid[ID_TEXT_BYTES];
    if (!cli_has(c, "watch"))
        return list_once(c);
    enum baton_status rc = BATON_OK;
    if (cli_has(c, "tenant")) {
        rc = client_tenant(c, cli_option(c, "tenant"), guid);
        snprintf(query, sizeof query, "tenant=%s", guid);
    }
    return rc == BATON_OK ? live_watch(c, list_once, query) : rc;
}
