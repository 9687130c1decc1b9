/* Which hosts this system's agent can look at: its own server; the lab's sockets are not of this system. */
#include <string.h>

#include "agent/adapters/windows/host_windows.h"
#include "agent/run.h"

enum baton_status
host_open(const char *text, struct host_port *ret_host, struct baton_err *err)
{
    if (strcmp(text, host_default()) == 0)
        return host_windows_open(ret_host, err);
    return baton_fail(err, BATON_USAGE,
                      "unknown host '%s': 'windows', this very server, is what this "
                      "system offers",
                      text);
}

const char *
host_default(void)
{
    return "windows";
}
