#include "proto/codec.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/crypto/crypto.h"
#include "proto/bodies.h"
#include "proto/wire.h"

enum {
    AT_VERSION = 4,
    AT_TYPE = 5,
    AT_KEY_ID = 7,
    AT_LENGTH = 15,
    AT_SIG = 19, /* what is signed: all before, then the body */
    VERSION = 1,
    ENVELOPE_FIELD = 1, /* of every body */
    SENDER_FIELD = 3,   /* of the envelope */
};

_Static_assert(AT_SIG + BATON_SIG_BYTES == FRAME_HEADER_BYTES, "header");

static const uint8_t magic[4] = "BTN1";

struct frame {
    unsigned type;
    const uint8_t *head, *body;
    size_t body_len;
    struct baton_sig sig;
    const struct body *kind;
};

void
codec_key_id(const struct baton_key *key, uint8_t out[KEY_ID_BYTES])
{
    struct baton_hash hash;
    crypto_sha256(key->b, sizeof key->b, &hash);
    memcpy(out, hash.b, KEY_ID_BYTES);
}

static void
header_fill(uint8_t *head, unsigned type, const uint8_t key_id[KEY_ID_BYTES], size_t body_len)
{
    memcpy(head, magic, sizeof magic);
    head[AT_VERSION] = VERSION;
    head[AT_TYPE] = (uint8_t)(type >> 8);
    head[AT_TYPE + 1] = (uint8_t)type;
    memcpy(head + AT_KEY_ID, key_id, KEY_ID_BYTES);
    for (int i = 0; i < 4; i++)
        head[AT_LENGTH + i] = (uint8_t)(body_len >> (24 - 8 * i));
}

/* The cheapest checks, in the documents' order. Reads nothing of the body. */
static enum baton_status
frame_parse(const uint8_t *bytes, size_t len, struct frame *ret_frame, struct baton_err *err)
{
    if (len < FRAME_HEADER_BYTES)
        return baton_fail(err, BATON_MALFORMED, "frame of %zu bytes is shorter than a header", len);
    if (len > FRAME_BYTES_MAX)
        return baton_fail(err, BATON_LIMIT, "frame of %zu bytes, at most %d are allowed", len,
                          FRAME_BYTES_MAX);
    if (memcmp(bytes, magic, sizeof magic) != 0)
        return baton_fail(err, BATON_MALFORMED, "not a frame of Baton");
    if (bytes[AT_VERSION] != VERSION)
        return baton_fail(err, BATON_MALFORMED, "frame version %d, this program speaks %d",
                          bytes[AT_VERSION], VERSION);
    struct frame f = {.type = (unsigned)bytes[AT_TYPE] << 8 | bytes[AT_TYPE + 1],
                      .head = bytes,
                      .body = bytes + FRAME_HEADER_BYTES,
                      .body_len = len - FRAME_HEADER_BYTES};
    f.kind = body_of(f.type);
    if (f.kind == NULL)
        return baton_fail(err, BATON_MALFORMED, "unknown message type %u", f.type);
    size_t said = 0;
    for (int i = 0; i < 4; i++)
        said = said << 8 | bytes[AT_LENGTH + i];
    if (said != f.body_len)
        return baton_fail(err, BATON_MALFORMED, "header says %zu bytes of body, %zu came", said,
                          f.body_len);
    memcpy(f.sig.b, bytes + AT_SIG, sizeof f.sig.b);
    *ret_frame = f;
    return BATON_OK;
}

enum baton_status
codec_peek(const uint8_t *frame, size_t len, enum message_type *ret_type,
           uint8_t ret_key_id[KEY_ID_BYTES], struct baton_err *err)
{
    struct frame f = {0};
    enum baton_status rc = frame_parse(frame, len, &f, err);
    if (rc != BATON_OK)
        return rc;
    *ret_type = (enum message_type)f.type;
    memcpy(ret_key_id, f.head + AT_KEY_ID, KEY_ID_BYTES);
    return BATON_OK;
}

/* ENROL comes from somebody not known yet: the key is read from the checked, not yet unpacked body,
 * and must be the one that the header names. */
static enum baton_status
enrol_key(const struct frame *f, struct baton_key *ret_key, struct baton_err *err)
{
    if (f->type != MSG_ENROL)
        return baton_fail(err, BATON_DENIED, "only an enrolment may come from an unknown key");
    enum baton_status rc = wire_check(f->kind->map.type, f->body, f->body_len, err);
    if (rc != BATON_OK)
        return rc;
    size_t len = 0;
    const uint8_t *at = wire_find(f->body, f->body_len, ENVELOPE_FIELD, &len);
    at = at == NULL ? NULL : wire_find(at, len, SENDER_FIELD, &len);
    if (at == NULL || len != sizeof ret_key->b)
        return baton_fail(err, BATON_MALFORMED, "Envelope.sender is not a key");
    memcpy(ret_key->b, at, sizeof ret_key->b);
    uint8_t id[KEY_ID_BYTES];
    codec_key_id(ret_key, id);
    if (memcmp(id, f->head + AT_KEY_ID, sizeof id) != 0)
        return baton_fail(err, BATON_DENIED, "the header names another key than the sender's");
    return BATON_OK;
}

static enum baton_status
signer_find(const struct frame *f, const struct codec_keys *keys, struct baton_key *ret_key,
            struct baton_err *err)
{
    if (keys->find == NULL)
        return enrol_key(f, ret_key, err);
    if (keys->find(keys->ctx, f->head + AT_KEY_ID, ret_key))
        return BATON_OK;
    char hex[2 * KEY_ID_BYTES + 1];
    baton_hex(f->head + AT_KEY_ID, KEY_ID_BYTES, hex);
    return baton_fail(err, BATON_DENIED, "no key with id %s may sign here", hex);
}

