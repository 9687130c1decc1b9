#include "store_agent.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/disk/disk.h"
#include "common/schema/schema.h"
#include "common/sha256.h"

enum {
    PATH_BYTES = 1024,
    HEAP_HARD_BYTES = 16 << 20,
    HEAP_SOFT_BYTES = 512 << 10,
    APPLICATION_ID = 0x42544e41, /* "BTNA" */
    SCHEMA_VERSION = 1,
    DOCUMENT_BYTES_MAX = 65536,
    STATEMENTS_MAX = 32,
};

struct kept_statement {
    const char *sql; /* the literal itself: one place in this file, one statement */
    sqlite3_stmt *st;
};

struct agent_store {
    sqlite3 *db;
    bool keeps; /* set once the file is open and its doors are shut */
    struct kept_statement kept[STATEMENTS_MAX];
    size_t kept_count;
    char copy_path[PATH_BYTES];
    struct second_copy copy; /* as it lies on disk */
    bool copy_whole;         /* in all its places */
    bool in_transaction;
    bool copy_changed; /* by the open transaction */
    struct second_copy next_copy;
};

static const char schema[] =
    "CREATE TABLE promise(id INTEGER PRIMARY KEY CHECK(id = 1), counter INTEGER NOT NULL,"
    " bytes BLOB NOT NULL) STRICT;"
    "CREATE TRIGGER counter_never_falls BEFORE UPDATE ON promise WHEN NEW.counter < OLD.counter"
    " BEGIN SELECT RAISE(ABORT, 'the counter never falls'); END;"
    "CREATE TRIGGER promise_stays BEFORE DELETE ON promise"
    " BEGIN SELECT RAISE(ABORT, 'a promise outlives everything'); END;"
    "CREATE TABLE document(name TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;"
    "CREATE TABLE said(id INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE,"
    " order_id BLOB, order_hash BLOB, sig BLOB NOT NULL, bytes BLOB NOT NULL,"
    " heard INTEGER NOT NULL DEFAULT 0 CHECK(heard IN (0, 1))) STRICT;"
    "CREATE INDEX said_order ON said(order_id, id);"
    "CREATE TABLE inbox(id INTEGER PRIMARY KEY AUTOINCREMENT, order_id BLOB NOT NULL UNIQUE,"
    " hash BLOB NOT NULL) STRICT;"
    "CREATE TRIGGER order_stays_the_same BEFORE UPDATE ON inbox"
    " BEGIN SELECT RAISE(ABORT, 'an order never changes'); END;"
    "CREATE TABLE journal(id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL,"
    " unix_ms INTEGER NOT NULL, epoch BLOB NOT NULL, text TEXT NOT NULL) STRICT;"
    "CREATE TABLE receipt(size INTEGER PRIMARY KEY, unix_ms INTEGER NOT NULL, root BLOB NOT NULL,"
    " sig BLOB NOT NULL) STRICT;";

/* --- SQLite, in small --- */

static enum baton_status
fail(struct agent_store *s, struct baton_err *err, const char *what)
{
    static const struct {
        int code;
        enum baton_status status;
    } map[] = {{SQLITE_FULL, BATON_FULL},          {SQLITE_NOMEM, BATON_NOMEM},
               {SQLITE_CORRUPT, BATON_CORRUPT},    {SQLITE_NOTADB, BATON_CORRUPT},
               {SQLITE_BUSY, BATON_CONFLICT},      {SQLITE_LOCKED, BATON_CONFLICT},
               {SQLITE_CONSTRAINT, BATON_CONFLICT}};
    int code = s->db == NULL ? SQLITE_NOMEM : sqlite3_errcode(s->db) & 0xFF;
    enum baton_status rc = BATON_IO;
    for (size_t i = 0; i < ARRAY_LEN(map); i++)
        if (map[i].code == code)
            rc = map[i].status;
    return baton_fail(err, rc, "agent store: %s: %s", what,
                      s->db == NULL ? "out of memory" : sqlite3_errmsg(s->db));
}

enum bind_kind { BIND_NULL, BIND_NUMBER, BIND_BYTES, BIND_TEXT };

struct bind {
    enum bind_kind kind;
    int64_t number;
    const void *bytes;
    size_t len;
};

static struct bind
number(int64_t n)
{
    return (struct bind){.kind = BIND_NUMBER, .number = n};
}

static struct bind
bytes_of(const void *bytes, size_t len)
{
    return (struct bind){.kind = BIND_BYTES, .bytes = bytes, .len = len};
}

