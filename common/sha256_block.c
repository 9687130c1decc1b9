#include "common/sha256_block.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#include <stdatomic.h>
#endif

enum { BLOCK_BYTES = 64, ROUNDS = 64 };

static const uint32_t round_constant[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* Plain C */

static uint32_t
rotate(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

static void
schedule(const uint8_t block[BLOCK_BYTES], uint32_t w[ROUNDS])
{
    for (size_t t = 0; t < 16; t++)
        w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
               (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
    for (size_t t = 16; t < ROUNDS; t++) {
        uint32_t a = w[t - 2], b = w[t - 15];
        w[t] = (rotate(a, 17) ^ rotate(a, 19) ^ a >> 10) + w[t - 7] +
               (rotate(b, 7) ^ rotate(b, 18) ^ b >> 3) + w[t - 16];
    }
}

static void
block_plain(uint32_t h[8], const uint8_t block[BLOCK_BYTES])
{
    uint32_t w[ROUNDS];
    schedule(block, w);
    uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], i = h[7];
    for (size_t t = 0; t < ROUNDS; t++) {
        uint32_t t1 = i + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) +
                      round_constant[t] + w[t];
        uint32_t t2 =
            (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        i = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    const uint32_t out[8] = {a, b, c, d, e, f, g, i};
    for (size_t n = 0; n < 8; n++)
        h[n] += out[n];
}

void
sha256_blocks_plain(uint32_t h[8], const uint8_t *blocks, size_t count)
{
    for (; count > 0; count--, blocks += BLOCK_BYTES)
        block_plain(h, blocks);
}

/* x86 with SHA extensions */

#if defined(__x86_64__)

#define WITH_SHA __attribute__((target("sha,sse4.1,ssse3")))

enum native { NATIVE_UNASKED, NATIVE_NO, NATIVE_YES };

static enum native
native_ask(void)
{
    unsigned a, b, c, d;
    bool sse = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_SSSE3) != 0 && (c & bit_SSE4_1) != 0;
    bool sha = __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & (1u << 29)) != 0;
    return sse && sha ? NATIVE_YES : NATIVE_NO;
}

static bool
native_known(void)
{
    static _Atomic int known = NATIVE_UNASKED;
    int n = atomic_load_explicit(&known, memory_order_relaxed);
    if (n == NATIVE_UNASKED) {
        n = (int)native_ask();
        atomic_store_explicit(&known, n, memory_order_relaxed);
    }
    return n == NATIVE_YES;
}

/* The instructions keep the eight words as (a, b, e, f) and (c, d, g, h). */
struct state {
    __m128i abef, cdgh;
};

WITH_SHA static struct state
state_load(const uint32_t h[8])
{
    __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)h), 0xb1);
    __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)(h + 4)), 0x1b);
    return (struct state){_mm_alignr_epi8(low, high, 8), _mm_blend_epi16(high, low, 0xf0)};
}

WITH_SHA static void
state_store(struct state s, uint32_t h[8])
{
    __m128i low = _mm_shuffle_epi32(s.abef, 0x1b);
    __m128i high = _mm_shuffle_epi32(s.cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)(void *)h, _mm_blend_epi16(low, high, 0xf0));
    _mm_storeu_si128((__m128i *)(void *)(h + 4), _mm_alignr_epi8(high, low, 8));
}

/* Four rounds at a time; m holds the sixteen words that the schedule looks back on. */
WITH_SHA static struct state
block_native(struct state s, const uint8_t *block)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    const struct state before = s;
    __m128i m[4];
    for (size_t i = 0; i < 4; i++)
        m[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(block + 16 * i)),
                                swap);
#pragma GCC unroll 16
    for (size_t i = 0; i < 16; i++) {
        __m128i k = _mm_loadu_si128((const __m128i *)(const void *)(round_constant + 4 * i));
        __m128i wk = _mm_add_epi32(m[i & 3], k);
        s.cdgh = _mm_sha256rnds2_epu32(s.cdgh, s.abef, wk);
        s.abef = _mm_sha256rnds2_epu32(s.abef, s.cdgh, _mm_shuffle_epi32(wk, 0x0e));
        if (i < 12) {
            __m128i seven = _mm_alignr_epi8(m[(i + 3) & 3], m[(i + 2) & 3], 4);
            __m128i next = _mm_add_epi32(_mm_sha256msg1_epu32(m[i & 3], m[(i + 1) & 3]), seven);
            m[i & 3] = _mm_sha256msg2_epu32(next, m[(i + 3) & 3]);
        }
    }
    return (struct state){_mm_add_epi32(s.abef, before.abef), _mm_add_epi32(s.cdgh, before.cdgh)};
}

WITH_SHA static void
blocks_native(uint32_t h[8], const uint8_t *blocks, size_t count)
{
    struct state s = state_load(h);
    for (; count > 0; count--, blocks += BLOCK_BYTES)
        s = block_native(s, blocks);
    state_store(s, h);
}

bool
sha256_blocks_native(uint32_t h[8], const uint8_t *blocks, size_t count)
{
    if (!native_known())
        return false;
    blocks_native(h, blocks, count);
    return true;
}

#else

bool
sha256_blocks_native(uint32_t h[8], const uint8_t *blocks, size_t count)
{
    (void)h, (void)blocks, (void)count;
    return false;
}

#endif

void
sha256_blocks(uint32_t h[8], const uint8_t *blocks, size_t count)
{
    if (!sha256_blocks_native(h, blocks, count))
        sha256_blocks_plain(h, blocks, count);
}
