/* A run history as findings: which rule, how bad, about which connector. */
#include "common/verify/runs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum side { AD, ENTRA, AD2 };

struct bench {
    struct runs runs;
    struct runs_question q;
    struct limits limits;
    struct findings findings;
};

static struct run_record
record(enum side side, enum run_profile profile, const char *result, int64_t begin)
{
    static const char *const names[] = {"contoso.com", "contoso - AAD", "fabrikam.com"};
    struct run_record r = {.connector = {{(uint8_t)(1 + side)}},
                           .entra = side == ENTRA,
                           .profile = profile,
                           .operations = RUN_DOES(profile),
                           .result = run_result_of(result),
                           .begin_unix_ms = begin,
                           .end_unix_ms = begin + 50,
                           .complete = run_result_of(result) != RUN_RESULT_RUNNING};
    strcpy(r.connector_name, names[side]);
    strcpy(r.result_text, result);
    return r;
}

static void
take(struct bench *b, enum side side, enum run_profile profile, const char *result, int64_t begin)
{
    struct run_record run = record(side, profile, result, begin);
    assert_non_null(runs_take(&b->runs, &run));
}

/* Both full operations of one connector. */
static void
full(struct bench *b, enum side side)
{
    take(b, side, RUN_PROFILE_FULL_IMPORT, "success", 1000);
    take(b, side, RUN_PROFILE_FULL_SYNC, "success", 2000);
}

static int
set_up(void **state)
{
    static struct bench b;
    memset(&b, 0, sizeof b);
    runs_init(&b.runs, 0);
    limits_preset(PRESET_PARITY, &b.limits);
    b.q.changed_known = true;
    full(&b, AD);
    full(&b, ENTRA);
    *state = &b;
    return 0;
}

static int
tear_down(void **state)
{
    struct bench *b = *state;
    findings_done(&b->findings);
    return 0;
}

static enum verdict
judge(struct bench *b)
{
    findings_done(&b->findings);
    assert_int_equal(runs_judge(&b->runs, &b->q, &b->limits, &b->findings), BATON_OK);
    return findings_verdict(&b->findings);
}

static const struct finding *
found(const struct bench *b, const char *rule)
{
    for (size_t i = 0; i < b->findings.count; i++)
        if (strcmp(b->findings.item[i].rule, rule) == 0)
            return &b->findings.item[i];
    return NULL;
}

/* Exactly this finding, with this verdict. */
static void
only(struct bench *b, enum verdict verdict, const char *rule, const char *subject)
{
    assert_int_equal(judge(b), verdict);
    assert_int_equal(b->findings.count, 1);
    assert_string_equal(b->findings.item[0].rule, rule);
    assert_string_equal(b->findings.item[0].subject, subject);
}

static void
four_good_operations_pass(void **state)
{
    struct bench *b = *state;
    assert_int_equal(judge(b), VERDICT_PASS);
    assert_int_equal(b->findings.count, 0);
    take(b, AD, RUN_PROFILE_DELTA_IMPORT, "completed-no-objects", 3000); /* good for a delta */
    assert_int_equal(judge(b), VERDICT_PASS);
}

static void
a_connector_without_its_full_operations_blocks(void **state)
{
    struct bench *b = *state;
    take(b, AD2, RUN_PROFILE_DELTA_IMPORT, "success", 3000);
    assert_int_equal(judge(b), VERDICT_BLOCK);
    assert_string_equal(found(b, "RUN-FULL-IMPORT")->subject, "fabrikam.com: never");
    assert_string_equal(found(b, "RUN-FULL-SYNC")->subject, "fabrikam.com: never");
    assert_int_equal(b->findings.count, 2);
}

static void
a_failed_full_operation_blocks_with_its_result(void **state)
{
    struct bench *b = *state;
    take(b, ENTRA, RUN_PROFILE_FULL_IMPORT, "stopped-extension-dll-exception", 5000);
    only(b, VERDICT_BLOCK, "RUN-FULL-IMPORT", "contoso - AAD: stopped-extension-dll-exception");
}

