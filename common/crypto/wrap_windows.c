#include "common/crypto/wrap.h"

#include <windows.h>

#include <dpapi.h>
#include <string.h>

#include "common/crypto/crypto.h"
#include "common/disk/registry.h"
#include "common/disk/windows_error.h"

enum { SECRET_BYTES = 32, MAGIC_BYTES = 8 };

static const uint8_t magic[MAGIC_BYTES] = "BTNKEYW1";
static const char secret_name[] = "WrapSecret";

static enum baton_status
secret_read(uint8_t out[SECRET_BYTES], struct baton_err *err)
{
    size_t len = 0;
    enum baton_status rc = registry_own_read("", secret_name, out, SECRET_BYTES, &len, err);
    if (rc == BATON_LIMIT || (rc == BATON_OK && len != SECRET_BYTES))
        return baton_fail(err, BATON_CORRUPT, "HKLM\\%s, %s is not 32 bytes", REGISTRY_OWN,
                          secret_name);
    return rc;
}

static enum baton_status
secret_read_or_make(uint8_t out[SECRET_BYTES], struct baton_err *err)
{
    enum baton_status rc = secret_read(out, err);
    if (rc != BATON_NOT_FOUND)
        return rc;
    crypto_random(out, SECRET_BYTES);
    return registry_own_write("", secret_name, out, SECRET_BYTES, err);
}

static enum baton_status
take_blob(DATA_BLOB *blob, size_t at, uint8_t *out, size_t cap, size_t *ret_len,
          struct baton_err *err)
{
    enum baton_status rc = BATON_OK;
    if (blob->cbData > cap - at)
        rc = baton_fail(err, BATON_LIMIT, "DPAPI gave %lu bytes", blob->cbData);
    else
        memcpy(out + at, blob->pbData, blob->cbData);
    *ret_len = at + blob->cbData;
    crypto_wipe(blob->pbData, blob->cbData);
    LocalFree(blob->pbData);
    return rc;
}

enum baton_status
wrap_here(const uint8_t *plain, size_t len, uint8_t out[WRAP_BYTES_MAX], size_t *ret_len,
          struct baton_err *err)
{
    uint8_t secret[SECRET_BYTES];
    enum baton_status rc = secret_read_or_make(secret, err);
    if (rc != BATON_OK)
        return rc;
    DATA_BLOB in = {(DWORD)len, (BYTE *)(uintptr_t)plain}, more = {SECRET_BYTES, secret}, got;
    BOOL good = CryptProtectData(&in, L"Baton agent keys", &more, NULL, NULL,
                                 CRYPTPROTECT_LOCAL_MACHINE | CRYPTPROTECT_UI_FORBIDDEN, &got);
    DWORD code = GetLastError();
    crypto_wipe(secret, sizeof secret);
    if (!good)
        return win_fail(err, code, "CryptProtectData");
    memcpy(out, magic, MAGIC_BYTES);
    return take_blob(&got, MAGIC_BYTES, out, WRAP_BYTES_MAX, ret_len, err);
}

enum baton_status
unwrap_here(const uint8_t *wrapped, size_t len, uint8_t *out, size_t cap, size_t *ret_len,
            struct baton_err *err)
{
    uint8_t secret[SECRET_BYTES];
    if (len <= MAGIC_BYTES || memcmp(wrapped, magic, MAGIC_BYTES) != 0)
        return baton_fail(err, BATON_CORRUPT, "not a key file of this kind");
    enum baton_status rc = secret_read(secret, err);
    if (rc == BATON_NOT_FOUND)
        return baton_fail(err, BATON_DENIED,
                          "made on another machine: this one has no secret for it; enrol here");
    if (rc != BATON_OK)
        return rc;
    DATA_BLOB in = {(DWORD)(len - MAGIC_BYTES), (BYTE *)(uintptr_t)(wrapped + MAGIC_BYTES)};
    DATA_BLOB more = {SECRET_BYTES, secret}, got;
    BOOL good = CryptUnprotectData(&in, NULL, &more, NULL, NULL, CRYPTPROTECT_UI_FORBIDDEN, &got);
    char why[128];
    win_error_text(GetLastError(), why, sizeof why);
    crypto_wipe(secret, sizeof secret);
    if (!good)
        return baton_fail(err, BATON_DENIED,
                          "made on another machine, or damaged (%s); enrol this one", why);
    return take_blob(&got, 0, out, cap, ret_len, err);
}
