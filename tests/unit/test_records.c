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
    static struct cutover back;
    assert_int_equal(cutover_decode(bytes, len, &back), BATON_OK);
    assert_int_equal(back.approval_count, CUTOVER_APPROVALS_MAX);
    assert_int_equal(back.rules_fired_count, ARRAY_LEN(c->rules_fired));
}

static void
a_cutover_of_the_layout_before_has_one_word_less(void **state)
{
    (void)state;
    enum { WORDS_AT = 4 + 16 + 6 + 9 + 4 * 32, LAST_WORD = WORDS_AT + 22 * 8 };
    static struct cutover back;
    duet_to(&u, HO_ARMED);
    u.t.cutover.first_sync_ms = 77;
    u.t.cutover.old_unread_before = 88;
    size_t len = cutover_encode(&u.t.cutover, bytes, sizeof bytes);
    bytes[3] = '2';
    memmove(bytes + LAST_WORD, bytes + LAST_WORD + 8, len - LAST_WORD - 8);
    assert_int_equal(cutover_decode(bytes, len - 8, &back), BATON_OK);
    assert_int_equal(back.first_sync_ms, 77);
    assert_int_equal(back.old_unread_before, 0);
    assert_int_equal(back.approval_count, u.t.cutover.approval_count);
    bytes[3] = '4';
    assert_int_equal(cutover_decode(bytes, len - 8, &back), BATON_MALFORMED);
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

/* Where these bytes stand in the row that was just written. */
static uint8_t *
in_row(size_t len, const void *part, size_t part_len)
{
    for (size_t at = 0; at + part_len <= len; at++)
        if (memcmp(bytes + at, part, part_len) == 0)
            return bytes + at;
    fail_msg("the row does not have it");
    return NULL;
}

static void
a_row_whose_parts_cannot_be_read_is_malformed(void **state)
{
    (void)state;
    uint8_t part[STATEMENT_BYTES_MAX], verification[VERIFICATION_BYTES_MAX];
    struct cutover c;
    struct agent_view a;
    duet_to(&u, HO_ARMED);
    size_t len = cutover_encode(&u.t.cutover, bytes, sizeof bytes);
    assert_int_equal(cutover_decode(bytes, len, &c), BATON_OK);
    approval_encode(&u.t.cutover.approval[0].a, part);
    uint8_t *at = in_row(len, part, APPROVAL_BYTES), kept = *at;
    *at = 0xff;
    assert_int_equal(cutover_decode(bytes, len, &c), BATON_MALFORMED);
    *at = kept;
    size_t n = verification_encode(&u.t.cutover.verification, verification);
    at = in_row(len, verification, n);
    *at ^= 0xff;
    assert_int_equal(cutover_decode(bytes, len, &c), BATON_MALFORMED);
    len = agent_view_encode(&u.t.agent[TOY_OLD], bytes, sizeof bytes);
    assert_int_equal(statement_encode(&u.t.agent[TOY_OLD].statement, part, sizeof part, &n),
                     BATON_OK);
    at = in_row(len, part, n);
    *at ^= 0xff;
    assert_int_equal(agent_view_decode(bytes, len, &a), BATON_MALFORMED);
    assert_int_equal(agent_view_encode(&u.t.agent[TOY_OLD], bytes, 10), 0);
}

/* Each part on its own: one that was not written, or read into another's place, is seen. */
static void
every_part_of_a_cutover_comes_back_in_its_own_place(void **state)
{
    (void)state;
    struct cutover c, back;
    duet_to(&u, HO_ARMED);
    c = u.t.cutover;
    c.path_overridden = c.late_activation = c.no_go = c.settings_steady = true;
    c.settings_sealed = c.accepted = c.ponr = c.local_fence_only = c.breach = false;
    for (int other = 0; other < 2; other++) {
        uint64_t *numbers[] = {&c.blob_bytes,
                               &c.entered_ms,
                               &c.entered_unix_ms,
                               &c.reminded_ms,
                               &c.verified_ms,
                               &c.gap_from_ms,
                               &c.verified_unix_ms,
                               &c.gap_to_ms,
                               &c.gap_from_unix_ms,
                               &c.gap_to_unix_ms,
                               &c.old_last_export_unix_ms,
                               &c.new_first_export_unix_ms,
                               &c.staged_unix_ms,
                               &c.first_sync_ms};
        int64_t *counts[] = {&c.exports_before, &c.export_end_before, &c.cycles_before,
                             &c.export_adds,    &c.export_updates,    &c.export_deletes,
                             &c.old_rogue_seen, &c.new_rogue_seen,    &c.old_unread_before};
        for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
            *numbers[i] = 1000 + i;
        for (size_t i = 0; i < ARRAY_LEN(counts); i++)
            *counts[i] = -1 - (int64_t)i;
        struct baton_hash *hashes[] = {&c.plan, &c.settings, &c.blob, &c.verification_hash};
        for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
            memset(hashes[i]->b, (int)(0x10 + i), sizeof hashes[i]->b);
        c.resume_to = HO_GAP;
        c.profile = PROFILE_SWING;
        c.old_agent = 3;
        c.new_agent = 1;
        c.grade = 'C';
        size_t len = cutover_encode(&c, bytes, sizeof bytes);
        memset(&back, 0x5a, sizeof back);
        assert_int_equal(cutover_decode(bytes, len, &back), BATON_OK);
        assert_int_equal(back.path_overridden, c.path_overridden);
        assert_int_equal(back.late_activation, c.late_activation);
        assert_int_equal(back.no_go, c.no_go);
        assert_int_equal(back.settings_steady, c.settings_steady);
        assert_int_equal(back.settings_sealed, c.settings_sealed);
        assert_int_equal(back.accepted, c.accepted);
        assert_int_equal(back.ponr, c.ponr);
        assert_int_equal(back.local_fence_only, c.local_fence_only);
        assert_int_equal(back.breach, c.breach);
        assert_int_equal(back.blob_bytes, 1000);
        assert_int_equal(back.entered_ms, 1001);
        assert_int_equal(back.entered_unix_ms, 1002);
        assert_int_equal(back.reminded_ms, 1003);
        assert_int_equal(back.verified_ms, 1004);
        assert_int_equal(back.gap_from_ms, 1005);
        assert_int_equal(back.verified_unix_ms, 1006);
        assert_int_equal(back.gap_to_ms, 1007);
        assert_int_equal(back.gap_from_unix_ms, 1008);
        assert_int_equal(back.gap_to_unix_ms, 1009);
        assert_int_equal(back.old_last_export_unix_ms, 1010);
        assert_int_equal(back.new_first_export_unix_ms, 1011);
        assert_int_equal(back.staged_unix_ms, 1012);
        assert_int_equal(back.first_sync_ms, 1013);
        assert_int_equal(back.exports_before, -1);
        assert_int_equal(back.export_end_before, -2);
        assert_int_equal(back.cycles_before, -3);
        assert_int_equal(back.export_adds, -4);
        assert_int_equal(back.export_updates, -5);
        assert_int_equal(back.export_deletes, -6);
        assert_int_equal(back.old_rogue_seen, -7);
        assert_int_equal(back.new_rogue_seen, -8);
        assert_int_equal(back.old_unread_before, -9);
        assert_int_equal(back.plan.b[0], 0x10);
        assert_int_equal(back.settings.b[0], 0x11);
        assert_int_equal(back.blob.b[0], 0x12);
        assert_int_equal(back.verification_hash.b[0], 0x13);
        assert_int_equal(back.state, c.state);
        assert_int_equal(back.resume_to, HO_GAP);
        assert_int_equal(back.profile, PROFILE_SWING);
        assert_int_equal(back.old_agent, 3);
        assert_int_equal(back.new_agent, 1);
        assert_int_equal(back.grade, 'C');
        assert_memory_equal(&back.id, &c.id, sizeof c.id);
        for (uint32_t i = 0; i < c.approval_count; i++)
            assert_memory_equal(&back.approval[i].sig, &c.approval[i].sig,
                                sizeof c.approval[i].sig);
        bool *flags[] = {&c.path_overridden, &c.late_activation, &c.no_go, &c.settings_steady,
                         &c.settings_sealed, &c.accepted,        &c.ponr,  &c.local_fence_only,
                         &c.breach};
        for (size_t i = 0; i < ARRAY_LEN(flags); i++)
            *flags[i] = !*flags[i];
    }
}

static void
every_part_of_an_agent_comes_back_in_its_own_place(void **state)
{
    (void)state;
    struct agent_view a, back;
    duet_to(&u, HO_READY);
    a = u.t.agent[TOY_NEW];
    for (int bits = 0; bits < 16; bits++) {
        a.used = bits & 1;
        a.confirmed = bits & 2;
        a.connected = bits & 4;
        a.revoked = bits & 8;
        memcpy(a.host, "H", 2);
        memcpy(a.version, "1.2", 4);
        memcpy(a.alarm, "alarm", 6);
        a.role = 'n';
        a.seen_ms = 1;
        a.reported_ms = 2;
        a.skew_ms = -3;
        a.alarm_unix_ms = 4;
        a.key = toy_key(5);
        a.box_key = toy_key(6);
        a.confirmed_by = toy_id(7);
        memset(a.confirmation.b, 8, sizeof a.confirmation.b);
        memset(a.statement_hash.b, 9, sizeof a.statement_hash.b);
        memset(a.table.b, 10, sizeof a.table.b);
        size_t len = agent_view_encode(&a, bytes, sizeof bytes);
        memset(&back, 0x5a, sizeof back);
        assert_int_equal(agent_view_decode(bytes, len, &back), BATON_OK);
        assert_int_equal(back.used, a.used);
        assert_int_equal(back.confirmed, a.confirmed);
        assert_int_equal(back.connected, a.connected);
        assert_int_equal(back.revoked, a.revoked);
        assert_string_equal(back.host, "H");
        assert_string_equal(back.version, "1.2");
        assert_string_equal(back.alarm, "alarm");
        assert_int_equal(back.role, 'n');
        assert_int_equal(back.seen_ms, 1);
        assert_int_equal(back.reported_ms, 2);
        assert_int_equal(back.skew_ms, -3);
        assert_int_equal(back.alarm_unix_ms, 4);
        assert_int_equal(back.key.b[0], 5);
        assert_int_equal(back.box_key.b[0], 6);
        assert_int_equal(back.confirmed_by.b[0], 7);
        assert_int_equal(back.confirmation.b[0], 8);
        assert_int_equal(back.statement_hash.b[0], 9);
        assert_int_equal(back.table.b[0], 10);
    }
}

int
main(void)
{
#define AT(test) cmocka_unit_test_setup(test, open_duet)
    const struct CMUnitTest tests[] = {
        AT(a_row_whose_parts_cannot_be_read_is_malformed),
        AT(every_part_of_a_cutover_comes_back_in_its_own_place),
        AT(every_part_of_an_agent_comes_back_in_its_own_place),
        AT(no_grade_is_read_that_no_certificate_has),
        AT(a_cutover_comes_back_as_it_was_in_every_state_of_the_way),
        AT(the_fullest_cutover_fits),
        AT(a_cutover_cut_short_or_changed_in_its_bounds_is_malformed),
        AT(a_cutover_of_the_layout_before_has_one_word_less),
        AT(an_agent_comes_back_with_facts_and_its_newest_statement),
        AT(an_agent_without_a_statement_comes_back_too),
    };
#undef AT
    return cmocka_run_group_tests(tests, NULL, NULL);
}
