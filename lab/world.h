/* world.h: the simulated servers and the one tenant, and the port through which they speak.
 *
 * Shape      One world. Handlers and timers change it; each change is seen by the judge at once.
 *            It knows nothing of sockets: answers and events leave through struct port.
 * Units      wall_ms is Unix milliseconds, mono_ms the monotonic clock; the loop sets both before
 *            anything runs. Durations of simulated work pass through world_after, which shortens
 *            them by the speed factor. What time it is never changes.
 * Limits     SERVERS_MAX servers, OBJECTS_MAX objects (none of which exists in memory).
 * Threads    Only the loop.
 * Source     design 5, docs/lab-protocol.md.
 */
#ifndef LAB_WORLD_H
#define LAB_WORLD_H

#include <jansson.h>

#include "judge.h"
#include "runs.h"
#include "timer.h"

enum {
    PATH_BYTES = 1024,
    SERVICES_MAX = 2,
    PROCESSES_MAX = 24,
    LOG_MAX = 50,
    WAITERS_MAX = 16,
    OBJECTS_MAX = 10 * 1000 * 1000,
    PARAMETERS_MAX = 96,
    EXPORTS_MAX = 4096
};

/* A request that may be answered later: the connection's number and the request's id. */
struct reply {
    uint64_t connection; /* 0: nobody waits */
    json_int_t id;
};

struct waiters {
    struct reply item[WAITERS_MAX];
    size_t count;
};

enum service_is { SVC_STOPPED, SVC_STARTING, SVC_RUNNING, SVC_STOPPING };
enum start_kind { AT_BOOT, BY_HAND, NEVER };

struct service {
    char name[NAME_BYTES], display[NAME_BYTES];
    enum service_is state;
    enum start_kind start;
    uint64_t changed_ms;
    char changed_by[NAME_BYTES];
    uint64_t serial; /* of its last change of state; stale timers see another */
    bool engine;     /* this one performs exports */
};

struct task {
    char name[NAME_BYTES];
    bool enabled;
};

enum product_kind { NO_PRODUCT, DIRSYNC, AADSYNC, CONNECT };
enum upgrade_state { UPGRADE_DISABLED, UPGRADE_ENABLED, UPGRADE_SUSPENDED };

struct product {
    enum product_kind kind;
    char version[32], sql[16];
    bool configured; /* its first configuration has ended */
    bool given;      /* it was there when the lab began: an old server's */
    bool staging;
    enum upgrade_state auto_upgrade;
    uint64_t installed_ms;
};

struct pending { /* what the next export to Entra would carry */
    uint64_t adds, updates, deletes;
};

struct log_entry {
    uint64_t at_ms;
    char source[NAME_BYTES], by[NAME_BYTES], text[160];
    int id;
};

struct log {
    struct log_entry item[LOG_MAX]; /* oldest first */
    size_t count;
};

/* Everything that lies on a server's disk: what a snapshot keeps and a revert brings back. */
struct disk {
    struct product product;
    struct service service[SERVICES_MAX];
    size_t service_count;
    struct task task;
    bool has_task;
    struct connectors connectors;
    struct runs runs;
    struct log log;
    struct pending pending;
};

enum process_is {
    ENGINE_PROCESS,
    WIZARD_PROCESS,
    CONSOLE_PROCESS,
    INSTALLER_PROCESS,
    SHELL_PROCESS
};

struct process {
    enum process_is kind;
    uint32_t pid;
    char session[NAME_BYTES];
    uint64_t started_ms;
};

struct processes {
    struct process item[PROCESSES_MAX];
    size_t count;
    uint32_t next_pid;
};

struct machine_ids {
    char boot[GUID_TEXT], generation[GUID_TEXT], guid[GUID_TEXT], disk[GUID_TEXT];
};

struct cycle {
    bool running, running_full;
    bool full;       /* the next one is an initial cycle */
    size_t step;     /* index into the cycle's steps */
    uint64_t serial; /* of the wake-up that counts */
    uint64_t run_serial;
    uint64_t began_ms, next_ms;
};

