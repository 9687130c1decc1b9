/* run_history.h: the run history of a sync server: JSON of Get-ADSyncRunProfileResult, or the XML that
 * RunDetails() of the engine's WMI provider gives.
 *
 * Shape      One visit per run, in the order of the text (newest first). A result is judged by
 *            prefix; one that nobody knows blocks. A run is as good as its worst step.
 *            Visits before an error are of a part: whoever gets an error throws them away.
 * Units      Unix milliseconds; 0 = not said.
 * Limits     PSJSON_BYTES_MAX of text; RUN_TEXT_BYTES of a result or a name; longer ones are cut.
 * Errors     As ps_list_read or xml.h; BATON_MALFORMED for a run without connector, profile or start.
 * Source     domain 2.3, 2.8; formats 3, 4.
 */
#ifndef READERS_RUN_HISTORY_H
#define READERS_RUN_HISTORY_H

#include "baton/ids.h"

enum { RUN_TEXT_BYTES = 64 };

enum run_profile {
    RUN_PROFILE_OTHER,
    RUN_PROFILE_FULL_IMPORT,
    RUN_PROFILE_DELTA_IMPORT,
    RUN_PROFILE_FULL_SYNC,
    RUN_PROFILE_DELTA_SYNC,
    RUN_PROFILE_EXPORT,
};

enum run_result {
    RUN_RESULT_UNKNOWN, /* blocks */
    RUN_RESULT_SUCCESS,
    RUN_RESULT_NO_OBJECTS, /* good for a delta, suspicious for a first full import */
    RUN_RESULT_TRANSIENT,
    RUN_RESULT_WARNINGS,
    RUN_RESULT_ERRORS,
    RUN_RESULT_RUNNING,
    RUN_RESULT_NOT_STARTED,
    RUN_RESULT_STOPPED,
};

/* What a run did, as a set: a step of the DirSync era imports and synchronizes. */
#define RUN_DOES(profile) (1U << (profile))

struct run_record {
    struct baton_id connector;
    char connector_name[RUN_TEXT_BYTES];
    bool entra; /* the connector to Entra, by its fixed identifier or a name of the DirSync era */
    int64_t run_number;       /* of this connector alone; 0: not said */
    enum run_profile profile; /* the one operation that a cycle counts it as */
    unsigned operations;      /* RUN_DOES of each; 0: a profile of a name that says nothing */
    enum run_result result;
    char result_text[RUN_TEXT_BYTES];
    bool complete;
    int64_t begin_unix_ms, end_unix_ms;
    bool counted; /* the steps say what was exported */
    int64_t adds, updates, deletes, renames, delete_adds;
};

typedef void run_visit(void *arg, const struct run_record *run);

extern const struct baton_id run_entra_connector; /* b891884f-051e-4a83-95af-2544101c9083 */

enum run_result run_result_of(const char *text);
bool run_result_good(enum run_result r); /* success, or nothing to do */
enum run_profile run_profile_of(const char *name);
bool run_connector_is_entra(const char *name, const struct baton_id *id);

/* One more step ended so: the run keeps the worse of both, with its text. */
void run_result_add(struct run_record *run, const char *text);
unsigned run_operations_of(const char *profile_name);

enum baton_status run_history_read(const char *text, size_t len, run_visit *visit, void *arg,
                                   struct baton_err *err) BATON_MUST_USE;

#endif
