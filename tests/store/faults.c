/* The n-th allocation, read, write, sync or opening fails, once or from then on, at every place of
 * everything that the stores do. Each failure ends in one error that says something, and then: the step
 * it hit has happened as a whole or not at all, all before it is there, the store takes no half state with
 * it when it is used again, and opens when the fault is gone.
 *
 *   faults [stride]   every stride-th of SQLite's allocations (1: all), and of the others ten times as many */
#include "workload.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES_MAX = 100000 };

/* ---- allocations ------------------------------------------------------------------------------ */

static struct {
    unsigned nth, seen;
    bool on, fired, of_sqlite;
} memory;

void *__real_malloc(size_t len);
void *__real_calloc(size_t count, size_t len);
void *__real_realloc(void *p, size_t len);
void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t count, size_t len);
void *__wrap_realloc(void *p, size_t len);

static bool
refuses(bool of_sqlite)
{
    if (memory.nth == 0 || memory.of_sqlite != of_sqlite)
        return false;
    memory.seen++;
    bool now = memory.seen == memory.nth || (memory.on && memory.seen > memory.nth);
    memory.fired |= now;
    return now;
}

void *
__wrap_malloc(size_t len)
{
    return refuses(false) ? NULL : __real_malloc(len);
}

void *
__wrap_calloc(size_t count, size_t len)
{
    return refuses(false) ? NULL : __real_calloc(count, len);
}

void *
__wrap_realloc(void *p, size_t len)
{
    return refuses(false) ? NULL : __real_realloc(p, len);
}

static sqlite3_mem_methods plain;

static void *
sqlite_malloc(int len)
{
    return refuses(true) ? NULL : plain.xMalloc(len);
}

static void *
sqlite_realloc(void *p, int len)
{
    return refuses(true) ? NULL : plain.xRealloc(p, len);
}

static void
memory_install(void)
{
    BATON_ASSERT(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain) == SQLITE_OK);
    sqlite3_mem_methods ours = plain;
    ours.xMalloc = sqlite_malloc;
    ours.xRealloc = sqlite_realloc;
    BATON_ASSERT(sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) == SQLITE_OK);
}

/* ---- the faults ------------------------------------------------------------------------------- */

static const struct fault_kind {
    const char *name;
    unsigned calls; /* 0: allocations */
    int code;
    bool of_sqlite;
} kinds[] = {
    {"allocation", 0, 0, false},
    {"SQLite's allocation", 0, 0, true},
    {"IOERR_WRITE", FAULT_WRITE, SQLITE_IOERR_WRITE, false},
    {"FULL", FAULT_WRITE, SQLITE_FULL, false},
    {"IOERR_FSYNC", FAULT_SYNC, SQLITE_IOERR_FSYNC, false},
    {"IOERR_READ", FAULT_READ, SQLITE_IOERR_READ, false},
    {"CANTOPEN", FAULT_OPEN, SQLITE_CANTOPEN, false},
    {"IOERR_SHMMAP", FAULT_SHM, SQLITE_IOERR_SHMMAP, false},
    {"BUSY", FAULT_SHM | FAULT_OPEN, SQLITE_BUSY, false},
};

static void
arm(const struct fault_kind *k, unsigned nth, bool on)
{
    memory.nth = k->calls == 0 ? nth : 0;
    memory.seen = 0;
    memory.fired = false;
    memory.on = on;
    memory.of_sqlite = k->of_sqlite;
    model_fault(k->calls, k->code, k->calls == 0 ? 0 : nth, on);
}

static bool
disarm(const struct fault_kind *k)
{
    bool fired = k->calls == 0 ? memory.fired : model_fault_fired();
    memory.nth = 0;
    model_fault(0, 0, 0, false);
    return fired;
}

/* ---- one run ---------------------------------------------------------------------------------- */

enum { STEPS_MAX = 16 };

static uint64_t expected[STEPS_MAX]; /* after each step, without a fault */
static unsigned failures, runs, stopped;

static void
complain(const struct work_kind *w, size_t step, const struct fault_kind *k, unsigned nth, bool on,
         const char *why)
{
    if (failures++ < 20)
        fprintf(stderr, "FAILED %s, %s, %s %u%s: %s\n", w->name, w->step[step].name, k->name, nth,
                on ? " and from then on" : "", why);
}

