/* Run-history documents of the engine's WMI provider, and what scripts make of them. */
#include "common/readers/run_history_xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define AD    "{0A11B2C3-0000-4D4E-8F80-000000000001}"
#define ENTRA "{B891884F-051E-4A83-95AF-2544101C9083}"

#define STEP(n, begin, end, result, inside)                                                        \
    "<step-details step-number=\"" n "\" step-id=\"{0}\">"                                         \
    "<start-date>" begin "</start-date><end-date>" end "</end-date>"                               \
    "<step-result>" result "</step-result>" inside "</step-details>"
#define TYPE(type, inside)                                                                         \
    "<step-description><step-type type=\"" type "\">" inside "</step-type>"                        \
    "<partition>default</partition><custom-data/></step-description>"
#define RUN(ma, profile, steps)                                                                    \
    "<run-details><ma-id>" ma "</ma-id><ma-name>contoso.com</ma-name>"                             \
    "<run-number>1204</run-number><run-profile-name>" profile "</run-profile-name>"                \
    "<security-id>CONTOSO\\svc</security-id>" steps "</run-details>"
#define HISTORY(runs)                                                                              \
    "<?xml version=\"1.0\" encoding=\"utf-16\"?>\r\n<run-history>" runs "</run-history>"

#define FULL_IMPORT TYPE("full-import", "<import-subtype>to-cs</import-subtype>")
#define FULL_SYNC                                                                                  \
    TYPE("apply-rules",                                                                            \
         "<apply-rules-subtype>\n reevaluate-flow-connectors\n</apply-rules-subtype>")

struct seen {
    size_t count;
    struct run_record run[4];
};

static void
keep(void *arg, const struct run_record *run)
{
    struct seen *s = arg;
    if (s->count < ARRAY_LEN(s->run))
        s->run[s->count] = *run;
    s->count++;
}

static struct seen
read_good(const char *text)
{
    struct seen seen = {0};
    struct baton_err err = {0};
    if (run_history_read(text, strlen(text), keep, &seen, &err) != BATON_OK)
        fail_msg("%s", err.text);
    return seen;
}

static void
expect_malformed(const char *text, const char *told)
{
    struct seen seen = {0};
    struct baton_err err = {0};
    assert_int_equal(run_history_read(text, strlen(text), keep, &seen, &err), BATON_MALFORMED);
    if (strstr(err.text, told) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, told);
}

static void
a_run_is_read_whatever_its_declaration_says(void **state)
{
    (void)state;
    struct seen s = read_good(HISTORY(
        RUN(AD, "Full Import",
            STEP("1", "2026-07-01 10:00:00.250", "2026-07-01 10:05:00", "success", FULL_IMPORT))));
    assert_int_equal(s.count, 1);
    assert_string_equal(s.run[0].connector_name, "contoso.com");
    assert_int_equal(s.run[0].connector.b[0], 0x0a);
    assert_int_equal(s.run[0].run_number, 1204);
    assert_int_equal(s.run[0].profile, RUN_PROFILE_FULL_IMPORT);
    assert_int_equal(s.run[0].operations, RUN_DOES(RUN_PROFILE_FULL_IMPORT));
    assert_int_equal(s.run[0].begin_unix_ms, 1782900000250); /* UTC without a zone */
    assert_int_equal(s.run[0].end_unix_ms, 1782900300000);
    assert_true(s.run[0].complete && !s.run[0].entra && !s.run[0].counted);
    assert_int_equal(s.run[0].result, RUN_RESULT_SUCCESS);
}

static void
the_bytes_decide_the_encoding(void **state)
{
    (void)state;
    static const char text[] = HISTORY(
        RUN(ENTRA, "Full Import",
            STEP("1", "2026-07-01 10:00:00", "2026-07-01 10:05:00", "success", FULL_IMPORT)));
    static char wide[2 * sizeof text + 2];
    size_t len = 0;
    wide[len++] = '\xff';
    wide[len++] = '\xfe';
    for (const char *at = text; *at != '\0'; at++) {
        wide[len++] = *at;
        wide[len++] = '\0';
    }
    struct seen seen = {0};
    assert_int_equal(run_history_read(wide, len, keep, &seen, NULL), BATON_OK);
    assert_int_equal(seen.count, 1);
    assert_true(seen.run[0].entra);
}

