#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "audit_world.h"
#include "common/audit/bundle_io.h"
#include "common/merkle.h"
#include "store_fake.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ENTRIES_MAX = 512 };

struct entry {
    uint8_t type;
    uint8_t *bytes;
    size_t len;
};

struct fixture {
    struct world w;
    struct world_handoff h[3];
    char path[64];
    struct entry entry[ENTRIES_MAX];
    size_t count;
    struct audit_bundle_source source;
};

static struct audit_bundle_source
source_of(const struct fixture *f)
{
    return (struct audit_bundle_source){.checkpoint = f->w.checkpoint,
                                        .checkpoint_count = f->w.checkpoint_count,
                                        .root = f->w.root.key,
                                        .now_unix_ms = f->w.unix_ms};
}

static void
bundle_make(struct fixture *f, const struct audit_bundle_source *source)
{
    struct audit_bundle_counts counts;
    struct baton_err err = {0};
    (void)unlink(f->path);
    if (audit_bundle_write(&f->w.store, source, f->path, &counts, &err) != BATON_OK)
        fail_msg("%s", err.text);
    assert_true(counts.records > 0 && counts.file_bytes > 0);
}

static void
entries_free(struct fixture *f)
{
    while (f->count > 0)
        free(f->entry[--f->count].bytes);
}

static void
entries_read(struct fixture *f)
{
    struct bundle_reader r;
    entries_free(f);
    assert_int_equal(bundle_reader_open(&r, f->path, NULL), BATON_OK);
    for (;;) {
        struct entry *e = &f->entry[f->count];
        uint8_t *bytes = NULL;
        assert_true(f->count < ENTRIES_MAX);
        assert_int_equal(bundle_reader_next(&r, &e->type, &bytes, &e->len, NULL), BATON_OK);
        if (e->type == 0)
            break;
        e->bytes = malloc(e->len + 1);
        assert_non_null(e->bytes);
        memcpy(e->bytes, bytes, e->len);
        f->count++;
    }
    bundle_reader_close(&r);
}

static void
entries_write(struct fixture *f)
{
    struct bundle_writer w;
    (void)unlink(f->path);
    assert_int_equal(bundle_writer_open(&w, f->path, NULL), BATON_OK);
    for (size_t i = 0; i < f->count; i++)
        assert_int_equal(bundle_writer_put(&w, f->entry[i].type, NULL, 0, f->entry[i].bytes,
                                           f->entry[i].len, NULL),
                         BATON_OK);
    assert_int_equal(bundle_writer_close(&w, NULL), BATON_OK);
}

/* Index of the nth (from 0) entry of a type. */
static size_t
nth(const struct fixture *f, enum bundle_entry type, unsigned n)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->entry[i].type == type && n-- == 0)
            return i;
    fail_msg("no such entry");
    return 0;
}

static void
entry_remove(struct fixture *f, size_t at)
{
    free(f->entry[at].bytes);
    memmove(f->entry + at, f->entry + at + 1, (f->count - at - 1) * sizeof *f->entry);
    f->count--;
}

static void
entry_insert(struct fixture *f, size_t at, const struct entry *e)
{
    uint8_t *bytes = malloc(e->len + 1);
    assert_non_null(bytes);
    memcpy(bytes, e->bytes, e->len);
    memmove(f->entry + at + 1, f->entry + at, (f->count - at) * sizeof *f->entry);
    f->entry[at] = (struct entry){e->type, bytes, e->len};
    f->count++;
}

static struct audit_report
check_with(const struct fixture *f, const struct audit_verify_options *o)
{
    struct audit_report report;
    struct baton_err err = {0};
    if (audit_bundle_verify(f->path, o, &report, &err) != BATON_OK)
        fail_msg("%s", err.text);
    return report;
}

static struct audit_report
check(const struct fixture *f)
{
    struct audit_verify_options o = {.root = f->w.root.key};
    return check_with(f, &o);
}

