#include "evidence.h"

// clang-format off
static const struct fence_need needs[] = {
    /* kind         fact                             test            operand          span   aged   why */
    { KIND_STOPPED, FACT_SERVICES_STOPPED,           NEED_EQUALS,    1,               true,  false, "a known sync service is not stopped" },
    { KIND_STOPPED, FACT_SERVICES_DISABLED,          NEED_EQUALS,    1,               true,  false, "the service manager does not say disabled for every sync service" },
    { KIND_STOPPED, FACT_SERVICES_DISABLED_REGISTRY, NEED_EQUALS,    1,               true,  false, "the registry does not say disabled for every sync service" },
    { KIND_STOPPED, FACT_TASKS_DISABLED,             NEED_EQUALS,    1,               true,  false, "a scheduled sync task is enabled" },
    { KIND_STOPPED, FACT_ENGINE_GONE,                NEED_EQUALS,    1,               true,  false, "the engine process is still there" },
    { KIND_STOPPED, FACT_RUN_IN_PROGRESS,            NEED_EQUALS,    0,               false, false, "a run is in progress" },
    { KIND_STOPPED, FACT_LAST_RUN_END,               NEED_NOT_AFTER, FACT_STOPPED_AT, false, true,  "the last run is not known to have ended before the stop" },
    { KIND_STOPPED, FACT_EXPORTS_SINCE_FENCE,        NEED_EQUALS,    0,               true,  true,  "an Export run was seen after the fence, or its run history cannot be read" },
    { KIND_STOPPED, FACT_SERVICE_WATCH,              NEED_EQUALS,    1,               true,  false, "the service notifications were interrupted" },
    { KIND_STOPPED, FACT_QUIET_FOR_MS,               NEED_GAP,       0,               false, false, "two quiet observations are not yet far enough apart" },

    { KIND_STAGED,  FACT_STAGING_SCHEDULER,          NEED_EQUALS,    1,               true,  false, "the scheduler does not say staging mode" },
    { KIND_STAGED,  FACT_STAGING_SETTINGS,           NEED_EQUALS,    1,               true,  false, "the global settings do not say staging mode" },
    { KIND_STAGED,  FACT_RUN_IN_PROGRESS,            NEED_EQUALS,    0,               false, false, "a run is in progress" },
    { KIND_STAGED,  FACT_CYCLE_IN_PROGRESS,          NEED_EQUALS,    0,               false, false, "a sync cycle is in progress" },
    { KIND_STAGED,  FACT_EXPORTS_SINCE_FENCE,        NEED_EQUALS,    0,               true,  false, "an Export run was seen in staging mode" },
    { KIND_STAGED,  FACT_WIZARD_OPEN,                NEED_EQUALS,    0,               true,  false, "a configuration wizard is open: one late click leaves staging mode" },
    { KIND_STAGED,  FACT_CONSOLE_OPEN,               NEED_EQUALS,    0,               true,  false, "a Synchronization Service Manager is open: it can force an export" },
    { KIND_STAGED,  FACT_INSTALLER_OPEN,             NEED_EQUALS,    0,               true,  false, "an installer is running" },
    { KIND_STAGED,  FACT_SYNC_SHELL_OPEN,            NEED_EQUALS,    0,               true,  false, "a PowerShell host with the sync module is open" },
    { KIND_STAGED,  FACT_TOOLS_STARTED,              NEED_EQUALS,    0,               true,  false, "a wizard, console, installer or sync shell started between the observations" },
    { KIND_STAGED,  FACT_SERVICE_WATCH,              NEED_EQUALS,    1,               true,  false, "the notifications were interrupted" },
    { KIND_STAGED,  FACT_QUIET_FOR_MS,               NEED_GAP,       0,               false, false, "two quiet observations are not yet far enough apart" },

    { KIND_REMOVED, FACT_PRODUCT_PRESENT,            NEED_EQUALS,    0,               true,  false, "the product's uninstall entry still exists" },
    { KIND_REMOVED, FACT_SERVICES_PRESENT,           NEED_EQUALS,    0,               true,  false, "a sync service still exists" },
    { KIND_REMOVED, FACT_ENGINE_GONE,                NEED_EQUALS,    1,               true,  false, "the engine process is still there" },
    { KIND_REMOVED, FACT_SETTINGS_SEALED,            NEED_EQUALS,    1,               false, true,  "the settings file was not sealed before the product went" },
    { KIND_REMOVED, FACT_QUIET_FOR_MS,               NEED_GAP,       0,               false, false, "two quiet observations are not yet far enough apart" },
};
// clang-format on

const struct fence_need *
fence_needs(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(needs);
    return needs;
}

static bool
need_met(const struct fence_need *n, const struct facts *f, const struct policy *p)
{
    if (!fact_known(f, n->fact))
        return false;
    int64_t value = f->fact[n->fact].value;
    switch ((enum need_test)n->test) {
    case NEED_EQUALS:
        return value == n->operand;
    case NEED_GAP:
        return value >= p->v[POLICY_OBSERVE_GAP_MS];
    case NEED_NOT_AFTER:
        return fact_known(f, (enum fact_id)n->operand) && value <= f->fact[n->operand].value;
    }
    return false;
}

