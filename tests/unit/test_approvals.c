/* Which signed approvals a cutover keeps, and which of those it keeps still count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "duet.h"

static struct duet u;

static int
open_ready(void **state)
{
    (void)state;
    duet_open(&u);
    duet_to(&u, HO_READY);
    return 0;
}

static struct approvals_view
now(void)
{
    return (struct approvals_view){toy_trust(), toy_digest(), u.unix_ms};
}

/* Good for this moment, whatever the verb. */
static struct signed_approval
good(enum approval_verb verb, enum toy_person by)
{
    bool to_old = verb == VERB_PLAN || verb == VERB_ROLLBACK || verb == VERB_ATTEST;
    const struct authority *a = &u.t.authority;
    struct signed_approval sa = toy_approval(verb, by, to_old ? TOY_OLD : TOY_NEW, a->epoch);
    sa.a.plan = u.t.cutover.plan;
    sa.a.verification = u.t.cutover.verification_hash;
    if (verb == VERB_GO || verb == VERB_ATTEST)
        sa.a.epoch = a->epoch;
    if (verb == VERB_GO) {
        sa.a.serial = a->serial + 1;
        sa.a.evidence[TOY_OLD] = a->member[TOY_OLD].evidence;
    }
    if (verb == VERB_ATTEST) {
        sa.a.not_after_ms = u.unix_ms + approval_life_ms(VERB_ATTEST, &u.t.plan.policy);
        toy_hash("powered off", 11, 9, &sa.a.seen);
    }
    if (verb == VERB_DISARM || verb == VERB_READMIT || verb == VERB_ATTEST)
        sa.a.subject = toy_member_key(TOY_OLD);
    toy_sign_approval(&sa, by);
    return sa;
}

static enum baton_status
add(struct signed_approval *sa, enum toy_person by, const char **ret_why)
{
    struct approvals_view v = now();
    toy_sign_approval(sa, by);
    return approvals_add(&u.t, sa, &v, ret_why);
}

static void
give(struct signed_approval sa, enum toy_person by)
{
    const char *why;
    if (add(&sa, by, &why) != BATON_OK)
        fail_msg("%s: %s", approval_verb_name((enum approval_verb)sa.a.verb), why);
}

/* --- one table: what an approval has to name ---------------------------------------------------------- */

static void
other_tenant(struct approval *a)
{
    a->tenant = toy_id(3);
}

static void
no_verb(struct approval *a)
{
    a->verb = VERB_NONE;
}

static void
later_verb(struct approval *a)
{
    a->verb = VERB_COUNT;
}

static void
other_plan(struct approval *a)
{
    a->plan.b[0] ^= 1;
}

static void
other_member(struct approval *a)
{
    a->member[TOY_NEW] = toy_key(7);
}

static void
one_member_more(struct approval *a)
{
    a->member[TOY_MEMBERS] = toy_key(7);
}

static void
towards_old(struct approval *a)
{
    a->recipient = toy_member_key(TOY_OLD);
}

static void
towards_new(struct approval *a)
{
    a->recipient = toy_member_key(TOY_NEW);
}

static void
towards_a_stranger(struct approval *a)
{
    a->recipient = toy_key(7);
}

static void
of_another_epoch(struct approval *a)
{
    a->epoch.counter++;
}

static void
over_an_older_epoch(struct approval *a)
{
    a->base = (struct epoch){0};
}

static void
other_verification(struct approval *a)
{
    a->verification.b[0] ^= 1;
}

static void
about_nobody(struct approval *a)
{
    a->subject = (struct baton_key){{0}};
}

static void
nothing_seen(struct approval *a)
{
    a->seen = (struct baton_hash){{0}};
}

static void
nothing_accepted(struct approval *a)
{
    (void)a;
    u.t.cutover.accepted = false;
}

static void
plan_unknown(struct approval *a)
{
    (void)a;
    u.t.plan_known = false;
}

static void
plan_not_frozen(struct approval *a)
{
    (void)a;
    u.t.cutover.plan = (struct baton_hash){{0}};
}

static void
alarm_open(struct approval *a)
{
    (void)a;
    u.t.authority.member[TOY_OLD].tamper_open = true;
}

static void
record_unconfirmed(struct approval *a)
{
    (void)a;
    u.t.authority.reconcile = true;
}

