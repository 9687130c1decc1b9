/* How much of SQLite's own speed is left when the engine does its whole work. A transition is one
 * agent's signed word that moves the authority: the statement is judged and kept, the record and its
 * row images enter the chained log, the record's row changes, and the order that follows (a challenge)
 * enters object store, log and outbox, all in one transaction; then it is sent. The bare side puts and
 * removes the same rows, the same bytes under the same keys, and appends the same log records, in the same
 * transactions: one for each transition at batch 1, one for 64 at batch 64; the queue is never empty.
 * Signatures are checked before the engine and made after it, and counted apart. */
#include "bare_sqlite.h"
#include "bench.h"

#include "common/crypto/crypto.h"
#include "common/log.h"
#include "controller/adapters/store_sqlite.h"
#include "controller/clock.h"
#include "controller/engine.h"
#include "controller/tenant_rows.h"
#include "proto/codec.h"
#include "tests/lib/store_through.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    TENANTS = 32,
    AGENTS = 2 * TENANTS,
    COUNT_MAX = 2048,
    OPS_MAX = COUNT_MAX * 24,
    WRITTEN_MAX = COUNT_MAX * 8192, /* bytes of all values of a run */
    PATH_BYTES = 512,
    KEY_BYTES_MAX = 96
};

struct agent {
    struct crypto_identity id;
    struct baton_id tenant, session;
    uint64_t sequence, counter;
    struct baton_id status, nonce; /* the question of this run, which comes first */
    struct baton_hash status_hash;
};

enum op_kind { OP_BEGIN, OP_COMMIT, OP_ROW, OP_REMOVE, OP_LOG };

/* Beside the tables of the store's port, for the keys of the bare side. */
enum { OBJECTS = 100, OUTBOX, INBOX };

struct op {
    uint8_t kind, key_len;
    uint32_t at, len; /* of the value in what was written */
    uint8_t key[KEY_BYTES_MAX];
};

struct world {
    char engine_path[PATH_BYTES], bare_path[PATH_BYTES];
    struct store_through store; /* ours, and what it is a note of */
    struct engine *engine;
    pthread_t thread;
    struct crypto_identity controller;
    struct agent agent[AGENTS];
    struct epoch epoch;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    uint64_t welcomed, asked, heard;
    const uint64_t *awaited; /* one of these, and how many of it */
    uint64_t awaited_least;
    _Atomic uint64_t passed_ms;
    unsigned batch;
    struct message *ready[COUNT_MAX]; /* prepared, in order */
    struct baton_key ready_curve[COUNT_MAX];
    struct op *op; /* of the newest run of the engine */
    size_t op_count;
    uint8_t *written;
    size_t written_len;
    uint8_t played; /* how often the bare side did them */
    bool tracing;
    double tracing_s; /* what it took */
    struct bare bare;
    uint64_t bare_seq;
};

/* ---- the store, with a note of what is written ------------------------------------------------ */

static void
trace(struct world *w, enum op_kind kind)
{
    if (w->tracing && w->op_count < OPS_MAX)
        w->op[w->op_count++] = (struct op){.kind = (uint8_t)kind, .at = (uint32_t)w->written_len};
}

/* SQLite leaves a page alone whose row gets the bytes that it has: the bare side needs the real ones. */
static void
trace_value(struct world *w, const void *bytes, size_t len)
{
    if (!w->tracing || w->op_count == OPS_MAX)
        return;
    BATON_ASSERT(len <= WRITTEN_MAX - w->written_len);
    memcpy(w->written + w->written_len, bytes, len);
    w->written_len += len;
    w->op[w->op_count - 1].len += (uint32_t)len;
}

static void
trace_key(struct world *w, enum op_kind kind, uint8_t table, const void *key, size_t key_len)
{
    if (!w->tracing || w->op_count == OPS_MAX)
        return;
    trace(w, kind);
    struct op *op = &w->op[w->op_count - 1];
    BATON_ASSERT(key_len < sizeof op->key);
    op->key[0] = table;
    memcpy(op->key + 1, key, key_len);
    op->key_len = (uint8_t)(key_len + 1);
}

