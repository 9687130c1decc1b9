#include "lab/collect.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/config.h"
#include "lab/config_content.h"
#include "lab/folder.h"
#include "lab/print.h"
#include "lab_fixture.h"

static enum baton_status
collected(struct server *s, const char *collector, json_t **ret)
{
    struct baton_err err;
    char *text;
    *ret = NULL;
    enum baton_status rc = collect(s, collector, &text, &err);
    if (rc != BATON_OK)
        return rc;
    *ret = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_true(*ret != NULL || text[0] == '\0');
    free(text);
    return rc;
}

static void
the_scheduler_has_its_eleven_properties_and_no_other(void **state)
{
    (void)state;
    static const char *const names[] = {"AllowedSyncCycleInterval",
                                        "CurrentlyEffectiveSyncCycleInterval",
                                        "CustomizedSyncCycleInterval",
                                        "NextSyncCyclePolicyType",
                                        "NextSyncCycleStartTimeInUTC",
                                        "PurgeRunHistoryInterval",
                                        "SyncCycleEnabled",
                                        "MaintenanceEnabled",
                                        "StagingModeEnabled",
                                        "SchedulerSuspended",
                                        "SyncCycleInProgress"};
    struct lab lab;
    json_t *json;
    lab_open(&lab, NO_PRODUCT, CONNECT);
    assert_int_equal(collected(lab.new, "scheduler", &json), BATON_OK);
    assert_int_equal(json_object_size(json), ARRAY_LEN(names));
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_non_null(json_object_get(json, names[i]));
    json_t *interval = json_object_get(json, "CurrentlyEffectiveSyncCycleInterval");
    assert_int_equal(json_integer_value(json_object_get(interval, "Ticks")), 2000 * 10000);
    json_decref(json);
    lab_close(&lab);
}

static void
a_product_has_only_the_cmdlets_that_it_really_has(void **state)
{
    (void)state;
    static const struct {
        const char *collector;
        bool dirsync, aadsync, connect, nothing;
    } rows[] = {
        {"scheduler", false, false, true, false},
        {"global", false, true, true, false},
        {"connectors", true, true, true, false},
        {"run-status", true, true, true, false},
        {"runs", true, true, true, false},
        {"statistics", true, true, true, false},
        {"auto-upgrade", false, false, true, false},
        {"configuration", true, true, true, false},
        {"pending", true, true, true, false},
        {"prerequisites", true, true, true, true},
        {"admin-actions", false, false, true, false},
    };
    struct lab first, second;
    lab_open(&first, DIRSYNC, AADSYNC);
    lab_open(&second, CONNECT, NO_PRODUCT);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct server *const server[] = {first.old, first.new, second.old, second.new};
        const bool has[] = {rows[i].dirsync, rows[i].aadsync, rows[i].connect, rows[i].nothing};
        for (size_t j = 0; j < ARRAY_LEN(server); j++) {
            json_t *json;
            enum baton_status rc = collected(server[j], rows[i].collector, &json);
            assert_int_equal(rc, has[j] ? BATON_OK : BATON_NOT_FOUND);
            json_decref(json);
        }
    }
    lab_close(&first);
    lab_close(&second);
}

static void
run_status_is_empty_unless_a_run_is_in_progress(void **state)
{
    (void)state;
    struct lab lab;
    json_t *json;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    assert_int_equal(collected(lab.old, "run-status", &json), BATON_OK);
    assert_null(json);
    while (runs_current(&lab.old->disk.runs) == NULL)
        lab_run(&lab, 10);
    assert_int_equal(collected(lab.old, "run-status", &json), BATON_OK);
    assert_string_equal(json_string_value(json_object_get(json, "RunState")), "Busy");
    json_decref(json);
    lab_close(&lab);
}

static const char *
setting(json_t *list, const char *name)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i,
                       item) if (strcmp(json_string_value(json_object_get(item, "Name")), name) ==
                                 0) return json_string_value(json_object_get(item, "Value"));
    return NULL;
}

static void
the_settings_follow_the_product(void **state)
{
    (void)state;
    struct lab lab;
    json_t *json;
    lab_open(&lab, NO_PRODUCT, CONNECT);
    lab_run(&lab, 250);
    assert_true(lab_do(&lab, lab.new, "'op':'wizard','act':'staging-on'"));
    assert_int_equal(collected(lab.new, "global", &json), BATON_OK);
    assert_true(json_array_size(json) > 30);
    assert_string_equal(setting(json, "Microsoft.Synchronize.StagingMode"), "True");
    assert_string_equal(setting(json, "Microsoft.Synchronize.ServerConfigurationVersion"),
                        "2.6.92.0");
    assert_string_equal(setting(json, "Microsoft.OptionalFeature.ExportDeletionThresholdValue"),
                        "500");
    assert_string_equal(setting(json, "Microsoft.SynchronizationOption.CustomAttribute"), "");
    json_decref(json);
    lab_close(&lab);
}

