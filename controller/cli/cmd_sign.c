#include "commands.h"
#include "common/crypto/file_digest.h"
#include "cutover.h"
#include "output.h"
#include "settings.h"
#include "sign.h"

#include "baton/statement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* begin, let `extra` fill in what this verb needs, show, unlock, send. Then the verb itself, when one
 * is given: the controller needs the approval before it acts. */
static enum baton_status
sign_and(struct cli *c, enum approval_verb verb, enum baton_status (*extra)(struct signing *s),
         const char *then)
{
    struct signing *s = calloc(1, sizeof *s);
    char id[ID_TEXT_BYTES] = "";
    if (s == NULL)
        return cli_fail(c, BATON_NOMEM, "sign");
    enum baton_status rc = signing_begin(s, c, cli_arg(c, 0), verb);
    if (rc == BATON_OK && extra != NULL)
        rc = extra(s);
    if (rc == BATON_OK && !signing_confirmed(s))
        rc = c->err.status;
    if (rc == BATON_OK)
        rc = signing_unlock(s);
    if (rc == BATON_OK)
        rc = signing_send(s);
    if (rc == BATON_OK)
        output_say(c, "%s: signed by %s", approval_verb_name(verb), s->me->name);
    snprintf(id, sizeof id, "%s", s->id);
    signing_done(s);
    free(s);
    if (rc == BATON_OK && then != NULL)
        rc = cutover_send_verb(c, id, then, NULL);
    if (rc == BATON_OK && then != NULL)
        rc = cutover_wait_after(c, id, then);
    return rc;
}

/* What the state of the cutover waits for. */
static enum baton_status
verb_wanted(struct cli *c, enum approval_verb *ret_verb)
{
    static const struct {
        const char *code;
        enum approval_verb verb;
    } wanted[] = {
        {"P2", VERB_PLAN},    {"S6", VERB_CUTOVER},  {"C1", VERB_CUTOVER},
        {"C2", VERB_CUTOVER}, {"C3", VERB_CUTOVER},  {"D2", VERB_RETIRE},
        {"X2", VERB_CUTOVER}, {"R1", VERB_ROLLBACK}, {"X3", VERB_CUTOVER},
    };
    char id[ID_TEXT_BYTES];
    json_t *cutover;
    const char *named = cli_option(c, "for");
    if (named != NULL) {
        *ret_verb = approval_verb_parse(named);
        if (*ret_verb == VERB_DISARM || *ret_verb == VERB_READMIT)
            return cli_fail(c, BATON_USAGE, "that is about one server: baton agent %s TENANT HOST",
                            named);
        if (*ret_verb == VERB_NONE || *ret_verb == VERB_GO || *ret_verb == VERB_ATTEST)
            return cli_fail(c, BATON_USAGE, "--for plan, adopt, cutover, rollback or retire");
        return BATON_OK;
    }
    enum baton_status rc = client_cutover(c, cli_arg(c, 0), id);
    if (rc == BATON_OK)
        rc = client_get(c, &cutover, "/api/v1/cutovers/%s", id);
    if (rc != BATON_OK)
        return rc;
    *ret_verb = VERB_NONE;
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        if (strcmp(wanted[i].code, json_text(cutover, "state.code")) == 0)
            *ret_verb = wanted[i].verb;
    if (*ret_verb == VERB_NONE)
        rc = cli_fail(c, BATON_CONFLICT,
                      "in %s (%s) no approval is waited for; --for VERB signs ahead",
                      json_text(cutover, "state.code"), json_text(cutover, "state.title"));
    json_decref(cutover);
    return rc;
}

/* A server of the record that the plan leaves out, by host or by the beginning of its key: towards the
 * plan's holder, but an Entra Connect server is left out only towards the next one. */
static enum baton_status
fill_left_out(struct signing *s)
{
    const char *named = cli_option(s->c, "host");
    const json_t *members = json_at(s->cutover, "authority.members"), *found = NULL;
    json_t *item;
    size_t i;
    json_array_foreach(members, i, item)
    {
        struct baton_key key;
        if (!baton_unhex(json_text(item, "key"), key.b, sizeof key.b) ||
            plan_member_index(&s->plan, &key) >= 0 ||
            (strcasecmp(json_text(item, "host"), named) != 0 &&
             (strlen(named) < 4 || strncmp(json_text(item, "key"), named, strlen(named)) != 0)))
            continue;
        found = item;
        s->approval.subject = key;
    }
    if (found == NULL)
        return cli_fail(s->c, BATON_NOT_FOUND, "the plan leaves out no server %.60s", named);
    bool forward = strcmp(json_text(found, "product"), product_name(PRODUCT_CONNECT)) == 0 &&
                   product_is_legacy((enum product)s->plan.member[s->plan.holder].product);
    s->approval.recipient = s->plan.member[forward ? s->plan.recipient : s->plan.holder].key;
    output_show(s->c, "you say that the server with the key %.16s is gone for good\n",
                json_text(found, "key"));
    return BATON_OK;
}

