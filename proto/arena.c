#include "proto/arena.h"

#include <stdalign.h>
#include <stdlib.h>

enum { ALIGN = alignof(max_align_t), BLOCK_BYTES = 16384 };

struct block {
    struct block *next;
    size_t cap, used;
    alignas(max_align_t) uint8_t bytes[];
};

struct arena {
    struct block *newest;
    size_t total; /* of all blocks */
    bool full;
};

static bool
block_add(struct arena *a, size_t cap)
{
    if (cap > ARENA_BYTES_MAX - a->total) {
        a->full = true;
        return false;
    }
    struct block *b = calloc(1, sizeof *b + cap);
    if (b == NULL)
        return false;
    b->cap = cap;
    b->next = a->newest;
    a->newest = b;
    a->total += cap;
    return true;
}

struct arena *
arena_new(size_t first_bytes)
{
    struct arena *a = calloc(1, sizeof *a);
    if (a != NULL && !block_add(a, first_bytes))
        arena_free(&a);
    return a;
}

void *
arena_alloc(struct arena *a, size_t bytes)
{
    if (bytes > ARENA_BYTES_MAX) {
        a->full = true;
        return NULL;
    }
    size_t need = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    if (need > a->newest->cap - a->newest->used &&
        !block_add(a, need < BLOCK_BYTES ? BLOCK_BYTES : need))
        return NULL;
    void *p = a->newest->bytes + a->newest->used;
    a->newest->used += need;
    return p;
}

bool
arena_full(const struct arena *a)
{
    return a->full;
}

void
arena_free(struct arena **a)
{
    if (*a == NULL)
        return;
    for (struct block *b = (*a)->newest, *next; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
    free(*a);
    *a = NULL;
}
