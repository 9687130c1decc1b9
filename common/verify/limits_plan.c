#include "limits_plan.h"

/* A newer product brings rules of its own; between two of one kind nothing may differ. */
enum preset
limits_preset_of(enum profile profile)
{
    switch (profile) {
    case PROFILE_PARALLEL:
    case PROFILE_DEAD_SOURCE:
        return PRESET_PARALLEL_UPGRADE;
    case PROFILE_UNSUPPORTED:
        return PRESET_UNSUPPORTED_PATH;
    case PROFILE_NONE:
    case PROFILE_IN_PLACE:
    case PROFILE_SWING:
    case PROFILE_AUDIT_ONLY:
    case PROFILE_COUNT:
        break;
    }
    return PRESET_PARITY;
}

static bool
is_named(const struct plan *p, const void *text, size_t len, const struct digest_port *dp)
{
    struct baton_hash hash = {{0}};
    if (len > 0)
        dp->sha256(dp->ctx, text, len, &hash);
    return baton_hash_eq(&hash, &p->limits);
}

enum baton_status
limits_of_plan(const struct plan *p, const void *text, size_t len, const struct digest_port *dp,
               struct limits *ret_limits, struct baton_err *err)
{
    enum preset preset = limits_preset_of((enum profile)p->profile);
    if (len > LIMITS_BYTES_MAX)
        return baton_fail(err, BATON_LIMIT, "a policy has at most %d bytes", LIMITS_BYTES_MAX);
    if (!is_named(p, text, len, dp))
        return baton_fail(err, BATON_CONFLICT,
                          "the verification policy is not the one that the plan names");
    if (len > 0)
        return limits_read(text, len, preset, ret_limits, err);
    limits_preset(preset, ret_limits);
    return BATON_OK;
}
