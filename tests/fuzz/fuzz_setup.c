/* baton-agent.ini: what is understood is written and read again as the same. */
#include "fuzz_folder.h"

#include "agent/setup.h"

static const char ini[] = "baton-agent.ini";

static void
run(const char *text, size_t len)
{
    static struct setup s, again;
    struct baton_err err = {0};
    fuzz_folder_open();
    memset(&s, 0, sizeof s);
    memset(&again, 0, sizeof again);
    fuzz_folder_write(ini, text, len);
    if (setup_read(fuzz_folder, &s, &err) != BATON_OK) {
        FUZZ_CHECK(err.text[0] != '\0');
        return;
    }
    FUZZ_CHECK(unlink(fuzz_in_folder(ini)) == 0);
    if (setup_write(&s, &err) != BATON_OK) {
        FUZZ_CHECK(err.text[0] != '\0');
        return;
    }
    FUZZ_CHECK(setup_read(fuzz_folder, &again, &err) == BATON_OK);
    FUZZ_CHECK(strcmp(s.address, again.address) == 0 && strcmp(s.proxy, again.proxy) == 0);
    FUZZ_CHECK(strcmp(s.host, again.host) == 0 && strcmp(s.name, again.name) == 0);
    FUZZ_CHECK(baton_id_eq(&s.tenant, &again.tenant) && baton_key_eq(&s.root, &again.root));
    FUZZ_CHECK(baton_key_eq(&s.controller_sign, &again.controller_sign));
    FUZZ_CHECK(baton_key_eq(&s.controller_curve, &again.controller_curve));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
