#include "config_xml.h"

#include "common/text.h"
#include "xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The Entra connector has the same identifier on every server. */
#define ENTRA_CONNECTOR "b891884f-051e-4a83-95af-2544101c9083"

enum { PATH_BYTES = 512, FLOW_SETS_MAX = 4096, ROOT_SHOWN_BYTES = 64 };

struct config_xml {
    struct xml *xml;
    struct config_model *m;
    enum config_xml_root root;
    bool fim;              /* a saved-... root: what it holds stands one level deeper */
    char path[PATH_BYTES]; /* below the root, with slashes */
    size_t path_len[XML_DEPTH_MAX + 2];
    int skip_depth; /* elements this deep and deeper are not kept; 0: none */
    char *text;     /* of the current element */
    size_t text_len, text_cap;
    const char *category, *subtype;
    struct config_connector *connector;
    struct config_partition *partition;
    struct config_run_profile *profile;
    struct config_step *step;
    struct config_rule *rule;
    struct config_group *group;
    struct config_condition *condition;
    struct config_flow *flow;
    struct config_parameter *parameter;
    char mv_type[128], mv_attribute[256]; /* of import flows */
    const char *unclear;               /* an element that is neither true nor false; NULL: none */
    const char *filter_type, *filter;  /* what the filter under way keeps out */
    char wrong_root[ROOT_SHOWN_BYTES]; /* "": one of ours */
};

typedef void begin_fn(struct config_xml *x, const char **attributes);
typedef void end_fn(struct config_xml *x, const char *text);

struct element {
    const char *path;
    begin_fn *begin;
    end_fn *end;
};

static const char *
keep(struct config_xml *x, const char *text)
{
    return config_keep(x->m, text, strlen(text));
}

/* What stands there and is neither is not guessed: the file is refused. */
static enum known
read_known(struct config_xml *x, const char *what, const char *text)
{
    if (strcmp(text, "1") == 0 || strcasecmp(text, "true") == 0)
        return YES;
    if (strcmp(text, "0") == 0 || strcasecmp(text, "false") == 0)
        return NO;
    if (text[0] != '\0')
        x->unclear = what;
    return UNSAID;
}

static int64_t
read_number(const char *text)
{
    char *end = NULL;
    long long value = strtoll(text, &end, 10);
    return end != text && *end == '\0' && value >= 0 ? (int64_t)value : -1;
}

static const char *
attribute(const char **attributes, const char *name)
{
    const char *value = xml_attribute(attributes, name);
    return value != NULL ? value : "";
}

/* --- connectors --------------------------------------------------------------------------------- */

static void
end_connector_id(struct config_xml *x, const char *text)
{
    x->connector->id = config_identifier(x->m, text);
}

static void
end_connector_name(struct config_xml *x, const char *text)
{
    x->connector->name = keep(x, text);
}

static void
end_modified(struct config_xml *x, const char *text)
{
    x->connector->modified = keep(x, text);
}

static void
end_category(struct config_xml *x, const char *text)
{
    x->category = keep(x, text);
}

static void
end_subtype(struct config_xml *x, const char *text)
{
    x->subtype = keep(x, text);
}

static void
end_forest(struct config_xml *x, const char *text)
{
    /* a host name: the same rule as for identifiers, but it has no braces */
    x->connector->forest = config_identifier(x->m, text);
}

static void
end_hash_sync(struct config_xml *x, const char *text)
{
    x->connector->password_sync = read_known(x, "password-hash-sync-config/enabled", text);
}

static void
begin_attributes(struct config_xml *x, const char **attributes)
{
    (void)attributes;
    x->connector->attributes.said = true;
}

static void
end_attribute(struct config_xml *x, const char *text)
{
    config_list_add(x->m, &x->connector->attributes, text);
}

static void
begin_partition(struct config_xml *x, const char **attributes)
{
    (void)attributes;
    x->partition = config_add_partition(x->m, x->connector);
}

static void
end_partition_id(struct config_xml *x, const char *text)
{
    x->partition->id = config_identifier(x->m, text);
}

static void
end_partition_name(struct config_xml *x, const char *text)
{
    x->partition->dn = keep(x, text);
}

static void
end_selected(struct config_xml *x, const char *text)
{
    x->partition->selected = read_known(x, "selected", text);
}

static void
begin_classes(struct config_xml *x, const char **attributes)
{
    (void)attributes;
    x->partition->object_classes.said = true;
}

