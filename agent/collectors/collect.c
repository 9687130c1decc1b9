#include "collect.h"

#include <string.h>

#include "common/canon.h"
#include "common/log.h"
#include "common/readers/csexport.h"
#include "common/text.h"
#include "readers.h"

/* A native call answers within moments or hangs; the next round, which looks at the services, is not to wait
 * for it as long as for a collector. */
enum { FACTS_PER_ROW = 16, NO_DIGEST = DIGEST_COUNT, NATIVE_LIMIT_MS = 15000 };

#define NONE    (1U << PRODUCT_NONE)
#define DIRSYNC (1U << PRODUCT_DIRSYNC)
#define AADSYNC (1U << PRODUCT_AADSYNC)
#define CONNECT (1U << PRODUCT_CONNECT)
#define SYNC    (DIRSYNC | AADSYNC | CONNECT)
#define ANY     (NONE | SYNC)

struct collect_row {
    uint8_t op, place, collector, stage, products;
    bool engine;    /* the engine answers it: gone with it, and no error */
    bool heavy;     /* not at every whole round */
    uint8_t digest; /* enum digest_id that it gives, or NO_DIGEST */
    bool (*when)(const struct collect *c);
    collect_reader *read;
    uint8_t facts[FACTS_PER_ROW]; /* that it gives */
    uint8_t fact_count;
};

/* The wizard may still be writing: what it exports counts when two rounds took the same hash. */
static bool
export_not_settled(const struct collect *c)
{
    return c->exported.exists && !c->exported.twice;
}

static bool
place_watched(const struct collect *c)
{
    return c->place_known;
}

static bool
placed_not_hashed(const struct collect *c)
{
    return c->place_known && c->placed.exists && !c->placed.hashed;
}

bool
collect_file_waits(const struct collect *c)
{
    return export_not_settled(c) || placed_not_hashed(c);
}

/* csexport walks the whole connector space: only when what it would show has moved. */
static bool
pending_moved(const struct collect *c)
{
    return c->pending_due || !c->pending_read ||
           !baton_hash_eq(&c->pending_after, &c->facts.digest[DIGEST_RUNS]);
}

static bool
pending_made(const struct collect *c)
{
    return c->pending != NULL;
}

static bool
account_watched(const struct collect *c)
{
    return c->account_of[0] != '\0';
}

#define FACTS(...) .facts = {__VA_ARGS__}, .fact_count = sizeof((const uint8_t[]){__VA_ARGS__})
#define NO_FACTS   .fact_count = 0
#define F(id)      FACT_##id
/* native call · place, what · collector of the engine or not */
#define NATIVE(o, reader, ...)                                                                     \
    {                                                                                              \
        .op = (o), .stage = STAGE_NATIVE, .products = ANY, .read = (reader), .digest = NO_DIGEST,  \
        __VA_ARGS__                                                                                \
    }
#define PLACE(o, p, s, pr, d, cond, reader, ...)                                                   \
    {                                                                                              \
        .op = (o), .place = (p), .stage = (s), .products = (pr), .when = (cond), .read = (reader), \
        .digest = (d), __VA_ARGS__                                                                 \
    }
#define COLLECT(c, pr, d, reader, ...)                                                             \
    {                                                                                              \
        .op = HOST_COLLECT, .collector = (c), .stage = STAGE_COLLECTORS, .products = (pr),         \
        .engine = true, .read = (reader), .digest = (d), __VA_ARGS__                               \
    }

