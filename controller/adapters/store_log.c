#include "controller/adapters/store_log.h"
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    UNDO_FIRST = 128,
    BLOCK_ROOTS_FIRST = 64,
    PROGRESS_EVERY = 4096,
    GROUP_HEAD_BYTES = BATON_ID_BYTES + 2, /* tenant, number of offsets that follow */
    BLOCK_BYTES_MAX = LOG_BLOCK_RECORDS * (GROUP_HEAD_BYTES + 2),
};

static const char frontier_key[] = "store.tree";

enum baton_status
store_log_init(struct store_log *log, struct store_db *db, const struct digest_port *dp,
               struct baton_err *err)
{
    *log = (struct store_log){.db = db, .dp = dp};
    merkle_init(&log->tree);
    chain_init(&log->chain);
    log->scratch = malloc(1 + AUDIT_RECORD_BYTES_MAX);
    if (log->scratch == NULL)
        return baton_fail(err, BATON_NOMEM, "audit log");
    return BATON_OK;
}

void
store_log_done(struct store_log *log)
{
    chain_done(&log->chain);
    free(log->undo);
    free(log->recent);
    free(log->block_root);
    free(log->scratch);
    *log = (struct store_log){0};
}

/* The frontier on disk */

enum baton_status
store_log_stored(struct store_db *db, struct merkle_frontier *ret_tree, struct baton_err *err)
{
    sqlite3_stmt *st = NULL;
    enum baton_status rc = store_db_take(db, ST_ROW_GET, &st, err);
    if (rc != BATON_OK)
        return rc;
    merkle_init(ret_tree);
    (void)sqlite3_bind_int(st, 1, TABLE_META);
    store_db_bind(st, 2, frontier_key, sizeof frontier_key - 1);
    int code = sqlite3_step(st);
    if (code == SQLITE_ROW) {
        size_t len = 0;
        const uint8_t *bytes = store_db_bytes(st, 0, &len);
        if (merkle_frontier_decode(bytes, len, ret_tree) != BATON_OK)
            rc = baton_fail(err, BATON_CORRUPT, "the stored tree head is malformed");
    } else if (code != SQLITE_DONE) {
        rc = store_db_error(db, code, "reading the tree head", err);
    }
    store_db_give(db, ST_ROW_GET, st);
    return rc;
}

enum baton_status
store_log_save(struct store_log *log, struct baton_err *err)
{
    uint8_t bytes[MERKLE_FRONTIER_BYTES_MAX];
    sqlite3_stmt *st = NULL;

    if (log->tree.size == log->tree_before.size)
        return BATON_OK;
    enum baton_status rc = store_db_take(log->db, ST_ROW_PUT, &st, err);
    if (rc != BATON_OK)
        return rc;
    (void)sqlite3_bind_int(st, 1, TABLE_META);
    store_db_bind(st, 2, frontier_key, sizeof frontier_key - 1);
    store_db_bind(st, 3, bytes, merkle_frontier_encode(&log->tree, bytes));
    return store_db_run(log->db, ST_ROW_PUT, st, err);
}

/* Appending */

void
store_log_begin(struct store_log *log)
{
    log->tree_before = log->tree;
    log->undo_count = 0;
}

void
store_log_rollback(struct store_log *log)
{
    log->tree = log->tree_before;
    while (log->undo_count > 0) {
        const struct head_undo *u = &log->undo[--log->undo_count];
        log->chain.head[u->index].tenant_seq = u->tenant_seq;
        log->chain.head[u->index].leaf = u->leaf;
    }
}

/* Room for the tenant of one more record; its place follows from the size of the tree. */
static enum baton_status
recent_reserve(struct store_log *log)
{
    size_t used = (size_t)(log->tree.size - log->blocks * LOG_BLOCK_RECORDS);
    if (used < log->recent_cap)
        return BATON_OK;
    size_t wanted = log->recent_cap == 0 ? LOG_BLOCK_RECORDS : log->recent_cap * 2;
    struct baton_id *recent = realloc(log->recent, wanted * sizeof *recent);
    if (recent == NULL)
        return BATON_NOMEM;
    log->recent = recent;
    log->recent_cap = wanted;
    return BATON_OK;
}

