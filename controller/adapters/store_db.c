#include "controller/adapters/store_db.h"
#include "common/schema/schema.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_MS = 5000, HEAP_BYTES = 64 * 1024 * 1024, PATH_BYTES = 4096 };

static const char *const statements[ST_COUNT] = {
#define X(id, text) text,
    STORE_STATEMENTS(X)
#undef X
};

/* Schema versions: migrations[v] brings a database from version v to v + 1. */
static const char *const migrations[STORE_SCHEMA_VERSION] = {
    "CREATE TABLE row("
    "  tab INTEGER NOT NULL CHECK (tab BETWEEN 0 AND 63),"
    "  key BLOB NOT NULL CHECK (length(key) BETWEEN 1 AND 64),"
    "  value BLOB NOT NULL CHECK (length(value) <= 65536),"
    "  PRIMARY KEY(tab, key)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE object("
    "  id INTEGER PRIMARY KEY,"
    "  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),"
    "  sig BLOB NOT NULL CHECK (length(sig) IN (0, 64)),"
    "  bytes BLOB NOT NULL CHECK (length(bytes) <= 65536)) STRICT;"

    /* follows: each record needs the one before it, so that seq rises by one from 1 without a
       trigger on the hottest statement of all. */
    "CREATE TABLE log("
    "  seq INTEGER PRIMARY KEY,"
    "  follows INTEGER AS (nullif(seq, 1) - 1) VIRTUAL REFERENCES log(seq),"
    "  tenant BLOB NOT NULL CHECK (length(tenant) = 16),"
    "  tenant_seq INTEGER NOT NULL,"
    "  leaf BLOB NOT NULL CHECK (length(leaf) = 32),"
    "  bytes BLOB NOT NULL) STRICT;"
    "CREATE TRIGGER log_never_changes BEFORE UPDATE ON log"
    "  BEGIN SELECT RAISE(ABORT, 'audit records never change'); END;"
    "CREATE TRIGGER log_never_shrinks BEFORE DELETE ON log"
    "  BEGIN SELECT RAISE(ABORT, 'audit records are never deleted'); END;"

    /* Which tenants have records in each block of the log: rebuilt from it, never trusted. */
    "CREATE TABLE log_block("
    "  block INTEGER PRIMARY KEY,"
    "  tenants BLOB NOT NULL) STRICT;"

    /* Clustered by agent, in the order of sending: what an agent waits for lies on one page, and a new
       order beside the one that it replaces. */
    "CREATE TABLE outbox("
    "  agent BLOB NOT NULL CHECK (length(agent) = 32),"
    "  seq INTEGER NOT NULL CHECK (seq > 0),"
    "  order_id BLOB NOT NULL UNIQUE CHECK (length(order_id) = 16),"
    "  tenant BLOB NOT NULL CHECK (length(tenant) = 16),"
    "  hash BLOB NOT NULL CHECK (length(hash) = 32),"
    "  bytes BLOB NOT NULL CHECK (length(bytes) <= 65536),"
    "  PRIMARY KEY(agent, seq)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE inbox("
    "  id BLOB PRIMARY KEY CHECK (length(id) = 16),"
    "  hash BLOB NOT NULL CHECK (length(hash) = 32)) STRICT, WITHOUT ROWID;",
};

/* SQLite's primary result code -> ours; the first four are fatal for a writer. */
static const struct {
    int code;
    enum baton_status status;
    bool fatal;
} results[] = {
    {SQLITE_IOERR, BATON_IO, true},
    {SQLITE_FULL, BATON_FULL, true},
    {SQLITE_CORRUPT, BATON_CORRUPT, true},
    {SQLITE_NOTADB, BATON_CORRUPT, true},
    {SQLITE_NOMEM, BATON_NOMEM, true},
    {SQLITE_CANTOPEN, BATON_IO, false},
    {SQLITE_READONLY, BATON_DENIED, false},
    {SQLITE_PERM, BATON_DENIED, false},
    {SQLITE_AUTH, BATON_DENIED, false},
    {SQLITE_BUSY, BATON_TIMEOUT, false},
    {SQLITE_LOCKED, BATON_TIMEOUT, false},
    {SQLITE_TOOBIG, BATON_LIMIT, false},
    {SQLITE_CONSTRAINT, BATON_CONFLICT, false},
};

