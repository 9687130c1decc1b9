/* Whole agents on servers that are structs, against a desk in the controller's place that sends what it
 * likes: what agents do with it, what they store first, and the settings file's way between two. */
#include "agent/agent.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/crypto/letter.h"
#include "common/merkle.h"
#include "common/text.h"
#include "host_fake.h"
#include "tsan.h"

enum { PATIENCE_MS = 10000, QUEUE_MAX = 256, ROUTE_BYTES = 64, SIDES = 2 };
enum { OLD, NEW };

#define MUST(call) assert_int_equal((call), BATON_OK)

struct side {
    struct agent *agent;
    struct host_fake *fake;
    struct setup setup;
    struct crypto_identity identity;
    char dir[64];
    uint8_t route[ROUTE_BYTES];
    size_t route_len;
    struct baton_id session;
    uint64_t sequence;
};

struct desk {
    void *context, *router;
    char address[64];
    struct crypto_identity keys;
    struct crypto_signer root, anna;
    struct trust_doc trust;
    uint8_t trust_bytes[TRUST_BYTES_MAX];
    struct signed_bytes trust_signed;
    struct plan plan;
    uint8_t plan_bytes[PLAN_BYTES_MAX];
    size_t plan_len;
    struct side side[SIDES];
    struct message *queue[QUEUE_MAX];
    size_t queued;
    int stop[2];
    uint8_t next_id;
};

static struct desk *
desk_of(void **state)
{
    return *state;
}

/* --- the desk's wire --- */

static bool
find_key(void *ctx, const uint8_t key_id[KEY_ID_BYTES], struct baton_key *ret_key)
{
    struct desk *d = ctx;
    uint8_t id[KEY_ID_BYTES];
    for (size_t i = 0; i < SIDES; i++) {
        codec_key_id(&d->side[i].identity.sign_key, id);
        if (memcmp(id, key_id, sizeof id) == 0) {
            *ret_key = d->side[i].identity.sign_key;
            return true;
        }
    }
    return false;
}

static void
hear(struct desk *d)
{
    static uint8_t route[ROUTE_BYTES], frame[FRAME_BYTES_MAX];
    int route_len, len;
    while ((route_len = zmq_recv(d->router, route, sizeof route, ZMQ_DONTWAIT)) > 0) {
        len = zmq_recv(d->router, frame, sizeof frame, 0);
        struct codec_keys keys = {.ctx = d, .find = find_key};
        struct message *m;
        struct baton_err err = {0};
        if (codec_decode(frame, (size_t)len, &keys, crypto_digest_port(), &m, &err) != BATON_OK)
            fail_msg("an agent sent what cannot be read: %s", err.text);
        for (size_t i = 0; i < SIDES; i++) {
            if (baton_key_eq(&m->env.sender, &d->side[i].identity.sign_key)) {
                memcpy(d->side[i].route, route, (size_t)route_len);
                d->side[i].route_len = (size_t)route_len;
            }
        }
        assert_true(d->queued < QUEUE_MAX);
        d->queue[d->queued++] = m;
    }
}

static void
turn(struct desk *d)
{
    for (size_t i = 0; i < SIDES; i++)
        if (d->side[i].agent != NULL && agent_runs(d->side[i].agent))
            agent_turn(d->side[i].agent, d->stop[0], 5);
    hear(d);
}

static struct message *
take(struct desk *d, const struct side *from, enum message_type type)
{
    for (size_t i = 0; i < d->queued; i++) {
        struct message *m = d->queue[i];
        if (m->type != type || !baton_key_eq(&m->env.sender, &from->identity.sign_key))
            continue;
        d->queued--;
        memmove(&d->queue[i], &d->queue[i + 1], (d->queued - i) * sizeof d->queue[0]);
        return m;
    }
    return NULL;
}

static struct message *
expect(struct desk *d, const struct side *from, enum message_type type)
{
    uint64_t until = agent_now_ms() + PATIENCE_MS;
    struct message *m;
    while ((m = take(d, from, type)) == NULL && agent_now_ms() < until)
        turn(d);
    if (m == NULL)
        fail_msg("no %s came", message_type_name(type));
    return m;
}

static void
forget(struct desk *d)
{
    while (d->queued > 0)
        message_free(&d->queue[--d->queued]);
}

/* Nothing of that type within a while. */
static void
expect_none(struct desk *d, const struct side *from, enum message_type type)
{
    uint64_t until = agent_now_ms() + 300;
    while (agent_now_ms() < until)
        turn(d);
    struct message *m = take(d, from, type);
    if (m != NULL)
        fail_msg("a %s came", message_type_name(type));
}

static void
send_as_is(struct desk *d, struct side *to, const struct message *m, const uint8_t *secret)
{
    uint8_t *frame;
    size_t len;
    struct baton_err err = {0};
    if (codec_encode(m, secret, &frame, &len, &err) != BATON_OK)
        fail_msg("%s", err.text);
    assert_true(to->route_len > 0);
    assert_true(zmq_send(d->router, to->route, to->route_len, ZMQ_SNDMORE) >= 0);
    assert_true(zmq_send(d->router, frame, len, 0) >= 0);
    free(frame);
}

static struct envelope
envelope(struct desk *d, struct side *to)
{
    return (struct envelope){.session = to->session,
                             .sequence = ++to->sequence,
                             .sender = d->keys.sign_key,
                             .recipient = to->identity.sign_key,
                             .tenant = to->setup.tenant};
}

static void
send_to(struct desk *d, struct side *to, struct message *m)
{
    m->env = envelope(d, to);
    send_as_is(d, to, m, d->keys.secret->sign);
}

static void
welcome_beating(struct desk *d, struct side *s, bool with_trust, uint32_t beat_ms)
{
    struct message *hello = expect(d, s, MSG_HELLO);
    struct message m = {.type = MSG_WELCOME};
    s->session = (struct baton_id){{++d->next_id, 1}};
    s->sequence = 0;
    m.u.welcome = (struct msg_welcome){
        .session = s->session, .nonce = hello->u.hello.nonce, .beat_ms = beat_ms};
    if (with_trust)
        m.u.welcome.trust = d->trust_signed;
    struct baton_id session = s->session;
    s->session = (struct baton_id){{0}};
    send_to(d, s, &m);
    s->session = session;
    message_free(&hello);
}

static void
welcome(struct desk *d, struct side *s, bool with_trust)
{
    welcome_beating(d, s, with_trust, 200);
}

static void
open_session(struct desk *d, struct side *s)
{
    welcome(d, s, true);
    struct message *beat = expect(d, s, MSG_BEAT);
    assert_true(baton_id_eq(&beat->env.session, &s->session));
    message_free(&beat);
}

/* --- people and plan --- */

static void
make_trust(struct desk *d)
{
    size_t len;
    MUST(crypto_signer_new(&d->root, NULL));
    MUST(crypto_signer_new(&d->anna, NULL));
    d->trust =
        (struct trust_doc){.version = 1, .lab = true, .controller_count = 1, .operator_count = 1};
    d->trust.controller[0] = d->keys.sign_key;
    struct trust_operator *op = &d->trust.operator[0];
    op->id.b[0] = 7;
    op->key = d->anna.key;
    op->roles = ROLE_OPERATE | ROLE_APPROVE;
    text_copy(op->name, sizeof op->name, "anna");
    MUST(trust_encode(&d->trust, d->trust_bytes, sizeof d->trust_bytes, &len));
    d->trust_signed = (struct signed_bytes){.bytes = d->trust_bytes, .len = len};
    MUST(crypto_sign_domain(d->root.secret, DOMAIN_TRUST, d->trust_bytes, len,
                            &d->trust_signed.sig));
}

static void
make_plan(struct desk *d, bool confirmed)
{
    static const char *const hosts[] = {"OLD", "NEW"};
    d->plan = (struct plan){.profile = PROFILE_PARALLEL,
                            .lab = true,
                            .trust_version = 1,
                            .member_count = SIDES,
                            .holder = OLD,
                            .recipient = NEW};
    d->plan.id.b[0] = 5;
    d->plan.tenant = d->side[OLD].setup.tenant;
    text_copy(d->plan.tenant_name, sizeof d->plan.tenant_name, "contoso");
    policy_preset(PRESET_LAB, &d->plan.policy);
    for (size_t i = 0; i < SIDES; i++) {
        struct plan_member *m = &d->plan.member[i];
        uint8_t bytes[CONFIRM_BYTES];
        m->key = d->side[i].identity.sign_key;
        m->box_key = d->side[i].identity.box_key;
        m->product = i == OLD ? PRODUCT_DIRSYNC : PRODUCT_CONNECT;
        m->kind = i == OLD ? KIND_STOPPED : KIND_STAGED;
        text_copy(m->host, sizeof m->host, hosts[i]);
        m->confirmed_by = d->trust.operator[0].id;
        confirm_bytes(&d->plan.tenant, m->host, &m->key, &m->box_key, bytes);
        MUST(crypto_sign_domain(confirmed ? d->anna.secret : d->root.secret, DOMAIN_CONFIRM, bytes,
                                sizeof bytes, &m->confirmation));
    }
    MUST(plan_encode(&d->plan, d->plan_bytes, sizeof d->plan_bytes, &d->plan_len));
}

