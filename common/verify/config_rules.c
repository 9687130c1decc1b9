#include "rule_match.h"
#include "rule_order.h"

#include "common/draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RULE_EDITOR "the Synchronization Rules Editor on NEW"

enum { RULE_LABEL_BYTES = 2 * LABEL_BYTES, NAMES_SHOWN_MAX = 4 };

/* "In from AD - User Join (forest contoso.com)" */
static void
rule_label(const struct comparison *cmp, const struct rule_view *v, char out[RULE_LABEL_BYTES])
{
    char connector[LABEL_BYTES] = "";
    if (v->pair != PAIR_NONE)
        config_pair_label(&cmp->pair[v->pair], connector);
    (void)snprintf(out, RULE_LABEL_BYTES, connector[0] != '\0' ? "%.100s (%.40s)" : "%.100s%s",
                   v->rule->name, connector);
}

static const char *
enabled_text(bool enabled)
{
    return enabled ? "enabled" : "disabled";
}

/* --- what a whole rule does -------------------------------------------------------------------- */

/* Everything that acceptance of a missing or an added rule is about. */
static char *
whole_text(const struct rule_view *v)
{
    struct draft d = {0};
    draft_put(&d, enabled_text(v->enabled));
    if (v->rule->content_said) {
        draft_format(&d, "; %s; scope: %s; join: %s; flows:", v->text.link, v->text.scope,
                     v->text.join);
        for (size_t i = 0; i < v->text.flow_count; i++)
            draft_format(&d, "%s %s <- %s", i == 0 ? "" : ";", v->text.flow[i].target,
                         v->text.flow[i].text);
    }
    return draft_end(&d);
}

/* The attributes that nothing on the other side brings any more: "a, b and 3 more", "" of none. */
static void
names_of_lost(const struct rules_side *side, size_t rule, const struct rules_side *other,
              char out[FINDING_TEXT_BYTES])
{
    size_t named = 0, more = 0, at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < side->flow_count; i++) {
        if (side->flow[i].rule != rule || rules_flow(other, side->flow[i].key))
            continue;
        if (named == NAMES_SHOWN_MAX) {
            more++;
            continue;
        }
        at += (size_t)snprintf(out + at, FINDING_TEXT_BYTES - at, "%s%.40s", named == 0 ? "" : ", ",
                               side->flow[i].target);
        named++;
    }
    if (more > 0)
        (void)snprintf(out + at, FINDING_TEXT_BYTES - at, " and %zu more", more);
}

static void
why_stops(struct config_row *row, const struct rules_match *m, const struct rule_view *o)
{
    char names[FINDING_TEXT_BYTES] = "";
    if (m->new_side.complete)
        names_of_lost(&m->old_side, (size_t)(o - m->old_side.view), &m->new_side, names);
    if (names[0] != '\0')
        config_row_why(row, "what the rule did stops: nothing brings %s any more", names);
    else
        config_row_why(row, "what the rule did to every object in its scope stops");
}

static enum baton_status
row_missing(struct comparison *cmp, const struct rules_match *m, const struct rule_view *o)
{
    char label[RULE_LABEL_BYTES], *whole = whole_text(o);
    if (whole == NULL)
        return BATON_NOMEM;
    rule_label(cmp, o, label);
    struct config_row *row =
        config_row_add(cmp->rows, o->enabled ? CONFIG_RULE_MISSING : CONFIG_EXPECTED, whole,
                       "missing", "%s", label);
    free(whole);
    if (!o->enabled) {
        config_row_why(row, "a rule that was disabled did nothing; its absence changes nothing");
        return BATON_OK;
    }
    why_stops(row, m, o);
    if (o->rule->tag[0] != '\0')
        config_row_advice(row, "select the same optional features in the Entra Connect wizard on "
                               "NEW; a standard rule comes with its feature");
    else
        config_row_advice(row, "export it on OLD in the Synchronization Rules Editor, put NEW's "
                               "connector identifier into the script, run it on NEW, then a full "
                               "synchronization");
    return BATON_OK;
}