/* What is there is the state before this step or after it. */
static bool
is_whole(size_t step, const struct work_found *f)
{
    uint64_t before = step == 0 ? 0 : expected[step - 1];
    return f->none ? before == 0 : f->digest == before || f->digest == expected[step];
}

static void
check_after(struct work *w, const struct work_kind *kind, size_t step, const struct fault_kind *k,
            unsigned nth, bool on)
{
    struct baton_err err = {0};
    struct work_found found;
    if (step < 2 && work_open(w, kind, &found, &err) != BATON_OK) {
        work_drop(w); /* it was being made: making it again is what people do */
        if (kind->step[0].run(w, &err) != BATON_OK)
            complain(kind, step, k, nth, on, err.text);
        work_drop(w);
    }
    work_drop(w);
    err = (struct baton_err){0};
    bool opened = work_open(w, kind, &found, &err) == BATON_OK;
    if (opened && step >= 2 && !is_whole(step, &found))
        complain(kind, step, k, nth, on, "a state that is neither before nor after the step");
    else if (!opened || (!found.none && work_more(w, &err) != BATON_OK))
        complain(kind, step, k, nth, on, err.text);
    work_drop(w);
}

/* Uses on, as a caller would that does not stop: what it then writes must be sound as well. */
static void
use_on(struct work *w, const struct work_kind *kind, size_t step, const struct fault_kind *k,
       unsigned nth, bool on)
{
    struct baton_err err = {0};
    struct work_found found;
    if (!w->open && w->agent == NULL)
        return;
    bool taken = work_more(w, &err) == BATON_OK;
    work_drop(w);
    err = (struct baton_err){0};
    if (work_open(w, kind, &found, &err) != BATON_OK)
        complain(kind, step, k, nth, on, err.text);
    stopped += !taken;
    work_drop(w);
}

/* True when the fault was met. */
static bool
run(const struct work_kind *kind, const struct fault_kind *k, unsigned nth, bool on, bool go_on)
{
    struct work w;
    struct baton_err err = {0};
    enum baton_status rc = BATON_OK;
    size_t step = 0;
    work_begin(&w, kind);
    arm(k, nth, on);
    for (; step < kind->steps; step++) {
        rc = kind->step[step].run(&w, &err);
        if (rc != BATON_OK)
            break;
    }
    if (go_on && !on) {
        (void)disarm(k);
        if (rc != BATON_OK)
            use_on(&w, kind, step, k, nth, on);
    } else {
        work_drop(&w); /* the process stops while the fault is still there */
    }
    bool fired = disarm(k) || rc != BATON_OK;
    if (rc != BATON_OK && err.text[0] == 0)
        complain(kind, step, k, nth, on, "an error without a word");
    if (rc != BATON_OK && !(go_on && !on))
        check_after(&w, kind, step, k, nth, on);
    work_end(&w);
    runs++;
    return fired;
}

static void
expect(const struct work_kind *kind)
{
    struct work w;
    struct baton_err err = {0};
    work_begin(&w, kind);
    for (size_t step = 0; step < kind->steps; step++) {
        if (kind->step[step].run(&w, &err) != BATON_OK) {
            fprintf(stderr, "%s, %s: %s\n", kind->name, kind->step[step].name, err.text);
            exit(1);
        }
        expected[step] = work_digest(&w);
    }
    work_end(&w);
}

static void
sweep(const struct work_kind *kind, const struct fault_kind *k, unsigned stride)
{
    unsigned places = 0, before = failures, step = k->of_sqlite ? stride : stride / 10 + 1;
    for (int way = 0; way < 3; way++) { /* once and stop, once and go on, from then on */
        unsigned nth = 1;
        while (nth < PLACES_MAX && run(kind, k, nth, way == 2, way == 1))
            nth += step;
        places = nth > places ? nth : places;
    }
    printf("%10s  %-20s %8u%s\n", kind->name, k->name, places - 1,
           failures > before ? "  FAILED" : "");
}

int
main(int argc, char **argv)
{
    static const struct work_kind *const works[] = {&work_controller, &work_agent};
    unsigned stride = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1;
    BATON_ASSERT(stride > 0);
    memory_install();
    model_install();
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < ARRAY_LEN(works); i++) {
        expect(works[i]);
        for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
            sweep(works[i], &kinds[k], stride);
    }
    printf("%u runs, %u stores that took nothing more, %u failures\n", runs, stopped, failures);
    return failures > 0;
}
