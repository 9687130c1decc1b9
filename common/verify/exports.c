#include "exports.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "exports_private.h"
#include "exports_rows.h"

enum { ATTRIBUTE_SLOTS = 2 * EXPORTS_ATTRIBUTES_MAX };

struct exports *
exports_new(struct exports_index *index_or_null)
{
    struct exports *e = calloc(1, sizeof *e);
    if (e != NULL)
        e->index = index_or_null;
    return e;
}

void
exports_free(struct exports **e)
{
    if (*e == NULL)
        return;
    free((*e)->attribute);
    free(*e);
    *e = NULL;
}

void
exports_keep_rows(struct exports *e, struct exports_rows *rows)
{
    e->rows = rows;
}

static void
fail(struct exports *e, enum baton_status rc)
{
    if (e->status == BATON_OK)
        e->status = rc;
}

/* --- tables that grow ---------------------------------------------------------------------------- */

/* The last of `count` places is new: where its name belongs among the others. */
static void
put_in_order(uint16_t *order, size_t count, const void *table, size_t row_bytes)
{
    const char *rows = table, *name = rows + (count - 1) * row_bytes;
    size_t at = count - 1;
    for (; at > 0 && strcmp(rows + order[at - 1] * row_bytes, name) > 0; at--)
        order[at] = order[at - 1];
    order[at] = (uint16_t)(count - 1);
}

static size_t
type_at(struct exports *e, const char *name)
{
    if (e->last_type < e->type_count && strcmp(e->type[e->last_type].name, name) == 0)
        return e->last_type; /* objects of a type stand together */
    for (size_t i = 0; i < e->type_count; i++)
        if (strcmp(e->type[i].name, name) == 0)
            return e->last_type = i;
    if (e->type_count == EXPORTS_TYPES_MAX) {
        fail(e, BATON_LIMIT);
        return 0;
    }
    text_copy(e->type[e->type_count++].name, sizeof e->type[0].name, name);
    put_in_order(e->type_order, e->type_count, e->type, sizeof e->type[0]);
    return e->last_type = e->type_count - 1;
}

/* By id; a file that leaves ids out has names. */
static bool
is_connector(const struct exports_connector *c, const char *id, const char *name)
{
    return strcasecmp(c->id, id) == 0 && (id[0] != '\0' || strcmp(c->name, name) == 0);
}

static struct exports_connector *
connector_at(struct exports *e, const char *id, const char *name)
{
    if (e->last_connector < e->connector_count &&
        is_connector(&e->connector[e->last_connector], id, name))
        return &e->connector[e->last_connector];
    for (size_t i = 0; i < e->connector_count; i++)
        if (is_connector(&e->connector[i], id, name))
            return &e->connector[e->last_connector = i];
    if (e->connector_count == EXPORTS_CONNECTORS_MAX) {
        fail(e, BATON_LIMIT);
        return &e->connector[0];
    }
    struct exports_connector *c = &e->connector[e->connector_count++];
    text_copy(c->id, sizeof c->id, id);
    text_copy(c->name, sizeof c->name, name);
    put_in_order(e->connector_order, e->connector_count, e->connector, sizeof e->connector[0]);
    e->last_connector = e->connector_count - 1;
    return c;
}

static uint32_t
name_hash(const char *name)
{
    uint32_t h = 2166136261u;
    for (; *name != '\0'; name++)
        h = (h ^ (uint8_t)*name) * 16777619u;
    return h;
}

static bool
grow(struct exports *e)
{
    if (e->attribute_count < e->attribute_capacity)
        return true;
    size_t capacity = e->attribute_capacity == 0 ? 64 : 2 * e->attribute_capacity;
    struct exports_attribute *grown = e->attribute_count == EXPORTS_ATTRIBUTES_MAX
                                          ? NULL
                                          : realloc(e->attribute, capacity * sizeof *grown);
    if (grown == NULL) {
        fail(e, e->attribute_count == EXPORTS_ATTRIBUTES_MAX ? BATON_LIMIT : BATON_NOMEM);
        return false;
    }
    e->attribute = grown;
    e->attribute_capacity = capacity;
    return true;
}

/* NULL when the table is full. */
static struct exports_attribute *
attribute_at(struct exports *e, const char *name)
{
    uint32_t slot = name_hash(name) % ATTRIBUTE_SLOTS;
    for (; e->slot[slot] != 0; slot = (slot + 1) % ATTRIBUTE_SLOTS)
        if (strcmp(e->attribute[e->slot[slot] - 1].name, name) == 0)
            return &e->attribute[e->slot[slot] - 1];
    if (!grow(e))
        return NULL;
    struct exports_attribute *a = &e->attribute[e->attribute_count++];
    memset(a, 0, sizeof *a);
    text_copy(a->name, sizeof a->name, name);
    e->slot[slot] = (uint16_t)e->attribute_count;
    put_in_order(e->attribute_order, e->attribute_count, e->attribute, sizeof *a);
    return a;
}