static enum baton_status
row_added(struct comparison *cmp, const struct rules_match *m, const struct rule_view *n)
{
    char label[RULE_LABEL_BYTES], names[FINDING_TEXT_BYTES] = "", *whole = whole_text(n);
    if (whole == NULL)
        return BATON_NOMEM;
    rule_label(cmp, n, label);
    struct config_row *row = config_row_add(
        cmp->rows, n->enabled ? CONFIG_RULE_ADDED : CONFIG_EXPECTED, "missing", whole, "%s", label);
    free(whole);
    if (!n->enabled) {
        config_row_why(row, "a rule that is disabled does nothing");
        return BATON_OK;
    }
    if (m->old_side.complete)
        names_of_lost(&m->new_side, (size_t)(n - m->new_side.view), &m->old_side, names);
    if (names[0] != '\0')
        config_row_why(row, "a rule that only NEW has brings %s", names);
    else
        config_row_why(row, "a rule that only NEW has acts on every object in its scope");
    config_row_advice(row, "disable it in " RULE_EDITOR ", or accept what it does");
    return BATON_OK;
}

/* --- a rule that both have ---------------------------------------------------------------------- */

struct change { /* what differs of one rule, as it is written down */
    struct draft old_text, new_text;
    bool scope, join, link;
    size_t flows;
    const char *flow; /* the first one */
};

static void
change_part(struct change *c, const char *what, const char *old_text, const char *new_text)
{
    const char *glue = c->old_text.len > 0 ? "; " : "";
    draft_format(&c->old_text, "%s%s: %s", glue, what, old_text);
    draft_format(&c->new_text, "%s%s: %s", glue, what, new_text);
}

static void
change_flow(struct change *c, const char *target, const char *old_text, const char *new_text)
{
    if (c->flows++ == 0)
        c->flow = target;
    change_part(c, target, old_text, new_text);
}

/* A flow that is gone altogether, or begins, is a row about the attribute and not about the rule. */
static bool
is_attribute_row(const struct rules_side *side, const struct rules_side *other, size_t rule,
                 const char *target)
{
    if (!side->complete || !other->complete)
        return false;
    for (size_t i = 0; i < side->flow_count; i++)
        if (side->flow[i].rule == rule && strcasecmp(side->flow[i].target, target) == 0)
            return !rules_flow(other, side->flow[i].key);
    return false;
}

static void
change_flows(struct change *c, const struct rules_match *m, const struct rule_view *o,
             const struct rule_view *n)
{
    const struct rule_text *a = &o->text, *b = &n->text;
    size_t old_rule = (size_t)(o - m->old_side.view), new_rule = (size_t)(n - m->new_side.view);
    for (size_t i = 0, j = 0; i < a->flow_count || j < b->flow_count;) {
        int order = i == a->flow_count   ? 1
                    : j == b->flow_count ? -1
                                         : strcasecmp(a->flow[i].target, b->flow[j].target);
        if (order == 0 && strcmp(a->flow[i].text, b->flow[j].text) != 0)
            change_flow(c, a->flow[i].target, a->flow[i].text, b->flow[j].text);
        else if (order < 0 &&
                 !is_attribute_row(&m->old_side, &m->new_side, old_rule, a->flow[i].target))
            change_flow(c, a->flow[i].target, a->flow[i].text, "no flow");
        else if (order > 0 &&
                 !is_attribute_row(&m->new_side, &m->old_side, new_rule, b->flow[j].target))
            change_flow(c, b->flow[j].target, "no flow", b->flow[j].text);
        i += order <= 0;
        j += order >= 0;
    }
}

static void
why_changed(struct config_row *row, const struct change *c)
{
    if (c->join || c->link)
        config_row_why(row, "objects are joined in another way: some may be made a second time, "
                            "or lose their twin");
    else if (c->scope)
        config_row_why(row, "the rule acts on other objects than before");
    else if (c->flows == 1)
        config_row_why(row, "%.80s gets another value on every object in the rule's scope",
                       c->flow);
    else
        config_row_why(row,
                       "%.80s and %zu more attributes get other values on every object in the "
                       "rule's scope",
                       c->flow, c->flows - 1);
}

/* A newer product brings newer standard rules: then a person looks, whatever the policy says of rules
 * that somebody changed. */
static bool
versions_differ(const struct rule_view *o, const struct rule_view *n)
{
    const char *a, *b;
    (void)rule_tag_base(o->rule->tag, &a);
    (void)rule_tag_base(n->rule->tag, &b);
    return a[0] != '\0' && b[0] != '\0' && strcmp(a, b) != 0;
}

