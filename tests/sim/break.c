/* Worlds in which one promise does not hold. Whoever runs one and finds nothing has an observer that is blind. */
#include <string.h>

#include "sim.h"

static const char *const names[] = {
    "stop-lies", /* a server says that its services are stopped, and they run on: its exports betray it, L1 */
    "starts-by-itself",  /* the old services start again when the new server exports: I1 */
    "forgetful-agent",   /* an agent that is killed begins with its very first memory: I3 */
    "forgetful-site",    /* a controller that is killed begins with its very first database: I5 */
    "rewritten-log",     /* a record reads otherwise than it was written: I5 */
    "silent-order",      /* an order without its audit record: I5 */
    "holds-unasked",     /* a server that promised to another holds too: I2 */
    "way-back",          /* the old server has a grant after the new one has exported: I4 */
    "grant-again",       /* a grant that was used is live again: I6 */
    "signed-too-early",  /* people attest a server that the tenant still lets in: I1 */
    "wrong-tenant",      /* words go to the agent of another tenant: I7 */
    "foreign-recipient", /* an agent promises to a server of nobody's: I7 */
    "tells-secret",      /* a person's reason is the controller's key: I8 */
    "blind-grant",       /* a controller grants to whom it has not heard: I9 */
    "leaks",             /* an agent's end gives nothing back: I10 */
    "gap-unheard",       /* nobody says go, and nobody is paged: L2 */
    "mute-at-last",      /* after the end no agent answers: L3 */
    "pages-lost",        /* somebody starts the old services, and the alarm reaches nobody: L4 */
    "early-send",        /* what the engine sends leaves before the commit: I5 */
    "deaf",              /* the controller never lets the new server's agent in: L1 */
    "real-chance",       /* some chance is not the seed's: determinism */
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
