#include "client.h"
#include "commands.h"
#include "common/crypto/crypto.h"
#include "controller/login.h"
#include "input.h"
#include "output.h"
#include "settings.h"
#include "trust_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct column card_columns[] = {
    {"name", "name", COLUMN_TEXT},       {"id", "id", COLUMN_TEXT},
    {"key", "key", COLUMN_TEXT},         {"roles", "roles", COLUMN_TEXT},
    {"tenants", "tenants", COLUMN_TEXT}, {"key file", "file", COLUMN_TEXT},
};

static enum baton_status
parse_cost(struct cli *c, struct keyfile_cost *ret_cost)
{
    const char *text = cli_option(c, "cost");
    *ret_cost = keyfile_cost_production();
    if (text == NULL || strcmp(text, "production") == 0)
        return BATON_OK;
    *ret_cost = keyfile_cost_least();
    return strcmp(text, "least") == 0 ? BATON_OK
                                      : cli_fail(c, BATON_USAGE, "--cost: production or least");
}

static enum baton_status
parse_roles(struct cli *c, const char *text, uint16_t *ret_roles)
{
    char copy[96], *rest = copy;
    *ret_roles = 0;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *one = strtok_r(copy, ",", &rest); one != NULL; one = strtok_r(NULL, ",", &rest)) {
        uint16_t bit = login_role_parse(one);
        if (bit == 0)
            return cli_fail(c, BATON_USAGE,
                            "no role %s: view, operate, approve, break-glass, audit, admin", one);
        *ret_roles |= bit;
    }
    return *ret_roles != 0 ? BATON_OK : cli_fail(c, BATON_USAGE, "at least one role is needed");
}

/* --- operators -------------------------------------------------------------------------------- */

/* The id that a login of this name has already, else a new one: approvals are handed in by the login
 * whose id they carry. */
static enum baton_status
choose_id(struct cli *c, char ret_hex[2 * BATON_ID_BYTES + 1])
{
    struct baton_id id;
    json_t *session = NULL;
    const char *given = cli_option(c, "id"), *url = config_text(c->config, "controller.url");
    if (given == NULL && url != NULL && url[0] != '\0' &&
        client_get(c, &session, "/api/v1/session") == BATON_OK &&
        strcmp(json_text(session, "name"), cli_arg(c, 0)) == 0)
        given = json_text(session, "operator");
    crypto_random(id.b, sizeof id.b);
    bool good = given == NULL ||
                (strlen(given) == 2 * sizeof id.b && baton_unhex(given, id.b, sizeof id.b));
    json_decref(session);
    baton_hex(id.b, sizeof id.b, ret_hex);
    return good ? BATON_OK : cli_fail(c, BATON_USAGE, "an operator id has 32 hex digits");
}

static json_t *
make_card(struct cli *c, const struct crypto_signer *signer, const char *id_hex, const char *roles)
{
    char key_hex[2 * BATON_KEY_BYTES + 1];
    const char *tenant;
    json_t *tenants = json_array();
    baton_hex(signer->key.b, sizeof signer->key.b, key_hex);
    for (unsigned i = 0; (tenant = cli_option_nth(c, "tenant", i)) != NULL; i++)
        json_array_append_new(tenants, json_string(tenant));
    return json_pack("{s:s, s:s, s:s, s:s, s:o}", "id", id_hex, "name", cli_arg(c, 0), "key",
                     key_hex, "roles", roles, "tenants", tenants);
}

