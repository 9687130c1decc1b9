#include "common/disk/registry.h"

#include <windows.h>

#include <sddl.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

enum { NAME_UNITS = 1024, TEXT_BYTES = 256 };

static const wchar_t owners_alone[] = L"D:P(A;CI;KA;;;SY)(A;CI;KA;;;BA)";

void
windows_error_text(unsigned long code, char *out, size_t cap)
{
    wchar_t words[TEXT_BYTES];
    char text[3 * TEXT_BYTES] = "";
    DWORD units = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS |
                                     FORMAT_MESSAGE_MAX_WIDTH_MASK,
                                 NULL, code, 0, words, ARRAY_LEN(words), NULL);
    while (units > 0 && words[units - 1] == L' ')
        words[--units] = L'\0';
    if (units > 0)
        (void)WideCharToMultiByte(CP_UTF8, 0, words, -1, text, sizeof text, NULL, NULL);
    char whole[sizeof text + 32];
    snprintf(whole, sizeof whole, "error %lu%s%s", code, text[0] == '\0' ? "" : ": ", text);
    text_copy(out, cap, whole);
}

enum baton_status
windows_fail(struct baton_err *err, const char *what, unsigned long code)
{
    char text[TEXT_BYTES];
    windows_error_text(code, text, sizeof text);
    enum baton_status status =
        code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND   ? BATON_NOT_FOUND
        : code == ERROR_ACCESS_DENIED                                  ? BATON_DENIED
        : code == ERROR_MORE_DATA                                      ? BATON_LIMIT
        : code == ERROR_NOT_ENOUGH_MEMORY || code == ERROR_OUTOFMEMORY ? BATON_NOMEM
                                                                       : BATON_IO;
    return baton_fail(err, status, "%s: %s%s", what, text,
                      status == BATON_DENIED ? " (run it as an administrator)" : "");
}

static enum baton_status
wide(const char *text, wchar_t out[NAME_UNITS], struct baton_err *err)
{
    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, out, NAME_UNITS) == 0)
        return windows_fail(err, text, GetLastError());
    return BATON_OK;
}

static enum baton_status
fail_at(struct baton_err *err, const char *doing, const char *key, const char *name, LSTATUS code)
{
    char what[BATON_ERR_BYTES / 2];
    snprintf(what, sizeof what, "%s HKLM\\%s, %s", doing, key, name);
    return windows_fail(err, what, (unsigned long)code);
}

static enum baton_status
own_path(const char *key, char *out, size_t cap, struct baton_err *err)
{
    int len = key[0] == '\0' ? snprintf(out, cap, "%s", REGISTRY_OWN)
                             : snprintf(out, cap, "%s\\%s", REGISTRY_OWN, key);
    return len < 0 || (size_t)len >= cap
               ? baton_fail(err, BATON_LIMIT, "a registry key's name is too long: %s", key)
               : BATON_OK;
}

enum baton_status
registry_read(const char *key, const char *name, uint32_t *ret_type, void *out, size_t cap,
              size_t *ret_len, struct baton_err *err)
{
    wchar_t wide_key[NAME_UNITS], wide_name[NAME_UNITS];
    HKEY opened;
    DWORD type = 0, len = cap < REGISTRY_VALUE_BYTES ? (DWORD)cap : REGISTRY_VALUE_BYTES;
    enum baton_status rc = wide(key, wide_key, err);
    if (rc == BATON_OK)
        rc = wide(name, wide_name, err);
    if (rc != BATON_OK)
        return rc;
    LSTATUS code =
        RegOpenKeyExW(HKEY_LOCAL_MACHINE, wide_key, 0, KEY_QUERY_VALUE | KEY_WOW64_64KEY, &opened);
    if (code == ERROR_SUCCESS) {
        code = RegQueryValueExW(opened, wide_name, NULL, &type, out, &len);
        RegCloseKey(opened);
    }
    if (code != ERROR_SUCCESS)
        return fail_at(err, "cannot read", key, name, code);
    *ret_type = type;
    *ret_len = len;
    return BATON_OK;
}

enum baton_status
registry_own_read(const char *key, const char *name, void *out, size_t cap, size_t *ret_len,
                  struct baton_err *err)
{
    char path[NAME_UNITS];
    uint32_t type;
    enum baton_status rc = own_path(key, path, sizeof path, err);
    return rc == BATON_OK ? registry_read(path, name, &type, out, cap, ret_len, err) : rc;
}

