#include "controller/engine_state.h"

#include "common/crypto/crypto.h"
#include "common/log.h"
#include "common/token.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    TOKEN_TTL_MS = 15 * 60 * 1000, /* when nobody says */
    TOKEN_TTL_LEAST_MS = 60 * 1000,
    TOKEN_TTL_MOST_MS = 24 * 3600 * 1000,
};

static void
enrolled_send(struct engine *e, const struct message *m, const struct baton_id *tenant,
              const struct baton_hash *fingerprint_or_null)
{
    struct message answer = {.type = MSG_ENROLLED};
    answer.env.sender = e->p.public_key;
    answer.env.recipient = m->u.enrol.sign_key;
    answer.env.tenant = *tenant;
    answer.u.enrolled.accepted = fingerprint_or_null != NULL;
    if (fingerprint_or_null != NULL)
        answer.u.enrolled.fingerprint = *fingerprint_or_null;
    act_send_key(e, &m->u.enrol.sign_key, &answer);
}

static void
enrol_refuse(struct engine *e, const struct message *m, const struct one_time *token,
             const char *text)
{
    const struct baton_id *tenant = token != NULL ? &token->row.tenant : &m->env.tenant;
    journal_refusal(e, &e->strangers, token != NULL ? tenant : NULL, &m->u.enrol.sign_key, NULL,
                    text);
    enrolled_send(e, m, tenant, NULL);
}

/* A token made for "OLD01" fits "old01.contoso.com" too: Windows tells both names. */
static bool
host_fits(const char *wanted, const char *host)
{
    size_t len = strlen(wanted);
    return strncasecmp(wanted, host, len) == 0 &&
           (host[len] == '\0' || (host[len] == '.' && strchr(wanted, '.') == NULL));
}

/* The same agent that asks again gets the same answer: its first one may have been lost. */
static bool
enrolled_before(struct engine *e, const struct message *m, const struct one_time *token)
{
    const struct msg_enrol *n = &m->u.enrol;
    struct seat *seat = seat_find(e, &n->sign_key);
    if (!token->row.used || seat == NULL || !baton_key_eq(&token->row.agent, &n->sign_key) ||
        !baton_key_eq(&seat->row.curve_key, &n->curve_key) ||
        !baton_key_eq(&seat->row.box_key, &n->box_key) || seat->row.revoked)
        return false;
    struct baton_hash fingerprint;
    agent_fingerprint(&e->p.digest, &n->sign_key, &n->box_key, &fingerprint);
    act_allow_agent(e, seat);
    enrolled_send(e, m, &token->row.tenant, &fingerprint);
    return true;
}

static bool
slot_in_use(const struct room *room, size_t slot)
{
    const struct cutover *c = &room->t.cutover;
    if (room->seat[slot] == NULL)
        return false;
    bool in_cutover = room->t.cutover_open && (c->old_agent == slot || c->new_agent == slot);
    return !room->seat[slot]->row.revoked || in_cutover;
}

static int
slot_free(const struct room *room)
{
    for (int i = 0; i < MEMBERS_MAX; i++)
        if (room->seat[i] == NULL)
            return i;
    for (int i = 0; i < MEMBERS_MAX; i++)
        if (!slot_in_use(room, (size_t)i))
            return i;
    return -1;
}

static const char *
enrol_check(const struct engine *e, const struct message *m, const struct one_time *token,
            const struct room *room)
{
    const struct msg_enrol *n = &m->u.enrol;
    if (token->row.used)
        return "this enrolment token was used already";
    if (token->row.expires_unix_ms <= e->unix_ms)
        return "this enrolment token has expired";
    if (!host_fits(token->row.host, n->host))
        return "this enrolment token was made for another host";
    if (!baton_key_eq(&m->env.sender, &n->sign_key) ||
        !baton_key_eq(&m->env.recipient, &e->p.public_key) ||
        !baton_id_eq(&m->env.tenant, &token->row.tenant))
        return "the envelope names other keys or another tenant than the token";
    if (baton_key_is_zero(&n->curve_key) || baton_key_is_zero(&n->box_key) ||
        baton_key_eq(&n->curve_key, &token->curve_key))
        return "an agent needs transport and box keys of its own";
    if (seat_find(e, &n->sign_key) != NULL || seat_find_curve(e, &n->curve_key) != NULL)
        return "one of these keys is enrolled already";
    if (slot_free(room) < 0)
        return "the tenant has four agents already: revoke one first";
    return NULL;
}

static void
enrol_record(struct engine *e, struct room *room, const struct seat *seat,
             const struct one_time *token, const struct baton_hash *fingerprint)
{
    struct audit_record r;
    uint8_t agent[SITE_ROW_BYTES_MAX], once[SITE_ROW_BYTES_MAX], tenant[SITE_ROW_BYTES_MAX];
    record_init(e, &r, AUDIT_ENROLLED, &room->t.info.id, &seat->row.key);
    record_text(&r, "the agent on %s enrolled; it waits for an operator's confirmation",
                seat->row.host);
    record_ref(&r, fingerprint);
    journal_row(e, &r, TABLE_AGENT, seat->row.key.b, sizeof seat->row.key.b, agent,
                agent_row_encode(&seat->row, agent));
    journal_row(e, &r, TABLE_TOKEN, token->curve_key.b, sizeof token->curve_key.b, once,
                token_row_encode(&token->row, once));
    room_row(e, room, &r, tenant);
    journal_record(e, &r);
}

