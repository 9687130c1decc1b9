/* wake.h: a descriptor that one thread makes readable for another one's poll. On Linux an eventfd; on
 * Windows, where only sockets can be polled, a datagram socket that is connected to itself.
 *
 * Errors     BATON_IO.
 * Threads    wake_ring from any; the rest from the one that opened it.
 */
#ifndef AGENT_WAKE_H
#define AGENT_WAKE_H

#include "baton/status.h"

struct wake {
    int fd; /* handles of the system fit: they have 32 significant bits */
};

enum baton_status wake_open(struct wake *w, struct baton_err *err) BATON_MUST_USE;
void wake_ring(const struct wake *w);
void wake_clear(const struct wake *w); /* not readable until it is rung again */
void wake_close(struct wake *w);

#endif
