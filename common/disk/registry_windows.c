#include "common/disk/registry.h"

#include <windows.h>

#include <aclapi.h>
#include <sddl.h>
#include <stdio.h>
#include <string.h>

#include "common/disk/windows_error.h"

enum { NAME_UNITS = 1024 };

static const wchar_t owners_alone[] = L"O:BAD:P(A;CI;KA;;;SY)(A;CI;KA;;;BA)";

static enum baton_status
wide(const char *text, wchar_t out[NAME_UNITS], struct baton_err *err)
{
    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, out, NAME_UNITS) == 0)
        return win_fail(err, GetLastError(), "%s", text);
    return BATON_OK;
}

static enum baton_status
fail_at(struct baton_err *err, const char *doing, const char *key, const char *name, LSTATUS code)
{
    return win_fail(err, (unsigned long)code, "%s HKLM\\%s, %s%s", doing, key, name,
                    code == ERROR_ACCESS_DENIED ? " (run it as an administrator)" : "");
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

/* --- whose a key is --- */

/* Of each right that allows one: nothing of it may others have. */
static const ACCESS_MASK any_right = MAXDWORD;
static const ACCESS_MASK right_to_change = KEY_SET_VALUE | KEY_CREATE_SUB_KEY | KEY_CREATE_LINK |
                                           DELETE | WRITE_DAC | WRITE_OWNER | GENERIC_WRITE |
                                           GENERIC_ALL;

static bool
sid_is_ours(PSID sid)
{
    return IsWellKnownSid(sid, WinLocalSystemSid) ||
           IsWellKnownSid(sid, WinBuiltinAdministratorsSid);
}

/* An entry of a kind that is not known may allow anything. */
static bool
ace_is_harmless(const ACE_HEADER *ace, ACCESS_MASK rights)
{
    if (ace->AceType == ACCESS_DENIED_ACE_TYPE || (ace->AceFlags & INHERIT_ONLY_ACE) != 0)
        return true;
    if (ace->AceType != ACCESS_ALLOWED_ACE_TYPE)
        return false;
    const ACCESS_ALLOWED_ACE *allowed = (const ACCESS_ALLOWED_ACE *)(const void *)ace;
    return (allowed->Mask & rights) == 0 || sid_is_ours((PSID)(uintptr_t)&allowed->SidStart);
}

/* An owner may give himself every right. */
static LSTATUS
ask_ours(HKEY key, ACCESS_MASK rights, bool *ret_ours)
{
    PACL acl = NULL;
    PSID owner = NULL;
    PSECURITY_DESCRIPTOR sd = NULL;
    DWORD code = GetSecurityInfo(key, SE_REGISTRY_KEY,
                                 DACL_SECURITY_INFORMATION | OWNER_SECURITY_INFORMATION, &owner,
                                 NULL, &acl, NULL, &sd);
    if (code != ERROR_SUCCESS)
        return (LSTATUS)code;
    bool ours = acl != NULL && owner != NULL && sid_is_ours(owner);
    for (DWORD i = 0; ours && i < acl->AceCount; i++) {
        void *ace = NULL;
        ours = GetAce(acl, i, &ace) && ace_is_harmless(ace, rights);
    }
    LocalFree(sd);
    *ret_ours = ours;
    return ERROR_SUCCESS;
}

static enum baton_status
check_ours(HKEY key, const char *path, struct baton_err *err)
{
    bool ours = false;
    LSTATUS code = ask_ours(key, right_to_change, &ours);
    if (code != ERROR_SUCCESS)
        return fail_at(err, "cannot ask who may write", path, "its list of rights", code);
    if (ours)
        return BATON_OK;
    return baton_fail(
        err, BATON_CORRUPT,
        "HKLM\\%s belongs to others than SYSTEM and Administrators, or they may write "
        "it: nothing in it is believed. Find out who made it; if it was never this "
        "agent's, delete it",
        path);
}

/* --- reading --- */

static enum baton_status
open_to_read(const char *key, HKEY *ret_opened, struct baton_err *err)
{
    wchar_t wide_key[NAME_UNITS];
    enum baton_status rc = wide(key, wide_key, err);
    if (rc != BATON_OK)
        return rc;
    LSTATUS code = RegOpenKeyExW(HKEY_LOCAL_MACHINE, wide_key, 0,
                                 KEY_QUERY_VALUE | READ_CONTROL | KEY_WOW64_64KEY, ret_opened);
    return code == ERROR_SUCCESS ? BATON_OK : fail_at(err, "cannot read", key, "the key", code);
}

static enum baton_status
read_value(HKEY opened, const char *key, const char *name, uint32_t *ret_type, void *out,
           size_t cap, size_t *ret_len, struct baton_err *err)
{
    wchar_t wide_name[NAME_UNITS];
    DWORD type = 0, len = cap < REGISTRY_VALUE_BYTES ? (DWORD)cap : REGISTRY_VALUE_BYTES;
    enum baton_status rc = wide(name, wide_name, err);
    if (rc != BATON_OK)
        return rc;
    LSTATUS code = RegQueryValueExW(opened, wide_name, NULL, &type, out, &len);
    if (code != ERROR_SUCCESS)
        return fail_at(err, "cannot read", key, name, code);
    *ret_type = type;
    *ret_len = len;
    return BATON_OK;
}

enum baton_status
registry_read(const char *key, const char *name, uint32_t *ret_type, void *out, size_t cap,
              size_t *ret_len, struct baton_err *err)
{
    HKEY opened;
    enum baton_status rc = open_to_read(key, &opened, err);
    if (rc != BATON_OK)
        return rc;
    rc = read_value(opened, key, name, ret_type, out, cap, ret_len, err);
    RegCloseKey(opened);
    return rc;
}

/* Whoever owns the key above could have put another one in this one's place. */
static enum baton_status
check_above(struct baton_err *err)
{
    HKEY own;
    enum baton_status rc = open_to_read(REGISTRY_OWN, &own, err);
    if (rc != BATON_OK)
        return rc;
    rc = check_ours(own, REGISTRY_OWN, err);
    RegCloseKey(own);
    return rc;
}

enum baton_status
registry_own_read(const char *key, const char *name, void *out, size_t cap, size_t *ret_len,
                  struct baton_err *err)
{
    char path[NAME_UNITS];
    uint32_t type;
    HKEY opened;
    enum baton_status rc = own_path(key, path, sizeof path, err);
    if (rc == BATON_OK)
        rc = open_to_read(path, &opened, err);
    if (rc != BATON_OK)
        return rc;
    rc = read_value(opened, path, name, &type, out, cap, ret_len, err);
    if (rc == BATON_OK || rc == BATON_LIMIT) { /* what is not there needs no belief */
        enum baton_status ours = key[0] == '\0' ? BATON_OK : check_above(err);
        if (ours == BATON_OK)
            ours = check_ours(opened, path, err);
        rc = ours == BATON_OK ? rc : ours;
    }
    RegCloseKey(opened);
    return rc;
}

/* --- writing --- */

/* Whoever made a key may have it open, whatever its rights become: one that is empty is made anew, one that is
 * not is refused, as a folder is (disk.h). */
static enum baton_status
remove_strangers(const char *path, const wchar_t *name, struct baton_err *err)
{
    HKEY key;
    DWORD keys = 0, values = 0;
    LSTATUS code = RegOpenKeyExW(HKEY_LOCAL_MACHINE, name, 0,
                                 KEY_QUERY_VALUE | READ_CONTROL | KEY_WOW64_64KEY, &key);
    if (code == ERROR_FILE_NOT_FOUND)
        return BATON_OK;
    if (code != ERROR_SUCCESS)
        return fail_at(err, "cannot read", path, "the key", code);
    enum baton_status rc = check_ours(key, path, err);
    if (rc == BATON_CORRUPT &&
        RegQueryInfoKeyW(key, NULL, NULL, NULL, &keys, NULL, NULL, &values, NULL, NULL, NULL,
                         NULL) == ERROR_SUCCESS &&
        keys == 0 && values == 0) {
        code = RegDeleteKeyExW(HKEY_LOCAL_MACHINE, name, KEY_WOW64_64KEY, 0);
        rc =
            code == ERROR_SUCCESS ? BATON_OK : fail_at(err, "cannot remove", path, "the key", code);
    }
    RegCloseKey(key);
    return rc;
}

/* Made closed, and closed when it was there, as an installer makes it. One that was there is asked again: somebody
 * may have been quicker. */
static enum baton_status
make_closed(const char *path, const wchar_t *name, PSECURITY_DESCRIPTOR sd, HKEY *ret_key,
            struct baton_err *err)
{
    SECURITY_ATTRIBUTES made = {sizeof made, sd, FALSE};
    HKEY key;
    DWORD how = 0;
    LSTATUS code =
        RegCreateKeyExW(HKEY_LOCAL_MACHINE, name, 0, NULL, REG_OPTION_NON_VOLATILE,
                        KEY_SET_VALUE | READ_CONTROL | WRITE_DAC | WRITE_OWNER | KEY_WOW64_64KEY,
                        &made, &key, &how);
    if (code != ERROR_SUCCESS)
        return fail_at(err, "cannot make", path, "the key", code);
    enum baton_status rc = how == REG_CREATED_NEW_KEY ? BATON_OK : check_ours(key, path, err);
    if (rc == BATON_OK) {
        code = RegSetKeySecurity(key, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, sd);
        if (code != ERROR_SUCCESS)
            rc = fail_at(err, "cannot close", path, "its list of rights", code);
    }
    if (rc == BATON_OK)
        *ret_key = key;
    else
        RegCloseKey(key);
    return rc;
}

static enum baton_status
open_closed(const char *path, HKEY *ret_key, struct baton_err *err)
{
    wchar_t name[NAME_UNITS];
    PSECURITY_DESCRIPTOR sd = NULL;
    enum baton_status rc = wide(path, name, err);
    if (rc != BATON_OK)
        return rc;
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(owners_alone, SDDL_REVISION_1, &sd,
                                                              NULL))
        return win_fail(err, GetLastError(), "the rights of HKLM\\%s", path);
    rc = remove_strangers(path, name, err);
    if (rc == BATON_OK)
        rc = make_closed(path, name, sd, ret_key, err);
    LocalFree(sd);
    return rc;
}

