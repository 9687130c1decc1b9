/* agents_text.h: the management agents of a DirSync-era engine, in the shapes of the newer cmdlets.
 *
 * Shape      As Get-ADSyncConnector, Get-ADSyncConnectorRunStatus and Get-ADSyncConnectorStatistics
 *            print them; nothing is "".
 * Errors     NULL: no memory. agents_statistics also when a count is no number.
 * Ownership  The caller frees.
 * Threads    Reentrant.
 * Source     domain 1.5, 2.4; docs/lab-protocol.md "Collectors".
 */
#ifndef AGENT_WINDOWS_AGENTS_TEXT_H
#define AGENT_WINDOWS_AGENTS_TEXT_H

#include "baton/ids.h"

enum { AGENTS_MAX = 32 };

struct agent_row {
    char path[256]; /* of the instance, for its methods */
    char name[NAME_BYTES], guid[64], type[NAME_BYTES], run_status[64];
};

char *agents_connectors(const struct agent_row *rows, size_t count);
char *agents_run_status(const struct agent_row *rows, size_t count);

enum agent_count { COUNT_ADDS, COUNT_UPDATES, COUNT_DELETES, COUNT_CONNECTORS, AGENT_COUNTS };
extern const char *const agent_count_methods[AGENT_COUNTS]; /* of MIIS_ManagementAgent */
char *agents_statistics(const char *const text[AGENT_COUNTS]);

/* The one that talks to Entra; NULL: there is none. */
const struct agent_row *agents_entra(const struct agent_row *rows, size_t count);

#endif
