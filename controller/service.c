#include "controller/service.h"

#include "common/crypto/keyfile.h"
#include "common/log.h"
#include "controller/adapters/api.h"
#include "controller/adapters/bus_zmq.h"
#include "controller/adapters/store_sqlite.h"
#include "controller/clock.h"
#include "proto/codec.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the engine's ports ----------------------------------------------------------------------- */

static void
port_sign(void *ctx, const char *domain, const void *bytes, size_t len, struct baton_sig *ret_sig)
{
    struct service *s = ctx;
    enum baton_status rc =
        crypto_sign_domain(s->identity.secret->sign, domain, bytes, len, ret_sig);
    BATON_ASSERT(rc == BATON_OK);
}

static void
port_random(void *ctx, void *out, size_t n)
{
    (void)ctx;
    crypto_random(out, n);
}

static bool
port_send(void *ctx, const struct baton_key *agent, const struct message *m)
{
    struct service *s = ctx;
    uint8_t *frame = NULL;
    size_t len = 0;
    struct baton_err err = {0};
    if (s->bus == NULL || !bus_connected(s->bus, agent))
        return false;
    if (codec_encode(m, s->identity.secret->sign, &frame, &len, &err) != BATON_OK) {
        log_error("bus.encode", "type=%s why=\"%s\"", message_type_name(m->type), err.text);
        return false;
    }
    enum baton_status rc = bus_send(s->bus, agent, frame, len);
    free(frame);
    return rc == BATON_OK;
}

static void
door_result(enum baton_status rc, const char *what)
{
    if (rc != BATON_OK)
        log_error("bus.door", "what=\"%s\" why=\"%s\"", what, baton_status_text(rc));
}

static void
port_allow_token(void *ctx, const struct baton_key *curve, const struct baton_id *tenant,
                 uint64_t until_ms)
{
    struct service *s = ctx;
    if (s->bus != NULL)
        door_result(bus_allow_token(s->bus, curve, tenant, until_ms), "token");
}

static void
port_allow_agent(void *ctx, const struct baton_key *curve, const struct baton_key *sign_key,
                 const struct baton_id *tenant)
{
    struct service *s = ctx;
    if (s->bus != NULL)
        door_result(bus_allow_agent(s->bus, curve, sign_key, tenant), "agent");
}

static void
port_revoke(void *ctx, const struct baton_key *curve)
{
    struct service *s = ctx;
    if (s->bus != NULL)
        bus_revoke(s->bus, curve);
}

static void
port_page(void *ctx, const struct baton_id *tenant, const char *text)
{
    char guid[37];
    (void)ctx;
    baton_guid_format(tenant, guid);
    log_warn("page", "tenant=%s text=\"%s\"", guid, text);
}

static void
port_committed(void *ctx)
{
    struct service *s = ctx;
    struct api *api = atomic_load(&s->api);
    if (api != NULL)
        api_wake(api);
}

static enum baton_status
port_tidy(void *ctx, struct baton_err *err)
{
    struct service *s = ctx;
    return store_sqlite_checkpoint(&s->store, err);
}

static struct engine_ports
service_ports(struct service *s)
{
    return (struct engine_ports){
        .store = s->store,
        .digest = *crypto_digest_port(),
        .public_key = s->identity.sign_key,
        .curve_key = s->identity.curve_key,
        .address = s->address,
        .ctx = s,
        .sign = port_sign,
        .random = port_random,
        .now_ms = clock_mono_ms,
        .unix_ms = clock_unix_ms,
        .send = port_send,
        .allow_token = port_allow_token,
        .allow_agent = port_allow_agent,
        .revoke = port_revoke,
        .page = port_page,
        .committed = port_committed,
        .tidy = port_tidy,
    };
}

/* ---- opening and closing ---------------------------------------------------------------------- */

/* From outside, or SIGUSR1 from a thread of ours that cannot go on. */
static sigset_t
signals_of_end(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR1);
    return set;
}

static void
signals_block(void)
{
    sigset_t set = signals_of_end();
    pthread_sigmask(SIG_BLOCK, &set, NULL); /* every thread made from here inherits it */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a full disk */
}

