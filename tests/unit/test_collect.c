#include "agent/collectors/collect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/sha256.h"
#include "common/text.h"
#include "host_fake.h"

#define ENTRA "b891884f-051e-4a83-95af-2544101c9083"
#define AD    "11111111-1111-1111-1111-111111111111"
#define RUN(connector, profile, result, begin, end)                                                \
    "{\"ConnectorId\":\"" connector "\",\"RunProfileName\":\"" profile                             \
    "\",\"IsRunComplete\":true,"                                                                   \
    "\"Result\":\"" result "\",\"StartDate\":\"\\/Date(" begin ")\\/\",\"EndDate\":\"\\/Date(" end \
    ")\\/\"}"
#define OPEN_RUN                                                                                   \
    "{\"ConnectorId\":\"" ENTRA "\",\"RunProfileName\":\"Export\",\"IsRunComplete\":false,"        \
    "\"Result\":\"in-progress\",\"StartDate\":\"\\/Date(9000)\\/\",\"EndDate\":null}"
#define EXPORTED "[" RUN(ENTRA, "Export", "success", "1000", "2000") "]"

struct bench {
    struct host_fake fake;
    struct host_port port;
    struct collect collect;
    struct facts facts;
    uint64_t now_ms, began_ms;
    struct prereq *prereq;
};

/* One check of the new side that a server can fail, one that it can leave unsaid, and one of a date. */
static const char prerequisites[] =
    "{\"title\":\"t\",\"checked\":\"2026-01-02\",\"checks\":["
    "{\"id\":\"PRE-A\",\"side\":\"new\",\"what\":\"w\",\"rules\":[{\"observe\":\"os.build\","
    "\"is\":20348}],\"otherwise\":\"block\",\"unknown\":\"block\",\"fix\":\"f\",\"source\":\"s\"},"
    "{\"id\":\"PRE-B\",\"side\":\"old\",\"what\":\"w\",\"rules\":[{\"observe\":\"x\",\"is\":1}],"
    "\"otherwise\":\"block\",\"unknown\":\"block\",\"fix\":\"f\",\"source\":\"s\"},"
    "{\"id\":\"PRE-C\",\"side\":\"new\",\"what\":\"w\",\"rules\":[{\"observe\":\"v\",\"in_"
    "support\":"
    "[{\"from\":\"1.0\",\"ends\":\"2025-12-01\"}]}],\"otherwise\":\"block\",\"unknown\":\"info\","
    "\"fix\":\"f\",\"source\":\"s\"}]}";

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
    assert_int_equal(prereq_open(&b.prereq, NULL), BATON_OK);
    assert_int_equal(prereq_add(b.prereq, "test", prerequisites, sizeof prerequisites - 1, NULL),
                     BATON_OK);
    *state = &b;
    return 0;
}

static int
teardown(void **state)
{
    struct bench *b = *state;
    collect_done(&b->collect);
    prereq_close(&b->prereq);
    host_fake_done(&b->fake);
    return 0;
}

static void
drain(struct bench *b)
{
    struct host_completion done;
    while (b->port.next(b->port.ctx, &done)) {
        if (done.ticket != 0)
            assert_true(collect_take(&b->collect, &done, b->now_ms));
        b->port.release(b->port.ctx, &done);
        collect_pump(&b->collect, &b->port, b->now_ms);
    }
}

static void
look(struct bench *b, bool whole)
{
    b->now_ms += 100;
    collect_begin(&b->collect, &(struct collect_round){.whole = whole,
                                                       .now_ms = b->now_ms,
                                                       .limit_ms = 1000,
                                                       .heavy_ms = 0,
                                                       .now_unix_ms = b->fake.now_unix_ms,
                                                       .prereq = b->prereq});
    collect_pump(&b->collect, &b->port, b->now_ms);
    drain(b);
    assert_true(collect_over(&b->collect));
    collect_facts(&b->collect, b->now_ms, b->fake.now_unix_ms, &b->facts, &b->began_ms);
}

static bool
is(const struct bench *b, enum fact_id id, int64_t value)
{
    return fact_is(&b->facts, id, value);
}

static bool
absent(const struct bench *b, enum fact_id id, enum fact_reason reason)
{
    return b->facts.fact[id].state == FACT_ABSENT && b->facts.fact[id].reason == reason;
}

static void
stop_services(struct bench *b)
{
    for (size_t i = 0; i < b->fake.service_count; i++) {
        struct host_service *s = &b->fake.service[i];
        s->state = SVC_STOPPED;
        s->start = s->start_registry = START_DISABLED;
        s->changed_unix_ms = 5000;
    }
    b->fake.process_count = 0;
}

static void
what_blocks_of_the_prerequisites_is_counted_by_what_was_observed(void **state)
{
    struct bench *b = *state;
    b->fake.text[COLLECT_PREREQUISITES] = "{\"os.build\":9600}";
    look(b, true);
    assert_true(is(b, FACT_PREREQ_FAILED, 1));
    b->fake.text[COLLECT_PREREQUISITES] = "{}"; /* nobody said it */
    look(b, true);
    assert_true(is(b, FACT_PREREQ_FAILED, 1));
    b->fake.text[COLLECT_PREREQUISITES] = "{\"os.build\":20348,\"v\":\"1.1\"}";
    b->fake.now_unix_ms = 1764000000000; /* 2025-11-24 */
    look(b, true);
    assert_true(is(b, FACT_PREREQ_FAILED, 0));
    b->fake.now_unix_ms = 1765000000000; /* 2025-12-06 */
    look(b, true);
    assert_true(is(b, FACT_PREREQ_FAILED, 1));
}

