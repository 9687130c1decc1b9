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

/* --- verifying: who can clear it, and exactly how --------------------------------------------------- */

static void
nothing_broken(void)
{
}

static void
prerequisites_unknown(void)
{
    view(TOY_NEW)->fact[FACT_PREREQ_FAILED].state = FACT_UNKNOWN;
}

static void
row_open_for_two(void)
{
    struct review *r = &u.t.cutover.review;
    rows_open();
    r->row_count = 1;
    r->row[0] = (struct review_row){.row = {{0x1a, 0x2b, 0x3c, 0x4d, 0x5e, 0x6f}},
                                    .rule = "CF-SCOPE-NARROWED",
                                    .severity = SEVERITY_BLOCK,
                                    .two = true};
    r->disposition_count = 1;
    r->disposition[0] =
        (struct review_disposition){.row = r->row[0].row, .kind = DISPOSED_ACCEPTED};
}

static void
rows_left_out(void)
{
    rows_open();
    u.t.cutover.review.more = 3;
}

static void
list_on_its_way(void)
{
    u.t.cutover.review.findings.b[0] = 1;
}

static void
old_configured_again(void)
{
    struct baton_hash hash = {{1}}, other = {{2}};
    u.t.cutover.review.findings = hash;
    facts_set_digest(view(TOY_NEW), DIGEST_FINDINGS, &hash);
    facts_set_digest(view(TOY_NEW), DIGEST_COMPARED_CONFIG, &hash);
    facts_set_digest(view(TOY_OLD), DIGEST_CONFIG, &other);
}

static void
old_configured_after_parity(void)
{
    old_configured_again();
    u.t.cutover.verification.known[VERIFY_PARITY_ROWS] = true;
}

static void
deletes_above(void)
{
    u.t.cutover.verification.known[VERIFY_PENDING_DELETES] = true;
    u.t.cutover.verification.value[VERIFY_PENDING_DELETES] = 44;
}

static void
deletes_uncounted(void)
{
    u.t.cutover.verification.known[VERIFY_PENDING_DELETES] = false;
}

static void
deletes_told_by_now(void)
{
    deletes_uncounted();
    facts_set(view(TOY_NEW), FACT_PENDING_DELETES, 0);
    facts_set(view(TOY_NEW), FACT_OBJECTS, 100);
}

static void
deletes_told_no_more(void)
{
    deletes_uncounted();
    facts_absent(view(TOY_NEW), FACT_PENDING_DELETES, ABSENT_ERROR);
}

static void
anchors_told_by_now(void)
{
    facts_set(view(TOY_NEW), FACT_ANCHOR_CHANGES, 0);
}

static void
cycle_long_ago(void)
{
    facts_set(view(TOY_NEW), FACT_LAST_CYCLE_END, (int64_t)u.unix_ms - 86400000);
}

static void
cycle_long_ago_and_silent(void)
{
    cycle_long_ago();
    u.t.agent[TOY_NEW].connected = false;
}

static void
version_moved(void)
{
    facts_set(view(TOY_NEW), FACT_PRODUCT_VERSION, 2LL << 48 | 9LL << 32);
}

static void
rules_moved(void)
{
    struct baton_hash other = {{9}};
    u.t.cutover.verification.rules.b[0] |= 1;
    facts_set_digest(view(TOY_NEW), DIGEST_RULES, &other);
}

static void
config_moved(void)
{
    struct baton_hash other = {{9}};
    u.t.cutover.verification.config.b[0] |= 1;
    facts_set_digest(view(TOY_NEW), DIGEST_CONFIG, &other);
}

static void
deletes_have_come(void)
{
    facts_set(view(TOY_NEW), FACT_PENDING_DELETES, 40);
}

static void
deletes_unreadable(void)
{
    view(TOY_NEW)->fact[FACT_PENDING_DELETES].state = FACT_UNKNOWN;
}

static void
config_unreadable(void)
{
    u.t.cutover.verification.config.b[0] |= 1;
    view(TOY_NEW)->digest_known[DIGEST_CONFIG] = false;
}

static void
rules_unreadable(void)
{
    u.t.cutover.verification.rules.b[0] |= 1;
    view(TOY_NEW)->digest_known[DIGEST_RULES] = false;
}

static void
version_unreadable(void)
{
    view(TOY_NEW)->fact[FACT_PRODUCT_VERSION].state = FACT_UNKNOWN;
}

static void
no_cycle_under_a_wizard(void)
{
    cycle_long_ago();
    facts_set(view(TOY_NEW), FACT_WIZARD_OPEN, 1);
    facts_note(view(TOY_NEW), "wizard of CONTOSO\\carla");
}

static void
not_reported_yet(void)
{
    u.t.cutover.verified_ms = 0;
    u.t.agent[TOY_NEW].reported_ms = 0;
}

static void
told_in_an_earlier_run(void)
{
    staging_off();
    u.t.agent[TOY_NEW].reported_ms = 0;
}

static void
told_by_a_clock_that_was_ahead(void)
{
    staging_off();
    u.t.agent[TOY_NEW].reported_ms = u.now_ms + 1;
}

static void
staging_absent(void)
{
    facts_absent(view(TOY_NEW), FACT_STAGING_SETTINGS, ABSENT_ERROR);
}

static void
class_unknown(void)
{
    view(TOY_NEW)->fact[FACT_PRODUCT_CLASS].state = FACT_UNKNOWN;
}

static void
exported_in_staging(void)
{
    facts_set(view(TOY_NEW), FACT_EXPORTS_TOTAL, 2);
}

static void
stopped_by_its_guard(void)
{
    facts_set(view(TOY_NEW), FACT_SERVICES_STOPPED, 1);
    facts_set(view(TOY_NEW), FACT_SERVICES_DISABLED, 0);
    facts_set(view(TOY_OLD), FACT_SERVICES_DISABLED, 1);
}

static void
stopped_long_ago(void)
{
    facts_set(view(TOY_NEW), FACT_SERVICES_STOPPED, 1);
    facts_set(view(TOY_NEW), FACT_SERVICES_DISABLED, 1);
    sight_old();
}

static void
new_wizard_open(void)
{
    facts_set(view(TOY_NEW), FACT_WIZARD_OPEN, 1);
    facts_note(view(TOY_NEW), "wizard of CONTOSO\\carla");
}

static void
window_without_beginning(void)
{
    u.t.info.window_from_unix_ms = 0;
    u.t.info.window_to_unix_ms = 5;
}

static void
both_away(void)
{
    u.t.agent[TOY_OLD].connected = u.t.agent[TOY_NEW].connected = false;
    u.t.agent[TOY_OLD].seen_ms = u.t.agent[TOY_OLD].reported_ms = 0;
    u.t.agent[TOY_NEW].seen_ms = u.now_ms - 90000;
    u.t.agent[TOY_NEW].reported_ms = u.now_ms - 91000;
}

static void
clocks_off(void)
{
    u.t.agent[TOY_OLD].skew_ms = u.t.info.policy.v[POLICY_SKEW_MS];
    u.t.agent[TOY_NEW].skew_ms = -u.t.info.policy.v[POLICY_SKEW_MS];
}

static void
heard_from_the_future(void)
{
    u.t.agent[TOY_OLD].seen_ms = u.now_ms + 1;
}

static void
alarm_unread(void)
{
    u.t.authority.member[TOY_NEW].tamper_unread = true;
}

static void
alarms_of_both(void)
{
    alarm_open();
    alarm_unread();
}

static void
alarm_of_a_run_unread(void)
{
    alarm_open();
    facts_set(view(TOY_OLD), FACT_EXPORTS_UNREAD, 9000);
}

static void
evidence_of_both_gone(void)
{
    evidence_gone();
    u.t.authority.member[TOY_NEW].evidence = (struct baton_hash){{0}};
    u.t.authority.phase = AUTH_FENCING;
}

static void
changed_and_exported(void)
{
    changed_since();
    exported();
}

static void
old_retired(void)
{
    u.t.authority.member[TOY_OLD].retired = true;
}

static void
old_promised(void)
{
    u.t.authority.member[TOY_OLD].accepted = true;
}

static void
old_did_not_promise(void)
{
    u.t.authority.member[TOY_OLD].accepted = false;
}

static void
exported_no_more_than_before(void)
{
    u.t.cutover.exports_before = fact_or(view(TOY_NEW), FACT_EXPORTS_TOTAL, 0);
    u.t.cutover.export_end_before = fact_or(view(TOY_NEW), FACT_LAST_EXPORT_END, 0);
}

static void
old_exported_no_more_than_before(void)
{
    u.t.cutover.exports_before = fact_or(view(TOY_OLD), FACT_EXPORTS_TOTAL, 0);
    u.t.cutover.export_end_before = fact_or(view(TOY_OLD), FACT_LAST_EXPORT_END, 0);
}

static void
watched_too_short(void)
{
    u.t.cutover.entered_ms = u.now_ms - 1;
    u.t.cutover.cycles_before = 0;
}

static void
tombstone_not_final(void)
{
    u.t.authority.member[TOY_OLD].retired = false;
}

static void
old_not_heard(void)
{
    u.t.authority.recovering = true;
    u.t.authority.member[TOY_OLD].heard = false;
}

static void
old_asked_to_stop(void)
{
    u.t.cutover.resume_to = HO_RELEASING;
}

static void
third_server_in_the_record(void)
{
    struct authority *a = &u.t.authority;
    a->member[a->member_count] = a->member[TOY_NEW];
    a->member[a->member_count++].key = toy_key(0xe1);
}

static void
go_asked_long_ago(void)
{
    u.t.authority.asked_ms = u.now_ms - 1 - (uint64_t)u.t.info.policy.v[POLICY_GO_MS];
}

static void
never_asked(void)
{
    u.t.authority.asked_ms = 0;
}

static void
other_settings(void)
{
    struct baton_hash other = {{9}};
    facts_set_digest(view(TOY_NEW), DIGEST_SETTINGS, &other);
}

static void
settings_not_sealed(void)
{
    settings_gone();
    u.t.cutover.settings_sealed = false;
}

static void
settings_seen_once(void)
{
    struct baton_hash hash = {{1}};
    facts_set(view(TOY_OLD), FACT_SETTINGS_SEEN, (int64_t)u.unix_ms);
    facts_set_digest(view(TOY_OLD), DIGEST_SETTINGS, &hash);
}

static void
settings_without_hash(void)
{
    facts_set(view(TOY_OLD), FACT_SETTINGS_SEEN, (int64_t)u.unix_ms);
}

static void
nobody_holds(void)
{
    adoption_open();
    u.t.authority.member[TOY_OLD].accepted = false;
    u.t.authority.holder = (struct baton_key){{0}};
}

static void
adoption_refused_for_ever(void)
{
    adoption_open();
    u.t.authority.member[TOY_NEW].ever_exported = true;
}

static void
adoption_refused_in_a_swing(void)
{
    adoption_refused_for_ever();
    u.t.plan.member[TOY_OLD].product = PRODUCT_CONNECT;
}

static void
adoption_taken_after_an_export(void)
{
    adoption_refused_for_ever();
    u.t.authority.member[TOY_NEW].accepted = true;
    u.t.authority.member[TOY_OLD].accepted = false;
}

static void
adoption_refused(void)
{
    adoption_open();
    u.t.authority.member[TOY_NEW].said = SAY_REFUSED;
    u.t.authority.member[TOY_NEW].refusal = REFUSE_EXPORTING;
}

static void
adoption_of_a_guarded_server(void)
{
    adoption_open();
    u.t.authority.member[TOY_OLD].accepted = false;
    u.t.authority.member[TOY_OLD].said = SAY_REFUSED;
    u.t.authority.member[TOY_OLD].refusal = REFUSE_GUARDED;
}

static void
promised_apart(void)
{
    adoption_open();
    u.t.authority.member[TOY_NEW].promise = toy_epoch(9);
}

static void
no_cycle_since(void)
{
    u.t.cutover.cycles_before = fact_or(view(TOY_OLD), FACT_GOOD_CYCLES, 0);
    view(TOY_OLD)->fact[FACT_LAST_CYCLE_END].state = FACT_UNKNOWN;
}

static void
source_dead(void)
{
    facts_set(view(TOY_OLD), FACT_LAST_EXPORT_END, 5);
}

static void
class_connect(void)
{
    facts_set(view(TOY_OLD), FACT_PRODUCT_CLASS, PRODUCT_CONNECT);
}

static void
everything_wrong_with_the_pair(void)
{
    u.t.agent[TOY_OLD].confirmed = false;
    u.t.agent[TOY_NEW].revoked = true;
    u.t.agent[TOY_NEW].key = u.t.agent[TOY_OLD].key;
    facts_set(view(TOY_OLD), FACT_PRODUCT_PRESENT, 0);
    facts_set(view(TOY_NEW), FACT_STAGING_SCHEDULER, 0);
    facts_set(view(TOY_NEW), FACT_EXPORTS_TOTAL, 1);
}

static void
eight_rows_open(void)
{
    struct review *r = &u.t.cutover.review;
    rows_open();
    u.t.cutover.verification.value[VERIFY_PARITY_ROWS] = 8;
    for (; r->row_count < 9; r->row_count++) {
        struct review_row *row = &r->row[r->row_count];
        *row = (struct review_row){.severity = SEVERITY_REVIEW};
        row->row.b[0] = (uint8_t)(0x10 + r->row_count);
        memcpy(row->rule, r->row_count == 0 ? "EX-ADDS\0\0\0\0\0" : "CF-PARAMETER", 13);
    }
}

static void
parity_told_by_now(void)
{
    struct baton_hash hash = {{1}};
    u.t.cutover.review.findings = hash;
    facts_set_digest(view(TOY_NEW), DIGEST_FINDINGS, &hash);
    facts_set_digest(view(TOY_NEW), DIGEST_COMPARED_CONFIG, &hash);
    facts_set_digest(view(TOY_OLD), DIGEST_CONFIG, &hash);
    u.t.cutover.verification.known[VERIFY_PARITY_ROWS] = false;
}

static void
old_configuration_unknown(void)
{
    parity_told_by_now();
    view(TOY_OLD)->digest_known[DIGEST_CONFIG] = false;
}

static void
scope_uncounted(void)
{
    u.t.cutover.verification.known[VERIFY_SCOPE_OBJECTS] = false;
    facts_absent(view(TOY_NEW), FACT_OBJECTS, ABSENT_ERROR);
}

static void
everything_moved(void)
{
    version_moved();
    rules_moved();
    config_moved();
}

