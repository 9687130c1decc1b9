#include "controller/engine_state.h"

#include "common/log.h"
#include "proto/codec.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What an order borrows until it is packed. */
struct loan {
    uint8_t *bytes[MEMBERS_MAX + 3];
    size_t count;
};

static struct signed_bytes
loan_object(struct engine *e, struct loan *loan, const struct baton_hash *hash)
{
    struct signed_bytes s = {0};
    uint8_t *bytes;
    if (!journal_object_get(e, hash, &bytes, &s.len, &s.sig))
        return (struct signed_bytes){0};
    loan->bytes[loan->count++] = bytes;
    s.bytes = bytes;
    return s;
}

static void
loan_return(struct loan *loan)
{
    for (size_t i = 0; i < loan->count; i++)
        free(loan->bytes[i]);
    loan->count = 0;
}

static void
order_init(struct engine *e, struct order *o, enum order_verb verb, const struct room *room)
{
    memset(o, 0, sizeof *o);
    o->verb = (uint8_t)verb;
    o->tenant = room->t.info.id;
    e->p.random(e->p.ctx, o->id.b, sizeof o->id.b);
}

static void
order_record(struct engine *e, const struct seat *seat, const struct order *o,
             const struct baton_hash *hash)
{
    struct audit_record r;
    record_init(e, &r, AUDIT_ORDERED, &o->tenant, &e->p.public_key);
    char to[17], towards[17];
    baton_hex(seat->row.key.b, 8, to);
    baton_hex(o->recipient.b, 8, towards);
    r.epoch = o->epoch;
    r.cutover = seat->room->t.cutover.id;
    if (o->verb == ORDER_FENCE || o->verb == ORDER_GRANT)
        record_text(&r, "%s epoch %" PRIu64 " towards %s, to %s", order_verb_name(o->verb),
                    o->epoch.counter, towards, to);
    else
        record_text(&r, "%s, to %s", order_verb_name(o->verb), to);
    record_ref(&r, hash);
    for (uint8_t i = 0; i < o->evidence_count; i++) {
        struct baton_hash evidence;
        e->p.digest.sha256(e->p.digest.ctx, o->evidence[i].bytes, o->evidence[i].len, &evidence);
        record_ref(&r, &evidence);
    }
    journal_record(e, &r);
}

/* Bytes are made once, here; outbox, audit and the agent's answer name them by their hash. */
static void
order_put(struct engine *e, struct seat *seat, const struct order *o)
{
    uint8_t *bytes = NULL;
    struct outbox_row row = {.order = o->id, .agent = seat->row.key, .tenant = o->tenant};
    if (e->journal.rc != BATON_OK)
        return; /* what it should carry may not have been read: that fault is the one to tell */
    enum baton_status rc = order_pack(o, &bytes, &row.len, &e->journal.err);
    if (rc != BATON_OK) {
        journal_failed(e, rc, "order"); /* an order that cannot be made is a bug: stop */
        return;
    }
    e->p.digest.sha256(e->p.digest.ctx, bytes, row.len, &row.hash);
    row.bytes = bytes;
    row.seq = e->journal.log_size + 1;
    order_record(e, seat, o, &row.hash);
    journal_object(e, &row.hash, bytes, row.len, NULL);
    if (e->journal.rc == BATON_OK) {
        rc = e->p.store.outbox_put(e->p.store.ctx, &row, &e->journal.err);
        if (rc != BATON_OK)
            journal_failed(e, rc, "outbox");
    }
    free(bytes);
    seat->pending++;
    seat->room->outbox_rows++;
    atomic_fetch_add(&e->orders, 1);
    act_pump(e, seat);
}

/* ---- approvals that an order carries --------------------------------------------------------- */

static bool
approval_for(const struct room *room, const struct approval *a, uint32_t verbs)
{
    const struct authority *au = &room->t.authority;
    if ((verbs & (1u << a->verb)) == 0 || !baton_hash_eq(&a->plan, &au->plan))
        return false;
    if (a->verb == VERB_GO)
        return epoch_eq(&a->epoch, &au->epoch) && a->serial == au->serial;
    if (a->verb == VERB_ATTEST)
        return epoch_eq(&a->epoch, &au->epoch);
    bool about_direction = a->verb == VERB_CUTOVER || a->verb == VERB_ROLLBACK;
    return !about_direction || baton_key_eq(&a->recipient, &au->recipient);
}

