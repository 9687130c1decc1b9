/* The counts of an analysis under the limits of a policy. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "exports_private.h"

static const struct exports_samples no_samples;

struct judging {
    const struct exports *e;
    const struct limits *limits;
    uint64_t scope;
    struct exports_report *report;
    enum baton_status rc;
};

static const struct {
    enum exports_group group;
    const char *rule, *subject, *advice;
} group_rows[] = {
    {GROUP_DELETES, "EX-DELETES", "deletes",
     "find each of them in the file: a container or filter that the new server does not have, or a "
     "person who left? Run another import and synchronization, then export again"},
    {GROUP_DELETE_ADDS, "EX-DELETE-ADDS", "objects made again",
     "something of their identity changed: compare the source anchor and the object type of both "
     "servers"},
    {GROUP_ANCHORS, "EX-ANCHOR-CHANGES", "source anchor",
     "give the new server the source anchor of the old one: baton config compare shows both"},
    {GROUP_ADDS_EXISTING, "EX-ADDS-EXISTING", "adds of known objects",
     "run a full import of the Entra connector and a full synchronization; if they remain, the "
     "join rules or the source anchor differ"},
    {GROUP_ADDS, "EX-ADDS", "adds",
     "they should be people and groups made since the old server's last export"},
    {GROUP_UPDATES, "EX-UPDATES", "updates",
     "export from the old server too and compare: baton exports analyze NEW --against OLD"},
    {GROUP_RENAMES, "EX-RENAMES", "renames",
     "look at the source anchor of these objects on both servers"},
    {GROUP_MEMBERSHIP, "EX-MEMBERSHIP", "group members",
     "are the members in the new server's scope? baton config compare shows containers and "
     "filters"},
    {GROUP_CONFLICTS, "EX-CONFLICT-DN", "conflict objects",
     "remove or rename the conflicting object in Active Directory, then synchronize"},
    {GROUP_LEFT_OUT, "EX-LEFT-OUT", "deltas left out",
     "make the file again with csexport CONNECTOR FILE /f:x and without /o:"},
    {GROUP_UNKNOWN, "EX-UNKNOWN", "unknown operations",
     "this version of Baton does not know the operation: do not go on before somebody looked at "
     "the file"},
};

static void
add(struct judging *j, const char *rule_id, const char *subject, const char *advice, uint64_t count,
    const struct exports_samples *samples)
{
    const struct verify_rule *rule = verify_rule_named(rule_id);
    struct finding f = {.count = count};
    if (j->rc != BATON_OK || count == 0)
        return;
    bool passed = limits_passed(j->limits, rule_id, count, j->scope, &f.limit);
    f.severity = passed ? limits_of(j->limits, rule_id)->value.severity : SEVERITY_INFO;
    text_copy(f.rule, sizeof f.rule, rule_id);
    text_copy(f.subject, sizeof f.subject, subject);
    (void)snprintf(f.why, sizeof f.why, "%" PRIu64 " %s: %s", count, rule->what, rule->why);
    text_copy(f.advice, sizeof f.advice, advice);
    char number[24];
    (void)snprintf(number, sizeof number, "%" PRIu64, count);
    finding_row(rule_id, (const char *const[]){subject, number}, 2, &f.row);
    struct exports_report *r = j->report;
    j->rc = findings_add(&r->findings, &f);
    struct exports_samples *grown =
        j->rc == BATON_OK ? realloc(r->samples, r->findings.count * sizeof *grown) : NULL;
    if (grown == NULL) {
        j->rc = j->rc == BATON_OK ? BATON_NOMEM : j->rc;
        return;
    }
    r->samples = grown;
    r->samples[r->findings.count - 1] = *samples;
}

uint64_t
exports_most_touched(const struct exports *e, const struct exports_attribute *a,
                     const char **ret_type)
{
    uint64_t most = 0;
    for (size_t i = 0; i < e->type_count; i++) {
        size_t t = exports_type_place(e, i);
        if (a->touched[t] > most) {
            most = a->touched[t];
            *ret_type = e->type[t].name;
        }
    }
    return most;
}

static void
judge_attribute(struct judging *j, const struct exports_attribute *a)
{
    char subject[FINDING_SUBJECT_BYTES];
    const char *type = "";
    uint64_t most = exports_most_touched(j->e, a, &type), touched = 0, limit;
    for (size_t t = 0; t < j->e->type_count; t++)
        touched += a->touched[t];
    (void)snprintf(subject, sizeof subject, "%.100s of %.50s", a->name, type);
    if (limits_passed(j->limits, "EX-MASS-CHANGE", most, j->scope, &limit))
        add(j, "EX-MASS-CHANGE", subject,
            "one attribute of many objects is a rule or a mapping: baton config compare shows "
            "which",
            most, &a->samples);
    if (limits_watch(j->limits, a->name))
        add(j, "EX-WATCHED", a->name, "look at each of these people's values on both servers",
            touched, &a->samples);
    add(j, "EX-EMPTIED", a->name,
        "does the attribute still flow on the new server? baton config compare shows lost flows",
        a->cleared, &a->emptied);
}

static void
judge_difference(struct judging *j, const struct exports_difference *d)
{
    add(j, "EX-DIFFERENT", "both servers", "their rules or attributes differ: baton config compare",
        d->different, &d->different_samples);
    add(j, "EX-ONLY-OLD", "only OLD",
        "let both servers import and synchronize once more, then compare", d->only_old,
        &no_samples);
    add(j, "EX-ONLY-NEW", "only NEW",
        "let both servers import and synchronize once more, then compare", d->only_new,
        &d->new_samples);
}

/* The list and its samples, the worst first, equals in their order. */
static enum baton_status
sort(struct exports_report *r)
{
    size_t n = 0;
    struct exports_samples *sorted = calloc(r->findings.count + 1, sizeof *sorted);
    if (sorted == NULL)
        return BATON_NOMEM;
    for (int severity = SEVERITY_BLOCK; severity >= SEVERITY_INFO; severity--)
        for (size_t i = 0; i < r->findings.count; i++)
            if (r->findings.item[i].severity == severity)
                sorted[n++] = r->samples[i];
    free(r->samples);
    r->samples = sorted;
    return findings_sort(&r->findings);
}

enum baton_status
exports_judge(const struct exports *e, const struct exports_difference *difference_or_null,
              const struct limits *limits, uint64_t scope_objects,
              struct exports_report *ret_report)
{
    *ret_report = (struct exports_report){0};
    struct judging j = {e, limits, scope_objects, ret_report, e->status};
    for (size_t i = 0; i < ARRAY_LEN(group_rows); i++)
        add(&j, group_rows[i].rule, group_rows[i].subject, group_rows[i].advice,
            e->group[group_rows[i].group].count, &e->group[group_rows[i].group].samples);
    for (size_t i = 0; i < e->attribute_count; i++)
        judge_attribute(&j, exports_attribute(e, i));
    if (difference_or_null != NULL)
        judge_difference(&j, difference_or_null);
    if (j.rc == BATON_OK)
        j.rc = sort(ret_report);
    if (j.rc != BATON_OK)
        exports_report_done(ret_report);
    return j.rc;
}

void
exports_report_done(struct exports_report *r)
{
    findings_done(&r->findings);
    free(r->samples);
    *r = (struct exports_report){0};
}
