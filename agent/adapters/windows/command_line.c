#include "command_line.h"

#include <string.h>

#include "common/text.h"

/* So many bytes of UTF-8 are never more units of UTF-16. */
_Static_assert((int)COMMAND_LINE_BYTES <= (int)COMMAND_LINE_UNITS, "the line fits CreateProcess");

struct line {
    char *out;
    size_t len;
    bool full;
};

static void
put(struct line *l, char c)
{
    if (l->len + 1 < COMMAND_LINE_BYTES)
        l->out[l->len++] = c;
    else
        l->full = true;
}

static void
put_times(struct line *l, char c, size_t times)
{
    while (times-- > 0)
        put(l, c);
}

static bool
needs_quotes(const char *text)
{
    return *text == '\0' || strpbrk(text, " \t\"") != NULL;
}

/* Backslashes mean themselves, except in front of a quote: there each takes a second one. */
static void
put_quoted(struct line *l, const char *text)
{
    put(l, '"');
    size_t backslashes = 0;
    for (; *text != '\0'; text++) {
        if (*text == '\\') {
            backslashes++;
            continue;
        }
        put_times(l, '\\', *text == '"' ? 2 * backslashes + 1 : backslashes);
        put(l, *text);
        backslashes = 0;
    }
    put_times(l, '\\', 2 * backslashes);
    put(l, '"');
}

static void
put_plain(struct line *l, const char *text)
{
    for (; *text != '\0'; text++)
        put(l, *text);
}

enum baton_status
command_line(const char *const *argument, size_t count, char out[COMMAND_LINE_BYTES],
             struct baton_err *err)
{
    struct line l = {.out = out};
    if (count == 0 || argument[0][0] == '\0' || strchr(argument[0], '"') != NULL)
        return baton_fail(err, BATON_MALFORMED, "a command line without a usable program");
    for (size_t i = 0; i < count; i++) {
        if (!text_valid(argument[i], strlen(argument[i])))
            return baton_fail(err, BATON_MALFORMED,
                              "argument %zu of %.200s holds a control character or no UTF-8", i,
                              argument[0]);
        if (i > 0)
            put(&l, ' ');
        if (i == 0 || needs_quotes(argument[i]))
            put_quoted(&l, argument[i]);
        else
            put_plain(&l, argument[i]);
    }
    out[l.len] = '\0';
    if (l.full)
        return baton_fail(err, BATON_LIMIT, "the command line of %.200s is longer than %d bytes",
                          argument[0], COMMAND_LINE_BYTES);
    return BATON_OK;
}
