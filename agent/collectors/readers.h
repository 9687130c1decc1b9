/* readers.h: one reader per row of the collect table: a completion in, facts and what is kept out.
 *
 * Errors     Any status: the row's facts become absent with the reason.
 */
#ifndef AGENT_COLLECT_READERS_H
#define AGENT_COLLECT_READERS_H

#include "collect.h"

typedef enum baton_status collect_reader(struct collect *c, const struct host_completion *done,
                                         struct baton_err *err);

enum collect_row_id {
    ROW_SERVICES,
    ROW_TASKS,
    ROW_PRODUCT, /* before processes, whose host asks where it lies */
    ROW_PROCESSES,
    ROW_MACHINE,
    ROW_EXPORTED_STAT,
    ROW_PLACED_STAT,
    ROW_RUNS,
    ROW_RUN_STATUS,
    ROW_SCHEDULER,
    ROW_GLOBAL,
    ROW_CONNECTORS,
    ROW_STATISTICS,
    ROW_AUTO_UPGRADE,
    ROW_CONFIGURATION,
    ROW_PREREQUISITES,
    ROW_ADMIN_ACTIONS,
    ROW_EXPORTED_HASH,
    ROW_PLACED_HASH,
    ROW_PENDING_MADE,
    ROW_PENDING_HASH,
    ROW_PENDING_READ,
    ROW_COUNT
};
_Static_assert((int)ROW_COUNT <= (int)COLLECT_ROWS_MAX, "a slot for every row");

/* native.c */
collect_reader collect_services, collect_tasks, collect_processes, collect_product, collect_machine;
/* texts.c */
collect_reader collect_runs, collect_run_status, collect_scheduler, collect_global,
    collect_connectors, collect_statistics, collect_auto_upgrade, collect_configuration,
    collect_prerequisites, collect_admin_actions;
/* places.c */
collect_reader collect_exported_stat, collect_exported_hash, collect_placed_stat,
    collect_placed_hash, collect_pending_made, collect_pending_hash, collect_pending_read;

/* Sets a fact as of the request that is being read, or of the round's beginning. */
void collect_set(struct collect *c, enum fact_id id, int64_t value);
void collect_absent(struct collect *c, enum fact_id id, enum fact_reason reason);
/* After the last answer: facts that need several rows (derive.c). */
void collect_derive(struct collect *c, uint64_t now_unix_ms);
/* The same for a round that is given up: what it has read of staging may be of a product that is not configured yet. */
void collect_derive_cut(struct collect *c);

#endif
