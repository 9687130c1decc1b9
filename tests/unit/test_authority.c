/* The controller's record, moved by the agents' real words: both cores talk to each other here. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "controller/core/authority.h"
#include "toy.h"

struct pair { /* one tenant: the record, two agents, their servers */
    struct authority a;
    struct member m[TOY_MEMBERS];
    struct facts facts[TOY_MEMBERS];
    struct member_out out;
    uint64_t now;
    uint8_t nonce;
    uint32_t news;
    uint64_t log_size;
    bool other_log;
    struct { /* newest evidence of each, signed */
        uint8_t bytes[STATEMENT_BYTES_MAX];
        size_t len;
        struct baton_hash hash;
    } kept[TOY_MEMBERS];
};

static void hear(struct pair *p, enum toy_member m);

static void
pair_open(struct pair *p)
{
    memset(p, 0, sizeof *p);
    p->now = 10000;
    p->a.tenant = toy_tenant();
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        p->m[m] = toy_new_member((enum toy_member)m);
        p->facts[m] = toy_facts((enum toy_member)m);
    }
}

static struct member_event
moment(struct pair *p, enum member_event_kind kind)
{
    p->now += 1500;
    return (struct member_event){
        .kind = kind, .now_ms = p->now, .now_unix_ms = 1000000 + p->now, .began_ms = p->now};
}

static void
observe(struct pair *p, enum toy_member m)
{
    struct member_event ev = moment(p, MEMBER_OBSERVED);
    ev.facts = &p->facts[m];
    member_step(&p->m[m], &ev, toy_digest(), &p->out);
    hear(p, m);
}

static void
give(struct pair *p, enum toy_member m, const struct order *o)
{
    struct member_event ev = moment(p, MEMBER_ORDER);
    ev.order = o;
    member_step(&p->m[m], &ev, toy_digest(), &p->out);
    hear(p, m);
}

static void
send_fences(struct pair *p)
{
    struct baton_key new_key = toy_member_key(TOY_NEW);
    enum toy_member r = baton_key_eq(&p->a.recipient, &new_key) ? TOY_NEW : TOY_OLD;
    struct order o = p->a.phase == AUTH_ADOPTING ? toy_adopt(p->a.epoch) : toy_fence(p->a.epoch, r);
    for (size_t m = 0; m < TOY_MEMBERS; m++)
        give(p, (enum toy_member)m, &o);
}

static void
send_challenges(struct pair *p, uint8_t mask, bool void_first)
{
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        if ((mask & (1u << m)) == 0)
            continue;
        struct order o = toy_challenge(p->a.epoch, 0);
        o.nonce = p->a.member[m].nonce;
        o.void_first = void_first;
        give(p, (enum toy_member)m, &o);
    }
}

static void
send_grant(struct pair *p)
{
    struct baton_key new_key = toy_member_key(TOY_NEW);
    enum toy_member r = baton_key_eq(&p->a.recipient, &new_key) ? TOY_NEW : TOY_OLD;
    enum toy_member other = r == TOY_NEW ? TOY_OLD : TOY_NEW;
    struct signed_bytes sb = {.bytes = p->kept[other].bytes, .len = p->kept[other].len};
    struct baton_key key = toy_member_key(other);
    toy_sign(&key, DOMAIN_STATEMENT, sb.bytes, sb.len, &sb.sig);
    struct order o = toy_grant(p->a.epoch, r, p->a.serial, &sb);
    give(p, r, &o);
}

static void
perform(struct pair *p, uint32_t effects)
{
    uint8_t mask = p->a.challenge_mask;
    if (effects & AUTH_FX_FENCE)
        send_fences(p);
    if (effects & (AUTH_FX_CHALLENGE | AUTH_FX_VOID))
        send_challenges(p, mask, (effects & AUTH_FX_VOID) != 0);
    if (effects & AUTH_FX_GRANT)
        send_grant(p);
}

static struct authority_input
input(struct pair *p, enum authority_event event)
{
    struct authority_input in = {.event = event,
                                 .now_ms = p->now,
                                 .incarnation = toy_id(0xc0),
                                 .plan = toy_plan(),
                                 .plan_hash = toy_plan_hash(),
                                 .our_log_size = p->log_size,
                                 .other_log = p->other_log};
    for (size_t m = 0; m < TOY_MEMBERS; m++)
        in.nonce[m] = toy_id(++p->nonce);
    return in;
}

static enum baton_status
move(struct pair *p, const struct authority_input *in)
{
    const struct authority_row *row;
    uint32_t effects, news;
    enum baton_status rc = authority_step(&p->a, in, &row, &effects, &news);
    if (rc == BATON_OK) {
        assert_non_null(row);
        p->news |= news;
        perform(p, effects);
    }
    return rc;
}

static enum baton_status
ask(struct pair *p, enum authority_event event)
{
    struct authority_input in = input(p, event);
    return move(p, &in);
}

static enum baton_status
towards(struct pair *p, enum authority_event event, enum toy_member m)
{
    struct authority_input in = input(p, event);
    in.recipient = toy_member_key(m);
    return move(p, &in);
}

/* Gives every word of the last step to the record. */
static void
hear(struct pair *p, enum toy_member m)
{
    struct member_out out = p->out;
    for (uint8_t i = 0; i < out.word_count; i++) {
        struct statement s;
        assert_int_equal(statement_decode(out.word[i].bytes, out.word[i].len, &s), BATON_OK);
        struct authority_input in = input(p, AUTH_EV_SAID);
        in.said = &s;
        toy_hash(out.word[i].bytes, out.word[i].len, 1, &in.said_hash);
        if (s.type == SAY_EVIDENCE) {
            memcpy(p->kept[m].bytes, out.word[i].bytes, out.word[i].len);
            p->kept[m].len = out.word[i].len;
            p->kept[m].hash = in.said_hash;
        }
        assert_int_equal(move(p, &in), BATON_OK);
    }
}

static void
observe_both(struct pair *p, int times)
{
    for (int i = 0; i < times; i++)
        for (size_t m = 0; m < TOY_MEMBERS; m++)
            observe(p, (enum toy_member)m);
}

static void
adopt(struct pair *p)
{
    observe_both(p, 1);
    assert_int_equal(towards(p, AUTH_EV_ADOPT, TOY_OLD), BATON_OK);
}

static void
fence_new(struct pair *p)
{
    adopt(p);
    assert_int_equal(towards(p, AUTH_EV_FENCE, TOY_NEW), BATON_OK);
    toy_facts_stop(&p->facts[TOY_OLD]);
    observe_both(p, 4);
}

static void
grant_new(struct pair *p)
{
    fence_new(p);
    assert_int_equal(ask(p, AUTH_EV_ASK), BATON_OK);
    observe_both(p, 1);
    assert_int_equal(ask(p, AUTH_EV_GO), BATON_OK);
}

static void
leave_staging(struct pair *p)
{
    facts_set(&p->facts[TOY_NEW], FACT_STAGING_SCHEDULER, 0);
    facts_set(&p->facts[TOY_NEW], FACT_STAGING_SETTINGS, 0);
    observe(p, TOY_NEW);
}

static void
adoption_ends_when_everybody_has_promised(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    assert_int_equal(p.a.phase, AUTH_HELD);
    struct baton_key old_key = toy_member_key(TOY_OLD);
    assert_true(baton_key_eq(&p.a.holder, &old_key));
    assert_true(p.news & AUTH_NEWS_ADOPTED);
}

static void
evidence_of_both_is_the_gap(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    fence_new(&p);
    assert_int_equal(p.a.phase, AUTH_FENCED);
    assert_true(authority_complete(&p.a));
    assert_true(p.news & AUTH_NEWS_ALL_EVIDENCE);
    assert_true(baton_key_is_zero(&p.a.holder));
}

static void
a_whole_handoff_ends_with_the_new_holder(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    grant_new(&p);
    assert_int_equal(p.a.phase, AUTH_GRANTED);
    assert_true(p.news & AUTH_NEWS_GRANT_LIVE);
    leave_staging(&p);
    assert_int_equal(p.a.phase, AUTH_HELD);
    struct baton_key new_key = toy_member_key(TOY_NEW);
    assert_true(baton_key_eq(&p.a.holder, &new_key));
    assert_true(p.a.ponr);
}

static void
go_without_fresh_evidence_is_refused(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    fence_new(&p);
    assert_int_equal(ask(&p, AUTH_EV_GO), BATON_REFUSED); /* nobody was asked since go is wanted */
    assert_int_equal(ask(&p, AUTH_EV_ASK), BATON_OK);
    assert_int_equal(ask(&p, AUTH_EV_GO), BATON_REFUSED); /* nobody has answered */
}

static void
go_that_comes_too_late_is_refused(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    fence_new(&p);
    ask(&p, AUTH_EV_ASK);
    observe_both(&p, 1);
    p.now += (uint64_t)toy_plan()->policy.v[POLICY_GO_MS];
    assert_int_equal(ask(&p, AUTH_EV_GO), BATON_REFUSED);
    assert_int_equal(p.a.phase, AUTH_ASKED);
}

static void
on_the_way_back_the_fences_own_evidence_is_enough_while_it_is_fresh(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    fence_new(&p);
    assert_int_equal(towards(&p, AUTH_EV_FENCE, TOY_OLD), BATON_OK);
    observe_both(&p, 3);
    assert_int_equal(p.a.phase, AUTH_FENCED);
    p.now += (uint64_t)toy_plan()->policy.v[POLICY_GO_MS] + 1;
    assert_int_equal(ask(&p, AUTH_EV_GO), BATON_REFUSED); /* too old by now */
    assert_int_equal(towards(&p, AUTH_EV_FENCE, TOY_OLD), BATON_OK);
    observe_both(&p, 3);
    assert_int_equal(ask(&p, AUTH_EV_GO), BATON_OK);
    assert_int_equal(p.a.phase, AUTH_HELD);
}

