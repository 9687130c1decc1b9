#include "lab/timer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
nothing(struct server *server, uint64_t arg)
{
    (void)server;
    (void)arg;
}

static void
timers_come_out_in_the_order_of_their_time(void **state)
{
    (void)state;
    struct timers t = {0};
    struct timer got;
    uint64_t last = 0;
    for (uint64_t i = 0; i < 500; i++)
        timers_add(&t, i * 7919 % 501, nothing, NULL, i);
    for (size_t i = 0; i < 500; i++) {
        assert_true(timers_take(&t, 501, &got));
        assert_true(got.due_ms >= last);
        last = got.due_ms;
    }
    assert_false(timers_take(&t, 501, &got));
    timers_done(&t);
}

static void
timers_of_one_instant_keep_their_order(void **state)
{
    (void)state;
    struct timers t = {0};
    struct timer got;
    for (uint64_t i = 0; i < 100; i++)
        timers_add(&t, 42, nothing, NULL, i);
    for (uint64_t i = 0; i < 100; i++) {
        assert_true(timers_take(&t, 42, &got));
        assert_int_equal(got.arg, i);
    }
    timers_done(&t);
}

static void
a_timer_does_not_fire_before_its_time(void **state)
{
    (void)state;
    struct timers t = {0};
    struct timer got;
    uint64_t due;
    assert_false(timers_next(&t, &due));
    timers_add(&t, 100, nothing, NULL, 0);
    assert_false(timers_take(&t, 99, &got));
    assert_true(timers_next(&t, &due));
    assert_int_equal(due, 100);
    assert_true(timers_take(&t, 100, &got));
    timers_done(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_come_out_in_the_order_of_their_time),
        cmocka_unit_test(timers_of_one_instant_keep_their_order),
        cmocka_unit_test(a_timer_does_not_fire_before_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
