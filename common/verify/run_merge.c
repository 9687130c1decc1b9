#include "run_merge.h"

#include <stdlib.h>
#include <string.h>

void
run_merge_add(void *merge, const struct run_record *run)
{
    struct run_merge *m = merge;
    if (m->status != BATON_OK)
        return;
    if (m->count == RUN_MERGE_MAX) {
        m->status = BATON_LIMIT;
        return;
    }
    if (m->count == m->capacity) {
        size_t capacity = m->capacity == 0 ? 256 : m->capacity * 2;
        struct run_record *grown = realloc(m->run, capacity * sizeof *grown);
        if (grown == NULL) {
            m->status = BATON_NOMEM;
            return;
        }
        m->run = grown;
        m->capacity = capacity;
    }
    m->run[m->count++] = *run;
}

static int
compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int
by_run(const void *a, const void *b)
{
    const struct run_record *left = a, *right = b;
    int order = memcmp(left->connector.b, right->connector.b, sizeof left->connector.b);
    if (order == 0)
        order = compare(left->begin_unix_ms, right->begin_unix_ms);
    return order == 0 ? compare(left->run_number, right->run_number) : order;
}

/* What two records of one run say together. */
static void
join(struct run_record *kept, const struct run_record *other)
{
    if (kept->complete != other->complete) {
        if (other->complete)
            *kept = *other;
        return;
    }
    if (other->counted && !kept->counted) { /* one was asked without the steps */
        struct run_record with_steps = *other;
        run_result_add(&with_steps, kept->result_text);
        *kept = with_steps;
        return;
    }
    run_result_add(kept, other->result_text);
}

enum baton_status
run_merge_visit(struct run_merge *m, run_visit *visit, void *arg)
{
    if (m->status != BATON_OK)
        return m->status;
    if (m->count > 0)
        qsort(m->run, m->count, sizeof m->run[0], by_run);
    for (size_t i = 0; i < m->count;) {
        struct run_record run = m->run[i++];
        while (i < m->count && by_run(&m->run[i], &run) == 0)
            join(&run, &m->run[i++]);
        visit(arg, &run);
    }
    return BATON_OK;
}

void
run_merge_done(struct run_merge *m)
{
    free(m->run);
    *m = (struct run_merge){0};
}
