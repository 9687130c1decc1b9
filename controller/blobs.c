#include "controller/engine_state.h"

#include "common/crypto/seal.h"

#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>

/* The sealed settings file, in pieces: the controller keeps and hands on what it cannot read. */

struct blob {
    struct baton_hash hash;
    struct blob_row row;
};

static uint64_t
blob_most(void)
{
    return seal_blob_bytes(SEAL_FILE_BYTES_MAX);
}

static bool
blob_load(struct engine *e, const struct baton_hash *hash, struct blob *ret_blob)
{
    uint8_t *value;
    size_t len;
    if (!journal_get(e, TABLE_BLOB, hash->b, sizeof hash->b, &value, &len))
        return false;
    ret_blob->hash = *hash;
    if (blob_row_decode(value, len, &ret_blob->row) != BATON_OK)
        journal_failed(e, BATON_CORRUPT, "a blob's row");
    free(value);
    return e->journal.rc == BATON_OK;
}

static void
blob_save(struct engine *e, const struct blob *b, struct audit_record *r_or_null)
{
    uint8_t row[SITE_ROW_BYTES_MAX];
    journal_row(e, r_or_null, TABLE_BLOB, b->hash.b, sizeof b->hash.b, row,
                blob_row_encode(&b->row, row));
    if (r_or_null != NULL)
        journal_record(e, r_or_null);
}

static void
chunk_key(const struct baton_hash *hash, uint64_t offset, uint8_t key[BATON_HASH_BYTES + 8])
{
    memcpy(key, hash->b, BATON_HASH_BYTES);
    for (int i = 0; i < 8; i++)
        key[BATON_HASH_BYTES + i] = (uint8_t)(offset >> (56 - 8 * i));
}

static void
blob_drop(struct engine *e, const struct blob *b)
{
    uint8_t key[BATON_HASH_BYTES + 8];
    for (uint64_t at = 0; at < b->row.have; at += CHUNK_BYTES) {
        chunk_key(&b->hash, at, key);
        journal_drop(e, NULL, TABLE_CHUNK, key, sizeof key);
    }
    journal_drop(e, NULL, TABLE_BLOB, b->hash.b, sizeof b->hash.b);
}

static bool
hash_visit(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    (void)key;
    (void)key_len;
    sha256_update(arg, len, value);
    return true;
}

static bool
blob_hash_holds(struct engine *e, const struct blob *b)
{
    struct sha256_ctx sha;
    struct baton_hash found;
    const struct store_port *s = &e->p.store;
    sha256_init(&sha);
    enum baton_status rc = s->each(s->ctx, TABLE_CHUNK, b->hash.b, sizeof b->hash.b, hash_visit,
                                   &sha, &e->journal.err);
    if (rc != BATON_OK)
        journal_failed(e, rc, "chunks");
    sha256_digest(&sha, sizeof found.b, found.b);
    return baton_hash_eq(&found, &b->hash);
}

/* "Send me from here": the offset is also the receipt for everything before it. */
static void
want_send(struct engine *e, struct seat *seat, const struct blob *b)
{
    struct message m = {.type = MSG_WANT};
    m.u.want.blob = b->hash;
    m.u.want.offset = b->row.have;
    act_send(e, seat, &m);
}

/* Blobs of one sender that nobody needs any more: unfinished ones, or whole ones. */
struct stale_blob {
    const struct baton_key *sender;
    const struct baton_hash *newest, *offered; /* these two stay */
    bool whole, found;
    struct blob blob;
};

static bool
stale_visit(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    struct stale_blob *s = arg;
    struct blob b;
    if (key_len != sizeof b.hash.b || blob_row_decode(value, len, &b.row) != BATON_OK)
        return true;
    memcpy(b.hash.b, key, key_len);
    if (!baton_key_eq(&b.row.sender, s->sender) || baton_hash_eq(&b.hash, s->newest) ||
        baton_hash_eq(&b.hash, s->offered) || (b.row.have == b.row.total) != s->whole)
        return true;
    s->blob = b;
    s->found = true;
    return false;
}

/* One sender keeps room for the newest, for the one that the new server may be fetching, and no more.
 * Called for each blob, so there is never more than one to drop. */
static void
blob_drop_stale(struct engine *e, const struct seat *seat, const struct baton_hash *newest,
                bool whole)
{
    struct stale_blob s = {.sender = &seat->row.key,
                           .newest = newest,
                           .offered = &seat->room->t.cutover.blob,
                           .whole = whole};
    const struct store_port *p = &e->p.store;
    enum baton_status rc = p->each(p->ctx, TABLE_BLOB, "", 0, stale_visit, &s, &e->journal.err);
    if (rc != BATON_OK)
        journal_failed(e, rc, "blobs");
    if (s.found)
        blob_drop(e, &s.blob);
}

