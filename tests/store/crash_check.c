#include "crash_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUBSETS = 8, SEEN_SLOTS = 1 << 14, FAILURES_TOLD = 5 };

/* What one image led to; the same image leads there again. */
struct outcome {
    uint64_t image, digest;
    bool used, none, refused;
};

struct check {
    const struct crash_db *db;
    const struct model_log *log;
    const struct crash_state *state; /* that may be found */
    size_t count;
    struct crash_result *result;
    struct outcome *seen;
    char what[96]; /* of the first crash, for depth 2 */
};

static void
complain(struct check *c, size_t at, enum crash_mode mode, unsigned seed, const char *why)
{
    if (c->result->failures++ < FAILURES_TOLD)
        fprintf(stderr, "FAILED %s: %s%s entry %zu of %zu, %s, seed %u: %s\n", c->result->scenario,
                c->db->kind->name, c->what, at, c->log->count, crash_mode_name[mode], seed, why);
}

/* The entries that had been applied when it happened. */
static bool
state_fits(const struct check *c, size_t at, uint64_t digest)
{
    size_t floor = 0;
    for (size_t k = 0; k < c->count; k++)
        if (c->state[k].acked <= at)
            floor = k;
    for (size_t k = floor; k < c->count && c->state[k].begun <= at; k++)
        if (c->state[k].digest == digest)
            return true;
    return false;
}

static bool
nothing_acknowledged(const struct check *c, size_t at)
{
    return c->count == 0 || c->state[0].acked > at;
}

static void
judge(struct check *c, size_t at, enum crash_mode mode, unsigned seed, const struct outcome *o,
      const char *text)
{
    size_t done = mode == CRASH_AFTER ? at + 1 : at;
    if (o->refused && !(c->db->kind->may_be_unmade && nothing_acknowledged(c, done)))
        complain(c, at, mode, seed, text);
    else if (o->none && !nothing_acknowledged(c, done))
        complain(c, at, mode, seed, "nothing is left of what was acknowledged");
    else if (!o->refused && !o->none && !state_fits(c, done, o->digest))
        complain(c, at, mode, seed, "half a transaction, or one that was acknowledged is gone");
}

static struct outcome *
seen_slot(struct check *c, uint64_t image)
{
    if (c->seen == NULL)
        return NULL;
    struct outcome *o = &c->seen[image % SEEN_SLOTS];
    if (o->used && o->image == image)
        return o;
    *o = (struct outcome){.image = image};
    return o;
}

/* Opens what a crash left. The model's list then holds what recovery did, behind what was pending. */
static struct outcome
recover(struct check *c, const struct model_image *image, const struct model_log *pending,
        struct crash_state *ret_more, struct baton_err *err)
{
    struct outcome o = {.used = true};
    const struct crash_kind *kind = c->db->kind;
    model_load(image, pending);
    if (kind->outside != NULL)
        kind->outside(c->db->path, image);
    enum baton_status rc = kind->recover(c->db->path, &o.digest, &o.none, ret_more, err);
    o.refused = rc != BATON_OK;
    c->result->recoveries++;
    return o;
}

static bool
chosen(size_t number, size_t of, size_t most)
{
    if (most == 0 || of <= most)
        return true;
    size_t stride = of / most + 1;
    return (number * 0x9e3779b97f4a7c15ull >> 24) % stride == 0;
}

static unsigned
seeds_of(enum crash_mode mode)
{
    return mode == CRASH_SUBSET ? SUBSETS : 1;
}

static void second_crashes(struct check *outer, size_t at, enum crash_mode mode, unsigned seed,
                           const struct model_image *image, const struct model_log *pending,
                           size_t most);

static void
one_point(struct check *c, const struct model_walk *w, enum crash_mode mode, unsigned seed,
          struct model_image *image, size_t doubles)
{
    struct baton_err err = {0};
    struct crash_state more;
    c->result->points++;
    struct outcome *known = seen_slot(c, image_hash(image));
    if (known == NULL || !known->used) {
        struct outcome o = recover(c, image, NULL, &more, &err);
        if (known != NULL) {
            o.image = known->image;
            *known = o;
        }
        judge(c, w->at, mode, seed, &o, err.text);
    } else {
        judge(c, w->at, mode, seed, known, "as an image before");
    }
    if (doubles == 0)
        return;
    if (mode > CRASH_AFTER) {
        second_crashes(c, w->at, mode, seed, image, NULL, doubles);
        return;
    }
    struct model_log pending = walk_pending(w, mode == CRASH_AFTER);
    second_crashes(c, w->at, mode, seed, &w->durable, &pending, doubles);
    model_log_done(&pending);
}

