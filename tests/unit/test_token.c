#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "common/token.h"

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct token
sample(void)
{
    struct token t = {.role = 'o', .lab = true, .expires_unix_ms = 1764092400123u};
    strcpy(t.address, "tcp://controller.example.net:7400");
    strcpy(t.host, "OLD01");
    memset(t.seed, 0xa5, sizeof t.seed);
    memset(t.controller_sign.b, 1, sizeof t.controller_sign.b);
    memset(t.controller_curve.b, 2, sizeof t.controller_curve.b);
    memset(t.root.b, 3, sizeof t.root.b);
    memset(t.tenant.b, 4, sizeof t.tenant.b);
    return t;
}

static void
text_of(const struct token *t, char text[TOKEN_TEXT_BYTES])
{
    assert_int_equal(token_encode(t, text, TOKEN_TEXT_BYTES, NULL), BATON_OK);
}

static void
a_token_comes_back_as_it_was(void **state)
{
    (void)state;
    struct token t = sample(), back;
    memset(&back, 0, sizeof back);
    char text[TOKEN_TEXT_BYTES];
    text_of(&t, text);
    assert_memory_equal(text, "baton1-", 7);
    assert_int_equal(token_decode(text, &back, NULL), BATON_OK);
    assert_string_equal(back.address, t.address);
    assert_string_equal(back.host, t.host);
    assert_memory_equal(back.seed, t.seed, sizeof t.seed);
    assert_true(baton_key_eq(&back.controller_sign, &t.controller_sign));
    assert_true(baton_key_eq(&back.controller_curve, &t.controller_curve));
    assert_true(baton_key_eq(&back.root, &t.root));
    assert_true(baton_id_eq(&back.tenant, &t.tenant));
    assert_int_equal(back.role, 'o');
    assert_true(back.lab);
    assert_true(back.expires_unix_ms == t.expires_unix_ms);
}

static void
the_longest_token_fits_its_buffer(void **state)
{
    (void)state;
    struct token t = sample(), back;
    memset(t.address, 'a', sizeof t.address - 1);
    memset(t.host, 'h', sizeof t.host - 1);
    char text[TOKEN_TEXT_BYTES];
    text_of(&t, text);
    assert_int_equal(token_decode(text, &back, NULL), BATON_OK);
    assert_string_equal(back.address, t.address);
}

static void
every_single_wrong_character_is_noticed(void **state)
{
    (void)state;
    struct token t = sample(), back;
    char text[TOKEN_TEXT_BYTES];
    text_of(&t, text);
    for (size_t i = 0; text[i] != '\0'; i++) {
        char was = text[i];
        text[i] = was == 'x' ? 'y' : 'x';
        assert_int_equal(token_decode(text, &back, NULL), BATON_MALFORMED);
        text[i] = was;
    }
}

static void
a_cut_token_says_that_it_is_damaged(void **state)
{
    (void)state;
    struct token t = sample(), back;
    char text[TOKEN_TEXT_BYTES];
    text_of(&t, text);
    struct baton_err err = {0};
    for (size_t len = strlen(text) - 1; len > 7; len--) {
        text[len] = '\0';
        assert_int_equal(token_decode(text, &back, &err), BATON_MALFORMED);
        assert_non_null(strstr(err.text, "damaged"));
    }
}

static void
white_space_around_is_accepted_and_inside_is_not(void **state)
{
    (void)state;
    struct token t = sample(), back;
    char text[TOKEN_TEXT_BYTES], framed[TOKEN_TEXT_BYTES + 8];
    text_of(&t, text);
    snprintf(framed, sizeof framed, " \t%s\r\n", text);
    assert_int_equal(token_decode(framed, &back, NULL), BATON_OK);
    framed[20] = ' ';
    struct baton_err err = {0};
    assert_int_equal(token_decode(framed, &back, &err), BATON_MALFORMED);
    assert_non_null(strstr(err.text, "one line"));
}

static void
another_kind_of_text_is_named_as_such(void **state)
{
    (void)state;
    struct token back;
    struct baton_err err = {0};
    assert_int_equal(token_decode("baton-0123456789abcdef", &back, &err), BATON_MALFORMED);
    assert_non_null(strstr(err.text, "baton1-"));
    assert_int_equal(token_decode("", &back, &err), BATON_MALFORMED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_comes_back_as_it_was),
        cmocka_unit_test(the_longest_token_fits_its_buffer),
        cmocka_unit_test(every_single_wrong_character_is_noticed),
        cmocka_unit_test(a_cut_token_says_that_it_is_damaged),
        cmocka_unit_test(white_space_around_is_accepted_and_inside_is_not),
        cmocka_unit_test(another_kind_of_text_is_named_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
