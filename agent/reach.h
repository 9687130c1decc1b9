/* reach.h: bringing this server's services to what the member wants, one host request after another.
 *
 * Shape      reach_step looks at the newest observation and answers the next request, or that it
 *            waits (for a run to end), or that the wish is met. It is asked again after every
 *            observation, so that each step may be repeated, lost, or undone by somebody.
 *            Disable comes before stop: nothing may start again what has just stopped; and tasks
 *            before services, unless the Task Scheduler failed: then services do not wait for it.
 * Rules      No request of the host port runs an Export, and none is made of a name from the wire.
 * Limits     Retries with REACH_RETRY_MS between them, for as long as it takes.
 * Threads    The loop's. Pure: no I/O, no clock.
 * Source     protocol 2 (order inside the agent), 4; handoff 2.10 (drain).
 */
#ifndef AGENT_REACH_H
#define AGENT_REACH_H

#include "agent/collectors/collect.h"
#include "agent/core/guard.h"

enum { REACH_RETRY_MS = 1000 };

enum reach_answer {
    REACH_IDLE,   /* nothing is wanted */
    REACH_MET,    /* the newest observation shows what is wanted */
    REACH_DRAINS, /* a run may still be going on */
    REACH_BLIND,  /* no observation is new enough to act on */
    REACH_ACTS,   /* submit the request */
};

struct reach {
    enum desire desire;
    uint64_t since_ms; /* when this desire began */
    uint64_t acted_ms; /* end of the newest request: only later observations count */
    uint64_t not_before_ms;
    bool met, draining;
    bool on_task, task_failed; /* the newest request was of a task; the newest such failed */
};

/* what is known now */
struct reach_view {
    const struct collect *collect;
    uint64_t now_ms, drain_ms, limit_ms;
};

enum reach_answer reach_step(struct reach *r, enum desire desire, const struct reach_view *v,
                             struct host_request *ret_request);
/* A sync service runs, or could start. */
bool reach_unfenced(const struct collect *c);
/* The request of the last REACH_ACTS has ended. */
void reach_ended(struct reach *r, bool good, uint64_t now_ms);
/* "stop FIMSynchronizationService": for journal and log. */
void reach_text(const struct host_request *request, char *out, size_t cap);

#endif
