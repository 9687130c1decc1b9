#include "rule_match.h"

#include "common/draft.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct keyed {
    char *key;
    size_t rule;
};

static char *
lower_all(char *text)
{
    for (char *p = text; p != NULL && *p != '\0'; p++)
        *p = (char)tolower((unsigned char)*p);
    return text;
}

bool
rule_is_outbound(const struct config_rule *r)
{
    return strcasecmp(r->direction, "outbound") == 0;
}

/* --- views ------------------------------------------------------------------------------------ */

static enum baton_status
side_make(const struct comparison *cmp, const struct config_model *m, struct rules_side *ret_side)
{
    struct rules_side s = {.model = m, .complete = true};
    if (m->rule_count > RULES_COMPARED_MAX)
        return BATON_LIMIT;
    s.view = calloc(m->rule_count + 1, sizeof *s.view);
    enum baton_status rc = s.view != NULL ? BATON_OK : BATON_NOMEM;
    for (size_t i = 0; i < m->rule_count && rc == BATON_OK; i++) {
        struct rule_view *v = &s.view[i];
        *v = (struct rule_view){.rule = &m->rule[i],
                                .partner = NO_RULE,
                                .pair = config_pair_of(cmp, m, m->rule[i].connector),
                                .enabled = m->rule[i].disabled != YES};
        s.complete = s.complete && (!v->enabled || m->rule[i].content_said);
        rc = rule_text_make(&m->rule[i], &v->text);
        s.count++;
    }
    *ret_side = s; /* half built is good enough for rules_done */
    return rc;
}

/* --- flows ------------------------------------------------------------------------------------ */

static char *
flow_key_make(const struct rule_view *v, const char *target)
{
    struct draft d = {0};
    draft_put(&d, rule_is_outbound(v->rule) ? "outbound" : "inbound");
    if (rule_is_outbound(v->rule) && v->pair != PAIR_NONE)
        draft_format(&d, " %zu", v->pair);
    draft_format(&d, "|%s|%s", v->rule->target_type, target);
    return lower_all(draft_end(&d));
}

static int
compare_flow_keys(const void *a, const void *b)
{
    const struct flow_key *x = a, *y = b;
    int by_key = strcmp(x->key, y->key);
    return by_key != 0 ? by_key : (x->rule > y->rule) - (x->rule < y->rule);
}

static enum baton_status
side_flows(struct rules_side *s)
{
    size_t most = 1;
    for (size_t i = 0; i < s->count; i++)
        most += s->view[i].text.flow_count;
    s->flow = calloc(most, sizeof *s->flow);
    if (s->flow == NULL)
        return BATON_NOMEM;
    for (size_t i = 0; i < s->count; i++)
        for (size_t j = 0; s->view[i].enabled && j < s->view[i].text.flow_count; j++) {
            const char *target = s->view[i].text.flow[j].target;
            struct flow_key *k = &s->flow[s->flow_count];
            *k = (struct flow_key){
                .key = flow_key_make(&s->view[i], target), .rule = i, .target = target};
            if (k->key == NULL)
                return BATON_NOMEM;
            s->flow_count++;
        }
    qsort(s->flow, s->flow_count, sizeof *s->flow, compare_flow_keys);
    return BATON_OK;
}

static int
compare_to_key(const void *key, const void *flow)
{
    return strcmp(key, ((const struct flow_key *)flow)->key);
}

bool
rules_flow(const struct rules_side *side, const char *key)
{
    return bsearch(key, side->flow, side->flow_count, sizeof *side->flow, compare_to_key) != NULL;
}

/* --- matching --------------------------------------------------------------------------------- */

enum match_by { BY_TAG, BY_NAME };

static char *
match_key(const struct rule_view *v, enum match_by by, bool with_connector)
{
    const char *what = by == BY_TAG ? v->rule->tag : v->rule->name, *version;
    size_t what_len = by == BY_TAG ? rule_tag_base(what, &version) : strlen(what);
    struct draft d = {0};
    draft_format(&d, "%.*s|%s", (int)what_len, what, v->rule->direction);
    if (with_connector)
        draft_format(&d, "|%zu", v->pair);
    return lower_all(draft_end(&d));
}

