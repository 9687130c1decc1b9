#include "run_history.h"

#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "psjson.h"

const struct baton_id run_entra_connector = {{0xb8, 0x91, 0x88, 0x4f, 0x05, 0x1e, 0x4a, 0x83, 0x95,
                                              0xaf, 0x25, 0x44, 0x10, 0x1c, 0x90, 0x83}};

struct result_row {
    const char *text;
    bool prefix;
    enum run_result result;
};

// clang-format off
static const struct result_row result_rows[] = {
    /* text                            prefix result */
    { "success",                       false, RUN_RESULT_SUCCESS },
    { "completed-no-objects",          false, RUN_RESULT_NO_OBJECTS },
    { "completed-transient-objects",   false, RUN_RESULT_TRANSIENT },
    { "completed-warnings",            false, RUN_RESULT_WARNINGS },
    { "completed-",                    true,  RUN_RESULT_ERRORS },
    { "in-progress",                   false, RUN_RESULT_RUNNING },
    { "completing-",                   true,  RUN_RESULT_RUNNING },
    { "no-start-",                     true,  RUN_RESULT_NOT_STARTED },
    { "stopped-",                      true,  RUN_RESULT_STOPPED },
};

static const struct {
    const char *name;
    enum run_profile profile;
} profile_rows[] = {
    { "Full Import",           RUN_PROFILE_FULL_IMPORT },
    { "Delta Import",          RUN_PROFILE_DELTA_IMPORT },
    { "Full Synchronization",  RUN_PROFILE_FULL_SYNC },
    { "Delta Synchronization", RUN_PROFILE_DELTA_SYNC },
    { "Export",                RUN_PROFILE_EXPORT },
    /* DirSync's own profiles */
    { "Full Confirming Import",  RUN_PROFILE_FULL_IMPORT },
    { "Delta Confirming Import", RUN_PROFILE_DELTA_IMPORT },
    { "Full Import Full Sync",   RUN_PROFILE_FULL_SYNC },
    { "Delta Import Delta Sync", RUN_PROFILE_DELTA_SYNC },
};

static const char *const entra_names[] = {
    "Windows Azure Active Directory Connector",
    "TargetWebService",
};
// clang-format on

enum run_result
run_result_of(const char *text)
{
    for (size_t i = 0; i < ARRAY_LEN(result_rows); i++) {
        const struct result_row *r = &result_rows[i];
        if (r->prefix ? strncmp(text, r->text, strlen(r->text)) == 0 : strcmp(text, r->text) == 0)
            return r->result;
    }
    return RUN_RESULT_UNKNOWN;
}

bool
run_result_good(enum run_result r)
{
    return r == RUN_RESULT_SUCCESS || r == RUN_RESULT_NO_OBJECTS;
}

/* A profile whose name says export is one, however it is called: a renamed profile must not hide
 * an export from the guard. */
enum run_profile
run_profile_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(profile_rows); i++)
        if (strcasecmp(name, profile_rows[i].name) == 0)
            return profile_rows[i].profile;
    for (const char *at = name; *at != '\0'; at++)
        if (strncasecmp(at, "export", 6) == 0)
            return RUN_PROFILE_EXPORT;
    return RUN_PROFILE_OTHER;
}

bool
run_connector_is_entra(const char *name, const struct baton_id *id)
{
    if (baton_id_eq(id, &run_entra_connector))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(entra_names); i++)
        if (strcmp(name, entra_names[i]) == 0)
            return true;
    return false;
}

static void
add_count(const json_t *step, const char *name, struct run_record *run, int64_t *sum)
{
    int64_t n;
    if (!ps_count(step, name, &n))
        return;
    *sum += n;
    run->counted = true;
}

static void
read_steps(const json_t *steps, struct run_record *run)
{
    size_t count = json_is_array(steps) ? json_array_size(steps) : (json_is_object(steps) ? 1 : 0);
    for (size_t i = 0; i < count; i++) {
        const json_t *step = json_is_array(steps) ? json_array_get(steps, i) : steps;
        add_count(step, "ExportAdd", run, &run->adds);
        add_count(step, "ExportUpdate", run, &run->updates);
        add_count(step, "ExportDelete", run, &run->deletes);
    }
}

static bool
read_run(const json_t *item, struct run_record *run)
{
    const char *id, *name = "", *profile, *result = "";
    if (!json_is_object(item) || !ps_text(item, "ConnectorId", &id) ||
        !baton_guid_parse(id, &run->connector) || !ps_text(item, "RunProfileName", &profile) ||
        !ps_date(item, "StartDate", &run->begin_unix_ms))
        return false;
    (void)ps_text(item, "ConnectorName", &name);
    (void)ps_text(item, "Result", &result);
    text_copy(run->connector_name, sizeof run->connector_name, name);
    text_copy(run->result_text, sizeof run->result_text, result);
    run->entra = run_connector_is_entra(name, &run->connector);
    run->profile = run_profile_of(profile);
    run->result = run_result_of(result);
    bool ended = ps_date(item, "EndDate", &run->end_unix_ms) && run->end_unix_ms > 0;
    if (!ended)
        run->end_unix_ms = 0;
    if (!ps_bool(item, "IsRunComplete", &run->complete))
        run->complete = ended;
    run->complete = run->complete && ended && run->result != RUN_RESULT_RUNNING;
    read_steps(json_object_get(item, "RunStepResults"), run);
    return true;
}

enum baton_status
run_history_read(const char *text, size_t len,
                 void (*visit)(void *arg, const struct run_record *run), void *arg,
                 struct baton_err *err)
{
    struct ps_list list;
    enum baton_status rc = ps_list_read(text, len, &list, err);
    for (size_t i = 0; rc == BATON_OK && i < list.count; i++) {
        struct run_record run = {0};
        if (read_run(ps_list_item(&list, i), &run))
            visit(arg, &run);
        else
            rc = baton_fail(err, BATON_MALFORMED,
                            "run %zu lacks its connector, profile or start date", i + 1);
    }
    ps_list_done(&list);
    return rc;
}
