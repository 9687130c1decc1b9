/* hash_set.h: a set of SHA-256 values with one byte of the caller's beside each.
 *
 * Errors     BATON_NOMEM.
 * Ownership  hash_set_init, hash_set_done.
 */
#ifndef BATON_HASH_SET_H
#define BATON_HASH_SET_H

#include "baton/ids.h"

struct hash_set_slot {
    struct baton_hash hash;
    bool used;
    uint8_t mark;
};

struct hash_set {
    struct hash_set_slot *slot;
    size_t slot_count, count; /* slot_count is a power of two or 0 */
};

void hash_set_init(struct hash_set *s);
void hash_set_done(struct hash_set *s);
/* The caller's byte for this hash, or NULL. Valid until the next hash_set_add. */
uint8_t *hash_set_find(const struct hash_set *s, const struct baton_hash *hash);
enum baton_status hash_set_add(struct hash_set *s, const struct baton_hash *hash,
                               uint8_t mark) BATON_MUST_USE;

#endif
