/* sim: many runs, each from its number. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "lab/folder.h"
#include "sim.h"

struct options {
    struct sim_options run;
    uint64_t from, to;
    bool shrink, large;
    const char *results;
};

enum { LARGE_TENANTS = 50 };

static bool
parse_range(const char *text, uint64_t *ret_from, uint64_t *ret_to)
{
    char *end;
    *ret_from = strtoull(text, &end, 10);
    *ret_to = *ret_from;
    if (end == text)
        return false;
    if (strncmp(end, "..", 2) == 0) {
        const char *second = end + 2;
        *ret_to = strtoull(second, &end, 10);
        if (end == second)
            return false;
    }
    return *end == '\0' && *ret_from <= *ret_to;
}

static double
seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
    static const struct option known[] = {
        {"seeds", required_argument, NULL, 's'}, {"trace", no_argument, NULL, 't'},
        {"large", no_argument, NULL, 'l'},       {"off", required_argument, NULL, 'o'},
        {"limit", required_argument, NULL, 'n'}, {0}};
    struct options o = {.run = {.tenants = 1, .limit = UINT32_MAX}};
    char dir[] = "/dev/shm/baton-sim-XXXXXX";
    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (c == 's' && parse_range(optarg, &o.from, &o.to))
            continue;
        if (c == 't')
            o.run.trace = true;
        else if (c == 'l')
            o.run.tenants = LARGE_TENANTS;
        else if (c == 'o')
            o.run.off = (uint32_t)strtoul(optarg, NULL, 0);
        else if (c == 'n')
            o.run.limit = (unsigned)strtoul(optarg, NULL, 10);
        else
            return 2;
    }
    log_level_set(getenv("BATON_LOG") == NULL ? LEVEL_OFF : LEVEL_DEBUG);
    chance_take_over();
    BATON_ASSERT(crypto_init(NULL) == BATON_OK);
    o.run.dir = mkdtemp(dir);
    BATON_ASSERT(o.run.dir != NULL);
    double began = seconds();
    unsigned failed = 0;
    for (uint64_t seed = o.from; seed <= o.to; seed++) {
        struct sim_result r;
        o.run.seed = seed;
        sim_run(&o.run, &r);
        failed += r.failed;
        if (r.failed || o.run.trace)
            printf("seed %llu: %s hash %016llx events %llu sim %.1f s faults %u\n",
                   (unsigned long long)seed, r.failed ? r.why : "good", (unsigned long long)r.hash,
                   (unsigned long long)r.events, (double)r.sim_ms / 1000, r.faults);
    }
    double took = seconds() - began;
    printf("%llu seeds, %u failed, %.1f s, %.1f seeds/s\n", (unsigned long long)(o.to - o.from + 1),
           failed, took, (double)(o.to - o.from + 1) / took);
    struct baton_err err;
    if (folder_remove(dir, &err) != BATON_OK)
        fprintf(stderr, "sim: %s\n", err.text);
    return failed == 0 ? 0 : 1;
}
