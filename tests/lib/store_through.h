/* store_through.h: a store in front of another one, for worlds that watch or break some of its calls.
 *
 * Shape      store_through has every call of the port, each of them the real store's. A world takes it,
 *            puts functions of its own in the place of those that it watches, and gives a
 *            struct store_through as ctx; its functions find the world by store_through_owner and the real
 *            store by store_through_real.
 * Errors     The real store's; before it those of `may`, of a world whose process can end at a call.
 * Ownership  The world opens and closes the real store.
 */
#ifndef TESTS_STORE_THROUGH_H
#define TESTS_STORE_THROUGH_H

#include "baton/store.h"

struct store_through {
    struct store_port real;
    void *owner;
    /* NULL: every call is made. rollback and look_end are, always. */
    enum baton_status (*may)(void *owner, struct baton_err *err);
};

extern const struct store_port store_through;

void *store_through_owner(void *ctx);
const struct store_port *store_through_real(void *ctx);

#endif
