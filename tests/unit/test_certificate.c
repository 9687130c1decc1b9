#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "audit_world.h"
#include "common/audit/certificate_read.h"
#include "store_fake.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
    struct world w;
    struct world_handoff h[2];
    struct certificate c;
    char *json;
};

static void
sign(void *ctx, const char *domain, const void *bytes, size_t len, struct baton_sig *ret_sig)
{
    const struct crypto_signer *s = ctx;
    assert_int_equal(crypto_sign_domain(s->secret, domain, bytes, len, ret_sig), BATON_OK);
}

static void
json_make(struct fixture *f, struct crypto_signer *by)
{
    struct certificate_signer signer = {.key = by->key, .ctx = by, .sign = sign};
    free(f->json);
    f->json = NULL;
    assert_int_equal(certificate_to_json(&f->c, &signer, &f->json, NULL), BATON_OK);
}

static void
trust_put(struct fixture *f)
{
    uint8_t *bytes = malloc(TRUST_BYTES_MAX);
    size_t len = 0;
    assert_int_equal(trust_encode(&f->w.trust, bytes, TRUST_BYTES_MAX, &len), BATON_OK);
    assert_int_equal(
        crypto_sign_domain(f->w.root.secret, DOMAIN_TRUST, bytes, len, &f->c.trust_sig), BATON_OK);
    f->c.trust = (struct json_blob){bytes, len};
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct store_port store;
    struct baton_err err = {0};
    assert_int_equal(store_fake_open(&store, NULL), BATON_OK);
    world_init(&f->w, &store);
    world_trust(&f->w);
    world_handoff(&f->w, 1, &f->h[0]);
    world_handoff(&f->w, 2, &f->h[1]);
    world_checkpoint(&f->w);
    f->c.checkpoint = f->w.checkpoint[0];
    f->c.verification = f->h[1].verification;
    if (certificate_collect(&store, &f->h[1].tenant, &f->h[1].cutover, &f->c, &err) != BATON_OK)
        fail_msg("%s", err.text);
    trust_put(f);
    f->c.outcome = OUTCOME_PROVISIONAL;
    f->c.grade = GRADE_B;
    f->c.local_fence_only = true;
    f->c.gap_known = true;
    f->c.gap_lower_ms = 61000;
    f->c.gap_upper_ms = 95000;
    f->c.first_export_unix_ms = f->w.unix_ms;
    f->c.first_export = f->h[1].used;
    f->c.counts_known = true;
    f->c.adds = 3;
    f->c.updates = 14;
    f->c.quorum_cutover = 2;
    f->c.quorum_go = 1;
    f->c.quorum_attest = 2;
    f->c.issued_unix_ms = f->w.unix_ms;
    json_make(f, &f->w.controller);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    free(f->json);
    certificate_done(&f->c);
    for (int i = 0; i < 2; i++)
        world_handoff_done(&f->h[i]);
    f->w.store.close(f->w.store.ctx);
    world_done(&f->w);
    free(f);
    return 0;
}

static struct certificate_report
verify(const struct fixture *f, const char *json)
{
    struct certificate_report r;
    assert_int_equal(certificate_verify(json, strlen(json), &f->w.root.key, &r, NULL), BATON_OK);
    return r;
}

static void
assert_bad(const struct fixture *f, const char *json, const char *why)
{
    struct certificate_report r = verify(f, json);
    if (r.good || strstr(r.why, why) == NULL)
        fail_msg("good=%d \"%s\", wanted \"%s\"", r.good, r.why, why);
}

static void
a_collected_certificate_holds_and_proves_the_order(void **state)
{
    struct fixture *f = *state;
    struct certificate_report r = verify(f, f->json);
    if (!r.good)
        fail_msg("%s", r.why);
    assert_true(r.order_proved);
    assert_true(r.root_pinned);
    assert_true(r.proofs >= 6);
    assert_int_equal(f->c.server_count, 2);
    assert_true(f->c.server[0].was_holder && !f->c.server[0].is_recipient);
    assert_true(f->c.server[1].is_recipient);
    assert_true(baton_hash_eq(&f->c.server[0].evidence, &f->h[1].evidence[0]));
    assert_string_equal(f->c.server[1].host, "sync2.contoso2.example");
    assert_int_equal(f->c.person_count, 4); /* plan, two cutover, go */
    assert_true(f->c.lab);
    assert_int_equal(certificate_verify(f->json, strlen(f->json), NULL, &r, NULL), BATON_OK);
    assert_true(r.good && !r.root_pinned);
}

