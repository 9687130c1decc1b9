#include "told_model.h"

#include "common/readers/config_settings.h"

static void
run(const char *bytes, size_t len)
{
    struct config_model *model = config_model_new(CONFIG_SETTINGS);
    struct fuzz_told told = {.status = BATON_OK};
    sha256_init(&told.sum);
    FUZZ_CHECK(model != NULL);
    if (config_settings_read(bytes, len, model, NULL) == BATON_OK)
        fuzz_tell_model(&told, model);
    config_model_free(&model);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
