/* What was observed on a server, judged by the checks that are built in. */
#include "fuzz.h"

#include "common/verify/prereq.h"

static void
run(const char *bytes, size_t len)
{
    static struct prereq *built_in;
    static struct prereq_result result[PREREQ_CHECKS_MAX];
    json_t *observed = NULL;
    if (built_in == NULL)
        FUZZ_CHECK(prereq_builtin(&built_in, NULL) == BATON_OK);
    if (prereq_observed_read(bytes, len, &observed, NULL) != BATON_OK)
        return;
    struct prereq_question q = {observed, PREREQ_NEW, -1, 1795000000000};
    size_t n = prereq_judge(built_in, &q, result);
    bool nothing = json_object_size(observed) == 0;
    FUZZ_CHECK(n > 0);
    for (size_t i = 0; i < n; i++)
        FUZZ_CHECK(!nothing || result[i].state != PREREQ_MET);
    (void)prereq_objects(&q);
    json_decref(observed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
