/* docs/formats.md and docs/vectors.txt are what others build a verifier from. No drift. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "baton/message.h"
#include "baton/store.h"
#include "common/crypto/crypto.h"
#include "common/merkle.h"
#include "common/sha256.h"
#include "sample.h"

#include <stdlib.h>

enum { TEXT_MAX = 262144, LEAVES = 5 };

static char *
file_read(const char *path)
{
    char *text = calloc(1, TEXT_MAX);
    assert_non_null(text);
    FILE *f = fopen(path, "r");
    if (f != NULL) {
        size_t n = fread(text, 1, TEXT_MAX - 1, f);
        text[n] = '\0';
        (void)fclose(f);
    }
    return text;
}

/* "**title**: 0 first · 1 second" must stand in the document, with every word of the code. */
#define CHECK_LIST(doc, title, function, type, count)                                              \
    do {                                                                                           \
        char line[4096] = "**" title "**: ";                                                       \
        for (int i = 0; i < (int)(count); i++) {                                                   \
            size_t used = strlen(line);                                                            \
            (void)snprintf(line + used, sizeof line - used, "%s%d %s", i > 0 ? " · " : "", i,      \
                           function((type)i));                                                     \
        }                                                                                          \
        (void)strncat(line, "\n", sizeof line - strlen(line) - 1);                                 \
        if (strstr(doc, line) == NULL)                                                             \
            fail_msg("docs/formats.md lacks: %s", line);                                           \
    } while (0)

static const char *
policy_name(enum policy_id id)
{
    size_t n;
    return policy_rows(&n)[id].name;
}

static void
every_number_stands_in_the_document(void **state)
{
    (void)state;
    char *doc = file_read(BATON_SOURCE_DIR "/docs/formats.md");
    CHECK_LIST(doc, "Product", product_name, enum product, PRODUCT_COUNT);
    CHECK_LIST(doc, "Fence kind", fence_kind_name, enum fence_kind, KIND_COUNT);
    CHECK_LIST(doc, "Profile", profile_name, enum profile, PROFILE_COUNT);
    CHECK_LIST(doc, "Approval verb", approval_verb_name, enum approval_verb, VERB_COUNT);
    CHECK_LIST(doc, "Statement type", statement_type_name, enum statement_type, SAY_COUNT);
    CHECK_LIST(doc, "Grant", grant_state_name, enum grant_state, GRANT_VOID + 1);
    CHECK_LIST(doc, "Quarantine", quarantine_name, enum quarantine_cause, QUARANTINE_SESSIONS + 1);
    CHECK_LIST(doc, "Refusal", refusal_name, enum refusal, REFUSAL_COUNT);
    CHECK_LIST(doc, "Reason of an absent fact", fact_reason_name, enum fact_reason,
               ABSENT_TIMEOUT + 1);
    CHECK_LIST(doc, "Fact", fact_name, enum fact_id, FACT_COUNT);
    CHECK_LIST(doc, "Digest", digest_name, enum digest_id, DIGEST_COUNT);
    CHECK_LIST(doc, "Verification item", verification_name, enum verification_id, VERIFY_COUNT);
    CHECK_LIST(doc, "Verdict", verdict_name, enum verdict, VERDICT_BLOCK + 1);
    CHECK_LIST(doc, "Audit type", audit_type_name, enum audit_type, AUDIT_TYPE_COUNT);
    CHECK_LIST(doc, "Order verb", order_verb_name, enum order_verb, ORDER_VERB_COUNT);
    CHECK_LIST(doc, "Message type", message_type_name, enum message_type, MSG_TYPE_COUNT);
    CHECK_LIST(doc, "Policy row", policy_name, enum policy_id, POLICY_COUNT);
    free(doc);
}

