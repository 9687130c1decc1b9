#include "runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "print.h"

static const char *const profile_names[RUN_KINDS] = {
    [RUN_FULL_IMPORT] = "Full Import",
    [RUN_FULL_SYNC] = "Full Synchronization",
    [RUN_DELTA_IMPORT] = "Delta Import",
    [RUN_DELTA_SYNC] = "Delta Synchronization",
    [RUN_EXPORT] = "Export",
};

const char *
run_profile_name(enum profile_kind profile)
{
    BATON_ASSERT(profile < RUN_KINDS);
    return profile_names[profile];
}

bool
run_is_good(const struct run *run)
{
    return strcmp(run->result, "success") == 0 || strcmp(run->result, "completed-no-objects") == 0;
}

static bool
newest_of_its_kind(const struct runs *runs, size_t at)
{
    const struct run *run = &runs->item[at];
    for (size_t i = at + 1; i < runs->count; i++) {
        const struct run *later = &runs->item[i];
        if (later->connector == run->connector && later->profile == run->profile &&
            later->end_ms != 0)
            return false;
    }
    return true;
}

void
runs_purge(struct runs *runs, size_t most)
{
    while (runs->count > most) {
        size_t victim = 0;
        while (victim < runs->count && newest_of_its_kind(runs, victim))
            victim++;
        if (victim == runs->count)
            return;
        runs->count--;
        memmove(&runs->item[victim], &runs->item[victim + 1],
                (runs->count - victim) * sizeof runs->item[0]);
    }
}

struct run *
runs_begin(struct runs *runs, struct connectors *connectors, size_t connector,
           enum profile_kind profile, const char *by, uint64_t at_ms)
{
    BATON_ASSERT(connector < connectors->count);
    runs_purge(runs, RUNS_MAX - 1);
    BATON_ASSERT(runs->count < RUNS_MAX);
    struct run *run = &runs->item[runs->count++];
    *run = (struct run){.connector = connector, .profile = profile, .begin_ms = at_ms};
    run->number = ++connectors->item[connector].runs;
    print_guid_new(run->id);
    print_copy(run->by, sizeof run->by, by);
    print_copy(run->result, sizeof run->result, "in-progress");
    return run;
}

struct run *
runs_current(struct runs *runs)
{
    struct run *newest = runs->count == 0 ? NULL : &runs->item[runs->count - 1];
    return newest != NULL && newest->end_ms == 0 ? newest : NULL;
}

static void
put_count(json_t *object, const char *name, uint64_t count)
{
    json_object_set_new(object, name, json_integer((json_int_t)count));
}

static void
put_stage(json_t *step, const struct run *run)
{
    put_count(step, "StageNoChange", run->unchanged);
    put_count(step, "StageAdd", run->stage_add);
    put_count(step, "StageUpdate", run->stage_update);
    put_count(step, "StageRename", 0);
    put_count(step, "StageDelete", run->stage_delete);
    put_count(step, "StageDeleteAdd", 0);
    put_count(step, "StageFailure", 0);
}

static void
put_export(json_t *step, const struct run *run)
{
    put_count(step, "ExportAdd", run->export_add);
    put_count(step, "ExportUpdate", run->export_update);
    put_count(step, "ExportRename", 0);
    put_count(step, "ExportDelete", run->export_delete);
    put_count(step, "ExportDeleteAdd", 0);
    put_count(step, "ExportFailure", strcmp(run->result, "completed-export-errors") == 0);
}

static json_t *
date_or_null(uint64_t unix_ms)
{
    return unix_ms == 0 ? json_null() : print_date(unix_ms);
}