static void
prerequisites_that_cannot_be_judged_are_unknown_and_not_met(void **state)
{
    struct bench *b = *state;
    b->fake.text[COLLECT_PREREQUISITES] = "[{\"Name\":\"TLS 1.2\",\"Ok\":true},{}]";
    look(b, true);
    assert_true(absent(b, FACT_PREREQ_FAILED, ABSENT_ERROR));
    b->fake.text[COLLECT_PREREQUISITES] = "{\"os.build\":20348}";
    look(b, true);
    assert_true(is(b, FACT_PREREQ_FAILED, 0));
    prereq_close(&b->prereq); /* its files cannot be read */
    look(b, true);
    assert_true(absent(b, FACT_PREREQ_FAILED, ABSENT_ERROR));
}

static void
a_server_without_a_product_has_nothing_to_ask(void **state)
{
    struct bench *b = *state;
    look(b, true);
    assert_true(is(b, FACT_PRODUCT_PRESENT, 0));
    assert_true(is(b, FACT_SERVICES_PRESENT, 0));
    assert_true(is(b, FACT_ENGINE_GONE, 1));
    assert_true(is(b, FACT_PREREQ_FAILED, 0));
    assert_true(is(b, FACT_TASKS_DISABLED, 1));
    assert_true(absent(b, FACT_SERVICES_STOPPED, ABSENT_NO_PRODUCT));
    assert_true(absent(b, FACT_RUN_IN_PROGRESS, ABSENT_NO_PRODUCT));
    assert_true(absent(b, FACT_STAGING_SCHEDULER, ABSENT_NO_PRODUCT));
    assert_int_equal(b->fake.asked[HOST_COLLECT], 1);
}

static void
dirsync_has_no_staging_and_its_runs_count(void **state)
{
    struct bench *b = *state;
    host_fake_dirsync(&b->fake);
    strcpy(b->fake.product.entry, "Windows Azure Active Directory Sync tool");
    b->fake.text[COLLECT_RUNS] = EXPORTED;
    look(b, true);
    assert_string_equal(b->collect.product_entry, "Windows Azure Active Directory Sync tool");
    assert_true(is(b, FACT_PRODUCT_CLASS, PRODUCT_DIRSYNC));
    assert_true(is(b, FACT_SERVICES_PRESENT, 2));
    assert_true(is(b, FACT_SERVICES_STOPPED, 0));
    assert_true(is(b, FACT_EXPORTS_TOTAL, 1));
    assert_true(is(b, FACT_LAST_EXPORT_END, 2000));
    assert_true(is(b, FACT_LAST_EXPORT_OK, 1));
    assert_true(is(b, FACT_RUN_IN_PROGRESS, 0));
    assert_true(absent(b, FACT_STAGING_SCHEDULER, ABSENT_NOT_APPLICABLE));
    assert_true(absent(b, FACT_STAGING_SETTINGS, ABSENT_NOT_APPLICABLE));
    assert_true(absent(b, FACT_BLOCKED_CONFIG, ABSENT_NEEDS_WINDOWS));
    assert_true(b->facts.digest_known[DIGEST_RUNS]);
}

static void
a_round_that_waits_for_collectors_can_be_given_up_for_a_native_one(void **state)
{
    struct bench *b = *state;
    host_fake_connect(&b->fake);
    look(b, true);
    assert_true(fact_is(&b->facts, FACT_STAGING_SCHEDULER, 1));
    b->now_ms += 100;
    collect_begin(&b->collect, &(struct collect_round){.whole = true,
                                                       .now_ms = b->now_ms,
                                                       .limit_ms = 1000,
                                                       .now_unix_ms = b->fake.now_unix_ms,
                                                       .prereq = b->prereq});
    assert_false(collect_give_up(&b->collect, &b->port)); /* native calls are quick */
    collect_pump(&b->collect, &b->port, b->now_ms);
    b->fake.hold = true;
    for (struct host_completion done; b->port.next(b->port.ctx, &done);) {
        (void)collect_take(&b->collect, &done, b->now_ms);
        b->port.release(b->port.ctx, &done);
        collect_pump(&b->collect, &b->port, b->now_ms);
    }
    assert_false(collect_over(&b->collect));
    assert_true(collect_give_up(&b->collect, &b->port));
    b->fake.hold = false;
    for (struct host_completion done; b->port.next(b->port.ctx, &done);) {
        assert_false(collect_take(&b->collect, &done, b->now_ms)); /* nobody's any more */
        b->port.release(b->port.ctx, &done);
    }
    b->fake.service[0].state = SVC_STOPPED;
    look(b, false);
    assert_true(fact_is(&b->facts, FACT_SERVICES_STOPPED, 1));
    assert_true(fact_is(&b->facts, FACT_STAGING_SCHEDULER, 1)); /* not read, not lost */
}

static void
one_service_of_two_still_running_is_not_stopped(void **state)
{
    struct bench *b = *state;
    host_fake_dirsync(&b->fake);
    stop_services(b);
    b->fake.service[1].state = SVC_RUNNING;
    b->fake.service[1].start_registry = START_AUTO;
    look(b, false);
    assert_true(is(b, FACT_SERVICES_STOPPED, 0));
    assert_true(is(b, FACT_SERVICES_DISABLED, 1));
    assert_true(is(b, FACT_SERVICES_DISABLED_REGISTRY, 0));
    assert_true(is(b, FACT_STOPPED_AT, 5000));
}

