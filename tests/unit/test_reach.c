#include "agent/reach.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/sha256.h"
#include "host_fake.h"

enum { DRAIN_MS = 10000, LIMIT_MS = 1000 };

struct bench {
    struct host_fake fake;
    struct host_port port;
    struct collect collect;
    struct reach reach;
    uint64_t now_ms;
};

static void
sha(void *ctx, const void *bytes, size_t len, struct baton_hash *ret_hash)
{
    (void)ctx;
    sha256_of(bytes, len, ret_hash);
}

static const struct digest_port digest = {.sha256 = sha};

static int
setup(void **state)
{
    static struct bench b;
    memset(&b, 0, sizeof b);
    host_fake_open(&b.fake);
    b.port = host_fake_port(&b.fake);
    b.now_ms = 1000;
    collect_init(&b.collect, &digest);
    *state = &b;
    return 0;
}

static int
teardown(void **state)
{
    struct bench *b = *state;
    collect_done(&b->collect);
    host_fake_done(&b->fake);
    return 0;
}

static void
look(struct bench *b)
{
    struct host_completion done;
    struct facts facts;
    uint64_t began;
    b->now_ms += 10;
    collect_begin(&b->collect, &(struct collect_round){
                                   .whole = true, .now_ms = b->now_ms, .limit_ms = LIMIT_MS});
    collect_pump(&b->collect, &b->port, b->now_ms);
    while (b->port.next(b->port.ctx, &done)) {
        (void)collect_take(&b->collect, &done, b->now_ms);
        b->port.release(b->port.ctx, &done);
        collect_pump(&b->collect, &b->port, b->now_ms);
    }
    assert_true(collect_over(&b->collect));
    collect_facts(&b->collect, b->now_ms, b->fake.now_unix_ms, &facts, &began);
}

static enum reach_answer
step(struct bench *b, enum desire desire, struct host_request *ret)
{
    struct reach_view view = {
        .collect = &b->collect, .now_ms = b->now_ms, .drain_ms = DRAIN_MS, .limit_ms = LIMIT_MS};
    return reach_step(&b->reach, desire, &view, ret);
}

/* Carries out what reach asks for until it asks no more; the fake keeps the list. */
static enum reach_answer
reach(struct bench *b, enum desire desire)
{
    struct host_request request;
    enum reach_answer answer;
    for (int i = 0; i < 40; i++) {
        look(b);
        answer = step(b, desire, &request);
        if (answer == REACH_BLIND) {
            b->now_ms += 100;
            continue;
        }
        if (answer != REACH_ACTS)
            return answer;
        uint32_t ticket;
        struct host_completion done;
        assert_int_equal(b->port.submit(b->port.ctx, &request, &ticket, NULL), BATON_OK);
        assert_true(b->port.next(b->port.ctx, &done));
        reach_ended(&b->reach, done.status == BATON_OK, b->now_ms);
        b->now_ms += REACH_RETRY_MS / 2;
    }
    return REACH_ACTS;
}

static void
assert_did(const struct bench *b, size_t at, enum host_op op, const char *name)
{
    assert_true(at < b->fake.mutation_count);
    assert_int_equal(b->fake.mutation[at].op, op);
    assert_string_equal(b->fake.mutation[at].name, name);
}

static void
dirsync_is_disabled_and_then_stopped_the_scheduler_first(void **state)
{
    struct bench *b = *state;
    host_fake_dirsync(&b->fake);
    assert_int_equal(reach(b, DESIRE_STOPPED), REACH_MET);
    assert_int_equal(b->fake.mutation_count, 4);
    assert_did(b, 0, HOST_SERVICE_DISABLE, "MSOnlineSyncScheduler");
    assert_did(b, 1, HOST_SERVICE_DISABLE, "FIMSynchronizationService");
    assert_did(b, 2, HOST_SERVICE_STOP, "MSOnlineSyncScheduler");
    assert_did(b, 3, HOST_SERVICE_STOP, "FIMSynchronizationService");
}

static void
the_guard_stops_the_engine_before_it_looks_at_the_scheduler(void **state)
{
    struct bench *b = *state;
    host_fake_dirsync(&b->fake);
    assert_int_equal(reach(b, DESIRE_STOPPED_NOW), REACH_MET);
    assert_did(b, 0, HOST_SERVICE_DISABLE, "FIMSynchronizationService");
    assert_did(b, 1, HOST_SERVICE_STOP, "FIMSynchronizationService");
    assert_int_equal(b->fake.mutation_count, 4);
}

