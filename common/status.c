#include "baton/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct status_row {
    const char *name;
    int exit_code;
    const char *text;
};

static const struct status_row rows[] = {
#define X(name, code, text) {#name, code, text},
    BATON_STATUSES(X)
#undef X
};

static const struct status_row *
row_of(enum baton_status status)
{
    BATON_ASSERT((size_t)status < ARRAY_LEN(rows));
    return &rows[status];
}

const char *
baton_status_name(enum baton_status status)
{
    return row_of(status)->name;
}

const char *
baton_status_text(enum baton_status status)
{
    return row_of(status)->text;
}

int
baton_status_exit_code(enum baton_status status)
{
    return row_of(status)->exit_code;
}

enum baton_status
baton_fail(struct baton_err *err, enum baton_status status, const char *fmt, ...)
{
    if (err == NULL)
        return status;
    va_list args;
    va_start(args, fmt);
    err->status = status;
    vsnprintf(err->text, sizeof err->text, fmt, args); /* NOLINT(clang-analyzer-valist*): false */
    va_end(args);
    return status;
}

enum baton_status
baton_wrap(struct baton_err *err, enum baton_status status, const char *fmt, ...)
{
    if (err == NULL)
        return status;
    char inner[BATON_ERR_BYTES];
    const char *text = err->text[0] != '\0' ? err->text : baton_status_text(status);
    snprintf(inner, sizeof inner, "%s", text);

    va_list args;
    va_start(args, fmt);
    /* NOLINTNEXTLINE(clang-analyzer-valist*): false, clang 14 does not see va_start */
    int n = vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);

    size_t used = n < 0 ? 0 : strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, ": %.*s", BATON_ERR_BYTES, inner);
    err->status = status;
    return status;
}

_Noreturn void
baton_assert_failed(const char *what, const char *file, int line)
{
    fprintf(stderr, "baton: bug: %s is not true at %s:%d\n", what, file, line);
    abort();
}
