/* verify.h: the verification record, filled from what both agents reported.
 *
 * Shape      Items come from the new server's facts, a few from the old server's; digests from the new
 *            server's. Parity rows are known while the list of findings that lies here is the one
 *            that its agent stands by, judged against the configuration that the old server has now.
 * Source     handoff G-4OPS, G-PARITY, G-DIFF; design 7.
 */
#ifndef BATON_VERIFY_H
#define BATON_VERIFY_H

#include "tenant.h"

/* Whether parity is known, else what is missing for it. */
enum parity {
    PARITY_KNOWN,
    PARITY_NO_LIST,     /* the new server's agent has said nothing yet */
    PARITY_LIST_OLD,    /* the list that lies here is not the one it stands by now */
    PARITY_OLD_UNKNOWN, /* the old server's configuration is not known */
    PARITY_OLD_MOVED,   /* it was judged against another one than the old server has now */
};
enum parity verification_parity(const struct tenant *t);

void verification_fill(const struct tenant *t, uint64_t unix_ms, const struct digest_port *dp,
                       struct verification *ret);
/* Whether two records say the same, taken at whatever time. */
bool verification_same(const struct verification *a, const struct verification *b);
void verification_digest(const struct verification *v, const struct digest_port *dp,
                         struct baton_hash *ret_hash);

#endif
