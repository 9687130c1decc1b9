/* prereq_rows.h: which values of the registry say what a server is, by the names of deploy/prerequisites.
 *
 * Shape      What prerequisites.ps1 reads of the registry, for servers that are asked without PowerShell.
 *            A value that is not there is null; one that cannot be read is left out, which is no pass.
 *            Of rows with the same name the first that is there counts.
 * Threads    Reentrant; compiles everywhere.
 * Source     domain 5.1; agent/adapters/windows/scripts/prerequisites.ps1.
 */
#ifndef AGENT_WINDOWS_PREREQ_ROWS_H
#define AGENT_WINDOWS_PREREQ_ROWS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum prereq_kind {
    PREREQ_TEXT,
    PREREQ_NUMBER,
    PREREQ_DIGITS, /* a number that is kept as text */
    PREREQ_IS_SET, /* its bytes are nobody's business */
};

struct prereq_row {
    const char *name, *key, *value;
    uint8_t kind; /* enum prereq_kind */
};
const struct prereq_row *prereq_rows(size_t *ret_count);

struct prereq_seen {
    bool read, there; /* not read: it cannot be told whether it is there */
    uint32_t number;
    const char *text; /* UTF-8 */
};
void prereq_row_put(json_t *observed, const struct prereq_row *row, const struct prereq_seen *seen);

#endif
