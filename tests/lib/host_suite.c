#include "host_suite.h"

#ifdef _WIN32
#include <winsock2.h>
#define FD_OF(fd) ((SOCKET)(fd))
#else
#include <sys/select.h>
#define FD_OF(fd) (fd)
#endif

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "common/readers/config_pack.h"
#include "common/sha256.h"
#include "common/text.h"

enum { LIMIT_MS = 10000, PATIENCE_MS = 15000 };

/* --- asking --- */

static struct world *
setup(void **state)
{
    return *state;
}

static uint64_t
now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* By the one call that both systems have for their descriptors. */
static bool
readable(struct world *w, int wait_ms)
{
    fd_set set;
    struct timeval limit = {.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};
    int fd = w->port.fd(w->port.ctx);
    FD_ZERO(&set);
    FD_SET(FD_OF(fd), &set);
    return select(fd + 1, &set, NULL, NULL, &limit) > 0;
}

static uint32_t
submit(struct world *w, const struct host_request *r)
{
    uint32_t ticket = 0;
    struct baton_err err = {0};
    if (w->port.submit(w->port.ctx, r, &ticket, &err) != BATON_OK)
        fail_msg("%s: %s", host_op_name(r->op), err.text);
    assert_int_not_equal(ticket, 0);
    return ticket;
}

/* The completion of that ticket; others and notifications are let go. */
static struct host_completion
await(struct world *w, uint32_t ticket)
{
    static struct host_completion done;
    uint64_t until = now_ms() + PATIENCE_MS;
    while (now_ms() < until) {
        while (w->port.next(w->port.ctx, &done)) {
            if (done.ticket == ticket)
                return done;
            w->port.release(w->port.ctx, &done);
        }
        (void)readable(w, 100);
    }
    fail_msg("%s: no completion", w->name);
    return done;
}

static struct host_completion
ask(struct world *w, struct host_request r)
{
    if (r.limit_ms == 0)
        r.limit_ms = LIMIT_MS;
    return await(w, submit(w, &r));
}

static struct host_request
named(enum host_op op, const char *name)
{
    struct host_request r = {.op = op, .limit_ms = LIMIT_MS};
    text_copy(r.name, sizeof r.name, name);
    return r;
}

static struct host_service
service(struct world *w, const char *name)
{
    struct host_completion done = ask(w, (struct host_request){.op = HOST_SERVICES});
    assert_int_equal(done.status, BATON_OK);
    for (size_t i = 0; i < done.count; i++)
        if (strcmp(done.u.service[i].name, name) == 0)
            return done.u.service[i];
    fail_msg("no service %s", name);
    return (struct host_service){0};
}

static struct host_completion
await_notice(struct world *w, enum host_notice notice, const char *words)
{
    static struct host_completion done;
    uint64_t until = now_ms() + PATIENCE_MS;
    while (now_ms() < until) {
        while (w->port.next(w->port.ctx, &done)) {
            if (done.ticket == 0 && done.notice == notice && strstr(done.err.text, words) != NULL)
                return done;
            w->port.release(w->port.ctx, &done);
        }
        (void)readable(w, 100);
    }
    fail_msg("%s: no notification %d with '%s'", w->name, notice, words);
    return done;
}

#define ENGINE "FIMSynchronizationService"

/* --- the suite --- */

static void
services_tell_state_and_both_start_types(void **state)
{
    struct world *w = setup(state);
    struct host_service s = service(w, ENGINE);
    assert_int_equal(s.start, START_AUTO);
    assert_int_equal(s.start_registry, START_AUTO);
    assert_true(s.state == SVC_RUNNING || s.state == SVC_STARTING);
    assert_true(s.display[0] != '\0');
    assert_true(s.changed_unix_ms > 0);
}

