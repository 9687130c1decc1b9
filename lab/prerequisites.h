/* prerequisites.h: what can be read about a simulated server as a host of the product: registry
 * values, hardware, database, proxy, accounts; and what DirSync's configuration shows.
 *
 * Shape      One row per value, with what it is on a sound server and under the fault `prerequisite`,
 *            which names one. null: looked for, and there is none. What only people know is missing.
 * Source     domain 5, 8; docs/lab-protocol.md "Collectors".
 */
#ifndef LAB_PREREQUISITES_H
#define LAB_PREREQUISITES_H

#include "world.h"

json_t *prerequisites_observed(const struct server *s);
bool prerequisite_known(const char *name);

#endif
