/* A tenant's verification policy: in a file, and as the controller keeps it. */
#include "client.h"
#include "commands.h"
#include "common/crypto/crypto.h"
#include "input.h"
#include "output.h"
#include "policy_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum baton_status
print_policy(struct cli *c, const struct limits *l, const struct baton_hash *hash_or_null,
             enum policy_extent extent)
{
    json_t *o = policy_json(l, hash_or_null, extent);
    enum baton_status rc = policy_print(c, o);
    json_decref(o);
    return rc;
}

static enum baton_status
print_file(struct cli *c, enum policy_extent extent)
{
    struct limits limits;
    struct baton_hash hash;
    char *text = NULL;
    size_t len = 0;
    enum baton_status rc = policy_text_read(c, cli_arg(c, 0), &text, &len, &limits);
    if (rc != BATON_OK)
        return rc;
    crypto_sha256(text, len, &hash);
    free(text);
    return print_policy(c, &limits, &hash, extent);
}

enum baton_status
cmd_policy_check(struct cli *c)
{
    return print_file(c, POLICY_DIFFERENCES);
}

enum baton_status
cmd_policy_show(struct cli *c)
{
    struct limits limits;
    if (cli_arg(c, 0)[0] != '\0')
        return print_file(c, POLICY_WHOLE);
    enum baton_status rc = policy_read(c, &limits);
    return rc == BATON_OK ? print_policy(c, &limits, NULL, POLICY_WHOLE) : rc;
}

/* --- as the controller keeps it ----------------------------------------------------------------- */

static enum baton_status
send_policy(struct cli *c, const char *path)
{
    struct limits limits;
    const char *file = cli_option(c, "policy");
    char *text = NULL, hex[2 * LIMITS_BYTES_MAX + 1];
    size_t len = 0;
    if (file == NULL)
        return cli_fail(c, BATON_USAGE,
                        "--policy FILE is needed; baton policy check FILE reads it");
    enum baton_status rc = policy_text_read(c, file, &text, &len, &limits);
    if (rc != BATON_OK)
        return rc;
    baton_hex(text, len, hex);
    free(text);
    return client_send(c, "PUT", path, json_pack("{s:s}", "bytes", hex), NULL, NULL);
}

/* What the controller says it keeps is hashed and read here again. */
static enum baton_status
print_kept(struct cli *c, const char *path, const char *named)
{
    struct limits limits;
    struct baton_hash hash;
    uint8_t *bytes = NULL;
    size_t len = 0;
    char hex[2 * BATON_HASH_BYTES + 1];
    enum baton_status rc = client_bytes(c, path, &bytes, &len);
    if (rc != BATON_OK)
        return rc;
    crypto_sha256(bytes, len, &hash);
    baton_hex(hash.b, sizeof hash.b, hex);
    if (strcmp(hex, named) != 0)
        rc = cli_fail(c, BATON_CONFLICT, "the policy is another one by now; ask again");
    else
        rc = limits_read((const char *)bytes, len, PRESET_PARITY, &limits, &c->err);
    free(bytes);
    if (rc == BATON_OK)
        output_say(c, "%s", hex);
    return rc == BATON_OK ? print_policy(c, &limits, &hash, POLICY_DIFFERENCES) : rc;
}

static enum baton_status
print_none(struct cli *c, const char *name)
{
    json_t *o = json_pack("{s:n, s:n, s:[]}", "sha256", "preset", "rules");
    if (c->output == OUTPUT_JSON || c->output == OUTPUT_JSONL)
        output_json(o);
    else
        output_say(c, "%s has no verification policy: the preset of the path counts", name);
    json_decref(o);
    return BATON_OK;
}

static enum baton_status
show_tenant(struct cli *c, const char *guid, const char *path)
{
    json_t *tenant;
    enum baton_status rc = client_get(c, &tenant, "/api/v1/tenants/%s", guid);
    if (rc != BATON_OK)
        return rc;
    const char *named = json_text(tenant, "verification_policy");
    rc = named[0] != '\0' ? print_kept(c, path, named) : print_none(c, json_text(tenant, "name"));
    json_decref(tenant);
    return rc;
}

enum baton_status
cmd_tenant_verification(struct cli *c)
{
    char guid[ID_TEXT_BYTES], path[CLIENT_PATH_BYTES];
    const char *what = cli_arg(c, 0);
    bool set = strcmp(what, "set") == 0, clear = strcmp(what, "clear") == 0;
    if (!set && !clear && strcmp(what, "show") != 0)
        return cli_fail(c, BATON_USAGE,
                        "baton tenant verification has set, clear and show, not %.40s", what);
    if (!set && cli_has(c, "policy"))
        return cli_fail(c, BATON_USAGE, "--policy goes with set");
    enum baton_status rc = client_tenant(c, cli_arg(c, 1), guid);
    if (rc != BATON_OK)
        return rc;
    snprintf(path, sizeof path, "/api/v1/tenants/%s/verification-policy", guid);
    if (set)
        rc = send_policy(c, path);
    else if (clear)
        rc = client_send(c, "DELETE", path, NULL, NULL, NULL);
    return rc == BATON_OK ? show_tenant(c, guid, path) : rc;
}
