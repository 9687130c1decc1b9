#include "win_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

bool
win_wide(const char *text, wchar_t *out, size_t cap)
{
    int units = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, out, (int)cap);
    if (units <= 0 && cap > 0)
        out[0] = L'\0';
    return units > 0;
}

char *
win_utf8_copy(const wchar_t *text)
{
    int bytes = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
    char *out = bytes <= 0 ? NULL : malloc((size_t)bytes);
    if (out != NULL)
        (void)WideCharToMultiByte(CP_UTF8, 0, text, -1, out, bytes, NULL, NULL);
    return out;
}

void
win_utf8(const wchar_t *text, char *out, size_t cap)
{
    char *all = win_utf8_copy(text);
    size_t len = all == NULL ? 0 : strlen(all);
    if (len >= cap) {
        len = cap - 1;
        while (len > 0 && ((unsigned char)all[len] & 0xC0) == 0x80)
            len--;
    }
    if (len > 0)
        memcpy(out, all, len);
    out[len] = '\0';
    free(all);
}

void
win_line(const wchar_t *text, char *out, size_t cap)
{
    char *all = text == NULL ? NULL : win_utf8_copy(text);
    text_copy(out, cap, all == NULL ? "" : all);
    free(all);
}

bool
win_exact(const wchar_t *text, char *out, size_t cap)
{
    if (text != NULL &&
        WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, text, -1, out, (int)cap, NULL, NULL) > 0)
        return true;
    out[0] = '\0';
    return false;
}

bool
win_same(const wchar_t *a, const wchar_t *b)
{
    return CompareStringOrdinal(a, -1, b, -1, TRUE) == CSTR_EQUAL;
}

uint64_t
win_unix_ms(FILETIME t)
{
    const uint64_t ticks_1601_to_1970 = 116444736000000000u, ticks_a_ms = 10000;
    uint64_t ticks = (uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime;
    return ticks < ticks_1601_to_1970 ? 0 : (ticks - ticks_1601_to_1970) / ticks_a_ms;
}

uint64_t
win_now_unix_ms(void)
{
    FILETIME now;
    GetSystemTimeAsFileTime(&now);
    return win_unix_ms(now);
}

static enum baton_status
status_of(DWORD code)
{
    switch (code) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_SERVICE_DOES_NOT_EXIST:
        return BATON_NOT_FOUND;
    case ERROR_ACCESS_DENIED:
    case ERROR_PRIVILEGE_NOT_HELD:
        return BATON_DENIED;
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

/* The system's sentence without its line end; empty when it has none. */
static void
sentence_of(DWORD code, char *out, size_t cap)
{
    wchar_t text[256];
    DWORD units = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS |
                                     FORMAT_MESSAGE_MAX_WIDTH_MASK,
                                 NULL, code, 0, text, (DWORD)ARRAY_LEN(text), NULL);
    while (units > 0 && text[units - 1] <= L' ')
        units--;
    text[units] = L'\0';
    win_utf8(text, out, cap);
}

enum baton_status
win_fail(struct baton_err *err, DWORD code, const char *fmt, ...)
{
    char what[BATON_ERR_BYTES], sentence[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    sentence_of(code, sentence, sizeof sentence);
    return baton_fail(err, status_of(code), "%s: Windows error %lu%s%s", what, code,
                      sentence[0] == '\0' ? "" : ": ", sentence);
}