void
exports_sample(struct exports_samples *s, uint64_t place, const struct csexport_object *o)
{
    if (s->count == EXPORTS_SAMPLES_MAX)
        return;
    s->place[s->count] = place;
    text_copy(s->person[s->count], EXPORTS_PERSON_BYTES, o->person != NULL ? o->person : "");
    text_copy(s->text[s->count++], EXPORTS_SAMPLE_BYTES, o->anchor[0] != '\0' ? o->anchor : o->dn);
}

static void
sample_copy(struct exports_samples *into, const struct exports_samples *from, size_t at)
{
    into->place[into->count] = from->place[at];
    memcpy(into->person[into->count], from->person[at], EXPORTS_PERSON_BYTES);
    memcpy(into->text[into->count++], from->text[at], EXPORTS_SAMPLE_BYTES);
}

/* Both are in order of places; the first of both remain. */
static void
samples_add(struct exports_samples *into, const struct exports_samples *from)
{
    struct exports_samples both = {0};
    for (size_t a = 0, b = 0;
         both.count < EXPORTS_SAMPLES_MAX && (a < into->count || b < from->count);) {
        bool first = b == from->count || (a < into->count && into->place[a] <= from->place[b]);
        sample_copy(&both, first ? into : from, first ? a++ : b++);
    }
    *into = both;
}

/* --- counting ------------------------------------------------------------------------------------ */

/* The tenant ties an object to its twin by these. */
static bool
is_anchor(const char *name)
{
    return strcasecmp(name, "sourceAnchor") == 0 ||
           strcasecmp(name, "onPremisesImmutableId") == 0 || strcasecmp(name, "immutableId") == 0;
}

static void
on_change(void *ctx, const struct csexport_object *o, const struct csexport_change *c)
{
    struct exports *e = ctx;
    struct exports_attribute *a = attribute_at(e, c->name);
    if (e->rows != NULL)
        exports_rows_change(e->rows, c);
    if (a == NULL)
        return;
    a->set += c->kind == CHANGE_SET;
    a->changed += c->kind == CHANGE_CHANGED;
    a->cleared += c->kind == CHANGE_CLEARED;
    a->value_adds += c->value_adds;
    a->value_removes += c->value_removes;
    if (c->kind == CHANGE_CLEARED)
        exports_sample(&a->emptied, e->place, o);
    if (o->operation != CSEXPORT_UPDATE)
        return;
    a->touched[type_at(e, o->type)]++;
    exports_sample(&a->samples, e->place, o);
    e->anchor_changed = e->anchor_changed || is_anchor(c->name);
    e->members_lost = e->members_lost || ((c->value_removes > 0 || c->kind == CHANGE_CLEARED) &&
                                          strcasecmp(c->name, "member") == 0);
}

static void
count(struct exports_totals *t, const struct csexport_object *o)
{
    t->objects++;
    t->renames += o->renamed;
    switch (o->operation) {
    case CSEXPORT_NONE:
        t->none++;
        break;
    case CSEXPORT_ADD:
        t->adds++;
        break;
    case CSEXPORT_UPDATE:
        t->updates++;
        break;
    case CSEXPORT_DELETE:
        t->deletes++;
        break;
    case CSEXPORT_DELETE_ADD:
        t->delete_adds++;
        break;
    case CSEXPORT_UNKNOWN:
        t->unknown++;
        break;
    }
}

static void
count_everywhere(struct exports *e, const struct csexport_object *o)
{
    size_t type = type_at(e, o->type);
    struct exports_connector *connector = connector_at(e, o->connector_id, o->connector);
    count(&e->totals, o);
    count(&e->type[type].totals, o);
    count(&connector->totals, o);
    count(&connector->of_type[type], o);
}

/* One bit for each group that the object belongs to. */
static uint32_t
groups_of(const struct exports *e, const struct csexport_object *o)
{
    static const uint32_t of_operation[] = {
        [CSEXPORT_NONE] = 0,
        [CSEXPORT_ADD] = 1U << GROUP_ADDS,
        [CSEXPORT_UPDATE] = 1U << GROUP_UPDATES,
        [CSEXPORT_DELETE] = 1U << GROUP_DELETES,
        [CSEXPORT_DELETE_ADD] = 1U << GROUP_DELETE_ADDS,
        [CSEXPORT_UNKNOWN] = 1U << GROUP_UNKNOWN,
    };
    uint32_t groups = of_operation[o->operation];
    if (o->renamed)
        groups |= 1U << GROUP_RENAMES;
    if (o->operation == CSEXPORT_ADD && o->imported)
        groups |= 1U << GROUP_ADDS_EXISTING;
    if (o->operation == CSEXPORT_UPDATE &&
        (e->anchor_changed || (o->renamed && o->anchor[0] != '\0')))
        groups |= 1U << GROUP_ANCHORS;
    if (e->members_lost)
        groups |= 1U << GROUP_MEMBERSHIP;
    if (o->conflict && o->operation != CSEXPORT_NONE)
        groups |= 1U << GROUP_CONFLICTS;
    if (o->left_out)
        groups |= 1U << GROUP_LEFT_OUT;
    return groups;
}

