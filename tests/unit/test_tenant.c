/* Whole handoffs in one process: the controller's pure core against two real members. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "controller/core/tenant_private.h"
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
a_parallel_cutover_walks_from_assessed_to_done(void **state)
{
    (void)state;
    duet_to(&u, HO_DONE);
    static const uint16_t way[] = {301, 303, 305, 306, 307, 309, 311, 313, 315, 317,
                                   319, 320, 321, 207, 323, 325, 327, 328, 329};
    for (size_t i = 0; i < ARRAY_LEN(way); i++)
        if (!duet_fired(&u, way[i]))
            fail_msg("rule %u did not fire", way[i]);
    assert_false(u.t.cutover_open);
    assert_true(u.t.cutover.ponr);
    assert_int_equal(u.t.cutover.grade, 'A');
    assert_true(u.m[TOY_NEW].promise.holding && u.m[TOY_OLD].promise.retired);
}

static void
fired(uint16_t number)
{
    if (!duet_fired(&u, number)) {
        duet_tell(&u);
        fail_msg("rule %u did not fire", number);
    }
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

static bool
refusal_mentions(const char *word)
{
    const struct problem *p = &u.d.problem;
    for (size_t i = 0; i < p->fact_count; i++)
        if (strstr(p->fact[i].text, word) != NULL)
            return true;
    return strstr(p->title, word) != NULL;
}

static void
a_refused_verb_names_rule_guard_facts_who_and_the_next_command(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    assert_int_equal(duet_verb(&u, HEV_ARM, NULL), BATON_WAITING);
    const struct problem *p = &u.d.problem;
    assert_int_equal(p->rule, 315);
    assert_int_equal(p->guard, G_APPR_CUTOVER);
    assert_true(refusal_mentions("0 of 2"));
    assert_string_equal(p->next, "baton cutover approve contoso --for cutover");
    assert_true(p->who[0] != '\0' && p->since_unix_ms != 0);
    stands_in(HO_READY);
}

static void
a_verb_without_a_rule_changes_nothing(void **state)
{
    (void)state;
    duet_to(&u, HO_VERIFY);
    struct tenant before = u.t;
    assert_int_equal(duet_verb(&u, HEV_GO, NULL), BATON_NO_RULE);
    char title[128];
    (void)snprintf(title, sizeof title, "go means nothing in state S5 %s",
                   handoff_state_title(HO_VERIFY));
    assert_string_equal(u.d.problem.title, title);
    before.clock_ms = u.t.clock_ms; /* the clock moves with every event */
    assert_memory_equal(&before.cutover, &u.t.cutover, sizeof before.cutover);
    assert_memory_equal(&before.authority, &u.t.authority, sizeof before.authority);
}