static void
end_class(struct config_xml *x, const char *text)
{
    config_list_add(x->m, &x->partition->object_classes, text);
}

static void
begin_containers(struct config_xml *x, const char **attributes)
{
    (void)attributes;
    x->partition->inclusions.said = true;
    x->partition->exclusions.said = true;
}

static void
end_inclusion(struct config_xml *x, const char *text)
{
    config_list_add(x->m, &x->partition->inclusions, text);
}

static void
end_exclusion(struct config_xml *x, const char *text)
{
    config_list_add(x->m, &x->partition->exclusions, text);
}

static void
begin_profile(struct config_xml *x, const char **attributes)
{
    (void)attributes;
    x->profile = config_add_profile(x->m, x->connector);
}

static void
end_profile_name(struct config_xml *x, const char *text)
{
    x->profile->name = keep(x, text);
}

static void
begin_step(struct config_xml *x, const char **attributes)
{
    (void)attributes;
    x->step = config_add_step(x->m, x->profile);
}

static void
begin_step_type(struct config_xml *x, const char **attributes)
{
    x->step->type = keep(x, attribute(attributes, "type"));
}

/* What the engine calls applying rules, people call a synchronization. */
static void
end_apply_rules(struct config_xml *x, const char *text)
{
    x->step->type = strcmp(text, "apply-pending") == 0 ? "delta-sync" : "full-sync";
}

static void
end_object_limit(struct config_xml *x, const char *text)
{
    x->step->object_limit = read_number(text);
}

static void
end_delete_limit(struct config_xml *x, const char *text)
{
    x->step->delete_limit = read_number(text);
}

static void
end_batch_size(struct config_xml *x, const char *text)
{
    x->step->batch_size = read_number(text);
}

static void
end_step_partition(struct config_xml *x, const char *text)
{
    x->step->partition = config_identifier(x->m, text); /* its DN when all partitions are known */
}

/* --- filters of the FIM era ---------------------------------------------------------------------- */

static void
filter_say(struct config_xml *x, const char *glue, const char *text)
{
    size_t room = strlen(x->filter) + strlen(glue) + strlen(text) + 1;
    char *joined = malloc(room);
    if (joined == NULL) {
        x->m->status = x->m->status == BATON_OK ? BATON_NOMEM : x->m->status;
        return;
    }
    (void)snprintf(joined, room, "%s%s%s", x->filter, glue, text);
    x->filter = keep(x, joined);
    free(joined);
}

static void
begin_filter(struct config_xml *x, const char **attributes)
{
    (void)attributes;
    x->filter = x->filter_type;
}

static void
end_filter(struct config_xml *x, const char *text)
{
    (void)text;
    config_list_add(x->m, &x->connector->filters, x->filter);
}

/* What code decides has no conditions that could be told. */
static void
begin_filter_set(struct config_xml *x, const char **attributes)
{
    x->filter_type = keep(x, attribute(attributes, "cd-object-type"));
    begin_filter(x, attributes);
    if (strcmp(attribute(attributes, "type"), "declared") != 0) {
        filter_say(x, ": ", attribute(attributes, "type"));
        end_filter(x, "");
    }
}

static void
begin_filter_condition(struct config_xml *x, const char **attributes)
{
    filter_say(x, x->filter == x->filter_type ? ": " : " and ",
               attribute(attributes, "cd-attribute"));
    filter_say(x, " ", attribute(attributes, "operator"));
}

static void
end_filter_value(struct config_xml *x, const char *text)
{
    if (text[0] != '\0')
        filter_say(x, " ", text);
}

/* --- attribute flows of the FIM era ------------------------------------------------------------- */

static struct config_rule *
add_flow_set(struct config_xml *x, const char *direction, const char *source, const char *target)
{
    char name[2 * sizeof x->mv_type];
    (void)snprintf(name, sizeof name, "%.120s -> %.120s", source, target);
    struct config_rule *r = config_add_rule(x->m);
    r->name = keep(x, name);
    r->direction = direction;
    r->source_type = keep(x, source);
    r->target_type = keep(x, target);
    r->disabled = NO;
    r->content_said = true;
    return r;
}

static void
begin_export_set(struct config_xml *x, const char **attributes)
{
    x->rule = add_flow_set(x, "Outbound", attribute(attributes, "mv-object-type"),
                           attribute(attributes, "cd-object-type"));
    x->rule->connector = x->connector->id;
}

