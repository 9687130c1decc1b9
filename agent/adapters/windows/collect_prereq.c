#include "collect_prereq.h"

#include <winsock2.h>

#include <windows.h>

#include <iphlpapi.h>
#include <lm.h>
#include <stdlib.h>

#include "prereq_rows.h"
#include "registry.h"
#include "win_text.h"

enum { KEY_UNITS = 256, ADDRESSES_BYTES = 64 * 1024, MIB = 1024 * 1024, GB = 1000 * 1000 * 1000 };

/* --- registry --- */

static void
put_row(json_t *o, const struct prereq_row *row)
{
    wchar_t key_name[KEY_UNITS], value[KEY_UNITS], wide[REGISTRY_TEXT_UNITS];
    char text[REGISTRY_TEXT_UNITS * 3];
    struct prereq_seen seen = {.text = text};
    HKEY key;
    DWORD number = 0, code;
    if (!win_wide(row->key, key_name, KEY_UNITS) || !win_wide(row->value, value, KEY_UNITS))
        return;
    code = registry_open(key_name, VIEW_64, &key);
    if (code == ERROR_SUCCESS) {
        if (row->kind == PREREQ_NUMBER)
            code = registry_number(key, value, &number);
        else if (row->kind == PREREQ_IS_SET)
            code = (DWORD)RegQueryValueExW(key, value, NULL, NULL, NULL, NULL);
        else
            code = registry_text(key, value, wide);
        RegCloseKey(key);
        seen.there = code == ERROR_SUCCESS;
    }
    seen.read = seen.there || code == ERROR_FILE_NOT_FOUND;
    seen.number = (uint32_t)number;
    text[0] = '\0';
    if (seen.there && (row->kind == PREREQ_TEXT || row->kind == PREREQ_DIGITS))
        win_line(wide, text, sizeof text);
    prereq_row_put(o, row, &seen);
}

/* A rename that waits for a restart. That there was none before cannot be seen, and is not claimed. */
static void
put_renamed(json_t *o)
{
#define NAMES L"SYSTEM\\CurrentControlSet\\Control\\ComputerName\\"
    wchar_t active[REGISTRY_TEXT_UNITS], next[REGISTRY_TEXT_UNITS];
    if (registry_read_text(NAMES L"ActiveComputerName", L"ComputerName", active) == ERROR_SUCCESS &&
        registry_read_text(NAMES L"ComputerName", L"ComputerName", next) == ERROR_SUCCESS &&
        !win_same(active, next))
        json_object_set_new(o, "machine.renamed", json_true());
#undef NAMES
}

/* --- machine --- */

static void
put_domain(json_t *o)
{
    LPWSTR name = NULL;
    NETSETUP_JOIN_STATUS status = NetSetupUnknownStatus;
    if (NetGetJoinInformation(NULL, &name, &status) != NERR_Success)
        return;
    NetApiBufferFree(name);
    if (status != NetSetupUnknownStatus)
        json_object_set_new(o, "machine.domain_joined", json_boolean(status == NetSetupDomainName));
}

static void
put_size(json_t *o)
{
    MEMORYSTATUSEX memory = {.dwLength = sizeof memory};
    wchar_t windows[MAX_PATH];
    ULARGE_INTEGER all;
    if (GlobalMemoryStatusEx(&memory))
        json_object_set_new(o, "memory.mib", json_integer((json_int_t)(memory.ullTotalPhys / MIB)));
    UINT units = GetSystemWindowsDirectoryW(windows, MAX_PATH);
    if (units > 0 && units < MAX_PATH && GetDiskFreeSpaceExW(windows, NULL, &all, NULL))
        json_object_set_new(o, "disk.gb", json_integer((json_int_t)(all.QuadPart / GB)));
}

/* Neither its own nor one that a card gave itself. */
static bool
is_useful(const struct sockaddr *address)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
    uint32_t ip = ntohl(in->sin_addr.s_addr);
    return address->sa_family == AF_INET && ip >> 24 != 127 && ip >> 16 != (169U << 8 | 254U);
}

static void
put_network(json_t *o)
{
    ULONG bytes = ADDRESSES_BYTES;
    IP_ADAPTER_ADDRESSES *list = malloc(bytes);
    bool useful = false;
    if (list != NULL && GetAdaptersAddresses(AF_INET, GAA_FLAG_SKIP_DNS_SERVER, NULL, list,
                                             &bytes) == ERROR_SUCCESS) {
        for (const IP_ADAPTER_ADDRESSES *a = list; a != NULL; a = a->Next)
            for (const IP_ADAPTER_UNICAST_ADDRESS *u = a->FirstUnicastAddress; u != NULL;
                 u = u->Next)
                useful = useful || is_useful(u->Address.lpSockaddr);
        json_object_set_new(o, "network.ipv4", json_boolean(useful));
    }
    free(list);
}

/* --- product --- */

static void
put_product(json_t *o, const struct host_product *p, size_t agents)
{
    static const char *const classes[PRODUCT_COUNT] = {[PRODUCT_NONE] = "none",
                                                       [PRODUCT_DIRSYNC] = "dirsync",
                                                       [PRODUCT_AADSYNC] = "aadsync",
                                                       [PRODUCT_CONNECT] = "connect"};
    static const char *const editions[SQL_UNKNOWN] = {
        [SQL_LOCAL] = "local", [SQL_EXPRESS] = "express", [SQL_FULL] = "full"};
    json_object_set_new(o, "product.class", json_string(classes[p->product]));
    if (p->version_text[0] != '\0')
        json_object_set_new(o, "product.version", json_string(p->version_text));
    if (p->sql_edition < SQL_UNKNOWN)
        json_object_set_new(o, "sql.edition", json_string(editions[p->sql_edition]));
    if (p->product == PRODUCT_DIRSYNC && agents > 0)
        json_object_set_new(o, "dirsync.agents", json_integer((json_int_t)agents));
}

enum baton_status
collect_prereq(const struct host_product *found, size_t agents, char **ret_text,
               struct baton_err *err)
{
    json_t *o = json_object();
    size_t count;
    const struct prereq_row *row = prereq_rows(&count);
    for (size_t i = 0; i < count; i++)
        put_row(o, &row[i]);
    put_renamed(o);
    put_domain(o);
    put_size(o);
    put_network(o);
    put_product(o, found, agents);
    *ret_text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    return *ret_text != NULL ? BATON_OK : baton_fail(err, BATON_NOMEM, "prerequisites");
}