enum baton_status
cmd_cutover_approve(struct cli *c)
{
    enum approval_verb verb;
    enum baton_status rc = verb_wanted(c, &verb);
    if (rc == BATON_OK && cli_has(c, "host") && verb != VERB_RETIRE)
        return cli_fail(c, BATON_USAGE, "--host goes with --for retire");
    return rc == BATON_OK ? sign_and(c, verb, cli_has(c, "host") ? fill_left_out : NULL, NULL) : rc;
}

static enum baton_status
state_of(struct cli *c, char ret_id[ID_TEXT_BYTES], char ret_code[8])
{
    json_t *cutover;
    enum baton_status rc = client_cutover(c, cli_arg(c, 0), ret_id);
    if (rc == BATON_OK)
        rc = client_get(c, &cutover, "/api/v1/cutovers/%s", ret_id);
    if (rc != BATON_OK)
        return rc;
    snprintf(ret_code, 8, "%s", json_text(cutover, "state.code"));
    json_decref(cutover);
    return BATON_OK;
}

/* Only where something was fenced is there anything to sign. */
enum baton_status
cmd_cutover_rollback(struct cli *c)
{
    char id[ID_TEXT_BYTES], code[8];
    enum baton_status rc = state_of(c, id, code);
    if (rc != BATON_OK)
        return rc;
    if (strcmp(code, "C1") != 0 && strchr("CXR", code[0]) != NULL)
        return sign_and(c, VERB_ROLLBACK, NULL, "rollback");
    rc = cutover_send_verb(c, id, "rollback", NULL);
    return rc == BATON_OK ? cutover_wait_after(c, id, "rollback") : rc;
}

/* In place of what no server can see: which account, and that it is gone. */
static enum baton_status
fill_account_gone(struct signing *s)
{
    uint64_t bytes;
    return file_digest(cli_option(s->c, "account-gone"), &s->approval.seen, &bytes, &s->c->err);
}

enum baton_status
cmd_cutover_retire(struct cli *c)
{
    return sign_and(c, VERB_RETIRE, cli_has(c, "account-gone") ? fill_account_gone : NULL,
                    "retire");
}

/* In a plan that waits the approval alone is missing; out of a hold the verb follows; while the
 * servers are asked to adopt, the verb asks them again. */
enum baton_status
cmd_cutover_adopt(struct cli *c)
{
    char id[ID_TEXT_BYTES], code[8];
    enum baton_status rc = state_of(c, id, code);
    if (rc != BATON_OK)
        return rc;
    if (code[0] == 'S')
        return cutover_send_verb(c, id, "adopt", NULL);
    return sign_and(c, VERB_ADOPT, NULL, code[0] == 'X' ? "adopt" : NULL);
}

/* The controller refuses it too; here before anybody has typed a passphrase. */
static enum baton_status
check_life(struct signing *s)
{
    char most[32];
    json_t *o;
    enum baton_status rc = client_get(s->c, &o, "/api/v1/controller");
    if (rc != BATON_OK)
        return rc;
    uint64_t theirs = (uint64_t)json_number(o, "unix_ms");
    json_decref(o);
    if (!approval_lives_too_long(&s->approval, &s->plan.policy, theirs))
        return BATON_OK;
    format_duration(approval_life_max_ms(s->verb, &s->plan.policy), most, sizeof most);
    return cli_fail(s->c, BATON_REFUSED,
                    "by the controller's clock it would live longer than the %s that agents take: "
                    "set this clock, then baton cutover attest %.60s --host %.60s --seen FILE",
                    most, cli_arg(s->c, 0), cli_option(s->c, "host"));
}

