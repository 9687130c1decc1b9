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

static void
put_u32(uint8_t out[4], uint32_t v)
{
    out[0] = (uint8_t)(v >> 24);
    out[1] = (uint8_t)(v >> 16);
    out[2] = (uint8_t)(v >> 8);
    out[3] = (uint8_t)v;
}

/* Straight into the block: the records of an audit are so short that this is a good part of them. */
void
sha256_final(struct sha256 *s, struct baton_hash *ret_hash)
{
    enum { LENGTH_AT = SHA256_BLOCK_BYTES - 8 };
    uint64_t bits = s->bytes * 8;
    size_t held = (size_t)(s->bytes % SHA256_BLOCK_BYTES);
    s->block[held++] = 0x80;
    if (held > LENGTH_AT) {
        memset(s->block + held, 0, SHA256_BLOCK_BYTES - held);
        sha256_blocks(s->h, s->block, 1);
        held = 0;
    }
    memset(s->block + held, 0, LENGTH_AT - held);
    put_u32(s->block + LENGTH_AT, (uint32_t)(bits >> 32));
    put_u32(s->block + LENGTH_AT + 4, (uint32_t)bits);
    sha256_blocks(s->h, s->block, 1);
    for (size_t i = 0; i < ARRAY_LEN(s->h); i++)
        put_u32(ret_hash->b + 4 * i, s->h[i]);
}

void
sha256_of(const void *bytes, size_t len, struct baton_hash *ret_hash)
{
    struct sha256 s;
    sha256_init(&s);
    sha256_update(&s, bytes, len);
    sha256_final(&s, ret_hash);
}
