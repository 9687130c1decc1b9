#include "exports_rows.h"

#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "exports_private.h"

/* Which rows stay when there are more than fit: those of the first of these rules. The bit of a rule in
 * the document is its place here. */
enum rank {
    RANK_DELETES,
    RANK_DELETE_ADDS,
    RANK_ANCHORS,
    RANK_UNKNOWN,
    RANK_LEFT_OUT,
    RANK_ADDS_EXISTING,
    RANK_RENAMES,
    RANK_CONFLICTS,
    RANK_MEMBERSHIP,
    RANK_WATCHED,
    RANK_EMPTIED,
    RANK_ADDS,
    RANK_MASS_CHANGE, /* known when all is counted */
    RANK_UPDATES,
    RANK_COUNT,
};

static const char *const rules[RANK_COUNT] = {
    [RANK_DELETES] = "EX-DELETES",         [RANK_DELETE_ADDS] = "EX-DELETE-ADDS",
    [RANK_ANCHORS] = "EX-ANCHOR-CHANGES",  [RANK_UNKNOWN] = "EX-UNKNOWN",
    [RANK_LEFT_OUT] = "EX-LEFT-OUT",       [RANK_ADDS_EXISTING] = "EX-ADDS-EXISTING",
    [RANK_RENAMES] = "EX-RENAMES",         [RANK_CONFLICTS] = "EX-CONFLICT-DN",
    [RANK_MEMBERSHIP] = "EX-MEMBERSHIP",   [RANK_WATCHED] = "EX-WATCHED",
    [RANK_EMPTIED] = "EX-EMPTIED",         [RANK_ADDS] = "EX-ADDS",
    [RANK_MASS_CHANGE] = "EX-MASS-CHANGE", [RANK_UPDATES] = "EX-UPDATES",
};

static const enum rank of_group[GROUP_COUNT] = {
    [GROUP_ADDS] = RANK_ADDS,
    [GROUP_UPDATES] = RANK_UPDATES,
    [GROUP_DELETES] = RANK_DELETES,
    [GROUP_DELETE_ADDS] = RANK_DELETE_ADDS,
    [GROUP_RENAMES] = RANK_RENAMES,
    [GROUP_UNKNOWN] = RANK_UNKNOWN,
    [GROUP_ADDS_EXISTING] = RANK_ADDS_EXISTING,
    [GROUP_ANCHORS] = RANK_ANCHORS,
    [GROUP_MEMBERSHIP] = RANK_MEMBERSHIP,
    [GROUP_CONFLICTS] = RANK_CONFLICTS,
    [GROUP_LEFT_OUT] = RANK_LEFT_OUT,
};

enum { HEAD_BYTES = 4 + 2 * 16 + 3 * 32 + 2 * 8 + 1 + RANK_COUNT * (2 + FINDING_RULE_BYTES) + 4 };

struct shelf { /* rows whose gravest rule is the same, as the file has them */
    struct object_row **row;
    uint32_t count, capacity;
};

struct exports_rows {
    enum baton_status status;
    struct limits limits;
    struct shelf shelf[RANK_COUNT];
    uint32_t count;
    size_t bytes;
    uint64_t left_out;
    /* of the object under way */
    struct object_attribute attribute[OBJECT_ROW_ATTRIBUTES_MAX];
    char name[OBJECT_ROW_ATTRIBUTES_MAX][CSEXPORT_NAME_BYTES];
    uint32_t attribute_count, attributes_left_out;
    bool watched, emptied;
};

struct exports_rows *
exports_rows_new(const struct limits *limits)
{
    struct exports_rows *x = calloc(1, sizeof *x);
    if (x == NULL)
        return NULL;
    x->limits = *limits;
    x->bytes = HEAD_BYTES;
    for (size_t i = 0; i < OBJECT_ROW_ATTRIBUTES_MAX; i++)
        x->attribute[i].name = x->name[i];
    return x;
}

void
exports_rows_free(struct exports_rows **x)
{
    if (*x == NULL)
        return;
    for (size_t k = 0; k < RANK_COUNT; k++) {
        struct shelf *s = &(*x)->shelf[k];
        for (uint32_t i = 0; i < s->count; i++)
            object_row_free(&s->row[i]);
        free((void *)s->row);
    }
    free(*x);
    *x = NULL;
}

void
exports_rows_change(struct exports_rows *x, const struct csexport_change *c)
{
    x->watched = x->watched || limits_watch(&x->limits, c->name);
    x->emptied = x->emptied || c->kind == CHANGE_CLEARED;
    if (x->attribute_count == OBJECT_ROW_ATTRIBUTES_MAX) {
        x->attributes_left_out++;
        return;
    }
    x->attribute[x->attribute_count].kind = (uint8_t)c->kind;
    text_copy(x->name[x->attribute_count++], CSEXPORT_NAME_BYTES, c->name);
}

static enum rank
gravest(uint32_t row_rules)
{
    enum rank k = RANK_DELETES;
    while ((row_rules >> k & 1) == 0)
        k++;
    return k;
}

