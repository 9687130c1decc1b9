/* run_merge.h: runs from several files, each run once.
 *
 * Shape      Add runs in any order, then visit them by connector and beginning. Two records are of one
 *            run when connector, run number and beginning agree; the ended one counts, and of two
 *            ended ones the one with the worse result.
 * Limits     RUN_MERGE_MAX runs.
 * Errors     BATON_LIMIT, BATON_NOMEM: sticky, in run_merge_visit.
 * Ownership  run_merge_done.
 */
#ifndef VERIFY_RUN_MERGE_H
#define VERIFY_RUN_MERGE_H

#include "common/readers/run_history.h"

enum { RUN_MERGE_MAX = 100000 };

struct run_merge {
    struct run_record *run;
    size_t count, capacity;
    enum baton_status status;
};

void run_merge_add(void *merge, const struct run_record *run); /* a run_visit */
enum baton_status run_merge_visit(struct run_merge *m, run_visit *visit, void *arg) BATON_MUST_USE;
void run_merge_done(struct run_merge *m);

#endif
