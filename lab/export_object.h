/* export_object.h: what a generated export says of one object, decided before a byte is written.
 *
 * Shape      export_object_make decides from seed and index; the writer writes that decision, the
 *            expectation counts it. Neither reads the other.
 * Limits     EXPORT_CHANGES_MAX attributes in a delta.
 * Source     formats 2.
 */
#ifndef LAB_EXPORT_OBJECT_H
#define LAB_EXPORT_OBJECT_H

#include "export_attribute.h"

enum { EXPORT_CHANGES_MAX = 16 };

#define EXPORT_OPERATIONS(X)                                                                       \
    X(ADD, "add", 20)                                                                              \
    X(UPDATE, "update", 60)                                                                        \
    X(DELETE, "delete", 8)                                                                         \
    X(RENAME, "rename", 3) /* an update with a new DN */                                           \
    X(DELETE_ADD, "delete-add", 2)                                                                 \
    X(REPLACE, "replace", 2)                                                                       \
    X(NONE, "none", 4) /* a delta that says none, or no delta at all */                            \
    X(OBSOLETE, "obsolete", 1)

enum export_operation {
#define X(name, text, weight) EXPORT_##name,
    EXPORT_OPERATIONS(X)
#undef X
        EXPORT_OPERATION_COUNT
};

enum export_change_kind {
    CHANGE_SET,      /* operation add */
    CHANGE_REPLACED, /* operation replace: these are all its values */
    CHANGE_UPDATED,  /* operation update: values deleted and added */
    CHANGE_CLEARED,  /* operation delete, without values */
};

struct export_change {
    const struct export_attribute *attribute;
    enum export_change_kind kind;
    unsigned adds, removes; /* values */
};

/* What a file is made of. */
struct export_recipe {
    uint64_t seed, first, objects;
    uint64_t drift; /* one in so many objects is another one than without; 0: none */
    unsigned bytes_per_object;
    unsigned weight[EXPORT_OPERATION_COUNT];
    bool odd[ODD_COUNT];
    const char *server; /* whose connector space: decides the GUIDs */
};

struct export_object {
    struct export_value_key key;
    enum export_type type;
    enum export_operation operation;
    bool delta;          /* there is an unapplied-export at all */
    bool odd[ODD_COUNT]; /* what this object has of them */
    unsigned choice;     /* for alternatives of one oddity */
    char anchor[EXPORT_VALUE_BYTES], dn[EXPORT_VALUE_BYTES], new_dn[EXPORT_VALUE_BYTES], guid[37];
    size_t change_count;
    struct export_change change[EXPORT_CHANGES_MAX];
};

const char *export_operation_name(enum export_operation operation); /* as options call it */
const char *export_delta_name(enum export_operation operation); /* as delta/@operation says it */
void export_recipe_default(struct export_recipe *r);
void export_object_make(const struct export_recipe *r, uint64_t index, struct export_object *o);

#endif
