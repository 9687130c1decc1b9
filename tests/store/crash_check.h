/* crash_check.h: a scenario that ran once on the model disk, crashed at every one of its entries.
 *
 * Shape      crash_record.c tells what the product does: a database is opened, a transaction begins to
 *            be durable, is acknowledged; for each transaction the state that it leaves is remembered
 *            by its digest. crash_check then lets the power go at every entry of the disk's list, in
 *            every mode, opens what is left with the product's own code, and asks:
 *            - is it, to the last row, the state after one of those transactions (whole or absent);
 *            - is that at least the newest one that had been acknowledged;
 *            - did the product's own checks pass (integrity, audit chain, tree head);
 *            - is a tombstone in the agent's database in its second copy too.
 *            Then the recovery itself is crashed at every one of its entries, after a kill also with
 *            what the first process left unsynced, and the same is asked again.
 * Limits     CRASH_DBS databases for each scenario.
 * Threads    Recording: any, with the product's own rule of one writer for each database.
 * Source     reliability 3.3.
 */
#ifndef STORE_CRASH_CHECK_H
#define STORE_CRASH_CHECK_H

#include "disk_model.h"

enum { CRASH_DBS = 8, CRASH_TENANTS = 4 };

/* A state that the database has had: what a transaction left. */
struct crash_state {
    uint64_t digest;
    size_t begun, acked; /* entries in the disk's list; SIZE_MAX: never acknowledged */
};

struct crash_kind {
    const char *name;
    /* The product's recovery, the state that it finds, and a transaction of its own behind it.
     * *ret_none: nothing was ever made here. `before` is called when the state is known. */
    enum baton_status (*recover)(const char *path, uint64_t *ret_digest, bool *ret_none,
                                 struct crash_state *ret_more, struct baton_err *err);
    bool (*owns)(const char *path, const char *name); /* a file of this database */
    void (*outside)(const char *path, const struct model_image *image); /* files not of SQLite */
    bool may_be_unmade; /* a crash while it is made may leave one that has to be made again */
};

struct crash_db {
    char path[MODEL_NAME_BYTES];
    const struct crash_kind *kind;
    struct crash_state *state;
    size_t count, cap;
    size_t end; /* entry at which it became another's; 0: never */
};

struct crash_result {
    const char *scenario;
    size_t entries, states, points, recoveries, doubles, failures;
};

struct crash_effort {
    size_t points, doubles; /* at most about so many of each for one database; 0: all */
};

void crash_check(const struct crash_db *db, const struct model_image *base,
                 const struct model_log *log, const struct crash_effort *effort,
                 struct crash_result *add);

#endif