static void
begin_export_flow(struct config_xml *x, const char **attributes)
{
    x->flow = config_add_flow(x->m, x->rule);
    x->flow->target = keep(x, attribute(attributes, "cd-attribute"));
}

static void
begin_import_set(struct config_xml *x, const char **attributes)
{
    (void)snprintf(x->mv_type, sizeof x->mv_type, "%s", attribute(attributes, "mv-object-type"));
}

static void
begin_import_flows(struct config_xml *x, const char **attributes)
{
    (void)snprintf(x->mv_attribute, sizeof x->mv_attribute, "%s",
                   attribute(attributes, "mv-attribute"));
}

/* The set that this flow belongs to, or a new one: the file lists flows by target, a rule by source. */
static void
begin_import_flow(struct config_xml *x, const char **attributes)
{
    const char *connector = config_identifier(x->m, attribute(attributes, "src-ma"));
    const char *source = attribute(attributes, "cd-object-type");
    x->rule = NULL;
    if (x->m->rule_count > FLOW_SETS_MAX && x->m->status == BATON_OK)
        x->m->status = BATON_LIMIT; /* each flow looks through all sets */
    for (size_t i = 0; i < x->m->rule_count && x->rule == NULL; i++) {
        struct config_rule *r = &x->m->rule[i];
        if (strcmp(r->direction, "Inbound") == 0 && strcmp(r->connector, connector) == 0 &&
            strcmp(r->source_type, source) == 0 && strcmp(r->target_type, x->mv_type) == 0)
            x->rule = r;
    }
    if (x->rule == NULL) {
        x->rule = add_flow_set(x, "Inbound", source, x->mv_type);
        x->rule->connector = connector;
    }
    x->flow = config_add_flow(x->m, x->rule);
    x->flow->target = keep(x, x->mv_attribute);
}

static void
end_flow_source(struct config_xml *x, const char *text)
{
    config_list_add(x->m, &x->flow->sources, text);
}

/* A flow that code or a constant makes: the name of what makes it is all that can be compared. */
static void
end_flow_expression(struct config_xml *x, const char *text)
{
    x->flow->expression = keep(x, text);
}

/* --- synchronization rules ---------------------------------------------------------------------- */

static void
end_rule_id(struct config_xml *x, const char *text)
{
    x->rule->id = config_identifier(x->m, text);
}

static void
end_rule_name(struct config_xml *x, const char *text)
{
    x->rule->name = keep(x, text);
}

static void
end_tag(struct config_xml *x, const char *text)
{
    x->rule->tag = keep(x, text);
    x->rule->standard = text[0] != '\0';
}

static void
end_direction(struct config_xml *x, const char *text)
{
    x->rule->direction = keep(x, text);
}

static void
end_disabled(struct config_xml *x, const char *text)
{
    x->rule->disabled = read_known(x, "disabled", text);
}

static void
end_rule_connector(struct config_xml *x, const char *text)
{
    x->rule->connector = config_identifier(x->m, text);
}

static void
end_source_type(struct config_xml *x, const char *text)
{
    x->rule->source_type = keep(x, text);
}

static void
end_target_type(struct config_xml *x, const char *text)
{
    x->rule->target_type = keep(x, text);
}

static void
end_link(struct config_xml *x, const char *text)
{
    x->rule->link = keep(x, text);
}

static void
end_precedence(struct config_xml *x, const char *text)
{
    x->rule->precedence = read_number(text);
}

static void
end_rule_password(struct config_xml *x, const char *text)
{
    x->rule->password_sync = read_known(x, "EnablePasswordSync", text);
}

static void
begin_mapping(struct config_xml *x, const char **attributes)
{
    (void)attributes;
    x->flow = config_add_flow(x->m, x->rule);
}

static void
end_dest(struct config_xml *x, const char *text)
{
    x->flow->target = keep(x, text);
}

static void
end_merge(struct config_xml *x, const char *text)
{
    x->flow->merge = keep(x, text);
}

static void
end_once(struct config_xml *x, const char *text)
{
    x->flow->once = read_known(x, "executeOnce", text);
}

static void
begin_join(struct config_xml *x, const char **attributes)
{
    (void)attributes;
    x->group = config_add_join(x->m, x->rule);
}

