/* place_files.h: the file requests of the host port, once an adapter knows where a place is.
 *
 * Shape      A file is written under a hidden name beside its place, then flushed, renamed and its name
 *            flushed. Only the place for settings to import is ever written.
 * Errors     BATON_NOT_FOUND, BATON_FULL, BATON_IO, BATON_CONFLICT (the file changed while it was
 *            hashed), BATON_REFUSED (a place that nothing is written to).
 * Ownership  The request's bytes and the paths are borrowed; done->text is the port's.
 * Threads    Any.
 * Source     handoff S1 to S3.
 */
#ifndef AGENT_PLACE_FILES_H
#define AGENT_PLACE_FILES_H

#include "baton/host.h"

enum { PLACE_PATH_BYTES = 1024 };

/* The name under which the operator finds what Baton put down. */
#define PLACED_NAME "baton-settings.json"

struct place {
    const char *file;   /* NULL: no such file yet */
    const char *folder; /* where a new one is put; NULL: nowhere */
};

/* Fills done->u.file, and done->text for HOST_FILE_READ. */
enum baton_status place_file_run(const struct host_request *request, const struct place *place,
                                 struct host_completion *done,
                                 struct baton_err *err) BATON_MUST_USE;
/* "cannot WHAT PATH: errno's text", with the status that fits errno. */
enum baton_status place_fail(struct baton_err *err, const char *what, const char *path);

static inline bool
host_is_file_op(enum host_op op)
{
    return op >= HOST_FILE_STAT && op <= HOST_FILE_COMMIT;
}

#endif