static enum baton_status
t_begin(void *ctx, struct baton_err *err)
{
    struct world *w = store_through_owner(ctx);
    trace(w, OP_BEGIN);
    return store_through.begin(ctx, err);
}

static enum baton_status
t_commit(void *ctx, struct baton_err *err)
{
    struct world *w = store_through_owner(ctx);
    trace(w, OP_COMMIT);
    return store_through.commit(ctx, err);
}

static enum baton_status
t_put(void *ctx, enum store_table table, const void *key, size_t key_len, const void *value,
      size_t len, struct baton_err *err)
{
    struct world *w = store_through_owner(ctx);
    trace_key(w, OP_ROW, (uint8_t)table, key, key_len);
    trace_value(w, value, len);
    return store_through.put(ctx, table, key, key_len, value, len, err);
}

static enum baton_status
t_remove(void *ctx, enum store_table table, const void *key, size_t key_len, struct baton_err *err)
{
    struct world *w = store_through_owner(ctx);
    trace_key(w, OP_REMOVE, (uint8_t)table, key, key_len);
    return store_through.remove(ctx, table, key, key_len, err);
}

static enum baton_status
t_object_put(void *ctx, const struct baton_hash *hash, const void *bytes, size_t len,
             const struct baton_sig *sig, struct baton_err *err)
{
    struct world *w = store_through_owner(ctx);
    trace_key(w, OP_ROW, OBJECTS, hash->b, sizeof hash->b);
    trace_value(w, sig->b, sizeof sig->b);
    trace_value(w, bytes, len);
    return store_through.object_put(ctx, hash, bytes, len, sig, err);
}

static enum baton_status
t_append(void *ctx, struct audit_record *record, struct baton_err *err)
{
    struct world *w = store_through_owner(ctx);
    static uint8_t bytes[AUDIT_RECORD_BYTES_MAX];
    size_t len = 0;
    enum baton_status rc = store_through.append(ctx, record, err);
    double start = bench_now_s();
    if (rc == BATON_OK && w->tracing &&
        audit_encode(record, bytes, sizeof bytes, &len) == BATON_OK) {
        trace(w, OP_LOG);
        trace_value(w, bytes, len);
    }
    w->tracing_s += bench_now_s() - start;
    return rc;
}

static enum baton_status
t_outbox_put(void *ctx, const struct outbox_row *row, struct baton_err *err)
{
    struct world *w = store_through_owner(ctx);
    trace_key(w, OP_ROW, OUTBOX, row->order.b, sizeof row->order.b);
    trace_value(w, row->agent.b, sizeof row->agent.b);
    trace_value(w, row->tenant.b, sizeof row->tenant.b);
    trace_value(w, row->hash.b, sizeof row->hash.b);
    trace_value(w, row->bytes, row->len);
    return store_through.outbox_put(ctx, row, err);
}

static enum baton_status
t_outbox_remove(void *ctx, const struct baton_id *order, struct baton_err *err)
{
    struct world *w = store_through_owner(ctx);
    trace_key(w, OP_REMOVE, OUTBOX, order->b, sizeof order->b);
    return store_through.outbox_remove(ctx, order, err);
}

static enum baton_status
t_inbox_seen(void *ctx, const struct baton_id *id, const struct baton_hash *hash,
             struct baton_err *err)
{
    struct world *w = store_through_owner(ctx);
    trace_key(w, OP_ROW, INBOX, id->b, sizeof id->b);
    trace_value(w, hash->b, sizeof hash->b);
    return store_through.inbox_seen(ctx, id, hash, err);
}