static void
scheduled_tasks_are_disabled_too(void **state)
{
    struct bench *b = *state;
    host_fake_dirsync(&b->fake);
    b->fake.task[0] = (struct host_task){.name = "Azure AD Sync Scheduler", .enabled = true};
    b->fake.task_count = 1;
    assert_int_equal(reach(b, DESIRE_STOPPED), REACH_MET);
    assert_did(b, 0, HOST_TASK_DISABLE, "Azure AD Sync Scheduler");
    assert_false(b->fake.task[0].enabled);
    assert_int_equal(reach(b, DESIRE_RUNNING), REACH_MET);
    assert_true(b->fake.task[0].enabled);
}

static void
a_run_in_progress_is_waited_for(void **state)
{
    struct bench *b = *state;
    host_fake_dirsync(&b->fake);
    b->fake.text[COLLECT_RUNS] =
        "{\"ConnectorId\":\"b891884f-051e-4a83-95af-2544101c9083\",\"RunProfileName\":\"Export\","
        "\"IsRunComplete\":false,\"Result\":\"in-progress\",\"StartDate\":\"\\/Date(9000)\\/\"}";
    assert_int_equal(reach(b, DESIRE_STOPPED), REACH_DRAINS);
    assert_int_equal(b->fake.asked[HOST_SERVICE_STOP], 0);
    assert_int_equal(b->fake.asked[HOST_SERVICE_DISABLE], 2); /* nothing new may start meanwhile */
    b->fake.text[COLLECT_RUNS] = "";
    assert_int_equal(reach(b, DESIRE_STOPPED), REACH_MET);
}

static void
the_wait_for_a_run_has_an_end(void **state)
{
    struct bench *b = *state;
    host_fake_dirsync(&b->fake);
    b->fake.text[COLLECT_RUNS] = NULL; /* nobody knows: as if it ran */
    assert_int_equal(reach(b, DESIRE_STOPPED), REACH_DRAINS);
    b->now_ms += DRAIN_MS;
    assert_int_equal(reach(b, DESIRE_STOPPED), REACH_MET);
}

static void
the_guard_does_not_wait_for_a_run(void **state)
{
    struct bench *b = *state;
    host_fake_dirsync(&b->fake);
    b->fake.text[COLLECT_RUNS] = NULL;
    assert_int_equal(reach(b, DESIRE_STOPPED_NOW), REACH_MET);
}

static void
an_idle_look_from_before_the_wish_does_not_end_the_wait(void **state)
{
    struct bench *b = *state;
    struct host_request request;
    host_fake_dirsync(&b->fake);
    for (size_t i = 0; i < b->fake.service_count; i++)
        b->fake.service[i].start = b->fake.service[i].start_registry = START_DISABLED;
    look(b);
    b->now_ms += 500;
    assert_int_equal(step(b, DESIRE_STOPPED, &request), REACH_DRAINS);
    look(b);
    assert_int_equal(step(b, DESIRE_STOPPED, &request), REACH_ACTS);
}

static void
a_fenced_server_that_is_started_again_is_stopped_again(void **state)
{
    struct bench *b = *state;
    host_fake_dirsync(&b->fake);
    assert_int_equal(reach(b, DESIRE_STOPPED), REACH_MET);
    b->fake.service[0].state = SVC_RUNNING;
    b->fake.service[0].start = b->fake.service[0].start_registry = START_MANUAL;
    assert_int_equal(reach(b, DESIRE_STOPPED), REACH_MET);
    assert_int_equal(b->fake.service[0].state, SVC_STOPPED);
    assert_int_equal(b->fake.service[0].start, START_DISABLED);
}

static void
a_granted_server_runs_with_both_services(void **state)
{
    struct bench *b = *state;
    host_fake_dirsync(&b->fake);
    assert_int_equal(reach(b, DESIRE_STOPPED), REACH_MET);
    b->fake.mutation_count = 0;
    assert_int_equal(reach(b, DESIRE_RUNNING), REACH_MET);
    assert_int_equal(b->fake.mutation_count, 2);
    assert_did(b, 0, HOST_SERVICE_ENABLE, "FIMSynchronizationService");
    assert_did(b, 1, HOST_SERVICE_ENABLE, "MSOnlineSyncScheduler");
}

