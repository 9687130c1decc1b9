#include "common/crypto/wrap.h"

#include <string.h>

enum baton_status
wrap_here(const uint8_t *plain, size_t len, uint8_t out[WRAP_BYTES_MAX], size_t *ret_len,
          struct baton_err *err)
{
    (void)err;
    BATON_ASSERT(len <= WRAP_BYTES_MAX);
    memcpy(out, plain, len);
    *ret_len = len;
    return BATON_OK;
}

enum baton_status
unwrap_here(const uint8_t *wrapped, size_t len, uint8_t *out, size_t cap, size_t *ret_len,
            struct baton_err *err)
{
    if (len > cap)
        return baton_fail(err, BATON_CORRUPT, "too long");
    memcpy(out, wrapped, len);
    *ret_len = len;
    return BATON_OK;
}
