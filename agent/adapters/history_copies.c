#include "history_copies.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_BYTES_OF_COPY = 2 * BATON_HASH_BYTES + 1, DAY_S = 86400 };

static const char part_name[] = "part";

struct copy {
    char name[NAME_BYTES_OF_COPY];
    struct timespec written;
    uint64_t bytes;
};

static enum baton_status
fail(struct baton_err *err, const char *what, const char *folder)
{
    enum baton_status rc = errno == ENOSPC || errno == EDQUOT ? BATON_FULL : BATON_IO;
    return baton_fail(err, rc, "a copy of the run history: %s %s: %s", what, folder,
                      strerror(errno));
}

static enum baton_status
folder_open(const char *folder, int *ret_fd, struct baton_err *err)
{
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return fail(err, "make", folder);
    *ret_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return *ret_fd >= 0 ? BATON_OK : fail(err, "open", folder);
}

static bool
write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

static enum baton_status
put_down(int dir, const char *folder, const char *name, const char *text, size_t len,
         struct baton_err *err)
{
    int fd = openat(dir, part_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail(err, "write", folder);
    bool good = write_all(fd, text, len) && fsync(fd) == 0;
    enum baton_status rc = good ? BATON_OK : fail(err, "write", folder);
    close(fd);
    if (rc == BATON_OK && (renameat(dir, part_name, dir, name) != 0 || fsync(dir) != 0))
        rc = fail(err, "put down in", folder);
    if (rc != BATON_OK)
        (void)unlinkat(dir, part_name, 0);
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
    if (x->written.tv_sec != y->written.tv_sec)
        return x->written.tv_sec < y->written.tv_sec ? 1 : -1;
    if (x->written.tv_nsec != y->written.tv_nsec)
        return x->written.tv_nsec < y->written.tv_nsec ? 1 : -1;
    return strcmp(x->name, y->name);
}

/* At most `most` of them; what is over is looked at the next time. */
static size_t
list(int dir, struct copy *copy, size_t most)
{
    size_t count = 0;
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    struct stat st;
    while (d != NULL && count < most && (entry = readdir(d)) != NULL) {
        if (!is_copy_name(entry->d_name) ||
            fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
            continue;
        memcpy(copy[count].name, entry->d_name, NAME_BYTES_OF_COPY);
        copy[count].written = st.st_mtim;
        copy[count].bytes = (uint64_t)st.st_size;
        count++;
    }
    if (d != NULL)
        closedir(d);
    else if (fd >= 0)
        close(fd);
    return count;
}

static void
thin(int dir, const char *just_written)
{
    enum { LIST_MAX = 4 * HISTORY_COPIES_MAX };
    struct copy *copy = calloc(LIST_MAX, sizeof *copy);
    size_t count = copy == NULL ? 0 : list(dir, copy, LIST_MAX), kept = 0;
    uint64_t bytes = 0;
    time_t day = 0;
    if (count > 0)
        qsort(copy, count, sizeof *copy, by_age);
    for (size_t i = 0; i < count; i++) {
        time_t its_day = copy[i].written.tv_sec / DAY_S;
        bool wanted = kept < HISTORY_COPIES_NEWEST || its_day != day;
        bool fits = kept < HISTORY_COPIES_MAX && bytes + copy[i].bytes <= HISTORY_COPIES_BYTES_MAX;
        day = its_day;
        if (strcmp(copy[i].name, just_written) != 0 && !(wanted && fits)) {
            (void)unlinkat(dir, copy[i].name, 0);
            continue;
        }
        kept++;
        bytes += copy[i].bytes;
    }
    free(copy);
}

enum baton_status
history_copy_keep(const char *folder, const struct baton_hash *digest, const char *text, size_t len,
                  struct baton_err *err)
{
    char name[NAME_BYTES_OF_COPY];
    int dir = -1;
    baton_hex(digest->b, sizeof digest->b, name);
    enum baton_status rc = folder_open(folder, &dir, err);
    if (rc != BATON_OK)
        return rc;
    rc = put_down(dir, folder, name, text, len, err);
    if (rc == BATON_OK)
        thin(dir, name);
    close(dir);
    return rc;
}
