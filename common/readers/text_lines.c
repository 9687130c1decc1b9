#include "text_lines.h"

#include <inttypes.h>
#include <string.h>

#include "common/text.h"
#include "utf.h"

enum { REPLACEMENT = 0xFFFD };

static const struct mark {
    uint8_t bytes[TEXT_MARK_BYTES];
    size_t len;
    enum text_encoding encoding;
} marks[] = {{{0xEF, 0xBB, 0xBF}, 3, TEXT_UTF_8},
             {{0xFF, 0xFE, 0}, 2, TEXT_UTF_16LE},
             {{0xFE, 0xFF, 0}, 2, TEXT_UTF_16BE}};

void
text_lines_init(struct text_lines *t, const struct text_line_sink *sink)
{
    *t = (struct text_lines){.sink = *sink, .at_start = true};
}

const char *
text_encoding_name(enum text_encoding e)
{
    static const char *const names[] = {"utf-8", "utf-16le", "utf-16be"};
    return names[e];
}

/* --- characters into the line -------------------------------------------------------------------- */

static void
append(struct text_lines *t, const char *bytes, size_t len)
{
    if (t->cut || len > sizeof t->text - 1 - t->len) {
        t->cut = true;
        return;
    }
    memcpy(t->text + t->len, bytes, len);
    t->len += len;
}

static enum baton_status
line_over(struct text_lines *t, struct baton_err *err)
{
    t->text[t->len] = '\0';
    t->lines++;
    enum baton_status rc = t->sink.line(t->sink.ctx, t->text, t->len, t->cut, err);
    t->len = 0;
    t->cut = false;
    t->at_start = true;
    return rc;
}

static enum baton_status
nul(const struct text_lines *t, struct baton_err *err)
{
    return baton_fail(err, BATON_MALFORMED,
                      "line %" PRIu64 ", byte %" PRIu64
                      ": a NUL: this is no text, or text of two encodings in one file",
                      t->lines + 1, t->bytes - 1);
}

/* One whole character. */
static enum baton_status
take(struct text_lines *t, uint32_t c, struct baton_err *err)
{
    char bytes[UTF_CHAR_BYTES];
    bool after_cr = t->after_cr;
    t->after_cr = c == '\r';
    if (c == 0)
        return nul(t, err);
    if (c == '\n' && after_cr) { /* the line is over already */
        t->at_start = true;
        return BATON_OK;
    }
    if (c == '\n' || c == '\r')
        return line_over(t, err);
    size_t len = (size_t)(utf_put(bytes, c) - bytes);
    if (text_valid(bytes, len))
        append(t, bytes, len);
    else
        append(t, " ", 1);
    return BATON_OK;
}

/* --- UTF-8, and what is taken for it ------------------------------------------------------------- */

static uint32_t
windows_1252(uint8_t byte)
{
    static const uint16_t upper[32] = {
        0x20AC, ' ',    0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
        0x2039, 0x0152, ' ',    0x017D, ' ',    ' ',    0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, ' ',    0x017E, 0x0178};
    return byte >= 0x80 && byte < 0xA0 ? upper[byte - 0x80] : byte;
}

static enum baton_status
foreign(struct text_lines *t, struct baton_err *err)
{
    enum baton_status rc = BATON_OK;
    for (size_t i = 0; rc == BATON_OK && i < t->part_len; i++)
        rc = take(t, windows_1252(t->part[i]), err);
    t->foreign += t->part_len;
    t->part_len = 0;
    return rc;
}

