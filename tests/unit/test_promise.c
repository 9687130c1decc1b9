/* What an agent promises, what it refuses, and what it never forgets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/canon.h"
#include "toy.h"

/* One member, its newest facts and the words of the last step. */
struct stage {
    enum toy_member who;
    struct member m;
    struct facts facts;
    struct member_out out;
    uint64_t now;
};

static void
stage_open(struct stage *s, enum toy_member who)
{
    s->who = who;
    s->m = toy_new_member(who);
    s->facts = toy_facts(who);
    s->now = 10000;
}

static void
step(struct stage *s, struct member_event ev)
{
    s->now += 1500; /* more than the lab's observation gap */
    ev.now_ms = s->now;
    ev.now_unix_ms = 1000000 + s->now;
    ev.began_ms = s->now;
    member_step(&s->m, &ev, toy_digest(), &s->out);
}

static struct statement
last_word(const struct stage *s)
{
    struct statement w;
    assert_true(s->out.word_count > 0);
    const struct member_word *word = &s->out.word[s->out.word_count - 1];
    assert_int_equal(statement_decode(word->bytes, word->len, &w), BATON_OK);
    return w;
}

static struct statement
give(struct stage *s, struct order o)
{
    step(s, (struct member_event){.kind = MEMBER_ORDER, .order = &o});
    return last_word(s);
}

static void
observe(struct stage *s)
{
    step(s, (struct member_event){.kind = MEMBER_OBSERVED, .facts = &s->facts});
}

static void
adopt(struct stage *s)
{
    observe(s);
    assert_int_not_equal(give(s, toy_adopt(toy_epoch(1))).type, SAY_REFUSED);
}

/* Brings this member to evidence for (e, recipient); the signed word in *ret. */
static struct statement
prove_quiet(struct stage *s, struct epoch e)
{
    struct order c = toy_challenge(e, 0x21);
    step(s, (struct member_event){.kind = MEMBER_ORDER, .order = &c});
    observe(s);
    if (s->out.word_count == 0)
        observe(s);
    return last_word(s);
}

static struct signed_bytes
old_evidence(struct stage *s, struct epoch e)
{
    stage_open(s, TOY_OLD);
    adopt(s);
    give(s, toy_fence(e, TOY_NEW));
    toy_facts_stop(&s->facts);
    observe(s);
    assert_int_equal(prove_quiet(s, e).type, SAY_EVIDENCE);
    return toy_sign_word(TOY_OLD, &s->out.word[s->out.word_count - 1]);
}

static struct signed_bytes
new_evidence(struct stage *s, struct epoch e, enum toy_member recipient)
{
    stage_open(s, TOY_NEW);
    adopt(s);
    give(s, toy_fence(e, recipient));
    observe(s);
    assert_int_equal(prove_quiet(s, e).type, SAY_EVIDENCE);
    return toy_sign_word(TOY_NEW, &s->out.word[0]);
}

/* A look that began at began_ms and is delivered now. */
static void
observe_begun(struct stage *s, uint64_t began_ms)
{
    s->now += 1500;
    struct member_event ev = {.kind = MEMBER_OBSERVED,
                              .facts = &s->facts,
                              .now_ms = s->now,
                              .now_unix_ms = 1000000 + s->now,
                              .began_ms = began_ms};
    member_step(&s->m, &ev, toy_digest(), &s->out);
}

static void
take_away_product(struct facts *f)
{
    static const enum fact_id gone[] = {FACT_SERVICES_STOPPED, FACT_SERVICES_DISABLED,
                                        FACT_SERVICES_DISABLED_REGISTRY, FACT_STOPPED_AT};
    for (size_t i = 0; i < ARRAY_LEN(gone); i++)
        facts_absent(f, gone[i], ABSENT_NO_PRODUCT);
    facts_set(f, FACT_PRODUCT_PRESENT, 0);
    facts_set(f, FACT_SERVICES_PRESENT, 0);
    facts_set(f, FACT_SETTINGS_SEALED, 1);
}

/* OLD after a rollback: it holds by a grant, and its services are still to be started. */
static void
roll_back(struct stage *old)
{
    struct stage new;
    old_evidence(old, toy_epoch(2));
    give(old, toy_fence(toy_epoch(3), TOY_OLD));
    observe(old);
    assert_int_equal(prove_quiet(old, toy_epoch(3)).type, SAY_EVIDENCE);
    struct signed_bytes evidence = new_evidence(&new, toy_epoch(3), TOY_OLD);
    assert_int_equal(give(old, toy_grant(toy_epoch(3), TOY_OLD, 1, &evidence)).type, SAY_USED);
}

static void
adoption_makes_the_exporter_the_holder(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    observe(&s);
    struct statement w = give(&s, toy_adopt(toy_epoch(1)));
    assert_int_equal(w.type, SAY_HOLDING);
    assert_true(w.holding && epoch_eq(&w.holding_epoch, &w.epoch));
    assert_int_equal(member_desire(&s.m), DESIRE_AS_IS);
}

static void
adoption_arms_the_guard_of_everybody_else(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_NEW);
    observe(&s);
    struct statement w = give(&s, toy_adopt(toy_epoch(1)));
    assert_int_equal(w.type, SAY_ACCEPTED);
    assert_true(w.armed);
    assert_false(w.holding || w.tombstone);
}

static void
a_server_that_does_not_export_is_not_adopted_as_holder(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    toy_facts_stop(&s.facts);
    observe(&s);
    assert_int_equal(give(&s, toy_adopt(toy_epoch(1))).refusal, REFUSE_NOT_EXPORTING);
}

static void
two_exporters_are_refused_at_adoption(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_NEW);
    facts_set(&s.facts, FACT_STAGING_SCHEDULER, 0);
    observe(&s);
    assert_int_equal(give(&s, toy_adopt(toy_epoch(1))).refusal, REFUSE_EXPORTING);
    assert_true(epoch_is_zero(&s.m.promise.epoch));
}

static void
a_fenced_server_cannot_be_adopted_back(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    struct order o = toy_adopt(toy_epoch(3));
    o.approval_count = 0;
    o.approval[o.approval_count++] = toy_approval(VERB_ADOPT, TOY_ANNA, TOY_OLD, toy_epoch(2));
    o.approval[o.approval_count++] = toy_approval(VERB_ADOPT, TOY_BERT, TOY_OLD, toy_epoch(2));
    assert_int_equal(give(&s, o).refusal, REFUSE_GUARDED);
}

static void
a_fence_towards_another_is_a_tombstone_and_a_stop(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    struct statement w = give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    assert_int_equal(w.type, SAY_ACCEPTED);
    assert_true(w.tombstone);
    assert_false(w.holding);
    assert_int_equal(member_desire(&s.m), DESIRE_STOPPED);
    assert_true(s.out.changed && s.out.plan_changed && s.out.observe_now);
}

static void
a_recipient_that_holds_keeps_running(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    struct statement w = give(&s, toy_fence(toy_epoch(2), TOY_OLD));
    assert_int_equal(w.type, SAY_HOLDING);
    assert_true(epoch_eq(&w.holding_epoch, &w.epoch));
    assert_int_equal(member_desire(&s.m), DESIRE_AS_IS);
}

static void
a_service_that_merely_runs_is_not_holding(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW)); /* the role is gone; the service still runs */
    struct statement w = give(&s, toy_fence(toy_epoch(3), TOY_OLD));
    assert_int_not_equal(w.type, SAY_HOLDING);
    assert_false(w.holding);
    assert_int_equal(member_desire(&s.m), DESIRE_STOPPED);
}

static void
an_epoch_that_is_not_above_is_stale(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(5), TOY_NEW));
    assert_int_equal(give(&s, toy_fence(toy_epoch(4), TOY_OLD)).refusal, REFUSE_STALE);
    assert_true(s.m.promise.epoch.counter == 5);
}

static void
the_same_epoch_for_another_recipient_is_refused(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    assert_int_equal(give(&s, toy_fence(toy_epoch(2), TOY_OLD)).refusal, REFUSE_OTHER_RECIPIENT);
}

static void
the_same_fence_again_is_answered_again(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    struct promise before = s.m.promise;
    struct statement w = give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    assert_int_equal(w.type, SAY_ACCEPTED);
    assert_true(epoch_eq(&before.epoch, &s.m.promise.epoch));
    assert_false(s.out.plan_changed);
}

static void
a_counter_that_jumps_too_far_is_refused(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    struct order near = toy_fence(toy_epoch(1 + EPOCH_JUMP_MAX), TOY_NEW);
    struct order far = toy_fence(toy_epoch(2 + EPOCH_JUMP_MAX), TOY_NEW);
    near.approval[0] = toy_approval(VERB_CUTOVER, TOY_ANNA, TOY_NEW, toy_epoch(1));
    assert_int_equal(give(&s, far).refusal, REFUSE_JUMP);
    assert_int_equal(give(&s, near).type, SAY_ACCEPTED);
}

static void
one_person_is_not_two(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    struct order o = toy_fence(toy_epoch(2), TOY_NEW);
    o.approval[1] = toy_approval(VERB_CUTOVER, TOY_ANNA, TOY_NEW, toy_epoch(2));
    assert_int_equal(give(&s, o).refusal, REFUSE_APPROVALS);
}

static void
an_approval_from_before_another_promise_is_refused(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    give(&s, toy_fence(toy_epoch(3), TOY_OLD));
    struct order o = toy_fence(toy_epoch(4), TOY_NEW);
    o.approval[0] = toy_approval(VERB_CUTOVER, TOY_ANNA, TOY_NEW, toy_epoch(1));
    o.approval[1] = toy_approval(VERB_CUTOVER, TOY_BERT, TOY_NEW, toy_epoch(1));
    assert_int_equal(give(&s, o).refusal, REFUSE_APPROVALS);
}

static void
an_expired_approval_is_refused(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    struct order o = toy_fence(toy_epoch(2), TOY_NEW);
    o.approval[0].a.not_after_ms = 5;
    toy_sign_approval(&o.approval[0], TOY_ANNA);
    assert_int_equal(give(&s, o).refusal, REFUSE_APPROVALS);
}

static void
expiry_never_refuses_a_fence_that_carries_the_holders_own_word(void **state)
{
    (void)state;
    struct stage old, new;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    new_evidence(&new, toy_epoch(2), TOY_NEW);
    assert_int_equal(give(&new, toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence)).type, SAY_GRANTED);
    facts_set(&new.facts, FACT_STAGING_SCHEDULER, 0);
    observe(&new);
    assert_int_equal(last_word(&new).type, SAY_USED);
    struct signed_bytes word = toy_sign_word(TOY_NEW, &new.out.word[0]);

    struct stage back; /* a member that was away the whole time */
    stage_open(&back, TOY_OLD);
    adopt(&back);
    struct order o = toy_fence(toy_epoch(2), TOY_NEW);
    for (int i = 0; i < 2; i++) {
        o.approval[i].a.not_after_ms = 5;
        toy_sign_approval(&o.approval[i], (enum toy_person)i);
    }
    assert_int_equal(give(&back, o).refusal, REFUSE_APPROVALS);
    o.shown = word;
    assert_int_equal(give(&back, o).type, SAY_ACCEPTED);
}

static void
an_unconfirmed_key_in_the_plan_is_refused(void **state)
{
    (void)state;
    struct stage s;
    static uint8_t bytes[PLAN_BYTES_MAX];
    stage_open(&s, TOY_OLD);
    observe(&s);
    struct plan p = *toy_plan();
    p.member[TOY_NEW].confirmation.b[0] ^= 1;
    struct order o = toy_adopt(toy_epoch(1));
    assert_int_equal(plan_encode(&p, bytes, sizeof bytes, &o.plan_len), BATON_OK);
    o.plan = bytes;
    assert_int_equal(give(&s, o).refusal, REFUSE_UNCONFIRMED);
}

/* The order under another plan, its approvals signed again for that plan. */
static void
under_plan(struct order *o, const struct plan *p, uint8_t bytes[PLAN_BYTES_MAX])
{
    assert_int_equal(plan_encode(p, bytes, PLAN_BYTES_MAX, &o->plan_len), BATON_OK);
    o->plan = bytes;
    for (size_t i = 0; i < o->approval_count; i++) {
        struct approval *a = &o->approval[i].a;
        toy_hash(bytes, o->plan_len, 1, &a->plan);
        for (size_t m = 0; m < MEMBERS_MAX; m++)
            a->member[m] = m < p->member_count ? p->member[m].key : (struct baton_key){{0}};
        for (int who = 0; who < TOY_PEOPLE; who++) {
            struct signed_approval named =
                toy_approval(VERB_PLAN, (enum toy_person)who, TOY_OLD, toy_epoch(1));
            if (baton_id_eq(&named.a.operator, & a->operator))
                toy_sign_approval(&o->approval[i], (enum toy_person)who);
        }
    }
}

/* A plan under a verification policy, and its text beside it. */
static const char policy_text[] = "preset: parity\n";
static bool policy_readable;

static enum baton_status
reads_limits(const struct plan *p, const uint8_t *text, size_t len, const struct digest_port *dp,
             struct baton_err *err)
{
    (void)p;
    (void)dp;
    assert_int_equal(len, strlen(policy_text));
    assert_memory_equal(text, policy_text, len);
    return policy_readable ? BATON_OK : baton_fail(err, BATON_MALFORMED, "near line 1: strange");
}

static struct order
adopt_under_policy(struct stage *s, uint8_t bytes[PLAN_BYTES_MAX])
{
    struct order o = toy_adopt(toy_epoch(1));
    struct plan p = *toy_plan();
    toy_hash(policy_text, strlen(policy_text), 1, &p.limits);
    under_plan(&o, &p, bytes);
    o.limits = (const uint8_t *)policy_text;
    o.limits_len = strlen(policy_text);
    policy_readable = true;
    s->m.reads_limits = reads_limits;
    return o;
}

static void
a_policy_that_is_not_the_plans_is_refused(void **state)
{
    (void)state;
    struct stage s;
    static uint8_t bytes[PLAN_BYTES_MAX];
    stage_open(&s, TOY_OLD);
    observe(&s);
    struct order good = adopt_under_policy(&s, bytes), o = good;
    o.limits = (const uint8_t *)"preset: parity\t";
    assert_int_equal(give(&s, o).refusal, REFUSE_LIMITS);
    o.limits_len = 0;
    assert_int_equal(give(&s, o).refusal, REFUSE_LIMITS);
    o = toy_adopt(toy_epoch(1)); /* this plan names none */
    o.limits = good.limits;
    o.limits_len = good.limits_len;
    assert_int_equal(give(&s, o).refusal, REFUSE_LIMITS);
    assert_false(s.m.plan_known);
    assert_int_equal(give(&s, good).type, SAY_HOLDING);
    assert_true(s.out.plan_changed);
}

static void
a_policy_that_this_version_cannot_read_is_refused_and_the_place_is_said(void **state)
{
    (void)state;
    struct stage s;
    static uint8_t bytes[PLAN_BYTES_MAX];
    stage_open(&s, TOY_OLD);
    observe(&s);
    struct order o = adopt_under_policy(&s, bytes);
    policy_readable = false;
    struct statement w = give(&s, o);
    assert_int_equal(w.refusal, REFUSE_LIMITS);
    assert_string_equal(w.facts.note, "near line 1: strange");
    s.m.reads_limits = NULL; /* a build without a reader */
    assert_int_equal(give(&s, o).refusal, REFUSE_LIMITS);
    assert_false(s.m.plan_known);
}

/* An agent that was put back to an older version must still let itself be fenced. */
static void
a_policy_that_was_kept_once_is_not_judged_again(void **state)
{
    (void)state;
    struct stage s;
    static uint8_t bytes[PLAN_BYTES_MAX];
    stage_open(&s, TOY_OLD);
    observe(&s);
    struct order o = adopt_under_policy(&s, bytes);
    assert_int_equal(give(&s, o).type, SAY_HOLDING);
    policy_readable = false;
    struct order f = toy_fence(toy_epoch(2), TOY_NEW);
    under_plan(&f, &s.m.plan, bytes);
    f.limits = o.limits;
    f.limits_len = o.limits_len;
    assert_int_equal(give(&s, f).type, SAY_ACCEPTED);
    f.epoch = toy_epoch(3);
    f.limits_len = 0;
    assert_int_equal(give(&s, f).refusal, REFUSE_LIMITS);
}

static void
a_lab_plan_is_refused_by_a_real_server(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    observe(&s);
    s.m.lab_host = false;
    assert_int_equal(give(&s, toy_adopt(toy_epoch(1))).refusal, REFUSE_LAB);
}

static void
a_plan_that_forgets_a_member_is_refused(void **state)
{
    (void)state;
    struct stage s;
    static uint8_t bytes[PLAN_BYTES_MAX];
    stage_open(&s, TOY_NEW);
    adopt(&s);
    struct plan p = *toy_plan();
    p.member[0] = p.member[TOY_NEW];
    p.member_count = 1;
    p.holder = p.recipient = 0;
    struct order o = toy_fence(toy_epoch(2), TOY_NEW);
    assert_int_equal(plan_encode(&p, bytes, sizeof bytes, &o.plan_len), BATON_OK);
    o.plan = bytes;
    assert_int_equal(give(&s, o).refusal, REFUSE_MEMBERS);
}

/* ---- memory that was lost or is older than the machine -------------------------------------------- */

static struct signed_approval
about_old(const struct stage *s, enum approval_verb verb, enum toy_person by, uint64_t base)
{
    struct signed_approval sa = toy_approval(verb, by, TOY_OLD, toy_epoch(base));
    sa.a.subject = toy_member_key(TOY_OLD);
    if (verb == VERB_READMIT)
        machine_digest(&s->m.promise.machine, toy_digest(), &sa.a.seen);
    toy_sign_approval(&sa, by);
    return sa;
}

static struct statement
tell(struct stage *s, const struct signed_approval *approvals, size_t count)
{
    struct order o = {.verb = ORDER_STATUS, .id = toy_id(9), .tenant = toy_tenant()};
    for (size_t i = 0; i < count; i++)
        o.approval[o.approval_count++] = approvals[i];
    return give(s, o);
}

static void
disarm_and_readmit_take_as_many_people_as_the_trust_document_says(void **state)
{
    (void)state;
    struct stage s;
    old_evidence(&s, toy_epoch(2));
    s.m.trust.quorum[VERB_DISARM] = s.m.trust.quorum[VERB_READMIT] = 2;
    struct signed_approval disarm[3], readmit[2];
    disarm[0] = disarm[1] = about_old(&s, VERB_DISARM, TOY_ANNA, 2);
    disarm[2] = about_old(&s, VERB_DISARM, TOY_BERT, 2);
    assert_true(tell(&s, disarm, 2).armed);
    assert_false(tell(&s, disarm, 3).armed);

    promise_quarantine(&s.m.promise, QUARANTINE_MACHINE);
    readmit[0] = about_old(&s, VERB_READMIT, TOY_ANNA, 2);
    readmit[1] = about_old(&s, VERB_READMIT, TOY_BERT, 2);
    assert_int_equal(tell(&s, readmit, 1).quarantine, QUARANTINE_MACHINE);
    assert_int_equal(tell(&s, readmit, 2).quarantine, QUARANTINE_NONE);
}

static void
disarm_names_this_agent_its_promise_and_no_open_alarm(void **state)
{
    (void)state;
    struct stage s;
    old_evidence(&s, toy_epoch(2));
    struct signed_approval sa = about_old(&s, VERB_DISARM, TOY_ANNA, 1);
    assert_true(tell(&s, &sa, 1).armed);
    sa = about_old(&s, VERB_DISARM, TOY_ANNA, 2);
    sa.a.subject = toy_member_key(TOY_NEW);
    toy_sign_approval(&sa, TOY_ANNA);
    assert_true(tell(&s, &sa, 1).armed);
    sa = about_old(&s, VERB_DISARM, TOY_ANNA, 2);
    sa.a.tenant = toy_id(1);
    toy_sign_approval(&sa, TOY_ANNA);
    assert_true(tell(&s, &sa, 1).armed);
    sa = about_old(&s, VERB_DISARM, TOY_ANNA, 2);
    s.m.promise.tamper_open = true;
    assert_true(tell(&s, &sa, 1).armed);
    s.m.promise.tamper_open = false;
    assert_false(tell(&s, &sa, 1).armed);
}

