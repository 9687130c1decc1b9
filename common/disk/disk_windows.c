#include "common/disk/disk.h"

#include <windows.h>

#include <aclapi.h>
#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <sddl.h>
#include <stdio.h>
#include <string.h>

enum { PATH_UNITS = 2048, NAME_BYTES_MAX = 4 * MAX_PATH, READ_MOST = 1 << 30, SHORT_UNITS = 240 };

/* Nobody but the system, the administrators, and whoever made it; handed on to what is put inside. */
static const wchar_t owners_alone[] = L"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;OW)";

static int
errno_of(DWORD code)
{
    static const struct {
        DWORD code;
        int number;
    } map[] = {
        {ERROR_FILE_NOT_FOUND, ENOENT},
        {ERROR_PATH_NOT_FOUND, ENOENT},
        {ERROR_INVALID_NAME, ENOENT},
        {ERROR_BAD_NETPATH, ENOENT},
        {ERROR_FILE_EXISTS, EEXIST},
        {ERROR_ALREADY_EXISTS, EEXIST},
        {ERROR_DISK_FULL, ENOSPC},
        {ERROR_HANDLE_DISK_FULL, ENOSPC},
        {ERROR_ACCESS_DENIED, EACCES},
        {ERROR_SHARING_VIOLATION, EACCES},
        {ERROR_LOCK_VIOLATION, EWOULDBLOCK},
        {ERROR_IO_PENDING, EWOULDBLOCK},
        {ERROR_DIRECTORY, ENOTDIR},
        {ERROR_NOT_ENOUGH_MEMORY, ENOMEM},
        {ERROR_FILENAME_EXCED_RANGE, ENAMETOOLONG},
        {ERROR_INVALID_HANDLE, EBADF},
    };
    for (size_t i = 0; i < ARRAY_LEN(map); i++)
        if (map[i].code == code)
            return map[i].number;
    return EIO;
}

static bool
failed(void)
{
    errno = errno_of(GetLastError());
    return false;
}

/* Whole, and past 260 characters with the prefix that switches that limit off. */
static bool
wide(const char *path, wchar_t out[PATH_UNITS])
{
    wchar_t plain[PATH_UNITS];
    static const wchar_t prefix[] = L"\\\\?\\";
    size_t skip = ARRAY_LEN(prefix) - 1;
    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, plain, PATH_UNITS) == 0) {
        errno = GetLastError() == ERROR_INSUFFICIENT_BUFFER ? ENAMETOOLONG : EILSEQ;
        return false;
    }
    DWORD units = GetFullPathNameW(plain, (DWORD)(PATH_UNITS - skip), out + skip, NULL);
    if (units == 0)
        return failed();
    if (units >= PATH_UNITS - skip) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (units >= SHORT_UNITS && out[skip] != L'\\')
        memcpy(out, prefix, skip * sizeof *out);
    else
        memmove(out, out + skip, (units + 1) * sizeof *out);
    return true;
}

/* --- closed to others --- */

static bool
sid_is(PSID sid, WELL_KNOWN_SID_TYPE type)
{
    return IsWellKnownSid(sid, type) != 0;
}

static bool
sid_is_mine(PSID sid)
{
    union {
        TOKEN_USER user;
        BYTE room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    } u;
    HANDLE token;
    DWORD len = 0;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return false;
    bool mine =
        GetTokenInformation(token, TokenUser, &u, sizeof u, &len) && EqualSid(sid, u.user.User.Sid);
    CloseHandle(token);
    return mine;
}

static bool
sid_may(PSID sid)
{
    return sid_is(sid, WinLocalSystemSid) || sid_is(sid, WinBuiltinAdministratorsSid) ||
           sid_is(sid, WinCreatorOwnerSid) || sid_is(sid, WinCreatorOwnerRightsSid) ||
           sid_is_mine(sid);
}

/* An entry of a kind that is not known may allow anything. */
static bool
ace_is_harmless(const ACE_HEADER *ace)
{
    if (ace->AceType == ACCESS_DENIED_ACE_TYPE)
        return true;
    if (ace->AceType != ACCESS_ALLOWED_ACE_TYPE)
        return false;
    const ACCESS_ALLOWED_ACE *allowed = (const ACCESS_ALLOWED_ACE *)(const void *)ace;
    const DWORD told = FILE_READ_DATA | FILE_WRITE_DATA | FILE_APPEND_DATA | GENERIC_READ |
                       GENERIC_WRITE | GENERIC_ALL | WRITE_DAC | WRITE_OWNER | DELETE;
    return (allowed->Mask & told) == 0 || sid_may((PSID)(uintptr_t)&allowed->SidStart);
}

