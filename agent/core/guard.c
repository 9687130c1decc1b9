#include "guard.h"

/* What one observation shows of a member, computed once and matched against the rows below. */
struct seen {
    bool connect;
    bool live;         /* an unused, unexpired grant */
    bool guarded;      /* armed and not holding and without a live grant */
    bool running;      /* a sync service is not stopped */
    bool must_not_run; /* legacy, or stopped by a FENCE, the guard or a quarantine */
    bool exported;     /* an Export run beyond the mark */
    bool ever;         /* any Export run in the history */
    enum staging staging;
};

struct guard_match {
    struct guard_row row;
    bool (*matches)(const struct seen *s);
};

static bool
live_left_staging(const struct seen *s)
{
    return s->connect && s->live && s->staging == STAGING_OFF;
}

static bool
live_exported(const struct seen *s)
{
    return s->connect && s->live && s->exported;
}

static bool
live_unreadable(const struct seen *s)
{
    return s->connect && s->live && s->staging == STAGING_UNREADABLE;
}

static bool
guarded_runs(const struct seen *s)
{
    return s->guarded && s->running && s->must_not_run;
}

static bool
guarded_left_staging(const struct seen *s)
{
    return s->guarded && s->connect && s->staging == STAGING_OFF && s->running;
}

static bool
guarded_exported(const struct seen *s)
{
    return s->guarded && s->exported;
}

static bool
connect_off(const struct seen *s)
{
    return s->connect && s->staging == STAGING_OFF;
}

static bool
connect_ever(const struct seen *s)
{
    return s->connect && s->ever;
}

/* The first row that matches speaks. Those that latch stand before the one that does not: what it shows
 * may be gone with the next look, once the server is stopped. */
// clang-format off
static const struct guard_match matches[] = {
    /* when                                     who        outcome        latches  why */
    { { "staging off under a live grant",       "connect", GUARD_USED,    true,  "the grant is used: this member holds" },     live_left_staging },
    { { "an Export run under a live grant",     "connect", GUARD_USED,    true,  "it exports: the grant is used" },            live_exported },
    { { "staging unreadable, live grant",       "connect", GUARD_LATCHED, true,  "it may have left staging" },                 live_unreadable },
    { { "staging off without a live grant",     "connect", GUARD_TAMPER,  true,  "a staged server left staging by itself" },   guarded_left_staging },
    { { "an Export run without holding",        "any",     GUARD_TAMPER,  true,  "a server that does not hold has exported" }, guarded_exported },
    { { "a sync service runs",                  "any",     GUARD_TAMPER,  false, "a fenced server was started by hand" },      guarded_runs },
    { { "staging off",                          "connect", GUARD_LATCHED, true,  "a Connect server has exported, or can" },    connect_off },
    { { "an Export run in the history",         "connect", GUARD_LATCHED, true,  "a Connect server has exported" },            connect_ever },
};
// clang-format on

const struct guard_row *
guard_rows(size_t *ret_count)
{
    static struct guard_row rows[ARRAY_LEN(matches)];
    for (size_t i = 0; i < ARRAY_LEN(matches); i++)
        rows[i] = matches[i].row;
    *ret_count = ARRAY_LEN(matches);
    return rows;
}

static bool
exported_beyond_mark(const struct promise *p, const struct facts *f)
{
    bool more = p->exports_mark >= 0 && fact_known(f, FACT_EXPORTS_TOTAL) &&
                f->fact[FACT_EXPORTS_TOTAL].value > p->exports_mark;
    bool later = p->exports_mark != MARK_NONE && fact_known(f, FACT_LAST_EXPORT_END) &&
                 f->fact[FACT_LAST_EXPORT_END].value > p->export_end_mark;
    return more || later;
}

static bool
must_not_run(const struct promise *p, enum product product)
{
    return product_is_legacy(product) || p->stopped_by_us;
}

bool
guard_forbids_services(const struct promise *p, enum product product)
{
    return p->armed && !p->holding && p->grant != GRANT_LIVE && must_not_run(p, product);
}

static struct seen
look(const struct promise *p, enum product product, const struct facts *f)
{
    bool live = p->grant == GRANT_LIVE && !p->holding;
    return (struct seen){
        .connect = product == PRODUCT_CONNECT,
        .live = live,
        .guarded = p->armed && !p->holding && !live && !p->guard_stop,
        .running = fact_is(f, FACT_SERVICES_STOPPED, 0),
        .must_not_run = must_not_run(p, product),
        .exported = exported_beyond_mark(p, f),
        .ever = fact_or(f, FACT_EXPORTS_TOTAL, 0) > 0,
        .staging = facts_staging(f),
    };
}

