#include "controller/adapters/store_sqlite.h"
#include "controller/adapters/store_db.h"
#include "controller/adapters/store_log.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char own_prefix[] = "store.";

struct store_sqlite {
    struct store_db db;
    struct digest_port dp;
    struct store_log log;
    bool in_transaction;
};

static enum baton_status
writable(struct store_sqlite *s, struct baton_err *err)
{
    if (s->db.read_only)
        return baton_fail(err, BATON_DENIED, "this store is open for reading only");
    if (s->db.broken != BATON_OK)
        return baton_fail(err, s->db.broken, "the database failed before; restart the controller");
    BATON_ASSERT(s->in_transaction); /* a write outside a transaction would be half a decision */
    return BATON_OK;
}

static enum baton_status
key_check(size_t key_len, struct baton_err *err)
{
    if (key_len == 0 || key_len > STORE_KEY_BYTES)
        return baton_fail(err, BATON_LIMIT, "row key of %zu bytes", key_len);
    return BATON_OK;
}

static bool
key_is_own(enum store_table table, const void *key, size_t key_len)
{
    size_t n = sizeof own_prefix - 1;
    return table == TABLE_META && key_len >= n && memcmp(key, own_prefix, n) == 0;
}

/* malloc'd copy with a NUL behind it, so that an empty value is a pointer too. */
static enum baton_status
copy_out(const uint8_t *bytes, size_t len, uint8_t **ret_bytes, size_t *ret_len,
         struct baton_err *err)
{
    uint8_t *p = malloc(len + 1);
    if (p == NULL)
        return baton_fail(err, BATON_NOMEM, "stored value");
    memcpy(p, bytes, len);
    p[len] = 0;
    *ret_bytes = p;
    *ret_len = len;
    return BATON_OK;
}

/* A stored column of exactly n bytes. */
static bool
column_fixed(sqlite3_stmt *st, int column, void *out, size_t n)
{
    size_t len = 0;
    const uint8_t *p = store_db_bytes(st, column, &len);
    if (len == n)
        memcpy(out, p, n);
    return len == n;
}

/* Whether the insert that ran last found the place free: nearly always, so that to ask first would be
 * a search more for each row. */
static bool
put_anew(const struct store_sqlite *s)
{
    return sqlite3_changes(s->db.db) > 0;
}

/* Transactions */

static enum baton_status
port_begin(void *ctx, struct baton_err *err)
{
    struct store_sqlite *s = ctx;
    BATON_ASSERT(!s->in_transaction);
    if (s->db.broken != BATON_OK)
        return baton_fail(err, s->db.broken, "the database failed before; restart the controller");
    enum baton_status rc =
        store_db_simple(&s->db, s->db.read_only ? ST_BEGIN_READ : ST_BEGIN_WRITE, err);
    if (rc != BATON_OK)
        return rc;
    s->in_transaction = true;
    store_log_begin(&s->log);
    return BATON_OK;
}

static void
port_rollback(void *ctx)
{
    struct store_sqlite *s = ctx;
    if (!s->in_transaction)
        return;
    s->in_transaction = false;
    store_log_rollback(&s->log);
    store_db_rollback(&s->db);
}

static enum baton_status
port_commit(void *ctx, struct baton_err *err)
{
    struct store_sqlite *s = ctx;
    BATON_ASSERT(s->in_transaction);
    enum baton_status rc = s->db.broken;
    if (rc != BATON_OK)
        rc = baton_fail(err, rc, "the database failed inside this transaction");
    if (rc == BATON_OK && !s->db.read_only)
        rc = store_log_save(&s->log, err);
    if (rc == BATON_OK)
        rc = store_db_simple(&s->db, ST_COMMIT, err);
    if (rc != BATON_OK) {
        port_rollback(s);
        return rc;
    }
    s->in_transaction = false;
    return BATON_OK;
}

