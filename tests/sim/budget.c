/* What a run may take: memory, descriptors, orders that wait, the size of a database (I10). */
#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "controller/engine_state.h"
#include "sim.h"

enum {
    DATABASE_BYTES = 8 << 20,  /* for each tenant */
    COMMIT_BYTES = 16 << 10,   /* and what each commit may add */
    LEFT_BYTES = 256 << 10,    /* what libraries and the allocator keep for themselves */
    LEFT_EACH_BYTES = 32 << 10 /* and for each tenant */
};

static size_t
descriptors(void)
{
    size_t count = 0;
    DIR *d = opendir("/proc/self/fd");
    if (d == NULL)
        return 0;
    while (readdir(d) != NULL)
        count++;
    (void)closedir(d);
    return count;
}

void
budget_begin(struct sim *s)
{
    s->descriptors = descriptors();
    s->memory = mallinfo2().uordblks;
}

void
budget_look(struct sim *s)
{
    const struct engine *e = s->site[0].engine;
    for (size_t i = 0; e != NULL && i < e->seat_count; i++)
        if (e->seat[i]->pending > OUTBOX_ROWS_MAX)
            sim_fail(s, "I10", "%u orders wait for %s", e->seat[i]->pending, e->seat[i]->row.host);
}

void
budget_end(struct sim *s)
{
    size_t open_now = descriptors(), memory = mallinfo2().uordblks;
    if (open_now > s->descriptors)
        sim_fail(s, "I10", "%zu descriptors are left open", open_now - s->descriptors);
    if (memory > s->memory + LEFT_BYTES + LEFT_EACH_BYTES * s->realm_count)
        sim_fail(s, "I10", "%zu bytes are not given back", memory - s->memory);
}

void
budget_databases(struct sim *s)
{
    for (size_t i = 0; i < SITES; i++) {
        char path[DIR_BYTES + 16];
        struct stat st;
        (void)snprintf(path, sizeof path, "%s/baton.db", s->site[i].dir);
        if (stat(path, &st) == 0 &&
            (size_t)st.st_size > DATABASE_BYTES * s->realm_count + COMMIT_BYTES * s->tally.commits)
            sim_fail(s, "I10", "a database has %lld bytes", (long long)st.st_size);
    }
}
