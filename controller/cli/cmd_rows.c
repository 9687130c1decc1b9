#include "client.h"
#include "commands.h"
#include "output.h"
#include "sign.h"
#include "trust_client.h"

#include "common/crypto/letter.h"
#include "common/verify/object_rows.h"
#include "common/verify/rules.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fetched {
    struct cli *c;
    char id[ID_TEXT_BYTES]; /* of the cutover */
    json_t *cutover, *findings;
    struct trust_known *trust;
    const struct trust_operator *me;
    struct plan plan;
    struct baton_hash plan_hash;
    uint8_t *bytes;
    size_t len;
    struct letter letter;
    struct object_rows rows;
};

static void
fetched_done(struct fetched *f)
{
    json_decref(f->cutover);
    json_decref(f->findings);
    trust_known_free(&f->trust);
    free(f->bytes);
    object_rows_done(&f->rows);
}

/* --- whose rows they are -------------------------------------------------------------------------- */

/* Everything that the rows are held against: what is believed here, not what came with them. */
static enum baton_status
fetch_what_they_belong_to(struct fetched *f)
{
    struct cli *c = f->c;
    enum baton_status rc = client_cutover(c, cli_arg(c, 0), f->id);
    if (rc == BATON_OK)
        rc = client_get(c, &f->cutover, "/api/v1/cutovers/%s", f->id);
    if (rc == BATON_OK)
        rc = client_get(c, &f->findings, "/api/v1/cutovers/%s/findings", f->id);
    if (rc == BATON_OK && json_text(f->findings, "findings")[0] == '\0')
        rc = cli_fail(c, BATON_NOT_FOUND, "the new server's agent has sent no findings yet");
    if (rc == BATON_OK)
        rc = trust_fetch(c, &f->trust);
    if (rc == BATON_OK)
        rc = trust_me(c, f->trust, &f->me);
    if (rc == BATON_OK)
        rc = plan_fetch(c, f->id, f->cutover, &f->plan, &f->plan_hash);
    if (rc == BATON_OK)
        rc = plan_check_members(c, f->trust, &f->plan);
    return rc;
}

static enum baton_status
check_letter(struct fetched *f)
{
    const struct letter_about *about = &f->letter.about;
    const struct plan_member *new = &f->plan.member[f->plan.recipient];
    char findings[65];
    baton_hex(about->findings.b, sizeof about->findings.b, findings);
    if (!baton_key_eq(&about->sender, &new->key) || !baton_id_eq(&about->tenant, &f->plan.tenant) ||
        !baton_id_eq(&about->plan, &f->plan.id))
        return cli_fail(
            f->c, BATON_REFUSED,
            "these rows are not signed by the agent on %s for this plan: the controller "
            "sent others",
            new->host);
    if (strcmp(findings, json_text(f->findings, "findings")) != 0)
        return cli_fail(f->c, BATON_CONFLICT,
                        "the rows are older than the findings: the next ones come by themselves; "
                        "ask again in a minute");
    return BATON_OK;
}

static void
names_of(const struct fetched *f, char *out, size_t cap)
{
    size_t used = 0;
    out[0] = '\0';
    for (uint8_t i = 0; i < f->letter.address_count && used < cap; i++) {
        const struct trust_operator *op = trust_operator_find(&f->trust->doc, &f->letter.to[i]);
        int n = snprintf(out + used, cap - used, "%s%s", i > 0 ? ", " : "",
                         op != NULL ? op->name : "somebody who left");
        used += n > 0 ? (size_t)n : 0;
    }
}

/* Before a passphrase is asked for. */
static enum baton_status
check_addressed(struct fetched *f)
{
    char names[512];
    for (uint8_t i = 0; i < f->letter.address_count; i++)
        if (baton_id_eq(&f->letter.to[i], &f->me->id))
            return BATON_OK;
    names_of(f, names, sizeof names);
    return cli_fail(
        f->c, BATON_DENIED,
        "the rows are not sealed to %s, but to %s: ask one of them, or let the owner of "
        "the root key give you the role approve",
        f->me->name, names);
}

static enum baton_status
fetch_letter(struct fetched *f)
{
    char path[CLIENT_PATH_BYTES];
    snprintf(path, sizeof path, "/api/v1/cutovers/%s/rows", f->id);
    enum baton_status rc = client_post_bytes(f->c, path, &f->bytes, &f->len);
    if (rc == BATON_OK)
        rc = letter_read(f->bytes, f->len, crypto_digest_port(), &f->letter, &f->c->err);
    if (rc == BATON_OK)
        rc = check_letter(f);
    return rc == BATON_OK ? check_addressed(f) : rc;
}

/* --- opening -------------------------------------------------------------------------------------- */

/* The envelope was signed; what lay in it must say the same. */
static enum baton_status
check_document(struct fetched *f)
{
    const struct object_rows *r = &f->rows;
    const struct letter_about *about = &f->letter.about;
    if (baton_id_eq(&r->tenant, &about->tenant) && baton_id_eq(&r->plan, &about->plan) &&
        baton_key_eq(&r->agent, &about->sender) && baton_hash_eq(&r->findings, &about->findings))
        return BATON_OK;
    return cli_fail(f->c, BATON_REFUSED, "the rows inside belong to something else");
}

