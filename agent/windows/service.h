/* service.h: this agent as a service of its system. One source for each system: on Windows one of the service
 * manager's; on Linux, where an agent looks at the lab alone, people start `baton-agent run`, and these refuse.
 *
 * Shape      service_command does install, uninstall, start, stop, repair or status. service_dispatch is the
 *            program's whole life under --service, and never called from a console: the service manager is
 *            asked for its controls, and run ends when process_stop_fd is readable.
 *            repair makes everything as install does, changes what deviates and nothing else, and prints
 *            what that was. status compares, and changes nothing.
 *            stop and uninstall are refused where may_stop (agent.h) refuses; a stop may say during_handoff, which
 *            is a warning in the Event Log, with who it was, and stops.
 * Errors     BATON_USAGE, BATON_NOT_FOUND (not installed), BATON_CONFLICT (installed already, disabled),
 *            BATON_DENIED, BATON_TIMEOUT; BATON_REFUSED: as may_stop; BATON_WAITING: status found what deviates.
 * Threads    run is called in a thread of the service manager's.
 * Source     docs/windows.md.
 */
#ifndef AGENT_SERVICE_H
#define AGENT_SERVICE_H

#include "baton/status.h"

struct service_options {
    const char *verb;
    const char *dir;     /* as --dir gave it; NULL: the usual one */
    const char *output;  /* table or json */
    bool during_handoff; /* stop: even then */
};

enum baton_status service_command(const struct service_options *o,
                                  struct baton_err *err) BATON_MUST_USE;

struct service_job {
    enum baton_status (*run)(void *ctx, struct baton_err *err);
    void *ctx;
    const char *dir; /* as in service_options */
};
enum baton_status service_dispatch(const struct service_job *job,
                                   struct baton_err *err) BATON_MUST_USE;

#endif
