/* The suite of the host port over this Windows server: its service manager, registry, processes and files.
 * The stand-in's DirSync must be installed, and its engine must be able to ask a site. Behind the suite:
 * what the adapter does when a part of the system refuses or hangs, which the linker puts in its place
 * (CMakeLists.txt: --wrap). */
#include "agent/adapters/windows/host_windows.h"

#include <winsock2.h>

#include <windows.h>

#include <objbase.h>
#include <wtsapi32.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/adapters/windows/win_text.h"
#include "common/text.h"
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

#define SAVED_SETTINGS L"C:\\ProgramData\\Baton\\settings-export\\settings.json"

static void
write_file(const wchar_t *path)
{
    DWORD written = 0;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    assert_true(file != INVALID_HANDLE_VALUE);
    assert_true(WriteFile(file, "{}", 2, &written, NULL));
    CloseHandle(file);
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
    (void)DeleteFileW(SAVED_SETTINGS);
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
windows_export(struct world *w)
{
    (void)w;
    write_file(SAVED_SETTINGS);
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

/* One call of each kind waits for let_go while it hangs. */
static struct {
    atomic_bool tasks, accounts;
    atomic_int entered, left;
    HANDLE let_go;
} hung;

static void
pass(atomic_bool *hangs)
{
    if (!*hangs)
        return;
    hung.entered++;
    WaitForSingleObject(hung.let_go, INFINITE);
    hung.left++;
}

typedef HRESULT(WINAPI *co_create_fn)(REFCLSID, LPUNKNOWN, DWORD, REFIID, LPVOID *);
extern const co_create_fn __real___imp_CoCreateInstance;
BOOL WINAPI __real_WTSQuerySessionInformationW(HANDLE server, DWORD session, WTS_INFO_CLASS what,
                                               LPWSTR *ret_text, DWORD *ret_bytes);
extern const co_create_fn __wrap___imp_CoCreateInstance;
BOOL WINAPI __wrap_WTSQuerySessionInformationW(HANDLE server, DWORD session, WTS_INFO_CLASS what,
                                               LPWSTR *ret_text, DWORD *ret_bytes);

static HRESULT WINAPI
co_create(REFCLSID class, LPUNKNOWN outer, DWORD context, REFIID iid, LPVOID *ret)
{
    pass(&hung.tasks);
    return __real___imp_CoCreateInstance(class, outer, context, iid, ret);
}

/* In Wine every service is in a session, whose user is asked for here; an account's name elsewhere. */
BOOL WINAPI
__wrap_WTSQuerySessionInformationW(HANDLE server, DWORD session, WTS_INFO_CLASS what,
                                   LPWSTR *ret_text, DWORD *ret_bytes)
{
    pass(&hung.accounts);
    return __real_WTSQuerySessionInformationW(server, session, what, ret_text, ret_bytes);
}

const co_create_fn __wrap___imp_CoCreateInstance = co_create;

static int
bad_day(void **state)
{
    static struct world w = {.name = "windows"};
    *state = &w;
    hung.entered = hung.left = 0;
    hung.let_go = CreateEventW(NULL, TRUE, FALSE, NULL);
    return hung.let_go != NULL && windows_open(&w) ? 0 : -1;
}

static int
day_over(void **state)
{
    hung.tasks = hung.accounts = false;
    SetEvent(hung.let_go);
    windows_close(*state);
    CloseHandle(hung.let_go);
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

/* --- an engine under other names --- */

static const wchar_t renamed[] = L"ContosoDirectory";

static SC_HANDLE
open_service(const wchar_t *name)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = OpenServiceW(manager, name, SERVICE_ALL_ACCESS);
    CloseServiceHandle(manager);
    return service;
}

static void
stop(const wchar_t *name)
{
    SERVICE_STATUS status;
    SC_HANDLE service = open_service(name);
    (void)ControlService(service, SERVICE_CONTROL_STOP, &status);
    DWORD began = GetTickCount();
    while (state_of(service) != SERVICE_STOPPED && GetTickCount() - began < PATIENCE_MS)
        Sleep(POLL_MS);
    assert_int_equal(state_of(service), SERVICE_STOPPED);
    CloseServiceHandle(service);
}

/* The program of the engine's own service, under a name and a display name that no product has. */
static int
rename_engine(void **state)
{
    static struct world w = {.name = "windows"};
    union {
        QUERY_SERVICE_CONFIGW config;
        BYTE room[8192];
    } u;
    DWORD need;
    *state = &w;
    if (!windows_open(&w))
        return -1;
    stop(services[0]);
    SC_HANDLE engine = open_service(services[0]);
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    BOOL good = QueryServiceConfigW(engine, &u.config, sizeof u, &need);
    SC_HANDLE made =
        CreateServiceW(manager, renamed, L"Contoso Directory", SERVICE_ALL_ACCESS,
                       SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL,
                       u.config.lpBinaryPathName, NULL, NULL, NULL, NULL, NULL);
    CloseServiceHandle(engine);
    CloseServiceHandle(manager);
    if (made == NULL || !good)
        return -1;
    CloseServiceHandle(made);
    return start(renamed) ? 0 : -1;
}

static int
forget_renamed(void **state)
{
    SC_HANDLE service = open_service(renamed);
    stop(renamed);
    BOOL gone = DeleteService(service);
    CloseServiceHandle(service);
    windows_close(*state);
    return gone ? 0 : -1;
}

static struct host_completion
ask_named(struct world *w, enum host_op op, const char *name)
{
    struct host_request r = {.op = op};
    int broken = 0;
    text_copy(r.name, sizeof r.name, name);
    return ask(w, r, NOTICE_WATCH_BROKEN, &broken);
}

static struct host_service
find_renamed(struct world *w)
{
    struct host_completion done = ask_named(w, HOST_SERVICES, "");
    assert_int_equal(done.status, BATON_OK);
    for (size_t i = 0; i < done.count; i++)
        if (strcmp(done.u.service[i].name, "ContosoDirectory") == 0)
            return done.u.service[i];
    fail_msg("the engine was not found under the name of its service");
    return (struct host_service){0};
}

static size_t
engines(struct world *w)
{
    size_t count = 0;
    struct host_completion done = ask_named(w, HOST_PROCESSES, "");
    assert_int_equal(done.status, BATON_OK);
    for (size_t i = 0; i < done.count; i++)
        count += done.u.process[i].kind == PROCESS_ENGINE;
    return count;
}

static void
an_engine_whose_service_has_names_of_its_own_is_found_and_fenced(void **state)
{
    struct world *w = *state;
    struct host_service s = find_renamed(w);
    assert_true(s.engine);
    assert_int_equal(s.state, SVC_RUNNING);
    assert_int_equal(engines(w), 1);
    assert_int_equal(ask_named(w, HOST_SERVICE_DISABLE, s.name).status, BATON_OK);
    assert_int_equal(ask_named(w, HOST_SERVICE_STOP, s.name).status, BATON_OK);
    s = find_renamed(w);
    assert_int_equal(s.state, SVC_STOPPED);
    assert_int_equal(s.start, START_DISABLED);
    assert_int_equal(s.start_registry, START_DISABLED);
    assert_int_equal(engines(w), 0);
}

/* What the guard needs is answered while that hangs, and so is an end. */
static void
others_go_on_while(struct world *w, enum host_op op, atomic_bool *hangs)
{
    int none = 0;
    uint32_t ticket;
    struct host_request r = {.op = op, .limit_ms = 10 * PATIENCE_MS};
    struct host_request stop = {.op = HOST_SERVICE_STOP, .name = "FIMSynchronizationService"};
    *hangs = true;
    assert_int_equal(w->port.submit(w->port.ctx, &r, &ticket, NULL), BATON_OK);
    for (DWORD began = GetTickCount(); hung.entered == 0; Sleep(POLL_MS))
        if (GetTickCount() - began > PATIENCE_MS)
            fail_msg("%s does not ask what shall hang", host_op_name(op));
    struct host_completion done = ask_services(w, &none);
    assert_int_equal(done.status, BATON_OK);
    assert_int_equal(ask(w, stop, NOTICE_NONE, &none).status, BATON_OK);
    done = ask_services(w, &none);
    for (size_t i = 0; i < done.count; i++)
        if (strcmp(done.u.service[i].name, stop.name) == 0)
            assert_int_equal(done.u.service[i].state, SVC_STOPPED);
    DWORD began = GetTickCount();
    w->port.close(w->port.ctx);
    w->port.ctx = NULL;
    assert_true(GetTickCount() - began < PATIENCE_MS);
    assert_int_equal(hung.left, 0);
    SetEvent(hung.let_go); /* it comes back after all, to what was left for it */
    for (began = GetTickCount(); hung.left == 0 && GetTickCount() - began < PATIENCE_MS;)
        Sleep(POLL_MS);
    Sleep(10 * POLL_MS);
    assert_true(open_port(w)); /* and another host stands beside it */
    assert_int_equal(ask_services(w, &none).status, BATON_OK);
}

static void
a_task_scheduler_that_hangs_holds_up_neither_guard_nor_end(void **state)
{
    others_go_on_while(*state, HOST_TASKS, &hung.tasks);
}

static void
an_account_that_nobody_names_holds_up_neither_guard_nor_end(void **state)
{
    others_go_on_while(*state, HOST_PROCESSES, &hung.accounts);
}

/* --- services that come and go --- */

static void
await_told(struct world *w, const char *words)
{
    static struct host_completion done;
    for (DWORD began = GetTickCount(); GetTickCount() - began < PATIENCE_MS; Sleep(POLL_MS))
        while (w->port.next(w->port.ctx, &done)) {
            bool told = done.ticket == 0 && strstr(done.err.text, words) != NULL;
            w->port.release(w->port.ctx, &done);
            if (told)
                return;
        }
    fail_msg("nobody told: %s", words);
}

static size_t
count_services(struct world *w)
{
    int broken = 0;
    struct host_completion done = ask_services(w, &broken);
    assert_int_equal(done.status, BATON_OK);
    assert_false(done.unwatched);
    return done.count;
}

static SC_HANDLE
install_adsync(void)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    SC_HANDLE made =
        CreateServiceW(manager, L"ADSync", L"Microsoft Azure AD Sync", SERVICE_ALL_ACCESS,
                       SERVICE_WIN32_OWN_PROCESS, SERVICE_DISABLED, SERVICE_ERROR_NORMAL,
                       L"C:\\nothing.exe", NULL, NULL, NULL, NULL, NULL);
    CloseServiceHandle(manager);
    assert_non_null(made);
    return made;
}

/* It goes with the last handle, the adapter's at its close. */
static void
uninstall(SC_HANDLE service)
{
    assert_true(DeleteService(service));
    CloseServiceHandle(service);
}

/* Nobody asks in between: a look would find it too. */
static void
a_service_that_is_installed_is_told_without_a_look(void **state)
{
    struct world *w = *state;
    size_t before = count_services(w);
    SC_HANDLE made = install_adsync();
    await_told(w, "ADSync was installed");
    assert_int_equal(count_services(w), before + 1);
    uninstall(made);
}

/* Its exit code is that of a service which has not run since the boot, and one before it may have. */
static void
a_service_that_was_made_anew_has_not_stopped_before_it_was_made(void **state)
{
    enum { CLOCK_STEP_MS = 1000 };
    struct world *w = *state;
    int broken = 0;
    uint64_t stopped = 0, now = win_now_unix_ms();
    SC_HANDLE made = install_adsync();
    await_told(w, "ADSync was installed");
    struct host_completion done = ask_services(w, &broken);
    for (size_t i = 0; i < done.count; i++)
        if (strcmp(done.u.service[i].name, "ADSync") == 0)
            stopped = done.u.service[i].changed_unix_ms;
    assert_in_range(stopped, now - CLOCK_STEP_MS, win_now_unix_ms() + CLOCK_STEP_MS);
    uninstall(made);
}

/* --- what a wizard leaves in the folder of its own --- */

#define WIZARD_FOLDER L"C:\\ProgramData\\AADConnect"

static void
await_file(struct world *w, const char *words)
{
    static struct host_completion done;
    for (DWORD began = GetTickCount(); GetTickCount() - began < PATIENCE_MS; Sleep(POLL_MS))
        while (w->port.next(w->port.ctx, &done)) {
            bool told = done.ticket == 0 && done.notice == NOTICE_FILE;
            w->port.release(w->port.ctx, &done);
            if (!told)
                continue;
            assert_non_null(strstr(done.err.text, words));
            assert_int_equal(done.place, PLACE_SETTINGS_EXPORT);
            return;
        }
    fail_msg("nobody told of a file: %s", words);
}

static void
of_what_the_wizard_writes_its_exports_alone_are_told(void **state)
{
    struct world *w = *state;
    assert_true(CreateDirectoryW(WIZARD_FOLDER, NULL));
    (void)count_services(w); /* the folder was not there: found at the next turn */
    write_file(WIZARD_FOLDER L"\\trace-1.log");
    write_file(WIZARD_FOLDER L"\\Exported-ServerConfiguration-1.json");
    await_file(w, "Exported-ServerConfiguration-1.json was written");
    write_file(WIZARD_FOLDER L"\\trace-2.log");
    write_file(WIZARD_FOLDER L"\\Exported-ServerConfiguration-2.json");
    await_file(w, "Exported-ServerConfiguration-2.json was written");
}

/* "suite": that alone. */
int
main(int argc, char **argv)
{
    const struct CMUnitTest own[] = {
        cmocka_unit_test_setup_teardown(
            an_engine_whose_service_has_names_of_its_own_is_found_and_fenced, rename_engine,
            forget_renamed),
    };
    const struct CMUnitTest bad_days[] = {
        cmocka_unit_test_setup_teardown(of_what_the_wizard_writes_its_exports_alone_are_told,
                                        bad_day, day_over),
        cmocka_unit_test_setup_teardown(a_service_that_is_installed_is_told_without_a_look, bad_day,
                                        day_over),
        cmocka_unit_test_setup_teardown(
            a_service_that_was_made_anew_has_not_stopped_before_it_was_made, bad_day, day_over),
        cmocka_unit_test_setup_teardown(where_nobody_tells_of_changes_no_answer_counts_as_watched,
                                        bad_day, day_over),
        cmocka_unit_test_setup_teardown(a_task_scheduler_that_hangs_holds_up_neither_guard_nor_end,
                                        bad_day, day_over),
        cmocka_unit_test_setup_teardown(an_account_that_nobody_names_holds_up_neither_guard_nor_end,
                                        bad_day, day_over),
    };
    struct world w = {.name = "windows",
                      .open = windows_open,
                      .close = windows_close,
                      .start_by_hand = windows_start,
                      .export_settings = windows_export,
                      .slow_stop = windows_slow,
                      .reopen = windows_reopen,
                      .no_events = true, /* Wine keeps none */
                      .collector = COLLECT_CONNECTORS,
                      .collector_says = "Identifier"};
    if (argc > 1 && strcmp(argv[1], "suite") == 0)
        return host_suite_run(&w);
    return host_suite_run(&w) + cmocka_run_group_tests(own, NULL, NULL) +
           cmocka_run_group_tests(bad_days, NULL, NULL);
}