static enum baton_status
open_letter(struct fetched *f)
{
    struct crypto_signer key;
    uint8_t *packed = NULL;
    size_t len = 0;
    enum baton_status rc = signer_unlock(f->c, &key);
    if (rc != BATON_OK)
        return rc;
    rc = letter_open(&f->letter, &f->me->id, &key, &packed, &len, &f->c->err);
    crypto_signer_done(&key);
    if (rc != BATON_OK)
        return rc;
    rc = object_rows_read(packed, len, &f->rows, &f->c->err);
    crypto_wipe(packed, len);
    free(packed);
    return rc == BATON_OK ? check_document(f) : rc;
}

/* --- showing -------------------------------------------------------------------------------------- */

static const struct column row_columns[] = {
    {"OPERATION", "operation", COLUMN_TEXT},
    {"TYPE", "type", COLUMN_TEXT},
    {"DN", "dn", COLUMN_TEXT},
    {"ANCHOR", "anchor", COLUMN_TEXT},
    {"NAME", "name", COLUMN_TEXT},
    {"SET", "set", COLUMN_TEXT},
    {"CHANGED", "changed", COLUMN_TEXT},
    {"CLEARED", "cleared", COLUMN_TEXT},
    {"RULES", "rules", COLUMN_TEXT},
};

static json_t *
view_row(const struct object_rows *rows, const struct object_row *row)
{
    json_t *o =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:[], s:[], s:[], s:[], s:I}", "operation",
                  object_operation_name((enum csexport_operation)row->operation), "type", row->type,
                  "dn", row->dn, "anchor", row->anchor, "name", row->person, "set", "changed",
                  "cleared", "rules", "attributes_left_out", (json_int_t)row->attributes_left_out);
    for (uint32_t i = 0; i < row->attribute_count; i++) {
        const char *kind = object_change_name((enum csexport_change_kind)row->attribute[i].kind);
        json_array_append_new(json_object_get(o, kind), json_string(row->attribute[i].name));
    }
    for (uint8_t i = 0; i < rows->rule_count; i++)
        if ((row->rules >> i & 1) != 0)
            json_array_append_new(json_object_get(o, "rules"), json_string(rows->rule[i]));
    return o;
}

static json_t *
view_rows(const struct fetched *f, uint32_t mask)
{
    const struct object_rows *rows = &f->rows;
    char findings[65], file[65];
    json_t *items = json_array();
    baton_hex(rows->findings.b, sizeof rows->findings.b, findings);
    baton_hex(rows->file.b, sizeof rows->file.b, file);
    for (uint32_t i = 0; i < rows->count; i++)
        if ((rows->row[i]->rules & mask) != 0)
            json_array_append_new(items, view_row(rows, rows->row[i]));
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:o}", "findings", findings, "file", file,
                     "host", f->plan.member[f->plan.recipient].host, "made_unix_ms",
                     (json_int_t)rows->made_unix_ms, "rows", (json_int_t)rows->count, "left_out",
                     (json_int_t)rows->left_out, "items", items);
}

static void
say_more(const struct fetched *f, const json_t *o)
{
    char made[32], names[512];
    format_time(f->rows.made_unix_ms, made, sizeof made);
    names_of(f, names, sizeof names);
    output_say(f->c, "%zu of %u rows, sealed on %s at %s to %s",
               json_array_size(json_at(o, "items")), (unsigned)f->rows.count, json_text(o, "host"),
               made, names);
    if (f->rows.left_out > 0)
        output_say(f->c,
                   "%" PRIu64 " more rows did not fit, the mildest: on the server, baton exports "
                   "analyze counts them all",
                   f->rows.left_out);
}

static enum baton_status
show(struct fetched *f)
{
    const char *rule = cli_option(f->c, "rule");
    uint32_t mask = rule == NULL ? UINT32_MAX : object_rows_rule(&f->rows, rule);
    if (mask == 0)
        return cli_fail(f->c, BATON_NOT_FOUND,
                        "no row belongs to %s: rows are about pending exports (EX-*)", rule);
    json_t *o = view_rows(f, mask);
    if (o == NULL)
        return cli_fail(f->c, BATON_NOMEM, "no memory for the rows");
    enum baton_status rc = BATON_OK;
    if (f->c->output == OUTPUT_JSON)
        output_json(o);
    else
        rc = output_list(f->c, row_columns, ARRAY_LEN(row_columns), json_at(o, "items"));
    say_more(f, o);
    json_decref(o);
    return rc;
}

enum baton_status
cmd_cutover_rows(struct cli *c)
{
    struct fetched f = {.c = c};
    const char *rule = cli_option(c, "rule");
    if (rule != NULL && verify_rule_named(rule) == NULL)
        return cli_fail(c, BATON_USAGE,
                        "there is no rule %.24s: baton cutover findings %s shows those that found "
                        "something",
                        rule, cli_arg(c, 0));
    enum baton_status rc = fetch_what_they_belong_to(&f);
    if (rc == BATON_OK)
        rc = fetch_letter(&f);
    if (rc == BATON_OK)
        rc = open_letter(&f);
    if (rc == BATON_OK)
        rc = show(&f);
    fetched_done(&f);
    return rc;
}
