#include "fuzz.h"

#include "common/readers/listing.h"
#include "common/text.h"

struct seen {
    size_t object;
    unsigned line;
    bool any;
};

static void
on_value(void *arg, const struct listing_value *v)
{
    struct seen *seen = arg;
    bool truth;
    FUZZ_CHECK(v->object == seen->object || v->object == seen->object + 1 || !seen->any);
    FUZZ_CHECK(v->line > 0 && v->line >= seen->line);
    FUZZ_CHECK(strlen(v->name) < LISTING_NAME_BYTES);
    FUZZ_CHECK(text_valid(v->name, strlen(v->name)) && text_valid(v->text, strlen(v->text)));
    FUZZ_CHECK(!v->cut || !listing_bool(v->text, &truth));
    *seen = (struct seen){v->object, v->line, true};
}

static void
run(const char *bytes, size_t len)
{
    struct seen seen = {0, 0, false};
    struct baton_err err = {.status = BATON_OK};
    if (listing_read(bytes, len, on_value, &seen, &err) != BATON_OK)
        FUZZ_CHECK(err.text[0] != '\0');
    else
        FUZZ_CHECK(seen.any);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