enum baton_status
store_db_error(struct store_db *d, int code, const char *doing, struct baton_err *err)
{
    enum baton_status status = BATON_FAILED;
    bool fatal = false;

    for (size_t i = 0; i < ARRAY_LEN(results); i++) {
        if (results[i].code == (code & 0xff)) {
            status = results[i].status;
            fatal = results[i].fatal;
        }
    }
    if (fatal)
        d->broken = status;
    const char *why = d->db != NULL ? sqlite3_errmsg(d->db) : sqlite3_errstr(code);
    return baton_fail(err, status, "%s: %s (SQLite %d)", doing, why, code);
}

static enum baton_status
exec(struct store_db *d, const char *sql, struct baton_err *err)
{
    int code = sqlite3_exec(d->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? BATON_OK : store_db_error(d, code, "database setup", err);
}

/* A second controller on the same database would fork the log: an advisory lock beside the file,
 * held as long as the process lives. flock, since POSIX record locks vanish when any other
 * descriptor of the file is closed. */
static enum baton_status
lock_take(struct store_db *d, const char *path, struct baton_err *err)
{
    char name[PATH_BYTES];
    int n = snprintf(name, sizeof name, "%s.lock", path);
    if (n < 0 || (size_t)n >= sizeof name)
        return baton_fail(err, BATON_LIMIT, "database path is too long");
    d->lock_fd = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (d->lock_fd < 0)
        return baton_fail(err, BATON_IO, "cannot open %s: %s", name, strerror(errno));
    if (flock(d->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return baton_fail(err, BATON_CONFLICT,
                          "another controller is using %s; stop it first (lock file %s)", path,
                          name);
    return BATON_OK;
}

/* A new name is durable only when its directory is. */
static enum baton_status
directory_sync(const char *path, struct baton_err *err)
{
    char name[PATH_BYTES];
    size_t len = strlen(path);
    if (len >= sizeof name)
        return baton_fail(err, BATON_LIMIT, "database path is too long");
    memcpy(name, path, len + 1);
    int fd = open(dirname(name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0)
        (void)close(fd);
    return good ? BATON_OK : baton_fail(err, BATON_IO, "directory of %s: %s", path, strerror(why));
}

/* O_EXCL: an existing file is never opened here, since closing it would drop the locks that this
 * process may hold on it. */
enum baton_status
store_db_new_file(const char *path, struct baton_err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return baton_fail(err, errno == EEXIST ? BATON_CONFLICT : BATON_IO, "%s: %s", path,
                          strerror(errno));
    (void)close(fd);
    return directory_sync(path, err);
}

void
store_db_discard(const char *path)
{
    (void)unlink(path);
}

static const struct {
    int op, value;
} configs[] = {
    {SQLITE_DBCONFIG_DEFENSIVE, 1},
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_DQS_DML, 0},
    {SQLITE_DBCONFIG_DQS_DDL, 0},
    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
};

static const struct {
    int id, value;
} limits[] = {
    {SQLITE_LIMIT_LENGTH, 1000000},
    {SQLITE_LIMIT_SQL_LENGTH, 100000},
    {SQLITE_LIMIT_COLUMN, 100},
    {SQLITE_LIMIT_EXPR_DEPTH, 10},
    {SQLITE_LIMIT_COMPOUND_SELECT, 3},
    {SQLITE_LIMIT_VDBE_OP, 25000},
    {SQLITE_LIMIT_FUNCTION_ARG, 8},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 10},
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50},
    {SQLITE_LIMIT_VARIABLE_NUMBER, 32},
    {SQLITE_LIMIT_ATTACHED, 0},
};

static enum baton_status
harden(struct store_db *d, struct baton_err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(configs); i++) {
        int code = sqlite3_db_config(d->db, configs[i].op, configs[i].value, NULL);
        if (code != SQLITE_OK)
            return store_db_error(d, code, "database setup", err);
    }
    for (size_t i = 0; i < ARRAY_LEN(limits); i++)
        sqlite3_limit(d->db, limits[i].id, limits[i].value);
    sqlite3_busy_timeout(d->db, BUSY_MS);
    return exec(d,
                "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;"
                "PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON; PRAGMA cache_size=-8192;",
                err);
}

