#include "lab/export_expect.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct export_attribute *
named(const char *name)
{
    size_t count;
    const struct export_attribute *a = export_attributes(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(a[i].name, name) == 0)
            return &a[i];
    fail_msg("no attribute %s", name);
    return NULL;
}

static struct export_object
object_of(enum export_type type, enum export_operation operation)
{
    return (struct export_object){.type = type, .operation = operation};
}

static void
change(struct export_object *o, const char *name, enum export_change_kind kind, unsigned adds,
       unsigned removes)
{
    o->change[o->change_count++] = (struct export_change){named(name), kind, adds, removes};
}

/* Number at a path like "totals", "adds". */
static json_int_t
at(const json_t *all, const char *a, const char *b, const char *c)
{
    const json_t *j = json_object_get(json_object_get(all, a), b);
    j = c == NULL ? j : json_object_get(j, c);
    assert_true(json_is_integer(j));
    return json_integer_value(j);
}

static void
each_object_stands_in_one_total_and_a_rename_is_also_an_update(void **state)
{
    (void)state;
    struct export_expect e = {0};
    for (enum export_operation op = 0; op < EXPORT_OPERATION_COUNT; op++) {
        struct export_object o = object_of(EXPORT_USER, op);
        export_expect_add(&e, &o);
    }
    json_t *all = export_expect_json(&e);
    assert_int_equal(at(all, "totals", "objects", NULL), 8);
    assert_int_equal(at(all, "totals", "adds", NULL), 1);
    assert_int_equal(at(all, "totals", "updates", NULL), 3); /* update, rename, replace */
    assert_int_equal(at(all, "totals", "deletes", NULL), 1);
    assert_int_equal(at(all, "totals", "renames", NULL), 1);
    assert_int_equal(at(all, "totals", "delete_adds", NULL), 1);
    assert_int_equal(at(all, "totals", "none", NULL), 2); /* none, obsolete */
    json_decref(all);
}

static void
types_are_counted_apart_and_idle_ones_left_out(void **state)
{
    (void)state;
    struct export_expect e = {0};
    struct export_object group = object_of(EXPORT_GROUP, EXPORT_DELETE);
    struct export_object idle = object_of(EXPORT_DEVICE, EXPORT_NONE);
    export_expect_add(&e, &group);
    export_expect_add(&e, &idle);
    json_t *all = export_expect_json(&e);
    assert_int_equal(at(all, "object_types", "group", "deletes"), 1);
    assert_int_equal(at(all, "object_types", "group", "adds"), 0);
    assert_int_equal(json_object_size(json_object_get(all, "object_types")), 1);
    json_decref(all);
}

static void
values_count_only_where_there_may_be_many_or_where_they_refer(void **state)
{
    (void)state;
    struct export_expect e = {0};
    struct export_object o = object_of(EXPORT_USER, EXPORT_UPDATE);
    change(&o, "displayName", CHANGE_UPDATED, 1, 1);
    change(&o, "proxyAddresses", CHANGE_UPDATED, 2, 1);
    change(&o, "manager", CHANGE_UPDATED, 1, 1);
    change(&o, "title", CHANGE_CLEARED, 0, 0);
    change(&o, "otherTelephone", CHANGE_SET, 3, 0);
    export_expect_add(&e, &o);
    json_t *all = export_expect_json(&e);
    assert_int_equal(at(all, "attributes", "displayName", "changed"), 1);
    assert_int_equal(at(all, "attributes", "displayName", "value_adds"), 0);
    assert_int_equal(at(all, "attributes", "proxyAddresses", "value_adds"), 2);
    assert_int_equal(at(all, "attributes", "proxyAddresses", "value_removes"), 1);
    assert_int_equal(at(all, "attributes", "manager", "value_removes"), 1);
    assert_int_equal(at(all, "attributes", "title", "cleared"), 1);
    assert_int_equal(at(all, "attributes", "title", "changed"), 0);
    assert_int_equal(at(all, "attributes", "otherTelephone", "set"), 1);
    assert_int_equal(at(all, "attributes", "otherTelephone", "value_adds"), 3);
    assert_int_equal(json_object_size(json_object_get(all, "attributes")), 5);
    json_decref(all);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_object_stands_in_one_total_and_a_rename_is_also_an_update),
        cmocka_unit_test(types_are_counted_apart_and_idle_ones_left_out),
        cmocka_unit_test(values_count_only_where_there_may_be_many_or_where_they_refer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
