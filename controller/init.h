/* init.h: makes a controller's directory: keys, database, settings, certificate, the drop-in
 * that says who may reach it, first operator.
 *
 * Shape      Everything or nothing: what was made is removed again when a step fails.
 * Errors     BATON_CONFLICT: the directory holds something already. Others from each step.
 * Source     design 7 (bearer token from a 0600 file, TLS pinned by fingerprint).
 */
#ifndef BATON_INIT_H
#define BATON_INIT_H

#include "controller/settings.h"

struct init_wish {
    struct settings_flags flags;
    const char *operator; /* name of the first one */
    const char *allow;    /* networks, as allow.h; NULL: the private ones */
};

enum baton_status init_run(const struct init_wish *wish, struct baton_err *err) BATON_MUST_USE;

#endif
