#include "prereq_private.h"

#include "common/readers/psjson.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { NUMBER_BYTES = 32 };
static const uint64_t day_ms = 24ULL * 3600 * 1000;

/* False: the two cannot be compared, so that nothing is known. */
static bool
order_of(const json_t *value, const json_t *wanted, json_int_t slack_percent, int *ret_order)
{
    json_int_t have, want = json_integer_value(wanted);
    struct prereq_version v, w;
    const char *text;
    if (json_is_integer(wanted)) {
        want -= want * slack_percent / 100;
        if (!prereq_number(value, &have))
            return false;
        *ret_order = have < want ? -1 : have > want;
        return true;
    }
    if (!ps_value_text(value, &text) || !prereq_version(text, &v) ||
        !prereq_version(json_string_value(wanted), &w))
        return false;
    *ret_order = prereq_version_compare(&v, &w);
    return true;
}

/* --- the ways in which a rule can hold --- */

struct asked { /* a value that is there */
    const json_t *rule, *wanted, *value;
    const struct prereq_question *q;
};

static enum prereq_state
state_of(bool met)
{
    return met ? PREREQ_MET : PREREQ_NOT_MET;
}

static enum prereq_state
judge_is(const struct asked *a)
{
    const char *text;
    json_int_t n;
    bool truth;
    if (json_is_boolean(a->wanted))
        return prereq_truth(a->value, &truth) ? state_of(truth == json_is_true(a->wanted))
                                              : PREREQ_UNKNOWN;
    if (json_is_integer(a->wanted))
        return prereq_number(a->value, &n) ? state_of(n == json_integer_value(a->wanted))
                                           : PREREQ_UNKNOWN;
    return ps_value_text(a->value, &text)
               ? state_of(strcasecmp(text, json_string_value(a->wanted)) == 0)
               : PREREQ_UNKNOWN;
}

static enum prereq_state
turned(enum prereq_state s)
{
    return s == PREREQ_MET ? PREREQ_NOT_MET : s == PREREQ_NOT_MET ? PREREQ_MET : s;
}

static enum prereq_state
judge_is_not(const struct asked *a)
{
    return turned(judge_is(a));
}

static enum prereq_state
judge_one_of(const struct asked *a)
{
    size_t i;
    json_t *item;
    enum prereq_state state = PREREQ_NOT_MET;
    json_array_foreach(a->wanted, i, item)
    {
        struct asked one = {a->rule, item, a->value, a->q};
        enum prereq_state s = judge_is(&one);
        if (s != PREREQ_NOT_MET)
            return s;
    }
    return state;
}

static enum prereq_state
judge_none_of(const struct asked *a)
{
    return turned(judge_one_of(a));
}

static enum prereq_state
judge_order(const struct asked *a, const json_t *wanted, int sign)
{
    int order;
    json_int_t slack = json_integer_value(json_object_get(a->rule, "slack_percent"));
    if (!order_of(a->value, wanted, slack, &order))
        return PREREQ_UNKNOWN;
    return state_of(order * sign >= 0);
}

static const json_t *
step_for(const json_t *steps, int64_t objects)
{
    size_t i;
    json_t *step;
    json_array_foreach(steps, i, step)
    {
        const json_t *up_to = json_object_get(step, "up_to");
        if (up_to == NULL || objects <= json_integer_value(up_to))
            return json_object_get(step, "value");
    }
    return NULL; /* the last step has no end: prereq_rule_wrong saw to it */
}

/* Without the number of objects: too little for the fewest is too little, enough for the most is
 * enough, and between the two nobody knows. */
static enum prereq_state
judge_steps(const struct asked *a, int sign)
{
    if (!json_is_array(a->wanted))
        return judge_order(a, a->wanted, sign);
    int64_t objects = prereq_objects(a->q);
    if (objects >= 0)
        return judge_order(a, step_for(a->wanted, objects), sign);
    enum prereq_state least = judge_order(a, step_for(a->wanted, 0), sign);
    enum prereq_state most = judge_order(a, step_for(a->wanted, INT64_MAX), sign);
    return least == most ? least : PREREQ_UNKNOWN;
}

