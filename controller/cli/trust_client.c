#include "trust_client.h"

#include "client.h"
#include "output.h"
#include "settings.h"

#include <stdlib.h>
#include <string.h>

void
key_fingerprint(const struct baton_key *key, char out[65])
{
    struct baton_hash h;
    crypto_sha256(key->b, sizeof key->b, &h);
    baton_hex(h.b, sizeof h.b, out);
}

static enum baton_status
check_document(struct cli *c, const json_t *json, struct trust_known *k)
{
    struct baton_key root;
    struct baton_sig sig;
    static uint8_t bytes[TRUST_BYTES_MAX];
    const char *hex = json_text(json, "bytes"), *sig_hex = json_text(json, "signature");
    size_t len = strlen(hex) / 2;
    const char *pinned = config_text(c->config, "controller.root");
    if (pinned == NULL || pinned[0] == '\0')
        return cli_fail(
            c, BATON_USAGE,
            "no root of trust is pinned: baton trust pin HEX, as trust init printed it");
    if (!settings_key(c, "controller.root", &root))
        return BATON_USAGE;
    if (len > sizeof bytes || strlen(hex) != 2 * len || !baton_unhex(hex, bytes, len) ||
        strlen(sig_hex) != 2 * sizeof sig.b || !baton_unhex(sig_hex, sig.b, sizeof sig.b))
        return cli_fail(c, BATON_MALFORMED, "the trust document cannot be read");
    if (!crypto_verify_domain(&root, DOMAIN_TRUST, bytes, len, &sig)) {
        char print[65];
        key_fingerprint(&root, print);
        return cli_fail(c, BATON_DENIED,
                        "the trust document is not signed by the root that you pinned (%.16s)",
                        print);
    }
    if (trust_decode(bytes, len, &k->doc) != BATON_OK)
        return cli_fail(c, BATON_MALFORMED, "the trust document cannot be decoded");
    crypto_sha256(bytes, len, &k->hash);
    return BATON_OK;
}

enum baton_status
trust_fetch(struct cli *c, struct trust_known **ret_known)
{
    json_t *json;
    enum baton_status rc = client_get(c, &json, "/api/v1/trust");
    if (rc != BATON_OK)
        return rc;
    struct trust_known *k = calloc(1, sizeof *k);
    rc = k != NULL ? check_document(c, json, k) : cli_fail(c, BATON_NOMEM, "trust");
    json_decref(json);
    if (rc != BATON_OK) {
        free(k);
        return rc;
    }
    *ret_known = k;
    return BATON_OK;
}

void
trust_known_free(struct trust_known **k)
{
    free(*k);
    *k = NULL;
}

static void
my_key_path(struct cli *c, char out[PATH_BYTES])
{
    settings_path(config_text(c->config, "operator.key-file"), out);
}

enum baton_status
trust_me(struct cli *c, const struct trust_known *k, const struct trust_operator **ret_operator)
{
    char path[PATH_BYTES];
    struct baton_key key;
    my_key_path(c, path);
    enum baton_status rc = keyfile_public(path, &key, &c->err);
    if (rc != BATON_OK)
        return rc;
    for (uint8_t i = 0; i < k->doc.operator_count; i++)
        if (baton_key_eq(&k->doc.operator[i].key, &key)) {
            *ret_operator = &k->doc.operator[i];
            return BATON_OK;
        }
    return cli_fail(c, BATON_DENIED, "the trust document knows nobody with the key in %s", path);
}

enum baton_status
signer_unlock(struct cli *c, struct crypto_signer *ret_signer)
{
    char path[PATH_BYTES], passphrase[PASSPHRASE_MAX];
    my_key_path(c, path);
    enum baton_status rc = secret_passphrase(c, config_text(c->config, "operator.passphrase-file"),
                                             path, false, passphrase);
    if (rc == BATON_OK)
        rc = keyfile_unseal(path, passphrase, ret_signer, &c->err);
    crypto_wipe(passphrase, sizeof passphrase);
    return rc;
}
