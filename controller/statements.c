#include "controller/engine_state.h"

#include "common/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum word_age {
    WORD_NEW,   /* above every counter known */
    WORD_KNOWN, /* these very bytes are stored */
    WORD_LATE,  /* below the newest, never seen: an answer or alarm that was under way */
    WORD_FORK   /* another statement has this counter */
};

/* One signed word, checked against the agent that brought it. */
struct word {
    const struct signed_bytes *sb;
    struct baton_hash hash;
    struct statement s;
    enum word_age age;
};

bool
statement_signed(const struct engine *e, const struct message *m)
{
    const struct digest_port *dp = &e->p.digest;
    const struct signed_bytes *sb = m->type == MSG_ANSWER ? &m->u.answer.statement
                                    : m->type == MSG_SAY  ? &m->u.say.statement
                                                          : NULL;
    return sb != NULL &&
           dp->verify(dp->ctx, &m->env.sender, DOMAIN_STATEMENT, sb->bytes, sb->len, &sb->sig);
}

/* The frame's sender is this seat's agent: the door saw to that before. */
static const char *
word_check(const struct engine *e, const struct seat *seat, struct word *w)
{
    const struct digest_port *dp = &e->p.digest;
    if (!e->word_signed)
        return "a statement without this agent's signature";
    if (statement_decode(w->sb->bytes, w->sb->len, &w->s) != BATON_OK)
        return "a statement that cannot be read";
    if (!baton_key_eq(&w->s.member, &seat->row.key))
        return "a statement in another agent's name";
    if (!baton_id_eq(&w->s.tenant, &seat->row.tenant))
        return "a statement for another tenant";
    dp->sha256(dp->ctx, w->sb->bytes, w->sb->len, &w->hash);
    return NULL;
}

static void
word_key(const struct seat *seat, uint64_t counter, uint8_t key[BATON_KEY_BYTES + 8])
{
    memcpy(key, seat->row.key.b, BATON_KEY_BYTES);
    for (int i = 0; i < 8; i++)
        key[BATON_KEY_BYTES + i] = (uint8_t)(counter >> (56 - 8 * i));
}

static enum word_age
word_age(struct engine *e, const struct seat *seat, const struct word *w)
{
    if (w->s.counter > seat->counter)
        return WORD_NEW;
    uint8_t key[BATON_KEY_BYTES + 8], *stored;
    size_t len;
    word_key(seat, w->s.counter, key);
    if (!journal_get(e, TABLE_STATEMENT, key, sizeof key, &stored, &len))
        return WORD_LATE;
    bool same = len == BATON_HASH_BYTES && memcmp(stored, w->hash.b, len) == 0;
    free(stored);
    return same ? WORD_KNOWN : WORD_FORK;
}

static void
word_rows(struct engine *e, struct seat *seat, const struct word *w, struct audit_record *r,
          uint8_t newest[8 + BATON_HASH_BYTES])
{
    uint8_t key[BATON_KEY_BYTES + 8];
    journal_object(e, &w->hash, w->sb->bytes, w->sb->len, &w->sb->sig);
    word_key(seat, w->s.counter, key);
    journal_row(e, r, TABLE_STATEMENT, key, sizeof key, w->hash.b, sizeof w->hash.b);
    if (w->s.counter <= seat->counter)
        return;
    memcpy(newest, key + BATON_KEY_BYTES, 8);
    memcpy(newest + 8, w->hash.b, BATON_HASH_BYTES);
    journal_row(e, r, TABLE_STATEMENT, seat->row.key.b, sizeof seat->row.key.b, newest,
                8 + BATON_HASH_BYTES);
    seat->counter = w->s.counter;
    seat->statement = w->hash;
}

