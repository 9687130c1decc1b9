#include "second_copy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/adapters/copy_place.h"
#include "common/canon.h"
#include "common/disk/disk.h"
#include "common/sha256.h"

enum { COPY_BYTES = 8 + 1 + 24 + 32 + 4 + 32 + 32, PATH_BYTES = 1024 };

static const char magic[8] = {'B', 'T', 'N', 'T', 'O', 'M', 'B', '1'};

static enum baton_status
fail(struct baton_err *err, const char *what, const char *path)
{
    return baton_fail(err, errno == ENOSPC ? BATON_FULL : BATON_IO, "cannot %s %s: %s", what, path,
                      strerror(errno));
}

static void
encode(const struct second_copy *copy, uint8_t out[COPY_BYTES])
{
    struct canon_writer w;
    struct baton_hash hash;
    canon_writer_init(&w, out, COPY_BYTES);
    canon_put_fixed(&w, magic, sizeof magic);
    canon_put_bool(&w, copy->tombstone);
    canon_put_epoch(&w, &copy->epoch);
    canon_put_key(&w, &copy->recipient);
    canon_put_u32(&w, copy->trust_version);
    canon_put_hash(&w, &copy->trust_hash);
    sha256_of(out, w.len, &hash);
    canon_put_hash(&w, &hash);
    BATON_ASSERT(!w.bad && !w.overflow && w.len == COPY_BYTES);
}

static bool
decode(const uint8_t *bytes, size_t len, struct second_copy *copy)
{
    struct canon_reader r;
    struct baton_hash hash;
    canon_reader_init(&r, bytes, len);
    canon_expect(&r, magic, sizeof magic);
    copy->tombstone = canon_get_bool(&r);
    copy->epoch = canon_get_epoch(&r);
    copy->recipient = canon_get_key(&r);
    copy->trust_version = canon_get_u32(&r);
    copy->trust_hash = canon_get_hash(&r);
    size_t hashed = r.at;
    struct baton_hash kept = canon_get_hash(&r);
    if (!canon_finished(&r))
        return false;
    sha256_of(bytes, hashed, &hash);
    return baton_hash_eq(&hash, &kept);
}

static enum baton_status
read_file(const char *path, uint8_t *out, size_t cap, size_t *ret_len, struct baton_err *err)
{
    int fd = disk_open(path, DISK_READ);
    if (fd < 0)
        return errno == ENOENT ? BATON_NOT_FOUND : fail(err, "read", path);
    ssize_t n = disk_read(fd, out, cap);
    close(fd);
    if (n < 0)
        return fail(err, "read", path);
    *ret_len = (size_t)n;
    return BATON_OK;
}

/* ret_there: false when this place has none. */
static enum baton_status
read_place(enum baton_status (*read)(const char *, uint8_t *, size_t, size_t *, struct baton_err *),
           const char *path, struct second_copy *ret_copy, bool *ret_there, struct baton_err *err)
{
    uint8_t bytes[COPY_BYTES + 1];
    size_t len = 0;
    *ret_copy = (struct second_copy){0};
    *ret_there = false;
    enum baton_status rc = read(path, bytes, sizeof bytes, &len, err);
    if (rc == BATON_NOT_FOUND)
        return BATON_OK;
    /* longer than any copy, or in a place that others can write: damaged */
    if (rc != BATON_OK && rc != BATON_LIMIT && rc != BATON_CORRUPT)
        return rc;
    *ret_there = true;
    if (rc != BATON_OK || !decode(bytes, len, ret_copy))
        *ret_copy = (struct second_copy){.tombstone = true};
    return BATON_OK;
}

struct second_copy
second_copy_stricter(const struct second_copy *a, const struct second_copy *b)
{
    struct second_copy of = *a;
    of.tombstone = a->tombstone || b->tombstone;
    if (epoch_cmp(&b->epoch, &a->epoch) > 0) {
        of.epoch = b->epoch;
        of.recipient = b->recipient;
    }
    if (b->trust_version > a->trust_version) {
        of.trust_version = b->trust_version;
        of.trust_hash = b->trust_hash;
    }
    return of;
}

enum baton_status
second_copy_read(const char *path, struct second_copy *ret_copy, bool *ret_whole,
                 struct baton_err *err)
{
    const struct copy_place *beside = copy_place_beside();
    struct second_copy other;
    bool there, other_there;
    enum baton_status rc = read_place(read_file, path, ret_copy, &there, err);
    *ret_whole = true;
    if (rc != BATON_OK || beside == NULL)
        return rc;
    rc = read_place(beside->read, path, &other, &other_there, err);
    if (rc != BATON_OK)
        return rc;
    *ret_whole = there == other_there && second_copy_eq(ret_copy, &other);
    *ret_copy = second_copy_stricter(ret_copy, &other);
    return BATON_OK;
}

static enum baton_status
write_flushed(const char *path, const uint8_t *bytes, size_t len, struct baton_err *err)
{
    int fd = disk_open(path, DISK_REWRITE);
    if (fd < 0)
        return fail(err, "write", path);
    bool good = disk_write(fd, bytes, len) && disk_flush(fd);
    enum baton_status rc = good ? BATON_OK : fail(err, "write", path);
    close(fd);
    return rc;
}

static enum baton_status
write_file(const char *path, const uint8_t *bytes, size_t len, struct baton_err *err)
{
    char part[PATH_BYTES];
    int n = snprintf(part, sizeof part, "%s.part", path);
    if (n < 0 || (size_t)n >= sizeof part)
        return baton_fail(err, BATON_LIMIT, "path too long: %s", path);
    enum baton_status rc = write_flushed(part, bytes, len, err);
    if (rc == BATON_OK && !disk_rename(part, path))
        rc = fail(err, "put down", path);
    if (rc == BATON_OK && !disk_flush_name(path))
        rc = fail(err, "flush the folder of", path);
    return rc;
}

enum baton_status
second_copy_write(const char *path, const struct second_copy *copy, struct baton_err *err)
{
    const struct copy_place *beside = copy_place_beside();
    uint8_t bytes[COPY_BYTES];
    encode(copy, bytes);
    enum baton_status rc = write_file(path, bytes, sizeof bytes, err);
    return rc == BATON_OK && beside != NULL ? beside->write(path, bytes, sizeof bytes, err) : rc;
}

bool
second_copy_eq(const struct second_copy *a, const struct second_copy *b)
{
    return a->tombstone == b->tombstone && epoch_eq(&a->epoch, &b->epoch) &&
           baton_key_eq(&a->recipient, &b->recipient) && a->trust_version == b->trust_version &&
           baton_hash_eq(&a->trust_hash, &b->trust_hash);
}
