#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/disk/windows_error.h"

#include <string.h>
#include <windows.h>

static void
an_error_is_said_with_what_was_done_its_number_and_the_systems_words(void **state)
{
    (void)state;
    struct baton_err err = {0};
    assert_int_equal(win_fail(&err, ERROR_ACCESS_DENIED, "cannot open %s", "a key"), BATON_DENIED);
    assert_ptr_equal(strstr(err.text, "cannot open a key: Windows error 5: Access"), err.text);
    assert_null(strpbrk(err.text, "\r\n"));
    assert_int_not_equal(err.text[strlen(err.text) - 1], ' ');
}

static void
a_number_without_words_stands_alone(void **state)
{
    (void)state;
    char text[64];
    win_error_text(0x2FFFFFFF, text, sizeof text);
    assert_string_equal(text, "Windows error 805306367");
}

static void
what_does_not_fit_is_cut(void **state)
{
    (void)state;
    char text[16];
    win_error_text(ERROR_ACCESS_DENIED, text, sizeof text);
    assert_string_equal(text, "Windows error 5");
}

static void
numbers_have_the_status_that_fits(void **state)
{
    (void)state;
    static const struct {
        unsigned long code;
        enum baton_status status;
    } rows[] = {{ERROR_FILE_NOT_FOUND, BATON_NOT_FOUND},
                {ERROR_SERVICE_DOES_NOT_EXIST, BATON_NOT_FOUND},
                {ERROR_PRIVILEGE_NOT_HELD, BATON_DENIED},
                {ERROR_MORE_DATA, BATON_LIMIT},
                {ERROR_OUTOFMEMORY, BATON_NOMEM},
                {ERROR_DISK_FULL, BATON_FULL},
                {ERROR_SERVICE_REQUEST_TIMEOUT, BATON_TIMEOUT},
                {ERROR_INVALID_HANDLE, BATON_IO}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(win_fail(NULL, rows[i].code, "x"), rows[i].status);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_is_said_with_what_was_done_its_number_and_the_systems_words),
        cmocka_unit_test(a_number_without_words_stands_alone),
        cmocka_unit_test(what_does_not_fit_is_cut),
        cmocka_unit_test(numbers_have_the_status_that_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