static void
readmit_raises_the_promise_to_the_record(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD); /* reverted to before everything that it promised above 1 */
    adopt(&s);
    promise_quarantine(&s.m.promise, QUARANTINE_MACHINE);
    struct signed_approval sa = about_old(&s, VERB_READMIT, TOY_ANNA, 5);
    struct statement w = tell(&s, &sa, 1);
    assert_int_equal(w.quarantine, QUARANTINE_NONE);
    assert_int_equal(w.epoch.counter, 5);
    assert_int_equal(give(&s, toy_fence(toy_epoch(4), TOY_NEW)).refusal, REFUSE_STALE);
    assert_int_equal(give(&s, toy_fence(toy_epoch(5), TOY_OLD)).refusal, REFUSE_OTHER_RECIPIENT);
    assert_int_equal(give(&s, toy_challenge(toy_epoch(5), 1)).refusal, REFUSE_EPOCH);
    assert_int_equal(give(&s, toy_fence(toy_epoch(6), TOY_OLD)).type, SAY_ACCEPTED);
}

static void
a_readmitted_server_starts_again_only_under_a_later_epoch(void **state)
{
    (void)state;
    struct stage old, new;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    new_evidence(&new, toy_epoch(2), TOY_NEW);
    promise_quarantine(&new.m.promise, QUARANTINE_MACHINE);
    struct signed_approval sa = toy_approval(VERB_READMIT, TOY_ANNA, TOY_NEW, toy_epoch(2));
    sa.a.subject = toy_member_key(TOY_NEW);
    machine_digest(&new.m.promise.machine, toy_digest(), &sa.a.seen);
    toy_sign_approval(&sa, TOY_ANNA);
    assert_int_equal(tell(&new, &sa, 1).quarantine, QUARANTINE_NONE);
    assert_false(new.m.promise.evidence_given); /* what it proved before counts no more */
    assert_true(baton_key_is_zero(&new.m.promise.recipient)); /* and nobody's is that epoch here */
    assert_int_equal(give(&new, toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence)).type, SAY_REFUSED);
}

static void
its_own_later_word_gives_back_what_a_machine_forgot(void **state)
{
    (void)state;
    struct stage old, ahead, behind;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    new_evidence(&ahead, toy_epoch(2), TOY_NEW);
    give(&ahead, toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence));
    facts_set(&ahead.facts, FACT_STAGING_SCHEDULER, 0);
    observe(&ahead);
    assert_int_equal(last_word(&ahead).type, SAY_USED);

    stage_open(&behind, TOY_NEW);
    adopt(&behind);
    struct order o = {.verb = ORDER_STATUS, .id = toy_id(9), .tenant = toy_tenant()};
    o.shown = toy_sign_word(TOY_NEW, &ahead.out.word[0]);
    struct statement w = give(&behind, o);
    assert_int_equal(w.quarantine, QUARANTINE_COUNTER);
    assert_int_equal(w.epoch.counter, 2);
    assert_true(w.ever_exported);
    assert_false(w.holding);
    assert_int_equal(w.serial, 1);
    assert_true(w.counter > ahead.m.promise.counter); /* above all that it has ever said */
    assert_int_equal(give(&behind, toy_fence(toy_epoch(2), TOY_OLD)).refusal,
                     REFUSE_OTHER_RECIPIENT);
}

static void
a_machine_that_forgot_its_retirement_is_told_so_by_its_own_word(void **state)
{
    (void)state;
    struct stage ahead, behind;
    old_evidence(&ahead, toy_epoch(2));
    ahead.m.promise.retired = true;
    tell(&ahead, NULL, 0);
    stage_open(&behind, TOY_OLD);
    adopt(&behind);
    struct order o = {.verb = ORDER_STATUS, .id = toy_id(9), .tenant = toy_tenant()};
    o.shown = toy_sign_word(TOY_OLD, &ahead.out.word[0]);
    struct statement w = give(&behind, o);
    assert_true(w.retired && w.tombstone);
}

static void
a_memory_that_was_lost_without_a_tombstone_is_not_readmitted(void **state)
{
    (void)state;
    for (int tombstone = 0; tombstone < 2; tombstone++) {
        struct stage s;
        stage_open(&s, TOY_OLD);
        struct machine now = s.m.promise.machine;
        assert_true(guard_boot(&s.m.promise, STATE_MISSING, tombstone, &now));
        struct signed_approval sa = about_old(&s, VERB_READMIT, TOY_ANNA, 5);
        assert_int_equal(tell(&s, &sa, 1).quarantine,
                         tombstone ? QUARANTINE_NONE : QUARANTINE_STATE_LOST);
    }
}

static void
what_a_second_copy_promised_is_not_taken_back(void **state)
{
    (void)state;
    struct stage s;
    struct baton_key new_key = toy_member_key(TOY_NEW);
    struct epoch three = toy_epoch(3), one = toy_epoch(1);
    stage_open(&s, TOY_OLD); /* the memory of a holder, put back over that of a fenced server */
    adopt(&s);
    promise_recall(&s.m.promise, &one, &new_key, true);
    assert_true(s.m.promise.holding); /* not above: nothing new */
    promise_recall(&s.m.promise, &three, &new_key, true);
    assert_false(s.m.promise.holding);
    assert_true(s.m.promise.tombstone);
    assert_int_equal(member_desire(&s.m), DESIRE_STOPPED);
    assert_int_equal(give(&s, toy_fence(toy_epoch(2), TOY_OLD)).refusal, REFUSE_STALE);
    assert_int_equal(give(&s, toy_fence(toy_epoch(3), TOY_OLD)).refusal, REFUSE_OTHER_RECIPIENT);
    struct order o = toy_fence(toy_epoch(4), TOY_NEW); /* and approvals from before it are dead */
    o.recipient = toy_member_key(TOY_OLD);
    o.approval[0] = toy_approval(VERB_ROLLBACK, TOY_ANNA, TOY_OLD, toy_epoch(2));
    assert_int_equal(give(&s, o).refusal, REFUSE_APPROVALS);
}

/* The copy is written first; a crash in between leaves an epoch without its plan. */
static void
a_first_fence_that_only_the_second_copy_knows_is_taken_once_more(void **state)
{
    (void)state;
    struct stage s;
    struct baton_key old_key = toy_member_key(TOY_OLD);
    struct epoch one = toy_epoch(1);
    stage_open(&s, TOY_OLD);
    promise_recall(&s.m.promise, &one, &old_key, false);
    observe(&s);
    assert_int_equal(give(&s, toy_fence(toy_epoch(1), TOY_NEW)).refusal, REFUSE_OTHER_RECIPIENT);
    assert_int_equal(give(&s, toy_adopt(toy_epoch(1))).type, SAY_HOLDING);
    assert_true(s.m.plan_known);
}

static void
a_trust_document_that_was_lost_is_taken_again(void **state)
{
    (void)state;
    struct stage s;
    static uint8_t bytes[TRUST_BYTES_MAX];
    size_t len;
    stage_open(&s, TOY_OLD);
    observe(&s);
    assert_int_equal(trust_encode(toy_trust(), bytes, sizeof bytes, &len), BATON_OK);
    struct order o = toy_adopt(toy_epoch(1));
    struct baton_key root = toy_root();
    o.trust = (struct signed_bytes){.bytes = bytes, .len = len};
    toy_sign(&root, DOMAIN_TRUST, bytes, len, &o.trust.sig);
    toy_hash(bytes, len, 1, &s.m.promise.trust_hash); /* the second copy names it */
    s.m.trust_known = false;
    assert_int_equal(give(&s, o).type, SAY_HOLDING);
    assert_true(s.out.trust_changed);
}

/* ---- whose approvals count ---------------------------------------------------------------------- */

static struct plan
plan_of_one(enum toy_member m)
{
    struct plan p = *toy_plan();
    p.member[0] = p.member[m];
    p.member[1] = (struct plan_member){0};
    p.member_count = 1;
    p.holder = p.recipient = 0;
    return p;
}

static struct signed_approval
attest(const struct stage *s, enum toy_person by, enum toy_member subject, enum toy_member towards,
       uint64_t epoch)
{
    struct signed_approval sa = toy_approval(VERB_ATTEST, by, towards, toy_epoch(epoch));
    sa.a.subject = toy_member_key(subject);
    sa.a.epoch = toy_epoch(epoch);
    memset(sa.a.seen.b, 7, sizeof sa.a.seen.b);
    sa.a.not_after_ms = 1000000 + s->now + 60000;
    toy_sign_approval(&sa, by);
    return sa;
}

/* FENCE(2, keeps) under a plan without the other member, which two people attest. */
static struct order
leave_out(const struct stage *s, enum toy_member keeps, enum toy_member out)
{
    struct order o = toy_fence(toy_epoch(2), keeps);
    o.approval_count = 0;
    o.approval[o.approval_count++] = toy_approval(VERB_ROLLBACK, TOY_ANNA, keeps, toy_epoch(1));
    o.approval[o.approval_count++] = attest(s, TOY_ANNA, out, keeps, 2);
    o.approval[o.approval_count++] = attest(s, TOY_BERT, out, keeps, 2);
    return o;
}

static void
two_people_may_leave_out_a_member_that_they_attest_for_this_epoch(void **state)
{
    (void)state;
    static uint8_t bytes[PLAN_BYTES_MAX];
    struct stage s;
    struct plan p = plan_of_one(TOY_NEW);
    stage_open(&s, TOY_NEW);
    adopt(&s);
    struct order o = leave_out(&s, TOY_NEW, TOY_OLD);
    under_plan(&o, &p, bytes);
    assert_int_not_equal(give(&s, o).type, SAY_REFUSED);
}

static void
each_of_them_must_name_the_member_that_is_left_out(void **state)
{
    (void)state;
    static uint8_t bytes[PLAN_BYTES_MAX];
    struct stage s;
    struct plan p = plan_of_one(TOY_NEW);
    stage_open(&s, TOY_NEW);
    adopt(&s);
    struct order o = leave_out(&s, TOY_NEW, TOY_OLD);
    o.approval[2].a.subject = toy_key(0x77); /* attested, but about another server */
    under_plan(&o, &p, bytes);
    assert_int_equal(give(&s, o).refusal, REFUSE_MEMBERS);
}

static void
an_attestation_for_another_epoch_leaves_nobody_out(void **state)
{
    (void)state;
    static uint8_t bytes[PLAN_BYTES_MAX];
    struct stage s;
    struct plan p = plan_of_one(TOY_NEW);
    stage_open(&s, TOY_NEW);
    adopt(&s);
    struct order o = leave_out(&s, TOY_NEW, TOY_OLD);
    o.approval[1].a.epoch = toy_epoch(1);
    under_plan(&o, &p, bytes);
    assert_int_equal(give(&s, o).refusal, REFUSE_MEMBERS);
}

static void
an_attestation_that_saw_nothing_leaves_nobody_out(void **state)
{
    (void)state;
    static uint8_t bytes[PLAN_BYTES_MAX];
    struct stage s;
    struct plan p = plan_of_one(TOY_NEW);
    stage_open(&s, TOY_NEW);
    adopt(&s);
    struct order o = leave_out(&s, TOY_NEW, TOY_OLD);
    o.approval[1].a.seen = (struct baton_hash){{0}};
    under_plan(&o, &p, bytes);
    assert_int_equal(give(&s, o).refusal, REFUSE_MEMBERS);
}

static void
an_entra_connect_server_is_never_left_out_towards_a_legacy_one(void **state)
{
    (void)state;
    static uint8_t bytes[PLAN_BYTES_MAX];
    static const enum approval_verb verbs[] = {VERB_ATTEST, VERB_RETIRE};
    struct plan p = plan_of_one(TOY_OLD);
    for (size_t v = 0; v < ARRAY_LEN(verbs); v++) {
        struct stage s;
        stage_open(&s, TOY_OLD);
        adopt(&s);
        struct order o = leave_out(&s, TOY_OLD, TOY_NEW);
        for (int i = 1; i < 3; i++) {
            o.approval[i].a.verb = (uint8_t)verbs[v];
            if (verbs[v] == VERB_RETIRE)
                o.approval[i].a.epoch = (struct epoch){0};
        }
        under_plan(&o, &p, bytes);
        assert_int_equal(give(&s, o).refusal, REFUSE_MEMBERS);
    }
}

static void
a_returning_member_takes_a_shorter_plan_by_the_holders_word_however_late(void **state)
{
    (void)state;
    static uint8_t bytes[PLAN_BYTES_MAX];
    static struct plan p;
    struct stage s, holder;
    p = *toy_plan();
    p.member[1] = p.member[0]; /* NEW is left out; a third server holds */
    p.member[1].key = toy_key(0x31);
    p.member[1].product = PRODUCT_CONNECT;
    p.recipient = 1;
    uint8_t confirm[CONFIRM_BYTES];
    struct baton_key anna = toy_key(0x60);
    confirm_bytes(&p.tenant, p.member[1].host, &p.member[1].key, &p.member[1].box_key, confirm);
    toy_sign(&anna, DOMAIN_CONFIRM, confirm, sizeof confirm, &p.member[1].confirmation);

    stage_open(&holder, TOY_NEW); /* the third server's signed word that it holds epoch 2 */
    holder.m.promise.self = holder.m.promise.recipient = p.member[1].key;
    holder.m.promise.holding = true;
    holder.m.promise.epoch = holder.m.promise.holding_epoch = toy_epoch(2);
    give(&holder, (struct order){.verb = ORDER_STATUS, .id = toy_id(9), .tenant = toy_tenant()});

    stage_open(&s, TOY_OLD);
    adopt(&s);
    struct order o = leave_out(&s, TOY_OLD, TOY_NEW);
    o.approval[0].a.verb = VERB_CUTOVER;
    o.approval[3] = o.approval[0];
    o.approval[3].a.operator= o.approval[2].a.operator;
    o.approval_count = 4;
    o.recipient = p.member[1].key;
    for (size_t i = 0; i < o.approval_count; i++) {
        o.approval[i].a.recipient = p.member[1].key;
        o.approval[i].a.not_after_ms = 5;
    }
    under_plan(&o, &p, bytes);
    o.shown =
        (struct signed_bytes){.bytes = holder.out.word[0].bytes, .len = holder.out.word[0].len};
    toy_sign(&p.member[1].key, DOMAIN_STATEMENT, o.shown.bytes, o.shown.len, &o.shown.sig);
    assert_int_equal(give(&s, o).type, SAY_ACCEPTED);
}

/* GRANT(2, NEW) without OLD's evidence; `people` attest it. */
static enum refusal
grant_attested(struct stage *s, const enum toy_person *people, size_t count, uint64_t life_ms)
{
    new_evidence(s, toy_epoch(2), TOY_NEW);
    s->m.trust.quorum[VERB_ATTEST] = 3;
    s->m.plan.policy.v[POLICY_ATTEST_MS] = INT64_MAX;
    struct order o = toy_grant(toy_epoch(2), TOY_NEW, 1, NULL);
    for (size_t i = 0; i < count; i++) {
        struct signed_approval sa = attest(s, people[i], TOY_OLD, TOY_NEW, 2);
        sa.a.id.b[0] = (uint8_t)i;
        sa.a.not_after_ms = 1000000 + s->now + life_ms;
        toy_sign_approval(&sa, people[i]);
        o.approval[o.approval_count++] = sa;
    }
    return (enum refusal)give(s, o).refusal;
}

static void
the_second_person_twice_is_not_a_third(void **state)
{
    (void)state;
    static const enum toy_person two[] = {TOY_ANNA, TOY_BERT, TOY_BERT};
    static const enum toy_person three[] = {TOY_ANNA, TOY_BERT, TOY_CLEO};
    struct stage s;
    assert_int_equal(grant_attested(&s, two, 3, 60000), REFUSE_EVIDENCE);
    assert_int_equal(grant_attested(&s, three, 3, 60000), REFUSE_NONE);
}

static void
an_attestation_lives_two_hours_at_most_whatever_the_plan_says(void **state)
{
    (void)state;
    static const enum toy_person three[] = {TOY_ANNA, TOY_BERT, TOY_CLEO};
    struct stage s;
    assert_int_equal(grant_attested(&s, three, 3, 3 * 3600 * 1000), REFUSE_EVIDENCE);
    assert_int_equal(grant_attested(&s, three, 3, 3600 * 1000), REFUSE_NONE);
}

static void
a_legacy_server_is_never_granted_over_an_attested_entra_connect(void **state)
{
    (void)state;
    struct stage s;
    old_evidence(&s, toy_epoch(2));
    give(&s, toy_fence(toy_epoch(3), TOY_OLD));
    observe(&s);
    assert_int_equal(prove_quiet(&s, toy_epoch(3)).type, SAY_EVIDENCE);
    struct order o = toy_grant(toy_epoch(3), TOY_OLD, 1, NULL);
    o.approval[o.approval_count++] = attest(&s, TOY_ANNA, TOY_NEW, TOY_OLD, 3);
    o.approval[o.approval_count++] = attest(&s, TOY_BERT, TOY_NEW, TOY_OLD, 3);
    assert_int_equal(give(&s, o).refusal, REFUSE_EVIDENCE);
}

static void
an_approval_whose_base_is_above_the_order_is_refused(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    struct order o = toy_fence(toy_epoch(2), TOY_NEW);
    o.approval[0] = toy_approval(VERB_CUTOVER, TOY_ANNA, TOY_NEW, toy_epoch(3));
    assert_int_equal(give(&s, o).refusal, REFUSE_APPROVALS);
    o.approval[0] = toy_approval(VERB_CUTOVER, TOY_ANNA, TOY_NEW, toy_epoch(2));
    assert_int_equal(give(&s, o).type, SAY_ACCEPTED);
}

static void
a_member_that_the_plan_names_neither_way_is_granted_by_nobody(void **state)
{
    (void)state;
    struct stage old, new;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    new_evidence(&new, toy_epoch(2), TOY_NEW);
    new.m.plan.recipient = TOY_OLD;
    struct order o = toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence);
    o.approval[0] = toy_approval(VERB_ROLLBACK, TOY_ANNA, TOY_NEW, toy_epoch(2));
    assert_int_equal(give(&new, o).refusal, REFUSE_APPROVALS);
}

static void
a_retirement_that_names_another_member_is_refused(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    struct order o = {.verb = ORDER_RETIRE,
                      .id = toy_id(9),
                      .tenant = toy_tenant(),
                      .epoch = toy_epoch(2),
                      .recipient = toy_member_key(TOY_NEW)};
    o.approval[o.approval_count++] = toy_approval(VERB_RETIRE, TOY_ANNA, TOY_NEW, toy_epoch(2));
    o.approval[0].a.subject = toy_key(0x77);
    toy_sign_approval(&o.approval[0], TOY_ANNA);
    assert_int_equal(give(&s, o).refusal, REFUSE_APPROVALS);
    o.approval[0].a.subject = toy_member_key(TOY_OLD);
    toy_sign_approval(&o.approval[0], TOY_ANNA);
    assert_int_equal(give(&s, o).type, SAY_RETIRED);
}

/* ---- one thing wrong at a time ------------------------------------------------------------------- */

static void
an_approval_with_one_thing_wrong_is_refused(void **state)
{
    (void)state;
    for (int wrong = 0; wrong < 5; wrong++) {
        struct stage s;
        stage_open(&s, TOY_OLD);
        adopt(&s);
        struct order o = toy_fence(toy_epoch(2), TOY_NEW);
        struct approval *a = &o.approval[0].a;
        switch (wrong) {
        case 0:
            a->tenant = toy_id(1);
            break;
        case 1:
            a->plan.b[0] ^= 1;
            break;
        case 2:
            a->member[1] = toy_key(0x31);
            break;
        case 3:
            a->recipient = toy_member_key(TOY_OLD);
            break;
        default:
            a->verb = VERB_ROLLBACK;
            break;
        }
        toy_sign_approval(&o.approval[0], TOY_ANNA);
        assert_int_equal(give(&s, o).refusal, REFUSE_APPROVALS);
    }
}

static void
a_plan_with_one_thing_wrong_is_refused(void **state)
{
    (void)state;
    static const enum refusal want[] = {REFUSE_PLAN, REFUSE_PLAN,  REFUSE_LAB,
                                        REFUSE_LAB,  REFUSE_TRUST, REFUSE_UNCONFIRMED};
    static uint8_t bytes[PLAN_BYTES_MAX];
    for (size_t wrong = 0; wrong < ARRAY_LEN(want); wrong++) {
        struct stage s;
        struct plan p = *toy_plan();
        stage_open(&s, TOY_OLD);
        observe(&s);
        switch (wrong) {
        case 0:
            p.tenant = toy_id(1);
            break;
        case 1:
            p.member[TOY_OLD].kind = KIND_REMOVED;
            break;
        case 2:
            p.lab = false;
            break; /* and below the floors of production */
        case 3:
            s.m.trust.lab = false;
            break;
        case 4:
            p.trust_version = 2;
            break;
        default:
            s.m.trust.operator[TOY_ANNA].roles = ROLE_APPROVE;
            break;
        }
        struct order o = toy_adopt(toy_epoch(1));
        under_plan(&o, &p, bytes);
        assert_int_equal(give(&s, o).refusal, want[wrong]);
    }
}

