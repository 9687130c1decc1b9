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
    verification_fill(&u.t, u.unix_ms, toy_digest(), &v);
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
    assert_true(v.known[VERIFY_OLD_ALIVE] && v.value[VERIFY_OLD_ALIVE] == 1);
    facts_set(&u.t.agent[TOY_OLD].facts, FACT_IMPORT_OK, 0);
    v = fill();
    assert_true(v.known[VERIFY_OLD_ALIVE] && v.value[VERIFY_OLD_ALIVE] == 0);
    memset(u.t.plan.limits.b, 7, sizeof u.t.plan.limits.b);
    v = fill();
    assert_true(baton_hash_eq(&v.limits, &u.t.plan.limits));
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

/* A narrowed scope that blocks and an add that people look at. */
static struct baton_hash scope_row = {{1}}, adds_row = {{2}};

static enum baton_status
findings_come_from(enum toy_member who)
{
    struct findings l = {0};
    struct finding scope = {
        .rule = "CF-SCOPE-NARROWED", .severity = SEVERITY_BLOCK, .count = 1, .row = scope_row};
    struct finding adds = {
        .rule = "EX-ADDS", .severity = SEVERITY_REVIEW, .count = 4, .row = adds_row};
    struct baton_hash config;
    toy_hash("old", 3, 1, &config);
    facts_set_digest(&u.facts[TOY_OLD], DIGEST_CONFIG, &config);
    duet_report(&u, TOY_OLD);
    assert_int_equal(findings_add(&l, &scope), BATON_OK);
    assert_int_equal(findings_add(&l, &adds), BATON_OK);
    enum baton_status rc = duet_findings(&u, who, &l);
    findings_done(&l);
    return rc;
}

static enum baton_status
decide(const struct baton_hash *row, enum disposition_kind kind, enum toy_person by)
{
    struct signed_disposition sd = toy_disposition(row, kind, by);
    return duet_dispose(&u, &sd);
}

static void
an_open_difference_keeps_people_from_accepting_and_a_decision_lets_them(void **state)
{
    (void)state;
    assert_int_equal(findings_come_from(TOY_NEW), BATON_OK);
    assert_int_equal(u.t.cutover.verification.value[VERIFY_PARITY_ROWS], 1);
    assert_int_equal(fill().verdict, VERDICT_BLOCK);
    assert_int_not_equal(duet_verb(&u, HEV_ACCEPT, "in a hurry"), BATON_OK);
    assert_int_equal(decide(&scope_row, DISPOSED_ACCEPTED, TOY_ANNA), BATON_OK);
    assert_true(duet_fired(&u, 312));
    assert_int_equal(u.t.cutover.verification.value[VERIFY_PARITY_ROWS], 0);
    assert_false(baton_hash_is_zero(&u.t.cutover.verification.dispositions));
    assert_int_equal(duet_verb(&u, HEV_ACCEPT, "the container is empty"), BATON_OK);
    assert_int_equal(u.t.cutover.state, HO_READY);
}

static void
a_decision_after_the_acceptance_asks_for_a_new_one(void **state)
{
    (void)state;
    assert_int_equal(findings_come_from(TOY_NEW), BATON_OK);
    assert_int_equal(decide(&scope_row, DISPOSED_ACCEPTED, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_verb(&u, HEV_ACCEPT, "fine"), BATON_OK);
    struct baton_hash accepted = u.t.cutover.verification_hash, now;
    assert_int_equal(decide(&adds_row, DISPOSED_NOT_APPLICABLE, TOY_BERT), BATON_OK);
    assert_int_equal(u.t.cutover.state, HO_VERIFY);
    verification_digest(&u.t.cutover.verification, toy_digest(), &now);
    assert_false(baton_hash_eq(&accepted, &now)); /* so no old approval fits */
}

static void
a_decision_that_nobody_signed_or_that_speaks_of_nothing_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(findings_come_from(TOY_NEW), BATON_OK);
    struct verification before = u.t.cutover.verification;
    struct signed_disposition sd = toy_disposition(&scope_row, DISPOSED_ACCEPTED, TOY_ANNA);
    sd.sig.b[0] ^= 1;
    assert_int_equal(duet_dispose(&u, &sd), BATON_DENIED);
    sd = toy_disposition(&scope_row, DISPOSED_ACCEPTED, TOY_ANNA);
    sd.d.tenant.b[0] ^= 1;
    assert_int_equal(duet_dispose(&u, &sd), BATON_DENIED);
    struct baton_hash other = {{99}};
    assert_int_equal(decide(&other, DISPOSED_ACCEPTED, TOY_ANNA), BATON_NOT_FOUND);
    assert_true(verification_same(&before, &u.t.cutover.verification));
}

