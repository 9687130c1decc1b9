#include "service_table.h"

#include <string.h>

// clang-format off
static const struct service_row rows[] = {
    {"FIMSynchronizationService", "Forefront Identity Manager Synchronization Service", ROLE_ENGINE, PRODUCT_DIRSYNC},
    {"MSOnlineSyncScheduler", "Windows Azure Active Directory Sync Service", ROLE_SCHEDULER, PRODUCT_DIRSYNC},
    {"ADSync", "Microsoft Azure AD Sync", ROLE_ENGINE, PRODUCT_CONNECT},
    {"ADSync", "Microsoft Entra ID Sync", ROLE_ENGINE, PRODUCT_CONNECT},
};
// clang-format on

const char *const sync_task_names[] = {"Azure AD Sync Scheduler"};
const size_t sync_task_count = ARRAY_LEN(sync_task_names);

static int
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c;
}

bool
same_name(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == '\0' && *b == '\0';
}

static bool
starts_with(const char *text, const char *with)
{
    while (*with != '\0' && lower(*text) == lower(*with)) {
        text++;
        with++;
    }
    return *with == '\0';
}

static const struct service_row *
engine_of(enum product product)
{
    size_t i = 0;
    while (rows[i].role != ROLE_ENGINE || rows[i].product != product)
        i++;
    return &rows[i];
}

const struct service_row *
service_row_of(const char *name, const char *display)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (same_name(rows[i].name, name))
            return &rows[i];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (same_name(rows[i].display, display))
            return &rows[i];
    return NULL;
}

/* Where the program's path ends. A path without quotes ends with the first name of a program in it. */
static size_t
program_len(const char *path, bool quoted)
{
    size_t len = strcspn(path, "\"");
    for (size_t i = 0; !quoted && i + 4 <= len; i++)
        if (starts_with(path + i, ".exe") && (path[i + 4] == '\0' || path[i + 4] == ' '))
            return i + 4;
    return len;
}

const struct service_row *
service_row_of_image(const char *image_path)
{
    static const char program[] = "\\miiserver.exe";
    static const char *const dirsync_folders[] = {"\\SYNCBUS\\",
                                                  "\\Microsoft Online Directory Sync\\",
                                                  "\\Windows Azure Active Directory Sync\\"};
    bool quoted = image_path[0] == '"';
    const char *path = image_path + quoted;
    size_t len = program_len(path, quoted), name_len = sizeof program - 1;
    if (len < name_len || !starts_with(path + len - name_len, program))
        return NULL;
    for (size_t at = 0; at < len; at++)
        for (size_t i = 0; i < ARRAY_LEN(dirsync_folders); i++)
            if (starts_with(path + at, dirsync_folders[i]))
                return engine_of(PRODUCT_DIRSYNC);
    return engine_of(PRODUCT_CONNECT);
}

enum { STOPPED = 1, START_PENDING, STOP_PENDING, RUNNING, CONTINUE_PENDING, PAUSE_PENDING, PAUSED };

/* The numbers are winerror.h's, which only one system has. */
bool
service_may_come(uint32_t code, uint32_t state)
{
    enum {
        DEPENDENT_SERVICES_RUNNING = 1051,
        INVALID_CONTROL = 1052,
        REQUEST_TIMEOUT = 1053,
        CANNOT_ACCEPT = 1061,
        NOT_ACTIVE = 1062
    };
    switch (code) {
    case DEPENDENT_SERVICES_RUNNING:
    case REQUEST_TIMEOUT:
    case CANNOT_ACCEPT:
    case NOT_ACTIVE:
        return true;
    case INVALID_CONTROL: /* one that starts has not said yet which it takes */
        return state == START_PENDING;
    default:
        return false;
    }
}

enum service_state
service_state_of(uint32_t state)
{
    switch (state) {
    case STOPPED:
        return SVC_STOPPED;
    case START_PENDING:
        return SVC_STARTING;
    case STOP_PENDING:
        return SVC_STOPPING;
    case RUNNING:
    case CONTINUE_PENDING:
    case PAUSE_PENDING:
    case PAUSED:
        return SVC_RUNNING;
    default:
        return SVC_UNKNOWN;
    }
}

enum start_type
start_type_of(uint32_t start)
{
    enum { BOOT, SYSTEM, AUTO, DEMAND, DISABLED };
    switch (start) {
    case BOOT:
    case SYSTEM:
    case AUTO:
        return START_AUTO;
    case DEMAND:
        return START_MANUAL;
    case DISABLED:
        return START_DISABLED;
    default:
        return START_UNKNOWN;
    }
}

static uint64_t
later_of(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

uint64_t
service_stopped_by(uint64_t booted_unix_ms, uint64_t key_unix_ms, uint64_t told_unix_ms)
{
    if (booted_unix_ms == 0 || key_unix_ms == 0)
        return 0;
    return later_of(later_of(booted_unix_ms, key_unix_ms), told_unix_ms);
}
