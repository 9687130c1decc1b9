/* A server as its agent asks it: the lab's world behind the reader of answers that the agent has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/adapters/lab_reply.h"
#include "agent/adapters/lab_wire.h"
#include "life.h"

enum { ANSWER_MOST_MS = 12, SMALL_ANSWER_MOST_MS = 300 };

/* --- jobs --------------------------------------------------------------------------------------- */

static bool
mutates(enum host_op op)
{
    return op == HOST_SERVICE_STOP || op == HOST_SERVICE_DISABLE || op == HOST_SERVICE_ENABLE ||
           op == HOST_TASK_DISABLE || op == HOST_TASK_ENABLE || op == HOST_FILE_WRITE ||
           op == HOST_FILE_COMMIT;
}

static void
job_done(struct node *n, struct job *j, enum baton_status status)
{
    j->done->status = status;
    j->state = JOB_DONE;
    j->order = ++n->sim->order;
    n->due_ms = n->sim->now_ms;
}

static void
job_free(struct job *j)
{
    if (j->done != NULL)
        free(j->done->text);
    free(j->done);
    free(j->bytes);
    *j = (struct job){0};
}

static struct job *
job_place(struct node *n, const struct host_request *r, enum baton_status *ret)
{
    struct job *place = NULL;
    *ret = BATON_OK;
    for (size_t i = 0; i < HOST_PENDING_MAX; i++) {
        struct job *j = &n->inside->job[i];
        if ((j->state == JOB_QUEUED || j->state == JOB_ASKED) && mutates(j->request.op) &&
            mutates(r->op))
            *ret = BATON_CONFLICT;
        if (j->state == JOB_FREE)
            place = j;
    }
    if (*ret == BATON_OK && place == NULL)
        *ret = BATON_LIMIT;
    return place;
}

static enum baton_status
host_submit(void *ctx, const struct host_request *request, uint32_t *ret_ticket,
            struct baton_err *err)
{
    struct node *n = ctx;
    enum baton_status rc;
    if (!node_port(n))
        return baton_fail(err, BATON_UNREACHABLE, "this agent is dead");
    struct job *j = job_place(n, request, &rc);
    if (rc != BATON_OK)
        return baton_fail(err, rc, "%s", baton_status_text(rc));
    *j = (struct job){.state = JOB_QUEUED, .request = *request, .ticket = ++n->inside->tickets};
    /* what changes while a round still asks is one more round, not several */
    j->at_ms = n->sim->now_ms +
               chance_below(&n->sim->wire, n->sim->small ? SMALL_ANSWER_MOST_MS : ANSWER_MOST_MS);
    j->until_ms = n->sim->now_ms + request->limit_ms;
    if (request->len > 0) {
        j->bytes = malloc(request->len);
        BATON_ASSERT(j->bytes != NULL);
        memcpy(j->bytes, request->bytes, request->len);
        j->request.bytes = j->bytes;
    }
    j->done = calloc(1, sizeof *j->done);
    BATON_ASSERT(j->done != NULL);
    j->done->op = request->op;
    j->done->place = request->place;
    j->done->collector = request->collector;
    j->done->ticket = *ret_ticket = j->ticket;
    if (mutates(request->op) && request->op != HOST_FILE_WRITE)
        sim_tell(n->sim, n->name, "asks its server: %s %s", host_op_name(request->op),
                 request->name);
    return BATON_OK;
}

static void
host_cancel(void *ctx, uint32_t ticket)
{
    struct node *n = ctx;
    for (size_t i = 0; i < HOST_PENDING_MAX; i++) {
        struct job *j = &n->inside->job[i];
        if (j->ticket == ticket && (j->state == JOB_QUEUED || j->state == JOB_ASKED))
            job_done(n, j, baton_fail(&j->done->err, BATON_TIMEOUT, "cancelled"));
    }
}

static bool
host_next(void *ctx, struct host_completion *ret)
{
    struct node *n = ctx;
    struct job *first = NULL;
    if (n->dying)
        return false;
    if (n->inside->notice_count > 0) {
        *ret = *n->inside->notice[0];
        free(n->inside->notice[0]);
        memmove((void *)&n->inside->notice[0], (void *)&n->inside->notice[1],
                --n->inside->notice_count * sizeof(n->inside->notice[0]));
        return true;
    }
    for (size_t i = 0; i < HOST_PENDING_MAX; i++) {
        struct job *j = &n->inside->job[i];
        if (j->state == JOB_DONE && (first == NULL || j->order < first->order))
            first = j;
    }
    if (first == NULL)
        return false;
    *ret = *first->done;
    first->done->text = NULL;
    job_free(first);
    return true;
}

static void
host_release(void *ctx, struct host_completion *c)
{
    (void)ctx;
    free(c->text);
    c->text = NULL;
    c->text_len = 0;
}

static bool
host_lab(void *ctx)
{
    (void)ctx;
    return true;
}

static int
host_fd(void *ctx)
{
    (void)ctx;
    return -1;
}

static void
host_shut(void *ctx)
{
    (void)ctx; /* life_host_close */
}

