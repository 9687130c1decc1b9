#include "agent/windows/service_items.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/adapters/managed.h"
#include "agent/adapters/process.h"
#include "agent/adapters/windows/win_text.h"
#include "agent/windows/event_source.h"
#include "common/disk/disk.h"
#include "common/disk/registry.h"

enum { TEXT_UNITS = 4096, CONFIG_BYTES = 8192 };

/* --- the site --- */

static enum baton_status
find_image(struct service_site *s, const char *dir, struct baton_err *err)
{
    const char *const words[] = {s->program, "--service", "--dir", dir};
    return command_line(words, dir == NULL ? 2 : 4, s->image, err);
}

enum baton_status
service_site_init(struct service_site *s, const char *dir, struct baton_err *err)
{
    struct managed m;
    *s = (struct service_site){0};
    if (!process_program(s->program, sizeof s->program))
        return baton_fail(err, BATON_IO, "where this program lies cannot be had");
    enum baton_status rc = managed_read(&m, err);
    if (rc == BATON_OK)
        rc = managed_dir(&m, dir, s->dir, sizeof s->dir, err);
    if (rc == BATON_OK)
        rc = find_image(s, dir, err);
    if (rc == BATON_OK)
        service_plan_wanted(s->image, s->program, &s->wanted);
    return rc;
}

enum baton_status
service_site_open(struct service_site *s, DWORD manager_access, DWORD service_access,
                  struct baton_err *err)
{
    s->manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | manager_access);
    if (s->manager == NULL)
        return win_fail(err, GetLastError(), "the service manager");
    s->service = OpenServiceA(s->manager, SERVICE_NAME, service_access);
    if (s->service != NULL)
        return BATON_OK;
    DWORD code = GetLastError();
    if (code == ERROR_SERVICE_DOES_NOT_EXIST)
        return baton_fail(err, BATON_NOT_FOUND,
                          "the service %s is not installed: baton-agent service install",
                          SERVICE_NAME);
    return win_fail(err, code, "the service %s", SERVICE_NAME);
}

enum baton_status
service_site_create(struct service_site *s, struct baton_err *err)
{
    wchar_t image[TEXT_UNITS];
    if (!win_wide(s->image, image, TEXT_UNITS))
        return baton_fail(err, BATON_LIMIT, "path too long: %s", s->program);
    s->service =
        CreateServiceW(s->manager, L"" SERVICE_NAME, L"" SERVICE_DISPLAY, SERVICE_ALL_ACCESS,
                       SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, image,
                       L"" SERVICE_GROUP, NULL, NULL, NULL, NULL);
    if (s->service != NULL)
        return BATON_OK;
    DWORD code = GetLastError();
    if (code == ERROR_SERVICE_MARKED_FOR_DELETE)
        return baton_fail(err, BATON_CONFLICT,
                          "the service %s is being removed: close what shows services, and again",
                          SERVICE_NAME);
    return win_fail(err, code, "cannot make the service %s", SERVICE_NAME);
}

void
service_site_close(struct service_site *s)
{
    if (s->service != NULL)
        CloseServiceHandle(s->service);
    if (s->manager != NULL)
        CloseServiceHandle(s->manager);
    s->service = s->manager = NULL;
}

/* --- reading --- */

static void
put_wide(struct plan_value *value, const wchar_t *text)
{
    char utf8[PLAN_TEXT_BYTES];
    win_utf8(text == NULL || text[0] == L'\0' ? L"none" : text, utf8, sizeof utf8);
    plan_set(value, VALUE_KNOWN, utf8);
}

/* Texts behind each other, the last one empty. */
static void
put_list(struct plan_value *value, const wchar_t *list)
{
    wchar_t joined[PLAN_TEXT_BYTES] = L"";
    size_t used = 0;
    for (const wchar_t *at = list; at != NULL && *at != L'\0'; at += wcslen(at) + 1) {
        size_t len = wcslen(at);
        if (used + len + 2 > ARRAY_LEN(joined))
            break;
        if (used > 0)
            joined[used++] = L' ';
        memcpy(joined + used, at, (len + 1) * sizeof *at);
        used += len;
    }
    put_wide(value, joined);
}

