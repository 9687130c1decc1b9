/* trust.h: who may decide what for whom, signed by the root key and checked by every agent.
 *
 * Shape      A versioned document: controller keys, operators with roles and tenants, how many
 *            approvals each verb needs, the lab flag. Each names the hash of the one before.
 *            Approvals are fixed-width statements of one operator over one decision.
 * Limits     TRUST_OPERATORS_MAX operators, TRUST_TENANTS_MAX tenants each (0 = all),
 *            TRUST_CONTROLLERS_MAX controller keys, TRUST_BYTES_MAX encoded.
 * Errors     Decoding: BATON_MALFORMED. Accepting: BATON_DENIED (signature), BATON_STALE (lower
 *            version), BATON_FORKED (same version, other bytes; or a previous hash that is not ours).
 * Source     protocol 5; docs/formats.md "Trust document", "Approval".
 */
#ifndef BATON_TRUST_H
#define BATON_TRUST_H

#include "baton/plan.h"

enum {
    TRUST_OPERATORS_MAX = 32,
    TRUST_TENANTS_MAX = 8,
    TRUST_CONTROLLERS_MAX = 4,
    TRUST_BYTES_MAX = 16384,
};

enum approval_verb {
    VERB_NONE,
    VERB_PLAN,
    VERB_ADOPT,
    VERB_CUTOVER,
    VERB_GO,
    VERB_ROLLBACK,
    VERB_ATTEST,
    VERB_RETIRE,
    VERB_DISARM,
    VERB_READMIT,
    VERB_COUNT
};

/* bits */
enum operator_role {
    ROLE_VIEW = 1,
    ROLE_OPERATE = 2,     /* workflow verbs, confirm agents */
    ROLE_APPROVE = 4,     /* plan, adopt, cutover, go, rollback, retire, disarm, readmit */
    ROLE_BREAK_GLASS = 8, /* attest */
    ROLE_AUDIT = 16,
    ROLE_ADMIN = 32, /* tenants, tokens, operators' logins */
};

enum operator_kind { OPERATOR_FILE, OPERATOR_BROWSER };

struct trust_operator {
    struct baton_id id;
    char name[NAME_BYTES];
    struct baton_key key;
    uint16_t roles;
    uint8_t kind;
    uint8_t tenant_count; /* 0: every tenant */
    struct baton_id tenant[TRUST_TENANTS_MAX];
};

struct trust_doc {
    uint32_t version; /* from 1 */
    struct baton_hash previous;
    bool lab;
    uint8_t controller_count, operator_count;
    uint8_t quorum[VERB_COUNT]; /* different people needed; 0 = the verb's default */
    struct baton_key controller[TRUST_CONTROLLERS_MAX];
    struct trust_operator operator[TRUST_OPERATORS_MAX];
};

struct approval {
    uint8_t verb;       /* enum approval_verb */
    struct baton_id id; /* random */
    struct baton_id operator;
    struct baton_id tenant;
    uint32_t trust_version;
    uint64_t not_after_ms; /* unix wall time; expiry can only refuse */
    struct baton_hash plan;
    struct baton_hash verification;       /* of the verification record; zero where none applies */
    struct baton_key member[MEMBERS_MAX]; /* the plan's, in its order, rest zero */
    struct baton_key recipient;
    struct epoch base; /* the record's epoch when signed */
    /* go and attest alone; zero otherwise */
    struct epoch epoch;
    uint32_t serial;
    struct baton_hash
        evidence[MEMBERS_MAX]; /* go: digest per member in plan order, zero for the recipient */
    /* attest: subject member and digest of what was seen; readmit: subject and machine digest */
    struct baton_key subject;
    struct baton_hash seen;
};

enum {
    APPROVAL_BYTES = 1 + 16 * 3 + 4 + 8 + 32 * 2 + 32 * MEMBERS_MAX + 32 + 24 + 24 + 4 +
                     32 * MEMBERS_MAX + 32 + 32
};

struct signed_approval {
    struct approval a;
    struct baton_sig sig; /* over approval_encode() under DOMAIN_APPROVAL */
};

const char *approval_verb_name(enum approval_verb v);
enum approval_verb approval_verb_parse(const char *name); /* VERB_NONE when unknown */

enum baton_status trust_encode(const struct trust_doc *d, uint8_t *out, size_t cap,
                               size_t *ret_len) BATON_MUST_USE;
enum baton_status trust_decode(const uint8_t *bytes, size_t len,
                               struct trust_doc *ret_doc) BATON_MUST_USE;
void approval_encode(const struct approval *a, uint8_t out[APPROVAL_BYTES]);
enum baton_status approval_decode(const uint8_t *bytes, size_t len,
                                  struct approval *ret_approval) BATON_MUST_USE;

const struct trust_operator *trust_operator_find(const struct trust_doc *d,
                                                 const struct baton_id *id);
bool trust_operator_may(const struct trust_operator *o, uint16_t roles,
                        const struct baton_id *tenant);
/* How many different people this verb needs: the document's number, never below 1.
 * Defaults: plan 1, adopt 2, cutover 2, go 1, rollback 1, attest 2, retire 1, disarm 1, readmit 1. */
unsigned trust_quorum(const struct trust_doc *d, enum approval_verb v);
/* The role an operator needs to sign this verb. */
uint16_t trust_role_for(enum approval_verb v);

/* Signature good, operator known, role and tenant allowed, not expired, trust version not above
 * ours. Says nothing about plan, recipient or epoch: the caller compares those. */
bool approval_authentic(const struct signed_approval *sa, const struct trust_doc *d,
                        const struct digest_port *dp, uint64_t now_unix_ms);

/* How far ahead of its own clock an agent lets an approval under this plan's policy end. UINT64_MAX: as far
 * as it likes; of an attestation at most two hours, whatever the policy says. */
uint64_t approval_life_max_ms(enum approval_verb v, const struct policy *p);
/* How long one is signed for: of what is bounded an eighth less, since clocks differ. */
uint64_t approval_life_ms(enum approval_verb v, const struct policy *p);
bool approval_lives_too_long(const struct approval *a, const struct policy *p,
                             uint64_t now_unix_ms);

#endif