static json_t *
step_json(const struct run *run)
{
    char id[GUID_TEXT];
    print_guid_of(run->id, "step", id);
    json_t *step =
        json_pack("{s:s,s:i,s:s}", "StepHistoryId", id, "StepNumber", 1, "StepResult", run->result);
    json_object_set_new(step, "StartDate", print_date(run->begin_ms));
    json_object_set_new(step, "EndDate", date_or_null(run->end_ms));
    put_stage(step, run);
    put_export(step, run);
    bool batches = run->profile == RUN_EXPORT && run->end_ms != 0;
    put_count(step, "CurrentExportBatchNumber", batches);
    put_count(step, "LastSuccessfulExportBatchNumber", batches && run_is_good(run));
    json_object_set_new(step, "StepFileName", json_string(""));
    json_object_set_new(step, "ConnectorDiscoveryErrors", json_string(""));
    json_object_set_new(step, "SyncErrors", json_pack("{s:s}", "SyncErrorsXml", ""));
    json_object_set_new(step, "MvRetryErrors", json_string(""));
    return step;
}

static json_t *
run_json(const struct run *run, const struct connector *connector)
{
    char profile_id[GUID_TEXT];
    print_guid_of(connector->id, run_profile_name(run->profile), profile_id);
    json_t *json =
        json_pack("{s:s,s:s,s:s,s:s,s:s,s:i,s:s,s:b,s:s,s:i,s:i}", "RunHistoryId", run->id,
                  "ConnectorId", connector->id, "ConnectorName", connector->name, "RunProfileId",
                  profile_id, "RunProfileName", run_profile_name(run->profile), "RunNumber",
                  (int)run->number, "Username", run->by, "IsRunComplete", run->end_ms != 0,
                  "Result", run->result, "CurrentStepNumber", 1, "TotalSteps", 1);
    json_object_set_new(json, "StartDate", print_date(run->begin_ms));
    json_object_set_new(json, "EndDate", date_or_null(run->end_ms));
    json_object_set_new(json, "RunStepResults", json_pack("[o]", step_json(run)));
    return json;
}

json_t *
runs_json(const struct runs *runs, const struct connectors *connectors)
{
    json_t *list = json_array();
    for (size_t i = runs->count; i-- > 0;)
        json_array_append_new(list,
                              run_json(&runs->item[i], &connectors->item[runs->item[i].connector]));
    return list;
}

/* --- printed ------------------------------------------------------------------------------------ */

static struct printed_run *
place_of(struct printed_runs *printed, const struct run *run)
{
    uint32_t at = 0;
    for (const char *c = run->id; *c != '\0'; c++)
        at = at * 31 + (uint8_t)*c;
    return &printed->item[at % PRINTED_PLACES];
}

/* A finished run never changes but by being another one. */
static const char *
one_printed(const struct run *run, const struct connectors *connectors,
            struct printed_runs *printed)
{
    struct printed_run *p = place_of(printed, run);
    bool same = p->text != NULL && run->end_ms != 0 && p->run.end_ms == run->end_ms &&
                strcmp(p->run.id, run->id) == 0 && strcmp(p->run.result, run->result) == 0;
    if (!same) {
        char *text = print_list_item(run_json(run, &connectors->item[run->connector]));
        free(p->text);
        p->run = *run;
        p->text = text;
    }
    return p->text;
}

/* A long history takes milliseconds to print and is asked for at every look: each run once. */
char *
runs_print(const struct runs *runs, const struct connectors *connectors,
           struct printed_runs *printed)
{
    char *text;
    size_t len;
    if (runs->count < 2)
        return print_powershell(runs_json(runs, connectors));
    FILE *f = open_memstream(&text, &len);
    BATON_ASSERT(f != NULL);
    for (size_t i = runs->count; i-- > 0;) {
        fputs(i + 1 == runs->count ? "[\n" : ",\n", f);
        fputs(one_printed(&runs->item[i], connectors, printed), f);
    }
    fputs("\n]", f);
    BATON_ASSERT(fclose(f) == 0);
    return text;
}

void
printed_runs_done(struct printed_runs *printed)
{
    for (size_t i = 0; i < PRINTED_PLACES; i++)
        free(printed->item[i].text);
    *printed = (struct printed_runs){0};
}