static void
an_engine_of_any_name_says_when_it_stopped(void **state)
{
    struct bench *b = *state;
    host_fake_dirsync(&b->fake);
    stop_services(b);
    text_copy(b->fake.service[0].name, sizeof b->fake.service[0].name, "ContosoDirectory");
    look(b, false);
    assert_true(is(b, FACT_SERVICES_STOPPED, 1));
    assert_true(is(b, FACT_STOPPED_AT, 5000));
    b->fake.service[0].engine = false; /* only schedulers: nobody can say */
    look(b, false);
    assert_false(is(b, FACT_STOPPED_AT, 5000));
}

static void
an_unknown_state_of_one_service_never_counts_as_stopped(void **state)
{
    struct bench *b = *state;
    host_fake_dirsync(&b->fake);
    stop_services(b);
    b->fake.service[1].state = SVC_UNKNOWN;
    look(b, false);
    assert_false(is(b, FACT_SERVICES_STOPPED, 1));
    b->fake.service[1].state = SVC_STOPPED;
    b->fake.service[1].start = START_UNKNOWN;
    look(b, false);
    assert_true(is(b, FACT_SERVICES_STOPPED, 1));
    assert_false(is(b, FACT_SERVICES_DISABLED, 1));
}

static void
connect_in_staging_says_so_by_two_sources(void **state)
{
    struct bench *b = *state;
    host_fake_connect(&b->fake);
    look(b, true);
    assert_true(is(b, FACT_STAGING_SCHEDULER, 1));
    assert_true(is(b, FACT_STAGING_SETTINGS, 1));
    assert_true(is(b, FACT_CONNECTOR_READY, 1));
    assert_true(is(b, FACT_CYCLE_IN_PROGRESS, 0));
    assert_true(is(b, FACT_INTERVAL_MS, 1800000));
    assert_true(is(b, FACT_DELETE_GUARD, 500));
    assert_true(is(b, FACT_AUTO_UPGRADE, 2));
    assert_true(is(b, FACT_OBJECTS, 1000));
    assert_true(is(b, FACT_PENDING_ADDS, 3));
    assert_true(is(b, FACT_PENDING_DELETES, 1));
    assert_true(is(b, FACT_EXPORTS_TOTAL, 0));
    assert_true(is(b, FACT_LAST_RUN_END, 0));
    assert_true(absent(b, FACT_LAST_EXPORT_OK, ABSENT_NOT_APPLICABLE));
    assert_true(b->facts.digest_known[DIGEST_CONFIG] && b->facts.digest_known[DIGEST_RULES]);
}

#define ADMIN_ACTION(at, what)                                                                     \
    "{\"ProviderName\":\"Entra Connect Admin Actions\",\"Id\":2600,"                               \
    "\"TimeCreated\":\"\\/Date(" #at ")\\/\",\"Message\":\"" what "\"}"
#define REMOVED "DeleteEntraConnectorAccount: Sync_OLD1_ab12@contoso.onmicrosoft.com"

static void
the_removal_of_the_old_servers_account_is_found_by_its_name(void **state)
{
    struct bench *b = *state;
    host_fake_connect(&b->fake);
    b->fake.text[COLLECT_ADMIN_ACTIONS] = "[" ADMIN_ACTION(7000, REMOVED) "]";
    look(b, true);
    assert_false(fact_known(&b->facts, FACT_ACCOUNT_REMOVED)); /* nobody is watched */
    collect_watch_account(&b->collect, "old1");
    b->fake.text[COLLECT_ADMIN_ACTIONS] = "[" ADMIN_ACTION(
        9000, "EnableStagingMode by "
              "Sync_OLD1_ab12@contoso.onmicrosoft."
              "com") "," ADMIN_ACTION(8000, "DeleteEntraConnectorAccount: "
                                            "Sync_OLD10_ab12@contoso.onmicrosoft.com") "]";
    look(b, true);
    assert_true(is(b, FACT_ACCOUNT_REMOVED, 0)); /* of another server */
    b->fake.text[COLLECT_ADMIN_ACTIONS] = "[" ADMIN_ACTION(7000, REMOVED) "]";
    look(b, true);
    assert_true(is(b, FACT_ACCOUNT_REMOVED, 7000));
    b->fake.text[COLLECT_ADMIN_ACTIONS] = ""; /* the log has wrapped */
    look(b, true);
    assert_true(is(b, FACT_ACCOUNT_REMOVED, 7000));
    b->fake.text[COLLECT_ADMIN_ACTIONS] = NULL;
    look(b, true);
    assert_true(absent(b, FACT_ACCOUNT_REMOVED, ABSENT_ERROR));
}

static void
an_account_that_was_made_again_is_not_removed(void **state)
{
    struct bench *b = *state;
    host_fake_connect(&b->fake);
    collect_watch_account(&b->collect, "OLD1");
    b->fake.text[COLLECT_ADMIN_ACTIONS] =
        "[" ADMIN_ACTION(8000, "AddEntraConnectorAccount: "
                               "Sync_OLD1_cd34@contoso.onmicrosoft."
                               "com") "," ADMIN_ACTION(7000, REMOVED) "]";
    look(b, true);
    assert_true(is(b, FACT_ACCOUNT_REMOVED, 0));
    b->fake.text[COLLECT_ADMIN_ACTIONS] = "[" ADMIN_ACTION(9000, REMOVED) "," ADMIN_ACTION(
        8000, "AddEntraConnectorAccount: Sync_OLD1_cd34@contoso.onmicrosoft.com") "]";
    look(b, true);
    assert_true(is(b, FACT_ACCOUNT_REMOVED, 9000));
}

