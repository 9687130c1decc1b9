/* second_copy.h: what must survive the loss of the agent's database: the tombstone, and the highest
 * trust document this agent has accepted. A file of its own beside it, and where the system has one a
 * second place (copy_place.h): of the two, what forbids more counts.
 *
 * Shape      magic 8 "BTNTOMB1" | tombstone 1 | epoch 24 | recipient 32 | trust version 4 |
 *            trust hash 32 | SHA-256 of all before.
 *            One that is there and damaged, or lies where others can write, counts as a tombstone: it may only
 *            refuse.
 * Errors     BATON_IO, BATON_FULL, BATON_DENIED. Reading when there is none: an empty copy.
 * Source     protocol 1, 5.
 */
#ifndef AGENT_SECOND_COPY_H
#define AGENT_SECOND_COPY_H

#include "baton/ids.h"

struct second_copy {
    bool tombstone;
    struct epoch epoch;
    struct baton_key recipient;
    uint32_t trust_version;
    struct baton_hash trust_hash;
};

/* ret_whole: every place has it, and the same; else it is to be written again. */
enum baton_status second_copy_read(const char *path, struct second_copy *ret_copy, bool *ret_whole,
                                   struct baton_err *err) BATON_MUST_USE;
/* Whole and flushed, with its directory, or not at all; the file first. */
enum baton_status second_copy_write(const char *path, const struct second_copy *copy,
                                    struct baton_err *err) BATON_MUST_USE;
bool second_copy_eq(const struct second_copy *a, const struct second_copy *b);
/* A tombstone of either, the higher epoch, the higher trust document. */
struct second_copy second_copy_stricter(const struct second_copy *a, const struct second_copy *b);

#endif
