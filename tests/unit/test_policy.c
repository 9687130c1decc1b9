#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "baton/policy.h"

#include <string.h>

static void
the_table_is_complete_and_in_order(void **state)
{
    (void)state;
    size_t n;
    const struct policy_row *rows = policy_rows(&n);
    assert_int_equal(n, POLICY_COUNT);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(rows[i].id, i);
        assert_non_null(rows[i].name);
        assert_true(strlen(rows[i].source) > 4);
        assert_true(strlen(rows[i].why) > 10);
        assert_ptr_equal(policy_find(rows[i].name), &rows[i]);
    }
    assert_null(policy_find("no_such_ms"));
}

static void
names_are_those_of_the_header(void **state)
{
    (void)state;
    size_t n;
    const struct policy_row *rows = policy_rows(&n);
#define X(id, text) assert_string_equal(rows[POLICY_##id].name, text);
    BATON_POLICIES(X)
#undef X
}

static void
production_stands_on_or_above_every_floor(void **state)
{
    (void)state;
    struct policy p;
    policy_preset(PRESET_PRODUCTION, &p);
    assert_null(policy_below_floor(&p));
    for (size_t i = 0; i < POLICY_COUNT; i++)
        assert_true(p.v[i] >= 0);
}

static void
the_lab_is_below_a_floor_and_never_slower(void **state)
{
    (void)state;
    size_t n;
    const struct policy_row *rows = policy_rows(&n);
    struct policy lab;
    policy_preset(PRESET_LAB, &lab);
    assert_non_null(policy_below_floor(&lab));
    for (size_t i = 0; i < n; i++)
        assert_in_range(lab.v[i], 0, rows[i].production);
}

static void
the_first_row_below_its_floor_is_named(void **state)
{
    (void)state;
    size_t n;
    const struct policy_row *rows = policy_rows(&n);
    for (size_t i = 0; i < n; i++) {
        struct policy p;
        policy_preset(PRESET_PRODUCTION, &p);
        p.v[i] = rows[i].floor;
        assert_null(policy_below_floor(&p));
        p.v[i] = rows[i].floor - 1;
        assert_ptr_equal(policy_below_floor(&p), &rows[i]);
    }
}

static void
the_numbers_of_the_documents_stand(void **state)
{
    (void)state;
    struct policy p, lab;
    policy_preset(PRESET_PRODUCTION, &p);
    policy_preset(PRESET_LAB, &lab);
    assert_int_equal(p.v[POLICY_OBSERVE_GAP_MS], 60000);
    assert_int_equal(p.v[POLICY_GRANT_MS], 60 * 60000);
    assert_int_equal(p.v[POLICY_ATTEST_MS], 2 * 60 * 60000);
    assert_int_equal(p.v[POLICY_GUARD_MS], INT64_C(180) * 24 * 60 * 60000);
    assert_int_equal(p.v[POLICY_DELETES_COUNT], 0);
    assert_int_equal(p.v[POLICY_UNKNOWN_BLOCKS_BOOL], 1);
    assert_int_equal(lab.v[POLICY_OBSERVE_GAP_MS], 1000);
    assert_int_equal(lab.v[POLICY_PROBATION_CYCLES_COUNT], 2);
}

static void
an_agent_is_stale_only_after_several_missed_beats(void **state)
{
    (void)state;
    for (int preset = PRESET_PRODUCTION; preset <= PRESET_LAB; preset++) {
        struct policy p;
        policy_preset((enum policy_preset)preset, &p);
        assert_true(p.v[POLICY_BEAT_STALE_MS] >= 3 * p.v[POLICY_BEAT_MS]);
        assert_true(p.v[POLICY_GAP_WARN_MS] < p.v[POLICY_GAP_PAGE_MS]);
        assert_true(p.v[POLICY_GAP_PAGE_MS] < p.v[POLICY_GAP_DECIDE_MS]);
        assert_true(p.v[POLICY_GO_MS] < p.v[POLICY_EVIDENCE_FRESH_MS]);
    }
}

static void
no_value_is_below_zero_or_beyond_ten_years(void **state)
{
    (void)state;
    struct policy p;
    for (int preset = PRESET_PRODUCTION; preset <= PRESET_LAB; preset++) {
        policy_preset((enum policy_preset)preset, &p);
        assert_null(policy_absurd(&p));
    }
    p.v[POLICY_HOLD_MS] = -1;
    assert_ptr_equal(policy_absurd(&p), policy_find("hold_ms"));
    p.v[POLICY_HOLD_MS] = POLICY_MOST;
    assert_null(policy_absurd(&p));
    p.v[POLICY_HOLD_MS] = POLICY_MOST + 1;
    assert_ptr_equal(policy_absurd(&p), policy_find("hold_ms"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_complete_and_in_order),
        cmocka_unit_test(names_are_those_of_the_header),
        cmocka_unit_test(production_stands_on_or_above_every_floor),
        cmocka_unit_test(the_lab_is_below_a_floor_and_never_slower),
        cmocka_unit_test(the_first_row_below_its_floor_is_named),
        cmocka_unit_test(the_numbers_of_the_documents_stand),
        cmocka_unit_test(an_agent_is_stale_only_after_several_missed_beats),
        cmocka_unit_test(no_value_is_below_zero_or_beyond_ten_years),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