static void
begin_scope(struct config_xml *x, const char **attributes)
{
    (void)attributes;
    x->group = config_add_scope(x->m, x->rule);
}

static void
begin_condition(struct config_xml *x, const char **attributes)
{
    (void)attributes;
    x->condition = config_add_condition(x->m, x->group);
}

static void
end_cs_attribute(struct config_xml *x, const char *text)
{
    x->condition->attribute = keep(x, text);
}

static void
end_operator(struct config_xml *x, const char *text)
{
    x->condition->operator= keep(x, text);
}

static void
end_value(struct config_xml *x, const char *text)
{
    x->condition->value = keep(x, text);
}

static void
end_case(struct config_xml *x, const char *text)
{
    x->condition->case_sensitive = read_known(x, "caseSensitive", text);
}

/* --- global settings ---------------------------------------------------------------------------- */

static void
begin_parameters(struct config_xml *x, const char **attributes)
{
    (void)attributes;
    x->m->parameters_said = true;
}

static void
begin_parameter(struct config_xml *x, const char **attributes)
{
    x->parameter = config_add_parameter(x->m);
    x->parameter->name = keep(x, attribute(attributes, "name"));
    x->parameter->type = keep(x, attribute(attributes, "type"));
    x->parameter->secret = strncmp(x->parameter->type, "encrypted", 9) == 0;
}

static void
end_parameter(struct config_xml *x, const char *text)
{
    if (x->parameter->secret)
        return;
    x->parameter->value = keep(x, text);
    if (strcasecmp(x->parameter->name, "Microsoft.SynchronizationOption.AnchorAttribute") == 0)
        x->m->source_anchor = x->parameter->value;
    if (strcasecmp(x->parameter->name, "Microsoft.Synchronize.ServerConfigurationVersion") == 0)
        x->m->product_version = x->parameter->value;
}

// clang-format off
#define PARTITION "ma-partition-data/partition"
#define RUN "ma-run-data/run-configuration"
#define STEP RUN "/configuration/step"
#define ADMA "private-configuration/adma-configuration"
#define FILTER "stay-disconnector/filter-set"
#define EXPORT "export-attribute-flow/export-flow-set/export-flow"
static const struct element connector_elements[] = {
    {"id", NULL, end_connector_id},
    {"name", NULL, end_connector_name},
    {"category", NULL, end_category},
    {"last-modification-time", NULL, end_modified},
    {"subtype", NULL, end_subtype},
    {ADMA "/forest-name", NULL, end_forest},
    {ADMA "/password-hash-sync-config/enabled", NULL, end_hash_sync},
    {"attribute-inclusion", begin_attributes, NULL},
    {"attribute-inclusion/attribute", NULL, end_attribute},
    {PARTITION, begin_partition, NULL},
    {PARTITION "/id", NULL, end_partition_id},
    {PARTITION "/name", NULL, end_partition_name},
    {PARTITION "/selected", NULL, end_selected},
    {PARTITION "/filter/object-classes", begin_classes, NULL},
    {PARTITION "/filter/object-classes/object-class", NULL, end_class},
    {PARTITION "/filter/containers", begin_containers, NULL},
    {PARTITION "/filter/containers/inclusions/inclusion", NULL, end_inclusion},
    {PARTITION "/filter/containers/exclusions/exclusion", NULL, end_exclusion},
    {RUN, begin_profile, NULL},
    {RUN "/name", NULL, end_profile_name},
    {STEP, begin_step, NULL},
    {STEP "/step-type", begin_step_type, NULL},
    {STEP "/step-type/apply-rules-subtype", NULL, end_apply_rules},
    {STEP "/threshold/object", NULL, end_object_limit},
    {STEP "/threshold/delete", NULL, end_delete_limit},
    {STEP "/threshold/batch-size", NULL, end_batch_size},
    {STEP "/partition", NULL, end_step_partition},
    {FILTER, begin_filter_set, NULL},
    {FILTER "/filter-alternative", begin_filter, end_filter},
    {FILTER "/filter-alternative/condition", begin_filter_condition, NULL},
    {FILTER "/filter-alternative/condition/value", NULL, end_filter_value},
    {"export-attribute-flow/export-flow-set", begin_export_set, NULL},
    {EXPORT, begin_export_flow, NULL},
    {EXPORT "/direct-mapping/src-attribute", NULL, end_flow_source},
    {EXPORT "/scripted-mapping/src-attribute", NULL, end_flow_source},
    {EXPORT "/scripted-mapping/script-context", NULL, end_flow_expression},
    {EXPORT "/constant-mapping/constant-value", NULL, end_flow_expression},
    {EXPORT "/sync-rule-mapping/src-attribute", NULL, end_flow_source},
};

