/* told_model.h: a configuration model as a fuzz target's reader told it. */
#ifndef TESTS_FUZZ_TOLD_MODEL_H
#define TESTS_FUZZ_TOLD_MODEL_H

#include "fuzz.h"

#include "common/verify/config_model.h"

static inline void
fuzz_tell_list(struct fuzz_told *told, const struct text_list *l)
{
    fuzz_tell_number(told, l->count << 1 | l->said);
    for (size_t i = 0; i < l->count; i++)
        fuzz_tell_text(told, l->item[i]);
}

static inline void
fuzz_tell_connector(struct fuzz_told *told, const struct config_connector *c)
{
    fuzz_tell_text(told, c->name);
    fuzz_tell_text(told, c->id);
    fuzz_tell_list(told, &c->object_classes);
    fuzz_tell_list(told, &c->attributes);
    for (size_t i = 0; i < c->partition_count; i++) {
        fuzz_tell_text(told, c->partition[i].dn);
        fuzz_tell_list(told, &c->partition[i].inclusions);
        fuzz_tell_list(told, &c->partition[i].exclusions);
    }
    for (size_t i = 0; i < c->profile_count; i++) {
        fuzz_tell_text(told, c->profile[i].name);
        fuzz_tell_number(told, c->profile[i].step_count);
    }
}

static inline void
fuzz_tell_rule(struct fuzz_told *told, const struct config_rule *r)
{
    fuzz_tell_text(told, r->name);
    fuzz_tell_text(told, r->tag);
    fuzz_tell_number(told, (uint64_t)r->precedence);
    for (size_t i = 0; i < r->flow_count; i++) {
        fuzz_tell_text(told, r->flow[i].target);
        fuzz_tell_text(told, r->flow[i].expression);
        fuzz_tell_list(told, &r->flow[i].sources);
    }
    for (size_t i = 0; i < r->scope_count; i++)
        fuzz_tell_number(told, r->scope[i].condition_count);
}

static inline void
fuzz_tell_model(struct fuzz_told *told, const struct config_model *m)
{
    for (size_t i = 0; i < m->connector_count; i++)
        fuzz_tell_connector(told, &m->connector[i]);
    for (size_t i = 0; i < m->rule_count; i++)
        fuzz_tell_rule(told, &m->rule[i]);
    for (size_t i = 0; i < m->parameter_count; i++) {
        FUZZ_CHECK(!m->parameter[i].secret || m->parameter[i].value[0] == '\0');
        fuzz_tell_text(told, m->parameter[i].name);
        fuzz_tell_text(told, m->parameter[i].value);
    }
}

#endif