static void
one_person_counts_once(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    assert_int_equal(duet_approve(&u, VERB_CUTOVER, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_approve(&u, VERB_CUTOVER, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_verb(&u, HEV_ARM, NULL), BATON_WAITING);
    assert_true(refusal_mentions("1 of 2"));
    assert_int_equal(duet_approve(&u, VERB_CUTOVER, TOY_BERT), BATON_OK);
    assert_int_equal(duet_verb(&u, HEV_ARM, NULL), BATON_OK);
    stands_in(HO_ARMED);
}

static void
an_approval_of_another_verification_is_refused(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    struct baton_hash real = u.t.cutover.verification_hash;
    u.t.cutover.verification_hash.b[0] ^= 1;
    struct baton_hash forged = u.t.cutover.verification_hash;
    struct signed_approval sa = toy_approval(VERB_CUTOVER, TOY_ANNA, TOY_NEW, u.t.authority.epoch);
    sa.a.verification = forged;
    u.t.cutover.verification_hash = real;
    toy_sign_approval(&sa, TOY_ANNA);
    const char *why;
    struct approvals_view v = {toy_trust(), toy_digest(), u.unix_ms};
    assert_int_equal(approvals_add(&u.t, &sa, &v, &why), BATON_CONFLICT);
    assert_non_null(strstr(why, "verification"));
}

static void
a_forged_approval_is_refused_and_noted(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    struct signed_approval sa = toy_approval(VERB_CUTOVER, TOY_ANNA, TOY_NEW, u.t.authority.epoch);
    sa.a.verification = u.t.cutover.verification_hash;
    toy_sign_approval(&sa, TOY_BERT); /* says Anna, signed by Bert */
    struct approvals_view v = {toy_trust(), toy_digest(), u.unix_ms};
    const char *why;
    assert_int_equal(approvals_add(&u.t, &sa, &v, &why), BATON_DENIED);
    assert_int_equal(u.t.cutover.approval_count, 1); /* the plan's alone */
}

static void
a_settings_file_counts_when_two_reports_agree(void **state)
{
    (void)state;
    duet_to(&u, HO_EXPORT_SETTINGS);
    struct facts *f = &u.facts[TOY_OLD];
    struct baton_hash h;
    facts_set(f, FACT_SETTINGS_SEEN, (int64_t)u.unix_ms);
    toy_hash("half", 4, 7, &h);
    facts_set_digest(f, DIGEST_SETTINGS, &h);
    duet_report(&u, TOY_OLD);
    duet_clock(&u, 1000); /* time alone proves nothing */
    stands_in(HO_EXPORT_SETTINGS);
    toy_hash("whole", 5, 7, &h);
    facts_set_digest(f, DIGEST_SETTINGS, &h);
    duet_report(&u, TOY_OLD);
    stands_in(HO_EXPORT_SETTINGS);
    duet_report(&u, TOY_OLD);
    assert_true(u.t.cutover.state > HO_EXPORT_SETTINGS);
    assert_true(baton_hash_eq(&u.t.cutover.settings, &h));
}

/* In S2, the file named but not sealed yet. */
static void
wait_for_sealing(const char *file, struct baton_hash *ret_hash)
{
    duet_to(&u, HO_EXPORT_SETTINGS);
    toy_hash(file, strlen(file), 7, ret_hash);
    u.t.cutover.state = HO_SETTINGS_SEALED;
    u.t.cutover.settings = *ret_hash;
    facts_set(&u.facts[TOY_OLD], FACT_SETTINGS_SEEN, (int64_t)u.unix_ms);
    facts_set_digest(&u.facts[TOY_OLD], DIGEST_SETTINGS, ret_hash);
}

static void
settings_that_change_before_they_are_sealed_are_taken_as_they_are_then(void **state)
{
    (void)state;
    struct baton_hash first, second;
    wait_for_sealing("first", &first);
    duet_report(&u, TOY_OLD);
    stands_in(HO_SETTINGS_SEALED);
    toy_hash("second", 6, 7, &second);
    facts_set_digest(&u.facts[TOY_OLD], DIGEST_SETTINGS, &second);
    duet_report(&u, TOY_OLD);
    fired(308);
    stands_in(HO_EXPORT_SETTINGS);
    duet_pass(&u, 3, 100);
    assert_true(u.t.cutover.state > HO_EXPORT_SETTINGS);
    assert_true(baton_hash_eq(&u.t.cutover.settings, &second));
}

static void
settings_that_arrive_while_it_is_held_are_placed_when_it_goes_on(void **state)
{
    (void)state;
    struct baton_hash file;
    wait_for_sealing("file", &file);
    assert_int_equal(duet_verb(&u, HEV_HOLD, "network work"), BATON_OK);
    u.t.cutover.settings_sealed = true;
    toy_hash("sealed", 6, 5, &u.t.cutover.blob);
    assert_int_equal(duet_verb(&u, HEV_RESUME, NULL), BATON_OK);
    duet_pass(&u, 3, 100);
    assert_true(u.t.cutover.state > HO_SETTINGS_SEALED && u.t.cutover.state != HO_HOLD);
}

static void
an_old_settings_file_does_not_count(void **state)
{
    (void)state;
    duet_to(&u, HO_EXPORT_SETTINGS);
    struct baton_hash h;
    toy_hash("last year", 9, 7, &h);
    facts_set(&u.facts[TOY_OLD], FACT_SETTINGS_SEEN, (int64_t)u.unix_ms - 10000000);
    facts_set_digest(&u.facts[TOY_OLD], DIGEST_SETTINGS, &h);
    duet_pass(&u, 3, 100);
    stands_in(HO_EXPORT_SETTINGS);
    struct problem p;
    tenant_explain(&u.t, u.now_ms, toy_digest(), toy_trust(), &p);
    assert_int_equal(p.guard, G_SETTINGS_SEEN);
}

static void
removing_the_old_product_too_early_holds_and_says_the_sentence(void **state)
{
    (void)state;
    duet_to(&u, HO_EXPORT_SETTINGS);
    facts_set(&u.facts[TOY_OLD], FACT_PRODUCT_PRESENT, 0);
    duet_report(&u, TOY_OLD);
    stands_in(HO_HOLD);
    fired(217);
    assert_non_null(strstr(u.page_text, "do not uninstall DirSync yourself before the upgrade"));
    struct task task;
    assert_true(tenant_task(&u.t, &task));
    assert_non_null(strstr(task.title, "Do not uninstall DirSync yourself"));
}

static void
roles_swapped_is_refused_by_the_agent_and_held(void **state)
{
    (void)state;
    duet_to(&u, HO_PLANNED);
    toy_facts_stop(&u.facts[TOY_OLD]); /* it does not export at all */
    duet_report(&u, TOY_OLD);
    assert_int_equal(duet_approve(&u, VERB_PLAN, TOY_ANNA), BATON_OK);
    stands_in(HO_HOLD);
    fired(219);
}

static void
an_adoption_that_was_refused_is_asked_again(void **state)
{
    (void)state;
    duet_to(&u, HO_PLANNED);
    struct facts good = u.facts[TOY_OLD];
    toy_facts_stop(&u.facts[TOY_OLD]);
    duet_report(&u, TOY_OLD);
    (void)duet_approve(&u, VERB_PLAN, TOY_ANNA);
    stands_in(HO_HOLD);
    u.facts[TOY_OLD] = good;
    duet_report(&u, TOY_OLD);
    assert_int_equal(duet_verb(&u, HEV_RESUME, NULL), BATON_OK);
    stands_in(HO_EXPORT_SETTINGS);
    assert_int_equal(duet_verb(&u, HEV_ADOPT, NULL), BATON_OK);
    assert_true(u.d.changed_authority);
    assert_true(u.t.authority.adopted);
    duet_to(&u, HO_DONE);
}

static void
holding_works_in_one_step_from_every_state_and_resuming_goes_back(void **state)
{
    (void)state;
    static const uint8_t way[] = {
        HO_ASSESSED,   HO_PLANNED,    HO_EXPORT_SETTINGS, HO_INSTALL_STAGED,
        HO_FIRST_SYNC, HO_VERIFY,     HO_READY,           HO_ARMED,
        HO_GAP,        HO_ACTIVATING, HO_PROBATION,       HO_DECOMMISSION,
    };
    for (size_t i = 0; i < ARRAY_LEN(way); i++) {
        duet_open(&u);
        duet_to(&u, (enum handoff_state)way[i]);
        assert_int_equal(duet_verb(&u, HEV_HOLD, "lunch"), BATON_OK);
        stands_in(HO_HOLD);
        assert_string_equal(u.t.cutover.reason, "lunch");
        assert_int_equal(duet_verb(&u, HEV_HOLD, NULL), BATON_OK);
        assert_int_equal(duet_verb(&u, HEV_RESUME, NULL), BATON_OK);
        stands_in(way[i]);
        duet_to(&u, HO_DONE);
    }
}

/* As hostile as the bytes of a report let an agent be: every fact at its end, its clock ten years off.
 * The sanitizers see each sum that does not hold it. */
static void
the_ends_of_every_fact_are_borne_in_every_state(void **state)
{
    (void)state;
    static const uint8_t way[] = {HO_ASSESSED,   HO_PLANNED,  HO_EXPORT_SETTINGS, HO_INSTALL_STAGED,
                                  HO_FIRST_SYNC, HO_VERIFY,   HO_READY,           HO_ARMED,
                                  HO_GAP,        HO_GRANTING, HO_PROBATION,       HO_DECOMMISSION,
                                  HO_ACTIVATING, HO_DONE};
    const int64_t years = INT64_C(315360000000);
    for (size_t s = 0; s < ARRAY_LEN(way); s++) {
        for (int end = 0; end < 4; end++) {
            duet_open(&u);
            duet_to(&u, (enum handoff_state)way[s]);
            struct facts f;
            facts_init(&f);
            for (int id = 0; id < FACT_COUNT; id++)
                facts_set(&f, (enum fact_id)id, end & 1 ? fact_most((enum fact_id)id) : 0);
            uint8_t bytes[FACTS_BYTES_MAX];
            size_t len;
            struct facts sent;
            assert_int_equal(facts_encode(&f, bytes, sizeof bytes, &len), BATON_OK);
            assert_int_equal(facts_decode(bytes, len, &sent), BATON_OK);
            for (int who = 0; who < TOY_MEMBERS; who++) {
                struct tenant_event ev = {.kind = TEV_REPORT,
                                          .agent = (uint8_t)who,
                                          .now_ms = u.now_ms + 1,
                                          .unix_ms = u.unix_ms + 1,
                                          .trust = toy_trust(),
                                          .facts = &sent,
                                          .skew_ms = end & 2 ? years : -years};
                struct decision d;
                tenant_step(&u.t, &ev, toy_digest(), &d);
                ev.kind = TEV_CLOCK;
                tenant_step(&u.t, &ev, toy_digest(), &d);
            }
            struct problem p;
            struct assessment a;
            struct task task;
            tenant_explain(&u.t, u.now_ms + 2, toy_digest(), toy_trust(), &p);
            (void)tenant_task(&u.t, &task);
            tenant_assess(&u.t, TOY_OLD, TOY_NEW, u.now_ms, &(struct fleet){0}, &a);
            assert_true(a.expected_ms <= UINT64_C(1000000000) * 3600000);
            for (int g = G_PAIR; g < GUARD_COUNT; g++) { /* also those that this state never asks */
                struct guard_ctx c = {.t = &u.t, .now_ms = u.now_ms, .reason = ""};
                c.approvals = (struct approvals_view){toy_trust(), toy_digest(), u.unix_ms};
                (void)guard_check((enum guard_id)g, &c, &p);
            }
        }
    }
}

static void
hold_with_an_open_grant_takes_it_back_and_lands_in_the_gap(void **state)
{
    (void)state;
    duet_to(&u, HO_GRANTING);
    assert_int_equal(u.m[TOY_NEW].promise.grant, GRANT_LIVE);
    assert_int_equal(duet_verb(&u, HEV_HOLD, "wrong room"), BATON_OK);
    stands_in(HO_GAP);
    assert_int_equal(u.m[TOY_NEW].promise.grant, GRANT_VOID);
    duet_to(&u, HO_DONE); /* go again under the next serial */
    assert_int_equal(u.t.authority.serial, 2);
}

static void
a_grant_that_nobody_uses_ends_in_the_gap(void **state)
{
    (void)state;
    duet_to(&u, HO_GRANTING);
    duet_pass(&u, 8, 10000);
    stands_in(HO_GAP);
    fired(322);
    assert_int_equal(u.t.authority.phase, AUTH_FENCED);
    duet_to(&u, HO_DONE);
}

static void
roll_back(void)
{
    assert_int_equal(duet_approve(&u, VERB_ROLLBACK, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_verb(&u, HEV_ROLLBACK, "users complain"), BATON_OK);
}

static void
rollback_from_the_gap_gives_the_old_server_its_role_back(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    assert_int_equal(duet_verb(&u, HEV_ROLLBACK, NULL), BATON_WAITING); /* nobody approved it */
    assert_int_equal(u.d.problem.guard, G_APPR_ROLLBACK);
    roll_back();
    duet_pass(&u, 4, 1200);
    stands_in(HO_RESTORING);
    assert_true(u.m[TOY_OLD].promise.holding);
    duet_export(&u, TOY_OLD);
    stands_in(HO_ROLLED_BACK);
    fired(347), fired(351), fired(355);
    assert_false(duet_fired(&u, 350)); /* what the fence brought in was fresh */
    assert_false(u.t.cutover_open);
    assert_true(u.t.cutover.gap_to_unix_ms > u.t.cutover.gap_from_unix_ms);
    assert_string_equal(u.t.cutover.reason, "users complain");
}

static void
evidence_that_waited_for_another_server_is_asked_for_again_before_the_way_back(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    u.cut[TOY_NEW] = true;
    roll_back();
    duet_pass(&u, 24, 1200); /* longer than go_ms: the old server's word is old by now */
    stands_in(HO_REVOKING);
    duet_uncut(&u, TOY_NEW);
    duet_pass(&u, 6, 1200);
    fired(350), fired(351);
    stands_in(HO_RESTORING);
}

/* Run history goes back a week: on a server that has run for longer the count never rises. */
static void
an_export_counts_though_the_purged_history_stays_as_long(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    roll_back();
    duet_pass(&u, 4, 1200);
    stands_in(HO_RESTORING);
    duet_report(&u, TOY_OLD);
    stands_in(HO_RESTORING);
    facts_set(&u.facts[TOY_OLD], FACT_LAST_EXPORT_END, (int64_t)u.unix_ms);
    duet_report(&u, TOY_OLD);
    stands_in(HO_ROLLED_BACK);
}

static void
rollback_with_an_open_grant_needs_the_new_servers_own_word(void **state)
{
    (void)state;
    duet_to(&u, HO_GRANTING);
    u.cut[TOY_NEW] = true;
    roll_back();
    duet_pass(&u, 6, 1200);
    stands_in(HO_REVOKING);
    assert_false(u.m[TOY_OLD].promise.holding);
    duet_uncut(&u, TOY_NEW);
    duet_pass(&u, 4, 1200);
    stands_in(HO_RESTORING);
    assert_true(u.m[TOY_OLD].promise.holding);
}

static void
a_rollback_that_comes_too_late_ends_with_the_new_server(void **state)
{
    (void)state;
    duet_to(&u, HO_GRANTING);
    u.cut[TOY_NEW] = true; /* it leaves staging, and nobody hears it */
    facts_set(&u.facts[TOY_NEW], FACT_STAGING_SCHEDULER, 0);
    facts_set(&u.facts[TOY_NEW], FACT_STAGING_SETTINGS, 0);
    duet_pass(&u, 1, 1200);
    assert_true(u.m[TOY_NEW].promise.holding);
    roll_back();
    stands_in(HO_REVOKING);
    duet_uncut(&u, TOY_NEW);
    duet_pass(&u, 2, 1200);
    fired(353);
    stands_in(HO_ACTIVATING);
    assert_true(u.t.cutover.ponr);
    duet_export(&u, TOY_NEW);
    stands_in(HO_PROBATION);
}

static void
past_the_point_of_no_return_rollback_is_refused_with_the_reason(void **state)
{
    (void)state;
    duet_to(&u, HO_ACTIVATING);
    assert_int_equal(duet_approve(&u, VERB_ROLLBACK, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_verb(&u, HEV_ROLLBACK, NULL), BATON_REFUSED);
    assert_int_equal(u.d.problem.guard, G_LATCH_CLEAR);
    assert_true(refusal_mentions("point of no return"));
    stands_in(HO_ACTIVATING);
}

static void
a_cancel_before_the_old_server_promised_leaves_it_running(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    u.cut[TOY_OLD] = true;
    assert_int_equal(duet_verb(&u, HEV_START, NULL), BATON_OK);
    stands_in(HO_RELEASING);
    u.queued[TOY_OLD] = 0; /* the fence never arrives */
    roll_back();
    fired(345);
    duet_uncut(&u, TOY_OLD);
    stands_in(HO_READY);
    fired(348);
    assert_true(u.m[TOY_OLD].promise.holding);
    assert_int_equal(duet_verb(&u, HEV_ARM, NULL), BATON_WAITING); /* its approvals are spent */
    duet_to(&u, HO_DONE);
}

static void
a_late_fence_after_the_cancel_is_followed_through(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    u.cut[TOY_OLD] = true;
    (void)duet_verb(&u, HEV_START, NULL);
    roll_back();
    duet_uncut(&u, TOY_OLD); /* both fences arrive, in order */
    duet_pass(&u, 6, 1200);
    stands_in(HO_RESTORING);
    duet_export(&u, TOY_OLD);
    stands_in(HO_ROLLED_BACK);
}

static void
abandoning_before_the_release_leaves_the_old_server_and_a_new_plan_works(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    assert_int_equal(duet_verb(&u, HEV_ABANDON, "next month"), BATON_OK);
    stands_in(HO_ABANDONED);
    assert_true(u.m[TOY_OLD].promise.holding);
    duet_create(&u, PROFILE_PARALLEL);
    duet_to(&u, HO_DONE);
    assert_int_equal(u.t.authority.epoch.counter, 2); /* one adoption, one fence */
}

static void
a_hold_after_the_release_cannot_be_abandoned(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    (void)duet_verb(&u, HEV_HOLD, NULL);
    assert_int_equal(duet_verb(&u, HEV_ABANDON, NULL), BATON_REFUSED);
    assert_int_equal(u.d.problem.guard, G_BEFORE_RELEASE);
}

static void
restart_old_by_hand(void)
{
    struct facts *f = &u.facts[TOY_OLD];
    static const enum fact_id ids[] = {FACT_SERVICES_STOPPED, FACT_SERVICES_DISABLED,
                                       FACT_SERVICES_DISABLED_REGISTRY, FACT_ENGINE_GONE};
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        facts_set(f, ids[i], 0);
    duet_report(&u, TOY_OLD);
}

static void
a_hand_start_in_the_gap_fences_everybody_again_and_waits_for_a_person(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    uint64_t epoch = u.t.authority.epoch.counter;
    restart_old_by_hand();
    fired(206);
    assert_true(u.t.agent[TOY_OLD].alarm[0] != '\0' && u.t.agent[TOY_OLD].alarm_unix_ms != 0);
    stands_in(HO_GAP);
    assert_int_equal(u.t.authority.epoch.counter, epoch + 1);
    duet_pass(&u, 5, 1200);
    assert_int_equal(u.t.authority.phase, AUTH_FENCED);
    assert_int_equal(duet_verb(&u, HEV_GO, NULL), BATON_WAITING);
    assert_int_equal(u.d.problem.guard, G_NO_TAMPER);
    assert_string_equal(u.d.problem.next, "baton cutover acknowledge contoso");
    assert_int_equal(duet_verb(&u, HEV_ACK_TAMPER, NULL), BATON_OK);
    duet_to(&u, HO_DONE);
}

/* Nobody can be fenced anew by a record that is unsure: the alarm is no less one. */
static void
a_hand_start_in_the_gap_is_paged_while_a_server_was_not_heard_yet(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    u.cut[TOY_NEW] = true;
    duet_restart(&u);
    duet_pass(&u, 1, 1000);
    assert_true(u.t.authority.recovering);
    struct epoch epoch = u.t.authority.epoch;
    unsigned pages = u.pages;
    u.rules = 0;
    restart_old_by_hand();
    fired(208);
    assert_int_equal(u.pages, pages + 1);
    assert_true(epoch_eq(&u.t.authority.epoch, &epoch));
    stands_in(HO_GAP);
    duet_uncut(&u, TOY_NEW);
    duet_pass(&u, 5, 1200);
    assert_int_equal(duet_verb(&u, HEV_ACK_TAMPER, NULL), BATON_OK);
    duet_to(&u, HO_DONE);
}

static void
an_alarm_is_not_acknowledged_before_its_server_spoke_again(void **state)
{
    (void)state;
    duet_to(&u, HO_DECOMMISSION);
    restart_old_by_hand();
    assert_int_equal(duet_verb(&u, HEV_ACK_TAMPER, NULL), BATON_WAITING);
    assert_int_equal(u.d.problem.guard, G_TAMPER_ANSWERED);
}

static void
a_hand_start_under_an_open_grant_goes_back_to_the_gap(void **state)
{
    (void)state;
    duet_to(&u, HO_GRANTING);
    restart_old_by_hand();
    stands_in(HO_GAP);
    fired(206);
    assert_int_not_equal(u.m[TOY_NEW].promise.grant, GRANT_LIVE);
}

static void
leaving_staging_before_the_release_is_a_breach(void **state)
{
    (void)state;
    duet_to(&u, HO_VERIFY);
    duet_stage(&u, TOY_NEW, false);
    stands_in(HO_BREACH);
    fired(205);
    assert_true(u.t.cutover.breach && u.t.cutover.ponr);
    assert_int_equal(duet_verb(&u, HEV_RESUME, NULL), BATON_WAITING);
}

static void
an_export_of_the_fenced_old_server_is_a_breach_each_time(void **state)
{
    (void)state;
    duet_to(&u, HO_DECOMMISSION);
    duet_export(&u, TOY_OLD);
    stands_in(HO_BREACH);
    unsigned pages = u.pages;
    duet_pass(&u, 2, 100);
    assert_int_equal(u.pages, pages); /* one export, one breach */
    duet_export(&u, TOY_OLD);
    assert_true(u.pages > pages);
}

static void
a_late_click_after_the_grant_was_void_is_marked_and_stays_in_the_gap(void **state)
{
    (void)state;
    duet_to(&u, HO_GRANTING);
    (void)duet_verb(&u, HEV_NO_GO, "not today");
    stands_in(HO_GAP);
    assert_int_equal(u.m[TOY_NEW].promise.grant, GRANT_VOID);
    duet_stage(&u, TOY_NEW, false);
    fired(205);
    stands_in(HO_GAP);
    assert_true(u.t.cutover.late_activation && u.t.cutover.ponr);
    assert_false(u.m[TOY_NEW].promise.holding);
}

static void
change_new(void)
{
    struct baton_hash h;
    toy_hash("another rule", 12, 7, &h);
    facts_set_digest(&u.facts[TOY_NEW], DIGEST_RULES, &h);
    duet_pass(&u, 1, 100);
}

static void
new_version(void)
{
    facts_set(&u.facts[TOY_NEW], FACT_PRODUCT_VERSION, 2LL << 48 | 9LL << 32);
    duet_pass(&u, 1, 100);
}

static void
new_configuration(void)
{
    struct baton_hash h;
    toy_hash("another scope", 13, 7, &h);
    facts_set_digest(&u.facts[TOY_NEW], DIGEST_CONFIG, &h);
    duet_pass(&u, 1, 100);
}

static void (*const changes[])(void) = {new_version, change_new, new_configuration};

static void
version_rules_and_configuration_verify_again_before_the_release(void **state)
{
    (void)state;
    static const uint8_t states[] = {HO_READY, HO_ARMED};
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        for (size_t n = 0; n < ARRAY_LEN(states); n++) {
            duet_open(&u);
            duet_to(&u, (enum handoff_state)states[n]);
            changes[i]();
            stands_in(HO_VERIFY);
            fired(211);
            assert_int_not_equal(duet_verb(&u, HEV_START, NULL), BATON_OK);
            assert_int_equal(duet_verb(&u, HEV_ACCEPT, "looked at it"), BATON_OK);
            assert_int_not_equal(duet_verb(&u, HEV_ARM, NULL), BATON_OK); /* nobody approved that */
        }
    }
}

static void
version_rules_and_configuration_are_no_go_while_the_old_server_stops(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        duet_open(&u);
        duet_to(&u, HO_ARMED);
        u.cut[TOY_OLD] = true;
        assert_int_equal(duet_verb(&u, HEV_START, NULL), BATON_OK);
        stands_in(HO_RELEASING);
        changes[i]();
        stands_in(HO_RELEASING);
        fired(211);
        assert_true(u.t.cutover.no_go);
        duet_uncut(&u, TOY_OLD);
        duet_pass(&u, 3, 1200);
        stands_in(HO_GAP);
        assert_int_equal(duet_verb(&u, HEV_GO, NULL), BATON_REFUSED);
        assert_int_equal(u.d.problem.guard, G_GO_STANDS);
    }
}

static void
version_rules_and_configuration_are_no_go_in_the_gap(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        duet_open(&u);
        duet_to(&u, HO_GAP);
        changes[i]();
        stands_in(HO_GAP);
        fired(211);
        assert_int_equal(duet_verb(&u, HEV_GO, NULL), BATON_REFUSED);
        assert_int_equal(u.d.problem.guard, G_GO_STANDS);
    }
}

static void
a_change_on_the_new_server_before_the_release_verifies_again(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    change_new();
    stands_in(HO_VERIFY);
    fired(211);
    duet_to(&u, HO_DONE);
}

static void
a_change_inside_the_gap_is_no_go_until_it_is_verified_and_approved_again(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    change_new();
    stands_in(HO_GAP);
    fired(211);
    assert_int_equal(duet_verb(&u, HEV_GO, NULL), BATON_REFUSED);
    assert_int_equal(u.d.problem.guard, G_GO_STANDS);
    assert_int_equal(duet_verb(&u, HEV_REVERIFY, NULL), BATON_OK);
    assert_int_equal(duet_verb(&u, HEV_GO, NULL), BATON_REFUSED); /* verified, not accepted */
    assert_int_equal(duet_verb(&u, HEV_ACCEPT, "looked at the new rule"), BATON_OK);
    assert_int_equal(duet_verb(&u, HEV_GO, NULL), BATON_WAITING); /* nobody approved that */
    assert_int_equal(u.d.problem.guard, G_APPR_CUTOVER);
    assert_int_equal(duet_approve(&u, VERB_CUTOVER, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_approve(&u, VERB_CUTOVER, TOY_BERT), BATON_OK);
    duet_to(&u, HO_DONE);
}

static void
a_half_blind_old_server_holds_the_cutover(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    facts_set(&u.facts[TOY_OLD], FACT_IMPORT_OK, 0);
    duet_report(&u, TOY_OLD);
    stands_in(HO_HOLD);
    fired(213);
    assert_true(u.m[TOY_OLD].promise.holding); /* a holder is never stopped without approvals */
}

static void
verification_waits_for_a_cycle_of_the_old_server_after_the_install(void **state)
{
    (void)state;
    duet_to(&u, HO_FIRST_SYNC);
    struct facts *f = &u.facts[TOY_NEW];
    facts_set(f, FACT_FULL_IMPORT_AD, 1);
    facts_set(f, FACT_FULL_SYNC_AD, 1);
    facts_set(f, FACT_FULL_IMPORT_ENTRA, 1);
    facts_set(f, FACT_FULL_SYNC_ENTRA, 1);
    duet_pass(&u, 3, 1000);
    stands_in(HO_FIRST_SYNC);
    struct problem p;
    tenant_explain(&u.t, u.now_ms, toy_digest(), toy_trust(), &p);
    assert_int_equal(p.guard, G_OLD_ALIVE);
    facts_set(&u.facts[TOY_OLD], FACT_GOOD_CYCLES, 41);
    duet_pass(&u, 1, 1000);
    stands_in(HO_VERIFY);
}

static void
deletions_above_the_limit_cannot_be_accepted(void **state)
{
    (void)state;
    duet_to(&u, HO_VERIFY);
    facts_set(&u.facts[TOY_NEW], FACT_PENDING_DELETES, 44);
    duet_report(&u, TOY_NEW);
    assert_int_equal(duet_verb(&u, HEV_ACCEPT, "I am sure"), BATON_REFUSED);
    assert_int_equal(u.d.problem.guard, G_DIFF);
    assert_true(refusal_mentions("pending deletions: 44"));
    stands_in(HO_VERIFY);
}

static void
what_nobody_computed_needs_a_reason_to_be_accepted(void **state)
{
    (void)state;
    duet_to(&u, HO_VERIFY);
    assert_int_equal(duet_verb(&u, HEV_ACCEPT, NULL), BATON_REFUSED);
    assert_true(refusal_mentions("unknown"));
    assert_int_equal(duet_verb(&u, HEV_ACCEPT, "no anchors are compared here"), BATON_OK);
    stands_in(HO_READY);
    u.t.info.policy.v[POLICY_UNKNOWN_BLOCKS_BOOL] = 0;
    (void)duet_verb(&u, HEV_REVERIFY, NULL);
    assert_int_equal(duet_verb(&u, HEV_ACCEPT, NULL), BATON_OK); /* where the policy lets it pass */
}

static void
the_release_never_advances_by_time(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    u.cut[TOY_OLD] = true;
    (void)duet_verb(&u, HEV_START, NULL);
    unsigned pages = u.pages;
    for (int i = 0; i < 60; i++)
        duet_clock(&u, 60000);
    stands_in(HO_RELEASING);
    assert_true(u.pages > pages + 10); /* it pages again and again */
}

static void
the_gap_warns_then_pages_then_asks_to_decide(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    static const struct {
        uint64_t at_ms;
        uint16_t rule;
    } steps[] = {{31000, 411}, {30000, 412}, {60000, 413}};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        assert_false(duet_fired(&u, steps[i].rule));
        duet_clock(&u, steps[i].at_ms);
        fired(steps[i].rule);
        stands_in(HO_GAP);
    }
}

/* By a quarantine, its guard or somebody's hand; time tells people, and moves nothing. */
static void
who_exports_is_missed_before_any_cutover_has_asked_it_to_stop(void **state)
{
    (void)state;
    static const enum handoff_state from[] = {HO_PLANNED, HO_EXPORT_SETTINGS, HO_INSTALL_STAGED,
                                              HO_VERIFY,  HO_READY,           HO_ARMED};
    for (size_t i = 0; i < 2 * ARRAY_LEN(from); i++) {
        bool dead = i >= ARRAY_LEN(from);
        duet_open(&u);
        duet_to(&u, from[i % ARRAY_LEN(from)]);
        u.t.cutover.profile = dead ? PROFILE_DEAD_SOURCE : PROFILE_PARALLEL;
        facts_set(&u.facts[TOY_OLD], FACT_SERVICES_STOPPED, 1);
        uint64_t stopped = u.unix_ms;
        facts_set(&u.facts[TOY_OLD], FACT_STOPPED_AT, (int64_t)stopped);
        duet_report(&u, TOY_OLD);
        struct epoch before = u.t.authority.epoch;
        u.pages = 0;
        uint64_t limit = (uint64_t)u.t.info.policy.v[POLICY_GAP_PAGE_MS];
        duet_clock(&u, limit - (u.unix_ms - stopped));
        assert_int_equal(u.pages, 0);
        duet_clock(&u, 1);
        assert_int_equal(u.pages, dead ? 0 : 1);
        assert_int_equal(duet_fired(&u, 508), !dead);
        duet_clock(&u, 1000);
        assert_int_equal(u.pages, dead ? 0 : 1);
        stands_in((uint8_t)from[i % ARRAY_LEN(from)]);
        assert_true(epoch_eq(&before, &u.t.authority.epoch));
        assert_int_equal(u.d.orders, 0);
    }
}

static void
reminders_of_days_do_not_push_out_why_it_is_held(void **state)
{
    (void)state;
    struct problem p;
    duet_to(&u, HO_READY);
    assert_int_equal(duet_verb(&u, HEV_HOLD, "lunch"), BATON_OK);
    facts_set(&u.facts[TOY_OLD], FACT_SERVICES_STOPPED, 1);
    duet_report(&u, TOY_OLD);
    uint32_t rules = u.t.cutover.rules_fired_count;
    u.pages = 0;
    for (size_t i = 0; i < 2 * ARRAY_LEN(u.t.cutover.rules_fired); i++)
        duet_clock(&u, (uint64_t)u.t.info.policy.v[POLICY_GAP_PAGE_MS] + 1);
    assert_true(u.pages > ARRAY_LEN(u.t.cutover.rules_fired)); /* of two rules, by turns */
    assert_int_equal(u.t.cutover.rules_fired_count, rules + 2);
    tenant_explain(&u.t, u.now_ms, toy_digest(), toy_trust(), &p);
    assert_string_equal(p.title, "a person put it on hold");
}

static void
an_old_server_that_runs_and_exports_no_more_is_missed_as_well(void **state)
{
    (void)state;
    duet_to(&u, HO_INSTALL_STAGED);
    int64_t least = u.t.info.policy.v[POLICY_ACTIVATING_MS];
    facts_set(&u.facts[TOY_OLD], FACT_INTERVAL_MS, least);
    facts_set(&u.facts[TOY_OLD], FACT_LAST_EXPORT_END, (int64_t)u.unix_ms);
    duet_report(&u, TOY_OLD);
    u.pages = 0;
    duet_clock(&u, 2 * (uint64_t)least - 1000);
    assert_int_equal(u.pages, 0);
    duet_clock(&u, 1001);
    assert_int_equal(u.pages, 1);
    fired(508);
    stands_in(HO_INSTALL_STAGED);
}

static void
time_takes_back_what_only_time_had_given(void **state)
{
    (void)state;
    static const struct {
        uint8_t from, to;
        uint8_t policy;
    } rows[] = {{HO_PLANNED, HO_ASSESSED, POLICY_PLANNED_MS},
                {HO_ARMED, HO_READY, POLICY_ARMED_MS},
                {HO_READY, HO_VERIFY, POLICY_READY_FRESH_MS}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        duet_open(&u);
        duet_to(&u, (enum handoff_state)rows[i].from);
        assert_true(u.d.due_ms > u.now_ms);
        duet_clock(&u, (uint64_t)u.t.info.policy.v[rows[i].policy] + 1000);
        stands_in(rows[i].to);
    }
}

static void
a_failed_first_export_is_repaired_forward(void **state)
{
    (void)state;
    duet_to(&u, HO_ACTIVATING);
    facts_set(&u.facts[TOY_NEW], FACT_EXPORTS_TOTAL, 1);
    facts_set(&u.facts[TOY_NEW], FACT_LAST_EXPORT_OK, 0);
    duet_report(&u, TOY_NEW);
    stands_in(HO_FORWARD_REPAIR);
    duet_export(&u, TOY_NEW);
    stands_in(HO_PROBATION);
    assert_true(u.t.cutover.gap_to_unix_ms != 0);
}

static void
the_gap_ends_with_the_first_good_export_not_before(void **state)
{
    (void)state;
    duet_to(&u, HO_ACTIVATING);
    assert_int_equal(u.t.cutover.gap_to_unix_ms, 0);
    duet_pass(&u, 3, 1000);
    stands_in(HO_ACTIVATING);
    duet_export(&u, TOY_NEW);
    stands_in(HO_PROBATION);
    assert_true(u.t.cutover.gap_to_unix_ms > u.t.cutover.gap_from_unix_ms);
    assert_true(u.effects & HFX_GAP_END);
}

static void
a_restarted_controller_waits_for_every_server_before_it_moves_the_role(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    u.cut[TOY_OLD] = true;
    duet_restart(&u);
    duet_pass(&u, 1, 1000);
    assert_true(u.t.authority.recovering);
    assert_int_equal(duet_verb(&u, HEV_START, NULL), BATON_WAITING);
    assert_true(refusal_mentions("has not heard every server"));
    stands_in(HO_ARMED);
    duet_uncut(&u, TOY_OLD);
    duet_pass(&u, 2, 1000);
    assert_false(u.t.authority.recovering);
    duet_to(&u, HO_DONE);
}

static void
a_restart_in_every_state_of_the_way_still_ends_well(void **state)
{
    (void)state;
    static const uint8_t way[] = {HO_EXPORT_SETTINGS, HO_VERIFY,    HO_READY,
                                  HO_ARMED,           HO_GAP,       HO_GRANTING,
                                  HO_ACTIVATING,      HO_PROBATION, HO_DECOMMISSION};
    for (size_t i = 0; i < ARRAY_LEN(way); i++) {
        duet_open(&u);
        duet_to(&u, (enum handoff_state)way[i]);
        duet_restart(&u);
        duet_pass(&u, 2, 1000);
        duet_to(&u, HO_DONE);
    }
}

static void
a_restored_controller_reconciles_before_anything_else(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    u.m[TOY_OLD].promise.receipt_size = 900; /* a log longer than the one restored */
    u.log_size = 300;
    duet_restart(&u);
    stands_in(HO_RECONCILE);
    fired(201);
    assert_int_equal(duet_verb(&u, HEV_ARM, NULL), BATON_NO_RULE);
    assert_int_equal(duet_verb(&u, HEV_CONFIRM_FOREIGN, NULL), BATON_OK);
    u.log_size = 1000;
    duet_pass(&u, 2, 1000);
    stands_in(HO_READY);
}

/* An agent offers again, in each session, what it sealed for an earlier attempt. */
static void
settings_that_nobody_asked_for_yet_are_not_taken(void **state)
{
    (void)state;
    static const uint8_t stops[] = {HO_EXPORT_SETTINGS, HO_HOLD};
    for (size_t i = 0; i < ARRAY_LEN(stops); i++) {
        duet_open(&u);
        duet_to(&u, HO_EXPORT_SETTINGS);
        u.t.cutover.resume_to = HO_EXPORT_SETTINGS;
        u.t.cutover.state = stops[i];
        struct tenant_event ev = duet_event(&u, TEV_BLOB);
        ev.agent = TOY_OLD;
        ev.blob.b[0] = 7;
        ev.blob_bytes = 6;
        duet_feed(&u, &ev);
        assert_false(u.t.cutover.settings_sealed);
        assert_true(baton_hash_is_zero(&u.t.cutover.blob));
    }
}

static void
settings_that_came_while_it_reconciled_are_placed(void **state)
{
    (void)state;
    duet_to(&u, HO_EXPORT_SETTINGS);
    u.t.cutover.state = HO_SETTINGS_SEALED; /* the pair runs through it at once */
    u.m[TOY_OLD].promise.receipt_size = 900;
    u.log_size = 300;
    duet_restart(&u);
    stands_in(HO_RECONCILE);
    u.t.cutover.blob.b[0] = 1; /* it arrived: nothing can be placed before people have looked */
    u.effects = 0;
    assert_int_equal(duet_verb(&u, HEV_CONFIRM_FOREIGN, NULL), BATON_OK);
    u.log_size = 1000;
    duet_pass(&u, 1, 1000);
    fired(122);
    assert_true((u.effects & HFX_PLACE_SETTINGS) != 0);
}

/* Two controllers of one image, or one that was put back, gave orders of one number. */
static void
servers_that_promised_different_epochs_are_adopted_again_by_two_people(void **state)
{
    (void)state;
    duet_to(&u, HO_PLANNED);
    u.cut[TOY_NEW] = true;
    assert_int_equal(duet_approve(&u, VERB_PLAN, TOY_ANNA), BATON_OK);
    duet_pass(&u, 2, 1200);
    struct promise *other = &u.m[TOY_NEW].promise;
    *other = u.m[TOY_OLD].promise;
    other->self = toy_member_key(TOY_NEW);
    other->epoch.incarnation.b[0] ^= 0x55;
    other->holding = false;
    other->holding_epoch = (struct epoch){0};
    u.m[TOY_NEW].plan = u.m[TOY_OLD].plan;
    u.m[TOY_NEW].plan_known = true;
    u.queued[TOY_NEW] = 0;
    u.cut[TOY_NEW] = false;
    duet_restart(&u);
    duet_pass(&u, 2, 1200);
    assert_false(u.t.authority.adopted);
    if (u.t.cutover.state == HO_RECONCILE) {
        assert_int_equal(duet_verb(&u, HEV_CONFIRM_FOREIGN, NULL), BATON_OK);
        duet_pass(&u, 2, 1200);
    }
    stands_in(HO_EXPORT_SETTINGS);
    struct problem p;
    tenant_explain(&u.t, u.now_ms, toy_digest(), toy_trust(), &p);
    assert_string_equal(p.next, "baton cutover approve contoso --for adopt");
    assert_int_equal(duet_verb(&u, HEV_ADOPT, NULL), BATON_WAITING);
    assert_string_equal(u.d.problem.next, "baton cutover approve contoso --for adopt");
    assert_int_equal(duet_approve(&u, VERB_ADOPT, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_verb(&u, HEV_ADOPT, NULL), BATON_WAITING);
    assert_int_equal(duet_approve(&u, VERB_ADOPT, TOY_BERT), BATON_OK);
    assert_int_equal(duet_verb(&u, HEV_ADOPT, NULL), BATON_OK);
    duet_pass(&u, 2, 1200);
    assert_int_equal(u.t.authority.epoch.counter, 2);
    assert_true(u.t.authority.adopted && u.m[TOY_OLD].promise.holding);
    assert_true(epoch_eq(&u.m[TOY_NEW].promise.epoch, &u.t.authority.epoch));
}

/* Last night's backup was made between the plan's approval and the old server's answer. */
static void
an_adoption_that_nobody_answered_goes_on_after_a_reconciliation(void **state)
{
    (void)state;
    duet_to(&u, HO_PLANNED);
    u.cut[TOY_OLD] = true;
    assert_int_equal(duet_approve(&u, VERB_PLAN, TOY_ANNA), BATON_OK);
    duet_pass(&u, 2, 1200);
    u.queued[TOY_OLD] = 0; /* the order is lost with the record that held it */
    u.cut[TOY_OLD] = false;
    u.m[TOY_NEW].promise.receipt_size = 900; /* a log longer than the one restored */
    u.log_size = 300;
    duet_restart(&u);
    stands_in(HO_RECONCILE);
    assert_int_equal(duet_verb(&u, HEV_CONFIRM_FOREIGN, NULL), BATON_OK);
    u.log_size = 1000;
    duet_pass(&u, 2, 1200);
    stands_in(HO_EXPORT_SETTINGS);
    assert_false(u.t.authority.adopted);
    assert_int_equal(duet_verb(&u, HEV_ADOPT, NULL), BATON_OK);
    duet_pass(&u, 2, 1200);
    assert_true(u.t.authority.adopted && u.m[TOY_OLD].promise.holding);
}

/* The old server lost its memory meanwhile, and people readmitted it: it has promised the adoption's epoch to
 * nobody, and would refuse that number for itself. */
static void
who_was_readmitted_into_an_open_adoption_is_adopted_under_a_new_epoch(void **state)
{
    (void)state;
    duet_to(&u, HO_PLANNED);
    u.cut[TOY_OLD] = u.cut[TOY_NEW] = true;
    assert_int_equal(duet_approve(&u, VERB_PLAN, TOY_ANNA), BATON_OK);
    duet_pass(&u, 2, 1200);
    struct epoch adoption = u.t.authority.epoch;
    u.m[TOY_OLD].promise.epoch = adoption;
    u.queued[TOY_OLD] = u.queued[TOY_NEW] = 0; /* as above */
    u.cut[TOY_OLD] = u.cut[TOY_NEW] = false;
    u.m[TOY_OLD].promise.receipt_size = 900; /* a log longer than the one restored */
    u.log_size = 300;
    duet_restart(&u);
    stands_in(HO_RECONCILE);
    assert_int_equal(duet_verb(&u, HEV_CONFIRM_FOREIGN, NULL), BATON_OK);
    assert_memory_equal(&u.t.authority.recipient, &u.t.agent[TOY_OLD].key,
                        sizeof u.t.authority.recipient);
    u.log_size = 1000;
    duet_pass(&u, 2, 1200);
    stands_in(HO_EXPORT_SETTINGS);
    assert_int_not_equal(duet_verb(&u, HEV_ADOPT, NULL), BATON_OK);
    assert_int_equal(duet_approve(&u, VERB_ADOPT, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_approve(&u, VERB_ADOPT, TOY_BERT), BATON_OK);
    assert_int_equal(duet_verb(&u, HEV_ADOPT, NULL), BATON_OK);
    duet_pass(&u, 2, 1200);
    assert_true(u.t.authority.epoch.counter > adoption.counter);
    assert_true(u.t.authority.adopted && u.m[TOY_OLD].promise.holding);
}

/* The same backup, but what it does not know is a fence: nobody exports, and settings are of no use now. */
static void
a_record_from_before_the_adoption_finishes_the_fence_that_is_open(void **state)
{
    (void)state;
    duet_to(&u, HO_PLANNED);
    u.cut[TOY_OLD] = u.cut[TOY_NEW] = true;
    assert_int_equal(duet_approve(&u, VERB_PLAN, TOY_ANNA), BATON_OK);
    struct tenant backup = u.t;
    duet_uncut(&u, TOY_OLD);
    duet_uncut(&u, TOY_NEW);
    duet_to(&u, HO_GAP);
    u.t = backup;
    u.misled = true;
    duet_restart(&u);
    stands_in(HO_RECONCILE);
    assert_int_equal(duet_verb(&u, HEV_CONFIRM_FOREIGN, NULL), BATON_OK);
    duet_pass(&u, 4, 1200);
    stands_in(HO_GAP);
    assert_false(u.m[TOY_OLD].promise.holding || u.m[TOY_NEW].promise.holding);
}

/* No cutover was open when the backup came back: the next one begins with what is to be confirmed. */
static void
a_record_that_became_unsure_between_two_cutovers_is_confirmed_in_the_next(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    assert_int_equal(duet_verb(&u, HEV_ABANDON, "later"), BATON_OK);
    u.m[TOY_OLD].promise.receipt_size = 900;
    u.log_size = 300;
    duet_restart(&u);
    stands_in(HO_ABANDONED);
    assert_true(u.t.authority.reconcile);
    duet_create(&u, PROFILE_PARALLEL);
    duet_pass(&u, 1, 1200);
    stands_in(HO_RECONCILE);
    fired(201);
    assert_int_equal(duet_verb(&u, HEV_CONFIRM_FOREIGN, NULL), BATON_OK);
    u.log_size = 1000;
    duet_pass(&u, 2, 1200);
    stands_in(HO_ASSESSED);
    duet_to(&u, HO_DONE);
}

static void
new_leaves_staging(void)
{
    facts_set(&u.facts[TOY_NEW], FACT_STAGING_SCHEDULER, 0);
    facts_set(&u.facts[TOY_NEW], FACT_STAGING_SETTINGS, 0);
    duet_pass(&u, 1, 1200);
    assert_true(u.m[TOY_NEW].promise.holding);
}

/* Fenced again towards the new server, which held already: nothing else will ever be heard of that epoch. */
static void
a_new_server_that_held_when_it_was_fenced_again_goes_on(void **state)
{
    (void)state;
    duet_to(&u, HO_GRANTING);
    u.cut[TOY_NEW] = true; /* it leaves staging, and nobody hears it */
    new_leaves_staging();
    /* Meanwhile somebody starts the old one. */
    facts_set(&u.facts[TOY_OLD], FACT_SERVICES_STOPPED, 0);
    duet_report(&u, TOY_OLD);
    fired(206);
    stands_in(HO_GAP);
    duet_uncut(&u, TOY_NEW);
    duet_pass(&u, 2, 1200);
    assert_true(baton_key_eq(&u.t.authority.holder, &u.t.agent[TOY_NEW].key));
    stands_in(HO_ACTIVATING);
}

/* A restored controller went back to the open epoch; the grant that it does not know of was live. */
static void
a_grant_that_is_used_before_its_evidence_came_again_goes_on(void **state)
{
    (void)state;
    for (int ladder = 0; ladder < 2; ladder++) {
        duet_open(&u);
        duet_to(&u, HO_GAP);
        struct tenant backup = u.t;
        duet_to(&u, HO_GRANTING);
        u.t = backup;
        u.misled = true;
        u.m[TOY_OLD].promise.receipt_size = 900;
        u.log_size = 300;
        duet_restart(&u);
        stands_in(HO_RECONCILE);
        u.cut[TOY_OLD] = true; /* its evidence is late */
        assert_int_equal(duet_verb(&u, HEV_CONFIRM_FOREIGN, NULL), BATON_OK);
        duet_pass(&u, 1, 1200);
        stands_in(HO_RELEASING);
        if (ladder == 1) /* and people do not wait for it */
            assert_int_equal(duet_verb(&u, HEV_FENCE, NULL), BATON_OK);
        new_leaves_staging();
        duet_pass(&u, 1, 1200);
        stands_in(HO_ACTIVATING);
    }
}

static void
who_resumes_over_a_quarantined_server_is_paged(void **state)
{
    (void)state;
    enum { NOBODY, QUARANTINED, BARRED };
    for (int who = NOBODY; who <= BARRED; who++) {
        duet_open(&u);
        duet_to(&u, HO_READY);
        assert_int_equal(duet_verb(&u, HEV_HOLD, "lunch"), BATON_OK);
        if (who == QUARANTINED)
            duet_quarantine(&u, TOY_OLD);
        if (who == BARRED)
            duet_bar(&u, TOY_OLD);
        u.pages = 0;
        assert_int_equal(duet_verb(&u, HEV_RESUME, NULL), BATON_OK);
        assert_int_equal(u.pages > 0, who != NOBODY);
        stands_in(HO_READY);
    }
}

/* A record that was put back can stand in a rollback that has no way back and nothing accepted. */
static void
a_rollback_without_a_way_back_is_verified_and_accepted_forward(void **state)
{
    (void)state;
    for (int latched = 0; latched < 2; latched++) {
        duet_open(&u);
        duet_to(&u, HO_GAP);
        u.t.cutover.state = HO_REVOKING;
        u.t.cutover.accepted = false;
        u.t.cutover.ponr = latched == 1;
        enum baton_status want = latched == 1 ? BATON_OK : BATON_REFUSED;
        assert_int_equal(duet_verb(&u, HEV_REVERIFY, NULL), want);
        assert_int_equal(duet_verb(&u, HEV_ACCEPT, "read and found good"), want);
        assert_int_equal(u.t.cutover.accepted, latched);
        stands_in(HO_REVOKING);
    }
}

/* The recipient refuses a serial that it has seen; what another server says of serials moves nothing. */
static void
a_restored_record_grants_above_what_the_recipient_itself_has_seen(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    struct tenant backup = u.t;
    duet_to(&u, HO_GRANTING);
    u.t = backup;
    u.misled = true;
    u.m[TOY_OLD].promise.receipt_size = 900;
    u.log_size = 300;
    duet_restart(&u);
    stands_in(HO_RECONCILE);
    assert_int_equal(u.t.authority.serial, 0);
    u.t.agent[TOY_OLD].statement.serial = UINT32_MAX;
    assert_int_equal(duet_verb(&u, HEV_CONFIRM_FOREIGN, NULL), BATON_OK);
    assert_int_equal(u.t.authority.serial, 1);
}

/* Through a reconciliation as straight back: what was synchronized in a breach does not count. */
static void
cycles_of_a_breach_do_not_count_for_a_probation_after_a_reconciliation(void **state)
{
    (void)state;
    duet_to(&u, HO_PROBATION);
    u.t.cutover.resume_to = HO_PROBATION;
    u.t.cutover.state = HO_BREACH;
    u.t.authority.reconcile = true;
    facts_set(&u.facts[TOY_NEW], FACT_GOOD_CYCLES,
              fact_or(&u.facts[TOY_NEW], FACT_GOOD_CYCLES, 0) + 5);
    duet_report(&u, TOY_NEW);
    assert_int_equal(duet_verb(&u, HEV_RESUME, NULL), BATON_OK);
    stands_in(HO_RECONCILE);
    assert_int_equal(duet_verb(&u, HEV_CONFIRM_FOREIGN, NULL), BATON_OK);
    stands_in(HO_PROBATION);
    assert_int_equal(u.t.cutover.cycles_before,
                     fact_or(&u.t.agent[TOY_NEW].facts, FACT_GOOD_CYCLES, -1));
}

/* Else nothing would lead back to reconcile, and an unsure record gives no order. */
static void
what_interrupts_a_reconciliation_leads_back_to_it(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    u.m[TOY_OLD].promise.receipt_size = 900;
    u.log_size = 300;
    duet_restart(&u);
    stands_in(HO_RECONCILE);
    u.pages = 0;
    duet_quarantine(&u, TOY_NEW);
    stands_in(HO_RECONCILE);
    assert_true(u.pages > 0);
    u.t.cutover.state = HO_HOLD; /* as by a word for another tenant */
    assert_int_equal(duet_verb(&u, HEV_RESUME, NULL), BATON_OK);
    stands_in(HO_RECONCILE);
    u.t.cutover.state = HO_BREACH; /* as by an export that nobody granted */
    assert_int_equal(duet_verb(&u, HEV_RESUME, NULL), BATON_OK);
    stands_in(HO_RECONCILE);
    assert_int_equal(u.t.cutover.resume_to, HO_READY);
}

static void
a_restore_from_before_the_fence_finishes_what_is_open(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    struct tenant backup = u.t;
    (void)duet_verb(&u, HEV_START, NULL);
    duet_pass(&u, 3, 1200);
    stands_in(HO_GAP);
    u.t = backup;
    duet_restart(&u);
    stands_in(HO_RECONCILE);
    assert_int_equal(duet_verb(&u, HEV_CONFIRM_FOREIGN, NULL), BATON_OK);
    duet_pass(&u, 4, 1200);
    assert_true(u.t.cutover.state == HO_GAP || u.t.cutover.state == HO_RELEASING);
    assert_int_equal(u.t.authority.epoch.counter, 2);
    assert_false(u.m[TOY_OLD].promise.holding);
}

/* Signed by a clock that goes ahead, or by another program than ours. */
static enum baton_status
attest_until(enum toy_member subject, uint64_t not_after_ms)
{
    const struct authority *a = &u.t.authority;
    struct signed_approval sa = toy_approval(VERB_ATTEST, TOY_ANNA, TOY_NEW, a->epoch);
    struct tenant_event ev = duet_event(&u, TEV_APPROVAL);
    sa.a.epoch = a->epoch;
    sa.a.subject = toy_member_key(subject);
    sa.a.not_after_ms = not_after_ms;
    toy_hash("powered off", 11, 9, &sa.a.seen);
    toy_sign_approval(&sa, TOY_ANNA);
    ev.approval = &sa;
    duet_feed(&u, &ev);
    return u.d.problem.status;
}

static void
an_attestation_that_lives_too_long_is_refused_with_the_limit_and_the_command(void **state)
{
    (void)state;
    static const char *const next[] = {"baton cutover attest contoso --host OLD --seen FILE",
                                       "baton cutover attest contoso --host NEW --seen FILE"};
    const struct problem *p = &u.d.problem;
    duet_to(&u, HO_ARMED);
    u.cut[TOY_OLD] = true;
    (void)duet_verb(&u, HEV_START, NULL);
    duet_pass(&u, 3, 1200);
    assert_int_equal(duet_verb(&u, HEV_FENCE, NULL), BATON_OK);
    for (int m = TOY_OLD; m <= TOY_NEW; m++) {
        assert_int_equal(attest_until((enum toy_member)m, u.unix_ms + 2 * 3600000 + 1),
                         BATON_REFUSED);
        assert_string_equal(p->title, "the attestation would live longer than any agent takes");
        assert_int_equal(p->fact_count, 1);
        assert_string_equal(p->fact[0].text, "agents take one that ends at most 10 min from now: "
                                             "set the clock that it was signed by, then sign anew");
        assert_string_equal(p->who, "the operator who signed");
        assert_string_equal(p->next, next[m]);
    }
    assert_int_equal(attest_until(TOY_OLD, u.unix_ms + 10 * 60000), BATON_OK);
}

static void
two_attestations_stand_in_for_a_server_that_cannot_answer(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    u.cut[TOY_OLD] = true;
    (void)duet_verb(&u, HEV_START, NULL);
    duet_pass(&u, 3, 1200);
    stands_in(HO_RELEASING);
    assert_int_equal(duet_verb(&u, HEV_FENCE, NULL), BATON_OK);
    stands_in(HO_FENCING);
    assert_int_equal(duet_verb(&u, HEV_ATTEST, NULL), BATON_WAITING);
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_ANNA), BATON_OK);
    stands_in(HO_FENCING);
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_BERT), BATON_OK);
    duet_pass(&u, 2, 1200);
    stands_in(HO_GAP);
    fired(115), fired(361);
    const struct authority_member *m = &u.t.authority.member[TOY_OLD];
    assert_true(m->attested);
    assert_false(baton_hash_is_zero(&m->attested_by[0]) || baton_hash_is_zero(&m->attested_by[1]));
    assert_false(baton_hash_eq(&m->attested_by[0], &m->attested_by[1]));
}

