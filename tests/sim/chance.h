/* chance.h: everything that is random in a run, from its seed.
 *
 * Shape      One stream for each purpose, so that a family of faults that is switched off takes nothing
 *            from the draws of another. libsodium's own chance is one of them.
 */
#ifndef SIM_CHANCE_H
#define SIM_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};

struct chance chance_of_seed(uint64_t seed, uint64_t purpose);
uint64_t chance_next(struct chance *c);
uint64_t chance_below(struct chance *c, uint64_t n); /* 0 .. n - 1; n above 0 */
uint64_t chance_between(struct chance *c, uint64_t least, uint64_t most);
bool chance_hits(struct chance *c, unsigned per_mille);

/* Keys, nonces and identities of programs and servers come from here from now on. */
void chance_take_over(void); /* once, before libsodium starts */
void chance_begin(uint64_t seed, bool seeds_nothing);
void chance_bytes(void *out, size_t len);

#endif
