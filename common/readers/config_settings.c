#include "config_settings.h"

#include "utf.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* People quote these keys in different case, and so do versions. */
static json_t *
member(const json_t *o, const char *name)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)o, key, value)
    {
        if (strcasecmp(key, name) == 0)
            return value;
    }
    return NULL;
}

static const char *
member_text(const json_t *o, const char *name)
{
    const char *text = json_string_value(member(o, name));
    return text != NULL ? text : "";
}

static const char *
keep(struct config_model *m, const json_t *o, const char *name)
{
    const char *text = member_text(o, name);
    return config_keep(m, text, strlen(text));
}

static enum known
member_known(const json_t *o, const char *name)
{
    const json_t *v = member(o, name);
    if (json_is_boolean(v))
        return json_is_true(v) ? YES : NO;
    const char *text = json_string_value(v);
    if (text == NULL)
        return UNSAID;
    return strcasecmp(text, "true") == 0 ? YES : strcasecmp(text, "false") == 0 ? NO : UNSAID;
}

static int64_t
member_number(const json_t *o, const char *name)
{
    const json_t *v = member(o, name);
    return json_is_integer(v) && json_integer_value(v) >= 0 ? (int64_t)json_integer_value(v) : -1;
}

static void
keep_list(struct config_model *m, struct text_list *l, const json_t *list)
{
    size_t i;
    json_t *item;
    l->said = l->said || json_is_array(list);
    json_array_foreach(list, i, item)
    {
        if (json_is_string(item))
            config_list_add(m, l, json_string_value(item));
    }
}

/* --- rules -------------------------------------------------------------------------------------- */

static void
read_condition(struct config_model *m, struct config_group *g, const json_t *o)
{
    struct config_condition *c = config_add_condition(m, g);
    c->attribute = keep(m, o, "attribute");
    c->operator= keep(m, o, "condition");
    c->value = keep(m, o, "value");
}

/* A list of conditions is one group; a list of lists is several of which one is enough. */
static void
read_scope(struct config_model *m, struct config_rule *r, const json_t *filters)
{
    struct config_group *flat = NULL;
    size_t i, j;
    json_t *filter, *condition;
    json_array_foreach(filters, i, filter)
    {
        if (json_is_array(filter)) {
            struct config_group *g = config_add_scope(m, r);
            json_array_foreach(filter, j, condition)
            {
                read_condition(m, g, condition);
            }
            flat = NULL; /* the list of groups may have moved */
        } else if (json_is_object(filter)) {
            flat = flat != NULL ? flat : config_add_scope(m, r);
            read_condition(m, flat, filter);
        }
    }
}

static void
read_flow(struct config_model *m, struct config_rule *r, const json_t *mapping)
{
    struct config_flow *f = config_add_flow(m, r);
    const json_t *source = member(mapping, "source");
    f->target = keep(m, mapping, "destination");
    f->expression = keep(m, mapping, "expression");
    f->merge = keep(m, mapping, "valueMergeType");
    f->once = member_known(mapping, "executeOnce");
    if (json_is_string(source))
        config_list_add(m, &f->sources, json_string_value(source));
    else
        keep_list(m, &f->sources, source);
}

static struct config_rule *
read_named(struct config_model *m, const char *connector, const json_t *o)
{
    struct config_rule *r = config_add_rule(m);
    r->name = keep(m, o, "name");
    r->id = config_identifier(m, member_text(o, "uniqueIdentifier"));
    r->tag = keep(m, o, "immutableTag");
    r->standard = r->tag[0] != '\0';
    r->direction = keep(m, o, "direction");
    r->precedence = member_number(o, "precedence");
    r->disabled = member_known(o, "disabled");
    r->connector = connector;
    return r;
}

