#include "agent/windows/service.h"
#include "agent/windows/service_items.h"

#include <stdio.h>
#include <string.h>

#include "agent/adapters/windows/win_text.h"
#include "agent/agent.h"
#include "agent/setup.h"
#include "agent/windows/event_source.h"
#include "agent/windows/service_report.h"
#include "common/disk/disk.h"
#include "common/log.h"

#define SECURITY_WIN32
#include <security.h>

enum { WAIT_MS = 30000, LOOK_MS = 20, WHO_BYTES = 512 };

static bool
process_is_there(DWORD pid)
{
    HANDLE process = OpenProcess(SYNCHRONIZE, FALSE, pid);
    if (process == NULL)
        return GetLastError() == ERROR_ACCESS_DENIED;
    bool there = WaitForSingleObject(process, 0) == WAIT_TIMEOUT;
    CloseHandle(process);
    return there;
}

struct service_now {
    DWORD state, pid;
    bool gone; /* the manager has a process that is not there */
};

static enum baton_status
look(const struct service_site *s, struct service_now *ret_now, struct baton_err *err)
{
    SERVICE_STATUS_PROCESS st;
    DWORD need = 0;
    if (!QueryServiceStatusEx(s->service, SC_STATUS_PROCESS_INFO, (BYTE *)&st, sizeof st, &need))
        return win_fail(err, GetLastError(), "the state of %s", SERVICE_NAME);
    *ret_now = (struct service_now){.state = st.dwCurrentState, .pid = st.dwProcessId};
    ret_now->gone = st.dwCurrentState != SERVICE_STOPPED && st.dwProcessId != 0 &&
                    !process_is_there(st.dwProcessId);
    return BATON_OK;
}

static const char *
state_name(const struct service_now *now)
{
    static const char *const names[] = {[SERVICE_STOPPED] = "stopped",
                                        [SERVICE_START_PENDING] = "starting",
                                        [SERVICE_STOP_PENDING] = "stopping",
                                        [SERVICE_RUNNING] = "running"};
    if (now->gone)
        return "gone";
    return now->state < ARRAY_LEN(names) && names[now->state] != NULL ? names[now->state] : "?";
}

static enum baton_status
wait_for(const struct service_site *s, DWORD wanted, struct baton_err *err)
{
    struct service_now now = {0};
    ULONGLONG until = GetTickCount64() + WAIT_MS;
    for (;;) {
        enum baton_status rc = look(s, &now, err);
        if (rc != BATON_OK || now.state == wanted)
            return rc;
        if (now.gone)
            return wanted == SERVICE_STOPPED
                       ? BATON_OK
                       : baton_fail(err, BATON_FAILED, "%s ended at once: see the Event Log",
                                    SERVICE_NAME);
        if (wanted == SERVICE_RUNNING && now.state == SERVICE_STOPPED)
            return baton_fail(err, BATON_FAILED, "%s has stopped again: see the Event Log",
                              SERVICE_NAME);
        if (GetTickCount64() >= until)
            return baton_fail(err, BATON_TIMEOUT, "%s is still %s after %d s", SERVICE_NAME,
                              state_name(&now), WAIT_MS / 1000);
        Sleep(LOOK_MS);
    }
}

static bool
is_enrolled(const char *dir)
{
    char path[SETUP_PATH_BYTES];
    return setup_path(dir, SETUP_INI, path, NULL) == BATON_OK && disk_exists(path);
}

static enum baton_status
report(struct service_site *s, const struct service_plan *before, const struct service_options *o,
       struct baton_err *err)
{
    struct service_now now = {0};
    enum baton_status rc = look(s, &now, err);
    if (rc != BATON_OK)
        return rc;
    struct service_report r = {.wanted = &s->wanted,
                               .found = &s->found,
                               .before = before,
                               .state = state_name(&now),
                               .pid = now.pid,
                               .dir = s->dir,
                               .enrolled = is_enrolled(s->dir)};
    service_report_print(&r, strcmp(o->output, "json") == 0);
    return BATON_OK;
}

/* --- install, repair --- */

/* What the system has no setting for is tried too, since its reader may be what is missing; only what deviated
 * and could not be set is an error. */
static enum baton_status
set_items(struct service_site *s, struct baton_err *err)
{
    for (size_t i = 0; i < ITEM_COUNT; i++) {
        struct baton_err why = {0};
        enum item_state state = service_item_state(&s->wanted, &s->found, (enum service_item)i);
        if (state == ITEM_MATCHES)
            continue;
        enum baton_status rc = service_item_write(s, (enum service_item)i, &why);
        if (rc == BATON_OK)
            continue;
        if (state == ITEM_DEVIATES) {
            *err = why;
            return rc;
        }
        log_info("service.unsupported", "%s", why.text);
    }
    return BATON_OK;
}