static struct store_port
traced(struct world *w)
{
    struct store_port port = store_through;
    port.ctx = &w->store;
    port.begin = t_begin;
    port.commit = t_commit;
    port.put = t_put;
    port.remove = t_remove;
    port.object_put = t_object_put;
    port.append = t_append;
    port.outbox_put = t_outbox_put;
    port.outbox_remove = t_outbox_remove;
    port.inbox_seen = t_inbox_seen;
    return port;
}

/* ---- the engine's other ports ----------------------------------------------------------------- */

/* The signed head of the log, once a transaction: counted apart like all signatures. */
static void
p_sign(void *ctx, const char *domain, const void *bytes, size_t len, struct baton_sig *ret_sig)
{
    (void)ctx, (void)domain, (void)bytes, (void)len;
    memset(ret_sig, 0x5a, sizeof *ret_sig);
}

static void
p_random(void *ctx, void *out, size_t n)
{
    (void)ctx;
    crypto_random(out, n);
}

/* Half a minute passes between two runs: one agent's allowance of statements grows again. */
static uint64_t
p_now_ms(void *ctx)
{
    struct world *w = ctx;
    return clock_mono_ms(NULL) + w->passed_ms;
}

static struct agent *
agent_of(struct world *w, const struct baton_key *key)
{
    for (size_t i = 0; i < AGENTS; i++)
        if (baton_key_eq(&w->agent[i].id.sign_key, key))
            return &w->agent[i];
    return NULL;
}

/* Which question a fresh session asks; everything after it is a challenge that nobody answers here. */
static void
note_question(struct world *w, struct agent *a, const struct message *m)
{
    struct order o;
    void *arena = NULL;
    if (order_unpack(m->u.order.bytes, m->u.order.len, &o, &arena, NULL) != BATON_OK)
        return;
    if (o.verb == ORDER_STATUS) {
        w->asked += baton_id_is_zero(&a->status);
        a->status = o.id;
        a->nonce = o.nonce;
        crypto_sha256(m->u.order.bytes, m->u.order.len, &a->status_hash);
    }
    order_arena_free(&arena);
}

/* The bus, in this process: it takes everything and signs nothing, which is counted apart. */
static bool
p_send(void *ctx, const struct baton_key *agent, const struct message *m)
{
    struct world *w = ctx;
    pthread_mutex_lock(&w->lock);
    bool asks = m->type == MSG_ORDER && w->asked < AGENTS;
    if (m->type == MSG_WELCOME) {
        agent_of(w, agent)->session = m->u.welcome.session;
        w->welcomed++;
    }
    if (asks)
        note_question(w, agent_of(w, agent), m);
    w->heard += m->type == MSG_HEARD;
    if (w->awaited != NULL && *w->awaited >= w->awaited_least)
        pthread_cond_signal(
            &w->moved); /* once: to wake this bench for each is no work of the engine */
    pthread_mutex_unlock(&w->lock);
    return true;
}

/* Signatures are checked before the engine's turn; all words here are known to be good. */
static bool
p_verify(void *ctx, const struct baton_key *key, const char *domain, const void *bytes, size_t len,
         const struct baton_sig *sig)
{
    (void)ctx, (void)key, (void)domain, (void)bytes, (void)len, (void)sig;
    return true;
}

static void
p_allow_token(void *ctx, const struct baton_key *curve, const struct baton_id *tenant,
              uint64_t until_ms)
{
    (void)ctx, (void)curve, (void)tenant, (void)until_ms;
}

static void
p_allow_agent(void *ctx, const struct baton_key *curve, const struct baton_key *sign_key,
              const struct baton_id *tenant)
{
    (void)ctx, (void)curve, (void)sign_key, (void)tenant;
}

static void
p_revoke(void *ctx, const struct baton_key *curve)
{
    (void)ctx, (void)curve;
}

static void
p_page(void *ctx, const struct baton_id *tenant, const char *text)
{
    (void)ctx, (void)tenant, (void)text;
}

static enum baton_status
p_tidy(void *ctx, struct baton_err *err)
{
    struct world *w = ctx;
    return store_sqlite_checkpoint(&w->store.real, err);
}

