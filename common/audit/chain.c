#include "common/audit/chain.h"
#include <stdlib.h>
#include <string.h>

enum { HEADS_FIRST = 64, SLOTS_FIRST = 256 };

void
chain_init(struct chain *c)
{
    *c = (struct chain){0};
}

void
chain_done(struct chain *c)
{
    free(c->head);
    free(c->slot);
    *c = (struct chain){0};
}

/* Tenant ids are random or GUIDs: their own bytes are hash enough, folded for hostile ones. */
static size_t
tenant_slot(const struct baton_id *tenant, size_t slot_count)
{
    uint64_t a, b;
    memcpy(&a, tenant->b, sizeof a);
    memcpy(&b, tenant->b + sizeof a, sizeof b);
    uint64_t h = (a ^ (b * 0x9e3779b97f4a7c15u)) * 0xff51afd7ed558ccdu;
    return (size_t)(h >> 32) & (slot_count - 1);
}

static void
slot_put(struct chain *c, size_t index)
{
    size_t at = tenant_slot(&c->head[index].tenant, c->slot_count);
    while (c->slot[at] != 0)
        at = (at + 1) & (c->slot_count - 1);
    c->slot[at] = (uint32_t)index + 1;
}

static enum baton_status
slots_grow(struct chain *c)
{
    size_t wanted = c->slot_count == 0 ? SLOTS_FIRST : c->slot_count * 2;
    uint32_t *slot = calloc(wanted, sizeof *slot);
    if (slot == NULL)
        return BATON_NOMEM;
    free(c->slot);
    c->slot = slot;
    c->slot_count = wanted;
    for (size_t i = 0; i < c->count; i++)
        slot_put(c, i);
    return BATON_OK;
}

static enum baton_status
heads_grow(struct chain *c)
{
    size_t wanted = c->cap == 0 ? HEADS_FIRST : c->cap * 2;
    struct chain_head *head = realloc(c->head, wanted * sizeof *head);
    if (head == NULL)
        return BATON_NOMEM;
    c->head = head;
    c->cap = wanted;
    return BATON_OK;
}

static enum baton_status
head_add(struct chain *c, const struct baton_id *tenant, size_t *ret_index)
{
    enum baton_status rc = BATON_OK;
    if (c->count == CHAIN_TENANTS_MAX)
        return BATON_LIMIT;
    if (c->count == c->cap)
        rc = heads_grow(c);
    if (rc == BATON_OK && (c->count + 1) * 2 > c->slot_count)
        rc = slots_grow(c);
    if (rc != BATON_OK)
        return rc;
    *ret_index = c->count++;
    c->head[*ret_index] = (struct chain_head){.tenant = *tenant};
    slot_put(c, *ret_index);
    return BATON_OK;
}

enum baton_status
chain_find(struct chain *c, const struct baton_id *tenant, size_t *ret_index)
{
    if (c->slot_count == 0)
        return head_add(c, tenant, ret_index);
    size_t at = tenant_slot(tenant, c->slot_count);
    for (; c->slot[at] != 0; at = (at + 1) & (c->slot_count - 1)) {
        size_t index = c->slot[at] - 1;
        if (baton_id_eq(&c->head[index].tenant, tenant)) {
            *ret_index = index;
            return BATON_OK;
        }
    }
    return head_add(c, tenant, ret_index);
}

enum chain_fault
chain_check(const struct chain_head *head, const struct audit_record *r, uint64_t last_seq)
{
    if (r->seq != last_seq + 1)
        return CHAIN_SEQ;
    if (r->tenant_seq != head->tenant_seq + 1)
        return CHAIN_TENANT_SEQ;
    if (!baton_hash_eq(&r->previous, &head->leaf))
        return CHAIN_PREVIOUS;
    return CHAIN_WHOLE;
}

const char *
chain_fault_text(enum chain_fault fault)
{
    static const char *const text[] = {
        [CHAIN_WHOLE] = "continues the chain",
        [CHAIN_SEQ] = "does not follow the record before it: records are missing, doubled or moved",
        [CHAIN_TENANT_SEQ] = "leaves a gap in its tenant's own numbering",
        [CHAIN_PREVIOUS] = "does not name its tenant's previous record",
    };
    return text[fault];
}
