#include "commands.h"
#include "common/text.h"
#include "common/verify/report_html.h"
#include "exports_files.h"
#include "finding_view.h"
#include "input.h"
#include "output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 64, POLICY_ROWS_SHOWN = 12 };

struct exports_view {
    struct cli *c;
    struct exports *e;
    struct exports_index *index; /* NULL: nothing to hold it against */
    struct exports_difference difference;
    struct exports_file file[2 * FILES_MAX];
    size_t file_count, old_count; /* the first old_count files are those of --against */
    struct limits limits;
    uint64_t scope;
    unsigned threads;
    struct exports_report report;
    enum verdict verdict;
};

/* --- json ---------------------------------------------------------------------------------------- */

static json_t *
number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *
files_json(const struct exports_view *v)
{
    json_t *files = json_array();
    for (size_t i = 0; i < v->file_count; i++) {
        const struct exports_file *f = &v->file[i];
        char hash[2 * BATON_HASH_BYTES + 1];
        baton_hex(f->hash.b, sizeof f->hash.b, hash);
        json_t *o = json_pack("{s:o, s:s, s:s, s:o, s:o, s:s}", "path", plain_json(f->path),
                              "encoding", f->encoding, "packed", f->packed, "bytes",
                              number(f->bytes), "objects", number(f->objects), "sha256", hash);
        json_object_set_new(o, "side", json_string(i < v->old_count ? "against" : "new"));
        json_array_append_new(files, o);
    }
    return files;
}

static json_t *
totals_json(const struct exports_totals *t)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "objects", number(t->objects),
                     "adds", number(t->adds), "updates", number(t->updates), "deletes",
                     number(t->deletes), "renames", number(t->renames), "delete_adds",
                     number(t->delete_adds), "none", number(t->none), "unknown",
                     number(t->unknown));
}

static json_t *
type_json(const struct exports_totals *t)
{
    return json_pack("{s:o, s:o, s:o}", "adds", number(t->adds), "updates", number(t->updates),
                     "deletes", number(t->deletes));
}

/* Each with what is pending towards it, and that by object type. */
static json_t *
connectors_json(const struct exports *e)
{
    json_t *connectors = json_array();
    for (size_t i = 0; i < exports_connector_count(e); i++) {
        const struct exports_connector *c = exports_connector(e, i);
        json_t *o = json_pack("{s:s, s:s, s:o}", "id", c->id, "name", c->name, "totals",
                              totals_json(&c->totals)),
               *types = json_object();
        for (size_t t = 0; t < exports_type_count(e); t++) {
            const struct exports_totals *of_type = &c->of_type[exports_type_place(e, t)];
            if (of_type->objects > 0)
                (void)json_object_set_new(types, exports_type(e, t)->name, type_json(of_type));
        }
        json_object_set_new(o, "object_types", types);
        json_array_append_new(connectors, o);
    }
    return connectors;
}

static json_t *
types_json(const struct exports *e)
{
    json_t *types = json_object();
    for (size_t i = 0; i < exports_type_count(e); i++) {
        const struct exports_type *t = exports_type(e, i);
        (void)json_object_set_new(types, t->name, type_json(&t->totals));
    }
    return types;
}

static json_t *
attributes_json(const struct exports *e)
{
    json_t *attributes = json_object();
    for (size_t i = 0; i < exports_attribute_count(e); i++) {
        const struct exports_attribute *a = exports_attribute(e, i);
        (void)json_object_set_new(attributes, a->name,
                                  json_pack("{s:o, s:o, s:o, s:o, s:o}", "set", number(a->set),
                                            "changed", number(a->changed), "cleared",
                                            number(a->cleared), "value_adds", number(a->value_adds),
                                            "value_removes", number(a->value_removes)));
    }
    return attributes;
}

static json_t *
findings_json(const struct exports_view *v)
{
    json_t *findings = json_array();
    for (size_t i = 0; i < v->report.findings.count; i++) {
        const struct finding *f = &v->report.findings.item[i];
        const struct exports_samples *s = &v->report.samples[i];
        json_t *samples = json_array(), *people = json_object(), *o = finding_json(f);
        for (size_t k = 0; k < s->count; k++) {
            json_array_append_new(samples, plain_json(s->text[k]));
            if (s->person[k][0] != '\0')
                json_object_set_new(people, s->text[k], plain_json(s->person[k]));
        }
        json_object_set_new(o, "samples", samples);
        json_object_set_new(o, "named", people);
        json_array_append_new(findings, o);
    }
    return findings;
}

