/* lab_files.h: the files of a simulated server, as its agent sees them, in a real folder.
 *
 * Shape      The lab says where a place is, relative to the server's folder; paths that leave it are
 *            refused.
 * Errors     place_files.h; BATON_REFUSED (a path outside).
 * Source     docs/lab-protocol.md "file".
 */
#ifndef AGENT_LAB_FILES_H
#define AGENT_LAB_FILES_H

#include "place_files.h"

/* One file request, at a place as the lab answered it. */
enum baton_status lab_file_run(const char *folder, const struct host_request *request,
                               const struct place *place, struct host_completion *done,
                               struct baton_err *err) BATON_MUST_USE;

/* {"config": hex, "rules": hex} of the configuration export in that folder; the caller frees. The
 * whole export then lies in the server's folder as one file, PLACE_CONFIGURATION. */
enum baton_status lab_config_collect(const char *folder, const char *path, char **ret_text,
                                     size_t *ret_len, struct baton_err *err) BATON_MUST_USE;

#endif
