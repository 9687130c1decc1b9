/* sim: many runs, each from its number. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "lab/folder.h"
#include "scenario.h"

struct options {
    struct sim_options run;
    uint64_t from, to;
    bool shrink;
    const char *results;
};

struct sums {
    uint64_t seeds, done, failed, events, faults, sim_ms;
    uint64_t came[FAULT_COUNT], met[FAULT_COUNT][FAULT_COUNT];
    double seconds;
};

enum { LARGE_TENANTS = 50 };

static const char usage[] =
    "usage: sim --seeds FROM[..TO] [--small] [--large|--tenants N] [--trace] [--shrink] [--results "
    "FILE]\n"
    "           [--off BITS] [--with BITS] [--limit N] [--break NAME] [--table] [--scenario FILE]\n"
    "           [--events FILE]\n"
    "Each seed is one run: a handoff from assessment to done under the faults that the seed "
    "draws.\n"
    "  --small    a short handoff with few looks at what does not move: a third of the time\n"
    "  --tenants  N tenants under one controller\n"
    "  --large    50 tenants under one controller\n"
    "  --trace    every event, in the run's own time\n"
    "  --shrink   a seed that fails runs again with fewer families and fewer faults while it still "
    "fails\n"
    "  --results  adds a line to FILE; a range that stands there with this commit is not run "
    "again\n"
    "  --off      families of faults that stay off, as bits\n"
    "  --with     those of the later families (clone and on) that come whatever the seed draws, as "
    "bits\n"
    "  --limit    no more than N faults come\n"
    "  --break    a world in which one promise is broken: it must be found\n"
    "  --table    how often each fault came, and which met\n"
    "  --events   what truly happened to the promises, a line an event, for tests/model/conform\n"
    "  --scenario plays FILE, as tests/scenarios/play_in_sim writes it (-: standard input): each "
    "seed is\n"
    "             another timing, and nothing goes wrong that the scenario does not tell\n";

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

static double
cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* --- one seed ----------------------------------------------------------------------------------- */

static void
add(struct sums *sums, const struct sim_result *r)
{
    sums->seeds++;
    sums->failed += r->failed;
    sums->done += r->done;
    sums->events += r->events;
    sums->faults += r->faults;
    sums->sim_ms += r->sim_ms;
    for (int f = 0; f < FAULT_COUNT; f++) {
        sums->came[f] += r->came[f];
        for (int g = 0; g < FAULT_COUNT; g++)
            sums->met[f][g] += r->met[f][g];
    }
}

static void
tell(const struct sim_options *o, const struct sim_result *r)
{
    printf("seed %llu: %s\n", (unsigned long long)o->seed, r->failed ? r->why : "good");
    printf("  %llu events in %.1f simulated seconds, %u faults, trace %016llx; families:",
           (unsigned long long)r->events, (double)r->sim_ms / 1000, r->faults,
           (unsigned long long)r->hash);
    for (int f = 0; f < FAULT_COUNT; f++)
        if (r->on & (1u << f))
            printf(" %s", fault_name((enum fault)f));
    printf("\n");
    if (!r->failed)
        return;
    printf("  again: build/release/tests/sim/sim --seeds %llu --trace%s",
           (unsigned long long)o->seed, o->small ? " --small" : "");
    if (o->tenants > 1)
        printf(" --tenants %zu", o->tenants);
    if (o->off != 0)
        printf(" --off 0x%x", (unsigned)o->off);
    if (o->with != 0)
        printf(" --with 0x%x", (unsigned)o->with);
    if (o->limit != UINT32_MAX)
        printf(" --limit %u", o->limit);
    if (o->broken != NULL)
        printf(" --break %s", o->broken);
    printf("\n");
}

/* Still the same promise: its name stands before the colon. */
static bool
fails_alike(const struct sim_options *o, const struct sim_result *first)
{
    struct sim_result r;
    sim_run(o, &r);
    return r.failed && strncmp(r.why, first->why, strcspn(first->why, ":")) == 0;
}

/* Families first, then the last faults, by halves. */
static void
shrink(struct sim_options *o, struct sim_result *r)
{
    const struct sim_result first = *r;
    o->trace = false;
    o->events = NULL;
    for (int f = 0; f < FAULT_COUNT; f++) {
        struct sim_options less = *o;
        less.off |= 1u << f;
        if ((first.on & (1u << f)) != 0 && fails_alike(&less, &first))
            *o = less;
    }
    unsigned good = 0, bad = first.faults;
    while (good < bad) {
        struct sim_options less = *o;
        less.limit = good + (bad - good) / 2;
        if (fails_alike(&less, &first))
            bad = less.limit;
        else
            good = less.limit + 1;
    }
    struct sim_options least = *o;
    least.limit = bad;
    if (fails_alike(&least, &first))
        *o = least;
    sim_run(o, r);
}

