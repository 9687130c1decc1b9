#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/verify/limits.h"

#include <string.h>

static void
a_preset_has_the_numbers_of_the_catalogue(void **state)
{
    (void)state;
    struct limits l;
    size_t count;
    const struct verify_rule *rules = verify_rules(&count);
    for (int p = PRESET_PARITY; p < PRESET_COUNT; p++) {
        limits_preset((enum preset)p, &l);
        assert_int_equal(l.preset, p);
        for (size_t i = 0; i < count; i++) {
            const struct limit *limit = limits_of(&l, rules[i].id);
            assert_ptr_equal(limit, &l.rule[i]);
            assert_int_equal(limit->value.count_max, rules[i].preset[p].count_max);
            assert_int_equal(limit->value.severity, rules[i].preset[p].severity);
            assert_false(limit->changed);
        }
        assert_false(l.rows_may_leave);
    }
    assert_null(limits_of(&l, "EX-NOTHING"));
}

static void
parity_allows_no_delete(void **state)
{
    (void)state;
    struct limits l;
    uint64_t limit = 7;
    limits_preset(PRESET_PARITY, &l);
    assert_false(limits_passed(&l, "EX-DELETES", 0, 1000, &limit));
    assert_int_equal(limit, 0);
    assert_true(limits_passed(&l, "EX-DELETES", 1, 1000, &limit));
}

static void
the_smaller_of_count_and_percentage_binds(void **state)
{
    (void)state;
    struct limits l;
    uint64_t limit;
    limits_preset(PRESET_PARITY, &l); /* EX-MASS-CHANGE: 25 and 5 % */
    assert_false(limits_passed(&l, "EX-MASS-CHANGE", 25, 100000, &limit));
    assert_int_equal(limit, 25);
    assert_true(limits_passed(&l, "EX-MASS-CHANGE", 26, 100000, &limit));
    assert_true(limits_passed(&l, "EX-MASS-CHANGE", 8, 150, &limit));
    assert_int_equal(limit, 7);
    assert_false(limits_passed(&l, "EX-MASS-CHANGE", 7, 150, &limit));
    /* a scope that nobody knows makes no percentage */
    assert_false(limits_passed(&l, "EX-MASS-CHANGE", 25, 0, &limit));
    assert_int_equal(limit, 25);
}

static void
a_rule_without_a_limit_is_never_passed(void **state)
{
    (void)state;
    struct limits l;
    uint64_t limit;
    limits_preset(PRESET_PARITY, &l);
    assert_false(limits_passed(&l, "CF-EXPECTED", UINT64_MAX - 1, 1, &limit));
    assert_int_equal(limit, FINDING_NO_LIMIT);
    limits_preset(PRESET_PARALLEL_UPGRADE, &l); /* EX-UPDATES: no count, 5 % */
    assert_true(limits_passed(&l, "EX-UPDATES", 6, 100, &limit));
    assert_false(limits_passed(&l, "EX-UPDATES", UINT64_MAX / 100 * 5, UINT64_MAX, &limit));
}

static void
what_takes_objects_away_needs_two_people_and_sign_in_attributes_are_watched(void **state)
{
    (void)state;
    struct limits l;
    limits_preset(PRESET_PARITY, &l);
    assert_true(limits_of(&l, "CF-SCOPE-NARROWED")->second_person);
    assert_true(limits_of(&l, "EX-DELETES")->second_person);
    assert_true(limits_of(&l, "CF-ANCHOR")->second_person);
    assert_false(limits_of(&l, "CF-PARAMETER")->second_person);
    assert_true(limits_watch(&l, "USERPRINCIPALNAME"));
    assert_false(limits_watch(&l, "displayName"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_preset_has_the_numbers_of_the_catalogue),
        cmocka_unit_test(parity_allows_no_delete),
        cmocka_unit_test(the_smaller_of_count_and_percentage_binds),
        cmocka_unit_test(a_rule_without_a_limit_is_never_passed),
        cmocka_unit_test(
            what_takes_objects_away_needs_two_people_and_sign_in_attributes_are_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