static enum baton_status
make_right(struct service_site *s, const struct service_options *o, struct baton_err *err)
{
    service_items_read(s);
    struct service_plan before = s->found;
    enum baton_status rc = set_items(s, err);
    service_items_read(s);
    if (rc == BATON_OK)
        rc = report(s, &before, o, err);
    char left[PLAN_TEXT_BYTES];
    service_deviations_text(&s->wanted, &s->found, left, sizeof left);
    if (rc == BATON_OK && left[0] != '\0')
        rc = baton_fail(err, BATON_FAILED, "set, but read back as something else: %s", left);
    return rc;
}

static enum baton_status
do_install(struct service_site *s, const struct service_options *o, struct baton_err *err)
{
    struct baton_err none = {0};
    enum baton_status rc =
        service_site_open(s, SC_MANAGER_CREATE_SERVICE, SERVICE_ALL_ACCESS, &none);
    if (rc == BATON_OK)
        return baton_fail(err, BATON_CONFLICT,
                          "the service %s is installed already: baton-agent service repair",
                          SERVICE_NAME);
    if (rc != BATON_NOT_FOUND) {
        *err = none;
        return rc;
    }
    rc = service_site_create(s, err);
    return rc == BATON_OK ? make_right(s, o, err) : rc;
}

static enum baton_status
do_repair(struct service_site *s, const struct service_options *o, struct baton_err *err)
{
    enum baton_status rc = service_site_open(s, 0, SERVICE_ALL_ACCESS, err);
    return rc == BATON_OK ? make_right(s, o, err) : rc;
}

static enum baton_status
do_status(struct service_site *s, const struct service_options *o, struct baton_err *err)
{
    char deviations[PLAN_TEXT_BYTES];
    enum baton_status rc =
        service_site_open(s, 0, SERVICE_QUERY_CONFIG | SERVICE_QUERY_STATUS, err);
    if (rc == BATON_NOT_FOUND) {
        struct service_report r = {
            .wanted = &s->wanted, .state = "none", .dir = s->dir, .enrolled = is_enrolled(s->dir)};
        service_report_print(&r, strcmp(o->output, "json") == 0);
    }
    if (rc != BATON_OK)
        return rc;
    service_items_read(s);
    rc = report(s, NULL, o, err);
    service_deviations_text(&s->wanted, &s->found, deviations, sizeof deviations);
    if (rc == BATON_OK && deviations[0] != '\0')
        rc = baton_fail(err, BATON_WAITING, "deviates: %s; baton-agent service repair", deviations);
    return rc;
}

/* --- start, stop, uninstall --- */

/* The manager may still believe in a process that was killed: it is asked to start, and says what it knows. */
static enum baton_status
do_start(struct service_site *s, const struct service_options *o, struct baton_err *err)
{
    (void)o;
    enum baton_status rc = service_site_open(s, 0, SERVICE_START | SERVICE_QUERY_STATUS, err);
    if (rc != BATON_OK)
        return rc;
    if (!StartServiceW(s->service, 0, NULL)) {
        DWORD code = GetLastError();
        if (code == ERROR_SERVICE_DISABLED)
            return baton_fail(err, BATON_CONFLICT,
                              "the service %s is disabled: baton-agent service repair",
                              SERVICE_NAME);
        if (code != ERROR_SERVICE_ALREADY_RUNNING)
            return win_fail(err, code, "cannot start %s", SERVICE_NAME);
    }
    return wait_for(s, SERVICE_RUNNING, err);
}

static enum baton_status
stop_it(struct service_site *s, struct baton_err *err)
{
    SERVICE_STATUS st;
    struct service_now now = {0};
    enum baton_status rc = look(s, &now, err);
    if (rc != BATON_OK || now.state == SERVICE_STOPPED || now.gone)
        return rc;
    if (!ControlService(s->service, SERVICE_CONTROL_STOP, &st) &&
        GetLastError() != ERROR_SERVICE_NOT_ACTIVE && now.state != SERVICE_STOP_PENDING)
        return win_fail(err, GetLastError(), "cannot stop %s", SERVICE_NAME);
    return wait_for(s, SERVICE_STOPPED, err);
}

