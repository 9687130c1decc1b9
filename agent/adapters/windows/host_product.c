#include "host_product.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "product_table.h"
#include "registry.h"
#include "win_text.h"

#define UNINSTALL_KEY L"SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall"
#define SQL_KEY       L"SOFTWARE\\Microsoft\\Microsoft SQL Server\\"

/* --- entries --- */

static void
take_entry(HKEY entry, const wchar_t *key_name, struct product_signs *signs)
{
    wchar_t text[REGISTRY_TEXT_UNITS];
    char key[NAME_BYTES], name[NAME_BYTES];
    win_line(key_name, key, sizeof key);
    (void)registry_text(entry, L"DisplayName", text);
    win_line(text, name, sizeof name);
    enum product product = product_of_entry(key, name);
    struct product_entry *e = &signs->entry[product];
    if (product == PRODUCT_NONE || e->found)
        return;
    e->found = true;
    win_line(text[0] == L'\0' ? key_name : text, e->name, sizeof e->name);
    (void)registry_text(entry, L"DisplayVersion", text);
    win_line(text, e->version, sizeof e->version);
}

static DWORD
take_entries(enum registry_view view, struct product_signs *signs)
{
    HKEY list, entry;
    wchar_t name[REGISTRY_NAME_UNITS];
    DWORD code = registry_open(UNINSTALL_KEY, view, &list);
    if (code != ERROR_SUCCESS)
        return code == ERROR_FILE_NOT_FOUND ? ERROR_SUCCESS : code;
    for (DWORD i = 0; (code = registry_below(list, i, name)) == ERROR_SUCCESS; i++) {
        if (RegOpenKeyExW(list, name, 0, KEY_READ, &entry) != ERROR_SUCCESS)
            continue;
        take_entry(entry, name, signs);
        RegCloseKey(entry);
    }
    RegCloseKey(list);
    return code == ERROR_NO_MORE_ITEMS ? ERROR_SUCCESS : code;
}

static const enum registry_view views[] = {VIEW_64, VIEW_32};

/* Told anew, before it is read. */
static bool
arm_view(struct installed *in, size_t view)
{
    HKEY *key = &in->view[view].key;
    HANDLE *changed = &in->view[view].changed;
    if (*changed == NULL)
        *changed = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (*changed == NULL ||
        (*key == NULL && registry_open(UNINSTALL_KEY, views[view], key) != ERROR_SUCCESS)) {
        *key = NULL;
        return false;
    }
    if (RegNotifyChangeKeyValue(*key, TRUE, REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_LAST_SET,
                                *changed, TRUE) == ERROR_SUCCESS)
        return true;
    RegCloseKey(*key);
    *key = NULL;
    return false;
}

static bool
is_current(const struct installed *in)
{
    if (in->read_ms == 0 || GetTickCount64() - in->read_ms >= ENTRIES_AGAIN_MS)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(views); i++)
        if (in->view[i].key == NULL || WaitForSingleObject(in->view[i].changed, 0) != WAIT_TIMEOUT)
            return false;
    return true;
}

static DWORD
read_entries(struct product_signs *signs)
{
    DWORD code = ERROR_SUCCESS;
    for (size_t i = 0; code == ERROR_SUCCESS && i < ARRAY_LEN(views); i++)
        code = take_entries(views[i], signs);
    return code;
}

static DWORD
look_installed(struct installed *in, struct product_signs *signs)
{
    if (in == NULL)
        return read_entries(signs);
    if (!is_current(in)) {
        bool armed = true;
        for (size_t i = 0; i < ARRAY_LEN(views); i++)
            armed = arm_view(in, i) && armed;
        in->signs = (struct product_signs){0};
        in->read_ms = 0;
        DWORD code = read_entries(&in->signs);
        if (code != ERROR_SUCCESS)
            return code;
        in->read_ms = armed ? GetTickCount64() : 0;
    }
    memcpy(signs->entry, in->signs.entry, sizeof signs->entry);
    return ERROR_SUCCESS;
}

void
installed_close(struct installed *in)
{
    for (size_t i = 0; i < ARRAY_LEN(views); i++) {
        if (in->view[i].key != NULL)
            RegCloseKey(in->view[i].key);
        if (in->view[i].changed != NULL)
            CloseHandle(in->view[i].changed);
    }
    *in = (struct installed){0};
}

/* --- the wizard's program --- */

static bool
version_of_file(const wchar_t *path, char out[VERSION_TEXT_BYTES])
{
    DWORD unused = 0, bytes = GetFileVersionInfoSizeW(path, &unused);
    void *block = bytes == 0 ? NULL : malloc(bytes);
    VS_FIXEDFILEINFO *info = NULL;
    UINT len = 0;
    bool known = block != NULL && GetFileVersionInfoW(path, 0, bytes, block) &&
                 VerQueryValueW(block, L"\\", (void **)&info, &len) && len >= sizeof *info;
    if (known)
        snprintf(out, VERSION_TEXT_BYTES, "%u.%u.%u.%u", HIWORD(info->dwFileVersionMS),
                 LOWORD(info->dwFileVersionMS), HIWORD(info->dwFileVersionLS),
                 LOWORD(info->dwFileVersionLS));
    free(block);
    return known;
}

static void
look_wizard(struct product_signs *signs, struct discovery *d)
{
    wchar_t path[REGISTRY_TEXT_UNITS];
    if (registry_read_text(L"SOFTWARE\\Microsoft\\Azure AD Connect", L"WizardPath", path) !=
        ERROR_SUCCESS)
        return;
    const wchar_t *name = wcsrchr(path, L'\\');
    win_line(name == NULL ? path : name + 1, d->wizard, sizeof d->wizard);
    if (!version_of_file(path, signs->wizard_version))
        signs->wizard_version[0] = '\0';
}

