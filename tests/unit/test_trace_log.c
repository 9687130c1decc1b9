#include "common/readers/trace_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { EVENTS_MAX = 16 };

struct told {
    struct trace_event event[EVENTS_MAX];
    size_t count;
    struct trace_summary sum;
};

static void
on_event(void *arg, const struct trace_event *e)
{
    struct told *told = arg;
    assert_true(told->count < EVENTS_MAX);
    told->event[told->count++] = *e;
}

static enum baton_status
read_log(const char *text, size_t len, size_t piece, const char *name, struct told *told,
         struct baton_err *err)
{
    struct trace_log *t = NULL;
    *told = (struct told){.count = 0};
    enum baton_status rc = trace_log_open(
        &(struct trace_order){.visit = on_event, .arg = told, .name = name}, &t, err);
    for (size_t at = 0; rc == BATON_OK && at < len; at += piece)
        rc = trace_log_push(t, text + at, len - at < piece ? len - at : piece, err);
    if (rc == BATON_OK)
        rc = trace_log_finish(t, &told->sum, err);
    trace_log_close(&t);
    return rc;
}

static void
reads(const char *text, const char *name, struct told *told)
{
    struct baton_err err = {0};
    struct told bytewise;
    if (read_log(text, strlen(text), strlen(text), name, told, &err) != BATON_OK ||
        read_log(text, strlen(text), 1, name, &bytewise, &err) != BATON_OK)
        fail_msg("%s", err.text);
    assert_int_equal(bytewise.count, told->count);
}

static const char *
marker(const struct trace_event *e)
{
    return e->marker == NULL ? "" : e->marker->id;
}

#define BANNER                                                                                     \
    "[23:59:58.000] [  1] [INFO ] Application starting\r\n"                                        \
    "[23:59:58.010] [  1] [INFO ] Start Time (Local): Wed, 01 Jul 2026 23:59:58 GMT\r\n"           \
    "[23:59:58.010] [  1] [INFO ] Start Time (UTC): Wed, 01 Jul 2026 21:59:58 GMT\r\n"             \
    "[23:59:58.020] [ 1] [INFO ] Application Version: 2.5.79.0\r\n"

static void
the_banner_says_version_date_and_zone(void **state)
{
    (void)state;
    struct told t;
    reads(BANNER "[23:59:59.500] [ 12] [ERROR] Failed\r\n[00:00:01.250] [ 12] [ERROR] Again\r\n",
          NULL, &t);
    assert_int_equal(t.count, 4);
    assert_string_equal(marker(&t.event[0]), "started");
    assert_string_equal(marker(&t.event[1]), "version");
    assert_string_equal(t.sum.version, "2.5.79.0");
    assert_string_equal(t.sum.date, "2026-07-01");
    assert_true(t.sum.zone_known);
    assert_int_equal(t.sum.zone_minutes, 120);
    assert_false(t.event[0].dated); /* nobody had said the zone */
    assert_true(t.event[2].dated && t.event[3].dated);
    assert_int_equal(t.event[2].unix_ms, 1782943199500LL); /* 2026-07-01T21:59:59.5Z */
    assert_int_equal(t.event[3].unix_ms - t.event[2].unix_ms, 1750);
    assert_int_equal(t.sum.days, 2);
    assert_int_equal(t.sum.errors, 2);
    assert_int_equal(t.event[3].line, 6);
}

static void
without_a_banner_the_name_has_the_date_and_nobody_the_zone(void **state)
{
    (void)state;
    struct told t;
    reads("[10:00:00.000] [  1] [ERROR] x\n", "/logs/trace-20260809-101112.log", &t);
    assert_string_equal(t.sum.date, "2026-08-09");
    assert_false(t.sum.zone_known || t.event[0].dated);
    assert_true(t.event[0].timed);
    reads("[10:00:00.000] [  1] [ERROR] x\n", "trace-20261309-101112.log", &t);
    assert_string_equal(t.sum.date, "");
    reads("[10:00:00.000] [  1] [INFO ] Start Time (Local): Wed, 01 Foo 2026 23:59:58 GMT\n", NULL,
          &t);
    assert_string_equal(t.sum.date, "");
}