static void
evidence_of_an_earlier_run_is_not_fresh(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    fence_new(&p);
    assert_int_equal(towards(&p, AUTH_EV_FENCE, TOY_OLD), BATON_OK);
    observe_both(&p, 3);
    assert_true(authority_fresh(&p.a, p.now, 60000));
    p.a.member[TOY_NEW].challenged_ms = 0;
    assert_true(authority_complete(&p.a));
    assert_false(authority_fresh(&p.a, p.now, UINT64_MAX));
    assert_int_equal(ask(&p, AUTH_EV_GO), BATON_REFUSED);
}

static void
rollback_from_the_gap_returns_the_role(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    fence_new(&p);
    assert_int_equal(towards(&p, AUTH_EV_FENCE, TOY_OLD), BATON_OK);
    observe_both(&p, 3);
    assert_int_equal(p.a.phase, AUTH_FENCED);
    ask(&p, AUTH_EV_ASK);
    observe_both(&p, 1);
    assert_int_equal(ask(&p, AUTH_EV_GO), BATON_OK);
    assert_int_equal(p.a.phase, AUTH_HELD); /* a legacy server uses its grant at once */
    struct baton_key old_key = toy_member_key(TOY_OLD);
    assert_true(baton_key_eq(&p.a.holder, &old_key));
    assert_int_equal(member_desire(&p.m[TOY_OLD]), DESIRE_RUNNING);
}

static void
a_cancel_reaches_a_holder_that_never_stopped(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    assert_int_equal(towards(&p, AUTH_EV_FENCE, TOY_OLD), BATON_OK);
    assert_int_equal(p.a.phase, AUTH_HELD);
    assert_true(p.news & AUTH_NEWS_HOLDING);
}

static void
after_the_point_of_no_return_nothing_leads_back(void **state)
{
    (void)state;
    struct pair p;
    const char *why;
    pair_open(&p);
    grant_new(&p);
    leave_staging(&p);
    struct baton_key old_key = toy_member_key(TOY_OLD);
    assert_false(authority_may_return(&p.a, &old_key, &why));
    assert_int_equal(towards(&p, AUTH_EV_FENCE, TOY_OLD), BATON_REFUSED);
    assert_int_equal(p.a.phase, AUTH_HELD);
}

static void
a_hand_start_in_the_gap_voids_the_evidence(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    fence_new(&p);
    p.facts[TOY_OLD] = toy_facts(TOY_OLD); /* somebody started it */
    observe(&p, TOY_OLD);
    assert_true(p.news & AUTH_NEWS_TAMPER);
    assert_int_equal(p.a.phase, AUTH_FENCING);
    assert_false(authority_complete(&p.a));
    assert_int_equal(ask(&p, AUTH_EV_GO), BATON_NO_RULE);
}

static void
a_grant_that_expired_goes_back_to_the_gap_by_the_recipients_word(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    grant_new(&p);
    p.now += (uint64_t)toy_plan()->policy.v[POLICY_GRANT_MS];
    observe(&p, TOY_NEW);
    assert_int_equal(p.a.phase, AUTH_FENCED);
    assert_true(p.news & AUTH_NEWS_GRANT_VOID);
    ask(&p, AUTH_EV_ASK);
    observe_both(&p, 2);
    assert_int_equal(ask(&p, AUTH_EV_GO), BATON_OK);
    assert_int_equal(p.a.serial, 2);
    assert_int_equal(p.m[TOY_NEW].promise.grant, GRANT_LIVE);
}

static void
void_takes_an_unused_grant_back(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    grant_new(&p);
    assert_int_equal(ask(&p, AUTH_EV_VOID), BATON_OK);
    assert_int_equal(p.a.phase, AUTH_GRANTED); /* only the answer counts */
    observe(&p, TOY_NEW);
    assert_int_equal(p.a.phase, AUTH_FENCED);
    assert_int_equal(p.m[TOY_NEW].promise.grant, GRANT_VOID);
}

static void
a_word_delivered_twice_changes_nothing(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    fence_new(&p);
    struct statement s;
    assert_int_equal(statement_decode(p.kept[TOY_OLD].bytes, p.kept[TOY_OLD].len, &s), BATON_OK);
    struct authority_input in = input(&p, AUTH_EV_SAID);
    in.said = &s;
    struct authority before = p.a;
    assert_int_equal(move(&p, &in), BATON_STALE);
    assert_memory_equal(&before, &p.a, sizeof before);
}

static struct order
status_order(const struct pair *p, enum toy_member m)
{
    return (struct order){.verb = ORDER_STATUS,
                          .id = toy_id((uint8_t)(0xd0 + m)),
                          .tenant = toy_tenant(),
                          .nonce = p->a.member[m].status_nonce};
}

static void
a_controller_that_starts_sends_nothing_until_it_has_heard_everybody(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    assert_int_equal(ask(&p, AUTH_EV_START), BATON_OK);
    assert_true(p.a.recovering);
    assert_int_equal(towards(&p, AUTH_EV_FENCE, TOY_NEW), BATON_REFUSED);
    struct order o = status_order(&p, TOY_OLD);
    give(&p, TOY_OLD, &o);
    assert_int_equal(towards(&p, AUTH_EV_FENCE, TOY_NEW), BATON_REFUSED);
    o = status_order(&p, TOY_NEW);
    give(&p, TOY_NEW, &o);
    assert_true(p.news & AUTH_NEWS_RECOVERED);
    assert_int_equal(towards(&p, AUTH_EV_FENCE, TOY_NEW), BATON_OK);
}

static void
an_answer_to_an_earlier_run_is_not_being_heard(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    ask(&p, AUTH_EV_START);
    struct order o = status_order(&p, TOY_OLD);
    ask(&p, AUTH_EV_START); /* another run, other nonces */
    give(&p, TOY_OLD, &o);
    assert_false(p.a.member[TOY_OLD].heard);
}

static void
a_promise_that_the_ledger_does_not_know_means_reconcile(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    struct authority backup = p.a;
    assert_int_equal(towards(&p, AUTH_EV_FENCE, TOY_NEW), BATON_OK);
    toy_facts_stop(&p.facts[TOY_OLD]);
    p.a = backup; /* restored from last night */
    p.news = 0;
    ask(&p, AUTH_EV_START);
    struct order o = status_order(&p, TOY_OLD);
    give(&p, TOY_OLD, &o);
    assert_true(p.a.reconcile && (p.news & AUTH_NEWS_FOREIGN));
    o = status_order(&p, TOY_NEW);
    give(&p, TOY_NEW, &o);
    assert_int_equal(towards(&p, AUTH_EV_FENCE, TOY_OLD), BATON_REFUSED);
    assert_int_equal(ask(&p, AUTH_EV_RECONCILE), BATON_OK);
    assert_int_equal(p.a.epoch.counter, 2);
    assert_int_equal(p.a.phase, AUTH_FENCING);
}

static void
a_receipt_longer_than_our_log_means_reconcile(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    p.log_size = 5;
    adopt(&p);
    p.m[TOY_OLD].promise.receipt_size = 6;
    struct order o = status_order(&p, TOY_OLD);
    give(&p, TOY_OLD, &o);
    assert_true(p.a.reconcile);
}

static void
a_receipt_that_people_have_confirmed_as_lost_asks_them_once(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    p.log_size = 5;
    adopt(&p);
    p.m[TOY_OLD].promise.receipt_size = 6;
    struct order o = status_order(&p, TOY_OLD);
    give(&p, TOY_OLD, &o);
    assert_int_equal(ask(&p, AUTH_EV_RECONCILE), BATON_OK);
    o = status_order(&p, TOY_OLD); /* the agent keeps that receipt, and says so with every word */
    give(&p, TOY_OLD, &o);
    assert_false(p.a.reconcile);
    p.m[TOY_NEW].promise.receipt_size = 7; /* more than they have seen */
    o = status_order(&p, TOY_NEW);
    give(&p, TOY_NEW, &o);
    assert_true(p.a.reconcile);
}

static void
a_receipt_of_another_log_means_reconcile_however_short(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    p.log_size = 5;
    adopt(&p);
    p.m[TOY_OLD].promise.receipt_size = 3;
    struct order o = status_order(&p, TOY_OLD);
    give(&p, TOY_OLD, &o);
    assert_false(p.a.reconcile);
    p.other_log = true;
    o = status_order(&p, TOY_OLD);
    give(&p, TOY_OLD, &o);
    assert_true(p.a.reconcile);
}

/* ---- words made by hand: what no honest pair says at this moment ---------------------------------- */

static struct statement
word_of(struct pair *p, enum toy_member m, enum statement_type type)
{
    return (struct statement){.type = (uint8_t)type,
                              .tenant = toy_tenant(),
                              .member = toy_member_key(m),
                              .epoch = p->a.epoch,
                              .recipient = p->a.recipient,
                              .asked = p->a.epoch,
                              .counter = p->a.member[m].counter + 1};
}

static uint32_t
tell(struct pair *p, const struct statement *s)
{
    const struct authority_row *row;
    uint32_t effects, news;
    struct authority_input in = input(p, AUTH_EV_SAID);
    in.said = s;
    in.said_hash = toy_plan_hash();
    assert_int_equal(authority_step(&p->a, &in, &row, &effects, &news), BATON_OK);
    p->news |= news;
    return effects;
}

static void
go_after_a_restart_needs_a_new_ask(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    fence_new(&p);
    assert_int_equal(ask(&p, AUTH_EV_ASK), BATON_OK);
    observe_both(&p, 1);
    p.now = 1; /* the host was started again: its clock begins anew */
    assert_int_equal(ask(&p, AUTH_EV_START), BATON_OK);
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        struct statement s = word_of(&p, (enum toy_member)m, SAY_STATUS);
        s.nonce = p.a.member[m].status_nonce;
        tell(&p, &s);
    }
    assert_false(p.a.recovering);
    assert_int_equal(ask(&p, AUTH_EV_GO), BATON_REFUSED);
}

