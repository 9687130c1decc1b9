/* replay.h: the history that the records tell, gone through once more by somebody who did not make it.
 *
 * Shape      Fed record by record with the objects each brings. Follows the trust documents, every
 *            tenant's epoch and plan, what each member last said of itself, and what people accepted
 *            of what verification found.
 *            A fault means that the material was changed; a breach, that it is genuine and shows
 *            something that must not happen. Breaches are counted and the replay goes on.
 * Limits     REPLAY_MEMBERS_MAX members a tenant, REPLAY_CONTROLLERS_MAX controller keys in all.
 * Errors     BATON_NOMEM. BATON_CORRUPT: a fault, replay.why says which.
 * Ownership  replay_init, replay_done. Objects are borrowed for the call.
 * Source     protocol 1 to 5.
 */
#ifndef BATON_REPLAY_H
#define BATON_REPLAY_H

#include "baton/order.h"
#include "common/audit/bundle.h"
#include "common/audit/hash_set.h"

enum { REPLAY_MEMBERS_MAX = 16, REPLAY_CONTROLLERS_MAX = 256 };

enum object_kind {
    OBJECT_OPAQUE, /* hashed, not understood */
    OBJECT_TRUST,
    OBJECT_STATEMENT,
    OBJECT_PLAN,
    OBJECT_ORDER,
    OBJECT_APPROVAL,
    OBJECT_FINDINGS,
    OBJECT_DISPOSITION,
    OBJECT_VERIFICATION,
    OBJECT_DISPOSITIONS, /* the digests that a verification record's hash of them is made of */
};

struct replay_object { /* new with this record */
    struct baton_hash hash;
    struct signed_bytes s;
};

struct replay_member {
    struct baton_key key;
    uint64_t counter; /* of the newest statement */
    struct epoch promise;
    bool may_export; /* by its own newest word */
};

struct replay_tenant {
    struct epoch epoch; /* of the newest FENCE */
    struct baton_key recipient;
    struct baton_hash plan_hash;
    bool plan_known, fenced;
    uint8_t plan_members, member_count;
    struct baton_key plan_member[MEMBERS_MAX];
    struct replay_member member[REPLAY_MEMBERS_MAX];
};

struct replay {
    const struct digest_port *dp;
    struct audit_report *report;
    struct baton_key root;
    struct trust_doc *trust; /* in force; NULL before the first */
    struct baton_hash trust_hash;
    struct replay_tenant *tenant; /* index as in the chain */
    size_t tenant_cap;
    struct hash_set
        objects; /* every object seen, with its kind and whether its signature is good */
    struct baton_key controller[REPLAY_CONTROLLERS_MAX];
    size_t controller_count;
    struct audit_receipt *receipt; /* what statements showed, to be compared with the tree */
    size_t receipt_count, receipt_cap;
    char why[BUNDLE_WHY_BYTES];
};

void replay_init(struct replay *p, const struct digest_port *dp, const struct baton_key *root,
                 struct audit_report *report);
void replay_done(struct replay *p);
enum baton_status replay_record(struct replay *p, const struct audit_record *r, size_t tenant_index,
                                const struct replay_object *object,
                                size_t object_count) BATON_MUST_USE;

#endif
