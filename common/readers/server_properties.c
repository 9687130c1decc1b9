#include "server_properties.h"

#include <string.h>
#include <strings.h>

#include "baton/ids.h"
#include "psjson.h"

#define NONE FACT_COUNT

// clang-format off
static const struct server_property properties[] = {
    { ANSWER_SCHEDULER,    "SyncCycleEnabled",                    AS_BOOL,    FACT_SYNC_CYCLE_ENABLED,  true },
    { ANSWER_SCHEDULER,    "StagingModeEnabled",                  AS_BOOL,    FACT_STAGING_SCHEDULER,   true },
    { ANSWER_SCHEDULER,    "SchedulerSuspended",                  AS_BOOL,    FACT_SCHEDULER_SUSPENDED, true },
    { ANSWER_SCHEDULER,    "SyncCycleInProgress",                 AS_BOOL,    FACT_CYCLE_IN_PROGRESS,   true },
    { ANSWER_SCHEDULER,    "CurrentlyEffectiveSyncCycleInterval", AS_SPAN,    FACT_INTERVAL_MS,         true },
    { ANSWER_SCHEDULER,    "AllowedSyncCycleInterval",            AS_SPAN,    NONE,                     true },
    { ANSWER_SCHEDULER,    "CustomizedSyncCycleInterval",         AS_SPAN,    NONE,                     true },
    { ANSWER_SCHEDULER,    "NextSyncCyclePolicyType",             AS_TEXT,    NONE,                     true },
    { ANSWER_SCHEDULER,    "NextSyncCycleStartTimeInUTC",         AS_DATE,    NONE,                     true },
    { ANSWER_SCHEDULER,    "PurgeRunHistoryInterval",             AS_SPAN,    NONE,                     true },
    { ANSWER_SCHEDULER,    "MaintenanceEnabled",                  AS_BOOL,    NONE,                     true },

    { ANSWER_GLOBAL,       "Microsoft.Synchronize.StagingMode",   AS_BOOL,    FACT_STAGING_SETTINGS,    true },
    { ANSWER_GLOBAL,       "Microsoft.OptionalFeature.ExportDeletionThreshold",      AS_BOOL,  FACT_DELETE_GUARD, true },
    { ANSWER_GLOBAL,       "Microsoft.OptionalFeature.ExportDeletionThresholdValue", AS_COUNT, FACT_DELETE_GUARD, true },
    { ANSWER_GLOBAL,       "Microsoft.Synchronize.NextStartTime", AS_TEXT,    NONE,                     true },
    { ANSWER_GLOBAL,       "SqlSchemaVersion",                    AS_COUNT,   NONE,                     true },
    { ANSWER_GLOBAL,       "InstanceId",                          AS_GUID,    NONE,                     true },
    { ANSWER_GLOBAL,       "Version",                             AS_TEXT,    NONE,                     false },

    { ANSWER_CONNECTORS,   "Identifier",                          AS_GUID,    FACT_CONNECTOR_READY,     true },
    { ANSWER_CONNECTORS,   "Name",                                AS_TEXT,    FACT_CONNECTOR_READY,     false },
    { ANSWER_CONNECTORS,   "LastModificationTime",                AS_DATE,    FACT_FULL_SYNC_AD,        false },
    { ANSWER_CONNECTORS,   "CreationTime",                        AS_DATE,    NONE,                     false },
    { ANSWER_CONNECTORS,   "SubType",                             AS_TEXT,    NONE,                     true },
    { ANSWER_CONNECTORS,   "Partitions",                          AS_TEXT,    NONE,                     true },
    { ANSWER_CONNECTORS,   "RunProfiles",                         AS_TEXT,    NONE,                     true },
    { ANSWER_CONNECTORS,   "ConnectivityParameters",              AS_TEXT,    NONE,                     true },

    { ANSWER_STATISTICS,   "ExportAdds",                          AS_COUNT,   FACT_PENDING_ADDS,        true },
    { ANSWER_STATISTICS,   "ExportUpdates",                       AS_COUNT,   FACT_PENDING_UPDATES,     true },
    { ANSWER_STATISTICS,   "ExportDeletes",                       AS_COUNT,   FACT_PENDING_DELETES,     true },
    { ANSWER_STATISTICS,   "TotalConnectors",                     AS_COUNT,   FACT_OBJECTS,             true },
    { ANSWER_STATISTICS,   "ImportAdds",                          AS_COUNT,   NONE,                     true },
    { ANSWER_STATISTICS,   "ImportUpdates",                       AS_COUNT,   NONE,                     true },
    { ANSWER_STATISTICS,   "ImportDeletes",                       AS_COUNT,   NONE,                     true },
    { ANSWER_STATISTICS,   "ImportNoChange",                      AS_COUNT,   NONE,                     true },

    { ANSWER_AUTO_UPGRADE, "",                                    AS_UPGRADE, FACT_AUTO_UPGRADE,        false },

    { ANSWER_RUN_STATUS,   "RunState",                            AS_TEXT,    FACT_RUN_IN_PROGRESS,     true },

    { ANSWER_THRESHOLD,    "DeletionPrevention",                  AS_TEXT,    NONE,                     true },
    { ANSWER_THRESHOLD,    "ThresholdCount",                      AS_COUNT,   NONE,                     true },
    { ANSWER_THRESHOLD,    "ThresholdPercentage",                 AS_COUNT,   NONE,                     true },

    { ANSWER_TENANT,       "DirSyncClientMachine",                AS_TEXT,    NONE,                     true },
    { ANSWER_TENANT,       "DirSyncClientMachineName",            AS_TEXT,    NONE,                     true },
    { ANSWER_TENANT,       "DirSyncClientVersion",                AS_TEXT,    NONE,                     true },
    { ANSWER_TENANT,       "DirectorySynchronizationStatus",      AS_TEXT,    NONE,                     true },
    { ANSWER_TENANT,       "LastDirSyncTime",                     AS_DATE,    NONE,                     true },
    { ANSWER_TENANT,       "TresholdCount",                       AS_COUNT,   NONE,                     true }, /* sic */
    { ANSWER_TENANT,       "TresholdPercentage",                  AS_COUNT,   NONE,                     true },
};
// clang-format on

