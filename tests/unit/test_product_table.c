#include "agent/adapters/windows/product_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
add(struct product_signs *s, enum product product, const char *name, const char *version)
{
    struct product_entry *e = &s->entry[product];
    e->found = true;
    snprintf(e->name, sizeof e->name, "%s", name);
    snprintf(e->version, sizeof e->version, "%s", version);
}

static struct product_signs
dirsync(void)
{
    struct product_signs s = {.fim_service = true};
    add(&s, PRODUCT_DIRSYNC, "Windows Azure Active Directory Sync tool", "1.0.6438.0003");
    return s;
}

static void
entries_are_known_by_key_or_by_name(void **state)
{
    (void)state;
    assert_int_equal(product_of_entry("Microsoft Online Directory Sync", ""), PRODUCT_DIRSYNC);
    assert_int_equal(product_of_entry("{1}", "Windows Azure Active Directory Sync tool"),
                     PRODUCT_DIRSYNC);
    assert_int_equal(product_of_entry("{1}", "microsoft entra connect sync"), PRODUCT_CONNECT);
    assert_int_equal(product_of_entry("MicrosoftAzureADConnectionTool", ""), PRODUCT_CONNECT);
    assert_int_equal(product_of_entry("{1}", "Microsoft Azure AD Sync"), PRODUCT_AADSYNC);
    assert_int_equal(product_of_entry("{1}", "Microsoft Entra Connect Health Agent"), PRODUCT_NONE);
    assert_int_equal(product_of_entry("", ""), PRODUCT_NONE);
}

static void
dirsync_is_service_and_entry(void **state)
{
    (void)state;
    struct product_signs s = dirsync();
    struct host_product p;
    assert_int_equal(product_judge(&s, &p, NULL), BATON_OK);
    assert_true(p.present);
    assert_int_equal(p.product, PRODUCT_DIRSYNC);
    assert_int_equal(p.version, 1LL << 48 | 6438LL << 16 | 3);
    assert_string_equal(p.version_text, "1.0.6438.0003");
    assert_string_equal(p.entry, "Windows Azure Active Directory Sync tool");
}

static void
the_new_wizard_on_an_old_server_changes_nothing(void **state)
{
    (void)state;
    struct product_signs s = dirsync();
    struct host_product p;
    strcpy(s.wizard_version, "2.6.92.0");
    add(&s, PRODUCT_CONNECT, "Microsoft Entra Connect Sync", "2.6.92.0");
    assert_int_equal(product_judge(&s, &p, NULL), BATON_OK);
    assert_int_equal(p.product, PRODUCT_DIRSYNC);
    assert_string_equal(p.version_text, "1.0.6438.0003");
}

static void
an_engine_without_an_entry_is_of_no_known_product(void **state)
{
    (void)state;
    struct product_signs fim = {.fim_service = true}, adsync = {.adsync_service = true};
    struct host_product p;
    struct baton_err err;
    assert_int_equal(product_judge(&fim, &p, &err), BATON_MALFORMED);
    assert_non_null(strstr(err.text, "FIMSynchronizationService"));
    assert_int_equal(product_judge(&adsync, &p, &err), BATON_MALFORMED);
}

static void
a_server_without_a_sign_has_no_product(void **state)
{
    (void)state;
    struct product_signs s = {0};
    struct host_product p = {.present = true};
    assert_int_equal(product_judge(&s, &p, NULL), BATON_OK);
    assert_false(p.present);
    assert_int_equal(p.product, PRODUCT_NONE);
}

static void
azure_ad_sync_is_told_from_what_followed_it(void **state)
{
    (void)state;
    struct product_signs s = {.adsync_service = true};
    struct host_product p;
    add(&s, PRODUCT_AADSYNC, "Microsoft Azure AD Sync", "1.0.494.501");
    assert_int_equal(product_judge(&s, &p, NULL), BATON_OK);
    assert_int_equal(p.product, PRODUCT_AADSYNC);
    /* the same entry as a part of Azure AD Connect */
    add(&s, PRODUCT_AADSYNC, "Microsoft Azure AD Sync", "1.0.8641.0");
    add(&s, PRODUCT_CONNECT, "Microsoft Azure AD Connect", "1.0.8641.0");
    assert_int_equal(product_judge(&s, &p, NULL), BATON_OK);
    assert_int_equal(p.product, PRODUCT_CONNECT);
}

static void
the_wizard_s_program_says_which_version(void **state)
{
    (void)state;
    struct product_signs s = {.adsync_service = true};
    struct host_product p;
    strcpy(s.wizard_version, "2.6.92.0");
    assert_int_equal(product_judge(&s, &p, NULL), BATON_OK);
    assert_int_equal(p.product, PRODUCT_CONNECT);
    assert_int_equal(p.version, 2LL << 48 | 6LL << 32 | 92LL << 16);
    assert_string_equal(p.entry, "");
}