static void
assert_verdict(const struct audit_report *r, enum audit_verdict verdict, const char *why)
{
    if (r->verdict != verdict || strstr(r->why, why) == NULL)
        fail_msg("%s at %llu: \"%s\", wanted %s with \"%s\"", audit_verdict_name(r->verdict),
                 (unsigned long long)r->bad_seq, r->why, audit_verdict_name(verdict), why);
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct store_port store;
    assert_int_equal(store_fake_open(&store, NULL), BATON_OK);
    world_init(&f->w, &store);
    (void)snprintf(f->path, sizeof f->path, "/tmp/baton-bundle-%d", (int)getpid());
    world_trust(&f->w);
    for (uint8_t i = 0; i < 3; i++) {
        world_handoff(&f->w, (uint8_t)(i + 1), &f->h[i]);
        world_checkpoint(&f->w);
    }
    /* agents that have seen the newest checkpoint speak of it */
    for (uint8_t i = 0; i < 3; i++) {
        struct statement s = world_statement(&f->w, &f->h[i], 0, SAY_STATUS);
        world_say(&f->w, &f->h[i], 0, &s, NULL, NULL);
    }
    f->source = source_of(f);
    bundle_make(f, &f->source);
    entries_read(f);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    entries_free(f);
    (void)unlink(f->path);
    for (int i = 0; i < 3; i++)
        world_handoff_done(&f->h[i]);
    f->w.store.close(f->w.store.ctx);
    world_done(&f->w);
    free(f);
    return 0;
}

static void
an_honest_history_is_sound_and_fully_counted(void **state)
{
    struct fixture *f = *state;
    struct audit_report r = check(f);
    struct baton_hash root;
    uint64_t size = 0;
    assert_verdict(&r, AUDIT_SOUND, "");
    assert_int_equal(f->w.store.head(f->w.store.ctx, &size, &root, NULL), BATON_OK);
    assert_int_equal(r.records, size);
    assert_true(baton_hash_eq(&r.root, &root));
    assert_int_equal(r.tenants, 4); /* the site is one */
    assert_int_equal(r.statements, 3 * 6 + 3);
    assert_int_equal(r.approvals, 3 * 4);
    assert_int_equal(r.orders, 3 * 3);
    assert_int_equal(r.grants, 3);
    assert_int_equal(r.trust_documents, 1);
    assert_int_equal(r.checkpoints, 3);
    assert_int_equal(r.receipts, 3);
    assert_int_equal(r.breaches, 0);
    assert_int_equal(r.refs_missing, 0);
    assert_false(r.gap[GAP_ROOT]);
    assert_true(r.gap[GAP_TAIL]); /* the last three statements are not signed for yet */
    assert_false(r.gap[GAP_RECEIPTS]);
    assert_true(r.gap[GAP_ADMIN]);
}

static void
without_a_pinned_root_the_report_says_so(void **state)
{
    struct fixture *f = *state;
    struct audit_verify_options o = {0};
    struct audit_report r = check_with(f, &o);
    assert_verdict(&r, AUDIT_SOUND, "");
    assert_true(r.gap[GAP_ROOT]);
    o.root = f->w.person[0].key;
    r = check_with(f, &o);
    assert_verdict(&r, AUDIT_BROKEN, "another root key");
}

/* Every byte of the file: a changed one is found, or it stands where nothing is promised (the time
 * and version in the header). */
static void
a_flipped_byte_anywhere_is_found(void **state)
{
    struct fixture *f = *state;
    unsigned missed = 0, tried = 0;
    for (size_t i = 0; i < f->count; i++) {
        struct entry *e = &f->entry[i];
        for (size_t at = 0; at < e->len; at += 1 + e->len / 6) {
            e->bytes[at] ^= 0x40;
            entries_write(f);
            struct audit_report r = check(f);
            if (r.verdict != AUDIT_BROKEN && e->type != BUNDLE_HEADER)
                fail_msg("entry %zu of type %u, byte %zu: %s", i, e->type, at,
                         audit_verdict_name(r.verdict));
            missed += r.verdict != AUDIT_BROKEN;
            tried++;
            e->bytes[at] ^= 0x40;
        }
    }
    assert_true(tried > 300);
    assert_true(missed <= 3);
}

static void
a_changed_record_is_named(void **state)
{
    struct fixture *f = *state;
    struct entry *e = &f->entry[nth(f, BUNDLE_RECORD, 9)];
    e->bytes[e->len - 1] ^= 1;
    entries_write(f);
    struct audit_report r = check(f);
    assert_verdict(&r, AUDIT_BROKEN, "not what its own hash says");
    assert_int_equal(r.bad_seq, 10);
}

