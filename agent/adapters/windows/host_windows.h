/* host_windows.h: the host port over this very Windows server.
 *
 * Shape      Three workers, so that a slow answer of one kind keeps nobody else waiting: native
 *            questions and the watch; changes of services and tasks, and files put down; collectors
 *            and whole files. A service that starts, stops or gets another start type is told at
 *            once (NotifyServiceStatusChangeW and the registry's own notification).
 * Limits     As host.h. Services are those of service_table.h alone: no request reaches another one.
 * Errors     Opening: BATON_IO. In completions: the system's, with its number and text.
 * Source     protocol 3, 4; domain 1, 2, 5.
 */
#ifndef AGENT_WINDOWS_HOST_WINDOWS_H
#define AGENT_WINDOWS_HOST_WINDOWS_H

#include "baton/host.h"

enum baton_status host_windows_open(struct host_port *ret_port,
                                    struct baton_err *err) BATON_MUST_USE;

#endif
