/* Where a person once stood without a next command: every such place has a way out, and explain names
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "duet.h"

static struct duet u;

static int
open_duet(void **state)
{
    (void)state;
    duet_open(&u);
    return 0;
}

static void
stands_in(uint8_t want)
{
    if (u.t.cutover.state == want)
        return;
    duet_tell(&u);
    fail_msg("stands in %s, not in %s", handoff_state_code((enum handoff_state)u.t.cutover.state),
             handoff_state_code((enum handoff_state)want));
}

static struct problem
explain(void)
{
    struct problem p;
    tenant_explain(&u.t, u.now_ms, toy_digest(), toy_trust(), &p);
    return p;
}

static bool
says(const struct problem *p, const char *word)
{
    for (size_t i = 0; i < p->fact_count; i++)
        if (strstr(p->fact[i].text, word) != NULL)
            return true;
    return false;
}

static void
next_is(const char *command)
{
    struct problem p = explain();
    if (strcmp(p.next, command) != 0)
        duet_tell(&u);
    assert_string_equal(p.next, command);
}

static void
works(enum handoff_event verb, const char *text)
{
    if (duet_verb(&u, verb, text) == BATON_OK)
        return;
    duet_tell(&u);
    fail_msg("%s was refused", handoff_event_name(verb));
}

/* --- two copies of one server ------------------------------------------------------------------- */

static void
a_copy_of_an_agent_holds_the_cutover_and_explain_says_whom_to_confirm(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    duet_bar(&u, TOY_NEW);
    stands_in(HO_HOLD);
    assert_true(duet_fired(&u, 203));
    assert_true(u.t.agent[TOY_NEW].barred);
    assert_int_equal(u.t.authority.member[TOY_NEW].quarantine, QUARANTINE_SESSIONS);
    u.unix_ms += 61000;
    struct problem p = explain();
    assert_true(says(&p, "is barred: two copies of it spoke"));
    assert_true(says(&p, "switch one copy off"));
    assert_non_null(strstr(p.next, "baton agent confirm contoso "));
    assert_non_null(strstr(p.next, u.t.agent[TOY_NEW].host));
    u.t.agent[TOY_NEW].barred = false; /* as a confirmation does */
    next_is("baton cutover resume contoso");
}

static void
a_copy_whose_evidence_is_needed_next_is_to_be_fenced(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    u.cut[TOY_OLD] = true;
    works(HEV_START, NULL);
    stands_in(HO_RELEASING);
    duet_bar(&u, TOY_OLD);
    stands_in(HO_FENCING);
    unsigned pages = u.pages;
    duet_bar(&u, TOY_NEW); /* the second one does not hide the first */
    stands_in(HO_FENCING);
    assert_true(u.pages > pages);
}

static void
a_copy_of_a_server_outside_any_cutover_moves_nothing(void **state)
{
    (void)state;
    duet_bar(&u, TOY_NEW);
    stands_in(HO_NONE);
    assert_true(u.t.agent[TOY_NEW].barred && u.t.agent[TOY_NEW].alarm_unix_ms != 0);
}

static void
start_by_hand(enum toy_member who)
{
    static const enum fact_id ids[] = {FACT_SERVICES_STOPPED, FACT_SERVICES_DISABLED,
                                       FACT_SERVICES_DISABLED_REGISTRY, FACT_ENGINE_GONE};
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        facts_set(&u.facts[who], ids[i], 0);
    duet_report(&u, who);
}

/* --- a new server that stands still ---------------------------------------------------------------- */

static void
last_cycle_ago(uint64_t ms)
{
    facts_set(&u.facts[TOY_NEW], FACT_LAST_CYCLE_END, (int64_t)(u.unix_ms - ms));
    duet_report(&u, TOY_NEW);
}

static void
quarantine_and_readmit(void)
{
    duet_quarantine(&u, TOY_NEW);
    stands_in(HO_HOLD);
    assert_true(fact_is(&u.facts[TOY_NEW], FACT_SERVICES_STOPPED, 1));
    struct problem p = explain();
    assert_non_null(strstr(p.next, "baton agent readmit contoso "));
    assert_true(says(&p, "only a grant starts its services again"));
    duet_tell_self(&u, TOY_NEW, VERB_READMIT);
    assert_int_equal(u.m[TOY_NEW].promise.quarantine, QUARANTINE_NONE);
    works(HEV_RESUME, NULL);
}

static void
a_stopped_new_server_with_a_young_verification_goes_forward_to_its_grant(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    last_cycle_ago(0);
    quarantine_and_readmit();
    stands_in(HO_READY);
    duet_pass(&u, 2, 2000); /* by now a running one would have made its next cycle */
    last_cycle_ago((uint64_t)u.t.info.policy.v[POLICY_READY_FRESH_MS] / 2);
    duet_to(&u, HO_ACTIVATING);
    assert_true(u.m[TOY_NEW].promise.holding);
    assert_true(fact_is(&u.facts[TOY_NEW], FACT_SERVICES_STOPPED, 0));
}

static void
a_stopped_new_server_that_is_needed_before_its_grant_is_given_up_and_freed(void **state)
{
    (void)state;
    duet_to(&u, HO_FIRST_SYNC);
    quarantine_and_readmit();
    stands_in(HO_FIRST_SYNC);
    struct problem p = explain();
    assert_string_equal(p.next, "baton cutover abandon contoso --reason '...'");
    assert_true(says(&p, "baton agent disarm contoso"));
    assert_true(says(&p, "baton cutover create contoso"));
    works(HEV_ABANDON, "it stands still");
    assert_int_equal(member_desire(&u.m[TOY_NEW]), DESIRE_STOPPED);
    duet_tell_self(&u, TOY_NEW, VERB_DISARM);
    assert_int_equal(member_desire(&u.m[TOY_NEW]), DESIRE_AS_IS);
    start_by_hand(TOY_NEW);
    duet_stage(&u, TOY_NEW, true);
    assert_true(fact_is(&u.facts[TOY_NEW], FACT_SERVICES_STOPPED, 0));
    duet_create(&u, PROFILE_PARALLEL);
    duet_to(&u, HO_DONE);
}

