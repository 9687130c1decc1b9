#include "line.h"

#include <string.h>

void
line_start(struct line *l, char *out, size_t cap)
{
    BATON_ASSERT(cap > 0);
    *l = (struct line){.out = out, .cap = cap};
    out[0] = '\0';
}

static void
put_bytes(struct line *l, const char *text, size_t n)
{
    size_t room = l->cap - 1 - l->len;
    if (n > room) {
        n = room;
        while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
            n--;
    }
    memcpy(l->out + l->len, text, n);
    l->len += n;
    l->out[l->len] = '\0';
}

void
line_put(struct line *l, const char *text)
{
    put_bytes(l, text, strlen(text));
}

void
line_int(struct line *l, int64_t v)
{
    char digits[21];
    size_t at = sizeof digits;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        digits[--at] = (char)('0' + u % 10);
        u /= 10;
    } while (u != 0);
    if (v < 0)
        digits[--at] = '-';
    put_bytes(l, digits + at, sizeof digits - at);
}

/* What is left over is told in the next smaller unit; milliseconds beside seconds are noise. */
void
line_duration(struct line *l, uint64_t ms)
{
    static const struct {
        uint64_t unit_ms, until_ms;
        const char *name;
    } units[] = {
        {1, 1000, " ms"},           {1000, 120000, " s"},         {60000, 7200000, " min"},
        {3600000, 172800000, " h"}, {86400000, UINT64_MAX, " d"},
    };
    size_t i = 0;
    while (i + 1 < ARRAY_LEN(units) && ms >= units[i].until_ms)
        i++;
    line_int(l, (int64_t)(ms / units[i].unit_ms));
    line_put(l, units[i].name);
    uint64_t rest = i < 2 ? 0 : ms % units[i].unit_ms / units[i - 1].unit_ms;
    if (rest == 0)
        return;
    line_put(l, " ");
    line_int(l, (int64_t)rest);
    line_put(l, units[i - 1].name);
}

static void
put_two(struct line *l, int64_t v)
{
    line_put(l, v < 10 ? "0" : "");
    line_int(l, v);
}

/* Civil date of a day since 1970-01-01, counted in years that begin in March, so that the leap day is
 * the last of its year. */
static void
put_day(struct line *l, int64_t day)
{
    int64_t from = day + 719468, era = from / 146097, of_era = from % 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    line_int(l, era * 400 + year + (month >= 10 ? 1 : 0));
    line_put(l, "-");
    put_two(l, month < 10 ? month + 3 : month - 9);
    line_put(l, "-");
    put_two(l, of_year - (153 * month + 2) / 5 + 1);
}

void
line_time(struct line *l, uint64_t unix_ms)
{
    int64_t s = (int64_t)(unix_ms / 1000);
    put_day(l, s / 86400);
    line_put(l, " ");
    put_two(l, s / 3600 % 24);
    line_put(l, ":");
    put_two(l, s / 60 % 60);
    line_put(l, ":");
    put_two(l, s % 60);
    line_put(l, "Z");
}

void
line_hex(struct line *l, const void *bytes, size_t n)
{
    char hex[2 * BATON_HASH_BYTES + 1];
    baton_hex(bytes, n < BATON_HASH_BYTES ? n : BATON_HASH_BYTES, hex);
    line_put(l, hex);
}

void
line_version(struct line *l, int64_t v)
{
    for (int part = 3; part >= 0; part--) {
        line_int(l, (v >> (16 * part)) & 0xffff);
        if (part > 0)
            line_put(l, ".");
    }
}

static void
put_quoted(struct line *l, const char *name)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@";
    bool bare = name[0] != '\0' && strspn(name, plain) == strlen(name);
    if (bare) {
        line_put(l, name);
        return;
    }
    line_put(l, "'");
    while (*name != '\0') {
        size_t n = strcspn(name, "'");
        put_bytes(l, name, n);
        name += n;
        if (*name == '\0')
            break;
        line_put(l, "'\\''");
        name++;
    }
    line_put(l, "'");
}

void
line_template(struct line *l, const char *text, const struct line_names *names)
{
    const struct {
        const char *mark, *name;
    } marks[] = {
        {"TENANT", names->tenant}, {"OLD_HOST", names->old_host}, {"NEW_HOST", names->new_host}};
    while (*text != '\0') {
        const char *first = NULL;
        size_t which = 0;
        for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
            const char *at = strstr(text, marks[i].mark);
            if (at != NULL && (first == NULL || at < first)) {
                first = at;
                which = i;
            }
        }
        if (first == NULL)
            break;
        put_bytes(l, text, (size_t)(first - text));
        put_quoted(l, marks[which].name);
        text = first + strlen(marks[which].mark);
    }
    line_put(l, text);
}

void
line_set(char *out, size_t cap, const char *text)
{
    struct line l;
    line_start(&l, out, cap);
    line_put(&l, text);
}
