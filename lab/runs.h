/* runs.h: the run history of one server, in the shape of Get-ADSyncRunProfileResult.
 *
 * Shape      An array, oldest first; the JSON is newest first. Run numbers count per connector.
 * Limits     RUNS_MAX kept. The oldest goes first, but the newest finished run of every connector
 *            and profile stays, so that a first full import can still be read an hour later.
 * Units      Unix milliseconds.
 * Source     domain 2.4, formats 4.
 */
#ifndef LAB_RUNS_H
#define LAB_RUNS_H

#include <jansson.h>

#include "baton/ids.h"

enum { RUNS_MAX = 96, CONNECTORS_MAX = 8, RESULT_BYTES = 48, GUID_TEXT = 37 };

enum profile_kind {
    RUN_FULL_IMPORT,
    RUN_FULL_SYNC,
    RUN_DELTA_IMPORT,
    RUN_DELTA_SYNC,
    RUN_EXPORT,
    RUN_KINDS
};

struct connector {
    char name[NAME_BYTES], type[NAME_BYTES], subtype[NAME_BYTES];
    char id[GUID_TEXT];
    bool entra;
    uint32_t runs; /* the number of its last run */
};

struct connectors {
    struct connector item[CONNECTORS_MAX];
    size_t count;
};

struct run {
    size_t connector;
    enum profile_kind profile;
    uint32_t number;
    char id[GUID_TEXT];
    char by[NAME_BYTES];
    char result[RESULT_BYTES]; /* "in-progress" while it runs */
    uint64_t begin_ms, end_ms; /* end 0: it runs */
    uint64_t stage_add, stage_update, stage_delete, unchanged;
    uint64_t export_add, export_update, export_delete;
};

struct runs {
    struct run item[RUNS_MAX];
    size_t count;
};

const char *run_profile_name(enum profile_kind profile);
bool run_is_good(const struct run *run); /* its result lets a cycle count as good */

/* The oldest go until no more than most are left; the newest of every connector and profile stay. */
void runs_purge(struct runs *runs, size_t most);

/* The new newest run; the pointer holds until the next call. */
struct run *runs_begin(struct runs *runs, struct connectors *connectors, size_t connector,
                       enum profile_kind profile, const char *by, uint64_t at_ms);
struct run *runs_current(struct runs *runs); /* NULL when none runs */

/* The whole history, newest first, as an array. */
json_t *runs_json(const struct runs *runs, const struct connectors *connectors);

/* What was printed of finished runs, each in the place that its id names. */
enum { PRINTED_PLACES = 4 * RUNS_MAX };

struct printed_run {
    struct run run;
    char *text;
};

struct printed_runs {
    struct printed_run item[PRINTED_PLACES];
};

/* As print_powershell prints runs_json; the caller frees the text. */
char *runs_print(const struct runs *runs, const struct connectors *connectors,
                 struct printed_runs *printed);
void printed_runs_done(struct printed_runs *printed);

#endif