const struct server_property *
server_properties(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(properties);
    return properties;
}

const struct server_property *
server_property_find(enum server_answer answer, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(properties); i++)
        if (properties[i].answer == answer && strcasecmp(properties[i].name, name) == 0)
            return &properties[i];
    return NULL;
}

const char *
server_answer_cmdlet(enum server_answer answer)
{
    static const char *const names[] = {
        [ANSWER_SCHEDULER] = "Get-ADSyncScheduler",
        [ANSWER_GLOBAL] = "Get-ADSyncGlobalSettings",
        [ANSWER_CONNECTORS] = "Get-ADSyncConnector",
        [ANSWER_STATISTICS] = "Get-ADSyncConnectorStatistics",
        [ANSWER_AUTO_UPGRADE] = "Get-ADSyncAutoUpgrade",
        [ANSWER_RUN_STATUS] = "Get-ADSyncConnectorRunStatus",
        [ANSWER_THRESHOLD] = "Get-ADSyncExportDeletionThreshold",
        [ANSWER_TENANT] = "the tenant's view",
        [ANSWER_UNKNOWN] = "unknown",
    };
    return names[answer];
}

const char *
property_type_name(enum property_type type)
{
    static const char *const names[] = {
        [AS_TEXT] = "a text",
        [AS_BOOL] = "true or false",
        [AS_COUNT] = "a whole number",
        [AS_SPAN] = "a span of time",
        [AS_DATE] = "a date that means the same everywhere",
        [AS_GUID] = "an identifier",
        [AS_UPGRADE] = "Enabled, Disabled or Suspended",
    };
    return names[type];
}

enum server_answer
server_answer_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(properties); i++)
        if (properties[i].tells && strcasecmp(properties[i].name, name) == 0)
            return properties[i].answer;
    return strncasecmp(name, "Microsoft.", strlen("Microsoft.")) == 0 ? ANSWER_GLOBAL
                                                                      : ANSWER_UNKNOWN;
}

bool
server_auto_upgrade(const char *text, int64_t *ret_value)
{
    static const char *const words[] = {"Disabled", "Enabled", "Suspended"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(words[i], text) == 0) {
            *ret_value = (int64_t)i;
            return true;
        }
    }
    return false;
}

bool
server_property_read(const struct server_property *p, const json_t *object, const char *key,
                     int64_t *ret_value)
{
    const char *text;
    bool truth = false;
    struct baton_id id;
    *ret_value = 0;
    switch (p->type) {
    case AS_BOOL:
        if (!ps_bool(object, key, &truth))
            return false;
        *ret_value = truth;
        return true;
    case AS_COUNT:
        return ps_count(object, key, ret_value) && *ret_value >= 0;
    case AS_SPAN:
        return ps_timespan(object, key, ret_value);
    case AS_DATE:
        return ps_date(object, key, ret_value);
    case AS_GUID:
        return ps_text(object, key, &text) && baton_guid_parse(text, &id);
    case AS_UPGRADE:
        return ps_text(object, key, &text) && server_auto_upgrade(text, ret_value);
    case AS_TEXT:
        break;
    }
    return ps_text(object, key, &text);
}