/* An empty file would be taken for a database that nothing was written to yet. */
static enum baton_status
store_is_there(const char *path, struct baton_err *err)
{
    struct stat st;
    if (stat(path, &st) == 0 && st.st_size > 0)
        return BATON_OK;
    return baton_fail(err, BATON_NOT_FOUND,
                      "%s is missing or empty: restore it from a backup, or make a new controller "
                      "with baton-controller init",
                      path);
}

enum baton_status
service_open(struct service *s, const struct settings *settings, struct baton_err *err)
{
    memset(s, 0, sizeof *s);
    s->settings = settings;
    s->main_thread = pthread_self();
    signals_block();
    snprintf(s->address, sizeof s->address, "%s", settings_advertise(settings));
    enum baton_status rc = keyfile_load(settings->keys, &s->identity, err);
    if (rc == BATON_OK)
        rc = store_is_there(settings->store, err);
    if (rc == BATON_OK)
        rc = store_sqlite_open(settings->store, STORE_READ_WRITE, crypto_digest_port(), &s->store,
                               err);
    s->store_open = rc == BATON_OK;
    if (rc == BATON_OK && !s->identity.locked)
        log_warn("keys.swap", "why=\"the system does not lock the keys in memory\"");
    if (rc != BATON_OK)
        service_close(s);
    return rc;
}

void
service_close(struct service *s)
{
    bus_close(&s->bus);
    engine_close(&s->engine);
    if (s->store_open)
        s->store.close(s->store.ctx);
    s->store_open = false;
    crypto_identity_done(&s->identity);
}

/* The first reason is the one that is told. */
static void
service_fail(struct service *s, const struct baton_err *why)
{
    if (atomic_exchange(&s->failing, true))
        return;
    s->failure = *why;
    atomic_store(&s->failed, true);
    pthread_kill(s->main_thread, SIGUSR1); /* it waits for signals */
}

static void *
engine_main(void *arg)
{
    struct service *s = arg;
    struct baton_err err = {0};
    if (engine_run(s->engine, &err) != BATON_OK)
        service_fail(s, &err);
    return NULL;
}

enum baton_status
service_engine_start(struct service *s, struct baton_err *err)
{
    struct engine_ports ports = service_ports(s);
    enum baton_status rc = s->engine == NULL ? engine_open(&ports, &s->engine, err) : BATON_OK;
    if (rc != BATON_OK)
        return rc;
    if (pthread_create(&s->engine_thread, NULL, engine_main, s) != 0)
        return baton_fail(err, BATON_NOMEM, "no thread for the engine");
    s->engine_running = true;
    return BATON_OK;
}

enum baton_status
service_engine_stop(struct service *s, struct baton_err *err)
{
    if (s->engine_running) {
        engine_stop(s->engine);
        pthread_join(s->engine_thread, NULL);
        s->engine_running = false;
    }
    if (!atomic_load(&s->failed))
        return BATON_OK;
    if (err != NULL)
        *err = s->failure;
    return s->failure.status;
}

/* ---- running ---------------------------------------------------------------------------------- */

static void
on_message(void *ctx, const struct bus_peer *peer, struct message *m)
{
    struct service *s = ctx;
    if (engine_feed(s->engine, m, &peer->curve_key) != BATON_OK)
        log_warn("engine.full", "why=\"an agent's message was put off\"");
}

static void
on_event(void *ctx, enum bus_event event, const struct bus_peer *peer, const char *text)
{
    static const struct {
        bool forward;
        enum engine_peer_event as;
    } rows[] = {
        [BUS_CONNECTED] = {false, PEER_LOST},
        [BUS_LOST] = {true, PEER_LOST},
        [BUS_SECOND_SESSION] = {true, PEER_SECOND_SESSION},
        [BUS_REFUSED] = {true, PEER_REFUSED},
        [BUS_FLOODED] = {true, PEER_REFUSED},
        [BUS_KEY_REFUSED] = {true, PEER_REFUSED},
        [BUS_DOWN] = {false, PEER_REFUSED},
    };
    struct service *s = ctx;
    log_debug("bus.event", "what=%s why=\"%s\"", bus_event_name(event), text != NULL ? text : "");
    if (rows[event].forward)
        engine_peer(s->engine, rows[event].as, peer != NULL ? &peer->sign_key : NULL, text);
    if (event != BUS_DOWN)
        return;
    struct baton_err err = {0};
    baton_fail(&err, BATON_FAILED, "the port for agents is closed: %s", text);
    service_fail(s, &err);
}

