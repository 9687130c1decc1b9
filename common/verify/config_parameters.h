/* config_parameters.h: the global parameters that are known, and what a difference of each means.
 *
 * Shape      A row of the table says how a difference is taken: not looked at (volatile, or a row of its
 *            own elsewhere), expected between two servers, or compared; as text, or as a set of names.
 *            A name that is not in the table is compared as text.
 *            A parameter that only one side knows is the version's; with a value that switches nothing
 *            on it is expected.
 * Source     domain 2.5, 6.3; formats 1 (37 to 41 names by version).
 */
#ifndef VERIFY_CONFIG_PARAMETERS_H
#define VERIFY_CONFIG_PARAMETERS_H

#include "config_model.h"

enum parameter_treatment {
    PARAMETER_IGNORED,
    PARAMETER_EXPECTED,
    PARAMETER_COMPARED,
    PARAMETER_SET, /* names with commas: order and doubles mean nothing */
};

struct parameter_rule {
    const char *name;
    enum parameter_treatment treatment;
    uint8_t least;   /* enum finding_severity, when it differs */
    const char *why; /* of the treatment, or of a difference */
    const char *advice;
};

const struct parameter_rule *parameter_rules(size_t *ret_count);
const struct parameter_rule *parameter_rule_named(const char *name); /* without case; NULL */
/* NULL when the model does not say it; a secret is never said. */
const char *parameter_value(const struct config_model *m, const char *name);

#endif
