#include "config_compare.h"

#include "config_pairs.h"
#include "config_parameters.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- source anchor ------------------------------------------------------------------------------ */

static bool
of_ad(const struct config_model *m, const struct config_rule *r)
{
    for (size_t i = 0; i < m->connector_count; i++)
        if (m->connector[i].kind == CONNECTOR_AD && strcmp(m->connector[i].id, r->connector) == 0)
            return true;
    return false;
}

/* The one attribute that a set of flows makes the anchor of; NULL: none, "": not one alone. */
static const char *
anchor_of_flows(const struct config_rule *r)
{
    const char *anchor = NULL;
    for (size_t i = 0; i < r->flow_count; i++) {
        const struct config_flow *f = &r->flow[i];
        if (strcasecmp(f->target, "sourceAnchor") != 0)
            continue;
        bool one = f->sources.count == 1 &&
                   (anchor == NULL || strcasecmp(anchor, f->sources.item[0]) == 0);
        anchor = one ? f->sources.item[0] : "";
        if (!one)
            break;
    }
    return anchor;
}

/* A server of the FIM era has no parameter for it: its anchor is what flows into sourceAnchor from every
 * forest. */
static const char *
source_anchor(const struct config_model *m)
{
    const char *anchor = m->source_anchor;
    if (anchor[0] != '\0' || m->source != CONFIG_FIM_EXPORT)
        return anchor;
    for (size_t i = 0; i < m->rule_count; i++) {
        const struct config_rule *r = &m->rule[i];
        const char *own =
            strcasecmp(r->direction, "Inbound") == 0 && of_ad(m, r) ? anchor_of_flows(r) : NULL;
        if (own == NULL)
            continue;
        if (own[0] == '\0' || (anchor[0] != '\0' && strcasecmp(anchor, own) != 0))
            return "";
        anchor = own;
    }
    return anchor;
}

void
compare_anchor(struct comparison *cmp)
{
    const char *o = source_anchor(cmp->old_model), *n = source_anchor(cmp->new_model);
    if (o[0] == '\0' || n[0] == '\0') {
        config_row_unsaid(cmp, CONFIG_ANCHOR, o[0] != '\0', n[0] != '\0', "source anchor",
                          "the tenant");
        return;
    }
    if (strcasecmp(o, n) == 0)
        return;
    struct config_row *row = config_row_add(cmp->rows, CONFIG_ANCHOR, o, n, "source anchor");
    config_row_why(row, "no object joins its twin: everybody would be made a second time in the "
                        "tenant, or refused as a duplicate");
    config_row_advice(row,
                      "uninstall NEW and install it again; wizard page Uniquely identifying your "
                      "users: source anchor %.60s. It cannot be changed later",
                      o);
}

/* --- password synchronization ------------------------------------------------------------------- */

static const char *
known_text(enum known k)
{
    return k == YES ? "on" : k == NO ? "off" : "not said";
}

static void
row_password_sync(struct comparison *cmp, enum known o, enum known n, const char *where)
{
    struct config_row *row =
        config_row_add(cmp->rows, CONFIG_PASSWORD_SYNC, known_text(o), known_text(n),
                       "password hash synchronization of %s", where);
    if (o == YES)
        config_row_why(row,
                       "password changes no longer reach the tenant: people of %.100s cannot "
                       "sign in with a new password",
                       where);
    else
        config_row_why(row, "password hashes of %.100s would leave for the tenant", where);
    config_row_advice(row,
                      "the Entra Connect wizard on NEW, Customize synchronization options, page "
                      "Optional features, Password hash synchronization: %s",
                      o == YES ? "select it" : "clear it");
}

/* Early versions have a parameter of its own; later ones say it by the way people sign in, which says
 * nothing when they sign in another way: hashes may be synchronized beside it. */
static enum known
parameters_password_sync(const struct config_model *m)
{
    const char *own = parameter_value(m, "Microsoft.OptionalFeature.PasswordHashSync"),
               *method = parameter_value(m, "Microsoft.UserSignIn.SignOnMethod");
    if (own != NULL && own[0] != '\0')
        return strcasecmp(own, "True") == 0 || strcmp(own, "1") == 0 ? YES : NO;
    return method != NULL && strcasecmp(method, "PasswordHashSync") == 0 ? YES : UNSAID;
}

/* Of the whole server: its parameters, else its connectors: those of AD, and of the FIM era the cloud's. */
static enum known
server_password_sync(const struct config_model *m)
{
    enum known all = parameters_password_sync(m);
    bool said = false;
    for (size_t i = 0; all == UNSAID && i < m->connector_count; i++) {
        if (m->connector[i].password_sync == YES)
            all = YES;
        said = said || m->connector[i].password_sync == NO;
    }
    return all == UNSAID && said ? NO : all;
}

void
compare_password_sync(struct comparison *cmp)
{
    bool told = false, open = false;
    for (size_t i = 0; i < cmp->pair_count; i++) {
        const struct connector_pair *p = &cmp->pair[i];
        char label[LABEL_BYTES];
        if (p->old_side == NULL || p->new_side == NULL || p->old_side->kind != CONNECTOR_AD)
            continue;
        enum known o = p->old_side->password_sync, n = p->new_side->password_sync;
        config_pair_label(p, label);
        open = open || o == UNSAID || n == UNSAID;
        if (o == UNSAID || n == UNSAID || o == n)
            continue;
        row_password_sync(cmp, o, n, label);
        told = true;
    }
    enum known o = server_password_sync(cmp->old_model), n = server_password_sync(cmp->new_model);
    if (told)
        return;
    if (o != UNSAID && n != UNSAID && o != n)
        row_password_sync(cmp, o, n, "the server");
    else if (open && (o == UNSAID || n == UNSAID))
        config_row_unsaid(cmp, CONFIG_PASSWORD_SYNC, o != UNSAID, n != UNSAID,
                          "password hash synchronization", "the server");
}

/* --- all -------------------------------------------------------------------------------------- */

enum baton_status
config_compare(const struct config_model *old_model, const struct config_model *new_model,
               const struct limits *limits, struct config_rows *ret_rows)
{
    struct config_rows rows = {0};
    struct comparison *cmp = calloc(1, sizeof *cmp);
    if (cmp == NULL)
        return BATON_NOMEM;
    *cmp = (struct comparison){.old_model = old_model, .new_model = new_model, .rows = &rows};
    enum baton_status rc = config_pairs_make(cmp);
    if (rc == BATON_OK)
        rc = compare_scope(cmp);
    if (rc == BATON_OK) {
        compare_anchor(cmp);
        compare_password_sync(cmp);
        rc = compare_rules(cmp);
    }
    if (rc == BATON_OK)
        rc = compare_profiles(cmp);
    if (rc == BATON_OK)
        rc = compare_parameters(cmp);
    if (rc == BATON_OK)
        rc = config_rows_finish(&rows, limits);
    free(cmp);
    if (rc != BATON_OK) {
        config_rows_done(&rows);
        return rc;
    }
    *ret_rows = rows;
    return BATON_OK;
}