static void
only_the_new_server_is_reviewed(void **state)
{
    (void)state;
    assert_int_equal(findings_come_from(TOY_OLD), BATON_REFUSED);
    assert_int_equal(u.t.cutover.review.row_count, 0);
}

static void
parity_is_unknown_again_when_either_side_has_moved_on(void **state)
{
    (void)state;
    struct baton_hash other = {{5}};
    assert_int_equal(findings_come_from(TOY_NEW), BATON_OK);
    assert_true(fill().known[VERIFY_PARITY_ROWS]);
    u.t.agent[TOY_OLD].facts.digest[DIGEST_CONFIG] =
        other; /* the old server was configured again */
    assert_false(fill().known[VERIFY_PARITY_ROWS]);
    assert_int_equal(findings_come_from(TOY_NEW), BATON_OK);
    u.t.agent[TOY_NEW].facts.digest[DIGEST_FINDINGS] = other; /* a newer list is on its way */
    assert_false(fill().known[VERIFY_PARITY_ROWS]);
}

static void
nobody_decides_once_the_old_server_has_been_asked_to_go(void **state)
{
    (void)state;
    assert_int_equal(findings_come_from(TOY_NEW), BATON_OK);
    assert_int_equal(decide(&scope_row, DISPOSED_ACCEPTED, TOY_ANNA), BATON_OK);
    duet_to(&u, HO_GRANTING);
    struct review before = u.t.cutover.review;
    assert_int_equal(decide(&adds_row, DISPOSED_ACCEPTED, TOY_ANNA), BATON_NO_RULE);
    assert_int_equal(u.t.cutover.review.disposition_count, before.disposition_count);
    for (uint8_t i = 0; i < u.d.note_count; i++) /* nor does the log say that somebody did */
        assert_int_not_equal(u.d.note[i].type, AUDIT_DISPOSED);
    assert_int_equal(u.d.note[0].type, AUDIT_REFUSED);
}

static void
the_log_names_what_was_accepted_with_all_that_it_rests_on(void **state)
{
    (void)state;
    const struct decision_note *n = NULL;
    assert_int_equal(findings_come_from(TOY_NEW), BATON_OK);
    assert_int_equal(decide(&scope_row, DISPOSED_ACCEPTED, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_verb(&u, HEV_ACCEPT, "the container is empty"), BATON_OK);
    for (uint8_t i = 0; i < u.d.note_count; i++)
        n = u.d.note[i].type == AUDIT_VERIFIED ? &u.d.note[i] : n;
    assert_non_null(n);
    assert_int_equal(n->ref_count, 3);
    assert_true(baton_hash_eq(&n->ref[0], &u.t.cutover.verification_hash));
    assert_true(baton_hash_eq(&n->ref[1], &u.t.cutover.verification.findings));
    assert_true(baton_hash_eq(&n->ref[2], &u.t.cutover.verification.dispositions));
}

/* Everything known and nothing of it a difference. */
static void
all_is_known_and_equal(void)
{
    struct findings none = {0};
    struct baton_hash config;
    toy_hash("old", 3, 1, &config);
    facts_set_digest(&u.facts[TOY_OLD], DIGEST_CONFIG, &config);
    duet_report(&u, TOY_OLD);
    static const enum fact_id zero[] = {
        FACT_PENDING_ADDS,  FACT_PENDING_UPDATES, FACT_PENDING_DELETES, FACT_ANCHOR_CHANGES,
        FACT_PREREQ_FAILED, FACT_AUTO_UPGRADE,    FACT_DELETE_GUARD};
    for (size_t i = 0; i < ARRAY_LEN(zero); i++)
        facts_set(&u.facts[TOY_NEW], zero[i], 0);
    assert_int_equal(duet_findings(&u, TOY_NEW, &none), BATON_OK);
}

static void
nothing_to_look_at_passes(void **state)
{
    (void)state;
    all_is_known_and_equal();
    assert_int_equal(fill().verdict, VERDICT_PASS);
}

static void
each_thing_that_a_person_has_to_look_at_is_enough_for_a_review(void **state)
{
    (void)state;
    all_is_known_and_equal();
    struct facts *f = &u.t.agent[TOY_NEW].facts, before = *f;
    static const enum fact_id pending[] = {FACT_PENDING_ADDS, FACT_PENDING_UPDATES};
    for (size_t i = 0; i < ARRAY_LEN(pending); i++) {
        facts_set(f, pending[i], 1);
        assert_int_equal(fill().verdict, VERDICT_REVIEW);
        *f = before;
    }
    struct findings l = {0};
    struct finding open = {
        .rule = "EX-ADDS", .severity = SEVERITY_REVIEW, .count = 4, .row = adds_row};
    assert_int_equal(findings_add(&l, &open), BATON_OK);
    assert_int_equal(duet_findings(&u, TOY_NEW, &l), BATON_OK);
    findings_done(&l);
    assert_int_equal(fill().verdict, VERDICT_REVIEW);
    assert_int_equal(decide(&adds_row, DISPOSED_ACCEPTED, TOY_ANNA), BATON_OK);
    assert_int_equal(fill().verdict, VERDICT_PASS);
}

static void
changed_anchors_and_a_step_that_was_not_run_block(void **state)
{
    (void)state;
    static const struct {
        uint8_t fact;
        int64_t value;
    } rows[] = {{FACT_ANCHOR_CHANGES, 1},
                {FACT_FULL_IMPORT_AD, 0},
                {FACT_FULL_SYNC_AD, 0},
                {FACT_FULL_IMPORT_ENTRA, 0},
                {FACT_FULL_SYNC_ENTRA, 0}};
    all_is_known_and_equal();
    struct facts *f = &u.t.agent[TOY_NEW].facts, before = *f;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        facts_set(f, (enum fact_id)rows[i].fact, rows[i].value);
        assert_int_equal(fill().verdict, VERDICT_BLOCK);
        *f = before;
    }
}

