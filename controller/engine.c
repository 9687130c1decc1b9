#include "controller/engine_state.h"

#include "common/log.h"
#include "proto/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SWEEP_MS = 60000 };

static void
engine_moment(struct engine *e)
{
    e->now_ms = e->p.now_ms(e->p.ctx);
    e->unix_ms = e->p.unix_ms(e->p.ctx);
}

enum baton_status
engine_open(const struct engine_ports *ports, struct engine **ret_engine, struct baton_err *err)
{
    struct engine *e = calloc(1, sizeof *e);
    if (e == NULL)
        return baton_fail(err, BATON_NOMEM, "engine");
    e->p = *ports;
    if (e->p.batch_most == 0 || e->p.batch_most > ENGINE_BATCH_MAX)
        e->p.batch_most = ENGINE_BATCH_MAX;
    e->acts_end = &e->acts;
    board_init(&e->board);
    enum baton_status rc = queue_init(&e->queue, err);
    if (rc == BATON_OK) {
        engine_moment(e);
        e->p.random(e->p.ctx, e->incarnation.b, sizeof e->incarnation.b);
        rc = recovery_load(e, err);
    }
    if (rc != BATON_OK) {
        engine_close(&e);
        return rc;
    }
    *ret_engine = e;
    return BATON_OK;
}

static void
handle(struct engine *e, struct input *in)
{
    switch (in->kind) {
    case INPUT_CALL:
        call_handle(e, in->waiter->call);
        break;
    case INPUT_MESSAGE:
        e->word_signed = in->word_signed;
        session_message(e, in->message, &in->key);
        message_free(&in->message);
        break;
    case INPUT_PEER:
        session_peer(e, in);
        break;
    }
}

static void
tick(struct engine *e)
{
    if (e->now_ms - e->tick_ms < TICK_MS)
        return;
    e->tick_ms = e->now_ms;
    sessions_check(e);
    room_clock(e);
    if (e->now_ms - e->sweep_ms < SWEEP_MS)
        return;
    e->sweep_ms = e->now_ms;
    enrol_sweep(e);
    calls_sweep(e);
}

/* Everything of one batch, or nothing of it; only what is durable is answered and sent. */
static enum baton_status
engine_batch(struct engine *e, size_t count, struct baton_err *err)
{
    uint64_t size = e->journal.log_size;
    acts_settle(e);
    for (size_t i = 0; i < count; i++)
        handle(e, &e->batch[i]);
    tick(e);
    enum baton_status rc = journal_commit(e, err);
    if (rc != BATON_OK)
        return rc;
    if (count > 0)
        atomic_fetch_add(&e->batches, 1);
    atomic_fetch_add(&e->inputs, count);
    acts_run(e);
    if (e->now_ms == e->tick_ms)
        orders_resend(e);
    if (e->journal.log_size != size && e->p.committed != NULL)
        e->p.committed(e->p.ctx);
    if (e->p.tidy != NULL && e->journal.rc == BATON_OK) {
        rc = e->p.tidy(e->p.ctx, &e->journal.err);
        if (rc != BATON_OK)
            journal_failed(e, rc, "housekeeping");
    }
    if (e->journal.rc != BATON_OK && err != NULL)
        *err = e->journal.err;
    return e->journal.rc;
}

static void
answer(struct engine *e, size_t count, const struct baton_err *failure)
{
    for (size_t i = 0; i < count; i++) {
        struct input *in = &e->batch[i];
        if (in->kind == INPUT_CALL) {
            if (failure != NULL)
                call_fail(in->waiter->call, failure->status, "", "the controller stops: %s",
                          failure->text);
            queue_answer(&e->queue, in->waiter);
        }
        if (in->kind == INPUT_MESSAGE)
            message_free(&in->message);
    }
}

/* Storage can no longer be trusted: nothing of this batch happened, nothing more is taken. */
static enum baton_status
engine_fail(struct engine *e, size_t count, enum baton_status rc, struct baton_err *failure,
            struct baton_err *err)
{
    failure->status = rc;
    log_error("engine.storage", "why=\"%s\"", failure->text);
    journal_rollback(e);
    acts_drop(e);
    queue_close(&e->queue);
    answer(e, count, failure);
    while ((count = queue_take(&e->queue, e->batch, ENGINE_BATCH_MAX, 0)) > 0)
        answer(e, count, failure);
    if (err != NULL)
        *err = *failure;
    return rc;
}

