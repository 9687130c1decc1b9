/* What happens when a server moves without leave, and what every boot does first. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "toy.h"

static struct promise
guarded(enum toy_member m)
{
    struct promise p = toy_new_member(m).promise;
    p.epoch = toy_epoch(2);
    p.recipient = toy_member_key(m == TOY_OLD ? TOY_NEW : TOY_OLD);
    p.armed = true;
    p.evidence_given = true;
    p.tombstone = true;
    p.exports_mark = m == TOY_OLD ? 7 : 0;
    p.export_end_mark = m == TOY_OLD ? 900 : 0;
    p.stopped_by_us = m == TOY_OLD;
    return p;
}

static struct promise
with_live_grant(void)
{
    struct promise p = guarded(TOY_NEW);
    p.recipient = p.self;
    p.grant = GRANT_LIVE;
    p.grant_until_ms = 1000;
    p.tombstone = false;
    return p;
}

static enum product
product_of(enum toy_member m)
{
    return m == TOY_OLD ? PRODUCT_DIRSYNC : PRODUCT_CONNECT;
}

static enum guard_outcome
look(struct promise *p, enum toy_member m, const struct facts *f, uint64_t now_ms)
{
    const struct guard_row *row;
    return guard_observe(p, product_of(m), f, now_ms, &row);
}

static void
staging_off_on_a_stopped_server_is_no_alarm_yet(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_NEW);
    struct facts f = toy_facts(TOY_NEW);
    facts_set(&f, FACT_STAGING_SCHEDULER, 0);
    facts_set(&f, FACT_STAGING_SETTINGS, 0);
    facts_set(&f, FACT_SERVICES_STOPPED, 1);
    assert_int_equal(look(&p, TOY_NEW, &f, 1), GUARD_LATCHED);
    assert_false(p.guard_stop);
    assert_int_equal(look(&p, TOY_NEW, &f, 2), GUARD_NOTHING); /* latched once */
}

static void
a_staged_server_runs_unless_it_had_been_stopped(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_NEW);
    struct facts f = toy_facts(TOY_NEW);
    assert_int_equal(look(&p, TOY_NEW, &f, 1), GUARD_NOTHING);
    p.stopped_by_us = true;
    assert_int_equal(look(&p, TOY_NEW, &f, 2), GUARD_TAMPER);
}

static void
one_export_is_one_alarm(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_NEW);
    struct facts f = toy_facts(TOY_NEW);
    facts_set(&f, FACT_EXPORTS_TOTAL, 1);
    facts_set(&f, FACT_LAST_EXPORT_END, 5000);
    assert_int_equal(look(&p, TOY_NEW, &f, 1), GUARD_TAMPER);
    p.guard_stop = false;    /* stopped, */
    p.stopped_by_us = false; /* and granted, say */
    assert_int_equal(look(&p, TOY_NEW, &f, 2), GUARD_NOTHING);
}

static void
adoption_stops_nothing_and_starts_nothing(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_OLD);
    p.adopt = true;
    p.stopped_by_us = false;
    assert_int_equal(guard_desire(&p, KIND_STOPPED), DESIRE_AS_IS);
    p.stopped_by_us = true; /* by what came before */
    assert_int_equal(guard_desire(&p, KIND_STOPPED), DESIRE_STOPPED);
}

static void
a_legacy_service_started_by_hand_is_stopped_at_once(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_OLD);
    struct facts f = toy_facts(TOY_OLD); /* it runs */
    assert_int_equal(look(&p, TOY_OLD, &f, 1), GUARD_TAMPER);
    assert_int_equal(guard_desire(&p, KIND_STOPPED), DESIRE_STOPPED_NOW);
    assert_true(p.tamper_open);
    assert_false(p.ever_exported); /* a Connect member's word alone sets that */
}

static void
one_start_is_one_alarm_and_the_next_start_another(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_OLD);
    struct facts runs = toy_facts(TOY_OLD);
    assert_int_equal(look(&p, TOY_OLD, &runs, 1), GUARD_TAMPER);
    assert_int_equal(look(&p, TOY_OLD, &runs, 2), GUARD_NOTHING); /* still being stopped */
    p.guard_stop = false;                                         /* it was stopped */
    assert_int_equal(look(&p, TOY_OLD, &runs, 3), GUARD_TAMPER);
}

