/* One controller: its engine over its own database, what it calls, and how it ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/audit/chain.h"
#include "common/merkle.h"
#include "common/text.h"
#include "controller/adapters/door.h"
#include "controller/adapters/store_sqlite.h"
#include "controller/engine_state.h"
#include "lab/folder.h"
#include "proto/codec.h"
#include "sim.h"
#include "tests/lib/store_through.h"

struct site_store {
    struct store_through through;
    struct chain chain; /* of the records that were walked over, and their tree */
    struct merkle_frontier tree;
};

enum { TICK_EVERY_MS = 200, BATCH_MOST_MS = 15, FIRST_CLOCK_MS = 40000 };

/* A port was called: here the process may end. False: it has, and nothing of it counts any more. */
static bool
alive(struct site *st)
{
    if (st->dead)
        return false;
    if (st->kill_in == 0 || --st->kill_in > 0)
        return true;
    sim_tell(st->sim, "controller", "is killed inside a step%s",
             st->in_transaction ? ", before its commit" : "");
    st->dead = true;
    return false;
}

static enum baton_status
gone(struct baton_err *err)
{
    return baton_fail(err, BATON_IO, "this controller is dead");
}

/* --- the store, which dies with the process ----------------------------------------------------- */

static enum baton_status
may_call(void *owner, struct baton_err *err)
{
    return alive(owner) ? BATON_OK : gone(err);
}

static enum baton_status
wrap_begin(void *ctx, struct baton_err *err)
{
    struct site *st = store_through_owner(ctx);
    enum baton_status rc = store_through.begin(ctx, err);
    st->in_transaction = rc == BATON_OK;
    st->first_seq = st->last_seq = 0;
    return rc;
}

static enum baton_status
disk_fails(struct site *st, struct baton_err *err)
{
    sim_tell(st->sim, "controller", "a commit fails");
    st->disk_failed = true;
    return baton_fail(err, BATON_IO, "the disk of this controller failed");
}

static enum baton_status
wrap_commit(void *ctx, struct baton_err *err)
{
    struct site *st = store_through_owner(ctx);
    bool fails = st->engine != NULL && fault_comes(st->sim, &st->sim->crash, FAULT_COMMIT);
    if (fails && chance_hits(&st->sim->crash, 500))
        return disk_fails(st, err); /* nothing of it is there */
    enum baton_status rc = store_through.commit(ctx, err);
    if (rc == BATON_OK && fails) {
        st->in_transaction = false;
        return disk_fails(st, err); /* it is all there, and nobody knows */
    }
    if (rc == BATON_OK) {
        st->in_transaction = false;
        st->sim->tally.commits++;
    }
    return rc;
}

static void
wrap_rollback(void *ctx)
{
    struct site *st = store_through_owner(ctx);
    if (st->in_transaction)
        store_through.rollback(ctx);
    st->in_transaction = false;
}

static enum baton_status
wrap_append(void *ctx, struct audit_record *record, struct baton_err *err)
{
    struct site *st = store_through_owner(ctx);
    secret_look(st->sim, "an audit record", record->text, strlen(record->text));
    if (sim_breaks(st->sim, "silent-order") && record->type == AUDIT_ORDERED)
        return BATON_OK;
    enum baton_status rc = store_through.append(ctx, record, err);
    if (rc == BATON_OK) {
        st->first_seq = st->first_seq == 0 ? record->seq : st->first_seq;
        st->last_seq = record->seq;
    }
    return rc;
}

static enum baton_status
wrap_outbox_put(void *ctx, const struct outbox_row *row, struct baton_err *err)
{
    struct site *st = store_through_owner(ctx);
    enum baton_status rc = store_through.outbox_put(ctx, row, err);
    if (rc == BATON_OK && (row->seq < st->first_seq || row->seq > st->last_seq || row->seq == 0))
        sim_fail(st->sim, "I5",
                 "an order is written, and its audit record is not in the same step");
    return rc;
}

static struct store_port
wrapper(struct site *st)
{
    struct store_port port = store_through;
    port.ctx = &st->store->through;
    port.begin = wrap_begin;
    port.commit = wrap_commit;
    port.rollback = wrap_rollback;
    port.append = wrap_append;
    port.outbox_put = wrap_outbox_put;
    return port;
}

/* --- the engine's other ports ------------------------------------------------------------------- */