/* The service may look after another folder than the one that was named: then its promises lie there. */
static enum baton_status
same_folder(struct service_site *s, const struct service_options *o, struct baton_err *err)
{
    service_items_read(s);
    const struct plan_value *image = &s->found.item[ITEM_IMAGE];
    if (image->state != VALUE_KNOWN)
        return baton_fail(err, BATON_IO, "which folder %s keeps is not known: %s", SERVICE_NAME,
                          image->text);
    if (o->dir != NULL || strstr(image->text, " --dir ") == NULL)
        return BATON_OK;
    return baton_fail(err, BATON_CONFLICT,
                      "%s keeps a folder of its own: name it with --dir, as in %s", SERVICE_NAME,
                      image->text);
}

static enum baton_status
may_go(struct service_site *s, const struct service_options *o, struct baton_err *err)
{
    enum baton_status rc = same_folder(s, o, err);
    if (rc == BATON_OK)
        rc = may_stop(s->dir, err);
    return rc == BATON_OK ? rc : baton_wrap(err, rc, "%s stays as it was", SERVICE_NAME);
}

/* DOMAIN\user of this program. */
static void
own_account(char who[WHO_BYTES])
{
    wchar_t name[WHO_BYTES];
    ULONG units = WHO_BYTES;
    win_line(GetUserNameExW(NameSamCompatible, name, &units) ? name : L"nobody known", who,
             WHO_BYTES);
}

/* Before the stop, so that it is told even if the stop fails. */
static void
tell_forced(const struct baton_err *refusal)
{
    char who[WHO_BYTES];
    struct baton_err why = {0};
    if (event_source_open(&why) != BATON_OK)
        log_warn("service.events", "%s", why.text);
    own_account(who);
    log_warn("service.forced", "by %s: %s", who, refusal->text);
}

/* Whoever stops it by the service manager's own tools is not asked: Windows has no way to. */
static enum baton_status
do_stop(struct service_site *s, const struct service_options *o, struct baton_err *err)
{
    struct service_now now = {0};
    enum baton_status rc =
        service_site_open(s, 0, SERVICE_STOP | SERVICE_QUERY_STATUS | SERVICE_QUERY_CONFIG, err);
    if (rc == BATON_OK)
        rc = look(s, &now, err);
    if (rc != BATON_OK || now.state == SERVICE_STOPPED || now.gone)
        return rc;
    rc = may_go(s, o, err);
    if (rc != BATON_OK && o->during_handoff) { /* also where it is not known whether it may */
        tell_forced(err);
        rc = BATON_OK;
    }
    return rc == BATON_OK ? stop_it(s, err) : rc;
}

/* Keys, promises and the second copy stay: they are what an agent must never lose. */
static enum baton_status
do_uninstall(struct service_site *s, const struct service_options *o, struct baton_err *err)
{
    enum baton_status rc = service_site_open(
        s, 0, SERVICE_STOP | SERVICE_QUERY_STATUS | SERVICE_QUERY_CONFIG | DELETE, err);
    if (rc == BATON_OK)
        rc = may_go(s, o, err);
    if (rc == BATON_OK)
        rc = stop_it(s, err);
    if (rc == BATON_OK && !DeleteService(s->service) &&
        GetLastError() != ERROR_SERVICE_MARKED_FOR_DELETE)
        rc = win_fail(err, GetLastError(), "cannot remove the service %s", SERVICE_NAME);
    if (rc == BATON_OK)
        rc = event_source_remove(err);
    if (rc == BATON_OK)
        printf("removed  %s; what it promised stays in %s and in the registry\n", SERVICE_NAME,
               s->dir);
    return rc;
}

enum baton_status
service_command(const struct service_options *o, struct baton_err *err)
{
    static const struct {
        const char *verb;
        enum baton_status (*run)(struct service_site *s, const struct service_options *o,
                                 struct baton_err *err);
    } verbs[] = {{"install", do_install}, {"uninstall", do_uninstall}, {"start", do_start},
                 {"stop", do_stop},       {"repair", do_repair},       {"status", do_status}};
    static struct service_site site;
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if (strcmp(verbs[i].verb, o->verb) != 0)
            continue;
        if (o->during_handoff && verbs[i].run != do_stop)
            break;
        enum baton_status rc = service_site_init(&site, o->dir, err);
        if (rc == BATON_OK)
            rc = verbs[i].run(&site, o, err);
        service_site_close(&site);
        return rc;
    }
    if (o->during_handoff)
        return baton_fail(err, BATON_USAGE, "--during-handoff is for service stop alone, not '%s'",
                          o->verb);
    return baton_fail(err, BATON_USAGE,
                      "service install, uninstall, start, stop, repair or status, not '%s'",
                      o->verb);
}
