/* bundle.h: the audit log with everything that proves it, in one file, and its check without us.
 *
 * Shape      Written from a store in one snapshot. Checked in one pass, in order, offline: every
 *            leaf and chain, the tree against signed checkpoints and agents' receipts, signatures
 *            of statements, approvals and trust documents, and the history itself: epochs only
 *            rise, a grant carries the others' evidence and different people's approvals, at most
 *            one server may export at any record.
 * Units      Sizes count records. *_unix_ms is wall time, information only.
 * Limits     Entries BUNDLE_ENTRY_BYTES_MAX. Memory: about 40 bytes per object, 48 per checkpoint
 *            and receipt, 3 KiB per tenant; nothing per record.
 * Errors     Writing: what the store says; BATON_IO; BATON_CONFLICT: the file exists.
 *            Checking: BATON_OK whatever the verdict; BATON_NOT_FOUND, BATON_IO, BATON_NOMEM;
 *            BATON_MALFORMED: the file is no bundle at all.
 * Threads    Reentrant.
 * Source     design 6; protocol 1 to 5; reliability 6.3; docs/formats.md "Audit bundle".
 */
#ifndef BATON_BUNDLE_H
#define BATON_BUNDLE_H

#include "baton/digest.h"
#include "baton/store.h"

enum {
    BUNDLE_ENTRY_BYTES_MAX = AUDIT_RECORD_BYTES_MAX + 1024,
    BUNDLE_CHECKPOINTS_MAX = 1 << 20,
    BUNDLE_WHY_BYTES = 256,
};

struct audit_checkpoint { /* signature over checkpoint_bytes() under DOMAIN_CHECKPOINT */
    uint64_t size, unix_ms;
    struct baton_hash root;
    struct baton_sig sig;
};

struct audit_receipt { /* what an agent says that the log was */
    uint64_t size;
    struct baton_hash root;
    struct baton_key agent; /* zero: pinned by the person who checks */
};

struct audit_bundle_source {
    const struct audit_checkpoint *checkpoint; /* any order */
    size_t checkpoint_count;
    struct baton_key root;  /* root public key of the trust documents; zero: not known */
    struct baton_id tenant; /* zero: everything. Else other tenants' records are only hashes */
    uint64_t now_unix_ms;
};

struct audit_bundle_counts {
    uint64_t records, withheld, objects, checkpoints, receipts, file_bytes;
};

/* The store must not be inside a transaction. An unfinished file is removed. */
enum baton_status audit_bundle_write(const struct store_port *store,
                                     const struct audit_bundle_source *source, const char *path,
                                     struct audit_bundle_counts *ret_counts,
                                     struct baton_err *err) BATON_MUST_USE;

enum audit_verdict {
    AUDIT_SOUND,  /* nothing was changed, and the history shows one exporter at a time */
    AUDIT_BREACH, /* nothing was changed, but the history itself breaks a rule */
    AUDIT_BROKEN, /* the bundle was changed, cut or damaged, or does not fit what is pinned */
};

/* What this check could not say. */
#define AUDIT_GAPS(X)                                                                              \
    X(GAP_ROOT, "root key not pinned: the trust documents vouch for themselves")                   \
    X(GAP_TRUST, "no trust document: approvals and checkpoints could not be attributed")           \
    X(GAP_CHECKPOINT, "no signed checkpoint: nobody has signed any state of this log")             \
    X(GAP_TAIL, "records after the newest signed checkpoint are not signed for yet")               \
    X(GAP_RECEIPTS, "no agent's receipt: a log cut at its end could not be noticed")               \
    X(GAP_WITHHELD, "other tenants' records are withheld: only their hashes were checked")         \
    X(GAP_OBJECTS, "some hashes that records name are not in the bundle")                          \
    X(GAP_ORDERS, "some orders could not be read")                                                 \
    X(GAP_ADMIN,                                                                                   \
      "whoever is administrator of every server can lie to every agent: no log shows that")

enum audit_gap {
#define X(id, text) id,
    AUDIT_GAPS(X)
#undef X
        AUDIT_GAP_COUNT
};

struct audit_report {
    enum audit_verdict verdict;
    uint64_t bad_seq; /* first bad record; 0: none, or the fault lies beside the records */
    char why[BUNDLE_WHY_BYTES];
    uint64_t records, withheld, tenants, objects, statements, approvals, trust_documents, orders,
        grants, checkpoints, receipts;
    uint64_t refs_missing, orders_unread;
    uint64_t signed_size, signed_unix_ms; /* newest checkpoint with a good signature */
    uint64_t breaches;                    /* every one is counted, the first stands in why */
    uint64_t first_unix_ms, last_unix_ms;
    struct baton_hash root, root_key_fingerprint;
    bool gap[AUDIT_GAP_COUNT];
};

struct audit_verify_options {
    struct baton_key root;               /* pinned root key; zero: not pinned */
    const struct audit_receipt *receipt; /* pinned: from an agent's own disk */
    size_t receipt_count;
    void (*progress)(void *arg, uint64_t done_bytes, uint64_t total_bytes); /* may be NULL */
    void *progress_arg;
};

enum baton_status audit_bundle_verify(const char *path, const struct audit_verify_options *options,
                                      struct audit_report *ret_report,
                                      struct baton_err *err) BATON_MUST_USE;

const char *audit_verdict_name(enum audit_verdict v);
const char *audit_gap_text(enum audit_gap gap);

/* SHA-256 by nettle (four times libsodium's speed), signatures by libsodium. */
const struct digest_port *audit_digest_port(void);

#endif
