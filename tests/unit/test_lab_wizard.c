#include "lab/wizard.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab/collect.h"
#include "lab/print.h"
#include "lab_fixture.h"

static bool
collector_says(struct lab *lab, struct server *s, const char *collector, const char *words)
{
    struct baton_err err;
    char *text;
    (void)lab;
    if (collect(s, collector, &text, &err) != BATON_OK)
        return false;
    bool says = strstr(text, words) != NULL;
    free(text);
    return says;
}

static void
exporting_settings_writes_a_file_and_says_so(void **state)
{
    (void)state;
    struct lab lab;
    char path[PATH_BYTES];
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    assert_false(place_newest(lab.old, SETTINGS_EXPORT, path, sizeof path));
    assert_true(lab_do(&lab, lab.old, "'op':'wizard','act':'export-settings'"));
    assert_true(place_newest(lab.old, SETTINGS_EXPORT, path, sizeof path));
    assert_int_equal(lab_count(&lab, "OLD", "path", path), 1);
    lab_close(&lab);
}

/* Two runs of one seed take different times on this machine and must not differ by that. */
static void
exported_settings_are_as_old_as_the_lab_says(void **state)
{
    (void)state;
    struct lab lab;
    char name[PATH_BYTES], path[2 * PATH_BYTES];
    struct stat st;
    lab_open(&lab, CONNECT, NO_PRODUCT);
    uint64_t began_ms = lab.world.wall_ms;
    assert_true(lab_do(&lab, lab.old, "'op':'wizard','act':'export-settings'"));
    assert_true(place_newest(lab.old, SETTINGS_EXPORT, name, sizeof name));
    assert_true(print_format(path, sizeof path, "%s/%s", lab.old->dir, name));
    assert_int_equal(stat(path, &st), 0);
    uint64_t written_ms =
        (uint64_t)st.st_mtim.tv_sec * 1000 + (uint64_t)st.st_mtim.tv_nsec / 1000000;
    assert_in_range(written_ms, began_ms, lab.world.wall_ms);
    lab_close(&lab);
}

static void
the_wizard_is_open_and_the_scheduler_suspended_while_an_act_lasts(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, CONNECT, NO_PRODUCT);
    lab_run(&lab, 250);
    lab_send(&lab, lab.old, "'op':'wizard','act':'export-settings','by':'CONTOSO\\\\anna'");
    lab_run(&lab, 100);
    assert_int_equal(process_count(lab.old, WIZARD_PROCESS), 1);
    assert_true(collector_says(&lab, lab.old, "scheduler", "\"SchedulerSuspended\": true"));
    lab_run(&lab, 400);
    assert_int_equal(process_count(lab.old, WIZARD_PROCESS), 0);
    assert_true(collector_says(&lab, lab.old, "scheduler", "\"SchedulerSuspended\": false"));
    lab_close(&lab);
}

static void
migrating_needs_a_settings_file(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    json_t *answer = lab_ask(&lab, lab.new, "'op':'wizard','act':'migrate'");
    assert_string_equal(json_string_value(json_object_get(answer, "status")), "BATON_NOT_FOUND");
    json_decref(answer);
    assert_int_equal(lab.new->disk.product.kind, NO_PRODUCT);
    lab_close(&lab);
}

static void
migrating_ends_in_staging_mode_by_both_sources(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_migrate(&lab);
    assert_true(collector_says(&lab, lab.new, "scheduler", "\"StagingModeEnabled\": true"));
    assert_true(collector_says(&lab, lab.new, "global",
                               "\"Microsoft.Synchronize.StagingMode\",\n  \"Value\": \"True\""));
    assert_true(collector_says(&lab, lab.new, "connectors", "b891884f"));
    assert_false(server_can_export(lab.new));
    lab_close(&lab);
}

static void
before_the_first_configuration_ends_staging_reads_off_and_nothing_can_export(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, NO_PRODUCT, NO_PRODUCT);
    lab_send(&lab, lab.new, "'op':'wizard','act':'install'");
    lab_run(&lab, 900);
    assert_int_equal(lab.new->disk.product.kind, CONNECT);
    assert_int_equal(lab.new->disk.service[0].state, SVC_RUNNING);
    assert_true(collector_says(&lab, lab.new, "scheduler", "\"StagingModeEnabled\": false"));
    assert_false(collector_says(&lab, lab.new, "connectors", "b891884f"));
    assert_false(server_can_export(lab.new));
    lab_run(&lab, 200);
    assert_true(collector_says(&lab, lab.new, "connectors", "b891884f"));
    lab_close(&lab);
}

static void
leaving_staging_mode_makes_the_server_export_soon(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, NO_PRODUCT, CONNECT);
    lab_run(&lab, 250);
    assert_true(lab_do(&lab, lab.new, "'op':'wizard','act':'staging-on'"));
    assert_false(server_can_export(lab.new));
    lab_run(&lab, 10000);
    size_t before = lab.world.tenant.export_count;
    assert_true(lab_do(&lab, lab.new, "'op':'wizard','act':'staging-off'"));
    assert_true(server_can_export(lab.new));
    assert_int_equal(lab.world.tenant.export_count, before);
    lab_run(&lab, 1000);
    assert_int_equal(lab.world.tenant.export_count, before + 1);
    lab_close(&lab);
}

