/* certificate.h: one cutover on paper: what happened, in which order, who decided, and the proof.
 *
 * Shape      JSON: {"certificate": {...}, "signature": {"key", "sig"}}. Signed is the value of
 *            "certificate" in canonical form (keys sorted, no white space, UTF-8), under
 *            DOMAIN_CERTIFICATE by a controller key that the trust document inside names.
 *            It carries the records that matter with their path to a signed checkpoint, and the
 *            grant's own bytes, which contain the other members' evidence: so order is proved by
 *            hashes, not by clocks. It also says what it does not prove.
 * Limits     CERTIFICATE_BYTES_MAX of JSON; lists as below. People appear by id alone.
 * Errors     Reading: BATON_MALFORMED with the field. Checking: BATON_OK, and the report says what
 *            holds.
 * Ownership  Blobs are malloc'd; certificate_done frees them. Texts returned are malloc'd.
 * Source     design 6; handoff 2.8; docs/formats.md "Cutover certificate".
 */
#ifndef BATON_CERTIFICATE_H
#define BATON_CERTIFICATE_H

#include "baton/disposition.h"
#include "baton/finding.h"
#include "baton/store.h"
#include "baton/trust.h"
#include "common/audit/bundle.h"
#include "common/audit/json_shape.h"
#include "common/merkle.h"

enum {
    CERTIFICATE_VERSION = 2, /* 1: without what verification found */
    CERTIFICATE_BYTES_MAX = 4 * 1024 * 1024,
    CERTIFICATE_PEOPLE_MAX = 32,
    CERTIFICATE_RULES_MAX = 128,
    CERTIFICATE_LINKS_MAX = 250,
    CERTIFICATE_PROOFS_MAX = 64,
    CERTIFICATE_STATE_BYTES = 32,
    CERTIFICATE_WHY_BYTES = 256,
};

enum certificate_grade {
    GRADE_NONE, /* not judged */
    GRADE_A,    /* two agents and the tenant witness agree */
    GRADE_B,    /* two agents agree */
    GRADE_C,    /* people or an outer fence stood in for an agent */
    GRADE_X,    /* an overlap was seen, or cannot be excluded */
    GRADE_COUNT
};

enum certificate_outcome {
    OUTCOME_NONE,
    OUTCOME_PROVISIONAL, /* the new server exports; the old one is not retired yet */
    OUTCOME_FINAL,
    OUTCOME_ROLLED_BACK,
    OUTCOME_ADOPTED, /* a cutover that had been done by hand was recorded */
    OUTCOME_COUNT
};

enum certificate_link_kind { LINK_NONE, LINK_ORDER, LINK_STATEMENT, LINK_COUNT };

struct certificate_server {
    struct baton_key key;
    char host[NAME_BYTES];
    uint8_t product, kind; /* enum product, enum fence_kind */
    bool was_holder, is_recipient, attested;
    struct baton_hash evidence; /* the statement that the grant carries; zero: the recipient */
};

struct certificate_person {
    struct baton_id operator;
    uint8_t verb; /* enum approval_verb */
    struct baton_hash approval;
    struct baton_hash verification; /* the record that it binds to; zero: the verb binds to none */
};

struct certificate_fact { /* an item of the verification record, known or not */
    char name[CERTIFICATE_STATE_BYTES];
    bool known;
    int64_t value;
};

struct certificate_finding {
    char rule[FINDING_RULE_BYTES];
    uint8_t severity; /* enum finding_severity */
    uint64_t count, limit;
    bool limited; /* false: the rule has no limit, and limit is 0 */
    char subject[FINDING_SUBJECT_BYTES], why[FINDING_TEXT_BYTES];
    struct baton_hash row;
    uint8_t people; /* different people whose word closes it; 0: taken with the whole */
};

struct certificate_decision { /* one person's word about one finding */
    struct baton_hash row;
    struct baton_id operator;
    uint8_t kind; /* enum disposition_kind */
    uint64_t unix_ms;
    char reason[DISPOSITION_REASON_BYTES];
    struct json_blob bytes; /* what was signed: all of the above is in it */
    struct baton_sig sig;
};

/* What the approvals rest on. The bytes prove it, the rest says for people what stands in them. */
struct certificate_verified {
    struct baton_id accepted_by; /* the person who took it as it was */
    uint64_t accepted_seq, accepted_unix_ms;
    uint8_t verdict; /* enum verdict */
    uint64_t taken_unix_ms;
    struct baton_hash findings, dispositions;
    struct baton_hash policy; /* verification policy judged by; zero: the preset of the path */
    uint32_t more;            /* findings that did not fit into the list */
    uint8_t fact_count, finding_count, decision_count;
    struct certificate_fact fact[VERIFY_COUNT];
    struct certificate_finding finding[FINDINGS_SENT_MAX];
    struct certificate_decision decision[DISPOSITIONS_MAX];
    struct json_blob record, list; /* the verification record's bytes, the findings' bytes */
};

struct certificate_rule { /* a move of the workflow */
    uint16_t rule;
    char from[CERTIFICATE_STATE_BYTES], to[CERTIFICATE_STATE_BYTES];
    uint64_t seq, unix_ms;
};

