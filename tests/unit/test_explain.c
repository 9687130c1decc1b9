/* What it waits for, who can clear it, the next command; and the clicks a person has to make. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "controller/core/explain_private.h"
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
        {HO_ACTIVATING, 325, G_EXPORT_SEEN, "baton cutover task contoso"},
        {HO_PROBATION, 327, G_PROBATION, ""},
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
    assert_non_null(
        strstr(p.fact[p.fact_count - 1].text, "OLD: not heard since this controller started at "));
    assert_non_null(strstr(p.fact[p.fact_count - 1].text, ", not connected"));
    u.t.agent[TOY_OLD].revoked = true; /* shut out: excused by the next word of the other */
    p = explain();
    assert_string_equal(p.fact[p.fact_count - 1].text,
                        "who was not heard is shut out: the next word of another server ends this");
}

static bool
told(const struct problem *p, const char *word)
{
    for (size_t i = 0; i < p->fact_count; i++)
        if (strstr(p->fact[i].text, word) != NULL)
            return true;
    return false;
}

/* A verb that would be refused is explained by that refusal, not as the next step. */
static void
after_a_restart_it_says_what_the_verb_would_be_refused_with(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    struct problem p = explain();
    assert_string_equal(p.next, "baton cutover start contoso");
    u.t.authority.recovering = true;
    for (size_t i = 0; i < u.t.authority.member_count; i++)
        u.t.authority.member[i].heard = i != (size_t)tenant_member(&u.t, tenant_old(&u.t));
    p = explain();
    assert_int_equal(duet_verb(&u, HEV_START, NULL), BATON_WAITING);
    const struct problem *refused = &u.d.problem;
    assert_int_equal(p.status, BATON_WAITING);
    assert_string_equal(p.title, "this controller has not heard every server since it started");
    assert_string_equal(p.title, refused->title);
    assert_string_equal(p.who, refused->who);
    assert_string_equal(p.next, refused->next);
    assert_string_equal(p.next, "baton agent list --tenant contoso");
    assert_true(p.rule == 317 && refused->rule == 317);
    assert_true(told(refused, "OLD: not heard since this controller started at "
                              "2025-11-24 16:00:00Z, connected"));
    for (size_t i = 0; i < refused->fact_count; i++)
        assert_true(told(&p, refused->fact[i].text));
    for (size_t i = 0; i < p.fact_count; i++)
        assert_null(strstr(p.fact[i].text, "NEW: not heard"));
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
an_explanation_never_leads_back_to_itself(void **state)
{
    (void)state;
    struct guard_ctx g = {.t = &u.t, .now_ms = u.now_ms, .approvals = {.unix_ms = u.unix_ms}};
    duet_to(&u, HO_ARMED);
    for (uint8_t s = 0; s < HANDOFF_STATE_COUNT; s++)
        for (int guard = G_NONE; guard < GUARD_COUNT; guard++) {
            struct problem p = {.guard = (uint8_t)guard};
            u.t.cutover.state = s;
            tenant_text(&u.t, handoff_guard((enum guard_id)guard)->next, p.next, sizeof p.next);
            explain_leads_on(&g, &p);
            if (strstr(p.next, "cutover explain") != NULL)
                fail_msg("%s in %s: %s", guard_name((enum guard_id)guard),
                         handoff_state_code((enum handoff_state)s), p.next);
        }
}

/* Other people may have to type the same: they sign. */
static void
no_refused_verb_is_told_to_be_given_again(void **state)
{
    (void)state;
    size_t count;
    const struct rule *rules = handoff_rules(&count);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < GUARDS_PER_RULE && rules[i].guard[k] != G_NONE; k++) {
            enum guard_id guard = (enum guard_id)rules[i].guard[k];
            char verb[64];
            snprintf(verb, sizeof verb, "baton cutover %s ",
                     handoff_event_name((enum handoff_event)rules[i].on));
            if (handoff_event_is_verb((enum handoff_event)rules[i].on) &&
                strncmp(guard_name(guard), "G-APPR", 6) != 0 &&
                strstr(handoff_guard(guard)->next, verb) != NULL)
                fail_msg("rule %u: %s -> %s", rules[i].number, guard_name(guard),
                         handoff_guard(guard)->next);
        }
}

static void
what_is_overdue_and_unproven_says_how_people_end_it(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    u.cut[TOY_OLD] = true;
    assert_int_equal(duet_verb(&u, HEV_START, NULL), BATON_OK);
    duet_pass(&u, 2, 1200);
    u.t.authority.member[TOY_OLD].said = SAY_REFUSED;
    facts_note(&u.t.agent[TOY_OLD].facts, "the engine process is still there");
    struct problem p = explain();
    assert_string_equal(p.next, "baton agent show contoso OLD");
    assert_true(told(&p, "the engine process is still there"));
    assert_false(told(&p, "overdue"));
    u.t.cutover.entered_unix_ms -= (uint64_t)u.t.info.policy.v[POLICY_RELEASING_MS];
    p = explain();
    assert_string_equal(p.next, "baton cutover rollback contoso");
    assert_true(told(&p, "or fence contoso"));
    u.t.cutover.ponr = true; /* then nothing leads back */
    p = explain();
    assert_string_equal(p.next, "baton cutover fence contoso");
    assert_false(told(&p, "rollback"));
}

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

/* --- everything that is said, word for word ------------------------------------------------------------ */

static void
halt_new(void)
{
    u.t.agent[TOY_NEW].statement.kind = KIND_STOPPED;
    u.t.agent[TOY_NEW].statement_known = true;
    facts_set(&u.t.agent[TOY_NEW].facts, FACT_SERVICES_STOPPED, 1);
    facts_absent(&u.t.agent[TOY_NEW].facts, FACT_STAGING_SCHEDULER, ABSENT_ERROR);
}

static void
release_without(enum toy_member who)
{
    u.cut[who] = true;
    assert_int_equal(duet_verb(&u, HEV_START, NULL), BATON_OK);
    duet_pass(&u, 2, 1200);
    assert_int_equal(u.t.cutover.state, HO_RELEASING);
}

static void
never_promised(enum toy_member who)
{
    struct authority_member *m = &u.t.authority.member[who];
    m->said = SAY_REFUSED;
    m->refusal = REFUSE_EPOCH;
    m->accepted = false;
}

static void
breach(enum handoff_state before)
{
    u.t.cutover.resume_to = (uint8_t)before;
    u.t.cutover.state = HO_BREACH;
}

/* One that blocks and is open, one for review and decided about, and three that did not fit. */
static void
some_findings(void)
{
    struct review *r = &u.t.cutover.review;
    r->row_count = 2;
    r->row[0] = (struct review_row){
        .row = {{1}}, .rule = "CF-SCOPE-NARROWED", .severity = SEVERITY_BLOCK, .two = true};
    r->row[1] = (struct review_row){.row = {{2}}, .rule = "EX-ADDS", .severity = SEVERITY_REVIEW};
    r->disposition_count = 1;
    r->disposition[0] =
        (struct review_disposition){.row = r->row[1].row, .kind = DISPOSED_ACCEPTED};
    r->more = 3;
}

static void
assessed(void)
{
}

static void
planned(void)
{
}

static void
exporting_settings(void)
{
}

static void
ready(void)
{
}

static void
armed(void)
{
}

static void
gap(void)
{
}

static void
granting(void)
{
}

static void
activating(void)
{
}

static void
probation(void)
{
}

static void
alarm_of_a_live_server(void)
{
    u.t.authority.member[TOY_OLD].tamper_open = u.t.authority.member[TOY_OLD].tamper_unread = true;
}

static void
died_after_its_alarm(void)
{
    alarm_of_a_live_server();
    u.t.agent[TOY_OLD].connected = false;
}

static void
decommission(void)
{
}

static void
old_is_away(void)
{
    u.t.agent[TOY_OLD].connected = false;
}

