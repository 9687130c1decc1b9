/* Whole handoffs in one process: the controller's pure core against two real members. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "duet.h"

static struct duet u;

static int
open_duet(void **state)
{
    (void)state;
    duet_open(&u);
    return 0;
}

static void
a_parallel_cutover_walks_from_assessed_to_done(void **state)
{
    (void)state;
    duet_to(&u, HO_DONE);
    static const uint16_t way[] = {301, 303, 305, 306, 307, 309, 311, 313, 315, 317,
                                   319, 320, 321, 207, 323, 325, 327, 328, 329};
    for (size_t i = 0; i < ARRAY_LEN(way); i++)
        if (!duet_fired(&u, way[i]))
            fail_msg("rule %u did not fire", way[i]);
    assert_false(u.t.cutover_open);
    assert_true(u.t.cutover.ponr);
    assert_int_equal(u.t.cutover.grade, 'B');
    assert_true(u.m[TOY_NEW].promise.holding && u.m[TOY_OLD].promise.retired);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_parallel_cutover_walks_from_assessed_to_done, open_duet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
