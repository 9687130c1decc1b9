#include "limits.h"

#include "common/text.h"

#include <cyaml/cyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* What a policy file says; a pointer is NULL when it does not say it. */
struct rule_said {
    char *rule;
    uint64_t *count, *percent;
    char *severity;
    bool *second_person;
};

struct policy_said {
    char *preset;
    struct rule_said *rules;
    unsigned rules_count;
    char **attributes;
    unsigned attributes_count;
    bool *rows_may_leave;
};

#define OPTIONAL  (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define TEXT_MAX  64
#define COUNT_MAX 1000000000ULL

static const cyaml_schema_field_t rule_fields[] = {
    CYAML_FIELD_STRING_PTR("rule", CYAML_FLAG_POINTER, struct rule_said, rule, 1, TEXT_MAX),
    CYAML_FIELD_UINT_PTR("count", OPTIONAL, struct rule_said, count),
    CYAML_FIELD_UINT_PTR("percent", OPTIONAL, struct rule_said, percent),
    CYAML_FIELD_STRING_PTR("severity", OPTIONAL, struct rule_said, severity, 1, TEXT_MAX),
    CYAML_FIELD_BOOL_PTR("second_person", OPTIONAL, struct rule_said, second_person),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t rule_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct rule_said, rule_fields),
};
static const cyaml_schema_value_t attribute_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, LIMITS_NAME_BYTES - 1),
};
static const cyaml_schema_field_t policy_fields[] = {
    CYAML_FIELD_STRING_PTR("preset", OPTIONAL, struct policy_said, preset, 1, TEXT_MAX),
    CYAML_FIELD_SEQUENCE("rules", OPTIONAL, struct policy_said, rules, &rule_schema, 0,
                         LIMITS_RULES_MAX),
    CYAML_FIELD_SEQUENCE("attributes", OPTIONAL, struct policy_said, attributes, &attribute_schema,
                         0, LIMITS_ATTRIBUTES_MAX),
    CYAML_FIELD_BOOL_PTR("rows_may_leave", OPTIONAL, struct policy_said, rows_may_leave),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t policy_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct policy_said, policy_fields),
};

/* --- what the library says -------------------------------------------------------------------- */

enum { COMPLAINT_BYTES = 1024 };

struct complaint {
    char text[COMPLAINT_BYTES]; /* every line of it */
    size_t len;
};

static void listen(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));

static void
listen(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
    struct complaint *c = ctx;
    (void)level;
    int n = vsnprintf(c->text + c->len, sizeof c->text - c->len, fmt, args);
    if (n > 0)
        c->len = c->len + (size_t)n < sizeof c->text ? c->len + (size_t)n : sizeof c->text - 1;
}

/* "near line 3: Unexpected key: colour", from the several lines that the library wrote. It knows where the
 * last good word stood, which is the line or the one before. */
static enum baton_status
complain(const struct complaint *c, const char *fallback, struct baton_err *err)
{
    static const char begin[] = "Load: ", trace[] = "Backtrace:", at[] = "line: ";
    const char *said = strstr(c->text, begin), *where = strstr(c->text, at);
    unsigned long line = where != NULL ? strtoul(where + strlen(at), NULL, 10) : 1;
    said = said != NULL ? said + strlen(begin) : trace;
    if (strncmp(said, trace, strlen(trace)) == 0)
        said = fallback;
    return baton_fail(err, BATON_MALFORMED, "near line %lu: %.*s", line, (int)strcspn(said, "\n"),
                      said);
}

/* --- where it stands ------------------------------------------------------------------------------ */

/* The line of the nth mapping of a text that its schema has accepted: 0 is the policy itself, each rule
 * is another one. The library keeps no lines of what it read well. */
static unsigned long
line_of(const char *text, size_t len, unsigned nth)
{
    yaml_parser_t parser;
    yaml_event_t event;
    unsigned long line = 0;
    if (yaml_parser_initialize(&parser) == 0)
        return line;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    for (unsigned seen = 0; line == 0 && yaml_parser_parse(&parser, &event) != 0;) {
        bool ends = event.type == YAML_STREAM_END_EVENT;
        if (event.type == YAML_MAPPING_START_EVENT && seen++ == nth)
            line = (unsigned long)event.start_mark.line + 1;
        yaml_event_delete(&event);
        if (ends)
            break;
    }
    yaml_parser_delete(&parser);
    return line;
}

/* --- laying it over the preset ---------------------------------------------------------------- */