static void
reading_gives_back_what_was_written(void **state)
{
    struct fixture *f = *state;
    struct certificate *c = malloc(sizeof *c);
    struct baton_key key;
    struct baton_sig sig;
    char *again = NULL;
    assert_int_equal(certificate_from_json(f->json, strlen(f->json), c, &key, &sig, NULL),
                     BATON_OK);
    assert_true(baton_key_eq(&key, &f->w.controller.key));
    struct certificate_signer signer = {.key = key, .ctx = &f->w.controller, .sign = sign};
    assert_int_equal(certificate_to_json(c, &signer, &again, NULL), BATON_OK);
    assert_string_equal(again, f->json);
    free(again);
    certificate_done(c);
    free(c);
}

static void
it_shows_what_verification_found_and_who_decided_what(void **state)
{
    struct fixture *f = *state;
    const struct certificate_verified *v = &f->c.verified;
    assert_true(baton_hash_eq(&f->c.verification, &f->h[1].verification));
    assert_int_equal(v->accepted_seq, f->h[1].verified_seq);
    assert_true(baton_id_eq(&v->accepted_by, &f->w.trust.operator[0].id));
    assert_int_equal(v->verdict, VERDICT_REVIEW);
    struct baton_hash policy;
    crypto_sha256("preset: parity\n", 15, &policy);
    assert_true(baton_hash_eq(&v->policy, &policy));
    assert_int_equal(v->fact_count, VERIFY_COUNT);
    assert_string_equal(v->fact[VERIFY_PENDING_DELETES].name, "pending_deletes");
    assert_true(v->fact[VERIFY_PENDING_DELETES].known);
    assert_false(v->fact[VERIFY_PARITY_ROWS].known);
    assert_int_equal(v->finding_count, 2);
    const struct certificate_finding *found = &v->finding[0];
    assert_string_equal(found->rule, "CF-SCOPE-NARROWED");
    assert_string_equal(found->subject, "OU=CORP");
    assert_int_equal(found->severity, SEVERITY_BLOCK);
    assert_int_equal(found->count, 1);
    assert_true(found->limited && found->limit == 0);
    assert_int_equal(found->people, 2); /* "fixed" closes nothing */
    assert_false(v->finding[1].limited);
    assert_int_equal(v->finding[1].people, 0);
    assert_int_equal(v->decision_count, 3);
    struct certificate_report r = verify(f, f->json);
    assert_int_equal(r.decisions, 3);
    assert_int_equal(r.unattributed, 0);
    for (size_t i = 0; i < f->c.person_count; i++)
        assert_int_equal(baton_hash_eq(&f->c.person[i].verification, &f->c.verification),
                         f->c.person[i].verb == VERB_CUTOVER);
}

static void
resign(struct fixture *f)
{
    json_make(f, &f->w.controller);
}

static void
what_people_decided_cannot_be_made_up(void **state)
{
    struct fixture *f = *state;
    struct certificate_verified *v = &f->c.verified;

    v->finding[0].severity = SEVERITY_INFO;
    resign(f);
    assert_bad(f, f->json, "not what the record inside says");
    v->finding[0].severity = SEVERITY_BLOCK;

    v->decision[1].reason[0] ^= 1;
    resign(f);
    assert_bad(f, f->json, "not what the record inside says");
    v->decision[1].reason[0] ^= 1;

    v->fact[VERIFY_PENDING_DELETES].value = 7;
    resign(f);
    assert_bad(f, f->json, "not what the record inside says");
    v->fact[VERIFY_PENDING_DELETES].value = 0;

    v->record.bytes[v->record.len - 1] ^= 1;
    resign(f);
    assert_bad(f, f->json, "not the one that it names");
    v->record.bytes[v->record.len - 1] ^= 1;

    v->list.bytes[v->list.len - 1] ^= 1; /* the row of the last finding */
    v->finding[1].row.b[BATON_HASH_BYTES - 1] ^= 1;
    resign(f);
    assert_bad(f, f->json, "findings inside are not those");
    v->list.bytes[v->list.len - 1] ^= 1;
    v->finding[1].row.b[BATON_HASH_BYTES - 1] ^= 1;

    v->decision_count--;
    v->finding[0].people = 2;
    assert_int_equal(certificate_verified_show(v), BATON_OK);
    resign(f);
    assert_bad(f, f->json, "dispositions inside are not those");
    v->decision_count++;
    assert_int_equal(certificate_verified_show(v), BATON_OK);

    v->decision[0].sig.b[5] ^= 1;
    resign(f);
    assert_bad(f, f->json, "not signed by its operator");
    v->decision[0].sig.b[5] ^= 1;

    resign(f);
    assert_true(verify(f, f->json).good);
}

