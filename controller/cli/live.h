/* live.h: things that are looked at for longer than one moment.
 *
 * Shape      live_watch draws again after every audit record, and at least every few seconds; without
 *            a terminal it prints one line an event instead. live_wait returns when a cutover is in
 *            one of some states.
 * Errors     live_wait: BATON_TIMEOUT; BATON_WAITING when people are needed; BATON_FAILED when it ended
 *            elsewhere.
 */
#ifndef BATON_LIVE_H
#define BATON_LIVE_H

#include "cli.h"

/* Draws until the person stops it, or until --timeout when that was given. query: "" or "&tenant=…". */
enum baton_status live_watch(struct cli *c, enum baton_status (*draw)(struct cli *c),
                             const char *query);
/* states: codes or titles with commas. reached_or_later: a later one of the normal path will do. */
enum baton_status live_wait(struct cli *c, const char *cutover_id, const char *states,
                            bool reached_or_later);

#endif
