/* operation.h: one request line in, one answer out, for a server or for the tenant.
 *
 * Shape      One table: name, who has it, what it needs, handler. A handler answers at once or keeps
 *            the reply until simulated work has ended.
 * Errors     Every refusal is one sentence in the answer; the connection stays usable.
 * Source     docs/lab-protocol.md.
 */
#ifndef LAB_OPERATION_H
#define LAB_OPERATION_H

#include "world.h"

enum operation_effect { EFFECT_NONE, EFFECT_WATCH };

/* Does what the line asks. server NULL: the tenant. EFFECT_WATCH: events go to this connection. */
enum operation_effect operation_run(struct world *w, struct server *server, uint64_t connection,
                                    const char *line, size_t len);

#endif