static void
a_removed_record_is_named(void **state)
{
    struct fixture *f = *state;
    entry_remove(f, nth(f, BUNDLE_RECORD, 9));
    entries_write(f);
    struct audit_report r = check(f);
    assert_verdict(&r, AUDIT_BROKEN, "");
    assert_int_equal(r.bad_seq, 10);
}

static void
two_records_that_change_places_are_named(void **state)
{
    struct fixture *f = *state;
    size_t a = nth(f, BUNDLE_RECORD, 9), b = nth(f, BUNDLE_RECORD, 10);
    struct entry e = f->entry[a];
    f->entry[a] = f->entry[b];
    f->entry[b] = e;
    entries_write(f);
    struct audit_report r = check(f);
    assert_verdict(&r, AUDIT_BROKEN, "missing, doubled or moved");
    assert_int_equal(r.bad_seq, 10);
}

static void
a_doubled_record_is_named(void **state)
{
    struct fixture *f = *state;
    size_t a = nth(f, BUNDLE_RECORD, 9);
    entry_insert(f, a + 1, &f->entry[a]);
    entries_write(f);
    struct audit_report r = check(f);
    assert_verdict(&r, AUDIT_BROKEN, "missing, doubled or moved");
    assert_int_equal(r.bad_seq, 11);
}

/* Makes everything again that a forger without keys can make: bundles of a log cut at its end. */
static void
tail_cut(struct fixture *f, uint64_t records, bool with_checkpoints, bool with_receipts)
{
    size_t i = 0;
    uint64_t seen = 0, objects = 0;
    struct merkle_frontier tree;
    struct baton_hash leaf, root;
    merkle_init(&tree);
    while (i < f->count) {
        struct entry *e = &f->entry[i];
        bool drop = (e->type == BUNDLE_RECORD || e->type == BUNDLE_OBJECT) && seen >= records;
        drop = drop || (e->type == BUNDLE_CHECKPOINT && !with_checkpoints);
        drop = drop || (e->type == BUNDLE_RECEIPT && !with_receipts);
        if (e->type == BUNDLE_RECORD && seen < records) {
            seen++;
            merkle_leaf(e->bytes, e->len, &leaf);
            merkle_append(&tree, &leaf);
        }
        objects += !drop && e->type == BUNDLE_OBJECT;
        if (drop)
            entry_remove(f, i);
        else
            i++;
    }
    merkle_root(&tree, &root);
    uint8_t *header = f->entry[0].bytes, *end = f->entry[f->count - 1].bytes;
    for (int b = 0; b < 8; b++) {
        header[8 + b] = (uint8_t)(seen >> (56 - 8 * b));
        end[b] = header[8 + b];
        end[8 + b] = (uint8_t)(objects >> (56 - 8 * b));
    }
    memcpy(header + 16, root.b, sizeof root.b);
    memcpy(end + 16, root.b, sizeof root.b);
    entries_write(f);
}

static void
a_log_cut_at_its_end_contradicts_checkpoints(void **state)
{
    struct fixture *f = *state;
    tail_cut(f, 20, true, true);
    struct audit_report r = check(f);
    assert_verdict(&r, AUDIT_BROKEN, "the log was cut");
}

static void
a_log_cut_without_its_checkpoints_contradicts_receipts(void **state)
{
    struct fixture *f = *state;
    uint64_t full = check(f).records;
    tail_cut(f, full - 3, false, true); /* the statements that show the newest receipt are gone */
    struct audit_report r = check(f);
    assert_verdict(&r, AUDIT_BROKEN, "no statement shows");
    entry_remove(f, nth(f, BUNDLE_RECEIPT, 2)); /* a better forger takes it out as well */
    entries_write(f);
    r = check(f);
    assert_verdict(&r, AUDIT_SOUND, ""); /* nothing inside promises the rest */
    assert_true(r.gap[GAP_CHECKPOINT]);

    struct audit_receipt pinned = {.size = f->w.checkpoint[2].size,
                                   .root = f->w.checkpoint[2].root};
    struct audit_verify_options o = {.root = f->w.root.key, .receipt = &pinned, .receipt_count = 1};
    r = check_with(f, &o);
    assert_verdict(&r, AUDIT_SOUND, "");

    tail_cut(f, f->w.checkpoint[2].size - 1, false, false);
    r = check_with(f, &o);
    assert_verdict(&r, AUDIT_BROKEN, "the log was cut: the pinned receipt");
    assert_int_equal(r.bad_seq, f->w.checkpoint[2].size);
}