static void
what_was_seen_of_an_account_outlives_a_restart_and_no_other_host(void **state)
{
    struct bench *b = *state;
    uint8_t memory[COLLECT_MEMORY_BYTES];
    host_fake_connect(&b->fake);
    collect_watch_account(&b->collect, "OLD1");
    b->fake.text[COLLECT_ADMIN_ACTIONS] = "[" ADMIN_ACTION(7000, REMOVED) "]";
    look(b, true);
    size_t len = collect_remember(&b->collect, memory);
    collect_init(&b->collect, &digest);
    assert_int_equal(collect_recall(&b->collect, memory, len, 5000, 5000), BATON_OK);
    collect_watch_account(&b->collect, "OLD1");
    b->fake.text[COLLECT_ADMIN_ACTIONS] = "";
    look(b, true);
    assert_true(is(b, FACT_ACCOUNT_REMOVED, 7000));
    collect_watch_account(&b->collect, "OLD2");
    look(b, true);
    assert_true(is(b, FACT_ACCOUNT_REMOVED, 0));
}

static void
staging_is_not_off_before_the_first_configuration_has_ended(void **state)
{
    struct bench *b = *state;
    host_fake_connect(&b->fake);
    b->fake.text[COLLECT_CONNECTORS] = "";
    b->fake.text[COLLECT_SCHEDULER] = "{\"StagingModeEnabled\":false}";
    look(b, true);
    assert_true(is(b, FACT_CONNECTOR_READY, 0));
    assert_true(absent(b, FACT_STAGING_SCHEDULER, ABSENT_NOT_CONFIGURED));
    assert_true(absent(b, FACT_STAGING_SETTINGS, ABSENT_NOT_CONFIGURED));
}

static void
staging_is_not_off_when_a_round_was_given_up_before_it_asked_for_the_connectors(void **state)
{
    struct bench *b = *state;
    host_fake_connect(&b->fake);
    b->fake.text[COLLECT_SCHEDULER] = "{\"StagingModeEnabled\":false}";
    collect_begin(&b->collect, &(struct collect_round){.whole = true,
                                                       .now_ms = b->now_ms,
                                                       .limit_ms = 1000,
                                                       .now_unix_ms = b->fake.now_unix_ms,
                                                       .prereq = b->prereq});
    collect_pump(&b->collect, &b->port, b->now_ms);
    for (struct host_completion done; b->port.next(b->port.ctx, &done);) {
        if (done.op != HOST_COLLECT || done.collector != COLLECT_CONNECTORS)
            (void)collect_take(&b->collect, &done, b->now_ms);
        b->port.release(b->port.ctx, &done);
        collect_pump(&b->collect, &b->port, b->now_ms);
    }
    assert_true(fact_is(&b->collect.facts, FACT_STAGING_SCHEDULER, 0));
    assert_true(collect_give_up(&b->collect, &b->port));
    look(b, false);
    assert_int_equal(b->facts.fact[FACT_STAGING_SCHEDULER].state, FACT_UNKNOWN);
    assert_int_equal(b->facts.fact[FACT_STAGING_SETTINGS].state, FACT_UNKNOWN);
}

static void
staging_that_is_off_is_believed_where_the_connectors_cannot_be_read(void **state)
{
    struct bench *b = *state;
    host_fake_connect(&b->fake);
    b->fake.text[COLLECT_CONNECTORS] = NULL;
    b->fake.text[COLLECT_SCHEDULER] = "{\"StagingModeEnabled\":false}";
    look(b, true);
    assert_true(is(b, FACT_STAGING_SCHEDULER, 0));
    look(b, false);
    assert_true(is(b, FACT_STAGING_SCHEDULER, 0));
}

static void
an_open_wizard_holds_the_first_configuration_open_until_it_is_gone(void **state)
{
    struct bench *b = *state;
    host_fake_connect(&b->fake);
    host_fake_process(&b->fake, PROCESS_WIZARD, "CONTOSO\\anna");
    look(b, true);
    assert_true(is(b, FACT_CONNECTOR_READY, 0));
    assert_true(absent(b, FACT_STAGING_SCHEDULER, ABSENT_NOT_CONFIGURED));
    assert_non_null(strstr(b->facts.note, "anna"));
    b->fake.process_count--;
    look(b, true);
    assert_true(is(b, FACT_STAGING_SCHEDULER, 1));
    host_fake_process(&b->fake, PROCESS_WIZARD, "CONTOSO\\anna");
    look(b, true);
    assert_true(is(b, FACT_STAGING_SCHEDULER, 1)); /* a later wizard does not undo it */
}

static void
an_export_run_ends_the_first_configuration_whatever_else(void **state)
{
    struct bench *b = *state;
    host_fake_connect(&b->fake);
    host_fake_process(&b->fake, PROCESS_WIZARD, "CONTOSO\\anna");
    b->fake.text[COLLECT_SCHEDULER] = "{\"StagingModeEnabled\":false}";
    b->fake.text[COLLECT_RUNS] = EXPORTED;
    look(b, true);
    assert_true(is(b, FACT_STAGING_SCHEDULER, 0));
}

