#include "engine_tool.h"

#include <aclapi.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/disk/disk.h"
#include "common/text.h"
#include "job.h"

enum { PATH_UNITS = 1024, LINE_BYTES = 160, READ_BYTES = 4096, CLEAR_DEPTH = 4 };

/* --- who may write it ---------------------------------------------------------------------------- */

/* Groups that people are in without being administrators. */
static bool
is_everybody(PSID sid)
{
    static const WELL_KNOWN_SID_TYPE wide[] = {
        WinWorldSid,       WinAuthenticatedUserSid,  WinBuiltinUsersSid,
        WinInteractiveSid, WinAnonymousSid,          WinBuiltinGuestsSid,
        WinNetworkSid,     WinAccountDomainUsersSid, WinBuiltinPowerUsersSid};
    for (size_t i = 0; i < ARRAY_LEN(wide); i++)
        if (IsWellKnownSid(sid, wide[i]))
            return true;
    return false;
}

static bool
ace_lets_everybody(const ACE_HEADER *ace, DWORD rights)
{
    if (ace->AceType != ACCESS_ALLOWED_ACE_TYPE || (ace->AceFlags & INHERIT_ONLY_ACE) != 0)
        return false;
    const ACCESS_ALLOWED_ACE *allowed = (const ACCESS_ALLOWED_ACE *)(const void *)ace;
    return (allowed->Mask & (rights | WRITE_DAC | WRITE_OWNER | GENERIC_ALL)) != 0 &&
           is_everybody((PSID)(uintptr_t)&allowed->SidStart);
}

static bool
is_own_account(PSID sid)
{
    union {
        TOKEN_USER user;
        BYTE room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    } u;
    HANDLE token = NULL;
    DWORD len = 0;
    bool own = OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) &&
               GetTokenInformation(token, TokenUser, &u, sizeof u, &len) &&
               EqualSid(u.user.User.Sid, sid);
    if (token != NULL)
        CloseHandle(token);
    return own;
}

/* Windows' own installer, whose service has an account of its own: NT SERVICE\TrustedInstaller. */
static bool
is_trusted_installer(PSID sid)
{
    static const DWORD part[] = {80, 956008885, 3418522649, 1831038044, 1853292631, 2271478464};
    static const SID_IDENTIFIER_AUTHORITY nt = SECURITY_NT_AUTHORITY;
    if (*GetSidSubAuthorityCount(sid) != ARRAY_LEN(part) ||
        memcmp(GetSidIdentifierAuthority(sid), &nt, sizeof nt) != 0)
        return false;
    for (DWORD i = 0; i < ARRAY_LEN(part); i++)
        if (*GetSidSubAuthority(sid, i) != part[i])
            return false;
    return true;
}

/* An owner may change the permissions at any time, whatever they say. */
static bool
owner_is_trusted(PSID sid)
{
    static const WELL_KNOWN_SID_TYPE administrators[] = {
        WinLocalSystemSid, WinBuiltinAdministratorsSid, WinAccountAdministratorSid,
        WinAccountDomainAdminsSid, WinAccountEnterpriseAdminsSid};
    for (size_t i = 0; i < ARRAY_LEN(administrators); i++)
        if (IsWellKnownSid(sid, administrators[i]))
            return true;
    return is_trusted_installer(sid) || is_own_account(sid);
}

static enum baton_status
check_closed(const wchar_t *path, DWORD rights, struct baton_err *err)
{
    PACL acl = NULL;
    PSID owner = NULL;
    PSECURITY_DESCRIPTOR sd = NULL;
    char shown[ENGINE_PATH_BYTES];
    win_utf8(path, shown, sizeof shown);
    DWORD rc = GetNamedSecurityInfoW((LPWSTR)(uintptr_t)path, SE_FILE_OBJECT,
                                     OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner,
                                     NULL, &acl, NULL, &sd);
    if (rc != ERROR_SUCCESS)
        return win_fail(err, rc, "cannot see who may write %s", shown);
    bool trusted = owner != NULL && owner_is_trusted(owner);
    bool closed = acl != NULL; /* none: everybody may do everything */
    for (WORD i = 0; closed && i < acl->AceCount; i++) {
        void *ace = NULL;
        closed = GetAce(acl, i, &ace) && !ace_lets_everybody(ace, rights);
    }
    LocalFree(sd);
    if (!trusted)
        return baton_fail(err, BATON_REFUSED,
                          "%s belongs to an account that is no administrator, so nothing in it is "
                          "run: see who made it, and give it to Administrators",
                          shown);
    return closed ? BATON_OK
                  : baton_fail(err, BATON_REFUSED,
                               "others than administrators may write %s, so nothing in it is run: "
                               "set the permissions of the product's folder right",
                               shown);
}

