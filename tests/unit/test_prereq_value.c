#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/verify/prereq_private.h"

static void
text_ends_where_its_room_does(void **state)
{
    (void)state;
    char out[8];
    struct prereq_text t = {out, sizeof out, 0};
    prereq_put(&t, "12345");
    prereq_put(&t, "6\n789");
    prereq_put(&t, "x");
    assert_string_equal(out, "123456 ");
}

static void
a_date_is_a_day_of_the_calendar(void **state)
{
    (void)state;
    uint64_t ms;
    assert_true(prereq_date("1970-01-02", &ms));
    assert_int_equal(ms, 86400000);
    assert_false(prereq_date("2026-13-01", &ms));
    assert_false(prereq_date("2026-1-1", &ms));
    assert_false(prereq_date("2026-01-01T00:00:00Z", &ms));
    assert_false(prereq_date("", &ms));
}

static void
put(const char *text, const char *expected)
{
    char out[64];
    struct prereq_text t = {out, sizeof out, 0};
    json_t *value = text != NULL ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    out[0] = '\0';
    prereq_value_put(&t, value);
    assert_string_equal(out, expected);
    json_decref(value);
}

static void
values_are_shown_as_people_say_them(void **state)
{
    (void)state;
    put("7", "7");
    put("true", "yes");
    put("false", "no");
    put("null", "none");
    put(NULL, "not known");
    put("[]", "none");
    put("[\"a\",\"b\"]", "a, b");
    put("\"x\\ny\"", "x y");
}

static void
versions_have_up_to_four_numbers(void **state)
{
    (void)state;
    static const char *const bad[] = {"",          "a",    "1.", ".1",   "1..2",
                                      "1.2.3.4.5", "1.2x", "-1", "1 .2", "99999999.1"};
    struct prereq_version a, b;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(prereq_version(bad[i], &a));
    assert_true(prereq_version("2.4.131.0", &a));
    assert_true(prereq_version("2.4.9", &b));
    assert_true(prereq_version_compare(&a, &b) > 0);
    assert_true(prereq_version_compare(&b, &a) < 0);
    assert_true(prereq_version("2.4.9.0", &a));
    assert_int_equal(prereq_version_compare(&a, &b), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_ends_where_its_room_does),
        cmocka_unit_test(a_date_is_a_day_of_the_calendar),
        cmocka_unit_test(values_are_shown_as_people_say_them),
        cmocka_unit_test(versions_have_up_to_four_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
