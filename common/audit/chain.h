/* chain.h: where each tenant's chain of audit records stands, and whether a record continues it.
 *
 * Shape      A dense array of heads in order of first appearance, found by tenant id; callers may
 *            keep arrays of their own beside it under the same index.
 * Limits     CHAIN_TENANTS_MAX tenants.
 * Errors     BATON_NOMEM, BATON_LIMIT.
 * Ownership  chain_init, chain_done.
 * Source     reliability 6.1: a hash chain per tenant inside one log.
 */
#ifndef BATON_CHAIN_H
#define BATON_CHAIN_H

#include "baton/audit.h"

enum { CHAIN_TENANTS_MAX = 1 << 20 };

struct chain_head {
    struct baton_id tenant;
    uint64_t tenant_seq; /* of the last record, 0 = none */
    struct baton_hash leaf;
};

struct chain {
    struct chain_head *head;
    size_t count, cap;
    uint32_t *slot; /* index + 1 into head, 0 = free; slot_count is a power of two */
    size_t slot_count;
};

enum chain_fault { CHAIN_WHOLE, CHAIN_SEQ, CHAIN_TENANT_SEQ, CHAIN_PREVIOUS };

void chain_init(struct chain *c);
void chain_done(struct chain *c);
/* The head of this tenant, made empty if it is new. */
enum baton_status chain_find(struct chain *c, const struct baton_id *tenant,
                             size_t *ret_index) BATON_MUST_USE;
/* Is r the record after `last_seq`, and the next one of its tenant? */
enum chain_fault chain_check(const struct chain_head *head, const struct audit_record *r,
                             uint64_t last_seq);
const char *chain_fault_text(enum chain_fault fault);

#endif
