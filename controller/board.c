/* What this run knows and no row says, where other threads can read it: as the last commit left it. */
#include "controller/engine_state.h"

#include <stdlib.h>
#include <string.h>

static size_t
place(const struct board *b, const struct baton_id *tenant)
{
    size_t from = 0, to = b->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (memcmp(b->row[middle].tenant.b, tenant->b, sizeof tenant->b) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static bool
stands_at(const struct board *b, size_t at, const struct baton_id *tenant)
{
    return at < b->count && baton_id_eq(&b->row[at].tenant, tenant);
}

static bool
insert(struct board *b, size_t at)
{
    if (b->count == b->cap) {
        size_t cap = b->cap == 0 ? 16 : 2 * b->cap;
        struct board_row *row = realloc(b->row, cap * sizeof *row);
        if (row == NULL)
            return false;
        b->row = row;
        b->cap = cap;
    }
    memmove(&b->row[at + 1], &b->row[at], (b->count - at) * sizeof b->row[0]);
    b->count++;
    return true;
}

void
board_init(struct board *b)
{
    pthread_mutex_init(&b->lock, NULL);
}

void
board_done(struct board *b)
{
    free(b->row);
    pthread_mutex_destroy(&b->lock);
}

/* Without memory for it the tenant stays one of which nothing is known: nobody was heard. */
void
board_put(struct board *b, const struct baton_id *tenant, const struct authority_run *run)
{
    pthread_mutex_lock(&b->lock);
    size_t at = place(b, tenant);
    if (stands_at(b, at, tenant) || insert(b, at))
        b->row[at] = (struct board_row){*tenant, *run};
    pthread_mutex_unlock(&b->lock);
}

void
engine_heard(struct engine *e, const struct baton_id *tenant, struct authority_run *ret_run,
             uint64_t *ret_started_unix_ms)
{
    struct board *b = &e->board;
    *ret_run = (struct authority_run){.recovering = true};
    *ret_started_unix_ms = atomic_load(&e->started_unix_ms);
    pthread_mutex_lock(&b->lock);
    size_t at = place(b, tenant);
    if (stands_at(b, at, tenant))
        *ret_run = b->row[at].run;
    pthread_mutex_unlock(&b->lock);
}
