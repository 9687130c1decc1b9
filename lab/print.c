#include "print.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "entropy.h"

/* A text that was cut may end in the first bytes of a character: those go. */
static void
drop_half_character(char *text)
{
    size_t end = strlen(text), lead = end;
    while (lead > 0 && end - lead < 4 && ((uint8_t)text[lead - 1] & 0xc0) == 0x80)
        lead--;
    if (lead == 0 || ((uint8_t)text[lead - 1] & 0x80) == 0)
        return;
    uint8_t first = (uint8_t)text[lead - 1];
    size_t needs = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (end - (lead - 1) < needs)
        text[lead - 1] = '\0';
}

bool
print_format_list(char *out, size_t cap, const char *fmt, va_list args)
{
    int len = vsnprintf(out, cap, fmt, args);
    bool fits = len >= 0 && (size_t)len < cap;
    if (!fits)
        drop_half_character(out);
    return fits;
}

bool
print_format(char *out, size_t cap, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    bool fits = print_format_list(out, cap, fmt, args);
    va_end(args);
    return fits;
}

void
print_copy(char *out, size_t cap, const char *from)
{
    (void)print_format(out, cap, "%s", from);
}

json_t *
print_date(uint64_t unix_ms)
{
    return json_sprintf("/Date(%" PRIu64 ")/", unix_ms);
}

json_t *
print_timespan(uint64_t millis)
{
    enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
    json_int_t n = (json_int_t)millis, ticks = n * 10000;
    double ms = (double)millis;
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:f,s:f,s:f,s:f,s:f}", /* in .NET's order */
                     "Ticks", ticks, "Days", n / DAY, "Hours", n / HOUR % 24, "Milliseconds",
                     n % SECOND, "Minutes", n / MINUTE % 60, "Seconds", n / SECOND % 60,
                     "TotalDays", ms / DAY, "TotalHours", ms / HOUR, "TotalMilliseconds", ms,
                     "TotalMinutes", ms / MINUTE, "TotalSeconds", ms / SECOND);
}

enum { PRINTED = JSON_ESCAPE_SLASH | JSON_ENCODE_ANY | JSON_INDENT(1) };

char *
print_powershell(json_t *value)
{
    json_t *shown = value;
    if (json_is_array(value) && json_array_size(value) == 1)
        shown = json_array_get(value, 0);
    char *text = json_is_array(shown) && json_array_size(shown) == 0 ? strdup("")
                                                                     : json_dumps(shown, PRINTED);
    json_decref(value);
    BATON_ASSERT(text != NULL);
    return text;
}

char *
print_list_item(json_t *value)
{
    enum { OPENS = 2, CLOSES = 2 }; /* "[\n" and "\n]" */
    json_t *list = json_pack("[o]", value);
    char *text = json_dumps(list, PRINTED);
    json_decref(list);
    BATON_ASSERT(text != NULL);
    size_t len = strlen(text) - OPENS - CLOSES;
    memmove(text, text + OPENS, len);
    text[len] = '\0';
    return text;
}

static struct tm
utc(uint64_t unix_ms)
{
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    return tm;
}

void
print_http_date(uint64_t unix_ms, char out[40])
{
    struct tm tm = utc(unix_ms);
    strftime(out, 40, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

void
print_stamp(uint64_t unix_ms, char out[24])
{
    struct tm tm = utc(unix_ms);
    strftime(out, 24, "%Y%m%d-%H%M%S", &tm);
}

void
print_sql_date(uint64_t unix_ms, char out[32])
{
    struct tm tm = utc(unix_ms);
    size_t len = strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm);
    print_format(out + len, 32 - len, ".%03u", (unsigned)(unix_ms % 1000));
}

static void
guid_print(const uint8_t b[16], char out[37])
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[at++] = '-';
        out[at++] = digits[b[i] >> 4];
        out[at++] = digits[b[i] & 15];
    }
    out[at] = '\0';
}

void
print_guid_new(char out[37])
{
    uint8_t b[16];
    entropy_fill(b, sizeof b);
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    guid_print(b, out);
}

static uint64_t
hash_text(uint64_t hash, const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        hash = (hash ^ (uint8_t)*c) * 0x100000001b3u;
    return (hash ^ 0xff) * 0x100000001b3u;
}

void
print_guid_of(const char *a, const char *b, char out[37])
{
    uint64_t half[2];
    half[0] = hash_text(hash_text(0xcbf29ce484222325u, a), b);
    half[1] = hash_text(hash_text(half[0], b), a);
    uint8_t bytes[16];
    for (size_t i = 0; i < sizeof bytes; i++) /* the same bytes on every machine */
        bytes[i] = (uint8_t)(half[i / 8] >> i % 8 * 8);
    guid_print(bytes, out);
}

static char
base64_digit(bool there, uint32_t value)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (!there)
        return '=';
    return digits[value & 63];
}

void
print_base64(const uint8_t *bytes, size_t len, char *out)
{
    size_t at = 0;
    for (size_t i = 0; i < len; i += 3) {
        uint32_t b = (uint32_t)bytes[i] << 16;
        b |= i + 1 < len ? (uint32_t)bytes[i + 1] << 8 : 0;
        b |= i + 2 < len ? bytes[i + 2] : 0;
        out[at++] = base64_digit(true, b >> 18);
        out[at++] = base64_digit(true, b >> 12);
        out[at++] = base64_digit(i + 1 < len, b >> 6);
        out[at++] = base64_digit(i + 2 < len, b);
    }
    out[at] = '\0';
}