static enum baton_status
save_key(struct cli *c, const char *path, struct keyfile_cost cost, const char *roles)
{
    char passphrase[PASSPHRASE_MAX], card_path[PATH_BYTES + 8];
    char id[2 * BATON_ID_BYTES + 1];
    struct crypto_signer signer;
    enum baton_status rc = choose_id(c, id);
    if (rc == BATON_OK)
        rc = settings_make_folders(c, path);
    if (rc == BATON_OK)
        rc = secret_passphrase(c, config_text(c->config, "operator.passphrase-file"),
                               "your new key", true, passphrase);
    if (rc == BATON_OK)
        rc = crypto_signer_new(&signer, &c->err);
    if (rc != BATON_OK)
        return rc;
    rc = keyfile_seal(path, &signer, passphrase, cost, &c->err);
    crypto_wipe(passphrase, sizeof passphrase);
    json_t *card = make_card(c, &signer, id, roles);
    crypto_signer_done(&signer);
    if (cli_has(c, "card"))
        snprintf(card_path, sizeof card_path, "%s", cli_option(c, "card"));
    else
        snprintf(card_path, sizeof card_path, "%s.card", path);
    if (rc == BATON_OK && json_dump_file(card, card_path, JSON_INDENT(2)) != 0)
        rc = cli_fail(c, BATON_IO, "%s cannot be written", card_path);
    if (rc == BATON_OK) {
        json_object_set_new(card, "file", json_string(path));
        rc = output_one(c, card_columns, ARRAY_LEN(card_columns), card);
        output_say(c, "\nGive %s to whoever keeps the root key: it is not secret.", card_path);
    }
    json_decref(card);
    return rc;
}

enum baton_status
cmd_operator_new(struct cli *c)
{
    char path[PATH_BYTES];
    struct keyfile_cost cost;
    uint16_t mask;
    const char *roles = cli_option(c, "roles");
    roles = roles != NULL ? roles : "view,operate,approve";
    settings_path(config_text(c->config, "operator.key-file"), path);
    if (!baton_name_valid(cli_arg(c, 0)))
        return cli_fail(c, BATON_USAGE, "that is no name that can be shown");
    if (access(path, F_OK) == 0)
        return cli_fail(c, BATON_CONFLICT, "%s exists; a key is never overwritten", path);
    enum baton_status rc = parse_roles(c, roles, &mask);
    if (rc == BATON_OK)
        rc = parse_cost(c, &cost);
    return rc == BATON_OK ? save_key(c, path, cost, roles) : rc;
}

enum baton_status
cmd_operator_show(struct cli *c)
{
    char path[PATH_BYTES], hex[65];
    struct baton_key key;
    settings_path(config_text(c->config, "operator.key-file"), path);
    enum baton_status rc = keyfile_public(path, &key, &c->err);
    if (rc != BATON_OK)
        return rc;
    static const struct column columns[] = {{"key", "key", COLUMN_TEXT},
                                            {"file", "file", COLUMN_TEXT}};
    baton_hex(key.b, sizeof key.b, hex);
    json_t *o = json_pack("{s:s, s:s}", "key", hex, "file", path);
    rc = output_one(c, columns, ARRAY_LEN(columns), o);
    json_decref(o);
    return rc;
}

static json_t *
operators_of(const struct trust_doc *d)
{
    json_t *items = json_array();
    for (uint8_t i = 0; i < d->operator_count; i++) {
        const struct trust_operator *op = &d->operator[i];
        char id[33], key[65], roles[96];
        baton_hex(op->id.b, sizeof op->id.b, id);
        baton_hex(op->key.b, sizeof op->key.b, key);
        login_roles_format(op->roles, roles, sizeof roles);
        json_array_append_new(items, json_pack("{s:s, s:s, s:s, s:s, s:i}", "name", op->name, "id",
                                               id, "key", key, "roles", roles, "tenants",
                                               (int)op->tenant_count));
    }
    return items;
}

enum baton_status
cmd_operator_list(struct cli *c)
{
    static const struct column columns[] = {
        {"NAME", "name", COLUMN_TEXT},       {"ROLES", "roles", COLUMN_TEXT},
        {"TENANTS", "tenants", COLUMN_TEXT}, {"KEY", "key", COLUMN_SHORT},
        {"ID", "id", COLUMN_TEXT},
    };
    struct trust_known *k;
    enum baton_status rc = trust_fetch(c, &k);
    if (rc != BATON_OK)
        return rc;
    json_t *items = operators_of(&k->doc);
    trust_known_free(&k);
    rc = output_list(c, columns, ARRAY_LEN(columns), items);
    json_decref(items);
    return rc;
}