static void
a_service_that_was_stopped_and_disabled_reads_back_so_and_starts_again(void **state)
{
    struct world *w = setup(state);
    assert_int_equal(ask(w, named(HOST_SERVICE_DISABLE, ENGINE)).status, BATON_OK);
    assert_int_equal(ask(w, named(HOST_SERVICE_STOP, ENGINE)).status, BATON_OK);
    struct host_service s = service(w, ENGINE);
    assert_int_equal(s.state, SVC_STOPPED);
    assert_int_equal(s.start, START_DISABLED);
    assert_int_equal(s.start_registry, START_DISABLED);
    assert_int_equal(ask(w, named(HOST_SERVICE_STOP, ENGINE)).status, BATON_OK); /* again */
    assert_int_equal(ask(w, named(HOST_SERVICE_ENABLE, ENGINE)).status, BATON_OK);
    s = service(w, ENGINE);
    assert_int_equal(s.state, SVC_RUNNING);
    assert_int_equal(s.start, START_AUTO);
}

static void
the_engine_process_goes_with_its_service(void **state)
{
    struct world *w = setup(state);
    assert_int_equal(ask(w, named(HOST_SERVICE_STOP, ENGINE)).status, BATON_OK);
    struct host_completion done = ask(w, (struct host_request){.op = HOST_PROCESSES});
    assert_int_equal(done.status, BATON_OK);
    for (size_t i = 0; i < done.count; i++)
        assert_int_not_equal(done.u.process[i].kind, PROCESS_ENGINE);
}

static void
what_does_not_exist_fails_with_a_sentence(void **state)
{
    struct world *w = setup(state);
    static const enum host_op ops[] = {HOST_SERVICE_STOP, HOST_SERVICE_DISABLE, HOST_SERVICE_ENABLE,
                                       HOST_TASK_DISABLE, HOST_TASK_ENABLE};
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
        struct host_completion done = ask(w, named(ops[i], "NoSuchThing"));
        assert_int_not_equal(done.status, BATON_OK);
        assert_int_equal(done.err.status, done.status);
        assert_true(strlen(done.err.text) > 5);
    }
    struct host_completion done =
        ask(w, (struct host_request){.op = HOST_COLLECT, .collector = COLLECT_SCHEDULER});
    assert_int_not_equal(done.status, BATON_OK); /* DirSync has no such cmdlet */
    assert_null(done.text);
}

static void
a_request_that_no_adapter_knows_is_refused_at_once(void **state)
{
    struct world *w = setup(state);
    uint32_t ticket;
    if (w->instant)
        return; /* the fake trusts its tests */
    struct host_request none = {.op = HOST_NONE}, beyond = {.op = HOST_OP_COUNT};
    assert_int_not_equal(w->port.submit(w->port.ctx, &none, &ticket, NULL), BATON_OK);
    assert_int_not_equal(w->port.submit(w->port.ctx, &beyond, &ticket, NULL), BATON_OK);
}

static void
one_change_at_a_time_and_questions_beside_it(void **state)
{
    struct world *w = setup(state);
    uint32_t ticket;
    struct host_request stop = named(HOST_SERVICE_STOP, ENGINE);
    struct host_request disable = named(HOST_SERVICE_DISABLE, ENGINE);
    /* asked once before: the first answer takes longest, and the stop must not be over before it */
    assert_int_equal(ask(w, (struct host_request){.op = HOST_TASKS}).status, BATON_OK);
    w->slow_stop(w);
    uint32_t stopping = submit(w, &stop);
    assert_int_equal(w->port.submit(w->port.ctx, &disable, &ticket, NULL), BATON_CONFLICT);
    if (w->instant)
        w->let_go(w);
    else
        assert_int_equal(ask(w, (struct host_request){.op = HOST_TASKS}).status, BATON_OK);
    assert_int_equal(await(w, stopping).status, BATON_OK);
    assert_int_equal(ask(w, disable).status, BATON_OK);
}

static void
more_than_the_limit_may_not_wait(void **state)
{
    struct world *w = setup(state);
    struct host_request r = {.op = HOST_TASKS, .limit_ms = LIMIT_MS};
    uint32_t ticket, last = 0;
    for (int i = 0; i < HOST_PENDING_MAX; i++)
        last = submit(w, &r);
    assert_int_equal(w->port.submit(w->port.ctx, &r, &ticket, NULL), BATON_LIMIT);
    assert_int_equal(await(w, last).status, BATON_OK);
    assert_int_equal(ask(w, r).status, BATON_OK);
}

