#include "controller/engine_state.h"

#include "common/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    SESSION_TOLD_MS = 60000, /* an agent that comes and goes is recorded this often ... */
    STATUS_EVERY_MS = 60000, /* ... and asked this often */
};

void
session_decline(struct engine *e, struct seat *seat, enum baton_status rc,
                const struct baton_id *order_or_null, const char *text)
{
    struct message m = {.type = MSG_REFUSED};
    m.u.refused.status = (uint8_t)rc;
    if (order_or_null != NULL)
        m.u.refused.order = *order_or_null;
    snprintf(m.u.refused.text, sizeof m.u.refused.text, "%s", text);
    act_send(e, seat, &m);
}

void
session_refuse(struct engine *e, struct seat *seat, enum baton_status rc,
               const struct baton_id *order_or_null, const char *text)
{
    journal_refusal(e, &seat->refusals, &seat->row.tenant, &seat->row.key, NULL, text);
    session_decline(e, seat, rc, order_or_null, text);
}

static void
tenant_told(struct engine *e, struct seat *seat, enum tenant_event_kind kind)
{
    struct tenant_event ev;
    event_init(e, &ev, kind);
    ev.agent = seat->row.slot;
    room_step(e, seat->room, &ev, &(struct told){.actor = &seat->row.key}, NULL, NULL);
}

static void
session_end(struct engine *e, struct seat *seat, const char *why)
{
    if (!seat->session.live)
        return;
    seat->session.live = false;
    log_info("session.lost", "host=\"%s\" why=\"%s\"", seat->row.host, why);
    tenant_told(e, seat, TEV_LOST);
}

/* What the agent runs is part of its enrolment row; the record of the session carries the change. */
static bool
hello_changes(const struct seat *seat, const struct msg_hello *h)
{
    return strcmp(seat->row.version, h->version) != 0 ||
           !baton_hash_eq(&seat->row.binary, &h->binary) ||
           !baton_hash_eq(&seat->row.table, &h->table);
}

static void
hello_record(struct engine *e, struct seat *seat, const struct msg_hello *h)
{
    bool changed = hello_changes(seat, h);
    bool told = seat->session_told_ms != 0 && e->now_ms - seat->session_told_ms < SESSION_TOLD_MS;
    if (told && !changed)
        return;
    struct audit_record r;
    uint8_t row[SITE_ROW_BYTES_MAX];
    record_init(e, &r, AUDIT_SESSION, &seat->row.tenant, &seat->row.key);
    record_text(&r, "the agent on %s opened a session, version %s", seat->row.host, h->version);
    if (changed) {
        memcpy(seat->row.version, h->version, sizeof seat->row.version);
        seat->row.binary = h->binary;
        seat->row.table = h->table;
        agent_view_enrol(&seat->room->t.agent[seat->row.slot], &seat->row);
        journal_row(e, &r, TABLE_AGENT, seat->row.key.b, sizeof seat->row.key.b, row,
                    agent_row_encode(&seat->row, row));
    }
    journal_record(e, &r);
    seat->session_told_ms = e->now_ms;
}

static void
hello_compare(struct engine *e, struct seat *seat, const struct msg_hello *h)
{
    seat->session.fewer = h->counter < seat->counter;
    if (h->receipt_size > e->journal.log_size)
        journal_alarm(e, seat, NULL,
                      "this agent has seen a longer audit log: this ledger was restored");
    else if (!journal_had(e, h->receipt_size, &h->receipt_root))
        journal_alarm(e, seat, NULL,
                      "this agent has a receipt of another audit log: this ledger was restored, or "
                      "its past was changed");
    if (e->trust_known && h->trust_version == e->trust.version) {
        struct baton_hash ours;
        e->p.digest.sha256(e->p.digest.ctx, e->trust_bytes.bytes, e->trust_bytes.len, &ours);
        if (!baton_hash_eq(&ours, &h->trust_hash))
            journal_alarm(e, seat, NULL,
                          "this agent keeps another trust document of the same version");
    }
}

static void
welcome(struct engine *e, struct seat *seat, const struct msg_hello *h)
{
    struct message m = {.type = MSG_WELCOME};
    m.u.welcome.session = seat->session.id;
    m.u.welcome.nonce = h->nonce;
    m.u.welcome.last_sequence_seen = seat->session.in;
    if (e->trust_known)
        m.u.welcome.trust = e->trust_bytes;
    m.u.welcome.beat_ms = (uint32_t)seat->room->t.info.policy.v[POLICY_BEAT_MS];
    act_send(e, seat, &m);
    act_receipt(e, seat);
}

