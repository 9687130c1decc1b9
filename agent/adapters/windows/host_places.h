/* host_places.h: where on this Windows server each place of the host port is.
 *
 * Shape      Settings that a wizard exported: the newest file of its own in the product's data folder, or
 *            of any name in SETTINGS_OUT, where people put what they saved elsewhere. Settings to
 *            import are put into SETTINGS_IN. Both lie in the agent's folder, %ProgramData%\Baton.
 *            The other two places are the collectors'.
 * Limits     PLACE_PATH_BYTES.
 * Errors     BATON_LIMIT, BATON_IO, BATON_NOT_FOUND.
 * Threads    Any.
 * Source     domain 3, 3.1.
 */
#ifndef AGENT_WINDOWS_HOST_PLACES_H
#define AGENT_WINDOWS_HOST_PLACES_H

#include "agent/adapters/place_files.h"
#include "collect_run.h"

#define SETTINGS_OUT "settings-export"
#define SETTINGS_IN  "settings-import"

struct places {                     /* whole paths, UTF-8 */
    char own[PLACE_PATH_BYTES];     /* %ProgramData%\Baton */
    char out[PLACE_PATH_BYTES];     /* own\settings-export */
    char in[PLACE_PATH_BYTES];      /* own\settings-import */
    char product[PLACE_PATH_BYTES]; /* %ProgramData%\AADConnect */
};

/* Makes the agent's own folders when they are not there. */
enum baton_status places_open(struct places *ret_places, struct baton_err *err) BATON_MUST_USE;
/* The newest export of settings; an empty path: there is none. */
struct exported {
    char path[PLACE_PATH_BYTES];
    uint64_t written_ns;
};
enum baton_status places_newest(const struct places *places, struct exported *ret_newest,
                                struct baton_err *err) BATON_MUST_USE;
/* One file request. */
enum baton_status places_run(const struct places *places, const struct collector_host *collectors,
                             const struct host_request *request, struct host_completion *done,
                             struct baton_err *err) BATON_MUST_USE;

#endif