static enum baton_status
port_look(void *ctx, struct baton_err *err)
{
    struct store_sqlite *s = ctx;
    BATON_ASSERT(!s->in_transaction);
    return store_db_simple(&s->db, ST_BEGIN_READ, err);
}

static void
port_look_end(void *ctx)
{
    struct store_sqlite *s = ctx;
    store_db_rollback(&s->db); /* nothing was written */
}

/* Rows */

static enum baton_status
port_put(void *ctx, enum store_table table, const void *key, size_t key_len, const void *value,
         size_t len, struct baton_err *err)
{
    struct store_sqlite *s = ctx;
    sqlite3_stmt *st = NULL;
    enum baton_status rc = writable(s, err);
    if (rc == BATON_OK)
        rc = key_check(key_len, err);
    if (rc == BATON_OK && len > STORE_ROW_BYTES)
        rc = baton_fail(err, BATON_LIMIT, "row value of %zu bytes", len);
    if (rc == BATON_OK && key_is_own(table, key, key_len))
        rc = baton_fail(err, BATON_DENIED, "this row belongs to the store itself");
    if (rc == BATON_OK)
        rc = store_db_take(&s->db, ST_ROW_PUT, &st, err);
    if (rc != BATON_OK)
        return rc;
    (void)sqlite3_bind_int(st, 1, (int)table);
    store_db_bind(st, 2, key, key_len);
    store_db_bind(st, 3, value, len);
    return store_db_run(&s->db, ST_ROW_PUT, st, err);
}

static enum baton_status
port_get(void *ctx, enum store_table table, const void *key, size_t key_len, uint8_t **ret_value,
         size_t *ret_len, struct baton_err *err)
{
    struct store_sqlite *s = ctx;
    sqlite3_stmt *st = NULL;
    *ret_value = NULL;
    *ret_len = 0;
    enum baton_status rc = store_db_take(&s->db, ST_ROW_GET, &st, err);
    if (rc != BATON_OK)
        return rc;
    (void)sqlite3_bind_int(st, 1, (int)table);
    store_db_bind(st, 2, key, key_len);
    int code = sqlite3_step(st);
    if (code == SQLITE_ROW) {
        size_t len = 0;
        const uint8_t *bytes = store_db_bytes(st, 0, &len);
        rc = copy_out(bytes, len, ret_value, ret_len, err);
    } else if (code == SQLITE_DONE) {
        rc = BATON_NOT_FOUND;
    } else {
        rc = store_db_error(&s->db, code, "reading a row", err);
    }
    store_db_give(&s->db, ST_ROW_GET, st);
    return rc;
}

static enum baton_status
port_remove(void *ctx, enum store_table table, const void *key, size_t key_len,
            struct baton_err *err)
{
    struct store_sqlite *s = ctx;
    sqlite3_stmt *st = NULL;
    enum baton_status rc = writable(s, err);
    if (rc == BATON_OK && key_is_own(table, key, key_len))
        rc = baton_fail(err, BATON_DENIED, "this row belongs to the store itself");
    if (rc == BATON_OK)
        rc = store_db_take(&s->db, ST_ROW_REMOVE, &st, err);
    if (rc != BATON_OK)
        return rc;
    (void)sqlite3_bind_int(st, 1, (int)table);
    store_db_bind(st, 2, key, key_len);
    rc = store_db_run(&s->db, ST_ROW_REMOVE, st, err);
    if (rc == BATON_OK && sqlite3_changes(s->db.db) == 0)
        return BATON_NOT_FOUND;
    return rc;
}

/* The first key behind every key with this prefix. Longer than any key when there is none. */
static size_t
prefix_end(const void *prefix, size_t prefix_len, uint8_t out[STORE_KEY_BYTES + 1])
{
    memcpy(out, prefix, prefix_len);
    for (size_t n = prefix_len; n > 0; n--) {
        if (out[n - 1] != 0xff) {
            out[n - 1]++;
            return n;
        }
    }
    memset(out, 0xff, STORE_KEY_BYTES + 1);
    return STORE_KEY_BYTES + 1;
}

