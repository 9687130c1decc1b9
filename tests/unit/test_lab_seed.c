#include "lab/seed.h"

#include <stddef.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
the_stream_is_the_published_one(void **state)
{
    (void)state;
    struct seed s = {1234567}; /* the vector that ports of SplitMix64 compare with */
    assert_true(seed_next(&s) == 6457827717110365317u);
    assert_true(seed_next(&s) == 3203168211198807973u);
    assert_true(seed_next(&s) == 9817491932198370423u);
}

static void
pairs_have_streams_of_their_own(void **state)
{
    (void)state;
    struct seed a = seed_of(1, 2), again = seed_of(1, 2), b = seed_of(2, 1), c = seed_of(1, 3);
    uint64_t first = seed_next(&a);
    assert_true(first == seed_next(&again));
    assert_true(first != seed_next(&b));
    assert_true(first != seed_next(&c));
}

static void
a_bounded_number_stays_below_its_limit_and_reaches_all(void **state)
{
    (void)state;
    struct seed s = seed_of(5, 5);
    unsigned seen[7] = {0};
    for (size_t i = 0; i < 700; i++)
        seen[seed_below(&s, 7)]++;
    for (size_t i = 0; i < 7; i++)
        assert_in_range(seen[i], 50, 160);
}

static void
names_give_different_seeds(void **state)
{
    (void)state;
    assert_true(seed_text("OLD") != seed_text("NEW"));
    assert_true(seed_text("ab") != seed_text("ba"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_stream_is_the_published_one),
        cmocka_unit_test(pairs_have_streams_of_their_own),
        cmocka_unit_test(a_bounded_number_stays_below_its_limit_and_reaches_all),
        cmocka_unit_test(names_give_different_seeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
