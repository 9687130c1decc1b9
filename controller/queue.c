#include "controller/engine_state.h"

#include <stdlib.h>
#include <time.h>

enum baton_status
queue_init(struct queue *q, struct baton_err *err)
{
    q->ring = calloc(ENGINE_QUEUE_MAX, sizeof *q->ring);
    if (q->ring == NULL)
        return baton_fail(err, BATON_NOMEM, "engine queue");
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&q->filled, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&q->lock, NULL);
    return BATON_OK;
}

void
queue_done(struct queue *q)
{
    if (q->ring == NULL)
        return;
    free(q->ring);
    q->ring = NULL;
    pthread_cond_destroy(&q->filled);
    pthread_mutex_destroy(&q->lock);
}

enum baton_status
queue_put(struct queue *q, const struct input *in)
{
    enum baton_status rc = BATON_OK;
    pthread_mutex_lock(&q->lock);
    size_t most = ENGINE_QUEUE_MAX - (in->kind == INPUT_CALL ? 0 : QUEUE_RESERVE);
    if (q->closed)
        rc = BATON_UNREACHABLE;
    else if (q->count >= most)
        rc = BATON_LIMIT;
    else {
        q->ring[(q->head + q->count) % ENGINE_QUEUE_MAX] = *in;
        if (q->count++ == 0)
            pthread_cond_signal(&q->filled);
    }
    pthread_mutex_unlock(&q->lock);
    return rc;
}

static struct timespec
moment_in(uint32_t wait_ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += wait_ms / 1000;
    at.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

size_t
queue_take(struct queue *q, struct input *out, size_t max, uint32_t wait_ms)
{
    struct timespec until = moment_in(wait_ms);
    pthread_mutex_lock(&q->lock);
    while (q->count == 0 && !q->closed && wait_ms > 0)
        if (pthread_cond_timedwait(&q->filled, &q->lock, &until) != 0)
            break;
    size_t n = q->count < max ? q->count : max;
    for (size_t i = 0; i < n; i++)
        out[i] = q->ring[(q->head + i) % ENGINE_QUEUE_MAX];
    q->head = (q->head + n) % ENGINE_QUEUE_MAX;
    q->count -= n;
    pthread_mutex_unlock(&q->lock);
    return n;
}

void
queue_close(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->filled);
    pthread_mutex_unlock(&q->lock);
}

void
queue_answer(struct queue *q, struct waiter *w)
{
    pthread_mutex_lock(&q->lock);
    w->done = true;
    pthread_cond_signal(&w->cond);
    pthread_mutex_unlock(&q->lock);
}
