#include "agent/adapters/windows/watch_trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct watch_hold whole = {.handle = true, .state = true, .start = true};

static bool
see(struct watch_trust *t, struct watch_hold second, uint64_t now_ms)
{
    const struct watch_hold hold[] = {whole, second};
    return watch_trust_see(t, hold, ARRAY_LEN(hold), true, now_ms);
}

static void
a_watch_over_all_services_is_unbroken(void **state)
{
    (void)state;
    struct watch_trust t = {0};
    assert_false(see(&t, whole, 0));
    assert_null(watch_trust_answer(&t));
    assert_null(watch_trust_answer(&t));
}

static void
asking_for_states_again_and_again_is_no_watch(void **state)
{
    (void)state;
    struct watch_trust t = {0};
    struct watch_hold polled = whole;
    polled.state = false;
    assert_true(see(&t, polled, 0));
    for (uint64_t now_ms = 200; now_ms < 20000; now_ms += 200) {
        assert_false(see(&t, polled, now_ms)); /* told once: each time it makes the agent look */
        const char *why = watch_trust_answer(&t);
        assert_non_null(why);
        assert_non_null(strstr(why, "service manager does not tell"));
    }
}

static void
a_start_type_that_nobody_tells_of_is_a_gap(void **state)
{
    (void)state;
    struct watch_trust t = {0};
    struct watch_hold no_key = whole;
    no_key.start = false;
    assert_true(see(&t, no_key, 0));
    assert_non_null(strstr(watch_trust_answer(&t), "start type"));
    assert_non_null(watch_trust_answer(&t));
}

static void
a_gap_between_two_answers_is_in_the_second_and_then_over(void **state)
{
    (void)state;
    struct watch_trust t = {0};
    struct watch_hold polled = whole;
    polled.state = false;
    assert_null(watch_trust_answer(&t));
    (void)see(&t, polled, 0);
    (void)see(&t, whole, 200);
    assert_non_null(strstr(watch_trust_answer(&t), "interrupted"));
    assert_null(watch_trust_answer(&t));
}

static void
what_was_missed_at_one_moment_is_in_one_answer(void **state)
{
    (void)state;
    struct watch_trust t = {0};
    assert_true(watch_trust_miss(&t, 0));
    assert_non_null(watch_trust_answer(&t));
    assert_null(watch_trust_answer(&t));
}

/* A look tries the watch again. Were each failure told, looks would follow each other without a pause. */
static void
a_watch_that_fails_at_every_look_is_told_now_and_then_and_said_each_time(void **state)
{
    (void)state;
    struct watch_trust t = {0};
    struct watch_hold polled = whole;
    polled.state = false;
    int told = 0;
    for (uint64_t now_ms = 0; now_ms < 2 * WATCH_TELL_MS; now_ms += 10) {
        told += see(&t, polled, now_ms);
        told += see(&t, whole, now_ms);
        told += watch_trust_miss(&t, now_ms);
        assert_non_null(watch_trust_answer(&t));
    }
    assert_int_equal(told, 2);
}

static void
a_worse_gap_is_told_although_another_one_stands(void **state)
{
    (void)state;
    struct watch_trust t = {0};
    struct watch_hold no_key = whole, closed = {.start = true};
    no_key.start = false;
    assert_true(see(&t, no_key, 0));
    assert_true(see(&t, closed, WATCH_TELL_MS));
    assert_non_null(strstr(watch_trust_answer(&t), "opened"));
    assert_false(see(&t, no_key, 2 * WATCH_TELL_MS)); /* better */
}

static void
a_list_that_is_not_known_to_be_whole_is_no_watch(void **state)
{
    (void)state;
    struct watch_trust t = {0};
    assert_true(watch_trust_see(&t, NULL, 0, false, 0));
    assert_non_null(strstr(watch_trust_answer(&t), "listed"));
    assert_false(watch_trust_see(&t, NULL, 0, true, 1)); /* a server without any */
    assert_non_null(watch_trust_answer(&t));
    assert_null(watch_trust_answer(&t));
}

static void
a_service_that_is_being_removed_cannot_start_any_more(void **state)
{
    (void)state;
    struct watch_trust t = {0};
    assert_false(see(&t, (struct watch_hold){.leaves = true}, 0));
    assert_null(watch_trust_answer(&t));
}

static void
only_what_the_system_is_known_to_mean_is_taken_for_that(void **state)
{
    (void)state;
    assert_int_equal(watch_answer_of(0), WATCH_STANDS);
    assert_int_equal(watch_answer_of(1018), WATCH_LEAVES);
    assert_int_equal(watch_answer_of(1072), WATCH_LEAVES);
    assert_int_equal(watch_answer_of(1294), WATCH_MISSED);
    assert_int_equal(watch_answer_of(5), WATCH_REFUSED);   /* access denied */
    assert_int_equal(watch_answer_of(120), WATCH_REFUSED); /* no such call in this system */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_watch_over_all_services_is_unbroken),
        cmocka_unit_test(asking_for_states_again_and_again_is_no_watch),
        cmocka_unit_test(a_start_type_that_nobody_tells_of_is_a_gap),
        cmocka_unit_test(a_gap_between_two_answers_is_in_the_second_and_then_over),
        cmocka_unit_test(what_was_missed_at_one_moment_is_in_one_answer),
        cmocka_unit_test(a_watch_that_fails_at_every_look_is_told_now_and_then_and_said_each_time),
        cmocka_unit_test(a_worse_gap_is_told_although_another_one_stands),
        cmocka_unit_test(a_list_that_is_not_known_to_be_whole_is_no_watch),
        cmocka_unit_test(a_service_that_is_being_removed_cannot_start_any_more),
        cmocka_unit_test(only_what_the_system_is_known_to_mean_is_taken_for_that),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
