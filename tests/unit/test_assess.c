/* Which path fits, how long it takes, and why, in words and in codes. */
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
    policy_preset(PRESET_PRODUCTION, &u.t.info.policy);
    return 0;
}

static struct assessment
assess(uint8_t new_agent, int64_t objects, int64_t fleet_ms)
{
    struct assessment a;
    const struct fleet fleet = {fleet_ms, 4};
    facts_set(&u.t.agent[TOY_OLD].facts, FACT_OBJECTS, objects);
    tenant_assess(&u.t, TOY_OLD, new_agent, u.now_ms, &fleet, &a);
    return a;
}

static const char *
reason_text(const struct assessment *a, const char *code)
{
    for (size_t i = 0; i < a->reason_count; i++)
        if (strcmp(a->reason[i].code, code) == 0)
            return a->reason[i].text;
    return "";
}

static bool
has_reason(const struct assessment *a, const char *code)
{
    for (size_t i = 0; i < a->reason_count; i++)
        if (strcmp(a->reason[i].code, code) == 0)
            return a->reason[i].text[0] != '\0';
    return false;
}

static const int64_t hour = 3600000;

static void
fifty_thousand_objects_take_three_hours(void **state)
{
    (void)state;
    assert_int_equal(assess(TOY_NEW, 50000, 0).expected_ms, 3 * hour);
    assert_int_equal(assess(TOY_NEW, 125000, 0).expected_ms, 7 * hour + hour / 2);
    assert_int_equal(assess(TOY_NEW, 0, 0).expected_ms, 0);
}

static void
the_fleets_own_history_corrects_the_estimate(void **state)
{
    (void)state;
    struct assessment a = assess(TOY_NEW, 100000, hour);
    assert_int_equal(a.expected_ms, 2 * hour);
    assert_int_equal(a.handoffs, 4);
    assert_non_null(strstr(reason_text(&a, "estimate-fleet"), "the median of 4 handoffs"));
    a = assess(TOY_NEW, 100000, 0);
    assert_int_equal(a.handoffs, 0);
    assert_int_equal(a.ms_per_50k, 3 * hour);
    assert_non_null(strstr(reason_text(&a, "estimate"), "3 h per 50,000 objects, as documented"));
}

static int64_t
median(const int64_t minutes[], size_t count)
{
    struct first_sync list[8];
    struct fleet f;
    for (size_t i = 0; i < count; i++) /* all of 100,000 objects: half of that for 50,000 */
        list[i] = (struct first_sync){(uint64_t)minutes[i] * 60000, 100000};
    fleet_median(list, count, 3 * hour, &f);
    assert_int_equal(f.handoffs, f.ms_per_50k == 0 ? 0 : count);
    return f.ms_per_50k / 60000;
}

static void
the_fleets_history_is_the_median_of_three_at_least(void **state)
{
    (void)state;
    assert_int_equal(median((const int64_t[]){120, 240}, 2), 0);
    assert_int_equal(median((const int64_t[]){999, 120, 240}, 3), 120);
    assert_int_equal(median((const int64_t[]){400, 120, 240, 360}, 4), 150);
}

static void
one_odd_fleet_does_not_make_an_absurd_estimate(void **state)
{
    (void)state;
    assert_int_equal(median((const int64_t[]){1, 1, 1}, 3), 18);
    assert_int_equal(median((const int64_t[]){40000, 40000, 40000}, 3), 1800);
}

static void
what_cannot_be_compared_is_left_out_of_the_fleet(void **state)
{
    (void)state;
    struct fleet f;
    struct first_sync list[] = {{600000, FLEET_OBJECTS_LEAST - 1},
                                {UINT64_MAX, 50000},
                                {0, 50000},
                                {600000, INT64_MIN},
                                {7200000, 50000},
                                {7200000, 50000},
                                {10800000, INT64_C(1000000000)}};
    fleet_median(list, 6, 3 * hour, &f);
    assert_int_equal(f.ms_per_50k, 0);
    struct first_sync again[] = {{600000, 1}, {7200000, 50000}, {7200000, 50000}, {1, 1000000000}};
    fleet_median(again, 4, 3 * hour, &f);
    assert_int_equal(f.handoffs, 3);
    assert_int_equal(f.ms_per_50k, 7200000);
}

