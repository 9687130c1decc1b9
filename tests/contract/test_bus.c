/* The controller's bus and the agent's, on real loopback sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/adapters/bus_zmq.h"
#include "controller/adapters/bus_private.h"
#include "controller/adapters/bus_router.h"
#include "proxy.h"
#include "tsan.h"

enum { WAIT_MS = 20000, QUIET_MS = 400, EVENT_KINDS = BUS_DOWN + 1 };

/* What the controller saw, filled on the bus thread. */
struct seen {
    pthread_mutex_t lock;
    pthread_mutex_t gate; /* who holds it holds up the bus thread, at its next message */
    unsigned messages, events[EVENT_KINDS], of_type[MSG_TYPE_COUNT];
    struct bus_peer peer;
    char text[BATON_ERR_BYTES];
};

struct agent {
    struct crypto_identity id;
    struct agent_bus *bus;
    struct baton_id tenant;
    uint64_t sequence;
};

static struct crypto_identity controller;
static struct bus *bus;
static struct seen seen = {.lock = PTHREAD_MUTEX_INITIALIZER, .gate = PTHREAD_MUTEX_INITIALIZER};

static uint64_t
clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

static void
on_message(void *ctx, const struct bus_peer *peer, struct message *m)
{
    struct seen *s = ctx;
    pthread_mutex_lock(&s->lock);
    s->messages++;
    s->of_type[m->type]++;
    s->peer = *peer;
    pthread_mutex_unlock(&s->lock);
    pthread_mutex_lock(&s->gate);
    pthread_mutex_unlock(&s->gate);
    message_free(&m);
}

static void
on_event(void *ctx, enum bus_event event, const struct bus_peer *peer, const char *text)
{
    struct seen *s = ctx;
    (void)peer;
    pthread_mutex_lock(&s->lock);
    s->events[event]++;
    strncpy(s->text, text, sizeof s->text - 1);
    pthread_mutex_unlock(&s->lock);
}

static unsigned
seen_events(enum bus_event e)
{
    pthread_mutex_lock(&seen.lock);
    unsigned n = seen.events[e];
    pthread_mutex_unlock(&seen.lock);
    return n;
}

static unsigned
seen_messages(void)
{
    pthread_mutex_lock(&seen.lock);
    unsigned n = seen.messages;
    pthread_mutex_unlock(&seen.lock);
    return n;
}

static bool
seen_text(const char *part)
{
    pthread_mutex_lock(&seen.lock);
    bool found = strstr(seen.text, part) != NULL;
    pthread_mutex_unlock(&seen.lock);
    return found;
}

static bool
messages_reach(unsigned count)
{
    for (uint64_t end = clock_ms() + WAIT_MS; seen_messages() < count; nap())
        if (clock_ms() > end)
            return false;
    return true;
}

static bool
events_reach(enum bus_event e, unsigned count)
{
    for (uint64_t end = clock_ms() + WAIT_MS; seen_events(e) < count; nap())
        if (clock_ms() > end)
            return false;
    return true;
}

static bool
count_reaches(enum bus_counter c, uint64_t count)
{
    for (uint64_t end = clock_ms() + WAIT_MS; bus_count(bus, c) < count; nap())
        if (clock_ms() > end)
            return false;
    return true;
}

static struct bus_options
options(void)
{
    return (struct bus_options){.endpoint = "tcp://127.0.0.1:0",
                                .identity = &controller,
                                .ctx = &seen,
                                .on_message = on_message,
                                .on_event = on_event};
}

static int
bus_up(void **state)
{
    (void)state;
    struct baton_err err;
    struct bus_options o = options();
    pthread_mutex_lock(&seen.lock);
    memset(&seen.messages, 0, sizeof seen - offsetof(struct seen, messages));
    pthread_mutex_unlock(&seen.lock);
    if (bus_open(&o, &bus, &err) == BATON_OK)
        return 0;
    print_error("%s\n", err.text);
    return -1;
}

static int
bus_down(void **state)
{
    (void)state;
    bus_close(&bus);
    bus_close(&bus);
    return 0;
}

static void
agent_connect(struct agent *a, const struct baton_key *key, const uint8_t *secret,
              const struct baton_key *server)
{
    struct agent_bus_options o = {
        .endpoint = bus_endpoint(bus), .server_key = *server, .key = *key, .secret = secret};
    assert_int_equal(agent_bus_open(&o, &a->bus, NULL), BATON_OK);
}

static void
agent_new(struct agent *a)
{
    memset(a, 0, sizeof *a);
    assert_int_equal(crypto_identity_new(&a->id, NULL), BATON_OK);
    a->tenant.b[0] = 5;
}

/* Allowed, connected, and through the handshake. */
static enum agent_bus_event
agent_link_event(struct agent *a)
{
    zmq_pollitem_t items[AGENT_BUS_ITEMS];
    for (uint64_t end = clock_ms() + WAIT_MS; clock_ms() < end;) {
        enum agent_bus_event e = agent_bus_event(a->bus);
        if (e != LINK_NOTHING)
            return e;
        agent_bus_poll(a->bus, items);
        zmq_poll(items + 1, AGENT_BUS_ITEMS - 1, 100);
    }
    return LINK_NOTHING;
}

static void
agent_join(struct agent *a)
{
    agent_new(a);
    assert_int_equal(bus_allow_agent(bus, &a->id.curve_key, &a->id.sign_key, &a->tenant), BATON_OK);
    agent_connect(a, &a->id.curve_key, a->id.secret->curve, &controller.curve_key);
    assert_int_equal(agent_link_event(a), LINK_UP);
    assert_true(agent_bus_up(a->bus));
}

