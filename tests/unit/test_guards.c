/* Each guard says no with a fact, somebody who can clear it and a next command; and yes when it may. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
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

static struct problem
ask(enum guard_id id, const char *reason)
{
    struct guard_ctx g = {.t = &u.t,
                          .now_ms = u.now_ms,
                          .approvals = {toy_trust(), toy_digest(), u.unix_ms},
                          .reason = reason};
    struct problem p;
    (void)guard_check(id, &g, &p);
    return p;
}

static struct facts *
view(enum toy_member who)
{
    return &u.t.agent[who].facts;
}

/* --- one table: where it holds, and what breaks it ------------------------------------------------- */

static void
old_unconfirmed(void)
{
    u.t.agent[TOY_OLD].confirmed = false;
}

static void
blocked_configuration(void)
{
    facts_set(view(TOY_OLD), FACT_BLOCKED_CONFIG, 2);
}

static void
adoption_open(void)
{
    u.t.authority.adopted = false;
    u.t.authority.member[TOY_NEW].accepted = false;
}

static void
settings_gone(void)
{
    view(TOY_NEW)->digest_known[DIGEST_SETTINGS] = false;
}

static void
prerequisite_failed(void)
{
    facts_set(view(TOY_NEW), FACT_PREREQ_FAILED, 1);
}

static void
staging_unknown(void)
{
    view(TOY_NEW)->fact[FACT_STAGING_SETTINGS].state = FACT_UNKNOWN;
}

static void
staging_off(void)
{
    facts_set(view(TOY_NEW), FACT_STAGING_SCHEDULER, 0);
}

static void
old_blind(void)
{
    facts_set(view(TOY_OLD), FACT_IMPORT_OK, 0);
}

static void
full_sync_missing(void)
{
    view(TOY_NEW)->fact[FACT_FULL_SYNC_ENTRA].state = FACT_UNKNOWN;
}

static void
rows_open(void)
{
    u.t.cutover.verification.known[VERIFY_PARITY_ROWS] = true;
    u.t.cutover.verification.value[VERIFY_PARITY_ROWS] = 3;
}

static void
anchors_change(void)
{
    u.t.cutover.verification.known[VERIFY_ANCHOR_CHANGES] = true;
    u.t.cutover.verification.value[VERIFY_ANCHOR_CHANGES] = 1;
}

static void
verified_long_ago(void)
{
    u.now_ms += (uint64_t)u.t.info.policy.v[POLICY_READY_FRESH_MS] + 1;
}

static void
wizard_open(void)
{
    facts_set(view(TOY_OLD), FACT_WIZARD_OPEN, 1);
    facts_note(view(TOY_OLD), "session 2 holds the wizard");
}

static void
clock_off(void)
{
    u.t.agent[TOY_NEW].skew_ms = -10 * 60 * 1000;
}

static void
window_over(void)
{
    u.t.info.window_from_unix_ms = 1;
    u.t.info.window_to_unix_ms = 2;
}

static void
window_ahead(void)
{
    u.t.info.window_from_unix_ms = UINT64_C(4107542400000);
    u.t.info.window_to_unix_ms = UINT64_C(4107553200000);
}

static void
account_there(void)
{
    u.t.cutover.local_fence_only = true;
    facts_set(view(TOY_NEW), FACT_ACCOUNT_REMOVED, 0);
}

static void
account_made_again(void)
{
    u.t.cutover.local_fence_only = true;
    facts_set(view(TOY_NEW), FACT_ACCOUNT_REMOVED,
              (int64_t)u.t.cutover.old_last_export_unix_ms - 1);
}

static void
account_unknown(void)
{
    u.t.cutover.local_fence_only = true;
    facts_absent(view(TOY_NEW), FACT_ACCOUNT_REMOVED, ABSENT_ERROR);
}

static void
sight_old(void)
{
    u.now_ms += (uint64_t)u.t.info.policy.v[POLICY_STAGED_FRESH_MS] + 1000;
}

static void
alarm_open(void)
{
    u.t.authority.member[TOY_OLD].tamper_open = true;
}

