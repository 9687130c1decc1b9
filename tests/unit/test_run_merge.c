/* Runs of several files, each once. */
#include "common/verify/run_merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct seen {
    size_t count;
    struct run_record run[8];
};

static void
keep(void *arg, const struct run_record *run)
{
    struct seen *s = arg;
    assert_in_range(s->count, 0, ARRAY_LEN(s->run) - 1);
    s->run[s->count++] = *run;
}

static struct run_record
record(uint8_t connector, int64_t begin, const char *result)
{
    struct run_record r = {.connector = {{connector}}, .run_number = 7, .begin_unix_ms = begin};
    r.complete = strcmp(result, "in-progress") != 0;
    r.result = run_result_of(result);
    strcpy(r.result_text, result);
    return r;
}

static struct seen
merged(const struct run_record *runs, size_t count)
{
    struct run_merge m = {0};
    struct seen seen = {0};
    for (size_t i = 0; i < count; i++)
        run_merge_add(&m, &runs[i]);
    assert_int_equal(run_merge_visit(&m, keep, &seen), BATON_OK);
    run_merge_done(&m);
    return seen;
}

static void
a_run_that_two_files_tell_is_one(void **state)
{
    (void)state;
    struct run_record runs[] = {record(1, 100, "success"), record(2, 100, "success"),
                                record(1, 100, "success"), record(1, 50, "success")};
    struct seen seen = merged(runs, ARRAY_LEN(runs));
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.run[0].begin_unix_ms, 50); /* by connector and beginning */
    assert_int_equal(seen.run[2].connector.b[0], 2);
}

static void
the_same_number_on_another_connector_or_day_is_another_run(void **state)
{
    (void)state;
    struct run_record runs[] = {record(1, 100, "success"), record(1, 100, "success")};
    runs[1].run_number = 8;
    assert_int_equal(merged(runs, 2).count, 2);
}

static void
the_ended_one_counts(void **state)
{
    (void)state;
    struct run_record runs[] = {record(1, 100, "in-progress"), record(1, 100, "success"),
                                record(1, 100, "in-progress")};
    struct seen seen = merged(runs, ARRAY_LEN(runs));
    assert_int_equal(seen.count, 1);
    assert_true(seen.run[0].complete);
    assert_int_equal(seen.run[0].result, RUN_RESULT_SUCCESS);
}

static void
of_two_results_the_worse_counts_and_counters_are_kept(void **state)
{
    (void)state;
    struct run_record runs[] = {record(1, 100, "stopped-server"), record(1, 100, "success")};
    runs[1].counted = true;
    runs[1].deletes = 4;
    for (int turn = 0; turn < 2; turn++) {
        struct seen seen = merged(runs, 2);
        assert_int_equal(seen.count, 1);
        assert_string_equal(seen.run[0].result_text, "stopped-server");
        assert_int_equal(seen.run[0].deletes, 4);
        struct run_record first = runs[0];
        runs[0] = runs[1];
        runs[1] = first;
    }
}

static void
too_many_runs_are_no_history(void **state)
{
    (void)state;
    struct run_merge m = {0};
    struct seen seen = {0};
    struct run_record run = record(1, 100, "success");
    for (int i = 0; i <= RUN_MERGE_MAX; i++) {
        run.begin_unix_ms = 1 + i % 2;
        run_merge_add(&m, &run);
    }
    assert_int_equal(run_merge_visit(&m, keep, &seen), BATON_LIMIT);
    assert_int_equal(seen.count, 0);
    run_merge_done(&m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_that_two_files_tell_is_one),
        cmocka_unit_test(the_same_number_on_another_connector_or_day_is_another_run),
        cmocka_unit_test(the_ended_one_counts),
        cmocka_unit_test(of_two_results_the_worse_counts_and_counters_are_kept),
        cmocka_unit_test(too_many_runs_are_no_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