static void
done_waits_until_the_old_product_is_gone_and_its_tombstone_final(void **state)
{
    (void)state;
    duet_to(&u, HO_DECOMMISSION);
    assert_int_equal(duet_approve(&u, VERB_RETIRE, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_verb(&u, HEV_RETIRE, NULL), BATON_REFUSED);
    assert_int_equal(u.d.problem.guard, G_OLD_ABSENT);
    duet_pass(&u, 3, 1000);
    stands_in(HO_DECOMMISSION);
    facts_set(&u.facts[TOY_OLD], FACT_PRODUCT_PRESENT, 0);
    duet_report(&u, TOY_OLD);
    assert_int_equal(duet_verb(&u, HEV_RETIRE, NULL), BATON_REFUSED);
    assert_int_equal(u.d.problem.guard, G_ACCOUNT_GONE);
    assert_true(u.t.cutover.local_fence_only); /* its own account can still sign in */
    assert_false(u.m[TOY_OLD].promise.retired);
    duet_to(&u, HO_DONE);
    assert_false(u.t.cutover.local_fence_only);
    assert_int_equal(u.t.cutover.grade, 'A'); /* both agents, and the tenant by the new product */
}

/* Where no server can see it, people sign what they saw; that is no witness of the tenant's. */
static void
people_may_sign_that_the_account_is_gone_and_the_grade_says_so(void **state)
{
    (void)state;
    duet_to(&u, HO_DECOMMISSION);
    facts_set(&u.facts[TOY_OLD], FACT_PRODUCT_PRESENT, 0);
    duet_report(&u, TOY_OLD);
    assert_int_equal(duet_approve(&u, VERB_RETIRE, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_verb(&u, HEV_RETIRE, NULL), BATON_REFUSED);
    assert_int_equal(u.d.problem.guard, G_ACCOUNT_GONE);
    assert_int_equal(duet_account_gone(&u, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_verb(&u, HEV_RETIRE, NULL), BATON_OK);
    u.t.cutover.approval_count = 0; /* their word expires, the order stands */
    duet_pass(&u, 2, 1200);
    stands_in(HO_DONE);
    assert_false(u.t.cutover.local_fence_only);
    assert_int_equal(u.t.cutover.grade, 'B');
}

static void
every_move_leaves_a_note_with_rule_and_states(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    (void)duet_approve(&u, VERB_CUTOVER, TOY_ANNA);
    (void)duet_approve(&u, VERB_CUTOVER, TOY_BERT);
    u.t.cutover.reminded_ms = 9;
    (void)duet_verb(&u, HEV_ARM, NULL);
    assert_int_equal(u.t.cutover.reminded_ms, 0); /* the new state has told nothing yet */
    assert_int_equal(u.d.note_count, 2);
    assert_int_equal(u.d.note[0].type, AUDIT_VERB);
    assert_int_equal(u.d.note[1].type, AUDIT_MOVED);
    assert_int_equal(u.d.note[1].rule, 315);
    assert_int_equal(u.d.note[1].from, HO_READY);
    assert_int_equal(u.d.note[1].to, HO_ARMED);
    assert_true(u.d.note[1].ref_count >= 2); /* plan and verification */
    assert_true(u.d.changed_cutover && !u.d.changed_authority);
}

static void
a_second_cutover_is_refused_while_one_is_open(void **state)
{
    (void)state;
    duet_to(&u, HO_VERIFY);
    duet_create(&u, PROFILE_PARALLEL);
    assert_int_equal(u.d.problem.status, BATON_CONFLICT);
    stands_in(HO_VERIFY);
}

static void
another_path_than_the_recommended_one_is_on_the_record(void **state)
{
    (void)state;
    duet_create(&u, PROFILE_DEAD_SOURCE);
    assert_int_equal(u.d.problem.status, BATON_OK);
    assert_true(u.t.cutover.path_overridden);
    assert_string_equal(u.t.cutover.reason, "as agreed");
    assert_int_equal(duet_verb(&u, HEV_PLAN, NULL), BATON_REFUSED); /* and does not fit the facts */
    assert_int_equal(u.d.problem.guard, G_PATH);
}

static void
the_first_synchronization_is_measured_once_with_its_objects(void **state)
{
    (void)state;
    duet_to(&u, HO_FIRST_SYNC);
    assert_true(u.t.info.first_sync.ms == 0);
    facts_set(&u.facts[TOY_NEW], FACT_OBJECTS, 61000);
    uint64_t from = u.unix_ms;
    duet_restart(&u); /* the measure does not rest on one run's clock */
    duet_to(&u, HO_VERIFY);
    uint64_t took = u.t.info.first_sync.ms;
    assert_true(took > 0 && took <= u.unix_ms - from + 10000);
    assert_int_equal(u.t.info.first_sync.objects, 61000);
    assert_true(u.t.cutover.first_sync_ms == took);

    duet_clock(&u, (uint64_t)u.t.info.policy.v[POLICY_VERIFY_MS] + 1); /* rule 407, then 311 */
    facts_set(&u.facts[TOY_NEW], FACT_OBJECTS, 62000);
    duet_to(&u, HO_VERIFY);
    assert_true(duet_fired(&u, 407));
    assert_true(u.t.info.first_sync.ms == took);
    assert_int_equal(u.t.info.first_sync.objects, 61000);
}

static void
arming_wants_tools_closed_agents_live_and_the_window_open(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    facts_set(&u.facts[TOY_NEW], FACT_WIZARD_OPEN, 1);
    duet_report(&u, TOY_NEW);
    (void)duet_verb(&u, HEV_ARM, NULL);
    assert_int_equal(u.d.problem.guard, G_TOOLS);
    assert_true(refusal_mentions("wizard_open is 1"));
    facts_set(&u.facts[TOY_NEW], FACT_WIZARD_OPEN, 0);
    duet_report(&u, TOY_NEW);
    u.t.agent[TOY_OLD].connected = false;
    (void)duet_verb(&u, HEV_ARM, NULL);
    assert_int_equal(u.d.problem.guard, G_LIVE);
    u.t.agent[TOY_OLD].connected = true;
    u.t.info.window_from_unix_ms = u.unix_ms + 3600000;
    u.t.info.window_to_unix_ms = u.unix_ms + 7200000;
    (void)duet_verb(&u, HEV_ARM, NULL);
    assert_int_equal(u.d.problem.guard, G_WINDOW);
    u.t.info.window_from_unix_ms = u.unix_ms - 1;
    (void)duet_verb(&u, HEV_ARM, NULL);
    assert_int_equal(u.d.problem.guard, G_APPR_CUTOVER);
}

static void
go_is_refused_over_stale_evidence(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    assert_int_equal(duet_verb(&u, HEV_GO, NULL), BATON_OK);
    duet_pass(&u, 1, 1200);
    duet_clock(&u, (uint64_t)u.t.info.policy.v[POLICY_GO_MS] + 1);
    duet_pass(&u, 1, 1);
    assert_int_equal(duet_approve(&u, VERB_GO, TOY_CLEO), BATON_WAITING);
    assert_int_equal(u.d.problem.guard, G_APPR_GO);
    stands_in(HO_GAP);
    duet_to(&u, HO_DONE);
}

static void
a_swing_waits_for_the_staging_switch_on_the_old_server_and_ends_with_the_new(void **state)
{
    (void)state;
    duet_open_swing(&u);
    assert_false(u.t.cutover.path_overridden);
    duet_to(&u, HO_ARMED);
    assert_int_equal(u.t.plan.member[TOY_OLD].kind, KIND_STAGED);
    (void)duet_verb(&u, HEV_START, NULL);
    duet_pass(&u, 5, 1200);
    stands_in(HO_RELEASING); /* it goes on exporting until a person has set staging */
    struct task t;
    assert_true(tenant_task(&u.t, &t));
    assert_string_equal(t.title, "Put the old server into staging mode");
    duet_to(&u, HO_DONE);
    assert_true(u.m[TOY_NEW].promise.holding);
    assert_false(duet_fired(&u, 207)); /* between two of them there is no point of no return */
}

static void
a_swing_goes_back_even_after_the_new_server_left_staging(void **state)
{
    (void)state;
    duet_open_swing(&u);
    duet_to(&u, HO_ACTIVATING);
    roll_back();
    fired(349);
    duet_pass(&u, 3, 1200);
    assert_false(u.m[TOY_OLD].promise.holding || u.m[TOY_NEW].promise.holding);
    duet_stage(&u, TOY_NEW, true);
    duet_pass(&u, 5, 1200);
    stands_in(HO_RESTORING);
    duet_stage(&u, TOY_OLD, false);
    assert_true(u.m[TOY_OLD].promise.holding);
    duet_export(&u, TOY_OLD);
    stands_in(HO_ROLLED_BACK);
}

/* Else a controller that starts again would overlook as many exports as it had seen before. */
static void
a_guard_that_counts_from_new_is_written_down(void **state)
{
    (void)state;
    for (int who = 0; who < TOY_MEMBERS; who++) {
        duet_open(&u);
        duet_to(&u, HO_GAP);
        int64_t *seen[] = {&u.t.cutover.old_rogue_seen, &u.t.cutover.new_rogue_seen};
        *seen[who] = 2;
        struct facts f = u.m[who].watch.facts;
        facts_set(&f, FACT_EXPORTS_SINCE_FENCE, 0);
        struct tenant_event ev = duet_event(&u, TEV_REPORT);
        struct decision d;
        ev.agent = (uint8_t)who;
        ev.facts = &f;
        tenant_step(&u.t, &ev, toy_digest(), &d);
        assert_int_equal(*seen[who], 0);
        assert_true(d.changed_cutover);
        tenant_step(&u.t, &ev, toy_digest(), &d);
        assert_false(d.changed_cutover);
    }
}

/* Its engine ran, its guard stopped it, and its history went with it. */
static void
old_ran_unread(int64_t until)
{
    facts_absent(&u.facts[TOY_OLD], FACT_EXPORTS_TOTAL, ABSENT_ERROR);
    facts_set(&u.facts[TOY_OLD], FACT_STOPPED_AT, until);
    facts_set(&u.facts[TOY_OLD], FACT_LAST_RUN_END, until);
    u.m[TOY_OLD].promise.mark_stop = until;
    u.m[TOY_OLD].promise.unread = true;
    duet_report(&u, TOY_OLD);
}

static void
what_the_old_server_did_unread_after_the_grant_may_have_been_an_overlap(void **state)
{
    (void)state;
    for (int after = 0; after < 2; after++) {
        duet_open(&u);
        duet_to(&u, HO_GAP);
        old_ran_unread(9000); /* the new one proves that it did not export then */
        duet_to(&u, HO_PROBATION);
        assert_int_equal(u.t.cutover.old_unread_before, 9000);
        if (after)
            old_ran_unread(9500);
        duet_to(&u, HO_DECOMMISSION);
        assert_int_equal(u.t.cutover.grade, after ? 'X' : 'B');
    }
}

static void
a_cutover_needs_two_enrolled_servers(void **state)
{
    (void)state;
    static const uint8_t pairs[][2] = {
        {TOY_OLD, 2}, {2, TOY_NEW}, {TOY_OLD, MEMBERS_MAX}, {MEMBERS_MAX, TOY_NEW}};
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        struct tenant_event ev = duet_event(&u, TEV_CREATE);
        struct decision d;
        ev.profile = PROFILE_PARALLEL;
        ev.old_agent = pairs[i][0];
        ev.new_agent = pairs[i][1];
        memcpy(ev.text, "as agreed", 10);
        tenant_step(&u.t, &ev, toy_digest(), &d);
        assert_int_equal(d.problem.status, BATON_NOT_FOUND);
        assert_false(u.t.cutover_open || d.changed_cutover);
    }
}

/* --- one event, and everything that is written down of it ---------------------------------------------- */

static struct decision
step(const struct tenant_event *ev)
{
    static struct decision d;
    tenant_step(&u.t, ev, toy_digest(), &d);
    return d;
}

/* The newest word of this server once more, as its next one. */
static struct statement
next_word(enum toy_member who, enum statement_type type)
{
    struct statement s = u.t.agent[who].statement;
    s.type = (uint8_t)type;
    s.counter = u.t.authority.member[who].counter + 1;
    return s;
}

static struct decision
say(enum toy_member who, const struct statement *s)
{
    struct tenant_event ev = duet_event(&u, TEV_STATEMENT);
    ev.agent = (uint8_t)who;
    ev.statement = s;
    toy_hash("this word", 9, 5, &ev.statement_hash);
    return step(&ev);
}

static bool
notes(const struct decision *d, enum audit_type type, const char *text,
      const struct baton_hash *ref)
{
    for (size_t i = 0; i < d->note_count; i++) {
        const struct decision_note *n = &d->note[i];
        bool referred = ref == NULL;
        for (size_t k = 0; k < n->ref_count; k++)
            referred = referred || baton_hash_eq(&n->ref[k], ref);
        if (n->type == type && strcmp(n->text, text) == 0 && referred)
            return true;
    }
    return false;
}

static void
a_word_for_another_tenant_is_kept_and_its_facts_count_for_nothing(void **state)
{
    (void)state;
    for (int ours = 0; ours < 2; ours++) {
        duet_open(&u);
        duet_to(&u, HO_READY);
        struct statement s = next_word(TOY_OLD, SAY_STATUS);
        if (!ours)
            s.tenant = toy_id(1);
        facts_set(&s.facts, FACT_OBJECTS, 77);
        struct decision d = say(TOY_OLD, &s);
        struct agent_view *a = &u.t.agent[TOY_OLD];
        assert_int_equal(fact_is(&a->facts, FACT_OBJECTS, 77), ours);
        struct baton_hash hash;
        toy_hash("this word", 9, 5, &hash);
        assert_true(a->statement_known && baton_hash_eq(&a->statement_hash, &hash));
        assert_true(d.changed_agent);
        assert_int_equal(d.agent, TOY_OLD);
        stands_in(ours ? HO_READY : HO_HOLD);
    }
}

static void
an_older_word_is_refused_and_nothing_is_written(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    struct statement s = next_word(TOY_OLD, SAY_TAMPER);
    struct statement before = u.t.agent[TOY_OLD].statement;
    s.counter--;
    struct decision d = say(TOY_OLD, &s);
    assert_int_equal(d.problem.status, BATON_STALE);
    assert_string_equal(d.problem.title, "an older statement of this agent came late or twice");
    assert_string_equal(d.problem.who, "nobody");
    assert_false(d.changed_agent || d.changed_authority || d.changed_cutover);
    assert_int_equal(d.note_count, 0);
    assert_int_equal(u.t.agent[TOY_OLD].statement.counter, before.counter);
    stands_in(HO_READY);
}

static void
a_word_is_written_down_by_its_kind_with_its_hash(void **state)
{
    (void)state;
    struct baton_hash hash;
    toy_hash("this word", 9, 5, &hash);
    duet_to(&u, HO_READY);
    struct statement s = next_word(TOY_NEW, SAY_STATUS);
    struct decision d = say(TOY_NEW, &s);
    assert_int_equal(d.note_count, 0); /* said all the time */
    s = next_word(TOY_NEW, SAY_ACCEPTED);
    d = say(TOY_NEW, &s);
    assert_true(notes(&d, AUDIT_STATEMENT, statement_type_name(SAY_ACCEPTED), &hash));
    s = next_word(TOY_NEW, SAY_REFUSED);
    s.refusal = REFUSE_LIMITS;
    d = say(TOY_NEW, &s);
    assert_true(notes(&d, AUDIT_STATEMENT, refusal_text(REFUSE_LIMITS), &hash));
    assert_int_equal(u.t.agent[TOY_NEW].alarm_unix_ms, 0);
    s = next_word(TOY_NEW, SAY_TAMPER);
    facts_note(&s.facts, "started by CORP\\eve");
    d = say(TOY_NEW, &s);
    assert_true(notes(&d, AUDIT_ALARM, statement_type_name(SAY_TAMPER), &hash));
    assert_string_equal(u.t.agent[TOY_NEW].alarm, "started by CORP\\eve");
    assert_int_equal(u.t.agent[TOY_NEW].alarm_unix_ms, u.unix_ms);
    s = next_word(TOY_NEW, SAY_QUARANTINED);
    s.quarantine = QUARANTINE_MACHINE;
    d = say(TOY_NEW, &s);
    assert_true(notes(&d, AUDIT_ALARM, statement_type_name(SAY_QUARANTINED), &hash));
}

static void
restore_old(void)
{
    duet_to(&u, HO_GAP);
    roll_back();
    duet_pass(&u, 4, 1200);
    stands_in(HO_RESTORING);
    u.t.authority.phase = AUTH_GRANTED; /* the grant is under way still */
    u.t.authority.holder = (struct baton_key){{0}};
    u.t.cutover.approval_count = 0; /* else the next one leaves at once */
}

static void
release_old(void)
{
    duet_to(&u, HO_ARMED);
    u.cut[TOY_OLD] = true;
    (void)duet_verb(&u, HEV_START, NULL);
    stands_in(HO_RELEASING);
}

/* Where the record stands there by itself, or as if somebody had just gone a step back. */
static void
refusing_state(enum handoff_state state)
{
    duet_open(&u);
    if (state == HO_RESTORING)
        restore_old();
    else if (state == HO_RELEASING)
        release_old();
    else if (state == HO_PLANNED || state == HO_SETTINGS_SEALED)
        duet_to(&u, HO_EXPORT_SETTINGS);
    else
        duet_to(&u, state == HO_REVOKING ? HO_GAP : state);
    u.t.cutover.state = (uint8_t)state;
}

static const char refused_adoption[] = "a server refused the adoption: roles swapped, two "
                                       "exporters, or a missing confirmation",
                  refused_other[] =
                      "a server refused an order, not the adoption: the audit says which, and why",
                  refused_challenge[] = "a server refused a challenge or an earlier order: nothing "
                                        "is granted without its evidence";

enum asked_for { THIS_EPOCH, OTHER_EPOCH, A_CHALLENGE, THIS_WITH_A_LIVE_GRANT };

static const struct refusing {
    enum handoff_state in;
    enum toy_member who;
    enum asked_for asked;
    enum handoff_state to;
    const char *page;
} refusing[] = {
    {HO_PLANNED, TOY_OLD, THIS_EPOCH, HO_HOLD, refused_adoption},
    {HO_PLANNED, TOY_NEW, OTHER_EPOCH, HO_HOLD, refused_other},
    {HO_EXPORT_SETTINGS, TOY_NEW, THIS_EPOCH, HO_HOLD, refused_adoption},
    {HO_EXPORT_SETTINGS, TOY_OLD, OTHER_EPOCH, HO_HOLD, refused_other},
    {HO_SETTINGS_SEALED, TOY_OLD, THIS_EPOCH, HO_HOLD, refused_adoption},
    {HO_SETTINGS_SEALED, TOY_NEW, A_CHALLENGE, HO_HOLD, refused_other},
    {HO_RELEASING, TOY_OLD, THIS_EPOCH, HO_RELEASING,
     "a server refused the fence: nothing is granted without its evidence"},
    {HO_RELEASING, TOY_OLD, A_CHALLENGE, HO_RELEASING, refused_challenge},
    {HO_RELEASING, TOY_OLD, OTHER_EPOCH, HO_RELEASING, refused_challenge},
    {HO_GRANTING, TOY_NEW, THIS_EPOCH, HO_GAP, "the new server refused the grant: back to the gap"},
    {HO_GRANTING, TOY_OLD, THIS_EPOCH, HO_GRANTING,
     "a server refused something else than the grant: the new server may use that still"},
    {HO_GRANTING, TOY_NEW, OTHER_EPOCH, HO_GRANTING,
     "a server refused something else than the grant: the new server may use that still"},
    {HO_GRANTING, TOY_NEW, A_CHALLENGE, HO_GRANTING,
     "a server refused something else than the grant: the new server may use that still"},
    {HO_GRANTING, TOY_NEW, THIS_WITH_A_LIVE_GRANT, HO_GRANTING,
     "a server refused something else than the grant: the new server may use that still"},
    {HO_RESTORING, TOY_OLD, THIS_EPOCH, HO_REVOKING,
     "the old server refused the grant: its challenge is repeated"},
    {HO_RESTORING, TOY_NEW, THIS_EPOCH, HO_RESTORING,
     "a server refused something else than the grant: the old server may use that still"},
    {HO_RESTORING, TOY_OLD, A_CHALLENGE, HO_RESTORING,
     "a server refused something else than the grant: the old server may use that still"},
    {HO_REVOKING, TOY_NEW, THIS_EPOCH, HO_REVOKING,
     "a server refused the rollback: approve the cutover again to go forward"},
    {HO_REVOKING, TOY_NEW, A_CHALLENGE, HO_REVOKING, refused_challenge},
};

static void
a_refusal_counts_for_what_was_asked_and_for_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refusing); i++) {
        const struct refusing *r = &refusing[i];
        refusing_state(r->in);
        struct statement s = next_word(r->who, SAY_REFUSED);
        s.tenant = toy_tenant();
        s.member = toy_member_key(r->who);
        s.refusal = REFUSE_EVIDENCE;
        s.holding = false;
        s.grant = r->asked == THIS_WITH_A_LIVE_GRANT ? GRANT_LIVE : GRANT_NONE;
        s.nonce = r->asked == A_CHALLENGE ? toy_id(9) : (struct baton_id){{0}};
        s.asked = u.t.authority.epoch;
        s.asked.counter += r->asked == OTHER_EPOCH;
        struct decision d = say(r->who, &s);
        if (u.t.cutover.state != (uint8_t)r->to || strcmp(d.page_text, r->page) != 0)
            fail_msg("row %zu: in %s, paged: %s", i,
                     handoff_state_code((enum handoff_state)u.t.cutover.state), d.page_text);
    }
}

