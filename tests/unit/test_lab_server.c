#include "lab/server.h"

#include <string.h>

#include "lab/print.h"
#include "lab_fixture.h"

static void
power_off_ends_the_ability_to_export_at_once(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_run(&lab, 1000);
    assert_true(judge_able(&lab.world.tenant.judge, 0));
    assert_true(lab_do(&lab, lab.old, "'op':'power','act':'off'"));
    assert_false(judge_able(&lab.world.tenant.judge, 0));
    assert_int_equal(lab.hung_up, 1);
    json_t *answer = lab_ask(&lab, lab.old, "'op':'services'");
    assert_string_equal(json_string_value(json_object_get(answer, "status")), "BATON_UNREACHABLE");
    json_decref(answer);
    lab_close(&lab);
}

static void
enabled_services_start_one_second_after_boot_and_disabled_ones_do_not(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_run(&lab, 1000);
    assert_true(lab_do(&lab, lab.old, "'op':'service-disable','name':'MSOnlineSyncScheduler'"));
    assert_true(lab_do(&lab, lab.old, "'op':'power','act':'off'"));
    assert_true(lab_do(&lab, lab.old, "'op':'power','act':'on'"));
    lab_run(&lab, 990);
    assert_int_equal(lab.old->disk.service[0].state, SVC_STOPPED);
    lab_run(&lab, 20);
    assert_int_equal(lab.old->disk.service[0].state, SVC_STARTING);
    lab_run(&lab, 5000);
    assert_int_equal(lab.old->disk.service[0].state, SVC_RUNNING);
    assert_int_equal(lab.old->disk.service[1].state, SVC_STOPPED);
    lab_close(&lab);
}

static void
losing_the_power_refuses_whoever_waits(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_run(&lab, 250);
    lab_send(&lab, lab.old, "'op':'service-stop','name':'FIMSynchronizationService'");
    lab_send(&lab, lab.old, "'op':'wizard','act':'export-settings'");
    server_power_off(lab.old);
    assert_int_equal(json_array_size(lab.answers), 2);
    size_t i;
    json_t *answer;
    json_array_foreach(lab.answers, i, answer)
        assert_true(json_is_false(json_object_get(answer, "ok")));
    lab_run(&lab, 5000); /* timers of the earlier life do nothing */
    assert_int_equal(lab.old->disk.service[0].state, SVC_STOPPED);
    lab_close(&lab);
}

static void
a_run_that_the_power_ended_is_in_the_history_as_stopped(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    while (runs_current(&lab.old->disk.runs) == NULL)
        lab_run(&lab, 10);
    server_power_off(lab.old);
    assert_null(runs_current(&lab.old->disk.runs));
    assert_string_equal(lab.old->disk.runs.item[0].result, "stopped-server-down");
    /* nor did its engine outlive the power */
    assert_int_equal(lab.old->disk.service[0].changed_ms, lab.old->disk.runs.item[0].end_ms);
    lab_close(&lab);
}

static void
a_revert_brings_back_services_product_and_files(void **state)
{
    (void)state;
    struct lab lab;
    char path[PATH_BYTES];
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_run(&lab, 1000);
    assert_true(lab_do(&lab, lab.old, "'op':'snapshot'"));
    struct machine_ids before = lab.old->ids;
    assert_true(lab_do(&lab, lab.old, "'op':'wizard','act':'export-settings'"));
    assert_true(lab_do(&lab, lab.old, "'op':'uninstall'"));
    assert_int_equal(lab.old->disk.product.kind, NO_PRODUCT);
    assert_true(place_newest(lab.old, SETTINGS_EXPORT, path, sizeof path));

    assert_true(lab_do(&lab, lab.old, "'op':'revert','generation':true"));
    assert_int_equal(lab.old->disk.product.kind, DIRSYNC);
    assert_false(place_newest(lab.old, SETTINGS_EXPORT, path, sizeof path));
    assert_false(judge_able(&lab.world.tenant.judge, 0));
    lab_run(&lab, 1500); /* the reverted server starts by itself and exports again */
    assert_true(judge_able(&lab.world.tenant.judge, 0));
    assert_string_not_equal(lab.old->ids.generation, before.generation);
    assert_string_not_equal(lab.old->ids.boot, before.boot);
    assert_string_equal(lab.old->ids.guid, before.guid);
    assert_string_equal(lab.old->ids.disk, before.disk);
    lab_close(&lab);
}

