#include "fuzz.h"

#include "common/token.h"

/* One token has one text, white space around it aside. */
static void
run(const char *text, size_t len)
{
    struct token t;
    char again[TOKEN_TEXT_BYTES];
    if (memchr(text, '\0', len) != NULL || token_decode(text, &t, NULL) != BATON_OK)
        return;
    FUZZ_CHECK(token_encode(&t, again, sizeof again, NULL) == BATON_OK);
    FUZZ_CHECK(strstr(text, again) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