static struct order
order_of(struct desk *d, enum order_verb verb)
{
    struct order o = {.verb = (uint8_t)verb, .tenant = d->side[OLD].setup.tenant};
    o.id.b[0] = ++d->next_id;
    o.id.b[1] = 0xEE;
    o.nonce.b[0] = d->next_id;
    return o;
}

static void
send_order(struct desk *d, struct side *to, const struct order *o)
{
    struct message m = {.type = MSG_ORDER};
    uint8_t *bytes;
    size_t len;
    struct baton_err err = {0};
    if (order_pack(o, &bytes, &len, &err) != BATON_OK)
        fail_msg("%s", err.text);
    m.u.order.bytes = bytes;
    m.u.order.len = len;
    m.u.order.order = *o;
    send_to(d, to, &m);
    free(bytes);
}

static struct statement
read_statement(const struct side *from, const struct signed_bytes *sb)
{
    static struct statement s;
    assert_true(crypto_verify_domain(&from->identity.sign_key, DOMAIN_STATEMENT, sb->bytes, sb->len,
                                     &sb->sig));
    MUST(statement_decode(sb->bytes, sb->len, &s));
    return s;
}

/* --- agents --- */

static void
start_agent(struct desk *d, struct side *s)
{
    struct agent *a = calloc(1, sizeof *a);
    struct second_copy copy;
    a->setup = &s->setup;
    a->digest = crypto_digest_port();
    a->identity = s->identity;
    a->host = host_fake_port(s->fake);
    collect_init(&a->collect, a->digest);
    settings_init(&a->settings);
    member_init(&a->member, &s->identity.sign_key, &s->setup.tenant, &s->setup.root);
    MUST(agent_store_open(s->dir, &a->store, NULL));
    MUST(agent_store_second_copy(s->dir, &copy, NULL));
    if (agent_store_promise(a->store, &a->member.promise, NULL) != BATON_OK)
        a->member.promise.machine = s->fake->machine;
    a->member.root = s->setup.root;
    a->member.lab_host = true;
    a->member.reads_limits = agent_reads_limits;
    text_copy(a->member.version, sizeof a->member.version, "test");
    MUST(agent_store_begin(a->store, NULL));
    MUST(agent_store_put_promise(a->store, &a->member.promise, NULL));
    MUST(agent_store_commit(a->store, NULL));
    act_recall(a);
    settings_recall(a);
    struct agent_bus_options o = {.endpoint = d->address,
                                  .server_key = d->keys.curve_key,
                                  .key = s->identity.curve_key,
                                  .secret = s->identity.secret->curve};
    MUST(agent_bus_open(&o, &a->bus, NULL));
    s->agent = a;
}

static void
end_agent(struct side *s)
{
    struct agent *a = s->agent;
    if (a == NULL)
        return;
    agent_bus_close(&a->bus);
    settings_done(&a->settings);
    review_done(&a->review);
    rows_done(&a->rows);
    collect_done(&a->collect);
    agent_store_close(&a->store);
    free(a);
    s->agent = NULL;
}

