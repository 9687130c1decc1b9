#include "agent/windows/registry_value.h"

#include <string.h>

#include "common/names.h"
#include "common/text.h"

const char *
registry_kind_name(uint32_t kind)
{
    static const char *const names[] = {"REG_NONE",
                                        "REG_SZ",
                                        "REG_EXPAND_SZ",
                                        "REG_BINARY",
                                        "REG_DWORD",
                                        "REG_DWORD_BIG_ENDIAN",
                                        "REG_LINK",
                                        "REG_MULTI_SZ",
                                        "REG_RESOURCE_LIST",
                                        "REG_FULL_RESOURCE_DESCRIPTOR",
                                        "REG_RESOURCE_REQUIREMENTS_LIST",
                                        "REG_QWORD"};
    return NAME_OF(names, kind);
}

static uint32_t
unit_at(const uint8_t *bytes, size_t i)
{
    return (uint32_t)bytes[2 * i] | (uint32_t)bytes[2 * i + 1] << 8;
}

/* One character from units i and following; how many units it took, 0: none that there is. */
static size_t
character_at(const uint8_t *bytes, size_t units, size_t i, uint32_t *ret_code)
{
    uint32_t high = unit_at(bytes, i);
    *ret_code = high;
    if (high < 0xD800 || high > 0xDFFF)
        return 1;
    if (high > 0xDBFF || i + 1 >= units)
        return 0;
    uint32_t low = unit_at(bytes, i + 1);
    if (low < 0xDC00 || low > 0xDFFF)
        return 0;
    *ret_code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    return 2;
}

static size_t
utf8_put(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const uint8_t first[] = {0, 0xC0, 0xE0, 0xF0};
    out[0] = (char)(first[more] | code >> (6 * more));
    for (size_t i = 1; i <= more; i++)
        out[i] = (char)(0x80 | (code >> (6 * (more - i)) & 0x3F));
    return more + 1;
}

enum baton_status
registry_value_text(const char *place, uint32_t kind, const uint8_t *bytes, size_t len, char *out,
                    size_t cap, struct baton_err *err)
{
    if (kind != REGISTRY_TEXT && kind != REGISTRY_EXPANDED_TEXT)
        return baton_fail(err, BATON_USAGE, "%s is of kind %s (%u); it must be text (REG_SZ)",
                          place, registry_kind_name(kind), (unsigned)kind);
    size_t units = len / 2, used = 0;
    if (units > 0 && unit_at(bytes, units - 1) == 0)
        units--;
    bool good = len % 2 == 0;
    for (size_t i = 0, took; good && i < units; i += took) {
        uint32_t code;
        char utf8[4];
        took = character_at(bytes, units, i, &code);
        size_t n = took == 0 || code == 0 ? 0 : utf8_put(code, utf8);
        if (n > 0 && used + n >= cap)
            return baton_fail(err, BATON_USAGE, "%s is too long: at most %zu bytes", place,
                              cap - 1);
        good = n > 0;
        memcpy(out + used, utf8, n);
        used += n;
    }
    out[used] = '\0';
    if (!good || !text_valid(out, used))
        return baton_fail(err, BATON_USAGE, "%s is not one line of text: set it again", place);
    return BATON_OK;
}
