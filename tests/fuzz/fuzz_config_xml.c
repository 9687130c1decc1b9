#include "told_model.h"

#include "common/readers/config_xml.h"

static void
run(const uint8_t *bytes, size_t len, size_t piece, struct fuzz_told *told)
{
    struct config_model *model = config_model_new(CONFIG_SERVER_EXPORT);
    struct config_xml *x;
    enum config_xml_root root = CONFIG_ROOT_NONE;
    FUZZ_CHECK(model != NULL && config_xml_open(model, &x, NULL) == BATON_OK);
    FUZZ_PUSH(told->status, config_xml_push, x, bytes, len, piece);
    if (told->status == BATON_OK)
        told->status = config_xml_finish(x, &root, NULL);
    if (told->status == BATON_OK) {
        FUZZ_CHECK(root != CONFIG_ROOT_NONE);
        fuzz_tell_model(told, model);
    }
    config_xml_close(&x);
    config_model_free(&model);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_pieces(run, data, size);
}