/* Who reads the log can tell a move that a word brought about from one that a report did. */
static void
a_move_names_the_word_that_brought_it_about(void **state)
{
    (void)state;
    struct baton_hash hash;
    toy_hash("this word", 9, 5, &hash);
    duet_to(&u, HO_READY);
    struct statement s = next_word(TOY_NEW, SAY_TAMPER);
    struct decision d = say(TOY_NEW, &s);
    bool moved = false;
    for (size_t i = 0; i < d.note_count; i++) {
        if (d.note[i].type != AUDIT_MOVED)
            continue;
        moved = true;
        assert_true(notes(&d, AUDIT_MOVED, d.note[i].text, &hash));
        assert_true(notes(&d, AUDIT_MOVED, d.note[i].text, &u.t.cutover.plan));
    }
    assert_true(moved);
    duet_open(&u);
    duet_to(&u, HO_READY);
    facts_set(&u.facts[TOY_OLD], FACT_IMPORT_OK, 0); /* the same by a report */
    duet_report(&u, TOY_OLD);
    stands_in(HO_HOLD);
}

static void
who_is_shut_out_need_not_be_heard(void **state)
{
    (void)state;
    for (int out = 0; out < TOY_MEMBERS; out++) {
        enum toy_member other = out == TOY_OLD ? TOY_NEW : TOY_OLD;
        duet_open(&u);
        duet_to(&u, HO_READY);
        u.cut[TOY_OLD] = u.cut[TOY_NEW] = true;
        duet_restart(&u);
        assert_true(u.t.authority.recovering);
        u.t.agent[out].revoked = true;
        struct statement s = next_word(other, SAY_STATUS);
        s.nonce = u.t.authority.member[other].status_nonce;
        (void)say(other, &s);
        assert_true(u.t.authority.member[out].heard);
        assert_false(u.t.authority.member[TOY_MEMBERS].heard); /* behind the last: nobody's */
        assert_false(u.t.authority.recovering);
    }
}