static void
word_record(struct engine *e, const struct seat *seat, const struct word *w,
            const struct baton_hash *order_or_null, struct audit_record *r)
{
    record_init(e, r, AUDIT_STATEMENT, &seat->row.tenant, &seat->row.key);
    r->epoch = w->s.epoch;
    r->cutover = seat->room->t.cutover.id;
    if (w->s.type == SAY_REFUSED)
        record_text(r, "%s says %s: %s", seat->row.host, statement_type_name(SAY_REFUSED),
                    refusal_text((enum refusal)w->s.refusal));
    else
        record_text(r, "%s says %s", seat->row.host,
                    statement_type_name((enum statement_type)w->s.type));
    record_ref(r, &w->hash);
    if (order_or_null != NULL)
        record_ref(r, order_or_null);
}

static void
word_accept(struct engine *e, struct seat *seat, const struct word *w,
            const struct baton_hash *order_or_null)
{
    struct audit_record r;
    uint8_t newest[8 + BATON_HASH_BYTES];
    bool late = w->s.counter <= seat->counter;
    word_record(e, seat, w, order_or_null, &r);
    word_rows(e, seat, w, &r, newest);
    seat->room->t.agent[seat->row.slot].seen_ms = e->now_ms;
    if (late || seat->row.barred) {
        journal_record(e, &r);       /* on the record; it moves nothing */
        if (w->s.type == SAY_TAMPER) /* but somebody touched that server, and people have to know */
            journal_alarm(e, seat, &w->hash,
                          late ? "a guard's alarm that later words had overtaken"
                               : "a guard's alarm of an agent that is barred");
        return;
    }
    struct tenant_event ev;
    event_init(e, &ev, TEV_STATEMENT);
    ev.agent = seat->row.slot;
    ev.statement = &w->s;
    ev.statement_hash = w->hash;
    ev.other_log = !journal_had(e, w->s.receipt_size, &w->s.receipt_root);
    ev.facts = &w->s.facts;
    room_step(e, seat->room, &ev, &(struct told){.record = &r, .actor = &seat->row.key}, NULL,
              NULL);
}

static bool
fork_is_told(struct engine *e, const struct word *w)
{
    uint8_t *bytes;
    size_t len;
    struct baton_sig sig;
    if (!journal_object_get(e, &w->hash, &bytes, &len, &sig))
        return false;
    free(bytes);
    return true;
}

/* Its agent says a word again for as long as it is not heard. Once a person has confirmed it, one that is on the
 * record is like any other that was stored: it moves nothing, bars nobody, and its order is answered. */
static enum word_age
word_forked(struct engine *e, struct seat *seat, const struct word *w)
{
    bool told = fork_is_told(e, w);
    if (told && !seat->row.barred)
        return WORD_KNOWN;
    if (!told) {
        journal_object(e, &w->hash, w->sb->bytes, w->sb->len, &w->sb->sig);
        journal_alarm(e, seat, &w->hash, "two different statements have one counter");
        seat_bar(e, seat, "two statements with one counter");
    }
    return WORD_FORK;
}

/* The agent keeps what was not heard and says it again; an order's answer is asked for again. */
static bool
word_too_fast(struct engine *e, struct seat *seat, const struct baton_id *order_or_null)
{
    if (bucket_take(&seat->words, WORDS_BURST, WORD_EVERY_MS, e->now_ms))
        return false;
    session_refuse(e, seat, BATON_LIMIT, order_or_null, "too many statements in a short time");
    return true;
}

/* False: refused, and said so. Nothing of it may be believed before this. */
static bool
word_ready(struct engine *e, struct seat *seat, struct word *w,
           const struct baton_id *order_or_null)
{
    const char *why = word_check(e, seat, w);
    if (why != NULL) {
        session_refuse(e, seat, BATON_DENIED, order_or_null, why);
        return false;
    }
    if (word_too_fast(e, seat, order_or_null))
        return false;
    w->age = word_age(e, seat, w);
    if (w->age == WORD_FORK)
        w->age = word_forked(e, seat, w);
    if (w->age == WORD_FORK) {
        session_refuse(e, seat, BATON_FORKED, order_or_null, "two statements with one counter");
        return false;
    }
    return true;
}

