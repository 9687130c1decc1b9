#include "engine_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "controller/adapters/store_sqlite.h"
#include "controller/clock.h"

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- the store's wrapper ---------------------------------------------------------------------- */

static struct world *
stored_world(void *ctx)
{
    return store_through_owner(ctx);
}

static enum baton_status
wrap_begin(void *ctx, struct baton_err *err)
{
    stored_world(ctx)->store.open_tx = true;
    return store_through.begin(ctx, err);
}

static enum baton_status
wrap_commit(void *ctx, struct baton_err *err)
{
    struct world *w = stored_world(ctx);
    pthread_mutex_lock(&w->lock);
    unsigned n = ++w->store.commits;
    w->store.inside = true;
    pthread_cond_broadcast(&w->moved);
    while (w->store.blocked)
        pthread_cond_wait(&w->moved, &w->lock);
    w->store.inside = false;
    pthread_mutex_unlock(&w->lock);
    if (n == w->store.exit_at)
        _exit(42); /* the power goes before the commit is durable */
    if (n == w->store.fail_at)
        return baton_fail(err, BATON_IO, "the disk says no");
    enum baton_status rc = store_through.commit(ctx, err);
    w->store.open_tx = false;
    return rc;
}

static void
wrap_rollback(void *ctx)
{
    store_through.rollback(ctx);
    stored_world(ctx)->store.open_tx = false;
}

static enum baton_status
wrap_look(void *ctx, struct baton_err *err)
{
    if (stored_world(ctx)->store.dies_after)
        return baton_fail(err, BATON_IO, "the power goes");
    return store_through.look(ctx, err);
}

static struct store_port
wrapper(struct world *w)
{
    struct store_port port = store_through;
    port.ctx = &w->store.through;
    port.begin = wrap_begin;
    port.commit = wrap_commit;
    port.rollback = wrap_rollback;
    port.look = wrap_look;
    return port;
}

/* ---- the engine's other ports ----------------------------------------------------------------- */

static void
port_sign(void *ctx, const char *domain, const void *bytes, size_t len, struct baton_sig *ret_sig)
{
    struct world *w = ctx;
    BATON_ASSERT(crypto_sign_domain(w->controller.secret->sign, domain, bytes, len, ret_sig) ==
                 BATON_OK);
}

static void
port_random(void *ctx, void *out, size_t n)
{
    (void)ctx;
    crypto_random(out, n);
}

static uint64_t
port_now_ms(void *ctx)
{
    const struct world *w = ctx;
    return clock_mono_ms(NULL) + w->clock_ms;
}

static uint64_t
port_unix_ms(void *ctx)
{
    const struct world *w = ctx;
    return clock_unix_ms(NULL) + w->wall_ms;
}

static bool
find_controller(void *ctx, const uint8_t key_id[KEY_ID_BYTES], struct baton_key *ret_key)
{
    struct world *w = ctx;
    (void)key_id;
    *ret_key = w->controller.sign_key;
    return true;
}

/* The oldest half goes when it was taken: a test holds a message only for a moment. */
static void
sent_compact(struct world *w)
{
    size_t kept = 0;
    if (w->sent_count < WORLD_SENT_MAX)
        return;
    for (size_t i = 0; i < w->sent_count; i++) {
        if (w->sent[i].taken && i < WORLD_SENT_MAX / 2)
            message_free(&w->sent[i].m);
        else
            w->sent[kept++] = w->sent[i];
    }
    w->sent_count = kept;
}

/* What leaves before its transaction is durable is the one thing that must never happen. */
static bool
port_send(void *ctx, const struct baton_key *agent, const struct message *m)
{
    struct world *w = ctx;
    struct codec_keys keys = {w, find_controller};
    uint8_t *frame = NULL;
    size_t len = 0;
    struct baton_err err = {0};
    BATON_ASSERT(!w->store.open_tx);
    if (w->deaf)
        return false;
    if (codec_encode(m, w->controller.secret->sign, &frame, &len, &err) != BATON_OK) {
        fprintf(stderr, "send: %s\n", err.text);
        abort();
    }
    pthread_mutex_lock(&w->lock);
    sent_compact(w);
    BATON_ASSERT(w->sent_count < WORLD_SENT_MAX);
    struct world_sent *s = &w->sent[w->sent_count++];
    *s = (struct world_sent){.to = *agent};
    if (codec_decode(frame, len, &keys, crypto_digest_port(), &s->m, &err) != BATON_OK) {
        fprintf(stderr, "sent: %s\n", err.text);
        abort();
    }
    pthread_cond_broadcast(&w->moved);
    pthread_mutex_unlock(&w->lock);
    free(frame);
    return true;
}

