#include "lab/print.h"

#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "baton/ids.h"

static void
a_text_is_cut_before_a_character_never_inside_one(void **state)
{
    (void)state;
    static const struct {
        const char *text, *cut;
    } rows[] = {{"abcdefg", "abcdefg"},
                {"abcdefgh", "abcdefg"},
                {"abcdef\u00e9", "abcdef"},
                {"abcde\u00e9", "abcde\u00e9"},
                {"abcde\u20ac", "abcde"},
                {"abcd\u20ac", "abcd\u20ac"},
                {"abcd\U0001f600", "abcd"},
                {"abc\U0001f600x", "abc\U0001f600"},
                {"", ""}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char out[8];
        print_copy(out, sizeof out, rows[i].text);
        assert_string_equal(out, rows[i].cut);
        assert_int_equal(print_format(out, sizeof out, "%s", rows[i].text),
                         strlen(rows[i].text) < sizeof out);
    }
}

static void
dates_and_spans_print_as_convertto_json_does(void **state)
{
    (void)state;
    char *text = print_powershell(print_date(1649391053843));
    assert_string_equal(text, "\"\\/Date(1649391053843)\\/\"");
    free(text);
    json_t *span = print_timespan(((uint64_t)7 * 24 * 3600 + 1801) * 1000 + 5);
    assert_int_equal(json_integer_value(json_object_get(span, "Days")), 7);
    assert_int_equal(json_integer_value(json_object_get(span, "Minutes")), 30);
    assert_int_equal(json_integer_value(json_object_get(span, "Seconds")), 1);
    assert_int_equal(json_integer_value(json_object_get(span, "Milliseconds")), 5);
    assert_true(json_integer_value(json_object_get(span, "Ticks")) == 6066010050000);
    json_decref(span);
    char date[40], stamp[24], sql[32];
    print_http_date(1646938081000, date);
    assert_string_equal(date, "Thu, 10 Mar 2022 18:48:01 GMT");
    print_stamp(1646938081000, stamp);
    assert_string_equal(stamp, "20220310-184801");
    print_sql_date(1646938081123, sql);
    assert_string_equal(sql, "2022-03-10 18:48:01.123");
}

static void
guids_are_guids(void **state)
{
    (void)state;
    char a[37], b[37];
    struct baton_id id;
    print_guid_new(a);
    print_guid_new(b);
    assert_true(baton_guid_parse(a, &id));
    assert_string_not_equal(a, b);
    print_guid_of("OLD", "AD", a);
    print_guid_of("OLD", "AD", b);
    assert_true(baton_guid_parse(a, &id));
    assert_string_equal(a, b);
    print_guid_of("OL", "DAD", b);
    assert_string_not_equal(a, b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_cut_before_a_character_never_inside_one),
        cmocka_unit_test(dates_and_spans_print_as_convertto_json_does),
        cmocka_unit_test(guids_are_guids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
