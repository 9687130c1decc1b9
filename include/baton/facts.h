/* facts.h: what an agent can know about its server, as numbers and digests.
 *
 * Shape      One catalogue. A fact is unknown (nobody computed it), absent (looked, could not; the
 *            reason says why) or a value with tier and age. Unknown never passes a check.
 * Units      Stated per row. *_unix_ms is wall time, for people and ordering on one machine only;
 *            age_ms is monotonic: how old the observation is at the moment of speaking.
 * Limits     FACT_COUNT values, DIGEST_COUNT digests, one note of NOTE_BYTES.
 * Source     protocol 3 (evidence), handoff 2.8 (catalogue), domain 1.6, 2.4, 6.5.
 */
#ifndef BATON_FACTS_H
#define BATON_FACTS_H

#include "baton/ids.h"

enum fact_tier {
    TIER_T0, /* pushed: service, event log and directory notifications */
    TIER_T1, /* every 5 s by native calls: services, start types, processes, registry */
    TIER_T2, /* collectors: on a change, 5 s under a grant, 60 s in a cutover, else 15 min */
};

enum fact_state { FACT_UNKNOWN, FACT_ABSENT, FACT_VALUE };

/* why a fact is absent */
enum fact_reason {
    ABSENT_NONE,
    ABSENT_NEEDS_WINDOWS,  /* cannot be had on this host */
    ABSENT_NOT_CONFIGURED, /* the product is installed, its first configuration has not ended */
    ABSENT_NO_PRODUCT,     /* nothing to ask */
    ABSENT_NOT_APPLICABLE, /* this product class has no such thing (staging on DirSync) */
    ABSENT_ERROR,          /* asked; the answer was an error */
    ABSENT_TIMEOUT,
};