static void
a_server_that_speaks_twice_is_barred_noted_and_told_where_it_matters(void **state)
{
    (void)state;
    static const struct {
        uint8_t state, agent; /* 2: a third server, of no plan */
        bool planned, paged;
    } rows[] = {{HO_READY, TOY_OLD, true, true},
                {HO_READY, TOY_NEW, true, true},
                {HO_ASSESSED, TOY_OLD, false, true},
                {HO_ASSESSED, TOY_NEW, false, true},
                {HO_READY, 2, false, false}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        duet_open(&u);
        duet_to(&u, (enum handoff_state)rows[i].state);
        u.t.agent[2] = u.t.agent[TOY_OLD];
        u.t.agent[2].key = toy_key(0x33);
        struct tenant_event ev = duet_event(&u, TEV_BARRED);
        ev.agent = rows[i].agent;
        memcpy(ev.text, "two live sessions", 18);
        struct decision d = step(&ev);
        const struct agent_view *a = &u.t.agent[rows[i].agent];
        assert_true(a->barred && d.changed_agent);
        assert_string_equal(a->alarm, "two live sessions");
        assert_int_equal(a->alarm_unix_ms, u.unix_ms);
        assert_true(notes(&d, AUDIT_ALARM, "two live sessions", NULL));
        assert_int_equal(d.changed_authority, rows[i].planned);
        if (rows[i].planned)
            assert_int_equal(u.t.authority.member[rows[i].agent].quarantine, QUARANTINE_SESSIONS);
        assert_int_equal(d.page, rows[i].paged);
    }
}

static void
a_session_that_ends_leaves_its_server_unconnected(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    struct tenant_event ev = duet_event(&u, TEV_LOST);
    ev.agent = TOY_NEW;
    struct decision d = step(&ev);
    assert_false(u.t.agent[TOY_NEW].connected);
    assert_true(u.t.agent[TOY_OLD].connected && d.changed_agent);
    ev.kind = TEV_SESSION;
    ev.now_ms += 7;
    d = step(&ev);
    assert_true(u.t.agent[TOY_NEW].connected && d.changed_agent);
    assert_int_equal(u.t.agent[TOY_NEW].seen_ms, ev.now_ms);
}

static void
a_report_says_how_far_its_clock_is_off_and_when_it_was_heard(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    struct tenant_event ev = duet_event(&u, TEV_REPORT);
    ev.agent = TOY_NEW;
    ev.facts = &u.m[TOY_NEW].watch.facts;
    ev.skew_ms = -42;
    ev.now_ms += 9;
    (void)step(&ev);
    assert_int_equal(u.t.agent[TOY_NEW].skew_ms, -42);
    assert_int_equal(u.t.agent[TOY_NEW].seen_ms, ev.now_ms);
    assert_int_equal(u.t.agent[TOY_NEW].reported_ms, ev.now_ms);
}

/* Monotonic times of an earlier run mean nothing. */
static void
a_controller_that_starts_takes_its_times_anew(void **state)
{
    (void)state;
    duet_to(&u, HO_PROBATION);
    struct cutover *c = &u.t.cutover;
    c->reminded_ms = c->verified_ms = c->gap_from_ms = c->gap_to_ms = 5;
    uint64_t entered = c->entered_unix_ms, gap = c->gap_from_unix_ms;
    struct tenant_event ev = duet_event(&u, TEV_START);
    ev.now_ms = 3;
    struct decision d = step(&ev);
    assert_int_equal(c->entered_ms, 3);
    assert_int_equal(c->reminded_ms + c->verified_ms + c->gap_from_ms + c->gap_to_ms, 0);
    assert_true(c->entered_unix_ms == entered && c->gap_from_unix_ms == gap);
    for (int m = 0; m < TOY_MEMBERS; m++) {
        assert_false(u.t.agent[m].connected);
        assert_int_equal(u.t.agent[m].seen_ms + u.t.agent[m].reported_ms, 0);
    }
    assert_true(d.changed_authority && d.changed_cutover);
    assert_int_equal(d.orders & AUTH_FX_STATUS, AUTH_FX_STATUS);
    duet_open(&u); /* nothing begun: there is no cutover to be written */
    ev = duet_event(&u, TEV_START);
    d = step(&ev);
    assert_false(d.changed_cutover);
}

static void
settings_that_the_old_server_says_it_has_sealed_are_sealed(void **state)
{
    (void)state;
    struct baton_hash file;
    wait_for_sealing("file", &file);
    duet_report(&u, TOY_OLD);
    assert_false(u.t.cutover.settings_sealed);
    struct facts f = u.m[TOY_OLD].watch.facts;
    facts_set(&f, FACT_SETTINGS_SEALED, 1);
    struct tenant_event ev = duet_event(&u, TEV_REPORT);
    ev.agent = TOY_OLD;
    ev.facts = &f;
    struct decision d = step(&ev);
    assert_true(u.t.cutover.settings_sealed && d.changed_cutover);
}