static void
a_refusal_of_something_else_leaves_the_grant_under_way(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    fence_new(&p);
    p.a.phase = AUTH_GRANTED; /* sent, not arrived */
    p.a.serial = 1;
    struct statement s = word_of(&p, TOY_NEW, SAY_REFUSED);
    s.refusal = REFUSE_NOT_QUIET;
    s.nonce = toy_id(3); /* of a challenge: a grant has none */
    tell(&p, &s);
    assert_int_equal(p.a.phase, AUTH_GRANTED);
    s = word_of(&p, TOY_NEW, SAY_REFUSED);
    s.refusal = REFUSE_STALE;
    s.asked = toy_epoch(1); /* a FENCE of an earlier epoch, that came late */
    tell(&p, &s);
    assert_int_equal(p.a.phase, AUTH_GRANTED);
    s = word_of(&p, TOY_NEW, SAY_REFUSED);
    s.refusal = REFUSE_GO;
    tell(&p, &s);
    assert_int_equal(p.a.phase, AUTH_FENCED);
}

static void
a_grant_that_was_honoured_after_all_is_seen_in_the_gap(void **state)
{
    (void)state;
    static const uint8_t phases[] = {AUTH_FENCED, AUTH_ASKED};
    for (size_t i = 0; i < ARRAY_LEN(phases); i++) {
        struct pair p;
        pair_open(&p);
        fence_new(&p);
        p.a.phase = phases[i];
        struct statement s = word_of(&p, TOY_NEW, SAY_USED);
        s.holding = true;
        s.holding_epoch = p.a.epoch;
        s.grant = GRANT_USED;
        tell(&p, &s);
        assert_int_equal(p.a.phase, AUTH_HELD);
        assert_true(p.news & AUTH_NEWS_GRANT_USED);
    }
}

static void
an_epoch_taken_from_a_members_word_is_promised_by_those_who_say_so_alone(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    p.a.member[TOY_NEW].attested = true; /* under the epoch that this ledger knows */
    p.a.serial = 4;
    struct statement s = word_of(&p, TOY_OLD, SAY_STATUS);
    s.epoch.counter = 2;
    tell(&p, &s);
    assert_true(p.a.member[TOY_NEW].accepted && !baton_hash_is_zero(&p.a.member[TOY_OLD].holds));
    const struct authority_row *row;
    uint32_t effects, news;
    struct authority_input in = input(&p, AUTH_EV_RECONCILE);
    assert_int_equal(authority_step(&p.a, &in, &row, &effects, &news), BATON_OK);
    assert_int_equal(p.a.epoch.counter, 2);
    assert_true(p.a.member[TOY_OLD].accepted);
    assert_false(p.a.member[TOY_NEW].accepted);
    assert_false(p.a.member[TOY_NEW].attested);
    assert_true(baton_hash_is_zero(&p.a.member[TOY_OLD].holds));
    assert_int_equal(p.a.serial, 0);
}

static void
an_adoption_that_the_record_did_not_see_end_has_ended_when_everybody_promised_it(void **state)
{
    (void)state;
    for (int all = 0; all < 2; all++) {
        struct pair p;
        pair_open(&p);
        adopt(&p);
        p.a.adopted = false; /* put back to before the last word */
        p.a.phase = AUTH_ADOPTING;
        p.a.reconcile = true;
        if (all == 0)
            p.a.member[TOY_NEW].promise = (struct epoch){0};
        const struct authority_row *row;
        uint32_t effects, news;
        struct authority_input in = input(&p, AUTH_EV_RECONCILE);
        assert_int_equal(authority_step(&p.a, &in, &row, &effects, &news), BATON_OK);
        assert_int_equal(p.a.adopted, all);
        assert_int_equal(p.a.phase, all ? AUTH_HELD : AUTH_ADOPTING);
    }
}

/* Else nothing but a new plan would lead on: what is repeated is answered, and no rule listens. */
static void
the_last_promise_of_the_epoch_in_which_one_holds_ends_an_adoption(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    p.a.adopted = false;
    p.a.member[TOY_NEW].promise = (struct epoch){0};
    struct statement s = word_of(&p, TOY_OLD, SAY_HOLDING);
    s.holding = true;
    s.holding_epoch = p.a.epoch;
    tell(&p, &s);
    assert_false(p.a.adopted);
    s = word_of(&p, TOY_NEW, SAY_ACCEPTED);
    tell(&p, &s);
    assert_true(p.a.adopted);
    assert_int_equal(p.a.phase, AUTH_HELD);
}

static void
a_record_without_an_adoption_knows_the_role_once_everybody_gave_evidence(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    p.a.adopted = false;
    assert_int_equal(towards(&p, AUTH_EV_FENCE, TOY_NEW), BATON_OK);
    toy_facts_stop(&p.facts[TOY_OLD]);
    observe_both(&p, 4);
    assert_int_equal(p.a.phase, AUTH_FENCED);
    assert_true(p.a.adopted);
}

static void
a_member_that_claims_an_epoch_out_of_reach_does_not_move_the_counter(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    struct statement s = word_of(&p, TOY_NEW, SAY_STATUS);
    s.epoch.counter = UINT64_MAX;
    tell(&p, &s);
    assert_true(p.a.reconcile);
    assert_int_equal(ask(&p, AUTH_EV_RECONCILE), BATON_OK);
    assert_int_equal(p.a.epoch.counter, 1);
    const struct authority_row *row;
    uint32_t effects, news;
    struct authority_input in = input(&p, AUTH_EV_FENCE);
    in.recipient = toy_member_key(TOY_NEW);
    assert_int_equal(authority_step(&p.a, &in, &row, &effects, &news), BATON_OK);
    assert_int_equal(p.a.epoch.counter, 2);
}

static void
nobody_is_challenged_before_it_was_heard_in_this_run(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    p.a.phase = AUTH_FENCING;
    ask(&p, AUTH_EV_START);
    struct statement s = word_of(&p, TOY_OLD, SAY_QUIET);
    assert_int_equal(tell(&p, &s), AUTH_FX_NONE);
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        s = word_of(&p, (enum toy_member)m, SAY_STATUS);
        s.nonce = p.a.member[m].status_nonce;
        /* the last of them lets every challenge out that had to wait */
        assert_int_equal(tell(&p, &s), m == TOY_NEW ? AUTH_FX_CHALLENGE : AUTH_FX_NONE);
    }
    assert_int_equal(p.a.challenge_mask, 3);
}

static void
nobody_attests_for_the_recipient_itself(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    fence_new(&p);
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        struct authority a = p.a;
        a.member[m].evidence = (struct baton_hash){{0}};
        a.member[m].attested = true;
        assert_int_equal(authority_complete(&a), m == TOY_OLD);
        a.member[TOY_OLD].tamper_open = true; /* and never over an open alarm */
        assert_false(authority_complete(&a));
    }
}

static void
nothing_returns_to_a_member_that_is_removed_or_retired(void **state)
{
    (void)state;
    struct pair p;
    const char *why;
    struct baton_key old_key = toy_member_key(TOY_OLD);
    pair_open(&p);
    fence_new(&p);
    assert_true(authority_may_return(&p.a, &old_key, &why));
    struct authority a = p.a;
    a.member[TOY_OLD].kind = KIND_REMOVED;
    assert_false(authority_may_return(&a, &old_key, &why));
    a = p.a;
    a.member[TOY_OLD].retired = true;
    assert_false(authority_may_return(&a, &old_key, &why));
}

static void
an_earlier_serial_that_is_void_says_nothing_of_the_grant_under_way(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    fence_new(&p);
    p.a.phase = AUTH_GRANTED;
    p.a.serial = 2;
    struct statement s = word_of(&p, TOY_NEW, SAY_STATUS);
    s.grant = GRANT_VOID;
    s.serial = 1;
    tell(&p, &s);
    assert_int_equal(p.a.phase, AUTH_GRANTED);
    s = word_of(&p, TOY_NEW, SAY_VOIDED);
    s.grant = GRANT_VOID;
    s.serial = 2;
    tell(&p, &s);
    assert_int_equal(p.a.phase, AUTH_FENCED);
}

static void
evidence_counts_if_it_answers_the_newest_challenge(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    fence_new(&p);
    assert_int_equal(ask(&p, AUTH_EV_ASK), BATON_OK);
    struct statement s = word_of(&p, TOY_OLD, SAY_EVIDENCE);
    s.nonce = toy_id(0x7f);
    tell(&p, &s);
    assert_true(baton_hash_is_zero(&p.a.member[TOY_OLD].evidence));
    s = word_of(&p, TOY_OLD, SAY_EVIDENCE);
    s.nonce = p.a.member[TOY_OLD].nonce;
    tell(&p, &s);
    assert_false(baton_hash_is_zero(&p.a.member[TOY_OLD].evidence));
}

static void
an_alarm_voids_evidence_and_evidence_or_holding_closes_it(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    fence_new(&p);
    struct statement s = word_of(&p, TOY_NEW, SAY_TAMPER);
    tell(&p, &s);
    assert_true(p.a.member[TOY_NEW].tamper_open && p.a.member[TOY_NEW].tamper_unread);
    assert_true(baton_hash_is_zero(&p.a.member[TOY_NEW].evidence));
    s = word_of(&p, TOY_NEW, SAY_HOLDING);
    s.holding = true;
    s.holding_epoch = p.a.epoch;
    tell(&p, &s);
    assert_false(p.a.member[TOY_NEW].tamper_open);
    assert_true(p.a.member[TOY_NEW].tamper_unread); /* a person's part */
    assert_int_equal(towards(&p, AUTH_EV_ACK, TOY_NEW), BATON_OK);
    assert_false(p.a.member[TOY_NEW].tamper_unread);
}

static void
a_word_for_another_tenant_moves_nothing(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    fence_new(&p);
    struct statement s = word_of(&p, TOY_OLD, SAY_TAMPER);
    s.tenant = toy_id(1);
    struct authority_input in = input(&p, AUTH_EV_SAID);
    in.said = &s;
    assert_int_equal(move(&p, &in), BATON_NO_RULE);
    assert_int_equal(p.a.phase, AUTH_FENCED);
}