/* id, name, tier, unit, meaning */
// clang-format off
#define BATON_FACTS(X)                                                                             \
    X(PRODUCT_PRESENT, "product_present", TIER_T1, "bool", "a sync product's uninstall entry exists") \
    X(PRODUCT_CLASS, "product_class", TIER_T1, "enum product", "which product that is")            \
    X(PRODUCT_VERSION, "product_version", TIER_T1, "a.b.c.d as 16 bits each", "its file version")  \
    X(SERVICES_PRESENT, "services_present", TIER_T1, "count", "known sync services that exist")    \
    X(SERVICES_STOPPED, "services_stopped", TIER_T1, "bool", "every known sync service is stopped") \
    X(SERVICES_DISABLED, "services_disabled", TIER_T1, "bool", "start type disabled, service manager") \
    X(SERVICES_DISABLED_REGISTRY, "services_disabled_registry", TIER_T1, "bool", "the same, registry") \
    X(TASKS_DISABLED, "tasks_disabled", TIER_T1, "bool", "every known scheduled task is disabled") \
    X(ENGINE_GONE, "engine_gone", TIER_T1, "bool", "no engine process")                            \
    X(SERVICE_WATCH, "service_watch", TIER_T0, "bool", "service notifications unbroken since quiet began") \
    X(QUIET_FOR_MS, "quiet_for_ms", TIER_T1, "ms", "span of consecutive observations, all quiet")  \
    X(WIZARD_OPEN, "wizard_open", TIER_T1, "count", "configuration wizards open")                  \
    X(CONSOLE_OPEN, "console_open", TIER_T1, "count", "Synchronization Service Managers open")     \
    X(INSTALLER_OPEN, "installer_open", TIER_T1, "count", "installers of a sync product running")  \
    X(SYNC_SHELL_OPEN, "sync_shell_open", TIER_T1, "count", "PowerShell hosts with the sync module") \
    X(TOOLS_STARTED, "tools_started", TIER_T1, "count", "any of the four started since quiet began") \
    X(RUN_IN_PROGRESS, "run_in_progress", TIER_T2, "bool", "a run profile is running")             \
    X(CYCLE_IN_PROGRESS, "cycle_in_progress", TIER_T2, "bool", "a sync cycle is in progress")      \
    X(LAST_RUN_END, "last_run_end", TIER_T2, "unix_ms", "end of the newest finished run")          \
    X(STOPPED_AT, "stopped_at", TIER_T1, "unix_ms", "when the engine service stopped")             \
    X(LAST_EXPORT_END, "last_export_end", TIER_T2, "unix_ms", "end of the newest Export run to Entra") \
    X(EXPORTS_TOTAL, "exports_total", TIER_T2, "count", "Export runs to Entra in the run history") \
    X(EXPORTS_SINCE_FENCE, "exports_since_fence", TIER_T2, "count", "those begun after the fence was kept, or after exports_unread") \
    X(LAST_EXPORT_OK, "last_export_ok", TIER_T2, "bool", "the newest Export run succeeded")        \
    X(STAGING_SCHEDULER, "staging_scheduler", TIER_T2, "bool", "staging mode, by the scheduler")   \
    X(STAGING_SETTINGS, "staging_settings", TIER_T2, "bool", "staging mode, by the global settings") \
    X(CONNECTOR_READY, "connector_ready", TIER_T2, "bool", "the Entra connector is finished")      \
    X(SYNC_CYCLE_ENABLED, "sync_cycle_enabled", TIER_T2, "bool", "shared through the tenant; never a fence") \
    X(SCHEDULER_SUSPENDED, "scheduler_suspended", TIER_T2, "bool", "a wizard is open or was left")  \
    X(INTERVAL_MS, "interval_ms", TIER_T2, "ms", "effective sync interval")                        \
    X(AUTO_UPGRADE, "auto_upgrade", TIER_T2, "0 disabled, 1 enabled, 2 suspended", "auto-upgrade state") \
    X(OBJECTS, "objects", TIER_T2, "count", "objects in the Entra connector space")                \
    X(IMPORT_OK, "import_ok", TIER_T2, "bool", "the newest AD import succeeded")                   \
    X(LAST_CYCLE_END, "last_cycle_end", TIER_T2, "unix_ms", "end of the newest complete good cycle") \
    X(GOOD_CYCLES, "good_cycles", TIER_T2, "count", "complete good cycles in the history")         \
    X(FULL_IMPORT_AD, "full_import_ad", TIER_T2, "bool", "full import, every AD connector, success") \
    X(FULL_SYNC_AD, "full_sync_ad", TIER_T2, "bool", "full sync, every AD connector, success")     \
    X(FULL_IMPORT_ENTRA, "full_import_entra", TIER_T2, "bool", "full import, Entra connector, success") \
    X(FULL_SYNC_ENTRA, "full_sync_entra", TIER_T2, "bool", "full sync, Entra connector, success")  \
    X(PENDING_ADDS, "pending_adds", TIER_T2, "count", "pending export: adds")                      \
    X(PENDING_UPDATES, "pending_updates", TIER_T2, "count", "pending export: updates")             \
    X(PENDING_DELETES, "pending_deletes", TIER_T2, "count", "pending export: deletes")             \
    X(DELETE_GUARD, "delete_guard", TIER_T2, "count, 0 off", "accidental-delete threshold")        \
    X(SQL_EDITION, "sql_edition", TIER_T2, "0 local, 1 express, 2 full", "database edition")       \
    X(BLOCKED_CONFIG, "blocked_config", TIER_T2, "count", "unsupported changes that block the upgrade") \
    X(PREREQ_FAILED, "prereq_failed", TIER_T2, "count", "failed prerequisites")                    \
    X(SETTINGS_SEEN, "settings_seen", TIER_T0, "unix_ms", "exported settings file: last write")    \
    X(SETTINGS_BYTES, "settings_bytes", TIER_T0, "bytes", "its size")                              \
    X(SETTINGS_SEALED, "settings_sealed", TIER_T0, "bool", "it has been sealed to the new server") \
    X(SETTINGS_PLACED, "settings_placed", TIER_T0, "bool", "it lies on this server, hash checked") \
    X(DISK_FREE_BYTES, "disk_free_bytes", TIER_T2, "bytes", "free space on the product's volume")  \
    X(LAST_EXPORT_ADDS, "last_export_adds", TIER_T2, "count", "adds of the newest Export run")       \
    X(LAST_EXPORT_UPDATES, "last_export_updates", TIER_T2, "count", "its updates")                   \
    X(LAST_EXPORT_DELETES, "last_export_deletes", TIER_T2, "count", "its deletes")                   \
    X(ANCHOR_CHANGES, "anchor_changes", TIER_T2, "count", "objects whose source anchor the pending export would change") \
    X(ACCOUNT_REMOVED, "account_removed", TIER_T2, "unix_ms", "removal of the old server's own account in the tenant, as this server's product logged it; 0 none") \
    X(EXPORTS_UNREAD, "exports_unread", TIER_T1, "unix_ms", "stop of the engine by its guard up to which nobody could count those since the fence; 0 none")