/* --- where the engine lies --- */

static bool
take_folder(const wchar_t *key, const wchar_t *value, struct discovery *d)
{
    wchar_t path[REGISTRY_TEXT_UNITS];
    if (registry_read_text(key, value, path) != ERROR_SUCCESS ||
        !win_exact(path, d->engine_folder, sizeof d->engine_folder))
        return false;
    for (size_t len = strlen(d->engine_folder); len > 3 && d->engine_folder[len - 1] == '\\';)
        d->engine_folder[--len] = '\0';
    return d->engine_folder[0] != '\0';
}

/* The program that the service manager would start lies there for certain; the other values are what an
 * installer once wrote. */
static void
look_engine(const struct sync_service *engine, struct discovery *d)
{
    wchar_t key[SERVICE_NAME_UNITS + 64];
    if (engine == NULL ||
        engine_folder_of(engine->image_path, d->engine_folder, sizeof d->engine_folder))
        return;
    services_key(engine->name, key);
    wcscat(key, L"\\Parameters");
    if (!take_folder(key, L"Path", d) && engine->row->product == PRODUCT_CONNECT)
        (void)take_folder(L"SOFTWARE\\Microsoft\\AD Sync", L"Location", d);
}

/* --- database --- */

/* SQL's own setup says which edition an instance of this machine is. */
static void
read_edition(const wchar_t *instance, char out[NAME_BYTES])
{
    wchar_t id[REGISTRY_TEXT_UNITS], key[REGISTRY_TEXT_UNITS + 64], text[REGISTRY_TEXT_UNITS];
    const wchar_t *name = instance[0] == L'\0' ? L"MSSQLSERVER" : instance;
    if (registry_read_text(SQL_KEY L"Instance Names\\SQL", name, id) != ERROR_SUCCESS)
        return;
    _snwprintf(key, ARRAY_LEN(key), SQL_KEY L"%ls\\Setup", id);
    key[ARRAY_LEN(key) - 1] = L'\0';
    if (registry_read_text(key, L"Edition", text) == ERROR_SUCCESS)
        win_line(text, out, NAME_BYTES);
}

static enum sql_edition
look_database(const struct sync_service *engine)
{
    wchar_t key[SERVICE_NAME_UNITS + 64], text[REGISTRY_TEXT_UNITS];
    wchar_t instance_name[REGISTRY_TEXT_UNITS], host[NAME_BYTES];
    char server[NAME_BYTES], instance[NAME_BYTES], edition[NAME_BYTES] = "", here[NAME_BYTES];
    DWORD units = ARRAY_LEN(host);
    if (engine == NULL)
        return SQL_UNKNOWN;
    services_key(engine->name, key);
    wcscat(key, L"\\Parameters");
    if (registry_read_text(key, L"Server", text) != ERROR_SUCCESS ||
        registry_read_text(key, L"SQLInstance", instance_name) != ERROR_SUCCESS)
        return SQL_UNKNOWN;
    win_line(text, server, sizeof server);
    win_line(instance_name, instance, sizeof instance);
    win_line(GetComputerNameW(host, &units) ? host : L"", here, sizeof here);
    if (sql_is_here(server, here))
        read_edition(instance_name, edition);
    return sql_edition_of(server, instance, edition);
}

/* --- disk --- */

static enum baton_status
look_disk(const struct discovery *d, uint64_t *ret_bytes, struct baton_err *err)
{
    wchar_t folder[REGISTRY_TEXT_UNITS];
    ULARGE_INTEGER available;
    if (d->engine_folder[0] == '\0' || !win_wide(d->engine_folder, folder, REGISTRY_TEXT_UNITS) ||
        GetFileAttributesW(folder) == INVALID_FILE_ATTRIBUTES) {
        if (GetSystemWindowsDirectoryW(folder, REGISTRY_TEXT_UNITS) == 0)
            return win_fail(err, GetLastError(), "where Windows lies");
    }
    if (!GetDiskFreeSpaceExW(folder, &available, NULL, NULL))
        return win_fail(err, GetLastError(), "how much of the product's disk is free");
    *ret_bytes = available.QuadPart;
    return BATON_OK;
}

enum baton_status
product_look(const struct sync_services *services, struct installed *installed,
             struct host_product *ret_product, struct discovery *ret_discovery,
             struct baton_err *err)
{
    const struct sync_service *fim = services_find(services, ROLE_ENGINE, PRODUCT_DIRSYNC);
    const struct sync_service *adsync = services_find(services, ROLE_ENGINE, PRODUCT_CONNECT);
    struct product_signs signs = {.fim_service = fim != NULL, .adsync_service = adsync != NULL};
    struct host_product p = {0};
    *ret_discovery = (struct discovery){0};
    DWORD code = look_installed(installed, &signs);
    if (code != ERROR_SUCCESS)
        return win_fail(err, code, "reading what is under Programs and Features");
    look_wizard(&signs, ret_discovery);
    look_engine(fim != NULL ? fim : adsync, ret_discovery);
    enum baton_status rc = product_judge(&signs, &p, err);
    if (rc != BATON_OK)
        return rc;
    ret_discovery->product = (enum product)p.product;
    p.sql_edition = (uint8_t)look_database(fim != NULL ? fim : adsync);
    rc = look_disk(ret_discovery, &p.disk_free_bytes, err);
    if (rc == BATON_OK)
        *ret_product = p;
    return rc;
}
