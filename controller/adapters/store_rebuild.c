#include "controller/adapters/store_rebuild.h"
#include <stdlib.h>
#include <string.h>

enum { RECORDS_PER_COMMIT = 256 };

struct rebuilding {
    const struct store_port *from, *to;
    struct store_rebuilt *done;
    enum baton_status rc;
    struct baton_err *err;
};

static enum baton_status
row_fold(struct rebuilding *b, const struct audit_row *row)
{
    if (row->len > 0) {
        b->done->rows_put++;
        return b->to->put(b->to->ctx, (enum store_table)row->table, row->key, row->key_len,
                          row->value, row->len, b->err);
    }
    b->done->rows_removed++;
    enum baton_status rc =
        b->to->remove(b->to->ctx, (enum store_table)row->table, row->key, row->key_len, b->err);
    return rc == BATON_NOT_FOUND ? BATON_OK : rc; /* removed before it was ever recorded */
}

static enum baton_status
object_copy(struct rebuilding *b, const struct baton_hash *hash)
{
    static const struct baton_sig none;
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct baton_sig sig = {0};
    enum baton_status rc = b->from->object_get(b->from->ctx, hash, &bytes, &len, &sig, b->err);
    if (rc == BATON_NOT_FOUND) {
        b->done->refs_without_object++; /* the hash of something that is no object */
        return BATON_OK;
    }
    bool is_signed = memcmp(sig.b, none.b, sizeof sig.b) != 0;
    if (rc == BATON_OK)
        rc = b->to->object_put(b->to->ctx, hash, bytes, len, is_signed ? &sig : NULL, b->err);
    b->done->objects += rc == BATON_OK;
    free(bytes);
    return rc;
}

static enum baton_status
record_copy(struct rebuilding *b, const struct audit_record *r)
{
    struct audit_record copy = *r; /* append gives it its place again */
    enum baton_status rc = b->to->append(b->to->ctx, &copy, b->err);
    if (rc == BATON_OK && copy.seq != r->seq)
        rc = baton_fail(b->err, BATON_CORRUPT, "a record came to stand in another place");
    for (size_t i = 0; rc == BATON_OK && i < r->ref_count; i++)
        rc = object_copy(b, &r->ref[i]);
    for (size_t i = 0; rc == BATON_OK && i < r->row_count; i++)
        rc = row_fold(b, &r->row[i]);
    b->done->records++;
    return rc;
}

static bool
record_visit(void *arg, const struct audit_record *r, const uint8_t *bytes, size_t len)
{
    struct rebuilding *b = arg;
    (void)bytes, (void)len;
    b->rc = record_copy(b, r);
    if (b->rc == BATON_OK && r->seq % RECORDS_PER_COMMIT == 0) {
        b->rc = b->to->commit(b->to->ctx, b->err);
        if (b->rc == BATON_OK)
            b->rc = b->to->begin(b->to->ctx, b->err);
    }
    return b->rc == BATON_OK;
}

static enum baton_status
heads_compare(struct rebuilding *b)
{
    struct baton_hash here, there;
    uint64_t n = 0, m = 0;
    enum baton_status rc = b->from->head(b->from->ctx, &n, &here, b->err);
    if (rc == BATON_OK)
        rc = b->to->head(b->to->ctx, &m, &there, b->err);
    if (rc == BATON_OK && (n != m || !baton_hash_eq(&here, &there)))
        rc = baton_fail(b->err, BATON_CORRUPT, "the copied log is not the same log");
    return rc;
}

static enum baton_status
empty_check(struct rebuilding *b)
{
    struct baton_hash root;
    uint64_t size = 0;
    enum baton_status rc = b->to->head(b->to->ctx, &size, &root, b->err);
    if (rc == BATON_OK && size > 0)
        rc = baton_fail(b->err, BATON_CONFLICT, "the store to rebuild into is not empty");
    return rc;
}

enum baton_status
store_rebuild(const struct store_port *from, const struct store_port *to,
              struct store_rebuilt *ret_rebuilt, struct baton_err *err)
{
    struct rebuilding b = {.from = from, .to = to, .done = ret_rebuilt, .err = err};
    *ret_rebuilt = (struct store_rebuilt){0};
    enum baton_status rc = empty_check(&b);
    if (rc == BATON_OK)
        rc = to->begin(to->ctx, err);
    if (rc != BATON_OK)
        return rc;
    rc = from->records(from->ctx, 0, NULL, record_visit, &b, err);
    if (rc == BATON_OK)
        rc = b.rc;
    if (rc == BATON_OK)
        rc = to->commit(to->ctx, err);
    else
        to->rollback(to->ctx);
    return rc == BATON_OK ? heads_compare(&b) : rc;
}

/* Comparing two stores: every row of the one must be in the other, and they have as many. */

struct comparing {
    const struct store_port *other;
    enum store_table table;
    size_t count;
    bool same;
    enum baton_status rc;
    struct baton_err *err;
};

static void
differs(struct comparing *c, const void *key, size_t key_len)
{
    char hex[2 * STORE_KEY_BYTES + 1];
    baton_hex(key, key_len, hex);
    c->same = false;
    (void)baton_fail(c->err, BATON_OK, "row %s of table %d differs", hex, (int)c->table);
}

static bool
row_compare(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    struct comparing *c = arg;
    uint8_t *theirs = NULL;
    size_t n = 0;
    c->count++;
    enum baton_status rc =
        c->other->get(c->other->ctx, c->table, key, key_len, &theirs, &n, c->err);
    if (rc == BATON_NOT_FOUND || (rc == BATON_OK && (n != len || memcmp(theirs, value, n) != 0)))
        differs(c, key, key_len);
    else
        c->rc = rc;
    free(theirs);
    return c->same && c->rc == BATON_OK;
}

enum baton_status
store_rows_compare(const struct store_port *a, const struct store_port *b, enum store_table table,
                   bool *ret_same, struct baton_err *err)
{
    struct comparing there = {.other = b, .table = table, .same = true, .err = err};
    struct comparing back = {.other = a, .table = table, .same = true, .err = err};
    enum baton_status rc = a->each(a->ctx, table, NULL, 0, row_compare, &there, err);
    if (rc == BATON_OK)
        rc = there.rc;
    if (rc == BATON_OK && there.same)
        rc = b->each(b->ctx, table, NULL, 0, row_compare, &back, err);
    *ret_same = there.same && back.same;
    return rc == BATON_OK ? back.rc : rc;
}