static void
old_is_gone(void)
{
    old_is_away();
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_ANNA), BATON_OK);
    assert_int_equal(duet_attest(&u, TOY_OLD, TOY_BERT), BATON_OK);
}

static void
done_and_armed(void)
{
    u.t.agent[TOY_OLD].statement.armed = true;
}

static void
done_and_disarmed(void)
{
    u.t.agent[TOY_OLD].statement.armed = false;
}

static void
done_and_never_heard(void)
{
    u.t.agent[TOY_OLD].statement.armed = true;
    u.t.agent[TOY_OLD].statement_known = false;
}

static void
rolled_back(void)
{
    u.t.cutover.state = HO_ROLLED_BACK;
    u.t.agent[TOY_OLD].statement.armed = true;
}

static void
abandoned(void)
{
    (void)duet_verb(&u, HEV_ABANDON, "later");
}

static void
held_without_a_reason(void)
{
    (void)duet_verb(&u, HEV_HOLD, NULL);
    u.t.cutover.reason[0] = '\0';
}

static void
held_by_itself(void)
{
    facts_set(&u.facts[TOY_OLD], FACT_IMPORT_OK, 0);
    duet_report(&u, TOY_OLD);
}

static void
repair(void)
{
    u.t.cutover.state = HO_FORWARD_REPAIR;
    u.t.cutover.resume_to = HO_NONE;
}

static void
reconciling(void)
{
    u.t.cutover.resume_to = HO_READY;
    u.t.cutover.state = HO_RECONCILE;
    u.t.authority.reconcile = true;
}

static void
fenced_in(void)
{
    u.t.cutover.state = HO_FENCING;
    u.t.cutover.resume_to = HO_READY;
}

static void
fenced_in_and_readmitted(void)
{
    fenced_in();
    u.t.agent[TOY_OLD].statement.epoch = u.t.authority.epoch;
    u.t.agent[TOY_OLD].statement.recipient = (struct baton_key){{0}};
}

static void
fenced_in_readmitted_and_no_way_back(void)
{
    fenced_in_and_readmitted();
    u.t.cutover.ponr = true;
}

static void
not_heard(void)
{
    u.t.authority.recovering = true;
}

static void
old_barred(void)
{
    u.t.agent[TOY_OLD].barred = true;
    u.t.agent[TOY_OLD].alarm_unix_ms = u.unix_ms;
}

static void
new_lost_its_memory(void)
{
    u.t.agent[TOY_NEW].statement.quarantine = QUARANTINE_STATE_LOST;
    u.t.agent[TOY_NEW].alarm_unix_ms = u.unix_ms - 60000;
}

static void
old_lost_its_memory(void)
{
    u.t.agent[TOY_OLD].statement.quarantine = QUARANTINE_STATE_LOST;
}

static void
old_shut_out(void)
{
    u.t.agent[TOY_OLD].revoked = true;
    u.t.agent[TOY_OLD].alarm_unix_ms = u.unix_ms; /* why people did it is not how long it is so */
}

static void
new_shut_out(void)
{
    u.t.agent[TOY_NEW].revoked = true;
    u.t.agent[TOY_NEW].barred = true;
}

static void
new_shut_out_while_it_is_held(void)
{
    new_shut_out();
    assert_int_equal(duet_verb(&u, HEV_HOLD, "its disk is full"), BATON_OK);
}

static void
enrolled_anew(enum toy_member m)
{
    struct agent_view *fresh = &u.t.agent[TOY_MEMBERS];
    *fresh = u.t.agent[m];
    fresh->key = toy_key(7);
    fresh->revoked = fresh->barred = false;
}

static void
new_shut_out_and_enrolled_anew(void)
{
    new_shut_out();
    enrolled_anew(TOY_NEW);
}

static void
old_shut_out_after_it_was_given_up(void)
{
    old_shut_out();
    assert_int_equal(duet_verb(&u, HEV_ABANDON, "reinstalled"), BATON_OK);
}

static void
old_enrolled_anew_after_it_was_given_up(void)
{
    old_shut_out_after_it_was_given_up();
    enrolled_anew(TOY_OLD);
}

static void
old_shut_out_while_it_stops(void)
{
    release_without(TOY_OLD);
    old_shut_out();
}

static void
old_shut_out_when_it_is_done(void)
{
    old_shut_out();
}

static void
both_quarantined(void)
{
    u.t.agent[TOY_OLD].statement.quarantine = QUARANTINE_MACHINE;
    u.t.agent[TOY_NEW].statement.quarantine = QUARANTINE_COUNTER;
}

static void
new_stopped_before_its_installation_ended(void)
{
    halt_new();
}

static void
new_stopped_before_its_first_synchronization(void)
{
    halt_new();
    u.t.authority.ponr = true;
}

static void
new_stopped_after_it_was_verified(void)
{
    halt_new();
    u.now_ms += (uint64_t)u.t.info.policy.v[POLICY_READY_FRESH_MS] + 1;
}

static void
new_stopped_with_an_alarm(void)
{
    halt_new();
    u.t.authority.member[TOY_NEW].tamper_open = true;
}

static void
old_stopped_by_a_quarantine(void)
{
    struct agent_view *old = &u.t.agent[TOY_OLD];
    for (int fact = FACT_FULL_IMPORT_AD; fact <= FACT_FULL_SYNC_ENTRA; fact++)
        facts_set(&u.t.agent[TOY_NEW].facts, (enum fact_id)fact, 1);
    old->statement.holding = false;
    old->facts.fact[FACT_LAST_CYCLE_END] = (struct fact){0};
    facts_set(&old->facts, FACT_GOOD_CYCLES, u.t.cutover.cycles_before);
    facts_set(&old->facts, FACT_SERVICES_STOPPED, 1);
    facts_set(&old->facts, FACT_SERVICES_DISABLED, 1);
}

static void
old_holds_and_is_switched_off(void)
{
    old_stopped_by_a_quarantine();
    u.t.agent[TOY_OLD].statement.holding = true;
}

static void
old_has_had_no_cycle_yet(void)
{
    old_holds_and_is_switched_off();
    facts_set(&u.t.agent[TOY_OLD].facts, FACT_SERVICES_STOPPED, 0);
}

static void
new_runs_by_its_facts(void)
{
    halt_new();
    facts_set(&u.t.agent[TOY_NEW].facts, FACT_SERVICES_STOPPED, 0);
}

static void
new_stopped_by_its_administrator(void)
{
    halt_new();
    u.t.agent[TOY_NEW].statement.kind = KIND_STAGED;
}

static void
old_spoilt(void)
{
    release_without(TOY_OLD);
    facts_set(&u.t.agent[TOY_OLD].facts, FACT_EXPORTS_SINCE_FENCE, 1);
}

static void
old_spoilt_in_the_rollback(void)
{
    release_without(TOY_OLD);
    facts_set(&u.t.agent[TOY_OLD].facts, FACT_EXPORTS_SINCE_FENCE, 1);
    u.t.cutover.state = HO_REVOKING;
}

static void
old_spoilt_and_no_way_back(void)
{
    release_without(TOY_OLD);
    facts_set(&u.t.agent[TOY_OLD].facts, FACT_EXPORTS_SINCE_FENCE, 1);
    u.t.cutover.ponr = true;
}

static void
fence_lost_by_both(void)
{
    release_without(TOY_NEW);
    never_promised(TOY_OLD);
    never_promised(TOY_NEW);
}

static void
fence_lost_by_the_old_server(void)
{
    release_without(TOY_OLD);
    never_promised(TOY_OLD);
}

static void
fence_lost_after_an_export(void)
{
    release_without(TOY_NEW);
    never_promised(TOY_NEW);
    u.t.authority.ponr = true;
}

