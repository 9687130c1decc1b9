#include "later.h"

#include <string.h>

#include "agent.h"

static void
wait_for_company(struct agent *a)
{
    if (a->later.due_ms == 0)
        a->later.due_ms = agent_now_ms() + LATER_MS;
}

void
later_order(struct agent *a, const struct baton_id *id, const struct baton_hash *hash)
{
    struct later *l = &a->later;
    if (l->order_count == LATER_ORDERS_MAX)
        later_flush(a);
    if (!agent_runs(a))
        return;
    l->order[l->order_count++] = (struct later_order){*id, *hash};
    wait_for_company(a);
}

void
later_heard(struct agent *a, const struct baton_hash *statement)
{
    struct later *l = &a->later;
    if (l->heard_count == LATER_HEARD_MAX)
        later_flush(a);
    if (!agent_runs(a))
        return;
    l->heard[l->heard_count++] = *statement;
    wait_for_company(a);
}

void
later_receipt(struct agent *a, const struct receipt *r)
{
    struct later *l = &a->later;
    if (l->receipt_count == LATER_RECEIPTS_MAX)
        later_flush(a);
    if (!agent_runs(a))
        return;
    l->receipt[l->receipt_count++] = *r;
    l->promise = true;
    wait_for_company(a);
}

void
later_journal(struct agent *a, const struct journal_step *step)
{
    struct later *l = &a->later;
    if (l->step_count == LATER_STEPS_MAX)
        later_flush(a);
    if (!agent_runs(a))
        return;
    l->step[l->step_count++] = *step;
    wait_for_company(a);
}

void
later_observed(struct agent *a, const uint8_t *bytes, size_t len)
{
    BATON_ASSERT(len > 0 && len <= sizeof a->later.observed);
    memcpy(a->later.observed, bytes, len);
    a->later.observed_len = len;
    wait_for_company(a);
}

void
later_starting(struct agent *a, bool starting)
{
    a->later.starting = starting;
    a->later.starting_moved = true;
    wait_for_company(a);
}

static enum baton_status
write_lists(struct agent *a, struct baton_err *err)
{
    const struct later *l = &a->later;
    enum baton_status rc = BATON_OK;
    for (size_t i = 0; rc == BATON_OK && i < l->order_count; i++) {
        rc = agent_store_take_order(a->store, &l->order[i].id, &l->order[i].hash, err);
        if (rc == BATON_NOT_FOUND) /* new to the store, as it should be */
            rc = BATON_OK;
    }
    for (size_t i = 0; rc == BATON_OK && i < l->heard_count; i++)
        rc = agent_store_heard(a->store, &l->heard[i], err);
    for (size_t i = 0; rc == BATON_OK && i < l->receipt_count; i++)
        rc = agent_store_receipt(a->store, &l->receipt[i], err);
    for (size_t i = 0; rc == BATON_OK && i < l->step_count; i++)
        rc = agent_store_journal(a->store, &l->step[i], err);
    return rc;
}

enum baton_status
later_write(struct agent *a, struct baton_err *err)
{
    const struct later *l = &a->later;
    enum baton_status rc = write_lists(a, err);
    if (rc == BATON_OK && l->promise)
        rc = agent_store_put_promise(a->store, &a->member.promise, err);
    if (rc == BATON_OK && l->observed_len > 0)
        rc = agent_store_put(a->store, "observed", l->observed, l->observed_len, err);
    if (rc == BATON_OK && l->starting_moved)
        rc = agent_store_put(a->store, "starting", &l->starting, sizeof l->starting, err);
    return rc;
}

void
later_written(struct agent *a)
{
    a->later = (struct later){0};
}

void
later_flush(struct agent *a)
{
    if (a->later.due_ms != 0 && agent_begin(a))
        (void)agent_commit(a);
}

uint64_t
later_next_ms(const struct agent *a)
{
    return a->later.due_ms != 0 ? a->later.due_ms : UINT64_MAX;
}
