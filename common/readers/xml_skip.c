#include "xml_skip.h"

#include <string.h>

/* What a byte may be. */
enum { PLAIN = 1, FIRST = 2, NAME = 4, SPACE = 8 };

// clang-format off
#define P PLAIN,
#define N PLAIN | NAME,
#define F PLAIN | NAME | FIRST,
#define W PLAIN | SPACE,
#define O 0,
#define TEN(x) x x x x x x x x x x
static const uint8_t kinds[256] = {
    O O O O O O O O O W W O O W O O  O O O O O O O O O O O O O O O O
    W P P P P P O P P P P P P N N P  /* space ... & is none ... - . / */
    TEN(N) P P O P P P               /* 0-9 : ; < = > ? */
    P TEN(F) TEN(F) F F F F F F      /* @ A-Z */
    P P O P F                        /* [ \ ] ^ _ */
    P TEN(F) TEN(F) F F F F F F      /* ` a-z */
    P P P P O                        /* { | } ~ DEL */
};
#undef P
#undef N
#undef F
#undef W
#undef O
#undef TEN
// clang-format on

static bool
is(const char *at, const char *end, int kind)
{
    return at < end && (kinds[(uint8_t)*at] & kind) != 0;
}

static bool
starts(const char *at, const char *end, const char *with, size_t len)
{
    return (size_t)(end - at) >= len && memcmp(at, with, len) == 0;
}

static bool
follows(const char *at, unsigned least, unsigned most)
{
    return (uint8_t)*at >= least && (uint8_t)*at <= most;
}

/* Bytes of the character beyond ASCII that begins here; 0: none that XML allows. */
static size_t
wide(const char *at, const char *end)
{
    unsigned lead = (uint8_t)*at;
    size_t len = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || (size_t)(end - at) < len)
        return 0;
    unsigned least = lead == 0xe0   ? 0xa0
                     : lead == 0xf0 ? 0x90
                                    : 0x80; /* no longer than it must be */
    unsigned most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf; /* surrogates, U+10FFFF */
    if (!follows(at + 1, least, most))
        return 0;
    for (size_t i = 2; i < len; i++)
        if (!follows(at + i, 0x80, 0xbf))
            return 0;
    bool none = lead == 0xef && (uint8_t)at[1] == 0xbf && (uint8_t)at[2] >= 0xbe;
    return none ? 0 : len; /* U+FFFE and U+FFFF are no characters */
}

/* &#10; and &#xA; of a character that XML allows; 0: another, or longer than they need to be. */
static size_t
numbered(const char *at, const char *end)
{
    unsigned base = starts(at, end, "&#x", 3) ? 16 : 10, point = 0;
    const char *digits = at + (base == 16 ? 3 : 2), *p = digits;
    for (; p < end && p - digits < 7; p++) {
        unsigned digit = *p >= '0' && *p <= '9'   ? (unsigned)(*p - '0')
                         : *p >= 'a' && *p <= 'f' ? (unsigned)(*p - 'a') + 10
                         : *p >= 'A' && *p <= 'F' ? (unsigned)(*p - 'A') + 10
                                                  : base;
        if (digit >= base)
            break;
        point = point * base + digit;
    }
    bool good = point == '\t' || point == '\n' || point == '\r' ||
                (point >= 0x20 && point < 0xd800) || (point > 0xdfff && point < 0xfffe) ||
                (point > 0xffff && point < 0x110000);
    return good && p > digits && starts(p, end, ";", 1) ? (size_t)(p + 1 - at) : 0;
}

static size_t
entity(const char *at, const char *end)
{
    if (starts(at, end, "&#", 2))
        return numbered(at, end);
    static const struct {
        const char *text;
        size_t len;
    } entities[] = {{"&amp;", 5}, {"&quot;", 6}, {"&lt;", 4}, {"&gt;", 4}, {"&apos;", 6}};
    for (size_t i = 0; i < ARRAY_LEN(entities); i++)
        if (starts(at, end, entities[i].text, entities[i].len))
            return entities[i].len;
    return 0;
}