static void
fence_lost_in_the_rollback_to_a_removed_server(void)
{
    release_without(TOY_NEW);
    never_promised(TOY_NEW);
    u.t.cutover.state = HO_REVOKING;
    u.t.authority.member[TOY_OLD].retired = true;
}

static void
rollback_refused_after_an_export(void)
{
    release_without(TOY_NEW);
    never_promised(TOY_NEW);
    u.t.cutover.state = HO_REVOKING;
    u.t.authority.member[TOY_NEW].refusal = REFUSE_EVER_EXPORTED;
    u.t.cutover.ponr = true;
}

static void
rollback_accepted_after_an_export(void)
{
    release_without(TOY_NEW);
    u.t.cutover.state = HO_REVOKING;
    u.t.cutover.ponr = true;
}

static void
other_plan_on_the_old_server(void)
{
    u.t.agent[TOY_OLD].statement.plan.b[0] ^= 0x55;
}

static void
other_plan_on_both(void)
{
    u.t.agent[TOY_OLD].statement.plan.b[0] ^= 0x55;
    u.t.agent[TOY_NEW].statement.plan.b[0] ^= 0x55;
    u.t.authority.ponr = true;
}

static void
no_plan_on_the_new_server(void)
{
    u.t.agent[TOY_NEW].statement.plan = (struct baton_hash){{0}};
}

static void
new_server_never_heard(void)
{
    u.t.agent[TOY_NEW].statement.plan.b[0] ^= 0x55;
    u.t.agent[TOY_NEW].statement_known = false;
}

static void
breach_that_may_go_back(void)
{
    breach(HO_READY);
}

static void
breach_of_nothing_accepted(void)
{
    breach(HO_READY);
    u.t.cutover.accepted = false;
}

static void
breach_after_an_export(void)
{
    breach(HO_READY);
    u.t.authority.ponr = true;
}

static void
breach_with_an_alarm(void)
{
    breach(HO_ARMED);
    u.t.authority.member[TOY_NEW].tamper_open = true;
}

static void
breach_of_an_unsure_record(void)
{
    breach(HO_ARMED);
    u.t.authority.reconcile = true;
}

static void
breach_with_the_cutover_approved(void)
{
    breach(HO_ARMED);
}

static void
breach_with_the_rollback_approved(void)
{
    u.t.cutover.approval_count = 0;
    (void)duet_approve(&u, VERB_ROLLBACK, TOY_ANNA);
    breach(HO_REVOKING);
}

static void
breach_with_a_rollback_that_leads_nowhere(void)
{
    u.t.cutover.approval_count = 0;
    (void)duet_approve(&u, VERB_ROLLBACK, TOY_ANNA);
    breach(HO_REVOKING);
    u.t.authority.member[TOY_OLD].retired = true;
}

static void
breach_while_the_new_server_holds(void)
{
    breach(HO_ACTIVATING);
}

static void
breach_at_the_end(void)
{
    breach(HO_DONE);
}

static void
breach_by_the_old_server(void)
{
    breach(HO_READY);
    u.t.cutover.breach = true;
    u.t.cutover.old_rogue_seen = 1;
}

static void
breach_by_both(void)
{
    breach(HO_READY);
    u.t.cutover.breach = true;
    u.t.cutover.old_rogue_seen = u.t.cutover.new_rogue_seen = 1;
}

static void
breach_by_a_count_that_people_know(void)
{
    breach(HO_READY);
    u.t.cutover.old_rogue_seen = 1;
}

static void
findings_of_every_kind(void)
{
    some_findings();
}

static void
accepted_findings(void)
{
    some_findings();
}

static void
verified_and_not_accepted(void)
{
    u.t.cutover.accepted = false;
}

static void
no_plan_can_be_made(void)
{
    u.t.agent[2] = u.t.agent[TOY_OLD];
    u.t.agent[2].key = toy_key(0x33);
    u.t.agent[2].confirmed = false;
    u.t.authority.member[0].key = u.t.agent[2].key;
    u.t.authority.member_count = 1;
}

static void
upgrade_in_place(void)
{
    u.t.cutover.profile = PROFILE_IN_PLACE;
}

static void
removed_and_not_retired(void)
{
    facts_set(&u.t.agent[TOY_OLD].facts, FACT_PRODUCT_PRESENT, 0);
    facts_set(&u.t.agent[TOY_NEW].facts, FACT_ACCOUNT_REMOVED, (int64_t)u.unix_ms);
    (void)duet_approve(&u, VERB_RETIRE, TOY_ANNA);
}

static void
rollback_waits_for_evidence(void)
{
    u.cut[TOY_NEW] = true;
    (void)duet_approve(&u, VERB_ROLLBACK, TOY_ANNA);
    (void)duet_verb(&u, HEV_ROLLBACK, "users complain");
}