static struct bind
text_of(const char *text)
{
    return (struct bind){.kind = BIND_TEXT, .bytes = text, .len = strlen(text)};
}

static int
bind_one(sqlite3_stmt *st, int index, const struct bind *b)
{
    switch (b->kind) {
    case BIND_NUMBER:
        return sqlite3_bind_int64(st, index, b->number);
    case BIND_BYTES:
        return b->len == 0 ? sqlite3_bind_zeroblob(st, index, 0)
                           : sqlite3_bind_blob64(st, index, b->bytes, b->len, SQLITE_STATIC);
    case BIND_TEXT:
        return sqlite3_bind_text64(st, index, b->bytes, b->len, SQLITE_STATIC, SQLITE_UTF8);
    case BIND_NULL:
        break;
    }
    return sqlite3_bind_null(st, index);
}

static sqlite3_stmt *
find_kept(const struct agent_store *s, const char *sql)
{
    for (size_t i = 0; i < s->kept_count; i++)
        if (s->kept[i].sql == sql && !sqlite3_stmt_busy(s->kept[i].st))
            return s->kept[i].st;
    return NULL;
}

/* An agent says the same few sentences to its file for weeks: each is read once. One that is in use, by a walk
 * further out, is read anew. */
static enum baton_status
take(struct agent_store *s, const char *sql, sqlite3_stmt **ret_st, struct baton_err *err)
{
    *ret_st = find_kept(s, sql);
    if (*ret_st != NULL)
        return BATON_OK;
    bool keep = s->keeps && s->kept_count < STATEMENTS_MAX;
    if (sqlite3_prepare_v3(s->db, sql, -1, keep ? SQLITE_PREPARE_PERSISTENT : 0, ret_st, NULL) !=
        SQLITE_OK)
        return fail(s, err, "prepare");
    if (keep)
        s->kept[s->kept_count++] = (struct kept_statement){sql, *ret_st};
    return BATON_OK;
}

static void
give(struct agent_store *s, sqlite3_stmt *st)
{
    for (size_t i = 0; i < s->kept_count; i++) {
        if (s->kept[i].st == st) {
            (void)sqlite3_reset(st); /* every use binds every parameter anew: no need to clear */
            return;
        }
    }
    (void)sqlite3_finalize(st);
}

/* Runs to the end; rows go to visit, which returns false to stop. */
static enum baton_status
run(struct agent_store *s, const char *sql, const struct bind *binds, size_t count,
    bool (*visit)(void *arg, sqlite3_stmt *row), void *arg, struct baton_err *err)
{
    sqlite3_stmt *st;
    enum baton_status rc = take(s, sql, &st, err);
    if (rc != BATON_OK)
        return rc;
    for (size_t i = 0; rc == BATON_OK && i < count; i++)
        if (bind_one(st, (int)i + 1, &binds[i]) != SQLITE_OK)
            rc = fail(s, err, "bind");
    int step = SQLITE_DONE;
    while (rc == BATON_OK && (step = sqlite3_step(st)) == SQLITE_ROW)
        if (visit != NULL && !visit(arg, st))
            break;
    if (step != SQLITE_ROW && step != SQLITE_DONE)
        rc = fail(s, err, "step");
    give(s, st);
    return rc;
}

static enum baton_status
simple(struct agent_store *s, const char *sql, struct baton_err *err)
{
    return run(s, sql, NULL, 0, NULL, NULL, err);
}

#define RUN(s, sql, err, ...)                                                                      \
    run((s), (sql), (const struct bind[]){__VA_ARGS__},                                            \
        sizeof((const struct bind[]){__VA_ARGS__}) / sizeof(struct bind), NULL, NULL, (err))

static bool
column_fixed(sqlite3_stmt *row, int column, void *out, size_t len)
{
    const void *bytes = sqlite3_column_blob(row, column);
    if (bytes == NULL || sqlite3_column_bytes(row, column) != (int)len)
        return false;
    memcpy(out, bytes, len);
    return true;
}

/* --- opening --- */

static enum baton_status
join(char out[PATH_BYTES], const char *dir, const char *name, struct baton_err *err)
{
    int len = snprintf(out, PATH_BYTES, "%s/%s", dir, name);
    return len < 0 || len >= PATH_BYTES ? baton_fail(err, BATON_LIMIT, "path too long: %s", dir)
                                        : BATON_OK;
}

