#include "lab_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/crypto/file_digest.h"
#include "config_dump.h"

/* The name under which the operator finds what Baton put down; hidden until it is whole. */
#define PLACED_NAME "baton-settings.json"
#define PLACED_PART ".baton-settings.json.part"

enum baton_status
lab_path_fail(struct baton_err *err, const char *what, const char *path)
{
    enum baton_status rc = errno == ENOENT   ? BATON_NOT_FOUND
                           : errno == ENOSPC ? BATON_FULL
                                             : BATON_IO;
    return baton_fail(err, rc, "cannot %s %s: %s", what, path, strerror(errno));
}

static bool
stays_inside(const char *path)
{
    if (path[0] == '/')
        return false;
    for (const char *part = path; part != NULL; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
            return false;
    }
    return true;
}

enum baton_status
lab_path(char out[LAB_FILE_BYTES], const char *folder, const char *path, const char *name,
         struct baton_err *err)
{
    if (!stays_inside(path))
        return baton_fail(err, BATON_REFUSED, "%s leaves the server's folder", path);
    int len = snprintf(out, LAB_FILE_BYTES, "%s/%s%s%s", folder, path, name[0] ? "/" : "", name);
    return len < 0 || len >= LAB_FILE_BYTES
               ? baton_fail(err, BATON_LIMIT, "path too long: %s", path)
               : BATON_OK;
}

static void
fill(struct host_file *file, const struct stat *st)
{
    file->exists = true;
    file->bytes = (uint64_t)st->st_size;
    file->written_unix_ms =
        (uint64_t)st->st_mtim.tv_sec * 1000 + (uint64_t)st->st_mtim.tv_nsec / 1000000;
}

