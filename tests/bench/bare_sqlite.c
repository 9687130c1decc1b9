#include "bare_sqlite.h"
#include "controller/adapters/store_sqlite.h"
#include <stdio.h>

static bool
good(struct bare *b, int code, const char *what)
{
    if (code == SQLITE_OK || code == SQLITE_DONE)
        return true;
    fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(b->db));
    return false;
}

static int
wal_grew(void *ctx, sqlite3 *db, const char *name, int frames)
{
    struct bare *b = ctx;
    (void)db, (void)name;
    b->frames = frames;
    return SQLITE_OK;
}

static bool
prepare(struct bare *b, const char *sql, sqlite3_stmt **ret)
{
    return good(b, sqlite3_prepare_v3(b->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL), sql);
}

static bool
hook(struct bare *b)
{
    (void)sqlite3_wal_hook(b->db, wal_grew, b);
    return true;
}

bool
bare_open(struct bare *b, const char *path)
{
    *b = (struct bare){0};
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(path, &b->db, flags, NULL) != SQLITE_OK)
        return good(b, SQLITE_CANTOPEN, path);
    return good(
               b,
               sqlite3_exec(b->db,
                            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                            "PRAGMA wal_autocheckpoint=0; PRAGMA cell_size_check=ON;"
                            "PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8192;"
                            "CREATE TABLE row(tab INTEGER NOT NULL, key BLOB NOT NULL,"
                            " value BLOB NOT NULL, PRIMARY KEY(tab, key)) STRICT, WITHOUT ROWID;"
                            "CREATE TABLE blob(id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE,"
                            " value BLOB NOT NULL) STRICT;"
                            "CREATE TABLE log(seq INTEGER PRIMARY KEY, tenant BLOB NOT NULL,"
                            " tenant_seq INTEGER NOT NULL, leaf BLOB NOT NULL,"
                            " bytes BLOB NOT NULL) STRICT;",
                            NULL, NULL, NULL),
               "set-up") &&
           hook(b) && /* after the pragma, which takes a hook away */
           prepare(b, "BEGIN IMMEDIATE", &b->begin) && prepare(b, "COMMIT", &b->commit) &&
           prepare(b,
                   "INSERT INTO row(tab, key, value) VALUES(2, ?1, ?2) "
                   "ON CONFLICT(tab, key) DO UPDATE SET value = excluded.value",
                   &b->row) &&
           prepare(b, "DELETE FROM row WHERE tab = 2 AND key = ?1", &b->remove) &&
           prepare(b, "INSERT INTO blob(key, value) VALUES(?1, ?2) ON CONFLICT(key) DO NOTHING",
                   &b->blob) &&
           prepare(b, "DELETE FROM blob WHERE key = ?1", &b->blob_remove) &&
           prepare(b,
                   "INSERT INTO log(seq, tenant, tenant_seq, leaf, bytes) "
                   "VALUES(?1, ?2, ?3, ?4, ?5)",
                   &b->log);
}

static bool
run(struct bare *b, sqlite3_stmt *st)
{
    int code = sqlite3_step(st);
    (void)sqlite3_reset(st);
    return good(b, code, sqlite3_sql(st));
}

bool
bare_begin(struct bare *b)
{
    return run(b, b->begin);
}

bool
bare_commit(struct bare *b)
{
    if (!run(b, b->commit))
        return false;
    if (b->frames < STORE_WAL_FRAMES_MAX)
        return true;
    return good(b, sqlite3_wal_checkpoint_v2(b->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL),
                "checkpoint");
}

static bool
put(struct bare *b, sqlite3_stmt *st, const void *key, size_t key_len, const void *value,
    size_t len)
{
    (void)sqlite3_bind_blob64(st, 1, key, key_len, SQLITE_STATIC);
    (void)sqlite3_bind_blob64(st, 2, value, len, SQLITE_STATIC);
    return run(b, st);
}

static bool
drop(struct bare *b, sqlite3_stmt *st, const void *key, size_t key_len)
{
    (void)sqlite3_bind_blob64(st, 1, key, key_len, SQLITE_STATIC);
    return run(b, st);
}

bool
bare_row(struct bare *b, const void *key, size_t key_len, const void *value, size_t len)
{
    return put(b, b->row, key, key_len, value, len);
}

bool
bare_remove(struct bare *b, const void *key, size_t key_len)
{
    return drop(b, b->remove, key, key_len);
}

bool
bare_blob(struct bare *b, const void *key, size_t key_len, const void *value, size_t len)
{
    return put(b, b->blob, key, key_len, value, len);
}

bool
bare_blob_remove(struct bare *b, const void *key, size_t key_len)
{
    return drop(b, b->blob_remove, key, key_len);
}

bool
bare_log(struct bare *b, const void *tenant, uint64_t tenant_seq, const void *bytes, size_t len)
{
    static const uint8_t leaf[32] = {0};
    (void)sqlite3_bind_int64(b->log, 1, (sqlite3_int64)++b->seq);
    (void)sqlite3_bind_blob64(b->log, 2, tenant, 16, SQLITE_STATIC);
    (void)sqlite3_bind_int64(b->log, 3, (sqlite3_int64)tenant_seq);
    (void)sqlite3_bind_blob64(b->log, 4, leaf, sizeof leaf, SQLITE_STATIC);
    (void)sqlite3_bind_blob64(b->log, 5, bytes, len, SQLITE_STATIC);
    return run(b, b->log);
}

void
bare_close(struct bare *b)
{
    (void)sqlite3_finalize(b->begin);
    (void)sqlite3_finalize(b->commit);
    (void)sqlite3_finalize(b->row);
    (void)sqlite3_finalize(b->remove);
    (void)sqlite3_finalize(b->blob);
    (void)sqlite3_finalize(b->blob_remove);
    (void)sqlite3_finalize(b->log);
    (void)sqlite3_close(b->db);
}
