#include "psjson.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "utf.h"

enum { TICKS_PER_MS = 10000 };

static bool
is_error_record(const char *text)
{
    return strstr(text, "FullyQualifiedErrorId") != NULL || strstr(text, "CategoryInfo") != NULL;
}

/* Names and values with their colons in one column, as Format-List prints an object for people. */
static bool
is_listing(const char *text)
{
    size_t column = 0, lines = 0;
    for (const char *end; *text != '\0'; text = end + strspn(end, "\r\n")) {
        end = text + strcspn(text, "\r\n");
        const char *colon = strstr(text, " : ");
        if (colon == NULL || colon > end)
            continue;
        size_t at = (size_t)(colon - text);
        if (lines > 0 && at != column)
            return false;
        column = at;
        lines++;
    }
    return lines > 1;
}

static enum baton_status
not_json(const char *text, const json_error_t *why, struct baton_err *err)
{
    int first_line = (int)strcspn(text, "\r\n");
    if (first_line > 200)
        first_line = 200;
    if (is_error_record(text))
        return baton_fail(err, BATON_FAILED, "PowerShell answered with an error: %.*s", first_line,
                          text);
    if (is_listing(text))
        return baton_fail(err, BATON_MALFORMED,
                          "a listing for people and not JSON: end the command with "
                          "| ConvertTo-Json -Depth 5");
    return baton_fail(err, BATON_MALFORMED, "not JSON (%s, line %d): %.*s", why->text, why->line,
                      first_line > 60 ? 60 : first_line, text);
}

static bool
is_nothing(const json_t *value)
{
    return json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0);
}

static enum baton_status
list_of(char *text, struct ps_list *ret_list, struct baton_err *err)
{
    const char *start = text + strspn(text, " \t\r\n");
    if (*start == '\0')
        return BATON_OK;
    json_error_t why;
    json_t *root = json_loads(start, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &why);
    if (root == NULL)
        return not_json(start, &why, err);
    if (is_nothing(root)) {
        json_decref(root);
        return BATON_OK;
    }
    ret_list->root = root;
    ret_list->count = json_is_array(root) ? json_array_size(root) : 1;
    return BATON_OK;
}

enum baton_status
ps_list_read(const char *text, size_t len, struct ps_list *ret_list, struct baton_err *err)
{
    *ret_list = (struct ps_list){0};
    if (len > PSJSON_BYTES_MAX)
        return baton_fail(err, BATON_LIMIT, "%zu bytes of JSON, at most %d are read", len,
                          PSJSON_BYTES_MAX);
    char *utf8;
    enum baton_status rc = utf_to_utf8(text, len, &utf8, err);
    if (rc != BATON_OK)
        return rc;
    rc = list_of(utf8, ret_list, err);
    free(utf8);
    return rc;
}

void
ps_list_done(struct ps_list *list)
{
    json_decref(list->root);
    *list = (struct ps_list){0};
}

const json_t *
ps_list_item(const struct ps_list *list, size_t index)
{
    BATON_ASSERT(index < list->count);
    return json_is_array(list->root) ? json_array_get(list->root, index) : list->root;
}

static bool
was_cut(const char *text)
{
    size_t len = strlen(text);
    bool dots = len >= 3 && strcmp(text + len - 3, "...") == 0;
    bool ellipsis = len >= 3 && strcmp(text + len - 3, "\xe2\x80\xa6") == 0;
    return dots || ellipsis || strncmp(text, "@{", 2) == 0;
}

bool
ps_value_text(const json_t *value, const char **ret_text)
{
    if (!json_is_string(value) || json_string_length(value) == 0 ||
        was_cut(json_string_value(value)))
        return false;
    *ret_text = json_string_value(value);
    return true;
}

bool
ps_text(const json_t *object, const char *name, const char **ret_text)
{
    return ps_value_text(json_object_get(object, name), ret_text);
}

bool
ps_text_bool(const char *text, bool *ret_value)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"true", true}, {"false", false}, {"1", true}, {"0", false}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcasecmp(text, words[i].word) == 0) {
            *ret_value = words[i].value;
            return true;
        }
    }
    return false;
}

bool
ps_bool(const json_t *object, const char *name, bool *ret_value)
{
    const json_t *value = json_object_get(object, name);
    if (json_is_boolean(value)) {
        *ret_value = json_is_true(value);
        return true;
    }
    const char *text;
    return ps_value_text(value, &text) && ps_text_bool(text, ret_value);
}

static bool
whole_number(const char *text, int64_t *ret_value)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || isspace((unsigned char)text[0]))
        return false;
    *ret_value = value;
    return true;
}

bool
ps_count(const json_t *object, const char *name, int64_t *ret_value)
{
    const json_t *value = json_object_get(object, name);
    if (json_is_integer(value)) {
        *ret_value = json_integer_value(value);
        return true;
    }
    const char *text;
    return ps_value_text(value, &text) && whole_number(text, ret_value);
}

/* Days since 1970-01-01 of a proleptic Gregorian date, without any time zone of this machine. */
static int64_t
days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* At most that many digits, at least one. */
static bool
digits(const char **at, int most, int *ret_number)
{
    int count = 0;
    *ret_number = 0;
    for (; count < most && isdigit((unsigned char)**at); (*at)++, count++)
        *ret_number = *ret_number * 10 + (**at - '0');
    return count > 0;
}

