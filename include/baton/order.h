/* order.h: what the controller asks of one agent. Bytes are made once, kept in the outbox, and named
 * everywhere by their SHA-256.
 *
 * Shape      Five verbs touch authority. The others move the settings file and never do.
 * Limits     ORDER_APPROVALS_MAX approvals, one piece of evidence per member.
 * Ownership  plan, limits, trust, evidence and shown are borrowed from the decoded frame.
 * Source     protocol 2, 6; handoff S1 to S3.
 */
#ifndef BATON_ORDER_H
#define BATON_ORDER_H

#include "baton/statement.h"
#include "baton/trust.h"

enum { ORDER_APPROVALS_MAX = 8 };

enum order_verb {
    ORDER_NONE,
    ORDER_STATUS,    /* nonce; may carry readmit and disarm approvals and a newer trust document */
    ORDER_FENCE,     /* epoch, recipient, plan, approvals, adopt; holder's own statement */
    ORDER_CHALLENGE, /* epoch, nonce, void_first */
    ORDER_GRANT,     /* epoch, serial, evidence of every other member, approvals with go */
    ORDER_RETIRE,    /* epoch, approvals */
    ORDER_SEAL,  /* settings: seal the file whose hash is given to the plan's recipient, send it */
    ORDER_PLACE, /* settings: fetch blob, open, check hash, put down */
    ORDER_WATCH, /* observation tempo: T2 rest or cutover */
    ORDER_VERB_COUNT
};

struct order {
    uint8_t verb;
    struct baton_id id;
    struct baton_id tenant;
    struct epoch epoch;
    struct baton_key recipient;
    struct baton_id nonce;
    uint32_t serial;
    bool adopt, void_first, busy; /* busy: ORDER_WATCH wants the cutover tempo */
    const uint8_t *plan;          /* canonical bytes, with every FENCE */
    size_t plan_len;
    const uint8_t *limits; /* the verification policy that the plan names, beside it; len 0: none */
    size_t limits_len;
    struct signed_bytes trust; /* newer trust document, len 0 = none */
    uint8_t approval_count, evidence_count;
    struct signed_approval approval[ORDER_APPROVALS_MAX];
    struct signed_bytes evidence[MEMBERS_MAX]; /* statements of the other members, in plan order */
    struct signed_bytes shown; /* a statement of the receiver itself: the highest counter known, or
                                  with FENCE the one saying that it holds this epoch */
    struct baton_hash blob;    /* ORDER_SEAL: hash of the file; ORDER_PLACE: of the sealed blob */
    struct baton_hash file;    /* ORDER_PLACE: of the file inside */
    uint64_t blob_bytes;
};

const char *order_verb_name(enum order_verb v);

#endif
