/* What proves that a server does not export, fact by fact. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "toy.h"

static struct facts
proven(enum fence_kind kind)
{
    return toy_facts_proven(kind == KIND_STAGED ? TOY_NEW : TOY_OLD, kind);
}

static const enum fence_kind kinds[] = {KIND_STOPPED, KIND_STAGED, KIND_REMOVED};

static void
each_kind_can_be_proven(void **state)
{
    (void)state;
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        struct facts f = proven(kinds[k]);
        assert_null(fence_unmet(&f, kinds[k], &toy_plan()->policy));
        assert_true(fence_quiet(&f, kinds[k]));
    }
}

static void
every_needed_fact_that_is_unknown_fails_its_kind(void **state)
{
    (void)state;
    size_t n;
    const struct fence_need *needs = fence_needs(&n);
    for (size_t i = 0; i < n; i++) {
        struct facts f = proven((enum fence_kind)needs[i].kind);
        f.fact[needs[i].fact].state = FACT_UNKNOWN;
        const struct fence_need *unmet =
            fence_unmet(&f, (enum fence_kind)needs[i].kind, &toy_plan()->policy);
        assert_ptr_equal(unmet, &needs[i]);
    }
}

static void
every_needed_fact_that_is_absent_fails_its_kind(void **state)
{
    (void)state;
    size_t n;
    const struct fence_need *needs = fence_needs(&n);
    for (size_t i = 0; i < n; i++) {
        struct facts f = proven((enum fence_kind)needs[i].kind);
        facts_absent(&f, (enum fact_id)needs[i].fact, ABSENT_NEEDS_WINDOWS);
        assert_non_null(fence_unmet(&f, (enum fence_kind)needs[i].kind, &toy_plan()->policy));
    }
}

static void
every_needed_fact_with_the_wrong_value_fails_its_kind(void **state)
{
    (void)state;
    size_t n;
    const struct fence_need *needs = fence_needs(&n);
    for (size_t i = 0; i < n; i++) {
        struct facts f = proven((enum fence_kind)needs[i].kind);
        int64_t wrong = needs[i].test == NEED_EQUALS ? 1 - needs[i].operand
                        : needs[i].test == NEED_GAP  ? 0
                                                     : INT64_MAX;
        facts_set(&f, (enum fact_id)needs[i].fact, wrong);
        assert_ptr_equal(fence_unmet(&f, (enum fence_kind)needs[i].kind, &toy_plan()->policy),
                         &needs[i]);
        if (needs[i].span)
            assert_false(fence_quiet(&f, (enum fence_kind)needs[i].kind));
    }
}

static void
an_old_fact_proves_nothing_unless_it_is_about_the_past(void **state)
{
    (void)state;
    size_t n;
    const struct fence_need *needs = fence_needs(&n);
    for (size_t i = 0; i < n; i++) {
        struct facts f = proven((enum fence_kind)needs[i].kind);
        f.fact[needs[i].fact].age_ms = (uint32_t)toy_plan()->policy.v[POLICY_FACT_FRESH_MS] + 1;
        const struct fence_need *unmet =
            fence_unmet(&f, (enum fence_kind)needs[i].kind, &toy_plan()->policy);
        assert_true(needs[i].aged ? unmet == NULL : unmet == &needs[i]);
    }
}

/* In the order in which a lack is told: what stops first comes first, and the span last. */
static void
each_kind_asks_for_these_facts_in_this_order(void **state)
{
    (void)state;
    static const enum fact_id stopped[] = {
        FACT_SERVICES_STOPPED, FACT_SERVICES_DISABLED,   FACT_SERVICES_DISABLED_REGISTRY,
        FACT_TASKS_DISABLED,   FACT_ENGINE_GONE,         FACT_RUN_IN_PROGRESS,
        FACT_LAST_RUN_END,     FACT_EXPORTS_SINCE_FENCE, FACT_SERVICE_WATCH,
        FACT_QUIET_FOR_MS,
    };
    static const enum fact_id staged[] = {
        FACT_STAGING_SCHEDULER, FACT_STAGING_SETTINGS,    FACT_RUN_IN_PROGRESS,
        FACT_CYCLE_IN_PROGRESS, FACT_EXPORTS_SINCE_FENCE, FACT_WIZARD_OPEN,
        FACT_CONSOLE_OPEN,      FACT_INSTALLER_OPEN,      FACT_SYNC_SHELL_OPEN,
        FACT_TOOLS_STARTED,     FACT_SERVICE_WATCH,       FACT_QUIET_FOR_MS,
    };
    static const enum fact_id removed[] = {FACT_PRODUCT_PRESENT, FACT_SERVICES_PRESENT,
                                           FACT_ENGINE_GONE, FACT_SETTINGS_SEALED,
                                           FACT_QUIET_FOR_MS};
    static const struct {
        enum fence_kind kind;
        const enum fact_id *facts;
        size_t count;
    } want[] = {{KIND_STOPPED, stopped, ARRAY_LEN(stopped)},
                {KIND_STAGED, staged, ARRAY_LEN(staged)},
                {KIND_REMOVED, removed, ARRAY_LEN(removed)}};
    size_t n, at = 0;
    const struct fence_need *needs = fence_needs(&n);
    for (size_t k = 0; k < ARRAY_LEN(want); k++)
        for (size_t i = 0; i < want[k].count; i++, at++) {
            assert_true(at < n);
            assert_int_equal(needs[at].kind, want[k].kind);
            assert_int_equal(needs[at].fact, want[k].facts[i]);
        }
    assert_int_equal(at, n);
}