static enum baton_status
block_root_reserve(struct store_log *log)
{
    if (log->tree.size / LOG_BLOCK_RECORDS < log->block_root_cap)
        return BATON_OK;
    size_t wanted = log->block_root_cap == 0 ? BLOCK_ROOTS_FIRST : log->block_root_cap * 2;
    struct baton_hash *roots = realloc(log->block_root, wanted * sizeof *roots);
    if (roots == NULL)
        return BATON_NOMEM;
    log->block_root = roots;
    log->block_root_cap = wanted;
    return BATON_OK;
}

/* Its last leaf fills a block: below that level the whole tree's frontier is the block's own. */
static void
block_root_note(struct store_log *log, const struct baton_hash *leaf)
{
    if ((log->tree.size + 1) % LOG_BLOCK_RECORDS != 0)
        return;
    struct baton_hash root = *leaf;
    for (size_t level = 0; level < LOG_BLOCK_LEVELS; level++)
        merkle_node(&log->tree.node[level], &root, &root);
    log->block_root[log->tree.size / LOG_BLOCK_RECORDS] = root;
}

static enum baton_status
grow_reserve(struct store_log *log)
{
    enum baton_status rc = recent_reserve(log);
    return rc == BATON_OK ? block_root_reserve(log) : rc;
}

/* A record has its place: the tree grows, and the tenant is kept for the index. */
static void
log_grow(struct store_log *log, const struct baton_id *tenant, const struct baton_hash *leaf)
{
    log->recent[log->tree.size - log->blocks * LOG_BLOCK_RECORDS] = *tenant;
    block_root_note(log, leaf);
    merkle_append(&log->tree, leaf);
}

static enum baton_status
undo_reserve(struct store_log *log)
{
    if (log->undo_count < log->undo_cap)
        return BATON_OK;
    size_t wanted = log->undo_cap == 0 ? UNDO_FIRST : log->undo_cap * 2;
    struct head_undo *undo = realloc(log->undo, wanted * sizeof *undo);
    if (undo == NULL)
        return BATON_NOMEM;
    log->undo = undo;
    log->undo_cap = wanted;
    return BATON_OK;
}

static enum baton_status
row_insert(struct store_log *log, const struct audit_record *r, const struct baton_hash *leaf,
           size_t len, struct baton_err *err)
{
    sqlite3_stmt *st = NULL;
    enum baton_status rc = store_db_take(log->db, ST_LOG_PUT, &st, err);
    if (rc != BATON_OK)
        return rc;
    (void)sqlite3_bind_int64(st, 1, (sqlite3_int64)r->seq);
    store_db_bind(st, 2, r->tenant.b, sizeof r->tenant.b);
    (void)sqlite3_bind_int64(st, 3, (sqlite3_int64)r->tenant_seq);
    store_db_bind(st, 4, leaf->b, sizeof leaf->b);
    store_db_bind(st, 5, log->scratch, len);
    return store_db_run(log->db, ST_LOG_PUT, st, err);
}

enum baton_status
store_log_append(struct store_log *log, struct audit_record *record, struct baton_err *err)
{
    size_t index = 0, len = 0;
    struct baton_hash leaf;

    enum baton_status rc = chain_find(&log->chain, &record->tenant, &index);
    if (rc == BATON_OK)
        rc = undo_reserve(log);
    if (rc == BATON_OK)
        rc = grow_reserve(log);
    if (rc != BATON_OK)
        return baton_fail(err, rc, "audit log");

    struct chain_head *head = &log->chain.head[index];
    record->seq = log->tree.size + 1;
    record->tenant_seq = head->tenant_seq + 1;
    record->previous = head->leaf;
    rc = audit_encode(record, log->scratch, AUDIT_RECORD_BYTES_MAX, &len);
    if (rc != BATON_OK)
        return baton_fail(err, rc, "audit record of type %s", audit_type_name(record->type));

    merkle_leaf(log->scratch, len, &leaf);
    rc = row_insert(log, record, &leaf, len, err);
    if (rc != BATON_OK)
        return rc;

    log->undo[log->undo_count++] = (struct head_undo){index, head->tenant_seq, head->leaf};
    head->tenant_seq = record->tenant_seq;
    head->leaf = leaf;
    log_grow(log, &record->tenant, &leaf);
    return BATON_OK;
}

