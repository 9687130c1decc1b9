#include "common/audit/hash_set.h"
#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 1024 };

void
hash_set_init(struct hash_set *s)
{
    *s = (struct hash_set){0};
}

void
hash_set_done(struct hash_set *s)
{
    free(s->slot);
    *s = (struct hash_set){0};
}

/* The slot of this hash, or the free one where it would go. SHA-256 spreads by itself. */
static struct hash_set_slot *
slot_of(const struct hash_set *s, const struct baton_hash *hash)
{
    uint64_t h;
    memcpy(&h, hash->b, sizeof h);
    size_t at = (size_t)h & (s->slot_count - 1);
    while (s->slot[at].used && !baton_hash_eq(&s->slot[at].hash, hash))
        at = (at + 1) & (s->slot_count - 1);
    return &s->slot[at];
}

uint8_t *
hash_set_find(const struct hash_set *s, const struct baton_hash *hash)
{
    if (s->slot_count == 0)
        return NULL;
    struct hash_set_slot *slot = slot_of(s, hash);
    return slot->used ? &slot->mark : NULL;
}

static enum baton_status
set_grow(struct hash_set *s)
{
    struct hash_set old = *s;
    s->slot_count = old.slot_count == 0 ? SLOTS_FIRST : old.slot_count * 2;
    s->slot = calloc(s->slot_count, sizeof *s->slot);
    if (s->slot == NULL) {
        *s = old;
        return BATON_NOMEM;
    }
    for (size_t i = 0; i < old.slot_count; i++)
        if (old.slot[i].used)
            *slot_of(s, &old.slot[i].hash) = old.slot[i];
    free(old.slot);
    return BATON_OK;
}

enum baton_status
hash_set_add(struct hash_set *s, const struct baton_hash *hash, uint8_t mark)
{
    if ((s->count + 1) * 3 > s->slot_count * 2) {
        enum baton_status rc = set_grow(s);
        if (rc != BATON_OK)
            return rc;
    }
    struct hash_set_slot *slot = slot_of(s, hash);
    if (!slot->used)
        s->count++;
    *slot = (struct hash_set_slot){.hash = *hash, .used = true, .mark = mark};
    return BATON_OK;
}
