#include "common/audit/certificate_read.h"
#include "common/text.h"
#include <stdlib.h>
#include <string.h>

/* --- what stands in the bytes ------------------------------------------------------------------- */

/* JSON's numbers end there; no list is that long. */
static uint64_t
shown(uint64_t n)
{
    return n < INT64_MAX ? n : INT64_MAX;
}

static enum baton_status
record_show(struct certificate_verified *v)
{
    struct verification r;
    enum baton_status rc = verification_decode(v->record.bytes, v->record.len, &r);
    if (rc != BATON_OK)
        return rc;
    v->verdict = r.verdict;
    v->taken_unix_ms = shown(r.taken_unix_ms);
    v->findings = r.findings;
    v->dispositions = r.dispositions;
    v->policy = r.limits;
    v->fact_count = VERIFY_COUNT;
    for (size_t i = 0; i < VERIFY_COUNT; i++) {
        struct certificate_fact *f = &v->fact[i];
        *f = (struct certificate_fact){.known = r.known[i], .value = r.known[i] ? r.value[i] : 0};
        text_copy(f->name, sizeof f->name, verification_name((enum verification_id)i));
    }
    return BATON_OK;
}

static enum baton_status
decision_show(struct certificate_decision *d)
{
    struct disposition said;
    enum baton_status rc = disposition_decode(d->bytes.bytes, d->bytes.len, &said);
    if (rc != BATON_OK)
        return rc;
    d->row = said.row;
    d->operator= said.operator;
    d->kind = said.kind;
    d->unix_ms = shown(said.made_unix_ms);
    memset(d->reason, 0, sizeof d->reason);
    text_copy(d->reason, sizeof d->reason, said.reason);
    return BATON_OK;
}

/* "fixed" closes nothing: what is fixed is gone. One word a person counts. */
static uint8_t
people_for(const struct certificate_verified *v, const struct baton_hash *row)
{
    uint8_t people = 0;
    for (size_t i = 0; i < v->decision_count; i++) {
        const struct certificate_decision *d = &v->decision[i];
        bool first = d->kind != DISPOSED_FIXED && baton_hash_eq(&d->row, row);
        for (size_t n = 0; first && n < i; n++)
            first = !baton_id_eq(&v->decision[n].operator, & d->operator) ||
                    !baton_hash_eq(&v->decision[n].row, row) ||
                    v->decision[n].kind == DISPOSED_FIXED;
        people = (uint8_t)(people + first);
    }
    return people;
}

static void
finding_show(const struct certificate_verified *v, const struct finding *f,
             struct certificate_finding *ret)
{
    bool limited = f->limit != FINDING_NO_LIMIT;
    *ret = (struct certificate_finding){.severity = f->severity,
                                        .count = shown(f->count),
                                        .limited = limited,
                                        .limit = limited ? shown(f->limit) : 0,
                                        .row = f->row,
                                        .people = people_for(v, &f->row)};
    text_copy(ret->rule, sizeof ret->rule, f->rule);
    text_copy(ret->subject, sizeof ret->subject, f->subject);
    text_copy(ret->why, sizeof ret->why, f->why);
}

static enum baton_status
list_show(struct certificate_verified *v)
{
    struct findings list;
    v->more = 0;
    v->finding_count = 0;
    if (v->list.len == 0)
        return BATON_OK;
    enum baton_status rc = findings_decode(v->list.bytes, v->list.len, &list, &v->more);
    if (rc != BATON_OK)
        return rc;
    BATON_ASSERT(list.count <= ARRAY_LEN(v->finding));
    v->finding_count = (uint8_t)list.count;
    for (size_t i = 0; i < list.count; i++)
        finding_show(v, &list.item[i], &v->finding[i]);
    findings_done(&list);
    return BATON_OK;
}

enum baton_status
certificate_verified_show(struct certificate_verified *v)
{
    enum baton_status rc = record_show(v);
    for (size_t i = 0; rc == BATON_OK && i < v->decision_count; i++)
        rc = decision_show(&v->decision[i]);
    return rc == BATON_OK ? list_show(v) : rc;
}

/* --- from the store ----------------------------------------------------------------------------- */

static enum baton_status
blob_load(const struct store_port *store, const struct baton_hash *hash, struct json_blob *ret,
          struct baton_sig *ret_sig_or_null, struct baton_err *err)
{
    enum baton_status rc =
        store->object_get(store->ctx, hash, &ret->bytes, &ret->len, ret_sig_or_null, err);
    return rc == BATON_NOT_FOUND
               ? baton_fail(err, BATON_CORRUPT, "what was accepted is not in the store")
               : rc;
}

