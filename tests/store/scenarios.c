/* What the contract tests do not do and a crash has to survive: a whole decision in one transaction, a
 * write-ahead log that is emptied under way, a backup in use, a restore, an agent's steps in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "agent/adapters/store_agent.h"
#include "common/crypto/crypto.h"
#include "controller/adapters/store_sqlite.h"

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OK(call)                                                                                   \
    do {                                                                                           \
        struct baton_err err_ = {0};                                                               \
        err = &err_;                                                                               \
        if ((call) != BATON_OK)                                                                    \
            fail_msg("%s: %s", #call, err_.text);                                                  \
        err = NULL;                                                                                \
    } while (0)

static struct baton_err *err; /* of the call that OK is making */

struct place {
    char dir[64], path[96], copy[96];
    struct store_port s;
    bool open;
    uint8_t tag;
};

static void
open_store(struct place *p, const char *path)
{
    OK(store_sqlite_open(path, STORE_READ_WRITE, crypto_digest_port(), &p->s, err));
    p->open = true;
}

static void
close_store(struct place *p)
{
    if (p->open)
        p->s.close(p->s.ctx);
    p->open = false;
}

static int
setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    *state = p;
    assert_int_equal(crypto_init(NULL), BATON_OK);
    strcpy(p->dir, "/tmp/baton-crash-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->path, sizeof p->path, "%s/baton.db", p->dir);
    snprintf(p->copy, sizeof p->copy, "%s/copy.db", p->dir);
    return 0;
}

static int
teardown(void **state)
{
    struct place *p = *state;
    char command[96];
    close_store(p);
    snprintf(command, sizeof command, "rm -rf %s", p->dir);
    free(p);
    return system(command);
}

/* State, record, object, order and inbox of one step, as the engine writes them. */
static void
decide(struct place *p)
{
    const struct store_port *s = &p->s;
    uint8_t state[600];
    struct baton_id id = {{++p->tag}};
    struct baton_hash hash;
    struct audit_record r = {.type = AUDIT_MOVED, .unix_ms = 1000u + p->tag, .tenant = {{7}}};
    memset(state, p->tag, sizeof state);
    crypto_sha256(state, sizeof state, &hash);
    struct outbox_row row = {.order = id,
                             .agent = {{3}},
                             .tenant = {{7}},
                             .hash = hash,
                             .bytes = state,
                             .len = sizeof state};
    snprintf(r.text, sizeof r.text, "step %d", p->tag);
    OK(s->begin(s->ctx, err));
    OK(s->put(s->ctx, TABLE_AUTHORITY, "tenant", 6, state, sizeof state, err));
    OK(s->append(s->ctx, &r, err));
    OK(s->object_put(s->ctx, &hash, state, sizeof state, NULL, err));
    row.seq = r.seq;
    OK(s->outbox_put(s->ctx, &row, err));
    assert_int_equal(s->inbox_seen(s->ctx, &id, &hash, err), BATON_NOT_FOUND);
    OK(s->commit(s->ctx, err));
}

static void
hear_answer(struct place *p, uint8_t tag)
{
    const struct store_port *s = &p->s;
    struct baton_id id = {{tag}};
    struct audit_record r = {.type = AUDIT_STATEMENT, .unix_ms = 1000u + tag, .tenant = {{7}}};
    OK(s->begin(s->ctx, err));
    OK(s->outbox_remove(s->ctx, &id, err));
    OK(s->append(s->ctx, &r, err));
    OK(s->commit(s->ctx, err));
}

static void
a_new_database_is_made(void **state)
{
    struct place *p = *state;
    open_store(p, p->path);
}

static void
state_record_and_order_are_one_decision(void **state)
{
    struct place *p = *state;
    open_store(p, p->path);
    for (int i = 0; i < 4; i++)
        decide(p);
    hear_answer(p, 2);
    decide(p);
}

static void
what_is_taken_back_never_was(void **state)
{
    struct place *p = *state;
    const struct store_port *s = &p->s;
    open_store(p, p->path);
    decide(p);
    OK(s->begin(s->ctx, err));
    OK(s->put(s->ctx, TABLE_AUTHORITY, "tenant", 6, "never", 5, err));
    s->rollback(s->ctx);
    decide(p);
}