static void
a_run_that_ended_before_a_stop_that_nobody_saw_proves_nothing(void **state)
{
    (void)state;
    struct facts f = proven(KIND_STOPPED);
    f.fact[FACT_STOPPED_AT].state = FACT_UNKNOWN;
    const struct fence_need *unmet = fence_unmet(&f, KIND_STOPPED, &toy_plan()->policy);
    assert_non_null(unmet);
    assert_int_equal(unmet->fact, FACT_LAST_RUN_END);
    facts_set(&f, FACT_STOPPED_AT, f.fact[FACT_LAST_RUN_END].value);
    assert_null(fence_unmet(&f, KIND_STOPPED, &toy_plan()->policy));
}

static void
a_product_that_is_not_known_may_export_or_not(void **state)
{
    (void)state;
    struct facts f = toy_facts(TOY_OLD);
    assert_int_equal(facts_exporting(&f, PRODUCT_NONE), EXPORTING_UNKNOWN);
}

static void
a_fact_that_is_not_known_is_not_absent_for_the_reason_that_it_once_had(void **state)
{
    (void)state;
    struct facts f = toy_facts(TOY_NEW);
    facts_absent(&f, FACT_STAGING_SCHEDULER, ABSENT_NOT_CONFIGURED);
    facts_absent(&f, FACT_STAGING_SETTINGS, ABSENT_NO_PRODUCT);
    assert_int_equal(facts_staging(&f), STAGING_NOT_CONFIGURED);
    f.fact[FACT_STAGING_SETTINGS].state = FACT_UNKNOWN;
    assert_int_equal(facts_staging(&f), STAGING_UNREADABLE);
    facts_absent(&f, FACT_STAGING_SETTINGS, ABSENT_NO_PRODUCT);
    facts_absent(&f, FACT_STAGING_SCHEDULER, ABSENT_ERROR); /* a server that does not answer */
    assert_int_equal(facts_staging(&f), STAGING_UNREADABLE);
}

static void
a_kind_without_needs_is_never_proven(void **state)
{
    (void)state;
    struct facts f = proven(KIND_STOPPED);
    assert_non_null(fence_unmet(&f, KIND_NONE, &toy_plan()->policy));
    assert_non_null(fence_unmet(&f, KIND_ATTESTED, &toy_plan()->policy));
    assert_false(fence_quiet(&f, KIND_NONE));
}

static void
sources_that_contradict_each_other_count_as_off(void **state)
{
    (void)state;
    struct facts f = toy_facts(TOY_NEW);
    facts_set(&f, FACT_STAGING_SETTINGS, 0);
    assert_int_equal(facts_staging(&f), STAGING_OFF);
    assert_int_equal(facts_exporting(&f, PRODUCT_CONNECT), EXPORTING_YES);
}

