/* digest.h: the port through which pure code reaches hashes and signature checks.
 *
 * Shape      Functions over bytes; signing is not among them: core never holds a key.
 * Errors     verify answers false for anything that is not a good signature.
 * Threads    Adapters are reentrant.
 * Source     A signature covers domain, one zero byte, then the bytes ("baton/order/v1\0" ...).
 */
#ifndef BATON_DIGEST_H
#define BATON_DIGEST_H

#include "baton/ids.h"

#define DOMAIN_FRAME       "baton/frame/v1"
#define DOMAIN_STATEMENT   "baton/statement/v1"
#define DOMAIN_APPROVAL    "baton/approval/v1"
#define DOMAIN_TRUST       "baton/trust/v1"
#define DOMAIN_CONFIRM     "baton/confirm/v1"
#define DOMAIN_CHECKPOINT  "baton/checkpoint/v1"
#define DOMAIN_CERTIFICATE "baton/certificate/v1"
#define DOMAIN_DISPOSITION "baton/disposition/v1"
#define DOMAIN_LETTER      "baton/letter/v1"

struct digest_port {
    void *ctx;
    void (*sha256)(void *ctx, const void *bytes, size_t len, struct baton_hash *ret_hash);
    bool (*verify)(void *ctx, const struct baton_key *key, const char *domain, const void *bytes,
                   size_t len, const struct baton_sig *sig);
};

/* Bytes with a signature, as received and never re-encoded. Borrowed unless stated. */
struct signed_bytes {
    const uint8_t *bytes;
    size_t len;
    struct baton_sig sig;
};

#endif