/* ERROR_INVALID_LEVEL: a system that has no such setting. */
static void
put_error(struct plan_value *value, DWORD code)
{
    struct baton_err err = {0};
    (void)win_fail(&err, code, "not readable");
    plan_set(value, code == ERROR_INVALID_LEVEL ? VALUE_UNSUPPORTED : VALUE_UNKNOWN, err.text);
}

static void
put_status(struct plan_value *value, enum baton_status status, const struct baton_err *err)
{
    plan_set(value, status == BATON_NOT_FOUND ? VALUE_KNOWN : VALUE_UNKNOWN,
             status == BATON_NOT_FOUND ? "none" : err->text);
}

static void
read_basic(struct service_site *s)
{
    static const enum service_item items[] = {ITEM_IMAGE, ITEM_START,        ITEM_ACCOUNT,
                                              ITEM_GROUP, ITEM_DEPENDENCIES, ITEM_DISPLAY};
    struct plan_value *v = s->found.item;
    char start[32];
    DWORD need = 0;
    QUERY_SERVICE_CONFIGW *c = malloc(CONFIG_BYTES);
    if (c == NULL || !QueryServiceConfigW(s->service, c, CONFIG_BYTES, &need)) {
        DWORD code = c == NULL ? ERROR_NOT_ENOUGH_MEMORY : GetLastError();
        for (size_t i = 0; i < ARRAY_LEN(items); i++)
            put_error(&v[items[i]], code);
        free(c);
        return;
    }
    put_wide(&v[ITEM_IMAGE], c->lpBinaryPathName);
    plan_start_text(c->dwStartType, start, sizeof start);
    plan_set(&v[ITEM_START], VALUE_KNOWN, start);
    put_wide(&v[ITEM_ACCOUNT], c->lpServiceStartName);
    put_wide(&v[ITEM_GROUP], c->lpLoadOrderGroup);
    put_list(&v[ITEM_DEPENDENCIES], c->lpDependencies);
    put_wide(&v[ITEM_DISPLAY], c->lpDisplayName);
    free(c);
}

/* NULL: the item says why. The caller frees. */
static void *
query(struct service_site *s, DWORD level, enum service_item item)
{
    DWORD need = 0;
    void *room = calloc(1, CONFIG_BYTES);
    if (room != NULL && QueryServiceConfig2W(s->service, level, room, CONFIG_BYTES, &need))
        return room;
    put_error(&s->found.item[item], room == NULL ? ERROR_NOT_ENOUGH_MEMORY : GetLastError());
    free(room);
    return NULL;
}

static void
read_description(struct service_site *s)
{
    SERVICE_DESCRIPTIONW *d = query(s, SERVICE_CONFIG_DESCRIPTION, ITEM_DESCRIPTION);
    if (d != NULL)
        put_wide(&s->found.item[ITEM_DESCRIPTION], d->lpDescription);
    free(d);
}

static void
read_delayed(struct service_site *s)
{
    SERVICE_DELAYED_AUTO_START_INFO *d =
        query(s, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, ITEM_DELAYED);
    if (d != NULL)
        plan_set(&s->found.item[ITEM_DELAYED], VALUE_KNOWN, d->fDelayedAutostart ? "yes" : "no");
    free(d);
}

static void
read_recovery(struct service_site *s)
{
    SERVICE_FAILURE_ACTIONSW *f = query(s, SERVICE_CONFIG_FAILURE_ACTIONS, ITEM_RECOVERY);
    struct plan_action actions[8];
    char text[PLAN_TEXT_BYTES];
    if (f == NULL)
        return;
    size_t count = f->lpsaActions == NULL             ? 0
                   : f->cActions < ARRAY_LEN(actions) ? f->cActions
                                                      : ARRAY_LEN(actions);
    for (size_t i = 0; i < count; i++)
        actions[i] =
            (struct plan_action){(uint32_t)f->lpsaActions[i].Type, f->lpsaActions[i].Delay};
    plan_recovery_text(actions, count, f->dwResetPeriod, text, sizeof text);
    plan_set(&s->found.item[ITEM_RECOVERY], VALUE_KNOWN, text);
    free(f);
}