static void
port_allow_token(void *ctx, const struct baton_key *curve, const struct baton_id *tenant,
                 uint64_t until_ms)
{
    struct world *w = ctx;
    (void)tenant;
    BATON_ASSERT(!w->store.open_tx && until_ms > port_now_ms(w));
    w->door.tokens++;
    w->door.last_token = *curve;
}

static void
port_allow_agent(void *ctx, const struct baton_key *curve, const struct baton_key *sign_key,
                 const struct baton_id *tenant)
{
    struct world *w = ctx;
    (void)curve;
    (void)tenant;
    BATON_ASSERT(!w->store.open_tx);
    w->door.agents++;
    w->door.last_agent = *sign_key;
}

static void
port_revoke(void *ctx, const struct baton_key *curve)
{
    struct world *w = ctx;
    BATON_ASSERT(!w->store.open_tx);
    w->door.revoked++;
    w->door.last_revoked = *curve;
}

static void
port_page(void *ctx, const struct baton_id *tenant, const char *text)
{
    struct world *w = ctx;
    (void)tenant;
    w->door.pages++;
    snprintf(w->door.last_page, sizeof w->door.last_page, "%s", text);
}

/* ---- life ------------------------------------------------------------------------------------- */

void
world_init(struct world *w)
{
    memset(w, 0, sizeof *w);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->moved, NULL);
    assert_int_equal(crypto_init(NULL), BATON_OK);
    const char *where = getenv("TMPDIR");
    snprintf(w->dir, sizeof w->dir, "%.40s/baton-engine-XXXXXX", where != NULL ? where : "/tmp");
    assert_non_null(mkdtemp(w->dir));
    snprintf(w->path, sizeof w->path, "%s/baton.db", w->dir);
    assert_int_equal(crypto_identity_new(&w->controller, NULL), BATON_OK);
    assert_int_equal(crypto_signer_new(&w->root, NULL), BATON_OK);
    for (size_t i = 0; i < WORLD_OPERATORS; i++) {
        assert_int_equal(crypto_signer_new(&w->operator[i], NULL), BATON_OK);
        crypto_random(w->operator_id[i].b, sizeof w->operator_id[i].b);
    }
    crypto_random(w->tenant.b, sizeof w->tenant.b);
}

static void
sent_free(struct world *w)
{
    for (size_t i = 0; i < w->sent_count; i++)
        message_free(&w->sent[i].m);
    w->sent_count = 0;
}

void
world_done(struct world *w)
{
    static const char *const side[] = {"", "-wal", "-shm", ".lock", ".rebuild", ".rebuild.lock"};
    char path[128];
    world_stop(w);
    for (size_t i = 0; i < ARRAY_LEN(side); i++) {
        snprintf(path, sizeof path, "%s%s", w->path, side[i]);
        unlink(path);
    }
    rmdir(w->dir);
    crypto_identity_done(&w->controller);
    crypto_signer_done(&w->root);
    for (size_t i = 0; i < WORLD_OPERATORS; i++)
        crypto_signer_done(&w->operator[i]);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->moved);
}

static void *
run_main(void *arg)
{
    struct world *w = arg;
    w->ended = engine_run(w->engine, &w->end_err);
    return NULL;
}

void
world_start(struct world *w)
{
    struct baton_err err = {0};
    struct engine_ports ports = {
        .store = wrapper(w),
        .digest = *crypto_digest_port(),
        .public_key = w->controller.sign_key,
        .curve_key = w->controller.curve_key,
        .address = "tcp://127.0.0.1:7400",
        .ctx = w,
        .sign = port_sign,
        .random = port_random,
        .now_ms = port_now_ms,
        .unix_ms = port_unix_ms,
        .send = port_send,
        .allow_token = port_allow_token,
        .allow_agent = port_allow_agent,
        .revoke = port_revoke,
        .page = port_page,
    };
    memset(&w->store, 0, sizeof w->store);
    w->store.through.owner = w;
    if (store_sqlite_open(w->path, STORE_READ_WRITE, crypto_digest_port(), &w->store.through.real,
                          &err) != BATON_OK)
        fail_msg("store: %s", err.text);
    if (engine_open(&ports, &w->engine, &err) != BATON_OK)
        fail_msg("engine: %s", err.text);
    assert_int_equal(pthread_create(&w->thread, NULL, run_main, w), 0);
    w->running = true;
    w->joined = false;
}

