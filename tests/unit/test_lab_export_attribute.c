#include "lab/export_attribute.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lab/seed.h"

static const struct export_attribute *
named(const char *name)
{
    size_t count;
    const struct export_attribute *a = export_attributes(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(a[i].name, name) == 0)
            return &a[i];
    fail_msg("no attribute %s", name);
    return NULL;
}

static const char *
value_of(const char *name, uint64_t index, unsigned version)
{
    static char text[4][EXPORT_VALUE_BYTES];
    static size_t turn;
    struct export_value_key key = {.seed = 3, .index = index, .version = version};
    char *out = text[turn++ % 4];
    export_value(named(name), &key, out);
    return out;
}

static void
every_value_is_there_again_and_another_in_the_next_version(void **state)
{
    (void)state;
    size_t count;
    const struct export_attribute *a = export_attributes(&count);
    for (size_t i = 0; i < count; i++) {
        const char *before = value_of(a[i].name, 11, 0);
        assert_true(before[0] != '\0');
        assert_string_equal(before, value_of(a[i].name, 11, 0));
        assert_string_not_equal(before, value_of(a[i].name, 11, 1));
    }
}

static void
integers_are_hex_and_some_are_negative_in_64_bits(void **state)
{
    (void)state;
    size_t negative = 0;
    for (uint64_t i = 0; i < 100; i++) {
        const char *text = value_of("groupType", i, 0);
        assert_memory_equal(text, "0x", 2);
        assert_int_equal(strspn(text + 2, "0123456789abcdef"), strlen(text + 2));
        negative += strncmp(text, "0xffffffff8", 11) == 0 && strlen(text) == 18;
    }
    assert_in_range(negative, 20, 80);
}

static void
times_are_of_this_century_in_both_forms(void **state)
{
    (void)state;
    const char *text = value_of("lastPasswordChangeTimestamp", 5, 0);
    assert_int_equal(strlen(text), 17);
    assert_memory_equal(text, "2015", 4);
    assert_string_equal(text + 14, ".0Z");
    assert_memory_equal(value_of("pwdLastSet", 5, 0), "0x1d", 4);
}

static void
a_conflict_carries_a_line_feed_and_an_identifier(void **state)
{
    (void)state;
    char text[EXPORT_VALUE_BYTES];
    struct export_value_key key = {.seed = 3, .index = 8, .conflict = true};
    export_value(named("displayName"), &key, text);
    const char *mark = strstr(text, "\nCNF:");
    assert_non_null(mark);
    assert_int_equal(strlen(mark), 5 + 36);
}

static void
a_reference_names_an_object_of_the_tenant(void **state)
{
    (void)state;
    const char *dn = value_of("manager", 4, 0);
    assert_memory_equal(dn, "CN={", 4);
    assert_int_equal(strlen(dn), 4 + 48 + 1); /* the hex of 24 characters */
    assert_string_equal(export_attribute_type(named("manager")), "reference");
}

static void
only_binaries_are_encoded(void **state)
{
    (void)state;
    assert_string_equal(export_attribute_encoding(named("userCertificate")), "base64");
    assert_null(export_attribute_encoding(named("displayName")));
    assert_null(export_attribute_encoding(named("groupType")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_is_there_again_and_another_in_the_next_version),
        cmocka_unit_test(integers_are_hex_and_some_are_negative_in_64_bits),
        cmocka_unit_test(times_are_of_this_century_in_both_forms),
        cmocka_unit_test(a_conflict_carries_a_line_feed_and_an_identifier),
        cmocka_unit_test(a_reference_names_an_object_of_the_tenant),
        cmocka_unit_test(only_binaries_are_encoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