static void
staging_left_without_a_grant_is_stopped_and_latched(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_NEW);
    struct facts f = toy_facts(TOY_NEW);
    facts_set(&f, FACT_STAGING_SETTINGS, 0); /* one source is enough */
    assert_int_equal(look(&p, TOY_NEW, &f, 1), GUARD_TAMPER);
    assert_true(p.ever_exported);
    assert_false(p.holding);
    assert_int_equal(guard_desire(&p, KIND_STAGED), DESIRE_STOPPED_NOW);
}

/* It is stopped in the next moment: then nobody can read its staging any more. */
static void
a_stopped_server_started_without_staging_is_latched_at_once(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_NEW);
    p.stopped_by_us = true;
    struct facts f = toy_facts(TOY_NEW);
    facts_set(&f, FACT_STAGING_SCHEDULER, 0);
    facts_set(&f, FACT_STAGING_SETTINGS, 0);
    assert_int_equal(look(&p, TOY_NEW, &f, 1), GUARD_TAMPER);
    assert_true(p.ever_exported);
}

static void
a_holder_by_grant_is_not_guarded_any_more(void **state)
{
    (void)state;
    struct promise p = with_live_grant();
    struct facts f = toy_facts(TOY_NEW);
    facts_set(&f, FACT_STAGING_SCHEDULER, 0);
    assert_int_equal(look(&p, TOY_NEW, &f, 1), GUARD_USED);
    assert_false(p.armed);
    assert_int_equal(p.exports_mark, -1); /* its exports from now on are nobody's alarm */
}

static void
a_forced_export_in_staging_mode_is_seen(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_NEW);
    struct facts f = toy_facts(TOY_NEW);
    facts_set(&f, FACT_EXPORTS_TOTAL, 1);
    facts_set(&f, FACT_LAST_EXPORT_END, 5000);
    assert_int_equal(look(&p, TOY_NEW, &f, 1), GUARD_TAMPER);
    assert_true(p.ever_exported);
}

static void
an_export_is_seen_even_when_the_history_was_purged(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_OLD);
    struct facts f = toy_facts(TOY_OLD);
    toy_facts_stop(&f);
    facts_set(&f, FACT_EXPORTS_TOTAL, 2); /* fewer than the mark: seven days have passed */
    facts_set(&f, FACT_LAST_EXPORT_END, 5000);
    assert_int_equal(look(&p, TOY_OLD, &f, 1), GUARD_TAMPER);
}

static void
a_live_grant_is_used_by_leaving_staging(void **state)
{
    (void)state;
    struct promise p = with_live_grant();
    struct facts f = toy_facts(TOY_NEW);
    facts_set(&f, FACT_STAGING_SCHEDULER, 0);
    facts_set(&f, FACT_STAGING_SETTINGS, 0);
    assert_int_equal(look(&p, TOY_NEW, &f, 1), GUARD_USED);
    assert_true(p.holding && p.ever_exported);
    assert_int_equal(p.grant, GRANT_USED);
}

static void
an_expired_grant_excuses_nothing(void **state)
{
    (void)state;
    struct promise p = with_live_grant();
    struct facts f = toy_facts(TOY_NEW);
    facts_set(&f, FACT_STAGING_SCHEDULER, 0);
    assert_int_equal(look(&p, TOY_NEW, &f, 1000), GUARD_TAMPER);
    assert_int_equal(p.grant, GRANT_VOID);
    assert_false(p.holding);
}

static void
a_used_grant_does_not_expire(void **state)
{
    (void)state;
    struct promise p = with_live_grant();
    struct facts f = toy_facts(TOY_NEW);
    facts_set(&f, FACT_STAGING_SCHEDULER, 0);
    look(&p, TOY_NEW, &f, 1);
    assert_false(guard_tick(&p, 100000));
    assert_true(p.holding);
}