static void
a_new_epoch_begins_with_nothing_of_the_old(void **state)
{
    (void)state;
    struct pair p;
    const struct authority_row *row;
    uint32_t effects, news;
    pair_open(&p);
    fence_new(&p);
    p.a.member[TOY_OLD].attested = true;
    struct authority_input in = input(&p, AUTH_EV_FENCE);
    in.recipient = toy_member_key(TOY_OLD);
    assert_int_equal(authority_step(&p.a, &in, &row, &effects, &news), BATON_OK);
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        assert_false(p.a.member[m].accepted || p.a.member[m].attested);
        assert_true(baton_hash_is_zero(&p.a.member[m].evidence));
        assert_true(baton_id_is_zero(&p.a.member[m].nonce));
        assert_int_equal(p.a.member[m].challenged_ms, 0);
    }
    assert_true(baton_hash_eq(&p.a.plan, &in.plan_hash));
}

/* One step without carrying out what it orders. */
static enum baton_status
decide(struct pair *p, const struct authority_input *in, const struct authority_row **ret_row)
{
    uint32_t effects, news;
    enum baton_status rc = authority_step(&p->a, in, ret_row, &effects, &news);
    p->news |= news;
    return rc;
}

static enum baton_status
decide_towards(struct pair *p, enum authority_event event, enum toy_member m,
               const struct plan *plan)
{
    const struct authority_row *row;
    struct authority_input in = input(p, event);
    in.recipient = toy_member_key(m);
    in.plan = plan;
    return decide(p, &in, &row);
}

static void
the_role_moves_to_a_newcomer_that_the_plan_alone_knows(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    p.a.member_count = 1; /* NEW enrolled after this record was made */
    p.a.reconcile = true;
    assert_int_equal(decide_towards(&p, AUTH_EV_FENCE, TOY_NEW, toy_plan()), BATON_REFUSED);
    p.a.reconcile = false;
    assert_int_equal(decide_towards(&p, AUTH_EV_FENCE, TOY_NEW, NULL), BATON_REFUSED);
    assert_int_equal(p.a.phase, AUTH_HELD);
    assert_int_equal(decide_towards(&p, AUTH_EV_FENCE, TOY_NEW, toy_plan()), BATON_OK);
    assert_int_equal(p.a.phase, AUTH_FENCING);
    assert_int_equal(p.a.member_count, TOY_MEMBERS);
    struct baton_key new_key = toy_member_key(TOY_NEW);
    assert_true(baton_key_eq(&p.a.recipient, &new_key));
}

static void
no_plan_brings_in_a_legacy_server_or_one_that_it_does_not_name(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    p.a.member_count = 1;
    struct plan plan = *toy_plan();
    plan.member[TOY_NEW].product = PRODUCT_DIRSYNC;
    assert_int_equal(decide_towards(&p, AUTH_EV_FENCE, TOY_NEW, &plan), BATON_REFUSED);
    plan = *toy_plan();
    plan.member_count = 1;
    assert_int_equal(decide_towards(&p, AUTH_EV_FENCE, TOY_NEW, &plan), BATON_REFUSED);
    assert_int_equal(p.a.epoch.counter, 1);
}

static void
without_a_plan_nobody_is_granted_and_a_fence_keeps_its_members(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    fence_new(&p);
    assert_int_equal(ask(&p, AUTH_EV_ASK), BATON_OK);
    observe_both(&p, 1);
    assert_true(authority_complete(&p.a));
    assert_int_equal(decide_towards(&p, AUTH_EV_GO, TOY_NEW, NULL), BATON_REFUSED);
    assert_int_equal(decide_towards(&p, AUTH_EV_FENCE, TOY_OLD, NULL), BATON_OK);
    assert_int_equal(p.a.member_count, TOY_MEMBERS);
    observe_both(&p, 1);
    p.a.phase = AUTH_FENCED;
    assert_int_equal(decide_towards(&p, AUTH_EV_GO, TOY_OLD, NULL), BATON_REFUSED);
}

static void
what_grants_or_asks_is_refused_while_the_record_is_unsure(void **state)
{
    (void)state;
    static const struct {
        uint8_t phase, event;
    } cases[] = {
        {AUTH_ADOPTING, AUTH_EV_ADOPT}, {AUTH_HELD, AUTH_EV_ADOPT},    {AUTH_ADOPTING, AUTH_EV_ASK},
        {AUTH_HELD, AUTH_EV_ASK},       {AUTH_FENCING, AUTH_EV_ASK},   {AUTH_FENCED, AUTH_EV_ASK},
        {AUTH_ASKED, AUTH_EV_ASK},      {AUTH_GRANTED, AUTH_EV_ASK},   {AUTH_ASKED, AUTH_EV_GO},
        {AUTH_FENCED, AUTH_EV_GO},      {AUTH_GRANTED, AUTH_EV_VOID},  {AUTH_HELD, AUTH_EV_RETIRE},
        {AUTH_HELD, AUTH_EV_FENCE},     {AUTH_FENCING, AUTH_EV_FENCE}, {AUTH_FENCED, AUTH_EV_FENCE},
        {AUTH_ASKED, AUTH_EV_FENCE},    {AUTH_GRANTED, AUTH_EV_FENCE},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (int why = 0; why < 3; why++) {
            struct pair p;
            pair_open(&p);
            fence_new(&p);
            bool back = cases[i].phase == AUTH_FENCED && cases[i].event == AUTH_EV_GO;
            assert_int_equal(towards(&p, AUTH_EV_FENCE, back ? TOY_OLD : TOY_NEW), BATON_OK);
            observe_both(&p, 3);
            if (cases[i].event == AUTH_EV_GO && !back) {
                assert_int_equal(ask(&p, AUTH_EV_ASK), BATON_OK);
                observe_both(&p, 1);
            }
            p.a.phase = cases[i].phase;
            if (cases[i].phase == AUTH_FENCING && cases[i].event == AUTH_EV_ASK)
                p.a.member[TOY_OLD].evidence = (struct baton_hash){{0}}; /* some is missing */
            p.a.recovering = why == 1;
            p.a.reconcile = why == 2;
            enum baton_status rc =
                decide_towards(&p, cases[i].event, back ? TOY_OLD : TOY_NEW, toy_plan());
            if (rc != (why == 0 ? BATON_OK : BATON_REFUSED))
                fail_msg("%s in %s, unsure %d: %d",
                         authority_event_name((enum authority_event)cases[i].event),
                         authority_phase_name((enum authority_phase)cases[i].phase), why, rc);
        }
    }
}

static void
nobody_is_asked_again_while_the_evidence_of_a_fence_is_whole(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    fence_new(&p);
    p.a.phase = AUTH_FENCING;
    assert_int_equal(decide_towards(&p, AUTH_EV_ASK, TOY_NEW, toy_plan()), BATON_REFUSED);
}

static void
who_holds_another_epoch_does_not_hold_this_one(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    grant_new(&p);
    struct statement s = word_of(&p, TOY_NEW, SAY_HOLDING);
    s.holding = true;
    s.holding_epoch = toy_epoch(1);
    tell(&p, &s);
    assert_int_equal(p.a.phase, AUTH_GRANTED);
    s = word_of(&p, TOY_OLD, SAY_HOLDING); /* not the recipient */
    s.holding = true;
    s.holding_epoch = p.a.epoch;
    tell(&p, &s);
    assert_int_equal(p.a.phase, AUTH_GRANTED);
    s = word_of(&p, TOY_NEW, SAY_HOLDING); /* speaks of an epoch that is over */
    s.holding = true;
    s.holding_epoch = p.a.epoch;
    s.epoch = toy_epoch(1);
    tell(&p, &s);
    assert_int_equal(p.a.phase, AUTH_GRANTED);
}

static void
who_was_heard_in_this_run_is_challenged_before_the_others_were(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    p.a.phase = AUTH_FENCING;
    ask(&p, AUTH_EV_START);
    struct statement s = word_of(&p, TOY_OLD, SAY_STATUS);
    s.nonce = p.a.member[TOY_OLD].status_nonce;
    tell(&p, &s);
    s = word_of(&p, TOY_OLD, SAY_QUIET);
    assert_int_equal(tell(&p, &s), AUTH_FX_CHALLENGE);
    assert_int_equal(p.a.challenge_mask, 1u << TOY_OLD);
    assert_true(p.a.recovering);
}

static void
nobody_is_challenged_over_a_record_that_people_have_to_confirm_first(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    p.a.phase = AUTH_FENCING;
    ask(&p, AUTH_EV_START);
    p.a.reconcile = true;
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        struct statement s = word_of(&p, (enum toy_member)m, SAY_STATUS);
        s.nonce = p.a.member[m].status_nonce;
        assert_int_equal(tell(&p, &s), AUTH_FX_NONE);
    }
    assert_false(p.a.recovering);
    assert_true(p.news & AUTH_NEWS_RECOVERED);
}

static void
who_is_attested_or_retired_need_not_be_heard(void **state)
{
    (void)state;
    for (int retired = 0; retired < 2; retired++) {
        struct pair p;
        pair_open(&p);
        adopt(&p);
        ask(&p, AUTH_EV_START);
        if (retired)
            p.a.member[TOY_OLD].retired = true;
        else
            assert_int_equal(towards(&p, AUTH_EV_ATTEST, TOY_OLD), BATON_OK);
        assert_true(p.a.recovering);
        struct statement s = word_of(&p, TOY_NEW, SAY_STATUS);
        s.nonce = p.a.member[TOY_NEW].status_nonce;
        tell(&p, &s);
        assert_false(p.a.recovering);
    }
}

static void
the_last_one_that_had_to_be_heard_may_be_attested_instead(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    ask(&p, AUTH_EV_START);
    struct statement s = word_of(&p, TOY_NEW, SAY_STATUS);
    s.nonce = p.a.member[TOY_NEW].status_nonce;
    tell(&p, &s);
    assert_true(p.a.recovering);
    const struct authority_row *row;
    struct authority_input in = input(&p, AUTH_EV_ATTEST);
    in.recipient = toy_member_key(TOY_OLD);
    for (uint8_t i = 0; i < 2; i++)
        in.attest[i].b[0] = (uint8_t)(i + 1);
    assert_int_equal(decide(&p, &in, &row), BATON_OK);
    assert_false(p.a.recovering);
    assert_true(p.news & AUTH_NEWS_RECOVERED);
    assert_memory_equal(p.a.member[TOY_OLD].attested_by, in.attest, sizeof in.attest);
    in.recipient = toy_key(0x77);
    assert_int_equal(decide(&p, &in, &row), BATON_NOT_FOUND);
}

