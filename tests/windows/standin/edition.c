#include "edition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "service.h"
#include "standin.h"

enum { SERVICES_MAX = 2, PROGRAMS_MAX = 6, VALUES_MAX = 6 };

struct value {
    const wchar_t *key, *name, *text;
};

struct edition {
    const wchar_t *name, *uninstall_key, *display, *publisher, *folder;
    WORD version[4];
    struct {
        const wchar_t *name, *display, *program, *account;
    } service[SERVICES_MAX];
    const wchar_t *wizard_folder; /* NULL: the product has none of its own */
    const wchar_t *program[PROGRAMS_MAX];
    struct value value[VALUES_MAX];
};

#define UNINSTALL L"SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\"
#define DIRSYNC   L"C:\\Program Files\\Windows Azure Active Directory Sync"
#define SYNCBUS   DIRSYNC L"\\SYNCBUS\\Synchronization Service"
#define ADSYNC    L"C:\\Program Files\\Microsoft Azure AD Sync"
#define PARAMS    L"SYSTEM\\CurrentControlSet\\Services\\"
#define OLD_FACE  L"C:\\Program Files\\Microsoft Azure Active Directory Connect"
#define NEW_FACE  L"C:\\Program Files\\Microsoft Entra Connect"

// clang-format off
static const struct edition editions[] = {
    { .name = L"dirsync",
      .uninstall_key = UNINSTALL L"Microsoft Online Directory Sync",
      .display = L"Windows Azure Active Directory Sync tool",
      .folder = DIRSYNC, .version = {1, 0, 6438, 3},
      .service = {{ L"FIMSynchronizationService", L"Forefront Identity Manager Synchronization Service",
                    SYNCBUS L"\\Bin\\miiserver.exe", L"LocalSystem" },
                  { L"MSOnlineSyncScheduler", L"Windows Azure Active Directory Sync Service",
                    DIRSYNC L"\\Scheduler.exe", L"LocalSystem" }},
      .program = { SYNCBUS L"\\UIShell\\miisclient.exe", SYNCBUS L"\\Bin\\csexport.exe",
                   SYNCBUS L"\\Bin\\svrexport.exe" },
      .value = {{ L"SOFTWARE\\Microsoft\\MSOLCoExistence", L"InstallPath", DIRSYNC L"\\" },
                { PARAMS L"FIMSynchronizationService\\Parameters", L"Path", SYNCBUS L"\\" },
                { PARAMS L"FIMSynchronizationService\\Parameters", L"Server", L"" },
                { PARAMS L"FIMSynchronizationService\\Parameters", L"SQLInstance", L"MSONLINE" },
                { PARAMS L"FIMSynchronizationService\\Parameters", L"DBName", L"FIMSynchronizationService" }} },
    { .name = L"aadconnect",
      .uninstall_key = UNINSTALL L"{4B2C7C1E-0D1E-4F59-9F0B-6A1E2D3C4B51}",
      .display = L"Microsoft Azure AD Connect",
      .folder = ADSYNC, .version = {1, 6, 16, 0},
      .service = {{ L"ADSync", L"Microsoft Azure AD Sync", ADSYNC L"\\Bin\\miiserver.exe",
                    L"NT SERVICE\\ADSync" }},
      .wizard_folder = OLD_FACE,
      .program = { OLD_FACE L"\\AzureADConnect.exe", ADSYNC L"\\UIShell\\miisclient.exe",
                   ADSYNC L"\\Bin\\csexport.exe" },
      .value = {{ L"SOFTWARE\\Microsoft\\AD Sync", L"Location", ADSYNC L"\\" },
                { L"SOFTWARE\\Microsoft\\Azure AD Connect", L"WizardPath", OLD_FACE L"\\AzureADConnect.exe" },
                { PARAMS L"ADSync\\Parameters", L"Path", ADSYNC L"\\" },
                { PARAMS L"ADSync\\Parameters", L"Server", L"(localdb)" },
                { PARAMS L"ADSync\\Parameters", L"SQLInstance", L".\\ADSync" },
                { PARAMS L"ADSync\\Parameters", L"DBName", L"ADSync" }} },
    { .name = L"connect",
      .uninstall_key = UNINSTALL L"{4B2C7C1E-0D1E-4F59-9F0B-6A1E2D3C4B52}",
      .display = L"Microsoft Entra Connect Sync",
      .folder = ADSYNC, .version = {2, 6, 92, 0},
      .service = {{ L"ADSync", L"Microsoft Entra ID Sync", ADSYNC L"\\Bin\\miiserver.exe",
                    L"NT SERVICE\\ADSync" }},
      .wizard_folder = NEW_FACE,
      .program = { NEW_FACE L"\\AzureADConnect.exe", ADSYNC L"\\UIShell\\miisclient.exe",
                   ADSYNC L"\\Bin\\csexport.exe" },
      .value = {{ L"SOFTWARE\\Microsoft\\AD Sync", L"Location", ADSYNC L"\\" },
                { L"SOFTWARE\\Microsoft\\Azure AD Connect", L"WizardPath", NEW_FACE L"\\AzureADConnect.exe" },
                { PARAMS L"ADSync\\Parameters", L"Path", ADSYNC L"\\" },
                { PARAMS L"ADSync\\Parameters", L"Server", L"(localdb)" },
                { PARAMS L"ADSync\\Parameters", L"SQLInstance", L".\\ADSync" },
                { PARAMS L"ADSync\\Parameters", L"DBName", L"ADSync" }} },
};
// clang-format on

