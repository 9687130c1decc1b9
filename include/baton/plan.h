/* plan.h: what is going to happen to one tenant, in canonical bytes that people sign and agents keep.
 *
 * Shape      Members (1 to 4), who holds the export role now, who shall get it, how each member is
 *            fenced, the durations the agents go by, and by which verification policy they judge:
 *            its text travels beside the plan, the plan names its hash. Frozen once hashed: any
 *            change is a new plan.
 * Limits     PLAN_BYTES_MAX encoded. Member 0 is not special; indexes name holder and recipient.
 * Errors     Decoding answers BATON_MALFORMED or BATON_LIMIT for anything not exactly canonical.
 * Ownership  Plain values; nothing is borrowed.
 * Source     protocol 2 (Adoption), 5 (confirmation per member); docs/formats.md "Plan".
 */
#ifndef BATON_PLAN_H
#define BATON_PLAN_H

#include "baton/digest.h"
#include "baton/policy.h"

enum { PLAN_BYTES_MAX = 8192 };

enum product {
    PRODUCT_NONE,
    PRODUCT_DIRSYNC, /* legacy: no staging mode */
    PRODUCT_AADSYNC, /* legacy: fenced by task and service */
    PRODUCT_CONNECT, /* Azure AD Connect 1.x, Entra Connect 2.x */
    PRODUCT_COUNT
};

enum fence_kind { KIND_NONE, KIND_STOPPED, KIND_STAGED, KIND_REMOVED, KIND_ATTESTED, KIND_COUNT };

enum profile {
    PROFILE_NONE,
    PROFILE_PARALLEL,
    PROFILE_IN_PLACE,
    PROFILE_SWING,
    PROFILE_UNSUPPORTED,
    PROFILE_DEAD_SOURCE,
    PROFILE_AUDIT_ONLY,
    PROFILE_COUNT
};

struct plan_member {
    struct baton_key key;     /* signing key */
    struct baton_key box_key; /* X25519: what is sealed to this member */
    uint8_t product;          /* enum product */
    uint8_t kind;             /* enum fence_kind: how this member is fenced */
    char host[NAME_BYTES];
    struct baton_id confirmed_by;  /* operator who compared the fingerprint on that console */
    struct baton_sig confirmation; /* over confirm_bytes() */
};

struct plan {
    struct baton_id id;
    struct baton_id tenant;
    char tenant_name[NAME_BYTES];
    uint8_t profile; /* enum profile */
    bool lab;
    uint32_t trust_version;
    uint8_t member_count, holder, recipient; /* indexes into member[] */
    struct plan_member member[MEMBERS_MAX];
    struct policy policy;
    struct baton_hash limits; /* of the tenant's verification policy; zero: the profile's preset */
};

const char *product_name(enum product p);
const char *fence_kind_name(enum fence_kind k);
const char *profile_name(enum profile p);
bool product_is_legacy(enum product p); /* DirSync, Azure AD Sync */

/* Writes at most PLAN_BYTES_MAX; *ret_len is what was written. */
enum baton_status plan_encode(const struct plan *p, uint8_t *out, size_t cap,
                              size_t *ret_len) BATON_MUST_USE;
enum baton_status plan_decode(const uint8_t *bytes, size_t len,
                              struct plan *ret_plan) BATON_MUST_USE;

/* Index of the member with this key, or -1. */
int plan_member_index(const struct plan *p, const struct baton_key *key);

enum { CONFIRM_BYTES = 16 + 2 + NAME_BYTES + 32 + 32 };
/* What an operator signs after comparing fingerprints: tenant, host, signing key, box key. */
void confirm_bytes(const struct baton_id *tenant, const char *host, const struct baton_key *key,
                   const struct baton_key *box_key, uint8_t out[CONFIRM_BYTES]);

#endif
