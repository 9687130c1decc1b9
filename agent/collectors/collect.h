/* collect.h: one look at a whole server: which requests it takes, and which facts they give.
 *
 * Shape      A table of rows (host request, when, reader, facts). A round goes through four stages:
 *            native calls, collectors, the pending-export run, files. Requests of a stage run at
 *            once. What a round does not ask keeps its value and grows older; what it asks and
 *            cannot read becomes absent with the reason, never what it was.
 *            One exception: once the engine is gone its run history cannot be asked, so that the
 *            last one read stands, as old as it is, for as long as the service's stop is the same.
 *            After another stop only the end of its runs is known: they ended with the engine.
 * Units      now_ms monotonic, now_unix_ms wall.
 * Limits     One round at a time.
 * Errors     None: a request that fails shows in the facts and in the log.
 * Ownership  Plain value apart from a reader that collect_done closes.
 * Threads    The loop's.
 * Source     protocol 3; handoff 2.8; domain 1.6, 2.4, 2.5, 2.7, 2.8.
 */
#ifndef AGENT_COLLECT_H
#define AGENT_COLLECT_H

#include "baton/host.h"
#include "common/verify/prereq.h"
#include "history.h"

enum { COLLECT_ROWS_MAX = 24, COLLECT_TOOLS_MAX = HOST_PROCESSES_MAX };
enum { HISTORY_LOST = -1 }; /* what was read stands for no stop */

enum collect_stage { STAGE_NATIVE, STAGE_COLLECTORS, STAGE_FILES, STAGE_READ, STAGE_OVER };

struct collect_slot {
    enum { SLOT_IDLE, SLOT_WAITING, SLOT_SENT } state;
    uint32_t ticket;
    bool fresh;                        /* read well in this round */
    uint64_t offset, sent_ms, done_ms; /* done_ms: the newest success, 0 = never */
};

struct collect_file {           /* what a place held when it was last looked at */
    bool exists, hashed, twice; /* twice: two rounds took the same hash */
    uint64_t bytes, written_unix_ms;
    struct baton_hash hash;
};

/* What a pending export would do, object by object; unknown: nobody can say. */
struct collect_pending {
    uint64_t adds, updates, deletes, unknown;
};

struct collect {
    const struct digest_port *digest;
    struct facts facts;        /* ages are kept in at_ms */
    int64_t at_ms[FACT_COUNT]; /* monotonic; negative: before this boot */
    struct collect_slot slot[COLLECT_ROWS_MAX];

    /* the round under way */
    uint64_t began_ms, heavy_ms, limit_ms;
    int64_t fact_ms; /* the time that facts set now are of */
    uint64_t began_unix_ms;
    const struct prereq *prereq;
    uint64_t whole_began_ms; /* of the newest finished round that asked everything; 0 = none */
    enum collect_stage stage;
    bool running, whole, host_gone;

    /* the server, as of the newest round */
    bool machine_known, engine_gone, engine_missing;
    bool watch_broken;              /* since services were last asked */
    bool tools_known, tool_started; /* a tool that the round before did not see */
    enum product product;
    char product_entry[NAME_BYTES]; /* under Programs and Features; what people remove */
    struct machine machine;
    int64_t engine_stopped_at; /* 0: it runs */
    size_t service_count, task_count, tool_count;
    struct host_service service[HOST_SERVICES_MAX];
    struct host_task task[HOST_TASKS_MAX];
    uint32_t tool[COLLECT_TOOLS_MAX];

    /* runs */
    struct history history;
    int64_t history_stop;     /* the engine's stop that it stands for; 0: read while it ran */
    uint64_t history_unix_ms; /* when it was read, by the wall */
    bool history_known, busy;
    int64_t cycles_counted, cycle_mark; /* good cycles so far, and where the newest of them began */

    /* connectors and configuration */
    bool entra_connector, configured, connectors_known;
    size_t ad_connector_count;
    struct baton_id ad_connector[RUNS_CONNECTORS_MAX];
    int64_t config_changed_unix_ms; /* 0: not since we look */
    int64_t connector_changed_unix_ms;

    /* pending export */
    struct csexport *pending;
    struct collect_pending pending_counts;
    int64_t statistics_adds, statistics_updates, statistics_deletes;
    struct baton_hash pending_after; /* digest of the runs it was made after */
    bool statistics_known, pending_due, pending_read;

    /* settings file: what was sealed, what had to be put down */
    bool seal_known, place_known;
    struct baton_hash sealed_hash, placed_hash;
    struct collect_file exported, placed;
    char wizard_note[NOTE_BYTES], service_note[NOTE_BYTES];

    /* the old server's own account in the tenant; logs wrap, so what was seen is kept */
    char account_of[NAME_BYTES]; /* host name; empty: nobody is watched */
    int64_t account_removed;     /* unix_ms; 0: not seen */
};

struct collect_round {
    bool whole;
    uint64_t now_ms;
    uint64_t limit_ms; /* for one request */
    uint64_t heavy_ms; /* configuration and pending export at most this often */
    uint64_t now_unix_ms;
    const struct prereq *prereq; /* what the server must be; NULL: no prerequisite is known */
};

void collect_init(struct collect *c, const struct digest_port *digest);
void collect_done(struct collect *c);

void collect_begin(struct collect *c, const struct collect_round *round);
/* Submits whatever may run now. */
void collect_pump(struct collect *c, const struct host_port *host, uint64_t now_ms);
/* Gives up a round that has heard of the services or is past its native calls, so that another may begin at once: what it has not
 * read keeps its value and grows older. False: there is none such. */
bool collect_give_up(struct collect *c, const struct host_port *host);
/* The services are known as of the round under way, whatever else is still awaited. */
bool collect_services_known(const struct collect *c);
/* True: the completion belonged to this round (the caller still releases it). */
bool collect_take(struct collect *c, const struct host_completion *done, uint64_t now_ms);
bool collect_over(const struct collect *c); /* a round was begun and every answer is in */
/* Whose account the admin actions are searched for: a host name, or "" for nobody's. */
void collect_watch_account(struct collect *c, const char *host);
void collect_watch_broke(struct collect *c);
/* A settings file was seen that only a round that asks everything reads. */
bool collect_file_waits(const struct collect *c);

/* The facts as they stand, with ages. Ends the round. *ret_began_ms is when the oldest part of
 * this observation began: a round of native calls alone does not make collectors younger. */
void collect_facts(struct collect *c, uint64_t now_ms, uint64_t now_unix_ms,
                   struct facts *ret_facts, uint64_t *ret_began_ms);

/* The same in the middle of a round, which goes on. *ret_began_ms is of the newest one that was whole. */
void collect_so_far(const struct collect *c, uint64_t now_ms, struct facts *ret_facts,
                    uint64_t *ret_began_ms);

/* What must outlive a restart: run facts of an engine that is gone, digests that show a change. */
enum { COLLECT_MEMORY_BYTES = 512 };
size_t collect_remember(const struct collect *c, uint8_t out[COLLECT_MEMORY_BYTES]);
enum baton_status collect_recall(struct collect *c, const uint8_t *bytes, size_t len,
                                 uint64_t now_ms, uint64_t now_unix_ms) BATON_MUST_USE;

#endif