static void
steps_count_whatever_their_order_and_the_worst_decides(void **state)
{
    (void)state;
    struct seen s = read_good(
        HISTORY(RUN(AD, "Full Synchronization",
                    STEP("2", "2026-07-01 10:05:00", "2026-07-01 10:09:00", "success", FULL_SYNC)
                        STEP("1", "2026-07-01 10:00:00", "2026-07-01 10:05:00",
                             "completed-sync-errors", FULL_SYNC))));
    assert_int_equal(s.run[0].begin_unix_ms, 1782900000000);
    assert_int_equal(s.run[0].end_unix_ms, 1782900540000);
    assert_string_equal(s.run[0].result_text, "completed-sync-errors");
    assert_int_equal(s.run[0].operations, RUN_DOES(RUN_PROFILE_FULL_SYNC));
}

static void
types_of_steps_count_more_than_the_profiles_name(void **state)
{
    (void)state;
    struct seen s = read_good(HISTORY(
        RUN(AD, "DS_DELTASYNC",
            STEP("1", "2026-07-01 10:00:00", "2026-07-01 10:05:00", "success",
                 TYPE("apply-rules", "<apply-rules-subtype>apply-pending</apply-rules-subtype>")))
            RUN(AD, "Full Import",
                STEP("1", "2026-07-01 10:00:00", "2026-07-01 10:05:00", "success",
                     TYPE("delta-import", "")))
                RUN(AD, "Nightly",
                    STEP("1", "2026-07-01 10:00:00", "2026-07-01 10:05:00", "success",
                         TYPE("full-import-reevaluate-rules", "")))
                    RUN(AD, "Full Import",
                        STEP("1", "2026-07-01 10:00:00", "2026-07-01 10:05:00", "success",
                             TYPE("something-new", "")))));
    assert_int_equal(s.run[0].operations, RUN_DOES(RUN_PROFILE_DELTA_SYNC));
    assert_int_equal(s.run[1].operations, RUN_DOES(RUN_PROFILE_DELTA_IMPORT));
    assert_int_equal(s.run[2].operations,
                     RUN_DOES(RUN_PROFILE_FULL_IMPORT) | RUN_DOES(RUN_PROFILE_FULL_SYNC));
    assert_int_equal(s.run[2].profile, RUN_PROFILE_FULL_SYNC);
    assert_int_equal(s.run[3].operations, RUN_DOES(RUN_PROFILE_FULL_IMPORT)); /* by its name */
}

static void
a_run_that_is_full_in_one_step_alone_is_no_full_run(void **state)
{
    (void)state;
    struct seen s = read_good(
        HISTORY(RUN(AD, "Full Import",
                    STEP("1", "2026-07-01 10:00:00", "2026-07-01 10:05:00", "success", FULL_IMPORT)
                        STEP("2", "2026-07-01 10:05:00", "2026-07-01 10:06:00", "success",
                             TYPE("delta-import", "")))));
    assert_int_equal(s.run[0].operations, RUN_DOES(RUN_PROFILE_DELTA_IMPORT));
}

#define COUNTERS(add, update, delete)                                                              \
    "<export-counters><export-add detail=\"true\">" add                                            \
    "</export-add><export-update detail=\"true\">" update                                          \
    "</export-update><export-rename detail=\"false\">2</export-rename>"                            \
    "<export-delete detail=\"true\">" delete "</export-delete>"                                    \
                                             "<export-delete-add>1</"                              \
                                             "export-delete-add><export-failure>9</"               \
                                             "export-failure></export-counters>"