static void
parity_says_what_is_missing_for_it(void **state)
{
    (void)state;
    assert_int_equal(verification_parity(&u.t), PARITY_NO_LIST);
    all_is_known_and_equal();
    assert_int_equal(verification_parity(&u.t), PARITY_KNOWN);
    struct agent_view *o = &u.t.agent[TOY_OLD], *n = &u.t.agent[TOY_NEW];
    struct facts of = o->facts, nf = n->facts;
    n->facts.digest_known[DIGEST_FINDINGS] = false;
    assert_int_equal(verification_parity(&u.t), PARITY_LIST_OLD);
    n->facts = nf;
    o->facts.digest_known[DIGEST_CONFIG] = false;
    assert_int_equal(verification_parity(&u.t), PARITY_OLD_UNKNOWN);
    o->facts = of;
    n->facts.digest_known[DIGEST_COMPARED_CONFIG] = false;
    assert_int_equal(verification_parity(&u.t), PARITY_OLD_MOVED);
}

static void
what_was_looked_at_is_named_by_its_digests(void **state)
{
    (void)state;
    static const enum digest_id ids[] = {DIGEST_CONFIG, DIGEST_RULES, DIGEST_PENDING, DIGEST_RUNS};
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        struct baton_hash h = {{(uint8_t)(0x40 + i)}};
        facts_set_digest(&u.t.agent[TOY_NEW].facts, ids[i], &h);
    }
    struct verification v = fill();
    const struct baton_hash *in[] = {&v.config, &v.rules, &v.pending, &v.runs};
    for (size_t i = 0; i < ARRAY_LEN(in); i++)
        assert_int_equal(in[i]->b[0], 0x40 + i);
}

int
main(void)
{
#define AT(test) cmocka_unit_test_setup(test, open_duet)
    const struct CMUnitTest tests[] = {
        AT(what_was_looked_at_is_named_by_its_digests),
        AT(nothing_to_look_at_passes),
        AT(each_thing_that_a_person_has_to_look_at_is_enough_for_a_review),
        AT(changed_anchors_and_a_step_that_was_not_run_block),
        AT(parity_says_what_is_missing_for_it),
        AT(counts_come_from_the_servers_that_have_them),
        AT(what_nobody_computed_stays_unknown),
        AT(known_faults_block_whatever_the_policy_says_of_unknowns),
        AT(the_time_and_the_run_history_alone_make_no_other_record),
        AT(people_see_what_is_true_now_until_they_accept_it),
        AT(an_open_difference_keeps_people_from_accepting_and_a_decision_lets_them),
        AT(a_decision_after_the_acceptance_asks_for_a_new_one),
        AT(a_decision_that_nobody_signed_or_that_speaks_of_nothing_changes_nothing),
        AT(only_the_new_server_is_reviewed),
        AT(parity_is_unknown_again_when_either_side_has_moved_on),
        AT(nobody_decides_once_the_old_server_has_been_asked_to_go),
        AT(the_log_names_what_was_accepted_with_all_that_it_rests_on),
    };
#undef AT
    return cmocka_run_group_tests(tests, NULL, NULL);
}
