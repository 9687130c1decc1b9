/* sha256.h: SHA-256 of our own, so that a record can be hashed where no crypto library is linked.
 *
 * Shape      init, update any number of times, final. Also the second code path beside the library
 *            behind digest_port: an auditor recomputes with this what the store hashed with that.
 * Limits     2^61 bytes. Not for secrets: nothing is wiped.
 * Threads    Reentrant. No allocation.
 * Source     FIPS 180-4, section 6.2.
 */
#ifndef COMMON_SHA256_H
#define COMMON_SHA256_H

#include "baton/ids.h"

enum { SHA256_BLOCK_BYTES = 64 };

struct sha256 {
    uint32_t h[8];
    uint64_t bytes;
    uint8_t block[SHA256_BLOCK_BYTES];
};

void sha256_init(struct sha256 *s);
void sha256_update(struct sha256 *s, const void *bytes, size_t len);
void sha256_final(struct sha256 *s, struct baton_hash *ret_hash);
void sha256_of(const void *bytes, size_t len, struct baton_hash *ret_hash);

#endif
