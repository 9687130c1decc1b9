#include "host_queue.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const bool mutates[HOST_OP_COUNT] = {
    [HOST_SERVICE_STOP] = true, [HOST_SERVICE_DISABLE] = true, [HOST_SERVICE_ENABLE] = true,
    [HOST_TASK_DISABLE] = true, [HOST_TASK_ENABLE] = true,     [HOST_FILE_WRITE] = true,
    [HOST_FILE_COMMIT] = true,
};

uint64_t
host_queue_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- completions and notifications; the lock is held --- */

static void
finish(struct host_queue *q, struct host_job *j)
{
    j->state = JOB_DONE;
    j->order = ++q->finished;
    free(j->bytes);
    j->bytes = NULL;
    wake_ring(&q->ready);
}

static void
finish_with(struct host_queue *q, struct host_job *j, enum baton_status status, const char *why)
{
    j->done->status = baton_fail(&j->done->err, status, "%s: %s", host_op_name(j->request.op), why);
    finish(q, j);
}

static bool
is_open(const struct host_job *j)
{
    return j->state == JOB_QUEUED || j->state == JOB_TAKEN;
}

static void
end_late(struct host_queue *q, uint64_t now_ms)
{
    for (size_t i = 0; i < HOST_PENDING_MAX; i++)
        if (is_open(&q->job[i]) && q->job[i].deadline_ms <= now_ms)
            finish_with(q, &q->job[i], BATON_TIMEOUT, "no answer in time");
}

static struct host_job *
find_taken(struct host_queue *q, uint32_t ticket)
{
    for (size_t i = 0; i < HOST_PENDING_MAX; i++)
        if (q->job[i].state == JOB_TAKEN && q->job[i].ticket == ticket)
            return &q->job[i];
    return NULL;
}

static void
watch_broke(struct host_queue *q)
{
    q->notices.broken = true;
    wake_ring(&q->ready);
}

/* --- the workers' side --- */

bool
host_queue_stops(struct host_queue *q)
{
    pthread_mutex_lock(&q->lock);
    bool stop = q->stop;
    end_late(q, host_queue_now_ms());
    pthread_mutex_unlock(&q->lock);
    return stop;
}

void
host_queue_stop(struct host_queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->stop = true;
    pthread_mutex_unlock(&q->lock);
    q->poke(q->ctx, HOST_ANY_OP);
}

uint32_t
host_queue_wait_ms(struct host_queue *q, uint32_t most_ms)
{
    uint64_t now = host_queue_now_ms(), until = now + most_ms;
    pthread_mutex_lock(&q->lock);
    for (size_t i = 0; i < HOST_PENDING_MAX; i++)
        if (is_open(&q->job[i]) && q->job[i].deadline_ms < until)
            until = q->job[i].deadline_ms;
    pthread_mutex_unlock(&q->lock);
    return until <= now ? 0 : (uint32_t)(until - now);
}

bool
host_queue_take(struct host_queue *q, uint32_t ops, uint32_t *ret_ticket,
                struct host_request *ret_request)
{
    struct host_job *oldest = NULL;
    pthread_mutex_lock(&q->lock);
    for (size_t i = 0; i < HOST_PENDING_MAX; i++) {
        struct host_job *j = &q->job[i];
        bool mine = j->state == JOB_QUEUED && (ops >> j->request.op & 1U) != 0;
        if (mine && (oldest == NULL || j->ticket < oldest->ticket))
            oldest = j;
    }
    if (oldest != NULL) {
        oldest->state = JOB_TAKEN;
        *ret_ticket = oldest->ticket;
        *ret_request = oldest->request;
    }
    pthread_mutex_unlock(&q->lock);
    return oldest != NULL;
}

bool
host_queue_begin(struct host_queue *q, uint32_t ticket, struct host_work *ret_work)
{
    struct host_completion *done = calloc(1, sizeof *done);
    pthread_mutex_lock(&q->lock);
    struct host_job *j = find_taken(q, ticket);
    bool begins = j != NULL && done != NULL;
    if (begins) {
        uint64_t now = host_queue_now_ms();
        *done = *j->done;
        *ret_work = (struct host_work){
            .ticket = ticket, .request = j->request, .done = done, .bytes = j->bytes};
        ret_work->request.bytes = j->bytes;
        ret_work->left_ms = j->deadline_ms <= now ? 0 : (uint32_t)(j->deadline_ms - now);
        j->bytes = NULL; /* taken over */
    } else if (j != NULL) {
        finish_with(q, j, BATON_NOMEM, "no memory for the answer");
    }
    pthread_mutex_unlock(&q->lock);
    if (!begins)
        free(done);
    return begins;
}

