#include "wrap.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static size_t
columns(void)
{
    struct winsize w;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0 || w.ws_col == 0)
        return WRAP_COLUMNS;
    return w.ws_col < WRAP_COLUMNS_LEAST ? WRAP_COLUMNS_LEAST : w.ws_col;
}

static bool
begins_character(char c)
{
    return ((unsigned char)c & 0xC0) != 0x80;
}

size_t
wrap_next(const char *text, size_t columns)
{
    size_t at = 0, last_blank = 0, used = 0;
    for (; text[at] != '\0'; at++) {
        if (text[at] == ' ')
            last_blank = at;
        if (!begins_character(text[at]))
            continue;
        if (used == columns && (last_blank > 0 || text[at] == ' '))
            return last_blank > 0 ? last_blank : at;
        used += used < columns;
    }
    return at;
}

void
wrap_print(unsigned indent, const char *fmt, ...)
{
    char text[WRAP_BYTES];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    size_t width = columns() - indent;
    for (const char *at = text; *at != '\0';) {
        size_t len = wrap_next(at, width);
        printf("%*s%.*s\n", (int)indent, "", (int)len, at);
        at += len;
        at += strspn(at, " ");
    }
}