struct wizard {
    bool open, busy, waiting; /* waiting: for the cycle in progress to end */
    uint32_t pid;
    char by[NAME_BYTES];
    size_t act;          /* index into the table of acts */
    bool staging, start; /* as wizard_request */
    uint64_t serial;
    struct reply reply;
};

struct faults {
    uint64_t slow_stop_ms;
    char run_error[RESULT_BYTES], import_error[RESULT_BYTES];
    char collector[NAME_BYTES], prerequisite[NAME_BYTES];
    bool wizard_left_open, engine_required, no_generation;
};

struct operator_acts {
    bool export_settings, migrate, exported;
    uint64_t serial;
};

struct snapshot {
    bool taken;
    struct disk disk;
    struct machine_ids ids;
};

struct world;

struct server {
    struct world *world;
    size_t index;
    char name[NAME_BYTES], dir[PATH_BYTES];
    bool powered, account_enabled;
    uint64_t serial; /* only grows; whoever starts a timer keeps the number it gave it */
    uint64_t serial_boot;
    struct machine_ids ids;
    struct disk disk;
    struct processes processes;
    struct cycle cycle;
    struct wizard wizard;
    struct faults fault;
    struct operator_acts operator_acts;
    struct waiters service_waiters[SERVICES_MAX];
    struct reply removal, run_reply;
    uint64_t removal_serial;
    bool removing;
    struct snapshot *snapshot;
    struct printed_runs printed_runs;
    const char *config_from; /* a real configuration export for this server, or NULL */
};

struct export_record {
    uint64_t n, begin_ms, end_ms;
    size_t server;
    struct pending counts;
    char result[RESULT_BYTES];
    bool forced; /* by a server that was not able to export: a run by hand in staging mode */
};

struct tenant {
    char name[NAME_BYTES];
    uint64_t objects;
    bool sync_cycle_enabled; /* shared by all servers */
    struct export_record *export;
    size_t export_count, export_cap;
    struct judge judge;
    char exports_path[PATH_BYTES];
};

/* How the world speaks. from NULL: the tenant. Both take the reference to the JSON. */
struct port {
    void *ctx;
    void (*answer)(void *ctx, struct reply reply, json_t *answer);
    void (*event)(void *ctx, const struct server *from, json_t *event);
    void (*hang_up)(void *ctx, const struct server *of); /* its power went: drop connections */
};

struct world {
    char dir[PATH_BYTES];
    double speed;
    size_t runs_kept;
    uint64_t wall_ms, mono_ms;
    struct timers timers;
    struct server *server; /* SERVERS_MAX of them, so that pointers hold */
    size_t server_count;
    struct tenant tenant;
    struct port port;
};

struct world_options {
    const char *dir, *tenant;
    uint64_t objects;
    double speed;
    size_t runs_kept; /* by each server; 0: RUNS_MAX */
};

/* The directory must be new, empty, or left by an earlier lab, whose files go. */
enum baton_status world_open(struct world *w, const struct world_options *options,
                             struct baton_err *err) BATON_MUST_USE;
void world_close(struct world *w);
struct server *world_server(struct world *w, const char *name); /* NULL when there is none */

/* Runs what is due. Set wall_ms and mono_ms first. */
void world_tick(struct world *w);
/* Milliseconds until the next timer, at most limit. */
uint64_t world_wait(const struct world *w, uint64_t limit);

/* run(server, arg) after ms of simulated work. */
void world_after(struct server *s, uint64_t ms, timer_fn *run, uint64_t arg);

void world_event(const struct server *from, json_t *event);             /* takes the reference */
void world_tenant_event(struct world *w, json_t *event);                /* the same */
void world_answer(struct world *w, struct reply reply, json_t *fields); /* ok; fields may be NULL */
void world_refuse(struct world *w, struct reply reply, const struct baton_err *err);

bool waiters_add(struct waiters *waiters, struct reply reply); /* false: too many wait */
void waiters_answer(struct world *w, struct waiters *waiters);
void waiters_refuse(struct world *w, struct waiters *waiters, const struct baton_err *err);

#endif
