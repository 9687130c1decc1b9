#include "told_model.h"

#include "common/readers/config_settings.h"

static void
run_one(enum baton_status (*read)(const char *, size_t, struct config_model *, struct baton_err *),
        const char *bytes, size_t len)
{
    struct config_model *model = config_model_new(CONFIG_SETTINGS);
    struct fuzz_told told = {.status = BATON_OK};
    sha256_init(&told.sum);
    FUZZ_CHECK(model != NULL);
    if (read(bytes, len, model, NULL) == BATON_OK)
        fuzz_tell_model(&told, model);
    config_model_free(&model);
}

static void
run(const char *bytes, size_t len)
{
    run_one(config_settings_read, bytes, len);
    run_one(config_settings_migrated, bytes, len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
