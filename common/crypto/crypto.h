/* crypto.h: libsodium as Baton uses it: digests, signatures with a domain, keys in guarded memory.
 *
 * Shape      crypto_init once, before anything else; the digest port is what pure code gets.
 *            An identity is the three key pairs of a program: Ed25519 to sign, Curve25519 for the
 *            transport, X25519 for sealed boxes. They are drawn apart and never converted.
 *            People have a signing key alone: what is sealed to them is to its X25519 form (letter.h).
 * Errors     BATON_FAILED: libsodium cannot start. BATON_NOMEM: no guarded memory.
 * Ownership  Secrets live in sodium_malloc memory, read-only between guard pages, wiped when freed.
 *            Not made inaccessible between uses: two threads sign with them on every frame.
 * Threads    Reentrant. An identity may be read by many threads.
 * Source     reliability 4.3; protocol 5 (a token's 32 bytes are the seed of a one-time key pair).
 */
#ifndef BATON_CRYPTO_H
#define BATON_CRYPTO_H

#include "baton/digest.h"

enum { SIGN_SECRET_BYTES = 64, BOX_SECRET_BYTES = 32, SEED_BYTES = 32 };

struct crypto_secrets {
    uint8_t sign[SIGN_SECRET_BYTES]; /* libsodium's form: seed, then public key */
    uint8_t curve[BOX_SECRET_BYTES];
    uint8_t box[BOX_SECRET_BYTES];
};

struct crypto_seeds { /* what a key file keeps; everything else follows from it */
    uint8_t sign[SEED_BYTES], curve[SEED_BYTES], box[SEED_BYTES];
};

struct crypto_identity {
    struct baton_key sign_key, curve_key, box_key;
    struct crypto_secrets *secret;
    struct crypto_seeds *seeds;
    bool locked; /* false: the system refused to keep the secrets out of swap */
};

/* Only the signing pair: operators and the root. */
struct crypto_signer {
    struct baton_key key;
    uint8_t *secret; /* SIGN_SECRET_BYTES */
};

enum baton_status crypto_init(struct baton_err *err) BATON_MUST_USE;
const struct digest_port *crypto_digest_port(void);

void crypto_sha256(const void *bytes, size_t len, struct baton_hash *ret_hash);
/* Over domain, one zero byte, bytes. BATON_NOMEM alone. */
enum baton_status crypto_sign_domain(const uint8_t secret[SIGN_SECRET_BYTES], const char *domain,
                                     const void *bytes, size_t len,
                                     struct baton_sig *ret_sig) BATON_MUST_USE;
bool crypto_verify_domain(const struct baton_key *key, const char *domain, const void *bytes,
                          size_t len, const struct baton_sig *sig);

void crypto_random(void *out, size_t len);
bool crypto_equal(const void *a, const void *b, size_t len); /* in constant time */
void crypto_wipe(void *secret, size_t len);

/* The same pair that libzmq's CURVE uses; raw bytes, not Z85. */
void crypto_curve_from_seed(const uint8_t seed[SEED_BYTES], struct baton_key *ret_public,
                            uint8_t ret_secret[BOX_SECRET_BYTES]);

enum baton_status crypto_identity_new(struct crypto_identity *ret_identity,
                                      struct baton_err *err) BATON_MUST_USE;
enum baton_status crypto_identity_from_seeds(const struct crypto_seeds *seeds,
                                             struct crypto_identity *ret_identity,
                                             struct baton_err *err) BATON_MUST_USE;
void crypto_identity_done(struct crypto_identity *identity);

enum baton_status crypto_signer_new(struct crypto_signer *ret_signer,
                                    struct baton_err *err) BATON_MUST_USE;
enum baton_status crypto_signer_from_seed(const uint8_t seed[SEED_BYTES],
                                          struct crypto_signer *ret_signer,
                                          struct baton_err *err) BATON_MUST_USE;
void crypto_signer_done(struct crypto_signer *signer);

#endif