/* --- the document ----------------------------------------------------------------------------- */

enum baton_status
operator_card_read(struct cli *c, const char *path, struct trust_operator *ret_operator)
{
    struct trust_operator op = {.kind = OPERATOR_FILE};
    json_t *card = json_load_file(path, JSON_REJECT_DUPLICATES, NULL), *tenant;
    size_t i;
    enum baton_status rc = BATON_OK;
    if (card == NULL)
        return cli_fail(c, BATON_NOT_FOUND, "%s is no operator's card", path);
    snprintf(op.name, sizeof op.name, "%s", json_text(card, "name"));
    if (!baton_name_valid(op.name) || strlen(json_text(card, "id")) != 2 * sizeof op.id.b ||
        !baton_unhex(json_text(card, "id"), op.id.b, sizeof op.id.b) ||
        strlen(json_text(card, "key")) != 2 * sizeof op.key.b ||
        !baton_unhex(json_text(card, "key"), op.key.b, sizeof op.key.b))
        rc = cli_fail(c, BATON_MALFORMED, "%s: name, id and key are expected", path);
    if (rc == BATON_OK)
        rc = parse_roles(c, json_text(card, "roles"), &op.roles);
    json_array_foreach(json_object_get(card, "tenants"), i,
                       tenant) if (op.tenant_count == TRUST_TENANTS_MAX ||
                                   !baton_guid_parse(json_string_value(tenant) != NULL
                                                         ? json_string_value(tenant)
                                                         : "",
                                                     &op.tenant[op.tenant_count++])) rc =
        cli_fail(c, BATON_MALFORMED, "%s: a tenant is named by its GUID", path);
    json_decref(card);
    *ret_operator = op;
    return rc;
}

/* A person of the same name or key is replaced. */
static enum baton_status
add_operator(struct cli *c, struct trust_doc *d, const struct trust_operator *op)
{
    for (uint8_t i = 0; i < d->operator_count; i++)
        if (strcmp(d->operator[i].name, op->name) == 0 ||
            baton_key_eq(&d->operator[i].key, &op->key)) {
            d->operator[i] = * op;
            return BATON_OK;
        }
    if (d->operator_count == TRUST_OPERATORS_MAX)
        return cli_fail(c, BATON_LIMIT, "a trust document holds %d operators", TRUST_OPERATORS_MAX);
    d->operator[d->operator_count++] = * op;
    return BATON_OK;
}

static enum baton_status
add_controller(struct cli *c, struct trust_doc *d, const char *hex)
{
    struct baton_key key;
    if (strlen(hex) != 2 * sizeof key.b || !baton_unhex(hex, key.b, sizeof key.b))
        return cli_fail(c, BATON_USAGE, "a controller is named by its key of 64 hex digits");
    for (uint8_t i = 0; i < d->controller_count; i++)
        if (baton_key_eq(&d->controller[i], &key))
            return BATON_OK;
    if (d->controller_count == TRUST_CONTROLLERS_MAX)
        return cli_fail(c, BATON_LIMIT, "a trust document holds %d controllers",
                        TRUST_CONTROLLERS_MAX);
    d->controller[d->controller_count++] = key;
    return BATON_OK;
}

static enum baton_status
set_quorum(struct cli *c, struct trust_doc *d, const char *text)
{
    char name[32], *end = NULL;
    const char *equals = strchr(text, '=');
    snprintf(name, sizeof name, "%.*s", (int)(equals != NULL ? equals - text : 0), text);
    enum approval_verb v = approval_verb_parse(name);
    unsigned long n = equals != NULL ? strtoul(equals + 1, &end, 10) : 0;
    if (v == VERB_NONE || end == NULL || *end != '\0' || n < 1 || n > TRUST_OPERATORS_MAX)
        return cli_fail(c, BATON_USAGE, "%.40s: VERB=N is expected, as in cutover=2", text);
    d->quorum[v] = (uint8_t)n;
    return BATON_OK;
}