// clang-format off
static const struct collect_row rows[ROW_COUNT] = {
    [ROW_SERVICES]  = NATIVE(HOST_SERVICES, collect_services,
        FACTS(F(SERVICES_PRESENT), F(SERVICES_STOPPED), F(SERVICES_DISABLED), F(SERVICES_DISABLED_REGISTRY),
              F(STOPPED_AT), F(SERVICE_WATCH))),
    [ROW_TASKS]     = NATIVE(HOST_TASKS, collect_tasks, FACTS(F(TASKS_DISABLED))),
    [ROW_PROCESSES] = NATIVE(HOST_PROCESSES, collect_processes,
        FACTS(F(ENGINE_GONE), F(WIZARD_OPEN), F(CONSOLE_OPEN), F(INSTALLER_OPEN), F(SYNC_SHELL_OPEN), F(TOOLS_STARTED))),
    [ROW_PRODUCT]   = NATIVE(HOST_PRODUCT, collect_product,
        FACTS(F(PRODUCT_PRESENT), F(PRODUCT_CLASS), F(PRODUCT_VERSION), F(SQL_EDITION), F(DISK_FREE_BYTES))),
    [ROW_MACHINE]   = NATIVE(HOST_MACHINE, collect_machine, NO_FACTS),
    [ROW_EXPORTED_STAT] = PLACE(HOST_FILE_STAT, PLACE_SETTINGS_EXPORT, STAGE_NATIVE, ANY, NO_DIGEST, NULL,
        collect_exported_stat, FACTS(F(SETTINGS_SEEN), F(SETTINGS_BYTES))),
    [ROW_PLACED_STAT]   = PLACE(HOST_FILE_STAT, PLACE_SETTINGS_IMPORT, STAGE_NATIVE, ANY, NO_DIGEST, place_watched,
        collect_placed_stat, FACTS(F(SETTINGS_PLACED))),

    [ROW_RUNS]          = COLLECT(COLLECT_RUNS, SYNC, DIGEST_RUNS, collect_runs,
        FACTS(F(RUN_IN_PROGRESS), F(LAST_RUN_END), F(LAST_EXPORT_END), F(EXPORTS_TOTAL), F(LAST_EXPORT_OK),
              F(LAST_EXPORT_ADDS), F(LAST_EXPORT_UPDATES), F(LAST_EXPORT_DELETES), F(IMPORT_OK), F(LAST_CYCLE_END), F(GOOD_CYCLES), F(FULL_IMPORT_AD), F(FULL_SYNC_AD),
              F(FULL_IMPORT_ENTRA), F(FULL_SYNC_ENTRA))),
    [ROW_RUN_STATUS]    = COLLECT(COLLECT_RUN_STATUS, CONNECT, NO_DIGEST, collect_run_status, NO_FACTS),
    [ROW_SCHEDULER]     = COLLECT(COLLECT_SCHEDULER, CONNECT, NO_DIGEST, collect_scheduler,
        FACTS(F(STAGING_SCHEDULER), F(SYNC_CYCLE_ENABLED), F(SCHEDULER_SUSPENDED), F(CYCLE_IN_PROGRESS), F(INTERVAL_MS))),
    [ROW_GLOBAL]        = COLLECT(COLLECT_GLOBAL, CONNECT, NO_DIGEST, collect_global,
        FACTS(F(STAGING_SETTINGS), F(DELETE_GUARD))),
    [ROW_CONNECTORS]    = COLLECT(COLLECT_CONNECTORS, SYNC, NO_DIGEST, collect_connectors, FACTS(F(CONNECTOR_READY))),
    [ROW_STATISTICS]    = COLLECT(COLLECT_STATISTICS, SYNC, NO_DIGEST, collect_statistics,
        FACTS(F(PENDING_ADDS), F(PENDING_UPDATES), F(PENDING_DELETES), F(OBJECTS))),
    [ROW_AUTO_UPGRADE]  = COLLECT(COLLECT_AUTO_UPGRADE, CONNECT, NO_DIGEST, collect_auto_upgrade, FACTS(F(AUTO_UPGRADE))),
    [ROW_CONFIGURATION] = COLLECT(COLLECT_CONFIGURATION, SYNC, DIGEST_CONFIG, collect_configuration,
        .heavy = true, NO_FACTS),
    [ROW_PREREQUISITES] = {.op = HOST_COLLECT, .collector = COLLECT_PREREQUISITES, .stage = STAGE_COLLECTORS,
        .products = NONE | CONNECT, .heavy = true, .read = collect_prerequisites, .digest = NO_DIGEST,
        FACTS(F(PREREQ_FAILED))},
    [ROW_ADMIN_ACTIONS] = {.op = HOST_COLLECT, .collector = COLLECT_ADMIN_ACTIONS, .stage = STAGE_COLLECTORS,
        .products = CONNECT, .when = account_watched, .read = collect_admin_actions, .digest = NO_DIGEST,
        FACTS(F(ACCOUNT_REMOVED))},

    [ROW_EXPORTED_HASH] = PLACE(HOST_FILE_HASH, PLACE_SETTINGS_EXPORT, STAGE_FILES, ANY, NO_DIGEST, export_not_settled,
        collect_exported_hash, NO_FACTS),
    [ROW_PLACED_HASH]   = PLACE(HOST_FILE_HASH, PLACE_SETTINGS_IMPORT, STAGE_FILES, ANY, NO_DIGEST, placed_not_hashed,
        collect_placed_hash, NO_FACTS),
    [ROW_PENDING_MADE]  = {.op = HOST_COLLECT, .collector = COLLECT_PENDING, .stage = STAGE_FILES, .products = CONNECT,
        .engine = true, .heavy = true, .when = pending_moved, .read = collect_pending_made, .digest = DIGEST_PENDING,
        NO_FACTS},

    [ROW_PENDING_HASH]  = PLACE(HOST_FILE_HASH, PLACE_PENDING_EXPORT, STAGE_READ, CONNECT, DIGEST_PENDING, pending_made,
        collect_pending_hash, NO_FACTS),
    [ROW_PENDING_READ]  = PLACE(HOST_FILE_READ, PLACE_PENDING_EXPORT, STAGE_READ, CONNECT, DIGEST_PENDING, pending_made,
        collect_pending_read, NO_FACTS),
};
// clang-format on