static void
evidence_gone(void)
{
    u.t.authority.member[TOY_OLD].evidence = (struct baton_hash){{0}};
}

static void
changed_since(void)
{
    u.t.cutover.no_go = true;
}

static void
exported(void)
{
    u.t.authority.ponr = true;
    u.t.authority.member[TOY_NEW].ever_exported = true;
}

static void
one_cycle_short(void)
{
    u.t.cutover.cycles_before = fact_or(view(TOY_NEW), FACT_GOOD_CYCLES, 0) - 1;
}

static void
product_still_there(void)
{
    facts_set(view(TOY_OLD), FACT_PRODUCT_PRESENT, 1);
}

static void
export_failed(void)
{
    facts_set(view(TOY_NEW), FACT_LAST_EXPORT_OK, 0);
}

static void
not_heard(void)
{
    u.t.authority.recovering = true;
    u.t.authority.member[TOY_NEW].heard = false;
}

static const struct {
    uint8_t guard, holds_in; /* a state on the straight way in which it holds */
    void (*broken_by)(void);
    const char *fact; /* a word that the problem says then */
} cases[] = {
    {G_PAIR, HO_ASSESSED, old_unconfirmed, "not confirmed"},
    {G_PATH, HO_ASSESSED, blocked_configuration, "blocked_config is 2"},
    {G_ADOPTED, HO_EXPORT_SETTINGS, adoption_open, "has not answered the adoption"},
    {G_SETTINGS_PLACED, HO_INSTALL_STAGED, settings_gone, "has no settings file"},
    {G_PREREQ, HO_INSTALL_STAGED, prerequisite_failed, "prereq_failed is 1"},
    {G_STAGED, HO_FIRST_SYNC, staging_unknown, "staging_settings is unknown"},
    {G_STAGED, HO_FIRST_SYNC, staging_off, "staging_scheduler is 0"},
    {G_OLD_ALIVE, HO_VERIFY, old_blind, "import_ok is 0"},
    {G_4OPS, HO_VERIFY, full_sync_missing, "full_sync_entra is unknown"},
    {G_FRESH, HO_READY, verified_long_ago, "verification is this old"},
    {G_TOOLS, HO_READY, wizard_open, "session 2 holds the wizard"},
    {G_LIVE, HO_READY, clock_off, "clock is off"},
    {G_WINDOW, HO_READY, window_over, "window is over"},
    {G_WINDOW, HO_READY, window_ahead, "from 2100-03-01 00:00:00Z to 2100-03-01 03:00:00Z"},
    {G_WINDOW, HO_READY, window_ahead, " and lasts 3 h"},
    {G_NEW_STAGED, HO_READY, sight_old, "last looked at"},
    {G_NEW_STAGED, HO_READY, staging_off, "staging_scheduler is 0"},
    {G_NO_TAMPER, HO_READY, alarm_open, "guard raised an alarm"},
    {G_OLD_STOPPED, HO_GAP, evidence_gone, "no evidence yet"},
    {G_GO_STANDS, HO_GAP, changed_since, "not what the new server is now"},
    {G_LATCH_CLEAR, HO_GAP, exported, "left staging or exported"},
    {G_MAY_RETURN, HO_GAP, exported, "exported"},
    {G_EXPORT_SEEN, HO_PROBATION, export_failed, "last_export_ok is 0"},
    {G_PROBATION, HO_DECOMMISSION, one_cycle_short, "good cycles since then: 1"},
    {G_RETIRED, HO_DONE, product_still_there, "product_present is 1"},
    {G_RETIRED, HO_DONE, account_there, "logged no removal"},
    {G_ACCOUNT_GONE, HO_DONE, account_there, "people who signed that it is gone: 0"},
    {G_ACCOUNT_GONE, HO_DONE, account_made_again, "the account was made again"},
    {G_ACCOUNT_GONE, HO_DONE, account_unknown, "cannot say"},
    {G_OLD_ABSENT, HO_DONE, product_still_there, "product_present is 1"},
    {G_RECONCILED, HO_READY, not_heard, "not heard since"},
};

