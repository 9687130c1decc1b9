#include "agent/adapters/windows/event_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD(id)                                                                                   \
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"                \
    "<Provider Name='Service Control Manager' Guid='{555908d1-a6d7-4695-8e1e-26931d2012f4}'/>"     \
    "<EventID Qualifiers='16384'>" id "</EventID><Level>4</Level>"                                 \
    "<TimeCreated SystemTime='2026-07-01T12:34:56.7890000Z'/><EventRecordID>17</EventRecordID>"    \
    "<Security UserID='S-1-5-21-1-2-3-500'/></System>"

/* "ADSync/1", "ADSync/4" and "ADSync/7" in UTF-16 */
#define STOPPED "41004400530079006E0063002F003100"
#define RUNNING "41004400530079006E0063002F003400"
#define PAUSED  "41004400530079006E0063002F003700"

static struct event_record
read_event(const char *xml)
{
    struct event_record e;
    struct baton_err err;
    assert_int_equal(event_record_read(xml, strlen(xml), &e, &err), BATON_OK);
    return e;
}

static void
an_event_says_when_who_and_what(void **state)
{
    (void)state;
    struct event_record e =
        read_event(HEAD("7040") "<EventData><Data Name='param1'>Microsoft Azure AD "
                                "Sync</Data><Data Name='param2'>auto "
                                "start</Data><Data Name='param3'>disabled</Data><Data "
                                "Name='param4'>ADSync</Data></EventData></Event>");
    assert_true(e.unix_ms == 1782909296789);
    assert_int_equal(e.id, 7040);
    assert_string_equal(e.source, "Service Control Manager");
    assert_string_equal(e.sid, "S-1-5-21-1-2-3-500");
    assert_int_equal(e.data_count, 4);
    assert_int_equal(event_about(&e, "ADSync", "Microsoft Azure AD Sync"), EVENT_START_TYPE);
    assert_int_equal(event_about(&e, "ADSync", ""), EVENT_START_TYPE);
    assert_int_equal(event_about(&e, "Other", "Microsoft Azure AD Sync"), EVENT_START_TYPE);
    assert_int_equal(event_about(&e, "Other", "Else"), EVENT_OTHER);
    char text[EVENT_SENTENCE_BYTES];
    event_sentence(&e, text);
    assert_string_equal(text, "Microsoft Azure AD Sync, auto start, disabled, ADSync");
}

static struct event_record
state_event(const char *display, const char *word, const char *binary)
{
    char xml[2048];
    snprintf(xml, sizeof xml,
             "%s<EventData><Data Name='param1'>%s</Data><Data Name='param2'>%s</Data>"
             "<Binary>%s</Binary></EventData></Event>",
             HEAD("7036"), display, word, binary);
    return read_event(xml);
}

static void
a_stop_is_told_in_any_language(void **state)
{
    (void)state;
    struct event_record e = state_event("Microsoft Azure AD Sync", "beendet", STOPPED);
    assert_int_equal(event_about(&e, "ADSync", "another display name"), EVENT_STOPPED);
    e = state_event("Microsoft Azure AD Sync", "ausgef\xc3\xbchrt", RUNNING);
    assert_int_equal(event_about(&e, "ADSync", ""), EVENT_STARTED);
    assert_int_equal(event_about(&e, "ADSyn", ""), EVENT_OTHER);
    assert_int_equal(event_about(&e, "ADSync2", ""), EVENT_OTHER);
    assert_int_equal(event_about(&e, "ADSink", ""), EVENT_OTHER);
}

static void
a_state_without_its_number_is_a_change_and_no_more(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "zz", "4100", "41004400530079006E0063002F00", PAUSED};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct event_record e = state_event("Microsoft Azure AD Sync", "stopped", bad[i]);
        assert_int_equal(event_about(&e, "ADSync", "Microsoft Azure AD Sync"), EVENT_STATE);
    }
}

static void
another_providers_event_is_about_no_service(void **state)
{
    (void)state;
    struct event_record e = read_event(
        "<Event><System><Provider Name='Directory Synchronization'/><EventID>904</EventID>"
        "<TimeCreated SystemTime='2026-07-01T12:34:56Z'/><Security/></System>"
        "<EventData><Data>ADSync</Data></EventData></Event>");
    assert_string_equal(e.sid, "");
    assert_int_equal(event_about(&e, "ADSync", "ADSync"), EVENT_OTHER);
}

