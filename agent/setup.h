/* setup.h: where one agent's things lie, and what its enrolment told it: baton-agent.ini in its
 * directory, written once by `enrol`.
 *
 * Shape      Everything is pinned there: the controller's two keys and the root's. Flags and
 *            BATON_* in the environment go above the file as everywhere, and what the machine's
 *            administrator fixed (managed.h) above all.
 * Errors     BATON_NOT_FOUND: not enrolled. BATON_USAGE: a line that cannot be right.
 * Source     protocol 5; design 7.
 */
#ifndef AGENT_SETUP_H
#define AGENT_SETUP_H

#include "baton/ids.h"

enum { SETUP_PATH_BYTES = 512, SETUP_ADDRESS_BYTES = 128 };

struct setup {
    char dir[SETUP_PATH_BYTES];
    char address[SETUP_ADDRESS_BYTES]; /* tcp://controller:7400 */
    char proxy[SETUP_ADDRESS_BYTES];   /* http://host:port or socks5://host:port, or empty */
    char host[SETUP_PATH_BYTES];       /* lab:SOCKET or windows */
    char name[NAME_BYTES];             /* this server, as the token calls it */
    struct baton_id tenant;
    struct baton_key controller_sign, controller_curve, root;
};

enum setup_file {
    SETUP_INI,
    SETUP_KEY,
    SETUP_LOCK,
    SETUP_STATUS,
    SETUP_BLOB_OUT,
    SETUP_BLOB_IN,
    SETUP_OLD_CONFIG,
    SETUP_OLD_CONFIG_PART,
    SETUP_PREREQUISITES,
    SETUP_RUN_HISTORIES
};

enum baton_status setup_read(const char *dir, struct setup *ret_setup,
                             struct baton_err *err) BATON_MUST_USE;
/* setup_read has done it: what the machine's administrator fixed in place of what it says. */
enum baton_status setup_manage(struct setup *s, struct baton_err *err) BATON_MUST_USE;
/* Whole and flushed or not at all; never over an existing one. */
enum baton_status setup_write(const struct setup *s, struct baton_err *err) BATON_MUST_USE;
enum baton_status setup_path(const char *dir, enum setup_file file, char out[SETUP_PATH_BYTES],
                             struct baton_err *err) BATON_MUST_USE;

#endif