static void
agent_done(struct agent *a)
{
    agent_bus_close(&a->bus);
    crypto_identity_done(&a->id);
}

static struct message
agent_message(struct agent *a, enum message_type type)
{
    struct message m = {.type = type};
    m.env.sequence = ++a->sequence;
    m.env.sender = a->id.sign_key;
    m.env.recipient = controller.sign_key;
    m.env.tenant = a->tenant;
    if (type == MSG_ENROL) {
        m.u.enrol.sign_key = a->id.sign_key;
        m.u.enrol.curve_key = a->id.curve_key;
        m.u.enrol.box_key = a->id.box_key;
        strcpy(m.u.enrol.host, "NEU-SYNC01");
    }
    return m;
}

static enum baton_status
agent_say(struct agent *a, const struct message *m)
{
    uint8_t *frame;
    size_t len;
    struct baton_err err;
    if (codec_encode(m, a->id.secret->sign, &frame, &len, &err) != BATON_OK)
        fail_msg("%s", err.text);
    enum baton_status rc = agent_bus_send(a->bus, frame, len);
    free(frame);
    return rc;
}

static void
agent_hello(struct agent *a)
{
    struct message m = agent_message(a, MSG_HELLO);
    assert_int_equal(agent_say(a, &m), BATON_OK);
}

/* In the session that a HELLO opened; which one that is, is the engine's matter. */
static void
agent_beat(struct agent *a)
{
    struct message m = agent_message(a, MSG_BEAT);
    assert_int_equal(agent_say(a, &m), BATON_OK);
}

static void
agent_open(struct agent *a)
{
    agent_hello(a);
    agent_beat(a);
}

static bool
agent_hears(struct agent *a, const uint8_t **ret_frame, size_t *ret_len)
{
    zmq_pollitem_t items[AGENT_BUS_ITEMS];
    for (uint64_t end = clock_ms() + WAIT_MS; clock_ms() < end;) {
        if (agent_bus_recv(a->bus, ret_frame, ret_len) == BATON_OK)
            return true;
        agent_bus_poll(a->bus, items);
        zmq_poll(items, AGENT_BUS_ITEMS, 100);
    }
    return false;
}

static bool
controller_key_find(void *ctx, const uint8_t key_id[KEY_ID_BYTES], struct baton_key *ret_key)
{
    (void)ctx, (void)key_id;
    *ret_key = controller.sign_key;
    return true;
}

static enum baton_status
controller_say(const struct agent *a, struct message *m)
{
    uint8_t *frame;
    size_t len;
    m->env.sender = controller.sign_key;
    m->env.recipient = a->id.sign_key;
    m->env.tenant = a->tenant;
    assert_int_equal(codec_encode(m, controller.secret->sign, &frame, &len, NULL), BATON_OK);
    enum baton_status rc = bus_send(bus, &a->id.sign_key, frame, len);
    free(frame);
    return rc;
}

static void
a_message_goes_there_and_an_answer_comes_back(void **state)
{
    (void)state;
    static const struct codec_keys keys = {NULL, controller_key_find};
    struct agent a;
    struct message hello, welcome = {.type = MSG_WELCOME, .u.welcome = {.beat_ms = 5000}}, *got;
    const uint8_t *frame;
    size_t len;
    agent_join(&a);
    assert_int_equal(controller_say(&a, &welcome), BATON_UNREACHABLE); /* no good frame yet */
    assert_false(bus_connected(bus, &a.id.sign_key));
    hello = agent_message(&a, MSG_HELLO);
    assert_int_equal(agent_say(&a, &hello), BATON_OK);
    assert_true(messages_reach(1));
    assert_true(baton_key_eq(&seen.peer.curve_key, &a.id.curve_key));
    assert_true(baton_key_eq(&seen.peer.sign_key, &a.id.sign_key));
    assert_int_equal(seen.peer.class, BUS_AGENT);
    assert_int_equal(seen_events(BUS_CONNECTED), 1);
    assert_true(bus_connected(bus, &a.id.sign_key));
    assert_int_equal(controller_say(&a, &welcome), BATON_OK);
    assert_true(agent_hears(&a, &frame, &len));
    assert_int_equal(codec_decode(frame, len, &keys, crypto_digest_port(), &got, NULL), BATON_OK);
    assert_int_equal(got->u.welcome.beat_ms, 5000);
    message_free(&got);
    agent_done(&a);
}

static void
the_largest_frames_pass_both_ways_and_larger_ones_never(void **state)
{
    (void)state;
    static uint8_t big[FRAME_BYTES_MAX + 1];
    const uint8_t *frame;
    size_t len;
    struct agent a;
    agent_join(&a);
    agent_hello(&a);
    assert_true(messages_reach(1));
    assert_int_equal(bus_send(bus, &a.id.sign_key, big, FRAME_BYTES_MAX), BATON_OK);
    assert_true(agent_hears(&a, &frame, &len));
    assert_int_equal(len, FRAME_BYTES_MAX);
    assert_int_equal(agent_bus_send(a.bus, big, FRAME_BYTES_MAX), BATON_OK);
    assert_true(count_reaches(COUNT_MALFORMED, 1)); /* it arrived: only its contents are bad */
    assert_int_equal(agent_bus_send(a.bus, big, sizeof big), BATON_LIMIT);
    assert_int_equal(bus_send(bus, &a.id.sign_key, big, sizeof big), BATON_LIMIT);
    agent_done(&a);
}