static void
nothing_readable(void)
{
    version_unreadable();
    rules_unreadable();
    config_unreadable();
}

static void
no_cycle_under_a_wizard_of_nobody(void)
{
    cycle_long_ago();
    facts_set(view(TOY_NEW), FACT_WIZARD_OPEN, 1);
    facts_note(view(TOY_NEW), "");
}

static void
cycle_just_too_old(void)
{
    facts_set(view(TOY_NEW), FACT_INTERVAL_MS, 3600000);
    facts_set(view(TOY_NEW), FACT_LAST_CYCLE_END, (int64_t)u.unix_ms - 2 * 3600000 - 1);
    u.t.agent[TOY_NEW].skew_ms = 0;
}

static void
verified_after_now(void)
{
    u.t.cutover.verified_ms = 0;
    u.t.cutover.verified_unix_ms = u.unix_ms + 1;
}

static void
never_verified(void)
{
    u.t.cutover.verified_ms = 0;
    u.t.cutover.verified_unix_ms = 0;
}

static void
everything_moved_no_go(void)
{
    everything_moved();
    changed_since();
}

static const struct {
    uint8_t guard, state;
    void (*broken_by)(void);
    const char *told; /* who clears it, the next command, then each fact */
} refusals[] = {
    {G_PAIR, HO_ASSESSED, old_unconfirmed,
     "an operator at each server's console -> baton agent confirm contoso HOST\n"
     "old server: its agent is not confirmed by an operator\n"
     "old server: product_present is 1 (1 ms old)\n"},
    {G_PATH, HO_ASSESSED, blocked_configuration,
     "any operator -> baton cutover abandon contoso\n"
     "old server: product_class is 1 (1 ms old)\n"
     "old server: last_export_end is 1763999999000 (1 ms old)\n"
     "old server: blocked_config is 2 (1 ms old)\n"},
    {G_ADOPTED, HO_EXPORT_SETTINGS, adoption_open,
     "the agents; after a refusal: baton cutover adopt -> baton cutover adopt contoso\n"
     "new server: has not answered the adoption\n"},
    {G_SETTINGS_PLACED, HO_INSTALL_STAGED, settings_gone,
     "the agents, or the administrator of the new server -> baton cutover explain contoso\n"
     "new server: settings_placed is 1 (0 ms old)\n"
     "new server: has no settings file yet\n"},
    {G_PREREQ, HO_INSTALL_STAGED, prerequisite_failed,
     "the administrator of the new server -> on NEW, as administrator: baton-agent preflight --dir "
     "DIR\n"
     "new server: prereq_failed is 1 (0 ms old)\n"
     "preflight shows each check there, with what to do\n"},
    {G_STAGED, HO_FIRST_SYNC, staging_unknown,
     "the administrator of the new server -> baton cutover task contoso\n"
     "new server: product_class is 3 (0 ms old)\n"
     "new server: product_present is 1 (0 ms old)\n"
     "new server: connector_ready is 1 (0 ms old)\n"
     "new server: staging_scheduler is 1 (0 ms old)\n"
     "new server: staging_settings is unknown\n"
     "new server: exports_total is 0 (0 ms old)\n"},
    {G_STAGED, HO_FIRST_SYNC, staging_off,
     "the administrator of the new server -> baton cutover task contoso\n"
     "new server: product_class is 3 (0 ms old)\n"
     "new server: product_present is 1 (0 ms old)\n"
     "new server: connector_ready is 1 (0 ms old)\n"
     "new server: staging_scheduler is 0 (0 ms old)\n"
     "new server: staging_settings is 1 (0 ms old)\n"
     "new server: exports_total is 0 (0 ms old)\n"},
    {G_OLD_ALIVE, HO_VERIFY, old_blind,
     "the administrator of the old server -> baton cutover explain contoso\n"
     "old server: import_ok is 0 (1 ms old)\n"
     "old server: good_cycles is 41 (1 ms old)\n"
     "good cycles of the old server when the new one was installed: 40\n"},
    {G_4OPS, HO_VERIFY, full_sync_missing,
     "the administrator of the new server -> wait for its runs; where none goes on, on NEW, in "
     "PowerShell: Start-ADSyncSyncCycle -PolicyType Initial\n"
     "new server: full_import_ad is 1 (0 ms old)\n"
     "new server: full_sync_ad is 1 (0 ms old)\n"
     "new server: full_import_entra is 1 (0 ms old)\n"
     "new server: full_sync_entra is unknown\n"
     "1: ended well on every such connector, begun after the configuration last changed\n"},
    {G_FRESH, HO_READY, verified_long_ago,
     "any operator -> baton cutover reverify contoso\n"
     "the verification is this old: 10 min, allowed 10 min\n"},
    {G_TOOLS, HO_READY, wizard_open,
     "whoever has it open; a run ends by itself -> baton cutover explain contoso\n"
     "old server: wizard_open is 1 (1 ms old)\n"
     "old server: console_open is 0 (1 ms old)\n"
     "old server: installer_open is 0 (1 ms old)\n"
     "old server: run_in_progress is 0 (1 ms old)\n"
     "session 2 holds the wizard\n"
     "new server: wizard_open is 0 (0 ms old)\n"
     "new server: console_open is 0 (0 ms old)\n"
     "new server: installer_open is 0 (0 ms old)\n"
     "new server: run_in_progress is 0 (0 ms old)\n"},
    {G_LIVE, HO_READY, clock_off,
     "the administrators of both servers -> baton agent list --tenant contoso\n"
     "old server: heard 1 ms ago, allowed 5 s\n"
     "new server: heard 0 ms ago, allowed 5 s\n"
     "new server: its clock is off by 10 min, allowed 5 min\n"},
    {G_WINDOW, HO_READY, window_over,
     "time; or an operator who sets another window -> baton tenant window set contoso --from TIME "
     "--until TIME\n"
     "the window is from 1970-01-01 00:00:00Z to 1970-01-01 00:00:00Z\n"
     "the window is over, and no other one is set\n"},
    {G_WINDOW, HO_READY, window_ahead,
     "time; or an operator who sets another window -> baton tenant window set contoso --from TIME "
     "--until TIME\n"
     "the window is from 2100-03-01 00:00:00Z to 2100-03-01 03:00:00Z\n"
     "it opens in 27124 d 7 h and lasts 3 h\n"},
    {G_NEW_STAGED, HO_READY, sight_old,
     "the administrator of the new server -> the same command again in a few seconds\n"
     "new server: staging_scheduler is 1 (11 s old)\n"
     "new server: staging_settings is 1 (11 s old)\n"
     "new server: wizard_open is 0 (11 s old)\n"
     "new server: console_open is 0 (11 s old)\n"
     "new server: installer_open is 0 (11 s old)\n"
     "new server: sync_shell_open is 0 (11 s old)\n"
     "new server: run_in_progress is 0 (11 s old)\n"
     "new server: last looked at 11 s ago, allowed 10 s\n"},
    {G_NEW_STAGED, HO_READY, staging_off,
     "the administrator of the new server -> the same command again in a few seconds\n"
     "new server: staging_scheduler is 0 (0 ms old)\n"
     "new server: staging_settings is 1 (0 ms old)\n"
     "new server: wizard_open is 0 (0 ms old)\n"
     "new server: console_open is 0 (0 ms old)\n"
     "new server: installer_open is 0 (0 ms old)\n"
     "new server: sync_shell_open is 0 (0 ms old)\n"
     "new server: run_in_progress is 0 (0 ms old)\n"},
    {G_NO_TAMPER, HO_READY, alarm_open,
     "any operator -> baton cutover challenge contoso\n"
     "old server: its guard raised an alarm\n"
     "it has not given evidence since\n"},
    {G_OLD_STOPPED, HO_GAP, evidence_gone,
     "the agents; if a server cannot answer: baton cutover fence -> baton cutover explain contoso\n"
     "old server: no evidence yet, last word evidence\n"},
    {G_GO_STANDS, HO_GAP, changed_since,
     "any operator -> baton cutover reverify contoso; then baton cutover accept contoso --reason "
     "'...'\n"
     "the verification that people approved is not what the new server is now\n"
     "or back to the old server: baton cutover rollback\n"},
    {G_LATCH_CLEAR, HO_GAP, exported,
     "nobody -> baton cutover explain contoso\n"
     "new server: it has left staging or exported\n"},
    {G_MAY_RETURN, HO_GAP, exported,
     "nobody -> baton cutover explain contoso\n"
     "the new server has exported: there is no way back to a legacy server\n"},
    {G_EXPORT_SEEN, HO_PROBATION, export_failed,
     "the administrator of the new server -> baton cutover explain contoso\n"
     "new server: last_export_ok is 0 (0 ms old)\n"
     "new server: exports_total is 1 (0 ms old)\n"
     "its exports before the grant: 0\n"},
    {G_PROBATION, HO_DECOMMISSION, one_cycle_short,
     "nobody: wait -> baton cutover explain contoso\n"
     "watched for 2 ms, needed 3 s\n"
     "good cycles since then: 1\n"
     "needed: 2\n"
     "new server: last_export_ok is 1 (0 ms old)\n"},
    {G_RETIRED, HO_DONE, product_still_there,
     "operators with the approve role -> baton cutover retire contoso\n"
     "old server: product_present is 1 (1 ms old)\n"
     "old server: its tombstone is final\n"},
    {G_RETIRED, HO_DONE, account_there,
     "operators with the approve role -> baton cutover retire contoso\n"
     "old server: product_present is 0 (3 ms old)\n"
     "old server: its tombstone is final\n"
     "new server: its product has logged no removal of that account\n"
     "people who signed that it is gone: 0\n"
     "needed, where no server can see it: 1\n"},
    {G_ACCOUNT_GONE, HO_DONE, account_there,
     "whoever administers the tenant's accounts -> baton cutover task contoso\n"
     "new server: its product has logged no removal of that account\n"
     "people who signed that it is gone: 0\n"
     "needed, where no server can see it: 1\n"},
    {G_ACCOUNT_GONE, HO_DONE, account_made_again,
     "whoever administers the tenant's accounts -> baton cutover task contoso\n"
     "new server: its product logged the removal of that account at 2025-11-24 15:59:58Z\n"
     "that was before the old server's last export: the account was made again\n"
     "people who signed that it is gone: 0\n"
     "needed, where no server can see it: 1\n"},
    {G_ACCOUNT_GONE, HO_DONE, account_unknown,
     "whoever administers the tenant's accounts -> baton cutover task contoso\n"
     "new server: it cannot say whether that account was removed\n"
     "people who signed that it is gone: 0\n"
     "needed, where no server can see it: 1\n"},
    {G_OLD_ABSENT, HO_DONE, product_still_there,
     "the administrator of the old server -> baton cutover task contoso\n"
     "old server: product_present is 1 (1 ms old)\n"},
    {G_RECONCILED, HO_READY, not_heard,
     "the administrators of both servers -> baton agent list --tenant contoso\n"
     "OLD: not heard since this controller started at 2025-11-24 16:00:00Z, connected\n"
     "NEW: not heard since this controller started at 2025-11-24 16:00:00Z, connected\n"},
    {G_PREREQ, HO_INSTALL_STAGED, prerequisites_unknown,
     "the administrator of the new server -> on NEW, as administrator: baton-agent preflight --dir "
     "DIR\n"
     "new server: prereq_failed is unknown\n"
     "preflight shows each check there, with what to do\n"},
    {G_PARITY, HO_VERIFY, nothing_broken,
     "any operator -> baton cutover accept contoso --reason '...'\n"
     "new server: its agent has sent no findings yet\n"
     "parity_rows is unknown: accept it with a reason, or have it computed\n"},
    {G_PARITY, HO_VERIFY, list_on_its_way,
     "any operator -> baton cutover accept contoso --reason '...'\n"
     "new server: its agent looks again, or could not read its files\n"
     "parity_rows is unknown: accept it with a reason, or have it computed\n"},
    {G_PARITY, HO_VERIFY, old_configured_again,
     "any operator -> baton cutover accept contoso --reason '...'\n"
     "old server: it was configured again, or came without its configuration\n"
     "parity_rows is unknown: accept it with a reason, or have it computed\n"},
    {G_PARITY, HO_VERIFY, row_open_for_two,
     "two operators with the approve role -> baton cutover findings contoso; then mend it, or "
     "baton cutover dispose contoso 1a2b3c4d5e6f --as accepted --reason '...'\n"
     "configuration differences without a disposition: 3\n"
     "CF-SCOPE-NARROWED, row 1a2b3c4d5e6f: 1 of 2 people decided\n"},
    {G_PARITY, HO_VERIFY, rows_left_out,
     "the administrator of the new server -> baton cutover findings contoso\n"
     "configuration differences without a disposition: 3\n"
     "and more: 3\n"
     "some did not fit into the list: mend the worst on the new server first\n"},
    {G_DIFF, HO_VERIFY, nothing_broken,
     "any operator -> baton cutover accept contoso --reason '...'\n"
     "pending deletions: 0\n"
     "allowed: 0 (the smaller of deletes_count and deletes_percent)\n"
     "objects in scope: 1200\n"
     "anchor_changes is unknown: accept it with a reason, or have it computed\n"},
    {G_DIFF, HO_VERIFY, deletes_above,
     "the administrator of the new server -> baton cutover findings contoso\n"
     "pending deletions: 44\n"
     "allowed: 0 (the smaller of deletes_count and deletes_percent)\n"
     "objects in scope: 1200\n"
     "no reason opens it: mend the new server's scope and synchronize it in full\n"
     "another limit stands in another plan: abandon, baton tenant set, create anew\n"},
    {G_DIFF, HO_VERIFY, deletes_told_no_more,
     "the administrator of the new server -> baton agent show contoso NEW\n"
     "pending deletions or objects in scope of the new server are unknown\n"
     "new server: pending_deletes is absent: error\n"
     "new server: objects is 1200 (0 ms old)\n"
     "nobody may accept deletions that nobody counted\n"},
    {G_DIFF, HO_VERIFY, deletes_told_by_now,
     "any operator -> baton cutover reverify contoso\n"
     "pending deletions or objects in scope of the new server are unknown\n"
     "new server: pending_deletes is 0 (0 ms old)\n"
     "new server: objects is 100 (0 ms old)\n"
     "nobody may accept deletions that nobody counted\n"
     "the new server's agent tells it now: verify again\n"},
    {G_DIFF, HO_VERIFY, anchors_told_by_now,
     "any operator -> baton cutover reverify contoso\n"
     "pending deletions: 0\n"
     "allowed: 0 (the smaller of deletes_count and deletes_percent)\n"
     "objects in scope: 1200\n"
     "anchor_changes is unknown: accept it with a reason, or have it computed\n"
     "the new server's agent tells it now: verify again\n"},
    {G_DIFF, HO_VERIFY, anchors_change,
     "the administrator of the new server -> baton cutover findings contoso\n"
     "pending deletions: 0\n"
     "allowed: 0 (the smaller of deletes_count and deletes_percent)\n"
     "objects in scope: 1200\n"
     "objects whose source anchor would change: 1\n"
     "no reason opens it: both servers must use one source anchor\n"},
    {G_FRESH, HO_READY, version_moved,
     "any operator -> baton cutover reverify contoso\n"
     "the verification is this old: 0 ms, allowed 10 min\n"
     "new server: its version was 2.6.0.0 in the verification, is 2.9.0.0\n"},
    {G_FRESH, HO_READY, rules_moved,
     "any operator -> baton cutover reverify contoso\n"
     "the verification is this old: 0 ms, allowed 10 min\n"
     "new server: its synchronization rules changed since the verification\n"},
    {G_FRESH, HO_READY, config_moved,
     "any operator -> baton cutover reverify contoso\n"
     "the verification is this old: 0 ms, allowed 10 min\n"
     "new server: its configuration changed since the verification\n"},
    {G_FRESH, HO_READY, old_configured_after_parity,
     "any operator -> baton cutover reverify contoso\n"
     "the verification is this old: 0 ms, allowed 10 min\n"
     "old server: it was configured again since both were compared\n"},
    {G_FRESH, HO_READY, deletes_have_come,
     "the administrator of the new server -> baton cutover findings contoso\n"
     "the verification is this old: 0 ms, allowed 10 min\n"
     "new server: deletions that are pending now: 40\n"
     "allowed: 0 (the smaller of deletes_count and deletes_percent)\n"
     "nobody has seen them: they are not in the verification\n"},
    {G_FRESH, HO_READY, deletes_unreadable,
     "the administrator of the new server -> baton agent show contoso NEW\n"
     "the verification is this old: 0 ms, allowed 10 min\n"
     "new server: its pending deletions cannot be read now, so more may have come\n"},
    {G_FRESH, HO_READY, config_unreadable,
     "the administrator of the new server -> baton agent show contoso NEW\n"
     "the verification is this old: 0 ms, allowed 10 min\n"
     "new server: its configuration cannot be read now, so it may have changed\n"},
    {G_FRESH, HO_READY, rules_unreadable,
     "the administrator of the new server -> baton agent show contoso NEW\n"
     "the verification is this old: 0 ms, allowed 10 min\n"
     "new server: its synchronization rules cannot be read now, so they may have changed\n"},
    {G_FRESH, HO_READY, version_unreadable,
     "the administrator of the new server -> baton agent show contoso NEW\n"
     "the verification is this old: 0 ms, allowed 10 min\n"
     "new server: its version cannot be read now, so it may have changed\n"},
    {G_FRESH, HO_READY, cycle_long_ago,
     "the administrator of the new server -> on NEW, in PowerShell: Start-ADSyncSyncCycle "
     "-PolicyType Delta\n"
     "the verification is this old: 0 ms, allowed 10 min\n"
     "new server: last complete cycle ended 24 h ago, allowed 4 s\n"},
    {G_FRESH, HO_READY, cycle_long_ago_and_silent,
     "the administrator of the new server -> baton agent list --tenant contoso\n"
     "the verification is this old: 0 ms, allowed 10 min\n"
     "new server: last complete cycle ended 24 h ago, allowed 4 s\n"
     "new server: not connected\n"},
    {G_FRESH, HO_READY, no_cycle_under_a_wizard,
     "whoever has it open -> close it, then the same command again\n"
     "the verification is this old: 0 ms, allowed 10 min\n"
     "new server: last complete cycle ended 24 h ago, allowed 4 s\n"
     "new server: a wizard is open there, and no cycle begins while it is\n"
     "wizard of CONTOSO\\carla\n"},
    {G_FRESH, HO_READY, not_reported_yet,
     "the administrator of the new server -> baton agent list --tenant contoso\n"
     "the verification is this old: 0 ms, allowed 10 min\n"
     "new server: it has not reported since this controller started\n"},
    {G_STAGED, HO_FIRST_SYNC, told_in_an_earlier_run,
     "the administrator of the new server -> baton cutover task contoso\n"
     "new server: product_class is 3 (from an earlier run)\n"
     "new server: product_present is 1 (from an earlier run)\n"
     "new server: connector_ready is 1 (from an earlier run)\n"
     "new server: staging_scheduler is 0 (from an earlier run)\n"
     "new server: staging_settings is 1 (from an earlier run)\n"
     "new server: exports_total is 0 (from an earlier run)\n"},
    {G_STAGED, HO_FIRST_SYNC, told_by_a_clock_that_was_ahead,
     "the administrator of the new server -> baton cutover task contoso\n"
     "new server: product_class is 3 (from an earlier run)\n"
     "new server: product_present is 1 (from an earlier run)\n"
     "new server: connector_ready is 1 (from an earlier run)\n"
     "new server: staging_scheduler is 0 (from an earlier run)\n"
     "new server: staging_settings is 1 (from an earlier run)\n"
     "new server: exports_total is 0 (from an earlier run)\n"},
    {G_STAGED, HO_FIRST_SYNC, staging_absent,
     "the administrator of the new server -> baton cutover task contoso\n"
     "new server: product_class is 3 (0 ms old)\n"
     "new server: product_present is 1 (0 ms old)\n"
     "new server: connector_ready is 1 (0 ms old)\n"
     "new server: staging_scheduler is 1 (0 ms old)\n"
     "new server: staging_settings is absent: error\n"
     "new server: exports_total is 0 (0 ms old)\n"},
    {G_STAGED, HO_FIRST_SYNC, class_unknown,
     "the administrator of the new server -> baton cutover task contoso\n"
     "new server: product_class is unknown\n"
     "new server: product_present is 1 (0 ms old)\n"
     "new server: connector_ready is 1 (0 ms old)\n"
     "new server: staging_scheduler is 1 (0 ms old)\n"
     "new server: staging_settings is 1 (0 ms old)\n"
     "new server: exports_total is 0 (0 ms old)\n"},
    {G_STAGED, HO_FIRST_SYNC, exported_in_staging,
     "the administrator of the new server -> baton cutover task contoso\n"
     "new server: product_class is 3 (0 ms old)\n"
     "new server: product_present is 1 (0 ms old)\n"
     "new server: connector_ready is 1 (0 ms old)\n"
     "new server: staging_scheduler is 1 (0 ms old)\n"
     "new server: staging_settings is 1 (0 ms old)\n"
     "new server: exports_total is 2 (0 ms old)\n"},
    {G_NEW_STAGED, HO_READY, stopped_by_its_guard,
     "the administrator of the new server -> the same command again in a few seconds\n"
     "new server: services_stopped is 1 (0 ms old)\n"
     "new server: services_disabled is 0 (0 ms old)\n"},
    {G_NEW_STAGED, HO_READY, stopped_long_ago,
     "the administrator of the new server -> the same command again in a few seconds\n"
     "new server: services_stopped is 1 (11 s old)\n"
     "new server: services_disabled is 1 (11 s old)\n"
     "new server: last looked at 11 s ago, allowed 10 s\n"},
    {G_NEW_STAGED, HO_READY, new_wizard_open,
     "the administrator of the new server -> the same command again in a few seconds\n"
     "new server: staging_scheduler is 1 (0 ms old)\n"
     "new server: staging_settings is 1 (0 ms old)\n"
     "new server: wizard_open is 1 (0 ms old)\n"
     "new server: console_open is 0 (0 ms old)\n"
     "new server: installer_open is 0 (0 ms old)\n"
     "new server: sync_shell_open is 0 (0 ms old)\n"
     "new server: run_in_progress is 0 (0 ms old)\n"
     "wizard of CONTOSO\\carla\n"},
    {G_TOOLS, HO_READY, new_wizard_open,
     "whoever has it open; a run ends by itself -> baton cutover explain contoso\n"
     "old server: wizard_open is 0 (1 ms old)\n"
     "old server: console_open is 0 (1 ms old)\n"
     "old server: installer_open is 0 (1 ms old)\n"
     "old server: run_in_progress is 0 (1 ms old)\n"
     "new server: wizard_open is 1 (0 ms old)\n"
     "new server: console_open is 0 (0 ms old)\n"
     "new server: installer_open is 0 (0 ms old)\n"
     "new server: run_in_progress is 0 (0 ms old)\n"
     "wizard of CONTOSO\\carla\n"},
    {G_WINDOW, HO_READY, window_without_beginning,
     "time; or an operator who sets another window -> baton tenant window set contoso --from TIME "
     "--until TIME\n"
     "the window is from 1970-01-01 00:00:00Z to 1970-01-01 00:00:00Z\n"
     "the window is over, and no other one is set\n"},
    {G_LIVE, HO_READY, both_away,
     "the administrators of both servers -> baton agent list --tenant contoso\n"
     "old server: not connected\n"
     "old server: heard never in this run, allowed 5 s\n"
     "new server: not connected\n"
     "new server: heard 90 s ago, allowed 5 s\n"},
    {G_LIVE, HO_READY, clocks_off,
     "the administrators of both servers -> baton agent list --tenant contoso\n"
     "old server: heard 1 ms ago, allowed 5 s\n"
     "old server: its clock is off by 5 min, allowed 5 min\n"
     "new server: heard 0 ms ago, allowed 5 s\n"
     "new server: its clock is off by 5 min, allowed 5 min\n"},
    {G_LIVE, HO_READY, heard_from_the_future,
     "the administrators of both servers -> baton agent list --tenant contoso\n"
     "old server: heard never in this run, allowed 5 s\n"
     "new server: heard 0 ms ago, allowed 5 s\n"},
    {G_NO_TAMPER, HO_READY, alarm_unread,
     "any operator -> baton cutover acknowledge contoso\n"
     "new server: its guard raised an alarm\n"
     "nobody has acknowledged it yet\n"},
    {G_NO_TAMPER, HO_READY, alarms_of_both,
     "any operator -> baton cutover challenge contoso\n"
     "old server: its guard raised an alarm\n"
     "it has not given evidence since\n"
     "new server: its guard raised an alarm\n"
     "nobody has acknowledged it yet\n"},
    {G_NO_TAMPER, HO_READY, alarm_of_a_run_unread,
     "any operator -> baton cutover challenge contoso\n"
     "old server: its guard raised an alarm\n"
     "it has not given evidence since\n"
     "old server: nobody could read whether it exported before its guard stopped it\n"},
    {G_OLD_STOPPED, HO_GAP, evidence_of_both_gone,
     "the agents; if a server cannot answer: baton cutover fence -> baton cutover explain contoso\n"
     "old server: no evidence yet, last word evidence\n"
     "new server: no evidence yet, last word evidence\n"},
    {G_GO_STANDS, HO_GAP, changed_and_exported,
     "any operator -> baton cutover reverify contoso; then baton cutover accept contoso --reason "
     "'...'\n"
     "the verification that people approved is not what the new server is now\n"
     "there is no way back: verify it here\n"},
    {G_MAY_RETURN, HO_GAP, old_retired,
     "nobody -> baton cutover explain contoso\n"
     "its product was removed\n"},
    {G_NOT_ACCEPTED, HO_GAP, old_promised,
     "nobody -> baton cutover explain contoso\n"
     "old server: it has promised the open epoch already\n"},
    {G_ACCEPTED, HO_GAP, old_did_not_promise,
     "the old server's agent -> baton cutover explain contoso\n"},
    {G_LATCH_SET, HO_GAP, nothing_broken, "nobody -> baton cutover explain contoso\n"},
    {G_EXPORT_SEEN, HO_PROBATION, exported_no_more_than_before,
     "the administrator of the new server -> baton cutover explain contoso\n"
     "new server: last_export_ok is 1 (0 ms old)\n"
     "new server: exports_total is 1 (0 ms old)\n"
     "its exports before the grant: 1\n"},
    {G_OLD_EXPORTED, HO_PROBATION, old_exported_no_more_than_before,
     "the administrator of the old server -> baton cutover explain contoso\n"
     "old server: last_export_ok is 1 (2 ms old)\n"
     "old server: exports_total is 7 (2 ms old)\n"
     "its exports before it was granted again: 7\n"},
    {G_PROBATION, HO_DECOMMISSION, watched_too_short,
     "nobody: wait -> baton cutover explain contoso\n"
     "watched for 1 ms, needed 3 s\n"
     "good cycles since then: 4\n"
     "needed: 2\n"
     "new server: last_export_ok is 1 (0 ms old)\n"},
    {G_RETIRED, HO_DONE, tombstone_not_final,
     "operators with the approve role -> baton cutover retire contoso\n"
     "old server: product_present is 0 (3 ms old)\n"
     "old server: its tombstone is not final yet\n"},
    {G_NEW_HOLDS, HO_READY, nothing_broken,
     "the new server's agent -> baton cutover explain contoso\n"},
    {G_NEW_EXPORTS, HO_READY, nothing_broken,
     "the administrator of the new server -> baton cutover explain contoso\n"
     "new server: staging_scheduler is 1 (0 ms old)\n"
     "new server: exports_total is 0 (0 ms old)\n"},
    {G_RECONCILED, HO_READY, old_not_heard,
     "the administrators of both servers -> baton agent list --tenant contoso\n"
     "OLD: not heard since this controller started at 2025-11-24 16:00:00Z, connected\n"
     "NEW: not heard since this controller started at 2025-11-24 16:00:00Z, connected\n"},
    {G_TAMPER_ANSWERED, HO_READY, nothing_broken,
     "the server's agent -> baton cutover explain contoso\n"
     "no alarm waits for a person\n"},
    {G_TAMPER_ANSWERED, HO_READY, alarms_of_both,
     "the server's agent -> baton cutover challenge contoso\n"
     "the server has given no evidence since its alarm\n"},
    {G_ALARM_OPEN, HO_READY, nothing_broken, "nobody -> baton cutover explain contoso\n"},
    {G_BEFORE_RELEASE, HO_READY, old_asked_to_stop,
     "any operator -> baton cutover resume contoso\n"
     "the old server was asked to stop already\n"},
    {G_APPR_LEFT_OUT, HO_READY, third_server_in_the_record,
     "operators with the approve role -> baton cutover approve contoso --for retire --host "
     "e1e1e1e1e1e1e1e1\n"
     "left out, and neither retired nor attested: the key e1e1e1e1e1e1e1e1\n"},
    {G_APPR_PLAN, HO_PLANNED, nothing_broken,
     "operators with the approve role -> baton cutover approve contoso --for plan\n"
     "plan: 0 of 1 approvals by different people stand\n"},
    {G_APPR_GO, HO_GAP, go_asked_long_ago,
     "operators with the approve role -> baton cutover go contoso\n"
     "everybody was challenged 20 s ago, allowed 20 s\n"
     "go: 0 of 1 approvals by different people stand\n"},
    {G_APPR_GO, HO_GAP, never_asked,
     "operators with the approve role -> baton cutover go contoso\n"
     "everybody was challenged never in this run, allowed 20 s\n"
     "go: 0 of 1 approvals by different people stand\n"},
    {G_APPR_ROLLBACK, HO_GAP, nothing_broken,
     "operators with the approve role -> baton cutover rollback contoso\n"
     "rollback: 0 of 1 approvals by different people stand\n"},
    {G_APPR_RETIRE, HO_PROBATION, nothing_broken,
     "operators with the approve role -> baton cutover retire contoso\n"
     "retire: 0 of 1 approvals by different people stand\n"},
    {G_APPR_ATTEST, HO_GAP, nothing_broken,
     "two operators with the break-glass role -> baton cutover attest contoso --host OLD --seen "
     "FILE --reason '...'\n"
     "attest: 0 of 2 approvals by different people stand\n"},
    {G_APPR_ADOPT, HO_GAP, nothing_broken,
     "operators with the approve role -> baton cutover adopt contoso\n"
     "adopt: 0 of 2 approvals by different people stand\n"},
    {G_APPR_ADOPT, HO_EXPORT_SETTINGS, nothing_broken,
     "operators with the approve role -> baton cutover approve contoso --for adopt\n"
     "adopt: 0 of 2 approvals by different people stand\n"},
    {G_SETTINGS_PLACED, HO_INSTALL_STAGED, other_settings,
     "the agents, or the administrator of the new server -> baton cutover explain contoso\n"
     "new server: settings_placed is 1 (0 ms old)\n"
     "new server: has another settings file than the one exported\n"},
    {G_SETTINGS_PLACED, HO_INSTALL_STAGED, settings_not_sealed,
     "the agents, or the administrator of the new server -> baton cutover explain contoso\n"
     "new server: settings_placed is 1 (0 ms old)\n"
     "old server: has not sealed the file yet\n"
     "new server: has no settings file yet\n"},
    {G_SETTINGS_SEEN, HO_EXPORT_SETTINGS, nothing_broken,
     "the administrator of the old server -> baton cutover task contoso\n"
     "old server: settings_seen is unknown\n"},
    {G_SETTINGS_SEEN, HO_EXPORT_SETTINGS, settings_seen_once,
     "the administrator of the old server -> baton cutover task contoso\n"
     "old server: settings_seen is 1764000002208 (3 ms old)\n"
     "its hash was seen once; it counts when two reports agree\n"},
    {G_SETTINGS_SEEN, HO_EXPORT_SETTINGS, settings_without_hash,
     "the administrator of the old server -> baton cutover task contoso\n"
     "old server: settings_seen is 1764000002208 (3 ms old)\n"},
    {G_ADOPTED, HO_EXPORT_SETTINGS, nobody_holds,
     "the agents; after a refusal: baton cutover adopt -> baton cutover adopt contoso\n"
     "old server: has not answered the adoption\n"
     "new server: has not answered the adoption\n"
     "no server has said in it that it holds the export role\n"},
    {G_ADOPTED, HO_EXPORT_SETTINGS, adoption_refused_for_ever,
     "any operator -> baton cutover abandon contoso --reason '...'\n"
     "new server: it left staging mode or exported, so it refuses every adoption\n"
     "give this cutover up; uninstall Entra Connect there and install it anew\n"
     "then: baton agent revoke contoso OLD --reason '...'\n"
     "and: baton agent revoke contoso NEW --reason '...'\n"
     "enrol both anew: baton agent token contoso OLD --role old\n"
     "and: baton agent token contoso NEW --role new\n"
     "then: baton cutover create contoso --old OLD --new NEW\n"},
    {G_ADOPTED, HO_EXPORT_SETTINGS, adoption_refused_in_a_swing,
     "the agents; after a refusal: baton cutover adopt -> baton cutover adopt contoso\n"
     "new server: has not answered the adoption\n"},
    {G_ADOPTED, HO_EXPORT_SETTINGS, adoption_taken_after_an_export,
     "the agents; after a refusal: baton cutover adopt -> baton cutover adopt contoso\n"
     "old server: has not answered the adoption\n"},
    {G_ADOPTED, HO_EXPORT_SETTINGS, promised_apart,
     "the agents; after a refusal: baton cutover adopt -> baton cutover approve contoso --for "
     "adopt\n"
     "new server: has not answered the adoption\n"
     "what the servers have promised differs: two people adopt them again\n"},
    {G_ADOPTED, HO_EXPORT_SETTINGS, adoption_refused,
     "the agents; after a refusal: baton cutover adopt -> baton cutover adopt contoso\n"
     "new server: refused the adoption: roles swapped or two exporters: this server exports and is "
     "not the holder named\n"},
    {G_ADOPTED, HO_EXPORT_SETTINGS, adoption_of_a_guarded_server,
     "any operator -> baton cutover abandon contoso --reason '...'\n"
     "old server: its guard has stopped it, so it refuses every adoption\n"
     "give this cutover up; it can be adopted with a new key alone\n"
     "then: baton agent revoke contoso OLD --reason '...'\n"
     "enrol it anew: baton agent token contoso OLD --role old\n"
     "once that is done start its services again by hand, as they were before\n"
     "then: baton cutover create contoso --old OLD --new NEW\n"},
    {G_OLD_ALIVE, HO_VERIFY, no_cycle_since,
     "the administrator of the old server -> baton cutover explain contoso\n"
     "old server: import_ok is 1 (1 ms old)\n"
     "old server: good_cycles is 41 (1 ms old)\n"
     "good cycles of the old server when the new one was installed: 41\n"},
    {G_OLD_PRESENT, HO_DONE, nothing_broken,
     "the administrator of the old server -> baton cutover task contoso\n"
     "old server: product_present is 0 (3 ms old)\n"},
    {G_PATH, HO_ASSESSED, source_dead,
     "any operator -> baton cutover abandon contoso\n"
     "old server: product_class is 1 (1 ms old)\n"
     "old server: last_export_end is 5 (1 ms old)\n"
     "old server: it no longer exports\n"},
    {G_PATH, HO_ASSESSED, class_connect,
     "any operator -> baton cutover abandon contoso\n"
     "old server: product_class is 3 (1 ms old)\n"
     "old server: last_export_end is 1763999999000 (1 ms old)\n"},
    {G_PAIR, HO_ASSESSED, everything_wrong_with_the_pair,
     "an operator at each server's console -> baton agent confirm contoso HOST\n"
     "old server: its agent is not confirmed by an operator\n"
     "new server: its agent is revoked\n"
     "both agents speak for one machine\n"
     "old server: product_present is 0 (1 ms old)\n"
     "new server: it exports already\n"},
    {G_PARITY, HO_VERIFY, eight_rows_open,
     "an operator with the approve role -> baton cutover findings contoso; then mend it, or baton "
     "cutover dispose contoso 110000000000 --as accepted --reason '...'\n"
     "configuration differences without a disposition: 8\n"
     "CF-PARAMETER, row 110000000000: 0 of 1 people decided\n"
     "CF-PARAMETER, row 120000000000: 0 of 1 people decided\n"
     "CF-PARAMETER, row 130000000000: 0 of 1 people decided\n"
     "CF-PARAMETER, row 140000000000: 0 of 1 people decided\n"
     "CF-PARAMETER, row 150000000000: 0 of 1 people decided\n"
     "CF-PARAMETER, row 160000000000: 0 of 1 people decided\n"
     "and more: 2\n"},
    {G_PARITY, HO_VERIFY, parity_told_by_now,
     "any operator -> baton cutover reverify contoso\n"
     "parity_rows is unknown: accept it with a reason, or have it computed\n"
     "the new server's agent tells it now: verify again\n"},
    {G_PARITY, HO_VERIFY, old_configuration_unknown,
     "any operator -> baton cutover accept contoso --reason '...'\n"
     "old server: its configuration is not known\n"
     "parity_rows is unknown: accept it with a reason, or have it computed\n"},
    {G_DIFF, HO_VERIFY, scope_uncounted,
     "the administrator of the new server -> baton agent show contoso NEW\n"
     "pending deletions or objects in scope of the new server are unknown\n"
     "new server: pending_deletes is 0 (0 ms old)\n"
     "new server: objects is absent: error\n"
     "nobody may accept deletions that nobody counted\n"},
    {G_FRESH, HO_READY, everything_moved,
     "any operator -> baton cutover reverify contoso\n"
     "the verification is this old: 0 ms, allowed 10 min\n"
     "new server: its version was 2.6.0.0 in the verification, is 2.9.0.0\n"
     "new server: its synchronization rules changed since the verification\n"
     "new server: its configuration changed since the verification\n"},
    {G_GO_STANDS, HO_GAP, everything_moved_no_go,
     "any operator -> baton cutover reverify contoso; then baton cutover accept contoso --reason "
     "'...'\n"
     "the verification that people approved is not what the new server is now\n"
     "new server: its version was 2.6.0.0 in the verification, is 2.9.0.0\n"
     "new server: its synchronization rules changed since the verification\n"
     "new server: its configuration changed since the verification\n"
     "or back to the old server: baton cutover rollback\n"},
    {G_FRESH, HO_READY, nothing_readable,
     "the administrator of the new server -> baton agent show contoso NEW\n"
     "the verification is this old: 0 ms, allowed 10 min\n"
     "new server: its version cannot be read now, so it may have changed\n"
     "new server: its synchronization rules cannot be read now, so they may have changed\n"
     "new server: its configuration cannot be read now, so it may have changed\n"},
    {G_FRESH, HO_READY, no_cycle_under_a_wizard_of_nobody,
     "whoever has it open -> close it, then the same command again\n"
     "the verification is this old: 0 ms, allowed 10 min\n"
     "new server: last complete cycle ended 24 h ago, allowed 4 s\n"
     "new server: a wizard is open there, and no cycle begins while it is\n"},
    {G_FRESH, HO_READY, cycle_just_too_old,
     "the administrator of the new server -> on NEW, in PowerShell: Start-ADSyncSyncCycle "
     "-PolicyType Delta\n"
     "the verification is this old: 0 ms, allowed 10 min\n"
     "new server: last complete cycle ended 2 h ago, allowed 2 h\n"},
    {G_FRESH, HO_READY, verified_after_now,
     "any operator -> baton cutover reverify contoso\n"
     "the verification is this old: never in this run, allowed 10 min\n"},
    {G_FRESH, HO_READY, never_verified,
     "any operator -> baton cutover reverify contoso\n"
     "the verification is this old: never in this run, allowed 10 min\n"},
};

