#include "baton/policy.h"

#include <string.h>

#define SECONDS(n) ((int64_t)(n)*1000)
#define MINUTES(n) SECONDS((int64_t)(n)*60)
#define HOURS(n)   MINUTES((int64_t)(n)*60)
#define DAYS(n)    HOURS((int64_t)(n)*24)

/* A floor stands where less would weaken a proof or leave people no time; 0 where less is harmless.
 * The lab's numbers shorten what simulated servers and people need, not what a proof is. */
// clang-format off
#define ROW(id, name, production, lab, floor, source, why) \
    [POLICY_##id] = {POLICY_##id, name, production, lab, floor, source, why}

static const struct policy_row rows[POLICY_COUNT] = {
    /*  id, name, production, lab, floor, source, why */
    ROW(OBSERVE_GAP_MS, "observe_gap_ms", SECONDS(60), SECONDS(1), SECONDS(60), "protocol 3",
        "two quiet observations this far apart prove that nothing restarts the service in between"),
    ROW(OBSERVE_T1_MS, "observe_t1_ms", SECONDS(5), 200, SECONDS(1), "protocol 3",
        "how often services, start types and processes are looked at"),
    ROW(OBSERVE_T2_MS, "observe_t2_ms", SECONDS(60), 300, SECONDS(5), "protocol 3",
        "how often collectors run during a cutover"),
    ROW(OBSERVE_T2_GRANT_MS, "observe_t2_grant_ms", SECONDS(5), 300, SECONDS(1), "protocol 3",
        "how often collectors run while a grant is live"),
    ROW(OBSERVE_T2_REST_MS, "observe_t2_rest_ms", MINUTES(15), SECONDS(2), MINUTES(1), "protocol 3",
        "how often collectors run when nothing is going on"),
    ROW(EVIDENCE_FRESH_MS, "evidence_fresh_ms", MINUTES(10), MINUTES(1), SECONDS(60), "protocol 2",
        "evidence answers the newest challenge within this time"),
    ROW(FACT_FRESH_MS, "fact_fresh_ms", SECONDS(30), SECONDS(10), SECONDS(10), "protocol 3, 7",
        "a fence kind accepts no fact older than this"),
    ROW(GRANT_MS, "grant_ms", MINUTES(60), SECONDS(60), MINUTES(5), "handoff 2.5 C4",
        "a grant that nobody uses is void after this time on its recipient's own clock"),
    ROW(GO_MS, "go_ms", SECONDS(60), SECONDS(20), SECONDS(10), "protocol 5",
        "a grant leaves this soon after the challenge that go was signed over, else all "
        "are challenged again"),
    ROW(DRAIN_MS, "drain_ms", MINUTES(45), SECONDS(30), MINUTES(1), "handoff 2.10",
        "how long a run in progress may take to end before people are called"),
    ROW(STEP_MS, "step_ms", MINUTES(2), SECONDS(15), SECONDS(10), "design 5",
        "the bound on one request to the server: a service stop, a collector"),
    ROW(BEAT_MS, "beat_ms", SECONDS(30), SECONDS(1), SECONDS(5), "handoff 2.10",
        "how often an agent says that it is alive"),
    ROW(BEAT_STALE_MS, "beat_stale_ms", SECONDS(90), SECONDS(5), SECONDS(15), "handoff 2.10",
        "an agent silent for this long is shown as not reachable"),
    ROW(APPROVAL_MS, "approval_ms", HOURS(4), HOURS(1), MINUTES(5), "handoff 2.10",
        "how long an approval stays valid; expiry can only refuse"),
    ROW(ATTEST_MS, "attest_ms", HOURS(2), MINUTES(10), MINUTES(5), "protocol 5",
        "how long an attestation stays valid, at most two hours"),
    ROW(GO_ANSWER_MS, "go_answer_ms", MINUTES(5), SECONDS(5), SECONDS(60), "handoff 2.5 C4",
        "how long to wait for the recipient's own word that an expired grant is void"),
    ROW(ASSESSED_MS, "assessed_ms", DAYS(30), MINUTES(10), 0, "protocol 7 (P1)",
        "remind that an assessed tenant has no plan"),
    ROW(PLANNED_MS, "planned_ms", DAYS(14), MINUTES(10), HOURS(1), "handoff 2.5 P2",
        "a plan that nobody approved is stale"),
    ROW(EXPORT_SETTINGS_MS, "export_settings_ms", HOURS(8), MINUTES(5), 0, "handoff 2.5 S1",
        "remind that the settings were not exported"),
    ROW(SETTINGS_SEALED_MS, "settings_sealed_ms", DAYS(14), MINUTES(10), HOURS(1), "handoff 2.5 S2",
        "a settings file that was not placed on the new server is stale"),
    ROW(INSTALL_MS, "install_ms", HOURS(8), MINUTES(5), 0, "handoff 2.5 S3",
        "remind that the new server was not installed"),
    ROW(FIRST_SYNC_MS, "first_sync_ms", HOURS(2), SECONDS(60), MINUTES(30), "handoff 2.5 S4",
        "the least that twice the estimate may be before the first synchronization pages"),
    ROW(VERIFY_MS, "verify_ms", DAYS(7), MINUTES(10), HOURS(1), "handoff 2.5 S5",
        "differences that nobody reviewed need a fresh synchronization: run history is "
        "kept seven days"),
    ROW(READY_FRESH_MS, "ready_fresh_ms", HOURS(24), MINUTES(10), HOURS(1),
        "handoff 2.5 S6, G-FRESH", "a verification older than this is made again"),
    ROW(ARMED_MS, "armed_ms", HOURS(2), MINUTES(5), MINUTES(10), "handoff 2.5 C1",
        "an armed cutover that nobody started is disarmed"),
    ROW(RELEASING_MS, "releasing_ms", MINUTES(30), SECONDS(60), MINUTES(5), "handoff 2.5 C2",
        "page when the old server has not proved that it stopped; time never advances it"),
    ROW(GAP_WARN_MS, "gap_warn_ms", MINUTES(15), SECONDS(30), 0, "handoff 2.5 C3",
        "warn that nobody exports"),
    ROW(GAP_PAGE_MS, "gap_page_ms", MINUTES(30), SECONDS(60), 0, "handoff 2.5 C3",
        "page that nobody exports"),
    ROW(GAP_DECIDE_MS, "gap_decide_ms", MINUTES(60), MINUTES(2), 0, "handoff 2.5 C3",
        "ask for go or rollback"),
    ROW(ACTIVATING_MS, "activating_ms", MINUTES(15), SECONDS(30), MINUTES(1), "handoff 2.5 C5",
        "added to two sync intervals: page when the first export has not ended"),
    ROW(PROBATION_MS, "probation_ms", HOURS(24), SECONDS(3), HOURS(4), "handoff 2.5 D1",
        "the new server is watched at least this long before the old one goes"),
    ROW(PROBATION_CYCLES_COUNT, "probation_cycles_count", 4, 2, 2, "handoff 2.5 D1",
        "and through this many good cycles"),
    ROW(RETIRE_MS, "retire_ms", DAYS(30), MINUTES(10), 0, "handoff 2.5 D2",
        "escalate that the old server or its cloud identity still exists"),
    ROW(DONE_REMIND_MS, "done_remind_ms", DAYS(90), MINUTES(10), 0, "protocol 7 (D3)",
        "remind that the guard still runs"),
    ROW(REVOKE_MS, "revoke_ms", MINUTES(10), SECONDS(30), MINUTES(1), "handoff 2.5 R1",
        "page when a rollback has not got the new server's evidence"),
    ROW(RESTORE_MS, "restore_ms", MINUTES(30), SECONDS(60), MINUTES(5), "handoff 2.5 R2",
        "page when the old server has not exported again"),
    ROW(HOLD_MS, "hold_ms", HOURS(24), MINUTES(2), 0, "handoff 2.5 X1",
        "page that a held cutover waits for a decision"),
    ROW(FENCE_PAGE_MS, "fence_page_ms", HOURS(1), SECONDS(60), 0, "protocol 7 (X2)",
        "page, and again each time, that a member cannot be fenced"),
    ROW(BREACH_MS, "breach_ms", SECONDS(60), SECONDS(10), 0, "handoff 2.5 X3",
        "a breach is paged on entry; page again this often until people act"),
    ROW(REPAIR_MS, "repair_ms", MINUTES(30), SECONDS(60), 0, "handoff 2.5 X4",
        "page that a repair is still open"),
    ROW(RECONCILE_MS, "reconcile_ms", MINUTES(15), SECONDS(30), 0, "handoff 2.5 X5",
        "page that agents are missing whose word is needed"),
    ROW(GUARD_MS, "guard_ms", DAYS(180), HOURS(1), DAYS(180), "protocol 4",
        "the guard stays on for this long after the old server was retired"),
    ROW(SKEW_MS, "skew_ms", MINUTES(5), MINUTES(5), 0, "handoff 2.6 G-LIVE",
        "clocks further apart than this block arming"),
    ROW(STAGED_FRESH_MS, "staged_fresh_ms", SECONDS(30), SECONDS(10), SECONDS(5),
        "protocol 7 G-NEW-STAGED", "how old the sight of staging mode on the new server may be"),
    ROW(SETTINGS_AGE_MS, "settings_age_ms", MINUTES(5), SECONDS(60), 0, "handoff 2.6 rule 305",
        "a settings file may be this much older than its task: the two clocks differ"),
    ROW(DELETES_COUNT, "deletes_count", 0, 0, 0, "handoff 2.6 G-DIFF",
        "the pending deletions that pass, as a number"),
    ROW(DELETES_PERCENT, "deletes_percent", 1, 1, 0, "handoff 2.6 G-DIFF",
        "and as a share of the objects in scope; the smaller of both counts"),
    ROW(HOURS_PER_50K_MS, "hours_per_50k_ms", HOURS(3), SECONDS(10), 0, "domain 9",
        "estimate: the time that 50,000 objects take"),
    ROW(INPLACE_MAX_MS, "inplace_max_ms", HOURS(3), SECONDS(10), 0, "domain 9",
        "an in-place upgrade is recommended below this estimate"),
    ROW(UNKNOWN_BLOCKS_BOOL, "unknown_blocks_bool", 1, 1, 1, "design 7",
        "what nobody computed blocks the verification"),
};
// clang-format on

const struct policy_row *
policy_rows(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(rows);
    return rows;
}

const struct policy_row *
policy_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

void
policy_preset(enum policy_preset preset, struct policy *ret_policy)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ret_policy->v[i] = preset == PRESET_LAB ? rows[i].lab : rows[i].production;
}

const struct policy_row *
policy_below_floor(const struct policy *p)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (p->v[i] < rows[i].floor)
            return &rows[i];
    return NULL;
}

const struct policy_row *
policy_absurd(const struct policy *p)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (p->v[i] < 0 || p->v[i] > POLICY_MOST)
            return &rows[i];
    return NULL;
}