static void
port_sign(void *ctx, const char *domain, const void *bytes, size_t len, struct baton_sig *ret_sig)
{
    struct site *st = ctx;
    BATON_ASSERT(crypto_sign_domain(st->sim->controller.secret->sign, domain, bytes, len,
                                    ret_sig) == BATON_OK);
}

static void
port_random(void *ctx, void *out, size_t n)
{
    (void)ctx;
    chance_bytes(out, n);
}

static uint64_t
port_now_ms(void *ctx)
{
    struct site *st = ctx;
    return clock_mono(&st->clock, st->sim->now_ms);
}

static uint64_t
port_unix_ms(void *ctx)
{
    struct site *st = ctx;
    return clock_wall(&st->clock, st->sim->now_ms);
}

static struct node *
node_with(struct sim *s, const struct baton_key *sign_or_null,
          const struct baton_key *curve_or_null)
{
    for (size_t i = 0; i < s->realm_count; i++)
        for (size_t k = 0; k < SIDES; k++) {
            struct node *n = &s->realm[i].node[k];
            if ((sign_or_null != NULL && baton_key_eq(&n->sign_key, sign_or_null)) ||
                (curve_or_null != NULL && baton_key_eq(&n->curve_key, curve_or_null)))
                return n;
        }
    return NULL;
}

/* I9: nobody gets a grant from a run that has not heard it, or that knows less than its agents. */
static void
grants_knowing(struct site *st, const struct node *n)
{
    struct tenant *t = site_tenant(st, n->realm);
    int at = t == NULL ? -1 : authority_member_index(&t->authority, &n->sign_key);
    if (at >= 0 && sim_breaks(st->sim, "blind-grant")) {
        t->authority.recovering = true;
        t->authority.member[at].heard = false;
    }
    if (at < 0 || t->authority.reconcile ||
        (t->authority.recovering && !t->authority.member[at].heard))
        sim_fail(st->sim, "I9", "a grant goes to %s, which this run has not heard", n->name);
}

static void
order_label(struct site *st, const struct node *n, const struct message *m, char label[LABEL_BYTES])
{
    struct order *o = calloc(1, sizeof *o);
    void *arena = NULL;
    BATON_ASSERT(o != NULL);
    if (order_unpack(m->u.order.bytes, m->u.order.len, o, &arena, NULL) == BATON_OK) {
        snprintf(label, LABEL_BYTES, "%s %llu", order_verb_name((enum order_verb)o->verb),
                 (unsigned long long)o->epoch.counter);
        if (o->verb == ORDER_GRANT)
            grants_knowing(st, n);
        events_order(n, o);
        order_arena_free(&arena);
    }
    free(o);
}

/* --- one key, two connections ------------------------------------------------------------------- */

static struct door_rid
rid_of(uint32_t connection)
{
    struct door_rid rid = {{0}};
    memcpy(rid.b + 1, &connection, sizeof connection);
    return rid;
}

static bool
is_at(const struct node *n, const struct door_rid *rid)
{
    struct door_rid its = rid_of(n->connection);
    return n->connection != 0 && memcmp(rid, &its, sizeof its) == 0;
}

static struct bus_peer
peer_of(const struct node *n)
{
    return (struct bus_peer){.curve_key = n->curve_key,
                             .sign_key = n->sign_key,
                             .tenant = n->realm->id,
                             .class = BUS_AGENT};
}

/* The bus answers over the connection whose turn it is. Where nobody is there any more, it notices. */
static struct node *
newest_of(struct site *st, struct node *n)
{
    struct node *twin = &n->realm->node[TWIN];
    struct bus_peer peer;
    struct door_rid rid;
    if (!door_route(n->realm->door, &n->sign_key, n->sim->now_ms, &peer, &rid))
        return NULL;
    if (is_at(n, &rid))
        return n;
    if (is_at(twin, &rid) && baton_key_eq(&twin->sign_key, &n->sign_key))
        return twin;
    if (door_left(n->realm->door, &n->curve_key, &rid))
        engine_peer(st->engine, PEER_LOST, &n->sign_key, "the connection is gone");
    return NULL;
}

