#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/sha256_block.h"

#include <string.h>

static void
the_processors_own_way_agrees_with_plain_c(void **state)
{
    (void)state;
    uint8_t blocks[64 * 9 + 1];
    uint32_t seed = 2463534242;
    for (int round = 0; round < 500; round++) {
        uint32_t plain[8], native[8];
        for (size_t i = 0; i < sizeof blocks; i++) {
            seed ^= seed << 13;
            seed ^= seed >> 17;
            seed ^= seed << 5;
            blocks[i] = (uint8_t)seed;
        }
        memcpy(plain, blocks + round % 32, sizeof plain);
        memcpy(native, plain, sizeof native);
        size_t count = (size_t)round % 10;
        sha256_blocks_plain(plain, blocks + round % 2, count);
        if (!sha256_blocks_native(native, blocks + round % 2, count))
            skip(); /* this processor has none */
        assert_memory_equal(plain, native, sizeof plain);
    }
}

static void
one_block_of_the_standard_gives_its_hash(void **state)
{
    (void)state;
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    static const uint32_t want[8] = {0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223,
                                     0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad};
    uint8_t block[64] = {'a', 'b', 'c', 0x80};
    block[63] = 24;
    uint32_t h[8];
    memcpy(h, start, sizeof h);
    sha256_blocks_plain(h, block, 1);
    assert_memory_equal(h, want, sizeof h);
    memcpy(h, start, sizeof h);
    sha256_blocks(h, block, 1);
    assert_memory_equal(h, want, sizeof h);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_block_of_the_standard_gives_its_hash),
        cmocka_unit_test(the_processors_own_way_agrees_with_plain_c),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