static const struct {
    const char *what;
    uint8_t state;
    void (*happens)(void);
    const char *told; /* title; who clears it, the next command; each fact */
} situations[] = {
    {"assessed", HO_ASSESSED, assessed,
     "nothing is in the way: the next step is yours\n"
     "any operator -> baton cutover plan contoso\n"
     "then: the plan is frozen and hashed\n"},
    {"planned", HO_PLANNED, planned,
     "waiting: the plan waits for approval\n"
     "operators with the approve role -> baton cutover approve contoso --for plan\n"
     "plan: 0 of 1 approvals by different people stand\n"},
    {"exporting settings", HO_EXPORT_SETTINGS, exporting_settings,
     "refused: the exported settings file is not there yet\n"
     "the administrator of the old server -> baton cutover task contoso\n"
     "old server: settings_seen is unknown\n"},
    {"ready", HO_READY, ready,
     "waiting: the cutover waits for approvals by different people over this plan and "
     "verification\n"
     "operators with the approve role -> baton cutover approve contoso --for cutover\n"
     "cutover: 0 of 2 approvals by different people stand\n"
     "verification: unknown; findings 0, open 0, that block 0; dispositions 0\n"
     "accepted: record RECORD......, which the approvals bind to\n"},
    {"armed", HO_ARMED, armed,
     "nothing is in the way: the next step is yours\n"
     "any operator -> baton cutover start contoso\n"
     "then: every member is fenced towards the new server: the old one drains, stops and proves "
     "it\n"
     "verification: unknown; findings 0, open 0, that block 0; dispositions 0\n"
     "accepted: record RECORD......, which the approvals bind to\n"},
    {"gap", HO_GAP, gap,
     "nothing is in the way: the next step is yours\n"
     "any operator -> baton cutover go contoso\n"
     "then: go was asked for: everybody is challenged again before it is signed\n"
     "verification: unknown; findings 0, open 0, that block 0; dispositions 0\n"
     "accepted: record RECORD......, which the approvals bind to\n"},
    {"granting", HO_GRANTING, granting,
     "not seen yet: the new server left staging under a live grant\n"
     "the administrator of that server; then it goes on by itself -> baton cutover task contoso\n"},
    {"activating", HO_ACTIVATING, activating,
     "refused: the new server has not completed a good export yet\n"
     "the administrator of the new server -> baton cutover task contoso\n"
     "new server: last_export_ok is unknown\n"
     "new server: exports_total is 0 (0 ms old)\n"
     "its exports before the grant: 0\n"},
    {"probation", HO_PROBATION, probation,
     "refused: the new server is still on probation\n"
     "nobody: wait -> \n"
     "watched for 0 ms, needed 3 s\n"
     "good cycles since then: 0\n"
     "needed: 2\n"
     "new server: last_export_ok is 1 (0 ms old)\n"},
    {"probation and an alarm of a dead server", HO_PROBATION, died_after_its_alarm,
     "waiting: a guard's alarm is open\n"
     "any operator -> baton cutover challenge contoso\n"
     "old server: its guard raised an alarm\n"
     "it has not given evidence since\n"
     "OLD is not connected; should it never come back, people stand in for it:\n"
     "two sign baton cutover attest contoso --host OLD --seen FILE\n"
     "OLD: 0 of 2 people attest for it since its alarm\n"},
    {"probation and an alarm of one that is connected", HO_PROBATION, alarm_of_a_live_server,
     "waiting: a guard's alarm is open\n"
     "any operator -> baton cutover challenge contoso\n"
     "old server: its guard raised an alarm\n"
     "it has not given evidence since\n"},
    {"decommission of a server that is away", HO_DECOMMISSION, old_is_away,
     "waiting: retiring the old server waits for approval\n"
     "operators with the approve role -> baton cutover retire contoso\n"
     "retire: 0 of 1 approvals by different people stand\n"
     "OLD is not connected; should it never come back, people stand in for it:\n"
     "two sign baton cutover attest contoso --host OLD --seen FILE\n"
     "OLD: 0 of 2 people attest that its machine is gone\n"
     "and once its account is gone too: baton cutover retire contoso\n"},
    {"decommission of a server that is gone", HO_DECOMMISSION, old_is_gone,
     "waiting: retiring the old server waits for approval\n"
     "operators with the approve role -> baton cutover retire contoso\n"
     "retire: 0 of 1 approvals by different people stand\n"},
    {"decommission", HO_DECOMMISSION, decommission,
     "waiting: retiring the old server waits for approval\n"
     "operators with the approve role -> baton cutover retire contoso\n"
     "retire: 0 of 1 approvals by different people stand\n"},
    {"done and armed", HO_DONE, done_and_armed,
     "done\n"
     "any operator -> baton cutover certificate contoso\n"
     "the guard on the old server goes on for guard_ms\n"},
    {"done and disarmed", HO_DONE, done_and_disarmed,
     "done\n"
     "any operator -> baton cutover certificate contoso\n"
     "the guard on the old server is off\n"},
    {"done and never heard", HO_DONE, done_and_never_heard,
     "done\n"
     "any operator -> baton cutover certificate contoso\n"
     "the guard on the old server is off\n"},
    {"rolled back", HO_READY, rolled_back,
     "rolled-back\n"
     "any operator -> baton cutover create contoso --old OLD --new NEW\n"},
    {"abandoned", HO_READY, abandoned,
     "abandoned\n"
     "any operator -> baton cutover create contoso --old OLD --new NEW\n"},
    {"held without a reason", HO_ARMED, held_without_a_reason,
     "waiting: a person put it on hold\n"
     "any operator -> baton cutover resume contoso\n"
     "it was in armed\n"},
    {"held by itself", HO_READY, held_by_itself,
     "waiting: the old server cannot read the directory any more: reset the password of its "
     "directory account\n"
     "any operator -> baton cutover resume contoso\n"
     "it was in ready\n"},
    {"repair", HO_ACTIVATING, repair,
     "refused: the new server has not completed a good export yet\n"
     "the administrator of the new server -> baton cutover task contoso\n"
     "new server: last_export_ok is unknown\n"
     "new server: exports_total is 0 (0 ms old)\n"
     "its exports before the grant: 0\n"},
    {"reconciling", HO_READY, reconciling,
     "waiting: nothing is in the way: the next step is yours\n"
     "any operator -> baton cutover confirm-foreign contoso\n"
     "it was in ready\n"},
    {"fenced in", HO_READY, fenced_in,
     "refused: not every server has proved that it is quiet\n"
     "the agents; if a server cannot answer: baton cutover fence -> baton cutover task contoso\n"
     "old server: no evidence yet, last word holding\n"
     "new server: no evidence yet, last word accepted\n"
     "OLD: 0 of 2 people attest for it; its own evidence would do as well\n"
     "NEW: 0 of 2 people attest for it; its own evidence would do as well\n"},
    {"fenced in and readmitted", HO_READY, fenced_in_and_readmitted,
     "refused: not every server has proved that it is quiet\n"
     "any operator -> baton cutover rollback contoso\n"
     "old server: no evidence yet, last word holding\n"
     "new server: no evidence yet, last word accepted\n"
     "OLD: 0 of 2 people attest for it; readmitted since, it proves nothing of this epoch\n"
     "NEW: 0 of 2 people attest for it; its own evidence would do as well\n"
     "back: baton cutover rollback contoso\n"},
    {"fenced in, readmitted and no way back", HO_READY, fenced_in_readmitted_and_no_way_back,
     "refused: not every server has proved that it is quiet\n"
     "the agents; if a server cannot answer: baton cutover fence -> baton cutover task contoso\n"
     "old server: no evidence yet, last word holding\n"
     "new server: no evidence yet, last word accepted\n"
     "OLD: 0 of 2 people attest for it; readmitted since, it proves nothing of this epoch\n"
     "NEW: 0 of 2 people attest for it; its own evidence would do as well\n"},
    {"not heard", HO_READY, not_heard,
     "waiting: the cutover waits for approvals by different people over this plan and "
     "verification\n"
     "operators with the approve role -> baton cutover approve contoso --for cutover\n"
     "cutover: 0 of 2 approvals by different people stand\n"
     "verification: unknown; findings 0, open 0, that block 0; dispositions 0\n"
     "accepted: record RECORD......, which the approvals bind to\n"
     "OLD: not heard since this controller started at 2025-11-24 16:00:00Z, connected\n"
     "NEW: not heard since this controller started at 2025-11-24 16:00:00Z, connected\n"},
    {"old barred", HO_READY, old_barred,
     "waiting: the cutover waits for approvals by different people over this plan and "
     "verification\n"
     "whoever runs that server, then any operator -> baton agent confirm contoso OLD\n"
     "cutover: 0 of 2 approvals by different people stand\n"
     "verification: unknown; findings 0, open 0, that block 0; dispositions 0\n"
     "accepted: record RECORD......, which the approvals bind to\n"
     "OLD is barred: two copies of it spoke, 0 ms ago\n"
     "switch one copy off, confirm the right one, start its agent anew\n"},
    {"new lost its memory", HO_READY, new_lost_its_memory,
     "waiting: the cutover waits for approvals by different people over this plan and "
     "verification\n"
     "whoever runs that server, then any operator -> baton agent revoke contoso NEW --reason "
     "'...'\n"
     "cutover: 0 of 2 approvals by different people stand\n"
     "verification: unknown; findings 0, open 0, that block 0; dispositions 0\n"
     "accepted: record RECORD......, which the approvals bind to\n"
     "NEW is quarantined: its memory is gone, 60 s ago\n"
     "shut its key out, then enrol it anew; the new key needs a new plan\n"
     "then: baton agent token contoso NEW --role new\n"},
    {"old lost its memory", HO_ARMED, old_lost_its_memory,
     "waiting: a server whose word does not count is in the way\n"
     "whoever runs that server, then any operator -> baton agent revoke contoso OLD --reason "
     "'...'\n"
     "then: every member is fenced towards the new server: the old one drains, stops and proves "
     "it\n"
     "verification: unknown; findings 0, open 0, that block 0; dispositions 0\n"
     "accepted: record RECORD......, which the approvals bind to\n"
     "OLD is quarantined: its memory is gone\n"
     "shut its key out, then enrol it anew; the new key needs a new plan\n"
     "then: baton agent token contoso OLD --role old\n"},
    {"old shut out", HO_READY, old_shut_out,
     "waiting: the cutover waits for approvals by different people over this plan and "
     "verification\n"
     "whoever runs that server, then any operator -> baton agent token contoso OLD --role old\n"
     "cutover: 0 of 2 approvals by different people stand\n"
     "verification: unknown; findings 0, open 0, that block 0; dispositions 0\n"
     "accepted: record RECORD......, which the approvals bind to\n"
     "OLD has its key shut out: no word of it counts\n"
     "enrol it anew with a token; the new key needs a new plan\n"},
    {"new shut out", HO_FIRST_SYNC, new_shut_out,
     "waiting: full import and full synchronization have not ended well on every connector\n"
     "whoever runs that server, then any operator -> baton agent token contoso NEW --role new\n"
     "new server: full_import_ad is unknown\n"
     "new server: full_sync_ad is unknown\n"
     "new server: full_import_entra is unknown\n"
     "new server: full_sync_entra is unknown\n"
     "1: ended well on every such connector, begun after the configuration last changed\n"
     "NEW has its key shut out: no word of it counts\n"
     "enrol it anew with a token; the new key needs a new plan\n"},
    {"new shut out while it is held", HO_READY, new_shut_out_while_it_is_held,
     "waiting: a person put it on hold\n"
     "whoever runs that server, then any operator -> baton agent token contoso NEW --role new\n"
     "reason given: its disk is full\n"
     "it was in ready\n"
     "NEW has its key shut out: no word of it counts\n"
     "enrol it anew with a token; the new key needs a new plan\n"},
    {"new shut out and enrolled anew", HO_READY, new_shut_out_and_enrolled_anew,
     "waiting: the cutover waits for approvals by different people over this plan and "
     "verification\n"
     "whoever runs that server, then any operator -> baton cutover abandon contoso --reason '...'\n"
     "cutover: 0 of 2 approvals by different people stand\n"
     "verification: unknown; findings 0, open 0, that block 0; dispositions 0\n"
     "accepted: record RECORD......, which the approvals bind to\n"
     "NEW has its key shut out: no word of it counts\n"
     "it is enrolled anew, and the new key needs a new plan\n"},
    {"old shut out after it was given up", HO_READY, old_shut_out_after_it_was_given_up,
     "waiting: abandoned\n"
     "whoever runs that server, then any operator -> baton agent token contoso OLD --role old\n"
     "OLD has its key shut out: no word of it counts\n"
     "enrol it anew with a token; the new key needs a new plan\n"},
    {"old enrolled anew after it was given up", HO_READY, old_enrolled_anew_after_it_was_given_up,
     "abandoned\n"
     "any operator -> baton cutover create contoso --old OLD --new NEW\n"},
    {"old shut out while it stops", HO_ARMED, old_shut_out_while_it_stops,
     "refused: not every server has proved that it is quiet\n"
     "the agents; if a server cannot answer: baton cutover fence -> baton agent show contoso OLD\n"
     "old server: no evidence yet, last word holding\n"},
    {"old shut out when it is done", HO_DONE, old_shut_out_when_it_is_done,
     "done\n"
     "any operator -> baton cutover certificate contoso\n"
     "the guard on the old server goes on for guard_ms\n"},
    {"both quarantined", HO_READY, both_quarantined,
     "waiting: the cutover waits for approvals by different people over this plan and "
     "verification\n"
     "whoever runs that server, then any operator -> baton agent readmit contoso NEW\n"
     "cutover: 0 of 2 approvals by different people stand\n"
     "verification: unknown; findings 0, open 0, that block 0; dispositions 0\n"
     "accepted: record RECORD......, which the approvals bind to\n"
     "OLD is quarantined: reverted, copied or another machine\n"
     "find out why, then readmit it; only a grant starts its services again\n"
     "NEW is quarantined: reverted, copied or another machine\n"
     "find out why, then readmit it; only a grant starts its services again\n"},
    {"new stopped before its installation ended", HO_INSTALL_STAGED,
     new_stopped_before_its_installation_ended,
     "refused: the new server was stopped by its guard or a quarantine and works no more\n"
     "any operator -> baton cutover abandon contoso --reason '...'\n"
     "only a grant starts it again, and this state waits for its work\n"
     "give it up: baton cutover abandon contoso --reason '...'\n"
     "then: baton agent disarm contoso NEW, and start its service by hand\n"
     "should its agent stop it again: baton agent revoke contoso NEW --reason '...'\n"
     "and enrol it anew: baton agent token contoso NEW --role new\n"
     "then: baton cutover create contoso --old OLD --new NEW\n"},
    {"new stopped before its first synchronization", HO_FIRST_SYNC,
     new_stopped_before_its_first_synchronization,
     "refused: the new server was stopped by its guard or a quarantine and works no more\n"
     "any operator -> baton cutover abandon contoso --reason '...'\n"
     "only a grant starts it again, and this state waits for its work\n"
     "give it up: baton cutover abandon contoso --reason '...'\n"
     "then: baton agent disarm contoso NEW, and start its service by hand\n"
     "should its agent stop it again: baton agent revoke contoso NEW --reason '...'\n"
     "and enrol it anew: baton agent token contoso NEW --role new\n"
     "then: baton cutover create contoso --old OLD --new NEW\n"
     "the new server has exported: uninstall and install it anew before the next cutover\n"},
    {"new stopped after it was verified", HO_ARMED, new_stopped_after_it_was_verified,
     "refused: the new server was stopped by its guard or a quarantine and works no more\n"
     "any operator -> baton cutover abandon contoso --reason '...'\n"
     "only a grant starts it again, and this state waits for its work\n"
     "give it up: baton cutover abandon contoso --reason '...'\n"
     "then: baton agent disarm contoso NEW, and start its service by hand\n"
     "should its agent stop it again: baton agent revoke contoso NEW --reason '...'\n"
     "and enrol it anew: baton agent token contoso NEW --role new\n"
     "then: baton cutover create contoso --old OLD --new NEW\n"},
    {"new stopped with an alarm", HO_FIRST_SYNC, new_stopped_with_an_alarm,
     "refused: the new server was stopped by its guard or a quarantine and works no more\n"
     "any operator -> baton cutover challenge contoso\n"
     "only a grant starts it again, and this state waits for its work\n"
     "give it up: baton cutover abandon contoso --reason '...'\n"
     "then: baton agent disarm contoso NEW, and start its service by hand\n"
     "should its agent stop it again: baton agent revoke contoso NEW --reason '...'\n"
     "and enrol it anew: baton agent token contoso NEW --role new\n"
     "then: baton cutover create contoso --old OLD --new NEW\n"
     "first its alarm: no disarm counts while one is open\n"},
    {"new runs by its facts", HO_FIRST_SYNC, new_runs_by_its_facts,
     "refused: full import and full synchronization have not ended well on every connector\n"
     "the administrator of the new server -> wait for its runs; where none goes on, on NEW, in "
     "PowerShell: Start-ADSyncSyncCycle -PolicyType Initial\n"
     "new server: full_import_ad is unknown\n"
     "new server: full_sync_ad is unknown\n"
     "new server: full_import_entra is unknown\n"
     "new server: full_sync_entra is unknown\n"
     "1: ended well on every such connector, begun after the configuration last changed\n"},
    {"old stopped by a quarantine", HO_FIRST_SYNC, old_stopped_by_a_quarantine,
     "refused: the old server was stopped by a quarantine and works no more: nobody exports\n"
     "any operator -> baton cutover abandon contoso --reason '...'\n"
     "only a grant starts it again, and this state waits for its work\n"
     "give it up: baton cutover abandon contoso --reason '...'\n"
     "then: baton agent disarm contoso OLD, and start its services by hand\n"
     "should its agent stop it again: baton agent revoke contoso OLD --reason '...'\n"
     "and enrol it anew: baton agent token contoso OLD --role old\n"
     "then: baton cutover create contoso --old OLD --new NEW\n"},
    {"old holds and is switched off", HO_FIRST_SYNC, old_holds_and_is_switched_off,
     "refused: the old server holds the export role and its services are switched off: nobody "
     "exports\n"
     "the administrator of the old server -> baton agent show contoso OLD\n"
     "old server: import_ok is 1 (1 ms old)\n"
     "old server: good_cycles is 40 (1 ms old)\n"
     "good cycles of the old server when the new one was installed: 40\n"
     "set its services to start by themselves and start them; its agent lets them run\n"},
    {"old has had no cycle yet", HO_FIRST_SYNC, old_has_had_no_cycle_yet,
     "refused: the old server has not completed a good cycle since the new one was installed\n"
     "the administrator of the old server -> baton agent show contoso OLD\n"
     "old server: import_ok is 1 (1 ms old)\n"
     "old server: good_cycles is 40 (1 ms old)\n"
     "good cycles of the old server when the new one was installed: 40\n"},
    {"new stopped by its administrator", HO_FIRST_SYNC, new_stopped_by_its_administrator,
     "refused: full import and full synchronization have not ended well on every connector\n"
     "the administrator of the new server -> wait for its runs; where none goes on, on NEW, in "
     "PowerShell: Start-ADSyncSyncCycle -PolicyType Initial\n"
     "new server: full_import_ad is unknown\n"
     "new server: full_sync_ad is unknown\n"
     "new server: full_import_entra is unknown\n"
     "new server: full_sync_entra is unknown\n"
     "1: ended well on every such connector, begun after the configuration last changed\n"},
    {"old spoilt", HO_ARMED, old_spoilt,
     "waiting: the old server exported after it had stopped: its proof is spoilt for this epoch\n"
     "operators with the approve role -> baton cutover rollback contoso\n"
     "old server: no evidence yet, last word holding\n"
     "somebody started it again; roll back, then begin the cutover anew\n"},
    {"old spoilt in the rollback", HO_ARMED, old_spoilt_in_the_rollback,
     "waiting: the old server exported after it had stopped: its proof is spoilt for this epoch\n"
     "operators with the approve role -> baton cutover rollback contoso\n"
     "old server: no evidence yet, last word holding\n"
     "somebody started it again; the rollback begins anew\n"},
    {"old spoilt and no way back", HO_ARMED, old_spoilt_and_no_way_back,
     "refused: not every server has proved that it is quiet\n"
     "the agents; if a server cannot answer: baton cutover fence -> baton agent show contoso OLD\n"
     "old server: no evidence yet, last word holding\n"},
    {"fence lost by both", HO_ARMED, fence_lost_by_both,
     "refused: not every server has proved that it is quiet\n"
     "any operator -> baton cutover start contoso\n"
     "new server: no evidence yet, last word refused\n"
     "old server: it never promised this epoch, so it refuses\n"
     "new server: it never promised this epoch, so it refuses\n"
     "its order is lost: this record was put back, or another one gave it\n"
     "back: baton cutover rollback contoso\n"
     "forward: two sign baton cutover approve contoso --for cutover, then start contoso\n"},
    {"fence lost by the old server", HO_ARMED, fence_lost_by_the_old_server,
     "refused: not every server has proved that it is quiet\n"
     "any operator -> baton cutover start contoso\n"
     "old server: no evidence yet, last word refused\n"
     "old server: it never promised this epoch, so it refuses\n"
     "its order is lost: this record was put back, or another one gave it\n"
     "back: baton cutover rollback contoso\n"
     "forward: two sign baton cutover approve contoso --for cutover, then start contoso\n"},
    {"fence lost after an export", HO_ARMED, fence_lost_after_an_export,
     "refused: not every server has proved that it is quiet\n"
     "any operator -> baton cutover start contoso\n"
     "new server: no evidence yet, last word refused\n"
     "new server: it never promised this epoch, so it refuses\n"
     "its order is lost: this record was put back, or another one gave it\n"
     "no way back to the old server: it is removed, or the new one has exported\n"
     "forward: two sign baton cutover approve contoso --for cutover, then start contoso\n"},
    {"fence lost in the rollback to a removed server", HO_ARMED,
     fence_lost_in_the_rollback_to_a_removed_server,
     "refused: not every server has proved that it is quiet\n"
     "any operator -> baton agent show contoso NEW\n"
     "new server: no evidence yet, last word refused\n"
     "new server: it never promised this epoch, so it refuses\n"
     "its order is lost: this record was put back, or another one gave it\n"
     "no way back to the old server: it is removed, or the new one has exported\n"},
    {"rollback refused after an export", HO_ARMED, rollback_refused_after_an_export,
     "refused: not every server has proved that it is quiet\n"
     "operators with the approve role -> baton cutover approve contoso --for cutover\n"
     "new server: no evidence yet, last word refused\n"
     "no way back to the old server: the new one has exported\n"
     "forward: two sign baton cutover approve contoso --for cutover\n"},
    {"rollback accepted after an export", HO_ARMED, rollback_accepted_after_an_export,
     "refused: not every server has proved that it is quiet\n"
     "the agents; if a server cannot answer: baton cutover fence -> baton agent show contoso NEW\n"
     "new server: no evidence yet, last word accepted\n"},
    {"other plan on the old server", HO_GAP, other_plan_on_the_old_server,
     "waiting: a server has promised this epoch under another plan: it obeys no order under this "
     "one\n"
     "any operator -> baton cutover start contoso\n"
     "old server: it keeps a plan that this record does not have\n"
     "this record was put back, or another controller gave it\n"
     "back: baton cutover rollback contoso\n"
     "forward: two sign baton cutover approve contoso --for cutover, then start contoso\n"},
    {"other plan on both", HO_GAP, other_plan_on_both,
     "waiting: a server has promised this epoch under another plan: it obeys no order under this "
     "one\n"
     "any operator -> baton cutover start contoso\n"
     "old server: it keeps a plan that this record does not have\n"
     "new server: it keeps a plan that this record does not have\n"
     "this record was put back, or another controller gave it\n"
     "no way back to the old server: it is removed, or the new one has exported\n"
     "forward: two sign baton cutover approve contoso --for cutover, then start contoso\n"},
    {"no plan on the new server", HO_GAP, no_plan_on_the_new_server,
     "nothing is in the way: the next step is yours\n"
     "any operator -> baton cutover go contoso\n"
     "then: go was asked for: everybody is challenged again before it is signed\n"
     "verification: unknown; findings 0, open 0, that block 0; dispositions 0\n"
     "accepted: record RECORD......, which the approvals bind to\n"},
    {"new server never heard", HO_GAP, new_server_never_heard,
     "nothing is in the way: the next step is yours\n"
     "any operator -> baton cutover go contoso\n"
     "then: go was asked for: everybody is challenged again before it is signed\n"
     "verification: unknown; findings 0, open 0, that block 0; dispositions 0\n"
     "accepted: record RECORD......, which the approvals bind to\n"},
    {"breach that may go back", HO_READY, breach_that_may_go_back,
     "waiting: nothing is in the way: the next step is yours\n"
     "any operator -> baton cutover resume contoso\n"
     "to go on as before, with no alarm open: baton cutover resume contoso\n"
     "back: baton cutover approve contoso --for rollback, then fence contoso\n"
     "forward: two sign baton cutover approve contoso --for cutover, then fence contoso\n"
     "it was in ready\n"},
    {"breach of nothing accepted", HO_READY, breach_of_nothing_accepted,
     "waiting: nothing is in the way: the next step is yours\n"
     "any operator -> baton cutover resume contoso\n"
     "to go on as before, with no alarm open: baton cutover resume contoso\n"
     "back: baton cutover approve contoso --for rollback, then fence contoso\n"
     "forward: first baton cutover accept contoso --reason '...'\n"
     "forward: two sign baton cutover approve contoso --for cutover, then fence contoso\n"
     "it was in ready\n"},
    {"breach after an export", HO_READY, breach_after_an_export,
     "waiting: nothing is in the way: the next step is yours\n"
     "any operator -> baton cutover resume contoso\n"
     "to go on as before, with no alarm open: baton cutover resume contoso\n"
     "no way back to the old server: it is removed, or the new one has exported\n"
     "forward: two sign baton cutover approve contoso --for cutover, then fence contoso\n"
     "it was in ready\n"},
    {"breach with an alarm", HO_ARMED, breach_with_an_alarm,
     "waiting: the rollback waits for approval\n"
     "any operator -> baton cutover challenge contoso\n"
     "new server: its guard raised an alarm\n"
     "it has not given evidence since\n"
     "to go on as before, with no alarm open: baton cutover resume contoso\n"
     "back: baton cutover approve contoso --for rollback, then fence contoso\n"
     "forward: two sign baton cutover approve contoso --for cutover, then fence contoso\n"
     "it was in armed\n"},
    {"breach of an unsure record", HO_ARMED, breach_of_an_unsure_record,
     "waiting: nothing is in the way: the next step is yours\n"
     "any operator -> baton cutover resume contoso\n"
     "a server knows more than this record: with no alarm open, resume contoso\n"
     "then: baton cutover confirm-foreign contoso\n"
     "it was in armed\n"},
    {"breach with the cutover approved", HO_ARMED, breach_with_the_cutover_approved,
     "waiting: nothing is in the way: the next step is yours\n"
     "any operator -> baton cutover fence contoso\n"
     "to go on as before, with no alarm open: baton cutover resume contoso\n"
     "back: baton cutover approve contoso --for rollback, then fence contoso\n"
     "forward: two sign baton cutover approve contoso --for cutover, then fence contoso\n"
     "it was in armed\n"},
    {"breach with the rollback approved", HO_GAP, breach_with_the_rollback_approved,
     "waiting: nothing is in the way: the next step is yours\n"
     "any operator -> baton cutover fence contoso\n"
     "to go on as before, with no alarm open: baton cutover resume contoso\n"
     "back: baton cutover approve contoso --for rollback, then fence contoso\n"
     "forward: two sign baton cutover approve contoso --for cutover, then fence contoso\n"
     "it was in revoking\n"},
    {"breach with a rollback that leads nowhere", HO_GAP, breach_with_a_rollback_that_leads_nowhere,
     "waiting: nothing is in the way: the next step is yours\n"
     "any operator -> baton cutover resume contoso\n"
     "to go on as before, with no alarm open: baton cutover resume contoso\n"
     "no way back to the old server: it is removed, or the new one has exported\n"
     "forward: two sign baton cutover approve contoso --for cutover, then fence contoso\n"
     "it was in revoking\n"},
    {"breach while the new server holds", HO_ARMED, breach_while_the_new_server_holds,
     "waiting: nothing is in the way: the next step is yours\n"
     "any operator -> baton cutover resume contoso\n"
     "to go on as before, with no alarm open: baton cutover resume contoso\n"
     "back: baton cutover approve contoso --for rollback, then fence contoso\n"
     "forward: two sign baton cutover approve contoso --for cutover, then fence contoso\n"
     "it was in activating\n"},
    {"breach at the end", HO_ARMED, breach_at_the_end,
     "waiting: nothing is in the way: the next step is yours\n"
     "any operator -> baton cutover resume contoso\n"
     "to go on as before, with no alarm open: baton cutover resume contoso\n"
     "back: baton cutover approve contoso --for rollback, then fence contoso\n"
     "forward: two sign baton cutover approve contoso --for cutover, then fence contoso\n"
     "it was in done\n"},
    {"breach by the old server", HO_READY, breach_by_the_old_server,
     "waiting: the old server exported after it had proved that it stopped\n"
     "any operator -> baton cutover resume contoso\n"
     "to go on as before, with no alarm open: baton cutover resume contoso\n"
     "back: baton cutover approve contoso --for rollback, then fence contoso\n"
     "forward: two sign baton cutover approve contoso --for cutover, then fence contoso\n"
     "it was in ready\n"},
    {"breach by both", HO_READY, breach_by_both,
     "waiting: nothing is in the way: the next step is yours\n"
     "any operator -> baton cutover resume contoso\n"
     "to go on as before, with no alarm open: baton cutover resume contoso\n"
     "back: baton cutover approve contoso --for rollback, then fence contoso\n"
     "forward: two sign baton cutover approve contoso --for cutover, then fence contoso\n"
     "it was in ready\n"},
    {"breach by a count that people know", HO_READY, breach_by_a_count_that_people_know,
     "waiting: nothing is in the way: the next step is yours\n"
     "any operator -> baton cutover resume contoso\n"
     "to go on as before, with no alarm open: baton cutover resume contoso\n"
     "back: baton cutover approve contoso --for rollback, then fence contoso\n"
     "forward: two sign baton cutover approve contoso --for cutover, then fence contoso\n"
     "it was in ready\n"},
    {"findings of every kind", HO_VERIFY, findings_of_every_kind,
     "refused: the pending export is not within the limits, or not known\n"
     "any operator -> baton cutover accept contoso --reason '...'\n"
     "pending deletions: 0\n"
     "allowed: 0 (the smaller of deletes_count and deletes_percent)\n"
     "objects in scope: 1200\n"
     "anchor_changes is unknown: accept it with a reason, or have it computed\n"
     "verification: unknown; findings 5, open 4, that block 4; dispositions 1\n"},
    {"accepted findings", HO_ARMED, accepted_findings,
     "nothing is in the way: the next step is yours\n"
     "any operator -> baton cutover start contoso\n"
     "then: every member is fenced towards the new server: the old one drains, stops and proves "
     "it\n"
     "verification: unknown; findings 5, open 4, that block 4; dispositions 1\n"
     "accepted: record RECORD......, which the approvals bind to\n"},
    {"verified and not accepted", HO_READY, verified_and_not_accepted,
     "waiting: the cutover waits for approvals by different people over this plan and "
     "verification\n"
     "operators with the approve role -> baton cutover approve contoso --for cutover\n"
     "cutover: 0 of 2 approvals by different people stand\n"
     "verification: unknown; findings 0, open 0, that block 0; dispositions 0\n"},
    {"no plan can be made", HO_ASSESSED, no_plan_can_be_made,
     "refused: no plan can be made: a server of the record is unconfirmed or shows no product\n"
     "any operator -> baton agent list --tenant contoso\n"
     "confirm it: baton agent confirm contoso HOST\n"
     "its server is gone or enrolled anew: baton agent revoke contoso HOST --reason '...'\n"},
    {"upgrade in place", HO_ASSESSED, upgrade_in_place,
     "refused: this path moves no role between two servers: the assessment is all of it\n"
     "any operator -> baton cutover abandon contoso --reason '...'\n"
     "for a handoff, give it up and choose another path\n"},
    {"removed and not retired", HO_DECOMMISSION, removed_and_not_retired,
     "nothing is in the way: the next step is yours\n"
     "any operator -> baton cutover retire contoso\n"
     "then: the old server and its account in the tenant are gone: its tombstone is made final\n"},
    {"rollback waits for evidence", HO_GAP, rollback_waits_for_evidence,
     "refused: not every server has proved that it is quiet\n"
     "the agents; if a server cannot answer: baton cutover fence -> baton agent show contoso OLD\n"
     "old server: no evidence yet, last word accepted\n"
     "new server: no evidence yet, last word evidence\n"},
};

