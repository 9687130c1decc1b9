/* derive.c: facts that rest on more than one answer of a round. */
#include <string.h>

#include "readers.h"

static bool
at(const struct collect *c, enum fact_id id, int64_t value)
{
    return fact_is(&c->facts, id, value);
}

static bool
fresh(const struct collect *c, enum collect_row_id row)
{
    return c->slot[row].fresh;
}

/* The first configuration has ended once the Entra connector is there and either no wizard is, or the
 * connector has run: an open wizard may be the one that still makes it. */
static void
derive_configured(struct collect *c)
{
    if (c->product == PRODUCT_NONE || (c->connectors_known && !c->entra_connector))
        c->configured = false;
    bool ran = false;
    for (size_t i = 0; i < c->history.runs.connector_count; i++)
        ran = ran || (c->history.runs.connector[i].entra && c->history.last_run_end > 0);
    if (c->connectors_known && c->entra_connector &&
        (at(c, FACT_WIZARD_OPEN, 0) || (c->history_known && ran)))
        c->configured = true;
    if (c->history_known && c->history.exports_total > 0)
        c->configured = true;
}

/* A server whose connectors cannot be read is another matter: there "off" is believed. */
static bool
connectors_failed(const struct collect *c)
{
    const struct fact *f = &c->facts.fact[FACT_CONNECTOR_READY];
    return f->state == FACT_ABSENT && (f->reason == ABSENT_ERROR || f->reason == ABSENT_TIMEOUT);
}

static void
staging_says_nothing(struct collect *c, enum fact_id id)
{
    if (c->connectors_known)
        collect_absent(c, id, ABSENT_NOT_CONFIGURED);
    else
        c->facts.fact[id].state = FACT_UNKNOWN;
}

/* Before its first configuration a product says that staging is off. Nobody knows whether that has ended as long as
 * the connectors were not asked for. */
static void
derive_staging(struct collect *c)
{
    derive_configured(c);
    if (fresh(c, ROW_CONNECTORS))
        collect_set(c, FACT_CONNECTOR_READY, c->configured);
    if (c->product != PRODUCT_CONNECT || c->configured ||
        (!c->connectors_known && connectors_failed(c)))
        return;
    staging_says_nothing(c, FACT_STAGING_SCHEDULER);
    staging_says_nothing(c, FACT_STAGING_SETTINGS);
}

static void
derive_cycles(struct collect *c)
{
    const struct history *h = &c->history;
    bool goes_on = at(c, FACT_CYCLE_IN_PROGRESS, 1) || h->in_progress;
    bool count_last = h->last_cycle_good && !goes_on;
    collect_set(c, FACT_GOOD_CYCLES, c->cycles_counted + count_last);
    collect_set(c, FACT_LAST_CYCLE_END,
                count_last ? h->last_cycle_end : h->last_cycle_end_before_last);
}

static void
derive_operations(struct collect *c)
{
    static const struct {
        enum fact_id fact;
        bool entra;
        enum runs_kind kind;
    } rows[] = {{FACT_FULL_IMPORT_AD, false, RUNS_FULL_IMPORT},
                {FACT_FULL_SYNC_AD, false, RUNS_FULL_SYNC},
                {FACT_FULL_IMPORT_ENTRA, true, RUNS_FULL_IMPORT},
                {FACT_FULL_SYNC_ENTRA, true, RUNS_FULL_SYNC}};
    int64_t since = c->config_changed_unix_ms > c->connector_changed_unix_ms
                        ? c->config_changed_unix_ms
                        : c->connector_changed_unix_ms;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t wanted = rows[i].entra ? 0 : c->ad_connector_count;
        collect_set(c, rows[i].fact,
                    runs_done(&c->history.runs, rows[i].entra, rows[i].kind, since, c->ad_connector,
                              wanted));
    }
}

static void
derive_running(struct collect *c)
{
    bool status_needed = c->product == PRODUCT_CONNECT;
    if (c->history.in_progress || (fresh(c, ROW_RUN_STATUS) && c->busy))
        collect_set(c, FACT_RUN_IN_PROGRESS, 1);
    else if (fresh(c, ROW_RUN_STATUS) || !status_needed)
        collect_set(c, FACT_RUN_IN_PROGRESS, 0);
    else
        collect_absent(c, FACT_RUN_IN_PROGRESS, ABSENT_ERROR);
}

