#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "baton/trust.h"
#include "common/crypto/crypto.h"
#include "sample.h"
#include "torture.h"

static enum baton_status
recode(const uint8_t *bytes, size_t len, uint8_t *out, size_t cap, size_t *ret_len)
{
    struct approval a;
    enum baton_status rc = approval_decode(bytes, len, &a);
    assert_true(cap >= APPROVAL_BYTES);
    if (rc == BATON_OK)
        approval_encode(&a, out);
    *ret_len = APPROVAL_BYTES;
    return rc;
}

static void
an_approval_stands_every_torture(void **state)
{
    (void)state;
    uint8_t bytes[APPROVAL_BYTES];
    struct approval go = sample_approval(VERB_GO), cutover = sample_approval(VERB_CUTOVER);
    approval_encode(&go, bytes);
    torture(recode, bytes, sizeof bytes);
    approval_encode(&cutover, bytes);
    torture(recode, bytes, sizeof bytes);
}

static void
every_field_comes_back(void **state)
{
    (void)state;
    uint8_t bytes[APPROVAL_BYTES];
    struct approval a = sample_approval(VERB_GO), b;
    approval_encode(&a, bytes);
    assert_int_equal(approval_decode(bytes, sizeof bytes, &b), BATON_OK);
    assert_int_equal(b.verb, VERB_GO);
    assert_true(baton_id_eq(&a.operator, & b.operator));
    assert_int_equal(b.not_after_ms, a.not_after_ms);
    assert_true(baton_key_eq(&a.member[1], &b.member[1]));
    assert_true(epoch_eq(&a.base, &b.base) && epoch_eq(&a.epoch, &b.epoch));
    assert_true(baton_hash_eq(&a.evidence[0], &b.evidence[0]));
    assert_int_equal(b.serial, 1);
}

static void
an_unknown_verb_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[APPROVAL_BYTES];
    struct approval a = sample_approval(VERB_CUTOVER), out;
    approval_encode(&a, bytes);
    for (int verb = 0; verb < 256; verb++) {
        bytes[0] = (uint8_t)verb;
        bool known = verb > VERB_NONE && verb < VERB_COUNT;
        assert_int_equal(approval_decode(bytes, sizeof bytes, &out),
                         known ? BATON_OK : BATON_MALFORMED);
    }
}

static void
only_go_and_attest_speak_of_an_epoch(void **state)
{
    (void)state;
    uint8_t bytes[APPROVAL_BYTES];
    struct approval a = sample_approval(VERB_GO), out;
    for (int verb = VERB_NONE + 1; verb < VERB_COUNT; verb++) {
        a.verb = (uint8_t)verb;
        approval_encode(&a, bytes);
        bool may = verb == VERB_GO || verb == VERB_ATTEST;
        assert_int_equal(approval_decode(bytes, sizeof bytes, &out),
                         may ? BATON_OK : BATON_MALFORMED);
    }
}

static void
each_word_about_an_epoch_alone_is_refused_elsewhere(void **state)
{
    (void)state;
    struct approval clean = sample_approval(VERB_CUTOVER), wrong[4] = {clean, clean, clean, clean};
    wrong[0].epoch.counter = 1;
    wrong[1].epoch.incarnation.b[15] = 1;
    wrong[2].serial = 1;
    wrong[3].evidence[3].b[31] = 1;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        uint8_t bytes[APPROVAL_BYTES];
        struct approval out;
        approval_encode(&wrong[i], bytes);
        assert_int_equal(approval_decode(bytes, sizeof bytes, &out), BATON_MALFORMED);
    }
}

static void
members_leave_no_gap(void **state)
{
    (void)state;
    uint8_t bytes[APPROVAL_BYTES];
    struct approval a = sample_approval(VERB_CUTOVER), out;
    a.member[3] = a.member[1];
    approval_encode(&a, bytes);
    assert_int_equal(approval_decode(bytes, sizeof bytes, &out), BATON_MALFORMED);
}

struct signing { /* a trust document whose first operator has a key that we hold */
    struct crypto_signer signer;
    struct trust_doc doc;
    struct signed_approval sa;
};

static void
signing_make(struct signing *s)
{
    static const uint8_t seed[SEED_BYTES] = {1, 2, 3};
    assert_int_equal(crypto_init(NULL), BATON_OK);
    assert_int_equal(crypto_signer_from_seed(seed, &s->signer, NULL), BATON_OK);
    s->doc = sample_trust();
    s->doc.operator[0].key = s->signer.key;
    s->sa.a = sample_approval(VERB_CUTOVER);
}

static void
signing_sign(struct signing *s, const char *domain)
{
    uint8_t bytes[APPROVAL_BYTES];
    approval_encode(&s->sa.a, bytes);
    assert_int_equal(crypto_sign_domain(s->signer.secret, domain, bytes, sizeof bytes, &s->sa.sig),
                     BATON_OK);
}

static bool
authentic_at(const struct signing *s, uint64_t now_ms)
{
    return approval_authentic(&s->sa, &s->doc, crypto_digest_port(), now_ms);
}

