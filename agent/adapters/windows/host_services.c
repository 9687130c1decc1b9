#include "host_services.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "registry.h"
#include "service_images.h"
#include "win_text.h"

enum { POLL_MS = 25, CONFIG_BYTES = 8192, DEPENDANTS_BYTES = 65536 };

enum baton_status
services_manager(SC_HANDLE *ret_manager, struct baton_err *err)
{
    *ret_manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_ENUMERATE_SERVICE);
    return *ret_manager != NULL
               ? BATON_OK
               : win_fail(err, GetLastError(), "the service manager does not answer");
}

void
services_key(const wchar_t *name, wchar_t out[SERVICE_NAME_UNITS + 64])
{
    _snwprintf(out, SERVICE_NAME_UNITS + 64, L"SYSTEM\\CurrentControlSet\\Services\\%ls", name);
    out[SERVICE_NAME_UNITS + 63] = L'\0';
}

/* --- looking --- */

static void
take_from_key(struct sync_service *s, HKEY key)
{
    DWORD start, leaves;
    FILETIME written;
    if (RegQueryInfoKeyW(key, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                         &written) == ERROR_SUCCESS)
        s->key_unix_ms = win_unix_ms(written);
    s->record.start_registry = registry_number(key, L"Start", &start) == ERROR_SUCCESS
                                   ? (uint8_t)start_type_of(start)
                                   : START_UNKNOWN;
    s->leaves = registry_number(key, L"DeleteFlag", &leaves) == ERROR_SUCCESS && leaves != 0;
}

static void
look_in_registry(struct sync_service *s)
{
    wchar_t name[SERVICE_NAME_UNITS + 64];
    HKEY key;
    services_key(s->name, name);
    if (registry_open(name, VIEW_64, &key) != ERROR_SUCCESS)
        return;
    take_from_key(s, key);
    RegCloseKey(key);
}

/* 0: nobody can say. */
static DWORD
state_of(SC_HANDLE service, DWORD *ret_process)
{
    SERVICE_STATUS_PROCESS status = {0};
    DWORD need = 0;
    if (!QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&status, sizeof status,
                              &need))
        return 0;
    *ret_process = status.dwProcessId;
    return status.dwCurrentState;
}

static uint64_t
process_began(DWORD pid)
{
    FILETIME began, ended, kernel, user;
    HANDLE process = pid == 0 ? NULL : OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
    if (process == NULL)
        return 0;
    bool known = GetProcessTimes(process, &began, &ended, &kernel, &user) != 0;
    CloseHandle(process);
    return known ? win_unix_ms(began) : 0;
}

/* False: it cannot be read, and its start type is unknown. */
static bool
take_config(struct sync_service *s, SC_HANDLE service)
{
    union {
        QUERY_SERVICE_CONFIGW config;
        BYTE room[CONFIG_BYTES];
    } u;
    DWORD need = 0;
    s->record.start = START_UNKNOWN;
    if (!QueryServiceConfigW(service, &u.config, sizeof u, &need))
        return false;
    s->record.start = (uint8_t)start_type_of(u.config.dwStartType);
    (void)win_exact(u.config.lpBinaryPathName, s->image_path, sizeof s->image_path);
    return true;
}

/* What cannot be read stays unknown; only a service that is gone again is left out. */
static bool
look_closer(SC_HANDLE manager, struct sync_service *s)
{
    SC_HANDLE service = OpenServiceW(manager, s->name, SERVICE_QUERY_CONFIG);
    if (service == NULL)
        return GetLastError() != ERROR_SERVICE_DOES_NOT_EXIST;
    (void)take_config(s, service);
    CloseServiceHandle(service);
    look_in_registry(s);
    s->record.changed_unix_ms = process_began(s->process);
    return true;
}

static enum baton_status
add_known(SC_HANDLE manager, const ENUM_SERVICE_STATUS_PROCESSW *found,
          struct sync_services *services, struct baton_err *err)
{
    struct sync_service s = {.process = found->ServiceStatusProcess.dwProcessId};
    win_line(found->lpServiceName, s.record.name, sizeof s.record.name);
    win_line(found->lpDisplayName, s.record.display, sizeof s.record.display);
    s.row = service_row_of(s.record.name, s.record.display);
    if (s.row == NULL)
        s.row = service_images_row(found->lpServiceName);
    if (s.row == NULL || wcslen(found->lpServiceName) >= SERVICE_NAME_UNITS)
        return BATON_OK;
    if (services->count == HOST_SERVICES_MAX)
        return baton_fail(err, BATON_LIMIT, "more than %d sync services", HOST_SERVICES_MAX);
    if (same_name(s.row->name, s.record.name)) /* as everybody spells it */
        memcpy(s.record.name, s.row->name, strlen(s.row->name) + 1);
    memcpy(s.name, found->lpServiceName, (wcslen(found->lpServiceName) + 1) * sizeof *s.name);
    s.record.engine = s.row->role == ROLE_ENGINE;
    s.record.state = (uint8_t)service_state_of(found->ServiceStatusProcess.dwCurrentState);
    s.never_ran = s.record.state == SVC_STOPPED &&
                  found->ServiceStatusProcess.dwWin32ExitCode == ERROR_SERVICE_NEVER_STARTED;
    if (look_closer(manager, &s))
        services->item[services->count++] = s;
    return BATON_OK;
}

