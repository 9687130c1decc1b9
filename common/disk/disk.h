/* disk.h: files that must last, and that nobody else may read or swap. One source for each system.
 *
 * Shape      Paths are UTF-8 everywhere. Descriptors are the C library's, so lseek, ftruncate, fstat and
 *            close work on them; they are never inherited, and never translate line ends. What is made
 *            here is its owner's alone: mode 0600 and 0700, on Windows SYSTEM's and Administrators'.
 *            Links are refused (ELOOP), except for DISK_READ_LINKED, which is for files that people name.
 * Errors     As in POSIX: -1 or false, and errno.
 * Threads    Any.
 * Source     design 3 (what is done is durable); on Windows MoveFileEx with write-through.
 */
#ifndef BATON_DISK_H
#define BATON_DISK_H

#include "baton/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum disk_use {
    DISK_READ,
    DISK_READ_LINKED,
    DISK_UPDATE,  /* read and write; made when it is not there */
    DISK_REWRITE, /* write from nothing; made or emptied */
    DISK_CREATE,  /* write; EEXIST when it is there */
};
int disk_open(const char *path, enum disk_use use);

/* For reading, bytes as they are; NULL and errno. */
FILE *disk_stream(const char *path);

ssize_t disk_read(int fd, void *out, size_t cap); /* less than cap only at the end */
ssize_t disk_read_at(int fd, void *out, size_t cap, uint64_t offset);
bool disk_write(int fd, const void *bytes, size_t len); /* all of it */
bool disk_flush(int fd);
/* The name becomes durable with its folder: after disk_open or disk_rename. */
bool disk_flush_name(const char *path);

struct disk_info {
    uint64_t bytes, written_ns; /* since 1970, UTC */
};
bool disk_info(int fd, struct disk_info *ret_info);

bool disk_rename(const char *from, const char *to); /* over what is there */
bool disk_remove(const char *path);
bool disk_exists(const char *path);  /* false and ENOENT: it does not */
bool disk_is_file(const char *path); /* plain, or a link to such a one: no folder, pipe or device */
/* A folder that is there already is good; anything else of that name is not (ENOTDIR). */
bool disk_make_folder(const char *path);

/* False, with errno 0, when somebody else may read or write it. */
bool disk_is_closed(int fd);
/* One that is not there is. A link is not on Windows (ELOOP): anybody may have made it. */
bool disk_folder_is_closed(const char *path);
/* Takes from others what they may do in a folder. What they have put there before stays, and is theirs: on
 * Windows a folder of another owner's is made anew, and refused when it is not empty (EPERM). */
bool disk_close_folder(const char *path);

/* What people do to close a file, or a folder: the command, in the system's own words. */
void disk_how_to_close(const char *path, bool folder, char *out, size_t cap);

/* Held until the descriptor is closed, or the process ends. EWOULDBLOCK: somebody else holds it. */
bool disk_lock(int fd, bool shared);

struct disk_entry {
    const char *name;
    uint64_t bytes, written_ns; /* since 1970, UTC */
};
/* Every plain file of a folder, until visit returns false. */
bool disk_list(const char *folder, bool (*visit)(void *ctx, const struct disk_entry *entry),
               void *ctx);

#endif