static void
row_changed(struct comparison *cmp, const struct change *c, const char *label,
            const struct rule_view *o, const struct rule_view *n, const char *old_text,
            const char *new_text)
{
    struct config_row *row =
        config_row_add(cmp->rows, CONFIG_RULE_CHANGED, old_text, new_text, "%s", label);
    why_changed(row, c);
    if (versions_differ(o, n)) {
        row->most = SEVERITY_REVIEW;
        config_row_advice(row,
                          "the rule comes with the product and NEW has another version: if OLD's "
                          "was changed by hand, make that change again as a custom rule");
    } else if (o->rule->tag[0] != '\0') {
        config_row_advice(row, "reset the standard rule and make the change again as a custom rule "
                               "in " RULE_EDITOR);
    } else {
        config_row_advice(row, "make it equal in " RULE_EDITOR ", then run a full synchronization");
    }
}

static enum baton_status
compare_content(struct comparison *cmp, const struct rules_match *m, const struct rule_view *o,
                const struct rule_view *n, const char *label)
{
    struct change c = {.link = strcmp(o->text.link, n->text.link) != 0,
                       .scope = strcmp(o->text.scope, n->text.scope) != 0,
                       .join = !o->rule->join_unsaid && !n->rule->join_unsaid &&
                               strcmp(o->text.join, n->text.join) != 0};
    if (c.link)
        change_part(&c, "link", o->text.link, n->text.link);
    if (c.scope)
        change_part(&c, "scope", o->text.scope, n->text.scope);
    if (c.join)
        change_part(&c, "join", o->text.join, n->text.join);
    change_flows(&c, m, o, n);

    char *old_text = draft_end(&c.old_text), *new_text = draft_end(&c.new_text);
    enum baton_status rc = old_text != NULL && new_text != NULL ? BATON_OK : BATON_NOMEM;
    if (rc == BATON_OK && (c.link || c.scope || c.join || c.flows > 0))
        row_changed(cmp, &c, label, o, n, old_text, new_text);
    free(old_text);
    free(new_text);
    return rc;
}

static void
row_enabled(struct comparison *cmp, const struct rules_match *m, const struct rule_view *o,
            const struct rule_view *n, const char *label)
{
    struct config_row *row =
        config_row_add(cmp->rows, CONFIG_RULE_CHANGED, enabled_text(o->enabled),
                       enabled_text(n->enabled), "%s", label);
    if (o->enabled)
        why_stops(row, m, o);
    else
        config_row_why(row, "a rule that did nothing begins to act on every object in its scope");
    config_row_advice(row, "%s it in " RULE_EDITOR ", then run a full synchronization",
                      o->enabled ? "enable" : "disable");
}

static void
row_rule_password(struct comparison *cmp, const struct rule_view *o, const char *label)
{
    bool on = o->rule->password_sync == YES;
    struct config_row *row = config_row_add(cmp->rows, CONFIG_PASSWORD_SYNC, on ? "on" : "off",
                                            on ? "off" : "on", "password sync of %s", label);
    config_row_why(row, on ? "password changes of the objects in this rule's scope no longer reach "
                             "the tenant"
                           : "password hashes of the objects in this rule's scope would leave for "
                             "the tenant");
    config_row_advice(row, "set Enable Password Sync of the rule in " RULE_EDITOR " as on OLD");
}

static enum baton_status
compare_matched(struct comparison *cmp, const struct rules_match *m, const struct rule_view *o)
{
    const struct rule_view *n = &m->new_side.view[o->partner];
    char label[RULE_LABEL_BYTES];
    rule_label(cmp, o, label);
    if (!o->enabled && !n->enabled)
        return BATON_OK;
    if (o->enabled != n->enabled) {
        row_enabled(cmp, m, o, n, label);
        return BATON_OK;
    }
    if (o->rule->password_sync != UNSAID && n->rule->password_sync != UNSAID &&
        o->rule->password_sync != n->rule->password_sync)
        row_rule_password(cmp, o, label);
    if (!o->rule->content_said || !n->rule->content_said)
        return BATON_OK;
    return compare_content(cmp, m, o, n, label);
}

/* --- attributes, whichever rule brings them --------------------------------------------------- */

/* Whether the rule that brought it is still there: else its own row says that it is lost. */
static bool
key_is_own_row(const struct rules_side *side, const struct rules_side *other, size_t first,
               size_t *ret_next)
{
    bool lives = false;
    size_t i = first;
    for (; i < side->flow_count && strcmp(side->flow[i].key, side->flow[first].key) == 0; i++)
        lives = lives || rule_lives_on(&side->view[side->flow[i].rule], other);
    *ret_next = i;
    return lives;
}