static bool
is_link(HANDLE file)
{
    BY_HANDLE_FILE_INFORMATION info;
    return !GetFileInformationByHandle(file, &info) ||
           (info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0;
}

static bool
handle_is_closed(HANDLE file)
{
    PACL acl = NULL;
    PSID owner = NULL;
    PSECURITY_DESCRIPTOR sd = NULL;
    DWORD rc = GetSecurityInfo(file, SE_FILE_OBJECT,
                               DACL_SECURITY_INFORMATION | OWNER_SECURITY_INFORMATION, &owner, NULL,
                               &acl, NULL, &sd);
    if (rc != ERROR_SUCCESS) {
        errno = errno_of(rc);
        return false;
    }
    /* an owner may give himself everything; without a list everybody may do everything */
    bool closed = acl != NULL && owner != NULL && sid_may(owner);
    for (WORD i = 0; closed && i < acl->AceCount; i++) {
        void *ace = NULL;
        closed = GetAce(acl, i, &ace) && ace_is_harmless(ace);
    }
    LocalFree(sd);
    errno = 0;
    return closed;
}

bool
disk_is_closed(int fd)
{
    return handle_is_closed((HANDLE)_get_osfhandle(fd));
}

bool
disk_folder_is_closed(const char *path)
{
    wchar_t name[PATH_UNITS];
    if (!wide(path, name))
        return false;
    HANDLE folder =
        CreateFileW(name, READ_CONTROL | FILE_READ_ATTRIBUTES,
                    FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                    FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (folder == INVALID_HANDLE_VALUE)
        return GetLastError() == ERROR_FILE_NOT_FOUND || GetLastError() == ERROR_PATH_NOT_FOUND;
    /* who made a link can point it elsewhere later */
    bool link = is_link(folder), closed = !link && handle_is_closed(folder);
    CloseHandle(folder);
    if (link)
        errno = ELOOP;
    return closed;
}

/* NULL: the system's default, when even that cannot be had */
static PSECURITY_DESCRIPTOR
descriptor_new(void)
{
    PSECURITY_DESCRIPTOR sd = NULL;
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(owners_alone, SDDL_REVISION_1, &sd,
                                                              NULL))
        (void)failed();
    return sd;
}

/* --- files --- */

static HANDLE
handle_open(const wchar_t *name, enum disk_use use, PSECURITY_DESCRIPTOR sd)
{
    static const struct {
        DWORD access, way, flags;
    } as[] = {
        [DISK_READ] = {GENERIC_READ, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT},
        [DISK_READ_LINKED] = {GENERIC_READ, OPEN_EXISTING, 0},
        [DISK_UPDATE] = {GENERIC_READ | GENERIC_WRITE, OPEN_ALWAYS, FILE_FLAG_OPEN_REPARSE_POINT},
        [DISK_REWRITE] = {GENERIC_WRITE, OPEN_ALWAYS, FILE_FLAG_OPEN_REPARSE_POINT},
        [DISK_CREATE] = {GENERIC_WRITE, CREATE_NEW, FILE_FLAG_OPEN_REPARSE_POINT},
    };
    SECURITY_ATTRIBUTES made = {sizeof made, sd, FALSE};
    return CreateFileW(name, as[use].access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                       &made, as[use].way, as[use].flags | FILE_ATTRIBUTE_NORMAL, NULL);
}

int
disk_open(const char *path, enum disk_use use)
{
    wchar_t name[PATH_UNITS];
    if (!wide(path, name))
        return -1;
    PSECURITY_DESCRIPTOR sd = descriptor_new();
    if (sd == NULL)
        return -1;
    HANDLE file = handle_open(name, use, sd);
    bool opened = file != INVALID_HANDLE_VALUE || failed();
    LocalFree(sd);
    if (!opened)
        return -1;
    if (use != DISK_READ_LINKED && is_link(file)) {
        CloseHandle(file);
        errno = ELOOP;
        return -1;
    }
    if (use == DISK_REWRITE && !SetEndOfFile(file)) { /* emptied once it is known to be no link */
        (void)failed();
        CloseHandle(file);
        return -1;
    }
    int fd = _open_osfhandle((intptr_t)file, _O_BINARY | _O_NOINHERIT);
    if (fd < 0)
        CloseHandle(file);
    return fd;
}

ssize_t
disk_read(int fd, void *out, size_t cap)
{
    size_t have = 0;
    while (have < cap) {
        size_t want = cap - have < READ_MOST ? cap - have : READ_MOST;
        int n = _read(fd, (char *)out + have, (unsigned)want);
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        have += (size_t)n;
    }
    return (ssize_t)have;
}

ssize_t
disk_read_at(int fd, void *out, size_t cap, uint64_t offset)
{
    OVERLAPPED at = {.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
    DWORD n = 0, want = (DWORD)(cap < READ_MOST ? cap : READ_MOST);
    if (ReadFile((HANDLE)_get_osfhandle(fd), out, want, &n, &at))
        return (ssize_t)n;
    if (GetLastError() == ERROR_HANDLE_EOF)
        return 0;
    (void)failed();
    return -1;
}

bool
disk_write(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        int n = _write(fd, at, (unsigned)(len < READ_MOST ? len : READ_MOST));
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

bool
disk_flush(int fd)
{
    return FlushFileBuffers((HANDLE)_get_osfhandle(fd)) || failed();
}

/* NTFS journals names; the write-through of disk_rename waits for them. */
bool
disk_flush_name(const char *path)
{
    (void)path;
    return true;
}

bool
disk_rename(const char *from, const char *to)
{
    wchar_t source[PATH_UNITS], target[PATH_UNITS];
    if (!wide(from, source) || !wide(to, target))
        return false;
    return MoveFileExW(source, target, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH) ||
           failed();
}

bool
disk_remove(const char *path)
{
    wchar_t name[PATH_UNITS];
    return wide(path, name) && (DeleteFileW(name) || failed());
}

bool
disk_exists(const char *path)
{
    wchar_t name[PATH_UNITS];
    return wide(path, name) && (GetFileAttributesW(name) != INVALID_FILE_ATTRIBUTES || failed());
}

/* Pipes and devices have names of another kind, which are no path of a file. */
bool
disk_is_file(const char *path)
{
    wchar_t name[PATH_UNITS];
    DWORD is = wide(path, name) ? GetFileAttributesW(name) : INVALID_FILE_ATTRIBUTES;
    return is != INVALID_FILE_ATTRIBUTES &&
           (is & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_DEVICE)) == 0;
}

bool
disk_make_folder(const char *path)
{
    wchar_t name[PATH_UNITS];
    if (!wide(path, name))
        return false;
    SECURITY_ATTRIBUTES made = {sizeof made, descriptor_new(), FALSE};
    if (made.lpSecurityDescriptor == NULL)
        return false;
    bool good = CreateDirectoryW(name, &made) || failed();
    LocalFree(made.lpSecurityDescriptor);
    if (good || errno != EEXIST)
        return good;
    DWORD is = GetFileAttributesW(name);
    errno = ENOTDIR;
    return is != INVALID_FILE_ATTRIBUTES && (is & FILE_ATTRIBUTE_DIRECTORY) != 0 &&
           (is & FILE_ATTRIBUTE_REPARSE_POINT) == 0;
}

/* Somebody else's folder gives way to one of ours: who made it may hold it open with every right, which
 * no new list takes from him. What is not empty, or held open, stays; so does what a link points to. */
static bool
make_anew(const wchar_t *name, PSECURITY_DESCRIPTOR sd)
{
    SECURITY_ATTRIBUTES made = {sizeof made, sd, FALSE};
    if (!RemoveDirectoryW(name)) {
        DWORD code = GetLastError();
        errno = code == ERROR_DIR_NOT_EMPTY ? EPERM : errno_of(code);
        return false;
    }
    return CreateDirectoryW(name, &made) || failed();
}

static bool
owner_is_ours(const wchar_t *name)
{
    PSID owner = NULL;
    PSECURITY_DESCRIPTOR sd = NULL;
    if (GetNamedSecurityInfoW((LPWSTR)(uintptr_t)name, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION,
                              &owner, NULL, NULL, NULL, &sd) != ERROR_SUCCESS)
        return false;
    bool ours = owner != NULL && sid_may(owner);
    LocalFree(sd);
    return ours;
}

/* To the Administrators, so that no later owner's right opens it again. Who may not give it to them, being none
 * himself, has made it himself. */
static void
give_to_administrators(const wchar_t *name)
{
    SID_IDENTIFIER_AUTHORITY nt = {SECURITY_NT_AUTHORITY};
    PSID administrators = NULL;
    if (!AllocateAndInitializeSid(&nt, 2, SECURITY_BUILTIN_DOMAIN_RID, DOMAIN_ALIAS_RID_ADMINS, 0,
                                  0, 0, 0, 0, 0, &administrators))
        return;
    (void)SetNamedSecurityInfoW((LPWSTR)(uintptr_t)name, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION,
                                administrators, NULL, NULL, NULL);
    FreeSid(administrators);
}

bool
disk_close_folder(const char *path)
{
    wchar_t name[PATH_UNITS];
    PACL acl = NULL;
    BOOL there = FALSE, defaulted = FALSE;
    if (!wide(path, name))
        return false;
    PSECURITY_DESCRIPTOR sd = descriptor_new();
    if (sd == NULL || !GetSecurityDescriptorDacl(sd, &there, &acl, &defaulted) || !there) {
        LocalFree(sd);
        return failed();
    }
    if (!owner_is_ours(name) && !make_anew(name, sd)) {
        LocalFree(sd);
        return false;
    }
    give_to_administrators(name);
    DWORD rc = SetNamedSecurityInfoW(
        name, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, NULL,
        NULL, acl, NULL);
    LocalFree(sd);
    if (rc != ERROR_SUCCESS)
        errno = errno_of(rc);
    return rc == ERROR_SUCCESS;
}

/* One byte far behind every end: locks are mandatory here, and the file itself stays readable. */
bool
disk_lock(int fd, bool shared)
{
    OVERLAPPED at = {.OffsetHigh = 0x40000000};
    DWORD how = LOCKFILE_FAIL_IMMEDIATELY | (shared ? 0 : LOCKFILE_EXCLUSIVE_LOCK);
    return LockFileEx((HANDLE)_get_osfhandle(fd), how, 0, 1, 0, &at) || failed();
}

/* --- folders --- */

static uint64_t
unix_ns(FILETIME t)
{
    const uint64_t ticks_1601_to_1970 = 116444736000000000u;
    uint64_t ticks = (uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime;
    return ticks < ticks_1601_to_1970 ? 0 : (ticks - ticks_1601_to_1970) * 100;
}

bool
disk_info(int fd, struct disk_info *ret_info)
{
    BY_HANDLE_FILE_INFORMATION is;
    if (!GetFileInformationByHandle((HANDLE)_get_osfhandle(fd), &is))
        return failed();
    *ret_info = (struct disk_info){.bytes = (uint64_t)is.nFileSizeHigh << 32 | is.nFileSizeLow,
                                   .written_ns = unix_ns(is.ftLastWriteTime)};
    return true;
}

static bool
visit_found(const WIN32_FIND_DATAW *found, bool (*visit)(void *ctx, const struct disk_entry *entry),
            void *ctx)
{
    char name[NAME_BYTES_MAX];
    if ((found->dwFileAttributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT)) !=
            0 ||
        WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, found->cFileName, -1, name, sizeof name,
                            NULL, NULL) == 0)
        return true;
    struct disk_entry entry = {
        .name = name,
        .bytes = (uint64_t)found->nFileSizeHigh << 32 | found->nFileSizeLow,
        .written_ns = unix_ns(found->ftLastWriteTime),
    };
    return visit(ctx, &entry);
}

bool
disk_list(const char *folder, bool (*visit)(void *ctx, const struct disk_entry *entry), void *ctx)
{
    wchar_t pattern[PATH_UNITS];
    WIN32_FIND_DATAW found;
    if (!wide(folder, pattern))
        return false;
    size_t units = wcslen(pattern);
    if (units + 3 > PATH_UNITS) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(pattern + units, L"\\*", 3 * sizeof *pattern);
    HANDLE search = FindFirstFileW(pattern, &found);
    if (search == INVALID_HANDLE_VALUE)
        return failed();
    bool more = true;
    while (more)
        more = visit_found(&found, visit, ctx) && FindNextFileW(search, &found);
    FindClose(search);
    return true;
}

/* SYSTEM and Administrators by their SIDs: names are translated there. */
void
disk_how_to_close(const char *path, bool folder, char *out, size_t cap)
{
    const char *rights = folder ? "(OI)(CI)F" : "F";
    snprintf(out, cap, "icacls \"%s\" /inheritance:r /grant:r *S-1-5-18:%s *S-1-5-32-544:%s", path,
             rights, rights);
}
