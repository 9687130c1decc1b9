#include "history.h"

#include <stdlib.h>
#include <string.h>

struct item {
    int64_t begin, end;
    uint8_t connector, profile, result;
    bool complete;
    struct export_counts counts;
};

struct history_build {
    struct history sum;
    int64_t after;
    struct item *item;
    size_t count, cap;
};

struct cycle { /* the one being put together */
    bool open, failed;
    bool synced; /* a synchronization or export was seen: the next import begins another */
    bool ad_import, entra_import, ad_sync, entra_sync;
    int64_t begin, end;
};

enum baton_status
history_begin(int64_t after, struct history_build **ret_build, struct baton_err *err)
{
    *ret_build = calloc(1, sizeof **ret_build);
    if (*ret_build == NULL)
        return baton_fail(err, BATON_NOMEM, "run history");
    (*ret_build)->after = after;
    runs_init(&(*ret_build)->sum.runs, 0);
    return BATON_OK;
}

static bool
grow(struct history_build *b)
{
    if (b->count < b->cap)
        return true;
    size_t cap = b->cap == 0 ? 128 : b->cap * 2;
    struct item *grown = cap > HISTORY_RUNS_MAX ? NULL : realloc(b->item, cap * sizeof *grown);
    if (grown == NULL)
        return false;
    b->item = grown;
    b->cap = cap;
    return true;
}

void
history_run(void *build, const struct run_record *run)
{
    struct history_build *b = build;
    struct runs *runs = &b->sum.runs;
    const struct runs_connector *connector = runs_take(runs, run);
    if (connector == NULL || !grow(b)) {
        b->sum.cut = true;
        return;
    }
    b->item[b->count++] =
        (struct item){.begin = run->begin_unix_ms,
                      .end = run->end_unix_ms,
                      .connector = (uint8_t)(connector - runs->connector),
                      .profile = (uint8_t)run->profile,
                      .result = (uint8_t)run->result,
                      .complete = run->complete,
                      .counts = {run->counted, run->adds, run->updates, run->deletes}};
}

static int
by_begin(const void *a, const void *b)
{
    const struct item *left = a, *right = b;
    if (left->begin != right->begin)
        return left->begin < right->begin ? -1 : 1;
    return (left->end > right->end) - (left->end < right->end);
}

static bool
is_import(const struct item *i)
{
    return i->profile == RUN_PROFILE_FULL_IMPORT || i->profile == RUN_PROFILE_DELTA_IMPORT;
}

static bool
is_sync(const struct item *i)
{
    return i->profile == RUN_PROFILE_FULL_SYNC || i->profile == RUN_PROFILE_DELTA_SYNC;
}

static bool
is_good(const struct item *i)
{
    return i->complete && run_result_good((enum run_result)i->result);
}

static void
sum_export(struct history *h, const struct item *i)
{
    h->exports_total++;
    if (i->complete && i->end >= h->last_export_end) {
        h->last_export_end = i->end;
        h->last_export_ok = is_good(i);
        h->last_export = i->counts;
    }
}

/* Items come by rising begin, so that the newest import is the last one written. */
static void
sum_one(struct history *h, const struct item *i)
{
    const struct runs_connector *c = &h->runs.connector[i->connector];
    if (!i->complete)
        h->in_progress = true;
    else if (i->end > h->last_run_end)
        h->last_run_end = i->end;
    if (c->entra && i->profile == RUN_PROFILE_EXPORT)
        sum_export(h, i);
    if (!c->entra && is_import(i) && i->complete)
        h->import_ok = is_good(i);
}

static bool
cycle_good(const struct cycle *c)
{
    return c->open && !c->failed && c->ad_import && c->entra_import && c->ad_sync && c->entra_sync;
}

static void
close_cycle(struct history_build *b, const struct cycle *c)
{
    struct history *h = &b->sum;
    if (h->last_cycle_good) {
        h->good_cycles_before_last++;
        h->good_cycles_after += h->last_cycle_begin > b->after;
        h->last_cycle_end_before_last = h->last_cycle_end;
    }
    h->newest_before_last = h->last_cycle_begin;
    h->last_cycle_begin = c->begin;
    h->last_cycle_good = cycle_good(c);
    if (h->last_cycle_good)
        h->last_cycle_end = c->end;
}

static void
cycle_run(struct history_build *b, struct cycle *c, const struct item *i)
{
    bool entra = b->sum.runs.connector[i->connector].entra;
    if (is_import(i) && c->synced) {
        close_cycle(b, c);
        *c = (struct cycle){0};
    }
    if (!c->open)
        c->begin = i->begin;
    c->open = true;
    c->failed = c->failed || !is_good(i);
    c->synced = c->synced || !is_import(i);
    c->ad_import = c->ad_import || (is_import(i) && !entra);
    c->entra_import = c->entra_import || (is_import(i) && entra);
    c->ad_sync = c->ad_sync || (is_sync(i) && !entra);
    c->entra_sync = c->entra_sync || (is_sync(i) && entra);
    if (i->end > c->end)
        c->end = i->end;
}

void
history_end(struct history_build **build, struct history *ret_history)
{
    struct history_build *b = *build;
    struct cycle cycle = {0};
    if (b->count > 0)
        qsort(b->item, b->count, sizeof b->item[0], by_begin);
    for (size_t i = 0; i < b->count; i++) {
        sum_one(&b->sum, &b->item[i]);
        cycle_run(b, &cycle, &b->item[i]);
    }
    if (cycle.open)
        close_cycle(b, &cycle);
    *ret_history = b->sum;
    free(b->item);
    free(b);
    *build = NULL;
}
