/* guards_private.h: what the files of the guard table share.
 *
 * Shape      guard_* with a problem: a row's function. It adds facts whether it holds or not.
 */
#ifndef BATON_GUARDS_PRIVATE_H
#define BATON_GUARDS_PRIVATE_H

#include "guards.h"

const struct agent_view *guard_old(const struct guard_ctx *g);
const struct agent_view *guard_new(const struct guard_ctx *g);
const struct authority_member *guard_member(const struct guard_ctx *g, const struct agent_view *a);
int64_t guard_policy(const struct guard_ctx *g, enum policy_id id);
bool guard_legacy(const struct guard_ctx *g); /* the old server has no staging mode to return to */
bool guard_latched(const struct guard_ctx *g);
bool guard_exporting(const struct agent_view *a);
bool guard_new_moved(const struct guard_ctx *g); /* since the verification */
/* Adds what has moved: version, rules, configuration. */
void guard_tell_moved(const struct guard_ctx *g, struct problem *p);
bool guard_role_of(const struct guard_ctx *g, const struct agent_view *a);

void problem_add_number(struct problem *p, const char *before, int64_t v, const char *after);
void problem_add_span(struct problem *p, const char *before, uint64_t ms, const char *between,
                      uint64_t limit_ms);
/* Adds the fact; true when it is known and equal. */
bool guard_need(const struct guard_ctx *g, struct problem *p, const struct agent_view *a,
                enum fact_id id, int64_t value);
bool guard_need_all(const struct guard_ctx *g, struct problem *p, const struct agent_view *a,
                    const enum fact_id *ids, size_t count, int64_t value);

