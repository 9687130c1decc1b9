#include "store_fake.h"
#include "common/merkle.h"
#include "common/sha256.h"
#include <stdlib.h>
#include <string.h>

/* Everything but the log lies in one ordered list of entries: a space, a key, a value. Spaces below
 * TABLE_COUNT are the tables. */
enum space { SPACE_OBJECT = TABLE_COUNT, SPACE_OUTBOX, SPACE_ORDER, SPACE_INBOX };

enum { KEY_BYTES = 64, OUTBOX_KEY_BYTES = BATON_KEY_BYTES + 8 };

struct entry {
    uint8_t space, key_len;
    uint8_t key[KEY_BYTES];
    uint8_t *value; /* never NULL */
    size_t len;
};

struct undo { /* what stood under a key before; value NULL: nothing did */
    struct entry before;
};

struct record {
    struct baton_id tenant;
    struct baton_hash leaf;
    uint64_t tenant_seq;
    uint8_t *bytes;
    size_t len;
};

struct fake {
    struct entry *entry;
    size_t count, cap;
    struct undo *undo;
    size_t undo_count, undo_cap;
    struct record *record;
    size_t records, records_cap, records_before;
    struct merkle_frontier tree, tree_before;
    bool in_transaction, failed;
    unsigned fail_in;
    enum baton_status fail_status, broken;
};

/* Every call that can fail comes through here first. */
static enum baton_status
fault_tick(struct fake *f, struct baton_err *err)
{
    if (f->broken != BATON_OK)
        return baton_fail(err, f->broken, "the fake store failed before");
    if (f->fail_in == 0 || --f->fail_in > 0)
        return BATON_OK;
    f->failed = true;
    if (f->fail_status == BATON_IO || f->fail_status == BATON_FULL ||
        f->fail_status == BATON_CORRUPT || f->fail_status == BATON_NOMEM)
        f->broken = f->fail_status;
    return baton_fail(err, f->fail_status, "told to fail");
}

static enum baton_status
write_tick(struct fake *f, struct baton_err *err)
{
    BATON_ASSERT(f->in_transaction);
    return fault_tick(f, err);
}

static void *
grown(void *array, size_t count, size_t *cap, size_t item_bytes)
{
    if (count < *cap)
        return array;
    *cap = *cap == 0 ? 16 : *cap * 2;
    void *p = realloc(array, *cap * item_bytes);
    BATON_ASSERT(p != NULL); /* a test machine without memory proves nothing */
    return p;
}

static uint8_t *
copied(const void *bytes, size_t len)
{
    uint8_t *p = malloc(len + 1);
    BATON_ASSERT(p != NULL);
    if (len > 0)
        memcpy(p, bytes, len);
    p[len] = 0;
    return p;
}

static int
key_compare(const struct entry *e, unsigned space, const void *key, size_t key_len)
{
    if (e->space != space)
        return e->space < space ? -1 : 1;
    size_t n = e->key_len < key_len ? e->key_len : key_len;
    int c = n > 0 ? memcmp(e->key, key, n) : 0;
    if (c != 0 || e->key_len == key_len)
        return c;
    return e->key_len < key_len ? -1 : 1;
}

