/* host_watch.h: being told at once when a sync service starts, stops, gets another start type, comes or
 * goes.
 *
 * Shape      watch_look finds what is there and watches it from then on. The worker waits alertably for watch_handles and its
 *            own events, at most watch_wait_ms, and calls watch_turn after every wait. Where the
 *            service manager does not tell by itself, states are asked for every WATCH_POLL_MS,
 *            and each look tries again whether it does; until then the watch is broken, and
 *            watch_answer says why.
 * Limits     HOST_SERVICES_MAX services.
 * Errors     A notification that was missed is NOTICE_WATCH_BROKEN (watch_trust.h).
 * Threads    One, which waits alertably: the system calls back there.
 * Source     protocol 3 (T0; service notification unbroken), 4.
 */
#ifndef AGENT_WINDOWS_HOST_WATCH_H
#define AGENT_WINDOWS_HOST_WATCH_H

#include "host_stops.h"
#include "watch_trust.h"

enum { WATCH_POLL_MS = 200, WATCH_HANDLES_MAX = HOST_SERVICES_MAX + 1 };

struct watched {
    struct host_watch *watch;
    wchar_t name[SERVICE_NAME_UNITS];
    char label[NAME_BYTES];
    SC_HANDLE service;
    SERVICE_NOTIFYW notify;
    bool armed, told; /* told: the system called back */
    bool leaves;      /* marked for deletion: nobody holds it */
    HKEY key;         /* armed as long as it is open */
    HANDLE key_event;
    uint8_t state, start; /* as last seen */
    DWORD process;
};

struct host_watch {
    SC_HANDLE manager;
    struct host_queue *queue;
    struct stops *stops;
    struct watch_trust trust;
    bool followed; /* once: what comes later is new */
    bool listed;   /* item has all there are */
    bool moved;    /* something was told of since watch_moved was asked */
    HKEY
        list; /* the key that all services lie below: which there are. Armed as long as it is open */
    HANDLE list_event;
    struct sync_services found; /* by the newest look, and what was told since */
    uint64_t looked_ms;         /* 0: the newest look failed */
    bool listed_anew;           /* one came or went since */
    size_t count;
    struct watched
        *item[HOST_SERVICES_MAX]; /* each stays where it is: the system knows its address */
};

void watch_init(struct host_watch *w, SC_HANDLE manager, struct host_queue *queue,
                struct stops *stops);
void watch_done(struct host_watch *w);
/* One look at all services of this server. */
enum baton_status watch_look(struct host_watch *w, struct sync_services *ret_services,
                             struct baton_err *err) BATON_MUST_USE;
size_t watch_handles(const struct host_watch *w, HANDLE out[WATCH_HANDLES_MAX]);
uint32_t watch_wait_ms(const struct host_watch *w);
void watch_turn(struct host_watch *w);
/* For an answer about services: NULL: unbroken since the one before, else why not. */
const char *watch_answer(struct host_watch *w);
bool watch_moved(struct host_watch *w);

#endif