static void
a_receipt_taken_out_of_the_bundle_is_missed(void **state)
{
    struct fixture *f = *state;
    entry_remove(f, nth(f, BUNDLE_RECEIPT, 1));
    entries_write(f);
    struct audit_report r = check(f);
    assert_verdict(&r, AUDIT_BROKEN, "was taken out");
}

static void
another_history_of_the_same_length_contradicts_a_pinned_receipt(void **state)
{
    struct fixture *f = *state;
    struct audit_receipt pinned = {.size = 10, .root = {{7}}};
    struct audit_verify_options o = {.root = f->w.root.key, .receipt = &pinned, .receipt_count = 1};
    struct audit_report r = check_with(f, &o);
    assert_verdict(&r, AUDIT_BROKEN, "the pinned receipt over 10 records");
}

static void
a_forged_checkpoint_is_not_believed(void **state)
{
    struct fixture *f = *state;
    struct entry *e = &f->entry[nth(f, BUNDLE_CHECKPOINT, 1)];
    struct baton_sig sig;
    assert_int_equal(crypto_sign_domain(f->w.person[0].secret, DOMAIN_CHECKPOINT, e->bytes,
                                        CHECKPOINT_BYTES, &sig),
                     BATON_OK);
    memcpy(e->bytes + CHECKPOINT_BYTES, sig.b, sizeof sig.b);
    entries_write(f);
    struct audit_report r = check(f);
    assert_verdict(&r, AUDIT_BROKEN, "signed by no controller");
}

static void
a_swapped_signature_is_found(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < f->count; i++) {
        struct entry *e = &f->entry[i];
        if (e->type != BUNDLE_OBJECT || memcmp(e->bytes + 64, "BST1", 4) != 0)
            continue;
        memcpy(e->bytes, f->entry[nth(f, BUNDLE_OBJECT, 0)].bytes, 64); /* a good one, of another */
        break;
    }
    entries_write(f);
    struct audit_report r = check(f);
    assert_verdict(&r, AUDIT_BROKEN, "signature is not its agent's");
}

static void
a_changed_object_is_found(void **state)
{
    struct fixture *f = *state;
    struct entry *e = &f->entry[nth(f, BUNDLE_OBJECT, 1)];
    e->bytes[e->len - 1] ^= 1;
    entries_write(f);
    struct audit_report r = check(f);
    assert_verdict(&r, AUDIT_BROKEN, "does not name");
    assert_int_equal(r.bad_seq, 2);
}

static void
an_object_taken_out_is_missed(void **state)
{
    struct fixture *f = *state;
    for (unsigned n = 0; n < 6; n++) {
        entries_read(f);
        if (memcmp(f->entry[nth(f, BUNDLE_OBJECT, n)].bytes + 64, "BPL1", 4) == 0)
            continue; /* the plan stands in the orders too */
        entry_remove(f, nth(f, BUNDLE_OBJECT, n));
        entries_write(f);
        struct audit_report r = check(f);
        assert_verdict(&r, AUDIT_BROKEN, "is not in the bundle");
        bundle_make(f, &f->source);
    }
}

static void
a_bundle_cut_anywhere_is_broken(void **state)
{
    struct fixture *f = *state;
    FILE *file = fopen(f->path, "rb");
    assert_non_null(file);
    (void)fseek(file, 0, SEEK_END);
    long size = ftell(file);
    (void)fclose(file);
    for (long cut = size - 1; cut > 8; cut -= 1 + size / 97) {
        assert_int_equal(truncate(f->path, cut), 0);
        struct audit_report r = check(f);
        assert_int_equal(r.verdict, AUDIT_BROKEN);
    }
    assert_int_equal(truncate(f->path, 5), 0);
    struct audit_report r;
    struct audit_verify_options o = {0};
    assert_int_equal(audit_bundle_verify(f->path, &o, &r, NULL), BATON_MALFORMED);
    (void)unlink(f->path);
    assert_int_equal(audit_bundle_verify(f->path, &o, &r, NULL), BATON_NOT_FOUND);
}