#define IMPORT "import-attribute-flow/import-flow-set/import-flows"
static const struct element settings_elements[] = {
    {"parameter-values", begin_parameters, NULL},
    {"parameter-values/parameter", begin_parameter, end_parameter},
    {"import-attribute-flow/import-flow-set", begin_import_set, NULL},
    {IMPORT, begin_import_flows, NULL},
    {IMPORT "/import-flow", begin_import_flow, NULL},
    {IMPORT "/import-flow/direct-mapping/src-attribute", NULL, end_flow_source},
    {IMPORT "/import-flow/scripted-mapping/src-attribute", NULL, end_flow_source},
    {IMPORT "/import-flow/scripted-mapping/script-context", NULL, end_flow_expression},
    {IMPORT "/import-flow/constant-mapping/constant-value", NULL, end_flow_expression},
    {IMPORT "/import-flow/sync-rule-mapping/src-attribute", NULL, end_flow_source},
};

#define MAPPING "attribute-mappings/mapping"
#define JOIN "relationshipCriteria/conditions"
#define SCOPE "synchronizationCriteria/conditions"
static const struct element rule_elements[] = {
    {"id", NULL, end_rule_id},
    {"name", NULL, end_rule_name},
    {"immutable-tag", NULL, end_tag},
    {"direction", NULL, end_direction},
    {"disabled", NULL, end_disabled},
    {"connector", NULL, end_rule_connector},
    {"sourceObjectType", NULL, end_source_type},
    {"targetObjectType", NULL, end_target_type},
    {"linkType", NULL, end_link},
    {"precedence", NULL, end_precedence},
    {"EnablePasswordSync", NULL, end_rule_password},
    {MAPPING, begin_mapping, NULL},
    {MAPPING "/dest", NULL, end_dest},
    {MAPPING "/src/attr", NULL, end_flow_source},
    {MAPPING "/expression", NULL, end_flow_expression},
    {MAPPING "/valueMergeType", NULL, end_merge},
    {MAPPING "/executeOnce", NULL, end_once},
    {JOIN, begin_join, NULL},
    {JOIN "/condition", begin_condition, NULL},
    {JOIN "/condition/csAttribute", NULL, end_cs_attribute},
    {JOIN "/condition/ilmAttribute", NULL, end_value},
    {JOIN "/condition/caseSensitive", NULL, end_case},
    {SCOPE, begin_scope, NULL},
    {SCOPE "/scope", begin_condition, NULL},
    {SCOPE "/scope/csAttribute", NULL, end_cs_attribute},
    {SCOPE "/scope/csOperator", NULL, end_operator},
    {SCOPE "/scope/csValue", NULL, end_value},
};

static const struct {
    const char *name, *inner; /* inner: what a saved-... root holds */
    enum config_xml_root root;
    bool fim;
    const struct element *elements;
    size_t count;
} roots[] = {
    {"ma-data", "", CONFIG_ROOT_CONNECTOR, false, connector_elements, ARRAY_LEN(connector_elements)},
    {"saved-ma-configuration", "ma-data", CONFIG_ROOT_AGENT, true, connector_elements, ARRAY_LEN(connector_elements)},
    {"saved-mv-configuration", "mv-data", CONFIG_ROOT_SETTINGS, true, settings_elements, ARRAY_LEN(settings_elements)},
    {"synchronizationRule", "", CONFIG_ROOT_RULE, false, rule_elements, ARRAY_LEN(rule_elements)},
};
// clang-format on

/* --- the walk ----------------------------------------------------------------------------------- */

static size_t
root_row(const struct config_xml *x)
{
    for (size_t i = 0; i < ARRAY_LEN(roots); i++)
        if (roots[i].root == x->root && roots[i].fim == x->fim)
            return i;
    return 0;
}

