#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/verify/dn.h"

#include <stdlib.h>
#include <string.h>

static void
assert_form(const char *text, const char *expected)
{
    bool valid = false;
    char *form = dn_canonical(text, &valid);
    assert_non_null(form);
    if (!valid || strcmp(form, expected) != 0)
        fail_msg("%s became %s (%s), not %s", text, form, valid ? "good" : "bad", expected);
    free(form);
}

static void
names_run_from_the_root_to_the_leaf(void **state)
{
    (void)state;
    assert_form("OU=CORP,DC=contoso,DC=com", "dc=com,dc=contoso,ou=corp,");
    assert_form("DC=com", "dc=com,");
    assert_form("", "");
    assert_form("cn=a+uid=1;DC=com", "dc=com,cn=a+uid=1,");
}

static void
case_and_white_space_are_no_difference(void **state)
{
    (void)state;
    assert_form(" ou = Old   Sales ,\tdc=Contoso , dc = COM ", "dc=com,dc=contoso,ou=old sales,");
    assert_form("OU=M\xc3\x9cLLER,DC=com", "dc=com,ou=m\xc3\xbcller,");
    assert_form("OU=\xd0\x9c\xd0\x9e\xd0\xa1,DC=com", "dc=com,ou=\xd0\xbc\xd0\xbe\xd1\x81,");
    assert_form("OU=\xce\x91\xc5\x81\xc5\xbd", "ou=\xce\xb1\xc5\x82\xc5\xbe,");
    assert_form("OU=\xc3\x97\xc5\x82\xc5\xbe", "ou=\xc3\x97\xc5\x82\xc5\xbe,");
}

static void
escapes_are_one_form_however_they_were_written(void **state)
{
    (void)state;
    static const char *const same[] = {"cn=Smith\\, Jon,DC=com", "cn=Smith\\2C Jon,DC=com",
                                       "CN=\"Smith, Jon\",dc=com", "cn=smith\\2c\\20jon,DC=com"};
    for (size_t i = 0; i < ARRAY_LEN(same); i++)
        assert_form(same[i], "dc=com,cn=smith\\2c jon,");
    assert_form("CN=x\\0ACNF:1d,DC=com", "dc=com,cn=x\\0acnf:1d,");
    assert_form("CN=M\\C3\\BCller", "cn=m\xc3\xbcller,");
    assert_form("CN=a\\\\b", "cn=a\\5cb,");
}

static void
an_escaped_comma_makes_no_container(void **state)
{
    (void)state;
    char *a = dn_canonical("OU=b,DC=com", NULL), *b = dn_canonical("CN=a\\,OU=b,DC=com", NULL),
         *c = dn_canonical("CN=a,OU=b,DC=com", NULL), *d = dn_canonical("OU=bc,DC=com", NULL);
    assert_false(dn_contains(a, b));
    assert_true(dn_contains(a, c));
    assert_true(dn_contains(a, a));
    assert_false(dn_contains(a, d));
    assert_true(dn_contains("", a));
    free(a);
    free(b);
    free(c);
    free(d);
}

static void
what_is_no_dn_is_said_to_be_none_and_still_compares(void **state)
{
    (void)state;
    static const char *const bad[] = {"default", "=x",       "cn=", "cn=a,",     ",",
                                      "cn=a\\",  "cn=\"a,b", "a+b", "cn=a,,b=c", "cn=a+"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        bool valid = true;
        char *form = dn_canonical(bad[i], &valid);
        assert_non_null(form);
        assert_false(valid);
        assert_int_equal(strlen(form), strlen(bad[i]) + 1);
        free(form);
    }
    char *form = dn_canonical("DeFault", NULL);
    assert_string_equal(form, "default,");
    free(form);
}

static void
the_longest_form_fits(void **state)
{
    (void)state;
    char text[4096] = "cn=";
    memset(text + 3, '>', sizeof text - 4);
    text[sizeof text - 1] = '\0';
    bool valid = false;
    char *form = dn_canonical(text, &valid);
    assert_true(valid);
    assert_int_equal(strlen(form), 3 + 3 * (sizeof text - 4) + 1);
    free(form);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_run_from_the_root_to_the_leaf),
        cmocka_unit_test(case_and_white_space_are_no_difference),
        cmocka_unit_test(escapes_are_one_form_however_they_were_written),
        cmocka_unit_test(an_escaped_comma_makes_no_container),
        cmocka_unit_test(what_is_no_dn_is_said_to_be_none_and_still_compares),
        cmocka_unit_test(the_longest_form_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
