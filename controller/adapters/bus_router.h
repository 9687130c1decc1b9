/* bus_router.h: the ROUTER socket as the bus sets it up, and the proof that it refuses strangers.
 *
 * Threads    One thread for a socket.
 */
#ifndef BATON_BUS_ROUTER_H
#define BATON_BUS_ROUTER_H

#include <czmq.h>

#include "common/crypto/crypto.h"
#include "controller/adapters/door.h"

enum { CURVE_OVERHEAD_BYTES = 64 }; /* libzmq counts the encrypted frame against its limit */

/* Once in a process, before any socket: czmq must not take over signals or linger. */
void router_process_init(void);

enum baton_status router_new(const struct crypto_identity *identity, zsock_t **ret_router,
                             struct baton_err *err) BATON_MUST_USE;
/* ret_endpoint: with the port that was chosen. */
enum baton_status router_bind(zsock_t *router, const char *endpoint, char *ret_endpoint, size_t cap,
                              struct baton_err *err) BATON_MUST_USE;

enum probe { PROBE_SILENT, PROBE_ADMITTED, PROBE_REFUSED };
/* What becomes of a client with this key pair. */
enum probe router_probe(const char *endpoint, const struct baton_key *server_key,
                        const struct baton_key *key, const uint8_t secret[BOX_SECRET_BYTES]);

/* On a loopback port of the same socket: a key in the door gets in, a random one does not. */
enum baton_status router_self_test(zsock_t *router, const struct crypto_identity *identity,
                                   struct door *door, uint64_t now_ms,
                                   struct baton_err *err) BATON_MUST_USE;

#endif
