#include "fuzz.h"

#include "common/readers/run_history.h"

static void
on_run(void *arg, const struct run_record *run)
{
    size_t *runs = arg;
    FUZZ_CHECK(memchr(run->connector_name, '\0', RUN_TEXT_BYTES) != NULL);
    FUZZ_CHECK(memchr(run->result_text, '\0', RUN_TEXT_BYTES) != NULL);
    FUZZ_CHECK(run->begin_unix_ms != 0);
    FUZZ_CHECK(run->result == run_result_of(run->result_text) ||
               strlen(run->result_text) == RUN_TEXT_BYTES - 1);
    FUZZ_CHECK(run->result != RUN_RESULT_UNKNOWN || !run_result_good(run->result));
    (*runs)++;
}

static void
run(const char *bytes, size_t len)
{
    size_t runs = 0;
    struct baton_err err = {.status = BATON_OK};
    if (run_history_read(bytes, len, on_run, &runs, &err) != BATON_OK)
        FUZZ_CHECK(err.text[0] != '\0');
    FUZZ_CHECK(runs <= len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
