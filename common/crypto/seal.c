#include "common/crypto/seal.h"

#include <sodium.h>
#include <string.h>

#define STREAM(name) crypto_secretstream_xchacha20poly1305_##name

enum {
    AT_RECIPIENT = 8,
    AT_TENANT = AT_RECIPIENT + BATON_KEY_BYTES,
    AT_FILE = AT_TENANT + BATON_ID_BYTES,
    AT_BYTES = AT_FILE + BATON_HASH_BYTES,
    AT_ATTACHED = AT_BYTES + 8,
    AT_KEY = AT_ATTACHED + 8,
    KEY_BOX_BYTES = STREAM(KEYBYTES) + crypto_box_SEALBYTES,
    AT_STREAM = AT_KEY + KEY_BOX_BYTES,
};

_Static_assert(AT_STREAM + STREAM(HEADERBYTES) == SEAL_HEADER_BYTES, "header");
_Static_assert(SEAL_CELL_OVERHEAD == STREAM(ABYTES), "cell overhead");

static const uint8_t magic[8] = "BTNSEAL1";

/* What both directions keep. Lives in guarded memory, because the stream's state is a key. */
struct half {
    struct seal_sink sink;
    uint8_t header[SEAL_HEADER_BYTES];
    STREAM(state) stream;
    crypto_hash_sha256_state sha;
    uint64_t file_bytes, attached_bytes, done_bytes; /* done: of both together */
    size_t fill;
};

struct seal {
    struct half h;
    uint8_t plain[SEAL_PLAIN_BYTES];
};

struct seal_opener {
    struct half h;
    struct seal_binding expected;
    uint8_t box_secret[BOX_SECRET_BYTES];
    size_t header_fill;
    bool final;
    uint8_t cell[SEAL_CELL_BYTES];
};

uint64_t
seal_blob_bytes(uint64_t plain_bytes)
{
    uint64_t cells = plain_bytes == 0 ? 1 : (plain_bytes + SEAL_PLAIN_BYTES - 1) / SEAL_PLAIN_BYTES;
    return SEAL_HEADER_BYTES + plain_bytes + cells * SEAL_CELL_OVERHEAD;
}

/* Only the file is named by its hash; what is attached to it follows. */
static void
take_plain(struct half *h, const uint8_t *bytes, size_t len)
{
    uint64_t left = h->done_bytes < h->file_bytes ? h->file_bytes - h->done_bytes : 0;
    crypto_hash_sha256_update(&h->sha, bytes, len < left ? len : left);
    h->done_bytes += len;
}

static bool
sizes_fit(uint64_t file_bytes, uint64_t attached_bytes)
{
    return file_bytes <= SEAL_FILE_BYTES_MAX && attached_bytes <= SEAL_FILE_BYTES_MAX - file_bytes;
}

static bool
file_is_named(struct half *h, const struct baton_hash *named)
{
    struct baton_hash found;
    crypto_hash_sha256_final(&h->sha, found.b);
    return h->done_bytes == h->file_bytes + h->attached_bytes && baton_hash_eq(&found, named);
}

static void
header_fill(uint8_t header[SEAL_HEADER_BYTES], const struct seal_binding *b)
{
    memcpy(header, magic, sizeof magic);
    memcpy(header + AT_RECIPIENT, b->recipient.b, sizeof b->recipient.b);
    memcpy(header + AT_TENANT, b->tenant.b, sizeof b->tenant.b);
    memcpy(header + AT_FILE, b->file.b, sizeof b->file.b);
    for (int i = 0; i < 8; i++) {
        header[AT_BYTES + i] = (uint8_t)(b->file_bytes >> (56 - 8 * i));
        header[AT_ATTACHED + i] = (uint8_t)(b->attached_bytes >> (56 - 8 * i));
    }
}

/* A fresh stream key, closed to the recipient; false when that key is no point of the curve. */
static bool
stream_start(struct half *h, const struct baton_key *recipient)
{
    uint8_t key[STREAM(KEYBYTES)];
    STREAM(keygen)(key);
    bool good = crypto_box_seal(h->header + AT_KEY, key, sizeof key, recipient->b) == 0 &&
                STREAM(init_push)(&h->stream, h->header + AT_STREAM, key) == 0;
    crypto_wipe(key, sizeof key);
    return good;
}

