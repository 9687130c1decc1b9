#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "common/crypto/letter.h"
#include "common/log.h"

enum { AGAIN_MS = 5000 };

_Static_assert((int)LETTER_ADDRESSES_MAX >= (int)TRUST_OPERATORS_MAX, "a letter names everybody");
_Static_assert((int)LETTER_BODY_MAX >= (int)OBJECT_ROWS_PACKED_MAX, "a letter holds any document");

static void
forget_letter(struct rows *r)
{
    free(r->letter);
    r->letter = NULL;
    r->letter_len = 0;
}

static void
forget(struct rows *r)
{
    forget_letter(r);
    exports_rows_free(&r->kept);
    if (r->packed != NULL)
        crypto_wipe(r->packed, r->packed_len);
    free(r->packed);
    r->packed = NULL;
    r->packed_len = 0;
}

void
rows_done(struct rows *r)
{
    forget(r);
}

void
rows_begin(struct agent *a, const struct limits *limits)
{
    struct rows *r = &a->rows;
    forget(r);
    if (!limits->rows_may_leave)
        return;
    r->kept = exports_rows_new(limits);
    if (r->kept == NULL)
        log_warn("rows.failed", "no memory for rows: findings go without them");
    else
        exports_keep_rows(a->review.exports, r->kept);
}

/* --- sealing -------------------------------------------------------------------------------------- */

/* Whoever may decide about a finding may see what it is about. */
static size_t
addresses(const struct agent *a, struct letter_address to[LETTER_ADDRESSES_MAX])
{
    const struct trust_doc *trust = &a->member.trust;
    size_t count = 0;
    for (uint8_t i = 0; a->member.trust_known && i < trust->operator_count; i++) {
        const struct trust_operator *op = &trust->operator[i];
        if (!trust_operator_may(op, ROLE_APPROVE, &a->setup->tenant))
            continue;
        if (letter_key_valid(&op->key))
            to[count++] = (struct letter_address){.operator= op->id, .key = op->key};
        else
            log_warn("rows.address", "the trust document's key of \"%s\" is no key", op->name);
    }
    return count;
}

static void
seal(struct agent *a)
{
    struct rows *r = &a->rows;
    struct letter_address to[LETTER_ADDRESSES_MAX];
    struct letter_about about = {.tenant = a->setup->tenant,
                                 .plan = r->plan,
                                 .findings = r->findings,
                                 .sender = a->identity.sign_key};
    struct baton_err err = {0};
    size_t count = addresses(a, to);
    forget_letter(r);
    r->trust_version = a->member.promise.trust_version;
    r->wanted = r->moved_ms = 0;
    r->delivered = false;
    enum baton_status rc = letter_seal(&about, to, count, r->packed, r->packed_len,
                                       a->identity.secret->sign, &r->letter, &r->letter_len, &err);
    if (rc != BATON_OK) {
        log_warn("rows.failed", "%s", err.text);
        return;
    }
    crypto_sha256(r->letter, r->letter_len, &r->letter_hash);
    log_info("rows.sealed", "bytes=%zu people=%zu", r->letter_len, count);
}

void
rows_made(struct agent *a, const struct baton_hash *findings, const struct baton_hash *file)
{
    struct rows *r = &a->rows;
    struct object_rows rows = {.tenant = a->setup->tenant,
                               .plan = a->member.plan.id,
                               .agent = a->identity.sign_key,
                               .findings = *findings,
                               .file = *file,
                               .made_unix_ms = agent_unix_ms()};
    struct baton_err err = {0};
    int64_t scope = fact_or(&a->collect.facts, FACT_OBJECTS, 0);
    if (r->kept == NULL)
        return;
    enum baton_status rc = exports_rows_give(r->kept, a->review.exports, (uint64_t)scope, &rows);
    if (rc == BATON_OK)
        rc = object_rows_write(&rows, &r->packed, &r->packed_len, &err);
    if (rc == BATON_OK)
        log_info("rows.kept", "rows=%u left_out=%llu", (unsigned)rows.count,
                 (unsigned long long)rows.left_out);
    object_rows_done(&rows);
    exports_keep_rows(a->review.exports, NULL);
    exports_rows_free(&r->kept);
    r->findings = *findings;
    r->plan = a->member.plan.id;
    if (rc == BATON_OK)
        seal(a);
    else
        log_warn("rows.failed", "%s", err.text[0] != '\0' ? err.text : "no memory for rows");
}

/* --- telling -------------------------------------------------------------------------------------- */

static bool
offering(const struct agent *a)
{
    return a->session.open && a->review.known && a->review.heard && a->rows.letter != NULL &&
           !a->rows.delivered;
}

static void
send_piece(struct agent *a)
{
    struct rows *r = &a->rows;
    uint64_t left = r->letter_len - r->wanted;
    size_t len = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
    struct message m = {.type = MSG_CHUNK};
    m.u.chunk =
        (struct msg_chunk){r->letter_hash, r->wanted, r->letter_len, r->letter + r->wanted, len};
    r->moved_ms = agent_now_ms();
    (void)session_send(a, &m);
}

/* As with the list (review_session): a controller that has the letter says so at its first piece. */
void
rows_session(struct agent *a)
{
    struct rows *r = &a->rows;
    r->delivered = false;
    r->wanted = r->moved_ms = 0; /* offered as soon as the list is heard */
}

void
rows_time(struct agent *a, bool now)
{
    struct rows *r = &a->rows;
    if (r->packed != NULL && r->trust_version != a->member.promise.trust_version)
        seal(a);
    if (offering(a) && (now || agent_now_ms() - r->moved_ms >= AGAIN_MS))
        send_piece(a);
}

void
rows_want(struct agent *a, const struct msg_want *w)
{
    struct rows *r = &a->rows;
    if (!offering(a) || !baton_hash_eq(&w->blob, &r->letter_hash))
        return;
    if (w->offset >= r->letter_len) {
        r->delivered = true;
        return;
    }
    if (w->offset == r->wanted || w->offset % CHUNK_BYTES != 0)
        return; /* that piece is under way; if it is lost, rows_time says it again */
    r->wanted = w->offset;
    send_piece(a);
}

void
rows_refused(struct agent *a, const struct baton_id *blob)
{
    struct rows *r = &a->rows;
    struct baton_id id = message_blob_id(&r->letter_hash);
    if (r->letter != NULL && baton_id_eq(&id, blob))
        forget_letter(r); /* nobody wants it now; the next review makes another */
}

uint64_t
rows_next_ms(const struct agent *a)
{
    return offering(a) ? a->rows.moved_ms + AGAIN_MS : UINT64_MAX;
}