static void
a_live_grant_is_believed_under_its_own_serial_alone(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    fence_new(&p);
    p.a.phase = AUTH_GRANTED;
    p.a.serial = 2;
    p.news = 0;
    for (uint32_t serial = 1; serial <= 3; serial++) {
        struct statement s = word_of(&p, TOY_NEW, SAY_GRANTED);
        s.grant = GRANT_LIVE;
        s.serial = serial;
        p.news = 0;
        tell(&p, &s);
        assert_int_equal((p.news & AUTH_NEWS_GRANT_LIVE) != 0, serial == 2);
        assert_int_equal(p.a.phase, AUTH_GRANTED);
    }
}

static void
a_grant_is_dead_only_by_its_recipients_own_unmistakable_word(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t by, type, grant;
        bool holding, nonce, void_now;
    } cases[] = {
        {"another member's void", TOY_OLD, SAY_VOIDED, GRANT_VOID, false, false, false},
        {"void while it holds", TOY_NEW, SAY_VOIDED, GRANT_VOID, true, false, false},
        {"a grant that is live", TOY_NEW, SAY_STATUS, GRANT_LIVE, false, false, false},
        {"no grant", TOY_NEW, SAY_STATUS, GRANT_NONE, false, false, false},
        {"void", TOY_NEW, SAY_VOIDED, GRANT_VOID, false, false, true},
        {"another member's refusal", TOY_OLD, SAY_REFUSED, GRANT_NONE, false, false, false},
        {"refused while it holds", TOY_NEW, SAY_REFUSED, GRANT_NONE, true, false, false},
        {"refused while one is live", TOY_NEW, SAY_REFUSED, GRANT_LIVE, false, false, false},
        {"a challenge refused", TOY_NEW, SAY_REFUSED, GRANT_NONE, false, true, false},
        {"refused", TOY_NEW, SAY_REFUSED, GRANT_NONE, false, false, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct pair p;
        pair_open(&p);
        fence_new(&p);
        p.a.phase = AUTH_GRANTED;
        p.a.serial = 1;
        p.news = 0;
        struct statement s = word_of(&p, (enum toy_member)cases[i].by, cases[i].type);
        s.grant = cases[i].grant;
        s.serial = 1;
        s.holding = cases[i].holding;
        s.holding_epoch = cases[i].holding ? toy_epoch(1) : (struct epoch){0};
        s.nonce = cases[i].nonce ? toy_id(9) : (struct baton_id){{0}};
        tell(&p, &s);
        bool is_void = p.a.phase == AUTH_FENCED && (p.news & AUTH_NEWS_GRANT_VOID) != 0;
        if (is_void != cases[i].void_now)
            fail_msg("%s", cases[i].what);
    }
}

/* Told apart by whether a fence is known of: an adoption of a lower number would be refused for ever. */
static void
a_record_without_a_holder_goes_on_where_the_members_promises_stand(void **state)
{
    (void)state;
    static const struct {
        uint8_t phase, promised, to;
    } cases[] = {
        {AUTH_ADOPTING, 1, AUTH_ADOPTING},
        {AUTH_ADOPTING, 2, AUTH_FENCING},
        {AUTH_FENCING, 1, AUTH_FENCING},
        {AUTH_FENCED, 1, AUTH_FENCING},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct pair p;
        const struct authority_row *row;
        pair_open(&p);
        adopt(&p);
        p.a.adopted = false;
        p.a.holder = (struct baton_key){{0}};
        p.a.phase = cases[i].phase;
        p.a.reconcile = true;
        p.a.member[TOY_OLD].promise.counter = cases[i].promised;
        struct authority_input in = input(&p, AUTH_EV_RECONCILE);
        assert_int_equal(decide(&p, &in, &row), BATON_OK);
        assert_int_equal(p.a.phase, cases[i].to);
        assert_int_equal(row->effect, p.a.phase == AUTH_FENCING ? AUTH_FX_CHALLENGE : AUTH_FX_NONE);
        assert_int_equal(p.a.epoch.counter, cases[i].promised);
        assert_false(p.a.reconcile);
    }
}

static void
evidence_that_answers_no_challenge_counts_for_nothing(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    assert_int_equal(decide_towards(&p, AUTH_EV_FENCE, TOY_NEW, toy_plan()), BATON_OK);
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        assert_true(baton_id_is_zero(&p.a.member[m].nonce));
        struct statement s = word_of(&p, (enum toy_member)m, SAY_EVIDENCE); /* its nonce is zero */
        tell(&p, &s);
        assert_true(baton_hash_is_zero(&p.a.member[m].evidence));
    }
    assert_int_equal(p.a.phase, AUTH_FENCING);
}

static void
each_thing_worth_an_alarm_is_told_once(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    for (int again = 0; again < 2; again++) {
        p.news = 0;
        struct statement s = word_of(&p, TOY_NEW, SAY_STATUS);
        s.quarantine = QUARANTINE_MACHINE;
        s.ever_exported = true;
        tell(&p, &s);
        assert_int_equal(p.news & (AUTH_NEWS_QUARANTINE | AUTH_NEWS_PONR),
                         again ? 0 : AUTH_NEWS_QUARANTINE | AUTH_NEWS_PONR);
        assert_int_equal(p.a.member[TOY_NEW].quarantine, QUARANTINE_MACHINE);
    }
    assert_true(p.a.ponr);
}

static void
each_kind_of_word_tells_its_own_news(void **state)
{
    (void)state;
    static const struct {
        uint8_t type;
        uint32_t news;
    } cases[] = {{SAY_REFUSED, AUTH_NEWS_REFUSED},
                 {SAY_DRAINING, AUTH_NEWS_DRAINING},
                 {SAY_RETIRED, AUTH_NEWS_RETIRED},
                 {SAY_TAMPER, AUTH_NEWS_TAMPER},
                 {SAY_STATUS, 0}};
    struct pair p;
    pair_open(&p);
    adopt(&p);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        p.news = 0;
        struct statement s = word_of(&p, TOY_NEW, cases[i].type);
        s.refusal = i == 0 ? REFUSE_LIMITS : REFUSE_NONE;
        tell(&p, &s);
        assert_int_equal(p.news, cases[i].news);
        assert_int_equal(p.a.refused_by, TOY_NEW);
        assert_int_equal(p.a.said_by, TOY_NEW);
        assert_int_equal(p.a.member[TOY_NEW].refusal, s.refusal);
        assert_int_equal(p.a.member[TOY_NEW].said, cases[i].type);
    }
}

static void
exports_of_a_legacy_server_are_no_point_of_no_return(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    p.news = 0;
    struct statement s = word_of(&p, TOY_OLD, SAY_STATUS);
    s.ever_exported = true;
    tell(&p, &s);
    assert_true(p.a.member[TOY_OLD].ever_exported);
    assert_false(p.a.ponr);
    assert_int_equal(p.news & AUTH_NEWS_PONR, 0);
    s = word_of(&p, TOY_OLD, SAY_STATUS); /* and what was said once stays said */
    tell(&p, &s);
    assert_true(p.a.member[TOY_OLD].ever_exported);
}

static void
a_stranger_says_nothing_to_this_record(void **state)
{
    (void)state;
    struct pair p;
    const struct authority_row *row;
    pair_open(&p);
    fence_new(&p);
    struct statement s = word_of(&p, TOY_OLD, SAY_TAMPER);
    s.member = toy_key(0x77);
    struct authority_input in = input(&p, AUTH_EV_SAID);
    in.said = &s;
    struct authority before = p.a;
    assert_int_equal(decide(&p, &in, &row), BATON_NO_RULE);
    assert_memory_equal(&before, &p.a, sizeof before);
}

static void
a_new_epoch_is_above_every_promise_in_reach(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    p.a.member[TOY_OLD].promise.counter = 5;
    p.a.member[TOY_NEW].promise.counter = p.a.epoch.counter + EPOCH_JUMP_MAX;
    assert_int_equal(decide_towards(&p, AUTH_EV_FENCE, TOY_NEW, toy_plan()), BATON_OK);
    assert_int_equal(p.a.epoch.counter, 6);
}

static void
where_nothing_moves_only_who_raised_an_alarm_is_challenged(void **state)
{
    (void)state;
    static const uint8_t phases[] = {AUTH_ADOPTING, AUTH_HELD, AUTH_GRANTED};
    for (size_t i = 0; i < ARRAY_LEN(phases); i++) {
        struct pair p;
        const struct authority_row *row;
        pair_open(&p);
        fence_new(&p);
        struct baton_hash kept = p.a.member[TOY_NEW].evidence;
        p.a.phase = phases[i];
        p.a.asked_ms = 0;
        p.a.member[TOY_OLD].tamper_open = true;
        struct authority_input in = input(&p, AUTH_EV_ASK);
        assert_int_equal(decide(&p, &in, &row), BATON_OK);
        assert_int_equal(p.a.phase, phases[i]);
        assert_int_equal(row->effect, AUTH_FX_CHALLENGE);
        assert_int_equal(p.a.challenge_mask, 1u << TOY_OLD);
        assert_true(baton_id_eq(&p.a.member[TOY_OLD].nonce, &in.nonce[TOY_OLD]));
        assert_true(baton_hash_eq(&p.a.member[TOY_NEW].evidence, &kept));
        assert_int_equal(p.a.asked_ms, 0); /* no go may follow from it */
    }
}

