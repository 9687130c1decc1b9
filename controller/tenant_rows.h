/* tenant_rows.h: the rows of the store that the engine writes and everybody else reads.
 *
 * Shape      TABLE_TENANT    tenant id (16)              -> struct tenant_row
 *            TABLE_AUTHORITY tenant id (16)              -> authority_encode
 *            TABLE_CUTOVER   cutover id (16)             -> cutover_encode
 *            TABLE_AGENT     agent key (32)              -> struct agent_row
 *            TABLE_REPORT    agent key (32)              -> agent_view_encode (not in the audit)
 *            TABLE_STATEMENT agent key (32)              -> newest statement: counter (8) hash (32)
 *                            agent key (32), counter (8) -> hash (32) of that statement
 *            TABLE_APPROVAL  cutover id (16), approval id (16) -> APPROVAL_BYTES, signature (64)
 *            TABLE_TOKEN     one-time curve key (32)     -> struct token_row
 *            TABLE_TRUST     version (4)                 -> hash (32) of the signed document
 *            TABLE_LOGIN     SHA-256 of the token (32)   -> login_encode
 *            TABLE_BLOB      blob hash (32)              -> struct blob_row
 *            TABLE_CHUNK     blob hash (32), offset (8)  -> bytes
 *            TABLE_META      "controller"                -> incarnation (16) of the newest start
 *                            "root"                      -> the pinned root key (32)
 *                            "checkpoint"                -> struct checkpoint_row
 *                            "page", record (8), number (1), tenant (16) -> text that is still to be
 *                            paged
 *            Plans, orders, statements, trust documents and verification records are objects.
 * Limits     Numbers in keys are big-endian, so that rows come in their order.
 * Errors     Decoding: BATON_MALFORMED.
 * Source     design 6; store.h.
 */
#ifndef BATON_TENANT_ROWS_H
#define BATON_TENANT_ROWS_H

#include "baton/message.h"
#include "baton/store.h"
#include "controller/core/tenant.h"

enum { SITE_ROW_BYTES_MAX = 2048 };

struct tenant_row {
    struct tenant_info info;
    bool cutover_open;
    struct baton_id cutover;             /* the open one, or the last; zero: none yet */
    struct baton_hash plan;              /* the newest frozen plan; zero: none */
    struct baton_key agent[MEMBERS_MAX]; /* who sits in tenant.agent[i]; zero: nobody */
};

struct agent_row { /* enrolment: changes only by decisions, so it is in the audit */
    struct baton_id tenant;
    struct baton_key key, curve_key, box_key;
    char host[NAME_BYTES], version[VERSION_TEXT_BYTES];
    uint8_t slot; /* index in tenant.agent */
    uint8_t role, product;
    struct baton_hash binary, table;
    bool confirmed, revoked;
    bool barred; /* two live copies of one identity: nothing it says moves authority */
    struct baton_id confirmed_by;
    struct baton_sig confirmation;
    uint64_t enrolled_unix_ms;
};

struct token_row {
    struct baton_id tenant, made_by;
    uint8_t role;
    char host[NAME_BYTES]; /* the one host that may use it */
    uint64_t expires_unix_ms;
    bool used;
    struct baton_key agent; /* who used it */
};

struct blob_row {
    struct baton_id tenant;
    struct baton_key sender;
    uint64_t total, have; /* have == total: whole, and its hash was checked */
};

struct checkpoint_row { /* signature over checkpoint_bytes under DOMAIN_CHECKPOINT */
    uint64_t size, unix_ms;
    struct baton_hash root;
    struct baton_sig sig;
};

size_t tenant_row_encode(const struct tenant_row *t, uint8_t out[SITE_ROW_BYTES_MAX]);
enum baton_status tenant_row_decode(const uint8_t *bytes, size_t len,
                                    struct tenant_row *ret_row) BATON_MUST_USE;
size_t agent_row_encode(const struct agent_row *a, uint8_t out[SITE_ROW_BYTES_MAX]);
enum baton_status agent_row_decode(const uint8_t *bytes, size_t len,
                                   struct agent_row *ret_row) BATON_MUST_USE;
size_t token_row_encode(const struct token_row *t, uint8_t out[SITE_ROW_BYTES_MAX]);
enum baton_status token_row_decode(const uint8_t *bytes, size_t len,
                                   struct token_row *ret_row) BATON_MUST_USE;
size_t blob_row_encode(const struct blob_row *b, uint8_t out[SITE_ROW_BYTES_MAX]);
enum baton_status blob_row_decode(const uint8_t *bytes, size_t len,
                                  struct blob_row *ret_row) BATON_MUST_USE;
size_t checkpoint_row_encode(const struct checkpoint_row *c, uint8_t out[SITE_ROW_BYTES_MAX]);
enum baton_status checkpoint_row_decode(const uint8_t *bytes, size_t len,
                                        struct checkpoint_row *ret_row) BATON_MUST_USE;

/* What is compared on both screens: SHA-256 over signing key, then box key. */
void agent_fingerprint(const struct digest_port *dp, const struct baton_key *key,
                       const struct baton_key *box_key, struct baton_hash *ret_fingerprint);

/* Enrolment over what the agent reported: one seat of the tenant. */
void agent_view_enrol(struct agent_view *view, const struct agent_row *row);

/* Names the state that a person looks at before a verb: workflow and authority as their rows say. */
void tenant_tag(const struct tenant *t, const struct digest_port *dp, struct baton_id *ret_tag);

enum baton_status tenant_row_load(const struct store_port *s, const struct baton_id *id,
                                  struct tenant_row *ret_row, struct baton_err *err) BATON_MUST_USE;
enum baton_status agent_row_load(const struct store_port *s, const struct baton_key *key,
                                 struct agent_row *ret_row, struct baton_err *err) BATON_MUST_USE;
/* The newest trust document: signed bytes (malloc'd) and decoded. NOT_FOUND: none yet. */
enum baton_status trust_load(const struct store_port *s, struct trust_doc *ret_doc,
                             uint8_t **ret_bytes, size_t *ret_len, struct baton_sig *ret_sig,
                             struct baton_err *err) BATON_MUST_USE;

#endif