/* Whoever may move one of the folders above puts another one in its place. */
static enum baton_status
check_above(wchar_t *path, struct baton_err *err)
{
    for (wchar_t *end; (end = wcsrchr(path, L'\\')) != NULL;) {
        bool root = end == wcschr(path, L'\\');
        end[root] = L'\0'; /* of a volume's root the backslash is a part */
        enum baton_status rc = check_closed(path, FILE_DELETE_CHILD | (root ? 0 : DELETE), err);
        if (rc != BATON_OK || root)
            return rc;
    }
    return BATON_OK;
}

static enum baton_status
check_program(const char *program, struct baton_err *err)
{
    const DWORD writes =
        FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_DELETE_CHILD | DELETE | GENERIC_WRITE;
    wchar_t path[PATH_UNITS];
    if (!win_wide(program, path, PATH_UNITS))
        return baton_fail(err, BATON_LIMIT, "the path is too long: %.200s", program);
    enum baton_status rc = check_closed(path, writes, err);
    wchar_t *end = wcsrchr(path, L'\\');
    if (rc != BATON_OK || end == NULL)
        return rc;
    *end = L'\0';
    rc = check_closed(path, writes, err);
    return rc == BATON_OK ? check_above(path, err) : rc;
}

static enum baton_status
find_tool(const struct engine_tool *t, const char *tool, char out[ENGINE_PATH_BYTES],
          struct baton_err *err)
{
    if (t->engine == NULL || t->engine[0] == '\0')
        return baton_fail(err, BATON_NOT_FOUND,
                          "the engine's folder was not found on this server, and %s lies in it",
                          tool);
    int whole = snprintf(out, ENGINE_PATH_BYTES, "%s\\Bin\\%s", t->engine, tool);
    if (whole < 0 || whole >= ENGINE_PATH_BYTES)
        return baton_fail(err, BATON_LIMIT, "the engine's folder is too long: %.200s", t->engine);
    if (!disk_is_file(out))
        return baton_fail(err, BATON_NOT_FOUND,
                          "there is no %s: it comes with the product once its first configuration "
                          "has ended",
                          out);
    return check_program(out, err);
}

/* --- running it ---------------------------------------------------------------------------------- */

struct last_line {
    char text[LINE_BYTES];
    size_t len;
    bool ended;
};

static void
take_output(struct last_line *l, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n' || bytes[i] == '\r') {
            l->ended = true;
            continue;
        }
        if (l->ended)
            l->len = 0;
        l->ended = false;
        if (l->len + 1 < sizeof l->text)
            l->text[l->len++] = bytes[i];
    }
    l->text[l->len] = '\0';
}

static enum baton_status
read_to_end(struct job *j, uint64_t end_ms, struct last_line *l, struct baton_err *err)
{
    char piece[READ_BYTES];
    for (;;) {
        uint64_t now_ms = GetTickCount64();
        size_t n = 0;
        if (now_ms >= end_ms)
            return baton_fail(err, BATON_TIMEOUT, "it has not ended in time");
        enum baton_status rc =
            job_read(j, piece, sizeof piece, (uint32_t)(end_ms - now_ms), &n, err);
        if (rc != BATON_OK || n == 0)
            return rc;
        take_output(l, piece, n);
    }
}

static enum baton_status
run(const struct engine_tool *t, const char *const *argument, size_t count, struct baton_err *err)
{
    struct job_spec spec = {argument, count, ENGINE_TOOL_MEMORY_BYTES, t->cancel};
    struct last_line line = {.len = 0};
    char said[LINE_BYTES];
    struct job j;
    uint32_t code = 0;
    uint64_t end_ms = GetTickCount64() + t->limit_ms;
    enum baton_status rc = job_open(&j, &spec, err);
    if (rc != BATON_OK)
        return rc;
    rc = read_to_end(&j, end_ms, &line, err);
    uint64_t now_ms = GetTickCount64();
    if (rc == BATON_OK)
        rc = job_wait(&j, now_ms < end_ms ? (uint32_t)(end_ms - now_ms) : 0, &code, err);
    job_close(&j);
    if (rc != BATON_OK)
        return baton_wrap(err, rc, "%s", argument[0]);
    text_copy(said, sizeof said, line.text);
    return code == 0
               ? BATON_OK
               : baton_fail(err, BATON_FAILED,
                            "%s ended with exit code %u%s%s: see whether the engine's service runs",
                            argument[0], code, said[0] == '\0' ? "" : ": ", said);
}