/* Break-glass: which member, and the digest of what was seen of it. */
static enum baton_status
fill_attest(struct signing *s)
{
    uint64_t bytes;
    const char *host = cli_option(s->c, "host"), *seen = cli_option(s->c, "seen");
    const json_t *epoch = json_at(s->cutover, "authority.epoch");
    const char *incarnation = json_text(epoch, "incarnation");
    if (host == NULL || seen == NULL)
        return cli_fail(s->c, BATON_USAGE, "--host HOST and --seen FILE are needed");
    for (uint8_t i = 0; i < s->plan.member_count; i++)
        if (strcasecmp(s->plan.member[i].host, host) == 0)
            s->approval.subject = s->plan.member[i].key;
    if (baton_key_is_zero(&s->approval.subject))
        return cli_fail(s->c, BATON_NOT_FOUND, "the plan has no server %.60s", host);
    s->approval.epoch.counter = (uint64_t)json_number(epoch, "counter");
    if (!baton_unhex(incarnation, s->approval.epoch.incarnation.b, BATON_ID_BYTES))
        return cli_fail(s->c, BATON_MALFORMED, "the controller does not name the epoch");
    enum baton_status rc = check_life(s);
    return rc == BATON_OK ? file_digest(seen, &s->approval.seen, &bytes, &s->c->err) : rc;
}

enum baton_status
cmd_cutover_attest(struct cli *c)
{
    return sign_and(c, VERB_ATTEST, fill_attest, NULL);
}

/* --- about one server ------------------------------------------------------------------------- */

/* signing_begin took that server, and nothing else, in the place of a plan. */
static enum baton_status
fill_subject(struct signing *s)
{
    s->approval.subject = s->plan.member[0].key;
    return BATON_OK;
}

/* The controller refuses it too; here before anybody has typed a passphrase. */
static enum baton_status
fill_disarm(struct signing *s)
{
    char subject[2 * BATON_KEY_BYTES + 1];
    json_t *item;
    size_t i;
    enum baton_status rc = fill_subject(s);
    baton_hex(s->approval.subject.b, BATON_KEY_BYTES, subject);
    json_array_foreach(json_at(s->cutover, "authority.members"), i, item)
    {
        if (strcmp(json_text(item, "key"), subject) == 0 && json_flag(item, "tamper"))
            rc = cli_fail(s->c, BATON_CONFLICT,
                          "an alarm is open on %.60s and its agent obeys no disarm: first baton "
                          "cutover challenge %.60s, then acknowledge",
                          json_text(item, "host"), cli_arg(s->c, 0));
    }
    return rc;
}

enum baton_status
cmd_agent_disarm(struct cli *c)
{
    return sign_and(c, VERB_DISARM, fill_disarm, NULL);
}

/* As the server itself signed it, not as the controller tells. */
static enum baton_status
read_statement(struct signing *s, const json_t *answer, const struct baton_key *by,
               struct statement *ret_said)
{
    static uint8_t bytes[STATEMENT_BYTES_MAX];
    struct baton_sig sig;
    const char *hex = json_text(answer, "bytes"), *sig_hex = json_text(answer, "signature");
    size_t len = strlen(hex) / 2;
    if (len > sizeof bytes || strlen(hex) != 2 * len || !baton_unhex(hex, bytes, len) ||
        strlen(sig_hex) != 2 * sizeof sig.b || !baton_unhex(sig_hex, sig.b, sizeof sig.b))
        return cli_fail(s->c, BATON_MALFORMED, "the server's statement cannot be read");
    if (!crypto_verify_domain(by, DOMAIN_STATEMENT, bytes, len, &sig) ||
        statement_decode(bytes, len, ret_said) != BATON_OK ||
        !baton_key_eq(&ret_said->member, by) || !baton_id_eq(&ret_said->tenant, &s->plan.tenant))
        return cli_fail(s->c, BATON_REFUSED, "the statement is not signed by that server's key");
    return BATON_OK;
}

/* BATON_NOT_FOUND: it has not spoken in this tenant. */
static enum baton_status
fetch_statement(struct signing *s, const struct baton_key *of, struct statement *ret_said)
{
    char guid[37], key[2 * BATON_KEY_BYTES + 1];
    json_t *answer;
    baton_guid_format(&s->plan.tenant, guid);
    baton_hex(of->b, BATON_KEY_BYTES, key);
    enum baton_status rc =
        client_get(s->c, &answer, "/api/v1/tenants/%s/agents/%s/statement", guid, key);
    if (rc != BATON_OK)
        return rc;
    rc = read_statement(s, answer, of, ret_said);
    json_decref(answer);
    return rc;
}