/* --- alarms outside the gap -------------------------------------------------------------------------- */

static void
an_alarm_is_closed_wherever_it_was_raised(void **state)
{
    (void)state;
    static const uint8_t where[] = {HO_ACTIVATING, HO_DECOMMISSION, HO_DONE};
    for (size_t i = 0; i < ARRAY_LEN(where); i++) {
        duet_open(&u);
        duet_to(&u, (enum handoff_state)where[i]);
        if (where[i] != HO_DONE) /* there the product is gone */
            start_by_hand(TOY_OLD);
        else
            u.t.authority.member[TOY_OLD].tamper_open =
                u.t.authority.member[TOY_OLD].tamper_unread = true;
        assert_true(u.t.authority.member[TOY_OLD].tamper_open);
        assert_int_equal(duet_verb(&u, HEV_ACK_TAMPER, NULL), BATON_WAITING);
        assert_string_equal(u.d.problem.next, "baton cutover challenge contoso");
        struct baton_hash holder = u.t.authority.member[TOY_NEW].evidence;
        works(HEV_CHALLENGE, NULL);
        duet_pass(&u, 3, 1200);
        assert_false(u.t.authority.member[TOY_OLD].tamper_open);
        assert_true(baton_hash_eq(&holder, &u.t.authority.member[TOY_NEW].evidence));
        assert_int_equal(u.t.authority.phase, AUTH_HELD);
        works(HEV_ACK_TAMPER, NULL);
        assert_int_equal(duet_verb(&u, HEV_CHALLENGE, NULL), BATON_REFUSED);
    }
}

/* --- a breach before anything was verified ----------------------------------------------------------- */

static void
close_the_alarm(void)
{
    next_is("baton cutover challenge contoso");
    works(HEV_CHALLENGE, NULL);
    duet_pass(&u, 3, 1200);
    next_is("baton cutover acknowledge contoso");
    works(HEV_ACK_TAMPER, NULL);
    next_is("baton cutover resume contoso");
}

static void
two_approve(enum approval_verb verb)
{
    assert_int_equal(duet_approve(&u, verb, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_approve(&u, verb, TOY_BERT), BATON_OK);
}

static void
a_breach_before_the_verification_goes_forward_through_the_gap(void **state)
{
    (void)state;
    duet_to(&u, HO_FIRST_SYNC);
    duet_stage(&u, TOY_NEW, false);
    stands_in(HO_BREACH);
    close_the_alarm();
    struct problem p = explain();
    assert_true(says(&p, "no way back to the old server"));
    assert_true(says(&p, "baton cutover accept contoso"));
    assert_int_equal(duet_verb(&u, HEV_ROLLBACK, NULL), BATON_NO_RULE);
    assert_int_equal(duet_verb(&u, HEV_FENCE, NULL), BATON_WAITING);
    works(HEV_ACCEPT, "forward, whatever it holds");
    two_approve(VERB_CUTOVER);
    next_is("baton cutover fence contoso");
    works(HEV_FENCE, NULL);
    duet_pass(&u, 4, 1200);
    stands_in(HO_GAP);
    assert_int_equal(duet_verb(&u, HEV_GO, NULL), BATON_REFUSED);
    assert_int_equal(u.d.problem.guard, G_GO_STANDS); /* a fence, no grant */
    works(HEV_REVERIFY, NULL);
    assert_int_equal(duet_verb(&u, HEV_ACCEPT, NULL), BATON_REFUSED); /* not without a reason */
    works(HEV_ACCEPT, "only its grant starts it; the threshold of the product holds");
    two_approve(VERB_CUTOVER);
    duet_to(&u, HO_DONE);
    assert_int_equal(u.t.cutover.grade, 'X');
}

static void
what_cannot_be_verified_is_not_taken_as_it_is_while_a_way_leads_back(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    toy_facts_stop(&u.facts[TOY_NEW]);
    facts_set(&u.facts[TOY_NEW], FACT_PENDING_DELETES, 900);
    duet_report(&u, TOY_NEW);
    works(HEV_REVERIFY, NULL);
    assert_int_equal(duet_verb(&u, HEV_ACCEPT, "go on"), BATON_REFUSED);
    assert_int_equal(u.d.problem.guard, G_DIFF);
}

/* --- the old server uninstalled while nobody exports -------------------------------------------------- */

static void
uninstall_old(void)
{
    static const enum fact_id gone[] = {FACT_SERVICES_STOPPED, FACT_SERVICES_DISABLED,
                                        FACT_SERVICES_DISABLED_REGISTRY, FACT_TASKS_DISABLED};
    struct facts *f = &u.facts[TOY_OLD];
    facts_set(f, FACT_PRODUCT_PRESENT, 0);
    facts_set(f, FACT_SERVICES_PRESENT, 0);
    facts_set(f, FACT_ENGINE_GONE, 1);
    for (size_t i = 0; i < ARRAY_LEN(gone); i++)
        facts_absent(f, gone[i], ABSENT_NO_PRODUCT);
    duet_report(&u, TOY_OLD);
}

static void
an_old_server_that_is_uninstalled_in_the_gap_proves_that_and_go_follows(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    uninstall_old();
    duet_pass(&u, 3, 1200);
    works(HEV_GO, NULL);
    duet_pass(&u, 3, 200);
    assert_int_equal(u.t.authority.member[TOY_OLD].kind, KIND_REMOVED);
    assert_int_equal(duet_approve(&u, VERB_GO, TOY_CLEO), BATON_OK);
    stands_in(HO_GRANTING);
    duet_to(&u, HO_DONE);
}

/* --- what stands behind a fence and a probation ----------------------------------------------------- */

static void
the_fence_ladder_counts_the_people_who_attest(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    u.cut[TOY_OLD] = true;
    works(HEV_START, NULL);
    duet_pass(&u, 3, 1200);
    works(HEV_FENCE, NULL);
    stands_in(HO_FENCING);
    struct problem p = explain();
    assert_true(says(&p, "0 of 2 people attest for it"));
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_ANNA), BATON_OK);
    p = explain();
    assert_true(says(&p, "1 of 2 people attest for it"));
    assert_false(says(&p, "NEW: 0 of 2"));
}