/* The same number twice gives the same run, to the last event; also where nothing is spared. */
static void
check_again(const struct sim_options *o, struct sim_result *r)
{
    struct sim_result again;
    struct sim_options quiet = *o;
    quiet.trace = false;
    quiet.events = NULL;
    quiet.plain = true;
    sim_run(&quiet, &again);
    if (again.hash == r->hash && again.events == r->events)
        return;
    r->failed = true;
    snprintf(r->why, sizeof r->why, "determinism: the same seed gave another run");
}

static void
run_seeds(struct options *o, struct sums *sums)
{
    enum { AGAIN_EVERY = 20 };
    double began = cpu_seconds();
    for (uint64_t seed = o->from; seed <= o->to; seed++) {
        struct sim_result r;
        struct sim_options one = o->run;
        one.seed = seed;
        sim_run(&one, &r);
        if (!r.failed && (seed % AGAIN_EVERY == 0 || o->run.trace))
            check_again(&one, &r);
        if (r.failed && o->shrink)
            shrink(&one, &r);
        add(sums, &r);
        if (r.failed || o->run.trace)
            tell(&one, &r);
        fflush(stdout);
    }
    sums->seconds = cpu_seconds() - began;
}

/* --- sums --------------------------------------------------------------------------------------- */

static void
tell_table(const struct sums *s)
{
    unsigned pairs = 0;
    printf("\n%-16s %10s  met, within a minute of it\n", "fault", "came");
    for (int f = 0; f < FAULT_COUNT; f++) {
        printf("%-16s %10llu ", fault_name((enum fault)f), (unsigned long long)s->came[f]);
        for (int g = 0; g < FAULT_COUNT; g++) {
            pairs += s->met[f][g] > 0;
            if (s->met[f][g] == 0)
                printf(" no-%s", fault_name((enum fault)g));
        }
        printf("\n");
    }
    printf("%u of %u pairs met\n", pairs, (unsigned)(FAULT_COUNT * FAULT_COUNT));
}

/* HEAD, and whether what was built may be something else; what the recorded run itself writes does not count. */
static const char *
commit_of(char out[64])
{
    FILE *git =
        popen("git rev-parse --short HEAD 2>/dev/null | tr -d '\\n'; git diff --quiet HEAD -- "
              "':!docs/verification.md' ':!tests/sim/recorded' 2>/dev/null || echo -changed",
              "r");
    if (git == NULL || fgets(out, 64, git) == NULL || out[0] == '-')
        snprintf(out, 64, "unknown\n");
    if (git != NULL)
        (void)pclose(git);
    out[strcspn(out, "\n")] = '\0';
    return out;
}

static void
shard_name(const struct options *o, char out[160])
{
    char commit[64];
    snprintf(out, 160, "seeds=%llu..%llu tenants=%zu%s commit=%s ", (unsigned long long)o->from,
             (unsigned long long)o->to, o->run.tenants, o->run.small ? " small" : "",
             commit_of(commit));
}

static bool
shard_known(const struct options *o)
{
    char line[512], name[160];
    FILE *f = o->results == NULL ? NULL : fopen(o->results, "r");
    bool known = false;
    if (f != NULL)
        shard_name(o, name);
    while (f != NULL && !known && fgets(line, sizeof line, f) != NULL)
        known = strncmp(line, name, strlen(name)) == 0;
    if (f != NULL)
        (void)fclose(f);
    return known;
}

/* Where and when, as tests/figures.py says it too. */
static void
shard_place(char out[160])
{
    struct utsname system = {0};
    time_t now = time(NULL);
    char day[16] = "";
    (void)uname(&system);
    (void)strftime(day, sizeof day, "%Y-%m-%d", gmtime(&now));
    snprintf(out, 160, "date=%s machine=%ld-cores-%.32s-%.32s", day, sysconf(_SC_NPROCESSORS_ONLN),
             system.sysname, system.machine);
}

static bool
shard_add(const struct options *o, const struct sums *s)
{
    char name[160], place[160];
    FILE *f = fopen(o->results, "a");
    if (f == NULL)
        return false;
    shard_name(o, name);
    shard_place(place);
    fprintf(f, "%s%s done=%llu failed=%llu events=%llu faults=%llu sim_hours=%.1f cpu_s=%.1f\n",
            name, place, (unsigned long long)s->done, (unsigned long long)s->failed,
            (unsigned long long)s->events, (unsigned long long)s->faults,
            (double)s->sim_ms / 3600000, s->seconds);
    return fclose(f) == 0;
}

static void
tell_sums(const struct options *o, const struct sums *sums, double wall)
{
    printf(
        "%llu seeds, %llu failed; %llu faults in %.1f simulated hours; %.1f s, %.1f s of one core: "
        "%.0f %s seeds an hour and core\n",
        (unsigned long long)sums->seeds, (unsigned long long)sums->failed,
        (unsigned long long)sums->faults, (double)sums->sim_ms / 3600000, wall, sums->seconds,
        3600 * (double)sums->seeds / sums->seconds,
        o->run.tenants > 1 ? "many-tenant"
        : o->run.small     ? "small"
                           : "whole");
}

/* --- a scenario --------------------------------------------------------------------------------- */

