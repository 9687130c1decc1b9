#include "controller/engine_state.h"

#include "common/log.h"

#include <stdlib.h>
#include <string.h>

enum { ROOMS_PER_COMMIT = 64 };

static enum baton_status
each(struct engine *e, enum store_table table,
     bool (*visit)(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len),
     struct baton_err *err)
{
    const struct store_port *s = &e->p.store;
    enum baton_status rc = s->each(s->ctx, table, NULL, 0, visit, e, err);
    return rc != BATON_OK ? rc : e->journal.rc;
}

/* Rooms first get only their ids: reading a tenant needs other tables. */
static bool
room_visit(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    struct engine *e = arg;
    struct baton_id id;
    (void)value;
    (void)len;
    if (key_len != sizeof id.b)
        return true;
    memcpy(id.b, key, key_len);
    if (room_add(e, &id) == NULL)
        journal_failed(e, BATON_NOMEM, "tenants");
    return e->journal.rc == BATON_OK;
}

static bool
seat_visit(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    struct engine *e = arg;
    struct agent_row row;
    (void)key;
    (void)key_len;
    if (agent_row_decode(value, len, &row) != BATON_OK) {
        journal_failed(e, BATON_CORRUPT, "an agent's row");
        return false;
    }
    struct room *room = room_find(e, &row.tenant);
    if (room == NULL || seat_add(e, room, &row) == NULL)
        journal_failed(e, room == NULL ? BATON_CORRUPT : BATON_NOMEM, "an agent's row");
    return e->journal.rc == BATON_OK;
}

/* The newest statement of each agent stands under its key alone. */
static bool
statement_visit(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    struct engine *e = arg;
    struct baton_key agent;
    if (key_len != sizeof agent.b || len != 8 + BATON_HASH_BYTES)
        return true;
    memcpy(agent.b, key, key_len);
    struct seat *seat = seat_find(e, &agent);
    if (seat == NULL)
        return true;
    seat->counter = 0;
    for (int i = 0; i < 8; i++)
        seat->counter = seat->counter << 8 | value[i];
    memcpy(seat->statement.b, value + 8, BATON_HASH_BYTES);
    return true;
}

static bool
token_visit(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    struct engine *e = arg;
    struct token_row row;
    struct baton_key curve;
    if (key_len != sizeof curve.b || token_row_decode(value, len, &row) != BATON_OK) {
        journal_failed(e, BATON_CORRUPT, "a token's row");
        return false;
    }
    memcpy(curve.b, key, key_len);
    if (row.expires_unix_ms > e->unix_ms && token_add(e, &curve, &row) == NULL)
        journal_failed(e, BATON_NOMEM, "tokens");
    return e->journal.rc == BATON_OK;
}

static bool
login_visit(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    struct engine *e = arg;
    struct login l;
    struct baton_hash h;
    if (key_len != sizeof h.b || login_decode(value, len, &l) != BATON_OK) {
        journal_failed(e, BATON_CORRUPT, "a login's row");
        return false;
    }
    memcpy(h.b, key, key_len);
    if (login_add(e, &h, &l) == NULL)
        journal_failed(e, BATON_NOMEM, "logins");
    return e->journal.rc == BATON_OK;
}

static enum baton_status
room_fill(struct engine *e, struct room *room, struct baton_err *err)
{
    struct baton_id id = room->t.info.id;
    struct tenant_row row;
    enum baton_status rc = tenant_row_load(&e->p.store, &id, &row, err);
    if (rc == BATON_OK)
        rc = tenant_load(&e->p.store, &id, &room->t, err);
    if (rc != BATON_OK)
        return rc;
    room->plan = row.plan;
    for (size_t i = 0; i < MEMBERS_MAX; i++) {
        struct agent_view *view = &room->t.agent[i];
        room->seat[i] = baton_key_is_zero(&row.agent[i]) ? NULL : seat_find(e, &row.agent[i]);
        if (room->seat[i] != NULL)
            room->seat[i]->stored_past = view->connected || view->seen_ms != 0;
        view->connected = false; /* and times of another run say nothing */
        view->seen_ms = view->reported_ms = 0;
    }
    return BATON_OK;
}