static const char *
words_of(const struct problem *p)
{
    static char text[4096];
    size_t at = (size_t)snprintf(text, sizeof text, "%s -> %s\n", p->who, p->next);
    for (size_t i = 0; i < p->fact_count; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s\n", p->fact[i].text);
    return text;
}

static void
each_refusal_says_who_clears_it_by_which_command_and_every_fact(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        duet_open(&u);
        duet_to(&u, (enum handoff_state)refusals[i].state);
        refusals[i].broken_by();
        struct problem p = ask((enum guard_id)refusals[i].guard, "");
        assert_int_not_equal(p.status, BATON_OK);
        if (strcmp(words_of(&p), refusals[i].told) == 0)
            continue;
        wrong++;
        print_error("row %zu, %s:\n%s---\n", i, guard_name((enum guard_id)refusals[i].guard),
                    words_of(&p));
    }
    assert_int_equal(wrong, 0);
}

/* Stopped or put into staging mode it may look otherwise: that is no change by people. */
static void
what_the_old_server_looks_like_when_it_stops_makes_nothing_stale(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    old_configured_after_parity();
    assert_int_equal(ask(G_FRESH, "").status, BATON_OK);
    u.t.cutover.state = HO_RELEASING;
    assert_int_equal(ask(G_FRESH, "").status, BATON_OK);
    u.t.cutover.state = HO_ARMED;
    assert_int_not_equal(ask(G_FRESH, "").status, BATON_OK);
}