static void
enrol_accept(struct engine *e, const struct message *m, struct one_time *token, struct room *room)
{
    const struct msg_enrol *n = &m->u.enrol;
    struct agent_row row;
    memset(&row, 0, sizeof row);
    row.tenant = token->row.tenant;
    row.key = n->sign_key;
    row.curve_key = n->curve_key;
    row.box_key = n->box_key;
    row.slot = (uint8_t)slot_free(room);
    row.role = token->row.role;
    row.product = n->product;
    row.binary = n->binary;
    row.table = n->table;
    row.enrolled_unix_ms = e->unix_ms;
    memcpy(row.host, n->host, sizeof row.host);
    memcpy(row.version, n->version, sizeof row.version);
    struct seat *seat = seat_add(e, room, &row);
    if (seat == NULL) {
        journal_failed(e, BATON_NOMEM, "a new agent");
        return;
    }
    struct agent_view *view = &room->t.agent[row.slot];
    memset(view, 0, sizeof *view);
    agent_view_enrol(view, &row);
    token->row.used = true;
    token->row.agent = n->sign_key;
    struct baton_hash fingerprint;
    agent_fingerprint(&e->p.digest, &n->sign_key, &n->box_key, &fingerprint);
    enrol_record(e, room, seat, token, &fingerprint);
    seat_report(e, seat);
    act_allow_agent(e, seat);
    enrolled_send(e, m, &row.tenant, &fingerprint);
}

void
enrol_message(struct engine *e, const struct message *m, const struct baton_key *curve_key)
{
    struct one_time *token = token_find(e, curve_key);
    if (token == NULL) {
        enrol_refuse(e, m, NULL, "an enrolment without a token of this controller");
        return;
    }
    if (enrolled_before(e, m, token))
        return;
    struct room *room = room_find(e, &token->row.tenant);
    const char *why = room == NULL ? "the token's tenant is gone" : enrol_check(e, m, token, room);
    if (why != NULL)
        enrol_refuse(e, m, token, why);
    else
        enrol_accept(e, m, token, room);
}

void
enrol_sweep(struct engine *e)
{
    for (size_t i = e->token_count; i > 0; i--) {
        struct one_time *token = &e->token[i - 1];
        if (token->row.expires_unix_ms > e->unix_ms)
            continue;
        act_revoke(e, &token->curve_key);
        token_drop(e, token);
    }
}

/* ---- what operators ask for ------------------------------------------------------------------- */

static bool
host_valid(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return baton_name_valid(name) && name[strspn(name, allowed)] == '\0';
}

static const char *
token_wish(const struct engine *e, const struct engine_call *c)
{
    if (c->role != 'o' && c->role != 'n')
        return "the role of an agent is old or new";
    if (!host_valid(c->name))
        return "a token is made for one host: its name has letters, digits, '-', '_' and '.'";
    if (c->ttl_ms != 0 && (c->ttl_ms < TOKEN_TTL_LEAST_MS || c->ttl_ms > TOKEN_TTL_MOST_MS))
        return "a token lives from one minute to 24 hours";
    if (e->token_count == TOKENS_OPEN_MAX)
        return "too many open tokens: wait until some have expired";
    return NULL;
}

static enum baton_status
token_text(const struct engine *e, struct engine_call *c, const struct token_row *row,
           const uint8_t seed[TOKEN_SEED_BYTES], struct baton_err *err)
{
    struct token t;
    memset(&t, 0, sizeof t);
    snprintf(t.address, sizeof t.address, "%s", e->p.address != NULL ? e->p.address : "");
    memcpy(t.seed, seed, sizeof t.seed);
    t.controller_sign = e->p.public_key;
    t.controller_curve = e->p.curve_key;
    t.root = e->root;
    t.tenant = row->tenant;
    t.role = row->role;
    t.lab = room_find(e, &row->tenant)->t.info.lab;
    memcpy(t.host, row->host, sizeof t.host);
    t.expires_unix_ms = row->expires_unix_ms;
    enum baton_status rc = token_encode(&t, (char *)c->bytes, sizeof c->bytes, err);
    if (rc == BATON_OK)
        c->len = strlen((char *)c->bytes);
    crypto_wipe(&t, sizeof t);
    return rc;
}

