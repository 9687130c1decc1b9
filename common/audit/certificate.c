#include "common/audit/certificate_read.h"
#include <stdlib.h>
#include <string.h>

#define NAMES(function, type, namer)                                                               \
    static const char *function(unsigned v)                                                        \
    {                                                                                              \
        return namer((enum type)v);                                                                \
    }

NAMES(name_of_product, product, product_name)
NAMES(name_of_kind, fence_kind, fence_kind_name)
NAMES(name_of_profile, profile, profile_name)
NAMES(name_of_verb, approval_verb, approval_verb_name)
NAMES(name_of_grade, certificate_grade, certificate_grade_name)
NAMES(name_of_outcome, certificate_outcome, certificate_outcome_name)
NAMES(name_of_severity, finding_severity, finding_severity_name)
NAMES(name_of_disposition, disposition_kind, disposition_kind_name)
NAMES(name_of_verdict, verdict, verdict_name)

static const char *
name_of_link(unsigned v)
{
    static const char *const name[LINK_COUNT] = {"none", "order", "statement"};
    return v < LINK_COUNT ? name[v] : "unknown";
}

const char *
certificate_grade_name(enum certificate_grade g)
{
    static const char *const name[GRADE_COUNT] = {"none", "A", "B", "C", "X"};
    return (size_t)g < GRADE_COUNT ? name[g] : "unknown";
}

const char *
certificate_grade_text(enum certificate_grade g)
{
    static const char *const text[GRADE_COUNT] = {
        "not judged",
        "both servers' agents and the tenant's own witness agree",
        "both servers' agents agree",
        "people or an outer fence stood in for one server's agent",
        "an overlap of two exporters was seen or cannot be excluded",
    };
    return (size_t)g < GRADE_COUNT ? text[g] : "unknown";
}

const char *
certificate_outcome_name(enum certificate_outcome o)
{
    static const char *const name[OUTCOME_COUNT] = {"none", "provisional", "final", "rolled-back",
                                                    "adopted"};
    return (size_t)o < OUTCOME_COUNT ? name[o] : "unknown";
}