static void
what_cannot_be_read_is_neither_yes_nor_no(void **state)
{
    (void)state;
    struct facts f = toy_facts(TOY_NEW);
    facts_absent(&f, FACT_STAGING_SETTINGS, ABSENT_ERROR);
    assert_int_equal(facts_staging(&f), STAGING_UNREADABLE);
    assert_int_equal(facts_exporting(&f, PRODUCT_CONNECT), EXPORTING_UNKNOWN);
    facts_init(&f);
    assert_int_equal(facts_exporting(&f, PRODUCT_DIRSYNC), EXPORTING_UNKNOWN);
}

/* ---- another member's signed word --------------------------------------------------------------- */

struct carried {
    struct statement s;
    uint8_t bytes[STATEMENT_BYTES_MAX];
    struct signed_bytes sb;
};

static void
carry(struct carried *c)
{
    struct baton_key key = toy_member_key(TOY_OLD);
    assert_int_equal(statement_encode(&c->s, c->bytes, sizeof c->bytes, &c->sb.len), BATON_OK);
    c->sb.bytes = c->bytes;
    toy_sign(&key, DOMAIN_STATEMENT, c->bytes, c->sb.len, &c->sb.sig);
}

static struct statement
good_statement(void)
{
    return (struct statement){.type = SAY_EVIDENCE,
                              .tenant = toy_tenant(),
                              .member = toy_member_key(TOY_OLD),
                              .plan = toy_plan_hash(),
                              .epoch = toy_epoch(2),
                              .recipient = toy_member_key(TOY_NEW),
                              .asked = toy_epoch(2),
                              .counter = 9,
                              .kind = KIND_STOPPED,
                              .tombstone = true,
                              .trust_version = 1,
                              .facts = proven(KIND_STOPPED)};
}

static enum refusal
judge(struct carried *c, bool recipient_legacy)
{
    struct statement scratch;
    struct baton_hash plan_hash = toy_plan_hash();
    struct epoch e = toy_epoch(2);
    struct baton_key recipient = toy_member_key(TOY_NEW);
    struct evidence_demand d = {.plan = toy_plan(),
                                .plan_hash = &plan_hash,
                                .epoch = &e,
                                .recipient = &recipient,
                                .member = TOY_OLD,
                                .recipient_legacy = recipient_legacy,
                                .trust_version = 1};
    return evidence_judge(&c->sb, &d, toy_digest(), &scratch);
}

static void
complete_evidence_is_accepted(void **state)
{
    (void)state;
    struct carried c = {.s = good_statement()};
    carry(&c);
    assert_int_equal(judge(&c, false), REFUSE_NONE);
}

typedef void (*spoil)(struct statement *s);

static void
spoil_type(struct statement *s)
{
    s->type = SAY_STATUS;
}
static void
spoil_draining(struct statement *s)
{
    s->type = SAY_DRAINING;
}
static void
spoil_tenant(struct statement *s)
{
    s->tenant = toy_id(1);
}
static void
spoil_member(struct statement *s)
{
    s->member = toy_member_key(TOY_NEW);
}
static void
spoil_plan(struct statement *s)
{
    s->plan.b[0] ^= 1;
}
static void
spoil_epoch(struct statement *s)
{
    s->epoch = toy_epoch(3);
}
static void
spoil_incarnation(struct statement *s)
{
    s->epoch.incarnation = toy_id(1);
}
static void
spoil_recipient(struct statement *s)
{
    s->recipient = toy_member_key(TOY_OLD);
}
static void
spoil_quarantine(struct statement *s)
{
    s->quarantine = QUARANTINE_SESSIONS;
}
static void
spoil_holding(struct statement *s)
{
    s->holding = true;
}
static void
spoil_grant(struct statement *s)
{
    s->grant = GRANT_LIVE;
}
static void
spoil_used(struct statement *s)
{
    s->grant = GRANT_USED;
}
static void
spoil_kind(struct statement *s)
{
    s->kind = KIND_STAGED;
    s->facts = proven(KIND_STAGED);
}
static void
spoil_attested(struct statement *s)
{
    s->kind = KIND_ATTESTED;
}
static void
spoil_fact(struct statement *s)
{
    facts_set(&s->facts, FACT_ENGINE_GONE, 0);
}