static enum baton_status
port_each(void *ctx, enum store_table table, const void *prefix, size_t prefix_len,
          bool (*visit)(void *arg, const void *key, size_t key_len, const uint8_t *value,
                        size_t len),
          void *arg, struct baton_err *err)
{
    struct store_sqlite *s = ctx;
    sqlite3_stmt *st = NULL;
    uint8_t end[STORE_KEY_BYTES + 1];

    if (prefix_len > STORE_KEY_BYTES)
        return baton_fail(err, BATON_LIMIT, "row prefix of %zu bytes", prefix_len);
    enum baton_status rc = store_db_take(&s->db, ST_ROW_EACH, &st, err);
    if (rc != BATON_OK)
        return rc;
    (void)sqlite3_bind_int(st, 1, (int)table);
    store_db_bind(st, 2, prefix, prefix_len);
    store_db_bind(st, 3, end, prefix_end(prefix_len > 0 ? prefix : "", prefix_len, end));
    bool more = true;
    int code = SQLITE_ROW;
    while (more && (code = sqlite3_step(st)) == SQLITE_ROW) {
        size_t key_len = 0, len = 0;
        const uint8_t *key = store_db_bytes(st, 0, &key_len);
        const uint8_t *value = store_db_bytes(st, 1, &len);
        if (!key_is_own(table, key, key_len))
            more = visit(arg, key, key_len, value, len);
    }
    if (more && code != SQLITE_DONE)
        rc = store_db_error(&s->db, code, "reading rows", err);
    store_db_give(&s->db, ST_ROW_EACH, st);
    return rc;
}

/* Objects */

/* The bytes are here already; BATON_CONFLICT: under another signature. */
static enum baton_status
object_known(struct store_sqlite *s, const struct baton_hash *hash, const struct baton_sig *sig,
             struct baton_err *err)
{
    sqlite3_stmt *st = NULL;
    enum baton_status rc = store_db_take(&s->db, ST_OBJECT_SIG, &st, err);
    if (rc != BATON_OK)
        return rc;
    store_db_bind(st, 1, hash->b, sizeof hash->b);
    int code = sqlite3_step(st);
    struct baton_sig stored;
    if (code != SQLITE_ROW)
        rc = store_db_error(&s->db, code, "reading an object", err);
    else if (sig != NULL && (!column_fixed(st, 0, stored.b, sizeof stored.b) ||
                             memcmp(stored.b, sig->b, sizeof stored.b) != 0))
        rc = baton_fail(err, BATON_CONFLICT, "this object is stored with another signature");
    store_db_give(&s->db, ST_OBJECT_SIG, st);
    return rc;
}

static enum baton_status
object_insert(struct store_sqlite *s, const struct baton_hash *hash, const void *bytes, size_t len,
              const struct baton_sig *sig, struct baton_err *err)
{
    sqlite3_stmt *st = NULL;
    enum baton_status rc = store_db_take(&s->db, ST_OBJECT_PUT, &st, err);
    if (rc != BATON_OK)
        return rc;
    store_db_bind(st, 1, hash->b, sizeof hash->b);
    store_db_bind(st, 2, sig, sig != NULL ? sizeof *sig : 0);
    store_db_bind(st, 3, bytes, len);
    return store_db_run(&s->db, ST_OBJECT_PUT, st, err);
}

