/* print.h: what Windows PowerShell 5.1 would print, and other small texts of the lab.
 *
 * Source     formats 4: dates are "\/Date(ms)\/", a list of one is a single object, an empty one
 *            prints nothing at all.
 */
#ifndef LAB_PRINT_H
#define LAB_PRINT_H

#include <stdarg.h>

#include <jansson.h>

#include "baton/status.h"

/* snprintf into out; false when it did not fit. Out then holds the part that did, cut before a
 * character, never inside one: half a character would make the JSON that carries it invalid. */
bool print_format(char *out, size_t cap, const char *fmt, ...) BATON_PRINTF(3, 4);
bool print_format_list(char *out, size_t cap, const char *fmt, va_list args) BATON_PRINTF(3, 0);
void print_copy(char *out, size_t cap, const char *from); /* cut to fit */

json_t *print_date(uint64_t unix_ms);    /* "/Date(...)/"; dumping escapes its slashes */
json_t *print_timespan(uint64_t millis); /* an object with Ticks, Days ... TotalSeconds */
char *print_powershell(json_t *value);   /* takes the reference; caller frees the text */
char *print_list_item(json_t *value);    /* the same, as it stands in a list of several */
void print_http_date(uint64_t unix_ms, char out[40]); /* Thu, 10 Mar 2022 18:48:01 GMT */
void print_stamp(uint64_t unix_ms, char out[24]);     /* 20220310-184801, UTC */
void print_sql_date(uint64_t unix_ms, char out[32]);  /* 2022-03-10 18:48:01.123, UTC */

/* A random GUID, or one that depends only on the two texts. */
void print_guid_new(char out[37]);
void print_guid_of(const char *a, const char *b, char out[37]);

/* Base64 with padding; out holds 4 characters for every 3 bytes begun, and the final NUL. */
void print_base64(const uint8_t *bytes, size_t len, char *out);

#endif
