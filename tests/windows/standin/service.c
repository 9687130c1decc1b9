#include "service.h"

#include <stdio.h>
#include <stdlib.h>

#include "standin.h"

enum { TELL_MS = 250, STOP_LIMIT_MS = 120000, REACT_LIMIT_MS = 20000 };

static struct {
    SERVICE_STATUS_HANDLE handle;
    SERVICE_STATUS status;
    HANDLE stop;
    char name[128];
} self;

int
service_complain(const char *what)
{
    fprintf(stderr, "%s: error %lu\n", what, GetLastError());
    return 1;
}

/* --- the service itself --- */

static void
tell(DWORD state, DWORD code)
{
    bool pending = state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING;
    self.status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    self.status.dwCurrentState = state;
    self.status.dwWin32ExitCode = code;
    self.status.dwControlsAccepted =
        state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN : 0;
    self.status.dwCheckPoint = pending ? self.status.dwCheckPoint + 1 : 0;
    self.status.dwWaitHint = pending ? 10 * TELL_MS : 0;
    SetServiceStatus(self.handle, &self.status);
}

static DWORD WINAPI
on_control(DWORD control, DWORD type, void *data, void *ctx)
{
    (void)type;
    (void)data;
    (void)ctx;
    if (control == SERVICE_CONTROL_STOP || control == SERVICE_CONTROL_SHUTDOWN) {
        tell(SERVICE_STOP_PENDING, NO_ERROR);
        SetEvent(self.stop);
        return NO_ERROR;
    }
    return control == SERVICE_CONTROL_INTERROGATE ? NO_ERROR : ERROR_CALL_NOT_IMPLEMENTED;
}

static DWORD
stop_delay_ms(void)
{
    DWORD ms = 0, len = sizeof ms;
    LSTATUS rc = RegGetValueW(HKEY_LOCAL_MACHINE, L"SOFTWARE\\Stand-in", L"StopDelayMs",
                              RRF_RT_REG_DWORD, NULL, &ms, &len);
    return rc == ERROR_SUCCESS ? ms : 0;
}

struct question {
    struct site *site;
    char text[SITE_LINE_BYTES];
    bool good;
};

static DWORD WINAPI
put_question(void *ctx)
{
    struct question *q = ctx;
    struct site_answer a;
    q->good = site_ask(q->site, q->text, &a);
    free(a.text);
    return 0;
}

/* The answer takes as long as the product does: meanwhile the service manager is told of progress. */
static bool
ask_while(struct site *s, const char *verb, DWORD pending)
{
    struct question q = {.site = s};
    snprintf(q.text, sizeof q.text, "%s %s", verb, self.name);
    HANDLE thread = CreateThread(NULL, 0, put_question, &q, 0, NULL);
    if (thread == NULL)
        return false;
    while (WaitForSingleObject(thread, TELL_MS) == WAIT_TIMEOUT)
        tell(pending, NO_ERROR);
    CloseHandle(thread);
    return q.good;
}

static void
wait_delay(void)
{
    DWORD began = GetTickCount(), delay = stop_delay_ms();
    while (GetTickCount() - began < delay) {
        tell(SERVICE_STOP_PENDING, NO_ERROR);
        Sleep(delay < TELL_MS ? delay : TELL_MS);
    }
}

static void WINAPI
service_main(DWORD argc, LPWSTR *argv)
{
    struct site s;
    snprintf(self.name, sizeof self.name, "%ls", argc > 0 ? argv[0] : L"");
    self.stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    self.handle = RegisterServiceCtrlHandlerExW(argc > 0 ? argv[0] : L"", on_control, NULL);
    tell(SERVICE_START_PENDING, NO_ERROR);
    if (!site_open(&s) || !ask_while(&s, "start", SERVICE_START_PENDING)) {
        tell(SERVICE_STOPPED, ERROR_SERVICE_NEVER_STARTED);
        return;
    }
    tell(SERVICE_RUNNING, NO_ERROR);
    WaitForSingleObject(self.stop, INFINITE);
    (void)ask_while(&s, "stop", SERVICE_STOP_PENDING);
    wait_delay();
    site_close(&s);
    tell(SERVICE_STOPPED, NO_ERROR);
}

int
service_dispatch(void)
{
    wchar_t none[] = L"";
    const SERVICE_TABLE_ENTRYW table[] = {{none, service_main}, {NULL, NULL}};
    return StartServiceCtrlDispatcherW(table) ? 0 : service_complain("no service manager waits");
}