static struct shelf *
last_filled(struct exports_rows *x)
{
    size_t k = RANK_COUNT;
    while (x->shelf[--k].count == 0)
        BATON_ASSERT(k > 0);
    return &x->shelf[k];
}

static void
drop_what_is_too_much(struct exports_rows *x)
{
    while (x->count > OBJECT_ROWS_MAX || x->bytes > OBJECT_ROWS_BYTES_MAX) {
        struct shelf *s = last_filled(x);
        struct object_row **row = &s->row[--s->count];
        x->bytes -= object_row_bytes(*row);
        x->count--;
        x->left_out++;
        object_row_free(row);
    }
}

static bool
shelf_room(struct shelf *s)
{
    if (s->count < s->capacity)
        return true;
    uint32_t capacity = s->capacity == 0 ? 64 : 2 * s->capacity;
    struct object_row **grown = realloc((void *)s->row, capacity * sizeof(struct object_row *));
    if (grown == NULL)
        return false;
    s->row = grown;
    s->capacity = capacity;
    return true;
}

/* Full, and nothing milder stands there that would make room for it. */
static bool
no_room_for(struct exports_rows *x, enum rank k)
{
    return x->count == OBJECT_ROWS_MAX && &x->shelf[k] >= last_filled(x);
}

static void
keep(struct exports_rows *x, const struct object_row *row)
{
    enum rank k = gravest(row->rules);
    if (no_room_for(x, k)) {
        x->left_out++;
        return;
    }
    struct shelf *s = &x->shelf[k];
    struct object_row *mine = shelf_room(s) ? object_row_new(row) : NULL;
    if (mine == NULL) {
        x->status = BATON_NOMEM;
        return;
    }
    s->row[s->count++] = mine;
    x->count++;
    x->bytes += object_row_bytes(mine);
    drop_what_is_too_much(x);
}

void
exports_rows_object(struct exports_rows *x, const struct csexport_object *o, uint32_t groups)
{
    struct object_row row = {.operation = (uint8_t)o->operation,
                             .type = o->type,
                             .dn = o->dn,
                             .anchor = o->anchor,
                             .person = o->person != NULL ? o->person : "",
                             .attribute = x->attribute,
                             .attribute_count = x->attribute_count,
                             .attributes_left_out = x->attributes_left_out};
    for (size_t g = 0; g < GROUP_COUNT; g++)
        if ((groups >> g & 1) != 0)
            row.rules |= UINT32_C(1) << of_group[g];
    if (x->watched && o->operation == CSEXPORT_UPDATE)
        row.rules |= UINT32_C(1) << RANK_WATCHED;
    if (x->emptied)
        row.rules |= UINT32_C(1) << RANK_EMPTIED;
    if (row.rules != 0 && x->status == BATON_OK)
        keep(x, &row);
    x->attribute_count = x->attributes_left_out = 0;
    x->watched = x->emptied = false;
}

/* --- giving them away ----------------------------------------------------------------------------- */

/* The finding is about the object type for which the attribute changes most often. */
static bool
changes_much(const struct exports_rows *x, const struct exports *e, uint64_t scope,
             const char *row_type, const char *name)
{
    uint64_t limit;
    const char *type = "";
    for (size_t i = 0; i < e->attribute_count; i++) {
        const struct exports_attribute *a = &e->attribute[i];
        if (strcmp(a->name, name) == 0)
            return limits_passed(&x->limits, rules[RANK_MASS_CHANGE],
                                 exports_most_touched(e, a, &type), scope, &limit) &&
                   strcmp(type, row_type) == 0;
    }
    return false;
}

static void
mark_mass_change(const struct exports_rows *x, const struct exports *e, uint64_t scope,
                 struct object_row *row)
{
    bool much = false;
    for (uint32_t i = 0; !much && i < row->attribute_count; i++)
        much = row->operation == CSEXPORT_UPDATE &&
               changes_much(x, e, scope, row->type, row->attribute[i].name);
    if (much)
        row->rules |= UINT32_C(1) << RANK_MASS_CHANGE;
}

enum baton_status
exports_rows_give(struct exports_rows *x, const struct exports *e, uint64_t scope_objects,
                  struct object_rows *ret_rows)
{
    if (x->status != BATON_OK)
        return x->status;
    struct object_row **all = calloc((size_t)x->count + 1, sizeof(struct object_row *));
    if (all == NULL)
        return BATON_NOMEM;
    ret_rows->row = all;
    ret_rows->count = 0;
    for (size_t k = 0; k < RANK_COUNT; k++) {
        for (uint32_t i = 0; i < x->shelf[k].count; i++) {
            mark_mass_change(x, e, scope_objects, x->shelf[k].row[i]);
            all[ret_rows->count++] = x->shelf[k].row[i];
        }
        x->shelf[k].count = 0;
        text_copy(ret_rows->rule[k], sizeof ret_rows->rule[k], rules[k]);
    }
    ret_rows->rule_count = RANK_COUNT;
    ret_rows->left_out = x->left_out;
    return BATON_OK;
}
