/* preflight.h: `baton-agent preflight`: is this server fit to become the new one, and what of the old
 * one stands in the way?
 *
 * Shape      Asks the host once (collector prerequisites), or reads what was observed from a file,
 *            judges it by common/verify/prereq.h as the handoff's guard does, and prints every check.
 *            Changes nothing, needs no enrolment and no controller.
 * Errors     BATON_REFUSED: a check blocks. BATON_WAITING: one is for a person. BATON_IO: the host
 *            cannot be asked. Others: options, files.
 * Source     domain 5, 8; handoff G-PREREQ; docs/verification.md.
 */
#ifndef AGENT_PREFLIGHT_H
#define AGENT_PREFLIGHT_H

#include "baton/host.h"

struct preflight_options {
    const char *dir, *host, *from, *data, *side, *objects, *other; /* each may be NULL */
    const char *output;
    bool probe;
};

enum baton_status agent_preflight(const struct preflight_options *o,
                                  struct baton_err *err) BATON_MUST_USE;

#endif
