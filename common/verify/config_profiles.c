#include "config_pairs.h"
#include "dn.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PROFILES "on NEW, Synchronization Service Manager, Connectors, Configure Run Profiles: "

enum { PROFILES_COMPARED_MAX = 512, STEP_TEXT_BYTES = 256, PROFILE_LABEL_BYTES = 2 * LABEL_BYTES };

/* A threshold of 0 is none, and so is one that is not there. */
static int64_t
threshold(int64_t limit)
{
    return limit > 0 ? limit : 0;
}

static void
threshold_text(int64_t limit, char out[LABEL_BYTES])
{
    if (threshold(limit) == 0)
        (void)snprintf(out, LABEL_BYTES, "none");
    else
        (void)snprintf(out, LABEL_BYTES, "%" PRId64, limit);
}

static void
row_threshold(struct comparison *cmp, const char *label, const char *what, int64_t o, int64_t n)
{
    char was[LABEL_BYTES], is[LABEL_BYTES];
    threshold_text(o, was);
    threshold_text(n, is);
    struct config_row *row =
        config_row_add(cmp->rows, CONFIG_PARAMETER, was, is, "%s of %s", what, label);
    if (threshold(n) == 0)
        config_row_why(row,
                       "the run of NEW is no longer stopped at %s: only the product's own "
                       "deletion threshold is left",
                       was);
    else
        config_row_why(row, "the run of NEW stops at %s instead of %s", is, was);
    config_row_advice(row, PROFILES "set the threshold of the step as on OLD");
}

static void
step_text(const struct config_run_profile *p, char out[STEP_TEXT_BYTES])
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < p->step_count && at < STEP_TEXT_BYTES; i++)
        at += (size_t)snprintf(out + at, STEP_TEXT_BYTES - at, "%s%s", i == 0 ? "" : ", ",
                               p->step[i].type);
}

static enum baton_status
steps_equal(const struct config_run_profile *a, const struct config_run_profile *b, bool *ret_equal)
{
    *ret_equal = a->step_count == b->step_count;
    for (size_t i = 0; i < a->step_count && *ret_equal; i++) {
        char *x = dn_canonical(a->step[i].partition, NULL),
             *y = dn_canonical(b->step[i].partition, NULL);
        bool memory = x != NULL && y != NULL;
        if (memory)
            *ret_equal = strcasecmp(a->step[i].type, b->step[i].type) == 0 && strcmp(x, y) == 0;
        free(x);
        free(y);
        if (!memory)
            return BATON_NOMEM;
    }
    return BATON_OK;
}

static void
row_steps(struct comparison *cmp, const char *label, const struct config_run_profile *o,
          const struct config_run_profile *n)
{
    char was[STEP_TEXT_BYTES], is[STEP_TEXT_BYTES];
    step_text(o, was);
    step_text(n, is);
    struct config_row *row = config_row_add(cmp->rows, CONFIG_PARAMETER, was, is, "%s", label);
    config_row_why(row,
                   "the run does other steps, or the same on other partitions: some partitions "
                   "may not be read or written");
    config_row_advice(row, PROFILES "make the steps as on OLD");
}

static enum baton_status
compare_profile(struct comparison *cmp, const char *label, const struct config_run_profile *o,
                const struct config_run_profile *n)
{
    bool equal;
    enum baton_status rc = steps_equal(o, n, &equal);
    if (rc != BATON_OK)
        return rc;
    if (!equal) {
        row_steps(cmp, label, o, n);
        return BATON_OK;
    }
    for (size_t i = 0; i < o->step_count; i++) {
        const struct config_step *a = &o->step[i], *b = &n->step[i];
        if (threshold(a->delete_limit) != threshold(b->delete_limit))
            row_threshold(cmp, label, "delete threshold", a->delete_limit, b->delete_limit);
        if (threshold(a->object_limit) != threshold(b->object_limit))
            row_threshold(cmp, label, "object threshold", a->object_limit, b->object_limit);
    }
    return BATON_OK;
}

static const struct config_run_profile *
profile_named(const struct config_connector *c, const char *name)
{
    for (size_t i = 0; i < c->profile_count; i++)
        if (strcasecmp(c->profile[i].name, name) == 0)
            return &c->profile[i];
    return NULL;
}

