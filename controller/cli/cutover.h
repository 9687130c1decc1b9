/* cutover.h: what the commands of one cutover share. */
#ifndef BATON_CLI_CUTOVER_H
#define BATON_CLI_CUTOVER_H

#include "cli.h"

/* Posts a verb with --reason; etag may be NULL. */
enum baton_status cutover_send_verb(struct cli *c, const char *id, const char *verb,
                                    const char *etag);
/* With --wait: until the verb has led where it leads. */
enum baton_status cutover_wait_after(struct cli *c, const char *id, const char *verb);

#endif
