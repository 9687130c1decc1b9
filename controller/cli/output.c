#include "output.h"

#include "common/text.h"

#include <inttypes.h>
#include <libsmartcols.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CELL_BYTES = 16384, SHORT_DIGITS = 16 };

const json_t *
json_at(const json_t *o, const char *path)
{
    char name[64];
    while (o != NULL) {
        size_t n = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)n, path);
        o = json_object_get(o, name);
        if (path[n] == '\0')
            return o;
        path += n + 1;
    }
    return NULL;
}

const char *
json_text(const json_t *o, const char *path)
{
    const char *text = json_string_value(json_at(o, path));
    return text != NULL ? text : "";
}

int64_t
json_number(const json_t *o, const char *path)
{
    return (int64_t)json_integer_value(json_at(o, path));
}

bool
json_flag(const json_t *o, const char *path)
{
    return json_is_true(json_at(o, path));
}

void
format_time(uint64_t unix_ms, char *out, size_t cap)
{
    time_t t = (time_t)(unix_ms / 1000);
    struct tm tm;
    out[0] = '\0';
    if (unix_ms != 0 && gmtime_r(&t, &tm) != NULL)
        strftime(out, cap, "%Y-%m-%d %H:%M:%SZ", &tm);
}

void
format_duration(uint64_t ms, char *out, size_t cap)
{
    uint64_t s = ms / 1000;
    if (s < 60)
        snprintf(out, cap, "%" PRIu64 "s", s);
    else if (s < 3600)
        snprintf(out, cap, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
    else if (s < 86400)
        snprintf(out, cap, "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s % 3600 / 60);
    else
        snprintf(out, cap, "%" PRIu64 "d%02" PRIu64 "h", s / 86400, s % 86400 / 3600);
}

static uint64_t
unix_ms_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
plain_cell(const json_t *v, char *out, size_t cap)
{
    out[0] = '\0';
    if (json_is_string(v))
        text_copy(out, cap, json_string_value(v));
    else if (json_is_integer(v))
        snprintf(out, cap, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    else if (json_is_boolean(v))
        snprintf(out, cap, "%s", json_is_true(v) ? "yes" : "no");
    else if (json_is_array(v)) {
        size_t used = 0, i;
        json_t *item;
        json_array_foreach((json_t *)(uintptr_t)v, i, item)
        {
            char one[CELL_BYTES];
            plain_cell(item, one, sizeof one);
            int n = snprintf(out + used, cap - used, "%s%s", i > 0 ? "," : "", one);
            used += n > 0 ? (size_t)n : 0;
            if (used >= cap)
                break;
        }
    }
}

void
output_cell(const json_t *row, const struct column *column, char *out, size_t cap)
{
    const json_t *v = json_at(row, column->path);
    uint64_t n = (uint64_t)json_integer_value(v);
    out[0] = '\0';
    switch (column->kind) {
    case COLUMN_TIME:
        format_time(n, out, cap);
        return;
    case COLUMN_SINCE:
        if (n != 0)
            format_duration(unix_ms_now() > n ? unix_ms_now() - n : 0, out, cap);
        return;
    case COLUMN_AGE:
        if (json_is_integer(v))
            format_duration(n, out, cap);
        return;
    case COLUMN_YES:
        snprintf(out, cap, "%s", json_is_true(v) ? "yes" : "");
        return;
    case COLUMN_SHORT:
        plain_cell(v, out, cap);
        if (strlen(out) > SHORT_DIGITS)
            out[SHORT_DIGITS] = '\0';
        return;
    case COLUMN_TEXT:
        plain_cell(v, out, cap);
        return;
    }
}

void
output_json(const json_t *value)
{
    json_dumpf(value, stdout, JSON_INDENT(2));
    putchar('\n');
}

void
output_object(const struct cli *c, const json_t *value)
{
    json_dumpf(value, stdout, c->output == OUTPUT_JSONL ? JSON_COMPACT : JSON_INDENT(2));
    putchar('\n');
}

static void
print_jsonl(const json_t *items)
{
    size_t i;
    json_t *item;
    json_array_foreach((json_t *)(uintptr_t)items, i, item)
    {
        json_dumpf(item, stdout, JSON_COMPACT);
        putchar('\n');
    }
}

static void
print_csv_cell(const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, stdout);
        return;
    }
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            putchar('"');
        putchar(*text);
    }
    putchar('"');
}