/* --- by hand --- */

static SC_HANDLE
open_service(const wchar_t *name, SC_HANDLE *ret_manager)
{
    *ret_manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    if (*ret_manager == NULL)
        return NULL;
    return OpenServiceW(*ret_manager, name, SERVICE_ALL_ACCESS);
}

static int
closed(SC_HANDLE manager, SC_HANDLE service, int code)
{
    if (service != NULL)
        CloseServiceHandle(service);
    if (manager != NULL)
        CloseServiceHandle(manager);
    return code;
}

static bool
set_auto(SC_HANDLE service)
{
    return ChangeServiceConfigW(service, SERVICE_NO_CHANGE, SERVICE_AUTO_START, SERVICE_NO_CHANGE,
                                NULL, NULL, NULL, NULL, NULL, NULL, NULL) != 0;
}

int
service_hand_auto(const wchar_t *name)
{
    SC_HANDLE manager, service = open_service(name, &manager);
    bool done = service != NULL && set_auto(service);
    return closed(manager, service, done ? 0 : service_complain("start type"));
}

int
service_hand_start(const wchar_t *name)
{
    SC_HANDLE manager, service = open_service(name, &manager);
    bool done = service != NULL && set_auto(service) && StartServiceW(service, 0, NULL) != 0;
    return closed(manager, service, done ? 0 : service_complain("start"));
}

static bool
wait_stopped(SC_HANDLE service)
{
    SERVICE_STATUS status = {0};
    DWORD began = GetTickCount();
    while (GetTickCount() - began < STOP_LIMIT_MS) {
        if (QueryServiceStatus(service, &status) && status.dwCurrentState == SERVICE_STOPPED)
            return true;
        Sleep(50);
    }
    return false;
}

int
service_stop(const wchar_t *name)
{
    SC_HANDLE manager, service = open_service(name, &manager);
    SERVICE_STATUS status;
    if (service != NULL)
        (void)ControlService(service, SERVICE_CONTROL_STOP,
                             &status); /* or it has stopped already */
    bool done = service != NULL && wait_stopped(service);
    return closed(manager, service, done ? 0 : service_complain("stop"));
}

static const char *
state_word(DWORD state)
{
    static const char *const words[] = {[SERVICE_STOPPED] = "stopped",
                                        [SERVICE_START_PENDING] = "starting",
                                        [SERVICE_STOP_PENDING] = "stopping",
                                        [SERVICE_RUNNING] = "running"};
    return state < sizeof words / sizeof words[0] && words[state] != NULL ? words[state] : "other";
}

static const char *
start_word(DWORD start)
{
    return start == SERVICE_AUTO_START     ? "auto"
           : start == SERVICE_DEMAND_START ? "manual"
           : start == SERVICE_DISABLED     ? "disabled"
                                           : "other";
}

int
service_query(const wchar_t *name)
{
    SC_HANDLE manager, service = open_service(name, &manager);
    SERVICE_STATUS_PROCESS status;
    DWORD len;
    union {
        QUERY_SERVICE_CONFIGW config;
        BYTE bytes[8192];
    } u;
    bool read = service != NULL &&
                QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&status,
                                     sizeof status, &len) &&
                QueryServiceConfigW(service, &u.config, sizeof u, &len);
    if (read)
        printf("%s %s %lu\n", state_word(status.dwCurrentState), start_word(u.config.dwStartType),
               status.dwProcessId);
    return closed(manager, service, read ? 0 : service_complain("query"));
}

static bool
is_fenced(SC_HANDLE service)
{
    SERVICE_STATUS status;
    DWORD len;
    union {
        QUERY_SERVICE_CONFIGW config;
        BYTE bytes[8192];
    } u;
    return QueryServiceStatus(service, &status) && status.dwCurrentState == SERVICE_STOPPED &&
           QueryServiceConfigW(service, &u.config, sizeof u, &len) &&
           u.config.dwStartType == SERVICE_DISABLED;
}

int
service_react(const wchar_t *name)
{
    SC_HANDLE manager, service = open_service(name, &manager);
    bool done = service != NULL && set_auto(service) && StartServiceW(service, 0, NULL) != 0;
    DWORD began = GetTickCount();
    while (done && !is_fenced(service)) {
        done = GetTickCount() - began < REACT_LIMIT_MS;
        Sleep(5);
    }
    if (done)
        printf("%lu\n", GetTickCount() - began);
    return closed(manager, service, done ? 0 : service_complain("react"));
}
