#include "baton/statement.h"
#include "common/audit/bundle.h"
#include "common/audit/bundle_io.h"
#include "common/audit/hash_set.h"
#include "common/canon.h"
#include "common/merkle.h"
#include <stdlib.h>
#include <string.h>

enum { HEADER_BYTES_MAX = 256, RECEIPTS_FIRST = 256 };

struct writing {
    const struct store_port *store;
    const struct audit_bundle_source *source;
    struct bundle_writer out;
    struct hash_set objects; /* written, or known to be absent (mark 1) */
    struct audit_receipt *receipt;
    size_t receipt_count, receipt_cap;
    struct merkle_frontier tree;
    struct audit_bundle_counts counts;
    enum baton_status rc;
    struct baton_err *err;
};

static bool
is_withheld(const struct writing *w, const struct audit_record *r)
{
    return !baton_id_is_zero(&w->source->tenant) && !baton_id_is_zero(&r->tenant) &&
           !baton_id_eq(&w->source->tenant, &r->tenant);
}

/* First walk: which receipts the agents' statements show. They stand in front of the records, so
 * that the reader can compare as the tree grows. */

static bool
receipt_add(struct writing *w, const struct statement *s)
{
    if (s->receipt_size == 0)
        return true;
    if (w->receipt_count == w->receipt_cap) {
        size_t cap = w->receipt_cap == 0 ? RECEIPTS_FIRST : w->receipt_cap * 2;
        struct audit_receipt *list = realloc(w->receipt, cap * sizeof *list);
        if (list == NULL) {
            w->rc = baton_fail(w->err, BATON_NOMEM, "receipts");
            return false;
        }
        w->receipt = list;
        w->receipt_cap = cap;
    }
    w->receipt[w->receipt_count++] =
        (struct audit_receipt){s->receipt_size, s->receipt_root, s->member};
    return true;
}

static bool
receipt_read(struct writing *w, const struct baton_hash *hash)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct statement s;
    enum baton_status rc = w->store->object_get(w->store->ctx, hash, &bytes, &len, NULL, w->err);
    if (rc != BATON_OK && rc != BATON_NOT_FOUND) {
        w->rc = rc;
        return false;
    }
    bool more = true;
    if (rc == BATON_OK && statement_decode(bytes, len, &s) == BATON_OK)
        more = receipt_add(w, &s);
    free(bytes);
    return more;
}

static bool
receipts_visit(void *arg, const struct audit_record *r, const uint8_t *bytes, size_t len)
{
    struct writing *w = arg;
    (void)bytes, (void)len;
    bool more = true;
    if (r->type == AUDIT_STATEMENT && !is_withheld(w, r))
        for (size_t i = 0; more && i < r->ref_count; i++)
            more = receipt_read(w, &r->ref[i]);
    return more;
}

static int
receipt_compare(const void *a, const void *b)
{
    const struct audit_receipt *x = a, *y = b;
    if (x->size != y->size)
        return x->size < y->size ? -1 : 1;
    return memcmp(x->root.b, y->root.b, sizeof x->root.b);
}

static int
checkpoint_compare(const void *a, const void *b)
{
    const struct audit_checkpoint *x = a, *y = b;
    return (x->size > y->size) - (x->size < y->size);
}

/* What stands in front */

static enum baton_status
header_write(struct writing *w, uint64_t size, const struct baton_hash *root)
{
    uint8_t bytes[HEADER_BYTES_MAX];
    size_t len = 0;
    struct canon_writer c;
    canon_writer_init(&c, bytes, sizeof bytes);
    canon_put_u64(&c, w->source->now_unix_ms);
    canon_put_u64(&c, size);
    canon_put_hash(&c, root);
    canon_put_key(&c, &w->source->root);
    canon_put_id(&c, &w->source->tenant);
    canon_put_str(&c, BATON_VERSION, sizeof BATON_VERSION);
    enum baton_status rc = canon_finish(&c, &len);
    if (rc != BATON_OK)
        return baton_fail(w->err, rc, "bundle header");
    return bundle_writer_put(&w->out, BUNDLE_HEADER, bytes, len, NULL, 0, w->err);
}

static enum baton_status
checkpoint_write(struct writing *w, const struct audit_checkpoint *c)
{
    uint8_t bytes[CHECKPOINT_BYTES];
    checkpoint_bytes(c->size, &c->root, c->unix_ms, bytes);
    w->counts.checkpoints++;
    return bundle_writer_put(&w->out, BUNDLE_CHECKPOINT, bytes, sizeof bytes, c->sig.b,
                             sizeof c->sig.b, w->err);
}

static enum baton_status
checkpoints_write(struct writing *w, uint64_t size)
{
    size_t n = w->source->checkpoint_count;
    struct audit_checkpoint *list = malloc((n + 1) * sizeof *list);
    if (list == NULL)
        return baton_fail(w->err, BATON_NOMEM, "checkpoints");
    if (n > 0)
        memcpy(list, w->source->checkpoint, n * sizeof *list);
    qsort(list, n, sizeof *list, checkpoint_compare);
    enum baton_status rc = BATON_OK;
    for (size_t i = 0; rc == BATON_OK && i < n; i++)
        if (list[i].size <= size) /* one signed since this snapshot began is left out */
            rc = checkpoint_write(w, &list[i]);
    free(list);
    return rc;
}