static void
read_custom(struct config_model *m, const char *connector, const json_t *o)
{
    struct config_rule *r = read_named(m, connector, o);
    const json_t *mappings = member(o, "attributeMappings");
    size_t i;
    json_t *mapping;
    r->source_type = keep(m, o, "source");
    r->target_type = keep(m, o, "target");
    r->link = keep(m, o, "linkType");
    r->content_said = json_is_array(mappings);
    r->join_unsaid = true;
    read_scope(m, r, member(o, "scopeFilters"));
    json_array_foreach(mappings, i, mapping)
    {
        read_flow(m, r, mapping);
    }
}

static bool
begins(const char *text, const char *with)
{
    return strncasecmp(text, with, strlen(with)) == 0;
}

static void
read_standard(struct config_model *m, const char *connector, const json_t *o)
{
    struct config_rule *r = read_named(m, connector, o);
    if (r->direction[0] == '\0' && (begins(r->tag, "Microsoft.In") || begins(r->name, "In from ")))
        r->direction = "Inbound";
    else if (r->direction[0] == '\0' &&
             (begins(r->tag, "Microsoft.Out") || begins(r->name, "Out to ")))
        r->direction = "Outbound";
}

/* --- directories -------------------------------------------------------------------------------- */

static void
read_partition(struct config_model *m, struct config_connector *c, const json_t *o)
{
    struct config_partition *p = config_add_partition(m, c);
    p->dn = keep(m, o, "distinguishedName");
    p->selected = YES;
    keep_list(m, &p->inclusions, member(o, "containerInclusions"));
    keep_list(m, &p->exclusions, member(o, "containerExclusions"));
}

static void
read_directory(struct config_model *m, enum connector_kind kind, const json_t *o)
{
    struct config_connector *c = config_add_connector(m);
    size_t i;
    json_t *item;
    c->kind = kind;
    c->name = keep(m, o, "friendlyName");
    c->id = config_identifier(m, member_text(o, "uniqueIdentifier"));
    if (kind == CONNECTOR_AD)
        c->forest = config_identifier(m, member_text(o, "fullyQualifiedDomainName"));
    json_array_foreach(member(o, "partitionFilters"), i, item)
    {
        read_partition(m, c, item);
    }
    const char *id = c->id;
    json_array_foreach(member(o, "customSynchronizationRules"), i, item)
    {
        read_custom(m, id, item);
    }
    json_array_foreach(member(o, "standardSynchronizationRules"), i, item)
    {
        read_standard(m, id, item);
    }
    m->rules_said = m->rules_said || json_is_array(member(o, "customSynchronizationRules")) ||
                    json_is_array(member(o, "standardSynchronizationRules"));
}

static bool
all_named(const json_t *rules, bool with_direction)
{
    size_t i;
    json_t *rule;
    json_array_foreach(rules, i, rule)
    {
        if (member_text(rule, "name")[0] == '\0' ||
            (with_direction && member_text(rule, "direction")[0] == '\0'))
            return false;
    }
    return true;
}

/* What a directory lacks without which it would be read in part; NULL: nothing. */
static const char *
directory_fault(enum connector_kind kind, const json_t *o)
{
    if (!json_is_object(o))
        return "a directory that is no object";
    if (kind == CONNECTOR_AD && member_text(o, "fullyQualifiedDomainName")[0] == '\0')
        return "a forest without fullyQualifiedDomainName";
    if (!all_named(member(o, "customSynchronizationRules"), true))
        return "a custom rule without name or direction";
    if (!all_named(member(o, "standardSynchronizationRules"), false))
        return "a standard rule without name";
    return NULL;
}

static bool
is_migration(const json_t *root)
{
    return strcasecmp(member_text(member(root, "policyMetadata"), "type"), "migration") == 0;
}

static enum baton_status
too_large(enum baton_status rc, struct baton_err *err)
{
    return baton_fail(err, rc,
                      "more settings than can be read: a text above %d bytes or a list above %d "
                      "entries",
                      CONFIG_TEXT_MAX, CONFIG_ITEMS_MAX);
}

