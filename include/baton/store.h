/* store.h: the controller's durable memory behind one small port.
 *
 * Shape      Rows (table, key -> bytes), content-addressed objects, the audit log, an outbox and an
 *            inbox. Everything between begin and commit happens or does not.
 * Limits     Keys STORE_KEY_BYTES, row values STORE_ROW_BYTES, objects STORE_OBJECT_BYTES, records
 *            AUDIT_RECORD_BYTES_MAX.
 * Errors     BATON_IO, BATON_FULL, BATON_CORRUPT, BATON_NOMEM: the caller stops the process
 *            (fail-stop). BATON_NOT_FOUND where stated; BATON_CONFLICT: other bytes under one id.
 * Threads    One writer thread. Readers open their own read-only store.
 * Source     design 6; reliability 4.4.
 */
#ifndef BATON_STORE_H
#define BATON_STORE_H

#include "baton/audit.h"

enum { STORE_KEY_BYTES = 64, STORE_ROW_BYTES = 65536, STORE_OBJECT_BYTES = 65536 };

enum store_table {
    TABLE_META,        /* controller incarnation, merkle frontier, schema */
    TABLE_TENANT,      /* tenant id -> struct tenant_info */
    TABLE_AUTHORITY,   /* tenant id -> authority record */
    TABLE_CUTOVER,     /* cutover id -> workflow state */
    TABLE_AGENT,       /* agent key -> enrolment */
    TABLE_TOKEN,       /* one-time curve key -> token */
    TABLE_TRUST,       /* version -> hash of the signed document */
    TABLE_LOGIN,       /* token digest -> operator */
    TABLE_APPROVAL,    /* cutover id + approval id -> signed approval */
    TABLE_STATEMENT,   /* agent key -> hash of its newest statement, counter */
    TABLE_BLOB,        /* blob hash -> size, progress */
    TABLE_CHUNK,       /* blob hash + offset -> bytes */
    TABLE_REPORT,      /* agent key -> newest facts */
    TABLE_TASK,        /* cutover id + step -> task shown to people */
    TABLE_IDEMPOTENCY, /* key -> stored answer */
    TABLE_COUNT
};

struct outbox_row {
    struct baton_id order;
    struct baton_key agent;
    struct baton_id tenant;
    struct baton_hash hash;
    const uint8_t *bytes;
    size_t len;
    uint64_t
        seq; /* of its audit record: each order has its own, and an agent gets them in this order */
};

struct store_port {
    void *ctx;
    enum baton_status (*begin)(void *ctx, struct baton_err *err);
    enum baton_status (*commit)(void *ctx, struct baton_err *err);
    void (*rollback)(void *ctx);
    /* Many reads of one state, which is then locked once for all of them. Not inside begin and commit. */
    enum baton_status (*look)(void *ctx, struct baton_err *err);
    void (*look_end)(void *ctx);

    enum baton_status (*put)(void *ctx, enum store_table table, const void *key, size_t key_len,
                             const void *value, size_t len, struct baton_err *err);
    /* Value is malloc'd for the caller. BATON_NOT_FOUND leaves *ret_value NULL. */
    enum baton_status (*get)(void *ctx, enum store_table table, const void *key, size_t key_len,
                             uint8_t **ret_value, size_t *ret_len, struct baton_err *err);
    enum baton_status (*remove)(void *ctx, enum store_table table, const void *key, size_t key_len,
                                struct baton_err *err);
    /* Rows whose key starts with prefix, in key order; visit returns false to stop. */
    enum baton_status (*each)(void *ctx, enum store_table table, const void *prefix,
                              size_t prefix_len,
                              bool (*visit)(void *arg, const void *key, size_t key_len,
                                            const uint8_t *value, size_t len),
                              void *arg, struct baton_err *err);

    enum baton_status (*object_put)(void *ctx, const struct baton_hash *hash, const void *bytes,
                                    size_t len, const struct baton_sig *sig, struct baton_err *err);
    enum baton_status (*object_get)(void *ctx, const struct baton_hash *hash, uint8_t **ret_bytes,
                                    size_t *ret_len, struct baton_sig *ret_sig,
                                    struct baton_err *err);

    /* Gives the record its place (seq, tenant_seq, prev hash), hashes it into the tree. */
    enum baton_status (*append)(void *ctx, struct audit_record *record, struct baton_err *err);
    enum baton_status (*records)(void *ctx, uint64_t from_seq,
                                 const struct baton_id *tenant_or_null,
                                 bool (*visit)(void *arg, const struct audit_record *record,
                                               const uint8_t *bytes, size_t len),
                                 void *arg, struct baton_err *err);
    enum baton_status (*head)(void *ctx, uint64_t *ret_size, struct baton_hash *ret_root,
                              struct baton_err *err);
    /* The root that the log had at that size, with this batch's records; BATON_NOT_FOUND: it never
     * was that long. The writer's store only. */
    enum baton_status (*root_at)(void *ctx, uint64_t size, struct baton_hash *ret_root,
                                 struct baton_err *err);

    enum baton_status (*outbox_put)(void *ctx, const struct outbox_row *row, struct baton_err *err);
    enum baton_status (*outbox_each)(void *ctx, const struct baton_key *agent_or_null,
                                     bool (*visit)(void *arg, const struct outbox_row *row),
                                     void *arg, struct baton_err *err);
    enum baton_status (*outbox_remove)(void *ctx, const struct baton_id *order,
                                       struct baton_err *err);

    /* BATON_OK: seen with this hash; BATON_NOT_FOUND: new, now remembered; BATON_CONFLICT. */
    enum baton_status (*inbox_seen)(void *ctx, const struct baton_id *id,
                                    const struct baton_hash *hash, struct baton_err *err);
    void (*close)(void *ctx);
};

#endif
