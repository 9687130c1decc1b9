#include "host_windows.h"

#include <winsock2.h>

#include <windows.h>

#include <objbase.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect_run.h"
#include "common/log.h"
#include "events_read.h"
#include "host_machine.h"
#include "host_places.h"
#include "host_processes.h"
#include "host_tasks.h"
#include "host_watch.h"
#include "win_text.h"

enum lane { LANE_LOOK, LANE_CHANGE, LANE_READ, LANE_COUNT };
enum { LANE_STACK_BYTES = 512 * 1024, IDLE_MS = 10000 };

#define OP(op) (1U << (op))

static const uint32_t lane_ops[LANE_COUNT] = {
    [LANE_LOOK] = OP(HOST_SERVICES) | OP(HOST_TASKS) | OP(HOST_PROCESSES) | OP(HOST_PRODUCT) |
                  OP(HOST_EVENTS) | OP(HOST_MACHINE),
    [LANE_CHANGE] = OP(HOST_SERVICE_STOP) | OP(HOST_SERVICE_DISABLE) | OP(HOST_SERVICE_ENABLE) |
                    OP(HOST_TASK_DISABLE) | OP(HOST_TASK_ENABLE),
    [LANE_READ] = OP(HOST_COLLECT) | OP(HOST_FILE_STAT) | OP(HOST_FILE_HASH) | OP(HOST_FILE_READ) |
                  OP(HOST_FILE_WRITE) | OP(HOST_FILE_COMMIT),
};

struct lane_thread {
    struct host_windows *host;
    enum lane lane;
    HANDLE thread, poked; /* poked: something may have come */
};

struct host_windows {
    struct host_queue queue; /* first: the port's ctx */
    struct lane_thread lane[LANE_COUNT];

    struct places places;
    struct collector_host *collectors;

    pthread_mutex_t ask_lock; /* what LANE_READ asks collectors now, and the product it asks */
    const struct host_work *asked;
    bool product_known;
    enum product product;
    char engine_folder[SERVICE_PATH_BYTES];

    /* of LANE_LOOK */
    SC_HANDLE manager;
    struct host_watch watch;
    struct stops stops;
    struct events *events; /* NULL: this system keeps no logs that could be read */
};

/* A question that nobody waits for any more ends early. */
static void
end_unwanted(struct host_windows *h)
{
    pthread_mutex_lock(&h->ask_lock);
    if (h->asked != NULL && !host_queue_wanted(&h->queue, h->asked))
        collector_cancel(h->collectors);
    pthread_mutex_unlock(&h->ask_lock);
}

static void
poke(void *ctx)
{
    struct host_windows *h = ctx;
    end_unwanted(h);
    for (size_t i = 0; i < LANE_COUNT; i++)
        if (h->lane[i].poked != NULL)
            SetEvent(h->lane[i].poked);
}

/* --- looking --- */

/* What is watched is what was found last. */
static enum baton_status
scan(struct host_windows *h, struct sync_services *ret_services, struct baton_err *err)
{
    enum baton_status rc = services_scan(h->manager, ret_services, err);
    if (rc != BATON_OK)
        return rc;
    watch_follow(&h->watch, ret_services);
    for (size_t i = 0; h->events != NULL && i < ret_services->count; i++)
        events_follow(h->events, ret_services->item[i].record.name,
                      ret_services->item[i].record.display);
    return BATON_OK;
}

/* When it stopped, and who changed it last, as far as anybody knows. */
static void
look_back(struct host_windows *h, struct sync_service *s)
{
    struct events_change change = {0};
    if (h->events != NULL)
        events_change(h->events, s->record.name, &change);
    memcpy(s->record.changed_by, change.by, sizeof s->record.changed_by);
    stops_see(&h->stops, s->name, s->record.state, win_now_unix_ms());
    if (s->record.state != SVC_STOPPED)
        return;
    s->record.changed_unix_ms = stops_since(&h->stops, s->name);
    if (s->record.changed_unix_ms != 0 || change.stopped_unix_ms == 0)
        return;
    stops_learn(&h->stops, s->name, change.stopped_unix_ms);
    s->record.changed_unix_ms = stops_since(&h->stops, s->name);
}

