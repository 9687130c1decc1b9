#include "baton/host.h" /* before windows.h, which makes macros of names in it */

#include "collect_wmi.h"

#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "wmi.h"

static const wchar_t engine_space[] = L"root\\MicrosoftIdentityIntegrationServer";

/* --- agents -------------------------------------------------------------------------------------- */

struct agents {
    struct agent_row row[AGENTS_MAX];
    size_t count;
};

static enum baton_status
on_agent(void *ctx, struct wmi_object *object, struct baton_err *err)
{
    struct agents *a = ctx;
    if (a->count == AGENTS_MAX)
        return baton_fail(err, BATON_LIMIT, "more than %d management agents", AGENTS_MAX);
    struct agent_row *row = &a->row[a->count++];
    wmi_property(object, L"__RELPATH", row->path, sizeof row->path);
    wmi_property(object, L"Name", row->name, sizeof row->name);
    wmi_property(object, L"Guid", row->guid, sizeof row->guid);
    wmi_property(object, L"Type", row->type, sizeof row->type);
    return BATON_OK;
}

static enum baton_status
agents_open(const struct wmi_ask *ask, struct wmi **ret_wmi, struct agents **ret_agents,
            struct baton_err *err)
{
    struct agents *a = calloc(1, sizeof *a);
    struct wmi *w = NULL;
    if (a == NULL)
        return baton_fail(err, BATON_NOMEM, "management agents");
    enum baton_status rc = wmi_open(engine_space, ask->cancel, ask->limit_ms, &w, err);
    if (rc == BATON_OK)
        rc = wmi_query(w, L"SELECT * FROM MIIS_ManagementAgent", on_agent, a, err);
    if (rc != BATON_OK) {
        wmi_close(&w);
        free(a);
        return rc;
    }
    *ret_wmi = w;
    *ret_agents = a;
    return BATON_OK;
}

static enum baton_status
give(char *text, const char *what, char **ret_text, struct baton_err *err)
{
    if (text == NULL)
        return baton_fail(err, BATON_MALFORMED, "the engine's %s cannot be written down", what);
    *ret_text = text;
    return BATON_OK;
}

enum baton_status
collect_wmi_connectors(const struct wmi_ask *ask, char **ret_text, struct baton_err *err)
{
    struct wmi *w;
    struct agents *a;
    enum baton_status rc = agents_open(ask, &w, &a, err);
    if (rc != BATON_OK)
        return rc;
    rc = give(agents_connectors(a->row, a->count), "agents", ret_text, err);
    wmi_close(&w);
    free(a);
    return rc;
}

static enum baton_status
ask_status(struct wmi *w, struct agent_row *row, struct baton_err *err)
{
    char *text = NULL;
    enum baton_status rc = wmi_call(w, row->path, "RunStatus", &text, err);
    if (rc == BATON_OK)
        text_copy(row->run_status, sizeof row->run_status, text);
    free(text);
    return rc;
}

enum baton_status
collect_wmi_status(const struct wmi_ask *ask, char **ret_text, struct baton_err *err)
{
    struct wmi *w;
    struct agents *a;
    enum baton_status rc = agents_open(ask, &w, &a, err);
    if (rc != BATON_OK)
        return rc;
    for (size_t i = 0; rc == BATON_OK && i < a->count; i++)
        rc = ask_status(w, &a->row[i], err);
    if (rc == BATON_OK)
        rc = give(agents_run_status(a->row, a->count), "run status", ret_text, err);
    wmi_close(&w);
    free(a);
    return rc;
}

static enum baton_status
statistics_of(struct wmi *w, const struct agent_row *row, char **ret_text, struct baton_err *err)
{
    char *count[AGENT_COUNTS] = {NULL};
    enum baton_status rc = BATON_OK;
    for (size_t i = 0; rc == BATON_OK && i < AGENT_COUNTS; i++)
        rc = wmi_call(w, row->path, agent_count_methods[i], &count[i], err);
    if (rc == BATON_OK)
        rc = give(agents_statistics((const char *const *)count), "counts", ret_text, err);
    for (size_t i = 0; i < AGENT_COUNTS; i++)
        free(count[i]);
    return rc;
}