static bool
says(const struct problem *p, const char *word)
{
    for (size_t i = 0; i < p->fact_count; i++)
        if (strstr(p->fact[i].text, word) != NULL)
            return true;
    return false;
}

static void
each_guard_holds_when_it_should_and_says_why_when_it_does_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        duet_open(&u);
        duet_to(&u, (enum handoff_state)cases[i].holds_in);
        if (cases[i].guard == G_PROBATION) /* asked of the state before */
            u.t.cutover.entered_ms -= (uint64_t)u.t.info.policy.v[POLICY_PROBATION_MS];
        struct problem p = ask((enum guard_id)cases[i].guard, "");
        if (p.status != BATON_OK)
            fail_msg("%s does not hold in %s: %s", guard_name((enum guard_id)cases[i].guard),
                     handoff_state_code((enum handoff_state)cases[i].holds_in), p.fact[0].text);
        cases[i].broken_by();
        p = ask((enum guard_id)cases[i].guard, "");
        assert_int_not_equal(p.status, BATON_OK);
        assert_int_equal(p.guard, cases[i].guard);
        assert_true(p.title[0] != '\0' && p.who[0] != '\0' && p.next[0] != '\0');
        if (!says(&p, cases[i].fact))
            fail_msg("%s does not say \"%s\" but \"%s\"", guard_name((enum guard_id)cases[i].guard),
                     cases[i].fact, p.fact[0].text);
    }
}

static void
a_reason_opens_what_is_unknown_and_never_what_is_known_to_be_wrong(void **state)
{
    (void)state;
    duet_to(&u, HO_VERIFY);
    assert_int_equal(ask(G_PARITY, "").status, BATON_REFUSED);
    assert_int_equal(ask(G_PARITY, "nothing compares them").status, BATON_OK);
    assert_int_equal(ask(G_DIFF, "nothing compares them").status, BATON_OK);
    rows_open();
    assert_int_equal(ask(G_PARITY, "nothing compares them").status, BATON_REFUSED);
    anchors_change();
    assert_int_equal(ask(G_DIFF, "I am sure").status, BATON_REFUSED);
}

static void
uncounted_deletions_are_never_accepted(void **state)
{
    (void)state;
    duet_to(&u, HO_VERIFY);
    u.t.cutover.verification.known[VERIFY_PENDING_DELETES] = false;
    assert_int_equal(ask(G_DIFF, "I am sure").status, BATON_REFUSED);
}

static void
the_deletion_limit_is_the_smaller_of_number_and_share(void **state)
{
    (void)state;
    struct policy p;
    policy_preset(PRESET_PRODUCTION, &p);
    p.v[POLICY_DELETES_COUNT] = 20;
    p.v[POLICY_DELETES_PERCENT] = 1;
    assert_int_equal(deletes_limit(&p, 500), 5);
    assert_int_equal(deletes_limit(&p, 1000000), 20);
    assert_int_equal(deletes_limit(&p, 60), 0);
}

static void
a_path_fits_the_product_and_what_it_does(void **state)
{
    (void)state;
    static const struct {
        uint8_t profile, product;
        bool dead, fits;
    } rows[] = {
        {PROFILE_PARALLEL, PRODUCT_DIRSYNC, false, true},
        {PROFILE_PARALLEL, PRODUCT_DIRSYNC, true, false},
        {PROFILE_PARALLEL, PRODUCT_CONNECT, false, false},
        {PROFILE_DEAD_SOURCE, PRODUCT_DIRSYNC, true, true},
        {PROFILE_DEAD_SOURCE, PRODUCT_DIRSYNC, false, false},
        {PROFILE_SWING, PRODUCT_CONNECT, false, true},
        {PROFILE_SWING, PRODUCT_AADSYNC, false, true},
        {PROFILE_SWING, PRODUCT_DIRSYNC, false, false},
        {PROFILE_UNSUPPORTED, PRODUCT_DIRSYNC, false, true},
    };
    duet_to(&u, HO_ASSESSED);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        u.t.cutover.profile = rows[i].profile;
        facts_set(view(TOY_OLD), FACT_PRODUCT_CLASS, rows[i].product);
        facts_set(view(TOY_OLD), FACT_LAST_EXPORT_END,
                  rows[i].dead ? 5 : (int64_t)u.unix_ms - 1000);
        assert_int_equal(ask(G_PATH, "").status == BATON_OK, rows[i].fits);
    }
}

