/* store_rebuild.h: state made again from the audit log alone.
 *
 * Shape      Copies every record of one store into an empty one, folds the row images into rows, and
 *            brings the objects that records name. The tree comes out the same or it fails.
 *            What no decision made is not in the log and does not come back: reports, chunks,
 *            stored answers, the outbox (orders are sent again after recovery) and the inbox.
 * Errors     BATON_CONFLICT: the target has records. BATON_CORRUPT: the copied log differs.
 *            Whatever either store says.
 * Source     design 6: state rows are the fold of the records.
 */
#ifndef BATON_STORE_REBUILD_H
#define BATON_STORE_REBUILD_H

#include "baton/store.h"

struct store_rebuilt {
    uint64_t records, rows_put, rows_removed, objects, refs_without_object;
};

enum baton_status store_rebuild(const struct store_port *from, const struct store_port *to,
                                struct store_rebuilt *ret_rebuilt,
                                struct baton_err *err) BATON_MUST_USE;

/* Compares the rows of one table in both stores. *ret_same false: err says which key differs. */
enum baton_status store_rows_compare(const struct store_port *a, const struct store_port *b,
                                     enum store_table table, bool *ret_same,
                                     struct baton_err *err) BATON_MUST_USE;

#endif