/* Whatever moves before anybody asks is told too. */
static void
watch_from_now(struct host_windows *h)
{
    struct sync_services services;
    struct baton_err err;
    if (scan(h, &services, &err) == BATON_OK)
        return;
    log_warn("host.watch", "%s", err.text);
    watch_turn(&h->watch); /* which tells it */
}

/* As far as this answer goes: a round whose watch is broken proves nothing. */
static void
say_watch(struct host_windows *h, struct host_completion *done)
{
    const char *why = watch_answer(&h->watch);
    done->unwatched = why != NULL;
    if (why != NULL)
        (void)baton_fail(&done->err, BATON_OK, "%s", why);
}

static enum baton_status
look_services(struct host_windows *h, struct host_completion *done, struct baton_err *err)
{
    struct sync_services services;
    enum baton_status rc = scan(h, &services, err);
    if (rc != BATON_OK)
        return rc;
    say_watch(h, done);
    done->count = services.count;
    for (size_t i = 0; i < services.count; i++) {
        look_back(h, &services.item[i]);
        done->u.service[i] = services.item[i].record;
    }
    return BATON_OK;
}

static enum baton_status
look_tasks(struct host_windows *h, struct host_completion *done, struct baton_err *err)
{
    (void)h;
    return tasks_look(done, err);
}

/* The product cannot be told, but its processes can: where it lies is of use alone. */
static enum baton_status
look_processes(struct host_windows *h, struct host_completion *done, struct baton_err *err)
{
    struct sync_services services;
    struct host_product product;
    struct discovery discovery;
    enum baton_status rc = scan(h, &services, err);
    if (rc != BATON_OK)
        return rc;
    rc = product_look(&services, &product, &discovery, err);
    if (rc != BATON_OK && rc != BATON_MALFORMED)
        return rc;
    return processes_look(&services, &discovery, h->collectors, done, err);
}

static void
keep_product(struct host_windows *h, const struct discovery *found)
{
    pthread_mutex_lock(&h->ask_lock);
    h->product_known = true;
    h->product = found->product;
    memcpy(h->engine_folder, found->engine_folder, sizeof h->engine_folder);
    pthread_mutex_unlock(&h->ask_lock);
}

static enum baton_status
look_product(struct host_windows *h, struct host_completion *done, struct baton_err *err)
{
    struct sync_services services;
    struct discovery discovery;
    enum baton_status rc = scan(h, &services, err);
    if (rc == BATON_OK)
        rc = product_look(&services, &done->u.product, &discovery, err);
    if (rc != BATON_OK)
        return rc;
    keep_product(h, &discovery);
    return BATON_OK;
}

static enum baton_status
look_machine(struct host_windows *h, struct host_completion *done, struct baton_err *err)
{
    (void)h;
    return machine_look(&done->u.machine, err);
}

static enum baton_status
look_events(struct host_windows *h, struct host_completion *done, struct baton_err *err)
{
    if (h->events == NULL)
        return baton_fail(err, BATON_NOT_FOUND, "this system keeps no event logs that can be read");
    return events_read(h->events, &done->text, &done->text_len, err);
}

typedef enum baton_status look_fn(struct host_windows *h, struct host_completion *done,
                                  struct baton_err *err);

static look_fn *const looks[HOST_OP_COUNT] = {
    [HOST_SERVICES] = look_services,   [HOST_TASKS] = look_tasks,
    [HOST_PROCESSES] = look_processes, [HOST_EVENTS] = look_events,
    [HOST_PRODUCT] = look_product,     [HOST_MACHINE] = look_machine,
};

/* --- changing --- */

static enum baton_status
change(struct host_windows *h, const struct host_work *work, struct baton_err *err)
{
    SC_HANDLE manager;
    const struct host_request *r = &work->request;
    if (r->op == HOST_TASK_DISABLE || r->op == HOST_TASK_ENABLE)
        return tasks_set(r->name, r->op == HOST_TASK_ENABLE, err);
    enum baton_status rc = services_manager(&manager, err);
    if (rc != BATON_OK)
        return rc;
    rc = services_change(manager, &h->queue, work, err);
    CloseServiceHandle(manager);
    return rc;
}