static bool
need_fresh(const struct fence_need *n, const struct facts *f, const struct policy *p)
{
    return n->aged || (int64_t)f->fact[n->fact].age_ms <= p->v[POLICY_FACT_FRESH_MS];
}

const struct fence_need *
fence_unmet(const struct facts *f, enum fence_kind kind, const struct policy *p)
{
    bool known_kind = false;
    for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
        if (needs[i].kind != kind)
            continue;
        known_kind = true;
        if (!need_met(&needs[i], f, p) || !need_fresh(&needs[i], f, p))
            return &needs[i];
    }
    return known_kind ? NULL : &needs[0]; /* a kind without rows proves nothing */
}

bool
fence_quiet(const struct facts *f, enum fence_kind kind)
{
    static const struct policy no_policy; /* span rows test neither gap nor age */
    bool known_kind = false;
    for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
        if (needs[i].kind != kind || !needs[i].span)
            continue;
        known_kind = true;
        if (!need_met(&needs[i], f, &no_policy))
            return false;
    }
    return known_kind;
}

static bool
absent_because(const struct facts *f, enum fact_id id, enum fact_reason reason)
{
    return f->fact[id].state == FACT_ABSENT && f->fact[id].reason == reason;
}

static bool
not_configured(const struct facts *f, enum fact_id id)
{
    return absent_because(f, id, ABSENT_NOT_CONFIGURED) || absent_because(f, id, ABSENT_NO_PRODUCT);
}

enum staging
facts_staging(const struct facts *f)
{
    /* One source that says "off" is enough: the safe reading of a contradiction. */
    if (fact_is(f, FACT_STAGING_SCHEDULER, 0) || fact_is(f, FACT_STAGING_SETTINGS, 0))
        return STAGING_OFF;
    if (fact_is(f, FACT_STAGING_SCHEDULER, 1) && fact_is(f, FACT_STAGING_SETTINGS, 1))
        return STAGING_ON;
    if (not_configured(f, FACT_STAGING_SCHEDULER) && not_configured(f, FACT_STAGING_SETTINGS))
        return STAGING_NOT_CONFIGURED;
    return STAGING_UNREADABLE;
}

static enum exporting
connect_exporting(const struct facts *f)
{
    switch (facts_staging(f)) {
    case STAGING_OFF:
        return EXPORTING_YES;
    case STAGING_ON:
    case STAGING_NOT_CONFIGURED:
        return EXPORTING_NO;
    case STAGING_UNREADABLE:
        break;
    }
    return EXPORTING_UNKNOWN;
}

enum exporting
facts_exporting(const struct facts *f, enum product product)
{
    if (fact_is(f, FACT_PRODUCT_PRESENT, 0))
        return EXPORTING_NO;
    if (fact_is(f, FACT_SERVICES_STOPPED, 1) && fact_is(f, FACT_ENGINE_GONE, 1))
        return EXPORTING_NO;
    if (product == PRODUCT_CONNECT)
        return connect_exporting(f);
    if (product_is_legacy(product) && fact_is(f, FACT_SERVICES_STOPPED, 0))
        return EXPORTING_YES;
    return EXPORTING_UNKNOWN;
}

static bool
kind_allowed(enum fence_kind kind, const struct plan_member *member)
{
    if (kind == KIND_STAGED)
        return member->kind == KIND_STAGED && member->product == PRODUCT_CONNECT;
    return kind == KIND_STOPPED || kind == KIND_REMOVED;
}

enum refusal
evidence_judge(const struct signed_bytes *sb, const struct evidence_demand *d,
               const struct digest_port *dp, struct statement *s)
{
    BATON_ASSERT(d->member < d->plan->member_count);
    const struct plan_member *member = &d->plan->member[d->member];

    if (!dp->verify(dp->ctx, &member->key, DOMAIN_STATEMENT, sb->bytes, sb->len, &sb->sig))
        return REFUSE_EVIDENCE;
    if (statement_decode(sb->bytes, sb->len, s) != BATON_OK)
        return REFUSE_EVIDENCE;
    if (s->type != SAY_EVIDENCE || !baton_key_eq(&s->member, &member->key) ||
        !baton_id_eq(&s->tenant, &d->plan->tenant) || !baton_hash_eq(&s->plan, d->plan_hash) ||
        !epoch_eq(&s->epoch, d->epoch) || !baton_key_eq(&s->recipient, d->recipient))
        return REFUSE_EVIDENCE;
    if (s->trust_version > d->trust_version)
        return REFUSE_TRUST;
    if (s->quarantine != QUARANTINE_NONE || s->holding || s->grant == GRANT_LIVE ||
        s->grant == GRANT_USED)
        return REFUSE_EVIDENCE;
    if (d->recipient_legacy && member->product == PRODUCT_CONNECT && s->ever_exported)
        return REFUSE_EVER_EXPORTED;
    if (!kind_allowed((enum fence_kind)s->kind, member) ||
        fence_unmet(&s->facts, (enum fence_kind)s->kind, &d->plan->policy) != NULL)
        return REFUSE_EVIDENCE;
    return REFUSE_NONE;
}