static enum baton_status
bus_start(struct service *s, struct baton_err *err)
{
    struct bus_options options = {
        .endpoint = settings_listen(s->settings),
        .identity = &s->identity,
        .ctx = s,
        .now_ms = clock_mono_ms,
        .on_message = on_message,
        .on_event = on_event,
    };
    enum baton_status rc = bus_open(&options, &s->bus, err);
    if (rc == BATON_OK && !config_is_set(s->settings->config, "bus.advertise"))
        snprintf(s->address, sizeof s->address, "%s",
                 bus_endpoint(s->bus)); /* port 0: the real one */
    return rc;
}

/* What the agents' port has seen and refused. */
static bool
port_counter(void *ctx, size_t index, struct api_counter *ret_counter)
{
    struct service *s = ctx;
    enum bus_counter c = (enum bus_counter)index;
    if (index > BUS_COUNTER_COUNT)
        return false;
    *ret_counter =
        index < BUS_COUNTER_COUNT
            ? (struct api_counter){bus_counter_name(c), bus_counter_what(c), bus_count(s->bus, c)}
            : (struct api_counter){"bus_keys_refused", "connections of keys that nobody knows",
                                   bus_keys_refused(s->bus)};
    return true;
}

static enum baton_status
api_start(struct service *s, struct baton_err *err)
{
    struct api_config config = {
        .host = s->settings->api_host,
        .port = s->settings->api_port,
        .cert_path = s->settings->cert,
        .key_path = s->settings->cert_key,
        .store_path = s->settings->store,
        .controller_key = s->identity.sign_key,
        .sign_ctx = s,
        .sign = port_sign,
        .counter_ctx = s,
        .counter = port_counter,
    };
    struct api *api = NULL;
    enum baton_status rc = api_open(&config, s->engine, crypto_digest_port(), &api, err);
    if (rc == BATON_OK)
        atomic_store(&s->api, api);
    return rc;
}

static void
wait_for_end(void)
{
    sigset_t set = signals_of_end();
    int got;
    sigwait(&set, &got);
}

/* First nobody asks any more, then what was asked is finished, then the door closes. The API goes
 * last: until it has ended the engine may be about to wake it. */
static enum baton_status
service_stop(struct service *s, struct baton_err *err)
{
    struct api *api = atomic_load(&s->api);
    if (api != NULL)
        api_stop(api);
    enum baton_status rc = service_engine_stop(s, err);
    atomic_store(&s->api, NULL);
    api_close(&api);
    bus_close(&s->bus);
    return rc;
}

enum baton_status
service_run(struct service *s, struct baton_err *err)
{
    struct engine_ports ports = service_ports(s);
    enum baton_status rc = engine_open(&ports, &s->engine, err);
    if (rc == BATON_OK)
        rc = bus_start(s, err);
    if (rc == BATON_OK)
        rc = service_engine_start(s, err);
    if (rc == BATON_OK)
        rc = api_start(s, err);
    if (rc == BATON_OK) {
        printf("ready api=https://%s%s%s:%u agents=%s\n",
               strchr(s->settings->api_host, ':') ? "[" : "", s->settings->api_host,
               strchr(s->settings->api_host, ':') ? "]" : "",
               (unsigned)api_port(atomic_load(&s->api)), bus_endpoint(s->bus));
        fflush(stdout);
        wait_for_end();
        log_info("service.stopping", "failed=%d", atomic_load(&s->failed));
    }
    enum baton_status stopped = service_stop(s, rc == BATON_OK ? err : NULL);
    return rc != BATON_OK ? rc : stopped;
}