static void
a_server_not_yet_configured_is_not_off(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_NEW);
    struct facts f = toy_facts(TOY_NEW);
    facts_absent(&f, FACT_STAGING_SCHEDULER, ABSENT_NOT_CONFIGURED);
    facts_absent(&f, FACT_STAGING_SETTINGS, ABSENT_NOT_CONFIGURED);
    assert_int_equal(look(&p, TOY_NEW, &f, 1), GUARD_NOTHING);
    assert_false(p.ever_exported);
}

static void
the_guard_leaves_the_holder_alone(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_OLD);
    p.holding = true;
    struct facts f = toy_facts(TOY_OLD);
    assert_int_equal(look(&p, TOY_OLD, &f, 1), GUARD_NOTHING);
    assert_int_equal(guard_desire(&p, KIND_STOPPED), DESIRE_AS_IS);
}

static void
a_disarmed_guard_does_nothing(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_OLD);
    p.armed = false;
    struct facts f = toy_facts(TOY_OLD);
    assert_int_equal(look(&p, TOY_OLD, &f, 1), GUARD_NOTHING);
}

static void
a_boot_voids_a_live_grant(void **state)
{
    (void)state;
    struct promise p = with_live_grant();
    struct machine now = p.machine;
    now.boot = toy_id(77);
    assert_true(guard_boot(&p, STATE_GOOD, false, &now));
    assert_int_equal(p.grant, GRANT_VOID);
    assert_int_equal(p.quarantine, QUARANTINE_NONE);
}

static void
a_boot_repeats_a_start_that_was_due(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_OLD);
    p.holding = true;
    p.grant = GRANT_USED;
    p.start_due = true;
    struct machine now = p.machine;
    now.boot = toy_id(77);
    guard_boot(&p, STATE_GOOD, false, &now);
    assert_int_equal(guard_desire(&p, KIND_STOPPED), DESIRE_RUNNING);
}

static void
a_tombstoned_server_is_held_at_boot(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_OLD);
    struct machine now = p.machine;
    now.boot = toy_id(77);
    guard_boot(&p, STATE_GOOD, true, &now);
    assert_int_equal(guard_desire(&p, KIND_STOPPED), DESIRE_STOPPED);
}

static void
another_machine_is_quarantined_and_stopped(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct promise p = guarded(TOY_NEW);
        p.holding = true;
        struct machine now = p.machine;
        struct baton_id *facts[] = {&now.generation, &now.guid, &now.disk};
        *facts[i] = toy_id(99);
        assert_true(guard_boot(&p, STATE_GOOD, false, &now));
        assert_int_equal(p.quarantine, QUARANTINE_MACHINE);
        assert_false(p.holding);
        assert_int_equal(guard_desire(&p, KIND_STAGED), DESIRE_STOPPED_NOW);
    }
}

static void
an_observer_that_moved_is_barred_and_not_stopped(void **state)
{
    (void)state;
    struct promise p = toy_new_member(TOY_OLD).promise; /* promised nothing */
    struct machine now = p.machine;
    now.guid = toy_id(99);
    guard_boot(&p, STATE_GOOD, false, &now);
    assert_int_equal(p.quarantine, QUARANTINE_MACHINE); /* but barred until a person readmits it */
    assert_int_equal(guard_desire(&p, KIND_NONE), DESIRE_AS_IS);
}

static void
a_lost_memory_with_a_tombstone_copy_stops_the_server(void **state)
{
    (void)state;
    struct promise p = toy_new_member(TOY_OLD).promise;
    struct machine now = p.machine;
    assert_true(guard_boot(&p, STATE_MISSING, true, &now));
    assert_int_equal(p.quarantine, QUARANTINE_STATE_LOST);
    assert_int_equal(guard_desire(&p, KIND_NONE), DESIRE_STOPPED_NOW);
}

static void
a_lost_memory_without_tombstone_bars_grants_and_stops_nothing(void **state)
{
    (void)state;
    struct promise p = toy_new_member(TOY_OLD).promise;
    struct machine now = p.machine;
    assert_true(guard_boot(&p, STATE_UNREADABLE, false, &now));
    assert_int_equal(p.quarantine, QUARANTINE_STATE_LOST);
    assert_int_equal(guard_desire(&p, KIND_NONE), DESIRE_AS_IS);
}