static void
a_request_ends_when_its_time_is_over_and_its_late_answer_is_nothing(void **state)
{
    struct world *w = setup(state);
    if (w->instant)
        return; /* it knows no time */
    w->slow_stop(w);
    struct host_request stop = named(HOST_SERVICE_STOP, ENGINE);
    stop.limit_ms = 1000;
    uint64_t begin = now_ms();
    struct host_completion done = ask(w, stop);
    assert_int_equal(done.status, BATON_TIMEOUT);
    assert_true(now_ms() - begin < 2500);
    uint64_t until = now_ms() + PATIENCE_MS;
    while (service(w, ENGINE).state != SVC_STOPPED && now_ms() < until)
        (void)readable(w, 50);
    assert_int_equal(service(w, ENGINE).state, SVC_STOPPED);
}

static void
a_cancelled_request_ends_as_timed_out(void **state)
{
    struct world *w = setup(state);
    w->slow_stop(w);
    struct host_request stop = named(HOST_SERVICE_STOP, ENGINE);
    uint32_t ticket = submit(w, &stop);
    w->port.cancel(w->port.ctx, ticket);
    w->port.cancel(w->port.ctx, ticket + 1000); /* of nobody */
    assert_int_equal(await(w, ticket).status, BATON_TIMEOUT);
}

static void
a_file_is_put_down_whole_or_not_at_all(void **state)
{
    struct world *w = setup(state);
    static uint8_t bytes[HOST_READ_MAX + 1000];
    struct baton_hash hash;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 31 >> 3);
    sha256_of(bytes, sizeof bytes, &hash);
    struct host_request stat = {.op = HOST_FILE_STAT, .place = PLACE_SETTINGS_IMPORT};
    struct host_request write = {.op = HOST_FILE_WRITE,
                                 .place = PLACE_SETTINGS_IMPORT,
                                 .bytes = bytes,
                                 .len = HOST_READ_MAX};
    assert_int_equal(ask(w, write).status, BATON_OK);
    write.offset = HOST_READ_MAX;
    write.bytes = bytes + HOST_READ_MAX;
    write.len = 1000;
    assert_int_equal(ask(w, write).status, BATON_OK);
    assert_false(ask(w, stat).u.file.exists);
    struct host_request commit = {.op = HOST_FILE_COMMIT, .place = PLACE_SETTINGS_IMPORT};
    assert_int_equal(ask(w, commit).status, BATON_OK);
    struct host_completion done = ask(w, stat);
    assert_true(done.u.file.exists);
    assert_int_equal(done.u.file.bytes, sizeof bytes);
    struct host_request ask_hash = {.op = HOST_FILE_HASH, .place = PLACE_SETTINGS_IMPORT};
    done = ask(w, ask_hash);
    assert_true(baton_hash_eq(&done.u.file.hash, &hash));
    struct host_request read = {
        .op = HOST_FILE_READ, .place = PLACE_SETTINGS_IMPORT, .offset = HOST_READ_MAX};
    done = ask(w, read);
    assert_int_equal(done.text_len, 1000);
    assert_int_equal(done.u.file.bytes, sizeof bytes);
    assert_memory_equal(done.text, bytes + HOST_READ_MAX, 1000);
    w->port.release(w->port.ctx, &done);
    read.offset = sizeof bytes;
    done = ask(w, read);
    assert_int_equal(done.status, BATON_OK);
    assert_int_equal(done.text_len, 0);
    w->port.release(w->port.ctx, &done);
}

static void
a_new_beginning_forgets_an_older_attempt(void **state)
{
    struct world *w = setup(state);
    struct host_request write = {.op = HOST_FILE_WRITE,
                                 .place = PLACE_SETTINGS_IMPORT,
                                 .bytes = (const uint8_t *)"a longer text",
                                 .len = 13};
    assert_int_equal(ask(w, write).status, BATON_OK);
    write.bytes = (const uint8_t *)"short";
    write.len = 5;
    assert_int_equal(ask(w, write).status, BATON_OK);
    struct host_request commit = {.op = HOST_FILE_COMMIT, .place = PLACE_SETTINGS_IMPORT};
    assert_int_equal(ask(w, commit).status, BATON_OK);
    struct host_request stat = {.op = HOST_FILE_STAT, .place = PLACE_SETTINGS_IMPORT};
    assert_int_equal(ask(w, stat).u.file.bytes, 5);
}

