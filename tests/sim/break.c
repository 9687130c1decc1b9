/* Worlds in which one promise does not hold. Whoever runs one and finds nothing has an observer that is blind. */
#include <string.h>

#include "sim.h"

static const char *const names[] = {
    "stop-lies", /* a server says that its services are stopped, and they run on: its exports betray it, L1 */
    "starts-by-itself", /* the old services start again when the new server exports: I1 */
    "forgetful-agent",  /* an agent that is killed begins with its very first memory: I3 */
    "forgetful-site",   /* a controller that is killed begins with its very first database: I3 */
    "early-send",       /* what the engine sends leaves before the commit: I5 */
    "deaf",             /* the controller never lets the new server's agent in: L1 */
    "real-chance",      /* some chance is not the seed's: determinism */
};

bool
sim_break_known(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

bool
sim_breaks(const struct sim *s, const char *name)
{
    BATON_ASSERT(sim_break_known(name));
    return s->broken != NULL && strcmp(s->broken, name) == 0;
}
