#include "host_processes.h"

#include <psapi.h>
#include <stdio.h>
#include <string.h>
#include <tlhelp32.h>
#include <wtsapi32.h>

#include "common/text.h"
#include "process_table.h"
#include "win_text.h"

enum { SHELL_REGIONS_MAX = 20000, MAPPED_BYTES = 1024 };

/* --- what a shell has mapped --- */

static bool
region_is_sync(HANDLE process, const MEMORY_BASIC_INFORMATION *region, const char *engine_folder)
{
    wchar_t path[MAPPED_BYTES];
    char text[MAPPED_BYTES * 3];
    if (region->State != MEM_COMMIT || (region->Type & (MEM_IMAGE | MEM_MAPPED)) == 0 ||
        region->BaseAddress != region->AllocationBase)
        return false;
    return GetMappedFileNameW(process, region->BaseAddress, path, ARRAY_LEN(path)) > 0 &&
           win_exact(path, text, sizeof text) && process_file_is_sync(text, engine_folder);
}

/* .NET maps its assemblies itself: the list of loaded modules does not have them. */
static void
look_into_shell(DWORD pid, const char *engine_folder, struct process_view *v)
{
    MEMORY_BASIC_INFORMATION region;
    const char *at = NULL;
    HANDLE process = OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ, FALSE, pid);
    v->unseen = process == NULL && GetLastError() != ERROR_INVALID_PARAMETER; /* not: gone */
    if (process == NULL)
        return;
    v->unseen = true; /* until the end of it was reached */
    for (int i = 0; i < SHELL_REGIONS_MAX && !v->sync_files; i++) {
        if (VirtualQueryEx(process, at, &region, sizeof region) != sizeof region) {
            v->unseen =
                GetLastError() != ERROR_INVALID_PARAMETER; /* no address above it is in use */
            break;
        }
        v->sync_files = region_is_sync(process, &region, engine_folder);
        at = (const char *)region.BaseAddress + region.RegionSize;
    }
    CloseHandle(process);
}

/* --- whose it is --- */

static void
session_text(DWORD session, enum _WTS_INFO_CLASS what, char out[NAME_BYTES])
{
    wchar_t *text = NULL;
    DWORD bytes = 0;
    out[0] = '\0';
    if (!WTSQuerySessionInformationW(WTS_CURRENT_SERVER_HANDLE, session, what, &text, &bytes))
        return;
    win_line(text, out, NAME_BYTES);
    WTSFreeMemory(text);
}

/* May ask a domain controller. */
static const char *
look_up(struct account_names *names, PSID sid)
{
    wchar_t name[NAME_BYTES], domain[NAME_BYTES];
    char who[NAME_BYTES], where[NAME_BYTES], both[NAME_BYTES] = "";
    DWORD name_units = NAME_BYTES, domain_units = NAME_BYTES, sid_len = GetLengthSid(sid);
    SID_NAME_USE use;
    const char *known = account_names_find(names, sid, sid_len, GetTickCount64());
    if (known != NULL)
        return known;
    if (LookupAccountSidW(NULL, sid, name, &name_units, domain, &domain_units, &use)) {
        win_line(name, who, sizeof who);
        win_line(domain, where, sizeof where);
        snprintf(both, sizeof both, "%.60s\\%.60s", where, who);
    }
    return account_names_keep(names, sid, sid_len, both, GetTickCount64());
}

static void
owner_text(struct account_names *names, DWORD pid, char out[NAME_BYTES])
{
    union {
        TOKEN_USER user;
        BYTE room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    } u;
    DWORD len = 0;
    HANDLE token = NULL, process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
    bool known = process != NULL && OpenProcessToken(process, TOKEN_QUERY, &token) &&
                 GetTokenInformation(token, TokenUser, &u, sizeof u, &len);
    text_copy(out, NAME_BYTES, known ? look_up(names, u.user.User.Sid) : "");
    if (token != NULL)
        CloseHandle(token);
    if (process != NULL)
        CloseHandle(process);
}

