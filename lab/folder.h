/* folder.h: making, copying and removing whole folders.
 *
 * Limits     Regular files and folders only; links and devices are not followed, not copied.
 * Errors     BATON_IO with the path and the system's reason; BATON_LIMIT for a path too long.
 */
#ifndef LAB_FOLDER_H
#define LAB_FOLDER_H

#include <stdint.h>
#include <stdio.h>

#include "baton/status.h"

enum baton_status folder_make(const char *path,
                              struct baton_err *err) BATON_MUST_USE; /* and parents */
enum baton_status folder_copy(const char *from, const char *to,
                              struct baton_err *err) BATON_MUST_USE;
enum baton_status folder_remove(const char *path, struct baton_err *err) BATON_MUST_USE;

bool folder_empty(const char *path); /* or not there */
bool folder_has(const char *path, const char *name);

/* Name of the newest regular file directly in path that is neither hidden nor temporary (.part,
 * .tmp) and starts with prefix, of equally old ones the last by name; false when there is none. */
bool folder_newest(const char *path, const char *prefix, char *ret_name, size_t cap);

/* A file that appears whole or not at all: written under a hidden name, then renamed. unix_ms is when
 * the machine that it lies on says it was written; DRAFT_NOW: this machine's own time. */
#define DRAFT_NOW 0
struct draft {
    FILE *file;
    char path[1024], temporary[1040];
};
enum baton_status draft_open(struct draft *d, const char *path,
                             struct baton_err *err) BATON_MUST_USE;
enum baton_status draft_commit(struct draft *d, uint64_t unix_ms,
                               struct baton_err *err) BATON_MUST_USE;
void draft_abandon(struct draft *d); /* instead of a commit */

#endif