struct certificate_link { /* an order, or an agent's signed word, in the order of the log */
    uint8_t kind;         /* enum certificate_link_kind */
    uint64_t seq;
    struct baton_hash hash;
    char what[CERTIFICATE_STATE_BYTES]; /* verb or statement type */
};

struct certificate_step_hash {
    struct baton_hash hash;
};

struct certificate_proof { /* a record of the log and its way up to the checkpoint's root */
    uint64_t seq;
    struct json_blob record;
    uint8_t path_count;
    struct certificate_step_hash path[MERKLE_PROOF_MAX];
};

struct certificate {
    uint64_t version; /* CERTIFICATE_VERSION */
    struct baton_id tenant, cutover;
    char tenant_name[NAME_BYTES];
    uint8_t profile, outcome, grade; /* enum profile, certificate_outcome, certificate_grade */
    char grade_why[CERTIFICATE_WHY_BYTES];
    bool lab, local_fence_only;
    struct baton_hash plan;
    struct baton_hash verification;       /* the record that the approvals bind to */
    struct certificate_verified verified; /* all zero: nothing was accepted */
    struct epoch epoch;
    uint32_t serial;
    uint8_t server_count, person_count, rule_count, link_count, proof_count;
    struct certificate_server server[MEMBERS_MAX];
    struct certificate_person person[CERTIFICATE_PEOPLE_MAX];
    struct certificate_rule rule[CERTIFICATE_RULES_MAX];
    struct certificate_link link[CERTIFICATE_LINKS_MAX];
    bool gap_known;
    uint64_t gap_lower_ms, gap_upper_ms;
    uint64_t first_export_unix_ms;  /* 0: not seen */
    struct baton_hash first_export; /* the statement that shows it */
    bool counts_known;
    uint64_t adds, updates, deletes; /* of the first export, as verified before it */
    uint8_t quorum_cutover, quorum_go, quorum_attest; /* people the trust document asks for */
    struct json_blob trust;                           /* the document itself */
    struct baton_sig trust_sig;
    struct json_blob grant; /* the grant's bytes: they contain the evidence; may be empty */
    struct audit_checkpoint checkpoint;
    struct certificate_proof proof[CERTIFICATE_PROOFS_MAX];
    uint64_t issued_unix_ms;
    char verifier_version[32];
};

struct certificate_signer {
    struct baton_key key;
    void *ctx;
    void (*sign)(void *ctx, const char *domain, const void *bytes, size_t len,
                 struct baton_sig *ret_sig);
};

/* Fills what the log knows about one cutover: moves, orders, statements, people, the grant, the
 * evidence, what verification found, proofs up to the checkpoint. The caller has set checkpoint (it
 * must cover the cutover's records and be signed) and verification (what was accepted last; it stays
 * unless the grant's approvals name only others), and adds the rest: gap, counts, grade, outcome.
 * BATON_NOT_FOUND: no record of that cutover. BATON_CORRUPT: what was accepted is not in the store. */
enum baton_status certificate_collect(const struct store_port *store, const struct baton_id *tenant,
                                      const struct baton_id *cutover, struct certificate *c,
                                      struct baton_err *err) BATON_MUST_USE;

enum baton_status certificate_to_json(const struct certificate *c,
                                      const struct certificate_signer *signer, char **ret_text,
                                      struct baton_err *err) BATON_MUST_USE;
enum baton_status certificate_from_json(const char *text, size_t len, struct certificate *ret_c,
                                        struct baton_key *ret_signer, struct baton_sig *ret_sig,
                                        struct baton_err *err) BATON_MUST_USE;
void certificate_done(struct certificate *c);

struct certificate_report {
    bool good;
    char why[CERTIFICATE_WHY_BYTES]; /* the first thing that does not hold */
    struct baton_hash fingerprint;   /* SHA-256 of the signed bytes: to compare by hand */
    struct baton_key signer;
    bool root_pinned;  /* false: the trust document inside vouches for itself */
    bool order_proved; /* the grant's bytes are inside and contain the evidence listed */
    unsigned proofs;   /* records proved to be in the log */
    /* People's words about findings that hold, and those of people whom the trust document inside
     * does not name any more: nobody can say whether they signed them. */
    unsigned decisions, unattributed;
};

/* Offline. A certificate that cannot be read is a report with good = false, not an error. */
enum baton_status certificate_verify(const char *text, size_t len,
                                     const struct baton_key *root_or_null,
                                     struct certificate_report *ret_report,
                                     struct baton_err *err) BATON_MUST_USE;

/* One printable page without anything from outside it. The report, if given, is shown on it. */
enum baton_status certificate_to_html(const struct certificate *c,
                                      const struct certificate_report *report_or_null,
                                      char **ret_text, struct baton_err *err) BATON_MUST_USE;

const char *certificate_grade_name(enum certificate_grade g);
const char *certificate_grade_text(enum certificate_grade g);
const char *certificate_outcome_name(enum certificate_outcome o);
/* What no certificate proves; one sentence each. */
const char *const *certificate_not_proved(size_t *ret_count);

#endif
