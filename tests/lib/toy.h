/* toy.h: a tenant with two servers, people and keys for tests of the pure core.
 *
 * Shape      OLD is DirSync and holds, NEW is Entra Connect in staging mode. Hashes and signatures
 *            are quick mixing functions that anybody could forge: for tests of decisions, never of
 *            cryptography.
 * Units      The lab policy; times as the test passes them.
 */
#ifndef TESTS_TOY_H
#define TESTS_TOY_H

#include "agent/core/member.h"
#include "baton/disposition.h"

enum toy_member { TOY_OLD, TOY_NEW, TOY_MEMBERS };
enum toy_person { TOY_ANNA, TOY_BERT, TOY_CLEO, TOY_PEOPLE };

const struct digest_port *toy_digest(void);
void toy_hash(const void *bytes, size_t len, uint64_t seed, struct baton_hash *ret_hash);
void toy_sign(const struct baton_key *key, const char *domain, const void *bytes, size_t len,
              struct baton_sig *ret_sig);
struct baton_key toy_key(uint8_t tag);
struct baton_id toy_id(uint8_t tag);
struct epoch toy_epoch(uint64_t counter);

struct baton_id toy_tenant(void);
struct baton_key toy_member_key(enum toy_member m);
struct baton_key toy_root(void);
const struct trust_doc *toy_trust(void);
const struct plan *toy_plan(void);
/* Canonical bytes of toy_plan(), static. */
const uint8_t *toy_plan_bytes(size_t *ret_len);
struct baton_hash toy_plan_hash(void);

/* A signed approval of this person for the toy plan; base as given. */
struct signed_approval toy_approval(enum approval_verb verb, enum toy_person by,
                                    enum toy_member recipient, struct epoch base);
/* Signs again after a field was changed. */
void toy_sign_approval(struct signed_approval *sa, enum toy_person by);

/* This person's signed word about one finding of the toy tenant. */
struct signed_disposition toy_disposition(const struct baton_hash *row, enum disposition_kind kind,
                                          enum toy_person by);

/* A member as enrolled: trust known, no plan yet. */
struct member toy_new_member(enum toy_member m);

/* Facts of a healthy server: OLD runs and exports; NEW is staged and idle. Ages 0. */
struct facts toy_facts(enum toy_member m);
void toy_facts_stop(struct facts *f); /* services stopped and disabled, engine gone */
/* All that evidence of this kind needs, quiet for a minute. */
struct facts toy_facts_proven(enum toy_member m, enum fence_kind kind);

/* Orders with everything the agent asks for. */
struct order toy_adopt(struct epoch e);
struct order toy_fence(struct epoch e, enum toy_member recipient);
struct order toy_challenge(struct epoch e, uint8_t nonce_tag);
struct order toy_grant(struct epoch e, enum toy_member recipient, uint32_t serial,
                       const struct signed_bytes *evidence);
/* Signs the last word of a step as that member would. Borrows the bytes from out. */
struct signed_bytes toy_sign_word(enum toy_member m, const struct member_word *w);

#endif