static void
a_failing_step_is_tried_again_and_others_wait(void **state)
{
    struct bench *b = *state;
    host_fake_dirsync(&b->fake);
    b->fake.fail[HOST_SERVICE_DISABLE] = BATON_FAILED;
    assert_int_equal(reach(b, DESIRE_STOPPED), REACH_ACTS);
    assert_true(b->fake.asked[HOST_SERVICE_DISABLE] > 3);
    assert_true(b->fake.asked[HOST_SERVICE_DISABLE] < 40); /* not at every look */
    b->fake.fail[HOST_SERVICE_DISABLE] = BATON_OK;
    assert_int_equal(reach(b, DESIRE_STOPPED), REACH_MET);
}

static void
nothing_is_done_on_an_observation_from_before_the_last_step(void **state)
{
    struct bench *b = *state;
    struct host_request request;
    host_fake_dirsync(&b->fake);
    look(b);
    assert_int_equal(step(b, DESIRE_STOPPED_NOW, &request), REACH_ACTS);
    b->now_ms += 5;
    reach_ended(&b->reach, true, b->now_ms);
    assert_int_equal(step(b, DESIRE_STOPPED_NOW, &request), REACH_BLIND);
}

static void
without_a_wish_nothing_is_touched(void **state)
{
    struct bench *b = *state;
    host_fake_dirsync(&b->fake);
    assert_int_equal(reach(b, DESIRE_AS_IS), REACH_IDLE);
    assert_int_equal(b->fake.mutation_count, 0);
}

static void
a_server_without_services_is_stopped_already(void **state)
{
    struct bench *b = *state;
    assert_int_equal(reach(b, DESIRE_STOPPED), REACH_MET);
    assert_int_equal(b->fake.mutation_count, 0);
}

static void
services_do_not_wait_for_a_task_scheduler_that_fails(void **state)
{
    struct bench *b = *state;
    struct host_request request;
    host_fake_dirsync(&b->fake);
    b->fake.task[0] = (struct host_task){.name = "Azure AD Sync Scheduler", .enabled = true};
    b->fake.task_count = 1;
    b->fake.fail[HOST_TASK_DISABLE] = BATON_TIMEOUT;
    assert_int_equal(reach(b, DESIRE_STOPPED), REACH_ACTS); /* the task is tried again for ever */
    assert_did(b, 0, HOST_TASK_DISABLE, "Azure AD Sync Scheduler");
    assert_did(b, 1, HOST_SERVICE_DISABLE, "MSOnlineSyncScheduler");
    assert_did(b, 2, HOST_SERVICE_DISABLE, "FIMSynchronizationService");
    assert_did(b, 3, HOST_SERVICE_STOP, "MSOnlineSyncScheduler");
    assert_did(b, 4, HOST_SERVICE_STOP, "FIMSynchronizationService");
    assert_did(b, 5, HOST_TASK_DISABLE, "Azure AD Sync Scheduler");
    b->fake.fail[HOST_TASK_DISABLE] = BATON_OK;
    assert_int_equal(reach(b, DESIRE_STOPPED), REACH_MET);
    look(b);
    assert_int_equal(step(b, DESIRE_STOPPED, &request), REACH_MET);
    assert_false(b->reach.task_failed);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(dirsync_is_disabled_and_then_stopped_the_scheduler_first),
        TEST(the_guard_stops_the_engine_before_it_looks_at_the_scheduler),
        TEST(scheduled_tasks_are_disabled_too),
        TEST(a_run_in_progress_is_waited_for),
        TEST(the_wait_for_a_run_has_an_end),
        TEST(the_guard_does_not_wait_for_a_run),
        TEST(an_idle_look_from_before_the_wish_does_not_end_the_wait),
        TEST(a_fenced_server_that_is_started_again_is_stopped_again),
        TEST(a_granted_server_runs_with_both_services),
        TEST(a_failing_step_is_tried_again_and_others_wait),
        TEST(services_do_not_wait_for_a_task_scheduler_that_fails),
        TEST(nothing_is_done_on_an_observation_from_before_the_last_step),
        TEST(without_a_wish_nothing_is_touched),
        TEST(a_server_without_services_is_stopped_already),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
