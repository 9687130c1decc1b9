#include "fuzz.h"

#include "common/crypto/crypto.h"
#include "common/verify/disposition_file.h"

static void
run(const char *bytes, size_t len)
{
    static struct disposition_file file;
    static bool ready;
    struct baton_hash digest;
    if (!ready)
        FUZZ_CHECK(crypto_init(NULL) == BATON_OK);
    ready = true;
    if (disposition_file_read(bytes, len, crypto_digest_port(), &file, NULL) != BATON_OK)
        return;
    FUZZ_CHECK(file.count <= DISPOSITIONS_MAX && !file.checked);
    disposition_file_digest(&file, crypto_digest_port(), &digest);
    char *again = disposition_file_write(&file);
    FUZZ_CHECK(again != NULL);
    FUZZ_CHECK(disposition_file_read(again, strlen(again), crypto_digest_port(), &file, NULL) ==
               BATON_OK);
    free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
