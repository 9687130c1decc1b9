#include "config_pairs.h"
#include "dn.h"
#include "scope.h"

#include "common/draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PARTITIONS_COMPARED_MAX = 512 };

#define OU_PAGE                                                                                    \
    "the Entra Connect wizard, Customize synchronization options, page Domain and OU filtering"

static void
why_scope(struct config_row *row, bool narrowed, const char *what)
{
    if (narrowed)
        config_row_why(row, "every object %s would be deleted in the tenant", what);
    else
        config_row_why(row, "objects %s would appear in the tenant", what);
}

static void
row_whole(struct comparison *cmp, bool narrowed, const char *subject, const char *what,
          const char *advice)
{
    struct config_row *row =
        config_row_add(cmp->rows, narrowed ? CONFIG_SCOPE_NARROWED : CONFIG_SCOPE_WIDENED,
                       narrowed ? "in scope" : "not in scope",
                       narrowed ? "not in scope" : "in scope", "%s", subject);
    why_scope(row, narrowed, what);
    config_row_advice(row, "%s", advice);
}

/* What Entra ID itself holds is not chosen by containers: unsaid there decides about nothing. */
static enum config_class
unsaid_class(const struct connector_pair *p)
{
    return config_pair_kind(p) == CONNECTOR_ENTRA ? CONFIG_EXPECTED : CONFIG_SCOPE_NARROWED;
}

/* --- containers ------------------------------------------------------------------------------- */

/* "A and B", "A, B and 7 more". */
static void
name_containers(const struct scope_change *c, char out[FINDING_TEXT_BYTES])
{
    enum { NAMED_MAX = 3 };
    size_t named = c->except_count > NAMED_MAX ? NAMED_MAX - 1 : c->except_count, at = 0;
    for (size_t i = 0; i < named && at < FINDING_TEXT_BYTES; i++) {
        const char *glue = i == 0 ? "" : i + 1 == c->except_count ? " and " : ", ";
        at += (size_t)snprintf(out + at, FINDING_TEXT_BYTES - at, "%s%s", glue, c->except[i]);
    }
    if (named < c->except_count && at < FINDING_TEXT_BYTES)
        (void)snprintf(out + at, FINDING_TEXT_BYTES - at, " and %zu more", c->except_count - named);
}

/* What the row accepts is the whole list, however much of it is shown. */
static char *
scope_state(const struct scope_change *c, bool in)
{
    struct draft d = {0};
    draft_put(&d, in ? "in scope" : "not in scope");
    for (size_t i = 0; i < c->except_count; i++)
        draft_format(&d, "%s%s", i == 0 ? ", except " : "; ", c->except[i]);
    return draft_end(&d);
}

static enum baton_status
row_container(struct comparison *cmp, const struct scope_change *c, bool whole_partition)
{
    char what[2 * FINDING_TEXT_BYTES], except[FINDING_TEXT_BYTES] = "";
    char *old_text = scope_state(c, c->old_in), *new_text = scope_state(c, c->new_in);
    bool narrowed = c->old_in;
    if (old_text == NULL || new_text == NULL) {
        free(old_text);
        free(new_text);
        return BATON_NOMEM;
    }
    name_containers(c, except);
    if (whole_partition && c->except_count > 0)
        (void)snprintf(what, sizeof what, "outside %s", except);
    else if (whole_partition)
        (void)snprintf(what, sizeof what, "of %s", c->dn);
    else
        (void)snprintf(what, sizeof what, "below %s%s%s", c->dn,
                       c->except_count > 0 ? ", except below " : "", except);
    struct config_row *row =
        config_row_add(cmp->rows, narrowed ? CONFIG_SCOPE_NARROWED : CONFIG_SCOPE_WIDENED, old_text,
                       new_text, "%s", c->dn);
    why_scope(row, narrowed, what);
    config_row_advice(row, narrowed ? "select it in " OU_PAGE ", then run a full import on NEW"
                                    : "clear it in " OU_PAGE ", or accept that these objects come");
    free(old_text);
    free(new_text);
    return BATON_OK;
}

