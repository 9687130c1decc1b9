#include "controller/engine_state.h"

#include <stdlib.h>
#include <string.h>

enum act_kind {
    ACT_SEND,
    ACT_PUMP,
    ACT_ALLOW_TOKEN,
    ACT_ALLOW_AGENT,
    ACT_REVOKE,
    ACT_PAGE,
    ACT_RECEIPT,
    ACT_TELL
};

#define PAGE_PREFIX "page"

enum { PAGE_SEQ_AT = sizeof PAGE_PREFIX - 1, PAGE_NUMBER_AT = PAGE_SEQ_AT + 8, PAGE_TENANT_AT };

struct page_key { /* in TABLE_META: prefix, the newest record, which page after it, tenant */
    uint8_t b[PAGE_TENANT_AT + sizeof(struct baton_id)];
};

struct act {
    struct act *next;
    enum act_kind kind;
    struct seat *seat;
    struct baton_key key; /* ENROLLED goes to a key that has no seat in some cases; doors */
    struct baton_id tenant;
    uint64_t until_ms;
    struct page_key page; /* the row that owes it */
    struct message *m;    /* these three lie behind the act */
    char *text;
    struct authority_run *run;
};

static struct act *
act_add(struct engine *e, enum act_kind kind, size_t behind_bytes)
{
    struct act *a = calloc(1, sizeof *a + behind_bytes);
    if (a == NULL) {
        journal_failed(e, BATON_NOMEM, "what to do after the commit");
        return NULL;
    }
    a->kind = kind;
    *e->acts_end = a;
    e->acts_end = &a->next;
    return a;
}

/* The one part of a message that borrows from elsewhere. Orders are sent from the outbox alone. */
static const uint8_t **
message_payload(struct message *m, size_t *ret_len)
{
    if (m->type == MSG_WELCOME) {
        *ret_len = m->u.welcome.trust.len;
        return &m->u.welcome.trust.bytes;
    }
    if (m->type == MSG_CHUNK) {
        *ret_len = m->u.chunk.len;
        return &m->u.chunk.bytes;
    }
    *ret_len = 0;
    return NULL;
}

static struct act *
act_message(struct engine *e, const struct message *m)
{
    struct message copy = *m;
    size_t len;
    const uint8_t **payload = message_payload(&copy, &len);
    struct act *a = act_add(e, ACT_SEND, sizeof copy + len);
    if (a == NULL)
        return NULL;
    a->m = (struct message *)(a + 1);
    if (len > 0) {
        uint8_t *kept = (uint8_t *)(a->m + 1);
        memcpy(kept, *payload, len);
        *payload = kept;
    }
    *a->m = copy;
    return a;
}

void
act_send(struct engine *e, struct seat *to, const struct message *m)
{
    struct act *a = act_message(e, m);
    if (a != NULL)
        a->seat = to;
}

void
act_send_key(struct engine *e, const struct baton_key *to, const struct message *m)
{
    struct act *a = act_message(e, m);
    if (a != NULL)
        a->key = *to;
}

void
act_pump(struct engine *e, struct seat *seat)
{
    if (seat->pump_waits)
        return;
    struct act *a = act_add(e, ACT_PUMP, 0);
    if (a == NULL)
        return;
    a->seat = seat;
    seat->pump_waits = true;
}

void
act_receipt(struct engine *e, struct seat *seat)
{
    struct act *a = act_add(e, ACT_RECEIPT, 0);
    if (a != NULL)
        a->seat = seat;
}

void
act_tell(struct engine *e, const struct room *room)
{
    struct authority_run run = authority_run_of(&room->t.authority);
    struct act *a = act_add(e, ACT_TELL, sizeof run);
    if (a == NULL)
        return;
    a->tenant = room->t.info.id;
    a->run = (struct authority_run *)(a + 1);
    *a->run = run;
}

void
act_allow_token(struct engine *e, const struct baton_key *curve, const struct token_row *row)
{
    if (row->expires_unix_ms <= e->unix_ms)
        return;
    struct act *a = act_add(e, ACT_ALLOW_TOKEN, 0);
    if (a == NULL)
        return;
    a->key = *curve;
    a->tenant = row->tenant;
    a->until_ms = e->now_ms + (row->expires_unix_ms - e->unix_ms);
}

void
act_allow_agent(struct engine *e, struct seat *seat)
{
    struct act *a = act_add(e, ACT_ALLOW_AGENT, 0);
    if (a != NULL)
        a->seat = seat;
}

void
act_revoke(struct engine *e, const struct baton_key *curve)
{
    struct act *a = act_add(e, ACT_REVOKE, 0);
    if (a != NULL)
        a->key = *curve;
}

static void
page_add(struct engine *e, const struct page_key *key, const void *text, size_t len)
{
    struct act *a = act_add(e, ACT_PAGE, len + 1);
    if (a == NULL)
        return;
    a->page = *key;
    memcpy(a->tenant.b, key->b + PAGE_TENANT_AT, sizeof a->tenant.b);
    a->text = (char *)(a + 1);
    memcpy(a->text, text, len); /* the zero behind it is there */
}

/* Owed from this transaction on, until it was said: a controller that dies in between says it when it
 * starts again. */