static void
nothing_is_written_anywhere_else(void **state)
{
    struct world *w = setup(state);
    static const enum host_place places[] = {PLACE_SETTINGS_EXPORT, PLACE_PENDING_EXPORT,
                                             PLACE_CONFIGURATION};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        struct host_request write = {.op = HOST_FILE_WRITE,
                                     .place = (uint8_t)places[i],
                                     .bytes = (const uint8_t *)"x",
                                     .len = 1};
        assert_int_equal(ask(w, write).status, BATON_REFUSED);
    }
}

static void
the_configuration_lies_there_as_one_file_once_it_was_collected(void **state)
{
    struct world *w = setup(state);
    struct host_request collect = {.op = HOST_COLLECT, .collector = COLLECT_CONFIGURATION};
    struct host_request stat = {.op = HOST_FILE_STAT, .place = PLACE_CONFIGURATION};
    struct host_request read = {.op = HOST_FILE_READ, .place = PLACE_CONFIGURATION};
    struct host_completion done = ask(w, collect);
    assert_int_equal(done.status, BATON_OK);
    w->port.release(w->port.ctx, &done);
    done = ask(w, stat);
    assert_true(done.u.file.exists && done.u.file.bytes > CONFIG_PACK_MAGIC_BYTES);
    done = ask(w, read);
    assert_int_equal(done.status, BATON_OK);
    assert_memory_equal(done.text, config_pack_magic, CONFIG_PACK_MAGIC_BYTES);
    w->port.release(w->port.ctx, &done);
}

static void
a_file_that_is_not_there_is_a_fact_for_stat_and_an_error_for_the_others(void **state)
{
    struct world *w = setup(state);
    struct host_request r = {.op = HOST_FILE_STAT, .place = PLACE_SETTINGS_EXPORT};
    struct host_completion done = ask(w, r);
    assert_int_equal(done.status, BATON_OK);
    assert_false(done.u.file.exists);
    r.op = HOST_FILE_HASH;
    assert_int_equal(ask(w, r).status, BATON_NOT_FOUND);
    r.op = HOST_FILE_READ;
    assert_int_equal(ask(w, r).status, BATON_NOT_FOUND);
}

static void
product_machine_tasks_and_events_answer(void **state)
{
    struct world *w = setup(state);
    struct host_completion done = ask(w, (struct host_request){.op = HOST_PRODUCT});
    assert_int_equal(done.status, BATON_OK);
    assert_true(done.u.product.present);
    assert_int_equal(done.u.product.product, PRODUCT_DIRSYNC);
    assert_int_equal(done.u.product.version >> 48, 1);
    struct machine first = ask(w, (struct host_request){.op = HOST_MACHINE}).u.machine;
    struct machine again = ask(w, (struct host_request){.op = HOST_MACHINE}).u.machine;
    assert_memory_equal(&first, &again, sizeof first);
    assert_false(baton_id_is_zero(&first.boot) || baton_id_is_zero(&first.guid));
    done = ask(w, (struct host_request){.op = HOST_TASKS});
    assert_int_equal(done.status, BATON_OK);
    done = ask(w, (struct host_request){.op = HOST_EVENTS});
    if (w->no_events) {
        assert_true(done.status != BATON_OK && done.text == NULL);
        return;
    }
    assert_int_equal(done.status, BATON_OK);
    assert_true(done.text != NULL && done.text[0] == '[' && done.text[done.text_len] == '\0');
    w->port.release(w->port.ctx, &done);
    assert_null(done.text);
}

