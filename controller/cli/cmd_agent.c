#include "client.h"
#include "commands.h"
#include "common/crypto/crypto.h"
#include "live.h"
#include "output.h"
#include "settings.h"
#include "trust_client.h"

#include "baton/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct column agent_columns[] = {
    {"HOST", "host", COLUMN_TEXT},
    {"ROLE", "role", COLUMN_TEXT},
    {"PRODUCT", "product", COLUMN_TEXT},
    {"VERSION", "product_version", COLUMN_TEXT},
    {"KEY", "key", COLUMN_SHORT},
    {"CONFIRMED", "confirmed", COLUMN_YES},
    {"CONNECTED", "connected", COLUMN_YES},
    {"SEEN", "seen_ago_ms", COLUMN_AGE},
    {"AWAITED", "awaited", COLUMN_YES},
    {"HOLDS", "holding", COLUMN_YES},
    {"GUARD", "guard", COLUMN_YES},
    {"EXPORTED", "ever_exported", COLUMN_YES},
    {"QUARANTINE", "quarantine", COLUMN_TEXT},
    {"BARRED", "barred", COLUMN_YES},
    {"REVOKED", "revoked", COLUMN_YES},
};

static const struct column agent_details[] = {
    {"host", "host", COLUMN_TEXT},
    {"tenant", "tenant", COLUMN_TEXT},
    {"role", "role", COLUMN_TEXT},
    {"key", "key", COLUMN_TEXT},
    {"fingerprint", "fingerprint", COLUMN_TEXT},
    {"agent version", "version", COLUMN_TEXT},
    {"product", "product", COLUMN_TEXT},
    {"product version", "product_version", COLUMN_TEXT},
    {"confirmed", "confirmed", COLUMN_TEXT},
    {"connected", "connected", COLUMN_TEXT},
    {"revoked", "revoked", COLUMN_TEXT},
    {"seen", "seen_ago_ms", COLUMN_AGE},
    {"last report", "reported_ago_ms", COLUMN_AGE},
    {"awaited", "awaited", COLUMN_TEXT},
    {"controller started", "controller_started_unix_ms", COLUMN_TIME},
    {"clock skew ms", "skew_ms", COLUMN_TEXT},
    {"holds", "holding", COLUMN_TEXT},
    {"ever exported", "ever_exported", COLUMN_TEXT},
    {"tombstone", "tombstone", COLUMN_TEXT},
    {"guard", "guard", COLUMN_TEXT},
    {"grant", "grant", COLUMN_TEXT},
    {"quarantine", "quarantine", COLUMN_TEXT},
    {"barred", "barred", COLUMN_TEXT},
    {"barred since", "barred_unix_ms", COLUMN_TIME},
    {"what to do", "do", COLUMN_TEXT},
    {"promised epoch", "promise.counter", COLUMN_TEXT},
    {"note", "note", COLUMN_TEXT},
};

/* What no column has room for. */
static void
print_hints(const struct cli *c, const json_t *items)
{
    json_t *item;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)items, i, item)
    {
        if (c->output == OUTPUT_TABLE && json_text(item, "do")[0] != '\0')
            printf("%s\n", json_text(item, "do"));
    }
}

static enum baton_status
list_once(struct cli *c)
{
    json_t *items;
    char path[CLIENT_PATH_BYTES] = "/api/v1/agents", guid[ID_TEXT_BYTES];
    enum baton_status rc = BATON_OK;
    if (cli_has(c, "tenant")) {
        rc = client_tenant(c, cli_option(c, "tenant"), guid);
        snprintf(path, sizeof path, "/api/v1/agents?tenant=%s", guid);
    }
    if (rc == BATON_OK)
        rc = client_list(c, path, &items);
    if (rc != BATON_OK)
        return rc;
    rc = output_list(c, agent_columns, ARRAY_LEN(agent_columns), items);
    print_hints(c, items);
    json_decref(items);
    return rc;
}

enum baton_status
cmd_agent_list(struct cli *c)
{
    return cli_has(c, "watch") ? live_watch(c, list_once, "") : list_once(c);
}