/* --- collectors and files --- */

/* A round asks for the product before its collectors; who asks a single question does not. */
static enum baton_status
find_product(struct host_windows *h, struct baton_err *err)
{
    SC_HANDLE manager;
    struct sync_services services;
    struct host_product product;
    struct discovery discovery;
    pthread_mutex_lock(&h->ask_lock);
    bool known = h->product_known;
    pthread_mutex_unlock(&h->ask_lock);
    if (known)
        return BATON_OK;
    enum baton_status rc = services_manager(&manager, err);
    if (rc != BATON_OK)
        return rc;
    rc = services_scan(manager, &services, err);
    CloseServiceHandle(manager);
    if (rc == BATON_OK)
        rc = product_look(&services, &product, &discovery, err);
    if (rc == BATON_OK)
        keep_product(h, &discovery);
    return rc;
}

static enum product
begin_asking(struct host_windows *h, const struct host_work *work)
{
    char folder[SERVICE_PATH_BYTES];
    pthread_mutex_lock(&h->ask_lock);
    h->asked = work;
    enum product product = h->product;
    memcpy(folder, h->engine_folder, sizeof folder);
    pthread_mutex_unlock(&h->ask_lock);
    collector_host_engine(h->collectors, folder);
    return product;
}

static enum baton_status
collect(struct host_windows *h, const struct host_work *work, struct baton_err *err)
{
    struct host_completion *done = work->done;
    enum baton_status rc = find_product(h, err);
    if (rc != BATON_OK)
        return rc;
    enum product product = begin_asking(h, work);
    rc = collector_run(h->collectors, (enum host_collector)work->request.collector, product,
                       work->left_ms, &done->text, &done->text_len, err);
    pthread_mutex_lock(&h->ask_lock);
    h->asked = NULL;
    pthread_mutex_unlock(&h->ask_lock);
    return rc;
}

static enum baton_status
read_or_put(struct host_windows *h, const struct host_work *work, struct baton_err *err)
{
    if (host_is_file_op(work->request.op))
        return places_run(&h->places, h->collectors, &work->request, work->done, err);
    return collect(h, work, err);
}

/* --- workers --- */

static enum baton_status
carry_out(struct host_windows *h, enum lane lane, struct host_work *work)
{
    enum host_op op = work->request.op;
    struct baton_err *err = &work->done->err;
    if (lane == LANE_LOOK)
        return looks[op](h, work->done, err);
    if (lane == LANE_CHANGE)
        return change(h, work, err);
    return read_or_put(h, work, err);
}

static void
work_off(struct lane_thread *l)
{
    struct host_windows *h = l->host;
    uint32_t ticket;
    struct host_request request;
    struct host_work work;
    while (!host_queue_stops(&h->queue) &&
           host_queue_take(&h->queue, lane_ops[l->lane], &ticket, &request)) {
        if (!host_queue_begin(&h->queue, ticket, &work))
            continue;
        work.done->status = carry_out(h, l->lane, &work);
        host_queue_end(&h->queue, &work);
        if (l->lane == LANE_LOOK)
            watch_turn(&h->watch);
    }
}

static void
wait_for_more(struct lane_thread *l)
{
    struct host_windows *h = l->host;
    HANDLE handles[1 + WATCH_HANDLES_MAX] = {l->poked};
    bool looks_on = l->lane == LANE_LOOK;
    size_t count = 1 + (looks_on ? watch_handles(&h->watch, handles + 1) : 0);
    uint32_t most_ms = looks_on ? watch_wait_ms(&h->watch) : IDLE_MS;
    DWORD woken = WaitForMultipleObjectsEx((DWORD)count, handles, FALSE,
                                           host_queue_wait_ms(&h->queue, most_ms), TRUE);
    /* an event that says "once" has just said so to the wait */
    if (looks_on && woken > WAIT_OBJECT_0 && woken < WAIT_OBJECT_0 + count)
        SetEvent(handles[woken - WAIT_OBJECT_0]);
    if (looks_on)
        watch_turn(&h->watch);
    if (l->lane == LANE_READ)
        collector_host_idle(h->collectors);
}

