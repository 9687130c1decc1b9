/* store_log.h: the audit log inside the database: its tree, the tenants' chains, their index.
 *
 * Shape      In memory: the Merkle frontier, each tenant's last record, the root of each full block. On disk: one row per
 *            record, the frontier in TABLE_META, and per 1,024 records one sorted list of
 *            tenants and offsets, so that one tenant's records are found without reading the others.
 *            The list is written off the hot path; the tail without one is read through.
 * Errors     BATON_CORRUPT with the seq and what is wrong with it.
 * Ownership  store_log_init, store_log_done; borrows the connection and the digest port.
 * Threads    The connection's.
 */
#ifndef BATON_STORE_LOG_H
#define BATON_STORE_LOG_H

#include "baton/digest.h"
#include "baton/store.h"
#include "common/audit/chain.h"
#include "common/merkle.h"
#include "controller/adapters/store_db.h"
#include "controller/adapters/store_sqlite.h"

enum { LOG_BLOCK_LEVELS = 10, LOG_BLOCK_RECORDS = 1 << LOG_BLOCK_LEVELS };

struct head_undo {
    size_t index;
    uint64_t tenant_seq;
    struct baton_hash leaf;
};

struct store_log {
    struct store_db *db;
    const struct digest_port *dp;
    struct merkle_frontier tree, tree_before; /* before: at begin */
    struct chain chain;
    struct head_undo *undo;
    size_t undo_count, undo_cap;
    uint64_t blocks;         /* blocks whose index is on disk */
    struct baton_id *recent; /* tenants of the records behind those blocks, for the next index */
    size_t recent_cap;
    struct baton_hash *block_root; /* of each full block; tree.size says how many count */
    size_t block_root_cap;
    uint8_t *scratch;
};

enum baton_status store_log_init(struct store_log *log, struct store_db *db,
                                 const struct digest_port *dp,
                                 struct baton_err *err) BATON_MUST_USE;
void store_log_done(struct store_log *log);

/* Reads the whole log, checks it, and leaves frontier and heads as of its end. */
enum baton_status store_log_load(struct store_log *log, const struct store_progress *progress,
                                 struct baton_err *err) BATON_MUST_USE;

void store_log_begin(struct store_log *log);
enum baton_status store_log_append(struct store_log *log, struct audit_record *record,
                                   struct baton_err *err) BATON_MUST_USE;
/* Puts the frontier into the open transaction, if anything was appended. */
enum baton_status store_log_save(struct store_log *log, struct baton_err *err) BATON_MUST_USE;
void store_log_rollback(struct store_log *log);

/* The frontier as last committed; size 0 for an empty log. */
enum baton_status store_log_stored(struct store_db *db, struct merkle_frontier *ret_tree,
                                   struct baton_err *err) BATON_MUST_USE;
/* The root that the tree had at that size; reads fewer than LOG_BLOCK_RECORDS rows.
 * BATON_NOT_FOUND: the log is shorter. */
enum baton_status store_log_root_at(struct store_log *log, uint64_t size,
                                    struct baton_hash *ret_root,
                                    struct baton_err *err) BATON_MUST_USE;
enum baton_status store_log_index(struct store_log *log, struct baton_err *err) BATON_MUST_USE;
enum baton_status store_log_records(struct store_db *db, uint64_t from_seq,
                                    const struct baton_id *tenant_or_null,
                                    bool (*visit)(void *arg, const struct audit_record *record,
                                                  const uint8_t *bytes, size_t len),
                                    void *arg, struct baton_err *err) BATON_MUST_USE;

#endif
