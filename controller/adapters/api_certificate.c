#include "api_private.h"

#include "common/audit/certificate.h"
#include "controller/tenant_rows.h"

#include <stdlib.h>
#include <string.h>

enum { RULE_ADOPT = 119 };

/* Made from the log when it is asked for, so that it always rests on the newest checkpoint; what it
 * says about the cutover does not change any more once the cutover is closed. */

/* Rule 119: it had been made by hand and was put on the record. */
static bool
was_adopted(const struct cutover *c)
{
    for (uint32_t i = 0; i < c->rules_fired_count && i < ARRAY_LEN(c->rules_fired); i++)
        if (c->rules_fired[i] == RULE_ADOPT)
            return true;
    return false;
}

static enum certificate_outcome
outcome_of(const struct cutover *c)
{
    switch ((int)c->state) {
    case HO_DECOMMISSION:
        return was_adopted(c) ? OUTCOME_ADOPTED : OUTCOME_PROVISIONAL;
    case HO_DONE:
        return was_adopted(c) ? OUTCOME_ADOPTED : OUTCOME_FINAL;
    case HO_ROLLED_BACK:
        return OUTCOME_ROLLED_BACK;
    default:
        return OUTCOME_NONE;
    }
}

static void
fill_grade(const struct cutover *c, struct certificate *cert)
{
    static const char letters[GRADE_COUNT] = {'\0', 'A', 'B', 'C', 'X'};
    for (int g = 0; g < GRADE_COUNT; g++)
        if (letters[g] == c->grade)
            cert->grade = (uint8_t)g;
    const char *extra =
        c->breach            ? "; an export by a server that did not hold was seen"
        : c->late_activation ? "; the new server acted after its grant was void"
        : c->grade == 'X'
            ? "; the old server ran after the grant, and nobody could read whether it exported"
        : was_adopted(c) ? "; it was made by hand and recorded afterwards"
                         : "";
    snprintf(cert->grade_why, sizeof cert->grade_why, "%s%s",
             certificate_grade_text((enum certificate_grade)cert->grade), extra);
}

/* Lower: from the last proof that nobody exported to the export that was seen. Upper: from the old
 * server's last export, by that server's clock. */
static void
fill_gap(const struct cutover *c, struct certificate *cert)
{
    if (c->gap_from_unix_ms == 0 || c->gap_to_unix_ms < c->gap_from_unix_ms)
        return;
    cert->gap_known = true;
    cert->gap_lower_ms = c->gap_to_unix_ms - c->gap_from_unix_ms;
    cert->gap_upper_ms = cert->gap_lower_ms;
    if (c->old_last_export_unix_ms != 0 &&
        c->gap_to_unix_ms > c->old_last_export_unix_ms + cert->gap_upper_ms)
        cert->gap_upper_ms = c->gap_to_unix_ms - c->old_last_export_unix_ms;
}

static void
fill_counts(const struct cutover *c, struct certificate *cert)
{
    if (c->export_adds < 0 || c->export_updates < 0 || c->export_deletes < 0)
        return;
    cert->counts_known = true;
    cert->adds = (uint64_t)c->export_adds;
    cert->updates = (uint64_t)c->export_updates;
    cert->deletes = (uint64_t)c->export_deletes;
}

/* The log keeps states as numbers; people know them by their codes. */
static void
name_states(struct certificate *cert)
{
    for (uint8_t i = 0; i < cert->rule_count; i++) {
        struct certificate_rule *r = &cert->rule[i];
        enum handoff_state from = (enum handoff_state)strtoul(r->from, NULL, 10);
        enum handoff_state to = (enum handoff_state)strtoul(r->to, NULL, 10);
        if (from < HANDOFF_STATE_COUNT && to < HANDOFF_STATE_COUNT) {
            snprintf(r->from, sizeof r->from, "%s %s", handoff_state_code(from),
                     handoff_state_title(from));
            snprintf(r->to, sizeof r->to, "%s %s", handoff_state_code(to), handoff_state_title(to));
        }
    }
}

