#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS_SHORT = 5, ROUNDS_LONG = 11 };

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
    double took = bench_now_s() - start;
    *ret_per_s = (double)count / (took > 0 ? took : 1e-9);
    return true;
}

bool
bench_compare(const struct bench_options *o, const char *name, uint64_t count,
              const struct bench_side *a, const struct bench_side *b, struct bench_ratio *ret_ratio)
{
    double ra[BENCH_ROUNDS_MAX], rb[BENCH_ROUNDS_MAX], ratio[BENCH_ROUNDS_MAX];
    double warm;
    if (!side_rate(a, count, &warm) || !side_rate(b, count, &warm))
        return false;
    for (unsigned i = 0; i < o->rounds; i++) {
        bool a_first = i % 2 == 0;
        if (!side_rate(a_first ? a : b, count, a_first ? &ra[i] : &rb[i]) ||
            !side_rate(a_first ? b : a, count, a_first ? &rb[i] : &ra[i]))
            return false;
        ratio[i] = ra[i] / rb[i];
    }
    ret_ratio->median = median(ratio, o->rounds);
    ret_ratio->min = ratio[0];
    ret_ratio->max = ratio[o->rounds - 1];
    ret_ratio->a_per_s = median(ra, o->rounds);
    ret_ratio->b_per_s = median(rb, o->rounds);
    printf("%-44s min %.3f median %.3f max %.3f rounds %u  (%s %.0f/s, %s %.0f/s)\n", name,
           ret_ratio->min, ret_ratio->median, ret_ratio->max, o->rounds, a->name,
           ret_ratio->a_per_s, b->name, ret_ratio->b_per_s);
    (void)fflush(stdout);
    return true;
}