static void
below_three_hours_in_place_is_recommended_above_it_parallel(void **state)
{
    (void)state;
    struct assessment a = assess(TOY_OLD, 49999, 0);
    assert_int_equal(a.recommended, PROFILE_IN_PLACE);
    a = assess(TOY_OLD, 50000, 0);
    assert_int_equal(a.recommended, PROFILE_PARALLEL);
    assert_true(has_reason(&a, "parallel"));
    a = assess(TOY_NEW, 1200, 0); /* a second server stands ready */
    assert_int_equal(a.recommended, PROFILE_PARALLEL);
    assert_true(has_reason(&a, "in-place-fits") && has_reason(&a, "second-server"));
}

static void
the_product_decides_the_path(void **state)
{
    (void)state;
    static const struct {
        uint8_t product, recommended;
        bool blocked;
        const char *code;
    } rows[] = {{PRODUCT_AADSYNC, PROFILE_SWING, false, "product-aadsync"},
                {PRODUCT_CONNECT, PROFILE_SWING, false, "product-connect"},
                {PRODUCT_NONE, PROFILE_AUDIT_ONLY, true, "product-unknown"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        facts_set(&u.t.agent[TOY_OLD].facts, FACT_PRODUCT_CLASS, rows[i].product);
        struct assessment a = assess(TOY_NEW, 80000, 0);
        assert_int_equal(a.recommended, rows[i].recommended);
        assert_int_equal(a.blocked, rows[i].blocked);
        assert_true(has_reason(&a, rows[i].code));
    }
}

static void
a_blocked_configuration_and_a_dead_source_have_paths_of_their_own(void **state)
{
    (void)state;
    struct facts *f = &u.t.agent[TOY_OLD].facts;
    facts_set(f, FACT_BLOCKED_CONFIG, 1);
    struct assessment a = assess(TOY_NEW, 80000, 0);
    assert_int_equal(a.recommended, PROFILE_UNSUPPORTED);
    assert_true(has_reason(&a, "blocked-configuration"));
    facts_set(f, FACT_LAST_EXPORT_END, 1); /* decades ago */
    a = assess(TOY_NEW, 80000, 0);
    assert_int_equal(a.recommended, PROFILE_DEAD_SOURCE);
}

static void
database_prerequisites_and_old_facts_are_named(void **state)
{
    (void)state;
    facts_set(&u.t.agent[TOY_OLD].facts, FACT_SQL_EDITION, 2);
    facts_set(&u.t.agent[TOY_NEW].facts, FACT_PREREQ_FAILED, 3);
    struct assessment a = assess(TOY_NEW, 150000, 0);
    assert_true(has_reason(&a, "sql-full") && has_reason(&a, "prerequisites") &&
                has_reason(&a, "sql-full-needed"));
    assert_false(has_reason(&a, "facts-old"));
    u.t.agent[TOY_OLD].reported_ms = 0;
    a = assess(TOY_NEW, 150000, 0);
    assert_true(has_reason(&a, "facts-old"));
}

static void
unknown_size_is_said_and_never_taken_for_small(void **state)
{
    (void)state;
    struct assessment a;
    u.t.agent[TOY_OLD].facts.fact[FACT_OBJECTS].state = FACT_UNKNOWN;
    tenant_assess(&u.t, TOY_OLD, TOY_OLD, u.now_ms, &(struct fleet){0}, &a);
    assert_int_equal(a.objects, -1);
    assert_int_equal(a.recommended, PROFILE_PARALLEL);
    assert_true(has_reason(&a, "objects-unknown"));
}

static void
the_plan_names_members_kinds_and_their_confirmations(void **state)
{
    (void)state;
    duet_open(&u);
    duet_to(&u, HO_PLANNED);
    assert_int_equal(u.t.plan.member_count, 2);
    assert_int_equal(u.t.plan.member[u.t.plan.holder].kind, KIND_STOPPED);
    assert_int_equal(u.t.plan.member[u.t.plan.recipient].kind, KIND_STAGED);
    assert_int_equal(u.t.plan.member[u.t.plan.recipient].product, PRODUCT_CONNECT);
    struct baton_hash h = toy_plan_hash();
    assert_true(baton_hash_eq(&u.t.cutover.plan, &h));
    struct baton_id id = toy_id(9);
    struct plan p;
    u.t.agent[TOY_NEW].confirmed = false;
    assert_int_equal(tenant_plan(&u.t, &id, 1, &p), BATON_REFUSED);
}

static void
a_member_of_the_record_is_left_out_of_a_later_plan_only_when_it_is_shut_out_or_retired(void **state)
{
    (void)state;
    duet_open(&u);
    duet_to(&u, HO_READY);
    (void)duet_verb(&u, HEV_ABANDON, "another server");
    u.t.agent[2] = u.t.agent[TOY_NEW]; /* a third server takes the new one's place */
    u.t.agent[2].key = toy_key(0x33);
    u.t.cutover.new_agent = 2;
    struct baton_id id = toy_id(9);
    struct plan p;
    assert_int_equal(tenant_plan(&u.t, &id, 1, &p), BATON_OK);
    assert_int_equal(p.member_count, 3);
    assert_int_equal(p.recipient, 1);
    u.t.agent[TOY_NEW].confirmed = false;
    assert_int_equal(tenant_plan(&u.t, &id, 1, &p), BATON_REFUSED);
    u.t.agent[TOY_NEW].revoked =
        true; /* and agents want people's word for it: rules 303, 315, 317 */
    assert_int_equal(tenant_plan(&u.t, &id, 1, &p), BATON_OK);
    assert_int_equal(p.member_count, 2);
    u.t.agent[TOY_NEW].revoked = false;
    u.t.authority.member[TOY_NEW].retired = true;
    assert_int_equal(tenant_plan(&u.t, &id, 1, &p), BATON_OK);
    assert_int_equal(p.member_count, 2);
}

static const struct {
    const char *what;
    uint8_t new_agent;
    int64_t objects, fleet_ms;
    const char *reasons; /* each with its code */
} sights[] = {
    {"a parallel deployment", TOY_NEW, 80000, 0,
     "objects: objects in the old server's connector space: 80000\n"
     "estimate: an upgrade of this size is expected to take 4 h 48 min, by 3 h per 50,000 objects, "
     "as documented\n"
     "parallel: the estimate is not below 3 h: a parallel deployment keeps the old server "
     "exporting meanwhile\n"},
    {"a small directory alone", TOY_OLD, 1200, 0,
     "objects: objects in the old server's connector space: 1200\n"
     "estimate: an upgrade of this size is expected to take 4 min 19 s, by 3 h per 50,000 objects, "
     "as documented\n"
     "in-place-fits: the estimate is below 3 h: an in-place upgrade would do\n"},
    {"a small directory beside a second server", TOY_NEW, 1200, 0,
     "objects: objects in the old server's connector space: 1200\n"
     "estimate: an upgrade of this size is expected to take 4 min 19 s, by 3 h per 50,000 objects, "
     "as documented\n"
     "in-place-fits: the estimate is below 3 h: an in-place upgrade would do\n"
     "second-server: a second server stands ready: parallel keeps the old one exporting\n"},
    {"a large directory by the history of the site", TOY_NEW, 150000, 3600000,
     "objects: objects in the old server's connector space: 150000\n"
     "estimate-fleet: an upgrade of this size is expected to take 3 h, by the median of 4 handoffs "
     "of this site: 60 min per 50,000 objects\n"
     "parallel: the estimate is not below 3 h: a parallel deployment keeps the old server "
     "exporting meanwhile\n"
     "sql-full-needed: above 100,000 objects the new server needs a full SQL Server\n"},
    {"a full SQL Server", TOY_NEW, 80000, 0,
     "objects: objects in the old server's connector space: 80000\n"
     "estimate: an upgrade of this size is expected to take 4 h 48 min, by 3 h per 50,000 objects, "
     "as documented\n"
     "parallel: the estimate is not below 3 h: a parallel deployment keeps the old server "
     "exporting meanwhile\n"
     "sql-full: the old server uses a full SQL Server: the new one needs another instance, never "
     "the same\n"},
    {"SQL Server Express", TOY_NEW, 80000, 0,
     "objects: objects in the old server's connector space: 80000\n"
     "estimate: an upgrade of this size is expected to take 4 h 48 min, by 3 h per 50,000 objects, "
     "as documented\n"
     "parallel: the estimate is not below 3 h: a parallel deployment keeps the old server "
     "exporting meanwhile\n"
     "sql-express: the old server uses SQL Server Express\n"},
    {"the local database", TOY_NEW, 80000, 0,
     "objects: objects in the old server's connector space: 80000\n"
     "estimate: an upgrade of this size is expected to take 4 h 48 min, by 3 h per 50,000 objects, "
     "as documented\n"
     "parallel: the estimate is not below 3 h: a parallel deployment keeps the old server "
     "exporting meanwhile\n"
     "sql-local: the old server uses the local database\n"},
    {"an edition that nobody knows", TOY_NEW, 80000, 0,
     "objects: objects in the old server's connector space: 80000\n"
     "estimate: an upgrade of this size is expected to take 4 h 48 min, by 3 h per 50,000 objects, "
     "as documented\n"
     "parallel: the estimate is not below 3 h: a parallel deployment keeps the old server "
     "exporting meanwhile\n"},
    {"prerequisites that are not met", TOY_NEW, 80000, 0,
     "objects: objects in the old server's connector space: 80000\n"
     "estimate: an upgrade of this size is expected to take 4 h 48 min, by 3 h per 50,000 objects, "
     "as documented\n"
     "parallel: the estimate is not below 3 h: a parallel deployment keeps the old server "
     "exporting meanwhile\n"
     "prerequisites: prerequisites of the new server that are not met: 3\n"},
    {"prerequisites that are not known", TOY_NEW, 80000, 0,
     "objects: objects in the old server's connector space: 80000\n"
     "estimate: an upgrade of this size is expected to take 4 h 48 min, by 3 h per 50,000 objects, "
     "as documented\n"
     "parallel: the estimate is not below 3 h: a parallel deployment keeps the old server "
     "exporting meanwhile\n"
     "prerequisites-unknown: the new server has not reported its prerequisites\n"},
    {"exactly as many objects as the local database bears", TOY_NEW, 100000, 0,
     "objects: objects in the old server's connector space: 100000\n"
     "estimate: an upgrade of this size is expected to take 6 h, by 3 h per 50,000 objects, as "
     "documented\n"
     "parallel: the estimate is not below 3 h: a parallel deployment keeps the old server "
     "exporting meanwhile\n"},
    {"one more", TOY_NEW, 100001, 0,
     "objects: objects in the old server's connector space: 100001\n"
     "estimate: an upgrade of this size is expected to take 6 h, by 3 h per 50,000 objects, as "
     "documented\n"
     "parallel: the estimate is not below 3 h: a parallel deployment keeps the old server "
     "exporting meanwhile\n"
     "sql-full-needed: above 100,000 objects the new server needs a full SQL Server\n"},
    {"an old report", TOY_NEW, 80000, 0,
     "objects: objects in the old server's connector space: 80000\n"
     "estimate: an upgrade of this size is expected to take 4 h 48 min, by 3 h per 50,000 objects, "
     "as documented\n"
     "parallel: the estimate is not below 3 h: a parallel deployment keeps the old server "
     "exporting meanwhile\n"
     "facts-old: the old server has not reported lately: this may have changed\n"},
    {"a report as old as it may be", TOY_NEW, 80000, 0,
     "objects: objects in the old server's connector space: 80000\n"
     "estimate: an upgrade of this size is expected to take 4 h 48 min, by 3 h per 50,000 objects, "
     "as documented\n"
     "parallel: the estimate is not below 3 h: a parallel deployment keeps the old server "
     "exporting meanwhile\n"},
    {"a dead source", TOY_NEW, 80000, 0,
     "objects: objects in the old server's connector space: 80000\n"
     "estimate: an upgrade of this size is expected to take 4 h 48 min, by 3 h per 50,000 objects, "
     "as documented\n"
     "source-dead: DirSync no longer exports: compare with Entra, not with it\n"},
    {"a configuration that blocks", TOY_NEW, 80000, 0,
     "objects: objects in the old server's connector space: 80000\n"
     "estimate: an upgrade of this size is expected to take 4 h 48 min, by 3 h per 50,000 objects, "
     "as documented\n"
     "blocked-configuration: DirSync carries changes that its upgrade does not support: clean "
     "staged install, rules by hand\n"},
    {"Azure AD Sync", TOY_NEW, 80000, 0,
     "objects: objects in the old server's connector space: 80000\n"
     "estimate: an upgrade of this size is expected to take 4 h 48 min, by 3 h per 50,000 objects, "
     "as documented\n"
     "product-aadsync: Azure AD Sync: swing migration, fenced by task and service\n"},
    {"Entra Connect", TOY_NEW, 80000, 0,
     "objects: objects in the old server's connector space: 80000\n"
     "estimate: an upgrade of this size is expected to take 4 h 48 min, by 3 h per 50,000 objects, "
     "as documented\n"
     "product-connect: Entra Connect: swing migration through staging mode\n"},
    {"no product", TOY_NEW, 80000, 0,
     "objects: objects in the old server's connector space: 80000\n"
     "estimate: an upgrade of this size is expected to take 4 h 48 min, by 3 h per 50,000 objects, "
     "as documented\n"
     "product-unknown: the old server shows no sync product: only an audit is possible\n"},
    {"nothing known", TOY_NEW, 80000, 0,
     "objects-unknown: the old server has not reported its number of objects\n"
     "product-unknown: the old server shows no sync product: only an audit is possible\n"
     "facts-old: the old server has not reported lately: this may have changed\n"
     "prerequisites-unknown: the new server has not reported its prerequisites\n"},
};

static void
see(size_t which)
{
    struct facts *old = &u.t.agent[TOY_OLD].facts, *new = &u.t.agent[TOY_NEW].facts;
    u.now_ms = u.t.agent[TOY_OLD].reported_ms = 10 * (uint64_t)u.t.info.policy.v[POLICY_HOLD_MS];
    switch (which) {
    case 4:
        facts_set(old, FACT_SQL_EDITION, 2);
        break;
    case 5:
        facts_set(old, FACT_SQL_EDITION, 1);
        break;
    case 6:
        facts_set(old, FACT_SQL_EDITION, 0);
        break;
    case 7:
        facts_set(old, FACT_SQL_EDITION, 3);
        break;
    case 8:
        facts_set(new, FACT_PREREQ_FAILED, 3);
        break;
    case 9:
        new->fact[FACT_PREREQ_FAILED].state = FACT_UNKNOWN;
        break;
    case 12:
        u.t.agent[TOY_OLD].reported_ms = u.now_ms - 1 - (uint64_t)u.t.info.policy.v[POLICY_HOLD_MS];
        break;
    case 13:
        u.t.agent[TOY_OLD].reported_ms = u.now_ms - (uint64_t)u.t.info.policy.v[POLICY_HOLD_MS];
        break;
    case 14:
        facts_set(old, FACT_LAST_EXPORT_END, 1);
        break;
    case 15:
        facts_set(old, FACT_BLOCKED_CONFIG, 1);
        break;
    case 16:
        facts_set(old, FACT_PRODUCT_CLASS, PRODUCT_AADSYNC);
        break;
    case 17:
        facts_set(old, FACT_PRODUCT_CLASS, PRODUCT_CONNECT);
        break;
    case 18:
        facts_set(old, FACT_PRODUCT_CLASS, PRODUCT_NONE);
        break;
    case 19:
        facts_init(old);
        facts_init(new);
        u.t.agent[TOY_OLD].reported_ms = 0;
        break;
    default:
        break;
    }
}

static void
each_sight_has_its_reasons_in_words_and_codes(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t i = 0; i < ARRAY_LEN(sights); i++) {
        char text[2048] = "";
        size_t at = 0;
        struct assessment a;
        const struct fleet fleet = {sights[i].fleet_ms, 4};
        (void)open_duet(NULL);
        facts_set(&u.t.agent[TOY_OLD].facts, FACT_OBJECTS, sights[i].objects);
        see(i);
        tenant_assess(&u.t, TOY_OLD, sights[i].new_agent, u.now_ms, &fleet, &a);
        for (size_t k = 0; k < a.reason_count; k++)
            at += (size_t)snprintf(text + at, sizeof text - at, "%s: %s\n", a.reason[k].code,
                                   a.reason[k].text);
        assert_int_equal(a.chosen, a.recommended); /* no cutover is open */
        if (strcmp(text, sights[i].reasons) == 0)
            continue;
        wrong++;
        print_error("row %zu, %s:\n%s---\n", i, sights[i].what, text);
    }
    assert_int_equal(wrong, 0);
}

