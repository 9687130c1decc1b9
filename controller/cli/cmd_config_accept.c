#include "commands.h"
#include "common/crypto/crypto.h"
#include "common/text.h"
#include "common/verify/disposition_file.h"
#include "input.h"
#include "output.h"
#include "settings.h"
#include "trust_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROW_DIGITS_LEAST = 4, REPORT_BYTES_MAX = 64 * 1024 * 1024 };

static const char default_file[] = "dispositions.json";

/* The one row of the report whose digest begins like that. */
static enum baton_status
find_row(struct cli *c, const json_t *report, const json_t **ret_row)
{
    const char *named = cli_arg(c, 1);
    size_t i, found = 0;
    json_t *row;
    json_array_foreach(json_object_get(report, "rows"), i, row)
    {
        if (strncmp(json_text(row, "row"), named, strlen(named)) != 0)
            continue;
        *ret_row = row;
        found++;
    }
    if (found == 0 || strlen(named) < ROW_DIGITS_LEAST)
        return cli_fail(c, BATON_NOT_FOUND,
                        "%s has no row %.64s; baton config compare shows their digests",
                        cli_arg(c, 0), named);
    return found == 1 ? BATON_OK
                      : cli_fail(c, BATON_USAGE, "%zu rows begin with %.64s: give more digits",
                                 found, named);
}

static enum baton_status
report_read(struct cli *c, json_t **ret_report)
{
    char *text = NULL;
    size_t len;
    json_error_t where;
    enum baton_status rc = input_read(c, cli_arg(c, 0), REPORT_BYTES_MAX, &text, &len);
    if (rc != BATON_OK)
        return rc;
    *ret_report = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);
    free(text);
    if (*ret_report != NULL && json_is_array(json_object_get(*ret_report, "rows")))
        return BATON_OK;
    return cli_fail(c, BATON_MALFORMED,
                    "%s is no report: baton config compare OLD NEW --output json > FILE makes one",
                    cli_arg(c, 0));
}

/* Who signs: the card that was made with the key. */
static enum baton_status
signer_card(struct cli *c, struct trust_operator *ret_me)
{
    char key[PATH_BYTES], path[PATH_BYTES + 8];
    settings_path(config_text(c->config, "operator.key-file"), key);
    snprintf(path, sizeof path, "%s.card", key);
    return operator_card_read(c, cli_has(c, "card") ? cli_option(c, "card") : path, ret_me);
}

static enum baton_status
fill(struct cli *c, const json_t *row, const struct trust_operator *me, struct disposition *ret)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const char *kind = cli_has(c, "as") ? cli_option(c, "as") : "accepted";
    *ret = (struct disposition){.operator= me->id,
                                .kind = (uint8_t)disposition_kind_parse(kind),
                                .made_unix_ms =
                                    (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000};
    text_copy(ret->reason, sizeof ret->reason, cli_option(c, "reason"));
    crypto_random(ret->id.b, sizeof ret->id.b);
    const char *digest = json_text(row, "row");
    if (strlen(digest) != 2 * sizeof ret->row.b ||
        !baton_unhex(digest, ret->row.b, sizeof ret->row.b))
        return cli_fail(c, BATON_MALFORMED, "%s: a row has no digest", cli_arg(c, 0));
    return BATON_OK;
}

static enum baton_status
confirm(struct cli *c, const json_t *row, const struct disposition *d)
{
    output_show(c, "  %-10s %s  %s\n", "row", json_text(row, "class"), json_text(row, "subject"));
    output_show(c, "  %-10s %s\n", "means", json_text(row, "consequence"));
    output_show(c, "  %-10s %s: %s\n", "you say",
                disposition_kind_name((enum disposition_kind)d->kind), d->reason);
    if (secret_confirmed(c, "Type yes to sign:"))
        return BATON_OK;
    return cli_fail(c, BATON_FAILED, "not signed: nobody said yes; without a terminal --yes does");
}

static enum baton_status
sign(struct cli *c, const struct trust_operator *me, struct disposition_entry *e)
{
    uint8_t bytes[DISPOSITION_BYTES_MAX];
    struct crypto_signer signer;
    size_t len = disposition_encode(&e->sd.d, bytes);
    enum baton_status rc = signer_unlock(c, &signer);
    if (rc != BATON_OK)
        return rc;
    if (!baton_key_eq(&signer.key, &me->key))
        rc = cli_fail(c, BATON_DENIED, "the key file does not belong to the card of %s", me->name);
    else
        rc = crypto_sign_domain(signer.secret, DOMAIN_DISPOSITION, bytes, len, &e->sd.sig);
    e->key = signer.key;
    crypto_signer_done(&signer);
    return rc;
}

