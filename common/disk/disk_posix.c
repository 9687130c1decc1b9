#include "common/disk/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, OTHERS = 077 };

/* To the caller a quota that is used up is a full disk. */
static bool
failed(void)
{
    if (errno == EDQUOT)
        errno = ENOSPC;
    return false;
}

int
disk_open(const char *path, enum disk_use use)
{
    static const int flags[] = {
        [DISK_READ] = O_RDONLY | O_NOFOLLOW,
        [DISK_READ_LINKED] = O_RDONLY,
        [DISK_UPDATE] = O_RDWR | O_CREAT | O_NOFOLLOW,
        [DISK_REWRITE] = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW,
        [DISK_CREATE] = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
    };
    return open(path, flags[use] | O_CLOEXEC, 0600);
}

ssize_t
disk_read(int fd, void *out, size_t cap)
{
    size_t have = 0;
    while (have < cap) {
        ssize_t n = read(fd, (char *)out + have, cap - have);
        if (n < 0 && errno == EINTR)
            continue;
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
    return pread(fd, out, cap, (off_t)offset);
}

bool
disk_write(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return failed();
        at += n;
        len -= (size_t)n;
    }
    return true;
}

bool
disk_flush(int fd)
{
    return fsync(fd) == 0 || failed();
}

bool
disk_flush_name(const char *path)
{
    char folder[PATH_BYTES];
    const char *slash = strrchr(path, '/');
    int len = slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path);
    if ((size_t)len >= sizeof folder) {
        errno = ENAMETOOLONG;
        return false;
    }
    snprintf(folder, sizeof folder, "%.*s", len, slash == NULL ? "." : path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool good = fsync(fd) == 0;
    int kept = errno;
    close(fd);
    errno = kept;
    return good;
}

bool
disk_rename(const char *from, const char *to)
{
    return rename(from, to) == 0 || failed();
}

bool
disk_remove(const char *path)
{
    return unlink(path) == 0;
}

bool
disk_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool
disk_is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool
disk_make_folder(const char *path)
{
    struct stat st;
    if (mkdir(path, 0700) == 0)
        return true;
    if (errno != EEXIST || lstat(path, &st) != 0)
        return false;
    if (!S_ISDIR(st.st_mode))
        errno = ENOTDIR;
    return S_ISDIR(st.st_mode);
}

bool
disk_is_closed(int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return false;
    errno = 0;
    return (st.st_mode & OTHERS) == 0;
}

bool
disk_folder_is_closed(const char *path)
{
    struct stat st;
    return stat(path, &st) != 0 || (st.st_mode & OTHERS) == 0;
}

static uint64_t
nanoseconds(struct timespec t)
{
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

bool
disk_info(int fd, struct disk_info *ret_info)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return false;
    *ret_info =
        (struct disk_info){.bytes = (uint64_t)st.st_size, .written_ns = nanoseconds(st.st_mtim)};
    return true;
}

bool
disk_close_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return failed();
    bool good = fchmod(fd, 0700) == 0; /* another owner's is refused with EPERM */
    int why = errno;
    close(fd);
    errno = why;
    return good || failed();
}

bool
disk_lock(int fd, bool shared)
{
    return flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0;
}

static bool
entry_of(int dir, const char *name, struct disk_entry *ret_entry)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
        return false;
    *ret_entry = (struct disk_entry){
        .name = name,
        .bytes = (uint64_t)st.st_size,
        .written_ns = nanoseconds(st.st_mtim),
    };
    return true;
}

bool
disk_list(const char *folder, bool (*visit)(void *ctx, const struct disk_entry *entry), void *ctx)
{
    DIR *d = opendir(folder);
    if (d == NULL)
        return false;
    struct disk_entry entry;
    const struct dirent *one;
    while ((one = readdir(d)) != NULL)
        if (entry_of(dirfd(d), one->d_name, &entry) && !visit(ctx, &entry))
            break;
    closedir(d);
    return true;
}

void
disk_how_to_close(const char *path, bool folder, char *out, size_t cap)
{
    snprintf(out, cap, "chmod %s %s", folder ? "700" : "600", path);
}
