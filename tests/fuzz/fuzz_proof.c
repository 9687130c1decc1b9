/* Proofs over the audit log: of real trees, with one thing of them changed, and of bytes alone. */
#include "fuzz.h"

#include "common/merkle.h"

enum { LEAVES = 64 };

struct bytes {
    const uint8_t *at;
    size_t len;
};

static uint64_t
take(struct bytes *b, size_t width)
{
    uint64_t n = 0;
    for (size_t i = 0; i < width && b->len > 0; i++, b->at++, b->len--)
        n = n << 8 | *b->at;
    return n;
}

static struct baton_hash
take_hash(struct bytes *b)
{
    struct baton_hash h = {{0}};
    for (size_t i = 0; i < sizeof h.b && b->len > 0; i++)
        h.b[i] = (uint8_t)take(b, 1);
    return h;
}

static const struct baton_hash *
leaves(void)
{
    static struct baton_hash leaf[LEAVES];
    for (uint8_t i = 0; baton_hash_is_zero(&leaf[LEAVES - 1]) && i < LEAVES; i++)
        merkle_leaf(&i, 1, &leaf[i]);
    return leaf;
}

static struct baton_hash
root_of(uint64_t size)
{
    struct merkle_source s = merkle_array(leaves());
    struct merkle_frontier f;
    struct baton_hash root, again;
    merkle_init(&f);
    for (uint64_t i = 0; i < size; i++)
        merkle_append(&f, &leaves()[i]);
    merkle_root(&f, &root);
    FUZZ_CHECK(merkle_range(&s, 0, size, &again) == BATON_OK && baton_hash_eq(&root, &again));
    return root;
}

/* Changes one thing; false when there is nothing to change. */
static bool
change(struct merkle_proof *p, struct bytes *b)
{
    if (take(b, 1) & 1 && p->count < MERKLE_PROOF_MAX) {
        p->hash[p->count++] = take_hash(b);
        return true;
    }
    if (p->count == 0)
        return false;
    if (take(b, 1) & 1)
        p->count--;
    else
        p->hash[take(b, 1) % p->count].b[take(b, 1) % BATON_HASH_BYTES] ^=
            (uint8_t)(1 + take(b, 1) % 255);
    return true;
}

static void
of_a_tree(struct bytes *b)
{
    uint64_t size = 1 + take(b, 1) % LEAVES, index = take(b, 1) % size,
             older = take(b, 1) % (size + 1);
    struct merkle_source s = merkle_array(leaves());
    struct baton_hash root = root_of(size), old_root = root_of(older);
    struct merkle_proof p;
    FUZZ_CHECK(merkle_inclusion(&s, index, size, &p) == BATON_OK);
    FUZZ_CHECK(merkle_inclusion_holds(&p, index, size, &leaves()[index], &root));
    if (change(&p, b))
        FUZZ_CHECK(!merkle_inclusion_holds(&p, index, size, &leaves()[index], &root));
    FUZZ_CHECK(merkle_consistency(&s, older, size, &p) == BATON_OK);
    FUZZ_CHECK(merkle_consistency_holds(&p, older, size, &old_root, &root));
    if (change(&p, b))
        FUZZ_CHECK(!merkle_consistency_holds(&p, older, size, &old_root, &root));
}

static void
of_bytes(struct bytes *b)
{
    struct merkle_proof p = {.count = (uint8_t)take(b, 1)};
    uint64_t index = take(b, 8), size = take(b, 8);
    struct baton_hash leaf = take_hash(b), root = take_hash(b);
    for (size_t i = 0; i < MERKLE_PROOF_MAX; i++)
        p.hash[i] = take_hash(b);
    if (merkle_inclusion_holds(&p, index, size, &leaf, &root))
        FUZZ_CHECK(index < size && p.count <= MERKLE_PROOF_MAX);
    if (merkle_consistency_holds(&p, index, size, &leaf, &root))
        FUZZ_CHECK(index <= size && p.count <= MERKLE_PROOF_MAX);
}

static void
of_a_frontier(const struct bytes *b)
{
    struct merkle_frontier f;
    struct baton_hash root;
    uint8_t again[MERKLE_FRONTIER_BYTES_MAX];
    if (merkle_frontier_decode(b->at, b->len, &f) != BATON_OK)
        return;
    merkle_root(&f, &root);
    FUZZ_CHECK(merkle_frontier_encode(&f, again) == b->len && memcmp(again, b->at, b->len) == 0);
}

static void
run(const char *text, size_t len)
{
    struct bytes b = {(const uint8_t *)text, len};
    switch (take(&b, 1) % 3) {
    case 0:
        of_a_tree(&b);
        break;
    case 1:
        of_bytes(&b);
        break;
    default:
        of_a_frontier(&b);
        break;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
