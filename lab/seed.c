#include "seed.h"

static const uint64_t gamma_step = 0x9e3779b97f4a7c15u;

uint64_t
seed_mix(uint64_t x)
{
    x += gamma_step;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

uint64_t
seed_text(const char *text)
{
    uint64_t seed = 0;
    for (const char *c = text; *c != '\0'; c++)
        seed = seed_mix(seed ^ (uint8_t)*c);
    return seed;
}

struct seed
seed_of(uint64_t a, uint64_t b)
{
    return (struct seed){seed_mix(seed_mix(a) ^ b)};
}

uint64_t
seed_next(struct seed *s)
{
    uint64_t out = seed_mix(s->state);
    s->state += gamma_step;
    return out;
}

uint64_t
seed_below(struct seed *s, uint64_t limit)
{
    return seed_next(s) % limit;
}

bool
seed_one_in(struct seed *s, uint64_t n)
{
    return seed_below(s, n) == 0;
}
