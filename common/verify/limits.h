/* limits.h: what a tenant's verification policy allows: a preset, and what the tenant changes in it.
 *
 * Shape      limits_preset gives a documented preset; limits_read lays a YAML policy over the preset
 *            that it names, or over the given one when it names none. Effective limits are kept per
 *            rule, in the order of verify_rules().
 *              preset: parity
 *              rules:
 *                - rule: EX-DELETES
 *                  count: 5
 *                  severity: block
 *                  second_person: true
 *              attributes: [userPrincipalName, proxyAddresses, mail, accountEnabled]
 *              rows_may_leave: false
 * Limits     LIMITS_BYTES_MAX of text; LIMITS_ATTRIBUTES_MAX watched attributes.
 * Errors     BATON_MALFORMED with line and reason: not YAML, unknown key, unknown rule or preset,
 *            number out of range, the same rule twice. BATON_LIMIT.
 * Ownership  Plain value.
 * Source     domain 4.4, 4.5; docs/verification.md.
 */
#ifndef VERIFY_LIMITS_H
#define VERIFY_LIMITS_H

#include "rules.h"

enum { LIMITS_ATTRIBUTES_MAX = 64, LIMITS_RULES_MAX = 128, LIMITS_NAME_BYTES = 64 };

struct limit {
    struct rule_limit value;
    bool second_person; /* two people must accept what this rule finds */
    bool changed;       /* by the tenant, not from the preset */
};

struct limits {
    enum preset preset;
    bool preset_named;                                        /* by the policy itself */
    struct limit rule[LIMITS_RULES_MAX];                      /* as verify_rules() */
    char attribute[LIMITS_ATTRIBUTES_MAX][LIMITS_NAME_BYTES]; /* watched: any change is a finding */
    size_t attribute_count;
    bool rows_may_leave; /* sealed rows may be sent to named approvers */
};

void limits_preset(enum preset preset, struct limits *ret_limits);
enum baton_status limits_read(const char *text, size_t len, enum preset otherwise,
                              struct limits *ret_limits, struct baton_err *err) BATON_MUST_USE;
const struct limit *limits_of(const struct limits *l, const char *rule_id);
bool limits_watch(const struct limits *l, const char *attribute); /* names compare without case */
/* Whether `count` of `scope` objects passes the rule's limit; *ret_limit is the one that bound. */
bool limits_passed(const struct limits *l, const char *rule_id, uint64_t count, uint64_t scope,
                   uint64_t *ret_limit);

#endif
