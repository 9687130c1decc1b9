/* The suite of the host port over this Windows server: its service manager, registry, processes and files.
 * The stand-in's DirSync must be installed, and its engine must be able to ask a site. */
#include "agent/adapters/windows/host_windows.h"

#include <winsock2.h>

#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "host_suite.h"

enum { PATIENCE_MS = 20000, POLL_MS = 20 };

static const wchar_t *const services[] = {L"FIMSynchronizationService", L"MSOnlineSyncScheduler"};

static DWORD
state_of(SC_HANDLE service)
{
    SERVICE_STATUS status = {0};
    return QueryServiceStatus(service, &status) ? status.dwCurrentState : 0;
}

/* As a person does in services.msc: automatic, and started. A stop under way ends first. */
static bool
start(const wchar_t *name)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = OpenServiceW(manager, name, SERVICE_ALL_ACCESS);
    bool good = ChangeServiceConfigW(service, SERVICE_NO_CHANGE, SERVICE_AUTO_START,
                                     SERVICE_NO_CHANGE, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    DWORD began = GetTickCount();
    while (good && state_of(service) != SERVICE_RUNNING && GetTickCount() - began < PATIENCE_MS) {
        if (state_of(service) == SERVICE_STOPPED)
            (void)StartServiceW(service, 0, NULL);
        Sleep(POLL_MS);
    }
    good = good && state_of(service) == SERVICE_RUNNING;
    CloseServiceHandle(service);
    CloseServiceHandle(manager);
    return good;
}

static void
set_stop_delay(DWORD ms)
{
    HKEY key;
    if (RegCreateKeyExW(HKEY_LOCAL_MACHINE, L"SOFTWARE\\Stand-in", 0, NULL, 0, KEY_WRITE, NULL,
                        &key, NULL) != ERROR_SUCCESS)
        fail_msg("HKLM\\SOFTWARE\\Stand-in cannot be written");
    RegSetValueExW(key, L"StopDelayMs", 0, REG_DWORD, (const BYTE *)&ms, sizeof ms);
    RegCloseKey(key);
}

static bool
open_port(struct world *w)
{
    struct baton_err err = {0};
    if (host_windows_open(&w->port, &err) == BATON_OK)
        return true;
    print_error("%s\n", err.text);
    return false;
}

static bool
windows_open(struct world *w)
{
    bool good = true;
    set_stop_delay(0);
    for (size_t i = 0; i < ARRAY_LEN(services); i++)
        good = start(services[i]) && good;
    (void)DeleteFileW(L"C:\\ProgramData\\Baton\\settings-import\\baton-settings.json");
    (void)DeleteFileW(L"C:\\ProgramData\\Baton\\settings-import\\.baton-settings.json.part");
    return good && open_port(w);
}

static void
windows_close(struct world *w)
{
    if (w->port.ctx != NULL)
        w->port.close(w->port.ctx);
}

static bool
windows_reopen(struct world *w)
{
    w->port.close(w->port.ctx);
    return open_port(w);
}

static void
windows_start(struct world *w, const char *by)
{
    (void)w;
    (void)by; /* the service manager does not say */
    assert_true(start(services[0]));
}

static void
windows_slow(struct world *w)
{
    (void)w;
    set_stop_delay(3000);
}

int
main(void)
{
    struct world w = {.name = "windows",
                      .open = windows_open,
                      .close = windows_close,
                      .start_by_hand = windows_start,
                      .slow_stop = windows_slow,
                      .reopen = windows_reopen,
                      .no_events = true, /* Wine keeps none */
                      .collector = COLLECT_CONNECTORS,
                      .collector_says = "Identifier"};
    return host_suite_run(&w);
}
