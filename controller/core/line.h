/* line.h: one line of text for a person, built without the C library's formatter.
 *
 * Shape      line_start over the caller's array, then puts; always NUL-terminated, cut when full.
 *            A cut never leaves half a UTF-8 character.
 * Threads    Reentrant. No allocation.
 */
#ifndef BATON_LINE_H
#define BATON_LINE_H

#include "baton/ids.h"

struct line {
    char *out;
    size_t cap, len;
};

void line_start(struct line *l, char *out, size_t cap);
void line_put(struct line *l, const char *text);
void line_int(struct line *l, int64_t v);
void line_duration(struct line *l, uint64_t ms);  /* "850 ms", "42 s", "90 min", "4 h 48 min" */
void line_time(struct line *l, uint64_t unix_ms); /* "2026-07-01 12:34:56Z" */
void line_hex(struct line *l, const void *bytes, size_t n);
void line_version(struct line *l, int64_t v); /* four 16-bit parts */
/* TENANT, OLD_HOST and NEW_HOST in text become these names, in quotes where a shell needs them. */
struct line_names {
    const char *tenant, *old_host, *new_host;
};
void line_template(struct line *l, const char *text, const struct line_names *names);
/* Copies text whole: line_start and one line_put. */
void line_set(char *out, size_t cap, const char *text);

#endif
