#include "place_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/crypto/file_digest.h"
#include "common/disk/disk.h"

#define PLACED_PART "." PLACED_NAME ".part" /* hidden until it is whole */

enum baton_status
place_fail(struct baton_err *err, const char *what, const char *path)
{
    enum baton_status rc = errno == ENOENT   ? BATON_NOT_FOUND
                           : errno == ENOSPC ? BATON_FULL
                                             : BATON_IO;
    return baton_fail(err, rc, "cannot %s %s: %s", what, path, strerror(errno));
}

static void
fill(struct host_file *file, const struct disk_info *info)
{
    file->exists = true;
    file->bytes = info->bytes;
    file->written_unix_ms = info->written_ns / 1000000;
}

/* --- what is there --- */

static enum baton_status
take_info(int fd, const char *path, struct host_file *file, struct baton_err *err)
{
    struct disk_info info;
    if (!disk_info(fd, &info))
        return place_fail(err, "look at", path);
    fill(file, &info);
    return BATON_OK;
}

static enum baton_status
hash_fd(int fd, const char *path, struct host_file *file, struct baton_err *err)
{
    struct disk_info before, after;
    uint64_t bytes;
    if (!disk_info(fd, &before))
        return place_fail(err, "look at", path);
    enum baton_status rc = file_digest_fd(fd, &file->hash, &bytes, err);
    if (rc != BATON_OK)
        return rc;
    if (!disk_info(fd, &after))
        return place_fail(err, "look at", path);
    if (before.bytes != after.bytes || before.written_ns != after.written_ns ||
        bytes != after.bytes)
        return baton_fail(err, BATON_CONFLICT, "%s changed while it was read", path);
    fill(file, &after);
    return BATON_OK;
}

static enum baton_status
read_fd(int fd, const char *path, uint64_t offset, struct host_completion *done,
        struct baton_err *err)
{
    enum baton_status rc = take_info(fd, path, &done->u.file, err);
    if (rc != BATON_OK)
        return rc;
    done->u.file.offset = offset;
    done->text = malloc(HOST_READ_MAX + 1);
    if (done->text == NULL)
        return baton_fail(err, BATON_NOMEM, "%s", path);
    while (done->text_len < HOST_READ_MAX) {
        ssize_t n = disk_read_at(fd, done->text + done->text_len, HOST_READ_MAX - done->text_len,
                                 offset + done->text_len);
        if (n < 0)
            return place_fail(err, "read", path);
        if (n == 0)
            break;
        done->text_len += (size_t)n;
    }
    done->text[done->text_len] = '\0';
    return BATON_OK;
}

static enum baton_status
look(const struct host_request *r, const char *path, struct host_completion *done,
     struct baton_err *err)
{
    int fd = disk_open(path, DISK_READ);
    if (fd < 0 && errno == ENOENT && r->op == HOST_FILE_STAT)
        return BATON_OK;
    if (fd < 0)
        return place_fail(err, r->op == HOST_FILE_STAT ? "look at" : "read", path);
    enum baton_status rc = r->op == HOST_FILE_STAT   ? take_info(fd, path, &done->u.file, err)
                           : r->op == HOST_FILE_HASH ? hash_fd(fd, path, &done->u.file, err)
                                                     : read_fd(fd, path, r->offset, done, err);
    close(fd);
    return rc;
}

/* --- putting one down --- */

static enum baton_status
path_of(char out[PLACE_PATH_BYTES], const char *folder, const char *name, struct baton_err *err)
{
    int len = snprintf(out, PLACE_PATH_BYTES, "%s/%s", folder, name);
    return len < 0 || len >= PLACE_PATH_BYTES
               ? baton_fail(err, BATON_LIMIT, "path too long: %s", folder)
               : BATON_OK;
}

/* A new beginning forgets an older attempt. */
static enum baton_status
put(const struct host_request *r, const char *folder, struct baton_err *err)
{
    char part[PLACE_PATH_BYTES];
    enum baton_status rc = path_of(part, folder, PLACED_PART, err);
    if (rc != BATON_OK)
        return rc;
    int fd = disk_open(part, r->offset == 0 ? DISK_REWRITE : DISK_UPDATE);
    if (fd < 0)
        return place_fail(err, "write", part);
    bool good = lseek(fd, (off_t)r->offset, SEEK_SET) >= 0 && disk_write(fd, r->bytes, r->len);
    rc = good ? BATON_OK : place_fail(err, "write", part);
    if (close(fd) != 0 && rc == BATON_OK)
        rc = place_fail(err, "write", part);
    return rc;
}

static enum baton_status
flush(const char *path, struct baton_err *err)
{
    if (!disk_exists(path)) /* nothing was written: no empty file in its place */
        return place_fail(err, "put down", path);
    int fd = disk_open(path, DISK_UPDATE);
    if (fd < 0)
        return place_fail(err, "open", path);
    enum baton_status rc = disk_flush(fd) ? BATON_OK : place_fail(err, "flush", path);
    close(fd);
    return rc;
}

static enum baton_status
commit(const char *folder, struct host_completion *done, struct baton_err *err)
{
    const struct host_request hash = {.op = HOST_FILE_HASH};
    char part[PLACE_PATH_BYTES], whole[PLACE_PATH_BYTES];
    enum baton_status rc = path_of(part, folder, PLACED_PART, err);
    if (rc == BATON_OK)
        rc = path_of(whole, folder, PLACED_NAME, err);
    if (rc == BATON_OK)
        rc = flush(part, err);
    if (rc == BATON_OK && !disk_rename(part, whole))
        rc = place_fail(err, "put down", whole);
    if (rc == BATON_OK && !disk_flush_name(whole))
        rc = place_fail(err, "flush the folder of", whole);
    return rc == BATON_OK ? look(&hash, whole, done, err) : rc;
}

enum baton_status
place_file_run(const struct host_request *r, const struct place *place,
               struct host_completion *done, struct baton_err *err)
{
    bool writes = r->op == HOST_FILE_WRITE || r->op == HOST_FILE_COMMIT;
    const char *name = host_place_name((enum host_place)r->place);
    if (writes && (r->place != PLACE_SETTINGS_IMPORT || place->folder == NULL))
        return baton_fail(err, BATON_REFUSED, "nothing is ever written to %s", name);
    if (writes)
        return r->op == HOST_FILE_WRITE ? put(r, place->folder, err)
                                        : commit(place->folder, done, err);
    if (place->file != NULL)
        return look(r, place->file, done, err);
    return r->op == HOST_FILE_STAT ? BATON_OK
                                   : baton_fail(err, BATON_NOT_FOUND, "there is no %s file", name);
}
