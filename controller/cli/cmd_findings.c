#include "client.h"
#include "commands.h"
#include "live.h"
#include "output.h"
#include "settings.h"
#include "trust_client.h"

#include "baton/disposition.h"
#include "common/crypto/crypto.h"
#include "common/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { ROW_DIGITS_LEAST = 4 };

/* --- what was found ----------------------------------------------------------------------------- */

static const struct column finding_columns[] = {
    {"ROW", "row", COLUMN_SHORT},        {"SEVERITY", "severity", COLUMN_TEXT},
    {"OPEN", "open", COLUMN_YES},        {"RULE", "rule", COLUMN_TEXT},
    {"COUNT", "count", COLUMN_TEXT},     {"SUBJECT", "subject", COLUMN_TEXT},
    {"CONSEQUENCE", "why", COLUMN_TEXT},
};

static void
say_decisions(const struct cli *c, const json_t *items)
{
    json_t *row, *d;
    size_t i, n;
    json_array_foreach(items, i, row)
    {
        json_array_foreach(json_at(row, "dispositions"), n, d)
        {
            output_say(c, "%.16s %s by %s: %s", json_text(row, "row"), json_text(d, "kind"),
                       json_text(d, "name"), json_text(d, "reason"));
        }
    }
}

static enum baton_status
findings_once(struct cli *c)
{
    char id[ID_TEXT_BYTES];
    json_t *o;
    enum baton_status rc = client_cutover(c, cli_arg(c, 0), id);
    if (rc == BATON_OK)
        rc = client_get(c, &o, "/api/v1/cutovers/%s/findings", id);
    if (rc != BATON_OK)
        return rc;
    if (c->output == OUTPUT_JSON) {
        output_json(o);
    } else if (json_text(o, "findings")[0] == '\0') {
        output_say(c, "the new server's agent has sent no findings yet");
    } else {
        rc = output_list(c, finding_columns, ARRAY_LEN(finding_columns), json_at(o, "items"));
        say_decisions(c, json_at(o, "items"));
        output_say(c, "%lld open, %lld of them block", (long long)json_number(o, "open"),
                   (long long)json_number(o, "blocking"));
        if (json_number(o, "more") > 0)
            output_say(c, "%lld more were found than fit: mend the worst on the server first",
                       (long long)json_number(o, "more"));
        if (json_number(o, "open") > 0)
            output_say(c,
                       "next: mend it on the server, or baton cutover dispose %s ROW --as "
                       "accepted --reason '...'",
                       cli_arg(c, 0));
    }
    json_decref(o);
    return rc;
}

enum baton_status
cmd_cutover_findings(struct cli *c)
{
    return cli_has(c, "watch") ? live_watch(c, findings_once, "") : findings_once(c);
}

/* --- a person's word ---------------------------------------------------------------------------- */

/* The one row whose digest begins like that. */
static enum baton_status
find_row(struct cli *c, const json_t *items, const char *named, const json_t **ret_row)
{
    json_t *item;
    size_t i, found = 0;
    json_array_foreach(items, i, item)
    {
        if (strncmp(json_text(item, "row"), named, strlen(named)) != 0)
            continue;
        *ret_row = item;
        found++;
    }
    if (strlen(named) < ROW_DIGITS_LEAST || found == 0)
        return cli_fail(c, BATON_NOT_FOUND,
                        "no finding has a row %.64s; baton cutover findings %s lists them", named,
                        cli_arg(c, 0));
    if (found > 1)
        return cli_fail(c, BATON_USAGE, "%zu rows begin with %.64s: give more digits", found,
                        named);
    return BATON_OK;
}

