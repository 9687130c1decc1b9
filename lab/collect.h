/* collect.h: what the read-only cmdlets of the products print on a server.
 *
 * Shape      One row per collector: which products have it, and how its text is made.
 * Errors     BATON_NOT_FOUND: no such cmdlet there. A cmdlet that fails: BATON_FAILED.
 * Source     domain 2.4; docs/lab-protocol.md "Collectors".
 */
#ifndef LAB_COLLECT_H
#define LAB_COLLECT_H

#include "world.h"

/* The caller frees *ret_text. */
enum baton_status collect(struct server *s, const char *collector, char **ret_text,
                          struct baton_err *err) BATON_MUST_USE;

/* The event provider of what administrators do in Entra Connect. */
extern const char admin_actions_source[];

#endif
