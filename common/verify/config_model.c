#include "config_model.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_CHUNK_BYTES = 64 * 1024, LIST_FIRST = 8 };

struct chunk {
    struct chunk *next;
    size_t used, cap;
    char bytes[];
};

/* Where an adder writes after a failure: good memory that nobody reads. */
struct spare {
    struct config_connector connector;
    struct config_partition partition;
    struct config_run_profile profile;
    struct config_step step;
    struct config_rule rule;
    struct config_group group;
    struct config_condition condition;
    struct config_flow flow;
    struct config_parameter parameter;
};

struct config_arena {
    struct chunk *chunks;
    struct spare spare;
};

/* --- texts ------------------------------------------------------------------------------------ */

static void
model_fail(struct config_model *m, enum baton_status status)
{
    if (m->status == BATON_OK)
        m->status = status;
}

static char *
arena_bytes(struct config_model *m, size_t size)
{
    struct chunk *c = m->arena->chunks;
    if (c == NULL || c->cap - c->used < size) {
        size_t cap = size > ARENA_CHUNK_BYTES ? size : ARENA_CHUNK_BYTES;
        c = malloc(sizeof *c + cap);
        if (c == NULL) {
            model_fail(m, BATON_NOMEM);
            return NULL;
        }
        *c = (struct chunk){.next = m->arena->chunks, .cap = cap};
        m->arena->chunks = c;
    }
    char *bytes = c->bytes + c->used;
    c->used += size;
    return bytes;
}

