/* Secrets: keys of everybody are canaries; none may stand in what leaves a program or lies on a disk (I8). */
#define _GNU_SOURCE /* nftw */
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

enum { NEEDLE_BYTES = 64, NEEDLES_MAX = 64, TREE_FILES = 16 };

struct needle {
    uint8_t bytes[NEEDLE_BYTES];
    size_t len;
};

/* A run reads megabytes. The shortest needle has PROBE_EVERY places at which GRAM_BYTES of it begin, so that one
 * look at every so many bytes meets each needle somewhere inside. */
enum {
    GRAM_BYTES = 4,
    PROBE_EVERY = SEED_BYTES - GRAM_BYTES + 1,
    GRAMS_MAX = NEEDLES_MAX * NEEDLE_BYTES,
    PLACES = 1 << 16
};

struct gram { /* which bytes of which needle */
    const struct needle *needle;
    size_t offset;
    uint16_t next; /* of the same place; 0: none, else one more than its number */
};

static struct {
    struct needle item[NEEDLES_MAX];
    size_t count;
    struct gram gram[GRAMS_MAX];
    size_t gram_count;
    uint16_t first[PLACES];
} known;

static uint16_t *
place_of(const uint8_t *b)
{
    uint32_t gram;
    memcpy(&gram, b, sizeof gram);
    return &known.first[gram * 0x9e3779b1u >> 16];
}

static void
add_grams(const struct needle *n)
{
    for (size_t i = 0; i + GRAM_BYTES <= n->len; i++) {
        uint16_t *first = place_of(n->bytes + i);
        BATON_ASSERT(known.gram_count < GRAMS_MAX);
        known.gram[known.gram_count++] = (struct gram){n, i, *first};
        *first = (uint16_t)known.gram_count;
    }
}

static void
add(const void *bytes, size_t len)
{
    BATON_ASSERT(known.count < NEEDLES_MAX && len <= NEEDLE_BYTES && len >= SEED_BYTES);
    struct needle *n = &known.item[known.count++];
    memcpy(n->bytes, bytes, len);
    n->len = len;
    add_grams(n);
}

/* As it is, as digits, and as base64 without its last characters, which depend on what follows. */
static void
add_forms(const uint8_t seed[SEED_BYTES])
{
    char hex[2 * SEED_BYTES + 1], text[SEED_BYTES * 2];
    enum { WHOLE_TEXT = SEED_BYTES / 3 * 4 };
    add(seed, SEED_BYTES);
    sodium_bin2hex(hex, sizeof hex, seed, SEED_BYTES);
    add(hex, 2 * SEED_BYTES);
    sodium_bin2base64(text, sizeof text, seed, SEED_BYTES,
                      sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    add(text, WHOLE_TEXT);
}

void
secret_open(const struct sim *s)
{
    known.count = 0;
    known.gram_count = 0;
    memset(known.first, 0, sizeof known.first);
    add_forms(s->controller.secret->sign);
    add_forms(s->controller.secret->curve);
    add_forms(s->controller.secret->box);
    add_forms(s->root.secret);
    for (size_t i = 0; i < PEOPLE; i++)
        add_forms(s->person[i].secret);
    for (size_t k = 0; k < SIDES; k++) {
        add_forms(s->realm[0].node[k].seeds.sign);
        add_forms(s->realm[0].node[k].seeds.curve);
        add_forms(s->realm[0].node[k].seeds.box);
    }
}

/* Whether a needle of which something may stand at this place stands there whole. */
static bool
stands_around(const uint8_t *b, size_t len, size_t at)
{
    for (uint16_t i = *place_of(b + at); i != 0; i = known.gram[i - 1].next) {
        const struct gram *g = &known.gram[i - 1];
        if (g->offset <= at && g->needle->len <= len - (at - g->offset) &&
            memcmp(b + at - g->offset, g->needle->bytes, g->needle->len) == 0)
            return true;
    }
    return false;
}

void
secret_look(struct sim *s, const char *where, const void *bytes, size_t len)
{
    for (size_t at = 0; at + GRAM_BYTES <= len; at += PROBE_EVERY)
        if (stands_around(bytes, len, at))
            sim_fail(s, "I8", "a secret key stands in %s", where);
}

static int
look_into(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    FILE *f = kind == FTW_F && st->st_size > 0 ? fopen(path, "rb") : NULL;
    (void)at;
    if (f == NULL)
        return 0;
    uint8_t *bytes = malloc((size_t)st->st_size);
    BATON_ASSERT(bytes != NULL);
    size_t len = fread(bytes, 1, (size_t)st->st_size, f);
    secret_look(sim_now, strrchr(path, '/') + 1, bytes, len);
    free(bytes);
    return fclose(f);
}

void
secret_look_at_disks(const struct sim *s)
{
    (void)nftw(s->dir, look_into, TREE_FILES, FTW_PHYS);
}