static enum baton_status
take_machine(struct signing *s, const struct statement *said)
{
    char generation[33], guid[33], disk[33];
    machine_digest(&said->machine, crypto_digest_port(), &s->approval.seen);
    baton_hex(said->machine.generation.b, BATON_ID_BYTES, generation);
    baton_hex(said->machine.guid.b, BATON_ID_BYTES, guid);
    baton_hex(said->machine.disk.b, BATON_ID_BYTES, disk);
    output_show(s->c,
                "quarantined for: %s\ngeneration id  %s\nmachine guid   %s\nsystem disk    %s\n\n",
                quarantine_name((enum quarantine_cause)said->quarantine), generation, guid, disk);
    if (said->quarantine == QUARANTINE_NONE)
        return cli_fail(s->c, BATON_CONFLICT, "%s is not quarantined", cli_arg(s->c, 1));
    return BATON_OK;
}

/* One server's word against the record that the signature names. */
static enum baton_status
compare_promise(struct signing *s, const char *host, const struct baton_key *key)
{
    static struct statement said;
    enum baton_status rc = fetch_statement(s, key, &said);
    if (rc == BATON_NOT_FOUND) {
        output_show(s->c, "%-14s has signed nothing that this controller knows\n", host);
        s->c->err = (struct baton_err){0};
        return BATON_OK;
    }
    if (rc != BATON_OK)
        return rc;
    output_show(s->c, "%-14s signed that it promised epoch %llu\n", host,
                (unsigned long long)said.epoch.counter);
    if (epoch_cmp(&said.epoch, &s->approval.base) <= 0)
        return BATON_OK;
    return cli_fail(s->c, BATON_CONFLICT,
                    "%.60s has promised epoch %llu, the record says %llu: it is older than its "
                    "servers, and confirm-foreign comes first: baton cutover explain %.60s",
                    host, (unsigned long long)said.epoch.counter,
                    (unsigned long long)s->approval.base.counter, cli_arg(s->c, 0));
}

/* What such a server signed may be older than what it knows. */
static void
show_unheard(struct signing *s)
{
    const json_t *a = json_at(s->cutover, "authority");
    char started[32];
    json_t *item;
    size_t i;
    if (!json_flag(a, "recovering"))
        return;
    format_time((uint64_t)json_number(a, "controller_started_unix_ms"), started, sizeof started);
    output_show(s->c,
                "not every server was heard since this controller started (%s): what they signed "
                "may be older than what they know\n",
                started);
    json_array_foreach(json_object_get(a, "members"), i, item)
    {
        if (json_flag(item, "awaited"))
            output_show(s->c, "%-14s was not heard: bring it up before you sign\n",
                        json_text(item, "host"));
    }
}

/* The readmitted server rises to the record's epoch, since its own memory of it is gone: too low a one
 * would let it promise again what it has promised before. What the servers signed shows a record that
 * was put back; whoever knows a higher epoch than all of these does not sign. */
static enum baton_status
compare_promises(struct signing *s)
{
    char guid[37];
    json_t *page, *item;
    size_t i;
    baton_guid_format(&s->plan.tenant, guid);
    output_show(s->c, "you sign that nothing above epoch %llu was ever promised\n",
                (unsigned long long)s->approval.base.counter);
    show_unheard(s);
    enum baton_status rc = client_get(s->c, &page, "/api/v1/tenants/%s/agents", guid);
    if (rc != BATON_OK)
        return rc;
    json_array_foreach(json_object_get(page, "items"), i, item)
    {
        struct baton_key key;
        if (rc == BATON_OK && !json_flag(item, "revoked") &&
            baton_unhex(json_text(item, "key"), key.b, sizeof key.b))
            rc = compare_promise(s, json_text(item, "host"), &key);
    }
    json_decref(page);
    return rc;
}

/* As the controller does: also where what the servers know more is not an epoch but records. */
static enum baton_status
check_reconciled(struct signing *s)
{
    if (!json_flag(s->cutover, "authority.reconcile"))
        return BATON_OK;
    return cli_fail(
        s->c, BATON_CONFLICT,
        "a server knows more than this record: it is older than its servers, its epoch is "
        "too low to readmit under, and confirm-foreign comes first: baton cutover "
        "explain %.60s",
        cli_arg(s->c, 0));
}

static enum baton_status
fill_readmit(struct signing *s)
{
    static struct statement said;
    enum baton_status rc = fill_subject(s);
    if (rc == BATON_OK)
        rc = check_reconciled(s);
    if (rc == BATON_OK)
        rc = fetch_statement(s, &s->approval.subject, &said);
    if (rc == BATON_OK)
        rc = take_machine(s, &said);
    return rc == BATON_OK ? compare_promises(s) : rc;
}

enum baton_status
cmd_agent_readmit(struct cli *c)
{
    return sign_and(c, VERB_READMIT, fill_readmit, NULL);
}