/* Only the grant starts it again: waiting for a cycle would wait for ever, with nobody exporting. */
static void
in_the_gap_a_new_server_that_its_guard_stopped_owes_no_cycle(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    facts_set(view(TOY_NEW), FACT_LAST_CYCLE_END, (int64_t)(u.unix_ms - 3600000));
    assert_int_not_equal(ask(G_FRESH, NULL).status, BATON_OK);
    facts_set(view(TOY_NEW), FACT_SERVICES_STOPPED, 1);
    assert_int_equal(ask(G_FRESH, NULL).status, BATON_OK);
    u.t.cutover.state = HO_READY;
    assert_int_not_equal(ask(G_FRESH, NULL).status, BATON_OK);
}

static void
after_a_restart_only_a_new_report_with_the_same_hashes_makes_a_verification_fresh(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    u.cut[TOY_NEW] = true;
    duet_restart(&u);
    assert_int_equal(ask(G_FRESH, "").status, BATON_WAITING);
    duet_uncut(&u, TOY_NEW);
    duet_report(&u, TOY_NEW);
    assert_int_equal(ask(G_FRESH, "").status, BATON_OK);
    u.unix_ms += (uint64_t)u.t.info.policy.v[POLICY_READY_FRESH_MS];
    assert_int_equal(ask(G_FRESH, "").status, BATON_WAITING);
}

static void
an_expired_approval_and_a_missing_trust_document_count_for_nothing(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    assert_int_equal(ask(G_APPR_CUTOVER, "").status, BATON_OK);
    struct approvals_view none = {NULL, toy_digest(), u.unix_ms};
    assert_int_equal(approvals_count(&u.t, VERB_CUTOVER, &none), 0);
    struct approvals_view late = {toy_trust(), toy_digest(), UINT64_MAX};
    assert_int_equal(approvals_count(&u.t, VERB_CUTOVER, &late), 0);
}

static void
a_go_has_to_name_the_epoch_the_next_serial_and_this_evidence(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    struct signed_approval go = {
        .a = {.verb = VERB_GO, .epoch = u.t.authority.epoch, .serial = u.t.authority.serial + 1}};
    go.a.evidence[TOY_OLD] = u.t.authority.member[TOY_OLD].evidence;
    assert_true(approvals_go_fits(&u.t, &go));
    struct signed_approval other = go;
    other.a.serial++;
    assert_false(approvals_go_fits(&u.t, &other));
    other = go;
    other.a.epoch.counter++;
    assert_false(approvals_go_fits(&u.t, &other));
    other = go;
    other.a.evidence[TOY_OLD].b[3] ^= 1;
    assert_false(approvals_go_fits(&u.t, &other));
    other = go;
    other.a.evidence[TOY_NEW] = go.a.evidence[TOY_OLD]; /* the recipient carries none of its own */
    assert_false(approvals_go_fits(&u.t, &other));
}

int
main(void)
{
#define AT(test) cmocka_unit_test_setup(test, open_duet)
    const struct CMUnitTest tests[] = {
        AT(each_guard_holds_when_it_should_and_says_why_when_it_does_not),
        AT(a_reason_opens_what_is_unknown_and_never_what_is_known_to_be_wrong),
        AT(uncounted_deletions_are_never_accepted),
        AT(the_deletion_limit_is_the_smaller_of_number_and_share),
        AT(a_path_fits_the_product_and_what_it_does),
        AT(in_the_gap_a_new_server_that_its_guard_stopped_owes_no_cycle),
        AT(after_a_restart_only_a_new_report_with_the_same_hashes_makes_a_verification_fresh),
        AT(an_expired_approval_and_a_missing_trust_document_count_for_nothing),
        AT(a_go_has_to_name_the_epoch_the_next_serial_and_this_evidence),
    };
#undef AT
    setvbuf(stdout, NULL, _IONBF, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
