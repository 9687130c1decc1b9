#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "baton/plan.h"
#include "sample.h"
#include "torture.h"

static enum baton_status
recode(const uint8_t *bytes, size_t len, uint8_t *out, size_t cap, size_t *ret_len)
{
    struct plan p;
    enum baton_status rc = plan_decode(bytes, len, &p);
    if (rc == BATON_OK)
        assert_int_equal(plan_encode(&p, out, cap, ret_len), BATON_OK); /* read, so writable */
    return rc;
}

static size_t
encoded(const struct plan *p, uint8_t out[PLAN_BYTES_MAX])
{
    size_t len;
    assert_int_equal(plan_encode(p, out, PLAN_BYTES_MAX, &len), BATON_OK);
    return len;
}

static void
a_plan_comes_back_as_it_was(void **state)
{
    (void)state;
    uint8_t bytes[PLAN_BYTES_MAX];
    struct plan p = sample_plan(), back;
    size_t len = encoded(&p, bytes);
    assert_int_equal(plan_decode(bytes, len, &back), BATON_OK);
    assert_string_equal(back.tenant_name, p.tenant_name);
    assert_string_equal(back.member[1].host, "NEW");
    assert_int_equal(back.member[1].kind, KIND_STAGED);
    assert_memory_equal(&back.member[1].confirmation, &p.member[1].confirmation, 64);
    assert_memory_equal(&back.policy, &p.policy, sizeof p.policy);
    assert_true(back.lab);
    assert_int_equal(back.recipient, 1);
}

static void
a_plan_stands_every_torture(void **state)
{
    (void)state;
    uint8_t bytes[PLAN_BYTES_MAX];
    struct plan p = sample_plan();
    size_t len = encoded(&p, bytes);
    torture(recode, bytes, len);
    size_t name_at = 4 + 16 + 16, lab_at = name_at + 2 + strlen(p.tenant_name) + 1;
    torture_field(recode, bytes, len, 0, 4);              /* tag and version */
    torture_field(recode, bytes, len, name_at, 2);        /* length of the tenant's name */
    torture_field(recode, bytes, len, lab_at + 1 + 4, 1); /* count of members */
    torture_field(recode, bytes, len, len - 8 * POLICY_COUNT - 2, 2); /* count of policy rows */
}

static struct plan
limited_plan(void)
{
    struct plan p = sample_plan();
    p.limits = sample_hash(0x77);
    return p;
}

static void
a_plan_with_a_verification_policy_comes_back_with_its_hash(void **state)
{
    (void)state;
    uint8_t bytes[PLAN_BYTES_MAX];
    struct plan p = limited_plan(), back;
    size_t len = encoded(&p, bytes);
    assert_memory_equal(bytes, "BPL2", 4);
    assert_int_equal(plan_decode(bytes, len, &back), BATON_OK);
    assert_true(baton_hash_eq(&back.limits, &p.limits));
    torture(recode, bytes, len);
}

/* One value has one encoding: a plan that names no policy is of the first layout. */
static void
a_plan_of_the_second_layout_names_a_policy(void **state)
{
    (void)state;
    uint8_t bytes[PLAN_BYTES_MAX];
    struct plan p = limited_plan();
    size_t len = encoded(&p, bytes);
    memset(bytes + len - BATON_HASH_BYTES, 0, BATON_HASH_BYTES);
    assert_int_equal(plan_decode(bytes, len, &p), BATON_MALFORMED);
}

static void
the_fullest_plan_fits(void **state)
{
    (void)state;
    uint8_t bytes[PLAN_BYTES_MAX];
    struct plan p = sample_plan();
    memset(p.tenant_name, 't', NAME_BYTES - 1);
    p.tenant_name[NAME_BYTES - 1] = '\0';
    p.member_count = MEMBERS_MAX;
    for (size_t i = 0; i < MEMBERS_MAX; i++) {
        p.member[i] = p.member[0];
        p.member[i].key = sample_key((uint8_t)(10 + i));
        memset(p.member[i].host, 'h', NAME_BYTES - 1);
        p.member[i].host[NAME_BYTES - 1] = '\0';
    }
    p.limits = sample_hash(0x77);
    size_t len = encoded(&p, bytes);
    torture_round_trip(recode, bytes, len);
    assert_int_equal(plan_encode(&p, bytes, len - 1, &len), BATON_LIMIT);
}

static void
a_plan_over_the_limit_is_refused_before_it_is_read(void **state)
{
    (void)state;
    static uint8_t bytes[PLAN_BYTES_MAX + 1];
    struct plan p;
    assert_int_equal(plan_decode(bytes, sizeof bytes, &p), BATON_LIMIT);
}

