#include "common/token.h"

#include "common/canon.h"

#include <string.h>

#define TOKEN_PREFIX "baton1-"
enum { TOKEN_VERSION = 1, PREFIX_BYTES = sizeof TOKEN_PREFIX - 1, CRC_BYTES = 4 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static uint32_t
crc32_of(const uint8_t *bytes, size_t len)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1u)));
    }
    return ~crc;
}

static bool
base64_encode(const uint8_t *in, size_t len, char *out, size_t cap)
{
    size_t used = 0;
    uint32_t bits = 0;
    unsigned count = 0;
    for (size_t i = 0; i <= len; i++) {
        while (count >= 6 || (i == len && count > 0)) {
            uint32_t digit = count >= 6 ? bits >> (count - 6) : bits << (6 - count);
            if (used + 1 >= cap)
                return false;
            out[used++] = alphabet[digit & 63u];
            count = count >= 6 ? count - 6 : 0;
        }
        if (i < len) {
            bits = (bits << 8) | in[i];
            count += 8;
        }
    }
    out[used] = '\0';
    return true;
}

/* Only what base64_encode writes: left-over bits must be zero, so that one token has one text. */
static bool
base64_decode(const char *in, size_t len, uint8_t *out, size_t cap, size_t *ret_len)
{
    size_t used = 0;
    uint32_t bits = 0;
    unsigned count = 0;
    for (size_t i = 0; i < len; i++) {
        const char *at = in[i] == '\0' ? NULL : strchr(alphabet, in[i]);
        if (at == NULL)
            return false;
        bits = (bits << 6) | (uint32_t)(at - alphabet);
        count += 6;
        if (count >= 8) {
            if (used == cap)
                return false;
            count -= 8;
            out[used++] = (uint8_t)(bits >> count);
        }
    }
    *ret_len = used;
    return count < 6 && (bits & ((1u << count) - 1u)) == 0;
}

enum baton_status
token_encode(const struct token *t, char *out, size_t cap, struct baton_err *err)
{
    uint8_t raw[TOKEN_RAW_BYTES];
    struct canon_writer w;
    canon_writer_init(&w, raw, sizeof raw - CRC_BYTES);
    canon_put_u8(&w, TOKEN_VERSION);
    canon_put_str(&w, t->address, sizeof t->address);
    canon_put_fixed(&w, t->seed, sizeof t->seed);
    canon_put_key(&w, &t->controller_sign);
    canon_put_key(&w, &t->controller_curve);
    canon_put_key(&w, &t->root);
    canon_put_id(&w, &t->tenant);
    canon_put_u8(&w, t->role);
    canon_put_bool(&w, t->lab);
    canon_put_str(&w, t->host, sizeof t->host);
    canon_put_u64(&w, t->expires_unix_ms);
    size_t len;
    enum baton_status rc = canon_finish(&w, &len);
    if (rc != BATON_OK)
        return baton_fail(err, rc, "enrolment token: address or host name cannot be written");
    uint32_t crc = crc32_of(raw, len);
    for (int i = 0; i < CRC_BYTES; i++)
        raw[len++] = (uint8_t)(crc >> (24 - 8 * i));
    if (cap <= PREFIX_BYTES || !base64_encode(raw, len, out + PREFIX_BYTES, cap - PREFIX_BYTES))
        return baton_fail(err, BATON_LIMIT, "enrolment token: %zu bytes do not hold it", cap);
    memcpy(out, TOKEN_PREFIX, PREFIX_BYTES);
    return BATON_OK;
}

static bool
token_read(const uint8_t *raw, size_t len, struct token *t)
{
    struct canon_reader r;
    canon_reader_init(&r, raw, len);
    canon_get_enum(&r, TOKEN_VERSION, TOKEN_VERSION);
    canon_get_str(&r, t->address, sizeof t->address);
    canon_get_fixed(&r, t->seed, sizeof t->seed);
    t->controller_sign = canon_get_key(&r);
    t->controller_curve = canon_get_key(&r);
    t->root = canon_get_key(&r);
    t->tenant = canon_get_id(&r);
    t->role = canon_get_u8(&r);
    t->lab = canon_get_bool(&r);
    canon_get_str(&r, t->host, sizeof t->host);
    t->expires_unix_ms = canon_get_u64(&r);
    return canon_finished(&r) && t->address[0] != '\0';
}

static uint32_t
crc_at(const uint8_t *raw)
{
    return (uint32_t)raw[0] << 24 | (uint32_t)raw[1] << 16 | (uint32_t)raw[2] << 8 | raw[3];
}

enum baton_status
token_decode(const char *text, struct token *ret_token, struct baton_err *err)
{
    static const char space[] = " \t\r\n";
    text += strspn(text, space);
    size_t len = strcspn(text, space);
    if (text[len + strspn(text + len, space)] != '\0')
        return baton_fail(err, BATON_MALFORMED,
                          "the enrolment token has white space inside: copy it as one line");
    if (strncmp(text, TOKEN_PREFIX, PREFIX_BYTES) != 0)
        return baton_fail(err, BATON_MALFORMED,
                          "not an enrolment token: it begins with \"" TOKEN_PREFIX "\"");
    uint8_t raw[TOKEN_RAW_BYTES];
    size_t raw_len = 0;
    if (!base64_decode(text + PREFIX_BYTES, len - PREFIX_BYTES, raw, sizeof raw, &raw_len) ||
        raw_len <= CRC_BYTES ||
        crc_at(raw + raw_len - CRC_BYTES) != crc32_of(raw, raw_len - CRC_BYTES))
        return baton_fail(err, BATON_MALFORMED,
                          "the enrolment token is damaged: its checksum does not match; copy all "
                          "of it again");
    struct token t = {0};
    if (!token_read(raw, raw_len - CRC_BYTES, &t))
        return baton_fail(err, BATON_MALFORMED,
                          "the enrolment token is whole, but of a version unknown to this program");
    *ret_token = t;
    return BATON_OK;
}
