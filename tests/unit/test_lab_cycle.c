#include "lab/cycle.h"

#include <string.h>

#include "lab_fixture.h"

static json_t *
runs_of(struct server *s)
{
    return runs_json(&s->disk.runs, &s->disk.connectors);
}

static void
a_cycle_runs_import_sync_export_in_the_documented_order(void **state)
{
    (void)state;
    static const char *const order[][2] = {
        {"Active Directory Connector", "Delta Import"},
        {"Windows Azure Active Directory Connector", "Delta Import"},
        {"Active Directory Connector", "Delta Synchronization"},
        {"Windows Azure Active Directory Connector", "Delta Synchronization"},
        {"Windows Azure Active Directory Connector", "Export"},
        {"Active Directory Connector", "Export"}};
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_run(&lab, 2500); /* one cycle, the next has not begun */
    json_t *runs = runs_of(lab.old);
    assert_int_equal(json_array_size(runs), ARRAY_LEN(order));
    for (size_t i = 0; i < ARRAY_LEN(order); i++) { /* newest first */
        json_t *run = json_array_get(runs, ARRAY_LEN(order) - 1 - i);
        assert_string_equal(json_string_value(json_object_get(run, "ConnectorName")), order[i][0]);
        assert_string_equal(json_string_value(json_object_get(run, "RunProfileName")), order[i][1]);
        assert_string_equal(json_string_value(json_object_get(run, "Result")), "success");
    }
    json_decref(runs);
    lab_close(&lab);
}

static void
a_cycle_takes_half_a_second_at_60000_objects(void **state)
{
    (void)state;
    size_t count;
    const struct cycle_step *step = cycle_steps(&count);
    uint64_t small = 0, large = 0;
    for (size_t i = 0; i < count; i++) {
        small += cycle_step_ms(&step[i], 0);
        large += cycle_step_ms(&step[i], 60000);
    }
    assert_int_equal(small, 100);
    assert_int_equal(large, 500);
}

static void
every_export_is_recorded_once_with_its_counts(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_run(&lab, 10000);
    size_t runs = 0;
    for (size_t i = 0; i < lab.old->disk.runs.count; i++) {
        const struct run *run = &lab.old->disk.runs.item[i];
        bool entra = lab.old->disk.connectors.item[run->connector].entra;
        runs += run->profile == RUN_EXPORT && entra && run->end_ms != 0;
    }
    assert_in_range(runs, 3, 4);
    assert_int_equal(lab.world.tenant.export_count, runs);
    assert_int_equal(lab_count(&lab, NULL, "event", "export"), runs);
    assert_true(lab.world.tenant.export[0].counts.updates > 0);
    lab_close(&lab);
}

static void
a_staged_server_imports_and_syncs_but_never_exports(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_migrate(&lab);
    lab_run(&lab, 60000);
    assert_int_equal(lab_count(&lab, "NEW", "profile", "Export"), 0);
    assert_true(lab_count(&lab, "NEW", "profile", "Delta Import") > 20);
    for (size_t i = 0; i < lab.world.tenant.export_count; i++)
        assert_int_equal(lab.world.tenant.export[i].server, lab.old->index);
    assert_true(judge_ok(&lab.world.tenant.judge));
    lab_close(&lab);
}

static void
the_first_cycle_after_an_install_is_full(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_migrate(&lab);
    const struct runs *runs = &lab.new->disk.runs;
    assert_true(runs->count >= 4);
    assert_int_equal(runs->item[0].profile, RUN_FULL_IMPORT);
    assert_int_equal(runs->item[1].profile, RUN_FULL_IMPORT);
    assert_int_equal(runs->item[2].profile, RUN_FULL_SYNC);
    assert_int_equal(runs->item[3].profile, RUN_FULL_SYNC);
    assert_in_range(runs->item[3].end_ms - runs->item[0].begin_ms, 1000, 1500);
    lab_close(&lab);
}

static void
dirsync_cycles_only_while_both_services_run(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_run(&lab, 2500);
    assert_true(lab_do(&lab, lab.old, "'op':'service-stop','name':'MSOnlineSyncScheduler'"));
    size_t before = lab.old->disk.runs.count;
    lab_run(&lab, 10000);
    assert_int_equal(lab.old->disk.runs.count, before);
    assert_true(server_can_export(lab.old)); /* a hand run is still possible */
    assert_true(lab_do(&lab, lab.old, "'op':'console','act':'force-export'"));
    assert_int_equal(lab.old->disk.runs.count, before + 1);
    assert_true(lab_do(&lab, lab.old, "'op':'service-stop','name':'FIMSynchronizationService'"));
    assert_false(server_can_export(lab.old));
    assert_false(lab_do(&lab, lab.old, "'op':'console','act':'force-export'"));
    lab_close(&lab);
}

