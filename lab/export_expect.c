#include "export_expect.h"

#include "baton/status.h"

static void
count_change(struct export_expect *e, const struct export_change *c)
{
    size_t count;
    struct export_attribute_count *n = &e->attribute[c->attribute - export_attributes(&count)];
    n->set += c->kind == CHANGE_SET;
    n->changed += c->kind == CHANGE_UPDATED || c->kind == CHANGE_REPLACED;
    n->cleared += c->kind == CHANGE_CLEARED;
    if (c->attribute->multivalued || c->attribute->shape == SHAPE_REFERENCE) {
        n->value_adds += c->adds;
        n->value_removes += c->removes;
    }
}

void
export_expect_add(struct export_expect *e, const struct export_object *o)
{
    e->objects++;
    e->operation[o->operation]++;
    e->type[o->type][o->operation]++;
    for (size_t i = 0; i < o->change_count; i++)
        count_change(e, &o->change[i]);
}

static json_t *
number(uint64_t n)
{
    return json_integer((json_int_t)n);
}

static uint64_t
updates_of(const uint64_t operation[EXPORT_OPERATION_COUNT])
{
    return operation[EXPORT_UPDATE] + operation[EXPORT_RENAME] + operation[EXPORT_REPLACE];
}

static json_t *
totals_json(const struct export_expect *e)
{
    const uint64_t *n = e->operation;
    return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "objects", number(e->objects), "adds",
                     number(n[EXPORT_ADD]), "updates", number(updates_of(n)), "deletes",
                     number(n[EXPORT_DELETE]), "renames", number(n[EXPORT_RENAME]), "delete_adds",
                     number(n[EXPORT_DELETE_ADD]), "none",
                     number(n[EXPORT_NONE] + n[EXPORT_OBSOLETE]));
}

static json_t *
types_json(const struct export_expect *e)
{
    json_t *all = json_object();
    for (enum export_type t = 0; t < EXPORT_TYPE_COUNT; t++) {
        const uint64_t *n = e->type[t];
        if (n[EXPORT_ADD] + updates_of(n) + n[EXPORT_DELETE] > 0)
            json_object_set_new(all, export_type_name(t),
                                json_pack("{s:o,s:o,s:o}", "adds", number(n[EXPORT_ADD]), "updates",
                                          number(updates_of(n)), "deletes",
                                          number(n[EXPORT_DELETE])));
    }
    return all;
}

static json_t *
attributes_json(const struct export_expect *e)
{
    size_t count;
    const struct export_attribute *a = export_attributes(&count);
    json_t *all = json_object();
    for (size_t i = 0; i < count; i++) {
        const struct export_attribute_count *n = &e->attribute[i];
        if (n->set + n->changed + n->cleared > 0)
            json_object_set_new(all, a[i].name,
                                json_pack("{s:o,s:o,s:o,s:o,s:o}", "set", number(n->set), "changed",
                                          number(n->changed), "cleared", number(n->cleared),
                                          "value_adds", number(n->value_adds), "value_removes",
                                          number(n->value_removes)));
    }
    return all;
}

json_t *
export_expect_json(const struct export_expect *e)
{
    json_t *all = json_pack("{s:o,s:o,s:o}", "totals", totals_json(e), "object_types",
                            types_json(e), "attributes", attributes_json(e));
    BATON_ASSERT(all != NULL);
    return all;
}
