#include "agent/collectors/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum side { AD, ENTRA, AD2 };

struct script {
    struct history_build *build;
    int64_t now;
};

static struct baton_id
connector(enum side side)
{
    struct baton_id id = {{(uint8_t)(1 + side)}};
    return side == ENTRA ? run_entra_connector : id;
}

static void
begin(struct script *s)
{
    *s = (struct script){.now = 1000};
    assert_int_equal(history_begin(0, &s->build, NULL), BATON_OK);
}

static void
run(struct script *s, enum side side, enum run_profile profile, enum run_result result)
{
    bool complete = result != RUN_RESULT_RUNNING;
    struct run_record r = {.connector = connector(side),
                           .entra = side == ENTRA,
                           .profile = profile,
                           .operations = RUN_DOES(profile),
                           .result = result,
                           .complete = complete,
                           .begin_unix_ms = s->now,
                           .end_unix_ms = complete ? s->now + 50 : 0};
    s->now += 100;
    history_run(s->build, &r);
}

static void
cycle(struct script *s, enum run_result export_result)
{
    run(s, AD, RUN_PROFILE_DELTA_IMPORT, RUN_RESULT_SUCCESS);
    run(s, ENTRA, RUN_PROFILE_DELTA_IMPORT, RUN_RESULT_SUCCESS);
    run(s, AD, RUN_PROFILE_DELTA_SYNC, RUN_RESULT_SUCCESS);
    run(s, ENTRA, RUN_PROFILE_DELTA_SYNC, RUN_RESULT_NO_OBJECTS);
    run(s, ENTRA, RUN_PROFILE_EXPORT, export_result);
    run(s, AD, RUN_PROFILE_EXPORT, RUN_RESULT_SUCCESS);
}

static struct history
end(struct script *s)
{
    struct history h;
    history_end(&s->build, &h);
    return h;
}

static void
exports_to_entra_are_counted_those_to_ad_are_not(void **state)
{
    (void)state;
    struct script s;
    begin(&s);
    cycle(&s, RUN_RESULT_SUCCESS);
    cycle(&s, RUN_RESULT_ERRORS);
    struct history h = end(&s);
    assert_int_equal(h.exports_total, 2);
    assert_false(h.last_export_ok);
    assert_int_equal(h.last_export_end, 1000 + 600 + 400 + 50);
    assert_int_equal(h.last_run_end, 1000 + 600 + 500 + 50);
    assert_false(h.in_progress);
}

static void
an_export_in_progress_counts_and_its_end_does_not(void **state)
{
    (void)state;
    struct script s;
    begin(&s);
    cycle(&s, RUN_RESULT_SUCCESS);
    run(&s, ENTRA, RUN_PROFILE_EXPORT, RUN_RESULT_RUNNING);
    struct history h = end(&s);
    assert_true(h.in_progress);
    assert_int_equal(h.exports_total, 2);
    assert_true(h.last_export_ok);
}

static void
a_cycle_is_good_when_every_run_in_it_is(void **state)
{
    (void)state;
    struct script s;
    begin(&s);
    cycle(&s, RUN_RESULT_SUCCESS);
    cycle(&s, RUN_RESULT_ERRORS);
    cycle(&s, RUN_RESULT_SUCCESS);
    struct history h = end(&s);
    assert_int_equal(h.good_cycles_before_last, 1);
    assert_true(h.last_cycle_good);
    assert_int_equal(h.last_cycle_end, s.now - 50);
}

static void
cycles_after_a_moment_are_counted_in_a_history_that_holds_always_as_many(void **state)
{
    (void)state;
    struct script s;
    struct history h;
    int64_t counted = 0, mark = 0;
    for (int purged = 0; purged < 4; purged++) { /* the newest five of ever more */
        assert_int_equal(history_begin(mark, &s.build, NULL), BATON_OK);
        s.now = 1000 + 600 * purged;
        for (int i = 0; i < 5; i++)
            cycle(&s, RUN_RESULT_SUCCESS);
        h = end(&s);
        assert_int_equal(h.good_cycles_before_last, 4);
        counted += h.good_cycles_after;
        mark = h.newest_before_last;
    }
    assert_int_equal(counted, 7);
}