static void
a_holder_that_lost_its_memory_is_barred_and_goes_on(void **state)
{
    (void)state;
    struct promise p = toy_new_member(TOY_OLD).promise;
    struct baton_key self = toy_member_key(TOY_OLD);
    struct epoch e = toy_epoch(3);
    struct machine now = p.machine;
    promise_recall(&p, &e, &self, false); /* the second copy knows the epoch; no tombstone */
    assert_true(guard_boot(&p, STATE_MISSING, false, &now));
    assert_int_equal(p.quarantine, QUARANTINE_STATE_LOST);
    assert_int_equal(guard_desire(&p, KIND_NONE), DESIRE_AS_IS);
}

static void
an_alarm_over_an_unknown_history_keeps_the_marks(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_OLD);
    struct facts f = toy_facts(TOY_OLD); /* it runs */
    facts_absent(&f, FACT_EXPORTS_TOTAL, ABSENT_ERROR);
    facts_absent(&f, FACT_LAST_EXPORT_END, ABSENT_ERROR);
    assert_int_equal(look(&p, TOY_OLD, &f, 1), GUARD_TAMPER);
    assert_int_equal(p.exports_mark, 7);
    assert_int_equal(p.export_end_mark, 900);
}

static void
a_grant_is_no_excuse_for_who_holds_already(void **state)
{
    (void)state;
    struct promise p = with_live_grant();
    p.holding = true; /* cannot be: and yet */
    struct facts f = toy_facts(TOY_NEW);
    facts_set(&f, FACT_STAGING_SCHEDULER, 0);
    assert_int_equal(look(&p, TOY_NEW, &f, 1), GUARD_LATCHED);
    assert_int_equal(p.grant, GRANT_LIVE);
}

static void
a_lost_memory_keeps_a_tombstone_that_only_it_knew(void **state)
{
    (void)state;
    for (int known = 0; known < 2; known++) {
        struct promise p = guarded(TOY_OLD);
        struct machine now = p.machine;
        p.tombstone = known;
        assert_true(guard_boot(&p, STATE_MISSING, false, &now));
        assert_int_equal(p.tombstone, known);
        assert_false(p.stopped_by_us); /* its copy says nothing of a stop */
        assert_int_equal(p.quarantine, QUARANTINE_STATE_LOST);
    }
}

static void
whoever_was_stopped_stays_stopped_whatever_its_kind(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_NEW);
    p.adopt = false;
    assert_int_equal(guard_desire(&p, KIND_STAGED), DESIRE_AS_IS);
    assert_int_equal(guard_desire(&p, KIND_STOPPED), DESIRE_STOPPED);
    p.stopped_by_us = true;
    assert_int_equal(guard_desire(&p, KIND_STAGED), DESIRE_STOPPED);
}

/* What a machine shows counts in this order, and each row says to whom it is about and what follows. */
static void
the_rows_speak_in_their_order(void **state)
{
    (void)state;
    static const struct {
        const char *who, *when;
        uint8_t outcome;
        bool latches;
    } want[] = {
        {"connect", "staging off under a live grant", GUARD_USED, true},
        {"connect", "an Export run under a live grant", GUARD_USED, true},
        {"connect", "staging unreadable, live grant", GUARD_LATCHED, true},
        {"connect", "staging off without a live grant", GUARD_TAMPER, true},
        {"any", "an Export run without holding", GUARD_TAMPER, true},
        {"any", "a sync service runs", GUARD_TAMPER, false},
        {"connect", "staging off", GUARD_LATCHED, true},
        {"connect", "an Export run in the history", GUARD_LATCHED, true},
    };
    size_t n;
    const struct guard_row *rows = guard_rows(&n);
    assert_int_equal(n, ARRAY_LEN(want));
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(rows[i].when, want[i].when);
        assert_string_equal(rows[i].who, want[i].who);
        assert_int_equal(rows[i].outcome, want[i].outcome);
        assert_int_equal(rows[i].latches, want[i].latches);
    }
}

