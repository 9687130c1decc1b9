#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config_world.h"

#include <stdio.h>
#include <string.h>

static const char *
text(struct config_world *w, const char *t)
{
    return config_keep(w->model, t, strlen(t));
}

static const char *
identifier(struct config_world *w, const char *seed, const char *what)
{
    char id[64];
    snprintf(id, sizeof id, "{%s-%s}", seed, what);
    return config_identifier(w->model, id);
}

struct config_connector *
config_world_ad(struct config_world *w)
{
    return &w->model->connector[w->ad];
}

struct config_connector *
config_world_entra(struct config_world *w)
{
    return &w->model->connector[w->entra];
}

struct config_rule *
config_world_rule(struct config_world *w, size_t rule)
{
    return &w->model->rule[rule];
}

void
world_list(struct config_world *w, struct text_list *l, const char *const texts[])
{
    l->count = 0;
    l->said = true;
    for (size_t i = 0; texts[i] != NULL; i++)
        config_list_add(w->model, l, texts[i]);
}

static void
add_profiles(struct config_world *w, struct config_connector *c)
{
    static const char *const names[][2] = {{"Full Import", "full-import"},
                                           {"Full Synchronization", "full-sync"},
                                           {"Export", "export"}};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct config_run_profile *p = config_add_profile(w->model, c);
        p->name = names[i][0];
        struct config_step *s = config_add_step(w->model, p);
        s->type = names[i][1];
        s->partition = c->partition[0].dn;
        s->object_limit = 0;
    }
}

static void
add_ad(struct config_world *w, const char *seed)
{
    static const char *const classes[] = {"user", "group", "contact", NULL},
                             *const attributes[] = {"displayName", "mail", "objectGUID", NULL},
                             *const in[] = {"OU=CORP,DC=contoso,DC=com", NULL},
                             *const out[] = {"DC=contoso,DC=com", NULL};
    struct config_connector *c = config_add_connector(w->model);
    w->ad = w->model->connector_count - 1;
    c->kind = CONNECTOR_AD;
    c->name = text(w, seed);
    c->id = identifier(w, seed, "AD");
    c->forest = "contoso.com";
    c->password_sync = YES;
    world_list(w, &c->attributes, attributes);
    struct config_partition *p = config_add_partition(w->model, c);
    p->dn = "DC=contoso,DC=com";
    p->id = identifier(w, seed, "PARTITION");
    p->selected = YES;
    world_list(w, &p->object_classes, classes);
    world_list(w, &p->inclusions, in);
    world_list(w, &p->exclusions, out);
    add_profiles(w, c);
}

static void
add_entra(struct config_world *w, const char *seed)
{
    static const char *const classes[] = {"user", "group", NULL},
                             *const attributes[] = {"displayName", "mail", "sourceAnchor", NULL},
                             *const all[] = {"", NULL}, *const none[] = {NULL};
    struct config_connector *c = config_add_connector(w->model);
    w->entra = w->model->connector_count - 1;
    c->kind = CONNECTOR_ENTRA;
    c->name = text(w, seed);
    c->id = identifier(w, seed, "ENTRA");
    world_list(w, &c->attributes, attributes);
    struct config_partition *p = config_add_partition(w->model, c);
    p->dn = "default";
    p->selected = YES;
    world_list(w, &p->object_classes, classes);
    world_list(w, &p->inclusions, all);
    world_list(w, &p->exclusions, none);
    add_profiles(w, c);
}

/* types: "user person Join" */
struct config_rule *
world_rule(struct config_world *w, const char *name, const char *tag, const char *direction,
           size_t connector, const char *types, int64_t precedence)
{
    char source[32], target[32], link[32];
    struct config_rule *r = config_add_rule(w->model);
    assert_int_equal(sscanf(types, "%31s %31s %31s", source, target, link), 3);
    r->name = text(w, name);
    r->tag = text(w, tag);
    r->standard = tag[0] != '\0';
    r->direction = direction;
    r->connector = w->model->connector[connector].id;
    r->source_type = text(w, source);
    r->target_type = text(w, target);
    r->link = text(w, link);
    r->precedence = precedence;
    r->disabled = NO;
    r->password_sync = NO;
    r->content_said = true;
    return r;
}

void
world_flow(struct config_world *w, struct config_rule *r, const char *target, const char *source)
{
    struct config_flow *f = config_add_flow(w->model, r);
    f->target = text(w, target);
    f->merge = "Update";
    if (strchr(source, '(') != NULL)
        f->expression = text(w, source);
    else
        config_list_add(w->model, &f->sources, source);
}

void
world_condition(struct config_world *w, struct config_group *g, const char *attribute,
                const char *operator, const char * value)
{
    struct config_condition *c = config_add_condition(w->model, g);
    c->attribute = text(w, attribute);
    c->operator= text(w, operator);
    c->value = text(w, value);
}

