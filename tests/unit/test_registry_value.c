#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "agent/windows/registry_value.h"

enum { REG_DWORD = 4 };

static char out[32];
static struct baton_err err;

static enum baton_status
text_of(uint32_t kind, const char *bytes, size_t len)
{
    memset(out, '#', sizeof out);
    return registry_value_text("HKLM\\K\\V", kind, (const uint8_t *)bytes, len, out, sizeof out,
                               &err);
}
#define TEXT(bytes) text_of(REGISTRY_TEXT, bytes, sizeof(bytes) - 1)

static void
text_comes_with_its_final_nul_or_without(void **state)
{
    (void)state;
    assert_int_equal(TEXT("t\0c\0p\0\0\0"), BATON_OK);
    assert_string_equal(out, "tcp");
    assert_int_equal(TEXT("t\0c\0p\0"), BATON_OK);
    assert_string_equal(out, "tcp");
    assert_int_equal(text_of(REGISTRY_EXPANDED_TEXT, "%\0", 2), BATON_OK);
    assert_string_equal(out, "%");
}

static void
an_empty_value_is_empty_text(void **state)
{
    (void)state;
    assert_int_equal(TEXT(""), BATON_OK);
    assert_string_equal(out, "");
    assert_int_equal(TEXT("\0\0"), BATON_OK);
    assert_string_equal(out, "");
}

static void
characters_of_every_length_become_utf8(void **state)
{
    (void)state;
    assert_int_equal(TEXT("a\0\xe9\0\xac\x20\x3d\xd8\x00\xde"), BATON_OK);
    assert_string_equal(out, "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
}

static void
another_kind_is_named_with_its_place(void **state)
{
    (void)state;
    assert_int_equal(text_of(REG_DWORD, "\1\0\0\0", 4), BATON_USAGE);
    assert_non_null(strstr(err.text, "HKLM\\K\\V"));
    assert_non_null(strstr(err.text, "REG_DWORD"));
    assert_non_null(strstr(err.text, "REG_SZ"));
    assert_string_equal(registry_kind_name(99), "?");
}

static void
what_is_no_line_of_text_is_refused(void **state)
{
    (void)state;
    assert_int_equal(TEXT("a\0\0\0b\0"), BATON_USAGE); /* a NUL inside */
    assert_int_equal(TEXT("a\0b"), BATON_USAGE);       /* half a unit */
    assert_int_equal(TEXT("\n\0"), BATON_USAGE);       /* two lines */
    assert_int_equal(TEXT("\x3d\xd8"), BATON_USAGE);   /* half a character ... */
    assert_int_equal(TEXT("\x3d\xd8x\0"), BATON_USAGE);
    assert_int_equal(TEXT("\x00\xde"), BATON_USAGE); /* ... or the other half */
}

static void
what_does_not_fit_is_refused_and_not_cut(void **state)
{
    (void)state;
    char long_text[2 * sizeof out];
    for (size_t i = 0; i < sizeof out; i++)
        memcpy(long_text + 2 * i, "x", 2);
    assert_int_equal(text_of(REGISTRY_TEXT, long_text, sizeof long_text - 2), BATON_OK);
    assert_int_equal(strlen(out), sizeof out - 1);
    assert_int_equal(text_of(REGISTRY_TEXT, long_text, sizeof long_text), BATON_USAGE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_comes_with_its_final_nul_or_without),
        cmocka_unit_test(an_empty_value_is_empty_text),
        cmocka_unit_test(characters_of_every_length_become_utf8),
        cmocka_unit_test(another_kind_is_named_with_its_place),
        cmocka_unit_test(what_is_no_line_of_text_is_refused),
        cmocka_unit_test(what_does_not_fit_is_refused_and_not_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
