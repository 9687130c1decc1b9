/* bench.h: two ways of doing the same thing, measured in turn in one run.
 *
 * Shape      A ratio is measured in rounds A B, B A, A B …: what disturbs the machine disturbs both.
 *            A round in which other processes took more than 15 % of the machine is repeated, as far
 *            as patience goes; those that stayed disturbed are counted on the line.
 *            One line per ratio: name, min, median, max, and the medians of both rates.
 * Units      Rates are things per second.
 */
#ifndef BATON_BENCH_H
#define BATON_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BENCH_ROUNDS_MAX = 101 };

struct bench_side {
    const char *name;
    /* Does `count` things; false ends the run with an error. */
    bool (*run)(void *arg, uint64_t count);
    void *arg;
    bool (*prepare)(void *arg, uint64_t count); /* before each run, not timed; may be NULL */
    const double *apart_s; /* seconds of the run just ended that do not count; may be NULL */
};

struct bench_ratio {
    double min, median, max; /* of A's rate over B's, per round */
    double a_per_s, b_per_s; /* medians */
};

struct bench_options {
    unsigned rounds;
    bool is_short; /* counts are small: for correctness, not for figures */
    const char *dir;
};

/* --short, --rounds N, --dir PATH. False: wrong usage, said on stderr. */
bool bench_options_parse(int argc, char **argv, struct bench_options *ret_options);
bool bench_compare(const struct bench_options *o, const char *name, uint64_t count,
                   const struct bench_side *a, const struct bench_side *b,
                   struct bench_ratio *ret_ratio);
double bench_now_s(void);

#endif
