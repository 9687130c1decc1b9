#include "lab/runs.h"

#include <stdlib.h>
#include <string.h>

#include "lab/print.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct connectors
two_connectors(void)
{
    struct connectors c = {.count = 2};
    strcpy(c.item[0].name, "contoso.example");
    strcpy(c.item[0].id, "11111111-2222-3333-4444-555555555555");
    strcpy(c.item[1].name, "contoso.onmicrosoft.com - AAD");
    strcpy(c.item[1].id, "b891884f-051e-4a83-95af-2544101c9083");
    c.item[1].entra = true;
    return c;
}

static void
one_run(struct runs *runs, struct connectors *c, size_t connector, enum profile_kind profile,
        uint64_t at)
{
    struct run *run = runs_begin(runs, c, connector, profile, "NT SERVICE\\ADSync", at);
    run->end_ms = at + 10;
    strcpy(run->result, "success");
}

static void
run_numbers_count_per_connector(void **state)
{
    (void)state;
    struct runs runs = {0};
    struct connectors c = two_connectors();
    one_run(&runs, &c, 0, RUN_DELTA_IMPORT, 1);
    one_run(&runs, &c, 1, RUN_DELTA_IMPORT, 2);
    one_run(&runs, &c, 1, RUN_EXPORT, 3);
    assert_int_equal(runs.item[1].number, 1);
    assert_int_equal(runs.item[2].number, 2);
}

static void
the_first_full_import_outlives_a_thousand_delta_runs(void **state)
{
    (void)state;
    struct runs runs = {0};
    struct connectors c = two_connectors();
    one_run(&runs, &c, 0, RUN_FULL_IMPORT, 1);
    one_run(&runs, &c, 1, RUN_EXPORT, 2);
    for (uint64_t i = 0; i < 1000; i++)
        one_run(&runs, &c, i % 2, RUN_DELTA_IMPORT, 10 + i);
    assert_int_equal(runs.count, RUNS_MAX);
    assert_int_equal(runs.item[0].profile, RUN_FULL_IMPORT);
    assert_int_equal(runs.item[1].profile, RUN_EXPORT);
    assert_int_equal(runs.item[RUNS_MAX - 1].begin_ms, 1009);
}

static void
a_history_can_be_kept_short_and_keeps_the_newest_of_each_kind(void **state)
{
    (void)state;
    struct runs runs = {0};
    struct connectors c = two_connectors();
    one_run(&runs, &c, 0, RUN_FULL_IMPORT, 1);
    for (uint64_t i = 0; i < 20; i++)
        one_run(&runs, &c, 0, RUN_DELTA_IMPORT, 10 + i);
    runs_purge(&runs, 5);
    assert_int_equal(runs.count, 5);
    assert_int_equal(runs.item[0].profile, RUN_FULL_IMPORT);
    assert_int_equal(runs.item[1].begin_ms, 26);
    runs_purge(&runs, 0); /* one of each stays, whatever is asked for */
    assert_int_equal(runs.count, 2);
    assert_int_equal(runs.item[1].begin_ms, 29);
}

static void
the_history_prints_as_windows_powershell_would(void **state)
{
    (void)state;
    struct runs runs = {0};
    struct connectors c = two_connectors();
    char *text = print_powershell(runs_json(&runs, &c));
    assert_string_equal(text, "");
    free(text);
    one_run(&runs, &c, 1, RUN_EXPORT, 1649391053843);
    text = print_powershell(runs_json(&runs, &c));
    assert_int_equal(text[0], '{'); /* one is no array */
    assert_non_null(strstr(text, "\"StartDate\": \"\\/Date(1649391053843)\\/\""));
    free(text);
    one_run(&runs, &c, 0, RUN_FULL_SYNC, 1649391053999);
    text = print_powershell(runs_json(&runs, &c));
    assert_int_equal(text[0], '[');
    assert_true(strstr(text, "Full Synchronization") < strstr(text, "\"Export\""));
    free(text);
}

static void
every_property_of_the_cmdlet_is_there(void **state)
{
    (void)state;
    static const char *const run_names[] = {
        "RunHistoryId", "ConnectorId", "ConnectorName", "RunProfileId",  "RunProfileName",
        "RunNumber",    "Username",    "IsRunComplete", "Result",        "CurrentStepNumber",
        "TotalSteps",   "StartDate",   "EndDate",       "RunStepResults"};
    static const char *const step_names[] = {
        "StepHistoryId", "StepNumber",   "StepResult",   "StageNoChange",  "StageAdd",
        "StageUpdate",   "StageRename",  "StageDelete",  "StageDeleteAdd", "StageFailure",
        "ExportAdd",     "ExportUpdate", "ExportRename", "ExportDelete",   "ExportDeleteAdd",
        "ExportFailure", "SyncErrors",   "MvRetryErrors"};
    struct runs runs = {0};
    struct connectors c = two_connectors();
    runs_begin(&runs, &c, 1, RUN_EXPORT, "me", 5);
    json_t *list = runs_json(&runs, &c), *run = json_array_get(list, 0);
    for (size_t i = 0; i < ARRAY_LEN(run_names); i++)
        assert_non_null(json_object_get(run, run_names[i]));
    json_t *step = json_array_get(json_object_get(run, "RunStepResults"), 0);
    for (size_t i = 0; i < ARRAY_LEN(step_names); i++)
        assert_non_null(json_object_get(step, step_names[i]));
    json_decref(list);
}

static void
a_run_in_progress_has_no_end(void **state)
{
    (void)state;
    struct runs runs = {0};
    struct connectors c = two_connectors();
    assert_null(runs_current(&runs));
    struct run *run = runs_begin(&runs, &c, 1, RUN_EXPORT, "me", 5);
    assert_ptr_equal(runs_current(&runs), run);
    json_t *list = runs_json(&runs, &c), *json = json_array_get(list, 0);
    assert_true(json_is_null(json_object_get(json, "EndDate")));
    assert_true(json_is_false(json_object_get(json, "IsRunComplete")));
    assert_string_equal(json_string_value(json_object_get(json, "Result")), "in-progress");
    json_decref(list);
    assert_false(run_is_good(run));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_numbers_count_per_connector),
        cmocka_unit_test(the_first_full_import_outlives_a_thousand_delta_runs),
        cmocka_unit_test(a_history_can_be_kept_short_and_keeps_the_newest_of_each_kind),
        cmocka_unit_test(the_history_prints_as_windows_powershell_would),
        cmocka_unit_test(every_property_of_the_cmdlet_is_there),
        cmocka_unit_test(a_run_in_progress_has_no_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
