#include "common/verify/report_html.h"
#include "exports_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

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

enum baton_status
exports_html(const struct exports_view *v)
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
