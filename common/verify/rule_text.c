#include "rule_text.h"

#include <ctype.h>
#include <stdio.h>
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
put_lower(FILE *f, const char *text)
{
    for (; *text != '\0'; text++)
        fputc(lower(*text), f);
}

/* White space between words of an expression means nothing, inside a literal everything. */
static void
put_expression(FILE *f, const char *text)
{
    bool literal = false;
    for (; *text != '\0'; text++) {
        if (*text == '"')
            literal = !literal;
        if (literal)
            fputc(*text, f);
        else if (!is_space(*text))
            fputc(lower(*text), f);
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
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    bool good = f != NULL;
    for (size_t i = 0; i < count; i++)
        good = good && texts[i] != NULL;
    if (good && count > 0)
        qsort((void *)texts, count, sizeof *texts, compare_texts);
    for (size_t i = 0; good && i < count; i++)
        if (i == 0 || strcmp(texts[i - 1], texts[i]) != 0)
            fprintf(f, "%s%s", i == 0 ? "" : glue, texts[i]);
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    if (f != NULL && (fclose(f) != 0 || !good)) {
        free(text);
        text = NULL;
    }
    *ret_text = text;
    return text != NULL ? BATON_OK : BATON_NOMEM;
}

static char *
condition_text(const struct config_condition *c)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    if (f == NULL)
        return NULL;
    put_lower(f, c->attribute);
    fputc(' ', f);
    if (c->operator[0] != '\0') {
        put_lower(f, c->operator);
        fprintf(f, " %s", c->value);
    } else { /* a join: the other side is an attribute too */
        fputs("= ", f);
        put_lower(f, c->value);
    }
    if (c->case_sensitive == YES)
        fputs(" (case-sensitive)", f);
    if (fclose(f) != 0) {
        free(text);
        return NULL;
    }
    return text;
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
put_sources(FILE *f, const struct text_list *sources)
{
    for (size_t i = 0; i < sources->count; i++) {
        fputs(i == 0 ? "" : ", ", f);
        put_lower(f, sources->item[i]);
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
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    if (f == NULL)
        return NULL;
    if (flow->expression[0] != '\0')
        put_expression(f, flow->expression);
    else
        put_sources(f, &flow->sources);
    if (!merge_is_plain(flow->merge)) {
        fputs(", merged by ", f);
        put_lower(f, flow->merge);
    }
    if (flow->once == YES)
        fputs(", once", f);
    if (fclose(f) != 0) {
        free(text);
        return NULL;
    }
    return text;
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
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    if (f == NULL)
        return BATON_NOMEM;
    put_lower(f, r->source_type);
    fputs(" -> ", f);
    put_lower(f, r->target_type);
    fputs(", ", f);
    put_lower(f, r->link);
    if (fclose(f) != 0) {
        free(text);
        return BATON_NOMEM;
    }
    *ret_text = text;
    return BATON_OK;
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