static void
a_no_go_says_what_changed(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    changed_since();
    version_moved();
    struct problem p = ask(G_GO_STANDS, "");
    assert_true(says(&p, "in the verification, is 2.9.0.0"));
    assert_true(says(&p, "baton cutover rollback"));
    assert_string_equal(p.next, "baton cutover reverify contoso; then baton cutover accept contoso "
                                "--reason '...'");
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
a_state_that_begins_in_the_future_is_entered_again(void **state)
{
    (void)state;
    duet_to(&u, HO_EXPORT_SETTINGS);
    struct facts *f = view(TOY_OLD);
    struct baton_hash hash = {{1}};
    facts_set(f, FACT_SETTINGS_SEEN, (int64_t)u.unix_ms - 86400000);
    facts_set_digest(f, DIGEST_SETTINGS, &hash);
    struct problem p = ask(G_SETTINGS_SEEN, "");
    assert_true(says(&p, "export the settings again"));
    u.t.cutover.entered_unix_ms = u.unix_ms; /* this very moment is no future */
    p = ask(G_SETTINGS_SEEN, "");
    assert_true(says(&p, "export the settings again"));
    facts_set(f, FACT_SETTINGS_SEEN, (int64_t)u.unix_ms);
    u.t.cutover.entered_unix_ms = u.unix_ms + 86400000; /* the controller's clock was a day ahead */
    p = ask(G_SETTINGS_SEEN, "");
    assert_false(says(&p, "export the settings again"));
    assert_true(says(&p, "clock was ahead"));
    assert_string_equal(p.who, "any operator");
    assert_non_null(strstr(p.next, "baton cutover hold contoso"));
    assert_int_equal(duet_verb(&u, HEV_HOLD, "clock"), BATON_OK);
    assert_int_equal(duet_verb(&u, HEV_RESUME, NULL), BATON_OK);
    assert_true(u.t.cutover.entered_unix_ms <= u.unix_ms);
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

/* Nothing is lost by waiting while the old server exports: it may be the one that tells the tenant of them. */
static void
deletes_that_came_after_the_verification_stop_a_cutover_that_has_not_begun(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    u.t.info.policy.v[POLICY_DELETES_COUNT] = 3;
    u.t.info.policy.v[POLICY_DELETES_PERCENT] = 100;
    facts_set(view(TOY_NEW), FACT_PENDING_DELETES, 3);
    assert_int_equal(ask(G_FRESH, NULL).status, BATON_OK);
    facts_set(view(TOY_NEW), FACT_PENDING_DELETES, 4);
    assert_int_not_equal(ask(G_FRESH, NULL).status, BATON_OK);
    u.t.cutover.state = HO_READY;
    assert_int_not_equal(ask(G_FRESH, NULL).status, BATON_OK);
    u.t.cutover.state =
        HO_RELEASING; /* the old one is being stopped, and cannot tell anybody any more */
    assert_int_equal(ask(G_FRESH, NULL).status, BATON_OK);
    deletes_unreadable();
    assert_int_equal(ask(G_FRESH, NULL).status, BATON_OK);
    u.t.cutover.state = HO_ARMED;
    assert_int_not_equal(ask(G_FRESH, NULL).status, BATON_OK);
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
    config_unreadable(); /* nor its configuration, which nobody can read there now */
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

static bool
holds(enum guard_id id)
{
    return ask(id, "").status == BATON_OK;
}

/* --- conditions: which row of a rule is chosen ------------------------------------------------------ */

static void
asked_is_who_was_challenged_within_the_time_that_a_go_may_take(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    struct authority *a = &u.t.authority;
    uint64_t limit = (uint64_t)u.t.info.policy.v[POLICY_GO_MS];
    a->phase = AUTH_ASKED;
    a->asked_ms = u.now_ms - limit;
    assert_true(holds(G_ASKED) && !holds(G_NOT_ASKED));
    a->asked_ms--;
    assert_true(!holds(G_ASKED) && holds(G_NOT_ASKED));
    a->phase = AUTH_FENCED; /* there it is each one's evidence that has to be young */
    for (size_t m = 0; m < TOY_MEMBERS; m++)
        a->member[m].challenged_ms = u.now_ms - limit;
    assert_true(holds(G_ASKED));
    a->member[TOY_OLD].challenged_ms--;
    assert_false(holds(G_ASKED));
    a->phase = AUTH_GRANTED;
    a->asked_ms = u.now_ms;
    assert_false(holds(G_ASKED));
}

static void
sealed_settings_are_here_when_the_state_that_waits_for_them_was_interrupted(void **state)
{
    (void)state;
    struct baton_hash blob = {{3}};
    duet_to(&u, HO_EXPORT_SETTINGS);
    u.t.cutover.resume_to = HO_SETTINGS_SEALED;
    assert_false(holds(G_BLOB_HERE));
    u.t.cutover.blob = blob;
    assert_true(holds(G_BLOB_HERE));
    u.t.cutover.resume_to = HO_INSTALL_STAGED;
    assert_false(holds(G_BLOB_HERE));
}

static void
a_later_plan_of_the_same_servers_needs_no_second_adoption(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    assert_true(holds(G_ROLE_KNOWN));
    struct authority kept = u.t.authority;
    u.t.authority.adopted = false;
    assert_false(holds(G_ROLE_KNOWN));
    assert_true(holds(G_NEVER_ADOPTED));
    u.t.authority = kept;
    assert_false(holds(G_NEVER_ADOPTED));
    u.t.authority.phase = AUTH_FENCING;
    assert_false(holds(G_ROLE_KNOWN));
    u.t.authority = kept;
    u.t.authority.holder = toy_member_key(TOY_NEW);
    assert_false(holds(G_ROLE_KNOWN));
    u.t.authority = kept;
    u.t.authority.member_count = 1; /* the plan names one more than the record */
    assert_false(holds(G_ROLE_KNOWN));
}

static void
a_record_is_settled_when_it_is_sure_and_everybody_was_heard(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    assert_true(holds(G_SETTLED) && !holds(G_RECONCILING));
    u.t.authority.recovering = true;
    assert_false(holds(G_SETTLED));
    u.t.authority.recovering = false;
    u.t.authority.reconcile = true;
    assert_true(!holds(G_SETTLED) && holds(G_RECONCILING));
}

static void
promises_stand_apart_when_one_of_them_is_not_the_records(void **state)
{
    (void)state;
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        duet_open(&u);
        duet_to(&u, HO_READY);
        assert_true(holds(G_PROMISED_ALIKE) && !holds(G_PROMISED_APART));
        u.t.authority.member[m].promise = (struct epoch){0}; /* nothing was promised */
        assert_true(holds(G_PROMISED_ALIKE));
        u.t.authority.member[m].promise = toy_epoch(9);
        assert_true(holds(G_PROMISED_APART) && !holds(G_PROMISED_ALIKE));
    }
}

static void
promises_of_one_number_stand_apart_when_they_name_another_recipient(void **state)
{
    (void)state;
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        duet_open(&u);
        duet_to(&u, HO_READY);
        u.t.agent[m].statement.recipient = (struct baton_key){{0}}; /* it was readmitted */
        assert_true(holds(G_PROMISED_APART));
        u.t.agent[m].statement.epoch.counter++; /* of another number that says nothing */
        assert_true(holds(G_PROMISED_ALIKE));
    }
    duet_open(&u);
    duet_to(&u, HO_READY);
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        u.t.agent[m].statement_known = false;
        u.t.authority.member[m].promise = (struct epoch){0};
    }
    assert_true(holds(G_PROMISED_ALIKE));
    u.t.authority.recipient = (struct baton_key){{0}}; /* nobody knows whose it is */
    assert_true(holds(G_PROMISED_APART));
}

