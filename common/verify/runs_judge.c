/* The runs of a history under the limits of a policy. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "runs.h"

enum { SUBJECT_ROOM = FINDING_SUBJECT_BYTES - sizeof ", and more" };

enum rule {
    CONNECTOR,
    FULL_IMPORT,
    FULL_SYNC,
    STALE,
    DOUBTFUL,
    UNKNOWN_RESULT,
    IN_PROGRESS,
    FAILED_LATER,
    FAILED_OTHER,
    FENCED,
    FENCED_EMPTY,
    CHANGE_UNKNOWN,
    RULE_COUNT
};

// clang-format off
static const struct {
    const char *id, *advice;
} rules[RULE_COUNT] = {
    [CONNECTOR]      = {"RUN-CONNECTOR", "give the run history of the whole server, and of every day since it was configured; a connector that never ran has to run"},
    [FULL_IMPORT]    = {"RUN-FULL-IMPORT", "run Full Import on these connectors; for one that failed, mend what its result says first"},
    [FULL_SYNC]      = {"RUN-FULL-SYNC", "run Full Synchronization on these connectors, after the full imports"},
    [STALE]          = {"RUN-STALE", "run a full import and a full synchronization again, on every connector: Start-ADSyncSyncCycle -PolicyType Initial"},
    [DOUBTFUL]       = {"RUN-DOUBTFUL", "look at the run in Synchronization Service Manager, and run it again; a first full import that brought no objects has read nothing"},
    [UNKNOWN_RESULT] = {"RUN-UNKNOWN-RESULT", "look the result up, mend its cause and run the operation again"},
    [IN_PROGRESS]    = {"RUN-IN-PROGRESS", "wait until it has ended and read the history again; a run of an engine that was killed stays so until it is purged"},
    [FAILED_LATER]   = {"RUN-FAILED", "mend what the result says and run it again: what the connector knows has not moved since"},
    [FAILED_OTHER]   = {"RUN-FAILED-OTHER", "find out whether this run matters for the handoff"},
    [FENCED]         = {"RUN-FENCED-EXPORT", "stop and disable this server now; find out who started it, and check the tenant's objects"},
    [FENCED_EMPTY]   = {"RUN-FENCED-EMPTY", "nothing reached the tenant, but the server could have: find out who started the run"},
    [CHANGE_UNKNOWN] = {"RUN-CHANGE-UNKNOWN", "say when it was changed with --after TIME, or give the exported configuration with --configuration FOLDER"},
};
// clang-format on

struct judging {
    const struct runs *runs;
    const struct runs_question *q;
    struct gathered {
        uint64_t count;
        char subject[FINDING_SUBJECT_BYTES];
        bool more;
    } of[RULE_COUNT];
};

/* --- gathering ----------------------------------------------------------------------------------- */

static void
gather(struct judging *j, enum rule rule, uint64_t count, const char *name, const char *what)
{
    struct gathered *g = &j->of[rule];
    char one[2 * RUN_TEXT_BYTES + 8], shown[RUN_TEXT_BYTES];
    text_copy(shown, sizeof shown, name);
    int n = snprintf(one, sizeof one, "%s%s%s%s", g->count > 0 ? ", " : "", shown,
                     what[0] != '\0' ? ": " : "", what);
    g->count += count;
    size_t used = strlen(g->subject);
    if (n > 0 && used + (size_t)n < SUBJECT_ROOM && !g->more)
        memcpy(g->subject + used, one, (size_t)n + 1);
    else
        g->more = true;
}

static const char *
said(const struct runs_point *p)
{
    return p == NULL ? "never" : p->result_text[0] != '\0' ? p->result_text : "no result";
}

static void
judge_operation(struct judging *j, const struct runs_connector *c, enum runs_kind kind)
{
    int64_t since = j->q->changed_known ? j->q->changed_unix_ms : 0;
    const char *what = said(runs_decider(c, kind));
    enum rule undone = kind == RUNS_FULL_IMPORT ? FULL_IMPORT : FULL_SYNC;
    switch (runs_state_of(c, kind, since)) {
    case RUNS_NEVER:
    case RUNS_FAILED:
        gather(j, undone, 1, c->name, what);
        break;
    case RUNS_UNKNOWN:
        gather(j, UNKNOWN_RESULT, 1, c->name, what);
        break;
    case RUNS_DOUBTFUL:
        gather(j, DOUBTFUL, 1, c->name, what);
        break;
    case RUNS_STALE:
        gather(j, STALE, 1, c->name,
               kind == RUNS_FULL_IMPORT ? "full import" : "full synchronization");
        break;
    case RUNS_RUNNING: /* told once, of the connector */
    case RUNS_DONE:
        break;
    }
}

static bool
is_decider(const struct runs_connector *c, const struct runs_point *p)
{
    for (int kind = 0; kind < RUNS_KIND_COUNT; kind++) {
        const struct runs_point *d = runs_decider(c, (enum runs_kind)kind);
        if (d != NULL && d->begin_unix_ms == p->begin_unix_ms && d->result == p->result)
            return true;
    }
    return false;
}

