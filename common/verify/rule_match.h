/* rule_match.h: which synchronization rule of OLD is which of NEW, and what flows on either side.
 *
 * Shape      Matched by the base of the immutable tag, else by name; with direction and connector in
 *            either case (the connector only when every rule of both sides names one that is known).
 *            A flow key is direction, connector of an outbound flow, type and attribute: where a value
 *            arrives, whichever rule brings it.
 * Limits     RULES_COMPARED_MAX rules of a side.
 * Errors     BATON_LIMIT, BATON_NOMEM.
 * Ownership  Views borrow from the models. rules_done.
 * Source     the issue of rules with per-server identifiers: formats 7.
 */
#ifndef VERIFY_RULE_MATCH_H
#define VERIFY_RULE_MATCH_H

#include "config_pairs.h"
#include "rule_text.h"

enum { RULES_COMPARED_MAX = 4096 };

#define NO_RULE SIZE_MAX

struct rule_view {
    const struct config_rule *rule;
    struct rule_text text;
    size_t pair;    /* of its connector; PAIR_NONE */
    size_t partner; /* index on the other side; NO_RULE */
    bool enabled;
};

struct flow_key {
    char *key;
    size_t rule; /* index of the view */
    const char *target;
};

struct rules_side {
    const struct config_model *model;
    struct rule_view *view;
    size_t count;
    struct flow_key *flow; /* of enabled rules, sorted */
    size_t flow_count;
    bool complete; /* the content of every enabled rule is said */
};

struct rules_match {
    struct rules_side old_side, new_side;
};

enum baton_status rules_match(const struct comparison *cmp,
                              struct rules_match *ret_match) BATON_MUST_USE;
void rules_done(struct rules_match *m);

/* Whether anything on that side brings a value there. */
bool rules_flow(const struct rules_side *side, const char *key);
bool rule_is_outbound(const struct config_rule *r);
/* The partner of an enabled rule is there and enabled too. */
bool rule_lives_on(const struct rule_view *v, const struct rules_side *other);

#endif