static const struct misfit {
    enum approval_verb verb;
    void (*change)(struct approval *a);
    const char *says;
} misfits[] = {
    {VERB_CUTOVER, other_tenant, "another tenant"},
    {VERB_CUTOVER, no_verb, "not approved inside"},
    {VERB_CUTOVER, later_verb, "not approved inside"},
    {VERB_CUTOVER, plan_unknown, "no plan"},
    {VERB_CUTOVER, plan_not_frozen, "no plan"},
    {VERB_CUTOVER, other_plan, "another plan"},
    {VERB_CUTOVER, other_member, "another plan"},
    {VERB_CUTOVER, one_member_more, "another plan"},
    {VERB_CUTOVER, towards_old, "another recipient"},
    {VERB_GO, towards_old, "another recipient"},
    {VERB_PLAN, towards_new, "another recipient"},
    {VERB_ROLLBACK, towards_new, "another recipient"},
    {VERB_ADOPT, towards_a_stranger, "another recipient"},
    {VERB_ATTEST, towards_new, "another recipient or epoch"},
    {VERB_ATTEST, of_another_epoch, "another recipient or epoch"},
    {VERB_ATTEST, nothing_seen, "what was seen"},
    {VERB_PLAN, over_an_older_epoch, "older epoch"},
    {VERB_CUTOVER, other_verification, "another verification"},
    {VERB_GO, nothing_accepted, "another verification"},
    {VERB_DISARM, about_nobody, "names no server"},
    {VERB_READMIT, about_nobody, "names no server"},
    {VERB_DISARM, over_an_older_epoch, "older epoch"},
    {VERB_DISARM, alarm_open, "an alarm is open"},
    {VERB_READMIT, record_unconfirmed, "confirm-foreign first"},
};

static void
an_approval_that_does_not_fit_says_what_it_does_not_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(misfits); i++) {
        const struct misfit *m = &misfits[i];
        const char *why = "";
        (void)open_ready(NULL);
        struct signed_approval sa = good(m->verb, TOY_ANNA);
        uint32_t kept = u.t.cutover.approval_count;
        m->change(&sa.a);
        assert_int_equal(add(&sa, TOY_ANNA, &why), BATON_CONFLICT);
        if (strstr(why, m->says) == NULL)
            fail_msg("row %zu says: %s", i, why);
        assert_int_equal(u.t.cutover.approval_count, kept);
    }
}

static void
every_verb_is_kept_when_it_names_this_moment(void **state)
{
    (void)state;
    for (int verb = VERB_NONE + 1; verb < VERB_COUNT; verb++)
        give(good((enum approval_verb)verb, TOY_BERT), TOY_BERT);
}

static void
adoption_may_name_either_server(void **state)
{
    (void)state;
    struct signed_approval sa = good(VERB_ADOPT, TOY_ANNA);
    towards_old(&sa.a);
    give(sa, TOY_ANNA);
}

static void
an_alarm_does_not_keep_a_server_from_being_readmitted(void **state)
{
    (void)state;
    alarm_open(NULL);
    give(good(VERB_READMIT, TOY_ANNA), TOY_ANNA);
}

static void
a_server_outside_the_record_may_be_disarmed(void **state)
{
    (void)state;
    alarm_open(NULL);
    struct signed_approval sa = good(VERB_DISARM, TOY_ANNA);
    sa.a.subject = toy_key(7);
    give(sa, TOY_ANNA);
}

static void
without_a_trust_document_nobody_has_signed_anything(void **state)
{
    (void)state;
    struct signed_approval sa = good(VERB_CUTOVER, TOY_ANNA);
    struct approvals_view v = now();
    const char *why;
    v.trust = NULL;
    assert_int_equal(approvals_add(&u.t, &sa, &v, &why), BATON_DENIED);
    give(sa, TOY_ANNA);
    assert_int_equal(approvals_count(&u.t, VERB_CUTOVER, &v), 0);
    const struct signed_approval *alike[CUTOVER_APPROVALS_MAX];
    assert_int_equal(approvals_alike(&u.t, &sa.a, &v, alike), 0);
}

