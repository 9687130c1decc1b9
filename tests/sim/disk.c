/* The files of databases, in memory: under SQLite as its default VFS. Processes crash here and disks do not, so
 * that what was written is there, whatever was synced. A file lies on the real disk as well from the moment it is
 * closed, or when somebody is to look at it or to copy it. */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/folder.h"
#include "sim.h"

enum { FIRST_BYTES = 64 << 10, SECTOR_BYTES = 4096, REGIONS_MAX = 64, FILE_PATH_BYTES = 512 };

struct held {
    char path[FILE_PATH_BYTES];
    uint8_t *bytes;
    size_t len, cap;
    unsigned handles;
    bool changed, removed;
    struct held *next;
};

struct handle {
    sqlite3_file base;
    struct held *file;
    uint8_t
        *region[REGIONS_MAX]; /* what connections to one database share, of which there is one */
};

static struct held *all;
static sqlite3_vfs *real;
static bool uses_real;

static struct held *
held_find(const char *path)
{
    for (struct held *h = all; h != NULL; h = h->next)
        if (!h->removed && strcmp(h->path, path) == 0)
            return h;
    return NULL;
}

static void
held_room(struct held *h, size_t len)
{
    if (len <= h->cap)
        return;
    h->cap = h->cap == 0 ? FIRST_BYTES : h->cap;
    while (h->cap < len)
        h->cap *= 2;
    h->bytes = realloc(h->bytes, h->cap);
    BATON_ASSERT(h->bytes != NULL);
}

static void
held_length(struct held *h, size_t len)
{
    held_room(h, len);
    if (len > h->len)
        memset(h->bytes + h->len, 0, len - h->len);
    h->len = len;
    h->changed = true;
}

static void
held_read(struct held *h, int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);
    BATON_ASSERT(size >= 0);
    held_length(h, (size_t)size);
    BATON_ASSERT(size == 0 || pread(fd, h->bytes, h->len, 0) == size);
    h->changed = false;
}

