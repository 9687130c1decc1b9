/* prereq_private.h: values that were observed, and one rule about them: whether its data are sound,
 * whether it is met, how it reads. */
#ifndef VERIFY_PREREQ_PRIVATE_H
#define VERIFY_PREREQ_PRIVATE_H

#include "prereq.h"

/* Text that grows until it is full; what does not fit is cut before a character. */
struct prereq_text {
    char *out;
    size_t cap, len;
};
void prereq_put(struct prereq_text *t, const char *text);

void prereq_value_put(struct prereq_text *t, const json_t *value); /* NULL: not known */
/* The value that a rule is about; NULL: nobody could say. *own is the caller's to drop. */
const json_t *prereq_value(const struct prereq_question *q, const char *name, json_t **own);

/* false: not of that kind. The registry keeps some numbers as text. */
bool prereq_number(const json_t *value, json_int_t *ret_number);
bool prereq_truth(const json_t *value, bool *ret_truth);
/* "2026-09-30" in UTC. */
bool prereq_date(const char *text, uint64_t *ret_unix_ms);

enum { VERSION_PARTS = 4 };
struct prereq_version {
    uint32_t part[VERSION_PARTS];
};
/* "2.6.84.0"; parts that are left out are 0. */
bool prereq_version(const char *text, struct prereq_version *ret_version);
int prereq_version_compare(const struct prereq_version *a, const struct prereq_version *b);

/* NULL: sound; else what is wrong with it. */
const char *prereq_rule_wrong(const json_t *rule);
enum prereq_state prereq_rule_judge(const json_t *rule, const struct prereq_question *q);
void prereq_rule_put(struct prereq_text *t, const json_t *rule, const struct prereq_question *q);
/* What was observed, as it bears on this rule. */
void prereq_rule_value_put(struct prereq_text *t, const json_t *rule,
                           const struct prereq_question *q);

/* accounts: descriptions; wanted: names of the values that hold the computers that may stand in them. */
enum prereq_state prereq_census_judge(const json_t *accounts, const json_t *wanted,
                                      const struct prereq_question *q);
void prereq_census_put(struct prereq_text *t, const json_t *accounts, const json_t *wanted,
                       const struct prereq_question *q);

#endif
