#include "history_copies.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/disk/disk.h"

enum {
    NAME_BYTES_OF_COPY = 2 * BATON_HASH_BYTES + 1,
    PATH_BYTES = 1024,
    LIST_MAX = 4 * HISTORY_COPIES_MAX,
};
#define DAY_NS (86400 * UINT64_C(1000000000))

static const char part_name[] = "part";

struct copy {
    char name[NAME_BYTES_OF_COPY];
    uint64_t written_ns, bytes;
};

static enum baton_status
fail(struct baton_err *err, const char *what, const char *folder)
{
    enum baton_status rc = errno == ENOSPC ? BATON_FULL : BATON_IO;
    return baton_fail(err, rc, "a copy of the run history: %s %s: %s", what, folder,
                      strerror(errno));
}

static enum baton_status
join(const char *folder, const char *name, char out[PATH_BYTES], struct baton_err *err)
{
    int len = snprintf(out, PATH_BYTES, "%s/%s", folder, name);
    if (len < 0 || len >= PATH_BYTES)
        return baton_fail(err, BATON_LIMIT, "a copy of the run history: path too long: %s", folder);
    return BATON_OK;
}

static enum baton_status
write_flushed(const char *folder, const char *part, const char *text, size_t len,
              struct baton_err *err)
{
    int fd = disk_open(part, DISK_REWRITE);
    if (fd < 0)
        return fail(err, "write", folder);
    bool good = disk_write(fd, text, len) && disk_flush(fd);
    enum baton_status rc = good ? BATON_OK : fail(err, "write", folder);
    close(fd);
    return rc;
}

static enum baton_status
put_down(const char *folder, const char *name, const char *text, size_t len, struct baton_err *err)
{
    char part[PATH_BYTES], whole[PATH_BYTES];
    enum baton_status rc = join(folder, part_name, part, err);
    if (rc == BATON_OK)
        rc = join(folder, name, whole, err);
    if (rc != BATON_OK)
        return rc;
    rc = write_flushed(folder, part, text, len, err);
    if (rc == BATON_OK && (!disk_rename(part, whole) || !disk_flush_name(whole)))
        rc = fail(err, "put down in", folder);
    if (rc != BATON_OK)
        (void)disk_remove(part);
    return rc;
}

/* --- too many ------------------------------------------------------------------------------------ */

static bool
is_copy_name(const char *name)
{
    struct baton_hash hash;
    return strlen(name) == 2 * (size_t)BATON_HASH_BYTES && baton_unhex(name, hash.b, sizeof hash.b);
}

/* Newest first; equal times by name, so that each look decides the same. */
static int
by_age(const void *a, const void *b)
{
    const struct copy *x = a, *y = b;
    if (x->written_ns != y->written_ns)
        return x->written_ns < y->written_ns ? 1 : -1;
    return strcmp(x->name, y->name);
}

struct copies {
    struct copy *copy;
    size_t count;
};

/* At most LIST_MAX of them; what is over is looked at the next time. */
static bool
add_copy(void *ctx, const struct disk_entry *entry)
{
    struct copies *list = ctx;
    if (!is_copy_name(entry->name))
        return true;
    struct copy *c = &list->copy[list->count++];
    memcpy(c->name, entry->name, NAME_BYTES_OF_COPY);
    c->written_ns = entry->written_ns;
    c->bytes = entry->bytes;
    return list->count < LIST_MAX;
}

static void
remove_copy(const char *folder, const char *name)
{
    char path[PATH_BYTES];
    if (join(folder, name, path, NULL) == BATON_OK)
        (void)disk_remove(path);
}

static void
thin(const char *folder, const char *just_written)
{
    struct copies list = {calloc(LIST_MAX, sizeof(struct copy)), 0};
    if (list.copy != NULL)
        (void)disk_list(folder, add_copy, &list);
    if (list.count > 0)
        qsort(list.copy, list.count, sizeof *list.copy, by_age);
    size_t kept = 0;
    uint64_t bytes = 0, day = 0;
    for (size_t i = 0; i < list.count; i++) {
        const struct copy *c = &list.copy[i];
        uint64_t its_day = c->written_ns / DAY_NS;
        bool wanted = kept < HISTORY_COPIES_NEWEST || its_day != day;
        bool fits = kept < HISTORY_COPIES_MAX && bytes + c->bytes <= HISTORY_COPIES_BYTES_MAX;
        day = its_day;
        if (strcmp(c->name, just_written) != 0 && !(wanted && fits)) {
            remove_copy(folder, c->name);
            continue;
        }
        kept++;
        bytes += c->bytes;
    }
    free(list.copy);
}

enum baton_status
history_copy_keep(const char *folder, const struct baton_hash *digest, const char *text, size_t len,
                  struct baton_err *err)
{
    char name[NAME_BYTES_OF_COPY];
    baton_hex(digest->b, sizeof digest->b, name);
    if (!disk_make_folder(folder))
        return fail(err, "make", folder);
    enum baton_status rc = put_down(folder, name, text, len, err);
    if (rc == BATON_OK)
        thin(folder, name);
    return rc;
}
