#include "review.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "agent/adapters/process.h"
#include "common/disk/disk.h"
#include "common/log.h"
#include "common/verify/config_compare.h"

/* Said again after so long, then after twice as long each time: without a handoff nobody hears it. */
enum { AGAIN_MS = 10000, AGAIN_MOST_MS = 640000, PIECE_BYTES = 65536 };

static void
stop(struct review *r)
{
    csexport_close(&r->reader);
    exports_free(&r->exports);
    config_packed_close(&r->packed);
    r->stage = REVIEW_IDLE;
    r->ticket = 0;
}

void
review_done(struct review *r)
{
    stop(r);
    free(r->bytes);
    r->bytes = NULL;
}

static void
give_up(struct agent *a, const char *why)
{
    log_warn("review.failed", "%s", why);
    stop(&a->review);
    rows_done(&a->rows);
    a->review.known = false;
    a->review.failed_ms = agent_now_ms();
}

/* --- when ---------------------------------------------------------------------------------------- */

/* The member that the plan wants to grant is the one whose exports people must know. */
static bool
reviewed(const struct agent *a)
{
    const struct plan *p = &a->member.plan;
    return a->member.plan_known && a->limits_known &&
           plan_member_index(p, &a->identity.sign_key) == (int)p->recipient &&
           p->recipient != p->holder;
}

static bool
moved(const struct agent *a)
{
    const struct review *r = &a->review;
    const struct facts *f = &a->collect.facts;
    return !r->known || !baton_hash_eq(&r->of_plan, &a->member.promise.plan) ||
           !baton_hash_eq(&r->of_pending, &f->digest[DIGEST_PENDING]) ||
           !baton_hash_eq(&r->of_config, &f->digest[DIGEST_CONFIG]) ||
           !baton_hash_eq(&r->of_settings, &a->settings.in_file);
}

static bool
ask(struct agent *a, enum host_place place)
{
    struct baton_err err = {0};
    struct host_request q = {.op = HOST_FILE_READ,
                             .place = (uint8_t)place,
                             .offset = a->review.offset,
                             .limit_ms = (uint32_t)agent_policy(a, POLICY_STEP_MS)};
    if (a->host.submit(a->host.ctx, &q, &a->review.ticket, &err) == BATON_OK)
        return true;
    give_up(a, err.text);
    return false;
}

void
review_consider(struct agent *a)
{
    struct review *r = &a->review;
    const struct facts *f = &a->collect.facts;
    struct csexport_visitor visitor;
    struct baton_err err = {0};
    bool waits = r->failed_ms != 0 && agent_now_ms() - r->failed_ms < AGAIN_MS;
    if (r->stage != REVIEW_IDLE || waits || !reviewed(a) || !f->digest_known[DIGEST_PENDING] ||
        !f->digest_known[DIGEST_CONFIG] || !moved(a))
        return;
    r->plan = a->member.promise.plan;
    r->pending = f->digest[DIGEST_PENDING];
    r->config = f->digest[DIGEST_CONFIG];
    r->offset = r->failed_ms = 0;
    r->exports = exports_new(NULL);
    if (r->exports == NULL) {
        give_up(a, "no memory for a review");
        return;
    }
    sha256_init(&r->sha);
    rows_begin(a, &a->limits);
    exports_visitor(r->exports, &visitor);
    if (csexport_open(&visitor, &r->reader, &err) != BATON_OK) {
        give_up(a, err.text);
        return;
    }
    r->stage = REVIEW_EXPORT;
    (void)ask(a, PLACE_PENDING_EXPORT);
}

/* --- judging ------------------------------------------------------------------------------------- */

static enum baton_status
read_old(struct agent *a, struct config_model **ret_model, struct baton_hash *ret_digest,
         struct baton_err *err)
{
    char path[SETUP_PATH_BYTES];
    static uint8_t piece[PIECE_BYTES];
    struct config_packed *p = NULL;
    enum baton_status rc = setup_path(a->setup->dir, SETUP_OLD_CONFIG, path, err);
    FILE *f = rc == BATON_OK ? disk_stream(path) : NULL;
    if (f == NULL)
        return rc == BATON_OK ? BATON_NOT_FOUND : rc;
    rc = config_packed_open(&p, err);
    for (size_t n; rc == BATON_OK && (n = fread(piece, 1, sizeof piece, f)) > 0;)
        rc = config_packed_push(p, piece, n, err);
    bool nothing = rc == BATON_OK && ftell(f) == 0;
    if (nothing)
        rc = BATON_NOT_FOUND;
    if (rc == BATON_OK)
        rc = config_packed_finish(p, ret_model, ret_digest, err);
    config_packed_close(&p);
    fclose(f);
    return rc;
}

