#include "controller/engine_state.h"

#include "common/crypto/letter.h"

#include <stdlib.h>
#include <string.h>

/* Rows of a review, sealed by the new server's agent to people (letter.h): checked for whom they name and
 * what they belong to, kept as a blob, handed out on the record. Nobody here can read them. */

enum { NAMED_IN_A_RECORD = 8, ID_DIGITS = 16 };

static bool
about_this(const struct seat *seat, const struct letter_about *about)
{
    const struct tenant *t = &seat->room->t;
    return baton_id_eq(&about->tenant, &t->info.id) && t->plan_known &&
           baton_id_eq(&about->plan, &t->plan.id) && baton_key_eq(&about->sender, &seat->row.key);
}

enum baton_status
letter_check(const struct seat *seat, const uint8_t *bytes, size_t len, uint64_t total,
             const char **ret_why)
{
    struct letter_about about;
    *ret_why = "the new server of a cutover sends nothing but sealed rows of it";
    if (!letter_begins(bytes, len, &about) || !about_this(seat, &about))
        return BATON_DENIED;
    *ret_why = "sealed rows of more than 5 MiB are not kept";
    if (total > LETTER_BYTES_MAX)
        return BATON_DENIED;
    *ret_why = "these rows are not of the newest findings";
    return baton_hash_eq(&about.findings, &seat->room->t.cutover.review.findings) ? BATON_OK
                                                                                  : BATON_CONFLICT;
}

/* To whom, by operator id: so many in a record that it does not have to be cut. */
static void
record_addresses(struct engine *e, const struct seat *seat, const struct letter *l, size_t from,
                 uint64_t bytes, const struct baton_hash *hash)
{
    char names[NAMED_IN_A_RECORD * (ID_DIGITS + 1) + 1] = "";
    struct audit_record r;
    size_t until =
        from + NAMED_IN_A_RECORD < l->address_count ? from + NAMED_IN_A_RECORD : l->address_count;
    for (size_t i = from; i < until; i++) {
        char *at = names + strlen(names);
        *at = ' ';
        baton_hex(l->to[i].b, ID_DIGITS / 2, at + 1);
    }
    record_init(e, &r, AUDIT_ROWS, &seat->row.tenant, &seat->row.key);
    r.cutover = seat->room->t.cutover.id;
    record_text(&r, "sealed rows, %llu bytes, to %zu-%zu of %u people:%s",
                (unsigned long long)bytes, from + 1, until, (unsigned)l->address_count, names);
    record_ref(&r, hash);
    record_ref(&r, &l->about.findings);
    journal_record(e, &r);
}

enum baton_status
letter_take(struct engine *e, const struct seat *seat, const uint8_t *bytes, size_t len,
            const struct baton_hash *hash, const char **ret_why)
{
    struct letter l;
    enum baton_status rc = letter_check(seat, bytes, len, len, ret_why);
    if (rc != BATON_OK)
        return rc;
    *ret_why = "these sealed rows are not what their sender signed";
    rc = letter_read(bytes, len, &e->p.digest, &l, NULL);
    if (rc != BATON_OK)
        return rc;
    for (size_t from = 0; from < l.address_count; from += NAMED_IN_A_RECORD)
        record_addresses(e, seat, &l, from, len, hash);
    return BATON_OK;
}

/* The newest of the new server's agent: what it sealed for an earlier cutover was let go. */
static bool
letter_of(struct engine *e, const struct room *room, struct baton_hash *ret_hash)
{
    const struct seat *seat = room->seat[room->t.cutover.new_agent];
    struct blob_bytes b;
    struct letter_about about;
    if (seat == NULL || !blob_newest(e, &seat->row.key, ret_hash, &b))
        return false;
    bool ours = letter_begins(b.bytes, b.len, &about) && about_this(seat, &about);
    free(b.bytes);
    return ours;
}

/* Why there are none, as far as it is known here. */
static void
say_none(struct engine *e, struct engine_call *c, const struct room *room)
{
    struct limits limits;
    if (room_limits(e, room, &limits) && !limits.rows_may_leave)
        call_fail(c, BATON_NOT_FOUND, "baton cutover findings",
                  "rows do not leave the new server: this handoff's verification policy lacks "
                  "rows_may_leave: true, and a plan under another policy is a new one");
    else
        call_fail(c, BATON_NOT_FOUND, "baton cutover findings",
                  "no sealed rows came from the new server yet: they follow its findings");
}

/* On the record before the bytes leave: who asked, and for what. */
void
letter_fetch(struct engine *e, struct engine_call *c, struct room *room)
{
    struct baton_hash hash;
    struct audit_record r;
    struct baton_key actor = {{0}};
    if (!letter_of(e, room, &hash)) {
        say_none(e, c, room);
        return;
    }
    memcpy(actor.b, c->actor.b, sizeof c->actor.b);
    record_init(e, &r, AUDIT_ROWS, &room->t.info.id, &actor);
    r.cutover = room->t.cutover.id;
    record_text(&r, "the sealed rows were fetched");
    record_ref(&r, &hash);
    c->audit_seq = journal_record(e, &r);
    memcpy(c->bytes, hash.b, sizeof hash.b);
    c->len = sizeof hash.b;
}