static void
print_csv(const struct column *columns, size_t count, const json_t *items)
{
    size_t i;
    json_t *item;
    char cell[CELL_BYTES];
    for (size_t k = 0; k < count; k++)
        printf("%s%s", k > 0 ? "," : "", columns[k].title);
    fputs("\r\n", stdout);
    json_array_foreach((json_t *)(uintptr_t)items, i, item)
    {
        for (size_t k = 0; k < count; k++) {
            output_cell(item, &columns[k], cell, sizeof cell);
            if (k > 0)
                putchar(',');
            print_csv_cell(cell);
        }
        fputs("\r\n", stdout);
    }
}

static enum baton_status
print_table(struct cli *c, const struct column *columns, size_t count, const json_t *items)
{
    struct libscols_table *table = scols_new_table();
    size_t i;
    json_t *item;
    char cell[CELL_BYTES];
    if (table == NULL)
        return cli_fail(c, BATON_NOMEM, "no memory for a table");
    /* whole cells: a line that is too long is the terminal's to wrap */
    scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
    for (size_t k = 0; k < count; k++)
        scols_table_new_column(table, columns[k].title, 0, 0);
    json_array_foreach((json_t *)(uintptr_t)items, i, item)
    {
        struct libscols_line *line = scols_table_new_line(table, NULL);
        for (size_t k = 0; line != NULL && k < count; k++) {
            output_cell(item, &columns[k], cell, sizeof cell);
            scols_line_set_data(line, k, cell);
        }
    }
    scols_print_table(table);
    scols_unref_table(table);
    return BATON_OK;
}

enum baton_status
output_list(struct cli *c, const struct column *columns, size_t count, const json_t *items)
{
    switch (c->output) {
    case OUTPUT_JSON:
        output_json(items);
        return BATON_OK;
    case OUTPUT_JSONL:
        print_jsonl(items);
        return BATON_OK;
    case OUTPUT_CSV:
        print_csv(columns, count, items);
        return BATON_OK;
    case OUTPUT_HTML: /* a command that makes a page makes it itself */
    case OUTPUT_TABLE:
        break;
    }
    if (json_array_size(items) > 0)
        return print_table(c, columns, count, items);
    output_say(c, "none");
    return BATON_OK;
}

enum baton_status
output_one(struct cli *c, const struct column *columns, size_t count, const json_t *object)
{
    char cell[CELL_BYTES];
    int widest = 0;
    if (c->output == OUTPUT_JSON) {
        output_json(object);
        return BATON_OK;
    }
    if (c->output != OUTPUT_TABLE) {
        json_t *list = json_array();
        json_array_append(list, (json_t *)(uintptr_t)object);
        enum baton_status rc = output_list(c, columns, count, list);
        json_decref(list);
        return rc;
    }
    for (size_t k = 0; k < count; k++)
        if ((int)strlen(columns[k].title) > widest)
            widest = (int)strlen(columns[k].title);
    for (size_t k = 0; k < count; k++) {
        output_cell(object, &columns[k], cell, sizeof cell);
        printf("%s%-*s%s  %s\n", paint_on(c, PAINT_DIM), widest, columns[k].title, paint_off(c),
               cell);
    }
    return BATON_OK;
}

void
output_show(const struct cli *c, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vfprintf(c->output == OUTPUT_TABLE ? stdout : stderr, fmt, args);
    va_end(args);
}

void
output_say(const struct cli *c, const char *fmt, ...)
{
    if (c->output != OUTPUT_TABLE)
        return;
    va_list args;
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');
}

const char *
paint_on(const struct cli *c, enum paint p)
{
    static const char *const codes[] = {"",         "\033[1;31m", "\033[32m",
                                        "\033[33m", "\033[1m",    "\033[2m"};
    return c->colour ? codes[p] : "";
}

const char *
paint_off(const struct cli *c)
{
    return c->colour ? "\033[0m" : "";
}

enum baton_status
output_format_parse(const char *text, enum output_format *ret_format)
{
    static const char *const names[] = {"table", "json", "jsonl", "csv", "html"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(names[i], text) == 0) {
            *ret_format = (enum output_format)i;
            return BATON_OK;
        }
    return BATON_USAGE;
}
