/* Which hosts this system's agent can look at: its own server's adapter is not there yet, and the lab's
 * sockets are not of this system. */
#include "agent/run.h"

enum baton_status
host_open(const char *text, struct host_port *ret_host, struct baton_err *err)
{
    *ret_host = (struct host_port){0};
    return baton_fail(
        err, BATON_USAGE,
        "host '%s': the agent for Windows has no host adapter yet; docs/windows.md says "
        "what works",
        text);
}
