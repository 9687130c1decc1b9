/* rules.h: every rule of verification by its stable id, with what it means and how it is judged.
 *
 * Shape      One table. A row: id, area, what is counted, and per preset (parity, parallel-upgrade,
 *            unsupported-path) the limit and the severity above it; one sentence why.
 *            The policy file of a tenant (limits.h) may change limits and severities, never ids.
 * Units      A limit is a count; percent_max is of the objects in scope, and the smaller one binds.
 * Source     domain 4.4, 4.5, 5; handoff G-*; docs/verification.md explains every row (tested).
 */
#ifndef VERIFY_RULES_H
#define VERIFY_RULES_H

#include "baton/finding.h"

enum rule_area { AREA_EXPORTS, AREA_CONFIG, AREA_RUNS, AREA_SERVER, AREA_PREREQ };

enum preset { PRESET_PARITY, PRESET_PARALLEL_UPGRADE, PRESET_UNSUPPORTED_PATH, PRESET_COUNT };

struct rule_limit {
    uint64_t count_max;  /* FINDING_NO_LIMIT: none */
    uint8_t percent_max; /* 100: none */
    uint8_t severity;    /* enum finding_severity, when a limit is passed */
};

struct verify_rule {
    const char *id; /* "EX-DELETES" */
    enum rule_area area;
    const char *what; /* what is counted: "objects deleted in the tenant" */
    struct rule_limit preset[PRESET_COUNT];
    const char *why; /* one sentence for docs, reports and explain */
};

const struct verify_rule *verify_rules(size_t *ret_count);
const struct verify_rule *verify_rule_named(const char *id); /* NULL: no such rule */
const char *rule_area_name(enum rule_area area);
const char *preset_name(enum preset p);
bool preset_parse(const char *text, enum preset *ret_preset); /* false: no such preset */

#endif
