/* sample.h: one well-formed value of each canonical record, with every part different from zero. */
#ifndef TESTS_SAMPLE_H
#define TESTS_SAMPLE_H

#include "baton/audit.h"
#include "baton/statement.h"
#include "baton/trust.h"
#include "baton/verification.h"

#include <stdio.h>
#include <string.h>

/* n bytes that differ by position and by seed. */
static inline void
sample_fill(void *out, size_t n, uint8_t seed)
{
    uint8_t *p = out;
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(seed + 7 * i + 1);
}

static inline struct baton_key
sample_key(uint8_t seed)
{
    struct baton_key k;
    sample_fill(k.b, sizeof k.b, seed);
    return k;
}

static inline struct baton_hash
sample_hash(uint8_t seed)
{
    struct baton_hash h;
    sample_fill(h.b, sizeof h.b, seed);
    return h;
}

static inline struct baton_id
sample_id(uint8_t seed)
{
    struct baton_id id;
    sample_fill(id.b, sizeof id.b, seed);
    return id;
}

static inline struct epoch
sample_epoch(uint64_t counter, uint8_t seed)
{
    return (struct epoch){counter, sample_id(seed)};
}

static inline struct plan
sample_plan(void)
{
    struct plan p = {
        .id = sample_id(1),
        .tenant = sample_id(2),
        .tenant_name = "Contoso GmbH, München",
        .profile = PROFILE_PARALLEL,
        .lab = true,
        .trust_version = 3,
        .member_count = 2,
        .holder = 0,
        .recipient = 1,
    };
    p.member[0] = (struct plan_member){.key = sample_key(10),
                                       .box_key = sample_key(11),
                                       .product = PRODUCT_DIRSYNC,
                                       .kind = KIND_STOPPED,
                                       .host = "OLD",
                                       .confirmed_by = sample_id(12)};
    p.member[1] = (struct plan_member){.key = sample_key(20),
                                       .box_key = sample_key(21),
                                       .product = PRODUCT_CONNECT,
                                       .kind = KIND_STAGED,
                                       .host = "NEW",
                                       .confirmed_by = sample_id(22)};
    sample_fill(p.member[0].confirmation.b, BATON_SIG_BYTES, 13);
    sample_fill(p.member[1].confirmation.b, BATON_SIG_BYTES, 23);
    policy_preset(PRESET_PRODUCTION, &p.policy);
    return p;
}

static inline struct trust_doc
sample_trust(void)
{
    struct trust_doc d = {.version = 2,
                          .previous = sample_hash(30),
                          .lab = true,
                          .controller_count = 1,
                          .operator_count = 2};
    d.quorum[VERB_CUTOVER] = 2;
    d.controller[0] = sample_key(31);
    d.operator[0] =(struct trust_operator){.id = sample_id(40),
                                           .name = "Anna",
                                           .key = sample_key(41),
                                           .roles = ROLE_VIEW | ROLE_APPROVE,
                                           .kind = OPERATOR_FILE};
    d.operator[1] =(struct trust_operator){.id = sample_id(50),
                                           .name = "Bo",
                                           .key = sample_key(51),
                                           .roles = ROLE_BREAK_GLASS,
                                           .kind = OPERATOR_BROWSER,
                                           .tenant_count = 1,
                                           .tenant = {sample_id(2)}};
    return d;
}

static inline struct approval
sample_approval(enum approval_verb verb)
{
    struct approval a = {.verb = (uint8_t)verb,
                         .id = sample_id(60),
                         .operator= sample_id(40),
                         .tenant = sample_id(2),
                         .trust_version = 2,
                         .not_after_ms = 1700000000000,
                         .plan = sample_hash(61),
                         .verification = sample_hash(62),
                         .recipient = sample_key(20),
                         .base = sample_epoch(1, 63)};
    a.member[0] = sample_key(10);
    a.member[1] = sample_key(20);
    if (verb == VERB_GO) {
        a.epoch = sample_epoch(2, 64);
        a.serial = 1;
        a.evidence[0] = sample_hash(65);
    }
    return a;
}

static inline struct facts
sample_facts(void)
{
    struct facts f;
    facts_init(&f);
    facts_set(&f, FACT_SERVICES_STOPPED, 1);
    facts_set(&f, FACT_QUIET_FOR_MS, 61000);
    facts_set(&f, FACT_LAST_EXPORT_END, 5);
    facts_absent(&f, FACT_STAGING_SCHEDULER, ABSENT_NOT_APPLICABLE);
    f.fact[FACT_QUIET_FOR_MS].age_ms = 1200;
    struct baton_hash h = sample_hash(70);
    facts_set_digest(&f, DIGEST_SETTINGS, &h);
    facts_set_digest(&f, DIGEST_AGENT_TABLE, &h);
    facts_note(&f, "CONTOSO\\anna holds the wizard");
    return f;
}

static inline struct statement
sample_statement(void)
{
    return (struct statement){
        .type = SAY_EVIDENCE,
        .tenant = sample_id(2),
        .member = sample_key(10),
        .plan = sample_hash(80),
        .epoch = sample_epoch(2, 81),
        .recipient = sample_key(20),
        .asked = sample_epoch(2, 81),
        .nonce = sample_id(82),
        .counter = 17,
        .kind = KIND_STOPPED,
        .holding = true,
        .holding_epoch = sample_epoch(1, 83),
        .tombstone = true,
        .armed = true,
        .grant = GRANT_VOID,
        .serial = 4,
        .machine = {sample_id(84), sample_id(85), sample_id(86), sample_id(87)},
        .agent_version = "0.1.0",
        .agent_binary = sample_hash(88),
        .trust_version = 2,
        .trust_hash = sample_hash(89),
        .receipt_size = 1000,
        .receipt_root = sample_hash(90),
        .previous = sample_hash(91),
        .said_unix_ms = 1700000000000,
        .facts = sample_facts(),
    };
}

static inline struct verification
sample_verification(void)
{
    struct verification v = {.settings = sample_hash(100),
                             .config = sample_hash(101),
                             .rules = sample_hash(102),
                             .pending = sample_hash(103),
                             .runs = sample_hash(104),
                             .taken_unix_ms = 1700000000000,
                             .dispositions = sample_hash(105),
                             .verdict = VERDICT_REVIEW};
    v.known[VERIFY_FULL_IMPORT_AD] = true;
    v.value[VERIFY_FULL_IMPORT_AD] = 1;
    v.known[VERIFY_DELETE_GUARD] = true;
    v.value[VERIFY_DELETE_GUARD] = 500;
    return v;
}

/* Row values borrow from a constant. */
static inline struct audit_record
sample_audit(void)
{
    struct audit_record r = {.seq = 9,
                             .tenant = sample_id(2),
                             .tenant_seq = 4,
                             .previous = sample_hash(110),
                             .actor = sample_key(31),
                             .type = AUDIT_MOVED,
                             .epoch = sample_epoch(2, 81),
                             .unix_ms = 1700000000000,
                             .rule = 319,
                             .from = 8,
                             .to = 9,
                             .cutover = sample_id(111),
                             .text = "all evidence is in",
                             .ref_count = 2,
                             .row_count = 2};
    r.ref[0] = sample_hash(112);
    r.ref[1] = sample_hash(113);
    r.row[0] =
        (struct audit_row){.table = 3, .key_len = 16, .value = (const uint8_t *)"state", .len = 5};
    sample_fill(r.row[0].key, 16, 111);
    r.row[1] = (struct audit_row){.table = 8, .key_len = 1, .key = {9}}; /* removed */
    return r;
}

#endif