static enum baton_status
port_object_put(void *ctx, const struct baton_hash *hash, const void *bytes, size_t len,
                const struct baton_sig *sig, struct baton_err *err)
{
    struct store_sqlite *s = ctx;
    struct baton_hash real;
    enum baton_status rc = writable(s, err);
    if (rc != BATON_OK)
        return rc;
    if (len > STORE_OBJECT_BYTES)
        return baton_fail(err, BATON_LIMIT, "object of %zu bytes", len);
    s->dp.sha256(s->dp.ctx, bytes, len, &real);
    if (!baton_hash_eq(&real, hash))
        return baton_fail(err, BATON_CONFLICT, "these bytes are not the object of that hash");
    rc = object_insert(s, hash, bytes, len, sig, err);
    return rc == BATON_OK && !put_anew(s) ? object_known(s, hash, sig, err) : rc;
}

static bool
object_is(const struct store_sqlite *s, const struct baton_hash *hash, const uint8_t *bytes,
          size_t len)
{
    struct baton_hash is;
    s->dp.sha256(s->dp.ctx, bytes, len, &is);
    return baton_hash_eq(&is, hash);
}

static enum baton_status
object_damaged(const struct baton_hash *hash, struct baton_err *err)
{
    char hex[17];
    baton_hex(hash->b, 8, hex);
    return baton_fail(err, BATON_CORRUPT,
                      "object %s is damaged: go back to a backup; the agents know what came after",
                      hex);
}

static enum baton_status
port_object_get(void *ctx, const struct baton_hash *hash, uint8_t **ret_bytes, size_t *ret_len,
                struct baton_sig *ret_sig, struct baton_err *err)
{
    struct store_sqlite *s = ctx;
    sqlite3_stmt *st = NULL;
    *ret_bytes = NULL;
    *ret_len = 0;
    enum baton_status rc = store_db_take(&s->db, ST_OBJECT_GET, &st, err);
    if (rc != BATON_OK)
        return rc;
    store_db_bind(st, 1, hash->b, sizeof hash->b);
    int code = sqlite3_step(st);
    if (code == SQLITE_ROW) {
        size_t len = 0;
        const uint8_t *bytes = store_db_bytes(st, 1, &len);
        if (ret_sig != NULL && !column_fixed(st, 0, ret_sig->b, sizeof ret_sig->b))
            *ret_sig = (struct baton_sig){0};
        rc = object_is(s, hash, bytes, len) ? copy_out(bytes, len, ret_bytes, ret_len, err)
                                            : object_damaged(hash, err);
    } else if (code == SQLITE_DONE) {
        rc = BATON_NOT_FOUND;
    } else {
        rc = store_db_error(&s->db, code, "reading an object", err);
    }
    store_db_give(&s->db, ST_OBJECT_GET, st);
    return rc;
}

/* The log */

static enum baton_status
port_append(void *ctx, struct audit_record *record, struct baton_err *err)
{
    struct store_sqlite *s = ctx;
    enum baton_status rc = writable(s, err);
    return rc != BATON_OK ? rc : store_log_append(&s->log, record, err);
}

static enum baton_status
port_records(void *ctx, uint64_t from_seq, const struct baton_id *tenant_or_null,
             bool (*visit)(void *arg, const struct audit_record *record, const uint8_t *bytes,
                           size_t len),
             void *arg, struct baton_err *err)
{
    struct store_sqlite *s = ctx;
    return store_log_records(&s->db, from_seq, tenant_or_null, visit, arg, err);
}

static enum baton_status
port_head(void *ctx, uint64_t *ret_size, struct baton_hash *ret_root, struct baton_err *err)
{
    struct store_sqlite *s = ctx;
    struct merkle_frontier stored;
    const struct merkle_frontier *tree = &s->log.tree;
    if (s->db.read_only) {
        enum baton_status rc = store_log_stored(&s->db, &stored, err);
        if (rc != BATON_OK)
            return rc;
        tree = &stored;
    }
    *ret_size = tree->size;
    merkle_root(tree, ret_root);
    return BATON_OK;
}

static enum baton_status
port_root_at(void *ctx, uint64_t size, struct baton_hash *ret_root, struct baton_err *err)
{
    struct store_sqlite *s = ctx;
    BATON_ASSERT(!s->db.read_only);
    return store_log_root_at(&s->log, size, ret_root, err);
}

