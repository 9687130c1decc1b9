/* The suite of the host port over this Windows server: its service manager, registry, processes and files.
 * The stand-in's DirSync must be installed, and its engine must be able to ask a site. Behind the suite:
 * what the adapter does when a part of the system refuses or hangs, which the linker puts in its place
 * (CMakeLists.txt: --wrap). */
#include "agent/adapters/windows/host_windows.h"

#include <winsock2.h>

#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
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

/* --- a system that refuses or hangs --- */

static atomic_bool refuses;

DWORD __real_NotifyServiceStatusChangeW(SC_HANDLE service, DWORD mask, SERVICE_NOTIFYW *notify);
DWORD __wrap_NotifyServiceStatusChangeW(SC_HANDLE service, DWORD mask, SERVICE_NOTIFYW *notify);
DWORD
__wrap_NotifyServiceStatusChangeW(SC_HANDLE service, DWORD mask, SERVICE_NOTIFYW *notify)
{
    return refuses ? ERROR_ACCESS_DENIED : __real_NotifyServiceStatusChangeW(service, mask, notify);
}

static int
bad_day(void **state)
{
    static struct world w = {.name = "windows"};
    *state = &w;
    return windows_open(&w) ? 0 : -1;
}

static int
day_over(void **state)
{
    windows_close(*state);
    return 0;
}

/* The answer to a request; notifications of that kind are counted, and everything else is let go. */
static struct host_completion
ask(struct world *w, struct host_request r, enum host_notice counted, int *ret_count)
{
    static struct host_completion done;
    uint32_t ticket = 0;
    r.limit_ms = r.limit_ms == 0 ? PATIENCE_MS : r.limit_ms;
    assert_int_equal(w->port.submit(w->port.ctx, &r, &ticket, NULL), BATON_OK);
    for (DWORD began = GetTickCount(); GetTickCount() - began < 2 * PATIENCE_MS; Sleep(POLL_MS))
        while (w->port.next(w->port.ctx, &done)) {
            if (done.ticket == ticket)
                return done;
            *ret_count += done.ticket == 0 && done.notice == counted;
            w->port.release(w->port.ctx, &done);
        }
    fail_msg("%s: no completion", host_op_name(r.op));
    return done;
}

static struct host_completion
ask_services(struct world *w, int *ret_broken)
{
    return ask(w, (struct host_request){.op = HOST_SERVICES}, NOTICE_WATCH_BROKEN, ret_broken);
}

static void
where_nobody_tells_of_changes_no_answer_counts_as_watched(void **state)
{
    struct world *w = *state;
    int broken = 0;
    w->port.close(w->port.ctx);
    refuses = true;
    assert_true(open_port(w));
    for (int i = 0; i < 20; i++) {
        struct host_completion done = ask_services(w, &broken);
        assert_int_equal(done.status, BATON_OK);
        assert_true(done.unwatched);
        assert_non_null(strstr(done.err.text, "service manager does not tell"));
    }
    assert_int_equal(broken, 1); /* told once, or each look would ask for the next one */
    refuses = false;
    struct host_completion done = ask_services(w, &broken);
    assert_true(done.unwatched); /* for the time before it */
    done = ask_services(w, &broken);
    assert_false(done.unwatched);
}

int
main(void)
{
    const struct CMUnitTest bad_days[] = {
        cmocka_unit_test_setup_teardown(where_nobody_tells_of_changes_no_answer_counts_as_watched,
                                        bad_day, day_over),
    };
    struct world w = {.name = "windows",
                      .open = windows_open,
                      .close = windows_close,
                      .start_by_hand = windows_start,
                      .slow_stop = windows_slow,
                      .reopen = windows_reopen,
                      .no_events = true, /* Wine keeps none */
                      .collector = COLLECT_CONNECTORS,
                      .collector_says = "Identifier"};
    return host_suite_run(&w) + cmocka_run_group_tests(bad_days, NULL, NULL);
}
