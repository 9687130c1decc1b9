/* baton.ini of a controller. */
#include "fuzz_folder.h"

#include "controller/settings.h"

static void
shown(void *arg, const struct config_shown *s)
{
    (void)arg;
    FUZZ_CHECK(s->key != NULL && s->value != NULL && s->origin != NULL);
}

static void
run(const char *text, size_t len)
{
    struct settings s;
    struct baton_err err = {0};
    fuzz_folder_open();
    const struct settings_flags flags = {.dir = fuzz_folder};
    fuzz_folder_write("baton.ini", text, len);
    enum baton_status rc = settings_open(&s, &flags, &err);
    if (rc != BATON_OK) {
        FUZZ_CHECK(err.text[0] != '\0');
        return;
    }
    FUZZ_CHECK(settings_endpoint_valid(settings_listen(&s)));
    FUZZ_CHECK(settings_endpoint_valid(settings_advertise(&s)));
    FUZZ_CHECK(memchr(s.api_host, '\0', sizeof s.api_host) != NULL && s.api_host[0] != '\0');
    config_each(s.config, shown, NULL);
    settings_close(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