static void
more_exports_are_an_alarm_though_nobody_knows_when_they_ended(void **state)
{
    (void)state;
    static const struct {
        int64_t total, alarm;
    } rows[] = {{6, false}, {7, false}, {8, true}}; /* a purged history counts fewer */
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct promise p = guarded(TOY_OLD);
        struct facts f = toy_facts(TOY_OLD);
        toy_facts_stop(&f);
        facts_absent(&f, FACT_LAST_EXPORT_END, ABSENT_ERROR);
        facts_set(&f, FACT_EXPORTS_TOTAL, rows[i].total);
        assert_int_equal(look(&p, TOY_OLD, &f, 1) == GUARD_TAMPER, rows[i].alarm);
    }
}

static void
a_boot_alone_is_written_down_and_changes_nothing_else(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_NEW), before = p;
    struct machine now = p.machine;
    assert_false(guard_boot(&p, STATE_GOOD, false, &now));
    now.boot = toy_id(0x55);
    assert_true(guard_boot(&p, STATE_GOOD, false, &now));
    assert_true(baton_id_eq(&p.machine.boot, &now.boot));
    assert_int_equal(p.quarantine, QUARANTINE_NONE);
    assert_int_equal(p.stopped_by_us, before.stopped_by_us);
}

static void
every_row_has_a_reason(void **state)
{
    (void)state;
    size_t n;
    const struct guard_row *rows = guard_rows(&n);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++)
        assert_true(strlen(rows[i].when) > 0 && strlen(rows[i].why) > 0);
}

static void
where_nothing_happened_no_row_is_named(void **state)
{
    (void)state;
    const struct guard_row *row = guard_rows(&(size_t){0});
    struct promise p = guarded(TOY_NEW);
    struct facts f = toy_facts(TOY_NEW);
    assert_int_equal(guard_observe(&p, PRODUCT_CONNECT, &f, 1, &row), GUARD_NOTHING);
    assert_null(row);
}

static void
a_voided_grant_has_no_time_left_after_a_boot(void **state)
{
    (void)state;
    struct promise p = with_live_grant();
    struct machine now = p.machine;
    now.boot = toy_id(0x44);
    assert_true(guard_boot(&p, STATE_GOOD, false, &now));
    assert_int_equal(p.grant_until_ms, 0);
    assert_false(guard_boot(&p, STATE_GOOD, false, &now)); /* the same boot again changes nothing */
}

static void
an_export_that_the_facts_do_not_know_is_no_alarm(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_NEW);
    struct facts f = toy_facts(TOY_NEW);
    f.fact[FACT_EXPORTS_TOTAL].state = FACT_UNKNOWN;
    f.fact[FACT_LAST_EXPORT_END].state = FACT_UNKNOWN;
    assert_int_equal(look(&p, TOY_NEW, &f, 1), GUARD_NOTHING);
    p.exports_mark = -1; /* where the count stood is not known */
    facts_set(&f, FACT_EXPORTS_TOTAL, 9);
    facts_set(&f, FACT_LAST_EXPORT_END, 9000);
    assert_int_not_equal(look(&p, TOY_NEW, &f, 2), GUARD_TAMPER);
}

static void
an_export_after_the_stop_that_stands_for_a_count_is_an_alarm(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_OLD);
    struct facts f = toy_facts(TOY_OLD);
    toy_facts_stop(&f);
    p.exports_mark = MARK_STOP;
    p.export_end_mark = 2000;
    facts_set(&f, FACT_EXPORTS_TOTAL, 9);
    facts_set(&f, FACT_LAST_EXPORT_END, 2000);
    assert_int_equal(look(&p, TOY_OLD, &f, 1), GUARD_NOTHING);
    facts_set(&f, FACT_LAST_EXPORT_END, 2001);
    assert_int_equal(look(&p, TOY_OLD, &f, 2), GUARD_TAMPER);
    assert_int_equal(p.exports_mark, 9); /* counted from here */
}

static void
services_are_forbidden_to_whom_is_guarded_and_must_not_run(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_OLD);
    assert_true(guard_forbids_services(&p, PRODUCT_DIRSYNC));
    p.holding = true;
    assert_false(guard_forbids_services(&p, PRODUCT_DIRSYNC));
    p.holding = false;
    p.armed = false;
    assert_false(guard_forbids_services(&p, PRODUCT_DIRSYNC));
    p = guarded(TOY_NEW);
    assert_false(guard_forbids_services(&p, PRODUCT_CONNECT)); /* staged, it may run */
    p.stopped_by_us = true;
    assert_true(guard_forbids_services(&p, PRODUCT_CONNECT));
    p.grant = GRANT_LIVE;
    assert_false(guard_forbids_services(&p, PRODUCT_CONNECT));
}

