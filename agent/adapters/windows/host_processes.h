/* host_processes.h: the processes of this server that matter to a handoff, and whose session they are in.
 *
 * Limits     HOST_PROCESSES_MAX; SHELL_REGIONS_MAX regions of a shell's memory are looked at.
 * Errors     BATON_LIMIT, BATON_IO.
 * Threads    Any, one for each set of names. A domain controller that does not answer holds it up.
 * Source     process_table.h.
 */
#ifndef AGENT_WINDOWS_HOST_PROCESSES_H
#define AGENT_WINDOWS_HOST_PROCESSES_H

#include "account_names.h"
#include "collect_run.h"
#include "host_product.h"

/* Into done->u.process and count. The collectors' own processes are not told. */
enum baton_status processes_look(const struct sync_services *services,
                                 const struct discovery *discovery,
                                 struct collector_host *collectors, struct account_names *names,
                                 struct host_completion *done,
                                 struct baton_err *err) BATON_MUST_USE;

#endif
