/* What two servers would export, object by object, in 24 bytes each. */
#include <stdlib.h>
#include <string.h>

#include "exports_private.h"

enum { FIRST_SLOTS = 4096 };

/* Two independent hashes of the anchor, so that no two objects of a real directory share a key. */
struct entry {
    uint64_t high, low; /* both zero: free */
    uint64_t digest;    /* lowest two bits: which servers have it */
};
_Static_assert(sizeof(struct entry) == EXPORTS_ENTRY_BYTES, "as the header says");

enum { IN_OLD = 1, IN_NEW = 2, DIGEST_MASK = 3 };

struct exports_index {
    struct entry *slot;
    size_t slots, used;
    bool second;
    uint64_t equal, different, only_new;
    struct exports_samples new_samples, different_samples;
};

struct exports_index *
exports_index_new(void)
{
    struct exports_index *x = calloc(1, sizeof *x);
    if (x == NULL)
        return NULL;
    x->slots = FIRST_SLOTS;
    x->slot = calloc(x->slots, sizeof *x->slot);
    if (x->slot == NULL) {
        free(x);
        return NULL;
    }
    return x;
}

void
exports_index_free(struct exports_index **x)
{
    if (*x == NULL)
        return;
    free((*x)->slot);
    free(*x);
    *x = NULL;
}

void
exports_index_second(struct exports_index *x)
{
    x->second = true;
}

static struct entry
key_of(const char *text)
{
    struct entry k = {.high = 0x9e3779b97f4a7c15u, .low = 0xcbf29ce484222325u};
    for (; *text != '\0'; text++) {
        k.low = (k.low ^ (uint8_t)*text) * 0x100000001b3u;
        k.high = (k.high + (uint8_t)*text) * 0xd6e8feb86659fd93u;
        k.high ^= k.high >> 29;
    }
    k.low |= k.high == 0 && k.low == 0;
    return k;
}

static struct entry *
find(struct entry *slot, size_t slots, const struct entry *key)
{
    size_t at = (size_t)(key->low ^ key->high >> 17) & (slots - 1);
    while ((slot[at].high != 0 || slot[at].low != 0) &&
           (slot[at].high != key->high || slot[at].low != key->low))
        at = (at + 1) & (slots - 1);
    return &slot[at];
}

static bool
is_free(const struct entry *e)
{
    return e->high == 0 && e->low == 0;
}

/* Twice as long in the same memory, so that never two tables exist. Entries are put anew in their order,
 * behind a free slot first: what an entry could be kept from its place by has then been put already. */
static bool
grow(struct exports_index *x)
{
    size_t old = x->slots, start = 0;
    struct entry *slot = realloc(x->slot, 2 * old * sizeof *slot);
    if (slot == NULL)
        return false;
    memset(slot + old, 0, old * sizeof *slot);
    x->slot = slot;
    x->slots = 2 * old;
    while (!is_free(&slot[start]))
        start++;
    for (size_t n = 1; n < old; n++) {
        struct entry *from = &slot[(start + n) & (old - 1)], e = *from;
        if (is_free(from))
            continue;
        *from = (struct entry){0};
        *find(slot, x->slots, &e) = e;
    }
    return true;
}

static bool
make_room(struct exports_index *x)
{
    return x->used + 1 <= x->slots / 8 * 7 || grow(x);
}

static void
compare(struct exports_index *x, struct entry *e, const struct csexport_object *o, uint64_t digest)
{
    if ((e->digest & IN_NEW) != 0)
        return; /* named twice in the new server's files: judged once */
    if ((e->digest & IN_OLD) == 0) {
        x->only_new++;
        exports_sample(&x->new_samples, 0, o);
    } else if ((e->digest & ~(uint64_t)DIGEST_MASK) == digest) {
        x->equal++;
    } else {
        x->different++;
        exports_sample(&x->different_samples, 0, o);
    }
    e->digest |= IN_NEW;
}

bool
exports_index_take(struct exports_index *x, const struct csexport_object *o)
{
    struct entry key = key_of(o->anchor[0] != '\0' ? o->anchor : o->dn);
    uint64_t digest = o->digest & ~(uint64_t)DIGEST_MASK;
    if (!make_room(x))
        return false;
    struct entry *e = find(x->slot, x->slots, &key);
    if (is_free(e)) {
        *e = key;
        x->used++;
    }
    if (x->second)
        compare(x, e, o, digest);
    else
        e->digest = digest | IN_OLD;
    return true;
}

void
exports_index_difference(const struct exports_index *x, struct exports_difference *ret_difference)
{
    *ret_difference = (struct exports_difference){.equal = x->equal,
                                                  .different = x->different,
                                                  .only_new = x->only_new,
                                                  .new_samples = x->new_samples,
                                                  .different_samples = x->different_samples};
    for (size_t i = 0; i < x->slots; i++)
        ret_difference->only_old += (x->slot[i].digest & DIGEST_MASK) == IN_OLD;
}
