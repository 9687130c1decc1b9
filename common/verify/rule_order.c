#include "rule_order.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct place { /* a rule that both sides have, enabled, with its precedence on either */
    const struct rule_view *old_view, *new_view;
    int64_t was, is;
    bool moved;
    bool told; /* has a row */
};

struct places {
    struct place *item;
    size_t count;
    size_t old_unsaid, new_unsaid; /* rules whose precedence that side does not say */
};

static int
compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->was != y->was)
        return x->was < y->was ? -1 : 1;
    return (x->is > y->is) - (x->is < y->is);
}

static enum baton_status
places_make(const struct rules_match *m, struct places *ret_places)
{
    struct places p = {.item = calloc(m->old_side.count + 1, sizeof *p.item)};
    if (p.item == NULL)
        return BATON_NOMEM;
    for (size_t i = 0; i < m->old_side.count; i++) {
        const struct rule_view *o = &m->old_side.view[i];
        if (!o->enabled || !rule_lives_on(o, &m->new_side))
            continue;
        const struct rule_view *n = &m->new_side.view[o->partner];
        p.old_unsaid += o->rule->precedence < 0;
        p.new_unsaid += n->rule->precedence < 0;
        if (o->rule->precedence >= 0 && n->rule->precedence >= 0)
            p.item[p.count++] = (struct place){.old_view = o,
                                               .new_view = n,
                                               .was = o->rule->precedence,
                                               .is = n->rule->precedence};
    }
    qsort(p.item, p.count, sizeof *p.item, compare_places);
    *ret_places = p;
    return BATON_OK;
}

/* Marks what is outside the longest rising run of the new numbers, in the order of the old ones:
 * patience sorting, tails[k] ends the best run of k + 1. */
static enum baton_status
places_mark(struct places *p)
{
    size_t *tails = calloc(p->count + 1, sizeof *tails),
           *before = calloc(p->count + 1, sizeof *before);
    size_t length = 0;
    if (tails == NULL || before == NULL) {
        free(tails);
        free(before);
        return BATON_NOMEM;
    }
    for (size_t i = 0; i < p->count; i++) {
        size_t low = 0, high = length;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (p->item[tails[middle]].is < p->item[i].is)
                low = middle + 1;
            else
                high = middle;
        }
        before[i] = low > 0 ? tails[low - 1] : SIZE_MAX;
        tails[low] = i;
        length = low == length ? length + 1 : length;
        p->item[i].moved = true;
    }
    for (size_t at = length > 0 ? tails[length - 1] : SIZE_MAX; at != SIZE_MAX; at = before[at])
        p->item[at].moved = false;
    free(tails);
    free(before);
    return BATON_OK;
}