static void
a_full_cutover_keeps_no_more_until_one_has_expired(void **state)
{
    (void)state;
    const char *why = "";
    struct signed_approval sa = good(VERB_RETIRE, TOY_ANNA);
    sa.a.not_after_ms = u.unix_ms + 5;
    for (uint8_t i = 0; u.t.cutover.approval_count < CUTOVER_APPROVALS_MAX; i++) {
        sa.a.subject = toy_key((uint8_t)(0xe0 + i));
        give(sa, TOY_ANNA);
    }
    give(sa, TOY_ANNA); /* the same again takes its own place */
    sa = good(VERB_RETIRE, TOY_BERT);
    assert_int_equal(add(&sa, TOY_BERT, &why), BATON_LIMIT);
    assert_non_null(strstr(why, "no more"));
    u.unix_ms += 5; /* its last millisecond */
    assert_int_equal(add(&sa, TOY_BERT, &why), BATON_LIMIT);
    u.unix_ms += 1;
    give(sa, TOY_BERT);
    assert_int_equal(u.t.cutover.approval_count, CUTOVER_APPROVALS_MAX);
}

/* --- what still counts -------------------------------------------------------------------------------- */

static void
what_was_kept_counts_only_while_it_names_this_plan_recipient_and_verification(void **state)
{
    (void)state;
    struct approvals_view v = now();
    give(good(VERB_CUTOVER, TOY_ANNA), TOY_ANNA);
    give(good(VERB_CUTOVER, TOY_BERT), TOY_BERT);
    assert_int_equal(approvals_count(&u.t, VERB_CUTOVER, &v), 2);
    assert_int_equal(approvals_count(&u.t, VERB_ROLLBACK, &v), 0);
    struct cutover kept = u.t.cutover;
    u.t.cutover.plan.b[0] ^= 1;
    assert_int_equal(approvals_count(&u.t, VERB_CUTOVER, &v), 0);
    u.t.cutover = kept;
    u.t.cutover.verification_hash.b[0] ^= 1;
    assert_int_equal(approvals_count(&u.t, VERB_CUTOVER, &v), 0);
    u.t.cutover = kept;
    u.t.plan.recipient = TOY_OLD;
    assert_int_equal(approvals_count(&u.t, VERB_CUTOVER, &v), 0);
}

static void
a_go_counts_only_for_the_evidence_of_this_moment(void **state)
{
    (void)state;
    struct approvals_view v = now();
    give(good(VERB_GO, TOY_CLEO), TOY_CLEO);
    assert_int_equal(approvals_count(&u.t, VERB_GO, &v), 1);
    u.t.authority.member[TOY_OLD].evidence.b[0] ^= 1;
    assert_int_equal(approvals_count(&u.t, VERB_GO, &v), 0);
}

static void
a_go_fits_no_plan_with_a_member_that_the_record_does_not_have(void **state)
{
    (void)state;
    struct signed_approval go = good(VERB_GO, TOY_CLEO);
    assert_true(approvals_go_fits(&u.t, &go));
    u.t.plan.member[TOY_OLD].key = toy_key(7);
    assert_false(approvals_go_fits(&u.t, &go));
}

static void
a_dropped_approval_counts_no_more_though_its_bytes_are_there(void **state)
{
    (void)state;
    struct approvals_view v = now();
    give(good(VERB_CUTOVER, TOY_ANNA), TOY_ANNA);
    unsigned before = approvals_count(&u.t, VERB_CUTOVER, &v);
    assert_true(before > 0);
    u.t.cutover.approval_count--;
    assert_int_equal(approvals_count(&u.t, VERB_CUTOVER, &v), before - 1);
}

static void
retirements_are_counted_for_whom_and_towards_whom_they_were_signed(void **state)
{
    (void)state;
    struct approvals_view v = now();
    struct baton_key gone = toy_key(0xe1), other = toy_key(0xe2);
    struct baton_key new_key = toy_member_key(TOY_NEW), old_key = toy_member_key(TOY_OLD);
    struct signed_approval sa = good(VERB_RETIRE, TOY_ANNA);
    sa.a.subject = gone;
    toy_hash("seen", 4, 9, &sa.a.seen);
    give(sa, TOY_ANNA);
    give(good(VERB_CUTOVER, TOY_ANNA), TOY_ANNA);
    assert_int_equal(approvals_leave(&u.t, &gone, &new_key, &v), 1);
    assert_int_equal(approvals_leave(&u.t, &gone, &old_key, &v), 0);
    assert_int_equal(approvals_leave(&u.t, &other, &new_key, &v), 0);
    /* It says nothing about the old server: neither that it is retired nor that its account is gone. */
    assert_int_equal(approvals_count(&u.t, VERB_RETIRE, &v), 0);
    assert_int_equal(approvals_account_gone(&u.t, &v), 0);
    u.t.cutover.plan.b[0] ^= 1;
    assert_int_equal(approvals_leave(&u.t, &gone, &new_key, &v), 0);
}