// clang-format off
#define AT(s, member) offsetof(struct s, member), sizeof(((struct s *)0)->member)
#define HEX(s, m)        {#m, JSHAPE_HEX, AT(s, m), NULL, NULL, 0, 0}
#define TEXT(s, m)       {#m, JSHAPE_TEXT, AT(s, m), NULL, NULL, 0, 0}
#define U64(s, m)        {#m, JSHAPE_U64, AT(s, m), NULL, NULL, 0, 0}
#define I64(s, m)        {#m, JSHAPE_I64, AT(s, m), NULL, NULL, 0, 0}
#define U32(s, m)        {#m, JSHAPE_U32, AT(s, m), NULL, NULL, 0, 0}
#define U16(s, m)        {#m, JSHAPE_U16, AT(s, m), NULL, NULL, 0, 0}
#define U8(s, m)         {#m, JSHAPE_U8, AT(s, m), NULL, NULL, 0, 0}
#define BOOL(s, m)       {#m, JSHAPE_BOOL, AT(s, m), NULL, NULL, 0, 0}
#define ENUM(s, m, f, n) {#m, JSHAPE_ENUM, offsetof(struct s, m), (n), (f), NULL, 0, 0}
#define BLOB(s, m, most) {#m, JSHAPE_BLOB, offsetof(struct s, m), (most), NULL, NULL, 0, 0}
#define OBJECT(s, m, i)  {#m, JSHAPE_OBJECT, AT(s, m), NULL, (i), 0, 0}
#define LIST(s, m, i)    {#m, JSHAPE_LIST, offsetof(struct s, m), sizeof(((struct s *)0)->m[0]), NULL, (i), \
                          offsetof(struct s, m##_count), ARRAY_LEN(((struct s *)0)->m)}
#define SHAPE(name)      static const struct json_shape name##_shape = {name##_fields, ARRAY_LEN(name##_fields)}

static const struct json_field epoch_fields[] = {
    U64(epoch, counter),
    HEX(epoch, incarnation),
};
SHAPE(epoch);

static const struct json_field server_fields[] = {
    HEX(certificate_server, key),
    TEXT(certificate_server, host),
    ENUM(certificate_server, product, name_of_product, PRODUCT_COUNT),
    ENUM(certificate_server, kind, name_of_kind, KIND_COUNT),
    BOOL(certificate_server, was_holder),
    BOOL(certificate_server, is_recipient),
    BOOL(certificate_server, attested),
    HEX(certificate_server, evidence),
};
SHAPE(server);

static const struct json_field person_fields[] = {
    HEX(certificate_person, operator),
    ENUM(certificate_person, verb, name_of_verb, VERB_COUNT),
    HEX(certificate_person, approval),
    HEX(certificate_person, verification),
};
SHAPE(person);

static const struct json_field fact_fields[] = {
    TEXT(certificate_fact, name),
    BOOL(certificate_fact, known),
    I64(certificate_fact, value),
};
SHAPE(fact);

static const struct json_field finding_fields[] = {
    TEXT(certificate_finding, rule),
    ENUM(certificate_finding, severity, name_of_severity, SEVERITY_BLOCK + 1),
    U64(certificate_finding, count),
    U64(certificate_finding, limit),
    BOOL(certificate_finding, limited),
    TEXT(certificate_finding, subject),
    TEXT(certificate_finding, why),
    HEX(certificate_finding, row),
    U8(certificate_finding, people),
};
SHAPE(finding);

static const struct json_field decision_fields[] = {
    HEX(certificate_decision, row),
    HEX(certificate_decision, operator),
    ENUM(certificate_decision, kind, name_of_disposition, DISPOSED_NOT_APPLICABLE + 1),
    U64(certificate_decision, unix_ms),
    TEXT(certificate_decision, reason),
    BLOB(certificate_decision, bytes, DISPOSITION_BYTES_MAX),
    HEX(certificate_decision, sig),
};
SHAPE(decision);

static const struct json_field verified_fields[] = {
    HEX(certificate_verified, accepted_by),
    U64(certificate_verified, accepted_seq),
    U64(certificate_verified, accepted_unix_ms),
    ENUM(certificate_verified, verdict, name_of_verdict, VERDICT_BLOCK + 1),
    U64(certificate_verified, taken_unix_ms),
    HEX(certificate_verified, findings),
    HEX(certificate_verified, dispositions),
    HEX(certificate_verified, policy),
    U32(certificate_verified, more),
    LIST(certificate_verified, fact, &fact_shape),
    LIST(certificate_verified, finding, &finding_shape),
    LIST(certificate_verified, decision, &decision_shape),
    BLOB(certificate_verified, record, VERIFICATION_BYTES_MAX),
    BLOB(certificate_verified, list, FINDINGS_BYTES_MAX),
};
SHAPE(verified);

static const struct json_field rule_fields[] = {
    U16(certificate_rule, rule),
    TEXT(certificate_rule, from),
    TEXT(certificate_rule, to),
    U64(certificate_rule, seq),
    U64(certificate_rule, unix_ms),
};
SHAPE(rule);

static const struct json_field link_fields[] = {
    ENUM(certificate_link, kind, name_of_link, LINK_COUNT),
    U64(certificate_link, seq),
    HEX(certificate_link, hash),
    TEXT(certificate_link, what),
};
SHAPE(link);

static const struct json_field path_fields[] = {
    HEX(certificate_step_hash, hash),
};
SHAPE(path);

static const struct json_field proof_fields[] = {
    U64(certificate_proof, seq),
    BLOB(certificate_proof, record, AUDIT_RECORD_BYTES_MAX),
    LIST(certificate_proof, path, &path_shape),
};
SHAPE(proof);

static const struct json_field checkpoint_fields[] = {
    U64(audit_checkpoint, size),
    U64(audit_checkpoint, unix_ms),
    HEX(audit_checkpoint, root),
    HEX(audit_checkpoint, sig),
};
SHAPE(checkpoint);

static const struct json_field certificate_fields[] = {
    U64(certificate, version),
    HEX(certificate, tenant),
    HEX(certificate, cutover),
    TEXT(certificate, tenant_name),
    ENUM(certificate, profile, name_of_profile, PROFILE_COUNT),
    ENUM(certificate, outcome, name_of_outcome, OUTCOME_COUNT),
    ENUM(certificate, grade, name_of_grade, GRADE_COUNT),
    TEXT(certificate, grade_why),
    BOOL(certificate, lab),
    BOOL(certificate, local_fence_only),
    HEX(certificate, plan),
    HEX(certificate, verification),
    OBJECT(certificate, verified, &verified_shape),
    OBJECT(certificate, epoch, &epoch_shape),
    U32(certificate, serial),
    LIST(certificate, server, &server_shape),
    LIST(certificate, person, &person_shape),
    LIST(certificate, rule, &rule_shape),
    LIST(certificate, link, &link_shape),
    BOOL(certificate, gap_known),
    U64(certificate, gap_lower_ms),
    U64(certificate, gap_upper_ms),
    U64(certificate, first_export_unix_ms),
    HEX(certificate, first_export),
    BOOL(certificate, counts_known),
    U64(certificate, adds),
    U64(certificate, updates),
    U64(certificate, deletes),
    U8(certificate, quorum_cutover),
    U8(certificate, quorum_go),
    U8(certificate, quorum_attest),
    BLOB(certificate, trust, TRUST_BYTES_MAX),
    HEX(certificate, trust_sig),
    BLOB(certificate, grant, STORE_OBJECT_BYTES),
    OBJECT(certificate, checkpoint, &checkpoint_shape),
    LIST(certificate, proof, &proof_shape),
    U64(certificate, issued_unix_ms),
    TEXT(certificate, verifier_version),
};
SHAPE(certificate);

struct signature {
    struct baton_key key;
    struct baton_sig sig;
};

static const struct json_field signature_fields[] = {
    HEX(signature, key),
    HEX(signature, sig),
};
SHAPE(signature);

// clang-format on

/* What is signed: sorted keys, no white space. Everything in it is a text, an integer, a bool, a
 * list or an object, so this form is one for each value. */
char *
certificate_canonical(const json_t *certificate)
{
    return json_dumps(certificate, JSON_SORT_KEYS | JSON_COMPACT);
}

static enum baton_status
envelope_text(json_t *certificate, const struct signature *s, char **ret_text)
{
    json_t *whole = json_object();
    if (whole == NULL || json_object_set(whole, "certificate", certificate) != 0 ||
        json_object_set_new(whole, "signature", json_shape_write(&signature_shape, s)) != 0) {
        json_decref(whole);
        return BATON_NOMEM;
    }
    *ret_text = json_dumps(whole, JSON_SORT_KEYS | JSON_INDENT(1));
    json_decref(whole);
    return *ret_text != NULL ? BATON_OK : BATON_NOMEM;
}

enum baton_status
certificate_to_json(const struct certificate *c, const struct certificate_signer *signer,
                    char **ret_text, struct baton_err *err)
{
    struct signature s = {.key = signer->key};
    json_t *certificate = json_shape_write(&certificate_shape, c);
    char *canonical = certificate != NULL ? certificate_canonical(certificate) : NULL;
    enum baton_status rc = BATON_NOMEM;
    if (canonical != NULL) {
        signer->sign(signer->ctx, DOMAIN_CERTIFICATE, canonical, strlen(canonical), &s.sig);
        rc = envelope_text(certificate, &s, ret_text);
    }
    free(canonical);
    json_decref(certificate);
    return rc == BATON_OK ? rc : baton_fail(err, rc, "certificate");
}

static enum baton_status
envelope_open(const char *text, size_t len, json_t **ret_whole, struct baton_err *err)
{
    json_error_t why;
    if (len > CERTIFICATE_BYTES_MAX)
        return baton_fail(err, BATON_LIMIT, "a certificate of %zu bytes", len);
    *ret_whole = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
    if (*ret_whole == NULL)
        return baton_fail(err, BATON_MALFORMED, "not JSON: %s", why.text);
    return BATON_OK;
}

enum baton_status
certificate_read(const char *text, size_t len, struct certificate *ret_c, struct baton_key *ret_key,
                 struct baton_sig *ret_sig, char **ret_canonical, struct baton_err *err)
{
    json_t *whole = NULL;
    struct signature s;
    memset(ret_c, 0, sizeof *ret_c);
    enum baton_status rc = envelope_open(text, len, &whole, err);
    if (rc != BATON_OK)
        return rc;
    json_t *inner = json_object_get(whole, "certificate");
    if (json_object_size(whole) != 2)
        rc = baton_fail(err, BATON_MALFORMED, "not a certificate");
    if (rc == BATON_OK)
        rc = json_shape_read(&signature_shape, json_object_get(whole, "signature"), &s, err);
    if (rc == BATON_OK)
        rc = json_shape_read(&certificate_shape, inner, ret_c, err);
    if (rc == BATON_OK && (*ret_canonical = certificate_canonical(inner)) == NULL)
        rc = baton_fail(err, BATON_NOMEM, "certificate");
    json_decref(whole);
    if (rc != BATON_OK) {
        certificate_done(ret_c);
        return rc;
    }
    *ret_key = s.key;
    *ret_sig = s.sig;
    return BATON_OK;
}

enum baton_status
certificate_from_json(const char *text, size_t len, struct certificate *ret_c,
                      struct baton_key *ret_signer, struct baton_sig *ret_sig,
                      struct baton_err *err)
{
    char *canonical = NULL;
    enum baton_status rc = certificate_read(text, len, ret_c, ret_signer, ret_sig, &canonical, err);
    free(canonical);
    return rc;
}

bool
certificate_verified_equal(const struct certificate_verified *a,
                           const struct certificate_verified *b)
{
    json_t *x = json_shape_write(&verified_shape, a), *y = json_shape_write(&verified_shape, b);
    bool equal = x != NULL && y != NULL && json_equal(x, y) != 0;
    json_decref(x);
    json_decref(y);
    return equal;
}

void
certificate_done(struct certificate *c)
{
    json_shape_free(&certificate_shape, c);
}
