#include "told_model.h"

#include "common/readers/config_packed.h"

static void
run(const uint8_t *bytes, size_t len, size_t piece, struct fuzz_told *told)
{
    struct config_model *model = NULL;
    struct config_packed *p;
    struct baton_hash digest;
    FUZZ_CHECK(config_packed_open(&p, NULL) == BATON_OK);
    FUZZ_PUSH(told->status, config_packed_push, p, bytes, len, piece);
    if (told->status == BATON_OK)
        told->status = config_packed_finish(p, &model, &digest, NULL);
    if (told->status == BATON_OK) {
        FUZZ_CHECK(model != NULL && model->connector_count > 0);
        fuzz_tell_model(told, model);
        fuzz_tell(told, digest.b, sizeof digest.b);
    }
    config_packed_close(&p);
    config_model_free(&model);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_pieces(run, data, size);
}
