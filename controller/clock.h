/* clock.h: the one real clock: monotonic for every decision, wall time for people. */
#ifndef BATON_CLOCK_H
#define BATON_CLOCK_H

#include <stdint.h>

uint64_t clock_mono_ms(void *ctx);
uint64_t clock_unix_ms(void *ctx);

#endif
