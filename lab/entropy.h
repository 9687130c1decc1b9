/* entropy.h: where the lab's identities come from: the system, or the seed of a simulation. */
#ifndef LAB_ENTROPY_H
#define LAB_ENTROPY_H

#include <stddef.h>

void entropy_fill(void *out, size_t len);

#endif
