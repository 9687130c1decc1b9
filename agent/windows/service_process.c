#include "agent/windows/service.h"
#include "agent/windows/service_items.h"

#include <string.h>

#include "agent/adapters/process_windows.h"
#include "agent/adapters/windows/win_text.h"
#include "agent/windows/event_source.h"
#include "common/log.h"

enum { STOP_HINT_MS = 5000 };

static struct {
    const struct service_job *job;
    SERVICE_STATUS_HANDLE handle;
    SERVICE_STATUS status;
    enum baton_status result;
    struct baton_err err;
} self;

static void
tell(DWORD state)
{
    SERVICE_STATUS *st = &self.status;
    st->dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    st->dwCurrentState = state;
    st->dwControlsAccepted =
        state == SERVICE_RUNNING
            ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN | SERVICE_ACCEPT_POWEREVENT
            : 0;
    st->dwCheckPoint = state == SERVICE_RUNNING || state == SERVICE_STOPPED ? 0 : 1;
    st->dwWaitHint = st->dwCheckPoint == 0 ? 0 : STOP_HINT_MS;
    if (!SetServiceStatus(self.handle, st))
        log_warn("service.state", "SetServiceStatus: error %lu", GetLastError());
}

/* In the dispatcher's thread; the agent's own hears of it by its descriptor. */
static DWORD WINAPI
on_control(DWORD control, DWORD event, void *data, void *ctx)
{
    (void)data;
    (void)ctx;
    switch (service_control_meaning(control, event)) {
    case CONTROL_END:
        tell(SERVICE_STOP_PENDING);
        process_end();
        return NO_ERROR;
    case CONTROL_WOKE:
        process_wake();
        return NO_ERROR;
    case CONTROL_NOTHING:
        return NO_ERROR;
    case CONTROL_UNKNOWN:
        break;
    }
    return ERROR_CALL_NOT_IMPLEMENTED;
}

/* What the service sets right by itself, since nobody turns it off on purpose while it runs; of the rest people
 * are told. */
static bool
is_own_affair(enum service_item item)
{
    return item == ITEM_RECOVERY || item == ITEM_RECOVERY_ALWAYS || item == ITEM_REGISTRY ||
           item == ITEM_EVENT_SOURCE;
}

static void
check_items(struct service_site *s)
{
    service_items_read(s);
    for (size_t i = 0; i < ITEM_COUNT; i++) {
        struct baton_err err = {0};
        enum service_item item = (enum service_item)i;
        if (service_item_state(&s->wanted, &s->found, item) != ITEM_DEVIATES)
            continue;
        if (!is_own_affair(item))
            log_warn("service.deviates", "%s is %s; wanted: %s; baton-agent service repair",
                     service_item_name(item), s->found.item[i].text, s->wanted.item[i].text);
        else if (service_item_write(s, item, &err) == BATON_OK)
            log_warn("service.repaired", "%s was %s", service_item_name(item),
                     s->found.item[i].text);
        else
            log_warn("service.deviates", "%s", err.text);
    }
}

/* In a thread of its own: while the system starts its services the manager may let askers wait, and nothing that
 * guards may wait with them. */
static DWORD WINAPI
check_at_start(void *ctx)
{
    static struct service_site site;
    struct baton_err err = {0};
    (void)ctx;
    enum baton_status rc = service_site_init(&site, self.job->dir, &err);
    if (rc == BATON_OK)
        rc = service_site_open(&site, 0,
                               SERVICE_QUERY_CONFIG | SERVICE_CHANGE_CONFIG | SERVICE_START, &err);
    if (rc == BATON_OK)
        check_items(&site);
    else
        log_warn("service.deviates", "%s", err.text);
    service_site_close(&site);
    return 0;
}

static void
begin_check(void)
{
    HANDLE thread = CreateThread(NULL, 0, check_at_start, NULL, 0, NULL);
    if (thread == NULL)
        log_warn("service.deviates", "not checked: error %lu", GetLastError());
    else
        CloseHandle(thread);
}

static void
tell_end(void)
{
    SERVICE_STATUS *st = &self.status;
    if (self.result == BATON_OK) {
        log_info("service.stopped", "as asked");
    } else {
        log_error("service.failed", "%s",
                  self.err.text[0] == '\0' ? baton_status_text(self.result) : self.err.text);
        st->dwWin32ExitCode = ERROR_SERVICE_SPECIFIC_ERROR;
        st->dwServiceSpecificExitCode = (DWORD)baton_status_exit_code(self.result);
    }
    tell(SERVICE_STOPPED);
}

/* Running is told before the agent looks at anything: what starts after us need not wait, and the agent's boot
 * has its own limits. */
static void WINAPI
service_main(DWORD count, wchar_t **words)
{
    (void)count;
    (void)words;
    self.handle = RegisterServiceCtrlHandlerExW(L"" SERVICE_NAME, on_control, NULL);
    if (self.handle == NULL) {
        self.result = win_fail(&self.err, GetLastError(), "RegisterServiceCtrlHandlerEx");
        return;
    }
    tell(SERVICE_START_PENDING);
    if (process_stop_fd(&self.err) < 0) {
        self.result = BATON_IO;
    } else {
        tell(SERVICE_RUNNING);
        log_info("service.started", "version=%s", BATON_VERSION);
        begin_check();
        self.result = self.job->run(self.job->ctx, &self.err);
    }
    tell_end();
}

enum baton_status
service_dispatch(const struct service_job *job, struct baton_err *err)
{
    wchar_t name[] = L"" SERVICE_NAME;
    const SERVICE_TABLE_ENTRYW table[] = {{name, service_main}, {NULL, NULL}};
    struct baton_err why = {0};
    self.job = job;
    if (event_source_open(&why) != BATON_OK)
        log_warn("service.events", "%s", why.text);
    if (!StartServiceCtrlDispatcherW(table)) {
        DWORD code = GetLastError();
        return code == ERROR_FAILED_SERVICE_CONTROLLER_CONNECT
                   ? baton_fail(err, BATON_USAGE,
                                "--service is for the service manager alone; on a console: "
                                "baton-agent run")
                   : win_fail(err, code, "the service manager");
    }
    *err = self.err;
    return self.result;
}