/* Each entry makes one thing wrong; neither side of the codec may let it pass. */
static void
no_id(struct plan *p)
{
    p->id = (struct baton_id){{0}};
}
static void
no_tenant(struct plan *p)
{
    p->tenant = (struct baton_id){{0}};
}
static void
no_name(struct plan *p)
{
    p->tenant_name[0] = '\0';
}
static void
control_in_name(struct plan *p)
{
    p->tenant_name[0] = '\n';
}
static void
no_profile(struct plan *p)
{
    p->profile = PROFILE_NONE;
}
static void
unknown_profile(struct plan *p)
{
    p->profile = PROFILE_COUNT;
}
static void
no_members(struct plan *p)
{
    p->member_count = 0;
}
static void
too_many_members(struct plan *p)
{
    p->member_count = MEMBERS_MAX + 1;
}
static void
holder_outside(struct plan *p)
{
    p->holder = 2;
}
static void
recipient_outside(struct plan *p)
{
    p->recipient = 2;
}
static void
same_key_twice(struct plan *p)
{
    p->member[1].key = p->member[0].key;
}
static void
no_key(struct plan *p)
{
    p->member[1].key = (struct baton_key){{0}};
}
static void
no_product(struct plan *p)
{
    p->member[0].product = PRODUCT_NONE;
}
static void
unknown_product(struct plan *p)
{
    p->member[0].product = PRODUCT_COUNT;
}
static void
no_kind(struct plan *p)
{
    p->member[0].kind = KIND_NONE;
}
static void
attested_by_plan(struct plan *p)
{
    p->member[0].kind = KIND_ATTESTED;
}
static void
dirsync_staged(struct plan *p)
{
    p->member[0].kind = KIND_STAGED;
}
static void
no_host(struct plan *p)
{
    p->member[0].host[0] = '\0';
}
static void
negative_policy(struct plan *p)
{
    p->policy.v[POLICY_GRANT_MS] = -1;
}

static void
a_plan_that_is_not_well_formed_is_not_written(void **state)
{
    (void)state;
    static void (*const faults[])(struct plan *) = {
        no_id,          no_tenant,         no_name,        control_in_name,
        no_profile,     unknown_profile,   no_members,     too_many_members,
        holder_outside, recipient_outside, same_key_twice, no_key,
        no_product,     unknown_product,   no_kind,        attested_by_plan,
        dirsync_staged, no_host,           negative_policy};
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        uint8_t bytes[PLAN_BYTES_MAX];
        size_t len;
        struct plan p = sample_plan();
        faults[i](&p);
        assert_int_equal(plan_encode(&p, bytes, sizeof bytes, &len), BATON_MALFORMED);
    }
}

static void
a_policy_value_below_zero_is_not_read(void **state)
{
    (void)state;
    uint8_t bytes[PLAN_BYTES_MAX];
    struct plan p = sample_plan(), out;
    size_t len = encoded(&p, bytes);
    bytes[len - 8] |= 0x80;
    assert_int_equal(plan_decode(bytes, len, &out), BATON_MALFORMED);
}

static void
a_member_is_found_by_its_key(void **state)
{
    (void)state;
    struct plan p = sample_plan();
    struct baton_key other = sample_key(99), none = {{0}};
    assert_int_equal(plan_member_index(&p, &p.member[0].key), 0);
    assert_int_equal(plan_member_index(&p, &p.member[1].key), 1);
    assert_int_equal(plan_member_index(&p, &other), -1);
    assert_int_equal(plan_member_index(&p, &none), -1); /* unused places hold a zero key */
}

static void
a_confirmation_covers_tenant_host_and_both_keys(void **state)
{
    (void)state;
    uint8_t out[CONFIRM_BYTES], expected[CONFIRM_BYTES] = {0};
    struct baton_id tenant = sample_id(2);
    struct baton_key key = sample_key(10), box = sample_key(11);
    memcpy(expected, tenant.b, 16);
    expected[17] = 3;
    memcpy(expected + 18, "OLD", 3);
    memcpy(expected + 18 + NAME_BYTES, key.b, 32);
    memcpy(expected + 18 + NAME_BYTES + 32, box.b, 32);
    confirm_bytes(&tenant, "OLD", &key, &box, out);
    assert_memory_equal(out, expected, CONFIRM_BYTES);
}

static void
everything_in_a_plan_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(product_name(PRODUCT_DIRSYNC), "dirsync");
    assert_string_equal(fence_kind_name(KIND_REMOVED), "removed");
    assert_string_equal(profile_name(PROFILE_DEAD_SOURCE), "dead-source");
    assert_string_equal(product_name(PRODUCT_COUNT), "?");
    assert_string_equal(fence_kind_name(KIND_COUNT), "?");
    assert_string_equal(profile_name(PROFILE_COUNT), "?");
    assert_true(product_is_legacy(PRODUCT_DIRSYNC) && product_is_legacy(PRODUCT_AADSYNC));
    assert_false(product_is_legacy(PRODUCT_CONNECT) || product_is_legacy(PRODUCT_NONE));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_comes_back_as_it_was),
        cmocka_unit_test(a_plan_stands_every_torture),
        cmocka_unit_test(a_plan_with_a_verification_policy_comes_back_with_its_hash),
        cmocka_unit_test(a_plan_of_the_second_layout_names_a_policy),
        cmocka_unit_test(the_fullest_plan_fits),
        cmocka_unit_test(a_plan_over_the_limit_is_refused_before_it_is_read),
        cmocka_unit_test(a_plan_that_is_not_well_formed_is_not_written),
        cmocka_unit_test(a_policy_value_below_zero_is_not_read),
        cmocka_unit_test(a_member_is_found_by_its_key),
        cmocka_unit_test(a_confirmation_covers_tenant_host_and_both_keys),
        cmocka_unit_test(everything_in_a_plan_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