/* A client that keeps none of our rules but has a good key. */
static void *
raw_client(const struct agent *a, void *context, const char *routing_id)
{
    void *s = zmq_socket(context, ZMQ_DEALER);
    int none = 0;
    assert_non_null(s);
    zmq_setsockopt(s, ZMQ_LINGER, &none, sizeof none);
    zmq_setsockopt(s, ZMQ_CURVE_SERVERKEY, controller.curve_key.b, 32);
    zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, a->id.curve_key.b, 32);
    zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, a->id.secret->curve, 32);
    if (routing_id != NULL)
        zmq_setsockopt(s, ZMQ_ROUTING_ID, routing_id, strlen(routing_id));
    assert_int_equal(zmq_connect(s, bus_endpoint(bus)), 0);
    return s;
}

static void
an_oversized_frame_is_dropped_with_its_connection(void **state)
{
    (void)state;
    static uint8_t big[FRAME_BYTES_MAX + CURVE_OVERHEAD_BYTES];
    struct agent a, b;
    agent_join(&b);
    agent_new(&a);
    assert_int_equal(bus_allow_agent(bus, &a.id.curve_key, &a.id.sign_key, &a.tenant), BATON_OK);
    void *context = zmq_ctx_new(), *s = raw_client(&a, context, NULL);
    assert_int_equal(zmq_send(s, big, sizeof big, 0), sizeof big);
    agent_hello(&b); /* the bus lives on */
    assert_true(messages_reach(1));
    zmq_poll(NULL, 0, QUIET_MS);
    assert_int_equal(bus_count(bus, COUNT_RECEIVED), 1);
    zmq_close(s);
    zmq_ctx_term(context);
    agent_done(&a);
    agent_done(&b);
}

static void
a_message_of_several_parts_is_refused(void **state)
{
    (void)state;
    struct agent a;
    agent_new(&a);
    assert_int_equal(bus_allow_agent(bus, &a.id.curve_key, &a.id.sign_key, &a.tenant), BATON_OK);
    void *context = zmq_ctx_new(), *s = raw_client(&a, context, NULL);
    zmq_send(s, "one", 3, ZMQ_SNDMORE);
    zmq_send(s, "two", 3, ZMQ_SNDMORE);
    zmq_send(s, "three", 5, 0);
    assert_true(count_reaches(COUNT_MALFORMED, 1));
    assert_int_equal(seen_messages(), 0);
    zmq_close(s);
    zmq_ctx_term(context);
    agent_done(&a);
}

static void
a_peer_that_chooses_its_routing_id_is_refused(void **state)
{
    (void)state;
    struct agent a;
    uint8_t *frame;
    size_t len;
    agent_new(&a);
    assert_int_equal(bus_allow_agent(bus, &a.id.curve_key, &a.id.sign_key, &a.tenant), BATON_OK);
    void *context = zmq_ctx_new(), *s = raw_client(&a, context, "squat");
    struct message m = agent_message(&a, MSG_BEAT);
    assert_int_equal(codec_encode(&m, a.id.secret->sign, &frame, &len, NULL), BATON_OK);
    zmq_send(s, frame, len, 0);
    assert_true(count_reaches(COUNT_UNIDENTIFIED, 1));
    assert_int_equal(seen_messages(), 0);
    free(frame);
    zmq_close(s);
    zmq_ctx_term(context);
    agent_done(&a);
}

static void
an_unknown_key_is_refused_and_told(void **state)
{
    (void)state;
    struct agent a;
    agent_new(&a);
    agent_connect(&a, &a.id.curve_key, a.id.secret->curve, &controller.curve_key);
    assert_int_equal(agent_link_event(&a), LINK_REFUSED);
    struct message m = agent_message(&a, MSG_BEAT);
    assert_int_equal(agent_say(&a, &m), BATON_UNREACHABLE);
    assert_true(events_reach(BUS_KEY_REFUSED, 1));
    assert_true(seen_text("unknown keys refused"));
    assert_true(bus_keys_refused(bus) >= 2); /* the self-test's and this one */
    assert_int_equal(seen_messages(), 0);
    agent_done(&a);
}

static void
a_key_that_is_allowed_later_gets_in_by_itself(void **state)
{
    (void)state;
    struct agent a;
    agent_new(&a);
    agent_connect(&a, &a.id.curve_key, a.id.secret->curve, &controller.curve_key);
    assert_int_equal(agent_link_event(&a), LINK_REFUSED);
    assert_int_equal(bus_allow_agent(bus, &a.id.curve_key, &a.id.sign_key, &a.tenant), BATON_OK);
    for (uint64_t end = clock_ms() + WAIT_MS; !agent_bus_up(a.bus);) {
        assert_true(clock_ms() < end);
        agent_link_event(&a);
    }
    agent_hello(&a);
    assert_true(messages_reach(1));
    agent_done(&a);
}

static void
an_agent_does_not_talk_to_a_controller_with_another_key(void **state)
{
    (void)state;
    struct agent a;
    agent_new(&a);
    assert_int_equal(bus_allow_agent(bus, &a.id.curve_key, &a.id.sign_key, &a.tenant), BATON_OK);
    agent_connect(&a, &a.id.curve_key, a.id.secret->curve, &a.id.box_key);
    assert_int_equal(agent_link_event(&a), LINK_ENDED);
    struct message m = agent_message(&a, MSG_BEAT);
    assert_int_equal(agent_say(&a, &m), BATON_UNREACHABLE);
    assert_int_equal(seen_messages(), 0);
    agent_done(&a);
}

