#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/verify/prereq_private.h"

#define ACCOUNT(name)                                                                              \
    "\"Account created by the tool running on computer '" name                                     \
    "' configured to synchronize to tenant 'contoso'.\""
#define OTHERS "\"machine.name\":\"new\",\"pair.other\":\"OLD\","

/* As the built-in check judges it. */
static enum prereq_state
judged(const char *observed_text, char out[PREREQ_TEXT_BYTES])
{
    static struct prereq_result result[PREREQ_CHECKS_MAX];
    struct prereq *p;
    json_t *observed = json_loads(observed_text, 0, NULL);
    assert_non_null(observed);
    assert_int_equal(prereq_builtin(&p, NULL), BATON_OK);
    struct prereq_question q = {observed, PREREQ_NEW, -1, 0};
    size_t n = prereq_judge(p, &q, result), i = 0;
    while (i < n && strcmp(result[i].check->id, "PRE-AD-CENSUS") != 0)
        i++;
    assert_true(i < n);
    enum prereq_state state = result[i].state;
    assert_int_equal(result[i].severity, state > PREREQ_NOT_APPLICABLE ? SEVERITY_REVIEW : 0);
    memcpy(out, result[i].observed, PREREQ_TEXT_BYTES);
    prereq_close(&p);
    json_decref(observed);
    return state;
}

static void
is(const char *observed, enum prereq_state state, const char *shown)
{
    char out[PREREQ_TEXT_BYTES];
    assert_int_equal(judged(observed, out), state);
    assert_string_equal(out, shown);
}

static void
accounts_of_the_pair_alone_are_a_pass(void **state)
{
    (void)state;
    is("{" OTHERS
       "\"ad.sync_accounts\":[" ACCOUNT("OLD") "," ACCOUNT("NEW") "," ACCOUNT("Old") "]}",
       PREREQ_MET, "OLD, NEW");
    is("{" OTHERS "\"ad.sync_accounts\":[" ACCOUNT("OLD") "]}", PREREQ_MET, "OLD");
}

static void
any_other_server_is_named_first(void **state)
{
    (void)state;
    is("{" OTHERS
       "\"ad.sync_accounts\":[" ACCOUNT("OLD") "," ACCOUNT("AADC7") "," ACCOUNT("AADC7") "]}",
       PREREQ_NOT_MET, "AADC7 (not known here), OLD");
    is("{\"machine.name\":\"NEW\",\"ad.sync_accounts\":[" ACCOUNT("OLD") "]}", PREREQ_NOT_MET,
       "OLD (not known here)");
    is("{\"pair.other\":4,\"ad.sync_accounts\":[" ACCOUNT("OLD") "]}", PREREQ_NOT_MET,
       "OLD (not known here)");
}

/* Who may not read the accounts sees none. */
static void
a_forest_that_nobody_could_read_is_not_known_and_no_pass(void **state)
{
    (void)state;
    is("{" OTHERS "\"x\":1}", PREREQ_UNKNOWN, "not known");
    is("{" OTHERS "\"ad.sync_accounts\":[]}", PREREQ_UNKNOWN, "not known");
    is("{" OTHERS "\"ad.sync_accounts\":\"OLD\"}", PREREQ_UNKNOWN, "not known");
    is("{" OTHERS "\"ad.sync_accounts\":4}", PREREQ_UNKNOWN, "not known");
}

static void
an_account_whose_computer_cannot_be_told_is_no_pass_and_never_printed(void **state)
{
    (void)state;
    is("{" OTHERS "\"ad.sync_accounts\":[" ACCOUNT("OLD") "," ACCOUNT("\\u001b[2J") "]}",
       PREREQ_UNKNOWN, "an account that names no computer, OLD");
    is("{" OTHERS "\"ad.sync_accounts\":[\"x\"," ACCOUNT("OTHER") "]}", PREREQ_NOT_MET,
       "OTHER (not known here), an account that names no computer");
}

static void
a_server_that_is_not_known_is_shown_however_many_are(void **state)
{
    (void)state;
    char observed[64 * 1024] = "{" OTHERS "\"ad.sync_accounts\":[", out[PREREQ_TEXT_BYTES];
    for (int i = 0; i < 100; i++)
        strcat(observed, ACCOUNT("OLD") ",\"none\",");
    strcat(observed, ACCOUNT("AADC7") "]}");
    assert_int_equal(judged(observed, out), PREREQ_NOT_MET);
    assert_non_null(strstr(out, "AADC7 (not known here), "));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accounts_of_the_pair_alone_are_a_pass),
        cmocka_unit_test(any_other_server_is_named_first),
        cmocka_unit_test(a_forest_that_nobody_could_read_is_not_known_and_no_pass),
        cmocka_unit_test(an_account_whose_computer_cannot_be_told_is_no_pass_and_never_printed),
        cmocka_unit_test(a_server_that_is_not_known_is_shown_however_many_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
