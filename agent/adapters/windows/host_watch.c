#include "host_watch.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "common/log.h"
#include "common/text.h"
#include "registry.h"
#include "win_text.h"

/* --- telling --- */

static void
tell(struct watched *i, const char *what)
{
    struct host_completion notice = {.notice = NOTICE_SERVICE, .count = 1};
    struct host_service *s = &notice.u.service[0];
    text_copy(s->name, sizeof s->name, i->label);
    s->state = i->state;
    s->start = s->start_registry = i->start;
    s->changed_unix_ms = win_now_unix_ms();
    (void)baton_fail(&notice.err, BATON_OK, "service %s %s", i->label, what);
    i->watch->moved = true;
    host_queue_notify(i->watch->queue, &notice);
}

static void
missed(struct host_watch *w, const char *why)
{
    stops_doubt(w->stops);
    if (!watch_trust_miss(&w->trust, host_queue_now_ms()))
        return;
    log_warn("host.watch", "notifications were missed: %s", why);
    host_queue_broke(w->queue);
}

static void
judge(struct host_watch *w)
{
    struct watch_hold hold[HOST_SERVICES_MAX];
    for (size_t n = 0; n < w->count; n++) {
        const struct watched *i = w->item[n];
        hold[n] = (struct watch_hold){.leaves = i->leaves,
                                      .handle = i->service != NULL,
                                      .state = i->armed || i->told,
                                      .start = i->key != NULL};
    }
    bool due = watch_trust_see(&w->trust, hold, w->count, w->listed, host_queue_now_ms());
    if (w->trust.gap > GAP_START)
        stops_doubt(w->stops); /* a start and a stop that nobody saw may lie in between */
    if (!due)
        return;
    log_warn("host.watch", "%s: as long as that is so, what is seen here proves nothing",
             watch_gap_words(w->trust.gap));
    host_queue_broke(w->queue);
}

static void
take_into_found(struct watched *i)
{
    struct sync_services *found = &i->watch->found;
    for (size_t n = 0; n < found->count; n++) {
        struct sync_service *s = &found->item[n];
        if (!win_same(s->name, i->name) || s->process == i->process)
            continue;
        s->process = i->process;
        s->record.changed_unix_ms = 0; /* a look says it */
    }
}

static void
take_state(struct watched *i, uint8_t state, DWORD process)
{
    static const char *const words[] = {[SVC_UNKNOWN] = "is in a state that nobody knows",
                                        [SVC_STOPPED] = "is stopped",
                                        [SVC_STARTING] = "is starting",
                                        [SVC_RUNNING] = "is running",
                                        [SVC_STOPPING] = "is stopping"};
    bool moved = state != i->state || process != i->process;
    i->state = state;
    i->process = process;
    stops_see(i->watch->stops, i->name, state, win_now_unix_ms());
    take_into_found(i);
    if (moved)
        tell(i, words[state]);
}

static void
take_start(struct watched *i, uint8_t start)
{
    static const char *const words[] = {[START_UNKNOWN] = "has a start type that cannot be read",
                                        [START_AUTO] = "starts automatically now",
                                        [START_MANUAL] = "starts by hand now",
                                        [START_DISABLED] = "is disabled now"};
    if (start == i->start)
        return;
    i->start = start;
    tell(i, words[start]);
}

/* --- the service manager's notification --- */

static void CALLBACK
on_change(void *notify)
{
    SERVICE_NOTIFYW *n = notify;
    struct watched *i = n->pContext;
    i->armed = false;
    i->told = true;
}

static void
let_go(struct watched *i)
{
    if (i->service != NULL)
        CloseServiceHandle(i->service);
    i->service = NULL;
    i->armed = false;
}

static void
hold(struct watched *i)
{
    i->service = OpenServiceW(i->watch->manager, i->name, SERVICE_QUERY_STATUS);
}

static enum watch_answer
ask_to_tell(struct watched *i)
{
    const DWORD states = SERVICE_NOTIFY_STOPPED | SERVICE_NOTIFY_START_PENDING |
                         SERVICE_NOTIFY_STOP_PENDING | SERVICE_NOTIFY_RUNNING |
                         SERVICE_NOTIFY_CONTINUE_PENDING | SERVICE_NOTIFY_PAUSE_PENDING |
                         SERVICE_NOTIFY_PAUSED;
    i->notify = (SERVICE_NOTIFYW){
        .dwVersion = SERVICE_NOTIFY_STATUS_CHANGE, .pfnNotifyCallback = on_change, .pContext = i};
    DWORD code = NotifyServiceStatusChangeW(i->service, states, &i->notify);
    enum watch_answer answer = watch_answer_of(code);
    i->armed = answer == WATCH_STANDS;
    if (answer == WATCH_REFUSED && i->watch->trust.gap < GAP_STATE) { /* once, not at each look */
        struct baton_err err;
        (void)win_fail(&err, code, "the service manager does not tell of %s", i->label);
        log_warn("host.watch", "%s; its state is asked for every %d ms", err.text, WATCH_POLL_MS);
    }
    return answer;
}

