#include "controller/adapters/bus_router.h"

#include <pthread.h>
#include <stdatomic.h>

#include "baton/message.h"
#include "controller/adapters/zap.h"

#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93 /* stands in the header's draft block; 4.3.4 obeys it */
#endif

enum { PROBE_MS = 5000, PROBE_TTL_MS = 60000 };

struct int_option {
    int option, value;
};

static const struct int_option router_options[] = {
    {ZMQ_CURVE_SERVER, 1},
    {ZMQ_ZAP_ENFORCE_DOMAIN, 1}, /* without it a dead handler lets anybody in */
    {ZMQ_ROUTER_MANDATORY, 1},   /* 0 reports success and drops */
    {ZMQ_ROUTER_HANDOVER, 0},    /* 1 lets a peer take another's routing id */
    {ZMQ_SNDHWM, 64},            /* small: the durable outbox is the queue */
    {ZMQ_RCVHWM, 64},
    {ZMQ_LINGER, 0},
    {ZMQ_SNDTIMEO, 0},
    {ZMQ_RCVTIMEO, 0},
    {ZMQ_HANDSHAKE_IVL, 3000}, /* 30 s by default feed the idle-connection attack */
    {ZMQ_HEARTBEAT_IVL, 10000},
    {ZMQ_HEARTBEAT_TIMEOUT, 30000},
    {ZMQ_HEARTBEAT_TTL, 30000},
    {ZMQ_BACKLOG, 256},
    {ZMQ_TCP_KEEPALIVE, 1},
    {ZMQ_TCP_KEEPALIVE_IDLE, 60},
    {ZMQ_TCP_KEEPALIVE_INTVL, 10},
    {ZMQ_TCP_KEEPALIVE_CNT, 6},
};

static void
process_init(void)
{
    zsys_handler_set(NULL);
    void *context = zsys_init();
    zsys_set_io_threads(1);
    zsys_set_max_sockets(64);
    zmq_ctx_set(context, ZMQ_BLOCKY, 0);
}

void
router_process_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, process_init);
}

static bool
options_set(void *socket, const struct int_option *options, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (zmq_setsockopt(socket, options[i].option, &options[i].value, sizeof(int)) != 0)
            return false;
    return true;
}

static bool
router_configure(void *socket, const struct crypto_identity *identity)
{
    int64_t most = FRAME_BYTES_MAX + CURVE_OVERHEAD_BYTES;
    return options_set(socket, router_options, ARRAY_LEN(router_options)) &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, identity->secret->curve, BOX_SECRET_BYTES) ==
               0 &&
           zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN)) == 0 &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &most, sizeof most) == 0;
}

enum baton_status
router_new(const struct crypto_identity *identity, zsock_t **ret_router, struct baton_err *err)
{
    zsock_t *router = zsock_new(ZMQ_ROUTER);
    if (router == NULL)
        return baton_fail(err, BATON_IO, "ROUTER: %s", zmq_strerror(zmq_errno()));
    if (!router_configure(zsock_resolve(router), identity)) {
        int why = zmq_errno();
        zsock_destroy(&router);
        return baton_fail(err, BATON_FAILED, "libzmq refuses a setting: %s", zmq_strerror(why));
    }
    *ret_router = router;
    return BATON_OK;
}

enum baton_status
router_bind(zsock_t *router, const char *endpoint, char *ret_endpoint, size_t cap,
            struct baton_err *err)
{
    void *socket = zsock_resolve(router);
    int v6 = strchr(endpoint, '[') != NULL;
    if (strncmp(endpoint, "tcp://", 6) != 0 || endpoint[6] == '*')
        return baton_fail(err, BATON_USAGE, "%s: give tcp:// and a chosen address, not *",
                          endpoint);
    if (zmq_setsockopt(socket, ZMQ_IPV6, &v6, sizeof v6) != 0 || zmq_bind(socket, endpoint) != 0 ||
        zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, ret_endpoint, &cap) != 0)
        return baton_fail(err, BATON_IO, "%s: %s", endpoint, zmq_strerror(zmq_errno()));
    return BATON_OK;
}