bool
host_queue_wanted(struct host_queue *q, const struct host_work *work)
{
    pthread_mutex_lock(&q->lock);
    end_late(q, host_queue_now_ms());
    bool wanted = !q->stop && find_taken(q, work->ticket) != NULL;
    pthread_mutex_unlock(&q->lock);
    return wanted;
}

void
host_queue_end(struct host_queue *q, struct host_work *work)
{
    free(work->bytes);
    work->bytes = NULL;
    pthread_mutex_lock(&q->lock);
    struct host_job *j = find_taken(q, work->ticket);
    if (j != NULL) {
        free(j->done);
        j->done = work->done;
        work->done = NULL;
        finish(q, j);
    }
    pthread_mutex_unlock(&q->lock);
    if (work->done != NULL) {
        free(work->done->text);
        free(work->done);
        work->done = NULL;
    }
}

void
host_queue_fail(struct host_queue *q, bool taken, enum baton_status status, const char *why)
{
    pthread_mutex_lock(&q->lock);
    for (size_t i = 0; i < HOST_PENDING_MAX; i++)
        if (q->job[i].state == (taken ? JOB_TAKEN : JOB_QUEUED))
            finish_with(q, &q->job[i], status, why);
    pthread_mutex_unlock(&q->lock);
}

void
host_queue_fail_one(struct host_queue *q, uint32_t ticket, enum baton_status status,
                    const char *why)
{
    pthread_mutex_lock(&q->lock);
    struct host_job *j = find_taken(q, ticket);
    if (j != NULL)
        finish_with(q, j, status, why);
    pthread_mutex_unlock(&q->lock);
}

void
host_queue_notify(struct host_queue *q, const struct host_completion *notice)
{
    struct host_notices *n = &q->notices;
    pthread_mutex_lock(&q->lock);
    struct host_completion *copy = n->count < HOST_NOTICES_MAX ? malloc(sizeof *copy) : NULL;
    if (copy == NULL) {
        watch_broke(q);
    } else {
        *copy = *notice;
        n->item[(n->first + n->count++) % HOST_NOTICES_MAX] = copy;
        wake_ring(&q->ready);
    }
    pthread_mutex_unlock(&q->lock);
}

void
host_queue_broke(struct host_queue *q)
{
    pthread_mutex_lock(&q->lock);
    watch_broke(q);
    pthread_mutex_unlock(&q->lock);
}

/* --- the port --- */

static int
queue_fd(void *ctx)
{
    struct host_queue *q = ctx;
    return q->ready.fd;
}

static struct host_job *
free_job(struct host_queue *q, enum host_op op, struct baton_err *err,
         enum baton_status *ret_status)
{
    struct host_job *unused = NULL;
    *ret_status = BATON_OK;
    for (size_t i = 0; i < HOST_PENDING_MAX; i++) {
        struct host_job *j = &q->job[i];
        if (is_open(j) && mutates[j->request.op] && mutates[op]) {
            *ret_status =
                baton_fail(err, BATON_CONFLICT, "%s is still at work", host_op_name(j->request.op));
            return NULL;
        }
        if (j->state == JOB_FREE)
            unused = j;
    }
    if (unused == NULL)
        *ret_status = baton_fail(err, BATON_LIMIT, "more than %d requests wait", HOST_PENDING_MAX);
    return unused;
}

static enum baton_status
fill_job(struct host_job *j, const struct host_request *request, struct baton_err *err)
{
    *j = (struct host_job){.request = *request};
    j->done = calloc(1, sizeof *j->done);
    j->bytes = request->len == 0 ? NULL : malloc(request->len);
    if (j->done == NULL || (request->len != 0 && j->bytes == NULL)) {
        free(j->done);
        free(j->bytes);
        *j = (struct host_job){0};
        return baton_fail(err, BATON_NOMEM, "%s", host_op_name(request->op));
    }
    if (request->len != 0)
        memcpy(j->bytes, request->bytes, request->len);
    j->request.bytes = NULL;
    j->done->op = request->op;
    j->done->place = request->place;
    j->done->collector = request->collector;
    j->deadline_ms = host_queue_now_ms() + request->limit_ms;
    return BATON_OK;
}