static void
a_collector_answers_with_its_text(void **state)
{
    struct world *w = setup(state);
    struct host_completion done =
        ask(w, (struct host_request){.op = HOST_COLLECT, .collector = (uint8_t)w->collector});
    if (done.status != BATON_OK)
        fail_msg("%s", done.err.text);
    assert_int_equal(done.collector, w->collector);
    assert_non_null(strstr(done.text, w->collector_says));
    assert_int_equal(strlen(done.text), done.text_len);
    w->port.release(w->port.ctx, &done);
}

static void
runs_text(struct world *w, struct host_completion *ret_done)
{
    *ret_done = ask(w, (struct host_request){.op = HOST_COLLECT, .collector = COLLECT_RUNS});
    assert_int_equal(ret_done->status, BATON_OK);
    assert_non_null(ret_done->text);
}

/* An adapter may keep what it has read, but never answers with what is no longer so. */
static void
a_history_that_grew_is_given_as_it_is_now(void **state)
{
    enum { LONG_BYTES = 16384 };
    struct world *w = setup(state);
    if (w->grow_history == NULL) /* it stands still */
        return;
    struct host_completion before, now;
    uint64_t until = now_ms() + PATIENCE_MS;
    runs_text(w, &before);
    for (size_t grown = 0; grown < 5 || before.text_len < LONG_BYTES;) {
        w->grow_history(w);
        runs_text(w, &now);
        assert_int_equal(strlen(now.text), now.text_len);
        grown += now.text_len > before.text_len;
        w->port.release(w->port.ctx, &before);
        before = now;
        runs_text(w, &now);
        w->port.release(w->port.ctx, &now);
        assert_true(now_ms() < until);
    }
    w->port.release(w->port.ctx, &before);
}

static void
a_hand_start_is_told_with_who_did_it(void **state)
{
    struct world *w = setup(state);
    assert_int_equal(ask(w, named(HOST_SERVICE_STOP, ENGINE)).status, BATON_OK);
    w->start_by_hand(w, "CONTOSO/bob via services.msc");
    (void)await_notice(w, NOTICE_SERVICE, w->tells_who ? "bob" : "running");
    assert_int_equal(service(w, ENGINE).state, SVC_RUNNING);
    if (w->tells_who)
        assert_non_null(strstr(service(w, ENGINE).changed_by, "bob"));
}

static bool
settings_exported(struct world *w)
{
    struct host_completion done =
        ask(w, (struct host_request){.op = HOST_FILE_STAT, .place = PLACE_SETTINGS_EXPORT});
    assert_int_equal(done.status, BATON_OK);
    return done.u.file.exists;
}

/* Nobody looks in between: a look would find it too. */
static void
settings_that_are_exported_are_told_as_they_appear(void **state)
{
    struct world *w = setup(state);
    assert_false(settings_exported(w));
    w->export_settings(w);
    (void)await_notice(w, NOTICE_FILE, "written");
    assert_true(settings_exported(w));
}

static void
a_broken_watch_is_told_and_the_port_works_again(void **state)
{
    struct world *w = setup(state);
    if (w->break_watch == NULL) /* a person cannot */
        return;
    w->break_watch(w);
    (void)await_notice(w, NOTICE_WATCH_BROKEN, "");
    struct host_request r = {.op = HOST_MACHINE, .limit_ms = 1000};
    uint64_t until = now_ms() + PATIENCE_MS;
    enum baton_status rc = BATON_FAILED;
    while (rc != BATON_OK && now_ms() < until)
        rc = ask(w, r).status;
    assert_int_equal(rc, BATON_OK);
}

static void
the_descriptor_is_readable_while_something_waits(void **state)
{
    struct world *w = setup(state);
    struct host_completion done;
    while (w->port.next(w->port.ctx, &done))
        w->port.release(w->port.ctx, &done);
    struct host_request r = {.op = HOST_TASKS, .limit_ms = LIMIT_MS};
    uint32_t ticket = submit(w, &r);
    assert_true(readable(w, PATIENCE_MS));
    assert_int_equal(await(w, ticket).status, BATON_OK);
}