/* Outbox and inbox */

/* Under this id an order stands already: the same one, or BATON_CONFLICT. */
static enum baton_status
outbox_known(struct store_sqlite *s, const struct outbox_row *row, struct baton_err *err)
{
    sqlite3_stmt *st = NULL;
    struct baton_hash hash;
    enum baton_status rc = store_db_take(&s->db, ST_OUT_FIND, &st, err);
    if (rc != BATON_OK)
        return rc;
    store_db_bind(st, 1, row->order.b, sizeof row->order.b);
    int code = sqlite3_step(st);
    if (code != SQLITE_ROW)
        rc = store_db_error(&s->db, code, "reading the outbox", err);
    else if (!column_fixed(st, 0, hash.b, sizeof hash.b) || !baton_hash_eq(&hash, &row->hash))
        rc = baton_fail(err, BATON_CONFLICT, "another order stands in the outbox under this id");
    store_db_give(&s->db, ST_OUT_FIND, st);
    return rc;
}

static enum baton_status
outbox_insert(struct store_sqlite *s, const struct outbox_row *row, struct baton_err *err)
{
    sqlite3_stmt *st = NULL;
    enum baton_status rc = store_db_take(&s->db, ST_OUT_PUT, &st, err);
    if (rc != BATON_OK)
        return rc;
    store_db_bind(st, 1, row->agent.b, sizeof row->agent.b);
    (void)sqlite3_bind_int64(st, 2, (sqlite3_int64)row->seq);
    store_db_bind(st, 3, row->order.b, sizeof row->order.b);
    store_db_bind(st, 4, row->tenant.b, sizeof row->tenant.b);
    store_db_bind(st, 5, row->hash.b, sizeof row->hash.b);
    store_db_bind(st, 6, row->bytes, row->len);
    return store_db_run(&s->db, ST_OUT_PUT, st, err);
}

static enum baton_status
port_outbox_put(void *ctx, const struct outbox_row *row, struct baton_err *err)
{
    struct store_sqlite *s = ctx;
    enum baton_status rc = writable(s, err);
    if (rc == BATON_OK && row->len > STORE_ROW_BYTES)
        rc = baton_fail(err, BATON_LIMIT, "order of %zu bytes", row->len);
    if (rc == BATON_OK && (row->seq == 0 || row->seq > INT64_MAX))
        rc = baton_fail(err, BATON_LIMIT, "an order without the number of its record");
    if (rc == BATON_OK)
        rc = outbox_insert(s, row, err);
    return rc == BATON_OK && !put_anew(s) ? outbox_known(s, row, err) : rc;
}

static bool
outbox_read(sqlite3_stmt *st, struct outbox_row *ret_row)
{
    ret_row->seq = (uint64_t)sqlite3_column_int64(st, 4);
    ret_row->bytes = store_db_bytes(st, 5, &ret_row->len);
    return column_fixed(st, 0, ret_row->order.b, sizeof ret_row->order.b) &&
           column_fixed(st, 1, ret_row->agent.b, sizeof ret_row->agent.b) &&
           column_fixed(st, 2, ret_row->tenant.b, sizeof ret_row->tenant.b) &&
           column_fixed(st, 3, ret_row->hash.b, sizeof ret_row->hash.b);
}