static void
an_account_is_gone_by_a_retirement_that_says_what_was_seen(void **state)
{
    (void)state;
    struct approvals_view v = now();
    struct signed_approval sa = good(VERB_RETIRE, TOY_ANNA);
    give(sa, TOY_ANNA);
    assert_int_equal(approvals_account_gone(&u.t, &v), 0);
    toy_hash("seen", 4, 9, &sa.a.seen);
    give(sa, TOY_ANNA);
    sa.a.subject = toy_member_key(TOY_OLD); /* a member of the plan: about the old server, too */
    sa.a.operator= good(VERB_RETIRE, TOY_BERT).a.operator;
    give(sa, TOY_BERT);
    assert_int_equal(approvals_account_gone(&u.t, &v), 2);
    v.unix_ms = UINT64_MAX;
    assert_int_equal(approvals_account_gone(&u.t, &v), 0);
}

static void
alike_is_the_same_verb_server_sight_and_epoch(void **state)
{
    (void)state;
    struct approvals_view v = now();
    const struct signed_approval *list[CUTOVER_APPROVALS_MAX];
    struct signed_approval sa = good(VERB_READMIT, TOY_ANNA), other;
    give(sa, TOY_ANNA);
    give(good(VERB_READMIT, TOY_BERT), TOY_BERT);
    give(good(VERB_DISARM, TOY_BERT), TOY_BERT);
    assert_int_equal(approvals_alike(&u.t, &sa.a, &v, list), 2);
    other = sa;
    other.a.subject = toy_key(7);
    assert_int_equal(approvals_alike(&u.t, &other.a, &v, list), 0);
    other = sa;
    other.a.seen.b[0] ^= 1;
    assert_int_equal(approvals_alike(&u.t, &other.a, &v, list), 0);
    other = sa;
    other.a.base.counter++;
    assert_int_equal(approvals_alike(&u.t, &other.a, &v, list), 0);
    v.unix_ms = UINT64_MAX;
    assert_int_equal(approvals_alike(&u.t, &sa.a, &v, list), 0);
}

static void
two_different_people_attest_one_does_not(void **state)
{
    (void)state;
    struct approvals_view v = now();
    struct baton_hash hash[2];
    struct baton_key old_key = toy_member_key(TOY_OLD), new_key = toy_member_key(TOY_NEW);
    give(good(VERB_ATTEST, TOY_ANNA), TOY_ANNA);
    give(good(VERB_ATTEST, TOY_ANNA), TOY_ANNA);
    assert_int_equal(approvals_attested(&u.t, &v, hash), -1);
    assert_int_equal(approvals_attests(&u.t, &old_key, &v), 1);
    give(good(VERB_ATTEST, TOY_BERT), TOY_BERT);
    give(good(VERB_CUTOVER, TOY_BERT), TOY_BERT);
    assert_int_equal(approvals_attested(&u.t, &v, hash), TOY_OLD);
    assert_false(baton_hash_eq(&hash[0], &hash[1]));
    assert_int_equal(approvals_attests(&u.t, &old_key, &v), 2);
    assert_int_equal(approvals_attests(&u.t, &new_key, &v), 0);
    give(good(VERB_ATTEST, TOY_CLEO), TOY_CLEO); /* two are named, however many sign */
    assert_int_equal(approvals_attested(&u.t, &v, hash), TOY_OLD);
    u.t.authority.epoch.counter++; /* they stood in for one epoch's evidence */
    assert_int_equal(approvals_attested(&u.t, &v, hash), -1);
    assert_int_equal(approvals_attests(&u.t, &old_key, &v), 0);
}