static void
either_server_in_quarantine_is_seen_by_its_own_word(void **state)
{
    (void)state;
    for (int m = 0; m < TOY_MEMBERS; m++) {
        duet_open(&u);
        duet_to(&u, HO_READY);
        assert_false(holds(G_QUARANTINED));
        u.t.agent[m].statement.quarantine = QUARANTINE_MACHINE;
        assert_true(holds(G_QUARANTINED));
        u.t.agent[m].statement_known = false;
        assert_false(holds(G_QUARANTINED));
    }
}

/* Who is in the role decides where a handoff may go on after the record was put back. */
static void
where_it_was_interrupted_it_goes_on_only_if_the_role_is_where_that_state_has_it(void **state)
{
    (void)state;
    static const struct {
        bool adopted;
        uint8_t phase;
        int holder; /* -1: nobody */
        uint8_t resume_to;
        bool fits;
    } rows[] = {
        {false, AUTH_ADOPTING, -1, HO_PLANNED, true},
        {false, AUTH_HELD, -1, HO_EXPORT_SETTINGS, true},
        {false, AUTH_FENCING, -1, HO_PLANNED, false}, /* a fence is finished first */
        {false, AUTH_ADOPTING, -1, HO_SETTINGS_SEALED, false},
        {true, AUTH_HELD, TOY_OLD, HO_ARMED, true},
        {true, AUTH_HELD, TOY_NEW, HO_ARMED, false},
        {true, AUTH_HELD, TOY_OLD, HO_RELEASING, false},
        {true, AUTH_HELD, TOY_NEW, HO_RELEASING, false},
        {true, AUTH_HELD, TOY_NEW, HO_GRANTING, false},
        {true, AUTH_HELD, TOY_NEW, HO_ACTIVATING, true},
        {true, AUTH_HELD, TOY_NEW, HO_DONE, true},
        {true, AUTH_HELD, TOY_OLD, HO_ACTIVATING, false},
        {true, AUTH_HELD, TOY_NEW, HO_REVOKING, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        duet_open(&u);
        duet_to(&u, HO_READY);
        for (int m = 0; m < TOY_MEMBERS; m++)
            u.t.agent[m].statement.holding = false;
        struct authority *a = &u.t.authority;
        a->adopted = rows[i].adopted;
        a->phase = rows[i].phase;
        a->holder = rows[i].holder < 0 ? (struct baton_key){{0}}
                                       : toy_member_key((enum toy_member)rows[i].holder);
        u.t.cutover.resume_to = rows[i].resume_to;
        if (holds(G_RESUME_FITS) != rows[i].fits)
            fail_msg("row %zu", i);
    }
}

static void
who_holds_is_known_by_the_record_or_by_its_own_word(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    struct agent_view *o = &u.t.agent[TOY_OLD];
    o->statement.holding = false;
    assert_true(holds(G_OLD_HOLDS));
    u.t.authority.holder = (struct baton_key){{0}};
    assert_false(holds(G_OLD_HOLDS));
    o->statement.holding = true;
    assert_true(holds(G_OLD_HOLDS));
    o->statement_known = false;
    assert_false(holds(G_OLD_HOLDS));
}

static void
an_export_of_the_old_server_is_rogue_from_its_first_evidence_on(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    struct authority *a = &u.t.authority;
    facts_set(view(TOY_OLD), FACT_EXPORTS_SINCE_FENCE, 1);
    assert_true(holds(G_ROGUE_OLD));
    u.t.cutover.old_rogue_seen = 1; /* people know of it */
    assert_false(holds(G_ROGUE_OLD));
    u.t.cutover.old_rogue_seen = 0;
    a->phase = AUTH_FENCING; /* its evidence alone says it as well */
    assert_true(holds(G_ROGUE_OLD));
    a->member[TOY_OLD].evidence = (struct baton_hash){{0}};
    assert_false(holds(G_ROGUE_OLD)); /* it may finish its run */
    a->holder = toy_member_key(TOY_NEW);
    assert_true(holds(G_ROGUE_OLD)); /* the new server exports already */
    u.t.agent[TOY_OLD].statement_known = u.t.agent[TOY_OLD].statement.holding = true;
    assert_false(holds(G_ROGUE_OLD));
    u.t.agent[TOY_OLD].statement.holding = false;
    a->recipient = toy_member_key(TOY_OLD);
    assert_false(holds(G_ROGUE_OLD)); /* the role goes back to it */
}

static void
an_export_of_the_new_server_is_rogue_until_it_has_a_grant(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    struct authority *a = &u.t.authority;
    assert_false(holds(G_ROGUE_NEW));
    facts_set(view(TOY_NEW), FACT_EXPORTS_SINCE_FENCE, 1);
    assert_true(holds(G_ROGUE_NEW));
    a->adopted = false;
    assert_false(holds(G_ROGUE_NEW));
    a->adopted = true;
    struct baton_key holder = a->holder;
    a->holder = toy_member_key(TOY_NEW);
    assert_false(holds(G_ROGUE_NEW));
    a->holder = holder;
    a->phase = AUTH_GRANTED;
    a->recipient = toy_member_key(TOY_NEW);
    assert_false(holds(G_ROGUE_NEW));
    a->recipient = toy_member_key(TOY_OLD);
    assert_true(holds(G_ROGUE_NEW));
    u.t.cutover.new_rogue_seen = 1;
    assert_false(holds(G_ROGUE_NEW));
    a->member[TOY_NEW].ever_exported = true; /* said under another word */
    assert_true(holds(G_ROGUE_NEW));
    u.t.cutover.ponr = true;
    assert_false(holds(G_ROGUE_NEW));
    u.t.cutover.ponr = false;
    u.t.cutover.profile = PROFILE_SWING; /* its earlier life is no crime */
    assert_false(holds(G_ROGUE_NEW));
}

static void
an_activation_is_late_when_its_grant_was_given_up_and_the_others_had_proven_themselves(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    struct authority *a = &u.t.authority;
    a->serial = 1;
    a->member[TOY_NEW].tamper_open = true;
    assert_true(holds(G_LATE_ACTIVATION));
    a->member[TOY_NEW].tamper_open = false;
    assert_false(holds(G_LATE_ACTIVATION));
    a->member[TOY_NEW].ever_exported = true;
    assert_true(holds(G_LATE_ACTIVATION));
    a->member[TOY_OLD].evidence = (struct baton_hash){{0}};
    assert_false(holds(G_LATE_ACTIVATION));
    a->member[TOY_OLD].attested = true;
    assert_true(holds(G_LATE_ACTIVATION));
    a->serial = 0; /* nothing was granted: it is a breach */
    assert_false(holds(G_LATE_ACTIVATION));
    a->serial = 1;
    u.t.cutover.late_activation = true;
    assert_false(holds(G_LATE_ACTIVATION));
    u.t.cutover.late_activation = false;
    a->holder = toy_member_key(TOY_NEW);
    assert_false(holds(G_LATE_ACTIVATION));
    a->holder = (struct baton_key){{0}};
    a->recipient = toy_member_key(TOY_OLD);
    assert_false(holds(G_LATE_ACTIVATION));
}

static void
a_word_for_another_tenant_is_held_for_once(void **state)
{
    (void)state;
    for (int m = 0; m < TOY_MEMBERS; m++) {
        duet_open(&u);
        duet_to(&u, HO_READY);
        assert_false(holds(G_WRONG_TENANT));
        u.t.agent[m].statement.tenant = toy_id(1);
        assert_true(holds(G_WRONG_TENANT));
        u.t.agent[m].statement_known = false;
        assert_false(holds(G_WRONG_TENANT));
        u.t.agent[m].statement_known = true;
        u.t.cutover.state = HO_HOLD;
        assert_false(holds(G_WRONG_TENANT));
    }
}

static void
agents_of_another_acceptance_table_are_told_apart(void **state)
{
    (void)state;
    struct baton_hash ours = {{1}}, other = {{2}};
    duet_to(&u, HO_READY);
    for (int m = 0; m < TOY_MEMBERS; m++) {
        u.t.agent[TOY_OLD].table = u.t.agent[TOY_NEW].table = ours;
        u.t.info.agent_table = (struct baton_hash){{0}};
        assert_false(holds(G_TABLE_DIFFERS)); /* not known here */
        u.t.info.agent_table = ours;
        assert_false(holds(G_TABLE_DIFFERS));
        u.t.agent[m].table = other;
        assert_true(holds(G_TABLE_DIFFERS));
        u.t.agent[m].table = (struct baton_hash){{0}}; /* not known there */
        assert_false(holds(G_TABLE_DIFFERS));
    }
}

static void
people_take_it_forward_as_it_is_only_past_the_point_of_no_return_and_with_a_reason(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    facts_set(view(TOY_NEW), FACT_SERVICES_STOPPED, 1);
    assert_int_not_equal(ask(G_ONLY_A_GRANT, "it cannot be read").status, BATON_OK);
    u.t.cutover.ponr = true;
    assert_int_equal(ask(G_ONLY_A_GRANT, "it cannot be read").status, BATON_OK);
    assert_int_not_equal(ask(G_ONLY_A_GRANT, "").status, BATON_OK);
    facts_set(view(TOY_NEW), FACT_SERVICES_STOPPED, 0);
    assert_int_not_equal(ask(G_ONLY_A_GRANT, "it cannot be read").status, BATON_OK);
}

static void
an_export_is_late_after_two_intervals_at_least_and_told_once_in_that_time(void **state)
{
    (void)state;
    duet_to(&u, HO_ACTIVATING);
    int64_t least = u.t.info.policy.v[POLICY_ACTIVATING_MS], two = 2 * least;
    u.t.agent[TOY_NEW].skew_ms = 0;
    u.t.cutover.reminded_ms = 0;
    u.t.cutover.entered_ms = u.now_ms;
    u.now_ms += (uint64_t)two + 1;
    facts_set(view(TOY_NEW), FACT_INTERVAL_MS, least); /* twice that is the longer one */
    facts_set(view(TOY_NEW), FACT_LAST_EXPORT_END, (int64_t)u.unix_ms - two);
    assert_false(holds(G_EXPORT_LATE));
    facts_set(view(TOY_NEW), FACT_LAST_EXPORT_END, (int64_t)u.unix_ms - two - 1);
    assert_true(holds(G_EXPORT_LATE));
    u.t.cutover.reminded_ms = u.t.cutover.entered_ms + 1;
    assert_false(holds(G_EXPORT_LATE));
    u.t.cutover.reminded_ms = 0;
    facts_set(view(TOY_NEW), FACT_INTERVAL_MS, 1); /* and never less than the state's own time */
    facts_set(view(TOY_NEW), FACT_LAST_EXPORT_END, (int64_t)u.unix_ms - least);
    assert_false(holds(G_EXPORT_LATE));
    facts_set(view(TOY_NEW), FACT_LAST_EXPORT_END, (int64_t)u.unix_ms - least - 1);
    assert_true(holds(G_EXPORT_LATE));
    u.t.agent[TOY_NEW].skew_ms = -1; /* by that server's own clock */
    assert_false(holds(G_EXPORT_LATE));
    view(TOY_NEW)->fact[FACT_LAST_EXPORT_END].state = FACT_UNKNOWN;
    assert_false(holds(G_EXPORT_LATE));
}

/* Before it is asked to stop; told once in that time. */
static void
an_old_server_idles_when_it_stands_still_for_longer_than_a_gap_may_before_the_cutover(void **state)
{
    (void)state;
    duet_to(&u, HO_INSTALL_STAGED);
    int64_t limit = u.t.info.policy.v[POLICY_GAP_PAGE_MS];
    struct facts *f = view(TOY_OLD);
    u.t.agent[TOY_OLD].skew_ms = 0;
    u.t.cutover.reminded_ms = 0;
    u.t.cutover.entered_ms = u.now_ms;
    u.now_ms += (uint64_t)limit + 1;
    facts_set(f, FACT_LAST_EXPORT_END, (int64_t)u.unix_ms - limit - 1);
    facts_set(f, FACT_STOPPED_AT, (int64_t)u.unix_ms - limit - 1);
    facts_set(f, FACT_SERVICES_STOPPED, 0);
    assert_false(holds(G_OLD_IDLE));
    facts_set(f, FACT_SERVICES_STOPPED, 1);
    assert_true(holds(G_OLD_IDLE));
    facts_set(f, FACT_STOPPED_AT, (int64_t)u.unix_ms - limit);
    assert_false(holds(G_OLD_IDLE));
    f->fact[FACT_STOPPED_AT].state =
        FACT_ABSENT; /* nobody knows when: its last export says enough */
    assert_true(holds(G_OLD_IDLE));
    facts_set(f, FACT_LAST_EXPORT_END, (int64_t)u.unix_ms - limit);
    assert_false(holds(G_OLD_IDLE));
    f->fact[FACT_LAST_EXPORT_END].state = FACT_UNKNOWN;
    assert_true(holds(G_OLD_IDLE));
    u.t.cutover.reminded_ms = u.t.cutover.entered_ms + 1;
    assert_false(holds(G_OLD_IDLE));
    u.t.cutover.reminded_ms = 0;
    u.t.cutover.state = HO_RELEASING;
    assert_false(holds(G_OLD_IDLE));
    u.t.cutover.state = HO_HOLD; /* as where it was held */
    u.t.cutover.resume_to = HO_RELEASING;
    assert_false(holds(G_OLD_IDLE));
    u.t.cutover.resume_to = HO_ARMED;
    assert_true(holds(G_OLD_IDLE));
    facts_set(view(TOY_NEW), FACT_STAGING_SCHEDULER, 0); /* somebody moved the role by hand */
    facts_set(view(TOY_NEW), FACT_EXPORTS_TOTAL, 1);
    assert_false(holds(G_OLD_IDLE));
}

static void
an_old_server_that_runs_and_does_not_export_is_late_after_two_intervals(void **state)
{
    (void)state;
    duet_to(&u, HO_INSTALL_STAGED);
    int64_t two = 2 * u.t.info.policy.v[POLICY_ACTIVATING_MS];
    struct facts *f = view(TOY_OLD);
    u.t.agent[TOY_OLD].skew_ms = 0;
    u.t.cutover.reminded_ms = 0;
    u.t.cutover.entered_ms = u.now_ms;
    u.now_ms += (uint64_t)two + 1;
    facts_set(f, FACT_INTERVAL_MS, two / 2);
    facts_set(f, FACT_LAST_EXPORT_END, (int64_t)u.unix_ms - two);
    assert_false(holds(G_OLD_LATE));
    facts_set(f, FACT_LAST_EXPORT_END, (int64_t)u.unix_ms - two - 1);
    assert_true(holds(G_OLD_LATE));
    facts_set(f, FACT_SERVICES_STOPPED, 1); /* that is another rule's */
    assert_false(holds(G_OLD_LATE));
    facts_set(f, FACT_SERVICES_STOPPED, 0);
    u.t.cutover.state = HO_RELEASING;
    assert_false(holds(G_OLD_LATE));
    u.t.cutover.state = HO_READY;
    f->fact[FACT_LAST_EXPORT_END].state = FACT_UNKNOWN; /* nobody can say that it does not */
    assert_false(holds(G_OLD_LATE));
}

static void
an_old_server_is_silent_when_it_was_not_heard_since_the_state_began_and_longer(void **state)
{
    (void)state;
    duet_to(&u, HO_DECOMMISSION);
    uint64_t limit = (uint64_t)u.t.info.policy.v[POLICY_RETIRE_MS];
    struct agent_view *o = &u.t.agent[TOY_OLD];
    u.t.cutover.reminded_ms = 0;
    u.t.cutover.entered_ms = u.now_ms;
    o->seen_ms = u.now_ms + 5;
    u.now_ms += limit + 5;
    assert_false(holds(G_OLD_SILENT));
    u.now_ms++;
    assert_true(holds(G_OLD_SILENT));
    o->seen_ms =
        u.t.cutover.entered_ms - 1; /* heard before the state began: it counts from there */
    assert_true(holds(G_OLD_SILENT));
    u.t.cutover.reminded_ms = u.now_ms - limit;
    assert_false(holds(G_OLD_SILENT));
}

/* --- what opens a guard that the tables above see closed -------------------------------------------- */

static void
a_server_that_a_later_plan_leaves_out_waits_for_people_unless_it_is_retired(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    assert_true(holds(G_APPR_LEFT_OUT));
    third_server_in_the_record();
    struct authority_member *third = &u.t.authority.member[2];
    assert_false(holds(G_APPR_LEFT_OUT));
    third->retired = true;
    assert_true(holds(G_APPR_LEFT_OUT));
    third->retired = false;
    u.t.plan_known = false; /* nobody is left out of no plan */
    assert_true(holds(G_APPR_LEFT_OUT));
    u.t.plan_known = true;
    /* An Entra Connect server is left out towards the new one: no word about that before the adoption. */
    u.t.cutover.state = HO_PLANNED;
    assert_true(holds(G_APPR_LEFT_OUT));
    third->product = PRODUCT_DIRSYNC;
    assert_false(holds(G_APPR_LEFT_OUT));
}

static void
a_new_key_takes_the_place_of_one_that_no_adoption_can_leave_out(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    assert_false(holds(G_NEW_REPLACED));
    third_server_in_the_record();
    assert_true(holds(G_NEW_REPLACED));
    u.t.authority.member[2].product = PRODUCT_DIRSYNC; /* that one, an adoption may leave out */
    assert_false(holds(G_NEW_REPLACED));
    u.t.authority.member[2].product = PRODUCT_CONNECT;
    u.t.authority.phase = AUTH_FENCING;
    assert_false(holds(G_NEW_REPLACED));
    u.t.authority.phase = AUTH_HELD;
    u.t.authority.holder = toy_member_key(TOY_NEW);
    assert_false(holds(G_NEW_REPLACED));
    u.t.authority.holder = toy_member_key(TOY_OLD);
    u.t.plan_known = false;
    assert_false(holds(G_NEW_REPLACED));
}

static void
people_count_as_the_trust_document_says_and_where_there_is_none_nobody_does(void **state)
{
    (void)state;
    static const enum guard_id asked[] = {G_APPR_CUTOVER, G_APPR_RETIRE, G_APPR_LEFT_OUT,
                                          G_ACCOUNT_GONE};
    duet_to(&u, HO_ARMED);
    third_server_in_the_record();
    u.t.cutover.local_fence_only = true;
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        struct guard_ctx g = {.t = &u.t,
                              .now_ms = u.now_ms,
                              .approvals = {NULL, toy_digest(), u.unix_ms},
                              .reason = ""};
        struct problem p;
        assert_false(guard_check(asked[i], &g, &p));
        if (i < 2)
            assert_true(says(&p, "0 of 1 approvals"));
    }
}

