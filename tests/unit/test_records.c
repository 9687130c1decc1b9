/* Row images: what is written is read back whole, and nothing else is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "duet.h"

static struct duet u;
static uint8_t bytes[TENANT_ROW_BYTES_MAX], again[TENANT_ROW_BYTES_MAX];

static int
open_duet(void **state)
{
    (void)state;
    duet_open(&u);
    return 0;
}

static void
a_cutover_comes_back_as_it_was_in_every_state_of_the_way(void **state)
{
    (void)state;
    static const uint8_t way[] = {HO_ASSESSED, HO_PLANNED,  HO_VERIFY,    HO_ARMED,
                                  HO_GAP,      HO_GRANTING, HO_PROBATION, HO_DONE};
    for (size_t i = 0; i < ARRAY_LEN(way); i++) {
        duet_open(&u);
        duet_to(&u, (enum handoff_state)way[i]);
        size_t len = cutover_encode(&u.t.cutover, bytes, sizeof bytes);
        assert_true(len > 0);
        struct cutover c;
        assert_int_equal(cutover_decode(bytes, len, &c), BATON_OK);
        assert_int_equal(cutover_encode(&c, again, sizeof again), len);
        assert_memory_equal(bytes, again, len);
        assert_int_equal(c.state, u.t.cutover.state);
        assert_int_equal(c.approval_count, u.t.cutover.approval_count);
        assert_int_equal(c.exports_before, u.t.cutover.exports_before);
        assert_int_equal(c.export_end_before, u.t.cutover.export_end_before);
        assert_int_equal(c.settings_steady, u.t.cutover.settings_steady);
        assert_string_equal(c.reason, u.t.cutover.reason);
        assert_memory_equal(c.rules_fired, u.t.cutover.rules_fired, sizeof c.rules_fired);
    }
}

static void
the_fullest_cutover_fits(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    struct cutover *c = &u.t.cutover;
    for (uint32_t i = 0; i < CUTOVER_APPROVALS_MAX; i++)
        c->approval[i] = c->approval[0];
    c->approval_count = CUTOVER_APPROVALS_MAX;
    c->rules_fired_count = ARRAY_LEN(c->rules_fired);
    for (size_t i = 0; i < VERIFY_COUNT; i++)
        c->verification.known[i] = true;
    memset(c->reason, 'x', sizeof c->reason - 1);
    size_t len = cutover_encode(c, bytes, sizeof bytes);
    assert_true(len > 0);
    assert_int_equal(cutover_encode(c, again, len - 1), 0);
}

static void
a_cutover_cut_short_or_changed_in_its_bounds_is_malformed(void **state)
{
    (void)state;
    duet_to(&u, HO_ARMED);
    size_t len = cutover_encode(&u.t.cutover, bytes, sizeof bytes);
    struct cutover c;
    for (size_t cut = 0; cut < len; cut += 7)
        assert_int_equal(cutover_decode(bytes, cut, &c), BATON_MALFORMED);
    bytes[len] = 0;
    assert_int_equal(cutover_decode(bytes, len + 1, &c), BATON_MALFORMED);
    bytes[4 + 16] = HANDOFF_STATE_COUNT; /* a state that is none */
    assert_int_equal(cutover_decode(bytes, len, &c), BATON_MALFORMED);
}

static void
an_agent_comes_back_with_facts_and_its_newest_statement(void **state)
{
    (void)state;
    duet_to(&u, HO_GAP);
    for (size_t i = 0; i < TOY_MEMBERS; i++) {
        size_t len = agent_view_encode(&u.t.agent[i], bytes, sizeof bytes);
        assert_true(len > 0);
        struct agent_view a;
        assert_int_equal(agent_view_decode(bytes, len, &a), BATON_OK);
        assert_int_equal(agent_view_encode(&a, again, sizeof again), len);
        assert_memory_equal(bytes, again, len);
        assert_true(a.statement_known);
        assert_int_equal(a.statement.counter, u.t.agent[i].statement.counter);
        assert_true(fact_is(&a.facts, FACT_OBJECTS, 1200));
        for (size_t cut = 0; cut < len; cut += 11)
            assert_int_equal(agent_view_decode(bytes, cut, &a), BATON_MALFORMED);
    }
}

static void
an_agent_without_a_statement_comes_back_too(void **state)
{
    (void)state;
    struct agent_view a;
    u.t.agent[TOY_NEW].statement_known = false;
    size_t len = agent_view_encode(&u.t.agent[TOY_NEW], bytes, sizeof bytes);
    assert_int_equal(agent_view_decode(bytes, len, &a), BATON_OK);
    assert_false(a.statement_known);
    assert_string_equal(a.host, "NEW");
}

static void
no_grade_is_read_that_no_certificate_has(void **state)
{
    (void)state;
    static const struct {
        char grade;
        enum baton_status rc;
    } rows[] = {{0, BATON_OK},          {'A', BATON_OK},        {'X', BATON_OK},
                {'@', BATON_MALFORMED}, {'Y', BATON_MALFORMED}, {1, BATON_MALFORMED}};
    duet_to(&u, HO_READY);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cutover c;
        u.t.cutover.grade = rows[i].grade;
        size_t len = cutover_encode(&u.t.cutover, bytes, sizeof bytes);
        assert_int_equal(cutover_decode(bytes, len, &c), rows[i].rc);
    }
}

int
main(void)
{
#define AT(test) cmocka_unit_test_setup(test, open_duet)
    const struct CMUnitTest tests[] = {
        AT(no_grade_is_read_that_no_certificate_has),
        AT(a_cutover_comes_back_as_it_was_in_every_state_of_the_way),
        AT(the_fullest_cutover_fits),
        AT(a_cutover_cut_short_or_changed_in_its_bounds_is_malformed),
        AT(an_agent_comes_back_with_facts_and_its_newest_statement),
        AT(an_agent_without_a_statement_comes_back_too),
    };
#undef AT
    return cmocka_run_group_tests(tests, NULL, NULL);
}
