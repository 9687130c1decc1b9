#include "controller/rebuild.h"

#include "common/names.h"

#include <stdlib.h>
#include <string.h>

enum { RECORDS_PER_COMMIT = 1024 };

/* The rest is observation, transport or convenience: not decided, so not in the audit. */
static const uint8_t audited[] = {TABLE_TENANT, TABLE_AUTHORITY, TABLE_CUTOVER,
                                  TABLE_AGENT,  TABLE_TOKEN,     TABLE_TRUST,
                                  TABLE_LOGIN,  TABLE_APPROVAL,  TABLE_STATEMENT};

struct fold {
    const struct store_port *to;
    struct rebuild_result *result;
    enum baton_status rc;
    struct baton_err *err;
};

static bool
fold_visit(void *arg, const struct audit_record *record, const uint8_t *bytes, size_t len)
{
    struct fold *f = arg;
    const struct store_port *to = f->to;
    (void)bytes;
    (void)len;
    for (uint8_t i = 0; i < record->row_count && f->rc == BATON_OK; i++) {
        const struct audit_row *row = &record->row[i];
        enum store_table table = (enum store_table)row->table;
        f->rc = row->len > 0
                    ? to->put(to->ctx, table, row->key, row->key_len, row->value, row->len, f->err)
                    : to->remove(to->ctx, table, row->key, row->key_len, f->err);
        if (f->rc == BATON_NOT_FOUND)
            f->rc = BATON_OK;
    }
    f->result->records++;
    if (f->rc == BATON_OK && f->result->records % RECORDS_PER_COMMIT == 0) {
        f->rc = to->commit(to->ctx, f->err);
        if (f->rc == BATON_OK)
            f->rc = to->begin(to->ctx, f->err);
    }
    return f->rc == BATON_OK;
}

static enum baton_status
fold_records(const struct store_port *store, const struct store_port *scratch,
             struct rebuild_result *result, struct baton_err *err)
{
    struct fold f = {.to = scratch, .result = result, .err = err};
    enum baton_status rc = scratch->begin(scratch->ctx, err);
    if (rc != BATON_OK)
        return rc;
    rc = store->records(store->ctx, 1, NULL, fold_visit, &f, err);
    if (rc == BATON_OK)
        rc = f.rc;
    if (rc != BATON_OK) {
        scratch->rollback(scratch->ctx);
        return rc;
    }
    return scratch->commit(scratch->ctx, err);
}

/* One direction of the comparison: every row of `from` must stand in `in` with the same bytes. */
struct compare {
    const struct store_port *from, *in;
    enum store_table table;
    bool repair, removes; /* a row that only the state has is removed; others are written */
    struct rebuild_result *result;
    enum baton_status rc;
    struct baton_err *err;
};

static enum baton_status
row_repair(const struct compare *c, const void *key, size_t key_len, const uint8_t *value,
           size_t len)
{
    if (!c->repair)
        return BATON_OK;
    if (c->removes)
        return c->from->remove(c->from->ctx, c->table, key, key_len, c->err);
    return c->in->put(c->in->ctx, c->table, key, key_len, value, len, c->err);
}

static void
row_differs(struct rebuild_result *r, enum store_table table, const void *key, size_t key_len)
{
    if (r->different++ > 0)
        return;
    BATON_ASSERT(key_len <= sizeof r->key);
    r->table = (uint8_t)table;
    r->key_len = (uint8_t)key_len;
    memcpy(r->key, key, key_len);
}

static bool
compare_visit(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    struct compare *c = arg;
    uint8_t *other = NULL;
    size_t other_len = 0;
    c->rc = c->in->get(c->in->ctx, c->table, key, key_len, &other, &other_len, c->err);
    bool missing = c->rc == BATON_NOT_FOUND;
    if (missing)
        c->rc = BATON_OK;
    if (c->rc != BATON_OK)
        return false;
    bool differs = missing || other_len != len || memcmp(other, value, len) != 0;
    free(other);
    if (!c->removes)
        c->result->rows++;
    if (c->removes ? missing : differs) {
        row_differs(c->result, c->table, key, key_len);
        c->rc = row_repair(c, key, key_len, value, len);
    }
    return c->rc == BATON_OK;
}

static enum baton_status
compare_tables(const struct store_port *store, const struct store_port *scratch, bool repair,
               struct rebuild_result *result, struct baton_err *err)
{
    enum baton_status rc = BATON_OK;
    for (size_t i = 0; i < 2 * ARRAY_LEN(audited) && rc == BATON_OK; i++) {
        bool removes = i >= ARRAY_LEN(audited);
        struct compare c = {.from = removes ? store : scratch,
                            .in = removes ? scratch : store,
                            .table = (enum store_table)audited[i % ARRAY_LEN(audited)],
                            .repair = repair,
                            .removes = removes,
                            .result = result,
                            .err = err};
        rc = c.from->each(c.from->ctx, c.table, NULL, 0, compare_visit, &c, err);
        if (rc == BATON_OK)
            rc = c.rc;
    }
    return rc;
}

static enum baton_status
differ(const struct rebuild_result *r, struct baton_err *err)
{
    static const char *const names[TABLE_COUNT] = {
        [TABLE_TENANT] = "tenant", [TABLE_AUTHORITY] = "authority", [TABLE_CUTOVER] = "cutover",
        [TABLE_AGENT] = "agent",   [TABLE_TOKEN] = "token",         [TABLE_TRUST] = "trust",
        [TABLE_LOGIN] = "login",   [TABLE_APPROVAL] = "approval",   [TABLE_STATEMENT] = "statement",
    };
    char hex[2 * STORE_KEY_BYTES + 1];
    baton_hex(r->key, r->key_len, hex);
    return baton_fail(err, BATON_CORRUPT,
                      "%llu rows are not what the audit says, the first in table %s under %s: "
                      "baton-controller rebuild makes them again",
                      (unsigned long long)r->different, NAME_OF(names, r->table), hex);
}

enum baton_status
rebuild_run(const struct store_port *store, const struct store_port *scratch, bool repair,
            struct rebuild_result *ret_result, struct baton_err *err)
{
    memset(ret_result, 0, sizeof *ret_result);
    enum baton_status rc = fold_records(store, scratch, ret_result, err);
    if (rc != BATON_OK)
        return baton_wrap(err, rc, "folding the audit");
    if (repair)
        rc = store->begin(store->ctx, err);
    if (rc != BATON_OK)
        return rc;
    rc = compare_tables(store, scratch, repair, ret_result, err);
    if (repair && rc == BATON_OK)
        rc = store->commit(store->ctx, err);
    else if (repair)
        store->rollback(store->ctx);
    if (rc != BATON_OK)
        return baton_wrap(err, rc, "comparing rows");
    if (!repair && ret_result->different > 0)
        return differ(ret_result, err);
    return BATON_OK;
}
