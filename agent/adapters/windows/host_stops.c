#include "host_stops.h"

#include <string.h>
#include <wchar.h>

#include "registry.h"
#include "win_text.h"

static const wchar_t book[] = L"Software\\Baton\\Stops";

struct entry { /* as written down, under the service's name */
    uint64_t unix_ms, key_ticks;
};

static struct stop *
find(struct stops *s, const wchar_t *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (win_same(s->item[i].name, name))
            return &s->item[i];
    if (s->count == HOST_SERVICES_MAX) /* one that was removed long ago makes room */
        memmove(&s->item[0], &s->item[1], --s->count * sizeof s->item[0]);
    struct stop *added = &s->item[s->count++];
    *added = (struct stop){0};
    memcpy(added->name, name, (wcslen(name) + 1) * sizeof *name);
    return added;
}

/* When the key of a disabled service was last written; 0: it is not disabled, or cannot be read. */
static uint64_t
disabled_since_ticks(const wchar_t *name)
{
    wchar_t key_name[SERVICE_NAME_UNITS + 64];
    HKEY key;
    FILETIME t = {0};
    DWORD start = 0;
    services_key(name, key_name);
    if (registry_open(key_name, VIEW_64, &key) != ERROR_SUCCESS)
        return 0;
    bool known = RegQueryInfoKeyW(key, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                                  &t) == ERROR_SUCCESS &&
                 registry_number(key, L"Start", &start) == ERROR_SUCCESS;
    RegCloseKey(key);
    return known && start_type_of(start) == START_DISABLED
               ? (uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime
               : 0;
}

static uint64_t
recall(const wchar_t *name)
{
    HKEY key;
    struct entry e = {0};
    DWORD type = 0, bytes = sizeof e;
    uint64_t ticks = disabled_since_ticks(name);
    if (ticks == 0 || registry_open(book, VIEW_64, &key) != ERROR_SUCCESS)
        return 0;
    bool known = RegQueryValueExW(key, name, NULL, &type, (BYTE *)&e, &bytes) == ERROR_SUCCESS &&
                 type == REG_BINARY && bytes == sizeof e && e.key_ticks == ticks;
    RegCloseKey(key);
    return known ? e.unix_ms : 0;
}

static bool
write_down(const wchar_t *name, uint64_t unix_ms)
{
    HKEY key;
    struct entry e = {.unix_ms = unix_ms, .key_ticks = disabled_since_ticks(name)};
    if (e.key_ticks == 0 ||
        RegCreateKeyExW(HKEY_LOCAL_MACHINE, book, 0, NULL, 0, KEY_WRITE | KEY_WOW64_64KEY, NULL,
                        &key, NULL) != ERROR_SUCCESS)
        return false;
    bool good =
        RegSetValueExW(key, name, 0, REG_BINARY, (const BYTE *)&e, sizeof e) == ERROR_SUCCESS;
    RegCloseKey(key);
    return good;
}

void
stops_see(struct stops *s, const wchar_t *name, uint8_t state, uint64_t unix_ms)
{
    struct stop *one = find(s, name);
    if (state == SVC_STOPPED) {
        if (one->ran && one->unix_ms == 0)
            one->unix_ms = unix_ms;
        return;
    }
    one->ran = state != SVC_UNKNOWN;
    one->kept = false;
    one->unix_ms = 0;
}

void
stops_doubt(struct stops *s)
{
    for (size_t i = 0; i < s->count; i++) {
        s->item[i].ran = s->item[i].kept = false;
        s->item[i].unix_ms = 0;
    }
}

uint64_t
stops_since(struct stops *s, const wchar_t *name)
{
    struct stop *one = find(s, name);
    if (one->unix_ms == 0 && !one->ran)
        one->unix_ms = recall(name);
    if (one->unix_ms != 0 && !one->kept)
        one->kept = write_down(name, one->unix_ms);
    return one->unix_ms;
}

void
stops_learn(struct stops *s, const wchar_t *name, uint64_t unix_ms)
{
    struct stop *one = find(s, name);
    if (one->unix_ms == 0)
        one->unix_ms = unix_ms;
}