static enum baton_status
compare_containers(struct comparison *cmp, const struct connector_pair *p,
                   const struct config_partition *o, const struct config_partition *n)
{
    struct scope_changes changes;
    bool old_said = o->inclusions.said || o->exclusions.said,
         new_said = n->inclusions.said || n->exclusions.said;
    if (!old_said || !new_said) {
        config_row_unsaid(cmp, unsaid_class(p), old_said, new_said, "container filter", o->dn);
        return BATON_OK;
    }
    char *root = dn_canonical(o->dn, NULL);
    enum baton_status rc = root != NULL ? scope_compare(o->dn, o, n, &changes) : BATON_NOMEM;
    if (rc != BATON_OK) {
        free(root);
        return rc;
    }
    for (size_t i = 0; i < changes.count && rc == BATON_OK; i++) {
        char *dn = dn_canonical(changes.item[i].dn, NULL);
        rc = dn != NULL ? row_container(cmp, &changes.item[i], strcmp(dn, root) == 0) : BATON_NOMEM;
        free(dn);
    }
    scope_changes_done(&changes);
    free(root);
    return rc;
}

/* --- lists of names --------------------------------------------------------------------------- */

static int
compare_texts(const void *a, const void *b)
{
    return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

struct sorted {
    const char **item;
    size_t count;
};

static enum baton_status
sorted_make(const struct text_list *l, struct sorted *ret_sorted)
{
    const char **copy = malloc((l->count + 1) * sizeof *copy);
    if (copy == NULL)
        return BATON_NOMEM;
    if (l->count > 0) {
        memcpy((void *)copy, (const void *)l->item, l->count * sizeof *copy);
        qsort((void *)copy, l->count, sizeof *copy, compare_texts);
    }
    *ret_sorted = (struct sorted){.item = copy, .count = l->count};
    return BATON_OK;
}

static bool
sorted_has(const struct sorted *s, const char *text)
{
    return bsearch((const void *)&text, (const void *)s->item, s->count, sizeof *s->item,
                   compare_texts) != NULL;
}

typedef void name_row(struct comparison *cmp, const char *label, const char *name, bool gone);

static void
rows_only_in(struct comparison *cmp, const char *label, const struct sorted *in,
             const struct sorted *not_in, bool gone, name_row *row)
{
    for (size_t i = 0; i < in->count; i++)
        if ((i == 0 || strcasecmp(in->item[i - 1], in->item[i]) != 0) &&
            !sorted_has(not_in, in->item[i]))
            row(cmp, label, in->item[i], gone);
}

static enum baton_status
compare_names(struct comparison *cmp, const char *label, const struct text_list *o,
              const struct text_list *n, name_row *row)
{
    struct sorted x = {0}, y = {0};
    enum baton_status rc = sorted_make(o, &x);
    if (rc == BATON_OK)
        rc = sorted_make(n, &y);
    if (rc == BATON_OK) {
        rows_only_in(cmp, label, &x, &y, true, row);
        rows_only_in(cmp, label, &y, &x, false, row);
    }
    free((void *)x.item);
    free((void *)y.item);
    return rc;
}

static void
row_object_class(struct comparison *cmp, const char *label, const char *name, bool gone)
{
    char subject[2 * LABEL_BYTES], what[2 * LABEL_BYTES];
    (void)snprintf(subject, sizeof subject, "object class %.80s of %s", name, label);
    (void)snprintf(what, sizeof what, "of class %.80s in %s", name, label);
    row_whole(cmp, gone, subject, what,
              gone ? "on NEW, Synchronization Service Manager, Connectors, Properties, Select "
                     "Object Types: select it, then run a full import"
                   : "on NEW, Synchronization Service Manager, Connectors, Properties, Select "
                     "Object Types: clear it, or accept that these objects come");
}

static void
row_attribute(struct comparison *cmp, const char *label, const char *name, bool gone)
{
    struct config_row *row =
        config_row_add(cmp->rows, gone ? CONFIG_ATTRIBUTE_LOST : CONFIG_ATTRIBUTE_ADDED,
                       gone ? "selected" : "not selected", gone ? "not selected" : "selected",
                       "attribute %s of %s", name, label);
    if (gone)
        config_row_why(row,
                       "%.80s of %.100s no longer flows: what came of it is emptied in the tenant",
                       name, label);
    else
        config_row_why(row, "%.80s of %.100s begins to flow where a rule uses it", name, label);
    config_row_advice(row,
                      "on NEW, Synchronization Service Manager, Connectors, Properties, Select "
                      "Attributes: %s it, then run a full import",
                      gone ? "select" : "clear");
}

/* --- partitions ------------------------------------------------------------------------------- */

/* Connector level and partition level say the same thing in most files: one row is enough. */
static enum baton_status
compare_classes(struct comparison *cmp, const struct connector_pair *p, const char *label,
                const struct config_partition *o, const struct config_partition *n)
{
    if (p->old_side->object_classes.said && p->new_side->object_classes.said)
        return BATON_OK;
    if (o->object_classes.said && n->object_classes.said)
        return compare_names(cmp, label, &o->object_classes, &n->object_classes, row_object_class);
    config_row_unsaid(
        cmp, unsaid_class(p), o->object_classes.said || p->old_side->object_classes.said,
        n->object_classes.said || p->new_side->object_classes.said, "object classes", o->dn);
    return BATON_OK;
}

static enum baton_status
compare_partition(struct comparison *cmp, const struct connector_pair *p, const char *label,
                  const struct config_partition *o, const struct config_partition *n)
{
    static const char advice[] = "check the domain in " OU_PAGE ", then run a full import on NEW";
    const char *dn = o != NULL ? o->dn : n->dn;
    enum known was = o != NULL ? o->selected : NO, is = n != NULL ? n->selected : NO;
    char subject[FINDING_TEXT_BYTES], what[FINDING_TEXT_BYTES];
    (void)snprintf(subject, sizeof subject, "partition %s", dn);
    (void)snprintf(what, sizeof what, "of the partition %s", dn);
    if (was == UNSAID || is == UNSAID) {
        config_row_unsaid(cmp, unsaid_class(p), was != UNSAID, is != UNSAID,
                          "selection of the partition", dn);
        return BATON_OK;
    }
    if (was != is)
        row_whole(cmp, was == YES, subject, what, advice);
    if (was == NO || is == NO)
        return BATON_OK;
    enum baton_status rc = compare_containers(cmp, p, o, n);
    return rc == BATON_OK ? compare_classes(cmp, p, label, o, n) : rc;
}

static enum baton_status
partition_find(const struct config_connector *c, const char *dn,
               const struct config_partition **ret_partition)
{
    char *key = dn_canonical(dn, NULL);
    enum baton_status rc = key != NULL ? BATON_OK : BATON_NOMEM;
    *ret_partition = NULL;
    for (size_t i = 0; i < c->partition_count && *ret_partition == NULL && rc == BATON_OK; i++) {
        char *other = dn_canonical(c->partition[i].dn, NULL);
        if (other == NULL)
            rc = BATON_NOMEM;
        else if (strcmp(key, other) == 0)
            *ret_partition = &c->partition[i];
        free(other);
    }
    free(key);
    return rc;
}

static enum baton_status
compare_partitions(struct comparison *cmp, const struct connector_pair *p, const char *label)
{
    const struct config_connector *o = p->old_side, *n = p->new_side;
    const struct config_partition *other;
    enum baton_status rc = BATON_OK;
    if (o->partition_count > PARTITIONS_COMPARED_MAX ||
        n->partition_count > PARTITIONS_COMPARED_MAX)
        return BATON_LIMIT;
    if (o->partition_count == 0 || n->partition_count == 0) {
        config_row_unsaid(cmp, unsaid_class(p), o->partition_count > 0, n->partition_count > 0,
                          "partitions", label);
        return BATON_OK;
    }
    for (size_t i = 0; i < o->partition_count && rc == BATON_OK; i++) {
        rc = partition_find(n, o->partition[i].dn, &other);
        if (rc == BATON_OK)
            rc = compare_partition(cmp, p, label, &o->partition[i], other);
    }
    for (size_t j = 0; j < n->partition_count && rc == BATON_OK; j++) {
        rc = partition_find(o, n->partition[j].dn, &other);
        if (rc == BATON_OK && other == NULL)
            rc = compare_partition(cmp, p, label, NULL, &n->partition[j]);
    }
    return rc;
}

/* --- filters of the FIM era --------------------------------------------------------------------- */

static void
row_filter(struct comparison *cmp, const char *label, const char *name, bool gone)
{
    struct config_row *row =
        config_row_add(cmp->rows, gone ? CONFIG_SCOPE_WIDENED : CONFIG_SCOPE_NARROWED,
                       gone ? "kept out" : "in scope", gone ? "in scope" : "kept out",
                       "filter of %s: %s", label, name);
    why_scope(row, !gone, "that this filter is about");
    config_row_advice(row, gone ? "make the filter on NEW as it is on OLD"
                                : "remove the filter from NEW, then run a full synchronization");
}

static char *
all_filters(const struct text_list *filters)
{
    struct draft d = {0};
    draft_put(&d, "keeps out");
    for (size_t i = 0; i < filters->count; i++)
        draft_format(&d, "%s%s", i == 0 ? " " : "; ", filters->item[i]);
    return draft_end(&d);
}

/* In rules, what keeps an object out is the scope of one rule or the flow of another: nobody but a person
 * can say that it is the same. */
static enum baton_status
row_filters(struct comparison *cmp, const char *label, const struct text_list *filters, bool of_old)
{
    static const char rules[] = "by synchronization rules";
    char *text = all_filters(filters);
    if (text == NULL)
        return BATON_NOMEM;
    struct config_row *row = config_row_add(
        cmp->rows, of_old ? CONFIG_SCOPE_WIDENED : CONFIG_SCOPE_NARROWED, of_old ? text : rules,
        of_old ? rules : text, "%zu attribute filters of %s", filters->count, label);
    free(text);
    row->least = row->most = SEVERITY_REVIEW;
    config_row_why(
        row, of_old ? "cannot be compared: objects that OLD keeps out would appear in the tenant "
                      "where no rule of NEW keeps them out"
                    : "cannot be compared: objects that NEW keeps out would be deleted in the "
                      "tenant where no rule of OLD kept them out");
    config_row_advice(
        row, "hold each of them against the scoping filters of the inbound rules, make "
             "what is missing as a custom rule that sets cloudFiltered, and accept this row");
    return BATON_OK;
}

static enum baton_status
compare_filters(struct comparison *cmp, const char *label, const struct config_connector *o,
                const struct config_connector *n)
{
    if (cmp->old_model->rules_said == cmp->new_model->rules_said)
        return compare_names(cmp, label, &o->filters, &n->filters, row_filter);
    bool of_old = o->filters.count > 0;
    const struct text_list *filters = of_old ? &o->filters : &n->filters;
    return filters->count > 0 ? row_filters(cmp, label, filters, of_old) : BATON_OK;
}

/* --- connectors ------------------------------------------------------------------------------- */

static enum baton_status
compare_connector(struct comparison *cmp, const struct connector_pair *p)
{
    char label[LABEL_BYTES], what[2 * LABEL_BYTES];
    const struct config_connector *o = p->old_side, *n = p->new_side;
    config_pair_label(p, label);
    (void)snprintf(what, sizeof what, "of %s", label);
    if (o == NULL || n == NULL) {
        row_whole(cmp, n == NULL, label, what,
                  n == NULL
                      ? "on NEW, the Entra Connect wizard, Customize synchronization options, "
                        "page Connect your directories: add it"
                      : "on NEW, page Connect your directories: remove it, or accept it");
        return BATON_OK;
    }
    enum baton_status rc = compare_partitions(cmp, p, label);
    if (rc == BATON_OK && o->object_classes.said && n->object_classes.said)
        rc = compare_names(cmp, label, &o->object_classes, &n->object_classes, row_object_class);
    if (rc == BATON_OK && o->attributes.said && n->attributes.said)
        rc = compare_names(cmp, label, &o->attributes, &n->attributes, row_attribute);
    else if (rc == BATON_OK)
        config_row_unsaid(cmp, CONFIG_EXPECTED, o->attributes.said, n->attributes.said,
                          "selected attributes", label);
    return rc == BATON_OK ? compare_filters(cmp, label, o, n) : rc;
}

/* A side without an AD or an Entra connector says nothing about scope at all: that is never a pass. */
static void
require_kind(struct comparison *cmp, enum connector_kind kind, const char *what)
{
    bool old_said = false, new_said = false;
    for (size_t i = 0; i < cmp->pair_count; i++) {
        const struct connector_pair *p = &cmp->pair[i];
        old_said = old_said || (p->old_side != NULL && p->old_side->kind == kind);
        new_said = new_said || (p->new_side != NULL && p->new_side->kind == kind);
    }
    if (!old_said && !new_said)
        config_row_unsaid(cmp, CONFIG_SCOPE_NARROWED, false, false, "connectors", what);
}

enum baton_status
compare_scope(struct comparison *cmp)
{
    enum baton_status rc = BATON_OK;
    require_kind(cmp, CONNECTOR_AD, "Active Directory");
    require_kind(cmp, CONNECTOR_ENTRA, "Entra ID");
    for (size_t i = 0; i < cmp->pair_count && rc == BATON_OK; i++)
        rc = compare_connector(cmp, &cmp->pair[i]);
    return rc;
}
