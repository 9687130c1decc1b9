#include "commands.h"
#include "common/crypto/crypto.h"
#include "common/text.h"
#include "common/verify/config_compare.h"
#include "common/verify/disposition_file.h"
#include "common/verify/report_html.h"
#include "config_intake.h"
#include "finding_view.h"
#include "input.h"
#include "output.h"
#include "wrap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_BYTES = 200, SHOWN_MORE = 4, ROW_DIGITS = 12 };

struct config_report {
    struct cli *c;
    const char *old_path, *new_path;
    struct config_model *old_model, *new_model;
    struct limits limits;
    struct config_rows rows;
    struct disposition_file file;
    bool with_file;
    enum verdict verdict;
    size_t open[SEVERITY_BLOCK + 1]; /* rows that no person has closed, by severity */
};

/* --- what people decided ------------------------------------------------------------------------ */

static bool
row_open(const struct config_report *r, const struct config_row *row)
{
    const struct limit *limit = limits_of(&r->limits, row->f.rule);
    unsigned needed = limit->second_person ? 2 : 1;
    return row->f.severity >= SEVERITY_REVIEW &&
           disposition_file_people(&r->file, &row->f.row) < needed;
}

static void
report_judge(struct config_report *r)
{
    for (size_t i = 0; i < r->rows.count; i++)
        if (row_open(r, &r->rows.item[i]))
            r->open[r->rows.item[i].f.severity]++;
    r->verdict = r->open[SEVERITY_BLOCK] > 0    ? VERDICT_BLOCK
                 : r->open[SEVERITY_REVIEW] > 0 ? VERDICT_REVIEW
                                                : VERDICT_PASS;
}

static enum baton_status
operators_read(struct cli *c, struct trust_doc *ret_operators)
{
    const char *path;
    enum baton_status rc = BATON_OK;
    memset(ret_operators, 0, sizeof *ret_operators);
    for (unsigned i = 0; rc == BATON_OK && (path = cli_option_nth(c, "operator", i)) != NULL; i++) {
        if (ret_operators->operator_count == TRUST_OPERATORS_MAX)
            return cli_fail(c, BATON_USAGE, "at most %d operators", TRUST_OPERATORS_MAX);
        rc = operator_card_read(c, path, &ret_operators->operator[ret_operators->operator_count++]);
    }
    return rc;
}

static enum baton_status
dispositions_read(struct config_report *r)
{
    struct cli *c = r->c;
    const char *path = cli_option(c, "dispositions");
    struct trust_doc operators;
    char *text = NULL;
    size_t len;
    if (path == NULL)
        return BATON_OK;
    enum baton_status rc = input_read(c, path, DISPOSITION_FILE_BYTES_MAX, &text, &len);
    if (rc != BATON_OK)
        return rc;
    rc = disposition_file_read(text, len, crypto_digest_port(), &r->file, &c->err);
    free(text);
    if (rc == BATON_OK && cli_has(c, "operator")) {
        rc = operators_read(c, &operators);
        if (rc == BATON_OK)
            rc = disposition_file_check(&r->file, &operators, crypto_digest_port(), &c->err);
    }
    r->with_file = rc == BATON_OK;
    return rc == BATON_OK ? BATON_OK : baton_wrap(&c->err, rc, "%s", path);
}

/* --- json ------------------------------------------------------------------------------------- */

static json_t *
decisions_view(const struct config_report *r, const struct config_row *row)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->file.count; i++) {
        const struct disposition_entry *e = &r->file.entry[i];
        if (baton_hash_eq(&e->sd.d.row, &row->f.row))
            json_array_append_new(
                list, json_pack("{s:s, s:s, s:s}", "who", e->who, "kind",
                                disposition_kind_name((enum disposition_kind)e->sd.d.kind),
                                "reason", e->sd.d.reason));
    }
    return list;
}

