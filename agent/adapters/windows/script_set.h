/* script_set.h: the PowerShell scripts that this program was built with.
 *
 * Shape      Bytes and the SHA-256 that each had when the program was built, from
 *            agent/adapters/windows/scripts, in the order of their names.
 * Threads    Any: nothing changes.
 */
#ifndef AGENT_WINDOWS_SCRIPT_SET_H
#define AGENT_WINDOWS_SCRIPT_SET_H

#include "baton/ids.h"

enum { SCRIPTS_MAX = 16 };

struct script {
    const char *name; /* "host.ps1" */
    const uint8_t *bytes;
    size_t len;
    struct baton_hash sha256;
};

extern const struct script scripts[];
extern const size_t script_count;

/* One hash over names and hashes of all of them. */
void scripts_digest(struct baton_hash *ret_hash);

#endif