static enum baton_status
root_path(struct cli *c, char out[PATH_BYTES])
{
    const char *path = cli_option(c, "root-key");
    const char *env = getenv("BATON_ROOT_KEY");
    if (path == NULL && env != NULL && env[0] != '\0')
        path = env;
    if (path == NULL)
        return cli_fail(c, BATON_USAGE, "--root-key FILE is needed");
    settings_path(path, out);
    return BATON_OK;
}

static const char *
root_passphrase_file(const struct cli *c)
{
    const char *flag = cli_option(c, "root-passphrase-file");
    return flag != NULL ? flag : getenv("BATON_ROOT_PASSPHRASE_FILE");
}

static enum baton_status
root_unlock(struct cli *c, struct crypto_signer *ret_root)
{
    char path[PATH_BYTES], passphrase[PASSPHRASE_MAX];
    enum baton_status rc = root_path(c, path);
    if (rc == BATON_OK)
        rc = secret_passphrase(c, root_passphrase_file(c), "the root key", false, passphrase);
    if (rc == BATON_OK)
        rc = keyfile_unseal(path, passphrase, ret_root, &c->err);
    crypto_wipe(passphrase, sizeof passphrase);
    return rc;
}

static enum baton_status
root_make(struct cli *c, const char *path, struct crypto_signer *ret_root)
{
    char passphrase[PASSPHRASE_MAX];
    struct keyfile_cost cost;
    enum baton_status rc = parse_cost(c, &cost);
    if (rc == BATON_OK)
        rc = secret_passphrase(c, root_passphrase_file(c), "the new root key", true, passphrase);
    if (rc == BATON_OK)
        rc = crypto_signer_new(ret_root, &c->err);
    if (rc != BATON_OK)
        return rc;
    rc = keyfile_seal(path, ret_root, passphrase, cost, &c->err);
    crypto_wipe(passphrase, sizeof passphrase);
    if (rc != BATON_OK)
        crypto_signer_done(ret_root);
    return rc;
}

static enum baton_status
upload(struct cli *c, const struct trust_doc *d, const struct crypto_signer *root)
{
    static uint8_t bytes[TRUST_BYTES_MAX];
    static char hex[2 * TRUST_BYTES_MAX + 1];
    size_t len;
    struct baton_sig sig;
    char sig_hex[2 * BATON_SIG_BYTES + 1], root_hex[2 * BATON_KEY_BYTES + 1];
    enum baton_status rc = trust_encode(d, bytes, sizeof bytes, &len);
    if (rc != BATON_OK)
        return cli_fail(c, rc, "this trust document cannot be encoded");
    rc = crypto_sign_domain(root->secret, DOMAIN_TRUST, bytes, len, &sig);
    if (rc != BATON_OK)
        return cli_fail(c, rc, "signing failed");
    baton_hex(bytes, len, hex);
    baton_hex(sig.b, sizeof sig.b, sig_hex);
    baton_hex(root->key.b, sizeof root->key.b, root_hex);
    return client_send(
        c, "PUT", "/api/v1/trust",
        json_pack("{s:s, s:s, s:s}", "bytes", hex, "signature", sig_hex, "root", root_hex), NULL,
        NULL);
}

static enum baton_status
fill_first(struct cli *c, struct trust_doc *d)
{
    const char *text;
    enum baton_status rc = BATON_OK;
    json_t *controller = NULL;
    d->version = 1;
    d->lab = cli_has(c, "lab");
    text = cli_option(c, "controller");
    if (text == NULL) {
        rc = client_get(c, &controller, "/api/v1/controller");
        text = rc == BATON_OK ? json_text(controller, "key") : "";
    }
    if (rc == BATON_OK)
        rc = add_controller(c, d, text);
    json_decref(controller);
    for (unsigned i = 0; rc == BATON_OK && (text = cli_option_nth(c, "operator", i)) != NULL; i++) {
        struct trust_operator op;
        rc = operator_card_read(c, text, &op);
        if (rc == BATON_OK)
            rc = add_operator(c, d, &op);
    }
    for (unsigned i = 0; rc == BATON_OK && (text = cli_option_nth(c, "quorum", i)) != NULL; i++)
        rc = set_quorum(c, d, text);
    if (rc == BATON_OK && d->operator_count == 0)
        rc = cli_fail(c, BATON_USAGE, "--operator CARD is needed; see baton operator new");
    return rc;
}