enum baton_status
seal_begin(const struct seal_binding *binding, struct seal_sink sink, struct seal **ret_seal,
           struct baton_err *err)
{
    if (!sizes_fit(binding->file_bytes, binding->attached_bytes))
        return baton_fail(err, BATON_LIMIT, "the file is larger than 64 MiB");
    struct seal *s = sodium_malloc(sizeof *s);
    if (s == NULL)
        return baton_fail(err, BATON_NOMEM, "seal");
    memset(s, 0, sizeof *s);
    s->h.sink = sink;
    s->h.file_bytes = binding->file_bytes;
    s->h.attached_bytes = binding->attached_bytes;
    crypto_hash_sha256_init(&s->h.sha);
    header_fill(s->h.header, binding);
    enum baton_status rc = BATON_OK;
    if (!stream_start(&s->h, &binding->recipient))
        rc = baton_fail(err, BATON_MALFORMED, "the recipient's box key is not valid");
    if (rc == BATON_OK)
        rc = sink.write(sink.ctx, s->h.header, sizeof s->h.header, err);
    if (rc != BATON_OK) {
        seal_free(&s);
        return rc;
    }
    *ret_seal = s;
    return BATON_OK;
}

static enum baton_status
cell_seal(struct seal *s, uint8_t tag, struct baton_err *err)
{
    uint8_t cell[SEAL_CELL_BYTES];
    unsigned long long len;
    if (STREAM(push)(&s->h.stream, cell, &len, s->plain, s->h.fill, s->h.header, sizeof s->h.header,
                     tag) != 0)
        return baton_fail(err, BATON_FAILED, "sealing failed");
    s->h.fill = 0;
    return s->h.sink.write(s->h.sink.ctx, cell, (size_t)len, err);
}

enum baton_status
seal_push(struct seal *s, const void *bytes, size_t len, struct baton_err *err)
{
    const uint8_t *from = bytes;
    if (len > s->h.file_bytes + s->h.attached_bytes - s->h.done_bytes)
        return baton_fail(err, BATON_CONFLICT, "the file grew while it was read");
    take_plain(&s->h, from, len);
    while (len > 0) {
        if (s->h.fill == sizeof s->plain) { /* more follows, so this one is not the last */
            enum baton_status rc = cell_seal(s, STREAM(TAG_MESSAGE), err);
            if (rc != BATON_OK)
                return rc;
        }
        size_t take = sizeof s->plain - s->h.fill;
        take = len < take ? len : take;
        memcpy(s->plain + s->h.fill, from, take);
        s->h.fill += take;
        from += take;
        len -= take;
    }
    return BATON_OK;
}

enum baton_status
seal_finish(struct seal *s, struct baton_err *err)
{
    struct baton_hash named;
    memcpy(named.b, s->h.header + AT_FILE, sizeof named.b);
    if (!file_is_named(&s->h, &named))
        return baton_fail(err, BATON_CONFLICT, "the file changed after it was named");
    return cell_seal(s, STREAM(TAG_FINAL), err);
}

void
seal_free(struct seal **s)
{
    sodium_free(*s);
    *s = NULL;
}

enum baton_status
seal_open_begin(const struct seal_binding *expected, const uint8_t box_secret[BOX_SECRET_BYTES],
                struct seal_sink sink, struct seal_opener **ret_opener, struct baton_err *err)
{
    struct seal_opener *o = sodium_malloc(sizeof *o);
    if (o == NULL)
        return baton_fail(err, BATON_NOMEM, "seal");
    memset(o, 0, sizeof *o);
    o->h.sink = sink;
    o->expected = *expected;
    memcpy(o->box_secret, box_secret, sizeof o->box_secret);
    crypto_hash_sha256_init(&o->h.sha);
    *ret_opener = o;
    return BATON_OK;
}