static void
cycles_from_before_a_breach_or_from_staging_do_not_shorten_the_probation(void **state)
{
    (void)state;
    int64_t needed;
    duet_to(&u, HO_PROBATION);
    needed = u.t.info.policy.v[POLICY_PROBATION_CYCLES_COUNT];
    facts_set(&u.facts[TOY_NEW], FACT_GOOD_CYCLES, 40 + needed - 1);
    u.t.cutover.cycles_before = 40;
    duet_export(&u, TOY_OLD);
    facts_set(&u.facts[TOY_OLD], FACT_STOPPED_AT, (int64_t)u.unix_ms + 1); /* by its guard */
    stands_in(HO_BREACH);
    assert_string_equal(explain().title,
                        "the old server exported after it had proved that it stopped");
    next_is("baton cutover challenge contoso");
    works(HEV_CHALLENGE, NULL);
    duet_pass(&u, 3, 1200);
    works(HEV_ACK_TAMPER, NULL);
    works(HEV_RESUME, NULL);
    stands_in(HO_PROBATION);
    assert_int_equal(u.t.cutover.cycles_before, 40 + needed - 1);
    facts_set(&u.facts[TOY_NEW], FACT_GOOD_CYCLES, needed); /* a week later the history is purged */
    duet_pass(&u, 30, 1200);
    stands_in(HO_PROBATION);
    facts_set(&u.facts[TOY_NEW], FACT_GOOD_CYCLES, 2 * needed);
    duet_pass(&u, 30, 1200);
    assert_int_not_equal(u.t.cutover.state, HO_PROBATION);
}

static enum baton_status
approve_for(enum toy_member subject, enum approval_verb verb)
{
    struct signed_approval sa =
        toy_approval(verb, TOY_ANNA, subject, u.t.authority.epoch); /* of any plan or of none */
    const char *why;
    struct approvals_view v = {toy_trust(), toy_digest(), 0};
    memset(sa.a.member, 0, sizeof sa.a.member);
    sa.a.subject = toy_member_key(subject);
    sa.a.plan = (struct baton_hash){{0}};
    toy_sign_approval(&sa, TOY_ANNA);
    return approvals_add(&u.t, &sa, &v, &why);
}

static void
a_server_is_disarmed_or_readmitted_outside_any_plan_but_not_under_its_open_alarm(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    works(HEV_ABANDON, "later");
    duet_create(&u, PROFILE_PARALLEL);
    stands_in(HO_ASSESSED); /* no plan yet */
    assert_int_equal(approve_for(TOY_NEW, VERB_READMIT), BATON_OK);
    assert_int_equal(approve_for(TOY_NEW, VERB_DISARM), BATON_OK);
    assert_int_not_equal(approve_for(TOY_NEW, VERB_PLAN), BATON_OK);
    u.t.authority.member[TOY_NEW].tamper_open = true;
    assert_int_equal(approve_for(TOY_NEW, VERB_DISARM), BATON_CONFLICT);
    assert_int_equal(approve_for(TOY_OLD, VERB_DISARM), BATON_OK);
}

static void
done_says_whether_the_guard_is_on(void **state)
{
    (void)state;
    duet_to(&u, HO_DONE);
    struct problem p = explain();
    assert_true(says(&p, "the guard on the old server goes on"));
    duet_tell_self(&u, TOY_OLD, VERB_DISARM);
    p = explain();
    assert_true(says(&p, "the guard on the old server is off"));
}

/* As revoked keys and new agents do it: nothing of what the record knows is of the keys that there are now. */
static void
enrol_anew(enum toy_member who)
{
    struct authority_member *m = &u.t.authority.member[who];
    if (baton_key_eq(&u.t.authority.holder, &m->key))
        u.t.authority.holder = toy_key((uint8_t)(0xe0 + who));
    m->key = toy_key((uint8_t)(0xe0 + who));
    u.m[who] = toy_new_member(who);
    u.m[who].promise.machine.guid = toy_id((uint8_t)(0x30 + who));
    u.t.agent[who].statement_known = false;
}

/* A record that was put back begins anew; its new server was let out of staging mode meanwhile, by hand. */
static void
an_adoption_that_the_new_server_refuses_for_ever_is_given_up_and_both_are_enrolled_anew(
    void **state)
{
    (void)state;
    duet_to(&u, HO_PLANNED);
    u.m[TOY_NEW].promise.ever_exported = true;
    duet_report(&u, TOY_NEW);
    (void)duet_approve(&u, VERB_PLAN, TOY_ANNA);
    duet_pass(&u, 1, 1200);
    stands_in(HO_HOLD);
    works(HEV_RESUME, NULL);
    stands_in(HO_EXPORT_SETTINGS);
    struct problem p = explain();
    assert_true(says(&p, "refuses every adoption"));
    assert_true(says(&p, "enrol both anew: baton agent token"));
    next_is("baton cutover abandon contoso --reason '...'");
    works(HEV_ABANDON, "it left staging mode");
    enrol_anew(TOY_OLD);
    enrol_anew(TOY_NEW);
    duet_create(&u, PROFILE_PARALLEL);
    duet_to(&u, HO_DONE);
}

static void
a_member_of_the_record_blocks_the_plan_and_explain_says_so(void **state)
{
    (void)state;
    struct plan plan;
    struct baton_id id = toy_id(1);
    duet_to(&u, HO_READY);
    works(HEV_ABANDON, "later");
    duet_create(&u, PROFILE_PARALLEL);
    next_is("baton cutover plan contoso");
    struct authority_member *third = &u.t.authority.member[u.t.authority.member_count++];
    *third = u.t.authority.member[TOY_NEW];
    third->key = toy_key(0x77); /* of a server that is enrolled and not confirmed */
    u.t.agent[2] = u.t.agent[TOY_NEW];
    u.t.agent[2].key = third->key;
    u.t.agent[2].confirmed = false;
    next_is("baton agent list --tenant contoso");
    assert_int_equal(tenant_plan(&u.t, &id, 1, &plan), BATON_REFUSED);
    u.t.agent[2].revoked = true; /* shut out: left out, and people will have to sign for that */
    assert_int_equal(tenant_plan(&u.t, &id, 1, &plan), BATON_OK);
    assert_int_equal(plan.member_count, 2);
    works(HEV_PLAN, NULL);
    assert_int_equal(duet_approve(&u, VERB_PLAN, TOY_ANNA), BATON_OK);
    works(HEV_HOLD, NULL);
}

