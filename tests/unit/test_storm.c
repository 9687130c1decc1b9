/* People, faults and time in any order: whatever they do, never two holders, and it always says why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "duet.h"

static struct duet u;
static uint64_t seed;
static struct tenant backup;
static bool backup_taken;

static uint32_t
roll(uint32_t sides)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 16) % sides;
}

static void
some_verb(void)
{
    static const uint8_t verbs[] = {
        HEV_PLAN,
        HEV_ARM,
        HEV_START,
        HEV_GO,
        HEV_NO_GO,
        HEV_HOLD,
        HEV_RESUME,
        HEV_RESUME,
        HEV_RESUME,
        HEV_REVERIFY,
        HEV_ROLLBACK,
        HEV_ABANDON,
        HEV_FENCE,
        HEV_ATTEST,
        HEV_ACCEPT,
        HEV_ADOPT,
        HEV_CONFIRM_FOREIGN,
        HEV_ACK_TAMPER,
        HEV_ACK_TAMPER,
        HEV_RETIRE,
        HEV_CHALLENGE,
    };
    enum baton_status rc = duet_verb(&u, (enum handoff_event)verbs[roll(ARRAY_LEN(verbs))],
                                     roll(2) ? "because" : NULL);
    const struct problem *p = &u.d.problem;
    if (rc != BATON_OK)
        assert_true(p->title[0] != '\0' && p->who[0] != '\0' && p->next[0] != '\0');
}

static void
some_approval(void)
{
    static const uint8_t verbs[] = {VERB_PLAN,     VERB_CUTOVER, VERB_CUTOVER, VERB_GO,
                                    VERB_ROLLBACK, VERB_RETIRE,  VERB_ADOPT};
    if (baton_hash_is_zero(&u.t.cutover.plan))
        return;
    (void)duet_approve(&u, (enum approval_verb)verbs[roll(ARRAY_LEN(verbs))],
                       (enum toy_person)roll(TOY_PEOPLE));
}

/* Last night's backup, put back while a cutover is open. */
static void
restore(void)
{
    if (backup_taken && roll(2)) {
        u.t = backup;
        u.log_size /= 2;
        duet_restart(&u);
        return;
    }
    backup = u.t;
    backup_taken = true;
    u.log_size += 100;
    for (int who = 0; who < TOY_MEMBERS; who++)
        u.m[who].promise.receipt_size = u.log_size - 50;
}

static void
failed_export(void)
{
    facts_set(&u.facts[TOY_NEW], FACT_LAST_EXPORT_OK, 0);
    facts_set(&u.facts[TOY_NEW], FACT_EXPORTS_TOTAL,
              fact_or(&u.facts[TOY_NEW], FACT_EXPORTS_TOTAL, 0) + 1);
    duet_report(&u, TOY_NEW);
}

static void
some_fault(void)
{
    enum toy_member who = (enum toy_member)roll(TOY_MEMBERS);
    switch (roll(8)) {
    case 5:
        restore();
        break;
    case 6:
        failed_export();
        break;
    case 0:
        u.cut[who] = true;
        break;
    case 1:
        duet_restart(&u);
        break;
    case 2: /* somebody starts a service by hand */
        facts_set(&u.facts[who], FACT_SERVICES_STOPPED, 0);
        facts_set(&u.facts[who], FACT_ENGINE_GONE, 0);
        duet_report(&u, who);
        break;
    case 3: /* a click in the wizard at any time */
        if (fact_known(&u.facts[TOY_NEW], FACT_STAGING_SCHEDULER))
            duet_stage(&u, TOY_NEW, roll(2));
        break;
    case 4:
        facts_set(&u.facts[who], FACT_WIZARD_OPEN, roll(2));
        break;
    default:
        duet_export(&u, who);
    }
}

static void
some_good_work(void)
{
    for (int who = 0; who < TOY_MEMBERS; who++)
        if (u.cut[who] && roll(2))
            duet_uncut(&u, (enum toy_member)who);
    uint8_t state = u.t.cutover.state;
    if (!u.t.cutover_open && state != HO_DONE)
        duet_create(&u, PROFILE_PARALLEL);
    else if (!u.t.authority.recovering)
        duet_work(&u);
}

static void
check_it_can_be_told_and_kept(void)
{
    static uint8_t row[TENANT_ROW_BYTES_MAX];
    struct problem p;
    tenant_explain(&u.t, u.now_ms, toy_digest(), toy_trust(), &p);
    if (u.t.cutover.state != HO_NONE)
        assert_true(p.title[0] != '\0');
    struct cutover c;
    size_t len = cutover_encode(&u.t.cutover, row, sizeof row);
    assert_true(len > 0);
    assert_int_equal(cutover_decode(row, len, &c), BATON_OK);
    /* A grant that is out names a recipient; nobody else holds then. */
    if (u.t.authority.phase == AUTH_GRANTED)
        for (int who = 0; who < TOY_MEMBERS; who++)
            if (!baton_key_eq(&u.t.authority.recipient, &u.t.agent[who].key) &&
                !u.t.authority.member[who].attested)
                assert_false(u.m[who].promise.holding);
}

static void
storm(uint64_t from, unsigned seeds, bool reached[HANDOFF_STATE_COUNT])
{
    for (unsigned i = 0; i < seeds; i++) {
        seed = (from + i) * 0x9e3779b97f4a7c15u + 1;
        duet_open(&u);
        backup_taken = false;
        for (int n = 0; n < 120; n++) {
            uint32_t what = roll(100);
            if (what < 12)
                some_verb();
            else if (what < 20)
                some_approval();
            else if (what < 25)
                some_fault();
            else if (what < 75)
                some_good_work();
            else
                duet_pass(&u, 1, 200 + roll(what < 98 ? 2000 : 700000));
            check_it_can_be_told_and_kept();
            reached[u.t.cutover.state] = true;
        }
    }
}

static void
whatever_happens_never_two_hold_and_it_always_says_why(void **state)
{
    (void)state;
    bool reached[HANDOFF_STATE_COUNT] = {false};
    const char *longer = getenv("BATON_STORM_SEEDS");
    storm(1, longer != NULL ? (unsigned)atoi(longer) : 300, reached);
    unsigned states = 0;
    for (int s = HO_ASSESSED; s < HANDOFF_STATE_COUNT; s++) {
        states += reached[s];
        if (!reached[s])
            print_message("not reached: %s\n", handoff_state_code((enum handoff_state)s));
    }
    assert_true(states > 18); /* the storm goes nearly everywhere */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_happens_never_two_hold_and_it_always_says_why),
    };
    setvbuf(stdout, NULL, _IONBF, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
