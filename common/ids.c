#include "baton/ids.h"

#include "common/text.h"

#include <string.h>

static bool
bytes_are_zero(const uint8_t *bytes, size_t n)
{
    uint8_t any = 0;
    for (size_t i = 0; i < n; i++)
        any |= bytes[i];
    return any == 0;
}

bool
baton_key_eq(const struct baton_key *a, const struct baton_key *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

bool
baton_hash_eq(const struct baton_hash *a, const struct baton_hash *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

bool
baton_id_eq(const struct baton_id *a, const struct baton_id *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

bool
baton_key_is_zero(const struct baton_key *k)
{
    return bytes_are_zero(k->b, sizeof k->b);
}

bool
baton_hash_is_zero(const struct baton_hash *h)
{
    return bytes_are_zero(h->b, sizeof h->b);
}

bool
baton_id_is_zero(const struct baton_id *id)
{
    return bytes_are_zero(id->b, sizeof id->b);
}

int
epoch_cmp(const struct epoch *a, const struct epoch *b)
{
    if (a->counter != b->counter)
        return a->counter < b->counter ? -1 : 1;
    return memcmp(a->incarnation.b, b->incarnation.b, sizeof a->incarnation.b);
}

bool
epoch_eq(const struct epoch *a, const struct epoch *b)
{
    return epoch_cmp(a, b) == 0;
}

bool
epoch_is_zero(const struct epoch *e)
{
    return e->counter == 0 && baton_id_is_zero(&e->incarnation);
}

void
baton_hex(const void *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *p = bytes;
    for (size_t i = 0; i < n; i++) {
        *out++ = digits[p[i] >> 4];
        *out++ = digits[p[i] & 15];
    }
    *out = '\0';
}

/* 0 to 15, or -1. Not through <ctype.h>: a locale must not decide what a digit is. */
static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Two digits that are known to be digits. */
static uint8_t
hex_byte(const char *digits)
{
    return (uint8_t)((unsigned)hex_digit(digits[0]) << 4 | (unsigned)hex_digit(digits[1]));
}

static bool
all_hex(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) /* ends at a NUL too: it is no digit */
        if (hex_digit(text[i]) < 0)
            return false;
    return true;
}

bool
baton_unhex(const char *hex, void *out, size_t n)
{
    if (!all_hex(hex, 2 * n) || hex[2 * n] != '\0')
        return false;
    uint8_t *p = out;
    for (size_t i = 0; i < n; i++)
        p[i] = hex_byte(hex + 2 * i);
    return true;
}

static bool
guid_dash_before(size_t byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

void
baton_guid_format(const struct baton_id *id, char out[37])
{
    for (size_t i = 0; i < BATON_ID_BYTES; i++) {
        if (guid_dash_before(i))
            *out++ = '-';
        baton_hex(&id->b[i], 1, out);
        out += 2;
    }
}

bool
baton_guid_parse(const char *text, struct baton_id *ret_id)
{
    struct baton_id id;
    bool braces = *text == '{';
    text += braces ? 1 : 0;
    for (size_t i = 0; i < BATON_ID_BYTES; i++) {
        if (guid_dash_before(i) && *text++ != '-')
            return false;
        if (!all_hex(text, 2))
            return false;
        id.b[i] = hex_byte(text);
        text += 2;
    }
    if (strcmp(text, braces ? "}" : "") != 0)
        return false;
    *ret_id = id;
    return true;
}

bool
baton_name_valid(const char *name)
{
    size_t len = 0;
    while (len < NAME_BYTES && name[len] != '\0')
        len++;
    return len > 0 && len < NAME_BYTES && text_valid(name, len);
}