static enum baton_status
add_rows(struct findings *into, const struct config_model *old, const struct config_model *new,
         const struct limits *limits, struct baton_err *err)
{
    struct config_rows rows = {0};
    enum baton_status rc = config_compare(old, new, limits, &rows);
    for (size_t i = 0; rc == BATON_OK && i < rows.count; i++)
        if (rows.item[i].f.severity > SEVERITY_INFO)
            rc = findings_add(into, &rows.item[i].f);
    config_rows_done(&rows);
    return rc == BATON_OK ? rc : baton_fail(err, rc, "the configurations cannot be compared");
}

/* Without the old server's configuration there is no word about parity, and the facts say so. */
static enum baton_status
judge_config(struct agent *a, const struct config_model *new, const struct limits *limits,
             struct findings *into, struct baton_err *err)
{
    struct config_model *old = NULL;
    enum baton_status rc = read_old(a, &old, &a->review.compared, err);
    a->review.compared_known = rc == BATON_OK;
    if (rc == BATON_OK)
        rc = add_rows(into, old, new, limits, err);
    else if (rc == BATON_NOT_FOUND)
        rc = BATON_OK;
    config_model_free(&old);
    return rc;
}

static enum baton_status
judge_exports(struct agent *a, const struct limits *limits, struct findings *into,
              struct baton_err *err)
{
    struct exports_report report;
    int64_t scope = fact_or(&a->collect.facts, FACT_OBJECTS, 0);
    enum baton_status rc = exports_judge(a->review.exports, NULL, limits, (uint64_t)scope, &report);
    if (rc != BATON_OK)
        return baton_fail(err, rc, "the pending export cannot be judged");
    a->review.anchor_changes = 0;
    for (size_t i = 0; rc == BATON_OK && i < report.findings.count; i++) {
        const struct finding *f = &report.findings.item[i];
        if (strcmp(f->rule, "EX-ANCHOR-CHANGES") == 0)
            a->review.anchor_changes = (int64_t)f->count;
        rc = findings_add(into, f);
    }
    exports_report_done(&report);
    return rc == BATON_OK ? rc : baton_fail(err, rc, "too many findings");
}

static enum baton_status
list_keep(struct agent *a, const struct findings *list, struct baton_err *err)
{
    struct review *r = &a->review;
    if (r->bytes == NULL)
        r->bytes = malloc(FINDINGS_BYTES_MAX);
    if (r->bytes == NULL)
        return baton_fail(err, BATON_NOMEM, "findings");
    enum baton_status rc = findings_encode(list, r->bytes, &r->len);
    if (rc != BATON_OK)
        return baton_fail(err, rc, "the findings cannot be written");
    crypto_sha256(r->bytes, r->len, &r->hash);
    r->of_plan = r->plan;
    r->of_pending = r->pending;
    r->of_config = r->config;
    r->of_settings = a->settings.in_file;
    r->known = true;
    r->heard = false;
    r->again_ms = AGAIN_MS;
    return BATON_OK;
}

static void
conclude(struct agent *a, const struct config_model *new)
{
    struct findings list = {0};
    struct baton_err err = {0};
    enum baton_status rc = baton_hash_eq(&a->review.plan, &a->member.promise.plan)
                               ? judge_exports(a, &a->limits, &list, &err)
                               : baton_fail(&err, BATON_CONFLICT, "the plan is another one by now");
    if (rc == BATON_OK)
        rc = judge_config(a, new, &a->limits, &list, &err);
    if (rc == BATON_OK)
        rc = findings_sort(&list);
    if (rc == BATON_OK)
        rc = list_keep(a, &list, &err);
    if (rc == BATON_OK)
        log_info("review.done", "findings=%zu verdict=%s", list.count,
                 verdict_name(findings_verdict(&list)));
    findings_done(&list);
    if (rc != BATON_OK) {
        give_up(a, err.text);
        return;
    }
    rows_made(a, &a->review.hash, &a->review.pending);
    stop(&a->review);
    process_give_back();      /* two configurations lay in memory */
    a->observe_native = true; /* a report with the list's digest goes out */
    review_time(a, true);
}

/* --- reading ------------------------------------------------------------------------------------- */

