#include "commands.h"
#include "common/crypto/crypto.h"
#include "common/readers/psjson.h"
#include "common/text.h"
#include "common/verify/run_merge.h"
#include "common/verify/runs.h"
#include "config_intake.h"
#include "finding_view.h"
#include "input.h"
#include "moment.h"
#include "output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUID_TEXT_BYTES = 37 };

struct runs_file {
    const char *path;
    size_t bytes, runs;
    struct baton_hash hash;
};

struct runs_view {
    struct cli *c;
    struct limits limits;
    struct runs_file file[ARGS_MAX];
    size_t file_count;
    struct run_merge merge;
    struct runs runs;
    struct runs_question q;
    struct runs_wanted wanted[RUNS_CONNECTORS_MAX];
    struct findings findings;
    enum verdict verdict;
};

/* --- json ---------------------------------------------------------------------------------------- */

static json_t *
moment_json(int64_t unix_ms)
{
    return unix_ms == 0 ? json_null() : json_integer(unix_ms);
}

static json_t *
point_json(const struct runs_point *p)
{
    return p == NULL || p->begin_unix_ms == 0
               ? json_null()
               : json_pack("{s:o, s:I, s:o}", "result", plain_json(p->result_text), "begin_unix_ms",
                           (json_int_t)p->begin_unix_ms, "end_unix_ms",
                           moment_json(p->end_unix_ms));
}

static int64_t
since(const struct runs_view *v)
{
    return v->q.changed_known ? v->q.changed_unix_ms : 0;
}

static json_t *
operation_json(const struct runs_view *v, const struct runs_connector *c, enum runs_kind kind)
{
    json_t *o = point_json(runs_decider(c, kind));
    if (json_is_null(o))
        o = json_object();
    json_object_set_new(o, "state", json_string(runs_state_name(runs_state_of(c, kind, since(v)))));
    return o;
}

static json_t *
connector_json(const struct runs_view *v, const struct runs_connector *c)
{
    char id[GUID_TEXT_BYTES];
    baton_guid_format(&c->id, id);
    return json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:I}", "id", id, "name",
                     plain_json(c->name), "kind", c->entra ? "entra" : "ad", "full_import",
                     operation_json(v, c, RUNS_FULL_IMPORT), "full_sync",
                     operation_json(v, c, RUNS_FULL_SYNC), "last_import",
                     point_json(&c->newest[RUNS_IMPORTS]), "last_sync",
                     point_json(&c->newest[RUNS_SYNCS]), "last_export",
                     point_json(&c->newest[RUNS_EXPORTS]), "unfinished", (json_int_t)c->unfinished);
}

static json_t *
connectors_json(const struct runs_view *v)
{
    json_t *list = json_array();
    for (size_t i = 0; i < v->runs.connector_count; i++)
        json_array_append_new(list, connector_json(v, &v->runs.connector[i]));
    return list;
}

static json_t *
files_json(const struct runs_view *v)
{
    json_t *list = json_array();
    for (size_t i = 0; i < v->file_count; i++) {
        char hash[2 * BATON_HASH_BYTES + 1];
        const struct runs_file *f = &v->file[i];
        baton_hex(f->hash.b, sizeof f->hash.b, hash);
        json_array_append_new(list, json_pack("{s:o, s:I, s:I, s:s}", "path", plain_json(f->path),
                                              "bytes", (json_int_t)f->bytes, "runs",
                                              (json_int_t)f->runs, "sha256", hash));
    }
    return list;
}

/* Of the connectors that count; those of a configuration need not be in the history. */
static bool
side_done(const struct runs_view *v, bool entra, enum runs_kind kind)
{
    struct baton_id id[RUNS_CONNECTORS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < v->q.wanted_count; i++)
        if (v->wanted[i].entra == entra)
            id[count++] = v->wanted[i].id;
    return runs_done(&v->runs, entra, kind, since(v), id, count);
}

static json_t *
operations_json(const struct runs_view *v)
{
    return json_pack("{s:b, s:b, s:b, s:b}", "full_import_ad",
                     side_done(v, false, RUNS_FULL_IMPORT), "full_sync_ad",
                     side_done(v, false, RUNS_FULL_SYNC), "full_import_entra",
                     side_done(v, true, RUNS_FULL_IMPORT), "full_sync_entra",
                     side_done(v, true, RUNS_FULL_SYNC));
}

