/* The files that say what a server must be, judged on a server of which something is known. */
#include "fuzz.h"

#include "common/verify/prereq.h"

static void
judge(const struct prereq *p, const json_t *observed)
{
    static struct prereq_result result[PREREQ_CHECKS_MAX];
    struct prereq_question q = {observed, PREREQ_BOTH, -1, 1795000000000};
    size_t checks, n = prereq_judge(p, &q, result);
    (void)prereq_checks(p, &checks);
    FUZZ_CHECK(n <= checks && checks <= PREREQ_CHECKS_MAX);
    for (size_t i = 0; i < n; i++) {
        FUZZ_CHECK(result[i].state <= PREREQ_UNKNOWN && result[i].severity <= SEVERITY_BLOCK);
        FUZZ_CHECK(memchr(result[i].observed, '\0', PREREQ_TEXT_BYTES) != NULL);
        FUZZ_CHECK(memchr(result[i].rule, '\0', PREREQ_TEXT_BYTES) != NULL);
        FUZZ_CHECK(prereq_verdict_name(&result[i]) != NULL);
    }
    FUZZ_CHECK((prereq_blocking(result, n) > 0) == (prereq_verdict(result, n) == VERDICT_BLOCK));
}

static void
run(const char *bytes, size_t len)
{
    static json_t *observed;
    struct prereq *p;
    struct baton_err err = {.status = BATON_OK};
    if (observed == NULL)
        observed = json_pack("{s:i, s:s, s:n, s:b}", "os.build", 20348, "dotnet.version", "4.8",
                             "proxy.machine", "os.core", 0);
    FUZZ_CHECK(observed != NULL && prereq_open(&p, NULL) == BATON_OK);
    if (prereq_add(p, "data.json", bytes, len, &err) == BATON_OK)
        judge(p, observed);
    else
        FUZZ_CHECK(strstr(err.text, "data.json") != NULL);
    prereq_close(&p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
