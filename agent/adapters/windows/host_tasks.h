/* host_tasks.h: the scheduled tasks of sync products, through the Task Scheduler.
 *
 * Errors     BATON_NOT_FOUND: no such task. BATON_DENIED, BATON_IO: the Task Scheduler's code.
 * Threads    One that is in an apartment. A scheduler that does not answer holds it up for as long.
 * Source     domain 2.1 (Azure AD Sync's scheduler is such a task).
 */
#ifndef AGENT_WINDOWS_HOST_TASKS_H
#define AGENT_WINDOWS_HOST_TASKS_H

#include "baton/host.h"

struct tasks {                /* of one thread; begins as {0} */
    struct ITaskFolder *root; /* kept between looks; an error gives it back */
};

/* Into done->u.task and count. */
enum baton_status tasks_look(struct tasks *t, struct host_completion *done,
                             struct baton_err *err) BATON_MUST_USE;
enum baton_status tasks_set(struct tasks *t, const char *name, bool enabled,
                            struct baton_err *err) BATON_MUST_USE;
void tasks_close(struct tasks *t);

#endif