static void
read_recovery_always(struct service_site *s)
{
    SERVICE_FAILURE_ACTIONS_FLAG *f =
        query(s, SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, ITEM_RECOVERY_ALWAYS);
    if (f != NULL)
        plan_set(&s->found.item[ITEM_RECOVERY_ALWAYS], VALUE_KNOWN,
                 f->fFailureActionsOnNonCrashFailures ? "yes" : "no");
    free(f);
}

static void
read_sid(struct service_site *s)
{
    SERVICE_SID_INFO *i = query(s, SERVICE_CONFIG_SERVICE_SID_INFO, ITEM_SID);
    if (i != NULL)
        plan_set(&s->found.item[ITEM_SID], VALUE_KNOWN,
                 i->dwServiceSidType == SERVICE_SID_TYPE_UNRESTRICTED ? "unrestricted"
                 : i->dwServiceSidType == SERVICE_SID_TYPE_NONE       ? "none"
                                                                      : "restricted");
    free(i);
}

static void
read_privileges(struct service_site *s)
{
    SERVICE_REQUIRED_PRIVILEGES_INFOW *p =
        query(s, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, ITEM_PRIVILEGES);
    if (p != NULL)
        put_list(&s->found.item[ITEM_PRIVILEGES], p->pmszRequiredPrivileges);
    free(p);
}

static void
read_event_source(struct service_site *s)
{
    char program[SITE_PATH_BYTES];
    struct baton_err err = {0};
    struct plan_value *v = &s->found.item[ITEM_EVENT_SOURCE];
    enum baton_status rc = event_source_read(program, sizeof program, &err);
    if (rc == BATON_OK)
        plan_set(v, VALUE_KNOWN, program);
    else
        put_status(v, rc, &err);
}

static void
read_folder(struct service_site *s)
{
    struct plan_value *v = &s->found.item[ITEM_FOLDER];
    if (!disk_exists(s->dir))
        plan_set(v, errno == ENOENT ? VALUE_KNOWN : VALUE_UNKNOWN,
                 errno == ENOENT ? "none" : strerror(errno));
    else
        plan_set(v, VALUE_KNOWN, disk_folder_is_closed(s->dir) ? "closed" : "open to others");
}

static void
read_registry(struct service_site *s)
{
    bool closed = false;
    struct baton_err err = {0};
    struct plan_value *v = &s->found.item[ITEM_REGISTRY];
    enum baton_status rc = registry_own_is_closed(&closed, &err);
    if (rc == BATON_OK)
        plan_set(v, VALUE_KNOWN, closed ? "closed" : "open to others");
    else
        put_status(v, rc, &err);
}

void
service_items_read(struct service_site *s)
{
    static void (*const readers[])(struct service_site *) = {
        read_basic, read_description, read_delayed,      read_recovery, read_recovery_always,
        read_sid,   read_privileges,  read_event_source, read_folder,   read_registry};
    memset(&s->found, 0, sizeof s->found);
    for (size_t i = 0; i < ARRAY_LEN(readers); i++)
        readers[i](s);
}

/* --- writing --- */

/* All of it at once; the manager leaves what is the same alone. */
static BOOL
write_basic(struct service_site *s)
{
    wchar_t image[TEXT_UNITS];
    if (!win_wide(s->image, image, TEXT_UNITS)) {
        SetLastError(ERROR_FILENAME_EXCED_RANGE);
        return FALSE;
    }
    return ChangeServiceConfigW(s->service, SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START,
                                SERVICE_ERROR_NORMAL, image, L"" SERVICE_GROUP, NULL, L"\0",
                                L"LocalSystem", L"", L"" SERVICE_DISPLAY);
}

static BOOL
change(struct service_site *s, DWORD level, void *info)
{
    return ChangeServiceConfig2W(s->service, level, info);
}