static void
held_write(struct held *h)
{
    if (!h->changed || h->removed)
        return;
    int fd = open(h->path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    BATON_ASSERT(fd >= 0 && write(fd, h->bytes, h->len) == (ssize_t)h->len && close(fd) == 0);
    h->changed = false;
}

static void
held_drop(struct held *h)
{
    struct held **at = &all;
    while (*at != h)
        at = &(*at)->next;
    *at = h->next;
    free(h->bytes);
    free(h);
}

void
disk_write_out(void)
{
    for (struct held *h = all; h != NULL; h = h->next)
        held_write(h);
}

void
disk_copy(const char *from, const char *to)
{
    struct baton_err err;
    disk_write_out();
    BATON_ASSERT(folder_copy(from, to, &err) == BATON_OK);
}

void
disk_real(bool on)
{
    BATON_ASSERT(all == NULL);
    uses_real = on;
}

/* --- a file of SQLite's ------------------------------------------------------------------------- */

static struct held *
file_of(sqlite3_file *f)
{
    return ((struct handle *)f)->file;
}

static int
file_unmap(sqlite3_file *f, int remove)
{
    struct handle *h = (struct handle *)f;
    (void)remove;
    for (size_t i = 0; i < REGIONS_MAX; i++) {
        free(h->region[i]);
        h->region[i] = NULL;
    }
    return SQLITE_OK;
}

static int
file_close(sqlite3_file *f)
{
    struct held *h = file_of(f);
    (void)file_unmap(f, 0);
    if (--h->handles == 0) {
        held_write(h);
        held_drop(h);
    }
    return SQLITE_OK;
}

static int
file_read(sqlite3_file *f, void *out, int n, sqlite3_int64 at)
{
    const struct held *h = file_of(f);
    size_t want = (size_t)n, from = (size_t)at;
    size_t there = from >= h->len ? 0 : h->len - from;
    if (there > want)
        there = want;
    if (there > 0)
        memcpy(out, h->bytes + from, there);
    memset((uint8_t *)out + there, 0, want - there);
    return there == want ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int
file_write(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at)
{
    struct held *h = file_of(f);
    size_t end = (size_t)at + (size_t)n;
    if (end > h->len)
        held_length(h, end);
    memcpy(h->bytes + at, bytes, (size_t)n);
    h->changed = true;
    return SQLITE_OK;
}

static int
file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    held_length(file_of(f), (size_t)size);
    return SQLITE_OK;
}

static int
file_size(sqlite3_file *f, sqlite3_int64 *ret_size)
{
    *ret_size = (sqlite3_int64)file_of(f)->len;
    return SQLITE_OK;
}

/* Syncs and locks: there is one process. */
static int
file_nothing(sqlite3_file *f, int what)
{
    (void)f;
    (void)what;
    return SQLITE_OK;
}

static int
file_reserved(sqlite3_file *f, int *ret_reserved)
{
    (void)f;
    *ret_reserved = 0;
    return SQLITE_OK;
}

static int
file_control(sqlite3_file *f, int op, void *arg)
{
    (void)f;
    (void)op;
    (void)arg;
    return SQLITE_NOTFOUND;
}

static int
file_sector(sqlite3_file *f)
{
    (void)f;
    return SECTOR_BYTES;
}

static int
file_traits(sqlite3_file *f)
{
    (void)f;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* as a file on Linux */
}

static int
file_map(sqlite3_file *f, int at, int size, int extend, void volatile **ret)
{
    struct handle *h = (struct handle *)f;
    BATON_ASSERT(at >= 0 && at < REGIONS_MAX);
    if (h->region[at] == NULL && extend != 0) {
        h->region[at] = calloc(1, (size_t)size);
        BATON_ASSERT(h->region[at] != NULL);
    }
    *ret = h->region[at];
    return SQLITE_OK;
}

static int
file_map_lock(sqlite3_file *f, int offset, int n, int flags)
{
    (void)f;
    (void)offset;
    (void)n;
    (void)flags;
    return SQLITE_OK;
}

static void
file_barrier(sqlite3_file *f)
{
    (void)f;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_nothing,
    .xFileSize = file_size,
    .xLock = file_nothing,
    .xUnlock = file_nothing,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
    .xShmMap = file_map,
    .xShmLock = file_map_lock,
    .xShmBarrier = file_barrier,
    .xShmUnmap = file_unmap,
};

/* --- the VFS ------------------------------------------------------------------------------------ */

static struct held *
held_open(const char *path, int flags)
{
    struct held *h = held_find(path);
    if (h != NULL)
        return h;
    int create = (flags & SQLITE_OPEN_CREATE) != 0 ? O_CREAT : 0;
    int fd = open(path, O_RDWR | O_CLOEXEC | create, 0600);
    if (fd < 0)
        return NULL;
    h = calloc(1, sizeof *h);
    BATON_ASSERT(h != NULL && strlen(path) < sizeof h->path);
    snprintf(h->path, sizeof h->path, "%s", path);
    held_read(h, fd);
    BATON_ASSERT(close(fd) == 0);
    h->next = all;
    all = h;
    return h;
}

static int
vfs_open(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *f, int flags, int *ret_flags)
{
    (void)vfs;
    if (uses_real || path == NULL)
        return real->xOpen(real, path, f, flags, ret_flags);
    struct handle *h = (struct handle *)f;
    *h = (struct handle){.file = held_open(path, flags)};
    if (h->file == NULL)
        return SQLITE_CANTOPEN;
    h->file->handles++;
    h->base.pMethods = &methods;
    if (ret_flags != NULL)
        *ret_flags = flags;
    return SQLITE_OK;
}

static int
vfs_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
    struct held *h = held_find(path);
    (void)vfs;
    if (h != NULL)
        h->removed = true;
    return real->xDelete(real, path, sync);
}

static int
vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *ret)
{
    const struct held *h = flags == SQLITE_ACCESS_EXISTS ? held_find(path) : NULL;
    (void)vfs;
    if (h == NULL)
        return real->xAccess(real, path, flags, ret);
    *ret = h->len > 0;
    return SQLITE_OK;
}

static int
vfs_full(sqlite3_vfs *vfs, const char *path, int cap, char *out)
{
    (void)vfs;
    return real->xFullPathname(real, path, cap, out);
}

void
disk_take_over(void)
{
    static sqlite3_vfs ours;
    real = sqlite3_vfs_find(NULL);
    BATON_ASSERT(real != NULL);
    ours = *real; /* time, sleep and randomness are the real one's */
    ours.zName = "sim";
    ours.pNext = NULL;
    ours.szOsFile =
        real->szOsFile > (int)sizeof(struct handle) ? real->szOsFile : (int)sizeof(struct handle);
    ours.xOpen = vfs_open;
    ours.xDelete = vfs_delete;
    ours.xAccess = vfs_access;
    ours.xFullPathname = vfs_full;
    BATON_ASSERT(sqlite3_vfs_register(&ours, 1) == SQLITE_OK);
}
