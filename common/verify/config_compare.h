/* config_compare.h: what a new sync server is configured to do otherwise than the old one.
 *
 * Shape      Two models in, rows out (config_rows.h), the worst first. Connectors are matched by what
 *            they connect to, rules by immutable tag or name; scope is compared as sets of objects.
 *            What one side does not say is a row of its own, never an equality.
 * Errors     BATON_NOMEM; BATON_LIMIT when there is more to compare than is reasonable, or more rows
 *            than can be listed. Then there are no rows at all.
 * Ownership  The rows do not borrow from the models. config_rows_done.
 * Threads    Reentrant.
 * Source     handoff G-PARITY; domain 6.3; docs/verification.md "Configuration".
 */
#ifndef VERIFY_CONFIG_COMPARE_H
#define VERIFY_CONFIG_COMPARE_H

#include "config_model.h"
#include "config_rows.h"

enum baton_status config_compare(const struct config_model *old_model,
                                 const struct config_model *new_model, const struct limits *limits,
                                 struct config_rows *ret_rows) BATON_MUST_USE;

#endif
