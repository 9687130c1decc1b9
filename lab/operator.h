/* operator.h: the person at the consoles who does what the shown tasks ask, by itself.
 *
 * Shape      Looks a few times a second. export-settings: a product that may be the old one has no
 *            exported file yet. migrate: a settings file lies ready and nothing is installed.
 *            Turning staging off and removing the old product are never done unasked: they are a
 *            person's answer to a task, so the demo asks for them (`wizard`, `uninstall`).
 */
#ifndef LAB_OPERATOR_H
#define LAB_OPERATOR_H

#include "world.h"

enum baton_status operator_allow(struct server *s, const char *act,
                                 struct baton_err *err) BATON_MUST_USE;
void operator_start(struct server *s); /* after one or more acts are allowed */
void operator_stop(struct server *s);

#endif
