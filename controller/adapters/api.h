/* api.h: the HTTP API: JSON over TLS for operators, events as SSE, the console's files.
 *
 * Shape      One table of routes (method, path, roles, handler) is the only way in: it authorises,
 *            dispatches and becomes the OpenAPI document. Changes are engine calls; reads use a
 *            short read-only store of their own. Nothing here decides anything.
 * Limits     Bodies API_BODY_BYTES, API_CONNECTIONS_MAX connections, half of them for one address,
 *            API_STREAMS_MAX event streams, API_THREADS worker threads, one that watches the log, and
 *            one that writes an audit bundle: a second bundle is asked to wait.
 * Errors     Opening: BATON_IO (port, certificate), BATON_NOMEM. Requests are answered with RFC 9457
 *            problems that carry rule, guard, facts, who and next.
 * Ownership  The engine, the digest port and the assets outlive the api.
 * Threads    api_open, api_close: the owner's. api_wake: any thread.
 * Source     design 6, 7, 8.
 */
#ifndef BATON_API_H
#define BATON_API_H

#include "controller/engine.h"

enum {
    API_BODY_BYTES = 65536,
    API_CONNECTIONS_MAX = 256,
    API_STREAMS_MAX = 64,
    API_THREADS = 4,
};

struct api_asset {        /* one file of the web console, served as it stands without a login */
    const char *path;     /* "/", "/app.js" */
    const char *type;     /* media type */
    const char *encoding; /* "gzip" or NULL */
    const uint8_t *bytes;
    size_t len;
};

struct api_counter { /* texts that live as long as the program */
    const char *name, *what;
    uint64_t value;
};

struct api_config {
    const char *host;                 /* numeric address to listen on */
    uint16_t port;                    /* 0: any free one; see api_port */
    const char *cert_path, *key_path; /* PEM */
    const char *store_path;
    struct baton_key controller_key; /* Ed25519, as in trust documents */
    void *sign_ctx; /* with that key, for certificates; NULL sign: none are given */
    void (*sign)(void *ctx, const char *domain, const void *bytes, size_t len,
                 struct baton_sig *ret_sig);
    void
        *counter_ctx; /* what others count, for /metrics: from index 0 until false; NULL: nothing */
    bool (*counter)(void *ctx, size_t index, struct api_counter *ret_counter);
    const struct api_asset *asset; /* may be NULL */
    size_t asset_count;
};

struct api;

enum baton_status api_open(const struct api_config *config, struct engine *engine,
                           const struct digest_port *digest, struct api **ret_api,
                           struct baton_err *err) BATON_MUST_USE;
/* Serves nobody any more. What is left is api_wake, which others may be about to call. */
void api_stop(struct api *api);
void api_close(struct api **api);
uint16_t api_port(const struct api *api);
/* New audit records are durable: event streams go on. Without it they look four times a second. */
void api_wake(struct api *api);

enum { API_FINGERPRINT_BYTES = 65 };
/* Makes a self-signed certificate and its key (0600) where there are none; leaves files alone that
 * exist. The fingerprint is the SHA-256 of the public key, in hex: what `baton login` pins. */
enum baton_status api_tls_ensure(const char *cert_path, const char *key_path, const char *host,
                                 char ret_fingerprint[API_FINGERPRINT_BYTES],
                                 struct baton_err *err) BATON_MUST_USE;

#endif