static enum baton_status
meta_load(struct engine *e, struct baton_err *err)
{
    uint8_t *value;
    size_t len;
    if (journal_get(e, TABLE_META, "root", strlen("root"), &value, &len)) {
        if (len == sizeof e->root.b)
            memcpy(e->root.b, value, len);
        e->root_known = len == sizeof e->root.b;
        free(value);
    }
    if (journal_get(e, TABLE_META, "checkpoint", strlen("checkpoint"), &value, &len)) {
        enum baton_status rc = checkpoint_row_decode(value, len, &e->checkpoint);
        free(value);
        if (rc != BATON_OK)
            return baton_fail(err, BATON_CORRUPT, "the newest checkpoint is unreadable");
    }
    uint8_t *bytes = NULL;
    struct baton_sig sig;
    enum baton_status rc = trust_load(&e->p.store, &e->trust, &bytes, &len, &sig, err);
    if (rc == BATON_NOT_FOUND)
        return BATON_OK;
    if (rc != BATON_OK)
        return rc;
    e->trust_bytes = (struct signed_bytes){bytes, len, sig};
    e->trust_known = true;
    return BATON_OK;
}

enum baton_status
recovery_load(struct engine *e, struct baton_err *err)
{
    struct baton_hash root;
    enum baton_status rc = meta_load(e, err);
    if (rc == BATON_OK)
        rc = e->p.store.head(e->p.store.ctx, &e->journal.log_size, &root, err);
    if (rc == BATON_OK)
        rc = each(e, TABLE_TENANT, room_visit, err);
    if (rc == BATON_OK)
        rc = each(e, TABLE_AGENT, seat_visit, err);
    if (rc == BATON_OK)
        rc = each(e, TABLE_STATEMENT, statement_visit, err);
    if (rc == BATON_OK)
        rc = each(e, TABLE_TOKEN, token_visit, err);
    if (rc == BATON_OK)
        rc = each(e, TABLE_LOGIN, login_visit, err);
    for (size_t i = 0; i < e->room_count && rc == BATON_OK; i++)
        rc = room_fill(e, e->room[i], err);
    if (rc != BATON_OK)
        return baton_wrap(err, rc, "reading the database");
    /* A tree shorter than what was signed is a ledger that lost its end. */
    if (e->checkpoint.size > e->journal.log_size)
        return baton_fail(err, BATON_CORRUPT,
                          "the audit log is shorter than its signed checkpoint");
    orders_count(e);
    return e->journal.rc;
}

static void
started_record(struct engine *e)
{
    struct audit_record r;
    record_init(e, &r, AUDIT_STARTED, NULL, &e->p.public_key);
    r.epoch.incarnation = e->incarnation;
    record_text(&r, "a controller of version " BATON_VERSION " began with a new incarnation");
    journal_row(e, &r, TABLE_META, "controller", strlen("controller"), e->incarnation.b,
                sizeof e->incarnation.b);
    journal_record(e, &r);
}

/* Whoever reads the rows meanwhile must not be told that agents of another run are connected. */
static void
room_start(struct engine *e, struct room *room)
{
    struct tenant_event ev;
    event_init(e, &ev, TEV_START);
    room->clock_ms = e->now_ms;
    room_step(e, room, &ev, &(struct told){.actor = &e->p.public_key}, NULL, NULL);
    for (size_t i = 0; i < MEMBERS_MAX; i++)
        if (room->seat[i] != NULL && room->seat[i]->stored_past)
            seat_report(e, room->seat[i]);
}

enum baton_status
recovery_start(struct engine *e, struct baton_err *err)
{
    enum baton_status rc = BATON_OK;
    acts_owed(e);
    started_record(e);
    for (size_t i = 0; i < e->room_count && rc == BATON_OK; i++) {
        room_start(e, e->room[i]);
        if ((i + 1) % ROOMS_PER_COMMIT == 0)
            rc = journal_commit(e, err);
    }
    for (size_t i = 0; i < e->seat_count; i++)
        if (!e->seat[i]->row.revoked)
            act_allow_agent(e, e->seat[i]);
    for (size_t i = 0; i < e->token_count; i++)
        act_allow_token(e, &e->token[i].curve_key, &e->token[i].row);
    if (rc == BATON_OK)
        rc = journal_commit(e, err);
    if (rc == BATON_OK)
        acts_run(e);
    log_info("engine.started", "tenants=%zu agents=%zu records=%llu", e->room_count, e->seat_count,
             (unsigned long long)e->journal.log_size);
    return rc;
}
