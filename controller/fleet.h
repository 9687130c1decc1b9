/* fleet.h: how long first synchronizations took on this site, from the store.
 *
 * Shape      One measure a tenant, from its row; labs are compared with labs only, since their work is
 *            shortened. The rows are in the audit: a rebuilt store says the same.
 * Errors     The store's; BATON_NOMEM. A row that cannot be read is left out.
 * Threads    Reentrant, over any store (the API's read-only one too).
 * Source     domain 9; handoff 2.9 ("corrected by own history").
 */
#ifndef BATON_FLEET_H
#define BATON_FLEET_H

#include "baton/store.h"
#include "controller/core/tenant.h"

enum baton_status fleet_load(const struct store_port *s, const struct tenant_info *assessed,
                             struct fleet *ret_fleet, struct baton_err *err) BATON_MUST_USE;

#endif