/* A question at once when there is something that only the agent can tell: words that this ledger
 * does not have, a counter that went back, or a run in which it has not been heard. */
static bool
hello_needs_status(const struct engine *e, const struct seat *seat, const struct msg_hello *h)
{
    const struct authority *a = &seat->room->t.authority;
    int at = authority_member_index(a, &seat->row.key);
    bool lately = seat->status_ms != 0 && e->now_ms - seat->status_ms < STATUS_EVERY_MS;
    bool unheard = at >= 0 && !a->member[at].heard;
    if (h->counter < seat->counter)
        return true; /* whatever was asked, it has not been shown its own newest word */
    return !seat->status_waits && (unheard || (h->counter > seat->counter && !lately));
}

static void
on_hello(struct engine *e, struct seat *seat, const struct message *m)
{
    const struct msg_hello *h = &m->u.hello;
    if (!bucket_take(&seat->hellos, HELLOS_BURST, HELLO_EVERY_MS, e->now_ms)) {
        session_refuse(e, seat, BATON_LIMIT, NULL, "too many sessions in a short time");
        return;
    }
    /* Numbers begin anew inside the session, whatever the HELLO's was. */
    seat->session = (struct session){.live = true, .heard_ms = e->now_ms};
    e->p.random(e->p.ctx, seat->session.id.b, sizeof seat->session.id.b);
    seat->sent_seq = 0;
    seat->receipt_sent = 0;
    seat->resend_delay_ms = 0;
    for (size_t i = 0; i < e->token_count; i++)
        if (e->token[i].row.used && baton_key_eq(&e->token[i].row.agent, &seat->row.key)) {
            act_revoke(e, &e->token[i].curve_key);
            token_drop(e, &e->token[i]);
            break;
        }
    hello_compare(e, seat, h);
    welcome(e, seat, h);
    hello_record(e, seat, h);
    tenant_told(e, seat, TEV_SESSION);
    if (hello_needs_status(e, seat, h))
        order_status(e, seat, NULL, 0, false);
    order_fence_back(e, seat);
    act_pump(e, seat);
}

static void
on_beat(struct engine *e, struct seat *seat, const struct message *m)
{
    (void)m;
    seat->room->t.agent[seat->row.slot].seen_ms = e->now_ms;
    if (e->now_ms - seat->stored_ms >= SEEN_STORED_MS)
        seat_report(e, seat);
}

static void
on_refused(struct engine *e, struct seat *seat, const struct message *m)
{
    char text[AUDIT_TEXT_BYTES];
    snprintf(text, sizeof text, "the agent on %.63s refused a frame: %.160s", seat->row.host,
             m->u.refused.text);
    journal_refusal(e, &seat->refusals, &seat->row.tenant, &seat->row.key, NULL, text);
}

/* The closed dispatch: a type without a row may not come from an agent at all. */
static void (*const dispatch[MSG_TYPE_COUNT])(struct engine *e, struct seat *seat,
                                              const struct message *m) = {
    [MSG_HELLO] = on_hello,
    [MSG_BEAT] = on_beat,
    [MSG_ANSWER] = statement_answer,
    [MSG_SAY] = statement_say,
    [MSG_REPORT] = statement_report,
    [MSG_CHUNK] = blob_chunk,
    [MSG_WANT] = blob_want,
    [MSG_REFUSED] = on_refused,
    [MSG_FINDINGS] = findings_message,
};

/* The one door for everything that agents send. NULL: it may pass; else why not. */
static const char *
authz(const struct engine *e, const struct seat *seat, const struct message *m)
{
    const struct envelope *env = &m->env;
    const struct message_rule *rule = message_rule(FROM_AGENT, m->type);
    if (seat->row.revoked)
        return "this agent's key is revoked";
    if (rule == NULL || dispatch[m->type] == NULL)
        return "agents may not send this type";
    if (!baton_key_eq(&env->sender, &seat->row.key))
        return "the sender is not whose transport key this is";
    if (!baton_key_eq(&env->recipient, &e->p.public_key))
        return "meant for another controller";
    if (!baton_id_eq(&env->tenant, &seat->row.tenant))
        return "meant for another tenant";
    if (!rule->session)
        return NULL;
    if (!seat->session.live || !baton_id_eq(&env->session, &seat->session.id))
        return "not of the open session: say hello again";
    if (env->sequence <= seat->session.in)
        return "a sequence number that was used before";
    return NULL;
}

