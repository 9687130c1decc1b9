#include "agent/adapters/windows/run_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/readers/run_history.h"

static struct run_row
row_of(int minute, const char *profile)
{
    struct run_row r = {.ma_name = "Windows Azure Active Directory Connector",
                        .ma_guid = "{0A1B2C3D-1111-4222-8333-444455556666}",
                        .status = "success"};
    snprintf(r.profile, sizeof r.profile, "%s", profile);
    snprintf(r.number, sizeof r.number, "%d", minute);
    snprintf(r.begin, sizeof r.begin, "2026-07-01 %02d:%02d:00.000", minute / 60, minute % 60);
    snprintf(r.end, sizeof r.end, "2026-07-01 %02d:%02d:30.000", minute / 60, minute % 60);
    return r;
}

static void
the_newest_runs_are_kept_and_the_newest_of_each_older_kind(void **state)
{
    enum { COUNT = 300 };
    static struct run_row rows[COUNT];
    (void)state;
    for (int i = 0; i < COUNT; i++)
        rows[i] = row_of(i, i == 5 || i == 7 ? "Full Import Full Sync" : "Export");
    size_t kept = run_rows_choose(rows, COUNT);
    assert_int_equal(kept, RUN_ROWS_NEWEST + 1);
    for (int i = 0; i < RUN_ROWS_NEWEST; i++)
        assert_int_equal(atoi(rows[i].number), COUNT - 1 - i);
    assert_string_equal(rows[RUN_ROWS_NEWEST].number, "7");
    assert_int_equal(run_rows_choose(rows, 0), 0);
}

static void
the_same_profile_of_another_agent_is_another_kind(void **state)
{
    enum { COUNT = RUN_ROWS_NEWEST + 2 };
    static struct run_row rows[COUNT];
    (void)state;
    for (int i = 0; i < COUNT; i++)
        rows[i] = row_of(i, "Export");
    snprintf(rows[1].ma_guid, sizeof rows[1].ma_guid, "{other}");
    assert_int_equal(run_rows_choose(rows, COUNT), RUN_ROWS_NEWEST + 1);
    assert_string_equal(rows[RUN_ROWS_NEWEST].ma_guid, "{other}");
}

static void
a_run_is_over_when_it_says_so(void **state)
{
    struct run_row r = row_of(1, "Export");
    (void)state;
    assert_true(run_row_is_over(&r));
    static const char *const going[] = {"in-progress", "completing-obsoletion", ""};
    for (size_t i = 0; i < ARRAY_LEN(going); i++) {
        snprintf(r.status, sizeof r.status, "%s", going[i]);
        assert_false(run_row_is_over(&r));
    }
    r = row_of(1, "Export");
    r.end[0] = '\0';
    assert_false(run_row_is_over(&r));
}

static void
thinned(const char *xml, const char *wanted)
{
    char text[512];
    snprintf(text, sizeof text, "%s", xml);
    assert_int_equal(run_details_thin(text, strlen(text)), strlen(wanted));
    assert_string_equal(text, wanted);
}

static void
lists_of_objects_are_left_out(void **state)
{
    (void)state;
    thinned("<a><synchronization-errors><export-error dn=\"x\"/></synchronization-errors><b/></a>",
            "<a><b/></a>");
    thinned("<a><mv-retry-errors/><connection-log>\n</connection-log ></a>",
            "<a><connection-log>\n</connection-log ></a>"); /* no end that is one: kept */
    thinned("<a><ma-discovery-errors x='1'>y</ma-discovery-errors></a>", "<a></a>");
    thinned("<a><ma-discovery-errors-more>y</ma-discovery-errors-more></a>",
            "<a><ma-discovery-errors-more>y</ma-discovery-errors-more></a>");
    thinned("<synchronization-errors", "<synchronization-errors");
    thinned("", "");
}

static void
keep(void *arg, const struct run_record *run)
{
    *(struct run_record *)arg = *run;
}

static void
a_row_alone_reads_as_its_run(void **state)
{
    struct run_row r = row_of(61, "Export");
    struct run_record run = {0};
    (void)state;
    snprintf(r.ma_name, sizeof r.ma_name, "A & <B>");
    char *xml = run_details_of_row(&r);
    assert_non_null(xml);
    assert_int_equal(run_history_read(xml, strlen(xml), keep, &run, NULL), BATON_OK);
    free(xml);
    assert_string_equal(run.connector_name, "A & <B>");
    assert_int_equal(run.run_number, 61);
    assert_int_equal(run.profile, RUN_PROFILE_EXPORT);
    assert_int_equal(run.result, RUN_RESULT_SUCCESS);
    assert_true(run.complete);
    assert_false(run.counted); /* nobody said what it exported */
    assert_true(run.end_unix_ms - run.begin_unix_ms == 30000);
}

static void
a_row_that_runs_reads_as_a_run_under_way(void **state)
{
    struct run_row r = row_of(5, "Delta Import Delta Sync");
    struct run_record run = {0};
    (void)state;
    r.end[0] = '\0';
    snprintf(r.status, sizeof r.status, "in-progress");
    char *xml = run_details_of_row(&r);
    assert_int_equal(run_history_read(xml, strlen(xml), keep, &run, NULL), BATON_OK);
    free(xml);
    assert_int_equal(run.result, RUN_RESULT_RUNNING);
    assert_false(run.complete);
    assert_true(run.end_unix_ms == 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_runs_are_kept_and_the_newest_of_each_older_kind),
        cmocka_unit_test(the_same_profile_of_another_agent_is_another_kind),
        cmocka_unit_test(a_run_is_over_when_it_says_so),
        cmocka_unit_test(lists_of_objects_are_left_out),
        cmocka_unit_test(a_row_alone_reads_as_its_run),
        cmocka_unit_test(a_row_that_runs_reads_as_a_run_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
