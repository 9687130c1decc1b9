#include "dn.h"

#include <stdlib.h>
#include <string.h>

/* The text of one relative name while it is read: leaf first in the input, root first in the form. */
struct dn_reader {
    const char *at;
    char *out; /* the canonical text of the current name is appended here */
    bool bad;
};

static const struct fold_range {
    uint16_t first, last;
    uint8_t step; /* 0: add `add`; 1: an even one has its lower case next; 2: an odd one has */
    uint8_t add;
} fold_ranges[] = {
    {0x00C0, 0x00D6, 0, 32}, {0x00D8, 0x00DE, 0, 32}, {0x0100, 0x012F, 1, 0},
    {0x0132, 0x0137, 1, 0},  {0x0139, 0x0148, 2, 0},  {0x014A, 0x0177, 1, 0},
    {0x0179, 0x017E, 2, 0},  {0x0391, 0x03A1, 0, 32}, {0x03A3, 0x03AB, 0, 32},
    {0x0400, 0x040F, 0, 80}, {0x0410, 0x042F, 0, 32},
};

static unsigned
fold(unsigned point)
{
    for (size_t i = 0; i < ARRAY_LEN(fold_ranges); i++) {
        const struct fold_range *r = &fold_ranges[i];
        if (point < r->first || point > r->last)
            continue;
        if (r->step == 0)
            return point + r->add;
        return (point & 1U) == (r->step == 2 ? 1U : 0U) ? point + 1 : point;
    }
    return point;
}

static char
fold_ascii(char c)
{
    if (c < 'A' || c > 'Z')
        return c;
    return (char)((unsigned char)c | 0x20U);
}

/* Two-byte sequences alone have letters with cases that are folded here; everything is done in place,
 * since a folded letter is as long as the other one. */
static void
fold_text(char *text)
{
    for (unsigned char *p = (unsigned char *)text; *p != 0; p++) {
        if (*p < 0x80)
            *p = (unsigned char)fold_ascii((char)*p);
        else if (p[0] >= 0xC3 && p[0] <= 0xD3 && (p[1] & 0xC0) == 0x80) {
            unsigned point = fold((p[0] & 0x1FU) << 6 | (p[1] & 0x3FU));
            p[0] = (unsigned char)(0xC0 | point >> 6);
            p[1] = (unsigned char)(0x80 | (point & 0x3FU));
            p++;
        }
    }
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = fold_ascii(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void
put(struct dn_reader *r, unsigned char c)
{
    static const char digits[] = "0123456789abcdef";
    if (c < 0x20 || strchr(",+=\"\\<>;", c) != NULL) {
        *r->out++ = '\\';
        *r->out++ = digits[c >> 4];
        *r->out++ = digits[c & 15];
    } else {
        *r->out++ = (char)c;
    }
}

/* A character after a backslash, or a byte as two digits. */
static void
put_escaped(struct dn_reader *r)
{
    int high = hex_digit(r->at[0]), low = high < 0 ? -1 : hex_digit(r->at[1]);
    if (low >= 0) {
        put(r, (unsigned char)(high << 4 | low));
        r->at += 2;
    } else if (*r->at != '\0') {
        put(r, (unsigned char)*r->at++);
    } else {
        r->bad = true;
    }
}

static void
skip_space(struct dn_reader *r)
{
    r->at += strspn(r->at, " \t\r\n");
}

static void
read_type(struct dn_reader *r)
{
    size_t len = strcspn(r->at, "=,;+");
    const char *from = r->at;
    r->at += len;
    while (len > 0 && strchr(" \t\r\n", from[len - 1]) != NULL)
        len--;
    r->bad = r->bad || len == 0 || *r->at != '=';
    for (size_t i = 0; i < len; i++)
        put(r, (unsigned char)from[i]);
    *r->out++ = '=';
    if (*r->at == '=')
        r->at++;
}

/* White space counts once, inside the value alone, unless it is escaped. */
static void
read_value(struct dn_reader *r)
{
    bool quoted = false, space = false;
    const char *begin = r->out;
    skip_space(r);
    while (*r->at != '\0' && (quoted || strchr(",;+", *r->at) == NULL)) {
        char c = *r->at++;
        if (strchr(" \t\r\n", c) != NULL) {
            space = true;
            continue;
        }
        if (space && r->out != begin)
            put(r, ' ');
        space = false;
        if (c == '"')
            quoted = !quoted;
        else if (c == '\\')
            put_escaped(r);
        else
            put(r, (unsigned char)c);
    }
    r->bad = r->bad || quoted || r->out == begin;
}

/* One name with its values; true while another name follows. */
static bool
read_name(struct dn_reader *r)
{
    for (;;) {
        skip_space(r);
        read_type(r);
        read_value(r);
        char c = *r->at;
        if (c != '\0')
            r->at++;
        if (c != '+')
            return c != '\0';
        *r->out++ = '+';
    }
}

static char *
whole_text(const char *text)
{
    size_t len = strlen(text);
    char *form = malloc(len + 2);
    if (form == NULL)
        return NULL;
    memcpy(form, text, len);
    form[len] = ',';
    form[len + 1] = '\0';
    fold_text(form);
    return form;
}

char *
dn_canonical(const char *text, bool *ret_valid)
{
    /* A byte becomes three at most, and a malformed name gains a '=' and a ','. */
    size_t room = 3 * strlen(text) + 4;
    char *names = malloc(room), *form = malloc(room);
    struct dn_reader r = {.at = text, .out = names};
    bool more = names != NULL && form != NULL && text[strspn(text, " \t\r\n")] != '\0';
    if (names == NULL || form == NULL)
        goto fail;
    /* The form is filled from its end: names arrive leaf first. */
    size_t at = room - 1;
    form[at] = '\0';
    while (more && !r.bad) {
        r.out = names;
        more = read_name(&r);
        *r.out++ = ',';
        size_t len = (size_t)(r.out - names);
        if (len > at)
            r.bad = true;
        else
            memcpy(form + (at -= len), names, len);
    }
    if (ret_valid != NULL)
        *ret_valid = !r.bad;
    if (r.bad) {
        free(names);
        free(form);
        return whole_text(text);
    }
    memmove(form, form + at, room - at);
    free(names);
    fold_text(form);
    return form;

fail:
    free(names);
    free(form);
    return NULL;
}

bool
dn_contains(const char *a, const char *b)
{
    return strncmp(a, b, strlen(a)) == 0;
}
