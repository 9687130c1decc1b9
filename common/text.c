#include "common/text.h"

#include <string.h>

struct utf8_form {
    uint8_t mask, lead, bytes;
    uint32_t least; /* a smaller code point has a shorter form */
};

static const struct utf8_form forms[] = {
    {0x80, 0x00, 1, 0x00},
    {0xE0, 0xC0, 2, 0x80},
    {0xF0, 0xE0, 3, 0x800},
    {0xF8, 0xF0, 4, 0x10000},
};

static const struct utf8_form *
form_of(uint8_t lead)
{
    for (size_t i = 0; i < ARRAY_LEN(forms); i++)
        if ((lead & forms[i].mask) == forms[i].lead)
            return &forms[i];
    return NULL;
}

/* Bytes of the character at p, 0 when it is no well-formed UTF-8. */
static size_t
utf8_decode(const uint8_t *p, size_t len, uint32_t *ret_point)
{
    const struct utf8_form *f = form_of(p[0]);
    if (f == NULL || f->bytes > len)
        return 0;

    uint32_t point = p[0] & (uint8_t)~f->mask;
    for (size_t i = 1; i < f->bytes; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        point = point << 6 | (p[i] & 0x3FU);
    }
    bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (point < f->least || surrogate || point > 0x10FFFF)
        return 0;
    *ret_point = point;
    return f->bytes;
}

static bool
point_is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0x200E || c == 0x200F || c == 0xFEFF;
}

bool
text_valid(const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    for (size_t at = 0; at < len;) {
        uint32_t point;
        if (p[at] >= ' ' && p[at] < 0x7f) { /* most of all text; each record's passes here twice */
            at++;
            continue;
        }
        size_t n = utf8_decode(p + at, len - at, &point);
        if (n == 0 || point_is_control(point))
            return false;
        at += n;
    }
    return true;
}

void
text_copy(char *out, size_t cap, const char *text)
{
    const uint8_t *p = (const uint8_t *)text;
    size_t len = strlen(text), used = 0;
    for (size_t at = 0; at < len;) {
        uint32_t point;
        size_t n = utf8_decode(p + at, len - at, &point);
        bool keep = n != 0 && !point_is_control(point);
        size_t put = keep ? n : 1;
        if (used + put >= cap)
            break;
        if (keep)
            memcpy(out + used, p + at, n);
        else
            out[used] = ' ';
        used += put;
        at += n == 0 ? 1 : n;
    }
    out[used] = '\0';
}