static json_t *
view_json(const struct runs_view *v)
{
    json_t *findings = json_array();
    for (size_t i = 0; i < v->findings.count; i++)
        json_array_append_new(findings, finding_json(&v->findings.item[i]));
    return json_pack("{s:s, s:s, s:o, s:I, s:o, s:o, s:o, s:o, s:o}", "verdict",
                     verdict_name(v->verdict), "preset", preset_name(v->limits.preset), "files",
                     files_json(v), "runs", (json_int_t)v->runs.count, "changed_unix_ms",
                     v->q.changed_known ? moment_json(v->q.changed_unix_ms) : json_null(),
                     "fenced_since_unix_ms", moment_json(v->runs.fenced_since_unix_ms),
                     "operations", operations_json(v), "connectors", connectors_json(v), "findings",
                     findings);
}

/* --- for people ---------------------------------------------------------------------------------- */

static enum baton_status
print_connectors(const struct runs_view *v)
{
    static const struct column columns[] = {
        {"CONNECTOR", "name", COLUMN_TEXT},
        {"KIND", "kind", COLUMN_TEXT},
        {"FULL IMPORT", "full_import.state", COLUMN_TEXT},
        {"BEGUN", "full_import.begin_unix_ms", COLUMN_TIME},
        {"FULL SYNC", "full_sync.state", COLUMN_TEXT},
        {"BEGUN", "full_sync.begin_unix_ms", COLUMN_TIME},
        {"NEWEST IMPORT", "last_import.result", COLUMN_TEXT},
        {"NEWEST SYNC", "last_sync.result", COLUMN_TEXT},
        {"NEWEST EXPORT", "last_export.result", COLUMN_TEXT},
    };
    json_t *list = connectors_json(v);
    enum baton_status rc = output_list(v->c, columns, ARRAY_LEN(columns), list);
    json_decref(list);
    return rc;
}

static enum baton_status
print_table(const struct runs_view *v)
{
    char changed[32] = "nobody said when it changed";
    enum baton_status rc = print_connectors(v);
    putchar('\n');
    for (size_t i = 0; i < v->findings.count; i++)
        finding_print(v->c, &v->findings.item[i]);
    if (v->q.changed_known)
        format_time((uint64_t)v->q.changed_unix_ms, changed, sizeof changed);
    printf("%s%s%s: %llu runs, %zu connectors; configuration: %s; preset %s\n",
           paint_on(v->c, verdict_paint(v->verdict)), verdict_name(v->verdict), paint_off(v->c),
           (unsigned long long)v->runs.count, v->runs.connector_count, changed,
           preset_name(v->limits.preset));
    return rc;
}

static enum baton_status
print_view(const struct runs_view *v)
{
    switch (v->c->output) {
    case OUTPUT_TABLE:
        return print_table(v);
    case OUTPUT_CSV:
        return print_connectors(v);
    case OUTPUT_JSON:
    case OUTPUT_JSONL:
    case OUTPUT_HTML: /* refused before */
        break;
    }
    json_t *o = view_json(v);
    output_json(o);
    json_decref(o);
    return BATON_OK;
}

/* --- what is asked ------------------------------------------------------------------------------- */

static enum baton_status
moment_option(struct cli *c, const char *name, int64_t *ret_unix_ms, bool *ret_given)
{
    const char *text = cli_option(c, name);
    uint64_t unix_ms = 0;
    *ret_given = text != NULL;
    if (text == NULL)
        return BATON_OK;
    enum baton_status rc = moment_parse(text, &unix_ms, &c->err);
    *ret_unix_ms = (int64_t)unix_ms;
    return rc == BATON_OK ? BATON_OK : baton_wrap(&c->err, rc, "--%s", name);
}

static void
newer(struct runs_question *q, int64_t unix_ms)
{
    if (!q->changed_known || unix_ms > q->changed_unix_ms)
        q->changed_unix_ms = unix_ms;
    q->changed_known = true;
}

/* What is not said of one connector leaves the whole moment unsaid: that one may be the newest. */
static enum baton_status
take_connectors(struct runs_view *v, const struct config_model *m, const char *path)
{
    bool dated = true;
    int64_t newest = 0;
    for (size_t i = 0; i < m->connector_count; i++) {
        const struct config_connector *c = &m->connector[i];
        struct runs_wanted *w = &v->wanted[v->q.wanted_count];
        int64_t modified;
        if (c->kind == CONNECTOR_OTHER)
            continue;
        if (v->q.wanted_count == RUNS_CONNECTORS_MAX)
            return cli_fail(v->c, BATON_LIMIT, "%s: more than %d connectors", path,
                            RUNS_CONNECTORS_MAX);
        if (!baton_guid_parse(c->id, &w->id))
            return cli_fail(v->c, BATON_MALFORMED,
                            "%s: a connector has no identifier by which its runs could be found; "
                            "give a folder of Get-ADSyncServerConfiguration, or --after",
                            path);
        w->entra = c->kind == CONNECTOR_ENTRA;
        text_copy(w->name, sizeof w->name, c->name);
        v->q.wanted_count++;
        dated = dated && ps_text_date(c->modified, &modified);
        if (dated && modified > newest)
            newest = modified;
    }
    v->q.wanted = v->wanted;
    if (dated && newest > 0)
        newer(&v->q, newest);
    return BATON_OK;
}