void
act_page(struct engine *e, const struct baton_id *tenant, const char *text)
{
    struct page_key key;
    memcpy(key.b, PAGE_PREFIX, PAGE_SEQ_AT);
    for (int i = 0; i < 8; i++)
        key.b[PAGE_SEQ_AT + i] = (uint8_t)(e->journal.log_size >> (8 * (7 - i)));
    key.b[PAGE_NUMBER_AT] = e->page_number++;
    memcpy(key.b + PAGE_TENANT_AT, tenant->b, sizeof tenant->b);
    journal_row(e, NULL, TABLE_META, key.b, sizeof key.b, text, strlen(text));
    page_add(e, &key, text, strlen(text));
}

static bool
page_visit(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    struct page_key k;
    if (key_len != sizeof k.b)
        return true;
    memcpy(k.b, key, key_len);
    page_add(arg, &k, value, len);
    return true;
}

void
acts_owed(struct engine *e)
{
    const struct store_port *s = &e->p.store;
    enum baton_status rc =
        s->each(s->ctx, TABLE_META, PAGE_PREFIX, PAGE_SEQ_AT, page_visit, e, &e->journal.err);
    if (rc != BATON_OK)
        journal_failed(e, rc, "the pages that are owed");
}

/* In a session the WELCOME comes first: what was queued for this agent earlier in the same batch waits
 * for the next turn. A REFUSED needs no session: it tells the agent to say hello again. */
static bool
session_takes(struct session *s, enum message_type type)
{
    if (type == MSG_WELCOME)
        s->welcomed = true;
    return (s->live && s->welcomed) || type == MSG_REFUSED;
}

bool
seat_send(struct engine *e, struct seat *seat, struct message *m)
{
    struct session *s = &seat->session;
    if (!session_takes(s, m->type))
        return false;
    m->env.session = s->live ? s->id : (struct baton_id){{0}};
    m->env.sequence = s->live ? s->out + 1 : 0;
    m->env.sender = e->p.public_key;
    m->env.recipient = seat->row.key;
    m->env.tenant = seat->row.tenant;
    if (!e->p.send(e->p.ctx, &seat->row.key, m))
        return false;
    if (s->live)
        s->out++; /* a frame that never left does not use up a number */
    atomic_fetch_add(&e->sent, 1);
    return true;
}

static void
send_receipt(struct engine *e, struct seat *seat)
{
    const struct checkpoint_row *c = &e->checkpoint;
    if (c->size == 0 || c->size == seat->receipt_sent)
        return;
    struct message m = {.type = MSG_RECEIPT};
    m.u.receipt = (struct msg_receipt){c->size, c->root, c->unix_ms, c->sig};
    if (seat_send(e, seat, &m))
        seat->receipt_sent = c->size;
}

static void
act_do(struct engine *e, struct act *a)
{
    void *ctx = e->p.ctx;
    switch (a->kind) {
    case ACT_SEND:
        if (a->seat != NULL)
            seat_send(e, a->seat, a->m);
        else if (e->p.send(ctx, &a->key, a->m))
            atomic_fetch_add(&e->sent, 1);
        break;
    case ACT_PUMP:
        a->seat->pump_waits = false;
        orders_pump(e, a->seat, false);
        break;
    case ACT_RECEIPT:
        send_receipt(e, a->seat);
        break;
    case ACT_ALLOW_TOKEN:
        e->p.allow_token(ctx, &a->key, &a->tenant, a->until_ms);
        break;
    case ACT_ALLOW_AGENT:
        e->p.allow_agent(ctx, &a->seat->row.curve_key, &a->seat->row.key, &a->seat->row.tenant);
        break;
    case ACT_REVOKE:
        e->p.revoke(ctx, &a->key);
        break;
    case ACT_PAGE:
        e->p.page(ctx, &a->tenant, a->text);
        break;
    case ACT_TELL:
        board_put(&e->board, &a->tenant, a->run);
        break;
    }
}

static void
act_done(struct engine *e, struct act *a)
{
    if (a->kind != ACT_PAGE) {
        free(a);
        return;
    }
    a->next = e->said;
    e->said = a;
}

/* What was said is owed no longer: with the next transaction, as during the acts there is none. */
void
acts_settle(struct engine *e)
{
    while (e->said != NULL) {
        struct act *a = e->said;
        e->said = a->next;
        journal_drop(e, NULL, TABLE_META, a->page.b, sizeof a->page.b);
        free(a);
    }
}

static struct act *
acts_take(struct engine *e)
{
    struct act *first = e->acts;
    e->acts = NULL;
    e->acts_end = &e->acts;
    return first;
}

void
acts_run(struct engine *e)
{
    const struct store_port *s = &e->p.store;
    struct act *a = acts_take(e);
    if (a == NULL)
        return;
    enum baton_status rc = s->look(s->ctx, &e->journal.err);
    if (rc != BATON_OK)
        journal_failed(e, rc, "outbox");
    while (a != NULL) {
        struct act *next = a->next;
        if (rc == BATON_OK) {
            act_do(e, a);
            act_done(e, a);
        } else
            free(a);
        a = next;
    }
    if (rc == BATON_OK)
        s->look_end(s->ctx);
}

static void
acts_free(struct act *a)
{
    while (a != NULL) {
        struct act *next = a->next;
        free(a);
        a = next;
    }
}

void
acts_drop(struct engine *e)
{
    acts_free(acts_take(e));
    acts_free(e->said);
    e->said = NULL;
}
