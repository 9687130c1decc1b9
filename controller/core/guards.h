/* guards.h: what has to be true before a rule may fire, each with the facts behind the answer.
 *
 * Shape      One table: guard -> function, the sentence when it says no, who can clear it, the next
 *            command. A guard reads the tenant and nothing else; it never changes anything.
 * Limits     PROBLEM_FACTS_MAX facts; more are left out.
 * Threads    Reentrant over a tenant that nobody changes.
 * Source     handoff 2.6 "Guards in short", 2.8; protocol 7.
 */
#ifndef BATON_GUARDS_H
#define BATON_GUARDS_H

#include "approvals.h"

struct guard_ctx {
    const struct tenant *t;
    uint64_t now_ms;
    struct approvals_view approvals; /* trust, digests, wall time */
    const char *reason;              /* text of the verb that asks, "" where there is none */
};

struct handoff_guard {
    bool (*holds)(const struct guard_ctx *g, struct problem *p); /* adds facts either way */
    const char *title;      /* one sentence: what is missing; NULL: a condition, it never blocks */
    const char *who, *next; /* names in next are filled in: line_template */
    bool refresh;           /* saying no for want of fresh facts: ask the servers again */
};

const struct handoff_guard *handoff_guard(enum guard_id id);
/* Fills everything of ret_problem but the rule. True: it holds, and the problem's status is OK. */
bool guard_check(enum guard_id id, const struct guard_ctx *g, struct problem *ret_problem);

/* Shared with explain and verify. */
#define FACT_NEVER UINT64_MAX /* an age: not seen in this run */
void problem_add(struct problem *p, const char *text);
/* Each server whose word this run still waits for, since when; and that of one alone. */
void problem_add_unheard(const struct tenant *t, struct problem *p);
void problem_add_unheard_one(const struct tenant *t, const struct agent_view *a, struct problem *p);
/* "new server: staging_scheduler is 1 (3 s old)" */
void problem_add_fact(struct problem *p, const struct agent_view *a, const char *whose,
                      enum fact_id id, uint64_t now_ms);
uint64_t agent_fact_age_ms(const struct agent_view *a, enum fact_id id, uint64_t now_ms);
/* Text for the tenant: line_template with its names, cut to cap. */
void tenant_text(const struct tenant *t, const char *text, char *out, size_t cap);
const struct agent_view *tenant_old(const struct tenant *t);
const struct agent_view *tenant_new(const struct tenant *t);
/* Index in the authority record, or -1. */
int tenant_member(const struct tenant *t, const struct agent_view *a);
/* Whether the authority would take now what a rule of these effects asks of it. */
bool tenant_authority_takes(const struct tenant *t, uint64_t now_ms, uint32_t effects);
/* Its refusal, when it would not. */
void problem_by_authority(const struct tenant *t, const struct rule *r,
                          struct problem *ret_problem);
/* Its key was revoked: no word of it will come. */
bool tenant_shut_out(const struct tenant *t, const struct baton_key *key);
/* Done although its agent never confirmed its tombstone: people attested that its machine is gone. */
bool old_written_off(const struct tenant *t);
/* The new server's product logged the removal of the old one's account, after its last export: an
 * account that exported later was made again. */
bool account_seen_removed(const struct tenant *t);
int64_t deletes_limit(const struct policy *p, int64_t scope_objects);
bool source_is_dead(const struct agent_view *old, const struct policy *p, uint64_t unix_ms);

#endif