/* It was started by hand, its guard stopped it and said so; then somebody powered it off for good. */
static void
an_old_server_that_raised_an_alarm_and_died_may_be_attested_for(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    facts_set(&u.facts[TOY_OLD], FACT_SERVICES_STOPPED, 0);
    u.cut[TOY_OLD] = false;
    duet_report(&u, TOY_OLD);
    assert_true(u.t.authority.member[TOY_OLD].tamper_open);
    u.cut[TOY_OLD] = true;
    duet_pass(&u, 3, 1200);
    works(HEV_FENCE, NULL);
    stands_in(HO_FENCING);
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_BERT), BATON_OK);
    stands_in(HO_GAP);
    assert_int_equal(duet_verb(&u, HEV_GO, NULL), BATON_WAITING);
    assert_int_equal(u.d.problem.guard, G_NO_TAMPER); /* a person has to have seen the alarm */
    assert_string_equal(u.d.problem.next, "baton cutover acknowledge contoso");
    works(HEV_ACK_TAMPER, NULL);
    works(HEV_GO, NULL);
    duet_pass(&u, 1, 200);
    assert_int_equal(duet_approve(&u, VERB_GO, TOY_CLEO), BATON_OK);
    assert_true(duet_fired(&u, 321));
}

static void
lose(enum toy_member who)
{
    struct tenant_event ev = duet_event(&u, TEV_LOST);
    ev.agent = (uint8_t)who;
    duet_feed(&u, &ev);
    u.cut[who] = true;
}

static void
come_back(enum toy_member who)
{
    struct tenant_event ev = duet_event(&u, TEV_SESSION);
    ev.agent = (uint8_t)who;
    u.cut[who] = false;
    duet_feed(&u, &ev);
}

/* Somebody started the old service again, its guard stopped it and said so, and then its machine died. */
static void
die_after_an_alarm_in_probation(void)
{
    duet_to(&u, HO_PROBATION);
    start_by_hand(TOY_OLD);
    assert_true(u.t.authority.member[TOY_OLD].tamper_open);
    lose(TOY_OLD);
}

static void
an_old_server_that_raised_an_alarm_in_probation_and_died_is_attested_for_there(void **state)
{
    (void)state;
    die_after_an_alarm_in_probation();
    works(HEV_CHALLENGE, NULL);
    duet_pass(&u, 5, 1200);
    stands_in(HO_PROBATION);
    struct problem p = explain();
    assert_true(says(&p, "it has not given evidence since"));
    assert_true(says(&p, "two sign baton cutover attest contoso --host OLD --seen FILE"));
    assert_true(says(&p, "OLD: 0 of 2 people attest for it since its alarm"));
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_verb(&u, HEV_ATTEST, NULL), BATON_WAITING); /* one person is not two */
    assert_int_equal(u.d.problem.guard, G_APPR_ATTEST);
    assert_true(u.t.authority.member[TOY_OLD].tamper_open);
    p = explain();
    assert_true(says(&p, "OLD: 1 of 2 people attest for it since its alarm"));
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_BERT), BATON_OK);
    assert_false(u.t.authority.member[TOY_OLD].tamper_open);
    assert_true(duet_fired(&u, 115));
    duet_pass(&u, 5, 1200);
    stands_in(HO_PROBATION); /* a person has to have seen the alarm */
    next_is("baton cutover acknowledge contoso");
    works(HEV_ACK_TAMPER, NULL);
    duet_to(&u, HO_DECOMMISSION);
    assert_int_equal(u.t.cutover.grade, 'C');
    assert_int_equal(u.t.authority.phase, AUTH_HELD);
}

static void
in_probation_nobody_is_attested_for_who_can_answer_raised_no_alarm_or_holds(void **state)
{
    (void)state;
    duet_to(&u, HO_PROBATION);
    struct authority_member *old = &u.t.authority.member[TOY_OLD],
                            *new = &u.t.authority.member[TOY_NEW];
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_ANNA), BATON_CONFLICT); /* it is connected */
    lose(TOY_OLD);
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_BERT), BATON_OK);
    assert_false(old->attested); /* no alarm is open */
    assert_int_equal(duet_verb(&u, HEV_ATTEST, NULL), BATON_REFUSED);
    assert_int_equal(u.d.problem.guard, G_ALARM_OPEN);
    new->tamper_open = true; /* the one that exports */
    lose(TOY_NEW);
    assert_int_equal(duet_attest(&u, TOY_NEW, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_attest(&u, TOY_NEW, TOY_BERT), BATON_OK);
    assert_true(new->tamper_open && !new->attested && !old->attested);
    new->tamper_open = false;
    old->tamper_open = true;
    u.t.authority.holder =
        toy_member_key(TOY_OLD); /* whoever exports, it is not known to be the new one */
    assert_int_equal(duet_verb(&u, HEV_ATTEST, NULL), BATON_NO_RULE);
    u.t.authority.holder = (struct baton_key){{0}};
    assert_int_equal(duet_verb(&u, HEV_ATTEST, NULL), BATON_NO_RULE);
    u.t.authority.holder = toy_member_key(TOY_NEW);
    assert_int_equal(duet_verb(&u, HEV_ATTEST, NULL), BATON_OK);
    assert_true(old->attested && !old->tamper_open);
}