static void
an_order_about_nobody_of_this_record_points_at_nobody(void **state)
{
    (void)state;
    struct pair p;
    const struct authority_row *row;
    pair_open(&p);
    grant_new(&p);
    p.a.phase = AUTH_HELD;
    p.a.member[TOY_OLD].tamper_unread = p.a.member[TOY_NEW].tamper_unread = true;
    struct authority_input in = input(&p, AUTH_EV_RETIRE);
    in.recipient = toy_member_key(TOY_OLD);
    assert_int_equal(decide(&p, &in, &row), BATON_OK);
    assert_int_equal(p.a.retire_subject, TOY_OLD);
    in.recipient = toy_key(0x77);
    assert_int_equal(decide(&p, &in, &row), BATON_OK);
    assert_int_equal(p.a.retire_subject, MEMBERS_MAX);
    in.event = AUTH_EV_ACK;
    assert_int_equal(decide(&p, &in, &row), BATON_OK);
    assert_true(p.a.member[TOY_OLD].tamper_unread && p.a.member[TOY_NEW].tamper_unread);
    p.a.phase = AUTH_GRANTED;
    p.a.recipient = toy_key(0x77);
    in.event = AUTH_EV_VOID;
    assert_int_equal(decide(&p, &in, &row), BATON_OK);
    assert_int_equal(p.a.challenge_mask, 0);
}

static void
a_role_that_its_holder_gives_up_is_nobodys(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    p.a.adopted = false;
    struct statement s = word_of(&p, TOY_NEW, SAY_STATUS); /* not the holder: it takes nothing */
    tell(&p, &s);
    assert_false(baton_key_is_zero(&p.a.holder));
    p.a.adopted = false;
    s = word_of(&p, TOY_OLD, SAY_STATUS);
    tell(&p, &s);
    assert_true(baton_key_is_zero(&p.a.holder));
    assert_int_equal(p.a.phase, AUTH_HELD);
    assert_false(p.a.adopted); /* nobody holds: nothing shows whose the role is */
}

static void
an_attested_member_has_no_evidence_that_could_be_too_old(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    fence_new(&p);
    struct authority_member *old = &p.a.member[TOY_OLD];
    old->evidence = (struct baton_hash){{0}};
    old->attested = true;
    old->challenged_ms = 0;
    assert_true(authority_fresh(&p.a, p.now, 60000));
    uint64_t asked = p.a.member[TOY_NEW].challenged_ms;
    assert_true(authority_fresh(&p.a, asked + 100, 100));
    assert_false(authority_fresh(&p.a, asked + 101, 100));
}

static void
phases_and_events_have_names(void **state)
{
    (void)state;
    assert_string_equal(authority_phase_name(AUTH_PHASE_COUNT), "any");
    for (int p = 0; p < AUTH_PHASE_COUNT; p++)
        for (int q = 0; q < p; q++)
            assert_string_not_equal(authority_phase_name((enum authority_phase)p),
                                    authority_phase_name((enum authority_phase)q));
    assert_string_equal(authority_phase_name(AUTH_GRANTED), "granted");
    assert_string_equal(authority_event_name(AUTH_EV_ACK), "acknowledge");
}

static void
the_newest_promise_counts_whoever_gave_it(void **state)
{
    (void)state;
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        struct pair p;
        const struct authority_row *row;
        pair_open(&p);
        adopt(&p);
        p.a.member[m].promise.counter = 4;
        p.a.member[1 - m].promise.counter = 3;
        struct authority_input in = input(&p, AUTH_EV_RECONCILE);
        assert_int_equal(decide(&p, &in, &row), BATON_OK);
        assert_int_equal(p.a.epoch.counter, 4);
        p.a.member[m].promise.counter = 7;
        assert_int_equal(decide_towards(&p, AUTH_EV_FENCE, TOY_NEW, toy_plan()), BATON_OK);
        assert_int_equal(p.a.epoch.counter, 8);
    }
}

static void
a_start_forgets_who_was_heard_and_asked_and_asks_everybody_by_a_nonce_of_its_own(void **state)
{
    (void)state;
    struct pair p;
    const struct authority_row *row;
    pair_open(&p);
    fence_new(&p);
    for (size_t m = 0; m < TOY_MEMBERS; m++)
        p.a.member[m].heard = true;
    p.a.asked_ms = 7;
    struct authority_input in = input(&p, AUTH_EV_START);
    assert_int_equal(decide(&p, &in, &row), BATON_OK);
    assert_int_equal(row->effect, AUTH_FX_STATUS);
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        assert_false(p.a.member[m].heard);
        assert_int_equal(p.a.member[m].challenged_ms, 0);
        assert_true(baton_id_eq(&p.a.member[m].status_nonce, &in.nonce[m]));
    }
    assert_true(p.a.recovering);
    assert_int_equal(p.a.asked_ms, 0);
    p.a.member_count = 0; /* nobody to hear */
    assert_int_equal(decide(&p, &in, &row), BATON_OK);
    assert_false(p.a.recovering);
}

/* What a reader of the row knows: the row, and what the run tells it. */
static void
a_row_and_what_the_run_tells_give_the_record_again(void **state)
{
    (void)state;
    struct pair p;
    struct authority back;
    uint8_t bytes[AUTHORITY_BYTES_MAX];
    pair_open(&p);
    fence_new(&p);
    p.a.recovering = true;
    p.a.asked_ms = 7;
    p.a.member[0].heard = false;
    p.a.member[0].challenged_ms = 0;
    p.a.member[1].heard = true;
    p.a.member[1].challenged_ms = 9;
    struct authority_run run = authority_run_of(&p.a);
    assert_int_equal(authority_decode(bytes, authority_encode(&p.a, bytes), &back), BATON_OK);
    struct authority_member first = back.member[0]; /* a newer row may have them in another order */
    back.member[0] = back.member[1];
    back.member[1] = first;
    authority_run_put(&run, &back);
    assert_true(back.recovering && back.asked_ms == 7);
    assert_true(back.member[0].heard && back.member[0].challenged_ms == 9);
    assert_true(!back.member[1].heard && back.member[1].challenged_ms == 0);
    assert_true(authority_awaits(&back, 1) && !authority_awaits(&back, 0));
    back.member_count = 0;
    authority_run_put(&run, &back);
    assert_false(back.recovering); /* nobody to hear */
}

static void
nobody_waits_for_the_word_of_who_is_attested_or_retired(void **state)
{
    (void)state;
    struct authority a = {.member_count = 2, .recovering = true};
    assert_true(authority_awaits(&a, 0));
    a.member[0].attested = a.member[1].retired = true;
    assert_false(authority_awaits(&a, 0) || authority_awaits(&a, 1));
    a = (struct authority){.member_count = 2};
    assert_false(authority_awaits(&a, 0)); /* and nobody at all once all were heard */
}

static void
every_difference_of_what_a_run_knows_is_one(void **state)
{
    (void)state;
    struct authority a = {.member_count = 2};
    a.member[1].key = toy_key(2);
    struct authority_run run = authority_run_of(&a), other[] = {run, run, run, run, run, run};
    other[0].recovering = true;
    other[1].asked_ms = 1;
    other[2].member_count = 1;
    other[3].member[1].heard = true;
    other[4].member[1].challenged_ms = 1;
    other[5].member[1].key = toy_key(3);
    assert_true(authority_run_eq(&run, &run));
    for (size_t i = 0; i < ARRAY_LEN(other); i++)
        assert_false(authority_run_eq(&run, &other[i]));
}

/* The sanitizers see a loop that goes one too far. */
static void
a_record_of_as_many_members_as_there_may_be_is_walked_to_its_end_and_no_further(void **state)
{
    (void)state;
    struct pair p;
    const struct authority_row *row;
    const char *why;
    uint8_t bytes[AUTHORITY_BYTES_MAX];
    struct authority back;
    pair_open(&p);
    fence_new(&p);
    struct plan plan = *toy_plan();
    for (uint8_t m = TOY_MEMBERS; m < MEMBERS_MAX; m++) {
        plan.member[m] = plan.member[TOY_NEW];
        plan.member[m].key = toy_key((uint8_t)(0x40 + m));
    }
    plan.member_count = MEMBERS_MAX;
    assert_int_equal(decide_towards(&p, AUTH_EV_FENCE, TOY_NEW, &plan), BATON_OK);
    assert_int_equal(p.a.member_count, MEMBERS_MAX);
    static const enum authority_event events[] = {AUTH_EV_START,     AUTH_EV_ASK,   AUTH_EV_ATTEST,
                                                  AUTH_EV_RECONCILE, AUTH_EV_FENCE, AUTH_EV_ACK};
    for (size_t i = 0; i < ARRAY_LEN(events); i++) {
        struct authority_input in = input(&p, events[i]);
        in.recipient = plan.member[MEMBERS_MAX - 1].key;
        in.plan = &plan;
        (void)decide(&p, &in, &row);
        p.a.recovering = false;
    }
    for (uint8_t m = 0; m < MEMBERS_MAX; m++) {
        assert_int_equal(authority_member_index(&p.a, &plan.member[m].key), m);
        struct statement s = word_of(&p, TOY_OLD, SAY_ACCEPTED);
        s.member = plan.member[m].key;
        s.counter = 100;
        tell(&p, &s);
        assert_true(p.a.member[m].accepted);
    }
    struct baton_key stranger = toy_key(0x77);
    assert_int_equal(authority_member_index(&p.a, &stranger), -1);
    assert_false(authority_complete(&p.a));
    for (uint8_t m = 0; m < MEMBERS_MAX; m++)
        p.a.member[m].evidence.b[0] = 1;
    assert_true(authority_complete(&p.a));
    assert_false(authority_fresh(&p.a, p.now, 0));
    struct baton_key old_key = toy_member_key(TOY_OLD);
    assert_true(authority_may_return(&p.a, &old_key, &why));
    p.a.member[MEMBERS_MAX - 1].ever_exported = true;
    assert_false(authority_may_return(&p.a, &old_key, &why));
    size_t len = authority_encode(&p.a, bytes);
    assert_int_equal(authority_decode(bytes, len, &back), BATON_OK);
    assert_int_equal(back.member_count, MEMBERS_MAX);
}

