#include "collect_run.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/adapters/config_dump.h"
#include "collect_prereq.h"
#include "collect_table.h"
#include "collect_wmi.h"
#include "common/disk/disk.h"
#include "common/readers/psjson.h"
#include "common/readers/run_history.h"
#include "common/text.h"
#include "engine_tool.h"
#include "powershell.h"
#include "script_answer.h"

#define DUMP_NAME    "dump" /* configuration.ps1 says it too */
#define PACK_NAME    "configuration.pack"
#define PENDING_NAME "pending-export.xml"

struct collector_host {
    char folder[ENGINE_PATH_BYTES], engine[ENGINE_PATH_BYTES];
    HANDLE cancel;
    struct host_product product; /* as discovery told */
    struct powershell powershell;
    struct wmi_memory runs;
};

struct answer {
    char *text;
    size_t len;
};

/* --- scripts ------------------------------------------------------------------------------------- */

static enum baton_status
check_json(const struct answer *a, struct baton_err *err)
{
    json_error_t why;
    json_t *root = json_loadb(a->text, a->len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &why);
    if (root == NULL)
        return baton_fail(err, BATON_MALFORMED, "PowerShell's answer is not JSON in UTF-8 (%s)",
                          why.text);
    json_decref(root);
    return BATON_OK;
}

static enum baton_status
ask_script(struct collector_host *h, enum host_collector c, uint32_t limit_ms, struct answer *a,
           struct baton_err *err)
{
    const char *word = host_collector_name(c);
    bool is_error = false;
    *a = (struct answer){NULL, 0};
    enum baton_status rc =
        powershell_ask(&h->powershell, word, limit_ms, &a->text, &a->len, &is_error, err);
    if (rc != BATON_OK)
        return baton_wrap(err, rc, "%s", word);
    rc = is_error ? script_error(a->text, a->len, word, err) : check_json(a, err);
    if (rc != BATON_OK) {
        free(a->text);
        *a = (struct answer){NULL, 0};
    }
    return rc;
}

/* --- the connector to Entra, by its identifier and never by its name ------------------------------- */

static bool
take_if_entra(const json_t *item, char ret_name[NAME_BYTES])
{
    const char *name, *guid;
    struct baton_id id;
    if (!ps_text(item, "Name", &name) || !ps_text(item, "Identifier", &guid) ||
        !baton_guid_parse(guid, &id) || !baton_id_eq(&id, &run_entra_connector) ||
        strlen(name) >= NAME_BYTES)
        return false;
    strcpy(ret_name, name); /* its length was looked at above */
    return true;
}

static enum baton_status
name_by_script(struct collector_host *h, uint32_t limit_ms, char ret_name[NAME_BYTES],
               struct baton_err *err)
{
    struct answer a;
    struct ps_list list;
    bool found = false;
    enum baton_status rc = ask_script(h, COLLECT_CONNECTORS, limit_ms, &a, err);
    if (rc != BATON_OK)
        return rc;
    rc = ps_list_read(a.text, a.len, &list, err);
    for (size_t i = 0; rc == BATON_OK && !found && i < list.count; i++)
        found = take_if_entra(ps_list_item(&list, i), ret_name);
    ps_list_done(&list);
    free(a.text);
    if (rc == BATON_OK && !found)
        rc = baton_fail(err, BATON_NOT_FOUND,
                        "this server has no connector to Entra: its first configuration has not "
                        "ended");
    return rc;
}

/* --- what leaves files --------------------------------------------------------------------------- */

static enum baton_status
path_in(const struct collector_host *h, const char *name, char out[ENGINE_PATH_BYTES],
        struct baton_err *err)
{
    int len = snprintf(out, ENGINE_PATH_BYTES, "%s\\%s", h->folder, name);
    return len > 0 && len < ENGINE_PATH_BYTES
               ? BATON_OK
               : baton_fail(err, BATON_LIMIT, "the folder's name is too long: %.200s", h->folder);
}

static enum baton_status
say_path(const char *name, struct answer *a, struct baton_err *err)
{
    char text[64];
    int len = snprintf(text, sizeof text, "{\"path\":\"%s\"}", name);
    a->text = strdup(text);
    a->len = (size_t)len;
    return a->text == NULL ? baton_fail(err, BATON_NOMEM, "answer") : BATON_OK;
}

