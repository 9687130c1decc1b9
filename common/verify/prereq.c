#include "prereq_data.h"

#include "common/readers/psjson.h"
#include "prereq_private.h"

#include <string.h>
#include <strings.h>

static const uint64_t day_ms = 24ULL * 3600 * 1000;

/* --- what was observed --- */

static bool
is_observation(const json_t *value)
{
    size_t i;
    json_t *item;
    if (json_is_object(value))
        return false;
    json_array_foreach(value, i, item) if (!json_is_string(item)) return false;
    return true;
}

static enum baton_status
observed_check(const struct ps_list *list, struct baton_err *err)
{
    const char *name;
    json_t *value;
    if (list->count != 1 || !json_is_object(list->root))
        return baton_fail(err, BATON_MALFORMED,
                          "observed values are one object of names and values");
    json_object_foreach(list->root, name, value)
    {
        if (!is_observation(value))
            return baton_fail(
                err, BATON_MALFORMED,
                "%.60s: a number, a text, true, false, null or a list of texts is expected", name);
    }
    return BATON_OK;
}

enum baton_status
prereq_observed_read(const char *text, size_t len, json_t **ret_observed, struct baton_err *err)
{
    struct ps_list list;
    enum baton_status rc = ps_list_read(text, len, &list, err);
    if (rc == BATON_OK)
        rc = observed_check(&list, err);
    if (rc == BATON_OK)
        *ret_observed = json_incref(list.root);
    ps_list_done(&list);
    return rc;
}

int64_t
prereq_objects(const struct prereq_question *q)
{
    int64_t objects;
    if (q->objects >= 0)
        return q->objects;
    return ps_count(q->observed, "objects", &objects) && objects >= 0 ? objects : -1;
}

/* --- one check --- */

/* What is not met outweighs what nobody knows: it stays so, whatever the rest turns out to be. */
static enum prereq_state
rules_judge(const json_t *rules, const struct prereq_question *q)
{
    size_t i;
    json_t *rule;
    enum prereq_state worst = PREREQ_MET;
    json_array_foreach(rules, i, rule)
    {
        enum prereq_state s = prereq_rule_judge(rule, q);
        if (s == PREREQ_NOT_MET)
            return s;
        worst = s > worst ? s : worst;
    }
    return worst;
}

static uint8_t
severity_of(const struct prereq_check *c, enum prereq_state state, enum prereq_state when)
{
    uint8_t severity = state == PREREQ_UNKNOWN ? c->unknown : c->otherwise;
    if (state == PREREQ_SOON && severity > SEVERITY_REVIEW)
        severity = SEVERITY_REVIEW;
    if (when == PREREQ_UNKNOWN && severity > c->when_unknown)
        severity = c->when_unknown;
    return severity;
}

static void
put_observed(char out[PREREQ_TEXT_BYTES], const struct prereq_check *c,
             const struct prereq_question *q)
{
    struct prereq_text t = {out, PREREQ_TEXT_BYTES, 0};
    bool several = json_array_size(c->rules) > 1;
    size_t i;
    json_t *rule;
    json_array_foreach(c->rules, i, rule)
    {
        const char *name = json_string_value(json_object_get(rule, "observe"));
        prereq_put(&t, i > 0 ? "; " : "");
        prereq_put(&t, several ? name : "");
        prereq_put(&t, several ? " " : "");
        prereq_rule_value_put(&t, rule, q);
    }
}

static void
put_rules(struct prereq_text *t, const json_t *rules, const struct prereq_question *q)
{
    size_t i;
    json_t *rule;
    json_array_foreach(rules, i, rule)
    {
        prereq_put(t, i > 0 ? "; " : "");
        prereq_rule_put(t, rule, q);
    }
}

static void
put_rule(char out[PREREQ_TEXT_BYTES], const struct prereq_check *c, const struct prereq_question *q)
{
    struct prereq_text t = {out, PREREQ_TEXT_BYTES, 0};
    put_rules(&t, c->rules, q);
    if (c->when != NULL) {
        prereq_put(&t, ", when ");
        put_rules(&t, c->when, q);
    }
}

static void
judge_check(const struct prereq_check *c, const struct prereq_question *q, struct prereq_result *r)
{
    enum prereq_state when = rules_judge(c->when, q); /* no condition: met */
    *r = (struct prereq_result){.check = c};
    r->state = when == PREREQ_NOT_MET ? PREREQ_NOT_APPLICABLE : rules_judge(c->rules, q);
    if (r->state > PREREQ_NOT_APPLICABLE)
        r->severity = severity_of(c, r->state, when);
    r->old_data = q->now_unix_ms > c->checked_unix_ms + PREREQ_OLD_DAYS * day_ms;
    put_observed(r->observed, c, q);
    put_rule(r->rule, c, q);
}

size_t
prereq_judge(const struct prereq *p, const struct prereq_question *q,
             struct prereq_result result[PREREQ_CHECKS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < p->check_count; i++)
        if ((p->check[i].side & q->side) != 0)
            judge_check(&p->check[i], q, &result[count++]);
    return count;
}

/* --- all of them --- */

bool
prereq_host_used(const struct prereq_host *h, const json_t *observed)
{
    size_t i;
    json_t *feature;
    json_array_foreach(json_object_get(observed, "features"), i,
                       feature) if (strcasecmp(json_string_value(feature), h->feature) ==
                                    0) return true;
    return strcmp(h->feature, "synchronization") == 0;
}

const char *
prereq_state_name(enum prereq_state s)
{
    static const char *const names[] = {"met", "not-applicable", "soon", "not-met", "unknown"};
    return (size_t)s < ARRAY_LEN(names) ? names[s] : "unknown";
}

const char *
prereq_verdict_name(const struct prereq_result *r)
{
    return r->state <= PREREQ_NOT_APPLICABLE
               ? "pass"
               : finding_severity_name((enum finding_severity)r->severity);
}

static size_t
count_of(const struct prereq_result *result, size_t count, enum finding_severity severity)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += result[i].state > PREREQ_NOT_APPLICABLE && result[i].severity == severity;
    return n;
}

size_t
prereq_blocking(const struct prereq_result *result, size_t count)
{
    return count_of(result, count, SEVERITY_BLOCK);
}

enum verdict
prereq_verdict(const struct prereq_result *result, size_t count)
{
    if (count == 0)
        return VERDICT_UNKNOWN; /* nothing was checked */
    if (prereq_blocking(result, count) > 0)
        return VERDICT_BLOCK;
    return count_of(result, count, SEVERITY_REVIEW) > 0 ? VERDICT_REVIEW : VERDICT_PASS;
}
