/* proxy.h: a small HTTP CONNECT or SOCKS5 proxy on the loopback address, for tests.
 *
 * Shape      A thread; one client at a time. It carries bytes to wherever it is asked to.
 */
#ifndef TESTS_PROXY_H
#define TESTS_PROXY_H

#include <stdbool.h>

enum proxy_kind { PROXY_HTTP, PROXY_SOCKS, PROXY_REFUSES, PROXY_HANGS_UP };

struct proxy;

struct proxy *proxy_start(enum proxy_kind kind, int port); /* port 0: any; NULL: cannot */
int proxy_port(const struct proxy *p);
unsigned proxy_carried(struct proxy *p); /* connections that reached their target */
void proxy_cut(struct proxy *p);         /* ends the connection that is carried now */
void proxy_stop(struct proxy *p);

#endif