static void
row_attribute(struct comparison *cmp, const struct rules_side *side, const struct flow_key *k,
              bool lost)
{
    const struct rule_view *v = &side->view[k->rule];
    bool outbound = rule_is_outbound(v->rule);
    char flows[2 * LABEL_BYTES], where[LABEL_BYTES] = "the metaverse";
    if (outbound && v->pair != PAIR_NONE)
        config_pair_label(&cmp->pair[v->pair], where);
    (void)snprintf(flows, sizeof flows, "flows by %.200s", v->rule->name);
    struct config_row *row =
        config_row_add(cmp->rows, lost ? CONFIG_ATTRIBUTE_LOST : CONFIG_ATTRIBUTE_ADDED,
                       lost ? flows : "no flow", lost ? "no flow" : flows,
                       "attribute %s of %s in %s", k->target, v->rule->target_type, where);
    if (!lost)
        config_row_why(row, "%.80s of every %.60s gets a value that it did not have", k->target,
                       v->rule->target_type);
    else if (outbound)
        config_row_why(row, "%.80s would be emptied on every %.60s in %.60s", k->target,
                       v->rule->target_type, where);
    else
        config_row_why(
            row,
            "%.80s no longer reaches the metaverse: it is emptied in the tenant on every "
            "%.60s",
            k->target, v->rule->target_type);
    config_row_advice(row, lost ? "add the transformation in a custom rule in " RULE_EDITOR
                                  ", then run a full synchronization"
                                : "remove the transformation in " RULE_EDITOR ", or accept it");
}

static void
compare_attributes(struct comparison *cmp, const struct rules_side *side,
                   const struct rules_side *other, bool lost)
{
    for (size_t i = 0, next; i < side->flow_count; i = next)
        if (key_is_own_row(side, other, i, &next) && !rules_flow(other, side->flow[i].key))
            row_attribute(cmp, side, &side->flow[i], lost);
}

/* --- rules against flows of the FIM era ------------------------------------------------------- */

static bool
flows_to_entra(const struct comparison *cmp, const struct rule_view *v)
{
    return rule_is_outbound(v->rule) && v->pair != PAIR_NONE &&
           config_pair_kind(&cmp->pair[v->pair]) == CONNECTOR_ENTRA;
}

static size_t
entra_flows(const struct comparison *cmp, const struct rules_side *side)
{
    size_t n = 0;
    for (size_t i = 0; i < side->flow_count; i++)
        n += flows_to_entra(cmp, &side->view[side->flow[i].rule]);
    return n;
}

static void
compare_entra_flows(struct comparison *cmp, const struct rules_side *side,
                    const struct rules_side *other, bool lost)
{
    for (size_t i = 0; i < side->flow_count; i++)
        if ((i == 0 || strcmp(side->flow[i - 1].key, side->flow[i].key) != 0) &&
            flows_to_entra(cmp, &side->view[side->flow[i].rule]) &&
            !rules_flow(other, side->flow[i].key))
            row_attribute(cmp, side, &side->flow[i], lost);
}

/* Only one side has synchronization rules: what both can say is which attributes flow out to Entra ID. */
static void
compare_eras(struct comparison *cmp, const struct rules_match *m)
{
    bool old_said = entra_flows(cmp, &m->old_side) > 0,
         new_said = entra_flows(cmp, &m->new_side) > 0;
    config_row_unsaid(cmp, CONFIG_EXPECTED, cmp->old_model->rules_said, cmp->new_model->rules_said,
                      "scope, join and precedence", "synchronization rules");
    if (!old_said || !new_said || !m->old_side.complete || !m->new_side.complete) {
        config_row_unsaid(cmp, CONFIG_ATTRIBUTE_LOST, old_said && m->old_side.complete,
                          new_said && m->new_side.complete, "attributes that flow out", "Entra ID");
        return;
    }
    compare_entra_flows(cmp, &m->old_side, &m->new_side, true);
    compare_entra_flows(cmp, &m->new_side, &m->old_side, false);
}

/* --- all -------------------------------------------------------------------------------------- */