static void
a_revoked_key_loses_its_live_session(void **state)
{
    (void)state;
    struct agent a;
    struct message heard = {.type = MSG_HEARD};
    agent_join(&a);
    agent_hello(&a);
    assert_true(messages_reach(1));
    bus_revoke(bus, &a.id.curve_key);
    agent_hello(&a);
    assert_true(count_reaches(COUNT_UNKNOWN, 1));
    assert_true(events_reach(BUS_REFUSED, 1));
    assert_int_equal(seen_messages(), 1);
    assert_int_equal(controller_say(&a, &heard), BATON_UNREACHABLE);
    agent_done(&a);
}

/* As the last frame that an engine sends before people shut the key out: it was let into the queue. */
static void
a_frame_that_waited_while_its_key_was_revoked_never_leaves(void **state)
{
    (void)state;
    struct agent a;
    struct message heard = {.type = MSG_HEARD};
    agent_join(&a);
    agent_hello(&a);
    assert_true(messages_reach(1));
    pthread_mutex_lock(&seen.gate);
    agent_hello(&a);
    assert_true(messages_reach(2)); /* the thread that sends stands still */
    assert_int_equal(controller_say(&a, &heard), BATON_OK);
    bus_revoke(bus, &a.id.curve_key);
    pthread_mutex_unlock(&seen.gate);
    assert_true(count_reaches(COUNT_UNSENT, 1));
    assert_int_equal(bus_count(bus, COUNT_SENT), 0);
    agent_done(&a);
}

/* The same keys on another machine. */
static void
clone_join(struct agent *clone, const struct agent *a)
{
    *clone = *a;
    agent_connect(clone, &a->id.curve_key, a->id.secret->curve, &controller.curve_key);
    assert_int_equal(agent_link_event(clone), LINK_UP);
}

static bool
hears_that_it_is_late(struct agent *a)
{
    static const struct codec_keys keys = {NULL, controller_key_find};
    const uint8_t *frame;
    size_t len;
    struct message *m = NULL;
    if (!agent_hears(a, &frame, &len) ||
        codec_decode(frame, len, &keys, crypto_digest_port(), &m, NULL) != BATON_OK)
        return false;
    bool late = m->type == MSG_REFUSED && m->u.refused.status == BATON_DENIED &&
                strcmp(m->u.refused.text, "not over this connection: say hello again") == 0 &&
                baton_key_eq(&m->env.sender, &controller.sign_key) &&
                baton_key_eq(&m->env.recipient, &a->id.sign_key) &&
                baton_id_eq(&m->env.tenant, &a->tenant);
    message_free(&m);
    return late;
}

static void
two_copies_that_speak_by_turns_are_told(void **state)
{
    (void)state;
    struct agent a, clone;
    agent_join(&a);
    agent_open(&a);
    assert_true(messages_reach(2));
    clone_join(&clone, &a);
    agent_open(&clone);
    assert_true(messages_reach(4));
    agent_beat(&a);
    assert_true(hears_that_it_is_late(&a));
    assert_int_equal(seen_events(BUS_SECOND_SESSION), 0); /* it may be what a network kept */
    agent_open(&a);                                       /* it lives */
    assert_true(events_reach(BUS_SECOND_SESSION, 1));
    assert_true(messages_reach(6));
    assert_int_equal(bus_count(bus, COUNT_LATE), 1);
    assert_int_equal(bus_count(bus, COUNT_SECOND), 1);
    agent_bus_close(&clone.bus);
    agent_done(&a);
}

static void
what_a_connection_that_was_given_up_still_delivers_is_dropped(void **state)
{
    (void)state;
    struct agent a, late;
    agent_join(&late);
    agent_open(&late);
    assert_true(messages_reach(2));
    clone_join(&a, &late); /* one agent: it has connected anew */
    agent_open(&a);
    assert_true(messages_reach(4));
    for (int i = 0; i < 5; i++)
        agent_beat(&late);
    assert_true(count_reaches(COUNT_LATE, 5));
    agent_hello(&late); /* the last that was in it */
    assert_true(messages_reach(5));
    agent_beat(&a);
    assert_true(hears_that_it_is_late(&a));
    agent_open(&a);
    agent_open(&a);
    assert_true(messages_reach(9));
    assert_int_equal(seen_events(BUS_SECOND_SESSION), 0);
    agent_bus_close(&late.bus);
    agent_done(&a);
}

static void
a_connection_that_speaks_before_it_says_hello_is_told_to(void **state)
{
    (void)state;
    struct agent a;
    agent_join(&a);
    agent_beat(&a);
    assert_true(hears_that_it_is_late(&a));
    assert_int_equal(seen_messages(), 0);
    agent_open(&a);
    assert_true(messages_reach(2));
    agent_done(&a);
}

static void
an_agent_that_comes_back_is_one_session(void **state)
{
    (void)state;
    struct agent a;
    struct message heard = {.type = MSG_HEARD};
    const uint8_t *frame;
    size_t len;
    agent_join(&a);
    agent_hello(&a);
    assert_true(messages_reach(1));
    agent_bus_close(&a.bus);
    agent_connect(&a, &a.id.curve_key, a.id.secret->curve, &controller.curve_key);
    assert_false(agent_bus_up(a.bus));
    assert_int_equal(agent_link_event(&a), LINK_UP);
    agent_hello(&a);
    agent_hello(&a);
    assert_true(messages_reach(3));
    assert_int_equal(seen_events(BUS_CONNECTED), 2);
    assert_int_equal(seen_events(BUS_SECOND_SESSION), 0);
    assert_int_equal(controller_say(&a, &heard), BATON_OK);
    assert_true(agent_hears(&a, &frame, &len));
    agent_done(&a);
}