static BOOL
write_description(struct service_site *s)
{
    wchar_t text[] = L"" SERVICE_DESCRIPTION;
    SERVICE_DESCRIPTIONW d = {.lpDescription = text};
    return change(s, SERVICE_CONFIG_DESCRIPTION, &d);
}

static BOOL
write_delayed(struct service_site *s)
{
    SERVICE_DELAYED_AUTO_START_INFO d = {.fDelayedAutostart = FALSE};
    return change(s, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &d);
}

static BOOL
write_recovery(struct service_site *s)
{
    SC_ACTION actions[PLAN_RECOVERIES];
    for (size_t i = 0; i < PLAN_RECOVERIES; i++)
        actions[i] = (SC_ACTION){.Type = (SC_ACTION_TYPE)plan_recovery[i].kind,
                                 .Delay = plan_recovery[i].delay_ms};
    SERVICE_FAILURE_ACTIONSW f = {.dwResetPeriod = PLAN_RECOVERY_RESET_S,
                                  .cActions = PLAN_RECOVERIES,
                                  .lpsaActions = actions};
    return change(s, SERVICE_CONFIG_FAILURE_ACTIONS, &f);
}

static BOOL
write_recovery_always(struct service_site *s)
{
    SERVICE_FAILURE_ACTIONS_FLAG f = {.fFailureActionsOnNonCrashFailures = TRUE};
    return change(s, SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &f);
}

static BOOL
write_sid(struct service_site *s)
{
    SERVICE_SID_INFO i = {.dwServiceSidType = SERVICE_SID_TYPE_UNRESTRICTED};
    return change(s, SERVICE_CONFIG_SERVICE_SID_INFO, &i);
}

static BOOL
write_privileges(struct service_site *s)
{
    wchar_t list[PLAN_TEXT_BYTES];
    size_t used = 0;
    for (size_t i = 0; i < plan_privilege_count; i++) {
        (void)win_wide(plan_privileges[i], list + used, ARRAY_LEN(list) - used - 1);
        used += wcslen(list + used) + 1;
    }
    list[used] = L'\0';
    SERVICE_REQUIRED_PRIVILEGES_INFOW p = {.pmszRequiredPrivileges = list};
    return change(s, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, &p);
}

static enum baton_status
close_folder(const char *dir, struct baton_err *err)
{
    if (disk_make_folder(dir) && (disk_folder_is_closed(dir) || disk_close_folder(dir)))
        return BATON_OK;
    if (errno == EPERM)
        return baton_fail(err, BATON_DENIED,
                          "%s was made by somebody else and is not empty: look at what lies there, "
                          "remove it, and repair again",
                          dir);
    return baton_fail(err, BATON_IO, "cannot make %s, or close it to others: %s", dir,
                      strerror(errno));
}

enum baton_status
service_item_write(struct service_site *s, enum service_item item, struct baton_err *err)
{
    static BOOL (*const writers[ITEM_COUNT])(struct service_site *) = {
        [ITEM_IMAGE] = write_basic,
        [ITEM_START] = write_basic,
        [ITEM_ACCOUNT] = write_basic,
        [ITEM_GROUP] = write_basic,
        [ITEM_DEPENDENCIES] = write_basic,
        [ITEM_DISPLAY] = write_basic,
        [ITEM_DESCRIPTION] = write_description,
        [ITEM_DELAYED] = write_delayed,
        [ITEM_RECOVERY] = write_recovery,
        [ITEM_RECOVERY_ALWAYS] = write_recovery_always,
        [ITEM_SID] = write_sid,
        [ITEM_PRIVILEGES] = write_privileges,
    };
    if (item == ITEM_EVENT_SOURCE)
        return event_source_register(s->program, err);
    if (item == ITEM_FOLDER)
        return close_folder(s->dir, err);
    if (item == ITEM_REGISTRY)
        return registry_own_close(err);
    if (writers[item](s))
        return BATON_OK;
    DWORD code = GetLastError();
    enum baton_status rc = win_fail(err, code, "cannot set %s", service_item_name(item));
    return code == ERROR_INVALID_LEVEL ? BATON_NOT_FOUND : rc;
}