static bool
approval_newer_there(const struct order *o, const struct approval *a)
{
    for (uint8_t i = 0; i < o->approval_count; i++) {
        const struct approval *b = &o->approval[i].a;
        if (a->verb == b->verb && baton_id_eq(&a->operator, & b->operator) &&
            baton_key_eq(&a->subject, &b->subject))
            return true;
    }
    return false;
}

/* Newest first, one per person and verb: what the agents count. */
static void
order_approvals(const struct room *room, struct order *o, uint32_t verbs)
{
    const struct cutover *c = &room->t.cutover;
    for (uint32_t i = c->approval_count; i > 0 && o->approval_count < ORDER_APPROVALS_MAX; i--) {
        const struct signed_approval *sa = &c->approval[i - 1];
        if (approval_for(room, &sa->a, verbs) && !approval_newer_there(o, &sa->a))
            o->approval[o->approval_count++] = *sa;
    }
}

/* Which verbs speak for this epoch's recipient: the plan's holder gets it back by rollback alone. */
static uint32_t
verbs_towards(const struct room *room, bool adopt)
{
    if (adopt)
        return 1u << VERB_PLAN | 1u << VERB_ADOPT;
    const struct plan *plan = &room->t.plan;
    bool back = room->t.plan_known &&
                baton_key_eq(&plan->member[plan->holder].key, &room->t.authority.recipient);
    return back ? 1u << VERB_ROLLBACK : 1u << VERB_CUTOVER;
}

/* ---- the five verbs --------------------------------------------------------------------------- */

/* The recipient's own signed word that it holds this epoch. */
static struct signed_bytes
holders_word(struct engine *e, const struct room *room, struct loan *loan)
{
    const struct authority *a = &room->t.authority;
    int at = authority_member_index(a, &a->recipient);
    return at < 0 ? (struct signed_bytes){0} : loan_object(e, loan, &a->member[at].holds);
}

/* The plan, and beside it the policy text whose hash it names. */
static void
order_plan(struct engine *e, struct loan *loan, const struct baton_hash *hash, struct order *o)
{
    struct plan plan;
    struct signed_bytes bytes = loan_object(e, loan, hash);
    o->plan = bytes.bytes;
    o->plan_len = bytes.len;
    if (plan_decode(bytes.bytes, bytes.len, &plan) != BATON_OK || baton_hash_is_zero(&plan.limits))
        return;
    struct signed_bytes limits = loan_object(e, loan, &plan.limits);
    o->limits = limits.bytes;
    o->limits_len = limits.len;
}

static void
order_fence(struct engine *e, struct room *room, struct seat *seat)
{
    struct loan loan = {.count = 0};
    struct order o;
    order_init(e, &o, ORDER_FENCE, room);
    o.epoch = room->t.authority.epoch;
    o.recipient = room->t.authority.recipient;
    o.adopt = room->t.authority.phase == AUTH_ADOPTING;
    order_plan(e, &loan, &room->t.authority.plan, &o);
    o.shown = holders_word(e, room, &loan);
    order_approvals(room, &o, verbs_towards(room, o.adopt) | 1u << VERB_ATTEST | 1u << VERB_RETIRE);
    order_put(e, seat, &o);
    loan_return(&loan);
}

static void
order_challenge(struct engine *e, struct room *room, const struct authority_member *m,
                struct seat *seat, bool void_first)
{
    struct order o;
    order_init(e, &o, ORDER_CHALLENGE, room);
    o.epoch = room->t.authority.epoch;
    o.recipient = room->t.authority.recipient;
    o.nonce = m->nonce;
    o.void_first = void_first;
    order_put(e, seat, &o);
}

