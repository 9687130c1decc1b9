/* Lines of text for people, made without the C library's formatter. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "controller/core/line.h"

static void
numbers_are_written_whole_at_both_ends(void **state)
{
    (void)state;
    static const struct {
        int64_t v;
        const char *text;
    } rows[] = {{0, "0"},
                {-1, "-1"},
                {INT64_MAX, "9223372036854775807"},
                {INT64_MIN, "-9223372036854775808"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char out[32];
        struct line l;
        line_start(&l, out, sizeof out);
        line_int(&l, rows[i].v);
        assert_string_equal(out, rows[i].text);
    }
}

static void
durations_are_in_units_a_person_uses(void **state)
{
    (void)state;
    static const struct {
        uint64_t ms;
        const char *text;
    } rows[] = {{850, "850 ms"},
                {42000, "42 s"},
                {42999, "42 s"},
                {5400000, "90 min"},
                {5401000, "90 min 1 s"},
                {17280000, "4 h 48 min"},
                {129600000, "36 h"},
                {129659999, "36 h"},
                {1209600000, "14 d"},
                {1216799999, "14 d 1 h"},
                {UINT64_MAX, "213503982334 d 14 h"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char out[32];
        struct line l;
        line_start(&l, out, sizeof out);
        line_duration(&l, rows[i].ms);
        assert_string_equal(out, rows[i].text);
    }
}

static void
times_are_written_in_utc_with_the_leap_days_in_their_place(void **state)
{
    (void)state;
    static const struct {
        uint64_t unix_s;
        const char *text;
    } rows[] = {{0, "1970-01-01 00:00:00Z"},           {951782399, "2000-02-28 23:59:59Z"},
                {951782400, "2000-02-29 00:00:00Z"},   {951868800, "2000-03-01 00:00:00Z"},
                {1798761599, "2026-12-31 23:59:59Z"},  {4107542400, "2100-03-01 00:00:00Z"},
                {253402300799, "9999-12-31 23:59:59Z"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char out[32];
        struct line l;
        line_start(&l, out, sizeof out);
        line_time(&l, rows[i].unix_s * 1000 + 999);
        assert_string_equal(out, rows[i].text);
    }
}

static void
versions_have_four_parts(void **state)
{
    (void)state;
    char out[32];
    struct line l;
    line_start(&l, out, sizeof out);
    line_version(&l, (INT64_C(2) << 48) | (INT64_C(6) << 32) | (92 << 16));
    assert_string_equal(out, "2.6.92.0");
}

static void
a_full_line_is_cut_before_a_character(void **state)
{
    (void)state;
    char out[8];
    line_set(out, sizeof out, "abcdef\xc3\xa4");
    assert_string_equal(out, "abcdef");
    line_set(out, sizeof out, "abcde\xc3\xa4xyz");
    assert_string_equal(out, "abcde\xc3\xa4");
}

static void
names_are_quoted_where_a_shell_needs_it(void **state)
{
    (void)state;
    char out[96];
    struct line l;
    const struct line_names names = {"Contoso O'Neil", "old1", ""};
    line_start(&l, out, sizeof out);
    line_template(&l, "do TENANT on OLD_HOST and NEW_HOST, TENANT", &names);
    assert_string_equal(out, "do 'Contoso O'\\''Neil' on old1 and '', 'Contoso O'\\''Neil'");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_written_whole_at_both_ends),
        cmocka_unit_test(durations_are_in_units_a_person_uses),
        cmocka_unit_test(times_are_written_in_utc_with_the_leap_days_in_their_place),
        cmocka_unit_test(versions_have_four_parts),
        cmocka_unit_test(a_full_line_is_cut_before_a_character),
        cmocka_unit_test(names_are_quoted_where_a_shell_needs_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
