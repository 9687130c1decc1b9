/* event_record.h: one event of a Windows log, as the log's own XML says it, and what it means for a service.
 *
 * Shape      Names of elements and numbers of events are the same in every language; words are not, so
 *            that what happened to a service is told from the numbers that go with the words.
 * Units      Unix milliseconds.
 * Limits     EVENT_DATA_MAX values, each cut to what fits.
 * Errors     As xml.h; BATON_MALFORMED: no event, or one without time, source or number.
 * Threads    Reentrant.
 * Source     domain 1.5, 2.9; events 7036, 7040 and 7045 of Service Control Manager.
 */
#ifndef AGENT_WINDOWS_EVENT_RECORD_H
#define AGENT_WINDOWS_EVENT_RECORD_H

#include "baton/ids.h"

enum { EVENT_DATA_MAX = 6, EVENT_BINARY_BYTES = 320, EVENT_SENTENCE_BYTES = 400 };

struct event_record {
    uint64_t unix_ms;
    uint32_t id;
    char source[NAME_BYTES], sid[NAME_BYTES];
    char data[EVENT_DATA_MAX][NAME_BYTES];
    size_t data_count;
    char binary[EVENT_BINARY_BYTES]; /* as hexadecimal digits */
};

enum baton_status event_record_read(const char *utf8, size_t len, struct event_record *ret_event,
                                    struct baton_err *err) BATON_MUST_USE;

enum event_what {
    EVENT_OTHER, /* of nobody's, or of another service */
    EVENT_STOPPED,
    EVENT_STARTED,
    EVENT_STATE,      /* another state, or one that is not told */
    EVENT_START_TYPE, /* changed by event.sid */
    EVENT_INSTALLED,
};
enum event_what event_about(const struct event_record *e, const char *service_name,
                            const char *display_name);
/* Its values in one line, for an event whose own message cannot be had. */
void event_sentence(const struct event_record *e, char out[EVENT_SENTENCE_BYTES]);

/* --- the newest of them, newest first --- */
enum { EVENT_LIST_MAX = 50 };
struct event_line {
    uint64_t unix_ms;
    uint32_t id;
    char source[NAME_BYTES], text[EVENT_SENTENCE_BYTES], by[NAME_BYTES];
};
struct event_list {
    struct event_line
        line[EVENT_LIST_MAX + 1]; /* one is there for a moment, until the least has gone */
    size_t count;
};
/* In its place by its time; the oldest makes room. Any account may write under the name of a sync product, and the
 * service manager alone under its own: each is sure of half of the places. */
void event_list_add(struct event_list *list, const struct event_line *line);
/* [{"at","source","id","text","by"}]; the caller frees; NULL: no memory. */
char *event_list_json(const struct event_list *list);

#endif
