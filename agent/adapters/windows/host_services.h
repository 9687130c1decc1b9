/* host_services.h: the sync services of this server: how they are, and stopping, disabling and starting
 * them.
 *
 * Shape      services_scan looks at all services each time: one may be installed or removed at any
 *            moment. The other calls take a service that a scan has found, by name.
 * Limits     HOST_SERVICES_MAX. stop and enable wait as long as the work is wanted.
 * Errors     BATON_NOT_FOUND: no such sync service. BATON_TIMEOUT: it did not come so far in time.
 *            BATON_DENIED, BATON_IO: with the system's number and text.
 * Threads    Any, each with a manager of its own.
 * Source     domain 1.3, 2.2; handoff 2.10.
 */
#ifndef AGENT_WINDOWS_HOST_SERVICES_H
#define AGENT_WINDOWS_HOST_SERVICES_H

#include <windows.h>

#include <winsvc.h>

#include "agent/adapters/host_queue.h"
#include "service_table.h"

enum { SERVICE_NAME_UNITS = 257, SERVICE_PATH_BYTES = 1024 };

struct sync_service {
    wchar_t name[SERVICE_NAME_UNITS];
    char image_path[SERVICE_PATH_BYTES];
    const struct service_row *row;
    DWORD process;              /* 0: none */
    bool leaves;                /* marked for deletion: it goes with the last handle to it */
    bool never_ran;             /* nobody has tried to start it since this server was started */
    uint64_t key_unix_ms;       /* when its key was written last; 0: not known */
    struct host_service record; /* changed_unix_ms is when its process began; 0 without one */
};
struct sync_services {
    size_t count;
    struct sync_service item[HOST_SERVICES_MAX];
};

enum baton_status services_manager(SC_HANDLE *ret_manager, struct baton_err *err) BATON_MUST_USE;
enum baton_status services_scan(SC_HANDLE manager, struct sync_services *ret_services,
                                struct baton_err *err) BATON_MUST_USE;
const struct sync_service *services_find(const struct sync_services *services,
                                         enum service_role role, enum product product);

/* "SYSTEM\CurrentControlSet\Services\NAME". */
void services_key(const wchar_t *name, wchar_t out[SERVICE_NAME_UNITS + 64]);

/* HOST_SERVICE_STOP, _DISABLE and _ENABLE. A service that is not among the known ones is looked for, and they are
 * what was found. */
enum baton_status services_change(SC_HANDLE manager, struct sync_services *known,
                                  struct host_queue *queue, const struct host_work *work,
                                  struct baton_err *err) BATON_MUST_USE;

#endif