static void
a_busy_connector_is_a_run_in_progress_even_without_history(void **state)
{
    struct bench *b = *state;
    host_fake_connect(&b->fake);
    b->fake.text[COLLECT_RUN_STATUS] = "{\"RunState\":\"Busy\",\"ConnectorName\":\"contoso.com\"}";
    look(b, true);
    assert_true(is(b, FACT_RUN_IN_PROGRESS, 1));
    b->fake.text[COLLECT_RUN_STATUS] = NULL; /* unreadable: nobody knows */
    look(b, true);
    assert_true(absent(b, FACT_RUN_IN_PROGRESS, ABSENT_ERROR));
}

static void
what_cannot_be_read_becomes_absent_and_not_what_it_was(void **state)
{
    struct bench *b = *state;
    host_fake_connect(&b->fake);
    look(b, true);
    b->fake.text[COLLECT_SCHEDULER] = "Get-ADSyncScheduler : broken\n FullyQualifiedErrorId : x";
    b->fake.text[COLLECT_GLOBAL] = NULL;
    b->fake.text[COLLECT_CONFIGURATION] = NULL;
    look(b, true);
    assert_true(absent(b, FACT_STAGING_SCHEDULER, ABSENT_ERROR));
    assert_true(absent(b, FACT_STAGING_SETTINGS, ABSENT_ERROR));
    assert_false(b->facts.digest_known[DIGEST_CONFIG] || b->facts.digest_known[DIGEST_RULES]);
    b->fake.fail[HOST_SERVICES] = BATON_TIMEOUT;
    look(b, false);
    assert_true(absent(b, FACT_SERVICES_STOPPED, ABSENT_TIMEOUT));
}

static void
without_an_engine_the_last_history_stands_and_grows_older(void **state)
{
    struct bench *b = *state;
    host_fake_dirsync(&b->fake);
    b->fake.text[COLLECT_RUNS] =
        "[" OPEN_RUN "," RUN(ENTRA, "Export", "success", "1000", "2000") "]";
    look(b, true);
    assert_true(is(b, FACT_RUN_IN_PROGRESS, 1));
    stop_services(b);
    b->fake.text[COLLECT_RUNS] = NULL;
    look(b, true);
    look(b, true);
    assert_true(is(b, FACT_RUN_IN_PROGRESS, 0));
    assert_int_equal(b->facts.fact[FACT_RUN_IN_PROGRESS].age_ms, 0);
    assert_true(is(b, FACT_LAST_RUN_END, 2000));
    assert_int_equal(b->facts.fact[FACT_LAST_RUN_END].age_ms, 200);
    assert_true(is(b, FACT_EXPORTS_TOTAL, 2));
}

static void
another_stop_ends_what_an_old_history_could_say(void **state)
{
    struct bench *b = *state;
    host_fake_dirsync(&b->fake);
    b->fake.text[COLLECT_RUNS] = EXPORTED;
    look(b, true);
    stop_services(b);
    b->fake.text[COLLECT_RUNS] = NULL;
    look(b, true);
    assert_true(is(b, FACT_LAST_RUN_END, 2000));
    b->fake.service[0].changed_unix_ms = 9000; /* started and stopped again in between */
    look(b, true);
    assert_true(absent(b, FACT_EXPORTS_TOTAL, ABSENT_ERROR));
    assert_true(absent(b, FACT_LAST_EXPORT_END, ABSENT_ERROR));
}

static void
runs_that_nobody_could_read_ended_with_their_engine(void **state)
{
    struct bench *b = *state;
    host_fake_dirsync(&b->fake);
    b->fake.text[COLLECT_RUNS] = "[" OPEN_RUN "]";
    look(b, true);
    uint8_t running[COLLECT_MEMORY_BYTES];
    size_t len = collect_remember(&b->collect, running);
    stop_services(b);
    b->fake.text[COLLECT_RUNS] = NULL;
    collect_init(&b->collect, &digest); /* the server lost its power in the middle of that run */
    assert_int_equal(
        collect_recall(&b->collect, running, len, b->now_ms, b->fake.now_unix_ms + 60000),
        BATON_OK);
    look(b, true);
    assert_true(is(b, FACT_LAST_RUN_END, 5000) && is(b, FACT_STOPPED_AT, 5000));
    assert_true(is(b, FACT_RUN_IN_PROGRESS, 0));
    assert_true(absent(b, FACT_EXPORTS_TOTAL, ABSENT_ERROR)); /* how many, nobody can say */
    b->fake.service[0].changed_unix_ms = 0; /* nor when they ended, where no stop is known */
    look(b, true);
    assert_true(absent(b, FACT_LAST_RUN_END, ABSENT_ERROR));
}

/* An engine that is about to stop answers no more, and may be so for minutes. */
static void
a_history_that_failed_while_the_engine_stopped_stands_for_nothing(void **state)
{
    struct bench *b = *state;
    host_fake_dirsync(&b->fake);
    b->fake.text[COLLECT_RUNS] = EXPORTED;
    look(b, true);
    b->fake.text[COLLECT_RUNS] = NULL;
    look(b, true);
    assert_true(absent(b, FACT_LAST_RUN_END, ABSENT_ERROR));
    stop_services(b);
    for (int i = 0; i < 2; i++) {
        look(b, true);
        assert_true(is(b, FACT_LAST_RUN_END, 5000) && is(b, FACT_STOPPED_AT, 5000));
        assert_true(absent(b, FACT_EXPORTS_TOTAL, ABSENT_ERROR));
    }
}