/* Made closed, and closed when it was there, as an installer makes it. */
static LSTATUS
open_closed(const char *path, HKEY *ret_key)
{
    wchar_t name[NAME_UNITS];
    PSECURITY_DESCRIPTOR sd = NULL;
    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, name, NAME_UNITS) == 0 ||
        !ConvertStringSecurityDescriptorToSecurityDescriptorW(owners_alone, SDDL_REVISION_1, &sd,
                                                              NULL))
        return (LSTATUS)GetLastError();
    SECURITY_ATTRIBUTES made = {sizeof made, sd, FALSE};
    LSTATUS code =
        RegCreateKeyExW(HKEY_LOCAL_MACHINE, name, 0, NULL, REG_OPTION_NON_VOLATILE,
                        KEY_SET_VALUE | WRITE_DAC | KEY_WOW64_64KEY, &made, ret_key, NULL);
    if (code == ERROR_SUCCESS) {
        code = RegSetKeySecurity(*ret_key, DACL_SECURITY_INFORMATION, sd);
        if (code != ERROR_SUCCESS)
            RegCloseKey(*ret_key);
    }
    LocalFree(sd);
    return code;
}

enum baton_status
registry_own_write(const char *key, const char *name, const void *bytes, size_t len,
                   struct baton_err *err)
{
    char path[NAME_UNITS];
    wchar_t wide_name[NAME_UNITS];
    HKEY own = NULL, opened = NULL;
    enum baton_status rc = own_path(key, path, sizeof path, err);
    if (rc == BATON_OK)
        rc = wide(name, wide_name, err);
    if (rc != BATON_OK)
        return rc;
    LSTATUS code = open_closed(REGISTRY_OWN, &own); /* the key above is closed first */
    if (code == ERROR_SUCCESS)
        code = open_closed(path, &opened);
    if (code == ERROR_SUCCESS)
        code = RegSetValueExW(opened, wide_name, 0, REG_BINARY, bytes, (DWORD)len);
    if (code == ERROR_SUCCESS)
        code = RegFlushKey(opened);
    if (opened != NULL)
        RegCloseKey(opened);
    if (own != NULL)
        RegCloseKey(own);
    return code == ERROR_SUCCESS ? BATON_OK : fail_at(err, "cannot write", path, name, code);
}

static bool
ace_is_ours(const ACL *acl, DWORD i)
{
    void *ace = NULL;
    if (!GetAce((PACL)(uintptr_t)acl, i, &ace))
        return false;
    const ACCESS_ALLOWED_ACE *allowed = ace;
    PSID sid = (PSID)(uintptr_t)&allowed->SidStart;
    return allowed->Header.AceType == ACCESS_DENIED_ACE_TYPE ||
           (allowed->Header.AceType == ACCESS_ALLOWED_ACE_TYPE &&
            (IsWellKnownSid(sid, WinLocalSystemSid) ||
             IsWellKnownSid(sid, WinBuiltinAdministratorsSid)));
}

enum baton_status
registry_own_is_closed(bool *ret_closed, struct baton_err *err)
{
    union {
        SECURITY_DESCRIPTOR sd;
        BYTE room[4096];
    } u;
    wchar_t path[NAME_UNITS];
    DWORD len = sizeof u;
    HKEY own;
    PACL acl = NULL;
    BOOL there = FALSE, defaulted;
    enum baton_status rc = wide(REGISTRY_OWN, path, err);
    if (rc != BATON_OK)
        return rc;
    LSTATUS code = RegOpenKeyExW(HKEY_LOCAL_MACHINE, path, 0, READ_CONTROL | KEY_WOW64_64KEY, &own);
    if (code == ERROR_SUCCESS) {
        code = RegGetKeySecurity(own, DACL_SECURITY_INFORMATION, &u.sd, &len);
        RegCloseKey(own);
    }
    if (code != ERROR_SUCCESS)
        return fail_at(err, "cannot ask who may read", REGISTRY_OWN, "its list of rights", code);
    bool closed =
        GetSecurityDescriptorDacl(&u.sd, &there, &acl, &defaulted) && there && acl != NULL;
    for (DWORD i = 0; closed && i < acl->AceCount; i++)
        closed = ace_is_ours(acl, i);
    *ret_closed = closed;
    return BATON_OK;
}

enum baton_status
registry_own_close(struct baton_err *err)
{
    HKEY own;
    LSTATUS code = open_closed(REGISTRY_OWN, &own);
    if (code != ERROR_SUCCESS)
        return fail_at(err, "cannot close", REGISTRY_OWN, "its list of rights", code);
    RegCloseKey(own);
    return BATON_OK;
}
