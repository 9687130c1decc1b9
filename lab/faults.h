/* faults.h: what can go wrong on a server, by command.
 *
 * Shape      A fault stays until it is set again with the value "off". One table says what each
 *            takes when no value is given.
 */
#ifndef LAB_FAULTS_H
#define LAB_FAULTS_H

#include "world.h"

enum baton_status fault_set(struct server *s, const char *kind, const char *value,
                            struct baton_err *err) BATON_MUST_USE;
json_t *faults_json(const struct server *s); /* those that are set */

#endif
