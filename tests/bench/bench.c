#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS_SHORT = 5, ROUNDS_LONG = 11, REPEATS_MAX = 10 };

#define FOREIGN_MOST 0.15 /* a round in which others took more of the machine is repeated */

double
bench_now_s(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

bool
bench_options_parse(int argc, char **argv, struct bench_options *ret_options)
{
    *ret_options = (struct bench_options){.dir = ".", .rounds = ROUNDS_LONG};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--short") == 0) {
            ret_options->is_short = true;
            ret_options->rounds = ROUNDS_SHORT;
        } else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc) {
            ret_options->rounds = (unsigned)strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--dir") == 0 && i + 1 < argc) {
            ret_options->dir = argv[++i];
        } else {
            fprintf(stderr, "usage: %s [--short] [--rounds N] [--dir PATH]\n", argv[0]);
            return false;
        }
    }
    return ret_options->rounds > 0 && ret_options->rounds <= BENCH_ROUNDS_MAX;
}

static int
double_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double
median(double *v, unsigned n)
{
    qsort(v, n, sizeof *v, double_compare);
    return n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static bool
side_rate(const struct bench_side *s, uint64_t count, double *ret_per_s)
{
    if (s->prepare != NULL && !s->prepare(s->arg, count)) {
        fprintf(stderr, "%s: preparing failed\n", s->name);
        return false;
    }
    double start = bench_now_s();
    if (!s->run(s->arg, count)) {
        fprintf(stderr, "%s failed\n", s->name);
        return false;
    }
    double took = bench_now_s() - start - (s->apart_s != NULL ? *s->apart_s : 0);
    *ret_per_s = (double)count / (took > 0 ? took : 1e-9);
    return true;
}

/* CPU seconds that all processes have used since boot, and all that there were. False: no /proc. */
static bool
machine_cpu(double *ret_busy, double *ret_all)
{
    unsigned long long v[8] = {0};
    FILE *f = fopen("/proc/stat", "re");
    if (f == NULL)
        return false;
    int n = fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &v[0], &v[1], &v[2], &v[3],
                   &v[4], &v[5], &v[6], &v[7]);
    (void)fclose(f);
    *ret_all = 0;
    for (int i = 0; i < 8; i++)
        *ret_all += (double)v[i];
    *ret_busy = *ret_all - (double)v[3] - (double)v[4]; /* idle, waiting for the disk */
    return n == 8;
}

static double
own_cpu_s(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* One round; *ret_foreign is the share of the whole machine's time that others took meanwhile. */
static bool
round_run(const struct bench_side *first, const struct bench_side *second, uint64_t count,
          double *ret_first, double *ret_second, double *ret_foreign)
{
    double busy0 = 0, all0 = 0, busy1 = 0, all1 = 0, own = own_cpu_s();
    bool known = machine_cpu(&busy0, &all0);
    if (!side_rate(first, count, ret_first) || !side_rate(second, count, ret_second))
        return false;
    own = (own_cpu_s() - own) * (double)sysconf(_SC_CLK_TCK);
    known = known && machine_cpu(&busy1, &all1) && all1 > all0;
    double foreign = known ? (busy1 - busy0 - own) / (all1 - all0) : 0;
    *ret_foreign = foreign > 0 ? foreign : 0;
    return true;
}

static void
ratio_print(const struct bench_options *o, const char *name, const struct bench_side *a,
            const struct bench_side *b, const struct bench_ratio *r, unsigned disturbed)
{
    printf("%-46s min %.3f median %.3f max %.3f rounds %u", name, r->min, r->median, r->max,
           o->rounds);
    if (disturbed > 0)
        printf(" (%u disturbed)", disturbed);
    printf("  %s %.0f/s, %s %.0f/s\n", a->name, r->a_per_s, b->name, r->b_per_s);
    (void)fflush(stdout);
}

bool
bench_compare(const struct bench_options *o, const char *name, uint64_t count,
              const struct bench_side *a, const struct bench_side *b, struct bench_ratio *ret_ratio)
{
    double ra[BENCH_ROUNDS_MAX], rb[BENCH_ROUNDS_MAX], ratio[BENCH_ROUNDS_MAX], foreign = 0;
    unsigned disturbed = 0, repeats = o->is_short ? 0 : REPEATS_MAX;
    if (!round_run(a, b, count, &ra[0], &rb[0], &foreign)) /* to warm up */
        return false;
    for (unsigned i = 0; i < o->rounds; i++) {
        bool a_first = i % 2 == 0;
        if (!round_run(a_first ? a : b, a_first ? b : a, count, a_first ? &ra[i] : &rb[i],
                       a_first ? &rb[i] : &ra[i], &foreign))
            return false;
        ratio[i] = ra[i] / rb[i];
        bool calm = foreign <= FOREIGN_MOST;
        if (!calm && repeats > 0) {
            repeats--;
            i--; /* again */
        } else {
            disturbed += !calm;
        }
    }
    ret_ratio->median = median(ratio, o->rounds);
    ret_ratio->min = ratio[0];
    ret_ratio->max = ratio[o->rounds - 1];
    ret_ratio->a_per_s = median(ra, o->rounds);
    ret_ratio->b_per_s = median(rb, o->rounds);
    ratio_print(o, name, a, b, ret_ratio, disturbed);
    return true;
}
