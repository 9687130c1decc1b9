/* The workflow's tables as data: what no later row may break. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "controller/core/guards.h"

#define LEGACY                                                                                     \
    (PROFILE_BIT(PROFILE_PARALLEL) | PROFILE_BIT(PROFILE_UNSUPPORTED) |                            \
     PROFILE_BIT(PROFILE_DEAD_SOURCE))

static bool
has_guard(const struct rule *r, enum guard_id g)
{
    for (size_t i = 0; i < GUARDS_PER_RULE && r->guard[i] != G_NONE; i++)
        if (r->guard[i] == g)
            return true;
    return false;
}

static bool
is_rollback_state(uint8_t s)
{
    return s == HO_REVOKING || s == HO_RESTORING || s == HO_ROLLED_BACK;
}

static bool
leads_out(const struct rule *r, uint8_t state)
{
    return r->to != state && r->to != SAME_STATE;
}

static void
every_rule_has_a_number_a_reason_and_a_profile(void **state)
{
    (void)state;
    size_t n;
    const struct rule *r = handoff_rules(&n);
    for (size_t i = 0; i < n; i++) {
        assert_true(r[i].number >= 101 && r[i].number < 600);
        assert_true(r[i].why != NULL && strlen(r[i].why) > 5);
        assert_true(strlen(r[i].why) < AUDIT_TEXT_BYTES);
        assert_true(r[i].profiles != 0);
        assert_true(r[i].from <= HANDOFF_STATE_COUNT && r[i].on > HEV_NONE);
        assert_true(r[i].to < HANDOFF_STATE_COUNT || r[i].to == SAME_STATE ||
                    r[i].to == RESUME_STATE);
    }
}

static void
a_rule_number_names_one_rule_whose_rows_stand_together(void **state)
{
    (void)state;
    size_t n;
    const struct rule *r = handoff_rules(&n);
    for (size_t i = 1; i < n; i++)
        for (size_t j = 0; r[i].number != r[i - 1].number && j + 1 < i; j++)
            if (r[j].number == r[i].number)
                fail_msg("rule %u stands in two places", r[i].number);
}

static void
the_bands_stand_in_their_order(void **state)
{
    (void)state;
    static const unsigned place[] = {0, 1, 0, 2, 3, 4}; /* 2xx, 1xx, 3xx, 4xx, 5xx */
    size_t n;
    const struct rule *r = handoff_rules(&n);
    for (size_t i = 1; i < n; i++)
        assert_true(place[r[i].number / 100] >= place[r[i - 1].number / 100]);
}

