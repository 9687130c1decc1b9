/* config_world.h: a small configuration to compare with itself, changed in one place.
 *
 * Shape      config_world_make: forest contoso.com with OU=CORP in scope, Entra ID, a handful of rules,
 *            run profiles and parameters. Two of them differ in nothing that counts, although every
 *            identifier differs.
 *            rows_text: the rows of a comparison under the parity preset, one a line:
 *            "block scope-narrowed OU=X: in scope > not in scope".
 */
#ifndef TESTS_CONFIG_WORLD_H
#define TESTS_CONFIG_WORLD_H

#include "common/verify/config_compare.h"

struct config_world {
    struct config_model *model;
    size_t ad, entra;                                        /* connectors */
    size_t user_in, user_common, group_in, user_out, custom; /* rules */
};

/* `seed` goes into every identifier. */
void config_world_make(struct config_world *w, const char *seed);
void config_world_done(struct config_world *w);

/* Both sides of a comparison, as the state of a test. */
struct config_pair {
    struct config_world o, n;
};
int config_pair_setup(void **state);
int config_pair_teardown(void **state);

struct config_connector *config_world_ad(struct config_world *w);
struct config_connector *config_world_entra(struct config_world *w);
struct config_rule *config_world_rule(struct config_world *w, size_t rule);

struct config_rule *world_rule(struct config_world *w, const char *name, const char *tag,
                               const char *direction, size_t connector, const char *types,
                               int64_t precedence);
void world_flow(struct config_world *w, struct config_rule *r, const char *target,
                const char *source);
void world_condition(struct config_world *w, struct config_group *g, const char *attribute,
                     const char *operator, const char * value);
void world_parameter(struct config_world *w, const char *name, const char *value);
void world_set(struct config_world *w, const char *name, const char *value); /* one that is there */
void world_list(struct config_world *w, struct text_list *l, const char *const texts[]);

struct config_rows world_rows(const struct config_world *o, const struct config_world *n);
/* Static memory. `least`: rows below that severity are left out. */
const char *rows_text(const struct config_world *o, const struct config_world *n,
                      enum finding_severity least);
/* The one row whose subject contains that text. */
const struct config_row *row_about(const struct config_rows *rows, const char *subject);

#endif