static void
a_cycle_without_the_entra_side_is_no_good_cycle(void **state)
{
    (void)state;
    struct script s;
    begin(&s);
    run(&s, AD, RUN_PROFILE_DELTA_IMPORT, RUN_RESULT_SUCCESS);
    run(&s, AD, RUN_PROFILE_DELTA_SYNC, RUN_RESULT_SUCCESS);
    struct history h = end(&s);
    assert_false(h.last_cycle_good);
    assert_int_equal(h.good_cycles_before_last, 0);
}

static void
the_order_in_which_runs_are_told_does_not_matter(void **state)
{
    (void)state;
    struct script forward, backward;
    begin(&forward);
    cycle(&forward, RUN_RESULT_SUCCESS);
    cycle(&forward, RUN_RESULT_SUCCESS);
    begin(&backward);
    backward.now = 1600;
    cycle(&backward, RUN_RESULT_SUCCESS);
    backward.now = 1000;
    cycle(&backward, RUN_RESULT_SUCCESS);
    struct history a = end(&forward), b = end(&backward);
    assert_int_equal(a.good_cycles_before_last, b.good_cycles_before_last);
    assert_int_equal(a.last_cycle_end, b.last_cycle_end);
    assert_int_equal(a.last_export_end, b.last_export_end);
}

static void
full_operations_are_judged_as_everywhere(void **state)
{
    (void)state;
    struct script s;
    begin(&s);
    run(&s, ENTRA, RUN_PROFILE_FULL_SYNC, RUN_RESULT_SUCCESS);
    run(&s, AD, RUN_PROFILE_FULL_SYNC, RUN_RESULT_WARNINGS);
    struct history h = end(&s);
    assert_int_equal(h.runs.connector_count, 2);
    assert_true(runs_done(&h.runs, true, RUNS_FULL_SYNC, 1000, NULL, 0));
    assert_false(runs_done(&h.runs, true, RUNS_FULL_SYNC, 1001, NULL, 0));
    assert_false(runs_done(&h.runs, false, RUNS_FULL_SYNC, 0, NULL, 0));
}

static void
a_history_without_end_is_cut_and_says_so(void **state)
{
    (void)state;
    struct script s;
    begin(&s);
    for (int i = 0; i <= HISTORY_RUNS_MAX; i++)
        run(&s, ENTRA, RUN_PROFILE_EXPORT, RUN_RESULT_SUCCESS);
    struct history h = end(&s);
    assert_true(h.cut);
    begin(&s);
    for (uint8_t i = 0; i <= RUNS_CONNECTORS_MAX; i++) {
        struct run_record r = {.connector = {{i}}, .complete = true};
        history_run(s.build, &r);
    }
    h = end(&s);
    assert_true(h.cut);
}

static void
an_empty_history_says_nothing_is_done(void **state)
{
    (void)state;
    struct script s;
    begin(&s);
    struct history h = end(&s);
    assert_int_equal(h.exports_total, 0);
    assert_int_equal(h.last_run_end, 0);
    assert_false(runs_done(&h.runs, true, RUNS_FULL_IMPORT, 0, NULL, 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exports_to_entra_are_counted_those_to_ad_are_not),
        cmocka_unit_test(an_export_in_progress_counts_and_its_end_does_not),
        cmocka_unit_test(a_cycle_is_good_when_every_run_in_it_is),
        cmocka_unit_test(cycles_after_a_moment_are_counted_in_a_history_that_holds_always_as_many),
        cmocka_unit_test(a_cycle_without_the_entra_side_is_no_good_cycle),
        cmocka_unit_test(the_order_in_which_runs_are_told_does_not_matter),
        cmocka_unit_test(full_operations_are_judged_as_everywhere),
        cmocka_unit_test(a_history_without_end_is_cut_and_says_so),
        cmocka_unit_test(an_empty_history_says_nothing_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