void
collect_init(struct collect *c, const struct digest_port *digest)
{
    *c = (struct collect){.digest = digest, .stage = STAGE_OVER};
    facts_init(&c->facts);
}

void
collect_done(struct collect *c)
{
    csexport_close(&c->pending);
}

void
collect_set(struct collect *c, enum fact_id id, int64_t value)
{
    facts_set(&c->facts, id, value);
    c->at_ms[id] = c->fact_ms;
}

void
collect_absent(struct collect *c, enum fact_id id, enum fact_reason reason)
{
    facts_absent(&c->facts, id, reason);
    c->at_ms[id] = c->fact_ms;
}

static void
row_absent(struct collect *c, const struct collect_row *row, enum fact_reason reason)
{
    for (size_t i = 0; i < row->fact_count; i++)
        collect_absent(c, (enum fact_id)row->facts[i], reason);
    if (row->digest != NO_DIGEST)
        c->facts.digest_known[row->digest] = false;
    if (row->digest == DIGEST_CONFIG)
        c->facts.digest_known[DIGEST_RULES] = false;
}

void
collect_watch_account(struct collect *c, const char *host)
{
    if (strcmp(c->account_of, host) == 0)
        return;
    if (c->account_of[0] != '\0') { /* what was seen is of another server's */
        c->account_removed = 0;
        c->facts.fact[FACT_ACCOUNT_REMOVED] = (struct fact){0};
    }
    text_copy(c->account_of, sizeof c->account_of, host);
}

/* --- stages --- */

static bool
applies(const struct collect *c, const struct collect_row *row)
{
    return (row->products >> c->product & 1U) != 0;
}

static bool
wanted(const struct collect *c, const struct collect_row *row, const struct collect_slot *slot)
{
    if (!applies(c, row) || (row->when != NULL && !row->when(c)))
        return false;
    return !row->heavy || slot->done_ms == 0 || c->began_ms >= slot->done_ms + c->heavy_ms;
}