static void
print_facts(const struct cli *c, const json_t *facts)
{
    const char *name;
    json_t *fact;
    printf("\n%sfacts%s\n", paint_on(c, PAINT_BOLD), paint_off(c));
    json_object_foreach((json_t *)(uintptr_t)facts, name, fact)
    {
        char age[24];
        if (strcmp(name, "digests") == 0)
            continue;
        format_duration((uint64_t)json_number(fact, "age_ms"), age, sizeof age);
        if (json_text(fact, "absent")[0] != '\0')
            printf("  %-27s absent: %-18s %s\n", name, json_text(fact, "absent"),
                   json_text(fact, "what"));
        else
            printf("  %-27s %-14" PRId64 " %-4s %-6s %s\n", name, json_number(fact, "value"),
                   json_text(fact, "tier"), age, json_text(fact, "what"));
    }
}

static enum baton_status
find_agent(struct cli *c, char guid[ID_TEXT_BYTES], json_t **ret_agent)
{
    enum baton_status rc = client_tenant(c, cli_arg(c, 0), guid);
    return rc == BATON_OK ? client_agent(c, guid, cli_arg(c, 1), ret_agent) : rc;
}

static enum baton_status
show_once(struct cli *c)
{
    char guid[ID_TEXT_BYTES];
    json_t *found, *agent;
    enum baton_status rc = find_agent(c, guid, &found);
    if (rc != BATON_OK)
        return rc;
    rc = client_get(c, &agent, "/api/v1/tenants/%s/agents/%s", guid, json_text(found, "key"));
    json_decref(found);
    if (rc != BATON_OK)
        return rc;
    rc = output_one(c, agent_details, ARRAY_LEN(agent_details), agent);
    if (rc == BATON_OK && c->output == OUTPUT_TABLE)
        print_facts(c, json_object_get(agent, "facts"));
    json_decref(agent);
    return rc;
}

enum baton_status
cmd_agent_show(struct cli *c)
{
    return cli_has(c, "watch") ? live_watch(c, show_once, "") : show_once(c);
}

enum baton_status
cmd_agent_token(struct cli *c)
{
    char guid[ID_TEXT_BYTES], path[CLIENT_PATH_BYTES];
    json_t *answer;
    const char *role = cli_option(c, "role"), *ttl = cli_option(c, "ttl");
    if (role == NULL)
        return cli_fail(c, BATON_USAGE, "--role old or --role new is needed");
    json_t *body = json_pack("{s:s, s:s}", "role", role, "host", cli_arg(c, 1));
    if (ttl != NULL)
        json_object_set_new(body, "ttl_ms", json_integer(1000 * strtoll(ttl, NULL, 10)));
    enum baton_status rc = client_tenant(c, cli_arg(c, 0), guid);
    if (rc != BATON_OK) {
        json_decref(body);
        return rc;
    }
    snprintf(path, sizeof path, "/api/v1/tenants/%s/agents/token", guid);
    rc = client_send(c, "POST", path, body, NULL, &answer);
    if (rc != BATON_OK)
        return rc;
    if (c->output == OUTPUT_TABLE)
        puts(json_text(answer, "token"));
    else
        output_object(c, answer);
    json_decref(answer);
    return BATON_OK;
}

static void
plain_fingerprint(const char *text, char out[65])
{
    size_t n = 0;
    for (; *text != '\0' && n < 64; text++)
        if (strchr("0123456789abcdefABCDEF", *text) != NULL)
            out[n++] = (char)(*text >= 'A' && *text <= 'F' ? *text - 'A' + 'a' : *text);
    out[n] = '\0';
}

