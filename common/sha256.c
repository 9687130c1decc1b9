#include "common/sha256.h"

#include "common/sha256_block.h"

#include <string.h>

void
sha256_init(struct sha256 *s)
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(s->h, start, sizeof s->h);
    s->bytes = 0;
}

void
sha256_update(struct sha256 *s, const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    size_t held = (size_t)(s->bytes % SHA256_BLOCK_BYTES);
    s->bytes += len;
    if (held > 0) {
        size_t room = SHA256_BLOCK_BYTES - held, n = len < room ? len : room;
        if (n > 0)
            memcpy(s->block + held, p, n);
        if (n < room)
            return;
        sha256_blocks(s->h, s->block, 1);
        p += n;
        len -= n;
    }
    size_t whole = len / SHA256_BLOCK_BYTES;
    if (whole > 0) {
        sha256_blocks(s->h, p, whole);
        p += whole * SHA256_BLOCK_BYTES;
        len -= whole * SHA256_BLOCK_BYTES;
    }
    if (len > 0)
        memcpy(s->block, p, len);
}

void
sha256_final(struct sha256 *s, struct baton_hash *ret_hash)
{
    static const uint8_t padding[SHA256_BLOCK_BYTES] = {0x80};
    uint64_t bits = s->bytes * 8;
    size_t held = (size_t)(s->bytes % SHA256_BLOCK_BYTES);
    sha256_update(s, padding, held < 56 ? 56 - held : 120 - held);

    uint8_t length[8];
    for (size_t i = 0; i < sizeof length; i++)
        length[i] = (uint8_t)(bits >> (56 - 8 * i));
    sha256_update(s, length, sizeof length);
    for (size_t i = 0; i < BATON_HASH_BYTES; i++)
        ret_hash->b[i] = (uint8_t)(s->h[i / 4] >> (24 - 8 * (i % 4)));
}

void
sha256_of(const void *bytes, size_t len, struct baton_hash *ret_hash)
{
    struct sha256 s;
    sha256_init(&s);
    sha256_update(&s, bytes, len);
    sha256_final(&s, ret_hash);
}
