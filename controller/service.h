/* service.h: a controller with everything around its engine: keys, store, bus, API.
 *
 * Shape      service_ports fills the engine's ports from keys and store; service_run opens bus and API,
 *            says that it is ready, and ends on SIGTERM or SIGINT (clean) or on a failure.
 * Errors     What failed and what to do, in err. A storage failure ends the process: fail-stop.
 * Threads    The caller's waits for signals; engine, bus and API have their own.
 * Source     design 3, 6; reliability 4.1, 4.4.
 */
#ifndef BATON_SERVICE_H
#define BATON_SERVICE_H

#include "common/crypto/crypto.h"
#include "controller/engine.h"
#include "controller/settings.h"

#include <pthread.h>
#include <stdatomic.h>

struct api;
struct bus;

struct service {
    const struct settings *settings;
    struct crypto_identity identity;
    struct store_port store;
    bool store_open;
    struct engine *engine;
    struct bus *bus;
    _Atomic(struct api *) api;
    pthread_t engine_thread, main_thread;
    bool engine_running;
    char address[SETTINGS_HOST_BYTES + 32]; /* in enrolment tokens */
    atomic_bool failing, failed;            /* somebody has a reason; it stands in `failure` */
    struct baton_err failure;
};

/* Keys and store of a directory that `init` made. */
enum baton_status service_open(struct service *s, const struct settings *settings,
                               struct baton_err *err) BATON_MUST_USE;
void service_close(struct service *s);

/* The engine alone, with nobody connected: for `init` and for tests of it. */
enum baton_status service_engine_start(struct service *s, struct baton_err *err) BATON_MUST_USE;
enum baton_status service_engine_stop(struct service *s, struct baton_err *err) BATON_MUST_USE;

enum baton_status service_run(struct service *s, struct baton_err *err) BATON_MUST_USE;

#endif