static enum prereq_state
judge_at_least(const struct asked *a)
{
    return judge_steps(a, 1);
}

static enum prereq_state
judge_at_most(const struct asked *a)
{
    return judge_steps(a, -1);
}

static enum prereq_state
judge_contains(const struct asked *a)
{
    const char *text;
    if (!ps_value_text(a->value, &text))
        return PREREQ_UNKNOWN;
    return state_of(strstr(text, json_string_value(a->wanted)) != NULL);
}

static bool
list_has(const json_t *list, const char *word)
{
    size_t i;
    json_t *item;
    if (json_is_string(list))
        return strcasecmp(json_string_value(list), word) == 0;
    json_array_foreach(list, i, item) if (list_has(item, word)) return true;
    return false;
}

static enum prereq_state
judge_has(const struct asked *a)
{
    size_t i;
    json_t *item;
    if (!json_is_array(a->value) && !json_is_string(a->value))
        return PREREQ_UNKNOWN;
    if (json_is_string(a->wanted))
        return state_of(list_has(a->value, json_string_value(a->wanted)));
    json_array_foreach(a->wanted, i,
                       item) if (list_has(a->value, json_string_value(item))) return PREREQ_MET;
    return PREREQ_NOT_MET;
}

static enum prereq_state
judge_present(const struct asked *a)
{
    bool empty = json_is_null(a->value) ||
                 (json_is_array(a->value) && json_array_size(a->value) == 0) ||
                 (json_is_string(a->value) && json_string_length(a->value) == 0);
    return state_of(empty != json_is_true(a->wanted));
}

static enum prereq_state
judge_computers(const struct asked *a)
{
    return prereq_census_judge(a->value, a->wanted, a->q);
}

/* The row whose version is the newest that is not above this one. */
static const json_t *
row_of(const json_t *rows, const struct prereq_version *v)
{
    size_t i;
    json_t *row;
    const json_t *found = NULL;
    struct prereq_version from;
    json_array_foreach(
        rows, i, row) if (prereq_version(json_string_value(json_object_get(row, "from")), &from) &&
                          prereq_version_compare(v, &from) >= 0) found = row;
    return found;
}

static const json_t *
support_row(const struct asked *a)
{
    const char *text;
    struct prereq_version v, newest;
    const json_t *limit = json_object_get(a->rule, "newest");
    if (!ps_value_text(a->value, &text) || !prereq_version(text, &v))
        return NULL;
    if (limit != NULL && prereq_version(json_string_value(limit), &newest) &&
        prereq_version_compare(&v, &newest) > 0)
        return NULL; /* newer than these data */
    return row_of(a->wanted, &v);
}

static enum prereq_state
judge_in_support(const struct asked *a)
{
    const json_t *row = support_row(a);
    const json_t *ends = json_object_get(row, "ends");
    uint64_t end_ms, now = a->q->now_unix_ms;
    uint64_t warn = (uint64_t)json_integer_value(json_object_get(a->rule, "warn_days")) * day_ms;
    if (row == NULL)
        return PREREQ_UNKNOWN;
    if (json_is_true(json_object_get(row, "recalled")))
        return PREREQ_NOT_MET;
    if (ends == NULL)
        return PREREQ_MET;
    if (now == 0 || !prereq_date(json_string_value(ends), &end_ms))
        return PREREQ_UNKNOWN;
    if (now >= end_ms + day_ms) /* the last day counts */
        return PREREQ_NOT_MET;
    return now + warn >= end_ms ? PREREQ_SOON : PREREQ_MET;
}

/* --- whether data are sound --- */

static bool
is_scalar(const json_t *w)
{
    return json_is_integer(w) || json_is_boolean(w) ||
           (json_is_string(w) && json_string_length(w) > 0);
}

static bool
is_version(const json_t *w)
{
    struct prereq_version v;
    return json_is_string(w) && prereq_version(json_string_value(w), &v);
}

static bool
is_list(const json_t *w)
{
    size_t i;
    json_t *item;
    json_array_foreach(w, i, item) if (!is_scalar(item)) return false;
    return json_array_size(w) > 0;
}