static void
say_hello_again(struct site *st, struct node *n)
{
    struct message m = {.type = MSG_REFUSED};
    uint8_t *frame = NULL;
    size_t len = 0;
    m.env.sender = st->sim->controller.sign_key;
    m.env.recipient = n->sign_key;
    m.env.tenant = n->realm->id;
    m.u.refused.status = BATON_DENIED;
    text_copy(m.u.refused.text, sizeof m.u.refused.text, "say hello again");
    BATON_ASSERT(codec_encode(&m, st->sim->controller.secret->sign, &frame, &len, NULL) ==
                 BATON_OK);
    net_send(st->sim, n, false, frame, len, "refused: not over this connection");
    free(frame);
}

/* As the bus does: the door remembers whose turn it is, who is late is told so, and the engine hears
 * of two that live. */
static bool
door_lets(struct site *st, struct node *n, uint32_t connection, bool opens)
{
    struct door *d = n->realm->door;
    uint64_t now = st->sim->now_ms;
    struct bus_peer peer = peer_of(n);
    struct door_rid rid = rid_of(connection);
    BATON_ASSERT(door_allow(d, &peer, 0, now) == BATON_OK);
    enum door_session seen = door_seen(d, &peer, &rid, opens);
    if (seen == DOOR_LATE && door_tell_late(d, &n->curve_key, &rid, now) && is_at(n, &rid))
        say_hello_again(st, n);
    if (seen == DOOR_SECOND && door_tell(d, &n->curve_key, DOOR_TELL_SECOND, now))
        engine_peer(st->engine, PEER_SECOND_SESSION, &n->sign_key,
                    "two connections with this key speak by turns");
    return seen != DOOR_LATE;
}

/* What leaves before its transaction is durable is the one thing that must never happen. */
static bool
port_send(void *ctx, const struct baton_key *agent, const struct message *m)
{
    struct site *st = ctx;
    struct sim *s = st->sim;
    struct node *n = node_with(s, agent, NULL);
    uint8_t *frame = NULL;
    size_t len = 0;
    struct baton_err err = {0};
    char label[LABEL_BYTES];
    if (!alive(st))
        return false;
    if (sim_breaks(s, "early-send") && m->type == MSG_ORDER)
        st->in_transaction = true;
    if (st->in_transaction)
        sim_fail(s, "I5", "a %s leaves before its transaction is durable",
                 message_type_name(m->type));
    if (n != NULL && n->realm->door != NULL)
        n = newest_of(st, n);
    if (n == NULL || n->connection == 0 || n->at_site != st->index)
        return false;
    if (sim_breaks(s, "wrong-tenant"))
        n = &s->realm[(n->realm->index + 1) % s->realm_count].node[n->side];
    if (!baton_id_eq(&m->env.tenant, &n->realm->id))
        sim_fail(s, "I7", "a %s of another tenant goes to %s of tenant %zu",
                 message_type_name(m->type), n->name, n->realm->index);
    BATON_ASSERT(codec_encode(m, s->controller.secret->sign, &frame, &len, &err) == BATON_OK);
    text_copy(label, sizeof label, message_type_name(m->type));
    if (m->type == MSG_ORDER)
        order_label(st, n, m, label);
    net_send(s, n, false, frame, len, label);
    free(frame);
    return true;
}

static void
port_allow_token(void *ctx, const struct baton_key *curve, const struct baton_id *tenant,
                 uint64_t until_ms)
{
    (void)ctx;
    (void)curve;
    (void)tenant;
    (void)until_ms;
}

static void
port_allow_agent(void *ctx, const struct baton_key *curve, const struct baton_key *sign_key,
                 const struct baton_id *tenant)
{
    struct site *st = ctx;
    struct node *n = node_with(st->sim, sign_key, NULL);
    (void)curve;
    (void)tenant;
    bool deaf = n != NULL && n->side == NEW && sim_breaks(st->sim, "deaf");
    if (n != NULL && !st->dead && !deaf)
        st->door[n->realm->index] |= 1u << n->side;
}

static void
port_revoke(void *ctx, const struct baton_key *curve)
{
    struct site *st = ctx;
    struct node *n = node_with(st->sim, NULL, curve);
    if (n == NULL || st->dead)
        return;
    st->door[n->realm->index] &= ~(1u << n->side);
    if (n->at_site == st->index)
        net_break(st->sim, n, false);
}

static void
port_page(void *ctx, const struct baton_id *tenant, const char *text)
{
    struct site *st = ctx;
    if (sim_breaks(st->sim, "pages-lost") || sim_breaks(st->sim, "gap-unheard"))
        return;
    secret_look(st->sim, "a page", text, strlen(text));
    for (size_t i = 0; i < st->sim->realm_count && !st->dead; i++)
        if (baton_id_eq(&st->sim->realm[i].id, tenant)) {
            st->sim->realm[i].pages++;
            st->sim->realm[i].paged_ms = st->sim->now_ms;
        }
    sim_tell(st->sim, "controller", "pages: %s", text);
}

