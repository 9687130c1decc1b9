/* One suite for the storage port, run on the fake and on SQLite; then what only a file can show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "common/merkle.h"
#include "common/sha256.h"
#include "controller/adapters/store_sqlite.h"
#include "store_fake.h"
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_LEN = 128 };

struct fixture {
    struct store_port store;
    char dir[PATH_LEN], path[PATH_LEN];
    bool real;
};

static void
hash_port(void *ctx, const void *bytes, size_t len, struct baton_hash *ret_hash)
{
    (void)ctx;
    sha256_of(bytes, len, ret_hash);
}

static bool
verify_port(void *ctx, const struct baton_key *key, const char *domain, const void *bytes,
            size_t len, const struct baton_sig *sig)
{
    (void)ctx, (void)key, (void)domain, (void)bytes, (void)len, (void)sig;
    return false; /* a store never asks */
}

static const struct digest_port digest = {.sha256 = hash_port, .verify = verify_port};

static void text_make(char *out, size_t cap, const char *fmt, ...) BATON_PRINTF(3, 4);

static void
text_make(char *out, size_t cap, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(out, cap, fmt, args);
    va_end(args);
    assert_true(n >= 0 && (size_t)n < cap);
}

static struct store_port
open_real(const struct fixture *f, enum store_mode mode)
{
    struct store_port s;
    struct baton_err err = {0};
    if (store_sqlite_open(f->path, mode, &digest, &s, &err) != BATON_OK)
        fail_msg("%s", err.text);
    return s;
}

static int
setup_fake(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    return store_fake_open(&f->store, NULL) == BATON_OK ? 0 : -1;
}

static int
setup_real(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->real = true;
    text_make(f->dir, sizeof f->dir, "/tmp/baton-store-XXXXXX");
    if (mkdtemp(f->dir) == NULL)
        return -1;
    text_make(f->path, sizeof f->path, "%.100s/store.db", f->dir);
    f->store = open_real(f, STORE_READ_WRITE);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    if (f->store.close != NULL)
        f->store.close(f->store.ctx);
    if (f->real) {
        static const char *const suffix[] = {"", "-wal", "-shm", ".lock", ".copy"};
        char name[PATH_LEN + 16];
        for (size_t i = 0; i < ARRAY_LEN(suffix); i++) {
            text_make(name, sizeof name, "%s%s", f->path, suffix[i]);
            (void)unlink(name);
        }
        (void)rmdir(f->dir);
    }
    free(f);
    return 0;
}

static void
close_store(struct fixture *f)
{
    f->store.close(f->store.ctx);
    f->store.close = NULL;
}

static void
reopen(struct fixture *f)
{
    if (!f->real)
        return;
    close_store(f);
    f->store = open_real(f, STORE_READ_WRITE);
}

/* Short forms */

#define OK(call) assert_int_equal((call), BATON_OK)
#define S        f->store
#define CTX      f->store.ctx

static void
put(struct fixture *f, enum store_table t, const char *key, const char *value)
{
    OK(S.put(CTX, t, key, strlen(key), value, strlen(value), NULL));
}

static void
assert_row(struct fixture *f, enum store_table t, const char *key, const char *value)
{
    uint8_t *got = NULL;
    size_t len = 0;
    enum baton_status rc = S.get(CTX, t, key, strlen(key), &got, &len, NULL);
    if (value == NULL) {
        assert_int_equal(rc, BATON_NOT_FOUND);
        assert_null(got);
        return;
    }
    assert_int_equal(rc, BATON_OK);
    assert_int_equal(len, strlen(value));
    assert_memory_equal(got, value, len);
    free(got);
}

static struct audit_record
record_of(uint8_t tenant)
{
    struct audit_record r = {.type = AUDIT_VERB, .unix_ms = 1700000000000};
    memset(r.tenant.b, tenant, sizeof r.tenant.b);
    text_make(r.text, sizeof r.text, "a person asked for something");
    return r;
}

static struct audit_record
append(struct fixture *f, uint8_t tenant)
{
    struct audit_record r = record_of(tenant);
    OK(S.append(CTX, &r, NULL));
    return r;
}

static void
append_many(struct fixture *f, unsigned count, unsigned tenants)
{
    OK(S.begin(CTX, NULL));
    for (unsigned i = 0; i < count; i++)
        (void)append(f, (uint8_t)(1 + i % tenants));
    OK(S.commit(CTX, NULL));
}

static uint64_t
head(struct fixture *f, struct baton_hash *ret_root)
{
    uint64_t size = 0;
    struct baton_hash root;
    OK(S.head(CTX, &size, ret_root != NULL ? ret_root : &root, NULL));
    return size;
}

/* Transactions and rows */

static void
what_is_committed_stays_and_what_is_rolled_back_never_was(void **state)
{
    struct fixture *f = *state;
    OK(S.begin(CTX, NULL));
    put(f, TABLE_TENANT, "a", "one");
    put(f, TABLE_TENANT, "b", "two");
    OK(S.commit(CTX, NULL));

    OK(S.begin(CTX, NULL));
    put(f, TABLE_TENANT, "a", "changed");
    put(f, TABLE_TENANT, "c", "new");
    OK(S.remove(CTX, TABLE_TENANT, "b", 1, NULL));
    assert_row(f, TABLE_TENANT, "a", "changed"); /* its own writes are seen inside */
    S.rollback(CTX);

    reopen(f);
    assert_row(f, TABLE_TENANT, "a", "one");
    assert_row(f, TABLE_TENANT, "b", "two");
    assert_row(f, TABLE_TENANT, "c", NULL);
}