const char *
config_keep(struct config_model *m, const char *text, size_t len)
{
    if (len == 0)
        return "";
    if (len > CONFIG_TEXT_MAX) {
        model_fail(m, BATON_LIMIT);
        return "";
    }
    char *copy = arena_bytes(m, len + 1);
    if (copy == NULL)
        return "";
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

const char *
config_identifier(struct config_model *m, const char *text)
{
    size_t len = strlen(text);
    bool braces = len >= 2 && text[0] == '{' && text[len - 1] == '}';
    const char *copy = config_keep(m, text + braces, len - 2 * (size_t)braces);
    for (char *p = (char *)(uintptr_t)copy; *p != '\0'; p++)
        *p = (char)tolower((unsigned char)*p);
    return copy;
}

/* --- lists ------------------------------------------------------------------------------------ */

/* The element at the end of a list that grew by one, zeroed; NULL when it did not grow. */
static void *
list_grow(struct config_model *m, void **items, size_t *count, size_t *capacity, size_t size)
{
    if (m->status != BATON_OK)
        return NULL;
    if (*count == CONFIG_ITEMS_MAX) {
        model_fail(m, BATON_LIMIT);
        return NULL;
    }
    if (*count == *capacity) {
        size_t more = *capacity == 0 ? LIST_FIRST : 2 * *capacity;
        void *grown = realloc(*items, more * size);
        if (grown == NULL) {
            model_fail(m, BATON_NOMEM);
            return NULL;
        }
        *items = grown;
        *capacity = more;
    }
    char *item = (char *)*items + (*count)++ * size;
    memset(item, 0, size);
    return item;
}

/* The macro keeps the types: a list's pointer goes through void * and back. */
#define LIST_ADD(model, items, count, capacity, spare_item, ret_item)                              \
    do {                                                                                           \
        void *list_ = (void *)(items);                                                             \
        void *item_ = list_grow((model), &list_, &(count), &(capacity), sizeof *(items));          \
        (items) = list_;                                                                           \
        (ret_item) = item_ != NULL ? item_ : (void *)&(spare_item);                                \
    } while (0)

void
config_list_add(struct config_model *m, struct text_list *l, const char *text)
{
    const char *spare, **item;
    LIST_ADD(m, l->item, l->count, l->capacity, spare, item);
    *item = config_keep(m, text, strlen(text));
    l->said = true;
}

struct config_connector *
config_add_connector(struct config_model *m)
{
    struct config_connector *c;
    LIST_ADD(m, m->connector, m->connector_count, m->connector_capacity, m->arena->spare.connector,
             c);
    *c = (struct config_connector){
        .kind = CONNECTOR_OTHER, .name = "", .id = "", .forest = "", .modified = ""};
    return c;
}

struct config_partition *
config_add_partition(struct config_model *m, struct config_connector *c)
{
    struct config_partition *p;
    LIST_ADD(m, c->partition, c->partition_count, c->partition_capacity, m->arena->spare.partition,
             p);
    *p = (struct config_partition){.dn = "", .id = ""};
    return p;
}

struct config_run_profile *
config_add_profile(struct config_model *m, struct config_connector *c)
{
    struct config_run_profile *p;
    LIST_ADD(m, c->profile, c->profile_count, c->profile_capacity, m->arena->spare.profile, p);
    *p = (struct config_run_profile){.name = ""};
    return p;
}

struct config_step *
config_add_step(struct config_model *m, struct config_run_profile *p)
{
    struct config_step *s;
    LIST_ADD(m, p->step, p->step_count, p->step_capacity, m->arena->spare.step, s);
    *s = (struct config_step){
        .type = "", .partition = "", .object_limit = -1, .delete_limit = -1, .batch_size = -1};
    return s;
}

struct config_rule *
config_add_rule(struct config_model *m)
{
    struct config_rule *r;
    LIST_ADD(m, m->rule, m->rule_count, m->rule_capacity, m->arena->spare.rule, r);
    *r = (struct config_rule){.name = "",
                              .id = "",
                              .tag = "",
                              .direction = "",
                              .connector = "",
                              .source_type = "",
                              .target_type = "",
                              .link = "",
                              .precedence = -1};
    return r;
}

static struct config_group *
add_group(struct config_model *m, struct config_group **groups, size_t *count, size_t *capacity)
{
    struct config_group *g;
    LIST_ADD(m, *groups, *count, *capacity, m->arena->spare.group, g);
    *g = (struct config_group){0};
    return g;
}

struct config_group *
config_add_scope(struct config_model *m, struct config_rule *r)
{
    return add_group(m, &r->scope, &r->scope_count, &r->scope_capacity);
}

struct config_group *
config_add_join(struct config_model *m, struct config_rule *r)
{
    return add_group(m, &r->join, &r->join_count, &r->join_capacity);
}

struct config_condition *
config_add_condition(struct config_model *m, struct config_group *g)
{
    struct config_condition *c;
    LIST_ADD(m, g->condition, g->condition_count, g->condition_capacity, m->arena->spare.condition,
             c);
    *c = (struct config_condition){.attribute = "", .operator= "", .value = ""};
    return c;
}

struct config_flow *
config_add_flow(struct config_model *m, struct config_rule *r)
{
    struct config_flow *f;
    LIST_ADD(m, r->flow, r->flow_count, r->flow_capacity, m->arena->spare.flow, f);
    *f = (struct config_flow){.target = "", .expression = "", .merge = ""};
    return f;
}

struct config_parameter *
config_add_parameter(struct config_model *m)
{
    struct config_parameter *p;
    LIST_ADD(m, m->parameter, m->parameter_count, m->parameter_capacity, m->arena->spare.parameter,
             p);
    *p = (struct config_parameter){.name = "", .value = "", .type = ""};
    return p;
}

/* --- forms ------------------------------------------------------------------------------------ */

static const struct {
    const char *name, *text;
} sources[] = {
    [CONFIG_SERVER_EXPORT] = {"server-export", "a server configuration export"},
    [CONFIG_FIM_EXPORT] = {"fim-export", "an export of the FIM era"},
    [CONFIG_SETTINGS] = {"settings", "a settings file"},
    [CONFIG_MIGRATED] = {"migrated-settings", "migrated settings"},
};

const char *
config_source_name(enum config_source source)
{
    BATON_ASSERT((size_t)source < ARRAY_LEN(sources));
    return sources[source].name;
}

const char *
config_source_text(enum config_source source)
{
    BATON_ASSERT((size_t)source < ARRAY_LEN(sources));
    return sources[source].text;
}

/* --- the whole ---------------------------------------------------------------------------------- */

struct config_model *
config_model_new(enum config_source source)
{
    struct config_model *m = calloc(1, sizeof *m);
    struct config_arena *arena = calloc(1, sizeof *arena);
    if (m == NULL || arena == NULL) {
        free(m);
        free(arena);
        return NULL;
    }
    *m = (struct config_model){.source = source,
                               .product_version = "",
                               .host = "",
                               .server_tag = "",
                               .source_anchor = "",
                               .arena = arena};
    return m;
}

enum baton_status
config_model_status(const struct config_model *m)
{
    return m->status;
}

const char *
config_model_twice(const struct config_model *m)
{
    for (size_t i = 0; i < m->connector_count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(m->connector[i].id, m->connector[k].id) == 0)
                return m->connector[i].id;
    for (size_t i = 0; i < m->rule_count; i++)
        for (size_t k = 0; k < i && m->rule[i].id[0] != '\0'; k++)
            if (strcmp(m->rule[i].id, m->rule[k].id) == 0)
                return m->rule[i].id;
    return NULL;
}

static void
list_done(struct text_list *l)
{
    free((void *)l->item);
}

static void
connector_done(struct config_connector *c)
{
    for (size_t i = 0; i < c->partition_count; i++) {
        list_done(&c->partition[i].object_classes);
        list_done(&c->partition[i].inclusions);
        list_done(&c->partition[i].exclusions);
    }
    for (size_t i = 0; i < c->profile_count; i++)
        free(c->profile[i].step);
    list_done(&c->object_classes);
    list_done(&c->attributes);
    list_done(&c->filters);
    free(c->partition);
    free(c->profile);
}

static void
rule_done(struct config_rule *r)
{
    for (size_t i = 0; i < r->scope_count; i++)
        free(r->scope[i].condition);
    for (size_t i = 0; i < r->join_count; i++)
        free(r->join[i].condition);
    for (size_t i = 0; i < r->flow_count; i++)
        list_done(&r->flow[i].sources);
    free(r->scope);
    free(r->join);
    free(r->flow);
}

void
config_model_free(struct config_model **m)
{
    if (*m == NULL)
        return;
    for (size_t i = 0; i < (*m)->connector_count; i++)
        connector_done(&(*m)->connector[i]);
    for (size_t i = 0; i < (*m)->rule_count; i++)
        rule_done(&(*m)->rule[i]);
    list_done(&(*m)->promised);
    free((*m)->connector);
    free((*m)->rule);
    free((*m)->parameter);
    for (struct chunk *c = (*m)->arena->chunks, *next; c != NULL; c = next) {
        next = c->next;
        free(c);
    }
    free((*m)->arena);
    free(*m);
    *m = NULL;
}