static int
compare_keyed(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    int by_key = strcmp(x->key, y->key);
    return by_key != 0 ? by_key : (x->rule > y->rule) - (x->rule < y->rule);
}

static void
keyed_free(struct keyed *list, size_t count)
{
    for (size_t i = 0; list != NULL && i < count; i++)
        free(list[i].key);
    free(list);
}

static enum baton_status
keyed_make(const struct rules_side *s, enum match_by by, bool with_connector,
           struct keyed **ret_list, size_t *ret_count)
{
    struct keyed *list = calloc(s->count + 1, sizeof *list);
    size_t n = 0;
    if (list == NULL)
        return BATON_NOMEM;
    for (size_t i = 0; i < s->count; i++) {
        const struct rule_view *v = &s->view[i];
        if (v->partner != NO_RULE || (by == BY_TAG && v->rule->tag[0] == '\0'))
            continue;
        list[n] = (struct keyed){.key = match_key(v, by, with_connector), .rule = i};
        if (list[n].key == NULL) {
            keyed_free(list, n);
            return BATON_NOMEM;
        }
        n++;
    }
    qsort(list, n, sizeof *list, compare_keyed);
    *ret_list = list;
    *ret_count = n;
    return BATON_OK;
}

static enum baton_status
match_pass(struct rules_match *m, enum match_by by, bool with_connector)
{
    struct keyed *o = NULL, *n = NULL;
    size_t o_count = 0, n_count = 0;
    enum baton_status rc = keyed_make(&m->old_side, by, with_connector, &o, &o_count);
    if (rc == BATON_OK)
        rc = keyed_make(&m->new_side, by, with_connector, &n, &n_count);
    for (size_t i = 0, j = 0; rc == BATON_OK && i < o_count && j < n_count;) {
        int order = strcmp(o[i].key, n[j].key);
        if (order == 0) {
            m->old_side.view[o[i].rule].partner = n[j].rule;
            m->new_side.view[n[j].rule].partner = o[i].rule;
        }
        i += order <= 0;
        j += order >= 0;
    }
    keyed_free(o, o_count);
    keyed_free(n, n_count);
    return rc;
}

static bool
connectors_known(const struct rules_side *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->view[i].pair == PAIR_NONE)
            return false;
    return true;
}

enum baton_status
rules_match(const struct comparison *cmp, struct rules_match *ret_match)
{
    struct rules_match m = {0};
    enum baton_status rc = side_make(cmp, cmp->old_model, &m.old_side);
    if (rc == BATON_OK)
        rc = side_make(cmp, cmp->new_model, &m.new_side);
    bool with_connector = connectors_known(&m.old_side) && connectors_known(&m.new_side);
    if (rc == BATON_OK)
        rc = match_pass(&m, BY_TAG, with_connector);
    if (rc == BATON_OK)
        rc = match_pass(&m, BY_NAME, with_connector);
    if (rc == BATON_OK)
        rc = side_flows(&m.old_side);
    if (rc == BATON_OK)
        rc = side_flows(&m.new_side);
    if (rc != BATON_OK) {
        rules_done(&m);
        return rc;
    }
    *ret_match = m;
    return BATON_OK;
}

static void
side_done(struct rules_side *s)
{
    for (size_t i = 0; i < s->count; i++)
        rule_text_done(&s->view[i].text);
    for (size_t i = 0; i < s->flow_count; i++)
        free(s->flow[i].key);
    free(s->view);
    free(s->flow);
    *s = (struct rules_side){0};
}

void
rules_done(struct rules_match *m)
{
    side_done(&m->old_side);
    side_done(&m->new_side);
}

bool
rule_lives_on(const struct rule_view *v, const struct rules_side *other)
{
    return v->partner != NO_RULE && other->view[v->partner].enabled;
}
