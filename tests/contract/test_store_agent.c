#include "agent/adapters/store_agent.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#define OK(call)                                                                                   \
    do {                                                                                           \
        struct baton_err err_ = {0};                                                               \
        err = &err_;                                                                               \
        if ((call) != BATON_OK)                                                                    \
            fail_msg("%s: %s", #call, err_.text);                                                  \
        err = NULL;                                                                                \
    } while (0)

static struct baton_err *err; /* of the call that OK is making */

struct bench {
    char dir[64];
    struct agent_store *store;
};

static int
setup(void **state)
{
    static struct bench b;
    b = (struct bench){.dir = "/tmp/baton-store-XXXXXX"};
    if (mkdtemp(b.dir) == NULL || agent_store_create(b.dir, NULL) != BATON_OK ||
        agent_store_open(b.dir, &b.store, NULL) != BATON_OK)
        return -1;
    *state = &b;
    return 0;
}

static const char *
path_of(const struct bench *b, const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", b->dir, name);
    return path;
}

static int
teardown(void **state)
{
    struct bench *b = *state;
    static const char *const names[] = {"agent.db",         "agent.db-journal",
                                        "tombstone",        "tombstone.part",
                                        "agent.db.damaged", "agent.db-journal.damaged"};
    agent_store_close(&b->store);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (remove(path_of(b, names[i])) != 0)
            (void)rmdir(path_of(b, names[i]));
    return rmdir(b->dir);
}

static void
reopen(struct bench *b)
{
    agent_store_close(&b->store);
    OK(agent_store_open(b->dir, &b->store, err));
}

static struct promise
promise_of(uint64_t counter, bool tombstone)
{
    struct promise p = {
        .counter = counter, .tombstone = tombstone, .epoch.counter = counter, .exports_mark = -1};
    p.self.b[0] = 7;
    p.tenant.b[0] = 9;
    p.recipient.b[0] = (uint8_t)counter;
    return p;
}

static void
keep(struct bench *b, const struct promise *p)
{
    OK(agent_store_begin(b->store, err));
    OK(agent_store_put_promise(b->store, p, err));
    OK(agent_store_commit(b->store, err));
}

static struct second_copy
copy_of(const struct bench *b)
{
    struct second_copy copy;
    OK(agent_store_second_copy(b->dir, &copy, err));
    return copy;
}

static struct said
said_of(uint8_t tag, bool answers)
{
    static uint8_t bytes[256][4];
    bytes[tag][0] = tag;
    struct said s = {.answers = answers, .statement = {.bytes = bytes[tag], .len = 4}};
    s.hash.b[0] = tag;
    s.statement.sig.b[0] = tag;
    if (answers) {
        s.order.b[0] = 1;
        s.order_hash.b[0] = 2;
    }
    return s;
}

static void
say(struct bench *b, uint8_t tag, bool answers)
{
    struct said s = said_of(tag, answers);
    OK(agent_store_begin(b->store, err));
    OK(agent_store_say(b->store, &s, err));
    OK(agent_store_commit(b->store, err));
}

struct tags {
    size_t count;
    uint8_t tag[512];
};

static bool
collect_tag(void *arg, const struct said *said)
{
    struct tags *t = arg;
    t->tag[t->count++] = said->statement.bytes[0];
    return true;
}

static struct tags
unheard(struct bench *b)
{
    struct tags t = {0};
    OK(agent_store_unheard(b->store, collect_tag, &t, err));
    return t;
}

static void
a_new_memory_is_empty_private_and_never_made_twice(void **state)
{
    struct bench *b = *state;
    struct promise p;
    struct stat st;
    assert_int_equal(agent_store_promise(b->store, &p, NULL), BATON_NOT_FOUND);
    assert_int_equal(unheard(b).count, 0);
    assert_int_equal(agent_store_create(b->dir, NULL), BATON_CONFLICT);
    assert_int_equal(stat(path_of(b, "agent.db"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void
what_was_committed_is_there_after_reopening(void **state)
{
    struct bench *b = *state;
    struct promise p = promise_of(5, false), back;
    struct baton_id order = {{1}};
    struct baton_hash hash = {{2}}, kept;
    uint8_t *bytes;
    size_t len;
    OK(agent_store_begin(b->store, err));
    OK(agent_store_put_promise(b->store, &p, err));
    OK(agent_store_put(b->store, "plan", "abc", 3, err));
    assert_int_equal(agent_store_take_order(b->store, &order, &hash, NULL), BATON_NOT_FOUND);
    OK(agent_store_commit(b->store, err));
    say(b, 3, true);
    reopen(b);
    OK(agent_store_promise(b->store, &back, err));
    assert_int_equal(back.counter, 5);
    OK(agent_store_get(b->store, "plan", &bytes, &len, err));
    assert_int_equal(len, 3);
    assert_memory_equal(bytes, "abc", 3);
    free(bytes);
    OK(agent_store_order_hash(b->store, &order, &kept, err));
    assert_true(baton_hash_eq(&kept, &hash));
    struct said said;
    OK(agent_store_answer(b->store, &order, &said, &bytes, err));
    assert_int_equal(said.statement.bytes[0], 3);
    assert_true(said.answers && baton_hash_eq(&said.order_hash, &hash));
    free(bytes);
    assert_int_equal(agent_store_get(b->store, "trust", &bytes, &len, NULL), BATON_NOT_FOUND);
}

static void
what_was_not_committed_is_gone(void **state)
{
    struct bench *b = *state;
    struct promise p = promise_of(1, false), back;
    keep(b, &p);
    p.counter = 2;
    OK(agent_store_begin(b->store, err));
    OK(agent_store_put_promise(b->store, &p, err));
    agent_store_rollback(b->store);
    reopen(b);
    OK(agent_store_promise(b->store, &back, err));
    assert_int_equal(back.counter, 1);
}

static void
the_counter_never_falls(void **state)
{
    struct bench *b = *state;
    struct promise p = promise_of(9, false);
    keep(b, &p);
    p.counter = 8;
    OK(agent_store_begin(b->store, err));
    assert_int_not_equal(agent_store_put_promise(b->store, &p, NULL), BATON_OK);
    agent_store_rollback(b->store);
}

static void
a_second_agent_cannot_open_it(void **state)
{
    struct bench *b = *state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct agent_store *other = NULL;
        _exit(agent_store_open(b->dir, &other, NULL) == BATON_CONFLICT ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
an_order_is_taken_once_and_never_under_another_hash(void **state)
{
    struct bench *b = *state;
    struct baton_id order = {{1}};
    struct baton_hash hash = {{1}}, other = {{2}};
    OK(agent_store_begin(b->store, err));
    assert_int_equal(agent_store_take_order(b->store, &order, &hash, NULL), BATON_NOT_FOUND);
    assert_int_equal(agent_store_take_order(b->store, &order, &hash, NULL), BATON_OK);
    assert_int_equal(agent_store_take_order(b->store, &order, &other, NULL), BATON_CONFLICT);
    OK(agent_store_commit(b->store, err));
    reopen(b);
    OK(agent_store_begin(b->store, err));
    assert_int_equal(agent_store_take_order(b->store, &order, &other, NULL), BATON_CONFLICT);
    agent_store_rollback(b->store);
}

static void
a_word_that_was_heard_is_not_said_again(void **state)
{
    struct bench *b = *state;
    say(b, 1, false);
    say(b, 2, true);
    say(b, 3, false);
    struct baton_hash first = {{1}}, second = {{2}};
    OK(agent_store_begin(b->store, err));
    OK(agent_store_heard(b->store, &first, err));
    OK(agent_store_heard(b->store, &second, err));
    OK(agent_store_commit(b->store, err));
    struct tags t = unheard(b);
    assert_int_equal(t.count, 1);
    assert_int_equal(t.tag[0], 3);
    struct said said;
    uint8_t *bytes;
    struct baton_id order = {{1}};
    OK(agent_store_answer(b->store, &order, &said, &bytes, err)); /* its order may come again */
    free(bytes);
}

struct nested {
    struct bench *b;
    size_t outer, inner;
};

static bool
count_inner(void *arg, const struct said *said)
{
    (void)said;
    ((struct nested *)arg)->inner++;
    return true;
}

static bool
walk_again(void *arg, const struct said *said)
{
    struct nested *n = arg;
    uint8_t tag = said->hash.b[0];
    n->outer++;
    OK(agent_store_unheard(n->b->store, count_inner, n, err));
    assert_int_equal(said->hash.b[0], tag);
    return true;
}

static void
a_walk_inside_a_walk_disturbs_neither(void **state)
{
    struct bench *b = *state;
    for (uint8_t i = 1; i <= 3; i++)
        say(b, i, false);
    for (int again = 0; again < 2; again++) { /* the second time over statements that are kept */
        struct nested n = {.b = b};
        OK(agent_store_unheard(b->store, walk_again, &n, err));
        assert_int_equal(n.outer, 3);
        assert_int_equal(n.inner, 9);
    }
}

static void
the_newest_answer_to_an_order_is_the_one_given(void **state)
{
    struct bench *b = *state;
    struct baton_id order = {{1}};
    struct said said;
    uint8_t *bytes = NULL;
    assert_int_equal(agent_store_answer(b->store, &order, &said, &bytes, NULL), BATON_NOT_FOUND);
    say(b, 4, true);
    say(b, 5, true);
    OK(agent_store_answer(b->store, &order, &said, &bytes, err));
    assert_int_equal(bytes[0], 5);
    free(bytes);
}

static void
what_waits_has_an_end_and_the_oldest_goes_first(void **state)
{
    struct bench *b = *state;
    OK(agent_store_begin(b->store, err));
    for (int i = 0; i < SAYS_MAX + 20; i++) {
        struct said s = said_of((uint8_t)i, false);
        s.hash.b[1] = (uint8_t)(i >> 8);
        OK(agent_store_say(b->store, &s, err));
    }
    for (uint64_t i = 1; i <= RECEIPTS_MAX + 7; i++) {
        struct receipt r = {.size = i};
        OK(agent_store_receipt(b->store, &r, err));
    }
    OK(agent_store_commit(b->store, err));
    struct tags t = unheard(b);
    assert_int_equal(t.count, SAYS_MAX);
    assert_int_equal(t.tag[0], 20);
    size_t receipts;
    OK(agent_store_receipt_count(b->store, &receipts, err));
    assert_int_equal(receipts, RECEIPTS_MAX);
}

struct steps {
    size_t count;
    struct journal_step step[4];
};

static void
collect_step(void *arg, const struct journal_step *step)
{
    struct steps *s = arg;
    if (s->count < ARRAY_LEN(s->step))
        s->step[s->count] = *step;
    s->count++;
}

static void
the_journal_keeps_its_order(void **state)
{
    struct bench *b = *state;
    static const enum journal_kind kinds[] = {JOURNAL_INTENT, JOURNAL_EFFECT, JOURNAL_PROOF};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct journal_step step = {.kind = kinds[i], .unix_ms = 100 + i, .epoch.counter = 258};
        step.epoch.incarnation.b[15] = 3;
        snprintf(step.text, sizeof step.text, "step %zu", i);
        OK(agent_store_begin(b->store, err));
        OK(agent_store_journal(b->store, &step, err));
        OK(agent_store_commit(b->store, err));
    }
    reopen(b);
    struct steps s = {0};
    OK(agent_store_journal_each(b->store, 10, collect_step, &s, err));
    assert_int_equal(s.count, 3);
    assert_int_equal(s.step[0].kind, JOURNAL_INTENT);
    assert_int_equal(s.step[2].kind, JOURNAL_PROOF);
    assert_int_equal(s.step[1].epoch.counter, 258);
    assert_int_equal(s.step[1].epoch.incarnation.b[15], 3);
    assert_string_equal(s.step[1].text, "step 1");
}

static void
the_second_copy_follows_tombstone_and_trust(void **state)
{
    struct bench *b = *state;
    struct promise p = promise_of(3, true);
    p.trust_version = 4;
    p.trust_hash.b[0] = 5;
    assert_false(copy_of(b).tombstone);
    keep(b, &p);
    struct second_copy copy = copy_of(b);
    assert_true(copy.tombstone);
    assert_int_equal(copy.epoch.counter, 3);
    assert_int_equal(copy.trust_version, 4);
    assert_int_equal(copy.trust_hash.b[0], 5);
    p.counter++;
    p.tombstone = false;
    keep(b, &p);
    assert_false(copy_of(b).tombstone);
    assert_int_equal(copy_of(b).trust_version, 4);
}

static void
a_tombstone_whose_copy_cannot_be_written_is_not_set(void **state)
{
    struct bench *b = *state;
    struct promise p = promise_of(1, false), back;
    keep(b, &p);
    assert_int_equal(remove(path_of(b, "tombstone")), 0);
    assert_int_equal(mkdir(path_of(b, "tombstone"), 0700), 0);
    p = promise_of(2, true);
    OK(agent_store_begin(b->store, err));
    OK(agent_store_put_promise(b->store, &p, err));
    assert_int_not_equal(agent_store_commit(b->store, NULL), BATON_OK);
    OK(agent_store_promise(b->store, &back, err));
    assert_false(back.tombstone);
    assert_int_equal(back.counter, 1);
}

static void
a_tombstone_is_lifted_in_the_database_before_its_copy(void **state)
{
    struct bench *b = *state;
    struct promise p = promise_of(1, true), back;
    keep(b, &p);
    assert_int_equal(remove(path_of(b, "tombstone")), 0);
    assert_int_equal(mkdir(path_of(b, "tombstone"), 0700), 0);
    p = promise_of(2, false);
    OK(agent_store_begin(b->store, err));
    OK(agent_store_put_promise(b->store, &p, err));
    assert_int_not_equal(agent_store_commit(b->store, NULL), BATON_OK); /* fail-stop follows */
    assert_int_equal(rmdir(path_of(b, "tombstone")), 0);
    reopen(b);
    OK(agent_store_promise(b->store, &back, err));
    assert_false(back.tombstone); /* durable, and only the copy is one too many */
}

/* A disk that takes nothing any more, for this process alone. */
static void
disk_takes(bool anything)
{
    struct rlimit limit;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = anything ? limit.rlim_max : 0;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
what_keeps_a_transaction_from_its_beginning_is_said(void **state)
{
    struct bench *b = *state;
    struct baton_err why = {0};
    reopen(b); /* its sentence is not kept yet, so it takes memory */
    sqlite3_int64 limit = sqlite3_hard_heap_limit64(1);
    enum baton_status rc = agent_store_begin(b->store, &why);
    (void)sqlite3_hard_heap_limit64(limit);
    assert_int_equal(rc, BATON_NOMEM);
    assert_string_equal(why.text, "agent store: prepare: out of memory");
    OK(agent_store_begin(b->store, err)); /* nothing had begun */
    agent_store_rollback(b->store);
}

static void
what_keeps_a_transaction_from_its_end_is_said(void **state)
{
    struct bench *b = *state;
    struct baton_err why = {0};
    uint8_t *bytes = NULL;
    size_t len;
    OK(agent_store_begin(b->store, err));
    OK(agent_store_put(b->store, "settings", "sealed", 6, err));
    disk_takes(false);
    enum baton_status rc = agent_store_commit(b->store, &why);
    disk_takes(true);
    assert_int_equal(rc, BATON_IO);
    assert_string_equal(why.text, "agent store: step: disk I/O error");
    reopen(b);
    assert_int_equal(agent_store_get(b->store, "settings", &bytes, &len, NULL), BATON_NOT_FOUND);
}

static void
a_damaged_copy_counts_as_a_tombstone(void **state)
{
    struct bench *b = *state;
    FILE *f = fopen(path_of(b, "tombstone"), "wb");
    assert_non_null(f);
    fputs("BTNTOMB1 but not really", f);
    fclose(f);
    assert_true(copy_of(b).tombstone);
}

static void
every_changed_byte_of_the_copy_counts_as_a_tombstone(void **state)
{
    struct bench *b = *state;
    struct promise p = promise_of(3, false);
    p.trust_version = 1;
    keep(b, &p);
    static uint8_t good[256], bad[256];
    FILE *f = fopen(path_of(b, "tombstone"), "rb");
    size_t len = fread(good, 1, sizeof good, f);
    fclose(f);
    assert_true(len > 100 && !copy_of(b).tombstone);
    for (size_t i = 0; i < len; i++) {
        memcpy(bad, good, len);
        bad[i] ^= 1;
        f = fopen(path_of(b, "tombstone"), "wb");
        fwrite(bad, 1, len, f);
        fclose(f);
        assert_true(copy_of(b).tombstone);
    }
}

static void
a_missing_and_an_unreadable_file_are_told_apart(void **state)
{
    struct bench *b = *state;
    agent_store_close(&b->store);
    FILE *f = fopen(path_of(b, "agent.db"), "wb");
    for (int i = 0; i < 8192; i++)
        fputc(i * 7 & 0xFF, f);
    fclose(f);
    assert_int_equal(agent_store_open(b->dir, &b->store, NULL), BATON_CORRUPT);
    OK(agent_store_set_aside(b->dir, err));
    assert_int_equal(access(path_of(b, "agent.db.damaged"), F_OK), 0);
    assert_int_equal(agent_store_open(b->dir, &b->store, NULL), BATON_NOT_FOUND);
    OK(agent_store_create(b->dir, err));
    OK(agent_store_open(b->dir, &b->store, err));
}

static void
an_empty_file_is_no_memory(void **state)
{
    struct bench *b = *state;
    agent_store_close(&b->store);
    FILE *f = fopen(path_of(b, "agent.db"), "wb");
    fclose(f);
    assert_int_equal(agent_store_open(b->dir, &b->store, NULL), BATON_CORRUPT);
}

/* Writes promises whose tombstone comes and goes, and says each number only after its commit. */
static _Noreturn void
write_until_killed(const struct bench *b, int out, uint64_t from)
{
    struct agent_store *s = NULL;
    if (agent_store_open(b->dir, &s, NULL) != BATON_OK)
        _exit(1);
    for (uint64_t counter = from;; counter++) {
        struct promise p = promise_of(counter, counter % 2 == 0);
        if (agent_store_begin(s, NULL) != BATON_OK ||
            agent_store_put_promise(s, &p, NULL) != BATON_OK ||
            agent_store_commit(s, NULL) != BATON_OK || write(out, &counter, sizeof counter) < 0)
            _exit(1);
    }
}

static uint64_t
kill_a_writer(const struct bench *b, uint64_t from, long wait_us)
{
    int pipe_fd[2];
    assert_int_equal(pipe(pipe_fd), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        write_until_killed(b, pipe_fd[1], from);
    close(pipe_fd[1]);
    uint64_t counter, last = 0;
    assert_int_equal(read(pipe_fd[0], &last, sizeof last), sizeof last); /* it is at work */
    nanosleep(&(struct timespec){.tv_nsec = wait_us * 1000}, NULL);
    kill(child, SIGKILL);
    while (read(pipe_fd[0], &counter, sizeof counter) == sizeof counter)
        last = counter;
    close(pipe_fd[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    return last;
}

static void
a_kill_at_any_moment_loses_nothing_that_was_committed(void **state)
{
    struct bench *b = *state;
    uint64_t from = 1;
    for (long i = 0; i < 25; i++) {
        agent_store_close(&b->store);
        uint64_t last = kill_a_writer(b, from, 300 + i * 211);
        struct promise p;
        OK(agent_store_open(b->dir, &b->store, err));
        OK(agent_store_promise(b->store, &p, err));
        assert_true(p.counter >= last);
        if (p.tombstone) /* a copy too many is safe, one too few never */
            assert_true(copy_of(b).tombstone);
        from = p.counter + 1;
    }
}

static void
change_behind_its_back(struct bench *b, const char *sql)
{
    sqlite3 *db = NULL;
    agent_store_close(&b->store);
    assert_int_equal(sqlite3_open(path_of(b, "agent.db"), &db), SQLITE_OK);
    char *why = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s: %s", sql, why);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
keep_promise(struct bench *b, uint64_t counter)
{
    struct promise p = promise_of(counter, false);
    OK(agent_store_begin(b->store, err));
    OK(agent_store_put_promise(b->store, &p, err));
    OK(agent_store_commit(b->store, err));
}

/* One bit of its flags makes a holder; SQLite's own check sees no harm in it. */
static void
a_changed_bit_in_the_promise_is_no_promise(void **state)
{
    struct bench *b = *state;
    struct promise p;
    keep_promise(b, 3);
    change_behind_its_back(b, "UPDATE promise SET bytes = CAST(substr(bytes, 1, 40) || x'01' ||"
                              " substr(bytes, 42) AS BLOB)");
    OK(agent_store_open(b->dir, &b->store, err));
    assert_int_equal(agent_store_promise(b->store, &p, NULL), BATON_CORRUPT);
}

static void
a_promise_that_lost_its_hash_is_no_promise(void **state)
{
    struct bench *b = *state;
    struct promise p;
    keep_promise(b, 3);
    change_behind_its_back(b, "UPDATE promise SET bytes = substr(bytes, 33)");
    OK(agent_store_open(b->dir, &b->store, err));
    assert_int_equal(agent_store_promise(b->store, &p, NULL), BATON_CORRUPT);
}

static void
a_trigger_that_somebody_planted_is_found_at_the_start(void **state)
{
    struct bench *b = *state;
    struct baton_err why = {0};
    keep_promise(b, 3);
    change_behind_its_back(b, "CREATE TRIGGER t AFTER INSERT ON said BEGIN"
                              " DELETE FROM inbox; END");
    assert_int_equal(agent_store_open(b->dir, &b->store, &why), BATON_CORRUPT);
    assert_non_null(strstr(why.text, "trigger 't'"));
    b->store = NULL;
}

static void
a_memory_whose_making_was_cut_short_is_made_by_the_next_enrolment(void **state)
{
    struct bench *b = *state;
    struct promise p = promise_of(1, false);
    agent_store_close(&b->store);
    fclose(fopen(path_of(b, "agent.db"), "wb")); /* made, and the power went before it was filled */
    OK(agent_store_create(b->dir, err));
    OK(agent_store_open(b->dir, &b->store, err));
    OK(agent_store_begin(b->store, err));
    OK(agent_store_put_promise(b->store, &p, err));
    OK(agent_store_commit(b->store, err));
    agent_store_close(&b->store);
    assert_int_equal(agent_store_create(b->dir, NULL), BATON_CONFLICT);
    OK(agent_store_open(b->dir, &b->store, err));
    OK(agent_store_promise(b->store, &p, err));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_new_memory_is_empty_private_and_never_made_twice),
        TEST(what_was_committed_is_there_after_reopening),
        TEST(what_was_not_committed_is_gone),
        TEST(the_counter_never_falls),
        TEST(a_memory_whose_making_was_cut_short_is_made_by_the_next_enrolment),
        TEST(a_changed_bit_in_the_promise_is_no_promise),
        TEST(a_promise_that_lost_its_hash_is_no_promise),
        TEST(a_trigger_that_somebody_planted_is_found_at_the_start),
        TEST(a_second_agent_cannot_open_it),
        TEST(an_order_is_taken_once_and_never_under_another_hash),
        TEST(a_word_that_was_heard_is_not_said_again),
        TEST(a_walk_inside_a_walk_disturbs_neither),
        TEST(the_newest_answer_to_an_order_is_the_one_given),
        TEST(what_waits_has_an_end_and_the_oldest_goes_first),
        TEST(the_journal_keeps_its_order),
        TEST(the_second_copy_follows_tombstone_and_trust),
        TEST(a_tombstone_whose_copy_cannot_be_written_is_not_set),
        TEST(a_tombstone_is_lifted_in_the_database_before_its_copy),
        TEST(what_keeps_a_transaction_from_its_beginning_is_said),
        TEST(what_keeps_a_transaction_from_its_end_is_said),
        TEST(a_damaged_copy_counts_as_a_tombstone),
        TEST(every_changed_byte_of_the_copy_counts_as_a_tombstone),
        TEST(a_missing_and_an_unreadable_file_are_told_apart),
        TEST(an_empty_file_is_no_memory),
        TEST(a_kill_at_any_moment_loses_nothing_that_was_committed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