static enum baton_status
collect_pending(struct collector_host *h, enum product product, uint32_t limit_ms, struct answer *a,
                struct baton_err *err)
{
    char name[NAME_BYTES], file[ENGINE_PATH_BYTES];
    struct wmi_ask wmi = {h->cancel, limit_ms};
    struct engine_tool tool = {h->engine, h->cancel, limit_ms};
    enum baton_status rc = path_in(h, PENDING_NAME, file, err);
    if (rc == BATON_OK)
        rc = product == PRODUCT_DIRSYNC ? collect_wmi_entra(&wmi, name, err)
                                        : name_by_script(h, limit_ms, name, err);
    if (rc == BATON_OK)
        rc = engine_csexport(&tool, name, file, err);
    return rc == BATON_OK ? say_path(PENDING_NAME, a, err) : rc;
}

static enum baton_status
leave_dump(struct collector_host *h, enum collect_source source, uint32_t limit_ms,
           const char *folder, struct baton_err *err)
{
    struct engine_tool tool = {h->engine, h->cancel, limit_ms};
    struct answer a;
    if (source == SOURCE_SVREXPORT)
        return engine_svrexport(&tool, folder, err);
    enum baton_status rc = ask_script(h, COLLECT_CONFIGURATION, limit_ms, &a, err);
    if (rc == BATON_OK)
        free(a.text);
    return rc;
}

static enum baton_status
collect_configuration(struct collector_host *h, enum collect_source source, uint32_t limit_ms,
                      struct answer *a, struct baton_err *err)
{
    char folder[ENGINE_PATH_BYTES], pack[ENGINE_PATH_BYTES];
    struct baton_err left;
    enum baton_status rc = path_in(h, DUMP_NAME, folder, err);
    if (rc == BATON_OK)
        rc = path_in(h, PACK_NAME, pack, err);
    if (rc == BATON_OK && !engine_clear(folder, err))
        rc = err->status;
    if (rc == BATON_OK)
        rc = leave_dump(h, source, limit_ms, folder, err);
    if (rc == BATON_OK)
        rc = config_dump_pack(folder, pack, &a->text, &a->len, err);
    (void)engine_clear(folder, &left); /* what stays is cleared before the next one */
    return rc;
}

/* --- the contract -------------------------------------------------------------------------------- */

enum baton_status
collector_host_open(const char *folder, struct collector_host **ret_host, struct baton_err *err)
{
    struct collector_host *h = calloc(1, sizeof *h);
    if (h == NULL)
        return baton_fail(err, BATON_NOMEM, "collectors");
    int len = snprintf(h->folder, sizeof h->folder, "%s", folder);
    h->cancel = CreateEventW(NULL, TRUE, FALSE, NULL);
    powershell_open(&h->powershell, folder, h->cancel);
    enum baton_status rc = BATON_OK;
    if (len < 0 || len > ENGINE_PATH_BYTES - 128)
        rc = baton_fail(err, BATON_LIMIT, "the folder's name is too long: %.200s", folder);
    else if (h->cancel == NULL)
        rc = win_fail(err, GetLastError(), "cannot make an event for collectors");
    else if (!disk_make_folder(folder))
        rc = baton_fail(err, BATON_IO, "cannot make folder %s: %s", folder, strerror(errno));
    else if (!disk_folder_is_closed(folder))
        rc = baton_fail(err, BATON_REFUSED,
                        "others than SYSTEM and Administrators may write %s: remove it, and the "
                        "agent makes it anew",
                        folder);
    if (rc != BATON_OK) {
        collector_host_close(&h);
        return rc;
    }
    *ret_host = h;
    return BATON_OK;
}

void
collector_host_close(struct collector_host **host)
{
    struct collector_host *h = *host;
    *host = NULL;
    if (h == NULL)
        return;
    powershell_close(&h->powershell);
    wmi_memory_done(&h->runs);
    if (h->cancel != NULL)
        CloseHandle(h->cancel);
    free(h);
}

void
collector_host_engine(struct collector_host *host, const char *engine_folder)
{
    snprintf(host->engine, sizeof host->engine, "%s", engine_folder == NULL ? "" : engine_folder);
    size_t len = strlen(host->engine);
    while (len > 0 && (host->engine[len - 1] == '\\' || host->engine[len - 1] == '/'))
        host->engine[--len] = '\0';
}