static DWORD WINAPI
lane_main(void *arg)
{
    struct lane_thread *l = arg;
    bool apartment = l->lane != LANE_READ && SUCCEEDED(CoInitializeEx(NULL, COINIT_MULTITHREADED));
    if (l->lane == LANE_LOOK)
        watch_from_now(l->host);
    while (!host_queue_stops(&l->host->queue)) {
        work_off(l);
        wait_for_more(l);
    }
    if (l->lane == LANE_LOOK)
        watch_done(&l->host->watch);
    if (apartment)
        CoUninitialize();
    return 0;
}

/* --- the port --- */

static bool
windows_lab(void *ctx)
{
    (void)ctx;
    return false; /* a real server: nothing that is meant for a simulation acts here */
}

static void
host_windows_free(struct host_windows *h)
{
    for (size_t i = 0; i < LANE_COUNT; i++) {
        if (h->lane[i].thread != NULL) {
            (void)WaitForSingleObject(h->lane[i].thread, INFINITE);
            CloseHandle(h->lane[i].thread);
        }
        if (h->lane[i].poked != NULL)
            CloseHandle(h->lane[i].poked);
    }
    if (h->manager != NULL)
        CloseServiceHandle(h->manager);
    events_close(&h->events);
    collector_host_close(&h->collectors);
    host_queue_done(&h->queue);
    pthread_mutex_destroy(&h->ask_lock);
    free(h);
}

static void
windows_close(void *ctx)
{
    struct host_windows *h = ctx;
    host_queue_stop(&h->queue); /* which also ends what collectors are asked */
    host_windows_free(h);
}

static enum baton_status
start_lanes(struct host_windows *h, struct baton_err *err)
{
    for (size_t i = 0; i < LANE_COUNT; i++) {
        struct lane_thread *l = &h->lane[i];
        *l = (struct lane_thread){.host = h, .lane = (enum lane)i};
        l->poked = CreateEventW(NULL, FALSE, FALSE, NULL);
        if (l->poked != NULL)
            l->thread = CreateThread(NULL, LANE_STACK_BYTES, lane_main, l,
                                     STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
        if (l->thread == NULL)
            return win_fail(err, GetLastError(), "a worker of the host adapter");
    }
    return BATON_OK;
}

/* Without logs nobody knows who did what; the rest is known all the same. */
static enum baton_status
open_events(struct host_windows *h, struct baton_err *err)
{
    enum baton_status rc = events_open(&h->events, err);
    if (rc == BATON_OK)
        return rc;
    if (rc == BATON_NOMEM)
        return rc;
    log_warn("host.events", "%s", err->text);
    h->events = NULL;
    return BATON_OK;
}

enum baton_status
host_windows_open(struct host_port *ret_port, struct baton_err *err)
{
    struct host_windows *h = calloc(1, sizeof *h);
    if (h == NULL)
        return baton_fail(err, BATON_NOMEM, "windows host");
    char collectors[PLACE_PATH_BYTES + 16];
    pthread_mutex_init(&h->ask_lock, NULL);
    enum baton_status rc = host_queue_open(&h->queue, poke, h, err);
    if (rc == BATON_OK)
        rc = services_manager(&h->manager, err);
    if (rc == BATON_OK)
        rc = places_open(&h->places, err);
    if (rc == BATON_OK) {
        snprintf(collectors, sizeof collectors, "%s\\collectors", h->places.own);
        rc = collector_host_open(collectors, &h->collectors, err);
    }
    if (rc == BATON_OK)
        rc = open_events(h, err);
    if (rc == BATON_OK) {
        watch_init(&h->watch, h->manager, &h->queue, &h->stops);
        rc = start_lanes(h, err);
    }
    if (rc != BATON_OK) {
        host_queue_stop(&h->queue);
        host_windows_free(h);
        return rc;
    }
    *ret_port = host_queue_port(&h->queue);
    ret_port->lab = windows_lab;
    ret_port->close = windows_close;
    return BATON_OK;
}
