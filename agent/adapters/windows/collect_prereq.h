/* collect_prereq.h: what this server is, by the names of deploy/prerequisites, without PowerShell.
 *
 * Shape      One JSON object, as prerequisites.ps1 answers: registry, memory, disk, processor, domain,
 *            addresses, and of the product what discovery has found. What cannot be seen here is left
 *            out, which is no pass; null is what was looked for and is not there.
 * Errors     BATON_NOMEM.
 * Ownership  The caller frees *ret_text.
 * Source     domain 5; prereq_rows.h.
 */
#ifndef AGENT_WINDOWS_COLLECT_PREREQ_H
#define AGENT_WINDOWS_COLLECT_PREREQ_H

#include "baton/host.h"

/* found: what discovery said; version_text "" and SQL_UNKNOWN are left out. agents: of the engine; 0: not
 * known. */
enum baton_status collect_prereq(const struct host_product *found, size_t agents, char **ret_text,
                                 struct baton_err *err) BATON_MUST_USE;

#endif