static void
a_revert_without_generation_keeps_the_generation_id(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    assert_false(lab_do(&lab, lab.old, "'op':'revert'")); /* no snapshot yet */
    assert_true(lab_do(&lab, lab.old, "'op':'snapshot'"));
    struct machine_ids before = lab.old->ids;
    assert_true(lab_do(&lab, lab.old, "'op':'revert','generation':false"));
    assert_string_equal(lab.old->ids.generation, before.generation);
    lab_close(&lab);
}

static void
an_uninstall_removes_services_and_leaves_the_folder(void **state)
{
    (void)state;
    struct lab lab;
    char path[PATH_BYTES];
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_run(&lab, 1000);
    assert_true(lab_do(&lab, lab.old, "'op':'wizard','act':'export-settings'"));
    assert_true(lab_do(&lab, lab.old, "'op':'uninstall','by':'CONTOSO\\\\anna'"));
    assert_int_equal(lab.old->disk.service_count, 0);
    assert_int_equal(process_count(lab.old, ENGINE_PROCESS), 0);
    assert_int_equal(process_count(lab.old, INSTALLER_PROCESS), 0);
    assert_false(server_can_export(lab.old));
    assert_true(place_newest(lab.old, SETTINGS_EXPORT, path, sizeof path));
    assert_false(lab_do(&lab, lab.old, "'op':'uninstall'"));
    lab_run(&lab, 10000);
    assert_int_equal(lab.old->disk.runs.count, 0);
    lab_close(&lab);
}

static void
an_old_server_enabled_again_by_hand_is_an_overlap_from_that_instant(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_migrate(&lab);
    assert_true(lab_do(&lab, lab.old, "'op':'service-stop','name':'FIMSynchronizationService'"));
    assert_true(lab_do(&lab, lab.new, "'op':'wizard','act':'staging-off'"));
    assert_true(judge_ok(&lab.world.tenant.judge));
    lab_run(&lab, 5000);
    uint64_t from = lab.world.wall_ms;
    assert_true(lab_do(&lab, lab.old, "'op':'re-enable','name':'FIMSynchronizationService'"));
    lab_run(&lab, 1000);
    assert_true(lab_do(&lab, NULL, "'op':'account','server':'OLD','act':'disable'"));
    const struct judge *j = &lab.world.tenant.judge;
    assert_int_equal(j->count, 1);
    assert_int_equal(j->overlap[0].from_ms, from + 200);
    assert_int_equal(j->overlap[0].to_ms, from + 1200);
    lab_close(&lab);
}

static void
temporary_and_hidden_files_are_no_newest_file(void **state)
{
    (void)state;
    static const char *const names[] = {".hidden", "a.part", "b.tmp", "c.dat"};
    struct lab lab;
    char path[PATH_BYTES];
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_true(
            print_format(path, sizeof path, "%s/settings-import/%s", lab.new->dir, names[i]));
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fclose(f);
        bool found = place_newest(lab.new, SETTINGS_IMPORT, path, sizeof path);
        assert_int_equal(found, i == 3);
    }
    assert_string_equal(path, "settings-import/c.dat");
    lab_close(&lab);
}

static void
two_servers_cannot_share_a_name_and_a_name_is_no_path(void **state)
{
    (void)state;
    static const char *const bad[] = {"OLD", "", "../x", "a b", "-a", "a/b"};
    struct lab lab;
    struct baton_err err;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct server_options options = {.name = bad[i]};
        assert_int_equal(server_add(&lab.world, &options, &err), BATON_USAGE);
    }
    lab_close(&lab);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_off_ends_the_ability_to_export_at_once),
        cmocka_unit_test(enabled_services_start_one_second_after_boot_and_disabled_ones_do_not),
        cmocka_unit_test(losing_the_power_refuses_whoever_waits),
        cmocka_unit_test(a_run_that_the_power_ended_is_in_the_history_as_stopped),
        cmocka_unit_test(a_revert_brings_back_services_product_and_files),
        cmocka_unit_test(a_revert_without_generation_keeps_the_generation_id),
        cmocka_unit_test(an_uninstall_removes_services_and_leaves_the_folder),
        cmocka_unit_test(an_old_server_enabled_again_by_hand_is_an_overlap_from_that_instant),
        cmocka_unit_test(temporary_and_hidden_files_are_no_newest_file),
        cmocka_unit_test(two_servers_cannot_share_a_name_and_a_name_is_no_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