/* After set-up nothing has a reason to change the schema, attach a file or turn a pragma. */
static int
authorize(void *ctx, int action, const char *a, const char *b, const char *c, const char *d)
{
    static const int allowed[] = {
        SQLITE_SELECT,      SQLITE_READ,      SQLITE_INSERT,   SQLITE_UPDATE,    SQLITE_DELETE,
        SQLITE_TRANSACTION, SQLITE_SAVEPOINT, SQLITE_FUNCTION, SQLITE_RECURSIVE,
    };
    (void)ctx, (void)a, (void)b, (void)c, (void)d;
    for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
        if (allowed[i] == action)
            return SQLITE_OK;
    return SQLITE_DENY;
}

static int
wal_grew(void *ctx, sqlite3 *db, const char *name, int frames)
{
    struct store_db *d = ctx;
    (void)db, (void)name;
    d->wal_frames = frames;
    return SQLITE_OK;
}

static enum baton_status
pragma_number(struct store_db *d, const char *sql, int *ret_value, struct baton_err *err)
{
    sqlite3_stmt *st = NULL;
    int code = sqlite3_prepare_v2(d->db, sql, -1, &st, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(st);
    enum baton_status rc = BATON_OK;
    if (code == SQLITE_ROW)
        *ret_value = sqlite3_column_int(st, 0);
    else
        rc = store_db_error(d, code, "reading the database header", err);
    sqlite3_finalize(st);
    return rc;
}

static enum baton_status
migrate_step(struct store_db *d, int version, struct baton_err *err)
{
    char done[160];
    (void)snprintf(done, sizeof done,
                   "PRAGMA user_version=%d;"
                   "INSERT OR REPLACE INTO row VALUES(0, CAST('store.schema' AS BLOB), x'%08x');",
                   version + 1, (unsigned)version + 1);
    enum baton_status rc = exec(d, "BEGIN EXCLUSIVE", err);
    if (rc == BATON_OK)
        rc = exec(d, migrations[version], err);
    if (rc == BATON_OK)
        rc = exec(d, done, err);
    if (rc == BATON_OK)
        return exec(d, "COMMIT", err);
    (void)sqlite3_exec(d->db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

static enum baton_status
identity_check(struct store_db *d, int *ret_version, struct baton_err *err)
{
    int id = 0, schema = 0;
    enum baton_status rc = pragma_number(d, "PRAGMA application_id", &id, err);
    if (rc == BATON_OK)
        rc = pragma_number(d, "PRAGMA user_version", ret_version, err);
    if (rc == BATON_OK)
        rc = pragma_number(d, "PRAGMA schema_version", &schema, err);
    if (rc != BATON_OK)
        return rc;
    bool empty = schema == 0 && id == 0 && *ret_version == 0;
    if (!empty && id != STORE_APPLICATION_ID)
        return baton_fail(err, BATON_CORRUPT, "this is not a Baton database");
    if (*ret_version < 0)
        return baton_fail(err, BATON_CORRUPT, "schema version %d was never written by Baton",
                          *ret_version);
    if (*ret_version > STORE_SCHEMA_VERSION)
        return baton_fail(
            err, BATON_CONFLICT,
            "schema version %d is newer than this program's %d; use the newer program",
            *ret_version, STORE_SCHEMA_VERSION);
    if (d->read_only && *ret_version < STORE_SCHEMA_VERSION)
        return baton_fail(
            err, BATON_CONFLICT,
            "schema version %d is older than %d; start the controller once to migrate",
            *ret_version, STORE_SCHEMA_VERSION);
    return BATON_OK;
}

static enum baton_status
migrate(struct store_db *d, struct baton_err *err)
{
    int version = 0;
    enum baton_status rc = identity_check(d, &version, err);
    if (rc != BATON_OK || d->read_only)
        return rc;
    if (version == 0) {
        char sql[64];
        (void)snprintf(sql, sizeof sql, "PRAGMA application_id=%d", STORE_APPLICATION_ID);
        rc = exec(d, sql, err);
    }
    for (int v = version; rc == BATON_OK && v < STORE_SCHEMA_VERSION; v++)
        rc = migrate_step(d, v, err);
    return rc;
}

static enum baton_status
writer_setup(struct store_db *d, struct baton_err *err)
{
    enum baton_status rc = exec(
        d, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;", err);
    sqlite3_wal_hook(d->db, wal_grew, d);
    sqlite3_hard_heap_limit64(HEAP_BYTES);
    return rc;
}

static enum baton_status
db_setup(struct store_db *d, struct baton_err *err)
{
    enum baton_status rc = harden(d, err);
    if (rc == BATON_OK && !d->read_only)
        rc = writer_setup(d, err);
    if (rc == BATON_OK && d->read_only)
        (void)sqlite3_db_config(d->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (rc == BATON_OK)
        rc = migrate(d, err);
    if (rc == BATON_OK && !d->read_only)
        rc = schema_check(d->db, migrations, STORE_SCHEMA_VERSION, err);
    if (rc == BATON_OK && sqlite3_set_authorizer(d->db, authorize, NULL) != SQLITE_OK)
        rc = baton_fail(err, BATON_FAILED, "database authorizer");
    return rc;
}

enum baton_status
store_db_open(const char *path, bool read_only, struct store_db *ret_db, struct baton_err *err)
{
    int flags = SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE |
                SQLITE_OPEN_NOMUTEX;
    flags |= read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

    *ret_db = (struct store_db){.read_only = read_only, .lock_fd = -1};
    enum baton_status rc = read_only ? BATON_OK : lock_take(ret_db, path, err);
    if (rc != BATON_OK)
        goto fail;

    if (!read_only) {
        struct baton_err exists;               /* is the usual case and no error */
        rc = store_db_new_file(path, &exists); /* SQLite gives the side files the same mode */
        if (rc != BATON_OK && rc != BATON_CONFLICT) {
            rc = baton_fail(err, rc, "%s", exists.text);
            goto fail;
        }
    }
    int code = sqlite3_open_v2(path, &ret_db->db, flags, NULL);
    rc = code == SQLITE_OK ? db_setup(ret_db, err) : store_db_error(ret_db, code, "open", err);
    if (rc == BATON_OK)
        return BATON_OK;

fail:
    ret_db->broken = rc; /* nothing to checkpoint */
    store_db_close(ret_db);
    return baton_wrap(err, rc, "%s", path);
}

void
store_db_close(struct store_db *d)
{
    for (size_t i = 0; i < ST_COUNT; i++) {
        sqlite3_finalize(d->stmt[i]);
        d->stmt[i] = NULL;
    }
    if (d->db != NULL && !d->read_only && d->broken == BATON_OK)
        (void)sqlite3_wal_checkpoint_v2(d->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (d->db != NULL && d->broken != BATON_OK)
        (void)sqlite3_db_config(d->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    (void)sqlite3_close_v2(d->db);
    d->db = NULL;
    if (d->lock_fd >= 0)
        (void)close(d->lock_fd);
    d->lock_fd = -1;
}

/* The schema's only foreign key says that the log has no gap; the walk over the log finds that and
 * names the record, so foreign_key_check has nothing to add. */
enum baton_status
store_db_integrity(struct store_db *d, struct baton_err *err)
{
    sqlite3_stmt *st = NULL;
    enum baton_status rc = BATON_OK;
    (void)sqlite3_set_authorizer(d->db, NULL, NULL); /* the check is a pragma */
    int code = sqlite3_prepare_v2(d->db, "PRAGMA integrity_check(1)", -1, &st, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(st);
    if (code != SQLITE_ROW) {
        rc = store_db_error(d, code, "integrity check", err);
    } else {
        const char *text = (const char *)sqlite3_column_text(st, 0);
        if (text == NULL || strcmp(text, "ok") != 0)
            rc = baton_fail(err, BATON_CORRUPT, "integrity check: %s",
                            text != NULL ? text : "no answer");
    }
    sqlite3_finalize(st);
    (void)sqlite3_set_authorizer(d->db, authorize, NULL);
    return rc;
}

enum baton_status
store_db_take(struct store_db *d, enum store_statement id, sqlite3_stmt **ret_statement,
              struct baton_err *err)
{
    sqlite3_stmt *st = d->stmt[id];
    if (st != NULL && !sqlite3_stmt_busy(st)) {
        *ret_statement = st;
        return BATON_OK;
    }
    bool keep = st == NULL; /* a busy one belongs to a walk further out: prepare another */
    int code = sqlite3_prepare_v3(d->db, statements[id], -1, keep ? SQLITE_PREPARE_PERSISTENT : 0,
                                  &st, NULL);
    if (code != SQLITE_OK)
        return store_db_error(d, code, statements[id], err);
    if (keep)
        d->stmt[id] = st;
    *ret_statement = st;
    return BATON_OK;
}

void
store_db_give(struct store_db *d, enum store_statement id, sqlite3_stmt *st)
{
    if (st == d->stmt[id])
        (void)sqlite3_reset(st); /* every use binds every parameter anew: no need to clear */
    else
        (void)sqlite3_finalize(st);
}

enum baton_status
store_db_run(struct store_db *d, enum store_statement id, sqlite3_stmt *st, struct baton_err *err)
{
    enum baton_status rc = BATON_OK;
    int code = sqlite3_step(st);
    if (code != SQLITE_DONE)
        rc = store_db_error(d, code, statements[id], err);
    store_db_give(d, id, st);
    return rc;
}

enum baton_status
store_db_simple(struct store_db *d, enum store_statement id, struct baton_err *err)
{
    sqlite3_stmt *st = NULL;
    enum baton_status rc = store_db_take(d, id, &st, err);
    return rc != BATON_OK ? rc : store_db_run(d, id, st, err);
}

void
store_db_rollback(struct store_db *d)
{
    if (sqlite3_get_autocommit(d->db) != 0)
        return;
    enum baton_status rc = store_db_simple(d, ST_ROLLBACK, NULL);
    if (rc != BATON_OK && d->broken == BATON_OK)
        d->broken = rc;
}

const uint8_t *
store_db_bytes(sqlite3_stmt *st, int column, size_t *ret_len)
{
    static const uint8_t none[1] = {0};
    const uint8_t *p = sqlite3_column_blob(st, column);
    *ret_len = (size_t)sqlite3_column_bytes(st, column);
    return p != NULL ? p : none;
}

void
store_db_bind(sqlite3_stmt *st, int index, const void *bytes, size_t len)
{
    /* SQLITE_STATIC: the caller's bytes outlive the step; nothing is copied. */
    int code = sqlite3_bind_blob64(st, index, len > 0 ? bytes : "", len, SQLITE_STATIC);
    BATON_ASSERT(code == SQLITE_OK);
}