static enum baton_status
fill_trust(struct api_request *rq, struct certificate *cert, struct baton_err *err)
{
    struct trust_doc *doc = calloc(1, sizeof *doc);
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (doc == NULL)
        return baton_fail(err, BATON_NOMEM, "certificate");
    enum baton_status rc = trust_load(&rq->store, doc, &bytes, &len, &cert->trust_sig, err);
    if (rc == BATON_OK) {
        cert->trust.bytes = bytes;
        cert->trust.len = len;
        cert->quorum_cutover = (uint8_t)trust_quorum(doc, VERB_CUTOVER);
        cert->quorum_go = (uint8_t)trust_quorum(doc, VERB_GO);
        cert->quorum_attest = (uint8_t)trust_quorum(doc, VERB_ATTEST);
    }
    free(doc);
    return rc;
}

static enum baton_status
fill(struct api_request *rq, struct certificate *cert, struct baton_err *err)
{
    const struct tenant *t = rq->tenant;
    const struct cutover *c = &t->cutover;
    cert->verification = c->verification_hash;
    enum baton_status rc = api_checkpoint(rq, &cert->checkpoint, err);
    if (rc == BATON_OK)
        rc = certificate_collect(&rq->store, &t->info.id, &c->id, cert, err);
    if (rc == BATON_OK)
        rc = fill_trust(rq, cert, err);
    if (rc != BATON_OK)
        return rc;
    cert->outcome = (uint8_t)outcome_of(c);
    cert->local_fence_only = c->local_fence_only;
    cert->first_export_unix_ms = c->new_first_export_unix_ms;
    cert->issued_unix_ms = api_unix_ms();
    fill_grade(c, cert);
    fill_gap(c, cert);
    fill_counts(c, cert);
    name_states(cert);
    return BATON_OK;
}

/* false: a problem is the answer. */
static bool
issue(struct api_request *rq, struct certificate *cert, char **ret_text)
{
    struct baton_err err = {0};
    const struct api_config *config = &rq->api->config;
    struct certificate_signer signer = {
        .key = config->controller_key, .ctx = config->sign_ctx, .sign = config->sign};
    if (outcome_of(&rq->tenant->cutover) == OUTCOME_NONE) {
        struct problem p = {.status = BATON_NOT_FOUND,
                            .title = "this cutover has not come to a certificate yet",
                            .next = "baton cutover explain"};
        api_answer_problem(rq, &p);
        return false;
    }
    if (config->sign == NULL) {
        api_answer_status(rq, BATON_FAILED, "this controller signs no certificates");
        return false;
    }
    enum baton_status rc = fill(rq, cert, &err);
    if (rc == BATON_OK)
        rc = certificate_to_json(cert, &signer, ret_text, &err);
    if (rc != BATON_OK)
        api_answer_status(rq, rc, "%.100s", err.text);
    return rc == BATON_OK;
}

void
api_cutover_certificate(struct api_request *rq)
{
    struct certificate *cert = calloc(1, sizeof *cert);
    char *text = NULL;
    if (cert == NULL)
        api_answer_status(rq, BATON_NOMEM, "no memory for a certificate");
    else if (issue(rq, cert, &text))
        api_answer_bytes(rq, "application/json", text, strlen(text));
    if (cert != NULL)
        certificate_done(cert);
    free(cert);
    free(text);
}

/* The page carries its own check: what it shows is what verifies. */
static void
answer_page(struct api_request *rq, const struct certificate *cert, const char *text)
{
    struct certificate_report report;
    struct baton_err err = {0};
    char *html = NULL;
    enum baton_status rc = certificate_verify(text, strlen(text), NULL, &report, &err);
    if (rc == BATON_OK)
        rc = certificate_to_html(cert, &report, &html, &err);
    if (rc == BATON_OK)
        api_answer_page_bytes(rq, html, strlen(html));
    else
        api_answer_status(rq, rc, "%.100s", err.text);
    free(html);
}

void
api_cutover_certificate_html(struct api_request *rq)
{
    struct certificate *cert = calloc(1, sizeof *cert);
    char *text = NULL;
    if (cert == NULL)
        api_answer_status(rq, BATON_NOMEM, "no memory for a certificate");
    else if (issue(rq, cert, &text))
        answer_page(rq, cert, text);
    if (cert != NULL)
        certificate_done(cert);
    free(cert);
    free(text);
}
