/* The promise in canonical bytes: what one agent keeps over every crash. */
#include "common/canon.h"
#include "promise.h"

static void
put_machine(struct canon_writer *w, const struct machine *m)
{
    canon_put_id(w, &m->boot);
    canon_put_id(w, &m->generation);
    canon_put_id(w, &m->guid);
    canon_put_id(w, &m->disk);
}

static struct machine
get_machine(struct canon_reader *r)
{
    struct machine m;
    m.boot = canon_get_id(r);
    m.generation = canon_get_id(r);
    m.guid = canon_get_id(r);
    m.disk = canon_get_id(r);
    return m;
}

static void
put_flags(struct canon_writer *w, const struct promise *p)
{
    canon_put_bool(w, p->holding);
    canon_put_bool(w, p->tombstone);
    canon_put_bool(w, p->retired);
    canon_put_bool(w, p->ever_exported);
    canon_put_bool(w, p->armed);
    canon_put_bool(w, p->evidence_given);
    canon_put_bool(w, p->stopped_by_us);
    canon_put_bool(w, p->guard_stop);
    canon_put_bool(w, p->start_due);
    canon_put_bool(w, p->tamper_open);
    canon_put_bool(w, p->adopt);
}

static void
get_flags(struct canon_reader *r, struct promise *p)
{
    p->holding = canon_get_bool(r);
    p->tombstone = canon_get_bool(r);
    p->retired = canon_get_bool(r);
    p->ever_exported = canon_get_bool(r);
    p->armed = canon_get_bool(r);
    p->evidence_given = canon_get_bool(r);
    p->stopped_by_us = canon_get_bool(r);
    p->guard_stop = canon_get_bool(r);
    p->start_due = canon_get_bool(r);
    p->tamper_open = canon_get_bool(r);
    p->adopt = canon_get_bool(r);
}

enum { LAYOUT = 2, LAYOUT_WITHOUT_STOP = 1 };

/* What was written before there was one: a stop that stood for the count is it. */
static void
get_stop(struct canon_reader *r, uint8_t layout, struct promise *p)
{
    if (layout == LAYOUT_WITHOUT_STOP) {
        p->mark_stop = p->exports_mark == MARK_STOP ? p->export_end_mark : 0;
        return;
    }
    p->mark_stop = canon_get_i64(r);
    p->unread = canon_get_bool(r);
}

size_t
promise_encode(const struct promise *p, uint8_t out[PROMISE_BYTES_MAX])
{
    struct canon_writer w;
    canon_writer_init(&w, out, PROMISE_BYTES_MAX);
    canon_put_u8(&w, LAYOUT);
    canon_put_key(&w, &p->self);
    canon_put_id(&w, &p->tenant);
    canon_put_epoch(&w, &p->epoch);
    canon_put_key(&w, &p->recipient);
    for (size_t i = 0; i < PROMISED_MAX; i++) {
        canon_put_key(&w, &p->promised[i].recipient);
        canon_put_epoch(&w, &p->promised[i].epoch);
    }
    put_flags(&w, p);
    canon_put_i64(&w, p->exports_mark);
    canon_put_i64(&w, p->export_end_mark);
    canon_put_epoch(&w, &p->holding_epoch);
    canon_put_u8(&w, p->grant);
    canon_put_u32(&w, p->serial);
    canon_put_u64(&w, p->grant_until_ms);
    canon_put_u64(&w, p->counter);
    canon_put_u8(&w, p->quarantine);
    put_machine(&w, &p->machine);
    canon_put_hash(&w, &p->plan);
    canon_put_u32(&w, p->trust_version);
    canon_put_hash(&w, &p->trust_hash);
    canon_put_u64(&w, p->receipt_size);
    canon_put_hash(&w, &p->receipt_root);
    canon_put_hash(&w, &p->last_statement);
    canon_put_i64(&w, p->mark_stop);
    canon_put_bool(&w, p->unread);

    size_t len = 0;
    enum baton_status rc = canon_finish(&w, &len);
    BATON_ASSERT(rc == BATON_OK);
    return len;
}

enum baton_status
promise_decode(const uint8_t *bytes, size_t len, struct promise *ret_promise)
{
    struct promise p = {0};
    struct canon_reader r;
    canon_reader_init(&r, bytes, len);
    uint8_t layout = canon_get_u8(&r);
    canon_require(&r, layout == LAYOUT || layout == LAYOUT_WITHOUT_STOP);
    p.self = canon_get_key(&r);
    p.tenant = canon_get_id(&r);
    p.epoch = canon_get_epoch(&r);
    p.recipient = canon_get_key(&r);
    for (size_t i = 0; i < PROMISED_MAX; i++) {
        p.promised[i].recipient = canon_get_key(&r);
        p.promised[i].epoch = canon_get_epoch(&r);
    }
    get_flags(&r, &p);
    p.exports_mark = canon_get_i64(&r);
    p.export_end_mark = canon_get_i64(&r);
    p.holding_epoch = canon_get_epoch(&r);
    p.grant = canon_get_enum(&r, GRANT_NONE, GRANT_VOID);
    p.serial = canon_get_u32(&r);
    p.grant_until_ms = canon_get_u64(&r);
    p.counter = canon_get_u64(&r);
    p.quarantine = canon_get_enum(&r, QUARANTINE_NONE, QUARANTINE_SESSIONS);
    p.machine = get_machine(&r);
    p.plan = canon_get_hash(&r);
    p.trust_version = canon_get_u32(&r);
    p.trust_hash = canon_get_hash(&r);
    p.receipt_size = canon_get_u64(&r);
    p.receipt_root = canon_get_hash(&r);
    p.last_statement = canon_get_hash(&r);
    get_stop(&r, layout, &p);
    if (!canon_finished(&r))
        return BATON_MALFORMED;
    *ret_promise = p;
    return BATON_OK;
}
