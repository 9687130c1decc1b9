/* account_names.h: what accounts are called, kept: a domain controller that is asked and does not answer
 * holds its asker up.
 *
 * Shape      By the SID, as bytes. A look-up that found no name is kept too, for less long.
 * Units      now_ms monotonic.
 * Limits     ACCOUNT_NAMES_MAX; the one that was asked for longest ago makes room. A name is believed
 *            for ACCOUNT_NAME_MS, that there is none for ACCOUNT_NONE_MS.
 * Threads    One. Compiles everywhere.
 */
#ifndef AGENT_WINDOWS_ACCOUNT_NAMES_H
#define AGENT_WINDOWS_ACCOUNT_NAMES_H

#include "baton/ids.h"

enum {
    ACCOUNT_NAMES_MAX = 32,
    ACCOUNT_SID_BYTES = 68, /* the longest there is */
    ACCOUNT_NAME_MS = 60 * 60 * 1000,
    ACCOUNT_NONE_MS = 5 * 60 * 1000
};

struct account_name {
    uint8_t sid[ACCOUNT_SID_BYTES], sid_len;
    char name[NAME_BYTES]; /* "CONTOSO\\anna"; empty: it has none */
    uint64_t found_ms, asked_ms;
};
struct account_names {
    size_t count;
    struct account_name item[ACCOUNT_NAMES_MAX];
};

/* NULL: it has to be looked up. The name is valid until the next call. */
const char *account_names_find(struct account_names *a, const void *sid, size_t sid_len,
                               uint64_t now_ms);
/* What was looked up; the name as it is kept. */
const char *account_names_keep(struct account_names *a, const void *sid, size_t sid_len,
                               const char *name, uint64_t now_ms);

#endif
