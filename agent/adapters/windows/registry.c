#include "registry.h"

#include <string.h>
#include <wchar.h>

DWORD
registry_open(const wchar_t *key, enum registry_view view, HKEY *ret_key)
{
    return (DWORD)RegOpenKeyExW(HKEY_LOCAL_MACHINE, key, 0, KEY_READ | (REGSAM)view, ret_key);
}

/* What lies there need not end with a NUL. */
DWORD
registry_text(HKEY key, const wchar_t *value, wchar_t out[REGISTRY_TEXT_UNITS])
{
    wchar_t raw[REGISTRY_TEXT_UNITS];
    DWORD type = 0, bytes = sizeof raw - sizeof *raw;
    out[0] = L'\0';
    LSTATUS rc = RegQueryValueExW(key, value, NULL, &type, (BYTE *)raw, &bytes);
    if (rc != ERROR_SUCCESS)
        return (DWORD)rc;
    if (type != REG_SZ && type != REG_EXPAND_SZ)
        return ERROR_UNSUPPORTED_TYPE;
    raw[bytes / sizeof *raw] = L'\0';
    if (type == REG_EXPAND_SZ) {
        DWORD units = ExpandEnvironmentStringsW(raw, out, REGISTRY_TEXT_UNITS);
        return units == 0 ? GetLastError() : units > REGISTRY_TEXT_UNITS ? ERROR_MORE_DATA : 0;
    }
    memcpy(out, raw, (wcslen(raw) + 1) * sizeof *raw);
    return ERROR_SUCCESS;
}

DWORD
registry_number(HKEY key, const wchar_t *value, DWORD *ret_number)
{
    DWORD type = 0, number = 0, bytes = sizeof number;
    LSTATUS rc = RegQueryValueExW(key, value, NULL, &type, (BYTE *)&number, &bytes);
    if (rc != ERROR_SUCCESS)
        return (DWORD)rc;
    if (type != REG_DWORD || bytes != sizeof number)
        return ERROR_UNSUPPORTED_TYPE;
    *ret_number = number;
    return ERROR_SUCCESS;
}

DWORD
registry_read_text(const wchar_t *key, const wchar_t *value, wchar_t out[REGISTRY_TEXT_UNITS])
{
    HKEY open;
    out[0] = L'\0';
    DWORD rc = registry_open(key, VIEW_64, &open);
    if (rc != ERROR_SUCCESS)
        return rc;
    rc = registry_text(open, value, out);
    RegCloseKey(open);
    return rc;
}

DWORD
registry_read_number(const wchar_t *key, const wchar_t *value, DWORD *ret_number)
{
    HKEY open;
    DWORD rc = registry_open(key, VIEW_64, &open);
    if (rc != ERROR_SUCCESS)
        return rc;
    rc = registry_number(open, value, ret_number);
    RegCloseKey(open);
    return rc;
}

DWORD
registry_below(HKEY key, DWORD index, wchar_t out[REGISTRY_NAME_UNITS])
{
    DWORD units = REGISTRY_NAME_UNITS;
    return (DWORD)RegEnumKeyExW(key, index, out, &units, NULL, NULL, NULL, NULL);
}
