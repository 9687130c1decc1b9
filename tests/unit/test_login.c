/* One login row: its token, its scope, its bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "controller/login.h"

#include <cmocka.h>
#include <string.h>

static struct login
sample(uint8_t tenants)
{
    struct login l = {.name = "anna",
                      .roles = ROLE_VIEW | ROLE_APPROVE,
                      .tenant_count = tenants,
                      .made_unix_ms = 5,
                      .expires_unix_ms = 9};
    l.operator.b[0] = 7;
    for (uint8_t i = 0; i < tenants; i++)
        l.tenant[i].b[0] = (uint8_t)(i + 1);
    return l;
}

/* Field by field: what lies between and behind the fields is nobody's promise. */
static void
same_login(const struct login *a, const struct login *b)
{
    assert_memory_equal(&a->operator, & b->operator, sizeof a->operator);
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->roles, b->roles);
    assert_int_equal(a->tenant_count, b->tenant_count);
    assert_memory_equal(a->tenant, b->tenant, sizeof a->tenant);
    assert_int_equal(a->made_unix_ms, b->made_unix_ms);
    assert_int_equal(a->expires_unix_ms, b->expires_unix_ms);
}

static void
a_row_comes_back_as_it_was(void **state)
{
    (void)state;
    uint8_t bytes[LOGIN_BYTES_MAX];
    for (uint8_t n = 0; n <= TRUST_TENANTS_MAX; n++) {
        struct login l = sample(n), back;
        size_t len = login_encode(&l, bytes);
        assert_int_equal(login_decode(bytes, len, &back), BATON_OK);
        same_login(&l, &back);
        for (size_t cut = 0; cut < len; cut++)
            assert_int_equal(login_decode(bytes, cut, &back), BATON_MALFORMED);
        assert_int_equal(login_decode(bytes, len + 1, &back), BATON_MALFORMED);
    }
}

static void
scope_and_roles_are_both_needed(void **state)
{
    (void)state;
    struct login every = sample(0), some = sample(2);
    struct baton_id second = some.tenant[1], other = {{99}};
    assert_true(login_may(&every, ROLE_VIEW, &other));
    assert_true(login_may(&every, ROLE_VIEW | ROLE_ADMIN, NULL));
    assert_false(login_may(&every, ROLE_ADMIN, &other));
    assert_true(login_may(&some, ROLE_APPROVE, &second));
    assert_false(login_may(&some, ROLE_APPROVE, &other));
    assert_false(login_may(&some, ROLE_APPROVE, NULL)); /* the site is more than some tenants */
    assert_true(login_sees(&some, &second));
    assert_false(login_sees(&some, &other));
}

static void
a_token_is_text_of_one_form(void **state)
{
    (void)state;
    uint8_t secret[LOGIN_SECRET_BYTES] = {0xab};
    char text[LOGIN_TOKEN_BYTES];
    login_token_format(secret, text);
    assert_true(login_token_valid(text));
    assert_int_equal(strlen(text), LOGIN_TOKEN_BYTES - 1);
    text[LOGIN_TOKEN_BYTES - 2] = 'g';
    assert_false(login_token_valid(text));
    assert_false(login_token_valid(""));
    assert_false(login_token_valid("baton-ab"));
}

static void
roles_are_named_and_parsed(void **state)
{
    (void)state;
    char text[96];
    login_roles_format(ROLE_VIEW | ROLE_BREAK_GLASS | ROLE_ADMIN, text, sizeof text);
    assert_string_equal(text, "view,break-glass,admin");
    assert_int_equal(login_role_parse("audit"), ROLE_AUDIT);
    assert_int_equal(login_role_parse("root"), 0);
    login_roles_format(0, text, sizeof text);
    assert_string_equal(text, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_comes_back_as_it_was),
        cmocka_unit_test(scope_and_roles_are_both_needed),
        cmocka_unit_test(a_token_is_text_of_one_form),
        cmocka_unit_test(roles_are_named_and_parsed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