static void
in_probation_what_was_attested_before_the_alarm_or_the_next_word_counts_for_nothing(void **state)
{
    (void)state;
    duet_to(&u, HO_PROBATION);
    lose(TOY_OLD);
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_BERT), BATON_OK);
    u.cut[TOY_OLD] = false;
    start_by_hand(TOY_OLD); /* its guard speaks */
    lose(TOY_OLD);
    assert_int_equal(duet_verb(&u, HEV_ATTEST, NULL), BATON_WAITING);
    assert_true(u.t.authority.member[TOY_OLD].tamper_open);
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_ANNA), BATON_OK);
    come_back(TOY_OLD); /* whom anna had given up */
    lose(TOY_OLD);
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_BERT), BATON_OK);
    assert_true(u.t.authority.member[TOY_OLD].tamper_open);
    u.cut[TOY_OLD] = false;
    duet_report(&u, TOY_OLD);
    lose(TOY_OLD);
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_ANNA), BATON_OK);
    assert_true(u.t.authority.member[TOY_OLD].tamper_open);
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_BERT), BATON_OK);
    assert_false(u.t.authority.member[TOY_OLD].tamper_open);
}

static void
an_attested_old_server_that_comes_back_and_is_started_raises_the_alarm_again(void **state)
{
    (void)state;
    die_after_an_alarm_in_probation();
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_BERT), BATON_OK);
    works(HEV_ACK_TAMPER, NULL);
    come_back(TOY_OLD);
    duet_pass(&u, 3, 1200);
    start_by_hand(TOY_OLD);
    assert_true(u.t.authority.member[TOY_OLD].tamper_open);
    assert_int_equal(duet_verb(&u, HEV_ATTEST, NULL), BATON_WAITING);
    duet_work(&u);
    duet_pass(&u, 5, 1200);
    stands_in(HO_PROBATION);
}

/* --- an old server whose machine is gone before it was retired ------------------------------------ */

static void
sign_its_account_away(void)
{
    facts_set(&u.facts[TOY_NEW], FACT_ACCOUNT_REMOVED, (int64_t)u.unix_ms);
    duet_report(&u, TOY_NEW);
}

static void
two_attest_that_it_is_gone(void)
{
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_BERT), BATON_OK);
}

static void
an_old_server_whose_machine_is_gone_is_retired_on_the_word_of_two_people_and_a_fence_outside_it(
    void **state)
{
    (void)state;
    duet_to(&u, HO_DECOMMISSION);
    lose(TOY_OLD);
    assert_int_equal(duet_approve(&u, VERB_RETIRE, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_verb(&u, HEV_RETIRE, NULL), BATON_REFUSED);
    assert_int_equal(u.d.problem.guard, G_OLD_ABSENT);
    struct problem p = explain();
    assert_true(says(&p, "OLD is not connected; should it never come back"));
    assert_true(says(&p, "OLD: 0 of 2 people attest that its machine is gone"));
    assert_true(says(&p, "and once its account is gone too: baton cutover retire contoso"));
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_verb(&u, HEV_RETIRE, NULL), BATON_REFUSED); /* one person is not two */
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_BERT), BATON_OK);
    assert_int_equal(duet_verb(&u, HEV_RETIRE, NULL), BATON_REFUSED); /* people are no fence */
    assert_int_equal(u.d.problem.guard, G_ACCOUNT_GONE);
    p = explain();
    assert_int_equal(p.guard, G_ACCOUNT_GONE);
    assert_false(says(&p, "people attest that its machine"));
    sign_its_account_away();
    next_is("baton cutover retire contoso");
    works(HEV_RETIRE, NULL);
    stands_in(HO_DONE);
    assert_false(u.t.cutover.local_fence_only);
    assert_int_equal(u.t.cutover.grade, 'C');
    assert_false(u.t.cutover_open);
    assert_true(u.m[TOY_NEW].promise.holding);
    p = explain();
    assert_true(says(&p, "people attested that the old server's machine is gone"));
    come_back(TOY_OLD); /* it was not: the order that makes its tombstone final waits for it */
    duet_uncut(&u, TOY_OLD);
    assert_true(u.t.authority.member[TOY_OLD].retired);
    p = explain();
    assert_true(says(&p, "the guard on the old server goes on"));
}

static void
people_may_sign_for_its_account_too(void **state)
{
    (void)state;
    duet_to(&u, HO_DECOMMISSION);
    lose(TOY_OLD);
    two_attest_that_it_is_gone();
    assert_int_equal(duet_account_gone(&u, TOY_ANNA), BATON_OK);
    works(HEV_RETIRE, NULL);
    stands_in(HO_DONE);
    assert_false(u.t.cutover.local_fence_only);
}

static void
a_server_that_speaks_is_not_gone_whatever_people_attested(void **state)
{
    (void)state;
    duet_to(&u, HO_DECOMMISSION);
    sign_its_account_away();
    assert_int_equal(duet_approve(&u, VERB_RETIRE, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_ANNA), BATON_CONFLICT); /* it is connected */
    lose(TOY_OLD);
    two_attest_that_it_is_gone();
    come_back(TOY_OLD);
    assert_int_equal(duet_verb(&u, HEV_RETIRE, NULL), BATON_REFUSED);
    lose(TOY_OLD);
    assert_int_equal(duet_verb(&u, HEV_RETIRE, NULL), BATON_REFUSED);
    stands_in(HO_DECOMMISSION);
    two_attest_that_it_is_gone();
    works(HEV_RETIRE, NULL);
    stands_in(HO_DONE);
}

