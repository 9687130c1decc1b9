/* store_sqlite.h: the storage port on SQLite, and what only the owner of the database may do.
 *
 * Shape      The writer holds a lock file, checks the whole database before it answers, keeps the
 *            Merkle frontier and each tenant's last record in memory, and stores the frontier in
 *            every transaction that appends. Readers open their own, which can do nothing else.
 * Limits     Rows and objects 64 KiB, records AUDIT_RECORD_BYTES_MAX, keys 64 bytes, 64 MiB heap.
 *            TABLE_META keys that begin with "store." are the store's own: writing one is DENIED.
 * Errors     As store.h. BATON_DENIED: a read-only store was asked to write. BATON_CONFLICT: another
 *            controller holds the lock, or the schema is newer. BATON_CORRUPT: the check failed, and
 *            the text says where. After IO, FULL, CORRUPT or NOMEM a writer refuses to go on.
 * Ownership  store.close frees; the digest port is copied.
 * Threads    One thread per store.
 * Source     design 6; reliability 4.4, 5.7.
 */
#ifndef BATON_STORE_SQLITE_H
#define BATON_STORE_SQLITE_H

#include "baton/digest.h"
#include "baton/store.h"

enum store_mode { STORE_READ_WRITE, STORE_READ_ONLY };

enum { STORE_WAL_FRAMES_MAX = 4096 }; /* a checkpoint is due from here on: 16 MiB */

struct store_progress {
    void (*tell)(void *arg, uint64_t done, uint64_t total); /* about every 4,096 records */
    void *arg;
};

struct store_check {
    uint64_t records, tenants;
    struct baton_hash root;
};

/* A writer's opening checks everything (integrity, chains, tree); a reader's checks nothing. */
enum baton_status store_sqlite_open(const char *path, enum store_mode mode,
                                    const struct digest_port *dp, struct store_port *ret_store,
                                    struct baton_err *err) BATON_MUST_USE;
enum baton_status store_sqlite_open_watched(const char *path, enum store_mode mode,
                                            const struct digest_port *dp,
                                            const struct store_progress *progress_or_null,
                                            struct store_port *ret_store,
                                            struct baton_err *err) BATON_MUST_USE;

/* Between batches: nothing until the write-ahead log has passed STORE_WAL_FRAMES_MAX, then a
 * PASSIVE checkpoint and the index of tenants over the finished blocks of the log. */
enum baton_status store_sqlite_checkpoint(const struct store_port *store,
                                          struct baton_err *err) BATON_MUST_USE;

/* Integrity, every record's hash, place and chain, and the tree against its stored head. */
enum baton_status store_sqlite_check(const struct store_port *store,
                                     const struct store_progress *progress_or_null,
                                     struct store_check *ret_check,
                                     struct baton_err *err) BATON_MUST_USE;

/* Copies the database to a new file (0600; an existing one is refused) while it is in use, makes
 * it one self-contained file, then opens and checks it. On failure the copy is removed. */
enum baton_status store_sqlite_backup(const struct store_port *store, const char *path,
                                      struct store_check *ret_check,
                                      struct baton_err *err) BATON_MUST_USE;

#endif