static void
an_unknown_result_blocks_under_every_preset(void **state)
{
    struct bench *b = *state;
    take(b, ENTRA, RUN_PROFILE_FULL_SYNC, "success-of-a-kind", 5000);
    for (int preset = 0; preset < PRESET_COUNT; preset++) {
        limits_preset((enum preset)preset, &b->limits);
        only(b, VERDICT_BLOCK, "RUN-UNKNOWN-RESULT", "contoso - AAD: success-of-a-kind");
    }
}

static void
an_unknown_result_of_the_newest_delta_blocks_until_a_later_run(void **state)
{
    struct bench *b = *state;
    take(b, AD, RUN_PROFILE_DELTA_SYNC, "", 5000);
    only(b, VERDICT_BLOCK, "RUN-UNKNOWN-RESULT", "contoso.com: no result");
    take(b, AD, RUN_PROFILE_DELTA_SYNC, "success", 6000);
    assert_int_equal(judge(b), VERDICT_PASS);
}

static void
a_first_full_import_without_objects_is_for_a_person(void **state)
{
    struct bench *b = *state;
    take(b, AD, RUN_PROFILE_FULL_IMPORT, "completed-no-objects", 5000);
    only(b, VERDICT_REVIEW, "RUN-DOUBTFUL", "contoso.com: completed-no-objects");
}

static void
a_delta_that_failed_after_the_full_operations_blocks(void **state)
{
    struct bench *b = *state;
    take(b, AD, RUN_PROFILE_DELTA_IMPORT, "no-start-credentials", 5000);
    only(b, VERDICT_BLOCK, "RUN-FAILED", "contoso.com: no-start-credentials");
    take(b, AD, RUN_PROFILE_DELTA_IMPORT, "completed-warnings", 6000);
    only(b, VERDICT_REVIEW, "RUN-DOUBTFUL", "contoso.com: completed-warnings");
}

static void
a_failed_export_is_for_a_person(void **state)
{
    struct bench *b = *state;
    take(b, AD, RUN_PROFILE_EXPORT, "no-start-connection", 5000);
    only(b, VERDICT_REVIEW, "RUN-FAILED-OTHER", "contoso.com: no-start-connection");
}

static void
a_run_that_goes_on_waits_for_a_person(void **state)
{
    struct bench *b = *state;
    take(b, AD, RUN_PROFILE_FULL_SYNC, "in-progress", 5000);
    only(b, VERDICT_REVIEW, "RUN-IN-PROGRESS", "contoso.com");
}

static void
operations_from_before_the_last_change_block(void **state)
{
    struct bench *b = *state;
    b->q.changed_unix_ms = 1500;
    assert_int_equal(judge(b), VERDICT_BLOCK);
    assert_int_equal(b->findings.count, 1);
    assert_int_equal(b->findings.item[0].count, 2);
    assert_string_equal(b->findings.item[0].rule, "RUN-STALE");
}

static void
a_change_that_nobody_dated_never_passes(void **state)
{
    struct bench *b = *state;
    b->q.changed_known = false;
    only(b, VERDICT_REVIEW, "RUN-CHANGE-UNKNOWN", "configuration");
}

static void
both_sides_must_be_in_the_history(void **state)
{
    struct bench *b = *state;
    runs_init(&b->runs, 0);
    full(b, AD);
    only(b, VERDICT_BLOCK, "RUN-CONNECTOR", "Entra: no connector");
    runs_init(&b->runs, 0);
    full(b, ENTRA);
    only(b, VERDICT_BLOCK, "RUN-CONNECTOR", "Active Directory: no connector");
}

static void
the_configuration_says_which_connectors_count(void **state)
{
    struct bench *b = *state;
    static const struct runs_wanted wanted[] = {
        {{{1 + AD}}, "contoso.com", false},
        {{{1 + ENTRA}}, "contoso - AAD", true},
        {{{1 + AD2}}, "fabrikam.com", false},
    };
    b->q.wanted = wanted;
    b->q.wanted_count = 2;
    take(b, AD2, RUN_PROFILE_FULL_IMPORT, "stopped-server", 5000); /* was removed since */
    assert_int_equal(judge(b), VERDICT_PASS);
    set_up(state);
    b->q.wanted = wanted;
    b->q.wanted_count = 3;
    only(b, VERDICT_BLOCK, "RUN-CONNECTOR", "fabrikam.com: no run");
}

