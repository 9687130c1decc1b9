/* host_queue.h: what every adapter of the host port has between its loop and its workers: requests with
 * tickets and time limits, completions, notifications.
 *
 * Shape      The loop's side is the port itself (host_queue_port fills all of it but lab and close).
 *            A worker takes the oldest request of its kinds, begins it with a completion of its own,
 *            works without the lock, and ends it; the result counts unless somebody cancelled the
 *            request or its time was over in the meantime.
 * Limits     As host.h. HOST_NOTICES_MAX notifications wait; one more counts as a broken watch.
 * Errors     BATON_IO, BATON_NOMEM. submit: BATON_LIMIT, BATON_CONFLICT, BATON_NOMEM.
 * Ownership  What has begun is the worker's until it is ended.
 * Threads    The port's calls: the loop's. The others: any.
 * Source     design 5.
 */
#ifndef AGENT_HOST_QUEUE_H
#define AGENT_HOST_QUEUE_H

#include <pthread.h>

#include "baton/host.h"
#include "wake.h"

enum { HOST_NOTICES_MAX = 32, HOST_WAIT_MS = 60000 };

/* Bit 1 << op for every op that a worker takes. */
enum { HOST_ANY_OP = (1 << HOST_OP_COUNT) - 1 };

struct host_job {
    enum { JOB_FREE, JOB_QUEUED, JOB_TAKEN, JOB_DONE } state;
    uint32_t ticket;
    struct host_request request;
    uint8_t *bytes; /* our copy of request.bytes */
    uint64_t deadline_ms;
    uint64_t order; /* in which it was finished */
    struct host_completion *done;
};

struct host_notices { /* a ring, oldest first */
    struct host_completion *item[HOST_NOTICES_MAX];
    size_t first, count;
    bool broken; /* the watch broke, or one more did not fit */
};

struct host_queue {
    struct wake ready; /* wakes the loop */
    /* Wakes the workers: a request of these ops came, or, for HOST_ANY_OP, one was cancelled or the end has come. */
    void (*poke)(void *ctx, uint32_t ops);
    void *ctx;            /* the adapter, also of the port */
    pthread_mutex_t lock; /* everything below */
    struct host_job job[HOST_PENDING_MAX];
    struct host_notices notices;
    uint32_t last_ticket;
    uint64_t finished;
    bool stop;
};

/* The adapter begins with its queue, so that the port's ctx is either. */
enum baton_status host_queue_open(struct host_queue *q, void (*poke)(void *ctx, uint32_t ops),
                                  void *ctx, struct baton_err *err) BATON_MUST_USE;
void host_queue_done(struct host_queue *q); /* once no worker is left */
struct host_port host_queue_port(struct host_queue *q);

/* --- of the workers --- */

/* What they wait with. */
uint64_t host_queue_now_ms(void);

/* Ends what is late. True: workers shall end. */
bool host_queue_stops(struct host_queue *q);
void host_queue_stop(struct host_queue *q);
/* Until the next request is late, at most most_ms. */
uint32_t host_queue_wait_ms(struct host_queue *q, uint32_t most_ms);

/* The oldest queued request of these ops becomes taken; false: there is none. */
bool host_queue_take(struct host_queue *q, uint32_t ops, uint32_t *ret_ticket,
                     struct host_request *ret_request);

struct host_work {
    uint32_t ticket;
    uint32_t left_ms;            /* of its time, when it began */
    struct host_request request; /* bytes are here again */
    struct host_completion *done;
    uint8_t *bytes;
};
/* False: it is no longer asked for. */
bool host_queue_begin(struct host_queue *q, uint32_t ticket, struct host_work *ret_work);
/* Still asked for: work that lasts asks now and then. */
bool host_queue_wanted(struct host_queue *q, const struct host_work *work);
/* done->status is set. */
void host_queue_end(struct host_queue *q, struct host_work *work);

/* All that are queued (or taken) end so. */
void host_queue_fail(struct host_queue *q, bool taken, enum baton_status status, const char *why);
void host_queue_fail_one(struct host_queue *q, uint32_t ticket, enum baton_status status,
                         const char *why);

void host_queue_notify(struct host_queue *q, const struct host_completion *notice);
void host_queue_broke(struct host_queue *q); /* NOTICE_WATCH_BROKEN */

#endif
