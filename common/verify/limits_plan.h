/* limits_plan.h: the limits of a handoff: its path's preset, and what its tenant changed in it.
 *
 * Shape      The plan names the SHA-256 of the tenant's policy; the text comes from elsewhere and counts
 *            only when it is the one. A plan that names none has the preset of its path.
 * Errors     BATON_CONFLICT: not the text whose hash the plan names. BATON_LIMIT. BATON_MALFORMED with
 *            line and reason: this build cannot read it whole.
 * Ownership  Plain values.
 * Source     docs/verification.md "Policy"; docs/formats.md "Verification policy".
 */
#ifndef VERIFY_LIMITS_PLAN_H
#define VERIFY_LIMITS_PLAN_H

#include "baton/plan.h"
#include "limits.h"

/* What a handoff along this path is judged by, as long as its tenant's policy names no preset. */
enum preset limits_preset_of(enum profile profile);
enum baton_status limits_of_plan(const struct plan *p, const void *text, size_t len,
                                 const struct digest_port *dp, struct limits *ret_limits,
                                 struct baton_err *err) BATON_MUST_USE;

#endif