/* Two people saw it powered off; that is not the same, and it may be needed for months. */
static void
who_was_attested_for_before_it_is_to_be_retired_is_not_gone_for_good(void **state)
{
    (void)state;
    duet_to(&u, HO_PROBATION);
    lose(TOY_OLD);
    two_attest_that_it_is_gone();
    u.t.authority.member[TOY_OLD].attested = true; /* as the fence ladder leaves it */
    duet_to(&u, HO_DECOMMISSION);
    sign_its_account_away();
    assert_int_equal(duet_approve(&u, VERB_RETIRE, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_verb(&u, HEV_RETIRE, NULL), BATON_REFUSED);
    assert_int_equal(u.d.problem.guard, G_OLD_ABSENT);
    two_attest_that_it_is_gone();
    works(HEV_RETIRE, NULL);
    stands_in(HO_DONE);
}

static void
an_alarm_of_a_server_that_is_gone_is_read_before_it_is_retired(void **state)
{
    (void)state;
    duet_to(&u, HO_DECOMMISSION);
    start_by_hand(TOY_OLD);
    lose(TOY_OLD);
    sign_its_account_away();
    assert_int_equal(duet_approve(&u, VERB_RETIRE, TOY_ANNA), BATON_OK);
    two_attest_that_it_is_gone();
    assert_false(u.t.authority.member[TOY_OLD].tamper_open);
    assert_int_equal(duet_verb(&u, HEV_RETIRE, NULL), BATON_WAITING);
    assert_int_equal(u.d.problem.guard, G_NO_TAMPER);
    stands_in(HO_DECOMMISSION);
    next_is("baton cutover acknowledge contoso");
    works(HEV_ACK_TAMPER, NULL);
    works(HEV_RETIRE, NULL);
    stands_in(HO_DONE);
}

/* The order to make its tombstone final was on its way when its machine died. */
static void
a_server_that_dies_between_its_removal_and_its_last_word_is_gone_too(void **state)
{
    (void)state;
    duet_to(&u, HO_DECOMMISSION);
    uninstall_old();
    lose(TOY_OLD);
    sign_its_account_away();
    assert_int_equal(duet_approve(&u, VERB_RETIRE, TOY_ANNA), BATON_OK);
    works(HEV_RETIRE, NULL);
    stands_in(HO_DECOMMISSION);
    two_attest_that_it_is_gone();
    works(HEV_RETIRE, NULL);
    stands_in(HO_DONE);
}

/* After a restart nothing is ordered before everybody was heard, or is attested for. */
static void
a_controller_that_starts_anew_does_not_wait_for_a_server_that_is_gone(void **state)
{
    (void)state;
    duet_to(&u, HO_DECOMMISSION);
    lose(TOY_OLD);
    sign_its_account_away();
    duet_restart(&u);
    duet_pass(&u, 2, 1200);
    assert_true(u.t.authority.recovering);
    two_attest_that_it_is_gone();
    assert_false(u.t.authority.recovering);
    assert_int_equal(duet_approve(&u, VERB_RETIRE, TOY_ANNA), BATON_OK);
    works(HEV_RETIRE, NULL);
    stands_in(HO_DONE);
}

/* Two people signed that it is off, and its guard says that somebody has just started it. */
static void
what_was_attested_before_an_alarm_does_not_close_it(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    u.cut[TOY_NEW] = true; /* so that its evidence is still missing */
    works(HEV_START, NULL);
    toy_facts_stop(&u.facts[TOY_OLD]);
    duet_pass(&u, 4, 1200);
    works(HEV_FENCE, NULL);
    stands_in(HO_FENCING);
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_BERT), BATON_OK);
    assert_true(u.t.authority.member[TOY_OLD].attested);
    facts_set(&u.facts[TOY_OLD], FACT_SERVICES_STOPPED, 0);
    duet_report(&u, TOY_OLD);
    assert_true(u.t.authority.member[TOY_OLD].tamper_open);
    assert_false(u.t.authority.member[TOY_OLD].attested);
    assert_int_equal(duet_verb(&u, HEV_ATTEST, NULL), BATON_WAITING);
    assert_int_equal(u.d.problem.guard, G_APPR_ATTEST);
    assert_true(u.t.authority.member[TOY_OLD].tamper_open);
}

/* It had proven itself, was started by hand before the other one had, and its guard stopped it again. */
static void
an_alarm_while_a_fence_waits_is_answered_by_a_challenge_and_explain_says_so(void **state)
{
    (void)state;
    static const enum fact_id ids[] = {FACT_SERVICES_STOPPED, FACT_SERVICES_DISABLED,
                                       FACT_SERVICES_DISABLED_REGISTRY, FACT_ENGINE_GONE};
    duet_to(&u, HO_ARMED);
    u.cut[TOY_NEW] = true;
    works(HEV_START, NULL);
    toy_facts_stop(&u.facts[TOY_OLD]);
    duet_pass(&u, 4, 1200);
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        facts_set(&u.facts[TOY_OLD], ids[i], 0);
    duet_report(&u, TOY_OLD);
    duet_uncut(&u, TOY_NEW);
    duet_pass(&u, 4, 1200);
    stands_in(HO_RELEASING); /* the new one has proven itself, and the old one is quiet again */
    next_is("baton cutover challenge contoso");
    works(HEV_CHALLENGE, NULL);
    duet_pass(&u, 2, 1200);
    stands_in(HO_GAP);
    works(HEV_ACK_TAMPER, NULL);
    duet_to(&u, HO_DONE);
}

/* It was away while the cutover began and was cancelled, and people had already begun to climb the ladder. */
static void
an_old_server_that_comes_back_and_still_holds_ends_the_climb(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    u.cut[TOY_OLD] = true;
    works(HEV_START, NULL);
    duet_pass(&u, 3, 1200);
    stands_in(HO_RELEASING);
    u.queued[TOY_OLD] = 0; /* the first fence never reached it */
    assert_int_equal(duet_approve(&u, VERB_ROLLBACK, TOY_ANNA), BATON_OK);
    works(HEV_ROLLBACK, "not today");
    stands_in(HO_REVOKING);
    works(HEV_FENCE, NULL);
    stands_in(HO_FENCING);
    duet_uncut(&u, TOY_OLD);
    duet_pass(&u, 3, 1200);
    assert_true(u.m[TOY_OLD].promise.holding);
    stands_in(HO_READY);
}

static void
leave_staging(void)
{
    facts_set(&u.facts[TOY_NEW], FACT_STAGING_SCHEDULER, 0);
    facts_set(&u.facts[TOY_NEW], FACT_STAGING_SETTINGS, 0);
    duet_report(&u, TOY_NEW);
}

/* In C4, where no order reaches the new server any more: its grant is given up, and live there. */
static void
lose_sight_of_a_live_grant(void)
{
    duet_to(&u, HO_GRANTING);
    u.cut[TOY_NEW] = true;
}

static void
come_back_with_the_grant(void)
{
    u.queued[TOY_NEW] = 0;
    duet_uncut(&u, TOY_NEW);
    assert_int_equal(u.m[TOY_NEW].promise.grant, GRANT_LIVE);
}