void
world_join(struct world *w)
{
    if (!w->joined)
        pthread_join(w->thread, NULL);
    w->joined = true;
}

void
world_pause(unsigned ms)
{
    struct timespec t = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

void
world_stop(struct world *w)
{
    if (!w->running)
        return;
    engine_stop(w->engine);
    world_join(w);
    engine_close(&w->engine);
    w->store.through.real.close(w->store.through.real.ctx);
    w->running = false;
    sent_free(w);
}

struct engine_call *
world_call_new(struct world *w, enum engine_call_kind kind)
{
    struct engine_call *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->kind = kind;
    c->actor = w->operator_id[0];
    c->tenant = w->tenant;
    return c;
}

struct engine_call *
world_call(struct world *w, struct engine_call *c, enum baton_status expected)
{
    enum baton_status rc = engine_call(w->engine, c);
    if (rc != expected)
        fail_msg("%s instead of %s: %s", baton_status_name(rc), baton_status_name(expected),
                 c->problem.title);
    return c;
}

static void
setup_logins(struct world *w)
{
    for (size_t i = 0; i < WORLD_OPERATORS; i++) {
        struct engine_call *c = world_call_new(w, CALL_LOGIN_ADD);
        c->actor = i == 0 ? (struct baton_id){{0}} : w->operator_id[0];
        c->subject = w->operator_id[i];
        c->tenant = (struct baton_id){{0}};
        c->roles = ROLE_ADMIN | ROLE_OPERATE | ROLE_APPROVE | ROLE_VIEW;
        snprintf(c->name, sizeof c->name, "operator-%zu", i);
        free(world_call(w, c, BATON_OK));
    }
}

static void
setup_trust(struct world *w)
{
    struct trust_doc *d = calloc(1, sizeof *d);
    assert_non_null(d);
    d->version = 1;
    d->lab = true;
    d->controller_count = 1;
    d->controller[0] = w->controller.sign_key;
    d->operator_count = WORLD_OPERATORS;
    for (size_t i = 0; i < WORLD_OPERATORS; i++) {
        d->operator[i].id = w->operator_id[i];
        d->operator[i].key = w->operator[i].key;
        d->operator[i].roles = ROLE_OPERATE | ROLE_APPROVE | ROLE_BREAK_GLASS;
        snprintf(d->operator[i].name, NAME_BYTES, "operator-%zu", i);
    }
    struct engine_call *c = world_call_new(w, CALL_TRUST_PUT);
    assert_int_equal(trust_encode(d, c->bytes, sizeof c->bytes, &c->len), BATON_OK);
    assert_int_equal(crypto_sign_domain(w->root.secret, DOMAIN_TRUST, c->bytes, c->len, &c->sig),
                     BATON_OK);
    c->key = w->root.key;
    free(world_call(w, c, BATON_OK));
    free(d);
}

void
world_setup(struct world *w)
{
    setup_logins(w);
    setup_trust(w);
    struct engine_call *c = world_call_new(w, CALL_TENANT_CREATE);
    strcpy(c->name, "contoso");
    c->lab = true;
    free(world_call(w, c, BATON_OK));
}

/* ---- agents ----------------------------------------------------------------------------------- */

void
agent_init(struct world_agent *a, struct world *w, const char *host)
{
    memset(a, 0, sizeof *a);
    a->w = w;
    a->tenant = w->tenant;
    snprintf(a->host, sizeof a->host, "%s", host);
    assert_int_equal(crypto_identity_new(&a->id, NULL), BATON_OK);
    crypto_random(&a->machine, sizeof a->machine);
    facts_init(&a->facts);
}

void
agent_done(struct world_agent *a)
{
    crypto_identity_done(&a->id);
}

void
agent_token(struct world_agent *a, char role)
{
    struct engine_call *c = world_call_new(a->w, CALL_AGENT_TOKEN);
    struct token t;
    uint8_t secret[BOX_SECRET_BYTES];
    c->role = (uint8_t)role;
    strcpy(c->name, a->host);
    world_call(a->w, c, BATON_OK);
    c->bytes[c->len] = '\0';
    assert_int_equal(token_decode((const char *)c->bytes, &t, NULL), BATON_OK);
    crypto_curve_from_seed(t.seed, &a->one_time, secret);
    assert_true(baton_key_eq(&a->one_time, &c->key));
    assert_true(baton_key_eq(&t.root, &a->w->root.key));
    free(c);
}

static bool
find_agent(void *ctx, const uint8_t key_id[KEY_ID_BYTES], struct baton_key *ret_key)
{
    struct world_agent *a = ctx;
    (void)key_id;
    *ret_key = a->id.sign_key;
    return true;
}

void
agent_send_over(struct world_agent *a, struct message *m, const struct baton_key *curve)
{
    struct codec_keys keys = {a, find_agent};
    struct message *in = NULL;
    uint8_t *frame = NULL;
    size_t len = 0;
    struct baton_err err = {0};
    if (codec_encode(m, a->id.secret->sign, &frame, &len, &err) != BATON_OK)
        fail_msg("encode: %s", err.text);
    if (codec_decode(frame, len, &keys, crypto_digest_port(), &in, &err) != BATON_OK)
        fail_msg("decode: %s", err.text);
    free(frame);
    assert_int_equal(engine_feed(a->w->engine, in, curve), BATON_OK);
}

static void
envelope(struct world_agent *a, struct message *m)
{
    m->env.session = a->session;
    m->env.sequence = ++a->sequence;
    m->env.sender = a->id.sign_key;
    m->env.recipient = a->w->controller.sign_key;
    m->env.tenant = a->tenant;
}

void
agent_send(struct world_agent *a, struct message *m)
{
    envelope(a, m);
    agent_send_over(a, m, &a->id.curve_key);
}

void
agent_enrol(struct world_agent *a, bool accepted)
{
    struct message m = {.type = MSG_ENROL};
    struct msg_enrol *n = &m.u.enrol;
    n->sign_key = a->id.sign_key;
    n->curve_key = a->id.curve_key;
    n->box_key = a->id.box_key;
    strcpy(n->host, a->host);
    strcpy(n->version, "0.1.0");
    n->machine = a->machine;
    envelope(a, &m);
    agent_send_over(a, &m, &a->one_time);
    struct message *answer = world_take(a->w, a, MSG_ENROLLED);
    assert_non_null(answer);
    assert_int_equal(answer->u.enrolled.accepted, accepted);
    if (!accepted)
        return;
    struct baton_hash fingerprint;
    agent_fingerprint(crypto_digest_port(), &a->id.sign_key, &a->id.box_key, &fingerprint);
    assert_true(baton_hash_eq(&answer->u.enrolled.fingerprint, &fingerprint));
}

void
agent_confirm(struct world_agent *a)
{
    struct engine_call *c = world_call_new(a->w, CALL_AGENT_CONFIRM);
    uint8_t bytes[CONFIRM_BYTES];
    confirm_bytes(&a->tenant, a->host, &a->id.sign_key, &a->id.box_key, bytes);
    assert_int_equal(
        crypto_sign_domain(a->w->operator[0].secret, DOMAIN_CONFIRM, bytes, sizeof bytes, &c->sig),
        BATON_OK);
    c->key = a->id.sign_key;
    free(world_call(a->w, c, BATON_OK));
}

void
agent_hello(struct world_agent *a)
{
    struct message m = {.type = MSG_HELLO};
    m.u.hello.counter = ++a->counter; /* a session counts */
    strcpy(m.u.hello.version, "0.1.0");
    m.u.hello.machine = a->machine;
    m.u.hello.receipt_size = a->receipt_size;
    m.u.hello.receipt_root = a->receipt_root;
    crypto_random(m.u.hello.nonce.b, sizeof m.u.hello.nonce.b);
    a->session = (struct baton_id){{0}};
    agent_send(a, &m);
    struct message *answer = world_take(a->w, a, MSG_WELCOME);
    assert_non_null(answer);
    assert_true(baton_id_eq(&answer->u.welcome.nonce, &m.u.hello.nonce));
    a->session = answer->u.welcome.session;
    a->sequence = 0;
}

void
agent_join(struct world_agent *a, char role)
{
    agent_token(a, role);
    agent_enrol(a, true);
    agent_confirm(a);
    agent_hello(a);
}

void
agent_beat(struct world_agent *a)
{
    struct message m = {.type = MSG_BEAT};
    agent_send(a, &m);
}

void
agent_report(struct world_agent *a)
{
    struct message m = {.type = MSG_REPORT};
    m.u.report.facts = a->facts;
    m.u.report.wall_unix_ms = port_unix_ms(a->w);
    agent_send(a, &m);
}

struct statement
agent_statement(struct world_agent *a, enum statement_type type)
{
    struct statement s;
    memset(&s, 0, sizeof s);
    s.type = (uint8_t)type;
    s.tenant = a->tenant;
    s.member = a->id.sign_key;
    s.counter = ++a->counter;
    s.machine = a->machine;
    s.previous = a->last;
    s.said_unix_ms = port_unix_ms(a->w);
    s.facts = a->facts;
    strcpy(s.agent_version, "0.1.0");
    return s;
}

struct signed_bytes
agent_sign(struct world_agent *a, const struct statement *s, uint8_t buf[STATEMENT_BYTES_MAX])
{
    struct signed_bytes sb = {.bytes = buf};
    assert_int_equal(statement_encode(s, buf, STATEMENT_BYTES_MAX, &sb.len), BATON_OK);
    assert_int_equal(crypto_sign_domain(a->id.secret->sign, DOMAIN_STATEMENT, buf, sb.len, &sb.sig),
                     BATON_OK);
    crypto_sha256(buf, sb.len, &a->last);
    return sb;
}

void
agent_say(struct world_agent *a, const struct statement *s)
{
    uint8_t buf[STATEMENT_BYTES_MAX];
    struct message m = {.type = MSG_SAY};
    m.u.say.statement = agent_sign(a, s, buf);
    agent_send(a, &m);
}

static struct signed_bytes
sign_bytes(struct world_agent *a, const uint8_t *bytes, size_t len)
{
    struct signed_bytes sb = {.bytes = bytes, .len = len};
    assert_int_equal(crypto_sign_domain(a->id.secret->sign, DOMAIN_STATEMENT, bytes, len, &sb.sig),
                     BATON_OK);
    return sb;
}

void
agent_say_bytes(struct world_agent *a, const uint8_t *bytes, size_t len)
{
    struct message m = {.type = MSG_SAY};
    m.u.say.statement = sign_bytes(a, bytes, len);
    agent_send(a, &m);
}

void
agent_answer_bytes(struct world_agent *a, const struct baton_id *order,
                   const struct baton_hash *order_hash, const uint8_t *bytes, size_t len)
{
    struct message m = {.type = MSG_ANSWER};
    m.u.answer.order = *order;
    m.u.answer.order_hash = *order_hash;
    m.u.answer.statement = sign_bytes(a, bytes, len);
    agent_send(a, &m);
}

void
agent_answer(struct world_agent *a, const struct message *order, const struct statement *s)
{
    uint8_t buf[STATEMENT_BYTES_MAX];
    struct message m = {.type = MSG_ANSWER};
    m.u.answer.order = order->u.order.order.id;
    crypto_sha256(order->u.order.bytes, order->u.order.len, &m.u.answer.order_hash);
    m.u.answer.statement = agent_sign(a, s, buf);
    agent_send(a, &m);
}

/* ---- looking ---------------------------------------------------------------------------------- */

static struct message *
take_now(struct world *w, const struct world_agent *to, enum message_type type,
         enum order_verb verb)
{
    for (size_t i = 0; i < w->sent_count; i++) {
        struct world_sent *s = &w->sent[i];
        if (s->taken || s->m->type != type || !baton_key_eq(&s->to, &to->id.sign_key) ||
            (verb != ORDER_NONE && s->m->u.order.order.verb != verb))
            continue;
        s->taken = true;
        return s->m;
    }
    return NULL;
}

static struct message *
take_within(struct world *w, const struct world_agent *to, enum message_type type,
            enum order_verb verb, long wait_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += wait_ms % 1000 * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&w->lock);
    struct message *m;
    while ((m = take_now(w, to, type, verb)) == NULL)
        if (pthread_cond_timedwait(&w->moved, &w->lock, &until) == ETIMEDOUT)
            break;
    pthread_mutex_unlock(&w->lock);
    return m;
}