/* The newest run of a family, where the four operations have not told it already. */
static void
judge_newest(struct judging *j, const struct runs_connector *c, enum runs_family family)
{
    const struct runs_point *p = &c->newest[family];
    bool matters = family == RUNS_IMPORTS || family == RUNS_SYNCS;
    if (p->begin_unix_ms == 0 || is_decider(c, p))
        return;
    switch (p->result) {
    case RUN_RESULT_UNKNOWN:
        gather(j, UNKNOWN_RESULT, 1, c->name, said(p));
        break;
    case RUN_RESULT_ERRORS:
    case RUN_RESULT_NOT_STARTED:
    case RUN_RESULT_STOPPED:
        gather(j, matters ? FAILED_LATER : FAILED_OTHER, 1, c->name, said(p));
        break;
    case RUN_RESULT_WARNINGS:
    case RUN_RESULT_TRANSIENT:
        gather(j, DOUBTFUL, 1, c->name, said(p));
        break;
    case RUN_RESULT_SUCCESS:
    case RUN_RESULT_NO_OBJECTS:
    case RUN_RESULT_RUNNING:
        break;
    }
}

static void
judge_fence(struct judging *j, const struct runs_connector *c)
{
    char what[64];
    (void)snprintf(what, sizeof what, "%" PRIu64 " objects%s", c->fenced_objects,
                   c->fenced_uncounted > 0 ? " and runs without counters" : "");
    if (c->fenced_runs > 0)
        gather(j, FENCED, c->fenced_runs, c->name, what);
    if (c->fenced_empty > 0)
        gather(j, FENCED_EMPTY, c->fenced_empty, c->name, "");
}

static bool
is_wanted(const struct runs_question *q, const struct runs_connector *c)
{
    for (size_t i = 0; i < q->wanted_count; i++)
        if (baton_id_eq(&q->wanted[i].id, &c->id))
            return true;
    return q->wanted == NULL;
}

static void
judge_connector(struct judging *j, const struct runs_connector *c)
{
    judge_fence(j, c);
    if (!is_wanted(j->q, c))
        return; /* a connector that was removed, or of another kind */
    for (int kind = 0; kind < RUNS_KIND_COUNT; kind++)
        judge_operation(j, c, (enum runs_kind)kind);
    for (int family = 0; family < RUNS_FAMILY_COUNT; family++)
        judge_newest(j, c, (enum runs_family)family);
    if (c->unfinished > 0)
        gather(j, IN_PROGRESS, c->unfinished, c->name, "");
}

static bool
has_side(const struct judging *j, bool entra)
{
    for (size_t i = 0; i < j->runs->connector_count; i++)
        if (j->runs->connector[i].entra == entra && is_wanted(j->q, &j->runs->connector[i]))
            return true;
    return false;
}

static void
judge_missing(struct judging *j)
{
    bool side[2] = {has_side(j, false), has_side(j, true)};
    for (size_t i = 0; i < j->q->wanted_count; i++) {
        const struct runs_wanted *w = &j->q->wanted[i];
        if (runs_find(j->runs, &w->id) != NULL)
            continue;
        gather(j, CONNECTOR, 1, w->name, "no run");
        side[w->entra] = true; /* told by its name */
    }
    if (!side[false])
        gather(j, CONNECTOR, 1, "Active Directory", "no connector");
    if (!side[true])
        gather(j, CONNECTOR, 1, "Entra", "no connector");
}

/* --- findings ------------------------------------------------------------------------------------ */

static enum baton_status
add(const struct gathered *g, enum rule rule, const struct limits *l, struct findings *findings)
{
    const struct verify_rule *r = verify_rule_named(rules[rule].id);
    struct finding f = {.count = g->count};
    bool passed = limits_passed(l, r->id, g->count, 0, &f.limit);
    f.severity = passed ? limits_of(l, r->id)->value.severity : SEVERITY_INFO;
    text_copy(f.rule, sizeof f.rule, r->id);
    (void)snprintf(f.subject, sizeof f.subject, "%s%s", g->subject, g->more ? ", and more" : "");
    (void)snprintf(f.why, sizeof f.why, "%" PRIu64 " %s: %s", g->count, r->what, r->why);
    text_copy(f.advice, sizeof f.advice, rules[rule].advice);
    finding_row(r->id, (const char *const[]){f.subject}, 1, &f.row);
    return findings_add(findings, &f);
}

enum baton_status
runs_judge(const struct runs *r, const struct runs_question *q, const struct limits *l,
           struct findings *ret_findings)
{
    struct judging j = {.runs = r, .q = q};
    if (r->cut)
        return BATON_LIMIT;
    for (size_t i = 0; i < r->connector_count; i++)
        judge_connector(&j, &r->connector[i]);
    judge_missing(&j);
    if (!q->changed_known)
        gather(&j, CHANGE_UNKNOWN, 1, "configuration", "");
    enum baton_status rc = BATON_OK;
    for (int i = 0; rc == BATON_OK && i < RULE_COUNT; i++)
        if (j.of[i].count > 0)
            rc = add(&j.of[i], (enum rule)i, l, ret_findings);
    return rc == BATON_OK ? findings_sort(ret_findings) : rc;
}