static void
move_marks(struct promise *p, const struct facts *f)
{
    if (fact_known(f, FACT_EXPORTS_TOTAL))
        p->exports_mark = f->fact[FACT_EXPORTS_TOTAL].value;
    if (fact_known(f, FACT_LAST_EXPORT_END))
        p->export_end_mark = f->fact[FACT_LAST_EXPORT_END].value;
}

static void
take_outcome(struct promise *p, enum guard_outcome outcome, const struct facts *f)
{
    if (outcome == GUARD_USED)
        promise_hold(p);
    if (outcome == GUARD_TAMPER) {
        p->tamper_open = true;
        p->guard_stop = true;
        p->stopped_by_us = true;
        move_marks(p, f); /* one alarm for one export */
    }
}

enum guard_outcome
guard_observe(struct promise *p, enum product product, const struct facts *f, uint64_t now_ms,
              const struct guard_row **ret_row)
{
    (void)guard_tick(p, now_ms); /* an expired grant excuses nothing */
    struct seen s = look(p, product, f);
    *ret_row = NULL;
    for (size_t i = 0; i < ARRAY_LEN(matches); i++) {
        if (!matches[i].matches(&s))
            continue;
        enum guard_outcome outcome = (enum guard_outcome)matches[i].row.outcome;
        if (outcome == GUARD_LATCHED && p->ever_exported)
            continue; /* nothing new */
        if (matches[i].row.latches && s.connect)
            p->ever_exported = true;
        take_outcome(p, outcome, f);
        *ret_row = &matches[i].row;
        return outcome;
    }
    return GUARD_NOTHING;
}

static bool
machine_changed(const struct machine *kept, const struct machine *now)
{
    return !baton_id_eq(&kept->generation, &now->generation) ||
           !baton_id_eq(&kept->guid, &now->guid) || !baton_id_eq(&kept->disk, &now->disk);
}

static bool
observes(const struct promise *p)
{
    return epoch_is_zero(&p->epoch) && !p->tombstone;
}

bool
guard_boot(struct promise *p, enum state_file state, bool tombstone_copy, const struct machine *now)
{
    bool changed = false;
    if (state != STATE_GOOD) {
        /* Without memory nothing may be granted here. With a tombstone nothing may run either;
         * without one the services stay as they are (guard_desire: it observes). */
        promise_quarantine(p, QUARANTINE_STATE_LOST);
        p->stopped_by_us = tombstone_copy;
        p->tombstone = p->tombstone || tombstone_copy;
        p->machine = *now;
        return true;
    }
    if (p->grant == GRANT_LIVE) {
        p->grant = GRANT_VOID; /* its clock did not survive the boot */
        p->grant_until_ms = 0;
        changed = true;
    }
    if (machine_changed(&p->machine, now)) {
        /* Also where nothing was promised yet: nobody confirmed this key on this machine. The services
         * of such an observer stay as they are. */
        bool kept = p->stopped_by_us;
        promise_quarantine(p, QUARANTINE_MACHINE);
        p->stopped_by_us = observes(p) ? kept : p->stopped_by_us;
        changed = true;
    }
    if (changed || !baton_id_eq(&p->machine.boot, &now->boot)) {
        p->machine = *now;
        changed = true;
    }
    return changed;
}

bool
guard_tick(struct promise *p, uint64_t now_ms)
{
    if (p->grant != GRANT_LIVE || now_ms < p->grant_until_ms)
        return false;
    p->grant = GRANT_VOID;
    p->grant_until_ms = 0;
    return true;
}

enum desire
guard_desire(const struct promise *p, enum fence_kind kind)
{
    bool lost = p->quarantine == QUARANTINE_MACHINE || p->quarantine == QUARANTINE_COUNTER ||
                (p->quarantine == QUARANTINE_STATE_LOST && p->tombstone);

    if (p->guard_stop || (lost && !observes(p)))
        return DESIRE_STOPPED_NOW;
    if (p->holding)
        return p->start_due ? DESIRE_RUNNING : DESIRE_AS_IS;
    if (observes(p) || p->adopt)
        return p->stopped_by_us ? DESIRE_STOPPED : DESIRE_AS_IS;
    return kind == KIND_STOPPED || p->stopped_by_us ? DESIRE_STOPPED : DESIRE_AS_IS;
}
