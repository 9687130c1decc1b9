/* script_files.h: the copies on disk of the built-in scripts, which PowerShell reads.
 *
 * Shape      They are put down in a folder whose name says their digest as a set, so that two versions
 *            never share one, are checked against the digest that each had when the program was built,
 *            and are held open while they are in use: until script_files_close nobody can write,
 *            replace or rename what was checked.
 * Errors     BATON_REFUSED: a file that is already there is not the one built in, or others may write
 *            the folder. BATON_IO, BATON_LIMIT.
 * Ownership  script_files_close lets go and keeps the files.
 * Threads    One at a time.
 */
#ifndef AGENT_WINDOWS_SCRIPT_FILES_H
#define AGENT_WINDOWS_SCRIPT_FILES_H

#include "script_set.h"

enum { SCRIPT_PATH_BYTES = 1024 };

struct script_files {
    char folder[SCRIPT_PATH_BYTES];
    int held[SCRIPTS_MAX]; /* descriptors */
    size_t count;
};

enum baton_status script_files_open(struct script_files *files, const char *folder,
                                    struct baton_err *err) BATON_MUST_USE;
void script_files_close(struct script_files *files);

#endif
