#include "fuzz.h"

#include "proto/codec.h"

/* What was read can be written and read again: nothing that is accepted is beyond the limits. */
static void
run(const char *text, size_t len)
{
    struct order order, again;
    void *arena = NULL, *arena_again = NULL;
    uint8_t *bytes = NULL;
    size_t n = 0;
    if (order_unpack((const uint8_t *)text, len, &order, &arena, NULL) != BATON_OK)
        return;
    FUZZ_CHECK(order.approval_count <= ORDER_APPROVALS_MAX && order.evidence_count <= MEMBERS_MAX);
    FUZZ_CHECK(order_pack(&order, &bytes, &n, NULL) == BATON_OK && n == len);
    FUZZ_CHECK(order_unpack(bytes, n, &again, &arena_again, NULL) == BATON_OK);
    FUZZ_CHECK(again.verb == order.verb && baton_id_eq(&again.id, &order.id) &&
               epoch_eq(&again.epoch, &order.epoch) && again.plan_len == order.plan_len &&
               again.approval_count == order.approval_count);
    free(bytes);
    order_arena_free(&arena);
    order_arena_free(&arena_again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
