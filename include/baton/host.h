/* host.h: the only way an agent sees and touches its server.
 *
 * Shape      host_port.submit(request) returns a ticket; the completion comes out of next() once fd
 *            is readable. Notifications (a service changed, a file was written) come the same way
 *            with ticket 0. Blocking work sits in workers that the adapter owns.
 * Limits     One mutating request at a time (BATON_CONFLICT for a second), HOST_PENDING_MAX in all,
 *            every request has a time limit; cancel ends it with BATON_TIMEOUT.
 * Errors     In the completion: status and one sentence. submit itself: BATON_LIMIT, BATON_CONFLICT.
 * Ownership  Completions are the caller's memory; text points into a buffer freed by host_release.
 * Threads    All calls from the loop that opened it.
 * Source     design 5. No request carries a path, a script or a command line: files are named by
 *            place, collectors by a fixed list.
 */
#ifndef BATON_HOST_H
#define BATON_HOST_H

#include "baton/statement.h"

enum {
    HOST_PENDING_MAX = 32,
    HOST_SERVICES_MAX = 8,
    HOST_TASKS_MAX = 8,
    HOST_PROCESSES_MAX = 32,
    HOST_TEXT_MAX = 4 * 1024 * 1024,
    HOST_READ_MAX = 65536
};

enum host_op {
    HOST_NONE,
    HOST_SERVICES,        /* query every known sync service */
    HOST_SERVICE_STOP,    /* name; waits until stopped or the limit; mutating */
    HOST_SERVICE_DISABLE, /* name; mutating */
    HOST_SERVICE_ENABLE, /* name: start type automatic, then start; mutating. Only an honoured GRANT */
    HOST_TASKS,
    HOST_TASK_DISABLE, /* name; mutating */
    HOST_TASK_ENABLE,  /* name; mutating. Only an honoured GRANT */
    HOST_PROCESSES,    /* engine, wizard, console, installer, sync shell, with session and start */
    HOST_PRODUCT,      /* class, version, uninstall entry, SQL edition */
    HOST_EVENTS,       /* newest service-control and sync events: who started or changed what */
    HOST_MACHINE,      /* boot id, generation id, MachineGuid, disk */
    HOST_FILE_STAT,    /* place; bytes, last write */
    HOST_FILE_HASH,    /* place */
    HOST_FILE_READ,    /* place, offset; at most HOST_READ_MAX */
    HOST_FILE_WRITE,   /* place, offset, bytes; to a temporary beside it; mutating */
    HOST_FILE_COMMIT,  /* place: flush, rename into place; mutating */
    HOST_COLLECT,      /* collector; text is its JSON (or XML for csexport) */
    HOST_OP_COUNT
};

enum host_place {
    PLACE_NONE,
    PLACE_SETTINGS_EXPORT, /* newest exported settings file on the old server */
    PLACE_SETTINGS_IMPORT, /* where the new server's operator picks it */
    PLACE_PENDING_EXPORT,  /* csexport XML of the Entra connector */
    PLACE_CONFIGURATION,   /* the newest COLLECT_CONFIGURATION as one pack (docs/formats.md) */
    PLACE_COUNT
};

enum host_collector {
    COLLECT_NONE,
    COLLECT_SCHEDULER,  /* Get-ADSyncScheduler */
    COLLECT_GLOBAL,     /* Get-ADSyncGlobalSettings parameters */
    COLLECT_CONNECTORS, /* Get-ADSyncConnector: name, identifier, type */
    COLLECT_RUN_STATUS, /* Get-ADSyncConnectorRunStatus */
    COLLECT_RUNS,       /* Get-ADSyncRunProfileResult, or MIIS_RunHistory for DirSync */
    COLLECT_STATISTICS, /* Get-ADSyncConnectorStatistics of the Entra connector */
    COLLECT_AUTO_UPGRADE,
    COLLECT_CONFIGURATION, /* digests {config, rules}; the export itself is PLACE_CONFIGURATION */
    COLLECT_PENDING,       /* run csexport /f:x; the file is PLACE_PENDING_EXPORT */
    COLLECT_PREREQUISITES,
    COLLECT_ADMIN_ACTIONS, /* Get-WinEvent of the provider Entra Connect Admin Actions */
    COLLECT_COUNT
};