static void
markers_are_found_with_both_versions(void **state)
{
    (void)state;
    static const struct {
        const char *message, *id, *version, *wanted;
    } rows[] = {
        {"Checking for DirSync conditions.", "dirsync-check", "", ""},
        {"DirSync not detected. Checking for others.", "dirsync-absent", "", ""},
        {"DirectorySyncComponent: Product Microsoft Directory Sync Tool is not installed.",
         "dirsync-tool-absent", "", ""},
        {"Product Microsoft Directory Sync Tool (version 1.0.7020.0) is installed.",
         "dirsync-present", "1.0.7020.0", ""},
        {"Product Azure AD Sync Engine (version 2.0.1.0) is installed, needs to be upgraded to "
         "version 2.5.79.0.",
         "upgrade-needed", "2.0.1.0", "2.5.79.0"},
        {"Product Azure AD Sync Engine is not installed.", "engine-absent", "", ""},
        {"Product Azure Active Directory Connect (version 2.5.79.0) is installed.", "installed",
         "2.5.79.0", ""},
        {"GetInstalledPackagesByUpgradeCode {dc9e604e-37b0-4efc-b429-21721cf49d0d}: verified "
         "product code {0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0}.",
         "dirsync-registered", "", ""},
        {"Sync engine is not present. Performing clean install.", "clean-install", "", ""},
        {"Page transition from \"A\" [ReviewPageViewModel] to \"B\" [ErrorPageViewModel]",
         "error-page", "", ""},
        {"Page transition from \"A\" [TasksPageViewModel] to \"B\" [StagingModePageViewModel]",
         "page", "", ""},
        {"the server goes to Staging Mode now", "staging", "", ""},
        {"x: result of installation operations - Failed", "result", "", ""},
        {"AADConnect changes ALLOWED: got the mutex.", "changes-allowed", "", ""},
        {"AADConnect changes are not allowed", "changes-refused", "", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char line[512];
        struct told t;
        (void)snprintf(line, sizeof line, "[10:00:00.000] [  1] [INFO ] %s\n", rows[i].message);
        reads(line, NULL, &t);
        assert_int_equal(t.count, 1);
        assert_string_equal(marker(&t.event[0]), rows[i].id);
        assert_string_equal(t.event[0].version, rows[i].version);
        assert_string_equal(t.event[0].wanted, rows[i].wanted);
    }
}

static void
of_a_page_the_type_is_left(void **state)
{
    (void)state;
    struct told t;
    reads("[10:00:00.000] [  1] [INFO ] Page transition from \"Contoso\" [TasksPageViewModel] to "
          "\"Staging\" [StagingModePageViewModel]\n",
          NULL, &t);
    assert_null(strstr(t.event[0].text, "Contoso"));
    assert_non_null(strstr(t.event[0].text, "[StagingModePageViewModel]"));
}

static void
what_says_nothing_is_not_told(void **state)
{
    (void)state;
    struct told t;
    reads("[10:00:00.000] [  1] [INFO ] \n[10:00:00.000] [  1] [VERB ] anything\n"
          "[10:00:00.000] [  1] [INFO ] Performing direct lookup of upgrade codes for: x\n"
          "[10:00:00.000] [  1] [NOTE ] odd\n",
          NULL, &t);
    assert_int_equal(t.count, 0);
    assert_int_equal(t.sum.records, 4);
}

static void
a_message_goes_on_until_its_stack_trace(void **state)
{
    (void)state;
    struct told t;
    reads("left over\n"
          "[10:00:00.000] [  1] [WARN ] service not\n   found on this machine\n\n"
          "[10:00:01.000] [  1] [ERROR] Caught an exception\n"
          "Exception Data (Raw): System.Exception: bad value\n"
          "Parameter name: anna\n   at Some.Secret.Place()\n"
          "[ 7] [ERROR] without its time\n"
          "<error><user>anna</user></error>\n",
          NULL, &t);
    assert_int_equal(t.count, 3);
    assert_string_equal(t.event[0].text, "service not found on this machine");
    assert_string_equal(t.event[1].text,
                        "Caught an exception Exception Data (Raw): System.Exception: bad value");
    assert_string_equal(t.event[2].text, "without its time");
    assert_false(t.event[2].timed);
    assert_int_equal(t.sum.untimed, 1);
    assert_int_equal(t.sum.stray, 1);
    assert_int_equal(t.sum.warnings, 1);
    assert_int_equal(t.event[2].line, 9);
}

static void
texts_are_redacted(void **state)
{
    (void)state;
    struct told t;
    reads("[10:00:00.000] [  1] [ERROR] user anna@contoso.example, password=hunter2\n", NULL, &t);
    assert_null(strstr(t.event[0].text, "anna"));
    assert_null(strstr(t.event[0].text, "contoso"));
    assert_null(strstr(t.event[0].text, "hunter2"));
    assert_non_null(strstr(t.event[0].text, "<account:"));
}

static bool
errors_alone(void *arg, const struct trace_event *e)
{
    (void)arg;
    assert_string_equal(e->text, "");
    return e->level == TRACE_ERROR;
}

static void
what_nobody_wants_is_not_told_but_counted(void **state)
{
    (void)state;
    static const char text[] = "[10:00:00.000] [ 1] [WARN ] a\n[10:00:00.000] [ 1] [ERROR] b\n";
    struct told told = {.count = 0};
    struct trace_log *t = NULL;
    struct trace_order order = {.wants = errors_alone, .visit = on_event, .arg = &told};
    assert_int_equal(trace_log_open(&order, &t, NULL), BATON_OK);
    assert_int_equal(trace_log_push(t, text, strlen(text), NULL), BATON_OK);
    assert_int_equal(trace_log_finish(t, &told.sum, NULL), BATON_OK);
    trace_log_close(&t);
    assert_int_equal(told.count, 1);
    assert_string_equal(told.event[0].text, "b");
    assert_int_equal(told.sum.warnings, 1);
}

static void
what_is_no_record_is_none(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "\n\n",
                                      "<?xml?>",
                                      "[10:00:00.000] message",
                                      "[10:00:00.000] [a] [INFO ] x",
                                      "[10:00:00.000] [ 1] INFO x",
                                      "[10:00:00.000] [ 1] [info] x",
                                      "[10:00:00.000] [ 1] [INFO x",
                                      "[25:00:00.000] [ 1] [ERROR] x"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct told t;
        struct baton_err err = {0};
        assert_int_equal(read_log(bad[i], strlen(bad[i]), 3, NULL, &t, &err), BATON_MALFORMED);
        assert_non_null(strstr(err.text, "not one record"));
    }
    struct told t;
    struct baton_err err = {0};
    assert_int_equal(read_log("[10:00:00.000] [ 1] [INFO ] \0", 30, 30, NULL, &t, &err),
                     BATON_MALFORMED);
    assert_non_null(strstr(err.text, "byte 28"));
}