/* The element at the current path; *ret_below: whether anything that is kept lies at or below it. */
static const struct element *
find_element(const struct config_xml *x, bool *ret_below)
{
    size_t row = root_row(x), len = strlen(x->path);
    const struct element *found = NULL;
    *ret_below = false;
    for (size_t i = 0; i < roots[row].count; i++) {
        const struct element *e = &roots[row].elements[i];
        if (strncmp(e->path, x->path, len) != 0)
            continue;
        if (e->path[len] == '\0')
            found = e;
        if (e->path[len] == '\0' || e->path[len] == '/')
            *ret_below = true;
    }
    return found;
}

static void
root_begin(struct config_xml *x, const char *name, const char **attributes)
{
    size_t i = 0;
    while (i < ARRAY_LEN(roots) && strcmp(roots[i].name, name) != 0)
        i++;
    if (i == ARRAY_LEN(roots)) {
        text_copy(x->wrong_root, sizeof x->wrong_root, name);
        x->skip_depth = 1;
        return;
    }
    x->root = roots[i].root;
    x->fim = roots[i].fim;
    if (x->root == CONFIG_ROOT_CONNECTOR || x->root == CONFIG_ROOT_AGENT)
        x->connector = config_add_connector(x->m);
    if (x->root == CONFIG_ROOT_RULE) {
        x->rule = config_add_rule(x->m);
        x->rule->content_said = true;
        x->m->rules_said = true;
    }
    if (x->fim && x->m->host[0] == '\0')
        x->m->host = keep(x, attribute(attributes, "server"));
}

static void
path_push(struct config_xml *x, int depth, const char *name)
{
    size_t len = x->path_len[depth - 1], name_len = strlen(name);
    if (len + name_len + 2 > sizeof x->path) {
        x->skip_depth = depth; /* longer than any path that is kept */
        return;
    }
    if (len > 0)
        x->path[len++] = '/';
    memcpy(x->path + len, name, name_len + 1);
    x->path_len[depth] = len + name_len;
}

static void
on_start(void *ctx, int depth, const char *name, const char **attributes)
{
    struct config_xml *x = ctx;
    bool below;
    if (x->skip_depth > 0)
        return;
    if (depth == 1) {
        root_begin(x, name, attributes);
        return;
    }
    if (depth == 2 && x->fim) {
        if (strcmp(name, roots[root_row(x)].inner) != 0)
            x->skip_depth = depth;
        return;
    }
    path_push(x, depth, name);
    if (x->skip_depth > 0)
        return;
    const struct element *e = find_element(x, &below);
    if (!below) {
        x->path[x->path_len[depth - 1]] = '\0';
        x->skip_depth = depth;
        return;
    }
    x->text_len = 0;
    if (e != NULL && e->begin != NULL)
        e->begin(x, attributes);
}

static void
on_text(void *ctx, const char *text, size_t len)
{
    struct config_xml *x = ctx;
    if (x->skip_depth > 0)
        return;
    if (x->text_len + len + 1 > x->text_cap) {
        size_t cap = 2 * x->text_cap + len + 256;
        char *grown = cap <= 2 * (size_t)CONFIG_TEXT_MAX + 512 ? realloc(x->text, cap) : NULL;
        if (grown == NULL) {
            if (x->m->status == BATON_OK)
                x->m->status = cap > CONFIG_TEXT_MAX ? BATON_LIMIT : BATON_NOMEM;
            return;
        }
        x->text = grown;
        x->text_cap = cap;
    }
    memcpy(x->text + x->text_len, text, len);
    x->text_len += len;
}

/* White space around a value comes from how the file was laid out. */
static const char *
trimmed(struct config_xml *x)
{
    static const char space[] = " \t\r\n";
    if (x->text == NULL)
        return "";
    while (x->text_len > 0 && strchr(space, x->text[x->text_len - 1]) != NULL)
        x->text_len--;
    x->text[x->text_len] = '\0';
    return x->text + strspn(x->text, space);
}

static void
on_end(void *ctx, int depth, const char *name)
{
    struct config_xml *x = ctx;
    bool below;
    (void)name;
    if (x->skip_depth > 0) {
        if (depth == x->skip_depth)
            x->skip_depth = 0;
        return;
    }
    if (depth == 1 || (depth == 2 && x->fim))
        return;
    const struct element *e = find_element(x, &below);
    if (e != NULL && e->end != NULL)
        e->end(x, trimmed(x));
    x->text_len = 0;
    x->path[x->path_len[depth - 1]] = '\0';
}

/* --- what a whole file says --------------------------------------------------------------------- */

