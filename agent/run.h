/* run.h: the commands of baton-agent that do something.
 *
 * Source     protocol 4 (boot), 5 (enrolment); design 7.
 */
#ifndef AGENT_RUN_H
#define AGENT_RUN_H

#include "baton/host.h"

/* Boot, then the network, then until a signal; again from the start when the machine was. */
enum baton_status agent_run(const char *dir, struct baton_err *err) BATON_MUST_USE;

/* The same, for a service: a directory that is not enrolled yet is waited for. */
enum baton_status agent_serve(const char *dir, struct baton_err *err) BATON_MUST_USE;

struct enrol_options {
    const char *dir, *token, *token_file, *host, *name, *proxy;
    const char *controller; /* its address, when it is another one from here than the token says */
    uint64_t timeout_ms;
};
enum baton_status agent_enrol(const struct enrol_options *o, struct baton_err *err) BATON_MUST_USE;

/* "lab:SOCKET"; on Windows "windows". */
enum baton_status host_open(const char *text, struct host_port *ret_host,
                            struct baton_err *err) BATON_MUST_USE;
/* What an agent looks at when nobody says otherwise: its own server; NULL: this system has no such. */
const char *host_default(void);
/* One request, waited for; for the moments before the loop. */
enum baton_status host_ask(const struct host_port *host, const struct host_request *request,
                           struct host_completion *ret_done, struct baton_err *err) BATON_MUST_USE;
/* Of this very program. */
void own_digest(struct baton_hash *ret_hash);

#endif
