#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "controller/cli/moment.h"

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void
expect(const char *text, uint64_t unix_s)
{
    struct baton_err err = {0};
    uint64_t ms = 1;
    if (moment_parse(text, &ms, &err) != BATON_OK)
        fail_msg("%s: %s", text, err.text);
    assert_true(ms == unix_s * 1000);
}

static void
expect_refused(const char *text, const char *why)
{
    struct baton_err err = {0};
    uint64_t ms = 1;
    assert_int_equal(moment_parse(text, &ms, &err), BATON_USAGE);
    assert_true(ms == 1);
    if (strstr(err.text, why) == NULL)
        fail_msg("%s: %s", text, err.text);
}

static void
times_of_rfc_3339_are_read(void **state)
{
    (void)state;
    expect("2026-12-01T20:00:00Z", 1796155200);
    expect("2026-12-01 20:00Z", 1796155200);
    expect("2026-12-01T21:30:07+01:30", 1796155207);
    expect("2026-12-01T15:00:00-05:00", 1796155200);
    expect("2028-02-29T00:00:00z", 1835395200);
    expect("1970-01-01T00:00:00Z", 0);
}

static void
a_zone_by_name_counts_its_summer_time(void **state)
{
    (void)state;
    expect("2026-12-01 21:00 Europe/Vienna", 1796155200);
    expect("2026-07-01 21:00 Europe/Vienna", 1782932400);
    expect("2026-12-01 20:00 UTC", 1796155200);
}

static void
an_hour_that_is_left_out_or_comes_twice_is_refused(void **state)
{
    (void)state;
    expect_refused("2026-03-29 02:30 Europe/Vienna", "not in the calendar");
    expect_refused("2026-10-25 02:30 Europe/Vienna", "comes twice");
    expect("2026-10-25 02:30+02:00", 1792888200);
    expect("2026-10-25 02:30+01:00", 1792891800);
}

static void
what_is_no_time_or_has_no_zone_is_refused(void **state)
{
    (void)state;
    expect_refused("", "is no time");
    expect_refused("tomorrow", "is no time");
    expect_refused("2026-12-1T20:00:00Z", "is no time");
    expect_refused("1969-12-31T20:00:00Z", "is no time");
    expect_refused("2026-12-01T20:00:00", "needs a zone");
    expect_refused("2026-12-01T20:00:00Zulu", "needs a zone");
    expect_refused("2026-12-01T20:00:00+1:00", "needs a zone");
    expect_refused("2026-12-01T20:00:00+15:00", "needs a zone");
    expect_refused("2026-12-01 20:00 Europe/Atlantis", "needs a zone");
    expect_refused("2026-12-01 20:00 ../../etc/passwd", "needs a zone");
    expect_refused("2026-02-29T20:00:00Z", "not in the calendar");
    expect_refused("2026-13-01T20:00:00Z", "not in the calendar");
    expect_refused("2026-12-01T24:00:00Z", "not in the calendar");
    expect_refused("1970-01-01T00:00:00+01:00", "before 1970");
}

static void
the_zone_of_this_machine_changes_nothing_and_stays(void **state)
{
    (void)state;
    setenv("TZ", "America/New_York", 1);
    expect("2026-12-01T20:00:00Z", 1796155200);
    expect("2026-12-01 21:00 Europe/Vienna", 1796155200);
    assert_string_equal(getenv("TZ"), "America/New_York");
    unsetenv("TZ");
    expect("2026-12-01T20:00:00Z", 1796155200);
    assert_null(getenv("TZ"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_of_rfc_3339_are_read),
        cmocka_unit_test(a_zone_by_name_counts_its_summer_time),
        cmocka_unit_test(an_hour_that_is_left_out_or_comes_twice_is_refused),
        cmocka_unit_test(what_is_no_time_or_has_no_zone_is_refused),
        cmocka_unit_test(the_zone_of_this_machine_changes_nothing_and_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
