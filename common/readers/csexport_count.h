/* csexport_count.h: how many objects a csexport document would add, update and delete.
 *
 * Shape      Push pieces of any size, finish once. Only what stands below cs-object/unapplied-export
 *            counts; a delete-add is one of each. Unknown operations are counted apart.
 * Limits     Memory does not depend on the size of the document.
 * Errors     As xml.h. BATON_MALFORMED: the root is not cs-objects.
 * Source     formats 2.
 */
#ifndef READERS_CSEXPORT_COUNT_H
#define READERS_CSEXPORT_COUNT_H

#include "baton/status.h"

struct csexport_counts {
    uint64_t objects, adds, updates, deletes, unknown;
};

struct csexport_counter;
enum baton_status csexport_counter_open(struct csexport_counter **ret_counter,
                                        struct baton_err *err) BATON_MUST_USE;
enum baton_status csexport_counter_push(struct csexport_counter *c, const void *bytes, size_t len,
                                        struct baton_err *err) BATON_MUST_USE;
enum baton_status csexport_counter_finish(struct csexport_counter *c,
                                          struct csexport_counts *ret_counts,
                                          struct baton_err *err) BATON_MUST_USE;
void csexport_counter_close(struct csexport_counter **c);

#endif
