/* audit_world.h: a small site with real keys that writes an honest history into any store.
 *
 * Shape      One root, one controller, two operators; per handoff one tenant with two agents that
 *            goes from adoption over a verification (one finding that both people accept, one that
 *            nobody has to decide about) to the new server's first export. Everything is signed.
 * Ownership  world_init, world_done; the store is the caller's.
 */
#ifndef BATON_AUDIT_WORLD_H
#define BATON_AUDIT_WORLD_H

#include "baton/disposition.h"
#include "baton/finding.h"
#include "baton/order.h"
#include "baton/store.h"
#include "common/audit/bundle.h"
#include "common/crypto/crypto.h"

enum { WORLD_CHECKPOINTS_MAX = 64, WORLD_OPERATORS = 2 };

struct world {
    struct store_port store;
    struct crypto_signer root, controller, person[WORLD_OPERATORS];
    struct trust_doc trust;
    struct baton_hash trust_hash;
    uint64_t unix_ms;
    struct audit_checkpoint checkpoint[WORLD_CHECKPOINTS_MAX];
    size_t checkpoint_count;
    uint8_t next_id;
};

struct world_handoff { /* what one handoff was made of */
    struct baton_id tenant, cutover;
    struct crypto_signer agent[2]; /* OLD, NEW */
    uint64_t counter[2];
    struct plan plan;
    uint8_t plan_bytes[PLAN_BYTES_MAX];
    size_t plan_len;
    struct baton_hash plan_hash, verification, row, evidence[2], grant_order, used;
    struct signed_bytes evidence_signed[2]; /* bytes malloc'd */
    struct signed_approval cutover_by[2], go;
    struct epoch epoch;
    uint64_t verified_seq, grant_seq, used_seq;
};

void world_init(struct world *w, const struct store_port *store);
void world_done(struct world *w);
/* Appends one record with its objects in a transaction of its own; returns its seq. */
uint64_t world_record(struct world *w, struct audit_record *r);
uint64_t world_trust(struct world *w); /* publishes w->trust as the next version */
void world_checkpoint(struct world *w);
/* A whole cutover; h may be used to go on, then world_handoff_done. */
void world_handoff(struct world *w, uint8_t tenant, struct world_handoff *h);
void world_handoff_done(struct world_handoff *h);

/* Pieces, for histories that are not honest */
void world_object(struct world *w, struct audit_record *r, const void *bytes, size_t len,
                  const struct baton_sig *sig);
struct audit_record world_new(struct world *w, enum audit_type type, const struct baton_id *tenant);
struct statement world_statement(struct world *w, struct world_handoff *h, int agent,
                                 enum statement_type type);
uint64_t world_say(struct world *w, struct world_handoff *h, int agent, struct statement *s,
                   struct baton_hash *ret_hash, struct signed_bytes *ret_signed);
struct signed_approval world_approve(struct world *w, const struct world_handoff *h, int person,
                                     enum approval_verb verb);
/* One person's word about the finding h->row; its hash. */
struct baton_hash world_dispose(struct world *w, const struct world_handoff *h, int person,
                                enum disposition_kind kind, const char *reason);
/* The verification with the dispositions of these hashes (sorted here) is accepted: h->verification. */
void world_verify(struct world *w, struct world_handoff *h, struct baton_hash *each, size_t count);
struct order world_order(struct world *w, const struct world_handoff *h, enum order_verb verb);
uint64_t world_send(struct world *w, const struct world_handoff *h, const struct order *o,
                    struct baton_hash *ret_hash);

#endif
