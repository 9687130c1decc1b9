/* moment.h: a point in time as a person types it.
 *
 * Shape      Date, a T or a blank, time of day, zone: 2026-12-01T20:00:00Z (RFC 3339),
 *            "2026-12-01 21:00+01:00", "2026-12-01 21:00 Europe/Vienna". Seconds may be left out, the
 *            zone may not: whoever types and whoever reads need not be in the same one.
 * Units      *_unix_ms.
 * Limits     Years 1970 to 9999; a name of a zone only where this machine has its tables.
 * Errors     BATON_USAGE, with what is wrong: no zone, no such day, an hour that the change of summer
 *            time leaves out or brings twice (then the offset says which).
 * Threads    One: it looks at zones by setting TZ.
 * Source     RFC 3339 5.6.
 */
#ifndef BATON_MOMENT_H
#define BATON_MOMENT_H

#include "baton/status.h"

#include <stdint.h>

enum baton_status moment_parse(const char *text, uint64_t *ret_unix_ms,
                               struct baton_err *err) BATON_MUST_USE;

#endif
