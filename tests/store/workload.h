/* workload.h: everything a controller and an agent do with their stores, as steps that may fail.
 *
 * Shape      Steps run in order on the model disk; each is at most one transaction, says what went wrong,
 *            and gives back what it took. The same steps leave the same bytes every time.
 * Ownership  work_begin makes a folder for lock files and plain files; work_end removes it.
 * Threads    One.
 */
#ifndef STORE_WORKLOAD_H
#define STORE_WORKLOAD_H

#include "disk_model.h"

#include "agent/adapters/store_agent.h"
#include "controller/adapters/store_sqlite.h"

struct work {
    char dir[64], path[96], copy[96];
    struct store_port s;
    struct agent_store *agent;
    bool open;
    uint8_t tag;
};

struct work_step {
    const char *name;
    enum baton_status (*run)(struct work *w, struct baton_err *err);
};

struct work_kind {
    const char *name, *file;
    const struct work_step *step;
    size_t steps;
};
extern const struct work_kind work_controller, work_agent;

void work_begin(struct work *w, const struct work_kind *kind);
void work_drop(struct work *w); /* as a process that stops: closes what is open */
void work_end(struct work *w);
/* A digest of every row; 0 when there is no database. Nothing may hold it exclusively but a store. */
uint64_t work_digest(const struct work *w);
/* The product's own opening and its checks; the epoch and the promise that it would go on with. */
struct work_found {
    uint64_t digest, epoch;
    uint64_t promise; /* all of it */
    bool holding;
    bool none;      /* no database */
    bool forgotten; /* one without a promise: the agent is quarantined at its start */
};
enum baton_status work_open(struct work *w, const struct work_kind *kind, struct work_found *ret,
                            struct baton_err *err) BATON_MUST_USE;
/* One more transaction on what is open. */
enum baton_status work_more(struct work *w, struct baton_err *err) BATON_MUST_USE;

#endif