static enum baton_status
read_document(const json_t *root, struct config_model *m, struct baton_err *err)
{
    const json_t *forests = member(root, "onpremisesDirectoryPolicy"),
                 *entra = member(root, "azureDirectoryPolicy");
    size_t i;
    json_t *forest;
    if (is_migration(root))
        return baton_fail(err, BATON_MALFORMED,
                          "the policy of migrated settings is no configuration by itself: name the "
                          "whole folder that MigrateSettings.ps1 wrote");
    if (!json_is_array(forests) || !json_is_object(entra))
        return baton_fail(
            err, BATON_MALFORMED,
            "no exported settings: onpremisesDirectoryPolicy and azureDirectoryPolicy "
            "are expected");
    m->host = keep(m, member(root, "deploymentMetadata"), "hostName");
    m->product_version = keep(m, member(root, "policyMetadata"), "productVersion");
    const char *fault = directory_fault(CONNECTOR_ENTRA, entra);
    json_array_foreach(forests, i, forest)
    {
        fault = fault != NULL ? fault : directory_fault(CONNECTOR_AD, forest);
        if (fault == NULL)
            read_directory(m, CONNECTOR_AD, forest);
    }
    if (fault != NULL)
        return baton_fail(err, BATON_MALFORMED, "exported settings with %s", fault);
    read_directory(m, CONNECTOR_ENTRA, entra);
    enum baton_status rc = config_model_status(m);
    return rc == BATON_OK ? BATON_OK : too_large(rc, err);
}

/* One identifier, or a list of them: ConvertTo-Json unwraps a list of one. */
static void
keep_promised(struct config_model *m, const json_t *ids)
{
    size_t i;
    json_t *item;
    if (json_is_string(ids))
        config_list_add(m, &m->promised, config_identifier(m, json_string_value(ids)));
    json_array_foreach(ids, i, item)
    {
        if (json_is_string(item))
            config_list_add(m, &m->promised, config_identifier(m, json_string_value(item)));
    }
}

static enum baton_status
read_migration(const json_t *root, struct config_model *m, struct baton_err *err)
{
    const json_t *from = member(root, "deploymentMetadata");
    if (!is_migration(root) || !json_is_object(from))
        return baton_fail(err, BATON_MALFORMED,
                          "no policy of migrated settings: policyMetadata of type migration and "
                          "deploymentMetadata are expected");
    m->host = keep(m, from, "hostName");
    m->product_version = keep(m, member(root, "policyMetadata"), "azureADConnectVersion");
    keep_promised(m, member(from, "connectorIds"));
    enum baton_status rc = config_model_status(m);
    return rc == BATON_OK ? BATON_OK : too_large(rc, err);
}

typedef enum baton_status read_fn(const json_t *root, struct config_model *m,
                                  struct baton_err *err);

static enum baton_status
read_bytes(const char *bytes, size_t len, read_fn *read, struct config_model *model,
           struct baton_err *err)
{
    json_error_t where;
    char *text = NULL;
    if (len > CONFIG_SETTINGS_BYTES_MAX)
        return baton_fail(err, BATON_LIMIT, "exported settings have at most %d bytes",
                          CONFIG_SETTINGS_BYTES_MAX);
    enum baton_status rc = utf_to_utf8(bytes, len, &text, err);
    if (rc != BATON_OK)
        return rc;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &where);
    free(text);
    if (root == NULL)
        return baton_fail(err, BATON_MALFORMED, "line %d: %s", where.line, where.text);
    rc = read(root, model, err);
    json_decref(root);
    return rc;
}

enum baton_status
config_settings_read(const char *bytes, size_t len, struct config_model *model,
                     struct baton_err *err)
{
    return read_bytes(bytes, len, read_document, model, err);
}

enum baton_status
config_settings_migrated(const char *bytes, size_t len, struct config_model *model,
                         struct baton_err *err)
{
    return read_bytes(bytes, len, read_migration, model, err);
}