/* The index of tenants, one block at a time: per tenant, in order of id, its id, how many records it
 * has there, and their offsets. */

static void
put_u16(uint8_t *out, unsigned v)
{
    out[0] = (uint8_t)(v >> 8);
    out[1] = (uint8_t)v;
}

static unsigned
get_u16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

/* The tenants of one block. A block has few tenants and many records: sorting the tenants alone is
 * several times cheaper than sorting the records. */
struct groups {
    const struct baton_id *tenant[LOG_BLOCK_RECORDS]; /* as they came */
    unsigned count[LOG_BLOCK_RECORDS];
    uint16_t sorted[LOG_BLOCK_RECORDS]; /* by tenant */
    unsigned len;
};

static unsigned
group_of(struct groups *g, const struct baton_id *tenant)
{
    unsigned low = 0, high = g->len;
    while (low < high) {
        unsigned mid = (low + high) / 2;
        int order = memcmp(tenant->b, g->tenant[g->sorted[mid]]->b, BATON_ID_BYTES);
        if (order == 0)
            return g->sorted[mid];
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    memmove(&g->sorted[low + 1], &g->sorted[low], (g->len - low) * sizeof g->sorted[0]);
    g->sorted[low] = (uint16_t)g->len;
    g->tenant[g->len] = tenant;
    g->count[g->len] = 0;
    return g->len++;
}

/* Length of the list written. */
static size_t
block_make(const struct baton_id tenants[LOG_BLOCK_RECORDS], uint8_t list[BLOCK_BYTES_MAX])
{
    static_assert(LOG_BLOCK_RECORDS <= UINT16_MAX, "offsets have two bytes");
    struct groups g;
    uint16_t of[LOG_BLOCK_RECORDS];
    uint8_t *next[LOG_BLOCK_RECORDS]; /* where the group's next offset goes */
    size_t len = 0;
    g.len = 0;
    for (unsigned n = 0; n < LOG_BLOCK_RECORDS; n++) {
        of[n] = (uint16_t)group_of(&g, &tenants[n]);
        g.count[of[n]]++;
    }
    for (unsigned i = 0; i < g.len; i++) {
        unsigned group = g.sorted[i];
        memcpy(list + len, g.tenant[group]->b, BATON_ID_BYTES);
        put_u16(list + len + BATON_ID_BYTES, g.count[group]);
        next[group] = list + len + GROUP_HEAD_BYTES;
        len += GROUP_HEAD_BYTES + 2 * (size_t)g.count[group];
    }
    for (unsigned n = 0; n < LOG_BLOCK_RECORDS; n++) {
        put_u16(next[of[n]], n);
        next[of[n]] += 2;
    }
    return len;
}

/* The group of this tenant in a list, NULL if it has none; *ret_count offsets follow its head. */
static const uint8_t *
block_find(const uint8_t *list, size_t len, const struct baton_id *tenant, unsigned *ret_count)
{
    size_t at = 0;
    while (len - at >= GROUP_HEAD_BYTES) {
        unsigned count = get_u16(list + at + BATON_ID_BYTES);
        int order = memcmp(list + at, tenant->b, BATON_ID_BYTES);
        if (order > 0 || count > (len - at - GROUP_HEAD_BYTES) / 2)
            break;
        if (order == 0) {
            *ret_count = count;
            return list + at + GROUP_HEAD_BYTES;
        }
        at += GROUP_HEAD_BYTES + 2 * (size_t)count;
    }
    return NULL;
}

static enum baton_status
block_put(struct store_log *log, uint64_t block, const uint8_t *list, size_t len,
          struct baton_err *err)
{
    sqlite3_stmt *st = NULL;
    enum baton_status rc = store_db_take(log->db, ST_BLOCK_PUT, &st, err);
    if (rc != BATON_OK)
        return rc;
    (void)sqlite3_bind_int64(st, 1, (sqlite3_int64)block);
    store_db_bind(st, 2, list, len);
    return store_db_run(log->db, ST_BLOCK_PUT, st, err);
}

static enum baton_status
block_index(struct store_log *log, const struct baton_id *tenants, uint64_t block,
            struct baton_err *err)
{
    uint8_t list[BLOCK_BYTES_MAX];
    return block_put(log, block, list, block_make(tenants, list), err);
}

/* Forgets the tenants of blocks that are on disk now. */
static void
recent_shift(struct store_log *log, uint64_t blocks)
{
    size_t gone = (size_t)(blocks - log->blocks) * LOG_BLOCK_RECORDS;
    size_t left = (size_t)(log->tree.size - blocks * LOG_BLOCK_RECORDS);
    memmove(log->recent, log->recent + gone, left * sizeof *log->recent);
    log->blocks = blocks;
}

enum baton_status
store_log_index(struct store_log *log, struct baton_err *err)
{
    uint64_t done = log->blocks;
    if (log->tree.size / LOG_BLOCK_RECORDS == done)
        return BATON_OK;
    enum baton_status rc = store_db_simple(log->db, ST_BEGIN_WRITE, err);
    if (rc != BATON_OK)
        return rc;
    while (rc == BATON_OK && done < log->tree.size / LOG_BLOCK_RECORDS) {
        size_t at = (size_t)(done - log->blocks) * LOG_BLOCK_RECORDS;
        rc = block_index(log, log->recent + at, done++, err);
    }
    if (rc == BATON_OK)
        rc = store_db_simple(log->db, ST_COMMIT, err);
    if (rc == BATON_OK)
        recent_shift(log, done);
    else
        store_db_rollback(log->db);
    return rc;
}

/* Reading and checking all of it */

struct load {
    struct store_log *log;
    sqlite3_stmt *rows, *blocks;
    bool blocks_end;
};

static enum baton_status
load_fault(uint64_t seq, const char *why, struct baton_err *err)
{
    return baton_fail(err, BATON_CORRUPT, "audit record %" PRIu64 " %s", seq, why);
}

static bool
column_is(sqlite3_stmt *st, int column, const void *bytes, size_t len)
{
    size_t n = 0;
    const uint8_t *p = store_db_bytes(st, column, &n);
    return n == len && memcmp(p, bytes, len) == 0;
}

/* A full block against the stored list, as far as lists have been written. */
static enum baton_status
load_block(struct load *l, uint64_t block, struct baton_err *err)
{
    if (l->blocks_end)
        return BATON_OK;
    int code = sqlite3_step(l->blocks);
    if (code == SQLITE_DONE) {
        l->blocks_end = true;
        return BATON_OK;
    }
    if (code != SQLITE_ROW)
        return store_db_error(l->log->db, code, "reading the index of the log", err);
    uint8_t list[BLOCK_BYTES_MAX];
    size_t len = block_make(l->log->recent, list);
    if ((uint64_t)sqlite3_column_int64(l->blocks, 0) != block ||
        !column_is(l->blocks, 1, list, len))
        return baton_fail(err, BATON_CORRUPT, "index block %" PRIu64 " does not match the log",
                          block);
    recent_shift(l->log, block + 1);
    return BATON_OK;
}

static enum baton_status
load_place(struct load *l, const struct audit_record *r, const struct baton_hash *leaf,
           struct baton_err *err)
{
    size_t index = 0;
    struct store_log *log = l->log;
    enum baton_status rc = chain_find(&log->chain, &r->tenant, &index);
    if (rc == BATON_OK)
        rc = grow_reserve(log);
    if (rc != BATON_OK)
        return baton_fail(err, rc, "audit log");
    struct chain_head *head = &log->chain.head[index];
    enum chain_fault fault = chain_check(head, r, log->tree.size);
    if (fault != CHAIN_WHOLE)
        return load_fault(r->seq, chain_fault_text(fault), err);
    head->tenant_seq = r->tenant_seq;
    head->leaf = *leaf;
    log_grow(log, &r->tenant, leaf);
    return BATON_OK;
}

static enum baton_status
load_row(struct load *l, struct baton_err *err)
{
    struct store_log *log = l->log;
    struct audit_record r;
    struct baton_hash leaf;
    uint64_t seq = (uint64_t)sqlite3_column_int64(l->rows, 0);
    size_t len = 0;
    const uint8_t *bytes = store_db_bytes(l->rows, 4, &len);

    if (len > AUDIT_RECORD_BYTES_MAX)
        return load_fault(seq, "is too long", err);
    /* By the port, not by merkle_leaf as when it was written: two implementations must agree. */
    log->scratch[0] = 0x00;
    memcpy(log->scratch + 1, bytes, len);
    log->dp->sha256(log->dp->ctx, log->scratch, len + 1, &leaf);
    if (!column_is(l->rows, 3, leaf.b, sizeof leaf.b))
        return load_fault(seq, "does not have the hash stored with it", err);
    if (audit_decode(log->scratch + 1, len, &r) != BATON_OK)
        return load_fault(seq, "is malformed", err);
    if (r.seq != seq || r.tenant_seq != (uint64_t)sqlite3_column_int64(l->rows, 2) ||
        !column_is(l->rows, 1, r.tenant.b, sizeof r.tenant.b))
        return load_fault(seq, "stands under another number or tenant", err);

    enum baton_status rc = load_place(l, &r, &leaf, err);
    if (rc != BATON_OK)
        return rc;
    if (r.seq % LOG_BLOCK_RECORDS == 0)
        rc = load_block(l, r.seq / LOG_BLOCK_RECORDS - 1, err);
    return rc;
}

static enum baton_status
load_rows(struct load *l, uint64_t total, const struct store_progress *progress,
          struct baton_err *err)
{
    int code;
    while ((code = sqlite3_step(l->rows)) == SQLITE_ROW) {
        enum baton_status rc = load_row(l, err);
        if (rc != BATON_OK)
            return rc;
        if (progress != NULL && l->log->tree.size % PROGRESS_EVERY == 0)
            progress->tell(progress->arg, l->log->tree.size, total);
    }
    if (code != SQLITE_DONE)
        return store_db_error(l->log->db, code, "reading the log", err);
    if (progress != NULL)
        progress->tell(progress->arg, l->log->tree.size, total);
    return BATON_OK;
}

/* The head on disk was written in the transaction of the last record: anything else means that
 * rows were cut off or added behind the program's back. */
static enum baton_status
load_compare(struct store_log *log, const struct merkle_frontier *stored, struct baton_err *err)
{
    struct baton_hash here, there;
    merkle_root(&log->tree, &here);
    merkle_root(stored, &there);
    if (stored->size == log->tree.size && baton_hash_eq(&here, &there))
        return BATON_OK;
    return baton_fail(err, BATON_CORRUPT,
                      "the log has %" PRIu64 " records, its stored head covers %" PRIu64
                      " or another history",
                      log->tree.size, stored->size);
}

static enum baton_status
load_open(struct load *l, struct baton_err *err)
{
    enum baton_status rc = store_db_take(l->log->db, ST_LOG_EACH, &l->rows, err);
    if (rc == BATON_OK)
        rc = store_db_take(l->log->db, ST_BLOCK_EACH, &l->blocks, err);
    if (rc != BATON_OK)
        return rc;
    (void)sqlite3_bind_int64(l->rows, 1, 0);
    (void)sqlite3_bind_int64(l->rows, 2, INT64_MAX);
    (void)sqlite3_bind_int64(l->blocks, 1, 0);
    return BATON_OK;
}

static void
load_close(struct load *l)
{
    if (l->rows != NULL)
        store_db_give(l->log->db, ST_LOG_EACH, l->rows);
    if (l->blocks != NULL)
        store_db_give(l->log->db, ST_BLOCK_EACH, l->blocks);
}

enum baton_status
store_log_load(struct store_log *log, const struct store_progress *progress, struct baton_err *err)
{
    struct load l = {.log = log};
    struct merkle_frontier stored;

    enum baton_status rc = store_log_stored(log->db, &stored, err);
    if (rc == BATON_OK)
        rc = load_open(&l, err);
    if (rc == BATON_OK)
        rc = load_rows(&l, stored.size, progress, err);
    if (rc == BATON_OK)
        rc = load_compare(log, &stored, err);
    load_close(&l);
    log->tree_before = log->tree;
    return rc;
}

/* Roots of long ago */

/* The leaves from `seq` to `last`, behind a block's beginning. */
static enum baton_status
rest_append(struct store_log *log, uint64_t seq, uint64_t last, struct merkle_frontier *f,
            struct baton_err *err)
{
    sqlite3_stmt *st = NULL;
    enum baton_status rc = store_db_take(log->db, ST_LOG_EACH, &st, err);
    if (rc != BATON_OK)
        return rc;
    (void)sqlite3_bind_int64(st, 1, (sqlite3_int64)seq);
    (void)sqlite3_bind_int64(st, 2, (sqlite3_int64)last + 1); /* up to, not with */
    int code = SQLITE_DONE;
    for (; seq <= last && (code = sqlite3_step(st)) == SQLITE_ROW; seq++) {
        size_t len = 0;
        struct baton_hash leaf = {{0}};
        const uint8_t *bytes = store_db_bytes(st, 3, &len);
        if (len == sizeof leaf.b)
            memcpy(leaf.b, bytes, len);
        merkle_append(f, &leaf);
    }
    if (seq <= last)
        rc = store_db_error(log->db, code == SQLITE_DONE ? SQLITE_CORRUPT : code, "reading the log",
                            err);
    store_db_give(log->db, ST_LOG_EACH, st);
    return rc;
}

enum baton_status
store_log_root_at(struct store_log *log, uint64_t size, struct baton_hash *ret_root,
                  struct baton_err *err)
{
    struct merkle_frontier tree, blocks;
    uint64_t full = size / LOG_BLOCK_RECORDS;

    if (size > log->tree.size)
        return BATON_NOT_FOUND;
    merkle_init(&tree);
    merkle_init(&blocks);
    for (uint64_t i = 0; i < full; i++)
        merkle_append(&blocks, &log->block_root[i]);
    enum baton_status rc = rest_append(log, full * LOG_BLOCK_RECORDS + 1, size, &tree, err);
    if (rc != BATON_OK)
        return rc;
    /* A tree over block roots is the upper part of the tree over their leaves. */
    tree.size = size;
    memcpy(&tree.node[LOG_BLOCK_LEVELS], blocks.node,
           sizeof tree.node - LOG_BLOCK_LEVELS * sizeof tree.node[0]);
    merkle_root(&tree, ret_root);
    return BATON_OK;
}

/* Visiting */

struct visit {
    struct store_db *db;
    bool (*visit)(void *arg, const struct audit_record *record, const uint8_t *bytes, size_t len);
    void *arg;
    const struct baton_id *tenant;
    bool stopped;
};

static enum baton_status
visit_bytes(struct visit *v, const uint8_t *bytes, size_t len, struct baton_err *err)
{
    struct audit_record r;
    if (audit_decode(bytes, len, &r) != BATON_OK)
        return baton_fail(err, BATON_CORRUPT, "a stored audit record is malformed");
    v->stopped = !v->visit(v->arg, &r, bytes, len);
    return BATON_OK;
}

/* Every row from `from`, passing over other tenants' by the column alone. */
static enum baton_status
visit_range(struct visit *v, uint64_t from, uint64_t end, struct baton_err *err)
{
    sqlite3_stmt *st = NULL;
    enum baton_status rc = store_db_take(v->db, ST_LOG_EACH, &st, err);
    if (rc != BATON_OK)
        return rc;
    (void)sqlite3_bind_int64(st, 1, (sqlite3_int64)from);
    (void)sqlite3_bind_int64(st, 2, (sqlite3_int64)end);
    int code = SQLITE_DONE;
    while (rc == BATON_OK && !v->stopped && (code = sqlite3_step(st)) == SQLITE_ROW) {
        size_t len = 0;
        if (v->tenant != NULL && !column_is(st, 1, v->tenant->b, sizeof v->tenant->b))
            continue;
        const uint8_t *bytes = store_db_bytes(st, 4, &len);
        rc = visit_bytes(v, bytes, len, err);
    }
    if (rc == BATON_OK && !v->stopped && code != SQLITE_DONE)
        rc = store_db_error(v->db, code, "reading the log", err);
    store_db_give(v->db, ST_LOG_EACH, st);
    return rc;
}

static enum baton_status
visit_one(struct visit *v, uint64_t seq, struct baton_err *err)
{
    sqlite3_stmt *st = NULL;
    enum baton_status rc = store_db_take(v->db, ST_LOG_ONE, &st, err);
    if (rc != BATON_OK)
        return rc;
    (void)sqlite3_bind_int64(st, 1, (sqlite3_int64)seq);
    int code = sqlite3_step(st);
    if (code == SQLITE_ROW) {
        size_t len = 0;
        const uint8_t *bytes = store_db_bytes(st, 0, &len);
        rc = visit_bytes(v, bytes, len, err);
    } else {
        rc = store_db_error(v->db, code == SQLITE_DONE ? SQLITE_CORRUPT : code, "reading the log",
                            err);
    }
    store_db_give(v->db, ST_LOG_ONE, st);
    return rc;
}

static enum baton_status
visit_block(struct visit *v, uint64_t block, const uint8_t *list, size_t len, uint64_t from,
            struct baton_err *err)
{
    enum baton_status rc = BATON_OK;
    unsigned count = 0;
    const uint8_t *offset = block_find(list, len, v->tenant, &count);
    for (unsigned i = 0; offset != NULL && rc == BATON_OK && !v->stopped && i < count; i++) {
        uint64_t seq = block * LOG_BLOCK_RECORDS + 1 + get_u16(offset + 2 * (size_t)i);
        if (seq >= from)
            rc = visit_one(v, seq, err);
    }
    return rc;
}

/* Through the indexed blocks; *ret_next is where the unindexed rest begins. */
static enum baton_status
visit_blocks(struct visit *v, uint64_t from, uint64_t *ret_next, struct baton_err *err)
{
    sqlite3_stmt *st = NULL;
    enum baton_status rc = store_db_take(v->db, ST_BLOCK_EACH, &st, err);
    if (rc != BATON_OK)
        return rc;
    (void)sqlite3_bind_int64(st, 1, (sqlite3_int64)((from - 1) / LOG_BLOCK_RECORDS));
    int code = SQLITE_DONE;
    while (rc == BATON_OK && !v->stopped && (code = sqlite3_step(st)) == SQLITE_ROW) {
        uint64_t block = (uint64_t)sqlite3_column_int64(st, 0);
        size_t len = 0;
        const uint8_t *list = store_db_bytes(st, 1, &len);
        rc = visit_block(v, block, list, len, from, err);
        *ret_next = (block + 1) * LOG_BLOCK_RECORDS + 1;
    }
    if (rc == BATON_OK && !v->stopped && code != SQLITE_DONE)
        rc = store_db_error(v->db, code, "reading the index of the log", err);
    store_db_give(v->db, ST_BLOCK_EACH, st);
    return rc;
}

enum baton_status
store_log_records(struct store_db *db, uint64_t from_seq, const struct baton_id *tenant_or_null,
                  bool (*visit)(void *arg, const struct audit_record *record, const uint8_t *bytes,
                                size_t len),
                  void *arg, struct baton_err *err)
{
    struct visit v = {.db = db, .visit = visit, .arg = arg, .tenant = tenant_or_null};
    uint64_t next = from_seq > 0 ? from_seq : 1;

    if (next > INT64_MAX)
        return BATON_OK;
    enum baton_status rc = BATON_OK;
    if (tenant_or_null != NULL)
        rc = visit_blocks(&v, next, &next, err);
    if (rc == BATON_OK && !v.stopped)
        rc = visit_range(&v, next, INT64_MAX, err);
    return rc;
}
