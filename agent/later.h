/* later.h: what may become durable a little later, with the transaction of something that may not wait.
 *
 * Shape      Every commit costs several flushes of the disk, and in a gap an order waits behind them.
 *            Orders that only ask for a look, words that were heard, receipts, effects and proofs in the
 *            journal and what was observed can all be had again: they wait here, go into the next
 *            transaction, and into one of their own when LATER_MS pass without any. An orderly end
 *            writes them.
 * Rule       Nothing waits here that something else may rest on: promises, words and the first intent
 *            towards a wish never.
 *            A word that names a receipt is stored in the transaction that stores the receipt.
 * Limits     LATER_ORDERS_MAX, LATER_HEARD_MAX, LATER_RECEIPTS_MAX, LATER_STEPS_MAX: a full one is
 *            written at once.
 * Errors     Those of the store: the agent fails, as step.c does.
 * Threads    The loop's.
 */
#ifndef AGENT_LATER_H
#define AGENT_LATER_H

#include "agent/adapters/store_agent.h"
#include "agent/collectors/collect.h"

enum {
    LATER_MS = 250,
    LATER_ORDERS_MAX = 8,
    LATER_HEARD_MAX = 32,
    LATER_RECEIPTS_MAX = 8,
    LATER_STEPS_MAX = 16,
};

struct later_order {
    struct baton_id id;
    struct baton_hash hash;
};

struct later {
    uint64_t due_ms; /* 0: nothing waits */
    bool promise;    /* its receipt moved */
    size_t order_count, heard_count, receipt_count, step_count;
    struct later_order order[LATER_ORDERS_MAX];
    struct baton_hash heard[LATER_HEARD_MAX];
    struct receipt receipt[LATER_RECEIPTS_MAX];
    struct journal_step step[LATER_STEPS_MAX];
    uint8_t observed[COLLECT_MEMORY_BYTES], starting;
    size_t observed_len; /* 0: as stored */
    bool starting_moved;
};

struct agent;
/* It only asks for a look: until it is answered it may come again and change nothing. */
void later_order(struct agent *a, const struct baton_id *id, const struct baton_hash *hash);
void later_heard(struct agent *a, const struct baton_hash *statement);
/* The member has taken it into its promise. */
void later_receipt(struct agent *a, const struct receipt *r);
void later_journal(struct agent *a, const struct journal_step *step);
void later_observed(struct agent *a, const uint8_t *bytes, size_t len);
void later_starting(struct agent *a, bool starting);

/* Into the transaction that is open. */
enum baton_status later_write(struct agent *a, struct baton_err *err) BATON_MUST_USE;
void later_written(struct agent *a); /* that transaction is durable */
void later_flush(struct agent *a);   /* in one of its own, if anything waits */
uint64_t later_next_ms(const struct agent *a);

#endif
