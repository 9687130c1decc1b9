/* collect_wmi.h: what a DirSync-era engine says over WMI, in the shapes that the collectors' readers take.
 *
 * Shape      One call per question. Details of runs that are over are asked for once and remembered.
 * Limits     AGENTS_MAX agents, RUN_ROWS_MAX runs, HOST_TEXT_MAX of text.
 * Errors     As wmi.h; BATON_LIMIT; BATON_MALFORMED.
 * Ownership  The caller frees texts; wmi_memory_done frees what is remembered.
 */
#ifndef AGENT_WINDOWS_COLLECT_WMI_H
#define AGENT_WINDOWS_COLLECT_WMI_H

#include "agents_text.h"
#include "run_rows.h"
#include "win_text.h"

enum { WMI_RUNS_REMEMBERED = 160 };

struct wmi_memory {
    struct {
        char path[sizeof((struct run_row *)0)->path], end[RUN_FIELD_BYTES];
        char *text;
    } run[WMI_RUNS_REMEMBERED];
    size_t count;
};
void wmi_memory_done(struct wmi_memory *m);

struct wmi_ask {
    HANDLE cancel;
    uint32_t limit_ms;
};
enum baton_status collect_wmi_connectors(const struct wmi_ask *ask, char **ret_text,
                                         struct baton_err *err) BATON_MUST_USE;
enum baton_status collect_wmi_status(const struct wmi_ask *ask, char **ret_text,
                                     struct baton_err *err) BATON_MUST_USE;
enum baton_status collect_wmi_statistics(const struct wmi_ask *ask, char **ret_text,
                                         struct baton_err *err) BATON_MUST_USE;
enum baton_status collect_wmi_runs(const struct wmi_ask *ask, struct wmi_memory *memory,
                                   char **ret_text, struct baton_err *err) BATON_MUST_USE;
/* How many agents the engine has. */
enum baton_status collect_wmi_agents(const struct wmi_ask *ask, size_t *ret_count,
                                     struct baton_err *err) BATON_MUST_USE;
/* The name of the agent that talks to Entra. */
enum baton_status collect_wmi_entra(const struct wmi_ask *ask, char ret_name[NAME_BYTES],
                                    struct baton_err *err) BATON_MUST_USE;

#endif