static bool
is_entra(const struct config_xml *x)
{
    return strcmp(x->connector->id, ENTRA_CONNECTOR) == 0 ||
           strstr(x->subtype, "Windows Azure Active Directory") != NULL ||
           strcmp(x->connector->name, "Windows Azure Active Directory Connector") == 0 ||
           strcmp(x->connector->name, "TargetWebService") == 0;
}

static void
connector_finish(struct config_xml *x)
{
    struct config_connector *c = x->connector;
    c->kind = strcmp(x->category, "AD") == 0 ? CONNECTOR_AD
              : is_entra(x)                  ? CONNECTOR_ENTRA
                                             : CONNECTOR_OTHER;
    for (size_t i = 0; i < c->profile_count; i++)
        for (size_t j = 0; j < c->profile[i].step_count; j++) {
            struct config_step *s = &c->profile[i].step[j];
            for (size_t k = 0; k < c->partition_count; k++)
                if (s->partition[0] != '\0' && strcmp(s->partition, c->partition[k].id) == 0)
                    s->partition = c->partition[k].dn;
        }
    /* flows stand before or after the identifier of their connector */
    for (size_t i = 0; i < x->m->rule_count; i++)
        if (x->m->rule[i].connector[0] == '\0' &&
            strcmp(x->m->rule[i].direction, "Outbound") == 0 && !x->m->rules_said)
            x->m->rule[i].connector = c->id;
}

enum baton_status
config_xml_open(struct config_model *model, struct config_xml **ret_xml, struct baton_err *err)
{
    struct config_xml *x = calloc(1, sizeof *x);
    struct xml_handler handler = {.start = on_start, .text = on_text, .end = on_end, .ctx = x};
    if (x == NULL)
        return baton_fail(err, BATON_NOMEM, "configuration reader");
    x->m = model;
    x->category = x->subtype = x->filter_type = x->filter = "";
    enum baton_status rc = xml_open(&handler, &x->xml, err);
    if (rc != BATON_OK) {
        free(x);
        return rc;
    }
    *ret_xml = x;
    return BATON_OK;
}

static enum baton_status
model_fault(const struct config_xml *x, struct baton_err *err)
{
    enum baton_status rc = config_model_status(x->m);
    if (rc == BATON_LIMIT)
        return baton_fail(
            err, rc, "a text above %d bytes, a list above %d entries, or above %d sets of flows",
            CONFIG_TEXT_MAX, CONFIG_ITEMS_MAX, FLOW_SETS_MAX);
    return rc == BATON_OK ? BATON_OK : baton_fail(err, rc, "configuration");
}

/* What a limit was reached by came before what is wrong with the document behind it. */
static enum baton_status
outcome(const struct config_xml *x, enum baton_status rc, struct baton_err *err)
{
    return rc == BATON_OK || config_model_status(x->m) != BATON_OK ? model_fault(x, err) : rc;
}

enum baton_status
config_xml_push(struct config_xml *x, const void *bytes, size_t len, struct baton_err *err)
{
    return outcome(x, xml_push(x->xml, bytes, len, err), err);
}

enum baton_status
config_xml_finish(struct config_xml *x, enum config_xml_root *ret_root, struct baton_err *err)
{
    enum baton_status rc = outcome(x, xml_finish(x->xml, err), err);
    if (rc != BATON_OK)
        return rc;
    if (x->root == CONFIG_ROOT_NONE)
        return baton_fail(err, BATON_MALFORMED,
                          "its root is %s: ma-data, saved-ma-configuration, saved-mv-configuration "
                          "or synchronizationRule is expected",
                          x->wrong_root);
    if (x->unclear != NULL)
        return baton_fail(err, BATON_MALFORMED, "%s says neither true nor false", x->unclear);
    if (x->connector != NULL) {
        if (x->connector->id[0] == '\0')
            return baton_fail(err, BATON_MALFORMED, "a connector without an id");
        connector_finish(x);
    }
    if (x->root == CONFIG_ROOT_RULE && (x->rule->name[0] == '\0' || x->rule->direction[0] == '\0'))
        return baton_fail(err, BATON_MALFORMED, "a rule without a name or a direction");
    *ret_root = x->root;
    return model_fault(x, err);
}

void
config_xml_close(struct config_xml **x)
{
    if (*x == NULL)
        return;
    xml_close(&(*x)->xml);
    free((*x)->text);
    free(*x);
    *x = NULL;
}
