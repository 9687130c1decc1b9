/* audit.h: one record of the log that an auditor can check alone.
 *
 * Shape      version | seq | tenant | tenant_seq | previous hash of that tenant | actor | type |
 *            epoch | time | body hash | body, canonical, hashed as an RFC 6962 leaf.
 *            A body names the rule, the states, up to AUDIT_REFS_MAX hashes, and the images of the
 *            rows that changed: state is the fold of the images.
 * Limits     AUDIT_RECORD_BYTES_MAX encoded. No personal data: ids, digests, counts.
 * Errors     Decoding: BATON_MALFORMED.
 * Source     design 6; reliability 6; docs/formats.md "Audit record".
 */
#ifndef BATON_AUDIT_H
#define BATON_AUDIT_H

#include "baton/ids.h"

enum {
    AUDIT_RECORD_BYTES_MAX = 131072,
    AUDIT_REFS_MAX = 16,
    AUDIT_ROWS_MAX = 8,
    AUDIT_TEXT_BYTES = 256,
};

/* type, name, meaning */
#define BATON_AUDIT_TYPES(X)                                                                       \
    X(AUDIT_NONE, "none")                                                                          \
    X(AUDIT_STARTED, "started") /* a controller process, with its incarnation */                   \
    X(AUDIT_TENANT, "tenant")   /* made or changed */                                              \
    X(AUDIT_TOKEN, "token")                                                                        \
    X(AUDIT_ENROLLED, "enrolled")                                                                  \
    X(AUDIT_CONFIRMED, "confirmed")                                                                \
    X(AUDIT_TRUST, "trust")     /* a new trust document */                                         \
    X(AUDIT_SESSION, "session") /* an agent came */                                                \
    X(AUDIT_VERB, "verb")       /* a person asked for something */                                 \
    X(AUDIT_APPROVAL, "approval")                                                                  \
    X(AUDIT_MOVED, "moved")         /* the workflow changed state: rule, from, to */               \
    X(AUDIT_ORDERED, "ordered")     /* an order entered the outbox */                              \
    X(AUDIT_STATEMENT, "statement") /* an agent's signed word was accepted */                      \
    X(AUDIT_REFUSED, "refused")     /* something was refused, with the rule */                     \
    X(AUDIT_ALARM, "alarm")         /* tamper, breach, fork, foreign record */                     \
    X(AUDIT_FOREIGN, "foreign")     /* pulled back from an agent after a restore */                \
    X(AUDIT_VERIFIED, "verified")   /* verification record sealed */                               \
    X(AUDIT_CERTIFICATE, "certificate")                                                            \
    X(AUDIT_LOGIN, "login")                                                                        \
    X(AUDIT_TIMEOUT, "timeout")                                                                    \
    X(AUDIT_DISPOSED, "disposed") /* a person decided about a finding */                           \
    X(AUDIT_ROWS, "rows")         /* sealed rows came from an agent, or a person fetched them */

enum audit_type {
#define X(id, name) id,
    BATON_AUDIT_TYPES(X)
#undef X
        AUDIT_TYPE_COUNT
};

/* image of a state row after the change; len 0 = removed */
struct audit_row {
    uint8_t table; /* enum store_table */
    uint8_t key_len;
    uint8_t key[64];
    const uint8_t *value;
    size_t len;
};

struct audit_record {
    uint64_t seq;               /* from 1, given by append */
    struct baton_id tenant;     /* zero: the site itself */
    uint64_t tenant_seq;        /* from 1 per tenant, given by append */
    struct baton_hash previous; /* leaf hash of this tenant's record before, given by append */
    struct baton_key actor; /* agent key, operator id in the first 16 bytes, or controller key */
    uint8_t type;           /* enum audit_type */
    struct epoch epoch;
    uint64_t unix_ms; /* information */
    /* body */
    uint16_t rule;               /* workflow rule number, 0 = none */
    uint8_t from, to;            /* workflow states when type is AUDIT_MOVED */
    struct baton_id cutover;     /* zero: none */
    char text[AUDIT_TEXT_BYTES]; /* the reason, a sentence without personal data */
    uint8_t ref_count, row_count;
    struct baton_hash ref[AUDIT_REFS_MAX]; /* orders, statements, approvals, plans it rests on */
    struct audit_row row[AUDIT_ROWS_MAX];
};

const char *audit_type_name(enum audit_type t);

enum baton_status audit_encode(const struct audit_record *r, uint8_t *out, size_t cap,
                               size_t *ret_len) BATON_MUST_USE;
/* Row values borrow from bytes. Checks the body hash. */
enum baton_status audit_decode(const uint8_t *bytes, size_t len,
                               struct audit_record *ret_record) BATON_MUST_USE;

#endif