static enum baton_status
decisions_load(const struct store_port *store, const struct baton_hash *dispositions,
               struct certificate_verified *v, struct baton_err *err)
{
    struct json_blob each = {0};
    if (baton_hash_is_zero(dispositions))
        return BATON_OK;
    enum baton_status rc = blob_load(store, dispositions, &each, NULL, err);
    size_t count = each.len / BATON_HASH_BYTES;
    if (rc == BATON_OK && (each.len % BATON_HASH_BYTES != 0 || count > ARRAY_LEN(v->decision)))
        rc = baton_fail(err, BATON_CORRUPT, "a stored list of dispositions cannot be read");
    for (size_t i = 0; rc == BATON_OK && i < count; i++) {
        struct baton_hash hash;
        struct certificate_decision *d = &v->decision[i];
        memcpy(hash.b, each.bytes + i * sizeof hash.b, sizeof hash.b);
        v->decision_count = (uint8_t)(i + 1);
        rc = blob_load(store, &hash, &d->bytes, &d->sig, err);
    }
    free(each.bytes);
    return rc;
}

enum baton_status
certificate_verified_load(const struct store_port *store, struct certificate *c,
                          struct baton_err *err)
{
    struct certificate_verified *v = &c->verified;
    struct verification r;
    enum baton_status rc = blob_load(store, &c->verification, &v->record, NULL, err);
    if (rc != BATON_OK)
        return rc;
    if (verification_decode(v->record.bytes, v->record.len, &r) != BATON_OK)
        return baton_fail(err, BATON_CORRUPT, "the stored verification record cannot be read");
    if (!baton_hash_is_zero(&r.findings))
        rc = blob_load(store, &r.findings, &v->list, NULL, err);
    if (rc == BATON_OK)
        rc = decisions_load(store, &r.dispositions, v, err);
    if (rc == BATON_OK && certificate_verified_show(v) != BATON_OK)
        rc = baton_fail(err, BATON_CORRUPT, "stored findings or dispositions cannot be read");
    return rc;
}

/* --- checking ----------------------------------------------------------------------------------- */

static bool
shown_is_true(const struct certificate_verified *v)
{
    struct certificate_verified *again = malloc(sizeof *again);
    if (again == NULL)
        return false; /* not shown to be true */
    *again = *v;      /* the blobs are borrowed */
    bool same =
        certificate_verified_show(again) == BATON_OK && certificate_verified_equal(again, v);
    free(again);
    return same;
}

static bool
list_fits(const struct certificate_verified *v, const struct digest_port *dp)
{
    struct baton_hash hash = {0};
    if (v->list.len > 0)
        dp->sha256(dp->ctx, v->list.bytes, v->list.len, &hash);
    return baton_hash_eq(&hash, &v->findings);
}

static bool
decisions_fit(const struct certificate_verified *v, const struct digest_port *dp)
{
    struct baton_hash each[DISPOSITIONS_MAX], hash;
    for (size_t i = 0; i < v->decision_count; i++)
        dp->sha256(dp->ctx, v->decision[i].bytes.bytes, v->decision[i].bytes.len, &each[i]);
    dispositions_digest(each, v->decision_count, dp, &hash);
    return baton_hash_eq(&hash, &v->dispositions);
}

static bool
decisions_signed(const struct certificate *c, const struct trust_doc *trust,
                 const struct digest_port *dp, struct certificate_report *report)
{
    for (size_t i = 0; i < c->verified.decision_count; i++) {
        const struct certificate_decision *d = &c->verified.decision[i];
        struct signed_disposition sd = {.sig = d->sig};
        if (disposition_decode(d->bytes.bytes, d->bytes.len, &sd.d) != BATON_OK ||
            !baton_id_eq(&sd.d.tenant, &c->tenant))
            return false;
        if (trust_operator_find(trust, &sd.d.operator) == NULL)
            report->unattributed++; /* left since: the newest trust document does not name them */
        else if (disposition_authentic(&sd, trust, dp))
            report->decisions++;
        else
            return false;
    }
    return true;
}

bool
certificate_verified_holds(const struct certificate *c, const struct trust_doc *trust,
                           const struct digest_port *dp, struct certificate_report *report,
                           const char **ret_why)
{
    static const struct certificate_verified nothing;
    const struct certificate_verified *v = &c->verified;
    struct baton_hash hash;
    *ret_why = "it shows a verification that nobody accepted";
    if (baton_hash_is_zero(&c->verification))
        return certificate_verified_equal(v, &nothing);
    *ret_why = "the verification record inside is not the one that it names";
    dp->sha256(dp->ctx, v->record.bytes, v->record.len, &hash);
    if (!baton_hash_eq(&hash, &c->verification))
        return false;
    *ret_why = "what it shows of the verification is not what the record inside says";
    if (!shown_is_true(v))
        return false;
    *ret_why = "the findings inside are not those of the verification record";
    if (!list_fits(v, dp))
        return false;
    *ret_why = "the dispositions inside are not those of the verification record";
    if (!decisions_fit(v, dp))
        return false;
    *ret_why = "a disposition is not signed by its operator for this tenant";
    return decisions_signed(c, trust, dp, report);
}