static void
who_accepted_it_and_over_what_people_approved_stands_in_the_proof(void **state)
{
    struct fixture *f = *state;
    struct certificate *c = &f->c;

    c->verified.accepted_by = f->w.trust.operator[1].id;
    resign(f);
    assert_bad(f, f->json, "is no acceptance");
    c->verified.accepted_by = f->w.trust.operator[0].id;

    c->verified.accepted_seq++;
    resign(f);
    assert_false(verify(f, f->json).good);
    c->verified.accepted_seq--;

    for (uint8_t i = 0; i < c->person_count; i++)
        c->person[i].verification.b[0] ^= 1;
    resign(f);
    assert_bad(f, f->json, "shown as another one");
    for (uint8_t i = 0; i < c->person_count; i++)
        c->person[i].verification.b[0] ^= 1;

    struct certificate_verified *saved = malloc(sizeof *saved);
    struct baton_hash named = c->verification;
    assert_non_null(saved);
    *saved = c->verified;
    c->verified = (struct certificate_verified){0};
    resign(f);
    assert_bad(f, f->json, "not the one that it names");
    c->verification = (struct baton_hash){0};
    resign(f);
    assert_bad(f, f->json, "no approval inside the grant names");
    c->verified = *saved;
    resign(f);
    assert_bad(f, f->json, "nobody accepted");
    c->verification = named;
    free(saved);
    resign(f);
    assert_true(verify(f, f->json).good);
}

/* Accepted again after the grant: what counts is what the approvals inside it name. */
static void
the_verification_shown_is_the_one_that_the_grant_rests_on(void **state)
{
    struct fixture *f = *state;
    struct world_handoff *h = &f->h[1];
    struct baton_hash approved = h->verification;
    world_verify(&f->w, h, NULL, 0);
    world_checkpoint(&f->w);
    certificate_done(&f->c);
    f->c = (struct certificate){.checkpoint = f->w.checkpoint[1], .verification = h->verification};
    assert_int_equal(certificate_collect(&f->w.store, &h->tenant, &h->cutover, &f->c, NULL),
                     BATON_OK);
    assert_true(baton_hash_eq(&f->c.verification, &approved));
    assert_int_equal(f->c.verified.decision_count, 3);
}

static void
a_person_who_left_the_trust_document_is_said_to_be_unknown(void **state)
{
    struct fixture *f = *state;
    f->w.trust.operator_count = 1; /* Björn left */
    free(f->c.trust.bytes);
    trust_put(f);
    resign(f);
    struct certificate_report r = verify(f, f->json);
    if (!r.good)
        fail_msg("%s", r.why);
    assert_int_equal(r.decisions, 1);
    assert_int_equal(r.unattributed, 2);
}

static void
a_verification_that_is_not_in_the_store_makes_no_certificate(void **state)
{
    struct fixture *f = *state;
    struct certificate *c = calloc(1, sizeof *c);
    struct world_handoff *h = &f->h[1];
    struct baton_hash unknown[1] = {{{7}}};
    world_verify(&f->w, h, unknown, 1); /* a disposition of which nobody has the bytes */
    h->cutover_by[0] = world_approve(&f->w, h, 0, VERB_CUTOVER);
    h->cutover_by[1] = world_approve(&f->w, h, 1, VERB_CUTOVER);
    struct order o = world_order(&f->w, h, ORDER_GRANT);
    o.serial = 2;
    o.approval_count = 2;
    memcpy(o.approval, h->cutover_by, sizeof h->cutover_by);
    o.evidence_count = 1;
    o.evidence[0] = h->evidence_signed[0];
    world_send(&f->w, h, &o, NULL);
    world_checkpoint(&f->w);
    c->checkpoint = f->w.checkpoint[1];
    assert_int_equal(certificate_collect(&f->w.store, &h->tenant, &h->cutover, c, NULL),
                     BATON_CORRUPT);
    free(c);
}