/* SVC: winsvc.h has macros of the longer names, with other numbers */
enum service_state { SVC_UNKNOWN, SVC_STOPPED, SVC_STARTING, SVC_RUNNING, SVC_STOPPING };
enum start_type { START_UNKNOWN, START_AUTO, START_MANUAL, START_DISABLED };
enum process_kind {
    PROCESS_ENGINE,
    PROCESS_WIZARD,
    PROCESS_CONSOLE,
    PROCESS_INSTALLER,
    PROCESS_SYNC_SHELL
};

struct host_service {
    char name[NAME_BYTES], display[NAME_BYTES];
    bool engine; /* it exports; others only start it */
    uint8_t state, start, start_registry;
    uint64_t changed_unix_ms;
    char changed_by[NAME_BYTES]; /* "CONTOSO\\anna via services.msc"; empty when not known */
};
struct host_task {
    char name[NAME_BYTES];
    bool enabled;
};
struct host_process {
    uint8_t kind;
    uint32_t pid;
    char session[NAME_BYTES];
    uint64_t started_unix_ms;
};
enum sql_edition { SQL_LOCAL, SQL_EXPRESS, SQL_FULL, SQL_UNKNOWN };

struct host_product {
    bool present;
    uint8_t product; /* enum product */
    int64_t version; /* as FACT_PRODUCT_VERSION */
    char version_text[VERSION_TEXT_BYTES];
    uint8_t sql_edition; /* enum sql_edition */
    uint64_t disk_free_bytes;
    char entry[NAME_BYTES]; /* under Programs and Features; empty: none found */
};
struct host_file {
    bool exists;
    uint64_t bytes, written_unix_ms;
    struct baton_hash hash;
    uint64_t offset;
};

struct host_request {
    enum host_op op;
    uint8_t place, collector;
    char name[NAME_BYTES];
    uint64_t offset;
    const uint8_t *bytes; /* HOST_FILE_WRITE; copied */
    size_t len;
    uint32_t limit_ms;
};

enum host_notice {
    NOTICE_NONE,
    NOTICE_SERVICE,
    NOTICE_PROCESS,
    NOTICE_RUN,
    NOTICE_FILE,
    NOTICE_WATCH_BROKEN
};

struct host_completion {
    uint32_t ticket; /* 0: a notification */
    enum host_op op;
    uint8_t place, collector;
    enum host_notice notice;
    enum baton_status status;
    struct baton_err err;
    size_t count;   /* of services, tasks or processes */
    bool unwatched; /* HOST_SERVICES: notifications are not, or were not since the answer before,
                       unbroken; err says why although the status is BATON_OK */
    union {
        struct host_service service[HOST_SERVICES_MAX];
        struct host_task task[HOST_TASKS_MAX];
        struct host_process process[HOST_PROCESSES_MAX];
        struct host_product product;
        struct machine machine;
        struct host_file file;
    } u;
    char *text; /* collectors, events and file reads; NUL after text_len bytes */
    size_t text_len;
};

struct host_port {
    void *ctx;
    int (*fd)(void *ctx); /* readable when next() has something */
    enum baton_status (*submit)(void *ctx, const struct host_request *request, uint32_t *ret_ticket,
                                struct baton_err *err);
    void (*cancel)(void *ctx, uint32_t ticket);
    bool (*next)(void *ctx, struct host_completion *ret_completion); /* false: nothing now */
    void (*release)(void *ctx, struct host_completion *completion);
    bool (*lab)(void *ctx); /* whether orders that carry the lab flag may act here */
    void (*close)(void *ctx);
};

const char *host_op_name(enum host_op op);
const char *host_collector_name(enum host_collector c); /* the fixed list, also the lab's names */
const char *host_place_name(enum host_place p);

#endif