static bool
one_text(void *arg, sqlite3_stmt *row)
{
    bool *good = arg;
    const char *text = (const char *)sqlite3_column_text(row, 0);
    *good = text != NULL && strcmp(text, "ok") == 0;
    return false;
}

static bool
any_row(void *arg, sqlite3_stmt *row)
{
    bool *some = arg;
    (void)row;
    *some = true;
    return false;
}

static bool
one_number(void *arg, sqlite3_stmt *row)
{
    int64_t *n = arg;
    *n = sqlite3_column_int64(row, 0);
    return false;
}

static enum baton_status
check_whole(struct agent_store *s, struct baton_err *err)
{
    bool whole = false, orphans = false;
    int64_t application = 0, version = 0;
    enum baton_status rc = run(s, "PRAGMA integrity_check(1)", NULL, 0, one_text, &whole, err);
    if (rc == BATON_OK)
        rc = run(s, "PRAGMA foreign_key_check", NULL, 0, any_row, &orphans, err);
    if (rc == BATON_OK)
        rc = run(s, "PRAGMA application_id", NULL, 0, one_number, &application, err);
    if (rc == BATON_OK)
        rc = run(s, "PRAGMA user_version", NULL, 0, one_number, &version, err);
    if (rc != BATON_OK)
        return rc;
    if (!whole || orphans || application != APPLICATION_ID)
        return baton_fail(err, BATON_CORRUPT, "agent store: the file fails its integrity check");
    if (version != SCHEMA_VERSION)
        return baton_fail(err, BATON_CORRUPT, "agent store: schema %lld, this agent knows %d",
                          (long long)version, SCHEMA_VERSION);
    const char *made_by[] = {schema};
    return schema_check(s->db, made_by, ARRAY_LEN(made_by), err);
}

static void
harden(sqlite3 *db)
{
    static const struct {
        int op, value;
    } configs[] = {{SQLITE_DBCONFIG_DEFENSIVE, 1},   {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                   {SQLITE_DBCONFIG_DQS_DML, 0},     {SQLITE_DBCONFIG_DQS_DDL, 0},
                   {SQLITE_DBCONFIG_ENABLE_FKEY, 1}, {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0}};
    static const struct {
        int id, value;
    } limits[] = {{SQLITE_LIMIT_LENGTH, 1000000},
                  {SQLITE_LIMIT_SQL_LENGTH, 100000},
                  {SQLITE_LIMIT_COLUMN, 100},
                  {SQLITE_LIMIT_EXPR_DEPTH, 10},
                  {SQLITE_LIMIT_COMPOUND_SELECT, 3},
                  {SQLITE_LIMIT_VDBE_OP, 25000},
                  {SQLITE_LIMIT_FUNCTION_ARG, 8},
                  {SQLITE_LIMIT_TRIGGER_DEPTH, 10},
                  {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50},
                  {SQLITE_LIMIT_VARIABLE_NUMBER, 32},
                  {SQLITE_LIMIT_ATTACHED, 0}};
    for (size_t i = 0; i < ARRAY_LEN(configs); i++)
        (void)sqlite3_db_config(db, configs[i].op, configs[i].value, (int *)NULL);
    for (size_t i = 0; i < ARRAY_LEN(limits); i++)
        (void)sqlite3_limit(db, limits[i].id, limits[i].value);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_LOOKASIDE, (void *)NULL, 64, 64);
}

/* After the start nobody has business with the schema or the settings. */
static int
authorize(void *arg, int action, const char *a, const char *b, const char *c, const char *d)
{
    static const int allowed[] = {SQLITE_SELECT,   SQLITE_READ,     SQLITE_INSERT,
                                  SQLITE_UPDATE,   SQLITE_DELETE,   SQLITE_TRANSACTION,
                                  SQLITE_FUNCTION, SQLITE_RECURSIVE};
    (void)arg;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
        if (allowed[i] == action)
            return SQLITE_OK;
    return SQLITE_DENY;
}