static DWORD
enumerate(SC_HANDLE manager, BYTE **ret_list, DWORD *ret_count)
{
    DWORD need = 0, resume = 0, cap = 64 * 1024;
    for (;;) {
        *ret_list = malloc(cap);
        if (*ret_list == NULL)
            return ERROR_OUTOFMEMORY;
        if (EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32, SERVICE_STATE_ALL,
                                  *ret_list, cap, &need, ret_count, &resume, NULL))
            return ERROR_SUCCESS;
        DWORD code = GetLastError();
        free(*ret_list);
        *ret_list = NULL;
        if (code != ERROR_MORE_DATA || cap > 8 * 1024 * 1024)
            return code;
        cap += need; /* from the beginning: a list in parts may miss one */
        resume = 0;
    }
}

enum baton_status
services_scan(SC_HANDLE manager, struct sync_services *services, struct baton_err *err)
{
    BYTE *list = NULL;
    DWORD count = 0;
    services->count = 0;
    DWORD code = enumerate(manager, &list, &count);
    if (code != ERROR_SUCCESS)
        return win_fail(err, code, "listing the services of this server");
    const ENUM_SERVICE_STATUS_PROCESSW *found = (const ENUM_SERVICE_STATUS_PROCESSW *)(void *)list;
    enum baton_status rc = BATON_OK;
    for (DWORD i = 0; rc == BATON_OK && i < count; i++)
        rc = add_known(manager, &found[i], services, err);
    free(list);
    return rc;
}

const struct sync_service *
services_find(const struct sync_services *services, enum service_role role, enum product product)
{
    for (size_t i = 0; i < services->count; i++)
        if (services->item[i].row->role == role && services->item[i].row->product == product)
            return &services->item[i];
    return NULL;
}

/* --- changing --- */

struct change { /* one service that is being changed */
    SC_HANDLE manager, service;
    struct host_queue *queue;
    const struct host_work *work;
    const char *name;
    struct baton_err *err;
};

static enum baton_status
took_too_long(struct change *c, const char *what)
{
    return baton_fail(c->err, BATON_TIMEOUT,
                      "the service %s did not %s in time: look at it in services.msc", c->name,
                      what);
}

static enum baton_status
wait_for_end(struct change *c, SC_HANDLE service)
{
    SERVICE_STATUS status;
    DWORD pid = 0, state;
    bool asked = false;
    while ((state = state_of(service, &pid)) != SERVICE_STOPPED) {
        if (!asked && state != SERVICE_STOP_PENDING) {
            asked = ControlService(service, SERVICE_CONTROL_STOP, &status) != 0;
            DWORD code = asked ? ERROR_SUCCESS : GetLastError();
            if (!asked && !service_may_come(code, state))
                return win_fail(c->err, code, "stopping the service %s", c->name);
        }
        if (!host_queue_wanted(c->queue, c->work)) /* it was asked once, however short the time */
            return took_too_long(c, "stop");
        Sleep(POLL_MS);
    }
    return BATON_OK;
}

/* Its process may outlive its last word by a little. */
static enum baton_status
stop_one(struct change *c, SC_HANDLE service)
{
    DWORD pid = 0;
    (void)state_of(service, &pid);
    HANDLE process = pid == 0 ? NULL : OpenProcess(SYNCHRONIZE, FALSE, pid);
    enum baton_status rc = wait_for_end(c, service);
    while (rc == BATON_OK && process != NULL &&
           WaitForSingleObject(process, POLL_MS) == WAIT_TIMEOUT)
        if (!host_queue_wanted(c->queue, c->work))
            rc = took_too_long(c, "end its process");
    if (process != NULL)
        CloseHandle(process);
    return rc;
}

