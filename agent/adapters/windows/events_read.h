/* events_read.h: the event logs of this Windows server: who changed a sync service, and what the sync
 * products and the service manager said of late.
 *
 * Shape      events_read looks at what the logs hold beyond the place of the last look (a bookmark in
 *            each log), keeps the newest EVENTS_KEPT that concern sync services and products, and
 *            answers them as JSON, newest first: [{"at":unix ms,"source","id","text","by"}], "by"
 *            being the account's name, or its SID where it has none, or "".
 *            events_change answers from what is kept; it looks first, at most once in EVENTS_LOOK_MS.
 * Units      Unix milliseconds.
 * Limits     EVENTS_KEPT; a first look takes the newest of each log; text of an event EVENT_TEXT_BYTES.
 * Errors     As win_fail: a log that cannot be read. What the others said is kept for later, but a
 *            look that was not whole gives no answer.
 * Ownership  The caller frees *ret_text, which has a NUL after ret_len bytes.
 * Threads    One at a time.
 * Source     domain 1.5, 2.9; Service Control Manager's 7036, 7040, 7045.
 */
#ifndef AGENT_WINDOWS_EVENTS_READ_H
#define AGENT_WINDOWS_EVENTS_READ_H

#include "baton/host.h"

enum { EVENTS_KEPT = 50, EVENTS_LOOK_MS = 1000, EVENT_TEXT_BYTES = 400 };

struct events;

enum baton_status events_open(struct events **ret_events, struct baton_err *err) BATON_MUST_USE;
void events_close(struct events **events);

/* A service is of interest by the name and display name that it was told by; at most
 * HOST_SERVICES_MAX are kept, more are ignored. Discovery tells them before the first look. */
void events_follow(struct events *events, const char *service_name, const char *display_name);

enum baton_status events_read(struct events *events, char **ret_text, size_t *ret_len,
                              struct baton_err *err) BATON_MUST_USE;

/* The newest change of a followed service that the logs know. */
struct events_change {
    uint64_t unix_ms;         /* of its newest change of state or start type; 0: not known */
    uint64_t stopped_unix_ms; /* when it last entered the stopped state; 0: not known */
    char by[NAME_BYTES];      /* who; "" when the log names nobody, as for a mere start or stop */
};
void events_change(struct events *events, const char *service_name,
                   struct events_change *ret_change);

#endif