static void
staging_is_turned_on_only_after_the_cycle_in_progress(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, NO_PRODUCT, CONNECT);
    while (!lab.new->cycle.running)
        lab_run(&lab, 5);
    assert_true(lab_do(&lab, lab.new, "'op':'wizard','act':'staging-on','start':false"));
    assert_false(lab.new->cycle.running);
    assert_int_equal(lab.world.tenant.export_count, 1);
    const struct runs *runs = &lab.new->disk.runs;
    assert_true(runs->item[runs->count - 1].end_ms <= lab.world.wall_ms);
    lab_close(&lab);
}

static void
a_late_click_in_a_wizard_opened_long_ago_works(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_migrate(&lab);
    assert_true(lab_do(&lab, lab.new, "'op':'wizard','act':'open','by':'CONTOSO\\\\carl'"));
    size_t runs = lab.new->disk.runs.count;
    lab_run(&lab, 600000);
    assert_true(lab.new->disk.runs.count <= runs + 4); /* an open wizard: no new cycles */
    assert_true(lab_do(&lab, lab.new, "'op':'wizard','act':'staging-off'"));
    assert_false(judge_ok(&lab.world.tenant.judge)); /* and OLD still exports */
    lab_close(&lab);
}

static void
a_wizard_can_be_left_open(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, CONNECT, NO_PRODUCT);
    lab_run(&lab, 250);
    assert_true(lab_do(&lab, lab.old, "'op':'fault','kind':'wizard-left-open','value':true"));
    assert_true(lab_do(&lab, lab.old, "'op':'wizard','act':'export-settings'"));
    lab_run(&lab, 60000);
    assert_int_equal(process_count(lab.old, WIZARD_PROCESS), 1);
    assert_true(lab_do(&lab, lab.old, "'op':'wizard','act':'close'"));
    assert_int_equal(process_count(lab.old, WIZARD_PROCESS), 0);
    lab_close(&lab);
}

static void
a_damaged_settings_file_is_refused(void **state)
{
    (void)state;
    struct lab lab;
    char path[PATH_BYTES];
    lab_open(&lab, NO_PRODUCT, NO_PRODUCT);
    assert_true(print_format(path, sizeof path, "%s/settings-import/x.dat", lab.new->dir));
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("BATONLAB-SETTINGS 1 server=OLD tenant=contoso bytes=4 sum=0000000000000000\nabcd", f);
    fclose(f);
    json_t *answer = lab_ask(&lab, lab.new, "'op':'wizard','act':'migrate'");
    assert_string_equal(json_string_value(json_object_get(answer, "status")), "BATON_MALFORMED");
    json_decref(answer);
    lab_close(&lab);
}

static void
an_install_cut_short_by_the_power_can_be_done_again(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, NO_PRODUCT, NO_PRODUCT);
    lab_send(&lab, lab.new, "'op':'wizard','act':'install'");
    lab_run(&lab, 800);
    assert_true(lab_do(&lab, lab.new, "'op':'power','act':'reboot'"));
    lab_run(&lab, 2000);
    assert_false(lab.new->disk.product.configured);
    assert_true(lab_do(&lab, lab.new, "'op':'wizard','act':'install'"));
    assert_true(lab.new->disk.product.configured);
    assert_true(lab.new->disk.product.staging);
    lab_close(&lab);
}

static void
the_automatic_operator_does_its_two_acts_and_no_more(void **state)
{
    (void)state;
    struct lab lab;
    char path[PATH_BYTES], from[PATH_BYTES], to[PATH_BYTES];
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    assert_true(lab_do(&lab, lab.old, "'op':'operator','auto':true"));
    assert_true(lab_do(&lab, lab.new, "'op':'operator','auto':true,'do':['migrate']"));
    lab_run(&lab, 3000);
    assert_true(place_newest(lab.old, SETTINGS_EXPORT, path, sizeof path));
    assert_int_equal(lab.new->disk.product.kind, NO_PRODUCT);
    assert_true(print_format(from, sizeof from, "%s/%s", lab.old->dir, path));
    assert_true(print_format(to, sizeof to, "%s/settings-import/s.dat", lab.new->dir));
    assert_int_equal(link(from, to), 0);
    lab_run(&lab, 30000);
    assert_true(lab.new->disk.product.configured);
    assert_true(lab.new->disk.product.staging);
    assert_false(place_newest(lab.new, SETTINGS_EXPORT, path, sizeof path));
    assert_false(lab_do(&lab, lab.new, "'op':'operator','auto':true,'do':['staging-off']"));
    lab_close(&lab);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exporting_settings_writes_a_file_and_says_so),
        cmocka_unit_test(exported_settings_are_as_old_as_the_lab_says),
        cmocka_unit_test(the_wizard_is_open_and_the_scheduler_suspended_while_an_act_lasts),
        cmocka_unit_test(migrating_needs_a_settings_file),
        cmocka_unit_test(migrating_ends_in_staging_mode_by_both_sources),
        cmocka_unit_test(
            before_the_first_configuration_ends_staging_reads_off_and_nothing_can_export),
        cmocka_unit_test(leaving_staging_mode_makes_the_server_export_soon),
        cmocka_unit_test(staging_is_turned_on_only_after_the_cycle_in_progress),
        cmocka_unit_test(a_late_click_in_a_wizard_opened_long_ago_works),
        cmocka_unit_test(a_wizard_can_be_left_open),
        cmocka_unit_test(a_damaged_settings_file_is_refused),
        cmocka_unit_test(an_install_cut_short_by_the_power_can_be_done_again),
        cmocka_unit_test(the_automatic_operator_does_its_two_acts_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
