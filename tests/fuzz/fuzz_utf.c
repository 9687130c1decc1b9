#include "fuzz.h"

#include "common/readers/utf.h"

/* What came out is text of its own, and stays what it is when it goes in again. */
static void
run(const char *bytes, size_t len)
{
    char *text = NULL, *again = NULL;
    if (utf_to_utf8(bytes, len, &text, NULL) != BATON_OK)
        return;
    size_t out = strlen(text);
    FUZZ_CHECK(out <= len * 3 / 2);
    bool marked = out >= 2 && ((uint8_t)text[0] == 0xef || (uint8_t)text[0] >= 0xfe);
    if (!marked) {
        FUZZ_CHECK(utf_to_utf8(text, out, &again, NULL) == BATON_OK);
        FUZZ_CHECK(strcmp(text, again) == 0);
    }
    free(again);
    free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
