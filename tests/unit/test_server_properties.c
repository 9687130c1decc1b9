#include "common/readers/server_properties.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool
reads(enum server_answer answer, const char *name, const char *json, int64_t *ret_value)
{
    const struct server_property *p = server_property_find(answer, name);
    json_t *object = json_pack("{s:o}", "x", json_loads(json, JSON_DECODE_ANY, NULL));
    assert_non_null(p);
    assert_non_null(object);
    bool known = server_property_read(p, object, "x", ret_value);
    json_decref(object);
    return known;
}

static void
a_property_is_read_as_what_it_is(void **state)
{
    (void)state;
    int64_t n;
    assert_true(reads(ANSWER_SCHEDULER, "stagingmodeENABLED", "\"True\"", &n) && n == 1);
    assert_true(reads(ANSWER_SCHEDULER, "SyncCycleEnabled", "false", &n) && n == 0);
    assert_true(
        reads(ANSWER_SCHEDULER, "CurrentlyEffectiveSyncCycleInterval", "\"00:30:00\"", &n) &&
        n == 1800000);
    assert_true(reads(ANSWER_STATISTICS, "ExportDeletes", "7", &n) && n == 7);
    assert_true(reads(ANSWER_CONNECTORS, "LastModificationTime", "\"/Date(5)/\"", &n) && n == 5);
    assert_true(
        reads(ANSWER_CONNECTORS, "Identifier", "\"b891884f-051e-4a83-95af-2544101c9083\"", &n));
    assert_true(reads(ANSWER_AUTO_UPGRADE, "", "\"Suspended\"", &n) && n == 2);
    assert_true(reads(ANSWER_RUN_STATUS, "RunState", "\"Busy\"", &n));
}

static void
what_is_something_else_is_not_known(void **state)
{
    (void)state;
    int64_t n;
    assert_false(reads(ANSWER_SCHEDULER, "StagingModeEnabled", "\"Wahr\"", &n));
    assert_false(reads(ANSWER_SCHEDULER, "StagingModeEnabled", "null", &n));
    assert_false(reads(ANSWER_STATISTICS, "ExportDeletes", "-7", &n));
    assert_false(reads(ANSWER_STATISTICS, "ExportDeletes", "\"7.5\"", &n));
    assert_false(reads(ANSWER_CONNECTORS, "LastModificationTime", "\"05.01.2023 20:28:37\"", &n));
    assert_false(reads(ANSWER_CONNECTORS, "Identifier", "\"b891884f\"", &n));
    assert_false(reads(ANSWER_AUTO_UPGRADE, "", "\"enabled\"", &n));
    assert_false(reads(ANSWER_AUTO_UPGRADE, "", "1", &n));
    assert_false(reads(ANSWER_RUN_STATUS, "RunState", "\"Bu...\"", &n));
}

static void
names_that_tell_say_whose_answer_it_is(void **state)
{
    (void)state;
    assert_int_equal(server_answer_of("SyncCycleInProgress"), ANSWER_SCHEDULER);
    assert_int_equal(server_answer_of("microsoft.somethingNew"), ANSWER_GLOBAL);
    assert_int_equal(server_answer_of("TresholdCount"), ANSWER_TENANT);
    assert_int_equal(server_answer_of("ThresholdCount"), ANSWER_THRESHOLD);
    assert_int_equal(server_answer_of("Name"), ANSWER_UNKNOWN);
    assert_int_equal(server_answer_of(""), ANSWER_UNKNOWN);
    assert_null(server_property_find(ANSWER_SCHEDULER, "ExportAdds"));
}

static void
no_name_tells_of_two_answers(void **state)
{
    (void)state;
    size_t count;
    const struct server_property *p = server_properties(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true(strlen(server_answer_cmdlet(p[i].answer)) > 0);
        assert_true(strlen(property_type_name(p[i].type)) > 0);
        if (p[i].tells)
            assert_int_equal(server_answer_of(p[i].name), p[i].answer);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_property_is_read_as_what_it_is),
        cmocka_unit_test(what_is_something_else_is_not_known),
        cmocka_unit_test(names_that_tell_say_whose_answer_it_is),
        cmocka_unit_test(no_name_tells_of_two_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
