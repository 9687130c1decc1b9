#include "lab/prerequisites.h"

#include <string.h>

#include "lab_fixture.h"

static json_t *
value(const struct server *s, const char *name)
{
    json_t *all = prerequisites_observed(s);
    json_t *one = json_incref(json_object_get(all, name));
    json_decref(all);
    return one;
}

static void
is(const struct server *s, const char *name, const char *expected)
{
    json_t *v = value(s, name);
    char *text = v == NULL ? strdup("missing") : json_dumps(v, JSON_ENCODE_ANY);
    assert_string_equal(text, expected);
    free(text);
    json_decref(v);
}

static void
a_server_shows_what_its_product_and_its_time_have(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    is(lab.old, "product.class", "\"dirsync\"");
    is(lab.old, "dirsync.agents", "2");
    is(lab.old, "os.build", "9200");
    is(lab.old, "install.version", "missing");
    is(lab.old, "objects", "60000");
    is(lab.new, "product.class", "\"none\"");
    is(lab.new, "product.version", "null");
    is(lab.new, "sql.edition", "null");
    is(lab.new, "os.build", "20348");
    is(lab.new, "dirsync.agents", "missing");
    is(lab.new, "objects", "missing");     /* nothing has been synchronized there */
    is(lab.new, "network.nat", "missing"); /* people know */
    lab_migrate(&lab);
    is(lab.new, "product.class", "\"connect\"");
    is(lab.new, "sql.edition", "\"local\"");
    is(lab.new, "sql.major", "missing");
    is(lab.new, "account.agent_groups", "[\"ADSyncBrowse\"]");
    is(lab.new, "objects", "60000");
    lab_close(&lab);
}

static void
above_100000_objects_the_new_product_has_a_full_database(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab.world.tenant.objects = 100001;
    lab_migrate(&lab);
    is(lab.new, "sql.edition", "\"full\"");
    is(lab.new, "sql.major", "16");
    is(lab.old, "sql.edition", "\"express\"");
    lab_close(&lab);
}

/* In Active Directory, so that every server can read it. */
static void
every_installation_left_an_account_and_the_fault_is_one_of_a_stranger(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    json_t *before = value(lab.new, "ad.sync_accounts");
    assert_int_equal(json_array_size(before), 1);
    assert_non_null(strstr(json_string_value(json_array_get(before, 0)),
                           " running on computer 'OLD' configured to synchronize to tenant "));
    lab_migrate(&lab);
    assert_true(
        lab_do(&lab, lab.new, "'op':'fault','kind':'prerequisite','value':'ad.sync_accounts'"));
    json_t *after = value(lab.new, "ad.sync_accounts");
    assert_int_equal(json_array_size(after), 3);
    assert_non_null(strstr(json_string_value(json_array_get(after, 2)), "'AADC7'"));
    is(lab.new, "machine.name", "\"NEW\"");
    json_decref(before);
    json_decref(after);
    lab_close(&lab);
}

static void
the_fault_makes_one_value_bad(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    assert_true(lab_do(&lab, lab.new, "'op':'fault','kind':'prerequisite','value':'memory.mib'"));
    is(lab.new, "memory.mib", "4096");
    is(lab.new, "disk.gb", "500");
    is(lab.old, "memory.mib", "32768");
    assert_true(lab_do(&lab, lab.new, "'op':'fault','kind':'prerequisite'"));
    is(lab.new, "dotnet.release", "394802");
    assert_true(lab_do(&lab, lab.new, "'op':'fault','kind':'prerequisite','value':'off'"));
    is(lab.new, "dotnet.release", "528449");
    assert_false(lab_do(&lab, lab.new, "'op':'fault','kind':'prerequisite','value':'colour'"));
    assert_true(prerequisite_known("sql.major"));
    lab_close(&lab);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_shows_what_its_product_and_its_time_have),
        cmocka_unit_test(above_100000_objects_the_new_product_has_a_full_database),
        cmocka_unit_test(every_installation_left_an_account_and_the_fault_is_one_of_a_stranger),
        cmocka_unit_test(the_fault_makes_one_value_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