static bool
file_says(const struct server *s, const char *name, const char *words)
{
    char path[PATH_BYTES], bytes[16384];
    assert_true(print_format(path, sizeof path, "%s/%s", s->dir, name));
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t len = fread(bytes, 1, sizeof bytes - 1, f);
    bytes[len] = '\0';
    fclose(f);
    return strstr(bytes, words) != NULL;
}

static void
collecting_the_configuration_brings_its_file_up_to_date(void **state)
{
    (void)state;
    static const char on[] = "Microsoft.Synchronize.StagingMode\" type=\"string\" "
                             "use=\"SynchronizationGlobal\" dataType=\"String\">True<";
    struct lab lab;
    json_t *json;
    lab_open(&lab, NO_PRODUCT, CONNECT);
    lab_run(&lab, 250);
    assert_true(lab_do(&lab, lab.new, "'op':'wizard','act':'staging-on'"));
    assert_false(file_says(lab.new, "configuration/GlobalSettings/MV.xml", on));
    assert_int_equal(collected(lab.new, "configuration", &json), BATON_OK);
    assert_string_equal(json_string_value(json_object_get(json, "path")), "configuration");
    json_decref(json);
    assert_true(file_says(lab.new, "configuration/GlobalSettings/MV.xml", on));
    assert_true(file_says(lab.new, "configuration/GlobalSettings/MV.xml", "</saved-mv-conf"));
    lab_close(&lab);
}

static void
a_dirsync_server_is_exported_as_its_engine_does(void **state)
{
    (void)state;
    struct lab lab;
    json_t *json;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    assert_int_equal(lab.old->disk.connectors.count, 2);
    assert_int_equal(collected(lab.old, "configuration", &json), BATON_OK);
    json_decref(json);
    assert_true(file_says(lab.old, "configuration/MV.XML",
                          "<saved-mv-configuration server='OLD' export-date='"));
    assert_true(file_says(lab.old, "configuration/MV.XML",
                          "<src-attribute>objectGUID</src-attribute>\r\n"));
    assert_false(folder_has(lab.old->dir, "configuration/Connectors"));
    lab_close(&lab);
}

static void
an_installation_can_take_over_another_configuration(void **state)
{
    (void)state;
    struct lab lab;
    char from[PATH_BYTES];
    json_t *json;
    lab_open(&lab, CONNECT, NO_PRODUCT);
    assert_true(print_format(from, sizeof from, "%s/configuration", lab.old->dir));
    lab.new->config_from = from;
    assert_true(lab_do(&lab, lab.new, "'op':'wizard','act':'install'"));
    assert_int_equal(lab.new->disk.connectors.count, 2);
    for (size_t i = 0; i < 2; i++)
        assert_true(
            strcmp(lab.new->disk.connectors.item[i].id, lab.old->disk.connectors.item[0].id) == 0 ||
            strcmp(lab.new->disk.connectors.item[i].id, lab.old->disk.connectors.item[1].id) == 0);
    assert_int_equal(collected(lab.new, "global", &json), BATON_OK);
    assert_string_equal(setting(json, "Microsoft.Synchronize.StagingMode"), "True");
    json_decref(json);
    lab_close(&lab);
}

static void
a_configuration_without_an_entra_connector_fails_the_installation(void **state)
{
    (void)state;
    struct lab lab;
    char from[PATH_BYTES], path[PATH_BYTES];
    lab_open(&lab, CONNECT, NO_PRODUCT);
    assert_true(print_format(from, sizeof from, "%s/configuration", lab.old->dir));
    assert_true(print_format(path, sizeof path, "%s/Connectors/Connector_{%s}.xml", from,
                             ENTRA_CONNECTOR_ID));
    assert_int_equal(unlink(path), 0);
    lab.new->config_from = from;
    json_t *answer = lab_ask(&lab, lab.new, "'op':'wizard','act':'install'");
    assert_string_equal(json_string_value(json_object_get(answer, "status")), "BATON_MALFORMED");
    json_decref(answer);
    assert_false(lab.new->disk.product.configured);
    assert_int_equal(process_count(lab.new, WIZARD_PROCESS), 0);
    lab_close(&lab);
}

static void
pending_exports_are_a_file_of_the_counted_objects(void **state)
{
    (void)state;
    struct lab lab;
    json_t *json;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_migrate(&lab);
    assert_true(lab_do(&lab, lab.new, "'op':'pending','adds':2,'updates':1,'deletes':3"));
    assert_int_equal(collected(lab.new, "statistics", &json), BATON_OK);
    assert_int_equal(json_integer_value(json_object_get(json, "ExportAdds")), 2);
    assert_int_equal(json_integer_value(json_object_get(json, "ExportDeletes")), 3);
    assert_int_equal(json_integer_value(json_object_get(json, "TotalConnectors")),
                     (json_int_t)lab.world.tenant.objects);
    json_decref(json);
    assert_int_equal(collected(lab.new, "pending", &json), BATON_OK);
    json_decref(json);
    assert_true(file_says(lab.new, "pending-export.xml", "<cs-objects>"));
    assert_true(file_says(lab.new, "pending-export.xml", "operation=\"delete\""));
    lab_close(&lab);
}

