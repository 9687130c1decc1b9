#include "agent/adapters/windows/command_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void
check(const char *argument, const char *wanted)
{
    const char *const list[] = {"C:\\p.exe", argument};
    char out[COMMAND_LINE_BYTES], whole[COMMAND_LINE_BYTES];
    assert_int_equal(command_line(list, 2, out, NULL), BATON_OK);
    strcpy(whole, "\"C:\\p.exe\" ");
    strcat(whole, wanted);
    assert_string_equal(out, whole);
}

static void
what_needs_no_quotes_stands_as_it_is(void **state)
{
    (void)state;
    check("-NoProfile", "-NoProfile");
    check("C:\\a\\b\\", "C:\\a\\b\\");
    check("/f:x", "/f:x");
}

static void
blanks_and_nothing_are_quoted(void **state)
{
    (void)state;
    check("contoso.onmicrosoft.com - AAD", "\"contoso.onmicrosoft.com - AAD\"");
    check("", "\"\"");
}

static void
quotes_and_the_backslashes_before_them_are_escaped(void **state)
{
    (void)state;
    check("a\"b", "\"a\\\"b\"");
    check("a\\\"b", "\"a\\\\\\\"b\"");
    check("a b\\", "\"a b\\\\\"");
    check("a b\\\\", "\"a b\\\\\\\\\"");
    check("x\" /f:e \"y", "\"x\\\" /f:e \\\"y\"");
}

/* Reads the line as the C library of Windows does, from behind the program. */
static void
read_back(const char *at, char *out)
{
    bool quoted = false;
    for (; *at == ' '; at++)
        continue;
    while (*at != '\0' && (quoted || *at != ' ')) {
        size_t backslashes = strspn(at, "\\");
        if (at[backslashes] != '"') {
            memcpy(out, at, backslashes);
            out += backslashes;
            at += backslashes;
            if (backslashes == 0)
                *out++ = *at++;
            continue;
        }
        memcpy(out, at, backslashes / 2);
        out += backslashes / 2;
        at += backslashes + 1;
        if (backslashes % 2 != 0)
            *out++ = '"';
        else
            quoted = !quoted;
    }
    *out = '\0';
}

static void
every_argument_reads_back_as_it_was(void **state)
{
    static const char alphabet[] = "a \\\"\\";
    (void)state;
    for (unsigned n = 0; n < 5 * 5 * 5 * 5 * 5; n++) {
        char argument[6], out[COMMAND_LINE_BYTES], again[64];
        for (unsigned i = 0, rest = n; i < 5; i++, rest /= 5)
            argument[i] = alphabet[rest % 5];
        argument[5] = '\0';
        const char *const list[] = {"p", argument};
        assert_int_equal(command_line(list, 2, out, NULL), BATON_OK);
        read_back(out + strlen("\"p\""), again);
        assert_string_equal(again, argument);
    }
}

static void
control_characters_and_other_encodings_are_refused(void **state)
{
    static const char *const bad[] = {"a\nb", "a\tb", "\xff", "\x1b[1m"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const char *const list[] = {"p", bad[i]};
        char out[COMMAND_LINE_BYTES];
        struct baton_err err;
        assert_int_equal(command_line(list, 2, out, &err), BATON_MALFORMED);
        assert_non_null(strstr(err.text, "argument 1"));
    }
}

static void
a_program_cannot_carry_a_quote(void **state)
{
    static const char *const bad[] = {"C:\\a\" b.exe", ""};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const char *const list[] = {bad[i]};
        char out[COMMAND_LINE_BYTES];
        assert_int_equal(command_line(list, 1, out, NULL), BATON_MALFORMED);
    }
}

static void
a_line_that_does_not_fit_is_refused_and_not_cut(void **state)
{
    (void)state;
    static char longest[COMMAND_LINE_BYTES];
    char out[COMMAND_LINE_BYTES];
    const char *const list[] = {"p", longest};
    memset(longest, 'a', COMMAND_LINE_BYTES - 5); /* "p", a blank, the NUL */
    assert_int_equal(command_line(list, 2, out, NULL), BATON_OK);
    memset(longest, 'a', COMMAND_LINE_BYTES - 4);
    assert_int_equal(command_line(list, 2, out, NULL), BATON_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_needs_no_quotes_stands_as_it_is),
        cmocka_unit_test(blanks_and_nothing_are_quoted),
        cmocka_unit_test(quotes_and_the_backslashes_before_them_are_escaped),
        cmocka_unit_test(every_argument_reads_back_as_it_was),
        cmocka_unit_test(control_characters_and_other_encodings_are_refused),
        cmocka_unit_test(a_program_cannot_carry_a_quote),
        cmocka_unit_test(a_line_that_does_not_fit_is_refused_and_not_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
