/* Nothing that names people, tenants, machines or secrets is left of a log's text. */
#include "common/readers/redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct baton_hash salt = {{1, 2, 3}};

/* Digests are taken out: <account:1f0c22ab> becomes <account>. */
static void
expect(const char *text, const char *wanted)
{
    char out[REDACT_BYTES], shown[REDACT_BYTES];
    size_t n = 0;
    redact(text, &salt, out, sizeof out);
    for (const char *at = out; *at != '\0'; at++) {
        const char *close = strchr(at, '>');
        if (*at == ':' && close == at + 1 + 2 * REDACT_DIGEST_BYTES && at[1] != ' ')
            at = close;
        shown[n++] = *at;
    }
    shown[n] = '\0';
    assert_string_equal(shown, wanted);
}

static void
what_names_nobody_stays(void **state)
{
    (void)state;
    expect("", "");
    expect("We encountered a problem and couldn't complete the integration.",
           "We encountered a problem and couldn't complete the integration.");
    expect("Product Azure AD Sync Engine (version 1.4.38.0) is installed.",
           "Product Azure AD Sync Engine (version 1.4.38.0) is installed.");
    expect("error 0x80230703, AADSTS50079, exit code 1603",
           "error 0x80230703, AADSTS50079, exit code 1603");
    expect("System.ArgumentOutOfRangeException: Index was out of range",
           "System.ArgumentOutOfRangeException: Index was out of range");
    expect("The term 'Get-ADSyncScheduler' is not recognized",
           "The term 'Get-ADSyncScheduler' is not recognized");
    expect("StagingMode=True, supported: 'False'", "StagingMode=True, supported: 'False'");
    expect("the user interface of the user", "the user interface of the user");
    expect("Die Ausf\xC3\xBChrung schlug fehl", "Die Ausf\xC3\xBChrung schlug fehl");
}

static void
identifiers_and_addresses_go(void **state)
{
    (void)state;
    expect("session {0F1E2D3C-4B5A-4978-8796-A5B4C3D2E1F0}.", "session {<id>}.");
    expect("TenantId=0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0, x", "TenantId=<id>, x");
    expect("from 10.0.0.5 port 443", "from <number> port 443");
    expect("number 1234567", "number <number>");
}

static void
accounts_and_tenants_go(void **state)
{
    (void)state;
    expect("signed in as anna.b@contoso.example!", "signed in as <account>!");
    expect("userName (******@contoso.example).", "userName (******<account>).");
    expect("Tenant: Contoso Ltd failed", "Tenant: <name> <name> failed");
    expect("user=anna, tenant:contoso", "user=<name>, tenant:<name>");
    expect("the user anna was not found", "the user <name> was not found");
    expect("at https://login.windows.net/contoso.onmicrosoft.com/oauth2", "at <path>");
    expect("Initial domain (contoso.onmicrosoft.com).", "Initial domain (<name>).");
    expect("group 'Sales Europe' and \"Anna B\"", "group '<text>' and \"<text>\"");
}

static void
what_stands_in_quotes_goes_also_where_they_are_not_closed(void **state)
{
    (void)state;
    expect("the user 'O'Brien' was not found", "the user '<name>' was not found");
    expect("said \"Anna Berg", "said \"<text>");
    expect("said 'Anna Berg", "said '<text>");
    expect("the users' rights couldn't be read", "the users' rights couldn't be read");
    expect("\"\" and 'True'", "\"\" and 'True'");
}

static void
of_paths_accounts_with_a_backslash_and_dns_the_rest_goes_too(void **state)
{
    (void)state;
    expect("read C:\\Users\\Anna Berg\\x.xml now", "read <path>");
    expect("as CONTOSO\\Anna Berg on", "as <path>");
    expect("file 'C:\\Program Files\\x.dll' is missing", "file '<path>' is missing");
    expect("object CN=Berg\\, Anna,OU=People,DC=contoso,DC=example gone", "object <path>");
    expect("object CN=Anna Berg,OU=Sales Dept,DC=x gone", "object <dn>");
    expect("the object ,OU=People Here", "the object ,<dn>");
    expect("moved 'cn=Anna Berg,dc=x' away", "moved '<dn>' away");
}

static void
of_a_secret_nothing_is_left(void **state)
{
    (void)state;
    expect("Password=hunter2 and more", "Password=<secret>");
    expect("password: Sommer Regen", "password: <secret>");
    expect("client_secret=abc", "client_secret=<secret>");
    expect("(pwd:abc)", "(pwd:<secret>");
    expect("Authorization: Bearer abcdef", "Authorization: <secret>");
    expect("a bearer abcdef", "a bearer <secret>");
    expect("Property Password failed validation", "Property Password failed validation");
    expect("the password Sommer is wrong", "the password <name> is wrong");
    expect("key Qz0VjTNnPE7z7pq2sR92yep3yTia7opv1Pl0y59UA=", "key <text>=");
    expect("jwt eyJhbGciOi.eyJzdWIi.c2ln", "jwt <name>");
}

static void
names_of_machines_go(void **state)
{
    (void)state;
    expect("dc1.corp.example and SYNC01", "<name> and <text>");
    expect("server SYNCSERVER answered", "server <name> answered");
    expect("Contoso.Com", "<name>");
}

static void
equal_names_have_equal_digests_under_one_salt_alone(void **state)
{
    (void)state;
    const struct baton_hash other = {{9}};
    char one[64], two[64], three[64], four[64];
    redact("Anna@Contoso.example", &salt, one, sizeof one);
    redact("anna@contoso.example", &salt, two, sizeof two);
    redact("anna@contoso.example", &other, three, sizeof three);
    redact("berta@contoso.example", &salt, four, sizeof four);
    assert_string_equal(one, two);
    assert_string_not_equal(one, three);
    assert_string_not_equal(one, four);
    assert_int_equal(strlen(one), strlen("<account:>") + 2 * REDACT_DIGEST_BYTES);
}

static void
what_does_not_fit_is_cut_and_controls_are_blanks(void **state)
{
    (void)state;
    char out[12], *text = calloc(1, 4 * REDACT_BYTES);
    redact("two words or more", &salt, out, sizeof out);
    assert_string_equal(out, "two words o");
    redact("a\x01", &salt, out, sizeof out);
    assert_null(strchr(out, '\x01'));
    memset(text, '(', 4 * REDACT_BYTES - 1);
    redact(text, &salt, out, sizeof out);
    assert_string_equal(out, "(((((((((((");
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_names_nobody_stays),
        cmocka_unit_test(identifiers_and_addresses_go),
        cmocka_unit_test(accounts_and_tenants_go),
        cmocka_unit_test(what_stands_in_quotes_goes_also_where_they_are_not_closed),
        cmocka_unit_test(of_paths_accounts_with_a_backslash_and_dns_the_rest_goes_too),
        cmocka_unit_test(of_a_secret_nothing_is_left),
        cmocka_unit_test(names_of_machines_go),
        cmocka_unit_test(equal_names_have_equal_digests_under_one_salt_alone),
        cmocka_unit_test(what_does_not_fit_is_cut_and_controls_are_blanks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