static json_t *
view_json(const struct exports_view *v)
{
    json_t *o = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "verdict",
                          verdict_name(v->verdict), "preset", preset_name(v->limits.preset),
                          "files", files_json(v), "totals", totals_json(exports_totals(v->e)),
                          "connectors", connectors_json(v->e), "object_types", types_json(v->e),
                          "attributes", attributes_json(v->e), "findings", findings_json(v));
    if (v->index != NULL)
        json_object_set_new(
            o, "against",
            json_pack("{s:o, s:o, s:o, s:o}", "only_old", number(v->difference.only_old),
                      "only_new", number(v->difference.only_new), "equal",
                      number(v->difference.equal), "different", number(v->difference.different)));
    return o;
}

/* --- for people ---------------------------------------------------------------------------------- */

static void
print_connector(const struct exports *e, const struct exports_connector *c)
{
    printf("towards %s:\n", c->name[0] != '\0' ? c->name
                            : c->id[0] != '\0' ? c->id
                                               : "a connector that the file does not name");
    for (size_t i = 0; i < exports_type_count(e); i++) {
        const struct exports_totals *t = &c->of_type[exports_type_place(e, i)];
        if (t->objects > t->none)
            printf("  %-16s %8" PRIu64 " adds %8" PRIu64 " updates %8" PRIu64 " deletes\n",
                   exports_type(e, i)->name, t->adds, t->updates, t->deletes);
    }
}

static void
print_totals(const struct exports_view *v)
{
    const struct exports_totals *t = exports_totals(v->e);
    printf("%" PRIu64 " objects in %zu file%s: %" PRIu64 " adds, %" PRIu64 " updates, %" PRIu64
           " deletes, %" PRIu64 " renames, %" PRIu64 " made again; %" PRIu64
           " with nothing pending\n",
           t->objects, v->file_count - v->old_count, v->file_count - v->old_count == 1 ? "" : "s",
           t->adds, t->updates, t->deletes, t->renames, t->delete_adds, t->none);
    for (size_t i = 0; i < exports_connector_count(v->e); i++)
        print_connector(v->e, exports_connector(v->e, i));
    if (v->index != NULL)
        printf("against the old server: %" PRIu64 " equal, %" PRIu64 " different, %" PRIu64
               " only old, %" PRIu64 " only new\n",
               v->difference.equal, v->difference.different, v->difference.only_old,
               v->difference.only_new);
    putchar('\n');
}

struct touched {
    const struct exports_attribute *attribute;
};

static int
by_touch(const void *a, const void *b)
{
    const struct exports_attribute *x = ((const struct touched *)a)->attribute,
                                   *y = ((const struct touched *)b)->attribute;
    uint64_t nx = x->changed + x->cleared, ny = y->changed + y->cleared;
    return nx == ny ? strcmp(x->name, y->name) : nx < ny ? 1 : -1;
}

static void
print_attributes(const struct exports_view *v)
{
    struct touched order[EXPORTS_ATTRIBUTES_MAX];
    size_t count = exports_attribute_count(v->e);
    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++)
        order[i].attribute = exports_attribute(v->e, i);
    qsort(order, count, sizeof *order, by_touch);
    printf("%-28s %9s %9s %9s %9s %9s\n", "ATTRIBUTE", "SET", "CHANGED", "CLEARED", "VALUES +",
           "VALUES -");
    for (size_t i = 0; i < count && i < POLICY_ROWS_SHOWN; i++)
        printf("%-28.28s %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 "\n",
               order[i].attribute->name, order[i].attribute->set, order[i].attribute->changed,
               order[i].attribute->cleared, order[i].attribute->value_adds,
               order[i].attribute->value_removes);
    if (count > POLICY_ROWS_SHOWN)
        printf("and %zu more: --output csv lists all\n", count - POLICY_ROWS_SHOWN);
    putchar('\n');
}

