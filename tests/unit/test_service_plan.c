#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "agent/windows/service_plan.h"

static const char program[] = "C:\\Program Files\\Baton\\baton-agent.exe";
static const char image[] = "\"C:\\Program Files\\Baton\\baton-agent.exe\" --service";

static struct service_plan wanted, found;

static int
set_up(void **state)
{
    (void)state;
    service_plan_wanted(image, program, &wanted);
    found = wanted;
    return 0;
}

static void
what_is_as_wanted_deviates_nowhere(void **state)
{
    (void)state;
    char text[64];
    assert_int_equal(service_deviations(&wanted, &found), 0);
    service_deviations_text(&wanted, &found, text, sizeof text);
    assert_string_equal(text, "");
    for (size_t i = 0; i < ITEM_COUNT; i++) {
        assert_true(wanted.item[i].state == VALUE_KNOWN && wanted.item[i].text[0] != '\0');
        assert_string_not_equal(service_item_name((enum service_item)i), "?");
    }
}

static void
every_item_that_is_another_deviates(void **state)
{
    (void)state;
    for (size_t i = 0; i < ITEM_COUNT; i++) {
        char text[64];
        found = wanted;
        plan_set(&found.item[i], VALUE_KNOWN, "another");
        assert_int_equal(service_deviations(&wanted, &found), 1);
        service_deviations_text(&wanted, &found, text, sizeof text);
        assert_string_equal(text, service_item_name((enum service_item)i));
    }
}

static void
deviations_are_listed_and_cut_where_there_is_no_room(void **state)
{
    (void)state;
    char text[64], small[8];
    plan_set(&found.item[ITEM_START], VALUE_KNOWN, "manual");
    plan_set(&found.item[ITEM_RECOVERY], VALUE_KNOWN, "none");
    service_deviations_text(&wanted, &found, text, sizeof text);
    assert_string_equal(text, "start, recovery");
    service_deviations_text(&wanted, &found, small, sizeof small);
    assert_string_equal(small, "start, ");
}

static void
what_the_system_cannot_say_is_neither_right_nor_wrong(void **state)
{
    (void)state;
    plan_set(&found.item[ITEM_SID], VALUE_UNSUPPORTED, "error 124");
    plan_set(&found.item[ITEM_RECOVERY], VALUE_UNKNOWN, "error 5");
    assert_int_equal(service_item_state(&wanted, &found, ITEM_SID), ITEM_UNSUPPORTED);
    assert_int_equal(service_item_state(&wanted, &found, ITEM_RECOVERY), ITEM_UNKNOWN);
    assert_int_equal(service_deviations(&wanted, &found), 0);
    assert_string_equal(item_state_name(ITEM_UNSUPPORTED), "unsupported");
    assert_string_equal(item_state_name(ITEM_UNKNOWN), "unknown");
}

static void
file_names_and_accounts_know_no_case(void **state)
{
    (void)state;
    plan_set(&found.item[ITEM_ACCOUNT], VALUE_KNOWN, "localSystem");
    plan_set(&found.item[ITEM_IMAGE], VALUE_KNOWN,
             "\"c:\\program files\\baton\\BATON-AGENT.EXE\" --service");
    assert_int_equal(service_deviations(&wanted, &found), 0);
}

static void
start_types_and_recoveries_are_told_in_words(void **state)
{
    (void)state;
    char text[128], small[16];
    plan_start_text(2, text, sizeof text);
    assert_string_equal(text, "automatic");
    plan_start_text(4, text, sizeof text);
    assert_string_equal(text, "disabled");
    plan_start_text(77, text, sizeof text);
    assert_string_equal(text, "?");
    const struct plan_action two[] = {{1, 1000}, {0, 0}};
    plan_recovery_text(two, 2, 60, text, sizeof text);
    assert_string_equal(text, "restart after 1000 ms, nothing after 0 ms, counted anew after 60 s");
    plan_recovery_text(NULL, 0, 60, text, sizeof text);
    assert_string_equal(text, "none");
    plan_recovery_text(two, 2, 60, small, sizeof small);
    assert_int_equal(strlen(small), sizeof small - 1);
}

static void
the_service_is_restarted_whenever_it_fails(void **state)
{
    (void)state;
    for (size_t i = 0; i < PLAN_RECOVERIES; i++)
        assert_true(plan_recovery[i].kind == 1 && plan_recovery[i].delay_ms <= 60000);
    assert_string_equal(wanted.item[ITEM_RECOVERY_ALWAYS].text, "yes");
}

static void
controls_end_the_agent_or_tell_that_the_machine_slept(void **state)
{
    (void)state;
    const struct {
        uint32_t control, event;
        enum control_meaning meaning;
    } rows[] = {{1, 0, CONTROL_END},      {5, 0, CONTROL_END},       {15, 0, CONTROL_END},
                {13, 18, CONTROL_WOKE},   {13, 7, CONTROL_WOKE},     {13, 6, CONTROL_WOKE},
                {13, 4, CONTROL_NOTHING}, {13, 10, CONTROL_NOTHING}, {4, 0, CONTROL_NOTHING},
                {2, 0, CONTROL_UNKNOWN},  {200, 0, CONTROL_UNKNOWN}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(service_control_meaning(rows[i].control, rows[i].event), rows[i].meaning);
}

int
main(void)
{
#define TEST(test) cmocka_unit_test_setup(test, set_up)
    const struct CMUnitTest tests[] = {
        TEST(what_is_as_wanted_deviates_nowhere),
        TEST(every_item_that_is_another_deviates),
        TEST(deviations_are_listed_and_cut_where_there_is_no_room),
        TEST(what_the_system_cannot_say_is_neither_right_nor_wrong),
        TEST(file_names_and_accounts_know_no_case),
        TEST(start_types_and_recoveries_are_told_in_words),
        TEST(the_service_is_restarted_whenever_it_fails),
        TEST(controls_end_the_agent_or_tell_that_the_machine_slept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