/* All of it has to be so; whatever is missing leaves it there. */
static void
the_old_server_is_gone_while_the_new_one_holds_and_two_people_attest_it_of_a_silent_one(
    void **state)
{
    (void)state;
    duet_to(&u, HO_DECOMMISSION);
    struct agent_view *o = &u.t.agent[TOY_OLD];
    struct authority *a = &u.t.authority;
    o->connected = false;
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_ANNA), BATON_OK);
    a->member[TOY_OLD].attested = true; /* as another fence may have left it */
    assert_true(!holds(G_OLD_GONE) && holds(G_OLD_THERE));
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_BERT), BATON_OK);
    assert_true(holds(G_OLD_GONE) && !holds(G_OLD_THERE));
    o->connected = true;
    assert_false(holds(G_OLD_GONE));
    o->connected = false;
    a->member[TOY_OLD].attested = false;
    assert_false(holds(G_OLD_GONE));
    a->member[TOY_OLD].attested = true;
    a->holder = (struct baton_key){{0}};
    assert_true(!holds(G_OLD_GONE) && holds(G_OLD_THERE));
}

static void
of_a_server_that_was_written_off_nobody_is_reminded(void **state)
{
    (void)state;
    duet_to(&u, HO_DONE);
    struct authority_member *m = &u.t.authority.member[TOY_OLD];
    u.t.cutover.reminded_ms = 0;
    u.now_ms += 2 * (uint64_t)u.t.info.policy.v[POLICY_RETIRE_MS];
    assert_true(holds(G_OLD_SILENT));
    m->attested = true; /* before its agent confirmed: it came back meanwhile */
    assert_true(holds(G_OLD_SILENT) && !old_written_off(&u.t));
    m->retired = false;
    assert_true(!holds(G_OLD_SILENT) && old_written_off(&u.t));
    u.t.cutover.state = HO_DECOMMISSION;
    assert_false(old_written_off(&u.t));
    u.t.cutover.state = HO_DONE;
    m->key = toy_key(0xe1);
    assert_false(old_written_off(&u.t));
}

static void
an_alarm_can_be_closed_once_there_is_an_epoch_to_prove(void **state)
{
    (void)state;
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        duet_open(&u);
        duet_to(&u, HO_READY);
        u.t.authority.member[m].tamper_open = true;
        assert_true(holds(G_ALARM_OPEN));
        u.t.authority.phase = AUTH_NONE;
        assert_false(holds(G_ALARM_OPEN));
    }
}

static void
an_alarm_of_either_server_is_acknowledged_after_its_evidence(void **state)
{
    (void)state;
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        duet_open(&u);
        duet_to(&u, HO_READY);
        u.t.authority.member[m].tamper_unread = true;
        assert_true(holds(G_TAMPER_ANSWERED));
        u.t.authority.member[1 - m].tamper_open = true;
        assert_false(holds(G_TAMPER_ANSWERED));
    }
}

static void
a_path_by_hand_bears_a_configuration_that_the_wizard_refuses(void **state)
{
    (void)state;
    duet_to(&u, HO_ASSESSED);
    blocked_configuration();
    assert_false(holds(G_PATH));
    u.t.cutover.profile = PROFILE_UNSUPPORTED;
    assert_true(holds(G_PATH));
    u.t.cutover.profile = PROFILE_DEAD_SOURCE;
    source_dead();
    assert_true(holds(G_PATH));
    class_connect(); /* dead, and not DirSync */
    assert_false(holds(G_PATH));
}

static void
unknown_prerequisites_pass_where_the_policy_lets_the_unknown_pass(void **state)
{
    (void)state;
    duet_to(&u, HO_INSTALL_STAGED);
    prerequisites_unknown();
    assert_false(holds(G_PREREQ));
    u.t.info.policy.v[POLICY_UNKNOWN_BLOCKS_BOOL] = 0;
    assert_true(holds(G_PREREQ));
    prerequisite_failed(); /* known to be wrong never passes */
    assert_false(holds(G_PREREQ));
}

static void
a_dead_source_owes_no_cycle_and_any_other_a_count_or_an_end(void **state)
{
    (void)state;
    duet_to(&u, HO_VERIFY);
    no_cycle_since();
    assert_false(holds(G_OLD_ALIVE));
    int64_t began = (int64_t)u.t.cutover.entered_unix_ms + u.t.agent[TOY_OLD].skew_ms;
    facts_set(view(TOY_OLD), FACT_LAST_CYCLE_END, began);
    assert_false(holds(G_OLD_ALIVE));
    facts_set(view(TOY_OLD), FACT_LAST_CYCLE_END, began + 1); /* the count may have been purged */
    assert_true(holds(G_OLD_ALIVE));
    no_cycle_since();
    u.t.cutover.profile = PROFILE_DEAD_SOURCE;
    assert_true(holds(G_OLD_ALIVE));
}

