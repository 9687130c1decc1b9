/* The catalogue of verification rules, as data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "common/verify/rules.h"

#include <cmocka.h>
#include <string.h>

static void
ids_are_unique_and_fit_a_finding(void **state)
{
    (void)state;
    size_t n;
    const struct verify_rule *r = verify_rules(&n);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++) {
        assert_true(strlen(r[i].id) < FINDING_RULE_BYTES);
        assert_ptr_equal(verify_rule_named(r[i].id), &r[i]);
    }
    assert_null(verify_rule_named("EX-NOTHING"));
}

static void
every_rule_says_what_it_counts_and_why(void **state)
{
    (void)state;
    size_t n;
    const struct verify_rule *r = verify_rules(&n);
    for (size_t i = 0; i < n; i++) {
        assert_true(strlen(r[i].what) > 8 && strlen(r[i].why) > 16);
        assert_true(strlen(r[i].why) < FINDING_TEXT_BYTES);
        for (size_t p = 0; p < PRESET_COUNT; p++) {
            assert_in_range(r[i].preset[p].percent_max, 0, 100);
            assert_in_range(r[i].preset[p].severity, SEVERITY_INFO, SEVERITY_BLOCK);
        }
    }
}

static void
a_delete_blocks_in_every_preset(void **state)
{
    (void)state;
    const struct verify_rule *r = verify_rule_named("EX-DELETES");
    for (size_t p = 0; p < PRESET_COUNT; p++) {
        assert_int_equal(r->preset[p].count_max, 0);
        assert_int_equal(r->preset[p].severity, SEVERITY_BLOCK);
    }
}

static void
areas_and_presets_have_names(void **state)
{
    (void)state;
    assert_string_equal(preset_name(PRESET_PARITY), "parity");
    assert_string_equal(preset_name(PRESET_UNSUPPORTED_PATH), "unsupported-path");
    assert_string_equal(preset_name(PRESET_COUNT), "unknown");
    assert_string_equal(rule_area_name(AREA_PREREQ), "prerequisites");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_unique_and_fit_a_finding),
        cmocka_unit_test(every_rule_says_what_it_counts_and_why),
        cmocka_unit_test(a_delete_blocks_in_every_preset),
        cmocka_unit_test(areas_and_presets_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
