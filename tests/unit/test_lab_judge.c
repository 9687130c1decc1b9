#include "lab/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
one_exporter_after_another_is_fine(void **state)
{
    (void)state;
    struct judge j = {0};
    assert_true(judge_note(&j, 0, true, 100));
    assert_true(judge_note(&j, 0, false, 200));
    assert_true(judge_note(&j, 1, true, 200));
    assert_true(judge_ok(&j));
    assert_true(judge_able(&j, 1));
    assert_false(judge_able(&j, 0));
}

static void
a_single_shared_instant_is_an_overlap(void **state)
{
    (void)state;
    struct judge j = {0};
    judge_note(&j, 0, true, 100);
    judge_note(&j, 1, true, 200);
    judge_note(&j, 0, false, 200);
    assert_false(judge_ok(&j));
    assert_int_equal(j.count, 1);
    assert_int_equal(j.overlap[0].from_ms, 200);
    assert_int_equal(j.overlap[0].to_ms, 200);
    assert_false(j.overlap[0].open);
}

static void
an_overlap_keeps_its_two_ends_and_its_servers(void **state)
{
    (void)state;
    struct judge j = {0};
    judge_note(&j, 0, true, 100);
    judge_note(&j, 2, true, 150);
    assert_true(j.overlap[0].open);
    judge_note(&j, 2, false, 175);
    judge_note(&j, 0, false, 300);
    assert_int_equal(j.count, 1);
    assert_int_equal(j.overlap[0].from_ms, 150);
    assert_int_equal(j.overlap[0].to_ms, 175);
    assert_int_equal(j.overlap[0].servers, 1 | 4);
}

static void
a_third_exporter_ends_one_span_and_begins_the_next(void **state)
{
    (void)state;
    struct judge j = {0};
    judge_note(&j, 0, true, 1);
    judge_note(&j, 1, true, 2);
    judge_note(&j, 2, true, 3);
    judge_note(&j, 0, false, 4);
    assert_int_equal(j.count, 3);
    assert_int_equal(j.overlap[1].servers, 7);
    assert_int_equal(j.overlap[1].to_ms, 4);
    assert_int_equal(j.overlap[2].servers, 6);
    assert_true(j.overlap[2].open);
}

static void
saying_the_same_again_changes_nothing(void **state)
{
    (void)state;
    struct judge j = {0};
    assert_false(judge_note(&j, 0, false, 1));
    assert_true(judge_note(&j, 0, true, 2));
    assert_false(judge_note(&j, 0, true, 3));
    assert_int_equal(j.count, 0);
}

static void
overlaps_beyond_the_limit_are_still_a_failed_run(void **state)
{
    (void)state;
    struct judge j = {0};
    judge_note(&j, 0, true, 0);
    for (uint64_t i = 0; i < OVERLAPS_MAX + 10; i++) {
        judge_note(&j, 1, true, 2 * i);
        judge_note(&j, 1, false, 2 * i + 1);
    }
    assert_int_equal(j.count, OVERLAPS_MAX);
    assert_int_equal(j.unkept, 10);
    assert_false(judge_ok(&j));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_exporter_after_another_is_fine),
        cmocka_unit_test(a_single_shared_instant_is_an_overlap),
        cmocka_unit_test(an_overlap_keeps_its_two_ends_and_its_servers),
        cmocka_unit_test(a_third_exporter_ends_one_span_and_begins_the_next),
        cmocka_unit_test(saying_the_same_again_changes_nothing),
        cmocka_unit_test(overlaps_beyond_the_limit_are_still_a_failed_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