static void
a_store_is_closed_and_opened_again(void **state)
{
    struct place *p = *state;
    for (int i = 0; i < 3; i++) {
        open_store(p, p->path);
        decide(p);
        close_store(p);
    }
}

/* More than STORE_WAL_FRAMES_MAX pages, in rows of the largest size; twice. */
static void
the_write_ahead_log_is_emptied_while_it_grows(void **state)
{
    struct place *p = *state;
    const struct store_port *s = &p->s;
    uint8_t *value = malloc(STORE_ROW_BYTES);
    assert_non_null(value);
    open_store(p, p->path);
    for (int i = 0; i < 14; i++) {
        OK(s->begin(s->ctx, err));
        for (int row = 0; row < 40; row++) {
            memset(value, i + row, STORE_ROW_BYTES);
            char key[16];
            snprintf(key, sizeof key, "row %d", row);
            OK(s->put(s->ctx, TABLE_CHUNK, key, strlen(key), value, STORE_ROW_BYTES, err));
        }
        OK(s->commit(s->ctx, err));
        decide(p);
        OK(store_sqlite_checkpoint(s, err));
    }
    free(value);
}

static void
a_backup_is_taken_while_the_store_is_in_use(void **state)
{
    struct place *p = *state;
    struct store_check check;
    open_store(p, p->path);
    decide(p);
    decide(p);
    OK(store_sqlite_backup(&p->s, p->copy, &check, err));
    decide(p);
}

static void
a_restored_backup_goes_on(void **state)
{
    struct place *p = *state;
    struct store_check check;
    open_store(p, p->path);
    decide(p);
    OK(store_sqlite_backup(&p->s, p->copy, &check, err));
    decide(p);
    close_store(p);
    open_store(p, p->copy);
    decide(p);
    decide(p);
}

/* ---- the agent -------------------------------------------------------------------------------- */

static void
promise(struct agent_store *s, uint64_t counter, bool tombstone, const char *step)
{
    struct promise p = {
        .counter = counter, .tombstone = tombstone, .epoch.counter = counter, .exports_mark = -1};
    p.self.b[0] = 7;
    OK(agent_store_begin(s, err));
    OK(agent_store_put_promise(s, &p, err));
    static const enum journal_kind kinds[] = {JOURNAL_INTENT, JOURNAL_EFFECT, JOURNAL_PROOF};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct journal_step j = {.kind = kinds[i], .unix_ms = counter, .epoch = p.epoch};
        snprintf(j.text, sizeof j.text, "%s", step);
        OK(agent_store_journal(s, &j, err));
    }
    OK(agent_store_commit(s, err));
}

static void
an_agents_steps_and_its_promise_are_one(void **state)
{
    struct place *p = *state;
    struct agent_store *s = NULL;
    OK(agent_store_create(p->dir, err));
    OK(agent_store_open(p->dir, &s, err));
    for (uint64_t n = 1; n < 6; n++)
        promise(s, n, false, "the service stops");
    agent_store_close(&s);
}

static void
a_tombstone_and_its_second_copy(void **state)
{
    struct place *p = *state;
    struct agent_store *s = NULL;
    OK(agent_store_create(p->dir, err));
    OK(agent_store_open(p->dir, &s, err));
    promise(s, 1, false, "it holds");
    promise(s, 2, true, "it is fenced for good");
    promise(s, 3, true, "and stays so");
    promise(s, 4, false, "it is lifted");
    promise(s, 5, true, "and set again");
    agent_store_close(&s);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_new_database_is_made),
        TEST(state_record_and_order_are_one_decision),
        TEST(what_is_taken_back_never_was),
        TEST(a_store_is_closed_and_opened_again),
        TEST(a_backup_is_taken_while_the_store_is_in_use),
        TEST(a_restored_backup_goes_on),
        TEST(the_write_ahead_log_is_emptied_while_it_grows),
        TEST(an_agents_steps_and_its_promise_are_one),
        TEST(a_tombstone_and_its_second_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