static void
on_object(void *ctx, const struct csexport_object *o)
{
    struct exports *e = ctx;
    uint32_t groups = groups_of(e, o);
    count_everywhere(e, o);
    for (size_t g = 0; g < GROUP_COUNT; g++)
        if ((groups >> g & 1) != 0) {
            e->group[g].count++;
            exports_sample(&e->group[g].samples, e->place, o);
        }
    e->anchor_changed = e->members_lost = false;
    if (e->rows != NULL)
        exports_rows_object(e->rows, o, groups);
    if (e->index != NULL && o->operation != CSEXPORT_NONE && !exports_index_take(e->index, o))
        fail(e, BATON_NOMEM);
}

void
exports_visitor(struct exports *e, struct csexport_visitor *ret_visitor)
{
    *ret_visitor = (struct csexport_visitor){.ctx = e, .change = on_change, .object = on_object};
}

void
exports_at(struct exports *e, uint64_t place)
{
    e->place = place;
}

/* --- adding parts -------------------------------------------------------------------------------- */

static void
add_attribute(struct exports *e, const struct exports *part, const struct exports_attribute *from)
{
    struct exports_attribute *into = attribute_at(e, from->name);
    if (into == NULL)
        return;
    into->set += from->set;
    into->changed += from->changed;
    into->cleared += from->cleared;
    into->value_adds += from->value_adds;
    into->value_removes += from->value_removes;
    for (size_t t = 0; t < part->type_count; t++)
        if (from->touched[t] > 0)
            into->touched[type_at(e, part->type[t].name)] += from->touched[t];
    samples_add(&into->samples, &from->samples);
    samples_add(&into->emptied, &from->emptied);
}

static void
add_totals(struct exports_totals *into, const struct exports_totals *from)
{
    into->objects += from->objects;
    into->adds += from->adds;
    into->updates += from->updates;
    into->deletes += from->deletes;
    into->renames += from->renames;
    into->delete_adds += from->delete_adds;
    into->none += from->none;
    into->unknown += from->unknown;
}

static void
add_connector(struct exports *e, const struct exports *part, const struct exports_connector *from)
{
    struct exports_connector *into = connector_at(e, from->id, from->name);
    add_totals(&into->totals, &from->totals);
    for (size_t t = 0; t < part->type_count; t++)
        add_totals(&into->of_type[type_at(e, part->type[t].name)], &from->of_type[t]);
}

void
exports_add(struct exports *e, const struct exports *part)
{
    add_totals(&e->totals, &part->totals);
    for (size_t t = 0; t < part->type_count; t++)
        add_totals(&e->type[type_at(e, part->type[t].name)].totals, &part->type[t].totals);
    for (size_t i = 0; i < part->connector_count; i++)
        add_connector(e, part, &part->connector[i]);
    for (size_t i = 0; i < part->attribute_count; i++)
        add_attribute(e, part, &part->attribute[i]);
    for (size_t g = 0; g < GROUP_COUNT; g++) {
        e->group[g].count += part->group[g].count;
        samples_add(&e->group[g].samples, &part->group[g].samples);
    }
    if (part->status != BATON_OK)
        fail(e, part->status);
}

/* --- looking ------------------------------------------------------------------------------------- */

enum baton_status
exports_status(const struct exports *e)
{
    return e->status;
}

const struct exports_totals *
exports_totals(const struct exports *e)
{
    return &e->totals;
}

size_t
exports_type_count(const struct exports *e)
{
    return e->type_count;
}

const struct exports_type *
exports_type(const struct exports *e, size_t index)
{
    return &e->type[exports_type_place(e, index)];
}

size_t
exports_type_place(const struct exports *e, size_t index)
{
    return e->type_order[index];
}

size_t
exports_connector_count(const struct exports *e)
{
    return e->connector_count;
}

const struct exports_connector *
exports_connector(const struct exports *e, size_t index)
{
    return &e->connector[e->connector_order[index]];
}

size_t
exports_attribute_count(const struct exports *e)
{
    return e->attribute_count;
}

const struct exports_attribute *
exports_attribute(const struct exports *e, size_t index)
{
    return &e->attribute[e->attribute_order[index]];
}
