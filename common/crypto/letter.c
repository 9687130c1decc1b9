#include "common/crypto/letter.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/canon.h"

#define AEAD(name) crypto_aead_xchacha20poly1305_ietf_##name

_Static_assert(LETTER_BOX_BYTES == AEAD(KEYBYTES) + crypto_box_SEALBYTES, "key in a box");
_Static_assert(AEAD(NPUBBYTES) == 24 && AEAD(ABYTES) == 16, "what the header says");

static const uint8_t magic[8] = "BTNLETR1";

bool
letter_key_valid(const struct baton_key *key)
{
    uint8_t box[crypto_box_PUBLICKEYBYTES];
    return crypto_sign_ed25519_pk_to_curve25519(box, key->b) == 0;
}

/* --- sealing -------------------------------------------------------------------------------------- */

static enum baton_status
put_address(struct canon_writer *w, const struct letter_address *to,
            const uint8_t body_key[AEAD(KEYBYTES)], struct baton_err *err)
{
    uint8_t public_key[crypto_box_PUBLICKEYBYTES], box[LETTER_BOX_BYTES];
    if (crypto_sign_ed25519_pk_to_curve25519(public_key, to->key.b) != 0 ||
        crypto_box_seal(box, body_key, AEAD(KEYBYTES), public_key) != 0)
        return baton_fail(err, BATON_MALFORMED, "a key of the trust document is no key");
    canon_put_id(w, &to->operator);
    canon_put_fixed(w, box, sizeof box);
    return BATON_OK;
}

static enum baton_status
put_head(struct canon_writer *w, const struct letter_about *about, const struct letter_address *to,
         size_t count, const uint8_t body_key[AEAD(KEYBYTES)], struct baton_err *err)
{
    enum baton_status rc = BATON_OK;
    canon_put_fixed(w, magic, sizeof magic);
    canon_put_id(w, &about->tenant);
    canon_put_id(w, &about->plan);
    canon_put_hash(w, &about->findings);
    canon_put_key(w, &about->sender);
    canon_put_u8(w, (uint8_t)count);
    for (size_t i = 0; rc == BATON_OK && i < count; i++)
        rc = put_address(w, &to[i], body_key, err);
    return rc;
}

static void
put_body(struct canon_writer *w, const uint8_t *plain, size_t len,
         const uint8_t body_key[AEAD(KEYBYTES)])
{
    uint8_t nonce[AEAD(NPUBBYTES)];
    unsigned long long sealed = 0;
    randombytes_buf(nonce, sizeof nonce);
    canon_put_fixed(w, nonce, sizeof nonce);
    canon_put_u32(w, (uint32_t)(len + AEAD(ABYTES)));
    BATON_ASSERT(!w->overflow && w->cap - w->len >= len + AEAD(ABYTES));
    AEAD(encrypt)(w->buf + w->len, &sealed, plain, len, w->buf, w->len, NULL, nonce, body_key);
    w->len += (size_t)sealed;
}

static enum baton_status
sign(struct canon_writer *w, const uint8_t secret[SIGN_SECRET_BYTES], size_t *ret_len,
     struct baton_err *err)
{
    struct baton_sig sig;
    if (crypto_sign_domain(secret, DOMAIN_LETTER, w->buf, w->len, &sig) != BATON_OK)
        return baton_fail(err, BATON_NOMEM, "letter");
    canon_put_fixed(w, sig.b, sizeof sig.b);
    return canon_finish(w, ret_len);
}

enum baton_status
letter_seal(const struct letter_about *about, const struct letter_address *to, size_t count,
            const uint8_t *plain, size_t len, const uint8_t secret[SIGN_SECRET_BYTES],
            uint8_t **ret_bytes, size_t *ret_len, struct baton_err *err)
{
    uint8_t body_key[AEAD(KEYBYTES)];
    struct canon_writer w;
    if (count == 0 || count > LETTER_ADDRESSES_MAX)
        return baton_fail(err, BATON_MALFORMED,
                          "there is nobody to seal to, or there are too many");
    if (len > LETTER_BODY_MAX)
        return baton_fail(err, BATON_LIMIT, "more than %d bytes are not sealed", LETTER_BODY_MAX);
    size_t cap = LETTER_HEAD_BYTES + count * (BATON_ID_BYTES + LETTER_BOX_BYTES) + len +
                 AEAD(ABYTES) + BATON_SIG_BYTES;
    uint8_t *bytes = malloc(cap);
    if (bytes == NULL)
        return baton_fail(err, BATON_NOMEM, "letter");
    canon_writer_init(&w, bytes, cap);
    AEAD(keygen)(body_key);
    enum baton_status rc = put_head(&w, about, to, count, body_key, err);
    if (rc == BATON_OK)
        put_body(&w, plain, len, body_key);
    crypto_wipe(body_key, sizeof body_key);
    if (rc == BATON_OK)
        rc = sign(&w, secret, ret_len, err);
    if (rc == BATON_OK)
        *ret_bytes = bytes;
    else
        free(bytes);
    return rc;
}

