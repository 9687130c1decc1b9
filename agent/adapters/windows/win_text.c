#include "win_text.h"

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