static size_t
lower_bound(const struct fake *f, unsigned space, const void *key, size_t key_len)
{
    size_t low = 0, high = f->count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (key_compare(&f->entry[mid], space, key, key_len) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static struct entry *
entry_find(const struct fake *f, unsigned space, const void *key, size_t key_len)
{
    size_t at = lower_bound(f, space, key, key_len);
    if (at == f->count || key_compare(&f->entry[at], space, key, key_len) != 0)
        return NULL;
    return &f->entry[at];
}

static void
undo_note(struct fake *f, const struct entry *before)
{
    f->undo = grown(f->undo, f->undo_count, &f->undo_cap, sizeof *f->undo);
    f->undo[f->undo_count++].before = *before;
}

/* Puts value (owned from now on), or removes the entry when it is NULL; returns what was there. */
static struct entry
entry_swap(struct fake *f, const struct entry *now)
{
    size_t at = lower_bound(f, now->space, now->key, now->key_len);
    bool there =
        at < f->count && key_compare(&f->entry[at], now->space, now->key, now->key_len) == 0;
    struct entry before = *now;
    before.value = NULL;
    before.len = 0;
    if (there)
        before = f->entry[at];

    if (there && now->value == NULL) {
        memmove(f->entry + at, f->entry + at + 1, (f->count - at - 1) * sizeof *f->entry);
        f->count--;
    } else if (there) {
        f->entry[at] = *now;
    } else if (now->value != NULL) {
        f->entry = grown(f->entry, f->count, &f->cap, sizeof *f->entry);
        memmove(f->entry + at + 1, f->entry + at, (f->count - at) * sizeof *f->entry);
        f->entry[at] = *now;
        f->count++;
    }
    return before;
}

static void
entry_put(struct fake *f, unsigned space, const void *key, size_t key_len, uint8_t *value,
          size_t len)
{
    struct entry now = {
        .space = (uint8_t)space, .key_len = (uint8_t)key_len, .value = value, .len = len};
    memcpy(now.key, key, key_len);
    struct entry before = entry_swap(f, &now);
    undo_note(f, &before);
}

static bool
key_is_own(enum store_table table, const void *key, size_t key_len)
{
    return table == TABLE_META && key_len >= 6 && memcmp(key, "store.", 6) == 0;
}

/* Transactions */

static enum baton_status
fake_begin(void *ctx, struct baton_err *err)
{
    struct fake *f = ctx;
    BATON_ASSERT(!f->in_transaction);
    enum baton_status rc = fault_tick(f, err);
    if (rc != BATON_OK)
        return rc;
    f->in_transaction = true;
    f->tree_before = f->tree;
    f->records_before = f->records;
    return BATON_OK;
}

static void
undo_forget(struct fake *f)
{
    while (f->undo_count > 0)
        free(f->undo[--f->undo_count].before.value);
}

static void
fake_rollback(void *ctx)
{
    struct fake *f = ctx;
    if (!f->in_transaction)
        return;
    while (f->undo_count > 0) {
        struct entry undone = entry_swap(f, &f->undo[--f->undo_count].before);
        free(undone.value);
    }
    while (f->records > f->records_before)
        free(f->record[--f->records].bytes);
    f->tree = f->tree_before;
    f->in_transaction = false;
}

static enum baton_status
fake_look(void *ctx, struct baton_err *err)
{
    return fault_tick(ctx, err);
}

static void
fake_look_end(void *ctx)
{
    (void)ctx;
}

static enum baton_status
fake_commit(void *ctx, struct baton_err *err)
{
    struct fake *f = ctx;
    enum baton_status rc = write_tick(f, err);
    if (rc != BATON_OK) {
        fake_rollback(f);
        return rc;
    }
    undo_forget(f);
    f->in_transaction = false;
    return BATON_OK;
}

/* Rows */

static enum baton_status
fake_put(void *ctx, enum store_table table, const void *key, size_t key_len, const void *value,
         size_t len, struct baton_err *err)
{
    struct fake *f = ctx;
    enum baton_status rc = write_tick(f, err);
    if (rc != BATON_OK)
        return rc;
    if (key_len == 0 || key_len > STORE_KEY_BYTES || len > STORE_ROW_BYTES)
        return baton_fail(err, BATON_LIMIT, "row of %zu and %zu bytes", key_len, len);
    if (key_is_own(table, key, key_len))
        return baton_fail(err, BATON_DENIED, "this row belongs to the store itself");
    entry_put(f, table, key, key_len, copied(value, len), len);
    return BATON_OK;
}

static enum baton_status
fake_get(void *ctx, enum store_table table, const void *key, size_t key_len, uint8_t **ret_value,
         size_t *ret_len, struct baton_err *err)
{
    struct fake *f = ctx;
    *ret_value = NULL;
    *ret_len = 0;
    enum baton_status rc = fault_tick(f, err);
    if (rc != BATON_OK)
        return rc;
    const struct entry *e = entry_find(f, table, key, key_len);
    if (e == NULL)
        return BATON_NOT_FOUND;
    *ret_value = copied(e->value, e->len);
    *ret_len = e->len;
    return BATON_OK;
}

static enum baton_status
fake_remove(void *ctx, enum store_table table, const void *key, size_t key_len,
            struct baton_err *err)
{
    struct fake *f = ctx;
    enum baton_status rc = write_tick(f, err);
    if (rc != BATON_OK)
        return rc;
    if (key_is_own(table, key, key_len))
        return baton_fail(err, BATON_DENIED, "this row belongs to the store itself");
    if (entry_find(f, table, key, key_len) == NULL)
        return BATON_NOT_FOUND;
    entry_put(f, table, key, key_len, NULL, 0);
    return BATON_OK;
}

/* A copy of the entries of one space with one prefix: visitors may change the store. */
static struct entry *
snapshot(const struct fake *f, unsigned space, const void *prefix, size_t prefix_len,
         size_t *ret_count)
{
    size_t first = lower_bound(f, space, prefix, prefix_len), n = 0;
    while (first + n < f->count && f->entry[first + n].space == space &&
           f->entry[first + n].key_len >= prefix_len &&
           (prefix_len == 0 || memcmp(f->entry[first + n].key, prefix, prefix_len) == 0))
        n++;
    struct entry *copy = malloc((n + 1) * sizeof *copy);
    BATON_ASSERT(copy != NULL);
    for (size_t i = 0; i < n; i++) {
        copy[i] = f->entry[first + i];
        copy[i].value = copied(copy[i].value, copy[i].len);
    }
    *ret_count = n;
    return copy;
}

static void
snapshot_free(struct entry *copy, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(copy[i].value);
    free(copy);
}

static enum baton_status
fake_each(void *ctx, enum store_table table, const void *prefix, size_t prefix_len,
          bool (*visit)(void *arg, const void *key, size_t key_len, const uint8_t *value,
                        size_t len),
          void *arg, struct baton_err *err)
{
    struct fake *f = ctx;
    size_t n = 0;
    enum baton_status rc = fault_tick(f, err);
    if (rc != BATON_OK)
        return rc;
    if (prefix_len > STORE_KEY_BYTES)
        return baton_fail(err, BATON_LIMIT, "row prefix of %zu bytes", prefix_len);
    struct entry *copy = snapshot(f, table, prefix, prefix_len, &n);
    for (size_t i = 0; i < n; i++)
        if (!visit(arg, copy[i].key, copy[i].key_len, copy[i].value, copy[i].len))
            break;
    snapshot_free(copy, n);
    return BATON_OK;
}

/* Objects: the signature (or zeros, with a leading flag), then the bytes */

static enum baton_status
fake_object_put(void *ctx, const struct baton_hash *hash, const void *bytes, size_t len,
                const struct baton_sig *sig, struct baton_err *err)
{
    struct fake *f = ctx;
    struct baton_hash real;
    enum { HEAD = 1 + BATON_SIG_BYTES };
    enum baton_status rc = write_tick(f, err);
    if (rc != BATON_OK)
        return rc;
    if (len > STORE_OBJECT_BYTES)
        return baton_fail(err, BATON_LIMIT, "object of %zu bytes", len);
    sha256_of(bytes, len, &real);
    if (!baton_hash_eq(&real, hash))
        return baton_fail(err, BATON_CONFLICT, "these bytes are not the object of that hash");
    const struct entry *old = entry_find(f, SPACE_OBJECT, hash->b, sizeof hash->b);
    if (old != NULL) {
        bool same = sig == NULL || (old->value[0] == 1 && memcmp(old->value + 1, sig->b, 64) == 0);
        return same ? BATON_OK : baton_fail(err, BATON_CONFLICT, "another signature is stored");
    }
    uint8_t *value = calloc(1, HEAD + len + 1);
    BATON_ASSERT(value != NULL);
    value[0] = sig != NULL;
    if (sig != NULL)
        memcpy(value + 1, sig->b, sizeof sig->b);
    if (len > 0)
        memcpy(value + HEAD, bytes, len);
    entry_put(f, SPACE_OBJECT, hash->b, sizeof hash->b, value, HEAD + len);
    return BATON_OK;
}

static enum baton_status
fake_object_get(void *ctx, const struct baton_hash *hash, uint8_t **ret_bytes, size_t *ret_len,
                struct baton_sig *ret_sig, struct baton_err *err)
{
    struct fake *f = ctx;
    enum { HEAD = 1 + BATON_SIG_BYTES };
    *ret_bytes = NULL;
    *ret_len = 0;
    enum baton_status rc = fault_tick(f, err);
    if (rc != BATON_OK)
        return rc;
    const struct entry *e = entry_find(f, SPACE_OBJECT, hash->b, sizeof hash->b);
    if (e == NULL)
        return BATON_NOT_FOUND;
    if (ret_sig != NULL)
        memcpy(ret_sig->b, e->value + 1, sizeof ret_sig->b);
    *ret_len = e->len - HEAD;
    *ret_bytes = copied(e->value + HEAD, *ret_len);
    return BATON_OK;
}

/* The log */

static void
record_place(const struct fake *f, struct audit_record *r)
{
    r->seq = f->records + 1;
    r->tenant_seq = 1;
    r->previous = (struct baton_hash){0};
    for (size_t i = f->records; i-- > 0;) {
        if (baton_id_eq(&f->record[i].tenant, &r->tenant)) {
            r->tenant_seq = f->record[i].tenant_seq + 1;
            r->previous = f->record[i].leaf;
            return;
        }
    }
}

static enum baton_status
fake_append(void *ctx, struct audit_record *r, struct baton_err *err)
{
    struct fake *f = ctx;
    enum baton_status rc = write_tick(f, err);
    if (rc != BATON_OK)
        return rc;
    record_place(f, r);
    struct record kept = {.tenant = r->tenant, .tenant_seq = r->tenant_seq};
    kept.bytes = malloc(AUDIT_RECORD_BYTES_MAX);
    BATON_ASSERT(kept.bytes != NULL);
    rc = audit_encode(r, kept.bytes, AUDIT_RECORD_BYTES_MAX, &kept.len);
    if (rc != BATON_OK) {
        free(kept.bytes);
        return baton_fail(err, rc, "audit record");
    }
    kept.bytes = realloc(kept.bytes, kept.len);
    merkle_leaf(kept.bytes, kept.len, &kept.leaf);
    merkle_append(&f->tree, &kept.leaf);
    f->record = grown(f->record, f->records, &f->records_cap, sizeof *f->record);
    f->record[f->records++] = kept;
    return BATON_OK;
}

static enum baton_status
fake_records(void *ctx, uint64_t from_seq, const struct baton_id *tenant_or_null,
             bool (*visit)(void *arg, const struct audit_record *record, const uint8_t *bytes,
                           size_t len),
             void *arg, struct baton_err *err)
{
    struct fake *f = ctx;
    enum baton_status rc = fault_tick(f, err);
    if (rc != BATON_OK)
        return rc;
    for (uint64_t i = from_seq > 0 ? from_seq - 1 : 0; i < f->records; i++) {
        struct audit_record r;
        if (tenant_or_null != NULL && !baton_id_eq(tenant_or_null, &f->record[i].tenant))
            continue;
        rc = audit_decode(f->record[i].bytes, f->record[i].len, &r);
        BATON_ASSERT(rc == BATON_OK);
        if (!visit(arg, &r, f->record[i].bytes, f->record[i].len))
            break;
    }
    return BATON_OK;
}

static enum baton_status
fake_head(void *ctx, uint64_t *ret_size, struct baton_hash *ret_root, struct baton_err *err)
{
    struct fake *f = ctx;
    enum baton_status rc = fault_tick(f, err);
    if (rc != BATON_OK)
        return rc;
    *ret_size = f->tree.size;
    merkle_root(&f->tree, ret_root);
    return BATON_OK;
}

static enum baton_status
fake_root_at(void *ctx, uint64_t size, struct baton_hash *ret_root, struct baton_err *err)
{
    struct fake *f = ctx;
    struct merkle_frontier tree;
    enum baton_status rc = fault_tick(f, err);
    if (rc != BATON_OK)
        return rc;
    if (size > f->records)
        return BATON_NOT_FOUND;
    merkle_init(&tree);
    for (uint64_t i = 0; i < size; i++)
        merkle_append(&tree, &f->record[i].leaf);
    merkle_root(&tree, ret_root);
    return BATON_OK;
}

/* Outbox: under (agent, seq, number) stand order, tenant, hash and bytes; under the order id stands
 * that key. */

struct outbox_value {
    struct baton_id order, tenant;
    struct baton_hash hash;
};

static void
be64(uint8_t *out, uint64_t v)
{
    for (int i = 7; i >= 0; i--, v >>= 8)
        out[i] = (uint8_t)v;
}

static uint64_t
be64_read(const uint8_t *p)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | p[i];
    return v;
}

static enum baton_status
outbox_known(const struct fake *f, const struct outbox_row *row)
{
    struct outbox_value v;
    const struct entry *o = entry_find(f, SPACE_ORDER, row->order.b, sizeof row->order.b);
    if (o == NULL)
        return BATON_NOT_FOUND;
    const struct entry *e = entry_find(f, SPACE_OUTBOX, o->value, o->len);
    BATON_ASSERT(e != NULL);
    memcpy(&v, e->value, sizeof v);
    return baton_hash_eq(&v.hash, &row->hash) ? BATON_OK : BATON_CONFLICT;
}

static enum baton_status
fake_outbox_put(void *ctx, const struct outbox_row *row, struct baton_err *err)
{
    struct fake *f = ctx;
    uint8_t key[OUTBOX_KEY_BYTES];
    enum baton_status rc = write_tick(f, err);
    if (rc != BATON_OK)
        return rc;
    if (row->len > STORE_ROW_BYTES || row->seq == 0 || row->seq > INT64_MAX)
        return baton_fail(err, BATON_LIMIT, "order %zu bytes long, of record 0", row->len);
    memcpy(key, row->agent.b, sizeof row->agent.b);
    be64(key + BATON_KEY_BYTES, row->seq);
    rc = outbox_known(f, row);
    if (rc == BATON_NOT_FOUND && entry_find(f, SPACE_OUTBOX, key, sizeof key) != NULL)
        rc = BATON_CONFLICT;
    if (rc == BATON_CONFLICT)
        return baton_fail(err, rc, "another order stands in the outbox under this id");
    if (rc == BATON_OK)
        return rc;

    struct outbox_value v = {.order = row->order, .tenant = row->tenant, .hash = row->hash};
    uint8_t *value = malloc(sizeof v + row->len + 1);
    BATON_ASSERT(value != NULL);
    memcpy(value, &v, sizeof v);
    if (row->len > 0)
        memcpy(value + sizeof v, row->bytes, row->len);
    entry_put(f, SPACE_OUTBOX, key, sizeof key, value, sizeof v + row->len);
    entry_put(f, SPACE_ORDER, row->order.b, sizeof row->order.b, copied(key, sizeof key),
              sizeof key);
    return BATON_OK;
}

static struct outbox_row
outbox_read(const struct entry *e)
{
    struct outbox_value v;
    struct outbox_row row = {.bytes = e->value + sizeof v, .len = e->len - sizeof v};
    memcpy(&v, e->value, sizeof v);
    memcpy(row.agent.b, e->key, sizeof row.agent.b);
    row.seq = be64_read(e->key + BATON_KEY_BYTES);
    row.order = v.order;
    row.tenant = v.tenant;
    row.hash = v.hash;
    return row;
}

static enum baton_status
fake_outbox_each(void *ctx, const struct baton_key *agent_or_null,
                 bool (*visit)(void *arg, const struct outbox_row *row), void *arg,
                 struct baton_err *err)
{
    struct fake *f = ctx;
    size_t n = 0;
    enum baton_status rc = fault_tick(f, err);
    if (rc != BATON_OK)
        return rc;
    struct entry *copy = snapshot(f, SPACE_OUTBOX, agent_or_null,
                                  agent_or_null != NULL ? sizeof agent_or_null->b : 0, &n);
    for (size_t i = 0; i < n; i++) {
        struct outbox_row row = outbox_read(&copy[i]);
        if (!visit(arg, &row))
            break;
    }
    snapshot_free(copy, n);
    return BATON_OK;
}

static enum baton_status
fake_outbox_remove(void *ctx, const struct baton_id *order, struct baton_err *err)
{
    struct fake *f = ctx;
    uint8_t key[OUTBOX_KEY_BYTES];
    enum baton_status rc = write_tick(f, err);
    if (rc != BATON_OK)
        return rc;
    const struct entry *o = entry_find(f, SPACE_ORDER, order->b, sizeof order->b);
    if (o == NULL)
        return BATON_NOT_FOUND;
    memcpy(key, o->value, sizeof key);
    entry_put(f, SPACE_OUTBOX, key, sizeof key, NULL, 0);
    entry_put(f, SPACE_ORDER, order->b, sizeof order->b, NULL, 0);
    return BATON_OK;
}

static enum baton_status
fake_inbox_seen(void *ctx, const struct baton_id *id, const struct baton_hash *hash,
                struct baton_err *err)
{
    struct fake *f = ctx;
    enum baton_status rc = write_tick(f, err);
    if (rc != BATON_OK)
        return rc;
    const struct entry *e = entry_find(f, SPACE_INBOX, id->b, sizeof id->b);
    if (e == NULL) {
        entry_put(f, SPACE_INBOX, id->b, sizeof id->b, copied(hash->b, sizeof hash->b),
                  sizeof hash->b);
        return BATON_NOT_FOUND;
    }
    if (memcmp(e->value, hash->b, sizeof hash->b) == 0)
        return BATON_OK;
    return baton_fail(err, BATON_CONFLICT, "other bytes came under this id before");
}

static void
fake_close(void *ctx)
{
    struct fake *f = ctx;
    if (f == NULL)
        return;
    fake_rollback(f);
    for (size_t i = 0; i < f->count; i++)
        free(f->entry[i].value);
    for (size_t i = 0; i < f->records; i++)
        free(f->record[i].bytes);
    free(f->entry);
    free(f->undo);
    free(f->record);
    free(f);
}

enum baton_status
store_fake_open(struct store_port *ret_store, struct baton_err *err)
{
    struct fake *f = calloc(1, sizeof *f);
    if (f == NULL)
        return baton_fail(err, BATON_NOMEM, "fake store");
    merkle_init(&f->tree);
    *ret_store = (struct store_port){
        .ctx = f,
        .begin = fake_begin,
        .commit = fake_commit,
        .rollback = fake_rollback,
        .look = fake_look,
        .look_end = fake_look_end,
        .put = fake_put,
        .get = fake_get,
        .remove = fake_remove,
        .each = fake_each,
        .object_put = fake_object_put,
        .object_get = fake_object_get,
        .append = fake_append,
        .records = fake_records,
        .head = fake_head,
        .root_at = fake_root_at,
        .outbox_put = fake_outbox_put,
        .outbox_each = fake_outbox_each,
        .outbox_remove = fake_outbox_remove,
        .inbox_seen = fake_inbox_seen,
        .close = fake_close,
    };
    return BATON_OK;
}

void
store_fake_fail(const struct store_port *store, unsigned nth, enum baton_status status)
{
    struct fake *f = store->ctx;
    f->fail_in = nth;
    f->fail_status = status;
    f->failed = false;
    f->broken = BATON_OK;
}

bool
store_fake_failed(const struct store_port *store)
{
    const struct fake *f = store->ctx;
    return f->failed;
}