static void
a_server_that_exported_in_an_earlier_life_may_be_swung_to(void **state)
{
    (void)state;
    duet_to(&u, HO_FIRST_SYNC);
    exported_in_staging();
    assert_false(holds(G_STAGED));
    u.t.cutover.profile = PROFILE_SWING;
    assert_true(holds(G_STAGED));
}

static void
known_anchors_that_stay_pass_without_a_reason(void **state)
{
    (void)state;
    duet_to(&u, HO_VERIFY);
    anchors_change();
    u.t.cutover.verification.value[VERIFY_ANCHOR_CHANGES] = 0;
    assert_true(holds(G_DIFF));
}

static void
what_was_not_verified_need_not_be_known_now(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    struct verification *v = &u.t.cutover.verification;
    nothing_readable();
    assert_false(holds(G_FRESH));
    v->known[VERIFY_NEW_VERSION] = false;
    v->config = v->rules = (struct baton_hash){{0}};
    assert_true(holds(G_FRESH));
}

static void
a_cycle_may_be_two_intervals_old_or_two_looks_whichever_is_longer(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    int64_t rest = u.t.info.policy.v[POLICY_OBSERVE_T2_REST_MS];
    u.t.agent[TOY_NEW].skew_ms = 0;
    facts_set(view(TOY_NEW), FACT_INTERVAL_MS, rest + 10);
    facts_set(view(TOY_NEW), FACT_LAST_CYCLE_END, (int64_t)u.unix_ms - 2 * (rest + 10));
    assert_true(holds(G_FRESH));
    facts_set(view(TOY_NEW), FACT_INTERVAL_MS, rest - 1);
    assert_false(holds(G_FRESH));
    facts_set(view(TOY_NEW), FACT_LAST_CYCLE_END, (int64_t)u.unix_ms - 2 * rest);
    assert_true(holds(G_FRESH));
    assert_string_equal(ask(G_FRESH, "").next, ""); /* nobody has to do anything */
    facts_set(view(TOY_NEW), FACT_LAST_CYCLE_END, (int64_t)u.unix_ms - 2 * rest - 1);
    assert_false(holds(G_FRESH));
    /* Its guard stopped it: its last one may be as old as a verification. */
    facts_set(view(TOY_NEW), FACT_SERVICES_STOPPED, 1);
    assert_true(holds(G_FRESH));
}

static void
a_problem_keeps_the_facts_that_fit(void **state)
{
    (void)state;
    struct problem p = {0};
    for (int i = 0; i < PROBLEM_FACTS_MAX + 2; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "fact %d", i);
        problem_add(&p, text);
    }
    assert_int_equal(p.fact_count, PROBLEM_FACTS_MAX);
    assert_string_equal(p.fact[PROBLEM_FACTS_MAX - 1].text, "fact 11");
    assert_int_equal(p.since_unix_ms, 0);
}

static void
a_server_that_is_alive_is_heard_within_its_limit_to_the_millisecond(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    uint64_t limit = (uint64_t)u.t.info.policy.v[POLICY_BEAT_STALE_MS];
    for (int m = 0; m < TOY_MEMBERS; m++) {
        struct agent_view *a = &u.t.agent[m], kept = *a;
        a->seen_ms = u.now_ms - limit;
        a->reported_ms = 0;
        assert_true(holds(G_LIVE));
        a->seen_ms--;
        assert_false(holds(G_LIVE));
        a->reported_ms = u.now_ms; /* a report is a word as well */
        assert_true(holds(G_LIVE));
        a->skew_ms = u.t.info.policy.v[POLICY_SKEW_MS] - 1;
        assert_true(holds(G_LIVE));
        a->skew_ms = -a->skew_ms - 1;
        assert_false(holds(G_LIVE));
        *a = kept;
    }
}

/* Its entry lies behind the last member of the record until another one takes the place. */
static void
no_guard_asks_a_member_that_a_later_plan_left_out(void **state)
{
    (void)state;
    static const enum guard_id open_without_it[] = {
        G_OLD_STOPPED, G_NO_TAMPER, G_MAY_RETURN, G_RECONCILED, G_ADOPTED, G_APPR_LEFT_OUT,
    };
    static const enum guard_id closed_without_it[] = {G_PROMISED_APART, G_ALARM_OPEN,
                                                      G_TAMPER_ANSWERED, G_NEW_REPLACED};
    duet_to(&u, HO_GAP);
    struct authority *a = &u.t.authority;
    struct authority_member *ghost = &a->member[a->member_count];
    *ghost = a->member[TOY_NEW];
    ghost->key = toy_key(0xe1);
    ghost->evidence = (struct baton_hash){{0}};
    ghost->tamper_open = ghost->tamper_unread = ghost->ever_exported = true;
    ghost->heard = ghost->accepted = false;
    ghost->promise = toy_epoch(99);
    for (size_t i = 0; i < ARRAY_LEN(open_without_it); i++)
        if (!holds(open_without_it[i]))
            fail_msg("%s asks it", guard_name(open_without_it[i]));
    for (size_t i = 0; i < ARRAY_LEN(closed_without_it); i++)
        if (holds(closed_without_it[i]))
            fail_msg("%s asks it", guard_name(closed_without_it[i]));
    ghost->tamper_open = false;
    assert_false(holds(G_TAMPER_ANSWERED)); /* its alarm waits for nobody */
    struct problem p;
    a->recovering = true;
    p = ask(G_RECONCILED, "");
    assert_int_equal(p.fact_count,
                     a->member[TOY_OLD].heard + a->member[TOY_NEW].heard == 2 ? 0 : 2);
    a->adopted = false;
    p = ask(G_ADOPTED, "");
    assert_false(says(&p, "new server: has not answered the adoption"));
    a->phase = AUTH_HELD;
    a->holder = toy_member_key(TOY_OLD);
    assert_false(holds(G_NEW_REPLACED));
}

static void
a_plan_leaves_a_server_out_once_enough_people_have_signed(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    third_server_in_the_record();
    struct cutover *c = &u.t.cutover;
    struct signed_approval sa = toy_approval(VERB_RETIRE, TOY_ANNA, TOY_NEW, u.t.authority.epoch);
    sa.a.plan = c->plan;
    sa.a.subject = toy_key(0xe1);
    toy_hash("seen", 4, 9, &sa.a.seen);
    toy_sign_approval(&sa, TOY_ANNA);
    assert_false(holds(G_APPR_LEFT_OUT));
    c->approval[c->approval_count++] = sa;
    assert_true(holds(G_APPR_LEFT_OUT)); /* one is enough, as the trust document says */
}

static void
a_staged_server_was_seen_within_its_limit_to_the_millisecond(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    u.now_ms = u.t.agent[TOY_NEW].reported_ms +
               (uint64_t)u.t.info.policy.v[POLICY_STAGED_FRESH_MS] -
               view(TOY_NEW)->fact[FACT_STAGING_SCHEDULER].age_ms;
    assert_true(holds(G_NEW_STAGED));
    u.now_ms++;
    assert_false(holds(G_NEW_STAGED));
}

static void
a_settings_file_as_old_as_it_may_be_counts(void **state)
{
    (void)state;
    duet_to(&u, HO_EXPORT_SETTINGS);
    struct baton_hash hash = {{1}};
    int64_t oldest =
        (int64_t)u.t.cutover.entered_unix_ms - u.t.info.policy.v[POLICY_SETTINGS_AGE_MS];
    facts_set_digest(view(TOY_OLD), DIGEST_SETTINGS, &hash);
    u.t.cutover.settings_steady = true;
    facts_set(view(TOY_OLD), FACT_SETTINGS_SEEN, oldest);
    assert_true(holds(G_SETTINGS_SEEN));
    facts_set(view(TOY_OLD), FACT_SETTINGS_SEEN, oldest - 1);
    assert_false(holds(G_SETTINGS_SEEN));
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

static bool
pair_refused_for(const char *words)
{
    struct problem p = ask(G_PAIR, "");
    bool said = false;
    for (size_t i = 0; i < p.fact_count; i++)
        said = said || strstr(p.fact[i].text, words) != NULL;
    return p.status != BATON_OK && said;
}

static void
a_pair_says_of_each_server_what_it_lacks(void **state)
{
    (void)state;
    static const char *const who[] = {"old server: ", "new server: "};
    static const char *const lacks[] = {"no agent is enrolled", "not confirmed", "is revoked"};
    for (int m = 0; m < TOY_MEMBERS; m++)
        for (int what = 0; what < 3; what++) {
            duet_open(&u);
            duet_to(&u, HO_ASSESSED);
            assert_int_equal(ask(G_PAIR, "").status, BATON_OK);
            struct agent_view *a = &u.t.agent[m];
            a->used = what != 0;
            a->confirmed = what != 1;
            a->revoked = what == 2;
            assert_true(pair_refused_for(who[m]) && pair_refused_for(lacks[what]));
        }
    duet_open(&u);
    duet_to(&u, HO_ASSESSED);
    facts_set(view(TOY_OLD), FACT_PRODUCT_PRESENT, 0); /* nothing there that could be replaced */
    assert_true(pair_refused_for("old server: product_present is 0"));
}

static void
two_agents_of_one_machine_are_no_pair(void **state)
{
    (void)state;
    duet_to(&u, HO_ASSESSED);
    struct agent_view *o = &u.t.agent[TOY_OLD], *n = &u.t.agent[TOY_NEW];
    o->statement_known = n->statement_known = true;
    o->statement.machine.guid = n->statement.machine.guid = toy_id(5);
    assert_true(pair_refused_for("one machine"));
    n->statement_known = false; /* nobody has said so */
    assert_int_equal(ask(G_PAIR, "").status, BATON_OK);
    n->statement_known = true;
    o->statement_known = false;
    assert_int_equal(ask(G_PAIR, "").status, BATON_OK);
    o->statement_known = true;
    o->statement.machine.guid = n->statement.machine.guid = (struct baton_id){{0}}; /* not known */
    assert_int_equal(ask(G_PAIR, "").status, BATON_OK);
    n->statement.machine.guid = toy_id(6);
    assert_int_equal(ask(G_PAIR, "").status, BATON_OK);
    n->key = o->key;
    assert_true(pair_refused_for("one machine"));
}

static void
a_new_server_that_exports_already_is_no_pair(void **state)
{
    (void)state;
    static const struct {
        int64_t scheduler, settings, exports;
        bool refused;
    } rows[] = {{0, 1, 1, true}, {1, 0, 1, true}, {0, 0, 0, false}, {1, 1, 9, false}};
    duet_to(&u, HO_ASSESSED);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        facts_set(view(TOY_NEW), FACT_STAGING_SCHEDULER, rows[i].scheduler);
        facts_set(view(TOY_NEW), FACT_STAGING_SETTINGS, rows[i].settings);
        facts_set(view(TOY_NEW), FACT_EXPORTS_TOTAL, rows[i].exports);
        assert_int_equal(pair_refused_for("it exports already"), rows[i].refused);
    }
}

static void
a_source_is_dead_when_it_is_disabled_never_exported_or_is_silent_too_long(void **state)
{
    (void)state;
    const struct policy *p = &u.t.info.policy;
    struct agent_view *o = &u.t.agent[TOY_OLD];
    int64_t now = (int64_t)u.unix_ms, verify = p->v[POLICY_VERIFY_MS];
    facts_set(&o->facts, FACT_INTERVAL_MS, verify); /* so twice the interval is the longer one */
    facts_set(&o->facts, FACT_LAST_EXPORT_END, now - 2 * verify);
    assert_false(source_is_dead(o, p, u.unix_ms));
    facts_set(&o->facts, FACT_LAST_EXPORT_END, now - 2 * verify - 1);
    assert_true(source_is_dead(o, p, u.unix_ms));
    facts_set(&o->facts, FACT_INTERVAL_MS, 1);
    facts_set(&o->facts, FACT_LAST_EXPORT_END, now - verify);
    assert_false(source_is_dead(o, p, u.unix_ms));
    facts_set(&o->facts, FACT_LAST_EXPORT_END, now - verify - 1);
    assert_true(source_is_dead(o, p, u.unix_ms));
    o->facts.fact[FACT_LAST_EXPORT_END].state = FACT_UNKNOWN;
    facts_set(&o->facts, FACT_EXPORTS_TOTAL, 3);
    assert_false(source_is_dead(o, p, u.unix_ms)); /* not known is not dead */
    facts_set(&o->facts, FACT_EXPORTS_TOTAL, 0);
    assert_true(source_is_dead(o, p, u.unix_ms));
    facts_set(&o->facts, FACT_LAST_EXPORT_END, now);
    facts_set(&o->facts, FACT_SERVICES_DISABLED, 1);
    assert_true(source_is_dead(o, p, u.unix_ms));
}

static void
no_path_of_two_servers_fits_an_upgrade_in_place_or_an_audit(void **state)
{
    (void)state;
    static const uint8_t paths[] = {PROFILE_IN_PLACE, PROFILE_AUDIT_ONLY, PROFILE_NONE,
                                    PROFILE_COUNT};
    duet_to(&u, HO_ASSESSED);
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        u.t.cutover.profile = paths[i];
        assert_int_not_equal(ask(G_PATH, "").status, BATON_OK);
    }
}

static void
a_window_is_open_from_its_first_to_before_its_last_millisecond(void **state)
{
    (void)state;
    static const struct {
        int64_t from, to;
        bool open;
    } rows[] = {{0, 10, true}, {1, 10, false}, {-5, 0, false}, {-5, 1, true}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        u.t.info.window_from_unix_ms = u.unix_ms + (uint64_t)rows[i].from;
        u.t.info.window_to_unix_ms = u.unix_ms + (uint64_t)rows[i].to;
        struct problem p = ask(G_WINDOW, "");
        assert_int_equal(p.status == BATON_OK, rows[i].open);
        assert_int_equal(p.fact_count,
                         rows[i].open ? 1 : 2); /* when it opens, or that it is over */
    }
    u.t.info.window_from_unix_ms = u.t.info.window_to_unix_ms = 0;
    assert_int_equal(ask(G_WINDOW, "").status, BATON_OK);
}

static const char lost_grant[] = "new server: a grant that this record lost is live there still";