static enum baton_status
put_value(HKEY opened, const char *path, const char *name, const void *bytes, size_t len,
          struct baton_err *err)
{
    wchar_t wide_name[NAME_UNITS];
    enum baton_status rc = wide(name, wide_name, err);
    if (rc != BATON_OK)
        return rc;
    LSTATUS code = RegSetValueExW(opened, wide_name, 0, REG_BINARY, bytes, (DWORD)len);
    if (code == ERROR_SUCCESS)
        code = RegFlushKey(opened);
    return code == ERROR_SUCCESS ? BATON_OK : fail_at(err, "cannot write", path, name, code);
}

enum baton_status
registry_own_write(const char *key, const char *name, const void *bytes, size_t len,
                   struct baton_err *err)
{
    char path[NAME_UNITS];
    HKEY own = NULL, opened = NULL;
    enum baton_status rc = own_path(key, path, sizeof path, err);
    if (rc == BATON_OK)
        rc = open_closed(REGISTRY_OWN, &own, err); /* the key above is closed first */
    if (rc == BATON_OK)
        rc = open_closed(path, &opened, err);
    if (rc == BATON_OK)
        rc = put_value(opened, path, name, bytes, len, err);
    if (opened != NULL)
        RegCloseKey(opened);
    if (own != NULL)
        RegCloseKey(own);
    return rc;
}

enum baton_status
registry_own_is_closed(bool *ret_closed, struct baton_err *err)
{
    HKEY own;
    enum baton_status rc = open_to_read(REGISTRY_OWN, &own, err);
    if (rc != BATON_OK)
        return rc;
    LSTATUS code = ask_ours(own, any_right, ret_closed);
    RegCloseKey(own);
    return code == ERROR_SUCCESS
               ? BATON_OK
               : fail_at(err, "cannot ask who may read", REGISTRY_OWN, "its list of rights", code);
}

enum baton_status
registry_own_close(struct baton_err *err)
{
    HKEY own = NULL;
    enum baton_status rc = open_closed(REGISTRY_OWN, &own, err);
    if (rc == BATON_OK)
        RegCloseKey(own);
    return rc;
}