static void
a_sealed_file_counts_from_the_order_on_also_where_the_handoff_was_interrupted(void **state)
{
    (void)state;
    static const struct {
        uint8_t state, resume_to;
        bool taken;
    } rows[] = {
        {HO_EXPORT_SETTINGS, HO_NONE, false},      {HO_SETTINGS_SEALED, HO_NONE, true},
        {HO_HOLD, HO_EXPORT_SETTINGS, false},      {HO_HOLD, HO_SETTINGS_SEALED, true},
        {HO_BREACH, HO_EXPORT_SETTINGS, false},    {HO_BREACH, HO_SETTINGS_SEALED, true},
        {HO_RECONCILE, HO_EXPORT_SETTINGS, false}, {HO_RECONCILE, HO_INSTALL_STAGED, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct baton_hash file, blob;
        duet_open(&u);
        wait_for_sealing("file", &file);
        u.t.cutover.state = rows[i].state;
        u.t.cutover.resume_to = rows[i].resume_to;
        struct tenant_event ev = duet_event(&u, TEV_BLOB);
        ev.agent = TOY_OLD;
        toy_hash("sealed", 6, 5, &blob);
        ev.blob = blob;
        ev.blob_bytes = 6;
        struct decision d = step(&ev); /* an agent that does not name the file is believed */
        assert_int_equal(baton_hash_eq(&u.t.cutover.blob, &blob), rows[i].taken);
        assert_int_equal(u.t.cutover.settings_sealed, rows[i].taken);
        assert_int_equal(d.changed_cutover, rows[i].taken);
        if (rows[i].taken)
            assert_int_equal(u.t.cutover.blob_bytes, 6);
    }
}

static void
a_sealed_file_of_other_settings_is_refused(void **state)
{
    (void)state;
    struct baton_hash file, other;
    wait_for_sealing("file", &file);
    toy_hash("other", 5, 7, &other);
    struct tenant_event ev = duet_event(&u, TEV_BLOB);
    ev.agent = TOY_OLD;
    ev.file = other;
    struct decision d = step(&ev);
    assert_int_equal(d.problem.status, BATON_CONFLICT);
    assert_string_equal(d.problem.title,
                        "the sealed file is not the settings file of this cutover");
    assert_string_equal(d.problem.who, "the old server's agent");
    assert_string_equal(d.problem.next, "baton cutover explain contoso");
    assert_false(u.t.cutover.settings_sealed || d.changed_cutover);
}

static void
settings_that_were_fetched_are_noted_and_nothing_else(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    struct tenant_event ev = duet_event(&u, TEV_BLOB);
    ev.delivered = true;
    toy_hash("sealed", 6, 5, &ev.blob);
    struct decision d = step(&ev);
    assert_true(notes(&d, AUDIT_STATEMENT, "the sealed settings were fetched", &ev.blob));
    assert_false(d.changed_cutover);
}

static void
only_the_new_server_of_an_open_cutover_is_reviewed(void **state)
{
    (void)state;
    struct findings l = {0};
    struct finding f = {.rule = "EX-ADDS", .severity = SEVERITY_REVIEW, .count = 4};
    assert_int_equal(findings_add(&l, &f), BATON_OK);
    duet_to(&u, HO_READY);
    assert_int_equal(duet_findings(&u, TOY_OLD, &l), BATON_REFUSED);
    assert_string_equal(u.d.problem.title, "only the new server of an open cutover is reviewed");
    u.t.cutover_open = false;
    assert_int_equal(duet_findings(&u, TOY_NEW, &l), BATON_REFUSED);
    assert_int_equal(u.t.cutover.review.row_count, 0);
    u.t.cutover_open = true;
    struct tenant_event ev = duet_event(&u, TEV_FINDINGS);
    ev.agent = TOY_NEW;
    ev.findings = &l;
    toy_hash("list", 4, 7, &ev.findings_hash);
    struct decision d = step(&ev);
    assert_true(notes(&d, AUDIT_STATEMENT,
                      "findings of the new server's checks: 1; for people to decide: 1",
                      &ev.findings_hash));
    assert_true(d.changed_cutover);
    findings_done(&l);
}

static void
a_decision_about_a_finding_that_does_not_count_is_refused_and_noted_by_its_digest(void **state)
{
    (void)state;
    static const char *const why[] = {"no cutover is open whose findings could be decided about",
                                      "this decision was signed for another tenant",
                                      "not signed by somebody who may approve for this tenant",
                                      "not signed by somebody who may approve for this tenant"};
    for (size_t wrong = 0; wrong < ARRAY_LEN(why); wrong++) {
        struct baton_hash row = {{1}}, digest;
        duet_open(&u);
        duet_to(&u, HO_VERIFY);
        struct signed_disposition sd = toy_disposition(&row, DISPOSED_ACCEPTED, TOY_ANNA);
        struct tenant_event ev = duet_event(&u, TEV_DISPOSED);
        ev.disposition = &sd;
        if (wrong == 0)
            u.t.cutover_open = false;
        if (wrong == 1)
            sd.d.tenant = toy_id(1);
        if (wrong == 2)
            ev.trust = NULL;
        if (wrong == 3)
            sd.sig.b[0] ^= 1;
        disposition_digest(&sd.d, toy_digest(), &digest);
        struct decision d = step(&ev);
        assert_int_equal(d.problem.status, BATON_DENIED);
        assert_string_equal(d.problem.title, why[wrong]);
        assert_string_equal(d.problem.next, "baton cutover findings contoso");
        assert_true(notes(&d, AUDIT_REFUSED, why[wrong], &digest));
    }
}

static void
approvals_are_noted_by_what_they_are_for_and_their_digest(void **state)
{
    (void)state;
    struct baton_hash digest;
    duet_to(&u, HO_READY);
    struct signed_approval sa = toy_approval(VERB_CUTOVER, TOY_ANNA, TOY_NEW, u.t.authority.epoch);
    sa.a.verification = u.t.cutover.verification_hash;
    sa.a.plan = u.t.cutover.plan;
    toy_sign_approval(&sa, TOY_ANNA);
    struct tenant_event ev = duet_event(&u, TEV_APPROVAL);
    ev.approval = &sa;
    approval_digest(&sa, toy_digest(), &digest);
    struct decision d = step(&ev);
    assert_true(notes(&d, AUDIT_APPROVAL, "cutover", &digest));
    assert_true(d.changed_cutover);
    sa.sig.b[0] ^= 1;
    d = step(&ev);
    assert_int_equal(d.problem.status, BATON_DENIED);
    assert_string_equal(d.problem.who, "the operator who signed");
    assert_true(notes(&d, AUDIT_REFUSED, d.problem.title, &digest));
    assert_false(d.changed_cutover);
}

static void
a_verb_is_noted_with_its_reason_and_a_refusal_with_its_title(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    assert_int_equal(duet_verb(&u, HEV_HOLD, "lunch"), BATON_OK);
    assert_true(notes(&u.d, AUDIT_VERB, "hold: lunch", NULL));
    assert_int_equal(duet_verb(&u, HEV_RESUME, NULL), BATON_OK);
    assert_true(notes(&u.d, AUDIT_VERB, "resume", NULL));
    assert_string_equal(u.t.cutover.reason, "lunch"); /* a verb without one leaves the last */
    assert_int_equal(duet_verb(&u, HEV_ARM, "now"), BATON_WAITING);
    assert_true(notes(&u.d, AUDIT_REFUSED, u.d.problem.title, NULL));
    assert_string_equal(u.t.cutover.reason, "lunch"); /* and arming has none */
    assert_int_equal(u.d.problem.since_unix_ms, u.t.cutover.entered_unix_ms);
}

static void
a_refusal_that_fresh_facts_could_clear_asks_for_them(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    facts_set(&u.t.agent[TOY_OLD].facts, FACT_WIZARD_OPEN, 1);
    u.t.cutover.state = HO_READY;
    assert_int_equal(duet_verb(&u, HEV_ARM, NULL), BATON_WAITING);
    assert_int_equal(u.d.problem.guard, G_TOOLS);
    assert_int_equal(u.d.orders, AUTH_FX_STATUS);
    u.t.cutover.approval_count = 0; /* people are missing: no server can say more */
    assert_int_equal(duet_verb(&u, HEV_ARM, NULL), BATON_WAITING);
    assert_int_equal(u.d.problem.guard, G_APPR_CUTOVER);
    assert_int_equal(u.d.orders, 0);
}

static void
the_next_due_time_is_the_earliest_of_the_states_own(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    const int64_t *v = u.t.info.policy.v;
    struct cutover *c = &u.t.cutover;
    c->reminded_ms = 0;
    struct tenant_event ev = duet_event(&u, TEV_SESSION);
    ev.now_ms = c->entered_ms;
    ev.agent = TOY_NEW;
    struct decision d = step(&ev);
    assert_int_equal(d.due_ms, c->entered_ms + (uint64_t)v[POLICY_GAP_WARN_MS]);
    c->reminded_ms = d.due_ms; /* warned, once */
    d = step(&ev);
    assert_int_equal(d.due_ms, c->entered_ms + (uint64_t)v[POLICY_GAP_PAGE_MS]);
    c->reminded_ms = d.due_ms;
    d = step(&ev);
    assert_int_equal(d.due_ms, c->entered_ms + (uint64_t)v[POLICY_GAP_DECIDE_MS]);
    c->reminded_ms = d.due_ms; /* and again and again */
    d = step(&ev);
    assert_int_equal(d.due_ms, c->reminded_ms + (uint64_t)v[POLICY_GAP_DECIDE_MS]);
    c->state = HO_NONE;
    d = step(&ev);
    assert_int_equal(d.due_ms, 0);
}

static void
delays_that_depend_on_the_tenant_are_added(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    const int64_t *v = u.t.info.policy.v;
    struct cutover *c = &u.t.cutover;
    struct tenant_event ev = duet_event(&u, TEV_SESSION);
    ev.agent = TOY_NEW;
    c->reminded_ms = 0;
    c->state = HO_ACTIVATING;
    facts_set(&u.t.agent[TOY_NEW].facts, FACT_INTERVAL_MS, 5000);
    assert_int_equal(step(&ev).due_ms, c->entered_ms + (uint64_t)v[POLICY_ACTIVATING_MS] + 10000);
    c->state = HO_GRANTING;
    assert_int_equal(step(&ev).due_ms, c->entered_ms + (uint64_t)v[POLICY_GRANT_MS] +
                                           (uint64_t)v[POLICY_GO_ANSWER_MS]);
    c->state = HO_FIRST_SYNC;
    facts_set(&u.t.agent[TOY_OLD].facts, FACT_OBJECTS, 0);
    assert_int_equal(step(&ev).due_ms, c->entered_ms + (uint64_t)v[POLICY_FIRST_SYNC_MS]);
    facts_set(&u.t.agent[TOY_OLD].facts, FACT_OBJECTS, 10000000);
    int64_t twice = 2 * (10000000 * (v[POLICY_HOURS_PER_50K_MS] / 1000) / 50);
    assert_true(twice > v[POLICY_FIRST_SYNC_MS]);
    assert_int_equal(step(&ev).due_ms, c->entered_ms + (uint64_t)twice);
}

static void
a_cutover_that_names_no_path_takes_the_recommended_one(void **state)
{
    (void)state;
    struct tenant_event ev = duet_event(&u, TEV_CREATE);
    ev.old_agent = TOY_OLD;
    ev.new_agent = TOY_NEW;
    struct decision d = step(&ev);
    assert_int_equal(d.problem.status, BATON_OK);
    assert_int_equal(u.t.cutover.profile, PROFILE_PARALLEL);
    assert_false(u.t.cutover.path_overridden);
    assert_true(notes(&d, AUDIT_MOVED, "assessed; path parallel, as recommended", NULL));
    assert_int_equal(d.note[0].from, HO_NONE);
    assert_int_equal(d.note[0].to, HO_ASSESSED);
    assert_string_equal(u.t.cutover.reason, "");
    assert_true(u.t.cutover.local_fence_only && !u.t.plan_known);
    assert_int_equal(u.t.cutover.export_adds, -1);
    assert_int_equal(u.t.cutover.export_updates, -1);
    assert_int_equal(u.t.cutover.export_deletes, -1);
}

static void
another_path_than_the_recommended_one_needs_a_reason(void **state)
{
    (void)state;
    struct tenant_event ev = duet_event(&u, TEV_CREATE);
    ev.old_agent = TOY_OLD;
    ev.new_agent = TOY_NEW;
    ev.profile = PROFILE_UNSUPPORTED;
    struct decision d = step(&ev);
    assert_int_equal(d.problem.status, BATON_REFUSED);
    assert_string_equal(d.problem.title, "another path than the recommended one needs a reason");
    assert_string_equal(d.problem.next,
                        "baton cutover create contoso --profile PATH --reason '...'");
    assert_false(u.t.cutover_open);
    memcpy(ev.text, "rules by hand", 14);
    d = step(&ev);
    assert_true(u.t.cutover_open && u.t.cutover.path_overridden);
    assert_true(notes(&d, AUDIT_MOVED,
                      "assessed; path unsupported, against the recommendation: rules by hand",
                      NULL));
    assert_string_equal(u.t.cutover.reason, "rules by hand");
}

static void
the_alarms_of_both_servers_are_acknowledged_together(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    for (size_t m = 0; m < TOY_MEMBERS; m++)
        u.t.authority.member[m].tamper_unread = true;
    assert_int_equal(duet_verb(&u, HEV_ACK_TAMPER, NULL), BATON_OK);
    for (size_t m = 0; m < TOY_MEMBERS; m++)
        assert_false(u.t.authority.member[m].tamper_unread);
}

/* Then nothing can be taken back, and the grant dies by its own clock. */
static void
hold_is_never_refused_not_even_by_a_record_that_is_unsure(void **state)
{
    (void)state;
    for (int unsure = 0; unsure < 2; unsure++) {
        duet_open(&u);
        duet_to(&u, HO_GRANTING);
        u.cut[TOY_NEW] = true;
        u.t.authority.recovering = unsure;
        assert_int_equal(duet_verb(&u, HEV_HOLD, "wrong room"), BATON_OK);
        assert_string_equal(u.t.cutover.reason, "wrong room");
        assert_int_equal((u.d.orders & AUTH_FX_VOID) != 0, !unsure);
    }
}

static void
the_record_says_why_the_role_cannot_be_moved_now(void **state)
{
    (void)state;
    static const struct {
        bool recovering, reconcile;
        enum baton_status status;
        const char *title, *next;
    } rows[] = {
        {true, false, BATON_WAITING, "this controller has not heard every server since it started",
         "baton agent list --tenant contoso"},
        {true, true, BATON_WAITING, "this controller has not heard every server since it started",
         "baton agent list --tenant contoso"},
        {false, true, BATON_WAITING, "a server knows more than this ledger: confirm that first",
         "baton cutover explain contoso"},
        {false, false, BATON_REFUSED, "the export role cannot be moved like this now",
         "baton cutover explain contoso"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        duet_open(&u);
        duet_to(&u, HO_ARMED);
        u.t.cutover.resume_to = HO_ARMED;
        u.t.cutover.state = HO_BREACH;
        u.t.authority.recovering = rows[i].recovering;
        u.t.authority.reconcile = rows[i].reconcile;
        if (rows[i].status == BATON_REFUSED)
            u.t.authority.phase = AUTH_NONE; /* nobody was adopted: no row fences */
        assert_int_equal(duet_verb(&u, HEV_FENCE, NULL), rows[i].status);
        const struct problem *p = &u.d.problem;
        assert_string_equal(p->title, rows[i].title);
        assert_string_equal(p->next, rows[i].next);
        assert_string_equal(p->who, "the administrators of both servers");
        assert_int_not_equal(p->rule, 0);
        /* and nothing of the rules that were tried before */
        assert_int_equal(p->fact_count, 2 + (rows[i].recovering ? TOY_MEMBERS : 0));
        assert_int_equal(refusal_mentions("NEW: not heard since this controller started at "),
                         rows[i].recovering);
        assert_true(refusal_mentions("people end the breach with a fence towards the new server"));
        assert_true(refusal_mentions("the authority record is in phase "));
        assert_true(
            refusal_mentions(authority_phase_name((enum authority_phase)u.t.authority.phase)));
        stands_in(HO_BREACH);
        assert_int_equal(u.d.orders & AUTH_FX_FENCE, 0);
    }
}

static void
no_plan_is_frozen_over_a_member_that_nobody_confirmed(void **state)
{
    (void)state;
    duet_to(&u, HO_ASSESSED);
    struct authority *a = &u.t.authority;
    u.t.agent[2] = u.t.agent[TOY_OLD]; /* a third server of an earlier handoff */
    u.t.agent[2].key = toy_key(0x33);
    u.t.agent[2].confirmed = false;
    a->member[0].key = u.t.agent[2].key;
    a->member_count = 1;
    assert_int_equal(duet_verb(&u, HEV_PLAN, NULL), BATON_REFUSED);
    assert_string_equal(
        u.d.problem.title,
        "no plan can be made: a member is missing, unconfirmed or shows no product");
    assert_false(u.t.plan_known);
    stands_in(HO_ASSESSED);
    a->member_count = 0;
    struct tenant_event ev =
        duet_event(&u, TEV_VERB); /* and without a trust document it names none */
    ev.verb = HEV_PLAN;
    ev.trust = NULL;
    (void)step(&ev);
    stands_in(HO_PLANNED);
    assert_int_equal(u.t.plan.trust_version, 0);
}

static void
the_grade_falls_with_what_stood_in_for_a_proof(void **state)
{
    (void)state;
    static const struct {
        bool witnessed, attested, late, breach;
        char grade;
    } rows[] = {{true, false, false, false, 'A'},
                {false, false, false, false, 'B'},
                {true, true, false, false, 'C'},
                {true, false, true, false, 'X'},
                {true, true, false, true, 'X'}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        duet_open(&u);
        duet_to(&u, HO_DECOMMISSION);
        facts_set(&u.facts[TOY_OLD], FACT_PRODUCT_PRESENT, 0);
        if (rows[i].witnessed)
            facts_set(&u.facts[TOY_NEW], FACT_ACCOUNT_REMOVED, (int64_t)u.unix_ms);
        duet_pass(&u, 1, 1200);
        u.t.authority.member[TOY_OLD].attested = rows[i].attested;
        u.t.cutover.late_activation = rows[i].late;
        u.t.cutover.breach = rows[i].breach;
        assert_int_equal(duet_approve(&u, VERB_RETIRE, TOY_ANNA), BATON_OK);
        if (!rows[i].witnessed)
            assert_int_equal(duet_account_gone(&u, TOY_ANNA), BATON_OK);
        assert_int_equal(duet_verb(&u, HEV_RETIRE, NULL), BATON_OK);
        duet_pass(&u, 2, 1200);
        stands_in(HO_DONE);
        assert_int_equal(u.t.cutover.grade, rows[i].grade);
    }
}

static void
a_reconciliation_believes_who_has_spoken_of_the_open_epoch_alone(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    u.t.cutover.resume_to = HO_GAP;
    u.t.cutover.state = HO_RECONCILE;
    u.t.authority.reconcile = true;
    u.t.authority.serial = 1;
    for (int m = 0; m < TOY_MEMBERS; m++) {
        u.t.agent[m].statement.serial = 9;
        u.t.agent[m].statement.epoch = u.t.authority.epoch;
    }
    u.t.agent[TOY_NEW].statement_known = false;
    u.t.agent[TOY_OLD].used = false;
    struct tenant backup = u.t;
    assert_int_equal(duet_verb(&u, HEV_CONFIRM_FOREIGN, NULL), BATON_OK);
    assert_int_equal(u.t.authority.serial, 1);
    u.t = backup;
    u.t.authority.member[TOY_NEW].counter = 9999; /* what it says now is not heard */
    u.t.agent[TOY_NEW].statement_known = true;
    u.t.agent[TOY_NEW].statement.epoch.counter--;
    assert_int_equal(duet_verb(&u, HEV_CONFIRM_FOREIGN, NULL), BATON_OK);
    assert_int_equal(u.t.authority.serial, 1);
    u.t = backup;
    u.t.agent[TOY_NEW].statement_known = true;
    assert_int_equal(duet_verb(&u, HEV_CONFIRM_FOREIGN, NULL), BATON_OK);
    assert_int_equal(u.t.authority.serial, 9);
}

static void
the_first_synchronization_is_not_measured_by_a_clock_that_went_back(void **state)
{
    (void)state;
    duet_to(&u, HO_FIRST_SYNC);
    assert_int_equal(u.t.cutover.staged_unix_ms, u.t.cutover.entered_unix_ms);
    uint64_t staged = u.t.cutover.staged_unix_ms;
    duet_to(&u, HO_VERIFY);
    struct tenant_event ev = duet_event(&u, TEV_CLOCK);
    ev.now_ms = u.t.cutover.entered_ms + (uint64_t)u.t.info.policy.v[POLICY_VERIFY_MS];
    (void)step(&ev); /* nobody accepted it: synchronized again, which is no first time */
    stands_in(HO_FIRST_SYNC);
    assert_int_equal(u.t.cutover.staged_unix_ms, staged);
    duet_open(&u);
    duet_to(&u, HO_FIRST_SYNC);
    u.t.cutover.staged_unix_ms = u.unix_ms + 3600000;
    duet_to(&u, HO_VERIFY);
    assert_int_equal(u.t.cutover.first_sync_ms, 0);
    assert_int_equal(u.t.info.first_sync.ms, 0);
}

static void
a_list_that_arrives_while_people_verify_is_in_the_record_at_once(void **state)
{
    (void)state;
    struct findings l = {0};
    struct finding f = {.rule = "EX-ADDS", .severity = SEVERITY_REVIEW, .count = 4};
    assert_int_equal(findings_add(&l, &f), BATON_OK);
    duet_to(&u, HO_VERIFY);
    struct tenant_event ev = duet_event(&u, TEV_FINDINGS);
    ev.agent = TOY_NEW;
    ev.findings = &l;
    toy_hash("list", 4, 7, &ev.findings_hash);
    (void)step(&ev);
    assert_true(baton_hash_eq(&u.t.cutover.verification.findings, &ev.findings_hash));
    findings_done(&l);
}

static void
an_approval_that_was_the_last_thing_missing_moves_at_once(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    u.cut[TOY_NEW] = true; /* so that it stands in the rollback */
    roll_back();
    duet_uncut(&u, TOY_NEW);
    u.t.cutover.state = HO_REVOKING;
    u.t.cutover.approval_count = 0; /* people's word has expired meanwhile */
    u.t.authority.phase = AUTH_FENCED;
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        u.t.authority.member[m].evidence.b[0] = 1;
        u.t.authority.member[m].challenged_ms = u.now_ms;
        u.t.authority.member[m].tamper_open = false;
    }
    struct signed_approval sa = toy_approval(VERB_ROLLBACK, TOY_ANNA, TOY_OLD, u.t.authority.epoch);
    sa.a.plan = u.t.cutover.plan;
    toy_sign_approval(&sa, TOY_ANNA);
    struct tenant_event ev = duet_event(&u, TEV_APPROVAL);
    ev.approval = &sa;
    struct decision d = step(&ev);
    assert_int_equal(d.problem.status, BATON_OK);
    stands_in(HO_RESTORING);
    assert_int_equal(d.orders & AUTH_FX_GRANT, AUTH_FX_GRANT);
}

static void
a_note_refers_to_nothing_that_is_not_there(void **state)
{
    (void)state;
    duet_to(&u, HO_ASSESSED);
    assert_int_equal(duet_verb(&u, HEV_ABANDON, "not now"), BATON_OK);
    assert_int_equal(u.d.note_count, 2);
    assert_int_equal(u.d.note[1].type, AUDIT_MOVED);
    assert_int_equal(u.d.note[1].ref_count, 0); /* no plan, no verification, no statement */
}

static void
settings_that_went_stale_are_exported_again_from_the_beginning(void **state)
{
    (void)state;
    struct baton_hash file;
    wait_for_sealing("file", &file);
    u.t.cutover.settings_steady = u.t.cutover.settings_sealed = true;
    u.t.cutover.entered_ms = u.now_ms;
    struct tenant_event ev = duet_event(&u, TEV_CLOCK);
    ev.now_ms += (uint64_t)u.t.info.policy.v[POLICY_SETTINGS_SEALED_MS];
    (void)step(&ev);
    stands_in(HO_EXPORT_SETTINGS);
    assert_true(baton_hash_is_zero(&u.t.cutover.settings));
    assert_false(u.t.cutover.settings_steady || u.t.cutover.settings_sealed);
    assert_int_equal(u.t.cutover.reminded_ms, ev.now_ms); /* it was said just now */
}

static void
what_a_report_shows_while_people_verify_is_written_down(void **state)
{
    (void)state;
    duet_to(&u, HO_VERIFY);
    struct tenant_event ev = duet_event(&u, TEV_REPORT);
    struct facts f = u.m[TOY_NEW].watch.facts;
    ev.agent = TOY_NEW;
    ev.facts = &f;
    assert_false(step(&ev).changed_cutover); /* nothing new: only younger */
    facts_set(&f, FACT_PENDING_ADDS, 77);
    assert_true(step(&ev).changed_cutover);
    assert_int_equal(u.t.cutover.verification.value[VERIFY_PENDING_ADDS], 77);
}

static void
a_sealed_file_that_lies_there_already_leads_on_at_once(void **state)
{
    (void)state;
    struct baton_hash file;
    wait_for_sealing("file", &file);
    facts_set(&u.t.agent[TOY_NEW].facts, FACT_SETTINGS_PLACED, 1);
    facts_set_digest(&u.t.agent[TOY_NEW].facts, DIGEST_SETTINGS, &file); /* carried by hand */
    struct tenant_event ev = duet_event(&u, TEV_BLOB);
    ev.agent = TOY_OLD;
    toy_hash("sealed", 6, 5, &ev.blob);
    (void)step(&ev);
    stands_in(HO_INSTALL_STAGED);
}

static void
where_nobody_was_adopted_nobody_is_asked_for_fresh_facts(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    facts_set(&u.t.agent[TOY_OLD].facts, FACT_WIZARD_OPEN, 1);
    u.t.cutover.state = HO_READY;
    u.t.authority.member_count = 0;
    assert_int_equal(duet_verb(&u, HEV_ARM, NULL), BATON_WAITING);
    assert_int_equal(u.d.problem.guard, G_TOOLS);
    assert_int_equal(u.d.orders, 0);
}

/* What one event makes the record ask leaves as one order: nobody who was asked is left out of it. */
static void
two_questions_of_one_event_reach_everybody_whom_either_asks(void **state)
{
    (void)state;
    duet_to(&u, HO_GRANTING);
    struct tenant_event ev = duet_event(&u, TEV_CLOCK);
    struct decision d = {0};
    struct step s = {.t = &u.t, .ev = &ev, .dp = toy_digest(), .d = &d};
    assert_int_equal(step_authority_effects(&s, HFX_VOID), BATON_OK);
    assert_int_equal(u.t.authority.challenge_mask, 1 << TOY_NEW);
    d.orders |= AUTH_FX_CHALLENGE; /* as the question for evidence that came before */
    u.t.authority.member[TOY_OLD].tamper_open = true;
    assert_int_equal(step_authority_effects(&s, HFX_ASK), BATON_OK);
    assert_int_equal(u.t.authority.challenge_mask, 1 << TOY_OLD | 1 << TOY_NEW);
    assert_int_equal(step_authority_effects(&s, HFX_FENCE_NEW), BATON_OK);
    assert_int_equal(u.t.authority.challenge_mask, 0); /* no question outlives its epoch */
}

/* A step of the test's own, for what one effect does by itself. */
static struct step
bare_step(struct tenant_event *ev, struct decision *d)
{
    *ev = duet_event(&u, TEV_CLOCK);
    *d = (struct decision){.note_count = 0};
    return (struct step){.t = &u.t, .ev = ev, .dp = toy_digest(), .d = d};
}

static void
a_breach_takes_over_what_the_record_and_the_servers_count(void **state)
{
    (void)state;
    struct tenant_event ev;
    struct decision d;
    duet_to(&u, HO_GAP);
    u.t.cutover_open = false; /* as after done */
    facts_set(&u.t.agent[TOY_OLD].facts, FACT_EXPORTS_SINCE_FENCE, 3);
    facts_set(&u.t.agent[TOY_NEW].facts, FACT_EXPORTS_SINCE_FENCE, 4);
    struct step s = bare_step(&ev, &d);
    step_effects(&s, HFX_BREACH, HO_BREACH);
    assert_true(u.t.cutover_open && u.t.cutover.breach);
    assert_int_equal(u.t.cutover.old_rogue_seen, 3);
    assert_int_equal(u.t.cutover.new_rogue_seen, 4);
    assert_false(u.t.cutover.ponr);
    u.t.authority.ponr = true;
    step_effects(&s, HFX_BREACH, HO_BREACH);
    assert_true(u.t.cutover.ponr);
    u.t.authority.ponr = false; /* a latch is never cleared */
    step_effects(&s, HFX_BREACH, HO_BREACH);
    assert_true(u.t.cutover.ponr);
}

static void
the_gap_has_its_bounds_and_what_the_first_export_carried(void **state)
{
    (void)state;
    struct tenant_event ev;
    struct decision d;
    duet_to(&u, HO_RELEASING);
    facts_set(&u.t.agent[TOY_OLD].facts, FACT_LAST_EXPORT_END, 111);
    struct step s = bare_step(&ev, &d);
    struct cutover *c = &u.t.cutover;
    step_effects(&s, HFX_GAP_START, HO_GAP);
    assert_int_equal(c->gap_from_ms, ev.now_ms);
    assert_int_equal(c->gap_from_unix_ms, ev.unix_ms);
    assert_int_equal(c->old_last_export_unix_ms, 111);
    ev.now_ms += 50;
    ev.unix_ms += 50;
    step_effects(&s, HFX_GAP_START, HO_GAP); /* fenced again inside the same gap */
    assert_int_equal(c->gap_from_unix_ms, ev.unix_ms - 50);
    struct facts *f = &u.t.agent[TOY_NEW].facts;
    c->exports_before = 6;
    facts_set(f, FACT_LAST_EXPORT_END, 222);
    facts_set(f, FACT_EXPORTS_TOTAL, 7);
    facts_set(f, FACT_LAST_EXPORT_ADDS, 1);
    facts_set(f, FACT_LAST_EXPORT_UPDATES, 2);
    facts_set(f, FACT_LAST_EXPORT_DELETES, 3);
    step_effects(&s, HFX_GAP_END, HO_PROBATION);
    assert_int_equal(c->gap_to_ms, ev.now_ms);
    assert_int_equal(c->gap_to_unix_ms, ev.unix_ms);
    assert_int_equal(c->new_first_export_unix_ms, 222);
    assert_int_equal(c->export_adds, 1);
    assert_int_equal(c->export_updates, 2);
    assert_int_equal(c->export_deletes, 3);
    c->gap_to_unix_ms = 0;
    facts_set(f, FACT_EXPORTS_TOTAL, 8); /* the newest is no longer the first */
    step_effects(&s, HFX_GAP_END, HO_PROBATION);
    assert_int_equal(c->export_adds, -1);
    assert_int_equal(c->export_updates, -1);
    assert_int_equal(c->export_deletes, -1);
}

static void
a_fence_towards_the_new_server_forgets_what_spoke_for_the_old(void **state)
{
    (void)state;
    struct tenant_event ev;
    struct decision d;
    duet_to(&u, HO_GAP);
    struct approvals_view v = {toy_trust(), toy_digest(), u.unix_ms};
    assert_int_equal(duet_approve(&u, VERB_ROLLBACK, TOY_ANNA), BATON_OK);
    unsigned forward = approvals_count(&u.t, VERB_CUTOVER, &v);
    assert_int_equal(approvals_count(&u.t, VERB_ROLLBACK, &v), 1);
    struct step s = bare_step(&ev, &d);
    step_effects(&s, HFX_FENCE_NEW, HO_GAP);
    assert_int_equal(approvals_count(&u.t, VERB_ROLLBACK, &v), 0);
    assert_int_equal(approvals_count(&u.t, VERB_CUTOVER, &v), forward);
}

static void
a_decision_keeps_its_first_notes_and_no_more(void **state)
{
    (void)state;
    struct tenant_event ev;
    struct decision d;
    duet_to(&u, HO_ASSESSED);
    struct step s = bare_step(&ev, &d);
    for (int i = 0; i < DECISION_NOTES_MAX; i++)
        assert_ptr_equal(step_note(&s, AUDIT_VERB, 0, "kept"), &d.note[i]);
    assert_ptr_equal(step_note(&s, AUDIT_VERB, 0, "too many"), &s.spill);
    assert_int_equal(d.note_count, DECISION_NOTES_MAX);
    assert_string_equal(d.note[DECISION_NOTES_MAX - 1].text, "kept");
    assert_int_equal(d.orders, 0);
}

static void
a_first_synchronization_that_took_no_time_is_not_measured(void **state)
{
    (void)state;
    struct tenant_event ev;
    struct decision d;
    duet_to(&u, HO_FIRST_SYNC);
    struct step s = bare_step(&ev, &d);
    u.t.cutover.staged_unix_ms = ev.unix_ms;
    facts_set(&u.t.agent[TOY_NEW].facts, FACT_OBJECTS, 500);
    step_effects(&s, HFX_BASELINE, HO_VERIFY);
    assert_int_equal(u.t.info.first_sync.objects, 0);
    ev.unix_ms++;
    step_effects(&s, HFX_BASELINE, HO_VERIFY);
    assert_int_equal(u.t.info.first_sync.objects, 500);
    assert_int_equal(u.t.cutover.first_sync_ms, 1);
}

static void
a_verification_that_people_ask_for_is_taken_anew_though_nothing_changed(void **state)
{
    (void)state;
    struct tenant_event ev;
    struct decision d;
    duet_to(&u, HO_VERIFY);
    struct step s = bare_step(&ev, &d);
    step_verify(&s);
    uint64_t taken = u.t.cutover.verification.taken_unix_ms;
    ev.unix_ms += 9;
    step_verify(&s);
    assert_int_equal(u.t.cutover.verification.taken_unix_ms, taken);
    step_effects(&s, HFX_VERIFY, HO_VERIFY);
    assert_int_equal(u.t.cutover.verification.taken_unix_ms, ev.unix_ms);
}

static void
settings_are_sealed_as_the_old_server_says_when_the_order_leaves(void **state)
{
    (void)state;
    struct tenant_event ev;
    struct decision d;
    duet_to(&u, HO_EXPORT_SETTINGS);
    struct step s = bare_step(&ev, &d);
    for (int sealed = 0; sealed < 2; sealed++) {
        facts_set(&u.t.agent[TOY_OLD].facts, FACT_SETTINGS_SEALED, sealed);
        u.t.cutover.settings_sealed = !sealed;
        step_effects(&s, HFX_SEAL_SETTINGS, HO_SETTINGS_SEALED);
        assert_int_equal(u.t.cutover.settings_sealed, sealed);
    }
}

static void
the_grade_counts_each_attested_member_of_the_record_and_nobody_behind_it(void **state)
{
    (void)state;
    struct tenant_event ev;
    struct decision d;
    duet_to(&u, HO_PROBATION);
    struct step s = bare_step(&ev, &d);
    for (size_t m = 0; m <= TOY_MEMBERS; m++) {
        u.t.authority.member[m].attested = true;
        step_effects(&s, HFX_CERTIFICATE, HO_DECOMMISSION);
        assert_int_equal(u.t.cutover.grade, m < TOY_MEMBERS ? 'C' : 'B');
        u.t.authority.member[m].attested = false;
    }
    assert_true(u.t.cutover.local_fence_only);
    facts_set(&u.t.agent[TOY_NEW].facts, FACT_ACCOUNT_REMOVED, (int64_t)u.unix_ms);
    step_effects(&s, HFX_CERTIFICATE, HO_DECOMMISSION);
    assert_int_equal(u.t.cutover.grade, 'A');
    assert_false(u.t.cutover.local_fence_only);
}

static void
what_the_record_refuses_in_part_it_refuses_whole(void **state)
{
    (void)state;
    struct tenant_event ev;
    struct decision d;
    duet_to(&u, HO_GAP);
    struct authority before = u.t.authority;
    struct step s = bare_step(&ev, &d);
    s.news = AUTH_NEWS_DRAINING;
    /* The question is taken, and the grant is refused: nobody has answered it. */
    assert_int_equal(step_authority_effects(&s, HFX_ASK | HFX_GRANT), BATON_REFUSED);
    assert_memory_equal(&u.t.authority, &before, sizeof before);
    assert_int_equal(d.orders, 0);
    assert_false(d.changed_authority);
    assert_int_equal(s.news, AUTH_NEWS_DRAINING);
}

static void
the_news_of_a_step_that_the_record_refused_are_told_to_nobody(void **state)
{
    (void)state;
    struct tenant_event ev;
    struct decision d;
    duet_to(&u, HO_GAP);
    struct step s = bare_step(&ev, &d);
    u.t.authority.phase = AUTH_FENCING; /* the last evidence is people's word */
    u.t.authority.member[TOY_OLD].evidence = (struct baton_hash){{0}};
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_BERT), BATON_OK);
    assert_int_equal(step_authority_effects(&s, HFX_ATTEST), BATON_OK);
    assert_int_equal(s.news, AUTH_NEWS_ALL_EVIDENCE);
    s = bare_step(&ev, &d);
    u.t.authority.phase = AUTH_FENCING;
    u.t.authority.asked_ms = 0;
    assert_int_equal(step_authority_effects(&s, HFX_ATTEST | HFX_RETIRE), BATON_NO_RULE);
    assert_int_equal(s.news, 0);
}

