/* export_expect.h: what an analysis of a generated export must find, counted from the decisions that
 * made it and never from its bytes.
 *
 * Shape      export_expect_add per object; then the counts as JSON, with the keys of
 *            `baton exports analyze --output json`: totals, object_types, attributes. Types and attributes
 *            with nothing pending are left out.
 * Ownership  export_expect_json gives a new reference.
 */
#ifndef LAB_EXPORT_EXPECT_H
#define LAB_EXPORT_EXPECT_H

#include <jansson.h>

#include "export_object.h"

struct export_expect {
    uint64_t objects, operation[EXPORT_OPERATION_COUNT];
    uint64_t type[EXPORT_TYPE_COUNT][EXPORT_OPERATION_COUNT];
    struct export_attribute_count {
        uint64_t set, changed, cleared, value_adds, value_removes;
    } attribute[EXPORT_ATTRIBUTES_MAX];
};

void export_expect_add(struct export_expect *e, const struct export_object *o);
json_t *export_expect_json(const struct export_expect *e);

#endif
