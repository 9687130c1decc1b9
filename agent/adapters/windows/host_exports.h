/* host_exports.h: being told as soon as a person has exported the product's settings.
 *
 * Shape      The worker waits for exports_handles among others and calls exports_turn after every wait. What
 *            a wizard logs beside its exports says nothing: it is told when the newest export is another
 *            one, or was written again. A folder that is not there yet is tried again at each turn.
 * Limits     Two folders (host_places.h).
 * Errors     A folder that nobody tells of: a look at the place finds the file all the same.
 * Threads    One.
 * Source     handoff S1 to S3.
 */
#ifndef AGENT_WINDOWS_HOST_EXPORTS_H
#define AGENT_WINDOWS_HOST_EXPORTS_H

#include <winsock2.h>

#include <windows.h>

#include "agent/adapters/host_queue.h"
#include "host_places.h"

enum { EXPORTS_HANDLES = 2 };

struct exports {
    const struct places *places;
    struct host_queue *queue;
    HANDLE folder[EXPORTS_HANDLES]; /* NULL: nobody tells of it */
    struct exported newest;
};

void exports_begin(struct exports *e, const struct places *places, struct host_queue *queue);
void exports_end(struct exports *e);
size_t exports_handles(const struct exports *e, HANDLE out[EXPORTS_HANDLES]);
void exports_turn(struct exports *e);

#endif