static const char *
words_of(const struct problem *p)
{
    static char text[4096];
    size_t at = (size_t)snprintf(text, sizeof text, "%s%s\n%s -> %s\n",
                                 p->status == BATON_OK        ? ""
                                 : p->status == BATON_WAITING ? "waiting: "
                                                              : "refused: ",
                                 p->title, p->who, p->next);
    for (size_t i = 0; i < p->fact_count; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s\n", p->fact[i].text);
    char digits[13]; /* of the record: whatever its bytes are */
    baton_hex(u.t.cutover.verification_hash.b, 6, digits);
    char *record = strstr(text, digits);
    if (record != NULL)
        memcpy(record, "RECORD......", 12);
    return text;
}

static void
each_situation_is_explained_in_these_words(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t i = 0; i < ARRAY_LEN(situations); i++) {
        duet_open(&u);
        duet_to(&u, (enum handoff_state)situations[i].state);
        situations[i].happens();
        struct problem p = explain();
        assert_int_equal(p.since_unix_ms, u.t.cutover.entered_unix_ms);
        if (strcmp(words_of(&p), situations[i].told) == 0)
            continue;
        wrong++;
        print_error("row %zu, %s:\n%s---\n", i, situations[i].what, words_of(&p));
    }
    assert_int_equal(wrong, 0);
}