static void
an_order_for_another_tenant_is_refused(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    observe(&s);
    struct order o = toy_adopt(toy_epoch(1));
    o.tenant = toy_id(1);
    assert_int_equal(give(&s, o).refusal, REFUSE_TENANT);
}

static void
only_the_recipients_own_word_that_it_holds_this_epoch_lifts_an_expiry(void **state)
{
    (void)state;
    for (int wrong = 0; wrong < 5; wrong++) {
        struct stage s, new;
        stage_open(&new, TOY_NEW);
        new.m.promise.recipient = toy_member_key(TOY_NEW);
        new.m.promise.epoch = toy_epoch(2);
        new.m.promise.holding = wrong != 1;
        if (wrong != 1)
            new.m.promise.holding_epoch = toy_epoch(wrong == 2 ? 1 : 2);
        if (wrong == 3)
            new.m.promise.self = toy_member_key(TOY_OLD); /* what another one says */
        if (wrong == 4)
            new.m.promise.tenant = toy_id(1);
        observe(&new);
        struct order status = {.verb = ORDER_STATUS, .id = toy_id(9), .tenant = toy_tenant()};
        status.tenant = new.m.promise.tenant;
        give(&new, status);

        stage_open(&s, TOY_OLD);
        adopt(&s);
        struct order o = toy_fence(toy_epoch(2), TOY_NEW);
        for (int i = 0; i < 2; i++) {
            o.approval[i].a.not_after_ms = 5;
            toy_sign_approval(&o.approval[i], (enum toy_person)i);
        }
        o.shown = toy_sign_word(TOY_NEW, &new.out.word[0]);
        assert_int_equal(give(&s, o).refusal, wrong == 0 ? REFUSE_NONE : REFUSE_APPROVALS);
    }
}

static void
plan_approvals_adopt_the_plans_holder_once(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    assert_int_equal(give(&s, toy_adopt(toy_epoch(2))).refusal, REFUSE_APPROVALS);

    stage_open(&s, TOY_NEW);
    facts_set(&s.facts, FACT_STAGING_SCHEDULER, 0);
    facts_set(&s.facts, FACT_STAGING_SETTINGS, 0);
    observe(&s);
    struct order o = toy_adopt(toy_epoch(1));
    o.recipient = toy_member_key(TOY_NEW);
    o.approval[0] = toy_approval(VERB_PLAN, TOY_ANNA, TOY_NEW, toy_epoch(1));
    assert_int_equal(give(&s, o).refusal, REFUSE_APPROVALS);
}

static void
two_people_adopt_whoever_exports_under_a_later_epoch(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    struct order o = toy_adopt(toy_epoch(2));
    o.approval_count = 2;
    o.approval[0] = toy_approval(VERB_ADOPT, TOY_ANNA, TOY_OLD, toy_epoch(1));
    o.approval[1] = toy_approval(VERB_ADOPT, TOY_BERT, TOY_OLD, toy_epoch(1));
    struct statement w = give(&s, o);
    assert_int_equal(w.type, SAY_HOLDING);
    assert_int_equal(w.holding_epoch.counter, 2);
}

static void
a_dead_source_is_adopted_only_if_it_is_legacy(void **state)
{
    (void)state;
    static uint8_t bytes[PLAN_BYTES_MAX];
    for (int connect = 0; connect < 2; connect++) {
        struct stage s;
        struct plan p = *toy_plan();
        p.profile = PROFILE_DEAD_SOURCE;
        if (connect)
            p.member[TOY_OLD].product = PRODUCT_CONNECT;
        stage_open(&s, TOY_OLD);
        toy_facts_stop(&s.facts);
        observe(&s);
        struct order o = toy_adopt(toy_epoch(1));
        under_plan(&o, &p, bytes);
        assert_int_equal(give(&s, o).refusal, connect ? REFUSE_NOT_EXPORTING : REFUSE_NONE);
    }
}

static void
nobody_is_adopted_over_facts_that_are_not_known(void **state)
{
    (void)state;
    static const enum refusal want[] = {REFUSE_NOT_EXPORTING, REFUSE_EXPORTING};
    for (int who = 0; who < TOY_MEMBERS; who++) {
        struct stage s;
        stage_open(&s, (enum toy_member)who);
        assert_int_equal(give(&s, toy_adopt(toy_epoch(1))).refusal, want[who]);
    }
}

static void
adoption_lifts_no_fence_guard_stop_or_quarantine(void **state)
{
    (void)state;
    for (int why = 0; why < 4; why++) {
        struct stage s;
        stage_open(&s, TOY_OLD);
        observe(&s);
        struct promise *p = &s.m.promise;
        bool *flags[] = {&p->tombstone, &p->stopped_by_us, &p->armed};
        if (why < 3)
            *flags[why] = true;
        else
            p->quarantine = QUARANTINE_SESSIONS;
        assert_int_equal(give(&s, toy_adopt(toy_epoch(1))).refusal,
                         why < 3 ? REFUSE_GUARDED : REFUSE_QUARANTINED);
    }
}

static void
an_approval_outlives_an_epoch_of_its_own_recipient(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    struct order o = toy_fence(toy_epoch(3), TOY_NEW);
    o.approval[0] = toy_approval(VERB_CUTOVER, TOY_ANNA, TOY_NEW, toy_epoch(1));
    o.approval[1] = toy_approval(VERB_CUTOVER, TOY_BERT, TOY_NEW, toy_epoch(1));
    assert_int_equal(give(&s, o).type, SAY_ACCEPTED);
}

static void
of_many_recipients_the_latest_are_remembered(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    for (uint8_t i = 0; i <= PROMISED_MAX; i++) {
        struct epoch e = toy_epoch(2u + i);
        struct baton_key to = toy_key((uint8_t)(0x20 + i));
        promise_recall(&s.m.promise, &e, &to, false);
    }
    for (size_t i = 0; i < PROMISED_MAX; i++)
        assert_true(s.m.promise.promised[i].epoch.counter > 2);
}

/* ---- grants -------------------------------------------------------------------------------------- */

static void
a_grant_at_a_wrong_moment_is_refused(void **state)
{
    (void)state;
    static const enum refusal want[] = {REFUSE_QUARANTINED, REFUSE_RECIPIENT, REFUSE_HOLDING,
                                        REFUSE_SERIAL,      REFUSE_TAMPER,    REFUSE_NOT_QUIET,
                                        REFUSE_EPOCH,       REFUSE_NONE};
    struct stage old;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    for (size_t why = 0; why < ARRAY_LEN(want); why++) {
        struct stage new;
        new_evidence(&new, toy_epoch(2), TOY_NEW);
        struct promise *p = &new.m.promise;
        struct order o = toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence);
        switch ((int)want[why]) {
        case REFUSE_QUARANTINED:
            p->quarantine = QUARANTINE_SESSIONS;
            break;
        case REFUSE_RECIPIENT:
            p->recipient = toy_member_key(TOY_OLD);
            break;
        case REFUSE_HOLDING:
            p->holding = true;
            break;
        case REFUSE_SERIAL:
            p->grant = GRANT_LIVE;
            p->grant_until_ms = UINT64_MAX;
            break;
        case REFUSE_TAMPER:
            p->tamper_open = true;
            break;
        case REFUSE_NOT_QUIET:
            p->evidence_given = false;
            break;
        case REFUSE_EPOCH:
            o.epoch = toy_epoch(3);
            break;
        default:
            break;
        }
        assert_int_equal(give(&new, o).refusal, want[why]);
    }
}

static void
evidence_of_an_earlier_epoch_is_no_quiet_of_ones_own(void **state)
{
    (void)state;
    struct stage old, new;
    old_evidence(&old, toy_epoch(2));
    give(&old, toy_fence(toy_epoch(3), TOY_NEW));
    observe(&old);
    assert_int_equal(prove_quiet(&old, toy_epoch(3)).type, SAY_EVIDENCE);
    struct signed_bytes evidence = toy_sign_word(TOY_OLD, &old.out.word[old.out.word_count - 1]);
    new_evidence(&new, toy_epoch(2), TOY_NEW);
    give(&new, toy_fence(toy_epoch(3), TOY_NEW));
    assert_int_equal(give(&new, toy_grant(toy_epoch(3), TOY_NEW, 1, &evidence)).refusal,
                     REFUSE_NOT_QUIET);
}

static void
serials_begin_again_with_each_epoch(void **state)
{
    (void)state;
    struct stage old, new;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(3));
    new_evidence(&new, toy_epoch(2), TOY_NEW);
    new.m.promise.serial = 5;
    give(&new, toy_fence(toy_epoch(3), TOY_NEW));
    observe(&new);
    assert_int_equal(prove_quiet(&new, toy_epoch(3)).type, SAY_EVIDENCE);
    assert_int_equal(give(&new, toy_grant(toy_epoch(3), TOY_NEW, 1, &evidence)).type, SAY_GRANTED);
}

static void
evidence_that_nobody_asked_for_spoils_a_grant(void **state)
{
    (void)state;
    struct stage old, new;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    struct signed_bytes own = new_evidence(&new, toy_epoch(2), TOY_NEW);
    static uint8_t kept[STATEMENT_BYTES_MAX];
    memcpy(kept, own.bytes, own.len);
    own.bytes = kept;
    struct order o = toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence);
    o.evidence[o.evidence_count++] = own;
    assert_int_equal(give(&new, o).refusal, REFUSE_EVIDENCE);
}

static void
go_for_another_serial_or_epoch_is_refused(void **state)
{
    (void)state;
    struct stage old;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    for (int wrong = 0; wrong < 2; wrong++) {
        struct stage new;
        new_evidence(&new, toy_epoch(2), TOY_NEW);
        struct order o = toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence);
        struct signed_approval *go = &o.approval[o.approval_count - 1];
        if (wrong == 0)
            go->a.serial = 2;
        else
            go->a.epoch = toy_epoch(3);
        toy_sign_approval(go, TOY_CLEO);
        assert_int_equal(give(&new, o).refusal, REFUSE_GO);
    }
}

static void
a_connect_server_fenced_by_stopping_is_started_by_its_grant(void **state)
{
    (void)state;
    struct stage old, new;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    stage_open(&new, TOY_NEW);
    adopt(&new);
    new.m.plan.member[TOY_NEW].kind = KIND_STOPPED;
    give(&new, toy_fence(toy_epoch(2), TOY_NEW));
    new.m.promise.stopped_by_us = true;
    assert_int_equal(member_desire(&new.m), DESIRE_STOPPED);
    toy_facts_stop(&new.facts);
    observe(&new);
    assert_int_equal(prove_quiet(&new, toy_epoch(2)).type, SAY_EVIDENCE);
    new.m.promise.guard_stop = true; /* whatever the guard still wanted */
    struct statement w = give(&new, toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence));
    assert_int_equal(w.type, SAY_USED);
    assert_int_equal(member_desire(&new.m), DESIRE_RUNNING);
}

static void
a_fence_of_kind_stopped_remembers_that_it_stopped_the_server(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    assert_true(s.m.promise.stopped_by_us);
    stage_open(&s, TOY_NEW);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    assert_false(s.m.promise.stopped_by_us); /* `staged` stops nothing */
    assert_int_equal(member_desire(&s.m), DESIRE_AS_IS);
}

static void
a_holder_is_not_retired(void **state)
{
    (void)state;
    struct stage s;
    roll_back(&s);
    s.m.promise.tombstone = true; /* cannot be: and yet */
    struct order o = {.verb = ORDER_RETIRE,
                      .id = toy_id(9),
                      .tenant = toy_tenant(),
                      .epoch = toy_epoch(3),
                      .recipient = toy_member_key(TOY_OLD)};
    o.approval[o.approval_count++] = toy_approval(VERB_RETIRE, TOY_ANNA, TOY_OLD, toy_epoch(3));
    assert_int_equal(give(&s, o).refusal, REFUSE_NOT_TOMBSTONED);
}

static void
a_role_has_a_name(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    assert_string_equal(promise_role(&s.m.promise), "observe");
    adopt(&s);
    assert_string_equal(promise_role(&s.m.promise), "holder");
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    assert_string_equal(promise_role(&s.m.promise), "draining");
    old_evidence(&s, toy_epoch(2));
    assert_string_equal(promise_role(&s.m.promise), "tombstoned");
    s.m.promise.retired = true;
    assert_string_equal(promise_role(&s.m.promise), "retired");
    promise_quarantine(&s.m.promise, QUARANTINE_MACHINE);
    assert_string_equal(promise_role(&s.m.promise), "quarantined");
    new_evidence(&s, toy_epoch(2), TOY_NEW);
    assert_string_equal(promise_role(&s.m.promise), "fenced");
    s.m.promise.grant = GRANT_LIVE;
    assert_string_equal(promise_role(&s.m.promise), "granted");
}

/* ---- the step as a whole ------------------------------------------------------------------------- */

static struct signed_bytes
trust_of(struct trust_doc *d, uint8_t bytes[TRUST_BYTES_MAX])
{
    struct signed_bytes sb = {.bytes = bytes};
    struct baton_key root = toy_root();
    assert_int_equal(trust_encode(d, bytes, TRUST_BYTES_MAX, &sb.len), BATON_OK);
    toy_sign(&root, DOMAIN_TRUST, bytes, sb.len, &sb.sig);
    return sb;
}

static void
a_handoff_lasts_from_the_promise_to_another_until_the_role_is_settled(void **state)
{
    (void)state;
    struct promise p = toy_new_member(TOY_OLD).promise;
    assert_null(promise_handoff(&p)); /* observes */
    p.epoch = toy_epoch(1);
    p.recipient = toy_member_key(TOY_NEW);
    p.adopt = p.armed = true;
    assert_null(promise_handoff(&p)); /* stands by, its guard on */
    p.adopt = p.armed = false;
    assert_non_null(promise_handoff(&p)); /* drains */
    p.evidence_given = p.armed = p.tombstone = true;
    assert_non_null(promise_handoff(&p)); /* fenced */
    p.grant = GRANT_LIVE;
    assert_non_null(promise_handoff(&p));
    p.grant = GRANT_USED;
    promise_hold(&p);
    p.start_due = false;
    assert_null(promise_handoff(&p)); /* holds */
    p.start_due = true;
    assert_non_null(promise_handoff(&p)); /* holds, but the service has to be started */
}

static void
a_handoff_is_over_for_who_is_retired_or_disarmed_but_not_with_an_alarm_open(void **state)
{
    (void)state;
    struct promise p = toy_new_member(TOY_OLD).promise;
    p.epoch = toy_epoch(2);
    p.recipient = toy_member_key(TOY_NEW);
    p.evidence_given = p.armed = p.tombstone = true;
    struct promise retired = p, disarmed = p;
    retired.retired = true;
    disarmed.armed = false;
    assert_null(promise_handoff(&retired));
    assert_null(promise_handoff(&disarmed));
    retired.tamper_open = disarmed.tamper_open = true;
    assert_non_null(promise_handoff(&retired));
    assert_non_null(promise_handoff(&disarmed));
}

static void
trust_documents_only_rise_and_name_the_one_before(void **state)
{
    (void)state;
    static uint8_t bytes[TRUST_BYTES_MAX];
    static const struct {
        uint32_t version;
        bool chained;
        enum refusal refusal;
        uint32_t after;
    } rows[] = {
        {2, true, REFUSE_NONE, 3},   /* late, and harmless */
        {3, true, REFUSE_TRUST, 3},  /* another one of the same version */
        {4, false, REFUSE_TRUST, 3}, /* does not follow ours */
        {4, true, REFUSE_NONE, 4},
        {9, false, REFUSE_NONE, 9}, /* what lies between is not at hand */
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct stage s;
        stage_open(&s, TOY_OLD);
        observe(&s);
        s.m.promise.trust_version = s.m.trust.version = 3;
        s.m.promise.trust_hash = toy_plan_hash();
        struct trust_doc d = *toy_trust();
        d.version = rows[i].version;
        if (rows[i].chained)
            d.previous = s.m.promise.trust_hash;
        struct order o = toy_adopt(toy_epoch(1));
        o.trust = trust_of(&d, bytes);
        assert_int_equal(give(&s, o).refusal, rows[i].refusal);
        assert_int_equal(s.m.promise.trust_version, rows[i].after);
    }
}

static void
a_fence_ends_a_challenge_that_was_open(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    struct order c = toy_challenge(toy_epoch(2), 0x21);
    step(&s, (struct member_event){.kind = MEMBER_ORDER, .order = &c});
    give(&s, toy_fence(toy_epoch(3), TOY_NEW));
    assert_int_equal(s.out.word_count, 2);
    assert_true(baton_id_eq(&s.out.word[0].order, &c.id));
    toy_facts_stop(&s.facts);
    observe(&s);
    observe(&s);
    assert_false(s.out.word_count > 0 && s.out.word[0].answers);
}

static void
the_newest_challenge_is_answered_and_the_older_refused(void **state)
{
    (void)state;
    struct stage s;
    new_evidence(&s, toy_epoch(2), TOY_NEW);
    struct order first = toy_challenge(toy_epoch(2), 0x31),
                 second = toy_challenge(toy_epoch(2), 0x32);
    step(&s, (struct member_event){.kind = MEMBER_ORDER, .order = &first});
    struct statement w = give(&s, second);
    assert_int_equal(w.type, SAY_REFUSED);
    assert_true(baton_id_eq(&w.nonce, &first.nonce));
    observe(&s);
    w = last_word(&s);
    assert_true(w.type == SAY_EVIDENCE && baton_id_eq(&w.nonce, &second.nonce));
}

static void
the_same_challenge_again_needs_no_later_look(void **state)
{
    (void)state;
    struct stage s;
    new_evidence(&s, toy_epoch(2), TOY_NEW);
    struct order c = toy_challenge(toy_epoch(2), 0x31);
    step(&s, (struct member_event){.kind = MEMBER_ORDER, .order = &c});
    uint64_t began = s.now + 1;
    step(&s, (struct member_event){.kind = MEMBER_ORDER, .order = &c});
    observe_begun(&s, began);
    assert_int_equal(last_word(&s).type, SAY_EVIDENCE);
}

static void
a_second_drain_counts_its_exports_anew(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    struct facts runs = s.facts;
    toy_facts_stop(&s.facts);
    observe(&s);
    assert_int_equal(s.m.promise.exports_mark, -1); /* a holder has none, even when it is stopped */
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    observe(&s);
    assert_int_equal(s.m.promise.exports_mark, 7);
    s.facts = runs; /* not guarded yet: it may finish */
    facts_set(&s.facts, FACT_EXPORTS_TOTAL, 8);
    observe(&s);
    give(&s, toy_fence(toy_epoch(3), TOY_NEW));
    toy_facts_stop(&s.facts);
    observe(&s);
    assert_int_equal(prove_quiet(&s, toy_epoch(3)).type, SAY_EVIDENCE);
}

static void
a_broken_watch_ends_the_quiet_span(void **state)
{
    (void)state;
    static const enum host_notice notices[] = {NOTICE_SERVICE, NOTICE_PROCESS, NOTICE_WATCH_BROKEN};
    for (size_t i = 0; i < ARRAY_LEN(notices); i++) {
        struct stage s;
        new_evidence(&s, toy_epoch(2), TOY_NEW);
        assert_int_not_equal(s.m.watch.quiet_since_ms, 0);
        step(&s, (struct member_event){.kind = MEMBER_NOTICE, .notice = (uint8_t)notices[i]});
        assert_int_equal(s.m.watch.quiet_since_ms, 0);
    }
    struct stage s;
    new_evidence(&s, toy_epoch(2), TOY_NEW);
    step(&s, (struct member_event){.kind = MEMBER_NOTICE, .notice = NOTICE_RUN});
    assert_int_not_equal(s.m.watch.quiet_since_ms, 0); /* staged servers run import and sync */
}

static void
an_observer_without_a_plan_has_no_quiet_span(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    toy_facts_stop(&s.facts);
    observe(&s);
    observe(&s);
    assert_int_equal(s.m.watch.quiet_since_ms, 0);
    assert_int_equal(s.m.promise.exports_mark, -1);
}