/* "CONTOSO\anna (session 2)"; in the services' session, whose account it is. */
static void
name_session(struct account_names *names, DWORD pid, DWORD session, char out[NAME_BYTES])
{
    char user[NAME_BYTES] = "", domain[NAME_BYTES] = "", both[NAME_BYTES * 3];
    if (session != 0) {
        session_text(session, WTSUserName, user);
        session_text(session, WTSDomainName, domain);
    }
    if (user[0] != '\0')
        snprintf(both, sizeof both, "%s\\%s (session %lu)", domain, user, session);
    else {
        owner_text(names, pid, user);
        snprintf(both, sizeof both, "%s (session %lu)", user[0] == '\0' ? "nobody known" : user,
                 session);
    }
    text_copy(out, NAME_BYTES, both);
}

static uint64_t
began_unix_ms(DWORD pid)
{
    FILETIME began = {0}, ended, kernel, user;
    HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
    bool known = process != NULL && GetProcessTimes(process, &began, &ended, &kernel, &user) != 0;
    if (process != NULL)
        CloseHandle(process);
    return known ? win_unix_ms(began) : 0;
}

/* --- all of them --- */

/* The installer holds it for as long as it changes anything. */
static bool
installer_at_work(void)
{
    HANDLE mutex = OpenMutexW(SYNCHRONIZE, FALSE, L"Global\\_MSIExecute");
    if (mutex == NULL)
        return GetLastError() == ERROR_ACCESS_DENIED;
    CloseHandle(mutex);
    return true;
}

static bool
is_engine(const struct sync_services *services, DWORD pid)
{
    for (size_t i = 0; i < services->count; i++)
        if (services->item[i].process == pid && services->item[i].row->role == ROLE_ENGINE)
            return true;
    return false;
}

struct process_look {
    const struct sync_services *services;
    const struct discovery *discovery;
    struct collector_host *collectors;
    struct account_names *names;
    bool installing;
};

static enum baton_status
take_process(const struct process_look *l, const PROCESSENTRY32W *p, struct host_completion *done,
             struct baton_err *err)
{
    char image[NAME_BYTES];
    DWORD session = 0;
    enum process_kind kind;
    if (p->th32ProcessID == 0 || collector_has(l->collectors, p->th32ProcessID))
        return BATON_OK;
    win_line(p->szExeFile, image, sizeof image);
    if (process_needs_session(image))
        (void)ProcessIdToSessionId(p->th32ProcessID, &session);
    struct process_view v = {.image = image,
                             .wizard = l->discovery->wizard,
                             .engine = is_engine(l->services, p->th32ProcessID),
                             .interactive = session != 0,
                             .installing = l->installing};
    if (process_is_shell(image))
        look_into_shell(p->th32ProcessID, l->discovery->engine_folder, &v);
    if (!process_kind_of(&v, &kind))
        return BATON_OK;
    if (done->count == HOST_PROCESSES_MAX)
        return baton_fail(err, BATON_LIMIT, "more than %d processes of the sync product",
                          HOST_PROCESSES_MAX);
    struct host_process *out = &done->u.process[done->count++];
    *out = (struct host_process){.kind = (uint8_t)kind, .pid = (uint32_t)p->th32ProcessID};
    out->started_unix_ms = began_unix_ms(p->th32ProcessID);
    (void)ProcessIdToSessionId(p->th32ProcessID, &session);
    name_session(l->names, p->th32ProcessID, session, out->session);
    return BATON_OK;
}

enum baton_status
processes_look(const struct sync_services *services, const struct discovery *discovery,
               struct collector_host *collectors, struct account_names *names,
               struct host_completion *done, struct baton_err *err)
{
    const struct process_look look = {services, discovery, collectors, names, installer_at_work()};
    PROCESSENTRY32W p = {.dwSize = sizeof p};
    HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    if (all == INVALID_HANDLE_VALUE || !Process32FirstW(all, &p)) {
        DWORD code = GetLastError();
        if (all != INVALID_HANDLE_VALUE)
            CloseHandle(all);
        return win_fail(err, code, "listing the processes of this server");
    }
    enum baton_status rc = BATON_OK;
    do {
        rc = take_process(&look, &p, done, err);
    } while (rc == BATON_OK && Process32NextW(all, &p));
    DWORD code = GetLastError();
    CloseHandle(all);
    if (rc == BATON_OK && !process_list_is_whole(code))
        return win_fail(err, code, "listing the processes of this server");
    return rc;
}
