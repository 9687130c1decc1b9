/* history_copies.h: copies of the run histories that facts rest on, since the product purges its own.
 *
 * Shape      A folder of files; each is named by the SHA-256 of its bytes, which is the digest `runs` of
 *            the facts and of the verification record: `sha256sum *` checks them all. A copy is there
 *            whole and flushed, or not at all.
 *            When there are too many, kept are the newest HISTORY_COPIES_NEWEST, and of each earlier
 *            UTC day the newest: a history tells a week, so no run is lost with its neighbours.
 * Limits     HISTORY_COPIES_MAX files, HISTORY_COPIES_BYTES_MAX bytes; the newest always stays.
 * Errors     BATON_IO, BATON_FULL, BATON_LIMIT (a path too long): the copy is not there.
 * Threads    One, and one process: the agent's lock covers its folder.
 * Source     domain 2.4 (seven days); design 7.
 */
#ifndef AGENT_HISTORY_COPIES_H
#define AGENT_HISTORY_COPIES_H

#include "baton/ids.h"

enum {
    HISTORY_COPIES_NEWEST = 32,
    HISTORY_COPIES_MAX = 128,
    HISTORY_COPIES_BYTES_MAX = 128 * 1024 * 1024,
};

enum baton_status history_copy_keep(const char *folder, const struct baton_hash *digest,
                                    const char *text, size_t len,
                                    struct baton_err *err) BATON_MUST_USE;

#endif