static void
something_behind_the_end_is_refused(void **state)
{
    struct fixture *f = *state;
    entry_insert(f, f->count, &f->entry[nth(f, BUNDLE_OBJECT, 0)]);
    entries_write(f);
    struct audit_report r = check(f);
    assert_verdict(&r, AUDIT_BROKEN, "follows the end");
}

/* Histories that are genuine and must not have happened */

static struct audit_report
rebundled(struct fixture *f)
{
    struct audit_bundle_source source = source_of(f);
    bundle_make(f, &source);
    return check(f);
}

static void
two_members_that_may_export_are_a_breach(void **state)
{
    struct fixture *f = *state;
    struct statement s = world_statement(&f->w, &f->h[1], 0, SAY_HOLDING);
    s.holding = true;
    s.holding_epoch = f->h[1].epoch;
    uint64_t seq = world_say(&f->w, &f->h[1], 0, &s, NULL, NULL);
    struct audit_report r = rebundled(f);
    assert_verdict(&r, AUDIT_BREACH, "two members may export");
    assert_int_equal(r.bad_seq, seq);
    assert_int_equal(r.breaches, 1);
}

static struct order
grant_again(struct fixture *f, struct world_handoff *h)
{
    struct order o = world_order(&f->w, h, ORDER_GRANT);
    o.serial = 1;
    o.approval_count = 3;
    memcpy(o.approval, h->cutover_by, sizeof h->cutover_by);
    o.approval[2] = h->go;
    o.evidence_count = 1;
    o.evidence[0] = h->evidence_signed[0];
    return o;
}

static void
a_grant_that_lacks_something_is_a_breach(void **state)
{
    struct fixture *f = *state;
    struct world_handoff *h = &f->h[2];
    static const char *const why[] = {
        "without the evidence of every other member",
        "without the evidence of every other member",
        "enough different people",
        "enough different people",
        "another epoch or recipient",
    };
    for (size_t i = 0; i < ARRAY_LEN(why); i++) {
        struct order o = grant_again(f, h);
        if (i == 0)
            o.evidence_count = 0;
        else if (i == 1)
            o.evidence[0] = h->evidence_signed[1]; /* the recipient's own */
        else if (i == 2)
            o.approval[1] = o.approval[0]; /* one person twice */
        else if (i == 3)
            o.approval[2].sig.b[5] ^= 1;
        else
            o.epoch.counter++;
        uint64_t seq = world_send(&f->w, h, &o, NULL);
        struct audit_report r = rebundled(f);
        assert_verdict(&r, AUDIT_BREACH, i == 0 ? why[i] : "");
        assert_true(r.breaches > i);
        if (i == 0)
            assert_int_equal(r.bad_seq, seq);
    }
}

static void
a_grant_over_a_verification_that_nobody_accepted_is_a_breach(void **state)
{
    struct fixture *f = *state;
    struct world_handoff *h = &f->h[2];
    h->verification.b[0] ^= 1;
    for (int i = 0; i < 2; i++)
        h->cutover_by[i] = world_approve(&f->w, h, i, VERB_CUTOVER);
    struct order o = grant_again(f, h);
    memcpy(o.approval, h->cutover_by, sizeof h->cutover_by);
    world_send(&f->w, h, &o, NULL);
    struct audit_report r = rebundled(f);
    assert_verdict(&r, AUDIT_BREACH, "enough different people");
}

static void
a_disposition_by_somebody_who_may_not_is_a_breach(void **state)
{
    struct fixture *f = *state;
    f->w.trust.operator[1].roles &=(uint16_t) ~ROLE_APPROVE;
    world_trust(&f->w);
    world_dispose(&f->w, &f->h[2], 1, DISPOSED_ACCEPTED, "it is mine to say");
    struct audit_report r = rebundled(f);
    assert_verdict(&r, AUDIT_BREACH, "its operator could not give");
}

static void
a_verification_that_counts_a_word_of_nobody_is_broken(void **state)
{
    struct fixture *f = *state;
    struct baton_hash unknown[1] = {{{7}}};
    world_verify(&f->w, &f->h[2], unknown, 1);
    struct audit_report r = rebundled(f);
    assert_verdict(&r, AUDIT_BROKEN, "the verification counts is not in the bundle");
}

