/* What a file says of a server, as rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "controller/cli/facts_rows.h"

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static json_t *
rows_of(const char *text, struct facts_file *ret_file)
{
    json_t *rows = json_array();
    struct baton_err err = {0};
    if (facts_rows_read("f", text, strlen(text), rows, ret_file, &err) != BATON_OK)
        fail_msg("%s", err.text);
    assert_int_equal(json_array_size(rows), ret_file->values);
    return rows;
}

static const json_t *
named(const json_t *rows, const char *name)
{
    size_t i;
    json_t *row;
    json_array_foreach((json_t *)(uintptr_t)rows, i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "name")), name) == 0)
            return row;
    }
    fail_msg("no row %s", name);
    return NULL;
}

static bool
usable(const json_t *rows, const char *name)
{
    return json_is_true(json_object_get(named(rows, name), "usable"));
}

static bool
known(const json_t *rows, const char *name)
{
    const json_t *row = named(rows, name);
    bool known = json_is_true(json_object_get(row, "known"));
    assert_int_equal(known, !json_is_null(json_object_get(row, "value")));
    return known;
}

static const char *
text(const json_t *rows, const char *name, const char *key)
{
    return json_string_value(json_object_get(named(rows, name), key));
}

static void
refuses(const char *bytes, size_t len, const char *says)
{
    json_t *rows = json_array();
    struct facts_file file;
    struct baton_err err = {0};
    assert_int_not_equal(facts_rows_read("f", bytes, len, rows, &file, &err), BATON_OK);
    if (strstr(err.text, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, says);
    json_decref(rows);
}

static void
what_a_collector_said_is_usable_where_a_gate_reads_it(void **state)
{
    (void)state;
    struct facts_file file;
    json_t *rows = rows_of("{\"StagingModeEnabled\":true,\"SyncCycleEnabled\":\"Tr...\","
                           "\"SyncCycleInProgress\":null,\"MaintenanceEnabled\":false,\"New\":3,"
                           "\"CurrentlyEffectiveSyncCycleInterval\":{\"Ticks\":18000000000}}",
                           &file);
    assert_string_equal(file.source, "collector");
    assert_true(usable(rows, "StagingModeEnabled") && known(rows, "StagingModeEnabled"));
    assert_string_equal(text(rows, "StagingModeEnabled", "fact"), "staging_scheduler");
    assert_string_equal(text(rows, "StagingModeEnabled", "cmdlet"), "Get-ADSyncScheduler");
    assert_string_equal(text(rows, "StagingModeEnabled", "why"), "");
    assert_true(usable(rows, "CurrentlyEffectiveSyncCycleInterval"));
    assert_false(usable(rows, "SyncCycleEnabled") || known(rows, "SyncCycleEnabled"));
    assert_non_null(strstr(text(rows, "SyncCycleEnabled", "why"), "cut"));
    assert_false(usable(rows, "SyncCycleInProgress") || known(rows, "SyncCycleInProgress"));
    assert_false(usable(rows, "MaintenanceEnabled"));
    assert_true(known(rows, "MaintenanceEnabled"));
    assert_string_equal(text(rows, "MaintenanceEnabled", "why"), "no gate reads it");
    assert_true(known(rows, "New") && !usable(rows, "New"));
    assert_int_equal(file.usable, 2);
    json_decref(rows);
}

static void
settings_of_the_server_are_listed_in_either_shape(void **state)
{
    (void)state;
    static const char *const shapes[] = {
        "[{\"Name\":\"Microsoft.Synchronize.StagingMode\",\"Value\":\"False\"},"
        "{\"Name\":\"Microsoft.X\",\"Value\":\"\"}]",
        "{\"SqlSchemaVersion\":616,\"Parameters\":[{\"Name\":\"Microsoft.Synchronize.StagingMode\","
        "\"Value\":\"False\"},{\"Name\":\"Microsoft.X\",\"Value\":\"\"}]}"};
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        struct facts_file file;
        json_t *rows = rows_of(shapes[i], &file);
        assert_true(usable(rows, "Microsoft.Synchronize.StagingMode"));
        assert_false(known(rows, "Microsoft.X"));
        json_decref(rows);
    }
}

static void
a_word_is_the_state_of_the_automatic_upgrade(void **state)
{
    (void)state;
    struct facts_file file;
    json_t *rows = rows_of("\"Suspended\"", &file);
    assert_true(usable(rows, ""));
    assert_string_equal(text(rows, "", "fact"), "auto_upgrade");
    json_decref(rows);
    rows = rows_of("Suspended", &file);
    assert_string_equal(file.source, "listing");
    assert_true(known(rows, "") && !usable(rows, ""));
    json_decref(rows);
}

static void
a_listing_gates_nothing_and_its_dates_stay_texts(void **state)
{
    (void)state;
    struct facts_file file;
    json_t *rows = rows_of("NextSyncCycleStartTimeInUTC : 05.01.2023 20:28:37\n"
                           "StagingModeEnabled          : Wahr\n"
                           "SyncCycleEnabled            : perhaps\n"
                           "Else                        : a...\n",
                           &file);
    assert_string_equal(file.source, "listing");
    assert_int_equal(file.usable, 0);
    assert_false(known(rows, "NextSyncCycleStartTimeInUTC"));
    assert_string_equal(text(rows, "NextSyncCycleStartTimeInUTC", "text"), "05.01.2023 20:28:37");
    assert_non_null(strstr(text(rows, "NextSyncCycleStartTimeInUTC", "why"), "display only"));
    assert_true(known(rows, "StagingModeEnabled"));
    assert_true(json_is_true(json_object_get(named(rows, "StagingModeEnabled"), "value")));
    assert_false(usable(rows, "StagingModeEnabled"));
    assert_false(known(rows, "SyncCycleEnabled") || known(rows, "Else"));
    assert_int_equal(json_integer_value(json_object_get(named(rows, "Else"), "line")), 4);
    json_decref(rows);
    rows = rows_of("Name                           Value\n"
                   "----                           -----\n"
                   "Microsoft.Synchronize.Staging  True\n",
                   &file);
    assert_true(known(rows, "Microsoft.Synchronize.Staging"));
    json_decref(rows);
}

static void
exported_settings_are_shown_whole_but_for_secrets(void **state)
{
    (void)state;
    struct facts_file file;
    json_t *rows =
        rows_of("{\"PolicyMetadata\":{\"productVersion\":\"2.5\",\"adminPassword\":\"hunter2\"},"
                "\"whatIsNew\":[1,true],"
                "\"onpremisesDirectoryPolicy\":[{\"fullyQualifiedDomainName\":\"corp.example\","
                "\"customSynchronizationRules\":[{\"Name\":\"mail\",\"direction\":\"Inbound\","
                "\"precedence\":90,\"linkType\":\"Join\"}],\"standardSynchronizationRules\":[]}],"
                "\"azureDirectoryPolicy\":{}}",
                &file);
    assert_string_equal(file.source, "settings");
    assert_string_equal(text(rows, "PolicyMetadata.productVersion", "text"), "2.5");
    assert_string_equal(text(rows, "PolicyMetadata.adminPassword", "text"), "not shown");
    assert_false(known(rows, "PolicyMetadata.adminPassword"));
    assert_true(known(rows, "whatIsNew[1]"));
    assert_string_equal(
        text(rows, "onpremisesDirectoryPolicy[0].customSynchronizationRules[0]", "text"),
        "mail (Inbound, precedence 90, Join)");
    assert_int_equal(file.usable, 0);
    json_decref(rows);
}

static void
what_no_cmdlet_prints_is_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"{\"a\":1}", "begins with a"},
        {"[]", "no object"},
        {"{\"RunHistoryId\":\"x\"}", "runs check"},
        {"\"other\"", "no cmdlet"},
        {"{\"StagingModeEnabled\":", "not JSON"},
        {"Colour : red\n", "line 1: no cmdlet"},
        {"Other\n", "line 1: no cmdlet"},
        {"", "no value"},
        {"{\"azureDirectoryPolicy\":[]", "not JSON"},
        {"{\"StagingModeEnabled\":1,\"StagingModeEnabled\":0}", "not JSON"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        refuses(bad[i][0], strlen(bad[i][0]), bad[i][1]);
    refuses("{\"StagingModeEnabled\":\0true}", 27, "byte 22");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_collector_said_is_usable_where_a_gate_reads_it),
        cmocka_unit_test(settings_of_the_server_are_listed_in_either_shape),
        cmocka_unit_test(a_word_is_the_state_of_the_automatic_upgrade),
        cmocka_unit_test(a_listing_gates_nothing_and_its_dates_stay_texts),
        cmocka_unit_test(exported_settings_are_shown_whole_but_for_secrets),
        cmocka_unit_test(what_no_cmdlet_prints_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
