#include "fuzz.h"

#include "common/readers/config_digest.h"

static void
run(const uint8_t *bytes, size_t len, size_t piece, struct fuzz_told *told)
{
    struct config_file *f;
    struct baton_hash hash;
    FUZZ_CHECK(config_file_open(&f, NULL) == BATON_OK);
    FUZZ_PUSH(told->status, config_file_push, f, bytes, len, piece);
    if (told->status == BATON_OK)
        told->status = config_file_finish(f, &hash, NULL);
    if (told->status == BATON_OK)
        fuzz_tell(told, hash.b, sizeof hash.b);
    config_file_close(&f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_pieces(run, data, size);
}
