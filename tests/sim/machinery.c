/* What the run spares the machine that it runs on. Nothing of it changes an answer. */
#include <malloc.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

/* --- signatures --------------------------------------------------------------------------------- */

enum { CHECKED_PLACES = 2048 };

struct checked {
    uint8_t sig[crypto_sign_BYTES], key[crypto_sign_PUBLICKEYBYTES];
    uint8_t *bytes;
    size_t len;
};

static struct checked checked[CHECKED_PLACES];
static bool computes_all;

static struct checked *
place_of(const uint8_t *sig)
{
    uint32_t at;
    memcpy(&at, sig, sizeof at);
    return &checked[at % CHECKED_PLACES];
}

static bool
held_before(const struct checked *c, const uint8_t *sig, const uint8_t *bytes, size_t len,
            const uint8_t *key)
{
    return c->bytes != NULL && c->len == len && memcmp(c->sig, sig, sizeof c->sig) == 0 &&
           memcmp(c->key, key, sizeof c->key) == 0 && memcmp(c->bytes, bytes, len) == 0;
}

static void
keep(struct checked *c, const uint8_t *sig, const uint8_t *bytes, size_t len, const uint8_t *key)
{
    free(c->bytes);
    c->bytes = malloc(len + 1);
    BATON_ASSERT(c->bytes != NULL);
    memcpy(c->bytes, bytes, len);
    c->len = len;
    memcpy(c->sig, sig, sizeof c->sig);
    memcpy(c->key, key, sizeof c->key);
}

/* In place of libsodium's, as the next one. What was signed in this process holds: of the very same bytes,
 * signature and key nothing more is to be found out. */
int
crypto_sign_detached(unsigned char *sig, unsigned long long *ret_len, const unsigned char *m,
                     unsigned long long len, const unsigned char *sk)
{
    int rc = crypto_sign_ed25519_detached(sig, ret_len, m, len, sk);
    if (rc == 0 && !computes_all)
        keep(place_of(sig), sig, m, (size_t)len, sk + crypto_sign_SEEDBYTES);
    return rc;
}

/* Three programs and a dozen rules check the same approval: what held once holds. What did not is computed
 * every time. */
int
crypto_sign_verify_detached(const unsigned char *sig, const unsigned char *m,
                            unsigned long long len, const unsigned char *pk)
{
    struct checked *c = place_of(sig);
    if (held_before(c, sig, m, (size_t)len, pk))
        return 0;
    int rc = crypto_sign_ed25519_verify_detached(sig, m, len, pk);
    if (rc == 0 && !computes_all)
        keep(c, sig, m, (size_t)len, pk);
    return rc;
}

void
machinery_plain(bool plain)
{
    computes_all = plain;
}

void
machinery_forget(void)
{
    for (size_t i = 0; i < CHECKED_PLACES; i++) {
        free(checked[i].bytes);
        checked[i] = (struct checked){0};
    }
}

/* --- memory ------------------------------------------------------------------------------------- */

/* In place of glibc's: a pool that the agent gives back after each answer is asked for again in the next. */
int
malloc_trim(size_t pad)
{
    (void)pad;
    return 0;
}

void
machinery_begin(void)
{
    enum { KEPT_BYTES = 256 << 20 };
    (void)mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
    (void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    (void)mallopt(M_TOP_PAD, 16 << 20);
}