/* ---- a database with tenants whose role is on the move ---------------------------------------- */

static bool
put(struct world *w, enum store_table table, const void *key, size_t key_len, const void *value,
    size_t len)
{
    return w->store.real.put(w->store.real.ctx, table, key, key_len, value, len, NULL) == BATON_OK;
}

static bool
seed_agent(struct world *w, struct agent *a, uint8_t slot)
{
    static uint8_t row[SITE_ROW_BYTES_MAX];
    struct agent_row r;
    memset(&r, 0, sizeof r);
    r.tenant = a->tenant;
    r.key = a->id.sign_key;
    r.curve_key = a->id.curve_key;
    r.box_key = a->id.box_key;
    r.slot = slot;
    r.role = slot == 0 ? 'o' : 'n';
    strcpy(r.host, slot == 0 ? "OLD" : "NEW");
    strcpy(r.version, "0.1.0");
    r.confirmed = true;
    return put(w, TABLE_AGENT, r.key.b, sizeof r.key.b, row, agent_row_encode(&r, row));
}

static bool
seed_tenant(struct world *w, struct agent *two)
{
    static uint8_t row[AUTHORITY_BYTES_MAX];
    static struct tenant_row t;
    static struct authority a;
    memset(&t, 0, sizeof t);
    memset(&a, 0, sizeof a);
    crypto_random(t.info.id.b, sizeof t.info.id.b);
    strcpy(t.info.name, "contoso");
    policy_preset(PRESET_PRODUCTION, &t.info.policy);
    a.phase = AUTH_FENCING;
    a.adopted = true;
    a.tenant = t.info.id;
    a.epoch = w->epoch;
    a.member_count = 2;
    for (uint8_t i = 0; i < 2; i++) {
        if (crypto_identity_new(&two[i].id, NULL) != BATON_OK)
            return false;
        two[i].tenant = t.info.id;
        t.agent[i] = a.member[i].key = two[i].id.sign_key;
        a.member[i].product = i == 0 ? PRODUCT_DIRSYNC : PRODUCT_CONNECT;
        a.member[i].kind = i == 0 ? KIND_STOPPED : KIND_STAGED;
        if (!seed_agent(w, &two[i], i))
            return false;
    }
    a.recipient = two[1].id.sign_key;
    return put(w, TABLE_TENANT, t.info.id.b, 16, row, tenant_row_encode(&t, row)) &&
           put(w, TABLE_AUTHORITY, t.info.id.b, 16, row, authority_encode(&a, row));
}

static bool
seed(struct world *w)
{
    w->epoch.counter = 7;
    crypto_random(w->epoch.incarnation.b, sizeof w->epoch.incarnation.b);
    bool good = w->store.real.begin(w->store.real.ctx, NULL) == BATON_OK;
    for (size_t i = 0; i < TENANTS && good; i++)
        good = seed_tenant(w, &w->agent[2 * i]);
    return good && w->store.real.commit(w->store.real.ctx, NULL) == BATON_OK;
}

/* ---- agents ----------------------------------------------------------------------------------- */

static bool
find_agent(void *ctx, const uint8_t key_id[KEY_ID_BYTES], struct baton_key *ret_key)
{
    (void)key_id;
    *ret_key = ((struct agent *)ctx)->id.sign_key;
    return true;
}

static struct message *
framed(struct world *w, struct agent *a, struct message *m)
{
    struct codec_keys keys = {a, find_agent};
    struct message *in = NULL;
    uint8_t *frame = NULL;
    size_t len;
    m->env.session = a->session;
    m->env.sequence = ++a->sequence;
    m->env.sender = a->id.sign_key;
    m->env.recipient = w->controller.sign_key;
    m->env.tenant = a->tenant;
    if (codec_encode(m, a->id.secret->sign, &frame, &len, NULL) == BATON_OK &&
        codec_decode(frame, len, &keys, crypto_digest_port(), &in, NULL) != BATON_OK)
        in = NULL;
    free(frame);
    return in;
}