static enum baton_status
open_file(struct agent_store *s, const char *path, int more_flags, struct baton_err *err)
{
    static const char settings[] =
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = PERSIST;"
        "PRAGMA synchronous = EXTRA; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;"
        "PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON; PRAGMA cache_size = -128;"
        "PRAGMA journal_size_limit = 1048576;";
    (void)sqlite3_hard_heap_limit64(HEAP_HARD_BYTES);
    (void)sqlite3_soft_heap_limit64(HEAP_SOFT_BYTES);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE |
                SQLITE_OPEN_PRIVATECACHE | more_flags;
    if (sqlite3_open_v2(path, &s->db, flags, NULL) != SQLITE_OK)
        return fail(s, err, path);
    harden(s->db);
    if (sqlite3_exec(s->db, settings, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(s->db, "BEGIN IMMEDIATE; COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        return fail(s, err, "settings");
    return BATON_OK;
}

static enum baton_status
fill_new(struct agent_store *s, struct baton_err *err)
{
    char ids[128];
    snprintf(ids, sizeof ids, "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
             APPLICATION_ID, SCHEMA_VERSION);
    if (sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(s->db, schema, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(s->db, ids, NULL, NULL, NULL) != SQLITE_OK)
        return fail(s, err, "schema");
    return BATON_OK;
}

/* Made here, so that it is never readable by others, and never another's link. */
static enum baton_status
make_file(const char *path, struct baton_err *err)
{
    int fd = disk_open(path, DISK_CREATE);
    if (fd < 0)
        return baton_fail(err, errno == EEXIST ? BATON_CONFLICT : BATON_IO, "%s: %s", path,
                          errno == EEXIST ? "an agent's state already lies here" : strerror(errno));
    close(fd);
    return BATON_OK;
}

/* A file that was made and never filled: the power went in between. It has been nobody's memory. */
static bool
is_unfilled(struct agent_store *s, const char *path)
{
    int64_t schema_version = -1;
    return open_file(s, path, 0, NULL) == BATON_OK &&
           run(s, "PRAGMA schema_version", NULL, 0, one_number, &schema_version, NULL) ==
               BATON_OK &&
           schema_version == 0;
}

enum baton_status
agent_store_create(const char *dir, struct baton_err *err)
{
    char path[PATH_BYTES];
    enum baton_status rc = join(path, dir, "agent.db", err);
    if (rc != BATON_OK)
        return rc;
    struct agent_store *s = calloc(1, sizeof *s);
    if (s == NULL)
        return baton_fail(err, BATON_NOMEM, "agent store");
    rc = make_file(path, err);
    if (rc == BATON_OK)
        rc = open_file(s, path, 0, err);
    else if (rc == BATON_CONFLICT && is_unfilled(s, path))
        rc = BATON_OK;
    if (rc == BATON_OK)
        rc = fill_new(s, err);
    agent_store_close(&s);
    return rc;
}

static enum baton_status
open_existing(struct agent_store *s, const char *dir, struct baton_err *err)
{
    char path[PATH_BYTES];
    enum baton_status rc = join(path, dir, "agent.db", err);
    if (rc == BATON_OK)
        rc = join(s->copy_path, dir, "tombstone", err);
    if (rc != BATON_OK)
        return rc;
    if (!disk_exists(path))
        return baton_fail(err, BATON_NOT_FOUND, "there is no %s", path);
    rc = open_file(s, path, 0, err);
    if (rc == BATON_OK)
        rc = check_whole(s, err);
    if (rc == BATON_OK)
        rc = second_copy_read(s->copy_path, &s->copy, &s->copy_whole, err);
    if (rc == BATON_OK && sqlite3_set_authorizer(s->db, authorize, NULL) != SQLITE_OK)
        rc = fail(s, err, "authorizer");
    s->keeps = rc == BATON_OK;
    return rc;
}

enum baton_status
agent_store_open(const char *dir, struct agent_store **ret_store, struct baton_err *err)
{
    struct agent_store *s = calloc(1, sizeof *s);
    if (s == NULL)
        return baton_fail(err, BATON_NOMEM, "agent store");
    enum baton_status rc = open_existing(s, dir, err);
    if (rc != BATON_OK) {
        agent_store_close(&s);
        return rc;
    }
    *ret_store = s;
    return BATON_OK;
}

void
agent_store_close(struct agent_store **store)
{
    if (*store == NULL)
        return;
    for (size_t i = 0; i < (*store)->kept_count; i++)
        (void)sqlite3_finalize((*store)->kept[i].st);
    sqlite3_close((*store)->db);
    free(*store);
    *store = NULL;
}

enum baton_status
agent_store_set_aside(const char *dir, struct baton_err *err)
{
    char path[PATH_BYTES], aside[PATH_BYTES];
    static const char *const names[] = {"agent.db-journal", "agent.db"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char name[64];
        snprintf(name, sizeof name, "%s.damaged", names[i]);
        enum baton_status rc = join(path, dir, names[i], err);
        if (rc == BATON_OK)
            rc = join(aside, dir, name, err);
        if (rc != BATON_OK)
            return rc;
        if (!disk_rename(path, aside) && errno != ENOENT)
            return baton_fail(err, BATON_IO, "cannot set %s aside: %s", path, strerror(errno));
    }
    return BATON_OK;
}

enum baton_status
agent_store_second_copy(const char *dir, struct second_copy *ret_copy, struct baton_err *err)
{
    char path[PATH_BYTES];
    bool whole;
    enum baton_status rc = join(path, dir, "tombstone", err);
    return rc == BATON_OK ? second_copy_read(path, ret_copy, &whole, err) : rc;
}

/* --- transactions --- */

enum baton_status
agent_store_begin(struct agent_store *s, struct baton_err *err)
{
    BATON_ASSERT(!s->in_transaction);
    enum baton_status rc = simple(s, "BEGIN IMMEDIATE", err);
    if (rc != BATON_OK)
        return rc;
    s->in_transaction = true;
    s->copy_changed = false;
    return BATON_OK;
}

static enum baton_status
write_copy(struct agent_store *s, struct baton_err *err)
{
    enum baton_status rc = second_copy_write(s->copy_path, &s->next_copy, err);
    if (rc == BATON_OK) {
        s->copy = s->next_copy;
        s->copy_whole = true;
        s->copy_changed = false;
    }
    return rc;
}

enum baton_status
agent_store_commit(struct agent_store *s, struct baton_err *err)
{
    BATON_ASSERT(s->in_transaction);
    enum baton_status rc = BATON_OK;
    bool lifts = s->copy.tombstone && !s->next_copy.tombstone;
    if (s->copy_changed && !lifts)
        rc = write_copy(s, err);
    if (rc == BATON_OK)
        rc = simple(s, "COMMIT", err);
    if (rc != BATON_OK) {
        agent_store_rollback(s);
        return rc;
    }
    s->in_transaction = false;
    return s->copy_changed ? write_copy(s, err) : BATON_OK;
}

void
agent_store_rollback(struct agent_store *s)
{
    if (s->in_transaction)
        (void)simple(s, "ROLLBACK", NULL);
    s->in_transaction = s->copy_changed = false;
}

/* --- promise and documents --- */

struct blob {
    uint8_t *bytes;
    size_t len;
    bool found, no_memory;
};

static bool
take_blob(void *arg, sqlite3_stmt *row)
{
    struct blob *b = arg;
    b->found = true;
    b->len = (size_t)sqlite3_column_bytes(row, 0);
    b->bytes = malloc(b->len + 1);
    b->no_memory = b->bytes == NULL;
    if (b->bytes != NULL && b->len > 0)
        memcpy(b->bytes, sqlite3_column_blob(row, 0), b->len);
    return false;
}

static enum baton_status
get_blob(struct agent_store *s, const char *sql, const struct bind *bind, struct blob *ret,
         const char *what, struct baton_err *err)
{
    *ret = (struct blob){0};
    enum baton_status rc = run(s, sql, bind, bind == NULL ? 0 : 1, take_blob, ret, err);
    if (rc == BATON_OK && ret->no_memory)
        rc = baton_fail(err, BATON_NOMEM, "agent store: %s", what);
    if (rc == BATON_OK && !ret->found)
        rc = baton_fail(err, BATON_NOT_FOUND, "agent store: no %s yet", what);
    return rc;
}

/* SHA-256 of the promise, then the promise: SQLite finds a damaged page, not a flipped bit in a row, and
 * one bit makes a holder of a server that is none. */
static bool
read_promise(const struct blob *b, struct promise *ret_promise)
{
    struct baton_hash hash;
    if (b->len <= BATON_HASH_BYTES)
        return false;
    const uint8_t *bytes = b->bytes + BATON_HASH_BYTES;
    size_t len = b->len - BATON_HASH_BYTES;
    sha256_of(bytes, len, &hash);
    return memcmp(hash.b, b->bytes, BATON_HASH_BYTES) == 0 &&
           promise_decode(bytes, len, ret_promise) == BATON_OK;
}

enum baton_status
agent_store_promise(struct agent_store *s, struct promise *ret_promise, struct baton_err *err)
{
    struct blob b;
    enum baton_status rc =
        get_blob(s, "SELECT bytes FROM promise WHERE id = 1", NULL, &b, "promise", err);
    if (rc == BATON_OK && !read_promise(&b, ret_promise))
        rc = baton_fail(err, BATON_CORRUPT, "agent store: the promise cannot be read");
    free(b.bytes);
    return rc;
}

enum baton_status
agent_store_put_promise(struct agent_store *s, const struct promise *p, struct baton_err *err)
{
    BATON_ASSERT(s->in_transaction);
    uint8_t bytes[BATON_HASH_BYTES + PROMISE_BYTES_MAX];
    struct baton_hash hash;
    size_t len = promise_encode(p, bytes + BATON_HASH_BYTES);
    sha256_of(bytes + BATON_HASH_BYTES, len, &hash);
    memcpy(bytes, hash.b, BATON_HASH_BYTES);
    s->next_copy = (struct second_copy){.tombstone = p->tombstone,
                                        .epoch = p->epoch,
                                        .recipient = p->recipient,
                                        .trust_version = p->trust_version,
                                        .trust_hash = p->trust_hash};
    s->copy_changed = !s->copy_whole || !second_copy_eq(&s->copy, &s->next_copy);
    return RUN(s,
               "INSERT INTO promise(id, counter, bytes) VALUES (1, ?1, ?2)"
               " ON CONFLICT(id) DO UPDATE SET counter = ?1, bytes = ?2",
               err, number((int64_t)p->counter), bytes_of(bytes, BATON_HASH_BYTES + len));
}

enum baton_status
agent_store_put(struct agent_store *s, const char *name, const void *bytes, size_t len,
                struct baton_err *err)
{
    BATON_ASSERT(s->in_transaction && len <= DOCUMENT_BYTES_MAX);
    return RUN(s,
               "INSERT INTO document(name, bytes) VALUES (?1, ?2)"
               " ON CONFLICT(name) DO UPDATE SET bytes = ?2",
               err, text_of(name), bytes_of(bytes, len));
}

enum baton_status
agent_store_get(struct agent_store *s, const char *name, uint8_t **ret_bytes, size_t *ret_len,
                struct baton_err *err)
{
    struct blob b;
    struct bind bind = text_of(name);
    enum baton_status rc =
        get_blob(s, "SELECT bytes FROM document WHERE name = ?1", &bind, &b, name, err);
    if (rc != BATON_OK) {
        free(b.bytes);
        return rc;
    }
    *ret_bytes = b.bytes;
    *ret_len = b.len;
    return BATON_OK;
}

/* --- statements --- */

enum baton_status
agent_store_say(struct agent_store *s, const struct said *said, struct baton_err *err)
{
    BATON_ASSERT(s->in_transaction);
    struct bind none = {.kind = BIND_NULL};
    struct bind order = said->answers ? bytes_of(said->order.b, BATON_ID_BYTES) : none;
    struct bind order_hash = said->answers ? bytes_of(said->order_hash.b, BATON_HASH_BYTES) : none;
    enum baton_status rc = RUN(s,
                               "INSERT OR IGNORE INTO said(hash, order_id, order_hash, sig, bytes)"
                               " VALUES (?1, ?2, ?3, ?4, ?5)",
                               err, bytes_of(said->hash.b, BATON_HASH_BYTES), order, order_hash,
                               bytes_of(said->statement.sig.b, BATON_SIG_BYTES),
                               bytes_of(said->statement.bytes, said->statement.len));
    if (rc != BATON_OK)
        return rc;
    return RUN(s, "DELETE FROM said WHERE id <= (SELECT max(id) FROM said) - ?1", err,
               number(SAYS_MAX));
}

/* An answer that was heard stays while its order may come again; a spontaneous word may go. */
enum baton_status
agent_store_heard(struct agent_store *s, const struct baton_hash *hash, struct baton_err *err)
{
    BATON_ASSERT(s->in_transaction);
    enum baton_status rc = RUN(s, "DELETE FROM said WHERE hash = ?1 AND order_id IS NULL", err,
                               bytes_of(hash->b, BATON_HASH_BYTES));
    if (rc != BATON_OK)
        return rc;
    return RUN(s, "UPDATE said SET heard = 1 WHERE hash = ?1", err,
               bytes_of(hash->b, BATON_HASH_BYTES));
}

static bool
read_said(sqlite3_stmt *row, struct said *ret)
{
    *ret = (struct said){.answers = sqlite3_column_type(row, 1) != SQLITE_NULL};
    ret->statement.bytes = sqlite3_column_blob(row, 4);
    ret->statement.len = (size_t)sqlite3_column_bytes(row, 4);
    return column_fixed(row, 0, ret->hash.b, BATON_HASH_BYTES) &&
           column_fixed(row, 3, ret->statement.sig.b, BATON_SIG_BYTES) &&
           (!ret->answers || (column_fixed(row, 1, ret->order.b, BATON_ID_BYTES) &&
                              column_fixed(row, 2, ret->order_hash.b, BATON_HASH_BYTES)));
}

struct visitor {
    bool (*visit)(void *arg, const struct said *said);
    void *arg;
    bool damaged;
};

static bool
visit_said(void *arg, sqlite3_stmt *row)
{
    struct visitor *v = arg;
    struct said said;
    v->damaged = !read_said(row, &said);
    return !v->damaged && v->visit(v->arg, &said);
}

enum baton_status
agent_store_unheard(struct agent_store *s, bool (*visit)(void *arg, const struct said *said),
                    void *arg, struct baton_err *err)
{
    struct visitor v = {.visit = visit, .arg = arg};
    enum baton_status rc = run(s,
                               "SELECT hash, order_id, order_hash, sig, bytes FROM said"
                               " WHERE heard = 0 ORDER BY id",
                               NULL, 0, visit_said, &v, err);
    return rc == BATON_OK && v.damaged
               ? baton_fail(err, BATON_CORRUPT, "agent store: a statement cannot be read")
               : rc;
}

/* --- orders --- */

struct fixed {
    void *out;
    size_t len;
    bool found, good;
};

static bool
take_fixed(void *arg, sqlite3_stmt *row)
{
    struct fixed *f = arg;
    f->found = true;
    f->good = column_fixed(row, 0, f->out, f->len);
    return false;
}

enum baton_status
agent_store_order_hash(struct agent_store *s, const struct baton_id *order,
                       struct baton_hash *ret_hash, struct baton_err *err)
{
    struct fixed f = {.out = ret_hash->b, .len = BATON_HASH_BYTES};
    struct bind bind = bytes_of(order->b, BATON_ID_BYTES);
    enum baton_status rc =
        run(s, "SELECT hash FROM inbox WHERE order_id = ?1", &bind, 1, take_fixed, &f, err);
    if (rc != BATON_OK)
        return rc;
    if (!f.found)
        return baton_fail(err, BATON_NOT_FOUND, "agent store: no such order");
    return f.good ? BATON_OK : baton_fail(err, BATON_CORRUPT, "agent store: damaged order");
}

enum baton_status
agent_store_take_order(struct agent_store *s, const struct baton_id *order,
                       const struct baton_hash *hash, struct baton_err *err)
{
    BATON_ASSERT(s->in_transaction);
    struct baton_hash kept;
    enum baton_status rc = agent_store_order_hash(s, order, &kept, err);
    if (rc == BATON_OK)
        return baton_hash_eq(&kept, hash)
                   ? BATON_OK
                   : baton_fail(err, BATON_CONFLICT, "another order came under the same id");
    if (rc != BATON_NOT_FOUND)
        return rc;
    rc = RUN(s, "INSERT INTO inbox(order_id, hash) VALUES (?1, ?2)", err,
             bytes_of(order->b, BATON_ID_BYTES), bytes_of(hash->b, BATON_HASH_BYTES));
    if (rc == BATON_OK)
        rc = RUN(s, "DELETE FROM inbox WHERE id <= (SELECT max(id) FROM inbox) - ?1", err,
                 number(INBOX_MAX));
    return rc == BATON_OK ? BATON_NOT_FOUND : rc;
}

struct newest {
    struct said *said;
    uint8_t *bytes;
    bool found, damaged, no_memory;
};

static bool
take_newest(void *arg, sqlite3_stmt *row)
{
    struct newest *n = arg;
    n->found = true;
    n->damaged = !read_said(row, n->said);
    if (n->damaged)
        return false;
    n->bytes = malloc(n->said->statement.len + 1);
    n->no_memory = n->bytes == NULL;
    if (n->bytes != NULL && n->said->statement.len > 0)
        memcpy(n->bytes, n->said->statement.bytes, n->said->statement.len);
    n->said->statement.bytes = n->bytes;
    return false;
}

enum baton_status
agent_store_answer(struct agent_store *s, const struct baton_id *order, struct said *ret_said,
                   uint8_t **ret_bytes, struct baton_err *err)
{
    struct newest n = {.said = ret_said};
    struct bind bind = bytes_of(order->b, BATON_ID_BYTES);
    enum baton_status rc = run(s,
                               "SELECT hash, order_id, order_hash, sig, bytes FROM said"
                               " WHERE order_id = ?1 ORDER BY id DESC LIMIT 1",
                               &bind, 1, take_newest, &n, err);
    *ret_bytes = n.bytes;
    if (rc != BATON_OK)
        return rc;
    if (n.no_memory)
        return baton_fail(err, BATON_NOMEM, "agent store: answer");
    if (n.damaged)
        return baton_fail(err, BATON_CORRUPT, "agent store: a statement cannot be read");
    return n.found ? BATON_OK : baton_fail(err, BATON_NOT_FOUND, "agent store: no answer yet");
}

/* --- journal and receipts --- */

enum baton_status
agent_store_journal(struct agent_store *s, const struct journal_step *step, struct baton_err *err)
{
    BATON_ASSERT(s->in_transaction);
    uint8_t epoch[8 + BATON_ID_BYTES];
    for (size_t i = 0; i < 8; i++)
        epoch[i] = (uint8_t)(step->epoch.counter >> (56 - 8 * i));
    memcpy(epoch + 8, step->epoch.incarnation.b, BATON_ID_BYTES);
    enum baton_status rc =
        RUN(s, "INSERT INTO journal(kind, unix_ms, epoch, text) VALUES (?1, ?2, ?3, ?4)", err,
            number(step->kind), number((int64_t)step->unix_ms), bytes_of(epoch, sizeof epoch),
            text_of(step->text));
    if (rc != BATON_OK)
        return rc;
    return RUN(s, "DELETE FROM journal WHERE id <= (SELECT max(id) FROM journal) - ?1", err,
               number(JOURNAL_MAX));
}

struct step_visitor {
    void (*visit)(void *arg, const struct journal_step *step);
    void *arg;
};

static bool
visit_step(void *arg, sqlite3_stmt *row)
{
    struct step_visitor *v = arg;
    struct journal_step step = {.kind = (enum journal_kind)sqlite3_column_int(row, 0),
                                .unix_ms = (uint64_t)sqlite3_column_int64(row, 1)};
    uint8_t epoch[8 + BATON_ID_BYTES];
    if (column_fixed(row, 2, epoch, sizeof epoch)) {
        for (size_t i = 0; i < 8; i++)
            step.epoch.counter = step.epoch.counter << 8 | epoch[i];
        memcpy(step.epoch.incarnation.b, epoch + 8, BATON_ID_BYTES);
    }
    const char *text = (const char *)sqlite3_column_text(row, 3);
    snprintf(step.text, sizeof step.text, "%s", text == NULL ? "" : text);
    v->visit(v->arg, &step);
    return true;
}

enum baton_status
agent_store_journal_each(struct agent_store *s, size_t newest,
                         void (*visit)(void *arg, const struct journal_step *step), void *arg,
                         struct baton_err *err)
{
    struct step_visitor v = {.visit = visit, .arg = arg};
    struct bind bind = number((int64_t)newest);
    return run(s,
               "SELECT kind, unix_ms, epoch, text FROM journal"
               " WHERE id > (SELECT max(id) FROM journal) - ?1 ORDER BY id",
               &bind, 1, visit_step, &v, err);
}

enum baton_status
agent_store_receipt(struct agent_store *s, const struct receipt *r, struct baton_err *err)
{
    BATON_ASSERT(s->in_transaction);
    enum baton_status rc =
        RUN(s, "INSERT OR IGNORE INTO receipt(size, unix_ms, root, sig) VALUES (?1, ?2, ?3, ?4)",
            err, number((int64_t)r->size), number((int64_t)r->unix_ms),
            bytes_of(r->root.b, BATON_HASH_BYTES), bytes_of(r->sig.b, BATON_SIG_BYTES));
    if (rc != BATON_OK)
        return rc;
    return RUN(s,
               "DELETE FROM receipt WHERE size NOT IN"
               " (SELECT size FROM receipt ORDER BY size DESC LIMIT ?1)",
               err, number(RECEIPTS_MAX));
}

enum baton_status
agent_store_receipt_count(struct agent_store *s, size_t *ret_count, struct baton_err *err)
{
    int64_t count = 0;
    enum baton_status rc = run(s, "SELECT count(*) FROM receipt", NULL, 0, one_number, &count, err);
    if (rc == BATON_OK)
        *ret_count = (size_t)count;
    return rc;
}