/* What the server's console shows must be what the controller says, and the keys must give it. */
static enum baton_status
compare(struct cli *c, const json_t *agent, const struct baton_key *key,
        const struct baton_key *box_key)
{
    uint8_t both[2 * BATON_KEY_BYTES];
    struct baton_hash h;
    char own[65], typed[128], plain[65];
    memcpy(both, key->b, BATON_KEY_BYTES);
    memcpy(both + BATON_KEY_BYTES, box_key->b, BATON_KEY_BYTES);
    crypto_sha256(both, sizeof both, &h);
    baton_hex(h.b, sizeof h.b, own);
    if (strcmp(own, json_text(agent, "fingerprint")) != 0)
        return cli_fail(c, BATON_REFUSED, "the fingerprint does not belong to these keys");
    output_say(c, "host         %s\nfingerprint  %s", json_text(agent, "host"), own);
    if (cli_has(c, "expect"))
        snprintf(typed, sizeof typed, "%s", cli_option(c, "expect"));
    else if (c->yes)
        return BATON_OK;
    else
        secret_ask("Type its first 16 digits as that server's own console shows them:", typed,
                   sizeof typed);
    plain_fingerprint(typed, plain);
    if (strlen(plain) < 16 || strncmp(plain, own, strlen(plain)) != 0)
        return cli_fail(c, BATON_REFUSED, "that is another fingerprint; nothing was signed");
    return BATON_OK;
}

static enum baton_status
sign_confirmation(struct cli *c, const char *guid, const json_t *agent, const struct baton_key *key,
                  const struct baton_key *box_key)
{
    struct baton_id tenant;
    struct baton_sig sig;
    struct crypto_signer signer;
    uint8_t bytes[CONFIRM_BYTES];
    char path[CLIENT_PATH_BYTES], hex[2 * BATON_SIG_BYTES + 1];
    if (!baton_guid_parse(guid, &tenant) || !baton_name_valid(json_text(agent, "host")))
        return cli_fail(c, BATON_MALFORMED, "the controller's answer names no tenant or host");
    confirm_bytes(&tenant, json_text(agent, "host"), key, box_key, bytes);
    enum baton_status rc = signer_unlock(c, &signer);
    if (rc != BATON_OK)
        return rc;
    rc = crypto_sign_domain(signer.secret, DOMAIN_CONFIRM, bytes, sizeof bytes, &sig);
    crypto_signer_done(&signer);
    if (rc != BATON_OK)
        return cli_fail(c, rc, "signing failed");
    baton_hex(sig.b, sizeof sig.b, hex);
    snprintf(path, sizeof path, "/api/v1/tenants/%s/agents/%s/confirm", guid,
             json_text(agent, "key"));
    return client_send(c, "POST", path, json_pack("{s:s}", "signature", hex), NULL, NULL);
}

enum baton_status
cmd_agent_confirm(struct cli *c)
{
    char guid[ID_TEXT_BYTES];
    json_t *agent;
    struct baton_key key, box_key;
    enum baton_status rc = find_agent(c, guid, &agent);
    if (rc != BATON_OK)
        return rc;
    if (!baton_unhex(json_text(agent, "key"), key.b, sizeof key.b) ||
        !baton_unhex(json_text(agent, "box_key"), box_key.b, sizeof box_key.b))
        rc = cli_fail(c, BATON_MALFORMED, "the controller's answer names no keys");
    if (rc == BATON_OK)
        rc = compare(c, agent, &key, &box_key);
    if (rc == BATON_OK)
        rc = sign_confirmation(c, guid, agent, &key, &box_key);
    if (rc == BATON_OK)
        output_say(c, "%s is confirmed", json_text(agent, "host"));
    json_decref(agent);
    return rc;
}

enum baton_status
cmd_agent_revoke(struct cli *c)
{
    char guid[ID_TEXT_BYTES], path[CLIENT_PATH_BYTES], question[160];
    json_t *agent;
    const char *reason = cli_option(c, "reason");
    enum baton_status rc = find_agent(c, guid, &agent);
    if (rc != BATON_OK)
        return rc;
    snprintf(question, sizeof question,
             "Shut out the agent on %.60s? Type yes:", json_text(agent, "host"));
    if (secret_confirmed(c, question)) {
        snprintf(path, sizeof path, "/api/v1/tenants/%s/agents/%s/revoke", guid,
                 json_text(agent, "key"));
        rc = client_send(c, "POST", path,
                         json_pack("{s:s}", "reason", reason != NULL ? reason : ""), NULL, NULL);
    } else {
        rc = cli_fail(c, BATON_FAILED,
                      "not revoked: nobody said yes; without a terminal --yes does");
    }
    json_decref(agent);
    return rc;
}