/* Bytes of what is not simply a plain character; 0: nothing that may stand in text. */
static size_t
special(const char *at, const char *end)
{
    if ((uint8_t)*at >= 0x80)
        return wide(at, end);
    if (*at == '&')
        return entity(at, end);
    return *at == ']' && !starts(at, end, "]]>", 3) ? 1 : 0;
}

/* The next "<" behind text. */
static const char *
text_end(const char *at, const char *end)
{
    for (size_t n;; at += n) {
        while (is(at, end, PLAIN))
            at++;
        if (at == end || *at == '<')
            return at == end ? NULL : at;
        n = special(at, end);
        if (n == 0)
            return NULL;
    }
}

static const char *
name_end(const char *at, const char *end)
{
    if (!is(at, end, FIRST))
        return NULL;
    while (is(at, end, NAME))
        at++;
    return at;
}

const char *
xml_space_end(const char *at, const char *end)
{
    while (is(at, end, SPACE))
        at++;
    return at;
}

/* Behind the value and its second quote. */
static const char *
value_end(const char *at, const char *end)
{
    if (at == end || (*at != '"' && *at != '\''))
        return NULL;
    char quote = *at++;
    for (size_t n;; at += n) {
        while (is(at, end, PLAIN) && *at != quote)
            at++;
        if (at == end)
            return NULL;
        if (*at == quote)
            return at + 1;
        n = *at == ']' ? 1 : special(at, end);
        if (n == 0)
            return NULL;
    }
}

struct names {
    size_t count;
    const char *at[XML_SKIP_ATTRIBUTES];
    size_t len[XML_SKIP_ATTRIBUTES];
};

static bool
is_new(struct names *names, const char *at, size_t len)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->len[i] == len && memcmp(names->at[i], at, len) == 0)
            return false;
    if (names->count == XML_SKIP_ATTRIBUTES)
        return false;
    names->at[names->count] = at;
    names->len[names->count++] = len;
    return true;
}

static const char *
attribute_end(const char *at, const char *end, struct names *names)
{
    const char *behind = name_end(at, end);
    if (behind == NULL || !is_new(names, at, (size_t)(behind - at)))
        return NULL;
    at = xml_space_end(behind, end);
    if (at == end || *at != '=')
        return NULL;
    return value_end(xml_space_end(at + 1, end), end);
}

const char *
xml_tag_end(const char *at, const char *end, struct xml_tag *ret_tag)
{
    struct names names;
    names.count = 0;
    ret_tag->name = at + 1;
    at = name_end(at + 1, end);
    if (at == NULL)
        return NULL;
    ret_tag->name_len = (size_t)(at - ret_tag->name);
    for (;;) {
        const char *next = xml_space_end(at, end);
        ret_tag->empty = starts(next, end, "/>", 2);
        if (ret_tag->empty || starts(next, end, ">", 1))
            return next + (ret_tag->empty ? 2 : 1);
        at = next > at ? attribute_end(next, end, &names) : NULL;
        if (at == NULL)
            return NULL;
    }
}

const char *
xml_close_end(const char *at, const char *end, const struct xml_tag *tag)
{
    if (!starts(at, end, "</", 2) || !starts(at + 2, end, tag->name, tag->name_len))
        return NULL;
    at = xml_space_end(at + 2 + tag->name_len, end);
    return starts(at, end, ">", 1) ? at + 1 : NULL;
}

const char *
xml_content_end(const char *at, const char *end)
{
    struct xml_tag open[XML_SKIP_DEPTH];
    size_t depth = 0;
    while ((at = text_end(at, end)) != NULL) {
        if (starts(at, end, "</", 2)) {
            if (depth == 0)
                return at;
            at = xml_close_end(at, end, &open[--depth]);
        } else {
            if (depth == XML_SKIP_DEPTH)
                return NULL;
            at = xml_tag_end(at, end, &open[depth]);
            depth += at != NULL && !open[depth].empty;
        }
        if (at == NULL)
            return NULL;
    }
    return NULL;
}