static void
a_restart_remembers_the_history_of_the_same_stop_only(void **state)
{
    struct bench *b = *state;
    uint8_t running[COLLECT_MEMORY_BYTES], stopped[COLLECT_MEMORY_BYTES];
    host_fake_dirsync(&b->fake);
    b->fake.text[COLLECT_RUNS] = EXPORTED;
    look(b, true);
    size_t running_len = collect_remember(&b->collect, running);
    stop_services(b);
    look(b, true);
    size_t stopped_len = collect_remember(&b->collect, stopped);
    b->fake.text[COLLECT_RUNS] = NULL;

    collect_init(&b->collect, &digest);
    assert_int_equal(
        collect_recall(&b->collect, stopped, stopped_len, b->now_ms, b->fake.now_unix_ms + 60000),
        BATON_OK);
    look(b, true);
    assert_true(is(b, FACT_LAST_RUN_END, 2000));
    assert_int_equal(b->facts.fact[FACT_LAST_RUN_END].age_ms, 60100);

    collect_init(&b->collect, &digest);
    assert_int_equal(
        collect_recall(&b->collect, running, running_len, b->now_ms, b->fake.now_unix_ms),
        BATON_OK);
    look(b, true); /* it ran when last seen: nobody knows what it did since */
    assert_true(absent(b, FACT_EXPORTS_TOTAL, ABSENT_ERROR));

    collect_init(&b->collect, &digest);
    assert_int_equal(collect_recall(&b->collect, running, running_len - 1, 0, 0), BATON_MALFORMED);
}

static void
a_round_of_native_calls_makes_collectors_older_not_younger(void **state)
{
    struct bench *b = *state;
    host_fake_connect(&b->fake);
    look(b, true);
    uint64_t whole = b->began_ms;
    size_t collected = b->fake.asked[HOST_COLLECT];
    look(b, false);
    assert_int_equal(b->began_ms, whole);
    assert_int_equal(b->fake.asked[HOST_COLLECT], collected);
    assert_int_equal(b->facts.fact[FACT_STAGING_SCHEDULER].age_ms, 100);
    assert_int_equal(b->facts.fact[FACT_SERVICES_STOPPED].age_ms, 0);
}

static void
a_broken_watch_is_said_once(void **state)
{
    struct bench *b = *state;
    host_fake_connect(&b->fake);
    look(b, false);
    assert_true(is(b, FACT_SERVICE_WATCH, 1));
    collect_watch_broke(&b->collect);
    look(b, false);
    assert_true(is(b, FACT_SERVICE_WATCH, 0));
    look(b, false);
    assert_true(is(b, FACT_SERVICE_WATCH, 1));
}

static void
a_server_that_tells_of_no_changes_is_unwatched_as_long_as_it_does_not(void **state)
{
    struct bench *b = *state;
    host_fake_connect(&b->fake);
    b->fake.unwatched = "the service manager does not tell";
    for (int i = 0; i < 3; i++) {
        look(b, false);
        assert_true(is(b, FACT_SERVICE_WATCH, 0));
        assert_string_equal(b->facts.note, b->fake.unwatched);
    }
    b->fake.unwatched = NULL;
    look(b, false);
    assert_true(is(b, FACT_SERVICE_WATCH, 1));
    assert_string_equal(b->facts.note, "ADSync last changed by Service Control Manager");
}

static void
a_tool_that_nobody_announced_is_noticed(void **state)
{
    struct bench *b = *state;
    host_fake_connect(&b->fake);
    host_fake_process(&b->fake, PROCESS_CONSOLE, "CONTOSO\\bob");
    look(b, false);
    assert_false(b->collect.tool_started); /* there before we looked at all */
    b->fake.process_count--;
    host_fake_process(&b->fake, PROCESS_CONSOLE, "CONTOSO\\bob"); /* another of the same kind */
    look(b, false);
    assert_true(b->collect.tool_started);
    assert_true(is(b, FACT_CONSOLE_OPEN, 1));
    look(b, false);
    assert_false(b->collect.tool_started);
}

static void
the_pending_export_is_counted_from_the_document_once_per_change(void **state)
{
    struct bench *b = *state;
    static const char xml[] =
        "<cs-objects><cs-object><unapplied-export><delta operation=\"delete\"/>"
        "</unapplied-export></cs-object><cs-object><unapplied-export><delta operation=\"delete\"/>"
        "</unapplied-export></cs-object></cs-objects>";
    struct fake_file *f = &b->fake.file[PLACE_PENDING_EXPORT];
    host_fake_connect(&b->fake);
    b->fake.text[COLLECT_PENDING] = "{\"path\":\"pending-export.xml\"}";
    f->exists = true;
    f->len = sizeof xml - 1;
    memcpy(f->bytes, xml, f->len);
    look(b, true);
    assert_true(is(b, FACT_PENDING_DELETES, 2));
    assert_true(is(b, FACT_PENDING_ADDS, 0));
    assert_true(b->facts.digest_known[DIGEST_PENDING]);
    size_t read = b->fake.asked[HOST_FILE_READ];
    look(b, true);
    assert_int_equal(b->fake.asked[HOST_FILE_READ], read); /* nothing moved */
    b->fake.text[COLLECT_RUNS] = EXPORTED;
    look(b, true);
    assert_int_equal(b->fake.asked[HOST_FILE_READ], read + 1);
    f->len -= 5; /* cut: the statistics must do, and there is no digest */
    b->fake.text[COLLECT_RUNS] = "";
    look(b, true);
    assert_true(is(b, FACT_PENDING_ADDS, 3));
    assert_false(b->facts.digest_known[DIGEST_PENDING]);
}

