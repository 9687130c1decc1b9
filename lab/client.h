/* client.h: `baton-lab do`, `tenant` and `watch`: the lab's protocol for people and scripts.
 *
 * Errors     Exit codes of design 7: 0 done, 1 failed, 2 usage, 3 not found, 5 refused, 7 timed out,
 *            8 unreachable, 9 conflict.
 */
#ifndef LAB_CLIENT_H
#define LAB_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

struct client_options {
    const char *dir;
    bool json;
    unsigned timeout_ms;
};

/* server NULL: the tenant. fields: "name=value" each. */
int client_do(const struct client_options *options, const char *server, const char *op,
              char *const *fields, size_t field_count);
/* Prints events until interrupted; names empty: the tenant and every server. */
int client_watch(const struct client_options *options, char *const *names, size_t name_count);

#endif