static enum baton_status
first_document(struct cli *c, struct trust_doc *d, const char *path)
{
    char hex[65], print[65];
    struct crypto_signer root;
    enum baton_status rc = fill_first(c, d); /* before a key is made: what can fail, fails first */
    if (rc == BATON_OK)
        rc = access(path, F_OK) == 0 ? root_unlock(c, &root) : root_make(c, path, &root);
    if (rc != BATON_OK)
        return rc;
    rc = upload(c, d, &root);
    baton_hex(root.key.b, sizeof root.key.b, hex);
    key_fingerprint(&root.key, print);
    crypto_signer_done(&root);
    if (rc == BATON_OK)
        rc = settings_store(c, "controller.root", hex);
    if (rc == BATON_OK)
        output_say(c,
                   "trust document 1 is in force\nroot key     %s\nfingerprint  %s\n\n"
                   "Keep %s offline, and a copy of it elsewhere. Other operators pin it with:\n"
                   "  baton trust pin %s",
                   hex, print, path, hex);
    return rc;
}

enum baton_status
cmd_trust_init(struct cli *c)
{
    char path[PATH_BYTES];
    struct trust_doc *d = calloc(1, sizeof *d);
    if (d == NULL)
        return cli_fail(c, BATON_NOMEM, "trust");
    enum baton_status rc = root_path(c, path);
    if (rc == BATON_OK)
        rc = first_document(c, d, path);
    free(d);
    return rc;
}

enum baton_status
cmd_trust_pin(struct cli *c)
{
    struct baton_key key;
    const char *hex = cli_arg(c, 0);
    char print[65];
    if (strlen(hex) != 2 * sizeof key.b || !baton_unhex(hex, key.b, sizeof key.b))
        return cli_fail(c, BATON_USAGE, "a root key has 64 hex digits");
    enum baton_status rc = settings_store(c, "controller.root", hex);
    key_fingerprint(&key, print);
    if (rc == BATON_OK)
        output_say(c, "pinned; its fingerprint is %s", print);
    return rc;
}

static json_t *
view_of(struct cli *c, const struct trust_known *k)
{
    const char *root = config_text(c->config, "controller.root"); /* it was checked against it */
    char hash[65], controllers[TRUST_CONTROLLERS_MAX * 18 + 1] = "";
    json_t *quorum = json_object();
    baton_hex(k->hash.b, sizeof k->hash.b, hash);
    for (uint8_t i = 0; i < k->doc.controller_count; i++) {
        size_t used = strlen(controllers);
        snprintf(controllers + used, sizeof controllers - used, "%s", i > 0 ? "," : "");
        used = strlen(controllers);
        baton_hex(k->doc.controller[i].b, 8, controllers + used);
    }
    for (int v = VERB_NONE + 1; v < VERB_COUNT; v++)
        json_object_set_new(quorum, approval_verb_name((enum approval_verb)v),
                            json_integer(trust_quorum(&k->doc, (enum approval_verb)v)));
    return json_pack("{s:i, s:s, s:s, s:b, s:s, s:o, s:o}", "version", (int)k->doc.version, "root",
                     root, "hash", hash, "lab", (int)k->doc.lab, "controllers", controllers,
                     "quorum", quorum, "operators", operators_of(&k->doc));
}