static void
the_same_grant_again_is_no_breach(void **state)
{
    struct fixture *f = *state;
    struct order o = grant_again(f, &f->h[2]);
    world_send(&f->w, &f->h[2], &o, NULL);
    struct audit_report r = rebundled(f);
    assert_verdict(&r, AUDIT_SOUND, "");
    assert_int_equal(r.grants, 4);
}

static void
one_epoch_for_two_recipients_is_a_breach(void **state)
{
    struct fixture *f = *state;
    struct order o = world_order(&f->w, &f->h[0], ORDER_FENCE);
    o.recipient = f->h[0].agent[0].key;
    world_send(&f->w, &f->h[0], &o, NULL);
    struct audit_report r = rebundled(f);
    assert_verdict(&r, AUDIT_BREACH, "two recipients");
}

static void
an_epoch_that_falls_is_a_breach(void **state)
{
    struct fixture *f = *state;
    struct order o = world_order(&f->w, &f->h[0], ORDER_FENCE);
    o.epoch.counter = 1;
    world_send(&f->w, &f->h[0], &o, NULL);
    struct audit_report r = rebundled(f);
    assert_verdict(&r, AUDIT_BREACH, "older epoch");
}

static void
an_approval_by_nobody_is_a_breach(void **state)
{
    struct fixture *f = *state;
    struct baton_id stranger = {{0xee}};
    f->w.trust.operator[1].id = stranger; /* in no published document */
    (void)world_approve(&f->w, &f->h[0], 1, VERB_CUTOVER);
    struct audit_report r = rebundled(f);
    assert_verdict(&r, AUDIT_BREACH, "approval was accepted");
}

static void
a_refused_statement_with_a_bad_signature_is_no_fault(void **state)
{
    struct fixture *f = *state;
    uint8_t bytes[STATEMENT_BYTES_MAX];
    size_t len = 0;
    struct baton_sig wrong = {{1}};
    struct statement s = world_statement(&f->w, &f->h[0], 0, SAY_STATUS);
    assert_int_equal(statement_encode(&s, bytes, sizeof bytes, &len), BATON_OK);
    struct audit_record r = world_new(&f->w, AUDIT_REFUSED, &f->h[0].tenant);
    world_object(&f->w, &r, bytes, len, &wrong);
    world_record(&f->w, &r);
    struct audit_report report = rebundled(f);
    assert_verdict(&report, AUDIT_SOUND, "");
}

static void
trust_documents_rise_and_name_the_one_before(void **state)
{
    struct fixture *f = *state;
    world_trust(&f->w);
    struct audit_report r = rebundled(f);
    assert_verdict(&r, AUDIT_SOUND, "");
    assert_int_equal(r.trust_documents, 2);
    f->w.trust_hash = (struct baton_hash){{1}};
    world_trust(&f->w);
    r = rebundled(f);
    assert_verdict(&r, AUDIT_BROKEN, "does not name the one before it");
}

static void
a_trust_document_of_another_root_is_refused(void **state)
{
    struct fixture *f = *state;
    struct crypto_signer other = f->w.root;
    f->w.root = f->w.person[0];
    world_trust(&f->w);
    f->w.root = other;
    struct audit_report r = rebundled(f);
    assert_verdict(&r, AUDIT_BROKEN, "not signed by the root key");
}

static void
one_tenants_excerpt_hides_the_others_and_still_proves(void **state)
{
    struct fixture *f = *state;
    struct audit_bundle_source source = source_of(f);
    struct audit_bundle_counts counts;
    source.tenant = f->h[1].tenant;
    (void)unlink(f->path);
    assert_int_equal(audit_bundle_write(&f->w.store, &source, f->path, &counts, NULL), BATON_OK);
    assert_true(counts.withheld > 0 && counts.withheld < counts.records);
    struct audit_report r = check(f);
    assert_verdict(&r, AUDIT_SOUND, "");
    assert_int_equal(r.tenants, 2);
    assert_int_equal(r.withheld, counts.withheld);
    assert_int_equal(r.checkpoints, 3);
    assert_true(r.gap[GAP_WITHHELD]);
    entries_read(f);
    f->entry[nth(f, BUNDLE_LEAF, 3)].bytes[4] ^= 1;
    entries_write(f);
    r = check(f);
    assert_verdict(&r, AUDIT_BROKEN, "signed for other records");
    for (size_t i = 0; i < f->count; i++)
        assert_null(f->entry[i].type == BUNDLE_RECORD && f->entry[i].len > 20 &&
                            memcmp(f->entry[i].bytes + 12, f->h[0].tenant.b, 16) == 0
                        ? f
                        : NULL);
}