/* At a pending export of these objects. */
static void
look_at_pending(struct bench *b, const char *objects)
{
    struct fake_file *f = &b->fake.file[PLACE_PENDING_EXPORT];
    f->exists = true;
    f->len = (size_t)sprintf((char *)f->bytes, "<cs-objects>%s</cs-objects>", objects);
    look(b, true);
}

static void
an_object_made_again_is_an_add_and_a_delete_and_what_is_unknown_is_no_count(void **state)
{
    struct bench *b = *state;
    static const char *const unknown[] = {
        "<cs-object><unapplied-export><delta operation=\"merge\"/></unapplied-export></cs-object>",
        "<cs-object><export-delta-operation>modify</export-delta-operation></cs-object>"};
    host_fake_connect(&b->fake);
    b->fake.text[COLLECT_PENDING] = "{\"path\":\"pending-export.xml\"}";
    look_at_pending(b, "<cs-object><unapplied-export><delta operation=\"delete-add\"/>"
                       "</unapplied-export></cs-object><cs-object><unapplied-export>"
                       "<delta operation=\"modify\"/></unapplied-export></cs-object>");
    assert_true(is(b, FACT_PENDING_ADDS, 1));
    assert_true(is(b, FACT_PENDING_UPDATES, 1));
    assert_true(is(b, FACT_PENDING_DELETES, 1));
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
        b->fake.text[COLLECT_RUNS] = i == 0 ? EXPORTED : "";
        look_at_pending(b, unknown[i]);
        assert_false(b->facts.digest_known[DIGEST_PENDING]);
    }
}

static void
a_document_larger_than_one_piece_is_read_to_its_end(void **state)
{
    struct bench *b = *state;
    struct fake_file *f = &b->fake.file[PLACE_PENDING_EXPORT];
    static const char object[] =
        "<cs-object><unapplied-export><delta operation=\"add\"/></unapplied-export></cs-object>";
    host_fake_connect(&b->fake);
    b->fake.text[COLLECT_PENDING] = "{}";
    f->exists = true;
    f->len = (size_t)sprintf((char *)f->bytes, "<cs-objects>");
    int64_t objects = 0;
    for (; f->len + sizeof object < FAKE_FILE_BYTES - 32; objects++)
        f->len += (size_t)sprintf((char *)f->bytes + f->len, "%s", object);
    f->len += (size_t)sprintf((char *)f->bytes + f->len, "</cs-objects>");
    look(b, true);
    assert_true(objects > 2000);
    assert_true(is(b, FACT_PENDING_ADDS, objects));
}

static void
a_changed_configuration_asks_for_the_four_operations_again(void **state)
{
    struct bench *b = *state;
    host_fake_connect(&b->fake);
    b->fake.text[COLLECT_RUNS] = "[" RUN(ENTRA, "Full Import", "success", "1000", "2000") "," RUN(
        ENTRA, "Full Synchronization", "success", "3000",
        "4000") "," RUN(AD, "Full Import", "success", "1000",
                        "2000") "," RUN(AD, "Full Synchronization", "success", "3000", "4000") "]";
    look(b, true);
    assert_true(is(b, FACT_FULL_IMPORT_AD, 1) && is(b, FACT_FULL_SYNC_AD, 1));
    assert_true(is(b, FACT_FULL_IMPORT_ENTRA, 1) && is(b, FACT_FULL_SYNC_ENTRA, 1));
    b->fake.text[COLLECT_CONFIGURATION] =
        "{\"config\":\"cc00000000000000000000000000000000000000000000000000000000000000\","
        "\"rules\":\"bb00000000000000000000000000000000000000000000000000000000000000\"}";
    look(b, true);
    assert_true(is(b, FACT_FULL_IMPORT_AD, 0) && is(b, FACT_FULL_SYNC_ENTRA, 0));
}

static void
the_exported_file_counts_when_two_rounds_took_one_hash(void **state)
{
    struct bench *b = *state;
    struct fake_file *f = &b->fake.file[PLACE_SETTINGS_EXPORT];
    host_fake_dirsync(&b->fake);
    look(b, true);
    assert_true(absent(b, FACT_SETTINGS_SEEN, ABSENT_NOT_APPLICABLE));
    assert_false(b->facts.digest_known[DIGEST_SETTINGS]);
    assert_false(collect_file_waits(&b->collect));
    f->exists = true;
    f->len = 3;
    f->written_unix_ms = 7000;
    look(b, false);
    assert_true(collect_file_waits(&b->collect)); /* seen, and not read by native calls */
    look(b, true);
    assert_true(collect_file_waits(&b->collect));
    assert_true(is(b, FACT_SETTINGS_SEEN, 7000) && is(b, FACT_SETTINGS_BYTES, 3));
    assert_false(b->facts.digest_known[DIGEST_SETTINGS]);
    look(b, true);
    assert_true(b->facts.digest_known[DIGEST_SETTINGS]);
    assert_false(collect_file_waits(&b->collect));
    look(b, true); /* settled: it is not read again */
    assert_int_equal(b->fake.asked[HOST_FILE_HASH], 2);
    f->written_unix_ms = 8000;
    look(b, true);
    assert_int_equal(b->fake.asked[HOST_FILE_HASH], 3);
    assert_false(b->facts.digest_known[DIGEST_SETTINGS]);
}