static void
a_grant_that_was_used_while_people_held_the_cutover_is_seen_when_it_goes_on(void **state)
{
    (void)state;
    lose_sight_of_a_live_grant();
    works(HEV_HOLD, "no go");
    stands_in(HO_GAP);
    works(HEV_HOLD, "and a break");
    come_back_with_the_grant();
    leave_staging();
    stands_in(HO_HOLD);
    works(HEV_RESUME, NULL);
    stands_in(HO_ACTIVATING);
    assert_true(duet_fired(&u, 324));
    duet_to(&u, HO_DONE);
}

/* Found by the simulator: it was on the record, and nobody was told. */
static void
an_alarm_after_a_cutover_was_given_up_is_paged(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    works(HEV_ABANDON, "not tonight");
    stands_in(HO_ABANDONED);
    unsigned pages = u.pages;
    leave_staging();
    duet_pass(&u, 2, 1200);
    stands_in(HO_ABANDONED);
    assert_true(u.t.authority.member[TOY_NEW].tamper_open);
    assert_true(duet_fired(&u, 504));
    assert_true(u.pages > pages);
}

static bool
says_no_grant_is_used(void)
{
    struct problem p = explain();
    return says(&p, "it uses no grant of this epoch");
}

/* A snapshot took the grant from its memory: no word of it will ever say what became of that. */
static void
a_new_server_that_was_readmitted_under_its_grant_gets_another_under_a_new_epoch(void **state)
{
    (void)state;
    lose_sight_of_a_live_grant();
    stands_in(HO_GRANTING);
    u.queued[TOY_NEW] = 0;
    u.cut[TOY_NEW] = false;
    duet_quarantine(&u, TOY_NEW);
    stands_in(HO_HOLD);
    duet_tell_self(&u, TOY_NEW, VERB_READMIT);
    works(HEV_RESUME, NULL);
    stands_in(HO_GRANTING);
    uint64_t before = u.t.authority.epoch.counter;
    assert_true(says_no_grant_is_used());
    next_is("baton cutover no-go contoso --reason '...'");
    works(HEV_NO_GO, "its memory is gone");
    stands_in(HO_GAP);
    duet_pass(&u, 2, 1200);
    assert_true(says_no_grant_is_used());
    next_is("baton cutover start contoso");
    works(HEV_START, NULL);
    assert_true(u.t.authority.epoch.counter > before);
    assert_false(says_no_grant_is_used());
    duet_to(&u, HO_DONE);
}

static void
a_grant_that_was_used_while_people_climbed_the_ladder_ends_the_climb(void **state)
{
    (void)state;
    lose_sight_of_a_live_grant();
    u.t.cutover.approval_count = 0; /* the cutover's approvals have expired */
    facts_set(&u.facts[TOY_OLD], FACT_SERVICES_STOPPED, 0);
    duet_report(&u, TOY_OLD); /* somebody started it, and its guard stopped it again */
    stands_in(HO_GAP);
    works(HEV_FENCE, NULL);
    stands_in(HO_FENCING);
    come_back_with_the_grant();
    leave_staging();
    stands_in(HO_ACTIVATING);
    assert_true(duet_fired(&u, 324));
}

static void
a_grant_that_was_used_in_a_breach_is_seen_after_it(void **state)
{
    (void)state;
    lose_sight_of_a_live_grant();
    facts_set(&u.facts[TOY_OLD], FACT_EXPORTS_TOTAL, 8); /* a forced export of the old server */
    facts_set(&u.facts[TOY_OLD], FACT_LAST_EXPORT_END, (int64_t)u.unix_ms);
    u.t.cutover.resume_to = HO_GRANTING;
    u.t.cutover.state = HO_BREACH;
    come_back_with_the_grant();
    leave_staging();
    stands_in(HO_BREACH);
    for (size_t m = 0; m < TOY_MEMBERS; m++)
        u.t.authority.member[m].tamper_open = u.t.authority.member[m].tamper_unread = false;
    works(HEV_RESUME, NULL);
    stands_in(HO_ACTIVATING);
    assert_true(duet_fired(&u, 323));
}

static void
an_old_server_that_still_holds_is_seen_when_a_held_cancel_goes_on(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    u.cut[TOY_OLD] = true;
    works(HEV_START, NULL);
    u.queued[TOY_OLD] = 0; /* the first fence never reached it */
    assert_int_equal(duet_approve(&u, VERB_ROLLBACK, TOY_ANNA), BATON_OK);
    works(HEV_ROLLBACK, "not today");
    works(HEV_HOLD, "lunch");
    duet_uncut(&u, TOY_OLD);
    duet_pass(&u, 2, 1200);
    stands_in(HO_HOLD);
    works(HEV_RESUME, NULL);
    stands_in(HO_READY);
    assert_true(duet_fired(&u, 348));
}

static void
a_rollback_whose_approval_is_gone_says_that_it_waits_for_one(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    assert_int_equal(duet_approve(&u, VERB_ROLLBACK, TOY_ANNA), BATON_OK);
    u.cut[TOY_NEW] = true;
    works(HEV_ROLLBACK, NULL);
    u.t.cutover.approval_count = 0; /* as if it had run out meanwhile */
    duet_uncut(&u, TOY_NEW);
    duet_pass(&u, 3, 1200);
    stands_in(HO_REVOKING);
    assert_string_equal(explain().title, "the rollback waits for approval");
    next_is("baton cutover rollback contoso");
}

