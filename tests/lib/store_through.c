#include "store_through.h"

static enum baton_status
may(const struct store_through *t, struct baton_err *err)
{
    return t->may == NULL ? BATON_OK : t->may(t->owner, err);
}

/* The real store's call, once it may be made. */
#define PASS(ctx, call, ...)                                                                       \
    const struct store_through *t = ctx;                                                           \
    enum baton_status rc = may(t, err);                                                            \
    return rc == BATON_OK ? t->real.call(t->real.ctx, __VA_ARGS__) : rc

static enum baton_status
begin(void *ctx, struct baton_err *err)
{
    PASS(ctx, begin, err);
}

static enum baton_status
commit(void *ctx, struct baton_err *err)
{
    PASS(ctx, commit, err);
}

static void
rollback(void *ctx)
{
    const struct store_through *t = ctx;
    t->real.rollback(t->real.ctx);
}

static enum baton_status
look(void *ctx, struct baton_err *err)
{
    PASS(ctx, look, err);
}

static void
look_end(void *ctx)
{
    const struct store_through *t = ctx;
    t->real.look_end(t->real.ctx);
}

static enum baton_status
put(void *ctx, enum store_table table, const void *key, size_t key_len, const void *value,
    size_t len, struct baton_err *err)
{
    PASS(ctx, put, table, key, key_len, value, len, err);
}

static enum baton_status
get(void *ctx, enum store_table table, const void *key, size_t key_len, uint8_t **ret_value,
    size_t *ret_len, struct baton_err *err)
{
    PASS(ctx, get, table, key, key_len, ret_value, ret_len, err);
}

static enum baton_status
take_out(void *ctx, enum store_table table, const void *key, size_t key_len, struct baton_err *err)
{
    PASS(ctx, remove, table, key, key_len, err);
}

static enum baton_status
each(void *ctx, enum store_table table, const void *prefix, size_t prefix_len,
     bool (*visit)(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len),
     void *arg, struct baton_err *err)
{
    PASS(ctx, each, table, prefix, prefix_len, visit, arg, err);
}

static enum baton_status
object_put(void *ctx, const struct baton_hash *hash, const void *bytes, size_t len,
           const struct baton_sig *sig, struct baton_err *err)
{
    PASS(ctx, object_put, hash, bytes, len, sig, err);
}

static enum baton_status
object_get(void *ctx, const struct baton_hash *hash, uint8_t **ret_bytes, size_t *ret_len,
           struct baton_sig *ret_sig, struct baton_err *err)
{
    PASS(ctx, object_get, hash, ret_bytes, ret_len, ret_sig, err);
}

static enum baton_status
append(void *ctx, struct audit_record *record, struct baton_err *err)
{
    PASS(ctx, append, record, err);
}

static enum baton_status
records(void *ctx, uint64_t from_seq, const struct baton_id *tenant_or_null,
        bool (*visit)(void *arg, const struct audit_record *record, const uint8_t *bytes,
                      size_t len),
        void *arg, struct baton_err *err)
{
    PASS(ctx, records, from_seq, tenant_or_null, visit, arg, err);
}

static enum baton_status
head(void *ctx, uint64_t *ret_size, struct baton_hash *ret_root, struct baton_err *err)
{
    PASS(ctx, head, ret_size, ret_root, err);
}

static enum baton_status
root_at(void *ctx, uint64_t size, struct baton_hash *ret_root, struct baton_err *err)
{
    PASS(ctx, root_at, size, ret_root, err);
}

static enum baton_status
outbox_put(void *ctx, const struct outbox_row *row, struct baton_err *err)
{
    PASS(ctx, outbox_put, row, err);
}

static enum baton_status
outbox_each(void *ctx, const struct baton_key *agent_or_null,
            bool (*visit)(void *arg, const struct outbox_row *row), void *arg,
            struct baton_err *err)
{
    PASS(ctx, outbox_each, agent_or_null, visit, arg, err);
}

static enum baton_status
outbox_remove(void *ctx, const struct baton_id *order, struct baton_err *err)
{
    PASS(ctx, outbox_remove, order, err);
}

static enum baton_status
inbox_seen(void *ctx, const struct baton_id *id, const struct baton_hash *hash,
           struct baton_err *err)
{
    PASS(ctx, inbox_seen, id, hash, err);
}

const struct store_port store_through = {
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .look = look,
    .look_end = look_end,
    .put = put,
    .get = get,
    .remove = take_out,
    .each = each,
    .object_put = object_put,
    .object_get = object_get,
    .append = append,
    .records = records,
    .head = head,
    .root_at = root_at,
    .outbox_put = outbox_put,
    .outbox_each = outbox_each,
    .outbox_remove = outbox_remove,
    .inbox_seen = inbox_seen,
};

void *
store_through_owner(void *ctx)
{
    const struct store_through *t = ctx;
    return t->owner;
}

const struct store_port *
store_through_real(void *ctx)
{
    const struct store_through *t = ctx;
    return &t->real;
}