static void
an_agent_that_left_is_noticed_when_something_is_sent(void **state)
{
    (void)state;
    struct agent a;
    struct message heard = {.type = MSG_HEARD};
    agent_join(&a);
    agent_hello(&a);
    assert_true(messages_reach(1));
    agent_bus_close(&a.bus);
    for (uint64_t end = clock_ms() + WAIT_MS; seen_events(BUS_LOST) == 0; nap()) {
        assert_true(clock_ms() < end);
        controller_say(&a, &heard);
    }
    assert_false(bus_connected(bus, &a.id.sign_key));
    assert_int_equal(controller_say(&a, &heard), BATON_UNREACHABLE);
    assert_true(bus_count(bus, COUNT_UNSENT) >= 1);
    agent_done(&a);
}

static void
a_flood_is_limited_and_others_still_get_through(void **state)
{
    (void)state;
    enum { FLOOD = 5000 };
    struct agent a, b;
    uint8_t *frame;
    size_t len;
    agent_join(&a);
    agent_join(&b);
    struct message m = agent_message(&a, MSG_HELLO);
    assert_int_equal(codec_encode(&m, a.id.secret->sign, &frame, &len, NULL), BATON_OK);
    uint64_t start = clock_ms();
    unsigned sent = 0;
    for (unsigned i = 0; i < FLOOD; i++) {
        while (agent_bus_send(a.bus, frame, len) != BATON_OK && clock_ms() < start + WAIT_MS)
            nap();
        sent++;
    }
    agent_hello(&b);
    assert_true(events_reach(BUS_CONNECTED, 2)); /* b's one frame was taken */
    assert_true(count_reaches(COUNT_RECEIVED, sent + 1));
    uint64_t took = clock_ms() - start;
    uint64_t delivered = bus_count(bus, COUNT_DELIVERED), flooded = bus_count(bus, COUNT_FLOODED);
    assert_int_equal(delivered + flooded, sent + 1);
    assert_in_range(delivered, DOOR_BURST, DOOR_BURST + took * DOOR_RATE / 1000 + 3);
    assert_true(flooded > 0);
    assert_in_range(seen_events(BUS_FLOODED), 1, 1 + took / DOOR_TELL_MS);
    free(frame);
    agent_done(&a);
    agent_done(&b);
}

static void
expect_denied(struct agent *a, const struct message *m, unsigned denied, const char *why)
{
    assert_int_equal(agent_say(a, m), BATON_OK);
    assert_true(count_reaches(COUNT_DENIED, denied));
    assert_int_equal(seen_messages(), 0);
    if (why != NULL)
        assert_true(seen_text(why));
}

static void
frames_of_another_tenant_recipient_or_role_are_denied(void **state)
{
    (void)state;
    struct agent a;
    agent_join(&a);
    struct message m = agent_message(&a, MSG_BEAT);
    m.env.tenant.b[0] ^= 1;
    expect_denied(&a, &m, 1, "another tenant");
    m = agent_message(&a, MSG_BEAT);
    m.env.recipient = a.id.sign_key;
    expect_denied(&a, &m, 2, NULL);
    m = agent_message(&a, MSG_HEARD); /* the controller's word */
    expect_denied(&a, &m, 3, NULL);
    m = agent_message(&a, MSG_ENROL); /* an agent is enrolled already */
    expect_denied(&a, &m, 4, NULL);
    assert_int_equal(seen_events(BUS_REFUSED), 1); /* told once, counted always */
    agent_done(&a);
}

static void
a_signature_of_another_agent_is_denied(void **state)
{
    (void)state;
    struct agent a, b;
    agent_join(&a);
    agent_join(&b);
    struct message m = agent_message(&b, MSG_BEAT);
    uint8_t *frame;
    size_t len;
    assert_int_equal(codec_encode(&m, b.id.secret->sign, &frame, &len, NULL), BATON_OK);
    assert_int_equal(agent_bus_send(a.bus, frame, len), BATON_OK);
    assert_true(count_reaches(COUNT_DENIED, 1));
    assert_int_equal(seen_messages(), 0);
    free(frame);
    agent_done(&a);
    agent_done(&b);
}