static json_t *
row_view(const struct config_report *r, const struct config_row *row)
{
    char digest[2 * BATON_HASH_BYTES + 1];
    baton_hex(row->f.row.b, sizeof row->f.row.b, digest);
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:s, s:b, s:b, s:o}", "row", digest,
                     "rule", row->f.rule, "class", config_class_name(row->class), "severity",
                     finding_severity_name((enum finding_severity)row->f.severity), "subject",
                     plain_json(row->subject), "old", plain_json(row->old_text), "new",
                     plain_json(row->new_text), "consequence", row->f.why, "advice", row->f.advice,
                     "open", (int)row_open(r, row), "two_people",
                     (int)limits_of(&r->limits, row->f.rule)->second_person, "dispositions",
                     decisions_view(r, row));
}

static json_t *
summary_view(const struct config_report *r)
{
    json_t *o = json_object();
    for (int i = 0; i < CONFIG_CLASS_COUNT; i++)
        json_object_set_new(
            o, config_class_name((enum config_class)i),
            json_integer((json_int_t)config_rows_count(&r->rows, (enum config_class)i)));
    return o;
}

static json_t *
side_view(const char *path, const struct config_model *m)
{
    return json_pack("{s:s, s:s, s:o, s:o}", "path", path, "form", config_source_name(m->source),
                     "host", plain_json(m->host), "version", plain_json(m->product_version));
}

static json_t *
report_view(const struct config_report *r)
{
    char digest[2 * BATON_HASH_BYTES + 1];
    struct baton_hash hash;
    json_t *rows = json_array();
    disposition_file_digest(&r->file, crypto_digest_port(), &hash);
    baton_hex(hash.b, sizeof hash.b, digest);
    for (size_t i = 0; i < r->rows.count; i++)
        json_array_append_new(rows, row_view(r, &r->rows.item[i]));
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:{s:i, s:b, s:s}}", "verdict",
                     verdict_name(r->verdict), "preset", preset_name(r->limits.preset), "old",
                     side_view(r->old_path, r->old_model), "new",
                     side_view(r->new_path, r->new_model), "summary", summary_view(r), "rows", rows,
                     "dispositions", "count", (int)r->file.count, "signers_checked",
                     (int)r->file.checked, "digest", digest);
}

/* --- for people --------------------------------------------------------------------------------- */

/* As much of a value as a person reads; a cut one says so. */
static const char *
shown(const char *text, char out[SHOWN_BYTES + SHOWN_MORE])
{
    text_copy(out, SHOWN_BYTES, text);
    if (strlen(text) >= SHOWN_BYTES)
        memcpy(out + strlen(out), "...", SHOWN_MORE);
    return out;
}

static void
print_decisions(const struct config_report *r, const struct config_row *row)
{
    for (size_t i = 0; i < r->file.count; i++) {
        const struct disposition_entry *e = &r->file.entry[i];
        if (baton_hash_eq(&e->sd.d.row, &row->f.row))
            wrap_print(2, "%s by %s: %s",
                       disposition_kind_name((enum disposition_kind)e->sd.d.kind), e->who,
                       e->sd.d.reason);
    }
}

static void
print_row(const struct config_report *r, const struct config_row *row)
{
    char digest[2 * BATON_HASH_BYTES + 1], old_text[SHOWN_BYTES + SHOWN_MORE],
        new_text[SHOWN_BYTES + SHOWN_MORE];
    const struct cli *c = r->c;
    const char *severity = finding_severity_name((enum finding_severity)row->f.severity);
    baton_hex(row->f.row.b, sizeof row->f.row.b, digest);
    printf("%s%-7s%s %-15s  row %.*s%s\n", paint_on(c, severity_paint(row->f.severity)),
           row_open(r, row) ? severity : "closed", paint_off(c), config_class_name(row->class),
           ROW_DIGITS, digest,
           limits_of(&r->limits, row->f.rule)->second_person ? "  (two people)" : "");
    wrap_print(2, "%s", row->f.subject);
    wrap_print(2, "%s -> %s", shown(row->old_text, old_text), shown(row->new_text, new_text));
    wrap_print(2, "%s", row->f.why);
    if (row->f.advice[0] != '\0')
        wrap_print(2, "to do: %s", row->f.advice);
    print_decisions(r, row);
    putchar('\n');
}