static bool
sign_word(struct world *w, struct agent *a, enum statement_type type, struct signed_bytes *sb)
{
    static uint8_t bytes[STATEMENT_BYTES_MAX];
    static struct statement s;
    memset(&s, 0, sizeof s);
    s.type = (uint8_t)type;
    s.tenant = a->tenant;
    s.member = a->id.sign_key;
    s.epoch = w->epoch;
    s.counter = ++a->counter;
    s.nonce = a->nonce;
    strcpy(s.agent_version, "0.1.0");
    for (int i = 0; i < FACT_COUNT / 2; i++) /* what a server tells when asked for what is cheap */
        facts_set(&s.facts, (enum fact_id)i, i);
    sb->bytes = bytes;
    return statement_encode(&s, bytes, sizeof bytes, &sb->len) == BATON_OK &&
           crypto_sign_domain(a->id.secret->sign, DOMAIN_STATEMENT, bytes, sb->len, &sb->sig) ==
               BATON_OK;
}

static struct message *
word(struct world *w, struct agent *a)
{
    struct message m = {.type = MSG_SAY};
    return sign_word(w, a, SAY_QUIET, &m.u.say.statement) ? framed(w, a, &m) : NULL;
}

static bool
engine_prepare(void *arg, uint64_t count)
{
    struct world *w = arg;
    for (uint64_t i = 0; i < count; i++) {
        struct agent *a = &w->agent[i % AGENTS];
        w->ready_curve[i] = a->id.curve_key;
        w->ready[i] = word(w, a);
        if (w->ready[i] == NULL)
            return false;
    }
    w->op_count = w->written_len = 0;
    w->played = 0;
    w->tracing_s = 0;
    w->passed_ms += 30000;
    return true;
}

static void
wait_for(struct world *w, const uint64_t *value, uint64_t least)
{
    pthread_mutex_lock(&w->lock);
    w->awaited = value;
    w->awaited_least = least;
    while (*value < least)
        pthread_cond_wait(&w->moved, &w->lock);
    w->awaited = NULL;
    pthread_mutex_unlock(&w->lock);
}

static bool
engine_side(void *arg, uint64_t count)
{
    struct world *w = arg;
    uint64_t heard = w->heard;
    w->tracing = true;
    for (uint64_t i = 0; i < count; i++)
        if (engine_feed(w->engine, w->ready[i], &w->ready_curve[i]) != BATON_OK)
            return false;
    wait_for(w, &w->heard, heard + count);
    w->tracing = false;
    return true;
}

/* ---- SQLite alone ----------------------------------------------------------------------------- */

/* A row under a random key is a new one each time, also when the same list is done again because this
 * side goes first in every second round: to write over it is several times cheaper. */
static struct op
op_anew(const struct op *listed, uint8_t played)
{
    struct op op = *listed;
    if ((op.kind == OP_ROW || op.kind == OP_REMOVE) && op.key[0] >= OBJECTS)
        op.key[1] ^= played;
    return op;
}

static bool
bare_do(struct world *w, const struct op *op)
{
    static const uint8_t tenant[BATON_ID_BYTES];
    const uint8_t *bytes = w->written + op->at;
    struct bare *b = &w->bare;
    bool blob = op->key[0] == OBJECTS || op->key[0] == OUTBOX;
    switch ((enum op_kind)op->kind) {
    case OP_BEGIN:
        return bare_begin(b);
    case OP_COMMIT:
        return bare_commit(b);
    case OP_ROW:
        return (blob ? bare_blob : bare_row)(b, op->key, op->key_len, bytes, op->len);
    case OP_REMOVE:
        return (blob ? bare_blob_remove : bare_remove)(b, op->key, op->key_len);
    case OP_LOG:
        return bare_log(b, tenant, ++w->bare_seq, bytes, op->len);
    }
    return false;
}

