#include "agent/adapters/windows/account_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t anna[] = {1, 5, 21, 7, 7, 7, 77}, bob[] = {1, 5, 21, 7, 7, 7, 78};

static void
an_account_is_looked_up_once(void **state)
{
    (void)state;
    struct account_names a = {0};
    assert_null(account_names_find(&a, anna, sizeof anna, 0));
    assert_string_equal(account_names_keep(&a, anna, sizeof anna, "CONTOSO\\anna", 0),
                        "CONTOSO\\anna");
    assert_string_equal(account_names_find(&a, anna, sizeof anna, 1000), "CONTOSO\\anna");
    assert_null(account_names_find(&a, bob, sizeof bob, 1000));
    assert_null(account_names_find(&a, anna, sizeof anna - 1,
                                   1000)); /* the beginning of a SID is another */
}

static void
a_name_is_believed_for_an_hour_and_that_there_is_none_for_minutes(void **state)
{
    (void)state;
    struct account_names a = {0};
    (void)account_names_keep(&a, anna, sizeof anna, "CONTOSO\\anna", 10);
    (void)account_names_keep(&a, bob, sizeof bob, "", 10);
    assert_string_equal(account_names_find(&a, bob, sizeof bob, 10 + ACCOUNT_NONE_MS - 1), "");
    assert_null(account_names_find(&a, bob, sizeof bob, 10 + ACCOUNT_NONE_MS));
    assert_non_null(account_names_find(&a, anna, sizeof anna, 10 + ACCOUNT_NAME_MS - 1));
    assert_null(account_names_find(&a, anna, sizeof anna, 10 + ACCOUNT_NAME_MS));
    (void)account_names_keep(&a, anna, sizeof anna, "CONTOSO\\anna.b", 10 + ACCOUNT_NAME_MS);
    assert_int_equal(a.count, 2);
    assert_string_equal(account_names_find(&a, anna, sizeof anna, 10 + ACCOUNT_NAME_MS),
                        "CONTOSO\\anna.b");
}

static void
of_too_many_the_one_that_nobody_asks_for_makes_room(void **state)
{
    (void)state;
    struct account_names a = {0};
    for (uint8_t i = 0; i < ACCOUNT_NAMES_MAX; i++)
        (void)account_names_keep(&a, &i, 1, "x", i);
    const uint8_t first = 0, second = 1;
    assert_non_null(account_names_find(&a, &first, 1, 100));
    (void)account_names_keep(&a, anna, sizeof anna, "CONTOSO\\anna", 101);
    assert_int_equal(a.count, ACCOUNT_NAMES_MAX);
    assert_non_null(account_names_find(&a, &first, 1, 102));
    assert_null(account_names_find(&a, &second, 1, 102));
    assert_non_null(account_names_find(&a, anna, sizeof anna, 102));
}

static void
a_name_is_cut_to_what_a_name_may_be(void **state)
{
    (void)state;
    struct account_names a = {0};
    char longest[ACCOUNT_SID_BYTES], name[NAME_BYTES * 2];
    memset(longest, 9, sizeof longest);
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_int_equal(strlen(account_names_keep(&a, longest, sizeof longest, name, 0)),
                     NAME_BYTES - 1);
    assert_non_null(account_names_find(&a, longest, sizeof longest, 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_account_is_looked_up_once),
        cmocka_unit_test(a_name_is_believed_for_an_hour_and_that_there_is_none_for_minutes),
        cmocka_unit_test(of_too_many_the_one_that_nobody_asks_for_makes_room),
        cmocka_unit_test(a_name_is_cut_to_what_a_name_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