static void
a_rollback_restores_tree_chain_objects_outbox_and_inbox(void **state)
{
    struct fixture *f = *state;
    struct baton_hash before, after, object;
    struct baton_id id = {{7}};
    sha256_of("bytes", 5, &object);
    append_many(f, 5, 2);
    assert_int_equal(head(f, &before), 5);

    OK(S.begin(CTX, NULL));
    (void)append(f, 1);
    (void)append(f, 9); /* a tenant that nobody knew */
    OK(S.object_put(CTX, &object, "bytes", 5, NULL, NULL));
    struct outbox_row row = {.order = id, .bytes = (const uint8_t *)"o", .len = 1, .seq = 1};
    OK(S.outbox_put(CTX, &row, NULL));
    assert_int_equal(S.inbox_seen(CTX, &id, &object, NULL), BATON_NOT_FOUND);
    assert_int_equal(head(f, &after), 7);
    S.rollback(CTX);

    assert_int_equal(head(f, &after), 5);
    assert_true(baton_hash_eq(&before, &after));
    uint8_t *bytes = NULL;
    size_t len = 0;
    assert_int_equal(S.object_get(CTX, &object, &bytes, &len, NULL, NULL), BATON_NOT_FOUND);
    OK(S.begin(CTX, NULL));
    assert_int_equal(S.outbox_remove(CTX, &id, NULL), BATON_NOT_FOUND);
    assert_int_equal(S.inbox_seen(CTX, &id, &object, NULL), BATON_NOT_FOUND);
    struct audit_record r = append(f, 1);
    assert_int_equal(r.seq, 6);
    assert_int_equal(r.tenant_seq, 4);
    r = append(f, 9);
    assert_int_equal(r.tenant_seq, 1);
    OK(S.commit(CTX, NULL));
    reopen(f); /* the real one checks the whole chain here */
    assert_int_equal(head(f, NULL), 7);
}

/* The leaves of the whole log, in order. */
struct leaves {
    struct baton_hash leaf[3000];
    size_t count;
};

static bool
leaf_visit(void *arg, const struct audit_record *record, const uint8_t *bytes, size_t len)
{
    struct leaves *l = arg;
    (void)record;
    merkle_leaf(bytes, len, &l->leaf[l->count++]);
    return true;
}

static void
assert_roots(struct fixture *f)
{
    static const uint64_t sizes[] = {0, 1, 5, 1023, 1024, 1025, 2047, 2048, 2049, 2500};
    static struct leaves l;
    l.count = 0;
    OK(S.records(CTX, 1, NULL, leaf_visit, &l, NULL));
    struct merkle_source all = merkle_array(l.leaf);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct baton_hash want, got;
        OK(merkle_range(&all, 0, sizes[i], &want));
        OK(S.root_at(CTX, sizes[i], &got, NULL));
        assert_true(baton_hash_eq(&want, &got));
    }
}

static void
the_root_of_any_earlier_size_is_known(void **state)
{
    struct fixture *f = *state;
    struct baton_hash root;
    append_many(f, 1000, 3);
    OK(S.begin(CTX, NULL)); /* fills a block that never was */
    for (unsigned i = 0; i < 100; i++)
        (void)append(f, 9);
    OK(S.root_at(CTX, 1100, &root, NULL));
    S.rollback(CTX);
    assert_int_equal(S.root_at(CTX, 1001, &root, NULL), BATON_NOT_FOUND);
    append_many(f, 1500, 3);
    assert_roots(f);
    reopen(f);
    assert_roots(f);
    assert_int_equal(S.root_at(CTX, 2501, &root, NULL), BATON_NOT_FOUND);
}

static void
rows_keep_empty_and_binary_values(void **state)
{
    struct fixture *f = *state;
    static const uint8_t key[] = {0, 0xff, 0}, value[] = {0, 1, 0, 0xff};
    uint8_t *got = NULL;
    size_t len = 9;
    OK(S.begin(CTX, NULL));
    OK(S.put(CTX, TABLE_REPORT, key, sizeof key, value, sizeof value, NULL));
    OK(S.put(CTX, TABLE_REPORT, "empty", 5, NULL, 0, NULL));
    OK(S.commit(CTX, NULL));
    OK(S.get(CTX, TABLE_REPORT, key, sizeof key, &got, &len, NULL));
    assert_int_equal(len, sizeof value);
    assert_memory_equal(got, value, len);
    free(got);
    OK(S.get(CTX, TABLE_REPORT, "empty", 5, &got, &len, NULL));
    assert_int_equal(len, 0);
    assert_non_null(got);
    free(got);
}

struct walk {
    char seen[256];
    size_t stop_after, count;
};

static bool
walk_key(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    struct walk *w = arg;
    (void)value, (void)len;
    size_t at = strlen(w->seen);
    for (size_t i = 0; i < key_len; i++)
        at +=
            (size_t)snprintf(w->seen + at, sizeof w->seen - at, "%02x", ((const uint8_t *)key)[i]);
    text_make(w->seen + at, sizeof w->seen - at, " ");
    return ++w->count != w->stop_after;
}

static void
rows_come_in_key_order_within_a_prefix_and_a_table(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *key;
        size_t len;
    } keys[] = {{"\xff\xff", 2},  {"b", 1},    {"ab", 2},  {"a", 1},           {"a\xff", 2},
                {"a\xff\x01", 3}, {"\xff", 1}, {"a\0", 2}, {"\xff\xff\xff", 3}};
    OK(S.begin(CTX, NULL));
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        OK(S.put(CTX, TABLE_TASK, keys[i].key, keys[i].len, "v", 1, NULL));
    put(f, TABLE_TOKEN, "az", "another table");
    OK(S.commit(CTX, NULL));

    static const struct {
        const char *prefix;
        size_t len, stop_after;
        const char *want;
    } walks[] = {
        {"", 0, 0, "61 6100 6162 61ff 61ff01 62 ff ffff ffffff "},
        {"a", 1, 0, "61 6100 6162 61ff 61ff01 "},
        {"a\xff", 2, 0, "61ff 61ff01 "},
        {"\xff", 1, 0, "ff ffff ffffff "},
        {"\xff\xff", 2, 0, "ffff ffffff "},
        {"a", 1, 2, "61 6100 "},
        {"nothing", 7, 0, ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(walks); i++) {
        struct walk w = {.stop_after = walks[i].stop_after};
        OK(S.each(CTX, TABLE_TASK, walks[i].prefix, walks[i].len, walk_key, &w, NULL));
        assert_string_equal(w.seen, walks[i].want);
    }
}

