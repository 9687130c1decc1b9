#include "commands.h"
#include "exports_view.h"
#include "input.h"
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static enum baton_status
read_threads(struct exports_view *v)
{
    const char *threads = cli_option(v->c, "threads");
    v->threads = threads != NULL && strcmp(threads, "1") == 0 ? 1 : 2;
    if (threads != NULL && v->threads == 2 && strcmp(threads, "2") != 0)
        return cli_fail(v->c, BATON_USAGE, "--threads 1 or 2");
    return BATON_OK;
}

static enum baton_status
read_scope(struct exports_view *v)
{
    const char *scope = cli_option(v->c, "scope");
    char *end = NULL;
    if (scope == NULL)
        return BATON_OK;
    errno = 0;
    v->scope = strtoull(scope, &end, 10);
    if (scope[0] < '0' || scope[0] > '9' || *end != '\0' || errno != 0 || v->scope == 0)
        return cli_fail(v->c, BATON_USAGE,
                        "--scope is how many objects the connector has, from 1 up");
    return BATON_OK;
}

/* The same file a second time, under whatever name, would count everything twice. */
static enum baton_status
read_once(const struct exports_view *v, size_t first)
{
    const struct exports_file *newest = &v->file[v->file_count - 1];
    for (size_t i = first; i + 1 < v->file_count; i++)
        if (baton_hash_eq(&v->file[i].hash, &newest->hash))
            return cli_fail(
                v->c, BATON_FAILED,
                "%s is the same file as %s: its objects would count twice; name it once",
                newest->path, v->file[i].path);
    return BATON_OK;
}

/* `first`: of the files on this side. */
static enum baton_status
read_one(struct exports_view *v, struct exports *into, size_t first, const char *path)
{
    if (v->file_count == ARRAY_LEN(v->file))
        return cli_fail(v->c, BATON_USAGE, "at most %d files at once", FILES_MAX);
    struct exports_reading how = {
        .threads = v->threads, .nth = (unsigned)v->file_count, .index = v->index};
    enum baton_status rc = exports_file_read(v->c, path, &how, into, &v->file[v->file_count++]);
    return rc == BATON_OK ? read_once(v, first) : rc;
}

/* The old server's files are only held against: their own counts are nobody's question here. */
static enum baton_status
read_against(struct exports_view *v)
{
    struct exports *old = exports_new(v->index);
    const char *path;
    enum baton_status rc = old == NULL ? cli_fail(v->c, BATON_NOMEM, "exports") : BATON_OK;
    for (unsigned i = 0; rc == BATON_OK && (path = cli_option_nth(v->c, "against", i)) != NULL; i++)
        rc = read_one(v, old, 0, path);
    exports_free(&old);
    v->old_count = v->file_count;
    exports_index_second(v->index);
    return rc;
}

static enum baton_status
read_all(struct exports_view *v)
{
    enum baton_status rc = read_threads(v);
    if (rc == BATON_OK)
        rc = read_scope(v);
    if (rc == BATON_OK)
        rc = policy_read(v->c, &v->limits);
    if (rc == BATON_OK && cli_has(v->c, "against")) {
        v->index = exports_index_new();
        rc = v->index == NULL ? cli_fail(v->c, BATON_NOMEM, "exports") : read_against(v);
    }
    v->e = exports_new(v->index);
    if (rc == BATON_OK && v->e == NULL)
        rc = cli_fail(v->c, BATON_NOMEM, "exports");
    for (unsigned i = 0; rc == BATON_OK && i < v->c->args.count; i++)
        rc = read_one(v, v->e, v->old_count, cli_arg(v->c, i));
    if (rc == BATON_OK && v->index != NULL)
        exports_index_difference(v->index, &v->difference);
    if (rc == BATON_OK)
        rc = exports_judge(v->e, v->index != NULL ? &v->difference : NULL, &v->limits, v->scope,
                           &v->report);
    v->verdict = findings_verdict(&v->report.findings);
    return rc;
}

static enum baton_status
print_view(const struct exports_view *v)
{
    json_t *o;
    switch (v->c->output) {
    case OUTPUT_TABLE:
        exports_table(v);
        return BATON_OK;
    case OUTPUT_CSV:
        return exports_csv(v);
    case OUTPUT_HTML:
        return exports_html(v);
    case OUTPUT_JSON:
    case OUTPUT_JSONL:
        break;
    }
    o = exports_json(v);
    output_json(o);
    json_decref(o);
    return BATON_OK;
}

enum baton_status
cmd_exports_analyze(struct cli *c)
{
    struct exports_view *v = calloc(1, sizeof *v);
    if (v == NULL)
        return cli_fail(c, BATON_NOMEM, "exports");
    v->c = c;
    enum baton_status rc = read_all(v);
    if (rc == BATON_OK)
        rc = print_view(v);
    if (rc == BATON_OK && v->verdict != VERDICT_PASS)
        rc = cli_fail(c, v->verdict == VERDICT_BLOCK ? BATON_REFUSED : BATON_WAITING,
                      v->verdict == VERDICT_BLOCK ? "these exports must not reach the tenant"
                                                  : "a person has to look at these exports");
    exports_report_done(&v->report);
    exports_free(&v->e);
    exports_index_free(&v->index);
    free(v);
    return rc;
}
