/* host_lab.h: the host port over one simulated server of baton-lab.
 *
 * Shape      One worker thread owns the Unix socket and the server's folder; requests wait in a
 *            queue, completions come back over its descriptor. The folder is the socket's path without
 *            ".sock". A dropped connection ends what was sent with BATON_UNREACHABLE, gives
 *            NOTICE_WATCH_BROKEN, and is dialled again; so does the first use after it.
 * Limits     As host.h and host_queue.h.
 * Errors     Opening: BATON_UNREACHABLE, BATON_MALFORMED (not a lab of this version).
 *            In completions: what the lab answered, BATON_TIMEOUT, BATON_UNREACHABLE.
 * Source     docs/lab-protocol.md.
 */
#ifndef AGENT_HOST_LAB_H
#define AGENT_HOST_LAB_H

#include "baton/host.h"

enum { LAB_PATH_BYTES = 512 };

enum baton_status host_lab_open(const char *socket_path, struct host_port *ret_port,
                                struct baton_err *err) BATON_MUST_USE;

#endif
