#include "guards.h"
#include "line.h"

#include <stdlib.h>
#include <string.h>

static void
reason(struct assessment *a, const char *code, const char *text)
{
    if (a->reason_count == REASONS_MAX)
        return;
    line_set(a->reason[a->reason_count].code, sizeof a->reason[0].code, code);
    line_set(a->reason[a->reason_count].text, sizeof a->reason[0].text, text);
    a->reason_count++;
}

static void
reason_number(struct assessment *a, const char *code, const char *before, int64_t v,
              const char *after)
{
    char text[sizeof a->reason[0].text];
    struct line l;
    line_start(&l, text, sizeof text);
    line_put(&l, before);
    line_int(&l, v);
    line_put(&l, after);
    reason(a, code, text);
}

static void
reason_time(struct assessment *a, const char *code, const char *before, uint64_t ms,
            const char *after)
{
    char text[sizeof a->reason[0].text];
    struct line l;
    line_start(&l, text, sizeof text);
    line_put(&l, before);
    line_duration(&l, ms);
    line_put(&l, after);
    reason(a, code, text);
}

static int64_t
ms_per_50k(const struct first_sync *f)
{
    return (int64_t)f->ms / f->objects * 50000 + (int64_t)f->ms % f->objects * 50000 / f->objects;
}

static int
by_rate(const void *a, const void *b)
{
    int64_t x = ms_per_50k(a), y = ms_per_50k(b);
    return (x > y) - (x < y);
}

/* A clock that was set, or a wait of weeks for people, is no measure of work. */
static bool
comparable(const struct first_sync *f)
{
    const uint64_t month_ms = UINT64_C(30) * 24 * 3600 * 1000;
    return f->ms > 0 && f->ms <= month_ms && f->objects >= FLEET_OBJECTS_LEAST;
}

static int64_t
within(int64_t v, int64_t least, int64_t most)
{
    return v < least ? least : v > most ? most : v;
}

void
fleet_median(struct first_sync *list, size_t count, int64_t documented_ms_per_50k,
             struct fleet *ret_fleet)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (comparable(&list[i]))
            list[n++] = list[i];
    *ret_fleet = (struct fleet){0};
    if (n < FLEET_LEAST)
        return;
    qsort(list, n, sizeof *list, by_rate);
    int64_t low = ms_per_50k(&list[(n - 1) / 2]), high = ms_per_50k(&list[n / 2]);
    ret_fleet->ms_per_50k =
        within(low + (high - low) / 2, documented_ms_per_50k / 10, 10 * documented_ms_per_50k);
    ret_fleet->handoffs = (uint32_t)n;
}

static void
reason_estimate(struct assessment *a)
{
    char text[sizeof a->reason[0].text];
    struct line l;
    line_start(&l, text, sizeof text);
    line_put(&l, "an upgrade of this size is expected to take ");
    line_duration(&l, a->expected_ms);
    line_put(&l, a->handoffs > 0 ? ", by the median of " : ", by ");
    if (a->handoffs > 0) {
        line_int(&l, a->handoffs);
        line_put(&l, " handoffs of this site: ");
    }
    line_duration(&l, (uint64_t)a->ms_per_50k);
    line_put(&l, " per 50,000 objects");
    line_put(&l, a->handoffs > 0 ? "" : ", as documented");
    reason(a, a->handoffs > 0 ? "estimate-fleet" : "estimate", text);
}

/* 3 h per 50,000 objects, or what this site's own upgrades took. */
static void
estimate(const struct tenant *t, const struct agent_view *old, const struct fleet *fleet,
         struct assessment *a)
{
    a->handoffs = fleet->ms_per_50k > 0 ? fleet->handoffs : 0;
    a->ms_per_50k = a->handoffs > 0 ? fleet->ms_per_50k : t->info.policy.v[POLICY_HOURS_PER_50K_MS];
    a->objects = fact_or(&old->facts, FACT_OBJECTS, -1);
    if (a->objects < 0) {
        reason(a, "objects-unknown", "the old server has not reported its number of objects");
        return;
    }
    a->expected_ms =
        (uint64_t)(a->objects / 50000 * a->ms_per_50k + a->objects % 50000 * a->ms_per_50k / 50000);
    reason_number(a, "objects", "objects in the old server's connector space: ", a->objects, "");
    reason_estimate(a);
}

/* Small enough for an upgrade in place; where a second server stands ready, parallel costs no gap of
 * that length, so in-place is then only named. */
