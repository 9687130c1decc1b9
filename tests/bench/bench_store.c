/* How much of SQLite's own speed is left when the store does its whole work: a decision is one row,
 * one chained and hashed record with the row's image, and the tree head, in one transaction. */
#include "bench.h"
#include "bench_world.h"
#include <stdio.h>

static bool
measure(const struct bench_options *o, unsigned batch, bool with_row, const char *what,
        uint64_t count)
{
    struct bench_world w;
    struct bench_ratio ratio;
    char name[64];
    bool good = bench_world_open(&w, o->dir, batch, with_row);
    struct bench_side store = {.name = "store", .run = bench_world_store, .arg = &w};
    struct bench_side bare = {.name = "bare", .run = bench_world_bare, .arg = &w};
    (void)snprintf(name, sizeof name, "%s, batch %u", what, batch);
    good = good && bench_compare(o, name, count, &store, &bare, &ratio);
    bench_world_close(&w);
    return good;
}

int
main(int argc, char **argv)
{
    struct bench_options o;
    if (!bench_options_parse(argc, argv, &o))
        return 2;
    uint64_t one = o.is_short ? 64 : 4096, many = o.is_short ? 640 : 49152;
    bool good = measure(&o, 1, true, "store decision / bare SQLite", one) &&
                measure(&o, 64, true, "store decision / bare SQLite", many) &&
                measure(&o, 256, true, "store decision / bare SQLite", o.is_short ? 768 : many);
    return good ? 0 : 1;
}