static bool
is_text(const json_t *w)
{
    return json_is_string(w) && json_string_length(w) > 0;
}

static bool
is_texts(const json_t *w)
{
    size_t i;
    json_t *item;
    json_array_foreach(w, i, item) if (!is_text(item)) return false;
    return is_text(w) || json_array_size(w) > 0;
}

static bool
is_bool(const json_t *w)
{
    return json_is_boolean(w);
}

static bool
step_is_sound(const json_t *step, bool last)
{
    const json_t *up_to = json_object_get(step, "up_to");
    return json_is_integer(json_object_get(step, "value")) &&
           (last ? up_to == NULL : json_is_integer(up_to)) &&
           json_object_size(step) == (last ? 1U : 2U);
}

static bool
is_bound(const json_t *w)
{
    size_t i;
    json_t *step;
    json_array_foreach(w, i,
                       step) if (!step_is_sound(step, i + 1 == json_array_size(w))) return false;
    return json_is_integer(w) || is_version(w) || json_array_size(w) > 0;
}

static bool
support_is_sound(const json_t *row)
{
    uint64_t ms;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)row, key, value)
    {
        bool sound = (strcmp(key, "from") == 0 && is_version(value)) ||
                     (strcmp(key, "ends") == 0 && json_is_string(value) &&
                      prereq_date(json_string_value(value), &ms)) ||
                     (strcmp(key, "recalled") == 0 && json_is_boolean(value)) ||
                     (strcmp(key, "note") == 0 && is_text(value));
        if (!sound)
            return false;
    }
    return json_object_get(row, "from") != NULL;
}

/* Each from above the one before it. */
static bool
is_support(const json_t *w)
{
    size_t i;
    json_t *row;
    struct prereq_version before = {0}, from;
    json_array_foreach(w, i, row)
    {
        if (!support_is_sound(row) ||
            !prereq_version(json_string_value(json_object_get(row, "from")), &from) ||
            prereq_version_compare(&from, &before) <= 0)
            return false;
        before = from;
    }
    return json_array_size(w) > 0;
}

// clang-format off
static const struct way {
    const char *key, *words;
    enum prereq_state (*judge)(const struct asked *a);
    bool (*sound)(const json_t *wanted);
} ways[] = {
    {"is",         "is ",            judge_is,         is_scalar},
    {"is_not",     "is not ",        judge_is_not,     is_scalar},
    {"one_of",     "is one of ",     judge_one_of,     is_list},
    {"none_of",    "is none of ",    judge_none_of,    is_list},
    {"at_least",   "is at least ",   judge_at_least,   is_bound},
    {"at_most",    "is at most ",    judge_at_most,    is_bound},
    {"contains",   "contains ",      judge_contains,   is_text},
    {"has",        "has ",           judge_has,        is_texts},
    {"present",    "",               judge_present,    is_bool},
    {"in_support", "is in support",  judge_in_support, is_support},
    {"computers_in", "name no other computer than ", judge_computers, is_texts},
};
// clang-format on

static const struct way *
way_of(const json_t *rule)
{
    for (size_t i = 0; i < ARRAY_LEN(ways); i++)
        if (json_object_get(rule, ways[i].key) != NULL)
            return &ways[i];
    return NULL;
}

static bool
detail_is_sound(const char *key, const json_t *value)
{
    if (strcmp(key, "observe") == 0)
        return is_text(value);
    if (strcmp(key, "absent") == 0)
        return json_is_string(value) && strcmp(json_string_value(value), "met") == 0;
    if (strcmp(key, "slack_percent") == 0)
        return json_integer_value(value) > 0 && json_integer_value(value) < 50;
    if (strcmp(key, "warn_days") == 0)
        return json_integer_value(value) > 0 && json_integer_value(value) < 1000;
    return strcmp(key, "newest") == 0 && is_version(value);
}

