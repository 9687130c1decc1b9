#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "print.h"

enum { TREE_PATH_BYTES = 2048, COPY_BYTES = 65536, OPEN_FILES = 16 };

static enum baton_status
fail(struct baton_err *err, const char *what, const char *path)
{
    return baton_fail(err, BATON_IO, "cannot %s %s: %s", what, path, strerror(errno));
}

enum baton_status
folder_make(const char *path, struct baton_err *err)
{
    char part[TREE_PATH_BYTES];
    if (!print_format(part, sizeof part, "%s", path))
        return baton_fail(err, BATON_LIMIT, "path too long: %.80s...", path);
    for (char *c = part + 1;; c++) {
        if (*c != '/' && *c != '\0')
            continue;
        char kept = *c;
        *c = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return fail(err, "make folder", part);
        *c = kept;
        if (kept == '\0')
            return BATON_OK;
    }
}

static enum baton_status
copy_bytes(FILE *in, FILE *out, const char *from, struct baton_err *err)
{
    static char buffer[COPY_BYTES];
    for (size_t len; (len = fread(buffer, 1, sizeof buffer, in)) > 0;)
        if (fwrite(buffer, 1, len, out) != len)
            return fail(err, "copy", from);
    return ferror(in) ? fail(err, "read", from) : BATON_OK;
}

static enum baton_status
copy_file(const char *from, const char *to, struct baton_err *err)
{
    FILE *in = fopen(from, "rb");
    if (in == NULL)
        return fail(err, "read", from);
    FILE *out = fopen(to, "wb");
    if (out == NULL) {
        fclose(in);
        return fail(err, "write", to);
    }
    enum baton_status rc = copy_bytes(in, out, from, err);
    fclose(in);
    if (fclose(out) != 0 && rc == BATON_OK)
        rc = fail(err, "write", to);
    return rc;
}

static enum baton_status
copy_entry(const char *from, const char *to, const char *name, struct baton_err *err)
{
    char source[TREE_PATH_BYTES], target[TREE_PATH_BYTES];
    if (!print_format(source, sizeof source, "%s/%s", from, name) ||
        !print_format(target, sizeof target, "%s/%s", to, name))
        return baton_fail(err, BATON_LIMIT, "path too long below %.80s", from);
    struct stat st;
    if (lstat(source, &st) != 0)
        return fail(err, "look at", source);
    if (S_ISDIR(st.st_mode))
        return folder_copy(source, target, err);
    if (!S_ISREG(st.st_mode))
        return BATON_OK;
    enum baton_status rc = copy_file(source, target, err);
    struct timespec times[2] = {st.st_atim, st.st_mtim}; /* "newest file" must survive the copy */
    if (rc == BATON_OK && utimensat(AT_FDCWD, target, times, 0) != 0)
        rc = fail(err, "date", target);
    return rc;
}

enum baton_status
folder_copy(const char *from, const char *to, struct baton_err *err)
{
    enum baton_status rc = folder_make(to, err);
    if (rc != BATON_OK)
        return rc;
    DIR *dir = opendir(from);
    if (dir == NULL)
        return fail(err, "read folder", from);
    for (struct dirent *entry; rc == BATON_OK && (entry = readdir(dir)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            rc = copy_entry(from, to, entry->d_name, err);
    closedir(dir);
    return rc;
}

static int
remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

enum baton_status
folder_remove(const char *path, struct baton_err *err)
{
    if (nftw(path, remove_entry, OPEN_FILES, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT)
        return BATON_OK;
    return fail(err, "remove", path);
}

bool
folder_empty(const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        return true;
    bool empty = true;
    for (struct dirent *entry; empty && (entry = readdir(dir)) != NULL;)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(dir);
    return empty;
}

bool
folder_has(const char *path, const char *name)
{
    char whole[TREE_PATH_BYTES];
    return print_format(whole, sizeof whole, "%s/%s", path, name) && access(whole, F_OK) == 0;
}

static bool
ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool
finished_name(const char *name, const char *prefix)
{
    return name[0] != '.' && strncmp(name, prefix, strlen(prefix)) == 0 &&
           !ends_with(name, ".part") && !ends_with(name, ".tmp");
}

/* A kernel's times are some milliseconds wide, and the order of a folder's entries is chance. */
static bool
later(const struct timespec *a, const char *name, const struct timespec *b, const char *other)
{
    if (a->tv_sec != b->tv_sec)
        return a->tv_sec > b->tv_sec;
    return a->tv_nsec != b->tv_nsec ? a->tv_nsec > b->tv_nsec : strcmp(name, other) > 0;
}

bool
folder_newest(const char *path, const char *prefix, char *ret_name, size_t cap)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        return false;
    bool found = false;
    struct timespec newest = {0};
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct stat st;
        if (!finished_name(entry->d_name, prefix) ||
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(st.st_mode) ||
            (found && !later(&st.st_mtim, entry->d_name, &newest, ret_name)))
            continue;
        found = print_format(ret_name, cap, "%s", entry->d_name);
        newest = st.st_mtim;
    }
    closedir(dir);
    return found;
}

enum baton_status
draft_open(struct draft *d, const char *path, struct baton_err *err)
{
    const char *slash = strrchr(path, '/');
    int folder_len = slash == NULL ? 0 : (int)(slash - path + 1);
    if (!print_format(d->path, sizeof d->path, "%s", path) ||
        !print_format(d->temporary, sizeof d->temporary, "%.*s.%s.part", folder_len, path,
                      path + folder_len))
        return baton_fail(err, BATON_LIMIT, "path too long: %.80s...", path);
    d->file = fopen(d->temporary, "wb");
    return d->file == NULL ? fail(err, "write", d->temporary) : BATON_OK;
}

/* The simulator's files are as old as its own clock says. */
static bool
date(FILE *f, uint64_t unix_ms)
{
    struct timespec at = {(time_t)(unix_ms / 1000), (long)(unix_ms % 1000) * 1000000};
    struct timespec times[2] = {at, at};
    return unix_ms == DRAFT_NOW || (fflush(f) == 0 && futimens(fileno(f), times) == 0);
}

enum baton_status
draft_commit(struct draft *d, uint64_t unix_ms, struct baton_err *err)
{
    bool broken = ferror(d->file) != 0 || !date(d->file, unix_ms);
    if (fclose(d->file) != 0 || broken) {
        remove(d->temporary);
        return fail(err, "write", d->path);
    }
    return rename(d->temporary, d->path) == 0 ? BATON_OK : fail(err, "rename to", d->path);
}

void
draft_abandon(struct draft *d)
{
    fclose(d->file);
    remove(d->temporary);
}
