#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "baton/status.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void
every_status_has_a_name_a_text_and_an_exit_code_of_the_design(void **state)
{
    (void)state;
    for (int s = BATON_OK; s < BATON_STATUS_COUNT; s++) {
        assert_memory_equal(baton_status_name((enum baton_status)s), "BATON_", 6);
        assert_true(strlen(baton_status_text((enum baton_status)s)) > 3);
        assert_in_range(baton_status_exit_code((enum baton_status)s), s == BATON_OK ? 0 : 1,
                        s == BATON_OK ? 0 : 9);
    }
    assert_int_equal(baton_status_exit_code(BATON_STALE), 5);
    assert_int_equal(baton_status_exit_code(BATON_DENIED), 4);
}

static void
fail_fills_the_error_and_hands_the_status_on(void **state)
{
    (void)state;
    struct baton_err err = {0};
    assert_int_equal(baton_fail(&err, BATON_NOT_FOUND, "no %s %d", "agent", 7), BATON_NOT_FOUND);
    assert_int_equal(err.status, BATON_NOT_FOUND);
    assert_string_equal(err.text, "no agent 7");
    assert_int_equal(baton_fail(NULL, BATON_IO, "x"), BATON_IO);
}

static void
wrap_puts_the_context_before_the_text(void **state)
{
    (void)state;
    struct baton_err err = {0};
    (void)baton_fail(&err, BATON_IO, "disk is gone");
    assert_int_equal(baton_wrap(&err, BATON_IO, "store %s", "a.db"), BATON_IO);
    assert_string_equal(err.text, "store a.db: disk is gone");
    assert_int_equal(baton_wrap(NULL, BATON_IO, "x"), BATON_IO);
}

static void
wrap_without_a_text_says_what_the_status_means(void **state)
{
    (void)state;
    struct baton_err err = {0};
    (void)baton_wrap(&err, BATON_FULL, "audit");
    assert_string_equal(err.text, "audit: no space left");
}

static void
a_long_text_is_cut_and_stays_a_text(void **state)
{
    (void)state;
    struct baton_err err = {0};
    char big[2 * BATON_ERR_BYTES];
    memset(big, 'x', sizeof big);
    big[sizeof big - 1] = '\0';
    (void)baton_fail(&err, BATON_IO, "%s", big);
    assert_int_equal(strlen(err.text), BATON_ERR_BYTES - 1);
    (void)baton_wrap(&err, BATON_IO, "%s", big);
    assert_int_equal(strlen(err.text), BATON_ERR_BYTES - 1);
}

static void
a_broken_assertion_aborts_in_every_build(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(STDERR_FILENO);
        (void)signal(SIGABRT, SIG_DFL);
        BATON_ASSERT(child != 0);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_name_a_text_and_an_exit_code_of_the_design),
        cmocka_unit_test(fail_fills_the_error_and_hands_the_status_on),
        cmocka_unit_test(wrap_puts_the_context_before_the_text),
        cmocka_unit_test(wrap_without_a_text_says_what_the_status_means),
        cmocka_unit_test(a_long_text_is_cut_and_stays_a_text),
        cmocka_unit_test(a_broken_assertion_aborts_in_every_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