static enum baton_status
fill(struct cli *c, const json_t *cutover, const json_t *row, const struct trust_operator *me,
     struct disposition *ret)
{
    const char *reason = cli_option(c, "reason");
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    *ret = (struct disposition){.operator= me->id,
                                .made_unix_ms =
                                    (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000};
    ret->kind = (uint8_t)disposition_kind_parse(cli_option(c, "as"));
    text_copy(ret->reason, sizeof ret->reason, reason);
    crypto_random(ret->id.b, sizeof ret->id.b);
    if (!baton_guid_parse(json_text(cutover, "tenant"), &ret->tenant) ||
        !baton_unhex(json_text(row, "row"), ret->row.b, sizeof ret->row.b))
        return cli_fail(c, BATON_MALFORMED, "the controller names no tenant or no row");
    return BATON_OK;
}

static void
show(const struct cli *c, const json_t *row, const struct disposition *d)
{
    output_show(c, "  %-10s %s  %s\n", "finding", json_text(row, "rule"),
                json_text(row, "subject"));
    output_show(c, "  %-10s %s\n", "means", json_text(row, "why"));
    output_show(c, "  %-10s %s: %s\n", "you say",
                disposition_kind_name((enum disposition_kind)d->kind), d->reason);
}

static enum baton_status
send_signed(struct cli *c, const char *id, const struct trust_operator *me,
            const struct disposition *d)
{
    uint8_t bytes[DISPOSITION_BYTES_MAX];
    char path[CLIENT_PATH_BYTES], hex[2 * DISPOSITION_BYTES_MAX + 1],
        sig_hex[2 * BATON_SIG_BYTES + 1];
    struct crypto_signer signer;
    struct baton_sig sig;
    size_t len = disposition_encode(d, bytes);
    enum baton_status rc = signer_unlock(c, &signer);
    if (rc != BATON_OK)
        return rc;
    if (!baton_key_eq(&signer.key, &me->key))
        rc = cli_fail(c, BATON_DENIED, "the key file does not belong to %s", me->name);
    else
        rc = crypto_sign_domain(signer.secret, DOMAIN_DISPOSITION, bytes, len, &sig);
    crypto_signer_done(&signer);
    if (rc != BATON_OK)
        return rc;
    baton_hex(bytes, len, hex);
    baton_hex(sig.b, sizeof sig.b, sig_hex);
    snprintf(path, sizeof path, "/api/v1/cutovers/%s/dispositions", id);
    return client_send(c, "POST", path, json_pack("{s:s, s:s}", "bytes", hex, "signature", sig_hex),
                       NULL, NULL);
}

static enum baton_status
dispose(struct cli *c, const char *id, const json_t *cutover, const json_t *findings)
{
    struct trust_known *trust = NULL;
    const struct trust_operator *me = NULL;
    const json_t *row = NULL;
    struct disposition d;
    enum baton_status rc = find_row(c, json_at(findings, "items"), cli_arg(c, 1), &row);
    if (rc == BATON_OK)
        rc = trust_fetch(c, &trust);
    if (rc == BATON_OK)
        rc = trust_me(c, trust, &me);
    if (rc == BATON_OK)
        rc = fill(c, cutover, row, me, &d);
    if (rc == BATON_OK) {
        show(c, row, &d);
        if (!secret_confirmed(c, "Type yes to sign:"))
            rc = cli_fail(c, BATON_FAILED,
                          "not signed: nobody said yes; without a terminal --yes does");
    }
    if (rc == BATON_OK)
        rc = send_signed(c, id, me, &d);
    if (rc == BATON_OK)
        output_say(c, "%.16s: %s, signed by %s", json_text(row, "row"),
                   disposition_kind_name((enum disposition_kind)d.kind), me->name);
    trust_known_free(&trust);
    return rc;
}

enum baton_status
cmd_cutover_dispose(struct cli *c)
{
    char id[ID_TEXT_BYTES];
    json_t *cutover = NULL, *findings = NULL;
    const char *kind = cli_option(c, "as"), *reason = cli_option(c, "reason");
    if (kind == NULL || disposition_kind_parse(kind) == DISPOSED_NONE)
        return cli_fail(c, BATON_USAGE, "--as accepted, fixed or not-applicable");
    if (reason == NULL || reason[0] == '\0' || strlen(reason) >= DISPOSITION_REASON_BYTES)
        return cli_fail(c, BATON_USAGE, "--reason with at most %d bytes: an auditor will read it",
                        DISPOSITION_REASON_BYTES - 1);
    enum baton_status rc = client_cutover(c, cli_arg(c, 0), id);
    if (rc == BATON_OK)
        rc = client_get(c, &cutover, "/api/v1/cutovers/%s", id);
    if (rc == BATON_OK)
        rc = client_get(c, &findings, "/api/v1/cutovers/%s/findings", id);
    if (rc == BATON_OK)
        rc = dispose(c, id, cutover, findings);
    json_decref(cutover);
    json_decref(findings);
    return rc;
}
