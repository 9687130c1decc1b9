#include "utf.h"

#include <stdlib.h>
#include <string.h>

char *
utf_put(char *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (char)c;
    } else if (c < 0x800) {
        *out++ = (char)(0xC0 | c >> 6);
        *out++ = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *out++ = (char)(0xE0 | c >> 12);
        *out++ = (char)(0x80 | (c >> 6 & 0x3F));
        *out++ = (char)(0x80 | (c & 0x3F));
    } else {
        *out++ = (char)(0xF0 | c >> 18);
        *out++ = (char)(0x80 | (c >> 12 & 0x3F));
        *out++ = (char)(0x80 | (c >> 6 & 0x3F));
        *out++ = (char)(0x80 | (c & 0x3F));
    }
    return out;
}

static uint32_t
unit_at(const uint8_t *bytes, bool big)
{
    return big ? (uint32_t)(bytes[0] << 8 | bytes[1]) : (uint32_t)(bytes[1] << 8 | bytes[0]);
}

static bool
is_high(uint32_t unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool
is_low(uint32_t unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

static char *
from_utf16(const uint8_t *bytes, size_t len, bool big, char *out)
{
    for (size_t i = 0; i + 1 < len; i += 2) {
        uint32_t c = unit_at(bytes + i, big);
        if (is_high(c) && i + 3 < len && is_low(unit_at(bytes + i + 2, big))) {
            c = 0x10000 + ((c - 0xD800) << 10) + (unit_at(bytes + i + 2, big) - 0xDC00);
            i += 2;
        } else if (is_high(c) || is_low(c)) {
            c = 0xFFFD;
        }
        out = utf_put(out, c);
    }
    return out;
}

/* Where in the bytes as they came: a NUL, or a unit that is one. */
static size_t
nul_at(const uint8_t *bytes, size_t len, bool wide)
{
    size_t step = wide ? 2 : 1, at = 0;
    while (at + step < len && (bytes[at] != 0 || (wide && bytes[at + 1] != 0)))
        at += step;
    return at;
}

enum baton_status
utf_to_utf8(const char *bytes, size_t len, char **ret_text, struct baton_err *err)
{
    const uint8_t *b = (const uint8_t *)bytes;
    bool little = len >= 2 && b[0] == 0xFF && b[1] == 0xFE;
    bool big = len >= 2 && b[0] == 0xFE && b[1] == 0xFF;
    if ((little || big) && len % 2 != 0)
        return baton_fail(err, BATON_MALFORMED, "UTF-16 text with an odd number of bytes");
    char *text = malloc(len * 3 / 2 + 4); /* two bytes of UTF-16 need at most three of UTF-8 */
    if (text == NULL)
        return baton_fail(err, BATON_NOMEM, "text of %zu bytes", len);
    char *end;
    if (little || big) {
        end = from_utf16(b + 2, len - 2, big, text);
    } else {
        size_t mark = len >= 3 && memcmp(b, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
        if (len > mark) /* bytes may be NULL when there are none */
            memcpy(text, bytes + mark, len - mark);
        end = text + len - mark;
    }
    *end = '\0';
    if (strlen(text) != (size_t)(end - text)) {
        free(text);
        return baton_fail(err, BATON_MALFORMED, "byte %zu: a NUL byte inside the text",
                          nul_at(b, len, little || big));
    }
    *ret_text = text;
    return BATON_OK;
}
