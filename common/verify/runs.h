/* runs.h: what a run history says about the four operations, and what of it must not be.
 *
 * Shape      runs_take per run, in any order; each run once (run_merge.h when several files tell them).
 *            Full import and full synchronization are judged by connector: the newest success counts,
 *            unless another run of its kind, not a success, ended after it began: then that one decides.
 *            runs_done is the same judgement as a fact; runs_judge gives it as findings (rules RUN-*).
 * Units      Unix milliseconds; 0 = never, or not said.
 * Limits     RUNS_CONNECTORS_MAX connectors: one more makes the history `cut`, which is judged by nobody.
 * Errors     BATON_LIMIT: the history is cut. BATON_NOMEM.
 * Privacy    Findings name connectors and results, never objects or accounts.
 * Ownership  Plain values; findings_done frees the findings.
 * Source     handoff G-4OPS; domain 2.3, 2.8; docs/verification.md "Run history".
 */
#ifndef VERIFY_RUNS_H
#define VERIFY_RUNS_H

#include "common/readers/run_history.h"
#include "limits.h"

enum { RUNS_CONNECTORS_MAX = 16 };

enum runs_kind { RUNS_FULL_IMPORT, RUNS_FULL_SYNC, RUNS_KIND_COUNT };
enum runs_family { RUNS_IMPORTS, RUNS_SYNCS, RUNS_EXPORTS, RUNS_OTHERS, RUNS_FAMILY_COUNT };

enum runs_state {
    RUNS_NEVER,
    RUNS_UNKNOWN, /* ended with a result that nobody knows */
    RUNS_FAILED,
    RUNS_DOUBTFUL, /* ended with warnings, transient objects, or nothing to do */
    RUNS_RUNNING,
    RUNS_STALE, /* a success from before the last change */
    RUNS_DONE,
};

struct runs_point {
    int64_t begin_unix_ms, end_unix_ms; /* end 0: not ended */
    enum run_result result;
    char result_text[RUN_TEXT_BYTES];
};

struct runs_operation {
    struct runs_point good;  /* the success that began last */
    struct runs_point other; /* of all that are none, the one that decides */
};

struct runs_connector {
    struct baton_id id;
    char name[RUN_TEXT_BYTES];
    bool entra;
    struct runs_operation operation[RUNS_KIND_COUNT];
    struct runs_point newest[RUNS_FAMILY_COUNT];
    uint64_t unfinished;
    /* exports that began or went on after the server was fenced */
    uint64_t fenced_runs, fenced_uncounted, fenced_objects, fenced_empty;
};

struct runs {
    int64_t fenced_since_unix_ms; /* 0: it may export */
    uint64_t count;
    size_t connector_count;
    struct runs_connector connector[RUNS_CONNECTORS_MAX];
    bool cut;
};

struct runs_wanted { /* a connector that the configuration has */
    struct baton_id id;
    char name[RUN_TEXT_BYTES];
    bool entra;
};

struct runs_question {
    bool changed_known;
    int64_t changed_unix_ms;          /* the last change of the configuration */
    const struct runs_wanted *wanted; /* NULL: those that the history has */
    size_t wanted_count;
};

void runs_init(struct runs *r, int64_t fenced_since_unix_ms);
/* The run's connector; NULL when it is one too many. */
const struct runs_connector *runs_take(struct runs *r, const struct run_record *run);

enum runs_state runs_state_of(const struct runs_connector *c, enum runs_kind kind, int64_t since);
const char *runs_state_name(enum runs_state s); /* "never", "unknown", "failed", ... */
/* The run that decided; NULL when there was none. */
const struct runs_point *runs_decider(const struct runs_connector *c, enum runs_kind kind);
const struct runs_connector *runs_find(const struct runs *r, const struct baton_id *id);

/* Every connector whose id is wanted (count 0: every one of that side that is known here) has done it
 * since then. False when there is none. */
bool runs_done(const struct runs *r, bool entra, enum runs_kind kind, int64_t since,
               const struct baton_id *wanted, size_t count);

enum baton_status runs_judge(const struct runs *r, const struct runs_question *q,
                             const struct limits *l, struct findings *ret_findings) BATON_MUST_USE;

#endif
