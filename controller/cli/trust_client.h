/* trust_client.h: the trust document as this person's machine believes it.
 *
 * Shape      What the controller sends is believed only under the root key pinned in the settings.
 * Errors     BATON_DENIED: signed by another root. BATON_NOT_FOUND: there is none yet.
 * Ownership  trust_known_free.
 */
#ifndef BATON_TRUST_CLIENT_H
#define BATON_TRUST_CLIENT_H

#include "cli.h"

#include "baton/trust.h"
#include "common/crypto/keyfile.h"

struct trust_known {
    struct trust_doc doc;
    struct baton_hash hash;
};

enum baton_status trust_fetch(struct cli *c, struct trust_known **ret_known);
void trust_known_free(struct trust_known **k);

/* The person whose key file it is, as the document names them. */
enum baton_status trust_me(struct cli *c, const struct trust_known *k,
                           const struct trust_operator **ret_operator);
/* Asks for the passphrase. crypto_signer_done afterwards. */
enum baton_status signer_unlock(struct cli *c, struct crypto_signer *ret_signer);
void key_fingerprint(const struct baton_key *key, char out[65]); /* SHA-256 of a public key */

#endif
