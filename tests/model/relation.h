/* relation.h: which changes of an agent's promise the protocol allows, said a second time.
 *
 * Shape      One table of rules over (promise before, what happened, promise after). Each says what may
 *            never change in any other way; together they are the transitions of hostile.pml. Nothing
 *            of the agent's own judging is called: where product and table differ, one of them is wrong.
 * Errors     The rule that a change breaks, as a static text; NULL when it keeps them all.
 * Threads    Reentrant.
 * Source     protocol 1, 2, 4.
 */
#ifndef TESTS_RELATION_H
#define TESTS_RELATION_H

#include "agent/core/member.h"

struct change {
    const struct promise *before, *after;
    const struct member_event *ev; /* NULL: guard_boot */
    bool says_evidence;            /* this step signs that the member is quiet */
};

const char *relation_broken(const struct change *c);

#endif