/* Whatever needs this service has to stop before it: the manager refuses otherwise. */
static enum baton_status
stop_dependants(struct change *c)
{
    enum baton_status rc = BATON_OK;
    DWORD need = 0, count = 0;
    ENUM_SERVICE_STATUSW *list = malloc(DEPENDANTS_BYTES);
    if (list == NULL)
        return baton_fail(c->err, BATON_NOMEM, "services that depend on %s", c->name);
    if (!EnumDependentServicesW(c->service, SERVICE_ACTIVE, list, DEPENDANTS_BYTES, &need, &count))
        count = 0; /* then the stop itself says why it cannot be */
    for (DWORD i = 0; rc == BATON_OK && i < count; i++) {
        SC_HANDLE one =
            OpenServiceW(c->manager, list[i].lpServiceName, SERVICE_STOP | SERVICE_QUERY_STATUS);
        if (one != NULL) {
            rc = stop_one(c, one);
            CloseServiceHandle(one);
        }
    }
    free(list);
    return rc;
}

static enum baton_status
stop(struct change *c)
{
    enum baton_status rc = stop_dependants(c);
    return rc == BATON_OK ? stop_one(c, c->service) : rc;
}

static enum baton_status
set_start(struct change *c, DWORD start)
{
    return ChangeServiceConfigW(c->service, SERVICE_NO_CHANGE, start, SERVICE_NO_CHANGE, NULL, NULL,
                                NULL, NULL, NULL, NULL, NULL)
               ? BATON_OK
               : win_fail(c->err, GetLastError(), "changing the start type of the service %s",
                          c->name);
}

static enum baton_status
disable(struct change *c)
{
    return set_start(c, SERVICE_DISABLED);
}

static enum baton_status
enable(struct change *c)
{
    DWORD pid = 0;
    enum baton_status rc = set_start(c, SERVICE_AUTO_START);
    if (rc != BATON_OK)
        return rc;
    if (!StartServiceW(c->service, 0, NULL) && GetLastError() != ERROR_SERVICE_ALREADY_RUNNING)
        return win_fail(c->err, GetLastError(), "starting the service %s", c->name);
    for (DWORD state; (state = state_of(c->service, &pid)) != SERVICE_RUNNING;) {
        if (state == SERVICE_STOPPED)
            return baton_fail(c->err, BATON_FAILED,
                              "the service %s ended while it started: the event log says why",
                              c->name);
        if (!host_queue_wanted(c->queue, c->work))
            return took_too_long(c, "start");
        Sleep(POLL_MS);
    }
    return BATON_OK;
}

static const struct {
    enum host_op op;
    DWORD access;
    enum baton_status (*act)(struct change *c);
} acts[] = {
    {HOST_SERVICE_STOP, SERVICE_STOP | SERVICE_QUERY_STATUS | SERVICE_ENUMERATE_DEPENDENTS, stop},
    {HOST_SERVICE_DISABLE, SERVICE_CHANGE_CONFIG, disable},
    {HOST_SERVICE_ENABLE, SERVICE_CHANGE_CONFIG | SERVICE_START | SERVICE_QUERY_STATUS, enable},
};

static enum baton_status
change_found(struct change *c, const wchar_t *name)
{
    for (size_t i = 0; i < ARRAY_LEN(acts); i++) {
        if (acts[i].op != c->work->request.op)
            continue;
        c->service = OpenServiceW(c->manager, name, acts[i].access);
        if (c->service == NULL)
            return win_fail(c->err, GetLastError(), "opening the service %s", c->name);
        enum baton_status rc = acts[i].act(c);
        CloseServiceHandle(c->service);
        return rc;
    }
    return baton_fail(c->err, BATON_USAGE, "%s changes no service",
                      host_op_name(c->work->request.op));
}

static const wchar_t *
name_of(const struct sync_services *services, const char *name)
{
    for (size_t i = 0; i < services->count; i++)
        if (strcmp(services->item[i].record.name, name) == 0)
            return services->item[i].name;
    return NULL;
}

enum baton_status
services_change(SC_HANDLE manager, struct sync_services *known, struct host_queue *queue,
                const struct host_work *work, struct baton_err *err)
{
    struct change c = {
        .manager = manager, .queue = queue, .work = work, .name = work->request.name, .err = err};
    const wchar_t *name = name_of(known, c.name);
    if (name == NULL) { /* it may be newer than what is known */
        enum baton_status rc = services_scan(manager, known, err);
        if (rc != BATON_OK)
            return rc;
        name = name_of(known, c.name);
    }
    return name != NULL
               ? change_found(&c, name)
               : baton_fail(err, BATON_NOT_FOUND, "this server has no sync service %s", c.name);
}