enum baton_status
engine_start(struct engine *e, struct baton_err *err)
{
    struct baton_err failure = {0};
    engine_moment(e);
    e->tick_ms = e->sweep_ms = e->checkpoint_ms = e->now_ms;
    atomic_store(&e->started_unix_ms, e->unix_ms);
    enum baton_status rc = recovery_start(e, &failure);
    return rc == BATON_OK ? BATON_OK : engine_fail(e, 0, rc, &failure, err);
}

enum baton_status
engine_turn(struct engine *e, uint32_t wait_ms, bool *ret_over, struct baton_err *err)
{
    struct baton_err failure = {0};
    bool stops = atomic_load(&e->stop);
    if (stops)
        queue_close(&e->queue);
    size_t count = queue_take(&e->queue, e->batch, e->p.batch_most, wait_ms);
    enum baton_status rc;
    *ret_over = stops && count == 0;
    if (*ret_over) {
        acts_settle(e);
        e->journal.critical = true; /* a clean stop leaves a signed head */
        rc = journal_commit(e, &failure);
    } else {
        engine_moment(e);
        rc = engine_batch(e, count, &failure);
    }
    if (rc != BATON_OK)
        return engine_fail(e, count, rc, &failure, err);
    answer(e, count, NULL);
    return BATON_OK;
}

enum baton_status
engine_run(struct engine *e, struct baton_err *err)
{
    bool over = false;
    enum baton_status rc = engine_start(e, err);
    while (rc == BATON_OK && !over)
        rc = engine_turn(e, TICK_MS, &over, err);
    return rc;
}

void
engine_stop(struct engine *e)
{
    atomic_store(&e->stop, true);
}

void
engine_close(struct engine **engine)
{
    struct engine *e = *engine;
    if (e == NULL)
        return;
    *engine = NULL;
    struct baton_err gone = {.status = BATON_UNREACHABLE};
    size_t count;
    if (e->queue.ring != NULL) {
        queue_close(&e->queue);
        while ((count = queue_take(&e->queue, e->batch, ENGINE_BATCH_MAX, 0)) > 0)
            answer(e, count, &gone);
    }
    acts_drop(e);
    queue_done(&e->queue);
    board_done(&e->board);
    roster_free(e);
    free((void *)(uintptr_t)e->trust_bytes.bytes);
    free(e);
}

enum baton_status
engine_call(struct engine *e, struct engine_call *c)
{
    struct waiter w = {.call = c};
    struct input in = {.kind = INPUT_CALL, .waiter = &w};
    pthread_cond_init(&w.cond, NULL);
    enum baton_status rc = queue_put(&e->queue, &in);
    if (rc == BATON_OK) {
        pthread_mutex_lock(&e->queue.lock);
        while (!w.done)
            pthread_cond_wait(&w.cond, &e->queue.lock);
        pthread_mutex_unlock(&e->queue.lock);
    } else
        call_fail(c, rc, "try again shortly",
                  rc == BATON_LIMIT ? "too much waits to be done" : "the controller stops");
    pthread_cond_destroy(&w.cond);
    return c->problem.status;
}

enum baton_status
engine_feed(struct engine *e, struct message *m, const struct baton_key *curve_key)
{
    struct input in = {.kind = INPUT_MESSAGE,
                       .message = m,
                       .key = *curve_key,
                       .word_signed = statement_signed(e, m)};
    enum baton_status rc = queue_put(&e->queue, &in);
    if (rc != BATON_OK)
        message_free(&m); /* the agent says it again: nothing was acknowledged */
    return rc;
}

void
engine_peer(struct engine *e, enum engine_peer_event ev, const struct baton_key *sign_key,
            const char *text)
{
    struct input in = {.kind = INPUT_PEER, .peer = ev};
    if (sign_key != NULL)
        in.key = *sign_key;
    snprintf(in.text, sizeof in.text, "%s", text != NULL ? text : "");
    if (queue_put(&e->queue, &in) != BATON_OK)
        atomic_fetch_add(&e->refused, 1);
}

void
engine_counters(struct engine *e, struct engine_counters *ret_counters)
{
    *ret_counters = (struct engine_counters){
        .batches = atomic_load(&e->batches),
        .inputs = atomic_load(&e->inputs),
        .records = atomic_load(&e->records),
        .orders = atomic_load(&e->orders),
        .refused = atomic_load(&e->refused),
        .sent = atomic_load(&e->sent),
    };
}