static void
an_open_cutover_shows_the_path_that_was_chosen(void **state)
{
    (void)state;
    duet_open(&u);
    duet_to(&u, HO_READY);
    u.t.cutover.profile = PROFILE_UNSUPPORTED;
    struct assessment a = assess(TOY_NEW, 1200, 0);
    assert_int_equal(a.recommended, PROFILE_PARALLEL);
    assert_int_equal(a.chosen, PROFILE_UNSUPPORTED);
}

static void
a_month_is_a_measure_and_a_millisecond_more_is_none(void **state)
{
    (void)state;
    const uint64_t month = UINT64_C(30) * 24 * 3600 * 1000;
    for (uint64_t more = 0; more < 2; more++) {
        struct fleet f;
        struct first_sync list[] = {
            {month + more, 100000000}, {month, FLEET_OBJECTS_LEAST}, {1, FLEET_OBJECTS_LEAST}};
        fleet_median(list, ARRAY_LEN(list), 3 * hour, &f);
        assert_int_equal(f.handoffs, more == 0 ? 3 : 0);
    }
}

int
main(void)
{
#define AT(test) cmocka_unit_test_setup(test, open_duet)
    const struct CMUnitTest tests[] = {
        AT(fifty_thousand_objects_take_three_hours),
        AT(each_sight_has_its_reasons_in_words_and_codes),
        AT(an_open_cutover_shows_the_path_that_was_chosen),
        AT(a_month_is_a_measure_and_a_millisecond_more_is_none),
        AT(the_fleets_own_history_corrects_the_estimate),
        AT(the_fleets_history_is_the_median_of_three_at_least),
        AT(one_odd_fleet_does_not_make_an_absurd_estimate),
        AT(what_cannot_be_compared_is_left_out_of_the_fleet),
        AT(below_three_hours_in_place_is_recommended_above_it_parallel),
        AT(the_product_decides_the_path),
        AT(a_blocked_configuration_and_a_dead_source_have_paths_of_their_own),
        AT(database_prerequisites_and_old_facts_are_named),
        AT(unknown_size_is_said_and_never_taken_for_small),
        AT(the_plan_names_members_kinds_and_their_confirmations),
        AT(a_member_of_the_record_is_left_out_of_a_later_plan_only_when_it_is_shut_out_or_retired),
    };
#undef AT
    return cmocka_run_group_tests(tests, NULL, NULL);
}