static void
order_grant(struct engine *e, struct room *room, struct seat *seat)
{
    const struct authority *a = &room->t.authority;
    struct loan loan = {.count = 0};
    struct order o;
    order_init(e, &o, ORDER_GRANT, room);
    o.epoch = a->epoch;
    o.recipient = a->recipient;
    o.serial = a->serial;
    for (size_t i = 0; i < a->member_count; i++) {
        const struct authority_member *other = &a->member[i];
        if (baton_key_eq(&other->key, &a->recipient) || baton_hash_is_zero(&other->evidence))
            continue;
        o.evidence[o.evidence_count] = loan_object(e, &loan, &other->evidence);
        if (o.evidence[o.evidence_count].len > 0)
            o.evidence_count++;
    }
    order_approvals(room, &o, verbs_towards(room, false) | 1u << VERB_GO | 1u << VERB_ATTEST);
    order_put(e, seat, &o);
    loan_return(&loan);
}

static void
order_retire(struct engine *e, struct room *room, struct seat *seat)
{
    struct order o;
    order_init(e, &o, ORDER_RETIRE, room);
    o.epoch = room->t.authority.epoch;
    order_approvals(room, &o, 1u << VERB_RETIRE);
    /* The agent holds the approvals against the recipient that the order names. */
    o.recipient = o.approval_count > 0 ? o.approval[0].a.recipient : room->t.authority.recipient;
    order_put(e, seat, &o);
}

/* ---- orders that never touch authority -------------------------------------------------------- */

struct withdraw {
    struct engine *e;
    enum order_verb verb;
    size_t count;
    struct baton_id id[16];
    struct baton_hash hash[16];
};

static bool
withdraw_note(struct withdraw *w, const struct outbox_row *row)
{
    w->id[w->count] = row->order;
    w->hash[w->count++] = row->hash;
    return w->count < ARRAY_LEN(w->id);
}

static bool
any_visit(void *arg, const struct outbox_row *row)
{
    return withdraw_note(arg, row);
}

/* Only what asks a question. An approval that a STATUS carries must arrive. */
static bool
question_visit(void *arg, const struct outbox_row *row)
{
    struct withdraw *w = arg;
    struct order o;
    void *arena = NULL;
    if (order_unpack(row->bytes, row->len, &o, &arena, NULL) != BATON_OK)
        return true;
    bool asks = o.verb == w->verb && o.approval_count == 0 && !o.void_first;
    order_arena_free(&arena);
    return !asks || withdraw_note(w, row);
}

static void
outbox_remove(struct engine *e, struct seat *seat, const struct baton_id *order,
              const struct baton_hash *hash)
{
    const struct store_port *s = &e->p.store;
    journal_begin(e);
    enum baton_status rc = s->outbox_remove(s->ctx, order, &e->journal.err);
    if (rc != BATON_OK && rc != BATON_NOT_FOUND)
        journal_failed(e, rc, "outbox");
    rc = s->inbox_seen(s->ctx, order, hash, &e->journal.err);
    if (rc != BATON_OK && rc != BATON_NOT_FOUND && rc != BATON_CONFLICT)
        journal_failed(e, rc, "inbox");
    seat->pending--;
    seat->room->outbox_rows--;
    if (seat->room->outbox_rows < OUTBOX_ROWS_MAX / 2)
        seat->room->full_told = false;
}

/* At most some at once; how many. */
static size_t
withdraw(struct engine *e, struct seat *seat, enum order_verb verb,
         bool (*visit)(void *arg, const struct outbox_row *row))
{
    struct withdraw w = {.e = e, .verb = verb};
    const struct store_port *s = &e->p.store;
    if (seat->pending == 0 || e->journal.rc != BATON_OK)
        return 0;
    enum baton_status rc = s->outbox_each(s->ctx, &seat->row.key, visit, &w, &e->journal.err);
    if (rc != BATON_OK)
        journal_failed(e, rc, "outbox");
    for (size_t i = 0; i < w.count; i++)
        outbox_remove(e, seat, &w.id[i], &w.hash[i]);
    return w.count;
}

/* A newer question of the same kind replaces one that was not answered: an agent that is away for a
 * month must not come back to a month of questions. */
static void
orders_withdraw(struct engine *e, struct seat *seat, enum order_verb verb)
{
    (void)withdraw(e, seat, verb, question_visit);
}

void
orders_forget(struct engine *e, struct seat *seat)
{
    while (withdraw(e, seat, ORDER_NONE, any_visit) > 0)
        continue;
}

