/* policy_view.h: a verification policy as people and programs see it.
 *
 * Shape      Every rule, or only what differs from its preset: how many are allowed, how bad it is above
 *            that, how many people decide, and whose word that is.
 * Ownership  JSON is a new reference.
 */
#ifndef BATON_POLICY_VIEW_H
#define BATON_POLICY_VIEW_H

#include "cli.h"
#include "common/verify/limits.h"

enum policy_extent { POLICY_WHOLE, POLICY_DIFFERENCES };

/* hash NULL: a preset alone. */
json_t *policy_json(const struct limits *l, const struct baton_hash *hash_or_null,
                    enum policy_extent extent);
enum baton_status policy_print(struct cli *c, const json_t *policy);
/* For the person who is about to sign: what differs, one line each. */
void policy_show(const struct cli *c, const struct limits *l,
                 const struct baton_hash *hash_or_null);

#endif
