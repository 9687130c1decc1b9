/* rebuild.h: state made again from the audit alone, because state is the fold of its records.
 *
 * Shape      The images in the records are laid into a scratch database in their order; then every
 *            row of the audited tables is compared in both directions.
 * Errors     BATON_CORRUPT: rows differ and were only to be checked. Those of the store.
 * Threads    The writer's: no controller may run on this database.
 * Source     design 6.
 */
#ifndef BATON_REBUILD_H
#define BATON_REBUILD_H

#include "baton/store.h"

struct rebuild_result {
    uint64_t records, rows, different;
    uint8_t table, key_len, key[STORE_KEY_BYTES]; /* of the first row that differs */
};

/* scratch: an empty store. repair false: compare alone. */
enum baton_status rebuild_run(const struct store_port *store, const struct store_port *scratch,
                              bool repair, struct rebuild_result *ret_result,
                              struct baton_err *err) BATON_MUST_USE;

#endif