static void
print_expected(const struct config_report *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->rows.count; i++) {
        const struct config_row *row = &r->rows.item[i];
        if (row->f.severity > SEVERITY_INFO)
            continue;
        if (n++ == 0)
            puts("nothing to do");
        wrap_print(2, "%s: %s", row->f.subject, row->f.why);
    }
    if (n > 0)
        putchar('\n');
}

static void
print_report(const struct config_report *r)
{
    const struct cli *c = r->c;
    enum paint paint = verdict_paint(r->verdict);
    for (size_t i = 0; i < r->rows.count; i++)
        if (r->rows.item[i].f.severity > SEVERITY_INFO)
            print_row(r, &r->rows.item[i]);
    print_expected(r);
    printf("%s%s%s: %zu block, %zu for review, %zu expected; preset %s\n", paint_on(c, paint),
           verdict_name(r->verdict), paint_off(c), r->open[SEVERITY_BLOCK],
           r->open[SEVERITY_REVIEW], config_rows_count(&r->rows, CONFIG_EXPECTED),
           preset_name(r->limits.preset));
    if (r->with_file && !r->file.checked && r->file.count > 0)
        puts("who signed was not checked: give the operators' cards with --operator");
    if (r->verdict != VERDICT_PASS)
        wrap_print(0,
                   "next: mend it on NEW; or keep --output json in a file and baton config accept "
                   "FILE ROW --reason '...'");
}

static void
html_row(struct html *h, const struct config_report *r, const struct config_row *row)
{
    char old_text[SHOWN_BYTES + SHOWN_MORE], new_text[SHOWN_BYTES + SHOWN_MORE];
    html_raw(h, "<tr><td class=\"s\">");
    report_severity(h, (enum finding_severity)row->f.severity);
    html_raw(h, "%s<br>%s</td><td>",
             row_open(r, row) || row->f.severity == SEVERITY_INFO ? "" : " <b>closed</b>",
             config_class_name(row->class));
    html_text(h, row->subject);
    html_raw(h, "</td><td>");
    html_text(h, shown(row->old_text, old_text));
    html_raw(h, "</td><td>");
    html_text(h, shown(row->new_text, new_text));
    html_raw(h, "</td><td>");
    html_text(h, row->f.why);
    if (row->f.advice[0] != '\0') {
        html_raw(h, "<br><b>To do:</b> ");
        html_text(h, row->f.advice);
    }
    for (size_t i = 0; i < r->file.count; i++) {
        const struct disposition_entry *e = &r->file.entry[i];
        if (!baton_hash_eq(&e->sd.d.row, &row->f.row))
            continue;
        html_raw(h, "<br><b>%s</b> by ",
                 disposition_kind_name((enum disposition_kind)e->sd.d.kind));
        html_text(h, e->who);
        html_raw(h, ": ");
        html_text(h, e->sd.d.reason);
    }
    html_raw(h, "<br>row ");
    html_hex(h, row->f.row.b, sizeof row->f.row.b);
    html_raw(h, "</td></tr>");
}

static void
html_side(struct html *h, const char *name, const char *path, const struct config_model *m)
{
    report_fact(h, name, "%s (%s)%s%s%s%s", path, config_source_text(m->source),
                m->host[0] != '\0' ? ", host " : "", m->host,
                m->product_version[0] != '\0' ? ", version " : "", m->product_version);
}

