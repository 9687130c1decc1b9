#include "workload.h"

#include "common/crypto/crypto.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STATE_BYTES = 700 };

/* ---- the controller --------------------------------------------------------------------------- */

static enum baton_status
open_controller(struct work *w, struct baton_err *err)
{
    enum baton_status rc =
        store_sqlite_open(w->path, STORE_READ_WRITE, crypto_digest_port(), &w->s, err);
    w->open = rc == BATON_OK;
    return rc;
}

static enum baton_status
close_controller(struct work *w, struct baton_err *err)
{
    (void)err;
    w->s.close(w->s.ctx);
    w->open = false;
    return BATON_OK;
}

static enum baton_status
finish(struct work *w, enum baton_status rc, struct baton_err *err)
{
    if (rc == BATON_OK)
        return w->s.commit(w->s.ctx, err);
    w->s.rollback(w->s.ctx);
    return rc;
}

static enum baton_status
put_all(struct work *w, const struct baton_id *id, const uint8_t *state, struct baton_err *err)
{
    const struct store_port *s = &w->s;
    struct baton_hash hash;
    struct audit_record r = {.type = AUDIT_MOVED, .unix_ms = 1000u + w->tag, .tenant = {{7}}};
    crypto_sha256(state, STATE_BYTES, &hash);
    struct outbox_row row = {.order = *id,
                             .agent = {{3}},
                             .tenant = {{7}},
                             .hash = hash,
                             .bytes = state,
                             .len = STATE_BYTES};
    enum baton_status rc = s->put(s->ctx, TABLE_AUTHORITY, "tenant", 6, state, STATE_BYTES, err);
    if (rc == BATON_OK)
        rc = s->append(s->ctx, &r, err);
    if (rc == BATON_OK)
        rc = s->object_put(s->ctx, &hash, state, STATE_BYTES, NULL, err);
    row.seq = r.seq;
    if (rc == BATON_OK)
        rc = s->outbox_put(s->ctx, &row, err);
    if (rc == BATON_OK)
        rc = s->inbox_seen(s->ctx, id, &hash, err);
    return rc == BATON_NOT_FOUND ? BATON_OK : rc;
}

static enum baton_status
decide(struct work *w, struct baton_err *err)
{
    uint8_t state[STATE_BYTES];
    struct baton_id id = {{++w->tag}};
    memset(state, w->tag, sizeof state);
    enum baton_status rc = w->s.begin(w->s.ctx, err);
    return rc != BATON_OK ? rc : finish(w, put_all(w, &id, state, err), err);
}

static enum baton_status
hear(struct work *w, struct baton_err *err)
{
    const struct store_port *s = &w->s;
    struct baton_id id = {{1}};
    struct audit_record r = {.type = AUDIT_STATEMENT, .unix_ms = 1000, .tenant = {{7}}};
    enum baton_status rc = s->begin(s->ctx, err);
    if (rc != BATON_OK)
        return rc;
    rc = s->outbox_remove(s->ctx, &id, err);
    if (rc == BATON_OK)
        rc = s->append(s->ctx, &r, err);
    return finish(w, rc, err);
}

static enum baton_status
take_back(struct work *w, struct baton_err *err)
{
    uint8_t state[STATE_BYTES] = {0};
    struct baton_id id = {{0xee}};
    enum baton_status rc = w->s.begin(w->s.ctx, err);
    if (rc == BATON_OK)
        rc = put_all(w, &id, state, err);
    w->s.rollback(w->s.ctx);
    return rc;
}

static bool
any_record(void *arg, const struct audit_record *record, const uint8_t *bytes, size_t len)
{
    (void)arg;
    (void)record;
    (void)bytes;
    return len > 0;
}

static bool
any_row(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    (void)arg;
    (void)key;
    (void)value;
    return key_len + len > 0;
}

static bool
any_order(void *arg, const struct outbox_row *row)
{
    (void)arg;
    return row->len > 0;
}

static enum baton_status
look(struct work *w, struct baton_err *err)
{
    const struct store_port *s = &w->s;
    uint8_t *value = NULL;
    size_t len = 0;
    uint64_t size = 0;
    struct baton_hash root;
    struct baton_id tenant = {{7}};
    enum baton_status rc = s->get(s->ctx, TABLE_AUTHORITY, "tenant", 6, &value, &len, err);
    free(value);
    if (rc == BATON_OK)
        rc = s->each(s->ctx, TABLE_AUTHORITY, "", 0, any_row, NULL, err);
    if (rc == BATON_OK)
        rc = s->records(s->ctx, 1, &tenant, any_record, NULL, err);
    if (rc == BATON_OK)
        rc = s->outbox_each(s->ctx, NULL, any_order, NULL, err);
    if (rc == BATON_OK)
        rc = s->head(s->ctx, &size, &root, err);
    if (rc == BATON_OK)
        rc = s->root_at(s->ctx, size - 1, &root, err);
    return rc;
}

