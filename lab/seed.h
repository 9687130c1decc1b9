/* seed.h: numbers that follow from a seed, the same on every machine.
 *
 * Shape      seed_mix scrambles one number; a struct seed is a stream of them. Integers only, so that
 *            no compiler and no processor rounds differently. Not for secrets.
 * Source     SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
 */
#ifndef LAB_SEED_H
#define LAB_SEED_H

#include <stdbool.h>
#include <stdint.h>

struct seed {
    uint64_t state;
};

uint64_t seed_mix(uint64_t x);
uint64_t seed_text(const char *text); /* a seed of a name */

struct seed seed_of(uint64_t a, uint64_t b); /* one stream per pair */
uint64_t seed_next(struct seed *s);
uint64_t seed_below(struct seed *s, uint64_t limit); /* 0 to limit - 1; limit > 0 */
bool seed_one_in(struct seed *s, uint64_t n);

#endif