static void
closing_with_requests_under_way_leaks_nothing(void **state)
{
    struct world *w = setup(state);
    struct host_request r = {.op = HOST_COLLECT, .collector = COLLECT_RUNS, .limit_ms = LIMIT_MS};
    w->slow_stop(w);
    for (int i = 0; i < 8; i++)
        (void)submit(w, &r);
    struct host_request write = {.op = HOST_FILE_WRITE,
                                 .place = PLACE_SETTINGS_IMPORT,
                                 .bytes = (const uint8_t *)"x",
                                 .len = 1,
                                 .limit_ms = LIMIT_MS};
    (void)submit(w, &write);
    w->port.close(w->port.ctx); /* the sanitizer counts */
    w->port.ctx = NULL;
}

static void
only_a_lab_is_one(void **state)
{
    struct world *w = setup(state);
    assert_int_equal(w->port.lab(w->port.ctx), w->is_lab);
}

static void
a_stop_is_told_once_and_the_time_of_it_stays(void **state)
{
    struct world *w = setup(state);
    assert_int_equal(ask(w, named(HOST_SERVICE_DISABLE, ENGINE)).status, BATON_OK);
    assert_int_equal(ask(w, named(HOST_SERVICE_STOP, ENGINE)).status, BATON_OK);
    uint64_t stopped = service(w, ENGINE).changed_unix_ms;
    assert_true(stopped > 0);
    assert_int_equal(service(w, ENGINE).changed_unix_ms, stopped);
    if (w->reopen == NULL)
        return;
    assert_true(w->reopen(w)); /* as after a restart of the agent */
    assert_int_equal(service(w, ENGINE).changed_unix_ms, stopped);
}

static int
open_world(void **state)
{
    struct world *w = *state;
    return w->open(w) ? 0 : -1;
}

static int
close_world(void **state)
{
    struct world *w = *state;
    w->close(w);
    w->port = (struct host_port){0};
    return 0;
}

int
host_suite_run(struct world *w)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(services_tell_state_and_both_start_types),
        cmocka_unit_test(a_service_that_was_stopped_and_disabled_reads_back_so_and_starts_again),
        cmocka_unit_test(the_engine_process_goes_with_its_service),
        cmocka_unit_test(what_does_not_exist_fails_with_a_sentence),
        cmocka_unit_test(a_request_that_no_adapter_knows_is_refused_at_once),
        cmocka_unit_test(one_change_at_a_time_and_questions_beside_it),
        cmocka_unit_test(more_than_the_limit_may_not_wait),
        cmocka_unit_test(a_request_ends_when_its_time_is_over_and_its_late_answer_is_nothing),
        cmocka_unit_test(a_cancelled_request_ends_as_timed_out),
        cmocka_unit_test(a_file_is_put_down_whole_or_not_at_all),
        cmocka_unit_test(a_new_beginning_forgets_an_older_attempt),
        cmocka_unit_test(nothing_is_written_anywhere_else),
        cmocka_unit_test(the_configuration_lies_there_as_one_file_once_it_was_collected),
        cmocka_unit_test(a_file_that_is_not_there_is_a_fact_for_stat_and_an_error_for_the_others),
        cmocka_unit_test(product_machine_tasks_and_events_answer),
        cmocka_unit_test(a_collector_answers_with_its_text),
        cmocka_unit_test(a_history_that_grew_is_given_as_it_is_now),
        cmocka_unit_test(a_hand_start_is_told_with_who_did_it),
        cmocka_unit_test(settings_that_are_exported_are_told_as_they_appear),
        cmocka_unit_test(a_broken_watch_is_told_and_the_port_works_again),
        cmocka_unit_test(the_descriptor_is_readable_while_something_waits),
        cmocka_unit_test(closing_with_requests_under_way_leaks_nothing),
        cmocka_unit_test(only_a_lab_is_one),
        cmocka_unit_test(a_stop_is_told_once_and_the_time_of_it_stays),
    };
    for (size_t i = 0; i < ARRAY_LEN(tests); i++) {
        tests[i].setup_func = open_world;
        tests[i].teardown_func = close_world;
        tests[i].initial_state = w;
    }
    print_message("host: %s\n", w->name);
    return cmocka_run_group_tests_name(w->name, tests, NULL, NULL);
}