static void
a_cutover_without_an_accepted_verification_says_so(void **state)
{
    struct fixture *f = *state;
    struct world_handoff *h = &f->h[1];
    memset(h->cutover.b, 0x77, sizeof h->cutover.b);
    h->epoch.counter++;
    struct order o = world_order(&f->w, h, ORDER_FENCE);
    world_send(&f->w, h, &o, NULL);
    world_checkpoint(&f->w);
    certificate_done(&f->c);
    f->c = (struct certificate){.checkpoint = f->w.checkpoint[1]};
    assert_int_equal(certificate_collect(&f->w.store, &h->tenant, &h->cutover, &f->c, NULL),
                     BATON_OK);
    trust_put(f);
    f->c.quorum_cutover = f->c.quorum_attest = 2;
    f->c.quorum_go = 1;
    json_make(f, &f->w.controller);
    struct certificate_report r = verify(f, f->json);
    if (!r.good)
        fail_msg("%s", r.why);
    assert_int_equal(r.decisions, 0);
    char *html = NULL;
    assert_int_equal(certificate_to_html(&f->c, &r, &html, NULL), BATON_OK);
    assert_non_null(strstr(html, "No verification was accepted"));
    free(html);
}

/* Every single character: either it is noticed, or it is white space between tokens. */
static void
a_changed_character_anywhere_is_noticed(void **state)
{
    struct fixture *f = *state;
    size_t len = strlen(f->json), step = 1 + len / 1500;
    char *copy = malloc(len + 1);
    for (size_t i = 0; i < len; i += step) {
        memcpy(copy, f->json, len + 1);
        if (copy[i] == ' ' || copy[i] == '\n')
            continue;
        copy[i] = copy[i] == '1' ? '2' : '1';
        struct certificate_report r = verify(f, copy);
        if (r.good)
            fail_msg("byte %zu: \"%.40s\"", i, f->json + (i > 20 ? i - 20 : 0));
    }
    free(copy);
}

static void
a_better_story_needs_the_controllers_key(void **state)
{
    struct fixture *f = *state;
    f->c.grade = GRADE_A;
    char *old = f->json;
    f->json = NULL;
    json_make(f, &f->w.person[0]); /* somebody else signs */
    assert_bad(f, f->json, "no controller");
    free(old);
    json_make(f, &f->w.controller);
    assert_true(verify(f, f->json).good);
}

static void
what_the_controller_cannot_make_up(void **state)
{
    struct fixture *f = *state;
    struct certificate *c = &f->c;
    struct certificate saved = *c;

    c->quorum_cutover = 3;
    json_make(f, &f->w.controller);
    assert_bad(f, f->json, "numbers of people");
    c->quorum_cutover = saved.quorum_cutover;

    c->lab = false;
    json_make(f, &f->w.controller);
    assert_bad(f, f->json, "hides it");
    c->lab = true;

    c->server[0].evidence.b[0] ^= 1;
    json_make(f, &f->w.controller);
    assert_bad(f, f->json, "does not contain the evidence");
    c->server[0].evidence.b[0] ^= 1;

    c->proof[1].record.bytes[40] ^= 1;
    json_make(f, &f->w.controller);
    assert_bad(f, f->json, "not in the signed log");
    c->proof[1].record.bytes[40] ^= 1;

    c->proof[0].path[0].hash.b[3] ^= 1;
    json_make(f, &f->w.controller);
    assert_bad(f, f->json, "not in the signed log");
    c->proof[0].path[0].hash.b[3] ^= 1;

    c->link[0].hash.b[0] ^= 1;
    json_make(f, &f->w.controller);
    assert_bad(f, f->json, "does not name");
    c->link[0].hash.b[0] ^= 1;

    c->grant.bytes[c->grant.len - 3] ^= 1;
    json_make(f, &f->w.controller);
    assert_false(verify(f, f->json).good);
    c->grant.bytes[c->grant.len - 3] ^= 1;

    c->checkpoint.size--;
    json_make(f, &f->w.controller);
    assert_bad(f, f->json, "checkpoint");
    c->checkpoint.size++;

    struct certificate_link swap = c->link[1];
    c->link[1] = c->link[2];
    c->link[2] = swap;
    json_make(f, &f->w.controller);
    assert_bad(f, f->json, "order of the log");
    c->link[2] = c->link[1];
    c->link[1] = swap;

    uint8_t proofs = c->proof_count;
    c->proof_count = 0;
    json_make(f, &f->w.controller);
    assert_bad(f, f->json, "no record is proved");
    c->proof_count = proofs;

    json_make(f, &f->w.controller);
    assert_true(verify(f, f->json).good);
}