static enum baton_status
back_up(struct work *w, struct baton_err *err)
{
    struct store_check check;
    return store_sqlite_backup(&w->s, w->copy, &check, err);
}

static const struct work_step controller_steps[] = {
    {"open", open_controller},     {"decide", decide},
    {"decide again", decide},      {"hear an answer", hear},
    {"take back", take_back},      {"look", look},
    {"back up", back_up},          {"decide a third time", decide},
    {"close", close_controller},   {"open again", open_controller},
    {"decide after that", decide}, {"close again", close_controller},
};
const struct work_kind work_controller = {"controller", "baton.db", controller_steps,
                                          ARRAY_LEN(controller_steps)};

/* ---- the agent -------------------------------------------------------------------------------- */

static enum baton_status
create_agent(struct work *w, struct baton_err *err)
{
    return agent_store_create(w->dir, err);
}

static enum baton_status
open_agent(struct work *w, struct baton_err *err)
{
    return agent_store_open(w->dir, &w->agent, err);
}

static enum baton_status
close_agent(struct work *w, struct baton_err *err)
{
    (void)err;
    agent_store_close(&w->agent);
    return BATON_OK;
}

static enum baton_status
put_promise(struct work *w, bool holding, bool tombstone, struct baton_err *err)
{
    struct promise p = {.counter = ++w->tag,
                        .epoch.counter = 100u + w->tag,
                        .holding = holding,
                        .tombstone = tombstone,
                        .exports_mark = -1};
    struct journal_step j = {.kind = JOURNAL_PROOF, .unix_ms = w->tag, .text = "the service stops"};
    p.self.b[0] = 7;
    enum baton_status rc = agent_store_begin(w->agent, err);
    if (rc != BATON_OK)
        return rc;
    rc = agent_store_put_promise(w->agent, &p, err);
    if (rc == BATON_OK)
        rc = agent_store_journal(w->agent, &j, err);
    if (rc == BATON_OK)
        return agent_store_commit(w->agent, err);
    agent_store_rollback(w->agent);
    return rc;
}

static enum baton_status
hold(struct work *w, struct baton_err *err)
{
    return put_promise(w, true, false, err);
}

static enum baton_status
promise(struct work *w, struct baton_err *err)
{
    return put_promise(w, false, false, err);
}

static enum baton_status
bury(struct work *w, struct baton_err *err)
{
    return put_promise(w, false, true, err);
}

static enum baton_status
say_all(struct work *w, struct baton_err *err)
{
    static const uint8_t word[300] = {5, 6, 7};
    struct said said = {.hash = {{++w->tag}},
                        .answers = true,
                        .order = {{1}},
                        .order_hash = {{2}},
                        .statement = {.bytes = word, .len = sizeof word}};
    struct receipt receipt = {.size = w->tag, .unix_ms = 9, .root = {{4}}};
    enum baton_status rc = agent_store_take_order(w->agent, &said.order, &said.order_hash, err);
    if (rc == BATON_NOT_FOUND)
        rc = BATON_OK;
    if (rc == BATON_OK)
        rc = agent_store_say(w->agent, &said, err);
    if (rc == BATON_OK)
        rc = agent_store_put(w->agent, "plan", word, sizeof word, err);
    if (rc == BATON_OK)
        rc = agent_store_heard(w->agent, &said.hash, err);
    if (rc == BATON_OK)
        rc = agent_store_receipt(w->agent, &receipt, err);
    return rc;
}

static enum baton_status
say(struct work *w, struct baton_err *err)
{
    enum baton_status rc = agent_store_begin(w->agent, err);
    if (rc != BATON_OK)
        return rc;
    rc = say_all(w, err);
    if (rc == BATON_OK)
        return agent_store_commit(w->agent, err);
    agent_store_rollback(w->agent);
    return rc;
}

static bool
any_said(void *arg, const struct said *said)
{
    (void)arg;
    return said->statement.len > 0;
}

static void
any_step(void *arg, const struct journal_step *step)
{
    (void)arg;
    (void)step;
}

static enum baton_status
look_agent(struct work *w, struct baton_err *err)
{
    struct promise p;
    struct said said;
    struct baton_id order = {{1}};
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum baton_status rc = agent_store_promise(w->agent, &p, err);
    if (rc == BATON_OK)
        rc = agent_store_get(w->agent, "plan", &bytes, &len, err);
    free(bytes);
    bytes = NULL;
    if (rc == BATON_OK)
        rc = agent_store_answer(w->agent, &order, &said, &bytes, err);
    free(bytes);
    if (rc == BATON_OK)
        rc = agent_store_unheard(w->agent, any_said, NULL, err);
    if (rc == BATON_OK)
        rc = agent_store_journal_each(w->agent, 10, any_step, NULL, err);
    return rc;
}