static void
what_is_no_event_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "x",
        "<Event/>",
        "<Event><System/></Event>",
        "<Evil><System><Provider Name='a'/><EventID>1</EventID><TimeCreated "
        "SystemTime='2026-07-01T12:34:56Z'/></System></Evil>",
        "<Event><System><Provider Name='a'/><EventID>1</EventID><TimeCreated "
        "SystemTime='01.07.2026'/></System></Event>",
        "<Event><System><EventID>1</EventID><TimeCreated "
        "SystemTime='2026-07-01T12:34:56Z'/></System></Event>"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct event_record e;
        assert_int_not_equal(event_record_read(bad[i], strlen(bad[i]), &e, NULL), BATON_OK);
    }
}

static void
data_cannot_pass_for_the_head(void **state)
{
    (void)state;
    struct event_record e =
        read_event(HEAD("7036") "<EventData><Provider "
                                "Name='x'/><EventID>1</EventID><Data>d</Data></EventData></Event>");
    assert_int_equal(e.id, 7036);
    assert_string_equal(e.source, "Service Control Manager");
}

static void
the_newest_come_first_and_the_oldest_make_room(void **state)
{
    (void)state;
    static struct event_list list;
    for (unsigned i = 0; i < 2 * EVENT_LIST_MAX;
         i++) { /* 7 steps through all of them, out of order */
        struct event_line line = {.unix_ms = 1 + i * 7 % (2 * EVENT_LIST_MAX), .id = i};
        event_list_add(&list, &line);
    }
    assert_int_equal(list.count, EVENT_LIST_MAX);
    for (size_t i = 0; i < list.count; i++)
        assert_true(list.line[i].unix_ms == 2 * EVENT_LIST_MAX - i);
}

/* Any account may write as many events as it likes under the name of a sync product. */
static void
a_flood_under_another_name_does_not_hide_what_the_service_manager_said(void **state)
{
    (void)state;
    static struct event_list list;
    struct event_line line = {.unix_ms = 1};
    snprintf(line.source, sizeof line.source, "Service Control Manager");
    for (; line.unix_ms <= 10; line.unix_ms++)
        event_list_add(&list, &line);
    snprintf(line.source, sizeof line.source, "ADSync");
    for (; line.unix_ms <= 10 + 4 * EVENT_LIST_MAX; line.unix_ms++)
        event_list_add(&list, &line);
    assert_int_equal(list.count, EVENT_LIST_MAX);
    assert_int_equal(list.line[0].unix_ms, 10 + 4 * EVENT_LIST_MAX);
    for (uint64_t n = 1; n <= 10; n++)
        assert_int_equal(list.line[EVENT_LIST_MAX - n].unix_ms, n);
    snprintf(line.source, sizeof line.source, "Service Control Manager");
    for (size_t n = 0; n < 4 * EVENT_LIST_MAX; n++, line.unix_ms++)
        event_list_add(&list, &line);
    assert_int_equal(list.count, EVENT_LIST_MAX);
    size_t others = 0;
    for (size_t n = 0; n < list.count; n++)
        others += strcmp(list.line[n].source, "ADSync") == 0;
    assert_int_equal(others, EVENT_LIST_MAX / 2);
}

static void
a_log_that_is_read_anew_is_listed_once(void **state)
{
    (void)state;
    static struct event_list list;
    struct event_line line = {.unix_ms = 5, .id = 7036, .source = "S", .text = "a"};
    for (int again = 0; again < 2; again++)
        for (line.id = 7036; line.id < 7039; line.id++)
            event_list_add(&list, &line);
    assert_int_equal(list.count, 3);
}

static void
the_list_reads_as_the_labs(void **state)
{
    (void)state;
    static struct event_list list;
    struct event_line line = {
        .unix_ms = 5, .id = 7036, .source = "S", .text = "a \"b\"", .by = "C\\d"};
    event_list_add(&list, &line);
    char *text = event_list_json(&list);
    assert_string_equal(
        text,
        "[{\"at\":5,\"source\":\"S\",\"id\":7036,\"text\":\"a \\\"b\\\"\",\"by\":\"C\\\\d\"}]");
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_that_is_read_anew_is_listed_once),
        cmocka_unit_test(a_flood_under_another_name_does_not_hide_what_the_service_manager_said),
        cmocka_unit_test(an_event_says_when_who_and_what),
        cmocka_unit_test(a_stop_is_told_in_any_language),
        cmocka_unit_test(a_state_without_its_number_is_a_change_and_no_more),
        cmocka_unit_test(another_providers_event_is_about_no_service),
        cmocka_unit_test(what_is_no_event_is_refused),
        cmocka_unit_test(data_cannot_pass_for_the_head),
        cmocka_unit_test(the_newest_come_first_and_the_oldest_make_room),
        cmocka_unit_test(the_list_reads_as_the_labs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