static void
a_quarantine_of_the_old_server_is_in_the_way_until_the_new_one_holds(void **state)
{
    (void)state;
    static const uint8_t free_of_it[] = {HO_ACTIVATING,     HO_PROBATION, HO_DECOMMISSION,
                                         HO_DONE,           HO_ABANDONED, HO_ROLLED_BACK,
                                         HO_FORWARD_REPAIR, HO_RECONCILE};
    duet_to(&u, HO_READY);
    u.t.agent[TOY_OLD].statement.quarantine = QUARANTINE_MACHINE;
    for (uint8_t s = HO_ASSESSED; s < HANDOFF_STATE_COUNT; s++) {
        bool in_the_way = true;
        for (size_t i = 0; i < ARRAY_LEN(free_of_it); i++)
            in_the_way = in_the_way && s != free_of_it[i];
        u.t.cutover.state = s;
        struct problem p = explain();
        if ((strcmp(p.next, "baton agent readmit contoso OLD") == 0) != in_the_way)
            fail_msg("%s: next is \"%s\"", handoff_state_code((enum handoff_state)s), p.next);
        assert_true(told(&p, "is quarantined"));
    }
}

static void
a_quarantine_of_the_new_server_is_in_the_way_always(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    u.t.agent[TOY_NEW].statement.quarantine = QUARANTINE_MACHINE;
    for (uint8_t s = HO_ASSESSED; s < HANDOFF_STATE_COUNT; s++) {
        u.t.cutover.state = s;
        assert_string_equal(explain().next, "baton agent readmit contoso NEW");
    }
}

