/* input.h: files that a person names on the command line.
 *
 * Errors     BATON_NOT_FOUND, BATON_IO, BATON_LIMIT with the path; operator_card_read also
 *            BATON_MALFORMED.
 * Ownership  *ret_text is the caller's to free; it ends with a NUL that len does not count.
 */
#ifndef BATON_INPUT_H
#define BATON_INPUT_H

#include "cli.h"

#include <stdio.h>

#include "baton/trust.h"
#include "common/verify/limits.h"

/* For reading, without ever waiting; only a regular file is one. */
enum baton_status input_open(struct cli *c, const char *path, FILE **ret_file);
enum baton_status input_read(struct cli *c, const char *path, size_t most, char **ret_text,
                             size_t *ret_len);
/* A verification policy; --preset names the preset of one that names none, parity unless given. */
enum baton_status policy_text_read(struct cli *c, const char *path, char **ret_text,
                                   size_t *ret_len, struct limits *ret_limits);
/* The limits of --policy FILE, or of the preset alone. */
enum baton_status policy_read(struct cli *c, struct limits *ret_limits);
/* The public card that `baton operator new` made. */
enum baton_status operator_card_read(struct cli *c, const char *path,
                                     struct trust_operator *ret_operator);

#endif
