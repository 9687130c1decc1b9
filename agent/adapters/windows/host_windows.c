#include "host_windows.h"

#include <winsock2.h>

#include <windows.h>

#include <objbase.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect_run.h"
#include "common/log.h"
#include "host_changes.h"
#include "host_exports.h"
#include "host_machine.h"
#include "host_places.h"
#include "host_processes.h"
#include "host_tasks.h"
#include "host_watch.h"
#include "win_text.h"

/* What may hang lies in another lane than what the guard needs: the Task Scheduler, and accounts and event
 * logs, behind which a domain controller may be. */
enum lane { LANE_SERVICES, LANE_CHANGE, LANE_TASKS, LANE_LOOK, LANE_READ, LANE_COUNT };
enum {
    LANE_STACK_BYTES = 512 * 1024,
    IDLE_MS = 10000,
    CLOSE_MS = 5000,
    SHARED_MS = 10000, /* services that one lane watches are good enough for another one so long */
    DISCOVERED_MS = 2000 /* and where the product lies, which a round asks for first */
};

static const char *const lane_names[LANE_COUNT] = {
    [LANE_SERVICES] = "looks at services",    [LANE_CHANGE] = "changes services",
    [LANE_TASKS] = "asks the Task Scheduler", [LANE_LOOK] = "looks at processes and logs",
    [LANE_READ] = "asks collectors",
};

#define OP(op) (1U << (op))