struct nested {
    struct fixture *f;
    unsigned outer, inner;
};

static bool
count_inner(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    struct nested *n = arg;
    (void)key, (void)key_len, (void)value, (void)len;
    n->inner++;
    return true;
}

static bool
walk_again(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    struct nested *n = arg;
    struct fixture *f = n->f;
    (void)value, (void)len;
    n->outer++;
    OK(S.each(CTX, TABLE_CHUNK, NULL, 0, count_inner, n, NULL));
    OK(S.remove(CTX, TABLE_CHUNK, key, key_len, NULL)); /* a visitor may clear what it has seen */
    return true;
}

static void
a_visitor_may_walk_and_write_the_same_table(void **state)
{
    struct fixture *f = *state;
    OK(S.begin(CTX, NULL));
    for (char c = 'a'; c <= 'd'; c++)
        OK(S.put(CTX, TABLE_CHUNK, &c, 1, "v", 1, NULL));
    struct nested n = {.f = f};
    OK(S.each(CTX, TABLE_CHUNK, NULL, 0, walk_again, &n, NULL));
    OK(S.commit(CTX, NULL));
    assert_int_equal(n.outer, 4);
    assert_int_equal(n.inner, 4 + 3 + 2 + 1);
}

static void
limits_are_refused_and_change_nothing(void **state)
{
    struct fixture *f = *state;
    uint8_t *big = calloc(1, STORE_ROW_BYTES + 1);
    struct baton_hash hash;
    sha256_of(big, STORE_OBJECT_BYTES + 1, &hash);
    OK(S.begin(CTX, NULL));
    OK(S.put(CTX, TABLE_CHUNK, big, STORE_KEY_BYTES, big, STORE_ROW_BYTES, NULL));
    assert_int_equal(S.put(CTX, TABLE_CHUNK, big, STORE_KEY_BYTES + 1, big, 1, NULL), BATON_LIMIT);
    assert_int_equal(S.put(CTX, TABLE_CHUNK, big, 0, big, 1, NULL), BATON_LIMIT);
    assert_int_equal(S.put(CTX, TABLE_CHUNK, big, 1, big, STORE_ROW_BYTES + 1, NULL), BATON_LIMIT);
    assert_int_equal(S.object_put(CTX, &hash, big, STORE_OBJECT_BYTES + 1, NULL, NULL),
                     BATON_LIMIT);
    struct outbox_row row = {.bytes = big, .len = STORE_ROW_BYTES + 1, .seq = 1};
    assert_int_equal(S.outbox_put(CTX, &row, NULL), BATON_LIMIT);
    row = (struct outbox_row){.bytes = big, .len = 1, .seq = 0};
    assert_int_equal(S.outbox_put(CTX, &row, NULL), BATON_LIMIT);
    struct audit_record r = record_of(1);
    r.row_count = AUDIT_ROWS_MAX;
    for (size_t i = 0; i < AUDIT_ROWS_MAX; i++)
        r.row[i] = (struct audit_row){
            .table = TABLE_CHUNK, .key_len = 1, .value = big, .len = STORE_ROW_BYTES};
    assert_int_not_equal(S.append(CTX, &r, NULL), BATON_OK);
    OK(S.commit(CTX, NULL));
    assert_int_equal(head(f, NULL), 0);
    free(big);
}

static void
the_store_keeps_its_own_rows_to_itself(void **state)
{
    struct fixture *f = *state;
    append_many(f, 3, 1);
    OK(S.begin(CTX, NULL));
    assert_int_equal(S.put(CTX, TABLE_META, "store.tree", 10, "x", 1, NULL), BATON_DENIED);
    assert_int_equal(S.remove(CTX, TABLE_META, "store.tree", 10, NULL), BATON_DENIED);
    put(f, TABLE_META, "incarnation", "mine");
    OK(S.commit(CTX, NULL));
    struct walk w = {0};
    OK(S.each(CTX, TABLE_META, NULL, 0, walk_key, &w, NULL));
    assert_int_equal(w.count, 1);
}

/* Objects */

static void
an_object_is_named_by_its_hash_and_never_replaced(void **state)
{
    struct fixture *f = *state;
    struct baton_hash hash, other;
    struct baton_sig sig = {{1}}, sig2 = {{2}}, got_sig;
    sha256_of("statement", 9, &hash);
    sha256_of("plan", 4, &other);
    OK(S.begin(CTX, NULL));
    OK(S.object_put(CTX, &hash, "statement", 9, &sig, NULL));
    OK(S.object_put(CTX, &hash, "statement", 9, &sig, NULL)); /* again is nothing new */
    assert_int_equal(S.object_put(CTX, &hash, "statement", 9, &sig2, NULL), BATON_CONFLICT);
    assert_int_equal(S.object_put(CTX, &hash, "other", 5, &sig, NULL), BATON_CONFLICT);
    OK(S.object_put(CTX, &other, "plan", 4, NULL, NULL));
    OK(S.commit(CTX, NULL));
    reopen(f);

    uint8_t *bytes = NULL;
    size_t len = 0;
    OK(S.object_get(CTX, &hash, &bytes, &len, &got_sig, NULL));
    assert_int_equal(len, 9);
    assert_memory_equal(bytes, "statement", 9);
    assert_memory_equal(got_sig.b, sig.b, sizeof sig.b);
    free(bytes);
    OK(S.object_get(CTX, &other, &bytes, &len, &got_sig, NULL));
    assert_int_equal(got_sig.b[0], 0);
    free(bytes);
}

/* The log */

struct seen {
    struct audit_record last;
    struct baton_hash leaf[64];
    unsigned count;
    struct merkle_frontier tree;
    bool chained;
};

static bool
see(void *arg, const struct audit_record *r, const uint8_t *bytes, size_t len)
{
    struct seen *s = arg;
    struct baton_hash leaf;
    merkle_leaf(bytes, len, &leaf);
    if (s->count == 0)
        s->chained = true;
    else if (baton_id_eq(&r->tenant, &s->last.tenant))
        s->chained = s->chained && r->tenant_seq == s->last.tenant_seq + 1 &&
                     baton_hash_eq(&r->previous, &s->leaf[(s->count - 1) % 64]);
    s->leaf[s->count++ % 64] = leaf;
    s->last = *r;
    merkle_append(&s->tree, &leaf);
    return true;
}

