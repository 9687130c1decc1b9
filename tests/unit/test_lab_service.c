#include "lab/service.h"

#include <string.h>

#include "lab_fixture.h"

#define ENGINE "'name':'FIMSynchronizationService'"

static void
a_stop_is_answered_when_the_service_has_stopped(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_run(&lab, 250); /* running, no cycle yet */
    uint64_t from = lab.world.mono_ms;
    assert_true(lab_do(&lab, lab.old, "'op':'service-stop'," ENGINE));
    assert_int_equal(lab.world.mono_ms - from, 200);
    assert_int_equal(lab.old->disk.service[0].state, SVC_STOPPED);
    assert_int_equal(process_count(lab.old, ENGINE_PROCESS), 0);
    lab_close(&lab);
}

static void
a_run_in_progress_ends_before_its_engine_stops(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    while (runs_current(&lab.old->disk.runs) == NULL)
        lab_run(&lab, 10);
    assert_true(lab_do(&lab, lab.old, "'op':'service-stop'," ENGINE));
    const struct run *run = &lab.old->disk.runs.item[0];
    assert_int_equal(lab.old->disk.runs.count, 1); /* the rest of the cycle is dropped */
    assert_string_equal(run->result, "success");
    assert_true(run->end_ms + 200 == lab.old->disk.service[0].changed_ms);
    lab_close(&lab);
}

static void
a_stopping_engine_can_still_export(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_run(&lab, 250);
    assert_true(lab_do(&lab, lab.old, "'op':'fault','kind':'slow-stop','value':5000"));
    lab_send(&lab, lab.old, "'op':'service-stop'," ENGINE);
    lab_run(&lab, 5100);
    assert_true(judge_able(&lab.world.tenant.judge, lab.old->index));
    lab_run(&lab, 200);
    assert_false(judge_able(&lab.world.tenant.judge, lab.old->index));
    lab_close(&lab);
}

static void
two_who_ask_for_one_stop_are_both_answered(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_run(&lab, 250);
    lab_send(&lab, lab.old, "'op':'service-stop'," ENGINE);
    lab_send(&lab, lab.old, "'op':'service-stop'," ENGINE);
    lab_run(&lab, 300);
    assert_int_equal(json_array_size(lab.answers), 2);
    assert_true(lab_do(&lab, lab.old, "'op':'service-stop'," ENGINE)); /* stopped: at once */
    lab_close(&lab);
}

static void
disabling_leaves_the_service_running(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_run(&lab, 250);
    assert_true(lab_do(&lab, lab.old, "'op':'service-disable'," ENGINE));
    assert_int_equal(lab.old->disk.service[0].state, SVC_RUNNING);
    assert_int_equal(lab.old->disk.service[0].start, NEVER);
    lab_close(&lab);
}

static void
whoever_enables_a_service_by_hand_is_named(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_run(&lab, 250);
    assert_true(lab_do(&lab, lab.old, "'op':'service-stop'," ENGINE));
    assert_true(lab_do(&lab, lab.old, "'op':'service-disable'," ENGINE));
    assert_true(
        lab_do(&lab, lab.old, "'op':'re-enable','by':'CONTOSO\\\\bob via services.msc'," ENGINE));
    const struct service *svc = &lab.old->disk.service[0];
    assert_int_equal(svc->state, SVC_RUNNING);
    assert_int_equal(svc->start, AT_BOOT);
    assert_string_equal(svc->changed_by, "CONTOSO\\bob via services.msc");
    assert_true(lab_count(&lab, "OLD", "by", "CONTOSO\\bob via services.msc") >= 3);
    lab_close(&lab);
}

static void
a_service_stopped_while_it_starts_never_runs(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_run(&lab, 250);
    assert_true(lab_do(&lab, lab.old, "'op':'service-stop'," ENGINE));
    json_int_t start = lab_send(&lab, lab.old, "'op':'service-enable'," ENGINE);
    lab_run(&lab, 50);
    assert_true(lab_do(&lab, lab.old, "'op':'service-stop'," ENGINE));
    json_t *first = json_array_get(lab.answers, 0);
    assert_int_equal(json_integer_value(json_object_get(first, "id")), start);
    assert_true(json_is_false(json_object_get(first, "ok")));
    lab_run(&lab, 1000);
    assert_int_equal(lab.old->disk.service[0].state, SVC_STOPPED);
    lab_close(&lab);
}

static void
an_unknown_service_is_named_in_the_refusal(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    json_t *answer = lab_ask(&lab, lab.old, "'op':'service-stop','name':'Spooler'");
    assert_true(json_is_false(json_object_get(answer, "ok")));
    assert_non_null(strstr(json_string_value(json_object_get(answer, "error")), "Spooler"));
    json_decref(answer);
    lab_close(&lab);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_is_answered_when_the_service_has_stopped),
        cmocka_unit_test(a_run_in_progress_ends_before_its_engine_stops),
        cmocka_unit_test(a_stopping_engine_can_still_export),
        cmocka_unit_test(two_who_ask_for_one_stop_are_both_answered),
        cmocka_unit_test(disabling_leaves_the_service_running),
        cmocka_unit_test(whoever_enables_a_service_by_hand_is_named),
        cmocka_unit_test(a_service_stopped_while_it_starts_never_runs),
        cmocka_unit_test(an_unknown_service_is_named_in_the_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
