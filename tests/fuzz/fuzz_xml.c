#include "fuzz.h"

#include "common/readers/xml.h"

static void
on_start(void *ctx, int depth, const char *name, const char **attributes)
{
    FUZZ_CHECK(depth >= 1 && depth <= XML_DEPTH_MAX);
    fuzz_tell_text(ctx, name);
    for (size_t i = 0; attributes[i] != NULL; i += 2) {
        FUZZ_CHECK(xml_attribute(attributes, attributes[i]) == attributes[i + 1]);
        fuzz_tell_text(ctx, attributes[i + 1]);
    }
}

static void
on_text(void *ctx, const char *text, size_t len)
{
    fuzz_tell(ctx, text, len);
}

static void
on_end(void *ctx, int depth, const char *name)
{
    fuzz_tell_number(ctx, (uint64_t)depth);
    fuzz_tell_text(ctx, name);
}

static void
run(const uint8_t *bytes, size_t len, size_t piece, struct fuzz_told *told)
{
    struct xml_handler handler = {told, on_start, on_text, on_end};
    struct xml *x;
    FUZZ_CHECK(xml_open(&handler, &x, NULL) == BATON_OK);
    FUZZ_PUSH(told->status, xml_push, x, bytes, len, piece);
    if (told->status == BATON_OK)
        told->status = xml_finish(x, NULL);
    xml_close(&x);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_pieces(run, data, size);
}
