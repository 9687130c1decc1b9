/* letter.h: bytes sealed to several named people at once, signed by who sealed them, so that whoever
 * stores and carries them can say whom they are for and what they belong to, and cannot read them.
 *
 * Shape      magic 8 "BTNLETR1" | tenant 16 | plan 16 | findings 32 | sender 32 | addresses 1, each:
 *            operator 16, body key in a sealed box 80 | nonce 24 | body bytes 4 | body
 *            (XChaCha20-Poly1305, authenticated together with everything before it) | signature 64
 *            of the sender over everything before, under DOMAIN_LETTER.
 *            The body has a fresh key, which is sealed to each person's X25519 key: that of the
 *            Ed25519 key by which the trust document names them. People have no other key, and this
 *            one opens nothing else.
 * Limits     LETTER_ADDRESSES_MAX people, LETTER_BODY_MAX bytes inside.
 * Errors     letter_seal: BATON_MALFORMED, nobody to seal to or a key that is none. letter_read:
 *            BATON_MALFORMED (not such bytes), BATON_DENIED (not signed by the sender it names).
 *            letter_open: BATON_NOT_FOUND (not sealed to this person), BATON_DENIED (forged, or not
 *            this person's key).
 * Ownership  Results are malloc'd. A struct letter borrows from the bytes that were read.
 * Source     docs/formats.md "Letter"; libsodium: crypto_box_seal, crypto_sign_ed25519_pk_to_curve25519.
 */
#ifndef BATON_LETTER_H
#define BATON_LETTER_H

#include "common/crypto/crypto.h"

enum {
    LETTER_ADDRESSES_MAX = 32,
    LETTER_BOX_BYTES = 80,
    LETTER_BODY_MAX = 5 << 20,
    LETTER_HEAD_BYTES = 8 + 2 * 16 + 2 * 32 + 1 + 24 + 4, /* without addresses */
    LETTER_BYTES_MAX = LETTER_HEAD_BYTES + LETTER_ADDRESSES_MAX * (16 + LETTER_BOX_BYTES) +
                       LETTER_BODY_MAX + 16 + BATON_SIG_BYTES,
};

struct letter_about {
    struct baton_id tenant, plan;
    struct baton_hash findings;
    struct baton_key sender; /* Ed25519 */
};

struct letter_address {
    struct baton_id operator;
    struct baton_key key; /* Ed25519, as the trust document has it */
};

struct letter { /* what everybody may see */
    struct letter_about about;
    uint8_t address_count;
    struct baton_id to[LETTER_ADDRESSES_MAX];
    /* inside the bytes */
    const uint8_t *box[LETTER_ADDRESSES_MAX], *nonce, *body;
    size_t body_len, sealed_from; /* the body is authenticated with the bytes before sealed_from */
    const uint8_t *bytes;
};

/* Whether something can be sealed to this key at all. */
bool letter_key_valid(const struct baton_key *key);
/* secret: that of about->sender. */
enum baton_status letter_seal(const struct letter_about *about, const struct letter_address *to,
                              size_t count, const uint8_t *plain, size_t len,
                              const uint8_t secret[SIGN_SECRET_BYTES], uint8_t **ret_bytes,
                              size_t *ret_len, struct baton_err *err) BATON_MUST_USE;
/* What the first bytes claim, before anything is checked. False: no letter begins like that. */
bool letter_begins(const uint8_t *bytes, size_t len, struct letter_about *ret_about);
/* Signed by the sender that it names: whose key that is, the caller knows. */
enum baton_status letter_read(const uint8_t *bytes, size_t len, const struct digest_port *dp,
                              struct letter *ret_letter, struct baton_err *err) BATON_MUST_USE;
enum baton_status letter_open(const struct letter *l, const struct baton_id *me,
                              const struct crypto_signer *key, uint8_t **ret_plain, size_t *ret_len,
                              struct baton_err *err) BATON_MUST_USE;

#endif