/* True when the stage has something to ask. */
static bool
enter(struct collect *c, enum collect_stage stage)
{
    bool some = false;
    c->stage = stage;
    c->fact_ms = (int64_t)c->began_ms;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        struct collect_slot *slot = &c->slot[i];
        if (rows[i].stage != stage)
            continue;
        if (!applies(c, &rows[i]))
            row_absent(c, &rows[i],
                       c->product == PRODUCT_NONE ? ABSENT_NO_PRODUCT : ABSENT_NOT_APPLICABLE);
        slot->offset = 0;
        slot->state = wanted(c, &rows[i], slot) ? SLOT_WAITING : SLOT_IDLE;
        some = some || slot->state == SLOT_WAITING;
    }
    return some;
}

static void
advance(struct collect *c)
{
    enum collect_stage last = c->whole ? STAGE_READ : STAGE_NATIVE;
    do {
        if (c->stage == last)
            c->stage = STAGE_OVER;
    } while (c->stage != STAGE_OVER && !enter(c, c->stage + 1));
}

static bool
stage_answered(const struct collect *c)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (c->slot[i].state != SLOT_IDLE)
            return false;
    return true;
}

void
collect_begin(struct collect *c, const struct collect_round *round)
{
    BATON_ASSERT(!c->running);
    c->running = true;
    c->whole = round->whole;
    c->began_ms = round->now_ms;
    c->began_unix_ms = round->now_unix_ms;
    c->prereq = round->prereq;
    c->heavy_ms = round->heavy_ms;
    c->limit_ms = round->limit_ms;
    c->host_gone = false;
    c->tool_started = false;
    csexport_close(&c->pending);
    for (size_t i = 0; i < ROW_COUNT; i++)
        c->slot[i] = (struct collect_slot){.done_ms = c->slot[i].done_ms};
    (void)enter(c, STAGE_NATIVE); /* it always asks something */
}

static enum baton_status
submit(struct collect *c, size_t row, const struct host_port *host, uint64_t now_ms)
{
    struct collect_slot *slot = &c->slot[row];
    struct host_request request = {.op = rows[row].op,
                                   .place = rows[row].place,
                                   .collector = rows[row].collector,
                                   .offset = slot->offset,
                                   .limit_ms = (uint32_t)c->limit_ms};
    if (rows[row].stage == STAGE_NATIVE && request.limit_ms > NATIVE_LIMIT_MS)
        request.limit_ms = NATIVE_LIMIT_MS;
    struct baton_err err;
    enum baton_status rc = host->submit(host->ctx, &request, &slot->ticket, &err);
    if (rc == BATON_OK) {
        slot->state = SLOT_SENT;
        slot->sent_ms = now_ms;
    } else if (rc != BATON_LIMIT) {
        slot->state = SLOT_IDLE;
        row_absent(c, &rows[row], ABSENT_ERROR);
        log_warn("collect.submit", "op=%s: %s", host_op_name(request.op), err.text);
    }
    return rc;
}

void
collect_pump(struct collect *c, const struct host_port *host, uint64_t now_ms)
{
    if (!c->running)
        return;
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (c->slot[i].state == SLOT_WAITING && submit(c, i, host, now_ms) == BATON_LIMIT)
            return; /* the rest once an answer has made room */
    if (stage_answered(c) && c->stage != STAGE_OVER) {
        advance(c);
        if (c->stage != STAGE_OVER)
            collect_pump(c, host, now_ms);
    }
}

/* --- answers --- */

static enum fact_reason
reason_for(enum baton_status status)
{
    return status == BATON_TIMEOUT ? ABSENT_TIMEOUT : ABSENT_ERROR;
}

/* Once the engine is gone, what only it could say stands as it was. For the run history that holds
 * only while it is the same stop: after another one there may have been runs that nobody saw. */
static bool
stands_without_engine(struct collect *c, size_t row)
{
    if (!rows[row].engine || !c->engine_gone)
        return false;
    if (row != ROW_RUNS)
        return true;
    if (c->history_stop == 0)
        c->history_stop = c->engine_stopped_at;
    return c->history_stop != 0 && c->history_stop == c->engine_stopped_at;
}

