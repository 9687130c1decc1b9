#include "baton/audit.h"

#include "baton/store.h"
#include "common/canon.h"
#include "common/names.h"
#include "common/sha256.h"

#include <string.h>

static const char audit_tag[4] = {'B', 'A', 'U', '1'};

static const char *const type_names[AUDIT_TYPE_COUNT] = {
#define X(id, name) [id] = (name),
    BATON_AUDIT_TYPES(X)
#undef X
};

const char *
audit_type_name(enum audit_type t)
{
    return NAME_OF(type_names, t);
}

static bool
row_well_formed(const struct audit_row *row)
{
    return row->table < TABLE_COUNT && row->key_len > 0 && row->key_len <= sizeof row->key;
}

/* previous: the leaf hash of the record before in the same tenant, so none before the first. */
static bool
audit_well_formed(const struct audit_record *r)
{
    if (r->seq < 1 || r->tenant_seq < 1 || r->tenant_seq > r->seq || r->type <= AUDIT_NONE ||
        r->type >= AUDIT_TYPE_COUNT || r->ref_count > AUDIT_REFS_MAX ||
        r->row_count > AUDIT_ROWS_MAX)
        return false;
    if ((r->tenant_seq == 1) != baton_hash_is_zero(&r->previous))
        return false;
    for (size_t i = 0; i < r->row_count; i++)
        if (!row_well_formed(&r->row[i]))
            return false;
    return true;
}

static void
put_row(struct canon_writer *w, const struct audit_row *row)
{
    canon_put_u8(w, row->table);
    canon_put_u8(w, row->key_len);
    canon_put_fixed(w, row->key, row->key_len);
    canon_put_blob(w, row->value, row->len);
}

static void
get_row(struct canon_reader *r, struct audit_row *row)
{
    row->table = canon_get_u8(r);
    row->key_len = canon_get_enum(r, 1, sizeof row->key);
    canon_get_fixed(r, row->key, row->key_len);
    row->value = canon_get_blob(r, &row->len);
}

static void
put_body(struct canon_writer *w, const struct audit_record *r)
{
    canon_put_u16(w, r->rule);
    canon_put_u8(w, r->from);
    canon_put_u8(w, r->to);
    canon_put_id(w, &r->cutover);
    canon_put_str(w, r->text, sizeof r->text);
    canon_put_u8(w, r->ref_count);
    for (size_t i = 0; i < r->ref_count; i++)
        canon_put_hash(w, &r->ref[i]);
    canon_put_u8(w, r->row_count);
    for (size_t i = 0; i < r->row_count; i++)
        put_row(w, &r->row[i]);
}

static void
get_body(struct canon_reader *r, struct audit_record *record)
{
    record->rule = canon_get_u16(r);
    record->from = canon_get_u8(r);
    record->to = canon_get_u8(r);
    record->cutover = canon_get_id(r);
    canon_get_str(r, record->text, sizeof record->text);
    record->ref_count = canon_get_enum(r, 0, AUDIT_REFS_MAX);
    for (size_t i = 0; i < record->ref_count; i++)
        record->ref[i] = canon_get_hash(r);
    record->row_count = canon_get_enum(r, 0, AUDIT_ROWS_MAX);
    for (size_t i = 0; i < record->row_count; i++)
        get_row(r, &record->row[i]);
}

static void
put_head(struct canon_writer *w, const struct audit_record *r)
{
    canon_put_fixed(w, audit_tag, sizeof audit_tag);
    canon_put_u64(w, r->seq);
    canon_put_id(w, &r->tenant);
    canon_put_u64(w, r->tenant_seq);
    canon_put_hash(w, &r->previous);
    canon_put_key(w, &r->actor);
    canon_put_u8(w, r->type);
    canon_put_epoch(w, &r->epoch);
    canon_put_u64(w, r->unix_ms);
}

static void
get_head(struct canon_reader *r, struct audit_record *record)
{
    canon_expect(r, audit_tag, sizeof audit_tag);
    record->seq = canon_get_u64(r);
    record->tenant = canon_get_id(r);
    record->tenant_seq = canon_get_u64(r);
    record->previous = canon_get_hash(r);
    record->actor = canon_get_key(r);
    record->type = canon_get_u8(r);
    record->epoch = canon_get_epoch(r);
    record->unix_ms = canon_get_u64(r);
}

enum baton_status
audit_encode(const struct audit_record *r, uint8_t *out, size_t cap, size_t *ret_len)
{
    if (!audit_well_formed(r))
        return BATON_MALFORMED;

    struct canon_writer w;
    struct baton_hash body_hash = {{0}};
    canon_writer_init(&w, out, cap < AUDIT_RECORD_BYTES_MAX ? cap : AUDIT_RECORD_BYTES_MAX);
    put_head(&w, r);
    size_t hash_at = w.len;
    canon_put_hash(&w, &body_hash); /* holds its place until the body stands */
    size_t body_at = w.len;
    put_body(&w, r);
    enum baton_status rc = canon_finish(&w, ret_len);
    if (rc != BATON_OK)
        return rc;
    sha256_of(out + body_at, w.len - body_at, &body_hash);
    memcpy(out + hash_at, body_hash.b, sizeof body_hash.b);
    return BATON_OK;
}

enum baton_status
audit_decode(const uint8_t *bytes, size_t len, struct audit_record *ret_record)
{
    if (len > AUDIT_RECORD_BYTES_MAX)
        return BATON_MALFORMED;

    struct canon_reader r;
    struct audit_record record;
    memset(&record, 0, sizeof record);
    canon_reader_init(&r, bytes, len);
    get_head(&r, &record);
    struct baton_hash stated = canon_get_hash(&r), computed;
    if (r.bad)
        return BATON_MALFORMED;
    sha256_of(bytes + r.at, len - r.at, &computed);
    if (!baton_hash_eq(&stated, &computed))
        return BATON_MALFORMED;
    get_body(&r, &record);
    if (!canon_finished(&r) || !audit_well_formed(&record))
        return BATON_MALFORMED;
    *ret_record = record;
    return BATON_OK;
}
