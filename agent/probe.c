#include "probe.h"

#include <string.h>

bool
probe_possible(const char *host)
{
    return strpbrk(host, "* ") == NULL && strchr(host, '.') != NULL;
}
