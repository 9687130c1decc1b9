#include "common/merkle.h"

#include "common/canon.h"
#include "common/sha256.h"

#include <string.h>

static const uint64_t size_max = (uint64_t)1 << 62;

static bool
bit(uint64_t size, size_t level)
{
    return (size >> level & 1) != 0;
}

void
merkle_leaf(const void *record, size_t len, struct baton_hash *ret_hash)
{
    static const uint8_t prefix = 0x00;
    struct sha256 s;
    sha256_init(&s);
    sha256_update(&s, &prefix, 1);
    sha256_update(&s, record, len);
    sha256_final(&s, ret_hash);
}

void
merkle_node(const struct baton_hash *left, const struct baton_hash *right,
            struct baton_hash *ret_hash)
{
    static const uint8_t prefix = 0x01;
    struct sha256 s;
    sha256_init(&s);
    sha256_update(&s, &prefix, 1);
    sha256_update(&s, left->b, sizeof left->b);
    sha256_update(&s, right->b, sizeof right->b);
    sha256_final(&s, ret_hash);
}

void
merkle_init(struct merkle_frontier *f)
{
    memset(f, 0, sizeof *f);
}

void
merkle_append(struct merkle_frontier *f, const struct baton_hash *leaf)
{
    BATON_ASSERT(f->size < size_max);
    struct baton_hash carry = *leaf;
    size_t level = 0;
    for (; bit(f->size, level); level++)
        merkle_node(&f->node[level], &carry, &carry);
    f->node[level] = carry;
    f->size++;
}

void
merkle_root(const struct merkle_frontier *f, struct baton_hash *ret_root)
{
    bool any = false;
    sha256_of(NULL, 0, ret_root);
    for (size_t level = 0; level < MERKLE_LEVELS; level++) {
        if (!bit(f->size, level))
            continue;
        if (any)
            merkle_node(&f->node[level], ret_root, ret_root);
        else
            *ret_root = f->node[level];
        any = true;
    }
}

size_t
merkle_frontier_encode(const struct merkle_frontier *f, uint8_t out[MERKLE_FRONTIER_BYTES_MAX])
{
    struct canon_writer w;
    size_t len;
    canon_writer_init(&w, out, MERKLE_FRONTIER_BYTES_MAX);
    canon_put_u64(&w, f->size);
    for (size_t level = MERKLE_LEVELS; level-- > 0;)
        if (bit(f->size, level))
            canon_put_hash(&w, &f->node[level]);
    BATON_ASSERT(canon_finish(&w, &len) == BATON_OK);
    return len;
}

enum baton_status
merkle_frontier_decode(const uint8_t *bytes, size_t len, struct merkle_frontier *ret_frontier)
{
    struct canon_reader r;
    struct merkle_frontier f;
    merkle_init(&f);
    canon_reader_init(&r, bytes, len);
    f.size = canon_get_u64(&r);
    canon_require(&r, f.size <= size_max);
    for (size_t level = MERKLE_LEVELS; level-- > 0;)
        if (bit(f.size, level))
            f.node[level] = canon_get_hash(&r);
    if (!canon_finished(&r))
        return BATON_MALFORMED;
    *ret_frontier = f;
    return BATON_OK;
}

static enum baton_status
array_leaf(void *ctx, uint64_t index, struct baton_hash *ret_hash)
{
    const struct baton_hash *leaves = ctx;
    *ret_hash = leaves[index];
    return BATON_OK;
}

struct merkle_source
merkle_array(const struct baton_hash *leaves)
{
    return (struct merkle_source){(void *)leaves, array_leaf};
}

enum baton_status
merkle_range(const struct merkle_source *s, uint64_t first, uint64_t count,
             struct baton_hash *ret_root)
{
    if (count > size_max || first > size_max - count)
        return BATON_USAGE;
    struct merkle_frontier f;
    merkle_init(&f);
    for (uint64_t i = 0; i < count; i++) {
        struct baton_hash leaf;
        enum baton_status rc = s->leaf(s->ctx, first + i, &leaf);
        if (rc != BATON_OK)
            return rc;
        merkle_append(&f, &leaf);
    }
    merkle_root(&f, ret_root);
    return BATON_OK;
}

/* The largest power of two below n (n > 1): where RFC 6962 splits n leaves. */
static uint64_t
split_of(uint64_t n)
{
    uint64_t k = 1;
    while (k < n - k)
        k += k;
    return k;
}

static enum baton_status
proof_add(struct merkle_proof *p, const struct merkle_source *s, uint64_t first, uint64_t count)
{
    BATON_ASSERT(p->count < MERKLE_PROOF_MAX);
    return merkle_range(s, first, count, &p->hash[p->count++]);
}

/* Proofs are found from the root down and written from the leaf up. */
static void
proof_reverse(struct merkle_proof *p)
{
    for (size_t i = 0, j = p->count; i + 1 < j; i++) {
        struct baton_hash swap = p->hash[i];
        p->hash[i] = p->hash[--j];
        p->hash[j] = swap;
    }
}

