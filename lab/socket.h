/* socket.h: the lab's Unix sockets and its one loop.
 *
 * Shape      DIR/servers/NAME.sock for each server, DIR/tenant.sock; JSON lines. One thread polls
 *            listeners, connections and the world's timers, and sets the world's clocks.
 * Limits     LINE_MAX_BYTES a line: a longer one is thrown away and answered with one error.
 *            CONNECTIONS_MAX connections. A reader that lets OUT_MAX_BYTES pile up is dropped.
 * Source     docs/lab-protocol.md.
 */
#ifndef LAB_SOCKET_H
#define LAB_SOCKET_H

#include "world.h"

enum { LINE_MAX_BYTES = 1024 * 1024, OUT_MAX_BYTES = 8 * 1024 * 1024, CONNECTIONS_MAX = 256 };

struct hub;

/* Whether a lab runs in this directory already. */
bool hub_runs_at(const char *dir);
/* Listens for the tenant and every server there is; becomes the world's port. */
enum baton_status hub_open(struct world *w, struct hub **ret_hub,
                           struct baton_err *err) BATON_MUST_USE;
/* Until a byte arrives on stop_fd. */
enum baton_status hub_run(struct hub *hub, int stop_fd, struct baton_err *err) BATON_MUST_USE;
void hub_close(struct hub **hub); /* removes the sockets */

/* Sets the world's clocks to now. */
void world_look_at_clock(struct world *w);

#endif