static void
a_message_without_end_is_cut(void **state)
{
    (void)state;
    struct told t;
    struct baton_err err = {0};
    size_t len = 3 * 1000 * 1000;
    char *text = malloc(len + 1);
    memset(text, 'x', len);
    memcpy(text, "[10:00:00.000] [  1] [ERROR] ", 29);
    text[len - 1] = '\n';
    for (size_t at = 100000; at < len; at += 100000)
        text[at] = '\n';
    assert_int_equal(read_log(text, len, 65536, NULL, &t, &err), BATON_OK);
    assert_int_equal(t.count, 1);
    assert_int_equal(t.sum.cut, 30);
    free(text);
}

static void
every_marker_means_something_and_finds_its_own_text(void **state)
{
    (void)state;
    size_t count;
    const struct trace_marker *m = trace_markers(&count);
    assert_true(count > 15);
    for (size_t i = 0; i < count; i++) {
        assert_true(strlen(m[i].id) > 0 && strlen(m[i].meaning) > 0);
        assert_int_equal(m[i].pattern[strlen(m[i].pattern) - 1], '*');
        assert_true(strlen(m[i].pattern) < 96);
    }
    for (int l = TRACE_INFO; l <= TRACE_OTHER; l++)
        assert_true(strlen(trace_level_name((enum trace_level)l)) > 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_banner_says_version_date_and_zone),
        cmocka_unit_test(without_a_banner_the_name_has_the_date_and_nobody_the_zone),
        cmocka_unit_test(markers_are_found_with_both_versions),
        cmocka_unit_test(of_a_page_the_type_is_left),
        cmocka_unit_test(what_says_nothing_is_not_told),
        cmocka_unit_test(a_message_goes_on_until_its_stack_trace),
        cmocka_unit_test(texts_are_redacted),
        cmocka_unit_test(what_nobody_wants_is_not_told_but_counted),
        cmocka_unit_test(what_is_no_record_is_none),
        cmocka_unit_test(a_message_without_end_is_cut),
        cmocka_unit_test(every_marker_means_something_and_finds_its_own_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
