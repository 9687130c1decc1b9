/* host_tasks.h: the scheduled tasks of sync products, through the Task Scheduler.
 *
 * Errors     BATON_NOT_FOUND: no such task. BATON_DENIED, BATON_IO: the Task Scheduler's code.
 * Threads    Any that is in an apartment.
 * Source     domain 2.1 (Azure AD Sync's scheduler is such a task).
 */
#ifndef AGENT_WINDOWS_HOST_TASKS_H
#define AGENT_WINDOWS_HOST_TASKS_H

#include "baton/host.h"

/* Into done->u.task and count. */
enum baton_status tasks_look(struct host_completion *done, struct baton_err *err) BATON_MUST_USE;
enum baton_status tasks_set(const char *name, bool enabled, struct baton_err *err) BATON_MUST_USE;

#endif