static void
an_empty_log_makes_a_bundle_with_every_gap(void **state)
{
    struct fixture *f = *state;
    struct store_port empty;
    struct audit_bundle_source source = {0};
    assert_int_equal(store_fake_open(&empty, NULL), BATON_OK);
    (void)unlink(f->path);
    assert_int_equal(audit_bundle_write(&empty, &source, f->path, NULL, NULL), BATON_OK);
    empty.close(empty.ctx);
    struct audit_report r = check(f);
    assert_verdict(&r, AUDIT_SOUND, "");
    assert_true(r.gap[GAP_TRUST] && r.gap[GAP_CHECKPOINT] && r.gap[GAP_RECEIPTS]);
    for (int i = 0; i < AUDIT_GAP_COUNT; i++)
        assert_true(strlen(audit_gap_text((enum audit_gap)i)) > 20);
}

static void
a_bundle_is_never_written_over_a_file(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(audit_bundle_write(&f->w.store, &f->source, f->path, NULL, NULL),
                     BATON_CONFLICT);
    assert_int_equal(check(f).verdict, AUDIT_SOUND);
}

static void
a_store_that_fails_leaves_no_file(void **state)
{
    struct fixture *f = *state;
    (void)unlink(f->path);
    for (unsigned n = 1;; n++) {
        store_fake_fail(&f->w.store, n, BATON_IO);
        enum baton_status rc = audit_bundle_write(&f->w.store, &f->source, f->path, NULL, NULL);
        bool reached = store_fake_failed(&f->w.store);
        store_fake_fail(&f->w.store, 0, BATON_OK);
        assert_int_equal(rc, reached ? BATON_IO : BATON_OK);
        if (!reached)
            break;
        assert_int_not_equal(access(f->path, F_OK), 0);
    }
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_honest_history_is_sound_and_fully_counted),
        TEST(without_a_pinned_root_the_report_says_so),
        TEST(a_flipped_byte_anywhere_is_found),
        TEST(a_changed_record_is_named),
        TEST(a_removed_record_is_named),
        TEST(two_records_that_change_places_are_named),
        TEST(a_doubled_record_is_named),
        TEST(a_log_cut_at_its_end_contradicts_checkpoints),
        TEST(a_log_cut_without_its_checkpoints_contradicts_receipts),
        TEST(a_receipt_taken_out_of_the_bundle_is_missed),
        TEST(another_history_of_the_same_length_contradicts_a_pinned_receipt),
        TEST(a_forged_checkpoint_is_not_believed),
        TEST(a_swapped_signature_is_found),
        TEST(a_changed_object_is_found),
        TEST(an_object_taken_out_is_missed),
        TEST(a_bundle_cut_anywhere_is_broken),
        TEST(something_behind_the_end_is_refused),
        TEST(two_members_that_may_export_are_a_breach),
        TEST(a_grant_that_lacks_something_is_a_breach),
        TEST(a_grant_over_a_verification_that_nobody_accepted_is_a_breach),
        TEST(a_disposition_by_somebody_who_may_not_is_a_breach),
        TEST(a_verification_that_counts_a_word_of_nobody_is_broken),
        TEST(the_same_grant_again_is_no_breach),
        TEST(one_epoch_for_two_recipients_is_a_breach),
        TEST(an_epoch_that_falls_is_a_breach),
        TEST(an_approval_by_nobody_is_a_breach),
        TEST(a_refused_statement_with_a_bad_signature_is_no_fault),
        TEST(trust_documents_rise_and_name_the_one_before),
        TEST(a_trust_document_of_another_root_is_refused),
        TEST(one_tenants_excerpt_hides_the_others_and_still_proves),
        TEST(an_empty_log_makes_a_bundle_with_every_gap),
        TEST(a_bundle_is_never_written_over_a_file),
        TEST(a_store_that_fails_leaves_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
