#include "run_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The engine writes dates in one form, so that their order is that of their texts. */
static int
newest_first(const void *a, const void *b)
{
    return strcmp(((const struct run_row *)b)->begin, ((const struct run_row *)a)->begin);
}

static bool
is_seen(const struct run_row *rows, size_t count, const struct run_row *row)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].ma_guid, row->ma_guid) == 0 &&
            strcmp(rows[i].profile, row->profile) == 0)
            return true;
    return false;
}

size_t
run_rows_choose(struct run_row *rows, size_t count)
{
    if (count > 0)
        qsort(rows, count, sizeof rows[0], newest_first);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (i < RUN_ROWS_NEWEST || !is_seen(rows, kept, &rows[i]))
            rows[kept++] = rows[i];
    return kept;
}

bool
run_row_is_over(const struct run_row *row)
{
    return row->end[0] != '\0' && row->status[0] != '\0' &&
           strcmp(row->status, "in-progress") != 0 &&
           strncmp(row->status, "completing-", strlen("completing-")) != 0;
}

/* --- details ------------------------------------------------------------------------------------- */

static const char *const dropped[] = {"synchronization-errors", "mv-retry-errors",
                                      "ma-discovery-errors", "connection-log"};

/* An element of that name begins at `at`: its length up to the end of its start tag; 0: another one. */
static size_t
start_tag(const char *at, const char *end, const char *name, bool *ret_empty)
{
    size_t len = strlen(name);
    if ((size_t)(end - at) < len + 2 || at[0] != '<' || memcmp(at + 1, name, len) != 0 ||
        strchr(" \t\r\n/>", at[1 + len]) == NULL)
        return 0;
    const char *close = memchr(at, '>', (size_t)(end - at));
    if (close == NULL)
        return 0;
    *ret_empty = close[-1] == '/';
    return (size_t)(close - at) + 1;
}

static const char *
end_tag(const char *at, const char *end, const char *name)
{
    char tag[64];
    int len = snprintf(tag, sizeof tag, "</%s>", name);
    for (; end - at >= len; at++)
        if (memcmp(at, tag, (size_t)len) == 0)
            return at + len;
    return NULL;
}

/* How much of the text at `at` is left out; one that does not end is kept, for the reader to refuse. */
static size_t
dropped_len(const char *at, const char *end)
{
    for (size_t i = 0; i < ARRAY_LEN(dropped); i++) {
        bool empty = false;
        size_t head = start_tag(at, end, dropped[i], &empty);
        if (head == 0)
            continue;
        const char *after = empty ? at + head : end_tag(at + head, end, dropped[i]);
        return after == NULL ? 0 : (size_t)(after - at);
    }
    return 0;
}

size_t
run_details_thin(char *xml, size_t len)
{
    const char *end = xml + len;
    char *out = xml;
    for (const char *at = xml; at < end;) {
        size_t skip = *at == '<' ? dropped_len(at, end) : 0;
        if (skip > 0)
            at += skip;
        else
            *out++ = *at++;
    }
    *out = '\0'; /* as long as before or shorter: there is a NUL already */
    return (size_t)(out - xml);
}

struct text {
    char *out;
    size_t len, cap;
};

static void
put(struct text *t, const char *text)
{
    size_t n = strlen(text);
    BATON_ASSERT(t->len + n < t->cap);
    memcpy(t->out + t->len, text, n + 1);
    t->len += n;
}

static void
put_element(struct text *t, const char *name, const char *value)
{
    put(t, "<");
    put(t, name);
    put(t, ">");
    for (; *value != '\0'; value++) {
        const char one[] = {*value, '\0'};
        put(t, *value == '<' ? "&lt;" : *value == '&' ? "&amp;" : one);
    }
    put(t, "</");
    put(t, name);
    put(t, ">");
}

char *
run_details_of_row(const struct run_row *row)
{
    struct text t = {.cap = 5 * sizeof *row + 1024}; /* every byte may become "&amp;" */
    t.out = malloc(t.cap);
    if (t.out == NULL)
        return NULL;
    put(&t, "<run-history><run-details>");
    put_element(&t, "ma-id", row->ma_guid);
    put_element(&t, "ma-name", row->ma_name);
    put_element(&t, "run-number", row->number);
    put_element(&t, "run-profile-name", row->profile);
    put(&t, "<step-details>");
    put_element(&t, "start-date", row->begin);
    put_element(&t, "end-date", row->end);
    put_element(&t, "step-result", row->status);
    put(&t, "</step-details></run-details></run-history>");
    return t.out;
}
