/* probe.h: whether a host takes a TCP connection on a port, from this machine and without a proxy.
 *
 * Shape      probe_tcp has a source for each system, in adapters.
 * Limits     One try, at most limit_ms after its name was resolved.
 */
#ifndef AGENT_PROBE_H
#define AGENT_PROBE_H

#include <stdbool.h>
#include <stdint.h>

bool probe_tcp(const char *host, uint16_t port, int limit_ms);
/* A name that can be connected to: no family (*.windows.net), no description. */
bool probe_possible(const char *host);

#endif