static void
a_wizard_without_a_version_leaves_the_entry_s(void **state)
{
    (void)state;
    struct product_signs s = {.adsync_service = true};
    struct host_product p;
    add(&s, PRODUCT_CONNECT, "Microsoft Azure AD Connect", "1.6.16.0");
    strcpy(s.wizard_version, "0.0.0.0");
    assert_int_equal(product_judge(&s, &p, NULL), BATON_OK);
    assert_string_equal(p.version_text, "1.6.16.0");
    s.entry[PRODUCT_CONNECT].found = false;
    assert_int_equal(product_judge(&s, &p, NULL), BATON_MALFORMED);
}

static void
a_version_that_is_none_is_an_error(void **state)
{
    (void)state;
    struct product_signs s = {.fim_service = true};
    struct host_product p;
    add(&s, PRODUCT_DIRSYNC, "DirSync", "new");
    assert_int_equal(product_judge(&s, &p, NULL), BATON_MALFORMED);
}

static void
versions_are_four_numbers(void **state)
{
    (void)state;
    assert_int_equal(product_version_of("2.6.92.0"), 2LL << 48 | 6LL << 32 | 92LL << 16);
    assert_int_equal(product_version_of("1.0"), 1LL << 48);
    assert_int_equal(product_version_of("1.0.65535.65535"), 1LL << 48 | 0xFFFFFFFF);
    static const char *const bad[] = {"",         ".", "1..2",    "1.0.65536.0", "1.2.3.4.5",
                                      "1.2.3.4x", "a", "32768.0", "-1.0"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(product_version_of(bad[i]), -1);
}

static void
the_database_is_local_express_full_or_unknown(void **state)
{
    (void)state;
    assert_int_equal(sql_edition_of("(localdb)", ".\\ADSync", ""), SQL_LOCAL);
    assert_int_equal(sql_edition_of("(LocalDB)\\.", "ADSync2019", ""), SQL_LOCAL);
    assert_int_equal(sql_edition_of("", "MSONLINE", "Express Edition with Advanced Services"),
                     SQL_EXPRESS);
    assert_int_equal(sql_edition_of("", "", "Standard Edition"), SQL_FULL);
    assert_int_equal(sql_edition_of("sql01", "", ""), SQL_UNKNOWN);
    assert_true(sql_is_here("", "OLD"));
    assert_true(sql_is_here("old", "OLD"));
    assert_false(sql_is_here("sql01", "OLD"));
}

static void
the_engine_lies_above_bin(void **state)
{
    (void)state;
    char out[64];
    assert_true(engine_folder_of("\"C:\\Program Files\\Sync\\Bin\\miiserver.exe\" -x", out, 64));
    assert_string_equal(out, "C:\\Program Files\\Sync");
    assert_true(engine_folder_of("D:\\a\\bin\\b\\Bin\\m.exe", out, 64));
    assert_string_equal(out, "D:\\a\\bin\\b");
    assert_false(engine_folder_of("C:\\Windows\\system32\\svchost.exe -k x", out, 64));
    assert_string_equal(out, "");
    assert_false(engine_folder_of("\"C:\\x\" \\Bin\\", out, 64)); /* an argument */
    assert_false(engine_folder_of("C:\\0123456789\\Bin\\m.exe", out, 10));
}

static void
only_exports_of_settings_count_as_such(void **state)
{
    (void)state;
    assert_true(product_exports_settings_as("Applied-SynchronizationPolicy-20261128-101500.JSON"));
    assert_true(product_exports_settings_as("Exported-SynchronizationPolicy-1.json"));
    assert_false(product_exports_settings_as("trace-20261128-101500.log"));
    assert_false(product_exports_settings_as("Applied-SynchronizationPolicy-1.json.tmp"));
    assert_false(product_exports_settings_as(".json"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_known_by_key_or_by_name),
        cmocka_unit_test(dirsync_is_service_and_entry),
        cmocka_unit_test(the_new_wizard_on_an_old_server_changes_nothing),
        cmocka_unit_test(an_engine_without_an_entry_is_of_no_known_product),
        cmocka_unit_test(a_server_without_a_sign_has_no_product),
        cmocka_unit_test(azure_ad_sync_is_told_from_what_followed_it),
        cmocka_unit_test(the_wizard_s_program_says_which_version),
        cmocka_unit_test(a_wizard_without_a_version_leaves_the_entry_s),
        cmocka_unit_test(a_version_that_is_none_is_an_error),
        cmocka_unit_test(versions_are_four_numbers),
        cmocka_unit_test(the_database_is_local_express_full_or_unknown),
        cmocka_unit_test(the_engine_lies_above_bin),
        cmocka_unit_test(only_exports_of_settings_count_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
