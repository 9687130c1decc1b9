#include "common/crypto/crypto.h"

#include <nettle/sha2.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(SIGN_SECRET_BYTES == crypto_sign_SECRETKEYBYTES, "Ed25519 secret");
_Static_assert(BATON_SIG_BYTES == crypto_sign_BYTES, "Ed25519 signature");
_Static_assert(BATON_HASH_BYTES == crypto_hash_sha256_BYTES, "SHA-256");
_Static_assert(SEED_BYTES == crypto_sign_SEEDBYTES, "seed to sign");
_Static_assert(SEED_BYTES == crypto_box_SEEDBYTES, "seed of a box");
_Static_assert(BOX_SECRET_BYTES == crypto_box_SECRETKEYBYTES, "box secret");

enum { SMALL_BYTES = 2048 }; /* most of what is signed fits on the stack */

enum baton_status
crypto_init(struct baton_err *err)
{
    if (sodium_init() < 0)
        return baton_fail(err, BATON_FAILED, "libsodium cannot start: no source of randomness");
    return BATON_OK;
}

/* nettle's: four times as fast as libsodium's where the processor knows SHA-256. */
void
crypto_sha256(const void *bytes, size_t len, struct baton_hash *ret_hash)
{
    struct sha256_ctx s;
    sha256_init(&s);
    sha256_update(&s, len, bytes);
    sha256_digest(&s, sizeof ret_hash->b, ret_hash->b);
}

/* domain | 0 | bytes in one piece: libsodium's multi-part form is another scheme (Ed25519ph), and
 * one key must never be used under both. NULL when memory is out. */
static uint8_t *
domain_join(uint8_t small[SMALL_BYTES], const char *domain, const void *bytes, size_t len,
            size_t *ret_len)
{
    size_t head = strlen(domain) + 1;
    uint8_t *whole = small;
    if (len > SMALL_BYTES - head) {
        whole = malloc(head + len);
        if (whole == NULL)
            return NULL;
    }
    memcpy(whole, domain, head);
    if (len > 0)
        memcpy(whole + head, bytes, len);
    *ret_len = head + len;
    return whole;
}

enum baton_status
crypto_sign_domain(const uint8_t secret[SIGN_SECRET_BYTES], const char *domain, const void *bytes,
                   size_t len, struct baton_sig *ret_sig)
{
    uint8_t small[SMALL_BYTES];
    size_t whole_len;
    uint8_t *whole = domain_join(small, domain, bytes, len, &whole_len);
    if (whole == NULL)
        return BATON_NOMEM;
    int rc = crypto_sign_detached(ret_sig->b, NULL, whole, whole_len, secret);
    if (whole != small)
        free(whole);
    return rc == 0 ? BATON_OK : BATON_FAILED;
}

bool
crypto_verify_domain(const struct baton_key *key, const char *domain, const void *bytes, size_t len,
                     const struct baton_sig *sig)
{
    uint8_t small[SMALL_BYTES];
    size_t whole_len;
    uint8_t *whole = domain_join(small, domain, bytes, len, &whole_len);
    if (whole == NULL)
        return false;
    bool good = crypto_sign_verify_detached(sig->b, whole, whole_len, key->b) == 0;
    if (whole != small)
        free(whole);
    return good;
}

static void
port_sha256(void *ctx, const void *bytes, size_t len, struct baton_hash *ret_hash)
{
    (void)ctx;
    crypto_sha256(bytes, len, ret_hash);
}

static bool
port_verify(void *ctx, const struct baton_key *key, const char *domain, const void *bytes,
            size_t len, const struct baton_sig *sig)
{
    (void)ctx;
    return crypto_verify_domain(key, domain, bytes, len, sig);
}

const struct digest_port *
crypto_digest_port(void)
{
    static const struct digest_port port = {NULL, port_sha256, port_verify};
    return &port;
}

void
crypto_random(void *out, size_t len)
{
    randombytes_buf(out, len);
}

bool
crypto_equal(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}

void
crypto_wipe(void *secret, size_t len)
{
    sodium_memzero(secret, len);
}

void
crypto_curve_from_seed(const uint8_t seed[SEED_BYTES], struct baton_key *ret_public,
                       uint8_t ret_secret[BOX_SECRET_BYTES])
{
    crypto_box_seed_keypair(ret_public->b, ret_secret, seed);
}

enum baton_status
crypto_identity_from_seeds(const struct crypto_seeds *seeds, struct crypto_identity *ret_identity,
                           struct baton_err *err)
{
    struct crypto_identity id = {.secret = sodium_malloc(sizeof *id.secret),
                                 .seeds = sodium_malloc(sizeof *id.seeds)};
    if (id.secret == NULL || id.seeds == NULL) {
        crypto_identity_done(&id);
        return baton_fail(err, BATON_NOMEM, "no guarded memory for the keys");
    }
    /* sodium_malloc goes on in silence when locking fails; asked again, the answer shows. */
    id.locked = sodium_mlock(id.secret, sizeof *id.secret) == 0 &&
                sodium_mlock(id.seeds, sizeof *id.seeds) == 0;
    *id.seeds = *seeds;
    crypto_sign_seed_keypair(id.sign_key.b, id.secret->sign, seeds->sign);
    crypto_curve_from_seed(seeds->curve, &id.curve_key, id.secret->curve);
    crypto_curve_from_seed(seeds->box, &id.box_key, id.secret->box);
    sodium_mprotect_readonly(id.secret);
    sodium_mprotect_noaccess(id.seeds);
    *ret_identity = id;
    return BATON_OK;
}

enum baton_status
crypto_identity_new(struct crypto_identity *ret_identity, struct baton_err *err)
{
    struct crypto_seeds seeds;
    crypto_random(&seeds, sizeof seeds);
    enum baton_status rc = crypto_identity_from_seeds(&seeds, ret_identity, err);
    crypto_wipe(&seeds, sizeof seeds);
    return rc;
}

void
crypto_identity_done(struct crypto_identity *identity)
{
    if (identity == NULL)
        return;
    sodium_free(identity->secret); /* wipes; accepts NULL */
    sodium_free(identity->seeds);
    *identity = (struct crypto_identity){0};
}

enum baton_status
crypto_signer_from_seed(const uint8_t seed[SEED_BYTES], struct crypto_signer *ret_signer,
                        struct baton_err *err)
{
    struct crypto_signer s = {.secret = sodium_malloc(SIGN_SECRET_BYTES)};
    if (s.secret == NULL)
        return baton_fail(err, BATON_NOMEM, "no guarded memory for the key");
    crypto_sign_seed_keypair(s.key.b, s.secret, seed);
    sodium_mprotect_readonly(s.secret);
    *ret_signer = s;
    return BATON_OK;
}

enum baton_status
crypto_signer_new(struct crypto_signer *ret_signer, struct baton_err *err)
{
    uint8_t seed[SEED_BYTES];
    crypto_random(seed, sizeof seed);
    enum baton_status rc = crypto_signer_from_seed(seed, ret_signer, err);
    crypto_wipe(seed, sizeof seed);
    return rc;
}

void
crypto_signer_done(struct crypto_signer *signer)
{
    if (signer == NULL)
        return;
    sodium_free(signer->secret);
    *signer = (struct crypto_signer){0};
}
