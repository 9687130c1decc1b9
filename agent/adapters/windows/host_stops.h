/* host_stops.h: since when each sync service has been stopped.
 *
 * Shape      The service manager does not say. What this process saw happen counts first; then what it
 *            or a life of it before wrote down, for as long as that must still be the same stop: a
 *            disabled service starts for nobody who has not first written to its key, and the key's
 *            time tells that. Else the caller asks the event log.
 * Units      Unix milliseconds; 0: not known.
 * Threads    One.
 * Source     protocol 3 (last run ended before the stop); agent/collectors/collect.h.
 */
#ifndef AGENT_WINDOWS_HOST_STOPS_H
#define AGENT_WINDOWS_HOST_STOPS_H

#include "host_services.h"

struct stop {
    wchar_t name[SERVICE_NAME_UNITS];
    bool ran, kept; /* ran: seen not stopped in this life; kept: written down as it is now */
    uint64_t unix_ms;
};

struct stops {
    size_t count;
    struct stop item[HOST_SERVICES_MAX];
};

/* A state that was told or read, in the order in which they came. */
void stops_see(struct stops *s, const wchar_t *name, uint8_t state, uint64_t unix_ms);
/* Notifications were missed: what was not written down is no longer known. */
void stops_doubt(struct stops *s);
/* Of a service that is stopped, which stops_see was told. */
uint64_t stops_since(struct stops *s, const wchar_t *name);
/* What the event log says of a stop that nobody saw. */
void stops_learn(struct stops *s, const wchar_t *name, uint64_t unix_ms);

#endif
