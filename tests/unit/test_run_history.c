#include "common/readers/run_history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ENTRA "b891884f-051e-4a83-95af-2544101c9083"
#define AD    "11111111-2222-3333-4444-555555555555"

struct seen {
    size_t count;
    struct run_record run[8];
};

static void
keep(void *arg, const struct run_record *run)
{
    struct seen *s = arg;
    if (s->count < ARRAY_LEN(s->run))
        s->run[s->count] = *run;
    s->count++;
}

static void
results_are_judged_by_prefix_and_the_unknown_blocks(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum run_result result;
    } rows[] = {
        {"success", RUN_RESULT_SUCCESS},
        {"completed-no-objects", RUN_RESULT_NO_OBJECTS},
        {"completed-transient-objects", RUN_RESULT_TRANSIENT},
        {"completed-warnings", RUN_RESULT_WARNINGS},
        {"completed-export-errors", RUN_RESULT_ERRORS},
        {"completed-something-of-2031", RUN_RESULT_ERRORS},
        {"in-progress", RUN_RESULT_RUNNING},
        {"completing-obsoletion", RUN_RESULT_RUNNING},
        {"no-start-connection", RUN_RESULT_NOT_STARTED},
        {"stopped-deletion-threshold-exceeded", RUN_RESULT_STOPPED},
        {"success-of-a-kind", RUN_RESULT_UNKNOWN},
        {"Success", RUN_RESULT_UNKNOWN},
        {"", RUN_RESULT_UNKNOWN},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(run_result_of(rows[i].text), rows[i].result);
    assert_true(run_result_good(RUN_RESULT_SUCCESS) && run_result_good(RUN_RESULT_NO_OBJECTS));
    assert_false(run_result_good(RUN_RESULT_UNKNOWN) || run_result_good(RUN_RESULT_WARNINGS));
}

static void
a_renamed_export_profile_is_still_an_export(void **state)
{
    (void)state;
    assert_int_equal(run_profile_of("Export"), RUN_PROFILE_EXPORT);
    assert_int_equal(run_profile_of("nightly EXPORT (big)"), RUN_PROFILE_EXPORT);
    assert_int_equal(run_profile_of("Full Import"), RUN_PROFILE_FULL_IMPORT);
    assert_int_equal(run_profile_of("something"), RUN_PROFILE_OTHER);
}

static void
runs_are_read_with_their_counts(void **state)
{
    (void)state;
    static const char text[] =
        "[{\"ConnectorId\":\"" ENTRA
        "\",\"ConnectorName\":\"x - AAD\",\"RunProfileName\":\"Export\","
        "\"IsRunComplete\":true,\"Result\":\"success\",\"StartDate\":\"\\/Date(1000)\\/\","
        "\"EndDate\":\"\\/Date(2000)\\/\",\"RunStepResults\":[{\"ExportAdd\":3,\"ExportUpdate\":2,"
        "\"ExportDelete\":1},{\"ExportAdd\":1}]},"
        "{\"ConnectorId\":\"{" AD "}\",\"ConnectorName\":\"contoso.com\",\"RunProfileName\":"
        "\"Delta Import\",\"IsRunComplete\":false,\"Result\":\"in-progress\","
        "\"StartDate\":\"\\/Date(3000)\\/\",\"EndDate\":null,\"RunStepResults\":null}]";
    struct seen seen = {0};
    assert_int_equal(run_history_read(text, strlen(text), keep, &seen, NULL), BATON_OK);
    assert_int_equal(seen.count, 2);
    assert_true(seen.run[0].entra && seen.run[0].complete);
    assert_int_equal(seen.run[0].adds, 4);
    assert_int_equal(seen.run[0].updates, 2);
    assert_int_equal(seen.run[0].deletes, 1);
    assert_int_equal(seen.run[0].end_unix_ms, 2000);
    assert_false(seen.run[1].entra || seen.run[1].complete);
    assert_int_equal(seen.run[1].end_unix_ms, 0);
}

static void
a_run_without_an_end_is_not_complete_whatever_it_says(void **state)
{
    (void)state;
    static const char text[] =
        "{\"ConnectorId\":\"" AD "\",\"RunProfileName\":\"Export\",\"IsRunComplete\":true,"
        "\"Result\":\"success\",\"StartDate\":\"\\/Date(1000)\\/\"}";
    struct seen seen = {0};
    assert_int_equal(run_history_read(text, strlen(text), keep, &seen, NULL), BATON_OK);
    assert_false(seen.run[0].complete);
}

static void
a_run_without_connector_or_start_is_malformed(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"RunProfileName\":\"Export\",\"StartDate\":\"\\/Date(1)\\/\"}",
        "{\"ConnectorId\":\"" AD "\",\"RunProfileName\":\"Export\"}",
        "{\"ConnectorId\":\"" AD "\",\"StartDate\":\"\\/Date(1)\\/\"}",
        "{\"ConnectorId\":\"" AD
        "\",\"RunProfileName\":\"Export\",\"StartDate\":\"\\/Date(0)\\/\"}",
        "{\"ConnectorId\":\"" AD
        "\",\"RunProfileName\":\"Export\",\"StartDate\":\"0001-01-01T00:00:00Z\"}",
        "[7]",
    };
    struct seen seen = {0};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        assert_int_equal(run_history_read(texts[i], strlen(texts[i]), keep, &seen, NULL),
                         BATON_MALFORMED);
    assert_int_equal(seen.count, 0);
}

static void
an_empty_history_has_no_runs(void **state)
{
    (void)state;
    struct seen seen = {0};
    assert_int_equal(run_history_read("\"\"", 2, keep, &seen, NULL), BATON_OK);
    assert_int_equal(seen.count, 0);
}

static void
a_real_capture_is_read(void **state)
{
    (void)state;
    FILE *in = fopen("../shared/data/sean-m-laparoscope/src/Laparoscope.UnitTests/Resources/"
                     "TestRunHistory.json",
                     "rb");
    if (in == NULL) {
        print_message("no ../shared/data here: the real capture is left out\n");
        skip();
    }
    static char text[1 << 20];
    size_t len = fread(text, 1, sizeof text, in);
    fclose(in);
    struct seen seen = {0};
    assert_int_equal(run_history_read(text, len, keep, &seen, NULL), BATON_OK);
    assert_int_equal(seen.count, 4);
    assert_int_equal(seen.run[0].result, RUN_RESULT_NOT_STARTED);
    assert_true(seen.run[1].entra && seen.run[1].profile == RUN_PROFILE_EXPORT);
    assert_int_equal(seen.run[1].begin_unix_ms, 1649391017557);
    assert_int_equal(seen.run[3].result, RUN_RESULT_ERRORS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_judged_by_prefix_and_the_unknown_blocks),
        cmocka_unit_test(a_renamed_export_profile_is_still_an_export),
        cmocka_unit_test(runs_are_read_with_their_counts),
        cmocka_unit_test(a_run_without_an_end_is_not_complete_whatever_it_says),
        cmocka_unit_test(a_run_without_connector_or_start_is_malformed),
        cmocka_unit_test(an_empty_history_has_no_runs),
        cmocka_unit_test(a_real_capture_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