/* What a service manager that lagged behind forgot, it tells on a new handle. */
static void
arm(struct watched *i)
{
    if (i->service == NULL || i->armed || i->told)
        return;
    enum watch_answer answer = ask_to_tell(i);
    if (answer == WATCH_MISSED) {
        missed(i->watch, "this process was too slow");
        let_go(i);
        hold(i);
        answer = i->service == NULL ? WATCH_REFUSED : ask_to_tell(i);
    }
    if (answer == WATCH_LEAVES) { /* it goes once nobody holds it */
        i->leaves = true;
        let_go(i);
    }
}

/* One that ended badly is asked for again at the next look: here it might end so for ever. */
static void
take_told(struct watched *i)
{
    i->told = false;
    switch (watch_answer_of(i->notify.dwNotificationStatus)) {
    case WATCH_STANDS:
        take_state(i, (uint8_t)service_state_of(i->notify.ServiceStatus.dwCurrentState),
                   i->notify.ServiceStatus.dwProcessId);
        arm(i);
        break;
    case WATCH_LEAVES:
        i->leaves = true;
        let_go(i);
        break;
    case WATCH_MISSED:
    case WATCH_REFUSED:
        missed(i->watch, "the service manager ended a notification");
        break;
    }
}

static void
poll_state(struct watched *i)
{
    SERVICE_STATUS_PROCESS status = {0};
    DWORD need;
    if (i->service != NULL && QueryServiceStatusEx(i->service, SC_STATUS_PROCESS_INFO,
                                                   (BYTE *)&status, sizeof status, &need))
        take_state(i, (uint8_t)service_state_of(status.dwCurrentState), status.dwProcessId);
}

/* --- the registry's --- */

static void
arm_key(struct watched *i)
{
    if (i->key != NULL && RegNotifyChangeKeyValue(i->key, FALSE, REG_NOTIFY_CHANGE_LAST_SET,
                                                  i->key_event, TRUE) != ERROR_SUCCESS) {
        RegCloseKey(i->key); /* with the service, or for no reason: the next look opens it again */
        i->key = NULL;
    }
}

static void
open_key(struct watched *i)
{
    wchar_t name[SERVICE_NAME_UNITS + 64];
    services_key(i->name, name);
    if (i->key_event == NULL || registry_open(name, VIEW_64, &i->key) != ERROR_SUCCESS)
        i->key = NULL;
    arm_key(i);
}

static void
take_key(struct watched *i)
{
    DWORD start, leaves = 0;
    if (i->key == NULL || WaitForSingleObject(i->key_event, 0) != WAIT_OBJECT_0)
        return;
    arm_key(i); /* first: what is written from now on is told again */
    if (i->key != NULL && registry_number(i->key, L"Start", &start) == ERROR_SUCCESS)
        take_start(i, (uint8_t)start_type_of(start));
    if (i->key != NULL && registry_number(i->key, L"DeleteFlag", &leaves) == ERROR_SUCCESS &&
        leaves != 0) { /* it goes once nobody holds it */
        i->leaves = true;
        let_go(i);
    }
}

/* --- which services --- */

static struct watched *
watched_new(struct host_watch *w, const struct sync_service *s)
{
    struct watched *i = calloc(1, sizeof *i);
    if (i == NULL)
        return NULL;
    i->watch = w;
    memcpy(i->name, s->name, sizeof i->name);
    text_copy(i->label, sizeof i->label, s->record.name);
    i->state = s->record.state;
    i->process = s->process;
    i->start = s->record.start_registry;
    i->leaves = s->leaves;
    i->key_event = CreateEventW(NULL, FALSE, FALSE, NULL);
    open_key(i);
    stops_see(w->stops, i->name, i->state, win_now_unix_ms());
    if (!i->leaves)
        hold(i);
    arm(i);
    poll_state(i); /* it may have moved between the look and the watch */
    return i;
}

/* A call that is already on its way comes while the item still stands. */
static void
watched_free(struct watched *i)
{
    let_go(i);
    (void)SleepEx(0, TRUE);
    if (i->key != NULL)
        RegCloseKey(i->key);
    if (i->key_event != NULL)
        CloseHandle(i->key_event);
    free(i);
}

static const struct sync_service *
still_there(const struct watched *i, const struct sync_services *services)
{
    for (size_t n = 0; n < services->count; n++)
        if (win_same(i->name, services->item[n].name))
            return &services->item[n];
    return NULL;
}

/* One that is marked for deletion goes once nobody holds it. What stayed instead may have moved. */
static void
hold_on(struct watched *i, const struct sync_service *s)
{
    if (i->leaves && !s->leaves)
        missed(i->watch, "a service that was being removed is still there");
    i->leaves = s->leaves;
    if (i->leaves)
        let_go(i);
    else if (i->service == NULL)
        hold(i);
    arm(i);
    if (i->key == NULL)
        open_key(i);
    take_start(i, s->record.start_registry);
}