static void
a_one_time_key_enrols_gets_its_answer_and_does_nothing_else(void **state)
{
    (void)state;
    struct agent a;
    uint8_t seed[SEED_BYTES], secret[BOX_SECRET_BYTES];
    struct baton_key once;
    const uint8_t *frame;
    size_t len;
    agent_new(&a);
    crypto_random(seed, sizeof seed);
    crypto_curve_from_seed(seed, &once, secret);
    assert_int_equal(bus_allow_token(bus, &once, &a.tenant, 0), BATON_USAGE);
    assert_int_equal(bus_allow_token(bus, &once, &a.tenant, clock_ms() + 600000), BATON_OK);
    agent_connect(&a, &once, secret, &controller.curve_key);
    assert_int_equal(agent_link_event(&a), LINK_UP);
    struct message beat = agent_message(&a, MSG_BEAT), enrol = agent_message(&a, MSG_ENROL);
    expect_denied(&a, &beat, 1, "enrols");
    assert_int_equal(agent_say(&a, &enrol), BATON_OK);
    assert_true(messages_reach(1));
    assert_int_equal(seen.peer.class, BUS_ENROL);
    assert_true(baton_key_eq(&seen.peer.sign_key, &a.id.sign_key));

    /* as the engine does: allow the new key, revoke the used one, answer */
    struct message enrolled = {.type = MSG_ENROLLED, .u.enrolled.accepted = true};
    assert_int_equal(bus_allow_agent(bus, &a.id.curve_key, &a.id.sign_key, &a.tenant), BATON_OK);
    bus_revoke(bus, &once);
    assert_int_equal(controller_say(&a, &enrolled), BATON_OK);
    assert_true(agent_hears(&a, &frame, &len));
    assert_int_equal(agent_say(&a, &enrol), BATON_OK);
    assert_true(count_reaches(COUNT_UNKNOWN, 1));

    agent_bus_close(&a.bus);
    agent_connect(&a, &a.id.curve_key, a.id.secret->curve, &controller.curve_key);
    assert_int_equal(agent_link_event(&a), LINK_UP);
    agent_hello(&a);
    assert_true(messages_reach(2));
    assert_int_equal(seen.peer.class, BUS_AGENT);
    agent_done(&a);
}

static void
with_the_handler_dead_nobody_gets_in_and_the_port_closes(void **state)
{
    (void)state;
    struct agent a, b;
    agent_join(&a);
    agent_hello(&a);
    assert_true(messages_reach(1));
    zap_end(bus->zap);
    agent_new(&b);
    enum probe probe =
        router_probe(bus_endpoint(bus), &controller.curve_key, &b.id.curve_key, b.id.secret->curve);
    assert_int_not_equal(probe, PROBE_ADMITTED);
    assert_true(events_reach(BUS_DOWN, 1));
    probe =
        router_probe(bus_endpoint(bus), &controller.curve_key, &a.id.curve_key, a.id.secret->curve);
    assert_int_not_equal(probe, PROBE_ADMITTED); /* a known key neither */
    agent_done(&a);
    agent_done(&b);
}

static void
a_handler_is_dead_when_its_pulse_stands_still(void **state)
{
    (void)state;
    struct heart h = {0};
    assert_true(heart_beats(&h, 1, 0));
    for (uint64_t now = BUS_TICK_MS; now < BUS_ZAP_DEAD_MS; now += BUS_TICK_MS)
        assert_true(heart_beats(&h, 1, now));
    assert_false(heart_beats(&h, 1, BUS_ZAP_DEAD_MS));
    assert_true(heart_beats(&h, 2, BUS_ZAP_DEAD_MS + 1));
    assert_false(heart_beats(&h, 0, BUS_ZAP_DEAD_MS + 2));
}

static void
hours_that_a_machine_was_suspended_are_no_silence_of_the_handler(void **state)
{
    (void)state;
    struct heart h = {0};
    assert_true(heart_beats(&h, 1, 100));
    assert_true(heart_beats(&h, 1, 7200100));
    assert_true(heart_beats(&h, 1, 100)); /* and a clock that is put right again is none either */
}

static void
without_any_handler_the_socket_itself_refuses(void **state)
{
    (void)state;
    char endpoint[256];
    struct agent a;
    struct baton_err err;
    struct door *door;
    zsock_t *router;
    agent_new(&a);
    router_process_init();
    assert_int_equal(router_new(&controller, &router, &err), BATON_OK);
    assert_int_equal(router_bind(router, "tcp://127.0.0.1:*", endpoint, sizeof endpoint, &err),
                     BATON_OK);
    assert_int_not_equal(
        router_probe(endpoint, &controller.curve_key, &a.id.curve_key, a.id.secret->curve),
        PROBE_ADMITTED);
    /* and the start-up test says so instead of serving */
    assert_int_equal(door_new(&door, &err), BATON_OK);
    assert_int_equal(router_self_test(router, &controller, door, clock_ms(), &err), BATON_FAILED);
    assert_non_null(strstr(err.text, "self-test"));
    door_free(&door);
    zsock_destroy(&router);
    agent_done(&a);
}

static void
a_socket_that_forgets_to_enforce_fails_the_self_test(void **state)
{
    (void)state;
    struct baton_err err;
    struct door *door;
    zsock_t *router;
    int off = 0;
    router_process_init();
    assert_int_equal(door_new(&door, &err), BATON_OK);
    assert_int_equal(router_new(&controller, &router, &err), BATON_OK);
    assert_int_equal(zmq_setsockopt(zsock_resolve(router), 93, &off, sizeof off), 0);
    assert_int_equal(router_self_test(router, &controller, door, clock_ms(), &err), BATON_FAILED);
    assert_non_null(strstr(err.text, "gets in; not serving")); /* libzmq's trap is still there */
    zsock_destroy(&router);
    door_free(&door);
}

