#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/readers/sync_account.h"

static void
names(const char *description, const char *computer)
{
    char out[SYNC_ACCOUNT_COMPUTER_BYTES];
    assert_true(sync_account_computer(description, out));
    assert_string_equal(out, computer);
}

static void
names_none(const char *description)
{
    char out[SYNC_ACCOUNT_COMPUTER_BYTES];
    if (sync_account_computer(description, out))
        fail_msg("%s names %s", description, out);
}

static void
every_product_of_the_family_names_its_computer_in_the_same_words(void **state)
{
    (void)state;
    names("Account created by the Windows Azure Active Directory Sync tool with installation "
          "identifier '0a1b' running on computer 'DIRSYNC01' configured to synchronize to tenant "
          "'contoso.example'. This account must have directory replication permissions.",
          "DIRSYNC01");
    names("Account created by Microsoft Azure Active Directory Connect with installation "
          "identifier 0a1b running on computer AADC-2_x configured to synchronize to tenant c.",
          "AADC-2_x");
    names("running on computer \"A\" configured to synchronize to tenant \"t\"", "A");
}

static void
what_is_no_name_of_a_computer_is_none(void **state)
{
    (void)state;
    names_none("");
    names_none("configured to synchronize to tenant 'contoso'");
    names_none("running on computer ");
    names_none("running on computer '");
    names_none("running on computer '' configured to synchronize to tenant 't'");
    names_none("running on computer 'A configured to synchronize to tenant 't'");
    names_none("running on computer A' configured to synchronize to tenant 't'");
    names_none("running on computer 'A\" configured to synchronize to tenant 't'");
    names_none("running on computer 'A' and B configured to synchronize to tenant 't'");
    names_none("running on computer 'A\x1b[2J' configured to synchronize to tenant 't'");
    names_none("running on computer 'S\xc3\x84' configured to synchronize to tenant 't'");
}

static void
a_name_as_long_as_no_computer_has_is_none(void **state)
{
    (void)state;
    char name[SYNC_ACCOUNT_COMPUTER_BYTES + 1], text[200];
    memset(name, 'A', sizeof name);
    name[SYNC_ACCOUNT_COMPUTER_BYTES] = '\0';
    snprintf(text, sizeof text, "running on computer '%s' configured to synchronize to t", name);
    names_none(text);
    name[SYNC_ACCOUNT_COMPUTER_BYTES - 1] = '\0';
    snprintf(text, sizeof text, "running on computer '%s' configured to synchronize to t", name);
    names(text, name);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_product_of_the_family_names_its_computer_in_the_same_words),
        cmocka_unit_test(what_is_no_name_of_a_computer_is_none),
        cmocka_unit_test(a_name_as_long_as_no_computer_has_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
