#include "report_html.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { REPORT_FACT_BYTES = 1024 };

static const struct {
    const char *word, *look; /* classes of html.c */
} verdicts[] = {
    [VERDICT_UNKNOWN] = {"unknown", "gnone"},
    [VERDICT_PASS] = {"pass", "gA"},
    [VERDICT_REVIEW] = {"review", "gC"},
    [VERDICT_BLOCK] = {"block", "gX"},
};

void
report_begin(struct html *h, const char *title, const char *about, enum verdict verdict)
{
    BATON_ASSERT((size_t)verdict < ARRAY_LEN(verdicts));
    html_begin(h, title);
    html_raw(h, "<header><div><h1>");
    html_text(h, title);
    html_raw(h, "</h1><p class=\"sub\">");
    html_text(h, about);
    html_raw(h,
             "</p></div><div class=\"grade word %s\"><span>Verdict</span><b>%s</b></div></header>",
             verdicts[verdict].look, verdicts[verdict].word);
}

static void
report_heading(struct html *h, const char *heading)
{
    html_raw(h, "<h2>");
    html_text(h, heading);
    html_raw(h, "</h2>");
}

void
report_facts_open(struct html *h, const char *heading)
{
    report_heading(h, heading);
    html_raw(h, "<table>");
}

void
report_fact(struct html *h, const char *name, const char *fmt, ...)
{
    char value[REPORT_FACT_BYTES];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(value, sizeof value, fmt, args);
    va_end(args);
    html_raw(h, "<tr><th>");
    html_text(h, name);
    html_raw(h, "</th><td>");
    html_text(h, value);
    html_raw(h, "</td></tr>");
}

void
report_facts_close(struct html *h)
{
    html_raw(h, "</table>");
}

static const char *
cell_look(enum report_align align)
{
    return align == REPORT_NUMBER ? " class=\"n\"" : "";
}

void
report_table_open(struct html *h, const char *heading, const struct report_column *columns,
                  size_t count)
{
    report_heading(h, heading);
    html_raw(h, "<table><thead><tr>");
    for (size_t i = 0; i < count; i++) {
        html_raw(h, "<th%s>", cell_look(columns[i].align));
        html_text(h, columns[i].title);
        html_raw(h, "</th>");
    }
    html_raw(h, "</tr></thead><tbody>");
}

void
report_table_row(struct html *h, const struct report_column *columns, size_t count,
                 const char *const cells[])
{
    html_raw(h, "<tr>");
    for (size_t i = 0; i < count; i++) {
        html_raw(h, "<td%s>", cell_look(columns[i].align));
        html_text(h, cells[i] != NULL ? cells[i] : "");
        html_raw(h, "</td>");
    }
    html_raw(h, "</tr>");
}

void
report_table_close(struct html *h)
{
    html_raw(h, "</tbody></table>");
}

void
report_severity(struct html *h, enum finding_severity severity)
{
    static const char *const looks[] = {
        [SEVERITY_INFO] = "good",
        [SEVERITY_REVIEW] = "warn",
        [SEVERITY_BLOCK] = "bad",
    };
    html_raw(h, "<span class=\"tag %s\">%s</span>",
             (size_t)severity < ARRAY_LEN(looks) ? looks[severity] : "bad",
             finding_severity_name(severity));
}

static void
report_count(struct html *h, const struct finding *f)
{
    html_raw(h, "<td class=\"n\">%" PRIu64 "</td><td class=\"n\">", f->count);
    if (f->limit != FINDING_NO_LIMIT)
        html_raw(h, "%" PRIu64, f->limit);
    html_raw(h, "</td>");
}

static void
report_finding(struct html *h, const struct finding *f)
{
    html_raw(h, "<tr><td class=\"s\">");
    report_severity(h, (enum finding_severity)f->severity);
    html_raw(h, "</td><td class=\"s\">");
    html_text(h, f->rule);
    html_raw(h, "</td><td>");
    html_text(h, f->subject);
    html_raw(h, "</td>");
    report_count(h, f);
    html_raw(h, "<td>");
    html_text(h, f->why);
    if (f->advice[0] != '\0') {
        html_raw(h, "<br><b>To do:</b> ");
        html_text(h, f->advice);
    }
    html_raw(h, "</td></tr>");
}

void
report_findings(struct html *h, const char *heading, const struct findings *findings)
{
    static const struct report_column columns[] = {
        {"Severity", REPORT_TEXT}, {"Rule", REPORT_TEXT},    {"Subject", REPORT_TEXT},
        {"Count", REPORT_NUMBER},  {"Limit", REPORT_NUMBER}, {"Why, and what to do", REPORT_TEXT},
    };
    if (findings->count == 0) {
        report_heading(h, heading);
        html_raw(h, "<p>Nothing was found.</p>");
        return;
    }
    report_table_open(h, heading, columns, ARRAY_LEN(columns));
    for (size_t i = 0; i < findings->count; i++)
        report_finding(h, &findings->item[i]);
    report_table_close(h);
}

void
report_notes(struct html *h, const char *heading, const char *const notes[], size_t count)
{
    report_heading(h, heading);
    html_raw(h, "<ul>");
    for (size_t i = 0; i < count; i++) {
        html_raw(h, "<li>");
        html_text(h, notes[i]);
        html_raw(h, "</li>");
    }
    html_raw(h, "</ul>");
}

enum baton_status
report_end(struct html *h, char **ret_text, struct baton_err *err)
{
    html_raw(h, "<footer>Made by Baton %s from the files alone; nothing was changed.</footer>",
             BATON_VERSION);
    return html_end(h, "report", ret_text, err);
}