static void
a_grant_is_void_also_when_the_agent_alone_was_started_again(void **state)
{
    (void)state;
    struct promise p = with_live_grant();
    struct machine now = p.machine;
    assert_true(guard_boot(&p, STATE_GOOD, false, &now)); /* the same boot of the same machine */
    assert_int_equal(p.grant, GRANT_VOID);
    assert_false(guard_boot(&p, STATE_GOOD, false, &now));
}

static void
an_expired_grant_has_no_time_left(void **state)
{
    (void)state;
    struct promise p = with_live_grant();
    assert_false(guard_tick(&p, 999));
    assert_int_equal(p.grant, GRANT_LIVE);
    assert_true(guard_tick(&p, 1000));
    assert_int_equal(p.grant, GRANT_VOID);
    assert_int_equal(p.grant_until_ms, 0);
}

static void
a_lost_memory_belongs_to_the_machine_that_it_was_lost_on(void **state)
{
    (void)state;
    struct promise p = toy_new_member(TOY_OLD).promise;
    struct machine now = p.machine;
    now.guid = toy_id(98);
    assert_true(guard_boot(&p, STATE_MISSING, true, &now));
    assert_memory_equal(&p.machine, &now, sizeof now);
    assert_false(guard_boot(&p, STATE_GOOD, true, &now));
    assert_int_equal(p.quarantine, QUARANTINE_STATE_LOST); /* and not for another machine besides */
}

/* Of a server that had never exported, the count or the time of the first run is enough. */
static void
the_very_first_export_is_an_alarm_by_its_count_or_by_its_time(void **state)
{
    (void)state;
    static const struct {
        enum fact_id seen, unknown;
    } ways[] = {{FACT_EXPORTS_TOTAL, FACT_LAST_EXPORT_END},
                {FACT_LAST_EXPORT_END, FACT_EXPORTS_TOTAL}};
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        struct promise p = guarded(TOY_NEW);
        struct facts f = toy_facts(TOY_NEW);
        assert_int_equal(p.exports_mark, 0);
        facts_set(&f, ways[i].seen, 1);
        facts_absent(&f, ways[i].unknown, ABSENT_ERROR);
        assert_int_equal(look(&p, TOY_NEW, &f, 1), GUARD_TAMPER);
    }
}

static void
an_old_export_of_a_connect_server_is_latched_and_no_alarm(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_NEW);
    struct facts f = toy_facts(TOY_NEW);
    p.exports_mark = 3;
    p.export_end_mark = 900;
    facts_set(&f, FACT_EXPORTS_TOTAL, 3);
    facts_set(&f, FACT_LAST_EXPORT_END, 900);
    assert_int_equal(look(&p, TOY_NEW, &f, 1), GUARD_LATCHED);
    assert_true(p.ever_exported);
    assert_false(p.tamper_open);
}

static void
whoever_the_guard_stopped_stays_stopped_after_the_stop(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_NEW);
    struct facts f = toy_facts(TOY_NEW);
    facts_set(&f, FACT_STAGING_SCHEDULER, 0);
    assert_int_equal(look(&p, TOY_NEW, &f, 1), GUARD_TAMPER);
    p.guard_stop = false; /* it was stopped */
    assert_int_equal(guard_desire(&p, KIND_STAGED), DESIRE_STOPPED);
    assert_true(guard_forbids_services(&p, PRODUCT_CONNECT));
}