/* Standard rules whose tag has another version: one row for all, since it is one fact. */
static enum baton_status
row_versions(struct comparison *cmp, const struct rules_match *m)
{
    struct draft old_tags = {0}, new_tags = {0};
    size_t n = 0;
    for (size_t i = 0; i < m->old_side.count; i++) {
        const struct rule_view *v = &m->old_side.view[i];
        const struct rule_view *w = v->partner != NO_RULE ? &m->new_side.view[v->partner] : NULL;
        if (w == NULL || !versions_differ(v, w))
            continue;
        draft_format(&old_tags, "%s%s", n == 0 ? "" : ", ", v->rule->tag);
        draft_format(&new_tags, "%s%s", n == 0 ? "" : ", ", w->rule->tag);
        n++;
    }
    char *old_text = draft_end(&old_tags), *new_text = draft_end(&new_tags);
    enum baton_status rc = old_text != NULL && new_text != NULL ? BATON_OK : BATON_NOMEM;
    if (rc == BATON_OK && n > 0) {
        struct config_row *row = config_row_add(cmp->rows, CONFIG_EXPECTED, old_text, new_text,
                                                "version of %zu standard rules", n);
        config_row_why(row, "the number at the end of an immutable tag is the product's version of "
                            "the rule; what the rules do is compared on its own");
        config_row_advice(row, "nothing");
    }
    free(old_text);
    free(new_text);
    return rc;
}

/* A settings file names standard rules without their content. */
static void
row_content_unsaid(struct comparison *cmp, const struct rules_match *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->old_side.count; i++) {
        const struct rule_view *v = &m->old_side.view[i];
        n += v->partner != NO_RULE &&
             (!v->rule->content_said || !m->new_side.view[v->partner].rule->content_said);
    }
    if (n == 0)
        return;
    char what[LABEL_BYTES];
    (void)snprintf(what, sizeof what, "content of %zu rules", n);
    config_row_unsaid(cmp, CONFIG_EXPECTED, m->old_side.complete, m->new_side.complete, what,
                      "the product");
}

static bool
join_is_known(const struct rule_view *v)
{
    return !v->enabled || !v->rule->content_said || !v->rule->join_unsaid;
}

/* How a custom rule joins decides about twins: where a form leaves it out, a person looks. */
static void
row_join_unsaid(struct comparison *cmp, const struct rules_match *m)
{
    size_t n = 0;
    bool old_said = true, new_said = true;
    for (size_t i = 0; i < m->old_side.count; i++) {
        const struct rule_view *o = &m->old_side.view[i];
        if (o->partner == NO_RULE)
            continue;
        const struct rule_view *w = &m->new_side.view[o->partner];
        n += !join_is_known(o) || !join_is_known(w);
        old_said = old_said && join_is_known(o);
        new_said = new_said && join_is_known(w);
    }
    char where[LABEL_BYTES];
    (void)snprintf(where, sizeof where, "%zu custom rules", n);
    if (n > 0)
        config_row_unsaid(cmp, CONFIG_RULE_CHANGED, old_said, new_said, "join", where);
}

static enum baton_status
compare_rule_by_rule(struct comparison *cmp, const struct rules_match *m)
{
    enum baton_status rc = BATON_OK;
    for (size_t i = 0; i < m->old_side.count && rc == BATON_OK; i++)
        rc = m->old_side.view[i].partner != NO_RULE ? compare_matched(cmp, m, &m->old_side.view[i])
                                                    : row_missing(cmp, m, &m->old_side.view[i]);
    for (size_t i = 0; i < m->new_side.count && rc == BATON_OK; i++)
        if (m->new_side.view[i].partner == NO_RULE)
            rc = row_added(cmp, m, &m->new_side.view[i]);
    if (rc == BATON_OK && m->old_side.complete && m->new_side.complete) {
        compare_attributes(cmp, &m->old_side, &m->new_side, true);
        compare_attributes(cmp, &m->new_side, &m->old_side, false);
    }
    row_content_unsaid(cmp, m);
    row_join_unsaid(cmp, m);
    if (rc == BATON_OK)
        rc = row_versions(cmp, m);
    return rc == BATON_OK ? compare_rule_order(cmp, m) : rc;
}

enum baton_status
compare_rules(struct comparison *cmp)
{
    struct rules_match m;
    enum baton_status rc = rules_match(cmp, &m);
    if (rc != BATON_OK)
        return rc;
    if (m.old_side.count == 0 || m.new_side.count == 0)
        config_row_unsaid(cmp, CONFIG_RULE_MISSING, m.old_side.count > 0, m.new_side.count > 0,
                          "rules", "the configuration");
    else if (cmp->old_model->rules_said == cmp->new_model->rules_said)
        rc = compare_rule_by_rule(cmp, &m);
    else
        compare_eras(cmp, &m);
    rules_done(&m);
    return rc;
}
