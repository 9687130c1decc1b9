/* Which hosts this system's agent can look at. */
#include <string.h>

#include "agent/adapters/host_lab.h"
#include "agent/run.h"

enum baton_status
host_open(const char *text, struct host_port *ret_host, struct baton_err *err)
{
    if (strncmp(text, "lab:", 4) == 0)
        return host_lab_open(text + 4, ret_host, err);
    return baton_fail(err, BATON_USAGE, "unknown host '%s': lab:SOCKET is what this system offers",
                      text);
}

const char *
host_default(void)
{
    return NULL;
}