static void
exports_are_counted_over_all_steps(void **state)
{
    (void)state;
    struct seen s =
        read_good(HISTORY(RUN(ENTRA, "Export",
                              STEP("1", "2026-07-01 10:00:00", "2026-07-01 10:05:00", "success",
                                   TYPE("export", "") COUNTERS("3", "40", "5"))
                                  STEP("2", "2026-07-01 10:05:00", "2026-07-01 10:06:00", "success",
                                       TYPE("export", "") COUNTERS("1", "0", "0")))));
    assert_true(s.run[0].counted);
    assert_int_equal(s.run[0].adds, 4);
    assert_int_equal(s.run[0].updates, 40);
    assert_int_equal(s.run[0].deletes, 5);
    assert_int_equal(s.run[0].renames, 4);
    assert_int_equal(s.run[0].delete_adds, 2);
    s = read_good(HISTORY(RUN(ENTRA, "Export",
                              STEP("1", "2026-07-01 10:00:00", "2026-07-01 10:05:00", "success",
                                   TYPE("export", "") COUNTERS("3", "40", "5"))
                                  STEP("2", "2026-07-01 10:05:00", "2026-07-01 10:06:00", "success",
                                       TYPE("export", "") "<export-counters/>"))));
    assert_false(s.run[0].counted); /* one step said nothing */
}

static void
names_deeper_in_the_document_are_other_things(void **state)
{
    (void)state;
    struct seen s = read_good(HISTORY(RUN(
        AD, "Full Import",
        STEP(
            "1", "2026-07-01 10:00:00", "2026-07-01 10:05:00", "success",
            FULL_IMPORT
            "<ma-connection><connection-log><incident><connection-result>success</"
            "connection-result>"
            "<date>2026-07-01</date><cd-error><error-code>0x51</error-code></cd-error></incident>"
            "</connection-log></ma-connection><ma-discovery-errors>\r\n   </ma-discovery-errors>"
            "<synchronization-errors><export-error cs-guid=\"{1}\" dn=\"MVID=7\"><date-occurred>x"
            "</date-occurred><cd-error><error-code>8453</error-code><error-literal>   at A.&lt;&gt;"
            "c__DisplayClass3.b()\n   at wrap\nped &lt;/run-history&gt;</error-literal></cd-error>"
            "<start-date>never</start-date><step-result>stopped-server</step-result></export-error>"
            "</synchronization-errors><mv-retry-errors/><inbound-flow-counters><export-add>7</"
            "export-add>"
            "</inbound-flow-counters>"))));
    assert_int_equal(s.run[0].result, RUN_RESULT_SUCCESS);
    assert_int_equal(s.run[0].adds, 0);
}

static void
a_run_with_a_step_that_has_not_ended_goes_on(void **state)
{
    (void)state;
    struct seen s = read_good(HISTORY(
        RUN(AD, "Full Import",
            STEP("2", "2026-07-01 10:05:00", "", "in-progress", FULL_IMPORT)
                STEP("1", "2026-07-01 10:00:00", "2026-07-01 10:05:00", "success", FULL_IMPORT))));
    assert_false(s.run[0].complete);
    assert_int_equal(s.run[0].end_unix_ms, 0);
    assert_int_equal(s.run[0].result, RUN_RESULT_RUNNING);
}

static void
a_step_without_a_result_is_unknown(void **state)
{
    (void)state;
    struct seen s = read_good(
        HISTORY(RUN(AD, "Full Import",
                    STEP("1", "2026-07-01 10:00:00", "2026-07-01 10:05:00", " ", FULL_IMPORT))));
    assert_int_equal(s.run[0].result, RUN_RESULT_UNKNOWN);
}

static void
documents_that_a_script_appended_are_one_history(void **state)
{
    (void)state;
#define ONE                                                                                        \
    HISTORY(RUN(AD, "Full Import",                                                                 \
                STEP("1", "2026-07-01 10:00:00", "2026-07-01 10:05:00", "success", FULL_IMPORT)))
    assert_int_equal(read_good("\r\n " ONE "\r\n\r\n\xef\xbb\xbf" ONE ONE "\n").count, 3);
    expect_malformed(ONE ONE "and so on", "document 3");
    expect_malformed(ONE "<?xml version=\"1.0\"?><run-history><run-details>", "document 2");
}

