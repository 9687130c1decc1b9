/* log.h: what a program tells the person who runs it, one line an event on standard error.
 *
 * Shape      2026-07-01T12:34:56.789Z warn promise.stale epoch=7 host="OLD"
 *            A stable event name first, then key=value as the caller formats it. Never a secret.
 * Limits     LOG_LINE_BYTES; longer lines are cut. Control characters become spaces: one event
 *            cannot look like two.
 * Level      BATON_LOG (debug, info, warn, error, off), read once; info when unset or unknown.
 * Threads    Any. A line is written whole.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include "baton/status.h"

enum { LOG_LINE_BYTES = 1024 };

enum log_level { LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARN, LEVEL_ERROR, LEVEL_OFF };

void log_debug(const char *event, const char *fmt, ...) BATON_PRINTF(2, 3);
void log_info(const char *event, const char *fmt, ...) BATON_PRINTF(2, 3);
void log_warn(const char *event, const char *fmt, ...) BATON_PRINTF(2, 3);
void log_error(const char *event, const char *fmt, ...) BATON_PRINTF(2, 3);

void log_level_set(enum log_level level); /* a program's --verbose or --quiet */
bool log_enabled(enum log_level level);   /* before work that only a log line needs */
/* Beside standard error, what is enabled also goes there: one line of valid text. Set before others log;
 * called in the thread that logs. */
void log_sink_set(void (*sink)(enum log_level level, const char *event, const char *text));
bool log_level_parse(const char *name, enum log_level *ret_level);

#endif