static enum baton_status
port_tidy(void *ctx, struct baton_err *err)
{
    struct site *st = ctx;
    return alive(st) ? store_sqlite_checkpoint(&st->store->through.real, err) : gone(err);
}

/* --- life --------------------------------------------------------------------------------------- */

void
site_open(struct site *st, struct sim *s, size_t index)
{
    *st = (struct site){.sim = s, .index = index};
    st->store = calloc(1, sizeof *st->store);
    BATON_ASSERT(st->store != NULL);
    st->store->through = (struct store_through){.owner = st, .may = may_call};
    st->clock = (struct machine_clock){s->now_ms, FIRST_CLOCK_MS, 0, 1000};
    snprintf(st->dir, sizeof st->dir, "%.120s/site-%zu", s->dir, index);
    BATON_ASSERT(mkdir(st->dir, 0700) == 0);
    st->start_ms = UINT64_MAX; /* until somebody starts it */
}

static struct engine_ports
ports_of(struct site *st)
{
    struct engine_ports ports = {
        .store = wrapper(st),
        .digest = *crypto_digest_port(),
        .public_key = st->sim->controller.sign_key,
        .curve_key = st->sim->controller.curve_key,
        .address = "tcp://127.0.0.1:7400",
        .ctx = st,
        .sign = port_sign,
        .random = port_random,
        .now_ms = port_now_ms,
        .unix_ms = port_unix_ms,
        .send = port_send,
        .allow_token = port_allow_token,
        .allow_agent = port_allow_agent,
        .revoke = port_revoke,
        .page = port_page,
        .tidy = port_tidy,
    };
    return ports;
}

/* The world of forgetful-site: its folder is as it was when it was founded. */
static void
forget(struct site *st)
{
    char first[DIR_BYTES + 8];
    struct baton_err err;
    snprintf(first, sizeof first, "%s-first", st->dir);
    bool known = folder_has(first, "baton.db");
    if (known)
        BATON_ASSERT(folder_remove(st->dir, &err) == BATON_OK);
    disk_copy(known ? first : st->dir, known ? st->dir : first);
}

/* --- the log, as it lies there ------------------------------------------------------------------ */

static void
walk_begin(struct site_store *store)
{
    chain_done(&store->chain);
    chain_init(&store->chain);
    merkle_init(&store->tree);
}

/* Each record follows the one before, in the log and in its tenant. */
static bool
walk_over(void *arg, const struct audit_record *r, const uint8_t *bytes, size_t len)
{
    struct site *st = arg;
    struct site_store *store = st->store;
    size_t at;
    BATON_ASSERT(chain_find(&store->chain, &r->tenant, &at) == BATON_OK);
    struct chain_head *head = &store->chain.head[at];
    enum chain_fault fault = chain_check(head, r, store->tree.size);
    if (fault != CHAIN_WHOLE)
        sim_fail(st->sim, "I5", "record %llu of the log: %s", (unsigned long long)r->seq,
                 chain_fault_text(fault));
    if (sim_breaks(st->sim, "rewritten-log") && store->tree.size == 0)
        len--;
    merkle_leaf(bytes, len, &head->leaf);
    head->tenant_seq = r->tenant_seq;
    merkle_append(&store->tree, &head->leaf);
    return fault == CHAIN_WHOLE;
}

/* I5: the log is a chain, and the tree over it is the one whose head the controller signs. Only what is new since
 * the last time is read. */
static void
log_walk(struct site *st)
{
    struct site_store *store = st->store;
    struct baton_hash root;
    struct baton_err err;
    enum baton_status rc = store->through.real.records(
        store->through.real.ctx, store->tree.size + 1, NULL, walk_over, st, &err);
    merkle_root(&store->tree, &root);
    if (rc != BATON_OK)
        sim_fail(st->sim, "I5", "the log cannot be read: %s", err.text);
    else if (store->tree.size != st->log_size || !baton_hash_eq(&root, &st->log_root))
        sim_fail(st->sim, "I5", "the tree is not the one over the %llu records of the log",
                 (unsigned long long)store->tree.size);
}