static const char *
chunk_check(const struct seat *seat, const struct msg_chunk *c, const struct blob *b)
{
    const struct room *room = seat->room;
    if (!room->t.cutover_open || room->t.cutover.old_agent != seat->row.slot)
        return "only the old server of an open cutover sends settings";
    if (c->total == 0 || c->total > blob_most())
        return "settings of more than 64 MiB, or of nothing, are not relayed";
    if (c->total != b->row.total || !baton_key_eq(&b->row.sender, &seat->row.key))
        return "this blob was announced with another size or by another agent";
    return NULL;
}

/* All pieces but the last have one size, so an offset says which piece it is. */
static bool
chunk_shape(const struct msg_chunk *c)
{
    return c->offset % CHUNK_BYTES == 0 &&
           (c->len == CHUNK_BYTES || c->offset + c->len == c->total) && c->len > 0;
}

static void
blob_whole(struct engine *e, struct seat *seat, const struct blob *b)
{
    struct audit_record r;
    record_init(e, &r, AUDIT_STATEMENT, &seat->row.tenant, &seat->row.key);
    record_text(&r, "the sealed settings of %s are whole", seat->row.host);
    record_ref(&r, &b->hash);
    blob_save(e, b, &r);
    blob_drop_stale(e, seat, &b->hash, true);
    struct tenant_event ev;
    event_init(e, &ev, TEV_BLOB);
    ev.agent = seat->row.slot;
    ev.blob = b->hash;
    ev.file = seat->room->t.cutover.settings;
    ev.blob_bytes = b->row.total;
    room_step(e, seat->room, &ev, &(struct told){.actor = &seat->row.key}, NULL, NULL);
}

void
blob_chunk(struct engine *e, struct seat *seat, const struct message *m)
{
    const struct msg_chunk *c = &m->u.chunk;
    struct blob b = {
        .hash = c->blob,
        .row = {.tenant = seat->row.tenant, .sender = seat->row.key, .total = c->total}};
    bool known = blob_load(e, &c->blob, &b);
    const char *why = chunk_check(seat, c, &b);
    if (why != NULL) {
        session_refuse(e, seat, BATON_DENIED, NULL, why);
        return;
    }
    if (c->offset != b.row.have || !chunk_shape(c)) {
        want_send(e, seat, &b); /* lost or repeated: say where to go on */
        return;
    }
    if (!known && !bucket_take(&seat->blobs, BLOBS_BURST, BLOB_EVERY_MS, e->now_ms)) {
        session_refuse(e, seat, BATON_LIMIT, NULL, "too many settings in a short time");
        return;
    }
    if (!known)
        blob_drop_stale(e, seat, &c->blob, false);
    uint8_t key[BATON_HASH_BYTES + 8];
    chunk_key(&c->blob, c->offset, key);
    journal_row(e, NULL, TABLE_CHUNK, key, sizeof key, c->bytes, c->len);
    b.row.have += c->len;
    if (b.row.have == b.row.total && !blob_hash_holds(e, &b)) {
        blob_drop(e, &b);
        session_refuse(e, seat, BATON_CORRUPT, NULL, "the sealed settings do not have their hash");
        return;
    }
    if (b.row.have == b.row.total)
        blob_whole(e, seat, &b);
    else
        blob_save(e, &b, NULL);
    want_send(e, seat, &b);
}

void
blob_want(struct engine *e, struct seat *seat, const struct message *m)
{
    const struct msg_want *w = &m->u.want;
    struct blob b;
    if (!blob_load(e, &w->blob, &b) || !baton_id_eq(&b.row.tenant, &seat->row.tenant) ||
        b.row.have != b.row.total) {
        session_refuse(e, seat, BATON_NOT_FOUND, NULL, "no such settings for this tenant");
        return;
    }
    if (w->offset >= b.row.total || w->offset % CHUNK_BYTES != 0)
        return; /* the receiver has it all */
    uint8_t key[BATON_HASH_BYTES + 8], *bytes;
    size_t len;
    chunk_key(&w->blob, w->offset, key);
    if (!journal_get(e, TABLE_CHUNK, key, sizeof key, &bytes, &len))
        return;
    struct message chunk = {.type = MSG_CHUNK};
    chunk.u.chunk = (struct msg_chunk){w->blob, w->offset, b.row.total, bytes, len};
    act_send(e, seat, &chunk);
    free(bytes);
}