static const uint32_t lane_ops[LANE_COUNT] = {
    [LANE_SERVICES] = OP(HOST_SERVICES),
    [LANE_CHANGE] = OP(HOST_SERVICE_STOP) | OP(HOST_SERVICE_DISABLE) | OP(HOST_SERVICE_ENABLE),
    [LANE_TASKS] = OP(HOST_TASKS) | OP(HOST_TASK_DISABLE) | OP(HOST_TASK_ENABLE),
    [LANE_LOOK] = OP(HOST_PROCESSES) | OP(HOST_PRODUCT) | OP(HOST_EVENTS) | OP(HOST_MACHINE),
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

    pthread_mutex_t ask_lock; /* what LANE_READ asks now, and what lanes know of each other's */
    const struct host_work *asked;
    bool product_known;
    struct discovery product;
    uint64_t product_ms;
    struct sync_services watched; /* as LANE_SERVICES knows them, if it is told of every change */
    uint64_t watched_ms;          /* 0: it is not */
    struct host_product found;

    SC_HANDLE manager[LANE_COUNT]; /* of the lanes that need one */
    struct changes changes;        /* LANE_SERVICES asks, LANE_LOOK looks */

    /* of LANE_SERVICES */
    struct host_watch watch;
    struct stops stops;

    struct tasks tasks;         /* of LANE_TASKS */
    struct account_names names; /* of LANE_LOOK */
    struct installed installed;
    struct exports exports; /* of LANE_READ */
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

/* Besides the lane that takes it, the one that is mostly idle: where the other hangs, this one sees when the
 * request is late. */
static void
poke(void *ctx, uint32_t ops)
{
    struct host_windows *h = ctx;
    end_unwanted(h);
    for (size_t i = 0; i < LANE_COUNT; i++)
        if (h->lane[i].poked != NULL && (i == LANE_CHANGE || (lane_ops[i] & ops) != 0))
            SetEvent(h->lane[i].poked);
}

/* --- looking --- */

/* What is watched is what was found last. */
static enum baton_status
scan(struct host_windows *h, struct sync_services *ret_services, struct baton_err *err)
{
    enum baton_status rc = watch_look(&h->watch, ret_services, err);
    if (rc != BATON_OK)
        return rc;
    if (changes_ask(&h->changes, ret_services))
        SetEvent(h->lane[LANE_LOOK].poked);
    return BATON_OK;
}

/* Others need not ask the service manager again. */
static void
share_services(struct host_windows *h)
{
    const struct host_watch *w = &h->watch;
    pthread_mutex_lock(&h->ask_lock);
    h->watched = w->found;
    h->watched_ms = w->trust.gap == GAP_NONE ? w->looked_ms : 0;
    pthread_mutex_unlock(&h->ask_lock);
}

/* In another lane: watched, or looked at anew. */
static enum baton_status
services_now(struct host_windows *h, SC_HANDLE manager, struct sync_services *ret_services,
             struct baton_err *err)
{
    pthread_mutex_lock(&h->ask_lock);
    bool known = h->watched_ms != 0 && host_queue_now_ms() - h->watched_ms < SHARED_MS;
    if (known)
        *ret_services = h->watched;
    pthread_mutex_unlock(&h->ask_lock);
    return known ? BATON_OK : services_scan(manager, ret_services, err);
}

/* When this server was started. */
static uint64_t
started_unix_ms(void)
{
    return win_now_unix_ms() - GetTickCount64();
}

/* Of a power failure no log tells. */
static uint64_t
stop_told(const struct sync_service *s, const struct events_change *change)
{
    return s->never_ran
               ? service_stopped_by(started_unix_ms(), s->key_unix_ms, change->stopped_unix_ms)
               : change->stopped_unix_ms;
}

/* When it stopped, and who changed it last, as far as anybody knows. */
static void
look_back(struct host_windows *h, struct sync_service *s)
{
    struct events_change change;
    changes_newest(&h->changes, s->record.name, &change);
    memcpy(s->record.changed_by, change.by, sizeof s->record.changed_by);
    stops_see(&h->stops, s->name, s->record.state, win_now_unix_ms());
    if (s->record.state != SVC_STOPPED)
        return;
    s->record.changed_unix_ms = stops_since(&h->stops, s->name);
    uint64_t known = stop_told(s, &change);
    if (s->record.changed_unix_ms != 0 || known == 0)
        return;
    stops_learn(&h->stops, s->name, known);
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
    if (watch_moved(&h->watch)) /* people want to know who did it */
        changes_wait(&h->changes);
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
    return tasks_look(&h->tasks, done, err);
}

/* The product cannot be told, but its processes can: where it lies is of use alone. */
static enum baton_status
discover(struct host_windows *h, const struct sync_services *services,
         struct discovery *ret_discovery, struct baton_err *err)
{
    struct host_product product;
    pthread_mutex_lock(&h->ask_lock);
    bool known = h->product_known && host_queue_now_ms() - h->product_ms < DISCOVERED_MS;
    if (known)
        *ret_discovery = h->product;
    pthread_mutex_unlock(&h->ask_lock);
    if (known)
        return BATON_OK;
    enum baton_status rc = product_look(services, &h->installed, &product, ret_discovery, err);
    return rc == BATON_MALFORMED ? BATON_OK : rc;
}

static enum baton_status
look_processes(struct host_windows *h, struct host_completion *done, struct baton_err *err)
{
    struct sync_services services;
    struct discovery discovery;
    enum baton_status rc = services_now(h, h->manager[LANE_LOOK], &services, err);
    if (rc == BATON_OK)
        rc = discover(h, &services, &discovery, err);
    if (rc != BATON_OK)
        return rc;
    return processes_look(&services, &discovery, h->collectors, &h->names, done, err);
}

static void
keep_product(struct host_windows *h, const struct host_product *product,
             const struct discovery *found)
{
    pthread_mutex_lock(&h->ask_lock);
    h->product_known = true;
    h->product = *found;
    h->found = *product;
    h->product_ms = host_queue_now_ms();
    pthread_mutex_unlock(&h->ask_lock);
}

static enum baton_status
look_product(struct host_windows *h, struct host_completion *done, struct baton_err *err)
{
    struct sync_services services;
    struct discovery discovery;
    enum baton_status rc = services_now(h, h->manager[LANE_LOOK], &services, err);
    if (rc == BATON_OK)
        rc = product_look(&services, &h->installed, &done->u.product, &discovery, err);
    if (rc != BATON_OK)
        return rc;
    keep_product(h, &done->u.product, &discovery);
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
    return changes_read(&h->changes, &done->text, &done->text_len, err);
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
change_task(struct host_windows *h, const struct host_work *work, struct baton_err *err)
{
    return tasks_set(&h->tasks, work->request.name, work->request.op == HOST_TASK_ENABLE, err);
}

static enum baton_status
change_service(struct host_windows *h, const struct host_work *work, struct baton_err *err)
{
    SC_HANDLE manager = h->manager[LANE_CHANGE];
    struct sync_services services;
    enum baton_status rc = services_now(h, manager, &services, err);
    return rc == BATON_OK ? services_change(manager, &services, &h->queue, work, err) : rc;
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
        rc = product_look(&services, NULL, &product, &discovery, err);
    if (rc == BATON_OK)
        keep_product(h, &product, &discovery);
    return rc;
}

static enum product
begin_asking(struct host_windows *h, const struct host_work *work)
{
    char folder[SERVICE_PATH_BYTES];
    pthread_mutex_lock(&h->ask_lock);
    h->asked = work;
    enum product product = h->product.product;
    struct host_product found = h->found;
    memcpy(folder, h->product.engine_folder, sizeof folder);
    pthread_mutex_unlock(&h->ask_lock);
    collector_host_engine(h->collectors, folder);
    collector_host_product(h->collectors, &found);
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
carry_out(struct host_windows *h, struct host_work *work)
{
    enum host_op op = work->request.op;
    struct baton_err *err = &work->done->err;
    if (looks[op] != NULL)
        return looks[op](h, work->done, err);
    if (op == HOST_TASK_DISABLE || op == HOST_TASK_ENABLE)
        return change_task(h, work, err);
    if ((lane_ops[LANE_CHANGE] & OP(op)) != 0)
        return change_service(h, work, err);
    return read_or_put(h, work, err);
}

static void
turn_watch(struct host_windows *h)
{
    watch_turn(&h->watch);
    share_services(h);
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
        work.done->status = carry_out(h, &work);
        host_queue_end(&h->queue, &work);
        if (l->lane == LANE_SERVICES)
            turn_watch(h);
    }
}

/* What this lane is told of beside its requests. */
static size_t
lane_handles(const struct lane_thread *l, HANDLE *out)
{
    if (l->lane == LANE_SERVICES)
        return watch_handles(&l->host->watch, out);
    return l->lane == LANE_READ ? exports_handles(&l->host->exports, out) : 0;
}

static void
wait_for_more(struct lane_thread *l)
{
    struct host_windows *h = l->host;
    HANDLE handles[1 + WATCH_HANDLES_MAX] = {l->poked};
    bool watches = l->lane == LANE_SERVICES;
    size_t count = 1 + lane_handles(l, handles + 1);
    uint32_t most_ms = watches ? watch_wait_ms(&h->watch) : IDLE_MS;
    DWORD woken = WaitForMultipleObjectsEx((DWORD)count, handles, FALSE,
                                           host_queue_wait_ms(&h->queue, most_ms), TRUE);
    /* an event that says "once" has just said so to the wait */
    if (watches && woken > WAIT_OBJECT_0 && woken < WAIT_OBJECT_0 + count)
        SetEvent(handles[woken - WAIT_OBJECT_0]);
    if (watches)
        turn_watch(h);
    if (l->lane == LANE_LOOK)
        changes_look(&h->changes);
    if (l->lane == LANE_READ) {
        exports_turn(&h->exports);
        collector_host_idle(h->collectors);
    }
}

static DWORD WINAPI
lane_main(void *arg)
{
    struct lane_thread *l = arg;
    bool apartment = l->lane == LANE_TASKS && SUCCEEDED(CoInitializeEx(NULL, COINIT_MULTITHREADED));
    if (l->lane == LANE_SERVICES)
        watch_from_now(l->host);
    if (l->lane == LANE_READ)
        exports_begin(&l->host->exports, &l->host->places, &l->host->queue);
    while (!host_queue_stops(&l->host->queue)) {
        work_off(l);
        wait_for_more(l);
    }
    if (l->lane == LANE_SERVICES)
        watch_done(&l->host->watch);
    if (l->lane == LANE_READ)
        exports_end(&l->host->exports);
    if (l->lane == LANE_LOOK)
        installed_close(&l->host->installed);
    if (l->lane == LANE_TASKS)
        tasks_close(&l->host->tasks);
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

/* False: one of them hangs in a call of the system's, and nobody can take it out of there. */
static bool
lanes_end(const struct host_windows *h)
{
    bool all = true;
    uint64_t until = GetTickCount64() + CLOSE_MS;
    for (size_t i = 0; i < LANE_COUNT; i++) {
        uint64_t now = GetTickCount64();
        if (h->lane[i].thread == NULL ||
            WaitForSingleObject(h->lane[i].thread, now < until ? (DWORD)(until - now) : 0) ==
                WAIT_OBJECT_0)
            continue;
        all = false;
        log_warn("host.close", "the worker that %s does not come back: it is left behind",
                 lane_names[i]);
    }
    return all;
}

/* What a worker that hangs may still touch is not freed, and that is all there is: its call may come back at
 * any time, finds the queue stopped, and ends. The process is about to end itself, or begins as at boot, with
 * a host of its own; waiting for ever would keep a service from stopping and a guard from standing again. */
static void
host_windows_free(struct host_windows *h)
{
    if (!lanes_end(h))
        return;
    for (size_t i = 0; i < LANE_COUNT; i++) {
        if (h->lane[i].thread != NULL)
            CloseHandle(h->lane[i].thread);
        if (h->lane[i].poked != NULL)
            CloseHandle(h->lane[i].poked);
        if (h->manager[i] != NULL)
            CloseServiceHandle(h->manager[i]);
    }
    changes_close(&h->changes);
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

/* Each may wake another: all can be woken before the first begins. */
static enum baton_status
start_lanes(struct host_windows *h, struct baton_err *err)
{
    for (size_t i = 0; i < LANE_COUNT; i++) {
        h->lane[i] = (struct lane_thread){.host = h, .lane = (enum lane)i};
        h->lane[i].poked = CreateEventW(NULL, FALSE, FALSE, NULL);
        if (h->lane[i].poked == NULL)
            return win_fail(err, GetLastError(), "waking a worker of the host adapter");
    }
    for (size_t i = 0; i < LANE_COUNT; i++) {
        struct lane_thread *l = &h->lane[i];
        l->thread = CreateThread(NULL, LANE_STACK_BYTES, lane_main, l,
                                 STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
        if (l->thread == NULL)
            return win_fail(err, GetLastError(), "a worker of the host adapter");
    }
    return BATON_OK;
}

static enum baton_status
open_managers(struct host_windows *h, struct baton_err *err)
{
    static const enum lane of[] = {LANE_SERVICES, LANE_CHANGE, LANE_LOOK};
    enum baton_status rc = BATON_OK;
    for (size_t i = 0; rc == BATON_OK && i < ARRAY_LEN(of); i++)
        rc = services_manager(&h->manager[of[i]], err);
    return rc;
}

enum baton_status
host_windows_open(struct host_port *ret_port, struct baton_err *err)
{
    struct host_windows *h = calloc(1, sizeof *h);
    if (h == NULL)
        return baton_fail(err, BATON_NOMEM, "windows host");
    char collectors[PLACE_PATH_BYTES + 16];
    pthread_mutex_init(&h->ask_lock, NULL);
    enum baton_status rc = changes_open(&h->changes, err);
    if (rc == BATON_OK)
        rc = host_queue_open(&h->queue, poke, h, err);
    if (rc == BATON_OK)
        rc = open_managers(h, err);
    if (rc == BATON_OK)
        rc = places_open(&h->places, err);
    if (rc == BATON_OK) {
        snprintf(collectors, sizeof collectors, "%s\\collectors", h->places.own);
        rc = collector_host_open(collectors, &h->collectors, err);
    }
    if (rc == BATON_OK) {
        watch_init(&h->watch, h->manager[LANE_SERVICES], &h->queue, &h->stops);
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
