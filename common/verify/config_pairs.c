#include "config_pairs.h"

#include "dn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static enum baton_status
pair_add(struct comparison *cmp, const struct config_connector *old_side,
         const struct config_connector *new_side)
{
    if (cmp->pair_count == PAIRS_MAX)
        return BATON_LIMIT;
    cmp->pair[cmp->pair_count++] =
        (struct connector_pair){.old_side = old_side, .new_side = new_side};
    return BATON_OK;
}

static enum baton_status
dns_equal(const char *a, const char *b, bool *ret_equal)
{
    char *x = dn_canonical(a, NULL), *y = dn_canonical(b, NULL);
    enum baton_status rc = x != NULL && y != NULL ? BATON_OK : BATON_NOMEM;
    if (rc == BATON_OK)
        *ret_equal = strcmp(x, y) == 0;
    free(x);
    free(y);
    return rc;
}

static enum baton_status
partition_shared(const struct config_connector *a, const struct config_connector *b,
                 bool *ret_shared)
{
    enum baton_status rc = BATON_OK;
    *ret_shared = false;
    for (size_t i = 0; i < a->partition_count && !*ret_shared; i++)
        for (size_t j = 0; j < b->partition_count && !*ret_shared && rc == BATON_OK; j++)
            rc = dns_equal(a->partition[i].dn, b->partition[j].dn, ret_shared);
    return rc;
}

/* Forests decide where both are said; else a partition that both have. */
static enum baton_status
connectors_match(const struct config_connector *a, const struct config_connector *b,
                 bool *ret_match)
{
    *ret_match = false;
    if (a->kind != b->kind)
        return BATON_OK;
    switch (a->kind) {
    case CONNECTOR_ENTRA:
        *ret_match = true;
        return BATON_OK;
    case CONNECTOR_OTHER:
        *ret_match = strcasecmp(a->name, b->name) == 0;
        return BATON_OK;
    case CONNECTOR_AD:
        break;
    }
    if (a->forest[0] == '\0' || b->forest[0] == '\0')
        return partition_shared(a, b, ret_match);
    *ret_match = strcasecmp(a->forest, b->forest) == 0;
    return BATON_OK;
}

enum baton_status
config_pairs_make(struct comparison *cmp)
{
    const struct config_model *o = cmp->old_model, *n = cmp->new_model;
    bool taken[PAIRS_MAX] = {false};
    enum baton_status rc = BATON_OK;
    if (o->connector_count > PAIRS_MAX || n->connector_count > PAIRS_MAX)
        return BATON_LIMIT;
    for (size_t i = 0; i < o->connector_count && rc == BATON_OK; i++) {
        const struct config_connector *found = NULL;
        for (size_t j = 0; j < n->connector_count && found == NULL && rc == BATON_OK; j++) {
            bool match = false;
            if (!taken[j])
                rc = connectors_match(&o->connector[i], &n->connector[j], &match);
            if (match) {
                taken[j] = true;
                found = &n->connector[j];
            }
        }
        if (rc == BATON_OK)
            rc = pair_add(cmp, &o->connector[i], found);
    }
    for (size_t j = 0; j < n->connector_count && rc == BATON_OK; j++)
        if (!taken[j])
            rc = pair_add(cmp, NULL, &n->connector[j]);
    return rc;
}

size_t
config_pair_of(const struct comparison *cmp, const struct config_model *model,
               const char *connector_id)
{
    for (size_t i = 0; i < cmp->pair_count; i++) {
        const struct config_connector *c =
            model == cmp->old_model ? cmp->pair[i].old_side : cmp->pair[i].new_side;
        if (c != NULL && connector_id[0] != '\0' && strcmp(c->id, connector_id) == 0)
            return i;
    }
    return PAIR_NONE;
}

enum connector_kind
config_pair_kind(const struct connector_pair *p)
{
    return p->old_side != NULL ? p->old_side->kind : p->new_side->kind;
}

void
config_pair_label(const struct connector_pair *p, char out[LABEL_BYTES])
{
    const struct config_connector *c = p->old_side != NULL ? p->old_side : p->new_side;
    const char *forest = c->forest;
    if (forest[0] == '\0' && p->new_side != NULL)
        forest = p->new_side->forest;
    if (c->kind == CONNECTOR_ENTRA)
        (void)snprintf(out, LABEL_BYTES, "Entra ID");
    else if (c->kind == CONNECTOR_AD && forest[0] != '\0')
        (void)snprintf(out, LABEL_BYTES, "forest %s", forest);
    else
        (void)snprintf(out, LABEL_BYTES, "connector %s", c->name);
}

struct config_row *
config_row_unsaid(struct comparison *cmp, enum config_class class, bool old_said, bool new_said,
                  const char *what, const char *where)
{
    struct config_row *row =
        config_row_add(cmp->rows, class, old_said ? "said" : "not said",
                       new_said ? "said" : "not said", "%s of %s", what, where);
    row->least = class == CONFIG_EXPECTED ? SEVERITY_INFO : SEVERITY_REVIEW;
    row->most = row->least;
    if (!old_said && !new_said)
        config_row_why(row, "cannot be compared: neither side says it");
    else
        config_row_why(
            row, "cannot be compared: %s, which is %s, does not say it", old_said ? "NEW" : "OLD",
            config_source_text(old_said ? cmp->new_model->source : cmp->old_model->source));
    if (class == CONFIG_EXPECTED)
        config_row_advice(row, "nothing, if the pending exports of the new server are as expected");
    else
        config_row_advice(row, "look it up on both servers and accept this row with what you saw");
    return row;
}
