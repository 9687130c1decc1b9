/* verify.h: the verification record, filled from what both agents reported.
 *
 * Shape      Items come from the new server's facts, a few from the old server's; digests from the new
 *            server's. Anchor changes and parity rows need both connector spaces and both
 *            configurations: nothing reports them today, so they stay unknown and the policy decides.
 * Source     handoff G-4OPS, G-PARITY, G-DIFF; design 7.
 */
#ifndef BATON_VERIFY_H
#define BATON_VERIFY_H

#include "tenant.h"

void verification_fill(const struct tenant *t, uint64_t unix_ms, struct verification *ret);
/* Whether two records say the same, taken at whatever time. */
bool verification_same(const struct verification *a, const struct verification *b);
void verification_digest(const struct verification *v, const struct digest_port *dp,
                         struct baton_hash *ret_hash);

#endif