enum baton_status
merkle_inclusion(const struct merkle_source *s, uint64_t index, uint64_t size,
                 struct merkle_proof *ret_proof)
{
    if (index >= size || size > size_max)
        return BATON_USAGE;
    struct merkle_proof p = {0};
    uint64_t first = 0;
    while (size > 1) {
        uint64_t k = split_of(size);
        bool left = index - first < k;
        enum baton_status rc =
            left ? proof_add(&p, s, first + k, size - k) : proof_add(&p, s, first, k);
        if (rc != BATON_OK)
            return rc;
        first += left ? 0 : k;
        size = left ? k : size - k;
    }
    proof_reverse(&p);
    *ret_proof = p;
    return BATON_OK;
}

enum baton_status
merkle_consistency(const struct merkle_source *s, uint64_t old_size, uint64_t new_size,
                   struct merkle_proof *ret_proof)
{
    if (old_size > new_size || new_size > size_max)
        return BATON_USAGE;
    struct merkle_proof p = {0};
    uint64_t first = 0, m = old_size, n = new_size;
    bool whole = true; /* the subtree is one that the old root already names */
    while (old_size > 0 && m < n) {
        uint64_t k = split_of(n);
        bool left = m <= k;
        enum baton_status rc =
            left ? proof_add(&p, s, first + k, n - k) : proof_add(&p, s, first, k);
        if (rc != BATON_OK)
            return rc;
        whole = whole && left;
        first += left ? 0 : k;
        n = left ? k : n - k;
        m = left ? m : m - k;
    }
    if (!whole) {
        enum baton_status rc = proof_add(&p, s, first, m);
        if (rc != BATON_OK)
            return rc;
    }
    proof_reverse(&p);
    *ret_proof = p;
    return BATON_OK;
}

/* Skips the levels on which the node at *n is an only child of the last, incomplete subtree. */
static void
climb_lone(uint64_t *n, uint64_t *last)
{
    while (!bit(*n, 0) && *n != 0) {
        *n >>= 1;
        *last >>= 1;
    }
}

bool
merkle_inclusion_holds(const struct merkle_proof *p, uint64_t index, uint64_t size,
                       const struct baton_hash *leaf, const struct baton_hash *root)
{
    if (index >= size || p->count > MERKLE_PROOF_MAX)
        return false;
    struct baton_hash r = *leaf;
    uint64_t n = index, last = size - 1;
    for (size_t i = 0; i < p->count; i++) {
        if (last == 0)
            return false;
        if (bit(n, 0) || n == last) {
            merkle_node(&p->hash[i], &r, &r);
            climb_lone(&n, &last);
        } else {
            merkle_node(&r, &p->hash[i], &r);
        }
        n >>= 1;
        last >>= 1;
    }
    return last == 0 && baton_hash_eq(&r, root);
}

/* Both roots out of one path: the old one takes only the left neighbours. */
static bool
consistency_walk(const struct merkle_proof *p, size_t from, uint64_t n, uint64_t last,
                 struct baton_hash *old_root, struct baton_hash *new_root)
{
    for (size_t i = from; i < p->count; i++) {
        if (last == 0)
            return false;
        if (bit(n, 0) || n == last) {
            merkle_node(&p->hash[i], old_root, old_root);
            merkle_node(&p->hash[i], new_root, new_root);
            climb_lone(&n, &last);
        } else {
            merkle_node(new_root, &p->hash[i], new_root);
        }
        n >>= 1;
        last >>= 1;
    }
    return last == 0;
}

static bool
consistency_trivial(const struct merkle_proof *p, uint64_t old_size,
                    const struct baton_hash *old_root, const struct baton_hash *new_root)
{
    struct baton_hash nothing;
    sha256_of(NULL, 0, &nothing);
    const struct baton_hash *expected = old_size == 0 ? &nothing : new_root;
    return p->count == 0 && baton_hash_eq(old_root, expected);
}

bool
merkle_consistency_holds(const struct merkle_proof *p, uint64_t old_size, uint64_t new_size,
                         const struct baton_hash *old_root, const struct baton_hash *new_root)
{
    if (old_size > new_size || p->count > MERKLE_PROOF_MAX)
        return false;
    if (old_size == 0 || old_size == new_size)
        return consistency_trivial(p, old_size, old_root, new_root);

    uint64_t n = old_size - 1, last = new_size - 1;
    while (bit(n, 0)) {
        n >>= 1;
        last >>= 1;
    }
    bool old_is_node = n == 0; /* old_size is a power of two: its root is where the path starts */
    if (!old_is_node && p->count == 0)
        return false;
    struct baton_hash o = old_is_node ? *old_root : p->hash[0], w = o;
    return consistency_walk(p, old_is_node ? 0 : 1, n, last, &o, &w) &&
           baton_hash_eq(&o, old_root) && baton_hash_eq(&w, new_root);
}

void
checkpoint_bytes(uint64_t size, const struct baton_hash *root, uint64_t unix_ms,
                 uint8_t out[CHECKPOINT_BYTES])
{
    struct canon_writer w;
    size_t len;
    canon_writer_init(&w, out, CHECKPOINT_BYTES);
    canon_put_u64(&w, size);
    canon_put_hash(&w, root);
    canon_put_u64(&w, unix_ms);
    BATON_ASSERT(canon_finish(&w, &len) == BATON_OK && len == CHECKPOINT_BYTES);
}