static void
each_start_by_hand_is_told_until_evidence_closes_it(void **state)
{
    (void)state;
    struct stage s;
    old_evidence(&s, toy_epoch(2));
    struct facts stopped = s.facts;
    for (int i = 0; i < 2; i++) {
        s.facts = toy_facts(TOY_OLD);
        observe(&s);
        assert_int_equal(last_word(&s).type, SAY_TAMPER);
        assert_int_equal(member_desire(&s.m), DESIRE_STOPPED_NOW);
        s.facts = stopped;
        facts_set(&s.facts, FACT_ENGINE_GONE, 0);
        observe(&s);
        assert_int_equal(member_desire(&s.m), DESIRE_STOPPED_NOW); /* until the process is gone */
        s.facts = stopped;
        observe(&s);
        assert_int_equal(member_desire(&s.m), DESIRE_STOPPED);
    }
    assert_true(s.m.promise.tamper_open);
    assert_int_equal(prove_quiet(&s, toy_epoch(2)).type, SAY_EVIDENCE);
    assert_false(s.m.promise.tamper_open);
}

static void
a_guard_has_nothing_more_to_stop_once_the_product_is_gone(void **state)
{
    (void)state;
    struct stage s;
    old_evidence(&s, toy_epoch(2));
    s.m.promise.guard_stop = true;
    take_away_product(&s.facts);
    observe(&s);
    assert_false(s.m.promise.guard_stop);
}

static void
a_receipt_is_replaced_by_a_longer_one_alone(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    struct member_event ev = {.kind = MEMBER_RECEIPT, .receipt_size = 5};
    ev.receipt_root.b[0] = 1;
    step(&s, ev);
    assert_true(s.out.changed);
    ev.receipt_root.b[0] = 2;
    step(&s, ev);
    assert_false(s.out.changed);
    assert_int_equal(s.m.promise.receipt_root.b[0], 1);
}

static void
its_own_newest_word_is_no_news(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    struct order o = {.verb = ORDER_STATUS, .id = toy_id(9), .tenant = toy_tenant()};
    static struct member_word kept;
    kept = s.out.word[0];
    o.shown = toy_sign_word(TOY_OLD, &kept);
    struct statement w = give(&s, o);
    assert_int_equal(w.quarantine, QUARANTINE_NONE);
    assert_true(w.holding);
}

static void
evidence_comes_only_after_two_quiet_observations(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    struct order c = toy_challenge(toy_epoch(2), 0x21);
    step(&s, (struct member_event){.kind = MEMBER_ORDER, .order = &c});
    assert_int_equal(s.out.word_count, 0);
    observe(&s); /* still running */
    assert_int_equal(s.out.word_count, 0);
    toy_facts_stop(&s.facts);
    observe(&s); /* the first quiet one */
    assert_int_equal(s.out.word_count, 0);
    observe(&s);
    struct statement w = last_word(&s);
    assert_int_equal(w.type, SAY_EVIDENCE);
    assert_true(baton_id_eq(&w.nonce, &c.nonce));
}

static void
a_wizard_that_opens_ends_the_quiet_span(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_NEW);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    observe(&s);
    facts_set(&s.facts, FACT_WIZARD_OPEN, 1);
    observe(&s);
    facts_set(&s.facts, FACT_WIZARD_OPEN, 0);
    struct order c = toy_challenge(toy_epoch(2), 0x21);
    step(&s, (struct member_event){.kind = MEMBER_ORDER, .order = &c});
    observe(&s);
    assert_int_equal(s.out.word_count, 0);
    observe(&s);
    assert_int_not_equal(s.out.word_count, 0);
}

static void
a_tool_seen_only_by_notice_ends_the_quiet_span(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_NEW);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    observe(&s);
    observe(&s);
    step(&s, (struct member_event){.kind = MEMBER_NOTICE, .notice = NOTICE_PROCESS});
    assert_true(s.out.observe_now);
    struct order c = toy_challenge(toy_epoch(2), 0x21);
    step(&s, (struct member_event){.kind = MEMBER_ORDER, .order = &c});
    observe(&s);
    assert_int_equal(s.out.word_count, 0);
}

static void
a_look_begun_before_a_notice_begins_no_span(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_NEW);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    uint64_t began = s.now + 1;
    step(&s, (struct member_event){.kind = MEMBER_NOTICE, .notice = NOTICE_SERVICE});
    observe_begun(&s, began); /* it saw the server before whatever the notice tells of */
    struct order c = toy_challenge(toy_epoch(2), 0x21);
    step(&s, (struct member_event){.kind = MEMBER_ORDER, .order = &c});
    observe(&s);
    assert_int_equal(s.out.word_count, 0);
    observe(&s);
    assert_int_equal(last_word(&s).type, SAY_EVIDENCE);
}

static void
a_look_begun_before_the_fence_begins_no_span(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_NEW);
    adopt(&s);
    uint64_t began = s.now + 1;
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    observe_begun(&s, began);
    struct order c = toy_challenge(toy_epoch(2), 0x21);
    step(&s, (struct member_event){.kind = MEMBER_ORDER, .order = &c});
    observe(&s);
    assert_int_equal(s.out.word_count, 0);
}

static void
a_challenge_is_answered_by_a_look_begun_after_it(void **state)
{
    (void)state;
    struct stage s;
    new_evidence(&s, toy_epoch(2), TOY_NEW);
    uint64_t began = s.now + 1;
    struct order c = toy_challenge(toy_epoch(2), 0x22);
    step(&s, (struct member_event){.kind = MEMBER_ORDER, .order = &c});
    observe_begun(&s, began);
    assert_int_equal(s.out.word_count, 0);
    observe(&s);
    struct statement w = last_word(&s);
    assert_true(w.type == SAY_EVIDENCE && baton_id_eq(&w.nonce, &c.nonce));
}

static void
a_look_that_comes_too_late_answers_no_challenge(void **state)
{
    (void)state;
    struct stage s;
    new_evidence(&s, toy_epoch(2), TOY_NEW);
    struct order c = toy_challenge(toy_epoch(2), 0x22);
    step(&s, (struct member_event){.kind = MEMBER_ORDER, .order = &c});
    s.now += (uint64_t)toy_plan()->policy.v[POLICY_EVIDENCE_FRESH_MS];
    observe(&s);
    assert_int_equal(last_word(&s).refusal, REFUSE_NOT_QUIET);
    observe(&s);
    assert_int_equal(s.out.word_count, 0); /* that challenge is over */
}

static void
a_server_whose_product_was_removed_proves_that(void **state)
{
    (void)state;
    struct stage s;
    old_evidence(&s, toy_epoch(2));
    take_away_product(&s.facts);
    struct order c = toy_challenge(toy_epoch(2), 0x22);
    step(&s, (struct member_event){.kind = MEMBER_ORDER, .order = &c});
    observe(&s);
    assert_int_equal(s.out.word_count, 0); /* the span in which it was stopped is another one */
    observe(&s);
    struct statement w = last_word(&s);
    assert_int_equal(w.type, SAY_EVIDENCE);
    assert_int_equal(w.kind, KIND_REMOVED);
}

/* A quick look at the services asks no run history: what it carries of that is from before. */
static void
exports_are_counted_from_a_whole_look(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    uint64_t whole = s.now - 1501; /* when the look before adoption began */
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    toy_facts_stop(&s.facts);
    observe_begun(&s, whole); /* stopped; the last run is not in the history yet */
    facts_set(&s.facts, FACT_EXPORTS_TOTAL, 8);
    facts_set(&s.facts, FACT_LAST_EXPORT_END, 1000);
    observe(&s);
    assert_int_equal(prove_quiet(&s, toy_epoch(2)).type, SAY_EVIDENCE);
}

static void
a_status_says_how_old_its_facts_are(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_NEW);
    s.facts.fact[FACT_STAGING_SCHEDULER].age_ms = 100;
    observe(&s);
    s.now += 60000;
    struct statement w = tell(&s, NULL, 0);
    assert_int_equal(w.facts.fact[FACT_STAGING_SCHEDULER].age_ms, 61600);
    assert_int_equal(w.facts.fact[FACT_WIZARD_OPEN].age_ms, 61500);
    s.m.watch.facts.fact[FACT_WIZARD_OPEN].age_ms = UINT32_MAX - 5;
    assert_int_equal(tell(&s, NULL, 0).facts.fact[FACT_WIZARD_OPEN].age_ms, UINT32_MAX);
}

static void
exports_since_the_fence_are_as_old_as_the_history(void **state)
{
    (void)state;
    struct stage s;
    new_evidence(&s, toy_epoch(2), TOY_NEW);
    s.facts.fact[FACT_EXPORTS_TOTAL].age_ms = 700;
    observe(&s);
    assert_int_equal(s.m.watch.facts.fact[FACT_EXPORTS_SINCE_FENCE].age_ms, 700);
}

static void
a_grant_with_everything_is_honoured(void **state)
{
    (void)state;
    struct stage old, new;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    new_evidence(&new, toy_epoch(2), TOY_NEW);
    struct statement w = give(&new, toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence));
    assert_int_equal(w.type, SAY_GRANTED);
    assert_false(w.holding);
    facts_set(&new.facts, FACT_STAGING_SCHEDULER, 0);
    facts_set(&new.facts, FACT_STAGING_SETTINGS, 0);
    observe(&new);
    w = last_word(&new);
    assert_int_equal(w.type, SAY_USED);
    assert_true(w.holding && w.ever_exported);
}

static void
a_grant_without_evidence_is_refused(void **state)
{
    (void)state;
    struct stage new;
    new_evidence(&new, toy_epoch(2), TOY_NEW);
    assert_int_equal(give(&new, toy_grant(toy_epoch(2), TOY_NEW, 1, NULL)).refusal,
                     REFUSE_EVIDENCE);
}

static void
evidence_of_another_epoch_is_refused(void **state)
{
    (void)state;
    struct stage old, new;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    new_evidence(&new, toy_epoch(3), TOY_NEW);
    assert_int_equal(give(&new, toy_grant(toy_epoch(3), TOY_NEW, 1, &evidence)).refusal,
                     REFUSE_EVIDENCE);
}

static void
evidence_given_twice_is_refused(void **state)
{
    (void)state;
    struct stage old, new;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    new_evidence(&new, toy_epoch(2), TOY_NEW);
    struct order o = toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence);
    o.evidence[o.evidence_count++] = evidence;
    assert_int_equal(give(&new, o).refusal, REFUSE_EVIDENCE);
}

static void
a_forged_signature_under_evidence_is_refused(void **state)
{
    (void)state;
    struct stage old, new;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    new_evidence(&new, toy_epoch(2), TOY_NEW);
    evidence.sig.b[5] ^= 1;
    assert_int_equal(give(&new, toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence)).refusal,
                     REFUSE_EVIDENCE);
}

static void
go_over_other_evidence_is_refused(void **state)
{
    (void)state;
    struct stage old, new;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    new_evidence(&new, toy_epoch(2), TOY_NEW);
    struct order o = toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence);
    struct signed_approval *go = &o.approval[o.approval_count - 1];
    go->a.evidence[TOY_OLD].b[0] ^= 1;
    toy_sign_approval(go, TOY_CLEO);
    assert_int_equal(give(&new, o).refusal, REFUSE_GO);
}

static void
a_grant_needs_go(void **state)
{
    (void)state;
    struct stage old, new;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    new_evidence(&new, toy_epoch(2), TOY_NEW);
    struct order o = toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence);
    o.approval_count--;
    assert_int_equal(give(&new, o).refusal, REFUSE_APPROVALS);
}

static void
a_serial_is_never_honoured_twice(void **state)
{
    (void)state;
    struct stage old, new;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    new_evidence(&new, toy_epoch(2), TOY_NEW);
    give(&new, toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence));
    new.now += (uint64_t)toy_plan()->policy.v[POLICY_GRANT_MS];
    step(&new, (struct member_event){.kind = MEMBER_TICK});
    assert_int_equal(last_word(&new).type, SAY_VOIDED);
    assert_int_equal(give(&new, toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence)).refusal,
                     REFUSE_SERIAL);
    assert_int_equal(give(&new, toy_grant(toy_epoch(2), TOY_NEW, 2, &evidence)).type, SAY_GRANTED);
}

static void
rollback_starts_the_old_server_only_by_a_grant(void **state)
{
    (void)state;
    struct stage old, new;
    old_evidence(&old, toy_epoch(2));
    struct statement w = give(&old, toy_fence(toy_epoch(3), TOY_OLD));
    assert_true(w.tombstone); /* a FENCE never lifts it */
    assert_int_equal(member_desire(&old.m), DESIRE_STOPPED);
    observe(&old);
    assert_int_equal(prove_quiet(&old, toy_epoch(3)).type, SAY_EVIDENCE);

    new_evidence(&new, toy_epoch(2), TOY_NEW);
    give(&new, toy_fence(toy_epoch(3), TOY_OLD));
    observe(&new);
    assert_int_equal(prove_quiet(&new, toy_epoch(3)).type, SAY_EVIDENCE);
    struct signed_bytes evidence = toy_sign_word(TOY_NEW, &new.out.word[0]);

    w = give(&old, toy_grant(toy_epoch(3), TOY_OLD, 1, &evidence));
    assert_int_equal(w.type, SAY_USED);
    assert_true(w.holding);
    assert_false(w.tombstone);
    assert_int_equal(member_desire(&old.m), DESIRE_RUNNING);
}

static void
a_holder_by_grant_that_is_fenced_may_finish_its_run(void **state)
{
    (void)state;
    struct stage s;
    roll_back(&s);
    s.facts = toy_facts(TOY_OLD);
    facts_set(&s.facts, FACT_EXPORTS_TOTAL, 9);
    observe(&s);
    assert_int_equal(give(&s, toy_fence(toy_epoch(4), TOY_NEW)).type, SAY_ACCEPTED);
    observe(&s);
    assert_int_equal(s.out.word_count, 0); /* no TAMPER: its guard begins with its evidence */
    assert_int_equal(member_desire(&s.m), DESIRE_STOPPED);
    toy_facts_stop(&s.facts);
    observe(&s);
    assert_int_equal(prove_quiet(&s, toy_epoch(4)).type, SAY_EVIDENCE);
}

static void
a_server_that_has_exported_refuses_a_fence_towards_a_legacy_one(void **state)
{
    (void)state;
    struct stage old, new;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    new_evidence(&new, toy_epoch(2), TOY_NEW);
    give(&new, toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence));
    facts_set(&new.facts, FACT_STAGING_SCHEDULER, 0);
    observe(&new);
    struct statement w = give(&new, toy_fence(toy_epoch(3), TOY_OLD));
    assert_int_equal(w.refusal, REFUSE_EVER_EXPORTED);
    assert_true(w.holding); /* it keeps its promise and its work */
    assert_int_equal(w.epoch.counter, 2);
}

static void
unreadable_staging_under_a_live_grant_counts_as_exported(void **state)
{
    (void)state;
    struct stage old, new;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    new_evidence(&new, toy_epoch(2), TOY_NEW);
    give(&new, toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence));
    facts_absent(&new.facts, FACT_STAGING_SCHEDULER, ABSENT_TIMEOUT);
    observe(&new);
    assert_true(new.m.promise.ever_exported);
    assert_true(new.out.changed);
    assert_false(new.m.promise.holding);
}

static void
a_challenge_with_void_gives_the_grant_back_first(void **state)
{
    (void)state;
    struct stage old, new;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    new_evidence(&new, toy_epoch(2), TOY_NEW);
    give(&new, toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence));
    struct order c = toy_challenge(toy_epoch(2), 0x33);
    c.void_first = true;
    step(&new, (struct member_event){.kind = MEMBER_ORDER, .order = &c});
    assert_true(new.out.changed);
    observe(&new);
    struct statement w = last_word(&new);
    assert_int_equal(w.type, SAY_EVIDENCE);
    assert_int_equal(w.grant, GRANT_VOID);
}

static void
a_counter_shown_above_ours_quarantines(void **state)
{
    (void)state;
    struct stage s, ahead;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    stage_open(&ahead, TOY_OLD);
    adopt(&ahead);
    for (int i = 0; i < 5; i++)
        give(&ahead, toy_fence(toy_epoch(2), TOY_NEW));
    struct signed_bytes word = toy_sign_word(TOY_OLD, &ahead.out.word[0]);

    struct order o = {.verb = ORDER_STATUS, .id = toy_id(9), .tenant = toy_tenant(), .shown = word};
    struct statement w = give(&s, o);
    assert_int_equal(w.type, SAY_QUARANTINED);
    assert_int_equal(w.quarantine, QUARANTINE_COUNTER);
    assert_false(w.holding);
    assert_int_equal(member_desire(&s.m), DESIRE_STOPPED_NOW);
    assert_int_equal(give(&s, toy_challenge(toy_epoch(2), 1)).refusal, REFUSE_QUARANTINED);
}

static void
readmit_names_the_machine_as_it_is_now(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    s.m.promise.quarantine = QUARANTINE_MACHINE;
    struct signed_approval sa = toy_approval(VERB_READMIT, TOY_ANNA, TOY_OLD, toy_epoch(1));
    sa.a.subject = toy_member_key(TOY_OLD);
    toy_sign_approval(&sa, TOY_ANNA);
    struct order o = {.verb = ORDER_STATUS, .id = toy_id(9), .tenant = toy_tenant()};
    o.approval[o.approval_count++] = sa;
    assert_int_equal(give(&s, o).quarantine, QUARANTINE_MACHINE); /* names no machine */
    machine_digest(&s.m.promise.machine, toy_digest(), &o.approval[0].a.seen);
    toy_sign_approval(&o.approval[0], TOY_ANNA);
    assert_int_equal(give(&s, o).quarantine, QUARANTINE_NONE);
}

static void
only_a_tombstoned_server_is_retired(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    struct order o = {.verb = ORDER_RETIRE,
                      .id = toy_id(9),
                      .tenant = toy_tenant(),
                      .epoch = toy_epoch(1),
                      .recipient = toy_member_key(TOY_OLD)};
    o.approval[o.approval_count++] = toy_approval(VERB_RETIRE, TOY_ANNA, TOY_OLD, toy_epoch(2));
    assert_int_equal(give(&s, o).refusal, REFUSE_NOT_TOMBSTONED);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    o.epoch = toy_epoch(2);
    struct order bare = o;
    bare.approval_count = 0;
    assert_int_equal(give(&s, bare).refusal, REFUSE_APPROVALS);
    assert_int_equal(give(&s, o).type, SAY_RETIRED);
    assert_int_equal(give(&s, toy_fence(toy_epoch(3), TOY_OLD)).type, SAY_REFUSED);
}

static void
a_trust_document_not_signed_by_the_root_is_refused(void **state)
{
    (void)state;
    struct stage s;
    static uint8_t bytes[TRUST_BYTES_MAX];
    struct trust_doc d = *toy_trust();
    size_t len;
    stage_open(&s, TOY_OLD);
    observe(&s);
    d.version = 2;
    d.previous = s.m.promise.trust_hash;
    assert_int_equal(trust_encode(&d, bytes, sizeof bytes, &len), BATON_OK);
    struct order o = toy_adopt(toy_epoch(1));
    o.trust = (struct signed_bytes){.bytes = bytes, .len = len};
    assert_int_equal(give(&s, o).refusal, REFUSE_TRUST);
    struct baton_key root = toy_root();
    toy_sign(&root, DOMAIN_TRUST, bytes, len, &o.trust.sig);
    assert_int_equal(give(&s, o).type, SAY_HOLDING);
    assert_int_equal(s.m.promise.trust_version, 2);
}

static void
every_word_counts_and_names_the_one_before(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    observe(&s);
    struct statement first = give(&s, toy_adopt(toy_epoch(1)));
    struct baton_hash hash = s.m.promise.last_statement;
    struct statement second = give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    assert_true(second.counter == first.counter + 1);
    assert_true(baton_hash_eq(&second.previous, &hash));
}

static void
a_promise_survives_encoding(void **state)
{
    (void)state;
    struct stage s;
    uint8_t bytes[PROMISE_BYTES_MAX];
    struct promise back;
    old_evidence(&s, toy_epoch(2));
    size_t len = promise_encode(&s.m.promise, bytes);
    assert_int_equal(promise_decode(bytes, len, &back), BATON_OK);
    uint8_t again[PROMISE_BYTES_MAX];
    assert_int_equal(promise_encode(&back, again), len);
    assert_memory_equal(bytes, again, len);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_not_equal(promise_decode(bytes, cut, &back), BATON_OK);
}

static void
the_acceptance_table_knows_every_role(void **state)
{
    (void)state;
    static const char *const roles[] = {"observe", "holder",     "draining",    "fenced",
                                        "granted", "tombstoned", "quarantined", "retired"};
    static const uint8_t verbs[] = {ORDER_STATUS, ORDER_FENCE, ORDER_CHALLENGE, ORDER_GRANT,
                                    ORDER_RETIRE};
    size_t n;
    const struct acceptance_row *rows = acceptance_rows(&n);
    for (size_t v = 0; v < ARRAY_LEN(verbs); v++)
        for (size_t r = 0; r < ARRAY_LEN(roles); r++) {
            bool known = false;
            for (size_t i = 0; i < n; i++)
                known =
                    known || (rows[i].verb == verbs[v] && (strcmp(rows[i].state, "any") == 0 ||
                                                           strcmp(rows[i].state, roles[r]) == 0));
            assert_true(known);
        }
}

