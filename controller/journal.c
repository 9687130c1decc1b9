#include "controller/engine_state.h"

#include "common/log.h"
#include "common/merkle.h"
#include "common/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
journal_ok(const struct engine *e)
{
    return e->journal.rc == BATON_OK;
}

void
journal_failed(struct engine *e, enum baton_status rc, const char *doing)
{
    if (!journal_ok(e))
        return;
    e->journal.rc = rc;
    baton_wrap(&e->journal.err, rc, "%s", doing);
}

static void
journal_check(struct engine *e, enum baton_status rc, const char *doing)
{
    if (rc != BATON_OK)
        journal_failed(e, rc, doing);
}

void
journal_begin(struct engine *e)
{
    if (e->journal.open || !journal_ok(e))
        return;
    journal_check(e, e->p.store.begin(e->p.store.ctx, &e->journal.err), "begin");
    e->journal.open = journal_ok(e);
}

void
record_init(const struct engine *e, struct audit_record *r, enum audit_type type,
            const struct baton_id *tenant_or_null, const struct baton_key *actor)
{
    memset(r, 0, sizeof *r);
    r->type = (uint8_t)type;
    r->unix_ms = e->unix_ms;
    r->actor = *actor;
    if (tenant_or_null != NULL)
        r->tenant = *tenant_or_null;
}

void
record_text(struct audit_record *r, const char *fmt, ...)
{
    char text[4 * AUDIT_TEXT_BYTES];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    text_copy(r->text, sizeof r->text, text); /* cut between characters, no controls */
}

void
record_ref(struct audit_record *r, const struct baton_hash *hash)
{
    if (r->ref_count < AUDIT_REFS_MAX && !baton_hash_is_zero(hash))
        r->ref[r->ref_count++] = *hash;
}

static void
record_image(struct audit_record *r, enum store_table table, const void *key, size_t key_len,
             const void *value, size_t len)
{
    BATON_ASSERT(r->row_count < AUDIT_ROWS_MAX && key_len <= sizeof r->row[0].key);
    struct audit_row *row = &r->row[r->row_count++];
    row->table = (uint8_t)table;
    row->key_len = (uint8_t)key_len;
    memcpy(row->key, key, key_len);
    row->value = value;
    row->len = len;
}

void
journal_row(struct engine *e, struct audit_record *r_or_null, enum store_table table,
            const void *key, size_t key_len, const void *value, size_t len)
{
    journal_begin(e);
    if (!journal_ok(e))
        return;
    const struct store_port *s = &e->p.store;
    journal_check(e, s->put(s->ctx, table, key, key_len, value, len, &e->journal.err), "row");
    if (r_or_null != NULL)
        record_image(r_or_null, table, key, key_len, value, len);
}

void
journal_drop(struct engine *e, struct audit_record *r_or_null, enum store_table table,
             const void *key, size_t key_len)
{
    journal_begin(e);
    if (!journal_ok(e))
        return;
    const struct store_port *s = &e->p.store;
    enum baton_status rc = s->remove(s->ctx, table, key, key_len, &e->journal.err);
    if (rc != BATON_NOT_FOUND)
        journal_check(e, rc, "row");
    if (r_or_null != NULL)
        record_image(r_or_null, table, key, key_len, NULL, 0);
}

/* The same bytes twice are one object. Another good signature over the same bytes exists (Ed25519
 * lets a key's holder make many) and changes nothing: the first one stays. */
void
journal_object(struct engine *e, const struct baton_hash *hash, const void *bytes, size_t len,
               const struct baton_sig *sig_or_null)
{
    static const struct baton_sig none;
    journal_begin(e);
    if (!journal_ok(e))
        return;
    const struct store_port *s = &e->p.store;
    enum baton_status rc = s->object_put(
        s->ctx, hash, bytes, len, sig_or_null != NULL ? sig_or_null : &none, &e->journal.err);
    if (rc != BATON_CONFLICT)
        journal_check(e, rc, "object");
}

uint64_t
journal_record(struct engine *e, struct audit_record *r)
{
    journal_begin(e);
    if (!journal_ok(e))
        return 0;
    journal_check(e, e->p.store.append(e->p.store.ctx, r, &e->journal.err), "audit record");
    if (!journal_ok(e))
        return 0;
    e->journal.log_size = r->seq;
    e->journal.records++;
    static const bool critical[AUDIT_TYPE_COUNT] = {
        [AUDIT_STARTED] = true,   [AUDIT_CONFIRMED] = true,   [AUDIT_TRUST] = true,
        [AUDIT_APPROVAL] = true,  [AUDIT_MOVED] = true,       [AUDIT_ORDERED] = true,
        [AUDIT_STATEMENT] = true, [AUDIT_ALARM] = true,       [AUDIT_FOREIGN] = true,
        [AUDIT_VERIFIED] = true,  [AUDIT_CERTIFICATE] = true,
    };
    if (r->type < AUDIT_TYPE_COUNT && critical[r->type])
        e->journal.critical = true;
    return r->seq;
}

bool
journal_get(struct engine *e, enum store_table table, const void *key, size_t key_len,
            uint8_t **ret_value, size_t *ret_len)
{
    *ret_value = NULL;
    if (!journal_ok(e))
        return false;
    const struct store_port *s = &e->p.store;
    enum baton_status rc = s->get(s->ctx, table, key, key_len, ret_value, ret_len, &e->journal.err);
    if (rc != BATON_NOT_FOUND)
        journal_check(e, rc, "row");
    return rc == BATON_OK;
}

