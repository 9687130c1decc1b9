/* sign.h: the approving client: fetch, check, show, ask, sign, send.
 *
 * Shape      It signs only bytes that it hashed, decoded and showed itself. A plan whose members lack
 *            a confirmation that is valid under the pinned trust document is refused.
 * Source     protocol 5.
 */
#ifndef BATON_SIGN_H
#define BATON_SIGN_H

#include "cli.h"

#include "baton/trust.h"
#include "baton/verification.h"
#include "client.h"
#include "common/verify/limits_plan.h"
#include "trust_client.h"

struct signing {
    struct cli *c;
    enum approval_verb verb;
    char id[ID_TEXT_BYTES]; /* of the cutover */
    char etag[64];
    json_t *cutover;
    struct trust_known *trust;
    const struct trust_operator *me;
    struct plan plan;
    struct baton_hash plan_hash;
    struct limits limits; /* that the plan sets, when limits_known */
    bool limits_known;
    struct verification verification;
    bool verification_known;
    struct crypto_signer signer;
    bool unlocked;
    struct approval approval;
};

/* The plan that the cutover names, by its hash. */
enum baton_status plan_fetch(struct cli *c, const char *cutover_id, const json_t *cutover,
                             struct plan *ret_plan, struct baton_hash *ret_hash);
/* Every server of it has a key that an operator of the trust document confirmed. */
enum baton_status plan_check_members(struct cli *c, const struct trust_known *trust,
                                     const struct plan *plan);

/* Everything that is to be known before a key is unlocked. signing_done in every case. */
enum baton_status signing_begin(struct signing *s, struct cli *c, const char *cutover,
                                enum approval_verb verb);
void signing_done(struct signing *s);
void signing_show(const struct signing *s); /* what would be signed */
bool signing_agreed(struct signing *s);     /* asks; false when the person says no */
bool signing_confirmed(struct signing *s);  /* both */
enum baton_status signing_unlock(struct signing *s);
enum baton_status signing_send(struct signing *s);

#endif