/* Its entry lies behind the last member until another one takes the place. */
static void
a_member_that_a_later_plan_left_out_counts_for_nothing_any_more(void **state)
{
    (void)state;
    struct pair p;
    const struct authority_row *row;
    const char *why;
    pair_open(&p);
    fence_new(&p);
    struct authority_member ghost = p.a.member[TOY_NEW];
    ghost.key = toy_key(0x31);
    ghost.product = PRODUCT_CONNECT;
    ghost.tamper_open = ghost.tamper_unread = ghost.ever_exported = true;
    ghost.accepted = ghost.heard = false;
    ghost.evidence = (struct baton_hash){{0}};
    ghost.promise.counter = 40;
    ghost.counter = 7;
    p.a.member[TOY_MEMBERS] = ghost;
    struct baton_key old_key = toy_member_key(TOY_OLD);
    assert_int_equal(authority_member_index(&p.a, &ghost.key), -1);
    assert_true(authority_complete(&p.a));
    assert_true(authority_fresh(&p.a, p.now, 60000));
    assert_true(authority_may_return(&p.a, &old_key, &why));
    p.a.member[TOY_MEMBERS].evidence.b[0] = 1; /* nor is what it proved too old for anything */
    p.a.member[TOY_MEMBERS].challenged_ms = 0;
    assert_true(authority_fresh(&p.a, p.now, 60000));
    p.a.member[TOY_MEMBERS] = ghost;
    assert_int_equal(ask(&p, AUTH_EV_ASK), BATON_OK);
    assert_int_equal(p.a.challenge_mask, 3);
    struct authority_input in = input(&p, AUTH_EV_RECONCILE);
    assert_int_equal(decide(&p, &in, &row), BATON_OK);
    assert_int_equal(p.a.epoch.counter, 2); /* its promise is no word about this record */
    in.event = AUTH_EV_START;
    assert_int_equal(decide(&p, &in, &row), BATON_OK);
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        struct statement s = word_of(&p, (enum toy_member)m, SAY_STATUS);
        s.nonce = p.a.member[m].status_nonce;
        tell(&p, &s);
    }
    assert_false(p.a.recovering);
    p.a.phase = AUTH_HELD; /* where nothing moves, nobody of the record raised an alarm */
    in = input(&p, AUTH_EV_ASK);
    assert_int_equal(decide(&p, &in, &row), BATON_OK);
    assert_int_equal(p.a.challenge_mask, 0);
    assert_int_equal(decide_towards(&p, AUTH_EV_FENCE, TOY_NEW, NULL), BATON_OK);
    assert_int_equal(p.a.epoch.counter, 3);
    assert_memory_equal(&p.a.member[TOY_MEMBERS], &ghost, sizeof ghost); /* nobody touched it */
    uint8_t bytes[AUTHORITY_BYTES_MAX];
    struct authority back;
    assert_int_equal(authority_decode(bytes, authority_encode(&p.a, bytes), &back), BATON_OK);
    assert_true(baton_key_is_zero(&back.member[TOY_MEMBERS].key));
}

static void
an_adoption_waits_for_nobody_who_was_left_out(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    p.a.member[TOY_MEMBERS] = (struct authority_member){.key = toy_key(0x31), .product = 3};
    adopt(&p);
    assert_int_equal(p.a.phase, AUTH_HELD);
    assert_true(p.a.adopted);
    p.a.adopted = false; /* nor does a record that did not see it end */
    struct statement s = word_of(&p, TOY_NEW, SAY_ACCEPTED);
    tell(&p, &s);
    assert_true(p.a.adopted);
}

static void
the_record_survives_encoding(void **state)
{
    (void)state;
    struct pair p;
    uint8_t bytes[AUTHORITY_BYTES_MAX], again[AUTHORITY_BYTES_MAX];
    struct authority back;
    pair_open(&p);
    grant_new(&p);
    size_t len = authority_encode(&p.a, bytes);
    assert_int_equal(authority_decode(bytes, len, &back), BATON_OK);
    assert_int_equal(authority_encode(&back, again), len);
    assert_memory_equal(bytes, again, len);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_not_equal(authority_decode(bytes, cut, &back), BATON_OK);
}

static void
nothing_grants_but_go_over_fresh_evidence(void **state)
{
    (void)state;
    size_t n;
    const struct authority_row *rows = authority_rows(&n);
    for (size_t i = 0; i < n; i++) {
        assert_true(strlen(rows[i].why) > 0);
        if (rows[i].effect & AUTH_FX_GRANT)
            assert_true((rows[i].from == AUTH_ASKED || rows[i].from == AUTH_FENCED) &&
                        rows[i].event == AUTH_EV_GO &&
                        strstr(rows[i].condition, "evidence complete, within go_ms") != NULL);
    }
}

static void
an_adoption_ends_only_where_somebody_says_that_it_holds(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    struct authority adopted = p.a;
    for (int holds = 0; holds < 2; holds++) {
        p.a = adopted;
        p.a.phase = AUTH_ADOPTING;
        p.a.member[TOY_OLD].holds = (struct baton_hash){.b = {(uint8_t)holds}};
        struct statement s = word_of(&p, TOY_NEW, SAY_STATUS);
        tell(&p, &s);
        assert_int_equal(p.a.phase, holds ? AUTH_HELD : AUTH_ADOPTING);
    }
}

static void
who_says_that_it_holds_another_epoch_is_not_noted_as_holding_this_one(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    fence_new(&p);
    struct statement s = word_of(&p, TOY_NEW, SAY_STATUS);
    s.holding = true;
    s.holding_epoch = toy_epoch(1);
    tell(&p, &s);
    assert_true(baton_hash_is_zero(&p.a.member[TOY_NEW].holds));
    s.counter++;
    s.holding = false;
    s.holding_epoch = p.a.epoch;
    tell(&p, &s);
    assert_true(baton_hash_is_zero(&p.a.member[TOY_NEW].holds));
}

static void
a_step_that_is_refused_or_stale_gives_no_row_no_orders_and_no_news(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    struct statement s = word_of(&p, TOY_OLD, SAY_STATUS);
    s.counter = p.a.member[TOY_OLD].counter;
    struct authority_input in[] = {input(&p, AUTH_EV_GO), input(&p, AUTH_EV_SAID),
                                   input(&p, AUTH_EV_ATTEST)};
    in[1].said = &s;
    static const enum baton_status want[] = {BATON_NO_RULE, BATON_STALE, BATON_NOT_FOUND};
    for (size_t i = 0; i < ARRAY_LEN(in); i++) {
        const struct authority_row *row = authority_rows(&(size_t){0});
        uint32_t effects = 77, news = 77;
        assert_int_equal(authority_step(&p.a, &in[i], &row, &effects, &news), want[i]);
        assert_null(row);
        assert_int_equal(effects, 0);
        assert_int_equal(news, 0);
    }
}

static void
why_a_server_may_or_may_not_get_the_role_back_is_said(void **state)
{
    (void)state;
    struct pair p;
    const char *why;
    pair_open(&p);
    adopt(&p);
    struct baton_key old_key = toy_member_key(TOY_OLD), stranger = toy_key(0x77);
    assert_false(authority_may_return(&p.a, &stranger, &why));
    assert_string_equal(why, "that server is not a member");
    assert_true(authority_may_return(&p.a, &old_key, &why));
    assert_string_equal(why, "nothing is in the way");
    p.a.member[TOY_NEW].ever_exported = true;
    assert_false(authority_may_return(&p.a, &old_key, &why));
    assert_string_equal(why,
                        "the new server has exported: there is no way back to a legacy server");
    p.a.member[TOY_OLD].kind = KIND_REMOVED;
    assert_false(authority_may_return(&p.a, &old_key, &why));
    assert_string_equal(why, "its product was removed");
}

static void
a_fence_takes_the_kinds_from_its_plan(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    p.a.member[TOY_OLD].kind = KIND_REMOVED; /* as it once proved */
    assert_int_equal(decide_towards(&p, AUTH_EV_FENCE, TOY_NEW, toy_plan()), BATON_OK);
    for (size_t m = 0; m < TOY_MEMBERS; m++)
        assert_int_equal(p.a.member[m].kind, toy_plan()->member[m].kind);
}

static void
the_first_member_is_nobody_new_and_a_newcomer_may_stand_first(void **state)
{
    (void)state;
    struct pair p;
    struct plan plan = *toy_plan();
    plan.member[TOY_OLD].product = PRODUCT_CONNECT;
    pair_open(&p);
    adopt(&p);
    p.a.member[TOY_OLD].retired = true; /* known, and for good */
    assert_int_equal(decide_towards(&p, AUTH_EV_FENCE, TOY_OLD, &plan), BATON_REFUSED);
    p.a.member[0] = p.a.member[TOY_NEW];
    p.a.member_count = 1; /* OLD was enrolled again: the plan alone knows it */
    assert_int_equal(decide_towards(&p, AUTH_EV_FENCE, TOY_OLD, &plan), BATON_OK);
}

static void
the_newest_word_of_a_member_is_what_a_status_shows_it(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    struct baton_hash hash = toy_plan_hash();
    struct statement s = word_of(&p, TOY_OLD, SAY_STATUS);
    assert_false(baton_hash_eq(&p.a.member[TOY_OLD].highest, &hash));
    tell(&p, &s);
    assert_true(baton_hash_eq(&p.a.member[TOY_OLD].highest, &hash));
}

static void
an_unused_grant_of_the_first_member_is_taken_back_like_any_other(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    fence_new(&p);
    p.a.phase = AUTH_GRANTED;
    p.a.recipient = toy_member_key(TOY_OLD);
    const struct authority_row *row;
    struct authority_input in = input(&p, AUTH_EV_VOID);
    assert_int_equal(decide(&p, &in, &row), BATON_OK);
    assert_int_equal(p.a.challenge_mask, 1 << TOY_OLD);
    assert_true(baton_id_eq(&p.a.member[TOY_OLD].nonce, &in.nonce[TOY_OLD]));
}

static void
go_stands_to_the_last_moment_of_its_time(void **state)
{
    (void)state;
    struct pair p;
    const uint64_t limit = (uint64_t)toy_plan()->policy.v[POLICY_GO_MS];
    for (uint64_t over = 0; over < 2; over++) {
        pair_open(&p);
        fence_new(&p);
        assert_int_equal(ask(&p, AUTH_EV_ASK), BATON_OK);
        observe_both(&p, 1);
        p.now = p.a.asked_ms + limit + over;
        assert_int_equal(decide_towards(&p, AUTH_EV_GO, TOY_NEW, toy_plan()),
                         over ? BATON_REFUSED : BATON_OK);
    }
}