bool guard_4ops(const struct guard_ctx *g, struct problem *p);
bool guard_accepted(const struct guard_ctx *g, struct problem *p);
bool guard_adopted(const struct guard_ctx *g, struct problem *p);
bool guard_alarm_open(const struct guard_ctx *g, struct problem *p);
bool guard_always(const struct guard_ctx *g, struct problem *p);
bool guard_appr_adopt(const struct guard_ctx *g, struct problem *p);
bool guard_appr_attest(const struct guard_ctx *g, struct problem *p);
bool guard_appr_cutover(const struct guard_ctx *g, struct problem *p);
bool guard_appr_go(const struct guard_ctx *g, struct problem *p);
bool guard_appr_left_out(const struct guard_ctx *g, struct problem *p);
bool guard_appr_plan(const struct guard_ctx *g, struct problem *p);
bool guard_appr_retire(const struct guard_ctx *g, struct problem *p);
bool guard_appr_rollback(const struct guard_ctx *g, struct problem *p);
bool guard_asked(const struct guard_ctx *g, struct problem *p);
bool guard_before_release(const struct guard_ctx *g, struct problem *p);
bool guard_diff(const struct guard_ctx *g, struct problem *p);
bool guard_evidence(const struct guard_ctx *g, struct problem *p);
bool guard_export_failed(const struct guard_ctx *g, struct problem *p);
bool guard_export_late(const struct guard_ctx *g, struct problem *p);
bool guard_export_seen(const struct guard_ctx *g, struct problem *p);
bool guard_fresh(const struct guard_ctx *g, struct problem *p);
bool guard_go_stands(const struct guard_ctx *g, struct problem *p);
bool guard_latch_clear(const struct guard_ctx *g, struct problem *p);
bool guard_latch_set(const struct guard_ctx *g, struct problem *p);
bool guard_late(const struct guard_ctx *g, struct problem *p);
bool guard_live(const struct guard_ctx *g, struct problem *p);
bool guard_may_return(const struct guard_ctx *g, struct problem *p);
bool guard_never_adopted(const struct guard_ctx *g, struct problem *p);
bool guard_new_changed(const struct guard_ctx *g, struct problem *p);
bool guard_new_exports(const struct guard_ctx *g, struct problem *p);
bool guard_new_holds(const struct guard_ctx *g, struct problem *p);
bool guard_new_replaced(const struct guard_ctx *g, struct problem *p);
bool guard_new_staged(const struct guard_ctx *g, struct problem *p);
bool guard_no_tamper(const struct guard_ctx *g, struct problem *p);
bool guard_not_accepted(const struct guard_ctx *g, struct problem *p);
bool guard_not_asked(const struct guard_ctx *g, struct problem *p);
bool guard_old_absent(const struct guard_ctx *g, struct problem *p);
bool guard_old_alive(const struct guard_ctx *g, struct problem *p);
bool guard_old_exported(const struct guard_ctx *g, struct problem *p);
bool guard_old_gone(const struct guard_ctx *g, struct problem *p);
bool guard_old_there(const struct guard_ctx *g, struct problem *p);
bool guard_old_holding(const struct guard_ctx *g, struct problem *p);
bool guard_old_idle(const struct guard_ctx *g, struct problem *p);
bool guard_old_import_broken(const struct guard_ctx *g, struct problem *p);
bool guard_old_late(const struct guard_ctx *g, struct problem *p);
bool guard_old_present(const struct guard_ctx *g, struct problem *p);
bool guard_old_removed(const struct guard_ctx *g, struct problem *p);
bool guard_old_silent(const struct guard_ctx *g, struct problem *p);
bool guard_only_a_grant(const struct guard_ctx *g, struct problem *p);
bool guard_pair(const struct guard_ctx *g, struct problem *p);
bool guard_parity(const struct guard_ctx *g, struct problem *p);
bool guard_path(const struct guard_ctx *g, struct problem *p);
bool guard_prereq(const struct guard_ctx *g, struct problem *p);
bool guard_probation(const struct guard_ctx *g, struct problem *p);
bool guard_reconciled(const struct guard_ctx *g, struct problem *p);
bool guard_resume_fitting(const struct guard_ctx *g, struct problem *p);
bool guard_account_gone(const struct guard_ctx *g, struct problem *p);
bool guard_retired(const struct guard_ctx *g, struct problem *p);
bool guard_rogue_new(const struct guard_ctx *g, struct problem *p);
bool guard_rogue_old(const struct guard_ctx *g, struct problem *p);
bool guard_role_known(const struct guard_ctx *g, struct problem *p);
bool guard_settings_placed(const struct guard_ctx *g, struct problem *p);
bool guard_settings_other(const struct guard_ctx *g, struct problem *p);
bool guard_blob_here(const struct guard_ctx *g, struct problem *p);
bool guard_settings_seen(const struct guard_ctx *g, struct problem *p);
bool guard_promised_apart(const struct guard_ctx *g, struct problem *p);
bool guard_promised_alike(const struct guard_ctx *g, struct problem *p);
bool guard_reconciling(const struct guard_ctx *g, struct problem *p);
bool guard_quarantined(const struct guard_ctx *g, struct problem *p);
bool guard_settled(const struct guard_ctx *g, struct problem *p);
bool guard_staged(const struct guard_ctx *g, struct problem *p);
bool guard_table_different(const struct guard_ctx *g, struct problem *p);
bool guard_tamper_answered(const struct guard_ctx *g, struct problem *p);
bool guard_tamper_old(const struct guard_ctx *g, struct problem *p);
bool guard_tools(const struct guard_ctx *g, struct problem *p);
bool guard_towards_new(const struct guard_ctx *g, struct problem *p);
bool guard_towards_old(const struct guard_ctx *g, struct problem *p);
bool guard_held_by_new(const struct guard_ctx *g, struct problem *p);
bool guard_refuses_this(const struct guard_ctx *g, struct problem *p);
bool guard_grant_dead(const struct guard_ctx *g, struct problem *p);
bool guard_grants_left(const struct guard_ctx *g, struct problem *p);
bool guard_old_kept_it(const struct guard_ctx *g, struct problem *p);
bool guard_window(const struct guard_ctx *g, struct problem *p);
bool guard_wrong_tenant(const struct guard_ctx *g, struct problem *p);

#endif