static enum baton_status
receipts_write(struct writing *w)
{
    enum baton_status rc = BATON_OK;
    if (w->receipt_count > 0)
        qsort(w->receipt, w->receipt_count, sizeof *w->receipt, receipt_compare);
    for (size_t i = 0; rc == BATON_OK && i < w->receipt_count; i++) {
        const struct audit_receipt *x = &w->receipt[i];
        if (i > 0 && receipt_compare(x, x - 1) == 0)
            continue;
        uint8_t bytes[8 + BATON_HASH_BYTES + BATON_KEY_BYTES];
        size_t len = 0;
        struct canon_writer c;
        canon_writer_init(&c, bytes, sizeof bytes);
        canon_put_u64(&c, x->size);
        canon_put_hash(&c, &x->root);
        canon_put_key(&c, &x->agent);
        rc = canon_finish(&c, &len);
        if (rc == BATON_OK)
            rc = bundle_writer_put(&w->out, BUNDLE_RECEIPT, bytes, len, NULL, 0, w->err);
        w->counts.receipts++;
    }
    return rc;
}

/* Second walk: the records, each after the objects it is the first to name */

static enum baton_status
object_write(struct writing *w, const struct baton_hash *hash)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct baton_sig sig = {0};
    if (hash_set_find(&w->objects, hash) != NULL)
        return BATON_OK;
    enum baton_status rc = w->store->object_get(w->store->ctx, hash, &bytes, &len, &sig, w->err);
    bool absent = rc == BATON_NOT_FOUND; /* a hash of something that is no object */
    if (rc == BATON_OK)
        rc = bundle_writer_put(&w->out, BUNDLE_OBJECT, sig.b, sizeof sig.b, bytes, len, w->err);
    free(bytes);
    if (rc != BATON_OK && !absent)
        return rc;
    w->counts.objects += !absent;
    rc = hash_set_add(&w->objects, hash, absent);
    return rc == BATON_OK ? rc : baton_fail(w->err, rc, "objects");
}

static enum baton_status
record_write(struct writing *w, const struct audit_record *r, const uint8_t *bytes, size_t len,
             const struct baton_hash *leaf)
{
    if (is_withheld(w, r)) {
        w->counts.withheld++;
        return bundle_writer_put(&w->out, BUNDLE_LEAF, leaf->b, sizeof leaf->b, NULL, 0, w->err);
    }
    enum baton_status rc = BATON_OK;
    for (size_t i = 0; rc == BATON_OK && i < r->ref_count; i++)
        rc = object_write(w, &r->ref[i]);
    if (rc == BATON_OK)
        rc = bundle_writer_put(&w->out, BUNDLE_RECORD, bytes, len, NULL, 0, w->err);
    return rc;
}

static bool
records_visit(void *arg, const struct audit_record *r, const uint8_t *bytes, size_t len)
{
    struct writing *w = arg;
    struct baton_hash leaf;
    merkle_leaf(bytes, len, &leaf);
    merkle_append(&w->tree, &leaf);
    w->counts.records++;
    w->rc = record_write(w, r, bytes, len, &leaf);
    return w->rc == BATON_OK;
}

static enum baton_status
end_write(struct writing *w, uint64_t size, const struct baton_hash *root)
{
    uint8_t bytes[8 + 8 + BATON_HASH_BYTES];
    struct baton_hash real;
    size_t len = 0;
    struct canon_writer c;
    merkle_root(&w->tree, &real);
    if (w->tree.size != size || !baton_hash_eq(&real, root))
        return baton_fail(w->err, BATON_CORRUPT, "the records do not make the tree of the store");
    canon_writer_init(&c, bytes, sizeof bytes);
    canon_put_u64(&c, w->counts.records);
    canon_put_u64(&c, w->counts.objects);
    canon_put_hash(&c, root);
    enum baton_status rc = canon_finish(&c, &len);
    if (rc == BATON_OK)
        rc = bundle_writer_put(&w->out, BUNDLE_END, bytes, len, NULL, 0, w->err);
    return rc;
}

static enum baton_status
bundle_write(struct writing *w)
{
    const struct store_port *s = w->store;
    struct baton_hash root;
    uint64_t size = 0;
    enum baton_status rc = s->head(s->ctx, &size, &root, w->err);
    if (rc == BATON_OK)
        rc = s->records(s->ctx, 0, NULL, receipts_visit, w, w->err);
    if (rc == BATON_OK)
        rc = w->rc;
    if (rc == BATON_OK)
        rc = header_write(w, size, &root);
    if (rc == BATON_OK)
        rc = checkpoints_write(w, size);
    if (rc == BATON_OK)
        rc = receipts_write(w);
    if (rc == BATON_OK)
        rc = s->records(s->ctx, 0, NULL, records_visit, w, w->err);
    if (rc == BATON_OK)
        rc = w->rc;
    if (rc == BATON_OK)
        rc = end_write(w, size, &root);
    return rc;
}

enum baton_status
audit_bundle_write(const struct store_port *store, const struct audit_bundle_source *source,
                   const char *path, struct audit_bundle_counts *ret_counts, struct baton_err *err)
{
    struct writing w = {.store = store, .source = source, .err = err};
    merkle_init(&w.tree);
    hash_set_init(&w.objects);

    enum baton_status rc = bundle_writer_open(&w.out, path, err);
    if (rc != BATON_OK)
        return rc;
    rc = store->begin(store->ctx, err); /* one snapshot for all walks */
    if (rc == BATON_OK) {
        rc = bundle_write(&w);
        store->rollback(store->ctx);
    }
    w.counts.file_bytes = w.out.bytes;
    if (rc == BATON_OK)
        rc = bundle_writer_close(&w.out, err);
    if (rc != BATON_OK)
        bundle_writer_discard(&w.out, path);
    else if (ret_counts != NULL)
        *ret_counts = w.counts;
    hash_set_done(&w.objects);
    free(w.receipt);
    return rc;
}