static enum baton_status
port_outbox_each(void *ctx, const struct baton_key *agent_or_null,
                 bool (*visit)(void *arg, const struct outbox_row *row), void *arg,
                 struct baton_err *err)
{
    struct store_sqlite *s = ctx;
    sqlite3_stmt *st = NULL;
    enum store_statement id = agent_or_null != NULL ? ST_OUT_AGENT : ST_OUT_EACH;
    enum baton_status rc = store_db_take(&s->db, id, &st, err);
    if (rc != BATON_OK)
        return rc;
    if (agent_or_null != NULL)
        store_db_bind(st, 1, agent_or_null->b, sizeof agent_or_null->b);
    bool more = true;
    int code = SQLITE_ROW;
    while (rc == BATON_OK && more && (code = sqlite3_step(st)) == SQLITE_ROW) {
        struct outbox_row row;
        if (outbox_read(st, &row))
            more = visit(arg, &row);
        else
            rc = baton_fail(err, BATON_CORRUPT, "an outbox row is malformed");
    }
    if (rc == BATON_OK && more && code != SQLITE_DONE)
        rc = store_db_error(&s->db, code, "reading the outbox", err);
    store_db_give(&s->db, id, st);
    return rc;
}

static enum baton_status
port_outbox_remove(void *ctx, const struct baton_id *order, struct baton_err *err)
{
    struct store_sqlite *s = ctx;
    sqlite3_stmt *st = NULL;
    enum baton_status rc = writable(s, err);
    if (rc == BATON_OK)
        rc = store_db_take(&s->db, ST_OUT_REMOVE, &st, err);
    if (rc != BATON_OK)
        return rc;
    store_db_bind(st, 1, order->b, sizeof order->b);
    rc = store_db_run(&s->db, ST_OUT_REMOVE, st, err);
    if (rc == BATON_OK && sqlite3_changes(s->db.db) == 0)
        return BATON_NOT_FOUND;
    return rc;
}

/* This id came before: with the same bytes, or BATON_CONFLICT. */
static enum baton_status
inbox_known(struct store_sqlite *s, const struct baton_id *id, const struct baton_hash *hash,
            struct baton_err *err)
{
    sqlite3_stmt *st = NULL;
    struct baton_hash stored;
    enum baton_status rc = store_db_take(&s->db, ST_IN_FIND, &st, err);
    if (rc != BATON_OK)
        return rc;
    store_db_bind(st, 1, id->b, sizeof id->b);
    int code = sqlite3_step(st);
    if (code != SQLITE_ROW)
        rc = store_db_error(&s->db, code, "reading the inbox", err);
    else if (!column_fixed(st, 0, stored.b, sizeof stored.b) || !baton_hash_eq(&stored, hash))
        rc = baton_fail(err, BATON_CONFLICT, "other bytes came under this id before");
    store_db_give(&s->db, ST_IN_FIND, st);
    return rc;
}

static enum baton_status
port_inbox_seen(void *ctx, const struct baton_id *id, const struct baton_hash *hash,
                struct baton_err *err)
{
    struct store_sqlite *s = ctx;
    sqlite3_stmt *st = NULL;
    enum baton_status rc = writable(s, err);
    if (rc == BATON_OK)
        rc = store_db_take(&s->db, ST_IN_PUT, &st, err);
    if (rc != BATON_OK)
        return rc;
    store_db_bind(st, 1, id->b, sizeof id->b);
    store_db_bind(st, 2, hash->b, sizeof hash->b);
    rc = store_db_run(&s->db, ST_IN_PUT, st, err);
    if (rc != BATON_OK)
        return rc;
    return put_anew(s) ? BATON_NOT_FOUND : inbox_known(s, id, hash, err);
}

/* Opening and closing */

static void
port_close(void *ctx)
{
    struct store_sqlite *s = ctx;
    if (s == NULL)
        return;
    port_rollback(s);
    store_log_done(&s->log);
    store_db_close(&s->db);
    free(s);
}

static const struct store_port port = {
    .begin = port_begin,
    .commit = port_commit,
    .rollback = port_rollback,
    .look = port_look,
    .look_end = port_look_end,
    .put = port_put,
    .get = port_get,
    .remove = port_remove,
    .each = port_each,
    .object_put = port_object_put,
    .object_get = port_object_get,
    .append = port_append,
    .records = port_records,
    .head = port_head,
    .root_at = port_root_at,
    .outbox_put = port_outbox_put,
    .outbox_each = port_outbox_each,
    .outbox_remove = port_outbox_remove,
    .inbox_seen = port_inbox_seen,
    .close = port_close,
};