static enum baton_status
file_stat(const char *path, struct host_file *file, struct baton_err *err)
{
    struct stat st;
    if (stat(path, &st) == 0)
        fill(file, &st);
    else if (errno != ENOENT)
        return lab_path_fail(err, "look at", path);
    return BATON_OK;
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static enum baton_status
hash_fd(int fd, const char *path, struct host_file *file, struct baton_err *err)
{
    struct stat before, after;
    uint64_t bytes;
    if (fstat(fd, &before) != 0)
        return lab_path_fail(err, "look at", path);
    enum baton_status rc = file_digest_fd(fd, &file->hash, &bytes, err);
    if (rc != BATON_OK)
        return rc;
    if (fstat(fd, &after) != 0)
        return lab_path_fail(err, "look at", path);
    if (!same_file(&before, &after) || bytes != (uint64_t)after.st_size)
        return baton_fail(err, BATON_CONFLICT, "%s changed while it was read", path);
    fill(file, &after);
    return BATON_OK;
}

static enum baton_status
file_hash(const char *path, struct host_file *file, struct baton_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return lab_path_fail(err, "read", path);
    enum baton_status rc = hash_fd(fd, path, file, err);
    close(fd);
    return rc;
}

static enum baton_status
read_at(int fd, const char *path, uint64_t offset, struct host_completion *done,
        struct baton_err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return lab_path_fail(err, "look at", path);
    fill(&done->u.file, &st);
    done->u.file.offset = offset;
    done->text = malloc(HOST_READ_MAX + 1);
    if (done->text == NULL)
        return baton_fail(err, BATON_NOMEM, "%s", path);
    while (done->text_len < HOST_READ_MAX) {
        ssize_t n = pread(fd, done->text + done->text_len, HOST_READ_MAX - done->text_len,
                          (off_t)(offset + done->text_len));
        if (n < 0)
            return lab_path_fail(err, "read", path);
        if (n == 0)
            break;
        done->text_len += (size_t)n;
    }
    done->text[done->text_len] = '\0';
    return BATON_OK;
}

static enum baton_status
file_read(const char *path, uint64_t offset, struct host_completion *done, struct baton_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return lab_path_fail(err, "read", path);
    enum baton_status rc = read_at(fd, path, offset, done, err);
    close(fd);
    return rc;
}

static enum baton_status
write_all(int fd, const char *path, const uint8_t *bytes, size_t len, uint64_t offset,
          struct baton_err *err)
{
    while (len > 0) {
        ssize_t n = pwrite(fd, bytes, len, (off_t)offset);
        if (n < 0)
            return lab_path_fail(err, "write", path);
        bytes += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return BATON_OK;
}

static enum baton_status
file_write(const char *folder, const struct host_request *r, const uint8_t *bytes, const char *dir,
           struct baton_err *err)
{
    char part[LAB_FILE_BYTES];
    enum baton_status rc = lab_path(part, folder, dir, PLACED_PART, err);
    if (rc != BATON_OK)
        return rc;
    int truncate = r->offset == 0 ? O_TRUNC : 0; /* a new beginning forgets an older attempt */
    int fd = open(part, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | truncate, 0600);
    if (fd < 0)
        return lab_path_fail(err, "write", part);
    rc = write_all(fd, part, bytes, r->len, r->offset, err);
    if (close(fd) != 0 && rc == BATON_OK)
        rc = lab_path_fail(err, "write", part);
    return rc;
}

static enum baton_status
flush(const char *path, int flags, struct baton_err *err)
{
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0)
        return lab_path_fail(err, "open", path);
    enum baton_status rc = fsync(fd) == 0 ? BATON_OK : lab_path_fail(err, "flush", path);
    close(fd);
    return rc;
}

static enum baton_status
file_commit(const char *folder, const char *dir, struct host_file *file, struct baton_err *err)
{
    char part[LAB_FILE_BYTES], whole[LAB_FILE_BYTES], parent[LAB_FILE_BYTES];
    enum baton_status rc = lab_path(part, folder, dir, PLACED_PART, err);
    if (rc == BATON_OK)
        rc = lab_path(whole, folder, dir, PLACED_NAME, err);
    if (rc == BATON_OK)
        rc = lab_path(parent, folder, dir, "", err);
    if (rc == BATON_OK)
        rc = flush(part, O_WRONLY, err);
    if (rc == BATON_OK && rename(part, whole) != 0)
        rc = lab_path_fail(err, "put down", whole);
    if (rc == BATON_OK)
        rc = flush(parent, O_RDONLY | O_DIRECTORY, err);
    return rc == BATON_OK ? file_hash(whole, file, err) : rc;
}

static enum baton_status
file_existing(const char *folder, const struct host_request *r, const char *path,
              struct host_completion *done, struct baton_err *err)
{
    char whole[LAB_FILE_BYTES];
    if (path == NULL)
        return r->op == HOST_FILE_STAT ? BATON_OK
                                       : baton_fail(err, BATON_NOT_FOUND, "there is no %s file",
                                                    host_place_name((enum host_place)r->place));
    enum baton_status rc = lab_path(whole, folder, path, "", err);
    if (rc != BATON_OK)
        return rc;
    if (r->op == HOST_FILE_STAT)
        return file_stat(whole, &done->u.file, err);
    if (r->op == HOST_FILE_HASH)
        return file_hash(whole, &done->u.file, err);
    return file_read(whole, r->offset, done, err);
}

enum baton_status
lab_file_run(const char *folder, const struct host_request *request, const uint8_t *bytes,
             const struct lab_place *place, struct host_completion *done, struct baton_err *err)
{
    bool writes = request->op == HOST_FILE_WRITE || request->op == HOST_FILE_COMMIT;
    if (!writes)
        return file_existing(folder, request, place->path, done, err);
    if (request->place != PLACE_SETTINGS_IMPORT || place->dir == NULL)
        return baton_fail(err, BATON_REFUSED, "nothing is ever written to %s",
                          host_place_name((enum host_place)request->place));
    return request->op == HOST_FILE_WRITE ? file_write(folder, request, bytes, place->dir, err)
                                          : file_commit(folder, place->dir, &done->u.file, err);
}

enum baton_status
lab_config_collect(const char *folder, const char *path, char **ret_text, size_t *ret_len,
                   struct baton_err *err)
{
    char dir[LAB_FILE_BYTES], pack[LAB_FILE_BYTES];
    enum baton_status rc = lab_path(dir, folder, path, "", err);
    if (rc == BATON_OK)
        rc = lab_path(pack, folder, "configuration.pack", "", err);
    return rc == BATON_OK ? config_dump_pack(dir, pack, ret_text, ret_len, err) : rc;
}
