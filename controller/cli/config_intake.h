/* config_intake.h: the configuration of a server, from a folder or file that a person names.
 *
 * Errors     BATON_IO, BATON_MALFORMED, BATON_LIMIT with file, line and what was expected: all of
 *            them end a program with 1, since none is a verdict. Never a model of a part of what is
 *            there.
 * Ownership  config_model_free.
 * Source     formats 1, 7, 8.
 */
#ifndef BATON_CONFIG_INTAKE_H
#define BATON_CONFIG_INTAKE_H

#include "cli.h"
#include "common/verify/config_model.h"

enum baton_status config_intake(struct cli *c, const char *path, struct config_model **ret_model);

#endif