/* --- reading -------------------------------------------------------------------------------------- */

static const uint8_t *
borrow(struct canon_reader *r, size_t n)
{
    canon_require(r, n <= r->len - r->at);
    if (r->bad)
        return NULL;
    const uint8_t *p = r->bytes + r->at;
    r->at += n;
    return p;
}

static void
get_about(struct canon_reader *r, struct letter_about *about)
{
    canon_expect(r, magic, sizeof magic);
    about->tenant = canon_get_id(r);
    about->plan = canon_get_id(r);
    about->findings = canon_get_hash(r);
    about->sender = canon_get_key(r);
}

bool
letter_begins(const uint8_t *bytes, size_t len, struct letter_about *ret_about)
{
    struct canon_reader r;
    canon_reader_init(&r, bytes, len);
    get_about(&r, ret_about);
    return !r.bad;
}

static void
get_head(struct canon_reader *r, struct letter *l)
{
    get_about(r, &l->about);
    l->address_count = canon_get_enum(r, 1, LETTER_ADDRESSES_MAX);
    for (uint8_t i = 0; !r->bad && i < l->address_count; i++) {
        l->to[i] = canon_get_id(r);
        l->box[i] = borrow(r, LETTER_BOX_BYTES);
    }
    l->nonce = borrow(r, AEAD(NPUBBYTES));
    size_t sealed = canon_get_u32(r);
    canon_require(r, sealed >= AEAD(ABYTES) && sealed <= LETTER_BODY_MAX + AEAD(ABYTES));
    l->sealed_from = r->at;
    l->body = borrow(r, sealed);
    l->body_len = sealed;
}

enum baton_status
letter_read(const uint8_t *bytes, size_t len, const struct digest_port *dp,
            struct letter *ret_letter, struct baton_err *err)
{
    struct letter l = {.bytes = bytes};
    struct baton_sig sig = {{0}};
    struct canon_reader r;
    canon_reader_init(&r, bytes, len);
    get_head(&r, &l);
    size_t signed_len = r.at;
    canon_get_fixed(&r, sig.b, sizeof sig.b);
    if (!canon_finished(&r))
        return baton_fail(err, BATON_MALFORMED, "these bytes are no letter (byte %zu of %zu)", r.at,
                          len);
    if (!dp->verify(dp->ctx, &l.about.sender, DOMAIN_LETTER, bytes, signed_len, &sig))
        return baton_fail(err, BATON_DENIED, "the letter is not signed by the agent that it names");
    *ret_letter = l;
    return BATON_OK;
}

/* --- opening -------------------------------------------------------------------------------------- */

static bool
box_open(const uint8_t *box, const struct crypto_signer *key, uint8_t body_key[AEAD(KEYBYTES)])
{
    uint8_t public_key[crypto_box_PUBLICKEYBYTES], secret[crypto_box_SECRETKEYBYTES];
    bool good = crypto_sign_ed25519_pk_to_curve25519(public_key, key->key.b) == 0 &&
                crypto_sign_ed25519_sk_to_curve25519(secret, key->secret) == 0 &&
                crypto_box_seal_open(body_key, box, LETTER_BOX_BYTES, public_key, secret) == 0;
    crypto_wipe(secret, sizeof secret);
    return good;
}

static enum baton_status
body_open(const struct letter *l, const uint8_t body_key[AEAD(KEYBYTES)], uint8_t **ret_plain,
          size_t *ret_len, struct baton_err *err)
{
    unsigned long long len = 0;
    uint8_t *plain = malloc(l->body_len);
    if (plain == NULL)
        return baton_fail(err, BATON_NOMEM, "letter");
    if (AEAD(decrypt)(plain, &len, NULL, l->body, l->body_len, l->bytes, l->sealed_from, l->nonce,
                      body_key) != 0) {
        free(plain);
        return baton_fail(err, BATON_DENIED, "the letter was forged");
    }
    *ret_plain = plain;
    *ret_len = (size_t)len;
    return BATON_OK;
}

enum baton_status
letter_open(const struct letter *l, const struct baton_id *me, const struct crypto_signer *key,
            uint8_t **ret_plain, size_t *ret_len, struct baton_err *err)
{
    uint8_t body_key[AEAD(KEYBYTES)];
    uint8_t i = 0;
    while (i < l->address_count && !baton_id_eq(&l->to[i], me))
        i++;
    if (i == l->address_count)
        return baton_fail(err, BATON_NOT_FOUND, "the letter is not sealed to you");
    enum baton_status rc = BATON_OK;
    if (!box_open(l->box[i], key, body_key))
        rc = baton_fail(err, BATON_DENIED, "the letter is sealed to another key of yours");
    if (rc == BATON_OK)
        rc = body_open(l, body_key, ret_plain, ret_len, err);
    crypto_wipe(body_key, sizeof body_key);
    return rc;
}
