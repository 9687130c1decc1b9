#include "chance.h"

#include <sodium.h>
#include <string.h>
#include <time.h>

#include "lab/entropy.h"

struct chance
chance_of_seed(uint64_t seed, uint64_t purpose)
{
    struct chance c = {seed * 0x9e3779b97f4a7c15u + purpose * 0xd1b54a32d192ed03u};
    (void)chance_next(&c);
    return c;
}

/* splitmix64, by Sebastiano Vigna, in the public domain */
uint64_t
chance_next(struct chance *c)
{
    uint64_t z = (c->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t
chance_below(struct chance *c, uint64_t n)
{
    return chance_next(c) % n;
}

uint64_t
chance_between(struct chance *c, uint64_t least, uint64_t most)
{
    return least + chance_below(c, most - least + 1);
}

bool
chance_hits(struct chance *c, unsigned per_mille)
{
    return chance_below(c, 1000) < per_mille;
}

/* --- in place of the system's ------------------------------------------------------------------ */

static struct chance programs;
static bool real; /* the world of real-chance */

void
chance_bytes(void *out, size_t len)
{
    uint8_t *p = out;
    if (real)
        programs.state ^= (uint64_t)clock();
    while (len > 0) {
        uint64_t word = chance_next(&programs);
        size_t n = len < sizeof word ? len : sizeof word;
        memcpy(p, &word, n);
        p += n;
        len -= n;
    }
}

void
entropy_fill(void *out, size_t len)
{
    chance_bytes(out, len);
}

static const char *
source_name(void)
{
    return "seed";
}

static uint32_t
source_random(void)
{
    return (uint32_t)chance_next(&programs);
}

void
chance_take_over(void)
{
    static struct randombytes_implementation seeded = {
        .implementation_name = source_name, .random = source_random, .buf = chance_bytes};
    (void)randombytes_set_implementation(&seeded);
}

void
chance_begin(uint64_t seed, bool seeds_nothing)
{
    programs = chance_of_seed(seed, 0);
    real = seeds_nothing;
}
