#include "agent/adapters/managed.h"

#include <windows.h>

#include <string.h>

#include "agent/windows/registry_value.h"
#include "common/disk/registry.h"
#include "common/log.h"

static const char policies[] = "Software\\Policies\\Baton";

/* %ProgramData% and the like, which a REG_EXPAND_SZ may hold. */
static enum baton_status
expand(enum managed_id id, char text[MANAGED_BYTES], struct baton_err *err)
{
    wchar_t given[MANAGED_BYTES], whole[MANAGED_BYTES];
    DWORD units = 0;
    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, given, MANAGED_BYTES) > 0)
        units = ExpandEnvironmentStringsW(given, whole, MANAGED_BYTES);
    if (units == 0 || units > MANAGED_BYTES ||
        WideCharToMultiByte(CP_UTF8, 0, whole, -1, text, MANAGED_BYTES, NULL, NULL) == 0)
        return baton_fail(err, BATON_USAGE, "%s: what it names is too long", managed_origin(id));
    return BATON_OK;
}

static enum baton_status
check(enum managed_id id, const char *text, struct baton_err *err)
{
    enum log_level level;
    if (id == MANAGED_LOG_LEVEL && !log_level_parse(text, &level))
        return baton_fail(err, BATON_USAGE,
                          "%s is '%s'; it must be debug, info, warn, error or off",
                          managed_origin(id), text);
    return BATON_OK;
}

static enum baton_status
read_one(enum managed_id id, struct managed *m, struct baton_err *err)
{
    uint8_t bytes[2 * MANAGED_BYTES + 2];
    size_t len = 0;
    uint32_t kind = 0;
    enum baton_status rc =
        registry_read(policies, managed_name(id), &kind, bytes, sizeof bytes, &len, err);
    if (rc == BATON_NOT_FOUND)
        return BATON_OK;
    if (rc == BATON_LIMIT)
        return baton_fail(err, BATON_USAGE, "%s is too long", managed_origin(id));
    if (rc == BATON_OK)
        rc = registry_value_text(managed_origin(id), kind, bytes, len, m->text[id], MANAGED_BYTES,
                                 err);
    if (rc == BATON_OK && kind == REGISTRY_EXPANDED_TEXT)
        rc = expand(id, m->text[id], err);
    if (rc == BATON_OK)
        rc = check(id, m->text[id], err);
    m->set[id] = rc == BATON_OK && m->text[id][0] != '\0'; /* as an empty field of a template */
    return rc;
}

enum baton_status
managed_read(struct managed *ret_managed, struct baton_err *err)
{
    struct managed m = {0};
    *ret_managed = m;
    for (size_t i = 0; i < MANAGED_COUNT; i++) {
        enum baton_status rc = read_one((enum managed_id)i, &m, err);
        if (rc != BATON_OK)
            return rc;
    }
    *ret_managed = m;
    return BATON_OK;
}