static const struct edition *
edition_find(const wchar_t *name)
{
    for (size_t i = 0; i < sizeof editions / sizeof editions[0]; i++)
        if (wcscmp(editions[i].name, name) == 0)
            return &editions[i];
    fprintf(stderr, "there is no edition %ls\n", name);
    return NULL;
}

/* --- programs that carry a version --- */

/* The version resource of a program is found by its signature and structure version, from the end: what is
 * looked for stands among the program's own constants too. */
static bool
stamp(char *bytes, size_t len, const WORD version[4])
{
    static const DWORD head[2] = {VS_FFI_SIGNATURE, VS_FFI_STRUCVERSION};
    for (size_t i = (len - sizeof(VS_FIXEDFILEINFO)) & ~(sizeof(DWORD) - 1); i > 0;
         i -= sizeof(DWORD)) {
        if (memcmp(bytes + i, head, sizeof head) != 0)
            continue;
        VS_FIXEDFILEINFO info;
        memcpy(&info, bytes + i, sizeof info);
        info.dwFileVersionMS = info.dwProductVersionMS = (DWORD)version[0] << 16 | version[1];
        info.dwFileVersionLS = info.dwProductVersionLS = (DWORD)version[2] << 16 | version[3];
        memcpy(bytes + i, &info, sizeof info);
        return true;
    }
    return false;
}

static bool
put_program(const wchar_t *path, const char *bytes, size_t len)
{
    standin_make_way(path);
    FILE *out = _wfopen(path, L"wb");
    if (out == NULL)
        return false;
    bool whole = fwrite(bytes, 1, len, out) == len;
    return fclose(out) == 0 && whole;
}

static char *
read_self(size_t *ret_len)
{
    wchar_t path[STANDIN_PATH];
    GetModuleFileNameW(NULL, path, STANDIN_PATH);
    FILE *in = _wfopen(path, L"rb");
    if (in == NULL)
        return NULL;
    fseek(in, 0, SEEK_END);
    *ret_len = (size_t)ftell(in);
    rewind(in);
    char *bytes = malloc(*ret_len);
    if (bytes != NULL && fread(bytes, 1, *ret_len, in) != *ret_len) {
        free(bytes);
        bytes = NULL;
    }
    fclose(in);
    return bytes;
}

static bool
put_programs(const struct edition *e)
{
    size_t len = 0;
    char *bytes = read_self(&len);
    bool good = bytes != NULL && stamp(bytes, len, e->version);
    for (size_t i = 0; good && i < SERVICES_MAX && e->service[i].name != NULL; i++)
        good = put_program(e->service[i].program, bytes, len);
    for (size_t i = 0; good && i < PROGRAMS_MAX && e->program[i] != NULL; i++)
        good = put_program(e->program[i], bytes, len);
    free(bytes);
    return good;
}

