#include "lab/export_object.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct export_recipe
recipe_of(enum export_operation only)
{
    struct export_recipe r;
    export_recipe_default(&r);
    memset(r.weight, 0, sizeof r.weight);
    r.weight[only] = 1;
    return r;
}

static struct export_object
object_of(const struct export_recipe *r, uint64_t index)
{
    struct export_object o;
    export_object_make(r, index, &o);
    return o;
}

static void
a_decision_depends_on_seed_and_index_alone(void **state)
{
    (void)state;
    struct export_recipe r, other;
    export_recipe_default(&r);
    other = r;
    other.seed = 2;
    struct export_object a = object_of(&r, 7), again = object_of(&r, 7), b = object_of(&r, 8);
    struct export_object c = object_of(&other, 7);
    assert_string_equal(a.dn, again.dn);
    assert_int_equal(a.change_count, again.change_count);
    assert_string_not_equal(a.anchor, b.anchor);
    assert_string_not_equal(a.anchor, c.anchor);
}

static void
an_operation_that_weighs_all_is_all_there_is(void **state)
{
    (void)state;
    for (enum export_operation only = 0; only < EXPORT_OPERATION_COUNT; only++) {
        struct export_recipe r = recipe_of(only);
        for (uint64_t i = 0; i < 50; i++)
            assert_int_equal(object_of(&r, i).operation, only);
    }
}

static void
weights_are_kept_about(void **state)
{
    (void)state;
    struct export_recipe r;
    export_recipe_default(&r);
    size_t updates = 0, none = 0;
    for (uint64_t i = 0; i < 2000; i++) {
        struct export_object o = object_of(&r, i);
        updates += o.operation == EXPORT_UPDATE;
        none += o.operation == EXPORT_NONE;
    }
    assert_in_range(updates, 1100, 1300);
    assert_in_range(none, 40, 120);
}

static void
an_add_has_only_sets_and_a_replace_only_replacements(void **state)
{
    (void)state;
    struct export_recipe add = recipe_of(EXPORT_ADD), replace = recipe_of(EXPORT_REPLACE);
    for (uint64_t i = 0; i < 100; i++) {
        struct export_object a = object_of(&add, i), b = object_of(&replace, i);
        assert_in_range(a.change_count, 2, EXPORT_CHANGES_MAX);
        for (size_t n = 0; n < a.change_count; n++)
            assert_true(a.change[n].kind == CHANGE_SET && a.change[n].adds > 0);
        for (size_t n = 0; n < b.change_count; n++)
            assert_true(b.change[n].kind == CHANGE_REPLACED);
    }
}

static void
a_delete_changes_no_attribute_and_an_update_at_least_one(void **state)
{
    (void)state;
    struct export_recipe gone = recipe_of(EXPORT_DELETE), update = recipe_of(EXPORT_UPDATE);
    for (uint64_t i = 0; i < 100; i++) {
        assert_int_equal(object_of(&gone, i).change_count, 0);
        assert_in_range(object_of(&update, i).change_count, 1, EXPORT_CHANGES_MAX);
    }
}

static void
no_attribute_changes_twice(void **state)
{
    (void)state;
    struct export_recipe r;
    export_recipe_default(&r);
    for (uint64_t i = 0; i < 500; i++) {
        struct export_object o = object_of(&r, i);
        for (size_t a = 0; a < o.change_count; a++)
            for (size_t b = 0; b < a; b++)
                assert_ptr_not_equal(o.change[a].attribute, o.change[b].attribute);
    }
}

static void
a_rename_is_an_update_with_a_new_name(void **state)
{
    (void)state;
    struct export_recipe r = recipe_of(EXPORT_RENAME);
    struct export_object o = object_of(&r, 1);
    assert_string_not_equal(o.new_dn, "");
    assert_string_equal(export_delta_name(o.operation), "update");
    assert_string_equal(export_delta_name(EXPORT_DELETE_ADD), "delete-add");
}

static void
drift_leaves_the_identity_alone(void **state)
{
    (void)state;
    struct export_recipe r, drifted;
    export_recipe_default(&r);
    drifted = r;
    drifted.drift = 4;
    size_t different = 0;
    for (uint64_t i = 0; i < 400; i++) {
        struct export_object a = object_of(&r, i), b = object_of(&drifted, i);
        assert_string_equal(a.anchor, b.anchor);
        assert_int_equal(a.type, b.type);
        different += a.choice != b.choice;
    }
    assert_in_range(different, 60, 140);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decision_depends_on_seed_and_index_alone),
        cmocka_unit_test(an_operation_that_weighs_all_is_all_there_is),
        cmocka_unit_test(weights_are_kept_about),
        cmocka_unit_test(an_add_has_only_sets_and_a_replace_only_replacements),
        cmocka_unit_test(a_delete_changes_no_attribute_and_an_update_at_least_one),
        cmocka_unit_test(no_attribute_changes_twice),
        cmocka_unit_test(a_rename_is_an_update_with_a_new_name),
        cmocka_unit_test(drift_leaves_the_identity_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