struct message *
world_take(struct world *w, const struct world_agent *to, enum message_type type)
{
    return take_within(w, to, type, ORDER_NONE, 5000);
}

struct message *
world_take_order(struct world *w, const struct world_agent *to, enum order_verb verb)
{
    return take_within(w, to, MSG_ORDER, verb, 5000);
}

bool
world_silent(struct world *w, const struct world_agent *to, enum message_type type)
{
    world_settle(w);
    return take_within(w, to, type, ORDER_NONE, 50) == NULL;
}

struct message *
world_next(struct world *w, const struct world_agent *to)
{
    struct message *m = NULL;
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < w->sent_count && m == NULL; i++)
        if (!w->sent[i].taken && baton_key_eq(&w->sent[i].to, &to->id.sign_key)) {
            w->sent[i].taken = true;
            m = w->sent[i].m;
        }
    pthread_mutex_unlock(&w->lock);
    return m;
}

uint64_t
world_now_ms(struct world *w)
{
    return port_now_ms(w);
}

uint64_t
world_unix_ms(struct world *w)
{
    return port_unix_ms(w);
}

void
world_tenant(struct world *w, struct tenant *ret_tenant)
{
    struct store_port reader;
    struct baton_err err = {0};
    if (store_sqlite_open(w->path, STORE_READ_ONLY, crypto_digest_port(), &reader, &err) !=
        BATON_OK)
        fail_msg("reader: %s", err.text);
    if (tenant_load(&reader, &w->tenant, ret_tenant, &err) != BATON_OK)
        fail_msg("tenant: %s", err.text);
    reader.close(reader.ctx);
}

