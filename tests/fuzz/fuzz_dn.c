#include "fuzz.h"

#include "common/verify/dn.h"

static void
run(const char *text, size_t len)
{
    bool valid = false;
    if (memchr(text, '\0', len) != NULL)
        return;
    char *form = dn_canonical(text, &valid);
    FUZZ_CHECK(form != NULL && strlen(form) <= 3 * len + 1);
    FUZZ_CHECK(dn_contains(form, form) && dn_contains("", form));
    FUZZ_CHECK(len > 0 || valid);
    free(form);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