static void
a_trust_document_of_another_root_is_not_believed(void **state)
{
    struct fixture *f = *state;
    struct certificate_report r;
    assert_int_equal(certificate_verify(f->json, strlen(f->json), &f->w.person[1].key, &r, NULL),
                     BATON_OK);
    assert_false(r.good);
    assert_non_null(strstr(r.why, "pinned root"));
}

static void
hostile_texts_are_refused_with_a_reason(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "null",
        "{}",
        "{\"certificate\":1,\"signature\":2}",
        "{\"certificate\":{},\"signature\":{\"key\":\"00\",\"sig\":\"00\"}}",
        "{\"certificate\":{\"version\":1},\"signature\":{}}",
        "\xff\xfe",
        "{\"a\":1,\"a\":2}",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct certificate_report r = verify(f, texts[i]);
        assert_false(r.good);
        assert_true(strlen(r.why) > 5);
    }
    size_t len = strlen(f->json);
    for (size_t cut = 1; cut < len; cut += 1 + len / 200) {
        struct certificate_report r;
        assert_int_equal(certificate_verify(f->json, cut, &f->w.root.key, &r, NULL), BATON_OK);
        assert_false(r.good);
    }
}

static char *
page(const struct fixture *f, const struct certificate_report *r)
{
    char *html = NULL;
    assert_int_equal(certificate_to_html(&f->c, r, &html, NULL), BATON_OK);
    return html;
}

static void
the_page_says_what_it_proves_and_what_not(void **state)
{
    struct fixture *f = *state;
    struct certificate_report r = verify(f, f->json);
    char *html = page(f, &r);
    static const char *const must[] = {
        "<!doctype html>",
        "class=\"banner lab\"",
        "LAB",
        "Local fence only",
        "Checked:",
        "at least 1 min 01 s, at most 1 min 35 s",
        "3 adds, 14 updates, 0 deletes",
        "What this certificate does not prove",
        "sync1.contoso2.example",
        "had the role",
        "asks for 2 different people",
        "order grant",
        "says evidence",
        "What verification found",
        "CF-SCOPE-NARROWED",
        "OU=CORP changes what the tenant holds",
        "limit 0",
        "CORP holds everybody",
        "seen with the customer",
        "2 different people",
        "nobody had to decide",
        "2.4.27.0",
        "parity_rows</td><td>unknown",
        "The approvals bind to this record",
        "Verification policy",
        "shown here",
    };
    for (size_t i = 0; i < ARRAY_LEN(must); i++)
        if (strstr(html, must[i]) == NULL)
            fail_msg("\"%s\" is missing", must[i]);
    size_t n = 0;
    const char *const *not_proved = certificate_not_proved(&n);
    assert_true(n >= 3);
    for (size_t i = 0; i < n; i++)
        assert_non_null(not_proved[i]);
    static const char *const outside[] = {"<script", "http://", "https://",
                                          "src=",    "@import", "url("};
    for (size_t i = 0; i < ARRAY_LEN(outside); i++)
        assert_null(strstr(html, outside[i]));
    free(html);

    f->c.lab = false;
    f->c.local_fence_only = false;
    f->c.quorum_cutover = 1;
    html = page(f, NULL);
    assert_null(strstr(html, "banner lab"));
    assert_null(strstr(html, "Local fence only"));
    assert_non_null(strstr(html, "One person alone"));
    free(html);

    r.good = false;
    (void)snprintf(r.why, sizeof r.why, "because <b>");
    html = page(f, &r);
    assert_non_null(strstr(html, "Does not hold: because &lt;b&gt;"));
    free(html);
}