/* The first member of a plan is a legacy server whatever its own facts say. */
static void
the_plan_says_which_product_its_first_member_is(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    assert_int_not_equal(give(&s, toy_fence(toy_epoch(2), TOY_NEW)).type, SAY_REFUSED);
    s.m.promise.armed = true;
    s.m.promise.stopped_by_us = false;
    s.m.product = PRODUCT_CONNECT;
    assert_true(member_forbids_services(&s.m)); /* a staged Connect server might run */
}

/* ---- what no order brings about ------------------------------------------------------------------ */

static void
the_hash_of_the_acceptance_table_is_of_every_row_in_order(void **state)
{
    (void)state;
    uint8_t bytes[8192];
    struct canon_writer w;
    size_t n, len;
    struct baton_hash want, got;
    const struct acceptance_row *rows = acceptance_rows(&n);
    canon_writer_init(&w, bytes, sizeof bytes);
    for (size_t i = 0; i < n; i++) {
        canon_put_u8(&w, rows[i].verb);
        canon_put_str(&w, rows[i].state, strlen(rows[i].state) + 1);
        canon_put_str(&w, rows[i].answer, strlen(rows[i].answer) + 1);
    }
    assert_int_equal(canon_finish(&w, &len), BATON_OK);
    toy_hash(bytes, len, 1, &want);
    acceptance_hash(toy_digest(), &got);
    assert_memory_equal(&want, &got, sizeof want);
}

/* Its hash travels in every HELLO: an order that another version would not accept is never assigned. */
static void
the_documented_acceptance_table_is_the_one_that_answers(void **state)
{
    (void)state;
    static char page[262144], table[16384];
    static const char *const verbs[] = {[ORDER_STATUS] = "status",
                                        [ORDER_FENCE] = "fence",
                                        [ORDER_CHALLENGE] = "challenge",
                                        [ORDER_GRANT] = "grant",
                                        [ORDER_RETIRE] = "retire"};
    FILE *f = fopen(BATON_DOCS "/state-machines.md", "rb");
    assert_non_null(f);
    size_t len = fread(page, 1, sizeof page - 1, f), n, at = 0;
    assert_int_equal(fclose(f), 0);
    assert_true(len > 0 && len < sizeof page - 1);
    const struct acceptance_row *rows = acceptance_rows(&n);
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(table + at, sizeof table - at, "     %-9s %-16s %-9s  -- %s\n",
                               rows[i].state, verbs[rows[i].verb], rows[i].answer, rows[i].why);
    (void)snprintf(table + at, sizeof table - at, "```\n"); /* and no more than these */
    assert_non_null(strstr(page, table));
}

/* Two live sessions bar its grants; what it is otherwise goes on. */
static void
a_server_seen_twice_keeps_the_name_of_its_role(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    s.m.promise.quarantine = QUARANTINE_SESSIONS;
    assert_string_equal(promise_role(&s.m.promise), "holder");
    stage_open(&s, TOY_NEW);
    adopt(&s);
    assert_string_equal(promise_role(&s.m.promise), "fenced"); /* adoption asks for no evidence */
}

static void
without_a_trust_document_nobody_is_obeyed_and_everybody_answered(void **state)
{
    (void)state;
    static const uint8_t verbs[] = {ORDER_FENCE, ORDER_GRANT, ORDER_RETIRE};
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        struct stage s;
        old_evidence(&s, toy_epoch(2));
        s.m.trust_known = false;
        struct order o = toy_fence(toy_epoch(3), TOY_NEW);
        o.verb = verbs[i];
        assert_int_equal(give(&s, o).refusal, REFUSE_TRUST);
    }
    struct stage s;
    old_evidence(&s, toy_epoch(2));
    s.m.trust_known = false;
    struct signed_approval sa = about_old(&s, VERB_DISARM, TOY_ANNA, 2);
    struct statement w = tell(&s, &sa, 1);
    assert_int_equal(w.type, SAY_STATUS);
    assert_true(w.armed);
}

static void
an_order_for_another_tenant_is_refused_whatever_it_asks(void **state)
{
    (void)state;
    static const uint8_t verbs[] = {ORDER_STATUS, ORDER_FENCE, ORDER_CHALLENGE, ORDER_GRANT,
                                    ORDER_RETIRE};
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        struct stage s;
        old_evidence(&s, toy_epoch(2));
        struct promise before = s.m.promise;
        struct order o = toy_fence(toy_epoch(2), TOY_NEW); /* even the promise that it has given */
        o.verb = verbs[i];
        o.tenant = toy_id(1);
        assert_int_equal(give(&s, o).refusal, REFUSE_TENANT);
        assert_true(epoch_eq(&before.epoch, &s.m.promise.epoch));
        assert_false(s.m.watch.challenged);
    }
}

static void
a_plan_that_leaves_out_this_server_or_the_recipient_is_refused(void **state)
{
    (void)state;
    static uint8_t bytes[PLAN_BYTES_MAX];
    struct stage s;
    struct plan p = plan_of_one(TOY_NEW);
    stage_open(&s, TOY_OLD);
    observe(&s);
    struct order o = toy_adopt(toy_epoch(1));
    o.recipient = toy_member_key(TOY_NEW);
    under_plan(&o, &p, bytes);
    assert_int_equal(give(&s, o).refusal, REFUSE_PLAN);
    o = toy_adopt(toy_epoch(1));
    o.recipient = toy_key(0x77);
    assert_int_equal(give(&s, o).refusal, REFUSE_PLAN);
    o = toy_adopt(toy_epoch(1));
    o.plan_len--;
    assert_int_equal(give(&s, o).refusal, REFUSE_PLAN);
    assert_false(s.m.plan_known);
}

static void
an_entra_connect_server_that_exports_may_be_fenced_by_staging(void **state)
{
    (void)state;
    static uint8_t bytes[PLAN_BYTES_MAX];
    struct stage s;
    struct plan p = *toy_plan();
    size_t len;
    p.member[TOY_OLD].kind = KIND_STAGED;
    assert_int_not_equal(plan_encode(&p, bytes, sizeof bytes, &len),
                         BATON_OK); /* DirSync has none */
    p.member[TOY_OLD].product = PRODUCT_CONNECT;
    stage_open(&s, TOY_NEW);
    observe(&s);
    struct order o = toy_adopt(toy_epoch(1));
    under_plan(&o, &p, bytes);
    assert_int_equal(give(&s, o).type, SAY_ACCEPTED);
}

static void
a_real_plan_needs_no_lab_and_the_floors_of_production(void **state)
{
    (void)state;
    static uint8_t bytes[PLAN_BYTES_MAX];
    struct stage s;
    struct plan p = *toy_plan();
    p.lab = false;
    policy_preset(PRESET_PRODUCTION, &p.policy);
    stage_open(&s, TOY_OLD);
    s.m.lab_host = s.m.trust.lab = false;
    observe(&s);
    struct order o = toy_adopt(toy_epoch(1));
    under_plan(&o, &p, bytes);
    assert_int_equal(give(&s, o).type, SAY_HOLDING);
}

static void
a_key_confirmed_by_nobody_of_the_trust_document_is_refused(void **state)
{
    (void)state;
    static uint8_t bytes[PLAN_BYTES_MAX];
    struct stage s;
    struct plan p = *toy_plan();
    p.member[TOY_NEW].confirmed_by = toy_id(0x33);
    stage_open(&s, TOY_OLD);
    observe(&s);
    struct order o = toy_adopt(toy_epoch(1));
    under_plan(&o, &p, bytes);
    assert_int_equal(give(&s, o).refusal, REFUSE_UNCONFIRMED);
}

static void
the_epoch_of_nobody_is_never_promised(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    observe(&s);
    struct order o = toy_adopt((struct epoch){0});
    assert_int_equal(give(&s, o).refusal, REFUSE_STALE);
    o.recipient = (struct baton_key){{0}}; /* as this memory has it before the first */
    assert_int_equal(give(&s, o).refusal, REFUSE_PLAN);
    assert_int_equal(give(&s, toy_challenge((struct epoch){0}, 1)).refusal, REFUSE_EPOCH);
}

static void
a_forged_or_unreadable_word_of_the_holder_lifts_no_expiry(void **state)
{
    (void)state;
    struct stage new;
    stage_open(&new, TOY_NEW);
    new.m.promise.recipient = toy_member_key(TOY_NEW);
    new.m.promise.epoch = new.m.promise.holding_epoch = toy_epoch(2);
    new.m.promise.holding = true;
    give(&new, (struct order){.verb = ORDER_STATUS, .id = toy_id(9), .tenant = toy_tenant()});
    for (int wrong = 0; wrong < 3; wrong++) {
        struct stage s;
        stage_open(&s, TOY_OLD);
        adopt(&s);
        struct order o = toy_fence(toy_epoch(2), TOY_NEW);
        for (int i = 0; i < 2; i++) {
            o.approval[i].a.not_after_ms = 5;
            toy_sign_approval(&o.approval[i], (enum toy_person)i);
        }
        o.shown = toy_sign_word(TOY_NEW, &new.out.word[0]);
        if (wrong == 1)
            o.shown.sig.b[0] ^= 1;
        if (wrong == 2) {
            struct baton_key key = toy_member_key(TOY_NEW);
            o.shown.len -= 1;
            toy_sign(&key, DOMAIN_STATEMENT, o.shown.bytes, o.shown.len, &o.shown.sig);
        }
        assert_int_equal(give(&s, o).refusal, wrong == 0 ? REFUSE_NONE : REFUSE_APPROVALS);
    }
}

static void
a_member_that_people_have_retired_may_be_left_out(void **state)
{
    (void)state;
    static uint8_t bytes[PLAN_BYTES_MAX];
    struct plan p = plan_of_one(TOY_NEW);
    for (int named = 0; named < 2; named++) {
        struct stage s;
        stage_open(&s, TOY_NEW);
        adopt(&s);
        struct order o = leave_out(&s, TOY_NEW, TOY_OLD);
        o.approval_count = 2;
        o.approval[1] = toy_approval(VERB_RETIRE, TOY_ANNA, TOY_NEW, toy_epoch(1));
        o.approval[1].a.subject = named ? toy_member_key(TOY_OLD) : toy_key(0x77);
        under_plan(&o, &p, bytes);
        assert_int_equal(give(&s, o).refusal, named ? REFUSE_NONE : REFUSE_MEMBERS);
    }
}

static void
a_grant_without_a_plan_that_names_this_server_is_refused(void **state)
{
    (void)state;
    struct stage old, new;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    new_evidence(&new, toy_epoch(2), TOY_NEW);
    struct plan kept = new.m.plan;
    new.m.plan = plan_of_one(TOY_OLD);
    assert_int_equal(give(&new, toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence)).refusal,
                     REFUSE_PLAN);
    new.m.plan_known = false;
    assert_int_equal(give(&new, toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence)).refusal,
                     REFUSE_PLAN);
    new.m.plan = kept;
    new.m.plan_known = true;
    new.m.promise.epoch = (struct epoch){0};
    assert_int_equal(give(&new, toy_grant((struct epoch){0}, TOY_NEW, 1, &evidence)).refusal,
                     REFUSE_EPOCH);
}

static void
evidence_that_cannot_be_read_is_nobodys(void **state)
{
    (void)state;
    struct stage old, new;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    new_evidence(&new, toy_epoch(2), TOY_NEW);
    struct order o = toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence);
    struct baton_key key = toy_member_key(TOY_OLD);
    o.evidence[0].len -= 1;
    toy_sign(&key, DOMAIN_STATEMENT, evidence.bytes, evidence.len - 1, &o.evidence[0].sig);
    assert_int_equal(give(&new, o).refusal, REFUSE_EVIDENCE);
}

static void
a_go_that_is_late_or_signed_by_another_lets_nobody_export(void **state)
{
    (void)state;
    struct stage old;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    for (int wrong = 0; wrong < 3; wrong++) {
        struct stage new;
        new_evidence(&new, toy_epoch(2), TOY_NEW);
        struct order o = toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence);
        struct signed_approval *go = &o.approval[o.approval_count - 1];
        if (wrong == 1)
            go->a.not_after_ms = 5;
        toy_sign_approval(go, wrong == 2 ? TOY_ANNA : TOY_CLEO);
        assert_int_equal(give(&new, o).refusal, wrong == 0 ? REFUSE_NONE : REFUSE_APPROVALS);
        assert_int_equal(new.m.promise.grant == GRANT_LIVE, wrong == 0);
    }
}

static void
who_disarms_or_readmits_signs_and_in_time(void **state)
{
    (void)state;
    struct stage s;
    old_evidence(&s, toy_epoch(2));
    struct signed_approval sa = about_old(&s, VERB_DISARM, TOY_ANNA, 2);
    sa.sig.b[0] ^= 1;
    assert_true(tell(&s, &sa, 1).armed);
    sa = about_old(&s, VERB_DISARM, TOY_ANNA, 2);
    sa.a.not_after_ms = 5;
    toy_sign_approval(&sa, TOY_ANNA);
    assert_true(tell(&s, &sa, 1).armed);
    promise_quarantine(&s.m.promise, QUARANTINE_MACHINE);
    sa = about_old(&s, VERB_READMIT, TOY_ANNA, 2);
    sa.sig.b[0] ^= 1;
    assert_int_equal(tell(&s, &sa, 1).quarantine, QUARANTINE_MACHINE);
}

static void
disarming_gives_the_services_back_where_no_fence_stopped_them(void **state)
{
    (void)state;
    for (int kept = 0; kept < 4; kept++) {
        struct stage s;
        stage_open(&s, TOY_NEW);
        adopt(&s);
        struct promise *p = &s.m.promise;
        p->stopped_by_us = p->guard_stop = true; /* its guard had acted */
        p->tombstone = kept == 1;
        p->adopt = kept != 2;
        p->quarantine = kept == 3 ? QUARANTINE_SESSIONS : QUARANTINE_NONE;
        struct signed_approval sa = toy_approval(VERB_DISARM, TOY_ANNA, TOY_OLD, toy_epoch(1));
        sa.a.subject = toy_member_key(TOY_NEW);
        toy_sign_approval(&sa, TOY_ANNA);
        tell(&s, &sa, 1);
        assert_false(p->armed);
        assert_int_equal(p->stopped_by_us, kept != 0);
        assert_int_equal(p->guard_stop, kept != 0);
    }
}

/* What its own key signed, that can be read, about itself, and above its own counter. */
static void
nothing_but_its_own_later_word_tells_a_server_of_lost_memory(void **state)
{
    (void)state;
    for (int wrong = 0; wrong < 4; wrong++) {
        struct stage ahead, s;
        stage_open(&ahead, TOY_OLD);
        adopt(&ahead);
        for (int i = 0; i < 5; i++)
            give(&ahead, toy_fence(toy_epoch(2), TOY_NEW));
        if (wrong == 3)
            ahead.m.promise.self = toy_member_key(TOY_NEW);
        tell(&ahead, NULL, 0);
        stage_open(&s, TOY_OLD);
        adopt(&s);
        struct order o = {.verb = ORDER_STATUS, .id = toy_id(9), .tenant = toy_tenant()};
        struct baton_key key = toy_member_key(TOY_OLD);
        o.shown =
            (struct signed_bytes){.bytes = ahead.out.word[0].bytes, .len = ahead.out.word[0].len};
        if (wrong == 2)
            o.shown.len -= 1;
        toy_sign(&key, DOMAIN_STATEMENT, o.shown.bytes, o.shown.len, &o.shown.sig);
        if (wrong == 1)
            o.shown.sig.b[0] ^= 1;
        struct statement w = give(&s, o);
        assert_int_equal(w.quarantine, wrong == 0 ? QUARANTINE_COUNTER : QUARANTINE_NONE);
        assert_int_equal(w.holding, wrong != 0);
    }
}

static void
its_own_later_word_never_lowers_what_it_remembers(void **state)
{
    (void)state;
    static const struct {
        uint64_t epoch; /* of the word; this memory has 2, serial 3 */
        uint32_t serial, after;
    } cases[] = {{1, 9, 3}, {2, 2, 3}, {2, 3, 3}, {2, 5, 5}, {4, 1, 1}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct stage ahead, s;
        stage_open(&ahead, TOY_NEW);
        adopt(&ahead);
        ahead.m.promise.epoch = toy_epoch(cases[i].epoch);
        ahead.m.promise.serial = cases[i].serial;
        ahead.m.promise.counter = 90;
        tell(&ahead, NULL, 0);
        new_evidence(&s, toy_epoch(2), TOY_NEW);
        s.m.promise.serial = 3;
        s.m.promise.ever_exported = s.m.promise.retired = true;
        struct order o = {.verb = ORDER_STATUS, .id = toy_id(9), .tenant = toy_tenant()};
        o.shown = toy_sign_word(TOY_NEW, &ahead.out.word[0]);
        struct statement w = give(&s, o);
        assert_int_equal(w.quarantine, QUARANTINE_COUNTER);
        assert_int_equal(w.serial, cases[i].after);
        assert_int_equal(w.epoch.counter, cases[i].epoch > 2 ? cases[i].epoch : 2);
        assert_true(w.ever_exported && w.retired);
        assert_int_equal(w.counter, 92);
    }
}

/* ---- the member around its promise --------------------------------------------------------------- */

static void
the_first_trust_document_follows_none(void **state)
{
    (void)state;
    static uint8_t bytes[TRUST_BYTES_MAX];
    struct stage s;
    stage_open(&s, TOY_OLD);
    observe(&s);
    s.m.trust_known = false;
    s.m.promise.trust_version = 0;
    struct trust_doc d = *toy_trust();
    d.previous = toy_plan_hash();
    struct order o = toy_adopt(toy_epoch(1));
    o.trust = trust_of(&d, bytes);
    assert_int_equal(give(&s, o).type, SAY_HOLDING);
    assert_true(s.out.trust_changed);
    o = toy_fence(toy_epoch(2), TOY_NEW); /* the same again is no news */
    o.trust = trust_of(&d, bytes);
    assert_int_equal(give(&s, o).type, SAY_ACCEPTED);
    assert_false(s.out.trust_changed);
}

static void
a_trust_document_that_cannot_be_read_is_refused_though_the_root_signed_it(void **state)
{
    (void)state;
    static uint8_t bytes[TRUST_BYTES_MAX];
    struct stage s;
    struct baton_key root = toy_root();
    stage_open(&s, TOY_OLD);
    observe(&s);
    struct trust_doc d = *toy_trust();
    d.version = 9;
    struct order o = toy_adopt(toy_epoch(1));
    o.trust = trust_of(&d, bytes);
    o.trust.len -= 1;
    toy_sign(&root, DOMAIN_TRUST, bytes, o.trust.len, &o.trust.sig);
    assert_int_equal(give(&s, o).refusal, REFUSE_TRUST);
    assert_int_equal(s.m.promise.trust_version, 1);
}

static void
a_trust_document_alone_is_taken_or_logged_and_never_answered(void **state)
{
    (void)state;
    static uint8_t bytes[TRUST_BYTES_MAX];
    struct stage s;
    stage_open(&s, TOY_OLD);
    struct trust_doc d = *toy_trust();
    d.version = 4;
    struct order o = {.trust = trust_of(&d, bytes)};
    step(&s, (struct member_event){.kind = MEMBER_TRUST, .order = &o});
    assert_true(s.out.trust_changed && s.out.changed);
    assert_null(s.out.log);
    assert_int_equal(s.m.promise.trust_version, 4);
    o.trust.sig.b[0] ^= 1;
    step(&s, (struct member_event){.kind = MEMBER_TRUST, .order = &o});
    assert_string_equal(s.out.log, refusal_text(REFUSE_TRUST));
    assert_false(s.out.trust_changed || s.out.changed);
    assert_int_equal(s.out.word_count, 0);
}

static void
a_fence_is_answered_by_what_the_server_does_at_that_moment(void **state)
{
    (void)state;
    static const struct {
        bool run, staging_off, quiet;
        uint8_t answer;
    } cases[] = {
        {false, false, false, SAY_ACCEPTED},
        {true, false, false, SAY_DRAINING},
        {false, true, false, SAY_DRAINING},
        {false, false, true, SAY_ACCEPTED}}; /* quiet begins with the promise, not before */
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct stage s;
        stage_open(&s, TOY_NEW);
        adopt(&s);
        facts_set(&s.facts, FACT_RUN_IN_PROGRESS, cases[i].run);
        if (cases[i].staging_off) {
            s.m.promise.armed = false; /* not guarded: else it is an alarm */
            facts_set(&s.facts, FACT_STAGING_SCHEDULER, 0);
        }
        observe(&s);
        if (cases[i].quiet)
            observe(&s);
        assert_int_equal(give(&s, toy_fence(toy_epoch(2), TOY_NEW)).type, cases[i].answer);
        assert_true(s.m.watch.fence_open);
    }
}

