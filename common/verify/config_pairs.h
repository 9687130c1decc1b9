/* config_pairs.h: two configurations side by side: which connector of OLD is which of NEW.
 *
 * Shape      Connectors are matched by kind, and an AD connector by its forest or by a partition that
 *            both have; never by identifier, and by name only where nothing else can tell (a connector
 *            that is neither AD nor Entra). What has no partner is a pair with one side NULL.
 * Limits     PAIRS_MAX connectors of both sides.
 * Errors     BATON_LIMIT, BATON_NOMEM.
 * Ownership  Pairs borrow from the models. config_pairs_done.
 * Source     domain 6.3 (the documenter stumbles when names differ).
 */
#ifndef VERIFY_CONFIG_PAIRS_H
#define VERIFY_CONFIG_PAIRS_H

#include "config_model.h"
#include "config_rows.h"

enum { PAIRS_MAX = 256, LABEL_BYTES = 128 };

#define PAIR_NONE SIZE_MAX

struct connector_pair {
    const struct config_connector *old_side, *new_side;
};

struct comparison {
    const struct config_model *old_model, *new_model;
    struct connector_pair pair[PAIRS_MAX];
    size_t pair_count;
    struct config_rows *rows;
};

enum baton_status config_pairs_make(struct comparison *cmp) BATON_MUST_USE;
/* The pair in which this model's connector with that identifier stands; PAIR_NONE when there is none. */
size_t config_pair_of(const struct comparison *cmp, const struct config_model *model,
                      const char *connector_id);
enum connector_kind config_pair_kind(const struct connector_pair *p);
/* "forest contoso.com", "Entra ID", "connector HR database". */
void config_pair_label(const struct connector_pair *p, char out[LABEL_BYTES]);

/* A row for what one side does not say. A matter that decides about deletes, joins or sign-in is for a
 * person; any other is shown. */
struct config_row *config_row_unsaid(struct comparison *cmp, enum config_class class, bool old_said,
                                     bool new_said, const char *what, const char *where);

/* The parts of config_compare. */
enum baton_status compare_scope(struct comparison *cmp) BATON_MUST_USE;
enum baton_status compare_rules(struct comparison *cmp) BATON_MUST_USE;
enum baton_status compare_parameters(struct comparison *cmp) BATON_MUST_USE;
enum baton_status compare_profiles(struct comparison *cmp) BATON_MUST_USE;
void compare_anchor(struct comparison *cmp);
void compare_password_sync(struct comparison *cmp);

#endif
