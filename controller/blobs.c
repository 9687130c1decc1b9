#include "controller/engine_state.h"

#include "common/crypto/seal.h"

#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>

/* What agents sealed, in pieces: the settings file of the old server for the new one, rows of the new
 * one for people. The controller keeps and hands on what it cannot read. */

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

struct gathering {
    struct blob_bytes *into;
    size_t cap;
};

static bool
gather_visit(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    struct gathering *g = arg;
    (void)key;
    (void)key_len;
    if (len > g->cap - g->into->len)
        return false;
    memcpy(g->into->bytes + g->into->len, value, len);
    g->into->len += len;
    return true;
}

/* At most cap bytes from the beginning; whole pieces. */
static bool
blob_gather(struct engine *e, const struct baton_hash *hash, size_t cap,
            struct blob_bytes *ret_bytes)
{
    const struct store_port *s = &e->p.store;
    *ret_bytes = (struct blob_bytes){.bytes = malloc(cap)};
    struct gathering g = {ret_bytes, cap};
    enum baton_status rc = BATON_NOMEM;
    if (ret_bytes->bytes != NULL)
        rc = s->each(s->ctx, TABLE_CHUNK, hash->b, sizeof hash->b, gather_visit, &g,
                     &e->journal.err);
    if (rc == BATON_OK)
        return true;
    journal_failed(e, rc, "chunks");
    free(ret_bytes->bytes);
    return false;
}

struct newest_blob {
    const struct baton_key *sender;
    struct baton_hash *hash;
    bool found;
};

static bool
newest_visit(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    struct newest_blob *n = arg;
    struct blob_row row;
    n->found = key_len == sizeof n->hash->b && blob_row_decode(value, len, &row) == BATON_OK &&
               baton_key_eq(&row.sender, n->sender) && row.have == row.total;
    if (n->found)
        memcpy(n->hash->b, key, key_len);
    return !n->found;
}

