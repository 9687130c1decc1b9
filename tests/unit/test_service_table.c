#include "agent/adapters/windows/service_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void
a_service_is_known_by_its_name_in_any_case(void **state)
{
    (void)state;
    const struct service_row *r = service_row_of("adsync", "Something");
    assert_non_null(r);
    assert_string_equal(r->name, "ADSync");
    assert_int_equal(r->role, ROLE_ENGINE);
    r = service_row_of("FIMSynchronizationService", "");
    assert_int_equal(r->product, PRODUCT_DIRSYNC);
}

static void
a_service_is_known_by_its_display_name_alone(void **state)
{
    (void)state;
    const struct service_row *r =
        service_row_of("SomethingElse", "Windows Azure Active Directory Sync Service");
    assert_non_null(r);
    assert_int_equal(r->role, ROLE_SCHEDULER);
    assert_non_null(service_row_of("x", "Microsoft Entra ID Sync"));
}

static void
an_engine_is_known_by_its_program_whatever_it_is_called(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum product product;
    } engines[] = {
        {"\"C:\\Program Files\\Microsoft Azure AD Sync\\Bin\\miiserver.exe\"", PRODUCT_CONNECT},
        {"\"D:\\Sync\\Bin\\MIISERVER.EXE\" -k", PRODUCT_CONNECT},
        {"C:\\Program Files\\Microsoft Azure AD Sync\\Bin\\miiserver.exe", PRODUCT_CONNECT},
        {"D:\\Sync\\Bin\\miiserver.exe -k", PRODUCT_CONNECT},
        {"\"C:\\Program Files\\Windows Azure Active Directory Sync\\SYNCBUS\\Synchronization "
         "Service\\Bin\\miiserver.exe\"",
         PRODUCT_DIRSYNC},
        {"E:\\Microsoft Online Directory Sync\\Engine\\miiserver.exe", PRODUCT_DIRSYNC},
    };
    for (size_t i = 0; i < ARRAY_LEN(engines); i++) {
        const struct service_row *r = service_row_of_image(engines[i].path);
        assert_non_null(r);
        assert_int_equal(r->role, ROLE_ENGINE);
        assert_int_equal(r->product, engines[i].product);
    }
}

static void
another_program_is_no_engine(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        "\"",
        "miiserver.exe",
        "C:\\x\\miiserver.exe.bak",
        "C:\\x\\notmiiserver.exe",
        "\"C:\\x\\notes.exe\" C:\\Sync\\Bin\\miiserver.exe",
        "C:\\x\\notes.exe C:\\Sync\\Bin\\miiserver.exe",
        "C:\\x\\miiserver.exe\\y.exe",
    };
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_null(service_row_of_image(others[i]));
}

static void
a_service_of_others_is_none_of_ours(void **state)
{
    (void)state;
    assert_null(service_row_of("Spooler", "Print Spooler"));
    assert_null(service_row_of("ADSyncMonitor", "Azure AD Connect Health Sync Monitor"));
    assert_null(service_row_of("", ""));
}

static void
states_are_read_as_what_runs_and_what_does_not(void **state)
{
    (void)state;
    assert_int_equal(service_state_of(1), SVC_STOPPED);
    assert_int_equal(service_state_of(2), SVC_STARTING);
    assert_int_equal(service_state_of(3), SVC_STOPPING);
    for (uint32_t s = 4; s <= 7; s++) /* running, and all ways to pause */
        assert_int_equal(service_state_of(s), SVC_RUNNING);
    assert_int_equal(service_state_of(0), SVC_UNKNOWN);
    assert_int_equal(service_state_of(8), SVC_UNKNOWN);
}

static void
only_the_number_of_disabled_is_disabled(void **state)
{
    (void)state;
    static const enum start_type types[] = {START_AUTO,   START_AUTO,     START_AUTO,
                                            START_MANUAL, START_DISABLED, START_UNKNOWN};
    for (uint32_t n = 0; n < ARRAY_LEN(types); n++)
        assert_int_equal(start_type_of(n), types[n]);
    assert_int_equal(start_type_of(UINT32_MAX), START_UNKNOWN);
}

static void
the_task_of_azure_ad_sync_is_known(void **state)
{
    (void)state;
    assert_int_equal(sync_task_count, 1);
    assert_string_equal(sync_task_names[0], "Azure AD Sync Scheduler");
}

static void
a_service_that_starts_or_stops_takes_its_control_later(void **state)
{
    (void)state;
    enum { STOPPED = 1, STARTING, STOPPING, RUNNING };
    assert_true(service_may_come(1061, STARTING)); /* it cannot accept controls now */
    assert_true(service_may_come(1061, STOPPING));
    assert_true(service_may_come(1053, RUNNING));  /* it did not answer in time */
    assert_true(service_may_come(1051, RUNNING));  /* what needs it still runs */
    assert_true(service_may_come(1062, STOPPED));  /* it ended meanwhile */
    assert_true(service_may_come(1052, STARTING)); /* it has not said yet which it takes */
}

static void
a_control_that_is_refused_for_good_is_not_waited_for(void **state)
{
    (void)state;
    enum { STOPPED = 1, STARTING, STOPPING, RUNNING };
    assert_false(service_may_come(1052, RUNNING)); /* it takes no stop at all */
    assert_false(service_may_come(1052, STOPPING));
    assert_false(service_may_come(5, STARTING)); /* access denied */
    assert_false(service_may_come(0, STARTING));
}

static void
what_has_not_run_since_the_boot_stopped_before_it(void **state)
{
    (void)state;
    assert_int_equal(service_stopped_by(5000, 3000, 0), 5000);
    assert_int_equal(service_stopped_by(5000, 3000, 4000), 5000); /* a power failure came after */
}

static void
one_that_was_made_anew_since_the_boot_had_stopped_when_it_was_made(void **state)
{
    (void)state;
    assert_int_equal(service_stopped_by(5000, 9000, 0), 9000); /* whatever a log that is cut says */
    assert_int_equal(service_stopped_by(5000, 9000, 8000), 9000);
    assert_int_equal(service_stopped_by(5000, 9000, 9500), 9500);
}

static void
where_its_key_or_the_boot_is_not_known_nobody_can_say_when_it_stopped(void **state)
{
    (void)state;
    assert_int_equal(service_stopped_by(5000, 0, 4000), 0);
    assert_int_equal(service_stopped_by(0, 3000, 4000), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_is_known_by_its_name_in_any_case),
        cmocka_unit_test(a_service_is_known_by_its_display_name_alone),
        cmocka_unit_test(an_engine_is_known_by_its_program_whatever_it_is_called),
        cmocka_unit_test(another_program_is_no_engine),
        cmocka_unit_test(a_service_of_others_is_none_of_ours),
        cmocka_unit_test(states_are_read_as_what_runs_and_what_does_not),
        cmocka_unit_test(only_the_number_of_disabled_is_disabled),
        cmocka_unit_test(the_task_of_azure_ad_sync_is_known),
        cmocka_unit_test(a_service_that_starts_or_stops_takes_its_control_later),
        cmocka_unit_test(a_control_that_is_refused_for_good_is_not_waited_for),
        cmocka_unit_test(what_has_not_run_since_the_boot_stopped_before_it),
        cmocka_unit_test(one_that_was_made_anew_since_the_boot_had_stopped_when_it_was_made),
        cmocka_unit_test(where_its_key_or_the_boot_is_not_known_nobody_can_say_when_it_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
