#include "agent/adapters/windows/prereq_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/adapters/windows/script_set.h"
#include "baton/status.h"

static const struct prereq_row *
row_of(const char *name, size_t nth)
{
    size_t count;
    const struct prereq_row *row = prereq_rows(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(row[i].name, name) == 0 && nth-- == 0)
            return &row[i];
    fail_msg("no row %s", name);
    return NULL;
}

static json_t *
put(json_t *observed, const struct prereq_row *row, struct prereq_seen seen)
{
    prereq_row_put(observed, row, &seen);
    return json_object_get(observed, row->name);
}

static void
a_value_is_what_its_row_says(void **state)
{
    (void)state;
    json_t *o = json_object();
    struct prereq_seen seen = {true, true, 378389, "20348"};
    assert_int_equal(json_integer_value(put(o, row_of("dotnet.release", 0), seen)), 378389);
    assert_int_equal(json_integer_value(put(o, row_of("os.build", 0), seen)), 20348);
    assert_string_equal(json_string_value(put(o, row_of("os.name", 0), seen)), "20348");
    assert_string_equal(
        json_string_value(put(o, row_of("dcom.default_launch_permission", 0), seen)), "set");
    json_decref(o);
}

static void
what_is_not_there_is_null_and_what_cannot_be_read_is_left_out(void **state)
{
    (void)state;
    json_t *o = json_object();
    assert_true(
        json_is_null(put(o, row_of("fips.enabled", 0), (struct prereq_seen){.read = true})));
    assert_null(put(o, row_of("os.name", 0), (struct prereq_seen){.read = false}));
    assert_null(put(o, row_of("os.build", 0), (struct prereq_seen){true, true, 0, "17763x"}));
    assert_null(put(o, row_of("os.build", 0), (struct prereq_seen){true, true, 0, ""}));
    assert_null(put(o, row_of("os.build", 0), (struct prereq_seen){true, true, 0, "99999999999"}));
    json_decref(o);
}

static void
an_older_place_counts_where_the_newer_is_not_there(void **state)
{
    (void)state;
    json_t *o = json_object();
    (void)put(o, row_of("powershell.version", 0), (struct prereq_seen){.read = true});
    assert_string_equal(json_string_value(put(o, row_of("powershell.version", 1),
                                              (struct prereq_seen){true, true, 0, "2.0"})),
                        "2.0");
    assert_string_equal(json_string_value(put(o, row_of("powershell.version", 1),
                                              (struct prereq_seen){true, true, 0, "9.9"})),
                        "2.0");
    json_decref(o);
}

static bool
script_says(const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < script_count; i++)
        if (strcmp(scripts[i].name, "prerequisites.ps1") == 0)
            for (size_t at = 0; at + len <= scripts[i].len; at++)
                if (memcmp(scripts[i].bytes + at, text, len) == 0)
                    return true;
    return false;
}

/* What both say of a server goes by one name. */
static void
every_name_is_one_that_the_script_says_too(void **state)
{
    (void)state;
    size_t count;
    const struct prereq_row *row = prereq_rows(&count);
    for (size_t i = 0; i < count; i++) {
        char quoted[64];
        snprintf(quoted, sizeof quoted, "'%s'", row[i].name);
        if (!script_says(quoted))
            fail_msg("the script does not say %s", row[i].name);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_what_its_row_says),
        cmocka_unit_test(what_is_not_there_is_null_and_what_cannot_be_read_is_left_out),
        cmocka_unit_test(an_older_place_counts_where_the_newer_is_not_there),
        cmocka_unit_test(every_name_is_one_that_the_script_says_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
