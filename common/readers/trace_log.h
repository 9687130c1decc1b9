/* trace_log.h: the log of the configuration wizard (trace-YYYYMMDD-HHMMSS.log), as events that matter.
 *
 * Shape      A record is `[HH:MM:SS.mmm] [thread] [LEVEL] message`, also without its time stamp; every other
 *            line continues the record above it. Told are records that a marker knows (the wizard's start,
 *            the pages that somebody went through, what it found installed and in which version, what it
 *            did, staging mode), warnings and errors; of a message with a stack trace or XML behind it, the
 *            lines before that. Texts are redacted (redact.h); identifiers of known products are words.
 *            A clock that falls by half a day has passed midnight. The date stands in the banner, which
 *            calls its local time GMT and the UTC time too: both together are the zone. Without the
 *            banner the file's name has the date, and the zone is not known.
 *            Whoever writes such a log may write anything: nobody may decide on it.
 * Units      *_ms; a moment is Unix milliseconds only where date and zone are known.
 * Limits     Memory: constant, whatever the file (text_lines.h). A message is cut at TRACE_MESSAGE_BYTES.
 * Errors     BATON_MALFORMED with line and byte: a NUL; or not one record in the whole. BATON_NOMEM.
 * Ownership  trace_log_close. Events are valid during the visit. Push, finish, close.
 * Source     formats 6.
 */
#ifndef READERS_TRACE_LOG_H
#define READERS_TRACE_LOG_H

#include "redact.h"

enum { TRACE_MESSAGE_BYTES = 2048, TRACE_VERSION_BYTES = 32, TRACE_DATE_BYTES = 11 };

enum trace_level { TRACE_INFO, TRACE_VERBOSE, TRACE_WARNING, TRACE_ERROR, TRACE_OTHER };

struct trace_marker {
    const char *id;      /* "dirsync-absent" */
    const char *pattern; /* of the whole message; `*` is any text, and ends it */
    const char *meaning; /* for people */
};

struct trace_event {
    uint64_t line;  /* of the record */
    bool timed;     /* its time stamp is there */
    int64_t day_ms; /* since midnight of the first day, local */
    bool dated;     /* unix_ms is known */
    int64_t unix_ms;
    enum trace_level level;
    const struct trace_marker *marker; /* NULL: only its level matters */
    char version[TRACE_VERSION_BYTES]; /* what a marker's first version said, or "" */
    char wanted[TRACE_VERSION_BYTES];  /* and the second */
    char text[REDACT_BYTES];
};

struct trace_summary {
    uint64_t bytes, lines, records, markers, warnings, errors;
    uint64_t untimed; /* records without their time stamp */
    uint64_t
        stray;    /* lines before the first record: the log was cut, or goes on from another one */
    uint64_t cut; /* lines that were too long */
    uint64_t foreign; /* bytes that were no UTF-8 */
    unsigned days;
    bool zone_known;
    int zone_minutes;                  /* local minus UTC */
    char date[TRACE_DATE_BYTES];       /* of the first day, local: "2026-07-01", or "" */
    char version[TRACE_VERSION_BYTES]; /* of the wizard, or "" */
    const char *encoding;              /* of its end; static text */
};

const struct trace_marker *trace_markers(size_t *ret_count);
const char *trace_level_name(enum trace_level l);

struct trace_order {
    /* Asked first, while the event has no text yet: making one costs more than all the rest. NULL: all. */
    bool (*wants)(void *arg, const struct trace_event *event);
    void (*visit)(void *arg, const struct trace_event *event);
    void *arg;
    const char *name;       /* the file's, for the date; may be NULL */
    struct baton_hash salt; /* of digests in texts */
};

struct trace_log;
enum baton_status trace_log_open(const struct trace_order *order, struct trace_log **ret_log,
                                 struct baton_err *err) BATON_MUST_USE;
enum baton_status trace_log_push(struct trace_log *t, const void *bytes, size_t len,
                                 struct baton_err *err) BATON_MUST_USE;
enum baton_status trace_log_finish(struct trace_log *t, struct trace_summary *ret_summary,
                                   struct baton_err *err) BATON_MUST_USE;
void trace_log_close(struct trace_log **t);

#endif