static enum baton_status
no_entra(struct baton_err *err)
{
    return baton_fail(err, BATON_NOT_FOUND,
                      "the engine has no management agent for Entra: its configuration has not "
                      "ended, or the agent was renamed");
}

enum baton_status
collect_wmi_statistics(const struct wmi_ask *ask, char **ret_text, struct baton_err *err)
{
    struct wmi *w;
    struct agents *a;
    enum baton_status rc = agents_open(ask, &w, &a, err);
    if (rc != BATON_OK)
        return rc;
    const struct agent_row *entra = agents_entra(a->row, a->count);
    rc = entra == NULL ? no_entra(err) : statistics_of(w, entra, ret_text, err);
    wmi_close(&w);
    free(a);
    return rc;
}

enum baton_status
collect_wmi_agents(const struct wmi_ask *ask, size_t *ret_count, struct baton_err *err)
{
    struct wmi *w;
    struct agents *a;
    enum baton_status rc = agents_open(ask, &w, &a, err);
    if (rc != BATON_OK)
        return rc;
    *ret_count = a->count;
    wmi_close(&w);
    free(a);
    return BATON_OK;
}

enum baton_status
collect_wmi_entra(const struct wmi_ask *ask, char ret_name[NAME_BYTES], struct baton_err *err)
{
    struct wmi *w;
    struct agents *a;
    enum baton_status rc = agents_open(ask, &w, &a, err);
    if (rc != BATON_OK)
        return rc;
    const struct agent_row *entra = agents_entra(a->row, a->count);
    if (entra == NULL)
        rc = no_entra(err);
    else
        memcpy(ret_name, entra->name, NAME_BYTES);
    wmi_close(&w);
    free(a);
    return rc;
}

/* --- runs ---------------------------------------------------------------------------------------- */

struct rows {
    struct run_row *row;
    size_t count, cap;
};

static enum baton_status
on_run(void *ctx, struct wmi_object *object, struct baton_err *err)
{
    struct rows *r = ctx;
    if (r->count == r->cap) {
        size_t cap = r->cap == 0 ? 256 : r->cap * 2;
        if (cap > RUN_ROWS_MAX)
            return baton_fail(err, BATON_LIMIT, "more than %d runs in the engine's history",
                              RUN_ROWS_MAX);
        struct run_row *grown = realloc(r->row, cap * sizeof *grown);
        if (grown == NULL)
            return baton_fail(err, BATON_NOMEM, "%zu runs", cap);
        r->row = grown;
        r->cap = cap;
    }
    struct run_row *row = &r->row[r->count++];
    wmi_property(object, L"__RELPATH", row->path, sizeof row->path);
    wmi_property(object, L"MaName", row->ma_name, sizeof row->ma_name);
    wmi_property(object, L"MaGuid", row->ma_guid, sizeof row->ma_guid);
    wmi_property(object, L"RunProfile", row->profile, sizeof row->profile);
    wmi_property(object, L"RunNumber", row->number, sizeof row->number);
    wmi_property(object, L"RunStatus", row->status, sizeof row->status);
    wmi_property(object, L"RunStartTime", row->begin, sizeof row->begin);
    wmi_property(object, L"RunEndTime", row->end, sizeof row->end);
    return BATON_OK;
}

void
wmi_memory_done(struct wmi_memory *m)
{
    for (size_t i = 0; i < m->count; i++)
        free(m->run[i].text);
    m->count = 0;
}

static const char *
recall(const struct wmi_memory *m, const struct run_row *row)
{
    for (size_t i = 0; i < m->count; i++)
        if (strcmp(m->run[i].path, row->path) == 0 && strcmp(m->run[i].end, row->end) == 0)
            return m->run[i].text;
    return NULL;
}

