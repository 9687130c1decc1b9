/* What it waits for, who can clear it, the next command; and the clicks a person has to make. */
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
explain(void)
{
    struct problem p;
    tenant_explain(&u.t, u.now_ms, toy_digest(), toy_trust(), &p);
    return p;
}

static bool
task_says(const struct task *t, const char *word)
{
    for (size_t i = 0; i < t->line_count; i++)
        if (strstr(t->line[i].text, word) != NULL)
            return true;
    return strstr(t->warning, word) != NULL || strstr(t->title, word) != NULL;
}

static struct task
task(void)
{
    struct task t;
    assert_true(tenant_task(&u.t, &t));
    return t;
}

static void
every_state_of_the_way_says_what_it_waits_for(void **state)
{
    (void)state;
    static const struct {
        uint8_t state;
        uint16_t rule;
        uint8_t guard; /* G_NONE: open, a verb is next */
        const char *next;
    } rows[] = {
        {HO_ASSESSED, 301, G_NONE, "baton cutover plan contoso"},
        {HO_PLANNED, 303, G_APPR_PLAN, "baton cutover approve contoso --for plan"},
        {HO_EXPORT_SETTINGS, 305, G_SETTINGS_SEEN, "baton cutover task contoso"},
        {HO_INSTALL_STAGED, 309, G_STAGED, "baton cutover task contoso"},
        {HO_FIRST_SYNC, 311, G_4OPS,
         "wait for its runs; where none goes on, on NEW, in PowerShell: Start-ADSyncSyncCycle "
         "-PolicyType Initial"},
        {HO_VERIFY, 313, G_DIFF, "baton cutover accept contoso --reason '...'"},
        {HO_READY, 315, G_APPR_CUTOVER, "baton cutover approve contoso --for cutover"},
        {HO_ARMED, 317, G_NONE, "baton cutover start contoso"},
        {HO_GAP, 320, G_NONE, "baton cutover go contoso"},
        {HO_ACTIVATING, 325, G_EXPORT_SEEN, "baton cutover explain contoso"},
        {HO_PROBATION, 327, G_PROBATION, "baton cutover explain contoso"},
        {HO_DONE, 0, G_NONE, "baton cutover certificate contoso"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        duet_open(&u);
        duet_to(&u, (enum handoff_state)rows[i].state);
        struct problem p = explain();
        if (p.rule != rows[i].rule || p.guard != rows[i].guard || strcmp(p.next, rows[i].next) != 0)
            fail_msg("%s: rule %u guard %s next \"%s\"",
                     handoff_state_code((enum handoff_state)rows[i].state), p.rule,
                     guard_name((enum guard_id)p.guard), p.next);
        assert_int_equal(p.status == BATON_OK, rows[i].guard == G_NONE);
        assert_true(p.title[0] != '\0' && p.since_unix_ms != 0);
    }
}

static void
a_hold_says_why_and_where_it_goes_on(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    (void)duet_verb(&u, HEV_HOLD, "power work in the data centre");
    struct problem p = explain();
    assert_int_equal(p.status, BATON_WAITING);
    assert_string_equal(p.title, "a person put it on hold");
    assert_string_equal(p.next, "baton cutover resume contoso");
    assert_string_equal(p.fact[0].text, "reason given: power work in the data centre");
    assert_string_equal(p.fact[1].text, "it was in armed");
}

static void
what_has_not_happened_is_not_told_as_if_it_had(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    struct problem p = explain();
    assert_string_equal(p.title, "nothing is in the way: the next step is yours");
    assert_non_null(strstr(p.fact[0].text, "then: "));
    duet_to(&u, HO_GRANTING);
    p = explain();
    assert_non_null(strstr(p.title, "not seen yet: "));
    assert_string_equal(p.next, "baton cutover task contoso");
}

static void
what_verification_found_and_what_the_approvals_bind_to_is_told(void **state)
{
    (void)state;
    struct findings l = {0};
    struct finding f = {.rule = "EX-ADDS", .severity = SEVERITY_REVIEW, .count = 4};
    duet_to(&u, HO_VERIFY);
    assert_int_equal(findings_add(&l, &f), BATON_OK);
    assert_int_equal(duet_findings(&u, TOY_NEW, &l), BATON_OK);
    findings_done(&l);
    struct problem p = explain();
    assert_string_equal(p.fact[p.fact_count - 1].text,
                        "verification: unknown; findings 1, open 1, that block 0; dispositions 0");
    duet_to(&u, HO_READY);
    p = explain();
    char text[96], digits[13];
    baton_hex(u.t.cutover.verification_hash.b, 6, digits);
    (void)snprintf(text, sizeof text, "accepted: record %s, which the approvals bind to", digits);
    assert_string_equal(p.fact[p.fact_count - 1].text, text);
    duet_to(&u, HO_GRANTING); /* nothing is decided about it any more */
    p = explain();
    for (size_t i = 0; i < p.fact_count; i++)
        assert_null(strstr(p.fact[i].text, "verification: "));
}

static void
waiting_for_evidence_names_the_server_that_owes_it(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    u.cut[TOY_OLD] = true;
    (void)duet_verb(&u, HEV_START, NULL);
    duet_pass(&u, 2, 1200);
    struct problem p = explain();
    assert_int_equal(p.guard, G_OLD_STOPPED);
    assert_int_equal(p.fact_count, 1);
    assert_non_null(strstr(p.fact[0].text, "old server: no evidence yet"));
}

static void
an_old_server_that_exported_after_its_stop_is_shown_the_way_back(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    u.cut[TOY_OLD] = true;
    (void)duet_verb(&u, HEV_START, NULL);
    duet_pass(&u, 2, 1200);
    facts_set(&u.t.agent[TOY_OLD].facts, FACT_EXPORTS_SINCE_FENCE, 1);
    struct problem p = explain();
    assert_int_equal(p.guard, G_OLD_STOPPED);
    assert_non_null(strstr(p.title, "exported after it had stopped"));
    assert_string_equal(p.next, "baton cutover rollback contoso");
    u.t.cutover.state = HO_REVOKING; /* the rollback's own epoch may be spoilt as well */
    p = explain();
    assert_non_null(strstr(p.title, "exported after it had stopped"));
    assert_string_equal(p.next, "baton cutover rollback contoso");
}

static void
after_a_restart_it_says_that_not_everybody_was_heard(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    u.cut[TOY_OLD] = true;
    duet_restart(&u);
    struct problem p = explain();
    assert_non_null(strstr(p.fact[p.fact_count - 1].text, "has not heard every server"));
}

/* The fence reached the old server alone; then the controller was put back to before it was given. */
static void
lose_the_fence(enum handoff_state before)
{
    static struct tenant backup;
    duet_to(&u, before);
    backup = u.t;
    if (before != HO_ARMED)
        duet_to(&u, HO_ARMED);
    u.cut[TOY_NEW] = true;
    assert_int_equal(duet_verb(&u, HEV_START, NULL), BATON_OK);
    duet_pass(&u, 2, 1200);
    u.t = backup;
    u.cut[TOY_NEW] = false;
    u.queued[TOY_NEW] = 0; /* what was under way is lost with the record */
    duet_restart(&u);
    duet_pass(&u, 2, 1200);
    assert_int_equal(u.t.cutover.state, HO_RECONCILE);
    assert_int_equal(duet_verb(&u, HEV_CONFIRM_FOREIGN, "as the servers say"), BATON_OK);
    duet_pass(&u, 2, 1200);
    assert_int_equal(u.t.cutover.state, HO_RELEASING);
}

static bool
told(const struct problem *p, const char *word)
{
    for (size_t i = 0; i < p->fact_count; i++)
        if (strstr(p->fact[i].text, word) != NULL)
            return true;
    return false;
}

static void
two_approve_the_cutover(void)
{
    assert_int_equal(duet_approve(&u, VERB_CUTOVER, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_approve(&u, VERB_CUTOVER, TOY_BERT), BATON_OK);
}

static void
a_fence_that_the_record_lost_says_how_to_go_on_and_back(void **state)
{
    (void)state;
    lose_the_fence(HO_ARMED);
    struct problem p = explain();
    assert_true(told(&p, "new server: it never promised this epoch"));
    assert_true(told(&p, "its order is lost"));
    assert_true(told(&p, "back: baton cutover rollback contoso"));
    /* Approvals towards the same server still stand: the old one has promised it to nobody else. */
    assert_string_equal(p.next, "baton cutover start contoso");
    assert_int_equal(duet_verb(&u, HEV_START, NULL), BATON_OK);
    duet_pass(&u, 4, 1200);
    assert_int_equal(u.t.cutover.state, HO_GAP);
}

static void
a_record_put_back_to_before_the_verification_is_verified_before_it_goes_on(void **state)
{
    (void)state;
    lose_the_fence(HO_INSTALL_STAGED);
    struct problem p = explain();
    assert_string_equal(p.next, "baton cutover reverify contoso");
    assert_int_equal(duet_verb(&u, HEV_REVERIFY, NULL), BATON_OK);
    p = explain();
    assert_string_equal(p.next, "baton cutover accept contoso --reason '...'");
    assert_int_equal(duet_verb(&u, HEV_ACCEPT, "read and found good"), BATON_OK);
    assert_int_equal(u.t.cutover.state, HO_RELEASING);
    p = explain();
    assert_string_equal(p.next, "baton cutover approve contoso --for cutover");
    two_approve_the_cutover();
    assert_int_equal(duet_verb(&u, HEV_START, NULL), BATON_OK);
    duet_pass(&u, 4, 1200);
    assert_int_equal(u.t.cutover.state, HO_GAP);
}

/* A server that got the fence and refuses it has a reason of its own. */
static void
a_fence_that_is_refused_is_not_called_lost(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    u.cut[TOY_NEW] = true;
    assert_int_equal(duet_verb(&u, HEV_START, NULL), BATON_OK);
    duet_pass(&u, 2, 1200);
    assert_int_equal(u.t.cutover.state, HO_RELEASING);
    struct authority_member *m = &u.t.authority.member[TOY_NEW];
    m->said = SAY_REFUSED;
    m->refusal = REFUSE_APPROVALS;
    struct problem p = explain();
    assert_false(told(&p, "never promised") || told(&p, "lost"));
    m->refusal = REFUSE_EPOCH;
    p = explain();
    assert_true(told(&p, "new server: it never promised this epoch"));
    u.t.cutover.state = HO_REVOKING; /* nothing starts there */
    p = explain();
    assert_true(told(&p, "its order is lost"));
    assert_false(told(&p, "start contoso"));
    assert_string_equal(p.next, "baton cutover rollback contoso");
    u.t.cutover.ponr = true; /* then it is why it refuses */
    p = explain();
    assert_false(told(&p, "lost"));
    assert_true(told(&p, "no way back"));
    assert_string_equal(p.next, "baton cutover approve contoso --for cutover");
    u.t.cutover.accepted = false; /* of a record that was put back */
    u.t.cutover.verification = (struct verification){0};
    p = explain();
    assert_string_equal(p.next, "baton cutover reverify contoso");
}

/* Two controllers of one image made a plan each, and the other one's fence came first. */
static void
a_promise_under_another_plan_is_fenced_anew_instead_of_granted_for_ever(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    struct problem p = explain();
    assert_int_equal(p.status, BATON_OK);
    u.t.agent[TOY_NEW].statement.plan.b[0] ^= 0x55;
    p = explain();
    assert_int_equal(p.status, BATON_WAITING);
    assert_non_null(strstr(p.title, "under another plan"));
    assert_true(told(&p, "new server: it keeps a plan"));
    assert_false(told(&p, "old server: it keeps a plan"));
    assert_true(told(&p, "back: baton cutover rollback contoso"));
    assert_string_equal(p.next, "baton cutover start contoso");
    u.t.cutover.approval_count = 0;
    p = explain();
    assert_string_equal(p.next, "baton cutover approve contoso --for cutover");
    u.t.agent[TOY_NEW].statement.epoch.counter--; /* of an epoch that is over: that plan is, too */
    p = explain();
    assert_null(strstr(p.title, "under another plan"));
}

/* A fence would be refused, and there confirm-foreign means nothing. */
static void
a_breach_of_an_unsure_record_leads_to_what_is_to_be_confirmed(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    u.t.cutover.resume_to = HO_ARMED;
    u.t.cutover.state = HO_BREACH;
    struct problem p = explain();
    assert_string_equal(p.next, "baton cutover fence contoso");
    u.t.authority.reconcile = true;
    assert_int_equal(duet_verb(&u, HEV_FENCE, NULL), BATON_WAITING);
    assert_string_equal(u.d.problem.next, "baton cutover explain contoso");
    p = explain();
    assert_string_equal(p.next, "baton cutover resume contoso");
    assert_true(told(&p, "then: baton cutover confirm-foreign contoso"));
    assert_false(told(&p, "fence contoso"));
    assert_int_equal(duet_verb(&u, HEV_RESUME, NULL), BATON_OK);
    assert_int_equal(u.t.cutover.state, HO_RECONCILE);
}

static void
small_directories_export_with_force_export_large_ones_are_offered_it(void **state)
{
    (void)state;
    duet_to(&u, HO_EXPORT_SETTINGS);
    facts_set(&u.t.agent[TOY_OLD].facts, FACT_OBJECTS, 49999);
    struct task t = task();
    assert_string_equal(t.host, "OLD");
    assert_true(task_says(&t, "AzureADConnect.exe /ForceExport"));
    assert_true(task_says(&t, "close the wizard with the X"));
    facts_set(&u.t.agent[TOY_OLD].facts, FACT_OBJECTS, 50000);
    t = task();
    assert_false(task_says(&t, "/ForceExport"));
    assert_true(task_says(&t, "the wizard itself offers the export: press Export settings"));
    assert_true(task_says(&t, "Do not uninstall DirSync yourself before the upgrade"));
}

static void
the_install_task_names_every_click(void **state)
{
    (void)state;
    duet_to(&u, HO_INSTALL_STAGED);
    struct task t = task();
    assert_string_equal(t.host, "NEW");
    assert_true(task_says(&t, "AzureADConnect.exe /migrate"));
    assert_true(task_says(&t, "Start the synchronization process"));
    assert_true(task_says(&t, "another SQL instance than the one DirSync uses"));
    assert_true(task_says(&t, "Sign out of Windows and in again"));
    assert_true(task_says(&t, "never run the MSI again"));
    u.t.cutover.profile = PROFILE_UNSUPPORTED;
    t = task();
    assert_true(task_says(&t, "do not use /migrate"));
    u.t.cutover.profile = PROFILE_SWING;
    t = task();
    assert_true(task_says(&t, "Import synchronization settings"));
}

static void
leaving_staging_is_told_only_while_the_grant_is_open(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    struct task t = task();
    assert_false(task_says(&t, "Untick"));
    duet_to(&u, HO_GRANTING);
    t = task();
    assert_true(task_says(&t, "Configure staging mode") &&
                task_says(&t, "Untick Enable staging mode"));
    assert_true(task_says(&t, "only forward"));
}

static void
leaving_staging_is_not_told_before_the_new_server_has_the_grant(void **state)
{
    (void)state;
    struct task t;
    duet_to(&u, HO_GRANTING);
    assert_true(tenant_task(&u.t, &t));
    struct authority_member *m = &u.t.authority.member[tenant_member(&u.t, tenant_new(&u.t))];
    u.t.authority.recovering = true; /* what an earlier run was told may be over */
    m->heard = false;
    assert_false(tenant_task(&u.t, &t));
    m->heard = true;
    assert_true(tenant_task(&u.t, &t));
    u.t.authority.recovering = false;
    m->grant = GRANT_NONE; /* on its way */
    assert_false(tenant_task(&u.t, &t));
    struct problem p = explain();
    assert_non_null(strstr(p.who, "goes on by itself"));
}

static void
every_task_text_fits_its_place(void **state)
{
    (void)state;
    static const uint8_t profiles[] = {PROFILE_PARALLEL, PROFILE_SWING, PROFILE_UNSUPPORTED,
                                       PROFILE_DEAD_SOURCE};
    duet_to(&u, HO_GRANTING);       /* the grant lives: every task may be shown */
    memset(u.t.info.name, 'n', 20); /* as long as names usually get */
    u.t.info.name[20] = '\0';
    unsigned tasks = 0;
    for (uint8_t s = 0; s < HANDOFF_STATE_COUNT; s++)
        for (size_t i = 0; i < ARRAY_LEN(profiles); i++) {
            struct task t;
            u.t.cutover.state = s;
            u.t.cutover.profile = profiles[i];
            if (!tenant_task(&u.t, &t))
                continue;
            tasks++;
            assert_true(t.line_count > 0 && t.done_when[0] != '\0');
            for (size_t k = 0; k < t.line_count; k++)
                if (strlen(t.line[k].text) + 1 >= sizeof t.line[k].text)
                    fail_msg("cut: %s", t.line[k].text);
            assert_true(strlen(t.warning) + 1 < sizeof t.warning);
            assert_true(strlen(t.title) + 1 < sizeof t.title);
        }
    assert_true(tasks > 40);
}

static void
a_path_without_a_handoff_says_that_it_has_none(void **state)
{
    (void)state;
    static const enum profile paths[] = {PROFILE_IN_PLACE, PROFILE_AUDIT_ONLY};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        duet_open(&u);
        duet_create(&u, paths[i]);
        struct problem p = explain();
        assert_int_equal(p.status, BATON_REFUSED);
        assert_non_null(strstr(p.title, "moves no role between two servers"));
        assert_string_equal(p.next, "baton cutover abandon contoso --reason '...'");
    }
}

static void
explaining_changes_nothing(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    static struct tenant before;
    memcpy(&before, &u.t, sizeof before);
    (void)explain();
    (void)task();
    assert_memory_equal(&before, &u.t, sizeof before);
}

static bool
explains(const char *words)
{
    struct problem p = explain();
    for (size_t i = 0; i < p.fact_count; i++)
        if (strstr(p.fact[i].text, words) != NULL)
            return true;
    return strstr(p.title, words) != NULL;
}

/* Whoever does not count is named with what to do, as long as the handoff needs that server. */
static void
a_server_that_does_not_count_is_named_with_the_next_step(void **state)
{
    (void)state;
    static const char *const hosts[] = {"OLD", "NEW"};
    for (int m = 0; m < TOY_MEMBERS; m++) {
        char next[96];
        duet_open(&u);
        duet_to(&u, HO_READY);
        struct agent_view *a = &u.t.agent[m];
        a->statement_known = true;
        a->statement.quarantine = QUARANTINE_MACHINE;
        assert_true(explains("is quarantined: reverted"));
        (void)snprintf(next, sizeof next, "baton agent readmit contoso %s", hosts[m]);
        assert_string_equal(explain().next, next);
        a->statement.quarantine = QUARANTINE_STATE_LOST;
        a->statement.tombstone = true; /* its second copy still knows */
        assert_true(explains("is quarantined: reverted"));
        a->statement.tombstone = false;
        assert_true(explains("its memory is gone"));
        a->barred = true;
        a->alarm_unix_ms = u.unix_ms - 60000;
        assert_true(explains("two copies of it spoke, 1 min") ||
                    explains("two copies of it spoke, 60 s"));
        a->alarm_unix_ms = u.unix_ms + 60000; /* its clock was put back: no age is invented */
        assert_false(explains("spoke, "));
        a->revoked = true;
        assert_false(explains("two copies"));
        a->revoked = false;
        a->used = false;
        assert_false(explains("two copies"));
    }
}

static void
where_the_new_server_holds_the_old_ones_quarantine_stops_nothing(void **state)
{
    (void)state;
    duet_to(&u, HO_PROBATION);
    struct agent_view *a = &u.t.agent[TOY_OLD];
    a->statement_known = true;
    a->statement.quarantine = QUARANTINE_MACHINE;
    struct problem p = explain();
    assert_true(explains("is quarantined"));
    assert_null(strstr(p.next, "readmit"));
}

static void
a_breach_says_the_ways_that_are_open(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    u.t.cutover.state = HO_BREACH;
    u.t.cutover.resume_to = HO_READY;
    assert_true(explains("back: baton cutover approve contoso --for rollback"));
    u.t.cutover.accepted = false;
    assert_true(explains("forward: first baton cutover accept"));
    u.t.cutover.accepted = true;
    assert_false(explains("forward: first"));
    u.t.cutover.old_rogue_seen = 1;
    u.t.cutover.breach = true;
    assert_true(explains("the old server exported after it had proved"));
    u.t.cutover.new_rogue_seen = 1; /* both, or the other: the rule's own reason stands */
    assert_false(explains("the old server exported after it had proved"));
    u.t.authority.member[TOY_OLD].retired = true;
    assert_true(explains("no way back to the old server"));
    u.t.authority.member[TOY_OLD].retired = false;
    u.t.authority.member[TOY_NEW].tamper_open = u.t.authority.member[TOY_NEW].tamper_unread = true;
    assert_non_null(strstr(explain().next, "contoso"));
    assert_null(strstr(explain().next, "fence"));
}

static void
fencing_says_how_many_people_attest_for_whom(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    u.t.cutover.state = HO_FENCING;
    assert_true(explains("OLD: 0 of 2 people attest for it"));
    assert_true(explains("NEW: 0 of 2 people attest for it"));
    u.t.authority.member[TOY_OLD].attested = true;
    assert_false(explains("OLD: 0 of 2"));
    u.t.authority.member[TOY_NEW].evidence.b[0] = 1;
    assert_false(explains("NEW: 0 of 2"));
    u.t.authority.member_count = 0;
    assert_false(explains("people attest"));
}

int
main(void)
{
#define AT(test) cmocka_unit_test_setup(test, open_duet)
    const struct CMUnitTest tests[] = {
        AT(a_server_that_does_not_count_is_named_with_the_next_step),
        AT(where_the_new_server_holds_the_old_ones_quarantine_stops_nothing),
        AT(a_breach_says_the_ways_that_are_open),
        AT(fencing_says_how_many_people_attest_for_whom),
        AT(every_state_of_the_way_says_what_it_waits_for),
        AT(a_hold_says_why_and_where_it_goes_on),
        AT(what_has_not_happened_is_not_told_as_if_it_had),
        AT(what_verification_found_and_what_the_approvals_bind_to_is_told),
        AT(waiting_for_evidence_names_the_server_that_owes_it),
        AT(an_old_server_that_exported_after_its_stop_is_shown_the_way_back),
        AT(after_a_restart_it_says_that_not_everybody_was_heard),
        AT(a_fence_that_the_record_lost_says_how_to_go_on_and_back),
        AT(a_record_put_back_to_before_the_verification_is_verified_before_it_goes_on),
        AT(a_fence_that_is_refused_is_not_called_lost),
        AT(a_promise_under_another_plan_is_fenced_anew_instead_of_granted_for_ever),
        AT(a_breach_of_an_unsure_record_leads_to_what_is_to_be_confirmed),
        AT(small_directories_export_with_force_export_large_ones_are_offered_it),
        AT(the_install_task_names_every_click),
        AT(leaving_staging_is_told_only_while_the_grant_is_open),
        AT(leaving_staging_is_not_told_before_the_new_server_has_the_grant),
        AT(every_task_text_fits_its_place),
        AT(a_path_without_a_handoff_says_that_it_has_none),
        AT(explaining_changes_nothing),
    };
#undef AT
    return cmocka_run_group_tests(tests, NULL, NULL);
}