/* I5: what was acknowledged is there after every crash, with every record before it. */
static void
log_keep(struct site *st)
{
    struct baton_err err;
    if (st->store->through.real.head(st->store->through.real.ctx, &st->log_size, &st->log_root,
                                     &err) != BATON_OK)
        st->log_size = 0;
    else if (!st->sim->failed)
        log_walk(st);
}

static void
log_holds(struct site *st)
{
    struct baton_hash root;
    struct baton_err err;
    if (st->log_size == 0) {
        walk_begin(st->store); /* another database */
        return;
    }
    enum baton_status rc =
        st->store->through.real.root_at(st->store->through.real.ctx, st->log_size, &root, &err);
    if (rc != BATON_OK || !baton_hash_eq(&root, &st->log_root))
        sim_fail(st->sim, "I5", "the log has not the %llu records that it had",
                 (unsigned long long)st->log_size);
}

static void
down(struct site *st, uint64_t down_ms)
{
    struct sim *s = st->sim;
    if (st->in_transaction)
        st->store->through.real.rollback(st->store->through.real.ctx);
    st->in_transaction = false;
    log_keep(st);
    engine_close(&st->engine);
    st->store->through.real.close(st->store->through.real.ctx);
    st->dead = false;
    st->kill_in = 0;
    memset(st->door, 0, sizeof st->door);
    st->start_ms = s->now_ms + down_ms;
    if (sim_breaks(s, "forgetful-site"))
        forget(st);
    for (size_t i = 0; i < s->realm_count; i++)
        for (size_t k = 0; k < NODES; k++)
            if (s->realm[i].node[k].at_site == st->index)
                net_break(s, &s->realm[i].node[k], false);
}

void
site_start(struct site *st)
{
    struct engine_ports ports = ports_of(st);
    struct baton_err err = {0};
    char path[DIR_BYTES + 16];
    snprintf(path, sizeof path, "%s/baton.db", st->dir);
    st->dead = st->in_transaction = st->disk_failed = false;
    enum baton_status rc = store_sqlite_open(path, STORE_READ_WRITE, crypto_digest_port(),
                                             &st->store->through.real, &err);
    if (rc == BATON_OK) {
        log_holds(st);
        rc = engine_open(&ports, &st->engine, &err);
        if (rc != BATON_OK && !st->dead && !st->disk_failed)
            sim_fail(st->sim, "I5", "the controller cannot read its own database: %s", err.text);
        if (rc == BATON_OK)
            rc = engine_start(st->engine, &err);
        if (rc != BATON_OK) {
            down(st, chance_between(&st->sim->crash, 50, 3000));
            return;
        }
    } else {
        sim_fail(st->sim, "I5", "the controller cannot open its database: %s", err.text);
        st->start_ms = UINT64_MAX;
        return;
    }
    st->runs++;
    st->due_ms = st->sim->now_ms;
    sim_tell(st->sim, "controller", "starts, run %u", st->runs);
}

void
site_kill(struct site *st, uint64_t down_ms)
{
    if (st->engine == NULL)
        return;
    sim_tell(st->sim, "controller", "is killed, down for %llu ms", (unsigned long long)down_ms);
    down(st, down_ms);
}

static void
copy_over(const char *from, const char *to)
{
    struct baton_err err;
    if (folder_has(to, "baton.db"))
        BATON_ASSERT(folder_remove(to, &err) == BATON_OK);
    disk_copy(from, to);
}

static void
backup_dir(const struct site *st, char out[DIR_BYTES + 8])
{
    snprintf(out, DIR_BYTES + 8, "%s-backup", st->dir);
}

void
site_back_up(struct site *st)
{
    char dir[DIR_BYTES + 8];
    backup_dir(st, dir);
    copy_over(st->dir, dir);
    st->backed_up = true;
}

void
site_restore(struct site *st)
{
    char dir[DIR_BYTES + 8];
    backup_dir(st, dir);
    copy_over(dir, st->dir);
    st->restored = true;
    st->log_size = 0;
    sim_tell(st->sim, "controller", "is put back to an older database");
}

void
site_copy(const struct site *from, struct site *to)
{
    struct baton_err err;
    BATON_ASSERT(folder_remove(to->dir, &err) == BATON_OK);
    disk_copy(from->dir, to->dir);
    to->log_size = 0;
    sim_tell(to->sim, "controller", "is copied: two run from one image");
}