static void
print_finding(const struct exports_view *v, size_t i)
{
    const struct finding *f = &v->report.findings.item[i];
    const struct exports_samples *s = &v->report.samples[i];
    finding_print(v->c, f);
    for (size_t k = 0; f->severity > SEVERITY_INFO && k < s->count; k++)
        printf("  %s %s%s%s\n", k == 0 ? "such as" : "       ", s->text[k],
               s->person[k][0] != '\0' ? "  " : "", s->person[k]);
}

static void
print_table(const struct exports_view *v)
{
    enum paint paint = verdict_paint(v->verdict);
    print_totals(v);
    print_attributes(v);
    for (size_t i = 0; i < v->report.findings.count; i++)
        print_finding(v, i);
    printf("%s%s%s under preset %s%s\n", paint_on(v->c, paint), verdict_name(v->verdict),
           paint_off(v->c), preset_name(v->limits.preset),
           v->scope == 0 ? "; without --scope, shares of all objects are not judged" : "");
}

static enum baton_status
print_csv(const struct exports_view *v)
{
    static const struct column columns[] = {
        {"attribute", "attribute", COLUMN_TEXT},   {"set", "set", COLUMN_TEXT},
        {"changed", "changed", COLUMN_TEXT},       {"cleared", "cleared", COLUMN_TEXT},
        {"value_adds", "value_adds", COLUMN_TEXT}, {"value_removes", "value_removes", COLUMN_TEXT},
    };
    json_t *attributes = attributes_json(v->e), *rows = json_array(), *a;
    const char *name;
    json_object_foreach(attributes, name, a)
    {
        json_object_set_new(a, "attribute", json_string(name));
        json_array_append(rows, a);
    }
    enum baton_status rc = output_list(v->c, columns, ARRAY_LEN(columns), rows);
    json_decref(attributes);
    json_decref(rows);
    return rc;
}

static void
html_attributes(struct html *h, const struct exports_view *v)
{
    static const struct report_column columns[] = {
        {"Attribute", REPORT_TEXT},      {"Set", REPORT_NUMBER},
        {"Changed", REPORT_NUMBER},      {"Cleared", REPORT_NUMBER},
        {"Values added", REPORT_NUMBER}, {"Values removed", REPORT_NUMBER},
    };
    report_table_open(h, "Attributes", columns, ARRAY_LEN(columns));
    for (size_t i = 0; i < exports_attribute_count(v->e); i++) {
        const struct exports_attribute *a = exports_attribute(v->e, i);
        uint64_t values[] = {a->set, a->changed, a->cleared, a->value_adds, a->value_removes};
        char text[ARRAY_LEN(values)][24];
        const char *cells[ARRAY_LEN(columns)] = {a->name};
        for (size_t k = 0; k < ARRAY_LEN(values); k++) {
            (void)snprintf(text[k], sizeof text[k], "%" PRIu64, values[k]);
            cells[k + 1] = text[k];
        }
        report_table_row(h, columns, ARRAY_LEN(columns), cells);
    }
    report_table_close(h);
}

static enum baton_status
print_html(const struct exports_view *v)
{
    static const char *const notes[] = {
        "Counted is only what is pending: the unapplied export of each object.",
        "Changed is an attribute updated or replaced, cleared one that loses its whole value; "
        "values are single "
        "values of multi-valued attributes and of references.",
        "No person's data stands on this page."};
    const struct exports_totals *t = exports_totals(v->e);
    struct html h;
    char *page = NULL;
    report_begin(&h, "Pending exports", "what this server would change in the tenant", v->verdict);
    report_facts_open(&h, "Totals");
    report_fact(&h, "Objects", "%" PRIu64, t->objects);
    report_fact(&h, "Adds", "%" PRIu64, t->adds);
    report_fact(&h, "Updates", "%" PRIu64, t->updates);
    report_fact(&h, "Deletes", "%" PRIu64, t->deletes);
    report_fact(&h, "Renames", "%" PRIu64, t->renames);
    report_fact(&h, "Made again", "%" PRIu64, t->delete_adds);
    report_fact(&h, "Nothing pending", "%" PRIu64, t->none);
    if (v->index != NULL)
        report_fact(&h, "Against the old server",
                    "%" PRIu64 " equal, %" PRIu64 " different, %" PRIu64 " only old, %" PRIu64
                    " only new",
                    v->difference.equal, v->difference.different, v->difference.only_old,
                    v->difference.only_new);
    report_fact(&h, "Policy", "%s", preset_name(v->limits.preset));
    report_facts_close(&h);
    report_findings(&h, "Findings", &v->report.findings);
    html_attributes(&h, v);
    report_notes(&h, "How to read it", notes, ARRAY_LEN(notes));
    enum baton_status rc = report_end(&h, &page, &v->c->err);
    if (rc == BATON_OK)
        fputs(page, stdout);
    free(page);
    return rc;
}