/* Diagrams, `baton fsm` and people read them in this order. */
static void
rules_and_time_outs_stand_in_the_order_of_their_numbers(void **state)
{
    (void)state;
    size_t n;
    const struct rule *r = handoff_rules(&n);
    for (size_t i = 1; i < n; i++)
        for (size_t j = i; j > 0 && r[j - 1].number / 100 == r[i].number / 100; j--)
            if (r[j - 1].number > r[i].number && r[j - 1].number != 104 && r[j - 1].number != 351)
                fail_msg("rule %u stands before %u", r[j - 1].number, r[i].number);
    const struct handoff_timeout *t = handoff_timeouts(&n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(t[i].rule, 401 + i);
    assert_false(handoff_event_is_verb(HANDOFF_EVENT_COUNT));
}

static void
verbs_fire_only_in_their_bands_and_time_only_in_the_fourth(void **state)
{
    (void)state;
    size_t n;
    const struct rule *r = handoff_rules(&n);
    for (size_t i = 0; i < n; i++) {
        bool verb = handoff_event_is_verb((enum handoff_event)r[i].on);
        assert_true(!verb || r[i].number / 100 == 1 || r[i].number / 100 == 3);
        assert_int_equal(r[i].on == HEV_TIMEOUT, r[i].number / 100 == 4);
    }
}

static void
no_time_out_moves_the_export_role(void **state)
{
    (void)state;
    const uint32_t authority = HFX_ADOPT | HFX_ADOPT_NEW | HFX_FENCE_NEW | HFX_FENCE_OLD |
                               HFX_GRANT | HFX_RETIRE | HFX_ATTEST;
    size_t n;
    const struct rule *r = handoff_rules(&n);
    for (size_t i = 0; i < n; i++)
        if (r[i].on == HEV_TIMEOUT || r[i].on == HEV_CLOCK)
            assert_int_equal(r[i].effect & authority, 0);
}

static void
every_waiting_state_has_a_time_out_and_a_verb_that_works_there(void **state)
{
    (void)state;
    size_t nt, n;
    const struct handoff_timeout *t = handoff_timeouts(&nt);
    const struct rule *r = handoff_rules(&n);
    for (uint8_t s = HO_ASSESSED; s < HANDOFF_STATE_COUNT; s++) {
        unsigned rows = 0;
        for (size_t i = 0; i < nt; i++) {
            if (t[i].state != s)
                continue;
            rows++;
            enum handoff_event verb = handoff_verb_parse(t[i].verb);
            assert_int_not_equal(verb, HEV_NONE);
            bool verb_works = false, rule_fits = false;
            for (size_t k = 0; k < n; k++) {
                bool from = handoff_rule_from(&r[k], (enum handoff_state)s) || r[k].from == s;
                verb_works = verb_works || (from && r[k].on == verb);
                rule_fits = rule_fits ||
                            (r[k].from == s && r[k].number == t[i].rule && r[k].on == HEV_TIMEOUT);
            }
            if (!verb_works || !rule_fits)
                fail_msg("time-out of %s: verb %s or rule %u does not fit",
                         handoff_state_code((enum handoff_state)s), t[i].verb, t[i].rule);
            assert_true(t[i].policy < POLICY_COUNT && t[i].repeat_policy <= POLICY_COUNT);
            assert_non_null(t[i].action);
        }
        bool waits = !handoff_state_terminal((enum handoff_state)s) || s == HO_DONE;
        assert_int_equal(rows > 0, waits);
    }
}

static void
hold_is_one_step_from_everywhere(void **state)
{
    (void)state;
    size_t n;
    const struct rule *r = handoff_rules(&n);
    for (uint8_t s = HO_ASSESSED; s < HANDOFF_STATE_COUNT; s++) {
        if (handoff_state_terminal((enum handoff_state)s))
            continue;
        const struct rule *hold = NULL;
        for (size_t i = 0; i < n && hold == NULL; i++)
            if (r[i].on == HEV_HOLD && handoff_rule_from(&r[i], (enum handoff_state)s))
                hold = &r[i];
        assert_non_null(hold);
        assert_int_equal(hold->guard[0], G_NONE); /* nothing can refuse it */
        assert_int_equal(hold->profiles, PROFILE_ALL);
        bool stopped = s == HO_HOLD || s == HO_BREACH || s == HO_RECONCILE;
        assert_true(hold->to == HO_HOLD || (stopped && hold->to == SAME_STATE) ||
                    (s == HO_GRANTING && hold->to == HO_GAP && (hold->effect & HFX_VOID)));
    }
}

static void
nothing_is_granted_before_every_piece_of_evidence_is_in(void **state)
{
    (void)state;
    size_t n, grants = 0;
    const struct rule *r = handoff_rules(&n);
    for (size_t i = 0; i < n; i++) {
        if (!(r[i].effect & HFX_GRANT))
            continue;
        grants++;
        assert_true(has_guard(&r[i], G_OLD_STOPPED));
        if (r[i].to == HO_GRANTING) {
            assert_int_equal(r[i].on, HEV_GO_SIGNED);
            assert_true(has_guard(&r[i], G_NEW_STAGED) && has_guard(&r[i], G_APPR_GO) &&
                        has_guard(&r[i], G_APPR_CUTOVER) && has_guard(&r[i], G_FRESH) &&
                        has_guard(&r[i], G_NO_TAMPER) && has_guard(&r[i], G_GO_STANDS));
        } else {
            assert_int_equal(r[i].to, HO_RESTORING);
            assert_true(has_guard(&r[i], G_ASKED) && has_guard(&r[i], G_APPR_ROLLBACK) &&
                        has_guard(&r[i], G_MAY_RETURN) && has_guard(&r[i], G_LATCH_CLEAR));
        }
    }
    assert_true(grants >= 2);
}

static void
the_gap_is_entered_only_with_evidence_or_by_taking_a_grant_back(void **state)
{
    (void)state;
    size_t n;
    const struct rule *r = handoff_rules(&n);
    for (size_t i = 0; i < n; i++)
        if (r[i].to == HO_GAP && r[i].from != HO_GRANTING && r[i].from != HO_GAP)
            assert_true(has_guard(&r[i], G_OLD_STOPPED));
}

static void
no_row_of_a_legacy_source_leads_back_after_the_latch(void **state)
{
    (void)state;
    size_t n;
    const struct rule *r = handoff_rules(&n);
    for (size_t i = 0; i < n; i++) {
        if ((r[i].profiles & LEGACY) == 0 || is_rollback_state(r[i].from))
            continue;
        bool follows_record = r[i].number == 122; /* reconcile: an epoch that is open already */
        if (!follows_record && (is_rollback_state(r[i].to) || (r[i].effect & HFX_FENCE_OLD)))
            if (!has_guard(&r[i], G_LATCH_CLEAR))
                fail_msg("rule %u leads back without asking the latch", r[i].number);
    }
}

static void
every_fence_towards_somebody_has_its_approvals(void **state)
{
    (void)state;
    size_t n;
    const struct rule *r = handoff_rules(&n);
    for (size_t i = 0; i < n; i++) {
        if (r[i].effect & HFX_FENCE_NEW)
            assert_true(has_guard(&r[i], G_APPR_CUTOVER));
        if (r[i].effect & HFX_FENCE_OLD)
            assert_true(has_guard(&r[i], G_APPR_ROLLBACK));
        if (r[i].effect & HFX_ADOPT)
            assert_true(has_guard(&r[i], G_APPR_PLAN) || has_guard(&r[i], G_APPR_ADOPT));
        if (r[i].effect & HFX_ADOPT_NEW)
            assert_true(has_guard(&r[i], G_APPR_ADOPT));
        if (r[i].effect & HFX_RETIRE)
            assert_true(has_guard(&r[i], G_APPR_RETIRE));
    }
}

/* While nobody exports, the recipient of the grant judges it too; later only these guards do. */
static void
where_the_new_server_exports_people_stand_in_only_for_another_one(void **state)
{
    (void)state;
    size_t n, rows = 0;
    const struct rule *r = handoff_rules(&n);
    for (size_t i = 0; i < n; i++) {
        if (!(r[i].effect & HFX_ATTEST))
            continue;
        rows++;
        assert_int_equal(r[i].effect, HFX_ATTEST);
        assert_int_equal(r[i].to, SAME_STATE);
        assert_true(has_guard(&r[i], G_APPR_ATTEST));
        if (r[i].from == HO_FENCING)
            continue;
        assert_true(has_guard(&r[i], G_HELD_BY_NEW));
        assert_true(r[i].from == HO_DECOMMISSION ||
                    (r[i].from == HO_PROBATION && has_guard(&r[i], G_ALARM_OPEN)));
    }
    assert_int_equal(rows, 6);
}

/* Its agent's last word says it, or two people do; the fence outside it is there in both. */
static void
nothing_is_done_before_the_old_server_is_retired_or_gone(void **state)
{
    (void)state;
    size_t n, rows = 0;
    const struct rule *r = handoff_rules(&n);
    for (size_t i = 0; i < n; i++) {
        if (r[i].to != HO_DONE)
            continue;
        rows++;
        assert_int_equal(r[i].from, HO_DECOMMISSION);
        if (has_guard(&r[i], G_RETIRED))
            continue;
        assert_int_equal(r[i].on, HEV_RETIRE);
        assert_true(has_guard(&r[i], G_OLD_GONE) && has_guard(&r[i], G_NO_TAMPER) &&
                    has_guard(&r[i], G_APPR_RETIRE) && has_guard(&r[i], G_ACCOUNT_GONE));
        assert_true((r[i].effect & HFX_RETIRE) && (r[i].effect & HFX_CERTIFICATE));
    }
    assert_int_equal(rows, 3);
}

/* Otherwise a refusal would leave a plan that nobody froze. */
static void
what_freezes_a_plan_asks_nothing_of_the_authority(void **state)
{
    (void)state;
    const uint32_t authority = HFX_ADOPT | HFX_ADOPT_NEW | HFX_FENCE_NEW | HFX_FENCE_OLD | HFX_ASK |
                               HFX_GRANT | HFX_VOID | HFX_RETIRE | HFX_ATTEST | HFX_ACK |
                               HFX_RECONCILE;
    size_t n, frozen = 0;
    const struct rule *r = handoff_rules(&n);
    for (size_t i = 0; i < n; i++) {
        if ((r[i].effect & HFX_FREEZE_PLAN) == 0)
            continue;
        assert_int_equal(r[i].effect & authority, 0);
        frozen++;
    }
    assert_int_equal(frozen, 1);
}

static void
every_state_is_reachable_and_every_open_state_can_be_left(void **state)
{
    (void)state;
    size_t n;
    const struct rule *r = handoff_rules(&n);
    bool reached[HANDOFF_STATE_COUNT] = {[HO_ASSESSED] = true};
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < n; i++)
            for (uint8_t s = 0; s < HANDOFF_STATE_COUNT; s++)
                if (reached[s] &&
                    (r[i].from == s || handoff_rule_from(&r[i], (enum handoff_state)s)) &&
                    r[i].to < HANDOFF_STATE_COUNT && !reached[r[i].to])
                    more = reached[r[i].to] = true;
    }
    for (uint8_t s = HO_ASSESSED; s < HANDOFF_STATE_COUNT; s++) {
        if (!reached[s])
            fail_msg("%s is not reachable", handoff_state_code((enum handoff_state)s));
        bool left = handoff_state_terminal((enum handoff_state)s);
        for (size_t i = 0; i < n && !left; i++)
            left = handoff_rule_from(&r[i], (enum handoff_state)s) && leads_out(&r[i], s);
        assert_true(left);
    }
}

