/* explain_private.h: what an explanation says of the servers themselves, beside the rule it waits for.
 *
 * Shape      explain.c finds the rule; explain_server.c adds who does not count, who stands still, the
 *            ways out of a breach, and what verification found.
 */
#ifndef BATON_EXPLAIN_PRIVATE_H
#define BATON_EXPLAIN_PRIVATE_H

#include "guards.h"

/* A barred or quarantined server: since when, and what makes it count again. */
void explain_outlaws(const struct guard_ctx *g, struct problem *p);
/* A server was stopped by its guard or a quarantine and the state waits for its work. */
void explain_halted(const struct guard_ctx *g, struct problem *p);
/* Who has stopped and then exported can never prove this epoch: only another one leads on. */
void explain_spoilt(const struct guard_ctx *g, struct problem *p);
/* A server that will not promise the open epoch: its order is not in this record any more, or it has
 * exported and nothing leads back. */
void explain_unfenced(const struct guard_ctx *g, struct problem *p);
/* While an epoch is open: whoever promised it under another plan refuses every grant of this one. */
void explain_other_plan(const struct guard_ctx *g, struct problem *p);
/* Whom the fence ladder still waits for, and how many people attest for it. */
void explain_fencing(const struct guard_ctx *g, struct problem *p);
/* The new server cannot say what became of its grant. */
void explain_grant_forgotten(const struct guard_ctx *g, struct problem *p);
/* How people stand in for an old server that raised an alarm and died, or is gone before it was retired. */
void explain_dead(const struct guard_ctx *g, struct problem *p);
/* The ways out of a breach that stand open now. */
void explain_breach(const struct guard_ctx *g, struct problem *p);
/* Nothing blocks the plan by its guards, and yet none can be made. */
void explain_no_plan(const struct guard_ctx *g, struct problem *p);
/* What verification found and which record the approvals bind to, where that is decided or used. */
void explain_verification(const struct guard_ctx *g, struct problem *p);
/* Asked for, it never names itself as what to type next, whatever the rule it waits for says to a refused verb. */
void explain_leads_on(const struct guard_ctx *g, struct problem *p);
/* Which server it was. */
void explain_breach_title(const struct guard_ctx *g, struct problem *p);

#endif