static bool
bare_side(void *arg, uint64_t count)
{
    struct world *w = arg;
    bool good = true;
    (void)count;
    for (size_t i = 0; i < w->op_count && good; i++) {
        const struct op op = op_anew(&w->op[i], w->played);
        good = bare_do(w, &op);
    }
    w->played++;
    return good;
}

/* ---- one measurement -------------------------------------------------------------------------- */

static void *
engine_main(void *arg)
{
    struct world *w = arg;
    struct baton_err err = {0};
    if (engine_run(w->engine, &err) != BATON_OK) {
        fprintf(stderr, "engine: %s\n", err.text);
        exit(1);
    }
    return NULL;
}

static bool
engine_begin(struct world *w)
{
    struct engine_ports ports = {
        .store = traced(w),
        .batch_most = w->batch,
        .digest = *crypto_digest_port(),
        .public_key = w->controller.sign_key,
        .ctx = w,
        .sign = p_sign,
        .random = p_random,
        .now_ms = p_now_ms,
        .unix_ms = clock_unix_ms,
        .send = p_send,
        .allow_token = p_allow_token,
        .allow_agent = p_allow_agent,
        .revoke = p_revoke,
        .page = p_page,
        .tidy = p_tidy,
    };
    ports.digest.verify = p_verify;
    struct baton_err err = {0};
    if (engine_open(&ports, &w->engine, &err) != BATON_OK) {
        fprintf(stderr, "engine: %s\n", err.text);
        return false;
    }
    return pthread_create(&w->thread, NULL, engine_main, w) == 0;
}

static void
pause_ms(long ms)
{
    struct timespec t = {0, ms * 1000000};
    nanosleep(&t, NULL);
}

static bool
agents_hello(struct world *w)
{
    for (size_t i = 0; i < AGENTS; i++) {
        struct message m = {.type = MSG_HELLO}, *in;
        strcpy(m.u.hello.version, "0.1.0");
        in = framed(w, &w->agent[i], &m);
        if (in == NULL || engine_feed(w->engine, in, &w->agent[i].id.curve_key) != BATON_OK)
            return false;
    }
    wait_for(w, &w->welcomed, AGENTS);
    wait_for(w, &w->asked, AGENTS);
    return true;
}

/* Only an agent that this run has heard is challenged. */
static bool
agents_answer(struct world *w)
{
    struct engine_counters c = {0};
    for (size_t i = 0; i < AGENTS; i++) {
        struct agent *a = &w->agent[i];
        struct message m = {.type = MSG_ANSWER}, *in;
        a->sequence = 0;
        m.u.answer.order = a->status;
        m.u.answer.order_hash = a->status_hash;
        in = sign_word(w, a, SAY_STATUS, &m.u.answer.statement) ? framed(w, a, &m) : NULL;
        if (in == NULL || engine_feed(w->engine, in, &a->id.curve_key) != BATON_OK)
            return false;
    }
    while (c.inputs < 2 * AGENTS) {
        pause_ms(10);
        engine_counters(w->engine, &c);
    }
    return true;
}

static bool
world_open(struct world *w, const char *dir, unsigned batch)
{
    memset(w, 0, sizeof *w);
    w->batch = batch;
    w->store.owner = w;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->moved, NULL);
    snprintf(w->engine_path, sizeof w->engine_path, "%s/bench-engine-%ld.db", dir, (long)getpid());
    snprintf(w->bare_path, sizeof w->bare_path, "%s/bench-bare-%ld.db", dir, (long)getpid());
    w->op = calloc(OPS_MAX, sizeof *w->op);
    w->written = malloc(WRITTEN_MAX);
    if (w->written != NULL)
        memset(w->written, 0xa5, WRITTEN_MAX); /* its pages are there before anything is measured */
    return w->op != NULL && w->written != NULL &&
           crypto_identity_new(&w->controller, NULL) == BATON_OK &&
           store_sqlite_open(w->engine_path, STORE_READ_WRITE, crypto_digest_port(), &w->store.real,
                             NULL) == BATON_OK &&
           seed(w) && engine_begin(w) && agents_hello(w) && agents_answer(w) &&
           bare_open(&w->bare, w->bare_path);
}

