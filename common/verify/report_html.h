/* report_html.h: a printable report of what verification found, in the look of html.h.
 *
 * Shape      report_begin (title, what it is about, verdict), then in any order facts, tables,
 *            findings and notes, then report_end. Every text is escaped here: callers pass texts as
 *            they are. Cells of a table are texts; REPORT_NUMBER columns stand to the right.
 *              struct html h;
 *              report_begin(&h, "Pending exports", "contoso.onmicrosoft.com - AAD", VERDICT_REVIEW);
 *              report_facts_open(&h, "Totals");
 *              report_fact(&h, "Deletes", "%" PRIu64, deletes);
 *              report_facts_close(&h);
 *              report_findings(&h, "Findings", &findings);
 *              rc = report_end(&h, &text, err);
 * Errors     BATON_NOMEM, once, at report_end.
 * Ownership  report_end gives a malloc'd text.
 * Source     certificate_html.c is the same paper.
 */
#ifndef VERIFY_REPORT_HTML_H
#define VERIFY_REPORT_HTML_H

#include "baton/finding.h"
#include "common/html.h"

enum report_align { REPORT_TEXT, REPORT_NUMBER };

struct report_column {
    const char *title;
    enum report_align align;
};

/* `about` may be "". */
void report_begin(struct html *h, const char *title, const char *about, enum verdict verdict);

void report_facts_open(struct html *h, const char *heading);
void report_fact(struct html *h, const char *name, const char *fmt, ...) BATON_PRINTF(3, 4);
void report_facts_close(struct html *h);

void report_table_open(struct html *h, const char *heading, const struct report_column *columns,
                       size_t count);
/* As many cells as columns; NULL is an empty one. */
void report_table_row(struct html *h, const struct report_column *columns, size_t count,
                      const char *const cells[]);
void report_table_close(struct html *h);

/* The word for a severity in its colour: for a cell of one's own table. */
void report_severity(struct html *h, enum finding_severity severity);
/* One table: severity, rule, subject, how many of which limit, why and what to do. An empty list
 * says so in a sentence. */
void report_findings(struct html *h, const char *heading, const struct findings *findings);
void report_notes(struct html *h, const char *heading, const char *const notes[], size_t count);

enum baton_status report_end(struct html *h, char **ret_text, struct baton_err *err) BATON_MUST_USE;

#endif