static void
neither_a_legacy_servers_export_nor_a_mere_start_is_a_point_of_no_return(void **state)
{
    (void)state;
    struct promise p = guarded(TOY_OLD);
    struct facts f = toy_facts(TOY_OLD);
    facts_set(&f, FACT_EXPORTS_TOTAL, 8);
    assert_int_equal(look(&p, TOY_OLD, &f, 1), GUARD_TAMPER);
    assert_false(p.ever_exported);
    p = guarded(TOY_NEW);
    p.stopped_by_us = true;
    f = toy_facts(TOY_NEW);
    assert_int_equal(look(&p, TOY_NEW, &f, 1), GUARD_TAMPER);
    assert_false(p.ever_exported);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_nothing_happened_no_row_is_named),
        cmocka_unit_test(a_voided_grant_has_no_time_left_after_a_boot),
        cmocka_unit_test(an_export_that_the_facts_do_not_know_is_no_alarm),
        cmocka_unit_test(an_export_after_the_stop_that_stands_for_a_count_is_an_alarm),
        cmocka_unit_test(services_are_forbidden_to_whom_is_guarded_and_must_not_run),
        cmocka_unit_test(a_legacy_service_started_by_hand_is_stopped_at_once),
        cmocka_unit_test(one_start_is_one_alarm_and_the_next_start_another),
        cmocka_unit_test(staging_left_without_a_grant_is_stopped_and_latched),
        cmocka_unit_test(a_stopped_server_started_without_staging_is_latched_at_once),
        cmocka_unit_test(a_holder_by_grant_is_not_guarded_any_more),
        cmocka_unit_test(a_forced_export_in_staging_mode_is_seen),
        cmocka_unit_test(an_export_is_seen_even_when_the_history_was_purged),
        cmocka_unit_test(a_live_grant_is_used_by_leaving_staging),
        cmocka_unit_test(an_expired_grant_excuses_nothing),
        cmocka_unit_test(a_used_grant_does_not_expire),
        cmocka_unit_test(a_server_not_yet_configured_is_not_off),
        cmocka_unit_test(the_guard_leaves_the_holder_alone),
        cmocka_unit_test(staging_off_on_a_stopped_server_is_no_alarm_yet),
        cmocka_unit_test(a_staged_server_runs_unless_it_had_been_stopped),
        cmocka_unit_test(one_export_is_one_alarm),
        cmocka_unit_test(adoption_stops_nothing_and_starts_nothing),
        cmocka_unit_test(a_disarmed_guard_does_nothing),
        cmocka_unit_test(a_boot_voids_a_live_grant),
        cmocka_unit_test(a_boot_repeats_a_start_that_was_due),
        cmocka_unit_test(a_tombstoned_server_is_held_at_boot),
        cmocka_unit_test(another_machine_is_quarantined_and_stopped),
        cmocka_unit_test(an_observer_that_moved_is_barred_and_not_stopped),
        cmocka_unit_test(a_lost_memory_with_a_tombstone_copy_stops_the_server),
        cmocka_unit_test(a_lost_memory_without_tombstone_bars_grants_and_stops_nothing),
        cmocka_unit_test(a_holder_that_lost_its_memory_is_barred_and_goes_on),
        cmocka_unit_test(an_alarm_over_an_unknown_history_keeps_the_marks),
        cmocka_unit_test(a_grant_is_no_excuse_for_who_holds_already),
        cmocka_unit_test(a_lost_memory_keeps_a_tombstone_that_only_it_knew),
        cmocka_unit_test(whoever_was_stopped_stays_stopped_whatever_its_kind),
        cmocka_unit_test(the_rows_speak_in_their_order),
        cmocka_unit_test(more_exports_are_an_alarm_though_nobody_knows_when_they_ended),
        cmocka_unit_test(a_boot_alone_is_written_down_and_changes_nothing_else),
        cmocka_unit_test(a_grant_is_void_also_when_the_agent_alone_was_started_again),
        cmocka_unit_test(an_expired_grant_has_no_time_left),
        cmocka_unit_test(a_lost_memory_belongs_to_the_machine_that_it_was_lost_on),
        cmocka_unit_test(the_very_first_export_is_an_alarm_by_its_count_or_by_its_time),
        cmocka_unit_test(an_old_export_of_a_connect_server_is_latched_and_no_alarm),
        cmocka_unit_test(whoever_the_guard_stopped_stays_stopped_after_the_stop),
        cmocka_unit_test(neither_a_legacy_servers_export_nor_a_mere_start_is_a_point_of_no_return),
        cmocka_unit_test(every_row_has_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
