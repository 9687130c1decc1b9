#include "fuzz.h"

#include "baton/audit.h"
#include "baton/disposition.h"
#include "baton/plan.h"
#include "baton/statement.h"
#include "baton/trust.h"
#include "baton/verification.h"

/* One value has one encoding: what a decoder accepts, its encoder gives back byte for byte. */
static void
same(const uint8_t *bytes, size_t len, const uint8_t *again, size_t again_len)
{
    FUZZ_CHECK(len == again_len && memcmp(bytes, again, len) == 0);
}

static void
run_statement(const uint8_t *bytes, size_t len)
{
    static struct statement s;
    static uint8_t out[STATEMENT_BYTES_MAX];
    size_t n = 0;
    if (statement_decode(bytes, len, &s) != BATON_OK)
        return;
    FUZZ_CHECK(statement_encode(&s, out, sizeof out, &n) == BATON_OK);
    same(bytes, len, out, n);
}

static void
run_plan(const uint8_t *bytes, size_t len)
{
    static struct plan p;
    static uint8_t out[PLAN_BYTES_MAX];
    size_t n = 0;
    if (plan_decode(bytes, len, &p) != BATON_OK)
        return;
    FUZZ_CHECK(plan_encode(&p, out, sizeof out, &n) == BATON_OK);
    same(bytes, len, out, n);
}

static void
run_trust(const uint8_t *bytes, size_t len)
{
    static struct trust_doc d;
    static uint8_t out[TRUST_BYTES_MAX];
    size_t n = 0;
    if (trust_decode(bytes, len, &d) != BATON_OK)
        return;
    FUZZ_CHECK(trust_encode(&d, out, sizeof out, &n) == BATON_OK);
    same(bytes, len, out, n);
}

static void
run_audit(const uint8_t *bytes, size_t len)
{
    static struct audit_record r;
    static uint8_t out[AUDIT_RECORD_BYTES_MAX];
    size_t n = 0;
    if (audit_decode(bytes, len, &r) != BATON_OK)
        return;
    FUZZ_CHECK(audit_encode(&r, out, sizeof out, &n) == BATON_OK);
    same(bytes, len, out, n);
}

static void
run_approval(const uint8_t *bytes, size_t len)
{
    struct approval a;
    uint8_t out[APPROVAL_BYTES];
    if (approval_decode(bytes, len, &a) != BATON_OK)
        return;
    approval_encode(&a, out);
    same(bytes, len, out, sizeof out);
}

static void
run_verification(const uint8_t *bytes, size_t len)
{
    struct verification v;
    uint8_t out[VERIFICATION_BYTES_MAX];
    if (verification_decode(bytes, len, &v) == BATON_OK)
        same(bytes, len, out, verification_encode(&v, out));
}

static void
run_disposition(const uint8_t *bytes, size_t len)
{
    struct disposition d;
    uint8_t out[DISPOSITION_BYTES_MAX];
    if (disposition_decode(bytes, len, &d) == BATON_OK)
        same(bytes, len, out, disposition_encode(&d, out));
}

static void
run(const char *text, size_t len)
{
    const uint8_t *bytes = (const uint8_t *)text;
    run_statement(bytes, len);
    run_plan(bytes, len);
    run_trust(bytes, len);
    run_audit(bytes, len);
    run_approval(bytes, len);
    run_verification(bytes, len);
    run_disposition(bytes, len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