/* Its trust document wants more people than signed: it will not change its mind by being asked. */
static void
an_old_server_that_refuses_its_grants_is_not_sent_them_for_ever(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    assert_int_equal(duet_approve(&u, VERB_ROLLBACK, TOY_ANNA), BATON_OK);
    u.cut[TOY_NEW] = true;
    works(HEV_ROLLBACK, NULL);
    stands_in(HO_REVOKING);
    uint8_t wants = u.m[TOY_OLD].trust.quorum[VERB_ROLLBACK];
    u.m[TOY_OLD].trust.quorum[VERB_ROLLBACK] = 9;
    unsigned pages = u.pages;
    duet_uncut(&u, TOY_NEW);
    duet_pass(&u, 30, 1200);
    stands_in(HO_REVOKING);
    assert_int_equal(u.t.authority.serial, 8);
    assert_in_range(u.pages - pages, 8, 10);
    struct problem p = explain();
    assert_string_equal(p.title, "the old server took none of the grants that it was sent: look "
                                 "why, then fence it anew");
    assert_true(says(&p, "grants sent in this epoch: 8"));
    next_is("baton cutover rollback contoso");
    u.m[TOY_OLD].trust.quorum[VERB_ROLLBACK] = wants;
    assert_int_equal(duet_approve(&u, VERB_ROLLBACK, TOY_BERT), BATON_OK);
    works(HEV_ROLLBACK, NULL);
    duet_pass(&u, 4, 1200);
    stands_in(HO_RESTORING);
    assert_int_equal(u.t.authority.serial, 1);
    assert_true(u.m[TOY_OLD].promise.holding);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_rollback_whose_approval_is_gone_says_that_it_waits_for_one,
                               open_duet),
        cmocka_unit_test_setup(an_old_server_that_refuses_its_grants_is_not_sent_them_for_ever,
                               open_duet),
        cmocka_unit_test_setup(
            a_grant_that_was_used_while_people_held_the_cutover_is_seen_when_it_goes_on, open_duet),
        cmocka_unit_test_setup(an_alarm_after_a_cutover_was_given_up_is_paged, open_duet),
        cmocka_unit_test_setup(
            a_new_server_that_was_readmitted_under_its_grant_gets_another_under_a_new_epoch,
            open_duet),
        cmocka_unit_test_setup(a_grant_that_was_used_while_people_climbed_the_ladder_ends_the_climb,
                               open_duet),
        cmocka_unit_test_setup(a_grant_that_was_used_in_a_breach_is_seen_after_it, open_duet),
        cmocka_unit_test_setup(an_old_server_that_still_holds_is_seen_when_a_held_cancel_goes_on,
                               open_duet),
        cmocka_unit_test_setup(an_old_server_that_comes_back_and_still_holds_ends_the_climb,
                               open_duet),
        cmocka_unit_test_setup(
            an_alarm_while_a_fence_waits_is_answered_by_a_challenge_and_explain_says_so, open_duet),
        cmocka_unit_test_setup(an_old_server_that_raised_an_alarm_and_died_may_be_attested_for,
                               open_duet),
        cmocka_unit_test_setup(what_was_attested_before_an_alarm_does_not_close_it, open_duet),
        cmocka_unit_test_setup(
            an_old_server_whose_machine_is_gone_is_retired_on_the_word_of_two_people_and_a_fence_outside_it,
            open_duet),
        cmocka_unit_test_setup(people_may_sign_for_its_account_too, open_duet),
        cmocka_unit_test_setup(a_server_that_speaks_is_not_gone_whatever_people_attested,
                               open_duet),
        cmocka_unit_test_setup(who_was_attested_for_before_it_is_to_be_retired_is_not_gone_for_good,
                               open_duet),
        cmocka_unit_test_setup(an_alarm_of_a_server_that_is_gone_is_read_before_it_is_retired,
                               open_duet),
        cmocka_unit_test_setup(a_server_that_dies_between_its_removal_and_its_last_word_is_gone_too,
                               open_duet),
        cmocka_unit_test_setup(
            a_controller_that_starts_anew_does_not_wait_for_a_server_that_is_gone, open_duet),
        cmocka_unit_test_setup(
            an_old_server_that_raised_an_alarm_in_probation_and_died_is_attested_for_there,
            open_duet),
        cmocka_unit_test_setup(
            in_probation_nobody_is_attested_for_who_can_answer_raised_no_alarm_or_holds, open_duet),
        cmocka_unit_test_setup(
            in_probation_what_was_attested_before_the_alarm_or_the_next_word_counts_for_nothing,
            open_duet),
        cmocka_unit_test_setup(
            an_attested_old_server_that_comes_back_and_is_started_raises_the_alarm_again,
            open_duet),
        cmocka_unit_test_setup(
            a_copy_of_an_agent_holds_the_cutover_and_explain_says_whom_to_confirm, open_duet),
        cmocka_unit_test_setup(a_copy_whose_evidence_is_needed_next_is_to_be_fenced, open_duet),
        cmocka_unit_test_setup(a_copy_of_a_server_outside_any_cutover_moves_nothing, open_duet),
        cmocka_unit_test_setup(
            a_stopped_new_server_with_a_young_verification_goes_forward_to_its_grant, open_duet),
        cmocka_unit_test_setup(
            a_stopped_new_server_that_is_needed_before_its_grant_is_given_up_and_freed, open_duet),
        cmocka_unit_test_setup(an_alarm_is_closed_wherever_it_was_raised, open_duet),
        cmocka_unit_test_setup(a_breach_before_the_verification_goes_forward_through_the_gap,
                               open_duet),
        cmocka_unit_test_setup(what_cannot_be_verified_is_not_taken_as_it_is_while_a_way_leads_back,
                               open_duet),
        cmocka_unit_test_setup(
            an_old_server_that_is_uninstalled_in_the_gap_proves_that_and_go_follows, open_duet),
        cmocka_unit_test_setup(the_fence_ladder_counts_the_people_who_attest, open_duet),
        cmocka_unit_test_setup(
            cycles_from_before_a_breach_or_from_staging_do_not_shorten_the_probation, open_duet),
        cmocka_unit_test_setup(
            a_server_is_disarmed_or_readmitted_outside_any_plan_but_not_under_its_open_alarm,
            open_duet),
        cmocka_unit_test_setup(
            an_adoption_that_the_new_server_refuses_for_ever_is_given_up_and_both_are_enrolled_anew,
            open_duet),
        cmocka_unit_test_setup(a_member_of_the_record_blocks_the_plan_and_explain_says_so,
                               open_duet),
        cmocka_unit_test_setup(done_says_whether_the_guard_is_on, open_duet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
