/* run_rows.h: the run history of a DirSync-era engine as its WMI provider gives it, made into the text that
 * run_history.h reads.
 *
 * Shape      A row is an instance of MIIS_RunHistory; what its RunDetails() returns is a document of its
 *            own. The answer is one document after another, newest first.
 * Limits     RUN_ROWS_MAX rows are looked at. Kept are the RUN_ROWS_NEWEST newest, and of older ones the
 *            newest of each agent and profile, so that a first full import can still be seen.
 * Errors     BATON_NOMEM.
 * Ownership  The caller frees what is returned.
 * Threads    Reentrant.
 * Source     domain 1.5, 2.8; formats 3.
 */
#ifndef AGENT_WINDOWS_RUN_ROWS_H
#define AGENT_WINDOWS_RUN_ROWS_H

#include "baton/ids.h"

enum { RUN_ROWS_MAX = 8192, RUN_ROWS_NEWEST = 96, RUN_FIELD_BYTES = 64 };

struct run_row {
    char path[192]; /* of the instance, for RunDetails */
    char ma_name[NAME_BYTES], ma_guid[RUN_FIELD_BYTES], profile[NAME_BYTES];
    char number[RUN_FIELD_BYTES], status[RUN_FIELD_BYTES];
    char begin[RUN_FIELD_BYTES], end[RUN_FIELD_BYTES]; /* "2026-07-01 12:34:56.789", UTC */
};

/* Sorts the newest first and moves those to be kept to the front; how many they are. */
size_t run_rows_choose(struct run_row *rows, size_t count);
/* It can change no more: what was read of it once still holds. */
bool run_row_is_over(const struct run_row *row);

/* In place: without the lists of single objects and connections, which may be long and which no fact
 * needs. The new length. */
size_t run_details_thin(char *xml, size_t len);
/* A document from the row alone, for a run that has no details yet. */
char *run_details_of_row(const struct run_row *row);

#endif