/* A refused call goes through the same queue and changes nothing: when it comes back, everything
 * before it was handled. */
void
world_settle(struct world *w)
{
    struct engine_call *c = world_call_new(w, CALL_LOGIN_REMOVE);
    crypto_random(c->subject.b, sizeof c->subject.b);
    free(world_call(w, c, BATON_NOT_FOUND));
}

struct seen {
    enum audit_type type;
    const char *text;
    size_t count;
};

static bool
record_visit(void *arg, const struct audit_record *record, const uint8_t *bytes, size_t len)
{
    struct seen *s = arg;
    (void)bytes;
    (void)len;
    if (record->type == s->type && (s->text == NULL || strstr(record->text, s->text) != NULL))
        s->count++;
    return true;
}

void
world_read(struct world *w,
           bool (*visit)(void *arg, const struct audit_record *record, const uint8_t *bytes,
                         size_t len),
           void *arg)
{
    struct store_port reader;
    struct baton_err err = {0};
    if (store_sqlite_open(w->path, STORE_READ_ONLY, crypto_digest_port(), &reader, &err) !=
        BATON_OK)
        fail_msg("reader: %s", err.text);
    assert_int_equal(reader.records(reader.ctx, 1, NULL, visit, arg, NULL), BATON_OK);
    reader.close(reader.ctx);
}

static size_t
count_records(struct world *w, enum audit_type type, const char *text)
{
    struct seen s = {type, text, 0};
    world_read(w, record_visit, &s);
    return s.count;
}

size_t
world_records(struct world *w, enum audit_type type)
{
    return count_records(w, type, NULL);
}

bool
world_record_says(struct world *w, enum audit_type type, const char *text)
{
    return count_records(w, type, text) > 0;
}

bool
world_statement_known(struct world *w, const struct world_agent *a, uint64_t counter)
{
    struct store_port reader;
    uint8_t key[BATON_KEY_BYTES + 8], *value = NULL;
    size_t len;
    memcpy(key, a->id.sign_key.b, BATON_KEY_BYTES);
    for (int i = 0; i < 8; i++)
        key[BATON_KEY_BYTES + i] = (uint8_t)(counter >> (56 - 8 * i));
    assert_int_equal(
        store_sqlite_open(w->path, STORE_READ_ONLY, crypto_digest_port(), &reader, NULL), BATON_OK);
    enum baton_status rc =
        reader.get(reader.ctx, TABLE_STATEMENT, key, sizeof key, &value, &len, NULL);
    reader.close(reader.ctx);
    free(value);
    return rc == BATON_OK;
}
