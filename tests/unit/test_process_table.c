#include "agent/adapters/windows/process_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char engine[] = "C:\\Program Files\\Microsoft Azure AD Sync";

static int
kind_of(const char *image, struct process_view v)
{
    enum process_kind kind;
    v.image = image;
    if (v.wizard == NULL)
        v.wizard = "";
    return process_kind_of(&v, &kind) ? (int)kind : -1;
}

static void
an_engine_s_service_is_known_whatever_its_program_s_name(void **state)
{
    (void)state;
    assert_int_equal(kind_of("sync.exe", (struct process_view){.engine = true}), PROCESS_ENGINE);
    assert_int_equal(kind_of("sync.exe", (struct process_view){0}), -1);
}

static void
an_engine_that_no_service_started_is_one_too(void **state)
{
    (void)state;
    assert_int_equal(kind_of("MIISERVER.EXE", (struct process_view){0}), PROCESS_ENGINE);
}

static void
the_wizard_is_what_the_registry_names_and_what_is_known(void **state)
{
    (void)state;
    struct process_view v = {.wizard = "EntraSetup.exe"};
    assert_int_equal(kind_of("entrasetup.exe", v), PROCESS_WIZARD);
    assert_int_equal(kind_of("AzureADConnect.exe", v), PROCESS_WIZARD);
    assert_int_equal(kind_of("", (struct process_view){0}), -1);
}

static void
the_console_and_a_cycle_by_hand_are_named(void **state)
{
    (void)state;
    assert_int_equal(kind_of("miisclient.exe", (struct process_view){0}), PROCESS_CONSOLE);
    assert_int_equal(kind_of("DirectorySyncClientCmd.exe", (struct process_view){0}),
                     PROCESS_SYNC_SHELL);
}

static void
an_installer_counts_while_it_works_or_a_person_looks_at_it(void **state)
{
    (void)state;
    assert_int_equal(kind_of("msiexec.exe", (struct process_view){0}), -1);
    assert_int_equal(kind_of("msiexec.exe", (struct process_view){.installing = true}),
                     PROCESS_INSTALLER);
    assert_int_equal(kind_of("msiexec.exe", (struct process_view){.interactive = true}),
                     PROCESS_INSTALLER);
}

static void
a_shell_counts_with_the_product_in_it_or_when_nobody_may_look(void **state)
{
    (void)state;
    assert_true(process_is_shell("PowerShell.exe"));
    assert_true(process_is_shell("wsmprovhost.exe")); /* somebody's session from another machine */
    assert_false(process_is_shell("cmd.exe"));
    assert_int_equal(kind_of("powershell.exe", (struct process_view){0}), -1);
    assert_int_equal(kind_of("powershell.exe", (struct process_view){.sync_files = true}),
                     PROCESS_SYNC_SHELL);
    assert_int_equal(kind_of("pwsh.exe", (struct process_view){.unseen = true}),
                     PROCESS_SYNC_SHELL);
    assert_int_equal(kind_of("notepad.exe", (struct process_view){.sync_files = true}), -1);
}

static void
a_mapped_file_is_the_product_s_by_its_folder(void **state)
{
    (void)state;
    assert_true(process_file_is_sync(
        "\\Device\\HarddiskVolume3\\program files\\microsoft azure ad sync\\Bin\\x.dll", engine));
    assert_true(process_file_is_sync("D:\\Else\\Bin\\ADSync\\ADSync.dll", ""));
    assert_true(process_file_is_sync("C:\\x\\Microsoft.Online.Coexistence.PS.Config.dll", ""));
    assert_false(
        process_file_is_sync("\\Device\\HarddiskVolume3\\Windows\\System32\\ntdll.dll", engine));
    assert_false(process_file_is_sync("C:\\Windows\\System32\\ntdll.dll", ""));
}

static void
a_list_of_processes_that_was_cut_short_is_none(void **state)
{
    (void)state;
    assert_true(process_list_is_whole(18));  /* no more files */
    assert_false(process_list_is_whole(0));  /* it ended, and nobody says why */
    assert_false(process_list_is_whole(8));  /* out of memory */
    assert_false(process_list_is_whole(24)); /* bad length */
}

static void
only_of_the_installer_the_session_decides(void **state)
{
    (void)state;
    assert_true(process_needs_session("MsiExec.exe"));
    assert_false(process_needs_session("miiserver.exe"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_engine_s_service_is_known_whatever_its_program_s_name),
        cmocka_unit_test(an_engine_that_no_service_started_is_one_too),
        cmocka_unit_test(the_wizard_is_what_the_registry_names_and_what_is_known),
        cmocka_unit_test(the_console_and_a_cycle_by_hand_are_named),
        cmocka_unit_test(an_installer_counts_while_it_works_or_a_person_looks_at_it),
        cmocka_unit_test(a_shell_counts_with_the_product_in_it_or_when_nobody_may_look),
        cmocka_unit_test(a_mapped_file_is_the_product_s_by_its_folder),
        cmocka_unit_test(a_list_of_processes_that_was_cut_short_is_none),
        cmocka_unit_test(only_of_the_installer_the_session_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
