#include "agent/adapters/copy_place.h"

#include <windows.h>

#include <string.h>

#include "common/disk/registry.h"
#include "common/disk/windows_error.h"
#include "common/log.h"

#define COPIES_KEY "SecondCopies"

enum { PATH_UNITS = 1024, NAME_BYTES_MAX = 3 * PATH_UNITS };

/* The whole path in small letters: however an agent's folder is spelt, it is one value. Registry names know
 * no case either, but end at the drive letter's path that a caller was in. */
static enum baton_status
value_name(const char *path, char out[NAME_BYTES_MAX], struct baton_err *err)
{
    wchar_t given[PATH_UNITS], whole[PATH_UNITS];
    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, given, PATH_UNITS) == 0)
        return win_fail(err, GetLastError(), "the path %s", path);
    DWORD units = GetFullPathNameW(given, PATH_UNITS, whole, NULL);
    if (units == 0 || units >= PATH_UNITS)
        return baton_fail(err, BATON_LIMIT, "path too long: %s", path);
    (void)CharLowerBuffW(whole, units);
    if (WideCharToMultiByte(CP_UTF8, 0, whole, -1, out, NAME_BYTES_MAX, NULL, NULL) == 0)
        return win_fail(err, GetLastError(), "the path %s", path);
    return BATON_OK;
}

static enum baton_status
read_value(const char *path, uint8_t *out, size_t cap, size_t *ret_len, struct baton_err *err)
{
    char name[NAME_BYTES_MAX];
    enum baton_status rc = value_name(path, name, err);
    if (rc == BATON_OK)
        rc = registry_own_read(COPIES_KEY, name, out, cap, ret_len, err);
    if (rc == BATON_CORRUPT)
        log_error("copy.tamper", "%s", err->text);
    return rc;
}

static enum baton_status
write_value(const char *path, const uint8_t *bytes, size_t len, struct baton_err *err)
{
    char name[NAME_BYTES_MAX];
    enum baton_status rc = value_name(path, name, err);
    return rc == BATON_OK ? registry_own_write(COPIES_KEY, name, bytes, len, err) : rc;
}

const struct copy_place *
copy_place_beside(void)
{
    static const struct copy_place registry = {.read = read_value, .write = write_value};
    return &registry;
}