static enum baton_status
queue_submit(void *ctx, const struct host_request *request, uint32_t *ret_ticket,
             struct baton_err *err)
{
    struct host_queue *q = ctx;
    if (request->op <= HOST_NONE || request->op >= HOST_OP_COUNT || request->len > HOST_READ_MAX)
        return baton_fail(err, BATON_LIMIT, "no such request");
    enum baton_status rc;
    pthread_mutex_lock(&q->lock);
    struct host_job *j = free_job(q, request->op, err, &rc);
    if (j != NULL)
        rc = fill_job(j, request, err);
    if (j != NULL && rc == BATON_OK) {
        if (++q->last_ticket == 0)
            q->last_ticket = 1; /* 0 is a notification */
        j->ticket = j->done->ticket = q->last_ticket;
        j->state = JOB_QUEUED;
        *ret_ticket = j->ticket;
    }
    pthread_mutex_unlock(&q->lock);
    q->poke(q->ctx, 1U << request->op);
    return rc;
}

static void
queue_cancel(void *ctx, uint32_t ticket)
{
    struct host_queue *q = ctx;
    pthread_mutex_lock(&q->lock);
    for (size_t i = 0; i < HOST_PENDING_MAX; i++)
        if (is_open(&q->job[i]) && q->job[i].ticket == ticket)
            finish_with(q, &q->job[i], BATON_TIMEOUT, "cancelled");
    pthread_mutex_unlock(&q->lock);
    q->poke(q->ctx, HOST_ANY_OP);
}

static bool
pop_notice(struct host_notices *n, struct host_completion *ret)
{
    if (n->broken) { /* first: whatever else waits is incomplete */
        n->broken = false;
        *ret = (struct host_completion){.notice = NOTICE_WATCH_BROKEN};
        (void)baton_fail(&ret->err, BATON_OK, "notifications were interrupted");
        return true;
    }
    if (n->count == 0)
        return false;
    *ret = *n->item[n->first];
    free(n->item[n->first]);
    n->first = (n->first + 1) % HOST_NOTICES_MAX;
    n->count--;
    return true;
}

static bool
pop_done(struct host_queue *q, struct host_completion *ret)
{
    struct host_job *first = NULL;
    for (size_t i = 0; i < HOST_PENDING_MAX; i++) {
        struct host_job *j = &q->job[i];
        if (j->state == JOB_DONE && (first == NULL || j->order < first->order))
            first = j;
    }
    if (first == NULL)
        return false;
    *ret = *first->done;
    free(first->done);
    *first = (struct host_job){0};
    return true;
}

static bool
queue_next(void *ctx, struct host_completion *ret_completion)
{
    struct host_queue *q = ctx;
    pthread_mutex_lock(&q->lock);
    bool some = pop_notice(&q->notices, ret_completion) || pop_done(q, ret_completion);
    if (!some)
        wake_clear(&q->ready);
    pthread_mutex_unlock(&q->lock);
    return some;
}

static void
queue_release(void *ctx, struct host_completion *completion)
{
    (void)ctx;
    free(completion->text);
    completion->text = NULL;
    completion->text_len = 0;
}

struct host_port
host_queue_port(struct host_queue *q)
{
    return (struct host_port){.ctx = q,
                              .fd = queue_fd,
                              .submit = queue_submit,
                              .cancel = queue_cancel,
                              .next = queue_next,
                              .release = queue_release};
}

enum baton_status
host_queue_open(struct host_queue *q, void (*poke)(void *ctx, uint32_t ops), void *ctx,
                struct baton_err *err)
{
    *q = (struct host_queue){.poke = poke, .ctx = ctx};
    pthread_mutex_init(&q->lock, NULL);
    return wake_open(&q->ready, err);
}

void
host_queue_done(struct host_queue *q)
{
    struct host_completion c;
    while (pop_notice(&q->notices, &c))
        continue;
    for (size_t i = 0; i < HOST_PENDING_MAX; i++) {
        struct host_job *j = &q->job[i];
        if (j->done != NULL)
            free(j->done->text);
        free(j->done);
        free(j->bytes);
    }
    wake_close(&q->ready);
    pthread_mutex_destroy(&q->lock);
}
