/* lab_files.h: the files of a simulated server, as its agent sees them, in a real folder.
 *
 * Shape      The lab says where a place is; paths that leave the folder are refused. A file is written
 *            under a hidden name beside its place, then flushed, renamed and its folder flushed.
 * Errors     BATON_NOT_FOUND, BATON_IO, BATON_REFUSED (a path outside), BATON_CONFLICT (the file
 *            changed while it was hashed).
 * Source     docs/lab-protocol.md "file".
 */
#ifndef AGENT_LAB_FILES_H
#define AGENT_LAB_FILES_H

#include "baton/host.h"

/* as the lab answered; relative to the server's folder */
struct lab_place {
    const char *path; /* NULL: no such file yet */
    const char *dir;
};

/* One file request. Fills done->u.file, and done->text for HOST_FILE_READ. */
enum baton_status lab_file_run(const char *folder, const struct host_request *request,
                               const uint8_t *bytes, const struct lab_place *place,
                               struct host_completion *done, struct baton_err *err) BATON_MUST_USE;

/* Below folder, never outside of it; name may be "". */
enum { LAB_FILE_BYTES = 1024 };
enum baton_status lab_path(char out[LAB_FILE_BYTES], const char *folder, const char *path,
                           const char *name, struct baton_err *err) BATON_MUST_USE;
/* "cannot WHAT PATH: errno's text", with the status that fits errno. */
enum baton_status lab_path_fail(struct baton_err *err, const char *what, const char *path);

/* {"config": hex, "rules": hex} of the configuration export in that folder; the caller frees. The
 * whole export then lies in the server's folder as one file, PLACE_CONFIGURATION. */
enum baton_status lab_config_collect(const char *folder, const char *path, char **ret_text,
                                     size_t *ret_len, struct baton_err *err) BATON_MUST_USE;

#endif
