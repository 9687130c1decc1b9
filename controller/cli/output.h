/* output.h: what a person or a script gets to see.
 *
 * Shape      Columns say where in the JSON a cell comes from and how it reads. --output json and jsonl
 *            print what the controller sent; table and csv print the columns.
 *            Texts of others are shown without control characters.
 */
#ifndef BATON_OUTPUT_H
#define BATON_OUTPUT_H

#include "cli.h"

enum column_kind {
    COLUMN_TEXT,
    COLUMN_SHORT, /* 16 digits of a long hex */
    COLUMN_TIME,  /* unix milliseconds */
    COLUMN_SINCE, /* unix milliseconds, as time that has passed */
    COLUMN_AGE,   /* milliseconds */
    COLUMN_YES,   /* yes, or nothing */
};

struct column {
    const char *title;
    const char *path; /* "state.code" */
    enum column_kind kind;
};

const json_t *json_at(const json_t *o, const char *path);
const char *json_text(const json_t *o, const char *path); /* "" when there is none */
int64_t json_number(const json_t *o, const char *path);
bool json_flag(const json_t *o, const char *path);

/* One cell as text. */
void output_cell(const json_t *row, const struct column *column, char *out, size_t cap);
enum baton_status output_list(struct cli *c, const struct column *columns, size_t count,
                              const json_t *items);
enum baton_status output_one(struct cli *c, const struct column *columns, size_t count,
                             const json_t *object);
void output_json(const json_t *value);
/* For commands that have no columns: indented, with jsonl on one line. */
void output_object(const struct cli *c, const json_t *value);
/* For people in any case: on standard error when standard output is for a program. */
void output_show(const struct cli *c, const char *fmt, ...) BATON_PRINTF(2, 3);
/* A line for people, not shown with json, jsonl or csv. */
void output_say(const struct cli *c, const char *fmt, ...) BATON_PRINTF(2, 3);

enum paint { PAINT_NONE, PAINT_RED, PAINT_GREEN, PAINT_YELLOW, PAINT_BOLD, PAINT_DIM };
const char *paint_on(const struct cli *c, enum paint p);
const char *paint_off(const struct cli *c);

void format_time(uint64_t unix_ms, char *out, size_t cap); /* 2026-07-01 12:34:56Z */
void format_duration(uint64_t ms, char *out, size_t cap);  /* 3m12s */
enum baton_status output_format_parse(const char *text, enum output_format *ret_format);

#endif