static void
files_remove(const char *path)
{
    static const char *const side[] = {"", "-wal", "-shm", ".lock"};
    char name[PATH_BYTES + 8];
    for (size_t i = 0; i < ARRAY_LEN(side); i++) {
        snprintf(name, sizeof name, "%s%s", path, side[i]);
        unlink(name);
    }
}

static void
world_close(struct world *w)
{
    engine_stop(w->engine);
    pthread_join(w->thread, NULL);
    engine_close(&w->engine);
    w->store.real.close(w->store.real.ctx);
    bare_close(&w->bare);
    for (size_t i = 0; i < AGENTS; i++)
        crypto_identity_done(&w->agent[i].id);
    crypto_identity_done(&w->controller);
    free(w->op);
    free(w->written);
    files_remove(w->engine_path);
    files_remove(w->bare_path);
}

static size_t
ops_of(const struct world *w, enum op_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < w->op_count; i++)
        n += w->op[i].kind == kind;
    return n;
}

static bool
measure(const struct bench_options *o, unsigned batch, uint64_t count)
{
    static struct world w;
    struct bench_ratio ratio;
    char name[64];
    if (!world_open(&w, o->dir, batch)) {
        fprintf(stderr, "cannot set up in %s\n", o->dir);
        return false;
    }
    struct bench_side engine = {"engine", engine_side, &w, engine_prepare, &w.tracing_s};
    struct bench_side bare = {"bare", bare_side, &w, NULL, NULL};
    snprintf(name, sizeof name, "engine transition / bare SQLite, batch %u", batch);
    bool good = bench_compare(o, name, count, &engine, &bare, &ratio);
    printf("  %llu transitions in %zu transactions: %zu rows, %zu records\n",
           (unsigned long long)count, ops_of(&w, OP_COMMIT), ops_of(&w, OP_ROW),
           ops_of(&w, OP_LOG));
    world_close(&w);
    return good;
}

/* What a transition costs besides: its word is checked; an answer, an order and, once in each
 * transaction, the head of the log are signed. */
static bool
measure_signatures(const struct bench_options *o)
{
    enum { MADE = 3 };
    static uint8_t bytes[STATEMENT_BYTES_MAX / 4];
    struct crypto_identity id;
    struct baton_sig sig;
    unsigned n = o->is_short ? 100 : 5000;
    bool good = crypto_identity_new(&id, NULL) == BATON_OK;
    double start = bench_now_s();
    for (unsigned i = 0; i < n * MADE && good; i++)
        good = crypto_sign_domain(id.secret->sign, DOMAIN_FRAME, bytes, sizeof bytes, &sig) ==
               BATON_OK;
    double signs = bench_now_s() - start;
    for (unsigned i = 0; i < n && good; i++)
        good = crypto_verify_domain(&id.sign_key, DOMAIN_FRAME, bytes, sizeof bytes, &sig);
    double all = bench_now_s() - start;
    crypto_identity_done(&id);
    printf("  counted apart: signatures of a transition, %d made %.0f us, one checked %.0f us\n",
           MADE, signs / n * 1e6, (all - signs) / n * 1e6);
    return good;
}

int
main(int argc, char **argv)
{
    struct bench_options o;
    if (!bench_options_parse(argc, argv, &o))
        return 2;
    log_level_set(LEVEL_ERROR);
    if (crypto_init(NULL) != BATON_OK)
        return 1;
    bool good = measure(&o, 1, o.is_short ? 64 : 1024) &&
                measure(&o, 64, o.is_short ? 256 : COUNT_MAX) && measure_signatures(&o);
    return good ? 0 : 1;
}