static void
sealed_and_placed_hold_for_the_very_file_alone(void **state)
{
    struct bench *b = *state;
    struct fake_file *out = &b->fake.file[PLACE_SETTINGS_EXPORT];
    struct fake_file *in = &b->fake.file[PLACE_SETTINGS_IMPORT];
    out->exists = in->exists = true;
    out->len = in->len = 4;
    memcpy(out->bytes, "abcd", 4);
    memcpy(in->bytes, "abcd", 4);
    b->collect.seal_known = true;
    sha256_of("abcd", 4, &b->collect.sealed_hash);
    look(b, true);
    assert_true(is(b, FACT_SETTINGS_SEALED, 1));
    assert_true(is(b, FACT_SETTINGS_PLACED, 0)); /* nobody asked to put anything down */
    b->collect.place_known = true;
    b->collect.placed_hash = b->collect.sealed_hash;
    look(b, true);
    assert_true(is(b, FACT_SETTINGS_PLACED, 1));
    out->bytes[0] = in->bytes[0] = 'x';
    out->written_unix_ms = in->written_unix_ms = 9;
    look(b, true);
    assert_true(is(b, FACT_SETTINGS_SEALED, 0) && is(b, FACT_SETTINGS_PLACED, 0));
    out->exists = false; /* with the product gone, what was sealed stays sealed */
    look(b, true);
    assert_true(is(b, FACT_SETTINGS_SEALED, 1));
}

static void
each_failing_request_is_survived_and_never_proves_a_fence(void **state)
{
    struct bench *b = *state;
    host_fake_dirsync(&b->fake);
    stop_services(b);
    for (int op = HOST_NONE + 1; op < HOST_OP_COUNT; op++) {
        b->fake.fail[op] = BATON_FAILED;
        collect_done(&b->collect);
        collect_init(&b->collect, &digest);
        look(b, true);
        bool proven = is(b, FACT_SERVICES_STOPPED, 1) && is(b, FACT_ENGINE_GONE, 1) &&
                      is(b, FACT_TASKS_DISABLED, 1) && fact_known(&b->facts, FACT_LAST_RUN_END) &&
                      fact_known(&b->facts, FACT_PRODUCT_CLASS);
        bool needed = op == HOST_SERVICES || op == HOST_TASKS || op == HOST_PROCESSES ||
                      op == HOST_PRODUCT || op == HOST_COLLECT;
        assert_int_equal(proven, !needed);
        b->fake.fail[op] = BATON_OK;
    }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_blocks_of_the_prerequisites_is_counted_by_what_was_observed),
        TEST(prerequisites_that_cannot_be_judged_are_unknown_and_not_met),
        TEST(a_server_without_a_product_has_nothing_to_ask),
        TEST(dirsync_has_no_staging_and_its_runs_count),
        TEST(a_round_that_waits_for_collectors_can_be_given_up_for_a_native_one),
        TEST(one_service_of_two_still_running_is_not_stopped),
        TEST(an_engine_of_any_name_says_when_it_stopped),
        TEST(an_unknown_state_of_one_service_never_counts_as_stopped),
        TEST(connect_in_staging_says_so_by_two_sources),
        TEST(the_removal_of_the_old_servers_account_is_found_by_its_name),
        TEST(an_account_that_was_made_again_is_not_removed),
        TEST(what_was_seen_of_an_account_outlives_a_restart_and_no_other_host),
        TEST(staging_is_not_off_before_the_first_configuration_has_ended),
        TEST(staging_is_not_off_when_a_round_was_given_up_before_it_asked_for_the_connectors),
        TEST(staging_that_is_off_is_believed_where_the_connectors_cannot_be_read),
        TEST(an_open_wizard_holds_the_first_configuration_open_until_it_is_gone),
        TEST(an_export_run_ends_the_first_configuration_whatever_else),
        TEST(a_busy_connector_is_a_run_in_progress_even_without_history),
        TEST(what_cannot_be_read_becomes_absent_and_not_what_it_was),
        TEST(without_an_engine_the_last_history_stands_and_grows_older),
        TEST(a_history_that_failed_while_the_engine_stopped_stands_for_nothing),
        TEST(another_stop_ends_what_an_old_history_could_say),
        TEST(runs_that_nobody_could_read_ended_with_their_engine),
        TEST(a_restart_remembers_the_history_of_the_same_stop_only),
        TEST(a_round_of_native_calls_makes_collectors_older_not_younger),
        TEST(a_broken_watch_is_said_once),
        TEST(a_server_that_tells_of_no_changes_is_unwatched_as_long_as_it_does_not),
        TEST(a_tool_that_nobody_announced_is_noticed),
        TEST(the_pending_export_is_counted_from_the_document_once_per_change),
        TEST(an_object_made_again_is_an_add_and_a_delete_and_what_is_unknown_is_no_count),
        TEST(a_document_larger_than_one_piece_is_read_to_its_end),
        TEST(a_changed_configuration_asks_for_the_four_operations_again),
        TEST(the_exported_file_counts_when_two_rounds_took_one_hash),
        TEST(sealed_and_placed_hold_for_the_very_file_alone),
        TEST(each_failing_request_is_survived_and_never_proves_a_fence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