static void
drop_gone(struct host_watch *w, const struct sync_services *services)
{
    for (size_t n = w->count; n-- > 0;) {
        struct watched *i = w->item[n];
        const struct sync_service *s = still_there(i, services);
        if (s != NULL) {
            hold_on(i, s);
            continue;
        }
        i->state = SVC_UNKNOWN;
        tell(i, "is gone");
        watched_free(i);
        w->item[n] = w->item[--w->count];
    }
}

static struct watched *
watched_of(const struct host_watch *w, const struct sync_service *s)
{
    for (size_t n = 0; n < w->count; n++)
        if (win_same(w->item[n]->name, s->name))
            return w->item[n];
    return NULL;
}

static void
add_new(struct host_watch *w, const struct sync_service *s)
{
    struct watched *i = w->count < HOST_SERVICES_MAX ? watched_new(w, s) : NULL;
    if (i == NULL) {
        w->listed = false;
        return;
    }
    w->item[w->count++] = i;
    if (w->followed)
        tell(i, "was installed");
}

static void
follow(struct host_watch *w, const struct sync_services *services)
{
    w->listed = true;
    drop_gone(w, services);
    for (size_t n = 0; n < services->count; n++)
        if (watched_of(w, &services->item[n]) == NULL)
            add_new(w, &services->item[n]);
    w->followed = true;
    judge(w);
}

/* --- a look --- */

/* Told anew by the key of all services: one came or went. */
static void
arm_list(struct host_watch *w)
{
    if (w->list == NULL &&
        (w->list_event == NULL ||
         registry_open(L"SYSTEM\\CurrentControlSet\\Services", VIEW_64, &w->list) != ERROR_SUCCESS))
        w->list = NULL;
    if (w->list == NULL || RegNotifyChangeKeyValue(w->list, FALSE, REG_NOTIFY_CHANGE_NAME,
                                                   w->list_event, TRUE) == ERROR_SUCCESS)
        return;
    RegCloseKey(w->list);
    w->list = NULL;
}

static void
take_list(struct host_watch *w)
{
    if (w->list == NULL || WaitForSingleObject(w->list_event, 0) != WAIT_OBJECT_0)
        return;
    arm_list(w);
    w->listed_anew = true;
}

enum baton_status
watch_look(struct host_watch *w, struct sync_services *ret_services, struct baton_err *err)
{
    take_list(w);
    if (w->list == NULL)
        arm_list(w);
    enum baton_status rc = services_scan(w->manager, &w->found, err);
    w->looked_ms = rc == BATON_OK ? host_queue_now_ms() : 0;
    if (rc != BATON_OK)
        return rc;
    w->listed_anew = false;
    *ret_services = w->found;
    follow(w, ret_services);
    return BATON_OK;
}

/* --- the worker's --- */

void
watch_init(struct host_watch *w, SC_HANDLE manager, struct host_queue *queue, struct stops *stops)
{
    *w = (struct host_watch){.manager = manager, .queue = queue, .stops = stops};
    w->list_event = CreateEventW(NULL, FALSE, FALSE, NULL); /* NULL: each look is a scan */
}

void
watch_done(struct host_watch *w)
{
    while (w->count > 0)
        watched_free(w->item[--w->count]);
    if (w->list != NULL)
        RegCloseKey(w->list);
    if (w->list_event != NULL)
        CloseHandle(w->list_event);
}

size_t
watch_handles(const struct host_watch *w, HANDLE out[WATCH_HANDLES_MAX])
{
    size_t count = 0;
    if (w->list != NULL)
        out[count++] = w->list_event;
    for (size_t n = 0; n < w->count; n++)
        if (w->item[n]->key != NULL)
            out[count++] = w->item[n]->key_event;
    return count;
}

static bool
is_told_of(const struct watched *i)
{
    return i->armed || i->service == NULL;
}

uint32_t
watch_wait_ms(const struct host_watch *w)
{
    for (size_t n = 0; n < w->count; n++)
        if (!is_told_of(w->item[n]))
            return WATCH_POLL_MS;
    return HOST_WAIT_MS;
}

/* Who came or went is told now, not at the next look. */
static void
look_for_new(struct host_watch *w)
{
    struct sync_services services;
    struct baton_err err;
    take_list(w);
    if (w->followed && w->listed_anew && watch_look(w, &services, &err) != BATON_OK)
        log_warn("host.watch", "%s", err.text);
}

void
watch_turn(struct host_watch *w)
{
    look_for_new(w);
    for (size_t n = 0; n < w->count; n++) {
        struct watched *i = w->item[n];
        if (i->told)
            take_told(i);
        take_key(i);
        if (!is_told_of(i))
            poll_state(i);
    }
    judge(w);
}

const char *
watch_answer(struct host_watch *w)
{
    return watch_trust_answer(&w->trust);
}

bool
watch_moved(struct host_watch *w)
{
    bool moved = w->moved;
    w->moved = false;
    return moved;
}
