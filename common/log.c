#include "common/log.h"

#include "common/names.h"
#include "common/text.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LEVEL_UNREAD = -1 };

static const char *const level_names[] = {
    [LEVEL_DEBUG] = "debug", [LEVEL_INFO] = "info", [LEVEL_WARN] = "warn",
    [LEVEL_ERROR] = "error", [LEVEL_OFF] = "off",
};

static atomic_int current_level = LEVEL_UNREAD;

bool
log_level_parse(const char *name, enum log_level *ret_level)
{
    for (size_t i = 0; i < ARRAY_LEN(level_names); i++) {
        if (strcmp(level_names[i], name) == 0) {
            *ret_level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

void
log_level_set(enum log_level level)
{
    atomic_store(&current_level, (int)level);
}

/* Two threads that read the environment at once store the same answer. */
static int
level_now(void)
{
    int level = atomic_load(&current_level);
    if (level != LEVEL_UNREAD)
        return level;
    enum log_level asked = LEVEL_INFO;
    const char *name = getenv("BATON_LOG");
    if (name != NULL && !log_level_parse(name, &asked))
        asked = LEVEL_INFO;
    int expected = LEVEL_UNREAD;
    atomic_compare_exchange_strong(&current_level, &expected, (int)asked);
    return atomic_load(&current_level);
}

bool
log_enabled(enum log_level level)
{
    return (int)level >= level_now() && level != LEVEL_OFF;
}

static size_t
line_start(char *line, size_t cap, enum log_level level, const char *event)
{
    struct timespec now = {0};
    struct tm utc;
    char stamp[32] = "";
    clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &utc) != NULL)
        strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
    int n = snprintf(line, cap, "%s.%03ldZ %s %s ", stamp, now.tv_nsec / 1000000,
                     NAME_OF(level_names, level), event);
    return n < 0 ? 0 : (size_t)n < cap ? (size_t)n : cap - 1;
}

static void (*sink)(enum log_level level, const char *event, const char *text);

void
log_sink_set(void (*next)(enum log_level level, const char *event, const char *text))
{
    sink = next;
}

/* One fwrite: standard error locks itself and is not buffered, so the line leaves in one piece. */
BATON_PRINTF(3, 0)
static void
log_write(enum log_level level, const char *event, const char *fmt, va_list args)
{
    char text[LOG_LINE_BYTES], line[LOG_LINE_BYTES];
    vsnprintf(text, sizeof text, fmt, args); /* NOLINT(clang-analyzer-valist*): false, clang 14 */
    size_t used = line_start(line, sizeof line - 1, level, event);
    text_copy(line + used, sizeof line - 1 - used, text);
    if (sink != NULL)
        sink(level, event, line + used);
    used = strlen(line);
    line[used++] = '\n';
    fwrite(line, 1, used, stderr);
}

#define LOG_FUNCTION(name, level)                                                                  \
    void name(const char *event, const char *fmt, ...)                                             \
    {                                                                                              \
        if (!log_enabled(level))                                                                   \
            return;                                                                                \
        va_list args;                                                                              \
        va_start(args, fmt);                                                                       \
        log_write(level, event, fmt, args);                                                        \
        va_end(args);                                                                              \
    }

LOG_FUNCTION(log_debug, LEVEL_DEBUG)
LOG_FUNCTION(log_info, LEVEL_INFO)
LOG_FUNCTION(log_warn, LEVEL_WARN)
LOG_FUNCTION(log_error, LEVEL_ERROR)