static void
without_a_trust_document_two_people_attest(void **state)
{
    (void)state;
    duet_to(&u, HO_READY);
    u.t.cutover.state = HO_FENCING;
    struct problem p;
    tenant_explain(&u.t, u.now_ms, toy_digest(), NULL, &p);
    assert_true(told(&p, "OLD: 0 of 2 people attest for it"));
}

static void
before_anything_began_there_is_no_cutover_and_nothing_to_do(void **state)
{
    (void)state;
    struct task t;
    struct problem p = explain();
    assert_int_equal(p.status, BATON_OK);
    assert_string_equal(p.title, "no cutover");
    assert_string_equal(p.next, "baton cutover create contoso --old HOST --new HOST");
    assert_false(tenant_task(&u.t, &t));
}

static void
a_server_removed_too_early_is_told_of_until_its_settings_are_safe(void **state)
{
    (void)state;
    struct task t;
    duet_to(&u, HO_EXPORT_SETTINGS);
    facts_set(&u.facts[TOY_OLD], FACT_PRODUCT_PRESENT, 0);
    duet_report(&u, TOY_OLD);
    t = task();
    assert_string_equal(t.host, "OLD");
    assert_int_equal(t.line_count, 3);
    assert_string_equal(
        t.line[0].text,
        "Reinstall DirSync or restore the server, so that its settings can be exported.");
    assert_string_equal(t.line[1].text, "Then: baton cutover resume contoso");
    assert_string_equal(
        t.line[2].text,
        "If that cannot be done: abandon, and install clean on the unsupported path.");
    assert_string_equal(t.done_when, "the product is seen on the old server again");
    facts_set(&u.t.agent[TOY_OLD].facts, FACT_PRODUCT_PRESENT, 1);
    assert_false(tenant_task(&u.t, &t));
    facts_set(&u.t.agent[TOY_OLD].facts, FACT_PRODUCT_PRESENT, 0);
    u.t.cutover.settings_sealed = true;
    assert_false(tenant_task(&u.t, &t));
    u.t.cutover.settings_sealed = false;
    u.t.cutover.resume_to = HO_INSTALL_STAGED;
    assert_false(tenant_task(&u.t, &t));
}