static void
abandon_ends_where_the_old_server_is_asked_to_stop(void **state)
{
    (void)state;
    size_t n;
    const struct rule *r = handoff_rules(&n);
    for (size_t i = 0; i < n; i++)
        if (r[i].to == HO_ABANDONED)
            assert_true(r[i].from < HO_RELEASING ||
                        (r[i].from == HO_HOLD && has_guard(&r[i], G_BEFORE_RELEASE)));
}

static void
rows_that_nobody_can_reach_do_not_stand_below_a_stronger_one(void **state)
{
    (void)state;
    size_t n;
    const struct rule *r = handoff_rules(&n);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (r[j].guard[0] == G_NONE && r[j].on == r[i].on && r[j].from == r[i].from &&
                (r[j].profiles & r[i].profiles) == r[i].profiles && r[i].on != HEV_TIMEOUT)
                fail_msg("rule %u hides rule %u", r[j].number, r[i].number);
}

static void
every_guard_has_a_function_and_every_blocking_one_says_who_and_what_next(void **state)
{
    (void)state;
    for (int g = G_NONE; g < GUARD_COUNT; g++) {
        const struct handoff_guard *row = handoff_guard((enum guard_id)g);
        assert_non_null(row->holds);
        assert_true(strlen(guard_name((enum guard_id)g)) > 1);
        if (row->title == NULL)
            continue;
        assert_true(strlen(row->title) > 10 && strlen(row->title) < 128);
        assert_true(row->who[0] != '\0' && row->next[0] != '\0');
    }
}