static void
add_rules(struct config_world *w)
{
    struct config_rule *r =
        world_rule(w, "In from AD - User Join", "Microsoft.InfromADUserJoin.012", "Inbound", w->ad,
                   "user person Provision", 100);
    w->user_in = w->model->rule_count - 1;
    world_condition(w, config_add_scope(w->model, r), "isCriticalSystemObject", "NOTEQUAL", "TRUE");
    world_condition(w, config_add_join(w->model, r), "objectGUID", "", "sourceAnchorBinary");
    world_flow(w, r, "sourceAnchorBinary", "objectGUID");
    r = world_rule(w, "In from AD - User Common", "Microsoft.InfromADUserCommon.012", "Inbound",
                   w->ad, "user person Join", 101);
    w->user_common = w->model->rule_count - 1;
    world_flow(w, r, "displayName", "displayName");
    world_flow(w, r, "mail", "Trim([mail])");
    r = world_rule(w, "In from AD - Group Join", "Microsoft.InfromADGroupJoin.012", "Inbound",
                   w->ad, "group group Provision", 102);
    w->group_in = w->model->rule_count - 1;
    world_flow(w, r, "displayName", "displayName");
    r = world_rule(w, "Out to AAD - User Join", "Microsoft.OuttoAADUserJoin.012", "Outbound",
                   w->entra, "person user Provision", 103);
    w->user_out = w->model->rule_count - 1;
    world_flow(w, r, "sourceAnchor", "sourceAnchor");
    world_flow(w, r, "displayName", "displayName");
    world_flow(w, r, "mail", "mail");
    r = world_rule(w, "Contoso mail", "", "Inbound", w->ad, "user person Join", 50);
    w->custom = w->model->rule_count - 1;
    world_condition(w, config_add_scope(w->model, r), "department", "EQUAL", "Sales");
    world_flow(w, r, "mail", "extensionAttribute1");
    w->model->rules_said = true;
}

void
world_parameter(struct config_world *w, const char *name, const char *value)
{
    struct config_parameter *p = config_add_parameter(w->model);
    p->name = text(w, name);
    p->value = text(w, value);
    p->type = "string";
}

void
world_set(struct config_world *w, const char *name, const char *value)
{
    for (size_t i = 0; i < w->model->parameter_count; i++)
        if (strcmp(w->model->parameter[i].name, name) == 0) {
            w->model->parameter[i].value = text(w, value);
            return;
        }
    fail_msg("no parameter %s", name);
}

void
config_world_make(struct config_world *w, const char *seed)
{
    *w = (struct config_world){.model = config_model_new(CONFIG_SERVER_EXPORT)};
    assert_non_null(w->model);
    w->model->source_anchor = "objectGUID";
    w->model->product_version = text(w, seed);
    add_ad(w, seed);
    add_entra(w, seed);
    add_rules(w);
    w->model->parameters_said = true;
    world_parameter(w, "Microsoft.Synchronize.NextStartTime", seed);
    world_parameter(w, "Microsoft.Synchronize.ServerConfigurationVersion", seed);
    world_parameter(w, "Microsoft.OptionalFeature.ExportDeletionThreshold", "True");
    world_parameter(w, "Microsoft.OptionalFeature.ExportDeletionThresholdValue", "500");
    world_parameter(w, "Microsoft.OptionalFeature.PasswordHashSync", "True");
    world_parameter(w, "Microsoft.SynchronizationOption.UPNAttribute", "userPrincipalName");
    assert_int_equal(config_model_status(w->model), BATON_OK);
}

void
config_world_done(struct config_world *w)
{
    config_model_free(&w->model);
}

int
config_pair_setup(void **state)
{
    static struct config_pair p;
    config_world_make(&p.o, "OLD");
    config_world_make(&p.n, "new");
    *state = &p;
    return 0;
}

int
config_pair_teardown(void **state)
{
    struct config_pair *p = *state;
    config_world_done(&p->o);
    config_world_done(&p->n);
    return 0;
}

struct config_rows
world_rows(const struct config_world *o, const struct config_world *n)
{
    struct config_rows rows;
    struct limits limits;
    limits_preset(PRESET_PARITY, &limits);
    assert_int_equal(config_compare(o->model, n->model, &limits, &rows), BATON_OK);
    return rows;
}

const char *
rows_text(const struct config_world *o, const struct config_world *n, enum finding_severity least)
{
    static char out[8192];
    size_t at = 0;
    struct config_rows rows = world_rows(o, n);
    out[0] = '\0';
    for (size_t i = 0; i < rows.count; i++) {
        const struct config_row *r = &rows.item[i];
        if (r->f.severity < least)
            continue;
        /* every row says what it means and what to do */
        assert_string_not_equal(r->f.why, "");
        at += (size_t)snprintf(out + at, sizeof out - at, "%s%s %s %s: %s > %s", at > 0 ? "\n" : "",
                               finding_severity_name((enum finding_severity)r->f.severity),
                               config_class_name(r->class), r->subject, r->old_text, r->new_text);
        assert_true(at < sizeof out);
    }
    config_rows_done(&rows);
    return out;
}

const struct config_row *
row_about(const struct config_rows *rows, const char *subject)
{
    const struct config_row *found = NULL;
    for (size_t i = 0; i < rows->count; i++)
        if (strstr(rows->item[i].subject, subject) != NULL) {
            assert_null(found);
            found = &rows->item[i];
        }
    if (found == NULL)
        fail_msg("no row about %s", subject);
    return found;
}
