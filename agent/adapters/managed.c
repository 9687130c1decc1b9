/* What is the same on every system. */
#include "agent/adapters/managed.h"

#include <string.h>

#include "agent/adapters/process.h"

#define PLACE "HKLM\\Software\\Policies\\Baton\\"

const char *
managed_name(enum managed_id id)
{
    return managed_origin(id) + sizeof PLACE - 1;
}

const char *
managed_origin(enum managed_id id)
{
    static const char *const names[MANAGED_COUNT] = {
        [MANAGED_ADDRESS] = PLACE "ControllerAddress",
        [MANAGED_PROXY] = PLACE "Proxy",
        [MANAGED_LOG_LEVEL] = PLACE "LogLevel",
        [MANAGED_DIR] = PLACE "DataDirectory",
    };
    BATON_ASSERT((size_t)id < ARRAY_LEN(names));
    return names[id];
}

enum baton_status
managed_dir(const struct managed *m, const char *given, char *out, size_t cap,
            struct baton_err *err)
{
    const char *dir = m->set[MANAGED_DIR] ? m->text[MANAGED_DIR] : given;
    if (dir == NULL)
        return process_home(out, cap)
                   ? BATON_OK
                   : baton_fail(err, BATON_USAGE, "say where the agent's directory is: --dir DIR");
    if (strlen(dir) >= cap)
        return baton_fail(err, BATON_USAGE, "path too long: %s", dir);
    memcpy(out, dir, strlen(dir) + 1);
    return BATON_OK;
}