static enum baton_status
print_view(const struct exports_view *v)
{
    json_t *o;
    switch (v->c->output) {
    case OUTPUT_TABLE:
        print_table(v);
        return BATON_OK;
    case OUTPUT_CSV:
        return print_csv(v);
    case OUTPUT_HTML:
        return print_html(v);
    case OUTPUT_JSON:
    case OUTPUT_JSONL:
        break;
    }
    o = view_json(v);
    output_json(o);
    json_decref(o);
    return BATON_OK;
}

/* --- the command --------------------------------------------------------------------------------- */

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
read_policy(struct exports_view *v)
{
    const char *path = cli_option(v->c, "policy"), *scope = cli_option(v->c, "scope");
    char *text = NULL, *end = NULL;
    size_t len;
    limits_preset(PRESET_PARITY, &v->limits);
    if (scope != NULL) {
        v->scope = strtoull(scope, &end, 10);
        if (scope[0] < '0' || scope[0] > '9' || *end != '\0')
            return cli_fail(v->c, BATON_USAGE, "--scope is how many objects the connector has");
    }
    if (path == NULL)
        return BATON_OK;
    enum baton_status rc = input_read(v->c, path, LIMITS_BYTES_MAX, &text, &len);
    if (rc == BATON_OK)
        rc = limits_read(text, len, &v->limits, &v->c->err);
    free(text);
    return rc == BATON_OK ? rc : baton_wrap(&v->c->err, rc, "%s", path);
}

static enum baton_status
read_one(struct exports_view *v, struct exports *into, const char *path)
{
    if (v->file_count == ARRAY_LEN(v->file))
        return cli_fail(v->c, BATON_USAGE, "at most %d files at once", FILES_MAX);
    struct exports_reading how = {
        .threads = v->threads, .nth = (unsigned)v->file_count, .index = v->index};
    return exports_file_read(v->c, path, &how, into, &v->file[v->file_count++]);
}

/* The old server's files are only held against: their own counts are nobody's question here. */
static enum baton_status
read_against(struct exports_view *v)
{
    struct exports *old = exports_new(v->index);
    const char *path;
    enum baton_status rc = old == NULL ? cli_fail(v->c, BATON_NOMEM, "exports") : BATON_OK;
    for (unsigned i = 0; rc == BATON_OK && (path = cli_option_nth(v->c, "against", i)) != NULL; i++)
        rc = read_one(v, old, path);
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
        rc = read_policy(v);
    if (rc == BATON_OK && cli_has(v->c, "against")) {
        v->index = exports_index_new();
        rc = v->index == NULL ? cli_fail(v->c, BATON_NOMEM, "exports") : read_against(v);
    }
    v->e = exports_new(v->index);
    if (rc == BATON_OK && v->e == NULL)
        rc = cli_fail(v->c, BATON_NOMEM, "exports");
    for (unsigned i = 0; rc == BATON_OK && i < v->c->args.count; i++)
        rc = read_one(v, v->e, cli_arg(v->c, i));
    if (rc == BATON_OK && v->index != NULL)
        exports_index_difference(v->index, &v->difference);
    if (rc == BATON_OK)
        rc = exports_judge(v->e, v->index != NULL ? &v->difference : NULL, &v->limits, v->scope,
                           &v->report);
    v->verdict = findings_verdict(&v->report.findings);
    return rc;
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