/* A run lives in the engine's process: whatever there was after the newest reading, it ended by the stop. How
 * many runs that were, nobody can say. What was read before is forgotten, and stands for no later stop: an engine that is
 * about to stop answers no more. */
static void
runs_ended_unread(struct collect *c)
{
    c->history_stop = HISTORY_LOST;
    if (c->engine_gone && c->engine_stopped_at != 0)
        collect_set(c, FACT_LAST_RUN_END, c->engine_stopped_at);
}

static void
row_failed(struct collect *c, size_t row, enum baton_status status, const struct baton_err *err)
{
    const struct collect_row *r = &rows[row];
    c->host_gone = c->host_gone || status == BATON_UNREACHABLE;
    log_debug("collect.failed", "op=%s collector=%s: %s", host_op_name((enum host_op)r->op),
              host_collector_name((enum host_collector)r->collector), err->text);
    if (stands_without_engine(c, row))
        return;
    row_absent(c, r, reason_for(status));
    if (row == ROW_RUNS)
        runs_ended_unread(c);
}

static bool
more_to_read(const struct collect *c, size_t row)
{
    return row == ROW_PENDING_READ && c->pending != NULL;
}

static void
take_row(struct collect *c, size_t row, const struct host_completion *done, uint64_t now_ms)
{
    struct collect_slot *slot = &c->slot[row];
    struct baton_err err = done->err;
    enum baton_status rc = done->status;
    slot->state = SLOT_IDLE;
    c->fact_ms = (int64_t)slot->sent_ms;
    if (rc == BATON_OK)
        rc = rows[row].read(c, done, &err);
    if (rc != BATON_OK) {
        row_failed(c, row, rc, &err);
    } else if (more_to_read(c, row)) {
        slot->offset += done->text_len;
        slot->state = SLOT_WAITING;
    } else {
        slot->fresh = true;
        slot->done_ms = now_ms;
    }
}

bool
collect_take(struct collect *c, const struct host_completion *done, uint64_t now_ms)
{
    for (size_t i = 0; c->running && i < ROW_COUNT; i++) {
        if (c->slot[i].state != SLOT_SENT || c->slot[i].ticket != done->ticket)
            continue;
        take_row(c, i, done, now_ms);
        if (stage_answered(c))
            advance(c);
        return true;
    }
    return false;
}

bool
collect_services_known(const struct collect *c)
{
    return c->running && c->stage != STAGE_OVER && c->slot[ROW_SERVICES].fresh;
}

bool
collect_give_up(struct collect *c, const struct host_port *host)
{
    bool past = c->stage > STAGE_NATIVE && c->stage != STAGE_OVER;
    if (!c->running || (!past && !collect_services_known(c)))
        return false;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (c->slot[i].state == SLOT_SENT)
            host->cancel(host->ctx, c->slot[i].ticket);
        c->slot[i].state = SLOT_IDLE;
    }
    if (c->pending != NULL) /* made and not read: the next round makes it anew */
        c->slot[ROW_PENDING_MADE].done_ms = 0;
    csexport_close(&c->pending);
    collect_derive_cut(c);
    c->stage = STAGE_OVER;
    c->running = false;
    return true;
}

bool
collect_over(const struct collect *c)
{
    return c->running && c->stage == STAGE_OVER;
}

void
collect_watch_broke(struct collect *c)
{
    c->watch_broken = true;
}

void
collect_so_far(const struct collect *c, uint64_t now_ms, struct facts *ret_facts,
               uint64_t *ret_began_ms)
{
    *ret_facts = c->facts;
    for (size_t i = 0; i < FACT_COUNT; i++) {
        int64_t age = (int64_t)now_ms - c->at_ms[i];
        ret_facts->fact[i].age_ms = age < 0 ? 0 : age > UINT32_MAX ? UINT32_MAX : (uint32_t)age;
    }
    *ret_began_ms = c->whole_began_ms;
}