static size_t
times(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

static void
the_page_says_once_what_the_grade_means(void **state)
{
    struct fixture *f = *state;
    (void)snprintf(f->c.grade_why, sizeof f->c.grade_why, "%s; and more",
                   certificate_grade_text(GRADE_C));
    f->c.grade = GRADE_C;
    char *html = page(f, NULL);
    assert_int_equal(times(html, "an outer fence stood in"), 1);
    assert_non_null(strstr(html, "; and more"));
    free(html);
    f->c.grade_why[0] = 0;
    html = page(f, NULL);
    assert_non_null(strstr(html, "an outer fence stood in"));
    free(html);
}

static void
nothing_from_outside_reaches_the_page_as_markup(void **state)
{
    struct fixture *f = *state;
    static const char evil[] = "<script>alert('x')</script>\"&`";
    (void)snprintf(f->c.tenant_name, sizeof f->c.tenant_name, "%s", evil);
    (void)snprintf(f->c.grade_why, sizeof f->c.grade_why, "%s", evil);
    (void)snprintf(f->c.server[0].host, sizeof f->c.server[0].host, "%s", evil);
    (void)snprintf(f->c.server[1].host, sizeof f->c.server[1].host, "%s", evil);
    (void)snprintf(f->c.rule[0].from, sizeof f->c.rule[0].from, "%s", evil);
    (void)snprintf(f->c.verified.finding[0].subject, sizeof f->c.verified.finding[0].subject, "%s",
                   evil);
    (void)snprintf(f->c.verified.decision[0].reason, sizeof f->c.verified.decision[0].reason, "%s",
                   evil);
    (void)snprintf(f->c.link[0].what, sizeof f->c.link[0].what, "%s", evil);
    (void)snprintf(f->c.verifier_version, sizeof f->c.verifier_version, "%s", evil);
    char *html = page(f, NULL);
    assert_null(strstr(html, "<script"));
    assert_null(strstr(html, "alert('x')"));
    assert_non_null(
        strstr(html, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;&#96;"));
    free(html);
}

static void
a_rollback_that_was_refused_leaves_the_grant_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct world_handoff *h = &f->h[1];
    h->epoch.counter++;
    struct order o = world_order(&f->w, h, ORDER_FENCE);
    o.recipient = h->agent[0].key;
    world_send(&f->w, h, &o, NULL);
    world_checkpoint(&f->w);
    certificate_done(&f->c);
    f->c = (struct certificate){.checkpoint = f->w.checkpoint[1], .verification = h->verification};
    assert_int_equal(certificate_collect(&f->w.store, &h->tenant, &h->cutover, &f->c, NULL),
                     BATON_OK);
    trust_put(f);
    f->c.quorum_cutover = f->c.quorum_attest = 2;
    f->c.quorum_go = 1;
    json_make(f, &f->w.controller);
    struct certificate_report r = verify(f, f->json);
    if (!r.good)
        fail_msg("%s", r.why);
    assert_true(f->c.server[1].is_recipient);
}

static void
a_cutover_that_is_not_in_the_log_has_no_certificate(void **state)
{
    struct fixture *f = *state;
    struct certificate *c = calloc(1, sizeof *c);
    struct baton_id other = {{1, 2, 3}};
    c->checkpoint = f->w.checkpoint[0];
    assert_int_equal(certificate_collect(&f->w.store, &f->h[0].tenant, &other, c, NULL),
                     BATON_NOT_FOUND);
    assert_int_equal(certificate_collect(&f->w.store, &f->h[0].tenant, &f->h[1].cutover, c, NULL),
                     BATON_NOT_FOUND);
    free(c);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_collected_certificate_holds_and_proves_the_order),
        TEST(reading_gives_back_what_was_written),
        TEST(it_shows_what_verification_found_and_who_decided_what),
        TEST(what_people_decided_cannot_be_made_up),
        TEST(who_accepted_it_and_over_what_people_approved_stands_in_the_proof),
        TEST(the_verification_shown_is_the_one_that_the_grant_rests_on),
        TEST(a_person_who_left_the_trust_document_is_said_to_be_unknown),
        TEST(a_verification_that_is_not_in_the_store_makes_no_certificate),
        TEST(a_cutover_without_an_accepted_verification_says_so),
        TEST(a_changed_character_anywhere_is_noticed),
        TEST(a_better_story_needs_the_controllers_key),
        TEST(what_the_controller_cannot_make_up),
        TEST(a_trust_document_of_another_root_is_not_believed),
        TEST(hostile_texts_are_refused_with_a_reason),
        TEST(the_page_says_what_it_proves_and_what_not),
        TEST(the_page_says_once_what_the_grade_means),
        TEST(nothing_from_outside_reaches_the_page_as_markup),
        TEST(a_rollback_that_was_refused_leaves_the_grant_as_it_was),
        TEST(a_cutover_that_is_not_in_the_log_has_no_certificate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
