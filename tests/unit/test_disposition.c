/* What a person decided about a finding: bytes, signature, and the digest of all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "baton/disposition.h"

#include "common/crypto/crypto.h"

#include <cmocka.h>
#include <string.h>

static struct crypto_signer anna, berta;

static struct disposition
sample(uint8_t row)
{
    struct disposition d = {.kind = DISPOSED_ACCEPTED, .made_unix_ms = 7};
    d.id.b[0] = (uint8_t)(row + 100);
    d.tenant.b[0] = 2;
    d.operator.b[0] = 1;
    d.row.b[0] = row;
    strcpy(d.reason, "the container was emptied last year");
    return d;
}

static struct trust_doc
trust(uint16_t roles)
{
    struct trust_doc t;
    memset(&t, 0, sizeof t);
    t.operator_count = 1;
    t.operator[0].id.b[0] = 1;
    t.operator[0].roles = roles;
    t.operator[0].key = anna.key;
    return t;
}

static struct signed_disposition
by(const struct crypto_signer *who, struct disposition d)
{
    struct signed_disposition sd = {.d = d};
    uint8_t bytes[DISPOSITION_BYTES_MAX];
    size_t len = disposition_encode(&d, bytes);
    assert_int_equal(crypto_sign_domain(who->secret, DOMAIN_DISPOSITION, bytes, len, &sd.sig),
                     BATON_OK);
    return sd;
}

static void
every_field_comes_back_and_no_other_length_does(void **state)
{
    (void)state;
    uint8_t bytes[DISPOSITION_BYTES_MAX + 1];
    struct disposition d = sample(3), back;
    memset(d.reason, 'r', sizeof d.reason - 1);
    size_t len = disposition_encode(&d, bytes);
    assert_int_equal(len, DISPOSITION_BYTES_MAX);
    assert_int_equal(disposition_decode(bytes, len, &back), BATON_OK);
    assert_int_equal(back.kind, d.kind);
    assert_memory_equal(&back.id, &d.id, sizeof d.id);
    assert_memory_equal(&back.tenant, &d.tenant, sizeof d.tenant);
    assert_memory_equal(&back.operator, & d.operator, sizeof d.operator);
    assert_memory_equal(&back.row, &d.row, sizeof d.row);
    assert_int_equal(back.made_unix_ms, 7);
    assert_string_equal(back.reason, d.reason);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(disposition_decode(bytes, cut, &back), BATON_MALFORMED);
    assert_int_equal(disposition_decode(bytes, len + 1, &back), BATON_MALFORMED);
}

static void
nobody_decides_without_a_reason(void **state)
{
    (void)state;
    uint8_t bytes[DISPOSITION_BYTES_MAX];
    struct disposition d = sample(3), back;
    d.reason[0] = '\0';
    size_t len = disposition_encode(&d, bytes);
    assert_int_equal(disposition_decode(bytes, len, &back), BATON_MALFORMED);
}

static void
only_an_approver_of_that_tenant_decides_and_with_the_own_key(void **state)
{
    (void)state;
    const struct digest_port *dp = crypto_digest_port();
    struct trust_doc good = trust(ROLE_APPROVE), viewer = trust(ROLE_VIEW), other = good;
    struct signed_disposition sd = by(&anna, sample(3)), forged = by(&berta, sample(3));
    assert_true(disposition_authentic(&sd, &good, dp));
    assert_false(disposition_authentic(&forged, &good, dp));
    assert_false(disposition_authentic(&sd, &viewer, dp));
    other.operator[0].tenant_count = 1;
    other.operator[0].tenant[0].b[0] = 99;
    assert_false(disposition_authentic(&sd, &other, dp));
    other.operator[0].id.b[0] = 77;
    assert_false(disposition_authentic(&sd, &other, dp));
    sd.d.row.b[31] ^= 1;
    assert_false(disposition_authentic(&sd, &good, dp));
}

static struct baton_hash
digest_of(const struct signed_disposition *set, size_t first, size_t second, size_t count)
{
    const struct digest_port *dp = crypto_digest_port();
    struct baton_hash each[2], digest;
    disposition_digest(&set[first].d, dp, &each[0]);
    disposition_digest(&set[second].d, dp, &each[1]);
    dispositions_digest(each, count, dp, &digest);
    return digest;
}

static void
the_digest_of_a_set_does_not_depend_on_its_order_but_on_all_else(void **state)
{
    (void)state;
    struct signed_disposition set[2] = {by(&anna, sample(3)), by(&anna, sample(4))};
    struct baton_hash none = digest_of(set, 0, 1, 0), two = digest_of(set, 0, 1, 2),
                      swapped = digest_of(set, 1, 0, 2), one = digest_of(set, 0, 1, 1);
    assert_true(baton_hash_is_zero(&none));
    assert_true(baton_hash_eq(&two, &swapped));
    assert_false(baton_hash_eq(&one, &two));
    set[1].d.reason[0] ^= 1;
    swapped = digest_of(set, 0, 1, 2);
    assert_false(baton_hash_eq(&two, &swapped));
}

static void
kinds_are_named_and_parsed(void **state)
{
    (void)state;
    assert_int_equal(disposition_kind_parse("accepted"), DISPOSED_ACCEPTED);
    assert_int_equal(disposition_kind_parse("fixed"), DISPOSED_FIXED);
    assert_int_equal(disposition_kind_parse("not-applicable"), DISPOSED_NOT_APPLICABLE);
    assert_int_equal(disposition_kind_parse("none"), DISPOSED_NONE);
    assert_string_equal(disposition_kind_name(DISPOSED_FIXED), "fixed");
}

static int
keys(void **state)
{
    (void)state;
    uint8_t a[SEED_BYTES] = {1}, b[SEED_BYTES] = {2};
    struct baton_err err;
    return crypto_init(&err) == BATON_OK && crypto_signer_from_seed(a, &anna, &err) == BATON_OK &&
                   crypto_signer_from_seed(b, &berta, &err) == BATON_OK
               ? 0
               : -1;
}

static int
keys_done(void **state)
{
    (void)state;
    crypto_signer_done(&anna);
    crypto_signer_done(&berta);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_comes_back_and_no_other_length_does),
        cmocka_unit_test(nobody_decides_without_a_reason),
        cmocka_unit_test(only_an_approver_of_that_tenant_decides_and_with_the_own_key),
        cmocka_unit_test(the_digest_of_a_set_does_not_depend_on_its_order_but_on_all_else),
        cmocka_unit_test(kinds_are_named_and_parsed),
    };
    return cmocka_run_group_tests(tests, keys, keys_done);
}
