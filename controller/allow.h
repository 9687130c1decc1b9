/* allow.h: which networks may reach a controller that runs as a systemd service.
 *
 * Shape      A comma-separated list of addresses and networks ("10.0.0.0/8,2001:db8::/32,192.0.2.7"); the
 *            result is the text of a drop-in for baton-controller.service, which denies all others. This
 *            machine itself may always.
 * Limits     ALLOW_NETWORKS_MAX networks. Host bits behind the prefix are an error, not cut off.
 * Errors     BATON_USAGE names the part that is none.
 * Source     systemd.resource-control(5): IPAddressAllow wins over IPAddressDeny.
 */
#ifndef BATON_ALLOW_H
#define BATON_ALLOW_H

#include "baton/status.h"

#include <stddef.h>

enum { ALLOW_NETWORKS_MAX = 64, ALLOW_TEXT_BYTES = 8192 };

/* NULL: the private networks of RFC 1918, 4193 and 6598. */
enum baton_status allow_drop_in(const char *networks, char out[ALLOW_TEXT_BYTES],
                                struct baton_err *err) BATON_MUST_USE;

#endif
