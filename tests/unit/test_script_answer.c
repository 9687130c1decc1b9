#include "agent/adapters/windows/script_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "baton/host.h"

/* Pushed in pieces of `step` bytes. */
static enum baton_status
push(struct script_answer *a, const char *text, size_t step, struct baton_err *err)
{
    enum baton_status rc = BATON_OK;
    for (size_t at = 0, len = strlen(text); rc == BATON_OK && at < len; at += step)
        rc = answer_push(a, text + at, len - at < step ? len - at : step, err);
    return rc;
}

static void
an_answer_is_the_same_however_it_is_cut(void **state)
{
    static const char text[] =
        "\r\nWARNING: a cmdlet chats\n\nBATON-ANSWER 7 13\r\n{\"a\":\"b\\n\"}  \n";
    (void)state;
    for (size_t step = 1; step < sizeof text; step++) {
        struct script_answer a;
        char *out = NULL;
        size_t len = 0;
        bool error = true;
        answer_init(&a, 7);
        assert_int_equal(push(&a, text, step, NULL), BATON_OK);
        assert_string_equal(a.first_line, "WARNING: a cmdlet chats");
        assert_true(answer_take(&a, &out, &len, &error));
        assert_false(error);
        assert_int_equal(len, 13);
        assert_string_equal(out, "{\"a\":\"b\\n\"}  ");
        free(out);
        answer_done(&a);
    }
}

static void
a_part_is_not_an_answer(void **state)
{
    struct script_answer a;
    char *out;
    size_t len;
    bool error;
    (void)state;
    answer_init(&a, 1);
    assert_false(answer_take(&a, &out, &len, &error));
    assert_int_equal(push(&a, "BATON-ANSWER 1 5\n{\"a\"", 100, NULL), BATON_OK);
    assert_false(answer_take(&a, &out, &len, &error));
    assert_int_equal(push(&a, "}", 100, NULL), BATON_OK);
    assert_true(answer_take(&a, &out, &len, &error));
    assert_string_equal(out, "{\"a\"}");
    free(out);
    answer_done(&a);
}

static void
an_error_record_is_told_from_an_answer(void **state)
{
    struct script_answer a;
    char *out;
    size_t len;
    bool error = false;
    (void)state;
    answer_init(&a, 3);
    assert_int_equal(push(&a, "BATON-ERROR 3 2\n{}\n", 100, NULL), BATON_OK);
    assert_true(answer_take(&a, &out, &len, &error));
    assert_true(error);
    free(out);
    answer_done(&a);
}

static void
refused(const char *text, enum baton_status wanted)
{
    struct script_answer a;
    struct baton_err err;
    answer_init(&a, 2);
    assert_int_equal(push(&a, text, 4096, &err), wanted);
    answer_done(&a);
}

static void
an_answer_to_another_question_is_none(void **state)
{
    (void)state;
    refused("BATON-ANSWER 1 2\n{}\n", BATON_MALFORMED);
    refused("BATON-ANSWER 2 x\n{}\n", BATON_MALFORMED);
    refused("BATON-ANSWER 2 2 2\n{}\n", BATON_MALFORMED);
    refused("BATON-ANSWER -2 2\n{}\n", BATON_MALFORMED);
    refused("BATON-ERROR 9999999999999 2\n{}\n", BATON_MALFORMED);
}

static void
more_than_is_kept_is_refused_before_it_is_kept(void **state)
{
    char head[64];
    (void)state;
    snprintf(head, sizeof head, "BATON-ANSWER 2 %d\n", HOST_TEXT_MAX + 1);
    refused(head, BATON_LIMIT);
    char *chat = malloc(SCRIPT_STRAY_BYTES + 2);
    memset(chat, 'x', SCRIPT_STRAY_BYTES + 1);
    chat[SCRIPT_STRAY_BYTES + 1] = '\0';
    refused(chat, BATON_LIMIT); /* one line without an end */
    for (size_t i = 80; i < SCRIPT_STRAY_BYTES; i += 81)
        chat[i] = '\n';
    refused(chat, BATON_LIMIT); /* many lines */
    free(chat);
}

static void
sentence(const char *record, enum baton_status status, const char *wanted)
{
    struct baton_err err;
    assert_int_equal(script_error(record, strlen(record), "scheduler", &err), status);
    assert_non_null(strstr(err.text, "scheduler: "));
    assert_non_null(strstr(err.text, wanted));
}

static void
a_record_becomes_a_sentence_with_what_to_do_next(void **state)
{
    (void)state;
    sentence("{\"message\":\"The term 'Get-ADSyncX' is not "
             "recognized.\",\"id\":\"CommandNotFoundException\","
             "\"category\":\"ObjectNotFound\",\"command\":\"Get-ADSyncX\",\"type\":\"x\"}",
             BATON_NOT_FOUND, "Get-ADSyncX: The term 'Get-ADSyncX' is not recognized.: this build");
    sentence("{\"message\":\"m\",\"id\":\"Modules_ModuleNotFound,Microsoft.PowerShell.Commands."
             "ImportModuleCommand\"}",
             BATON_NOT_FOUND, "module is not installed");
    sentence("{\"message\":\"m\",\"id\":\"X\",\"category\":\"PermissionDenied\"}", BATON_DENIED,
             "ADSyncAdmins");
    sentence("{\"message\":\"m\",\"id\":\"X\",\"type\":\"System.ServiceModel."
             "EndpointNotFoundException\"}",
             BATON_FAILED, "see whether it runs");
    sentence("{\"message\":\"m\",\"id\":\"X\",\"category\":\"NotSpecified\"}", BATON_FAILED,
             "run the script");
}

static void
a_record_that_cannot_be_read_is_not_taken_for_an_answer(void **state)
{
    (void)state;
    sentence("not json", BATON_MALFORMED, "cannot be read");
    sentence("[]", BATON_MALFORMED, "cannot be read");
    sentence("{\"id\":\"X\"}", BATON_MALFORMED, "cannot be read");
    sentence("{\"message\":7}", BATON_MALFORMED, "cannot be read");
}

static void
a_record_is_shown_as_one_line(void **state)
{
    static const char record[] = "{\"message\":\"first\\r\\nsecond\\u001b[31m\"}";
    struct baton_err err;
    (void)state;
    assert_int_equal(script_error(record, strlen(record), "runs", &err), BATON_FAILED);
    assert_null(strpbrk(err.text, "\r\n\x1b"));
    assert_non_null(strstr(err.text, "second"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_the_same_however_it_is_cut),
        cmocka_unit_test(a_part_is_not_an_answer),
        cmocka_unit_test(an_error_record_is_told_from_an_answer),
        cmocka_unit_test(an_answer_to_another_question_is_none),
        cmocka_unit_test(more_than_is_kept_is_refused_before_it_is_kept),
        cmocka_unit_test(a_record_becomes_a_sentence_with_what_to_do_next),
        cmocka_unit_test(a_record_that_cannot_be_read_is_not_taken_for_an_answer),
        cmocka_unit_test(a_record_is_shown_as_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