static void
a_grant_that_the_record_lost_keeps_the_gap_closed_until_it_is_void(void **state)
{
    (void)state;
    struct authority *a = &u.t.authority;
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        duet_open(&u);
        duet_to(&u, HO_GAP);
        a->recipient = a->member[m].key;
        a->member[m].grant = GRANT_LIVE;
        struct problem p = ask(G_OLD_STOPPED, "");
        assert_int_equal(p.status, BATON_REFUSED);
        assert_true(says(&p, lost_grant));
        assert_true(says(&p, "it becomes void by itself; it may still be used until then"));
        a->phase = AUTH_GRANTED; /* that one the record knows */
        assert_true(holds(G_OLD_STOPPED));
        a->phase = AUTH_FENCED;
        u.t.cutover.state = HO_REVOKING; /* there its own evidence is owed, which voids it first */
        assert_true(holds(G_OLD_STOPPED));
        u.t.cutover.state = HO_GAP;
        a->member[m].grant = GRANT_VOID;
        assert_true(holds(G_OLD_STOPPED));
        a->member[m].grant = GRANT_LIVE;
        a->recipient = toy_key(0x77); /* nobody of this record */
        assert_true(holds(G_OLD_STOPPED));
    }
}

static void
once_everybody_was_fenced_the_recipients_own_evidence_is_asked_for_with_go(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    assert_int_equal(u.t.authority.phase, AUTH_FENCED);
    u.t.authority.member[TOY_NEW].evidence = (struct baton_hash){{0}};
    assert_true(holds(G_OLD_STOPPED));
    u.t.authority.phase = AUTH_FENCING;
    assert_false(holds(G_OLD_STOPPED));
}

static void
an_account_that_went_with_the_last_export_itself_is_gone(void **state)
{
    (void)state;
    duet_to(&u, HO_DECOMMISSION);
    uint64_t removed = 5000;
    facts_set(view(TOY_NEW), FACT_ACCOUNT_REMOVED, (int64_t)removed);
    u.t.cutover.old_last_export_unix_ms = removed;
    assert_true(account_seen_removed(&u.t));
    u.t.cutover.old_last_export_unix_ms = removed + 1;
    assert_false(account_seen_removed(&u.t));
}

static void
a_probation_ends_with_its_last_millisecond(void **state)
{
    (void)state;
    duet_to(&u, HO_DECOMMISSION);
    uint64_t limit = (uint64_t)u.t.info.policy.v[POLICY_PROBATION_MS];
    u.now_ms += limit;
    u.t.cutover.cycles_before = 0;
    facts_set(view(TOY_NEW), FACT_GOOD_CYCLES, u.t.info.policy.v[POLICY_PROBATION_CYCLES_COUNT]);
    u.t.cutover.entered_ms = u.now_ms - limit;
    assert_true(holds(G_PROBATION));
    u.t.cutover.entered_ms++;
    assert_false(holds(G_PROBATION));
}

static void
a_go_is_signed_in_time_to_the_millisecond(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    assert_int_equal(duet_verb(&u, HEV_GO, NULL), BATON_OK);
    u.t.authority.asked_ms = u.now_ms - (uint64_t)u.t.info.policy.v[POLICY_GO_MS];
    struct problem p = ask(G_APPR_GO, "");
    assert_false(says(&p, "everybody was challenged "));
    u.t.authority.asked_ms--;
    p = ask(G_APPR_GO, "");
    assert_true(says(&p, "everybody was challenged "));
    u.t.cutover.state = HO_VERIFY; /* where a signed go moves nothing */
    (void)duet_approve(&u, VERB_GO, TOY_CLEO);
    assert_false(holds(G_APPR_GO));
    u.t.authority.asked_ms++;
    assert_true(holds(G_APPR_GO));
}

static void
where_no_guard_is_named_none_is_in_the_way(void **state)
{
    (void)state;
    assert_true(holds(G_NONE));
}

static void
an_attested_server_that_exports_after_all_is_rogue(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    struct authority *a = &u.t.authority;
    facts_set(view(TOY_OLD), FACT_EXPORTS_SINCE_FENCE, 1);
    a->member[TOY_OLD].evidence = (struct baton_hash){{0}}; /* people's word stood in for it */
    assert_int_equal(a->phase, AUTH_FENCED);
    assert_true(holds(G_ROGUE_OLD));
    a->phase = AUTH_FENCING;
    assert_false(holds(G_ROGUE_OLD));
}

static void
six_open_differences_are_told_and_how_many_more_there_are(void **state)
{
    (void)state;
    duet_to(&u, HO_VERIFY);
    struct review *r = &u.t.cutover.review;
    u.t.cutover.verification.known[VERIFY_PARITY_ROWS] = true;
    u.t.cutover.verification.value[VERIFY_PARITY_ROWS] = 8;
    for (uint8_t i = 0; i < 8; i++) {
        r->row[i] = (struct review_row){.row = {{(uint8_t)(i + 1)}}, .severity = SEVERITY_BLOCK};
        memcpy(r->row[i].rule, "CF-SCOPE-NARROWED", 18);
    }
    for (uint8_t open = 4; open <= 8; open += 2) {
        r->row_count = open;
        struct problem p = ask(G_PARITY, "");
        size_t told = 0;
        for (size_t i = 0; i < p.fact_count; i++)
            told += strstr(p.fact[i].text, "CF-SCOPE-NARROWED") != NULL;
        assert_int_equal(told, open < 6 ? open : 6);
        assert_int_equal(says(&p, "and more: 2"), open == 8);
    }
}

static void
a_verification_as_old_as_it_may_be_is_fresh(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    u.t.cutover.verified_ms = u.now_ms - 5;
    u.t.info.policy.v[POLICY_READY_FRESH_MS] = 5;
    assert_true(holds(G_FRESH));
    u.t.info.policy.v[POLICY_READY_FRESH_MS] = 4;
    assert_false(holds(G_FRESH));
}

static void
the_role_is_seen_where_the_open_epoch_ended_with_it(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    struct authority *a = &u.t.authority;
    static const enum guard_id by[] = {G_OLD_KEPT_IT, G_HELD_BY_NEW};
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        a->phase = AUTH_HELD;
        a->recipient = a->holder = a->member[m].key;
        for (size_t i = 0; i < TOY_MEMBERS; i++)
            assert_int_equal(holds(by[i]), i == m);
        a->phase = AUTH_FENCING; /* fenced again meanwhile */
        assert_false(holds(by[m]));
        a->phase = AUTH_HELD;
        a->recipient = a->member[1 - m].key;
        assert_false(holds(by[m]));
        a->recipient = a->member[m].key;
        a->holder = (struct baton_key){{0}}; /* it said so once and holds no more */
        assert_false(holds(by[m]));
    }
    a->recipient = a->holder = a->member[TOY_OLD].key;
    a->serial = 1; /* it had stopped, and was granted the role again */
    assert_false(holds(G_OLD_KEPT_IT));
}

static void
a_grant_is_dead_where_the_record_says_neither_granted_nor_held(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    for (uint8_t phase = AUTH_NONE; phase < AUTH_PHASE_COUNT; phase++) {
        u.t.authority.phase = phase;
        assert_int_equal(holds(G_GRANT_DEAD), phase != AUTH_GRANTED && phase != AUTH_HELD);
    }
}

static void
the_eighth_grant_of_an_epoch_is_the_last_that_nobody_asks_for(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    u.t.authority.serial = 7;
    assert_true(holds(G_GRANTS_LEFT));
    u.t.authority.serial = 8;
    assert_false(holds(G_GRANTS_LEFT));
    struct problem p = ask(G_GRANTS_LEFT, "");
    assert_true(says(&p, "grants sent in this epoch: 8"));
    assert_string_equal(p.who, "any operator");
    assert_string_equal(p.next, "baton cutover rollback contoso");
}

static void
what_is_refused_is_read_from_who_spoke_last(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    struct authority *a = &u.t.authority;
    for (uint8_t m = 0; m < TOY_MEMBERS; m++) {
        struct statement *s = &u.t.agent[m].statement;
        a->refused_by = m;
        *s = (struct statement){.type = SAY_ACCEPTED, .asked = a->epoch};
        assert_false(holds(G_REFUSES_THIS));
        s->type = SAY_REFUSED;
        assert_true(holds(G_REFUSES_THIS));
        s->nonce = toy_id(3);
        assert_false(holds(G_REFUSES_THIS));
        s->nonce = (struct baton_id){{0}};
        s->asked.counter++;
        assert_false(holds(G_REFUSES_THIS));
        s->asked = a->epoch;
        a->refused_by = (uint8_t)(1 - m);
        assert_int_equal(holds(G_REFUSES_THIS), m == 1); /* by the other one, of before */
    }
    u.t.agent[TOY_OLD].used = false; /* it was never enrolled here */
    a->refused_by = TOY_OLD;
    assert_false(holds(G_REFUSES_THIS));
}

int
main(void)
{
#define AT(test) cmocka_unit_test_setup(test, open_duet)
    const struct CMUnitTest tests[] = {
        AT(the_role_is_seen_where_the_open_epoch_ended_with_it),
        AT(a_grant_is_dead_where_the_record_says_neither_granted_nor_held),
        AT(the_eighth_grant_of_an_epoch_is_the_last_that_nobody_asks_for),
        AT(what_is_refused_is_read_from_who_spoke_last),
        AT(six_open_differences_are_told_and_how_many_more_there_are),
        AT(a_verification_as_old_as_it_may_be_is_fresh),
        AT(an_attested_server_that_exports_after_all_is_rogue),
        AT(a_grant_that_the_record_lost_keeps_the_gap_closed_until_it_is_void),
        AT(once_everybody_was_fenced_the_recipients_own_evidence_is_asked_for_with_go),
        AT(an_account_that_went_with_the_last_export_itself_is_gone),
        AT(a_probation_ends_with_its_last_millisecond),
        AT(a_go_is_signed_in_time_to_the_millisecond),
        AT(where_no_guard_is_named_none_is_in_the_way),
        AT(asked_is_who_was_challenged_within_the_time_that_a_go_may_take),
        AT(sealed_settings_are_here_when_the_state_that_waits_for_them_was_interrupted),
        AT(a_later_plan_of_the_same_servers_needs_no_second_adoption),
        AT(a_record_is_settled_when_it_is_sure_and_everybody_was_heard),
        AT(promises_stand_apart_when_one_of_them_is_not_the_records),
        AT(promises_of_one_number_stand_apart_when_they_name_another_recipient),
        AT(either_server_in_quarantine_is_seen_by_its_own_word),
        AT(where_it_was_interrupted_it_goes_on_only_if_the_role_is_where_that_state_has_it),
        AT(who_holds_is_known_by_the_record_or_by_its_own_word),
        AT(an_export_of_the_old_server_is_rogue_from_its_first_evidence_on),
        AT(an_export_of_the_new_server_is_rogue_until_it_has_a_grant),
        AT(an_activation_is_late_when_its_grant_was_given_up_and_the_others_had_proven_themselves),
        AT(a_word_for_another_tenant_is_held_for_once),
        AT(agents_of_another_acceptance_table_are_told_apart),
        AT(people_take_it_forward_as_it_is_only_past_the_point_of_no_return_and_with_a_reason),
        AT(an_export_is_late_after_two_intervals_at_least_and_told_once_in_that_time),
        AT(an_old_server_idles_when_it_stands_still_for_longer_than_a_gap_may_before_the_cutover),
        AT(an_old_server_that_runs_and_does_not_export_is_late_after_two_intervals),
        AT(an_old_server_is_silent_when_it_was_not_heard_since_the_state_began_and_longer),
        AT(a_server_that_a_later_plan_leaves_out_waits_for_people_unless_it_is_retired),
        AT(a_new_key_takes_the_place_of_one_that_no_adoption_can_leave_out),
        AT(people_count_as_the_trust_document_says_and_where_there_is_none_nobody_does),
        AT(the_old_server_is_gone_while_the_new_one_holds_and_two_people_attest_it_of_a_silent_one),
        AT(of_a_server_that_was_written_off_nobody_is_reminded),
        AT(an_alarm_can_be_closed_once_there_is_an_epoch_to_prove),
        AT(an_alarm_of_either_server_is_acknowledged_after_its_evidence),
        AT(a_path_by_hand_bears_a_configuration_that_the_wizard_refuses),
        AT(unknown_prerequisites_pass_where_the_policy_lets_the_unknown_pass),
        AT(a_dead_source_owes_no_cycle_and_any_other_a_count_or_an_end),
        AT(a_server_that_exported_in_an_earlier_life_may_be_swung_to),
        AT(known_anchors_that_stay_pass_without_a_reason),
        AT(what_was_not_verified_need_not_be_known_now),
        AT(a_cycle_may_be_two_intervals_old_or_two_looks_whichever_is_longer),
        AT(a_problem_keeps_the_facts_that_fit),
        AT(a_server_that_is_alive_is_heard_within_its_limit_to_the_millisecond),
        AT(no_guard_asks_a_member_that_a_later_plan_left_out),
        AT(a_plan_leaves_a_server_out_once_enough_people_have_signed),
        AT(a_staged_server_was_seen_within_its_limit_to_the_millisecond),
        AT(a_settings_file_as_old_as_it_may_be_counts),
        AT(a_window_is_open_from_its_first_to_before_its_last_millisecond),
        AT(a_pair_says_of_each_server_what_it_lacks),
        AT(two_agents_of_one_machine_are_no_pair),
        AT(a_new_server_that_exports_already_is_no_pair),
        AT(a_source_is_dead_when_it_is_disabled_never_exported_or_is_silent_too_long),
        AT(no_path_of_two_servers_fits_an_upgrade_in_place_or_an_audit),
        AT(each_guard_holds_when_it_should_and_says_why_when_it_does_not),
        AT(each_refusal_says_who_clears_it_by_which_command_and_every_fact),
        AT(what_the_old_server_looks_like_when_it_stops_makes_nothing_stale),
        AT(a_no_go_says_what_changed),
        AT(a_reason_opens_what_is_unknown_and_never_what_is_known_to_be_wrong),
        AT(a_state_that_begins_in_the_future_is_entered_again),
        AT(uncounted_deletions_are_never_accepted),
        AT(the_deletion_limit_is_the_smaller_of_number_and_share),
        AT(a_path_fits_the_product_and_what_it_does),
        AT(deletes_that_came_after_the_verification_stop_a_cutover_that_has_not_begun),
        AT(in_the_gap_a_new_server_that_its_guard_stopped_owes_no_cycle),
        AT(after_a_restart_only_a_new_report_with_the_same_hashes_makes_a_verification_fresh),
        AT(an_expired_approval_and_a_missing_trust_document_count_for_nothing),
        AT(a_go_has_to_name_the_epoch_the_next_serial_and_this_evidence),
    };
#undef AT
    setvbuf(stdout, NULL, _IONBF, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
