/* The full operations of a run history, run by run. */
#include "common/verify/runs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum side { AD, ENTRA, AD2 };

static struct baton_id
id_of(enum side side)
{
    struct baton_id id = {{(uint8_t)(1 + side)}};
    return side == ENTRA ? run_entra_connector : id;
}

static struct run_record
record(enum side side, enum run_profile profile, const char *result, int64_t begin, int64_t end)
{
    struct run_record r = {.connector = id_of(side),
                           .entra = side == ENTRA,
                           .profile = profile,
                           .operations = RUN_DOES(profile),
                           .result = run_result_of(result),
                           .begin_unix_ms = begin,
                           .end_unix_ms = end,
                           .complete = end != 0};
    strcpy(r.result_text, result);
    return r;
}

static void
take(struct runs *r, enum side side, enum run_profile profile, const char *result, int64_t begin,
     int64_t end)
{
    struct run_record run = record(side, profile, result, begin, end);
    assert_non_null(runs_take(r, &run));
}

static enum runs_state
full_sync(const struct runs *r, enum side side, int64_t since)
{
    struct baton_id id = id_of(side);
    const struct runs_connector *c = runs_find(r, &id);
    return c == NULL ? RUNS_NEVER : runs_state_of(c, RUNS_FULL_SYNC, since);
}

static void
a_result_is_a_state(void **state)
{
    (void)state;
    static const struct {
        const char *result;
        enum runs_state state;
    } rows[] = {
        {"success", RUNS_DONE},
        {"completed-no-objects", RUNS_DOUBTFUL},
        {"completed-transient-objects", RUNS_DOUBTFUL},
        {"completed-warnings", RUNS_DOUBTFUL},
        {"completed-sync-errors", RUNS_FAILED},
        {"no-start-credentials", RUNS_FAILED},
        {"stopped-something-of-2031", RUNS_FAILED},
        {"in-progress", RUNS_RUNNING},
        {"perhaps", RUNS_UNKNOWN},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct runs r;
        runs_init(&r, 0);
        take(&r, AD, RUN_PROFILE_FULL_SYNC, rows[i].result, 100, 200);
        assert_int_equal(full_sync(&r, AD, 0), rows[i].state);
    }
}

static void
every_connector_needs_its_own_success(void **state)
{
    (void)state;
    struct baton_id both[] = {id_of(AD), id_of(AD2)};
    struct runs r;
    runs_init(&r, 0);
    take(&r, AD, RUN_PROFILE_FULL_IMPORT, "success", 100, 200);
    take(&r, AD2, RUN_PROFILE_FULL_IMPORT, "completed-warnings", 100, 200);
    take(&r, ENTRA, RUN_PROFILE_FULL_IMPORT, "completed-no-objects", 100, 200);
    assert_true(runs_done(&r, false, RUNS_FULL_IMPORT, 0, both, 1));
    assert_false(runs_done(&r, false, RUNS_FULL_IMPORT, 0, both, 2));
    assert_false(runs_done(&r, false, RUNS_FULL_IMPORT, 0, NULL, 0));
    assert_false(runs_done(&r, true, RUNS_FULL_IMPORT, 0, NULL, 0)); /* nothing: suspicious */
    assert_false(runs_done(&r, false, RUNS_FULL_SYNC, 0, both, 1));
}

static void
a_connector_that_never_ran_has_done_nothing(void **state)
{
    (void)state;
    struct baton_id missing = id_of(AD2);
    struct runs r;
    runs_init(&r, 0);
    assert_false(runs_done(&r, true, RUNS_FULL_SYNC, 0, NULL, 0));
    take(&r, AD, RUN_PROFILE_FULL_SYNC, "success", 100, 200);
    assert_false(runs_done(&r, false, RUNS_FULL_SYNC, 0, &missing, 1));
    assert_int_equal(full_sync(&r, AD2, 0), RUNS_NEVER);
}

static void
a_later_failure_takes_back_an_earlier_success_in_any_order(void **state)
{
    (void)state;
    struct runs r;
    runs_init(&r, 0);
    take(&r, AD, RUN_PROFILE_FULL_SYNC, "stopped-server", 300, 400);
    take(&r, AD, RUN_PROFILE_FULL_SYNC, "success", 100, 200);
    take(&r, AD, RUN_PROFILE_FULL_SYNC, "stopped-server", 10, 20);
    assert_int_equal(full_sync(&r, AD, 0), RUNS_FAILED);
    take(&r, AD, RUN_PROFILE_FULL_SYNC, "success", 500, 600);
    assert_int_equal(full_sync(&r, AD, 0), RUNS_DONE);
}

