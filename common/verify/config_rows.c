#include "config_rows.h"

#include "common/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text, *rule;
} classes[] = {
#define X(name, text, rule) [CONFIG_##name] = {text, rule},
    CONFIG_CLASSES(X)
#undef X
};

const char *config_class_name(enum config_class class)
{
    BATON_ASSERT((size_t) class < ARRAY_LEN(classes));
    return classes[class].text;
}

const char *config_class_rule(enum config_class class)
{
    BATON_ASSERT((size_t) class < ARRAY_LEN(classes));
    return classes[class].rule;
}

static char *format_new(const char *fmt, va_list args) BATON_PRINTF(1, 0);
static void format_text(char out[FINDING_TEXT_BYTES], const char *fmt, va_list args)
    BATON_PRINTF(2, 0);

static char *
format_new(const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    char *text = n >= 0 ? malloc((size_t)n + 1) : NULL;
    if (text != NULL)
        (void)vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    return text;
}

static char *
copy_new(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

static void
row_done(struct config_row *row)
{
    free(row->subject);
    free(row->old_text);
    free(row->new_text);
}

static bool
rows_room(struct config_rows *rows)
{
    if (rows->status != BATON_OK || rows->count < rows->capacity)
        return rows->status == BATON_OK;
    size_t capacity = rows->capacity == 0 ? 32 : 2 * rows->capacity;
    if (rows->count == FINDINGS_MAX) {
        rows->status = BATON_LIMIT;
        return false;
    }
    struct config_row *grown = realloc(rows->item, capacity * sizeof *grown);
    if (grown == NULL) {
        rows->status = BATON_NOMEM;
        return false;
    }
    rows->item = grown;
    rows->capacity = capacity;
    return true;
}

struct config_row *
config_row_add(struct config_rows *rows, enum config_class class, const char *old_text,
               const char *new_text, const char *subject_fmt, ...)
{
    va_list args;
    if (!rows_room(rows))
        return &rows->spare;
    struct config_row row = {.class = class, .least = SEVERITY_INFO, .most = SEVERITY_BLOCK};
    va_start(args, subject_fmt);
    row.subject = format_new(subject_fmt, args);
    va_end(args);
    row.old_text = copy_new(old_text);
    row.new_text = copy_new(new_text);
    if (row.subject == NULL || row.old_text == NULL || row.new_text == NULL) {
        row_done(&row);
        rows->status = BATON_NOMEM;
        return &rows->spare;
    }
    text_copy(row.f.rule, sizeof row.f.rule, config_class_rule(class));
    text_copy(row.f.subject, sizeof row.f.subject, row.subject);
    rows->item[rows->count] = row;
    return &rows->item[rows->count++];
}

static void
format_text(char out[FINDING_TEXT_BYTES], const char *fmt, va_list args)
{
    char whole[4 * FINDING_TEXT_BYTES];
    (void)vsnprintf(whole, sizeof whole, fmt, args);
    text_copy(out, FINDING_TEXT_BYTES, whole);
}

void
config_row_why(struct config_row *row, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    format_text(row->f.why, fmt, args);
    va_end(args);
}

void
config_row_advice(struct config_row *row, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    format_text(row->f.advice, fmt, args);
    va_end(args);
}

static void
row_judge(struct config_row *row, const struct limits *limits, size_t of_class)
{
    const struct limit *limit = limits_of(limits, row->f.rule);
    uint8_t severity = SEVERITY_INFO;
    BATON_ASSERT(limit != NULL);
    if (limits_passed(limits, row->f.rule, of_class, 0, &row->f.limit))
        severity = limit->value.severity;
    if (severity < row->least)
        severity = row->least;
    row->f.severity = severity > row->most ? row->most : severity;
    row->f.count = 1;
}

static int
compare_rows(const void *a, const void *b)
{
    const struct config_row *x = a, *y = b;
    if (x->f.severity != y->f.severity)
        return x->f.severity > y->f.severity ? -1 : 1;
    if (x->class != y->class)
        return x->class < y->class ? -1 : 1;
    int by_subject = strcmp(x->subject, y->subject);
    return by_subject != 0 ? by_subject : memcmp(x->f.row.b, y->f.row.b, sizeof x->f.row.b);
}

enum baton_status
config_rows_finish(struct config_rows *rows, const struct limits *limits)
{
    size_t of_class[CONFIG_CLASS_COUNT] = {0};
    if (rows->status != BATON_OK)
        return rows->status;
    for (size_t i = 0; i < rows->count; i++)
        of_class[rows->item[i].class]++;
    for (size_t i = 0; i < rows->count; i++) {
        struct config_row *row = &rows->item[i];
        const char *const parts[] = {row->subject, row->old_text, row->new_text};
        row_judge(row, limits, of_class[row->class]);
        finding_row(row->f.rule, parts, ARRAY_LEN(parts), &row->f.row);
    }
    if (rows->count > 0)
        qsort(rows->item, rows->count, sizeof *rows->item, compare_rows);
    return BATON_OK;
}

size_t
config_rows_count(const struct config_rows *rows, enum config_class class)
{
    size_t n = 0;
    for (size_t i = 0; i < rows->count; i++)
        n += rows->item[i].class == class;
    return n;
}

void
config_rows_done(struct config_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        row_done(&rows->item[i]);
    free(rows->item);
    *rows = (struct config_rows){0};
}