static void
evidence_with_one_thing_wrong_is_refused(void **state)
{
    (void)state;
    static const spoil spoils[] = {
        spoil_type,  spoil_draining,    spoil_tenant,    spoil_member,     spoil_plan,
        spoil_epoch, spoil_incarnation, spoil_recipient, spoil_quarantine, spoil_holding,
        spoil_grant, spoil_used,        spoil_kind,      spoil_attested,   spoil_fact,
    };
    for (size_t i = 0; i < ARRAY_LEN(spoils); i++) {
        struct carried c = {.s = good_statement()};
        spoils[i](&c.s);
        carry(&c);
        assert_int_equal(judge(&c, false), REFUSE_EVIDENCE);
    }
}

static void
one_source_without_configuration_is_not_both(void **state)
{
    (void)state;
    struct facts f = toy_facts(TOY_NEW);
    facts_absent(&f, FACT_STAGING_SCHEDULER, ABSENT_NOT_CONFIGURED);
    assert_int_equal(facts_staging(&f), STAGING_UNREADABLE);
    facts_absent(&f, FACT_STAGING_SETTINGS, ABSENT_NOT_CONFIGURED);
    assert_int_equal(facts_staging(&f), STAGING_NOT_CONFIGURED);
    assert_int_equal(facts_exporting(&f, PRODUCT_CONNECT), EXPORTING_NO);
}

static void
a_server_exports_no_more_once_its_engine_or_product_is_gone(void **state)
{
    (void)state;
    struct facts f = toy_facts(TOY_OLD);
    assert_int_equal(facts_exporting(&f, PRODUCT_DIRSYNC), EXPORTING_YES);
    facts_set(&f, FACT_SERVICES_STOPPED, 1);
    assert_int_equal(facts_exporting(&f, PRODUCT_DIRSYNC), EXPORTING_UNKNOWN);
    facts_set(&f, FACT_ENGINE_GONE, 1);
    assert_int_equal(facts_exporting(&f, PRODUCT_DIRSYNC), EXPORTING_NO);
    f = toy_facts(TOY_OLD);
    facts_set(&f, FACT_PRODUCT_PRESENT, 0);
    assert_int_equal(facts_exporting(&f, PRODUCT_DIRSYNC), EXPORTING_NO);
}

/* NEW's evidence towards OLD, under a plan in which NEW has this kind. */
static enum refusal
judge_new(enum fence_kind planned, bool ever_exported)
{
    struct statement scratch, s = good_statement();
    struct plan plan = *toy_plan();
    struct baton_hash plan_hash = toy_plan_hash();
    struct epoch e = toy_epoch(2);
    struct baton_key recipient = toy_member_key(TOY_OLD), key = toy_member_key(TOY_NEW);
    static uint8_t bytes[STATEMENT_BYTES_MAX];
    struct signed_bytes sb = {.bytes = bytes};
    plan.member[TOY_NEW].kind = (uint8_t)planned;
    s.member = key;
    s.recipient = recipient;
    s.ever_exported = ever_exported;
    s.kind = KIND_STAGED;
    s.facts = proven(KIND_STAGED);
    assert_int_equal(statement_encode(&s, bytes, sizeof bytes, &sb.len), BATON_OK);
    toy_sign(&key, DOMAIN_STATEMENT, bytes, sb.len, &sb.sig);
    struct evidence_demand d = {.plan = &plan,
                                .plan_hash = &plan_hash,
                                .epoch = &e,
                                .recipient = &recipient,
                                .member = TOY_NEW,
                                .recipient_legacy = true,
                                .trust_version = 1};
    return evidence_judge(&sb, &d, toy_digest(), &scratch);
}

static void
staging_proves_only_a_member_that_is_planned_so(void **state)
{
    (void)state;
    assert_int_equal(judge_new(KIND_STAGED, false), REFUSE_NONE);
    assert_int_equal(judge_new(KIND_STOPPED, false), REFUSE_EVIDENCE);
}

