#include "script_set.h"

#include <string.h>

#include "common/sha256.h"

void
scripts_digest(struct baton_hash *ret_hash)
{
    struct sha256 s;
    sha256_init(&s);
    for (size_t i = 0; i < script_count; i++) {
        sha256_update(&s, scripts[i].name, strlen(scripts[i].name) + 1);
        sha256_update(&s, scripts[i].sha256.b, BATON_HASH_BYTES);
    }
    sha256_final(&s, ret_hash);
}
