#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "audit_world.h"
#include "controller/adapters/store_rebuild.h"
#include "controller/adapters/store_sqlite.h"
#include "store_fake.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
    struct world w;
    struct world_handoff h[2];
    struct store_port store, again;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_int_equal(store_fake_open(&f->store, NULL), BATON_OK);
    assert_int_equal(store_fake_open(&f->again, NULL), BATON_OK);
    world_init(&f->w, &f->store);
    world_trust(&f->w);
    for (uint8_t i = 0; i < 2; i++)
        world_handoff(&f->w, (uint8_t)(i + 1), &f->h[i]);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++)
        world_handoff_done(&f->h[i]);
    f->store.close(f->store.ctx);
    f->again.close(f->again.ctx);
    world_done(&f->w);
    free(f);
    return 0;
}

static void
assert_same_rows(const struct store_port *a, const struct store_port *b)
{
    for (int t = 0; t < TABLE_COUNT; t++) {
        bool same = false;
        struct baton_err err = {0};
        assert_int_equal(store_rows_compare(a, b, (enum store_table)t, &same, &err), BATON_OK);
        if (!same)
            fail_msg("%s", err.text);
    }
}

static void
remove_row(struct fixture *f, const char *key)
{
    struct audit_record r = world_new(&f->w, AUDIT_TENANT, &f->h[0].tenant);
    r.row_count = 1;
    r.row[0] = (struct audit_row){.table = TABLE_TASK, .key_len = (uint8_t)strlen(key)};
    memcpy(r.row[0].key, key, strlen(key));
    world_record(&f->w, &r);
}

static void
put_row(struct fixture *f, const char *key, const char *value)
{
    struct audit_record r = world_new(&f->w, AUDIT_TENANT, &f->h[0].tenant);
    r.row_count = 1;
    r.row[0] = (struct audit_row){.table = TABLE_TASK,
                                  .key_len = (uint8_t)strlen(key),
                                  .value = (const uint8_t *)value,
                                  .len = strlen(value)};
    memcpy(r.row[0].key, key, strlen(key));
    world_record(&f->w, &r);
}

static void
every_row_comes_back_from_the_log_alone(void **state)
{
    struct fixture *f = *state;
    struct store_rebuilt done;
    put_row(f, "a", "first");
    put_row(f, "b", "kept");
    put_row(f, "a", "second");
    put_row(f, "c", "gone");
    remove_row(f, "c");
    remove_row(f, "never");
    assert_int_equal(store_rebuild(&f->store, &f->again, &done, NULL), BATON_OK);
    assert_same_rows(&f->store, &f->again);
    assert_true(done.rows_put > 10 && done.rows_removed == 2 && done.objects > 10);

    struct baton_hash a, b;
    uint64_t n = 0, m = 0;
    assert_int_equal(f->store.head(f->store.ctx, &n, &a, NULL), BATON_OK);
    assert_int_equal(f->again.head(f->again.ctx, &m, &b, NULL), BATON_OK);
    assert_int_equal(n, m);
    assert_true(baton_hash_eq(&a, &b));
    assert_int_equal(done.records, n);
}

static void
into_sqlite_it_is_the_same_and_a_real_database_afterwards(void **state)
{
    struct fixture *f = *state;
    char dir[] = "/tmp/baton-rebuild-XXXXXX", path[64];
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/new.db", dir);
    struct store_port db;
    struct store_rebuilt done;
    const struct digest_port *dp = audit_digest_port();
    assert_int_equal(store_sqlite_open(path, STORE_READ_WRITE, dp, &db, NULL), BATON_OK);
    assert_int_equal(store_rebuild(&f->store, &db, &done, NULL), BATON_OK);
    db.close(db.ctx);
    assert_int_equal(store_sqlite_open(path, STORE_READ_WRITE, dp, &db, NULL), BATON_OK);
    assert_same_rows(&f->store, &db);
    db.close(db.ctx);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/new.db.lock", dir);
    (void)unlink(path);
    (void)rmdir(dir);
}

static void
a_row_that_was_not_recorded_shows_in_the_comparison(void **state)
{
    struct fixture *f = *state;
    struct store_rebuilt done;
    bool same = true;
    struct baton_err err = {0};
    assert_int_equal(f->store.begin(f->store.ctx, NULL), BATON_OK);
    assert_int_equal(f->store.put(f->store.ctx, TABLE_TENANT, "x", 1, "y", 1, NULL), BATON_OK);
    assert_int_equal(f->store.commit(f->store.ctx, NULL), BATON_OK);
    assert_int_equal(store_rebuild(&f->store, &f->again, &done, NULL), BATON_OK);
    assert_int_equal(store_rows_compare(&f->store, &f->again, TABLE_TENANT, &same, &err), BATON_OK);
    assert_false(same);
    assert_non_null(strstr(err.text, "row 78"));
    same = true;
    assert_int_equal(store_rows_compare(&f->again, &f->store, TABLE_TENANT, &same, NULL), BATON_OK);
    assert_false(same);
}

static void
a_store_with_records_is_not_rebuilt_into(void **state)
{
    struct fixture *f = *state;
    struct store_rebuilt done;
    assert_int_equal(store_rebuild(&f->store, &f->again, &done, NULL), BATON_OK);
    assert_int_equal(store_rebuild(&f->store, &f->again, &done, NULL), BATON_CONFLICT);
}

static void
a_failure_on_either_side_is_reported(void **state)
{
    struct fixture *f = *state;
    for (unsigned n = 1; n < 200; n += 7) {
        struct store_rebuilt done;
        struct store_port fresh;
        assert_int_equal(store_fake_open(&fresh, NULL), BATON_OK);
        store_fake_fail(n % 2 ? &fresh : &f->store, n, BATON_IO);
        enum baton_status rc = store_rebuild(&f->store, &fresh, &done, NULL);
        bool reached = store_fake_failed(n % 2 ? &fresh : &f->store);
        assert_int_equal(rc, reached ? BATON_IO : BATON_OK);
        store_fake_fail(&f->store, 0, BATON_OK);
        fresh.close(fresh.ctx);
    }
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_row_comes_back_from_the_log_alone),
        TEST(into_sqlite_it_is_the_same_and_a_real_database_afterwards),
        TEST(a_row_that_was_not_recorded_shows_in_the_comparison),
        TEST(a_store_with_records_is_not_rebuilt_into),
        TEST(a_failure_on_either_side_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