void
site_close(struct site *st)
{
    if (st->engine != NULL)
        down(st, 0);
    chain_done(&st->store->chain);
    free(st->store);
}

void
site_turn(struct site *st)
{
    struct sim *s = st->sim;
    struct baton_err err = {0};
    bool over;
    st->due_ms = s->now_ms + TICK_EVERY_MS;
    st->inside = true;
    enum baton_status rc = engine_turn(st->engine, 0, &over, &err);
    st->inside = false;
    if (rc == BATON_OK && st->disk_failed)
        sim_fail(s, "I5", "the controller goes on after a commit that failed");
    if (rc == BATON_OK && !st->dead)
        return;
    if (!st->dead && !st->disk_failed)
        sim_fail(s, "I5", "the controller stops by itself: %s", err.text);
    uint64_t wait = chance_between(&s->crash, 50, 10000);
    uint32_t again = 0;
    if (fault_comes(s, &s->crash, FAULT_STORM))
        again = 1 + (uint32_t)chance_below(&s->crash, 60);
    down(st, wait);
    st->kill_in = again;
}

/* --- what comes in ------------------------------------------------------------------------------ */

static bool
key_of_node(void *ctx, const uint8_t key_id[KEY_ID_BYTES], struct baton_key *ret_key)
{
    const struct node *n = ctx;
    uint8_t id[KEY_ID_BYTES];
    codec_key_id(&n->sign_key, id);
    *ret_key = n->sign_key;
    return memcmp(id, key_id, sizeof id) == 0;
}

/* As the bus does: the engine is told that frames are refused, once in a while. */
static void
complain(struct site *st, struct node *n, const char *why)
{
    uint64_t now = st->sim->now_ms;
    if (n->refused_ms != 0 && now - n->refused_ms < DOOR_TELL_MS)
        return;
    n->refused_ms = now;
    engine_peer(st->engine, PEER_REFUSED, &n->sign_key, why);
    sim_tell(st->sim, n->name, "is refused: %s", why);
}

bool
site_frame(struct site *st, struct node *n, uint32_t connection, const uint8_t *bytes, size_t len)
{
    struct codec_keys keys = {n, key_of_node};
    struct message *m = NULL;
    struct baton_err err;
    if (st->engine == NULL || st->dead || (st->door[n->realm->index] & (1u << n->side)) == 0)
        return false;
    if (codec_decode(bytes, len, &keys, crypto_digest_port(), &m, &err) != BATON_OK) {
        complain(st, n, err.text);
        return false;
    }
    if (n->realm->door != NULL &&
        !door_lets(st, n, connection, !message_rule(FROM_AGENT, m->type)->session)) {
        message_free(&m);
        return true;
    }
    if (engine_feed(st->engine, m, &n->curve_key) != BATON_OK)
        return false;
    uint64_t due = st->sim->now_ms + chance_below(&st->sim->wire, BATCH_MOST_MS);
    if (due < st->due_ms)
        st->due_ms = due;
    return true;
}

void
site_lost(struct site *st, struct node *n)
{
    if (st->engine != NULL && !st->dead && !st->inside)
        engine_peer(st->engine, PEER_LOST, &n->sign_key, "connection lost");
}

/* --- people ------------------------------------------------------------------------------------- */

enum baton_status
site_call(struct site *st, struct engine_call *c)
{
    struct waiter w = {.call = c};
    struct input in = {.kind = INPUT_CALL, .waiter = &w};
    if (st == NULL || st->engine == NULL || st->dead || st->frozen_until_ms > st->sim->now_ms)
        return BATON_UNREACHABLE;
    pthread_cond_init(&w.cond, NULL);
    enum baton_status rc = queue_put(&st->engine->queue, &in);
    while (rc == BATON_OK && !w.done && st->engine != NULL)
        site_turn(st);
    pthread_cond_destroy(&w.cond);
    return rc == BATON_OK && w.done ? c->problem.status : BATON_UNREACHABLE;
}

struct tenant *
site_tenant(const struct site *st, const struct realm *r)
{
    struct room *room = st->engine == NULL ? NULL : room_find(st->engine, &r->id);
    return room == NULL ? NULL : &room->t;
}

struct site *
site_of_people(struct sim *s)
{
    for (size_t i = 0; i < SITES; i++)
        if (s->site[i].engine != NULL)
            return &s->site[i];
    return NULL;
}
