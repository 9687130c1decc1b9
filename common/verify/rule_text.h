/* rule_text.h: a synchronization rule as texts that are equal when two rules do the same.
 *
 * Shape      Scope and join: groups sorted, conditions sorted within them, doubles gone. Flows: sorted
 *            by target; white space and case of an expression count inside its literals alone; the
 *            sources of an expression are in the expression.
 * Errors     BATON_NOMEM.
 * Ownership  The texts are the rule_text's; targets borrow from the rule. rule_text_done.
 * Source     formats 1 (conditions are OR-ed, their children AND-ed).
 */
#ifndef VERIFY_RULE_TEXT_H
#define VERIFY_RULE_TEXT_H

#include "config_model.h"

struct flow_text {
    const char *target;
    char *text;  /* what flows into it and how */
    bool merges; /* adds to what other rules give, so that precedence does not decide */
};

struct rule_text {
    char *scope, *join; /* "none" when there is none */
    char *link;         /* "user -> person, Join" */
    struct flow_text *flow;
    size_t flow_count;
};

enum baton_status rule_text_make(const struct config_rule *r,
                                 struct rule_text *ret_text) BATON_MUST_USE;
void rule_text_done(struct rule_text *t);

/* The version of a standard rule's tag is its last part: "Microsoft.InfromADUserJoin" and "012" of
 * "Microsoft.InfromADUserJoin.012". Returns the length of the first; *ret_version "" when there is none. */
size_t rule_tag_base(const char *tag, const char **ret_version);

#endif