static enum profile
recommend_dirsync(const struct tenant *t, const struct agent_view *old, bool alone,
                  struct assessment *a)
{
    if (source_is_dead(old, &t->info.policy, t->clock_unix_ms)) {
        reason(a, "source-dead", "DirSync no longer exports: compare with Entra, not with it");
        return PROFILE_DEAD_SOURCE;
    }
    if (fact_or(&old->facts, FACT_BLOCKED_CONFIG, 0) > 0) {
        reason(a, "blocked-configuration",
               "DirSync carries changes that its upgrade does not support: clean staged install, "
               "rules by hand");
        return PROFILE_UNSUPPORTED;
    }
    uint64_t limit = (uint64_t)t->info.policy.v[POLICY_INPLACE_MAX_MS];
    if (a->objects >= 0 && a->expected_ms < limit) {
        reason_time(a, "in-place-fits", "the estimate is below ", limit,
                    ": an in-place upgrade would do");
        if (alone)
            return PROFILE_IN_PLACE;
        reason(a, "second-server",
               "a second server stands ready: parallel keeps the old one exporting");
        return PROFILE_PARALLEL;
    }
    reason_time(a, "parallel", "the estimate is not below ", limit,
                ": a parallel deployment keeps the old server exporting meanwhile");
    return PROFILE_PARALLEL;
}

static enum profile
recommend(const struct tenant *t, const struct agent_view *old, bool alone, struct assessment *a)
{
    switch ((enum product)fact_or(&old->facts, FACT_PRODUCT_CLASS, PRODUCT_NONE)) {
    case PRODUCT_DIRSYNC:
        return recommend_dirsync(t, old, alone, a);
    case PRODUCT_AADSYNC:
        reason(a, "product-aadsync", "Azure AD Sync: swing migration, fenced by task and service");
        return PROFILE_SWING;
    case PRODUCT_CONNECT:
        reason(a, "product-connect", "Entra Connect: swing migration through staging mode");
        return PROFILE_SWING;
    case PRODUCT_NONE:
    case PRODUCT_COUNT:
        break;
    }
    reason(a, "product-unknown", "the old server shows no sync product: only an audit is possible");
    a->blocked = true;
    return PROFILE_AUDIT_ONLY;
}

static void
look_at_new(const struct agent_view *new, struct assessment *a)
{
    int64_t failed = fact_or(&new->facts, FACT_PREREQ_FAILED, -1);
    if (failed > 0)
        reason_number(a, "prerequisites",
                      "prerequisites of the new server that are not met: ", failed, "");
    if (failed < 0)
        reason(a, "prerequisites-unknown", "the new server has not reported its prerequisites");
    if (a->objects > 100000)
        reason(a, "sql-full-needed",
               "above 100,000 objects the new server needs a full SQL Server");
}

static void
look_at_database(const struct agent_view *old, struct assessment *a)
{
    static const char *const texts[] = {
        "the old server uses the local database",
        "the old server uses SQL Server Express",
        "the old server uses a full SQL Server: the new one needs another instance, never the same",
    };
    static const char *const codes[] = {"sql-local", "sql-express", "sql-full"};
    int64_t edition = fact_or(&old->facts, FACT_SQL_EDITION, -1);
    if (edition >= 0 && edition < (int64_t)ARRAY_LEN(texts))
        reason(a, codes[edition], texts[edition]);
}

void
tenant_assess(const struct tenant *t, uint8_t old_agent, uint8_t new_agent, uint64_t now_ms,
              const struct fleet *fleet, struct assessment *ret_assessment)
{
    struct assessment a;
    memset(&a, 0, sizeof a);
    const struct agent_view *old = &t->agent[old_agent % MEMBERS_MAX];
    const struct agent_view *new = &t->agent[new_agent % MEMBERS_MAX];
    estimate(t, old, fleet, &a);
    a.recommended = (uint8_t)recommend(t, old, old_agent == new_agent, &a);
    a.chosen = t->cutover_open ? t->cutover.profile : a.recommended;
    look_at_database(old, &a);
    if (old->reported_ms == 0 ||
        now_ms - old->reported_ms > (uint64_t)t->info.policy.v[POLICY_HOLD_MS])
        reason(&a, "facts-old", "the old server has not reported lately: this may have changed");
    if (old_agent != new_agent)
        look_at_new(new, &a);
    *ret_assessment = a;
}