static int
sign(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Whether the two bring values to the same objects: then the one with the lower number wins. */
static bool
same_place(const struct rule_view *a, const struct rule_view *b)
{
    return rule_is_outbound(a->rule) == rule_is_outbound(b->rule) &&
           strcasecmp(a->rule->target_type, b->rule->target_type) == 0 &&
           (!rule_is_outbound(a->rule) || a->pair == b->pair);
}

/* The first attribute that both bring; how many in all. */
static size_t
shared_targets(const struct rule_text *a, const struct rule_text *b, const char **ret_first)
{
    size_t n = 0;
    for (size_t i = 0, j = 0; i < a->flow_count && j < b->flow_count;) {
        int order = strcasecmp(a->flow[i].target, b->flow[j].target);
        if (order == 0 && !(a->flow[i].merges && b->flow[j].merges) && n++ == 0)
            *ret_first = a->flow[i].target;
        i += order <= 0;
        j += order >= 0;
    }
    return n;
}

/* Of two rules that join the same objects, the first one that finds a twin decides. */
static bool
both_join(const struct rule_view *a, const struct rule_view *b)
{
    return a->pair == b->pair && strcasecmp(a->rule->source_type, b->rule->source_type) == 0 &&
           a->rule->join_count > 0 && b->rule->join_count > 0;
}

struct conflict {
    const struct place *with;
    const char *target;
    size_t targets; /* over all rules that were passed */
    bool join;
};

static void
conflict_with(struct conflict *c, const struct place *p, const struct place *other)
{
    const char *target = NULL;
    if (sign(p->was, other->was) == sign(p->is, other->is) ||
        !same_place(p->old_view, other->old_view))
        return;
    size_t targets = shared_targets(&p->old_view->text, &other->old_view->text, &target);
    bool join = both_join(p->old_view, other->old_view);
    if (targets == 0 && !join)
        return;
    if (c->with == NULL || (c->target == NULL && target != NULL)) {
        c->with = other;
        c->target = target;
    }
    c->targets += targets;
    c->join = c->join || join;
}

static void
why_moved(struct config_row *row, const struct place *p, const struct conflict *c)
{
    const char *wins = p->is < c->with->is ? "now wins over" : "no longer wins over",
               *name = c->with->old_view->rule->name;
    if (p->is == c->with->is)
        wins = "now has the same number as";
    if (c->target == NULL)
        config_row_why(row, "the rule %s \"%.80s\" when both join the same object", wins, name);
    else if (c->targets == 1)
        config_row_why(row, "the rule %s \"%.80s\" for %.60s where both apply", wins, name,
                       c->target);
    else
        config_row_why(row,
                       "the rule %s \"%.80s\" for %.60s where both apply; %zu more values may "
                       "come from another rule",
                       wins, name, c->target, c->targets - 1);
}

static void
row_moved(struct comparison *cmp, struct place *p, const struct conflict *c)
{
    char was[LABEL_BYTES], is[LABEL_BYTES], label[LABEL_BYTES] = "";
    (void)snprintf(was, sizeof was, "precedence %" PRId64, p->was);
    (void)snprintf(is, sizeof is, "precedence %" PRId64, p->is);
    if (p->old_view->pair != PAIR_NONE)
        config_pair_label(&cmp->pair[p->old_view->pair], label);
    struct config_row *row =
        config_row_add(cmp->rows, CONFIG_RULE_CHANGED, was, is,
                       label[0] != '\0' ? "%s (%s)" : "%s%s", p->old_view->rule->name, label);
    why_moved(row, p, c);
    config_row_advice(row, "give the rules the order of OLD in the Synchronization Rules Editor on "
                           "NEW: custom rules below 100, the lower number wins");
    p->told = true;
}

static void
row_renumbered(struct comparison *cmp, const struct places *p)
{
    size_t n = 0, moved = 0;
    for (size_t i = 0; i < p->count; i++) {
        n += p->item[i].was != p->item[i].is && !p->item[i].told;
        moved += p->item[i].moved && !p->item[i].told;
    }
    if (n == 0)
        return;
    struct config_row *row = config_row_add(cmp->rows, CONFIG_EXPECTED, "OLD's numbers",
                                            "other numbers", "precedence of %zu rules", n);
    if (moved == 0)
        config_row_why(row, "the numbers differ, the order is the same");
    else
        config_row_why(row,
                       "the numbers differ; %zu of the rules moved past others, none of which "
                       "brings the same attribute",
                       moved);
    config_row_advice(row, "nothing");
}

/* Which rule wins is not known then, and that is nothing to pass over. */
static void
row_unsaid(struct comparison *cmp, const struct places *p)
{
    size_t most = p->old_unsaid > p->new_unsaid ? p->old_unsaid : p->new_unsaid;
    char where[LABEL_BYTES];
    if (most == 0 || (!cmp->old_model->rules_said && !cmp->new_model->rules_said))
        return;
    (void)snprintf(where, sizeof where, "%zu rules", most);
    config_row_unsaid(cmp, CONFIG_RULE_CHANGED, p->old_unsaid == 0, p->new_unsaid == 0,
                      "precedence", where);
}

enum baton_status
compare_rule_order(struct comparison *cmp, const struct rules_match *m)
{
    struct places p;
    enum baton_status rc = places_make(m, &p);
    if (rc != BATON_OK)
        return rc;
    rc = places_mark(&p);
    for (size_t i = 0; i < p.count && rc == BATON_OK; i++) {
        struct conflict c = {0};
        if (!p.item[i].moved)
            continue;
        /* Two moved rules pass each other once: the first one tells it. */
        for (size_t j = 0; j < p.count; j++)
            if (j != i && !(p.item[j].moved && j < i))
                conflict_with(&c, &p.item[i], &p.item[j]);
        if (c.with != NULL)
            row_moved(cmp, &p.item[i], &c);
    }
    if (rc == BATON_OK) {
        row_renumbered(cmp, &p);
        row_unsaid(cmp, &p);
    }
    free(p.item);
    return rc;
}