static void
one_name_with_two_identifiers_is_two_connectors(void **state)
{
    (void)state;
    struct seen s = read_good(HISTORY(
        RUN(AD, "Export", STEP("1", "2026-07-01 10:00:00", "2026-07-01 10:05:00", "success", ""))
            RUN("{0A11B2C3-0000-4D4E-8F80-000000000002}", "Export",
                STEP("1", "2026-07-01 10:00:00", "2026-07-01 10:05:00", "success", ""))));
    assert_int_equal(s.count, 2);
    assert_string_equal(s.run[0].connector_name, s.run[1].connector_name);
    assert_false(baton_id_eq(&s.run[0].connector, &s.run[1].connector));
}

static void
what_is_no_history_is_told_with_its_line(void **state)
{
    (void)state;
#define GOOD STEP("1", "2026-07-01 10:00:00", "2026-07-01 10:05:00", "success", "")
    expect_malformed("<cs-objects/>", "the root is not run-history");
    expect_malformed(HISTORY(RUN(AD, "Export", GOOD)) "<run-history>", "document 2");
    expect_malformed("<run-history>" RUN("no guid", "Export", GOOD) "</run-history>", "ma-id");
    expect_malformed("<run-history>" RUN(AD, "", GOOD) "</run-history>", "run-profile-name");
    expect_malformed("<run-history>" RUN(AD, "Export", "") "</run-history>", "step-details");
    expect_malformed(
        "<run-history>\n\n" RUN(
            AD, "Export", STEP("1", "05.01.2023 20:28:37", "", "success", "")) "</run-history>",
        "line 3: a date");
    expect_malformed(
        "<run-history>" RUN(AD, "Export", STEP("1", "", "", "success", "")) "</run-history>",
        "start-date");
    expect_malformed("<run-history>" RUN(AD, "Export",
                                         STEP("1", "2026-07-01 10:00:00", "", "success",
                                              "<export-counters><export-add>many</export-add></"
                                              "export-counters>")) "</run-history>",
                     "a counter");
    expect_malformed("<run-history><run-details>", "no element found");
}

static void
a_document_type_is_refused(void **state)
{
    (void)state;
    static const char text[] =
        "<!DOCTYPE run-history [<!ENTITY a \"b\">]><run-history>&a;</run-history>";
    struct seen seen = {0};
    assert_int_equal(run_history_read(text, strlen(text), keep, &seen, NULL), BATON_REFUSED);
}

static void
a_real_document_is_read(void **state)
{
    (void)state;
    FILE *in =
        fopen("../shared/data/HiltonGiesenow-PoShMon/run-history/run-history-02-run1882.xml", "rb");
    if (in == NULL) {
        print_message("no ../shared/data here: the real document is left out\n");
        skip();
    }
    static char text[1 << 16];
    size_t len = fread(text, 1, sizeof text, in);
    fclose(in);
    struct seen seen = {0};
    assert_int_equal(run_history_read(text, len, keep, &seen, NULL), BATON_OK);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.run[0].run_number, 1882);
    assert_int_equal(seen.run[0].operations, RUN_DOES(RUN_PROFILE_DELTA_SYNC));
    assert_true(seen.run[0].complete);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_read_whatever_its_declaration_says),
        cmocka_unit_test(the_bytes_decide_the_encoding),
        cmocka_unit_test(steps_count_whatever_their_order_and_the_worst_decides),
        cmocka_unit_test(types_of_steps_count_more_than_the_profiles_name),
        cmocka_unit_test(a_run_that_is_full_in_one_step_alone_is_no_full_run),
        cmocka_unit_test(exports_are_counted_over_all_steps),
        cmocka_unit_test(names_deeper_in_the_document_are_other_things),
        cmocka_unit_test(a_run_with_a_step_that_has_not_ended_goes_on),
        cmocka_unit_test(a_step_without_a_result_is_unknown),
        cmocka_unit_test(documents_that_a_script_appended_are_one_history),
        cmocka_unit_test(one_name_with_two_identifiers_is_two_connectors),
        cmocka_unit_test(what_is_no_history_is_told_with_its_line),
        cmocka_unit_test(a_document_type_is_refused),
        cmocka_unit_test(a_real_document_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