static void
every_limit_stands_in_the_document(void **state)
{
    (void)state;
    char *doc = file_read(BATON_SOURCE_DIR "/docs/formats.md");
    char policies[64];
    (void)snprintf(policies, sizeof policies, "number of rows of this version: %d |", POLICY_COUNT);
    assert_int_equal(APPROVAL_BYTES, 529);
    assert_int_equal(CONFIRM_BYTES, 146);
    assert_int_equal(CHECKPOINT_BYTES, 48);
    assert_int_equal(PLAN_BYTES_MAX, 8192);
    assert_int_equal(TRUST_BYTES_MAX, 16384);
    assert_int_equal(STATEMENT_BYTES_MAX, 12288);
    assert_int_equal(AUDIT_RECORD_BYTES_MAX, 131072);
    static const char *const said[] = {"529 bytes",    "146 bytes",    "48 bytes",
                                       "8,192 bytes",  "16,384 bytes", "12,288 bytes",
                                       "131,072 bytes"};
    for (size_t i = 0; i < ARRAY_LEN(said); i++)
        assert_non_null(strstr(doc, said[i]));
    assert_non_null(strstr(doc, policies));
    free(doc);
}

struct book { /* docs/vectors.txt as it should be */
    char *text;
    size_t len;
};

static void
book_add(struct book *b, const char *text)
{
    size_t n = strlen(text);
    assert_true(b->len + n < TEXT_MAX);
    memcpy(b->text + b->len, text, n + 1);
    b->len += n;
}

static void
book_hex(struct book *b, const void *bytes, size_t n)
{
    assert_true(b->len + 2 * n + 1 < TEXT_MAX);
    baton_hex(bytes, n, b->text + b->len);
    b->len += 2 * n;
}

static void
book_record(struct book *b, const char *name, const uint8_t *bytes, size_t len)
{
    struct baton_hash hash;
    sha256_of(bytes, len, &hash);
    book_add(b, "record ");
    book_add(b, name);
    book_add(b, " ");
    book_hex(b, hash.b, sizeof hash.b);
    book_add(b, " ");
    book_hex(b, bytes, len);
    book_add(b, "\n");
}

static void
book_signature(struct book *b, const char *domain, const char *name, const uint8_t *bytes,
               size_t len)
{
    static const uint8_t seed[SEED_BYTES] = {7};
    struct crypto_signer signer;
    struct baton_sig sig;
    assert_int_equal(crypto_signer_from_seed(seed, &signer, NULL), BATON_OK);
    assert_int_equal(crypto_sign_domain(signer.secret, domain, bytes, len, &sig), BATON_OK);
    book_add(b, "signature ");
    book_add(b, name);
    book_add(b, " ");
    book_add(b, domain);
    book_add(b, " ");
    book_hex(b, signer.key.b, sizeof signer.key.b);
    book_add(b, " ");
    book_hex(b, sig.b, sizeof sig.b);
    book_add(b, "\n");
    crypto_signer_done(&signer);
}

static void
book_records(struct book *b)
{
    static uint8_t bytes[AUDIT_RECORD_BYTES_MAX];
    size_t len;
    struct plan plan = sample_plan();
    struct trust_doc trust = sample_trust();
    struct facts facts = sample_facts();
    struct statement statement = sample_statement();
    struct verification verification = sample_verification();
    struct audit_record audit = sample_audit();
    struct approval go = sample_approval(VERB_GO);

    assert_int_equal(plan_encode(&plan, bytes, sizeof bytes, &len), BATON_OK);
    book_record(b, "plan", bytes, len);
    plan.limits = sample_hash(0x77);
    assert_int_equal(plan_encode(&plan, bytes, sizeof bytes, &len), BATON_OK);
    book_record(b, "limited_plan", bytes, len);
    assert_int_equal(trust_encode(&trust, bytes, sizeof bytes, &len), BATON_OK);
    book_record(b, "trust", bytes, len);
    book_signature(b, DOMAIN_TRUST, "trust", bytes, len);
    approval_encode(&go, bytes);
    book_record(b, "approval", bytes, APPROVAL_BYTES);
    book_signature(b, DOMAIN_APPROVAL, "approval", bytes, APPROVAL_BYTES);
    confirm_bytes(&plan.tenant, "OLD", &plan.member[0].key, &plan.member[0].box_key, bytes);
    book_record(b, "confirmation", bytes, CONFIRM_BYTES);
    assert_int_equal(facts_encode(&facts, bytes, sizeof bytes, &len), BATON_OK);
    book_record(b, "facts", bytes, len);
    assert_int_equal(statement_encode(&statement, bytes, sizeof bytes, &len), BATON_OK);
    book_record(b, "statement", bytes, len);
    book_signature(b, DOMAIN_STATEMENT, "statement", bytes, len);
    book_record(b, "verification", bytes, verification_encode(&verification, bytes));
    verification.limits = sample_hash(0x77);
    book_record(b, "limited_verification", bytes, verification_encode(&verification, bytes));
    assert_int_equal(audit_encode(&audit, bytes, sizeof bytes, &len), BATON_OK);
    book_record(b, "audit", bytes, len);
}

