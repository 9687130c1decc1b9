/* psjson.h: what Windows PowerShell 5.1 prints as JSON, as a list of objects whose values are either
 * known or not.
 *
 * Shape      Nothing, "" and null are an empty list; one object is a list of one; a scalar too.
 *            A property is read by name and type; false means that nobody said it: missing, null,
 *            empty, another type, or a text that PowerShell cut ("...") or folded ("@{a=b}").
 * Units      Dates become Unix milliseconds; a date without a zone is UTC, as the engine keeps it.
 * Limits     PSJSON_BYTES_MAX of text.
 * Errors     BATON_FAILED: PowerShell printed an error record (its first line is the text).
 *            BATON_MALFORMED: not JSON, or a name twice in one object. BATON_LIMIT.
 * Ownership  ps_list_done frees; items and texts borrow from the list.
 * Source     formats 4, 5; domain 2.4.
 */
#ifndef READERS_PSJSON_H
#define READERS_PSJSON_H

#include <jansson.h>

#include "baton/status.h"

/* A week of runs with the XML of their steps has some thirty. */
enum { PSJSON_BYTES_MAX = 64 * 1024 * 1024 };

struct ps_list {
    json_t *root;
    size_t count;
};

enum baton_status ps_list_read(const char *text, size_t len, struct ps_list *ret_list,
                               struct baton_err *err) BATON_MUST_USE;
void ps_list_done(struct ps_list *list);
const json_t *ps_list_item(const struct ps_list *list, size_t index);

bool ps_text(const json_t *object, const char *name, const char **ret_text);
bool ps_bool(const json_t *object, const char *name, bool *ret_value);
bool ps_count(const json_t *object, const char *name, int64_t *ret_value);
bool ps_date(const json_t *object, const char *name, int64_t *ret_unix_ms);
/* "00:30:00", "7.00:00:00", or a TimeSpan object with Ticks. */
bool ps_timespan(const json_t *object, const char *name, int64_t *ret_ms);

/* The same of a value without a name, as a scalar list has it. */
bool ps_value_text(const json_t *value, const char **ret_text);
bool ps_text_bool(const char *text, bool *ret_value); /* "True", "false", "1", "0" */
bool ps_text_date(const char *text, int64_t *ret_unix_ms);

#endif
