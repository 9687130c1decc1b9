/* event_ids.h: which log lines reach the Event Log, and as which message of events.mc.
 *
 * Shape      Every warning and error has a message: its own, or the common one of its level. Of the rest only
 *            what whoever looks after a server must find later has one. The number that the system takes
 *            holds the message's severity above its id.
 * Threads    Reentrant. No call of the system's: tested on every one.
 */
#ifndef AGENT_EVENT_IDS_H
#define AGENT_EVENT_IDS_H

#include <wchar.h>

#include "common/log.h"

enum event_severity { MESSAGE_INFO = 1, MESSAGE_WARNING, MESSAGE_ERROR };

struct event_row {
    uint32_t id;
    enum event_severity severity; /* of the message, whatever the level of the line */
    enum log_level level;
    const char *event; /* NULL: every other one of this level */
};
const struct event_row *event_rows(size_t *ret_count);

/* False: this line stays out of the Event Log. */
bool event_id_of(enum log_level level, const char *event, uint32_t *ret_id);

/* What stands in an event's text as "%1" or "%%1" the system's viewers take for a place to put another text into.
 * Addresses have that, and so may any name that comes over the wire: such a percent sign becomes a wide one. */
void event_words_mend(wchar_t *words);

#endif