static const struct work_step agent_steps[] = {
    {"create", create_agent}, {"open", open_agent},
    {"hold", hold},           {"say", say},
    {"look", look_agent},     {"promise", promise},
    {"bury", bury},           {"promise again", promise},
    {"close", close_agent},   {"open again", open_agent},
    {"bury again", bury},     {"close again", close_agent},
};
const struct work_kind work_agent = {"agent", "agent.db", agent_steps, ARRAY_LEN(agent_steps)};

/* ---- around them ------------------------------------------------------------------------------ */

void
work_begin(struct work *w, const struct work_kind *kind)
{
    /* In memory, where there is such a place: nothing here depends on the real disk, and syncs cost. */
    bool fast = access("/dev/shm", W_OK) == 0;
    *w = (struct work){0};
    snprintf(w->dir, sizeof w->dir, "%s/baton-work-XXXXXX", fast ? "/dev/shm" : "/tmp");
    BATON_ASSERT(crypto_init(NULL) == BATON_OK && mkdtemp(w->dir) != NULL);
    snprintf(w->path, sizeof w->path, "%s/%s", w->dir, kind->file);
    snprintf(w->copy, sizeof w->copy, "%s/copy.db", w->dir);
    model_clear();
}

void
work_drop(struct work *w)
{
    if (w->open)
        w->s.close(w->s.ctx);
    w->open = false;
    agent_store_close(&w->agent);
}

void
work_end(struct work *w)
{
    static const char *const names[] = {"baton.db", "baton.db.lock", "copy.db",
                                        "agent.db", "tombstone",     "tombstone.part"};
    char path[128];
    work_drop(w);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(path, sizeof path, "%s/%s", w->dir, names[i]);
        (void)unlink(path);
    }
    BATON_ASSERT(rmdir(w->dir) == 0);
}

static uint64_t
mix(uint64_t h, const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < len; i++)
        h = (h ^ p[i]) * 0x100000001b3;
    return (h ^ len) * 0xc4ceb9fe1a85ec53;
}

static uint64_t
table_digest(sqlite3 *db, const char *table, uint64_t h)
{
    char sql[128];
    sqlite3_stmt *st = NULL;
    snprintf(sql, sizeof sql, "SELECT * FROM \"%s\"", table);
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
        return mix(h, "?", 1);
    while (sqlite3_step(st) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(st); i++) {
            const void *bytes = sqlite3_column_blob(st, i);
            h = mix(h, bytes, (size_t)sqlite3_column_bytes(st, i));
        }
    sqlite3_finalize(st);
    return h;
}

uint64_t
work_digest(const struct work *w)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    uint64_t h = 1;
    if (sqlite3_open_v2(w->path, &db, SQLITE_OPEN_READONLY, "peek") != SQLITE_OK) {
        sqlite3_close(db);
        return 0;
    }
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
    (void)sqlite3_prepare_v2(db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1",
                             -1, &st, NULL);
    while (sqlite3_step(st) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(st, 0);
        h = table_digest(db, name, mix(h, name, strlen(name)));
    }
    sqlite3_finalize(st);
    (void)sqlite3_close(db);
    return h;
}

/* As boot_memory does with what it finds. */
static enum baton_status
found_promise(struct work *w, struct work_found *ret, struct baton_err *err)
{
    struct promise p;
    struct second_copy copy;
    uint8_t bytes[PROMISE_BYTES_MAX];
    enum baton_status rc = agent_store_second_copy(w->dir, &copy, err);
    if (rc == BATON_OK)
        rc = agent_store_promise(w->agent, &p, err);
    ret->forgotten = rc == BATON_NOT_FOUND;
    if (ret->forgotten)
        return BATON_OK;
    if (rc != BATON_OK)
        return rc;
    promise_recall(&p, &copy.epoch, &copy.recipient, copy.tombstone);
    ret->epoch = p.epoch.counter;
    ret->holding = p.holding;
    ret->promise = mix(1, bytes, promise_encode(&p, bytes));
    return BATON_OK;
}

enum baton_status
work_open(struct work *w, const struct work_kind *kind, struct work_found *ret,
          struct baton_err *err)
{
    *ret = (struct work_found){0};
    enum baton_status rc = kind == &work_controller ? open_controller(w, err) : open_agent(w, err);
    ret->none = kind == &work_agent && rc == BATON_NOT_FOUND;
    if (ret->none)
        return BATON_OK;
    if (rc == BATON_OK && kind == &work_agent)
        rc = found_promise(w, ret, err);
    if (rc == BATON_OK)
        ret->digest = work_digest(w);
    return rc;
}

enum baton_status
work_more(struct work *w, struct baton_err *err)
{
    w->tag = 0x80;
    return w->open ? decide(w, err) : promise(w, err);
}