void
order_status(struct engine *e, struct seat *seat, const struct signed_approval *approval[],
             size_t count, bool with_trust)
{
    struct room *room = seat->room;
    int at = authority_member_index(&room->t.authority, &seat->row.key);
    struct loan loan = {.count = 0};
    struct order o;
    orders_withdraw(e, seat, ORDER_STATUS);
    order_init(e, &o, ORDER_STATUS, room);
    e->p.random(e->p.ctx, o.nonce.b, sizeof o.nonce.b);
    if (at >= 0 && !room->t.authority.member[at].heard &&
        !baton_id_is_zero(&room->t.authority.member[at].status_nonce))
        o.nonce = room->t.authority.member[at].status_nonce;
    o.shown = loan_object(e, &loan, &seat->statement);
    if (with_trust && e->trust_known)
        o.trust = e->trust_bytes;
    for (size_t i = 0; i < count && o.approval_count < ORDER_APPROVALS_MAX; i++)
        o.approval[o.approval_count++] = *approval[i];
    order_put(e, seat, &o);
    seat->status_ms = e->now_ms;
    seat->status_waits = true;
    loan_return(&loan);
}

/* A member that comes back after the role went on without it (two people vouched) answers to the
 * holder's own word: approvals may have expired meanwhile, that word cannot. */
struct fence_wait {
    struct engine *e;
    const struct seat *seat;
    bool found;
    struct baton_id id;
    struct baton_hash hash;
    uint8_t *bytes;
    size_t len;
};

static bool
fence_wait_visit(void *arg, const struct outbox_row *row)
{
    struct fence_wait *f = arg;
    struct order o;
    void *arena = NULL;
    if (order_unpack(row->bytes, row->len, &o, &arena, NULL) != BATON_OK)
        return true;
    f->found = o.verb == ORDER_FENCE && o.shown.len == 0 &&
               epoch_eq(&o.epoch, &f->seat->room->t.authority.epoch);
    order_arena_free(&arena);
    f->bytes = f->found ? malloc(row->len) : NULL;
    if (f->bytes == NULL)
        return !f->found;
    memcpy(f->bytes, row->bytes, row->len);
    f->len = row->len;
    f->id = row->order;
    f->hash = row->hash;
    return false;
}

void
order_fence_back(struct engine *e, struct seat *seat)
{
    struct loan loan = {.count = 0};
    struct fence_wait f = {.e = e, .seat = seat};
    const struct store_port *s = &e->p.store;
    if (seat->pending == 0 || e->journal.rc != BATON_OK)
        return;
    struct signed_bytes word = holders_word(e, seat->room, &loan);
    if (word.len > 0 && !baton_key_eq(&seat->row.key, &seat->room->t.authority.recipient)) {
        enum baton_status rc =
            s->outbox_each(s->ctx, &seat->row.key, fence_wait_visit, &f, &e->journal.err);
        if (rc != BATON_OK)
            journal_failed(e, rc, "outbox");
    }
    struct order o;
    void *arena = NULL;
    if (f.bytes != NULL && order_unpack(f.bytes, f.len, &o, &arena, NULL) == BATON_OK) {
        outbox_remove(e, seat, &f.id, &f.hash);
        e->p.random(e->p.ctx, o.id.b, sizeof o.id.b);
        o.shown = word;
        order_put(e, seat, &o);
    }
    order_arena_free(&arena);
    free(f.bytes);
    loan_return(&loan);
}

static void
order_watch(struct engine *e, struct room *room, bool busy)
{
    for (size_t i = 0; i < MEMBERS_MAX; i++) {
        struct seat *seat = room->seat[i];
        if (seat == NULL || seat->row.revoked)
            continue;
        struct order o;
        orders_withdraw(e, seat, ORDER_WATCH);
        order_init(e, &o, ORDER_WATCH, room);
        o.busy = busy;
        order_put(e, seat, &o);
    }
}

/* The settings file goes from the plan's holder to its recipient, sealed; nobody else is asked. */
static void
order_settings(struct engine *e, struct room *room, enum order_verb verb)
{
    const struct cutover *c = &room->t.cutover;
    struct seat *from = room->seat[c->old_agent], *to = room->seat[c->new_agent];
    struct loan loan = {.count = 0};
    struct order o;
    if (from == NULL || to == NULL || c->old_agent == c->new_agent)
        return;
    orders_withdraw(e, verb == ORDER_SEAL ? from : to, verb); /* of an earlier file */
    order_init(e, &o, verb, room);
    o.recipient = to->row.key;
    struct signed_bytes plan = loan_object(e, &loan, &c->plan);
    o.plan = plan.bytes;
    o.plan_len = plan.len;
    o.blob = verb == ORDER_SEAL ? c->settings : c->blob;
    o.file = c->settings;
    o.blob_bytes = c->blob_bytes;
    order_put(e, verb == ORDER_SEAL ? from : to, &o);
    loan_return(&loan);
}