static void
token_store(struct engine *e, struct engine_call *c, const struct baton_key *curve,
            const struct token_row *row)
{
    struct audit_record r;
    uint8_t bytes[SITE_ROW_BYTES_MAX];
    struct baton_key actor = {{0}};
    memcpy(actor.b, c->actor.b, sizeof c->actor.b);
    record_init(e, &r, AUDIT_TOKEN, &row->tenant, &actor);
    record_text(&r, "an enrolment token for %s", row->host);
    journal_row(e, &r, TABLE_TOKEN, curve->b, sizeof curve->b, bytes, token_row_encode(row, bytes));
    c->audit_seq = journal_record(e, &r);
    if (token_add(e, curve, row) == NULL)
        journal_failed(e, BATON_NOMEM, "a token");
    act_allow_token(e, curve, row);
    c->key = *curve;
}

void
call_token(struct engine *e, struct engine_call *c)
{
    const char *why = token_wish(e, c);
    if (why != NULL) {
        call_fail(c, BATON_USAGE, "baton agent token TENANT HOST --role old", "%s", why);
        return;
    }
    struct token_row row;
    memset(&row, 0, sizeof row);
    row.tenant = c->tenant;
    row.made_by = c->actor;
    row.role = c->role;
    row.expires_unix_ms = e->unix_ms + (c->ttl_ms != 0 ? c->ttl_ms : TOKEN_TTL_MS);
    memcpy(row.host, c->name, sizeof row.host);
    uint8_t seed[TOKEN_SEED_BYTES], secret[BOX_SECRET_BYTES];
    struct baton_key curve;
    struct baton_err err = {0};
    e->p.random(e->p.ctx, seed, sizeof seed);
    crypto_curve_from_seed(seed, &curve, secret);
    if (token_text(e, c, &row, seed, &err) == BATON_OK)
        token_store(e, c, &curve, &row);
    else
        call_fail(c, err.status, "", "%s", err.text);
    crypto_wipe(seed, sizeof seed);
    crypto_wipe(secret, sizeof secret);
}

static void
seat_changed(struct engine *e, struct seat *seat, struct engine_call *c, enum audit_type type,
             const char *what)
{
    struct audit_record r;
    uint8_t row[SITE_ROW_BYTES_MAX];
    struct baton_key actor = {{0}};
    struct baton_hash fingerprint;
    memcpy(actor.b, c->actor.b, sizeof c->actor.b);
    agent_fingerprint(&e->p.digest, &seat->row.key, &seat->row.box_key, &fingerprint);
    agent_view_enrol(&seat->room->t.agent[seat->row.slot], &seat->row);
    record_init(e, &r, type, &seat->row.tenant, &actor);
    record_text(&r, "the agent on %s %s", seat->row.host, what);
    record_ref(&r, &fingerprint);
    journal_row(e, &r, TABLE_AGENT, seat->row.key.b, sizeof seat->row.key.b, row,
                agent_row_encode(&seat->row, row));
    c->audit_seq = journal_record(e, &r);
    seat_report(e, seat);
}

static struct seat *
call_seat(struct engine *e, struct engine_call *c)
{
    struct seat *seat = seat_find(e, &c->key);
    if (seat != NULL && baton_id_eq(&seat->row.tenant, &c->tenant) &&
        seat->room->seat[seat->row.slot] == seat)
        return seat;
    call_fail(c, BATON_NOT_FOUND, "baton agent list", "this tenant has no agent with that key");
    return NULL;
}

void
call_confirm(struct engine *e, struct engine_call *c)
{
    struct seat *seat = call_seat(e, c);
    if (seat == NULL)
        return;
    const struct trust_operator *o =
        e->trust_known ? trust_operator_find(&e->trust, &c->actor) : NULL;
    uint8_t bytes[CONFIRM_BYTES];
    confirm_bytes(&seat->row.tenant, seat->row.host, &seat->row.key, &seat->row.box_key, bytes);
    const struct digest_port *dp = &e->p.digest;
    if (o == NULL || !trust_operator_may(o, ROLE_OPERATE, &c->tenant)) {
        call_fail(c, BATON_DENIED, "baton trust show",
                  "the trust document does not let this operator confirm agents of this tenant");
        return;
    }
    if (!dp->verify(dp->ctx, &o->key, DOMAIN_CONFIRM, bytes, sizeof bytes, &c->sig)) {
        call_fail(c, BATON_DENIED, "baton agent confirm",
                  "the signature is not this operator's over tenant, host and keys of that agent");
        return;
    }
    if (seat->row.revoked) {
        call_fail(c, BATON_REFUSED, "baton agent token", "a revoked agent must enrol again");
        return;
    }
    seat->row.confirmed = true;
    seat->row.barred = false;
    seat->row.confirmed_by = c->actor;
    seat->row.confirmation = c->sig;
    seat_changed(e, seat, c, AUDIT_CONFIRMED, "was confirmed by an operator");
}

void
call_revoke(struct engine *e, struct engine_call *c)
{
    struct seat *seat = call_seat(e, c);
    if (seat == NULL)
        return;
    seat->row.revoked = true;
    seat->session.live = false;
    seat_changed(e, seat, c, AUDIT_CONFIRMED, "was revoked");
    orders_forget(e, seat);
    act_revoke(e, &seat->row.curve_key);
}
