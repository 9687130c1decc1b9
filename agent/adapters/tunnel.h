/* tunnel.h: the way to a controller behind a proxy: HTTP CONNECT or SOCKS5, without passwords.
 *
 * Shape      A port on the loopback address whose connections are carried through the proxy. Bytes
 *            are not looked at: CURVE runs from end to end, and the proxy sees nothing.
 *            libzmq's own ZMQ_SOCKS_PROXY is not used: in 4.3.4 a proxy that refuses a connection
 *            aborts the process.
 * Limits     TUNNEL_LINES_MAX connections at once, TUNNEL_REPLY_BYTES for a proxy's answer.
 * Errors     tunnel_open: BATON_USAGE with what is wrong. Later troubles end that connection, which
 *            the socket on it opens again; tunnel_trouble says what the newest one was.
 * Threads    One thread: the loop's.
 */
#ifndef BATON_TUNNEL_H
#define BATON_TUNNEL_H

#include <zmq.h>

#include "baton/status.h"

enum { TUNNEL_LINES_MAX = 4, TUNNEL_REPLY_BYTES = 4096, TUNNEL_ITEMS = 2 };

struct tunnel;

/* proxy: "http://host:port" or "socks5://host:port"; target: "tcp://host:port". */
enum baton_status tunnel_open(void *context, const char *proxy, const char *target,
                              struct tunnel **ret_tunnel, struct baton_err *err);
void tunnel_close(struct tunnel **t);
const char *tunnel_endpoint(const struct tunnel *t); /* connect here instead */
void tunnel_poll(const struct tunnel *t, zmq_pollitem_t ret_items[TUNNEL_ITEMS]);
void tunnel_pump(struct tunnel *t);                 /* carries what is there */
const char *tunnel_trouble(const struct tunnel *t); /* "" when there was none */

#endif
