/* arena.h: memory that is given back all at once, with a lid.
 *
 * Shape      Blocks of malloc; what was handed out stays where it is until arena_free.
 * Limits     ARENA_BYTES_MAX for one message: protobuf-c can grow 64 KiB of hostile bytes by forty.
 * Errors     NULL when the lid or memory is reached; arena_full tells which.
 */
#ifndef BATON_ARENA_H
#define BATON_ARENA_H

#include "baton/status.h"

enum { ARENA_BYTES_MAX = 1024 * 1024 };

struct arena;

struct arena *arena_new(size_t first_bytes);      /* NULL: out of memory */
void *arena_alloc(struct arena *a, size_t bytes); /* zeroed, aligned for anything */
bool arena_full(const struct arena *a);
void arena_free(struct arena **a);

#endif
