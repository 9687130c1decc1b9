#include "controller/adapters/bus_zmq.h"

#include <inttypes.h>
#include <time.h>

#include "controller/adapters/bus_private.h"
#include "controller/adapters/bus_router.h"

static const struct {
    const char *name, *what;
} counters[BUS_COUNTER_COUNT] = {
#define X(id, name, what) {name, what},
    BUS_COUNTERS(X)
#undef X
};

static const char *const event_names[] = {
    [BUS_CONNECTED] = "connected",
    [BUS_LOST] = "lost",
    [BUS_SECOND_SESSION] = "second-session",
    [BUS_REFUSED] = "refused",
    [BUS_FLOODED] = "flooded",
    [BUS_KEY_REFUSED] = "key-refused",
    [BUS_DOWN] = "down",
};

const char *
bus_counter_name(enum bus_counter c)
{
    return (unsigned)c < BUS_COUNTER_COUNT ? counters[c].name : "?";
}

const char *
bus_counter_what(enum bus_counter c)
{
    return (unsigned)c < BUS_COUNTER_COUNT ? counters[c].what : "?";
}

const char *
bus_event_name(enum bus_event e)
{
    return (unsigned)e < ARRAY_LEN(event_names) ? event_names[e] : "?";
}

static uint64_t
clock_now(void *ctx)
{
    (void)ctx;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t
bus_now(const struct bus *b)
{
    return b->o.now_ms(b->o.ctx);
}

void
bus_add(struct bus *b, enum bus_counter c)
{
    atomic_fetch_add_explicit(&b->counter[c], 1, memory_order_relaxed);
}

uint64_t
bus_count(const struct bus *b, enum bus_counter c)
{
    return atomic_load_explicit(&b->counter[c], memory_order_relaxed);
}

uint64_t
bus_keys_refused(struct bus *b)
{
    struct zap_refusals r;
    zap_refusals(b->zap, &r);
    return r.count;
}

void
bus_tell(struct bus *b, enum bus_event event, const struct bus_peer *peer, const char *text)
{
    b->o.on_event(b->o.ctx, event, peer, text);
}

static int
on_router(zloop_t *loop, zsock_t *router, void *arg)
{
    (void)loop, (void)router;
    bus_read(arg);
    return 0;
}

static int
on_wake(zloop_t *loop, zmq_pollitem_t *item, void *arg)
{
    (void)loop, (void)item;
    bus_flush(arg);
    return 0;
}

static int
on_pipe(zloop_t *loop, zsock_t *pipe, void *arg)
{
    (void)loop, (void)pipe, (void)arg;
    return -1; /* the pipe says one thing only: end */
}

/* The domain is enforced, so a dead handler lets nobody in; still, unbind first, stop second. */
bool
heart_beats(struct heart *h, uint64_t pulse, uint64_t now_ms)
{
    const uint64_t most = (uint64_t)2 * BUS_TICK_MS, passed = now_ms - h->looked_ms;
    /* a machine that was suspended comes back hours later, and the handler has had none of them */
    h->silent_ms += passed < most ? passed : most;
    h->looked_ms = now_ms;
    if (pulse != h->pulse)
        h->silent_ms = 0;
    h->pulse = pulse;
    return pulse != 0 && h->silent_ms < BUS_ZAP_DEAD_MS;
}

static void
watchdog(struct bus *b, uint64_t now)
{
    if (heart_beats(&b->heart, zap_pulse(b->zap), now) || b->down)
        return;
    b->down = true;
    zmq_unbind(zsock_resolve(b->router), b->endpoint);
    zloop_reader_end(b->loop, b->router);
    bus_tell(b, BUS_DOWN, NULL, "the handler that knows the keys is dead; the port is closed");
}

static void
refused_keys_tell(struct bus *b, uint64_t now)
{
    struct zap_refusals r;
    zap_refusals(b->zap, &r);
    if (r.count == b->keys_told || (b->keys_told > 0 && now - b->keys_told_ms < DOOR_TELL_MS))
        return;
    char hex[17], text[256];
    baton_hex(r.newest.b, 8, hex);
    snprintf(text, sizeof text, "%" PRIu64 " unknown keys refused, the newest %s from %s",
             r.count - b->keys_told, hex, r.address);
    b->keys_told = r.count;
    b->keys_told_ms = now;
    bus_tell(b, BUS_KEY_REFUSED, NULL, text);
}

static int
on_tick(zloop_t *loop, int timer, void *arg)
{
    (void)loop, (void)timer;
    struct bus *b = arg;
    uint64_t now = bus_now(b);
    watchdog(b, now);
    refused_keys_tell(b, now);
    return 0;
}

static enum baton_status
serve_start(struct bus *b, zsock_t *pipe, struct baton_err *err)
{
    enum baton_status rc = router_new(b->o.identity, &b->router, err);
    if (rc == BATON_OK)
        rc = router_self_test(b->router, b->o.identity, b->door, bus_now(b), err);
    if (rc == BATON_OK)
        rc = router_bind(b->router, b->o.endpoint, b->endpoint, sizeof b->endpoint, err);
    if (rc != BATON_OK)
        return rc;
    b->keys_told = bus_keys_refused(b); /* the self-test's own */
    b->loop = zloop_new();
    zmq_pollitem_t wake = {.fd = b->out.wake[0], .events = ZMQ_POLLIN};
    if (b->loop == NULL || zloop_reader(b->loop, pipe, on_pipe, b) != 0 ||
        zloop_reader(b->loop, b->router, on_router, b) != 0 ||
        zloop_poller(b->loop, &wake, on_wake, b) != 0 ||
        zloop_timer(b->loop, BUS_TICK_MS, 0, on_tick, b) < 0)
        return baton_fail(err, BATON_NOMEM, "zloop");
    zloop_set_nonstop(b->loop, true);
    zloop_reader_set_tolerant(b->loop, b->router);
    return BATON_OK;
}

static void
bus_run(zsock_t *pipe, void *arg)
{
    struct bus *b = arg;
    b->heart.looked_ms = bus_now(b);
    pthread_mutex_lock(&b->out.lock);
    b->start_rc = serve_start(b, pipe, &b->start_err);
    bool serves = b->start_rc == BATON_OK;
    pthread_mutex_unlock(&b->out.lock);
    zsock_signal(pipe, 0);
    if (serves)
        zloop_start(b->loop);
    pthread_mutex_lock(&b->out.lock);
    zloop_destroy(&b->loop);
    zsock_destroy(&b->router);
    pthread_mutex_unlock(&b->out.lock);
}

/* czmq's actors start and end with a signal over a pipe. What they share is handed over by the lock. */
static enum baton_status
start_result(struct bus *b, struct baton_err *err)
{
    pthread_mutex_lock(&b->out.lock);
    enum baton_status rc = b->start_rc;
    if (rc != BATON_OK)
        rc = baton_fail(err, rc, "%s", b->start_err.text);
    pthread_mutex_unlock(&b->out.lock);
    return rc;
}

static enum baton_status
bus_start(struct bus *b, struct baton_err *err)
{
    enum baton_status rc = crypto_init(err);
    if (rc == BATON_OK)
        rc = door_new(&b->door, err);
    if (rc == BATON_OK)
        rc = outbound_init(&b->out, err);
    if (rc == BATON_OK)
        rc = zap_open(b->door, b->o.now_ms, b->o.ctx, &b->zap, err);
    if (rc != BATON_OK)
        return rc;
    b->thread = zactor_new(bus_run, b);
    if (b->thread == NULL)
        return baton_fail(err, BATON_FAILED, "the bus thread does not start");
    return start_result(b, err);
}

enum baton_status
bus_open(const struct bus_options *options, struct bus **ret_bus, struct baton_err *err)
{
    struct bus *b = calloc(1, sizeof *b);
    if (b == NULL)
        return baton_fail(err, BATON_NOMEM, "bus");
    b->o = *options;
    if (b->o.now_ms == NULL)
        b->o.now_ms = clock_now;
    b->out.wake[0] = b->out.wake[1] = -1;
    b->lock_made = pthread_mutex_init(&b->out.lock, NULL) == 0;
    router_process_init();
    enum baton_status rc =
        b->lock_made ? bus_start(b, err) : baton_fail(err, BATON_FAILED, "no lock");
    if (rc != BATON_OK) {
        bus_close(&b);
        return baton_wrap(err, rc, "bus");
    }
    *ret_bus = b;
    return BATON_OK;
}

void
bus_close(struct bus **b)
{
    if (*b == NULL)
        return;
    zactor_destroy(&(*b)->thread); /* the socket first, so that no handshake meets a dead handler */
    if ((*b)->lock_made) {
        pthread_mutex_lock(&(*b)->out.lock); /* after the thread's last touch */
        pthread_mutex_unlock(&(*b)->out.lock);
    }
    zap_close(&(*b)->zap);
    outbound_done(&(*b)->out);
    door_free(&(*b)->door);
    if ((*b)->lock_made)
        pthread_mutex_destroy(&(*b)->out.lock);
    free(*b);
    *b = NULL;
}

const char *
bus_endpoint(const struct bus *b)
{
    return b->endpoint;
}

enum baton_status
bus_allow_token(struct bus *b, const struct baton_key *curve_key, const struct baton_id *tenant,
                uint64_t until_ms)
{
    struct bus_peer peer = {.curve_key = *curve_key, .tenant = *tenant, .class = BUS_ENROL};
    if (until_ms == 0)
        return BATON_USAGE; /* a one-time key ends */
    return door_allow(b->door, &peer, until_ms, bus_now(b));
}

enum baton_status
bus_allow_agent(struct bus *b, const struct baton_key *curve_key, const struct baton_key *sign_key,
                const struct baton_id *tenant)
{
    struct bus_peer peer = {
        .curve_key = *curve_key, .sign_key = *sign_key, .tenant = *tenant, .class = BUS_AGENT};
    return door_allow(b->door, &peer, 0, bus_now(b));
}

void
bus_revoke(struct bus *b, const struct baton_key *curve_key)
{
    door_revoke(b->door, curve_key, bus_now(b));
}

bool
bus_connected(struct bus *b, const struct baton_key *agent)
{
    struct bus_peer peer;
    struct door_rid rid;
    return door_route(b->door, agent, bus_now(b), &peer, &rid);
}
