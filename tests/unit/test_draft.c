#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
pieces_stand_one_behind_the_other(void **state)
{
    (void)state;
    struct draft d = {0};
    draft_put(&d, "one");
    draft_char(&d, ' ');
    draft_format(&d, "%d %s", 2, "three");
    draft_bytes(&d, "fourteen", 4);
    char *text = draft_end(&d);
    assert_string_equal(text, "one 2 threefour");
    assert_null(d.text);
    free(text);
}

static void
a_draft_without_a_word_is_an_empty_text(void **state)
{
    (void)state;
    struct draft d = {0};
    char *text = draft_end(&d);
    assert_string_equal(text, "");
    free(text);
}

static void
a_text_grows_over_every_size_and_loses_nothing(void **state)
{
    (void)state;
    struct draft d = {0};
    size_t expected = 0;
    for (int i = 0; i < 3000; i++) {
        draft_format(&d, "%d,", i);
        draft_char(&d, 'x');
        expected += (size_t)snprintf(NULL, 0, "%d,", i) + 1;
        assert_int_equal(d.len, expected);
        assert_int_equal(strlen(d.text), expected);
        assert_true(d.len < d.cap);
    }
    char *text = draft_end(&d);
    assert_int_equal(strncmp(text, "0,x1,x2,x", 9), 0);
    assert_string_equal(text + expected - 6, "2999,x");
    free(text);
}

static void
what_does_not_fit_into_memory_is_told_at_the_end_and_nothing_is_written_after_it(void **state)
{
    (void)state;
    struct draft d = {0};
    draft_put(&d, "before");
    draft_bytes(&d, "x", SIZE_MAX - 4);
    draft_put(&d, "after");
    draft_format(&d, "%s", "after");
    assert_int_equal(d.len, strlen("before"));
    assert_null(draft_end(&d));

    draft_put(&d, "a new one");
    char *text = draft_end(&d);
    assert_string_equal(text, "a new one");
    free(text);
}

static void
a_draft_that_is_not_wanted_keeps_nothing(void **state)
{
    (void)state;
    struct draft d = {0};
    draft_put(&d, "nobody wants this");
    draft_drop(&d);
    assert_null(d.text);
    assert_int_equal(d.len, 0);
    draft_drop(&d);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_stand_one_behind_the_other),
        cmocka_unit_test(a_draft_without_a_word_is_an_empty_text),
        cmocka_unit_test(a_text_grows_over_every_size_and_loses_nothing),
        cmocka_unit_test(
            what_does_not_fit_into_memory_is_told_at_the_end_and_nothing_is_written_after_it),
        cmocka_unit_test(a_draft_that_is_not_wanted_keeps_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