static void
people_may_attest_for_the_second_member_too(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    u.cut[TOY_NEW] = true;
    roll_back();
    stands_in(HO_REVOKING);
    assert_int_equal(duet_verb(&u, HEV_FENCE, NULL), BATON_OK);
    assert_int_equal(duet_attest(&u, TOY_NEW, TOY_ANNA), BATON_OK);
    assert_false(u.t.authority.member[TOY_NEW].attested);
    assert_int_equal(duet_attest(&u, TOY_NEW, TOY_BERT), BATON_OK);
    assert_true(u.t.authority.member[TOY_NEW].attested);
    fired(115);
}

static void
a_refusal_says_since_when_its_state_stands(void **state)
{
    (void)state;
    duet_to(&u, HO_VERIFY);
    duet_clock(&u, 5000);
    duet_create(&u, PROFILE_PARALLEL);
    assert_int_equal(u.d.problem.status, BATON_CONFLICT);
    assert_int_equal(u.d.problem.since_unix_ms, u.t.cutover.entered_unix_ms);
}

static void
a_grants_number_is_believed_of_its_recipient_alone_and_only_upward(void **state)
{
    (void)state;
    struct tenant_event ev;
    struct decision d;
    duet_to(&u, HO_GAP);
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        u.t.agent[m].statement_known = true;
        u.t.agent[m].statement.epoch = u.t.authority.epoch;
        u.t.agent[m].statement.recipient = u.t.authority.recipient;
        u.t.agent[m].statement.serial = m == TOY_OLD ? 9 : 2;
    }
    u.t.authority.serial = 4;
    struct step s = bare_step(&ev, &d);
    assert_int_equal(step_authority_effects(&s, HFX_RECONCILE), BATON_OK);
    assert_int_equal(u.t.authority.serial, 4);
    u.t.agent[TOY_NEW].statement.serial = 6;
    assert_int_equal(step_authority_effects(&s, HFX_RECONCILE), BATON_OK);
    assert_int_equal(u.t.authority.serial, 6);
}

/* In a state that it left already: whatever happens next, it goes on by what it can see. */
static void
release_again(void)
{
    duet_open(&u);
    duet_to(&u, HO_GAP);
    u.t.cutover.state = HO_RELEASING;
}

static void
every_event_leads_on_to_what_can_be_seen_already(void **state)
{
    (void)state;
    struct findings none = {0};
    release_again();
    struct tenant_event ev = duet_event(&u, TEV_CLOCK);
    (void)step(&ev);
    stands_in(HO_GAP);
    release_again();
    ev = duet_event(&u, TEV_FINDINGS);
    ev.agent = TOY_NEW;
    ev.findings = &none;
    toy_hash("list", 4, 7, &ev.findings_hash);
    (void)step(&ev);
    stands_in(HO_GAP);
    release_again(); /* two moves in one event */
    u.t.cutover.state = HO_RECONCILE;
    u.t.cutover.resume_to = HO_RELEASING;
    ev = duet_event(&u, TEV_CLOCK);
    struct decision d = step(&ev);
    stands_in(HO_GAP);
    assert_int_equal(d.note_count, 2);
    assert_int_equal(d.note[0].rule, 122);
    assert_int_equal(d.note[1].rule, 319);
}

static void
an_alarm_that_fences_everybody_again_is_told_once(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    unsigned pages = u.pages;
    u.rules = 0;
    restart_old_by_hand();
    fired(206);
    assert_false(duet_fired(&u, 208));
    assert_int_equal(u.pages, pages + 1);
}

static void
a_move_names_the_verification_where_people_have_accepted_it_and_build_on_it(void **state)
{
    (void)state;
    duet_to(&u, HO_VERIFY);
    assert_int_equal(duet_verb(&u, HEV_ACCEPT, "as agreed"), BATON_OK);
    stands_in(HO_READY);
    const struct decision_note *n = &u.d.note[u.d.note_count - 1];
    assert_int_equal(n->rule, 313);
    assert_int_equal(n->ref_count, 2);
    assert_true(baton_hash_eq(&n->ref[1], &u.t.cutover.verification_hash));
    assert_int_equal(duet_verb(&u, HEV_REVERIFY, NULL), BATON_OK);
    stands_in(HO_VERIFY);
    n = &u.d.note[u.d.note_count - 1];
    assert_int_equal(n->rule, 107);
    assert_int_equal(n->ref_count, 1); /* the plan alone */
}

static void
settings_count_as_sealed_in_their_own_state_alone(void **state)
{
    (void)state;
    duet_to(&u, HO_EXPORT_SETTINGS);
    facts_set(&u.facts[TOY_OLD], FACT_SETTINGS_SEALED, 1);
    duet_report(&u, TOY_OLD);
    stands_in(HO_EXPORT_SETTINGS);
    assert_false(u.t.cutover.settings_sealed);
}

