#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/merkle.h"
#include "common/sha256.h"
#include "sample.h"
#include "torture.h"

enum { LEAVES = 70 };

static struct baton_hash leaves[LEAVES];

static int
make_leaves(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEAVES; i++) {
        uint8_t record[3] = {'r', (uint8_t)i, 0};
        merkle_leaf(record, sizeof record, &leaves[i]);
    }
    return 0;
}

/* RFC 6962 section 2.1 word for word: MTH, PATH and SUBPROOF as recursive definitions. */
static size_t
power_below(size_t n)
{
    size_t k = 1;
    while (k * 2 < n)
        k *= 2;
    return k;
}

static struct baton_hash
definition_root(size_t from, size_t to)
{
    struct baton_hash h;
    if (from == to) {
        sha256_of("", 0, &h);
        return h;
    }
    if (to - from == 1)
        return leaves[from];
    size_t k = power_below(to - from);
    struct baton_hash l = definition_root(from, from + k), r = definition_root(from + k, to);
    uint8_t bytes[65] = {0x01};
    memcpy(bytes + 1, l.b, 32);
    memcpy(bytes + 33, r.b, 32);
    sha256_of(bytes, sizeof bytes, &h);
    return h;
}

static void
definition_path(size_t m, size_t from, size_t to, struct merkle_proof *p)
{
    if (to - from == 1)
        return;
    size_t k = power_below(to - from);
    if (m < k) {
        definition_path(m, from, from + k, p);
        p->hash[p->count++] = definition_root(from + k, to);
    } else {
        definition_path(m - k, from + k, to, p);
        p->hash[p->count++] = definition_root(from, from + k);
    }
}

static void
definition_subproof(size_t m, size_t from, size_t to, bool whole, struct merkle_proof *p)
{
    if (m == to - from) {
        if (!whole)
            p->hash[p->count++] = definition_root(from, to);
        return;
    }
    size_t k = power_below(to - from);
    if (m <= k) {
        definition_subproof(m, from, from + k, whole, p);
        p->hash[p->count++] = definition_root(from + k, to);
    } else {
        definition_subproof(m - k, from + k, to, false, p);
        p->hash[p->count++] = definition_root(from, from + k);
    }
}

static void
proofs_equal(const struct merkle_proof *a, const struct merkle_proof *b)
{
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->hash, b->hash, a->count * sizeof a->hash[0]);
}

