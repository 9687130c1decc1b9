/* draft.h: a text of unknown length, written piece by piece.
 *
 * Shape      draft_put, draft_format and the like, then draft_end. `struct draft d = {0}` is an empty one.
 * Limits     Memory grows with the text.
 * Errors     Out of memory, once, at draft_end: nothing in between needs a look, and nothing is written after it.
 * Ownership  draft_end gives a malloc'd text ("" of nothing) and leaves an empty draft; draft_drop frees what a
 *            draft that is not wanted holds.
 * Threads    One draft, one thread.
 */
#ifndef COMMON_DRAFT_H
#define COMMON_DRAFT_H

#include "baton/status.h"

#include <stdarg.h>

struct draft {
    char *text; /* NULL until something is written; always ends with a NUL */
    size_t len, cap;
    bool failed;
};

void draft_bytes(struct draft *d, const char *bytes, size_t len);
void draft_put(struct draft *d, const char *text);
void draft_char(struct draft *d, char c);
void draft_format(struct draft *d, const char *fmt, ...) BATON_PRINTF(2, 3);
void draft_format_list(struct draft *d, const char *fmt, va_list args) BATON_PRINTF(2, 0);
char *draft_end(struct draft *d) BATON_MUST_USE; /* NULL: out of memory */
void draft_drop(struct draft *d);

#endif