bool
journal_object_get(struct engine *e, const struct baton_hash *hash, uint8_t **ret_bytes,
                   size_t *ret_len, struct baton_sig *ret_sig)
{
    *ret_bytes = NULL;
    if (!journal_ok(e) || baton_hash_is_zero(hash))
        return false;
    const struct store_port *s = &e->p.store;
    enum baton_status rc =
        s->object_get(s->ctx, hash, ret_bytes, ret_len, ret_sig, &e->journal.err);
    if (rc != BATON_NOT_FOUND)
        journal_check(e, rc, "object");
    return rc == BATON_OK;
}

static void
checkpoint_sign(struct engine *e)
{
    struct checkpoint_row c = {.unix_ms = e->unix_ms};
    journal_check(e, e->p.store.head(e->p.store.ctx, &c.size, &c.root, &e->journal.err), "head");
    if (!journal_ok(e))
        return;
    e->heads[e->head_next++ % HEADS_KEPT] = (struct log_head){c.size, c.root};
    uint8_t bytes[CHECKPOINT_BYTES], row[SITE_ROW_BYTES_MAX];
    checkpoint_bytes(c.size, &c.root, c.unix_ms, bytes);
    e->p.sign(e->p.ctx, DOMAIN_CHECKPOINT, bytes, sizeof bytes, &c.sig);
    journal_row(e, NULL, TABLE_META, "checkpoint", strlen("checkpoint"), row,
                checkpoint_row_encode(&c, row));
    e->checkpoint = c;
    e->checkpoint_ms = e->now_ms;
}

/* Receipts are heads that were signed, most of them lately. */
bool
journal_had(struct engine *e, uint64_t size, const struct baton_hash *root)
{
    struct baton_hash ours;
    if (size == 0)
        return true;
    for (size_t i = 0; i < HEADS_KEPT; i++)
        if (e->heads[i].size == size)
            return baton_hash_eq(&e->heads[i].root, root);
    if (!journal_ok(e))
        return false;
    enum baton_status rc = e->p.store.root_at(e->p.store.ctx, size, &ours, &e->journal.err);
    if (rc != BATON_OK && rc != BATON_NOT_FOUND)
        journal_failed(e, rc, "an earlier tree head");
    return rc == BATON_OK && baton_hash_eq(&ours, root);
}

static bool
checkpoint_due(const struct engine *e)
{
    return e->journal.log_size > e->checkpoint.size &&
           (e->journal.critical || e->now_ms - e->checkpoint_ms >= CHECKPOINT_EVERY_MS);
}

enum baton_status
journal_commit(struct engine *e, struct baton_err *err)
{
    struct checkpoint_row before = e->checkpoint;
    if (checkpoint_due(e)) {
        journal_begin(e);
        checkpoint_sign(e);
    }
    if (journal_ok(e) && e->journal.open) {
        journal_check(e, e->p.store.commit(e->p.store.ctx, &e->journal.err), "commit");
        e->journal.open = false;
    }
    if (!journal_ok(e)) {
        e->checkpoint = before;
        if (err != NULL)
            *err = e->journal.err;
        return e->journal.rc;
    }
    atomic_fetch_add(&e->records, e->journal.records);
    e->journal.records = 0;
    e->journal.critical = false;
    return BATON_OK;
}

void
journal_rollback(struct engine *e)
{
    if (e->journal.open)
        e->p.store.rollback(e->p.store.ctx);
    e->journal.open = false;
}

bool
bucket_take(struct bucket *b, uint32_t burst, uint64_t every_ms, uint64_t now_ms)
{
    uint64_t back = (now_ms - b->at_ms) / every_ms;
    if (back > 0) {
        b->spent = back >= b->spent ? 0 : b->spent - (uint32_t)back;
        b->at_ms = now_ms;
    }
    if (b->spent >= burst) {
        b->suppressed++;
        return false;
    }
    b->spent++;
    return true;
}

void
journal_alarm(struct engine *e, struct seat *seat, const struct baton_hash *ref_or_null,
              const char *text)
{
    struct audit_record r;
    if (!bucket_take(&seat->alarms, REFUSALS_BURST, REFUSAL_EVERY_MS, e->now_ms))
        return;
    record_init(e, &r, AUDIT_ALARM, &seat->row.tenant, &seat->row.key);
    record_text(&r, "%s (agent on %s)", text, seat->row.host);
    record_ref(&r, &seat->statement);
    if (ref_or_null != NULL)
        record_ref(&r, ref_or_null);
    journal_record(e, &r);
    act_page(e, &seat->row.tenant, r.text);
    log_warn("engine.alarm", "host=\"%s\" why=\"%s\"", seat->row.host, text);
}

void
journal_refusal(struct engine *e, struct bucket *b, const struct baton_id *tenant_or_null,
                const struct baton_key *actor, const struct baton_hash *ref_or_null,
                const char *text)
{
    atomic_fetch_add(&e->refused, 1);
    if (!bucket_take(b, REFUSALS_BURST, REFUSAL_EVERY_MS, e->now_ms))
        return;
    struct audit_record r;
    record_init(e, &r, AUDIT_REFUSED, tenant_or_null, actor);
    if (b->suppressed > 0)
        record_text(&r, "%s (and %" PRIu32 " more of this peer not recorded)", text, b->suppressed);
    else
        record_text(&r, "%s", text);
    b->suppressed = 0;
    if (ref_or_null != NULL)
        record_ref(&r, ref_or_null);
    journal_record(e, &r);
    log_warn("engine.refused", "why=\"%s\"", r.text);
}
