/* scope.h: which containers of a partition are in scope, and where two lists of them differ.
 *
 * Shape      Inclusions and exclusions are a set: of all containers named above an object, the nearest
 *            one decides, an exclusion before an inclusion of the same container. Above all of them:
 *            out when anything is included, in when nothing is. How a filter was written is no
 *            difference, what it lets through is.
 *            A change is a container from which on OLD and NEW disagree, with the containers below it
 *            (`except`) where that ends: "DC=contoso,DC=com except OU=CORP" is one change.
 * Limits     Lists as long as the model's. n log n.
 * Errors     BATON_NOMEM.
 * Ownership  The changes borrow the DNs of the lists compared. scope_changes_done.
 * Threads    Reentrant.
 * Source     formats 1 (the most specific entry wins); domain 8.
 */
#ifndef VERIFY_SCOPE_H
#define VERIFY_SCOPE_H

#include "config_model.h"

struct scope_change {
    const char *dn;
    bool old_in, new_in;
    const char **except;
    size_t except_count;
};

struct scope_changes {
    struct scope_change *item;
    size_t count;
};

enum baton_status scope_compare(const char *root, const struct config_partition *old_partition,
                                const struct config_partition *new_partition,
                                struct scope_changes *ret_changes) BATON_MUST_USE;
void scope_changes_done(struct scope_changes *changes);

#endif