/* --- the file ----------------------------------------------------------------------------------- */

static enum baton_status
file_read(struct cli *c, const char *path, struct disposition_file *ret_file)
{
    char *text = NULL;
    size_t len;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return BATON_OK; /* the first one makes it */
    enum baton_status rc = input_read(c, path, DISPOSITION_FILE_BYTES_MAX, &text, &len);
    if (rc == BATON_OK)
        rc = disposition_file_read(text, len, crypto_digest_port(), ret_file, &c->err);
    free(text);
    if (rc == BATON_OK && ret_file->count == DISPOSITIONS_MAX)
        return cli_fail(c, BATON_LIMIT, "%s is full: %d decisions", path, DISPOSITIONS_MAX);
    return rc == BATON_OK ? BATON_OK : baton_wrap(&c->err, rc, "%s", path);
}

/* A new file takes the old one's place, so that a cut one never stands there. */
static enum baton_status
file_write(struct cli *c, const char *path, const struct disposition_file *file)
{
    char next[PATH_BYTES + 8];
    char *text = disposition_file_write(file);
    if (text == NULL)
        return cli_fail(c, BATON_NOMEM, "decisions");
    int n = snprintf(next, sizeof next, "%s.new", path);
    FILE *f = n > 0 && (size_t)n < sizeof next ? fopen(next, "we") : NULL;
    bool good =
        f != NULL && fprintf(f, "%s\n", text) > 0 && fflush(f) == 0 && fsync(fileno(f)) == 0;
    if (f != NULL && fclose(f) != 0)
        good = false;
    free(text);
    if (good && rename(next, path) == 0)
        return BATON_OK;
    if (f != NULL)
        (void)unlink(next);
    return cli_fail(c, BATON_IO, "%s cannot be written: %s", path, strerror(errno));
}

static enum baton_status
accept_row(struct cli *c, const json_t *report, struct disposition_file *file)
{
    const char *path = cli_has(c, "dispositions") ? cli_option(c, "dispositions") : default_file;
    const json_t *row = NULL;
    struct trust_operator me;
    enum baton_status rc = find_row(c, report, &row);
    if (rc == BATON_OK)
        rc = file_read(c, path, file);
    if (rc == BATON_OK)
        rc = signer_card(c, &me);
    if (rc != BATON_OK)
        return rc;
    struct disposition_entry *e = &file->entry[file->count++];
    text_copy(e->who, sizeof e->who, me.name);
    rc = fill(c, row, &me, &e->sd.d);
    if (rc == BATON_OK)
        rc = confirm(c, row, &e->sd.d);
    if (rc == BATON_OK)
        rc = sign(c, &me, e);
    if (rc == BATON_OK)
        rc = file_write(c, path, file);
    if (rc == BATON_OK)
        output_say(c,
                   "%.16s: %s, signed by %s; next: baton config compare OLD NEW --dispositions %s",
                   json_text(row, "row"),
                   disposition_kind_name((enum disposition_kind)e->sd.d.kind), me.name, path);
    return rc;
}

enum baton_status
cmd_config_accept(struct cli *c)
{
    json_t *report = NULL;
    const char *reason = cli_option(c, "reason");
    if (cli_has(c, "as") && disposition_kind_parse(cli_option(c, "as")) == DISPOSED_NONE)
        return cli_fail(c, BATON_USAGE, "--as accepted, fixed or not-applicable");
    if (reason == NULL || reason[0] == '\0' || strlen(reason) >= DISPOSITION_REASON_BYTES)
        return cli_fail(c, BATON_USAGE, "--reason with at most %d bytes: an auditor will read it",
                        DISPOSITION_REASON_BYTES - 1);
    struct disposition_file *file = calloc(1, sizeof *file);
    if (file == NULL)
        return cli_fail(c, BATON_NOMEM, "config accept");
    enum baton_status rc = report_read(c, &report);
    if (rc == BATON_OK)
        rc = accept_row(c, report, file);
    json_decref(report);
    free(file);
    return rc;
}