static bool
client_configure(void *client, const struct baton_key *server_key, const struct baton_key *key,
                 const uint8_t *secret)
{
    return zmq_setsockopt(client, ZMQ_CURVE_SERVERKEY, server_key->b, sizeof server_key->b) == 0 &&
           zmq_setsockopt(client, ZMQ_CURVE_PUBLICKEY, key->b, sizeof key->b) == 0 &&
           zmq_setsockopt(client, ZMQ_CURVE_SECRETKEY, secret, BOX_SECRET_BYTES) == 0;
}

static atomic_uint probes;

/* The number of the next event of the monitor, 0 when none comes. */
static uint16_t
monitor_next(void *monitor)
{
    int wait_ms = PROBE_MS;
    uint16_t event = 0;
    zmq_msg_t part;
    zmq_setsockopt(monitor, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
    zmq_msg_init(&part);
    if (zmq_msg_recv(&part, monitor, 0) >= (int)sizeof event) {
        memcpy(&event, zmq_msg_data(&part), sizeof event);
        zmq_msg_recv(&part, monitor, 0); /* the address */
    }
    zmq_msg_close(&part);
    return event;
}

static enum probe
probe_wait(void *client, const char *endpoint)
{
    int wanted = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                 ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                 ZMQ_EVENT_DISCONNECTED;
    void *monitor = zmq_socket(zsys_init(), ZMQ_PAIR);
    enum probe result = PROBE_SILENT;
    char address[64]; /* of its own: a closed monitor's is free only some time later */
    snprintf(address, sizeof address, "inproc://baton-probe-%u", atomic_fetch_add(&probes, 1));
    if (monitor != NULL && zmq_socket_monitor(client, address, wanted) == 0 &&
        zmq_connect(monitor, address) == 0 && zmq_connect(client, endpoint) == 0) {
        uint16_t event = monitor_next(monitor);
        if (event != 0)
            result = event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED ? PROBE_ADMITTED : PROBE_REFUSED;
    }
    zmq_socket_monitor(client, NULL, 0);
    if (monitor != NULL)
        zmq_close(monitor);
    return result;
}

enum probe
router_probe(const char *endpoint, const struct baton_key *server_key, const struct baton_key *key,
             const uint8_t secret[BOX_SECRET_BYTES])
{
    void *client = zmq_socket(zsys_init(), ZMQ_DEALER);
    int no_linger = 0;
    enum probe result = PROBE_SILENT;
    if (client == NULL)
        return result;
    zmq_setsockopt(client, ZMQ_LINGER, &no_linger, sizeof no_linger);
    if (client_configure(client, server_key, key, secret))
        result = probe_wait(client, endpoint);
    zmq_close(client);
    return result;
}

static enum baton_status
probes_run(const char *endpoint, const struct crypto_identity *identity, struct door *door,
           uint64_t now_ms, struct baton_err *err)
{
    uint8_t seed[SEED_BYTES], secret[BOX_SECRET_BYTES];
    struct bus_peer known = {.class = BUS_ENROL};
    crypto_random(seed, sizeof seed);
    crypto_curve_from_seed(seed, &known.curve_key, secret);
    enum baton_status rc = door_allow(door, &known, now_ms + PROBE_TTL_MS, now_ms);
    if (rc != BATON_OK)
        return baton_fail(err, rc, "self-test: the door is full");
    enum probe friend = router_probe(endpoint, &identity->curve_key, &known.curve_key, secret);
    door_revoke(door, &known.curve_key, now_ms);
    /* the same key, no longer in the door, is a stranger as good as any */
    enum probe stranger = router_probe(endpoint, &identity->curve_key, &known.curve_key, secret);
    if (friend != PROBE_ADMITTED)
        return baton_fail(err, BATON_FAILED, "self-test: a known key does not get in");
    if (stranger != PROBE_REFUSED)
        return baton_fail(err, BATON_FAILED, "self-test: an unknown key %s; not serving",
                          stranger == PROBE_ADMITTED ? "gets in" : "gets no answer");
    return BATON_OK;
}

enum baton_status
router_self_test(zsock_t *router, const struct crypto_identity *identity, struct door *door,
                 uint64_t now_ms, struct baton_err *err)
{
    char endpoint[256];
    enum baton_status rc = router_bind(router, "tcp://127.0.0.1:*", endpoint, sizeof endpoint, err);
    if (rc != BATON_OK)
        return rc;
    rc = probes_run(endpoint, identity, door, now_ms, err);
    zmq_unbind(zsock_resolve(router), endpoint);
    return rc;
}
