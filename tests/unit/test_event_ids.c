#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/windows/event_ids.h"

static void
what_is_documented_has_its_own_id(void **state)
{
    (void)state;
    uint32_t id = 0;
    assert_true(event_id_of(LEVEL_ERROR, "guard.tamper", &id));
    assert_int_equal(id, 0xC000012F);
    assert_true(event_id_of(LEVEL_WARN, "run.resumed", &id));
    assert_int_equal(id, 0x40000067);
    assert_true(event_id_of(LEVEL_WARN, "guard.stopped", &id));
    assert_int_equal(id, 0x8000012C);
}

static void
every_other_warning_and_error_has_a_common_one(void **state)
{
    (void)state;
    uint32_t id = 0;
    assert_true(event_id_of(LEVEL_WARN, "no.such.event", &id));
    assert_int_equal(id & 0xFFFF, 900);
    assert_true(event_id_of(LEVEL_ERROR, "", &id));
    assert_int_equal(id & 0xFFFF, 901);
    assert_true(event_id_of(LEVEL_ERROR, "service.started", &id)); /* at another level */
    assert_int_equal(id & 0xFFFF, 901);
}

static void
the_rest_stays_out(void **state)
{
    (void)state;
    uint32_t id = 0;
    assert_false(event_id_of(LEVEL_INFO, "no.such.event", &id));
    assert_false(event_id_of(LEVEL_INFO, "", &id));
    assert_false(event_id_of(LEVEL_DEBUG, "service.started", &id));
}

/* --- events.mc --- */

static const char *const severity_names[] = {
    [MESSAGE_INFO] = "Informational", [MESSAGE_WARNING] = "Warning", [MESSAGE_ERROR] = "Error"};

static const char *
message_table(void)
{
    static char text[65536];
    FILE *f = fopen(BATON_SOURCE_DIR "/agent/windows/events.mc", "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

static void
every_id_is_a_message_of_that_severity(void **state)
{
    (void)state;
    const char *text = message_table();
    size_t n;
    const struct event_row *row = event_rows(&n);
    for (size_t i = 0; i < n; i++) {
        char part[64];
        snprintf(part, sizeof part, "MessageId=%u\nSeverity=%s\n", (unsigned)row[i].id,
                 severity_names[row[i].severity]);
        if (strstr(text, part) == NULL)
            fail_msg("not in events.mc: %s", part);
    }
}

static void
every_message_is_written_by_some_line(void **state)
{
    (void)state;
    static const char mark[] = "MessageId=";
    size_t n, messages = 0;
    const struct event_row *row = event_rows(&n);
    for (const char *p = message_table(); (p = strstr(p, mark)) != NULL; messages++) {
        p += sizeof mark - 1;
        size_t i = 0;
        while (i < n && row[i].id != strtoul(p, NULL, 10))
            i++;
        if (i == n)
            fail_msg("nothing writes message %.4s", p);
    }
    assert_true(messages > 10);
}

static void
a_text_from_outside_inserts_nothing_into_an_event(void **state)
{
    (void)state;
    wchar_t words[] = L"50 % of fe80::1%12 %%1 %n 100%";
    event_words_mend(words);
    assert_true(wcscmp(words, L"50 % of fe80::1\uFF0512 \uFF05\uFF051 %n 100%") == 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_documented_has_its_own_id),
        cmocka_unit_test(every_other_warning_and_error_has_a_common_one),
        cmocka_unit_test(the_rest_stays_out),
        cmocka_unit_test(every_id_is_a_message_of_that_severity),
        cmocka_unit_test(every_message_is_written_by_some_line),
        cmocka_unit_test(a_text_from_outside_inserts_nothing_into_an_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
