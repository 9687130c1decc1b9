#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/text.h"

#include <string.h>

struct sample {
    const char *bytes;
    size_t len;
};

#define S(literal)                                                                                 \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static void
well_formed_utf8_without_controls_is_text(void **state)
{
    (void)state;
    static const struct sample good[] = {
        S(""),
        S("plain"),
        S("\xc2\xa0"),
        S("\xdf\xbf"),
        S("\xe0\xa0\x80"),
        S("\xed\x9f\xbf"),
        S("\xee\x80\x80"),
        S("\xf0\x90\x80\x80"),
        S("\xf4\x8f\xbf\xbf"),
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_true(text_valid(good[i].bytes, good[i].len));
}

static void
ill_formed_utf8_is_refused(void **state)
{
    (void)state;
    static const struct sample bad[] = {
        S("\x80"),             /* continuation alone */
        S("\xc2"),             /* cut */
        S("\xe2\x82"),         /* cut */
        S("\xf0\x90\x80"),     /* cut */
        S("\xc2\x41"),         /* no continuation */
        S("\xc0\xaf"),         /* overlong slash */
        S("\xc1\xbf"),         /* overlong */
        S("\xe0\x9f\xbf"),     /* overlong */
        S("\xf0\x8f\xbf\xbf"), /* overlong */
        S("\xed\xa0\x80"),     /* surrogate */
        S("\xf4\x90\x80\x80"), /* above U+10FFFF */
        S("\xf8\x88\x80\x80\x80"),
        S("\xff"),
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(text_valid(bad[i].bytes, bad[i].len));
}

static void
controls_and_direction_overrides_are_refused(void **state)
{
    (void)state;
    static const struct sample bad[] = {
        S("a\0b"),         S("\t"),           S("\n"),           S("\x1b[31m"),
        S("\x7f"),         S("\xc2\x80"),     S("\xc2\x9f"),     S("\xe2\x80\xa8"),
        S("\xe2\x80\xae"), S("\xe2\x81\xa6"), S("\xe2\x80\x8e"), S("\xef\xbb\xbf"),
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(text_valid(bad[i].bytes, bad[i].len));
}

static void
a_copy_replaces_what_may_not_stand(void **state)
{
    (void)state;
    char out[32];
    text_copy(out, sizeof out, "a\nb\x1b\xff\xc3\xa4");
    assert_string_equal(out, "a b  \xc3\xa4");
}

static void
a_copy_is_cut_between_characters(void **state)
{
    (void)state;
    char out[8];
    for (size_t cap = 1; cap <= sizeof out; cap++) {
        text_copy(out, cap, "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"); /* three euro signs */
        assert_int_equal(strlen(out), (cap - 1) / 3 * 3);
        assert_true(text_valid(out, strlen(out)));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_utf8_without_controls_is_text),
        cmocka_unit_test(ill_formed_utf8_is_refused),
        cmocka_unit_test(controls_and_direction_overrides_are_refused),
        cmocka_unit_test(a_copy_replaces_what_may_not_stand),
        cmocka_unit_test(a_copy_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
