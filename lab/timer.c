#include "timer.h"

#include <stdlib.h>

static bool
before(const struct timer *a, const struct timer *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

static void
swap(struct timer *a, struct timer *b)
{
    struct timer kept = *a;
    *a = *b;
    *b = kept;
}

void
timers_done(struct timers *t)
{
    free(t->heap);
    *t = (struct timers){0};
}

static void
grow(struct timers *t)
{
    if (t->len < t->cap)
        return;
    BATON_ASSERT(t->len < TIMERS_MAX);
    size_t cap = t->cap == 0 ? 64 : t->cap * 2;
    struct timer *heap = realloc(t->heap, cap * sizeof *heap);
    BATON_ASSERT(heap != NULL);
    t->heap = heap;
    t->cap = cap;
}

void
timers_add(struct timers *t, uint64_t due_ms, timer_fn *run, struct server *server, uint64_t arg)
{
    grow(t);
    size_t at = t->len++;
    t->heap[at] = (struct timer){due_ms, t->order++, run, server, arg};
    for (size_t up; at > 0 && before(&t->heap[at], &t->heap[up = (at - 1) / 2]); at = up)
        swap(&t->heap[at], &t->heap[up]);
}

static void
sink(struct timers *t)
{
    for (size_t at = 0;;) {
        size_t least = at, left = 2 * at + 1, right = left + 1;
        if (left < t->len && before(&t->heap[left], &t->heap[least]))
            least = left;
        if (right < t->len && before(&t->heap[right], &t->heap[least]))
            least = right;
        if (least == at)
            return;
        swap(&t->heap[at], &t->heap[least]);
        at = least;
    }
}

bool
timers_take(struct timers *t, uint64_t now_ms, struct timer *ret_timer)
{
    if (t->len == 0 || t->heap[0].due_ms > now_ms)
        return false;
    *ret_timer = t->heap[0];
    t->heap[0] = t->heap[--t->len];
    sink(t);
    return true;
}

bool
timers_next(const struct timers *t, uint64_t *ret_due_ms)
{
    if (t->len == 0)
        return false;
    *ret_due_ms = t->heap[0].due_ms;
    return true;
}
