#include "baton/host.h"

#include "common/names.h"

static const char *const op_names[HOST_OP_COUNT] = {
    [HOST_NONE] = "none",
    [HOST_SERVICES] = "services",
    [HOST_SERVICE_STOP] = "service-stop",
    [HOST_SERVICE_DISABLE] = "service-disable",
    [HOST_SERVICE_ENABLE] = "service-enable",
    [HOST_TASKS] = "tasks",
    [HOST_TASK_DISABLE] = "task-disable",
    [HOST_TASK_ENABLE] = "task-enable",
    [HOST_PROCESSES] = "processes",
    [HOST_PRODUCT] = "product",
    [HOST_EVENTS] = "events",
    [HOST_MACHINE] = "machine",
    [HOST_FILE_STAT] = "file-stat",
    [HOST_FILE_HASH] = "file-hash",
    [HOST_FILE_READ] = "file-read",
    [HOST_FILE_WRITE] = "file-write",
    [HOST_FILE_COMMIT] = "file-commit",
    [HOST_COLLECT] = "collect",
};

static const char *const place_names[PLACE_COUNT] = {
    [PLACE_NONE] = "none",
    [PLACE_SETTINGS_EXPORT] = "settings-export",
    [PLACE_SETTINGS_IMPORT] = "settings-import",
    [PLACE_PENDING_EXPORT] = "pending-export",
    [PLACE_CONFIGURATION] = "configuration",
};

static const char *const collector_names[COLLECT_COUNT] = {
    [COLLECT_NONE] = "none",
    [COLLECT_SCHEDULER] = "scheduler",
    [COLLECT_GLOBAL] = "global",
    [COLLECT_CONNECTORS] = "connectors",
    [COLLECT_RUN_STATUS] = "run-status",
    [COLLECT_RUNS] = "runs",
    [COLLECT_STATISTICS] = "statistics",
    [COLLECT_AUTO_UPGRADE] = "auto-upgrade",
    [COLLECT_CONFIGURATION] = "configuration",
    [COLLECT_PENDING] = "pending",
    [COLLECT_PREREQUISITES] = "prerequisites",
    [COLLECT_ADMIN_ACTIONS] = "admin-actions",
};

const char *
host_op_name(enum host_op op)
{
    return NAME_OF(op_names, op);
}

const char *
host_collector_name(enum host_collector c)
{
    return NAME_OF(collector_names, c);
}

const char *
host_place_name(enum host_place p)
{
    return NAME_OF(place_names, p);
}