static void
an_epoch_known_from_the_second_copy_alone_proves_nothing(void **state)
{
    (void)state;
    struct stage s;
    struct baton_key new_key = toy_member_key(TOY_NEW);
    struct epoch two = toy_epoch(2);
    stage_open(&s, TOY_OLD);
    promise_recall(&s.m.promise, &two, &new_key, true);
    s.m.promise.stopped_by_us = true;
    toy_facts_stop(&s.facts);
    tell(&s, NULL, 0);
    assert_true(s.m.watch.fence_open);
    for (int i = 0; i < 3; i++) {
        observe(&s);
        assert_int_equal(s.out.word_count, 0); /* no plan: no word of quiet */
    }
}

static void
a_challenge_that_brings_a_trust_document_is_a_change_to_be_stored(void **state)
{
    (void)state;
    static uint8_t bytes[TRUST_BYTES_MAX];
    struct stage s;
    new_evidence(&s, toy_epoch(2), TOY_NEW);
    struct order o = toy_challenge(toy_epoch(2), 0x31);
    step(&s, (struct member_event){.kind = MEMBER_ORDER, .order = &o});
    assert_false(s.out.changed); /* a question alone changes nothing that is kept */
    struct trust_doc d = *toy_trust();
    d.version = 5;
    o.trust = trust_of(&d, bytes);
    step(&s, (struct member_event){.kind = MEMBER_ORDER, .order = &o});
    assert_true(s.out.changed && s.out.trust_changed);
}

static void
exports_are_not_counted_while_the_history_is_unknown(void **state)
{
    (void)state;
    struct stage s;
    new_evidence(&s, toy_epoch(2), TOY_NEW);
    facts_absent(&s.facts, FACT_EXPORTS_TOTAL, ABSENT_ERROR);
    observe(&s);
    assert_false(fact_known(&s.m.watch.facts, FACT_EXPORTS_SINCE_FENCE));
    stage_open(&s, TOY_OLD);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    toy_facts_stop(&s.facts);
    facts_absent(&s.facts, FACT_EXPORTS_TOTAL, ABSENT_ERROR);
    facts_absent(&s.facts, FACT_STOPPED_AT, ABSENT_ERROR);
    observe(&s);
    assert_int_equal(s.m.promise.exports_mark, -1); /* quiet begins with the first known count */
    facts_set(&s.facts, FACT_EXPORTS_TOTAL, 8);
    facts_set(&s.facts, FACT_LAST_EXPORT_END, 950);
    observe(&s);
    assert_int_equal(s.m.promise.exports_mark, 8);
    assert_int_equal(s.m.promise.export_end_mark, 950);
}

/* Stopped by a power failure in the middle of a run: nobody has read the history since, and nobody can. */
static void
stop_unread(struct facts *f, int64_t stopped_at)
{
    toy_facts_stop(f);
    facts_absent(f, FACT_EXPORTS_TOTAL, ABSENT_ERROR);
    facts_absent(f, FACT_LAST_EXPORT_END, ABSENT_ERROR);
    facts_set(f, FACT_STOPPED_AT, stopped_at);
    facts_set(f, FACT_LAST_RUN_END, stopped_at);
}

static void
challenged_in_vain(struct stage *s, struct epoch e)
{
    struct order c = toy_challenge(e, 0x21);
    step(s, (struct member_event){.kind = MEMBER_ORDER, .order = &c});
    for (int i = 0; i < 3; i++) {
        observe(s);
        assert_int_equal(s->out.word_count, 0);
    }
}

static void
an_old_server_whose_runs_nobody_could_read_proves_by_its_stop(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    stop_unread(&s.facts, 5000);
    observe(&s);
    assert_int_equal(s.m.promise.exports_mark, MARK_STOP);
    assert_int_equal(s.m.promise.export_end_mark, 5000);
    struct statement w = prove_quiet(&s, toy_epoch(2));
    assert_int_equal(w.type, SAY_EVIDENCE);
    assert_true(fact_is(&w.facts, FACT_EXPORTS_SINCE_FENCE, 0));
    assert_false(fact_known(&w.facts, FACT_EXPORTS_TOTAL)); /* unknown stays unknown */
}

static void
another_stop_ends_that_proof(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    stop_unread(&s.facts, 5000);
    observe(&s);
    stop_unread(&s.facts, 6000); /* started and stopped while nobody looked: it may have exported */
    observe(&s);
    assert_false(fact_known(&s.m.watch.facts, FACT_EXPORTS_SINCE_FENCE));
    challenged_in_vain(&s, toy_epoch(2));
    facts_set(&s.facts, FACT_EXPORTS_TOTAL, 8);
    facts_set(&s.facts, FACT_LAST_EXPORT_END, 5500);
    observe(&s); /* a history tells */
    assert_true(fact_is(&s.m.watch.facts, FACT_EXPORTS_SINCE_FENCE, 1));
    give(&s, toy_fence(toy_epoch(3), TOY_NEW)); /* what was before another fence is its drain's */
    stop_unread(&s.facts, 6000);
    observe(&s);
    assert_int_equal(s.m.promise.export_end_mark, 6000);
}

static void
no_stop_stands_for_what_a_connect_server_exported(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_NEW);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    s.m.promise.stopped_by_us = true;
    stop_unread(&s.facts, 5000);
    observe(&s);
    assert_int_equal(s.m.promise.exports_mark, MARK_NONE);
    challenged_in_vain(&s, toy_epoch(2));
}

/* A proven old server is started by hand, and its guard sees it run. */
static void
started_by_hand(struct stage *s)
{
    old_evidence(s, toy_epoch(2));
    s->facts = toy_facts(TOY_OLD);
    observe(s);
    assert_int_equal(last_word(s).type, SAY_TAMPER);
}

static void
an_old_server_that_its_guard_stopped_again_proves_by_that_stop_and_says_what_nobody_read(
    void **state)
{
    (void)state;
    struct stage s;
    started_by_hand(&s);
    assert_false(fact_is(&s.m.watch.facts, FACT_EXPORTS_UNREAD, 6000));
    stop_unread(&s.facts, 6000);
    struct statement w = prove_quiet(&s, toy_epoch(2));
    assert_int_equal(w.type, SAY_EVIDENCE);
    assert_true(fact_is(&w.facts, FACT_EXPORTS_SINCE_FENCE, 0));
    assert_true(fact_is(&w.facts, FACT_EXPORTS_UNREAD, 6000));
    assert_false(fact_known(&w.facts, FACT_EXPORTS_TOTAL));
    assert_false(s.m.promise.tamper_open);
    assert_int_equal(s.m.promise.exports_mark, 7); /* from which a history would still count */
    give(&s, toy_fence(toy_epoch(3), TOY_NEW));
    w = prove_quiet(&s, toy_epoch(3));
    assert_true(fact_is(&w.facts, FACT_EXPORTS_UNREAD, 6000));
}

static void
no_alarm_no_stop_that_stands_for_a_count(void **state)
{
    (void)state;
    struct stage s;
    old_evidence(&s, toy_epoch(2));
    stop_unread(&s.facts, 6000); /* started and stopped while nobody looked */
    observe(&s);
    assert_false(fact_known(&s.m.watch.facts, FACT_EXPORTS_SINCE_FENCE));
    assert_true(fact_is(&s.m.watch.facts, FACT_EXPORTS_UNREAD, 0));
    challenged_in_vain(&s, toy_epoch(2));
}

static void
the_same_stop_stands_for_a_count_that_can_no_longer_be_read(void **state)
{
    (void)state;
    struct stage s;
    old_evidence(&s, toy_epoch(2));
    stop_unread(&s.facts, 2000);
    struct statement w = prove_quiet(&s, toy_epoch(2));
    assert_int_equal(w.type, SAY_EVIDENCE);
    assert_true(fact_is(&w.facts, FACT_EXPORTS_UNREAD, 0));
}

static void
a_history_read_while_the_engine_ran_is_no_count_of_what_it_did_until_it_stopped(void **state)
{
    (void)state;
    struct stage s;
    started_by_hand(&s);
    observe(&s);
    toy_facts_stop(&s.facts);
    facts_set(&s.facts, FACT_STOPPED_AT, 6000);
    s.facts.fact[FACT_EXPORTS_TOTAL].age_ms = 1500; /* when it was seen to run last */
    observe(&s);
    assert_true(fact_is(&s.m.watch.facts, FACT_EXPORTS_SINCE_FENCE, 0));
    assert_true(fact_is(&s.m.watch.facts, FACT_EXPORTS_UNREAD, 6000));
    s.facts.fact[FACT_EXPORTS_TOTAL].age_ms =
        9000; /* the same reading, until the alarm is answered */
    assert_int_equal(prove_quiet(&s, toy_epoch(2)).type, SAY_EVIDENCE);
    observe(&s);
    assert_true(fact_is(&s.m.watch.facts, FACT_EXPORTS_UNREAD, 6000));
    s.facts.fact[FACT_EXPORTS_TOTAL].age_ms = 0; /* readable without an engine: read again */
    observe(&s);
    assert_true(fact_is(&s.m.watch.facts, FACT_EXPORTS_SINCE_FENCE, 0));
    assert_true(fact_is(&s.m.watch.facts, FACT_EXPORTS_UNREAD, 0));
}

static void
a_history_that_says_more_counts_whenever_it_was_read(void **state)
{
    (void)state;
    struct stage s;
    started_by_hand(&s);
    facts_set(&s.facts, FACT_EXPORTS_TOTAL, 9);
    toy_facts_stop(&s.facts);
    s.facts.fact[FACT_EXPORTS_TOTAL].age_ms = 1500;
    observe(&s);
    assert_true(fact_is(&s.m.watch.facts, FACT_EXPORTS_SINCE_FENCE, 2));
}

static void
a_history_that_can_be_read_after_all_ends_what_was_unread(void **state)
{
    (void)state;
    struct stage s;
    started_by_hand(&s);
    stop_unread(&s.facts, 6000);
    observe(&s);
    assert_true(s.m.promise.unread);
    facts_set(&s.facts, FACT_EXPORTS_TOTAL, 8);
    facts_set(&s.facts, FACT_LAST_EXPORT_END, 5500);
    observe(&s);
    assert_false(s.m.promise.unread);
    assert_true(s.out.changed);
    assert_true(fact_is(&s.m.watch.facts, FACT_EXPORTS_SINCE_FENCE, 1));
    assert_true(fact_is(&s.m.watch.facts, FACT_EXPORTS_UNREAD, 0));
    assert_int_equal(last_word(&s).type, SAY_TAMPER); /* and it is an alarm of its own */
}

static void
what_an_earlier_life_has_read_ends_nothing_that_is_unread(void **state)
{
    (void)state;
    for (int booted = 0; booted < 2; booted++) {
        struct stage s;
        started_by_hand(&s);
        stop_unread(&s.facts, 6000);
        observe(&s);
        s.m.watch = (struct watch){0};
        facts_set(&s.facts, FACT_EXPORTS_TOTAL, 7);
        s.facts.fact[FACT_EXPORTS_TOTAL].age_ms = 2000;
        if (booted)
            step(&s, (struct member_event){.kind = MEMBER_BOOT});
        observe(&s);
        assert_true(s.m.promise.unread);
        assert_true(fact_is(&s.m.watch.facts, FACT_EXPORTS_UNREAD, 6000));
        s.facts.fact[FACT_EXPORTS_TOTAL].age_ms = 0; /* read in this life */
        observe(&s);
        assert_int_equal(s.m.promise.unread, !booted);
    }
}

static void
a_service_that_moved_makes_an_earlier_history_no_count_under_an_alarm(void **state)
{
    (void)state;
    struct stage s;
    started_by_hand(&s);
    toy_facts_stop(&s.facts);
    facts_set(&s.facts, FACT_STOPPED_AT, 6000);
    observe(&s);
    assert_true(fact_is(&s.m.watch.facts, FACT_EXPORTS_UNREAD, 0));
    step(&s, (struct member_event){.kind = MEMBER_NOTICE, .notice = NOTICE_SERVICE});
    s.facts.fact[FACT_EXPORTS_TOTAL].age_ms = 2000;
    facts_set(&s.facts, FACT_STOPPED_AT, 7000);
    observe(&s);
    assert_true(fact_is(&s.m.watch.facts, FACT_EXPORTS_UNREAD, 7000));
}

/* Its scheduler alone: the engine has stood still since the fence. */
static void
a_service_without_the_engine_leaves_nothing_unread(void **state)
{
    (void)state;
    struct stage s;
    old_evidence(&s, toy_epoch(2));
    stop_unread(&s.facts, 2000);
    facts_set(&s.facts, FACT_SERVICES_STOPPED, 0);
    observe(&s);
    assert_int_equal(last_word(&s).type, SAY_TAMPER);
    facts_set(&s.facts, FACT_SERVICES_STOPPED, 1);
    struct statement w = prove_quiet(&s, toy_epoch(2));
    assert_int_equal(w.type, SAY_EVIDENCE);
    assert_true(fact_is(&w.facts, FACT_EXPORTS_UNREAD, 0));
}

static void
a_connect_server_that_its_guard_stopped_proves_by_no_stop(void **state)
{
    (void)state;
    struct stage s;
    new_evidence(&s, toy_epoch(2), TOY_NEW);
    facts_set(&s.facts, FACT_STAGING_SCHEDULER, 0);
    observe(&s);
    assert_int_equal(last_word(&s).type, SAY_TAMPER);
    s.facts.fact[FACT_EXPORTS_TOTAL].age_ms = 1500; /* what it may have done, its latch says */
    observe(&s);
    assert_true(fact_is(&s.m.watch.facts, FACT_EXPORTS_SINCE_FENCE, 0));
    stop_unread(&s.facts, 6000);
    observe(&s);
    assert_false(fact_known(&s.m.watch.facts, FACT_EXPORTS_SINCE_FENCE));
    assert_true(fact_is(&s.m.watch.facts, FACT_EXPORTS_UNREAD, 0));
    assert_true(s.m.promise.ever_exported);
}

static void
only_a_whole_look_after_the_alarm_marks_by_the_stop(void **state)
{
    (void)state;
    struct stage s;
    started_by_hand(&s);
    stop_unread(&s.facts, 6000);
    observe_begun(&s, 1); /* asked before the alarm */
    assert_false(s.m.promise.unread);
    assert_false(fact_known(&s.m.watch.facts, FACT_EXPORTS_SINCE_FENCE));
    observe(&s);
    assert_true(s.m.promise.unread);
    observe_begun(&s, s.now - 1600);
    assert_true(fact_is(&s.m.watch.facts, FACT_EXPORTS_SINCE_FENCE, 0));
}

static void
a_promise_of_the_layout_before_reads_with_the_stop_that_stood_for_its_count(void **state)
{
    (void)state;
    struct stage s;
    struct promise back;
    uint8_t bytes[PROMISE_BYTES_MAX];
    static const int64_t marks[] = {MARK_STOP, 7};
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        stage_open(&s, TOY_OLD);
        s.m.promise.exports_mark = marks[i];
        s.m.promise.export_end_mark = 5000;
        s.m.promise.mark_stop = 1;
        s.m.promise.unread = true;
        size_t len = promise_encode(&s.m.promise, bytes);
        bytes[0] = 1;
        assert_int_equal(promise_decode(bytes, len - 9, &back), BATON_OK);
        assert_int_equal(back.mark_stop, marks[i] == MARK_STOP ? 5000 : 0);
        assert_false(back.unread);
        bytes[0] = 3;
        assert_int_not_equal(promise_decode(bytes, len, &back), BATON_OK);
    }
}

static void
an_alarm_tells_the_newest_notice_or_else_the_rows_reason(void **state)
{
    (void)state;
    for (int noticed = 0; noticed < 2; noticed++) {
        struct stage s;
        old_evidence(&s, toy_epoch(2));
        s.facts = toy_facts(TOY_OLD);
        if (noticed) {
            struct member_event ev = {.kind = MEMBER_NOTICE, .notice = NOTICE_SERVICE};
            ev.note = "started by CORP\\eve";
            step(&s, ev);
            ev.note = NULL; /* the next one tells nothing: the last word stands */
            step(&s, ev);
        }
        observe(&s);
        struct statement w = last_word(&s);
        assert_int_equal(w.type, SAY_TAMPER);
        assert_string_equal(w.facts.note, noticed ? "started by CORP\\eve"
                                                  : "a fenced server was started by hand");
    }
}

static void
a_tick_before_the_grants_time_says_nothing(void **state)
{
    (void)state;
    struct stage old, new;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    new_evidence(&new, toy_epoch(2), TOY_NEW);
    give(&new, toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence));
    step(&new, (struct member_event){.kind = MEMBER_TICK});
    assert_int_equal(new.out.word_count, 0);
    assert_int_equal(new.m.promise.grant, GRANT_LIVE);
    new.now = new.m.promise.grant_until_ms - 1500;
    step(&new, (struct member_event){.kind = MEMBER_TICK});
    assert_int_equal(last_word(&new).type, SAY_VOIDED);
    assert_string_equal(last_word(&new).facts.note, "the grant's own time is over");
}

static void
a_clock_that_stands_still_ages_no_fact(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_NEW);
    s.facts.fact[FACT_WIZARD_OPEN].age_ms = 40;
    observe(&s);
    s.now -= 3000; /* an event that was stamped earlier */
    step(&s, (struct member_event){.kind = MEMBER_TICK});
    assert_int_equal(s.m.watch.facts.fact[FACT_WIZARD_OPEN].age_ms, 40);
}

/* What it holds stands behind the list of what it promised, and is no promise to another. */
static void
approvals_from_before_its_own_epoch_still_fit_a_holder(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    struct order o = toy_fence(toy_epoch(2), TOY_OLD);
    o.approval[0] = toy_approval(VERB_ROLLBACK, TOY_ANNA, TOY_OLD, toy_epoch(0));
    assert_int_equal(give(&s, o).type, SAY_HOLDING);
}

static void
what_was_said_already_is_not_said_again(void **state)
{
    (void)state;
    struct stage s;
    old_evidence(&s, toy_epoch(2));
    promise_quarantine(&s.m.promise, QUARANTINE_MACHINE);
    for (int i = 0; i < 2; i++) {
        step(&s, (struct member_event){.kind = MEMBER_BOOT});
        assert_int_equal(s.out.word_count, i == 0 ? 1 : 0);
        assert_true(s.out.observe_now);
    }
    s.m.promise.quarantine = QUARANTINE_NONE;
    s.m.promise.grant = GRANT_VOID;
    step(&s, (struct member_event){.kind = MEMBER_BOOT});
    struct statement w = last_word(&s);
    assert_int_equal(w.type, SAY_VOIDED);
    assert_string_equal(w.facts.note, "this server was started again");
    assert_false(s.m.watch.fence_open); /* it has proven itself */
}

static void
a_look_begun_before_an_alarm_begins_no_quiet_span(void **state)
{
    (void)state;
    for (int before = 0; before < 2; before++) {
        struct stage s;
        old_evidence(&s, toy_epoch(2));
        struct facts stopped = s.facts;
        s.facts = toy_facts(TOY_OLD); /* started by hand */
        observe(&s);
        assert_int_equal(last_word(&s).type, SAY_TAMPER);
        uint64_t alarm = s.now;
        s.facts = stopped;
        observe_begun(&s, before ? alarm - 1 : alarm);
        assert_int_equal(s.m.watch.quiet_since_ms, before ? 0 : s.now);
    }
}

static void
a_start_that_was_due_is_over_when_the_service_runs(void **state)
{
    (void)state;
    struct stage s;
    roll_back(&s);
    observe(&s); /* still stopped */
    assert_true(s.m.promise.start_due);
    assert_int_equal(member_desire(&s.m), DESIRE_RUNNING);
    s.facts = toy_facts(TOY_OLD);
    observe(&s);
    assert_false(s.m.promise.start_due);
    assert_true(s.out.changed);
    assert_int_equal(member_desire(&s.m), DESIRE_AS_IS);
    observe(&s);
    assert_false(s.out.changed);
}

