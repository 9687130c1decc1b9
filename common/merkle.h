/* merkle.h: the tree over the audit log, as RFC 6962 hashes it.
 *
 *                root(5)                  A frontier keeps one hash per set bit of size: here
 *              /         \                node[2] (four leaves) and node[0] (one leaf). Appending
 *           n            l4               is adding one in binary, with a carry that hashes.
 *        /     \
 *       n       n                         leaf = SHA-256(0x00 || record)
 *      / \     / \                        node = SHA-256(0x01 || left || right)
 *     l0  l1  l2  l3                      root of nothing = SHA-256("")
 *
 * Limits     2^63 leaves; proofs of at most MERKLE_PROOF_MAX hashes. Making a proof reads each leaf
 *            hash at most once; checking one needs nothing but the proof.
 * Errors     Making: BATON_USAGE (index or size out of range), or what the leaf source answers.
 *            Decoding: BATON_MALFORMED. Checking: false.
 * Threads    Reentrant. No allocation.
 * Source     RFC 6962 section 2.1; the checks are those of RFC 9162 sections 2.1.3.2 and 2.1.4.2.
 */
#ifndef COMMON_MERKLE_H
#define COMMON_MERKLE_H

#include "baton/ids.h"

enum {
    MERKLE_LEVELS = 63,
    MERKLE_PROOF_MAX = 64,
    MERKLE_FRONTIER_BYTES_MAX = 8 + MERKLE_LEVELS * BATON_HASH_BYTES,
    CHECKPOINT_BYTES = 8 + BATON_HASH_BYTES + 8,
};

void merkle_leaf(const void *record, size_t len, struct baton_hash *ret_hash);
void merkle_node(const struct baton_hash *left, const struct baton_hash *right,
                 struct baton_hash *ret_hash);

struct merkle_frontier {
    uint64_t size;
    struct baton_hash node[MERKLE_LEVELS]; /* node[i] counts when bit i of size is set */
};

void merkle_init(struct merkle_frontier *f);
void merkle_append(struct merkle_frontier *f, const struct baton_hash *leaf);
void merkle_root(const struct merkle_frontier *f, struct baton_hash *ret_root);
/* size, then the hashes of its set bits, highest level first. */
size_t merkle_frontier_encode(const struct merkle_frontier *f,
                              uint8_t out[MERKLE_FRONTIER_BYTES_MAX]);
enum baton_status merkle_frontier_decode(const uint8_t *bytes, size_t len,
                                         struct merkle_frontier *ret_frontier) BATON_MUST_USE;

struct merkle_source { /* where the leaf hashes are */
    void *ctx;
    enum baton_status (*leaf)(void *ctx, uint64_t index, struct baton_hash *ret_hash);
};

struct merkle_proof {
    uint8_t count;
    struct baton_hash hash[MERKLE_PROOF_MAX];
};

/* A source over an array of leaf hashes that outlives it. */
struct merkle_source merkle_array(const struct baton_hash *leaves);

/* Root over `count` leaves from `first`: one subtree, or the whole tree. */
enum baton_status merkle_range(const struct merkle_source *s, uint64_t first, uint64_t count,
                               struct baton_hash *ret_root) BATON_MUST_USE;
enum baton_status merkle_inclusion(const struct merkle_source *s, uint64_t index, uint64_t size,
                                   struct merkle_proof *ret_proof) BATON_MUST_USE;
enum baton_status merkle_consistency(const struct merkle_source *s, uint64_t old_size,
                                     uint64_t new_size,
                                     struct merkle_proof *ret_proof) BATON_MUST_USE;

bool merkle_inclusion_holds(const struct merkle_proof *p, uint64_t index, uint64_t size,
                            const struct baton_hash *leaf, const struct baton_hash *root);
/* From size 0 the proof is empty and the old root that of nothing. */
bool merkle_consistency_holds(const struct merkle_proof *p, uint64_t old_size, uint64_t new_size,
                              const struct baton_hash *old_root, const struct baton_hash *new_root);

/* What a controller signs under DOMAIN_CHECKPOINT: size, root, wall time. */
void checkpoint_bytes(uint64_t size, const struct baton_hash *root, uint64_t unix_ms,
                      uint8_t out[CHECKPOINT_BYTES]);

#endif
