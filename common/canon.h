/* canon.h: the one way in which Baton writes bytes that are hashed or signed, and reads them back.
 *
 * Shape      Big-endian integers, fixed blocks, texts with a u16 length, blobs with a u32 length.
 *            Nothing is optional, padded or aligned, so that one value has one encoding.
 * Limits     The writer never passes cap, the reader never passes len. Both remember the first
 *            fault and do nothing more: callers check once, at the end.
 * Errors     canon_finish: BATON_LIMIT (does not fit), BATON_MALFORMED (a text that may not stand).
 *            canon_finished: false for anything short, long, or outside the rules.
 * Ownership  Caller's memory. canon_get_blob borrows from the bytes read.
 * Source     docs/formats.md "Canonical bytes".
 */
#ifndef COMMON_CANON_H
#define COMMON_CANON_H

#include "baton/ids.h"

struct canon_writer {
    uint8_t *buf;
    size_t cap, len;
    bool overflow;
    bool bad; /* something was put that a reader would refuse */
};

void canon_writer_init(struct canon_writer *w, uint8_t *buf, size_t cap);
void canon_put_u8(struct canon_writer *w, uint8_t v);
void canon_put_u16(struct canon_writer *w, uint16_t v);
void canon_put_u32(struct canon_writer *w, uint32_t v);
void canon_put_u64(struct canon_writer *w, uint64_t v);
void canon_put_i64(struct canon_writer *w, int64_t v); /* two's complement */
void canon_put_bool(struct canon_writer *w, bool v);
void canon_put_fixed(struct canon_writer *w, const void *bytes, size_t n);
/* A text in an array of cap bytes. Without a NUL inside, or not text_valid: bad. */
void canon_put_str(struct canon_writer *w, const char *text, size_t cap);
void canon_put_blob(struct canon_writer *w, const void *bytes, size_t n);
void canon_put_id(struct canon_writer *w, const struct baton_id *id);
void canon_put_key(struct canon_writer *w, const struct baton_key *key);
void canon_put_hash(struct canon_writer *w, const struct baton_hash *hash);
void canon_put_epoch(struct canon_writer *w, const struct epoch *e);
enum baton_status canon_finish(const struct canon_writer *w, size_t *ret_len) BATON_MUST_USE;

struct canon_reader {
    const uint8_t *bytes;
    size_t len, at;
    bool bad;
};

void canon_reader_init(struct canon_reader *r, const uint8_t *bytes, size_t len);
uint8_t canon_get_u8(struct canon_reader *r);
uint16_t canon_get_u16(struct canon_reader *r);
uint32_t canon_get_u32(struct canon_reader *r);
uint64_t canon_get_u64(struct canon_reader *r);
int64_t canon_get_i64(struct canon_reader *r);
bool canon_get_bool(struct canon_reader *r); /* anything but 0 and 1 is bad */
uint8_t canon_get_enum(struct canon_reader *r, uint8_t least, uint8_t most); /* else bad */
void canon_get_fixed(struct canon_reader *r, void *out, size_t n);
/* Into out of cap bytes, with a NUL; longer or not text_valid is bad. May be empty. */
void canon_get_str(struct canon_reader *r, char *out, size_t cap);
const uint8_t *canon_get_blob(struct canon_reader *r, size_t *ret_len); /* NULL when empty or bad */
struct baton_id canon_get_id(struct canon_reader *r);
struct baton_key canon_get_key(struct canon_reader *r);
struct baton_hash canon_get_hash(struct canon_reader *r);
struct epoch canon_get_epoch(struct canon_reader *r);
void canon_expect(struct canon_reader *r, const void *bytes, size_t n); /* other bytes are bad */
void canon_require(struct canon_reader *r, bool holds);                 /* false is bad */
bool canon_finished(const struct canon_reader *r); /* not bad and all consumed */

#endif