/* ---- what a decision wants -------------------------------------------------------------------- */

static bool
member_wanted(const struct authority *a, size_t i, uint32_t effect)
{
    const struct authority_member *m = &a->member[i];
    bool recipient = baton_key_eq(&m->key, &a->recipient);
    switch (effect) {
    case AUTH_FX_STATUS:
    case AUTH_FX_FENCE:
        return !m->retired;
    case AUTH_FX_CHALLENGE:
        return (a->challenge_mask & (1u << i)) != 0 && !m->retired;
    case AUTH_FX_VOID:
    case AUTH_FX_GRANT:
        return recipient;
    default:
        return effect == AUTH_FX_RETIRE && a->retire_subject == i;
    }
}

static void
member_order(struct engine *e, struct room *room, size_t i, struct seat *seat, uint32_t effect)
{
    const struct authority_member *m = &room->t.authority.member[i];
    switch (effect) {
    case AUTH_FX_STATUS:
        order_status(e, seat, NULL, 0, e->trust_known);
        break;
    case AUTH_FX_FENCE:
        order_fence(e, room, seat);
        break;
    case AUTH_FX_CHALLENGE:
        orders_withdraw(e, seat, ORDER_CHALLENGE);
        order_challenge(e, room, m, seat, false);
        break;
    case AUTH_FX_VOID:
        order_challenge(e, room, m, seat, true);
        break;
    case AUTH_FX_GRANT:
        order_grant(e, room, seat);
        break;
    default:
        order_retire(e, room, seat);
    }
}

void
orders_issue(struct engine *e, struct room *room, const struct decision *d)
{
    static const uint32_t effects[] = {AUTH_FX_STATUS,    AUTH_FX_VOID,  AUTH_FX_FENCE,
                                       AUTH_FX_CHALLENGE, AUTH_FX_GRANT, AUTH_FX_RETIRE};
    const struct authority *a = &room->t.authority;
    for (size_t n = 0; n < ARRAY_LEN(effects); n++) {
        if ((d->orders & effects[n]) == 0)
            continue;
        for (size_t i = 0; i < a->member_count; i++) {
            struct seat *seat = seat_find(e, &a->member[i].key);
            if (seat != NULL && !seat->row.revoked && member_wanted(a, i, effects[n]))
                member_order(e, room, i, seat, effects[n]);
        }
    }
    if (d->effects & HFX_SEAL_SETTINGS)
        order_settings(e, room, ORDER_SEAL);
    if (d->effects & HFX_PLACE_SETTINGS)
        order_settings(e, room, ORDER_PLACE);
    if (d->effects & (HFX_BUSY | HFX_REST))
        order_watch(e, room, (d->effects & HFX_BUSY) != 0);
}

/* ---- delivery --------------------------------------------------------------------------------- */

struct pump {
    struct engine *e;
    struct seat *seat;
    bool again, held, only_questions;
    bool sent; /* something left */
};

/* Orders of an earlier run wait until this run has heard the agent: only questions leave before. */
static bool
row_may_leave(const struct pump *p, const struct outbox_row *row)
{
    if (!p->only_questions)
        return true;
    struct order o;
    void *arena = NULL;
    bool question = order_unpack(row->bytes, row->len, &o, &arena, NULL) == BATON_OK &&
                    (o.verb == ORDER_STATUS || o.verb == ORDER_WATCH);
    order_arena_free(&arena);
    return question;
}

static bool
pump_visit(void *arg, const struct outbox_row *row)
{
    struct pump *p = arg;
    if (!p->again && row->seq <= p->seat->sent_seq)
        return true;
    if (!row_may_leave(p, row)) {
        p->held = true;
        return true;
    }
    struct message m = {.type = MSG_ORDER};
    m.u.order.bytes = row->bytes;
    m.u.order.len = row->len;
    if (!seat_send(p->e, p->seat, &m))
        return false;
    p->sent = true;
    if (!p->held && row->seq > p->seat->sent_seq)
        p->seat->sent_seq = row->seq;
    return true;
}

