/* event_source.h: this program as a source of the Event Log: its registration, and where log lines go when
 * nobody reads standard error.
 *
 * Shape      The source is a key of the Application log that names the program, which carries the message table
 *            (events.mc). After event_source_open every warning and error that is logged, and what event_ids.h
 *            names besides, becomes an event with a documented id.
 * Limits     LOG_LINE_BYTES a line; its text is one line of valid characters whatever came over the wire.
 * Errors     BATON_NOT_FOUND: not registered. The log itself never fails anybody.
 * Threads    event_source_open once, before others log.
 */
#ifndef AGENT_EVENT_SOURCE_H
#define AGENT_EVENT_SOURCE_H

#include "baton/status.h"

enum baton_status event_source_read(char *ret_program, size_t cap,
                                    struct baton_err *err) BATON_MUST_USE;
enum baton_status event_source_register(const char *program, struct baton_err *err) BATON_MUST_USE;
enum baton_status event_source_remove(struct baton_err *err) BATON_MUST_USE;

enum baton_status event_source_open(struct baton_err *err) BATON_MUST_USE;

#endif
