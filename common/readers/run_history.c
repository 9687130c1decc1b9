#include "run_history.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "psjson.h"
#include "run_history_xml.h"
#include "utf.h"

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

static const struct profile_row {
    const char *name;
    enum run_profile profile;
    enum run_profile besides; /* RUN_PROFILE_OTHER: nothing */
} profile_rows[] = {
    { "Full Import",           RUN_PROFILE_FULL_IMPORT,  RUN_PROFILE_OTHER },
    { "Delta Import",          RUN_PROFILE_DELTA_IMPORT, RUN_PROFILE_OTHER },
    { "Full Synchronization",  RUN_PROFILE_FULL_SYNC,    RUN_PROFILE_OTHER },
    { "Delta Synchronization", RUN_PROFILE_DELTA_SYNC,   RUN_PROFILE_OTHER },
    { "Export",                RUN_PROFILE_EXPORT,       RUN_PROFILE_OTHER },
    /* DirSync's own profiles */
    { "Full Confirming Import",  RUN_PROFILE_FULL_IMPORT,  RUN_PROFILE_OTHER },
    { "Delta Confirming Import", RUN_PROFILE_DELTA_IMPORT, RUN_PROFILE_OTHER },
    { "Full Import Full Sync",   RUN_PROFILE_FULL_SYNC,    RUN_PROFILE_FULL_IMPORT },
    { "Delta Import Delta Sync", RUN_PROFILE_DELTA_SYNC,   RUN_PROFILE_DELTA_IMPORT },
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

/* From the worst to the best. Nothing to do is worse than success: for a first full import it means
 * that a partition was not looked at. */
void
run_result_add(struct run_record *run, const char *text)
{
    static const uint8_t badness[] = {
        [RUN_RESULT_UNKNOWN] = 9,   [RUN_RESULT_STOPPED] = 8,    [RUN_RESULT_NOT_STARTED] = 7,
        [RUN_RESULT_ERRORS] = 6,    [RUN_RESULT_RUNNING] = 5,    [RUN_RESULT_WARNINGS] = 4,
        [RUN_RESULT_TRANSIENT] = 3, [RUN_RESULT_NO_OBJECTS] = 2, [RUN_RESULT_SUCCESS] = 1,
    };
    enum run_result result = run_result_of(text);
    if (badness[result] <= badness[run->result])
        return;
    run->result = result;
    text_copy(run->result_text, sizeof run->result_text, text);
}

/* A profile whose name says export is one, however it is called: a renamed profile must not hide
 * an export from the guard. */
static struct profile_row
row_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(profile_rows); i++)
        if (strcasecmp(name, profile_rows[i].name) == 0)
            return profile_rows[i];
    for (const char *at = name; *at != '\0'; at++)
        if (strncasecmp(at, "export", 6) == 0)
            return (struct profile_row){.profile = RUN_PROFILE_EXPORT};
    return (struct profile_row){.profile = RUN_PROFILE_OTHER};
}

enum run_profile
run_profile_of(const char *name)
{
    return row_of(name).profile;
}

unsigned
run_operations_of(const char *profile_name)
{
    struct profile_row row = row_of(profile_name);
    return (RUN_DOES(row.profile) | RUN_DOES(row.besides)) & ~RUN_DOES(RUN_PROFILE_OTHER);
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
read_step(const json_t *step, struct run_record *run)
{
    const char *result;
    add_count(step, "ExportAdd", run, &run->adds);
    add_count(step, "ExportUpdate", run, &run->updates);
    add_count(step, "ExportDelete", run, &run->deletes);
    add_count(step, "ExportRename", run, &run->renames);
    add_count(step, "ExportDeleteAdd", run, &run->delete_adds);
    if (ps_text(step, "StepResult", &result))
        run_result_add(run, result);
}

/* Where ConvertTo-Json was not let deep enough a step is a word: nobody knows then what it exported. */
static void
read_steps(const json_t *steps, struct run_record *run)
{
    bool whole = true;
    size_t count = json_is_array(steps) ? json_array_size(steps) : (json_is_object(steps) ? 1 : 0);
    for (size_t i = 0; i < count; i++) {
        const json_t *step = json_is_array(steps) ? json_array_get(steps, i) : steps;
        whole = whole && json_is_object(step);
        read_step(step, run);
    }
    run->counted = run->counted && whole;
}

static bool
read_run(const json_t *item, struct run_record *run)
{
    const char *id, *name = "", *profile, *result = "";
    if (!json_is_object(item) || !ps_text(item, "ConnectorId", &id) ||
        !baton_guid_parse(id, &run->connector) || !ps_text(item, "RunProfileName", &profile) ||
        !ps_date(item, "StartDate", &run->begin_unix_ms) || run->begin_unix_ms <= 0)
        return false; /* a date of no time at all is how .NET says that there is none */
    (void)ps_text(item, "ConnectorName", &name);
    (void)ps_text(item, "Result", &result);
    text_copy(run->connector_name, sizeof run->connector_name, name);
    text_copy(run->result_text, sizeof run->result_text, result);
    run->entra = run_connector_is_entra(name, &run->connector);
    run->profile = run_profile_of(profile);
    run->operations = run_operations_of(profile);
    if (!ps_count(item, "RunNumber", &run->run_number))
        run->run_number = 0;
    run->result = run_result_of(result);
    bool ended = ps_date(item, "EndDate", &run->end_unix_ms) && run->end_unix_ms > 0;
    if (!ended)
        run->end_unix_ms = 0;
    if (!ps_bool(item, "IsRunComplete", &run->complete))
        run->complete = ended;
    read_steps(json_object_get(item, "RunStepResults"), run);
    run->complete = run->complete && ended && run->result != RUN_RESULT_RUNNING;
    return true;
}

static enum baton_status
read_json(const char *text, size_t len, run_visit *visit, void *arg, struct baton_err *err)
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

enum baton_status
run_history_read(const char *text, size_t len, run_visit *visit, void *arg, struct baton_err *err)
{
    char *utf8;
    if (len > PSJSON_BYTES_MAX)
        return baton_fail(err, BATON_LIMIT, "%zu bytes of run history, at most %d are read", len,
                          PSJSON_BYTES_MAX);
    enum baton_status rc = utf_to_utf8(text, len, &utf8, err);
    if (rc != BATON_OK)
        return rc;
    bool xml = utf8[strspn(utf8, " \t\r\n")] == '<';
    rc = xml ? run_history_xml_read(utf8, visit, arg, err)
             : read_json(utf8, strlen(utf8), visit, arg, err);
    free(utf8);
    return rc;
}