/* A name that the tool would take for an option of its own is not given to it. */
static enum baton_status
check_connector(const char *connector, struct baton_err *err)
{
    if (connector[0] == '\0' || connector[0] == '/' || connector[0] == '-')
        return baton_fail(err, BATON_REFUSED,
                          "csexport.exe cannot be told a connector named \"%s\"", connector);
    return BATON_OK;
}

enum baton_status
engine_csexport(const struct engine_tool *t, const char *connector, const char *file,
                struct baton_err *err)
{
    char tool[ENGINE_PATH_BYTES], part[ENGINE_PATH_BYTES];
    int len = snprintf(part, sizeof part, "%s.part", file);
    if (len < 0 || (size_t)len >= sizeof part)
        return baton_fail(err, BATON_LIMIT, "the path is too long: %.200s", file);
    enum baton_status rc = check_connector(connector, err);
    if (rc == BATON_OK)
        rc = find_tool(t, "csexport.exe", tool, err);
    if (rc != BATON_OK)
        return rc;
    const char *const argument[] = {tool, connector, part, "/f:x"};
    (void)disk_remove(part); /* of a run that was ended */
    rc = run(t, argument, ARRAY_LEN(argument), err);
    if (rc == BATON_OK && !disk_is_file(part))
        rc = baton_fail(err, BATON_FAILED, "%s left no file", tool);
    if (rc == BATON_OK && !disk_rename(part, file))
        rc = baton_fail(err, BATON_IO, "cannot put down %s: %s", file, strerror(errno));
    if (rc != BATON_OK)
        (void)disk_remove(part);
    return rc;
}

enum baton_status
engine_svrexport(const struct engine_tool *t, const char *folder, struct baton_err *err)
{
    char tool[ENGINE_PATH_BYTES];
    enum baton_status rc = find_tool(t, "svrexport.exe", tool, err);
    if (rc != BATON_OK)
        return rc;
    const char *const argument[] = {tool, folder};
    rc = run(t, argument, ARRAY_LEN(argument), err);
    if (rc == BATON_OK && !disk_exists(folder))
        rc = baton_fail(err, BATON_FAILED, "%s left no folder", tool);
    return rc;
}

/* --- clearing ------------------------------------------------------------------------------------ */

static bool clear_folder(const wchar_t *folder, int depth);

static bool
clear_one(const wchar_t *folder, const WIN32_FIND_DATAW *found, int depth)
{
    wchar_t path[PATH_UNITS];
    if (wcscmp(found->cFileName, L".") == 0 || wcscmp(found->cFileName, L"..") == 0)
        return true;
    int units = _snwprintf(path, PATH_UNITS, L"%ls\\%ls", folder, found->cFileName);
    if (units < 0 || units >= PATH_UNITS)
        return false;
    if ((found->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) == 0)
        return DeleteFileW(path) != 0;
    if ((found->dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0)
        return RemoveDirectoryW(path) != 0; /* the link, and not what it names */
    return depth < CLEAR_DEPTH && clear_folder(path, depth + 1);
}

static bool
clear_folder(const wchar_t *folder, int depth)
{
    wchar_t pattern[PATH_UNITS];
    WIN32_FIND_DATAW found;
    int units = _snwprintf(pattern, PATH_UNITS, L"%ls\\*", folder);
    if (units < 0 || units >= PATH_UNITS)
        return false;
    HANDLE list = FindFirstFileW(pattern, &found);
    bool good = list != INVALID_HANDLE_VALUE;
    while (good) {
        good = clear_one(folder, &found, depth);
        if (!FindNextFileW(list, &found))
            break;
    }
    if (list != INVALID_HANDLE_VALUE)
        FindClose(list);
    return good && RemoveDirectoryW(folder) != 0;
}

bool
engine_clear(const char *folder, struct baton_err *err)
{
    wchar_t name[PATH_UNITS];
    if (!win_wide(folder, name, PATH_UNITS)) {
        (void)baton_fail(err, BATON_LIMIT, "the path is too long: %.200s", folder);
        return false;
    }
    DWORD is = GetFileAttributesW(name);
    if (is == INVALID_FILE_ATTRIBUTES && GetLastError() == ERROR_FILE_NOT_FOUND)
        return true;
    bool link = is != INVALID_FILE_ATTRIBUTES && (is & FILE_ATTRIBUTE_REPARSE_POINT) != 0;
    if (link ? RemoveDirectoryW(name) != 0 : clear_folder(name, 0))
        return true;
    (void)win_fail(err, GetLastError(), "cannot clear %s: remove it by hand", folder);
    return false;
}
