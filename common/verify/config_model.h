/* config_model.h: what a sync server is configured to do, whatever form it was exported in.
 *
 * Shape      One normalised model. Names keep their spelling and compare without case; identifiers are
 *            lower case without braces; booleans are known or not. What a source cannot say (DirSync
 *            knows no synchronization rules, a settings file knows no object classes) is "unsaid",
 *            which is not the same as "empty": unsaid never counts as a difference, and is reported.
 *            Volatile content (versions, time stamps, water-marks) is not kept, but for when a connector
 *            was last changed: full runs have to be newer.
 * Limits     CONFIG_TEXT_MAX of one text, CONFIG_ITEMS_MAX of one list; memory grows with the content.
 * Errors     BATON_NOMEM, BATON_LIMIT (sticky: the first one stays in config_model_status).
 * Ownership  The model owns all; texts live until config_model_free, an element that was added stays
 *            where it is until the next one of its list. Secrets are never kept.
 * Threads    One.
 * Source     formats 1, 7, 8; domain 2.3, 3.1.
 */
#ifndef VERIFY_CONFIG_MODEL_H
#define VERIFY_CONFIG_MODEL_H

#include "baton/status.h"

enum { CONFIG_TEXT_MAX = 1 << 20, CONFIG_ITEMS_MAX = 100000 };

enum config_source {
    CONFIG_SERVER_EXPORT, /* folder of Get-ADSyncServerConfiguration */
    CONFIG_FIM_EXPORT,    /* saved-ma-configuration, saved-mv-configuration: a DirSync-era server */
    CONFIG_SETTINGS,      /* exported settings JSON */
    CONFIG_MIGRATED,      /* Exported-ServerConfiguration-* of MigrateSettings.ps1 */
};

enum known { UNSAID, NO, YES };

struct text_list {
    const char **item; /* as they were said, in order */
    size_t count, capacity;
    bool said;
};

struct config_partition {
    const char *dn; /* or "default" */
    const char *id;
    enum known selected;
    struct text_list object_classes, inclusions, exclusions; /* DNs of containers */
};

struct config_step {
    const char *type;      /* full-import, delta-import, full-sync, delta-sync, export */
    const char *partition; /* DN, or "" */
    int64_t object_limit, delete_limit, batch_size; /* -1: unsaid, 0: none */
};

struct config_run_profile {
    const char *name;
    struct config_step *step;
    size_t step_count, step_capacity;
};

enum connector_kind { CONNECTOR_AD, CONNECTOR_ENTRA, CONNECTOR_OTHER };

struct config_connector {
    enum connector_kind kind;
    const char *name, *id;
    const char *forest;   /* forest or domain of an AD connector, lower case; "" */
    const char *modified; /* when it was last changed, as it was said; never a difference; "" */
    enum known password_sync;
    struct text_list object_classes, attributes;
    struct text_list filters; /* of the FIM era: "user: cn equality x", each keeps objects out */
    struct config_partition *partition;
    size_t partition_count, partition_capacity;
    struct config_run_profile *profile;
    size_t profile_count, profile_capacity;
};

struct config_condition {                      /* scope or join */
    const char *attribute, *operator, * value; /* join: value is the metaverse attribute */
    enum known case_sensitive;
};

struct config_group { /* conditions of a group are all needed; one group is enough */
    struct config_condition *condition;
    size_t condition_count, condition_capacity;
};

struct config_flow { /* a transformation, or an attribute flow of the FIM era */
    const char *target;
    const char *expression; /* "" for a direct flow */
    const char *merge;      /* Update, MergeCaseInsensitive, ... */
    struct text_list sources;
    enum known once; /* executed once */
};

/* A synchronization rule; or, of the FIM era (rules_said false), one set of attribute flows: then only
 * direction, connector, the two types and the flows are said, and the name is made of the types. */
struct config_rule {
    const char *name, *id, *tag; /* tag: immutable tag, "" for a custom rule */
    const char *direction;       /* inbound, outbound */
    const char *connector;       /* id of its connector, "" when the source names another way */
    const char *source_type, *target_type, *link; /* Join, Provision, StickyJoin, ... */
    int64_t precedence;                           /* -1: unsaid */
    enum known disabled, password_sync;
    bool standard;     /* has a standard rule's tag */
    bool content_said; /* false: only name, tag and precedence are known (standard rules in JSON) */
    bool join_unsaid;  /* how it joins is not said by this form */
    struct config_group *scope, *join;
    size_t scope_count, scope_capacity, join_count, join_capacity;
    struct config_flow *flow;
    size_t flow_count, flow_capacity;
};

struct config_parameter {
    const char *name, *value, *type;
    bool secret; /* its value was not kept */
};

struct config_model {
    enum config_source source;
    const char *product_version, *host, *server_tag; /* "" when unsaid */
    const char *source_anchor;                       /* attribute name, "" when unsaid */
    struct config_connector *connector;
    size_t connector_count, connector_capacity;
    struct config_rule *rule;
    size_t rule_count, rule_capacity;
    bool rules_said, parameters_said;
    struct config_parameter *parameter;
    size_t parameter_count, parameter_capacity;
    struct text_list
        promised; /* migrated settings: ids of the connectors that the folder must hold */
    struct config_arena *arena;
    enum baton_status status; /* sticky */
};

const char *config_source_name(enum config_source source); /* "server-export", "fim-export", ... */
const char *config_source_text(enum config_source source); /* for people: "a settings file" */

struct config_model *config_model_new(enum config_source source); /* NULL: no memory */
void config_model_free(struct config_model **m);
enum baton_status config_model_status(const struct config_model *m);
/* An identifier that two connectors or two rules have: a file was read twice. NULL: none. */
const char *config_model_twice(const struct config_model *m);

/* A copy of the text that lives as long as the model; never NULL ("" when it failed). */
const char *config_keep(struct config_model *m, const char *text, size_t len);
const char *config_identifier(struct config_model *m,
                              const char *text); /* braces off, lower case */
void config_list_add(struct config_model *m, struct text_list *l, const char *text);

/* A new zeroed element at the end ("" in every text); never NULL (a spare one when it failed). */
struct config_connector *config_add_connector(struct config_model *m);
struct config_partition *config_add_partition(struct config_model *m, struct config_connector *c);
struct config_run_profile *config_add_profile(struct config_model *m, struct config_connector *c);
struct config_step *config_add_step(struct config_model *m, struct config_run_profile *p);
struct config_rule *config_add_rule(struct config_model *m);
struct config_group *config_add_scope(struct config_model *m, struct config_rule *r);
struct config_group *config_add_join(struct config_model *m, struct config_rule *r);
struct config_condition *config_add_condition(struct config_model *m, struct config_group *g);
struct config_flow *config_add_flow(struct config_model *m, struct config_rule *r);
struct config_parameter *config_add_parameter(struct config_model *m);

#endif
