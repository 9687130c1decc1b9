/* lab_reply.h: what one answer of the lab means for the request that it answers.
 *
 * Shape      Work that belongs to the agent once the lab has said where (files, the configuration) is
 *            done here, in the server's folder.
 * Errors     The completion's status and text. BATON_UNREACHABLE: the server has no power.
 * Source     docs/lab-protocol.md.
 */
#ifndef AGENT_LAB_REPLY_H
#define AGENT_LAB_REPLY_H

#include <jansson.h>

#include "baton/host.h"

enum baton_status lab_reply(const char *folder, const struct host_request *request,
                            const json_t *answer, struct host_completion *done);

#endif
