/* host_windows.h: the host port over this very Windows server.
 *
 * Shape      Five workers, so that an answer that does not come keeps nobody else waiting: services and
 *            the watch; changes of services; tasks; processes, product, machine and event logs;
 *            collectors and files. A service that starts, stops or gets another start type is told at
 *            once (NotifyServiceStatusChangeW and the registry's own notification).
 * Limits     As host.h. Closing takes a few seconds at most: a worker that hangs in a call of the
 *            system's is left behind, with what it may still touch. Services are those of service_table.h alone: no request reaches another one.
 * Errors     Opening: BATON_IO. In completions: the system's, with its number and text.
 * Source     protocol 3, 4; domain 1, 2, 5.
 */
#ifndef AGENT_WINDOWS_HOST_WINDOWS_H
#define AGENT_WINDOWS_HOST_WINDOWS_H

#include "baton/host.h"

enum baton_status host_windows_open(struct host_port *ret_port,
                                    struct baton_err *err) BATON_MUST_USE;

#endif