static void
book_proof(struct book *b, const struct merkle_proof *p)
{
    for (size_t i = 0; i < p->count; i++) {
        book_add(b, " ");
        book_hex(b, p->hash[i].b, sizeof p->hash[i].b);
    }
    book_add(b, "\n");
}

/* Five records of one byte each, 0 to 4: "root n hash", "inclusion index n proof...",
 * "consistency m n proof...", and the frontier and a checkpoint at 5. */
static void
book_tree(struct book *b)
{
    struct baton_hash leaf[LEAVES] = {0}, root;
    struct merkle_source s = merkle_array(leaf);
    struct merkle_frontier f;
    struct merkle_proof p;
    uint8_t bytes[MERKLE_FRONTIER_BYTES_MAX];
    char line[64];
    merkle_init(&f);
    for (uint8_t i = 0; i < LEAVES; i++) {
        merkle_leaf(&i, 1, &leaf[i]);
        merkle_append(&f, &leaf[i]);
        merkle_root(&f, &root);
        (void)snprintf(line, sizeof line, "root %d ", i + 1);
        book_add(b, line);
        book_hex(b, root.b, sizeof root.b);
        book_add(b, "\n");
    }
    for (uint64_t i = 0; i < LEAVES; i++) {
        assert_int_equal(merkle_inclusion(&s, i, LEAVES, &p), BATON_OK);
        (void)snprintf(line, sizeof line, "inclusion %d %d", (int)i, LEAVES);
        book_add(b, line);
        book_proof(b, &p);
        assert_int_equal(merkle_consistency(&s, i + 1, LEAVES, &p), BATON_OK);
        (void)snprintf(line, sizeof line, "consistency %d %d", (int)i + 1, LEAVES);
        book_add(b, line);
        book_proof(b, &p);
    }
    book_record(b, "frontier", bytes, merkle_frontier_encode(&f, bytes));
    checkpoint_bytes(LEAVES, &root, 1700000000000, bytes);
    book_record(b, "checkpoint", bytes, CHECKPOINT_BYTES);
    book_signature(b, DOMAIN_CHECKPOINT, "checkpoint", bytes, CHECKPOINT_BYTES);
}

static void
the_vectors_are_what_this_code_writes(void **state)
{
    (void)state;
    struct book b = {.text = calloc(1, TEXT_MAX)};
    assert_non_null(b.text);
    assert_int_equal(crypto_init(NULL), BATON_OK);
    book_add(
        &b, "# One example of every format of formats.md: record NAME SHA256 BYTES, signature NAME "
            "DOMAIN KEY SIG,\n# and a tree over five records of one byte each (00 to 04).\n");
    book_records(&b);
    book_tree(&b);

    char *kept = file_read(BATON_SOURCE_DIR "/docs/vectors.txt");
    bool same = strcmp(kept, b.text) == 0;
    if (!same) {
        FILE *f = fopen("vectors.txt", "w"); /* beside the test: what the file should hold */
        assert_non_null(f);
        assert_true(fputs(b.text, f) >= 0);
        (void)fclose(f);
    }
    free(kept);
    free(b.text);
    if (!same)
        fail_msg("a layout changed: docs/vectors.txt should be the vectors.txt written here");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_stands_in_the_document),
        cmocka_unit_test(every_limit_stands_in_the_document),
        cmocka_unit_test(the_vectors_are_what_this_code_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
