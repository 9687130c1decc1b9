/* html.h: a page to print: one document without scripts and without anything from outside it.
 *
 * Shape      html_begin, then markup of our own by html_raw and texts of others by html_text, then
 *            html_end. One look for all pages of Baton: light, dark by the reader's system, and
 *            paper. The page forbids itself every load (Content-Security-Policy).
 * Limits     Memory grows with the page.
 * Errors     BATON_NOMEM, once, at html_end: nothing in between needs a look.
 * Ownership  html_end gives a malloc'd text, or frees it when it failed.
 * Threads    One page, one thread.
 */
#ifndef COMMON_HTML_H
#define COMMON_HTML_H

#include "common/draft.h"

struct html {
    struct draft page;
};

void html_begin(struct html *h, const char *title);
/* For markup and numbers of our own; whatever comes from outside goes through html_text. */
void html_raw(struct html *h, const char *fmt, ...) BATON_PRINTF(2, 3);
/* Escaped; a control or direction character, and a byte that is no UTF-8, shows as U+FFFD. A line
 * feed is a line break. */
void html_text(struct html *h, const char *text);
void html_hex(struct html *h, const void *bytes, size_t n);
void html_time(struct html *h, uint64_t unix_ms); /* 0: "not seen" */
enum baton_status html_end(struct html *h, const char *what, char **ret_text,
                           struct baton_err *err) BATON_MUST_USE;

#endif