static void
records_are_numbered_chained_per_tenant_and_in_the_tree(void **state)
{
    struct fixture *f = *state;
    struct baton_hash root, want;
    append_many(f, 21, 4);
    struct seen all = {0}, one = {0};
    OK(S.records(CTX, 0, NULL, see, &all, NULL));
    assert_int_equal(all.count, 21);
    assert_int_equal(head(f, &root), 21);
    merkle_root(&all.tree, &want);
    assert_true(baton_hash_eq(&root, &want));

    struct baton_id tenant;
    memset(tenant.b, 2, sizeof tenant.b);
    OK(S.records(CTX, 0, &tenant, see, &one, NULL));
    assert_int_equal(one.count, 5);
    assert_true(one.chained);
    assert_int_equal(one.last.tenant_seq, 5);
    struct seen late = {0};
    OK(S.records(CTX, one.last.seq, &tenant, see, &late, NULL));
    assert_int_equal(late.count, 1);
    late.count = 0;
    OK(S.records(CTX, 22, NULL, see, &late, NULL));
    assert_int_equal(late.count, 0);
}

static void
an_empty_log_has_the_root_of_nothing(void **state)
{
    struct fixture *f = *state;
    struct baton_hash root, nothing;
    sha256_of(NULL, 0, &nothing);
    assert_int_equal(head(f, &root), 0);
    assert_true(baton_hash_eq(&root, &nothing));
}

/* Outbox and inbox */

struct sent {
    char text[64];
};

static bool
see_order(void *arg, const struct outbox_row *row)
{
    struct sent *s = arg;
    size_t n = strlen(s->text);
    text_make(s->text + n, sizeof s->text - n, "%u%.*s ", row->agent.b[0], (int)row->len,
              (const char *)row->bytes);
    return true;
}

static void
order_put(struct fixture *f, uint8_t agent, const char *text, uint64_t seq)
{
    struct outbox_row row = {
        .agent = {{agent}}, .bytes = (const uint8_t *)text, .len = strlen(text), .seq = seq};
    memcpy(row.order.b, text, row.len);
    sha256_of(text, row.len, &row.hash);
    OK(S.outbox_put(CTX, &row, NULL));
}

static void
orders_leave_in_the_order_of_their_records_per_agent(void **state)
{
    struct fixture *f = *state;
    OK(S.begin(CTX, NULL));
    order_put(f, 2, "a", 11);
    order_put(f, 1, "d", 14);
    order_put(f, 2, "c", 13);
    order_put(f, 1, "b", 12);
    order_put(f, 1, "b", 12); /* the same order again */
    OK(S.commit(CTX, NULL));
    struct baton_id c = {{'c'}};
    OK(S.begin(CTX, NULL));
    OK(S.outbox_remove(CTX, &c, NULL));
    order_put(f, 2, "e", 15);
    OK(S.commit(CTX, NULL));
    reopen(f);

    struct sent all = {0}, one = {0};
    struct baton_key agent = {{2}};
    OK(S.outbox_each(CTX, NULL, see_order, &all, NULL));
    assert_string_equal(all.text, "1b 1d 2a 2e ");
    OK(S.outbox_each(CTX, &agent, see_order, &one, NULL));
    assert_string_equal(one.text, "2a 2e ");
}

static void
a_look_sees_what_is_there_and_leaves_the_store_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct sent all = {0};
    OK(S.begin(CTX, NULL));
    order_put(f, 1, "a", 1);
    OK(S.commit(CTX, NULL));
    OK(S.look(CTX, NULL));
    OK(S.outbox_each(CTX, NULL, see_order, &all, NULL));
    assert_string_equal(all.text, "1a ");
    S.look_end(CTX);
    OK(S.begin(CTX, NULL)); /* and not still looking */
    order_put(f, 1, "b", 2);
    OK(S.commit(CTX, NULL));
    reopen(f);
    all = (struct sent){0};
    OK(S.outbox_each(CTX, NULL, see_order, &all, NULL));
    assert_string_equal(all.text, "1a 1b ");
}

static void
one_id_never_stands_for_two_orders_or_messages(void **state)
{
    struct fixture *f = *state;
    struct baton_id id = {{1}};
    struct baton_hash a = {{1}}, b = {{2}};
    OK(S.begin(CTX, NULL));
    struct outbox_row row = {
        .order = id, .hash = a, .bytes = (const uint8_t *)"x", .len = 1, .seq = 1};
    OK(S.outbox_put(CTX, &row, NULL));
    row.hash = b;
    assert_int_equal(S.outbox_put(CTX, &row, NULL), BATON_CONFLICT);
    row.order.b[0]++; /* another order, of the same record */
    assert_int_equal(S.outbox_put(CTX, &row, NULL), BATON_CONFLICT);
    assert_int_equal(S.inbox_seen(CTX, &id, &a, NULL), BATON_NOT_FOUND);
    assert_int_equal(S.inbox_seen(CTX, &id, &a, NULL), BATON_OK);
    assert_int_equal(S.inbox_seen(CTX, &id, &b, NULL), BATON_CONFLICT);
    OK(S.commit(CTX, NULL));
    reopen(f);
    OK(S.begin(CTX, NULL));
    assert_int_equal(S.inbox_seen(CTX, &id, &a, NULL), BATON_OK);
    S.rollback(CTX);
}

/* What only a file can show */

static void
a_second_controller_is_kept_out(void **state)
{
    struct fixture *f = *state;
    struct store_port second;
    struct baton_err err = {0};
    assert_int_equal(store_sqlite_open(f->path, STORE_READ_WRITE, &digest, &second, &err),
                     BATON_CONFLICT);
    assert_non_null(strstr(err.text, "another controller"));
    close_store(f);
    f->store = open_real(f, STORE_READ_WRITE); /* the lock went with the first */
}