static enum baton_status
details_of(struct wmi *w, const struct wmi_memory *m, const struct run_row *row, char **ret_text,
           struct baton_err *err)
{
    const char *known = recall(m, row);
    char *text = NULL;
    enum baton_status rc = BATON_OK;
    if (known == NULL)
        rc = wmi_call(w, row->path, "RunDetails", &text, err);
    if (rc != BATON_OK)
        return baton_wrap(err, rc, "run %s of %s", row->number, row->ma_name);
    if (known != NULL)
        text = strdup(known);
    else if (strstr(text, "<run-details") != NULL)
        (void)run_details_thin(text, strlen(text));
    else {
        free(text);
        text = run_details_of_row(row);
    }
    if (text == NULL)
        return baton_fail(err, BATON_NOMEM, "run details");
    *ret_text = text;
    return BATON_OK;
}

struct history {
    char *text;
    size_t len;
    struct wmi_memory next; /* what is worth keeping of this answer */
};

static void
remember(struct history *h, const struct run_row *row, char *text)
{
    struct wmi_memory *m = &h->next;
    if (m->count == WMI_RUNS_REMEMBERED || !run_row_is_over(row)) {
        free(text);
        return;
    }
    text_copy(m->run[m->count].path, sizeof m->run[0].path, row->path);
    text_copy(m->run[m->count].end, sizeof m->run[0].end, row->end);
    m->run[m->count++].text = text;
}

static enum baton_status
add_details(struct history *h, const struct run_row *row, char *text, struct baton_err *err)
{
    size_t n = strlen(text);
    char *grown = h->len + n + 2 > HOST_TEXT_MAX ? NULL : realloc(h->text, h->len + n + 2);
    if (grown == NULL) {
        free(text);
        return baton_fail(err, BATON_LIMIT, "the run history is longer than %d bytes",
                          HOST_TEXT_MAX);
    }
    memcpy(grown + h->len, text, n);
    memcpy(grown + h->len + n, "\n", 2);
    h->text = grown;
    h->len += n + 1;
    remember(h, row, text);
    return BATON_OK;
}

static enum baton_status
write_history(struct wmi *w, const struct rows *rows, size_t kept, const struct wmi_memory *memory,
              struct history *h, struct baton_err *err)
{
    enum baton_status rc = BATON_OK;
    for (size_t i = 0; rc == BATON_OK && i < kept; i++) {
        char *text = NULL;
        rc = details_of(w, memory, &rows->row[i], &text, err);
        if (rc == BATON_OK)
            rc = add_details(h, &rows->row[i], text, err);
    }
    if (rc == BATON_OK && h->text == NULL) /* an engine that has never run */
        rc = give(strdup("\"\""), "runs", &h->text, err);
    return rc;
}

enum baton_status
collect_wmi_runs(const struct wmi_ask *ask, struct wmi_memory *memory, char **ret_text,
                 struct baton_err *err)
{
    struct wmi *w = NULL;
    struct rows rows = {NULL, 0, 0};
    struct history *h = calloc(1, sizeof *h);
    enum baton_status rc = h == NULL ? baton_fail(err, BATON_NOMEM, "run history")
                                     : wmi_open(engine_space, ask->cancel, ask->limit_ms, &w, err);
    if (rc == BATON_OK)
        rc = wmi_query(w, L"SELECT * FROM MIIS_RunHistory", on_run, &rows, err);
    if (rc == BATON_OK)
        rc = write_history(w, &rows, run_rows_choose(rows.row, rows.count), memory, h, err);
    if (rc == BATON_OK) {
        *ret_text = h->text;
        wmi_memory_done(memory);
        *memory = h->next;
    } else if (h != NULL) {
        free(h->text);
        wmi_memory_done(&h->next);
    }
    wmi_close(&w);
    free(rows.row);
    free(h);
    return rc;
}