static bool
last_piece(const struct review *r, const struct host_completion *done)
{
    return done->text_len == 0 || r->offset >= done->u.file.bytes;
}

static void
take_export(struct agent *a, const struct host_completion *done)
{
    struct review *r = &a->review;
    struct baton_err err = {0};
    struct baton_hash hash;
    sha256_update(&r->sha, done->text, done->text_len);
    enum baton_status rc = csexport_push(r->reader, done->text, done->text_len, &err);
    r->offset += done->text_len;
    if (rc == BATON_OK && !last_piece(r, done)) {
        (void)ask(a, PLACE_PENDING_EXPORT);
        return;
    }
    if (rc == BATON_OK)
        rc = csexport_finish(r->reader, &err);
    sha256_final(&r->sha, &hash);
    if (rc == BATON_OK && !baton_hash_eq(&hash, &r->pending))
        rc = baton_fail(&err, BATON_CONFLICT, "the pending export is another one by now");
    if (rc == BATON_OK)
        rc = config_packed_open(&r->packed, &err);
    if (rc != BATON_OK) {
        give_up(a, err.text);
        return;
    }
    r->stage = REVIEW_CONFIG;
    r->offset = 0;
    (void)ask(a, PLACE_CONFIGURATION);
}

static void
take_config(struct agent *a, const struct host_completion *done)
{
    struct review *r = &a->review;
    struct baton_err err = {0};
    struct config_model *model = NULL;
    struct baton_hash digest;
    enum baton_status rc = config_packed_push(r->packed, done->text, done->text_len, &err);
    r->offset += done->text_len;
    if (rc == BATON_OK && !last_piece(r, done)) {
        (void)ask(a, PLACE_CONFIGURATION);
        return;
    }
    if (rc == BATON_OK)
        rc = config_packed_finish(r->packed, &model, &digest, &err);
    if (rc == BATON_OK && !baton_hash_eq(&digest, &r->config))
        rc = baton_fail(&err, BATON_CONFLICT, "the configuration is another one by now");
    if (rc == BATON_OK)
        conclude(a, model);
    else
        give_up(a, err.text);
    config_model_free(&model);
}

bool
review_answered(struct agent *a, const struct host_completion *done)
{
    struct review *r = &a->review;
    if (r->ticket == 0 || done->ticket != r->ticket)
        return false;
    r->ticket = 0;
    if (done->status != BATON_OK)
        give_up(a, done->err.text);
    else if (r->stage == REVIEW_EXPORT)
        take_export(a, done);
    else if (r->stage == REVIEW_CONFIG)
        take_config(a, done);
    return true;
}

/* --- telling ------------------------------------------------------------------------------------- */

void
review_facts(const struct agent *a, struct facts *f)
{
    const struct review *r = &a->review;
    if (!r->known || moved(a))
        return; /* what was found is not of this server as it is now */
    facts_set(f, FACT_ANCHOR_CHANGES, r->anchor_changes);
    facts_set_digest(f, DIGEST_FINDINGS, &r->hash);
    if (r->compared_known)
        facts_set_digest(f, DIGEST_COMPARED_CONFIG, &r->compared);
}

/* Whoever answers now may be a controller that was put back to before it heard the list, or another
 * one of the same image: said once a session, the list is never missing where people wait for it. */
void
review_session(struct agent *a)
{
    a->review.heard = false;
    a->review.again_ms = AGAIN_MS;
    review_time(a, true);
}

void
review_time(struct agent *a, bool now)
{
    struct review *r = &a->review;
    if (!a->session.open || !r->known || r->heard ||
        (!now && agent_now_ms() - r->said_ms < r->again_ms))
        return;
    struct message m = {.type = MSG_FINDINGS};
    m.u.findings = (struct msg_findings){.bytes = r->bytes, .len = r->len};
    r->said_ms = agent_now_ms();
    if (!now && r->again_ms < AGAIN_MOST_MS)
        r->again_ms *= 2;
    (void)session_send(a, &m);
}

bool
review_heard(struct agent *a, const struct baton_hash *statement)
{
    struct review *r = &a->review;
    bool ours = r->known && baton_hash_eq(&r->hash, statement);
    r->heard = r->heard || ours;
    if (ours)
        rows_time(a, true);
    return ours;
}

uint64_t
review_next_ms(const struct agent *a)
{
    const struct review *r = &a->review;
    return a->session.open && r->known && !r->heard ? r->said_ms + r->again_ms : UINT64_MAX;
}
