/* commands.h: the handlers, by noun. Each is a row of the table in command.c. */
#ifndef BATON_COMMANDS_H
#define BATON_COMMANDS_H

#include "cli.h"

#define CLI_HANDLERS(X)                                                                            \
    X(login_set)                                                                                   \
    X(login_show)                                                                                  \
    X(login_list)                                                                                  \
    X(login_add)                                                                                   \
    X(login_remove)                                                                                \
    X(tenant_list)                                                                                 \
    X(tenant_create)                                                                               \
    X(tenant_show)                                                                                 \
    X(tenant_policy)                                                                               \
    X(tenant_set)                                                                                  \
    X(tenant_verification)                                                                         \
    X(tenant_window)                                                                               \
    X(agent_list)                                                                                  \
    X(agent_show)                                                                                  \
    X(agent_token)                                                                                 \
    X(agent_confirm)                                                                               \
    X(agent_revoke)                                                                                \
    X(agent_disarm)                                                                                \
    X(agent_readmit)                                                                               \
    X(operator_new)                                                                                \
    X(operator_show)                                                                               \
    X(operator_list)                                                                               \
    X(trust_init)                                                                                  \
    X(trust_show)                                                                                  \
    X(trust_pin)                                                                                   \
    X(trust_add_operator)                                                                          \
    X(trust_remove_operator)                                                                       \
    X(trust_add_controller)                                                                        \
    X(trust_quorum)                                                                                \
    X(cutover_list)                                                                                \
    X(cutover_create)                                                                              \
    X(cutover_assess)                                                                              \
    X(cutover_show)                                                                                \
    X(cutover_explain)                                                                             \
    X(cutover_task)                                                                                \
    X(cutover_watch)                                                                               \
    X(cutover_wait)                                                                                \
    X(cutover_verb)                                                                                \
    X(cutover_rows)                                                                                \
    X(cutover_findings)                                                                            \
    X(cutover_dispose)                                                                             \
    X(cutover_approve)                                                                             \
    X(cutover_go)                                                                                  \
    X(cutover_rollback)                                                                            \
    X(cutover_retire)                                                                              \
    X(cutover_attest)                                                                              \
    X(cutover_adopt)                                                                               \
    X(approval_list)                                                                               \
    X(audit_list)                                                                                  \
    X(audit_export)                                                                                \
    X(audit_verify)                                                                                \
    X(cutover_certificate)                                                                         \
    X(fsm)                                                                                         \
    X(policy_check)                                                                                \
    X(policy_show)                                                                                 \
    X(policy_explain)                                                                              \
    X(config_explain)                                                                              \
    X(exports_analyze)                                                                             \
    X(config_compare)                                                                              \
    X(config_accept)                                                                               \
    X(facts_show)                                                                                  \
    X(trace_show)                                                                                  \
    X(runs_check)                                                                                  \
    X(doctor)                                                                                      \
    X(version)                                                                                     \
    X(completion)
#define X(name) enum baton_status cmd_##name(struct cli *c);
CLI_HANDLERS(X)
#undef X

/* Checks a certificate under the pinned root and says what it found. */
enum baton_status certificate_check(struct cli *c, const char *text, size_t len);

#endif
