/* wizard.h: what a person does in the configuration wizard.
 *
 * Shape      One wizard at a time on a server, with a process and a session for as long as it is
 *            open; meanwhile the scheduler is suspended. An act takes time and is answered when it
 *            has ended. An act in a wizard that somebody opened hours ago is as good as any: that is
 *            the late click. Acts that change staging wait for the cycle in progress to end.
 * Source     domain 3; handoff S1, S3, C4.
 */
#ifndef LAB_WIZARD_H
#define LAB_WIZARD_H

#include "world.h"

struct wizard_request {
    const char *act, *by;
    bool staging; /* install: put the server in staging mode */
    bool start;   /* staging-off: "start the synchronization process" is ticked */
};

/* Starts the act; the reply is answered when it has ended. */
enum baton_status wizard_act(struct server *s, const struct wizard_request *request,
                             struct reply reply, struct baton_err *err) BATON_MUST_USE;
bool wizard_knows(const char *act);
void wizard_cycle_ended(struct server *s);
void wizard_power_lost(struct server *s, const struct baton_err *why);

#endif
