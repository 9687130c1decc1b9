#include "runs.h"

#include <string.h>

#include "common/text.h"

static bool
happened(const struct runs_point *p)
{
    return p->begin_unix_ms != 0;
}

static bool
failed(enum run_result r)
{
    return r == RUN_RESULT_ERRORS || r == RUN_RESULT_STOPPED || r == RUN_RESULT_NOT_STARTED;
}

/* --- taking runs --------------------------------------------------------------------------------- */

void
runs_init(struct runs *r, int64_t fenced_since_unix_ms)
{
    memset(r, 0, sizeof *r);
    r->fenced_since_unix_ms = fenced_since_unix_ms;
}

static struct runs_connector *
connector_of(struct runs *r, const struct run_record *run)
{
    for (size_t i = 0; i < r->connector_count; i++)
        if (baton_id_eq(&r->connector[i].id, &run->connector))
            return &r->connector[i];
    if (r->connector_count == RUNS_CONNECTORS_MAX)
        return NULL;
    struct runs_connector *c = &r->connector[r->connector_count++];
    *c = (struct runs_connector){.id = run->connector, .entra = run->entra};
    text_copy(c->name, sizeof c->name, run->connector_name);
    return c;
}

/* A failure is one even where nobody wrote down when the run ended. */
static struct runs_point
point_of(const struct run_record *run)
{
    bool over = run->complete || failed(run->result);
    struct runs_point p = {.begin_unix_ms = run->begin_unix_ms,
                           .end_unix_ms = run->complete ? run->end_unix_ms : 0,
                           .result = over ? run->result : RUN_RESULT_RUNNING};
    text_copy(p.result_text, sizeof p.result_text, run->result_text);
    return p;
}

/* Up to when a run stands against a success: its end. One that never ended stands only against those
 * that began before it, since a connector runs once at a time: after a later success it is dead. */
static int64_t
against_until(const struct runs_point *p)
{
    int64_t least = p->begin_unix_ms + 1; /* a clock may have been set back meanwhile */
    return p->end_unix_ms > least ? p->end_unix_ms : least;
}

static void
operation_take(struct runs_operation *op, const struct runs_point *p)
{
    bool good = p->result == RUN_RESULT_SUCCESS;
    if (good && p->begin_unix_ms >= op->good.begin_unix_ms)
        op->good = *p;
    if (!good && (!happened(&op->other) || against_until(p) > against_until(&op->other)))
        op->other = *p;
}

static void
newest_take(struct runs_point *newest, const struct runs_point *p)
{
    if (p->begin_unix_ms >= newest->begin_unix_ms)
        *newest = *p;
}

static void
fenced_take(const struct runs *r, struct runs_connector *c, const struct run_record *run)
{
    int64_t objects = run->adds + run->updates + run->deletes + run->renames + run->delete_adds;
    bool exports = (run->operations & RUN_DOES(RUN_PROFILE_EXPORT)) != 0 || objects > 0;
    bool before = run->complete && run->end_unix_ms <= r->fenced_since_unix_ms;
    if (r->fenced_since_unix_ms == 0 || !exports || before)
        return;
    bool empty = run->counted && objects == 0;
    c->fenced_empty += empty;
    c->fenced_runs += !empty;
    c->fenced_uncounted += !run->counted;
    c->fenced_objects += objects > 0 ? (uint64_t)objects : 0;
}

const struct runs_connector *
runs_take(struct runs *r, const struct run_record *run)
{
    static const unsigned imports = RUN_DOES(RUN_PROFILE_FULL_IMPORT) |
                                    RUN_DOES(RUN_PROFILE_DELTA_IMPORT),
                          syncs =
                              RUN_DOES(RUN_PROFILE_FULL_SYNC) | RUN_DOES(RUN_PROFILE_DELTA_SYNC);
    const unsigned does[RUNS_FAMILY_COUNT] = {run->operations & imports, run->operations & syncs,
                                              run->operations & RUN_DOES(RUN_PROFILE_EXPORT),
                                              run->operations == 0};
    struct runs_connector *c = connector_of(r, run);
    struct runs_point p = point_of(run);
    if (c == NULL) {
        r->cut = true;
        return NULL;
    }
    r->count++;
    c->unfinished += !run->complete;
    if ((run->operations & RUN_DOES(RUN_PROFILE_FULL_IMPORT)) != 0)
        operation_take(&c->operation[RUNS_FULL_IMPORT], &p);
    if ((run->operations & RUN_DOES(RUN_PROFILE_FULL_SYNC)) != 0)
        operation_take(&c->operation[RUNS_FULL_SYNC], &p);
    for (size_t i = 0; i < RUNS_FAMILY_COUNT; i++)
        if (does[i] != 0)
            newest_take(&c->newest[i], &p);
    fenced_take(r, c, run);
    return c;
}

/* --- one operation ------------------------------------------------------------------------------- */

const struct runs_point *
runs_decider(const struct runs_connector *c, enum runs_kind kind)
{
    const struct runs_operation *op = &c->operation[kind];
    bool other = happened(&op->other) &&
                 (!happened(&op->good) || against_until(&op->other) > op->good.begin_unix_ms);
    if (other)
        return &op->other;
    return happened(&op->good) ? &op->good : NULL;
}

static enum runs_state
state_of_result(enum run_result r)
{
    switch (r) {
    case RUN_RESULT_SUCCESS:
        return RUNS_DONE;
    case RUN_RESULT_NO_OBJECTS:
    case RUN_RESULT_TRANSIENT:
    case RUN_RESULT_WARNINGS:
        return RUNS_DOUBTFUL;
    case RUN_RESULT_ERRORS:
    case RUN_RESULT_NOT_STARTED:
    case RUN_RESULT_STOPPED:
        return RUNS_FAILED;
    case RUN_RESULT_RUNNING:
        return RUNS_RUNNING;
    case RUN_RESULT_UNKNOWN:
        break;
    }
    return RUNS_UNKNOWN;
}

enum runs_state
runs_state_of(const struct runs_connector *c, enum runs_kind kind, int64_t since)
{
    const struct runs_point *p = runs_decider(c, kind);
    if (p == NULL)
        return RUNS_NEVER;
    enum runs_state s = state_of_result(p->result);
    return s == RUNS_DONE && p->begin_unix_ms < since ? RUNS_STALE : s;
}

const char *
runs_state_name(enum runs_state s)
{
    static const char *const names[] = {"never",   "unknown", "failed", "doubtful",
                                        "running", "stale",   "done"};
    return (size_t)s < ARRAY_LEN(names) ? names[s] : "unknown";
}

const struct runs_connector *
runs_find(const struct runs *r, const struct baton_id *id)
{
    for (size_t i = 0; i < r->connector_count; i++)
        if (baton_id_eq(&r->connector[i].id, id))
            return &r->connector[i];
    return NULL;
}

bool
runs_done(const struct runs *r, bool entra, enum runs_kind kind, int64_t since,
          const struct baton_id *wanted, size_t count)
{
    bool some = false;
    for (size_t i = 0; i < count; i++) {
        const struct runs_connector *c = runs_find(r, &wanted[i]);
        if (c == NULL || runs_state_of(c, kind, since) != RUNS_DONE)
            return false;
    }
    for (size_t i = 0; count == 0 && i < r->connector_count; i++) {
        const struct runs_connector *c = &r->connector[i];
        if (c->entra != entra)
            continue;
        if (runs_state_of(c, kind, since) != RUNS_DONE)
            return false;
        some = true;
    }
    return some || count > 0;
}