static void
as_many_attest_as_the_trust_document_asks_and_never_fewer_than_two(void **state)
{
    (void)state;
    struct approvals_view v = now();
    struct trust_doc strict = *v.trust;
    struct baton_hash hash[2];
    give(good(VERB_ATTEST, TOY_ANNA), TOY_ANNA);
    v.trust = &strict;
    strict.quorum[VERB_ATTEST] = 1;
    assert_int_equal(approvals_attest_quorum(&v), 2);
    assert_int_equal(approvals_attested(&u.t, &v, hash), -1);
    give(good(VERB_ATTEST, TOY_BERT), TOY_BERT);
    assert_int_equal(approvals_attested(&u.t, &v, hash), TOY_OLD);
    strict.quorum[VERB_ATTEST] = 3;
    assert_int_equal(approvals_attest_quorum(&v), 3);
    assert_int_equal(approvals_attested(&u.t, &v, hash), -1);
    give(good(VERB_ATTEST, TOY_CLEO), TOY_CLEO);
    assert_int_equal(approvals_attested(&u.t, &v, hash), TOY_OLD);
}

static void
an_attestation_that_agents_would_refuse_for_its_life_is_not_kept(void **state)
{
    (void)state;
    const char *why = "";
    struct signed_approval sa = good(VERB_ATTEST, TOY_ANNA);
    uint32_t kept = u.t.cutover.approval_count;
    u.t.plan.policy.v[POLICY_ATTEST_MS] = INT64_MAX;
    sa.a.not_after_ms = u.unix_ms + 2 * 60 * 60000 + 1;
    assert_int_equal(add(&sa, TOY_ANNA, &why), BATON_REFUSED);
    assert_string_equal(why, "the attestation would live longer than any agent takes");
    assert_int_equal(u.t.cutover.approval_count, kept);
    sa.a.not_after_ms--;
    give(sa, TOY_ANNA);
    sa = good(VERB_CUTOVER, TOY_ANNA); /* of this no agent asks how long it lives */
    sa.a.not_after_ms = UINT64_MAX;
    give(sa, TOY_ANNA);
}

static void
attest(uint8_t subject, enum toy_person by)
{
    struct signed_approval sa = good(VERB_ATTEST, by);
    sa.a.subject = u.t.authority.member[subject].key;
    give(sa, by);
}

static void
once_the_new_server_holds_people_close_an_alarm_and_stand_in_for_no_holder(void **state)
{
    (void)state;
    struct approvals_view v;
    struct baton_hash hash[2];
    duet_to(&u, HO_PROBATION);
    v = now();
    u.t.agent[TOY_OLD].connected = u.t.agent[TOY_NEW].connected = false;
    assert_true(approvals_judged_here(&u.t.cutover));
    for (uint8_t m = 0; m < TOY_MEMBERS; m++)
        for (enum toy_person by = TOY_ANNA; by <= TOY_BERT; by++) {
            struct signed_approval sa = good(VERB_ATTEST, by);
            sa.a.recipient = u.t.authority.recipient;
            sa.a.subject = u.t.authority.member[m].key;
            give(sa, by);
        }
    assert_int_equal(approvals_attested(&u.t, &v, hash), -1);
    u.t.authority.member[TOY_NEW].tamper_open = true;
    assert_int_equal(approvals_attested(&u.t, &v, hash), -1);
    u.t.authority.member[TOY_OLD].tamper_open = true;
    assert_int_equal(approvals_attested(&u.t, &v, hash), TOY_OLD);
    u.t.authority.holder = toy_member_key(TOY_OLD);
    assert_int_equal(approvals_attested(&u.t, &v, hash), TOY_NEW); /* whom its rule leaves alone */
    u.t.authority.holder = toy_member_key(TOY_NEW);
    u.t.authority.member[TOY_OLD].tamper_open = u.t.authority.member[TOY_NEW].tamper_open = false;
    u.t.cutover.state = HO_DECOMMISSION; /* there also for the old one, which is to go */
    assert_true(approvals_judged_here(&u.t.cutover));
    assert_int_equal(approvals_attested(&u.t, &v, hash), TOY_OLD);
    u.t.authority.holder = toy_member_key(TOY_OLD);
    assert_int_equal(approvals_attested(&u.t, &v, hash), -1);
    u.t.cutover.state = HO_FENCING;
    assert_false(approvals_judged_here(&u.t.cutover));
    assert_int_equal(approvals_attested(&u.t, &v, hash), TOY_OLD);
}

