#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "controller/cli/wrap.h"

#include <string.h>

static void
a_line_ends_at_the_last_blank_that_fits(void **state)
{
    (void)state;
    assert_int_equal(wrap_next("one two three", 8), 7);
    assert_int_equal(wrap_next("one two three", 7), 7);
    assert_int_equal(wrap_next("one two three", 6), 3);
    assert_int_equal(wrap_next("one two three", 13), 13);
    assert_int_equal(wrap_next("", 10), 0);
}

static void
a_word_that_is_too_long_stands_alone(void **state)
{
    (void)state;
    assert_int_equal(wrap_next("OU=CORP,DC=contoso,DC=com is out", 10), 25);
    assert_int_equal(wrap_next("OU=CORP,DC=contoso,DC=com", 10), 25);
}

static void
a_character_is_one_column_however_many_bytes_it_takes(void **state)
{
    (void)state;
    assert_int_equal(wrap_next("\xc3\xbc\xc3\xbc \xc3\xbc\xc3\xbc", 5), 9);
    assert_int_equal(wrap_next("\xc3\xbc\xc3\xbc \xc3\xbc\xc3\xbc", 4), 4);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_ends_at_the_last_blank_that_fits),
        cmocka_unit_test(a_word_that_is_too_long_stands_alone),
        cmocka_unit_test(a_character_is_one_column_however_many_bytes_it_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
