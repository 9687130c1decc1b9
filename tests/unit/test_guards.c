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

#define NEW_ADMIN "the administrator of the new server"
#define PREFLIGHT "on NEW, as administrator: baton-agent preflight --dir DIR"
#define ACCEPT    "baton cutover accept contoso --reason '...'"
#define FINDINGS  "baton cutover findings contoso"

static const struct {
    uint8_t guard, state;
    void (*broken_by)(void);
    const char *who, *next, *fact;
} verifying[] = {
    {G_PREREQ, HO_INSTALL_STAGED, prerequisite_failed, NEW_ADMIN, PREFLIGHT, "prereq_failed is 1"},
    {G_PREREQ, HO_INSTALL_STAGED, prerequisites_unknown, NEW_ADMIN, PREFLIGHT, "is unknown"},
    {G_4OPS, HO_VERIFY, full_sync_missing, NEW_ADMIN,
     "wait for its runs; where none goes on, on NEW, in PowerShell: Start-ADSyncSyncCycle "
     "-PolicyType Initial",
     "full_sync_entra is unknown"},
    {G_PARITY, HO_VERIFY, nothing_broken, "any operator", ACCEPT, "has sent no findings yet"},
    {G_PARITY, HO_VERIFY, list_on_its_way, "any operator", ACCEPT, "looks again"},
    {G_PARITY, HO_VERIFY, old_configured_again, "any operator", ACCEPT, "was configured again"},
    {G_PARITY, HO_VERIFY, row_open_for_two, "two operators with the approve role",
     FINDINGS "; then mend it, or baton cutover dispose contoso 1a2b3c4d5e6f --as accepted "
              "--reason '...'",
     "CF-SCOPE-NARROWED, row 1a2b3c4d5e6f: 1 of 2 people decided"},
    {G_PARITY, HO_VERIFY, rows_left_out, NEW_ADMIN, FINDINGS, "did not fit into the list"},
    {G_DIFF, HO_VERIFY, nothing_broken, "any operator", ACCEPT, "anchor_changes is unknown"},
    {G_DIFF, HO_VERIFY, deletes_above, NEW_ADMIN, FINDINGS, "pending deletions: 44"},
    {G_DIFF, HO_VERIFY, deletes_above, NEW_ADMIN, FINDINGS, "no reason opens it"},
    {G_DIFF, HO_VERIFY, deletes_told_no_more, NEW_ADMIN, "baton agent show contoso NEW",
     "nobody may accept deletions"},
    {G_DIFF, HO_VERIFY, deletes_told_by_now, "any operator", "baton cutover reverify contoso",
     "the new server's agent tells it now"},
    {G_DIFF, HO_VERIFY, anchors_told_by_now, "any operator", "baton cutover reverify contoso",
     "the new server's agent tells it now"},
    {G_DIFF, HO_VERIFY, anchors_change, NEW_ADMIN, FINDINGS, "source anchor would change: 1"},
    {G_FRESH, HO_READY, verified_long_ago, "any operator", "baton cutover reverify contoso",
     "the verification is this old"},
    {G_FRESH, HO_READY, version_moved, "any operator", "baton cutover reverify contoso",
     "in the verification, is 2.9.0.0"},
    {G_FRESH, HO_READY, rules_moved, "any operator", "baton cutover reverify contoso",
     "synchronization rules changed"},
    {G_FRESH, HO_READY, config_moved, "any operator", "baton cutover reverify contoso",
     "configuration changed"},
    {G_FRESH, HO_READY, old_configured_after_parity, "any operator",
     "baton cutover reverify contoso", "old server: it was configured again"},
    {G_FRESH, HO_READY, config_unreadable, NEW_ADMIN, "baton agent show contoso NEW",
     "its configuration cannot be read now"},
    {G_FRESH, HO_READY, rules_unreadable, NEW_ADMIN, "baton agent show contoso NEW",
     "its synchronization rules cannot be read now"},
    {G_FRESH, HO_READY, version_unreadable, NEW_ADMIN, "baton agent show contoso NEW",
     "its version cannot be read now"},
    {G_FRESH, HO_READY, cycle_long_ago, NEW_ADMIN,
     "on NEW, in PowerShell: Start-ADSyncSyncCycle -PolicyType Delta",
     "last complete cycle ended 24 h ago"},
    {G_FRESH, HO_READY, cycle_long_ago_and_silent, NEW_ADMIN, "baton agent list --tenant contoso",
     "new server: not connected"},
    {G_FRESH, HO_READY, no_cycle_under_a_wizard, "whoever has it open",
     "close it, then the same command again", "wizard of CONTOSO\\carla"},
    {G_FRESH, HO_READY, not_reported_yet, NEW_ADMIN, "baton agent list --tenant contoso",
     "has not reported"},
};

static void
a_guard_of_the_verification_says_who_clears_it_and_by_which_command(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(verifying); i++) {
        duet_open(&u);
        duet_to(&u, (enum handoff_state)verifying[i].state);
        verifying[i].broken_by();
        struct problem p = ask((enum guard_id)verifying[i].guard, "");
        if (p.status == BATON_OK || strcmp(p.who, verifying[i].who) != 0 ||
            strcmp(p.next, verifying[i].next) != 0 || !says(&p, verifying[i].fact))
            fail_msg("row %zu, %s: who \"%s\", next \"%s\", fact \"%s\" / \"%s\" / \"%s\"", i,
                     guard_name((enum guard_id)verifying[i].guard), p.who, p.next, p.fact[0].text,
                     p.fact[1].text, p.fact[2].text);
    }
}

/* Stopped or put into staging mode it may look otherwise: that is no change by people. */
static void
what_the_old_server_looks_like_when_it_stops_makes_nothing_stale(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    old_configured_after_parity();
    assert_int_equal(ask(G_FRESH, "").status, BATON_OK);
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
    assert_string_equal(p.next, "baton cutover reverify contoso; then " ACCEPT);
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
    facts_set(f, FACT_SETTINGS_SEEN, (int64_t)u.unix_ms);
    u.t.cutover.entered_unix_ms = u.unix_ms + 86400000; /* the controller's clock was a day ahead */
    p = ask(G_SETTINGS_SEEN, "");
    assert_false(says(&p, "export the settings again"));
    assert_true(says(&p, "clock was ahead"));
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
        assert_int_equal(ask(G_WINDOW, "").status == BATON_OK, rows[i].open);
    }
    u.t.info.window_from_unix_ms = u.t.info.window_to_unix_ms = 0;
    assert_int_equal(ask(G_WINDOW, "").status, BATON_OK);
}

int
main(void)
{
#define AT(test) cmocka_unit_test_setup(test, open_duet)
    const struct CMUnitTest tests[] = {
        AT(a_window_is_open_from_its_first_to_before_its_last_millisecond),
        AT(a_pair_says_of_each_server_what_it_lacks),
        AT(two_agents_of_one_machine_are_no_pair),
        AT(a_new_server_that_exports_already_is_no_pair),
        AT(a_source_is_dead_when_it_is_disabled_never_exported_or_is_silent_too_long),
        AT(no_path_of_two_servers_fits_an_upgrade_in_place_or_an_audit),
        AT(each_guard_holds_when_it_should_and_says_why_when_it_does_not),
        AT(a_guard_of_the_verification_says_who_clears_it_and_by_which_command),
        AT(what_the_old_server_looks_like_when_it_stops_makes_nothing_stale),
        AT(a_no_go_says_what_changed),
        AT(a_reason_opens_what_is_unknown_and_never_what_is_known_to_be_wrong),
        AT(a_state_that_begins_in_the_future_is_entered_again),
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