enum baton_status
cmd_trust_show(struct cli *c)
{
    static const struct column columns[] = {
        {"version", "version", COLUMN_TEXT},
        {"root key", "root", COLUMN_TEXT},
        {"hash", "hash", COLUMN_TEXT},
        {"lab", "lab", COLUMN_TEXT},
        {"controllers", "controllers", COLUMN_TEXT},
        {"plan needs", "quorum.plan", COLUMN_TEXT},
        {"cutover needs", "quorum.cutover", COLUMN_TEXT},
        {"go needs", "quorum.go", COLUMN_TEXT},
        {"rollback needs", "quorum.rollback", COLUMN_TEXT},
        {"retire needs", "quorum.retire", COLUMN_TEXT},
        {"attest needs", "quorum.attest", COLUMN_TEXT},
        {"adopt needs", "quorum.adopt", COLUMN_TEXT},
    };
    struct trust_known *k;
    enum baton_status rc = trust_fetch(c, &k);
    if (rc != BATON_OK)
        return rc;
    json_t *o = view_of(c, k);
    trust_known_free(&k);
    rc = output_one(c, columns, ARRAY_LEN(columns), o);
    if (rc == BATON_OK && c->output == OUTPUT_TABLE) {
        putchar('\n');
        static const struct column people[] = {{"OPERATOR", "name", COLUMN_TEXT},
                                               {"ROLES", "roles", COLUMN_TEXT},
                                               {"KEY", "key", COLUMN_SHORT}};
        rc = output_list(c, people, ARRAY_LEN(people), json_object_get(o, "operators"));
    }
    json_decref(o);
    return rc;
}

/* The next version: what was in force, changed by `change`, signed by the root that is pinned. */
static enum baton_status
next_document(struct cli *c, enum baton_status (*change)(struct cli *c, struct trust_doc *d))
{
    struct trust_known *k;
    struct crypto_signer root;
    enum baton_status rc = trust_fetch(c, &k);
    if (rc != BATON_OK)
        return rc;
    rc = change(c, &k->doc);
    k->doc.version++;
    k->doc.previous = k->hash;
    if (rc == BATON_OK)
        rc = root_unlock(c, &root);
    if (rc == BATON_OK) {
        rc = upload(c, &k->doc, &root);
        crypto_signer_done(&root);
    }
    if (rc == BATON_OK)
        output_say(c, "trust document %u is in force", (unsigned)k->doc.version);
    trust_known_free(&k);
    return rc;
}

static enum baton_status
change_add(struct cli *c, struct trust_doc *d)
{
    enum baton_status rc = BATON_OK;
    for (unsigned i = 0; i < c->args.count && rc == BATON_OK; i++) {
        struct trust_operator op;
        rc = operator_card_read(c, cli_arg(c, i), &op);
        if (rc == BATON_OK)
            rc = add_operator(c, d, &op);
    }
    return rc;
}

static enum baton_status
change_remove(struct cli *c, struct trust_doc *d)
{
    for (uint8_t i = 0; i < d->operator_count; i++)
        if (strcmp(d->operator[i].name, cli_arg(c, 0)) == 0) {
            d->operator_count--;
            memmove(&d->operator[i], &d->operator[i + 1],
                    (size_t)(d->operator_count - i) * sizeof d->operator[0]);
            memset(&d->operator[d->operator_count], 0, sizeof d->operator[0]);
            return BATON_OK;
        }
    return cli_fail(c, BATON_NOT_FOUND, "no operator %.60s", cli_arg(c, 0));
}

static enum baton_status
change_controller(struct cli *c, struct trust_doc *d)
{
    return add_controller(c, d, cli_arg(c, 0));
}

static enum baton_status
change_quorum(struct cli *c, struct trust_doc *d)
{
    enum baton_status rc = BATON_OK;
    for (unsigned i = 0; i < c->args.count && rc == BATON_OK; i++)
        rc = set_quorum(c, d, cli_arg(c, i));
    return rc;
}

enum baton_status
cmd_trust_add_operator(struct cli *c)
{
    return next_document(c, change_add);
}

enum baton_status
cmd_trust_remove_operator(struct cli *c)
{
    return next_document(c, change_remove);
}

enum baton_status
cmd_trust_add_controller(struct cli *c)
{
    return next_document(c, change_controller);
}

enum baton_status
cmd_trust_quorum(struct cli *c)
{
    return next_document(c, change_quorum);
}
