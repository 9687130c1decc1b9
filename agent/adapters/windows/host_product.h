/* host_product.h: the sync product of this server, discovered: never from a folder that is taken for
 * granted.
 *
 * Shape      Services and entries under Uninstall (both views of the registry) say which product, the
 *            program that the registry names as its wizard which version; see product_table.h.
 * Errors     BATON_MALFORMED (product_table.h), BATON_DENIED, BATON_IO.
 * Threads    Any.
 * Source     domain 1.2, 1.4, 2.2.
 */
#ifndef AGENT_WINDOWS_HOST_PRODUCT_H
#define AGENT_WINDOWS_HOST_PRODUCT_H

#include "host_services.h"

struct discovery { /* where the product lies; UTF-8, "" when that is not known */
    char engine_folder[SERVICE_PATH_BYTES]; /* above Bin */
    char wizard[NAME_BYTES];                /* its program's name without the folder */
    enum product product;
};

enum baton_status product_look(const struct sync_services *services,
                               struct host_product *ret_product, struct discovery *ret_discovery,
                               struct baton_err *err) BATON_MUST_USE;

#endif