static void
a_failure_that_overlaps_a_success_decides(void **state)
{
    (void)state;
    static const int64_t times[][2] = {{50, 101}, {150, 160}, {50, 400}, {150, 400}};
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        struct runs r;
        runs_init(&r, 0);
        take(&r, AD, RUN_PROFILE_FULL_SYNC, "stopped-server", times[i][0], times[i][1]);
        take(&r, AD, RUN_PROFILE_FULL_SYNC, "success", 100, 200);
        assert_int_equal(full_sync(&r, AD, 0), RUNS_FAILED);
    }
    struct runs r;
    runs_init(&r, 0);
    take(&r, AD, RUN_PROFILE_FULL_SYNC, "stopped-server", 50, 100);
    take(&r, AD, RUN_PROFILE_FULL_SYNC, "success", 100, 200);
    assert_int_equal(full_sync(&r, AD, 0), RUNS_DONE);
}

static void
a_later_failure_decides_where_the_clock_was_set_back_too(void **state)
{
    (void)state;
    struct runs r;
    runs_init(&r, 0);
    take(&r, AD, RUN_PROFILE_FULL_SYNC, "success", 100, 200);
    take(&r, AD, RUN_PROFILE_FULL_SYNC, "stopped-server", 300, 90);
    assert_int_equal(full_sync(&r, AD, 0), RUNS_FAILED);
}

static void
a_run_that_goes_on_decides_until_a_later_success(void **state)
{
    (void)state;
    struct runs r;
    runs_init(&r, 0);
    take(&r, AD, RUN_PROFILE_FULL_SYNC, "success", 100, 200);
    take(&r, AD, RUN_PROFILE_FULL_SYNC, "in-progress", 300, 0);
    assert_int_equal(full_sync(&r, AD, 0), RUNS_RUNNING);
    take(&r, AD, RUN_PROFILE_FULL_SYNC, "success", 400, 500); /* its engine was killed */
    assert_int_equal(full_sync(&r, AD, 0), RUNS_DONE);
    assert_int_equal(r.connector[0].unfinished, 1);
}

static void
a_success_without_an_end_is_none(void **state)
{
    (void)state;
    struct runs r;
    runs_init(&r, 0);
    take(&r, AD, RUN_PROFILE_FULL_SYNC, "success", 100, 0);
    assert_int_equal(full_sync(&r, AD, 0), RUNS_RUNNING);
    take(&r, AD, RUN_PROFILE_FULL_SYNC, "stopped-server", 200, 0); /* a failure is one */
    assert_int_equal(full_sync(&r, AD, 0), RUNS_FAILED);
}

static void
a_success_from_before_the_last_change_is_stale(void **state)
{
    (void)state;
    struct runs r;
    runs_init(&r, 0);
    take(&r, AD, RUN_PROFILE_FULL_SYNC, "success", 100, 2000);
    assert_int_equal(full_sync(&r, AD, 100), RUNS_DONE);
    assert_int_equal(full_sync(&r, AD, 101), RUNS_STALE);
    assert_false(runs_done(&r, false, RUNS_FULL_SYNC, 101, NULL, 0));
}

static void
a_run_of_both_operations_counts_for_both(void **state)
{
    (void)state;
    struct run_record both = record(AD, RUN_PROFILE_FULL_SYNC, "success", 100, 200);
    struct runs r;
    both.operations |= RUN_DOES(RUN_PROFILE_FULL_IMPORT);
    runs_init(&r, 0);
    assert_non_null(runs_take(&r, &both));
    assert_true(runs_done(&r, false, RUNS_FULL_IMPORT, 0, NULL, 0));
    assert_true(runs_done(&r, false, RUNS_FULL_SYNC, 0, NULL, 0));
}

static void
one_connector_too_many_cuts_the_history(void **state)
{
    (void)state;
    struct runs r;
    runs_init(&r, 0);
    for (uint8_t i = 0; i <= RUNS_CONNECTORS_MAX; i++) {
        struct run_record run = {.connector = {{i}}, .complete = true, .begin_unix_ms = 1};
        assert_int_equal(runs_take(&r, &run) != NULL, i < RUNS_CONNECTORS_MAX);
    }
    assert_true(r.cut);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_is_a_state),
        cmocka_unit_test(every_connector_needs_its_own_success),
        cmocka_unit_test(a_connector_that_never_ran_has_done_nothing),
        cmocka_unit_test(a_later_failure_takes_back_an_earlier_success_in_any_order),
        cmocka_unit_test(a_failure_that_overlaps_a_success_decides),
        cmocka_unit_test(a_later_failure_decides_where_the_clock_was_set_back_too),
        cmocka_unit_test(a_run_that_goes_on_decides_until_a_later_success),
        cmocka_unit_test(a_success_without_an_end_is_none),
        cmocka_unit_test(a_success_from_before_the_last_change_is_stale),
        cmocka_unit_test(a_run_of_both_operations_counts_for_both),
        cmocka_unit_test(one_connector_too_many_cuts_the_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
