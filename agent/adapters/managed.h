/* managed.h: settings that whoever manages this machine has fixed. They stand above files, BATON_* and flags.
 * One source for each system: on Windows the values of HKLM\Software\Policies\Baton, as group policy writes
 * them; Linux has none.
 *
 * Limits     MANAGED_BYTES a value.
 * Errors     BATON_USAGE: a value of the wrong kind, with its place; nothing is taken then.
 * Source     design 7.
 */
#ifndef AGENT_MANAGED_H
#define AGENT_MANAGED_H

#include "baton/status.h"

enum { MANAGED_BYTES = 512 };

enum managed_id {
    MANAGED_ADDRESS,   /* ControllerAddress: tcp://controller:7400 */
    MANAGED_PROXY,     /* Proxy */
    MANAGED_LOG_LEVEL, /* LogLevel */
    MANAGED_DIR,       /* DataDirectory */
    MANAGED_COUNT
};

struct managed {
    bool set[MANAGED_COUNT];
    char text[MANAGED_COUNT][MANAGED_BYTES];
};

enum baton_status managed_read(struct managed *ret_managed, struct baton_err *err) BATON_MUST_USE;
/* The agent's directory: what is fixed, else what was given (NULL: nothing), else process_home. */
enum baton_status managed_dir(const struct managed *m, const char *given, char *out, size_t cap,
                              struct baton_err *err) BATON_MUST_USE;
const char *managed_name(enum managed_id id);   /* "ControllerAddress" */
const char *managed_origin(enum managed_id id); /* the whole place, for errors and `status` */

#endif
