/* history.h: what a run history says as a whole: exports, cycles, and the full operations (runs.h).
 *
 * Shape      history_begin, history_run per run in any order, history_end once. A cycle is the runs
 *            from one first import to the next; it is good when every run in it passed and imports
 *            and synchronizations of AD and Entra are all there.
 * Units      Unix milliseconds of the server; 0 = never.
 * Limits     HISTORY_RUNS_MAX runs (the newest are kept by their order in the text),
 *            RUNS_CONNECTORS_MAX connectors; one more makes the history `cut`.
 * Ownership  history_end frees what history_begin and history_run took.
 * Source     domain 2.3, 2.8; handoff G-4OPS, G-OLD-ALIVE.
 */
#ifndef AGENT_HISTORY_H
#define AGENT_HISTORY_H

#include "common/verify/runs.h"

enum { HISTORY_RUNS_MAX = 8192 };

struct export_counts {
    bool known;
    int64_t adds, updates, deletes;
};

struct history {
    struct runs runs;
    bool in_progress, last_export_ok, import_ok, cut;
    int64_t last_run_end, last_export_end, exports_total;
    struct export_counts last_export;
    /* the last cycle is apart: the scheduler may say that it still goes on */
    int64_t good_cycles_before_last, last_cycle_end_before_last;
    bool last_cycle_good;
    int64_t last_cycle_begin, last_cycle_end;
    /* Of those before the last: a purged history holds always as many, so whoever counts keeps where
     * the newest began and takes only later ones. */
    int64_t good_cycles_after, newest_before_last;
};

struct history_build;
/* good_cycles_after counts the cycles that began after this. */
enum baton_status history_begin(int64_t after, struct history_build **ret_build,
                                struct baton_err *err) BATON_MUST_USE;
void history_run(void *build, const struct run_record *run); /* a visit of run_history_read */
void history_end(struct history_build **build, struct history *ret_history);

#endif
