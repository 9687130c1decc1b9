/* exports_private.h: an analysis inside, for the files that count, compare and judge. */
#ifndef VERIFY_EXPORTS_PRIVATE_H
#define VERIFY_EXPORTS_PRIVATE_H

#include "exports.h"

/* Objects that a rule is about. */
enum exports_group {
    GROUP_ADDS,
    GROUP_UPDATES,
    GROUP_DELETES,
    GROUP_DELETE_ADDS,
    GROUP_RENAMES,
    GROUP_UNKNOWN,
    GROUP_ADDS_EXISTING,
    GROUP_ANCHORS,
    GROUP_MEMBERSHIP,
    GROUP_CONFLICTS,
    GROUP_LEFT_OUT,
    GROUP_COUNT,
};

struct exports_rows;

struct exports {
    enum baton_status status;
    struct exports_index *index;
    struct exports_rows *rows; /* NULL: only counted */
    uint64_t place;
    struct exports_totals totals;
    size_t connector_count, last_connector;
    struct exports_connector connector[EXPORTS_CONNECTORS_MAX];
    size_t type_count, last_type;
    struct exports_type type[EXPORTS_TYPES_MAX];
    struct exports_attribute *attribute;
    size_t attribute_count, attribute_capacity;
    uint16_t slot[2 * EXPORTS_ATTRIBUTES_MAX]; /* by hash of the name: place in attribute, from 1 */
    /* By name: what comes first in a file shall not decide what comes first in a report. */
    uint16_t connector_order[EXPORTS_CONNECTORS_MAX], type_order[EXPORTS_TYPES_MAX],
        attribute_order[EXPORTS_ATTRIBUTES_MAX];
    struct {
        uint64_t count;
        struct exports_samples samples;
    } group[GROUP_COUNT];
    bool anchor_changed, members_lost; /* of the object under way */
};

void exports_sample(struct exports_samples *s, uint64_t place, const struct csexport_object *o);
/* Most updates of one object type that touch the attribute. */
uint64_t exports_most_touched(const struct exports *e, const struct exports_attribute *a,
                              const char **ret_type);
/* False: no memory. */
bool exports_index_take(struct exports_index *x, const struct csexport_object *o);

#endif