bool
blob_newest(struct engine *e, const struct baton_key *sender, struct baton_hash *ret_hash,
            struct blob_bytes *ret_first)
{
    struct newest_blob n = {.sender = sender, .hash = ret_hash};
    const struct store_port *s = &e->p.store;
    enum baton_status rc = s->each(s->ctx, TABLE_BLOB, "", 0, newest_visit, &n, &e->journal.err);
    if (rc != BATON_OK)
        journal_failed(e, rc, "blobs");
    return rc == BATON_OK && n.found && blob_gather(e, ret_hash, CHUNK_BYTES, ret_first);
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

/* By name: an agent that is refused a frame for another reason goes on offering what it sealed. */
static void
blob_refuse(struct engine *e, struct seat *seat, enum baton_status rc,
            const struct baton_hash *blob, const char *why)
{
    struct baton_id id = message_blob_id(blob);
    session_refuse(e, seat, rc, &id, why);
}

/* An agent offers in each session what it once sealed, years after the handoff: no news for the record. */
static bool
blob_outlived(struct engine *e, struct seat *seat, const struct baton_hash *blob)
{
    struct baton_id id = message_blob_id(blob);
    if (seat->room->t.cutover_open)
        return false;
    session_decline(e, seat, BATON_DENIED, &id, "no cutover is open that waits for it");
    return true;
}

static bool
sends_settings(const struct seat *seat)
{
    const struct tenant *t = &seat->room->t;
    return t->cutover_open && t->cutover.old_agent == seat->row.slot;
}

static bool
sends_rows(const struct seat *seat)
{
    const struct tenant *t = &seat->room->t;
    return t->cutover_open && t->cutover.new_agent == seat->row.slot && !sends_settings(seat);
}

static enum baton_status
chunk_check(const struct seat *seat, const struct msg_chunk *c, const struct blob *b,
            const char **ret_why)
{
    *ret_why = "only the servers of an open cutover send what they sealed";
    if (!sends_settings(seat) && !sends_rows(seat))
        return BATON_DENIED;
    *ret_why = "settings of more than 64 MiB, or of nothing, are not relayed";
    if (c->total == 0 || c->total > blob_most())
        return BATON_DENIED;
    *ret_why = "this blob was announced with another size or by another agent";
    if (c->total != b->row.total || !baton_key_eq(&b->row.sender, &seat->row.key))
        return BATON_DENIED;
    return sends_rows(seat) && c->offset == 0
               ? letter_check(seat, c->bytes, c->len, c->total, ret_why)
               : BATON_OK;
}

/* All pieces but the last have one size, so an offset says which piece it is. */
static bool
chunk_shape(const struct msg_chunk *c)
{
    return c->offset % CHUNK_BYTES == 0 &&
           (c->len == CHUNK_BYTES || c->offset + c->len == c->total) && c->len > 0;
}

static void
settings_whole(struct engine *e, struct seat *seat, const struct blob *b)
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

/* False: they were not what they should be, and are gone. */
static bool
rows_whole(struct engine *e, struct seat *seat, const struct blob *b)
{
    struct blob_bytes all;
    const char *why = "";
    if (!blob_gather(e, &b->hash, (size_t)b->row.total, &all))
        return false;
    enum baton_status rc = letter_take(e, seat, all.bytes, all.len, &b->hash, &why);
    free(all.bytes);
    if (rc != BATON_OK) {
        blob_drop(e, b);
        blob_refuse(e, seat, rc, &b->hash, why);
        return false;
    }
    blob_save(e, b, NULL);
    blob_drop_stale(e, seat, &b->hash, true);
    return true;
}

/* False: refused. */
static bool
blob_whole(struct engine *e, struct seat *seat, const struct blob *b)
{
    if (!blob_hash_holds(e, b)) {
        blob_drop(e, b);
        if (sends_settings(seat)) /* its agent offers them no more: people carry them */
            journal_alarm(
                e, seat, &b->hash,
                "the sealed settings came without their hash: look at that disk, and copy "
                "the exported file to the new server's Baton folder by hand");
        blob_refuse(e, seat, BATON_CORRUPT, &b->hash, "what was sealed does not have its hash");
        return false;
    }
    if (sends_rows(seat))
        return rows_whole(e, seat, b);
    settings_whole(e, seat, b);
    return true;
}

void
blob_chunk(struct engine *e, struct seat *seat, const struct message *m)
{
    const struct msg_chunk *c = &m->u.chunk;
    const char *why = "";
    if (blob_outlived(e, seat, &c->blob))
        return;
    struct blob b = {
        .hash = c->blob,
        .row = {.tenant = seat->row.tenant, .sender = seat->row.key, .total = c->total}};
    bool known = blob_load(e, &c->blob, &b);
    enum baton_status rc = chunk_check(seat, c, &b, &why);
    if (rc != BATON_OK) {
        blob_refuse(e, seat, rc, &c->blob, why);
        return;
    }
    if (c->offset != b.row.have || !chunk_shape(c)) {
        want_send(e, seat, &b); /* lost or repeated: say where to go on */
        return;
    }
    if (!known && !bucket_take(&seat->blobs, BLOBS_BURST, BLOB_EVERY_MS, e->now_ms)) {
        blob_refuse(e, seat, BATON_LIMIT, &c->blob, "too many sealed files in a short time");
        return;
    }
    if (!known)
        blob_drop_stale(e, seat, &c->blob, false);
    uint8_t key[BATON_HASH_BYTES + 8];
    chunk_key(&c->blob, c->offset, key);
    journal_row(e, NULL, TABLE_CHUNK, key, sizeof key, c->bytes, c->len);
    b.row.have += c->len;
    if (b.row.have < b.row.total)
        blob_save(e, &b, NULL);
    else if (!blob_whole(e, seat, &b))
        return;
    want_send(e, seat, &b);
}

void
blob_want(struct engine *e, struct seat *seat, const struct message *m)
{
    const struct msg_want *w = &m->u.want;
    struct blob b;
    if (!blob_load(e, &w->blob, &b) || !baton_id_eq(&b.row.tenant, &seat->row.tenant) ||
        b.row.have != b.row.total) {
        blob_refuse(e, seat, BATON_NOT_FOUND, &w->blob, "no such settings for this tenant");
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