static bool
only_questions(const struct seat *seat)
{
    const struct authority *a = &seat->room->t.authority;
    int at = authority_member_index(a, &seat->row.key);
    return seat->row.barred || a->reconcile || (a->recovering && at >= 0 && !a->member[at].heard);
}

void
orders_pump(struct engine *e, struct seat *seat, bool again)
{
    struct pump p = {.e = e, .seat = seat, .again = again, .only_questions = only_questions(seat)};
    if (!seat->session.live || seat->pending == 0 || seat->row.revoked)
        return;
    const struct store_port *s = &e->p.store;
    enum baton_status rc = s->outbox_each(s->ctx, &seat->row.key, pump_visit, &p, &e->journal.err);
    if (rc != BATON_OK)
        journal_failed(e, rc, "outbox");
    if (!again && !p.sent && seat->resend_delay_ms != 0)
        return; /* what left before is still said again when that is due */
    if (!again || seat->resend_delay_ms == 0)
        seat->resend_delay_ms = RESEND_FIRST_MS;
    else if (seat->resend_delay_ms < RESEND_MOST_MS)
        seat->resend_delay_ms *= 2;
    seat->resend_ms = e->now_ms + seat->resend_delay_ms;
}

void
orders_resend(struct engine *e)
{
    for (size_t i = 0; i < e->seat_count; i++) {
        struct seat *seat = e->seat[i];
        if (seat->pending > 0 && seat->session.live && e->now_ms >= seat->resend_ms)
            orders_pump(e, seat, true);
    }
}

static bool
count_visit(void *arg, const struct outbox_row *row)
{
    struct engine *e = arg;
    struct seat *seat = seat_find(e, &row->agent);
    if (seat != NULL) {
        seat->pending++;
        seat->room->outbox_rows++;
    }
    return true;
}

void
orders_count(struct engine *e)
{
    const struct store_port *s = &e->p.store;
    enum baton_status rc = s->outbox_each(s->ctx, NULL, count_visit, e, &e->journal.err);
    if (rc != BATON_OK)
        journal_failed(e, rc, "outbox");
}

/* ---- answers ---------------------------------------------------------------------------------- */

struct find {
    const struct baton_id *order;
    bool found;
    struct baton_hash hash;
    enum order_verb verb;
};

static bool
find_visit(void *arg, const struct outbox_row *row)
{
    struct find *f = arg;
    if (!baton_id_eq(&row->order, f->order))
        return true;
    struct order o;
    void *arena = NULL;
    if (order_unpack(row->bytes, row->len, &o, &arena, NULL) == BATON_OK)
        f->verb = (enum order_verb)o.verb;
    order_arena_free(&arena);
    f->found = true;
    f->hash = row->hash;
    return false;
}

enum order_match
order_answered(struct engine *e, struct seat *seat, const struct baton_id *order,
               const struct baton_hash *hash, enum order_verb *ret_verb)
{
    struct find f = {.order = order};
    const struct store_port *s = &e->p.store;
    *ret_verb = ORDER_NONE;
    enum baton_status rc = s->outbox_each(s->ctx, &seat->row.key, find_visit, &f, &e->journal.err);
    if (rc != BATON_OK)
        journal_failed(e, rc, "outbox");
    if (f.found && !baton_hash_eq(&f.hash, hash))
        return ORDER_FORGED;
    if (f.found) {
        outbox_remove(e, seat, order, hash);
        *ret_verb = f.verb;
        if (f.verb == ORDER_STATUS)
            seat->status_waits = false;
        return ORDER_OURS;
    }
    journal_begin(e);
    rc = s->inbox_seen(s->ctx, order, hash, &e->journal.err);
    if (rc == BATON_CONFLICT)
        return ORDER_FORGED;
    if (rc != BATON_OK && rc != BATON_NOT_FOUND)
        journal_failed(e, rc, "inbox");
    return rc == BATON_OK ? ORDER_ANSWERED : ORDER_FOREIGN;
}