static void
leaf_and_node_are_told_apart_by_their_first_byte(void **state)
{
    (void)state;
    struct baton_hash h, expected;
    merkle_leaf("abc", 3, &h);
    sha256_of("\x00"
              "abc",
              4, &expected);
    assert_true(baton_hash_eq(&h, &expected));
    merkle_leaf("", 0, &h); /* the vector of RFC 6962's reference tests */
    char hex[65];
    baton_hex(h.b, 32, hex);
    assert_string_equal(hex, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

static void
the_roots_of_the_well_known_test_tree_hold(void **state)
{
    (void)state;
    /* The eight inputs and roots that Certificate Transparency implementations test with. */
    static const char *const inputs[8] = {"",
                                          "00",
                                          "10",
                                          "2021",
                                          "3031",
                                          "40414243",
                                          "5051525354555657",
                                          "606162636465666768696a6b6c6d6e6f"};
    static const char *const roots[8] = {
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
    struct merkle_frontier f;
    merkle_init(&f);
    for (size_t i = 0; i < 8; i++) {
        uint8_t record[16];
        size_t n = strlen(inputs[i]) / 2;
        struct baton_hash leaf, root;
        char hex[65];
        assert_true(baton_unhex(inputs[i], record, n));
        merkle_leaf(record, n, &leaf);
        merkle_append(&f, &leaf);
        merkle_root(&f, &root);
        baton_hex(root.b, 32, hex);
        assert_string_equal(hex, roots[i]);
    }
}

static void
the_frontier_agrees_with_the_definition_at_every_size(void **state)
{
    (void)state;
    struct merkle_frontier f;
    struct merkle_source s = merkle_array(leaves);
    merkle_init(&f);
    for (size_t n = 0; n <= LEAVES; n++) {
        struct baton_hash expected = definition_root(0, n), root, again;
        merkle_root(&f, &root);
        assert_true(baton_hash_eq(&root, &expected));
        assert_int_equal(merkle_range(&s, 0, n, &again), BATON_OK);
        assert_true(baton_hash_eq(&again, &expected));
        if (n < LEAVES)
            merkle_append(&f, &leaves[n]);
    }
}

static enum baton_status
recode(const uint8_t *bytes, size_t len, uint8_t *out, size_t cap, size_t *ret_len)
{
    struct merkle_frontier f;
    enum baton_status rc = merkle_frontier_decode(bytes, len, &f);
    assert_true(cap >= MERKLE_FRONTIER_BYTES_MAX);
    if (rc == BATON_OK)
        *ret_len = merkle_frontier_encode(&f, out);
    return rc;
}

static void
a_frontier_that_was_put_away_goes_on_as_before(void **state)
{
    (void)state;
    struct merkle_frontier f, g;
    merkle_init(&f);
    for (size_t n = 0; n < LEAVES; n++) {
        uint8_t bytes[MERKLE_FRONTIER_BYTES_MAX];
        size_t len = merkle_frontier_encode(&f, bytes);
        assert_int_equal(merkle_frontier_decode(bytes, len, &g), BATON_OK);
        struct baton_hash a, b;
        merkle_append(&f, &leaves[n]);
        merkle_append(&g, &leaves[n]);
        merkle_root(&f, &a);
        merkle_root(&g, &b);
        assert_true(baton_hash_eq(&a, &b));
        f = g;
    }
    uint8_t bytes[MERKLE_FRONTIER_BYTES_MAX];
    torture(recode, bytes, merkle_frontier_encode(&f, bytes));
}

static void
inclusion_proofs_are_those_of_the_definition_and_hold(void **state)
{
    (void)state;
    struct merkle_source s = merkle_array(leaves);
    for (size_t n = 1; n <= LEAVES; n++) {
        struct baton_hash root = definition_root(0, n);
        for (size_t m = 0; m < n; m++) {
            struct merkle_proof p, expected = {0};
            definition_path(m, 0, n, &expected);
            assert_int_equal(merkle_inclusion(&s, m, n, &p), BATON_OK);
            proofs_equal(&p, &expected);
            assert_true(merkle_inclusion_holds(&p, m, n, &leaves[m], &root));
        }
    }
}

static void
an_inclusion_proof_holds_for_nothing_else(void **state)
{
    (void)state;
    struct merkle_source s = merkle_array(leaves);
    enum { N = 21, M = 13 };
    struct baton_hash root = definition_root(0, N), other = definition_root(0, N - 1);
    struct merkle_proof p;
    assert_int_equal(merkle_inclusion(&s, M, N, &p), BATON_OK);
    for (uint64_t index = 0; index < N + 3; index++)
        assert_int_equal(merkle_inclusion_holds(&p, index, N, &leaves[M], &root), index == M);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(merkle_inclusion_holds(&p, M, N, &leaves[i], &root), i == M);
    assert_false(merkle_inclusion_holds(&p, M, N, &leaves[M], &other));
    assert_false(merkle_inclusion_holds(&p, UINT64_MAX, UINT64_MAX, &leaves[M], &root));
    for (size_t i = 0; i < p.count; i++) {
        p.hash[i].b[31] ^= 1;
        assert_false(merkle_inclusion_holds(&p, M, N, &leaves[M], &root));
        p.hash[i].b[31] ^= 1;
    }
    p.count--;
    assert_false(merkle_inclusion_holds(&p, M, N, &leaves[M], &root));
    p.count = (uint8_t)(p.count + 2);
    assert_false(merkle_inclusion_holds(&p, M, N, &leaves[M], &root));
    p.count = 255;
    assert_false(merkle_inclusion_holds(&p, M, N, &leaves[M], &root));
}

/* A root that fits the hashes is not enough: the path must have the length that the size gives. */
static void
a_path_of_the_wrong_length_fails_even_for_the_root_it_leads_to(void **state)
{
    (void)state;
    struct merkle_source s = merkle_array(leaves);
    struct merkle_proof p;
    struct baton_hash root = definition_root(0, 8), quarter = definition_root(0, 2), above;
    assert_int_equal(merkle_inclusion(&s, 0, 8, &p), BATON_OK);
    assert_int_equal(p.count, 3);
    p.count = 1;
    assert_true(merkle_inclusion_holds(&p, 0, 2, &leaves[0], &quarter));
    assert_false(merkle_inclusion_holds(&p, 0, 8, &leaves[0], &quarter));
    p.count = 4;
    p.hash[3] = leaves[9];
    merkle_node(&root, &leaves[9], &above);
    assert_false(merkle_inclusion_holds(&p, 0, 8, &leaves[0], &above));
    merkle_node(&leaves[9], &root, &above);
    assert_false(merkle_inclusion_holds(&p, 0, 8, &leaves[0], &above));
}

static void
consistency_proofs_are_those_of_the_definition_and_hold(void **state)
{
    (void)state;
    struct merkle_source s = merkle_array(leaves);
    for (size_t n = 1; n <= LEAVES; n++) {
        struct baton_hash new_root = definition_root(0, n);
        for (size_t m = 0; m <= n; m++) {
            struct baton_hash old_root = definition_root(0, m);
            struct merkle_proof p, expected = {0};
            if (m > 0)
                definition_subproof(m, 0, n, true, &expected);
            assert_int_equal(merkle_consistency(&s, m, n, &p), BATON_OK);
            proofs_equal(&p, &expected);
            assert_true(merkle_consistency_holds(&p, m, n, &old_root, &new_root));
        }
    }
}

static void
a_consistency_proof_holds_for_nothing_else(void **state)
{
    (void)state;
    struct merkle_source s = merkle_array(leaves);
    for (size_t m = 1; m < 20; m++) {
        enum { N = 20 };
        struct baton_hash old_root = definition_root(0, m), new_root = definition_root(0, N);
        struct merkle_proof p, q;
        assert_int_equal(merkle_consistency(&s, m, N, &p), BATON_OK);
        for (size_t i = 0; i < p.count; i++) {
            q = p;
            q.hash[i].b[0] ^= 1;
            assert_false(merkle_consistency_holds(&q, m, N, &old_root, &new_root));
        }
        assert_false(merkle_consistency_holds(&p, m, N, &new_root, &new_root));
        assert_false(merkle_consistency_holds(&p, m, N, &old_root, &old_root));
        assert_false(merkle_consistency_holds(&p, N, m, &new_root, &old_root));
        q = p;
        q.count = 0;
        assert_false(merkle_consistency_holds(&q, m, N, &old_root, &new_root));
        q = p;
        q.count++;
        q.hash[q.count - 1] = leaves[0];
        assert_false(merkle_consistency_holds(&q, m, N, &old_root, &new_root));
    }
}

static void
a_consistency_path_of_the_wrong_length_fails_even_for_the_roots_it_leads_to(void **state)
{
    (void)state;
    struct merkle_source s = merkle_array(leaves);
    struct merkle_proof p;
    struct baton_hash one = definition_root(0, 1), two = definition_root(0, 2),
                      eight = definition_root(0, 8);
    assert_int_equal(merkle_consistency(&s, 1, 8, &p), BATON_OK);
    assert_true(merkle_consistency_holds(&p, 1, 8, &one, &eight));
    assert_false(merkle_consistency_holds(&p, 1, 2, &one, &eight));
    assert_int_equal(merkle_consistency(&s, 1, 2, &p), BATON_OK);
    assert_true(merkle_consistency_holds(&p, 1, 2, &one, &two));
    assert_false(merkle_consistency_holds(&p, 1, 8, &one, &two));

    struct baton_hash seven = definition_root(0, 7);
    assert_int_equal(merkle_consistency(&s, 7, 8, &p), BATON_OK);
    assert_true(merkle_consistency_holds(&p, 7, 8, &seven, &eight));
    assert_false(
        merkle_consistency_holds(&p, 3, 4, &seven, &eight)); /* same turns, one level less */
}

static void
a_rewritten_history_has_no_consistency_proof(void **state)
{
    (void)state;
    struct merkle_source s = merkle_array(leaves);
    struct baton_hash old_root = definition_root(0, 12), new_root;
    struct merkle_proof p;
    struct baton_hash kept = leaves[3];
    leaves[3].b[0] ^= 1; /* record 3 is changed after the checkpoint at 12 */
    new_root = definition_root(0, 30);
    assert_int_equal(merkle_consistency(&s, 12, 30, &p), BATON_OK);
    assert_false(merkle_consistency_holds(&p, 12, 30, &old_root, &new_root));
    leaves[3] = kept;
}

static void
from_nothing_everything_is_an_extension(void **state)
{
    (void)state;
    struct merkle_proof none = {0}, some = {.count = 1};
    struct baton_hash nothing = definition_root(0, 0), root = definition_root(0, 7);
    assert_true(merkle_consistency_holds(&none, 0, 7, &nothing, &root));
    assert_false(merkle_consistency_holds(&none, 0, 7, &root, &root));
    assert_false(merkle_consistency_holds(&some, 0, 7, &nothing, &root));
    assert_true(merkle_consistency_holds(&none, 7, 7, &root, &root));
    assert_false(merkle_consistency_holds(&none, 7, 7, &nothing, &root));
}

static enum baton_status
failing_leaf(void *ctx, uint64_t index, struct baton_hash *ret_hash)
{
    (void)ctx;
    *ret_hash = leaves[0];
    return index == 5 ? BATON_IO : BATON_OK;
}

static void
a_leaf_that_cannot_be_read_ends_the_proof(void **state)
{
    (void)state;
    struct merkle_source s = {NULL, failing_leaf};
    struct merkle_proof p;
    struct baton_hash root;
    assert_int_equal(merkle_inclusion(&s, 0, 8, &p), BATON_IO);
    assert_int_equal(merkle_consistency(&s, 3, 8, &p), BATON_IO);
    assert_int_equal(merkle_range(&s, 0, 8, &root), BATON_IO);
}

static void
sizes_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    struct merkle_source s = merkle_array(leaves);
    struct merkle_proof p;
    struct baton_hash root;
    assert_int_equal(merkle_inclusion(&s, 5, 5, &p), BATON_USAGE);
    assert_int_equal(merkle_inclusion(&s, 0, UINT64_MAX, &p), BATON_USAGE);
    assert_int_equal(merkle_consistency(&s, 6, 5, &p), BATON_USAGE);
    assert_int_equal(merkle_range(&s, UINT64_MAX, 2, &root), BATON_USAGE);
}

static void
a_checkpoint_is_size_root_and_time(void **state)
{
    (void)state;
    uint8_t out[CHECKPOINT_BYTES], expected[48] = {0};
    struct baton_hash root = sample_hash(7);
    expected[6] = 1;
    expected[7] = 2;
    memcpy(expected + 8, root.b, 32);
    expected[47] = 9;
    checkpoint_bytes(0x102, &root, 9, out);
    assert_int_equal(sizeof out, sizeof expected);
    assert_memory_equal(out, expected, sizeof expected);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaf_and_node_are_told_apart_by_their_first_byte),
        cmocka_unit_test(the_roots_of_the_well_known_test_tree_hold),
        cmocka_unit_test(the_frontier_agrees_with_the_definition_at_every_size),
        cmocka_unit_test(a_frontier_that_was_put_away_goes_on_as_before),
        cmocka_unit_test(inclusion_proofs_are_those_of_the_definition_and_hold),
        cmocka_unit_test(an_inclusion_proof_holds_for_nothing_else),
        cmocka_unit_test(a_path_of_the_wrong_length_fails_even_for_the_root_it_leads_to),
        cmocka_unit_test(consistency_proofs_are_those_of_the_definition_and_hold),
        cmocka_unit_test(a_consistency_proof_holds_for_nothing_else),
        cmocka_unit_test(
            a_consistency_path_of_the_wrong_length_fails_even_for_the_roots_it_leads_to),
        cmocka_unit_test(a_rewritten_history_has_no_consistency_proof),
        cmocka_unit_test(from_nothing_everything_is_an_extension),
        cmocka_unit_test(a_leaf_that_cannot_be_read_ends_the_proof),
        cmocka_unit_test(sizes_that_make_no_sense_are_refused),
        cmocka_unit_test(a_checkpoint_is_size_root_and_time),
    };
    return cmocka_run_group_tests(tests, make_leaves, NULL);
}