static void
a_grant_of_a_server_that_the_record_does_not_know_is_awaited(void **state)
{
    (void)state;
    struct task t;
    duet_to(&u, HO_GRANTING);
    assert_true(tenant_task(&u.t, &t));
    u.t.agent[TOY_NEW].key = toy_key(0x44);
    assert_false(tenant_task(&u.t, &t));
}

static void
who_is_in_the_way_is_waited_for_though_nothing_else_is(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    assert_int_equal(explain().status, BATON_OK);
    u.t.agent[TOY_OLD].barred = true;
    assert_int_equal(explain().status, BATON_WAITING);
}

static void
what_blocks_the_plan_is_told_before_that_none_can_be_made(void **state)
{
    (void)state;
    duet_to(&u, HO_ASSESSED);
    u.t.agent[TOY_OLD].confirmed = false;
    struct problem p = explain();
    assert_int_equal(p.guard, G_PAIR);
    assert_non_null(strstr(p.title, "two confirmed agents"));
    assert_true(told(&p, "not confirmed by an operator"));
}

static void
an_explanation_owes_nothing_to_the_one_that_stood_there_before(void **state)
{
    (void)state;
    static const uint8_t way[] = {HO_ASSESSED, HO_VERIFY, HO_READY, HO_GAP, HO_DONE};
    for (size_t i = 0; i < ARRAY_LEN(way); i++) {
        struct problem p, q;
        duet_open(&u);
        duet_to(&u, (enum handoff_state)way[i]);
        memset(&p, 0, sizeof p);
        memset(&q, 0x20, sizeof q);
        tenant_explain(&u.t, u.now_ms, toy_digest(), toy_trust(), &p);
        tenant_explain(&u.t, u.now_ms, toy_digest(), toy_trust(), &q);
        assert_int_equal(p.fact_count, q.fact_count);
        assert_int_equal(p.rule, q.rule);
        assert_int_equal(p.guard, q.guard);
        assert_int_equal(p.status, q.status);
        assert_string_equal(p.title, q.title);
        assert_string_equal(p.who, q.who);
        assert_string_equal(p.next, q.next);
    }
}

int
main(void)
{
#define AT(test) cmocka_unit_test_setup(test, open_duet)
    const struct CMUnitTest tests[] = {
        AT(an_explanation_owes_nothing_to_the_one_that_stood_there_before),
        AT(who_is_in_the_way_is_waited_for_though_nothing_else_is),
        AT(what_blocks_the_plan_is_told_before_that_none_can_be_made),
        AT(a_server_that_does_not_count_is_named_with_the_next_step),
        AT(each_situation_is_explained_in_these_words),
        AT(a_quarantine_of_the_old_server_is_in_the_way_until_the_new_one_holds),
        AT(a_quarantine_of_the_new_server_is_in_the_way_always),
        AT(without_a_trust_document_two_people_attest),
        AT(before_anything_began_there_is_no_cutover_and_nothing_to_do),
        AT(a_server_removed_too_early_is_told_of_until_its_settings_are_safe),
        AT(a_grant_of_a_server_that_the_record_does_not_know_is_awaited),
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
        AT(after_a_restart_it_says_what_the_verb_would_be_refused_with),
        AT(a_fence_that_the_record_lost_says_how_to_go_on_and_back),
        AT(a_record_put_back_to_before_the_verification_is_verified_before_it_goes_on),
        AT(a_fence_that_is_refused_is_not_called_lost),
        AT(a_promise_under_another_plan_is_fenced_anew_instead_of_granted_for_ever),
        AT(an_explanation_never_leads_back_to_itself),
        AT(no_refused_verb_is_told_to_be_given_again),
        AT(what_is_overdue_and_unproven_says_how_people_end_it),
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
