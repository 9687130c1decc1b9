#include "agent/windows/event_source.h"

#include "agent/adapters/windows/win_text.h"

#include <stdio.h>
#include <string.h>

#include "agent/windows/event_ids.h"
#include "agent/windows/registry_value.h"
#include "agent/windows/service_plan.h"
#include "common/disk/registry.h"
#include "common/log.h"
#include "common/text.h"

#define SOURCE_KEY "SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\" SERVICE_NAME

enum { PATH_UNITS = 2048 };

static const char message_file[] = "EventMessageFile";

enum baton_status
event_source_read(char *ret_program, size_t cap, struct baton_err *err)
{
    uint8_t bytes[2 * PATH_UNITS];
    size_t len = 0;
    uint32_t kind = 0;
    enum baton_status rc =
        registry_read(SOURCE_KEY, message_file, &kind, bytes, sizeof bytes, &len, err);
    return rc == BATON_OK ? registry_value_text("HKLM\\" SOURCE_KEY "\\EventMessageFile", kind,
                                                bytes, len, ret_program, cap, err)
                          : rc;
}

static LSTATUS
write_values(HKEY key, const wchar_t *program)
{
    const DWORD kinds = EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE;
    LSTATUS code = RegSetValueExW(key, L"EventMessageFile", 0, REG_EXPAND_SZ,
                                  (const BYTE *)(const void *)program,
                                  (DWORD)((wcslen(program) + 1) * sizeof *program));
    if (code == ERROR_SUCCESS)
        code = RegSetValueExW(key, L"TypesSupported", 0, REG_DWORD,
                              (const BYTE *)(const void *)&kinds, sizeof kinds);
    return code;
}

enum baton_status
event_source_register(const char *program, struct baton_err *err)
{
    wchar_t wide[PATH_UNITS];
    HKEY key;
    if (!win_wide(program, wide, PATH_UNITS))
        return baton_fail(err, BATON_LIMIT, "path too long: %s", program);
    LSTATUS code = RegCreateKeyExA(HKEY_LOCAL_MACHINE, SOURCE_KEY, 0, NULL, REG_OPTION_NON_VOLATILE,
                                   KEY_SET_VALUE | KEY_WOW64_64KEY, NULL, &key, NULL);
    if (code == ERROR_SUCCESS) {
        code = write_values(key, wide);
        RegCloseKey(key);
    }
    return code == ERROR_SUCCESS ? BATON_OK
                                 : win_fail(err, (DWORD)code, "cannot write HKLM\\%s", SOURCE_KEY);
}

enum baton_status
event_source_remove(struct baton_err *err)
{
    LSTATUS code = RegDeleteKeyExA(HKEY_LOCAL_MACHINE, SOURCE_KEY, KEY_WOW64_64KEY, 0);
    return code == ERROR_SUCCESS || code == ERROR_FILE_NOT_FOUND
               ? BATON_OK
               : win_fail(err, (DWORD)code, "cannot remove HKLM\\%s", SOURCE_KEY);
}

/* --- the sink --- */

static HANDLE source;

static WORD
type_of(enum log_level level)
{
    return level == LEVEL_ERROR  ? EVENTLOG_ERROR_TYPE
           : level == LEVEL_WARN ? EVENTLOG_WARNING_TYPE
                                 : EVENTLOG_INFORMATION_TYPE;
}

static void
sink(enum log_level level, const char *event, const char *text)
{
    char line[2 * LOG_LINE_BYTES]; /* room for both: nothing is cut inside a character */
    wchar_t words[2 * LOG_LINE_BYTES];
    const wchar_t *strings[] = {words};
    uint32_t id;
    if (!event_id_of(level, event, &id))
        return;
    snprintf(line, sizeof line, "%s %s", event, text);
    if (!win_wide(line, words, ARRAY_LEN(words)))
        return;
    event_words_mend(words);
    (void)ReportEventW(source, type_of(level), 0, id, NULL, ARRAY_LEN(strings), 0, strings, NULL);
}

enum baton_status
event_source_open(struct baton_err *err)
{
    wchar_t name[64];
    (void)win_wide(SERVICE_NAME, name, ARRAY_LEN(name));
    source = RegisterEventSourceW(NULL, name);
    if (source == NULL)
        return win_fail(err, GetLastError(), "RegisterEventSource");
    log_sink_set(sink);
    return BATON_OK;
}
