/* exports.h: what a server would change in the tenant, counted and judged.
 *
 * Shape      An analysis takes objects from csexport.h, from any number of files; analyses of parts
 *            are added together, and the sum does not depend on how they were divided. The report is
 *            counts per operation, connector, object type and attribute (in the order of their names),
 *            and findings (rules EX-*) under the limits of a policy.
 *            An index keeps what one server would export, so that another server's files can be
 *            held against it, object by object, by source anchor (by DN where there is none).
 * Units      Counts of objects, except value_adds and value_removes: single values.
 * Limits     EXPORTS_CONNECTORS_MAX connectors, EXPORTS_TYPES_MAX object types,
 *            EXPORTS_ATTRIBUTES_MAX attribute names: more is BATON_LIMIT. Memory: EXPORTS_ENTRY_BYTES
 *            per indexed object, at most 16/7 of that.
 * Errors     BATON_NOMEM and BATON_LIMIT stick, and come out of exports_status.
 * Privacy    Findings name rules, attributes, types and counts. Samples (anchors or DNs) are kept
 *            apart and never leave the server.
 * Ownership  exports_free, exports_index_free.
 * Source     issue of verification; domain 4.4, 4.5.
 */
#ifndef VERIFY_EXPORTS_H
#define VERIFY_EXPORTS_H

#include "common/readers/csexport.h"
#include "limits.h"

enum {
    EXPORTS_CONNECTORS_MAX = 16,
    EXPORTS_TYPES_MAX = 32,
    EXPORTS_ATTRIBUTES_MAX = 1024,
    EXPORTS_SAMPLES_MAX = 5,
    EXPORTS_SAMPLE_BYTES = 128,
    EXPORTS_PERSON_BYTES = 64,
    EXPORTS_ENTRY_BYTES = 24,
};

struct exports_totals {
    uint64_t objects, adds, updates, deletes, renames, delete_adds, none, unknown;
};

struct exports_connector {
    char id[CSEXPORT_NAME_BYTES], name[CSEXPORT_NAME_BYTES];
    struct exports_totals totals, of_type[EXPORTS_TYPES_MAX]; /* as exports_type counts them */
};

struct exports_type {
    char name[CSEXPORT_NAME_BYTES];
    struct exports_totals totals;
};

/* The first of their kind, as the documents have them. */
struct exports_samples {
    size_t count;
    uint64_t place[EXPORTS_SAMPLES_MAX];
    char text[EXPORTS_SAMPLES_MAX][EXPORTS_SAMPLE_BYTES];   /* anchor or DN */
    char person[EXPORTS_SAMPLES_MAX][EXPORTS_PERSON_BYTES]; /* "" where nothing names one */
};

struct exports_attribute {
    char name[CSEXPORT_NAME_BYTES];
    uint64_t set, changed, cleared, value_adds, value_removes;
    uint64_t touched[EXPORTS_TYPES_MAX]; /* updates that touch it, by object type */
    struct exports_samples samples;      /* of those updates */
    struct exports_samples emptied;      /* of the objects that lose its whole value */
};

struct exports_index;

struct exports;                                                   /* one analysis */
struct exports *exports_new(struct exports_index *index_or_null); /* NULL: no memory */
void exports_free(struct exports **e);
/* What it counts goes to these rows too (exports_rows.h), which outlive the reading. */
struct exports_rows;
void exports_keep_rows(struct exports *e, struct exports_rows *rows);
void exports_visitor(struct exports *e, struct csexport_visitor *ret_visitor);
/* Objects from here on come from this place of the documents: places order the samples of parts. */
void exports_at(struct exports *e, uint64_t place);
/* Counts of `part` into `e`. */
void exports_add(struct exports *e, const struct exports *part);
enum baton_status exports_status(const struct exports *e);

const struct exports_totals *exports_totals(const struct exports *e);
size_t exports_type_count(const struct exports *e);
const struct exports_type *exports_type(const struct exports *e, size_t index);
size_t exports_connector_count(const struct exports *e);
const struct exports_connector *exports_connector(const struct exports *e, size_t index);
/* The place of the type in of_type and touched. */
size_t exports_type_place(const struct exports *e, size_t index);
size_t exports_attribute_count(const struct exports *e);
const struct exports_attribute *exports_attribute(const struct exports *e, size_t index);

/* The other server's objects first, then this one's: exports_new takes the index, whose `second` says
 * which is being read. */
struct exports_difference {
    uint64_t only_old, only_new, equal, different;
    struct exports_samples new_samples, different_samples; /* of what only OLD has: hashes alone */
};
struct exports_index *exports_index_new(void);
void exports_index_free(struct exports_index **x);
void
exports_index_second(struct exports_index *x); /* the old server's are in, the new one's follow */
void exports_index_difference(const struct exports_index *x,
                              struct exports_difference *ret_difference);

/* Samples of the finding with the same place in the list. */
struct exports_report {
    struct findings findings;
    struct exports_samples *samples;
};
/* scope_objects: how many objects the connector has in all, 0 when nobody said. */
enum baton_status exports_judge(const struct exports *e,
                                const struct exports_difference *difference_or_null,
                                const struct limits *limits, uint64_t scope_objects,
                                struct exports_report *ret_report) BATON_MUST_USE;
void exports_report_done(struct exports_report *r);

#endif
