/* host_product.h: the sync product of this server, discovered: never from a folder that is taken for
 * granted.
 *
 * Shape      Services and entries under Uninstall (both views of the registry) say which product, the
 *            program that the registry names as its wizard which version; see product_table.h.
 *            What is under Uninstall is read again when the registry tells of a change, and after
 *            ENTRIES_AGAIN_MS in any case; everything else each time.
 * Errors     BATON_MALFORMED (product_table.h), BATON_DENIED, BATON_IO.
 * Threads    Any.
 * Source     domain 1.2, 1.4, 2.2.
 */
#ifndef AGENT_WINDOWS_HOST_PRODUCT_H
#define AGENT_WINDOWS_HOST_PRODUCT_H

#include "host_services.h"
#include "product_table.h"
#include "registry.h"

struct discovery { /* where the product lies; UTF-8, "" when that is not known */
    char engine_folder[SERVICE_PATH_BYTES]; /* above Bin */
    char wizard[NAME_BYTES];                /* its program's name without the folder */
    enum product product;
};

enum { ENTRIES_AGAIN_MS = 60000 };

struct installed { /* of one thread; begins as {0} */
    struct {
        HKEY key; /* armed as long as it is open */
        HANDLE changed;
    } view[2];
    uint64_t read_ms; /* 0: never, or not all of it */
    struct product_signs signs;
};
void installed_close(struct installed *i);

/* installed NULL: nothing is kept. */
enum baton_status product_look(const struct sync_services *services, struct installed *installed,
                               struct host_product *ret_product, struct discovery *ret_discovery,
                               struct baton_err *err) BATON_MUST_USE;

#endif