static void
what_lies_behind_the_last_of_an_order_is_no_part_of_it(void **state)
{
    (void)state;
    struct stage old, new;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    new_evidence(&new, toy_epoch(2), TOY_NEW);
    struct order o = toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence);
    o.evidence[o.evidence_count] = evidence;
    o.approval[o.approval_count] = o.approval[o.approval_count - 1];
    o.approval[o.approval_count].a.serial = 9; /* a go that would not fit */
    assert_int_equal(give(&new, o).type, SAY_GRANTED);
}

static void
an_attestation_may_live_two_hours_to_the_millisecond(void **state)
{
    (void)state;
    static const enum toy_person three[] = {TOY_ANNA, TOY_BERT, TOY_CLEO};
    struct stage s;
    const uint64_t two_hours = 2 * 3600 * 1000, until_judged = 1500;
    assert_int_equal(grant_attested(&s, three, 3, two_hours + until_judged), REFUSE_NONE);
    assert_int_equal(grant_attested(&s, three, 3, two_hours + until_judged + 1), REFUSE_EVIDENCE);
}

static void
a_server_that_is_not_quiet_has_been_quiet_for_no_time(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    observe(&s); /* it runs */
    assert_true(fact_is(&s.m.watch.facts, FACT_QUIET_FOR_MS, 0));
    toy_facts_stop(&s.facts);
    observe(&s);
    assert_true(s.out.changed); /* the mark of its exports is kept */
    assert_int_equal(s.out.word_count, 0);
    assert_true(fact_is(&s.m.watch.facts, FACT_QUIET_FOR_MS, 0));
    observe_begun(&s, s.m.watch.quiet_since_ms); /* begun with the span: nothing between */
    assert_true(fact_is(&s.m.watch.facts, FACT_QUIET_FOR_MS, 0));
    observe_begun(&s, s.m.watch.quiet_since_ms + 7);
    assert_true(fact_is(&s.m.watch.facts, FACT_QUIET_FOR_MS, 7));
}

static void
before_a_plan_the_product_is_what_the_server_shows(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_NEW);
    s.m.product = PRODUCT_NONE;
    observe(&s);
    assert_int_equal(s.m.product, PRODUCT_CONNECT);
    s.facts.fact[FACT_PRODUCT_CLASS].state = FACT_UNKNOWN;
    observe(&s);
    assert_int_equal(s.m.product, PRODUCT_CONNECT); /* what is not seen now is as it was */
}

/* ---- what a step leaves behind ------------------------------------------------------------------- */

static void
a_word_names_the_very_bytes_of_the_one_before(void **state)
{
    (void)state;
    struct stage s;
    struct baton_hash hash;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    toy_hash(s.out.word[0].bytes, s.out.word[0].len, 1, &hash);
    struct statement w = tell(&s, NULL, 0);
    assert_true(baton_hash_eq(&w.previous, &hash));
}

static void
a_refusal_is_logged_by_its_text_and_a_grant_is_looked_after_at_once(void **state)
{
    (void)state;
    struct stage old, new;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    new_evidence(&new, toy_epoch(2), TOY_NEW);
    new.out.refused = false;
    struct order o = toy_grant(toy_epoch(2), TOY_NEW, 1, NULL);
    assert_int_equal(give(&new, o).type, SAY_REFUSED);
    assert_true(new.out.refused);
    assert_string_equal(new.out.log, refusal_text(REFUSE_EVIDENCE));
    assert_int_equal(give(&new, toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence)).type, SAY_GRANTED);
    assert_true(new.out.observe_now);
}

static void
a_fence_takes_a_start_that_was_due_and_says_of_each_grant_what_became_of_it(void **state)
{
    (void)state;
    struct stage s;
    roll_back(&s);
    assert_true(s.m.promise.start_due);
    struct statement w = give(&s, toy_fence(toy_epoch(4), TOY_NEW));
    assert_false(s.m.promise.start_due);
    assert_int_equal(w.grant, GRANT_VOID); /* it was used: that is over */
    assert_true(epoch_is_zero(&w.holding_epoch));
    assert_int_equal(member_desire(&s.m), DESIRE_STOPPED);
    stage_open(&s, TOY_OLD);
    adopt(&s);
    assert_int_equal(give(&s, toy_fence(toy_epoch(2), TOY_NEW)).grant, GRANT_NONE);
}

static void
a_live_grant_has_no_time_left_once_another_fence_was_promised(void **state)
{
    (void)state;
    struct stage old, new;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    new_evidence(&new, toy_epoch(2), TOY_NEW);
    give(&new, toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence));
    assert_int_not_equal(new.m.promise.grant_until_ms, 0);
    assert_int_equal(give(&new, toy_fence(toy_epoch(3), TOY_NEW)).grant, GRANT_VOID);
    assert_int_equal(new.m.promise.grant_until_ms, 0);
}

static void
what_a_look_shows_counts_from_the_very_moment_on(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_NEW);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    uint64_t fenced = s.now;
    observe_begun(&s, fenced); /* begun in the millisecond of the promise: not before it */
    assert_int_equal(s.m.watch.quiet_since_ms, s.now);
    struct order c = toy_challenge(toy_epoch(2), 0x21);
    step(&s, (struct member_event){.kind = MEMBER_ORDER, .order = &c});
    observe_begun(&s, s.now);
    assert_int_equal(last_word(&s).type, SAY_EVIDENCE);
}

static void
facts_are_as_old_as_the_time_since_the_last_event_and_no_older(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_NEW);
    observe(&s);
    for (int i = 1; i <= 3; i++) {
        step(&s, (struct member_event){.kind = MEMBER_TICK});
        assert_int_equal(s.m.watch.facts.fact[FACT_WIZARD_OPEN].age_ms, 1500 * i);
    }
}

static void
an_alarm_ends_the_span_in_which_it_was_quiet(void **state)
{
    (void)state;
    struct stage s;
    old_evidence(&s, toy_epoch(2));
    assert_int_not_equal(s.m.watch.quiet_since_ms, 0);
    facts_set(&s.facts, FACT_EXPORTS_TOTAL, 9); /* stopped all the time, and yet it exported */
    observe(&s);
    assert_int_equal(last_word(&s).type, SAY_TAMPER);
    assert_int_equal(s.m.watch.quiet_since_ms, 0);
    assert_true(fact_is(&s.m.watch.facts, FACT_QUIET_FOR_MS, 0));
}

static void
exports_that_an_earlier_look_counted_are_not_told_when_nobody_can_count(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    facts_set(&s.facts, FACT_EXPORTS_SINCE_FENCE, 3); /* no collector knows that */
    observe(&s);
    assert_false(fact_is(&s.m.watch.facts, FACT_EXPORTS_SINCE_FENCE, 3));
    adopt(&s); /* a holder counts none */
    facts_set(&s.facts, FACT_EXPORTS_SINCE_FENCE, 3);
    observe(&s);
    assert_false(fact_known(&s.m.watch.facts, FACT_EXPORTS_SINCE_FENCE));
}

static void
the_way_back_leads_to_the_plans_holder_whoever_stands_first_in_it(void **state)
{
    (void)state;
    static uint8_t bytes[PLAN_BYTES_MAX];
    struct plan p = *toy_plan();
    p.member[0] = toy_plan()->member[TOY_NEW];
    p.member[1] = toy_plan()->member[TOY_OLD];
    p.holder = 1;
    p.recipient = 0;
    struct stage s;
    stage_open(&s, TOY_OLD);
    observe(&s);
    struct order o = toy_adopt(toy_epoch(1));
    under_plan(&o, &p, bytes);
    assert_int_equal(give(&s, o).type, SAY_HOLDING);
    o = toy_fence(toy_epoch(2), TOY_NEW);
    under_plan(&o, &p, bytes);
    assert_int_equal(give(&s, o).type, SAY_ACCEPTED);
    o = toy_fence(toy_epoch(3), TOY_OLD);
    under_plan(&o, &p, bytes);
    assert_int_equal(give(&s, o).type, SAY_ACCEPTED);
}

/* A controller that asks again has lost the word; what is quiet says so anew, once. */
static void
an_answered_status_makes_a_fenced_server_say_again_that_it_is_quiet(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    assert_int_not_equal(give(&s, toy_fence(toy_epoch(2), TOY_NEW)).type, SAY_REFUSED);
    toy_facts_stop(&s.facts);
    for (int i = 0; i < 4; i++)
        observe(&s);
    assert_int_equal(s.m.watch.told, SAY_QUIET);
    observe(&s);
    assert_int_equal(s.out.word_count, 0);
    struct order status = toy_challenge(toy_epoch(2), 0x55);
    status.verb = ORDER_STATUS;
    assert_int_equal(give(&s, status).type, SAY_STATUS);
    observe(&s);
    assert_int_equal(last_word(&s).type, SAY_QUIET);
    observe(&s);
    assert_int_equal(s.out.word_count, 0);
    status.tenant = toy_id(3); /* refused: nothing is said besides */
    assert_int_equal(give(&s, status).type, SAY_REFUSED);
    observe(&s);
    assert_int_equal(s.out.word_count, 0);
}

/* The word was heard by a twin of the controller that this session is with. */
static void
a_new_session_makes_a_fenced_server_say_again_that_it_is_quiet(void **state)
{
    (void)state;
    static uint8_t bytes[TRUST_BYTES_MAX];
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    struct trust_doc d = *toy_trust();
    struct order o = {.trust = trust_of(&d, bytes)};
    struct member_event begins = {.kind = MEMBER_TRUST, .order = &o};
    step(&s, begins);
    observe(&s);
    assert_int_equal(s.out.word_count, 0); /* it holds */
    assert_int_not_equal(give(&s, toy_fence(toy_epoch(2), TOY_NEW)).type, SAY_REFUSED);
    toy_facts_stop(&s.facts);
    for (int i = 0; i < 4; i++)
        observe(&s);
    assert_int_equal(s.m.watch.told, SAY_QUIET);
    step(&s, begins);
    observe(&s);
    assert_int_equal(last_word(&s).type, SAY_QUIET);
    observe(&s);
    assert_int_equal(s.out.word_count, 0); /* once */
    s.m.promise.evidence_given = true;
    step(&s, begins);
    observe(&s);
    assert_int_equal(s.out.word_count, 0); /* it has proven it */
}

static void
who_holds_observes_or_has_proven_says_nothing_after_a_status(void **state)
{
    (void)state;
    struct stage s;
    struct order status = toy_challenge(toy_epoch(1), 0x55);
    status.verb = ORDER_STATUS;
    stage_open(&s, TOY_OLD);
    observe(&s);
    assert_int_equal(give(&s, status).type, SAY_STATUS);
    assert_false(s.m.watch.fence_open); /* nothing was promised */
    adopt(&s);
    assert_int_equal(give(&s, status).type, SAY_STATUS);
    assert_false(s.m.watch.fence_open); /* it holds */
    stage_open(&s, TOY_NEW);
    adopt(&s);
    assert_int_equal(give(&s, status).type, SAY_STATUS);
    assert_false(s.m.watch.fence_open); /* an adoption fences nobody */
    assert_int_not_equal(give(&s, toy_fence(toy_epoch(2), TOY_NEW)).type, SAY_REFUSED);
    s.m.promise.evidence_given = true;
    s.m.watch.fence_open = false;
    status.epoch = toy_epoch(2);
    assert_int_equal(give(&s, status).type, SAY_STATUS);
    assert_false(s.m.watch.fence_open);
}

static void
what_follows_a_refused_order_is_not_told_as_refused(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    assert_false(s.out.refused);
    assert_int_equal(give(&s, toy_adopt(toy_epoch(0))).type, SAY_REFUSED);
    assert_true(s.out.refused);
    observe(&s);
    assert_false(s.out.refused);
}

static void
no_plan_says_of_any_member_that_it_is_fenced_by_being_removed(void **state)
{
    (void)state;
    static uint8_t bytes[PLAN_BYTES_MAX];
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        struct stage s;
        struct plan p = *toy_plan();
        p.member[m].kind = KIND_REMOVED;
        stage_open(&s, TOY_OLD);
        observe(&s);
        struct order o = toy_adopt(toy_epoch(1));
        under_plan(&o, &p, bytes);
        assert_int_equal(give(&s, o).refusal, REFUSE_PLAN);
    }
}

/* A go speaks of the evidence of every other member and of nothing besides. */
static void
go_over_evidence_of_the_recipient_or_of_nobody_is_refused(void **state)
{
    (void)state;
    struct stage old;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    for (size_t m = TOY_NEW; m < MEMBERS_MAX; m++) {
        struct stage new;
        new_evidence(&new, toy_epoch(2), TOY_NEW);
        struct order o = toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence);
        struct signed_approval *go = &o.approval[o.approval_count - 1];
        go->a.evidence[m].b[0] = 1;
        toy_sign_approval(go, TOY_CLEO);
        assert_int_equal(give(&new, o).refusal, REFUSE_GO);
    }
}

/* This member's own signed word, the same but for the plan and who says it. */
static struct signed_bytes
said_under(const struct statement *word, const struct baton_hash *plan, const struct baton_key *by,
           uint8_t bytes[STATEMENT_BYTES_MAX])
{
    struct statement w = *word;
    struct signed_bytes sb = {.bytes = bytes};
    w.plan = *plan;
    w.member = *by;
    assert_int_equal(statement_encode(&w, bytes, STATEMENT_BYTES_MAX, &sb.len), BATON_OK);
    toy_sign(by, DOMAIN_STATEMENT, bytes, sb.len, &sb.sig);
    return sb;
}

static void
a_grant_among_three_servers_carries_the_evidence_of_both_others(void **state)
{
    (void)state;
    static uint8_t bytes[PLAN_BYTES_MAX], said[2][STATEMENT_BYTES_MAX];
    struct stage old, new;
    struct statement word;
    struct baton_hash hash;
    struct plan p = *toy_plan();
    struct baton_key old_key = toy_member_key(TOY_OLD), third = toy_key(0x43);
    p.member[2] = p.member[TOY_OLD];
    p.member[2].key = third;
    p.member_count = 3;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    assert_int_equal(statement_decode(evidence.bytes, evidence.len, &word), BATON_OK);
    for (unsigned carried = 0; carried < 4; carried++) { /* bit 0: OLD's, bit 1: the third one's */
        new_evidence(&new, toy_epoch(2), TOY_NEW);
        struct order o = toy_grant(toy_epoch(2), TOY_NEW, 1, NULL);
        struct approval *go = &o.approval[o.approval_count - 1].a;
        under_plan(&o, &p, bytes);
        toy_hash(bytes, o.plan_len, 1, &hash);
        const struct signed_bytes both[] = {said_under(&word, &hash, &old_key, said[0]),
                                            said_under(&word, &hash, &third, said[1])};
        for (size_t i = 0; i < 2; i++) {
            if ((carried & 1u << i) == 0)
                continue;
            o.evidence[o.evidence_count++] = both[i];
            toy_hash(both[i].bytes, both[i].len, 1, &go->evidence[2 * i]);
        }
        under_plan(&o, &p, bytes);
        new.m.plan = p;
        new.m.promise.plan = hash;
        struct statement w = give(&new, o);
        assert_int_equal(w.type, carried == 3 ? SAY_GRANTED : SAY_REFUSED);
        assert_int_equal(w.refusal, carried == 3 ? REFUSE_NONE : REFUSE_EVIDENCE);
    }
}

static void
a_word_behind_the_last_one_of_an_order_disarms_nobody(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_NEW);
    adopt(&s);
    struct signed_approval sa = toy_approval(VERB_DISARM, TOY_ANNA, TOY_OLD, toy_epoch(1));
    sa.a.subject = toy_member_key(TOY_NEW);
    toy_sign_approval(&sa, TOY_ANNA);
    struct order o = {.verb = ORDER_STATUS, .id = toy_id(9), .tenant = toy_tenant()};
    o.approval[0] = sa;
    assert_true(give(&s, o).armed);
    o.approval_count = 1;
    assert_false(give(&s, o).armed);
}

static void
who_is_started_by_its_grant_is_stopped_by_nobody_any_more(void **state)
{
    (void)state;
    struct stage old;
    roll_back(&old);
    const struct promise *p = &old.m.promise;
    assert_false(p->stopped_by_us || p->guard_stop || p->tombstone);
    assert_true(p->holding && p->start_due);
    assert_int_equal(p->grant_until_ms, 0); /* a used grant has no time that could end */
}

static void
each_grant_that_runs_out_is_told_by_its_own_word(void **state)
{
    (void)state;
    struct stage old, new;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    new_evidence(&new, toy_epoch(2), TOY_NEW);
    for (uint32_t serial = 1; serial <= 2; serial++) {
        struct order o = toy_grant(toy_epoch(2), TOY_NEW, serial, &evidence);
        assert_int_equal(give(&new, o).type, SAY_GRANTED);
        new.now += (uint64_t)toy_plan()->policy.v[POLICY_GRANT_MS];
        step(&new, (struct member_event){.kind = MEMBER_TICK});
        assert_int_equal(last_word(&new).type, SAY_VOIDED);
    }
}

static void
a_word_says_whether_it_answers_an_order_and_which_agent_says_it(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    memcpy(s.m.version, "9.8.7", 6);
    memset(&s.out, 0, sizeof s.out);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    assert_true(s.out.word[0].answers);
    toy_facts_stop(&s.facts);
    observe(&s);
    observe(&s);
    struct statement w = last_word(&s);
    assert_int_equal(w.type, SAY_QUIET);
    assert_false(s.out.word[0].answers);
    assert_string_equal(w.agent_version, "9.8.7");
}

static void
a_holder_that_is_challenged_says_that_it_holds(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    struct order o = toy_challenge(toy_epoch(1), 0x21);
    step(&s, (struct member_event){.kind = MEMBER_ORDER, .order = &o});
    assert_true(s.out.observe_now);
    assert_int_equal(s.out.word_count, 0);
    observe(&s);
    struct statement w = last_word(&s);
    assert_int_equal(w.type, SAY_HOLDING);
    assert_true(baton_id_eq(&w.nonce, &o.nonce));
    observe(&s); /* once */
    assert_int_equal(s.out.word_count, 0);
}

static void
a_challenge_is_too_late_from_the_last_millisecond_of_its_time_on(void **state)
{
    (void)state;
    const uint64_t limit = (uint64_t)toy_plan()->policy.v[POLICY_EVIDENCE_FRESH_MS];
    for (uint64_t early = 0; early < 2; early++) {
        struct stage s;
        new_evidence(&s, toy_epoch(2), TOY_NEW);
        struct order o = toy_challenge(toy_epoch(2), 0x22);
        step(&s, (struct member_event){.kind = MEMBER_ORDER, .order = &o});
        s.now += limit - 1500 - early;
        observe(&s);
        assert_int_equal(last_word(&s).type, early ? SAY_EVIDENCE : SAY_REFUSED);
    }
}

static void
a_newer_trust_document_is_what_the_next_order_is_judged_by(void **state)
{
    (void)state;
    static uint8_t bytes[TRUST_BYTES_MAX];
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    struct trust_doc d = *toy_trust();
    d.version = s.m.promise.trust_version + 1;
    d.previous = s.m.promise.trust_hash;
    d.quorum[VERB_CUTOVER] = 3; /* one more than the order has */
    struct order o = toy_fence(toy_epoch(2), TOY_NEW);
    o.trust = trust_of(&d, bytes);
    assert_int_equal(give(&s, o).refusal, REFUSE_APPROVALS);
    assert_int_equal(s.m.trust.version, d.version);
    assert_int_equal(s.m.trust.quorum[VERB_CUTOVER], 3);
}

/* Where the count stood when quiet began is kept, also when that was none. */
static void
exports_beyond_the_mark_are_counted_by_number_or_by_time(void **state)
{
    (void)state;
    static const struct {
        int64_t total, end, since;
    } rows[] = {{0, 0, 0}, {0, 5, 1}, {1, 5, 1}, {3, 5, 3}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct stage s;
        stage_open(&s, TOY_OLD);
        adopt(&s);
        give(&s, toy_fence(toy_epoch(2), TOY_NEW));
        toy_facts_stop(&s.facts);
        facts_set(&s.facts, FACT_EXPORTS_TOTAL, 0);
        facts_set(&s.facts, FACT_LAST_EXPORT_END, 0);
        observe(&s);
        assert_int_equal(s.m.promise.exports_mark, 0);
        facts_set(&s.facts, FACT_EXPORTS_TOTAL, rows[i].total);
        facts_set(&s.facts, FACT_LAST_EXPORT_END, rows[i].end);
        observe(&s);
        assert_int_equal(s.m.watch.facts.fact[FACT_EXPORTS_SINCE_FENCE].value, rows[i].since);
        assert_int_equal(s.m.promise.exports_mark, 0);
    }
}

