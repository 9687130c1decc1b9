#include "client.h"
#include "commands.h"
#include "common/audit/bundle.h"
#include "common/audit/certificate.h"
#include "input.h"
#include "output.h"
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- export ----------------------------------------------------------------------------------- */

struct saving {
    int fd;
    uint64_t bytes;
    bool failed;
};

static bool
save_bytes(void *ctx, const char *bytes, size_t len)
{
    struct saving *s = ctx;
    for (size_t done = 0; done < len;) {
        ssize_t n = write(s->fd, bytes + done, len - done);
        if (n < 0 && errno != EINTR) {
            s->failed = true;
            return false;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    s->bytes += len;
    return true;
}

static enum baton_status
download(struct cli *c, const char *path, struct saving *s)
{
    struct http_answer answer;
    struct http_sink sink = {.ctx = s, .bytes = save_bytes};
    struct http_request q = {.method = "GET", .path = path};
    enum baton_status rc = client_open(c);
    if (rc == BATON_OK)
        rc = http_stream(c->http, &q, &sink, &answer, &c->err);
    if (rc != BATON_OK)
        return rc;
    if (answer.status != 200)
        rc = client_refused(c, &answer);
    else if (s->failed || fsync(s->fd) != 0)
        rc = cli_fail(c, BATON_IO, "the file cannot be written: %s", strerror(errno));
    http_answer_done(&answer);
    return rc;
}

enum baton_status
cmd_audit_export(struct cli *c)
{
    char path[CLIENT_PATH_BYTES] = "/api/v1/audit/export", guid[ID_TEXT_BYTES];
    const char *file = cli_arg(c, 0);
    enum baton_status rc = BATON_OK;
    if (cli_has(c, "tenant")) {
        rc = client_tenant(c, cli_option(c, "tenant"), guid);
        snprintf(path, sizeof path, "/api/v1/audit/export?tenant=%s", guid);
    }
    if (rc != BATON_OK)
        return rc;
    struct saving s = {.fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (s.fd < 0)
        return cli_fail(c, errno == EEXIST ? BATON_CONFLICT : BATON_IO, "%s: %s", file,
                        strerror(errno));
    rc = download(c, path, &s);
    close(s.fd);
    if (rc != BATON_OK)
        unlink(file);
    else
        output_say(c, "%" PRIu64 " bytes; next: baton audit verify %s", s.bytes, file);
    return rc;
}

/* --- verify ----------------------------------------------------------------------------------- */

/* The pinned root, when there is one. */
static bool
root_pinned(struct cli *c, struct baton_key *ret_root)
{
    const char *text = config_text(c->config, "controller.root");
    return text != NULL && text[0] != '\0' && strlen(text) == 2 * sizeof ret_root->b &&
           baton_unhex(text, ret_root->b, sizeof ret_root->b);
}

static json_t *
view_bundle(const struct audit_report *r)
{
    char root[65], print[65];
    baton_hex(r->root.b, sizeof r->root.b, root);
    baton_hex(r->root_key_fingerprint.b, sizeof r->root_key_fingerprint.b, print);
    json_t *gaps = json_array();
    for (int i = 0; i < AUDIT_GAP_COUNT; i++)
        if (r->gap[i])
            json_array_append_new(gaps, json_string(audit_gap_text((enum audit_gap)i)));
    return json_pack(
        "{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:o}",
        "verdict", audit_verdict_name(r->verdict), "why", r->why, "bad_seq", (json_int_t)r->bad_seq,
        "records", (json_int_t)r->records, "withheld", (json_int_t)r->withheld, "tenants",
        (json_int_t)r->tenants, "statements", (json_int_t)r->statements, "approvals",
        (json_int_t)r->approvals, "orders", (json_int_t)r->orders, "grants", (json_int_t)r->grants,
        "breaches", (json_int_t)r->breaches, "receipts", (json_int_t)r->receipts, "signed_size",
        (json_int_t)r->signed_size, "root", root, "root_key_fingerprint", print, "not_proved",
        gaps);
}

static const struct column bundle_columns[] = {
    {"verdict", "verdict", COLUMN_TEXT},
    {"why", "why", COLUMN_TEXT},
    {"records", "records", COLUMN_TEXT},
    {"withheld", "withheld", COLUMN_TEXT},
    {"tenants", "tenants", COLUMN_TEXT},
    {"orders", "orders", COLUMN_TEXT},
    {"statements", "statements", COLUMN_TEXT},
    {"approvals", "approvals", COLUMN_TEXT},
    {"grants", "grants", COLUMN_TEXT},
    {"breaches", "breaches", COLUMN_TEXT},
    {"signed up to", "signed_size", COLUMN_TEXT},
    {"receipts", "receipts", COLUMN_TEXT},
    {"tree head", "root", COLUMN_TEXT},
    {"root key", "root_key_fingerprint", COLUMN_TEXT},
};

static void
print_not_proved(const struct cli *c, const json_t *o)
{
    size_t i;
    json_t *line;
    if (c->output != OUTPUT_TABLE)
        return;
    printf("\nnot shown by this check\n");
    json_array_foreach(json_object_get(o, "not_proved"), i, line)
        printf("  %s\n", json_string_value(line));
}

static enum baton_status
verify_bundle(struct cli *c, const char *file)
{
    struct audit_verify_options options = {0};
    struct audit_report report;
    (void)root_pinned(c, &options.root);
    enum baton_status rc = audit_bundle_verify(file, &options, &report, &c->err);
    if (rc != BATON_OK)
        return rc;
    json_t *o = view_bundle(&report);
    rc = output_one(c, bundle_columns, ARRAY_LEN(bundle_columns), o);
    print_not_proved(c, o);
    json_decref(o);
    if (rc != BATON_OK || report.verdict == AUDIT_SOUND)
        return rc;
    return cli_fail(c, report.verdict == AUDIT_BREACH ? BATON_REFUSED : BATON_CORRUPT, "%s: %s",
                    audit_verdict_name(report.verdict), report.why);
}

static const struct column certificate_columns[] = {
    {"good", "good", COLUMN_TEXT},
    {"why", "why", COLUMN_TEXT},
    {"fingerprint", "fingerprint", COLUMN_TEXT},
    {"signed by", "signer", COLUMN_TEXT},
    {"root pinned", "root_pinned", COLUMN_TEXT},
    {"order proved", "order_proved", COLUMN_TEXT},
    {"records proved", "proofs", COLUMN_TEXT},
    {"dispositions proved", "decisions", COLUMN_TEXT},
    {"dispositions of unknown people", "unattributed", COLUMN_TEXT},
};

enum baton_status
certificate_check(struct cli *c, const char *text, size_t len)
{
    struct baton_key root;
    struct certificate_report r;
    char print[65], signer[65];
    size_t n;
    bool pinned = root_pinned(c, &root);
    enum baton_status rc = certificate_verify(text, len, pinned ? &root : NULL, &r, &c->err);
    if (rc != BATON_OK)
        return rc;
    baton_hex(r.fingerprint.b, sizeof r.fingerprint.b, print);
    baton_hex(r.signer.b, sizeof r.signer.b, signer);
    json_t *limits = json_array();
    const char *const *sentences = certificate_not_proved(&n);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(limits, json_string(sentences[i]));
    json_t *o =
        json_pack("{s:b, s:s, s:s, s:s, s:b, s:b, s:i, s:i, s:i, s:o}", "good", (int)r.good, "why",
                  r.why, "fingerprint", print, "signer", signer, "root_pinned", (int)r.root_pinned,
                  "order_proved", (int)r.order_proved, "proofs", (int)r.proofs, "decisions",
                  (int)r.decisions, "unattributed", (int)r.unattributed, "not_proved", limits);
    rc = output_one(c, certificate_columns, ARRAY_LEN(certificate_columns), o);
    print_not_proved(c, o);
    json_decref(o);
    return rc == BATON_OK && !r.good ? cli_fail(c, BATON_CORRUPT, "%s", r.why) : rc;
}

/* A bundle, or a certificate: the first byte tells. Nothing is asked of any controller. */
enum baton_status
cmd_audit_verify(struct cli *c)
{
    const char *file = cli_arg(c, 0);
    char *text = NULL;
    size_t len = 0;
    char first = '\0';
    FILE *f = fopen(file, "re");
    if (f == NULL)
        return cli_fail(c, errno == ENOENT ? BATON_NOT_FOUND : BATON_IO, "%s: %s", file,
                        strerror(errno));
    (void)!fread(&first, 1, 1, f);
    fclose(f);
    if (first != '{')
        return verify_bundle(c, file);
    enum baton_status rc = input_read(c, file, CERTIFICATE_BYTES_MAX, &text, &len);
    if (rc == BATON_OK)
        rc = certificate_check(c, text, len);
    free(text);
    return rc;
}

/* --- a certificate ---------------------------------------------------------------------------- */

static enum baton_status
save_text(struct cli *c, const char *file, const uint8_t *bytes, size_t len)
{
    FILE *f = fopen(file, "wxe");
    if (f == NULL)
        return cli_fail(c, errno == EEXIST ? BATON_CONFLICT : BATON_IO, "%s: %s", file,
                        strerror(errno));
    bool good = fwrite(bytes, 1, len, f) == len;
    if (fclose(f) != 0 || !good)
        return cli_fail(c, BATON_IO, "%s cannot be written", file);
    return BATON_OK;
}

enum baton_status
cmd_cutover_certificate(struct cli *c)
{
    char id[ID_TEXT_BYTES], path[CLIENT_PATH_BYTES];
    uint8_t *bytes = NULL;
    size_t len = 0;
    bool html = cli_has(c, "html");
    const char *save = cli_option(c, "save");
    enum baton_status rc = client_cutover(c, cli_arg(c, 0), id);
    if (rc != BATON_OK)
        return rc;
    snprintf(path, sizeof path, "/api/v1/cutovers/%s/certificate%s", id, html ? ".html" : "");
    rc = client_bytes(c, path, &bytes, &len);
    if (rc == BATON_OK && save != NULL)
        rc = save_text(c, save, bytes, len);
    else if (rc == BATON_OK && (html || c->output != OUTPUT_TABLE))
        fwrite(bytes, 1, len, stdout);
    if (rc == BATON_OK && !html && (save != NULL || c->output == OUTPUT_TABLE))
        rc = certificate_check(c, (const char *)bytes, len);
    free(bytes);
    return rc;
}
