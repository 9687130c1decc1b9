#include "xml_out.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER_BYTES = 64 * 1024 };

struct level {
    const char *name;
    bool has_elements;
};

struct xml_out {
    FILE *file;
    enum xml_encoding encoding;
    enum xml_layout layout;
    bool tag_open; /* "<name" is written, ">" is not */
    size_t depth;
    struct level level[XML_OUT_DEPTH];
    uint64_t flushed;
    size_t used;
    int fault; /* errno of the first write that failed */
    char buffer[BUFFER_BYTES];
    uint8_t wide[2 * BUFFER_BYTES];
};

/* One character of well-formed UTF-8; its length. */
static size_t
decode(const char *at, uint32_t *ret_code)
{
    uint8_t first = (uint8_t)at[0];
    size_t more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    uint32_t code = more == 0 ? first : first & (0x3fu >> more);
    for (size_t i = 1; i <= more; i++)
        code = code << 6 | ((uint8_t)at[i] & 0x3fu);
    *ret_code = code;
    return more + 1;
}

static size_t
put_unit(uint8_t *out, uint32_t unit)
{
    out[0] = (uint8_t)unit;
    out[1] = (uint8_t)(unit >> 8);
    return 2;
}

static size_t
widen(struct xml_out *x)
{
    size_t len = 0;
    for (size_t i = 0; i < x->used;) {
        uint32_t code;
        i += decode(x->buffer + i, &code);
        if (code >= 0x10000) {
            len += put_unit(x->wide + len, 0xd800 + ((code - 0x10000) >> 10));
            code = 0xdc00 + (code & 0x3ff);
        }
        len += put_unit(x->wide + len, code);
    }
    return len;
}

static void
flush(struct xml_out *x)
{
    const void *bytes = x->buffer;
    size_t len = x->used;
    if (x->encoding == XML_UTF16LE) {
        len = widen(x);
        bytes = x->wide;
    }
    errno = 0;
    if (fwrite(bytes, 1, len, x->file) != len && x->fault == 0)
        x->fault = errno != 0 ? errno : EIO;
    x->flushed += x->used;
    x->used = 0;
}

/* As many bytes of a longer text as fill a buffer and end with a character: a character never stands in
 * two buffers, so that each can be converted by itself. */
static size_t
whole_characters(const char *bytes)
{
    size_t len = BUFFER_BYTES;
    // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): only longer texts come here
    while (((uint8_t)bytes[len] & 0xc0) == 0x80)
        len--;
    return len;
}

static void
put(struct xml_out *x, const char *bytes, size_t len)
{
    if (len > BUFFER_BYTES - x->used)
        flush(x);
    while (len > BUFFER_BYTES) {
        size_t part = whole_characters(bytes);
        memcpy(x->buffer, bytes, part);
        x->used = part;
        flush(x);
        bytes += part;
        len -= part;
    }
    memcpy(x->buffer + x->used, bytes, len);
    x->used += len;
}

static void
put_text(struct xml_out *x, const char *text)
{
    put(x, text, strlen(text));
}

static const char *
entity_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return "&#10;";
    }
}

static void
put_escaped(struct xml_out *x, const char *text, const char *special)
{
    for (;;) {
        size_t plain = strcspn(text, special);
        put(x, text, plain);
        text += plain;
        if (*text == '\0')
            return;
        put_text(x, entity_of(*text++));
    }
}

static void
close_tag(struct xml_out *x)
{
    if (x->tag_open)
        put(x, ">", 1);
    x->tag_open = false;
}

static void
new_line(struct xml_out *x)
{
    static const char blanks[XML_OUT_DEPTH + 1] = "                ";
    if (x->layout == XML_ONE_LINE)
        return;
    put_text(x, x->layout == XML_CRLF ? "\r\n" : "\n");
    put(x, blanks, x->depth);
}

enum baton_status
xml_out_open(FILE *f, enum xml_encoding encoding, enum xml_layout layout, struct xml_out **ret_out,
             struct baton_err *err)
{
    struct xml_out *x = calloc(1, sizeof *x);
    if (x == NULL)
        return baton_fail(err, BATON_NOMEM, "XML writer");
    x->file = f;
    x->encoding = encoding;
    x->layout = layout;
    if (encoding != XML_UTF8)
        put_text(x, "\xef\xbb\xbf");
    put_text(x, encoding == XML_UTF16LE ? "<?xml version=\"1.0\" encoding=\"UTF-16\"?>"
                                        : "<?xml version=\"1.0\" encoding=\"utf-8\"?>");
    *ret_out = x;
    return BATON_OK;
}

void
xml_out_begin(struct xml_out *x, const char *name)
{
    BATON_ASSERT(x->depth < XML_OUT_DEPTH);
    close_tag(x);
    new_line(x);
    if (x->depth > 0)
        x->level[x->depth - 1].has_elements = true;
    x->level[x->depth++] = (struct level){name, false};
    put(x, "<", 1);
    put_text(x, name);
    x->tag_open = true;
}

void
xml_out_attribute(struct xml_out *x, const char *name, const char *value)
{
    BATON_ASSERT(x->tag_open);
    put(x, " ", 1);
    put_text(x, name);
    put(x, "=\"", 2);
    put_escaped(x, value, "&<\"\n");
    put(x, "\"", 1);
}

void
xml_out_text(struct xml_out *x, const char *text)
{
    close_tag(x);
    put_escaped(x, text, "&<>");
}

void
xml_out_end(struct xml_out *x)
{
    BATON_ASSERT(x->depth > 0);
    struct level *level = &x->level[--x->depth];
    if (x->tag_open) {
        put(x, "/>", 2);
        x->tag_open = false;
        return;
    }
    if (level->has_elements)
        new_line(x);
    put(x, "</", 2);
    put_text(x, level->name);
    put(x, ">", 1);
}

void
xml_out_leaf(struct xml_out *x, const char *name, const char *text)
{
    xml_out_begin(x, name);
    xml_out_text(x, text);
    xml_out_end(x);
}

uint64_t
xml_out_bytes(const struct xml_out *x)
{
    return x->flushed + x->used;
}

enum baton_status
xml_out_close(struct xml_out **x, struct baton_err *err)
{
    if (*x == NULL)
        return BATON_OK;
    BATON_ASSERT((*x)->depth == 0);
    new_line(*x);
    flush(*x);
    if (fflush((*x)->file) != 0 && (*x)->fault == 0)
        (*x)->fault = errno;
    int fault = (*x)->fault;
    free(*x);
    *x = NULL;
    if (fault != 0)
        return baton_fail(err, BATON_IO, "writing the document: %s", strerror(fault));
    return BATON_OK;
}