static void
azure_ad_sync_cycles_only_while_its_task_is_enabled(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, AADSYNC, NO_PRODUCT);
    lab_run(&lab, 2500);
    assert_true(lab_do(&lab, lab.old, "'op':'task-disable','name':'Azure AD Sync Scheduler'"));
    size_t before = lab.old->disk.runs.count;
    lab_run(&lab, 10000);
    assert_int_equal(lab.old->disk.runs.count, before);
    assert_true(lab_do(&lab, lab.old, "'op':'task-enable','name':'Azure AD Sync Scheduler'"));
    lab_run(&lab, 4000);
    assert_true(lab.old->disk.runs.count > before);
    lab_close(&lab);
}

static void
a_forced_export_in_staging_mode_is_recorded_as_forced(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_migrate(&lab);
    while (runs_current(&lab.new->disk.runs) != NULL || lab.new->cycle.running)
        lab_run(&lab, 10);
    assert_true(lab_do(&lab, lab.new, "'op':'console','act':'force-export','by':'CONTOSO\\\\bob'"));
    const struct tenant *t = &lab.world.tenant;
    const struct export_record *last = &t->export[t->export_count - 1];
    assert_int_equal(last->server, lab.new->index);
    assert_true(last->forced);
    assert_true(judge_ok(&t->judge));
    json_t *status = lab_ask(&lab, NULL, "'op':'status'");
    json_t *forced = json_object_get(json_object_get(status, "judge"), "forced");
    assert_int_equal(json_array_size(forced), 1);
    json_decref(status);
    lab_close(&lab);
}

static void
too_many_deletes_stop_the_export_and_nothing_is_exported(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_run(&lab, 2500);
    size_t before = lab.world.tenant.export_count;
    assert_true(lab_do(&lab, lab.old, "'op':'pending','deletes':501"));
    lab_run(&lab, 4000);
    assert_int_equal(lab.world.tenant.export_count, before);
    assert_true(lab_count(&lab, "OLD", "result", "stopped-deletion-threshold-exceeded") > 0);
    assert_int_equal(lab.old->disk.pending.deletes, 501);
    lab_close(&lab);
}

static void
a_disabled_account_cannot_export(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_run(&lab, 2500);
    assert_true(lab_do(&lab, NULL, "'op':'account','server':'OLD','act':'disable'"));
    assert_false(judge_able(&lab.world.tenant.judge, lab.old->index));
    size_t before = lab.world.tenant.export_count;
    lab_run(&lab, 10000);
    assert_int_equal(lab.world.tenant.export_count, before);
    assert_true(lab_count(&lab, "OLD", "result", "no-start-credentials") > 0);
    lab_close(&lab);
}

static void
an_initial_cycle_that_is_cut_short_is_done_again(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, CONNECT);
    lab_run(&lab, 100);
    cycle_plan_full(lab.new, 500);
    while (!lab.new->cycle.running_full)
        lab_run(&lab, 10);
    assert_true(lab_do(&lab, lab.new, "'op':'service-stop','name':'ADSync'"));
    assert_false(lab.new->cycle.running);
    assert_true(lab_do(&lab, lab.new, "'op':'service-enable','name':'ADSync'"));
    lab_run(&lab, 5000);
    assert_true(lab_count(&lab, "NEW", "profile", "Full Synchronization") >= 4);
    lab_close(&lab);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cycle_runs_import_sync_export_in_the_documented_order),
        cmocka_unit_test(a_cycle_takes_half_a_second_at_60000_objects),
        cmocka_unit_test(every_export_is_recorded_once_with_its_counts),
        cmocka_unit_test(a_staged_server_imports_and_syncs_but_never_exports),
        cmocka_unit_test(the_first_cycle_after_an_install_is_full),
        cmocka_unit_test(dirsync_cycles_only_while_both_services_run),
        cmocka_unit_test(azure_ad_sync_cycles_only_while_its_task_is_enabled),
        cmocka_unit_test(a_forced_export_in_staging_mode_is_recorded_as_forced),
        cmocka_unit_test(too_many_deletes_stop_the_export_and_nothing_is_exported),
        cmocka_unit_test(a_disabled_account_cannot_export),
        cmocka_unit_test(an_initial_cycle_that_is_cut_short_is_done_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