static enum baton_status
read_configuration(struct runs_view *v)
{
    const char *path = cli_option(v->c, "configuration");
    struct config_model *m = NULL;
    if (path == NULL)
        return BATON_OK;
    enum baton_status rc = config_intake(v->c, path, &m);
    if (rc == BATON_OK)
        rc = take_connectors(v, m, path);
    config_model_free(&m);
    return rc;
}

static enum baton_status
read_question(struct runs_view *v)
{
    int64_t after = 0, fenced = 0;
    bool given, fence_given;
    enum baton_status rc = policy_read(v->c, &v->limits);
    if (rc == BATON_OK)
        rc = moment_option(v->c, "after", &after, &given);
    if (rc == BATON_OK)
        rc = moment_option(v->c, "fenced-since", &fenced, &fence_given);
    if (rc == BATON_OK)
        rc = read_configuration(v);
    if (rc != BATON_OK)
        return rc;
    if (given)
        newer(&v->q, after);
    runs_init(&v->runs, fenced);
    return BATON_OK;
}

/* --- files --------------------------------------------------------------------------------------- */

static enum baton_status
read_file(struct runs_view *v, const char *path)
{
    struct runs_file *f = &v->file[v->file_count++];
    struct baton_err err = {0};
    char *text;
    size_t before = v->merge.count;
    *f = (struct runs_file){.path = path};
    enum baton_status rc = input_read(v->c, path, PSJSON_BYTES_MAX, &text, &f->bytes);
    if (rc == BATON_LIMIT)
        return cli_fail(v->c, BATON_FAILED,
                        "%s has more than %d bytes: ask for fewer runs at once, "
                        "Get-ADSyncRunProfileResult -ConnectorId or -NumberRequested, and name "
                        "all the files",
                        path, PSJSON_BYTES_MAX);
    if (rc != BATON_OK) /* whatever was wrong with it: no verdict */
        return v->c->err.status = BATON_FAILED;
    const struct digest_port *digest = crypto_digest_port();
    digest->sha256(digest->ctx, text, f->bytes, &f->hash);
    rc = run_history_read(text, f->bytes, run_merge_add, &v->merge, &err);
    free(text);
    f->runs = v->merge.count - before;
    if (rc != BATON_OK)
        return cli_fail(v->c, BATON_FAILED,
                        "%s: %s; %zu runs were read before that. Expected is a whole run history: "
                        "Get-ADSyncRunProfileResult -RunStepDetails | ConvertTo-Json -Depth 5, or "
                        "run-history XML of MIIS_RunHistory",
                        path, err.text, f->runs);
    return BATON_OK;
}

static void
take(void *arg, const struct run_record *run)
{
    (void)runs_take(arg, run); /* one connector too many shows in the judgement */
}

static enum baton_status
read_all(struct runs_view *v)
{
    enum baton_status rc = read_question(v);
    for (unsigned i = 0; rc == BATON_OK && i < v->c->args.count; i++)
        rc = read_file(v, cli_arg(v->c, i));
    if (rc != BATON_OK)
        return rc;
    rc = run_merge_visit(&v->merge, take, &v->runs);
    if (rc == BATON_OK)
        rc = runs_judge(&v->runs, &v->q, &v->limits, &v->findings);
    if (rc != BATON_OK)
        return cli_fail(v->c, rc,
                        "the run history cannot be judged: %s; at most %d runs of %d "
                        "connectors of one server are",
                        baton_status_text(rc), RUN_MERGE_MAX, RUNS_CONNECTORS_MAX);
    v->verdict = findings_verdict(&v->findings);
    return BATON_OK;
}

enum baton_status
cmd_runs_check(struct cli *c)
{
    struct runs_view *v = calloc(1, sizeof *v);
    if (v == NULL)
        return cli_fail(c, BATON_NOMEM, "runs check");
    v->c = c;
    enum baton_status rc = read_all(v);
    if (rc == BATON_OK)
        rc = print_view(v);
    if (rc == BATON_OK && v->verdict != VERDICT_PASS)
        rc = cli_fail(c, v->verdict == VERDICT_BLOCK ? BATON_REFUSED : BATON_WAITING,
                      v->verdict == VERDICT_BLOCK
                          ? "this server is not ready, or did what it must not"
                          : "a person has to look at these runs");
    findings_done(&v->findings);
    run_merge_done(&v->merge);
    free(v);
    return rc;
}
