#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "common/crypto/crypto.h"

static int
set_up(void **state)
{
    (void)state;
    return crypto_init(NULL) == BATON_OK ? 0 : -1;
}

static void
sha256_of_abc_is_the_published_one(void **state)
{
    (void)state;
    struct baton_hash hash, want;
    crypto_sha256("abc", 3, &hash);
    assert_true(baton_unhex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                            want.b, sizeof want.b));
    assert_true(baton_hash_eq(&hash, &want));
}

static void
the_port_answers_as_the_functions_do(void **state)
{
    (void)state;
    const struct digest_port *dp = crypto_digest_port();
    struct baton_hash a, b;
    dp->sha256(dp->ctx, "abc", 3, &a);
    crypto_sha256("abc", 3, &b);
    assert_true(baton_hash_eq(&a, &b));

    struct crypto_signer s;
    struct baton_sig sig;
    assert_int_equal(crypto_signer_new(&s, NULL), BATON_OK);
    assert_int_equal(crypto_sign_domain(s.secret, DOMAIN_TRUST, "abc", 3, &sig), BATON_OK);
    assert_true(dp->verify(dp->ctx, &s.key, DOMAIN_TRUST, "abc", 3, &sig));
    crypto_signer_done(&s);
}

static void
a_signature_holds_only_for_its_domain_bytes_and_key(void **state)
{
    (void)state;
    struct crypto_signer s, other;
    struct baton_sig sig;
    assert_int_equal(crypto_signer_new(&s, NULL), BATON_OK);
    assert_int_equal(crypto_signer_new(&other, NULL), BATON_OK);
    assert_int_equal(crypto_sign_domain(s.secret, DOMAIN_FRAME, "abc", 3, &sig), BATON_OK);
    assert_true(crypto_verify_domain(&s.key, DOMAIN_FRAME, "abc", 3, &sig));
    assert_false(crypto_verify_domain(&s.key, DOMAIN_STATEMENT, "abc", 3, &sig));
    assert_false(crypto_verify_domain(&s.key, DOMAIN_FRAME, "abd", 3, &sig));
    assert_false(crypto_verify_domain(&s.key, DOMAIN_FRAME, "abc", 2, &sig));
    assert_false(crypto_verify_domain(&other.key, DOMAIN_FRAME, "abc", 3, &sig));
    sig.b[0] ^= 1;
    assert_false(crypto_verify_domain(&s.key, DOMAIN_FRAME, "abc", 3, &sig));
    crypto_signer_done(&s);
    crypto_signer_done(&other);
}

static void
the_signed_bytes_are_domain_zero_and_body(void **state)
{
    (void)state;
    struct crypto_signer s;
    struct baton_sig sig;
    assert_int_equal(crypto_signer_new(&s, NULL), BATON_OK);
    /* "a" + 0 + "b\0c" is also "a" + 0 + "b" + 0 + "c": the zero byte is really there */
    assert_int_equal(crypto_sign_domain(s.secret, "a", "b\0c", 3, &sig), BATON_OK);
    assert_true(crypto_verify_domain(&s.key, "a", "b\0c", 3, &sig));
    assert_false(crypto_verify_domain(&s.key, "ab", "c", 1, &sig));
    crypto_signer_done(&s);
}

static void
long_and_empty_bodies_can_be_signed(void **state)
{
    (void)state;
    struct crypto_signer s;
    struct baton_sig sig;
    static uint8_t body[65536];
    static const size_t sizes[] = {0, 1, 2033, 2034, 2035, 65536};
    assert_int_equal(crypto_signer_new(&s, NULL), BATON_OK);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        assert_int_equal(crypto_sign_domain(s.secret, DOMAIN_FRAME, body, sizes[i], &sig),
                         BATON_OK);
        assert_true(crypto_verify_domain(&s.key, DOMAIN_FRAME, body, sizes[i], &sig));
    }
    crypto_signer_done(&s);
}

static void
an_identity_has_three_unrelated_pairs(void **state)
{
    (void)state;
    struct crypto_identity a, b;
    assert_int_equal(crypto_identity_new(&a, NULL), BATON_OK);
    assert_int_equal(crypto_identity_new(&b, NULL), BATON_OK);
    assert_false(baton_key_eq(&a.sign_key, &a.curve_key));
    assert_false(baton_key_eq(&a.curve_key, &a.box_key));
    assert_false(baton_key_eq(&a.sign_key, &b.sign_key));
    assert_memory_equal(a.secret->sign + 32, a.sign_key.b, 32);
    crypto_identity_done(&a);
    crypto_identity_done(&a); /* a second time does nothing */
    crypto_identity_done(&b);
}

static void
a_seed_gives_the_same_curve_pair_on_both_sides(void **state)
{
    (void)state;
    uint8_t seed[SEED_BYTES], secret_a[BOX_SECRET_BYTES], secret_b[BOX_SECRET_BYTES];
    struct baton_key a, b;
    crypto_random(seed, sizeof seed);
    crypto_curve_from_seed(seed, &a, secret_a);
    crypto_curve_from_seed(seed, &b, secret_b);
    assert_true(baton_key_eq(&a, &b));
    assert_true(crypto_equal(secret_a, secret_b, sizeof secret_a));
    seed[31] ^= 1;
    crypto_curve_from_seed(seed, &b, secret_b);
    assert_false(baton_key_eq(&a, &b));
}

static void
wiped_memory_is_zero(void **state)
{
    (void)state;
    uint8_t secret[16], zero[16] = {0};
    memset(secret, 7, sizeof secret);
    crypto_wipe(secret, sizeof secret);
    assert_true(crypto_equal(secret, zero, sizeof zero));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_of_abc_is_the_published_one),
        cmocka_unit_test(the_port_answers_as_the_functions_do),
        cmocka_unit_test(a_signature_holds_only_for_its_domain_bytes_and_key),
        cmocka_unit_test(the_signed_bytes_are_domain_zero_and_body),
        cmocka_unit_test(long_and_empty_bodies_can_be_signed),
        cmocka_unit_test(an_identity_has_three_unrelated_pairs),
        cmocka_unit_test(a_seed_gives_the_same_curve_pair_on_both_sides),
        cmocka_unit_test(wiped_memory_is_zero),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