static void
derive_export_counts(struct collect *c)
{
    const struct export_counts *e = &c->history.last_export;
    const struct {
        enum fact_id id;
        int64_t value;
    } counts[] = {{FACT_LAST_EXPORT_ADDS, e->adds},
                  {FACT_LAST_EXPORT_UPDATES, e->updates},
                  {FACT_LAST_EXPORT_DELETES, e->deletes}};
    for (size_t i = 0; i < ARRAY_LEN(counts); i++)
        if (e->known)
            collect_set(c, counts[i].id, counts[i].value);
        else
            collect_absent(c, counts[i].id, ABSENT_NOT_APPLICABLE);
}

static void
derive_runs(struct collect *c)
{
    const struct history *h = &c->history;
    derive_running(c);
    collect_set(c, FACT_LAST_RUN_END, h->last_run_end);
    collect_set(c, FACT_LAST_EXPORT_END, h->last_export_end);
    collect_set(c, FACT_EXPORTS_TOTAL, h->exports_total);
    collect_set(c, FACT_IMPORT_OK, h->import_ok);
    if (h->last_export_end > 0)
        collect_set(c, FACT_LAST_EXPORT_OK, h->last_export_ok);
    else
        collect_absent(c, FACT_LAST_EXPORT_OK, ABSENT_NOT_APPLICABLE);
    derive_export_counts(c);
    derive_cycles(c);
    derive_operations(c);
}

/* Without an engine nothing runs, whatever a history says that nobody could finish. */
static void
derive_idle(struct collect *c)
{
    if (!c->engine_gone || c->product == PRODUCT_NONE)
        return;
    collect_set(c, FACT_RUN_IN_PROGRESS, 0);
    if (c->product == PRODUCT_CONNECT)
        collect_set(c, FACT_CYCLE_IN_PROGRESS, 0);
}

static void
derive_pending(struct collect *c)
{
    if ((c->pending_read && !c->pending_due) || !fresh(c, ROW_STATISTICS))
        return; /* the document itself was counted, or nobody counted anything */
    collect_set(c, FACT_PENDING_ADDS, c->statistics_adds);
    collect_set(c, FACT_PENDING_UPDATES, c->statistics_updates);
    collect_set(c, FACT_PENDING_DELETES, c->statistics_deletes);
}

/* On the old server the digest is that of the exported file, on the new one of the file put down. */
static void
derive_settings(struct collect *c)
{
    const struct collect_file *f = c->place_known ? &c->placed : &c->exported;
    bool known = f->exists && (c->place_known ? f->hashed : f->twice);
    if (known)
        facts_set_digest(&c->facts, DIGEST_SETTINGS, &f->hash);
    else
        c->facts.digest_known[DIGEST_SETTINGS] = false;
    bool sealed = c->seal_known &&
                  (!c->exported.exists ||
                   (c->exported.hashed && baton_hash_eq(&c->exported.hash, &c->sealed_hash)));
    collect_set(c, FACT_SETTINGS_SEALED, sealed);
    collect_set(c, FACT_SETTINGS_PLACED,
                c->place_known && known && baton_hash_eq(&f->hash, &c->placed_hash));
}

static void
derive_blocked(struct collect *c)
{
    static const uint8_t reasons[PRODUCT_COUNT] = {
        [PRODUCT_NONE] = ABSENT_NO_PRODUCT,
        [PRODUCT_DIRSYNC] = ABSENT_NEEDS_WINDOWS, /* the wizard alone decides */
        [PRODUCT_AADSYNC] = ABSENT_NOT_APPLICABLE,
        [PRODUCT_CONNECT] = ABSENT_NOT_APPLICABLE,
    };
    collect_absent(c, FACT_BLOCKED_CONFIG, (enum fact_reason)reasons[c->product]);
}

void
collect_derive_cut(struct collect *c)
{
    c->fact_ms = (int64_t)c->began_ms;
    if (c->whole)
        derive_staging(c);
}

void
collect_derive(struct collect *c, uint64_t now_unix_ms)
{
    c->fact_ms = (int64_t)c->began_ms;
    if (c->config_changed_unix_ms < 0)
        c->config_changed_unix_ms = (int64_t)now_unix_ms;
    if (fresh(c, ROW_RUNS)) {
        c->history_unix_ms = now_unix_ms;
        derive_runs(c);
    }
    if (c->whole) {
        derive_staging(c);
        derive_pending(c);
        derive_settings(c);
        derive_blocked(c);
    }
    derive_idle(c);
    facts_note(&c->facts, c->wizard_note[0] != '\0' ? c->wizard_note : c->service_note);
}
