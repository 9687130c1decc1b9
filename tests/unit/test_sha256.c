#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/crypto/crypto.h"
#include "common/sha256.h"
#include "sample.h"

#include <stdlib.h>

static void
hash_is(const void *bytes, size_t len, const char *expected)
{
    struct baton_hash h;
    char hex[65];
    sha256_of(bytes, len, &h);
    baton_hex(h.b, sizeof h.b, hex);
    assert_string_equal(hex, expected);
}

static void
the_vectors_of_the_standard_hold(void **state)
{
    (void)state;
    hash_is("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    hash_is("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hash_is("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void
a_million_bytes_hold_too(void **state)
{
    (void)state;
    uint8_t *a = malloc(1000000);
    assert_non_null(a);
    memset(a, 'a', 1000000);
    hash_is(a, 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(a);
}

static void
it_agrees_with_the_library_at_every_length_around_a_block(void **state)
{
    (void)state;
    uint8_t bytes[300];
    sample_fill(bytes, sizeof bytes, 5);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        struct baton_hash ours, theirs;
        sha256_of(bytes, len, &ours);
        crypto_sha256(bytes, len, &theirs);
        assert_true(baton_hash_eq(&ours, &theirs));
    }
}

static void
pieces_of_any_size_give_the_same_hash(void **state)
{
    (void)state;
    uint8_t bytes[300];
    struct baton_hash whole, pieces;
    sample_fill(bytes, sizeof bytes, 6);
    sha256_of(bytes, sizeof bytes, &whole);
    for (size_t step = 1; step <= 150; step++) {
        struct sha256 s;
        sha256_init(&s);
        for (size_t at = 0; at < sizeof bytes; at += step) {
            size_t left = sizeof bytes - at;
            sha256_update(&s, bytes + at, left < step ? left : step);
            sha256_update(&s, NULL, 0);
        }
        sha256_final(&s, &pieces);
        assert_true(baton_hash_eq(&whole, &pieces));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_the_standard_hold),
        cmocka_unit_test(a_million_bytes_hold_too),
        cmocka_unit_test(it_agrees_with_the_library_at_every_length_around_a_block),
        cmocka_unit_test(pieces_of_any_size_give_the_same_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
