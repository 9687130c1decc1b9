#include "common/canon.h"

#include "common/text.h"

#include <string.h>

void
canon_writer_init(struct canon_writer *w, uint8_t *buf, size_t cap)
{
    *w = (struct canon_writer){.buf = buf, .cap = cap};
}

static void
put_number(struct canon_writer *w, uint64_t v, size_t n)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
    canon_put_fixed(w, bytes, n);
}

void
canon_put_u8(struct canon_writer *w, uint8_t v)
{
    put_number(w, v, 1);
}

void
canon_put_u16(struct canon_writer *w, uint16_t v)
{
    put_number(w, v, 2);
}

void
canon_put_u32(struct canon_writer *w, uint32_t v)
{
    put_number(w, v, 4);
}

void
canon_put_u64(struct canon_writer *w, uint64_t v)
{
    put_number(w, v, 8);
}

void
canon_put_i64(struct canon_writer *w, int64_t v)
{
    put_number(w, (uint64_t)v, 8);
}

void
canon_put_bool(struct canon_writer *w, bool v)
{
    canon_put_u8(w, v ? 1 : 0);
}

void
canon_put_fixed(struct canon_writer *w, const void *bytes, size_t n)
{
    if (w->overflow || n > w->cap - w->len) {
        w->overflow = true;
        return;
    }
    if (n > 0)
        memcpy(w->buf + w->len, bytes, n);
    w->len += n;
}

void
canon_put_str(struct canon_writer *w, const char *text, size_t cap)
{
    size_t len = 0;
    while (len < cap && text[len] != '\0')
        len++;
    if (len == cap || len > UINT16_MAX || !text_valid(text, len)) {
        w->bad = true;
        return;
    }
    canon_put_u16(w, (uint16_t)len);
    canon_put_fixed(w, text, len);
}

void
canon_put_blob(struct canon_writer *w, const void *bytes, size_t n)
{
    if (n > UINT32_MAX) {
        w->overflow = true;
        return;
    }
    canon_put_u32(w, (uint32_t)n);
    canon_put_fixed(w, bytes, n);
}

void
canon_put_id(struct canon_writer *w, const struct baton_id *id)
{
    canon_put_fixed(w, id->b, sizeof id->b);
}

void
canon_put_key(struct canon_writer *w, const struct baton_key *key)
{
    canon_put_fixed(w, key->b, sizeof key->b);
}

void
canon_put_hash(struct canon_writer *w, const struct baton_hash *hash)
{
    canon_put_fixed(w, hash->b, sizeof hash->b);
}

void
canon_put_epoch(struct canon_writer *w, const struct epoch *e)
{
    canon_put_u64(w, e->counter);
    canon_put_id(w, &e->incarnation);
}

enum baton_status
canon_finish(const struct canon_writer *w, size_t *ret_len)
{
    if (w->bad)
        return BATON_MALFORMED;
    if (w->overflow)
        return BATON_LIMIT;
    *ret_len = w->len;
    return BATON_OK;
}

void
canon_reader_init(struct canon_reader *r, const uint8_t *bytes, size_t len)
{
    *r = (struct canon_reader){.bytes = bytes, .len = len};
}

/* The next n bytes, or NULL: then the reader is bad for good. */
static const uint8_t *
take(struct canon_reader *r, size_t n)
{
    if (r->bad || n > r->len - r->at) {
        r->bad = true;
        return NULL;
    }
    const uint8_t *p = r->bytes + r->at;
    r->at += n;
    return p;
}

static uint64_t
get_number(struct canon_reader *r, size_t n)
{
    const uint8_t *p = take(r, n);
    uint64_t v = 0;
    for (size_t i = 0; p != NULL && i < n; i++)
        v = v << 8 | p[i];
    return v;
}

uint8_t
canon_get_u8(struct canon_reader *r)
{
    return (uint8_t)get_number(r, 1);
}

uint16_t
canon_get_u16(struct canon_reader *r)
{
    return (uint16_t)get_number(r, 2);
}

uint32_t
canon_get_u32(struct canon_reader *r)
{
    return (uint32_t)get_number(r, 4);
}

uint64_t
canon_get_u64(struct canon_reader *r)
{
    return get_number(r, 8);
}

int64_t
canon_get_i64(struct canon_reader *r)
{
    return (int64_t)get_number(r, 8);
}

uint8_t
canon_get_enum(struct canon_reader *r, uint8_t least, uint8_t most)
{
    uint8_t v = canon_get_u8(r);
    canon_require(r, v >= least && v <= most);
    return r->bad ? least : v;
}

bool
canon_get_bool(struct canon_reader *r)
{
    return canon_get_enum(r, 0, 1) == 1;
}

void
canon_get_fixed(struct canon_reader *r, void *out, size_t n)
{
    const uint8_t *p = take(r, n);
    if (p != NULL && n > 0)
        memcpy(out, p, n);
    else
        memset(out, 0, n);
}

void
canon_get_str(struct canon_reader *r, char *out, size_t cap)
{
    size_t len = canon_get_u16(r);
    canon_require(r, len < cap);
    const uint8_t *p = take(r, len);
    canon_require(r, p != NULL && text_valid(p, len));
    if (r->bad)
        len = 0;
    else
        memcpy(out, p, len);
    memset(out + len, 0, cap - len);
}

const uint8_t *
canon_get_blob(struct canon_reader *r, size_t *ret_len)
{
    size_t len = canon_get_u32(r);
    const uint8_t *p = take(r, len);
    *ret_len = p == NULL ? 0 : len;
    return *ret_len == 0 ? NULL : p;
}

struct baton_id
canon_get_id(struct canon_reader *r)
{
    struct baton_id id;
    canon_get_fixed(r, id.b, sizeof id.b);
    return id;
}

struct baton_key
canon_get_key(struct canon_reader *r)
{
    struct baton_key key;
    canon_get_fixed(r, key.b, sizeof key.b);
    return key;
}

struct baton_hash
canon_get_hash(struct canon_reader *r)
{
    struct baton_hash hash;
    canon_get_fixed(r, hash.b, sizeof hash.b);
    return hash;
}

struct epoch
canon_get_epoch(struct canon_reader *r)
{
    struct epoch e;
    e.counter = canon_get_u64(r);
    e.incarnation = canon_get_id(r);
    return e;
}

void
canon_expect(struct canon_reader *r, const void *bytes, size_t n)
{
    const uint8_t *p = take(r, n);
    canon_require(r, p != NULL && memcmp(p, bytes, n) == 0);
}

void
canon_require(struct canon_reader *r, bool holds)
{
    if (!holds)
        r->bad = true;
}

bool
canon_finished(const struct canon_reader *r)
{
    return !r->bad && r->at == r->len;
}