static void
once_the_new_server_holds_nobody_attests_for_a_server_that_is_connected(void **state)
{
    (void)state;
    const char *why;
    duet_to(&u, HO_PROBATION);
    struct signed_approval sa = good(VERB_ATTEST, TOY_ANNA);
    sa.a.recipient = u.t.authority.recipient;
    assert_int_equal(add(&sa, TOY_ANNA, &why), BATON_CONFLICT);
    assert_string_equal(why,
                        "that server is connected, so its agent answers for itself: challenge it");
    u.t.agent[2] = u.t.agent[TOY_OLD]; /* a seat that nobody has */
    u.t.agent[2].used = false;
    u.t.agent[TOY_OLD].connected = false;
    assert_int_equal(add(&sa, TOY_ANNA, &why), BATON_OK);
    u.t.agent[TOY_OLD].connected = true;
    u.t.cutover.state = HO_FENCING; /* there its recipient judges it, and the clock runs */
    assert_int_equal(add(&sa, TOY_ANNA, &why), BATON_OK);
}

static void
where_two_servers_are_attested_the_second_has_its_turn(void **state)
{
    (void)state;
    struct approvals_view v = now();
    struct baton_hash hash[2];
    for (uint8_t m = 0; m < TOY_MEMBERS; m++) {
        attest(m, TOY_ANNA);
        attest(m, TOY_BERT);
    }
    assert_int_equal(approvals_attested(&u.t, &v, hash), TOY_OLD);
    u.t.authority.member[TOY_OLD].attested = true;
    assert_int_equal(approvals_attested(&u.t, &v, hash), TOY_NEW);
    u.t.authority.member[TOY_NEW].attested = true;
    assert_int_equal(approvals_attested(&u.t, &v, hash), TOY_OLD); /* the same again is harmless */
}

static void
nobody_is_attested_who_stands_behind_the_last_member(void **state)
{
    (void)state;
    struct approvals_view v = now();
    struct baton_hash hash[2];
    u.t.authority.member[TOY_MEMBERS].key = toy_key(0x31); /* as an earlier record left it */
    attest(TOY_MEMBERS, TOY_ANNA);
    attest(TOY_MEMBERS, TOY_BERT);
    assert_int_equal(approvals_attested(&u.t, &v, hash), -1);
}

static void
an_approval_behind_the_last_one_counts_for_nothing(void **state)
{
    (void)state;
    static const enum approval_verb verbs[] = {VERB_CUTOVER, VERB_RETIRE, VERB_ATTEST};
    struct approvals_view v = now();
    struct baton_hash hash[2];
    const struct signed_approval *list[CUTOVER_APPROVALS_MAX];
    struct baton_key old_key = toy_member_key(TOY_OLD);
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        struct signed_approval sa = good(verbs[i], TOY_ANNA);
        sa.a.seen.b[0] = 1;
        sa.a.subject = verbs[i] == VERB_CUTOVER ? sa.a.subject : old_key;
        give(sa, TOY_ANNA);
        sa.a.operator= good(verbs[i], TOY_BERT).a.operator;
        give(sa, TOY_BERT);
        u.t.cutover.approval_count--; /* the second one stands there no more */
        sa = u.t.cutover.approval[u.t.cutover.approval_count - 1];
        if (verbs[i] != VERB_ATTEST)
            assert_int_equal(approvals_count(&u.t, verbs[i], &v), 1);
        assert_int_equal(approvals_alike(&u.t, &sa.a, &v, list), 1);
        if (verbs[i] != VERB_RETIRE)
            continue;
        assert_int_equal(approvals_account_gone(&u.t, &v), 1);
        assert_int_equal(approvals_leave(&u.t, &old_key, &sa.a.recipient, &v), 1);
    }
    assert_int_equal(approvals_attests(&u.t, &old_key, &v), 1);
    assert_int_equal(approvals_attested(&u.t, &v, hash), -1);
}

