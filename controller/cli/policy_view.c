#include "policy_view.h"

#include "output.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LIMIT_TEXT_BYTES = 64, SAID_BYTES = 128 };

/* --- one rule ------------------------------------------------------------------------------------ */

static void
limit_text(const struct rule_limit *l, char out[LIMIT_TEXT_BYTES])
{
    bool counted = l->count_max != FINDING_NO_LIMIT, shared = l->percent_max < 100;
    if (counted && shared)
        snprintf(out, LIMIT_TEXT_BYTES, "%" PRIu64 ", or %u %%", l->count_max,
                 (unsigned)l->percent_max);
    else if (counted)
        snprintf(out, LIMIT_TEXT_BYTES, "%" PRIu64, l->count_max);
    else if (shared)
        snprintf(out, LIMIT_TEXT_BYTES, "%u %%", (unsigned)l->percent_max);
    else
        snprintf(out, LIMIT_TEXT_BYTES, "none");
}

/* "5, or 3 %; block; 2 people" */
static void
rule_text(const struct limit *l, char out[SAID_BYTES])
{
    char limit[LIMIT_TEXT_BYTES];
    limit_text(&l->value, limit);
    snprintf(out, SAID_BYTES, "%s; %s; %s", limit,
             finding_severity_name((enum finding_severity)l->value.severity),
             l->second_person ? "2 people" : "1 person");
}

static bool
same(const struct limit *a, const struct limit *b)
{
    return a->value.count_max == b->value.count_max &&
           a->value.percent_max == b->value.percent_max && a->value.severity == b->value.severity &&
           a->second_person == b->second_person;
}

/* More is allowed, or fewer people look, than the preset says. */
static bool
looser(const struct limit *l, const struct limit *preset)
{
    return l->value.count_max > preset->value.count_max ||
           l->value.percent_max > preset->value.percent_max ||
           l->value.severity < preset->value.severity || l->second_person < preset->second_person;
}

static bool
same_attributes(const struct limits *a, const struct limits *b)
{
    bool equal = a->attribute_count == b->attribute_count;
    for (size_t i = 0; equal && i < a->attribute_count; i++)
        equal = limits_watch(b, a->attribute[i]);
    return equal;
}

/* --- as JSON ------------------------------------------------------------------------------------- */

static json_t *
rule_json(const struct verify_rule *rule, const struct limit *l, const struct limit *preset)
{
    char limit[LIMIT_TEXT_BYTES], said[SAID_BYTES];
    const struct rule_limit *v = &l->value;
    limit_text(v, limit);
    rule_text(preset, said);
    return json_pack(
        "{s:s, s:s, s:o, s:o, s:s, s:s, s:b, s:i, s:s, s:s}", "rule", rule->id, "limit", limit,
        "count",
        v->count_max == FINDING_NO_LIMIT ? json_null() : json_integer((json_int_t)v->count_max),
        "percent", v->percent_max < 100 ? json_integer(v->percent_max) : json_null(), "severity",
        finding_severity_name((enum finding_severity)v->severity), "preset", said, "second_person",
        (int)l->second_person, "people", l->second_person ? 2 : 1, "source",
        l->changed ? "tenant" : "preset", "what", rule->what);
}

static json_t *
rules_json(const struct limits *l, const struct limits *preset, enum policy_extent extent)
{
    size_t count;
    const struct verify_rule *rules = verify_rules(&count);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        if (extent == POLICY_WHOLE || !same(&l->rule[i], &preset->rule[i]))
            json_array_append_new(list, rule_json(&rules[i], &l->rule[i], &preset->rule[i]));
    return list;
}

static json_t *
attributes_json(const struct limits *l)
{
    json_t *list = json_array();
    for (size_t i = 0; i < l->attribute_count; i++)
        json_array_append_new(list, json_string(l->attribute[i]));
    return list;
}

static json_t *
hash_json(const struct baton_hash *hash_or_null)
{
    char hex[2 * BATON_HASH_BYTES + 1];
    if (hash_or_null == NULL)
        return json_null();
    baton_hex(hash_or_null->b, sizeof hash_or_null->b, hex);
    return json_string(hex);
}

