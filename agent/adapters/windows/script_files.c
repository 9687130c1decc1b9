#include "script_files.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <string.h>

#include "common/disk/disk.h"
#include "common/sha256.h"
#include "win_text.h"

enum { FOLDER_DIGEST_CHARS = 16, PIECE_BYTES = 16384 };

/* The folder's name says what must be in it. */
static enum baton_status
name_folder(struct script_files *files, const char *folder, struct baton_err *err)
{
    struct baton_hash digest;
    char hex[2 * BATON_HASH_BYTES + 1];
    scripts_digest(&digest);
    baton_hex(digest.b, BATON_HASH_BYTES, hex);
    int len = snprintf(files->folder, sizeof files->folder, "%s\\scripts-%.*s", folder,
                       FOLDER_DIGEST_CHARS, hex);
    if (len < 0 || (size_t)len >= sizeof files->folder)
        return baton_fail(err, BATON_LIMIT, "the folder's name is too long: %.200s", folder);
    if (!disk_make_folder(files->folder))
        return baton_fail(err, BATON_IO, "cannot make folder %s: %s", files->folder,
                          strerror(errno));
    if (!disk_folder_is_closed(files->folder))
        return baton_fail(err, BATON_REFUSED,
                          "others than SYSTEM and Administrators may write %s: remove it, and the "
                          "agent makes it anew",
                          files->folder);
    return BATON_OK;
}

static enum baton_status
path_of(const struct script_files *files, const char *name, const char *suffix,
        char out[SCRIPT_PATH_BYTES], struct baton_err *err)
{
    int len = snprintf(out, SCRIPT_PATH_BYTES, "%s\\%s%s", files->folder, name, suffix);
    return len > 0 && len < SCRIPT_PATH_BYTES
               ? BATON_OK
               : baton_fail(err, BATON_LIMIT, "the script's path is too long: %.200s", name);
}

/* Whole or not at all: a cut script of ours would look like a changed one ever after. */
static enum baton_status
put_down(const struct script_files *files, const struct script *s, struct baton_err *err)
{
    char part[SCRIPT_PATH_BYTES], whole[SCRIPT_PATH_BYTES];
    enum baton_status rc = path_of(files, s->name, ".part", part, err);
    if (rc == BATON_OK)
        rc = path_of(files, s->name, "", whole, err);
    if (rc != BATON_OK || disk_exists(whole))
        return rc;
    int fd = disk_open(part, DISK_REWRITE);
    bool good = fd >= 0 && disk_write(fd, s->bytes, s->len) && disk_flush(fd);
    int number = errno;
    if (fd >= 0)
        (void)_close(fd);
    if (!good || !disk_rename(part, whole))
        return baton_fail(err, BATON_IO, "cannot write %s: %s", whole,
                          strerror(good ? errno : number));
    return BATON_OK;
}

/* Readers may share it, writers may not: what is hashed now is what PowerShell reads later. */
static enum baton_status
hold(const char *path, int *ret_fd, struct baton_err *err)
{
    wchar_t name[SCRIPT_PATH_BYTES];
    if (!win_wide(path, name, ARRAY_LEN(name)))
        return baton_fail(err, BATON_MALFORMED, "not a path: %s", path);
    HANDLE file = CreateFileW(name, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING,
                              FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return win_fail(err, GetLastError(), "cannot hold %s", path);
    BY_HANDLE_FILE_INFORMATION info;
    if (!GetFileInformationByHandle(file, &info) ||
        (info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0) {
        CloseHandle(file);
        return baton_fail(err, BATON_REFUSED, "%s is a link: remove it", path);
    }
    *ret_fd = _open_osfhandle((intptr_t)file, _O_BINARY | _O_RDONLY | _O_NOINHERIT);
    if (*ret_fd >= 0)
        return BATON_OK;
    CloseHandle(file);
    return baton_fail(err, BATON_LIMIT, "no descriptor is left for %s", path);
}

static bool
holds(int fd, const struct baton_hash *wanted)
{
    struct sha256 s;
    struct baton_hash hash;
    char piece[PIECE_BYTES];
    ssize_t n;
    sha256_init(&s);
    while ((n = disk_read(fd, piece, sizeof piece)) > 0)
        sha256_update(&s, piece, (size_t)n);
    sha256_final(&s, &hash);
    return n == 0 && baton_hash_eq(&hash, wanted);
}

static enum baton_status
take_one(struct script_files *files, const struct script *s, struct baton_err *err)
{
    char path[SCRIPT_PATH_BYTES];
    int fd = -1;
    enum baton_status rc = put_down(files, s, err);
    if (rc == BATON_OK)
        rc = path_of(files, s->name, "", path, err);
    if (rc == BATON_OK)
        rc = hold(path, &fd, err);
    if (rc != BATON_OK)
        return rc;
    files->held[files->count++] = fd;
    if (holds(fd, &s->sha256))
        return BATON_OK;
    return baton_fail(err, BATON_REFUSED,
                      "%s is not the script that this agent was built with, and nothing is run: "
                      "find out who wrote it, then remove it",
                      path);
}

enum baton_status
script_files_open(struct script_files *files, const char *folder, struct baton_err *err)
{
    *files = (struct script_files){.count = 0};
    BATON_ASSERT(script_count <= SCRIPTS_MAX);
    enum baton_status rc = name_folder(files, folder, err);
    for (size_t i = 0; rc == BATON_OK && i < script_count; i++)
        rc = take_one(files, &scripts[i], err);
    if (rc != BATON_OK)
        script_files_close(files);
    return rc;
}

void
script_files_close(struct script_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        (void)_close(files->held[i]);
    files->count = 0;
}