static enum baton_status
header_check(struct seal_opener *o, struct baton_err *err)
{
    uint8_t want[SEAL_HEADER_BYTES];
    header_fill(want, &o->expected);
    if (memcmp(o->h.header, want, AT_RECIPIENT) != 0)
        return baton_fail(err, BATON_MALFORMED, "not a sealed blob");
    if (memcmp(o->h.header + AT_RECIPIENT, want + AT_RECIPIENT, AT_BYTES - AT_RECIPIENT) != 0)
        return baton_fail(err, BATON_DENIED, "sealed to another key, tenant or file");
    for (int i = 0; i < 8; i++) {
        o->h.file_bytes = o->h.file_bytes << 8 | o->h.header[AT_BYTES + i];
        o->h.attached_bytes = o->h.attached_bytes << 8 | o->h.header[AT_ATTACHED + i];
    }
    if (!sizes_fit(o->h.file_bytes, o->h.attached_bytes))
        return baton_fail(err, BATON_LIMIT, "the file is larger than 64 MiB");
    return BATON_OK;
}

static enum baton_status
header_open(struct seal_opener *o, struct baton_err *err)
{
    enum baton_status rc = header_check(o, err);
    if (rc != BATON_OK)
        return rc;
    uint8_t key[STREAM(KEYBYTES)];
    if (crypto_box_seal_open(key, o->h.header + AT_KEY, KEY_BOX_BYTES, o->expected.recipient.b,
                             o->box_secret) != 0)
        rc = baton_fail(err, BATON_DENIED, "not sealed to this agent's key");
    else if (STREAM(init_pull)(&o->h.stream, o->h.header + AT_STREAM, key) != 0)
        rc = baton_fail(err, BATON_MALFORMED, "bad stream header");
    crypto_wipe(key, sizeof key);
    return rc;
}

static enum baton_status
cell_open(struct seal_opener *o, struct baton_err *err)
{
    uint8_t plain[SEAL_PLAIN_BYTES];
    unsigned long long len;
    uint8_t tag;
    if (STREAM(pull)(&o->h.stream, plain, &len, &tag, o->cell, o->h.fill, o->h.header,
                     sizeof o->h.header) != 0)
        return baton_fail(err, BATON_DENIED, "a cell was forged, or bytes were lost");
    bool full = o->h.fill == sizeof o->cell;
    o->h.fill = 0;
    o->final = tag == STREAM(TAG_FINAL);
    if (!o->final && !full)
        return baton_fail(err, BATON_MALFORMED, "a short cell that is not the last");
    take_plain(&o->h, plain, (size_t)len);
    enum baton_status rc = o->h.sink.write(o->h.sink.ctx, plain, (size_t)len, err);
    crypto_wipe(plain, sizeof plain);
    return rc;
}

static size_t
bytes_take(uint8_t *into, size_t cap, size_t *fill, const uint8_t *from, size_t len)
{
    size_t take = cap - *fill;
    take = len < take ? len : take;
    memcpy(into + *fill, from, take);
    *fill += take;
    return take;
}

enum baton_status
seal_open_push(struct seal_opener *o, const void *bytes, size_t len, struct baton_err *err)
{
    const uint8_t *from = bytes;
    enum baton_status rc = BATON_OK;
    while (len > 0 && rc == BATON_OK) {
        size_t took;
        if (o->header_fill < SEAL_HEADER_BYTES) {
            took = bytes_take(o->h.header, SEAL_HEADER_BYTES, &o->header_fill, from, len);
            if (o->header_fill == SEAL_HEADER_BYTES)
                rc = header_open(o, err);
        } else {
            if (o->final)
                return baton_fail(err, BATON_MALFORMED, "bytes after the end of the blob");
            took = bytes_take(o->cell, sizeof o->cell, &o->h.fill, from, len);
            if (o->h.fill == sizeof o->cell)
                rc = cell_open(o, err);
        }
        from += took;
        len -= took;
    }
    return rc;
}

uint64_t
seal_opener_file_bytes(const struct seal_opener *o)
{
    return o->header_fill == SEAL_HEADER_BYTES ? o->h.file_bytes : UINT64_MAX;
}

enum baton_status
seal_open_finish(struct seal_opener *o, struct baton_err *err)
{
    enum baton_status rc = BATON_OK;
    if (o->h.fill > 0)
        rc = cell_open(o, err);
    if (rc != BATON_OK)
        return rc;
    if (!o->final)
        return baton_fail(err, BATON_MALFORMED, "the blob was cut before its end");
    if (!file_is_named(&o->h, &o->expected.file))
        return baton_fail(err, BATON_CONFLICT, "the file inside is not the one that was named");
    return BATON_OK;
}

void
seal_opener_free(struct seal_opener **o)
{
    sodium_free(*o);
    *o = NULL;
}