static void
a_good_approval_is_authentic_until_it_expires(void **state)
{
    (void)state;
    struct signing s;
    signing_make(&s);
    signing_sign(&s, DOMAIN_APPROVAL);
    assert_true(authentic_at(&s, 0));
    assert_true(authentic_at(&s, s.sa.a.not_after_ms));
    assert_false(authentic_at(&s, s.sa.a.not_after_ms + 1));
    crypto_signer_done(&s.signer);
}

/* The numbers of people: two hours, and what a plan says where that is less. */
static void
an_attestation_alone_ends_soon_and_is_signed_for_an_eighth_less(void **state)
{
    (void)state;
    enum { HOUR_MS = 3600000 };
    struct policy p;
    struct approval a = {.verb = VERB_ATTEST, .not_after_ms = 1000 + 2 * HOUR_MS};
    policy_preset(PRESET_PRODUCTION, &p);
    assert_int_equal(approval_life_ms(VERB_ATTEST, &p), 2 * HOUR_MS - HOUR_MS / 4);
    assert_int_equal(approval_life_ms(VERB_CUTOVER, &p), 4 * HOUR_MS);
    assert_false(approval_lives_too_long(&a, &p, 1000));
    assert_true(approval_lives_too_long(&a, &p, 999));
    assert_false(approval_lives_too_long(&a, &p, a.not_after_ms + 1)); /* nor is that its fault */
    p.v[POLICY_ATTEST_MS] = INT64_MAX;
    assert_true(approval_lives_too_long(&a, &p, 999));
    p.v[POLICY_ATTEST_MS] = HOUR_MS;
    assert_true(approval_lives_too_long(&a, &p, 1000));
    assert_false(approval_lives_too_long(&a, &p, 1000 + HOUR_MS));
    p.v[POLICY_ATTEST_MS] = -1;
    assert_int_equal(approval_life_max_ms(VERB_ATTEST, &p), 0);
    for (int verb = VERB_NONE + 1; verb < VERB_COUNT; verb++) {
        a = (struct approval){.verb = (uint8_t)verb, .not_after_ms = UINT64_MAX};
        assert_int_equal(approval_lives_too_long(&a, &p, 0), verb == VERB_ATTEST);
    }
}

static void
a_signature_over_anything_else_is_refused(void **state)
{
    (void)state;
    struct signing s;
    signing_make(&s);
    signing_sign(&s, DOMAIN_CONFIRM);
    assert_false(authentic_at(&s, 0));
    signing_sign(&s, DOMAIN_APPROVAL);
    assert_true(authentic_at(&s, 0));
    s.sa.a.plan.b[0] ^= 1;
    assert_false(authentic_at(&s, 0));
    s.sa.a.plan.b[0] ^= 1;
    s.sa.sig.b[0] ^= 1;
    assert_false(authentic_at(&s, 0));
    crypto_signer_done(&s.signer);
}

static void
who_may_not_approve_cannot_by_signing(void **state)
{
    (void)state;
    struct signing s;
    signing_make(&s);
    signing_sign(&s, DOMAIN_APPROVAL);
    struct trust_doc good = s.doc;

    s.doc.operator[0].roles = ROLE_VIEW | ROLE_ADMIN | ROLE_BREAK_GLASS;
    assert_false(authentic_at(&s, 0));
    s.doc = good;
    s.doc.operator[0].tenant_count = 1;
    s.doc.operator[0].tenant[0] = sample_id(99);
    assert_false(authentic_at(&s, 0));
    s.doc = good;
    s.doc.operator[0].id = sample_id(98); /* not in the document any more */
    assert_false(authentic_at(&s, 0));
    s.doc = good;
    s.doc.version = s.sa.a.trust_version - 1; /* made under a newer document than ours */
    assert_false(authentic_at(&s, 0));
    s.doc = good;
    assert_true(authentic_at(&s, 0));
    crypto_signer_done(&s.signer);
}

static void
a_verb_without_meaning_is_refused_even_when_signed(void **state)
{
    (void)state;
    struct signing s;
    signing_make(&s);
    s.doc.operator[0].roles = 0xffff;
    s.sa.a.verb = VERB_COUNT;
    signing_sign(&s, DOMAIN_APPROVAL);
    s.doc.operator[0].roles = ROLE_VIEW | ROLE_OPERATE | ROLE_APPROVE | ROLE_BREAK_GLASS;
    assert_false(authentic_at(&s, 0));
    crypto_signer_done(&s.signer);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_approval_stands_every_torture),
        cmocka_unit_test(every_field_comes_back),
        cmocka_unit_test(an_unknown_verb_is_refused),
        cmocka_unit_test(only_go_and_attest_speak_of_an_epoch),
        cmocka_unit_test(each_word_about_an_epoch_alone_is_refused_elsewhere),
        cmocka_unit_test(members_leave_no_gap),
        cmocka_unit_test(a_good_approval_is_authentic_until_it_expires),
        cmocka_unit_test(an_attestation_alone_ends_soon_and_is_signed_for_an_eighth_less),
        cmocka_unit_test(a_signature_over_anything_else_is_refused),
        cmocka_unit_test(who_may_not_approve_cannot_by_signing),
        cmocka_unit_test(a_verb_without_meaning_is_refused_even_when_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