/* --- registry --- */

static bool
put_value(const wchar_t *key, const wchar_t *name, const wchar_t *text)
{
    HKEY open;
    DWORD bytes = (DWORD)((wcslen(text) + 1) * sizeof *text);
    if (RegCreateKeyExW(HKEY_LOCAL_MACHINE, key, 0, NULL, 0, KEY_WRITE | KEY_WOW64_64KEY, NULL,
                        &open, NULL) != ERROR_SUCCESS)
        return false;
    LSTATUS rc = RegSetValueExW(open, name, 0, REG_SZ, (const BYTE *)text, bytes);
    RegCloseKey(open);
    return rc == ERROR_SUCCESS;
}

static bool
put_entry(const struct edition *e)
{
    wchar_t version[64], uninstall[STANDIN_PATH];
    _snwprintf(version, 64, L"%u.%u.%u.%u", e->version[0], e->version[1], e->version[2],
               e->version[3]);
    _snwprintf(uninstall, STANDIN_PATH, L"\"C:\\standin\\sync_service.exe\" remove %ls", e->name);
    bool good = put_value(e->uninstall_key, L"DisplayName", e->display) &&
                put_value(e->uninstall_key, L"DisplayVersion", version) &&
                put_value(e->uninstall_key, L"InstallLocation", e->folder) &&
                put_value(e->uninstall_key, L"UninstallString", uninstall);
    for (size_t i = 0; good && i < VALUES_MAX && e->value[i].key != NULL; i++)
        good = put_value(e->value[i].key, e->value[i].name, e->value[i].text);
    return good;
}

/* --- services --- */

static bool
put_services(const struct edition *e, SC_HANDLE manager)
{
    for (size_t i = 0; i < SERVICES_MAX && e->service[i].name != NULL; i++) {
        wchar_t image[STANDIN_PATH];
        _snwprintf(image, STANDIN_PATH, L"\"%ls\"", e->service[i].program);
        SC_HANDLE service =
            CreateServiceW(manager, e->service[i].name, e->service[i].display, SERVICE_ALL_ACCESS,
                           SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL,
                           image, NULL, NULL, NULL, e->service[i].account, NULL);
        if (service == NULL)
            return false;
        CloseServiceHandle(service);
    }
    return true;
}

int
edition_install(const wchar_t *name)
{
    const struct edition *e = edition_find(name);
    if (e == NULL)
        return 1;
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    bool good = manager != NULL && put_programs(e) && put_services(e, manager) && put_entry(e);
    if (manager != NULL)
        CloseServiceHandle(manager);
    return good ? 0 : service_complain("install");
}

static bool
remove_service(SC_HANDLE manager, const wchar_t *name)
{
    SC_HANDLE service = OpenServiceW(manager, name, SERVICE_ALL_ACCESS);
    if (service == NULL)
        return GetLastError() == ERROR_SERVICE_DOES_NOT_EXIST;
    bool gone = service_stop(name) == 0 && DeleteService(service) != 0;
    CloseServiceHandle(service);
    return gone;
}

int
edition_remove(const wchar_t *name)
{
    const struct edition *e = edition_find(name);
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    bool good = e != NULL && manager != NULL;
    for (size_t i = 0; good && i < SERVICES_MAX && e->service[i].name != NULL; i++)
        good = remove_service(manager, e->service[i].name);
    if (good) {
        standin_remove(e->folder);
        if (e->wizard_folder != NULL)
            standin_remove(e->wizard_folder);
        RegDeleteKeyExW(HKEY_LOCAL_MACHINE, e->uninstall_key, KEY_WOW64_64KEY, 0);
        for (size_t i = 0; i < VALUES_MAX && e->value[i].key != NULL; i++)
            RegDeleteTreeW(HKEY_LOCAL_MACHINE, e->value[i].key);
    }
    if (manager != NULL)
        CloseServiceHandle(manager);
    return good ? 0 : service_complain("remove");
}
