/* config_rows.h: the rows of a comparison of two configurations: what differs, how bad, what to do.
 *
 * Shape      A row is a finding of a CF- rule with its class and both values. config_row_add makes one,
 *            config_row_why and _advice say the rest; config_rows_finish judges all by the limits,
 *            gives each its digest and puts the worst first.
 *            The digest is over class, subject and both whole values: what is shown may be cut,
 *            what is accepted is not.
 * Limits     FINDINGS_MAX rows.
 * Errors     Sticky: the first one stays in rows->status, and is what config_rows_finish returns.
 * Ownership  Texts are copied. config_rows_done.
 * Threads    One.
 * Source     docs/verification.md; handoff G-PARITY.
 */
#ifndef VERIFY_CONFIG_ROWS_H
#define VERIFY_CONFIG_ROWS_H

#include "baton/finding.h"
#include "limits.h"

/* name, text, rule */
#define CONFIG_CLASSES(X)                                                                          \
    X(SCOPE_NARROWED, "scope-narrowed", "CF-SCOPE-NARROWED")                                       \
    X(ANCHOR, "anchor", "CF-ANCHOR")                                                               \
    X(PASSWORD_SYNC, "password-sync", "CF-PASSWORD-SYNC")                                          \
    X(ATTRIBUTE_LOST, "attribute-lost", "CF-ATTRIBUTE-LOST")                                       \
    X(RULE_MISSING, "rule-missing", "CF-RULE-MISSING")                                             \
    X(RULE_CHANGED, "rule-changed", "CF-RULE-CHANGED")                                             \
    X(RULE_ADDED, "rule-added", "CF-RULE-ADDED")                                                   \
    X(SCOPE_WIDENED, "scope-widened", "CF-SCOPE-WIDENED")                                          \
    X(ATTRIBUTE_ADDED, "attribute-added", "CF-ATTRIBUTE-ADDED")                                    \
    X(PARAMETER, "parameter", "CF-PARAMETER")                                                      \
    X(EXPECTED, "expected", "CF-EXPECTED")

enum config_class {
#define X(name, text, rule) CONFIG_##name,
    CONFIG_CLASSES(X)
#undef X
        CONFIG_CLASS_COUNT
};

struct config_row {
    enum config_class class;
    uint8_t least, most; /* enum finding_severity: bounds, whatever the policy says */
    char *subject, *old_text, *new_text;
    struct finding f;
};

struct config_rows {
    struct config_row *item;
    size_t count, capacity;
    struct config_row spare; /* what an adder gets after a failure */
    enum baton_status status;
};

const char *config_class_name(enum config_class class);
const char *config_class_rule(enum config_class class);

/* Never NULL. The row is good until the next one is added. */
struct config_row *config_row_add(struct config_rows *rows, enum config_class class,
                                  const char *old_text, const char *new_text,
                                  const char *subject_fmt, ...) BATON_PRINTF(5, 6);
void config_row_why(struct config_row *row, const char *fmt, ...) BATON_PRINTF(2, 3);
void config_row_advice(struct config_row *row, const char *fmt, ...) BATON_PRINTF(2, 3);

enum baton_status config_rows_finish(struct config_rows *rows,
                                     const struct limits *limits) BATON_MUST_USE;
size_t config_rows_count(const struct config_rows *rows, enum config_class class);
void config_rows_done(struct config_rows *rows);

#endif