const char *
prereq_rule_wrong(const json_t *rule)
{
    const char *key;
    json_t *value;
    const struct way *way = way_of(rule);
    if (!json_is_object(rule) || json_object_get(rule, "observe") == NULL)
        return "a rule is an object with observe";
    if (way == NULL)
        return "a rule says is, is_not, one_of, none_of, at_least, at_most, contains, has, "
               "present, in_support or computers_in";
    if (!way->sound(json_object_get(rule, way->key)))
        return "what a rule wants is of the wrong kind";
    json_object_foreach((json_t *)(uintptr_t)rule, key, value)
    {
        if (strcmp(key, way->key) != 0 && !detail_is_sound(key, value))
            return "a rule has a word too many, or one of the wrong kind";
    }
    return NULL;
}

/* --- one rule --- */

enum prereq_state
prereq_rule_judge(const json_t *rule, const struct prereq_question *q)
{
    const struct way *way = way_of(rule);
    json_t *own;
    const json_t *value =
        prereq_value(q, json_string_value(json_object_get(rule, "observe")), &own);
    struct asked a = {rule, json_object_get(rule, way->key), value, q};
    enum prereq_state state = PREREQ_UNKNOWN;
    if (json_is_null(value) && way->judge != judge_present)
        state = state_of(json_object_get(rule, "absent") != NULL);
    else if (value != NULL)
        state = way->judge(&a);
    json_decref(own);
    return state;
}

static void
put_bound(struct prereq_text *t, const json_t *wanted, int64_t objects)
{
    size_t i;
    json_t *step;
    char text[NUMBER_BYTES + 32];
    if (!json_is_array(wanted) || objects >= 0) {
        prereq_value_put(t, json_is_array(wanted) ? step_for(wanted, objects) : wanted);
        return;
    }
    json_array_foreach(wanted, i, step)
    {
        const json_t *up_to = json_object_get(step, "up_to");
        prereq_put(t, i > 0 ? ", " : "");
        prereq_value_put(t, json_object_get(step, "value"));
        snprintf(text, sizeof text, " (up to %" JSON_INTEGER_FORMAT " objects)",
                 json_integer_value(up_to));
        prereq_put(t, up_to != NULL ? text : " (above)");
    }
}

/* "is in support: ends 2027-02-02, superseded by ..." */
static void
put_support(struct prereq_text *t, const json_t *row)
{
    const char *ends = json_string_value(json_object_get(row, "ends"));
    const char *note = json_string_value(json_object_get(row, "note"));
    if (row == NULL)
        prereq_put(t, ": these data do not know it");
    if (json_is_true(json_object_get(row, "recalled")))
        prereq_put(t, ": recalled");
    if (ends != NULL) {
        prereq_put(t, ": ends ");
        prereq_put(t, ends);
    }
    if (note != NULL) {
        prereq_put(t, ends != NULL ? ", " : ": ");
        prereq_put(t, note);
    }
}

void
prereq_rule_put(struct prereq_text *t, const json_t *rule, const struct prereq_question *q)
{
    const struct way *way = way_of(rule);
    const json_t *wanted = json_object_get(rule, way->key);
    const char *name = json_string_value(json_object_get(rule, "observe"));
    json_t *own;
    const json_t *value = prereq_value(q, name, &own);
    struct asked a = {rule, wanted, value, q};
    prereq_put(t, name);
    prereq_put(t, " ");
    prereq_put(t, way->words);
    if (way->judge == judge_present)
        prereq_put(t, json_is_true(wanted) ? "is there" : "is none");
    else if (way->judge == judge_in_support && json_is_string(value))
        put_support(t, support_row(&a));
    else if (way->judge == judge_in_support)
        ; /* of what, nobody knows */
    else if (way->sound == is_bound)
        put_bound(t, wanted, prereq_objects(q));
    else
        prereq_value_put(t, wanted);
    prereq_put(t, json_object_get(rule, "absent") != NULL ? " or none" : "");
    json_decref(own);
}

void
prereq_rule_value_put(struct prereq_text *t, const json_t *rule, const struct prereq_question *q)
{
    const struct way *way = way_of(rule);
    json_t *own;
    const json_t *value =
        prereq_value(q, json_string_value(json_object_get(rule, "observe")), &own);
    if (way->judge == judge_computers)
        prereq_census_put(t, value, json_object_get(rule, way->key), q);
    else
        prereq_value_put(t, value);
    json_decref(own);
}