static void
names_are_there_for_everything_and_verbs_parse_back(void **state)
{
    (void)state;
    for (int s = 0; s < HANDOFF_STATE_COUNT; s++) {
        assert_true(handoff_state_code((enum handoff_state)s)[0] != '?');
        assert_true(handoff_state_title((enum handoff_state)s)[0] != '?');
        assert_true(handoff_state_phase((enum handoff_state)s)[0] != '?');
        assert_true(handoff_state_exporter((enum handoff_state)s)[0] != '?');
    }
    for (int e = 1; e < HANDOFF_EVENT_COUNT; e++) {
        const char *name = handoff_event_name((enum handoff_event)e);
        assert_int_equal(handoff_verb_parse(name),
                         handoff_event_is_verb((enum handoff_event)e) ? e : HEV_NONE);
    }
    assert_int_equal(handoff_verb_parse("grant-used"), HEV_NONE);
    assert_string_equal(handoff_state_code(HANDOFF_STATE_COUNT), "?");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_has_a_number_a_reason_and_a_profile),
        cmocka_unit_test(a_rule_number_names_one_rule_whose_rows_stand_together),
        cmocka_unit_test(the_bands_stand_in_their_order),
        cmocka_unit_test(rules_and_time_outs_stand_in_the_order_of_their_numbers),
        cmocka_unit_test(verbs_fire_only_in_their_bands_and_time_only_in_the_fourth),
        cmocka_unit_test(no_time_out_moves_the_export_role),
        cmocka_unit_test(every_waiting_state_has_a_time_out_and_a_verb_that_works_there),
        cmocka_unit_test(hold_is_one_step_from_everywhere),
        cmocka_unit_test(nothing_is_granted_before_every_piece_of_evidence_is_in),
        cmocka_unit_test(the_gap_is_entered_only_with_evidence_or_by_taking_a_grant_back),
        cmocka_unit_test(no_row_of_a_legacy_source_leads_back_after_the_latch),
        cmocka_unit_test(every_fence_towards_somebody_has_its_approvals),
        cmocka_unit_test(where_the_new_server_exports_people_stand_in_only_for_another_one),
        cmocka_unit_test(nothing_is_done_before_the_old_server_is_retired_or_gone),
        cmocka_unit_test(what_freezes_a_plan_asks_nothing_of_the_authority),
        cmocka_unit_test(every_state_is_reachable_and_every_open_state_can_be_left),
        cmocka_unit_test(abandon_ends_where_the_old_server_is_asked_to_stop),
        cmocka_unit_test(rows_that_nobody_can_reach_do_not_stand_below_a_stronger_one),
        cmocka_unit_test(every_guard_has_a_function_and_every_blocking_one_says_who_and_what_next),
        cmocka_unit_test(names_are_there_for_everything_and_verbs_parse_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
