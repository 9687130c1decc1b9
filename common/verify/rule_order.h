/* rule_order.h: which rules changed their place, and where that decides about a value.
 *
 * Shape      Numbers may differ for many reasons; what counts is which of two rules wins. The rules
 *            that moved are those outside the longest run that kept its order. A moved rule is
 *            `rule-changed` when another rule that it passed brings the same attribute to the same
 *            place, or joins the same objects; else the difference is `expected`.
 * Source     domain 6.3 (precedence 0-99 for custom rules; lower wins).
 */
#ifndef VERIFY_RULE_ORDER_H
#define VERIFY_RULE_ORDER_H

#include "rule_match.h"

enum baton_status compare_rule_order(struct comparison *cmp,
                                     const struct rules_match *m) BATON_MUST_USE;

#endif
