/* lab_wire.h: requests, answers and events of the lab as JSON lines.
 *
 * Errors     BATON_MALFORMED: an answer that lacks what its operation promises.
 * Ownership  A line is the caller's to free. What goes into a completion is copied.
 * Source     docs/lab-protocol.md.
 */
#ifndef AGENT_LAB_WIRE_H
#define AGENT_LAB_WIRE_H

#include <jansson.h>

#include "baton/host.h"

/* {"id":..,"op":..} and the operation's fields, with its line end; NULL without memory. */
char *lab_request_line(uint32_t id, const struct host_request *request);
char *lab_watch_line(void); /* id 0 */

bool lab_greeting(const json_t *line);
/* Services, tasks, processes, product, machine, events and collectors; not files. */
enum baton_status lab_answer(const json_t *answer, struct host_completion *done,
                             struct baton_err *err) BATON_MUST_USE;

/* A notification with one sentence in err.text; false: nothing an agent needs to know. */
bool lab_event(const json_t *event, struct host_completion *ret_notice);

#endif
