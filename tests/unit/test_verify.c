/* The verification record: filled from facts, unknown where nobody computed, judged by the policy. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "controller/core/verify.h"
#include "duet.h"

static struct duet u;

static int
open_duet(void **state)
{
    (void)state;
    duet_open(&u);
    duet_to(&u, HO_VERIFY);
    return 0;
}

static struct verification
fill(void)
{
    struct verification v;
    verification_fill(&u.t, u.unix_ms, &v);
    return v;
}

static void
counts_come_from_the_servers_that_have_them(void **state)
{
    (void)state;
    facts_set(&u.t.agent[TOY_OLD].facts, FACT_OBJECTS, 1201);
    struct verification v = fill();
    assert_true(v.known[VERIFY_PENDING_ADDS] && v.value[VERIFY_PENDING_ADDS] == 3);
    assert_int_equal(v.value[VERIFY_PENDING_UPDATES], 12);
    assert_int_equal(v.value[VERIFY_SCOPE_OBJECTS], 1200);
    assert_int_equal(v.value[VERIFY_OLD_OBJECTS], 1201);
    assert_int_equal(v.value[VERIFY_FULL_SYNC_AD], 1);
    assert_int_equal(v.taken_unix_ms, u.unix_ms);
    assert_true(baton_hash_eq(&v.settings, &u.t.cutover.settings));
    assert_true(baton_hash_eq(&v.config, &u.facts[TOY_NEW].digest[DIGEST_CONFIG]));
}

static void
what_nobody_computed_stays_unknown(void **state)
{
    (void)state;
    struct verification v = fill();
    assert_false(v.known[VERIFY_ANCHOR_CHANGES] || v.known[VERIFY_PARITY_ROWS]);
    assert_int_equal(v.verdict, VERDICT_UNKNOWN);
    u.t.info.policy.v[POLICY_UNKNOWN_BLOCKS_BOOL] = 0;
    assert_int_equal(fill().verdict, VERDICT_REVIEW);
    u.t.agent[TOY_NEW].facts.fact[FACT_PENDING_ADDS].state = FACT_UNKNOWN;
    v = fill();
    assert_false(v.known[VERIFY_PENDING_ADDS]);
}

static void
known_faults_block_whatever_the_policy_says_of_unknowns(void **state)
{
    (void)state;
    static const struct {
        uint8_t fact;
        int64_t value;
    } faults[] = {{FACT_PENDING_DELETES, 1}, {FACT_FULL_SYNC_ENTRA, 0}, {FACT_PREREQ_FAILED, 2}};
    u.t.info.policy.v[POLICY_UNKNOWN_BLOCKS_BOOL] = 0;
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        struct facts *f = &u.t.agent[TOY_NEW].facts, before = *f;
        facts_set(f, (enum fact_id)faults[i].fact, faults[i].value);
        assert_int_equal(fill().verdict, VERDICT_BLOCK);
        *f = before;
    }
}

static void
the_time_and_the_run_history_alone_make_no_other_record(void **state)
{
    (void)state;
    struct verification a = fill(), b = a;
    b.taken_unix_ms++;
    toy_hash("runs", 4, 1, &b.runs);
    assert_true(verification_same(&a, &b));
    b.value[VERIFY_PENDING_ADDS]++;
    assert_false(verification_same(&a, &b));
}

static void
people_see_what_is_true_now_until_they_accept_it(void **state)
{
    (void)state;
    facts_set(&u.facts[TOY_NEW], FACT_PENDING_ADDS, 9);
    duet_report(&u, TOY_NEW);
    assert_int_equal(u.t.cutover.verification.value[VERIFY_PENDING_ADDS], 9);
    assert_int_equal(duet_verb(&u, HEV_ACCEPT, "looked at all nine"), BATON_OK);
    facts_set(&u.facts[TOY_NEW], FACT_PENDING_ADDS, 2);
    duet_report(&u, TOY_NEW);
    assert_int_equal(u.t.cutover.verification.value[VERIFY_PENDING_ADDS], 9);
    struct baton_hash h;
    verification_digest(&u.t.cutover.verification, toy_digest(), &h);
    assert_true(baton_hash_eq(&h, &u.t.cutover.verification_hash));
}

int
main(void)
{
#define AT(test) cmocka_unit_test_setup(test, open_duet)
    const struct CMUnitTest tests[] = {
        AT(counts_come_from_the_servers_that_have_them),
        AT(what_nobody_computed_stays_unknown),
        AT(known_faults_block_whatever_the_policy_says_of_unknowns),
        AT(the_time_and_the_run_history_alone_make_no_other_record),
        AT(people_see_what_is_true_now_until_they_accept_it),
    };
#undef AT
    return cmocka_run_group_tests(tests, NULL, NULL);
}