static void
export_with(struct bench *b, int64_t begin, bool counted, int64_t updates)
{
    struct run_record run = record(ENTRA, RUN_PROFILE_EXPORT, "success", begin);
    run.counted = counted;
    run.updates = updates;
    assert_non_null(runs_take(&b->runs, &run));
}

static void
an_export_of_a_fenced_server_is_a_breach(void **state)
{
    struct bench *b = *state;
    b->runs.fenced_since_unix_ms = 8000;
    export_with(b, 7950, true, 9); /* over at 8000 */
    assert_int_equal(judge(b), VERDICT_PASS);
    export_with(b, 7951, true, 3);
    only(b, VERDICT_BLOCK, "RUN-FENCED-EXPORT", "contoso - AAD: 3 objects");
    export_with(b, 9000, false, 0);
    only(b, VERDICT_BLOCK, "RUN-FENCED-EXPORT",
         "contoso - AAD: 3 objects and runs without counters");
    assert_int_equal(b->findings.item[0].count, 2);
}

static void
deletes_renames_and_remakes_are_exports_too(void **state)
{
    struct bench *b = *state;
    struct run_record run = record(AD, RUN_PROFILE_OTHER, "success", 9000);
    run.operations = 0; /* a profile of another name */
    run.counted = true;
    run.deletes = run.renames = run.delete_adds = run.adds = 1;
    b->runs.fenced_since_unix_ms = 8000;
    assert_non_null(runs_take(&b->runs, &run));
    only(b, VERDICT_BLOCK, "RUN-FENCED-EXPORT", "contoso.com: 4 objects");
}

static void
an_export_without_objects_of_a_fenced_server_is_for_a_person(void **state)
{
    struct bench *b = *state;
    b->runs.fenced_since_unix_ms = 8000;
    export_with(b, 9000, true, 0);
    only(b, VERDICT_REVIEW, "RUN-FENCED-EMPTY", "contoso - AAD");
}

static void
a_server_that_may_export_is_free_to(void **state)
{
    struct bench *b = *state;
    export_with(b, 9000, true, 70);
    assert_int_equal(judge(b), VERDICT_PASS);
}

static void
a_history_that_was_cut_is_judged_by_nobody(void **state)
{
    struct bench *b = *state;
    b->runs.cut = true;
    assert_int_equal(runs_judge(&b->runs, &b->q, &b->limits, &b->findings), BATON_LIMIT);
}

static void
a_subject_that_is_full_says_that_there_is_more(void **state)
{
    struct bench *b = *state;
    for (uint8_t i = 0; i < 8; i++) {
        struct run_record run = record(AD2, RUN_PROFILE_DELTA_IMPORT, "success", 100);
        run.connector.b[1] = (uint8_t)(i + 1);
        memset(run.connector_name, 'x', 40);
        assert_non_null(runs_take(&b->runs, &run));
    }
    judge(b);
    const struct finding *f = found(b, "RUN-FULL-IMPORT");
    assert_int_equal(f->count, 8);
    assert_string_equal(f->subject + strlen(f->subject) - 10, ", and more");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(four_good_operations_pass),
        TEST(a_connector_without_its_full_operations_blocks),
        TEST(a_failed_full_operation_blocks_with_its_result),
        TEST(an_unknown_result_blocks_under_every_preset),
        TEST(an_unknown_result_of_the_newest_delta_blocks_until_a_later_run),
        TEST(a_first_full_import_without_objects_is_for_a_person),
        TEST(a_delta_that_failed_after_the_full_operations_blocks),
        TEST(a_failed_export_is_for_a_person),
        TEST(a_run_that_goes_on_waits_for_a_person),
        TEST(operations_from_before_the_last_change_block),
        TEST(a_change_that_nobody_dated_never_passes),
        TEST(both_sides_must_be_in_the_history),
        TEST(the_configuration_says_which_connectors_count),
        TEST(an_export_of_a_fenced_server_is_a_breach),
        TEST(deletes_renames_and_remakes_are_exports_too),
        TEST(an_export_without_objects_of_a_fenced_server_is_for_a_person),
        TEST(a_server_that_may_export_is_free_to),
        TEST(a_history_that_was_cut_is_judged_by_nobody),
        TEST(a_subject_that_is_full_says_that_there_is_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