enum baton_status
store_sqlite_open_watched(const char *path, enum store_mode mode, const struct digest_port *dp,
                          const struct store_progress *progress, struct store_port *ret_store,
                          struct baton_err *err)
{
    struct store_sqlite *s = calloc(1, sizeof *s);
    if (s == NULL)
        return baton_fail(err, BATON_NOMEM, "store");
    s->dp = *dp;
    enum baton_status rc = store_db_open(path, mode == STORE_READ_ONLY, &s->db, err);
    if (rc != BATON_OK) {
        free(s);
        return rc;
    }
    rc = store_log_init(&s->log, &s->db, &s->dp, err);
    if (rc == BATON_OK && mode == STORE_READ_WRITE)
        rc = store_db_integrity(&s->db, err);
    if (rc == BATON_OK && mode == STORE_READ_WRITE)
        rc = store_log_load(&s->log, progress, err);
    if (rc != BATON_OK) {
        s->db.broken = rc; /* leave a damaged file and its log as they are, for inspection */
        port_close(s);
        return baton_wrap(err, rc, "%s", path);
    }
    *ret_store = port;
    ret_store->ctx = s;
    return BATON_OK;
}

enum baton_status
store_sqlite_open(const char *path, enum store_mode mode, const struct digest_port *dp,
                  struct store_port *ret_store, struct baton_err *err)
{
    return store_sqlite_open_watched(path, mode, dp, NULL, ret_store, err);
}

/* Upkeep by the owner */

enum baton_status
store_sqlite_checkpoint(const struct store_port *store, struct baton_err *err)
{
    struct store_sqlite *s = store->ctx;
    BATON_ASSERT(!s->in_transaction);
    if (s->db.read_only || s->db.wal_frames < STORE_WAL_FRAMES_MAX)
        return BATON_OK;
    enum baton_status rc = store_log_index(&s->log, err);
    if (rc != BATON_OK)
        return rc;
    int code = sqlite3_wal_checkpoint_v2(s->db.db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    /* A reader on an old page makes it partial (or busy): the rest goes with the next one. */
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY)
        return store_db_error(&s->db, code, "checkpoint", err);
    return BATON_OK;
}

static enum baton_status
check_objects(struct store_sqlite *s, struct baton_err *err)
{
    sqlite3_stmt *st = NULL;
    enum baton_status rc = store_db_take(&s->db, ST_OBJECT_EACH, &st, err);
    if (rc != BATON_OK)
        return rc;
    int code = SQLITE_DONE;
    while (rc == BATON_OK && (code = sqlite3_step(st)) == SQLITE_ROW) {
        size_t len = 0;
        struct baton_hash hash = {{0}};
        bool named = column_fixed(st, 0, hash.b, sizeof hash.b);
        const uint8_t *bytes = store_db_bytes(st, 1, &len);
        if (!named || !object_is(s, &hash, bytes, len))
            rc = object_damaged(&hash, err);
    }
    if (rc == BATON_OK && code != SQLITE_DONE)
        rc = store_db_error(&s->db, code, "reading the objects", err);
    store_db_give(&s->db, ST_OBJECT_EACH, st);
    return rc;
}

static enum baton_status
check_all(struct store_sqlite *s, const struct store_progress *progress,
          struct store_check *ret_check, struct baton_err *err)
{
    struct store_log log;
    enum baton_status rc = store_log_init(&log, &s->db, &s->dp, err);
    if (rc == BATON_OK)
        rc = store_db_integrity(&s->db, err);
    if (rc == BATON_OK)
        rc = store_log_load(&log, progress, err);
    if (rc == BATON_OK)
        rc = check_objects(s, err);
    if (rc == BATON_OK) {
        *ret_check = (struct store_check){.records = log.tree.size, .tenants = log.chain.count};
        merkle_root(&log.tree, &ret_check->root);
    }
    store_log_done(&log);
    return rc;
}