struct host_port
life_host(struct node *n)
{
    return (struct host_port){.ctx = n,
                              .fd = host_fd,
                              .submit = host_submit,
                              .cancel = host_cancel,
                              .next = host_next,
                              .release = host_release,
                              .lab = host_lab,
                              .close = host_shut};
}

void
life_host_close(struct node *n)
{
    for (size_t i = 0; i < HOST_PENDING_MAX; i++)
        if (n->inside->job[i].state != JOB_FREE)
            job_free(&n->inside->job[i]);
    for (size_t i = 0; i < n->inside->notice_count; i++)
        free(n->inside->notice[i]);
    n->inside->notice_count = 0;
}

/* --- the lab's side ----------------------------------------------------------------------------- */

static void
ask(struct node *n, struct job *j)
{
    if (j->request.op == HOST_SERVICE_STOP && sim_breaks(n->sim, "stop-lies")) {
        job_done(n, j, BATON_OK);
        return;
    }
    char *line = lab_request_line(j->ticket, &j->request);
    BATON_ASSERT(line != NULL);
    j->state = JOB_ASKED;
    truth_ask(n, line);
    free(line);
}

/* What the agent itself puts down has the real disk's time, which says nothing here: such a file is as old as it
 * was first seen to be. */
static void
date_file(struct node *n, struct job *j)
{
    struct host_file *f = &j->done->u.file;
    struct seen_file *seen = &n->inside->file[j->request.place];
    if (j->request.op == HOST_FILE_COMMIT)
        *seen = (struct seen_file){0};
    if (j->request.op != HOST_FILE_STAT && j->request.op != HOST_FILE_HASH)
        return;
    if (f->exists && (seen->bytes != f->bytes || seen->disk_ms != f->written_unix_ms))
        *seen = (struct seen_file){f->bytes, f->written_unix_ms, sim_unix_ms(n->sim) - 1};
    if (f->exists)
        f->written_unix_ms = seen->unix_ms;
}

/* The world of stop-lies: nothing is stopped, and everything looks as if it were. */
static void
lie(struct host_completion *done)
{
    if (done->op == HOST_PROCESSES)
        done->count = 0;
    for (size_t i = 0; done->op == HOST_SERVICES && i < done->count; i++) {
        struct host_service *s = &done->u.service[i];
        if (s->start == START_DISABLED)
            s->state = SVC_STOPPED;
    }
}

void
node_answer(struct node *n, uint32_t ticket, json_t *answer)
{
    for (size_t i = 0; i < HOST_PENDING_MAX; i++) {
        struct job *j = &n->inside->job[i];
        if (j->state != JOB_ASKED || j->ticket != ticket)
            continue;
        enum baton_status rc =
            lab_reply(truth_folder(n->realm, node_server(n)), &j->request, answer, j->done);
        if (rc == BATON_OK)
            date_file(n, j);
        if (rc == BATON_OK && n->side == OLD && sim_breaks(n->sim, "stop-lies"))
            lie(j->done);
        job_done(n, j, rc);
    }
    json_decref(answer);
}

void
node_event(struct node *n, json_t *event)
{
    struct host_completion *kept = calloc(1, sizeof *kept);
    BATON_ASSERT(kept != NULL);
    if (n->up && n->inside->notice_count < NOTICES_MAX && lab_event(event, kept)) {
        n->inside->notice[n->inside->notice_count++] = kept;
        n->due_ms = n->sim->now_ms;
    } else {
        free(kept);
    }
    json_decref(event);
}

bool
life_machine(struct node *n, struct machine *ret_machine)
{
    struct job *j = &n->inside->job[0];
    *j = (struct job){.state = JOB_QUEUED, .ticket = ++n->inside->tickets};
    j->request = (struct host_request){.op = HOST_MACHINE};
    j->done = calloc(1, sizeof *j->done);
    BATON_ASSERT(j->done != NULL);
    j->done->op = HOST_MACHINE;
    ask(n, j);
    bool known = j->state == JOB_DONE && j->done->status == BATON_OK;
    if (known)
        *ret_machine = j->done->u.machine;
    job_free(j);
    return known;
}

/* --- time --------------------------------------------------------------------------------------- */

uint64_t
node_host_due(const struct node *n)
{
    uint64_t due = UINT64_MAX;
    for (size_t i = 0; i < HOST_PENDING_MAX; i++) {
        const struct job *j = &n->inside->job[i];
        if (j->state == JOB_QUEUED && j->at_ms < due)
            due = j->at_ms;
        if ((j->state == JOB_QUEUED || j->state == JOB_ASKED) && j->until_ms < due)
            due = j->until_ms;
    }
    return due;
}

void
node_host_run(struct node *n)
{
    uint64_t now = n->sim->now_ms;
    for (size_t i = 0; i < HOST_PENDING_MAX; i++) {
        struct job *j = &n->inside->job[i];
        if (j->state == JOB_QUEUED && j->at_ms <= now)
            ask(n, j);
        if ((j->state == JOB_QUEUED || j->state == JOB_ASKED) && j->until_ms <= now)
            job_done(n, j, baton_fail(&j->done->err, BATON_TIMEOUT, "no answer in time"));
    }
}