static bool
take_scenario(struct options *o, const char *path)
{
    char why[WHY_BYTES];
    scenario_free(o->run.scenario);
    o->run.scenario = scenario_read(path, why);
    o->run.off = UINT32_MAX;
    if (o->run.scenario == NULL)
        fprintf(stderr, "sim: %s\n", why);
    return o->run.scenario != NULL;
}

static void
tell_scenario(const struct options *o, const struct sums *s)
{
    printf("%zu steps of %zu played in the last of %llu seeds, %llu failed; %.1f simulated s, %.1f "
           "s of one core\n",
           o->run.scenario->played, o->run.scenario->step_count, (unsigned long long)s->seeds,
           (unsigned long long)s->failed, (double)s->sim_ms / 1000, s->seconds);
}

/* --- the command -------------------------------------------------------------------------------- */

static bool
parse(int argc, char **argv, struct options *o, bool *ret_table)
{
    static const struct option known[] = {{"seeds", required_argument, NULL, 's'},
                                          {"trace", no_argument, NULL, 't'},
                                          {"large", no_argument, NULL, 'l'},
                                          {"small", no_argument, NULL, 'm'},
                                          {"tenants", required_argument, NULL, 'c'},
                                          {"shrink", no_argument, NULL, 'k'},
                                          {"results", required_argument, NULL, 'r'},
                                          {"off", required_argument, NULL, 'o'},
                                          {"with", required_argument, NULL, 'w'},
                                          {"limit", required_argument, NULL, 'n'},
                                          {"break", required_argument, NULL, 'b'},
                                          {"table", no_argument, NULL, 'a'},
                                          {"events", required_argument, NULL, 'e'},
                                          {"scenario", required_argument, NULL, 'S'},
                                          {0}};
    bool seeds = false;
    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (c) {
        case 's':
            seeds = parse_range(optarg, &o->from, &o->to);
            break;
        case 't':
            o->run.trace = true;
            break;
        case 'l':
            o->run.tenants = LARGE_TENANTS;
            break;
        case 'c':
            o->run.tenants = (size_t)strtoul(optarg, NULL, 10);
            break;
        case 'm':
            o->run.small = true;
            break;
        case 'k':
            o->shrink = true;
            break;
        case 'r':
            o->results = optarg;
            break;
        case 'o':
            o->run.off = (uint32_t)strtoul(optarg, NULL, 0);
            break;
        case 'w':
            o->run.with = (uint32_t)strtoul(optarg, NULL, 0);
            break;
        case 'n':
            o->run.limit = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'b':
            o->run.broken = optarg;
            break;
        case 'e':
            o->run.events = fopen(optarg, "w");
            if (o->run.events == NULL)
                return false;
            break;
        case 'a':
            *ret_table = true;
            break;
        case 'S':
            if (!take_scenario(o, optarg))
                return false;
            break;
        default:
            return false;
        }
    }
    bool fits = o->run.tenants > 0 && o->run.tenants <= TENANTS_MAX;
    return seeds && fits && optind == argc &&
           (o->run.broken == NULL || sim_break_known(o->run.broken));
}

/* In memory where there is such a folder: nothing here tests what a disk keeps. */
static bool
make_dir(char dir[64])
{
    memcpy(dir, "/dev/shm/baton-sim-XXXXXX", 26);
    if (mkdtemp(dir) != NULL)
        return true;
    memcpy(dir, "/tmp/baton-sim-XXXXXX", 22);
    return mkdtemp(dir) != NULL;
}

int
main(int argc, char **argv)
{
    struct options o = {.run = {.tenants = 1, .limit = UINT32_MAX}};
    struct sums *sums = calloc(1, sizeof *sums);
    struct baton_err err;
    char dir[64];
    bool table = false;
    if (sums == NULL || !parse(argc, argv, &o, &table)) {
        fputs(usage, stderr);
        return 2;
    }
    if (shard_known(&o)) {
        printf("seeds %llu..%llu stand in %s already\n", (unsigned long long)o.from,
               (unsigned long long)o.to, o.results);
        return 0;
    }
    log_level_set(LEVEL_OFF);
    machinery_begin();
    disk_take_over();
    chance_take_over();
    BATON_ASSERT(crypto_init(NULL) == BATON_OK && make_dir(dir));
    o.run.dir = dir;
    double began = seconds();
    run_seeds(&o, sums);
    if (o.run.scenario != NULL)
        tell_scenario(&o, sums);
    else
        tell_sums(&o, sums, seconds() - began);
    if (table)
        tell_table(sums);
    if (o.run.events != NULL && fclose(o.run.events) != 0)
        sums->failed++;
    bool kept = o.results == NULL || shard_add(&o, sums);
    bool gone = folder_remove(dir, &err) == BATON_OK;
    if (!kept || !gone)
        fprintf(stderr, "sim: %s\n", kept ? err.text : "the results cannot be written");
    bool good = sums->failed == 0 && kept && gone;
    scenario_free(o.run.scenario);
    free(sums);
    return good ? 0 : 1;
}