static void
a_new_cutover_begins_with_nothing_of_the_one_before(void **state)
{
    (void)state;
    duet_to(&u, HO_VERIFY);
    assert_int_equal(duet_verb(&u, HEV_ABANDON, "not now"), BATON_OK);
    assert_true(u.t.plan_known);
    struct tenant_event ev = duet_event(&u, TEV_CREATE);
    ev.profile = PROFILE_PARALLEL;
    ev.random_id = toy_id(0x6d);
    ev.old_agent = TOY_NEW; /* the other way round, against the recommendation */
    ev.new_agent = TOY_OLD;
    memcpy(ev.text, "as agreed", 10);
    (void)step(&ev);
    const struct cutover *c = &u.t.cutover;
    stands_in(HO_ASSESSED);
    assert_true(baton_id_eq(&c->id, &ev.random_id));
    assert_int_equal(c->old_agent, TOY_NEW);
    assert_int_equal(c->new_agent, TOY_OLD);
    assert_int_equal(c->entered_ms, ev.now_ms);
    assert_int_equal(c->entered_unix_ms, ev.unix_ms);
    assert_false(u.t.plan_known);
    assert_true(baton_hash_is_zero(&c->plan) && baton_hash_is_zero(&c->settings));
    assert_int_equal(c->approval_count, 0);
    assert_int_equal(c->rules_fired_count, 0);
}

static void
a_member_that_is_not_of_this_cutover_holds_it_too_when_it_speaks_twice(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    u.t.agent[2] = u.t.agent[TOY_OLD];
    u.t.agent[2].key = toy_key(0x31);
    u.t.cutover.old_agent = 2; /* as a cutover that was created and has no plan yet */
    struct tenant_event ev = duet_event(&u, TEV_BARRED);
    ev.agent = TOY_OLD;
    (void)step(&ev);
    stands_in(HO_HOLD);
}

static void
the_reason_of_a_cutover_is_that_of_a_hold_or_an_end_alone(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    assert_int_equal(duet_verb(&u, HEV_HOLD, "lunch"), BATON_OK);
    assert_string_equal(u.t.cutover.reason, "lunch");
    assert_int_equal(duet_verb(&u, HEV_RESUME, "back again"), BATON_OK);
    assert_int_equal(duet_verb(&u, HEV_CHALLENGE, "just to see"), BATON_OK);
    assert_string_equal(u.t.cutover.reason, "lunch");
    assert_int_equal(duet_verb(&u, HEV_HOLD, ""),
                     BATON_OK); /* no reason, and the last one stands */
    assert_string_equal(u.t.cutover.reason, "lunch");
}

static void
a_decision_names_the_agent_that_it_is_about(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    for (uint8_t m = 0; m < TOY_MEMBERS; m++) {
        struct tenant_event ev = duet_event(&u, TEV_SESSION);
        ev.agent = m;
        struct decision d = step(&ev);
        assert_int_equal(d.agent, m);
        assert_true(d.changed_agent);
    }
}

/* One finding that people look at, as the new server's list brings it. */
static struct baton_hash
one_finding(void)
{
    struct findings l = {0};
    struct finding f = {.rule = "EX-ADDS", .severity = SEVERITY_REVIEW, .count = 4, .row = {{2}}};
    assert_int_equal(findings_add(&l, &f), BATON_OK);
    struct tenant_event ev = duet_event(&u, TEV_FINDINGS);
    ev.agent = TOY_NEW;
    ev.findings = &l;
    toy_hash("list", 4, 7, &ev.findings_hash);
    (void)step(&ev);
    findings_done(&l);
    return f.row;
}

static struct decision
dispose(const struct baton_hash *row, struct baton_hash *ret_digest)
{
    static struct signed_disposition sd;
    sd = toy_disposition(row, DISPOSED_ACCEPTED, TOY_ANNA);
    struct tenant_event ev = duet_event(&u, TEV_DISPOSED);
    ev.disposition = &sd;
    disposition_digest(&sd.d, toy_digest(), ret_digest);
    return step(&ev);
}

static void
a_decision_about_a_finding_is_noted_by_its_digest_and_leads_on(void **state)
{
    (void)state;
    struct baton_hash digest;
    duet_to(&u, HO_GAP);
    struct baton_hash row = one_finding();
    u.t.cutover.state = HO_RELEASING; /* though all evidence is in */
    struct decision d = dispose(&row, &digest);
    assert_int_equal(d.problem.status, BATON_OK);
    assert_true(d.changed_cutover);
    assert_int_equal(d.note[0].type, AUDIT_DISPOSED);
    assert_int_equal(d.note[0].ref_count, 1);
    assert_true(baton_hash_eq(&d.note[0].ref[0], &digest));
    stands_in(HO_GAP);
}

static void
a_decision_that_its_state_does_not_take_is_noted_with_the_refusal(void **state)
{
    (void)state;
    struct baton_hash digest;
    duet_to(&u, HO_GAP);
    struct baton_hash row = one_finding();
    u.t.cutover.state = HO_PROBATION;
    struct review before = u.t.cutover.review;
    struct decision d = dispose(&row, &digest);
    assert_int_equal(d.problem.status, BATON_NO_RULE);
    assert_true(notes(&d, AUDIT_REFUSED, d.problem.title, &digest));
    assert_memory_equal(&u.t.cutover.review, &before, sizeof before);
}

static void
a_new_server_that_exports_no_more_is_paged_once_in_its_time_also_after_done(void **state)
{
    (void)state;
    static const uint8_t after[] = {HO_DECOMMISSION, HO_DONE};
    for (size_t i = 0; i < ARRAY_LEN(after); i++) {
        duet_open(&u);
        duet_to(&u, (enum handoff_state)after[i]);
        u.rules = 0;
        struct tenant_event ev = duet_event(&u, TEV_CLOCK);
        uint64_t late = (uint64_t)u.t.info.policy.v[POLICY_ACTIVATING_MS] +
                        2 * (uint64_t)fact_or(&u.t.agent[TOY_NEW].facts, FACT_INTERVAL_MS, 0);
        ev.now_ms += late + 1;
        ev.unix_ms += late + 1;
        u.t.cutover.reminded_ms = u.t.cutover.entered_ms;
        struct decision d = step(&ev);
        assert_true(d.page);
        assert_string_equal(d.page_text, "no export for two intervals");
        ev.now_ms++;
        assert_false(step(&ev).page);
        stands_in(after[i]);
    }
}

static void
only_an_alarm_overtakes_what_people_attest_and_that_is_written_down(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    struct approvals_view v = {toy_trust(), toy_digest(), u.unix_ms};
    struct baton_key old_key = toy_member_key(TOY_OLD);
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_ANNA), BATON_OK);
    u.t.cutover.state = HO_ABANDONED; /* where an alarm moves nothing */
    struct statement s = next_word(TOY_OLD, SAY_STATUS);
    assert_false(say(TOY_OLD, &s).changed_cutover);
    assert_int_equal(approvals_attests(&u.t, &old_key, &v), 1);
    s = next_word(TOY_OLD, SAY_TAMPER);
    assert_true(say(TOY_OLD, &s).changed_cutover);
    assert_int_equal(approvals_attests(&u.t, &old_key, &v), 0);
}

static void
a_reminder_that_time_repeats_is_remembered_once(void **state)
{
    (void)state;
    duet_to(&u, HO_EXPORT_SETTINGS);
    for (int i = 0; i < 3; i++) {
        struct tenant_event ev = duet_event(&u, TEV_CLOCK);
        struct decision d = step(&ev);
        assert_int_not_equal(d.due_ms, 0);
        u.now_ms = d.due_ms;
        ev = duet_event(&u, TEV_CLOCK);
        assert_int_equal(step(&ev).note[0].rule, 403); /* it is told each time */
    }
    const struct cutover *c = &u.t.cutover;
    size_t remembered = 0;
    for (uint32_t i = 0; i < c->rules_fired_count; i++)
        remembered += c->rules_fired[i] == 403;
    assert_int_equal(remembered, 1);
}

#define AT(test) cmocka_unit_test_setup(test, open_duet)
static const struct CMUnitTest tests[] = {
    AT(a_reminder_that_time_repeats_is_remembered_once),
    AT(only_an_alarm_overtakes_what_people_attest_and_that_is_written_down),
    AT(a_new_server_that_exports_no_more_is_paged_once_in_its_time_also_after_done),
    AT(a_decision_about_a_finding_is_noted_by_its_digest_and_leads_on),
    AT(a_decision_that_its_state_does_not_take_is_noted_with_the_refusal),
    AT(a_breach_takes_over_what_the_record_and_the_servers_count),
    AT(the_gap_has_its_bounds_and_what_the_first_export_carried),
    AT(a_fence_towards_the_new_server_forgets_what_spoke_for_the_old),
    AT(a_decision_keeps_its_first_notes_and_no_more),
    AT(a_first_synchronization_that_took_no_time_is_not_measured),
    AT(a_verification_that_people_ask_for_is_taken_anew_though_nothing_changed),
    AT(settings_are_sealed_as_the_old_server_says_when_the_order_leaves),
    AT(the_grade_counts_each_attested_member_of_the_record_and_nobody_behind_it),
    AT(what_the_record_refuses_in_part_it_refuses_whole),
    AT(the_news_of_a_step_that_the_record_refused_are_told_to_nobody),
    AT(people_may_attest_for_the_second_member_too),
    AT(a_refusal_says_since_when_its_state_stands),
    AT(a_grants_number_is_believed_of_its_recipient_alone_and_only_upward),
    AT(every_event_leads_on_to_what_can_be_seen_already),
    AT(an_alarm_that_fences_everybody_again_is_told_once),
    AT(a_move_names_the_verification_where_people_have_accepted_it_and_build_on_it),
    AT(settings_count_as_sealed_in_their_own_state_alone),
    AT(a_new_cutover_begins_with_nothing_of_the_one_before),
    AT(a_member_that_is_not_of_this_cutover_holds_it_too_when_it_speaks_twice),
    AT(the_reason_of_a_cutover_is_that_of_a_hold_or_an_end_alone),
    AT(a_decision_names_the_agent_that_it_is_about),
    AT(two_questions_of_one_event_reach_everybody_whom_either_asks),
    AT(a_word_for_another_tenant_is_kept_and_its_facts_count_for_nothing),
    AT(an_older_word_is_refused_and_nothing_is_written),
    AT(a_word_is_written_down_by_its_kind_with_its_hash),
    AT(a_refusal_counts_for_what_was_asked_and_for_nothing_else),
    AT(a_move_names_the_word_that_brought_it_about),
    AT(who_is_shut_out_need_not_be_heard),
    AT(a_server_that_speaks_twice_is_barred_noted_and_told_where_it_matters),
    AT(a_session_that_ends_leaves_its_server_unconnected),
    AT(a_report_says_how_far_its_clock_is_off_and_when_it_was_heard),
    AT(a_controller_that_starts_takes_its_times_anew),
    AT(settings_that_the_old_server_says_it_has_sealed_are_sealed),
    AT(a_sealed_file_counts_from_the_order_on_also_where_the_handoff_was_interrupted),
    AT(a_sealed_file_of_other_settings_is_refused),
    AT(settings_that_were_fetched_are_noted_and_nothing_else),
    AT(only_the_new_server_of_an_open_cutover_is_reviewed),
    AT(a_decision_about_a_finding_that_does_not_count_is_refused_and_noted_by_its_digest),
    AT(approvals_are_noted_by_what_they_are_for_and_their_digest),
    AT(a_verb_is_noted_with_its_reason_and_a_refusal_with_its_title),
    AT(a_refusal_that_fresh_facts_could_clear_asks_for_them),
    AT(the_next_due_time_is_the_earliest_of_the_states_own),
    AT(delays_that_depend_on_the_tenant_are_added),
    AT(a_cutover_that_names_no_path_takes_the_recommended_one),
    AT(another_path_than_the_recommended_one_needs_a_reason),
    AT(the_alarms_of_both_servers_are_acknowledged_together),
    AT(hold_is_never_refused_not_even_by_a_record_that_is_unsure),
    AT(the_record_says_why_the_role_cannot_be_moved_now),
    AT(no_plan_is_frozen_over_a_member_that_nobody_confirmed),
    AT(the_grade_falls_with_what_stood_in_for_a_proof),
    AT(what_the_old_server_did_unread_after_the_grant_may_have_been_an_overlap),
    AT(a_reconciliation_believes_who_has_spoken_of_the_open_epoch_alone),
    AT(the_first_synchronization_is_not_measured_by_a_clock_that_went_back),
    AT(a_list_that_arrives_while_people_verify_is_in_the_record_at_once),
    AT(an_approval_that_was_the_last_thing_missing_moves_at_once),
    AT(a_note_refers_to_nothing_that_is_not_there),
    AT(settings_that_went_stale_are_exported_again_from_the_beginning),
    AT(what_a_report_shows_while_people_verify_is_written_down),
    AT(a_sealed_file_that_lies_there_already_leads_on_at_once),
    AT(where_nobody_was_adopted_nobody_is_asked_for_fresh_facts),
    AT(a_cutover_needs_two_enrolled_servers),
    AT(a_guard_that_counts_from_new_is_written_down),
    AT(a_parallel_cutover_walks_from_assessed_to_done),
    AT(a_refused_verb_names_rule_guard_facts_who_and_the_next_command),
    AT(a_verb_without_a_rule_changes_nothing),
    AT(one_person_counts_once),
    AT(an_approval_of_another_verification_is_refused),
    AT(a_forged_approval_is_refused_and_noted),
    AT(a_settings_file_counts_when_two_reports_agree),
    AT(settings_that_change_before_they_are_sealed_are_taken_as_they_are_then),
    AT(settings_that_arrive_while_it_is_held_are_placed_when_it_goes_on),
    AT(an_old_settings_file_does_not_count),
    AT(removing_the_old_product_too_early_holds_and_says_the_sentence),
    AT(roles_swapped_is_refused_by_the_agent_and_held),
    AT(an_adoption_that_was_refused_is_asked_again),
    AT(holding_works_in_one_step_from_every_state_and_resuming_goes_back),
    AT(the_ends_of_every_fact_are_borne_in_every_state),
    AT(hold_with_an_open_grant_takes_it_back_and_lands_in_the_gap),
    AT(a_grant_that_nobody_uses_ends_in_the_gap),
    AT(rollback_from_the_gap_gives_the_old_server_its_role_back),
    AT(evidence_that_waited_for_another_server_is_asked_for_again_before_the_way_back),
    AT(an_export_counts_though_the_purged_history_stays_as_long),
    AT(rollback_with_an_open_grant_needs_the_new_servers_own_word),
    AT(a_rollback_that_comes_too_late_ends_with_the_new_server),
    AT(past_the_point_of_no_return_rollback_is_refused_with_the_reason),
    AT(a_cancel_before_the_old_server_promised_leaves_it_running),
    AT(a_late_fence_after_the_cancel_is_followed_through),
    AT(abandoning_before_the_release_leaves_the_old_server_and_a_new_plan_works),
    AT(a_hold_after_the_release_cannot_be_abandoned),
    AT(a_hand_start_in_the_gap_fences_everybody_again_and_waits_for_a_person),
    AT(a_hand_start_in_the_gap_is_paged_while_a_server_was_not_heard_yet),
    AT(an_alarm_is_not_acknowledged_before_its_server_spoke_again),
    AT(a_hand_start_under_an_open_grant_goes_back_to_the_gap),
    AT(leaving_staging_before_the_release_is_a_breach),
    AT(an_export_of_the_fenced_old_server_is_a_breach_each_time),
    AT(a_late_click_after_the_grant_was_void_is_marked_and_stays_in_the_gap),
    AT(version_rules_and_configuration_verify_again_before_the_release),
    AT(version_rules_and_configuration_are_no_go_while_the_old_server_stops),
    AT(version_rules_and_configuration_are_no_go_in_the_gap),
    AT(a_change_on_the_new_server_before_the_release_verifies_again),
    AT(a_change_inside_the_gap_is_no_go_until_it_is_verified_and_approved_again),
    AT(a_half_blind_old_server_holds_the_cutover),
    AT(verification_waits_for_a_cycle_of_the_old_server_after_the_install),
    AT(deletions_above_the_limit_cannot_be_accepted),
    AT(what_nobody_computed_needs_a_reason_to_be_accepted),
    AT(the_release_never_advances_by_time),
    AT(the_gap_warns_then_pages_then_asks_to_decide),
    AT(who_exports_is_missed_before_any_cutover_has_asked_it_to_stop),
    AT(an_old_server_that_runs_and_exports_no_more_is_missed_as_well),
    AT(reminders_of_days_do_not_push_out_why_it_is_held),
    AT(time_takes_back_what_only_time_had_given),
    AT(a_failed_first_export_is_repaired_forward),
    AT(the_gap_ends_with_the_first_good_export_not_before),
    AT(a_restarted_controller_waits_for_every_server_before_it_moves_the_role),
    AT(a_restart_in_every_state_of_the_way_still_ends_well),
    AT(a_restored_controller_reconciles_before_anything_else),
    AT(settings_that_nobody_asked_for_yet_are_not_taken),
    AT(settings_that_came_while_it_reconciled_are_placed),
    AT(servers_that_promised_different_epochs_are_adopted_again_by_two_people),
    AT(an_adoption_that_nobody_answered_goes_on_after_a_reconciliation),
    AT(who_was_readmitted_into_an_open_adoption_is_adopted_under_a_new_epoch),
    AT(a_record_from_before_the_adoption_finishes_the_fence_that_is_open),
    AT(a_record_that_became_unsure_between_two_cutovers_is_confirmed_in_the_next),
    AT(a_new_server_that_held_when_it_was_fenced_again_goes_on),
    AT(a_grant_that_is_used_before_its_evidence_came_again_goes_on),
    AT(who_resumes_over_a_quarantined_server_is_paged),
    AT(a_rollback_without_a_way_back_is_verified_and_accepted_forward),
    AT(a_restored_record_grants_above_what_the_recipient_itself_has_seen),
    AT(cycles_of_a_breach_do_not_count_for_a_probation_after_a_reconciliation),
    AT(what_interrupts_a_reconciliation_leads_back_to_it),
    AT(a_restore_from_before_the_fence_finishes_what_is_open),
    AT(an_attestation_that_lives_too_long_is_refused_with_the_limit_and_the_command),
    AT(two_attestations_stand_in_for_a_server_that_cannot_answer),
    AT(done_waits_until_the_old_product_is_gone_and_its_tombstone_final),
    AT(people_may_sign_that_the_account_is_gone_and_the_grade_says_so),
    AT(every_move_leaves_a_note_with_rule_and_states),
    AT(a_second_cutover_is_refused_while_one_is_open),
    AT(another_path_than_the_recommended_one_is_on_the_record),
    AT(the_first_synchronization_is_measured_once_with_its_objects),
    AT(arming_wants_tools_closed_agents_live_and_the_window_open),
    AT(go_is_refused_over_stale_evidence),
    AT(a_swing_waits_for_the_staging_switch_on_the_old_server_and_ends_with_the_new),
    AT(a_swing_goes_back_even_after_the_new_server_left_staging),
};
#undef AT

int
main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0); /* what a failed invariant printed stays readable */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
