/* bundle_io.h: the container of an audit bundle: a magic, then entries of type, length, bytes.
 *
 * Shape      "BTNAUD01", then per entry: type 1 byte, length 4 bytes big-endian, payload. Reading
 *            needs no trust: a wrong length, an unknown type or a missing end is a fault with text.
 * Limits     BUNDLE_ENTRY_BYTES_MAX for a payload.
 * Errors     Reading: BATON_MALFORMED with why. Writing: BATON_IO, BATON_FULL.
 * Source     docs/formats.md "Audit bundle".
 */
#ifndef BATON_BUNDLE_IO_H
#define BATON_BUNDLE_IO_H

#include "baton/status.h"
#include <stdio.h>

enum bundle_entry {
    BUNDLE_HEADER = 1,     /* first */
    BUNDLE_CHECKPOINT = 2, /* then by rising size */
    BUNDLE_RECEIPT = 3,    /* then by rising size */
    BUNDLE_OBJECT = 4,     /* before the first record that names it */
    BUNDLE_RECORD = 5,
    BUNDLE_LEAF = 6, /* in a record's place: another tenant's */
    BUNDLE_END = 7,  /* last */
};

struct bundle_writer {
    FILE *file;
    uint64_t bytes;
};

enum baton_status bundle_writer_open(struct bundle_writer *w, const char *path,
                                     struct baton_err *err) BATON_MUST_USE;
/* The payload in two parts, so that a signature and an object need no copy. */
enum baton_status bundle_writer_put(struct bundle_writer *w, enum bundle_entry type,
                                    const void *head, size_t head_len, const void *bytes,
                                    size_t len, struct baton_err *err) BATON_MUST_USE;
/* Flushes to disk; the file is closed either way. */
enum baton_status bundle_writer_close(struct bundle_writer *w,
                                      struct baton_err *err) BATON_MUST_USE;
void bundle_writer_discard(struct bundle_writer *w, const char *path);

struct bundle_reader {
    FILE *file;
    uint8_t *buffer;
    size_t at, filled;
    uint64_t bytes_read, bytes_total;
};

enum baton_status bundle_reader_open(struct bundle_reader *r, const char *path,
                                     struct baton_err *err) BATON_MUST_USE;
/* One byte before *ret_bytes may be written to by the caller (the mark of a Merkle leaf). The
 * bytes stay valid until the next call. *ret_type 0: the file ended, cleanly after an entry. */
enum baton_status bundle_reader_next(struct bundle_reader *r, uint8_t *ret_type,
                                     uint8_t **ret_bytes, size_t *ret_len,
                                     struct baton_err *err) BATON_MUST_USE;
void bundle_reader_close(struct bundle_reader *r);

#endif