static void
a_record_without_members_is_never_complete(void **state)
{
    (void)state;
    static const struct authority nobody;
    assert_false(authority_complete(&nobody));
    assert_false(authority_fresh(&nobody, 1, UINT64_MAX));
}

static void
a_receipt_as_long_as_our_log_is_of_our_log(void **state)
{
    (void)state;
    struct pair p;
    for (uint64_t over = 0; over < 2; over++) {
        pair_open(&p);
        adopt(&p);
        p.log_size = 9;
        struct statement s = word_of(&p, TOY_OLD, SAY_STATUS);
        s.receipt_size = 9 + over;
        tell(&p, &s);
        assert_int_equal(p.a.reconcile, over == 1);
    }
}

static void
what_people_attest_closes_an_alarm_that_came_before_it(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    fence_new(&p);
    struct statement alarm = word_of(&p, TOY_OLD, SAY_TAMPER);
    tell(&p, &alarm);
    assert_int_equal(p.a.phase, AUTH_FENCING);
    assert_int_equal(decide_towards(&p, AUTH_EV_ATTEST, TOY_OLD, NULL), BATON_OK);
    assert_true(authority_complete(&p.a));
    assert_int_equal(p.a.phase, AUTH_FENCED);
    assert_true(p.a.member[TOY_OLD].tamper_unread); /* a person has to see it all the same */
    alarm.counter++;
    tell(&p, &alarm); /* it is not dead at all */
    assert_int_equal(p.a.phase, AUTH_FENCING);
    assert_false(p.a.member[TOY_OLD].attested);
    assert_false(authority_complete(&p.a));
}

static void
an_alarm_after_the_grant_leaves_on_the_record_that_people_attested(void **state)
{
    (void)state;
    struct pair p;
    pair_open(&p);
    adopt(&p);
    assert_int_equal(p.a.phase, AUTH_HELD);
    p.a.member[TOY_OLD].attested = true; /* the certificate's grade is by that */
    struct statement alarm = word_of(&p, TOY_OLD, SAY_TAMPER);
    tell(&p, &alarm);
    assert_true(p.a.member[TOY_OLD].tamper_open);
    assert_true(p.a.member[TOY_OLD].attested);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_adoption_ends_only_where_somebody_says_that_it_holds),
        cmocka_unit_test(who_says_that_it_holds_another_epoch_is_not_noted_as_holding_this_one),
        cmocka_unit_test(a_step_that_is_refused_or_stale_gives_no_row_no_orders_and_no_news),
        cmocka_unit_test(why_a_server_may_or_may_not_get_the_role_back_is_said),
        cmocka_unit_test(a_fence_takes_the_kinds_from_its_plan),
        cmocka_unit_test(the_first_member_is_nobody_new_and_a_newcomer_may_stand_first),
        cmocka_unit_test(the_newest_word_of_a_member_is_what_a_status_shows_it),
        cmocka_unit_test(an_unused_grant_of_the_first_member_is_taken_back_like_any_other),
        cmocka_unit_test(go_stands_to_the_last_moment_of_its_time),
        cmocka_unit_test(a_record_without_members_is_never_complete),
        cmocka_unit_test(a_receipt_as_long_as_our_log_is_of_our_log),
        cmocka_unit_test(what_people_attest_closes_an_alarm_that_came_before_it),
        cmocka_unit_test(an_alarm_after_the_grant_leaves_on_the_record_that_people_attested),
        cmocka_unit_test(adoption_ends_when_everybody_has_promised),
        cmocka_unit_test(evidence_of_both_is_the_gap),
        cmocka_unit_test(a_whole_handoff_ends_with_the_new_holder),
        cmocka_unit_test(go_without_fresh_evidence_is_refused),
        cmocka_unit_test(go_that_comes_too_late_is_refused),
        cmocka_unit_test(on_the_way_back_the_fences_own_evidence_is_enough_while_it_is_fresh),
        cmocka_unit_test(evidence_of_an_earlier_run_is_not_fresh),
        cmocka_unit_test(rollback_from_the_gap_returns_the_role),
        cmocka_unit_test(a_cancel_reaches_a_holder_that_never_stopped),
        cmocka_unit_test(after_the_point_of_no_return_nothing_leads_back),
        cmocka_unit_test(a_hand_start_in_the_gap_voids_the_evidence),
        cmocka_unit_test(a_grant_that_expired_goes_back_to_the_gap_by_the_recipients_word),
        cmocka_unit_test(void_takes_an_unused_grant_back),
        cmocka_unit_test(a_word_delivered_twice_changes_nothing),
        cmocka_unit_test(a_controller_that_starts_sends_nothing_until_it_has_heard_everybody),
        cmocka_unit_test(an_answer_to_an_earlier_run_is_not_being_heard),
        cmocka_unit_test(a_promise_that_the_ledger_does_not_know_means_reconcile),
        cmocka_unit_test(an_epoch_taken_from_a_members_word_is_promised_by_those_who_say_so_alone),
        cmocka_unit_test(
            an_adoption_that_the_record_did_not_see_end_has_ended_when_everybody_promised_it),
        cmocka_unit_test(a_record_without_an_adoption_knows_the_role_once_everybody_gave_evidence),
        cmocka_unit_test(the_last_promise_of_the_epoch_in_which_one_holds_ends_an_adoption),
        cmocka_unit_test(a_receipt_longer_than_our_log_means_reconcile),
        cmocka_unit_test(a_receipt_that_people_have_confirmed_as_lost_asks_them_once),
        cmocka_unit_test(a_receipt_of_another_log_means_reconcile_however_short),
        cmocka_unit_test(go_after_a_restart_needs_a_new_ask),
        cmocka_unit_test(a_refusal_of_something_else_leaves_the_grant_under_way),
        cmocka_unit_test(a_grant_that_was_honoured_after_all_is_seen_in_the_gap),
        cmocka_unit_test(a_member_that_claims_an_epoch_out_of_reach_does_not_move_the_counter),
        cmocka_unit_test(nobody_is_challenged_before_it_was_heard_in_this_run),
        cmocka_unit_test(nobody_attests_for_the_recipient_itself),
        cmocka_unit_test(nothing_returns_to_a_member_that_is_removed_or_retired),
        cmocka_unit_test(an_earlier_serial_that_is_void_says_nothing_of_the_grant_under_way),
        cmocka_unit_test(evidence_counts_if_it_answers_the_newest_challenge),
        cmocka_unit_test(an_alarm_voids_evidence_and_evidence_or_holding_closes_it),
        cmocka_unit_test(a_word_for_another_tenant_moves_nothing),
        cmocka_unit_test(a_new_epoch_begins_with_nothing_of_the_old),
        cmocka_unit_test(the_role_moves_to_a_newcomer_that_the_plan_alone_knows),
        cmocka_unit_test(no_plan_brings_in_a_legacy_server_or_one_that_it_does_not_name),
        cmocka_unit_test(without_a_plan_nobody_is_granted_and_a_fence_keeps_its_members),
        cmocka_unit_test(what_grants_or_asks_is_refused_while_the_record_is_unsure),
        cmocka_unit_test(nobody_is_asked_again_while_the_evidence_of_a_fence_is_whole),
        cmocka_unit_test(who_holds_another_epoch_does_not_hold_this_one),
        cmocka_unit_test(who_was_heard_in_this_run_is_challenged_before_the_others_were),
        cmocka_unit_test(nobody_is_challenged_over_a_record_that_people_have_to_confirm_first),
        cmocka_unit_test(who_is_attested_or_retired_need_not_be_heard),
        cmocka_unit_test(the_last_one_that_had_to_be_heard_may_be_attested_instead),
        cmocka_unit_test(a_live_grant_is_believed_under_its_own_serial_alone),
        cmocka_unit_test(a_grant_is_dead_only_by_its_recipients_own_unmistakable_word),
        cmocka_unit_test(a_record_without_a_holder_goes_on_where_the_members_promises_stand),
        cmocka_unit_test(evidence_that_answers_no_challenge_counts_for_nothing),
        cmocka_unit_test(each_thing_worth_an_alarm_is_told_once),
        cmocka_unit_test(each_kind_of_word_tells_its_own_news),
        cmocka_unit_test(exports_of_a_legacy_server_are_no_point_of_no_return),
        cmocka_unit_test(a_stranger_says_nothing_to_this_record),
        cmocka_unit_test(a_new_epoch_is_above_every_promise_in_reach),
        cmocka_unit_test(where_nothing_moves_only_who_raised_an_alarm_is_challenged),
        cmocka_unit_test(an_order_about_nobody_of_this_record_points_at_nobody),
        cmocka_unit_test(a_role_that_its_holder_gives_up_is_nobodys),
        cmocka_unit_test(an_attested_member_has_no_evidence_that_could_be_too_old),
        cmocka_unit_test(phases_and_events_have_names),
        cmocka_unit_test(the_newest_promise_counts_whoever_gave_it),
        cmocka_unit_test(a_row_and_what_the_run_tells_give_the_record_again),
        cmocka_unit_test(nobody_waits_for_the_word_of_who_is_attested_or_retired),
        cmocka_unit_test(every_difference_of_what_a_run_knows_is_one),
        cmocka_unit_test(
            a_start_forgets_who_was_heard_and_asked_and_asks_everybody_by_a_nonce_of_its_own),
        cmocka_unit_test(
            a_record_of_as_many_members_as_there_may_be_is_walked_to_its_end_and_no_further),
        cmocka_unit_test(a_member_that_a_later_plan_left_out_counts_for_nothing_any_more),
        cmocka_unit_test(an_adoption_waits_for_nobody_who_was_left_out),
        cmocka_unit_test(the_record_survives_encoding),
        cmocka_unit_test(nothing_grants_but_go_over_fresh_evidence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
