#include "rule_text.h"

#include "common/draft.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static char
lower(char c)
{
    return (char)tolower((unsigned char)c);
}

static void
put_lower(struct draft *d, const char *text)
{
    for (; *text != '\0'; text++)
        draft_char(d, lower(*text));
}

/* White space between words of an expression means nothing, inside a literal everything. */
static void
put_expression(struct draft *d, const char *text)
{
    bool literal = false;
    for (; *text != '\0'; text++) {
        if (*text == '"')
            literal = !literal;
        if (literal)
            draft_char(d, *text);
        else if (!is_space(*text))
            draft_char(d, lower(*text));
    }
}

static int
compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The texts sorted, each once, with a glue between them; frees them. "" of none. */
static enum baton_status
join_sorted(char **texts, size_t count, const char *glue, char **ret_text)
{
    struct draft d = {0};
    bool good = true;
    for (size_t i = 0; i < count; i++)
        good = good && texts[i] != NULL;
    if (good && count > 0)
        qsort((void *)texts, count, sizeof *texts, compare_texts);
    for (size_t i = 0; good && i < count; i++)
        if (i == 0 || strcmp(texts[i - 1], texts[i]) != 0)
            draft_format(&d, "%s%s", i == 0 ? "" : glue, texts[i]);
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    *ret_text = good ? draft_end(&d) : NULL;
    return *ret_text != NULL ? BATON_OK : BATON_NOMEM;
}

static char *
condition_text(const struct config_condition *c)
{
    struct draft d = {0};
    put_lower(&d, c->attribute);
    draft_char(&d, ' ');
    if (c->operator[0] != '\0') {
        put_lower(&d, c->operator);
        draft_format(&d, " %s", c->value);
    } else { /* a join: the other side is an attribute too */
        draft_put(&d, "= ");
        put_lower(&d, c->value);
    }
    if (c->case_sensitive == YES)
        draft_put(&d, " (case-sensitive)");
    return draft_end(&d);
}

static char *
group_text(const struct config_group *g)
{
    char **texts = calloc(g->condition_count + 1, sizeof *texts), *text = NULL;
    if (texts == NULL)
        return NULL;
    for (size_t i = 0; i < g->condition_count; i++)
        texts[i] = condition_text(&g->condition[i]);
    (void)join_sorted(texts, g->condition_count, " and ", &text); /* text stays NULL */
    free((void *)texts);
    return text;
}

static enum baton_status
groups_text(const struct config_group *g, size_t count, char **ret_text)
{
    char **texts = calloc(count + 1, sizeof *texts);
    size_t said = 0;
    if (texts == NULL)
        return BATON_NOMEM;
    for (size_t i = 0; i < count; i++)
        if (g[i].condition_count > 0) /* an empty group asks for nothing */
            texts[said++] = group_text(&g[i]);
    if (said == 0)
        texts[said++] = strdup("none");
    enum baton_status rc = join_sorted(texts, said, " or ", ret_text);
    free((void *)texts);
    return rc;
}

static void
put_sources(struct draft *d, const struct text_list *sources)
{
    for (size_t i = 0; i < sources->count; i++) {
        draft_put(d, i == 0 ? "" : ", ");
        put_lower(d, sources->item[i]);
    }
}

static bool
merge_is_plain(const char *merge)
{
    return merge[0] == '\0' || strcasecmp(merge, "Update") == 0;
}

static char *
flow_value(const struct config_flow *flow)
{
    struct draft d = {0};
    if (flow->expression[0] != '\0')
        put_expression(&d, flow->expression);
    else
        put_sources(&d, &flow->sources);
    if (!merge_is_plain(flow->merge)) {
        draft_put(&d, ", merged by ");
        put_lower(&d, flow->merge);
    }
    if (flow->once == YES)
        draft_put(&d, ", once");
    return draft_end(&d);
}

static int
compare_flows(const void *a, const void *b)
{
    const struct flow_text *x = a, *y = b;
    int by_target = strcasecmp(x->target, y->target);
    return by_target != 0 ? by_target : strcmp(x->text, y->text);
}

static enum baton_status
flows_text(const struct config_rule *r, struct rule_text *t)
{
    t->flow = calloc(r->flow_count + 1, sizeof *t->flow);
    if (t->flow == NULL)
        return BATON_NOMEM;
    for (size_t i = 0; i < r->flow_count; i++) {
        struct flow_text *f = &t->flow[t->flow_count];
        *f = (struct flow_text){.target = r->flow[i].target,
                                .text = flow_value(&r->flow[i]),
                                .merges = !merge_is_plain(r->flow[i].merge)};
        if (f->text == NULL)
            return BATON_NOMEM;
        t->flow_count++;
    }
    qsort(t->flow, t->flow_count, sizeof *t->flow, compare_flows);
    return BATON_OK;
}

static enum baton_status
link_text(const struct config_rule *r, char **ret_text)
{
    struct draft d = {0};
    put_lower(&d, r->source_type);
    draft_put(&d, " -> ");
    put_lower(&d, r->target_type);
    draft_put(&d, ", ");
    put_lower(&d, r->link);
    *ret_text = draft_end(&d);
    return *ret_text != NULL ? BATON_OK : BATON_NOMEM;
}

enum baton_status
rule_text_make(const struct config_rule *r, struct rule_text *ret_text)
{
    struct rule_text t = {0};
    enum baton_status rc = groups_text(r->scope, r->scope_count, &t.scope);
    if (rc == BATON_OK)
        rc = groups_text(r->join, r->join_count, &t.join);
    if (rc == BATON_OK)
        rc = link_text(r, &t.link);
    if (rc == BATON_OK)
        rc = flows_text(r, &t);
    if (rc != BATON_OK) {
        rule_text_done(&t);
        return rc;
    }
    *ret_text = t;
    return BATON_OK;
}

void
rule_text_done(struct rule_text *t)
{
    for (size_t i = 0; i < t->flow_count; i++)
        free(t->flow[i].text);
    free(t->flow);
    free(t->scope);
    free(t->join);
    free(t->link);
    *t = (struct rule_text){0};
}

size_t
rule_tag_base(const char *tag, const char **ret_version)
{
    const char *dot = strrchr(tag, '.');
    *ret_version = "";
    if (dot == NULL || dot[1] == '\0' || dot[1 + strspn(dot + 1, "0123456789")] != '\0')
        return strlen(tag);
    *ret_version = dot + 1;
    return (size_t)(dot - tag);
}