static bool
one_of(const char **at, const char *allowed)
{
    if (**at == '\0' || strchr(allowed, **at) == NULL)
        return false;
    (*at)++;
    return true;
}

/* ".123", ".1234567" or nothing: milliseconds, and where the fraction ends. */
static int
fraction_ms(const char **at)
{
    if (**at != '.')
        return 0;
    int ms = 0, scale = 100;
    for ((*at)++; isdigit((unsigned char)**at); (*at)++) {
        ms += (**at - '0') * scale;
        scale /= 10;
    }
    return ms;
}

/* "Z", "+02:00", "-0530" or nothing. */
static bool
zone_minutes(const char *at, int *ret_minutes)
{
    int hours, minutes;
    *ret_minutes = 0;
    if (*at == '\0' || strcmp(at, "Z") == 0)
        return true;
    int sign = *at == '-' ? -1 : 1;
    if (!one_of(&at, "+-") || !digits(&at, 2, &hours))
        return false;
    (void)one_of(&at, ":");
    if (!digits(&at, 2, &minutes) || *at != '\0' || hours > 14 || minutes > 59)
        return false;
    *ret_minutes = (hours * 60 + minutes) * sign;
    return true;
}

struct civil {
    int year, month, day, hour, minute, second;
};

static bool
in_calendar(const struct civil *c)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (c->year < 1970 || c->month < 1 || c->month > 12 || c->day < 1 || c->hour > 23)
        return false;
    bool leap = (c->year % 4 == 0 && c->year % 100 != 0) || c->year % 400 == 0;
    int last = days[c->month - 1] + (c->month == 2 && leap ? 1 : 0);
    return c->day <= last && c->minute <= 59 && c->second <= 60;
}

static bool
clock_time(const char **at, struct civil *c)
{
    return digits(at, 2, &c->hour) && one_of(at, ":") && digits(at, 2, &c->minute) &&
           one_of(at, ":") && digits(at, 2, &c->second);
}

static bool
iso_date(const char *text, int64_t *ret_unix_ms)
{
    struct civil c;
    const char *at = text;
    int offset;
    if (!digits(&at, 4, &c.year) || at != text + 4 || !one_of(&at, "-") ||
        !digits(&at, 2, &c.month) || !one_of(&at, "-") || !digits(&at, 2, &c.day) ||
        !one_of(&at, "T ") || !clock_time(&at, &c) || !in_calendar(&c))
        return false;
    int ms = fraction_ms(&at);
    if (!zone_minutes(at, &offset))
        return false;
    int64_t minutes = (days_from_civil(c.year, c.month, c.day) * 24 + c.hour) * 60 + c.minute;
    *ret_unix_ms = ((minutes - offset) * 60 + c.second) * 1000 + ms;
    return true;
}

/* "/Date(1649391053843)/", with an offset that only says how it was shown. */
static bool
script_date(const char *text, int64_t *ret_unix_ms)
{
    if (strncmp(text, "/Date(", 6) != 0)
        return false;
    char *end;
    errno = 0;
    long long ms = strtoll(text + 6, &end, 10);
    if (errno != 0 || end == text + 6)
        return false;
    if (*end == '+' || *end == '-')
        if (strspn(end + 1, "0123456789") == 4)
            end += 5;
    if (strcmp(end, ")/") != 0)
        return false;
    *ret_unix_ms = ms;
    return true;
}

bool
ps_text_date(const char *text, int64_t *ret_unix_ms)
{
    return script_date(text, ret_unix_ms) || iso_date(text, ret_unix_ms);
}

/* PowerShell decorates some dates: {"value": "/Date(..)/", "DisplayHint": 2, "DateTime": "..."}. */
bool
ps_date(const json_t *object, const char *name, int64_t *ret_unix_ms)
{
    const json_t *value = json_object_get(object, name);
    if (json_is_object(value))
        value = json_object_get(value, "value");
    const char *text;
    return ps_value_text(value, &text) && ps_text_date(text, ret_unix_ms);
}

/* "00:30:00" or "7.00:00:00", with a fraction or without. */
static bool
clock_span(const char *text, int64_t *ret_ms)
{
    struct civil c = {0};
    const char *at = text;
    int days = 0;
    if (strchr(text, '.') != NULL && strchr(text, '.') < strchr(text, ':'))
        if (!digits(&at, 8, &days) || !one_of(&at, "."))
            return false;
    if (!clock_time(&at, &c))
        return false;
    int ms = fraction_ms(&at);
    if (*at != '\0' || c.hour > 23 || c.minute > 59 || c.second > 59)
        return false;
    *ret_ms = ((((int64_t)days * 24 + c.hour) * 60 + c.minute) * 60 + c.second) * 1000 + ms;
    return true;
}

bool
ps_timespan(const json_t *object, const char *name, int64_t *ret_ms)
{
    const json_t *value = json_object_get(object, name);
    int64_t ticks;
    if (json_is_object(value) && ps_count(value, "Ticks", &ticks) && ticks >= 0) {
        *ret_ms = ticks / TICKS_PER_MS;
        return true;
    }
    const char *text;
    return ps_value_text(value, &text) && clock_span(text, ret_ms);
}