void
collect_facts(struct collect *c, uint64_t now_ms, uint64_t now_unix_ms, struct facts *ret_facts,
              uint64_t *ret_began_ms)
{
    collect_derive(c, now_unix_ms);
    if (c->whole)
        c->whole_began_ms = c->began_ms;
    collect_so_far(c, now_ms, ret_facts, ret_began_ms);
    c->running = false;
}

/* --- memory over a restart --- */

static const enum fact_id remembered[] = {
    FACT_LAST_RUN_END,        FACT_LAST_EXPORT_END,     FACT_EXPORTS_TOTAL, FACT_LAST_EXPORT_OK,
    FACT_GOOD_CYCLES,         FACT_LAST_CYCLE_END,      FACT_IMPORT_OK,     FACT_LAST_EXPORT_ADDS,
    FACT_LAST_EXPORT_UPDATES, FACT_LAST_EXPORT_DELETES,
};

enum { MEMORY_VERSION = 4 };

size_t
collect_remember(const struct collect *c, uint8_t out[COLLECT_MEMORY_BYTES])
{
    struct canon_writer w;
    canon_writer_init(&w, out, COLLECT_MEMORY_BYTES);
    canon_put_u8(&w, MEMORY_VERSION);
    canon_put_i64(&w, c->history_stop);
    canon_put_u64(&w, c->history_unix_ms);
    canon_put_i64(&w, c->cycles_counted);
    canon_put_i64(&w, c->cycle_mark);
    canon_put_bool(&w, c->configured);
    canon_put_i64(&w, c->config_changed_unix_ms);
    canon_put_i64(&w, c->account_removed);
    canon_put_bool(&w, c->facts.digest_known[DIGEST_CONFIG]);
    canon_put_hash(&w, &c->facts.digest[DIGEST_CONFIG]);
    for (size_t i = 0; i < ARRAY_LEN(remembered); i++) {
        const struct fact *f = &c->facts.fact[remembered[i]];
        canon_put_bool(&w, f->state == FACT_VALUE);
        canon_put_i64(&w, f->state == FACT_VALUE ? f->value : 0);
    }
    size_t len;
    enum baton_status rc = canon_finish(&w, &len);
    BATON_ASSERT(rc == BATON_OK);
    return len;
}

static void
recall_facts(struct collect *c, struct canon_reader *r)
{
    for (size_t i = 0; i < ARRAY_LEN(remembered); i++) {
        bool known = canon_get_bool(r);
        int64_t value = canon_get_i64(r);
        if (known && !r->bad)
            collect_set(c, remembered[i], value);
    }
}

enum baton_status
collect_recall(struct collect *c, const uint8_t *bytes, size_t len, uint64_t now_ms,
               uint64_t now_unix_ms)
{
    struct canon_reader r;
    canon_reader_init(&r, bytes, len);
    canon_require(&r, canon_get_u8(&r) == MEMORY_VERSION);
    int64_t stop = canon_get_i64(&r);
    uint64_t unix_ms = canon_get_u64(&r);
    int64_t counted = canon_get_i64(&r), mark = canon_get_i64(&r);
    bool configured = canon_get_bool(&r);
    int64_t changed = canon_get_i64(&r), removed = canon_get_i64(&r);
    bool config_known = canon_get_bool(&r);
    struct baton_hash config = canon_get_hash(&r);
    uint64_t ago_ms = now_unix_ms > unix_ms ? now_unix_ms - unix_ms : 0;
    c->fact_ms = (int64_t)now_ms - (int64_t)ago_ms;
    recall_facts(c, &r);
    if (!canon_finished(&r)) {
        collect_init(c, c->digest);
        return BATON_MALFORMED;
    }
    /* it ran when last seen: runs may have been missed */
    c->history_stop = stop == 0 ? HISTORY_LOST : stop;
    c->history_unix_ms = unix_ms;
    c->cycles_counted = counted;
    c->cycle_mark = mark;
    c->configured = configured;
    c->config_changed_unix_ms = changed;
    c->account_removed = removed;
    if (config_known)
        facts_set_digest(&c->facts, DIGEST_CONFIG, &config);
    return BATON_OK;
}