static size_t
sequence_of(uint8_t lead)
{
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 3;
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

static uint32_t
decoded(const uint8_t *part, size_t len)
{
    uint32_t c = part[0] & (0x7FU >> len);
    for (size_t i = 1; i < len; i++)
        c = c << 6 | (part[i] & 0x3FU);
    return c;
}

static enum baton_status
take_byte(struct text_lines *t, uint8_t byte, struct baton_err *err)
{
    if (t->part_len > 0 && (byte & 0xC0) == 0x80) {
        t->part[t->part_len++] = byte;
        if (t->part_len < t->part_wanted)
            return BATON_OK;
        uint32_t c = decoded(t->part, t->part_len);
        static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
        if (c < least[t->part_len] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
            return foreign(t, err);
        t->part_len = 0;
        return take(t, c, err);
    }
    enum baton_status rc = foreign(t, err);
    if (rc != BATON_OK || byte < 0x80)
        return rc != BATON_OK ? rc : take(t, byte, err);
    t->part[0] = byte;
    t->part_len = 1;
    t->part_wanted = sequence_of(byte);
    return t->part_wanted == 0 ? foreign(t, err) : BATON_OK;
}

/* --- UTF-16 -------------------------------------------------------------------------------------- */

static enum baton_status
lone_surrogate(struct text_lines *t, struct baton_err *err)
{
    bool lone = t->high != 0;
    t->high = 0;
    return lone ? take(t, REPLACEMENT, err) : BATON_OK;
}

static enum baton_status
take_unit(struct text_lines *t, uint32_t unit, struct baton_err *err)
{
    if (unit >= 0xDC00 && unit <= 0xDFFF && t->high != 0) {
        uint32_t c = 0x10000 + ((t->high - 0xD800) << 10) + (unit - 0xDC00);
        t->high = 0;
        return take(t, c, err);
    }
    enum baton_status rc = lone_surrogate(t, err);
    if (rc != BATON_OK)
        return rc;
    if (unit >= 0xD800 && unit <= 0xDBFF) {
        t->high = unit;
        return BATON_OK;
    }
    return take(t, unit >= 0xDC00 && unit <= 0xDFFF ? REPLACEMENT : unit, err);
}

static enum baton_status
take_half(struct text_lines *t, uint8_t byte, struct baton_err *err)
{
    t->part[t->part_len++] = byte;
    if (t->part_len < 2)
        return BATON_OK;
    t->part_len = 0;
    return take_unit(t,
                     t->encoding == TEXT_UTF_16BE ? (uint32_t)(t->part[0] << 8 | t->part[1])
                                                  : (uint32_t)(t->part[1] << 8 | t->part[0]),
                     err);
}

/* --- pieces -------------------------------------------------------------------------------------- */

static enum baton_status
decode(struct text_lines *t, uint8_t byte, struct baton_err *err)
{
    return t->encoding == TEXT_UTF_8 ? take_byte(t, byte, err) : take_half(t, byte, err);
}

static enum baton_status
release_head(struct text_lines *t, struct baton_err *err)
{
    uint8_t held[TEXT_MARK_BYTES];
    size_t count = t->head_len;
    enum baton_status rc = BATON_OK;
    memcpy(held, t->head, sizeof held);
    t->head_len = 0;
    t->at_start = false;
    for (size_t i = 0; rc == BATON_OK && i < count; i++)
        rc = decode(t, held[i], err);
    return rc;
}

/* The first bytes of a line, until it is clear that they are a mark or none. */
static enum baton_status
take_start(struct text_lines *t, uint8_t byte, struct baton_err *err)
{
    t->head[t->head_len++] = byte;
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        if (memcmp(marks[i].bytes, t->head, t->head_len) != 0 || t->head_len > marks[i].len)
            continue;
        if (t->head_len < marks[i].len)
            return BATON_OK;
        t->encoding = marks[i].encoding;
        t->head_len = 0;
        t->at_start = false;
        t->after_cr = false;
        return BATON_OK;
    }
    return release_head(t, err);
}

/* Plain characters up to the next one that needs a look: most of most logs. */
static size_t
plain_run(const struct text_lines *t, const uint8_t *bytes, size_t len)
{
    size_t n = 0;
    if (t->encoding != TEXT_UTF_8 || t->part_len > 0 || t->at_start)
        return 0;
    while (n < len && bytes[n] >= 0x20 && bytes[n] < 0x7F)
        n++;
    return n;
}

static void
append_run(struct text_lines *t, const uint8_t *bytes, size_t len)
{
    size_t room = t->cut ? 0 : sizeof t->text - 1 - t->len;
    append(t, (const char *)bytes, len < room ? len : room);
    t->cut = t->cut || len > room;
    t->after_cr = false;
}

enum baton_status
text_lines_push(struct text_lines *t, const void *bytes, size_t len, struct baton_err *err)
{
    const uint8_t *b = bytes;
    enum baton_status rc = BATON_OK;
    for (size_t i = 0; rc == BATON_OK && i < len;) {
        size_t run = plain_run(t, b + i, len - i);
        if (run > 0) {
            append_run(t, b + i, run);
            t->bytes += run;
            i += run;
            continue;
        }
        t->bytes++;
        rc = t->at_start ? take_start(t, b[i], err) : decode(t, b[i], err);
        i++;
    }
    return rc;
}

enum baton_status
text_lines_finish(struct text_lines *t, struct baton_err *err)
{
    enum baton_status rc = release_head(t, err);
    if (rc == BATON_OK && t->encoding == TEXT_UTF_8)
        rc = foreign(t, err);
    if (rc == BATON_OK)
        rc = lone_surrogate(t, err);
    if (rc == BATON_OK && t->part_len > 0)
        return baton_fail(err, BATON_MALFORMED,
                          "line %" PRIu64 ", byte %" PRIu64
                          ": the text ends in the middle of a character of UTF-16",
                          t->lines + 1, t->bytes);
    return rc == BATON_OK && (t->len > 0 || t->cut) ? line_over(t, err) : rc;
}