/* A HELLO alone may be what a network kept of a connection that was given up; who speaks in the session that it opened,
 * counts like that. */
static void
session_spoken(struct engine *e, struct seat *seat, const struct message *m)
{
    seat->session.in = m->env.sequence;
    seat->session.heard_ms = e->now_ms;
    if (!seat->session.fewer)
        return;
    seat->session.fewer = false;
    journal_alarm(e, seat, NULL,
                  "this agent counts fewer statements than are known: reverted or copied");
}

void
session_message(struct engine *e, struct message *m, const struct baton_key *curve_key)
{
    if (m->type == MSG_ENROL) {
        enrol_message(e, m, curve_key);
        return;
    }
    struct seat *seat = seat_find(e, &m->env.sender);
    if (seat == NULL || !baton_key_eq(&seat->row.curve_key, curve_key)) {
        journal_refusal(e, &e->strangers, NULL, &m->env.sender, NULL,
                        "a frame of nobody who is enrolled");
        return;
    }
    const char *why = authz(e, seat, m);
    if (why != NULL) {
        char text[AUDIT_TEXT_BYTES];
        snprintf(text, sizeof text, "%s from %s: %s", message_type_name(m->type), seat->row.host,
                 why);
        session_refuse(e, seat, BATON_DENIED, NULL, text);
        return;
    }
    if (message_rule(FROM_AGENT, m->type)->session)
        session_spoken(e, seat, m);
    dispatch[m->type](e, seat, m);
}

/* Two live copies of one identity: nobody can say which one is right, so neither moves authority
 * until a person has enrolled or confirmed anew. Services stay as they are. */
void
seat_bar(struct engine *e, struct seat *seat, const char *why)
{
    if (seat->row.barred || seat->row.revoked)
        return;
    seat->row.barred = true;
    agent_view_enrol(&seat->room->t.agent[seat->row.slot], &seat->row);
    struct audit_record r;
    uint8_t bytes[SITE_ROW_BYTES_MAX];
    struct audit_row row = {
        .table = TABLE_AGENT, .key_len = sizeof seat->row.key.b, .value = bytes};
    struct tenant_event ev;
    memcpy(row.key, seat->row.key.b, sizeof seat->row.key.b);
    row.len = agent_row_encode(&seat->row, bytes);
    record_init(e, &r, AUDIT_ALARM, &seat->row.tenant, &seat->row.key);
    record_text(&r, "%s: the agent on %s is barred until a person confirms it again", why,
                seat->row.host);
    record_ref(&r, &seat->statement);
    event_init(e, &ev, TEV_BARRED);
    ev.agent = seat->row.slot;
    snprintf(ev.text, sizeof ev.text, "%s", why);
    room_step(e, seat->room, &ev,
              &(struct told){.record = &r, .actor = &seat->row.key, .row = &row}, NULL, NULL);
    act_page(e, &seat->row.tenant, r.text);
}

void
session_peer(struct engine *e, const struct input *in)
{
    struct seat *seat = seat_find(e, &in->key);
    if (in->peer == PEER_REFUSED) {
        struct bucket *b = seat != NULL ? &seat->refusals : &e->strangers;
        journal_refusal(e, b, seat != NULL ? &seat->row.tenant : NULL, &in->key, NULL, in->text);
        return;
    }
    if (seat == NULL)
        return;
    if (in->peer == PEER_SECOND_SESSION)
        seat_bar(e, seat, "two live sessions for one key");
    else
        session_end(e, seat, in->text[0] != '\0' ? in->text : "connection lost");
}

void
sessions_check(struct engine *e)
{
    for (size_t i = 0; i < e->seat_count; i++) {
        struct seat *seat = e->seat[i];
        uint64_t stale = (uint64_t)seat->room->t.info.policy.v[POLICY_BEAT_STALE_MS];
        if (seat->session.live && e->now_ms - seat->session.heard_ms > stale)
            session_end(e, seat, "silent for too long");
    }
}
