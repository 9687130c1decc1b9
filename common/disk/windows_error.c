#include "common/disk/windows_error.h"

#include <windows.h>

#include <stdarg.h>
#include <stdio.h>

#include "common/text.h"

enum { SENTENCE_UNITS = 256 };

static enum baton_status
status_of(unsigned long code)
{
    switch (code) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_SERVICE_DOES_NOT_EXIST:
        return BATON_NOT_FOUND;
    case ERROR_ACCESS_DENIED:
    case ERROR_PRIVILEGE_NOT_HELD:
        return BATON_DENIED;
    case ERROR_MORE_DATA:
        return BATON_LIMIT;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
        return BATON_NOMEM;
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
        return BATON_FULL;
    case ERROR_TIMEOUT:
    case WAIT_TIMEOUT:
    case ERROR_SERVICE_REQUEST_TIMEOUT:
        return BATON_TIMEOUT;
    default:
        return BATON_IO;
    }
}

void
win_error_text(unsigned long code, char *out, size_t cap)
{
    wchar_t words[SENTENCE_UNITS];
    char sentence[3 * SENTENCE_UNITS] = "", whole[sizeof sentence + 32];
    DWORD units = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS |
                                     FORMAT_MESSAGE_MAX_WIDTH_MASK,
                                 NULL, code, 0, words, SENTENCE_UNITS, NULL);
    while (units > 0 && words[units - 1] <= L' ')
        words[--units] = L'\0';
    if (units > 0)
        (void)WideCharToMultiByte(CP_UTF8, 0, words, -1, sentence, sizeof sentence, NULL, NULL);
    snprintf(whole, sizeof whole, "Windows error %lu%s%s", code, sentence[0] == '\0' ? "" : ": ",
             sentence);
    text_copy(out, cap, whole);
}

enum baton_status
win_fail(struct baton_err *err, unsigned long code, const char *fmt, ...)
{
    char what[BATON_ERR_BYTES], words[BATON_ERR_BYTES];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    win_error_text(code, words, sizeof words);
    return baton_fail(err, status_of(code), "%s: %s", what, words);
}