static enum baton_status
read_preset(const char *text, enum preset otherwise, struct limits *l, struct baton_err *err)
{
    enum preset preset = otherwise;
    if (text != NULL && !preset_parse(text, &preset))
        return baton_fail(err, BATON_MALFORMED,
                          "preset %.60s: parity, parallel-upgrade or unsupported-path", text);
    limits_preset(preset, l);
    l->preset_named = text != NULL;
    return BATON_OK;
}

static enum baton_status
read_severity(const struct rule_said *said, uint8_t *ret_severity, struct baton_err *err)
{
    for (int s = SEVERITY_INFO; s <= SEVERITY_BLOCK; s++)
        if (strcmp(finding_severity_name((enum finding_severity)s), said->severity) == 0) {
            *ret_severity = (uint8_t)s;
            return BATON_OK;
        }
    return baton_fail(err, BATON_MALFORMED, "rule %.40s: severity %.40s: info, review or block",
                      said->rule, said->severity);
}

static enum baton_status
read_rule(const struct rule_said *said, struct limits *l, struct baton_err *err)
{
    const struct limit *found = limits_of(l, said->rule);
    if (found == NULL)
        return baton_fail(err, BATON_MALFORMED, "no rule %.40s; docs/verification.md names them",
                          said->rule);
    struct limit *limit = &l->rule[found - l->rule];
    if (limit->changed)
        return baton_fail(err, BATON_MALFORMED, "rule %.40s stands there twice", said->rule);
    /* -1 arrives here as the largest number, which would mean no limit at all */
    if (said->count != NULL && *said->count > COUNT_MAX)
        return baton_fail(err, BATON_MALFORMED, "rule %.40s: count is 0 to %llu", said->rule,
                          COUNT_MAX);
    if (said->percent != NULL && *said->percent > 100)
        return baton_fail(err, BATON_MALFORMED, "rule %.40s: percent is 0 to 100", said->rule);
    limit->changed = true;
    if (said->count != NULL)
        limit->value.count_max = *said->count;
    if (said->percent != NULL)
        limit->value.percent_max = (uint8_t)*said->percent;
    if (said->second_person != NULL)
        limit->second_person = *said->second_person;
    return said->severity != NULL ? read_severity(said, &limit->value.severity, err) : BATON_OK;
}

static enum baton_status
lay_over(const struct policy_said *said, enum preset otherwise, struct limits *l,
         unsigned *ret_mapping, struct baton_err *err)
{
    unsigned at = 0; /* which mapping is at fault */
    enum baton_status rc = read_preset(said->preset, otherwise, l, err);
    for (unsigned i = 0; i < said->rules_count && rc == BATON_OK; i++)
        rc = read_rule(&said->rules[at++], l, err);
    *ret_mapping = at;
    if (said->attributes != NULL) {
        l->attribute_count = said->attributes_count;
        for (unsigned i = 0; i < said->attributes_count; i++)
            text_copy(l->attribute[i], sizeof l->attribute[i], said->attributes[i]);
    }
    if (said->rows_may_leave != NULL)
        l->rows_may_leave = *said->rows_may_leave;
    return rc;
}

enum baton_status
limits_read(const char *text, size_t len, enum preset otherwise, struct limits *ret_limits,
            struct baton_err *err)
{
    struct complaint heard = {0};
    const cyaml_config_t config = {.log_fn = listen,
                                   .log_ctx = &heard,
                                   .mem_fn = cyaml_mem,
                                   .log_level = CYAML_LOG_ERROR,
                                   .flags = CYAML_CFG_NO_ALIAS};
    struct policy_said *said = NULL;
    struct limits limits;
    if (len > LIMITS_BYTES_MAX)
        return baton_fail(err, BATON_LIMIT, "a policy has at most %d bytes", LIMITS_BYTES_MAX);
    cyaml_err_t loaded = cyaml_load_data((const uint8_t *)text, len, &config, &policy_schema,
                                         (cyaml_data_t **)&said, NULL);
    if (loaded == CYAML_ERR_OOM)
        return baton_fail(err, BATON_NOMEM, "policy");
    if (loaded != CYAML_OK)
        return complain(&heard, cyaml_strerror(loaded), err);
    if (said == NULL)
        return baton_fail(
            err, BATON_MALFORMED,
            "an empty policy: preset, rules, attributes or rows_may_leave is expected");
    unsigned mapping = 0;
    enum baton_status rc = lay_over(said, otherwise, &limits, &mapping, err);
    if (rc != BATON_OK)
        rc = baton_wrap(err, rc, "near line %lu", line_of(text, len, mapping));
    (void)cyaml_free(&config, &policy_schema, said, 0);
    if (rc == BATON_OK)
        *ret_limits = limits;
    return rc;
}