static void
row_only(struct comparison *cmp, const char *label, bool gone)
{
    struct config_row *row = config_row_add(cmp->rows, CONFIG_PARAMETER, gone ? "there" : "missing",
                                            gone ? "missing" : "there", "%s", label);
    config_row_why(row, gone ? "NEW has no such run: a cycle that needs it does less than on OLD"
                             : "NEW has a run that OLD does not have");
    config_row_advice(row,
                      gone ? PROFILES "make it as on OLD" : PROFILES "remove it, or accept it");
}

static enum baton_status
compare_named(struct comparison *cmp, const struct connector_pair *p, const char *connector)
{
    enum baton_status rc = BATON_OK;
    char label[PROFILE_LABEL_BYTES];
    if (p->old_side->profile_count > PROFILES_COMPARED_MAX ||
        p->new_side->profile_count > PROFILES_COMPARED_MAX)
        return BATON_LIMIT;
    for (size_t i = 0; i < p->old_side->profile_count && rc == BATON_OK; i++) {
        const struct config_run_profile *o = &p->old_side->profile[i],
                                        *n = profile_named(p->new_side, o->name);
        (void)snprintf(label, sizeof label, "run profile %.100s (%.80s)", o->name, connector);
        if (n == NULL)
            row_only(cmp, label, true);
        else
            rc = compare_profile(cmp, label, o, n);
    }
    for (size_t j = 0; j < p->new_side->profile_count && rc == BATON_OK; j++) {
        const struct config_run_profile *n = &p->new_side->profile[j];
        (void)snprintf(label, sizeof label, "run profile %.100s (%.80s)", n->name, connector);
        if (profile_named(p->old_side, n->name) == NULL)
            row_only(cmp, label, false);
    }
    return rc;
}

/* The least number of deletes at which an export of this connector is stopped; 0: none. */
static int64_t
export_threshold(const struct config_connector *c)
{
    int64_t least = 0;
    for (size_t i = 0; i < c->profile_count; i++)
        for (size_t j = 0; j < c->profile[i].step_count; j++) {
            const struct config_step *s = &c->profile[i].step[j];
            int64_t limit = threshold(s->delete_limit);
            if (strcasecmp(s->type, "export") == 0 && limit > 0 && (least == 0 || limit < least))
                least = limit;
        }
    return least;
}

/* Run profiles of different eras have other names and steps by nature; a limit is a limit. */
static void
compare_eras(struct comparison *cmp, const struct connector_pair *p, const char *connector)
{
    int64_t o = export_threshold(p->old_side), n = export_threshold(p->new_side);
    char label[PROFILE_LABEL_BYTES];
    (void)snprintf(label, sizeof label, "exports (%.80s)", connector);
    struct config_row *row = config_row_add(cmp->rows, CONFIG_EXPECTED, "of one era", "of another",
                                            "run profiles of %s", connector);
    config_row_why(row, "cannot be compared: names and steps of the two eras differ by nature; "
                        "delete thresholds are compared");
    config_row_advice(row, "nothing");
    if (o != n)
        row_threshold(cmp, label, "delete threshold", o, n);
}

enum baton_status
compare_profiles(struct comparison *cmp)
{
    enum baton_status rc = BATON_OK;
    bool same_era = (cmp->old_model->source == CONFIG_FIM_EXPORT) ==
                    (cmp->new_model->source == CONFIG_FIM_EXPORT);
    for (size_t i = 0; i < cmp->pair_count && rc == BATON_OK; i++) {
        const struct connector_pair *p = &cmp->pair[i];
        char connector[LABEL_BYTES];
        config_pair_label(p, connector);
        if (p->old_side == NULL || p->new_side == NULL)
            continue;
        bool old_said = p->old_side->profile_count > 0, new_said = p->new_side->profile_count > 0;
        if (!old_said || !new_said)
            config_row_unsaid(cmp, CONFIG_EXPECTED, old_said, new_said, "run profiles", connector);
        else if (same_era)
            rc = compare_named(cmp, p, connector);
        else
            compare_eras(cmp, p, connector);
    }
    return rc;
}