json_t *
policy_json(const struct limits *l, const struct baton_hash *hash_or_null,
            enum policy_extent extent)
{
    struct limits preset;
    limits_preset(l->preset, &preset);
    json_t *rules = rules_json(l, &preset, extent);
    json_t *differing = rules_json(l, &preset, POLICY_DIFFERENCES);
    json_t *o =
        json_pack("{s:o, s:s, s:b, s:I, s:b, s:o, s:b, s:o}", "sha256", hash_json(hash_or_null),
                  "preset", preset_name(l->preset), "preset_named", (int)l->preset_named,
                  "differing", (json_int_t)json_array_size(differing), "attributes_differ",
                  (int)!same_attributes(l, &preset), "attributes", attributes_json(l),
                  "rows_may_leave", (int)l->rows_may_leave, "rules", rules);
    json_decref(differing);
    return o;
}

/* --- for people ---------------------------------------------------------------------------------- */

static void
print_head(const struct cli *c, const json_t *policy)
{
    char attributes[1024];
    size_t count;
    (void)verify_rules(&count);
    output_say(c, "preset %s%s: %" PRId64 " of %zu rules differ", json_text(policy, "preset"),
               json_flag(policy, "preset_named") || json_text(policy, "sha256")[0] == '\0'
                   ? ""
                   : " (the policy names none: the path of a handoff chooses)",
               json_number(policy, "differing"), count);
    static const struct column column = {"", "attributes", COLUMN_TEXT};
    output_cell(policy, &column, attributes, sizeof attributes);
    output_say(c, "watched attributes%s: %s",
               json_flag(policy, "attributes_differ") ? " (not the preset's)" : "", attributes);
    output_say(c, "sealed rows may leave the server: %s",
               json_flag(policy, "rows_may_leave") ? "yes" : "no");
}

enum baton_status
policy_print(struct cli *c, const json_t *policy)
{
    static const struct column columns[] = {
        {"RULE", "rule", COLUMN_TEXT},           {"ALLOWED", "limit", COLUMN_TEXT},
        {"ABOVE THAT", "severity", COLUMN_TEXT}, {"PEOPLE", "people", COLUMN_TEXT},
        {"FROM", "source", COLUMN_TEXT},         {"PRESET", "preset", COLUMN_TEXT},
    };
    if (c->output == OUTPUT_JSON || c->output == OUTPUT_JSONL) {
        output_json(policy);
        return BATON_OK;
    }
    print_head(c, policy);
    const json_t *rules = json_object_get(policy, "rules");
    if (c->output == OUTPUT_TABLE && json_array_size(rules) == 0)
        return BATON_OK;
    return output_list(c, columns, ARRAY_LEN(columns), rules);
}

static void
show_rule(const struct cli *c, const char *id, const struct limit *l, const struct limit *preset)
{
    char now[SAID_BYTES], before[SAID_BYTES];
    bool loose = looser(l, preset);
    rule_text(l, now);
    rule_text(preset, before);
    output_show(c, "             %-20s %s%s%s  (preset: %s)\n", id,
                paint_on(c, loose ? PAINT_YELLOW : PAINT_NONE), now, paint_off(c), before);
}

static void
show_attributes(const struct cli *c, const struct limits *l)
{
    output_show(c, "             %-20s", "attributes");
    for (size_t i = 0; i < l->attribute_count; i++)
        output_show(c, " %s", l->attribute[i]);
    output_show(c, "%s\n", l->attribute_count == 0 ? " none is watched" : "");
}

void
policy_show(const struct cli *c, const struct limits *l, const struct baton_hash *hash_or_null)
{
    struct limits preset;
    char hex[2 * BATON_HASH_BYTES + 1] = "none of the tenant's";
    size_t count;
    const struct verify_rule *rules = verify_rules(&count);
    limits_preset(l->preset, &preset);
    if (hash_or_null != NULL)
        baton_hex(hash_or_null->b, sizeof hash_or_null->b, hex);
    output_show(c, "  policy     %s; preset %s\n", hex, preset_name(l->preset));
    for (size_t i = 0; i < count; i++)
        if (!same(&l->rule[i], &preset.rule[i]))
            show_rule(c, rules[i].id, &l->rule[i], &preset.rule[i]);
    if (!same_attributes(l, &preset))
        show_attributes(c, l);
    if (l->rows_may_leave)
        output_show(c, "             %-20s %syes%s\n", "rows_may_leave", paint_on(c, PAINT_YELLOW),
                    paint_off(c));
}