static void
make_side(struct desk *d, size_t index)
{
    struct side *s = &d->side[index];
    strcpy(s->dir, "/tmp/baton-agent-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    MUST(agent_store_create(s->dir, NULL));
    MUST(crypto_identity_new(&s->identity, NULL));
    s->fake = calloc(1, sizeof *s->fake);
    host_fake_open(s->fake);
    if (index == OLD)
        host_fake_dirsync(s->fake);
    s->setup.tenant.b[0] = 9;
    s->setup.controller_sign = d->keys.sign_key;
    s->setup.controller_curve = d->keys.curve_key;
    text_copy(s->setup.dir, sizeof s->setup.dir, s->dir);
    text_copy(s->setup.name, sizeof s->setup.name, index == OLD ? "OLD" : "NEW");
}

static void
open_router(struct desk *d)
{
    size_t len = sizeof d->address;
    int yes = 1, none = 0;
    d->context = zmq_ctx_new();
    d->router = zmq_socket(d->context, ZMQ_ROUTER);
    zmq_setsockopt(d->router, ZMQ_CURVE_SERVER, &yes, sizeof yes);
    zmq_setsockopt(d->router, ZMQ_CURVE_SECRETKEY, d->keys.secret->curve, BOX_SECRET_BYTES);
    zmq_setsockopt(d->router, ZMQ_LINGER, &none, sizeof none);
    assert_int_equal(zmq_bind(d->router, "tcp://127.0.0.1:*"), 0);
    assert_int_equal(zmq_getsockopt(d->router, ZMQ_LAST_ENDPOINT, d->address, &len), 0);
}

static int
setup(void **state)
{
    struct desk *d = calloc(1, sizeof *d);
    *state = d;
    MUST(crypto_identity_new(&d->keys, NULL));
    open_router(d);
    assert_int_equal(pipe(d->stop), 0);
    make_side(d, OLD);
    make_side(d, NEW);
    make_trust(d);
    for (size_t i = 0; i < SIDES; i++)
        d->side[i].setup.root = d->root.key;
    make_plan(d, true);
    return 0;
}

static int
teardown(void **state)
{
    struct desk *d = desk_of(state);
    forget(d);
    for (size_t i = 0; i < SIDES; i++) {
        struct side *s = &d->side[i];
        char command[128];
        end_agent(s);
        host_fake_done(s->fake);
        free(s->fake);
        crypto_identity_done(&s->identity);
        snprintf(command, sizeof command, "rm -rf %s", s->dir);
        assert_int_equal(system(command), 0);
    }
    crypto_identity_done(&d->keys);
    crypto_signer_done(&d->root);
    crypto_signer_done(&d->anna);
    zmq_close(d->router);
    zmq_ctx_term(d->context);
    close(d->stop[0]);
    close(d->stop[1]);
    free(d);
    return 0;
}

/* --- sessions --- */

static void
a_welcome_to_another_hello_opens_nothing(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    start_agent(d, s);
    struct message *hello = expect(d, s, MSG_HELLO);
    struct message m = {.type = MSG_WELCOME};
    m.u.welcome.session.b[0] = 1;
    m.u.welcome.nonce = hello->u.hello.nonce;
    m.u.welcome.nonce.b[0] ^= 1;
    send_to(d, s, &m);
    expect_none(d, s, MSG_BEAT);
    assert_false(s->agent->session.open);
    message_free(&hello);
}

static void
every_session_counts_and_is_stored_first(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    uint64_t last = 0;
    for (int i = 0; i < 3; i++) {
        struct promise stored;
        start_agent(d, s);
        struct message *hello = expect(d, s, MSG_HELLO);
        MUST(agent_store_promise(s->agent->store, &stored, NULL));
        assert_true(hello->u.hello.counter > last);
        assert_true(stored.counter >= hello->u.hello.counter);
        last = hello->u.hello.counter;
        message_free(&hello);
        end_agent(s);
        forget(d);
    }
}

static void
a_session_beats_and_reports(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    start_agent(d, s);
    open_session(d, s);
    struct message *r = expect(d, s, MSG_REPORT);
    while (!fact_is(&r->u.report.facts, FACT_SERVICES_PRESENT, 2)) {
        message_free(&r);
        r = expect(d, s, MSG_REPORT);
    }
    assert_true(r->u.report.facts.fact[FACT_SERVICES_STOPPED].state == FACT_VALUE);
    message_free(&r);
    s->fake->service[0].state = SVC_STOPPED;
    host_fake_notify(s->fake, NOTICE_SERVICE, "stopped by hand");
    do { /* pushed, not waited for */
        r = expect(d, s, MSG_REPORT);
        bool seen = fact_known(&r->u.report.facts, FACT_STOPPED_AT);
        message_free(&r);
        if (seen)
            return;
    } while (true);
}

/* The server has other work to do than to tell a hostile desk a thousand times a second that it lives. */
static void
no_desk_makes_an_agent_beat_without_pause(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    int beats = 0;
    struct message *m;
    start_agent(d, s);
    welcome_beating(d, s, true, 1);
    uint64_t until = agent_now_ms() + 500;
    while (agent_now_ms() < until) {
        turn(d);
        for (; (m = take(d, s, MSG_BEAT)) != NULL; beats++)
            message_free(&m);
        forget(d);
    }
    assert_in_range(beats, 1, 10);
}

static void
what_is_not_of_this_session_is_dropped(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    start_agent(d, s);
    open_session(d, s);
    struct order o = order_of(d, ORDER_STATUS);
    struct message m = {.type = MSG_ORDER};
    uint8_t *bytes;
    MUST(order_pack(&o, &bytes, &m.u.order.len, NULL));
    m.u.order.bytes = bytes;
    m.u.order.order = o;

    m.env = envelope(d, s);
    m.env.session.b[0] ^= 1; /* of another session */
    send_as_is(d, s, &m, d->keys.secret->sign);
    m.env = envelope(d, s);
    m.env.recipient = d->side[NEW].identity.sign_key; /* to another agent */
    send_as_is(d, s, &m, d->keys.secret->sign);
    m.env = envelope(d, s);
    m.env.tenant.b[0] ^= 1; /* of another tenant */
    send_as_is(d, s, &m, d->keys.secret->sign);
    m.env = envelope(d, s);
    m.env.sender = d->side[NEW].identity.sign_key; /* from somebody who is no controller */
    send_as_is(d, s, &m, d->side[NEW].identity.secret->sign);
    expect_none(d, s, MSG_ANSWER);
    assert_int_equal(s->agent->session.refused_count, 4);

    send_to(d, s, &m); /* and the real one passes */
    struct message *a = expect(d, s, MSG_ANSWER);
    message_free(&a);
    s->sequence -= 1; /* its number again */
    send_to(d, s, &m);
    expect_none(d, s, MSG_ANSWER);
    free(bytes);
}

static void
types_that_only_agents_send_are_refused(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    start_agent(d, s);
    open_session(d, s);
    uint64_t before = s->agent->session.refused_count;
    struct message m = {.type = MSG_BEAT};
    send_to(d, s, &m);
    expect_none(d, s, MSG_ANSWER);
    assert_int_equal(s->agent->session.refused_count, before + 1);
}

static void
a_refused_session_is_opened_anew(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    start_agent(d, s);
    open_session(d, s);
    struct message m = {.type = MSG_REFUSED};
    m.u.refused.status = BATON_DENIED;
    text_copy(m.u.refused.text, sizeof m.u.refused.text, "not of the open session");
    send_to(d, s, &m);
    open_session(d, s);
    assert_true(s->agent->session.open);
}

static void
a_refused_offer_of_settings_ends_the_offer_and_not_the_session(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    start_agent(d, s);
    s->agent->settings.out_known = true;
    s->agent->settings.out_bytes = 1;
    memset(&s->agent->settings.out_blob, 7, sizeof s->agent->settings.out_blob);
    open_session(d, s);
    struct message m = {.type = MSG_REFUSED};
    m.u.refused.status = BATON_DENIED;
    m.u.refused.order = message_blob_id(&s->agent->settings.out_blob);
    send_to(d, s, &m);
    expect_none(d, s, MSG_HELLO);
    assert_true(s->agent->session.open && s->agent->settings.out_delivered);
}

/* Found by the simulator: one refused frame of any kind ended the offer, and the handoff stood still. */
static void
a_refused_frame_while_settings_are_offered_opens_the_session_anew_and_the_offer_stands(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    start_agent(d, s);
    s->agent->settings.out_known = true;
    s->agent->settings.out_bytes = 1;
    memset(&s->agent->settings.out_blob, 7, sizeof s->agent->settings.out_blob);
    open_session(d, s);
    struct message m = {.type = MSG_REFUSED};
    m.u.refused.status = BATON_DENIED;
    s->agent->settings.moved_ms = agent_now_ms();
    send_to(d, s, &m);
    struct message *hello = expect(d, s, MSG_HELLO);
    assert_false(s->agent->settings.out_delivered);
    message_free(&hello);
}

/* --- orders --- */

/* Found by the simulator: the stored answer came again, older than a word in between, and counted for nothing. */
static void
an_order_whose_answer_was_overtaken_is_answered_anew(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    start_agent(d, s);
    open_session(d, s);
    struct order o = order_of(d, ORDER_STATUS), later = order_of(d, ORDER_STATUS);
    send_order(d, s, &o);
    struct message *lost = expect(d, s, MSG_ANSWER);
    send_order(d, s, &later);
    struct message *between = expect(d, s, MSG_ANSWER);
    send_order(d, s, &o);
    struct message *again = expect(d, s, MSG_ANSWER);
    assert_true(baton_id_eq(&again->u.answer.order, &o.id));
    uint64_t overtook = read_statement(s, &between->u.answer.statement).counter;
    assert_true(read_statement(s, &lost->u.answer.statement).counter < overtook);
    assert_true(read_statement(s, &again->u.answer.statement).counter > overtook);
    message_free(&lost);
    message_free(&between);
    message_free(&again);
}

static void
the_same_order_gets_the_same_answer_and_another_under_its_id_none(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    start_agent(d, s);
    open_session(d, s);
    struct order o = order_of(d, ORDER_STATUS);
    send_order(d, s, &o);
    struct message *first = expect(d, s, MSG_ANSWER);
    assert_true(baton_id_eq(&first->u.answer.order, &o.id));
    assert_int_equal(read_statement(s, &first->u.answer.statement).type, SAY_STATUS);
    send_order(d, s, &o);
    struct message *again = expect(d, s, MSG_ANSWER);
    assert_int_equal(first->u.answer.statement.len, again->u.answer.statement.len);
    assert_memory_equal(first->u.answer.statement.bytes, again->u.answer.statement.bytes,
                        first->u.answer.statement.len);
    uint64_t counter = s->agent->member.promise.counter;
    o.nonce.b[5] ^= 1;
    send_order(d, s, &o);
    struct message *refused = expect(d, s, MSG_REFUSED);
    assert_int_equal(refused->u.refused.status, BATON_CONFLICT);
    assert_true(baton_id_eq(&refused->u.refused.order, &o.id));
    assert_int_equal(s->agent->member.promise.counter, counter);
    message_free(&first);
    message_free(&again);
    message_free(&refused);
}

static void
an_answer_survives_a_restart(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    start_agent(d, s);
    open_session(d, s);
    struct order o = order_of(d, ORDER_STATUS);
    send_order(d, s, &o);
    struct message *first = expect(d, s, MSG_ANSWER);
    end_agent(s);
    forget(d);
    start_agent(d, s);
    open_session(d, s);
    send_order(d, s, &o);
    struct message *again = expect(d, s, MSG_ANSWER);
    assert_memory_equal(first->u.answer.statement.bytes, again->u.answer.statement.bytes,
                        first->u.answer.statement.len);
    message_free(&first);
    message_free(&again);
}

/* What OLD answers to a FENCE under a plan that names `named`, with `beside` beside it. */
static struct statement
fence_under(struct desk *d, const char *named, const char *beside)
{
    struct side *s = &d->side[OLD];
    crypto_sha256(named, strlen(named), &d->plan.limits);
    MUST(plan_encode(&d->plan, d->plan_bytes, sizeof d->plan_bytes, &d->plan_len));
    struct order o = order_of(d, ORDER_FENCE);
    o.epoch = (struct epoch){.counter = 1, .incarnation = {{3}}};
    o.recipient = s->identity.sign_key;
    o.adopt = true;
    o.plan = d->plan_bytes;
    o.plan_len = d->plan_len;
    o.limits = (const uint8_t *)beside;
    o.limits_len = strlen(beside);
    send_order(d, s, &o);
    struct message *a = expect(d, s, MSG_ANSWER);
    struct statement st = read_statement(s, &a->u.answer.statement);
    message_free(&a);
    return st;
}

static void
a_policy_that_was_tampered_with_or_is_not_known_here_is_refused_with_a_signed_word(void **state)
{
    static const char good[] = "rules:\n  - rule: EX-DELETES\n    count: 0\n",
                      bad[] = "rules:\n  - rule: EX-DELETES\n    count: 9\n",
                      strange[] = "rules:\n  - rule: EX-TOMORROW\n";
    struct desk *d = desk_of(state);
    start_agent(d, &d->side[OLD]);
    open_session(d, &d->side[OLD]);
    struct statement st = fence_under(d, good, bad);
    assert_int_equal(st.type, SAY_REFUSED);
    assert_int_equal(st.refusal, REFUSE_LIMITS);
    st = fence_under(d, good, "");
    assert_int_equal(st.refusal, REFUSE_LIMITS);
    st = fence_under(d, strange, strange);
    assert_int_equal(st.refusal, REFUSE_LIMITS);
    assert_non_null(strstr(st.facts.note, "near line 2: no rule EX-TOMORROW"));
    st =
        fence_under(d, good, good); /* this text is the plan's; what is missing are the approvals */
    assert_int_equal(st.refusal, REFUSE_APPROVALS);
}

static void
a_fence_without_approvals_is_refused_with_a_signed_word(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    start_agent(d, s);
    open_session(d, s);
    struct order o = order_of(d, ORDER_FENCE);
    o.epoch = (struct epoch){.counter = 1, .incarnation = {{3}}};
    o.recipient = s->identity.sign_key;
    o.adopt = true;
    o.plan = d->plan_bytes;
    o.plan_len = d->plan_len;
    send_order(d, s, &o);
    struct message *a = expect(d, s, MSG_ANSWER);
    struct statement st = read_statement(s, &a->u.answer.statement);
    assert_int_equal(st.type, SAY_REFUSED);
    assert_int_equal(st.refusal, REFUSE_APPROVALS);
    assert_true(epoch_is_zero(&s->agent->member.promise.epoch));
    assert_int_equal(s->fake->mutation_count, 0);
    message_free(&a);
}

static void
nothing_leaves_when_it_cannot_be_stored(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    char path[128];
    start_agent(d, s);
    snprintf(path, sizeof path, "%s/tombstone", s->dir);
    assert_int_equal(mkdir(path, 0700), 0); /* the second copy cannot be written any more */
    welcome(d, s, true);                    /* brings a trust document, which must be kept there */
    uint64_t until = agent_now_ms() + PATIENCE_MS;
    while (agent_runs(s->agent) && agent_now_ms() < until)
        turn(d);
    assert_int_equal(s->agent->end, AGENT_FAILS);
    expect_none(d, s, MSG_BEAT);
    assert_int_equal(rmdir(path), 0);
}

/* Found by the simulator: a lost QUIET on a connection that stood left a handoff in C2 for good. */
static void
a_word_that_is_not_heard_is_said_again_in_the_same_session(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    start_agent(d, s);
    struct said said = {.statement = {.bytes = (const uint8_t *)"a word", .len = 6}};
    crypto_sha256("a word", 6, &said.hash);
    MUST(agent_store_begin(s->agent->store, NULL));
    MUST(agent_store_say(s->agent->store, &said, NULL));
    MUST(agent_store_commit(s->agent->store, NULL));
    open_session(d, s);
    struct message *first = expect(d, s, MSG_SAY);
    assert_true(s->agent->session.unheard_due_ms > agent_now_ms());
    s->agent->session.unheard_due_ms = agent_now_ms(); /* the time has come */
    struct message *again = expect(d, s, MSG_SAY);
    assert_memory_equal(again->u.say.statement.bytes, "a word", 6);
    struct message heard = {.type = MSG_HEARD};
    heard.u.heard.statement = said.hash;
    send_to(d, s, &heard);
    while (s->agent->later.heard_count == 0)
        turn(d);
    while (s->agent->later.due_ms != 0)
        turn(d);
    s->agent->session.unheard_due_ms = agent_now_ms();
    expect_none(d, s, MSG_SAY);
    assert_int_equal(s->agent->session.unheard_due_ms, 0);
    message_free(&first);
    message_free(&again);
}

static void
a_word_is_said_again_in_every_session_until_it_is_heard(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    start_agent(d, s);
    struct said said = {.statement = {.bytes = (const uint8_t *)"a word", .len = 6}};
    crypto_sha256("a word", 6, &said.hash);
    MUST(agent_store_begin(s->agent->store, NULL));
    MUST(agent_store_say(s->agent->store, &said, NULL));
    MUST(agent_store_commit(s->agent->store, NULL));
    for (int i = 0; i < 2; i++) {
        open_session(d, s);
        struct message *say = expect(d, s, MSG_SAY);
        assert_memory_equal(say->u.say.statement.bytes, "a word", 6);
        message_free(&say);
        end_agent(s);
        forget(d);
        start_agent(d, s);
    }
    open_session(d, s);
    struct message *say = expect(d, s, MSG_SAY);
    struct message heard = {.type = MSG_HEARD};
    heard.u.heard.statement = said.hash;
    send_to(d, s, &heard);
    while (s->agent->later.heard_count == 0)
        turn(d);
    while (s->agent->later.due_ms != 0) /* nothing else happens: it is written alone */
        turn(d);
    message_free(&say);
    end_agent(s);
    forget(d);
    start_agent(d, s);
    open_session(d, s);
    expect_none(d, s, MSG_SAY);
}

static void
say_a_word(struct side *s, struct said *said)
{
    *said = (struct said){.statement = {.bytes = (const uint8_t *)"a word", .len = 6}};
    crypto_sha256("a word", 6, &said->hash);
    MUST(agent_store_begin(s->agent->store, NULL));
    MUST(agent_store_say(s->agent->store, said, NULL));
    MUST(agent_store_commit(s->agent->store, NULL));
}

static void
hear_it(struct desk *d, struct side *s, const struct said *said)
{
    struct message heard = {.type = MSG_HEARD};
    heard.u.heard.statement = said->hash;
    send_to(d, s, &heard);
    while (s->agent->later.heard_count == 0)
        turn(d);
}

static void
what_was_heard_becomes_durable_with_the_next_step(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    struct said said;
    start_agent(d, s);
    say_a_word(s, &said);
    open_session(d, s);
    struct message *say = expect(d, s, MSG_SAY);
    hear_it(d, s, &said);
    struct order o = order_of(d, ORDER_STATUS);
    send_order(d, s, &o);
    struct message *answer = expect(d, s, MSG_ANSWER);
    assert_int_equal(s->agent->later.due_ms, 0);
    message_free(&say);
    message_free(&answer);
    end_agent(s); /* as a crash would: nothing is written at the end */
    forget(d);
    start_agent(d, s);
    open_session(d, s);
    expect_none(d, s, MSG_SAY);
}

static void
a_crash_before_that_only_says_the_word_again(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    struct said said;
    start_agent(d, s);
    say_a_word(s, &said);
    open_session(d, s);
    struct message *say = expect(d, s, MSG_SAY);
    hear_it(d, s, &said);
    message_free(&say);
    end_agent(s);
    forget(d);
    start_agent(d, s);
    open_session(d, s);
    say = expect(d, s, MSG_SAY);
    message_free(&say);
}

/* A holder that is asked for a look while its server does not answer yet. */
static struct order
challenge_under_way(struct desk *d, struct side *s)
{
    struct order o = order_of(d, ORDER_CHALLENGE);
    start_agent(d, s);
    open_session(d, s);
    struct promise *p = &s->agent->member.promise;
    p->epoch = o.epoch = (struct epoch){.counter = 1, .incarnation = {{3}}};
    p->recipient = s->identity.sign_key;
    p->holding = true;
    s->fake->hold = true;
    send_order(d, s, &o);
    while (s->agent->later.order_count == 0)
        turn(d);
    return o;
}

static enum baton_status
order_kept(struct side *s, const struct order *o)
{
    struct baton_hash hash;
    return agent_store_order_hash(s->agent->store, &o->id, &hash, NULL);
}

static void
a_challenge_becomes_durable_with_its_answer(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    struct order o = challenge_under_way(d, s), other = o;
    assert_int_equal(order_kept(s, &o), BATON_NOT_FOUND);
    send_order(d, s, &o); /* the same again changes nothing ... */
    other.nonce.b[1] ^= 1;
    send_order(d, s, &other); /* ... and other bytes under its id are refused as ever */
    struct message *refused = expect(d, s, MSG_REFUSED);
    assert_int_equal(refused->u.refused.status, BATON_CONFLICT);
    assert_int_equal(order_kept(s, &o), BATON_NOT_FOUND);
    assert_int_equal(s->agent->later.order_count, 1);
    host_fake_release(s->fake);
    struct message *a = expect(d, s, MSG_ANSWER);
    assert_int_equal(read_statement(s, &a->u.answer.statement).type, SAY_HOLDING);
    assert_memory_equal(a->u.answer.order.b, o.id.b, sizeof o.id.b);
    assert_int_equal(order_kept(s, &o), BATON_OK);
    assert_int_equal(s->agent->later.order_count, 0);
    message_free(&refused);
    message_free(&a);
}

static void
a_crash_before_that_answers_the_challenge_when_it_comes_again(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    struct order o = challenge_under_way(d, s);
    struct promise kept = s->agent->member.promise;
    end_agent(s);
    forget(d);
    host_fake_release(s->fake);
    start_agent(d, s);
    open_session(d, s);
    s->agent->member.promise.epoch = kept.epoch;
    s->agent->member.promise.recipient = kept.recipient;
    s->agent->member.promise.holding = true;
    assert_int_equal(order_kept(s, &o), BATON_NOT_FOUND);
    send_order(d, s, &o);
    struct message *a = expect(d, s, MSG_ANSWER);
    assert_memory_equal(a->u.answer.order.b, o.id.b, sizeof o.id.b);
    message_free(&a);
}

static void
more_challenges_than_wait_together_are_written_and_not_dropped(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    struct baton_hash hash = {{9}};
    struct order o = order_of(d, ORDER_CHALLENGE), first = o;
    start_agent(d, s);
    for (int i = 0; i <= LATER_ORDERS_MAX; i++) {
        later_order(s->agent, &o.id, &hash);
        o = order_of(d, ORDER_CHALLENGE);
    }
    assert_int_equal(s->agent->later.order_count, 1);
    assert_int_equal(order_kept(s, &first), BATON_OK);
}

static void
count_steps(void *arg, const struct journal_step *step)
{
    ((int *)arg)[step->kind]++;
}

static size_t
journaled(struct side *s, enum journal_kind kind)
{
    int counts[JOURNAL_KINDS] = {0};
    MUST(agent_store_journal_each(s->agent->store, 1000, count_steps, counts, NULL));
    return (size_t)counts[kind];
}

static void
a_full_list_of_steps_is_written_and_not_dropped(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    start_agent(d, s);
    size_t before = journaled(s, JOURNAL_EFFECT);
    for (int i = 0; i < LATER_STEPS_MAX + 3; i++)
        agent_journal(s->agent, JOURNAL_EFFECT, "again");
    assert_in_range(s->agent->later.step_count, 1, LATER_STEPS_MAX);
    later_flush(s->agent);
    assert_int_equal(journaled(s, JOURNAL_EFFECT) - before, LATER_STEPS_MAX + 3);
}

static void
receipts_count_only_with_the_controllers_signature(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    uint8_t bytes[CHECKPOINT_BYTES];
    start_agent(d, s);
    open_session(d, s);
    struct message m = {.type = MSG_RECEIPT};
    m.u.receipt = (struct msg_receipt){.size = 42, .unix_ms = 7, .root = {{1}}};
    send_to(d, s, &m);
    expect_none(d, s, MSG_ANSWER);
    assert_int_equal(s->agent->member.promise.receipt_size, 0);
    checkpoint_bytes(42, &m.u.receipt.root, 7, bytes);
    MUST(crypto_sign_domain(d->keys.secret->sign, DOMAIN_CHECKPOINT, bytes, sizeof bytes,
                            &m.u.receipt.sig));
    send_to(d, s, &m);
    for (int i = 0; i < 20; i++)
        turn(d);
    assert_int_equal(s->agent->member.promise.receipt_size, 42);
}

static void
a_trust_document_is_taken_from_the_root_alone(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    d->trust_signed.sig.b[0] ^= 1;
    start_agent(d, s);
    open_session(d, s);
    assert_false(s->agent->member.trust_known);
    end_agent(s);
    forget(d);
    d->trust_signed.sig.b[0] ^= 1;
    start_agent(d, s);
    open_session(d, s);
    assert_true(s->agent->member.trust_known);
    assert_int_equal(s->agent->member.promise.trust_version, 1);
}

static void
the_tempo_follows_the_order_to_watch(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    start_agent(d, s);
    open_session(d, s);
    struct order o = order_of(d, ORDER_WATCH);
    o.busy = true;
    send_order(d, s, &o);
    struct message *a = expect(d, s, MSG_ANSWER);
    assert_true(s->agent->busy);
    message_free(&a);
    o = order_of(d, ORDER_WATCH);
    send_order(d, s, &o);
    a = expect(d, s, MSG_ANSWER);
    assert_false(s->agent->busy);
    message_free(&a);
}

/* --- acting --- */

static void
observed_once(struct desk *d, struct side *s)
{
    uint64_t until = agent_now_ms() + PATIENCE_MS;
    do
        turn(d);
    while ((s->agent->collect.running || s->agent->collect.whole_began_ms == 0) &&
           agent_now_ms() < until);
    assert_false(s->agent->collect.running);
}

static void
a_granted_start_does_not_wait_for_another_look(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    for (size_t i = 0; i < s->fake->service_count; i++) {
        s->fake->service[i].state = SVC_STOPPED;
        s->fake->service[i].start = s->fake->service[i].start_registry = START_DISABLED;
    }
    start_agent(d, s);
    observed_once(d, s);
    size_t looks = s->fake->asked[HOST_SERVICES];
    s->agent->member.promise.holding = s->agent->member.promise.start_due = true;
    act_at_once(s->agent);
    assert_int_equal(s->fake->mutation_count, 1);
    assert_int_equal(s->fake->mutation[0].op, HOST_SERVICE_ENABLE);
    assert_int_equal(s->fake->asked[HOST_SERVICES], looks);
}

static void
what_was_seen_before_an_order_proves_nothing_of_it(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = &d->side[OLD];
    start_agent(d, s);
    observed_once(d, s);
    s->agent->member.promise.holding = s->agent->member.promise.start_due = true;
    act_at_once(s->agent); /* they ran at the last look */
    assert_int_equal(s->fake->mutation_count, 0);
    assert_false(s->agent->act_met);
    act_reach(s->agent);
    assert_true(s->agent->act_met);
}

static bool
is_fenced(const struct host_fake *f)
{
    for (size_t i = 0; i < f->service_count; i++)
        if (f->service[i].state != SVC_STOPPED || f->service[i].start != START_DISABLED)
            return false;
    return true;
}

static void
turn_until(struct desk *d, const struct side *s, bool (*seen)(const struct side *s))
{
    uint64_t until = agent_now_ms() + PATIENCE_MS;
    while (!seen(s) && agent_now_ms() < until)
        turn(d);
    assert_true(seen(s));
}

static bool
fenced_and_at_rest(const struct side *s)
{
    return is_fenced(s->fake) && s->agent->reach.met && !s->agent->collect.running;
}

static bool
fenced(const struct side *s)
{
    return is_fenced(s->fake);
}

/* A guarded server, proven quiet, with everything at rest. */
static struct side *
guarded_side(struct desk *d)
{
    struct side *s = &d->side[OLD];
    start_agent(d, s);
    s->agent->member.promise.armed = s->agent->member.promise.stopped_by_us = true;
    turn_until(d, s, fenced_and_at_rest);
    s->fake->mutation_count = 0;
    return s;
}

static void
start_by_hand(struct side *s)
{
    struct host_service *engine = &s->fake->service[0];
    engine->state = SVC_RUNNING;
    engine->start = engine->start_registry = START_AUTO;
    host_fake_notify(s->fake, NOTICE_SERVICE, "service started by CONTOSO\\anna");
}

static void
a_hand_start_is_stopped_although_nothing_but_the_services_answers(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = guarded_side(d);
    s->fake->hang[HOST_TASKS] = s->fake->hang[HOST_PROCESSES] = true;
    s->fake->hang[HOST_PRODUCT] = s->fake->hang[HOST_MACHINE] = true;
    start_by_hand(s);
    turn_until(d, s, fenced);
    assert_true(s->agent->member.promise.tamper_open);
    assert_true(s->agent->member.promise.guard_stop); /* over once a whole look says so */
    assert_int_equal(s->fake->mutation[0].op, HOST_SERVICE_DISABLE);
    assert_int_equal(s->fake->mutation[1].op, HOST_SERVICE_STOP);
    for (int i = 0; i < 20; i++)
        turn(d);
    assert_false(s->agent->reach.met); /* what hangs is not known: nothing is proven */
    assert_true(s->agent->member.promise.guard_stop);
}

/* The guard may have begun before the alarm is said. */
static void
an_alarm_says_who_started_the_service_and_not_that_the_guard_disabled_it(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = guarded_side(d);
    start_by_hand(s);
    host_fake_notify(s->fake, NOTICE_SERVICE, "service is disabled now");
    struct host_completion *own = &s->fake->notice[s->fake->notice_count - 1];
    own->count = 1;
    own->u.service[0] = (struct host_service){.state = SVC_STOPPED, .start = START_DISABLED};
    turn_until(d, s, fenced);
    assert_true(s->agent->member.promise.tamper_open);
    assert_string_equal(s->agent->member.watch.note, "service started by CONTOSO\\anna");
}

static void
a_start_in_the_middle_of_a_look_that_hangs_is_stopped(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = guarded_side(d);
    s->fake->hang[HOST_TASKS] = true;
    s->agent->observe_native = true;
    for (int i = 0; i < 5; i++)
        turn(d);
    assert_true(s->agent->collect.running);
    start_by_hand(s);
    turn_until(d, s, fenced);
}

static void
a_task_that_cannot_be_disabled_does_not_hold_up_the_guard(void **state)
{
    struct desk *d = desk_of(state);
    struct side *s = guarded_side(d);
    s->fake->task[0] = (struct host_task){.name = "Azure AD Sync Scheduler", .enabled = true};
    s->fake->task_count = 1;
    s->fake->hang[HOST_TASK_DISABLE] = true;
    s->agent->observe_native = true;
    uint64_t until = agent_now_ms() + PATIENCE_MS;
    while (s->fake->mutation_count == 0 && agent_now_ms() < until)
        turn(d);
    assert_int_equal(s->fake->mutation[0].op, HOST_TASK_DISABLE);
    start_by_hand(s);
    turn_until(d, s, fenced);
}

/* --- the settings file --- */

static struct baton_hash
export_settings(struct desk *d, size_t len)
{
    struct fake_file *f = &d->side[OLD].fake->file[PLACE_SETTINGS_EXPORT];
    struct baton_hash hash;
    f->exists = true;
    f->len = len;
    f->written_unix_ms++;
    for (size_t i = 0; i < len; i++)
        f->bytes[i] = (uint8_t)(i * 37 >> 4);
    crypto_sha256(f->bytes, len, &hash);
    return hash;
}

static void
order_seal(struct desk *d, const struct baton_hash *file)
{
    struct order o = order_of(d, ORDER_SEAL);
    o.recipient = d->side[NEW].identity.sign_key;
    o.plan = d->plan_bytes;
    o.plan_len = d->plan_len;
    o.blob = *file;
    send_order(d, &d->side[OLD], &o);
}

/* The whole blob as a controller keeps it: pieces asked for one after the other. */
struct relay {
    struct baton_hash blob;
    uint64_t total, have;
    uint8_t bytes[FAKE_FILE_BYTES * 2];
};

static void
want(struct desk *d, struct side *from, const struct relay *r)
{
    struct message m = {.type = MSG_WANT};
    m.u.want.blob = r->blob;
    m.u.want.offset = r->have;
    send_to(d, from, &m);
}

static void
fetch(struct desk *d, struct relay *r)
{
    struct side *old = &d->side[OLD];
    do {
        struct message *m = expect(d, old, MSG_CHUNK);
        const struct msg_chunk *c = &m->u.chunk;
        r->blob = c->blob;
        r->total = c->total;
        if (c->offset == r->have) {
            memcpy(r->bytes + r->have, c->bytes, c->len);
            r->have += c->len;
        }
        message_free(&m);
        want(d, old, r);
    } while (r->have < r->total);
}

static void
give(struct desk *d, struct relay *r, uint64_t until)
{
    struct side *new = &d->side[NEW];
    uint64_t at = 0;
    while (at < until) {
        struct message *m = expect(d, new, MSG_WANT);
        assert_true(baton_hash_eq(&m->u.want.blob, &r->blob));
        at = m->u.want.offset;
        message_free(&m);
        uint64_t left = r->total - at;
        struct message chunk = {.type = MSG_CHUNK};
        chunk.u.chunk = (struct msg_chunk){.blob = r->blob,
                                           .offset = at,
                                           .total = r->total,
                                           .bytes = r->bytes + at,
                                           .len = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES};
        send_to(d, new, &chunk);
        at += chunk.u.chunk.len;
    }
}

static struct order
order_place(struct desk *d, const struct relay *r, const struct baton_hash *file)
{
    struct order o = order_of(d, ORDER_PLACE);
    o.recipient = d->side[NEW].identity.sign_key;
    o.blob = r->blob;
    o.file = *file;
    o.blob_bytes = r->total;
    send_order(d, &d->side[NEW], &o);
    return o;
}

static void
open_both(struct desk *d)
{
    for (size_t i = 0; i < SIDES; i++) {
        start_agent(d, &d->side[i]);
        open_session(d, &d->side[i]);
    }
}

static void
assert_placed(struct desk *d, size_t len)
{
    const struct fake_file *out = &d->side[OLD].fake->file[PLACE_SETTINGS_EXPORT];
    const struct fake_file *in = &d->side[NEW].fake->file[PLACE_SETTINGS_IMPORT];
    assert_true(in->exists);
    assert_int_equal(in->len, len);
    assert_memory_equal(in->bytes, out->bytes, len);
}

/* The old server's configuration lies with the new server's agent, as the old one exported it. */
static void
assert_configuration(struct desk *d, bool there)
{
    const struct fake_file *out = &d->side[OLD].fake->file[PLACE_CONFIGURATION];
    char path[SETUP_PATH_BYTES];
    uint8_t bytes[4096];
    MUST(setup_path(d->side[NEW].dir, SETUP_OLD_CONFIG, path, NULL));
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t len = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    assert_int_equal(len, there ? out->len : 0);
    assert_memory_equal(bytes, out->bytes, len);
}

/* Another controller may answer than the one that has it all: a twin, or this one as it was before. */
static void
settings_that_were_delivered_are_offered_again_in_another_session(void **state)
{
    struct desk *d = desk_of(state);
    struct relay *r = calloc(1, sizeof *r);
    struct side *old = &d->side[OLD];
    open_both(d);
    struct baton_hash file = export_settings(d, 40000);
    order_seal(d, &file);
    fetch(d, r);
    expect_none(d, old, MSG_CHUNK);
    struct message refused = {.type = MSG_REFUSED};
    refused.u.refused.status = BATON_DENIED;
    send_to(d, old, &refused);
    while (old->agent->session.open)
        turn(d);
    forget(d);
    open_session(d, old);
    struct message *m = expect(d, old, MSG_CHUNK);
    assert_int_equal(m->u.chunk.offset, 0);
    assert_true(baton_hash_eq(&m->u.chunk.blob, &r->blob));
    message_free(&m);
    want(d, old, r); /* it has all of it */
    forget(d);
    expect_none(d, old, MSG_CHUNK);
    free(r);
}

/* It was sent from its beginning again and again, in each session. */
static void
settings_that_came_without_their_hash_are_not_sent_again_until_they_are_sealed_anew(void **state)
{
    struct desk *d = desk_of(state);
    struct relay *r = calloc(1, sizeof *r);
    struct side *old = &d->side[OLD];
    struct settings *s;
    open_both(d);
    s = &old->agent->settings;
    struct baton_hash file = export_settings(d, 40000);
    order_seal(d, &file);
    struct message *m = expect(d, old, MSG_CHUNK);
    message_free(&m);
    struct message refused = {.type = MSG_REFUSED};
    refused.u.refused.status = BATON_LIMIT; /* of the moment */
    refused.u.refused.order = message_blob_id(&s->out_blob);
    send_to(d, old, &refused);
    turn(d);
    settings_time(old->agent, true);
    m = expect(d, old, MSG_CHUNK);
    message_free(&m);
    refused.u.refused.status = BATON_CORRUPT;
    send_to(d, old, &refused);
    while (!s->out_spoilt)
        turn(d);
    forget(d);
    settings_time(old->agent, true);
    settings_session(old->agent);
    expect_none(d, old, MSG_CHUNK);
    assert_true(s->out_known && old->agent->session.open);
    order_seal(d, &file);
    fetch(d, r);
    free(r);
}

static void
a_server_whose_configuration_cannot_be_had_sends_its_settings_alone(void **state)
{
    struct desk *d = desk_of(state);
    struct relay *r = calloc(1, sizeof *r);
    d->side[OLD].fake->text[COLLECT_CONFIGURATION] = NULL;
    open_both(d);
    struct baton_hash file = export_settings(d, 40000);
    order_seal(d, &file);
    fetch(d, r);
    order_place(d, r, &file);
    give(d, r, r->total);
    struct message *a = expect(d, &d->side[NEW], MSG_ANSWER);
    message_free(&a);
    assert_placed(d, 40000);
    assert_configuration(d, false);
    free(r);
}

static void
the_settings_file_comes_over_sealed_and_whole(void **state)
{
    struct desk *d = desk_of(state);
    struct relay *r = calloc(1, sizeof *r);
    open_both(d);
    struct baton_hash file = export_settings(d, 150000);
    order_seal(d, &file);
    struct message *a = expect(d, &d->side[OLD], MSG_ANSWER);
    assert_int_equal(read_statement(&d->side[OLD], &a->u.answer.statement).type, SAY_STATUS);
    message_free(&a);
    fetch(d, r);
    for (size_t i = 0; i + 64 < r->total; i++) /* the relay cannot read a word of it */
        assert_true(memcmp(r->bytes + i,
                           d->side[OLD].fake->file[PLACE_SETTINGS_EXPORT].bytes + 1000, 64) != 0);
    order_place(d, r, &file);
    give(d, r, r->total);
    a = expect(d, &d->side[NEW], MSG_ANSWER);
    message_free(&a);
    assert_placed(d, 150000);
    assert_configuration(d, true);
    struct message *report;
    do {
        report = expect(d, &d->side[NEW], MSG_REPORT);
        bool placed = fact_is(&report->u.report.facts, FACT_SETTINGS_PLACED, 1) &&
                      baton_hash_eq(&report->u.report.facts.digest[DIGEST_SETTINGS], &file);
        message_free(&report);
        if (placed)
            break;
    } while (true);
    free(r);
}

static void
a_changed_piece_is_never_put_down(void **state)
{
    struct desk *d = desk_of(state);
    struct relay *r = calloc(1, sizeof *r);
    open_both(d);
    struct baton_hash file = export_settings(d, 50000);
    order_seal(d, &file);
    fetch(d, r);
    r->bytes[40000] ^= 1;
    order_place(d, r, &file);
    give(d, r, r->total);
    struct message *m = expect(d, &d->side[NEW], MSG_REFUSED);
    assert_int_equal(m->u.refused.status, BATON_CORRUPT);
    message_free(&m);
    /* A controller that names the hash of what it changed fails at the seal. */
    crypto_sha256(r->bytes, r->total, &r->blob);
    order_place(d, r, &file);
    give(d, r, r->total);
    m = expect(d, &d->side[NEW], MSG_REFUSED);
    assert_int_equal(m->u.refused.status, BATON_DENIED);
    message_free(&m);
    assert_false(d->side[NEW].fake->file[PLACE_SETTINGS_IMPORT].exists);
    free(r);
}

static void
half_a_file_is_gone_on_with_after_a_restart(void **state)
{
    struct desk *d = desk_of(state);
    struct relay *r = calloc(1, sizeof *r);
    struct side *new = &d->side[NEW];
    open_both(d);
    struct baton_hash file = export_settings(d, 200000);
    order_seal(d, &file);
    fetch(d, r);
    struct order o = order_place(d, r, &file);
    give(d, r, (uint64_t)CHUNK_BYTES * 3);
    struct message *m = expect(d, new, MSG_WANT); /* the third has arrived */
    message_free(&m);
    end_agent(new);
    forget(d);
    start_agent(d, new);
    open_session(d, new);
    send_order(d, new, &o); /* it was not answered, so it comes again */
    m = expect(d, new, MSG_WANT);
    assert_int_equal(m->u.want.offset, CHUNK_BYTES * 3);
    d->queue[d->queued++] = m;
    give(d, r, r->total);
    m = expect(d, new, MSG_ANSWER);
    message_free(&m);
    assert_placed(d, 200000);
    free(r);
}

/* A want or a piece that the network delivers twice must not double everything behind it. */
static void
what_comes_twice_is_answered_once(void **state)
{
    struct desk *d = desk_of(state);
    struct relay *r = calloc(1, sizeof *r);
    struct side *old = &d->side[OLD], *new = &d->side[NEW];
    open_both(d);
    struct baton_hash file = export_settings(d, 200000);
    order_seal(d, &file);
    struct message *m = expect(d, old, MSG_CHUNK);
    r->blob = m->u.chunk.blob;
    r->total = m->u.chunk.total;
    memcpy(r->bytes, m->u.chunk.bytes, m->u.chunk.len);
    message_free(&m);
    r->have = CHUNK_BYTES;
    want(d, old, r);
    want(d, old, r);
    m = expect(d, old, MSG_CHUNK);
    assert_int_equal(m->u.chunk.offset, CHUNK_BYTES);
    memcpy(r->bytes + r->have, m->u.chunk.bytes, m->u.chunk.len);
    message_free(&m);
    expect_none(d, old, MSG_CHUNK);
    r->have = 2 * CHUNK_BYTES;
    want(d, old, r);
    fetch(d, r);

    order_place(d, r, &file);
    give(d, r, CHUNK_BYTES);
    m = expect(d, new, MSG_WANT);
    assert_int_equal(m->u.want.offset, CHUNK_BYTES);
    message_free(&m);
    struct message again = {.type = MSG_CHUNK};
    again.u.chunk = (struct msg_chunk){r->blob, 0, r->total, r->bytes, CHUNK_BYTES};
    send_to(d, new, &again);
    expect_none(d, new, MSG_WANT);
    again.u.chunk =
        (struct msg_chunk){r->blob, CHUNK_BYTES, r->total, r->bytes + CHUNK_BYTES, CHUNK_BYTES};
    send_to(d, new, &again);
    give(d, r, r->total);
    m = expect(d, new, MSG_ANSWER);
    message_free(&m);
    assert_placed(d, 200000);
    free(r);
}

static void
nothing_is_sealed_to_a_key_that_nobody_confirmed(void **state)
{
    struct desk *d = desk_of(state);
    make_plan(d, false);
    open_both(d);
    struct baton_hash file = export_settings(d, 1000);
    order_seal(d, &file);
    struct message *m = expect(d, &d->side[OLD], MSG_REFUSED);
    assert_int_equal(m->u.refused.status, BATON_DENIED);
    message_free(&m);
    expect_none(d, &d->side[OLD], MSG_CHUNK);
}

static void
a_file_that_is_not_the_one_named_is_not_sealed(void **state)
{
    struct desk *d = desk_of(state);
    open_both(d);
    struct baton_hash file = export_settings(d, 1000);
    file.b[0] ^= 1;
    order_seal(d, &file);
    struct message *m = expect(d, &d->side[OLD], MSG_REFUSED);
    assert_int_equal(m->u.refused.status, BATON_CONFLICT);
    message_free(&m);
    d->side[OLD].fake->file[PLACE_SETTINGS_EXPORT].exists = false;
    order_seal(d, &file);
    m = expect(d, &d->side[OLD], MSG_REFUSED);
    assert_int_equal(m->u.refused.status, BATON_NOT_FOUND);
    message_free(&m);
}

static void
another_key_than_ours_opens_nothing(void **state)
{
    struct desk *d = desk_of(state);
    struct relay *r = calloc(1, sizeof *r);
    open_both(d);
    struct baton_hash file = export_settings(d, 1000);
    /* Sealed to OLD itself by a plan in which people confirmed it so. */
    d->plan.member[NEW].box_key = d->side[OLD].identity.box_key;
    uint8_t bytes[CONFIRM_BYTES];
    confirm_bytes(&d->plan.tenant, "NEW", &d->plan.member[NEW].key, &d->plan.member[NEW].box_key,
                  bytes);
    MUST(crypto_sign_domain(d->anna.secret, DOMAIN_CONFIRM, bytes, sizeof bytes,
                            &d->plan.member[NEW].confirmation));
    MUST(plan_encode(&d->plan, d->plan_bytes, sizeof d->plan_bytes, &d->plan_len));
    order_seal(d, &file);
    fetch(d, r);
    order_place(d, r, &file);
    give(d, r, r->total);
    struct message *m = expect(d, &d->side[NEW], MSG_REFUSED);
    assert_int_equal(m->u.refused.status, BATON_DENIED);
    message_free(&m);
    assert_false(d->side[NEW].fake->file[PLACE_SETTINGS_IMPORT].exists);
    free(r);
}

/* --- rows, sealed to people --- */

static const char person[] = "CN=Anna Ahlberg,OU=CORP,DC=contoso,DC=com";

static void
find_deletes(struct review *r, int count)
{
    struct findings list = {0};
    struct finding f = {.rule = "EX-DELETES",
                        .severity = SEVERITY_BLOCK,
                        .count = (uint64_t)count,
                        .subject = "deletes"};
    MUST(findings_add(&list, &f));
    if (r->bytes == NULL)
        r->bytes = malloc(FINDINGS_BYTES_MAX);
    MUST(findings_encode(&list, r->bytes, &r->len));
    crypto_sha256(r->bytes, r->len, &r->hash);
    r->known = true;
    r->heard = false;
    findings_done(&list);
}

/* What a review does with an export of so many deletes, under a policy that lets rows leave or not. */
static void
review_deletes(struct desk *d, bool may_leave, int count)
{
    struct agent *a = d->side[NEW].agent;
    struct limits limits;
    struct csexport_visitor v;
    struct baton_hash file = {{2}};
    struct csexport_object o = {.type = "user",
                                .anchor = "",
                                .id = "",
                                .connector = "",
                                .connector_id = "",
                                .operation = CSEXPORT_DELETE};
    char dn[128];
    limits_preset(PRESET_PARITY, &limits);
    limits.rows_may_leave = may_leave;
    a->member.plan = d->plan;
    a->review.exports = exports_new(NULL);
    rows_begin(a, &limits);
    exports_visitor(a->review.exports, &v);
    for (int i = 0; i < count; i++) {
        (void)snprintf(dn, sizeof dn, "%s,OU=%d", person, i);
        o.dn = dn;
        v.object(v.ctx, &o);
    }
    find_deletes(&a->review, count);
    rows_made(a, &a->review.hash, &file);
    exports_free(&a->review.exports);
}

static void
hear_findings(struct desk *d)
{
    struct message m = {.type = MSG_HEARD};
    m.u.heard.statement = d->side[NEW].agent->review.hash;
    send_to(d, &d->side[NEW], &m);
}

static void
want_rows(struct desk *d, const struct baton_hash *blob, uint64_t offset)
{
    struct message m = {.type = MSG_WANT};
    m.u.want = (struct msg_want){*blob, offset};
    send_to(d, &d->side[NEW], &m);
}

/* Asks for piece after piece, as the controller does. */
static size_t
take_letter(struct desk *d, uint8_t bytes[], size_t cap)
{
    struct baton_hash hash;
    size_t total = 0;
    for (size_t have = 0; total == 0 || have < total;) {
        struct message *m = expect(d, &d->side[NEW], MSG_CHUNK);
        const struct msg_chunk *c = &m->u.chunk;
        assert_int_equal(c->offset, have);
        assert_true(c->total <= cap);
        memcpy(bytes + have, c->bytes, c->len);
        have += c->len;
        total = c->total;
        hash = c->blob;
        want_rows(d, &hash, have);
        message_free(&m);
    }
    struct baton_hash found;
    crypto_sha256(bytes, total, &found);
    assert_true(baton_hash_eq(&found, &hash));
    return total;
}

static void
read_letter(const struct desk *d, const uint8_t *bytes, size_t len, struct letter *ret_letter)
{
    MUST(letter_read(bytes, len, crypto_digest_port(), ret_letter, NULL));
    assert_true(baton_key_eq(&ret_letter->about.sender, &d->side[NEW].identity.sign_key));
    assert_true(baton_id_eq(&ret_letter->about.plan, &d->plan.id));
}

/* A second person, of whom the trust document says what that person may do. */
static void
trust_bert(struct desk *d, const struct crypto_signer *bert, uint16_t roles)
{
    size_t len;
    struct trust_operator *op = &d->trust.operator[1];
    crypto_sha256(d->trust_bytes, d->trust_signed.len, &d->trust.previous);
    d->trust.version++;
    d->trust.operator_count = 2;
    op->id.b[0] = 8;
    op->key = bert->key;
    op->roles = roles;
    text_copy(op->name, sizeof op->name, "bert");
    MUST(trust_encode(&d->trust, d->trust_bytes, sizeof d->trust_bytes, &len));
    d->trust_signed.len = len;
    MUST(crypto_sign_domain(d->root.secret, DOMAIN_TRUST, d->trust_bytes, len,
                            &d->trust_signed.sig));
}

static void
rows_leave_sealed_when_the_findings_were_heard(void **state)
{
    enum { DELETES = 3000 };
    struct desk *d = desk_of(state);
    static uint8_t bytes[1 << 20];
    struct letter l;
    struct object_rows rows;
    uint8_t *packed;
    size_t packed_len;
    start_agent(d, &d->side[NEW]);
    open_session(d, &d->side[NEW]);
    review_deletes(d, true, DELETES);
    expect_none(d, &d->side[NEW], MSG_CHUNK);
    hear_findings(d);
    size_t len = take_letter(d, bytes, sizeof bytes);
    read_letter(d, bytes, len, &l);
    assert_int_equal(l.address_count, 1);
    assert_true(baton_hash_eq(&l.about.findings, &d->side[NEW].agent->review.hash));
    MUST(letter_open(&l, &d->trust.operator[0].id, &d->anna, &packed, &packed_len, NULL));
    MUST(object_rows_read(packed, packed_len, &rows, NULL));
    assert_int_equal(rows.count, DELETES);
    assert_non_null(strstr(rows.row[0]->dn, person));
    assert_true(baton_key_eq(&rows.agent, &d->side[NEW].identity.sign_key));
    object_rows_done(&rows);
    free(packed);
    expect_none(d, &d->side[NEW], MSG_CHUNK);
}

static void
send_refused(struct desk *d)
{
    struct message m = {.type = MSG_REFUSED};
    m.u.refused.status = BATON_DENIED;
    send_to(d, &d->side[NEW], &m);
}

/* A controller that was put back to an older database, or another one of the same image, knows neither. */
static void
findings_and_rows_that_were_heard_are_said_again_in_another_session(void **state)
{
    struct desk *d = desk_of(state);
    static uint8_t first[1 << 16], again[1 << 16];
    start_agent(d, &d->side[NEW]);
    open_session(d, &d->side[NEW]);
    review_deletes(d, true, 2);
    struct message *m = expect(d, &d->side[NEW], MSG_FINDINGS);
    message_free(&m);
    hear_findings(d);
    size_t len = take_letter(d, first, sizeof first);
    expect_none(d, &d->side[NEW], MSG_FINDINGS);
    send_refused(d);
    while (d->side[NEW].agent->session.open)
        turn(d);
    forget(d);
    open_session(d, &d->side[NEW]);
    m = expect(d, &d->side[NEW], MSG_FINDINGS);
    assert_int_equal(m->u.findings.len, d->side[NEW].agent->review.len);
    message_free(&m);
    expect_none(d, &d->side[NEW], MSG_CHUNK);
    hear_findings(d);
    assert_int_equal(take_letter(d, again, sizeof again), len);
    assert_memory_equal(first, again, len);
    expect_none(d, &d->side[NEW], MSG_CHUNK);
}

static void
let_time_pass(struct desk *d, uint64_t ms)
{
    d->side[NEW].agent->review.said_ms -= ms;
}

/* Nobody hears it after the end of a handoff, and nobody is told so. */
static void
findings_that_nobody_hears_are_said_less_and_less_often(void **state)
{
    struct desk *d = desk_of(state);
    start_agent(d, &d->side[NEW]);
    open_session(d, &d->side[NEW]);
    review_deletes(d, false, 2);
    for (int i = 0; i < 3; i++) {
        let_time_pass(d, UINT64_C(10000) << i);
        struct message *m = expect(d, &d->side[NEW], MSG_FINDINGS);
        message_free(&m);
        let_time_pass(d, UINT64_C(10000) << i); /* as long again is not long enough */
        expect_none(d, &d->side[NEW], MSG_FINDINGS);
        d->side[NEW].agent->review.said_ms = agent_now_ms();
    }
}

static void
without_the_policys_word_no_row_is_kept_and_none_leaves(void **state)
{
    struct desk *d = desk_of(state);
    start_agent(d, &d->side[NEW]);
    open_session(d, &d->side[NEW]);
    review_deletes(d, true, 2);
    assert_non_null(d->side[NEW].agent->rows.packed);
    review_deletes(d, false, 3);
    assert_null(d->side[NEW].agent->rows.packed);
    assert_null(d->side[NEW].agent->rows.letter);
    hear_findings(d);
    expect_none(d, &d->side[NEW], MSG_CHUNK);
}

static void
rows_are_sealed_to_those_who_may_approve_and_anew_when_these_are_others(void **state)
{
    struct desk *d = desk_of(state);
    static uint8_t bytes[1 << 16];
    struct crypto_signer bert;
    struct letter l;
    struct agent *a;
    MUST(crypto_signer_new(&bert, NULL));
    trust_bert(d, &bert, ROLE_OPERATE | ROLE_VIEW | ROLE_AUDIT | ROLE_ADMIN);
    start_agent(d, &d->side[NEW]);
    open_session(d, &d->side[NEW]);
    a = d->side[NEW].agent;
    review_deletes(d, true, 1);
    hear_findings(d);
    read_letter(d, bytes, take_letter(d, bytes, sizeof bytes), &l);
    assert_int_equal(l.address_count, 1);
    assert_true(baton_id_eq(&l.to[0], &d->trust.operator[0].id));
    expect_none(d, &d->side[NEW], MSG_CHUNK);
    trust_bert(d, &bert, ROLE_APPROVE);
    struct order trust = {.trust = d->trust_signed};
    struct member_event ev = agent_event(MEMBER_TRUST);
    ev.order = &trust;
    agent_step(a, &ev);
    read_letter(d, bytes, take_letter(d, bytes, sizeof bytes), &l);
    assert_int_equal(l.address_count, 2);
    assert_true(baton_id_eq(&l.to[1], &d->trust.operator[1].id));
    crypto_signer_done(&bert);
}

static void
a_refused_offer_of_rows_ends_the_offer_and_not_the_session(void **state)
{
    struct desk *d = desk_of(state);
    struct message refused = {.type = MSG_REFUSED};
    start_agent(d, &d->side[NEW]);
    open_session(d, &d->side[NEW]);
    review_deletes(d, true, 1);
    hear_findings(d);
    struct message *m = expect(d, &d->side[NEW], MSG_CHUNK);
    message_free(&m);
    refused.u.refused.status = BATON_DENIED;
    refused.u.refused.order = message_blob_id(&d->side[NEW].agent->rows.letter_hash);
    send_to(d, &d->side[NEW], &refused);
    expect_none(d, &d->side[NEW], MSG_HELLO);
    assert_true(d->side[NEW].agent->session.open);
    assert_null(d->side[NEW].agent->rows.letter);
}

static int
group_setup(void **state)
{
    (void)state;
    return crypto_init(NULL) == BATON_OK ? 0 : -1;
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_welcome_to_another_hello_opens_nothing),
        TEST(every_session_counts_and_is_stored_first),
        TEST(a_session_beats_and_reports),
        TEST(no_desk_makes_an_agent_beat_without_pause),
        TEST(what_is_not_of_this_session_is_dropped),
        TEST(types_that_only_agents_send_are_refused),
        TEST(a_refused_session_is_opened_anew),
        TEST(a_refused_offer_of_settings_ends_the_offer_and_not_the_session),
        TEST(
            a_refused_frame_while_settings_are_offered_opens_the_session_anew_and_the_offer_stands),
        TEST(an_order_whose_answer_was_overtaken_is_answered_anew),
        TEST(the_same_order_gets_the_same_answer_and_another_under_its_id_none),
        TEST(an_answer_survives_a_restart),
        TEST(a_policy_that_was_tampered_with_or_is_not_known_here_is_refused_with_a_signed_word),
        TEST(a_fence_without_approvals_is_refused_with_a_signed_word),
        TEST(nothing_leaves_when_it_cannot_be_stored),
        TEST(a_word_that_is_not_heard_is_said_again_in_the_same_session),
        TEST(a_word_is_said_again_in_every_session_until_it_is_heard),
        TEST(what_was_heard_becomes_durable_with_the_next_step),
        TEST(a_crash_before_that_only_says_the_word_again),
        TEST(a_challenge_becomes_durable_with_its_answer),
        TEST(a_crash_before_that_answers_the_challenge_when_it_comes_again),
        TEST(more_challenges_than_wait_together_are_written_and_not_dropped),
        TEST(a_full_list_of_steps_is_written_and_not_dropped),
        TEST(receipts_count_only_with_the_controllers_signature),
        TEST(a_trust_document_is_taken_from_the_root_alone),
        TEST(the_tempo_follows_the_order_to_watch),
        TEST(a_granted_start_does_not_wait_for_another_look),
        TEST(what_was_seen_before_an_order_proves_nothing_of_it),
        TEST(a_hand_start_is_stopped_although_nothing_but_the_services_answers),
        TEST(an_alarm_says_who_started_the_service_and_not_that_the_guard_disabled_it),
        TEST(a_start_in_the_middle_of_a_look_that_hangs_is_stopped),
        TEST(a_task_that_cannot_be_disabled_does_not_hold_up_the_guard),
        TEST(the_settings_file_comes_over_sealed_and_whole),
        TEST(settings_that_were_delivered_are_offered_again_in_another_session),
        TEST(settings_that_came_without_their_hash_are_not_sent_again_until_they_are_sealed_anew),
        TEST(a_server_whose_configuration_cannot_be_had_sends_its_settings_alone),
        TEST(a_changed_piece_is_never_put_down),
        TEST(half_a_file_is_gone_on_with_after_a_restart),
        TEST(what_comes_twice_is_answered_once),
        TEST(nothing_is_sealed_to_a_key_that_nobody_confirmed),
        TEST(a_file_that_is_not_the_one_named_is_not_sealed),
        TEST(another_key_than_ours_opens_nothing),
        TEST(rows_leave_sealed_when_the_findings_were_heard),
        TEST(findings_and_rows_that_were_heard_are_said_again_in_another_session),
        TEST(findings_that_nobody_hears_are_said_less_and_less_often),
        TEST(without_the_policys_word_no_row_is_kept_and_none_leaves),
        TEST(rows_are_sealed_to_those_who_may_approve_and_anew_when_these_are_others),
        TEST(a_refused_offer_of_rows_ends_the_offer_and_not_the_session),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
