/* store_db.h: one SQLite connection with every setting that Baton relies on, and its statements.
 *
 * Shape      Opened read-write (creates, migrates, locks) or read-only. Statements are prepared
 *            once and reused; one that is still walking is never disturbed: the second user gets
 *            a statement of its own.
 * Limits     Those of sqlite3_limit in the source; statements below.
 * Errors     IOERR, FULL, CORRUPT, NOMEM become BATON_IO, BATON_FULL, BATON_CORRUPT, BATON_NOMEM
 *            and stick: after one of them the connection refuses every further write.
 * Threads    One thread per connection (opened with NOMUTEX).
 * Source     reliability 4.4.
 */
#ifndef BATON_STORE_DB_H
#define BATON_STORE_DB_H

#include "baton/status.h"
#include <sqlite3.h>

/* id, text */
#define STORE_STATEMENTS(X)                                                                        \
    X(ST_BEGIN_WRITE, "BEGIN IMMEDIATE")                                                           \
    X(ST_BEGIN_READ, "BEGIN DEFERRED")                                                             \
    X(ST_COMMIT, "COMMIT")                                                                         \
    X(ST_ROLLBACK, "ROLLBACK")                                                                     \
    X(ST_ROW_PUT, "INSERT INTO row(tab, key, value) VALUES(?1, ?2, ?3) "                           \
                  "ON CONFLICT(tab, key) DO UPDATE SET value = excluded.value")                    \
    X(ST_ROW_GET, "SELECT value FROM row WHERE tab = ?1 AND key = ?2")                             \
    X(ST_ROW_REMOVE, "DELETE FROM row WHERE tab = ?1 AND key = ?2")                                \
    X(ST_ROW_EACH, "SELECT key, value FROM row WHERE tab = ?1 AND key >= ?2 AND key < ?3 "         \
                   "ORDER BY key")                                                                 \
    X(ST_OBJECT_PUT, "INSERT INTO object(hash, sig, bytes) VALUES(?1, ?2, ?3) "                    \
                     "ON CONFLICT(hash) DO NOTHING")                                               \
    X(ST_OBJECT_SIG, "SELECT sig FROM object WHERE hash = ?1")                                     \
    X(ST_OBJECT_GET, "SELECT sig, bytes FROM object WHERE hash = ?1")                              \
    X(ST_OBJECT_EACH, "SELECT hash, bytes FROM object")                                            \
    X(ST_LOG_PUT, "INSERT INTO log(seq, tenant, tenant_seq, leaf, bytes) "                         \
                  "VALUES(?1, ?2, ?3, ?4, ?5)")                                                    \
    X(ST_LOG_EACH, "SELECT seq, tenant, tenant_seq, leaf, bytes FROM log WHERE seq >= ?1 "         \
                   "AND seq < ?2 ORDER BY seq")                                                    \
    X(ST_LOG_ONE, "SELECT bytes FROM log WHERE seq = ?1")                                          \
    X(ST_BLOCK_PUT, "INSERT INTO log_block(block, tenants) VALUES(?1, ?2)")                        \
    X(ST_BLOCK_EACH, "SELECT block, tenants FROM log_block WHERE block >= ?1 ORDER BY block")      \
    X(ST_OUT_PUT, "INSERT INTO outbox(agent, seq, order_id, tenant, hash, bytes) "                 \
                  "VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(order_id) DO NOTHING")               \
    X(ST_OUT_FIND, "SELECT hash FROM outbox WHERE order_id = ?1")                                  \
    X(ST_OUT_EACH, "SELECT order_id, agent, tenant, hash, seq, bytes FROM outbox "                 \
                   "ORDER BY agent, seq")                                                          \
    X(ST_OUT_AGENT, "SELECT order_id, agent, tenant, hash, seq, bytes FROM outbox "                \
                    "WHERE agent = ?1 ORDER BY seq")                                               \
    X(ST_OUT_REMOVE, "DELETE FROM outbox WHERE order_id = ?1")                                     \
    X(ST_IN_FIND, "SELECT hash FROM inbox WHERE id = ?1")                                          \
    X(ST_IN_PUT, "INSERT INTO inbox(id, hash) VALUES(?1, ?2) ON CONFLICT(id) DO NOTHING")

enum store_statement {
#define X(id, text) id,
    STORE_STATEMENTS(X)
#undef X
        ST_COUNT
};

enum {
    STORE_SCHEMA_VERSION = 1,
    STORE_APPLICATION_ID = 0x42544e31, /* "BTN1" */
};

struct store_db {
    sqlite3 *db;
    sqlite3_stmt *stmt[ST_COUNT];
    bool read_only;
    int wal_frames; /* as of the last commit of this connection */
    int lock_fd;
    enum baton_status broken; /* BATON_OK, or the error that ended this connection's writing */
};

enum baton_status store_db_open(const char *path, bool read_only, struct store_db *ret_db,
                                struct baton_err *err) BATON_MUST_USE;
/* Takes a half-opened one. A writer checkpoints (TRUNCATE) unless it is broken. */
void store_db_close(struct store_db *d);

/* An empty file for nobody else's eyes, safely on disk; BATON_CONFLICT when the name is taken. */
enum baton_status store_db_new_file(const char *path, struct baton_err *err) BATON_MUST_USE;
void store_db_discard(const char *path);

enum baton_status store_db_integrity(struct store_db *d, struct baton_err *err) BATON_MUST_USE;

/* A statement that is not in use. The caller binds every parameter and gives it back. */
enum baton_status store_db_take(struct store_db *d, enum store_statement id,
                                sqlite3_stmt **ret_statement, struct baton_err *err) BATON_MUST_USE;
void store_db_give(struct store_db *d, enum store_statement id, sqlite3_stmt *st);
/* Step a statement that returns no row, then give it back. */
enum baton_status store_db_run(struct store_db *d, enum store_statement id, sqlite3_stmt *st,
                               struct baton_err *err) BATON_MUST_USE;
/* take and run for a statement without parameters. */
enum baton_status store_db_simple(struct store_db *d, enum store_statement id,
                                  struct baton_err *err) BATON_MUST_USE;
/* Ends the open transaction, if SQLite has not done so itself on an error. One that cannot be ended
 * makes the connection unusable for writing. */
void store_db_rollback(struct store_db *d);
/* Turns SQLite's result code into a status, with its message, and remembers the fatal ones. */
enum baton_status store_db_error(struct store_db *d, int code, const char *doing,
                                 struct baton_err *err);
/* Bytes of a column in *ret_len; never NULL. */
const uint8_t *store_db_bytes(sqlite3_stmt *st, int column, size_t *ret_len);
/* A blob that stays valid until the statement is given back; length 0 is an empty blob. */
void store_db_bind(sqlite3_stmt *st, int index, const void *bytes, size_t len);

#endif