// clang-format on

enum fact_id {
#define X(id, name, tier, unit, what) FACT_##id,
    BATON_FACTS(X)
#undef X
        FACT_COUNT
};

/* id, name, meaning */
// clang-format off
#define BATON_DIGESTS(X)                                                                           \
    X(SETTINGS, "settings", "SHA-256 of the exported settings file")                               \
    X(CONFIG, "config", "SHA-256 over the server's configuration export")                          \
    X(RULES, "rules", "SHA-256 over its synchronization rules")                                    \
    X(PENDING, "pending", "SHA-256 of the pending-export file")                                    \
    X(RUNS, "runs", "SHA-256 of the run history as read")                                          \
    X(AGENT_TABLE, "agent_table", "SHA-256 of the agent's acceptance table")                       \
    X(FINDINGS, "findings", "SHA-256 of what this agent's checks found, as it sends it")           \
    X(COMPARED_CONFIG, "compared_config", "digest of the old server's configuration that parity was judged against")
// clang-format on

enum digest_id {
#define X(id, name, what) DIGEST_##id,
    BATON_DIGESTS(X)
#undef X
        DIGEST_COUNT
};

enum { NOTE_BYTES = 256 };

struct fact {
    uint8_t state;  /* enum fact_state */
    uint8_t reason; /* enum fact_reason when absent */
    uint32_t age_ms;
    int64_t value;
};

struct facts {
    struct fact fact[FACT_COUNT];
    bool digest_known[DIGEST_COUNT];
    struct baton_hash digest[DIGEST_COUNT];
    char note[NOTE_BYTES]; /* for people: whose session holds the wizard, who started the service */
};

const char *fact_name(enum fact_id id);
const char *fact_what(enum fact_id id);
enum fact_tier fact_tier(enum fact_id id);
const char *fact_reason_name(enum fact_reason reason);
const char *digest_name(enum digest_id id);

void facts_init(struct facts *f); /* everything unknown */
/* The highest value that a fact may have; the least is 0. Bytes with another one are malformed, and
 * setting another one makes the fact unknown, so that nobody needs to bound it again. */
int64_t fact_most(enum fact_id id);
void facts_set(struct facts *f, enum fact_id id, int64_t value);
void facts_absent(struct facts *f, enum fact_id id, enum fact_reason reason);
void facts_set_digest(struct facts *f, enum digest_id id, const struct baton_hash *hash);
void facts_note(struct facts *f, const char *text); /* cut to fit, kept valid UTF-8 */

/* True only for a known value equal to `value`. */
bool fact_is(const struct facts *f, enum fact_id id, int64_t value);
bool fact_known(const struct facts *f, enum fact_id id);
int64_t fact_or(const struct facts *f, enum fact_id id, int64_t otherwise);

enum { FACTS_BYTES_MAX = 2 + FACT_COUNT * 15 + 1 + DIGEST_COUNT * 33 + 2 + NOTE_BYTES - 1 };

/* Canonical bytes (docs/formats.md "Facts"), as they stand in a statement and in MSG_REPORT. */
enum baton_status facts_encode(const struct facts *f, uint8_t *out, size_t cap,
                               size_t *ret_len) BATON_MUST_USE;
enum baton_status facts_decode(const uint8_t *bytes, size_t len,
                               struct facts *ret_facts) BATON_MUST_USE;

#endif