static void
faults_make_collectors_fail(void **state)
{
    (void)state;
    struct lab lab;
    json_t *json;
    lab_open(&lab, NO_PRODUCT, CONNECT);
    assert_true(lab_do(&lab, lab.new, "'op':'fault','kind':'collector-error','value':'runs'"));
    assert_int_equal(collected(lab.new, "runs", &json), BATON_FAILED);
    assert_int_equal(collected(lab.new, "scheduler", &json), BATON_OK);
    json_decref(json);
    assert_true(lab_do(&lab, lab.new, "'op':'fault','kind':'collector-error'"));
    assert_int_equal(collected(lab.new, "scheduler", &json), BATON_FAILED);
    assert_true(lab_do(&lab, lab.new, "'op':'fault','kind':'collector-error','value':'off'"));
    assert_true(lab_do(&lab, lab.new, "'op':'fault','kind':'engine-required'"));
    assert_int_equal(collected(lab.new, "scheduler", &json), BATON_FAILED); /* not started yet */
    lab_run(&lab, 300);
    assert_int_equal(collected(lab.new, "scheduler", &json), BATON_OK);
    json_decref(json);
    lab_close(&lab);
}

static void
run_errors_appear_in_the_history_until_they_are_turned_off(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    assert_true(lab_do(&lab, lab.old, "'op':'fault','kind':'run-error'"));
    assert_true(lab_do(&lab, lab.old, "'op':'fault','kind':'import-error'"));
    lab_run(&lab, 2500);
    assert_int_equal(lab_count(&lab, "OLD", "result", "completed-export-errors"), 1);
    assert_int_equal(lab_count(&lab, "OLD", "result", "stopped-connectivity"), 1);
    assert_int_equal(lab.world.tenant.export_count, 1); /* some objects did get out */
    assert_true(lab_do(&lab, lab.old, "'op':'fault','kind':'run-error','value':'stopped-server'"));
    assert_true(lab_do(&lab, lab.old, "'op':'fault','kind':'import-error','value':'off'"));
    lab_run(&lab, 3000);
    assert_int_equal(lab_count(&lab, "OLD", "result", "stopped-server"), 1);
    assert_int_equal(lab_count(&lab, "OLD", "result", "stopped-connectivity"), 1);
    assert_int_equal(lab.world.tenant.export_count, 1);
    lab_close(&lab);
}

static void
history_is_current(struct server *s)
{
    struct baton_err err;
    char *text, *anew = print_powershell(runs_json(&s->disk.runs, &s->disk.connectors));
    assert_int_equal(collect(s, "runs", &text, &err), BATON_OK);
    assert_string_equal(text, anew);
    free(text);
    free(anew);
}

/* The history is printed once for each change: no run's beginning or end, and no other life of the
 * server, may be missed. */
static void
the_history_is_always_that_of_now(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    for (int i = 0; i < 300; i++) {
        lab_run(&lab, 10);
        history_is_current(lab.old);
    }
    while (runs_current(&lab.old->disk.runs) == NULL)
        lab_run(&lab, 10);
    assert_true(lab_do(&lab, lab.old, "'op':'snapshot'"));
    assert_true(lab_do(&lab, lab.old, "'op':'power','act':'off'"));
    history_is_current(lab.old);
    lab_run(&lab, 20); /* the same run ends once more, at another time */
    assert_true(lab_do(&lab, lab.old, "'op':'revert','generation':true"));
    history_is_current(lab.old);
    lab_close(&lab);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_scheduler_has_its_eleven_properties_and_no_other),
        cmocka_unit_test(a_product_has_only_the_cmdlets_that_it_really_has),
        cmocka_unit_test(run_status_is_empty_unless_a_run_is_in_progress),
        cmocka_unit_test(the_settings_follow_the_product),
        cmocka_unit_test(collecting_the_configuration_brings_its_file_up_to_date),
        cmocka_unit_test(a_dirsync_server_is_exported_as_its_engine_does),
        cmocka_unit_test(an_installation_can_take_over_another_configuration),
        cmocka_unit_test(a_configuration_without_an_entra_connector_fails_the_installation),
        cmocka_unit_test(pending_exports_are_a_file_of_the_counted_objects),
        cmocka_unit_test(faults_make_collectors_fail),
        cmocka_unit_test(run_errors_appear_in_the_history_until_they_are_turned_off),
        cmocka_unit_test(the_history_is_always_that_of_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
