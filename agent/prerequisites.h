/* prerequisites.h: where the data about prerequisites come from: a folder of files, or what was built in.
 *
 * Shape      Every *.json of the folder, in the order of their names; they take the place of the
 *            built-in ones as a whole. A folder that does not exist is the built-in data, unless a
 *            person named it.
 * Errors     BATON_NOT_FOUND: no such folder, or nothing in it. BATON_IO, and prereq_add's.
 * Source     common/verify/prereq.h.
 */
#ifndef AGENT_PREREQUISITES_H
#define AGENT_PREREQUISITES_H

#include "common/verify/prereq.h"

enum baton_status prerequisites_read(const char *folder, struct prereq **ret_data,
                                     struct baton_err *err) BATON_MUST_USE;
/* One regular file of at most PREREQ_BYTES_MAX; *ret_text is the caller's to free. */
enum baton_status prerequisites_text(const char *path, char **ret_text, size_t *ret_len,
                                     struct baton_err *err) BATON_MUST_USE;
/* DIR/prerequisites if it is there, else the built-in ones. dir may be NULL. */
enum baton_status prerequisites_of(const char *dir, struct prereq **ret_data,
                                   struct baton_err *err) BATON_MUST_USE;

#endif