static void
a_legacy_recipient_needs_every_entra_connect_to_say_no(void **state)
{
    (void)state;
    assert_int_equal(judge_new(KIND_STAGED, true), REFUSE_EVER_EXPORTED);
    struct carried c = {.s = good_statement()};
    c.s.ever_exported = true; /* a legacy member always has */
    carry(&c);
    assert_int_equal(judge(&c, true), REFUSE_NONE);
}

static void
evidence_made_under_a_newer_trust_document_is_refused(void **state)
{
    (void)state;
    struct carried c = {.s = good_statement()};
    c.s.trust_version = 2;
    carry(&c);
    assert_int_equal(judge(&c, false), REFUSE_TRUST);
}

static void
a_forged_or_cut_word_is_refused(void **state)
{
    (void)state;
    struct carried c = {.s = good_statement()};
    carry(&c);
    c.sb.len--;
    assert_int_equal(judge(&c, false), REFUSE_EVIDENCE);
    carry(&c);
    c.bytes[40] ^= 1;
    assert_int_equal(judge(&c, false), REFUSE_EVIDENCE);
    carry(&c);
    struct baton_key key = toy_member_key(TOY_OLD);
    c.sb.len--;
    toy_sign(&key, DOMAIN_STATEMENT, c.bytes, c.sb.len, &c.sb.sig); /* cut by the member itself */
    assert_int_equal(judge(&c, false), REFUSE_EVIDENCE);
}

static void
a_span_as_long_as_the_gap_and_a_fact_as_old_as_it_may_be_still_prove(void **state)
{
    (void)state;
    const struct policy *p = &toy_plan()->policy;
    size_t n;
    const struct fence_need *needs = fence_needs(&n);
    for (size_t i = 0; i < n; i++) {
        enum fence_kind kind = (enum fence_kind)needs[i].kind;
        struct facts f = proven(kind);
        f.fact[needs[i].fact].age_ms = (uint32_t)p->v[POLICY_FACT_FRESH_MS];
        assert_null(fence_unmet(&f, kind, p));
        facts_set(&f, FACT_QUIET_FOR_MS, p->v[POLICY_OBSERVE_GAP_MS]);
        assert_null(fence_unmet(&f, kind, p));
        facts_set(&f, FACT_QUIET_FOR_MS, p->v[POLICY_OBSERVE_GAP_MS] - 1);
        assert_non_null(fence_unmet(&f, kind, p));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_span_as_long_as_the_gap_and_a_fact_as_old_as_it_may_be_still_prove),
        cmocka_unit_test(each_kind_can_be_proven),
        cmocka_unit_test(every_needed_fact_that_is_unknown_fails_its_kind),
        cmocka_unit_test(every_needed_fact_that_is_absent_fails_its_kind),
        cmocka_unit_test(every_needed_fact_with_the_wrong_value_fails_its_kind),
        cmocka_unit_test(an_old_fact_proves_nothing_unless_it_is_about_the_past),
        cmocka_unit_test(each_kind_asks_for_these_facts_in_this_order),
        cmocka_unit_test(a_run_that_ended_before_a_stop_that_nobody_saw_proves_nothing),
        cmocka_unit_test(a_product_that_is_not_known_may_export_or_not),
        cmocka_unit_test(a_fact_that_is_not_known_is_not_absent_for_the_reason_that_it_once_had),
        cmocka_unit_test(a_kind_without_needs_is_never_proven),
        cmocka_unit_test(sources_that_contradict_each_other_count_as_off),
        cmocka_unit_test(what_cannot_be_read_is_neither_yes_nor_no),
        cmocka_unit_test(complete_evidence_is_accepted),
        cmocka_unit_test(evidence_with_one_thing_wrong_is_refused),
        cmocka_unit_test(one_source_without_configuration_is_not_both),
        cmocka_unit_test(a_server_exports_no_more_once_its_engine_or_product_is_gone),
        cmocka_unit_test(staging_proves_only_a_member_that_is_planned_so),
        cmocka_unit_test(a_legacy_recipient_needs_every_entra_connect_to_say_no),
        cmocka_unit_test(evidence_made_under_a_newer_trust_document_is_refused),
        cmocka_unit_test(a_forged_or_cut_word_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
