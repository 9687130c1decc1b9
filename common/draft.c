#include "common/draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRAFT_FIRST_BYTES = 256 };

static bool
room(struct draft *d, size_t more)
{
    size_t cap = d->cap == 0 ? DRAFT_FIRST_BYTES : d->cap;
    if (d->failed)
        return false;
    while (cap - d->len <= more && cap <= SIZE_MAX / 2)
        cap *= 2;
    if (cap == d->cap)
        return true;
    char *text = cap - d->len > more ? realloc(d->text, cap) : NULL;
    if (text == NULL) {
        d->failed = true;
        return false;
    }
    d->text = text;
    d->cap = cap;
    return true;
}

void
draft_bytes(struct draft *d, const char *bytes, size_t len)
{
    if (!room(d, len))
        return;
    memcpy(d->text + d->len, bytes, len);
    d->len += len;
    d->text[d->len] = '\0';
}

void
draft_put(struct draft *d, const char *text)
{
    draft_bytes(d, text, strlen(text));
}

void
draft_char(struct draft *d, char c)
{
    draft_bytes(d, &c, 1);
}

void
draft_format_list(struct draft *d, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    if (n < 0)
        d->failed = true;
    else if (room(d, (size_t)n)) {
        (void)vsnprintf(d->text + d->len, (size_t)n + 1, fmt, again);
        d->len += (size_t)n;
    }
    va_end(again);
}

void
draft_format(struct draft *d, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    draft_format_list(d, fmt, args);
    va_end(args);
}

char *
draft_end(struct draft *d)
{
    draft_bytes(d, "", 0); /* an empty text is one too */
    char *text = d->failed ? NULL : d->text;
    if (text == NULL)
        free(d->text);
    *d = (struct draft){0};
    return text;
}

void
draft_drop(struct draft *d)
{
    free(d->text);
    *d = (struct draft){0};
}