void
collector_host_product(struct collector_host *host, const struct host_product *found)
{
    host->product = *found;
}

/* The engine's agents are counted when it answers; without them the others are told all the same. */
static enum baton_status
collect_server(struct collector_host *h, enum product product, uint32_t limit_ms, struct answer *a,
               struct baton_err *err)
{
    struct wmi_ask wmi = {h->cancel, limit_ms};
    struct host_product found = h->product;
    size_t agents = 0;
    if (found.product != (uint8_t)product)
        found = (struct host_product){.sql_edition = SQL_UNKNOWN};
    found.product = (uint8_t)product;
    if (product == PRODUCT_DIRSYNC && collect_wmi_agents(&wmi, &agents, NULL) != BATON_OK)
        agents = 0;
    return collect_prereq(&found, agents, &a->text, err);
}

static enum baton_status
answer(struct collector_host *h, const struct collect_way *way, enum product product,
       uint32_t limit_ms, struct answer *a, struct baton_err *err)
{
    struct wmi_ask wmi = {h->cancel, limit_ms};
    switch ((enum collect_source)way->source) {
    case SOURCE_SCRIPT:
        return ask_script(h, (enum host_collector)way->collector, limit_ms, a, err);
    case SOURCE_SERVER:
        return collect_server(h, product, limit_ms, a, err);
    case SOURCE_WMI_CONNECTORS:
        return collect_wmi_connectors(&wmi, &a->text, err);
    case SOURCE_WMI_STATUS:
        return collect_wmi_status(&wmi, &a->text, err);
    case SOURCE_WMI_RUNS:
        return collect_wmi_runs(&wmi, &h->runs, &a->text, err);
    case SOURCE_WMI_STATISTICS:
        return collect_wmi_statistics(&wmi, &a->text, err);
    case SOURCE_SCRIPT_DUMP:
    case SOURCE_SVREXPORT:
        return collect_configuration(h, (enum collect_source)way->source, limit_ms, a, err);
    case SOURCE_CSEXPORT:
        return collect_pending(h, product, limit_ms, a, err);
    }
    return baton_fail(err, BATON_NO_RULE, "no source answers %s",
                      host_collector_name((enum host_collector)way->collector));
}

enum baton_status
collector_run(struct collector_host *host, enum host_collector collector, enum product product,
              uint32_t limit_ms, char **ret_text, size_t *ret_len, struct baton_err *err)
{
    struct answer a = {NULL, 0};
    struct baton_err own = {BATON_OK, ""};
    const struct collect_way *way = collect_way_find(collector, product, &own);
    enum baton_status rc = way == NULL ? own.status
                                       : answer(host, way, product,
                                                limit_ms == 0 ? way->limit_ms : limit_ms, &a, &own);
    ResetEvent(host->cancel);
    if (rc == BATON_OK && a.len == 0)
        a.len = strlen(a.text);
    if (rc == BATON_OK && a.len > HOST_TEXT_MAX) {
        rc = baton_fail(&own, BATON_LIMIT, "an answer of %zu bytes, at most %d are kept", a.len,
                        HOST_TEXT_MAX);
        free(a.text);
    }
    if (rc != BATON_OK)
        return baton_fail(err, rc, "%s", own.text);
    *ret_text = a.text;
    *ret_len = a.len;
    return BATON_OK;
}

void
collector_cancel(struct collector_host *host)
{
    SetEvent(host->cancel);
}

void
collector_host_idle(struct collector_host *host)
{
    powershell_rest(&host->powershell);
}

bool
collector_has(struct collector_host *host, uint32_t pid)
{
    return powershell_has(&host->powershell, pid);
}

bool
collector_place(const struct collector_host *host, enum host_place place, char *out, size_t cap)
{
    const char *name = place == PLACE_PENDING_EXPORT  ? PENDING_NAME
                       : place == PLACE_CONFIGURATION ? PACK_NAME
                                                      : NULL;
    int len = name == NULL ? -1 : snprintf(out, cap, "%s\\%s", host->folder, name);
    return len > 0 && (size_t)len < cap;
}