static void
an_alarm_overtakes_what_was_attested_of_its_server_and_nothing_else(void **state)
{
    (void)state;
    struct baton_key old_key = toy_member_key(TOY_OLD), new_key = toy_member_key(TOY_NEW);
    struct approvals_view v = now();
    attest(TOY_OLD, TOY_ANNA);
    attest(TOY_NEW, TOY_ANNA);
    attest(TOY_OLD, TOY_BERT);
    give(good(VERB_CUTOVER, TOY_BERT), TOY_BERT);
    uint32_t count = u.t.cutover.approval_count;
    struct cutover kept = u.t.cutover;
    assert_true(approvals_overtaken(&u.t.cutover, NULL));
    assert_int_equal(u.t.cutover.approval_count, count - 3);
    u.t.cutover = kept;
    assert_true(approvals_overtaken(&u.t.cutover, &old_key));
    assert_int_equal(u.t.cutover.approval_count, count - 2);
    assert_int_equal(approvals_attests(&u.t, &old_key, &v), 0);
    assert_int_equal(approvals_attests(&u.t, &new_key, &v), 1);
    assert_int_equal(approvals_count(&u.t, VERB_CUTOVER, &v), 1);
    static const struct signed_approval none;
    for (uint32_t i = count - 2; i < count; i++)
        assert_memory_equal(&u.t.cutover.approval[i], &none, sizeof none);
    assert_false(approvals_overtaken(&u.t.cutover, &old_key));
}

static bool
keeps(enum approval_verb verb)
{
    for (uint32_t i = 0; i < u.t.cutover.approval_count; i++)
        if (u.t.cutover.approval[i].a.verb == verb)
            return true;
    return false;
}

/* What each direction forgets; the rest stays. */
static void
a_fence_forgets_what_spoke_for_the_other_direction(void **state)
{
    (void)state;
    static const struct {
        enum approval_verb verb;
        bool to_new, to_old; /* is kept */
    } rows[] = {
        {VERB_PLAN, true, true},   {VERB_ADOPT, true, false},    {VERB_CUTOVER, true, false},
        {VERB_GO, false, false},   {VERB_ROLLBACK, false, true}, {VERB_ATTEST, false, false},
        {VERB_RETIRE, true, true}, {VERB_DISARM, true, true},    {VERB_READMIT, true, true},
    };
    for (int to_new = 0; to_new < 2; to_new++) {
        (void)open_ready(NULL);
        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
            give(good(rows[i].verb, TOY_ANNA), TOY_ANNA);
        approvals_drop(&u.t.cutover, to_new);
        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
            if (keeps(rows[i].verb) != (to_new ? rows[i].to_new : rows[i].to_old))
                fail_msg("%s, towards %d", approval_verb_name(rows[i].verb), to_new);
        const struct signed_approval *behind = &u.t.cutover.approval[u.t.cutover.approval_count];
        static const struct signed_approval none;
        assert_memory_equal(behind, &none, sizeof none);
    }
}

int
main(void)
{
#define AT(test) cmocka_unit_test_setup(test, open_ready)
    const struct CMUnitTest tests[] = {
        AT(an_approval_that_does_not_fit_says_what_it_does_not_fit),
        AT(every_verb_is_kept_when_it_names_this_moment),
        AT(adoption_may_name_either_server),
        AT(an_alarm_does_not_keep_a_server_from_being_readmitted),
        AT(a_server_outside_the_record_may_be_disarmed),
        AT(without_a_trust_document_nobody_has_signed_anything),
        AT(a_full_cutover_keeps_no_more_until_one_has_expired),
        AT(what_was_kept_counts_only_while_it_names_this_plan_recipient_and_verification),
        AT(a_go_counts_only_for_the_evidence_of_this_moment),
        AT(a_go_fits_no_plan_with_a_member_that_the_record_does_not_have),
        AT(a_dropped_approval_counts_no_more_though_its_bytes_are_there),
        AT(retirements_are_counted_for_whom_and_towards_whom_they_were_signed),
        AT(an_account_is_gone_by_a_retirement_that_says_what_was_seen),
        AT(alike_is_the_same_verb_server_sight_and_epoch),
        AT(once_the_new_server_holds_people_close_an_alarm_and_stand_in_for_no_holder),
        AT(once_the_new_server_holds_nobody_attests_for_a_server_that_is_connected),
        AT(two_different_people_attest_one_does_not),
        AT(as_many_attest_as_the_trust_document_asks_and_never_fewer_than_two),
        AT(an_attestation_that_agents_would_refuse_for_its_life_is_not_kept),
        AT(an_alarm_overtakes_what_was_attested_of_its_server_and_nothing_else),
        AT(nobody_is_attested_who_stands_behind_the_last_member),
        AT(an_approval_behind_the_last_one_counts_for_nothing),
        AT(where_two_servers_are_attested_the_second_has_its_turn),
        AT(a_fence_forgets_what_spoke_for_the_other_direction),
    };
#undef AT
    return cmocka_run_group_tests(tests, NULL, NULL);
}