static void
a_look_that_began_when_the_last_one_ended_is_whole(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_OLD);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    toy_facts_stop(&s.facts);
    uint64_t ended = s.m.watch.observed_ms;
    observe_begun(&s, ended - 1);
    assert_int_equal(s.m.promise.exports_mark, -1); /* a part of it is from before */
    ended = s.m.watch.observed_ms;
    observe_begun(&s, ended);
    assert_int_equal(s.m.promise.exports_mark, 7);
}

static void
what_the_guard_did_is_logged_by_its_row_and_a_stop_that_is_done_is_written_down(void **state)
{
    (void)state;
    struct stage s;
    old_evidence(&s, toy_epoch(2));
    facts_set(&s.facts, FACT_SERVICES_STOPPED, 0);
    observe(&s);
    assert_string_equal(s.out.log, "a fenced server was started by hand");
    assert_true(s.m.promise.guard_stop);
    facts_set(&s.facts, FACT_PRODUCT_PRESENT, 0); /* half of it is gone: that stops nothing */
    observe(&s);
    assert_true(s.m.promise.guard_stop);
    facts_set(&s.facts, FACT_PRODUCT_PRESENT, 1);
    facts_set(&s.facts, FACT_SERVICES_STOPPED, 1);
    observe(&s);
    assert_false(s.m.promise.guard_stop);
    assert_true(s.out.changed);
    observe(&s);
    assert_false(s.out.changed);
}

static void
nothing_is_said_to_a_fence_that_is_proven_until_something_happens(void **state)
{
    (void)state;
    struct stage s;
    new_evidence(&s, toy_epoch(2), TOY_NEW);
    assert_false(s.m.watch.fence_open);
    stage_open(&s, TOY_NEW);
    adopt(&s);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    assert_true(s.m.watch.fence_open);
    observe(&s);
    observe(&s);
    assert_int_equal(last_word(&s).type, SAY_QUIET);
    assert_false(s.m.watch.fence_open);
}

static void
who_boots_under_a_fence_that_it_has_not_proven_says_that_it_is_quiet(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, TOY_NEW);
    adopt(&s);
    step(&s, (struct member_event){.kind = MEMBER_BOOT});
    assert_false(s.m.watch.fence_open);
    give(&s, toy_fence(toy_epoch(2), TOY_NEW));
    s.m.watch.fence_open = false; /* the memory of a run that ended */
    step(&s, (struct member_event){.kind = MEMBER_BOOT});
    assert_true(s.m.watch.fence_open);
    observe(&s);
    observe(&s);
    assert_int_equal(last_word(&s).type, SAY_QUIET);
}

static void
a_member_that_has_looked_at_nothing_knows_nothing(void **state)
{
    (void)state;
    struct member m;
    struct facts nothing;
    struct baton_key self = toy_member_key(TOY_OLD), root = toy_root();
    struct baton_id tenant = toy_tenant();
    facts_init(&nothing);
    member_init(&m, &self, &tenant, &root);
    assert_memory_equal(&m.watch.facts, &nothing, sizeof nothing);
}

static void
a_grant_needs_approvals_that_stand_when_it_comes(void **state)
{
    (void)state;
    struct stage old;
    struct signed_bytes evidence = old_evidence(&old, toy_epoch(2));
    for (int expired = 0; expired < 2; expired++) {
        struct stage new;
        new_evidence(&new, toy_epoch(2), TOY_NEW);
        struct order o = toy_grant(toy_epoch(2), TOY_NEW, 1, &evidence);
        for (size_t i = 0; i < o.approval_count; i++) {
            struct signed_approval *sa = &o.approval[i];
            if (!expired || sa->a.verb != VERB_CUTOVER)
                continue;
            sa->a.not_after_ms = 1; /* it was good for the fence, and go is good still */
            toy_sign_approval(sa, i == 0 ? TOY_ANNA : TOY_BERT);
        }
        struct statement w = give(&new, o);
        assert_int_equal(w.type, expired ? SAY_REFUSED : SAY_GRANTED);
        assert_int_equal(w.refusal, expired ? REFUSE_APPROVALS : REFUSE_NONE);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_grant_needs_approvals_that_stand_when_it_comes),
    cmocka_unit_test(each_grant_that_runs_out_is_told_by_its_own_word),
    cmocka_unit_test(a_word_says_whether_it_answers_an_order_and_which_agent_says_it),
    cmocka_unit_test(a_holder_that_is_challenged_says_that_it_holds),
    cmocka_unit_test(a_challenge_is_too_late_from_the_last_millisecond_of_its_time_on),
    cmocka_unit_test(a_newer_trust_document_is_what_the_next_order_is_judged_by),
    cmocka_unit_test(exports_beyond_the_mark_are_counted_by_number_or_by_time),
    cmocka_unit_test(a_look_that_began_when_the_last_one_ended_is_whole),
    cmocka_unit_test(
        what_the_guard_did_is_logged_by_its_row_and_a_stop_that_is_done_is_written_down),
    cmocka_unit_test(nothing_is_said_to_a_fence_that_is_proven_until_something_happens),
    cmocka_unit_test(who_boots_under_a_fence_that_it_has_not_proven_says_that_it_is_quiet),
    cmocka_unit_test(a_member_that_has_looked_at_nothing_knows_nothing),
    cmocka_unit_test(no_plan_says_of_any_member_that_it_is_fenced_by_being_removed),
    cmocka_unit_test(go_over_evidence_of_the_recipient_or_of_nobody_is_refused),
    cmocka_unit_test(a_grant_among_three_servers_carries_the_evidence_of_both_others),
    cmocka_unit_test(a_word_behind_the_last_one_of_an_order_disarms_nobody),
    cmocka_unit_test(who_is_started_by_its_grant_is_stopped_by_nobody_any_more),
    cmocka_unit_test(what_follows_a_refused_order_is_not_told_as_refused),
    cmocka_unit_test(the_plan_says_which_product_its_first_member_is),
    cmocka_unit_test(an_answered_status_makes_a_fenced_server_say_again_that_it_is_quiet),
    cmocka_unit_test(a_new_session_makes_a_fenced_server_say_again_that_it_is_quiet),
    cmocka_unit_test(who_holds_observes_or_has_proven_says_nothing_after_a_status),
    cmocka_unit_test(the_hash_of_the_acceptance_table_is_of_every_row_in_order),
    cmocka_unit_test(a_server_seen_twice_keeps_the_name_of_its_role),
    cmocka_unit_test(without_a_trust_document_nobody_is_obeyed_and_everybody_answered),
    cmocka_unit_test(an_order_for_another_tenant_is_refused_whatever_it_asks),
    cmocka_unit_test(a_plan_that_leaves_out_this_server_or_the_recipient_is_refused),
    cmocka_unit_test(an_entra_connect_server_that_exports_may_be_fenced_by_staging),
    cmocka_unit_test(a_real_plan_needs_no_lab_and_the_floors_of_production),
    cmocka_unit_test(a_key_confirmed_by_nobody_of_the_trust_document_is_refused),
    cmocka_unit_test(the_epoch_of_nobody_is_never_promised),
    cmocka_unit_test(a_forged_or_unreadable_word_of_the_holder_lifts_no_expiry),
    cmocka_unit_test(a_member_that_people_have_retired_may_be_left_out),
    cmocka_unit_test(a_grant_without_a_plan_that_names_this_server_is_refused),
    cmocka_unit_test(evidence_that_cannot_be_read_is_nobodys),
    cmocka_unit_test(a_go_that_is_late_or_signed_by_another_lets_nobody_export),
    cmocka_unit_test(who_disarms_or_readmits_signs_and_in_time),
    cmocka_unit_test(disarming_gives_the_services_back_where_no_fence_stopped_them),
    cmocka_unit_test(nothing_but_its_own_later_word_tells_a_server_of_lost_memory),
    cmocka_unit_test(its_own_later_word_never_lowers_what_it_remembers),
    cmocka_unit_test(the_first_trust_document_follows_none),
    cmocka_unit_test(a_trust_document_that_cannot_be_read_is_refused_though_the_root_signed_it),
    cmocka_unit_test(a_trust_document_alone_is_taken_or_logged_and_never_answered),
    cmocka_unit_test(a_fence_is_answered_by_what_the_server_does_at_that_moment),
    cmocka_unit_test(an_epoch_known_from_the_second_copy_alone_proves_nothing),
    cmocka_unit_test(a_challenge_that_brings_a_trust_document_is_a_change_to_be_stored),
    cmocka_unit_test(exports_are_not_counted_while_the_history_is_unknown),
    cmocka_unit_test(an_old_server_whose_runs_nobody_could_read_proves_by_its_stop),
    cmocka_unit_test(another_stop_ends_that_proof),
    cmocka_unit_test(no_stop_stands_for_what_a_connect_server_exported),
    cmocka_unit_test(an_alarm_tells_the_newest_notice_or_else_the_rows_reason),
    cmocka_unit_test(a_tick_before_the_grants_time_says_nothing),
    cmocka_unit_test(a_clock_that_stands_still_ages_no_fact),
    cmocka_unit_test(the_documented_acceptance_table_is_the_one_that_answers),
    cmocka_unit_test(a_word_names_the_very_bytes_of_the_one_before),
    cmocka_unit_test(a_refusal_is_logged_by_its_text_and_a_grant_is_looked_after_at_once),
    cmocka_unit_test(a_fence_takes_a_start_that_was_due_and_says_of_each_grant_what_became_of_it),
    cmocka_unit_test(a_live_grant_has_no_time_left_once_another_fence_was_promised),
    cmocka_unit_test(what_a_look_shows_counts_from_the_very_moment_on),
    cmocka_unit_test(facts_are_as_old_as_the_time_since_the_last_event_and_no_older),
    cmocka_unit_test(an_alarm_ends_the_span_in_which_it_was_quiet),
    cmocka_unit_test(exports_that_an_earlier_look_counted_are_not_told_when_nobody_can_count),
    cmocka_unit_test(the_way_back_leads_to_the_plans_holder_whoever_stands_first_in_it),
    cmocka_unit_test(approvals_from_before_its_own_epoch_still_fit_a_holder),
    cmocka_unit_test(what_was_said_already_is_not_said_again),
    cmocka_unit_test(a_look_begun_before_an_alarm_begins_no_quiet_span),
    cmocka_unit_test(a_start_that_was_due_is_over_when_the_service_runs),
    cmocka_unit_test(what_lies_behind_the_last_of_an_order_is_no_part_of_it),
    cmocka_unit_test(an_attestation_may_live_two_hours_to_the_millisecond),
    cmocka_unit_test(a_server_that_is_not_quiet_has_been_quiet_for_no_time),
    cmocka_unit_test(before_a_plan_the_product_is_what_the_server_shows),
    cmocka_unit_test(adoption_makes_the_exporter_the_holder),
    cmocka_unit_test(adoption_arms_the_guard_of_everybody_else),
    cmocka_unit_test(a_server_that_does_not_export_is_not_adopted_as_holder),
    cmocka_unit_test(two_exporters_are_refused_at_adoption),
    cmocka_unit_test(a_fenced_server_cannot_be_adopted_back),
    cmocka_unit_test(a_fence_towards_another_is_a_tombstone_and_a_stop),
    cmocka_unit_test(a_recipient_that_holds_keeps_running),
    cmocka_unit_test(a_service_that_merely_runs_is_not_holding),
    cmocka_unit_test(an_epoch_that_is_not_above_is_stale),
    cmocka_unit_test(the_same_epoch_for_another_recipient_is_refused),
    cmocka_unit_test(the_same_fence_again_is_answered_again),
    cmocka_unit_test(a_counter_that_jumps_too_far_is_refused),
    cmocka_unit_test(one_person_is_not_two),
    cmocka_unit_test(an_approval_from_before_another_promise_is_refused),
    cmocka_unit_test(an_expired_approval_is_refused),
    cmocka_unit_test(expiry_never_refuses_a_fence_that_carries_the_holders_own_word),
    cmocka_unit_test(an_unconfirmed_key_in_the_plan_is_refused),
    cmocka_unit_test(a_policy_that_is_not_the_plans_is_refused),
    cmocka_unit_test(a_policy_that_this_version_cannot_read_is_refused_and_the_place_is_said),
    cmocka_unit_test(a_policy_that_was_kept_once_is_not_judged_again),
    cmocka_unit_test(a_lab_plan_is_refused_by_a_real_server),
    cmocka_unit_test(a_plan_that_forgets_a_member_is_refused),
    cmocka_unit_test(disarm_and_readmit_take_as_many_people_as_the_trust_document_says),
    cmocka_unit_test(disarm_names_this_agent_its_promise_and_no_open_alarm),
    cmocka_unit_test(readmit_raises_the_promise_to_the_record),
    cmocka_unit_test(a_readmitted_server_starts_again_only_under_a_later_epoch),
    cmocka_unit_test(its_own_later_word_gives_back_what_a_machine_forgot),
    cmocka_unit_test(a_machine_that_forgot_its_retirement_is_told_so_by_its_own_word),
    cmocka_unit_test(a_memory_that_was_lost_without_a_tombstone_is_not_readmitted),
    cmocka_unit_test(what_a_second_copy_promised_is_not_taken_back),
    cmocka_unit_test(a_first_fence_that_only_the_second_copy_knows_is_taken_once_more),
    cmocka_unit_test(a_trust_document_that_was_lost_is_taken_again),
    cmocka_unit_test(two_people_may_leave_out_a_member_that_they_attest_for_this_epoch),
    cmocka_unit_test(each_of_them_must_name_the_member_that_is_left_out),
    cmocka_unit_test(an_attestation_for_another_epoch_leaves_nobody_out),
    cmocka_unit_test(an_attestation_that_saw_nothing_leaves_nobody_out),
    cmocka_unit_test(an_entra_connect_server_is_never_left_out_towards_a_legacy_one),
    cmocka_unit_test(a_returning_member_takes_a_shorter_plan_by_the_holders_word_however_late),
    cmocka_unit_test(the_second_person_twice_is_not_a_third),
    cmocka_unit_test(an_attestation_lives_two_hours_at_most_whatever_the_plan_says),
    cmocka_unit_test(a_legacy_server_is_never_granted_over_an_attested_entra_connect),
    cmocka_unit_test(an_approval_whose_base_is_above_the_order_is_refused),
    cmocka_unit_test(a_member_that_the_plan_names_neither_way_is_granted_by_nobody),
    cmocka_unit_test(a_retirement_that_names_another_member_is_refused),
    cmocka_unit_test(an_approval_with_one_thing_wrong_is_refused),
    cmocka_unit_test(a_plan_with_one_thing_wrong_is_refused),
    cmocka_unit_test(an_order_for_another_tenant_is_refused),
    cmocka_unit_test(only_the_recipients_own_word_that_it_holds_this_epoch_lifts_an_expiry),
    cmocka_unit_test(plan_approvals_adopt_the_plans_holder_once),
    cmocka_unit_test(two_people_adopt_whoever_exports_under_a_later_epoch),
    cmocka_unit_test(a_dead_source_is_adopted_only_if_it_is_legacy),
    cmocka_unit_test(nobody_is_adopted_over_facts_that_are_not_known),
    cmocka_unit_test(adoption_lifts_no_fence_guard_stop_or_quarantine),
    cmocka_unit_test(an_approval_outlives_an_epoch_of_its_own_recipient),
    cmocka_unit_test(of_many_recipients_the_latest_are_remembered),
    cmocka_unit_test(a_grant_at_a_wrong_moment_is_refused),
    cmocka_unit_test(evidence_of_an_earlier_epoch_is_no_quiet_of_ones_own),
    cmocka_unit_test(serials_begin_again_with_each_epoch),
    cmocka_unit_test(evidence_that_nobody_asked_for_spoils_a_grant),
    cmocka_unit_test(go_for_another_serial_or_epoch_is_refused),
    cmocka_unit_test(a_connect_server_fenced_by_stopping_is_started_by_its_grant),
    cmocka_unit_test(a_fence_of_kind_stopped_remembers_that_it_stopped_the_server),
    cmocka_unit_test(a_holder_is_not_retired),
    cmocka_unit_test(a_role_has_a_name),
    cmocka_unit_test(a_handoff_lasts_from_the_promise_to_another_until_the_role_is_settled),
    cmocka_unit_test(a_handoff_is_over_for_who_is_retired_or_disarmed_but_not_with_an_alarm_open),
    cmocka_unit_test(trust_documents_only_rise_and_name_the_one_before),
    cmocka_unit_test(a_fence_ends_a_challenge_that_was_open),
    cmocka_unit_test(the_newest_challenge_is_answered_and_the_older_refused),
    cmocka_unit_test(the_same_challenge_again_needs_no_later_look),
    cmocka_unit_test(a_second_drain_counts_its_exports_anew),
    cmocka_unit_test(a_broken_watch_ends_the_quiet_span),
    cmocka_unit_test(an_observer_without_a_plan_has_no_quiet_span),
    cmocka_unit_test(each_start_by_hand_is_told_until_evidence_closes_it),
    cmocka_unit_test(a_guard_has_nothing_more_to_stop_once_the_product_is_gone),
    cmocka_unit_test(a_receipt_is_replaced_by_a_longer_one_alone),
    cmocka_unit_test(its_own_newest_word_is_no_news),
    cmocka_unit_test(evidence_comes_only_after_two_quiet_observations),
    cmocka_unit_test(a_wizard_that_opens_ends_the_quiet_span),
    cmocka_unit_test(a_tool_seen_only_by_notice_ends_the_quiet_span),
    cmocka_unit_test(a_look_begun_before_a_notice_begins_no_span),
    cmocka_unit_test(a_look_begun_before_the_fence_begins_no_span),
    cmocka_unit_test(a_challenge_is_answered_by_a_look_begun_after_it),
    cmocka_unit_test(a_look_that_comes_too_late_answers_no_challenge),
    cmocka_unit_test(a_server_whose_product_was_removed_proves_that),
    cmocka_unit_test(exports_are_counted_from_a_whole_look),
    cmocka_unit_test(a_status_says_how_old_its_facts_are),
    cmocka_unit_test(exports_since_the_fence_are_as_old_as_the_history),
    cmocka_unit_test(a_grant_with_everything_is_honoured),
    cmocka_unit_test(a_grant_without_evidence_is_refused),
    cmocka_unit_test(evidence_of_another_epoch_is_refused),
    cmocka_unit_test(evidence_given_twice_is_refused),
    cmocka_unit_test(a_forged_signature_under_evidence_is_refused),
    cmocka_unit_test(go_over_other_evidence_is_refused),
    cmocka_unit_test(a_grant_needs_go),
    cmocka_unit_test(a_serial_is_never_honoured_twice),
    cmocka_unit_test(rollback_starts_the_old_server_only_by_a_grant),
    cmocka_unit_test(a_holder_by_grant_that_is_fenced_may_finish_its_run),
    cmocka_unit_test(a_server_that_has_exported_refuses_a_fence_towards_a_legacy_one),
    cmocka_unit_test(unreadable_staging_under_a_live_grant_counts_as_exported),
    cmocka_unit_test(a_challenge_with_void_gives_the_grant_back_first),
    cmocka_unit_test(a_counter_shown_above_ours_quarantines),
    cmocka_unit_test(readmit_names_the_machine_as_it_is_now),
    cmocka_unit_test(only_a_tombstoned_server_is_retired),
    cmocka_unit_test(a_trust_document_not_signed_by_the_root_is_refused),
    cmocka_unit_test(every_word_counts_and_names_the_one_before),
    cmocka_unit_test(a_promise_survives_encoding),
    cmocka_unit_test(
        an_old_server_that_its_guard_stopped_again_proves_by_that_stop_and_says_what_nobody_read),
    cmocka_unit_test(no_alarm_no_stop_that_stands_for_a_count),
    cmocka_unit_test(the_same_stop_stands_for_a_count_that_can_no_longer_be_read),
    cmocka_unit_test(
        a_history_read_while_the_engine_ran_is_no_count_of_what_it_did_until_it_stopped),
    cmocka_unit_test(a_history_that_says_more_counts_whenever_it_was_read),
    cmocka_unit_test(a_history_that_can_be_read_after_all_ends_what_was_unread),
    cmocka_unit_test(what_an_earlier_life_has_read_ends_nothing_that_is_unread),
    cmocka_unit_test(a_service_that_moved_makes_an_earlier_history_no_count_under_an_alarm),
    cmocka_unit_test(a_service_without_the_engine_leaves_nothing_unread),
    cmocka_unit_test(a_connect_server_that_its_guard_stopped_proves_by_no_stop),
    cmocka_unit_test(only_a_whole_look_after_the_alarm_marks_by_the_stop),
    cmocka_unit_test(a_promise_of_the_layout_before_reads_with_the_stop_that_stood_for_its_count),
    cmocka_unit_test(the_acceptance_table_knows_every_role),
};

int
main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