enum baton_status
store_sqlite_check(const struct store_port *store, const struct store_progress *progress,
                   struct store_check *ret_check, struct baton_err *err)
{
    struct store_sqlite *s = store->ctx;
    BATON_ASSERT(s != NULL);
    bool own = !s->in_transaction; /* one snapshot for the head and the rows */
    enum baton_status rc = own ? store_db_simple(&s->db, ST_BEGIN_READ, err) : BATON_OK;
    if (rc != BATON_OK)
        return rc;
    rc = check_all(s, progress, ret_check, err);
    if (own)
        store_db_rollback(&s->db);
    return rc;
}

static enum baton_status
backup_pages(struct store_sqlite *s, sqlite3 *to, struct baton_err *err)
{
    enum { PAGES_AT_ONCE = 1024 };
    /* EXTRA: else its journal may be there again after a power failure, and undo the copy. */
    if (sqlite3_exec(to, "PRAGMA synchronous=EXTRA", NULL, NULL, NULL) != SQLITE_OK)
        return baton_fail(err, BATON_IO, "backup: %s", sqlite3_errmsg(to));
    sqlite3_backup *b = sqlite3_backup_init(to, "main", s->db.db, "main");
    if (b == NULL)
        return baton_fail(err, BATON_IO, "backup: %s", sqlite3_errmsg(to));
    int code;
    do {
        code = sqlite3_backup_step(b, PAGES_AT_ONCE);
    } while (code == SQLITE_OK);
    (void)sqlite3_backup_finish(b);
    if (code != SQLITE_DONE)
        return baton_fail(err, (code & 0xff) == SQLITE_FULL ? BATON_FULL : BATON_IO, "backup: %s",
                          sqlite3_errstr(code));
    /* Out of WAL mode, so that the copy is whole without a side file. */
    if (sqlite3_exec(to, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL) != SQLITE_OK)
        return baton_fail(err, BATON_IO, "backup: %s", sqlite3_errmsg(to));
    return BATON_OK;
}

static enum baton_status
backup_check(struct store_sqlite *s, const char *path, struct store_check *ret_check,
             struct baton_err *err)
{
    struct store_port copy = {0};
    struct baton_hash root;
    uint64_t size = 0;
    enum baton_status rc = store_sqlite_open(path, STORE_READ_ONLY, &s->dp, &copy, err);
    if (rc != BATON_OK)
        return rc;
    rc = store_sqlite_check(&copy, NULL, ret_check, err);
    copy.close(copy.ctx);
    if (rc == BATON_OK)
        rc = port_head(s, &size, &root, err);
    if (rc == BATON_OK && !s->db.read_only &&
        (size != ret_check->records || !baton_hash_eq(&root, &ret_check->root)))
        rc = baton_fail(err, BATON_CORRUPT, "the backup does not end where the database does");
    return rc;
}

enum baton_status
store_sqlite_backup(const struct store_port *store, const char *path, struct store_check *ret_check,
                    struct baton_err *err)
{
    struct store_sqlite *s = store->ctx;
    sqlite3 *to = NULL;
    BATON_ASSERT(!s->in_transaction);
    enum baton_status rc = store_db_new_file(path, err);
    if (rc != BATON_OK)
        return rc;
    int code = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL);
    if (code == SQLITE_OK)
        rc = backup_pages(s, to, err);
    else
        rc = baton_fail(err, BATON_IO, "backup: %s", sqlite3_errstr(code));
    (void)sqlite3_close_v2(to);
    if (rc == BATON_OK)
        rc = backup_check(s, path, ret_check, err);
    if (rc != BATON_OK)
        store_db_discard(path);
    return rc == BATON_OK ? rc : baton_wrap(err, rc, "%s", path);
}