static enum baton_status
signature_check(const struct frame *f, const struct baton_key *key, const struct digest_port *dp,
                struct arena *arena, struct baton_err *err)
{
    uint8_t *covered = arena_alloc(arena, AT_SIG + f->body_len);
    if (covered == NULL)
        return baton_fail(err, BATON_NOMEM, "frame");
    memcpy(covered, f->head, AT_SIG);
    memcpy(covered + AT_SIG, f->body, f->body_len);
    if (!dp->verify(dp->ctx, key, DOMAIN_FRAME, covered, AT_SIG + f->body_len, &f->sig))
        return baton_fail(err, BATON_DENIED, "bad signature");
    return BATON_OK;
}

static enum baton_status
sender_check(const struct message *m, const struct baton_key *key, struct baton_err *err)
{
    if (!baton_key_eq(&m->env.sender, key))
        return baton_fail(err, BATON_DENIED, "the sender in the envelope is not the signer");
    if (m->type == MSG_ENROL && !baton_key_eq(&m->u.enrol.sign_key, key))
        return baton_fail(err, BATON_DENIED, "the key to enrol is not the signer");
    return BATON_OK;
}

static enum baton_status
message_take(const struct frame *f, const struct codec_keys *keys, const struct digest_port *dp,
             struct message *m, struct baton_err *err)
{
    struct baton_key key;
    enum baton_status rc = signer_find(f, keys, &key, err);
    if (rc == BATON_OK)
        rc = signature_check(f, &key, dp, m->arena, err);
    if (rc == BATON_OK)
        rc = map_unpack(&f->kind->map, f->body, f->body_len, m->arena, m, err);
    if (rc == BATON_OK)
        rc = sender_check(m, &key, err);
    if (rc == BATON_OK && f->kind->holds != NULL && !f->kind->holds(m))
        rc = baton_fail(err, BATON_MALFORMED, "not true: %s", f->kind->rule);
    return rc;
}

enum baton_status
codec_decode(const uint8_t *frame, size_t len, const struct codec_keys *keys,
             const struct digest_port *dp, struct message **ret_message, struct baton_err *err)
{
    struct frame f = {0};
    enum baton_status rc = frame_parse(frame, len, &f, err);
    if (rc != BATON_OK)
        return rc;
    BATON_ASSERT(f.head != NULL); /* frame_parse fills it when it says yes */
    struct arena *arena = arena_new(sizeof(struct message) + 2 * len + 1024);
    struct message *m = arena == NULL ? NULL : arena_alloc(arena, sizeof *m);
    if (m == NULL) {
        arena_free(&arena);
        return baton_fail(err, BATON_NOMEM, "frame");
    }
    m->type = (enum message_type)f.type;
    m->arena = arena;
    memcpy(m->key_id, f.head + AT_KEY_ID, KEY_ID_BYTES);
    rc = message_take(&f, keys, dp, m, err);
    if (rc != BATON_OK) {
        arena_free(&arena);
        return rc;
    }
    *ret_message = m;
    return BATON_OK;
}

void
message_free(struct message **m)
{
    if (*m == NULL)
        return;
    struct arena *arena = (*m)->arena;
    arena_free(&arena); /* the message lies inside */
    *m = NULL;
}

static enum baton_status
frame_sign(uint8_t *frame, size_t len, const uint8_t secret_key[64], struct baton_err *err)
{
    size_t body_len = len - FRAME_HEADER_BYTES;
    uint8_t *covered = malloc(AT_SIG + body_len);
    if (covered == NULL)
        return baton_fail(err, BATON_NOMEM, "frame");
    memcpy(covered, frame, AT_SIG);
    memcpy(covered + AT_SIG, frame + FRAME_HEADER_BYTES, body_len);
    struct baton_sig sig;
    enum baton_status rc =
        crypto_sign_domain(secret_key, DOMAIN_FRAME, covered, AT_SIG + body_len, &sig);
    free(covered);
    if (rc != BATON_OK)
        return baton_fail(err, rc, "frame");
    memcpy(frame + AT_SIG, sig.b, sizeof sig.b);
    return BATON_OK;
}

enum baton_status
codec_encode(const struct message *m, const uint8_t secret_key[64], uint8_t **ret_frame,
             size_t *ret_len, struct baton_err *err)
{
    const struct body *kind = body_of(m->type);
    if (kind == NULL)
        return baton_fail(err, BATON_MALFORMED, "unknown message type %u", (unsigned)m->type);
    struct baton_key key;
    memcpy(key.b, secret_key + 32, sizeof key.b); /* libsodium: seed, then public key */
    enum baton_status rc = sender_check(m, &key, err);
    if (rc == BATON_OK && kind->holds != NULL && !kind->holds(m))
        rc = baton_fail(err, BATON_MALFORMED, "not true: %s", kind->rule);
    if (rc != BATON_OK)
        return rc;
    uint8_t *frame = NULL;
    size_t len = 0;
    rc = map_pack(&kind->map, m, FRAME_HEADER_BYTES, FRAME_BYTES_MAX, &frame, &len, err);
    if (rc != BATON_OK)
        return rc;
    uint8_t key_id[KEY_ID_BYTES];
    codec_key_id(&key, key_id);
    header_fill(frame, m->type, key_id, len - FRAME_HEADER_BYTES);
    rc = frame_sign(frame, len, secret_key, err);
    if (rc != BATON_OK) {
        free(frame);
        return rc;
    }
    *ret_frame = frame;
    *ret_len = len;
    return BATON_OK;
}
