/* file_digest.h: SHA-256 of a whole file, by nettle: four times as fast as libsodium on Intel.
 *
 * Errors     BATON_NOT_FOUND, BATON_IO. A file that changes while it is read gives a digest of
 *            nothing in particular: callers who care compare size and time before and after.
 * Source     design 8.
 */
#ifndef BATON_FILE_DIGEST_H
#define BATON_FILE_DIGEST_H

#include "baton/ids.h"

enum baton_status file_digest(const char *path, struct baton_hash *ret_hash, uint64_t *ret_bytes,
                              struct baton_err *err) BATON_MUST_USE;
/* From where the descriptor stands to its end. */
enum baton_status file_digest_fd(int fd, struct baton_hash *ret_hash, uint64_t *ret_bytes,
                                 struct baton_err *err) BATON_MUST_USE;

#endif