static void
a_reader_sees_commits_and_cannot_write(void **state)
{
    struct fixture *f = *state;
    append_many(f, 3, 1);
    struct store_port reader = open_real(f, STORE_READ_ONLY);
    struct baton_hash root, theirs;
    uint64_t size = 0;
    OK(reader.head(reader.ctx, &size, &theirs, NULL));
    assert_int_equal(size, 3);

    OK(reader.begin(reader.ctx, NULL)); /* one snapshot */
    OK(reader.head(reader.ctx, &size, &theirs, NULL));
    append_many(f, 2, 1);
    OK(reader.head(reader.ctx, &size, &theirs, NULL));
    assert_int_equal(size, 3);
    assert_int_equal(reader.put(reader.ctx, TABLE_TASK, "k", 1, "v", 1, NULL), BATON_DENIED);
    struct audit_record r = record_of(1);
    assert_int_equal(reader.append(reader.ctx, &r, NULL), BATON_DENIED);
    OK(reader.commit(reader.ctx, NULL));

    OK(reader.head(reader.ctx, &size, &theirs, NULL));
    assert_int_equal(size, head(f, &root));
    assert_true(baton_hash_eq(&root, &theirs));
    reader.close(reader.ctx);
}

static void
the_file_is_readable_by_its_owner_alone(void **state)
{
    struct fixture *f = *state;
    static const char *const suffix[] = {"", "-wal", "-shm", ".lock"};
    append_many(f, 1, 1);
    for (size_t i = 0; i < ARRAY_LEN(suffix); i++) {
        char name[PATH_LEN + 16];
        struct stat st;
        text_make(name, sizeof name, "%s%s", f->path, suffix[i]);
        assert_int_equal(stat(name, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
}

/* The child commits record after record, telling each committed size through a pipe, until it is
 * killed; whatever it told must be there afterwards. */
static void
child_writes(const struct fixture *f, int told, unsigned pace)
{
    struct store_port s;
    if (store_sqlite_open(f->path, STORE_READ_WRITE, &digest, &s, NULL) != BATON_OK)
        _exit(1);
    for (unsigned i = 0;; i++) {
        uint64_t size = 0;
        struct baton_hash root;
        struct audit_record r = record_of((uint8_t)(1 + i % 3));
        if (s.begin(s.ctx, NULL) != BATON_OK || s.append(s.ctx, &r, NULL) != BATON_OK)
            _exit(1);
        if (s.put(s.ctx, TABLE_META, "n", 1, &r.seq, sizeof r.seq, NULL) != BATON_OK)
            _exit(1);
        if (pace > 0 && i == pace)
            _exit(0); /* in the middle of a transaction */
        if (s.commit(s.ctx, NULL) != BATON_OK || s.head(s.ctx, &size, &root, NULL) != BATON_OK)
            _exit(1);
        if (write(told, &size, sizeof size) != (ssize_t)sizeof size)
            _exit(0);
        if (i % 16 == 0 && store_sqlite_checkpoint(&s, NULL) != BATON_OK)
            _exit(1);
    }
}

static uint64_t
child_run(const struct fixture *f, unsigned round)
{
    int fds[2];
    uint64_t size = 0, told = 0;
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(fds[0]);
        child_writes(f, fds[1], round % 2 == 0 ? 3 + round : 0);
    }
    assert_true(pid > 0);
    (void)close(fds[1]);
    for (unsigned n = 0; n < 5 + 7 * round && read(fds[0], &size, sizeof size) == sizeof size; n++)
        told = size;
    (void)kill(pid, SIGKILL);
    while (read(fds[0], &size, sizeof size) == sizeof size)
        told = size; /* committed before the kill */
    (void)close(fds[0]);
    (void)waitpid(pid, NULL, 0);
    return told;
}

static void
a_kill_at_any_moment_loses_nothing_that_was_committed(void **state)
{
    struct fixture *f = *state;
    close_store(f);
    for (unsigned round = 0; round < 8; round++) {
        uint64_t told = child_run(f, round);
        f->store = open_real(f, STORE_READ_WRITE); /* checks everything */
        uint64_t size = head(f, NULL), *n = NULL;
        size_t len = 0;
        assert_true(size >= told && size <= told + 1);
        if (S.get(CTX, TABLE_META, "n", 1, (uint8_t **)&n, &len, NULL) == BATON_OK)
            assert_int_equal(*n, size); /* row and record came together */
        free(n);
        close_store(f);
    }
    f->store = open_real(f, STORE_READ_WRITE);
}

static void
a_lost_side_file_shows_as_a_lower_head(void **state)
{
    struct fixture *f = *state;
    append_many(f, 10, 2);
    reopen(f); /* a clean close puts everything into the main file */
    append_many(f, 5, 2);
    char wal[PATH_LEN + 8], shm[PATH_LEN + 8];
    text_make(wal, sizeof wal, "%s-wal", f->path);
    text_make(shm, sizeof shm, "%s-shm", f->path);

    pid_t pid = fork(); /* a controller that dies without closing */
    if (pid == 0)
        _exit(0);
    (void)waitpid(pid, NULL, 0);
    char copy[PATH_LEN + 8];
    text_make(copy, sizeof copy, "%s.copy", f->path);
    char command[2 * sizeof copy + 16];
    text_make(command, sizeof command, "cp %s %s", f->path, copy);
    assert_int_equal(system(command), 0);

    struct fixture lost = {.real = true};
    text_make(lost.path, sizeof lost.path, "%s", copy);
    lost.store = open_real(&lost, STORE_READ_WRITE);
    assert_int_equal(head(&lost, NULL), 10); /* an agent's receipt of 15 would tell */
    close_store(&lost);
    char lock[sizeof copy + 8];
    text_make(lock, sizeof lock, "%s.lock", copy);
    (void)unlink(lock);
}

static void
tamper(const struct fixture *f, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    char *why = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s: %s", sql, why);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
assert_will_not_open(const struct fixture *f, const char *why)
{
    struct store_port s;
    struct baton_err err = {0};
    enum baton_status rc = store_sqlite_open(f->path, STORE_READ_WRITE, &digest, &s, &err);
    if (rc != BATON_CORRUPT)
        fail_msg("opened with %s: %s", baton_status_name(rc), err.text);
    if (strstr(err.text, why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, why);
}

static bool
next_trigger(sqlite3 *db, char out[512])
{
    sqlite3_stmt *st = NULL;
    int code = sqlite3_prepare_v2(
        db, "SELECT sql, name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'log'", -1,
        &st, NULL);
    bool some = code == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW;
    char drop[128];
    if (some) {
        text_make(out, 512, "%s", (const char *)sqlite3_column_text(st, 0));
        text_make(drop, sizeof drop, "DROP TRIGGER %s", (const char *)sqlite3_column_text(st, 1));
    }
    (void)sqlite3_finalize(st);
    return some && sqlite3_exec(db, drop, NULL, NULL, NULL) == SQLITE_OK;
}

/* Past the triggers, which stand there again afterwards. */
static void
tamper_log(const struct fixture *f, const char *sql)
{
    char trigger[4][512];
    size_t count = 0;
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    while (count < ARRAY_LEN(trigger) && next_trigger(db, trigger[count]))
        count++;
    assert_int_equal(count, 2);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    while (count > 0)
        assert_int_equal(sqlite3_exec(db, trigger[--count], NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
every_change_behind_our_back_is_found_at_the_start(void **state)
{
    static const struct {
        const char *sql, *why;
    } changes[] = {
        {"UPDATE log SET bytes = CAST(replace(bytes, 'person', 'nobody') AS BLOB) WHERE seq = 7",
         "audit record 7"},
        {"UPDATE log SET tenant = zeroblob(16) WHERE seq = 3", "audit record 3"},
        {"UPDATE log SET leaf = zeroblob(32) WHERE seq = 4", "audit record 4"},
        {"UPDATE log SET tenant_seq = 99 WHERE seq = 5", "audit record 5"},
        {"DELETE FROM log WHERE seq = 12", "11 records"},
        {"DELETE FROM log WHERE seq = 6", "audit record 7"},
        {"DELETE FROM log WHERE seq = 1", "audit record 2"},
        {"UPDATE log SET seq = 100 WHERE seq = 12", "audit record 100"},
        {"DELETE FROM row WHERE key = CAST('store.tree' AS BLOB)", "stored head"},
        {"UPDATE row SET value = zeroblob(9) WHERE key = CAST('store.tree' AS BLOB)", "malformed"},
    };
    struct fixture *f = *state;
    append_many(f, 12, 3);
    close_store(f);
    char keep[2 * PATH_LEN + 32], restore[2 * PATH_LEN + 32];
    text_make(keep, sizeof keep, "cp %s %s.copy", f->path, f->path);
    text_make(restore, sizeof restore, "rm -f %s-wal %s-shm; cp %s.copy %s", f->path, f->path,
              f->path, f->path);
    assert_int_equal(system(keep), 0);
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        tamper_log(f, changes[i].sql);
        assert_will_not_open(f, changes[i].why);
        assert_int_equal(system(restore), 0);
    }
    f->store = open_real(f, STORE_READ_WRITE);
}

static void
a_trigger_that_somebody_planted_is_found_at_the_start(void **state)
{
    struct fixture *f = *state;
    append_many(f, 3, 1);
    close_store(f);
    tamper(f, "CREATE TRIGGER t AFTER INSERT ON log BEGIN DELETE FROM outbox; END");
    assert_will_not_open(f, "trigger 't'");
    tamper(f, "DROP TRIGGER t");
    f->store = open_real(f, STORE_READ_WRITE);
}

static void
the_database_itself_refuses_to_change_the_log(void **state)
{
    static const char *const refused[] = {
        "UPDATE log SET tenant_seq = 2 WHERE seq = 1",
        "UPDATE log SET seq = 4 WHERE seq = 3",
        "DELETE FROM log WHERE seq = 2",
        "DELETE FROM log",
        "INSERT INTO log(seq, tenant, tenant_seq, leaf, bytes)"
        " SELECT 5, tenant, tenant_seq, leaf, bytes FROM log WHERE seq = 1",
        "INSERT INTO log(seq, tenant, tenant_seq, leaf, bytes)"
        " SELECT 0, tenant, tenant_seq, leaf, bytes FROM log WHERE seq = 1",
        "INSERT INTO log(seq, tenant, tenant_seq, leaf, bytes)"
        " SELECT 3, tenant, tenant_seq, leaf, bytes FROM log WHERE seq = 1",
        "INSERT OR REPLACE INTO log(seq, tenant, tenant_seq, leaf, bytes)"
        " SELECT 1, tenant, tenant_seq, leaf, bytes FROM log WHERE seq = 1",
    };
    struct fixture *f = *state;
    append_many(f, 3, 1);
    close_store(f);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    /* with the pragmas that the store sets */
    assert_int_equal(
        sqlite3_exec(db, "PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON", NULL, NULL, NULL),
        SQLITE_OK);
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        if (sqlite3_exec(db, refused[i], NULL, NULL, NULL) != SQLITE_CONSTRAINT)
            fail_msg("accepted: %s", refused[i]);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    f->store = open_real(f, STORE_READ_WRITE);
}

static void
write_file(const char *path, long at, const char *bytes, size_t len)
{
    FILE *file = fopen(path, at < 0 ? "wb" : "r+b");
    assert_non_null(file);
    if (at > 0)
        assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void
a_damaged_or_foreign_file_gives_one_clear_error(void **state)
{
    struct fixture *f = *state;
    char junk[4096];
    append_many(f, 200, 5);
    close_store(f);
    struct stat st;
    assert_int_equal(stat(f->path, &st), 0);

    memset(junk, 0xa5, sizeof junk);
    write_file(f->path, 8192, junk, sizeof junk); /* a page of noise */
    assert_will_not_open(f, f->path);
    assert_int_equal(truncate(f->path, st.st_size / 2 + 100), 0);
    assert_will_not_open(f, f->path);
    write_file(f->path, -1, junk, sizeof junk); /* nothing of SQLite left */
    assert_will_not_open(f, "not a database");
    assert_int_equal(unlink(f->path), 0);
    tamper(f, "CREATE TABLE t(x); INSERT INTO t VALUES(1);");
    assert_will_not_open(f, "not a Baton database");
    assert_int_equal(unlink(f->path), 0);
    f->store = open_real(f, STORE_READ_WRITE);
}

static void
a_newer_schema_is_refused_and_left_alone(void **state)
{
    struct fixture *f = *state;
    struct store_port s;
    struct baton_err err = {0};
    close_store(f);
    tamper(f, "PRAGMA user_version=99");
    assert_int_equal(store_sqlite_open(f->path, STORE_READ_WRITE, &digest, &s, &err),
                     BATON_CONFLICT);
    assert_non_null(strstr(err.text, "newer"));
    tamper(f, "PRAGMA user_version=1");
    f->store = open_real(f, STORE_READ_WRITE);
}

static void
a_schema_version_below_zero_is_refused_as_damage(void **state)
{
    struct fixture *f = *state;
    close_store(f);
    tamper(f, "PRAGMA user_version=-16777215");
    assert_will_not_open(f, "schema version -16777215 was never written by Baton");
    tamper(f, "PRAGMA user_version=1");
    f->store = open_real(f, STORE_READ_WRITE);
}

/* In a child, since the limit of file size is the process's. */
static int
child_fills(const struct fixture *f)
{
    struct store_port s;
    struct baton_err err = {0};
    (void)signal(SIGXFSZ, SIG_IGN);
    if (store_sqlite_open(f->path, STORE_READ_WRITE, &digest, &s, NULL) != BATON_OK)
        return 10;
    struct rlimit limit = {.rlim_cur = 256 * 1024, .rlim_max = 256 * 1024};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 11;
    enum baton_status rc = BATON_OK;
    for (unsigned i = 0; rc == BATON_OK && i < 10000; i++) {
        struct audit_record r = record_of(1);
        rc = s.begin(s.ctx, &err);
        if (rc == BATON_OK)
            rc = s.append(s.ctx, &r, &err);
        if (rc == BATON_OK)
            rc = s.commit(s.ctx, &err);
    }
    if (rc != BATON_IO && rc != BATON_FULL)
        return 12;
    s.rollback(s.ctx);
    if (s.begin(s.ctx, &err) != rc) /* fail-stop: nothing more is written */
        return 13;
    s.close(s.ctx);
    return 0;
}

static void
a_full_disk_stops_the_writer_and_keeps_what_was_committed(void **state)
{
    struct fixture *f = *state;
    append_many(f, 3, 1);
    close_store(f);
    pid_t pid = fork();
    if (pid == 0)
        _exit(child_fills(f));
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    f->store = open_real(f, STORE_READ_WRITE);
    assert_true(head(f, NULL) > 3);
}

struct told {
    uint64_t calls, last, total;
};

static void
tell(void *arg, uint64_t done, uint64_t total)
{
    struct told *t = arg;
    assert_true(done >= t->last && done <= total);
    t->calls++;
    t->last = done;
    t->total = total;
}

static void
one_tenants_records_are_found_through_the_index_and_behind_it(void **state)
{
    struct fixture *f = *state;
    for (unsigned i = 0; i < 45; i++) {
        append_many(f, 100, 7);
        for (unsigned j = 0; j < 15; j++) { /* enough pages that a checkpoint is due */
            OK(S.begin(CTX, NULL));
            uint8_t *page = malloc(32768);
            memset(page, (int)i, 32768); /* SQLite does not write what is the same already */
            OK(S.put(CTX, TABLE_CHUNK, &j, sizeof j, page, 32768, NULL));
            free(page);
            OK(S.commit(CTX, NULL));
        }
        OK(store_sqlite_checkpoint(&S, NULL));
    }
    struct baton_id tenant;
    memset(tenant.b, 3, sizeof tenant.b);
    struct seen one = {0};
    OK(S.records(CTX, 0, &tenant, see, &one, NULL));
    assert_int_equal(one.count, 45 * 14);
    assert_true(one.chained);
    struct seen half = {0};
    OK(S.records(CTX, 2500, &tenant, see, &half, NULL));
    assert_true(half.count > 0 && half.count < one.count && half.chained);
    assert_int_equal(half.last.seq, one.last.seq);

    close_store(f);
    struct told t = {0};
    struct store_progress progress = {.tell = tell, .arg = &t};
    OK(store_sqlite_open_watched(f->path, STORE_READ_WRITE, &digest, &progress, &f->store, NULL));
    assert_int_equal(t.last, 4500);
    assert_int_equal(t.total, 4500);
    assert_true(t.calls >= 2);
    close_store(f);
    tamper(f, "UPDATE log_block SET tenants = zeroblob(length(tenants)) WHERE block = 0");
    assert_will_not_open(f, "index block 0");
    tamper(f, "DELETE FROM log_block");
    f->store = open_real(f, STORE_READ_WRITE);
}

static void
a_backup_is_whole_checked_and_never_overwrites(void **state)
{
    struct fixture *f = *state;
    char copy[PATH_LEN + 8];
    struct store_check check;
    struct baton_hash root;
    text_make(copy, sizeof copy, "%s.copy", f->path);
    append_many(f, 50, 3);
    OK(S.begin(CTX, NULL));
    put(f, TABLE_TENANT, "t", "row");
    OK(S.commit(CTX, NULL));
    OK(store_sqlite_backup(&S, copy, &check, NULL));
    assert_int_equal(check.records, head(f, &root));
    assert_int_equal(check.tenants, 3);
    assert_true(baton_hash_eq(&root, &check.root));
    assert_int_equal(store_sqlite_backup(&S, copy, &check, NULL), BATON_CONFLICT);
    append_many(f, 1, 1); /* the original goes on */

    struct fixture restored = {.real = true};
    text_make(restored.path, sizeof restored.path, "%s", copy);
    restored.store = open_real(&restored, STORE_READ_ONLY);
    assert_int_equal(head(&restored, NULL), 50);
    assert_row(&restored, TABLE_TENANT, "t", "row");
    close_store(&restored);
    assert_int_equal(store_sqlite_backup(&S, "/nonexistent/x.db", &check, NULL), BATON_IO);

    assert_int_equal(unlink(copy), 0);
    struct store_port reader = open_real(f, STORE_READ_ONLY); /* beside a running controller */
    OK(store_sqlite_backup(&reader, copy, &check, NULL));
    assert_int_equal(check.records, 51);
    reader.close(reader.ctx);
}

static void
a_full_check_agrees_with_the_head(void **state)
{
    struct fixture *f = *state;
    struct store_check check;
    struct baton_hash root;
    append_many(f, 33, 4);
    OK(store_sqlite_check(&S, NULL, &check, NULL));
    assert_int_equal(check.records, head(f, &root));
    assert_true(baton_hash_eq(&root, &check.root));
    struct store_port reader = open_real(f, STORE_READ_ONLY);
    OK(store_sqlite_check(&reader, NULL, &check, NULL));
    assert_int_equal(check.records, 33);
    reader.close(reader.ctx);
}

static void
a_damaged_object_is_never_handed_out_and_the_full_check_finds_it(void **state)
{
    struct fixture *f = *state;
    struct baton_hash good, bad;
    struct store_check check;
    struct baton_err err = {0};
    uint8_t *bytes = NULL;
    size_t len = 0;
    sha256_of("good", 4, &good);
    sha256_of("evidence", 8, &bad);
    OK(S.begin(CTX, NULL));
    OK(S.object_put(CTX, &good, "good", 4, NULL, NULL));
    OK(S.object_put(CTX, &bad, "evidence", 8, NULL, NULL));
    OK(S.commit(CTX, NULL));
    OK(store_sqlite_check(&S, NULL, &check, NULL));
    close_store(f);
    tamper(f, "UPDATE object SET bytes = CAST('evidencf' AS BLOB) WHERE length(bytes) = 8");
    f->store = open_real(f, STORE_READ_WRITE);
    assert_int_equal(S.object_get(CTX, &bad, &bytes, &len, NULL, &err), BATON_CORRUPT);
    assert_null(bytes);
    assert_non_null(strstr(err.text, "backup"));
    OK(S.object_get(CTX, &good, &bytes, &len, NULL, NULL));
    free(bytes);
    assert_int_equal(store_sqlite_check(&S, NULL, &check, NULL), BATON_CORRUPT);
}

/* What only the fake can do */

static void
the_fake_fails_the_call_it_was_told_to(void **state)
{
    struct fixture *f = *state;
    for (unsigned nth = 1; nth <= 3; nth++) {
        store_fake_fail(&S, nth, BATON_FULL);
        enum baton_status rc = S.begin(CTX, NULL);
        if (rc == BATON_OK)
            rc = S.put(CTX, TABLE_TASK, "k", 1, "v", 1, NULL);
        if (rc == BATON_OK)
            rc = S.commit(CTX, NULL);
        assert_int_equal(rc, BATON_FULL);
        assert_true(store_fake_failed(&S));
        S.rollback(CTX);
        assert_int_equal(S.begin(CTX, NULL), BATON_FULL); /* and stays down */
    }
    store_fake_fail(&S, 0, BATON_OK);
    assert_row(f, TABLE_TASK, "k", NULL);
}

#define ON_FAKE(t)                                                                                 \
    {                                                                                              \
#t " [fake]", t, setup_fake, teardown, NULL                                                \
    }
#define ON_REAL(t)                                                                                 \
    {                                                                                              \
#t " [sqlite]", t, setup_real, teardown, NULL                                              \
    }
#define ON_BOTH(t) ON_FAKE(t), ON_REAL(t)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(what_is_committed_stays_and_what_is_rolled_back_never_was),
        ON_BOTH(a_rollback_restores_tree_chain_objects_outbox_and_inbox),
        ON_BOTH(the_root_of_any_earlier_size_is_known),
        ON_BOTH(rows_keep_empty_and_binary_values),
        ON_BOTH(rows_come_in_key_order_within_a_prefix_and_a_table),
        ON_BOTH(a_visitor_may_walk_and_write_the_same_table),
        ON_BOTH(limits_are_refused_and_change_nothing),
        ON_BOTH(the_store_keeps_its_own_rows_to_itself),
        ON_BOTH(an_object_is_named_by_its_hash_and_never_replaced),
        ON_BOTH(records_are_numbered_chained_per_tenant_and_in_the_tree),
        ON_BOTH(an_empty_log_has_the_root_of_nothing),
        ON_BOTH(orders_leave_in_the_order_of_their_records_per_agent),
        ON_BOTH(a_look_sees_what_is_there_and_leaves_the_store_as_it_was),
        ON_BOTH(one_id_never_stands_for_two_orders_or_messages),
        ON_FAKE(the_fake_fails_the_call_it_was_told_to),
        ON_REAL(a_second_controller_is_kept_out),
        ON_REAL(a_reader_sees_commits_and_cannot_write),
        ON_REAL(the_file_is_readable_by_its_owner_alone),
        ON_REAL(a_kill_at_any_moment_loses_nothing_that_was_committed),
        ON_REAL(a_lost_side_file_shows_as_a_lower_head),
        ON_REAL(every_change_behind_our_back_is_found_at_the_start),
        ON_REAL(a_trigger_that_somebody_planted_is_found_at_the_start),
        ON_REAL(the_database_itself_refuses_to_change_the_log),
        ON_REAL(a_damaged_or_foreign_file_gives_one_clear_error),
        ON_REAL(a_newer_schema_is_refused_and_left_alone),
        ON_REAL(a_schema_version_below_zero_is_refused_as_damage),
        ON_REAL(a_full_disk_stops_the_writer_and_keeps_what_was_committed),
        ON_REAL(one_tenants_records_are_found_through_the_index_and_behind_it),
        ON_REAL(a_backup_is_whole_checked_and_never_overwrites),
        ON_REAL(a_full_check_agrees_with_the_head),
        ON_REAL(a_damaged_object_is_never_handed_out_and_the_full_check_finds_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