/* At entries from `from` on. */
static void
every_crash(struct check *c, const struct model_image *base, size_t from, size_t most,
            size_t doubles)
{
    struct model_walk w;
    struct model_image *image = calloc(1, sizeof *image);
    size_t of = (c->log->count - from + 1) * (CRASH_MODES - 1 + SUBSETS), number = 0, tried = 0;
    size_t about = most == 0 || of < most ? of : most;
    size_t every = doubles == 0 || about / 2 < doubles ? 1 : about / 2 / doubles;
    BATON_ASSERT(image != NULL);
    walk_init(&w, base, c->log);
    while (w.at < from)
        walk_step(&w);
    for (;; walk_step(&w)) {
        for (int mode = 0; mode < CRASH_MODES; mode++) {
            for (unsigned seed = 0; seed < seeds_of((enum crash_mode)mode); seed++, number++) {
                if (!chosen(number, of, most) ||
                    !walk_image(&w, (enum crash_mode)mode, seed, image))
                    continue;
                bool deep = doubles > 0 && tried++ % every == every / 2;
                one_point(c, &w, (enum crash_mode)mode, seed, image, deep ? doubles : 0);
            }
        }
        if (w.at == c->log->count)
            break;
    }
    image_done(image);
    free(image);
    walk_done(&w);
}

/* What recovery may be crashed into: the states of before, as the first crash left them, and its own
 * transaction behind them. */
static size_t
states_after(const struct check *c, size_t at, uint64_t found, const struct crash_state *more,
             bool killed, struct crash_state *out)
{
    size_t count = 0;
    for (size_t k = 0; k < c->count && killed; k++) {
        struct crash_state s = c->state[k];
        if (s.begun > at)
            break;
        s.begun = 0;
        s.acked = s.acked <= at ? 0 : SIZE_MAX;
        out[count++] = s;
    }
    if (!killed)
        out[count++] = (struct crash_state){found, 0, 0};
    out[count++] = (struct crash_state){more->digest, more->begun, more->acked};
    return count;
}

static void
second_crashes(struct check *outer, size_t at, enum crash_mode mode, unsigned seed,
               const struct model_image *image, const struct model_log *pending, size_t most)
{
    struct baton_err err = {0};
    struct crash_state more = {0, SIZE_MAX, SIZE_MAX};
    struct crash_result own = {.scenario = outer->result->scenario};
    struct check c = {.db = outer->db, .result = &own};
    struct model_image *base = calloc(1, sizeof *base);
    struct crash_state *states = calloc(outer->count + 2, sizeof *states);
    BATON_ASSERT(base != NULL && states != NULL);
    struct outcome o = recover(outer, image, pending, &more, &err);
    struct model_log log = model_take(base);
    size_t done = mode == CRASH_AFTER ? at + 1 : at;
    if (!o.refused && !o.none && log.count > 0) {
        bool killed = pending != NULL;
        c.log = &log;
        c.state = states;
        c.count = states_after(outer, done, o.digest, &more, killed, states);
        snprintf(c.what, sizeof c.what, " (entry %zu, %s, seed %u, then recovery)", at,
                 crash_mode_name[mode], seed);
        every_crash(&c, base, killed ? pending->count : 0, most, 0);
    }
    outer->result->doubles += own.points;
    outer->result->recoveries += own.recoveries;
    outer->result->failures += own.failures;
    model_log_done(&log);
    image_done(base);
    free(base);
    free(states);
}

/* Only the entries of this database's files; states are told in these. */
static struct model_log
own_entries(const struct crash_db *db, const struct model_log *log, struct crash_state *states)
{
    struct model_log own = {0};
    own.op = calloc(log->count + 1, sizeof *own.op);
    BATON_ASSERT(own.op != NULL);
    for (size_t k = 0; k < db->count; k++)
        states[k] = (struct crash_state){db->state[k].digest, SIZE_MAX, SIZE_MAX};
    size_t end = db->end > 0 ? db->end : log->count;
    for (size_t i = 0; i <= end; i++) {
        for (size_t k = 0; k < db->count; k++) {
            if (db->state[k].begun <= i && states[k].begun == SIZE_MAX)
                states[k].begun = own.count;
            if (db->state[k].acked <= i && states[k].acked == SIZE_MAX)
                states[k].acked = own.count;
        }
        if (i < end && db->kind->owns(db->path, model_name(log->op[i].file)))
            own.op[own.count++] = log->op[i]; /* its bytes stay the whole list's */
    }
    return own;
}

void
crash_check(const struct crash_db *db, const struct model_image *base, const struct model_log *log,
            const struct crash_effort *effort, struct crash_result *add)
{
    struct crash_state *states = calloc(db->count + 1, sizeof *states);
    struct check c = {.db = db, .result = add, .state = states, .count = db->count};
    c.seen = calloc(SEEN_SLOTS, sizeof *c.seen);
    BATON_ASSERT(states != NULL && c.seen != NULL);
    struct model_log own = own_entries(db, log, states);
    c.log = &own;
    add->entries += own.count;
    add->states += db->count;
    size_t from = db->count > 0 ? states[0].begun : 0; /* a copy's opening is its beginning */
    every_crash(&c, base, from, effort->points, effort->doubles);
    free(own.op);
    free(states);
    free(c.seen);
}