static void
bad_endpoints_and_a_second_bus_are_refused(void **state)
{
    (void)state;
    struct bus *other = NULL;
    struct baton_err err;
    struct bus_options o = options();
    assert_int_equal(bus_open(&o, &other, &err), BATON_CONFLICT); /* one ZAP address in a process */
    assert_non_null(strstr(err.text, "another ZAP handler"));
    char taken[BUS_ENDPOINT_BYTES];
    strcpy(taken, bus_endpoint(bus));
    bus_close(&bus);
    o.endpoint = "tcp://*:7400";
    assert_int_equal(bus_open(&o, &other, &err), BATON_USAGE);
    o.endpoint = "ipc:///tmp/baton";
    assert_int_equal(bus_open(&o, &other, &err), BATON_USAGE);
    o.endpoint = "tcp://192.0.2.1:7400"; /* not an address of this machine */
    assert_int_equal(bus_open(&o, &other, &err), BATON_IO);
    o.endpoint = taken;
    assert_int_equal(bus_open(&o, &other, &err), BATON_OK);
    assert_string_equal(bus_endpoint(other), taken);
    bus_close(&other);
}

static void
an_agent_alone_neither_blocks_nor_believes_it_sent(void **state)
{
    (void)state;
    struct agent a;
    const uint8_t *frame;
    size_t len;
    agent_new(&a);
    struct agent_bus_options o = {.endpoint = "tcp://127.0.0.1:9",
                                  .server_key = controller.curve_key,
                                  .key = a.id.curve_key,
                                  .secret = a.id.secret->curve};
    assert_int_equal(agent_bus_open(&o, &a.bus, NULL), BATON_OK);
    uint64_t start = clock_ms();
    for (int i = 0; i < 1000; i++)
        assert_int_equal(agent_bus_send(a.bus, (const uint8_t *)"x", 1), BATON_UNREACHABLE);
    assert_int_equal(agent_bus_recv(a.bus, &frame, &len), BATON_NOT_FOUND);
    assert_int_equal(agent_bus_event(a.bus), LINK_NOTHING);
    agent_bus_close(&a.bus);
    assert_true(clock_ms() - start < 5000);
    o.endpoint = "nonsense";
    struct baton_err err;
    assert_int_equal(agent_bus_open(&o, &a.bus, &err), BATON_USAGE);
    assert_non_null(strstr(err.text, "nonsense"));
    agent_done(&a);
}

static void
agent_connect_through(struct agent *a, const char *scheme, int port)
{
    char proxy[64];
    snprintf(proxy, sizeof proxy, "%s://127.0.0.1:%d", scheme, port);
    agent_new(a);
    assert_int_equal(bus_allow_agent(bus, &a->id.curve_key, &a->id.sign_key, &a->tenant), BATON_OK);
    struct agent_bus_options o = {.endpoint = bus_endpoint(bus),
                                  .proxy = proxy,
                                  .server_key = controller.curve_key,
                                  .key = a->id.curve_key,
                                  .secret = a->id.secret->curve};
    assert_int_equal(agent_bus_open(&o, &a->bus, NULL), BATON_OK);
}

/* The loop of an agent, for a while or until the link is as wanted. */
static bool
agent_link_becomes(struct agent *a, bool up)
{
    for (uint64_t end = clock_ms() + WAIT_MS; agent_bus_up(a->bus) != up;) {
        if (clock_ms() > end)
            return false;
        agent_link_event(a);
    }
    return true;
}

/* Frames of every size go there and back; what is queued leaves only while the loop pumps. */
static void
frames_pass(struct agent *a, unsigned already)
{
    static uint8_t big[FRAME_BYTES_MAX];
    const uint8_t *frame;
    size_t len;
    agent_hello(a);
    for (uint64_t end = clock_ms() + WAIT_MS; seen_messages() <= already; nap()) {
        assert_true(clock_ms() < end);
        agent_bus_event(a->bus);
    }
    for (size_t size = 1; size <= sizeof big; size *= 16) {
        assert_int_equal(bus_send(bus, &a->id.sign_key, big, size), BATON_OK);
        assert_true(agent_hears(a, &frame, &len));
        assert_int_equal(len, size);
    }
}

static void
an_agent_reaches_its_controller_through_either_proxy(void **state)
{
    (void)state;
    static const struct {
        enum proxy_kind kind;
        const char *scheme;
    } kinds[] = {{PROXY_HTTP, "http"}, {PROXY_SOCKS, "socks5"}};
    for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
        struct agent a;
        struct proxy *p = proxy_start(kinds[i].kind, 0);
        assert_non_null(p);
        agent_connect_through(&a, kinds[i].scheme, proxy_port(p));
        assert_true(agent_link_becomes(&a, true));
        frames_pass(&a, 2 * i);
        assert_string_equal(agent_bus_trouble(a.bus), "");
        proxy_cut(p); /* and comes back by itself */
        assert_true(agent_link_becomes(&a, false));
        assert_true(agent_link_becomes(&a, true));
        frames_pass(&a, 2 * i + 1);
        assert_int_equal(proxy_carried(p), 2);
        agent_done(&a);
        proxy_stop(p);
    }
}

static bool
trouble_becomes(struct agent *a, const char *part)
{
    for (uint64_t end = clock_ms() + WAIT_MS; strstr(agent_bus_trouble(a->bus), part) == NULL;) {
        if (clock_ms() > end)
            return false;
        agent_bus_event(a->bus);
        nap();
    }
    return true;
}

static void
a_proxy_that_refuses_hangs_up_or_is_away_does_no_harm(void **state)
{
    (void)state;
    struct agent a;
    struct proxy *p = proxy_start(PROXY_REFUSES, 0);
    int port = proxy_port(p);
    agent_connect_through(&a, "http", port);
    assert_true(trouble_becomes(&a, "407 Proxy Authentication Required"));
    proxy_stop(p);
    p = proxy_start(PROXY_HANGS_UP, port);
    assert_non_null(p);
    assert_true(trouble_becomes(&a, "the proxy hung up"));
    proxy_stop(p);
    for (uint64_t end = clock_ms() + 3000; clock_ms() < end; nap())
        agent_bus_event(a.bus); /* nobody listens there now */
    assert_false(agent_bus_up(a.bus));
    p = proxy_start(PROXY_HTTP, port);
    assert_non_null(p);
    assert_true(agent_link_becomes(&a, true));
    frames_pass(&a, 0);
    agent_done(&a);
    proxy_stop(p);
}