static enum baton_status
print_html(const struct config_report *r)
{
    static const struct report_column columns[] = {{"Class", REPORT_TEXT},
                                                   {"Subject", REPORT_TEXT},
                                                   {"Old", REPORT_TEXT},
                                                   {"New", REPORT_TEXT},
                                                   {"Consequence, and what to do", REPORT_TEXT}};
    static const char *const notes[] = {
        "Compared is what the files say. What one of them does not say is a row of its own.",
        "Identifiers, names, time stamps, water-marks and versions are no difference.",
        "A row that was accepted stays accepted for exactly this difference."};
    struct html h;
    char *page = NULL;
    report_begin(&h, "Configuration, old and new",
                 "what the new server is configured to do otherwise", r->verdict);
    report_facts_open(&h, "What was compared");
    html_side(&h, "Old", r->old_path, r->old_model);
    html_side(&h, "New", r->new_path, r->new_model);
    report_fact(&h, "Open", "%zu block, %zu for review", r->open[SEVERITY_BLOCK],
                r->open[SEVERITY_REVIEW]);
    report_fact(&h, "Policy", "%s", preset_name(r->limits.preset));
    if (r->with_file)
        report_fact(&h, "Decisions", "%zu, signers %s", r->file.count,
                    r->file.checked ? "checked" : "not checked");
    report_facts_close(&h);
    report_table_open(&h, "Differences", columns, ARRAY_LEN(columns));
    for (size_t i = 0; i < r->rows.count; i++)
        html_row(&h, r, &r->rows.item[i]);
    report_table_close(&h);
    report_notes(&h, "How to read it", notes, ARRAY_LEN(notes));
    enum baton_status rc = report_end(&h, &page, &r->c->err);
    if (rc == BATON_OK)
        fputs(page, stdout);
    free(page);
    return rc;
}

static enum baton_status
print_rows(const struct config_report *r)
{
    static const struct column columns[] = {
        {"SEVERITY", "severity", COLUMN_TEXT},
        {"CLASS", "class", COLUMN_TEXT},
        {"SUBJECT", "subject", COLUMN_TEXT},
        {"OLD", "old", COLUMN_TEXT},
        {"NEW", "new", COLUMN_TEXT},
        {"OPEN", "open", COLUMN_YES},
        {"CONSEQUENCE", "consequence", COLUMN_TEXT},
        {"ADVICE", "advice", COLUMN_TEXT},
        {"ROW", "row", COLUMN_TEXT},
    };
    json_t *o = report_view(r);
    enum baton_status rc = BATON_OK;
    if (r->c->output == OUTPUT_JSON)
        output_json(o);
    else
        rc = output_list(r->c, columns, ARRAY_LEN(columns), json_object_get(o, "rows"));
    json_decref(o);
    return rc;
}

/* --- the command -------------------------------------------------------------------------------- */

static enum baton_status
report_fill(struct config_report *r)
{
    struct cli *c = r->c;
    enum baton_status rc = policy_read(c, &r->limits);
    if (rc == BATON_OK)
        rc = dispositions_read(r);
    if (rc == BATON_OK)
        rc = config_intake(c, r->old_path, &r->old_model);
    if (rc == BATON_OK)
        rc = config_intake(c, r->new_path, &r->new_model);
    if (rc != BATON_OK)
        return rc;
    rc = config_compare(r->old_model, r->new_model, &r->limits, &r->rows);
    if (rc != BATON_OK)
        return cli_fail(c, rc, "the two configurations cannot be compared: %s",
                        rc == BATON_LIMIT
                            ? "they differ in more than can be listed; are they of the "
                              "same tenant?"
                            : baton_status_text(rc));
    report_judge(r);
    return BATON_OK;
}

static enum baton_status
report_print(const struct config_report *r)
{
    switch (r->c->output) {
    case OUTPUT_TABLE:
        print_report(r);
        return BATON_OK;
    case OUTPUT_HTML:
        return print_html(r);
    case OUTPUT_JSON:
    case OUTPUT_JSONL:
    case OUTPUT_CSV:
        break;
    }
    return print_rows(r);
}

enum baton_status
cmd_config_compare(struct cli *c)
{
    struct config_report *r = calloc(1, sizeof *r);
    if (r == NULL)
        return cli_fail(c, BATON_NOMEM, "config compare");
    r->c = c;
    r->old_path = cli_arg(c, 0);
    r->new_path = cli_arg(c, 1);
    enum baton_status rc = report_fill(r);
    if (rc == BATON_OK)
        rc = report_print(r);
    if (rc == BATON_OK && r->verdict != VERDICT_PASS)
        rc = cli_fail(c, r->verdict == VERDICT_BLOCK ? BATON_REFUSED : BATON_WAITING,
                      "%zu differences block, %zu are for review", r->open[SEVERITY_BLOCK],
                      r->open[SEVERITY_REVIEW]);
    config_model_free(&r->old_model);
    config_model_free(&r->new_model);
    config_rows_done(&r->rows);
    free(r);
    return rc;
}