static void
word_heard(struct engine *e, struct seat *seat, const struct word *w)
{
    struct message m = {.type = MSG_HEARD};
    m.u.heard.statement = w->hash;
    act_send(e, seat, &m);
    act_receipt(e, seat);
}

static void
answer_alarm(struct engine *e, struct seat *seat, const struct msg_answer *a)
{
    journal_alarm(e, seat, &a->order_hash,
                  "an order of ours was answered with other bytes than we sent");
    session_refuse(e, seat, BATON_CONFLICT, &a->order, "this order has another hash");
}

static void
answer_foreign(struct engine *e, struct seat *seat, const struct msg_answer *a)
{
    struct audit_record r;
    if (!bucket_take(&seat->alarms, REFUSALS_BURST, REFUSAL_EVERY_MS, e->now_ms))
        return;
    record_init(e, &r, AUDIT_FOREIGN, &seat->row.tenant, &seat->row.key);
    record_text(&r, "%s answers an order that this ledger does not know", seat->row.host);
    record_ref(&r, &a->order_hash);
    journal_record(e, &r);
}

static void
settings_delivered(struct engine *e, struct seat *seat)
{
    struct tenant_event ev;
    const struct cutover *c = &seat->room->t.cutover;
    event_init(e, &ev, TEV_BLOB);
    ev.agent = seat->row.slot;
    ev.blob = c->blob;
    ev.file = c->settings;
    ev.blob_bytes = c->blob_bytes;
    ev.delivered = true;
    room_step(e, seat->room, &ev, &(struct told){.actor = &seat->row.key}, NULL, NULL);
}

void
statement_answer(struct engine *e, struct seat *seat, const struct message *m)
{
    const struct msg_answer *a = &m->u.answer;
    struct word w = {.sb = &a->statement};
    enum order_verb verb;
    if (!word_ready(e, seat, &w, &a->order))
        return;
    enum order_match match = order_answered(e, seat, &a->order, &a->order_hash, &verb);
    if (match == ORDER_FORGED) {
        answer_alarm(e, seat, a);
        return;
    }
    if (match == ORDER_FOREIGN)
        answer_foreign(e, seat, a);
    if (w.age != WORD_KNOWN)
        word_accept(e, seat, &w, &a->order_hash);
    if (verb == ORDER_PLACE && w.s.type != SAY_REFUSED)
        settings_delivered(e, seat);
    act_receipt(e, seat);
}

void
statement_say(struct engine *e, struct seat *seat, const struct message *m)
{
    struct word w = {.sb = &m->u.say.statement};
    if (!word_ready(e, seat, &w, NULL))
        return;
    if (w.age != WORD_KNOWN)
        word_accept(e, seat, &w, NULL);
    word_heard(e, seat, &w);
}

/* Whatever number an agent calls its time: what is further off than ten years is off by ten years, so
 * that sums with it never overflow. */
static int64_t
skew_between(uint64_t theirs_ms, uint64_t ours_ms)
{
    const uint64_t most_ms = UINT64_C(315360000000);
    bool ahead = theirs_ms >= ours_ms;
    uint64_t off_ms = ahead ? theirs_ms - ours_ms : ours_ms - theirs_ms;
    int64_t bounded_ms = (int64_t)(off_ms > most_ms ? most_ms : off_ms);
    return ahead ? bounded_ms : -bounded_ms;
}

void
statement_report(struct engine *e, struct seat *seat, const struct message *m)
{
    struct tenant_event ev;
    event_init(e, &ev, TEV_REPORT);
    ev.agent = seat->row.slot;
    ev.facts = &m->u.report.facts;
    ev.skew_ms = skew_between(m->u.report.wall_unix_ms, e->unix_ms);
    room_step(e, seat->room, &ev, &(struct told){.actor = &seat->row.key}, NULL, NULL);
}