static void
a_bad_proxy_address_is_refused_at_once(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "proxy:8080",         "http://proxy",      "http://:80",        "http://proxy:0",
        "http://proxy:70000", "http://proxy:80/x", "http://me@proxy:1", "socks4://proxy:80"};
    struct agent a;
    struct baton_err err;
    agent_new(&a);
    struct agent_bus_options o = {.endpoint = "tcp://127.0.0.1:9",
                                  .server_key = controller.curve_key,
                                  .key = a.id.curve_key,
                                  .secret = a.id.secret->curve};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        o.proxy = bad[i];
        assert_int_equal(agent_bus_open(&o, &a.bus, &err), BATON_USAGE);
        assert_non_null(strstr(err.text, bad[i]));
    }
    agent_done(&a);
}

static atomic_bool stir_ends;

static void *
stir(void *arg)
{
    struct agent *a = arg;
    struct baton_key other = {{1}};
    while (!atomic_load(&stir_ends)) {
        struct message heard = {.type = MSG_HEARD};
        controller_say(a, &heard);
        assert_int_equal(bus_allow_agent(bus, &other, &a->id.box_key, &a->tenant), BATON_OK);
        bus_revoke(bus, &other);
        bus_count(bus, COUNT_SENT);
        nap();
    }
    return NULL;
}

static void
any_thread_may_send_allow_and_revoke(void **state)
{
    (void)state;
    enum { STIRRERS = 3, BEATS = 100 };
    struct agent a;
    pthread_t thread[STIRRERS];
    const uint8_t *frame;
    size_t len;
    agent_join(&a);
    agent_hello(&a);
    assert_true(messages_reach(1));
    atomic_store(&stir_ends, false);
    for (int i = 0; i < STIRRERS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, stir, &a), 0);
    for (unsigned i = 0; i < BEATS; i++) {
        agent_hello(&a);
        assert_true(agent_hears(&a, &frame, &len));
    }
    atomic_store(&stir_ends, true);
    for (int i = 0; i < STIRRERS; i++)
        pthread_join(thread[i], NULL);
    assert_true(messages_reach(1 + BEATS));
    agent_done(&a);
}

static int
set_up(void **state)
{
    (void)state;
    return crypto_init(NULL) == BATON_OK && crypto_identity_new(&controller, NULL) == BATON_OK ? 0
                                                                                               : -1;
}

static int
tear_down(void **state)
{
    (void)state;
    crypto_identity_done(&controller);
    zsys_shutdown();
    return 0;
}

#define ON_BUS(f) cmocka_unit_test_setup_teardown(f, bus_up, bus_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BUS(a_message_goes_there_and_an_answer_comes_back),
        ON_BUS(the_largest_frames_pass_both_ways_and_larger_ones_never),
        ON_BUS(an_oversized_frame_is_dropped_with_its_connection),
        ON_BUS(a_message_of_several_parts_is_refused),
        ON_BUS(a_peer_that_chooses_its_routing_id_is_refused),
        ON_BUS(an_unknown_key_is_refused_and_told),
        ON_BUS(a_key_that_is_allowed_later_gets_in_by_itself),
        ON_BUS(an_agent_does_not_talk_to_a_controller_with_another_key),
        ON_BUS(a_revoked_key_loses_its_live_session),
        ON_BUS(a_frame_that_waited_while_its_key_was_revoked_never_leaves),
        ON_BUS(two_copies_that_speak_by_turns_are_told),
        ON_BUS(what_a_connection_that_was_given_up_still_delivers_is_dropped),
        ON_BUS(a_connection_that_speaks_before_it_says_hello_is_told_to),
        ON_BUS(an_agent_that_comes_back_is_one_session),
        ON_BUS(an_agent_that_left_is_noticed_when_something_is_sent),
        ON_BUS(a_flood_is_limited_and_others_still_get_through),
        ON_BUS(frames_of_another_tenant_recipient_or_role_are_denied),
        ON_BUS(a_signature_of_another_agent_is_denied),
        ON_BUS(a_one_time_key_enrols_gets_its_answer_and_does_nothing_else),
        ON_BUS(with_the_handler_dead_nobody_gets_in_and_the_port_closes),
        cmocka_unit_test(a_handler_is_dead_when_its_pulse_stands_still),
        cmocka_unit_test(hours_that_a_machine_was_suspended_are_no_silence_of_the_handler),
        cmocka_unit_test(without_any_handler_the_socket_itself_refuses),
        cmocka_unit_test(a_socket_that_forgets_to_enforce_fails_the_self_test),
        ON_BUS(bad_endpoints_and_a_second_bus_are_refused),
        ON_BUS(an_agent_alone_neither_blocks_nor_believes_it_sent),
        ON_BUS(an_agent_reaches_its_controller_through_either_proxy),
        ON_BUS(a_proxy_that_refuses_hangs_up_or_is_away_does_no_harm),
        cmocka_unit_test(a_bad_proxy_address_is_refused_at_once),
        ON_BUS(any_thread_may_send_allow_and_revoke),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
