#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "baton/verification.h"
#include "sample.h"
#include "torture.h"

static enum baton_status
recode(const uint8_t *bytes, size_t len, uint8_t *out, size_t cap, size_t *ret_len)
{
    struct verification v;
    enum baton_status rc = verification_decode(bytes, len, &v);
    assert_true(cap >= VERIFICATION_BYTES_MAX);
    if (rc == BATON_OK)
        *ret_len = verification_encode(&v, out);
    return rc;
}

static void
a_verification_record_stands_every_torture(void **state)
{
    (void)state;
    uint8_t bytes[VERIFICATION_BYTES_MAX];
    struct verification v = sample_verification(), back;
    size_t len = verification_encode(&v, bytes);
    assert_int_equal(verification_decode(bytes, len, &back), BATON_OK);
    assert_true(back.known[VERIFY_DELETE_GUARD]);
    assert_int_equal(back.value[VERIFY_DELETE_GUARD], 500);
    assert_false(back.known[VERIFY_PENDING_ADDS]);
    assert_int_equal(back.verdict, VERDICT_REVIEW);
    assert_true(baton_hash_eq(&back.dispositions, &v.dispositions));
    torture(recode, bytes, len);
    torture_field(recode, bytes, len, 0, 4);
    torture_field(recode, bytes, len, 4, 1); /* count of items */
}

static void
a_record_under_a_verification_policy_comes_back_with_its_hash(void **state)
{
    (void)state;
    uint8_t bytes[VERIFICATION_BYTES_MAX];
    struct verification v = sample_verification(), back;
    v.limits = sample_hash(0x77);
    size_t len = verification_encode(&v, bytes);
    assert_memory_equal(bytes, "BVR2", 4);
    assert_int_equal(verification_decode(bytes, len, &back), BATON_OK);
    assert_true(baton_hash_eq(&back.limits, &v.limits));
    torture(recode, bytes, len);
    memset(bytes + len - BATON_HASH_BYTES, 0, BATON_HASH_BYTES);
    assert_int_equal(verification_decode(bytes, len, &back), BATON_MALFORMED);
}

static void
an_unknown_item_and_a_zero_are_two_different_records(void **state)
{
    (void)state;
    uint8_t a[VERIFICATION_BYTES_MAX], b[VERIFICATION_BYTES_MAX];
    struct verification v = sample_verification();
    size_t unknown_len = verification_encode(&v, a);
    v.known[VERIFY_PENDING_DELETES] = true;
    v.value[VERIFY_PENDING_DELETES] = 0;
    assert_int_not_equal(verification_encode(&v, b), unknown_len);
}

static void
a_value_that_is_not_known_is_not_hashed(void **state)
{
    (void)state;
    uint8_t a[VERIFICATION_BYTES_MAX], b[VERIFICATION_BYTES_MAX];
    struct verification v = sample_verification();
    size_t len = verification_encode(&v, a);
    v.value[VERIFY_PENDING_DELETES] = 77;
    assert_int_equal(verification_encode(&v, b), len);
    assert_memory_equal(a, b, len);
}

static void
items_that_do_not_rise_or_are_not_known_are_refused(void **state)
{
    (void)state;
    enum { SECOND = 4 + 1 + 9 };
    uint8_t bytes[VERIFICATION_BYTES_MAX];
    struct verification v = sample_verification(), out;
    size_t len = verification_encode(&v, bytes);
    static const uint8_t wrong[] = {VERIFY_FULL_IMPORT_AD, VERIFY_COUNT, 255};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        bytes[SECOND] = wrong[i];
        assert_int_equal(verification_decode(bytes, len, &out), BATON_MALFORMED);
    }
    bytes[SECOND] = VERIFY_FULL_SYNC_AD;
    assert_int_equal(verification_decode(bytes, len, &out), BATON_OK);
}

static void
the_fullest_record_comes_back(void **state)
{
    (void)state;
    uint8_t bytes[VERIFICATION_BYTES_MAX];
    struct verification v = sample_verification();
    for (int i = 0; i < VERIFY_COUNT; i++) {
        v.known[i] = true;
        v.value[i] = INT64_MAX - i;
    }
    torture_round_trip(recode, bytes, verification_encode(&v, bytes));
}

static void
everything_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < VERIFY_COUNT; i++) {
        assert_string_not_equal(verification_name((enum verification_id)i), "?");
        assert_string_not_equal(verification_what((enum verification_id)i), "?");
    }
    assert_string_equal(verification_name(VERIFY_COUNT), "?");
    assert_string_equal(verdict_name(VERDICT_BLOCK), "block");
    assert_string_equal(verdict_name((enum verdict)4), "?");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_verification_record_stands_every_torture),
        cmocka_unit_test(a_record_under_a_verification_policy_comes_back_with_its_hash),
        cmocka_unit_test(an_unknown_item_and_a_zero_are_two_different_records),
        cmocka_unit_test(a_value_that_is_not_known_is_not_hashed),
        cmocka_unit_test(items_that_do_not_rise_or_are_not_known_are_refused),
        cmocka_unit_test(the_fullest_record_comes_back),
        cmocka_unit_test(everything_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
